"""Returns: questions of the Terrain page to 5 million attempts, and fifty writers at once.

python benchmarks/fieldwork.py [--attempts N] [--writers N] [--url URL]

On a SQLite file, then on the PostgreSQL of --url, or on one that is started for the occasion
where it is installed. Attempts are filled in directly, the sums worked out by the code under
test. A writer is a process that reads, checks and adds files of a hundred attempts, the last of
them twice; it has added one before the clock starts.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import date
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pandas as pd
from common import promise

from analysis.fieldwork.store import Store, open_store

ATTEMPTS, WRITERS = 5_000_000, 50
FILE_ROWS, FILES = 100, 17
PER_TURF, PER_ADDRESS = 180, 8
PAGE = {"postgresql": 1.0, "sqlite": 2.0}
LEAST_PER_S = 2000.0
TODAY = date(2027, 4, 1)
FORK = multiprocessing.get_context("fork")


@contextlib.contextmanager
def databases(url: str) -> Iterator[list[str]]:
    """Yield the URLs to measure: a file, and a PostgreSQL where there is one."""
    if url:
        yield ["", url]
        return
    from tests.analysis import postgres  # the tests' server, on its own socket

    if postgres.binaries() is None:
        print("      not measured: PostgreSQL is not installed")
        yield [""]
        return
    with postgres.running() as server:
        yield ["", server.database()]


def plan_of(attempts: int) -> pd.DataFrame:
    turfs = max(attempts // PER_TURF, WRITERS)
    turf = np.repeat(np.arange(turfs), PER_TURF // PER_ADDRESS)
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "turf_id": [f"T{n:06d}" for n in turf],
            "address_id": [f"75056_{n:07d}" for n in range(len(turf))],
            "bureau_id": [f"75056_{n // 30:04d}" for n in turf],
            "dwellings": rng.integers(1, 20, len(turf)),
        }
    )


def rows_of(number: int, plan: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw attempts as the store holds them: outings of an evening, three to a turf."""
    from analysis.fieldwork.field_plan import kind_of

    # Attempts come outing by outing, as they are imported.
    stop = np.sort(rng.integers(0, len(plan), number))
    place = plan.iloc[stop].reset_index(drop=True)
    visit = rng.integers(0, 3, number)
    turf = place["turf_id"].str[1:].astype("int64").to_numpy()
    day = (turf * 7 + visit * 9) % 28
    hour = 17 + (turf + visit) % 3
    start = pd.Timestamp("2027-03-01", tz="Europe/Paris").timestamp()
    outcome = rng.choice(["no_answer", "refused", "conversation"], number, p=[0.7, 0.1, 0.2])
    days = np.array([d.date() for d in pd.date_range("2027-03-01", periods=28)])
    return pd.DataFrame(
        {
            "attempt_id": [uuid.UUID(bytes=rng.bytes(16)).hex for _ in range(number)],
            "import_id": "filled",
            **{name: place[name] for name in ("turf_id", "address_id", "bureau_id")},
            "kind": kind_of(place["dwellings"]),
            "team_id": [f"team {n}" for n in turf % 200],
            "at_s": (start + 86400 * day + 3600 * hour + rng.integers(0, 3600, number)).astype(int),
            "day": days[day],
            "hour": hour,
            "outcome": outcome,
            "quality": np.where(outcome == "conversation", rng.integers(1, 6, number), None),
            "opponent": rng.random(number) < 0.02,
            "themes": "",
            "note": "",
            "corrects": None,
        }
    )


def fill(store: Store, attempts: int, plan: pd.DataFrame) -> None:
    """Write the attempts by the fastest way of the engine, then work out the sums."""
    from analysis.database.engine import writing
    from analysis.fieldwork import tallies

    parts = np.array_split(np.arange(len(plan)), max(attempts // 250_000, 1))
    rng = np.random.default_rng(1)
    for part in parts:
        rows = rows_of(attempts // len(parts), plan.iloc[part], rng)
        with writing(store.engine) as connection:
            raw = connection.connection.driver_connection
            columns = ", ".join(rows.columns)
            values = rows.astype("object").itertuples(index=False, name=None)
            if store.engine.dialect.name == "sqlite":
                marks = ", ".join("?" * rows.shape[1])
                plain = ((*v[:8], str(v[8]), *v[9:]) for v in values)
                raw.executemany(f"INSERT INTO attempts ({columns}) VALUES ({marks})", plain)
            else:
                with raw.cursor().copy(f"COPY attempts ({columns}) FROM STDIN") as copy:
                    for row in values:
                        copy.write_row(row)
    with writing(store.engine) as connection:
        tallies.rebuild(connection)
        connection.exec_driver_sql("ANALYZE")


def questions() -> dict:
    """Return what the Terrain page asks, each a function of the store."""
    from analysis.fieldwork import progress, revisits

    return {
        "state": progress.state,
        "totals": progress.totals,
        **{
            f"by {key}": lambda s, k=key: progress.by(s, k)
            for key in ("day", "team_id", "bureau_id")
        },
        "rates": lambda s: progress.cells(s, "weekend", "hour", "kind"),
        "paces": progress.outings,
        "coverage": progress.coverage,
        "to return": lambda s: revisits.to_return(s, TODAY),
        "wishes": lambda s: revisits.wishes(s, TODAY),
        "conflicts": lambda s: s.conflicts(),
        "flags": lambda s: s.flags(),
    }


def ask(store: Store) -> float:
    """Ask everything once; print the slowest, return the seconds of all together."""
    taken = {}
    for name, question in questions().items():
        started = time.perf_counter()
        question(store)
        taken[name] = time.perf_counter() - started
    print("      " + ", ".join(f"{name} {1000 * s:.0f} ms" for name, s in taken.items()))
    return sum(taken.values())


def write_files(folder: Path, url: str, contents: list[bytes], go: Event) -> None:
    """Import files one after the other, the last of them twice."""
    from analysis.fieldwork import inbox

    store = open_store(folder, url)
    now = pd.Timestamp("2027-04-02", tz="UTC")
    inbox.receive(store, contents[0], name="first.json", now=now)
    go.wait()
    for n, content in enumerate([*contents[1:], contents[-1]]):
        inbox.receive(store, content, name=f"{n}.json", now=now)
    store.engine.dispose()


def phone_file(store: Store, turf: str, places: list[str], rng: np.random.Generator) -> bytes:
    import json

    from analysis.fieldwork import phone_files, tokens

    campaign = store.campaign
    minute = (f"2027-04-01T18:{n % 60:02d}:{n % 59:02d}+02:00" for n in range(FILE_ROWS))
    told = {
        "palier_returns": 1,
        "campaign_id": campaign.campaign_id,
        "turf_id": turf,
        "token": tokens.make(campaign.secret, campaign.campaign_id, turf),
        "team_id": "A",
        "attempts": [
            {
                "attempt_id": str(uuid.UUID(bytes=rng.bytes(16))),
                "address_id": places[int(rng.integers(len(places)))],
                "at": at,
                "outcome": "no_answer",
            }
            for at in minute
        ],
    }
    return json.dumps(told | {"checksum": phone_files.checksum(told)}).encode()


def writers_at_once(store: Store, folder: Path, url: str, writers: int) -> tuple[float, int]:
    """Return new attempts per second with all writers at work, and how many are not right."""
    from analysis.fieldwork import field_plan, inbox, progress

    before = progress.totals(store).attempts
    rng = np.random.default_rng(2)
    turfs = plan_of(PER_TURF * writers * FILES).assign(
        turf_id=lambda t: "W" + t["turf_id"], bureau_id="75056_W", dwellings=50
    )
    field_plan.register(store.engine, turfs)
    places = turfs.groupby("turf_id")["address_id"].agg(list)
    own = [
        [
            phone_file(store, str(turf), held, rng)
            for turf, held in list(places.items())[w::writers][:FILES]
        ]
        for w in range(writers)
    ]
    inbox.read(own[0][0], store, name="warm", now=pd.Timestamp("2027-04-02", tz="UTC"))
    store.engine.dispose()  # no connection is shared with the writers
    go = FORK.Event()
    work = [FORK.Process(target=write_files, args=(folder, url, mine, go)) for mine in own]
    for process in work:
        process.start()
    while len(store.imports()) < writers and all(p.is_alive() for p in work):
        time.sleep(0.5)
    started = time.perf_counter()
    go.set()
    for process in work:
        process.join()
    seconds = time.perf_counter() - started
    wanted, timed = (writers * files * FILE_ROWS for files in (FILES, FILES - 1))
    got = progress.totals(store).attempts - before
    failed = sum(process.exitcode != 0 for process in work)
    return timed / seconds, abs(got - wanted) + failed


def measure(url: str, attempts: int, writers: int) -> bool:
    from analysis.fieldwork import field_plan

    kept = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(folder, url)
        kind = store.engine.dialect.name
        turfs = plan_of(attempts)
        field_plan.register(store.engine, turfs)
        rate, wrong = writers_at_once(store, folder, url, writers)
        text = f"{kind}: {writers} writers"
        kept.append(
            promise(f"{text}, time of {LEAST_PER_S:.0f} attempts", LEAST_PER_S / rate, 1.0, "s")
        )
        kept.append(promise(f"{text}, attempts lost or doubled", wrong, 0.5, "attempts"))
        store.flags()
        started = time.perf_counter()
        fill(store, attempts, turfs)
        print(
            f"      {kind}: {attempts:,} attempts filled in {time.perf_counter() - started:.0f} s"
        )
        ask(store)  # a first time, as a page that was just opened
        seconds = min(ask(store) for _ in range(3))
        kept.append(promise(f"{kind}: all questions of the page", seconds, PAGE[kind], "s"))
        store.engine.dispose()
    return all(kept)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--writers", type=int, default=WRITERS)
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    with databases(given.url) as urls:
        results = [measure(url, given.attempts, given.writers) for url in urls]
    sys.exit(not all(results))
