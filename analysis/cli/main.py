"""The command line: python -m analysis VERB. Each verb says what it did and what it left out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from analysis.cli import (
    commands_models,
    commands_returns,
    commands_transfers,
    commands_trial,
    commands_turfs,
)
from analysis.errors import DataError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Palier: from official files to the doors worth knocking at.",
)
# Options that take several values after one name, as in --place 75056 69123.
_SEVERAL = (
    *("--place", "--candidates", "--without"),
    *commands_trial.SEVERAL,
    *commands_returns.SEVERAL,
)

Folder = Annotated[Path, typer.Option(help="Folder of the workspace.")]
Places = Annotated[
    list[str] | None,
    typer.Option("--place", help="Code of a commune or département; several may follow."),
]


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Folder to write the fictional town into.")],
    seed: Annotated[int, typer.Option(help="Seed of the town.")] = 2027,
) -> None:
    """Write the fictional town of Valmont in the official layouts."""
    from analysis.sample.town_files import write_sample

    folder = write_sample(out, seed=seed)
    _out().print(f"Valmont (fictional, seed {seed}) written to {folder}")


@app.command()
def fetch(
    place: Annotated[str, typer.Option(help="Code of a commune or département.")],
    workspace: Folder,
    catalogue: Annotated[Path | None, typer.Option(help="Your own catalogue (TOML).")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Roles not to fetch.")] = None,
) -> None:
    """Download the official files of a place."""
    from analysis.cli.fetch_display import fetch_command

    fetch_command(place, workspace, catalogue, without=tuple(without or ()))


@app.command()
def build(  # noqa: PLR0913 - one option per file of a place
    workspace: Folder,
    results: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="GENERAL CANDIDATES", help="Both files of results."),
    ] = None,
    raw: Annotated[
        list[str] | None,
        typer.Option(metavar="ELECTION=FILE", help="A raw file of the Ministry; repeatable."),
    ] = None,
    terrain: Annotated[
        Path | None, typer.Option(help="Column map (TOML) of any other country or layout.")
    ] = None,
    contours: Annotated[
        list[Path] | None, typer.Option(help="File of contours; repeatable, with --vintage.")
    ] = None,
    vintage: Annotated[list[int] | None, typer.Option(help="Year of each --contours.")] = None,
    squares: Annotated[Path | None, typer.Option(help="Filosofi squares of 200 m.")] = None,
    addresses: Annotated[Path | None, typer.Option(help="Addresses (BAN).")] = None,
    electors: Annotated[Path | None, typer.Option(help="Registered per address.")] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE=TEXT", help="Licence of a file that states none; repeatable."),
    ] = None,
    place: Places = None,
    fictional: Annotated[
        bool, typer.Option("--fictional", help="Mark the place as invented.")
    ] = False,
    leave_out_contradictions: Annotated[
        bool, typer.Option(help="Leave contradictory bureaux out, however many.")
    ] = False,
) -> None:
    """Read official files into a workspace, and report what was read and left out."""
    from analysis.workflows.build import build as read_files
    from analysis.workflows.terminal import inputs_of, report

    inputs = inputs_of(
        {
            "results": results,
            "raw": raw or [],
            "terrain": terrain,
            "contours": list(zip(contours or [], vintage or [], strict=False)),
            "unpaired": len(contours or []) - len(vintage or []),
            "squares": squares,
            "addresses": addresses,
            "electors": electors,
            "licences": licence or [],
            "places": tuple(place or ()),
            "leave_out": leave_out_contradictions,
            "fictional": fictional,
        }
    )
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading", total=1.0)
        built = read_files(
            inputs,
            workspace,
            progress=lambda step, done: bars.update(task, completed=done, description=step),
        )
    report(built, _out())


@app.command()
def rank(  # noqa: PLR0913 - the options that scripts use
    workspace: Folder,
    out: Annotated[Path, typer.Option(help=".csv .xlsx .geojson .kml .parquet .html .pdf .png")],
    election: Annotated[
        str | None, typer.Option("--for", help="Election to prepare: 2027_pres_t1.")
    ] = None,
    bloc: Annotated[str | None, typer.Option(help="Bloc to gain votes for.")] = None,
    candidates: Annotated[
        list[str] | None, typer.Option(help="Candidates or lists by name, instead of a bloc.")
    ] = None,
    params: Annotated[Path | None, typer.Option(help="Parameters or a scenario (TOML).")] = None,
    hours: Annotated[float | None, typer.Option(help="Volunteer-hours to spend.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws.")] = None,
    preset: Annotated[str | None, typer.Option(help="Preset of weights.")] = None,
    place: Places = None,
    language: Annotated[str, typer.Option(help="Of titles and units: fr or en.")] = "fr",
    dialect: Annotated[str, typer.Option(help="Of CSV: plain or excel_fr.")] = "plain",
    audience: Annotated[
        str, typer.Option(help="teams: without the controls of a sealed trial; or analysis.")
    ] = "teams",
) -> None:
    """Rank the bureaux of a workspace by what an hour of canvassing repays."""
    from analysis.workflows.terminal import rank_to_file

    given = {
        "election": election,
        "bloc": bloc,
        "candidates": candidates,
        "hours": hours,
        "seed": seed,
        "preset": preset,
        "places": place,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    written = {"language": language, "dialect": dialect}
    rank_to_file(workspace, out, params, asked, written, audience=audience)


@app.command()
def reproduce(
    file: Annotated[Path, typer.Argument(help="A file that Palier exported.")],
    workspace: Annotated[Path | None, typer.Option(help="Where its data are now.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it again.")] = None,
) -> None:
    """Make an exported file again and say whether every byte is the same."""
    from analysis.workflows.reproduce import reproduce as again

    result = again(file, workspace)
    if out:
        out.write_bytes(result.content)
    _out().print(f"{file.name}: {'identical' if result.identical else 'DIFFERENT'}")
    if not result.identical:
        raise typer.Exit(1)


commands_trial.register(app)
commands_transfers.register(app)
commands_models.register(app)
commands_returns.register(app)
commands_turfs.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run a verb; a `DataError` is printed as advice and ends with code 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(_spread(given), standalone_mode=True)
    except DataError as error:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(str(error))
        sys.exit(1)


def _spread(arguments: list[str]) -> list[str]:
    """Write `--place A B` as `--place A --place B`, which the parser knows."""
    spread: list[str] = []
    name, taken = "", 0
    for argument in arguments:
        if argument.startswith("--"):
            name, taken = argument, 0
        elif name in _SEVERAL:
            if taken:
                spread.append(name)
            taken += 1
        spread.append(argument)
    return spread


def _out(**options: Any) -> Console:  # noqa: ANN401
    return Console(soft_wrap=True, highlight=False, markup=False, **options)
