"""The verb of walks: turfs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.cli.each_place import Cluster, Each, Workers, over_each
from analysis.cli.known_action import known_language
from analysis.cli.terminal import show
from analysis.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.exports.field_kit.sheets import Options
    from analysis.turf.walk_list import Walks


def turfs(  # noqa: PLR0913 - one option per wish of an organiser
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    targets: Annotated[
        Path | None, typer.Option(help="File of rank, or a table with bureau_id.")
    ] = None,
    edit: Annotated[
        Path | None,
        typer.Option(help="Changes (JSON, TOML) to turfs that lie in --out already."),
    ] = None,
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
        str, typer.Option(help="File of streets, or osm to download them; else the workspace's.")
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
    language: Annotated[
        str, typer.Option(help="Of the sheets: fr or en.", callback=known_language)
    ] = "fr",
    large: Annotated[bool, typer.Option("--large", help="Large print on the sheets.")] = False,
    controller: Annotated[
        str, typer.Option(help="Who answers for the data, as the notice at the door says it.")
    ] = "",
    contact: Annotated[str, typer.Option(help="How to reach who answers for the data.")] = "",
    address: Annotated[
        str, typer.Option(help="https address of the server that takes the phones' returns.")
    ] = "",
    door_contacts: Annotated[
        bool,
        typer.Option("--door-contacts", help="Let people leave their contact, by their own act."),
    ] = False,
    door_names: Annotated[
        bool,
        typer.Option(
            "--door-names", help="Print the names of the electoral roll, with the notice."
        ),
    ] = False,
    each: Each = None,
    workers: Workers = 0,
    cluster: Cluster = "",
) -> None:
    """Cut the targets into turfs of equal work, order each, write the sheets."""
    if over_each(each, workers, cluster):
        return
    from analysis.workflows.contacts_open import who_answers

    known = who_answers(workspace)
    options: Options = {
        "language": language,
        "large": large,
        "controller": controller or known.name,
        "contact": contact or known.contact,
        "address": address,
    }
    if door_contacts:
        from analysis.workflows.door_contacts import door_form

        options["door"] = door_form(workspace)
    if edit is not None:
        _edit(workspace, out, edit, streets, options if sheets else None)
        return
    if targets is None:
        raise DataError(
            "Turfs are cut from targets, or changed by a file of changes.",
            mend="Add --targets FILE to cut, or --edit FILE to change the turfs of --out.",
        )
    from analysis.turf.planning import Plan
    from analysis.workflows.outing_numbers import read_work
    from analysis.workflows.turf_output import turfs_to_folder
    from analysis.workflows.turfs import Ask

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
    ask = Ask(plan, design, top, streets, long_run)
    walks, written, said = turfs_to_folder(
        workspace,
        targets,
        ask,
        out,
        slot=slot,
        names=door_names,
        sheets=options if sheets else None,
    )
    show("\n".join([_report(walks), *said, f"written: {len(written)} file(s) in {out}"]))


def _edit(workspace: Path, out: Path, file: Path, streets: str, sheets: Options | None) -> None:
    """Change the turfs of a folder, and say which are another now."""
    from analysis.turf.editing import difference
    from analysis.workflows.turf_edits import edit_folder

    before, after = edit_folder(workspace, out, file, streets=streets, sheets=sheets)
    lines = [f"changed: {file.name}"]
    for row in difference(before, after).itertuples():
        was, now = (
            f"{doors:.0f} doors, {minutes:.0f} minutes" if doors > 0 else "none"
            for doors, minutes in (
                (row.doors_before, row.minutes_before),
                (row.doors_after, row.minutes_after),
            )
        )
        lines.append(f"{row.turf_id}: {was} → {now}")
    told = after.summary
    lines.append(
        f"cut {told['cut']}: {told['count']} turfs, {told['doors']} doors, "
        f"the longest {told['minutes_max_over_mean']:.2f} times the mean"
    )
    show("\n".join(lines))


def _report(walks: Walks) -> str:
    """Say what was cut, how evenly, and what is in no turf."""
    told = walks.summary
    words = {"roll": "measured from the roll"}
    doors = [f"{n} addresses {words.get(kind, kind)}" for kind, n in told["dwellings_from"].items()]
    lines = [
        f"cut {told['cut']}: {told['count']} turfs in {told['targets']} bureau(x), "
        f"{told['doors']} doors at {told['stops']} stops, "
        f"{told['minutes_mean']:.0f} minutes each, the longest "
        f"{told['minutes_max_over_mean']:.2f} times the mean",
        f"walk: {told['walk_m_mean']:.0f} m a turf, by {told['distance']}",
        f"doors: {', '.join(doors)}",
        *_slot(told["opening"]),
    ]
    lines += [
        f"in no turf: {item.count} — {item.reason}: {item.examples}" for item in walks.left_out()
    ]
    lines += [
        f"left out when the addresses were read: {item['count']} — {item['reason']}"
        for item in told["left_out_when_read"]
    ]
    if told["split"]:
        lines.append(f"buildings longer than an outing, shared out by doors: {len(told['split'])}")
    lines += [f"note: {note}" for note in told["notes"]]
    lines += [f"seal: {walks.seal}"] if walks.seal else []
    return "\n".join(lines)


def _slot(opening: Mapping[str, Any] | None) -> list[str]:
    """Say where conversations are expected in the slot of the outing, and how that is known."""
    from analysis.workflows.time_slots import ASSUMED

    if opening is None:
        return []
    rates = ", ".join(f"{kind} {rate:.2f}" for kind, rate in opening["rates"].items())
    how = f"learned at {opening['doors']} doors of this slot"
    if opening["source"] == ASSUMED:
        how = "assumed, for no returns tell of this slot: the same for every kind of building"
    return [f"doors with a conversation, {opening['slot']}: {rates} ({how})"]


def start_of(text: str) -> tuple[float, float] | None:
    """Read `LAT,LON`; None for an empty text.

    Raises
    ------
    DataError
        When it is not two numbers.
    """
    if not text:
        return None
    from analysis.geography.address_search import degrees_in

    if (point := degrees_in(text)) is None:
        raise DataError(
            "The start point is not two numbers.",
            where="--start {text}",
            mend="Write latitude, comma, longitude: --start 48.8566,2.3522.",
            text=text,
        )
    return point


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(turfs)
