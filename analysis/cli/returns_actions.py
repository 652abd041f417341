"""What each action of the verb `returns` does, and how it tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.cli.known_action import check_action
from analysis.errors import DataError, some
from analysis.fieldwork import progress, turf_links
from analysis.fieldwork.campaign import Campaign, change_campaign, revoke_tokens
from analysis.fieldwork.field_plan import turfs_in_field
from analysis.fieldwork.left_alone import left_alone
from analysis.fieldwork.missing_buildings import decide, reports
from analysis.fieldwork.outlook import Aim
from analysis.fieldwork.returns_validation import ACCEPTABLE
from analysis.fieldwork.store import Store
from analysis.fieldwork.store_owner import renew_key
from analysis.geography.address_search import degrees_in
from analysis.workflows import fieldwork
from analysis.workflows.known_doors import buildings_reported, places_beside


@dataclass(frozen=True, slots=True)
class Asked:
    """What an action is asked to do; each reads what concerns it."""

    workspace: Path
    files: Sequence[Path] = ()
    out: Path | None = None
    accept: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    today: date | None = None
    seed: int = 0
    place: str = ""


def run(action: str, asked: Asked, url: str = "") -> tuple[str, bool]:
    """Do an action on the store of a workspace; return what to print, and whether all went well.

    Parameters
    ----------
    action
        One of `ACTIONS`.
    asked
        What it needs.
    url
        Of the store; empty: the file of the workspace.

    Returns
    -------
    tuple
        The text, and False where something was not taken.

    Raises
    ------
    DataError
        When there is no such action, or what it needs is not given.
    """
    check_action("returns", action, ACTIONS)
    if unknown := sorted(set(asked.accept) - set(ACCEPTABLE)):
        raise DataError(
            "There is nothing of this name to accept.",
            where="{unknown}",
            mend="Accept any of: {acceptable}.",
            unknown=", ".join(unknown),
            acceptable=", ".join(ACCEPTABLE),
        )
    if asked.changes and action != "campaign":
        raise DataError(
            "Only the action campaign changes the campaign.",
            where="{action}",
            mend="Set name, objective and calendar first: python -m analysis returns campaign …",
            action=action,
        )
    with fieldwork.opened(asked.workspace, url) as store:
        return ACTIONS[action](store, asked)


def _campaign(store: Store, asked: Asked) -> tuple[str, bool]:
    campaign = store.campaign
    if asked.changes:
        campaign = change_campaign(asked.workspace, asked.changes)
    return _described(campaign), True


def _described(campaign: Campaign) -> str:
    days = f"{campaign.starts or '?'} to {campaign.ends or '?'} ({campaign.time_zone})"
    wanted = f"{campaign.objective:,} {campaign.measure}" if campaign.objective else "no objective"
    return f"{campaign.name} ({campaign.campaign_id}): {wanted}, {days}"


def _turfs(store: Store, asked: Asked) -> tuple[str, bool]:
    return f"{fieldwork.put_files_into_field(store, _given(asked)):,} turfs registered.", True


def _import(store: Store, asked: Asked) -> tuple[str, bool]:
    return _received(fieldwork.take_in(store, _given(asked), asked.accept))


def _retry(store: Store, _asked: Asked) -> tuple[str, bool]:
    return _received(fieldwork.count_waiting(store))


def _received(results: list[fieldwork.Told]) -> tuple[str, bool]:
    lines = [
        str(one)
        if isinstance(one, DataError)
        else f"{one.file}: {one.new} new, {one.repeated} already in, {one.conflicts} in conflict"
        + (f", {len(one.withheld)} remarks withheld: {some(one.withheld)}" if one.withheld else "")
        + (f", {one.missing} missing building(s) reported" if one.missing else "")
        + "".join(f"\n{note}" for note in one.notes)
        for _name, one in results
    ]
    well = not any(isinstance(one, DataError) for _name, one in results)
    return "\n".join(lines) or "Nothing to import.", well


def _revoke(store: Store, asked: Asked) -> tuple[str, bool]:
    turfs = [str(turf) for turf in asked.files]
    if not turfs:
        renew_key(store)
        return "A new key is drawn: no phone page or sheet made so far is trusted any longer.", True
    known = set(turfs_in_field(store))
    if unknown := [turf for turf in turfs if turf not in known]:
        raise DataError(
            "No turf of this name is in the field.",
            where="{unknown}",
            mend="python -m analysis returns progress lists them.",
            unknown=some(unknown),
        )
    for turf in turfs:
        turf_links.revoke(asked.workspace, turf)
    return (
        f"{revoke_tokens(asked.workspace, turfs):,} turfs: their links and codes hold no more.",
        True,
    )


def _list(store: Store, _asked: Asked) -> tuple[str, bool]:
    parts = {
        "Imports": store.imports().drop(columns=["import_id", "sha256"]),
        "Conflicts": store.conflicts(),
        "Flags": store.flags(),
    }
    told = {
        "Not to be disturbed": left_alone(store).drop(columns=["at_s", "corrected"]),
        "Missing buildings": reports(store).drop(columns=["at_s"]),
    }
    # Scripts read what stood last before there were these: they are listed where there are any.
    parts |= {name: table for name, table in told.items() if len(table)}
    return "\n\n".join(f"{name}\n{_shown(table)}" for name, table in parts.items()), True


def _buildings(store: Store, asked: Asked) -> tuple[str, bool]:
    found = buildings_reported(store, asked.workspace)
    state = found["accepted"].map({True: "accepted", False: "refused"}).fillna("waits")
    told = ["report_id", "building", "doors", "turf_id", "address_id"]
    table = found.assign(decision=state)[[*told, "decision", "latitude", "longitude"]]
    return _shown(table), True


def _accept(store: Store, asked: Asked) -> tuple[str, bool]:
    at = degrees_in(asked.place)
    if asked.place and at is None:
        raise DataError(
            "A building lies nowhere on earth.",
            where="{place}",
            mend="Write latitude, comma, longitude: 48.8566, 2.3522.",
            place=asked.place[:40],
        )
    rows = _reported(store, asked)
    if at and len(rows) > 1:
        raise DataError(
            "Several buildings cannot stand at one place.",
            where="{n} ids",
            mend="Name one id beside --at; without it each stands between its neighbours.",
            n=len(rows),
        )
    places = dict.fromkeys(rows, at) if at else places_beside(asked.workspace, rows)
    for one, place in places.items():
        decide(store, one, datetime.now(UTC), place=place)
    lines = [f"{one}: accepted at {y:.6f}, {x:.6f}" for one, (y, x) in places.items()]
    return "\n".join([*lines, "The next cut has them."]), True


def _refuse(store: Store, asked: Asked) -> tuple[str, bool]:
    rows = _reported(store, asked)
    for one in rows:
        decide(store, one, datetime.now(UTC), place=None)
    return "\n".join(f"{one}: refused" for one in rows), True


def _reported(store: Store, asked: Asked) -> dict[str, dict[str, Any]]:
    """Return the reports that are named, whole or by the beginning of their ids."""
    table = reports(store)
    found: dict[str, dict[str, Any]] = {}
    for name in map(str, asked.files):
        mine = table[table["report_id"].str.startswith(name)]
        if len(mine) != 1:
            raise DataError(
                "No missing building was reported under this id, or several begin so.",
                where="{name}",
                mend="python -m analysis returns buildings lists them.",
                name=name[:40],
            )
        found[mine["report_id"].iloc[0]] = mine.to_dict("records")[0]
    if not found:
        raise DataError(
            "No building is named.",
            mend="Write ids after the action: python -m analysis returns buildings lists them.",
        )
    return found


def _percent(rate: float) -> str:
    """Return a rate in words; before the first door there is none."""
    return "no share yet" if math.isnan(rate) else f"{100 * rate:.1f}%"


def _progress(store: Store, asked: Asked) -> tuple[str, bool]:
    campaign, now = store.campaign, progress.totals(store)
    lines = [
        _described(campaign),
        f"{now.doors:,} doors, {now.conversations:,} conversations "
        f"({_percent(now.answer_rate)}), {now.planned:,} doors planned; "
        f"{_percent(now.open_rate)} of doors opened",
        *_forecast(store, asked),
        _shown(progress.by(store, "day")),
    ]
    return "\n".join(lines), True


def _forecast(store: Store, asked: Asked) -> list[str]:
    campaign = store.campaign
    day = asked.today or fieldwork.last_day_over(store)
    told = fieldwork.outlook(store, day, seed=asked.seed, early=asked.today is None)
    if told is None:
        return []
    found, fix = told
    if fix is None:
        return [found.summary(), "No number of outings makes it likely."]
    if not fix.outings:
        return [found.summary()]
    return [
        found.summary(),
        f"For {100 * Aim(campaign.measure).likely:.0f}%: {fix.outings:,} more outings "
        f"({fix.per_week:.1f} a week), {fix.volunteer_hours:,.0f} volunteer-hours, "
        f"or {fix.teams} more teams.",
    ]


def _rates(store: Store, asked: Asked) -> tuple[str, bool]:
    learned = fieldwork.learned(store)
    if asked.out:
        fieldwork.learned_to_file(store, learned, asked.out, asked.workspace)
    talks = fieldwork.learned(store, "conversations").summary()
    return f"{learned.summary()}\n{talks}\n{_shown(learned.table)}", True


def _contact(store: Store, asked: Asked) -> tuple[str, bool]:
    table = fieldwork.contact_to_file(store, asked.workspace, _out(asked))
    visited = int((table["doors"] > 0).sum())
    return f"{len(table):,} bureaux, {visited:,} visited: {asked.out}", True


def _covered(store: Store, asked: Asked) -> tuple[str, bool]:
    number = fieldwork.write_covered(store, asked.workspace)
    return f"covered.csv: {number:,} bureaux take their share from the returns.", True


def _export(store: Store, asked: Asked) -> tuple[str, bool]:
    number = fieldwork.export_to_file(store, asked.workspace, _out(asked))
    return f"{number:,} attempts: {asked.out}", True


def _check(store: Store, _asked: Asked) -> tuple[str, bool]:
    unsound = store.unsound()
    if unsound:
        return f"Sums that are not those of the attempts: {unsound}", False
    return "Every sum is that of the attempts.", True


def _given(asked: Asked) -> Sequence[Path]:
    if not asked.files:
        raise DataError("No file is named.", mend="Write the names of the files after the action.")
    return asked.files


def _out(asked: Asked) -> Path:
    if asked.out is None:
        raise DataError("No file to write is named.", mend="Add --out FILE.csv.")
    return asked.out


def _shown(table: pd.DataFrame) -> str:
    return "none" if table.empty else table.to_string(index=False, max_rows=60)


ACTIONS: dict[str, Callable[[Store, Asked], tuple[str, bool]]] = {
    "campaign": _campaign,
    "turfs": _turfs,
    "import": _import,
    "retry": _retry,
    "list": _list,
    "progress": _progress,
    "rates": _rates,
    "contact": _contact,
    "covered": _covered,
    "export": _export,
    "check": _check,
    "revoke": _revoke,
    "buildings": _buildings,
    "accept": _accept,
    "refuse": _refuse,
}
