"""What the command line asks of the library, and how it prints the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from analysis.electorate.history import Election
from analysis.errors import DataError, some
from analysis.exports.registry import MAPS, write
from analysis.readers.calendar import election_of
from analysis.readers.results import Raw, combine
from analysis.tables.workspace import Workspace
from analysis.workflows.build import Inputs, Progress, build, build_from
from analysis.workflows.hold_back import CONTROL, HoldBack, hold_back_of, with_arms
from analysis.workflows.ranking import (
    Scenario,
    answer,
    open_workspace,
    provenance_of,
    read_scenario,
    shapes_of,
)


@dataclass(frozen=True)
class Job:
    """A place to build: files, and results that another layout's reader has read."""

    inputs: Inputs
    read: Callable[[], tuple[Raw, Callable[[str], Election]]] | None = None

    def build(self, target: Path, progress: Progress) -> Workspace:
        """Read everything and write the workspace."""
        if self.read is None:
            return build(self.inputs, target, progress=progress)
        progress("results", 0.0)
        raw, dated = self.read()
        return build_from(raw, self.inputs, target, dated=dated, progress=progress)


def inputs_of(given: Mapping[str, Any]) -> Job:
    """Return the job that the options of `build` ask for.

    Raises
    ------
    DataError
        When they name no results, or contours without their year.
    """
    if given["unpaired"]:
        raise DataError(
            "Every --contours needs its --vintage, the year it is of.",
            mend="Write --contours FILE --vintage 2022, once for each file.",
        )
    sources = [name for name in ("results", "raw", "terrain") if given[name]]
    if len(sources) != 1:
        raise DataError(
            "Give the results once: as --results, --raw or --terrain.",
            where="given: {sources}",
            mend="For the national files: --results general_results.parquet "
            "candidats_results.parquet.",
            sources=", ".join(sources) or "none",
        )
    general, candidates = given["results"] or (Path(), Path())
    inputs = Inputs(
        general=general,
        candidates=candidates,
        contours={year: file for file, year in given["contours"]},
        squares=given["squares"],
        addresses=given["addresses"],
        electors=given["electors"],
        places=given["places"],
        leave_out=given["leave_out"],
        fictional=given["fictional"],
        licences=dict(map(_licence, given["licences"])),
    )
    if given["raw"]:
        return Job(inputs, lambda: (_read_raw(given["raw"], inputs.places), election_of))
    if given["terrain"]:
        return _terrain(given["terrain"], inputs)
    return Job(inputs)


def _licence(pair: str) -> tuple[str, str]:
    """Split `FILE=TEXT`; the file is known by its name, as reports know it."""
    file, found, text = pair.partition("=")
    if not (found and file.strip() and text.strip()):
        raise DataError(
            "A licence needs its file and its name.",
            where="--licence {pair}",
            mend="Write --licence FILE=TEXT, such as --licence contours.geojson=ODbL.",
            pair=pair,
        )
    return Path(file.strip()).name, text.strip()


def _read_raw(pairs: list[str], places: tuple[str, ...]) -> Raw:
    from analysis.readers.raw_layouts import read_raw

    raws = []
    for pair in pairs:
        election_id, found, file = pair.partition("=")
        if not found:
            raise DataError(
                "A raw file needs the election it is of.",
                where="--raw {pair}",
                mend="Write --raw 2022_pres_t2=FILE.",
                pair=pair,
            )
        election_of(election_id)
        raws.append(read_raw(Path(file), election_id=election_id, places=places))
    return combine(raws)


def _terrain(file: Path, inputs: Inputs) -> Job:
    from analysis.readers.column_map import read_terrain

    terrain = read_terrain(file)
    drawn = terrain.contours
    contours = {drawn.vintage: drawn.file} if drawn else inputs.contours
    layout = drawn.layout if drawn else inputs.layout
    return Job(
        replace(inputs, contours=contours, layout=layout, crs=terrain.crs, blocs=terrain.blocs),
        lambda: (terrain.raw, terrain.dated),
    )


def report(workspace: Workspace, out: Console) -> None:
    """Print what was read, kept and left out, and the totals by election."""
    manifest = workspace.manifest
    for entry in manifest["sources"]:
        source = entry["source"]
        out.print(
            f"{source['role']}: {source['file']} — {entry['rows_read']} rows read, "
            f"{entry['rows_kept']} kept"
        )
        for item in entry["left_out"]:
            where = f" [{item['election_id']}]" if item["election_id"] else ""
            out.print(f"  left out{where}: {item['count']} — {item['reason']}: {item['examples']}")
        for note in entry["notes"]:
            out.print(f"  note: {note}")
    out.print(_totals(manifest))
    for match in manifest["vintages"]:
        if match["chosen"]:
            out.print(
                f"contours {match['vintage']} for {match['election_id']}: {match['matched']} of "
                f"{match['bureaux']} bureaux joined ({100 * match['registered_share']:.1f}% of the "
                "registered)"
            )
    for row in manifest["without_bloc"][:20]:
        out.print(f"no bloc: {row['election_id']} {row['candidate_id']} ({row['votes']} votes)")
    if manifest["without_bloc"]:
        out.print(f"  give them one in {workspace.path / 'blocs.csv'}; the next rank takes them")
    tables = ", ".join(f"{name} {t['rows']}" for name, t in manifest["tables"].items())
    out.print(f"{workspace.path}: {tables}")


def _totals(manifest: Mapping[str, Any]) -> Table:
    names = ("bureaux", "registered", "ballots", "valid")
    table = Table("election", *names, "left out")
    for election, row in manifest["elections"].items():
        lost = ", ".join(f"{count} {reason}" for reason, count in row["left_out"].items())
        table.add_row(election, *(str(row[name]) for name in names), lost or "0")
    return table


AUDIENCES = ("teams", "analysis")


def rank_to_file(  # noqa: PLR0913 - the parts of one command
    folder: Path,
    out: Path,
    params: Path | None,
    asked: dict[str, Any],
    written: Mapping[str, str],
    *,
    audience: str = AUDIENCES[0],
) -> None:
    """Rank a workspace and write the answer; what is asked goes before the file of parameters.

    A file for teams leaves out the controls of the sealed designs in force; one for the
    analysis has every bureau with its arm.
    """
    if audience not in AUDIENCES:
        raise DataError(
            "Nobody knows whom a file for “{audience}” is for.",
            where="--audience",
            mend="Write one of: {known}.",
            audience=audience,
            known=", ".join(AUDIENCES),
        )
    asked = _one_choice(asked)
    workspace = open_workspace(folder)
    scenario = read_scenario(params, **asked) if params else Scenario.from_dict(asked)
    _refuse_without_contours(workspace, scenario, out)
    ranking, prospects = answer(workspace, scenario)
    usual = hold_back_of(workspace.path, ranking.table, teams=audience == "teams")
    held = usual if usual.seals else None
    table = with_arms(ranking.table, held, folder=workspace.path, seed=scenario.settings.seed)
    write(
        table,
        out,
        bureaux=shapes_of(workspace, table),
        provenance=provenance_of(workspace, scenario, prospects, held),
        **written,
    )
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(ranking.summary())
    console.print(
        f"rank correlation with size alone: {ranking.size_correlation:.2f}; "
        f"bureaux without a contour: {int(ranking.table['vintage'].isna().sum())}"
    )
    for note in prospects.notes:
        console.print(f"note: {note}")
    if held is not None:
        console.print(_held_back(held, len(ranking.table) - len(table), table))
    console.print(f"written: {out}")


def _one_choice(asked: dict[str, Any]) -> dict[str, Any]:
    """Let the bloc or the candidates that are asked for take the place of both in a file."""
    told = {name: asked[name] for name in ("bloc", "candidates") if asked.get(name)}
    if len(told) > 1:
        raise DataError(
            "Votes are counted for a bloc or for candidates, not for both.",
            where="--bloc {bloc} --candidates {candidates}",
            mend="Give one of the two: --bloc or --candidates.",
            bloc=asked["bloc"],
            candidates=" ".join(asked["candidates"]),
        )
    return {**asked, **({"bloc": "", "candidates": []} | told if told else {})}


def _refuse_without_contours(workspace: Workspace, scenario: Scenario, out: Path) -> None:
    """Refuse a map of a place without contours before the ranking, which takes its time."""
    if out.suffix.lower() not in MAPS:
        return
    here = workspace.read("places")
    if asked := list(scenario.places):
        here = here[here["commune_id"].isin(asked) | here["department_id"].isin(asked)]
    drawn: list[str] = []
    if workspace.has("bureaux"):
        codes = workspace.read_arrow("bureaux", columns=["commune_id"])["commune_id"]
        drawn = codes.unique().to_pylist()
    # That a place is unknown is for the ranking to say.
    if here.empty or here["commune_id"].isin(drawn).any():
        return
    raise DataError(
        "There is no map to write as {suffix}: no bureau has a contour.",
        where="{folder}",
        mend="Build the workspace with --contours, or write a table: .csv, .xlsx, .parquet or "
        ".geojson.",
        suffix=out.suffix,
        folder=": ".join(filter(None, (str(workspace.path), some(scenario.places)))),
    )


def _held_back(held: HoldBack, left_out: int, table: pd.DataFrame) -> str:
    seals = ", ".join(one[:12] for one in held.seals)
    if held.teams:
        return (
            f"trial {seals}: {left_out} bureaux are held back and not in this file; "
            "--audience analysis writes every bureau with its arm"
        )
    controls = int((table["arm"] == CONTROL).sum())
    return f"trial {seals}: {controls} bureaux are controls; no team may get this file"
