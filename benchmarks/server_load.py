"""A server under load: people on its pages and phones that send returns, on this machine's cores.

python benchmarks/server_load.py [--people 200] [--phones 50] [--campaigns 4]
    [--minutes 5] [--think 30]
python benchmarks/server_load.py --soak 30

A real server with PostgreSQL, campaigns with a place each, people who are logged in. A person is
what a browser is to the server: a WebSocket that asks for a page, waits until its script has run
to the end, answers what the page asks it to do by itself (fragments that run every so often),
reads for a while (exponential, `--think` seconds in the mean) and asks for another page of their
role. A phone sends one attempt more every ten seconds, the file of before with it, as phones do.
Lost is an attempt that was answered with 200 and is not in the store at the end. Besides, accounts
lose their role while all this goes on: half of them have a page open and touch nothing, half ask
for it again and again; what counts is how long after the withdrawal either page is closed. The
clients run on the same cores. The time of a page is that of its script, without what a browser then
draws.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import sqlalchemy as sa
import websockets
from common import ROOT, promise
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

from tests.analysis import postgres
from tests.browser import free_port, serve
from tests.server_made import configured, environment

# Of every ten people; each opens the pages of their role, as often one as another.
ROLES = ("administrator", "strategist", "strategist", "analyst", "analyst", *["organiser"] * 5)
PAGE_S, STEP_S, HALF_S = 2.0, 10.0, 30.0
# A right taken back closes a page within this time.
OUT_S = 5.0
# What is said to who is logged in and may do nothing any more, in French and English.
_OUT = ("plus aucune campagne", "no campaign has a task")
# What a soak may add in an hour once all pages have been opened.
GROWTH_MB_H = 60.0
_DONE, _FRAGMENT = 0, 3


@dataclass
class Seen:
    """What the clients saw: seconds of each page, faults, attempts that were acknowledged."""

    pages: list[tuple[float, str, float]] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sent: dict[str, set[str]] = field(default_factory=dict)
    memory: list[tuple[float, float]] = field(default_factory=list)
    busy: list[tuple[float, float]] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    fragments: int = 0
    # How the page was used and how many seconds it outlived the right to it.
    out: list[tuple[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    """Who asks: the secret of the login, the pages that open, and by which grant of a campaign."""

    token: str
    pages: tuple[str, ...]
    campaign: str = ""
    grant: str = ""


class Visit:
    """One browser."""

    def __init__(self, url: str, person: Person, seen: Seen, *, think: float) -> None:
        self.url, self.person, self.seen, self.think = url, person, seen, think
        self.every: dict[str, asyncio.Task[None]] = {}
        self.finished, self.out = asyncio.Event(), asyncio.Event()
        self.page = ""

    def _socket(self) -> websockets.connect:
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        options: dict[str, Any] = {
            "additional_headers": {"Cookie": f"palier_session={self.person.token}"},
            "origin": self.url,
            "subprotocols": ["streamlit"],
            "max_size": None,
            "compression": None,
        }
        return websockets.connect(address, **options)

    async def lose(self, at: float, *, asks_again: bool) -> None:
        """Have a page open when the right to it is taken back; note how long it stays."""
        async with self._socket() as socket:
            reader = asyncio.create_task(self._read(socket))
            # A page whose line is cut gets nothing more: a browser comes back, and is asked again.
            reader.add_done_callback(lambda _task: self.out.set())
            try:
                await self._open(socket, self.person.pages[0])
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                await asyncio.to_thread(_withdraw, self.person)
                began = time.monotonic()
                while not self.out.is_set() and time.monotonic() < began + 60:
                    with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                        if asks_again:
                            await socket.send(_asks(self.page))
                        await asyncio.wait_for(self.out.wait(), 1)
                how = "asks again" if asks_again else "touches nothing"
                self.seen.out.append((how, time.monotonic() - began))
            finally:
                for task in (reader, *self.every.values()):
                    task.cancel()

    async def live(self, until: float, rng: random.Random) -> None:
        """Open pages until it is time."""
        await asyncio.sleep(rng.uniform(0, min(self.think, 60)))
        async with self._socket() as socket:
            reader = asyncio.create_task(self._read(socket))
            try:
                while time.monotonic() < until and not reader.done():
                    await self._open(socket, rng.choice(self.person.pages))
                    reads = rng.expovariate(1 / self.think)
                    await asyncio.sleep(max(0.0, min(reads, until - time.monotonic())))
                if reader.done() and not reader.cancelled():
                    self.seen.faults.append(f"closed: {reader.exception()!r}"[:200])
            finally:
                for task in (reader, *self.every.values()):
                    task.cancel()

    async def _open(self, socket: ClientConnection, page: str) -> None:
        for task in self.every.values():
            task.cancel()
        self.every.clear()
        self.finished.clear()
        self.page, began = page, time.monotonic()
        await socket.send(_asks(page))
        try:
            await asyncio.wait_for(self.finished.wait(), 60)
        except TimeoutError:
            self.seen.faults.append(f"{page}: not there after 60 s")
        self.seen.pages.append((began, page, time.monotonic() - began))

    async def _read(self, socket: ClientConnection) -> None:
        async for raw in socket:
            said = ForwardMsg.FromString(raw)
            kind = said.WhichOneof("type")
            if kind == "script_finished" and said.script_finished == _DONE:
                self.finished.set()
            elif kind == "auto_rerun":
                rerun = said.auto_rerun
                again = self._again(socket, rerun.fragment_id, rerun.interval)
                self._replace(rerun.fragment_id, again)
            elif kind == "delta" and any(one in said.delta.new_element.alert.body for one in _OUT):
                self.out.set()
            elif kind == "delta" and said.delta.new_element.WhichOneof("type") == "exception":
                told = said.delta.new_element.exception
                self.seen.faults.append(f"{self.page}: {told.type} {told.message}"[:200])

    def _replace(self, name: str, again: Coroutine[Any, Any, None]) -> None:
        if old := self.every.pop(name, None):
            old.cancel()
        self.every[name] = asyncio.create_task(again)

    async def _again(self, socket: ClientConnection, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self.seen.fragments += 1
            await socket.send(_asks(self.page, fragment))


def _withdraw(person: Person) -> None:
    from analysis.access import membership
    from analysis.database.engine import of_tenant
    from analysis.workflows import server_access

    engine = of_tenant(server_access.engine(), person.campaign)
    membership.revoke(engine, person.grant, by=membership.NOBODY)


def _asks(page: str, fragment: str = "") -> bytes:
    asked = BackMsg()
    asked.rerun_script.page_name = page
    asked.rerun_script.query_string = ""
    asked.rerun_script.context_info.locale = "fr-FR"
    asked.rerun_script.context_info.timezone = "Europe/Paris"
    if fragment:
        asked.rerun_script.fragment_id = fragment
        asked.rerun_script.is_auto_rerun = True
    return bytes(asked.SerializeToString())


async def phone(url: str, turf: dict[str, Any], seen: Seen, until: float) -> None:
    """Send returns as a phone does: the whole outing each time."""
    from analysis.fieldwork.phone_files import checksum

    attempts: list[dict[str, str]] = []
    kept = seen.sent.setdefault(turf["told"]["turf_id"], set())
    async with httpx.AsyncClient(timeout=60) as client:
        await asyncio.sleep(random.uniform(0, STEP_S))  # noqa: S311 - no secret
        while time.monotonic() < until:
            now = datetime.now(UTC) - timedelta(minutes=1)
            attempts.append(
                {
                    "attempt_id": str(uuid.uuid4()),
                    "address_id": turf["addresses"][len(attempts) % len(turf["addresses"])],
                    "at": now.isoformat(timespec="seconds"),
                    "outcome": "no_answer",
                }
            )
            told = {**turf["told"], "made_at": now.isoformat(timespec="seconds")}
            told["attempts"] = attempts[-40:]
            told["checksum"] = checksum(told)
            began = time.monotonic()
            try:
                answer = await client.post(f"{url}/api/returns", content=json.dumps(told))
                if answer.status_code == httpx.codes.OK:
                    kept.update(one["attempt_id"] for one in told["attempts"])
                else:
                    seen.faults.append(f"phone: {answer.status_code} {answer.text[:150]}")
            except httpx.HTTPError as error:
                seen.faults.append(f"phone: {error!r}")
            seen.posts.append(time.monotonic() - began)
            await asyncio.sleep(STEP_S)


def campaigns(place: Path, args: argparse.Namespace) -> tuple[list[Person], list[dict[str, Any]]]:
    """Enter campaigns, people who are logged in, and turfs in the field."""
    from analysis.access import membership, rights, sessions
    from analysis.access.rights import Grant
    from analysis.database.engine import of_tenant, writing
    from analysis.database.tenancy import REALM
    from analysis.workflows import server_access

    engine, entered = server_access.engine(), []
    turfs: list[dict[str, Any]] = []
    ids = []
    for number in range(args.campaigns):
        made = server_access.new_campaign(
            f"C{number}", organisation="Federation", administrator=f"a{number}@example.org"
        )
        folder = server_access.folder_of(made) / "valmont"
        shutil.copytree(place, folder)
        turfs += _in_field(folder, args.phones // args.campaigns + 1)
        ids.append(made)
    for number in range(args.people + args.losing):
        role = ROLES[number // args.campaigns % len(ROLES)]
        with writing(of_tenant(engine, REALM)) as connection:
            user = membership.enter(connection, "load", str(number), f"P{number}")
        given = Grant(ids[number % args.campaigns], role)
        granted = membership.grant(engine, user, given, by=membership.NOBODY)
        open_to = tuple(
            page
            for page, right in rights.pages().items()
            if rights.may([given], given.campaign, right) and page not in ("my_turf", "points")
        )
        token = sessions.open_session(engine, user, hours=12)
        entered.append(Person(token, open_to, given.campaign, granted))
    return entered, turfs[: args.phones]


def _in_field(folder: Path, number: int) -> list[dict[str, Any]]:
    from analysis.fieldwork import field_plan, tokens
    from analysis.fieldwork.store import open_store
    from analysis.tables.workspace import Workspace

    addresses = Workspace(folder).read("addresses").head(number * 12)
    table = addresses[["address_id", "bureau_id"]].assign(
        turf_id=[f"L{n // 12:03d}" for n in range(len(addresses))], dwellings=4
    )
    store = open_store(folder)
    field_plan.register(store.engine, table)
    campaign = store.campaign
    store.engine.dispose()
    return [
        {
            "addresses": list(part["address_id"]),
            "store": folder,
            "told": {
                "palier_returns": 1,
                "campaign_id": campaign.campaign_id,
                "turf_id": turf,
                "seal": "",
                "token": tokens.make(campaign.secret, campaign.campaign_id, turf),
                "team_id": "A",
            },
        }
        for turf, part in table.groupby("turf_id")
    ]


def watch(port: int, database: postgres.Server, seen: Seen, stop: threading.Event) -> None:
    """Note every ten seconds the server's memory (MB), processor time (s) and connections."""
    asks = psycopg.connect(database.url(), autocommit=True)
    counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'palier'"
    process = next(
        p
        for p in psutil.process_iter(["cmdline"])
        if "streamlit" in (p.info["cmdline"] or []) and str(port) in p.info["cmdline"]
    )
    while not stop.wait(10):
        with contextlib.suppress(psutil.Error):
            used = process.cpu_times()
            seen.busy.append((time.monotonic(), used.user + used.system))
            seen.memory.append((time.monotonic(), process.memory_info().rss / 1e6))
            # Of this process, which entered the campaigns, a few are left.
            seen.connections.append(asks.execute(counted).fetchall()[0][0])


@contextlib.contextmanager
def running(
    place: Path, args: argparse.Namespace
) -> Iterator[tuple[str, int, postgres.Server, list[Person], list[dict[str, Any]]]]:
    """Run the server; yield its address, port and database, who there is and which turfs."""
    port = free_port()
    with postgres.running() as database, tempfile.TemporaryDirectory() as folder:
        told = environment(
            database.database(), Path(folder), issuer="http://127.0.0.1:9", port=port
        )
        with configured(told):
            entered, turfs = campaigns(place, args)
            options = ("--client.showErrorDetails", "full")
            with serve("serve.py", *options, env=told, port=port) as url:
                yield url, port, database, entered, turfs


async def load(
    url: str, entered: list[Person], turfs: list[Any], seen: Seen, args: argparse.Namespace
) -> None:
    """Have everybody at work until the time is over."""
    until = time.monotonic() + args.minutes * 60
    rng = random.Random(1)  # noqa: S311 - no secret
    people = [
        Visit(url, one, seen, think=args.think).live(until, random.Random(rng.random()))  # noqa: S311
        for one in entered[: args.people]
    ]
    # Over the second half of the time, when all are at work.
    half, losing = args.minutes * 30, entered[len(people) :]
    out = [
        Visit(url, one, seen, think=args.think).lose(
            until - half * (1 - n / max(len(losing), 1)), asks_again=bool(n % 2)
        )
        for n, one in enumerate(losing)
    ]
    results = await asyncio.gather(
        *people, *out, *(phone(url, turf, seen, until) for turf in turfs), return_exceptions=True
    )
    seen.faults += [f"{one!r}"[:200] for one in results if isinstance(one, BaseException)]


def lost(turfs: list[Any], seen: Seen) -> int:
    """Count attempts that were acknowledged and are not in the store."""
    from analysis.database.models import ATTEMPTS
    from analysis.fieldwork.store import open_store

    missing = set().union(*seen.sent.values()) if seen.sent else set()
    for folder in {turf["store"] for turf in turfs}:
        store = open_store(folder)
        missing -= set(store.frame(sa.select(ATTEMPTS.c.attempt_id))["attempt_id"])
        store.engine.dispose()
    return len(missing)


def growth(seen: Seen) -> float:
    """Return what memory grew by in the second half (MB in an hour)."""
    half = seen.memory[len(seen.memory) // 2 :]
    if len(half) < 3:  # noqa: PLR2004 - a line
        return 0.0
    slope = statistics.linear_regression(*zip(*half, strict=True)).slope
    return slope * 3600


def by_half_minute(seen: Seen) -> str:
    """Return what 95% of the pages of each half minute took: a start is told from a burden."""
    begun = min((at for at, _page, _s in seen.pages), default=0)
    halves: dict[int, list[float]] = {}
    for at, _page, seconds in seen.pages:
        halves.setdefault(int((at - begun) // HALF_S), []).append(seconds)
    ends = (sorted(some)[int(0.95 * (len(some) - 1))] for _number, some in sorted(halves.items()))
    return " ".join(f"{end:.1f}" for end in ends)


def closed(seen: Seen) -> list[bool]:
    """Print how long pages outlived the right to them, and whether the promise is kept."""
    for how in sorted({how for how, _s in seen.out}):
        own = sorted(s for one, s in seen.out if one == how)
        print(
            f"      role taken back from who {how}: n {len(own)}, median "
            f"{statistics.median(own):.1f} s, at most {own[-1]:.1f} s"
        )
    longest = max((s for _how, s in seen.out), default=None)
    if longest is None:
        return []
    return [promise("a page outlives its right by", longest, OUT_S, "s")]


def tell(seen: Seen, gone: int, args: argparse.Namespace, busy: tuple[float, float]) -> bool:
    """Print what was measured, and whether the promises are kept."""
    first = min((at for at, _page, _s in seen.pages), default=0) + min(args.warm, args.minutes * 20)
    times = sorted(s for at, _page, s in seen.pages if at >= first)
    print(f"      load of the machine before {busy[0]:.1f}, after {busy[1]:.1f}")
    print(
        f"      {len(seen.pages)} pages ({len(times)} after the warm-up), {seen.fragments} reruns "
        f"by themselves, {len(seen.posts)} files of phones"
    )
    for page in sorted({page for _at, page, _s in seen.pages}):
        own = sorted(s for at, one, s in seen.pages if one == page and at >= first)
        if own:
            print(
                f"      {page:15s} n {len(own):5d}  median {statistics.median(own):6.2f} s  "
                f"95% {own[int(0.95 * (len(own) - 1))]:6.2f} s"
            )
    print(f"      95% by half minute: {by_half_minute(seen)} s")
    for fault, number in sorted({f: seen.faults.count(f) for f in seen.faults}.items())[:12]:
        print(f"      {number} × {fault}")
    posts = sorted(seen.posts)
    peak = max((mb for _at, mb in seen.memory), default=0.0)
    print(
        f"      memory of the server: {peak:.0f} MB at most; "
        f"{max(seen.connections, default=0)} connections at most; phones 95% "
        f"{posts[int(0.95 * (len(posts) - 1))] if posts else 0:.2f} s"
    )
    own = [(at, used) for at, used in seen.busy if at >= first]
    if len(own) > 1:
        (begun, used), (ended, most) = own[0], own[-1]
        there = sum(begun <= at < ended for at, _page, _s in seen.pages)
        cost = (most - used) / max(there, 1)
        print(
            f"      processor of the server: {cost:.3f} s a page with all else, "
            f"{(most - used) / (ended - begun):.2f} cores; a core that does nothing else is full "
            f"at {args.think / max(cost, 1e-3):.0f} people"
        )
    kept = [
        promise("attempts acknowledged and lost", gone, 0.5, "attempts"),
        promise("95% of pages", times[int(0.95 * (len(times) - 1))] if times else 99, PAGE_S, "s"),
        promise("faults", len(seen.faults), 0.5, "faults"),
    ]
    kept += closed(seen)
    if args.soak:
        for part in range(4):
            at = slice(len(seen.memory) * part // 4, len(seen.memory) * (part + 1) // 4)
            sizes, opened = [mb for _at, mb in seen.memory[at]], seen.connections[at]
            if sizes:
                print(
                    f"      quarter {part + 1}: memory {statistics.median(sizes):.0f} MB, "
                    f"connections {statistics.median(opened):.0f} (at most {max(opened)})"
                )
        kept.append(promise("memory grows by", growth(seen), GROWTH_MB_H, "MB in an hour"))
    return all(kept)


def main() -> None:
    """Run the load."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--people", type=int, default=200)
    words.add_argument("--phones", type=int, default=50)
    words.add_argument("--campaigns", type=int, default=4)
    words.add_argument("--losing", type=int, default=20, help="accounts that lose their role")
    words.add_argument("--minutes", type=float, default=5)
    words.add_argument("--think", type=float, default=30, help="mean seconds on a page")
    words.add_argument("--warm", type=float, default=60, help="seconds that are not counted")
    words.add_argument("--soak", type=float, default=0, help="minutes; memory must stay flat")
    args = words.parse_args()
    args.minutes = args.soak or args.minutes
    if postgres.binaries() is None:
        print("not measured: PostgreSQL is not installed")
        return
    seen, stop, before = Seen(), threading.Event(), psutil.getloadavg()[0]
    place = ROOT / "workspaces" / "valmont"
    with running(place, args) as (url, port, database, entered, turfs):
        told = (port, database, seen, stop)
        watcher = threading.Thread(target=watch, args=told, daemon=True)
        watcher.start()
        asyncio.run(load(url, entered, turfs, seen, args))
        stop.set()
        gone = lost(turfs, seen)
    raise SystemExit(0 if tell(seen, gone, args, (before, psutil.getloadavg()[0])) else 1)


if __name__ == "__main__":
    main()
