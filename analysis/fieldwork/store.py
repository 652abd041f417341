"""The store of returns: attempts are added, never changed, and counted once."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.database.contact_tables import DOOR_BOXES
from analysis.database.engine import close, connect, lock, or_nothing, reading, tenant_of, writing
from analysis.database.migrate import upgrade
from analysis.database.models import ATTEMPTS, CONFLICTS, DUE, FLAGS, IMPORTS, META, TAKEN_OUT
from analysis.database.store_faults import is_passing
from analysis.errors import DataError, Text
from analysis.fieldwork import answer_store, field_plan, missing_buildings, quality, tallies
from analysis.fieldwork.campaign import FOLDER, Campaign, open_campaign
from analysis.fieldwork.field_part import Part
from analysis.fieldwork.returns_validation import Returned, Row, chain_error
from analysis.fieldwork.store_owner import claim

# One URL moves the store of a team to its PostgreSQL.
VARIABLE = "PALIER_STORE"
SQLITE = "returns.sqlite"
_TRIES = 5
Rows = list[dict[str, Any]]
_AS_TOLD = (
    *("attempt_id", "turf_id", "address_id", "team_id", "outcome", "doors", "grade", "floor"),
    *("door", "quality", "opponent", "themes", "come_back_slot", "note", "source"),
)
# What goes to a table of its own.
_APART = ("script", "answers")
# What two tellings of an attempt are compared on; where it was read from does not matter.
_CONTENT = (
    *("turf_id", "address_id", "team_id", "at_s", "hour", "outcome", "doors", "floor", "door"),
    *("quality", "opponent", "themes", "come_back_on", "come_back_slot", "note", "corrects"),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file of returns.

    Attributes
    ----------
    file
        Its name.
    new, repeated, conflicts
        Attempts counted from now on; in already; that say otherwise, and are kept beside.
    turfs
        It tells of.
    withheld, notes
        Remarks left out because they seemed to tell who somebody is: field, row and kind; and
        how something was read that might be read otherwise.
    missing
        Buildings that no file knows, reported from now on.
    """

    file: str
    new: int
    repeated: int
    conflicts: int
    turfs: tuple[str, ...]
    withheld: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Store:
    """The returns of one campaign, open to be read and added to.

    Attributes
    ----------
    engine
        Its database.
    campaign
        Whose it is.
    folder
        Where files of returns are kept.
    part
        What of it is seen; None for the whole.
    """

    engine: Engine
    campaign: Campaign
    folder: Path
    part: Part | None = None

    def within(self, part: Part | None) -> Store:
        """Return the store as one sees it who was given a part; its aim is the whole's."""
        own = replace(self.campaign, objective=0)
        return replace(self, part=part, campaign=own) if part else self

    def add(self, returned: Returned, *, now: datetime) -> Receipt:
        """Add the attempts of a file, with all that is counted from them, or nothing.

        Raises
        ------
        DataError
            When no turf is known, a correction corrects a correction, or the store fails.
        """
        import_id = uuid.uuid4().hex
        every = [*returned.rows, *returned.otherwise, *returned.missing]
        with reading(self.engine) as connection:
            placed = field_plan.place(connection, (row["address_id"] for row in every))
        zone = ZoneInfo(self.campaign.time_zone)
        rows = [
            _stored_row(row, placed, zone) | {"import_id": import_id}
            for row in (*returned.rows, *returned.otherwise)
        ]
        if self.part:
            where = {row["address_id"]: placed.get(row["address_id"], ("", ""))[0] for row in every}
            self.part.refuse_outside(
                {"turf_id": row["turf_id"], "bureau_id": where[row["address_id"]]} for row in every
            )
        told = (rows[: len(returned.rows)], rows[len(returned.rows) :])
        for turn in range(_TRIES):
            try:
                with writing(self.engine) as connection:
                    receipt = _add(connection, returned, told, (import_id, int(now.timestamp())))
                    missing = missing_buildings.insert(
                        connection, returned.missing, placed, import_id
                    )
                    return replace(receipt, missing=missing)
            except DataError as error:
                if turn == _TRIES - 1 or not is_passing(error):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close its connections, unless others of this process use them."""
        close(self.engine)

    def imports(self) -> pd.DataFrame:
        """Return one row per import, the latest first."""
        return self.frame(sa.select(IMPORTS).order_by(IMPORTS.c.received_s.desc(), IMPORTS.c.file))

    def conflicts(self) -> pd.DataFrame:
        """Return what was told otherwise: attempt, file, and the content that does not count."""
        same = IMPORTS.c.import_id == CONFLICTS.c.import_id
        query = sa.select(CONFLICTS.c.attempt_id, IMPORTS.c.file, CONFLICTS.c.content)
        return self.frame(query.join(IMPORTS, same).order_by(CONFLICTS.c.attempt_id))

    def flags(self) -> pd.DataFrame:
        """Return what the quality checks found: turf, day, rule, number and examples."""
        quality.catch_up(self.engine)
        return self.frame(
            sa.select(FLAGS).order_by(FLAGS.c.day.desc(), FLAGS.c.turf_id, FLAGS.c.rule)
        )

    def frame(self, query: sa.Select[Any]) -> pd.DataFrame:
        """Return the answer to a query as a table."""
        with reading(self.engine) as connection:
            result = connection.execute(self.limited(query))
            return pd.DataFrame(result.all(), columns=list(result.keys()))

    def limited(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Return a query of the part that is seen."""
        return self.part.limited(query, self.engine.dialect.name) if self.part else query

    def unsound(self) -> dict[str, int]:
        """Count sums that are not those of the attempts, by tally: empty in a sound store."""
        with reading(self.engine) as connection:
            return {name: n for name, n in tallies.differing(connection).items() if n}


def open_store(workspace: Path | str, url: str = "") -> Store:
    """Open the store of a workspace, made or brought up to date if need be.

    Parameters
    ----------
    workspace
        Folder of the workspace, which holds the campaign and its key.
    url
        Of a PostgreSQL database; else what the variable PALIER_STORE says; else a SQLite file
        in the workspace.

    Raises
    ------
    DataError
        When the store does not answer, or is that of another campaign.
    """
    campaign = open_campaign(workspace)
    folder = (Path(workspace) / FOLDER).resolve()
    where = url or os.environ.get(VARIABLE, "") or f"sqlite:///{folder / SQLITE}"
    engine = connect(where, tenant=campaign.campaign_id)
    try:
        upgrade(engine, rebuild=tallies.rebuild)
        claim(engine, campaign)
        _keep_first_day(engine, campaign)
    except DataError:
        close(engine)
        raise
    return Store(engine, campaign, folder)


def _add(
    connection: Connection, returned: Returned, told: tuple[Rows, Rows], of: tuple[str, int]
) -> Receipt:
    """Write one file: the rows of its table, and those that contradict them; its id and instant."""
    (first, otherwise), (import_id, now_s) = told, of
    turfs = sorted({row["turf_id"] for row in (*first, *returned.missing)})
    lock(connection, [field_plan.LOCK], shared=True)
    lock(connection, turfs)
    _bind(connection, [*first, *otherwise])
    _check_corrections(connection, first)
    new = _insert(connection, first, turfs)
    again = [row for row in first if row["attempt_id"] not in new] + otherwise
    conflicts = _keep_conflicts(connection, again)
    numbers = {"new": len(new), "repeated": len(again) - conflicts, "conflicts": conflicts}
    connection.execute(
        sa.insert(IMPORTS).values(
            import_id=import_id,
            file=returned.file,
            sha256=returned.sha256,
            source=returned.source,
            received_s=now_s,
            accepted=" ".join(returned.accepted),
            rows=len(first) + len(otherwise),
            **numbers,
        )
    )
    _keep_boxes(connection, returned, turfs[0], now_s)
    if new:
        tallies.rebuild(connection, turfs)
        connection.execute(or_nothing(connection, DUE), [{"turf_id": turf} for turf in turfs])
    said = (tuple(turfs), returned.withheld, returned.notes)
    return Receipt(returned.file, len(new), len(again) - conflicts, conflicts, *said)


def _keep_boxes(connection: Connection, returned: Returned, turf_id: str, now_s: int) -> None:
    """Keep the contacts of a file, apart from its attempts and unread."""
    said = {"tenant": tenant_of(connection), "turf_id": turf_id, "at_s": now_s, "by_user": ""}
    rows = [{"box": box, "sealed": sealed} | said for box, sealed in returned.boxes]
    if rows:
        connection.execute(or_nothing(connection, DOOR_BOXES), rows)


def _bind(connection: Connection, rows: Rows) -> None:
    """Give rows an id of their own where another turf has taken theirs.

    Ids of sheets can be guessed: who has the token of one turf could otherwise use up those of
    all others.
    """
    turf_of = {row["attempt_id"]: row["turf_id"] for row in rows}
    query = sa.select(ATTEMPTS.c.attempt_id, ATTEMPTS.c.turf_id)
    own = {}
    for part in _chunks(turf_of):
        for attempt_id, turf_id in connection.execute(query.where(ATTEMPTS.c.attempt_id.in_(part))):
            if turf_id != turf_of[attempt_id]:
                own[attempt_id] = str(uuid.uuid5(uuid.UUID(attempt_id), turf_of[attempt_id]))
    for row in rows:
        row["attempt_id"] = own.get(row["attempt_id"], row["attempt_id"])
        row["corrects"] = own.get(row["corrects"], row["corrects"])


def _stored_row(row: Row, placed: Mapping[str, tuple[str, str]], zone: ZoneInfo) -> dict[str, Any]:
    """Return a row as the store holds it: local day and hour, bureau, kind of building."""
    local = row["at"].astimezone(zone)
    # An address of no turf is kept, and flagged: its bureau is not known.
    bureau_id, kind = placed.get(row["address_id"], ("", ""))
    wish = row["come_back_on"]
    return {name: row[name] for name in (*_AS_TOLD, *_APART)} | {
        "bureau_id": bureau_id,
        "kind": kind,
        "at_s": int(row["at"].timestamp()),
        "day": local.date(),
        "hour": local.hour if row["timed"] else None,
        "come_back_on": date.fromisoformat(wish) if wish else None,
        "corrects": row["corrects"] or None,
    }


def _insert(connection: Connection, records: Rows, turfs: list[str]) -> set[str]:
    """Insert the attempts that are not there yet, and return their ids."""
    if not records:
        return set()
    ordered = sorted(records, key=lambda row: row["attempt_id"])  # two writers, one order
    of_table = [{k: v for k, v in row.items() if k not in _APART} for row in ordered]
    connection.execute(or_nothing(connection, ATTEMPTS), of_table)
    mine = ATTEMPTS.c.import_id == records[0]["import_id"]
    added = sa.select(ATTEMPTS.c.attempt_id).where(mine, ATTEMPTS.c.turf_id.in_(turfs))
    new = set(connection.execute(added).scalars())
    answer_store.insert(connection, ordered, new)
    return new


def _keep_conflicts(connection: Connection, rows: Rows) -> int:
    """Keep the rows that say otherwise than the store does; return their number."""
    stored = _stored(connection, [row["attempt_id"] for row in rows])
    kept = []
    for row in rows:
        was = stored[row["attempt_id"]]
        # A name that was taken out does not come back with the file that had it.
        lost = {name: text for name, text in was.items() if TAKEN_OUT in text}
        content = _content(row) | answer_store.content(row) | lost
        if content != was:
            text = json.dumps(content, ensure_ascii=False, sort_keys=True)
            digest = hashlib.sha256(text.encode()).hexdigest()
            kept.append(
                {"digest": digest, "content": text}
                | {name: row[name] for name in ("attempt_id", "import_id")}
            )
    if kept:
        connection.execute(or_nothing(connection, CONFLICTS), kept)
    return len(kept)


def _stored(connection: Connection, ids: list[str]) -> dict[str, dict[str, str]]:
    found = {}
    columns = [ATTEMPTS.c[name] for name in ("attempt_id", *_CONTENT)]
    for part in _chunks(ids):
        query = sa.select(*columns).where(ATTEMPTS.c.attempt_id.in_(part))
        answers = answer_store.stored(connection, part)
        for row in connection.execute(query).mappings():
            found[row["attempt_id"]] = _content(row) | answers.get(row["attempt_id"], {})
    return found


def _content(row: Any) -> dict[str, str]:  # noqa: ANN401 - a mapping, of ours or the engine's
    return {name: "" if row[name] is None else str(row[name]) for name in _CONTENT}


def _check_corrections(connection: Connection, rows: Rows) -> None:
    """Refuse a correction of a correction, whichever of the two comes first."""
    turf_of = {row["corrects"]: row["turf_id"] for row in rows if row["corrects"]}
    named = sa.select(ATTEMPTS.c.attempt_id, ATTEMPTS.c.corrects, ATTEMPTS.c.turf_id)
    wrong: list[str] = []
    for part in _chunks(turf_of):
        for attempt_id, corrects, turf_id in connection.execute(
            named.where(ATTEMPTS.c.attempt_id.in_(part))
        ):
            if corrects is not None or turf_id != turf_of[attempt_id]:
                wrong.append(attempt_id)
    for part in _chunks(row["attempt_id"] for row in rows if row["corrects"]):
        naming = sa.select(ATTEMPTS.c.attempt_id).where(ATTEMPTS.c.corrects.in_(part))
        wrong += connection.execute(naming).scalars()
    if wrong:
        raise chain_error(wrong)


def _chunks(names: Iterable[str]) -> Iterable[list[str]]:
    every = list(names)
    return (every[i : i + tallies.CHUNK] for i in range(0, len(every), tallies.CHUNK))


def _keep_first_day(engine: Engine, campaign: Campaign) -> None:
    """Tell the store the first day of the campaign; where it is another, count anew."""
    mine = campaign.starts.isoformat() if campaign.starts else ""
    named = META.c.name == tallies.FIRST_DAY
    query = sa.select(META.c.value).where(named)
    with reading(engine) as connection:
        if (connection.execute(query).scalar_one_or_none() or "") == mine:
            return
    with writing(engine) as connection:
        lock(connection, [field_plan.LOCK])
        row = or_nothing(connection, META).values(name=tallies.FIRST_DAY, value=mine)
        connection.execute(row)
        connection.execute(sa.update(META).where(named).values(value=mine))
        touched = sa.select(ATTEMPTS.c.turf_id).distinct()
        turfs = list(connection.execute(touched).scalars())
        tallies.rebuild(connection)
        if turfs:
            connection.execute(or_nothing(connection, DUE), [{"turf_id": t} for t in turfs])
