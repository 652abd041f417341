"""What is asked of the gate, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from analysis.contacts import lawful_words
from analysis.errors import DataError, Text, some

# Under this many people a cell tells about persons (CONTACTS, section 4).
FLOOR = 11
ACTIONS = ("count", "list", "export", "sheet", "call", "letter", "message")
# What a message must bear; `carries` says what it does.
COMPLETE = frozenset({"notice", "unsubscribe", "sponsor", "election"})


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do with people.

    Attributes
    ----------
    channel
        One of `lawful.CHANNELS`.
    action
        One of `ACTIONS`.
    shown
        Data that go out, as "source.field": "roll.address", "person.phone".
    chosen
        Data by which they were chosen.
    people
        Persons, in the order of the lines.
    cells
        Number of people by cell, where counts go out.
    carries
        What goes with it: "notice", "unsubscribe", "sponsor", "election".
    at
        The moment of delivery; None: now.
    """

    channel: str
    action: str
    shown: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    cells: Mapping[str, int] = field(default_factory=dict)
    carries: frozenset[str] = frozenset()
    at: datetime | None = None

    @property
    def moment(self) -> datetime:
        """Return when it is to happen."""
        return self.at or datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one rule refuses: the whole request, or some of its lines.

    Attributes
    ----------
    rule
        Its name in `lawful_words.RULES`.
    lines
        From 1, in the order of the request; empty where the whole is refused.
    about
        Data or cells that it is about, never people.
    """

    rule: str
    lines: tuple[int, ...] = ()
    about: tuple[str, ...] = ()

    @property
    def text(self) -> Text:
        """Return the rule, its basis, which lines, and what would make it lawful."""
        where = [Text("lines {lines}", lines=some(self.lines))] if self.lines else []
        return Text(
            "{why} [{basis}] {about} {way}",
            why=lawful_words.why(self.rule),
            basis=lawful_words.basis(self.rule) or "–",
            about=some([*self.about, *where]),
            way=lawful_words.mend(self.rule),
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate says.

    Attributes
    ----------
    request
        Of what.
    allowed
        People who pass, in the order of the request; none where the whole is refused.
    refusals
        By which rules the others, or all, do not.
    rules
        Rules under which the rest passes.
    """

    request: Request
    allowed: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    rules: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Tell whether the request as such is lawful; some of its lines may be refused still."""
        return not any(not one.lines for one in self.refusals)

    def checked(self) -> Passage:
        """Return the passage, or raise what refuses the whole of it.

        Raises
        ------
        DataError
            When the request as such is not lawful.
        """
        if self.whole:
            return self
        first = next(one for one in self.refusals if not one.lines)
        raise DataError(
            "This is not lawful: {why}",
            where="rule {rule} ({basis}): {about}",
            mend="{way}",
            why=lawful_words.why(first.rule),
            rule=first.rule,
            basis=lawful_words.basis(first.rule) or "–",
            about=some(first.about),
            way=lawful_words.mend(first.rule),
        )
