"""Tests of the answers of conversations: phones, sheets, the store, nonsense."""

from __future__ import annotations

import json
import random

import pandas as pd
import pytest
import sqlalchemy as sa

from analysis.database.engine import reading, writing
from analysis.database.models import ANSWERS
from analysis.errors import DataError
from analysis.fieldwork import inbox
from analysis.fieldwork.questionnaire import preset
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes, phone_file

SCRIPT = preset("general")
VERSION = SCRIPT.version


def talk(n=0, *, script=VERSION, answers=None, **more):
    told = {"script": script, "answers": answers or {"priority": "housing", "town": 4}}
    return attempt(n, outcome="conversation", **told, **more)


def bring(store, content, name="file.json"):
    return inbox.receive(store, content, name=name, now=NOW)


def kept(store):
    with reading(store.engine) as connection:
        query = sa.select(ANSWERS.c.question_id, ANSWERS.c.code, ANSWERS.c.doors, ANSWERS.c.text)
        return sorted(tuple(row) for row in connection.execute(query))


def test_answers_come_in_once_and_only_grow(store):
    content = phone_bytes(store.campaign, [talk(0), talk(1, answers={"obstacle": []})])
    assert bring(store, content).new == 2
    again = phone_bytes(store.campaign, [talk(0), talk(1, answers={"obstacle": []})], made_at="x")
    assert bring(store, again).repeated == 2
    assert kept(store) == [
        ("obstacle", "", 1, ""),
        ("priority", "housing", 1, ""),
        ("town", "4", 1, ""),
    ]
    for change in (sa.update(ANSWERS).values(code="x"), sa.delete(ANSWERS)):
        with pytest.raises(DataError), writing(store.engine) as connection:
            connection.execute(change)


def test_other_answers_under_the_same_id_are_a_conflict(store):
    bring(store, phone_bytes(store.campaign, [talk(0)]))
    other = talk(0, answers={"priority": "safety"})
    receipt = bring(store, phone_bytes(store.campaign, [other]))
    assert (receipt.new, receipt.conflicts) == (0, 1)
    assert "safety" in store.conflicts()["content"].iloc[0]
    assert ("priority", "housing", 1, "") in kept(store)


def test_a_page_without_a_script_is_read_as_ever(store):
    receipt = bring(store, phone_bytes(store.campaign, [attempt(0, outcome="conversation")]))
    assert receipt.new == 1
    assert not kept(store)


def test_an_answer_has_no_door_number(store):
    bring(store, phone_bytes(store.campaign, [talk(0, door="12", floor="3")]))
    table = store.frame(sa.text("SELECT floor, door FROM attempts").columns(
        sa.column("floor"), sa.column("door")))  # fmt: skip
    assert table.to_numpy().tolist() == [["", ""]]


def test_what_seems_personal_is_left_out_and_told(store):
    answers = {"priority": "housing", "why": "Monsieur Durand au 06 12 34 56 78"}
    receipt = bring(store, phone_bytes(store.campaign, [talk(0, answers=answers)]))
    assert [str(text).split()[0] for text in receipt.withheld] == ["why"]
    assert kept(store) == [("priority", "housing", 1, "")]


@pytest.mark.parametrize(
    "answers",
    [
        {"priority": 3.5},
        {"priority": True},
        {"priority": 6},
        {"priority": 0},
        {"priority": ["Housing!"]},
        {"priority": [["housing"]]},
        {"priority": {"housing": 0}},
        {"priority": {"housing": "many"}},
        {"priority": "x" * 201},
        {"priority": ""},
        {"Priority": "housing"},
        {"p;DROP TABLE answers": "x"},
        {f"q{n}": "yes" for n in range(40)},
        ["housing"],
        "housing",
        7,
    ],
)
def test_nonsense_is_refused(small, answers):
    told = attempt(0, outcome="conversation", script=VERSION, answers=answers)
    with pytest.raises(DataError, match="should not"):
        bring(small, phone_bytes(small.campaign, [told]))
    assert not kept(small)


@pytest.mark.parametrize("more", [{"script": ""}, {"script": "one"}, {"outcome": "refused"}])
def test_answers_need_a_conversation_and_a_version(small, more):
    with pytest.raises(DataError, match="version"):
        bring(small, phone_bytes(small.campaign, [talk(0) | more]))


def test_random_nonsense_never_ends_in_a_traceback(small):
    rng = random.Random(5)

    def junk(depth=0):
        plain = [None, rng.random(), rng.randint(-9, 9), "é\u0000\ud800"]
        if depth > 3 or rng.random() < 0.7:
            return rng.choice(plain)
        return [junk(depth + 1)] if rng.random() < 0.5 else {"q": junk(depth + 1)}

    refused = 0
    for n in range(300):
        told = attempt(n, outcome="conversation", script=VERSION, answers={"q": junk(), "r": "yes"})
        try:
            # As escapes: halves of characters cannot be written otherwise.
            bring(small, json.dumps(phone_file(small.campaign, [told])).encode())
        except DataError:
            refused += 1
    assert 0 < refused < 300


def sheet(rows):
    return pd.DataFrame(rows).to_csv(index=False).encode()


def test_a_sheet_tells_counts_of_answers_by_building(store):
    row = {"turf_id": "T1", "address_id": "99900_0001_00001", "date": "20/11/2025", "absents": 3,
           "conversations": 5, "questionnaire": VERSION, "q:priority:housing": 3,
           "q:priority:safety": 2, "q:town:4": ""}  # fmt: skip
    assert bring(store, sheet([row]), "sheet.csv").new == 2
    assert kept(store) == [("priority", "housing", 3, ""), ("priority", "safety", 2, "")]
    assert bring(store, sheet([row]) + b"\n", "again.csv").repeated == 2


@pytest.mark.parametrize(
    "changes", [{"q:priority:housing": 6}, {"q:priority:housing": "some"}, {"conversations": ""}]
)
def test_a_sheet_with_more_answers_than_conversations_is_refused(small, changes):
    row = {"turf_id": "T1", "address_id": "99900_0001_00001", "date": "20/11/2025", "absents": 3,
           "conversations": 5, "script": VERSION, "q:priority:housing": 3} | changes  # fmt: skip
    with pytest.raises(DataError, match="nswers"):
        bring(small, sheet([row]), "sheet.csv")
    assert not kept(small)


def test_a_sheet_of_knocks_tells_answers_of_each(small):
    row = {"turf_id": "T1", "address_id": "99900_0001_00001", "date": "20/11/2025", "outcome":
           "discussion", "script": VERSION, "q:town": "4", "q:again": "Oui",
           "q:obstacle": "place+away"}  # fmt: skip
    bring(small, sheet([row]), "sheet.csv")
    assert [row[:2] for row in kept(small)] == [
        ("again", "yes"),
        ("obstacle", "away"),
        ("obstacle", "place"),
        ("town", "4"),
    ]
