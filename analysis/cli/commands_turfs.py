"""The verb of walks: turfs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from analysis.exports.field_kit.sheets import Options


def turfs(  # noqa: PLR0913 - one option per wish of an organiser
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    targets: Annotated[Path, typer.Option(help="File of rank, or a table with bureau_id.")],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    design: Annotated[
        Path | None, typer.Option(help="Sealed design: its controls are not visited.")
    ] = None,
    hours: Annotated[float | None, typer.Option(help="Length of an outing (2).")] = None,
    team: Annotated[int | None, typer.Option(help="Volunteers in a team (2).")] = None,
    start: Annotated[
        str, typer.Option(metavar="LAT,LON", help="Where teams set out: a metro, a café.")
    ] = "",
    returning: Annotated[bool, typer.Option("--returning", help="Come back to the start.")] = False,
    streets: Annotated[
        str, typer.Option(help="File of a street graph, or osm to download one.")
    ] = "",
    top: Annotated[
        int | None, typer.Option(help="Only the best targets; else those the hours reach.")
    ] = None,
    teams: Annotated[int | None, typer.Option(help="Teams of the next outing; else all.")] = None,
    spares: Annotated[int, typer.Option(help="Turfs kept ready beside theirs, with --teams.")] = 2,
    low_mobility: Annotated[int, typer.Option(help="Short turfs without stairs to set aside.")] = 0,
    params: Annotated[
        Path | None, typer.Option(help="Numbers of an outing (TOML), such as share_open.")
    ] = None,
    long_run: Annotated[
        bool, typer.Option("--long-run", help="Search ten times as long, tell the difference.")
    ] = False,
    sheets: Annotated[bool, typer.Option(help="Write sheets, phone pages and map files.")] = True,
    slot: Annotated[
        str, typer.Option(help="When the outing is: weekday_day, weekday_evening or weekend.")
    ] = "",
    language: Annotated[str, typer.Option(help="Of the sheets: fr or en.")] = "fr",
    large: Annotated[bool, typer.Option("--large", help="Large print on the sheets.")] = False,
    controller: Annotated[
        str, typer.Option(help="Who answers for the data, as the notice at the door says it.")
    ] = "",
    contact: Annotated[str, typer.Option(help="How to reach who answers for the data.")] = "",
    address: Annotated[
        str, typer.Option(help="https address of the server that takes the phones' returns.")
    ] = "",
) -> None:
    """Cut the targets into turfs of equal work, order each, write the sheets."""
    from analysis.tables.workspace import Workspace
    from analysis.turf.planning import Plan
    from analysis.workflows.time_slots import opening_of
    from analysis.workflows.turfs import Ask, read_work
    from analysis.workflows.turfs_command import start_of, turfs_to_folder

    given = {"hours": hours, "team": team}
    work = read_work(params, {name: value for name, value in given.items() if value is not None})
    plan = Plan(
        work=work,
        start=start_of(start),
        returning=returning,
        teams=teams,
        spares=spares,
        low_mobility=low_mobility,
    )
    opening = opening_of(Workspace(workspace), slot, work.share_open) if slot else None
    ask = Ask(plan, design, top, streets, long_run, opening)
    options: Options = {
        "language": language,
        "large": large,
        "controller": controller,
        "contact": contact,
        "address": address,
    }
    told = turfs_to_folder(workspace, targets, ask, out, sheets=options if sheets else None)
    Console(soft_wrap=True, highlight=False, markup=False).print(told)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(turfs)
