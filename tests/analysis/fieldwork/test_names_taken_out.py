"""Tests of `analysis.fieldwork.names_taken_out`."""

from __future__ import annotations

import base64
import html
import json
import re
import uuid
import zipfile
import zlib
from io import BytesIO

import openpyxl
import pytest
import sqlalchemy as sa
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment

from analysis.database.engine import reading, writing
from analysis.database.models import ATTEMPTS, CONFLICTS, TAKEN_OUT
from analysis.errors import DataError
from analysis.fieldwork import inbox, phone_files, progress
from analysis.fieldwork.copies_cleared import take_out_of_files
from analysis.fieldwork.names_taken_out import keys_of, take_out, without
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("zorbaline absente", "[…] absente"),
        ("chez les ZORBALINE, 2e", "chez les […], 2e"),
        ("Zorbaliness et zorbaliners", "Zorbaliness et zorbaliners"),
        ("jean marc, puis Jean-Marc", "[…], puis […]"),
        ("code 12zorbaline", "code 12zorbaline"),
        ("rien", "rien"),
        ("zorbalinne, zorabline, xorbaline, zorbalin", "[…], […], […], […]"),
        ("zorbalinnes ou zarbalin", "zorbalinnes ou zarbalin"),
        ("le matin, vu martine et Martim", "le matin, vu […] et […]"),
        ("absents", "absents"),
    ],
)
def test_a_name_goes_in_every_spelling_and_nothing_else(text, kept):
    assert without(text, keys_of(["Zörbaline", "Jean-Marc", "Le", "Martin", "Absens"])) == kept


def notes(store):
    with reading(store.engine) as connection:
        return sorted(connection.execute(sa.select(ATTEMPTS.c.note)).scalars())


def test_a_note_loses_what_reaches_somebody(store):
    # One that passed the filter of an older version.
    row = {"attempt_id": str(uuid.uuid4()), "digest": "0", "import_id": "1"}
    with writing(store.engine) as connection:
        connection.execute(sa.insert(CONFLICTS).values(row | {"content": "tel 06.39.98.12.01"}))
    assert take_out(store.engine, [], POINTS) == 1
    with reading(store.engine) as connection:
        kept = connection.execute(sa.select(CONFLICTS.c.content)).scalars().all()
    assert kept == [f"tel {TAKEN_OUT}"]


def test_a_note_loses_a_name_for_good_and_changes_in_nothing_else(store):
    told = [attempt(0, note="boite zorbaline pleine"), attempt(1, note="chien"), attempt(2)]
    content = phone_bytes(store.campaign, told)
    assert not inbox.receive(store, content, name="a.json", now=NOW).withheld
    before = progress.state(store)
    assert take_out(store.engine, ["Zorbaline"]) == 1
    # Screens keep what they read until this changes.
    after = progress.state(store)
    assert after != before
    assert take_out(store.engine, ["Zorbaline"]) == 0
    assert progress.state(store) == after
    left = ["", f"boite {TAKEN_OUT} pleine", "chien"]
    assert notes(store) == left
    assert take_out_of_files([store.folder / inbox.IMPORTED], ["Zorbaline"]) == 1
    assert not [f for f in store.folder.rglob("*.json") if b"zorbaline" in f.read_bytes()]
    # The phone sends all it has once more, and one remark otherwise.
    told[1]["note"] = "chat"
    content = phone_bytes(store.campaign, told)
    again = inbox.receive(store, content, name="b.json", now=NOW)
    assert (again.new, again.repeated, again.conflicts) == (0, 2, 1)
    assert notes(store) == left
    assert not store.conflicts()["content"].str.contains("zorbaline").any()
    for change in ({"note": "other"}, {"outcome": "refused"}, {"note": "[…]", "outcome": "moved"}):
        for role in ("app", "eraser"):
            with pytest.raises(DataError), writing(store.engine, role=role) as connection:
                connection.execute(sa.update(ATTEMPTS).values(change))


NAME, POINTS = "Zörbaline", [("phone", "+33639981201"), ("email", "z.trace@valmont.example")]
SAID = ("chez zörbaline", "tel 06.39.98.12.01", "+33 6 39 98 12 01", "Z.Trace@valmont.example")


def workbook(rows, *, rich=False):
    """Return a workbook; with `rich`, the first letters of a name look otherwise."""
    book = openpyxl.Workbook()
    book.properties.creator = NAME
    for row in rows:
        book.active.append(row)
    if rich:
        book.active["B2"] = CellRichText(TextBlock(InlineFont(b=True), "Zör"), "baline absente")
    book.active["A1"].comment = Comment("vu ZÖRBALINE", NAME)
    told = BytesIO()
    book.save(told)
    return told.getvalue()


def everything_in(content):
    """Return all texts of a file, unpacked and without marks between them."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            content = b"".join(archive.read(one) for one in archive.namelist())
        return re.sub("<[^>]*>", "", html.unescape(content.decode()))
    return content.decode("utf-16" if content[:2] == b"\xff\xfe" else "latin-1")


def copies(campaign):
    """Return files of returns of every kind that name somebody, and one that does not."""
    rows = [["turf_id", "note"], *(["T1", said] for said in SAID), ["T1", "chien méchant"]]
    lines = "\n".join(";".join(row) for row in rows)
    phone = json.loads(phone_bytes(campaign, [attempt(n, note=x) for n, x in enumerate(SAID)]))
    packed = (
        base64.urlsafe_b64encode(zlib.compress(json.dumps(phone).encode())).decode().rstrip("=")
    )
    return {
        "utf8.csv": lines.encode(),
        "windows.csv": lines.encode("cp1252"),
        "mac.csv": lines.encode("latin-1") + b"\x81",
        "wide.csv": lines.encode("utf-16"),
        "escaped.json": json.dumps(phone, ensure_ascii=True).encode(),
        "qr.txt": f"PALIER1:{packed}".encode(),
        "plain.xlsx": workbook(rows),
        "rich.xlsx": workbook(rows, rich=True),
        "cut.xlsx": workbook(rows)[:-40],
        "photo.jpg": b"\xff\xd8\xff\x00" + NAME.encode(),
        "other.csv": "T1;chien méchant".encode("cp1252"),
    }


def test_no_copy_of_returns_names_the_erased_of_whatever_kind_it_is(store, tmp_path):
    files, folder = copies(store.campaign), tmp_path / "refused"
    (folder / "within").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    taken = take_out_of_files([folder, tmp_path / "nothing"], [NAME], POINTS)
    assert taken == len(files) - 1
    left = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    assert left.keys() == files.keys() - {"cut.xlsx", "photo.jpg"}
    assert left["other.csv"] == files["other.csv"]
    for name, content in left.items():
        told = everything_in(content).casefold()
        assert not re.search("z[oö]?.{0,2}rbaline|981201|98.12.01|z.trace", told), name
        if name not in ("escaped.json", "qr.txt"):
            assert "chien m" in told, name
    sheet = openpyxl.load_workbook(BytesIO(left["rich.xlsx"])).active
    assert sheet["B2"].value == f"{TAKEN_OUT} absente"
    assert [cell.value for cell in sheet["A"]] == ["turf_id", *["T1"] * 5]
    for name in ("escaped.json", "qr.txt"):
        told = json.loads(left[name])
        assert told["checksum"] == phone_files.checksum(told)
    assert take_out_of_files([folder], [NAME], POINTS) == 0
