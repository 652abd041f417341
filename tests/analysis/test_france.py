"""All of France: nothing lost on the way, and one ranking of 70,000 bureaux."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analysis.electorate.abstention.backtest import backtest_abstention
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.electorate.transfers.surveys import compare, published
from analysis.targeting.rank import Settings
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import Scenario, answer, target_of
from tests.made import DATA

FOLDER = DATA / "france"
FILES = tuple(FOLDER / f"{name}_results.parquet" for name in ("general", "candidats"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data are not there"),
]


@pytest.fixture(scope="module")
def france(tmp_path_factory):
    return build(Inputs(*FILES), tmp_path_factory.mktemp("france"))


@pytest.fixture(scope="module")
def official():
    """Add the raw columns up in Arrow, election by election."""
    columns = ["id_election", "inscrits", "votants", "exprimes"]
    counts = pq.read_table(FILES[0], columns=columns).to_pandas()
    totals = counts.groupby("id_election")[columns[1:]].sum()
    return totals.assign(bureaux=counts.groupby("id_election").size())


def test_totals_are_the_official_ones(france, official):
    told = france.manifest["elections"]
    assert set(told) == set(official.index)
    assert len(told) == 12
    for election, row in official.iterrows():
        ours = [told[election][n] for n in ("registered", "ballots", "valid", "bureaux")]
        assert ours == row.tolist(), election
    assert france.manifest["tables"]["turnout"]["rows"] == official["bureaux"].sum() == 824_151


def test_votes_are_the_official_ones_but_for_six_bureaux(france, official):
    told = france.manifest["elections"]
    left_out = {name: row["left_out"] for name, row in told.items() if row["left_out"]}
    assert left_out == {
        "2024_legi_t1": {"votes do not sum to valid": 5},
        "2024_legi_t2": {"votes do not sum to valid": 1},
    }
    raw = pq.read_table(FILES[1], columns=["id_election", "voix"])
    sums = raw.group_by("id_election").aggregate([("voix", "sum")]).to_pandas()
    expected = sums.set_index("id_election")["voix_sum"]
    votes = france.read("candidates").groupby("election_id")["votes"].sum()
    for election in official.index:
        if election in left_out:
            assert 0 < expected[election] - votes[election] < 20_000
        else:
            assert votes[election] == expected[election] == told[election]["valid"]


def test_every_vote_has_a_bloc_or_is_listed(france):
    stood = france.read("candidates")
    without = stood.loc[stood["bloc"] == "", "votes"].sum()
    assert without == sum(row["votes"] for row in france.manifest["without_bloc"])
    assert without < 0.01 * stood["votes"].sum()


def test_overseas_bureaux_are_the_same_under_both_spellings(france):
    """ZA until 2022, 971 in 2024: Guadeloupe keeps its bureaux."""
    turnout = france.read("turnout", columns=["election_id", "bureau_id"])
    ids = {
        election: set(rows["bureau_id"].unique())
        for election, rows in turnout.groupby("election_id", observed=True)
    }
    before, after = (
        {name for name in ids[election] if name.startswith("971")}
        for election in ("2022_pres_t1", "2024_legi_t1")
    )
    assert len(before) > 400
    assert len(before & after) > 0.95 * len(before)
    assert not any(name.startswith("Z") for name in set().union(*ids.values())
                   if not name.startswith("ZZ"))  # fmt: skip


def test_paris_is_the_same_from_the_nation_and_alone(france, paris):
    for name in ("turnout", "votes"):
        table = france.read_arrow(name, columns=list(paris.read(name)))
        ids = table["bureau_id"].combine_chunks()
        mine = pc.starts_with(ids.dictionary, "75056_").take(ids.indices)
        nation = table.filter(mine).to_pandas()
        keys = list(nation)[: 2 if name == "turnout" else 3]
        one, two = (
            t.astype(dict.fromkeys(keys, "object")).sort_values(keys, ignore_index=True)
            for t in (nation, paris.read(name))
        )
        pd.testing.assert_frame_equal(one, two)


def test_a_ranking_of_the_nation(france):
    scenario = Scenario("left", "2027_pres_t1", settings=Settings(hours=100_000, draws=50))
    ranking, prospects = answer(france, scenario)
    table = ranking.table
    assert len(table) == 70_099
    assert np.isfinite(table[["score", "gain_per_hour", "gain_lower", "gain_upper"]]).all(axis=None)
    assert table["top_k_probability"].sum() == pytest.approx(ranking.k, rel=0.01)
    assert table["vintage"].isna().all()
    assert (table["assumed"] == "share_open doors_per_hour doors social_need").all()
    assert np.average(table["score"], weights=table["registered"]) == pytest.approx(100)
    lost = prospects.history.unmatched.set_index("election_id")
    for number, election in enumerate(prospects.history.elections):
        official = france.manifest["elections"][election.election_id]["registered"]
        kept = np.nansum(prospects.history.registered[:, number])
        gone = lost["registered"].get(election.election_id, 0)
        assert kept + gone == official


def test_france_is_forecast_better_than_by_any_rule(france):
    """The limits are those promised, on bureaux whose codes the files did not change."""
    kept = {}
    for target in ("2022_legi_t1", "2024_legi_t1"):
        table = backtest_abstention(france, target_of(france, target)).methods.set_index("method")
        model, rules = table.loc["model"], table.drop("model")
        assert model["n_all"] > 68_000
        assert (table["n"] > 64_000).all()
        assert model["mae_points"] < rules["mae_points"].min()
        assert model["mae_points_common"] < rules["mae_points_common"].min()
        assert 0.88 < model["coverage_90"] < 0.93
        kept[target] = model
    assert kept["2022_legi_t1"]["mae_points"] <= 2.60
    assert kept["2024_legi_t1"]["mae_points"] <= 2.15


def test_intervals_of_transfers_hold_every_published_survey(france):
    asked = "2022_pres_t1", "2022_pres_t2"
    found = transfers_of(france, *asked)
    beside = compare(found, published(*asked))
    assert len(beside) == len(published(*asked))
    assert not beside["apart"].any(), beside[beside["apart"]]
    # OpinionWay on the day, by name: what the counts alone put at 53 and at 5.
    share = found.matrix("share_of_origin")
    low, high = found.matrix("lower"), found.matrix("upper")
    for origin, destination, said in (("ZEMMOUR", "LE PEN", 0.83), ("MÉLENCHON", "LE PEN", 0.24)):
        assert low.loc[origin, destination] <= said <= high.loc[origin, destination]
        assert share.loc[origin, destination] < said
