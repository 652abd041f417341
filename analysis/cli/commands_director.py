"""What others read: the director's page, and results to publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.commands_place import Folder, Places
from analysis.cli.known_action import known_language
from analysis.cli.terminal import show


def brief(  # noqa: PLR0913 - the options that scripts use
    workspace: Folder,
    out: Annotated[Path, typer.Option(help="FILE.pdf, one page; or FILE.json.")],
    election: Annotated[
        str | None, typer.Option("--for", help="Election to prepare; else the next one.")
    ] = None,
    bloc: Annotated[
        str | None, typer.Option(help="Bloc to gain votes for; else the largest here.")
    ] = None,
    hours: Annotated[float | None, typer.Option(help="Volunteer-hours to spend.")] = None,
    preset: Annotated[str | None, typer.Option(help="Preset of weights.")] = None,
    params: Annotated[Path | None, typer.Option(help="Parameters or a scenario (TOML).")] = None,
    place: Places = None,
    store: Annotated[str, typer.Option(help="URL of the store of returns, if not a file.")] = "",
    language: Annotated[
        str, typer.Option(help="Of the PDF: fr or en.", callback=known_language)
    ] = "fr",
) -> None:
    """Write the director's page: what hours can do, where to begin, the week, decisions."""
    from analysis.workflows import director_words as words
    from analysis.workflows.director import brief_of
    from analysis.workflows.director_files import brief_to_file

    given = {
        "election": election,
        "bloc": bloc,
        "hours": hours,
        "preset": preset,
        "places": place,
    }
    asked = {name: value for name, value in given.items() if value is not None}
    found = brief_of(workspace, asked, params=params, url=store)
    brief_to_file(found, out, language)
    show(words.heading(found, "en"))
    show(words.one_vote(found, "en"))
    for zone in found.zones:
        show(f"begin with: {zone.name}")
    for text, _page in words.decisions(found, "en"):
        show(f"to decide: {text}")
    show(f"written: {out}")


def publish(
    workspace: Folder,
    election: Annotated[str, typer.Option(help="Election whose results are shown.")],
    out: Annotated[Path, typer.Option(help="FILE.html, one page that needs no server.")],
    place: Annotated[
        str, typer.Option(help="Code of a commune, a département or a part of one.")
    ] = "",
    language: Annotated[
        str, typer.Option(help="Of the page: fr or en.", callback=known_language)
    ] = "fr",
) -> None:
    """Write the results of an election by bureau as a page to publish: map, table, search."""
    from analysis.workflows.published_results import page_to_file

    page = page_to_file(workspace, election, out, place=place, language=language)
    if page.hidden:
        show(f"{len(page.hidden)} small bureaux are counted together")
    show(f"written: {out}")


def register(app: typer.Typer) -> None:
    """Give the command line its verb for directors."""
    app.command()(brief)
    app.command()(publish)
