"""Tests of the pages that anybody may open: nothing ticked, nothing holds before a click."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from functools import partial
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.contacts import confirmations, vault
from analysis.contacts.asked import purposes
from analysis.contacts.consents import current, reword
from analysis.contacts.contact_store import Controller, say_controller
from analysis.contacts.rights_requests import receive
from analysis.contacts.suppression import suppressed
from analysis.database.contact_tables import CONSENTS, PERSONS
from analysis.database.engine import reading, writing
from analysis.workflows import (
    letter_quota,
    mail_out,
    phone_endpoint,
    public_pages,
    public_visit,
    server_access,
)
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.duties import erase_for
from analysis.workflows.letters_by_link import page_address
from tests.analysis.contacts.invented import merge

WHO = Controller("list", name="Liste <Valmont>", contact="donnees@valmont.example")
ENTRY = {
    "first_name": "Camille",
    "last_name": "Exemple",
    "email": "Camille@valmont.example",
    "phone": "",
    "said": ["adult", "activist"],
    "theme": ["housing"],
    "box": ["letter_email", "opinion"],
}
POINT = ("email", "camille@valmont.example")


class Site:
    """The pages of a campaign, and the mail that waits."""

    def __init__(self, campaign, contacts):
        self.campaign, self.contacts = campaign, contacts
        self.home = f"/p/{contacts.tenant}"

        async def answer(request):
            return await public_pages.public_page(request, campaign.parent)

        self.app = Starlette(routes=[Route("/p/{path:path}", answer, methods=["GET", "POST"])])

    def ask(self, path="", form=None, *, lang="fr"):
        """Get a page, or send a form to it."""

        async def asked():
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                url = f"{path if path.startswith('/p') else self.home + path}?lang={lang}"
                if form is None:
                    return await client.get(url)
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                return await client.post(url, content=urlencode(form, doseq=True), headers=kind)

        return asyncio.run(asked())

    def send(self, form, path="", **more):
        """Send a form as a browser does that has opened its page."""
        page = self.ask(path, **more).text
        seal = re.search(r'name="seal" value="([^"]+)"', page)[1]
        return self.ask(path, {"seal": seal, **form}, **more)

    def letters(self):
        """Return the letters that wait, the oldest first."""
        files = mail_out.outbox(self.campaign).glob("*.eml")
        ordered = sorted(files, key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=default) for file in ordered]

    def link(self):
        """Return the path of the link in the last letter."""
        found = re.search(r"http\S+", self.letters()[-1].get_content())[0]
        return urlsplit(found).path

    def phone(self, person):
        """Return the telephone that is known of somebody."""
        with reading(self.contacts.engine) as connection:
            return vault.read(connection, self.contacts.ring, [person])[person].get("phone")

    def holds(self):
        """Return the purposes that hold."""
        with reading(self.contacts.engine) as connection:
            return sorted(key[1] for key, yes in current(connection).items() if yes)


@pytest.fixture
def site(campaign, store_made, monkeypatch):
    monkeypatch.setattr(public_pages, "_patience", public_pages.Patience())
    monkeypatch.setattr(phone_endpoint, "_stores", {})
    monkeypatch.delenv(mail_out.VARIABLE, raising=False)
    first = open_contacts(campaign)
    say_controller(first, WHO)
    close(first)
    contacts = open_contacts(campaign)
    yield Site(campaign, contacts)
    close(contacts)
    for _state, store in phone_endpoint._stores.values():
        store.engine.dispose()


def test_the_page_asks_for_nothing_beforehand(site):
    page = site.ask()
    assert page.status_code == 200
    assert page.text.count('name="box"') == len(purposes())
    assert "checked" not in page.text
    assert "<script" not in page.text
    assert "Liste &lt;Valmont&gt;" in page.text
    assert "set-cookie" not in page.headers
    assert "default-src 'none'" in page.headers["content-security-policy"]
    # With "no-referrer" a browser hides where a form comes from, and the front door refuses it.
    assert page.headers["referrer-policy"] == "same-origin"
    assert "Restons en contact" in page.text
    assert "Stay in touch" in site.ask(lang="en").text


def test_nothing_holds_before_the_button_of_the_letter(site):
    told = site.send(ENTRY)
    assert told.status_code == 200
    # Nobody is told that a letter is sent where none is.
    assert "boîte d’envoi" in told.text
    [letter] = site.letters()
    assert letter["To"] == "Camille@valmont.example"
    assert letter["Subject"] == "Merci de confirmer"
    path = site.link()
    assert site.holds() == []
    # Filters of mail open links: opening does nothing.
    assert "Je confirme" in site.ask(path).text
    assert site.holds() == []
    assert "C’est confirmé" in site.send({}, path).text
    assert site.holds() == ["letter_email", "opinion"]
    # A second click changes nothing.
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    assert "C’est confirmé" in site.ask(path, {"seal": seal}).text
    with reading(site.contacts.engine) as connection:
        rows = connection.execute(sa.select(CONSENTS.c.how, CONSENTS.c.given)).all()
    assert rows == [("web", True), ("web", True)]


NO_ACTS = (
    ({"box": []}, "Cochez au moins une case"),
    ({"said": []}, "on ne peut pas s’inscrire plus jeune"),
    ({"email": "camille"}, "Écrivez votre adresse e-mail en entier"),
    ({"last_name": ""}, "Écrivez votre prénom et votre nom"),
    ({"phone": "bientôt"}, "Écrivez votre numéro de téléphone en entier"),
    ({"box": ["letter_email"]}, "cochez aussi la case sur les opinions politiques"),
    ({"theme": ["race"]}, "Ce formulaire est resté"),
    ({"first_name": "<b>\r\nBcc: x@y.fr"}, "formulaires"),
)


def test_what_is_no_act_is_refused_and_says_why(site):
    for change, why in NO_ACTS:
        told = site.send({**ENTRY, **change})
        assert (told.status_code, why in told.text) == (422, True), change
        assert "<b>\r\n" not in told.text
    assert not site.letters()
    with reading(site.contacts.engine) as connection:
        assert not connection.execute(sa.select(PERSONS)).first()


def test_all_that_is_missing_is_said_at_once_to_who_fills_the_form_in(site):
    wrong = {"said": [], "last_name": "", "email": "", "box": ["phone"], "theme": []}
    told = [
        re.findall(
            r'<p class="bad" role="alert">(.*?)</p>', site.send(ENTRY | wrong, lang=one).text
        )
        for one in ("fr", "en")
    ]
    assert [one.split(":")[0].split(",")[0].strip() for one in told[1]] == [
        "Tick “I am 17 or older”",
        "Write your first name and your family name.",
        "Write your e-mail address in full",
        "Write your telephone number in full",
    ]
    assert len(told[0]) == 4
    assert not any("personne" in one for one in told[0])


def test_what_is_needed_and_what_is_not_is_told(site):
    page = site.ask().text
    assert "Tout le reste est facultatif" in page
    needed = re.findall(r'name="(\w+)"[^>]* required>', page)
    assert needed == ["first_name", "last_name", "email", "email"]
    assert 'autocomplete="given-name"' in page


def test_every_page_says_whose_it_is_and_turns_to_the_other_language(site):
    def whose(path):
        assert f'<a href="{path or site.home}?lang=en" lang="en"' in site.ask(path).text
        return "Liste &lt;Valmont&gt;" in site.ask(path).text

    site.send(ENTRY)
    act = site.link()
    assert whose("")
    assert whose(act)
    site.send({}, act)
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    site.ask("/link", {"seal": seal, "email": ENTRY["email"]})
    own = site.link()
    assert whose(own)
    # A button that did nothing says so.
    assert "Rien n’a changé" in site.send({"do": "agree"}, own).text
    assert site.holds() == ["letter_email", "opinion"]


def test_a_form_of_another_page_is_refused(site):
    for seal in ("", "1.x", "99999999999999.x", public_visit.seal_of(site.contacts, 1, {})):
        told = site.ask("", {**ENTRY, "seal": seal})
        assert told.status_code == 403
        # What another page had ticked is not ticked here.
        assert " checked" not in told.text
        assert "Camille" in told.text
    assert not site.letters()


def reworded(site, purpose, wording):
    with writing(site.contacts.engine) as connection:
        reword(connection, site.contacts, purpose=purpose, language="fr", wording=wording)


def test_nobody_says_yes_to_words_they_did_not_read(site):
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    reworded(site, "letter_email", "Tout ce que vous voudrez")
    told = site.ask("", {**ENTRY, "seal": seal})
    assert told.status_code == 403
    assert "Tout ce que vous voudrez" in told.text
    assert " checked" not in told.text
    assert not site.letters()
    # Who read the words confirms those, though they are others by then.
    site.send(ENTRY)
    reworded(site, "letter_email", "Encore autre chose")
    page = site.ask(site.link()).text
    assert "Tout ce que vous voudrez" in page
    assert "Encore autre chose" not in page
    site.send({}, path=site.link())
    with reading(site.contacts.engine) as connection:
        rows = connection.execute(sa.select(CONSENTS.c.purpose, CONSENTS.c.text_version)).all()
    assert sorted(rows) == [("letter_email", 2), ("opinion", 1)]


def test_a_name_has_a_letter(site):
    answer = site.send({**ENTRY, "last_name": "++ 12"})
    assert answer.status_code == 422
    assert "votre prénom et votre nom" in answer.text


@pytest.mark.parametrize("path", ["", "/link", "/m/secret"])
def test_a_form_of_hundreds_of_fields_is_answered_in_words(site, path):
    answer = site.ask(path, {"box": ["letter_email"] * 200})
    assert answer.status_code == 403
    assert "formulaire" in answer.text
    assert not site.letters()


def test_withdrawal_is_as_easy_and_holds_at_once(site):
    site.send(ENTRY)
    site.send({}, site.link())
    for email in ("CAMILLE@valmont.example", "nobody@valmont.example", "nonsense"):
        page = site.ask().text
        seal = re.search(r'name="seal" value="([^"]+)"', page)[1]
        told = site.ask("/link", {"seal": seal, "email": email}).text
        # Nobody learns who is known here.
        assert "Si cette adresse est connue" in told
    assert len(site.letters()) == 2
    path = site.link()
    page = site.ask(path).text
    assert page.count("Retirer") == 2
    assert "checked" not in page
    assert "C’est retiré" in site.send({"do": "withdraw", "box": "opinion"}, path).text
    assert site.holds() == ["letter_email"]
    assert "C’est noté" in site.send({"do": "agree", "box": "political_ads"}, path).text
    assert site.holds() == ["letter_email", "political_ads"]
    # No telephone is known: nobody can agree to be called by this page.
    assert "C’est noté" not in site.send({"do": "agree", "box": "phone"}, path).text
    assert "C’est fait" in site.send({"do": "stop"}, path).text
    assert site.holds() == []
    assert suppressed(site.contacts, [POINT]) == {POINT: "unsubscribe"}
    assert "Vous n’acceptez rien" in site.ask(path).text
    # Nothing of the person is gone by that: who they are is erased on request, or by its date.
    with reading(site.contacts.engine) as connection:
        [person] = connection.execute(sa.select(PERSONS.c.person)).scalars().all()
        owners = vault.who_has(connection, site.contacts.ring, *("email", [POINT[1]]))
    assert owners == {POINT[1]: [person]}


def test_a_form_in_anothers_name_changes_nothing_before_they_confirm(site):
    site.send(ENTRY)
    site.send({}, site.link())
    with reading(site.contacts.engine) as connection:
        [person] = connection.execute(sa.select(PERSONS.c.person)).scalars().all()
    assert site.phone(person) is None
    monthly = {"box": ["phone"], "phone": "06 39 98 00 02", "theme": [], "said": ["adult"]}
    later = confirmations.time.time() + confirmations.APART_S + 1
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(confirmations.time, "time", lambda: later)
        site.send({**ENTRY, **monthly})
        assert site.phone(person) is None
        assert site.holds() == ["letter_email", "opinion"]
        site.send({}, site.link())
    assert site.phone(person) == "+33639980002"
    assert site.holds() == ["letter_email", "opinion", "phone"]


def test_links_end(site, monkeypatch):
    site.send(ENTRY)
    path = site.link()
    # Nobody gets letter after letter because somebody fills in the form again.
    site.send(ENTRY)
    assert len(site.letters()) == 1
    assert site.ask(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert site.ask(path.replace("/c/", "/m/")).status_code == 404
    assert site.ask("/c/" + "é" * 50).status_code == 404
    later = confirmations.time.time() + 15 * confirmations.DAY_S
    with monkeypatch.context() as patched:
        patched.setattr(confirmations.time, "time", lambda: later)
        old = site.ask(path)
        assert old.status_code == 404
    # Whoever did not confirm in time signs up again: after a while nobody knows them to write to.
    (again,) = re.findall(f'<a href="({site.home}[^"/]*)">', old.text)
    assert "name=first_name" in site.ask(again).text.replace('"', "")
    assert site.ask(path).status_code == 200
    with reading(site.contacts.engine) as connection:
        [person] = connection.execute(sa.select(PERSONS.c.person)).scalars().all()
    assert lying(site)
    asked = receive(site.contacts, "erasure", person, datetime.now(UTC).date())
    gone = erase_for(site.campaign, site.contacts, asked.request)
    assert (gone.letters, gone.erased.people) == (1, 1)
    assert site.ask(path).status_code == 404
    # Neither in the store nor in a file beside it, keys and objections included.
    assert lying(site) == []


def lying(site):
    """Return the files of all campaigns of this machine in which somebody is named."""
    every = [file for file in site.campaign.parent.rglob("*") if file.is_file()]
    assert any(file.name == "objections.sqlite" for file in every)
    return [file for file in every if b"amille" in file.read_bytes()]


def test_letters_to_whoever_somebody_was_merged_with_go_with_them(site):
    site.send(ENTRY)
    site.send({**ENTRY, "last_name": "Exampel"})
    with reading(site.contacts.engine) as connection:
        one, other = connection.execute(sa.select(PERSONS.c.person)).scalars()
    assert len(site.letters()) == 2
    merge(site.contacts, one, other)
    asked = receive(site.contacts, "erasure", one, datetime.now(UTC).date())
    assert erase_for(site.campaign, site.contacts, asked.request).letters == 2
    assert site.letters() == []


def test_strangers_get_nothing_and_are_told_to_wait(site):
    assert site.ask("/p/nobody").status_code == 404
    assert site.ask("/p/").status_code == 404
    assert site.ask("", {"first_name": "x" * 30_000}).status_code == 413
    codes = [site.ask("", {"seal": "x"}).status_code for _n in range(22)]
    assert codes[0] == 403
    assert codes[-1] == 429


@pytest.mark.parametrize("mark", ["é", "\ud83d", "", "0" * 64])
def test_a_seal_of_this_hour_that_is_none_of_ours_is_refused(site, mark):
    seal = f"{int(time.time())}.{mark}".encode("utf-8", "surrogatepass")
    answer = site.ask("", {**ENTRY, "seal": seal})
    assert answer.status_code == 403
    assert not site.letters()


def test_a_mail_server_that_takes_nothing_tells_nobody_who_is_known(site, monkeypatch):
    site.send(ENTRY)
    monkeypatch.setenv(mail_out.VARIABLE, "smtp://127.0.0.1:9")  # where nobody answers
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    told = [
        site.ask("/link", {"seal": seal, "email": email})
        for email in (ENTRY["email"], "personne@valmont.example")
    ]
    assert [one.status_code for one in told] == [200, 200]
    assert told[0].text == told[1].text
    # The letter waits: who asked for it is served once somebody looks after the mail server.
    assert [letter["Subject"] for letter in site.letters()][1:] == ["Votre lien"]
    assert site.send({**ENTRY, "email": "autre@valmont.example"}).status_code == 200


def test_how_long_a_letter_takes_is_not_to_be_felt(site, monkeypatch):
    site.send(ENTRY)
    happened = []
    monkeypatch.setattr(mail_out, "send", lambda *_letter: happened.append("letter"))
    app = site.app

    async def noted(scope, receive, send):
        async def sent(message):
            if message["type"] == "http.response.body" and not message.get("more_body"):
                happened.append("page")
            await send(message)

        await app(scope, receive, sent)

    site.app = noted
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    for path, form in (("/link", {"email": ENTRY["email"]}), ("", {**ENTRY, "last_name": "Autre"})):
        happened.clear()
        site.ask(path, {"seal": seal, **form})
        assert happened == ["page", "letter"]


def test_who_stopped_everything_is_written_to_by_no_stranger(site):
    site.send(ENTRY)
    site.send({}, path=site.link())
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    site.ask("/link", {"seal": seal, "email": ENTRY["email"]})
    site.send({"do": "stop"}, path=site.link())
    before, page = (
        len(site.letters()),
        site.ask("", {"seal": seal, **ENTRY, "email": "x@y.example"}),
    )
    told = [
        site.ask("", {"seal": seal, **ENTRY, "last_name": "Autre"}),
        site.ask("", {"seal": seal, **ENTRY, "email": "camille+x@valmont.example"}),
    ]
    assert {one.text for one in told} == {page.text}
    site.ask("/link", {"seal": seal, "email": ENTRY["email"]})
    assert len(site.letters()) == before + 1  # that of the other mailbox


def test_one_mailbox_is_not_flooded_and_nobody_is_told(site):
    told = {
        site.send({**ENTRY, "email": f"camille+{n}@valmont.example", "last_name": f"Ex{n}"}).text
        for n in range(letter_quota.PER_MAILBOX + 3)
    }
    assert len(site.letters()) == letter_quota.PER_MAILBOX
    assert len(told) == 1
    site.send({**ENTRY, "email": "autre@valmont.example"})
    assert len(site.letters()) == letter_quota.PER_MAILBOX + 1


def test_who_agreed_gets_their_link_whoever_was_made_up_under_their_address(site):
    site.send(ENTRY)
    site.send({}, path=site.link())
    assert site.holds()
    for letter in "abcdef":
        site.send({**ENTRY, "last_name": f"Faux{letter}"})
    before = len(site.letters())
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    site.ask("/link", {"seal": seal, "email": ENTRY["email"]})
    assert len(site.letters()) == before + letter_quota.PER_MAILBOX
    pages = [
        site.ask(urlsplit(re.search(r"http\S+", one.get_content())[0]).path).text
        for one in site.letters()[before:]
    ]
    assert "withdraw" in pages[0]
    assert not any("withdraw" in page for page in pages[1:])


def test_who_asks_again_and_again_within_an_hour_gets_their_link_later_all_the_same(
    site, monkeypatch
):
    site.send(ENTRY)
    site.send({}, path=site.link())
    seal = re.search(r'name="seal" value="([^"]+)"', site.ask().text)[1]
    before = len(site.letters())
    for _ in range(letter_quota.PER_MAILBOX + 1):
        site.ask("/link", {"seal": seal, "email": ENTRY["email"]})
    assert len(site.letters()) == before + 1
    monkeypatch.setattr(confirmations, "APART_S", -1)
    site.ask("/link", {"seal": seal, "email": ENTRY["email"]})
    assert len(site.letters()) == before + 2


def test_one_origin_causes_so_many_letters_in_an_hour_and_organisers_as_many_as_they_want(
    tmp_path, monkeypatch
):
    take = partial(letter_quota.take, tmp_path, "confirm")
    sent = [take(f"p{n}@valmont.example", "192.0.2.1") for n in range(62)]
    assert sent == [True] * 60 + [False] * 2
    assert take("p61@valmont.example")
    assert take("p62@valmont.example", "192.0.2.2")
    assert [take("a.b+c@valmont.example"), take("ab@valmont.example")] == [True] * 2
    assert [take(f"ab+{n}@valmont.example") for n in range(4)] == [True] * 3 + [False]
    assert letter_quota.take(tmp_path, "preferences", "ab@valmont.example")
    later = time.time() + letter_quota.DAY_S
    monkeypatch.setattr(letter_quota.time, "time", lambda: later)
    assert take("ab@valmont.example", "192.0.2.1")


def test_a_restart_and_a_second_process_forget_no_letter(tmp_path):
    orders = "from pathlib import Path; from analysis.workflows.letter_quota import take; "
    orders += f"print(take(Path({str(tmp_path)!r}), 'confirm', 'ab@valmont.example'))"
    told = [
        subprocess.run([sys.executable, "-c", orders], capture_output=True, text=True, check=True)
        for _again in range(2)
    ]
    assert [one.stdout.strip() for one in told] == ["True"] * 2
    own = [letter_quota.take(tmp_path, "confirm", "ab@valmont.example") for _again in range(4)]
    assert own == [True] * 3 + [False]
    kept = b"".join(one.read_bytes() for one in (tmp_path / ".keys").iterdir())
    assert b"valmont" not in kept


def test_nobody_is_asked_in_nobodys_name(campaign, contacts):
    told = Site(campaign, contacts).ask()
    assert told.status_code == 422
    assert "pas encore ouverte" in told.text
    # What a stranger reads is no order to the campaign's own people.
    assert "duties controller" not in told.text
    assert str(campaign) not in told.text


def test_links_lead_where_this_copy_answers(site, monkeypatch):
    monkeypatch.delenv("PALIER_ADDRESS", raising=False)
    monkeypatch.setattr(server_access, "_bound", {})
    assert page_address(site.contacts).startswith("http://localhost:8501/p/")
    server_access.answer_at(8714)  # as `--server.port` of the command line
    assert page_address(site.contacts, "m/x").startswith("http://localhost:8714/p/")
    monkeypatch.setenv("PALIER_ADDRESS", "https://valmont.example.org/")
    assert page_address(site.contacts).startswith("https://valmont.example.org/p/")
