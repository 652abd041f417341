"""Tests of the outbox: once each, whoever is killed, and nobody who may not be reached any more."""

from __future__ import annotations

import email
import multiprocessing
import os
import signal
import socket
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller as Server

from analysis.contacts import suppression, vault
from analysis.contacts.contact_store import Round
from analysis.database.contact_tables import HOMES
from analysis.database.engine import reading, writing
from analysis.database.message_tables import STEPS
from analysis.errors import DataError
from analysis.messages import outbox
from analysis.messages.approve import approve, halt, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.letter_links import secret_in
from analysis.messages.outbox import Way, progress_of, send_message, waiting
from analysis.messages.sending_pace import Pace
from analysis.messages.smtp_post import RefusedError, SmtpPost
from analysis.workflows import message_work
from tests.analysis.contacts.invented import merge, said, say
from tests.analysis.messages.conftest import EVERYBODY, SETTING, supporters


class Pigeon:
    """Takes messages away, and does something before some of them."""

    def __init__(self, before=None):
        """Do `before[n]` before message n is taken."""
        self.taken, self.before, self.hand = [], before or {}, ""

    def send(self, sender, to, content):
        """Take a message."""
        self.hand = to.partition("@")[0]
        self.before.get(len(self.taken), lambda: None)()
        self.taken.append((sender, to, content))

    @property
    def people(self):
        """Return who was written to, in order."""
        return [to.partition("@")[0] for _sender, to, _content in self.taken]


def way(post, **other):
    """Return a way to send at once."""
    return Way(post, SETTING.base, SETTING.ground, **other)


def approved(make, letter, count, **changes):
    """Return the campaign and a message to everybody of `count` supporters."""
    author, other = make("author", **changes), make("other", **changes)
    people = supporters(author, count)
    draft = save(author, "m", letter, EVERYBODY)
    approve(other, prepare(author, draft, SETTING, seed=1, terms=Terms(control=False)))
    return other, draft.message, people


def codes(contacts, message):
    """Return step and code of each person."""
    with reading(contacts.engine) as connection:
        query = sa.select(STEPS.c.person, STEPS.c.step, STEPS.c.code)
        rows = connection.execute(query.where(STEPS.c.message == message)).all()
    return {who: (step, code) for who, step, code in rows}


def test_each_gets_it_once_and_whoever_left_meanwhile_gets_none(make, letter):
    contacts, message, people = approved(make, letter, 30)
    assert waiting(contacts) == [message]
    order = Pigeon()
    left, erased = {}, {}

    def somebody(verb, store):
        def act():
            # The one in hand was asked for already: another of the batch.
            done = {*order.people, *left, *erased, order.hand}
            who = next(one for one in people[::-1] if one not in done)
            verb(who)
            store[who] = True

        return act

    def withdraw(who):
        say(contacts, said(who, given=False, at=int(time.time())))

    def stop(who):
        suppression.suppress_people(contacts, [who], "stop")

    def erase(who):
        with writing(contacts.engine, role="eraser") as connection:
            vault.erase(connection, [who])

    order.before = {
        3: somebody(withdraw, left),
        5: somebody(stop, left),
        7: somebody(erase, erased),
    }
    count = send_message(contacts, message, way(order))
    assert count == {"sent": 27, "gate": 3}
    assert len(set(order.people)) == len(order.people) == 27
    assert not (left.keys() | erased.keys()) & set(order.people)
    found = codes(contacts, message)
    assert {found[one] for one in left} == {("gate", "consent"), ("gate", "objection")}
    assert [found[one] for one in erased] == [("gate", "unplaced")]
    assert waiting(contacts) == []
    assert send_message(contacts, message, way(order)) == {}
    assert progress_of(contacts, message) == {
        "sent": 27, "gate": 3, "refused": 0, "bounced": 0, "complained": 0, "waiting": 0,
        "control": 0,
    }  # fmt: skip


def test_headers_are_there_and_distinct(make, letter):
    contacts, message, _people = approved(make, letter, 12)
    post = Pigeon()
    send_message(contacts, message, way(post, bounces="bounces@example.org"))
    parsed = [email.message_from_bytes(content) for _sender, _to, content in post.taken]
    for name in ("Message-ID", "List-Unsubscribe"):
        assert len({one[name] for one in parsed}) == 12
    assert {one["List-Unsubscribe-Post"] for one in parsed} == {"List-Unsubscribe=One-Click"}
    assert len({secret_in(sender) for sender, _to, _content in post.taken} - {""}) == 12
    assert all(sender.endswith("@example.org") for sender, _to, _content in post.taken)


ZONES = {
    "75056": "Europe/Paris",
    "97411": "Indian/Reunion",
    "97209": "America/Martinique",
    "98735": "Pacific/Tahiti",
}


def test_midnight_of_the_eve_strikes_where_the_recipient_lives(make, letter, monkeypatch):
    rounds = tuple(Round("2099-03-15", commune[:3], zone) for commune, zone in ZONES.items())
    contacts, message, people = approved(make, letter, 16, rounds=rounds)
    home = {"tenant": contacts.tenant, "version": 2, "source": "said", "score": None}
    where = {one: sorted(ZONES)[n % 4] for n, one in enumerate(people)}
    with writing(contacts.engine) as connection:
        rows = [
            home | {"person": who, "commune_id": one, "bureau_id": f"{one}_0001"}
            for who, one in where.items()
        ]
        connection.execute(sa.insert(HOMES), rows)
    before = datetime(2099, 3, 13, 23, 59, 59, tzinfo=ZoneInfo("Europe/Paris"))
    post = Pigeon()

    def clock():
        # Midnight in Paris comes once somebody there has been written to.
        in_paris = any(where[who] == "75056" for who in post.people)
        return (before + timedelta(seconds=int(in_paris))).astimezone(UTC)

    monkeypatch.setattr(outbox, "LATEST_S", 10**10)
    send_message(contacts, message, way(post, clock=clock))
    found = codes(contacts, message)
    told = {one: [found[who] for who in people if where[who] == one] for one in ZONES}
    sent, eve = ("sent", ""), ("gate", "l49")
    assert told["97411"] == [eve] * 4
    assert sorted(told["75056"]) == [eve] * 3 + [sent]
    assert told["97209"] == told["98735"] == [sent] * 4


def test_what_is_late_halted_refused_or_merged(make, letter):
    contacts, message, people = approved(make, letter, 14)
    # A merge after approval: the no of either holds for both.
    merge(contacts, people[0], people[1])
    say(contacts, said(people[1], given=False, at=int(time.time())))

    class Fussy(Pigeon):
        def send(self, sender, to, content):
            if to.startswith("p002"):
                raise RefusedError("550 5.1.1", ever=True)
            if to.startswith("p003"):
                raise RefusedError("451 4.7.1", ever=False)
            super().send(sender, to, content)

    post = Fussy()
    count = send_message(contacts, message, way(post))
    assert count == {"sent": 10, "gate": 2, "refused": 1, "later": 1}
    assert codes(contacts, message)["p002"] == ("refused", "550 5.1.1")
    assert waiting(contacts) == [message]
    late = way(post, clock=lambda: datetime.now(UTC) + timedelta(days=5))
    assert send_message(contacts, message, late) == {"gate": 1}
    assert codes(contacts, message)["p003"] == ("gate", "late")


def test_a_halt_holds_between_two_recipients(make, letter):
    contacts, message, _people = approved(make, letter, 12)
    post = Pigeon()
    post.before = {4: lambda: halt(contacts, message, "wrong day")}
    assert send_message(contacts, message, way(post)) == {"sent": 5, "halted": 1}
    assert waiting(contacts) == []


def _work(contacts, message, file, last=0, taken=True):  # noqa: FBT002 - given to a process
    """Send in a process of its own, into a file; a line is a message that was taken.

    The process is killed at the last, before it is taken or after.
    """
    contacts.engine.dispose(close=False)
    contacts.objections.engine.dispose(close=False)

    class Mortal:
        sent = 0

        def send(self, _sender, to, _content):
            self.sent += 1
            if taken or self.sent != last:
                os.write(out, f"{to}\n".encode())
            if self.sent == last:
                os.kill(os.getpid(), signal.SIGKILL)

    out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    send_message(contacts, message, way(Mortal()))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_killed_again_and_again_it_loses_none_and_repeats_one_at_most(make, letter, tmp_path):
    contacts, message, people = approved(make, letter, 60)
    file = tmp_path / "taken.txt"
    fork = multiprocessing.get_context("fork")
    deaths = ((10, True), (15, False), (1, True), (15, True))
    for death in deaths:
        worker = fork.Process(target=_work, args=(contacts, message, file, *death))
        worker.start()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL
    last = Pigeon()
    send_message(contacts, message, way(last))
    taken = Counter([one.partition("@")[0] for one in file.read_text().split()] + last.people)
    assert set(taken) == set(people)
    assert sum(taken.values()) - len(people) <= sum(was_taken for _last, was_taken in deaths)
    assert max(taken.values()) <= 2


def test_two_workers_share_the_work_in_postgresql(make, letter, tmp_path):
    contacts, message, people = approved(make, letter, 60)
    if contacts.engine.dialect.name != "postgresql":
        pytest.skip("a file has one worker")
    file = tmp_path / "taken.txt"
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_work, args=(contacts, message, file)) for _n in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    taken = Counter(one.partition("@")[0] for one in file.read_text().split())
    assert set(taken) == set(people)
    assert max(taken.values()) == 1


class Mailbox:
    """A mail server's end: takes messages, refuses some people."""

    def __init__(self):
        """Start empty."""
        self.taken = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        """Know nobody called gone."""
        if address.startswith("gone@"):
            return "550 5.1.1 no such person"
        if address.startswith("busy@"):
            return "451 4.7.1 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        """Take a message."""
        self.taken.append((envelope.mail_from, envelope.rcpt_tos[0], envelope.content))
        return "250 OK"


def test_a_real_server_is_kept_open_and_its_refusals_are_told():
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(box, hostname="127.0.0.1", port=port)
    server.start()
    with SmtpPost(f"smtp://127.0.0.1:{port}") as post:
        post.send("b+b-1@example.org", "one@example.org", b"Subject: x\r\n\r\nx\r\n")
        kept = post._server
        for who, ever in (("gone", True), ("busy", False)):
            with pytest.raises(RefusedError) as caught:
                post.send("b@example.org", f"{who}@example.org", b"Subject: x\r\n\r\n")
            assert caught.value.ever is ever
        assert caught.value.code == "451 4.7.1"
        for wrong in ("Retours <b@example.org>", "b@mairie-évry.example"):
            # Who writes is wrong, nobody who is written to.
            with pytest.raises(DataError, match="takes nothing"):
                post.send(wrong, "one@example.org", b"Subject: x\r\n\r\n")
        with pytest.raises(RefusedError) as caught:
            post.send("b@example.org", "é@example.org", b"Subject: x\r\n\r\n")
        assert caught.value.ever
        post.send("b@example.org", "zero@example.org", b"Subject: w\r\n\r\n")
        kept = post._server
        kept.sock.close()  # a connection that died is opened once more
        post.send("b@example.org", "two@example.org", b"Subject: y\r\n\r\n")
        assert [to for _from, to, _content in box.taken] == [
            f"{who}@example.org" for who in ("one", "zero", "two")
        ]
        server.stop()
        with pytest.raises(DataError, match="takes nothing"):
            post.send("b@example.org", "three@example.org", b"Subject: z\r\n\r\n")


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("", ""),
        ("Retours <Retours@example.org>", "retours@example.org"),
        ("retours@mairie-évry.example", "retours@xn--mairie-vry-h7a.example"),
    ],
)
def test_the_address_of_bounces_is_written_as_servers_take_it(monkeypatch, named, address):
    monkeypatch.setenv(message_work.BOUNCES, named)
    assert message_work.bounces_to() == address


def test_what_is_no_address_of_bounces_is_told_before_anybody_is_written_to(monkeypatch):
    monkeypatch.setenv(message_work.BOUNCES, "retours")
    with pytest.raises(DataError, match="PALIER_BOUNCES"):
        message_work.bounces_to()


def test_a_wrong_setting_of_mail_stops_the_worker_at_its_start(monkeypatch, tmp_path):
    monkeypatch.setenv("PALIER_SMTP", "smtp://127.0.0.1:9")
    assert message_work.misconfigured() == []
    monkeypatch.setenv(message_work.BOUNCES, "retours")
    monkeypatch.setenv("PALIER_DKIM", f"s1:example.org:{tmp_path / 'none.pem'}")
    monkeypatch.setenv(message_work.RETURNED, str(tmp_path / "nowhere"))
    told = [str(fault) for fault in message_work.misconfigured()]
    assert ["PALIER_DKIM" in told[0], "PALIER_BOUNCES" in told[1]] == [True, True]
    # Its name is told; what it was set to is not.
    assert ("PALIER_RETURNED" in told[2], "nowhere" in told[2]) == (True, False)
    # Without an end of its own: it is not tried again and again in silence.
    with pytest.raises(DataError, match="PALIER_DKIM"):
        message_work.work(tmp_path, message_work.Work(), lambda _what, _count: None)


def test_a_domain_is_not_written_to_faster_than_it_bears():
    now = [0.0]
    pace = Pace(60, clock=lambda: now[0])
    pace.note("example.org")
    assert pace.wait_s("example.org") == pytest.approx(1.0)
    assert pace.wait_s("example.net") == 0
    now[0] = 1.0
    assert pace.wait_s("example.org") == 0
    assert Pace().wait_s("example.org") == 0


def test_while_a_domain_waits_the_others_go_on(make, letter, monkeypatch):
    author, other, now, left = make("author"), make("other"), [0.0], []
    people = supporters(author, 14)
    moved = [(one, "email", f"{one}@example.net") for one in people[:4]]
    with writing(author.engine) as connection:
        vault.put(connection, author.ring, moved)
    draft = save(author, "m", letter, EVERYBODY)
    approve(other, prepare(author, draft, SETTING, seed=1, terms=Terms(control=False)))

    class Watched(Pigeon):
        def send(self, sender, to, content):
            left.append((now[0], to.partition("@")[2]))
            super().send(sender, to, content)

    def sleep(seconds):
        now[0] += seconds

    monkeypatch.setattr(outbox.time, "sleep", sleep)
    post, pace = Watched(), Pace(60, clock=lambda: now[0])
    assert send_message(other, draft.message, way(post, pace=pace)) == {"sent": 14}
    assert sorted(post.people) == people
    # One a second to each: ten in nine seconds, and the four of the other beside the first of them.
    at = {domain: [when for when, to in left if to == domain] for _when, domain in left}
    assert at["example.org"] == pytest.approx(range(10))
    assert at["example.net"] == pytest.approx(range(4))
