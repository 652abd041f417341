"""The verb of the door: script, with an action."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.known_action import check_action
from analysis.cli.terminal import show

ACTIONS = ("show", "set", "answers")


def script(
    action: Annotated[str, typer.Argument(help="show, set or answers.")],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    file: Annotated[Path | None, typer.Argument(help="Script to keep, TOML.")] = None,
    store: Annotated[str, typer.Option(help="URL of a PostgreSQL; else a file.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="File to write: TOML of show, CSV or XLSX of answers.")
    ] = None,
) -> None:
    """Say what volunteers say and ask at the door, and count what was answered."""
    check_action("script", action, ACTIONS)
    if action == "answers":
        show(_answers(workspace, store, out))
    elif action == "set":
        show(_set(workspace, file))
    else:
        show(_shown(workspace, out))


def _set(workspace: Path, file: Path | None) -> str:
    from analysis.errors import DataError
    from analysis.workflows import door_script
    from analysis.workflows.ranking import open_workspace

    if file is None:
        raise DataError("No file is named.", mend="Write the names of the files after the action.")
    place = open_workspace(workspace)
    version = door_script.set_from_file(place.path, file)
    return f"Version {version} is in use: make phone pages and sheets again."


def _shown(workspace: Path, out: Path | None) -> str:
    from analysis.workflows import door_script
    from analysis.workflows.ranking import open_workspace

    text = door_script.shown(open_workspace(workspace))
    if out is None:
        return text.decode().rstrip()
    door_script.write(out, text)
    return str(out)


def _answers(workspace: Path, store: str, out: Path | None) -> str:
    from analysis.errors import DataError
    from analysis.workflows import door_script
    from analysis.workflows.fieldwork import opened
    from analysis.workflows.ranking import open_workspace

    if out is None:
        raise DataError("No file to write is named.", mend="Add --out FILE.csv.")
    place = open_workspace(workspace)
    with opened(place.path, store) as returns:
        table, found = door_script.answers_to_file(returns, place, out)
    hidden = int(table["share"].isna().sum())
    aside = sum(found.aside.values())
    return (
        f"{found.conversations:,} conversations with answers; {hidden:,} cells under the floor or "
        f"hidden to keep one; {aside:,} answers set aside: {out}"
    )


def register(app: typer.Typer) -> None:
    """Give the command line its verb of the door."""
    app.command()(script)
