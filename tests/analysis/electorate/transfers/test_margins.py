"""Tables of counts: what is refused, scaled, left out."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.electorate.transfers.count_files import read_counts
from analysis.electorate.transfers.margins import set_problem
from analysis.errors import DataError

ORIGIN = pd.DataFrame({"A": [60, 30, 45], "B": [40, 70, 55]}, index=["u1", "u2", "u3"])
DESTINATION = pd.DataFrame({"x": [80, 10, 50], "y": [20, 90, 50]}, index=["u1", "u2", "u3"])


def with_cell(value):
    table = ORIGIN.astype(object)
    table.loc["u2", "B"] = value
    return table


@pytest.mark.parametrize(
    ("origin", "destination", "what", "where"),
    [
        (with_cell(-3), DESTINATION, "negative, no whole", "u2/B = -3"),
        (with_cell(2.5), DESTINATION, "negative, no whole", "u2/B = 2.5"),
        (with_cell("many"), DESTINATION, "negative, no whole", "u2/B = many"),
        (with_cell(None), DESTINATION, "negative, no whole", "u2/B"),
        (ORIGIN, DESTINATION.add_prefix("z", axis=0), "no unit in common", "zu1"),
        (ORIGIN.head(1), DESTINATION, "One unit alone", "u1"),
        (ORIGIN.assign(C=0), DESTINATION, "Nobody chose some option of the origin", "C"),
        (ORIGIN, DESTINATION.assign(z=0), "Nobody chose some option of the destination", "z"),
        (pd.concat([ORIGIN, ORIGIN.head(1)]), DESTINATION, "more than once", "u1"),
        (ORIGIN * 2, DESTINATION, "not the same people", "origin 600"),
        (ORIGIN.head(0), DESTINATION, "holds no counts", ""),
    ],
)
def test_bad_tables_say_what_where_and_how_to_mend(origin, destination, what, where):
    with pytest.raises(DataError, match=what) as error:
        set_problem(origin, destination)
    assert where in error.value.where
    assert error.value.mend


def test_units_of_one_table_only_are_left_out_by_name():
    more = pd.concat([ORIGIN, pd.DataFrame({"A": [5], "B": [5]}, index=["u9"])])
    problem = set_problem(more, DESTINATION)
    assert [(r.count, r.examples) for r in problem.left_out] == [(1, "u9")]
    assert problem.units == 3


def test_empty_units_are_left_out_by_name():
    empty = ORIGIN.copy()
    empty.loc["u1"] = 0
    problem = set_problem(empty, DESTINATION)
    assert [(r.reason, r.examples) for r in problem.left_out] == [
        ("units without a vote in one of the two", "u1")
    ]


def test_units_of_one_composition_become_one_row():
    twice = pd.concat([t * 2 for t in (ORIGIN,)]), DESTINATION * 2
    both = [
        pd.concat([a, b.add_suffix("b", axis=0)])
        for a, b in ((ORIGIN, twice[0]), (DESTINATION, twice[1]))
    ]
    problem = set_problem(*both)
    assert problem.units == 6
    assert problem.before.shape == (3, 2)
    assert problem.before.sum() == 900


def test_a_file_of_counts_may_have_semicolons_and_a_byte_order_mark(tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text('\ufeffunit;A;B\n"=""0101""";60;40\nu2;30;70\nu3;45;55\n', encoding="utf-8")
    table = read_counts(file)
    assert table.index.tolist() == ["0101", "u2", "u3"]
    known = table.rename(index={"0101": "u1"})
    assert set_problem(known, DESTINATION).before.sum() == 300


@pytest.mark.parametrize("content", ["", "unit\nu1\n"])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    file = tmp_path / "counts.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_counts(file)
    assert "counts.csv" in error.value.where
    assert error.value.mend


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_counts(tmp_path / "none.csv")
