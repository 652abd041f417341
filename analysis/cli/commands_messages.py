"""The verbs of messages: message, with an action, and worker, which sends them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.known_action import check_action
from analysis.cli.terminal import show

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Contacts
    from analysis.messages.approve import Prepared
    from analysis.workflows.message_work import Work

ACTIONS = ("new", "preview", "approve", "status", "send", "halt", "returned", "effect")
_NEEDS = ("new", "preview", "approve", "send", "halt", "returned", "effect")
_BY = ("new", "approve")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(message)
    app.command()(worker)


def message(  # noqa: PLR0913 - one option per thing that is said of a message
    action: Annotated[
        str, typer.Argument(help="new, preview, approve, status, send, halt, returned or effect.")
    ],
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    what: Annotated[
        str, typer.Argument(help="File of the message; or its id; or a file or folder of mail.")
    ] = "",
    name: Annotated[str, typer.Option(help="For the campaign alone.")] = "",
    universe: Annotated[str, typer.Option(help="Rule, file of one, or name of a saved one.")] = "",
    change: Annotated[str, typer.Option(help="Id of the message that new replaces.")] = "",
    by: Annotated[str, typer.Option(help="Who writes or approves it.")] = "",
    election: Annotated[
        str, typer.Option("--for", help="Election, where abstention is asked for.")
    ] = "",
    seed: Annotated[int | None, typer.Option(help="Of the draw of the control.")] = None,
    no_control: Annotated[
        bool, typer.Option("--no-control", help="Keep nobody for comparison, on purpose.")
    ] = False,
    whole_bureaux: Annotated[
        bool,
        typer.Option("--whole-bureaux", help="Draw whole bureaux, so that their turnout tells."),
    ] = False,
    compares: Annotated[
        str,
        typer.Option(
            help="Act by which two subjects are compared: volunteering, donation, theme, talked "
            "or left."
        ),
    ] = "volunteering",
    count_loads: Annotated[
        bool,
        typer.Option(
            "--count-loads", help="Count loads of who agreed, by cells of eleven or more."
        ),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why it is halted.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for ten real messages.")] = None,
) -> None:
    """Write a message, look at it, have it approved by somebody else, follow it, stop it."""
    from analysis.workflows import message_work
    from analysis.workflows.contacts_open import close, open_contacts

    _check(action, what, by)
    if action == "send":
        _work(workspace, message_work.Work(once=True, election=election, message=what))
        return
    contacts = open_contacts(workspace, by=by)
    try:
        if action == "new":
            _new(contacts, Path(what), name, universe, change)
        elif action in ("preview", "approve"):
            choice = message_work.Choice(
                election, seed, not no_control, whole_bureaux, compares, count_loads
            )
            prepared = message_work.look(workspace, contacts, what, choice)
            _tell(prepared, out)
            if action == "approve":
                message_work.let_go(contacts, prepared)
                show(f"approved\t{what}\t{by}")
        elif action == "effect":
            _effect(contacts, workspace, what)
        else:
            _other(contacts, action, what, reason)
    finally:
        close(contacts)


def worker(
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    once: Annotated[bool, typer.Option("--once", help="One round, then no more.")] = False,
    per_minute: Annotated[
        float, typer.Option(help="Messages a minute to one domain; 0 for no limit.")
    ] = 600,
    returned: Annotated[
        Path | None, typer.Option(help="File or folder of mail that came back.")
    ] = None,
    election: Annotated[
        str, typer.Option("--for", help="Election, where messages name abstention.")
    ] = "",
) -> None:
    """Send the messages that were approved, one by one, asking the law before each."""
    from analysis.workflows.message_work import Work

    _work(workspace, Work(once, per_minute, returned, election))


def _work(workspace: Path, how: Work) -> None:
    from analysis.workflows.message_work import work

    _say("total", work(workspace, how, _say))


def _say(what: str, count: Mapping[str, int]) -> None:
    show("\t".join([what, *(f"{name} {n}" for name, n in sorted(count.items()))]))


def _check(action: str, what: str, by: str) -> None:
    from analysis.errors import DataError

    check_action("message", action, ACTIONS)
    if action in _NEEDS and not what:
        raise DataError(
            "Nothing is named to do it with.",
            where="python -m analysis message {action}",
            mend="Name the file of a message, or the id that status tells.",
            action=action,
        )
    if action in _BY and not by.strip():
        raise DataError(
            "Nobody is named who writes or approves the message.",
            where="python -m analysis message {action}",
            mend="Write --by with a name: who approves must be another than the author.",
            action=action,
        )


def _new(contacts: Contacts, file: Path, name: str, universe: str, change: str) -> None:
    from analysis.messages.drafts import save
    from analysis.workflows import universes
    from analysis.workflows.letter_files import read_letter

    letter = read_letter(file)
    names = {one.name for one in universes.saved(contacts)}
    rule = (
        universes.saved_as(contacts, universe).rule
        if universe in names
        else universes.read_rule(universe)
    )
    draft = save(contacts, name or file.stem, letter, rule, message=change)
    show(f"{draft.message}\tversion {draft.version}\t{draft.name}")


def _tell(prepared: Prepared, out: Path | None) -> None:
    for one in prepared.checks:
        show(f"{one.state}\t{one.name}\t{one.told}")
    for rule, n in sorted(prepared.refused.items()):
        show(f"left out\t{n}\t{rule}")
    for line in prepared.draw.summary():
        show(str(line))
    show(f"seed\t{prepared.draw.seed}\tseal\t{prepared.draw.seal}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for n, sample in enumerate(prepared.samples, 1):
            (out / f"{n:02d}.html").write_text(sample.html, encoding="utf-8")
            text = f"{sample.subject}\n\n{sample.text}"
            (out / f"{n:02d}.txt").write_text(text, encoding="utf-8")
        show(f"written\t{len(prepared.samples)}\t{out}")


def _effect(contacts: Contacts, workspace: Path, message: str) -> None:
    """Tell what a message changed, one act a line, then its two subjects; shares, not points."""
    from analysis.messages.approve import approval_of
    from analysis.messages.subject_days import subject_days
    from analysis.messages.subject_test import look
    from analysis.workflows.message_effects import all_effects

    head = ("act", "without", "change", "low", "high", "letters", "controls")
    show("\t".join(head))
    for one in all_effects(contacts, workspace, message):
        told = ["-"] * 4
        if one.estimate is not None:
            low, high = one.estimate.interval
            told = [f"{x:.4f}" for x in (one.without, one.estimate.value, low, high)]
        show("\t".join([one.act, *told, str(one.letters), str(one.controls)]))
    approval = approval_of(contacts, message)
    if approval is not None and approval.control.get("subjects"):
        seen = look(subject_days(contacts, message, approval))
        numbers = f"{seen.acts[0]}\t{seen.acts[1]}\t{seen.factor:.3f}\t{seen.low:.3f}"
        show("compares\tacts A\tacts B\tB over A\tlow\thigh\tdecided")
        show(f"{approval.control['compares']}\t{numbers}\t{seen.high:.3f}\t{seen.decided}")


def _other(contacts: Contacts, action: str, what: str, reason: str) -> None:
    from analysis.messages import approve, drafts, outbox, returned_mail

    if action == "halt":
        drafts.draft_of(contacts, what)
        approve.halt(contacts, what, reason)
        show(f"halted\t{what}")
    elif action == "returned":
        _say("returned", returned_mail.take_back_all(contacts, Path(what)))
    else:
        for row in drafts.drafts(contacts):
            if what in ("", row["message"]):
                state = "approved" if row["approved"] else "draft"
                show(f"{row['message']}\tversion {row['version']}\t{state}\t{row['name']}")
                if row["approved"]:
                    _say("", outbox.progress_of(contacts, row["message"]))
