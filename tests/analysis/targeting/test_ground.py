"""Tests of `analysis.targeting.ground`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.targeting.ground import has_ground
from analysis.targeting.prospects import prepare
from tests.made import history

ELECTIONS = ("2017_pres_t1", "2019_euro_t1", "2022_pres_t1")


def place(drawn, numbers=None, commune="31555"):
    """Return bureaux of one commune, with a contour or without."""
    numbers = numbers or [f"{n + 1:04d}" for n in range(len(drawn))]
    return pd.DataFrame(
        {
            "bureau_id": [f"{commune}_{number}" for number in numbers],
            "commune_id": commune,
            "vintage": pd.array([2022 if one else pd.NA for one in drawn], dtype="Int64"),
        }
    )


@pytest.mark.parametrize(
    ("number", "drawn", "town_drawn", "ground"),
    [
        ("JUS1", False, True, False),
        ("JUS1", True, True, True),
        # Where nothing is drawn the word alone tells; a number alone was redrawn since.
        ("JUS1", False, False, False),
        ("0101", False, True, True),
        ("001A", False, True, True),
        ("A001", False, True, True),
    ],
)
def test_which_numbers_have_ground(number, drawn, town_drawn, ground):
    town = place([drawn, *[town_drawn] * 3], [number, "0001", "0002", "0003"])
    alone = place([False], ["JUS1"], "31001")
    found = has_ground(pd.concat([town, alone], ignore_index=True))
    assert found.tolist() == [ground, True, True, True, True]


def stay_home(*unlike, bureaux=10):
    """Let 28 to 32% stay home everywhere, but in the first bureau as told, round by round."""
    rates = np.linspace(0.28, 0.32, bureaux)[:, None] * np.ones(3)
    rates[0] = unlike
    registered = np.full(rates.shape, 1000.0)
    return history(registered, 1000 * (1 - rates), 0 * rates, elections=ELECTIONS)


ALWAYS = (0.9, 0.85, 0.9)


def test_a_bureau_without_contour_that_never_votes_has_no_ground():
    town = place([False, False, *[True] * 8])
    found = has_ground(town, stay_home(*ALWAYS))
    assert found.tolist() == [False, *[True] * 9]
    # The other way: where all but nobody stays home.
    assert not has_ground(town, stay_home(0.01, 0.02, 0.01))[0]


@pytest.mark.parametrize(
    ("town", "past"),
    [
        (place([True] * 10), stay_home(*ALWAYS)),
        (place([False, *[True] * 9]), stay_home(0.9, 0.3, 0.9)),
        (place([False, *[True] * 9]), stay_home(np.nan, np.nan, 0.9)),
        (place([False, *[True] * 6]), stay_home(*ALWAYS, bureaux=7)),
        (place([False, *[True] * 9]).assign(addresses=[40.0] * 10), stay_home(*ALWAYS)),
    ],
    ids=["drawn", "once like the others", "known once", "few bureaux", "addresses"],
)
def test_one_sign_alone_is_not_enough(town, past):
    assert has_ground(town, past).all()


def test_where_nothing_is_drawn_abstention_alone_tells():
    assert has_ground(place([False] * 10), stay_home(*ALWAYS)).tolist() == [False, *[True] * 9]


def test_order_of_rows_and_inputs():
    town, past = place([False, *[True] * 9]), stay_home(*ALWAYS)
    before = town.copy()
    turned = replace(past, registered=past.registered[::-1], ballots=past.ballots[::-1])
    again = has_ground(town[::-1].reset_index(drop=True), turned)
    assert again.tolist() == has_ground(town, past)[::-1].tolist()
    pd.testing.assert_frame_equal(town, before)


def test_in_paris_one_bureau_of_administrative_addresses_has_no_ground(paris):
    table = prepare(paris, Choice("left"), election_of("2027_pres_t1")).table
    assert table.loc[~table["reachable"], "bureau_id"].tolist() == ["75056_1299"]
