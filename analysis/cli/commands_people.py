"""The verb of people: import files of supporters, find who is the same person, decide, undo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from analysis.cli.known_action import check_action
from analysis.cli.terminal import show

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Contacts
    from analysis.contacts.file_origins import Declared
    from analysis.contacts.person_links import Kind
    from analysis.workflows.people_import import Looked

ACTIONS = ("columns", "import", "link", "list", "proposals", "decide", "undo")
_NEEDS = ("columns", "import", "decide", "undo")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(people)


def people(  # noqa: PLR0913 - one option per thing that is said of a file
    action: Annotated[
        str,
        typer.Argument(help="columns, import, link, list, proposals, decide or undo."),
    ],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Files (CSV, XLSX); or ids of proposals, links and merges."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="HEADING=FIELD: what a column is, where the proposal is wrong."),
    ] = None,
    origin: Annotated[str, typer.Option(help="Where the file comes from.")] = "",
    purpose: Annotated[
        str, typer.Option(help="information, volunteering, donation or meeting.")
    ] = "",
    relation: Annotated[str, typer.Option(help="member, regular or occasional.")] = "occasional",
    told: Annotated[
        str, typer.Option(help="Who collected it, when, how; the object of a petition.")
    ] = "",
    consent_text: Annotated[str, typer.Option(help="Words of the box people ticked.")] = "",
    consent_proof: Annotated[str, typer.Option(help="Where what shows it is kept.")] = "",
    kind: Annotated[str, typer.Option(help="link or merge.")] = "link",
    refuse: Annotated[bool, typer.Option("--refuse", help="It is not the same person.")] = False,
    named: Annotated[bool, typer.Option("--show", help="Print who it is; written down.")] = False,
) -> None:
    """Import files of supporters, link them with the roll and one another; numbers, no names."""
    from analysis.contacts.file_origins import Declared
    from analysis.workflows import people_shown
    from analysis.workflows.contacts_open import people_of

    given = what or []
    _check(action, given, kind)
    pairs = cast("Kind", kind)
    with people_of(workspace) as contacts:
        if action == "columns":
            _columns(contacts, given, column or [])
        elif action == "import":
            declared = Declared(origin, purpose, relation, told, consent_text, consent_proof)
            _import(contacts, workspace, given, column or [], declared)
        elif action == "link":
            _link(contacts)
        elif action == "list":
            rows = people_shown.counts(contacts).items()
            show("\n".join(f"{name}\t{count}" for name, count in rows))
        elif action == "proposals":
            _proposals(contacts, pairs, named=named)
        else:
            _decide(contacts, pairs, given, action, accept=not refuse)


def _check(action: str, what: list[str], kind: str) -> None:
    from analysis.errors import DataError

    check_action("people", action, ACTIONS)
    check_action("people --kind", kind, ("link", "merge"))
    if action in _NEEDS and not what:
        raise DataError(
            "Nothing is named to import, decide or undo.",
            where="python -m analysis people {action}",
            mend="Name the files, or the ids that proposals tells.",
            action=action,
        )


def _looked(contacts: Contacts, file: str, columns: list[str]) -> tuple[Looked, list[str]]:
    """Return a file and what its columns are, with what was said of them."""
    from analysis.errors import DataError
    from analysis.workflows.people_import import look

    path = Path(file)
    looked = look(contacts, path.read_bytes(), path.name)
    said = dict(one.rpartition("=")[::2] for one in columns)
    if strange := sorted(said.keys() - set(looked.file.headings)):
        raise DataError(
            "No column of this file is called so.",
            where="{file}: {strange}",
            mend="Write --column HEADING=FIELD with a heading of the file.",
            file=path.name,
            strange=", ".join(strange),
        )
    return looked, [said.get(one.heading, one.field) for one in looked.proposals]


def _columns(contacts: Contacts, files: list[str], columns: list[str]) -> None:
    for file in files:
        looked, fields = _looked(contacts, file, columns)
        export = looked.export or "no known export"
        show(f"{looked.file.name}\t{len(looked.file.rows)} rows\t{export}")
        for one, field in zip(looked.proposals, fields, strict=True):
            show(f"{one.heading}\t{field}\t{one.why if field == one.field else 'said'}")


def _import(
    contacts: Contacts, workspace: Path, files: list[str], columns: list[str], declared: Declared
) -> None:
    from analysis.contacts.file_origins import check_declared
    from analysis.workflows import people_import

    # Refused before a row of it is read.
    check_declared(declared)
    for file in files:
        looked, fields = _looked(contacts, file, columns)
        ahead = people_import.weigh(workspace, looked.file, fields, declared)
        done = people_import.bring_people(contacts, workspace, looked.file, fields, declared)
        show(f"{looked.file.name}\t{done.file_id}")
        show("\n".join(people_import.told(done)))
        for line, reason in ahead.cleaned.refused:
            show(f"refused\tline {line}\t{reason}")
        for cell, count in ahead.cleaned.cells.items():
            show(f"left out\t{count}\t{cell}")


def _link(contacts: Contacts) -> None:
    from analysis.workflows.people_linking import link_people

    done = link_people(contacts)
    show(f"compared\t{done.people} people\t{done.lines} lines of the roll")
    show(f"merged\t{done.merged}\tto decide\t{done.merges_asked}")
    show(f"linked\t{done.linked}\tto decide\t{done.links_asked}")
    show(f"bureaux told by the roll\t{done.homes}")


def _proposals(contacts: Contacts, kind: Kind, *, named: bool) -> None:
    from analysis.workflows.people_shown import side_by_side

    count, sides = side_by_side(contacts, kind=kind, state="proposed", most=200)
    show(f"{count} to decide")
    for side in sides:
        show(f"{side.event.event}\t{side.event.probability:.3f}\t{side.event.reasons}")
        if named:
            for known in (side.one, side.other):
                show("\t" + ", ".join(text for text in known.values() if text))


def _decide(contacts: Contacts, kind: Kind, ids: list[str], action: str, *, accept: bool) -> None:
    from analysis.workflows import people_linking

    for one in ids:
        if action == "undo":
            show(f"{one}\tundone by\t{people_linking.undo(contacts, kind, one)}")
        else:
            made = people_linking.decide(contacts, kind, one, accept=accept)
            show(f"{one}\t{'accepted' if accept else 'refused'}\t{made}")
