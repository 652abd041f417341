"""Who is the same person: 25,000 supporters and 25,000 electors with planted truth, and rivals.

python benchmarks/linkage.py [--rows N] [--old] [--seed N]

Damaged as files are: typing errors, swapped dates, married names, initials, missing dates, e-mails
of families, twins, couples, father and son of one name (`sample/supporters.py`). --old damages the
addresses more; --seed draws other people. The rivals are one line of a rule each, on the same rows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import sqlalchemy as sa
from common import promise

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Contacts
    from analysis.contacts.person_links import Event
    from analysis.sample.invented_roll import InventedRoll
    from analysis.sample.supporters import InventedSupporters
    from analysis.workflows.people_linking import Linked

ROWS, BOTH_SHARE, POPULATION, SEED = 25_000, 0.4, 1.6, 1969
LIMIT_S, PRECISION, RECALL, ASKED = 30.0, 0.999, 0.90, 0.03
KINDS = ("link", "merge")
# What asking less would cost: bars of links and of merges.
STRICTER = ((0.7, 0.99), (0.975, 0.99), (0.999, 0.99))


class Truth:
    """What is true of every person of the store and every line of the roll."""

    def __init__(self, contacts: Contacts, made: InventedSupporters, kept: InventedRoll) -> None:
        from analysis.contacts.person_links import links_of
        from analysis.database.contact_tables import STATEMENTS
        from analysis.database.engine import reading

        with reading(contacts.engine) as connection:
            rows = connection.execute(sa.select(STATEMENTS.c.person, STATEMENTS.c.value)).all()
            self.links = links_of(connection, contacts)
        at = {who: int(tag[1:]) for who, tag in rows}
        facts = made.truth
        self.person = {who: int(facts["person"].iloc[i]) for who, i in at.items()}
        self.house = {who: int(facts["household"].iloc[i]) for who, i in at.items()}
        self.line = dict(enumerate(kept.truth["person"].tolist(), 2))
        self.line_house = dict(enumerate(kept.truth["household"].tolist(), 2))
        self.possible = set(self.person.values()) & set(self.line.values())


def make(
    folder: Path, rows: int, *, old: bool, seed: int = SEED
) -> tuple[Contacts, InventedSupporters, InventedRoll]:
    """Import a roll and supporters of an invented town; return what is needed to judge."""
    from analysis.contacts.file_origins import Declared
    from analysis.contacts.roll_origin import Origin
    from analysis.sample.invented_roll import InventedRoll, invent_roll
    from analysis.sample.roll_files import write_roll
    from analysis.sample.supporters import OLD_FILE, invent_supporters
    from analysis.sample.town_files import write_sample
    from analysis.tables.workspace import Workspace
    from analysis.workflows import people_import
    from analysis.workflows.build import build, sample_inputs
    from analysis.workflows.contacts_open import open_contacts
    from analysis.workflows.roll_import import import_roll

    town = write_sample(folder / "town", seed=2027)
    place = folder / "places" / "valmont"
    build(sample_inputs(town), place)
    rng = np.random.default_rng(seed)
    addresses = Workspace(place).read("addresses")
    count = round(rows * POPULATION)
    roll = invent_roll(addresses, rng, rows=count, city="Valmont", postcode="99900")
    damage = OLD_FILE if old else None
    made = invent_supporters(roll, rng, rows=rows, both=round(rows * BOTH_SHARE), damage=damage)
    kept = InventedRoll(roll.table[made.on_roll], roll.truth[made.on_roll])
    contacts = open_contacts(place)
    day = dt.date.today()
    origin = Origin("us", "Valmont", day, "us", day, day, day + dt.timedelta(days=90))
    import_roll(contacts, place, write_roll(kept.table, folder / "roll.csv"), origin)
    named = made.table.assign(numero=[f"n{i}" for i in range(rows)])
    text = named.to_csv(index=False, sep=";")
    start = time.perf_counter()
    looked = people_import.look(contacts, text.encode(), "soutiens.csv")
    fields = [one.field for one in looked.proposals][:-1] + ["tags"]
    told = Declared("sign_up", "information")
    done = people_import.bring_people(contacts, place, looked.file, fields, told)
    print(f"imported {rows} rows in {time.perf_counter() - start:.1f} s: {dict(done.counts)}")
    return contacts, made, kept


def rivals(made: InventedSupporters, kept: InventedRoll) -> None:
    """Print what one line of a rule finds, on the same rows."""
    from analysis.contacts.normalise import first_key, name_key

    files = pd.DataFrame(
        {
            "person": made.truth["person"],
            "name": made.table["Nom"].map(name_key),
            "first": made.table["Prénom"].map(first_key),
            "born": made.table["Date de naissance"],
            "email": made.table["E-mail"].str.lower(),
        }
    )
    lines = [
        pd.DataFrame(
            {
                "elector": kept.truth["person"].to_numpy(),
                "name": kept.table[column].map(name_key).to_numpy(),
                "first": kept.table["prénoms"].map(first_key).to_numpy(),
                "born": kept.table["date de naissance"].to_numpy(),
            }
        )
        for column in ("nom de naissance", "nom d'usage")
    ]
    roll = pd.concat(lines).query("name != ''").drop_duplicates()
    possible = set(files["person"]) & set(roll["elector"])
    for label, keys in (
        ("exact name, first name and birth date", ["name", "first", "born"]),
        ("exact name and first name", ["name", "first"]),
    ):
        pairs = files[files["born"] != ""] if "born" in keys else files
        pairs = pairs.merge(roll, on=keys)
        right = pairs["person"] == pairs["elector"]
        found = len(set(pairs["person"][right])) / len(possible)
        print(f"  rival, {label:42} precision {right.mean():.4f}  recall {found:.3f}")
    mail = files[files["email"] != ""]
    pairs = _pairs(mail)
    right = pairs["person_x"] == pairs["person_y"]
    seconds = int(made.truth["second"].sum())
    print(
        f"  rival, exact e-mail, within the file{'':16} precision {right.mean():.4f}  recall "
        f"{right.sum() / seconds:.3f}"
    )


def _pairs(mail: pd.DataFrame) -> pd.DataFrame:
    numbered = mail.reset_index(names="row")
    pairs = numbered.merge(numbered, on="email")
    return pairs[pairs["row_x"] < pairs["row_y"]]


def dump(contacts: Contacts) -> tuple[dict[str, str], dict[str, str]]:
    """Return a digest of each table's rows, and of what is read through the events."""
    from analysis.contacts.merged import groups
    from analysis.contacts.person_links import links_of
    from analysis.database.contact_tables import LINKS, MERGES, TABLES
    from analysis.database.engine import reading
    from analysis.workflows.people_linking import latest_homes

    def digest(lines: Iterable[str]) -> str:
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

    with reading(contacts.engine) as connection:
        rows = {
            t.name: digest(map(repr, connection.execute(sa.select(t))))
            for t in TABLES
            if t not in (LINKS, MERGES)
        }
        read: dict[str, Mapping] = {
            "links": links_of(connection, contacts),
            "merged": groups(connection).root,
            "homes": latest_homes(connection, contacts),
        }
        return rows, {name: digest(map(repr, found.items())) for name, found in read.items()}


def undone(contacts: Contacts, before: object) -> bool:
    """Undo everything that was decided; tell whether all reads as before the linkage."""
    from analysis.contacts import person_links
    from analysis.database.engine import writing

    with writing(contacts.engine) as connection:
        for kind in ("link", "merge"):
            held = person_links.held(connection, contacts, kind)
            stamp = contacts.stamp()
            table = person_links._TABLES[kind]
            rows = [
                dict(zip(person_links._ENDS[kind], one.ends, strict=True))
                | {kind: f"u{one.event[1:]}", "probability": one.probability, "reasons": ""}
                | {"state": "undone", "decided": "person", "undoes": one.event, **stamp}
                for one in held.values()
                if one.state == "accepted"
            ]
            if rows:
                connection.execute(sa.insert(table), rows)
    return dump(contacts) == before


def measured(act: Callable[[], Linked]) -> tuple[Linked, float, float]:
    """Return what an act returns, seconds on the clock and of the processor."""
    start, cpu = time.perf_counter(), time.process_time()
    made = act()
    return made, time.perf_counter() - start, time.process_time() - cpu


def _people_of(merges: Iterable[Event]) -> set[str]:
    """Return both people of each pair to merge: both wait for whoever decides it."""
    return {who for one in merges for who in one.ends}


def judge(
    contacts: Contacts,
    made: InventedSupporters,
    kept: InventedRoll,
    linked: Linked,
    seconds: float,
) -> bool:
    """Print what was found beside what is true; tell whether the promises hold."""
    from analysis.contacts.merged import groups
    from analysis.contacts.person_links import held
    from analysis.database.engine import reading

    truth = Truth(contacts, made, kept)
    with reading(contacts.engine) as connection:
        root = groups(connection).root
        links, merges = (
            [one for one in held(connection, contacts, kind).values() if one.state == "proposed"]
            for kind in KINDS
        )
    right = {w for w, (_r, n) in truth.links.items() if truth.person[w] == truth.line[n]}
    wrong = Counter(
        "of the household" if truth.house[w] == truth.line_house[n] else "of another household"
        for w, (_r, n) in truth.links.items()
        if w not in right
    )
    precision = len(right) / len(truth.links)
    recall = len({truth.person[w] for w in right}) / len(truth.possible)
    pairs = [(a, b) for a, b in root.items() if a != b]
    bad = sum(truth.person[a] != truth.person[b] for a, b in pairs)
    family = sum(
        truth.person[a] != truth.person[b] and truth.house[a] == truth.house[b] for a, b in pairs
    )
    rows = Counter(truth.person.values())
    twice = sum(count - 1 for count in rows.values())
    to_link, to_merge = {one.ends[0] for one in links}, _people_of(merges)
    share = len(to_link | to_merge) / linked.people
    print(
        f"  links at once{'':36} precision {precision:.4f}  recall {recall:.3f}  wrong: "
        f"{dict(wrong)}"
    )
    print(
        f"  merges at once: {len(pairs)}, {bad} wrong, {family} of one household; "
        f"{(len(pairs) - bad) / max(twice, 1):.3f} of {twice} second rows left by the import"
    )
    true_links = [one for one in links if truth.person[one.ends[0]] == truth.line[one.ends[2]]]
    true_merges = [one for one in merges if len({truth.person[who] for who in one.ends}) == 1]
    print(
        f"  for a person: {share:.2%} of people, {len(to_link) / linked.people:.2%} in "
        f"{len(links)} pairs to link ({len(true_links)} true) and "
        f"{len(to_merge) / linked.people:.2%} in {len(merges)} pairs to merge "
        f"({len(true_merges)} true)"
    )
    shown = len(pairs) - bad + len(true_merges)
    asked = len(links) + len(merges)
    print(
        f"    {asked} questions, {asked / linked.people:.2%} of people; {twice - shown} second "
        "rows are neither merged nor asked about"
    )
    for of_links, of_merges in STRICTER:
        sure = {one.ends[0] for one in links if one.probability >= of_links}
        sure |= _people_of(one for one in merges if one.probability >= of_merges)
        unseen = sum(one.probability < of_links for one in true_links)
        unmerged = sum(one.probability < of_merges for one in true_merges)
        print(
            f"    asked of links from {of_links}, of merges from {of_merges}: "
            f"{len(sure) / linked.people:.2%}, and nobody is shown {unseen} true links and "
            f"{unmerged} true merges"
        )
    held_all = [
        promise("linkage, seconds", seconds, LIMIT_S, "s"),
        promise(
            "linkage, wrong of 1,000 links", 1000 * (1 - precision), 1000 * (1 - PRECISION), ""
        ),
        promise("linkage, not found of 100", 100 * (1 - recall), 100 * (1 - RECALL), "%"),
        promise("linkage, for a person", 100 * share, 100 * ASKED, "%"),
        promise(
            "linkage, wrong of 1,000 merges",
            1000 * bad / max(len(pairs), 1),
            1000 * (1 - PRECISION),
            "",
        ),
        promise("linkage, 1 + merges within a household", 1 + family, 1, ""),
    ]
    return all(held_all)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    from analysis.workflows.people_linking import link_people

    with tempfile.TemporaryDirectory() as name:
        contacts, made, kept = make(Path(name), given.rows, old=given.old, seed=given.seed)
        rivals(made, kept)
        before = dump(contacts)
        linked, wall, cpu = measured(lambda: link_people(contacts))
        print(f"linked in {wall:.1f} s ({cpu:.1f} s of the processor): {linked}")
        good = judge(contacts, made, kept, linked, wall)
        restored = undone(contacts, before)
        print(f"  undone: {'every table reads as before' if restored else 'SOMETHING DIFFERS'}")
        contacts.engine.dispose()
    return 0 if good and restored else 1


if __name__ == "__main__":
    raise SystemExit(main())
