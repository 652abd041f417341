"""Tests of `analysis.readers.total_rows`: a sum of units is no unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.readers.total_rows import total_rows

E = "2026_muni_t1"
LISTS = ("A", "B", "C")


def units(count, seed=1, commune="99900"):
    """Draw units: registered, ballots, valid, and votes of three lists."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(60, 200, (count, 3))
    valid = votes.sum(axis=1)
    rows = np.c_[valid + 300, valid + 12, valid, votes]
    return [(f"{commune}_{n + 1:04d}", *row) for n, row in enumerate(rows.tolist())]


def total(name, rows):
    return (name, *np.sum([row[1:] for row in rows], axis=0).tolist())


def found(rows):
    """Return the ids found and why, of rows in the order of a file."""
    ids = pd.Series([row[0] for row in rows])
    counts = pd.DataFrame(
        [row[1:4] for row in rows], columns=["registered", "ballots", "valid"], dtype="Int64"
    ).assign(election_id=E, bureau_id=ids)
    ballots = pd.DataFrame(
        [(row[0], "", name, n) for row in rows for name, n in zip(LISTS, row[4:], strict=True)],
        columns=["bureau_id", "nuance", "name", "votes"],
    ).assign(election_id=E)
    category = {"election_id": "category", "bureau_id": "category"}
    table = total_rows(counts.astype(category), ballots.astype(category))
    return dict(zip(table["bureau_id"].astype("str"), table["reason"], strict=True))


TOWN, OTHER = units(6), units(4, seed=2, commune="99901")
SUMMED = {
    "labelled, last": [*TOWN, total("99900_TOTAL", TOWN)],
    "labelled in German, first": [total("99900_Gesamt", TOWN), *TOWN],
    "labelled with more words": [*TOWN, total("99900_Total scrutin =", TOWN)],
    "a number of its own": [*TOWN, total("99900_9999", TOWN)],
    "a number of its own, first": [total("99900_0000", TOWN), *TOWN],
    "in the middle of its town": [*TOWN[:3], total("99900_0099", TOWN), *TOWN[3:]],
    "of two units": [*TOWN[:2], total("99900_Somme", TOWN[:2])],
    "of one unit": [*OTHER, TOWN[0], total("99900_Total", TOWN[:1])],
}


@pytest.mark.parametrize("rows", SUMMED.values(), ids=SUMMED)
def test_a_sum_is_found_wherever_it_stands_and_whatever_its_name(rows):
    names = {row[0] for row in rows} - {row[0] for row in [*TOWN, *OTHER]}
    assert set(found(rows)) == names


def test_totals_of_totals_are_found():
    half = [*TOWN[:3], total("99900_0903", TOWN[:3]), *TOWN[3:], total("99900_0906", TOWN[3:])]
    town = [*half, total("99900_0999", TOWN)]
    rows = [*town, *OTHER, total("99901_0999", OTHER), total("99_0001", [*TOWN, *OTHER])]
    sums = {"99900_0903", "99900_0906", "99900_0999", "99901_0999", "99_0001"}
    assert set(found(rows)) == sums


def test_totals_of_communes_at_the_end_of_the_file_are_found():
    rows = [*TOWN, *OTHER, total("99900_0999", TOWN), total("99901_0999", OTHER)]
    assert set(found(rows)) == {"99900_0999", "99901_0999"}


def test_a_labelled_total_that_is_off_by_a_slip_goes_all_the_same():
    name, registered, *rest = total("99900_Total", TOWN)
    (reason,) = found([*TOWN, (name, registered - 3, *rest)]).values()
    assert reason == "called a total, and no smaller than any other row"


@pytest.mark.parametrize("name", ["9999", "0000", "000T", "Tot.", "Ville entière", "Bilan"])
@pytest.mark.parametrize("slip", [(1, 0, 0, 0, 0, 0), (-3, 2, 1, 0, 1, 0), (0, 0, 2, 3, -1, 0)])
def test_a_sum_that_slipped_is_found_whatever_its_name(name, slip):
    whole = total(f"99900_{name}", TOWN)
    row = (whole[0], *(n + more for n, more in zip(whole[1:], slip, strict=True)))
    (reason,) = found([*TOWN[:2], row, *TOWN[2:], *OTHER]).values()
    assert reason == "nearly the sum of all other rows of its commune"


def test_a_bureau_as_large_as_all_others_that_votes_otherwise_stays():
    name, registered, ballots, valid, *votes = total("99900_0007", TOWN)
    moved = (votes[0] + 9, votes[1] - 9, votes[2])
    assert found([*TOWN, (name, registered + 1, ballots, valid, *moved)]) == {}
    # Of three rows one may be nearly the sum of two.
    pair = total("99900_0007", TOWN[:2])
    assert found([*TOWN[:2], (pair[0], pair[1] + 1, *pair[2:])]) == {}


def test_what_only_looks_like_a_total_stays():
    # A polling place of that name, and sums that hold for the turnout but not for the votes.
    station = ("99900_Total Energies, hall B", *TOWN[0][1:])
    assert found([station, *TOWN[1:]]) == {}
    name, *values = total("99900_0999", TOWN)
    assert found([*TOWN, (name, *values[:3], values[4], values[3], values[5])]) == {}
    assert found(TOWN[:1]) == {}
    assert found([("99900_Total", *TOWN[0][1:])]) == {}


def test_small_numbers_meet_by_chance():
    tiny = [("a_1", 2, 1, 1, 1, 0, 0), ("a_2", 3, 2, 2, 2, 0, 0), ("a_3", 5, 3, 3, 3, 0, 0)]
    assert found(tiny) == {}
