"""The verb of what is owed to people: duties, with an action."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.known_action import known_language
from analysis.cli.terminal import show

# Options of this verb that take several values after one name.
SEVERAL = ("--set", "--round")
DAYS = ["%Y-%m-%d"]


def duties(  # noqa: PLR0913 - one option per part of an answer
    action: Annotated[
        str,
        typer.Argument(
            help="controller, doors, slip, requests, request, answer, retention, register or entry."
        ),
    ],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    what: Annotated[
        str, typer.Argument(help="Kind or id of a request, kind of a register, file of a slip.")
    ] = "",
    contact: Annotated[str, typer.Option(help="E-mail address or telephone of who asks.")] = "",
    received: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Day a request came; else today.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=TEXT; several may follow.")
    ] = None,
    round_: Annotated[
        list[str] | None,
        typer.Option("--round", help="Day of voting: 2027-03-14,75056,Europe/Paris; several."),
    ] = None,
    refuse: Annotated[str, typer.Option(help="Refuse a request, with this reason.")] = "",
    extend: Annotated[
        str, typer.Option(help="Take two more months for a request, with this reason.")
    ] = "",
    run: Annotated[
        bool, typer.Option("--run", help="Do away with what is over; else it is counted alone.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="File or folder to write.")] = None,
    language: Annotated[
        str, typer.Option(help="Of what is printed: fr or en.", callback=known_language)
    ] = "fr",
) -> None:
    """Answer people who ask about their data, and keep what the law asks for."""
    from analysis.cli.duties_actions import Asked
    from analysis.cli.duties_actions import run as run_action

    asked = Asked(
        workspace,
        what=what,
        contact=contact,
        received=received.date() if received else None,
        texts=tuple(set_ or ()),
        rounds=tuple(round_ or ()),
        refuse=refuse,
        extend=extend,
        run=run,
        out=out,
        language=language,
    )
    show(run_action(action, asked))


def register(app: typer.Typer) -> None:
    """Give the command line its verb of duties."""
    app.command()(duties)
