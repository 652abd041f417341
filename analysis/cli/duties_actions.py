"""What each action of the verb `duties` does, and how it tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

from analysis.cli.known_action import check_action
from analysis.contacts import rights_requests as owed
from analysis.contacts.contact_store import Contacts, Controller
from analysis.contacts.controller_check import read_round
from analysis.contacts.door_boxes import waiting
from analysis.contacts.registers import add, entries
from analysis.contacts.retention import Over, classes
from analysis.errors import DataError, Text, some
from analysis.i18n import choose, told
from analysis.workflows import duties
from analysis.workflows.contacts_open import people_of
from analysis.workflows.controllers_apart import say_who_answers
from analysis.workflows.door_contacts import enter_slip, open_doors


@dataclass(frozen=True, slots=True)
class Asked:
    """What an action is asked to do; each reads what concerns it."""

    workspace: Path
    what: str = ""
    contact: str = ""
    received: date | None = None
    texts: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    refuse: str = ""
    extend: str = ""
    run: bool = False
    out: Path | None = None
    language: str = "fr"

    def say(self, text: Text) -> str:
        """Return a text in the language that is asked for."""
        return told(text, choose(self.language))

    @property
    def values(self) -> Mapping[str, str]:
        """Return the texts of `--set` by their field."""
        if wrong := [text for text in self.texts if "=" not in text]:
            raise DataError(
                "These are no fields with their text.",
                where="--set {wrong}",
                mend="Write FIELD=TEXT, as in --set name=“Liste Valmont”.",
                wrong=some(wrong),
            )
        return {text.partition("=")[0].strip(): text.partition("=")[2] for text in self.texts}


def run(action: str, asked: Asked) -> str:
    """Do an action on the people of a workspace; return what to print.

    Parameters
    ----------
    action
        One of `ACTIONS`.
    asked
        What it needs.

    Raises
    ------
    DataError
        When there is no such action, or what it needs is not given.
    """
    check_action("duties", action, ACTIONS)
    with people_of(asked.workspace) as contacts:
        return ACTIONS[action](contacts, asked)


def _controller(contacts: Contacts, asked: Asked) -> str:
    who, values = contacts.controller, dict(asked.values)
    known = [item.name for item in fields(Controller) if item.name != "rounds"]
    if wrong := sorted(set(values) - set(known)):
        raise DataError(
            "Nobody asks this of who answers for a campaign.",
            where="--set {wrong}",
            mend="Write one of {known}.",
            wrong=some(wrong),
            known=", ".join(known),
        )
    if values or asked.rounds:
        rounds = tuple(read_round(one) for one in asked.rounds) or who.rounds
        who = say_who_answers(contacts, replace(who, rounds=rounds, **values))
    lines = [f"{name}: {getattr(who, name) or '–'}" for name in known]
    lines += [f"round: {one.date}, {one.territory}, {one.time_zone}" for one in who.rounds]
    lacking = Text("missing: {names}", names=", ".join(who.missing))
    return "\n".join([*lines, *([asked.say(lacking)] if who.missing else [])])


def _doors(contacts: Contacts, asked: Asked) -> str:
    opened = open_doors(asked.workspace, contacts)
    letters = {None: "", True: asked.say(Text("letter sent"))}
    letters[False] = asked.say(Text("letter in the outbox"))
    lines = [
        f"{one.turf_id} {one.state} {one.person or one.why} {letters[letter]}".rstrip()
        for one, letter in opened
    ]
    total = Text("opened: {n}, waiting: {left}", n=len(opened), left=waiting(contacts))
    return "\n".join([*lines, asked.say(total)])


def _slip(contacts: Contacts, asked: Asked) -> str:
    try:
        slip = json.loads(Path(asked.what).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "This file of a slip cannot be read.",
            where="{file}",
            mend="Give JSON, or type the slip on the page Law, “Contacts of doors”.",
            file=asked.what,
        ) from error
    return enter_slip(contacts, slip if isinstance(slip, dict) else {})


def _requests(contacts: Contacts, asked: Asked) -> str:
    today = datetime.now(UTC).date()
    lines = []
    for one in owed.requests(contacts):
        left = one.days_left(today)
        clock = "" if left is None else asked.say(Text(", {n} day(s) left", n=left))
        state = f"{one.request} {one.kind} {one.state}, {_due(asked, one)}{clock}"
        lines.append(f"{state}: {_who(asked, one)}")
    return "\n".join(lines) or asked.say(Text("no request"))


def _due(asked: Asked, one: owed.Request) -> str:
    return asked.say(Text("due {day}", day=one.due_on.isoformat()))


def _who(asked: Asked, one: owed.Request) -> str:
    return one.person or asked.say(Text("nobody known"))


def _request(contacts: Contacts, asked: Asked) -> str:
    people = owed.find(contacts, asked.contact)
    named = asked.values.get("person", "")
    mine = [who for who in people if who == named] if named else people
    if len(mine) != 1 and people:
        # A couple may share one address: what one asks for is not asked for by both.
        raise DataError(
            "Several people have this contact, and a request is of one.",
            where="{people}",
            mend="Add --set person=ID for whose it is, or take it in on the page Law, which asks.",
            people=some(people, most=len(people)),
        )
    came = asked.received or datetime.now(UTC).date()
    one = owed.receive(contacts, asked.what, mine[0] if mine else "", came)
    return f"{one.request} {_due(asked, one)}: {_who(asked, one)}"


def _answer(contacts: Contacts, asked: Asked) -> str:
    if asked.refuse or asked.extend:
        state = owed.REFUSED if asked.refuse else owed.EXTENDED
        one = owed.advance(contacts, asked.what, state, why=asked.refuse or asked.extend)
        word = Text("put off") if asked.extend else Text("the request is refused")
        return f"{asked.say(word)}, {_due(asked, one)}"
    found = {one.request: one for one in owed.requests(contacts)}.get(asked.what)
    kind = found.kind if found else ""
    if kind == "erasure":
        gone = duties.erase_for(asked.workspace, contacts, asked.what)
        head = Text(
            "erased: {n} person(s), {letters} letter(s)", n=gone.erased.people, letters=gone.letters
        )
        notes = Text(
            "notes of volunteers that lost the name: {n}, files of returns: {files}",
            n=gone.erased.notes,
            files=gone.returns,
        )
        left = [
            Text("left before: {what}, {n} row(s)", what=what, n=rows)
            for _at, what, rows in gone.erased.exports
        ]
        lost = [notes] if gone.erased.notes or gone.returns else []
        every = [head, *lost, *left, *gone.erased.remains()]
        return "\n".join(map(asked.say, every))
    if kind == "objection":
        point = asked.contact if found and not found.person else ""
        points = owed.carry_out_objection(contacts, asked.what, point)
        return asked.say(Text("contact points never reached again: {n}", n=points))
    if kind == "rectification":
        owed.carry_out_rectification(contacts, asked.what, asked.values)
        return asked.say(Text("put right"))
    return _hand_over(contacts, asked, found)


def _hand_over(contacts: Contacts, asked: Asked, found: owed.Request | None) -> str:
    if found is None or not found.person or asked.out is None:
        raise DataError(
            "There is nothing to hand over.",
            where="{request}",
            mend="Name an open request of a person who is known, and a folder: --out FOLDER.",
            request=asked.what,
        )
    asked.out.mkdir(parents=True, exist_ok=True)
    if found.kind == "access":
        files = duties.answer_access(contacts, found.person, language=choose(asked.language))
    else:
        files = duties.answer_portability(contacts, found.person)
    for name, content in files.items():
        (asked.out / name).write_bytes(content)
    owed.advance(contacts, found.request, owed.DONE, files=" ".join(files))
    return "\n".join(str(asked.out / name) for name in files)


def _retention(contacts: Contacts, asked: Asked) -> str:
    found = duties.run_retention(asked.workspace, contacts, dry=not asked.run)
    return "\n".join(_over(asked, one) for one in found)


def _over(asked: Asked, one: Over) -> str:
    kind = classes()[one.name]
    clock = kind.clock(choose(asked.language))
    about = {"name": one.name, "n": one.rows, "days": kind.days, "clock": clock}
    if asked.run:
        return asked.say(Text("{name}: {n} gone ({days} days; counted from: {clock})", **about))
    return asked.say(Text("{name}: {n} over ({days} days; counted from: {clock})", **about))


def _register(contacts: Contacts, asked: Asked) -> str:
    from analysis.exports.reports.register_pdf import register_pdf
    from analysis.workflows.register_facts import register

    text = register(contacts, asked.what, asked.language, folder=asked.workspace)
    if asked.out is None:
        return text
    is_pdf = asked.out.suffix == ".pdf"
    asked.out.write_bytes(register_pdf(text, language=asked.language) if is_pdf else text.encode())
    return str(asked.out)


def _entry(contacts: Contacts, asked: Asked) -> str:
    add(contacts, asked.what, asked.values)
    return f"{asked.what}: {len(entries(contacts, asked.what))}"


ACTIONS: dict[str, Callable[[Contacts, Asked], str]] = {
    "controller": _controller,
    "doors": _doors,
    "slip": _slip,
    "requests": _requests,
    "request": _request,
    "answer": _answer,
    "retention": _retention,
    "register": _register,
    "entry": _entry,
}
