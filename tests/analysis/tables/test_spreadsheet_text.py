"""No text of ours is run as a formula, and every text comes back as it was."""

from __future__ import annotations

import io
import re

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.tables.spreadsheet_text import csv_text, plain, safe
from tests.made import ROOT

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
texts = st.text(alphabet="=+-@\t\r\n'\";,1.50eaé＝", max_size=8)  # noqa: RUF001


def is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=20))
@example(["00\n", "-1\n"])
def test_texts_come_back_and_none_begins_like_a_formula(cells):
    table = pd.DataFrame({"n": range(len(cells)), "text": pd.Series(cells, dtype="str")})
    for held in safe(table)["text"]:
        assert not held.startswith(RISKY) or is_number(held)
    for french in (False, True):
        read = pd.read_csv(
            io.StringIO(csv_text(table, french=french), newline=""),
            sep=";" if french else ",",
            dtype={"text": "str"},
            keep_default_na=False,
        )
        assert plain(read)["text"].tolist() == cells


def test_a_line_that_ends_is_part_of_a_text():
    table = pd.DataFrame({"text": ["00\n", "-1\n"]})
    assert csv_text(table, french=True) == 'text\r\n"00\n"\r\n"\'-1\n"\r\n'


def test_numbers_are_numbers_whatever_their_sign():
    table = pd.DataFrame({"n": [-1.5, 2.0], "code": ["-3", "+33612345678"], "who": ["-a", "=b"]})
    assert csv_text(table) == "n,code,who\n-1.5,-3,'-a\n2.0,+33612345678,'=b\n"


def test_missing_cells_stay_missing():
    assert csv_text(pd.DataFrame({"a": [None, "=x"]})) == 'a\n""\n\'=x\n'


# What no spreadsheet opens: files of a workspace that we read again, digests, names of caches.
INNER = {
    "analysis/tables/spreadsheet_text.py", "analysis/tables/brought_covariates.py",
    "analysis/turf/turf_names.py", "analysis/readers/packed.py", "pages/_ui/level_map.py",
    "pages/_ui/swing/two_elections.py", "analysis/contacts/roll_store.py",
    "analysis/exports/workbook.py", "analysis/exports/field_kit/turf_files.py",
}  # fmt: skip


def test_every_table_that_is_taken_away_goes_through_the_one_writer():
    # Of pandas, csv, Arrow and the writers of workbooks; a `to_csv` of ours takes none of the words
    # of pandas'.
    raw = re.compile(
        r"\.to_csv\([^)]*(?:index|sep|lineterminator|float_format)|\.to_excel\(|csv\.\w*[wW]rite"
        r"|\bWorkbook\("
    )
    found = set()
    for room in ("analysis", "pages"):
        for file in (ROOT / room).rglob("*.py"):
            name = file.relative_to(ROOT).as_posix()
            if not name.startswith("analysis/sample/") and raw.search(file.read_text("utf-8")):
                found.add(name)
    assert found - INNER == set()


def test_codes_keep_their_zeros_by_a_double_click_in_a_french_excel():
    table = pd.DataFrame({"commune_id": ["01004", "75056", "2A004"], "n": [1, 2, 3]})
    text = csv_text(table, french=True)
    assert text.splitlines()[1:] == ['"=""01004""";1', "75056;2", "2A004;3"]
    read = pd.read_csv(io.StringIO(text), sep=";", dtype={"commune_id": "str"})
    assert plain(read)["commune_id"].tolist() == ["01004", "75056", "2A004"]
    assert csv_text(table).splitlines()[1] == "01004,1"


def test_categories_keep_their_zeros_too():
    codes = pd.Series(["01004", "75056", None, "01004"], dtype="category")
    text = csv_text(pd.DataFrame({"commune_id": codes}), french=True)
    assert text.splitlines()[1:] == ['"=""01004"""', "75056", '""', '"=""01004"""']
    read = pd.read_csv(io.StringIO(text), sep=";", dtype="category", skip_blank_lines=False)
    assert plain(read)["commune_id"].fillna("").tolist() == ["01004", "75056", "", "01004"]
