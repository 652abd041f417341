"""Messages: built, asked about and sent to a mail server in a process of its own; killed; left.

python benchmarks/messages.py [--people N] [--store sqlite|postgresql] [--speed-only]

The rival builds an EmailMessage and opens a connection for each of 1,000 people, and asks and
writes down nothing. Every message that the server took is parsed back.
"""

from __future__ import annotations

import argparse
import contextlib
import email
import email.policy
import multiprocessing
import os
import random
import signal
import smtplib
import socket
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from common import promise

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session
    from sqlalchemy.engine import Engine

    from analysis.contacts.contact_store import Contacts

PEOPLE, RIVAL, KILLS, LEAVING = 25_000, 1_000, 10, 100
RATE = 500.0
FORK = multiprocessing.get_context("fork")
_HEAD = struct.Struct("<dII")


class Kept:
    """The mail server: writes when each message came, to whom, and all of it."""

    def __init__(self, file: Path) -> None:
        """Write into a file."""
        self.file = file.open("ab", buffering=0)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, told: list[str]
    ) -> list[str]:
        """Allow several commands at once (RFC 2920), as Postfix and Exim do."""
        session.host_name = name
        return [*told[:-1], "250-PIPELINING", told[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        to = envelope.rcpt_tos[0].encode()
        head = _HEAD.pack(time.time(), len(to), len(envelope.content))
        self.file.write(head + to + envelope.content)
        return "250 OK"


def serve(file: Path, port: int) -> None:
    """Take mail until one is killed."""
    import asyncio

    from aiosmtpd.smtp import SMTP

    async def forever() -> None:
        loop = asyncio.get_running_loop()
        kept = Kept(file)
        server = await loop.create_server(lambda: SMTP(kept), "127.0.0.1", port)
        async with server:
            await server.serve_forever()

    asyncio.run(forever())


@contextlib.contextmanager
def mail_server(file: Path) -> Iterator[str]:
    """Yield the URL of a mail server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = FORK.Process(target=serve, args=(file, port))
    server.start()
    for _try in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        server.kill()
        server.join()


def taken(file: Path) -> list[tuple[float, str, bytes]]:
    """Return what the server took: when, to whom, what."""
    data, found, at = file.read_bytes(), [], 0
    while at < len(data):
        when, to, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        found.append((when, data[at : at + to].decode(), data[at + to : at + to + size]))
        at += to + size
    return found


def campaign(engine: Engine, folder: Path, name: str, count: int) -> tuple[Contacts, str]:
    """Return a campaign of invented people and a message to all of them, approved."""
    from dataclasses import replace

    from analysis.messages.approve import approve, prepare
    from analysis.messages.control import Terms
    from analysis.messages.drafts import save
    from analysis.messages.letter_blocks import Letter
    from tests.analysis.contacts.invented import opened
    from tests.analysis.messages.conftest import CONTROLLER, EVERYBODY, LETTER, SETTING, supporters

    whole = opened(engine, folder, name)
    author = replace(whole, controller=replace(CONTROLLER, controller=name), by="author")
    supporters(author, count)
    draft = save(author, "m", Letter.read(LETTER), EVERYBODY)
    began = time.perf_counter()
    approve(
        replace(author, by="other"), prepare(author, draft, SETTING, terms=Terms(control=False))
    )
    print(f"      {count} recipients approved in {time.perf_counter() - began:.1f} s")
    return author, draft.message


def send(contacts: Contacts, message: str, url: str) -> Counter[str]:
    """Send what waits."""
    from analysis.messages.outbox import Way, send_message
    from analysis.messages.smtp_post import SmtpPost
    from tests.analysis.messages.conftest import SETTING

    with SmtpPost(url) as post:
        return send_message(contacts, message, Way(post, SETTING.base, SETTING.ground))


def afresh(contacts: Contacts) -> None:
    """Leave the connections of the parent alone, in a process of its own."""
    contacts.engine.dispose(close=False)
    contacts.objections.engine.dispose(close=False)


def working(contacts: Contacts, message: str, url: str) -> None:
    """Send, in a process of its own."""
    afresh(contacts)
    send(contacts, message, url)


def speed(engine: Engine, folder: Path, count: int) -> bool:
    """Send to everybody, and read all back."""
    contacts, message = campaign(engine, folder, "speed", count)
    file = folder / "speed.bin"
    with mail_server(file) as url:
        began, worked = time.perf_counter(), time.process_time()
        done = send(contacts, message, url)
        spent, worked = time.perf_counter() - began, time.process_time() - worked
    rows = taken(file)
    print(f"      {dict(done)} in {spent:.1f} s: {len(rows) / spent:.0f} messages a second")
    # What a busy machine does not change: the worker's own processor, without the mail server's.
    print(f"      processor of the worker: {1000 * worked / max(len(rows), 1):.2f} ms a message")
    twice = len(rows) - len({to for _when, to, _content in rows})
    without, defects, ids = 0, 0, set()
    for _when, _to, content in rows:
        one = email.message_from_bytes(content, policy=email.policy.default)
        wanted = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Message-ID", "Date")
        without += any(not one[name] for name in wanted)
        without += one.get_content_type() != "multipart/alternative"
        defects += any(part.defects for part in one.walk())
        ids.add(one["Message-ID"])
    return all(
        [
            promise("time of a message", 1000 * spent / max(len(rows), 1), 1000 / RATE, "ms"),
            promise("not sent", count - len(rows) + twice, 0.5, "people"),
            promise("sent twice", twice, 0.5, "people"),
            promise("without all headers, or not of two parts", without, 0.5, "messages"),
            promise("with a defect when parsed", defects, 0.5, "messages"),
            promise("Message-IDs that are not distinct", len(rows) - len(ids), 0.5, "messages"),
        ]
    )


def killed(engine: Engine, folder: Path, count: int) -> bool:
    """Kill the worker again and again while it sends."""
    contacts, message = campaign(engine, folder, "killed", count)
    file, kills, rng = folder / "killed.bin", 0, random.Random(2027)
    with mail_server(file) as url:
        for _kill in range(KILLS):
            before = len(taken(file))
            worker = FORK.Process(target=working, args=(contacts, message, url))
            worker.start()
            until = before + rng.randint(1, max(2, count // (2 * KILLS)))
            while worker.is_alive() and len(taken(file)) < until:
                time.sleep(0.001)
            if worker.is_alive():
                os.kill(worker.pid or 0, signal.SIGKILL)
                kills += 1
            worker.join()
        send(contacts, message, url)
    count_of = Counter(to for _when, to, _content in taken(file))
    twice = sum(count_of.values()) - len(count_of)
    print(f"      killed {kills} times, {twice} of {count} sent twice")
    return all(
        [
            promise("killed too seldom", KILLS - kills, 0.5, "times"),
            promise("lost", count - len(count_of), 0.5, "people"),
            promise("sent twice a kill", twice / max(kills, 1), 1.0, "messages"),
        ]
    )


def left(engine: Engine, folder: Path, count: int) -> bool:
    """Let people take their yes back while it is being sent."""
    from tests.analysis.contacts.invented import said, say

    contacts, message = campaign(engine, folder, "left", count)
    file, when = folder / "left.bin", {}
    people = random.Random(1).sample(range(count), min(LEAVING, count // 4))
    with mail_server(file) as url:
        worker = FORK.Process(target=working, args=(contacts, message, url))
        worker.start()
        while worker.is_alive() and not taken(file):
            time.sleep(0.001)
        for n in people:
            say(contacts, said(f"p{n:03d}", given=False, at=int(time.time())))
            when[f"p{n:03d}@example.org"] = time.time()
            time.sleep(0.005)
        worker.join()
    after = [to for at, to, _content in taken(file) if at > when.get(to, at)]
    before = sum(to in when for _at, to, _content in taken(file)) - len(after)
    print(f"      {len(people)} left meanwhile: {before} had theirs, {len(after)} got it after")
    return promise("sent after the withdrawal, but the one in hand", len(after), 1.5, "people")


def rival(folder: Path) -> None:
    """Send as one would by hand: a message object and a connection each."""
    file = folder / "rival.bin"
    with mail_server(file) as url:
        port = int(url.rpartition(":")[2])
        began = time.perf_counter()
        for n in range(RIVAL):
            message = EmailMessage()
            message["From"], message["To"] = "contact@example.org", f"p{n}@example.org"
            message["Subject"] = "Réunion jeudi"
            message.set_content(f"Bonjour Zoé {n}, bureau 1.")
            message.add_alternative(f"<p>Bonjour Zoé {n}, bureau 1.</p>", subtype="html")
            with smtplib.SMTP("127.0.0.1", port) as server:
                server.send_message(message)
        spent = time.perf_counter() - began
    print(f"      rival, {RIVAL} messages: {RIVAL / spent:.0f} a second")


def measure(engine: Engine, folder: Path, count: int) -> bool:
    """Measure one store."""
    small = max(200, count // 10)
    kept = [
        speed(engine, folder, count),
        killed(engine, folder, small),
        left(engine, folder, small),
    ]
    return all(kept)


def main() -> None:
    """Measure, and say which promises are kept."""
    from analysis.database.engine import connect
    from analysis.database.migrate import upgrade

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--speed-only", action="store_true", help="Kill nobody, let nobody leave.")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder / 'store.sqlite'}"
        if asked.store == "postgresql":
            from tests.analysis import postgres

            url = stack.enter_context(postgres.running()).database()
        print(f"{asked.store}, {asked.people} people, load {os.getloadavg()[0]:.1f}")
        engine = connect(url)
        upgrade(engine)
        how = speed if asked.speed_only else measure
        kept = how(engine, folder, asked.people)
        rival(folder)
        engine.dispose()
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
