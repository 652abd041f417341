"""The verb of the field: returns, with an action."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.terminal import show

# Options of this verb that take several values after one name.
SEVERAL = ("--accept",)
DAYS = ["%Y-%m-%d"]


def returns(  # noqa: PLR0913 - one option per part of a campaign
    action: Annotated[
        str,
        typer.Argument(
            help="campaign, turfs, import, retry, list, progress, rates, contact, covered, export, "
            "check, revoke, buildings, accept or refuse."
        ),
    ],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Files to read.")] = None,
    store: Annotated[str, typer.Option(help="URL of a PostgreSQL; else a file.")] = "",
    accept: Annotated[
        list[str] | None, typer.Option(help="Let pass: edited, future; several may follow.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the campaign.")] = None,
    objective: Annotated[int | None, typer.Option(help="Doors or conversations wanted.")] = None,
    measure: Annotated[str | None, typer.Option(help="doors or conversations.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Paris.")] = None,
    starts: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="First day of the campaign.")
    ] = None,
    ends: Annotated[datetime | None, typer.Option(formats=DAYS, help="Last day.")] = None,
    today: Annotated[
        datetime | None,
        typer.Option(formats=DAYS, help="Last day that is over, for the forecast; else found."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the forecast.")] = 0,
    at: Annotated[
        str, typer.Option(help="Latitude, longitude of the building to accept; else found.")
    ] = "",
) -> None:
    """Take in what came back from the doors, and say how far the campaign is."""
    from analysis.cli.returns_actions import Asked, run

    changes = {
        "name": name,
        "objective": objective,
        "measure": measure,
        "time_zone": time_zone,
        "starts": starts.date() if starts else None,
        "ends": ends.date() if ends else None,
    }
    asked = Asked(
        workspace,
        files=tuple(files or ()),
        out=out,
        accept=tuple(accept or ()),
        changes={key: value for key, value in changes.items() if value is not None},
        today=today.date() if today else None,
        seed=seed,
        place=at,
    )
    text, well = run(action, asked, store)
    show(text)
    if not well:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Give the command line its verb of the field."""
    app.command()(returns)
