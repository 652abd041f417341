"""Who voted what next, as a table, a matrix or flows."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from analysis.charts.chart_words import election
from analysis.electorate.transfers import Transfers, estimate_transfers
from analysis.electorate.transfers.count_files import read_counts, write_transfers
from analysis.electorate.transfers.estimate import Progress
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.errors import DataError
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.tables.workspace import Workspace
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import title_of

SEED = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose transfers: of two elections of a workspace, or of two files of counts.

    Attributes
    ----------
    workspace, elections, places
        The folder; from which election to which; at most one commune or département.
    files
        CSV of origin and of destination: first column the unit, the others counts.
    apart
        The files are of different days.
    level, seed
        As for `estimate_transfers`.
    """

    workspace: Path | None = None
    elections: tuple[str, str] = ("", "")
    places: tuple[str, ...] = ()
    files: tuple[Path | None, Path | None] = (None, None)
    apart: bool = False
    level: float = 0.90
    seed: int = SEED


def transfers_to_file(asked: Asked, out: Path, *, progress: Progress | None = None) -> Transfers:
    """Estimate who voted what next, and write the long table as CSV.

    Parameters
    ----------
    asked
        Whose transfers.
    out
        The file.
    progress
        Told the share done of a workspace.

    Returns
    -------
    Transfers
        What was written.

    Raises
    ------
    DataError
        When it is not said whose, or the counts are wrong, or the file cannot be written.
    """
    origin, destination = asked.files
    if origin and destination:
        found = estimate_transfers(
            read_counts(origin),
            read_counts(destination),
            seed=asked.seed,
            level=asked.level,
            apart=asked.apart,
        )
    elif asked.workspace and all(asked.elections):
        if len(asked.places) > 1:
            raise DataError(
                "Transfers are estimated for one place at a time.",
                where="{places}",
                mend="Give one --place, or none for the whole workspace.",
                places=", ".join(asked.places),
            )
        found = _of_workspace(Workspace(asked.workspace), asked, progress)
    else:
        raise DataError(
            "It is not said whose transfers are wanted.",
            mend="Give --workspace DIR --from ELECTION --to ELECTION, or --origin FILE.csv "
            "--destination FILE.csv.",
        )
    write_transfers(found, out)
    return found


def _of_workspace(workspace: Workspace, asked: Asked, progress: Progress | None) -> Transfers:
    several = not asked.places and workspace.read("places")["department_id"].nunique() > 1
    estimate = partial(
        transfers_of,
        workspace,
        *asked.elections,
        *asked.places,
        seed=asked.seed,
        level=asked.level,
        progress=progress,
    )
    workers = os.cpu_count() or 1
    if not several or workers == 1:
        return estimate()
    # Workers start anew: a fork of a process that has threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        return estimate(executor=executor)


def finding(
    workspace: Workspace,
    asked: tuple[str, str, str],
    found: Transfers,
    *,
    figure: str = "",
    written: Written,
) -> Finding:
    """Put an estimate so that it can leave.

    Parameters
    ----------
    workspace
        Where it was made.
    asked
        From which election to which, and the commune or département ("" for the whole).
    found
        `transfers_of` these, with the seed `SEED`.
    figure
        "matrix" or "flows" for a picture; empty for the table.
    written
        How it is written.

    Returns
    -------
    Finding
        The table, what it says of itself, and the figure that was asked for.
    """
    origin, destination, place = asked
    language = written.language
    source = of_workspace(
        workspace,
        "transfers",
        {
            "from": origin,
            "to": destination,
            "place": place,
            "level": found.level,
            "figure": figure,
        },
        seed=SEED,
    )
    # In two lines: a table of few columns is narrow.
    before, after = (election(one, language) for one in (origin, destination))
    heading = f"{title_of(workspace, place, language)} · {before} →\n{after}"
    draw = None
    if figure:
        from analysis.charts import transfer_charts as charts

        chart = charts.heat_map if figure == "matrix" else charts.flows
        draw = partial(chart, found, title=heading, language=language)
    table = found.to_frame()
    units = columns_of("transfers", table, language)
    return Finding(table, None, source, heading, units, draw, written)


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `finding` was made from.

    Parameters
    ----------
    workspace
        The place, as it is now.
    provenance
        Of the file.
    written
        How the file is written.

    Returns
    -------
    Finding
        The same as before, where the tables are.
    """
    given = provenance.parameters
    asked = given["from"], given["to"], given["place"]
    found = transfers_of(workspace, *asked, seed=provenance.seed or SEED, level=given["level"])
    return finding(workspace, asked, found, figure=given["figure"], written=written)
