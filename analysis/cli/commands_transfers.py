"""The verb of transfers: who voted what next."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from analysis.electorate.transfers.transfer_results import Transfers
from analysis.errors import DataError


def transfers(  # noqa: PLR0913 - one option per part of the question
    out: Annotated[Path, typer.Option(help="CSV to write: one row per pair of options.")],
    workspace: Annotated[Path | None, typer.Option(help="Folder of the workspace.")] = None,
    origin_election: Annotated[
        str, typer.Option("--from", metavar="ELECTION", help="Election people come from.")
    ] = "",
    destination_election: Annotated[
        str, typer.Option("--to", metavar="ELECTION", help="Election they go to.")
    ] = "",
    place: Annotated[
        list[str] | None, typer.Option("--place", help="Code of a commune or département.")
    ] = None,
    origin: Annotated[
        Path | None, typer.Option(help="CSV: first column the unit, the others counts.")
    ] = None,
    destination: Annotated[Path | None, typer.Option(help="CSV of the same units.")] = None,
    apart: Annotated[
        bool, typer.Option("--apart", help="The two files are of different days: wider intervals.")
    ] = False,
    level: Annotated[float, typer.Option(help="Of the intervals: 0.5 0.8 0.9 0.95.")] = 0.90,
    seed: Annotated[int, typer.Option(help="Seed of the estimate.")] = 0,
) -> None:
    """Estimate who voted what next, from the counts of two elections by unit."""
    from analysis.electorate.transfers.count_files import read_counts, write_transfers

    if origin and destination:
        from analysis.electorate.transfers import estimate_transfers

        found = estimate_transfers(
            read_counts(origin), read_counts(destination), seed=seed, level=level, apart=apart
        )
    elif workspace and origin_election and destination_election:
        if len(place or ()) > 1:
            raise DataError(
                "Transfers are estimated for one place at a time.",
                where="{place}",
                mend="Give one --place, or none for the whole workspace.",
                place=", ".join(place or ()),
            )
        asked = (origin_election, destination_election, *(place or ()))
        found = _of_workspace(workspace, asked, level=level, seed=seed)
    else:
        raise DataError(
            "It is not said whose transfers are wanted.",
            mend="Give --workspace DIR --from ELECTION --to ELECTION, or --origin FILE.csv "
            "--destination FILE.csv.",
        )
    write_transfers(found, out)
    _say(found, out)


def _of_workspace(folder: Path, asked: tuple[str, ...], *, level: float, seed: int) -> Transfers:
    from analysis.electorate.transfers.place_transfers import transfers_of
    from analysis.tables.workspace import Workspace

    workspace = Workspace(folder)
    several = len(asked) < 3 and workspace.read("places")["department_id"].nunique() > 1
    # Workers start anew: a fork of a process that has threads may hang.
    workers = os.cpu_count() or 1
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("transfers", total=1.0)
        told = lambda share: bar.update(task, completed=share)  # noqa: E731
        if not several or workers == 1:
            return transfers_of(workspace, *asked, seed=seed, level=level, progress=told)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
            return transfers_of(
                workspace, *asked, seed=seed, level=level, executor=executor, progress=told
            )


def _say(found: Transfers, out: Path) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"{len(found.table)} transfers from {found.units} units written to {out}")
    console.print(f"  largest: {found.summary()}")
    for note in found.notes:
        console.print(f"  note: {note}")
    for row in found.scaled.head(5).itertuples():
        console.print(f"  scaled: {row.unit}: {row.origin_total} to {row.destination_total}")
    if len(found.scaled) > 5:
        console.print(f"  scaled: … {len(found.scaled)} units in all")
    for reason in found.left_out:
        where = f" ({reason.election_id})" if reason.election_id else ""
        console.print(f"  left out{where}: {reason.count} {reason.reason}: {reason.examples}")


def register(app: typer.Typer) -> None:
    """Give the command line its verb of transfers."""
    app.command()(transfers)
