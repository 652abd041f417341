"""The verbs of places: sample, fetch, build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.cli.terminal import bar, console, show
from analysis.vocabulary import in_words, speak

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from analysis.tables.workspace import Workspace

SEVERAL = ("--place", "--without", "--with")

Folder = Annotated[Path, typer.Option(help="Folder of the workspace.")]
Places = Annotated[
    list[str] | None,
    typer.Option("--place", help="Code of a commune or département; several may follow."),
]


def sample(
    out: Annotated[Path, typer.Option(help="Folder to write the fictional town into.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the town.")] = 2027,
    place: Annotated[
        str, typer.Option(help="valmont (France), waldau (Germany) or cedar (USA).")
    ] = "valmont",
) -> None:
    """Write the fictional town of Valmont in the official layouts, or a place abroad."""
    if place != "valmont":
        from analysis.sample.abroad import write_abroad

        column_map = write_abroad(place, out, seed=seed)
        show(f"{column_map.stem} (fictional, seed {seed}) written: {column_map}")
        return
    from analysis.sample.town_files import write_sample

    folder = write_sample(out, seed=seed)
    show(f"Valmont (fictional, seed {seed}) written to {folder}")


def fetch(  # noqa: PLR0913 - each says what one place needs
    workspace: Folder,
    name: Annotated[
        str, typer.Argument(help='Name of a place: "Saint-Denis (93)", or its code.')
    ] = "",
    place: Annotated[
        str, typer.Option(help="The same: name or code of a commune, département, region, EPCI.")
    ] = "",
    catalogue: Annotated[Path | None, typer.Option(help="Your own catalogue (TOML).")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Roles not to fetch.")] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--with", help="Roles fetched only when asked for: reu, reu_bureaux."),
    ] = None,
    and_build: Annotated[
        bool, typer.Option("--build", help="Read the files into the workspace at once.")
    ] = False,
) -> None:
    """Download the official files of a place."""
    from analysis.cli.download_bars import download_bars
    from analysis.fetch import place as files
    from analysis.fetch.catalogue import read_catalogue
    from analysis.fetch.chosen_place import choose
    from analysis.workflows.build import build as read_files
    from analysis.workflows.place_files import command_after_fetch, inputs_after_fetch

    own, where = read_catalogue(catalogue), choose(place or name)
    with download_bars() as bars:
        fetched = files.fetch(
            where,
            workspace,
            catalogue=own,
            progress=bars,
            without=tuple(without or ()),
            also=tuple(also or ()),
        )
    for one in fetched:
        show(f"{one.status:>10}  {one.path}  ({one.bytes / 1e6:.1f} MB, {one.source.licence})")
    if not and_build:
        show(f"\n{command_after_fetch(place or name, workspace, fetched)}")
        return
    with bar("reading") as told:
        built = read_files(inputs_after_fetch(where, fetched), workspace, progress=told)
    _report(built)


def store(
    clear: Annotated[
        bool, typer.Option("--clear", help="Delete all of it; workspaces stay.")
    ] = False,
) -> None:
    """Tell what the shared store of national files holds, and how large it is."""
    from analysis.fetch.national_store import clear_store, in_store, store_folder

    if clear:
        show(f"{clear_store() / 1e6:.1f} MB deleted: {store_folder()}")
        return
    held = in_store()
    for kept in held:
        show(f"{kept.bytes / 1e6:>10.1f} MB  {kept.source}  ({kept.made[:10]})")
    show(f"{sum(kept.bytes for kept in held) / 1e6:>10.1f} MB  {store_folder()}")


def build(  # noqa: PLR0913 - one option per file of a place
    workspace: Folder,
    results: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="GENERAL CANDIDATES", help="Both files of results."),
    ] = None,
    raw: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ELECTION=FILE",
            help="A file of one election: of the Ministry or a city portal; repeatable.",
        ),
    ] = None,
    terrain: Annotated[
        Path | None, typer.Option(help="Column map (TOML) of any other country or layout.")
    ] = None,
    contours: Annotated[
        list[Path] | None, typer.Option(help="File of contours; repeatable, with --vintage.")
    ] = None,
    vintage: Annotated[list[int] | None, typer.Option(help="Year of each --contours.")] = None,
    contours_id: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column of ids of the contours, if not found.")
    ] = "",
    squares: Annotated[Path | None, typer.Option(help="Filosofi squares of 200 m.")] = None,
    addresses: Annotated[Path | None, typer.Option(help="Addresses (BAN).")] = None,
    electors: Annotated[Path | None, typer.Option(help="Registered per address.")] = None,
    reu: Annotated[
        Path | None,
        typer.Option(
            help="Addresses of the electoral roll with their bureau (table-adresses-reu)."
        ),
    ] = None,
    reu_bureaux: Annotated[
        Path | None,
        typer.Option(
            "--reu-bureaux",
            "--polling-places",
            help="Polling places: table-bv-reu of the electoral roll, or the town's own file.",
        ),
    ] = None,
    streets: Annotated[
        Path | None, typer.Option(help="Streets: OpenStreetMap, BD TOPO, or a graph as text.")
    ] = None,
    quarters: Annotated[
        Path | None,
        typer.Option(help="Quarters: IRIS of INSEE, or the town's own polygons."),
    ] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE=TEXT", help="Licence of a file that states none; repeatable."),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(help="Name or code of a commune or département; several may follow."),
    ] = None,
    fictional: Annotated[
        bool, typer.Option("--fictional", help="Mark the place as invented.")
    ] = False,
    leave_out_contradictions: Annotated[
        bool, typer.Option(help="Leave contradictory bureaux out, however many.")
    ] = False,
) -> None:
    """Read official files into a workspace, and report what was read and left out."""
    import pyarrow as pa

    from analysis.workflows.build import build as read_files
    from analysis.workflows.build_inputs import Given, inputs_of

    # A nation is read into columns that stay. What other pools give back to the system and ask for
    # anew costs a fifth of the processor's time.
    pa.set_memory_pool(pa.system_memory_pool())

    given = Given(
        results=results,
        raw=tuple(raw or ()),
        terrain=terrain,
        contours=tuple(contours or ()),
        vintages=tuple(vintage or ()),
        contours_id=contours_id,
        squares=squares,
        addresses=addresses,
        electors=electors,
        reu=reu,
        reu_bureaux=reu_bureaux,
        streets=streets,
        quarters=quarters,
        licences=tuple(licence or ()),
        places=tuple(place or ()),
        leave_out=leave_out_contradictions,
        fictional=fictional,
    )
    inputs = inputs_of(given)
    with bar("reading") as told:
        built = read_files(inputs, workspace, progress=told)
    _report(built)


def _report(workspace: Workspace) -> None:
    """Print what was read, kept and left out, and the totals by election."""
    manifest = workspace.manifest
    speak(manifest.get("terrain"))
    for entry in manifest["sources"]:
        source = entry["source"]
        show(
            f"{source['role']}: {source['file']} — {entry['rows_read']} rows read, "
            f"{entry['rows_kept']} kept"
        )
        for item in entry["left_out"]:
            where = f" [{item['election_id']}]" if item["election_id"] else ""
            show(f"  left out{where}: {item['count']} — {item['reason']}: {item['examples']}")
        for note in entry["notes"]:
            show(f"  note: {note}")
    console().print(_totals(manifest))
    for match in manifest["vintages"]:
        if match["chosen"]:
            show(
                f"contours {match['vintage']} for {match['election_id']}: {match['matched']} of "
                f"{match['bureaux']} bureaux joined ({100 * match['registered_share']:.1f}% of the "
                "registered)"
            )
    for row in manifest["without_bloc"][:20]:
        show(f"no bloc: {row['election_id']} {row['candidate_id']} ({row['votes']} votes)")
    if manifest["without_bloc"]:
        show(f"  give them one in {workspace.path / 'blocs.csv'}; the next rank takes them")
    tables = ", ".join(f"{name} {t['rows']}" for name, t in manifest["tables"].items())
    # Names of tables stay what they are.
    console().print(f"{workspace.path}: {tables}")


def _totals(manifest: Mapping[str, Any]) -> Table:
    from rich.table import Table

    names = ("bureaux", "registered", "ballots", "valid")
    table = Table("election", *(in_words(name, "en") for name in names), "left out")
    for election, row in manifest["elections"].items():
        lost = ", ".join(f"{count} {reason}" for reason, count in row["left_out"].items())
        table.add_row(election, *(str(row[name]) for name in names), in_words(lost, "en") or "0")
    return table


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of places."""
    for verb in (sample, fetch, store, build):
        app.command()(verb)
