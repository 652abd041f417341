"""A campaign with forty supporters in two bureaux, most of whom said yes to letters by e-mail."""

from __future__ import annotations

import hashlib

import pytest

from analysis.contacts import vault
from analysis.contacts.contact_store import Controller, Round, insert_many, new_id
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.database.contact_tables import HOMES, PERSONS, STATEMENTS
from analysis.database.engine import connect, writing
from analysis.database.migrate import upgrade
from analysis.messages.approve import Setting
from analysis.messages.letter_blocks import Letter
from tests.analysis.contacts.invented import LONG_AGO, opened, said, say

# On a day that no run of the tests meets: on the eve nothing is sent.
CONTROLLER = Controller(
    "party", "Liste Valmont", "1 place de la Mairie", "contact@example.org", "Association X",
    "M. Y", "Municipales 2027", (Round("2099-03-15", "99900", "Europe/Paris"),),
)  # fmt: skip
BASE = "https://valmont.example.org"
SETTING = Setting(Ground({"99900_0001": 0.31, "99900_0002": 0.25}), BASE)
EVERYBODY = Universe.read({"of": "people", "where": {"all": []}})
LETTER = {
    "language": "fr",
    "subject": "Réunion jeudi",
    "blocks": [
        {"kind": "text", "text": "Bonjour {{ first_name | default('') }}, bureau {{ bureau }}."}
    ],
}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    """Make a store of each kind once; every test has a campaign of its own in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('messages') / 'store.sqlite'}"
    else:
        url = request.getfixturevalue("server").migrated()
    engine = connect(url)
    upgrade(engine)
    yield engine
    engine.dispose()


def supporters(contacts, count, *, consenting=None):
    """Enter people p000, p001…; the first `consenting` said yes to letters, and to no more."""
    people = [f"p{n:03d}" for n in range(count)]
    with writing(contacts.engine) as connection:
        stamp = contacts.stamp()
        row = {"source": "file", "relation": "regular", "file_id": ""} | stamp
        insert_many(connection, PERSONS, [row | {"person": one} for one in people])
        told = [(one, "email", f"{one}@example.org") for one in people]
        named = [(one, "first_names", f"Zoé {one}") for one in people]
        vault.put(connection, contacts.ring, told + named)
        vault.index(connection, contacts.ring, told)
        home = {"tenant": contacts.tenant, "version": 1, "source": "said", "score": None}
        home |= {"commune_id": "99900"}
        homes = [
            home | {"person": one, "bureau_id": f"99900_000{n % 2 + 1}"}
            for n, one in enumerate(people)
        ]
        insert_many(connection, HOMES, homes)
    say(contacts, *(said(one, at=LONG_AGO) for one in people[:consenting]))
    return people


def care(contacts, people, theme="housing", **other):
    """Let people say that a theme matters to them."""
    row = {"kind": "theme", "value": theme, "given": True, "how": "web"} | contacts.stamp()
    row |= other
    with writing(contacts.engine) as connection:
        insert_many(
            connection, STATEMENTS, [row | {"statement": new_id(), "person": one} for one in people]
        )


@pytest.fixture
def make(store, tmp_path, named):
    """Return a function that opens the campaign as somebody, with a controller who said all."""
    from dataclasses import replace

    whole = opened(store, tmp_path, named("c"), controller=named("party"))
    told = replace(CONTROLLER, controller=whole.controller.controller)
    return lambda by="author", **changes: replace(whole, by=by, controller=replace(told, **changes))


@pytest.fixture
def letter():
    """Return a message that may leave."""
    return Letter.read(LETTER)


@pytest.fixture
def named(request):
    """Return a function that makes a name of this test alone, for a campaign or a controller."""
    mark = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    return lambda name: f"{name}-{mark}"
