"""Texts, paper, signatures and what calls back: every channel besides the mail itself."""

from __future__ import annotations

import asyncio
import email
import json
import multiprocessing
import re
import socket
import threading
import time
from base64 import b64encode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import isnan

import dkim
import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.contacts import consents, vault
from analysis.contacts.asked import wordings
from analysis.contacts.gate import agreements
from analysis.contacts.suppression import objecting, suppressed
from analysis.contacts.universe import Universe
from analysis.database.contact_tables import CONSENTS
from analysis.database.engine import connect, reading, writing
from analysis.database.migrate import upgrade
from analysis.errors import DataError
from analysis.exports.printed_letter import printed
from analysis.messages import inbound
from analysis.messages.approve import approve, prepare
from analysis.messages.came_back import came_back
from analysis.messages.control import Terms
from analysis.messages.dkim_seal import Seal
from analysis.messages.drafts import POINT_OF, save
from analysis.messages.inbound import hook_secret, is_sms_stop, take_call
from analysis.messages.letter_blocks import Letter
from analysis.messages.letter_links import bounce_secret, return_path
from analysis.messages.loads import note_load
from analysis.messages.outbox import Way, progress_of, send_message
from analysis.messages.recipients import asked_of
from analysis.messages.sms_post import FILE, GatewayPost, sms_post, sms_sender
from analysis.messages.smtp_post import RefusedError
from analysis.workflows import inbound_hook, mail_out, mail_worker, message_work
from analysis.workflows.door_contacts import enter_slip
from tests.analysis.contacts.invented import said, say
from tests.analysis.messages.conftest import (
    BASE,
    CONTROLLER,
    EVERYBODY,
    LETTER,
    SETTING,
    care,
    supporters,
)
from tests.analysis.messages.test_outbox import Pigeon

TEXT = {
    "language": "fr",
    "channel": "sms",
    "blocks": [{"kind": "text", "text": "Bonjour {{ first_name | default('') }}, à jeudi."}],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Make one file: both stores are tested with the outbox."""
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('channels') / 'store.sqlite'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def phoned(make, count=12):
    """Return a campaign of people with a telephone, all but the last of whom agreed to texts."""
    contacts = make()
    people = supporters(contacts, count)
    told = [(one, "phone", f"+336399801{n:02d}") for n, one in enumerate(people)]
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, told)
        vault.index(connection, contacts.ring, told)
    say(contacts, *(said(one, "letter_sms", "sms") for one in people[:-1]))
    return contacts, people


def approved(contacts, letter, universe=EVERYBODY):
    """Approve a message to everybody, or to some; return its id."""
    draft = save(contacts, "m", Letter.read(letter), universe)
    prepared = prepare(contacts, draft, SETTING, terms=Terms(control=False))
    approve(replace(contacts, by="other"), prepared)
    return draft.message


WORDS = {
    "email": {("letter_email", "email"), ("political_ads", "email")},
    "sms": {("letter_sms", "sms"), ("political_ads", "sms")},
}


@pytest.mark.parametrize("channel", sorted(POINT_OF))
def test_what_approval_asks_of_each_person_is_what_delivery_asks(make, channel):
    contacts, people = phoned(make, 14)
    letter = TEXT if channel == "sms" else LETTER
    care(contacts, people)
    for where in ({"volunteering": True}, {"donation": True}, {"theme": "housing"}):
        universe = Universe.read({"of": "people", "where": where})
        draft = save(contacts, "m", Letter.read(letter), universe)
        assert agreements(asked_of(draft, ())) == WORDS[channel], where
    plain = asked_of(save(contacts, "m", Letter.read(letter), EVERYBODY), ())
    assert agreements(plain) == {one for one in WORDS[channel] if "letter" in one[0]}
    # A yes to chosen messages by one channel is none by another.
    other = "email" if channel == "sms" else "sms"
    say(contacts, *(said(one, "political_ads", other) for one in people))
    with pytest.raises(DataError, match="Nobody of this universe") as refused:
        approved(contacts, letter, universe)
    assert "ads: 14" in str(refused.value.where)
    say(contacts, *(said(one, "political_ads", channel) for one in people[:12]))
    message = approved(contacts, letter, universe)
    # Whoever is approved is reached: the page of approval told the truth.
    assert send_message(contacts, message, Way(Pigeon(), BASE, SETTING.ground)) == {"sent": 12}


SLIP = {
    "said_on": "2026-11-01",
    "turf": "",
    "team": "",
    "language": "fr",
    "first_name": "Camille",
    "email": "",
    "said": ["adult"],
    "themes": ["housing"],
}


def test_texts_by_theme_reach_who_ticked_their_box_on_a_form_of_ours(make):
    contacts = make()
    asked = wordings(contacts)["fr"]
    ticked = ("letter_sms", "opinion", "political_ads_sms")
    for n in range(13):
        # The thirteenth agrees to be chosen for by e-mail, which says nothing of texts.
        boxes = ticked if n < 12 else ("letter_sms", "opinion", "political_ads")  # noqa: PLR2004
        who = {"last_name": f"Exemple{n}", "phone": f"06 39 98 02 {n:02d}"}
        who |= {"email": f"e{n}@valmont.example"}
        texts = {box: [asked[box].text_id, asked[box].version] for box in boxes}
        enter_slip(contacts, SLIP | who | {"texts": texts})
    message = approved(
        contacts, TEXT, Universe.read({"of": "people", "where": {"theme": "housing"}})
    )
    pigeon = Pigeon()
    assert send_message(contacts, message, Way(pigeon, BASE, SETTING.ground)) == {"sent": 12}


def test_a_campaign_of_before_gets_the_words_of_a_box_that_is_new(make, monkeypatch):
    contacts = make()
    before = {box: said for box, said in consents._defaults().items() if not box.endswith("_sms")}
    with monkeypatch.context() as older, writing(contacts.engine) as connection:
        older.setattr(consents, "_defaults", lambda: before)
        own = {"purpose": "phone", "language": "fr", "wording": "Appelez-moi."}
        consents.reword(connection, contacts, **own)
    told = wordings(contacts)["fr"]
    assert "par SMS" in told["political_ads_sms"].wording
    assert told["phone"].wording == "Appelez-moi."


@pytest.mark.parametrize(
    ("told", "doubts"),
    [
        ("https://t@gateway.example.org/send?from=VALMONT", 1),
        ("https://t@gateway.example.org/send?from=%2B33639980199", 0),
        ("https://t@gateway.example.org/send?from=36111", 0),
        ("https://t@gateway.example.org/send", 0),
        ("file:///tmp/out", 0),
    ],
)
def test_nobody_can_answer_stop_to_a_name(make, told, doubts):
    contacts, _people = phoned(make)
    draft = save(contacts, "m", Letter.read(TEXT), EVERYBODY)
    setting = replace(SETTING, sender=sms_sender(told))
    checks = prepare(contacts, draft, setting, terms=Terms(control=False)).checks
    assert [one.name for one in checks if one.state == "doubt"] == ["sender"] * doubts


def test_texts_go_into_a_file_to_who_agreed_and_stop_ends_them(make, tmp_path):
    contacts, people = phoned(make)
    message = approved(contacts, TEXT)
    post = sms_post(f"file://{tmp_path}/out")
    told = take_call(contacts, {"kind": "sms", "from": "06 39 98 01 03", "text": "Stop SVP"})
    assert told == "stop"
    count = send_message(contacts, message, Way(post, BASE, SETTING.ground))
    assert count == {"sent": 10, "gate": 1}
    rows = [json.loads(line) for line in (tmp_path / "out" / FILE).read_text().splitlines()]
    assert {row["to"] for row in rows} == {f"+336399801{n:02d}" for n in range(11)} - {
        "+33639980103"
    }
    assert "répondez STOP" in rows[0]["text"]
    assert "Association X" in rows[0]["text"]
    assert len({row["id"] for row in rows}) == 10
    # STOP by text holds for every channel of the controller, and is written as a yes taken back.
    assert set(objecting(contacts)) == {people[3]}
    with reading(contacts.engine) as connection:
        now = consents.current(connection, people=[people[3]])
        query = sa.select(sa.func.count()).where(CONSENTS.c.person == people[3], ~CONSENTS.c.given)
        assert set(now.values()) == {False}
        assert {channel for _who, _what, channel in now} == {"email", "sms"}
        assert connection.execute(query).scalar() == 2
    take_call(contacts, {"kind": "sms", "from": "+33 6 39 98 01 03", "text": "STOP"})
    with reading(contacts.engine) as connection:
        assert connection.execute(query).scalar() == 2  # said twice, written once
    # A gateway that does not say what it brings is understood all the same.
    assert take_call(contacts, {"from": "+33639980104", "text": "STOP"}) == "stop"
    assert set(objecting(contacts)) == {people[3], people[4]}
    assert progress_of(contacts, message)["waiting"] == 0


def test_answers_by_text_are_counted_as_those_by_mail_are(make, tmp_path):
    contacts, people = phoned(make, 13)
    texted = approved(contacts, TEXT)
    post = sms_post(f"file://{tmp_path}/out")
    assert send_message(contacts, texted, Way(post, BASE, SETTING.ground)) == {"sent": 12}
    # A letter by mail that leaves later is not what a text answers.
    mailed = approved(contacts, LETTER)
    send_message(contacts, mailed, Way(Pigeon(), BASE, SETTING.ground))
    numbers = [f"+336399801{n:02d}" for n in range(13)]
    calls = [
        {"from": numbers[0], "text": "Oui, je viens"},
        {"from": numbers[0], "text": "À quelle heure ?"},
        {"from": numbers[1], "text": "Oui", "id": "a"},
        {"from": numbers[1], "text": "Oui", "id": "b"},
        {"from": numbers[2], "text": "STOP"},
        {"from": numbers[3], "text": " "},  # nothing was said
        {"from": numbers[12], "text": "Qui êtes-vous ?"},  # got no text
        {"from": "+33700000000", "text": "Oui"},  # nobody we know
        {"from": "VALMONT", "text": "Oui"},  # no number
    ]
    for _twice in range(2):
        told = [take_call(contacts, {"kind": "sms", **one}) for one in calls]
        assert [one for one in told if one != "other"] == ["stop"]
    counts = came_back(contacts, texted).counts
    assert (counts["replied"], counts["left"]) == (4, 1)
    assert came_back(contacts, mailed).counts["replied"] == 0
    assert set(objecting(contacts)) == {people[2]}
    # A month later a text is no answer any more.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inbound.time, "time", lambda now=time.time: now() + 31 * 86_400)
        take_call(contacts, {"kind": "sms", "from": numbers[4], "text": "Bonjour"})
    assert came_back(contacts, texted).counts["replied"] == 4
    # The gateway names the text it could not bring: its number is left alone, not the mailbox.
    rows = [json.loads(line) for line in (tmp_path / "out" / FILE).read_text().splitlines()]
    named = next(row["id"] for row in rows if row["to"] == numbers[5])
    assert take_call(contacts, {"kind": "bounce", "id": named, "status": "5.1.1"}) == "bounce"
    points = [("phone", numbers[5]), ("email", f"{people[5]}@example.org")]
    assert suppressed(contacts, points) == {points[0]: "bounce"}
    assert progress_of(contacts, texted)["bounced"] == 1


def test_a_gateway_takes_refuses_for_good_or_later():
    asked, codes = [], iter([202, 422, 503])

    def answer(request):
        asked.append(request)
        return httpx.Response(next(codes))

    url = "https://key@gateway.example.org/send?from=VALMONT"
    post = GatewayPost(url, httpx.MockTransport(answer))
    post.send("id1", "+33639980100", b"Bonjour")
    for ever in (True, False):
        with pytest.raises(RefusedError) as refused:
            post.send("id1", "+33639980100", b"x")
        assert refused.value.ever is ever
    post.close()
    assert str(asked[0].url) == "https://gateway.example.org/send"
    assert asked[0].headers["authorization"] == "Bearer key"
    assert json.loads(asked[0].content) == {
        "id": "id1", "from": "VALMONT", "to": "+33639980100", "text": "Bonjour"
    }  # fmt: skip
    assert sms_post("") is None
    with pytest.raises(DataError, match="cannot be sent"):
        sms_post("http://gateway.example.org")


def _gateway(listener, file):
    """Answer as the documentation says a gateway does, and write down what it was asked."""

    class Asked(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            told = json.loads(self.rfile.read(int(self.headers["content-length"])))
            names = ("authorization", "content-type")
            row = [self.command, self.path.partition("?")[0], *map(self.headers.get, names), told]
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")
            self.send_response(422 if told["to"].endswith("99") else 202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_words):
            """Say nothing."""

    server = HTTPServer(listener.getsockname(), Asked, bind_and_activate=False)
    server.socket = listener
    server.serve_forever()


def test_a_gateway_of_the_documented_shape_takes_texts_in_a_process_of_its_own(tmp_path):
    file = tmp_path / "asked.jsonl"
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    gateway = multiprocessing.get_context("fork").Process(target=_gateway, args=(listener, file))
    gateway.start()
    listener.close()
    post = GatewayPost(f"http://key@127.0.0.1:{port}/send?from=VALMONT")
    try:
        post.send("id1", "+33639980100", "À jeudi".encode())
        with pytest.raises(RefusedError) as refused:
            post.send("id2", "+33639980199", b"x")
        assert refused.value.ever
    finally:
        post.close()
        gateway.kill()
        gateway.join()
    with pytest.raises(DataError, match="takes nothing at present"):
        GatewayPost(f"http://key@127.0.0.1:{port}/send").send("id3", "+33639980100", b"x")
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        ["POST", "/send", "Bearer key", "application/json"]
        + [{"id": "id1", "from": "VALMONT", "to": "+33639980100", "text": "À jeudi"}],
        ["POST", "/send", "Bearer key", "application/json"]
        + [{"id": "id2", "from": "VALMONT", "to": "+33639980199", "text": "x"}],
    ]


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", "Stop.", "S.T.O.P", "s t o p", "STOOOP", "stop svp", "STOP 36111", "Stop sms"]
    + ["Arrêt", "ARRET", "arrêter", "désabonnement", "Me désinscrire", "unsubscribe", "stopp!"],
)
def test_stop_is_understood_in_its_spellings(text):
    assert is_sms_stop(text)


@pytest.mark.parametrize(
    "text",
    ["", "Je viens", "Stop à la vie chère, je viens jeudi", "non stop de 8 h à 20 h", "36111"],
)
def test_what_is_no_stop_ends_nothing(text):
    assert not is_sms_stop(text)


def test_a_bounce_and_a_complaint_are_called_in(make, monkeypatch, tmp_path):
    contacts = make()
    supporters(contacts, 12)
    message = approved(contacts, LETTER)
    send_message(contacts, message, Way(Pigeon(), BASE, SETTING.ground))
    monkeypatch.setattr(
        inbound_hook, "workspace_of", lambda _folder, name: tmp_path if name == "c" else None
    )
    monkeypatch.setattr(inbound_hook, "open_contacts", lambda _folder: contacts)

    async def hook(request):
        return await inbound_hook.inbound(request, tmp_path)

    routes = Starlette(routes=[Route("/i/{path:path}", hook, methods=["POST"])])

    def post(address, **content):
        async def asked():
            transport = httpx.ASGITransport(routes)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.post(address, **content)

        return asyncio.run(asked())

    paths = [
        return_path("contact@example.org", bounce_secret(contacts.ring, message, f"p{n:03d}"))
        for n in range(3)
    ]
    url = f"/i/c/{hook_secret(contacts)}"
    calls = [
        {"kind": "bounce", "return_path": paths[0], "status": "5.1.1\x00"},
        {"kind": "bounce", "return_path": paths[1], "status": "4.2.2"},
        {"kind": "complaint", "return_path": paths[2]},
        {"kind": "complaint", "return_path": "contact+b-forged@example.org"},
    ]
    for _twice in range(2):
        told = [post(url, json=one).json()["taken"] for one in calls]
        assert told == ["bounce", "other", "complaint", "other"]
    assert post(f"/i/c/{'0' * 48}", json=calls[0]).status_code == 404
    assert post(f"/i/d/{hook_secret(contacts)}", json=calls[0]).status_code == 404
    assert post(url, content=b"{").status_code == 400
    assert post(url, content=b"[" * 200_000).status_code == 400
    progress = progress_of(contacts, message)
    assert (progress["bounced"], progress["complained"]) == (1, 1)
    assert set(objecting(contacts)) == {"p002"}
    assert suppressed(contacts, [("email", "p000@example.org")])
    # A server that quotes the whole letter, pictures and all, says why at the beginning.
    report = (
        f"From: MAILER-DAEMON@example.net\r\nTo: {paths[1]}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; example.net\r\n"
        "\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    ).encode() + b"x" * 70 * 40_000
    taken = post(url, content=report, headers={"content-type": "message/rfc822"})
    assert taken.json() == {"taken": "bounce"}


def test_a_signature_holds_for_the_headers_by_which_one_leaves(make, tmp_path):
    key = rsa.generate_private_key(65_537, 2_048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (tmp_path / "key.pem").write_bytes(pem)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    seal, post, contacts = Seal.read(f"s1:example.org:{tmp_path}/key.pem"), Pigeon(), make()
    supporters(contacts, 12)
    way = Way(post, BASE, SETTING.ground, sign=seal.signed)
    send_message(contacts, approved(contacts, LETTER), way)
    (_sender, _to, content) = post.taken[0]

    def dns(name, timeout=5):
        assert name == b"s1._domainkey.example.org."
        return b"v=DKIM1; k=rsa; p=" + b64encode(public)

    assert dkim.verify(content, dnsfunc=dns)
    assert not dkim.verify(
        content.replace(b"List-Unsubscribe: <", b"List-Unsubscribe: <x"), dnsfunc=dns
    )
    for wrong in ("s1:example.org", f"s1:example.org:{tmp_path}/none.pem"):
        with pytest.raises(DataError, match="cannot be signed"):
            Seal.read(wrong)


def test_loads_are_counted_by_cells_of_who_agreed_and_nobody_else_has_a_picture(make):
    contacts, post = make(), Pigeon()
    people = supporters(contacts, 40)  # twenty a bureau, even and odd
    measured = [*people[0:30:2], *people[1:8:2]]  # fifteen of the one, four of the other
    say(contacts, *(said(one, "open_tracking") for one in measured))
    draft = save(contacts, "m", Letter.read(LETTER), EVERYBODY)
    off = prepare(contacts, draft, SETTING, terms=Terms(control=False))
    assert not off.terms.loads
    terms = Terms(control=False, loads=True)
    approve(replace(contacts, by="other"), prepare(contacts, draft, SETTING, terms=terms))
    say(contacts, said(people[0], "open_tracking", given=False, at=int(time.time())))
    send_message(contacts, draft.message, Way(post, BASE, SETTING.ground))
    seen = {}
    for _sender, to, content in post.taken:
        html = email.message_from_bytes(content).get_payload()[1].get_payload(decode=True).decode()
        seen[to.partition("@")[0]] = re.findall(r'<img src="([^"]+)"', html)
    with_one = {who: found[0] for who, found in seen.items() if found}
    # Four are too few, and who took it back has none.
    assert set(with_one) == set(people[2:30:2])
    (address,) = set(with_one.values())
    token = address.rpartition("/")[2].removesuffix(".gif")
    for program, known in (("Mozilla/5.0 Thunderbird", token), ("GoogleImageProxy", token)):
        assert note_load(contacts, draft.message, known, program)
    assert not note_load(contacts, draft.message, "0" * 32, "Mozilla/5.0")
    back = came_back(contacts, draft.message)
    assert (back.counts["loaded"], back.counts["loaded_by_machine"]) == (1, 1)
    # By bureau without machines; where four agreed nothing is counted, not even none.
    loads = back.by_bureau[["cell", "loaded", "loaded_low", "loaded_high"]].to_numpy().tolist()
    assert loads[0] == ["99900_0001", 1, pytest.approx(0.0253178), pytest.approx(5.571643)]
    assert all(map(isnan, loads[1][1:]))
    # Who says something of themselves afterwards is counted once; a theme of three is not told.
    later = int(time.time()) + 60
    care(contacts, people[:12], at_s=later)
    care(contacts, [*people[:2], *people[12:13]], "school", at_s=later)
    found = came_back(contacts, draft.message)
    assert found.counts["signed"] == found.by_day["signed"].sum() == 13
    assert found.by_bureau["signed"].tolist() == [7, 6]
    themes = found.by_theme.set_index("theme")
    assert themes.at["housing", "n"] == 12
    assert themes.at["housing", "low"] < 12 / 40 < themes.at["housing", "high"]
    assert themes.loc["school"].isna().all()


def test_a_letter_of_paper_is_the_same_for_everybody():
    blocks = [{"kind": "title", "text": "Venez"}, {"kind": "text", "text": "Jeudi. " * 900}]
    letter = Letter.read(LETTER | {"blocks": blocks})
    made = printed(letter, CONTROLLER)
    assert made.startswith(b"%PDF")
    assert made == printed(letter, CONTROLLER)
    assert b"/Count 2" in made
    with pytest.raises(DataError, match="the same for everybody"):
        printed(Letter.read(LETTER), CONTROLLER)


def test_the_worker_of_a_server_goes_through_its_places_and_outlives_faults(tmp_path, monkeypatch):
    for name in ("one", "two/place"):
        (tmp_path / name / "fieldwork").mkdir(parents=True)
    done, ending = [], threading.Event()

    def work(place, _how, _say, *, stop):
        done.append(place.name)
        if place.name == "place":
            ending.set()
            assert stop()
        raise DataError("The mail server takes nothing at present.")

    monkeypatch.setattr(mail_worker, "ROUND_S", 0.01)
    monkeypatch.setattr(message_work, "work", work)
    mail_worker.work_on(tmp_path, ending)
    assert done == ["one", "place"]


def test_what_was_just_approved_does_not_wait_for_the_next_round(tmp_path, monkeypatch):
    (tmp_path / "one" / "fieldwork").mkdir(parents=True)
    came, ending = threading.Event(), threading.Event()
    monkeypatch.setattr(mail_worker, "ROUND_S", 3600)
    monkeypatch.setattr(message_work, "work", lambda *_args, **_how: came.set())
    worker = threading.Thread(target=mail_worker.work_on, args=(tmp_path, ending), daemon=True)
    worker.start()
    assert not came.is_set()
    mail_worker.soon()
    assert came.wait(60)
    ending.set()
    mail_worker.soon()
    worker.join(60)
    assert not worker.is_alive()


def test_only_what_is_configured_takes_messages_away(monkeypatch):
    for name in ("PALIER_SMTP", "PALIER_SMS"):
        monkeypatch.delenv(name, raising=False)
    assert not any(map(mail_out.takes_away, ("email", "sms")))
    monkeypatch.setenv("PALIER_SMTP", "smtp://localhost")
    assert [*map(mail_out.takes_away, ("email", "sms"))] == [True, False]
    monkeypatch.setenv("PALIER_SMS", "https://gateway.example")
    assert all(map(mail_out.takes_away, ("email", "sms")))
