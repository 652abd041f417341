"""The whole way of one person in a browser, from signing up to the click that leaves."""

from __future__ import annotations

import contextlib
import email
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from analysis.contacts.contact_store import say_controller
from analysis.contacts.key_ring import FOLDER
from analysis.contacts.key_ring import VARIABLE as KEYS
from analysis.contacts.suppression import FILE, objecting, tenant_of_controller
from analysis.contacts.universe import Universe
from analysis.experiments.pons_2012.reproduction import VARIABLE
from analysis.workflows import universes
from analysis.workflows.contacts_open import close, open_contacts
from pages._ui import state
from tests.analysis.messages.conftest import CONTROLLER, supporters
from tests.browser import free_port, open_page, serve, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAME, SLUG, PATIENCE_S = "messages_de_test", "messages-de-test", 90
# Who left in a run that was cut off stays out.
ADDRESS = f"camille-{secrets.token_hex(4)}@valmont.example"


@contextlib.contextmanager
def mail_server(folder):
    """Run a mail server in a process of its own, which puts what it takes into a Maildir."""
    port = free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "-c", "aiosmtpd.handlers.Mailbox", str(folder)])
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def town(valmont, browser, tmp_path_factory):
    """Serve a place with eleven supporters, a mail server and an address that others reach."""
    folder, mail = state.WORKSPACES / NAME, tmp_path_factory.mktemp("mail") / "box"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(valmont.path, folder)
    # The keys of this machine are of real places, and kept for good.
    keys = {KEYS: str(tmp_path_factory.mktemp("keys") / "people.json")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEYS, keys[KEYS])
        yield from _served(folder, mail, browser, keys)
    assert SLUG in Path(keys[KEYS]).read_text()


def _served(folder, mail, browser, keys):
    """Enter the people and serve the place, then leave nothing of it."""
    contacts = open_contacts(folder)
    say_controller(contacts, CONTROLLER)
    close(contacts)
    contacts = open_contacts(folder)
    supporters(contacts, 11)
    rule = Universe.read({"of": "people", "where": {"all": [{"consent": "email"}]}})
    universes.save(contacts, "Jeudi", rule)
    try:
        with mail_server(mail) as smtp:
            env = {"PALIER_SMTP": smtp, "PALIER_ADDRESS": "https://valmont.example.org"}
            with serve("serve.py", env=env | keys | {"PALIER_STORE": "", VARIABLE: ""}) as url:
                yield SimpleNamespace(url=url, browser=browser, contacts=contacts, mail=mail)
    finally:
        close(contacts)
        shutil.rmtree(folder, ignore_errors=True)
        _forget_objections()


def _forget_objections():
    """Leave no invented digest among the objections of this machine, which outlive campaigns."""
    file = state.WORKSPACES / FOLDER / FILE
    if not file.is_file():
        return
    trigger = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        # Another's objections are never without it, even where this fails half way.
        connection.execute("BEGIN IMMEDIATE")
        kept = connection.execute(trigger, ("suppression_no_delete",)).fetchone()
        connection.execute("DROP TRIGGER IF EXISTS suppression_no_delete")
        tenant = tenant_of_controller(CONTROLLER.controller)
        connection.execute("DELETE FROM suppression WHERE tenant = ?", (tenant,))
        if kept:
            connection.execute(kept[0])


def letters(town, to, count=1):
    """Return the letters to an address, once there are so many."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        mails = [
            email.message_from_bytes(file.read_bytes(), policy=default)
            for file in sorted((town.mail / "new").glob("*"))
        ]
        mine = [one for one in mails if to in str(one["To"])]
        if len(mine) >= count:
            return mine
        time.sleep(0.2)
    raise AssertionError(f"no {count} letters to {to}")


def see(town, page, path, lang):
    """Open a view of the app."""
    page.goto(f"{town.url}/{path}&lang={lang}&workspace={NAME}")
    settle(page)


def type_in(page, label, text):
    """Type into a field, and wait until the page knows it."""
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press("Tab")
    settle(page)


def sign_up(town, page):
    """Sign up and confirm, in French: nothing is ticked, nothing counts before the link."""
    page.goto(f"{town.url}/p/{town.contacts.tenant}?lang=fr")
    assert page.locator("input:checked").count() == 0
    page.locator("[name=first_name]").fill("Camille")
    page.locator("[name=last_name]").fill("Exemple")
    page.locator("[name=email]").first.fill(ADDRESS)
    page.locator("[name=said][value=adult]").check()
    page.locator("[name=box][value=letter_email]").check()
    page.locator("form button").first.click()
    (confirm,) = letters(town, ADDRESS)
    link = re.search(r"http\S+", confirm.get_content())[0]
    assert link.startswith("https://valmont.example.org/p/")  # where others reach it
    path = urlsplit(link).path
    page.goto(f"{town.url}{path}?lang=fr")
    page.locator("form button").first.click()
    expect(page.get_by_text("Confirmé")).to_be_visible()


def write(town, page):
    """Write a message in English, to the universe that was saved."""
    see(town, page, "letters?letters_view=write", "en")
    type_in(page, "Subject", "Thursday at the school")
    type_in(page, "Title", "Come")
    type_in(page, "Text", 'Hello {{ first_name | default("you") }}')
    type_in(page, "Your name, as the author", "Ada")
    letter = page.frame_locator("iframe").first.frame_locator("iframe")
    expect(letter.get_by_text("Hello ‹first_name›")).to_be_visible()
    page.get_by_label("To whom").click()
    page.get_by_role("option", name="Jeudi").click()
    settle(page)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Saved as version 1")).to_be_visible()


def approve(town, page):
    """Look at it and approve it as somebody else, in French."""
    see(town, page, "letters?letters_view=approve", "fr")
    page.get_by_text("Garder une personne sur dix").click()
    settle(page)
    page.get_by_role("button", name="Contrôler et montrer").click()
    # Whether a domain can be asked about is the network's affair; that it is looked at is ours.
    expect(page.get_by_text("SPF").first).to_be_visible()
    type_in(page, "Votre nom, comme personne qui approuve", "Bob")
    page.get_by_role("button", name="Approuver", exact=True).click()
    expect(page.get_by_text("Approuvé et figé")).to_be_visible()


def leave(town, page, letter):
    """Leave by one click, as a program of mail does; looking at the link changes nothing."""
    path = urlsplit(re.search(r"<(https://[^>]+)>", letter["List-Unsubscribe"])[1]).path
    page.goto(f"{town.url}{path}?lang=fr")
    expect(page.get_by_role("button")).to_have_count(1)
    assert objecting(town.contacts) == {}
    click = urllib.request.Request(f"{town.url}{path}", b"List-Unsubscribe=One-Click")
    assert urllib.request.urlopen(click, timeout=60).status == 200
    assert list(objecting(town.contacts).values()) == ["unsubscribe"]


def ask_what_is_known(town, page):
    """Write down that the person asks what is known of them."""
    see(town, page, "law?law_view=requests", "en")
    page.get_by_text("A person asks for something").click()
    type_in(page, "Their e-mail or telephone", ADDRESS)
    page.keyboard.press("Escape")  # the calendar of the day, which opens when one comes to it
    page.get_by_role("button", name="Write the request down").click()
    expect(page.get_by_text("Written down: it waits below")).to_be_visible()


def test_from_signing_up_to_leaving_and_asking_what_is_known(town):
    visit = open_page(town.browser, f"{town.url}/letters?lang=en&workspace={NAME}")
    page = visit.page
    sign_up(town, page)
    write(town, page)
    approve(town, page)
    # The worker of the server sends it; what was sent once is not sent again.
    _confirm, letter = letters(town, ADDRESS, 2)
    assert letter["Subject"] == "Thursday at the school"
    assert "Hello Camille" in letter.get_body(("plain",)).get_content()
    # Eleven supporters, and the two letters to who signed up: nobody gets it twice.
    assert len(letters(town, "@", 13)) == 13
    see(town, page, "letters?letters_view=send", "en")
    expect(page.get_by_text("Everybody who may get it has got it.")).to_be_visible()
    leave(town, page, letter)
    see(town, page, "letters?letters_view=back", "en")
    unsubscribed = page.get_by_test_id("stMetric").filter(has_text="Unsubscribed")
    expect(unsubscribed.get_by_test_id("stMetricValue")).to_have_text("1")
    ask_what_is_known(town, page)
    assert page.get_by_test_id("stException").count() == 0
    assert not visit.outside
    page.context.close()
