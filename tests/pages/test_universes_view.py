"""Universes, calls and the table of the law on their pages."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from analysis.contacts import vault
from analysis.contacts.calls import OUTCOMES
from analysis.contacts.contact_store import insert_many
from analysis.contacts.erasure import left_before
from analysis.contacts.gate import passes
from analysis.contacts.passage import Request
from analysis.contacts.universe import Universe
from analysis.database.contact_tables import CONTACTS, PERSONS, ROLL_FILES, ROLL_ROWS, STATEMENTS
from analysis.database.engine import reading, writing
from analysis.workflows import universes
from analysis.workflows.contacts_open import close, open_contacts, people_of
from tests.analysis.contacts.invented import roll


@pytest.fixture(scope="module")
def town(places):
    """Put 40 electors, 12 people with a number and a saved universe into a copy of the town."""
    folder = places.folder / "lawful_town"
    shutil.copytree(places.valmont.path, folder)
    contacts = open_contacts(folder)
    rows = []
    for n in range(40):
        row = dict.fromkeys(("used_name", "extra", "number", "street", "postcode", "city"), "")
        row |= {"tenant": contacts.tenant, "roll": "r1", "line": n + 2, "birth_name": f"N{n}"}
        row |= {"first_names": "F", "sex": "F" if n < 25 else "M", "birth_date": date(1980, 1, 1)}
        row |= {"birth_year": 1980, "commune_id": "99900", "bureau_id": "99900_0001"}
        rows.append(row | {"address_id": f"a{n}", "order_number": n, "list_kind": "LP"})
    row = {"source": "file", "relation": "regular", "file_id": ""} | contacts.stamp()
    names = [f"p{n:02d}" for n in range(12)]
    with writing(contacts.engine) as connection:
        until = date.today() + timedelta(90)
        insert_many(connection, ROLL_FILES, [roll(contacts, expires_on=until)])
        insert_many(connection, ROLL_ROWS, rows)
        insert_many(connection, PERSONS, [{"person": name} | row for name in names])
        points = [(name, "phone", f"+336399820{n:02d}") for n, name in enumerate(names)]
        vault.put(connection, contacts.ring, points)
        vault.index(connection, contacts.ring, points)
    stated = {"kind": "theme", "value": "housing", "given": True, "how": "web"} | contacts.stamp()
    with writing(contacts.engine) as connection:
        rows = [stated | {"statement": name, "person": name} for name in names]
        insert_many(connection, STATEMENTS, rows)
    universes.save(contacts, "Tous", Universe.read({"of": "people"}))
    themed = {"of": "people", "where": {"theme": "housing"}}
    universes.save(contacts, "Loger", Universe.read(themed))
    passes(contacts, Request("door", "list", ("roll.address",)))
    close(contacts)
    yield folder
    shutil.rmtree(folder)


def open_view(open_app, town, page, **query):
    app = open_app(page, workspace=town.name, **query)
    assert not app.exception
    return app


def words(app):
    kinds = (app.markdown, app.info, app.warning, app.error, app.caption)
    return " ".join(one.value for kind in kinds for one in kind)


def test_a_universe_is_said_counted_and_a_list_is_prepared(open_app, town):
    app = open_view(open_app, town, "contacts", contacts_view="universes", lang="en")
    assert "The doors of the roll" in words(app)
    assert [one.value for one in app.metric] == ["40", "40"]
    app.selectbox(key="universe.sex").select("F").run()
    assert "women only" in words(app)
    assert app.metric[0].value == "25"
    app.button(key="universe.prepare").click().run()
    assert not app.exception
    assert "Addresses of the roll serve doors and letters" in words(app)
    assert "the targets that turfs are cut from" in words(app)
    # Taking one file must not take the others from the screen.
    taken = app.get("download_button")
    assert [one.proto.ignore_rerun for one in taken] == [True]
    assert "GDPR" in words(app)
    assert "roll_address" not in words(app)
    # As many rows as the list has stand on the page Law, and what is left as a file is told once.
    law = open_view(open_app, town, "law", lang="en").dataframe[0].value
    # What left within one second stands in no order.
    assert law["Rows"].tolist().count("25") == 1
    assert law["By the rules"].tolist()[0].startswith("Addresses of the roll serve")
    with people_of(town) as contacts:
        assert [rows for _at, what, rows in left_before(contacts)] == [25]
    app.checkbox(key="universe.names").check().run()
    app.button(key="universe.prepare").click().run()
    assert not app.exception
    assert "notice of the data does not go out" in words(app)  # nobody said who answers
    app.selectbox(key="universe.sex").select("M")
    app.slider(key="universe.age").set_range(18, 30).run()
    assert "Nobody is in this universe" in words(app)


def test_themes_are_chosen_and_read_by_their_words(open_app, town):
    app = open_view(open_app, town, "contacts", contacts_view="universes", lang="fr")
    app.radio(key="universe.of").set_value("people").run()
    theme = app.multiselect(key="universe.theme")
    assert {"Logement", "École"} <= set(theme.options)
    theme.select("Santé").run()
    assert "Personne n’est dans cet univers" in words(app)
    app.multiselect(key="universe.theme").select("Logement").run()
    assert app.metric[0].value == "12"
    assert "le thème «\u202fsanté\u202f» ou " in words(app)
    app.multiselect(key="universe.theme").unselect("Santé").run()
    assert "qui ont cité le thème «\u202flogement\u202f»" in words(app)
    app.selectbox(key="universe.kept").select("Loger").run()
    assert app.metric[0].value == "12"
    assert "thème «\u202flogement\u202f»" in words(app)


def test_who_is_counted_before_they_agreed_is_said(open_app, town):
    app = open_view(open_app, town, "contacts", contacts_view="universes", lang="en")
    app.radio(key="universe.of").set_value("people").run()
    assert "Counted before refusals" in words(app)
    app.radio(key="universe.channel.people").set_value("email").run()
    assert "who did not agree to letters by e-mail gets none" in words(app)
    app.selectbox(key="universe.consent").select("email").run()
    assert not app.exception
    assert "Counted before" not in words(app)
    app.radio(key="universe.channel.people").set_value("sms").run()
    assert "who did not agree to texts gets none" in words(app)


def test_saved_universes_are_listed_with_how_many_are_in_each(open_app, town):
    app = open_view(open_app, town, "contacts", contacts_view="universes", lang="fr")
    assert not app.dataframe or "Nom" not in app.dataframe[-1].value  # counted when asked for
    app.toggle(key="universe.list").set_value(True).run()
    assert not app.exception
    table = app.dataframe[-1].value.set_index("Nom")
    assert table["Personnes"].to_dict() == {"Loger": "12", "Tous": "12"}
    assert "thème «\u202flogement\u202f»" in table["Qui est visé"]["Loger"]


def test_calls_show_one_person_at_a_time_or_say_why_none(open_app, town, monkeypatch):
    monkeypatch.setattr("analysis.contacts.calls.at_decent_hours", lambda *_told: True)
    app = open_view(open_app, town, "contacts", contacts_view="calls", lang="fr")
    assert app.metric[0].value == "12"
    (stop,) = [one for one in app.button if one.key.startswith("calls.stop")]
    stop.click().run()
    assert not app.exception
    assert app.metric[0].value == "11"
    monkeypatch.setattr("analysis.contacts.calls.at_decent_hours", lambda *_told: False)
    app.run()
    assert "Personne ne peut être appelé maintenant" in words(app)
    assert "hors des heures" in words(app)


def press(app, end):
    """Press how a call ended: of who is called now, or (last) of the call before."""
    [*_first, last] = [one for one in app.button if one.key.startswith(f"calls.{end}.")]
    last.click().run()
    assert not app.exception


def test_a_call_says_what_was_written_and_a_wrong_click_is_put_right(open_app, town, monkeypatch):
    monkeypatch.setattr("analysis.contacts.calls.at_decent_hours", lambda *_told: True)
    app = open_view(open_app, town, "contacts", contacts_view="calls", lang="en")
    before = int(app.metric[0].value)
    [called] = [one.value for one in app.subheader]
    assert called == "No name given"
    press(app, "absent")
    assert app.success[0].value == "Written down for No name given: No answer"
    assert app.metric[0].value == str(before)
    # The call before comes first on the page: that it was « Stop » is said there.
    wrong = [one for one in app.button if one.key.startswith("calls.stop.")][0]
    wrong.click().run()
    assert not app.exception
    assert app.success[0].value == "Written down for No name given: STOP: nothing more by any way"
    assert app.metric[0].value == str(before - 1)
    # What somebody asked for is not taken back by a click.
    assert len([one for one in app.button if one.key.startswith("calls.")]) == len(OUTCOMES)
    with people_of(town) as contacts, reading(contacts.engine) as connection:
        query = sa.select(CONTACTS.c.contact, CONTACTS.c.outcome, CONTACTS.c.corrects)
        rows = connection.execute(query.order_by(CONTACTS.c.at_s)).all()[-2:]
    (first, absent, none), (_second, stop, corrects) = sorted(rows, key=lambda one: one[1])
    assert (absent, stop, none, corrects) == ("absent", "stop", None, first)


def test_the_table_of_the_law_is_shown_with_what_passed(open_app, town):
    app = open_view(open_app, town, "law", law_view="rules", lang="fr")
    (passed,), (table,) = ([one.value for one in kind] for kind in (app.dataframe, app.table))
    assert len(table) == 18
    assert table.index[-1] == "non"
    assert "si une liste électorale est en vigueur" in set(table.index)
    assert "Portes" in set(passed["Canal"])
    app.selectbox(key="law.channel").select("online").run()
    assert (app.table[0].value.index == "non").sum() == 16


def test_without_a_roll_it_says_how_to_come_by_one(open_app, places):
    folder = places.folder / "no_roll"
    shutil.copytree(places.valmont.path, folder)
    app = open_view(open_app, folder, "contacts", contacts_view="universes")
    (said,) = [one.value for one in app.info]
    assert "Aucune liste électorale n’est en vigueur" in said
    shutil.rmtree(folder)
