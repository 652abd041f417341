"""The verb of the electoral roll: take one in, list those that are there, end one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.known_action import check_action
from analysis.cli.terminal import show

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Contacts
    from analysis.contacts.roll_origin import Origin
    from analysis.contacts.roll_store import Roll

ACTIONS = ("import", "list", "refused", "end")
DAYS = ["%Y-%m-%d"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(roll)


def roll(  # noqa: PLR0913 - one option per part of the request for a roll
    action: Annotated[str, typer.Argument(help="import, list, refused or end.")],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    what: Annotated[
        str, typer.Argument(help="File to import (CSV); id of the roll to end or to tell of.")
    ] = "",
    asked_by: Annotated[str, typer.Option(help="Who asked for the roll.")] = "",
    asked_at: Annotated[str, typer.Option(help="Town hall or prefecture it was asked from.")] = "",
    asked_on: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Day it was asked for.")
    ] = None,
    promise_signed_by: Annotated[
        str, typer.Option(help="Who signed the promise of no commercial use (L. 37, R. 16).")
    ] = "",
    promise_signed_on: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Day it was signed; else --asked-on.")
    ] = None,
    list_date: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Day of the list.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, help="Last day of use; the last round ends it at the latest."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it ends, in one word.")] = "done",
) -> None:
    """Take in the electoral roll with the promise of its use, list rolls, or end one for good."""
    from analysis.contacts.roll_origin import Origin
    from analysis.contacts.roll_store import end_roll
    from analysis.workflows.contacts_open import people_of

    _check(action, what)
    with people_of(workspace) as contacts:
        if action == "list":
            _list(contacts)
        elif action == "refused":
            _refused(contacts, what)
        elif action == "end":
            show(f"{what}\t{end_roll(contacts, what, reason)}")
        else:
            signed = promise_signed_on or asked_on
            days = [one.date() if one else None for one in (asked_on, signed, list_date, expires)]
            origin = Origin(asked_by, asked_at, days[0], promise_signed_by, days[1], *days[2:])
            _import(contacts, workspace, Path(what), origin)


def _check(action: str, what: str) -> None:
    from analysis.errors import DataError

    check_action("roll", action, ACTIONS)
    if action != "list" and not what:
        raise DataError(
            "Nothing is named that could be imported or ended.",
            where="python -m analysis roll {action}",
            mend="Name the file to import, or the id that list tells.",
            action=action,
        )


def _import(contacts: Contacts, workspace: Path, file: Path, origin: Origin) -> None:
    from analysis.workflows.roll_import import import_roll

    done = import_roll(contacts, workspace, file, origin)
    lines = [_line(done.roll)]
    if done.again:
        lines.append("this file is in already: nothing was added")
    if done.replaced:
        lines.append(f"replaced\t{done.replaced}")
    lines += [f"refused\t{why}\t{one['rows']}" for why, one in done.roll.refused.items()]
    lines += [f"{name}\t{count}" for name, count in done.roll.counts.items()]
    dropped = done.roll.dropped
    lines.append(f"not read\t{', '.join(dropped['forbidden'])}; {dropped['unread']} other(s)")
    show("\n".join(lines))


def _list(contacts: Contacts) -> None:
    from analysis.contacts.roll_store import rolls

    show("\n".join(_line(one) for one in rolls(contacts)) or "no roll")


def _refused(contacts: Contacts, roll_id: str) -> None:
    from analysis.contacts.roll_store import one_roll

    told = one_roll(contacts, roll_id).refused
    show("\n".join(f"{why}\t{one['rows']}\t{one['lines']}" for why, one in told.items()) or "none")


def _line(one: Roll) -> str:
    """Say of a roll what is to be known of it, and nothing of who is on it."""
    state = one.ended or f"until {one.origin.expires_on}"
    refused = one.file_rows - one.rows
    rows = f"{one.rows} of {one.file_rows} rows, {refused} refused"
    return f"{one.roll}\t{one.file}\t{rows}\tlist of {one.origin.list_date}\t{state}"
