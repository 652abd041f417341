"""Tests of `analysis.fieldwork.quality`: flagged, never deleted."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.fieldwork import inbox, progress
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

    columns = {column.name for table in METADATA.tables.values() for column in table.c}
    assert not columns & {"latitude", "longitude", "lat", "lon", "position", "geometry", "device"}
