"""Tests of `analysis.targeting.validation`, with shares worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.history import History
from analysis.tables.elections import Choice, Election
from analysis.targeting.validation import (
    CELLS,
    PARTS_JUDGED,
    UNTOLD,
    Came,
    Validation,
    judge_parts,
    met,
    met_resampled,
    moved_votes,
    priority_precinct_generator,
    resamples,
)
from analysis.workflows import validate

HOURS = np.array([10.0, 10.0, 20.0, 10.0])
VOTES = np.array([6.0, 1.0, 2.0, 1.0])


def test_the_share_met_is_counted_by_hand():
    # 50 hours in all; a fifth is 10: the first bureau of the order, whole.
    assert met(np.array([4, 3, 2, 1]), HOURS, VOTES, [0.2]) == pytest.approx([0.6])
    # The third first: 10 of its 20 hours meet one of its two votes.
    assert met(np.array([1, 2, 9, 3]), HOURS, VOTES, [0.2, 1.0]) == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("seed", range(5))
def test_a_resample_of_all_bureaux_once_is_the_place_itself(seed):
    score = np.random.default_rng(seed).permutation(4).astype(float)
    once = np.ones((1, 4), dtype="float32")
    assert met_resampled(score, HOURS, VOTES, once) == pytest.approx(
        met(score, HOURS, VOTES, [0.2])
    )


def test_a_bureau_drawn_twice_counts_twice():
    score = np.array([4.0, 3.0, 2.0, 1.0])
    # 60 hours, of which 12: the first 10 twice are 20 hours and 12 votes of 16.
    twice = np.array([[2, 1, 1, 1]], dtype="float32")
    assert met_resampled(score, HOURS, VOTES, twice) == pytest.approx([12 / 20 * 12 / 16])


def test_communes_are_drawn_whole_where_there_are_enough():
    many = np.repeat([f"{n:05d}" for n in range(12)], 3)
    drawn = resamples(many, np.random.default_rng(1))
    assert (drawn.reshape(len(drawn), 12, 3).std(axis=2) == 0).all()
    few = resamples(np.repeat("75056", 36), np.random.default_rng(1))
    assert few.std(axis=1).min() > 0


def test_where_nothing_can_be_told_the_answer_is_empty_not_an_error():
    parts = pd.DataFrame(columns=[*PARTS_JUDGED, "bloc", "to"])
    untold = pd.DataFrame([("left", "a", "b", 12, 0.001)], columns=list(UNTOLD))
    found = Validation(pd.DataFrame(columns=list(CELLS)), untold, parts)
    assert found.to_frame().empty
    assert found.means.empty
    assert found.of_bloc("left").untold["votes"].tolist() == [12]
    assert found.to_json()["cells"] == []


# Four bureaux, worked out on paper.

ROUNDS = (
    Election("2017_pres_t1", datetime(2017, 4, 23), "pres", 1),
    Election("2017_pres_t2", datetime(2017, 5, 7), "pres", 2),
    Election("2022_pres_t1", datetime(2022, 4, 10), "pres", 1),
)


def past_of(rounds=ROUNDS[:1], **counts):
    """Return a past of some bureaux, counts as bureaux × rounds; those not given are unknown."""
    told = {name: np.array(rows, dtype=float) for name, rows in counts.items()}
    told = {name: rows.reshape(len(rows), -1) for name, rows in told.items()}
    unknown = np.full(told["registered"].shape, np.nan)
    units = pd.DataFrame({"bureau_id": [f"b{n}" for n in range(len(unknown))]})
    return History(
        units=units,
        elections=rounds,
        blocs=unknown[:, :, None],
        unmatched=pd.DataFrame(),
        **{"ballots": unknown, "valid": unknown, "votes": unknown, **told},
    )


def came_of(day=ROUNDS[2].date, **counts):
    told = {name: np.array(row, dtype=float) for name, row in counts.items()}
    unknown = np.full(len(told["registered"]), np.nan)
    bare = {"votes": unknown, "ballots": unknown, "valid": unknown, "blocs": unknown[:, None]}
    return Came(**{**bare, **told}, date=day)


@pytest.mark.parametrize(
    ("votes", "kind", "moved", "net"),
    [
        # 300 of 1,000 are 330 of 1,100: 80 lost; the second wins 10 back.
        ([250, 210, np.nan, 10], "L", [80, 0], 70 / 2100),
        ([380, 210, np.nan, 90], "G", [50, 10], -60 / 2100),
    ],
)
def test_moved_votes_follow_the_registered_of_the_day(votes, kind, moved, net):
    past = past_of(registered=[1000, 1000, 500, 100], votes=[300, 200, 100, 50])
    found = moved_votes(past, 0, came_of(registered=[1100, 1000, 500, 150], votes=votes))
    assert found[0] == kind
    assert found[1][:2] == pytest.approx(moved)
    # Nobody of the bloc stood in the third; the fourth has under 200 registered.
    assert np.isnan(found[1][2:]).all()
    assert found[2] == pytest.approx(net)


@pytest.mark.parametrize(
    ("registered", "lost", "tells"),
    [
        (5000, 199, False),  # 0.995% of 20,000, and 199 votes
        (5000, 200, True),  # 1%, and 200 votes
        (10_000, 399, False),  # 399 votes are under 1% of 40,000
        (10_000, 400, True),
        (1000, 199, False),  # 5% of 4,000 are under 200 votes
        (1000, 200, True),
        (1000, -199, False),  # votes won count alike
        (1000, -200, True),
    ],
)
def test_a_pair_tells_from_one_per_cent_and_two_hundred_votes(monkeypatch, registered, lost, tells):
    past = past_of(registered=[registered] * 4, votes=[400] * 4)
    came = came_of(registered=[registered] * 4, votes=[400 - lost, 400, 400, 400])
    looked = []
    monkeypatch.setattr(validate, "prospects_of", lambda *_, **__: looked.append(1))
    monkeypatch.setattr(validate, "judge", lambda *_: None)
    rng = np.random.default_rng(0)
    bare = SimpleNamespace(history=past)
    found = validate._cell(None, bare, Choice("left"), ROUNDS[2], came, (), rng)
    assert bool(looked) == tells
    if tells:
        assert found is None
    else:
        share = round(abs(lost) / (4 * registered), 4)
        told = {"from": "2017_pres_t1", "to": "2022_pres_t1", "votes": abs(lost), "share": share}
        assert found == {"bloc": "left", **told}


def test_the_priority_precinct_generator_by_hand():
    # What happened at the second round is not looked at.
    ballots = [[800, 0, 400], [600, 0, 600], [500, 1000, 700], [900, 0, 450]]
    past = past_of(ROUNDS, registered=[[1000] * 3] * 4, ballots=ballots)
    table = pd.DataFrame({"registered": [1000, 75, 150, 300]})
    score = priority_precinct_generator(SimpleNamespace(table=table, history=past))
    root = np.sqrt(2)
    assert score == pytest.approx(
        [
            0.50 * 0.4 + 0.35 * 0.2 + 0.15 * 0.4 / root,
            (0.35 * 0.4) * 75 / 150,
            0.35 * 0.3 + 0.15 * 0.2 / root,
            0.50 * 0.45 + 0.35 * 0.1 + 0.15 * 0.45 / root,
        ]
    )


def test_parts_are_judged_by_hand_beside_as_last_time():
    # The last bureau has too few registered to count.
    past = past_of(
        registered=[1000, 1000, 1000, 1000, 100],
        ballots=[500, 600, 600, 700, 90],
        valid=[500, 500, 500, 500, 90],
        votes=[150, 150, 150, 150, 90],
    )
    came = came_of(
        registered=[1000, 1000, 1000, 1000, 100],
        ballots=[600, 700, 500, 800, 1],
        valid=[500, 500, 500, 500, 1],
        votes=[110, 150, 200, 250, 0],
    )
    table = pd.DataFrame(
        {
            "abstention": [0.5, 0.5, 0.6, 0.2, 0.9],
            "support": [0.27, 0.35, 0.45, 0.55, 0.9],
            "movement": [0.2, 0.1, 0.3, 0.4, 0.9],
            **dict.fromkeys(("volatility", "marginal", "reserve"), [0.2, 0.1, 0.3, 0.4, 0.9]),
        }
    )
    told = judge_parts(SimpleNamespace(table=table, history=past), 0, came).set_index("part")
    # Nothing is known of other blocs.
    assert told.loc["volatility"].isna().all()
    told = told.loc[["abstention", "support", "movement"]]
    # Abstention came as .4 .3 .5 .2; both guesses are moved to its mean of .35.
    assert told["error"].to_dict() == pytest.approx(
        {
            "abstention": (0 + 0.1 + 0 + 0.1) / 4,
            "support": 0,
            # Four, nought, five and ten points of the registered moved: 4.75 on average.
            "movement": (0.0425 + 0.1025 + 0.0475 + 0.0975) / 4,
        }
    )
    assert told["rule_error"].to_dict() == pytest.approx(
        {
            "abstention": (0.05 + 0.05 + 0.15 + 0.05) / 4,
            "support": (0.135 + 0.055 + 0.045 + 0.145) / 4,
            "movement": (0.0075 + 0.0475 + 0.0025 + 0.0525) / 4,
        }
    )
    assert told["correlation"].to_dict() == pytest.approx(
        {"abstention": 4.5 / np.sqrt(4.5 * 5), "support": 1, "movement": 1}
    )
    counting = np.sqrt(2 / np.pi / 1000) * np.sqrt([0.24, 0.21, 0.25, 0.16]).mean()
    assert told["noise"]["abstention"] == pytest.approx(counting)
    # Of 500 valid votes, not of 1,000 registered.
    counting = np.sqrt(2 / np.pi / 500) * np.sqrt([0.1716, 0.21, 0.24, 0.25]).mean()
    assert told["noise"]["support"] == pytest.approx(counting)


@pytest.mark.parametrize(
    ("day", "judged"),
    [(datetime(2017, 6, 11), ["marginal", "reserve"]), (datetime(2022, 4, 10), ["marginal"])],
)
def test_shares_of_marginal_voters_are_judged_by_what_turnout_brought(day, judged):
    # Turnout falls by 10 and 20 points; the bloc had half of the votes, and loses 2 and 10 points.
    past = past_of(
        registered=[1000, 1000, 1000],
        ballots=[600, 800, 700],
        valid=[600, 800, 700],
        votes=[300, 400, 350],
    )
    came = came_of(
        registered=[1000, 1000, 1000],
        ballots=[500, 600, 700],
        valid=[500, 600, 700],
        votes=[280, 300, 350],
        day=day,
    )
    table = pd.DataFrame(
        {
            "marginal": [0.2, 0.5, 0.9],
            "reserve": [0.1, 0.1, 0.1],
            **dict.fromkeys(("abstention", "support", "movement", "volatility"), [0.1, 0.2, 0.3]),
        }
    )
    told = judge_parts(SimpleNamespace(table=table, history=past), 0, came).set_index("part")
    assert [name for name in told.index if name in {"marginal", "reserve"}] == judged
    # Told were -.02, -.1 and 0, which came; the rule says -.05, -.1, 0: one point too low on mean.
    assert told.loc["marginal", "error"] == pytest.approx(0)
    assert told.loc["marginal", "rule_error"] == pytest.approx((0.02 + 0.01 + 0.01) / 3)
    assert told.loc["marginal", "correlation"] == pytest.approx(1)
    if "reserve" in judged:
        # Told -.01, -.02, 0, whose mean is 3 points too high: off by 2, 5 and 3.
        assert told.loc["reserve", "error"] == pytest.approx((0.02 + 0.05 + 0.03) / 3)


def test_volatility_is_judged_by_the_sides_that_were_changed():
    # So many votes that counting noise is nothing: sides changed by .1, .2 and 0.
    past = past_of(registered=[10**9] * 3, valid=[10**9] * 3, votes=[5 * 10**8] * 3)
    past = replace(past, blocs=np.full((3, 1, 2), 5e8))
    came = came_of(
        registered=[10**9] * 3,
        valid=[10**9] * 3,
        blocs=np.array([[6e8, 4e8], [3e8, 7e8], [5e8, 5e8]]),
    )
    names = ("abstention", "support", "movement", "marginal", "reserve")
    table = pd.DataFrame({**dict.fromkeys(names, [0.1] * 3), "volatility": [0.1, 0.3, 0.05]})
    told = judge_parts(SimpleNamespace(table=table, history=past), 0, came).set_index("part")
    # Told 5 points too high on mean: .05, .25, 0.
    assert told.loc["volatility", "error"] == pytest.approx((0.05 + 0.05 + 0) / 3, abs=1e-4)
    assert told.loc["volatility", "rule_error"] == pytest.approx(0.2 / 3, abs=1e-4)
