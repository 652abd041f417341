"""Tests of `analysis.targeting.rank`."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from shapely.geometry import box

from analysis.electorate.history import History
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.targeting.params import Params
from analysis.targeting.prospects import Prospects, prepare
from analysis.targeting.rank import FIRST_COLUMNS, Settings, rank_bureaux, reach
from analysis.targeting.weights import PARTS, Weights
from analysis.workflows.build import build
from tests.made import TARGET, VALMONT, prospects_table, sample_results, write_results

QUICK = Settings(draws=60)
CUSTOM = Settings(preset="custom", weights=Weights(mobilise=2, need=1, visited=0.3), draws=60)


def made(size=30, seed=0, **changes):
    table = prospects_table(size, np.random.default_rng(seed)).assign(**changes)
    return Prospects(table, None, TARGET, ())


@pytest.mark.parametrize("chosen", [QUICK, CUSTOM])
def test_the_table_is_ranked_and_decomposes(chosen):
    prospects = made(covered=np.linspace(0, 0.9, 30))
    before = prospects.table.copy()
    ranking = rank_bureaux(prospects, chosen)
    table = ranking.to_frame()
    assert list(table)[: len(FIRST_COLUMNS)] == FIRST_COLUMNS
    assert table["rank"].tolist() == list(range(1, 31))
    assert table["score"].is_monotonic_decreasing
    assert (table["arm"] == "").all()
    parts = table[[f"part_{name}" for name in PARTS]].sum(axis=1)
    np.testing.assert_allclose(parts, table["score"], rtol=1e-12)
    gains = table["gain_mobilise"] + table["gain_persuade"]
    np.testing.assert_allclose(gains, table["gain_per_hour"], rtol=1e-12)
    assert set(table["bureau_id"]) == set(before["bureau_id"])
    pd.testing.assert_frame_equal(prospects.table, before)


def test_the_score_of_the_preset_is_the_gain_in_percent_of_the_places():
    table = rank_bureaux(made(), QUICK).table
    ratio = table["score"] / table["gain_per_hour"]
    np.testing.assert_allclose(ratio, ratio.iloc[0], rtol=1e-9)
    assert np.average(table["score"], weights=table["registered"]) == pytest.approx(100)


def test_a_result_that_does_not_add_up_is_refused():
    ranking = rank_bureaux(made(), QUICK)
    with pytest.raises(ValueError, match="parts must sum"):
        replace(ranking, table=ranking.table.assign(part_need=5.0))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=20), st.integers(1, 4000))
def test_the_hours_reach_as_many_as_they_pay_for(hours, budget):
    k = reach(np.array(hours, dtype=float), budget)
    assert 1 <= k <= len(hours)
    assert sum(hours[:k]) <= budget or k == 1
    assert k == len(hours) or sum(hours[: k + 1]) > budget


def test_hours_decide_k_and_the_sentence_says_it():
    ranking = rank_bureaux(made(), Settings(hours=200, draws=60))
    paid = ranking.table["hours"].cumsum()
    assert paid[ranking.k - 1] <= 200 < paid[ranking.k]
    assert ranking.table["top_k_probability"].sum() == pytest.approx(ranking.k, abs=0.2)
    assert f"200 volunteer-hours reach {ranking.k} of 30 bureaux" in ranking.summary()
    votes = (ranking.table["gain_per_hour"] * ranking.table["hours"])[: ranking.k].sum()
    spent = ranking.table["hours"][: ranking.k].sum()
    assert ranking.hours_per_vote()[0] == pytest.approx(spent / votes)
    assert f"one vote for {spent / votes:.0f} hours" in ranking.summary()


def test_where_nothing_may_be_gained_the_hours_for_a_vote_have_no_end():
    ranking = rank_bureaux(made(), QUICK)
    doubtful = replace(ranking, table=ranking.table.assign(gain_lower=-0.01))
    worth, least, most = doubtful.hours_per_vote()
    assert least < worth < most == np.inf
    assert "or none)" in doubtful.summary()


def test_a_bureau_pinned_goes_first_and_one_excluded_last_with_its_reason():
    plain = rank_bureaux(made(), QUICK).table["bureau_id"].tolist()
    by_hand = replace(QUICK, pinned={plain[-1]: "asked us"}, excluded={plain[0]: "too steep"})
    table = rank_bureaux(made(), by_hand).table
    assert table["bureau_id"].tolist() == [plain[-1], *plain[1:-1], plain[0]]
    told = table[["by_hand", "by_hand_reason", "top_k_probability"]].to_numpy().tolist()
    assert told[0] == ["pinned", "asked us", 1]
    assert told[-1] == ["excluded", "too steep", 0]
    assert (table["by_hand_reason"][1:-1] == "").all()
    assert Settings.from_dict(json.loads(json.dumps(by_hand.to_dict()))) == by_hand


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"pinned": {"a": "x"}, "excluded": {"a": "y"}}, "pinned and excluded at once"),
        ({"pinned": {"a": " "}}, "without a reason"),
    ],
)
def test_what_is_set_by_hand_is_one_thing_and_has_a_reason(values, says):
    with pytest.raises(DataError, match=says) as caught:
        Settings.from_dict(values)
    assert caught.value.where == "a"


def test_the_same_seed_gives_the_same_and_another_does_not():
    one, again, other = (rank_bureaux(made(), replace(QUICK, seed=s)).table for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not np.array_equal(one["gain_lower"], other["gain_lower"])
    # Chance decides the intervals, never the order.
    assert one["bureau_id"].tolist() == other["bureau_id"].tolist()
    np.testing.assert_array_equal(one["score"], other["score"])


def test_the_order_of_rows_does_not_matter():
    prospects = made()
    turned = replace(prospects, table=prospects.table[::-1])
    pd.testing.assert_frame_equal(
        rank_bureaux(prospects, QUICK).table, rank_bureaux(turned, QUICK).table
    )


def test_equal_bureaux_are_ranked_by_their_id():
    table = pd.concat([prospects_table(1, np.random.default_rng(0))] * 4, ignore_index=True)
    table["bureau_id"] = ["31555_0003", "31555_0001", "31555_0004", "31555_0002"]
    ranking = rank_bureaux(Prospects(table, None, TARGET, ()), QUICK)
    assert ranking.table["bureau_id"].tolist() == sorted(table["bureau_id"])
    assert np.isnan(ranking.size_correlation)


def test_bureaux_nobody_is_registered_in_come_last():
    prospects = made()
    prospects.table.loc[[4, 9], "registered"] = 0
    prospects.table.loc[[4, 9], "households"] = np.nan
    prospects.table.loc[[4, 9], "abstention"] = 0.9
    table = rank_bureaux(prospects, QUICK).table
    assert table["bureau_id"].tolist()[-2:] == ["31555_00005", "31555_00010"]
    assert table["score"].tolist()[-2:] == table["doors"].tolist()[-2:] == [0, 0]
    assert table["top_k_probability"].tolist()[-2:] == [0, 0]
    assert np.isfinite(table.select_dtypes("float").drop(columns=MAY_MISS)).all(axis=None)


MAY_MISS = [
    *("spacing_m", "addresses", "households", "poverty_rate"),
    *("living_standard_eur", "social_dwellings"),
]


def test_a_bureau_without_ground_comes_last_however_it_votes():
    prospects = made()
    best = rank_bureaux(prospects, QUICK).table["bureau_id"].iloc[0]
    prospects.table["reachable"] = prospects.table["bureau_id"] != best
    last = rank_bureaux(prospects, QUICK).table.iloc[-1]
    assert last["bureau_id"] == best
    told = ["score", "gain_per_hour", "gain_lower", "gain_upper", "top_k_probability", "doors"]
    assert last[told].tolist() == [0] * 6


def test_what_size_alone_would_have_ranked_is_shown():
    ranking = rank_bureaux(made(), QUICK)
    expected = stats.spearmanr(ranking.table["score"], ranking.table["registered"]).statistic
    assert ranking.size_correlation == pytest.approx(expected)
    assert abs(ranking.size_correlation) < 0.6


def test_the_weights_in_force_are_told_as_shares():
    weights = rank_bureaux(made(), CUSTOM).weights
    assert weights.to_dict() == {
        "mobilise": pytest.approx(2 / 3),
        "persuade": 0,
        "hesitant": 0,
        "need": pytest.approx(1 / 3),
        "access": 0,
        "classic": 0,
        "visited": 0.3,
    }
    assert rank_bureaux(made(), QUICK).weights.total == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"preset": "best"}, "Unknown preset"),
        ({"preset": "custom"}, "needs weights"),
        ({"hours": 0}, "more than 0"),
        ({"hours": float("inf")}, "more than 0"),
        ({"hours": "many"}, "not a number"),
        ({"draws": 0}, "draws 1 or more"),
        ({"seed": -1}, "seed must be 0"),
        ({"minutes": 3}, r"Unknown setting\(s\): minutes"),
        ({"weights": 3}, "Not a table: weights"),
        ({"params": [1]}, "Not a table: params"),
    ],
)
def test_wrong_settings_are_refused(values, says):
    with pytest.raises(DataError, match=says) as caught:
        Settings.from_dict(values, "my.toml")
    assert caught.value.mend


@pytest.mark.parametrize("chosen", [QUICK, CUSTOM, Settings(preset="classic_2014", seed=9)])
def test_settings_are_written_and_read_again(chosen):
    assert Settings.from_dict(json.loads(json.dumps(chosen.to_dict()))) == chosen


def test_weights_without_a_preset_are_custom():
    chosen = Settings.from_dict({"weights": {"need": 1}})
    assert chosen.preset == "custom"
    assert chosen.chosen == Weights(need=1)


# A bureau of Valmont cut in two and put together again.

CUT, PARTS_OF_IT = "99900_0002", ("9001", "9002")


def cut_results(rng):
    """Return the results of Valmont with bureau 2 in two parts until 2022."""
    counts, votes = sample_results()
    frames = []
    for frame, columns in (
        (counts, ["abstentions", "blancs", "nuls"]),
        (votes, ["voix"]),
    ):
        mine = (frame["id_brut_miom"] == CUT) & (frame["id_election"] < "2024")
        whole = frame[mine]
        first = {c: rng.binomial(whole[c].astype(int), 0.4) for c in columns}
        halves = []
        for number, code in enumerate(PARTS_OF_IT):
            part = {
                c: (first[c] if number == 0 else whole[c].astype(int) - first[c]) for c in columns
            }
            halves.append(whole.assign(code_bv=code, id_brut_miom=f"99900_{code}", **part))
        frames.append((frame[~mine], *halves))
    return frames


def with_sums(counts, votes):
    """Make ballots and registered of the parts follow from their votes."""
    valid = votes.astype({"voix": int}).groupby("id_election")["voix"].sum()
    exprimes = counts["id_election"].map(valid).astype(int)
    votants = exprimes + counts["blancs"].astype(int) + counts["nuls"].astype(int)
    return counts.assign(
        exprimes=exprimes, votants=votants, inscrits=votants + counts["abstentions"].astype(int)
    )


def cut_contours(path):
    """Cut the polygon of bureau 2 by a line through its middle."""
    shapes = gpd.read_file(VALMONT / "contours_2017.geojson")
    mine = shapes["codeBureauVote"] == CUT
    west, south, east, north = shapes[mine].total_bounds
    middle = (west + east) / 2
    sides = (box(west, south, middle, north), box(middle, south, east, north))
    halves = [
        shapes[mine].assign(
            codeBureauVote=f"99900_{code}", geometry=shapes[mine].geometry.intersection(side)
        )
        for code, side in zip(PARTS_OF_IT, sides, strict=True)
    ]
    pd.concat([shapes[~mine], *halves]).to_file(path)


def test_a_bureau_split_in_two_and_merged_again_ranks_the_same(valmont, valmont_inputs, tmp_path):
    """What was two bureaux until 2022 and is one since is worth what the one is worth."""
    (rest, *halves), (rest_votes, *half_votes) = cut_results(np.random.default_rng(4))
    summed = [with_sums(c, v) for c, v in zip(halves, half_votes, strict=True)]
    files = write_results(
        tmp_path, pd.concat([rest, *summed]), pd.concat([rest_votes, *half_votes])
    )
    cut_contours(tmp_path / "contours_2017.geojson")
    contours = valmont_inputs.contours | {2017: tmp_path / "contours_2017.geojson"}
    changed = replace(valmont_inputs, general=files[0], candidates=files[1], contours=contours)
    split = build(changed, tmp_path / "workspace")
    assert len(split.read("turnout")) == len(valmont.read("turnout")) + 9
    target = election_of("2027_pres_t1")
    one, two = (
        rank_bureaux(prepare(place, Choice("left"), target), QUICK).table
        for place in (valmont, split)
    )
    pd.testing.assert_frame_equal(one, two)


def test_rates_of_the_ranking_are_those_of_the_history(valmont):
    prospects = prepare(valmont, Choice("left"), election_of("2027_pres_t1"))
    assert isinstance(prospects.history, History)
    ranking = rank_bureaux(prospects, Settings(params=Params(), draws=60))
    table = ranking.table.set_index("bureau_id")
    rates = prospects.table.set_index("bureau_id")
    np.testing.assert_array_equal(
        table["expected_abstention"], rates.loc[table.index, "abstention"]
    )
    assert (table["gain_lower"] <= table["gain_upper"]).all()
