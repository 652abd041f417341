"""Tests of `analysis.fieldwork.names_taken_out`."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from analysis.database.engine import reading, writing
from analysis.database.models import ATTEMPTS, TAKEN_OUT
from analysis.errors import DataError
from analysis.fieldwork import inbox, progress
from analysis.fieldwork.names_taken_out import keys_of, take_out, take_out_of_files, without
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("zorbaline absente", "[…] absente"),
        ("chez les ZORBALINE, 2e", "chez les […], 2e"),
        ("Zorbalines et zorbaliner", "Zorbalines et zorbaliner"),
        ("jean marc, puis Jean-Marc", "[…], puis […]"),
        ("code 12zorbaline", "code 12zorbaline"),
        ("rien", "rien"),
    ],
)
def test_a_name_goes_in_every_spelling_and_nothing_else(text, kept):
    assert without(text, keys_of(["Zörbaline", "Jean-Marc", "Le"])) == kept


def notes(store):
    with reading(store.engine) as connection:
        return sorted(connection.execute(sa.select(ATTEMPTS.c.note)).scalars())


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
    assert take_out_of_files(store.folder / inbox.IMPORTED, ["Zorbaline"]) == 1
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
