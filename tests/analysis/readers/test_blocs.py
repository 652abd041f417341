"""Tests of `analysis.readers.blocs`."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.readers.blocs import give_blocs, read_blocs, without_bloc
from analysis.tables.schema import BLOCS

HEADER = "election,key,bloc,source\n"


def table(*rows):
    return pd.DataFrame(rows, columns=["election_id", "name", "nuance", "votes"])


def test_the_shipped_table_uses_the_known_blocs_and_says_its_sources():
    blocs = read_blocs()
    assert set(blocs["bloc"]) == set(BLOCS)
    assert (blocs["source"] != "").all()
    assert blocs["election"].str.fullmatch(r"\d{4}_[a-z]{4}").all()


@pytest.mark.parametrize(
    ("election", "key", "bloc"),
    [
        ("2022_pres", "MÉLENCHON", "left"),
        ("2022_pres", "MACRON", "centre"),
        ("2022_pres", "PÉCRESSE", "right"),
        ("2022_pres", "LE PEN", "far_right"),
        ("2022_pres", "POUTOU", "far_left"),
        ("2024_legi", "UG", "left"),
        ("2024_legi", "ENS", "centre"),
        ("2022_legi", "NUP", "left"),
        ("2014_euro", "LUMP", "right"),
    ],
)
def test_well_known_cases(election, key, bloc):
    candidates = table((f"{election}_t1", key, "", 1), (f"{election}_t2", "", key, 1))
    assert give_blocs(candidates, read_blocs()).tolist() == [bloc, bloc]


def test_a_name_goes_before_the_nuance_and_an_unknown_stays_without(tmp_path):
    path = tmp_path / "blocs.csv"
    path.write_text(HEADER + "2022_legi,DVG,left,me\n2022_legi,DUPONT,centre,me\n")
    candidates = table(
        ("2022_legi_t1", "DUPONT", "DVG", 10),
        ("2022_legi_t1", "DURAND", "DVG", 20),
        ("2022_legi_t1", "MARTIN", "REG", 30),
        ("2017_legi_t1", "DUPONT", "DVG", 40),
    )
    candidates["candidate_id"] = candidates["name"]
    candidates["bloc"] = give_blocs(candidates, read_blocs(path))
    assert candidates["bloc"].tolist() == ["centre", "left", "", ""]
    assert without_bloc(candidates)["votes"].tolist() == [40, 30]


def test_a_list_may_be_called_na(tmp_path):
    path = tmp_path / "blocs.csv"
    path.write_text(HEADER + "2020_muni,NA,other,me\n2020_muni,null,left,me\n", "utf-8-sig")
    candidates = table(("2020_muni_t1", "NA", "", 1), ("2020_muni_t1", "null", "", 1))
    assert give_blocs(candidates, read_blocs(path)).tolist() == ["other", "left"]


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(12)))
def test_the_order_of_candidates_does_not_matter(order):
    names = ["MACRON", "LE PEN", "HAMON", "NOBODY"] * 3
    candidates = table(*((f"{y}_pres_t1", n, "", 1) for y, n in zip([2017] * 12, names)))  # noqa: B905
    blocs = read_blocs()
    shuffled = candidates.iloc[list(order)]
    pd.testing.assert_series_equal(
        give_blocs(shuffled, blocs).sort_index(), give_blocs(candidates, blocs)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("election;key;bloc;source\n", "lacks election, key"),
        ("election,key,source\n2022_pres,A,x\n", "lacks bloc"),
        (HEADER + "2022_pres,A,,x\n", r"without an election[\s\S]*line 2"),
        (HEADER + "2022_pres,A,left,x\n2022_pres, A ,right,y\n", r"twice[\s\S]*line 2, line 3"),
        (HEADER + '2022_pres,"A,left\n', "cannot be read"),
        # A cell more in each row: every value would stand under the name to its left.
        (HEADER + "2022_pres,A,left,x,\n", r"cannot be read[\s\S]*4 names for more cells"),
    ],
)
def test_a_wrong_table_says_where_and_how_to_mend(tmp_path, text, says):
    path = tmp_path / "blocs.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=says) as caught:
        read_blocs(path)
    assert "blocs.csv" in caught.value.where
    assert caught.value.mend


def test_a_table_in_another_encoding_or_absent(tmp_path):
    path = tmp_path / "blocs.csv"
    path.write_bytes((HEADER + "2022_pres,MÉLENCHON,left,x\n").encode("cp1252"))
    for wrong in (path, tmp_path / "absent.csv"):
        with pytest.raises(DataError, match="cannot be read"):
            read_blocs(wrong)
