"""Each role on the pages of people, with the store of one machine and with that of a server."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil

import pytest

from analysis.access.membership import Person
from analysis.access.rights import Grant
from analysis.contacts import rights_requests as owed
from analysis.contacts.contact_store import Controller, say_controller
from analysis.contacts.universe import Universe
from analysis.fieldwork.store import VARIABLE
from analysis.workflows import universes
from analysis.workflows.contacts_open import people_of
from analysis.workflows.door_contacts import enter_slip
from pages._ui import state
from pages._ui.access import gate, visitor
from pages._ui.access.visitor import Visitor
from tests.analysis import postgres
from tests.analysis.contacts.test_door_consents import SIGNED

# Written out by hand, as the table of roles in the guide says it: page → view and what it shows.
SHOWS = {
    "contacts": ("contacts_view", "persons", "Trouver une personne"),
    "letters": ("letters_view", "", "Messages"),
    "law": ("law_view", "requests", "À répondre"),
}
# Every view of those pages, and what stands in it and in no other.
VIEWS = {
    ("contacts", "contacts_view"): {
        "roll": "Aucune liste pour l’instant",
        "files": "Pas encore de fichier de soutiens",
        "persons": "Trouver une personne",
        "universes": "Les portes de la liste électorale",
        "calls": "Personne ne peut être appelé",
    },
    ("law", "law_view"): {
        "rules": "Une seule table décide",
        "controller": "**Liste** répond",
        "doors": "contact attend",
        "requests": "À répondre",
        "retention": "Le serveur fait de même",
        "registers": "# Registre",
    },
}
OPENS = {
    "administrator": {"contacts", "letters", "law"},
    "strategist": {"contacts", "letters"},
    "organiser": {"contacts", "letters"},
    "analyst": set(),
    "volunteer": set(),
}


@contextlib.contextmanager
def url_of(kind):
    """Give the URL of an empty store: none for a file of the workspace."""
    if kind == "sqlite":
        yield ""
        return
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.running(durable=False) as server:
        yield server.migrated()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def campaign(request, places, tmp_path_factory):
    """Make a campaign with one person, a saved universe and an open request."""
    folder = tmp_path_factory.mktemp("roles")
    place = shutil.copytree(places.valmont.path, folder / state.SAMPLE_NAME)
    with url_of(request.param) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, url)
        patch.setenv("PALIER_KEYS", str(folder / "keys.json"))
        with people_of(place) as contacts:
            say_controller(contacts, Controller("liste", name="Liste", contact="x@y.example"))
        with people_of(place) as contacts:
            assert contacts.engine.dialect.name == request.param
            person = enter_slip(contacts, SIGNED)
            universes.save(contacts, "Tous", Universe.read({"of": "people"}))
            universes.save(contacts, "Portes", Universe.read({"of": "roll"}))
            owed.receive(contacts, "portability", person, dt.date.today())
        yield folder


@pytest.fixture
def as_role(campaign, open_app, monkeypatch):
    """Open a page as somebody of a role."""

    def opened(page, role, **query):
        found = Visitor(Person("zoe", "Zoe", (Grant("ours", role),)), "ours")
        monkeypatch.setattr(state, "workspaces", lambda: campaign)
        monkeypatch.setattr(visitor, "current", lambda: found)
        monkeypatch.setattr(Visitor, "note", lambda *_a, **_k: None)
        monkeypatch.setattr(gate, "enter", lambda: found)
        monkeypatch.setattr(gate, "ways", lambda: None)
        return open_app(page, lang="fr", **query)

    return opened


def shown(app):
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info)
    return " ".join(str(one.value) for kind in kinds for one in kind)


@pytest.mark.parametrize("role", OPENS)
def test_each_role_sees_of_people_what_the_table_says(as_role, role):
    for page, (key, view, words) in SHOWS.items():
        app = as_role(page, role, **({key: view} if view else {}))
        assert not app.exception
        assert (words in shown(app)) == (page in OPENS[role]), page
        closed = [one.value for one in app.title] == ["Cette page ne vous est pas ouverte"]
        assert closed == (page not in OPENS[role]), page
        assert ("Camille" in shown(app)) == (page == "law" and role == "administrator"), page


@pytest.mark.parametrize("role", ["administrator", "strategist", "organiser"])
@pytest.mark.parametrize("at", VIEWS, ids=["contacts", "law"])
def test_every_view_of_people_opens_to_those_roles_alone_and_names_nobody(as_role, role, at):
    page, key = at
    for view, words in VIEWS[at].items():
        app = as_role(page, role, **{key: view})
        assert not app.exception, view
        assert (words in shown(app)) == (page in OPENS[role]), view
        named = page == "law" and view == "requests" and role == "administrator"
        assert ("Camille" in shown(app)) == named, view


def test_nobody_is_told_to_do_what_their_role_does_not_open(as_role):
    missing = {
        role: " ".join(str(one.value) for one in [*app.markdown, *app.caption])
        for role in ("administrator", "strategist", "organiser")
        for app in [as_role("letters", role)]
    }
    assert "PALIER_SMTP" in missing["administrator"]
    for role in ("strategist", "organiser"):
        assert "PALIER_SMTP" not in missing[role]
        assert "Qui dirige la campagne lit sur cette page ce qui manque." in missing[role]
    field = {role: as_role("fieldwork", role) for role in ("analyst", "organiser")}
    assert [one.value for one in field["analyst"].info] == ["Rien n’est encore sur le terrain."]
    assert "page Secteurs" in field["organiser"].info[0].value
    # Who only reads has no empty side beside what they read.
    assert len(field["analyst"].columns) == len(field["organiser"].columns) - 2


def test_only_who_answers_for_the_campaign_takes_requests_in_from_a_search(as_role):
    for role, offered in (("administrator", True), ("organiser", False)):
        app = as_role("contacts", role, contacts_view="persons")
        app.text_input(key="persons.asked").set_value("exemple")
        app.button(key="persons.go").click().run()
        assert not app.exception
        assert len(app.dataframe[-1].value) == 1
        assert any("Une demande de Camille" in one.label for one in app.button) == offered


def test_a_universe_is_counted_where_it_is_listed(as_role):
    app = as_role("contacts", "strategist", contacts_view="universes")
    app.toggle(key="universe.list").set_value(True).run()
    assert not app.exception
    # One person would be told by their number; doors are those of a roll, and there is none.
    known = app.dataframe[-1].value.set_index("Nom")["Personnes"]
    assert known.to_dict() == {"Tous": "moins de 11", "Portes": "pas de compte"}
    assert "n’est plus en vigueur" in shown(app)
