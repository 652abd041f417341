"""Turfs on disk: write them, what is in none, the summary and the sheets; read a cut back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError
from analysis.exports.csv_account import put_account
from analysis.exports.registry import beside
from analysis.tables.lately import Lately
from analysis.tables.schema import WALKLISTS
from analysis.tables.spreadsheet_text import csv_text, plain
from analysis.tables.workspace import Workspace
from analysis.turf.street_ways import way_along
from analysis.turf.walk_list import Walks, checked
from analysis.workflows.base_maps import ground_round
from analysis.workflows.known_doors import alone_now, known_doors
from analysis.workflows.time_slots import opening_of
from analysis.workflows.turf_folder import SUMMARY, clear, earlier, set_aside, write_summary
from analysis.workflows.turf_links_out import keep_pages
from analysis.workflows.turfs import OSM, Ask, make_walks, streets_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from analysis.exports.field_kit.kit import Kit
    from analysis.exports.field_kit.sheets import Options
    from analysis.turf.graph import StreetGraph

# A way may be drawn this far beside the middle of its street, metres.
_WAY_CLOSE_M = 0.5
_TURFS, _UNCUT = "turfs.csv", "uncut.csv"
TABLES = (_TURFS, _UNCUT, SUMMARY)
_LATELY: Lately[Walks] = Lately(4)
_DTYPES = {"str": "str", "int64": "int64", "float64": "float64", "Int64": "Int64"}
# Only a house number may be missing; a street may well be called "NA".
_NA = {"number": [""]}
# A ZIP bears a date for every file; one that never changes makes the same bytes twice.
_DATE = (2000, 1, 1, 0, 0, 0)
_DECIMALS = {"latitude": 6, "longitude": 6, "minutes": 2, "walk_m": 1}


def write_walks(
    walks: Walks, out: Path, sheets: Callable[[], list[Path]] | None = None
) -> tuple[list[Path], list[str]]:
    """Write `turfs.csv`, `uncut.csv` and `summary.json`; the same walks give the same bytes.

    Parameters
    ----------
    walks
        What is written.
    out
        Folder; made if need be. What an earlier run wrote there and this one does not is
        removed; what was changed since is kept under another name; the rest is left alone.
    sheets
        Writes more files into the folder and returns them.

    Returns
    -------
    tuple
        The files, and what became of those of an earlier run, in words.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    names = walks.summary.get("labels")
    turfs = walks.turfs.round(_DECIMALS)
    if names is not None:
        turfs = turfs.assign(label=turfs["bureau_id"].map(names).fillna(""))
    texts = {_TURFS: _csv(turfs), _UNCUT: _csv(walks.uncut)}
    before = earlier(out)
    said = set_aside(before)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8", newline="")
        tables = [out / name for name in texts]
        told = [put_account(one, "turfs", **_account(walks)) for one in tables]
        written = [*tables, *told, *(sheets() if sheets else ())]
        # Last: until it is there, the folder is the earlier run's.
        written.append(write_summary(out, walks.summary, written))
    except OSError as error:
        raise DataError(
            "The turfs cannot be written there.",
            where="{out}: {strerror}",
            mend="Name a folder that may be written to, on a disk with room.",
            out=out,
            strerror=error.strerror,
        ) from error
    return written, said + clear(before, written)


def _account(walks: Walks) -> dict[str, Any]:
    place, fictional = str(walks.summary.get("place", "")), walks.summary.get("fictional")
    return {"title": place, "fictional": bool(fictional)}


def turfs_to_folder(  # noqa: PLR0913 - the parts of one command
    folder: Path,
    targets: Path,
    ask: Ask,
    out: Path,
    *,
    slot: str = "",
    names: bool = False,
    sheets: Options | None,
) -> tuple[Walks, list[Path], list[str]]:
    """Make the turfs of a workspace and write them.

    Parameters
    ----------
    folder, targets, ask
        Workspace, file of targets, what is asked.
    out
        Folder to write into.
    slot
        When the outing is, to go first where people talk then; empty for any time.
    names
        Whether the names of the roll stand on the sheets, with their notice.
    sheets
        How sheets, phone pages and map files are written; None writes none.

    Returns
    -------
    tuple
        The turfs, the files, and what became of those of an earlier run, in words.

    Raises
    ------
    DataError
        As `make_walks` and `write_walks`.
    """
    workspace = Workspace(folder)
    if slot:
        ask = replace(ask, opening=opening_of(workspace, slot, ask.plan.work.share_open))
    if ask.known is None:
        ask = replace(ask, known=known_doors(workspace))
    walks = make_walks(workspace, targets, ask)

    def asked() -> list[Path]:
        from analysis.workflows.cut_again import keep_what_was_asked

        return keep_what_was_asked(out, targets, ask, workspace)

    if sheets is None:
        return walks, *write_walks(walks, out, asked)
    # A graph that was downloaded has been saved in the workspace by now.
    streets = "" if ask.streets == OSM else ask.streets

    def write() -> list[Path]:
        from analysis.exports.field_kit.sheets import write_kit

        kit = kit_for(walks, workspace, streets=streets, names=names, **sheets)
        keep_pages(kit, workspace)
        return [*write_kit(kit, out), *asked()]

    return walks, *write_walks(walks, out, write)


def read_walks(at: Path) -> Walks:
    """Return the turfs of a cut, as `write_walks` wrote them; to be read only.

    Raises
    ------
    DataError
        When a file is missing or was damaged.
    """
    # The page Turfs asks for them at each click.
    files = [(at / name).stat() if (at / name).is_file() else None for name in TABLES]
    stamps = tuple(one and (one.st_ino, one.st_size, one.st_mtime_ns) for one in files)
    return _LATELY.get((at.absolute(), stamps), lambda: _read_walks(at))


def _read_walks(at: Path) -> Walks:
    types = {name: _DTYPES[column.dtype] for name, column in WALKLISTS.columns.items()}
    try:
        table = pd.read_csv(at / _TURFS, dtype=types, keep_default_na=False, na_values=_NA)
        table = plain(table)
        uncut = plain(pd.read_csv(at / _UNCUT, dtype="str", keep_default_na=False))
        summary = json.loads((at / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            "This cut cannot be read any more.",
            where="{at}: {error}",
            mend="Cut the turfs again, or put the folder back from a copy.",
            at=at,
            error=error,
        ) from error
    return Walks(checked(table), uncut, summary, summary["seal"])


def kit_for(
    walks: Walks,
    workspace: Workspace,
    *,
    streets: str = "",
    names: bool = False,
    **options: Unpack[Options],
) -> Kit:
    """Return what sheets, phone pages and map files of turfs are written from.

    Parameters
    ----------
    walks, workspace
        The turfs, and the place they are in.
    streets
        File of a street graph; empty takes the workspace's, if there is one.
    names
        Whether the names of the roll stand on the sheets, with their notice.
    **options
        How they are written.

    Returns
    -------
    Kit
        The turfs with addresses, words and surroundings.
    """
    from analysis.exports.field_kit.sheets import kit_of  # reads fonts and PDF machinery

    walks = alone_now(walks, workspace)

    if names:
        from analysis.workflows.names_at_doors import door_names

        language = options.get("language", "fr")
        options["people"] = door_names(workspace.path, walks, language=language)
    graph = streets_of(workspace, streets)
    lines = None if graph is None else shapely.linestrings(graph.nodes[graph.edges])
    ways = {} if graph is None else _ways(walks, graph, workspace.crs)
    ground = ground_round(workspace, walks.turfs["bureau_id"].astype("str"))
    return kit_of(walks, workspace, streets=lines, ways=ways, ground=ground, **options)


def _ways(walks: Walks, graph: StreetGraph, crs: object) -> dict[str, npt.NDArray[np.float64]]:
    """Return the walk of each turf along streets, longitude and latitude."""
    turfs = walks.turfs.sort_values(["turf_id", "stop"], kind="stable")
    spots = gpd.points_from_xy(turfs["longitude"], turfs["latitude"], crs="OGC:CRS84").to_crs(crs)
    rows = turfs.reset_index(drop=True).groupby("turf_id").indices
    lines = {
        str(turf): way_along(graph, shapely.get_coordinates(spots[at]))
        for turf, at in rows.items()
        if len(at) > 1
    }
    simple = shapely.simplify(np.array([*lines.values()], dtype=object), _WAY_CLOSE_M)
    degrees = gpd.GeoSeries(simple, crs=crs).to_crs("OGC:CRS84")
    return {turf: shapely.get_coordinates(line) for turf, line in zip(lines, degrees, strict=True)}


def zip_of(kit: Kit, cut: Path, part: Walks | None = None) -> bytes:
    """Return everything for the teams as a ZIP, with the tables of the cut.

    With the address of a server, the links of the turfs open from then on.

    Parameters
    ----------
    kit
        What sheets and phone pages are written from.
    cut
        Folder of the cut.
    part
        Some of its turfs, whose tables are taken; None for all.

    Returns
    -------
    bytes
        The archive; its entries bear a fixed date.
    """
    from analysis.exports.field_kit.sheets import write_kit

    if kit.address:
        keep_pages(kit, Workspace(cut.parents[1]))
    content = io.BytesIO()
    with TemporaryDirectory() as at, zipfile.ZipFile(content, "w") as archive:
        written = {str(file.relative_to(at)): file for file in write_kit(kit, at)}
        if part is not None:
            cut = Path(at) / "part"
            write_walks(part, cut)
        tables = {file.name: file for file in _tables(cut)}
        for name, file in (written | tables).items():
            entry = zipfile.ZipInfo(name, _DATE)
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _tables(cut: Path) -> list[Path]:
    """Return the tables of a cut, and what stands beside them."""
    files = (cut / name for name in TABLES)
    both = (file for table in files for file in (table, beside(table)))
    return [file for file in both if file.is_file()]


def _csv(table: pd.DataFrame) -> str:
    return csv_text(table, form="%.10g")
