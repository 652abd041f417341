"""Universes: whom one means, as a small rule that a person can read and a machine can check.

A rule is plain JSON or TOML: `{"of": "roll", "where": {"all": [{"abstention_over": 0.3}, {"age":
[18, 25]}, {"not_contacted_days": 30}]}}`. It knows nothing of names: permuting all names of a
campaign leaves every universe as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analysis.contacts import asked, lawful, lawful_words
from analysis.errors import DataError, Listed, Text, some

Of = Literal["roll", "people"]
# Datum of the gate that each condition is, by what the universe is of.
CONDITIONS: dict[str, dict[str, str]] = {
    "roll": {
        "age": "roll.age",
        "sex": "roll.sex",
        "list": "roll.bureau",
        "bureaux": "roll.bureau",
        "communes": "roll.bureau",
        "abstention_over": "results.abstention",
        "abstention_under": "results.abstention",
        "not_contacted_days": "campaign.contacted",
    },
    "people": {
        "bureaux": "person.bureau",
        "communes": "person.bureau",
        "abstention_over": "results.abstention",
        "abstention_under": "results.abstention",
        "not_contacted_days": "campaign.contacted",
        "theme": "person.theme",
        "volunteering": "person.volunteering",
        "donation": "person.donation",
        "consent": "campaign.consent",
        "relation": "campaign.relation",
    },
}
CONSENTS = {
    "email": ("letter_email", "email"),
    "sms": ("letter_sms", "sms"),
    "phone": ("phone", "phone"),
    "chosen": ("political_ads", "email"),
    "measured": ("open_tracking", "email"),
}
_JOINS = ("all", "any")
# Rules by which nobody is chosen, and which forbid no choice.
_MERELY = ("unknown", "person_phone", "person_email")
_DEEPEST = 6
_OLDEST = 130
_LONGEST_DAYS = 3_650
Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Universe:
    """Whom one means.

    Attributes
    ----------
    of
        "roll": electors at their addresses; "people": supporters who gave their data.
    where
        Tree of conditions: `all`, `any` (lists) and `not`, and conditions of `CONDITIONS`.
    """

    of: Of
    where: Node

    @classmethod
    def read(cls, told: object) -> Universe:
        """Check a rule as it comes from a file or a page.

        Raises
        ------
        DataError
            When it is no rule, or one that nothing could make lawful.
        """
        if not isinstance(told, dict) or told.get("of") not in list(CONDITIONS):
            raise _no_rule(Text("`of` says neither roll nor people"))
        if set(told) - {"of", "where"}:
            raise _no_rule(
                Text("unknown: {names}", names=some(sorted(set(told) - {"of", "where"})))
            )
        where = told.get("where", {"all": []})
        _check(where, told["of"], 0)
        return cls(told["of"], where)

    def to_json(self) -> str:
        """Return the rule as a text, always the same."""
        return json.dumps({"of": self.of, "where": self.where}, sort_keys=True, ensure_ascii=False)

    @property
    def leaves(self) -> list[tuple[str, Any]]:
        """Return every condition: name and value."""
        return list(_leaves(self.where))

    @property
    def asks_abstention(self) -> bool:
        """Tell whether it asks for the abstention expected of a bureau."""
        return any(name.startswith("abstention") for name, _value in self.leaves)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Return by which data it chooses, as the gate names them."""
        return tuple(dict.fromkeys(CONDITIONS[self.of][name] for name, _value in self.leaves))

    @property
    def sentence(self) -> Text:
        """Return the rule as a sentence."""
        return _sentence(self)


def _leaves(node: Node) -> Iterator[tuple[str, Any]]:
    ((name, value),) = node.items()
    if name in _JOINS:
        for one in value:
            yield from _leaves(one)
    elif name == "not":
        yield from _leaves(value)
    else:
        yield name, value


def _no_rule(why: Text) -> DataError:
    return DataError(
        "This is no rule of a universe: {why}.",
        mend='Write such as {example}; conditions are joined by "all", "any" and "not".',
        why=why,
        example='{"of": "roll", "where": {"all": [{"abstention_over": 0.3}, {"age": [18, 25]}]}}',
    )


def _check(node: object, of: str, depth: int) -> None:
    if not isinstance(node, dict) or len(node) != 1 or depth > _DEEPEST:
        raise _no_rule(Text("every condition is one name with its value, at most six deep"))
    ((name, value),) = node.items()
    if name in _JOINS:
        if not isinstance(value, list) or (name == "any" and not value):
            raise _no_rule(Text("`all` and `any` join a list"))
        for one in value:
            _check(one, of, depth + 1)
    elif name == "not":
        _check(value, of, depth + 1)
    else:
        _check_leaf(str(name), value, of)


def _check_leaf(name: str, value: object, of: str) -> None:
    if name not in CONDITIONS[of]:
        sources = ("person" if of == "people" else "roll", "mail")
        told = [lawful.verdict(f"{source}.{name}", "door") for source in sources]
        refusing = [one.rule for one in told if not one.allowed and one.rule not in _MERELY]
        # What is never lawful is called so; what is merely unknown, unknown.
        if refusing:
            raise DataError(
                "This is not lawful: {why}",
                where="condition {name}",
                mend="{way}",
                why=lawful_words.why(refusing[0]),
                name=name,
                way=lawful_words.mend(refusing[0]),
            )
        known = some(CONDITIONS[of], most=len(CONDITIONS[of]))
        raise _no_rule(Text("there is no condition {name}; known: {known}", name=name, known=known))
    if not _VALUES[name](value):
        raise _no_rule(Text("{name} cannot be {value}", name=name, value=json.dumps(value)[:60]))


def _share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _ages(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - from, to
        return False
    return all(_whole(one, 17, _OLDEST) for one in value) and value[0] <= value[1]


def _names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(one) and one for one in value)


def _word(value: object) -> bool:
    return _is_text(value) and 0 < len(str(value)) <= 32  # noqa: PLR2004 - as the column


def _is_text(value: object) -> bool:
    # No store can be asked for half a character or a zero.
    return isinstance(value, str) and value.isprintable()


_VALUES: dict[str, Callable[[object], bool]] = {
    "age": _ages,
    "sex": lambda value: value in ("F", "M"),
    "list": lambda value: _names(value) and set(value) <= {"LP", "LCM", "LCE"},  # type: ignore[call-overload]
    "bureaux": _names,
    "communes": _names,
    "abstention_over": _share,
    "abstention_under": _share,
    "not_contacted_days": lambda value: _whole(value, 1, _LONGEST_DAYS),
    "theme": _word,
    "volunteering": lambda value: isinstance(value, bool),
    "donation": lambda value: isinstance(value, bool),
    "consent": lambda value: value in list(CONSENTS),
    "relation": lambda value: value in ("member", "regular", "occasional"),
}

# ---- in words ------------------------------------------------------------------------------

# These say where, and stand beside the doors or people.
_PLACES = ("abstention_over", "abstention_under", "bureaux", "communes")


def _sentence(universe: Universe) -> Text:
    where = universe.where
    nodes: Sequence[Node] = where.get("all", [where])
    places = [_said(one) for one in nodes if next(iter(one)) in _PLACES]
    others = [_said(one) for one in nodes if next(iter(one)) not in _PLACES]
    if universe.of == "roll":
        head = (
            Text("the doors {places}", places=Listed(places))
            if places
            else Text("the doors of the roll")
        )
    else:
        head = (
            Text("the supporters {places}", places=Listed(places))
            if places
            else Text("the supporters")
        )
    return Listed([head, *others])


def _said(node: Node) -> Text:
    ((name, value),) = node.items()
    if name == "all":
        return Text("({parts})", parts=Listed([_said(one) for one in value]))
    if name == "any":
        said = [_said(one) for one in value]
        whole = said[0]
        for one in said[1:]:
            whole = Text("{one} or {other}", one=whole, other=one)
        return Text("({parts})", parts=whole)
    if name == "not":
        return Text("except {what}", what=_said(value))
    return _WORDS[name](value)


_CONSENT_WORDS = {
    "email": Text("who agreed to letters by e-mail"),
    "sms": Text("who agreed to texts"),
    "phone": Text("who agreed to calls"),
    "chosen": Text("who agreed to chosen messages"),
    "measured": Text("who agreed to measurement"),
}
_RELATIONS = {
    "member": Text("members only"),
    "regular": Text("in regular contact"),
    "occasional": Text("in occasional contact"),
}
_WEEK, _MONTH = 7, 30


def _theme(code: str) -> str:
    """Return the English word of a theme; one of an older rule stays as it was written."""
    return asked.WORDS["en"].get(f"theme.{code}", code)


def _since(days: int) -> Text:
    if days == _WEEK:
        return Text("not contacted for a week")
    if days == _MONTH:
        return Text("not contacted for a month")
    return Text("not contacted for {days} days", days=days)


def _aged(ages: Sequence[int]) -> Text:
    if ages[1] == _OLDEST:
        return Text("electors of {low} years and more", low=ages[0])
    return Text("electors of {low} to {high} years", low=ages[0], high=ages[1])


_WORDS: dict[str, Callable[[Any], Text]] = {
    "age": _aged,
    "sex": lambda sex: Text("women only") if sex == "F" else Text("men only"),
    "list": lambda lists: Text("on the lists {lists}", lists=some(lists)),
    "bureaux": lambda names: Text("of the bureaux {names}", names=some(names)),
    "communes": lambda names: Text("of the communes {names}", names=some(names)),
    "abstention_over": lambda share: Text(
        "of bureaux where the expected abstention exceeds {share:.0%}", share=share
    ),
    "abstention_under": lambda share: Text(
        "of bureaux where the expected abstention is under {share:.0%}", share=share
    ),
    "not_contacted_days": _since,
    "theme": lambda code: Text("who said that {theme} matters to them", theme=_theme(code)),
    "volunteering": lambda yes: (
        Text("ready to volunteer") if yes else Text("who did not say they volunteer")
    ),
    "donation": lambda yes: Text("ready to donate") if yes else Text("who did not say they donate"),
    "consent": lambda to: _CONSENT_WORDS[to],
    "relation": lambda kind: _RELATIONS[kind],
}
