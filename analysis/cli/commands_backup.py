"""Verbs that keep what a copy of Palier holds: back it up, and restore it elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.terminal import console

SEVERAL = ("--workspace",)
Url = Annotated[
    str,
    typer.Option(
        "--store", help="URL of a PostgreSQL store; else that of palier.toml or PALIER_STORE."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (backup, restore):
        app.command(verb.__name__)(verb)


def backup(
    out: Annotated[Path, typer.Option(help="Archive to write (.zip), or a folder for it.")],
    workspace: Annotated[
        list[Path] | None,
        typer.Option(help="Folders of workspaces; left out, all that this copy holds."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="File for the keys; left out, beside the archive.")
    ] = None,
    store: Url = "",
) -> None:
    """Back up the store and the workspaces, and the keys in a file of their own."""
    from analysis.workflows.backup import back_up

    made = back_up(out, _workspaces(workspace or []), url=_url(store), keys=keys)
    console().print(f"{made.archive}\t{made.parts}\t{made.sha256}")
    console().print(f"{made.keys}\t{made.secrets}")
    for table in made.damaged:
        console(stderr=True).print(f"{table}: not as it was built; it is in the backup as it is")
    raise typer.Exit(1 if made.damaged else 0)


def restore(  # noqa: PLR0913 - the options of a verb
    archive: Annotated[Path, typer.Argument(help="What backup wrote.")],
    keys: Annotated[
        Path | None, typer.Option(help="The file of its keys; left out, new keys are drawn.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="Folder of the workspaces; left out, that of this copy."),
    ] = None,
    store: Url = "",
    erased: Annotated[
        Path | None,
        typer.Option(help="Ids of people erased since the backup, one a line: they stay erased."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace workspaces of the same name.")
    ] = False,
) -> None:
    """Restore a backup into an empty place, once every part of it was checked."""
    from analysis.workflows.restore import erased_in
    from analysis.workflows.restore import restore as put_back

    done = put_back(
        archive,
        into or _folder(),
        keys=keys,
        url=_url(store),
        erased=erased_in(erased) if erased else frozenset(),
        overwrite=overwrite,
    )
    console().print(f"{done.rows}\t{' '.join(done.workspaces)}")
    for campaign, (count, digest) in sorted(done.audits.items()):
        console().print(f"{campaign}\t{count} {digest}")
    if keys is None:
        console(stderr=True).print(
            "Restored without the file of its keys: whoever is in it cannot be read here, and who "
            "objected is not known by name. To read them, restore again with --keys, into an "
            "empty place."
        )


def _url(given: str) -> str:
    """Return the URL of the store of several workspaces; "" where each has its own."""
    from analysis.fieldwork.store import VARIABLE
    from analysis.workflows import server_access

    found = given or server_access.settings().store or os.environ.get(VARIABLE, "")
    # The same variable may name the folder of national files.
    return found if found.startswith("postgresql") else ""


def _folder() -> Path:
    from analysis.workflows import server_access

    return Path(server_access.settings().workspaces or server_access.ROOT / "workspaces")


def _workspaces(given: list[Path]) -> dict[str, Path]:
    from analysis.errors import DataError

    folder = _folder()
    every = given or (sorted(one for one in folder.glob("[!.]*") if one.is_dir()))
    named = {one.resolve().name: one for one in every}
    missing = [one for one in every if not one.is_dir()]
    if missing or len(named) < len(every):
        raise DataError(
            "A workspace to back up is not there, or has the name of another.",
            where="{place}",
            mend="Name folders that are there, each with another name.",
            place=", ".join(str(one) for one in missing or every),
        )
    return named
