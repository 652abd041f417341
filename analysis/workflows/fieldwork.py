"""What the command line asks of the field: one function an action, each returns what to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import tomli_w

from analysis.errors import DataError
from analysis.fieldwork import exposure, field_plan, inbox, learning, progress
from analysis.fieldwork.campaign import Campaign, change_campaign
from analysis.fieldwork.outlook import Aim, Window, correct, forecast
from analysis.fieldwork.returns_validation import ACCEPTABLE
from analysis.fieldwork.store import Receipt, Store, open_store
from analysis.tables.workspace import Workspace


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


def run(action: str, asked: Asked, url: str = "") -> tuple[str, bool]:
    """Do an action on the store of a workspace; return what to print, and whether all went well.

    Raises
    ------
    DataError
        When there is no such action, or what it needs is not given.
    """
    if action not in ACTIONS:
        raise DataError(
            "There is no such action.",
            where="{action}",
            mend="Take one of: {known}.",
            action=action,
            known=", ".join(ACTIONS),
        )
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
    store = open_store(asked.workspace, url)
    try:
        return ACTIONS[action](store, asked)
    finally:
        store.engine.dispose()


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
    written = [
        field_plan.register(store.engine, field_plan.read_turfs(file)) for file in _given(asked)
    ]
    return f"{sum(written):,} turfs registered.", True


def _import(store: Store, asked: Asked) -> tuple[str, bool]:
    results: list[Receipt | DataError] = []
    for file in _given(asked):
        try:
            content = _bytes(file)
            results.append(inbox.receive(store, content, name=file.name, accept=asked.accept))
        except DataError as error:
            results.append(error)
    return _received(results)


def _retry(store: Store, _asked: Asked) -> tuple[str, bool]:
    return _received(inbox.retry(store))


def _received(results: list[Receipt | DataError]) -> tuple[str, bool]:
    lines = [
        str(one)
        if isinstance(one, DataError)
        else f"{one.file}: {one.new} new, {one.repeated} already in, {one.conflicts} in conflict"
        for one in results
    ]
    return "\n".join(lines) or "Nothing to import.", all(isinstance(r, Receipt) for r in results)


def _list(store: Store, _asked: Asked) -> tuple[str, bool]:
    parts = {
        "Imports": store.imports().drop(columns=["import_id", "sha256"]),
        "Conflicts": store.conflicts(),
        "Flags": store.flags(),
    }
    return "\n\n".join(f"{name}\n{_shown(table)}" for name, table in parts.items()), True


def _progress(store: Store, asked: Asked) -> tuple[str, bool]:
    campaign, now = store.campaign, progress.totals(store)
    lines = [
        _described(campaign),
        f"{now.doors:,} doors, {now.conversations:,} conversations "
        f"({100 * now.answer_rate:.1f}%), {now.planned:,} doors planned",
    ]
    if now.first_day and campaign.ends and campaign.objective:
        lines += _forecast(store, asked, campaign.starts or now.first_day, campaign.ends)
    lines.append(_shown(progress.by(store, "day")))
    return "\n".join(lines), True


def _forecast(store: Store, asked: Asked, starts: date, ends: date) -> list[str]:
    campaign, rng = store.campaign, np.random.default_rng(asked.seed)
    today = asked.today or pd.Timestamp.now(ZoneInfo(campaign.time_zone)).date()
    column = "doors" if campaign.measure == "doors" else "conversation"
    daily = progress.by(store, "day").set_index("day")[column]
    found = forecast(daily, Window(starts, today, ends), campaign.objective, rng=rng)
    aim = Aim(campaign.measure)
    fix = correct(found, progress.outings(store), aim, rng=rng)
    if fix is None:
        return [found.summary(), "No number of outings makes it likely."]
    if not fix.outings:
        return [found.summary()]
    return [
        found.summary(),
        f"For {100 * aim.likely:.0f}%: {fix.outings:,} more outings ({fix.per_week:.1f} a week), "
        f"{fix.volunteer_hours:,.0f} volunteer-hours, or {fix.teams} more teams.",
    ]


def _rates(store: Store, asked: Asked) -> tuple[str, bool]:
    factors = ("weekend", "hour", "kind")
    learned = learning.learn_rates(progress.cells(store, *factors), factors=factors)
    if asked.out:
        params = exposure.learned_params(learned, progress.outings(store))
        _write(asked.out, tomli_w.dumps({name: dict(value) for name, value in params.items()}))
    return f"{learned.summary()}\n{_shown(learned.table)}", True


def _contact(store: Store, asked: Asked) -> tuple[str, bool]:
    table = exposure.contact(store, registered_of(Workspace(asked.workspace)))
    _write(_out(asked), table.to_csv(index=False))
    visited = int((table["doors"] > 0).sum())
    return f"{len(table):,} bureaux, {visited:,} visited: {asked.out}", True


def _covered(store: Store, asked: Asked) -> tuple[str, bool]:
    number = exposure.write_covered(store, asked.workspace)
    return f"covered.csv: {number:,} bureaux take their share from the returns.", True


def _export(store: Store, asked: Asked) -> tuple[str, bool]:
    return f"{exposure.export(store, _out(asked)):,} attempts: {asked.out}", True


def _check(store: Store, _asked: Asked) -> tuple[str, bool]:
    unsound = store.unsound()
    if unsound:
        return f"Sums that are not those of the attempts: {unsound}", False
    return "Every sum is that of the attempts.", True


def registered_of(workspace: Workspace) -> pd.Series:
    """Return the registered voters of every bureau at the latest election of a workspace."""
    dates = workspace.read("elections").sort_values("date", kind="stable")
    turnout = workspace.read("turnout", columns=["election_id", "bureau_id", "registered"])
    latest = turnout[turnout["election_id"] == dates["election_id"].iloc[-1]]
    found = latest.set_index(latest["bureau_id"].astype("str"))["registered"]
    return found[found > 0]


def _given(asked: Asked) -> Sequence[Path]:
    if not asked.files:
        raise DataError("No file is named.", mend="Write the names of the files after the action.")
    return asked.files


def _out(asked: Asked) -> Path:
    if asked.out is None:
        raise DataError("No file to write is named.", mend="Add --out FILE.csv.")
    return asked.out


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(
            "The file cannot be read.",
            where="{file}: {strerror}",
            mend="Check the path.",
            file=file,
            strerror=error.strerror,
        ) from error


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError(
            "The file cannot be written.",
            where="{file}: {strerror}",
            mend="Name a file in a folder that may be written to.",
            file=file,
            strerror=error.strerror,
        ) from error


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
}
