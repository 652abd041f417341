"""Each role on the pages of people, with the store of one machine and with that of a server."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import shutil

import pytest

from analysis.access.membership import Person
from analysis.access.rights import Grant
from analysis.contacts import rights_requests as owed
from analysis.contacts import vault
from analysis.contacts.contact_store import Controller, say_controller
from analysis.contacts.known_of import known_of
from analysis.contacts.suppression import suppressed
from analysis.contacts.universe import Universe
from analysis.database.engine import reading
from analysis.fieldwork.store import VARIABLE
from analysis.workflows import universes
from analysis.workflows.contacts_open import people_of
from analysis.workflows.door_contacts import enter_slip
from pages._ui import state
from pages._ui.access import gate, visitor
from pages._ui.access.visitor import Visitor
from tests.analysis import postgres
from tests.analysis.contacts.test_door_consents import SIGNED

LANGUAGES = ("fr", "en")
# Written out by hand, as the table of roles in the guide says it: page → view and what it shows.
SHOWS = {
    "contacts": ("contacts_view", "persons", ("Trouver une personne", "Find a person")),
    "letters": ("letters_view", "", ("Messages", "Messages")),
    "law": ("law_view", "requests", ("À répondre", "To answer")),
}
CLOSED = ("Cette page ne vous est pas ouverte", "Not open to you")
# Every view of those pages, and what stands in it and in no other, in each language.
VIEWS = {
    ("contacts", "contacts_view"): {
        "roll": ("Aucune liste pour l’instant", "No roll yet"),
        "files": ("Pas encore de fichier de soutiens", "No file of supporters yet"),
        "persons": ("Trouver une personne", "Find a person"),
        "universes": ("Les portes de la liste électorale", "The doors of the roll"),
        "calls": ("Personne ne peut être appelé", "Nobody may be called now"),
    },
    ("law", "law_view"): {
        "rules": ("Une seule table décide", "One table decides"),
        "controller": ("**Liste** répond", "**Liste** answers for this campaign"),
        "doors": ("contact attend", "contacts wait, shut"),
        "requests": ("À répondre", "To answer"),
        "retention": ("Le serveur fait de même", "The server does the same by itself"),
        "registers": ("# Registre", "# Register"),
    },
}
# Names and wordings that are the same in every language, and what stands between backticks.
OURS = re.compile(r"`[^`]*`|Liste\b|Français")
# Letters and small words of French alone, and names of ours such as `letter_email`.
FRENCH = re.compile(
    r"[àâçèêëîïôùûœ«»]|\b(?:de|des|du|et|est|la|le|les|pas|pour|par|un|une|qui|sur|vous)\b"
    r"|\b[a-z]+_[a-z_]+\b"
)
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

    def opened(page, role, *, lang="fr", **query):
        found = Visitor(Person("zoe", "Zoe", (Grant("ours", role),)), "ours")
        monkeypatch.setattr(state, "workspaces", lambda: campaign)
        monkeypatch.setattr(visitor, "current", lambda: found)
        monkeypatch.setattr(Visitor, "note", lambda *_a, **_k: None)
        monkeypatch.setattr(gate, "enter", lambda: found)
        monkeypatch.setattr(gate, "ways", lambda: None)
        return open_app(page, lang=lang, **query)

    return opened


def shown(app):
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info)
    return " ".join(str(one.value) for kind in kinds for one in kind)


def every_word(app):
    """Return all that a page says: texts, labels, choices, hints, heads and cells of tables."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.success)
    kinds += (app.warning, app.error)
    texts = [str(one.value) for kind in kinds for one in kind]
    fields = (app.button, app.checkbox, app.date_input, app.expander, app.metric, app.multiselect)
    fields += (app.radio, app.selectbox, app.text_area, app.text_input, app.toggle, app.slider)
    for one in (one for kind in fields for one in kind):
        own = one.proto
        texts += [getattr(own, name, "") for name in ("label", "help", "placeholder")]
        texts += [str(option) for option in getattr(own, "options", ())]
    texts += [one.proto.label for one in app.get("download_button")]
    for table in (one.value for one in (*app.dataframe, *app.table)):
        texts += [*map(str, table.columns), *map(str, table.index), *table.astype(str).stack()]
    return texts


def french(app):
    """Return what an English page says in French, or in the words of the program."""
    return [text for text in every_word(app) if FRENCH.search(OURS.sub("", text))]


@pytest.mark.parametrize("role", OPENS)
def test_each_role_sees_of_people_what_the_table_says(as_role, role):
    for page, (key, view, words) in SHOWS.items():
        for lang, told, closed in zip(LANGUAGES, words, CLOSED, strict=True):
            app = as_role(page, role, lang=lang, **({key: view} if view else {}))
            assert not app.exception
            assert (told in shown(app)) == (page in OPENS[role]), page
            assert ([one.value for one in app.title] == [closed]) == (page not in OPENS[role]), page
            named = page == "law" and role == "administrator"
            assert ("Camille" in shown(app)) == named, page
            assert bool(french(app)) == (lang == "fr"), page


@pytest.mark.parametrize("role", ["administrator", "strategist", "organiser"])
@pytest.mark.parametrize("at", VIEWS, ids=["contacts", "law"])
def test_every_view_of_people_opens_to_those_roles_alone_and_names_nobody(as_role, role, at):
    page, key = at
    for view, words in VIEWS[at].items():
        for lang, told in zip(LANGUAGES, words, strict=True):
            app = as_role(page, role, lang=lang, **{key: view})
            assert not app.exception, view
            assert (told in shown(app)) == (page in OPENS[role]), view
            named = page == "law" and view == "requests" and role == "administrator"
            assert ("Camille" in shown(app)) == named, view
            assert bool(french(app)) == (lang == "fr"), view


ASKED = {
    "access": "Access: what do you know of me?",
    "rectification": "Rectification: this is wrong",
    "portability": "Portability: give me what I gave",
    "objection": "Objection: never reach me again",
    "erasure": "Erasure: erase me",
}
GIVEN = {**SIGNED, "first_name": "Sacha", "last_name": "Modele", "email": "sacha@valmont.example"}
GIVEN |= {"language": "en", "texts": {"letter_email": ["letter_email.en", 1]}}
GIVEN["texts"] |= {"opinion": ["opinion.en", 1]}
POINTS = [("email", "sacha@valmont.example"), ("email", "s.model@valmont.example")]


def do(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    assert not french(app)
    return [one.value for one in app.success]


def hand_over(app, key):
    """Gather the files of a request and hand them over; return their texts."""
    do(app, f"{key}.gather")
    files = {name: content.decode("utf-8-sig") for name, content in app.session_state[key].items()}
    assert do(app, f"{key}.done") == ["Written down."]
    assert not any("Camille" in text for text in files.values())
    return files


def answer_access(app, key, _contacts, _person):
    page = hand_over(app, key)["access.html"]
    assert '<html lang="en">' in page
    assert "Sacha" in page
    assert "sacha@valmont.example" in page
    # Signed in English, it is told in English alone.
    lines = re.sub(r"<[^>]*>", "\n", page[page.index("<h1>") :]).splitlines()
    assert [line for line in lines if FRENCH.search(OURS.sub("", line))] == []


def answer_rectification(app, key, contacts, person):
    app.multiselect(key=f"{key}.field").set_value(["used_name", "email"]).run()
    app.text_input(key=f"{key}.used_name").set_value("Model").run()
    app.text_input(key=f"{key}.email").set_value("s.model@valmont.example").run()
    assert do(app, f"{key}.right") == ["Put right."]
    assert "Sacha Model (s.model@valmont.example) ·" in shown(app)
    with reading(contacts.engine) as connection:
        known = vault.read(connection, contacts.ring, [person])[person]
    assert (known["used_name"], known["email"]) == ("Model", "s.model@valmont.example")


def answer_portability(app, key, _contacts, _person):
    rows = [
        (row["field"], row["value"]) for row in json.loads(hand_over(app, key)["portable.json"])
    ]
    assert {("used_name", "Modele"), ("used_name", "Model"), ("theme", "housing")} <= set(rows)


def answer_objection(app, key, contacts, _person):
    assert do(app, f"{key}.stop") == [
        "Done, by every channel and in every campaign of the controller."
    ]
    assert suppressed(contacts, POINTS) == dict.fromkeys(POINTS, "objection")


def answer_erasure(app, key, contacts, person):
    app.checkbox(key=f"{key}.sure").check().run()
    (gone,) = do(app, f"{key}.erase")
    assert gone.startswith("Erased. Their objection is kept as a digest.")
    assert "Sacha" not in shown(app)
    assert known_of(contacts, person)["identity"] == []
    assert set(suppressed(contacts, POINTS)) == set(POINTS)


ANSWERS = (answer_access, answer_rectification, answer_portability, answer_objection)


def test_each_kind_of_request_is_carried_out_in_english(as_role, campaign):
    with people_of(campaign / state.SAMPLE_NAME) as contacts:
        person = enter_slip(contacts, GIVEN)
        app = as_role("law", "administrator", lang="en", law_view="requests")
        for kind, words in ASKED.items():
            app.selectbox(key="law.kind").select(kind).run()
            app.text_input(key="law.reached_by").set_value("Sacha@Valmont.example").run()
            said = do(app, "law.receive")
            assert said == ["Written down: it waits below with its clock."]
            assert f"**{words}** · Sacha Modele (sacha@valmont.example) · due on " in shown(app)
        mine = {one.kind: one for one in owed.requests(contacts) if one.person == person}
        assert set(mine) == set(ASKED)
        for answer in (*ANSWERS, answer_erasure):
            kind = answer.__name__.removeprefix("answer_")
            answer(app, f"law.{mine[kind].request}", contacts, person)
        done = [one.state for one in owed.requests(contacts) if one.person == person]
    assert done == ["done"] * len(ASKED)
    assert list(app.dataframe[-1].value["State"]) == ["answered"] * len(ASKED)


def test_who_shares_an_address_is_asked_for_by_name(as_role, campaign):
    with people_of(campaign / state.SAMPLE_NAME) as contacts:
        pair = {
            name: enter_slip(contacts, {**GIVEN, "first_name": name, "email": "c@valmont.example"})
            for name in ("Ana", "Boris")
        }
    app = as_role("law", "administrator", lang="en", law_view="requests")
    app.text_input(key="law.reached_by").set_value("c@valmont.example").run()
    assert do(app, "law.receive") == []
    assert "2 people have this contact. Whose request is it?" in shown(app)
    do(app, f"law.of.{pair['Boris']}")
    assert "Of whom: **Boris Modele (c@valmont.example)**" in shown(app)
    do(app, "law.receive")
    with people_of(campaign / state.SAMPLE_NAME) as contacts:
        asked = [one.person for one in owed.requests(contacts) if one.person in pair.values()]
    assert asked == [pair["Boris"]]


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
