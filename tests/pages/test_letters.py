"""The page Messages: nothing yet, a message written, approved by another, sent, counted."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from analysis.contacts.contact_store import say_controller
from analysis.messages.drafts import draft_of, drafts, save
from analysis.messages.letter_blocks import Letter
from analysis.messages.outbox import Way, send_message
from analysis.messages.returned_mail import take_back
from analysis.workflows import message_work
from analysis.workflows.contacts_open import close, open_contacts
from tests.analysis.messages.conftest import (
    BASE,
    CONTROLLER,
    EVERYBODY,
    LETTER,
    SETTING,
    supporters,
)
from tests.analysis.messages.test_outbox import Pigeon


@pytest.fixture(scope="module")
def town(places):
    """Put forty supporters in two bureaux into a copy of the town."""
    folder = places.folder / "letters_town"
    shutil.copytree(places.valmont.path, folder)
    contacts = open_contacts(folder)
    say_controller(contacts, CONTROLLER)
    close(contacts)
    contacts = open_contacts(folder)
    supporters(contacts, 40)
    close(contacts)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _reached(monkeypatch):
    monkeypatch.setattr(message_work, "base_address", lambda: BASE)
    monkeypatch.delenv("PALIER_SMTP", raising=False)


def see(open_app, town, view, **query):
    app = open_app("letters", workspace=town.name, letters_view=view, **query)
    assert not app.exception
    return app


def words(app):
    kinds = (app.markdown, app.info, app.warning, app.error, app.caption, app.success)
    return " ".join(one.value for kind in kinds for one in kind)


def type_in(app, label, text):
    (field,) = [one for one in (*app.text_input, *app.text_area) if one.label == label]
    field.set_value(text)


def press(app, label):
    (button,) = [one for one in app.button if one.label == label]
    button.click().run()
    assert not app.exception


def test_nothing_yet_says_what_to_do_in_each_view(open_app, places):
    folder = places.folder / "no_letters"
    shutil.copytree(places.valmont.path, folder)
    app = see(open_app, folder, "list", lang="en")
    assert "No message yet: write one." in words(app)
    assert "PALIER_SMTP" in words(app)
    assert "gave no e-mail address" in words(app)
    for view, word in {"approve": "approval", "send": "approved", "back": "approved"}.items():
        app.session_state["letters_view"] = view
        app.run()
        assert not app.exception
        assert word in app.info[0].value
    shutil.rmtree(folder)


def test_a_message_is_written_approved_by_another_and_what_came_back_is_counted(open_app, town):
    app = see(open_app, town, "write", lang="en")
    type_in(app, "Subject", "Meeting on Thursday")
    type_in(app, "Title", "Come")
    type_in(app, "Text", "{{ first_name.__class__ }}")
    app.run()
    assert "This template is refused" in words(app)
    type_in(app, "Text", "Hello {{ first_name | default('') }}")
    press(app, "+ Figures of a quarter")
    press(app, "Put the figures in")
    rows = next(one.value for one in app.text_area if one.label.startswith("One figure a line"))
    assert rows.startswith("Registered voters = ")
    app.radio(key="letters.screen").set_value("text").run()
    (plain,) = [one.value for one in app.code]
    assert "Hello ‹first_name›" in plain
    assert "Municipales 2027" in plain  # election and sponsor are under it
    type_in(app, "Your name, as the author", "Ada")
    app.run()
    press(app, "Save the draft")
    assert "Saved as version 1" in words(app)

    app = see(open_app, town, "approve", lang="en")
    assert "written by Ada" in words(app)
    press(app, "Check it and show ten real messages")
    assert [one.value for one in app.metric] == ["36", "4", "0"]
    assert "cannot be proved here" in words(app)
    type_in(app, "Your name, as who approves", "Ada")
    press(app, "Approve")
    assert "approved by somebody other than its author" in words(app)
    type_in(app, "Your name, as who approves", "Bob")
    press(app, "Approve")
    assert "Approved and frozen" in words(app)

    app = see(open_app, town, "send", lang="en")
    assert [one.value for one in app.metric] == ["0", "36", "0", "0", "4"]
    assert "Not sent: this machine cannot send messages yet." in words(app)
    assert next(one for one in app.button if one.label == "Send now").disabled

    contacts = open_contacts(town)
    (row,) = drafts(contacts)
    post = Pigeon()
    way = Way(post, BASE, SETTING.ground)
    assert send_message(contacts, row["message"], way)["sent"] == 36
    answer = f"From: p@example.org\nTo: {post.taken[0][0]}\nSubject: Re\n\nJe viens."
    take_back(contacts, answer.encode())
    close(contacts)
    app = see(open_app, town, "back", lang="fr")
    assert [one.value for one in app.metric][-7:] == ["36", "36", "0", "0", "0", "1", "0"]
    by_bureau, by_day = [one.value for one in app.dataframe][-2:]
    assert by_bureau["Envoyés"].astype(int).sum() == 36
    assert by_day["Réponses"].tolist() == ["1"]
    # One event: Garwood's interval goes from 0.03 to 5.57, told in whole replies.
    replies = see(open_app, town, "back", lang="fr", letters_by="replied").dataframe[-2].value
    assert sorted(replies["Réponses"]) == ["0 (0 – 4)", "1 (0 – 6)"]
    assert see(open_app, town, "list").dataframe[0].value["État"].tolist() == ["envoyé"]


def test_a_text_message_is_one_text_that_looks_the_same_everywhere(open_app, town):
    app = see(open_app, town, "write", lang="en")
    (sent_by,) = [one for one in app.radio if one.label == "Sent by"]
    sent_by.set_value("sms").run()
    type_in(app, "Text", "Hello {{ first_name | default('') }}")
    app.run()
    assert not any(one.label.startswith("+") for one in app.button)
    assert not any(one.label == "Seen on" for one in app.radio)
    assert app.code[0].value.startswith("Hello ‹first_name›")
    assert "STOP" in app.code[0].value


def test_of_two_who_write_one_message_the_second_is_told_and_keeps_what_they_wrote(
    open_app, places
):
    folder = places.folder / "two_writers"
    shutil.copytree(places.valmont.path, folder)
    contacts = open_contacts(folder)
    first = save(replace(contacts, by="Ada"), "Lettre", Letter.read(LETTER), EVERYBODY)
    app = see(open_app, folder, "write", lang="fr")
    app.selectbox(key="letters.write.1").select(first.message).run()
    type_in(app, "Objet", "Mien")
    type_in(app, "Votre nom, comme auteur", "Ada")
    app.run()
    theirs = Letter.read(LETTER | {"subject": "Autre"})
    save(replace(contacts, by="Bob"), "Lettre", theirs, EVERYBODY, message=first.message)
    press(app, "Enregistrer le brouillon")
    assert "a enregistré la version 2 de ce message entre-temps" in words(app)
    assert draft_of(contacts, first.message).letter.subject == "Autre"
    press(app, "Enregistrer le brouillon")
    assert draft_of(contacts, first.message).letter.subject == "Mien"
    assert draft_of(contacts, first.message).version == 3
    close(contacts)
    shutil.rmtree(folder)
