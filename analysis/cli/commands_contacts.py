"""Verbs of people: universe, with an action, and law."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.known_action import known_language
from analysis.cli.terminal import show

Rule = Annotated[
    str, typer.Option(help="Rule: JSON, or the name of a file that ends in .json or .toml.")
]


def universe(  # noqa: PLR0913 - one option per part of a universe
    action: Annotated[str, typer.Argument(help="say, count, save, list or export.")],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    rule: Rule = "",
    name: Annotated[str, typer.Option(help="Name it is saved under; replaces --rule.")] = "",
    channel: Annotated[str, typer.Option(help="door, post or phone.")] = "door",
    election: Annotated[
        str, typer.Option("--for", help="Election whose abstention is expected: 2027_pres_t1.")
    ] = "",
    names: Annotated[
        bool, typer.Option("--names", help="Names on the list of doors, with the notice.")
    ] = False,
    language: Annotated[
        str, typer.Option(help="fr or en, of the sentence and notice.", callback=known_language)
    ] = "fr",
    out: Annotated[
        Path | None, typer.Option(help="File to write: CSV, or PDF of labels for letters.")
    ] = None,
) -> None:
    """Say whom one means, count them, save it, and let lists out by the law."""
    from analysis.cli.universe_actions import Order, run

    show(run(action, Order(workspace, rule, name, channel, election, names, language, out)))


def law(
    action: Annotated[str, typer.Argument(help="table or check.")] = "table",
    field: Annotated[str, typer.Argument(help="Field to check: age, email, theme…")] = "",
    source: Annotated[str, typer.Option(help="roll, person, results, mail or campaign.")] = "roll",
    channel: Annotated[
        str, typer.Option(help="door, post, phone, sms, email, themed_email or online.")
    ] = "",
) -> None:
    """Say what may be done with people, by which rule; end with code 1 where it is refused."""
    from analysis.cli.universe_actions import checked, rules_table

    if action == "table":
        show(rules_table())
        return
    text, allowed = checked(action, f"{source}.{field}", channel)
    show(text)
    if not allowed:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of people."""
    app.command()(universe)
    app.command()(law)
