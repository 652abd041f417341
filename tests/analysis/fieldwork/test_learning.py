"""Tests of what is learned at the doors, on a simulated campaign of four weeks in Valmont."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.fieldwork import exposure, field_plan, learning, progress
from analysis.fieldwork.outcome_codes import KINDS
from analysis.fieldwork.store import open_store
from tests.analysis.fieldwork.made_returns import NOW, returned_rows

FACTORS = ("weekend", "hour", "kind")
HOURS = {11: 0.0, 15: -0.3, 18: 0.5, 19: 0.6}
AT_KIND = dict(zip(KINDS, (0.4, 0.0, -0.2, -0.5), strict=True))
BASE, AT_WEEKEND, BETWEEN_TURFS = -1.2, 0.25, 0.3
PACES = {f"équipe {n}": pace for n, pace in enumerate(np.linspace(15, 35, 8))}


def planted(table):
    """Return the rate that was planted in each cell, turfs being of all sorts."""
    effect = table["hour"].map(HOURS) + table["kind"].map(AT_KIND)
    logit = BASE + effect + AT_WEEKEND * table["weekend"]
    draws = np.random.default_rng(0).normal(0, BETWEEN_TURFS, 2000)
    return expit(logit.to_numpy()[:, None] + draws).mean(axis=1)


def turfs_of(workspace):
    """Cut Valmont's addresses into turfs of about forty doors, in the order of their ids."""
    addresses = workspace.read("addresses").query("bureau_id != ''").sort_values("address_id")
    voters = addresses["registered"].fillna(1).astype(int)
    dwellings = np.ceil(voters / 1.6).astype(int).clip(lower=1)
    piece = dwellings.groupby(addresses["bureau_id"]).cumsum() // 40
    return addresses[["address_id", "bureau_id"]].assign(
        turf_id=addresses["bureau_id"] + "/" + piece.astype(str), dwellings=dwellings
    )


def outings_of(turfs, rng):
    """Draw four weeks of outings: a team, a day, an hour, a turf; one row per door."""
    names = turfs["turf_id"].unique()
    day = np.repeat(pd.date_range("2025-10-06", periods=28), 8)
    out = pd.DataFrame(
        {
            "turf_id": rng.choice(names, len(day)),
            "day": day,
            "team_id": np.tile(list(PACES), 28),
            "start": rng.choice(list(HOURS), len(day)),
            "shock": rng.normal(0, BETWEEN_TURFS, len(day)),
        }
    ).drop_duplicates(["turf_id", "day"])
    doors = out.merge(turfs, on="turf_id").assign(kind=lambda t: field_plan.kind_of(t["dwellings"]))
    doors = doors.loc[doors.index.repeat(doors["dwellings"])]
    each = doors.groupby(["turf_id", "day"]).cumcount()
    minutes = 60 * each / doors["team_id"].map(PACES) * rng.uniform(0.95, 1.05, len(doors))
    # Every outing within its hour: what is planted is a rate per hour.
    doors = doors.assign(minutes=minutes)[minutes < 60]
    logit = (
        BASE
        + doors["start"].map(HOURS)
        + doors["kind"].map(AT_KIND)
        + AT_WEEKEND * (doors["day"].dt.day_of_week >= 5)
        + doors["shock"]
    )
    talked = rng.random(len(doors)) < expit(logit)
    local = doors["day"] + pd.to_timedelta(doors["start"] * 60 + doors["minutes"], unit="min")
    return doors[["turf_id", "address_id", "team_id"]].assign(
        attempt_id=[str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(len(doors))],
        at=local.dt.floor("s").dt.tz_localize("Europe/Paris").dt.tz_convert("UTC").dt.as_unit("s"),
        outcome=np.where(talked, "conversation", "no_answer"),
        source="phone",
    )


@pytest.fixture(scope="module")
def campaign(valmont, tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("campaign"))
    turfs = turfs_of(valmont)
    field_plan.register(store.engine, turfs)
    rows = outings_of(turfs, np.random.default_rng(2027))
    for _, week in rows.groupby(rows["at"].dt.isocalendar().week):
        store.add(returned_rows(week), now=NOW)
    yield store, rows
    store.engine.dispose()


def test_the_screens_tell_the_truth(campaign):
    store, rows = campaign
    now = progress.totals(store)
    assert now.doors == len(rows)
    assert now.conversations == (rows["outcome"] == "conversation").sum()
    assert progress.by(store, "team_id")["doors"].tolist() == (
        rows.groupby("team_id").size().tolist()
    )
    days = rows["at"].dt.tz_convert("Europe/Paris").dt.date
    assert progress.by(store, "day")["doors"].tolist() == days.groupby(days).size().tolist()
    assert not store.unsound()


def test_learned_rates_recover_those_planted(campaign):
    store, _ = campaign
    learned = learning.learn_rates(progress.cells(store, *FACTORS), factors=FACTORS)
    table, truth = learned.table, planted(learned.table)
    inside = (table["low"] <= truth) & (truth <= table["high"])
    assert inside.mean() > 0.8  # of about thirty cells, 90% wanted
    raw = table["conversations"] / table["doors"]

    def error(rate):
        return np.sqrt(np.mean((rate - truth) ** 2))

    assert error(table["rate"]) < 0.6 * error(raw)
    assert error(table["rate"]) < 0.05
    assert learned.dispersion > 1.05  # turfs differ more than coins


def test_learned_paces_tell_slow_teams_from_fast_ones(campaign):
    store, _ = campaign
    table = learning.learn_paces(progress.outings(store))
    truth = table["team_id"].map(PACES)
    assert np.corrcoef(table["doors_per_hour"], truth)[0, 1] > 0.95
    assert (table["doors_per_hour"] / truth).between(0.9, 1.15).all()


def test_refusals_open_doors_and_change_no_conversation():
    doors, talks, refusals = np.full(6, 100), np.full(6, 20), np.array([0, 5, 10, 20, 30, 40])
    cells = pd.DataFrame({"bureau_id": range(6), "doors": doors, "conversations": talks})
    opened = talks + refusals
    cells = cells.assign(opened=opened, clusters=1)
    cells = cells.assign(squares=talks**2 / doors, opened_squares=opened**2 / doors)
    of = {
        name: learning.learn_rates(cells, factors=("bureau_id",), of=name)
        for name in ("opened", "conversations")
    }
    assert of["conversations"].level == pytest.approx(0.2)
    assert of["opened"].level == pytest.approx(opened.sum() / 600)
    low, share, high = of["opened"].talk_interval()
    assert low < share < high
    assert share * of["opened"].level == pytest.approx(0.2)


def test_the_planner_learns_the_rate_and_the_pace(campaign):
    store, rows = campaign
    cells, outings = progress.cells(store, *FACTORS), progress.outings(store)
    given = exposure.learned_params(
        learning.learn_rates(cells, factors=FACTORS, of="opened"), outings
    )
    rate = (rows["outcome"] == "conversation").mean()
    # Nobody refused here: every door that opened talked.
    assert given["share_open"]["value"] == pytest.approx(rate, abs=1e-4)
    assert given["share_open"]["low"] < rate < given["share_open"]["high"]
    assert given["share_talk"]["value"] == 1
    assert 20 < given["doors_per_hour_dense"]["value"] < 32
    with pytest.raises(ValueError, match="doors opened"):
        exposure.learned_params(learning.learn_rates(cells, factors=FACTORS), outings)


def test_without_differences_every_cell_takes_the_level():
    rng = np.random.default_rng(5)
    doors = np.full(40, 50)
    talks = rng.binomial(50, 0.25, 40)
    cells = pd.DataFrame({"bureau_id": range(40), "doors": doors, "conversations": talks})
    cells = cells.assign(clusters=1, squares=talks**2 / doors)
    learned = learning.learn_rates(cells, factors=("bureau_id",))
    assert learned.table["rate"].std() < 0.3 * (talks / doors).std()
    assert learned.level == pytest.approx(talks.sum() / doors.sum())


def test_the_order_of_cells_does_not_matter(campaign):
    store, _ = campaign
    cells = progress.cells(store, *FACTORS)
    straight = learning.learn_rates(cells, factors=FACTORS).table
    turned = learning.learn_rates(cells.iloc[::-1], factors=FACTORS).table.iloc[::-1]
    pd.testing.assert_frame_equal(straight, turned.reset_index(drop=True), rtol=1e-6)


def test_more_doors_narrow_the_interval():
    cells = pd.DataFrame(
        {"bureau_id": ["a", "b"], "doors": [20, 2000], "conversations": [6, 600]}
    ).assign(clusters=1, squares=lambda t: t["conversations"] ** 2 / t["doors"])
    table = learning.learn_rates(cells, factors=("bureau_id",)).table
    width = table["high"] - table["low"]
    assert width.iloc[0] > width.iloc[1]


@pytest.mark.parametrize(("opened", "rate"), [(0, 0.125), (3, 0.875)])
def test_of_three_doors_alike_little_is_known(opened, rate):
    # Beta(0.5, 3.5): its mean by hand, its 95th percentile by summing its density.
    cells = pd.DataFrame({"bureau_id": ["a", "b"], "doors": [2, 1], "conversations": [0, 0]})
    cells = cells.assign(opened=[opened * 2 // 3, opened // 3], clusters=1, squares=0.0)
    cells = cells.assign(opened_squares=cells["opened"] ** 2 / cells["doors"])
    learned = learning.learn_rates(cells, factors=("bureau_id",), of="opened")
    low, high = (0.0, 0.4441) if not opened else (1 - 0.4441, 1.0)
    assert learned.level_interval() == pytest.approx((low, high), abs=1e-4)
    assert learned.table["rate"].to_numpy() == pytest.approx(rate)
    assert learned.table["low"].to_numpy() == pytest.approx(low, abs=1e-4)
    assert learned.table["high"].to_numpy() == pytest.approx(high, abs=1e-4)
