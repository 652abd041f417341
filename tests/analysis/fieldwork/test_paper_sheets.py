"""Tests of `analysis.fieldwork.paper_sheets`: filled sheets and paper counts."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.fieldwork import inbox, paper_sheets, tokens
from analysis.fieldwork.campaign import open_campaign
from tests.analysis.fieldwork.made_returns import NOW

LONG = """secteur;adresse_id;date;heure;résultat;portes;étage;équipe;remarque;rue
T1;99900_0001_00001;21/11/2025;18h31;Absent;3;2;A;;Rue des Lilas
T1;99900_0001_00001;21/11/2025;18h35;discussion;;;A;sonner fort;Rue des Lilas
T1;99900_0001_00002;21/11/2025;;Déménagé;;;A;;Rue des Lilas
T1;99900_0001_00003;;;;;;;;Rue des Lilas
"""
COUNTS = """turf_id,address_id,date,team_id,no_answer,refused,conversation
T1,99900_0001_00001,2025-11-21,A,7,0,2
T1,99900_0001_00002,2025-11-21,A,,1,
"""


@pytest.fixture
def campaign(tmp_path):
    return open_campaign(tmp_path)


@pytest.fixture
def read(campaign):
    def read(text, **more):
        content = text if isinstance(text, bytes) else text.encode()
        return paper_sheets.read_sheet(content, campaign, file="feuille.csv", now=NOW, **more)

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_french_sheet_becomes_a_table(read, encoding):
    table = read(LONG.encode(encoding)).table
    assert table["outcome"].tolist() == ["no_answer", "conversation", "moved"]
    assert table["doors"].tolist() == [3, 1, 1]
    assert table["timed"].tolist() == [True, True, False]
    assert table["at"].iloc[0] == pd.Timestamp("2025-11-21 17:31", tz="UTC")
    assert set(table["source"]) == {"sheet"}


def test_paper_counts_become_one_row_per_outcome(read):
    table = read(COUNTS).table
    assert table[["address_id", "outcome", "doors"]].to_numpy().tolist() == [
        ["99900_0001_00001", "no_answer", 7],
        ["99900_0001_00001", "conversation", 2],
        ["99900_0001_00002", "refused", 1],
    ]
    assert set(table["source"]) == {"counts"}
    assert set(table["grade"]) == {"building"}


def test_a_workbook_says_the_same(read):
    cells = pd.read_csv(io.StringIO(COUNTS), dtype={"turf_id": str})
    cells["date"] = pd.to_datetime(cells["date"])
    (book := io.BytesIO()).name = "x.xlsx"
    cells.to_excel(book, index=False)
    pd.testing.assert_frame_equal(read(book.getvalue()).table, read(COUNTS).table)


@pytest.mark.parametrize(
    "day", ["21/11/2025", "21.11.2025", "21-11-2025", "2025-11-21 00:00:00", "21/11/2025 00:00"]
)
def test_a_day_is_the_same_in_every_order_that_leaves_no_doubt(read, day):
    pd.testing.assert_frame_equal(read(COUNTS.replace("2025-11-21", day)).table, read(COUNTS).table)


def test_ids_follow_from_what_rows_say(read):
    header, *rows = LONG.splitlines(keepends=True)
    again = read(header + "".join(reversed(rows))).table
    assert set(again["attempt_id"]) == set(read(LONG).table["attempt_id"])
    # Three doors in a row that say the same are three attempts, and stay three.
    three = read(header + 3 * rows[0]).table
    assert three["attempt_id"].nunique() == 3
    assert set(read(header + 2 * rows[0]).table["attempt_id"]) < set(three["attempt_id"])


def test_a_token_in_a_sheet_must_be_the_turfs(campaign, read):
    token = tokens.make(campaign.secret, campaign.campaign_id, "T1")
    lines = COUNTS.splitlines()
    signed = "\n".join([lines[0] + ",token", *(line + f",{token}" for line in lines[1:])])
    assert len(read(signed).table) == 3
    with pytest.raises(DataError, match=r"token of a turf[\s\S]*turf T1"):
        read(signed.replace(token, "a" * 24))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("résultat", "avis", r"columns of this sheet[\s\S]*without outcome[\s\S]*avis"),
        ("rue", "téléphone", r"columns of this sheet[\s\S]*telephone"),
        ("Absent", "peut-être", r"Column outcome[\s\S]*line 2: 'peut-être'"),
        ("21/11/2025;18h31", "31/11/2025;18h31", r"Column date[\s\S]*line 2"),
        ("18h31", "25h31", r"Column time[\s\S]*line 2"),
        ("Absent;3", "Absent;trois", r"Column doors[\s\S]*line 2: 'trois'"),
        ("21/11/2025;18h31", "21/12/2025;18h31", "lie in the future"),
    ],
)
def test_a_wrong_sheet_is_refused_with_its_lines(read, old, new, says):
    with pytest.raises(DataError, match=says):
        read(LONG.replace(old, new))


def test_a_sheet_with_a_column_per_outcome_names_a_line_once_and_what_stands_there(read):
    wrong = COUNTS.replace("2025-11-21", "21/11/25")
    with pytest.raises(DataError, match="Column date") as caught:
        read(wrong)
    assert "line 2: '21/11/25'" in caught.value.where
    assert caught.value.where.count("line 2") == 1
    assert "dtype" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 cut", b"", b"turf_id,address_id,date,outcome\n", b"\xff\xfe\x00"]
)
def test_what_is_no_sheet_is_refused(read, content):
    with pytest.raises(DataError):
        read(content)


def test_counts_without_an_hour_may_be_typed_in_on_the_morning_of_their_day(campaign):
    morning = pd.Timestamp("2025-11-21 08:00", tz="Europe/Paris").tz_convert("UTC")
    content = COUNTS.encode()
    assert paper_sheets.read_sheet(content, campaign, file="counts.csv", now=morning).rows
    day_before = morning - pd.Timedelta(days=1)
    with pytest.raises(DataError, match="lie in the future"):
        paper_sheets.read_sheet(content, campaign, file="counts.csv", now=day_before)


def workbook(cells):
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def damaged(content, how):
    """Return a workbook spoilt inside: a part that does not inflate, is no XML, another version."""
    if how == "deflate":
        at = content.index(b"xl/workbook.xml") + 60
        return content[:at] + bytes(255 - b for b in content[at : at + 40]) + content[at + 40 :]
    if how == "version":
        return content.replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text[: len(text) // 2] if how == name else text)
    return out.getvalue()


@pytest.mark.parametrize(
    "how", ["deflate", "version", "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"]
)
def test_a_damaged_workbook_is_refused_and_the_next_file_is_counted(store, tmp_path, how):
    bad = damaged(workbook({"A1": "turf_id", "B1": "address_id"}), how)
    inbox.keep(store.folder, bad, "bad.xlsx")
    inbox.keep(store.folder, COUNTS.encode(), "good.csv")
    results = inbox.retry(store)
    assert sum(isinstance(one, DataError) for one in results) == 1
    assert [one.new for one in results if not isinstance(one, DataError)] == [3]
    assert inbox.retry(store) == []
    assert [file.name.endswith("bad.xlsx") for file in (store.folder / inbox.REFUSED).iterdir()]


def test_two_cells_in_opposite_corners_are_refused_before_they_fill_the_memory(read):
    with pytest.raises(DataError, match="cannot be read") as caught:
        read(workbook({"A1": "turf_id", "XFD1048576": "x"}))
    assert "100,000 rows" in caught.value.where


def test_a_personal_remark_of_a_sheet_is_left_out_and_its_row_counts(read):
    kept, cleared = (read(text) for text in (LONG, LONG.replace("sonner fort", "Mme Durand")))
    (withheld,) = cleared.withheld
    assert "note of row" in withheld
    assert "a name" in withheld
    changed = [(a, b) for a, b in zip(kept.rows, cleared.rows, strict=True) if a != b]
    assert [(a["note"], b["note"]) for a, b in changed] == [("sonner fort", "")]


DATED = "turf_id,address_id,date,outcome,come_back_on\n"


def dated(*days, back=""):
    return DATED + "".join(
        f"T1,99900_0001_0000{n},{day},refused,{back}\n" for n, day in enumerate(days)
    )


@pytest.mark.parametrize(
    ("days", "back", "right"),
    [
        (["11/02/2025", "11/20/2025"], "", ["2025-11-02", "2025-11-20"]),
        (["11/02/2025"], "11/25/2025", ["2025-11-02"]),
        (["02/11/2025", "20/11/2025"], "", ["2025-11-02", "2025-11-20"]),
        (["02/11/2025"], "", ["2025-11-02"]),
        (
            ["2025-11-02", "11/20/2025", "11/02/2025"],
            "",
            ["2025-11-02", "2025-11-20", "2025-11-02"],
        ),
        (["11-02-2025", "11.20.2025"], "", ["2025-11-02", "2025-11-20"]),
    ],
)
def test_days_are_read_in_the_order_that_the_whole_sheet_shows(read, days, back, right):
    returned = read(dated(*days, back=back))
    assert returned.table["at"].dt.strftime("%Y-%m-%d").tolist() == right
    shown = any(part in "".join([*days, back]) for part in ("/20/", "/25/", ".20."))
    assert bool(returned.notes) == shown


def test_where_no_day_tells_the_country_does_and_it_is_said(campaign):
    there = dataclasses.replace(campaign, time_zone="America/Chicago")
    content = dated("11/02/2025").encode()
    returned = paper_sheets.read_sheet(content, there, file="sheet.csv", now=NOW)
    assert returned.table["at"].dt.strftime("%Y-%m-%d").tolist() == ["2025-11-02"]
    assert "month first" in str(returned.notes[0])
    # A French day in an American town is still one.
    content = dated("02/11/2025", "20/11/2025").encode()
    returned = paper_sheets.read_sheet(content, there, file="sheet.csv", now=NOW)
    assert returned.table["at"].dt.strftime("%Y-%m-%d").tolist() == ["2025-11-02", "2025-11-20"]
    assert returned.notes == ()


def test_two_orders_in_one_sheet_are_refused(read):
    with pytest.raises(DataError, match=r"line 3: '11/20/2025', line 4: '02/11/2025'"):
        read(dated("20/11/2025", "11/20/2025", "02/11/2025"))
