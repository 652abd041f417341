"""Two elections of a workspace as tables of the same persons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.transfers.bureau_counts import standing_of, tables_of
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.errors import DataError
from analysis.workflows.build import Inputs, build
from tests.made import candidates, general, write_results

FIRST, SECOND = "2022_pres_t1", "2022_pres_t2"


@pytest.fixture(scope="module")
def two_departments(tmp_path_factory):
    """Twelve bureaux of Ain and Aisne, and one alone in Allier."""
    rng = np.random.default_rng(5)
    turnout, votes = [], []
    for commune, bureaux in (("01004", 7), ("02001", 5), ("03001", 1)):
        for number in range(bureaux):
            code = f"{number + 1:04d}"
            registered = int(rng.integers(400, 900))
            for election, names in ((FIRST, "ABC"), (SECOND, "AB")):
                ballots = int(registered * rng.uniform(0.6, 0.8))
                turnout.append((election, commune, code, registered, ballots, 10, 5))
                split = rng.multinomial(ballots - 15, rng.dirichlet([5.0] * len(names)))
                votes += [
                    (election, commune, code, "", name, int(n))
                    for name, n in zip(names, split, strict=True)
                ]
            registered += 20
    folder = tmp_path_factory.mktemp("departments")
    files = write_results(folder, general(*turnout), candidates(*votes))
    return build(Inputs(*files), folder / "workspace")


def test_both_tables_are_the_same_persons(valmont):
    pair = tables_of(valmont, FIRST, SECOND)
    assert pair.origin.index.equals(pair.destination.index)
    assert (pair.origin.sum(axis=1) == pair.destination.sum(axis=1)).all()
    turnout = valmont.read("turnout")
    registered = turnout[turnout["election_id"] == SECOND]["registered"].sum()
    leavers = pair.destination.get("leavers", pd.Series([0])).sum()
    assert pair.destination.to_numpy().sum() - leavers == registered
    assert {"blank_null", "abstention"} <= set(pair.origin) & set(pair.destination)


def test_candidates_come_first_by_votes(valmont):
    votes = tables_of(valmont, FIRST, SECOND).origin.sum()
    named = votes.drop(["blank_null", "abstention", "newcomers"], errors="ignore")
    assert named.is_monotonic_decreasing
    assert list(votes.index[: len(named)]) == list(named.index)


def test_other_contours_are_handed_on_with_every_total(valmont):
    pair = tables_of(valmont, "2022_pres_t1", "2024_legi_t1")
    votes = valmont.read("votes")
    totals = votes[votes["election_id"] == "2022_pres_t1"].groupby("candidate_id", observed=True)
    sums = totals["votes"].sum()
    assert pair.origin["MACRON"].sum() == sums["MACRON"]
    assert len(pair.origin) == 49
    assert not pair.left_out


@pytest.mark.parametrize(
    ("asked", "what", "where"),
    [
        (("2021_regi_t1", SECOND, ""), "2021_regi_t1 is not in this workspace", "2017_pres_t1"),
        ((FIRST, FIRST, ""), "both are the same", FIRST),
        ((FIRST, SECOND, "99900_0001"), "never for a bureau", "99900_0001"),
        ((FIRST, SECOND, "75056"), "does not hold 75056", "99900"),
    ],
)
def test_a_question_that_cannot_be_answered(valmont, asked, what, where):
    with pytest.raises(DataError, match=what) as error:
        tables_of(valmont, *asked)
    assert where in error.value.where
    assert error.value.mend


def test_candidates_of_constituencies_count_by_nuance(tmp_path):
    rows = [("2024_legi_t1", "01004", f"000{n}", 500, 300, 5, 5) for n in (1, 2, 3)]
    rows += [(FIRST, *row[1:]) for row in rows]
    votes = [(FIRST, "01004", f"000{n}", "", name, 145) for n in (1, 2, 3) for name in "AB"]
    # Two candidates in each bureau, four in all.
    for n, left, right in ((1, "DUPONT", "MARTIN"), (2, "DURAND", "PETIT"), (3, "DUPONT", "PETIT")):
        votes += [("2024_legi_t1", "01004", f"000{n}", "UG", left, 140)]
        votes += [("2024_legi_t1", "01004", f"000{n}", "LR", right, 150)]
    files = write_results(tmp_path, general(*rows), candidates(*votes))
    pair = tables_of(build(Inputs(*files), tmp_path / "workspace"), FIRST, "2024_legi_t1")
    assert pair.destination["UG"].sum() == 420
    assert pair.destination["LR"].sum() == 450


def test_who_did_not_stand_is_not_who_had_no_vote(tmp_path):
    one, two, legi = "01004_0001", "01004_0002", "2024_legi_t2"
    rows = [(legi, "01004", n, 500, 300, 5, 5) for n in ("0001", "0002")]
    votes = [(legi, "01004", "0001", "ENS", "DUPONT", 290), (legi, "01004", "0001", "UG", "RIO", 0)]
    votes += [(legi, "01004", "0002", "ENS", "PETIT", 290)]
    files = write_results(tmp_path, general(*rows), candidates(*votes))
    place = build(Inputs(*files), tmp_path / "workspace")
    stood = standing_of(place, legi, pd.Index([one, two]))
    assert stood["UG"].to_dict() == {one: True, two: False}
    assert stood["ENS"].all()


def test_a_count_that_was_annulled_tells_nothing_of_who_voted_what(tmp_path):
    rows = [(one, "01004", f"000{n}", 500, 300, 5, 5) for n in (1, 2, 3) for one in (FIRST, SECOND)]
    rows = [(*r[:5], 0, 300) if (r[0], r[2]) == (FIRST, "0002") else r for r in rows]
    votes = [(r[0], "01004", r[2], "", name, 145 * (r[6] < 300)) for r in rows for name in "AB"]
    files = write_results(tmp_path, general(*rows), candidates(*votes))
    pair = tables_of(build(Inputs(*files), tmp_path / "workspace"), FIRST, SECOND)
    assert pair.origin.index.tolist() == ["01004_0001", "01004_0003"]
    assert pair.origin["blank_null"].tolist() == [10, 10]
    assert ("01004_0002", FIRST) in [(r.examples, r.election_id) for r in pair.left_out]


def test_departments_add_up_to_every_total(two_departments):
    pair = tables_of(two_departments, FIRST, SECOND)
    told = []
    found = transfers_of(two_departments, FIRST, SECOND, progress=told.append)
    assert found.matrix().sum(axis=1).to_dict() == pair.origin.sum().to_dict()
    assert found.matrix().sum(axis=0).to_dict() == pair.destination.sum().to_dict()
    # The département of one bureau goes with its neighbour.
    assert found.units == 13
    assert told[-1] == 1.0


def test_an_executor_gives_the_same_answer(two_departments):
    alone = transfers_of(two_departments, FIRST, SECOND)
    with ThreadPoolExecutor(2) as executor:
        together = transfers_of(two_departments, FIRST, SECOND, executor=executor)
    pd.testing.assert_frame_equal(alone.table, together.table)


def test_one_place_of_several(two_departments):
    found = transfers_of(two_departments, FIRST, SECOND, "01")
    assert found.units == 7
    with pytest.raises(DataError, match="One unit alone"):
        transfers_of(two_departments, FIRST, SECOND, "03001")
