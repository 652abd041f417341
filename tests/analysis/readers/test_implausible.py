"""Tests of `analysis.readers.implausible`: counts that add up and cannot be."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.readers.implausible import strange_size, told_of_sizes


def turnout(rows):
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    return table.astype({"election_id": "category", "bureau_id": "category"})


def rounds(bureaux=20, elections=4):
    """Return bureaux of 1,000 and a few, by election; each grows a little."""
    return turnout(
        [
            (f"e{e}", f"31555_{b:04d}", 1000 + 10 * b + 15 * e)
            for e in range(elections)
            for b in range(bureaux)
        ]
    )


def test_bureaux_of_usual_sizes_are_let_be():
    assert not strange_size(rounds()).any()
    assert told_of_sizes(rounds()) == ()


@pytest.mark.parametrize("size", [9_999_999, 10_150])
def test_a_bureau_unlike_its_own_past_is_found(size):
    table = rounds()
    table.loc[25, "registered"] = size
    assert table.index[strange_size(table)].tolist() == [25]


def test_two_rounds_are_enough_and_the_smaller_is_believed():
    table = rounds(elections=2)
    table.loc[[3, 25], "registered"] = 9_999_999
    assert table.index[strange_size(table)].tolist() == [3, 25]


def test_a_large_bureau_that_was_always_large_is_none():
    table = rounds()
    table.loc[table["bureau_id"] == "31555_0007", "registered"] = 130_000
    assert not strange_size(table).any()
    assert told_of_sizes(table) == ()


def test_an_election_ten_times_too_large_is_told_and_kept():
    table = rounds()
    table.loc[table["election_id"] == "e2", "registered"] *= 10
    assert not strange_size(table).any()
    (note,) = told_of_sizes(table)
    # Lower medians of 10.25 thousand against ten times the third round's.
    assert note.startswith("e2: the bureaux have 10.1 times the registered of their other rounds.")


def test_a_giant_without_another_round_is_told():
    table = rounds(elections=1)
    table.loc[5, "registered"] = 9_999_999
    assert not strange_size(table).any()
    (note,) = told_of_sizes(table)
    assert "31555_0005 in e0: 9999999 registered" in note


def test_one_bureau_alone_is_compared_with_nothing():
    assert told_of_sizes(turnout([("e0", "31555_0001", 9_999_999)])) == ()
