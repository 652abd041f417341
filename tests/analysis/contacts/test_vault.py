"""Tests of what is kept of people: only with both keys, and nothing once they are erased."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from analysis.contacts import vault
from analysis.database.contact_tables import VAULT, VAULT_KEYS
from analysis.database.engine import reading, writing
from analysis.errors import DataError

ANNA = [("p1", "email", "anna@example.org"), ("p1", "phone", "+33639980001")]
BEN = [("p2", "email", "anna@example.org"), ("p2", "first_names", "Ben")]


@pytest.fixture
def two(contacts):
    """Keep two invented people who share an address of mail."""
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, [*ANNA, *BEN])
        points = [(who, kind, text) for who, kind, text in [*ANNA, *BEN] if kind != "first_names"]
        vault.index(connection, contacts.ring, points)
    return contacts


def known(contacts, people=("p1", "p2")):
    with reading(contacts.engine) as connection:
        return vault.read(connection, contacts.ring, people)


def test_what_was_put_is_read_and_the_latest_holds(two):
    assert known(two)["p1"] == {"email": "anna@example.org", "phone": "+33639980001"}
    with writing(two.engine) as connection:
        vault.put(connection, two.ring, [("p1", "email", "new@example.org")])
    assert known(two)["p1"]["email"] == "new@example.org"
    assert known(two)["p2"]["email"] == "anna@example.org"


def test_people_are_found_by_their_points(two):
    with reading(two.engine) as connection:
        asked = ["anna@example.org", "no@example.org"]
        found = vault.who_has(connection, two.ring, "email", asked)
    assert found == {"anna@example.org": ["p1", "p2"]}


def test_no_text_stands_in_the_store(two, campaign):
    with writing(two.engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    files = [file for file in campaign.parent.rglob("*") if file.is_file()]
    assert any(file.name == "returns.sqlite" for file in files)
    for file in files:
        content = file.read_bytes()
        assert not any(word in content for word in (b"anna@", b"63998", b"Ben\x00")), file


def test_who_is_erased_is_gone_and_nobody_else(two):
    with writing(two.engine, role="eraser") as connection:
        assert vault.erase(connection, ["p1", "nobody"]) == 1
    assert known(two) == {"p2": {"email": "anna@example.org", "first_names": "Ben"}}
    with reading(two.engine) as connection:
        found = vault.who_has(connection, two.ring, "email", ["anna@example.org"])
        keys = connection.execute(sa.select(VAULT_KEYS.c.person)).scalars().all()
    assert found == {"anna@example.org": ["p2"]}
    assert keys == ["p2"]


def test_a_value_moved_to_another_person_is_refused(two):
    with writing(two.engine) as connection:
        email = sa.select(VAULT.c.value).where(VAULT.c.person == "p1", VAULT.c.field == "email")
        value = connection.execute(email).scalar_one()
        row = {"tenant": two.tenant, "person": "p2", "field": "email", "version": 2**62}
        connection.execute(sa.insert(VAULT).values(**row, value=value))
    with pytest.raises(DataError, match="cannot be opened"):
        known(two)


def test_nothing_is_changed_in_place(two):
    with pytest.raises(DataError, match="never changed"), writing(two.engine) as connection:
        connection.execute(sa.update(VAULT).values(field="phone"))
