"""The verbs of rankings: rank, reproduce."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.commands_place import Folder, Places
from analysis.cli.each_place import Cluster, Each, Workers, over_each
from analysis.cli.known_action import known_language
from analysis.cli.terminal import show
from analysis.exports.registry import SUFFIXES
from analysis.vocabulary import speak

if TYPE_CHECKING:
    from analysis.exports.registry import Options
    from analysis.workflows.hold_back import HoldBack
    from analysis.workflows.ranking import RankingFile
    from analysis.workflows.what_moved import Earlier

SEVERAL = ("--candidates", "--within")


def rank(  # noqa: PLR0913 - the options that scripts use
    workspace: Folder,
    out: Annotated[Path, typer.Option(help=" ".join(SUFFIXES))],
    election: Annotated[
        str | None, typer.Option("--for", help="Election to prepare: 2027_pres_t1.")
    ] = None,
    bloc: Annotated[str | None, typer.Option(help="Bloc to gain votes for.")] = None,
    candidates: Annotated[
        list[str] | None, typer.Option(help="Candidates or lists by name, instead of a bloc.")
    ] = None,
    rival: Annotated[
        str | None,
        typer.Option(help="Bloc against which votes are counted; else the strongest other."),
    ] = None,
    params: Annotated[Path | None, typer.Option(help="Parameters or a scenario (TOML).")] = None,
    hours: Annotated[float | None, typer.Option(help="Volunteer-hours to spend.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws.")] = None,
    preset: Annotated[str | None, typer.Option(help="Preset of weights.")] = None,
    place: Places = None,
    within: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a part: an arrondissement, quarter, canton, constituency or commune; "
            "several may follow."
        ),
    ] = None,
    language: Annotated[
        str, typer.Option(help="Of titles and units: fr or en.", callback=known_language)
    ] = "fr",
    dialect: Annotated[str, typer.Option(help="Of CSV: plain or excel_fr.")] = "plain",
    audience: Annotated[
        str, typer.Option(help="teams: without the controls of a sealed trial; or analysis.")
    ] = "teams",
    each: Each = None,
    workers: Workers = 0,
    cluster: Cluster = "",
    since: Annotated[
        Path | None,
        typer.Option(help="An earlier ranking (CSV): writes what moved since, and why."),
    ] = None,
) -> None:
    """Rank the bureaux of a workspace by what an hour of canvassing repays."""
    if over_each(each, workers, cluster):
        return
    from analysis.workflows.ranking import rank_to_file

    given = {
        "election": election,
        "bloc": bloc,
        "candidates": candidates,
        "rival": rival,
        "hours": hours,
        "seed": seed,
        "preset": preset,
        "places": place,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    if within:
        from analysis.workflows.place_names import places_named

        asked["places"] = [*(place or ()), *places_named(workspace, within)]
    written: Options = {"language": language, "dialect": dialect}
    earlier = _earlier(since)
    file = rank_to_file(workspace, out, asked, params=params, audience=audience, **written)
    _report(file)
    show(f"written: {out}")
    if earlier:
        _report_moved(file, earlier, out, language)


def _earlier(since: Path | None) -> Earlier | None:
    if since is None:
        return None
    from analysis.workflows.what_moved import earlier_at

    return earlier_at(since)


def _report(file: RankingFile) -> None:
    from analysis.workflows.hold_back import set_aside

    ranking = file.ranking
    speak(file.workspace.manifest.get("terrain"))
    # Without its chances, which this sentence does not tell and which take draws of their own.
    show(set_aside(ranking, file.table).summary())
    _report_margin(file)
    with_size = ranking.size_correlation
    told = "" if isnan(with_size) else f"rank correlation with size alone: {with_size:.2f}; "
    show(f"{told}bureaux without a contour: {int(file.table['vintage'].isna().sum())}")
    for note in file.prospects.notes:
        show(f"note: {note}")
    if file.hold_back is not None:
        show(_held_back(file, file.hold_back))


def _report_moved(file: RankingFile, earlier: Earlier, out: Path, language: str) -> None:
    from analysis.workflows.what_moved import moved_to_file, reason_text, what_moved

    moved = what_moved(earlier, file)
    counts = moved["reason"].value_counts()
    for reason, n in counts.items():
        show(f"moved: {n} bureaux, {reason_text(str(reason), 'en')}")
    if moved.empty:
        show("moved: none")
    fictional = file.workspace.fictional
    show(f"written: {moved_to_file(moved, out, language, fictional=fictional)}")


def _report_margin(file: RankingFile) -> None:
    from analysis.targeting.margin import last_margin

    margin = last_margin(file.prospects)
    if margin is not None:
        show(margin.summary())


def _held_back(file: RankingFile, held: HoldBack) -> str:
    seals = ", ".join(one[:12] for one in held.seals)
    if held.teams:
        left_out = len(file.ranking.table) - len(file.table)
        return (
            f"trial {seals}: {left_out} bureaux are held back and not in this file; "
            "--audience analysis writes every bureau with its arm"
        )
    controls = int((file.table["arm"] == "control").sum())
    return f"trial {seals}: {controls} bureaux are controls; no team may get this file"


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
    show(f"{file.name}: {result.summary()}")
    if not result.same:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of rankings."""
    for verb in (rank, reproduce):
        app.command()(verb)
