"""Tests of `analysis.readers.results`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.raw_results import Raw, combine
from analysis.readers.results import assemble
from analysis.tables.sources import Report, Source

E = "2022_pres_t1"
NAMES = ("MACRON", "LE PEN", "MÉLENCHON", "LASSALLE")


def raw(counts, ballots):
    """Make a Raw of (bureau, registered, ballots, blank, null) and (bureau, name, votes)."""
    table = pd.DataFrame(counts, columns=["bureau_id", "registered", "ballots", "blank", "null"])
    table["valid"] = table["ballots"] - table["blank"] - table["null"]
    votes = pd.DataFrame(ballots, columns=["bureau_id", "name", "votes"])
    ids = {"election_id": "category", "bureau_id": "category"}
    whole = dict.fromkeys(("blank", "null", "registered", "valid"), "Int64")
    source = Source("general_results", "g.csv", "0" * 64, 1, "none", "2024-01-01")
    return Raw(
        counts=table.assign(election_id=E).astype(ids | whole),
        ballots=votes.assign(election_id=E, nuance="").astype(
            ids | {"name": "category", "nuance": "category", "votes": "Int64"}
        ),
        places=pd.DataFrame({"commune_id": ["31555"], "name": ["Toulouse"], "department_id": "31"}),
        reports=(
            Report(source, len(table), len(table)),
            Report(replace(source, role="candidats_results", file="c.csv"), len(votes), len(votes)),
        ),
    )


def put_together(given_raw, **options):
    return assemble(given_raw, read_blocs(), election_of, **options)


def town(votes):
    """Make a town whose counts follow from the votes: bureaux × candidates."""
    votes = np.asarray(votes)
    ids = [f"31555_{n + 1:04d}" for n in range(len(votes))]
    counts = [
        (b, int(v.sum()) + 50, int(v.sum()) + 7, 4, 3) for b, v in zip(ids, votes, strict=True)
    ]
    ballots = [
        (b, name, int(n))
        for b, row in zip(ids, votes, strict=True)
        for name, n in zip(NAMES, row, strict=True)
    ]
    return counts, ballots


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(st.integers(0, 500), min_size=4, max_size=4), min_size=1, max_size=8))
def test_totals_are_conserved_by_candidates_and_blocs(votes):
    counts, ballots = town(votes)
    given_raw = raw(counts, ballots)
    before = given_raw.counts.copy(), given_raw.ballots.copy()
    results = put_together(given_raw)
    total = int(np.sum(votes))
    assert results.turnout["valid"].sum() == total
    assert results.votes["votes"].sum() == total
    assert results.candidates["votes"].sum() == total
    by_bloc = results.candidates.groupby("bloc")["votes"].sum()
    assert by_bloc.to_dict() == dict(
        zip(("centre", "far_right", "left", "other"), np.sum(votes, axis=0).tolist(), strict=True)
    )
    pd.testing.assert_frame_equal(given_raw.counts, before[0])
    pd.testing.assert_frame_equal(given_raw.ballots, before[1])


def big_town(bureaux=150):
    return town(np.full((bureaux, 4), 60))


def test_a_slip_keeps_the_turnout_and_lists_the_votes_left_out():
    counts, ballots = big_town()
    ballots[2] = (*ballots[2][:2], 61)
    results = put_together(raw(counts, ballots))
    assert results.turnout["valid"].sum() == 150 * 240
    assert results.votes["votes"].sum() == 149 * 240
    (slip,) = results.reports[1].left_out
    assert (slip.reason, slip.count, slip.election_id) == ("votes do not sum to valid", 1, E)
    assert slip.examples == "31555_0001 (241 for 240 valid)"
    assert results.reports[1].rows_kept == 149 * 4


def test_many_contradictions_are_an_error_unless_left_out_on_purpose():
    counts, ballots = big_town()
    ballots[2], ballots[6] = (*ballots[2][:2], 61), (*ballots[6][:2], 0)
    with pytest.raises(DataError, match=r"votes of 2 bureau\(x\) do not sum") as caught:
        put_together(raw(counts, ballots))
    assert caught.value.where.startswith(f"g.csv, c.csv: {E}: 31555_0001 (241 for 240 valid)")
    assert "--leave-out-contradictions" in caught.value.mend
    results = put_together(raw(counts, ballots), leave_out=True)
    assert results.votes["votes"].sum() == 148 * 240


def test_a_bureau_without_votes_contradicts_its_valid_ballots():
    counts, ballots = big_town()
    results = put_together(raw(counts, ballots[4:]))
    assert results.reports[1].left_out[0].examples == "31555_0001 (0 for 240 valid)"


def test_votes_without_turnout_are_listed_and_many_are_an_error():
    counts, ballots = big_town()
    results = put_together(raw(counts[1:], ballots))
    (orphan,) = results.reports[1].left_out
    assert (orphan.reason, orphan.count) == ("votes of a bureau without turnout", 4)
    assert results.votes["votes"].sum() == results.turnout["valid"].sum() == 149 * 240
    with pytest.raises(DataError, match=r"50 bureau\(x\) have votes but no turnout") as caught:
        put_together(raw(counts[50:], ballots))
    assert caught.value.where.startswith(f"g.csv, c.csv: {E}: 31555_0001")
    assert "--leave-out" in caught.value.mend
    assert len(put_together(raw(counts[50:], ballots), leave_out=True).turnout) == 100


def test_one_unreadable_count_is_restored_two_are_not():
    counts, ballots = big_town()
    ballots[1] = (*ballots[1][:2], None)
    results = put_together(raw(counts, ballots))
    assert results.votes["votes"].sum() == 150 * 240
    assert "1 unreadable" in results.reports[1].notes[0]
    ballots[2] = (*ballots[2][:2], None)
    results = put_together(raw(counts, ballots))
    assert results.votes["votes"].sum() == 149 * 240
    assert results.reports[1].left_out[0].reason == "votes do not sum to valid"


CONTRADICTIONS = [
    (lambda b: (b, 200, 247, 4, 3), "0 ≤ ballots ≤ registered fails", "counts that contradict"),
    (lambda b: (b, 300, -1, 4, 3), "0 ≤ ballots ≤ registered fails", "counts that contradict"),
    (lambda b: (b, None, 247, 4, 3), "missing or no whole number", "no whole number"),
]


@pytest.mark.parametrize(("spoil", "says", "reason"), CONTRADICTIONS)
def test_one_row_that_contradicts_itself_is_listed_and_many_are_an_error(spoil, says, reason):
    counts, ballots = big_town()
    counts[0] = spoil("31555_0001")
    results = put_together(raw(counts, ballots))
    assert len(results.turnout) == 149
    assert results.turnout["valid"].sum() == results.votes["votes"].sum() == 149 * 240
    (item,) = results.reports[0].left_out
    assert (item.count, item.election_id) == (1, E)
    assert reason in item.reason
    assert item.examples.startswith("31555_0001")
    assert [r.rows_kept for r in results.reports] == [149, 149 * 4]
    counts[1] = spoil("31555_0002")
    with pytest.raises(DataError, match=says) as caught:
        put_together(raw(counts, ballots))
    assert caught.value.where.startswith("g.csv")
    assert "31555_0002" in caught.value.where
    assert "--leave-out-contradictions" in caught.value.mend
    assert len(put_together(raw(counts, ballots), leave_out=True).turnout) == 148


def test_copies_go_and_a_bureau_with_two_results_is_listed():
    counts, ballots = big_town()
    results = put_together(raw([*counts, counts[4]], [*ballots, *ballots[16:20]]))
    assert len(results.turnout) == 150
    assert results.votes["votes"].sum() == 150 * 240
    assert [(o.reason, o.examples) for o in results.reports[0].left_out] == [
        ("a copy of another row", "31555_0005")
    ]
    results = put_together(raw([*counts, ("31555_0005", 300, 248, 5, 3)], ballots))
    assert len(results.turnout) == 149
    assert results.reports[0].left_out[0].reason == "the same bureau with other counts"
    more = [("31555_0005", 300, 248, 5, 3), ("31555_0006", 300, 248, 5, 3)]
    with pytest.raises(DataError, match="more than one row") as caught:
        put_together(raw([*counts, *more], ballots))
    assert caught.value.where.startswith(f"g.csv: {E}/31555_0005")


def test_two_votes_of_one_day_are_told_apart_from_slips():
    counts, ballots = big_town(3)
    other = [(bureau, a, b, blank + 5, null) for bureau, a, b, blank, null in counts]
    with pytest.raises(DataError, match="two votes of one day") as caught:
        put_together(raw([*counts, *other], ballots), leave_out=True)
    assert "must not be added" in caught.value.mend


def test_units_without_registered_are_a_kind_of_their_own():
    counts, ballots = big_town(4)
    postal = [("31555_0901", 0, 247, 4, 3), ("31555_0902", 0, 247, 4, 3)]
    votes = [(bureau, name, 60) for bureau, *_ in postal for name in NAMES]
    results = put_together(raw([*counts, *postal], [*ballots, *votes]))
    assert len(results.turnout) == 4
    (item,) = results.reports[0].left_out
    assert (item.reason, item.count) == ("votes without registered (postal ballots)", 2)
    assert item.examples.startswith("31555_0901 (0 registered, 247 ballots, 240 valid)")
    # Where most are so, it is the column that is wrong.
    spoilt = [(bureau, 0, *rest) for bureau, _, *rest in counts]
    with pytest.raises(DataError, match="0 ≤ ballots ≤ registered fails for 4"):
        put_together(raw(spoilt, ballots))


def test_a_candidate_twice_in_a_bureau_names_the_file_of_votes():
    counts, ballots = big_town()
    ballots[1] = (ballots[1][0], "MACRON", 60)
    # One is left out by its name, as votes that do not sum are.
    results = put_together(raw(counts, ballots))
    (item,) = results.reports[-1].left_out
    assert (item.reason, item.count) == ("a candidate stands twice in the bureau", 1)
    assert item.examples == "31555_0001"
    assert results.votes["bureau_id"].nunique() == len(counts) - 1
    assert results.reports[-1].rows_kept == len(results.votes)
    assert len(results.turnout) == len(counts)
    ballots = [(bureau, "MACRON", n) for bureau, _name, n in ballots]
    with pytest.raises(DataError, match="votes: more than one row") as caught:
        put_together(raw(counts, ballots))
    assert caught.value.where.startswith(f"c.csv: {E}/31555_0001/MACRON")


def test_nothing_to_read_is_an_error():
    with pytest.raises(DataError, match="no bureau to read"):
        put_together(raw([], []))


def test_files_of_several_elections_are_put_together():
    counts, ballots = town([[1, 2, 3, 4]])
    one = raw(counts, ballots)
    ids = {"election_id": "category"}
    two = replace(
        one,
        counts=one.counts.assign(election_id="2022_pres_t2").astype(ids),
        ballots=one.ballots.assign(election_id="2022_pres_t2").astype(ids),
    )
    assert combine([one]) is one
    results = put_together(combine([two, one]))
    assert results.elections["election_id"].tolist() == [E, "2022_pres_t2"]
    assert len(results.places) == 1
    assert results.votes["votes"].sum() == 20
    assert len(results.reports) == 4


def test_an_election_is_dated_by_whoever_knows_it():
    results = put_together(raw(*town([[1, 2, 3, 4]])))
    assert results.elections["date"].dt.strftime("%Y-%m-%d").tolist() == ["2022-04-10"]
    assert results.elections["vintage"].isna().all()


def test_the_source_of_a_report_is_a_file(tmp_path):
    path = Path(tmp_path / "a.csv")
    path.write_text("x")
    source = Source.of(path, role="general_results", licence="LO")
    assert source.sha256 == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert (source.file, source.bytes, len(source.date)) == ("a.csv", 1, 10)
