"""Changes made by hand to a cut on disk: a log that only grows, undo and redo, files that follow.

Beside the files of a cut lie `before_edits/` (its tables as they were cut) and `edits.jsonl`: one
line for each change, `undo` or `redo`, with who and when. The tables of the folder are those of
the cut with all changes in force; they can be made again from these two.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from analysis.errors import DataError, some
from analysis.tables.file_lock import held
from analysis.tables.workspace import Workspace
from analysis.targeting.params import read_toml
from analysis.turf.distance import OnStreets, StraightLine
from analysis.turf.edit_rules import Ground
from analysis.turf.editing import Edit, apply, next_number
from analysis.turf.walk_list import IN_CONTROL, IN_NO_ARM, Walks
from analysis.workflows.sealed_trials import open_trial
from analysis.workflows.turf_folder import SUMMARY
from analysis.workflows.turf_output import TABLES, kit_for, read_walks, write_walks
from analysis.workflows.turf_targets import CONTROL
from analysis.workflows.turfs import streets_of

if TYPE_CHECKING:
    from analysis.exports.field_kit.sheets import Options

LOG, BEFORE, _LOCK = "edits.jsonl", "before_edits", "edits.lock"
# A street between two bureaux belongs to both: walking on it is no visit.
_LIMIT_M = 25.0
Sheets = Callable[[Walks], list[Path]]


@dataclass(frozen=True, slots=True)
class Log:
    """What was done to a cut.

    Attributes
    ----------
    entries
        Every line, in order: `op` and its values, or `undo`, `redo`; `who`, `when`.
    done, undone
        Changes in force, and those that `redo` brings back, the next one last.
    """

    entries: tuple[Mapping[str, Any], ...] = ()
    done: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()

    @property
    def version(self) -> int:
        """Return how often the cut was changed; whoever edits says which version they saw."""
        return len(self.entries)


def log_of(folder: Path) -> Log:
    """Read the log of a cut; one that was never changed has none.

    Raises
    ------
    DataError
        When a line cannot be read.
    """
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return Log()
    try:
        entries = tuple(json.loads(line) for line in lines)
        done: list[Edit] = []
        undone: list[Edit] = []
        for entry in entries:
            if entry["op"] == "undo":
                undone.append(done.pop())
            elif entry["op"] == "redo":
                done.append(undone.pop())
            else:
                undone.clear()
                plain = {name: entry[name] for name in set(entry) - {"who", "when"}}
                done.append(Edit.from_dict(plain))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DataError(
            "The log of changes to these turfs cannot be read.",
            where="{file}: {error}",
            mend="Put edits.jsonl back from a copy, or remove it with before_edits to keep the "
            "turfs as they are now.",
            file=folder / LOG,
            error=error,
        ) from error
    return Log(entries, tuple(done), tuple(undone))


def read_edits(file: Path) -> list[Edit]:
    """Read changes of a file: a list of them (JSON), or tables `[[edit]]` (TOML); `undo`, `redo`.

    Raises
    ------
    DataError
        When the file cannot be read or a change in it cannot.
    """
    try:
        if file.suffix == ".toml":
            found = read_toml(file)["edit"]
        else:
            found = json.loads(file.read_text(encoding="utf-8"))
            found = found["edit"] if isinstance(found, Mapping) else found
        return [
            Edit(str(one["op"])) if one.get("op") in {"undo", "redo"} else Edit.from_dict(one)
            for one in found
        ]
    except (
        OSError,
        KeyError,
        TypeError,
        AttributeError,
        UnicodeDecodeError,
        json.JSONDecodeError,
    ) as error:
        raise DataError(
            "The file of changes to turfs cannot be read.",
            where="{file}: {error}",
            mend='Write [{{"op": "merge", "turfs": ["KRPT-001", "KRPT-002"]}}] (JSON), or tables '
            "[[edit]] (TOML).",
            file=file,
            error=error,
        ) from error


def ground_of(workspace: Workspace, walks: Walks, streets: str = "") -> Ground:
    """Return how walks of a cut are measured in its place, and which bureaux are closed.

    Parameters
    ----------
    workspace, walks, streets
        The place; its cut; file of the streets it was measured on, empty for the workspace's.

    Returns
    -------
    Ground
        By the street graph where the cut was measured on it, else by lines and its detour.
    """
    told = str(walks.summary["distance"])
    graph = streets_of(workspace, streets) if told.startswith("street graph") else None
    detour = float(walks.summary["work"]["detour"])
    distance = OnStreets(graph) if graph else StraightLine(detour)
    return Ground(distance, str(workspace.crs), _closed(workspace, walks))


def _closed(workspace: Workspace, walks: Walks) -> shapely.Geometry | None:
    """Return the ground of control bureaux, without the streets round them."""
    reasons = walks.uncut["reason"].isin([IN_CONTROL, IN_NO_ARM])
    addresses = workspace.read_arrow("addresses", columns=["address_id", "bureau_id"]).to_pandas()
    listed = addresses["address_id"].isin(walks.uncut.loc[reasons, "address_id"])
    closed = set(addresses.loc[listed, "bureau_id"].astype(str))
    for seal in walks.seal.split():
        # A design that was sealed elsewhere closes the bureaux the cut lists, and no others.
        with suppress(DataError):
            arms = open_trial(workspace.path, seal).sealed.assignment
            closed |= set(arms.loc[arms["arm"] == CONTROL, "unit_id"].astype(str))
    if not closed or not workspace.has("bureaux"):
        return None
    table = workspace.read("bureaux").sort_values("vintage")
    last = table[table["bureau_id"].isin(closed)].drop_duplicates("bureau_id", keep="last")
    if last.empty:
        return None
    return shapely.union_all(gpd.GeoDataFrame(last).geometry.buffer(-_LIMIT_M).to_numpy())


def change(  # noqa: PLR0913 - who changes what, where, and what they saw
    folder: Path,
    edits: Iterable[Edit],
    ground: Ground,
    *,
    who: str = "",
    seen: int | None = None,
    held_back: Callable[[Walks, Edit], None] | None = None,
    sheets: Sheets | None = None,
) -> Walks:
    """Make changes to a cut on disk, all or none, and write its files anew.

    Parameters
    ----------
    folder, edits, ground
        Of the cut; in their order, `undo` and `redo` too; as `ground_of` returns it.
    who
        Who makes them; empty on one's own machine.
    seen
        `Log.version` of what they were looking at; None where that does not matter.
    held_back
        Called before each change with the cut as it is; raises where it may not be.
    sheets
        Writes more files of the cut into the folder.

    Returns
    -------
    Walks
        The cut as it is now.

    Raises
    ------
    DataError
        When a change cannot be made, or the cut was changed since it was `seen`: none is kept.
    """
    with held(folder / _LOCK):
        log = log_of(folder)
        _refuse_unseen(log, seen)
        walks = current(folder, ground, log)
        highest = next_number(walks)
        lines = []
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for edit in edits:
            # A number that was ever given is not given again, not even after an undo.
            numbered, highest = _numbered(edit, log, highest)
            log = _after(log, numbered, {"who": who, "when": now})
            if held_back:
                held_back(walks, numbered)
            if edit.op in {"undo", "redo"}:
                walks = _replayed(folder, log, ground)
            else:
                walks = apply(walks, numbered, ground)
            lines.append(json.dumps(log.entries[-1], ensure_ascii=False))
        _keep_base(folder)
        with (folder / LOG).open("a", encoding="utf-8", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)
        write_walks(walks, folder, (lambda: sheets(walks)) if sheets else None)
    return walks


def author(log: Log, op: str) -> str:
    """Return who made the change that `undo` or `redo` would turn; "" where there is none."""
    done: list[str] = []
    undone: list[str] = []
    for entry in log.entries:
        if entry["op"] == "undo":
            undone.append(done.pop())
        elif entry["op"] == "redo":
            done.append(undone.pop())
        else:
            undone.clear()
            done.append(str(entry.get("who", "")))
    turned = done if op == "undo" else undone
    return turned[-1] if turned else ""


def _numbered(edit: Edit, log: Log, highest: int) -> tuple[Edit, int]:
    if edit.op not in {"merge", "split", "draw"}:
        return edit, highest
    given = [one["number"] + (one["op"] == "split") for one in log.entries if one.get("number")]
    number = max(highest, *(1 + n for n in given), edit.number)
    return replace(edit, number=number), number + (2 if edit.op == "split" else 1)


def _after(log: Log, edit: Edit, told: Mapping[str, str]) -> Log:
    """Return the log with a line more."""
    entry = {**edit.to_dict(), **told}
    entries = (*log.entries, entry)
    if edit.op == "undo":
        if not log.done:
            raise _nothing_to_undo()
        return Log(entries, log.done[:-1], (*log.undone, log.done[-1]))
    if edit.op == "redo":
        if not log.undone:
            raise _nothing_to_undo()
        return Log(entries, (*log.done, log.undone[-1]), log.undone[:-1])
    return Log(entries, (*log.done, edit))


def current(folder: Path, ground: Ground, log: Log | None = None) -> Walks:
    """Return a cut with all changes in force, whether its tables tell them already or not.

    Parameters
    ----------
    folder, ground, log
        Of the cut; how its walks are measured; its changes, None to read them.

    Returns
    -------
    Walks
        The files of the cut are left as they are.
    """
    log = log_of(folder) if log is None else log
    walks = read_walks(folder)
    told = walks.summary.get("edits", {}).get("made", 0)
    return (
        walks if told == len(log.done) and not _behind(folder) else _replayed(folder, log, ground)
    )


def _behind(folder: Path) -> bool:
    """Tell whether the log was written after the tables: a write that was cut short."""
    log, tables = folder / LOG, folder / SUMMARY
    return log.is_file() and log.stat().st_mtime_ns > tables.stat().st_mtime_ns


def _replayed(folder: Path, log: Log, ground: Ground) -> Walks:
    base = folder / BEFORE
    walks = read_walks(base if base.is_dir() else folder)
    for edit in log.done:
        walks = apply(walks, edit, ground)
    return walks


def _keep_base(folder: Path) -> None:
    if (folder / BEFORE).is_dir():
        return
    aside = folder / f"{BEFORE}.part"
    aside.mkdir(exist_ok=True)
    for name in TABLES:
        shutil.copyfile(folder / name, aside / name)
    aside.rename(folder / BEFORE)


def _refuse_unseen(log: Log, seen: int | None) -> None:
    if seen is None or seen == log.version:
        return
    others = [
        " ".join([str(one["op"]), *one.get("turfs", ()), one.get("who", "")]).strip()
        for one in log.entries[seen:]
    ]
    raise DataError(
        "Somebody else changed these turfs meanwhile: nothing of yours was kept.",
        where="{others}",
        mend="Look at the turfs as they are now, then change what you still want to.",
        others=some(others),
    )


def _nothing_to_undo() -> DataError:
    return DataError(
        "There is no change to take back or to bring back.",
        mend="Look at the list of changes: undo goes back to the turfs as they were cut.",
    )


def history(folder: Path) -> pd.DataFrame:
    """Return every line of the log: `op`, `turfs`, `addresses`, `who`, `when`, the latest first."""
    rows = [
        {
            "op": one["op"],
            "turfs": " ".join([*one.get("turfs", ()), *([one["to"]] if one.get("to") else [])]),
            "addresses": len(one.get("addresses", ())),
            "who": one.get("who", ""),
            "when": one.get("when", ""),
        }
        for one in reversed(log_of(folder).entries)
    ]
    return pd.DataFrame(rows, columns=["op", "turfs", "addresses", "who", "when"])


def edit_folder(
    place: Path, out: Path, file: Path, *, streets: str = "", sheets: Options | None = None
) -> tuple[Walks, Walks]:
    """Apply a file of changes to a folder that the verb `turfs` wrote; return before and after.

    Parameters
    ----------
    place, out, file
        Folders of the workspace and of the turfs; changes, as `read_edits` takes them.
    streets
        File of the streets they were measured on; empty for those of the workspace.
    sheets
        How sheets, phone pages and map files are written anew; None writes none, and those of
        the turfs before are removed.

    Returns
    -------
    tuple
        The turfs before and after.

    Raises
    ------
    DataError
        As `change` and `read_edits`.
    """
    edits, workspace = read_edits(file), Workspace(place)
    ground = ground_of(workspace, read_walks(out), streets)
    before = current(out, ground)

    def write(walks: Walks) -> list[Path]:
        from analysis.exports.field_kit.sheets import write_kit

        return write_kit(kit_for(walks, workspace, streets=streets, **(sheets or {})), out)

    return before, change(out, edits, ground, sheets=write if sheets else None)
