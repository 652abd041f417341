"""The verb `turfs`: what the terminal asks and says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.turf.walk_list import Walks
from analysis.workflows.time_slots import ASSUMED
from analysis.workflows.turf_output import write_all, write_walks
from analysis.workflows.turfs import Ask, make_walks, streets_of

if TYPE_CHECKING:
    from analysis.exports.field_kit.sheets import Options


def turfs_to_folder(
    folder: Path, targets: Path, ask: Ask, out: Path, *, sheets: Options | None
) -> str:
    """Make the turfs of a workspace, write them, and return what to print.

    Parameters
    ----------
    folder, targets, ask
        Workspace, file of targets, what is asked.
    out
        Folder to write into.
    sheets
        How they are written; None writes none.
    """
    workspace = Workspace(folder)
    walks = make_walks(workspace, targets, ask)
    if sheets is not None:
        # A graph that was downloaded has been saved in the workspace by now.
        graph = streets_of(workspace, "" if ask.streets == "osm" else ask.streets)
        written, said = write_all(walks, out, workspace, graph=graph, **sheets)
    else:
        written, said = write_walks(walks, out)
    lines = [report(walks), *said, f"written: {len(written)} file(s) in {out}"]
    return "\n".join(lines)


def report(walks: Walks) -> str:
    """Say what was cut, how evenly, and what is in no turf."""
    told = walks.summary
    doors = [f"{count} addresses {kind}" for kind, count in told["dwellings_from"].items()]
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
    """Say what is expected to open in the slot of the outing, and how that is known."""
    if opening is None:
        return []
    rates = ", ".join(f"{kind} {rate:.2f}" for kind, rate in opening["rates"].items())
    how = f"learned at {opening['doors']} doors of this slot"
    if opening["source"] == ASSUMED:
        how = "assumed, for no returns tell of this slot: the same for every kind of building"
    return [f"doors that open, {opening['slot']}: {rates} ({how})"]


def start_of(text: str) -> tuple[float, float] | None:
    """Read `LAT,LON`; None for an empty text.

    Raises
    ------
    DataError
        When it is not two numbers.
    """
    if not text:
        return None
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError as error:
        raise DataError(
            "The start point is not two numbers.",
            where="--start {text}",
            mend="Write latitude, comma, longitude: --start 48.8566,2.3522.",
            text=text,
        ) from error
    return latitude, longitude
