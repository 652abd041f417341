"""Tests of leaving by one click, and of mail that comes back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from email.message import EmailMessage

import httpx
import pandas as pd
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.contacts import confirmations
from analysis.contacts.consents import current
from analysis.contacts.suppression import objecting, suppressed
from analysis.database.contact_tables import CONSENTS, PERSONS
from analysis.database.engine import reading
from analysis.database.message_tables import RESPONSES, STEPS
from analysis.errors import DataError
from analysis.messages import leaving
from analysis.messages.approve import approve, prepare
from analysis.messages.came_back import came_back, count_interval
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.leaving import note_step
from analysis.messages.letter_links import (
    Bearer,
    bearer,
    bounce_secret,
    leave_secret,
    return_path,
    secret_in,
)
from analysis.messages.recipients import addresses
from analysis.messages.returned_mail import is_stop, read_returned, take_back, take_back_all
from analysis.workflows import leave_page
from tests.analysis.contacts.invented import opened
from tests.analysis.messages.conftest import CONTROLLER, EVERYBODY, SETTING, supporters

SECRET = "0123456789abcdef" * 2
BACK = return_path("contact@example.org", SECRET)


def mail(subject="x", text="", **headers):
    """Return a mail as bytes."""
    message = EmailMessage()
    told = {"To": BACK, "From": "Jean <JEAN@example.org>"} | headers
    for name, value in told.items():
        message[name.replace("_", "-")] = value
    message["Subject"] = subject
    message.set_content(text)
    return message.as_bytes()


def report(status, action="failed", *, kind="delivery-status", to=BACK):
    """Return a delivery report (RFC 3464), or a complaint (RFC 5965)."""
    fields = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; p@example.org\n"
    fields += f"Action: {action}\nStatus: {status}\n"
    if kind == "feedback-report":
        fields = "Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\n"
    return (
        f"From: mailer@mx\nTo: {to}\nSubject: Undelivered\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/{kind}\n\n{fields}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{SECRET}@example.org>\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (report("5.1.1"), "bounce", "5.1.1"),
        (report("4.2.2"), "delayed", "4.2.2"),
        # Postfix gives up after five days in its queue: the mailbox may well be there.
        (report("4.4.7"), "delayed", "4.4.7"),
        (report("4.4.1", "delayed"), "delayed", ""),
        (report("2.0.0", "delivered"), "delayed", ""),
        (report("", kind="feedback-report"), "complaint", ""),
        (mail("Réponse automatique", "STOP", Auto_Submitted="auto-replied"), "vacation", ""),
        (mail("Absent", "Je reviens lundi.", X_Autoreply="yes"), "vacation", ""),
        (mail("STOP"), "stop", ""),
        (mail("Re: Réunion", "\n« Désabonnement »\n\n> Bonjour"), "stop", ""),
        (mail("Merci", "Ne dites pas stop !"), "other", ""),
        (b"", "other", ""),
        (b"\xff\xfe garbage", "other", ""),
    ],
)
def test_what_comes_back_is_told_apart(content, kind, code):
    told = read_returned(content)
    assert (told.kind, told.code) == (kind, code)
    if b"contact" in content:
        assert told.secret == SECRET


def test_the_word_to_leave_stands_alone():
    for text in (
        "stop",
        " STOP. ",
        "Re: Stop",
        "DÉSABONNEMENT",
        "désinscrire!",
        "Arrêt",
        "TR : stop",
    ):
        assert is_stop(text), text
    for text in ("", "stop it", "ne stoppez pas", "non stop", "reste", "re", "stop stop stop"):
        assert not is_stop(text), text


def test_the_secret_is_read_in_the_address_whatever_its_case():
    assert secret_in(BACK) == SECRET
    assert secret_in(f"<{BACK.upper()}>") == SECRET
    for other in ("", "contact@example.org", "contact+b-12@example.org", f"x+{SECRET}@example.org"):
        assert secret_in(other) == ""
    # Who forwards a complaint writes to another address: the message tells which it was.
    assert (
        read_returned(report("", kind="feedback-report", to="abuse@example.org")).secret == SECRET
    )


@pytest.fixture
def sent(make, letter):
    """Return a campaign with a message that was approved, and its people."""
    author, other = make("author"), make("other")
    people = supporters(author, 12)
    draft = save(author, "m", letter, EVERYBODY)
    approve(other, prepare(author, draft, SETTING, terms=Terms(control=False)))
    return other, draft.message, people


def rows(contacts, table):
    """Return how many rows a table has of the campaign."""
    query = sa.select(sa.func.count()).select_from(table).where(table.c.tenant == contacts.tenant)
    with reading(contacts.engine) as connection:
        return connection.execute(query).scalar_one()


def test_a_dead_mailbox_a_complaint_and_a_stop_act_once(sent, tmp_path):
    contacts, message, people = sent
    secrets = [bounce_secret(contacts.ring, message, one) for one in people]
    to = [return_path("contact@example.org", one) for one in secrets]
    folder = tmp_path / "mails"
    folder.mkdir()
    for n, content in enumerate(
        [
            report("5.1.1", to=to[0]),
            report("4.2.2", to=to[1]),
            report("", kind="feedback-report", to=to[2]),
            mail("STOP", To=to[3], From="other@example.org"),
            mail("Absent", Auto_Submitted="auto-replied", To=to[4]),
            report("5.1.1"),  # of a secret that nobody was given
        ]
    ):
        (folder / f"{n}.eml").write_bytes(content)
    for _again in range(2):
        count = take_back_all(contacts, folder)
        assert count == {"bounce": 2, "delayed": 1, "complaint": 1, "stop": 1, "vacation": 1}
    assert objecting(contacts) == {"p002": "complaint", "p003": "stop"}
    points = [("email", f"{one}@example.org") for one in ("p000", "p001", "p004", "other")]
    assert suppressed(contacts, points) == {points[0]: "bounce", points[3]: "stop"}
    with reading(contacts.engine) as connection:
        query = sa.select(STEPS.c.person, STEPS.c.step, STEPS.c.code)
        steps = set(connection.execute(query.where(STEPS.c.message == message)).all())
    assert steps == {("p000", "bounced", "5.1.1"), ("p002", "complained", "")}
    with pytest.raises(DataError, match="no file or folder"):
        take_back_all(contacts, tmp_path / "none")
    assert take_back(contacts, b"") == "other"


def test_what_people_answer_is_counted_once_by_bureau_and_not_kept(sent):
    contacts, message, people = sent
    secrets = [bounce_secret(contacts.ring, message, one) for one in people]
    to = [return_path("contact@example.org", one) for one in secrets]
    plain = {"To": "contact@example.org", "Message_ID": "<a1@mail.example>"}
    answer = plain | {"In_Reply_To": f"<{secrets[0].upper()}@example.org>"}
    for again in range(3):
        # A mail that is read again an hour later is still the same.
        assert take_back(contacts, mail("Re: x", "Je viens avec du thé.", **answer)) == "other"
        later = time.time() + 3600 * again
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(leaving.time, "time", lambda at=later: at)
            take_back(contacts, mail("Re: x", "Avec ou sans ?", To=to[1]))
    take_back(contacts, mail("Re: x", "Et à dix ?", **answer | {"Message_ID": "<a2@mail.example>"}))
    for told in (
        plain,  # about none of our messages
        {"To": return_path("contact@example.org", SECRET)},  # of nobody
        {"To": to[2], "Auto_Submitted": "auto-generated; x"},
        {"To": to[2], "Precedence": "bulk"},
        {"To": to[2], "Precedence": "auto_reply"},
        {"To": to[2], "Return_Path": "<>"},
    ):
        take_back(contacts, mail("x", "Bonjour.", **told))
    take_back(contacts, mail("STOP", To=to[3]))
    # A report without a status is written by a machine.
    take_back(contacts, report("2.0.0", "", to=to[4]).replace(b"Action: \nStatus: 2.0.0\n", b""))
    with reading(contacts.engine) as connection:
        kept = [dict(row) for row in connection.execute(sa.select(RESPONSES)).mappings()]
    mine = [row for row in kept if row["tenant"] == contacts.tenant and row["kind"] == "replied"]
    assert sorted(row["cell"] for row in mine) == ["99900_0001", "99900_0001", "99900_0002"]
    assert not any(word in str(kept) for word in ("thé", "a1@", "jean", *people, secrets[0]))
    for who in people:
        note_step(contacts, Bearer(message, who, ""), "sent", "")
    found = came_back(contacts, message)
    assert (found.counts["replied"], found.counts["left"]) == (3, 1)
    assert found.by_day["replied"].sum() == 3
    # Six letters a bureau are too few to tell of it.
    assert found.by_bureau["replied"].isna().all()


def test_the_interval_of_a_number_of_events_is_that_of_garwood():
    low, high = count_interval(pd.Series([0, 1, 10]))
    # Published: Garwood 1936, as printed by R's poisson.test.
    assert low == pytest.approx([0, 0.0253178, 4.795389], abs=1e-6)
    assert high == pytest.approx([3.688879, 5.571643, 18.39036], abs=1e-5)


def ask(app, method, path, **other):
    """Ask for a page without cookies, origin or login."""

    async def asked():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, **other)

    return asyncio.run(asked())


def served(monkeypatch, folder, *campaigns):
    """Return the pages to leave of campaigns that are open already."""
    by_name = {one.tenant: one for one in campaigns}
    monkeypatch.setattr(leave_page, "workspace_of", lambda _folder, name: by_name.get(name))
    monkeypatch.setattr(leave_page, "open_contacts", lambda workspace: workspace)

    async def answer(request):
        return await leave_page.leave_page(request, folder)

    return Starlette(routes=[Route("/u/{path:path}", answer, methods=["GET", "POST"])])


def test_a_get_shows_a_button_and_a_post_leaves_as_often_as_one_likes(sent, monkeypatch, tmp_path):
    contacts, message, people = sent
    app = served(monkeypatch, tmp_path, contacts)
    link = f"/u/{contacts.tenant}/{leave_secret(contacts.ring, message, people[0])}"
    before = rows(contacts, CONSENTS)
    shown = ask(app, "GET", link, headers={"Accept-Language": "fr"})
    assert shown.status_code == 200
    assert "<button>" in shown.text
    assert "set-cookie" not in shown.headers
    assert people[0] not in shown.text
    assert (rows(contacts, CONSENTS), objecting(contacts)) == (before, {})
    one_click = {"content": "List-Unsubscribe=One-Click"}
    one_click |= {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    for _again in range(3):
        assert ask(app, "POST", link, **one_click).status_code == 200
    assert objecting(contacts) == {people[0]: "unsubscribe"}
    assert rows(contacts, CONSENTS) == before + 1
    assert rows(contacts, RESPONSES) == 1
    with reading(contacts.engine) as connection:
        assert not any(current(connection, people=[people[0]]).values())
    # The return path lets nobody leave; nor does a guess, or another campaign.
    for wrong in (bounce_secret(contacts.ring, message, people[1]), "x", "", "../x"):
        assert ask(app, "POST", f"/u/{contacts.tenant}/{wrong}", **one_click).status_code == 404
    assert ask(app, "POST", link.replace("/u/", "/u/other"), **one_click).status_code == 404
    assert set(objecting(contacts)) == {people[0]}


def test_who_holds_a_forwarded_link_can_leave_and_do_nothing_else(sent, monkeypatch, tmp_path):
    contacts, message, people = sent
    app, who = served(monkeypatch, tmp_path, contacts), people[0]
    secret = leave_secret(contacts.ring, message, who)
    link = f"/u/{contacts.tenant}/{secret}"
    # It says nothing of whose it is, and asks for nothing.
    page = ask(app, "GET", link).text
    assert page.count("<form") == page.count("<button") == 1
    assert "<input" not in page
    for told in (who, "@example.org", "Zoé", message):
        assert told not in page.replace("contact@example.org", "")
    # It opens no preferences, confirms nothing, and is no return path.
    with reading(contacts.engine) as connection:
        assert confirmations.look(connection, contacts, secret) is None
        assert bearer(connection, contacts, bounce=secret) is None
    assert take_back(contacts, report("5.1.1", to=return_path("c@example.org", secret))) == "bounce"
    assert not suppressed(contacts, [("email", f"{who}@example.org")])
    # Whatever is sent along, whoever holds it leaves: nothing is agreed to, and nothing changed.
    persons = rows(contacts, PERSONS)
    wants = {"do": "agree", "box": "political_ads", "email": "me@example.org", "person": people[1]}
    for _again in range(2):
        assert ask(app, "POST", link, data=wants).status_code == 200
    assert ask(app, "PUT", link, data=wants).status_code == 405
    assert objecting(contacts) == {who: "unsubscribe"}
    assert not suppressed(contacts, [("email", "me@example.org")])
    with reading(contacts.engine) as connection:
        now = current(connection)
        assert addresses(connection, contacts, [who]) == {who: f"{who}@example.org"}
    held = {one for one, yes in now.items() if yes}
    assert held == {(one, "letter_email", "email") for one in people[1:]}
    assert rows(contacts, PERSONS) == persons


@pytest.fixture
def elsewhere(store, tmp_path, named, letter):
    """Return another campaign of the same store: people of the same ids, and a message to them."""
    other = opened(store, tmp_path / "b", named("d"), controller=named("list"))
    other = replace(other, controller=replace(CONTROLLER, controller=named("list")))
    supporters(other, 12)
    draft = save(replace(other, by="author"), "m", letter, EVERYBODY)
    approve(other, prepare(other, draft, SETTING, terms=Terms(control=False)))
    return other


def test_secrets_of_a_campaign_find_nobody_in_another(sent, elsewhere, monkeypatch, tmp_path):
    (one, message, people), other = sent, elsewhere
    leaving = leave_secret(one.ring, message, people[0])
    bounce = bounce_secret(one.ring, message, people[0])
    app = served(monkeypatch, tmp_path, one, other)
    before = [rows(other, table) for table in (CONSENTS, STEPS, RESPONSES)]
    assert ask(app, "GET", f"/u/{other.tenant}/{leaving}").status_code == 404
    assert ask(app, "POST", f"/u/{other.tenant}/{leaving}").status_code == 404
    for content in (
        report("5.1.1", to=return_path("c@example.org", bounce)),
        report("", kind="feedback-report", to=return_path("c@example.org", bounce)),
    ):
        take_back(other, content)
    assert [rows(other, table) for table in (CONSENTS, STEPS, RESPONSES)] == before
    assert objecting(other) == objecting(one) == {}
    with reading(other.engine) as connection:
        assert bearer(connection, other, leave=leaving) is None
        assert bearer(connection, other, bounce=bounce) is None
    # In its own they do what they are for.
    assert take_back(one, report("", kind="feedback-report", to=return_path("c@x.fr", bounce)))
    assert (objecting(one), objecting(other)) == ({people[0]: "complaint"}, {})


@pytest.mark.parametrize(
    "broken",
    [
        "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(9_000)),
        "Content-Type: message/rfc822\n\n" * 60_000,
        "From: " + "(" * 900_000 + "\n\nx",
    ],
    ids=["parts", "mails in mails", "remarks in remarks"],
)
def test_a_mail_that_nobody_can_read_keeps_no_other_from_being_taken_in(make, tmp_path, broken):
    contacts = make()
    assert read_returned(broken.encode()).kind == "other"
    box = tmp_path / "box"
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "1").write_bytes(broken.encode())
    (box / "new" / "2").write_bytes(mail(subject="STOP"))
    assert take_back_all(contacts, box) == {"other": 1, "stop": 1}
    assert suppressed(contacts, [("email", "jean@example.org")])
