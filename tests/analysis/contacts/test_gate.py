"""Tests of the gate: a table of lawful and unlawful requests, each with its rule, and the clock."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from analysis.contacts import lawful, lawful_words, suppression, vault
from analysis.contacts.contact_store import Controller, Round, insert_many
from analysis.contacts.eve_of_vote import l49
from analysis.contacts.gate import passes
from analysis.contacts.passage import FLOOR, Request
from analysis.database.contact_tables import (
    HOMES,
    PASSED,
    PEOPLE_FILES,
    PERSONS,
    ROLL_FILES,
    ROLL_ROWS,
)
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from tests.analysis.contacts.invented import elector, enter, opened, roll, said, say

TABLE = Path(__file__).with_name("lawful_requests.csv")
REQUESTS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
ROUNDS = (Round("2027-04-11", "FR", "Europe/Paris"), Round("2027-04-11", "974", "Indian/Reunion"))
ORIGINS = {"gil": "rented", "hana": "petition", "ines": "town_hall"}
PEOPLE = ("anna", "ben", "carl", "dora", "emil", "fay", "jo", "kim")
EVERYTHING = frozenset({"notice", "unsubscribe", "sponsor", "election"})
NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def quarter(store, tmp_path_factory):
    """Enter people who said this and that, and a roll with its promise, in each of the stores."""
    folder = tmp_path_factory.mktemp("gate")
    contacts = opened(store, folder, f"gate-{store.dialect.name}")
    object.__setattr__(contacts, "controller", Controller(contacts.tenant, rounds=ROUNDS))
    for n, person in enumerate(PEOPLE):
        bureau = "97411_0001" if person == "kim" else "99900_0001"
        phone = f"+336399800{n:02d}"
        enter(contacts, person, email=f"{person}@example.org", phone=phone, bureau=bureau)
    say(
        contacts,
        *(said(who) for who in ("anna", "carl", "dora", "emil", "fay", "hana2", "jo", "kim")),
        *(said(who, "letter_sms", "sms") for who in ("anna", "kim")),
        *(said(who, "political_ads", "email") for who in ("carl", "jo")),
        said("kim", "political_ads", "sms"),
        said("jo", "open_tracking", "email"),
        said("fay", "phone", "phone", given=False),
    )
    suppression.suppress_people(contacts, ["dora"], "stop")
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, [("emil", "birth_date", "2011-05-01")])
        insert_many(connection, ROLL_FILES, [roll(contacts)])
        insert_many(connection, ROLL_ROWS, [elector(contacts)])
        files = [of_file(contacts, origin) for origin in ORIGINS.values()]
        insert_many(connection, PEOPLE_FILES, files)
        for person, origin in ORIGINS.items():
            row = {"person": person + "2", "source": "file", "relation": "", "file_id": origin}
            insert_many(connection, PERSONS, [row | contacts.stamp()])
            home = {"tenant": contacts.tenant, "person": person + "2", "version": 1}
            home |= {"commune_id": "99900", "bureau_id": "99900_0001", "source": "x"}
            insert_many(connection, HOMES, [home])
    return contacts


def of_file(contacts, origin):
    row = {"file_id": origin, "file": "x.csv", "sha256": "0", "origin": origin, "purpose": "x"}
    return row | {"columns": "{}", "refused": "{}", "rows": 1} | contacts.stamp()


def asked(row):
    """Read a request of the table; people of a file of another origin have a 2 after their name."""
    cells = dict(one.split("=") for one in row["cells"].split())
    return Request(
        channel=row["channel"],
        action=row["action"],
        shown=tuple(row["shown"].split()),
        chosen=tuple(row["chosen"].split()),
        people=tuple(who + "2" if who in ORIGINS else who for who in row["people"].split()),
        carries=frozenset(row["carries"].split()),
        cells={cell: int(n) for cell, n in cells.items()},
        at=datetime.fromisoformat(row["at"]) if row["at"] else NOW,
    )


def told(passage):
    """Write refusals as the table does: `rule:lines`."""
    words = [f"{one.rule}:{'+'.join(map(str, one.lines)) or 'all'}" for one in passage.refusals]
    return " ".join(sorted(words))


def test_sixty_requests_each_with_its_rule(quarter):
    assert len(REQUESTS) >= 60
    wrong = []
    for n, row in enumerate(REQUESTS, 2):
        found = passes(quarter, asked(row), record=False)
        wanted = " ".join(sorted(row["refused"].split()))
        if (told(found), len(found.allowed)) != (wanted, int(row["passes"])):
            wrong.append(f"line {n}: {told(found)!r} {len(found.allowed)}, wanted {wanted!r}")
        if found.whole:
            assert found.checked() is found
        else:
            with pytest.raises(DataError, match="not lawful"):
                found.checked()
    assert not wrong
    refusing = {word.split(":")[0] for row in REQUESTS for word in row["refused"].split()}
    assert refusing >= set(lawful_words.RULES) - {
        # These only ever allow.
        *("roll_name", "person_name", "person_home", "person_phone", "said_themes", "own_record"),
    }


def test_every_rule_has_its_words_and_every_condition_its_meaning():
    assert {rule.rule for rule in lawful.table()} <= set(lawful_words.RULES)
    assert set(lawful.CONDITIONS) == {*lawful.OF_REQUEST, *lawful.OF_ROWS}
    for channel in lawful.CHANNELS:
        assert not lawful.verdict("roll.birthplace", channel).allowed
        assert not lawful.verdict("anything.else", channel).allowed
    assert not lawful.verdict("roll.address", "pigeon").allowed


def test_a_passage_is_written_down_with_rows_and_no_people(quarter):
    people = ("anna", "ben", "dora")
    shown = ("person.email",)
    passes(quarter, Request("email", "message", shown, people=people, carries=EVERYTHING, at=NOW))
    with reading(quarter.engine) as connection:
        mine = sa.select(PASSED).where(PASSED.c.tenant == quarter.tenant)
        rows = connection.execute(mine.where(PASSED.c.channel == "email")).mappings().all()
    assert [row["rows"] for row in rows] == [1]
    assert json.loads(rows[0]["refused"]) == {"consent": 1, "objection": 1}
    assert not any(who in str([dict(row) for row in rows]) for who in people)


@pytest.mark.parametrize(
    ("territory", "midnight_utc"),
    [
        ("99900", "2027-04-09T22:00:00"),  # Paris, summer time
        ("97411", "2027-04-09T20:00:00"),  # Réunion
        ("97209", "2027-04-09T04:00:00"),  # Martinique votes on the Saturday
        ("98818", "2027-04-09T13:00:00"),  # Nouméa
    ],
)
def test_midnight_of_the_eve_is_the_recipients(territory, midnight_utc):
    rounds = [*ROUNDS, Round("2027-04-10", "972", "America/Martinique")]
    midnight = datetime.fromisoformat(midnight_utc).replace(tzinfo=UTC)
    second = timedelta(seconds=1)
    assert l49(midnight - second, rounds, territory) is None
    assert l49(midnight, rounds, territory) is not None
    assert l49(midnight + timedelta(hours=47, minutes=59), rounds, territory) is not None
    assert l49(midnight + timedelta(hours=48), rounds, territory) is None
    with pytest.raises(ValueError, match="time zone"):
        l49(datetime(2027, 4, 10), rounds, territory)  # noqa: DTZ001 - that is what is refused


def test_no_roll_or_an_expired_one_opens_no_door(store, tmp_path, named):
    request = Request("door", "list", ("roll.address",), at=NOW)
    lasting = {"none": None, "over": date(2027, 1, 14), "sound": date(2027, 1, 15)}
    for name, expires_on in lasting.items():
        contacts = opened(store, tmp_path, named(name))
        if expires_on:
            with writing(contacts.engine) as connection:
                insert_many(connection, ROLL_FILES, [roll(contacts, expires_on=expires_on)])
                insert_many(connection, ROLL_ROWS, [elector(contacts)])
        assert passes(contacts, request, record=False).whole is (name == "sound")


def test_a_refusal_tells_what_would_make_it_lawful_and_no_name(quarter):
    request = Request("email", "message", ("person.email",), people=("ben",), carries=EVERYTHING)
    (refusal,) = passes(quarter, request, record=False).refusals
    assert "lines 1" in refusal.text
    assert "Ask them at the door" in refusal.text
    assert "ben" not in refusal.text.replace("been", "")
    assert FLOOR == 11


def test_a_row_of_a_roll_has_no_contact_point_no_score_and_is_nobody_of_the_supporters():
    columns = set(ROLL_ROWS.c.keys())
    assert {"birth_name", "bureau_id", "address_id"} <= columns
    told = re.compile("person|mail|phone|mobile|score|support|opinion|theme|turnout|voted|probab")
    assert not [one for one in columns if told.search(one)]
    # The five that are dropped at reading have no place either.
    assert not [one for one in columns if re.search("place|country|nationality", one)]
