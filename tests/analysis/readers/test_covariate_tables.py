"""Tables of what bureaux and communes are like, as they are published and as people have them."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.covariate_tables import read_covariates
from analysis.tables.spreadsheet_text import csv_text
from tests.made import DATA


def write(folder, text, name="table.csv"):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_any_table_by_bureau(tmp_path):
    file = write(tmp_path, "bureau_id;Part âgée;nom\n75056_1905;12,5;a\n75119_6;3;b\n")
    table, left = read_covariates(file, frozenset({"75056"}))
    # An arrondissement goes into the number; texts are no covariates, and that is told.
    assert table.to_dict() == {"part__g_e": {"75056_1905": 12.5, "75056_1906": 3.0}}
    assert [(one.count, one.examples) for one in left] == [(1, "nom")]


@pytest.mark.parametrize("large", ["1 234,5", "1\u00a0234,5", "1\u202f234.5"])
def test_large_numbers_are_not_lost_beside_small_ones(tmp_path, large):
    rows = f"75056_1905;{large};12,5 %\n75056_1906;987;7%\n"
    file = write(tmp_path, f"bureau_id;people;share\n{rows}")
    table, _ = read_covariates(file, frozenset({"75056"}))
    assert table["people"].tolist() == [1234.5, 987.0]
    assert table["share"].tolist() == [12.5, 7.0]


def test_texts_of_a_few_values_are_categories(tmp_path):
    rows = "".join(f"75056_{n:04d};{'ab'[n % 2]};nom {n};{n}\n" for n in range(1, 9))
    file = write(tmp_path, f"bureau_id;kind;nom;x\n{rows}75056_0009; ;nom 9;9\n")
    table, left = read_covariates(file, frozenset({"75056"}))
    assert list(table) == ["kind", "x"]
    assert table["kind"].dropna().tolist() == list("babababa")
    assert [(one.count, one.examples) for one in left] == [(1, "nom")]


def test_categories_are_judged_in_the_place_alone(tmp_path):
    here = "".join(f"2900{n};{'ab'[n % 2]};only;{n}\n" for n in range(1, 9))
    elsewhere = "".join(f"31{n:03d};other {n % 20};{n};1\n" for n in range(100))
    file = write(tmp_path, f"commune_id;kind;one;n\n{here}{elsewhere}")
    table, left = read_covariates(file, frozenset(f"2900{n}" for n in range(1, 9)))
    assert table["kind"].tolist() == list("babababa")
    assert list(table) == ["kind", "n"]
    assert [(one.count, one.examples) for one in left][-1] == (1, "one")


def test_numbers_alone_belong_to_the_only_commune(tmp_path):
    file = write(tmp_path, "code_bv,revenu_median\n0327,37610\n0334,34230\n")
    table, _left = read_covariates(file, frozenset({"75056"}))
    assert table["revenu_median"].to_dict() == {"75056_0327": 37610.0, "75056_0334": 34230.0}


def test_a_table_of_ours_for_a_french_spreadsheet_comes_back(tmp_path):
    own = pd.DataFrame({"commune_id": ["01004", "75056"], "poor": [0.25, 0.5]})
    file = write(tmp_path, csv_text(own, french=True))
    table, left = read_covariates(file, frozenset({"01004", "75056"}))
    assert table["poor"].to_dict() == {"01004": 0.25, "75056": 0.5}
    assert not left


def test_two_rows_of_one_id_are_both_left_out(tmp_path):
    file = write(tmp_path, "commune_id,x\n31555,1\n31555,2\n31069,3\n99999,4\n")
    table, left = read_covariates(file, frozenset({"31555", "31069"}))
    assert table["x"].to_dict() == {"31069": 3.0}
    assert [(one.count, one.examples) for one in left] == [(1, "99999"), (2, "31555")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("street,x\na,1\n", "which bureau or commune"),
        ("commune_id,x\n31555,many\n", "no numbers of this place"),
        ("commune_id,x\n99999,1\n", "no numbers of this place"),
    ],
)
def test_a_table_that_says_nothing_is_explained(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_covariates(write(tmp_path, text), frozenset({"31555"}))


def test_the_census_of_2009_by_bureau():
    file = DATA / "census" / "recensement_2009_par_bureau.csv"
    if not file.is_file():
        pytest.skip("the shared data are not there")
    table, _left = read_covariates(file, frozenset({"21231"}))
    # Worked out by hand from the row of 21231_015: 533 of 1,721 − 162; 161 of 1,373 − 471.
    row = table.loc["21231_0015"]
    assert row["aged_18_24"] == pytest.approx(533 / 1559)
    assert row["unemployed"] == pytest.approx(161 / 902)
    assert row["degree"] == pytest.approx((159 + 295) / (139 + 47 + 52 + 161 + 223 + 159 + 295))
    assert row["owners"] == pytest.approx(415 / (415 + 1176 + 46))
    assert ((table >= 0) & (table <= 1) | table.isna()).to_numpy().all()


def test_incomes_by_commune():
    file = DATA / "census" / "filosofi_2021_commune.parquet"
    if not file.is_file():
        pytest.skip("the shared data are not there")
    raw = pd.read_parquet(file).set_index("code").loc["31555"]
    table, _left = read_covariates(file, frozenset({"31555"}))
    assert table.loc["31555", "commune_income_eur"] == raw["MED_SL"]
    assert table.loc["31555", "commune_poverty_rate"] == pytest.approx(raw["PR_MD60"] / 100)
