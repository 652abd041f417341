"""What is owed to people, on the page Law: who answers, doors, requests, durations, registers."""

from __future__ import annotations

import datetime as dt
import shutil
import time

import pytest
import sqlalchemy as sa

from analysis.contacts import retention, vault
from analysis.contacts import rights_requests as owed
from analysis.contacts.box_seal import bound_to, public_key, shut
from analysis.contacts.contact_store import Controller, insert_many, say_controller
from analysis.contacts.suppression import suppressed
from analysis.database.contact_tables import CONSENTS, DOOR_BOXES, ROLL_FILES, ROLL_ROWS, VAULT_KEYS
from analysis.database.engine import reading, writing
from analysis.fieldwork import field_plan
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.workflows import daily_retention
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.door_contacts import enter_slip
from tests.analysis.contacts.invented import elector, roll
from tests.analysis.contacts.test_door_consents import SIGNED, act_of
from tests.analysis.exports.walks_made import walks_of

WHO = Controller("liste", name="Liste Valmont", contact="donnees@valmont.example")
TODAY = dt.date.today()


@pytest.fixture
def folder(places, request, monkeypatch, tmp_path):
    """Copy a place for one test, with keys of its own."""
    monkeypatch.setenv("PALIER_KEYS", str(tmp_path / "keys.json"))
    target = places.folder / f"droits_{request.node.name}"
    shutil.copytree(places.valmont.path, target)
    return target


@pytest.fixture
def contacts(folder):
    """Open its people, with somebody who answers."""
    first = open_contacts(folder)
    say_controller(first, WHO)
    close(first)
    opened = open_contacts(folder)
    yield opened
    close(opened)


@pytest.fixture
def page(open_app, folder):
    """Open a view of the page Law."""

    def page(view):
        app = open_app("law", workspace=folder.name, law_view=view, lang="fr")
        assert not app.exception
        return app

    return page


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def shown(app):
    return " ".join(str(one.value) for one in [*app.markdown, *app.caption, *app.success])


def wrong(app):
    return " ".join(one.value for one in app.error)


def test_who_answers_is_said_once_it_can_be(page, folder):
    app = page("controller")
    assert "Personne ne répond" in app.warning[0].value
    app.text_input(key="law.name").set_value("Liste Valmont")
    app.text_area(key="law.rounds").set_value("2027-03-14, 99900, Europe/Pariss")
    press(app, "law.say")
    assert "ne peut pas dire ainsi" in wrong(app)
    app.text_input(key="law.contact").set_value("donnees@valmont.example")
    app.text_area(key="law.rounds").set_value("2027-03-14, 99900, Europe/Paris")
    press(app, "law.say")
    assert "**Liste Valmont** répond" in shown(app)
    assert "Mandataire financier" in app.info[0].value
    assert "0 contact attend" in shown(page("doors"))


def test_doors_are_opened_with_their_proof_and_slips_typed_in(page, folder, contacts):
    store = open_store(folder)
    field_plan.register(store.engine, walks_of(Workspace(folder)).turfs)
    store.engine.dispose()
    about = bound_to(contacts.tenant, "T0001")
    texts = (
        f'{{"act":{quoted(act_of())},"address_id":"x"}}',
        f'{{"act":{quoted(act_of(signature=[]))},"address_id":"x"}}',
    )
    with writing(contacts.engine) as connection:
        for n, text in enumerate(texts):
            sealed = shut(public_key(contacts.ring), about, text)
            row = {"box": f"b{n}", "turf_id": "T0001", "sealed": sealed, **contacts.stamp()}
            connection.execute(sa.insert(DOOR_BOXES).values(**row))
    app = page("doors")
    assert "2 contacts attendent" in shown(app)
    press(app, "law.open")
    table = app.dataframe[0].value
    assert list(table["Ce qu’il en est"]) == ["pris, avec sa signature", "refusé"]
    assert "ni signature" in table["Pourquoi"][1]
    assert "le geste est intact" in shown(app)
    for name, text in (("first_name", "Sacha"), ("last_name", "Autre"), ("phone", "0639980002")):
        app.text_input(key=f"law.slip.{name}").set_value(text)
    app.checkbox(key="law.slip.adult").check()
    app.checkbox(key="law.slip.phone.box").check()
    press(app, "law.slip.enter")
    assert "sans signature" in wrong(app)
    app.checkbox(key="law.slip.signed").check()
    press(app, "law.slip.enter")
    assert "rien d’autre" in shown(app)
    with reading(contacts.engine) as connection:
        said = connection.execute(sa.select(CONSENTS.c.purpose, CONSENTS.c.how)).all()
    assert sorted(said) == [("letter_email", "door"), ("opinion", "door"), ("phone", "paper")]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_requests_are_answered_with_their_clock(page, contacts):
    person = enter_slip(contacts, SIGNED)
    owed.receive(contacts, "erasure", person, TODAY - dt.timedelta(days=40))
    app = page("requests")
    assert "Camille Exemple" in shown(app)
    assert "Le mois légal est passé" in wrong(app)
    app.text_input(key="law.reached_by").set_value("Camille").run()
    press(app, "law.receive")
    assert "ni une adresse e-mail ni un numéro de téléphone" in wrong(app)
    app.text_input(key="law.reached_by").set_value("nobody@valmont.example").run()
    press(app, "law.receive")
    assert "Personne ici" in shown(app)
    [late, fresh] = owed.requests(contacts)
    assert press(app, f"law.{fresh.request}.none")
    erase = f"law.{late.request}"
    assert app.button(key=f"{erase}.erase").disabled
    app.checkbox(key=f"{erase}.sure").check().run()
    press(app, f"{erase}.erase")
    assert "Effacé" in shown(app)
    with reading(contacts.engine) as connection:
        assert connection.execute(sa.select(VAULT_KEYS)).first() is None
    assert [one.state for one in owed.requests(contacts)] == ["done", "done"]
    assert list(app.dataframe[0].value["État"]) == ["répondue", "répondue"]


def test_from_a_person_found_one_comes_to_what_they_ask(open_app, folder, contacts):
    enter_slip(contacts, SIGNED)
    app = open_app("contacts", workspace=folder.name, contacts_view="persons", lang="fr")
    app.text_input(key="persons.asked").set_value("exemple")
    press(app, "persons.go")
    (ask,) = [one for one in app.button if "Une demande de Camille Exemple" in one.label]
    press(app, ask.key)
    assert [one.value for one in app.title] == ["Loi"]
    assert "De qui\u00a0: **Camille Exemple (camille@valmont.example)**" in shown(app)


def test_a_person_is_put_right_and_takes_along_what_they_gave(page, contacts):
    person = enter_slip(contacts, SIGNED)
    app = page("requests")
    for kind in ("portability", "rectification"):
        app.session_state["law.who"] = person
        app.run()
        app.selectbox(key="law.kind").select(kind).run()
        press(app, "law.receive")
        assert "la demande attend ci-dessous" in shown(app)
    known = {one.kind: f"law.{one.request}" for one in owed.requests(contacts)}
    # One request may find several things wrong: what is put right ends it.
    rectify = known["rectification"]
    app.multiselect(key=f"{rectify}.field").set_value(["city", "postcode"]).run()
    app.text_input(key=f"{rectify}.city").set_value("Valmont").run()
    assert app.button(key=f"{rectify}.right").disabled
    app.text_input(key=f"{rectify}.postcode").set_value("99900").run()
    press(app, f"{rectify}.right")
    press(app, f"{known['portability']}.gather")
    labels = " ".join(one.label for one in app.get("download_button"))
    assert "portable.json" in labels
    assert "portable.csv" in labels
    press(app, f"{known['portability']}.done")
    assert {one.state for one in owed.requests(contacts)} == {"done"}
    assert name_and_city(contacts, person) == ("Camille", "Valmont")


def name_and_city(contacts, person):
    with reading(contacts.engine) as connection:
        known = vault.read(connection, contacts.ring, [person])[person]
    return known["first_names"], known["city"]


def test_what_went_by_itself_is_said_where_it_is_missed_and_in_the_log(
    open_app, folder, contacts, caplog
):
    def said():
        app = open_app("contacts", workspace=folder.name, lang="fr")
        assert not app.exception
        return [one.value for one in app.info if "durée de conservation" in one.value]

    yesterday = TODAY - dt.timedelta(days=1)
    with writing(contacts.engine) as connection:
        insert_many(connection, ROLL_FILES, [roll(contacts, "r1", expires_on=yesterday)])
        insert_many(connection, ROLL_ROWS, [elector(contacts)])
    assert said() == []
    assert daily_retention.once_a_day(folder)
    log = [one.getMessage() for one in caplog.records if one.name == daily_retention.__name__]
    assert log == [f"durations of {folder.name}, deleted: roll 1"]
    (told,) = said()
    assert "Liste électorale · 1." in told
    # Six classes were found empty: one row is left to read.
    done = open_app("law", workspace=folder.name, law_view="retention", lang="fr").dataframe[-1]
    assert done.value["Quoi"].tolist() == ["Liste électorale"]
    # A month later it is history: the page Law has it.
    later = int(time.time()) + 30 * 86_400
    assert retention.lately(contacts, days=14, now_s=later) == []


def test_durations_and_registers_are_shown(page, contacts):
    enter_slip(contacts, SIGNED)
    app = page("retention")
    table = app.dataframe[0].value
    assert table["Durée"][3] == "3 ans"
    assert app.button(key="law.retention").disabled
    app = page("registers")
    assert "**Personnes\u00a0:** 1" in shown(app)
    app.selectbox(key="law.register").select("cost").run()
    press(app, "law.add.cost")
    assert "Il manque quelque chose" in wrong(app)
    for name, text in (("day_on", "2026-10-01"), ("what", "Affiches"), ("amount", "120,50")):
        app.text_input(key=f"law.cost.{name}").set_value(text)
    press(app, "law.add.cost")
    assert "Montant (€)\u00a0:** 120,50" in shown(app)


def test_files_that_were_gathered_do_not_outlive_whom_they_are_of(page, contacts):
    person = enter_slip(contacts, SIGNED)
    asked = {one: owed.receive(contacts, one, person, TODAY) for one in ("access", "erasure")}
    access, erase = (f"law.{one.request}" for one in asked.values())
    app = press(page("requests"), f"{access}.gather")
    assert len(app.get("download_button")) == 2
    app.checkbox(key=f"{erase}.sure").check().run()
    press(app, f"{erase}.erase")
    assert not app.get("download_button")
    assert access not in app.session_state
    press(app, f"{access}.none")
    assert {one.state for one in owed.requests(contacts)} == {"done"}


def test_who_answers_is_never_taken_for_who_asks(page, contacts):
    app = page("controller")
    assert app.text_input(key="law.contact").value == "donnees@valmont.example"
    app.segmented_control(key="law_view").set_value("requests").run()
    assert not app.exception
    assert app.text_input(key="law.reached_by").value == ""
    labels = [one.label for one in app.text_input]
    assert labels == ["Son e-mail ou son téléphone"]
    assert not any(one.value for one in app.text_input)


def test_who_objects_and_is_not_known_gives_their_contact_once(page, contacts):
    app = page("requests")
    app.selectbox(key="law.kind").select("objection").run()
    app.text_input(key="law.reached_by").set_value("Nobody@valmont.example").run()
    press(app, "law.receive")
    [one] = owed.requests(contacts)
    assert app.text_input(key=f"law.{one.request}.point").value == "Nobody@valmont.example"
    press(app, f"law.{one.request}.stop")
    point = ("email", "nobody@valmont.example")
    assert suppressed(contacts, [point]) == {point: "objection"}
    [done] = owed.requests(contacts)
    assert (done.state, "nobody" in str(done.detail)) == ("done", False)
