"""Tests of `analysis.fieldwork.quality`: flagged, never deleted."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.fieldwork import inbox, progress
from analysis.fieldwork.campaign import change_campaign
from analysis.fieldwork.exposure import export
from analysis.fieldwork.store import open_store
from tests.analysis.fieldwork.made_returns import (
    NOW,
    attempt,
    many,
    phone_bytes,
    returned_rows,
)


def flags(store):
    found = store.flags()
    return dict(zip(found["rule"], found["count"], strict=True))


def receive(store, *attempts, **more):
    content = phone_bytes(store.campaign, attempts, **more)
    return inbox.receive(store, content, name="r.json", now=NOW)


def test_an_ordinary_outing_is_not_flagged(store):
    store.add(returned_rows(many(50, np.random.default_rng(3))), now=NOW)
    assert flags(store) == {}


def test_a_hundred_doors_in_two_minutes_are_flagged_and_counted(store):
    at = "2025-11-21T18:00:{:02d}+01:00"
    receive(store, *(attempt(n, at=at.format(n % 60)) for n in range(100)))
    found = store.flags().set_index("rule")
    assert found.loc["too_fast", "detail"] == "100 / 120 s"
    assert progress.totals(store).doors == 100


@pytest.mark.parametrize("outcome", ["conversation", "refused"])
def test_answers_out_of_range_are_flagged(store, outcome):
    receive(store, *(attempt(n, outcome=outcome) for n in range(60)))
    assert flags(store)["rate_out_of_range"] == 1


def test_a_turf_reported_twice_is_flagged_whichever_comes_first(store):
    receive(store, *(attempt(n) for n in range(8)))
    assert flags(store) == {}
    receive(
        store, *(attempt(100 + n, at="2025-11-21T20:00:00+01:00") for n in range(8)), team_id="B"
    )
    assert flags(store) == {"reported_twice": 1}
    assert progress.totals(store).doors == 16


def test_doors_outside_the_turf_and_more_doors_than_dwellings_are_flagged(store):
    receive(store, attempt(0, address_id="99900_0002_00001"), attempt(1, doors=30))
    assert flags(store) == {"outside_turf": 1, "more_doors": 1}
    # They count where they are, not where they were meant to be.
    bureaux = progress.by(store, "bureau_id")
    assert bureaux["bureau_id"].tolist() == ["99900_0001", "99900_0002"]


def test_a_correction_takes_the_reason_of_a_flag_away(store):
    receive(store, attempt(1, doors=30))
    assert flags(store) == {"more_doors": 1}
    receive(store, attempt(2, doors=4, corrects=attempt(1)["attempt_id"]))
    assert flags(store) == {}


def test_no_position_is_kept(store):
    from analysis.database.models import METADATA

    where = {"latitude", "longitude", "lat", "lon", "position", "geometry", "device"}
    kept = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.c
        if column.name in where
    }
    # Where a building stands is what an organiser decides; no return has room for a position.
    assert kept == {("building_decisions", name) for name in ("latitude", "longitude")}


def test_a_clock_set_back_is_kept_flagged_and_counts_in_nothing(url, tmp_path, store):
    content = [attempt(n) for n in range(10)]
    receive(store, *content)
    receive(
        store, attempt(3, "T2", at="2010-02-12T18:45:00+01:00", outcome="conversation"), turf="T2"
    )
    assert progress.totals(store).attempts == 11
    assert flags(store) == {}
    change_campaign(tmp_path, {"starts": date(2025, 11, 1)})
    again = open_store(tmp_path, url)
    try:
        assert again.unsound() == {}
        sums = progress.totals(again)
        assert (sums.attempts, sums.conversations) == (10, 0)
        assert sums.first_day == date(2025, 11, 21)
        assert flags(again) == {"before_start": 1}
        (early,) = again.flags().itertuples()
        assert (early.turf_id, early.day, early.detail) == (
            "T2",
            date(2010, 2, 12),
            "99900_0002_00003",
        )
        # One that comes in now is treated alike, and a later first day lets it count again.
        receive(again, attempt(15, at="2025-10-31T18:45:00+01:00"))
        assert progress.totals(again).attempts == 10
        assert export(again, tmp_path / "all.csv") == 12
        assert pd.read_csv(tmp_path / "all.csv")["counts"].sum() == 10
        change_campaign(tmp_path, {"starts": date(2025, 10, 1)})
        later = open_store(tmp_path, url)
        assert progress.totals(later).attempts == 11
        assert later.unsound() == {}
        later.engine.dispose()
    finally:
        again.engine.dispose()
