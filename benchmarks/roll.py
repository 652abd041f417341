"""The electoral roll: a million invented rows into SQLite and PostgreSQL, beside the naive way.

python benchmarks/roll.py [--rows N] [--url URL] [--doors]

Each import runs in a process of its own, from the file to the first answer of a query. The rival
reads every column with pandas and writes them with to_sql into a table of its own: no promise, no
list of refusals, no address, no row-level security. Then what must not be kept is searched for, in
every file of the workspace, a dump of the database and all that the processes wrote.
With --doors, only how near three rules come to the households that were invented.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from common import ROOT, promise

ROWS, DOORS_ROWS = 1_000_000, 60_000
LIMITS_S = {"postgresql": 15.0, "sqlite": 20.0}
LIMIT_MB = 1000.0
# What the generator writes into the five columns, and into no other.
FORBIDDEN = ("NATIVILLE", "98Y0", "SYLDAVIE", "BORDURIE", "POLDÉVIE", "Française", "Portugaise")
NAMES = ("roll.csv", "places/valmont", "keys.json")


@contextlib.contextmanager
def servers(url: str) -> Iterator[list[tuple[str, str, Path | None]]]:
    """Yield each store: its engine, its URL, and the folder of a server that was started for it."""
    if url:
        yield [("postgresql", url, None), ("sqlite", "", None)]
        return
    from tests.analysis import postgres

    if postgres.binaries() is None:
        print("      not measured: PostgreSQL is not installed")
        yield [("sqlite", "", None)]
        return
    with postgres.running() as server:
        yield [("postgresql", server.database(), server.folder), ("sqlite", "", None)]


def make(folder: Path, rows: int) -> None:
    """Write the roll and a place to take it into."""
    from analysis.sample.invented_roll import invent_roll
    from analysis.sample.roll_files import write_roll
    from analysis.sample.town_files import write_sample
    from analysis.workflows.build import build, sample_inputs

    town = write_sample(folder / "town", seed=2027)
    place = build(sample_inputs(town), folder / NAMES[1])
    rng = np.random.default_rng(1)
    roll = invent_roll(place.read("addresses"), rng, rows=rows, city="Valmont", postcode="99900")
    write_roll(roll.table, folder / NAMES[0])


def ours(folder: Path) -> tuple[float, int]:
    """Take the roll in; return the seconds it took, and how many rows a query finds."""
    from analysis.contacts.roll_counts import count_bureaux
    from analysis.contacts.roll_origin import Origin
    from analysis.workflows.contacts_open import open_contacts
    from analysis.workflows.roll_import import import_roll

    day = date.today() - timedelta(1)
    origin = Origin("A", "Town hall", day, "B", day, day, day + timedelta(60))
    contacts = open_contacts(folder / NAMES[1])
    start = time.perf_counter()
    import_roll(contacts, folder / NAMES[1], folder / NAMES[0], origin)
    found = count_bureaux(contacts)
    seconds = time.perf_counter() - start
    contacts.engine.dispose()
    return seconds, int(found[["main", "municipal", "european"]].sum(axis=None))


def naive(folder: Path) -> tuple[float, int]:
    """Read everything with pandas and write it as it is; return as `ours` does."""
    import pandas as pd
    import sqlalchemy as sa

    url = os.environ.get("PALIER_STORE", "").replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url or f"sqlite:///{folder / 'naive.sqlite'}")
    start = time.perf_counter()
    table = pd.read_csv(folder / NAMES[0], sep=";", dtype=str, keep_default_na=False)
    table.to_sql("naive_roll", engine, index=False, if_exists="replace", chunksize=20_000)
    count = sa.text('SELECT count(*) FROM naive_roll GROUP BY "code du bureau de vote"')
    with engine.connect() as connection:
        rows = sum(connection.execute(count).scalars())
    return time.perf_counter() - start, rows


def job(name: str, folder: Path) -> None:
    """Run one import and print what it took; the process has started before."""
    seconds, rows = {"ours": ours, "naive": naive}[name](folder)
    # The peak of this process alone: getrusage would tell that of who started it, if it was higher.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1000
    own = time.process_time()
    print(json.dumps({"seconds": seconds, "mb": peak, "rows": rows, "own": own}))


def doors(folder: Path) -> None:
    """Print how near the estimate of doors is to the households, beside two simpler rules."""
    import pandas as pd

    from analysis.contacts.roll_counts import count_buildings
    from analysis.contacts.roll_origin import Origin
    from analysis.sample.invented_roll import invent_roll
    from analysis.sample.roll_files import write_roll
    from analysis.tables.workspace import Workspace
    from analysis.workflows.contacts_open import open_contacts
    from analysis.workflows.roll_import import import_roll

    addresses = Workspace(folder / NAMES[1]).read("addresses")
    rng = np.random.default_rng(3)
    roll = invent_roll(addresses, rng, rows=DOORS_ROWS, city="Valmont", postcode="99900")
    write_roll(roll.table, folder / "doors.csv")
    contacts = open_contacts(folder / NAMES[1])
    day = date.today()
    origin = Origin("A", "Town hall", day, "B", day, day, day)
    import_roll(contacts, folder / NAMES[1], folder / "doors.csv", origin)
    ours = count_buildings(contacts, per_door=1.6).set_index("address_id")["households"]
    contacts.engine.dispose()
    people = roll.table.join(roll.truth)
    known = (people["numéro de voie"] != "") & ~people["libellé de voie"].str.contains("EXISTE")
    people = people[known].drop_duplicates("person")
    used = people["nom d'usage"]
    people["name"] = used.where(used != "", people["nom de naissance"])
    at = people.groupby("address_id")
    true = at["household"].nunique()
    rules: dict[str, pd.Series] = {
        "this one": ours,
        "registered / 1.6": (at.size() / 1.6).round().clip(lower=1),
        "different names": at["name"].nunique(),
    }
    print(f"      {true.sum():,} households at {len(true):,} addresses, {true.mean():.1f} each")
    for name, rule in rules.items():
        error = (rule - true).abs().mean()
        print(f"      {name}: {rule.sum() / true.sum():.2f} of them, mean error {error:.2f}")


def run(name: str, folder: Path, url: str) -> dict[str, float]:
    """Run a job in a process of its own, and keep all it wrote in a log."""
    keys = {"PALIER_KEYS": str(folder / NAMES[2]), "PALIER_STORE": url}
    command = [sys.executable, __file__, "--job", name, "--folder", str(folder)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **keys}
    )
    with (folder / "places" / "log.txt").open("a") as log:
        log.write(done.stdout + done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def dump(folder: Path, url: str) -> None:
    """Write all that the database holds of the campaign beside its workspace."""
    from tests.analysis import postgres

    binaries = postgres.binaries()
    assert binaries
    # Row-level security holds for the dump as well: it is told whose rows it may see.
    campaign = json.loads((folder / NAMES[1] / "fieldwork" / "campaign.json").read_text())
    settings = {"PGOPTIONS": f"-c palier.tenant={campaign['campaign_id']}"}
    # The tool knows servers by their plain address, without the name of our driver.
    command = [binaries / "pg_dump", "--enable-row-security", url.replace("+psycopg", "")]
    with (folder / "places" / "dump.sql").open("wb") as out:
        subprocess.run(command, check=True, stdout=out, env={**os.environ, **settings})


def holding(folders: list[Path], words: tuple[str, ...]) -> tuple[int, dict[str, set[str]]]:
    """Return how many files were searched, and which hold a word, in a dump, a log or a store."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    found = {}
    for file in files:
        content = file.read_bytes()
        if held := {word for word in words if word.encode() in content}:
            found[file.name] = held
    return len(files), found


def measure(folder: Path, store: tuple[str, str, Path | None], rows: int) -> bool:
    """Take the roll into a store, search what is kept, and let the rival do the same."""
    name, url, server = store
    told = run("ours", folder, url)
    assert told["rows"] == rows
    kept = promise(f"{name}: file to answer", told["seconds"], LIMITS_S[name], "s")
    kept &= promise(f"{name}: peak memory", told["mb"], LIMIT_MB, "MB")
    load = os.getloadavg()[0]
    print(
        f"      processor time of the process, start included: {told['own']:.1f} s; load {load:.1f}"
    )
    if url:
        dump(folder, url)
    # The rival comes after: it writes all columns into the same server.
    places = [folder / "places", *([server] if server else [])]
    files, found = holding(places, FORBIDDEN)
    kept &= promise(f"{name}: of {files} files, with a forbidden word", len(found), 0.5, "files")
    print("     ", found or "nothing found")
    rival = run("naive", folder, url)
    print(f"      {name}, pandas and to_sql: {rival['seconds']:.1f} s, {rival['mb']:.0f} MB")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--url", default="")
    parser.add_argument("--doors", action="store_true")
    parser.add_argument("--job", default="")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.job:
        job(given.job, given.folder)
        return 0
    if given.doors:
        with tempfile.TemporaryDirectory() as made:
            make(Path(made), 1_000)
            doors(Path(made))
        return 0
    with tempfile.TemporaryDirectory() as made, servers(given.url) as stores:
        folder = Path(made)
        make(folder, given.rows)
        size = (folder / NAMES[0]).stat().st_size / 1e6
        print(f"      {given.rows:,} rows, {size:.0f} MB; load {os.getloadavg()[0]:.1f}")
        # What is searched for is in the file: the search can find it.
        assert holding([folder], FORBIDDEN)[1][NAMES[0]] == set(FORBIDDEN)
        kept = [measure(folder, store, given.rows) for store in stores]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    assert ROOT
    sys.exit(main())
