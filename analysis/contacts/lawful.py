"""The table of what may be done with which datum, read from `lawful.toml`; refused by default."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.contacts import lawful_words
from analysis.errors import Text

CHANNELS = ("door", "post", "phone", "sms", "email", "themed_email", "online")
# What is asked of a whole request, and what of each person in it.
OF_REQUEST = ("roll", "notice", "floor", "counsel")
OF_ROWS = ("consent", "no_refusal", "ads", "tracking")
YES = "yes"


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be done with some fields of one source.

    Attributes
    ----------
    rule
        Its name, which refusals tell.
    fields, source
        Of what; "*" is any.
    channels
        Conditions by channel; a channel that is not in it is refused.
    """

    rule: str
    fields: tuple[str, ...]
    source: str
    channels: dict[str, tuple[str, ...]]

    def covers(self, source: str, field: str) -> bool:
        """Tell whether a datum is of this rule."""
        return self.source in ("*", source) and (field in self.fields or "*" in self.fields)


@cache
def table() -> tuple[Rule, ...]:
    """Return the rules; what is never lawful comes before what may be."""
    text = (files("analysis.contacts") / "lawful.toml").read_text(encoding="utf-8")
    rules = [_rule(name, told) for name, told in tomllib.loads(text).items()]
    return tuple(sorted(rules, key=lambda rule: bool(rule.channels)))


def _rule(name: str, told: dict[str, Any]) -> Rule:
    conditions = {
        channel: tuple(word for word in told[channel].split() if word != YES)
        for channel in CHANNELS
        if told.get(channel, "no") != "no"
    }
    if unknown := {w for c in conditions.values() for w in c} - {*OF_REQUEST, *OF_ROWS}:
        raise ValueError(f"lawful.toml, {name}: no such condition {sorted(unknown)}")
    return Rule(name, tuple(told["fields"]), told["source"], conditions)


def rule_of(datum: str) -> Rule | None:
    """Return the rule of a datum such as "roll.age"; None where there is none: refused."""
    source, _dot, field = datum.partition(".")
    return next((rule for rule in table() if rule.covers(source, field)), None)


def rule_of_origin(origin: str) -> Rule | None:
    """Return the rule of a whole file by its declared origin; None where nothing more is asked."""
    return next((rule for rule in table() if rule.source == origin and "*" in rule.fields), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the table says of one datum on one channel.

    Attributes
    ----------
    allowed
        Whether it may be, if the conditions hold.
    rule
        Which rule says so.
    conditions
        What must hold besides.
    """

    allowed: bool
    rule: str
    conditions: tuple[str, ...] = ()

    def sentences(self) -> list[Text]:
        """Return why, and what must hold or what would make it lawful."""
        if not self.allowed:
            return [lawful_words.why(self.rule), lawful_words.mend(self.rule)]
        return [lawful_words.why(self.rule), *(CONDITIONS[one] for one in self.conditions)]


CONDITIONS = {
    "roll": Text("a roll is in force"),
    "notice": Text("the notice goes out with it"),
    "floor": Text("groups of at least 11 people"),
    "counsel": Text("counsel wrote it down"),
    "consent": Text("each person said yes to the channel"),
    "no_refusal": Text("nobody said no"),
    "ads": Text("each person said yes to chosen messages"),
    "tracking": Text("each person said yes to measurement"),
}


def verdict(datum: str, channel: str) -> Verdict:
    """Return what the table says of a datum such as "roll.age" on a channel.

    Parameters
    ----------
    datum
        Source and field.
    channel
        One of `CHANNELS`.
    """
    if channel not in CHANNELS:
        return Verdict(allowed=False, rule="channel")
    rule = rule_of(datum)
    if rule is None:
        return Verdict(allowed=False, rule="unknown")
    if channel not in rule.channels:
        return Verdict(allowed=False, rule=rule.rule)
    return Verdict(allowed=True, rule=rule.rule, conditions=rule.channels[channel])


def verdicts(data: Iterable[str], channel: str) -> list[Verdict]:
    """Return what the table says of several data on a channel."""
    return [verdict(datum, channel) for datum in dict.fromkeys(data)]
