"""Tests of `analysis.electorate.counts`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.counts import COUNTS, ROWS, read_counts
from analysis.errors import DataError
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS

ELECTIONS = ["2022_legi_t1", "2019_euro_t1", "2024_euro_t1"]


@pytest.fixture(scope="module")
def dense(valmont):
    return read_counts(valmont, ELECTIONS, Choice("left").members, ())


def by_hand(workspace, election, bureau):
    """Look the counts of a bureau up in the tables, one by one."""
    turnout = workspace.read("turnout").astype({"election_id": "str", "bureau_id": "str"})
    row = turnout[(turnout["election_id"] == election) & (turnout["bureau_id"] == bureau)].iloc[0]
    votes = workspace.read("votes").astype("object")
    votes = votes[(votes["election_id"] == election) & (votes["bureau_id"] == bureau)]
    blocs = workspace.read("candidates")
    blocs = blocs[blocs["election_id"] == election].set_index("candidate_id")["bloc"]
    sums = votes["votes"].astype("int64").groupby(votes["candidate_id"].map(blocs)).sum()
    left = int(sums.get("left", 0))
    return {
        "ballots": row["ballots"],
        "abstentions": row["registered"] - row["ballots"],
        "valid": row["valid"],
        "votes": left,
        **{name: int(sums.get(name, 0)) for name in BLOCS},
        "offered": int((votes["candidate_id"].map(blocs) == "left").sum()),
        "listed": len(votes),
    }


@pytest.mark.parametrize("election", ELECTIONS)
@pytest.mark.parametrize("bureau", ["99900_0001", "99900_0033"])
def test_every_count_is_that_of_the_tables(valmont, dense, election, bureau):
    table = dense.table(ELECTIONS.index(election))
    assert table.loc[bureau].to_dict() == by_hand(valmont, election, bureau)
    assert list(table) == [*COUNTS, *BLOCS, *ROWS]


def test_a_bureau_is_there_only_where_it_voted(valmont, dense):
    turnout = valmont.read("turnout")
    for number, election in enumerate(ELECTIONS):
        ids = turnout.loc[turnout["election_id"] == election, "bureau_id"].astype("str")
        assert dense.table(number).index.tolist() == sorted(ids)
    assert "99900_0048" not in dense.table(1).index
    assert dense.bureaux.is_monotonic_increasing


def test_totals_are_the_official_ones(valmont, dense):
    for number, election in enumerate(ELECTIONS):
        official = valmont.manifest["elections"][election]
        table = dense.table(number)
        assert table["ballots"].sum() == official["ballots"]
        assert (table["ballots"] + table["abstentions"]).sum() == official["registered"]
        # Every candidate of Valmont has a bloc, so that blocs share the valid ballots out.
        assert table[list(BLOCS)].sum().sum() == table["valid"].sum() == official["valid"]


def test_one_candidate_may_be_chosen(valmont):
    dense = read_counts(valmont, ["2022_pres_t1"], Choice("", ("macron",)).members, ())
    votes = valmont.read("votes")
    mine = votes[(votes["election_id"] == "2022_pres_t1") & (votes["candidate_id"] == "MACRON")]
    assert dense.table(0)["votes"].sum() == mine["votes"].sum() > 0
    assert (dense.table(0)["offered"] == 1).all()


def test_a_place_is_a_commune_or_a_departement(valmont):
    everything = read_counts(valmont, ELECTIONS, Choice("left").members, ())
    for place in ("99900", "99"):
        dense = read_counts(valmont, ELECTIONS, Choice("left").members, (place,))
        np.testing.assert_array_equal(dense.values, everything.values)
    with pytest.raises(DataError, match="does not hold 31555") as caught:
        read_counts(valmont, ELECTIONS, Choice("left").members, ("31555",))
    assert "99900" in caught.value.where
    assert caught.value.mend


def test_elections_come_in_the_order_asked_for(valmont, dense):
    turned = read_counts(valmont, ELECTIONS[::-1], Choice("left").members, ())
    for number in range(len(ELECTIONS)):
        pd.testing.assert_frame_equal(turned.table(2 - number), dense.table(number))
