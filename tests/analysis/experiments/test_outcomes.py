"""Tests of `analysis.experiments.outcomes`: elections on the units of a trial."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.outcomes import outcomes_of, vintage_of
from analysis.tables.elections import Choice
from analysis.workflows.impact import followed_by_code
from tests.made import sample_results

LEFT = {"left": Choice("left")}


@pytest.fixture(scope="module")
def bureaux(valmont):
    """Give the bureaux of each vintage."""
    drawn = valmont.read("bureaux")
    return {year: part["bureau_id"].tolist() for year, part in drawn.groupby("vintage")}


@pytest.fixture(scope="module")
def elections(valmont):
    """Give an election of each vintage."""
    known = valmont.read("elections").dropna(subset=["vintage"])
    known = known[known["round"] == 1]
    return known.groupby("vintage")["election_id"].last().to_dict()


def test_the_same_contours_give_the_counts_of_the_files(valmont, bureaux, elections):
    election, ids = elections[2017], bureaux[2017]
    found = outcomes_of(valmont, [election], ids, vintage=2017, choices=LEFT)
    counts, votes = sample_results()
    counts = counts[counts["id_election"] == election]
    official = counts.assign(bureau_id=counts["code_commune"] + "_" + counts["code_bv"])
    official = official.set_index("bureau_id").reindex(ids)
    registered = official["inscrits"].astype(float).to_numpy()
    table = found.table
    assert table["unit_id"].tolist() == ids
    np.testing.assert_array_equal(table[f"{election}_registered"], registered)
    turnout = official["votants"].astype(float).to_numpy() / registered
    np.testing.assert_allclose(table[f"{election}_turnout"], turnout)
    blocs = valmont.read("candidates").query("election_id == @election and bloc == 'left'")
    cast = valmont.read("votes")
    cast = cast[cast["election_id"] == election]
    mine = cast[cast["candidate_id"].isin(blocs["candidate_id"])]
    total = mine.groupby(mine["bureau_id"].astype("str"))["votes"].sum().reindex(ids)
    np.testing.assert_allclose(table[f"{election}_left_registered"] * registered, total)
    valid = official["exprimes"].astype(float).to_numpy()
    np.testing.assert_allclose(table[f"{election}_left_valid"] * valid, total)
    assert not found.units["redrawn"].any()
    assert found.units["found"].all()


def test_another_vintage_comes_through_the_crosswalk_and_loses_nobody(valmont, bureaux, elections):
    election, ids = elections[2024], bureaux[2017]
    found = outcomes_of(valmont, [election], ids, vintage=2017, choices=LEFT)
    own = outcomes_of(valmont, [election], bureaux[2024], vintage=2024, choices=LEFT)
    for name in ("registered", "left_registered"):
        sums = []
        for table in (found.table, own.table):
            weight = table[f"{election}_registered"]
            value = weight if name == "registered" else weight * table[f"{election}_{name}"]
            sums.append(value.sum())
        assert sums[0] == pytest.approx(sums[1], abs=1e-6)
    assert found.units["redrawn"].any()
    assert not found.units["redrawn"].all()


def test_what_was_lost_is_told_by_arm(valmont, bureaux, elections):
    election, ids = elections[2024], bureaux[2017]
    found = outcomes_of(valmont, [election], [*ids, "99900_none"], vintage=2017, choices={})
    arms = pd.Series("treated", index=[*ids, "99900_none"])
    alone = found.lost(arms)
    assert alone[["arm", "units", "without_result"]].to_numpy().tolist() == [
        ["treated", len(ids) + 1, 1]
    ]
    # One arm alone cannot be blurred with another.
    assert alone["mixed_share"].tolist() == [0.0]
    # A bureau of the election whose voters stand in two units, one of each arm.
    shared = found.flows[found.flows["registered"] > 0]
    there = shared[shared["from_id"] == shared["from_id"].mode()[0]]
    arms[there["unit_id"].iloc[0]] = "control"
    told = found.lost(arms).set_index("arm")
    assert told["units"].to_dict() == {"control": 1, "treated": len(ids)}
    assert told["redrawn"].sum() == alone["redrawn"].sum() > 0
    own = shared[shared["unit_id"] == there["unit_id"].iloc[0]]["registered"].sum()
    whole = found.table.set_index("unit_id").loc[there["unit_id"].iloc[0], f"{election}_registered"]
    assert told.loc["control", "mixed_share"] == pytest.approx(own / whole)
    # Units outside the trial are not counted.
    assert found.lost(arms.drop("99900_none"))["units"].sum() == len(ids)


def test_without_a_crosswalk_codes_are_followed_and_that_is_told(valmont, bureaux, elections):
    election, ids = elections[2024], bureaux[2017]
    for contours, wanted in ((None, True), (1999, True), (2017, False)):
        found = outcomes_of(valmont, [election], ids, vintage=contours, choices={})
        assert (found.units["by_code"] == wanted).all()
        lost = found.lost(pd.Series("treated", index=ids))
        assert lost["by_code"].tolist() == [wanted]
        assert len(followed_by_code(lost)) == wanted


def test_turnout_alone(valmont, bureaux, elections):
    table = outcomes_of(
        valmont, [elections[2017]], bureaux[2017], vintage=2017, choices={}
    ).table  # fmt: skip
    assert [name.removeprefix(elections[2017]) for name in table] == [
        "unit_id",
        "_registered",
        "_turnout",
    ]


def test_the_vintage_of_units_is_guessed_from_their_codes(valmont, bureaux):
    assert vintage_of(valmont.read("context"), bureaux[2024]) == 2024
    gone = sorted(set(bureaux[2017]) - set(bureaux[2024]))
    assert vintage_of(valmont.read("context"), gone or bureaux[2017]) in (2017, 2024)
    assert vintage_of(valmont.read("context"), ["none"]) is None


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"election_ids": ["1848_pres_t1"]}, "does not hold the election"),
        ({"unit_ids": ["a", "a"]}, "several rows"),
        ({"unit_ids": ["a", "b"]}, "No unit of the trial has a result"),
        ({"choices": {"x": Choice(candidates=("Nobody",))}}, "No candidate"),
    ],
)
def test_what_cannot_be_answered(valmont, bureaux, elections, ask, says):
    given = {"election_ids": [elections[2017]], "unit_ids": bureaux[2017], "choices": {}, **ask}
    elections_, units = given.pop("election_ids"), given.pop("unit_ids")
    with pytest.raises(DataError, match=says) as error:
        outcomes_of(valmont, elections_, units, vintage=2017, **given)
    assert error.value.mend
