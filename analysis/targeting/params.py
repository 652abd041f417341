"""The planner's numbers: value, range and source of each, all editable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import DataError, Text, some
from analysis.tables.toml_text import toml_of


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a number: most likely value, and the range it may lie in.

    Attributes
    ----------
    value, low, high
        Mode and ends of a triangular distribution; equal where it is a choice.
    unit
        Unit of the three.
    source
        Where they come from.
    """

    value: float
    low: float
    high: float
    unit: str
    source: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(Text("low ≤ value ≤ high must hold"))

    @property
    def mean(self) -> float:
        """Mean of the triangular distribution: where the range leans, so does the mean."""
        return (self.low + self.value + self.high) / 3

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return `size` draws; a choice has no spread."""
        if self.low == self.high:
            return np.full(size, self.value)
        return rng.triangular(self.low, self.value, self.high, size)

    def at(self, share: np.ndarray) -> np.ndarray:
        """Return the values below which such shares of the belief lie."""
        width = max(self.high - self.low, 1e-12)
        left = (self.value - self.low) / width
        rising = self.low + np.sqrt(share * width * (self.value - self.low))
        falling = self.high - np.sqrt((1 - share) * width * (self.high - self.value))
        return np.where(share < left, rising, falling)


# Numbers of older scenarios that nothing rests on any more: read, and passed over.
RETIRED = ("reserve_weight",)


def _belief(value: float, low: float, high: float, unit: str, source: str) -> Any:  # noqa: ANN401
    return field(default_factory=lambda: Belief(value, low, high, unit, source))


@dataclass(frozen=True, slots=True)
class Params:
    """The planner's numbers, with the defaults of the field's manuals."""

    share_open: Belief = _belief(
        0.25, 0.10, 0.30, "share of doors", "Texas Democrats, Black Peak; no French figure found"
    )
    share_talk: Belief = _belief(
        1.0, 1.0, 1.0, "share of open doors", "no figure found: returns teach it"
    )
    minutes_no_answer: Belief = _belief(1.0, 0.5, 1.5, "min/door", "Black Peak; range: judgement")
    minutes_conversation: Belief = _belief(
        3.0, 2.0, 5.0, "min/door", "Black Peak; MoDem guide 2013"
    )
    minutes_between: Belief = _belief(
        0.9, 0.5, 1.5, "min/door", "set so that a dense bureau gives 25 doors an hour (Wellstone)"
    )
    walking_speed: Belief = _belief(1.2, 1.0, 1.4, "m/s", "walking-speed literature")
    detour: Belief = _belief(1.3, 1.2, 1.5, "ratio", "streets against straight line; judgement")
    doors_per_hour_dense: Belief = _belief(25.0, 20.0, 30.0, "doors/h", "Wellstone, FIRM formulas")
    doors_per_hour_spread: Belief = _belief(15.0, 10.0, 20.0, "doors/h", "Wellstone, FIRM formulas")
    registered_per_door: Belief = _belief(
        1.6, 1.2, 2.0, "persons/door", "48.7 M registered (2022) for about 30 M main homes (INSEE)"
    )
    team_size: Belief = _belief(2.0, 2.0, 2.0, "volunteers", "party guides: teams of two")
    movement_weight: Belief = _belief(
        0.25,
        0.0,
        1.0,
        "share",
        "not known: effects on Hollande in 2012 are .010, .004, .009, .011 (± .003 to .010) by "
        "left share × abstention",
    )
    abstention_weight: Belief = _belief(
        0.5, 0.0, 1.0, "share", "not known; Arceneaux & Nickerson 2009: most on the fence"
    )
    spill_over: Belief = _belief(
        0.3, 0.0, 0.6, "share of the effect", "Nickerson 2008: 60% passes on in a household of two"
    )
    effect_turnout: Belief = _belief(
        0.0,
        -0.005,
        0.02,
        "turnout per person reached",
        "Pons 2018: none; European trials small; US 2003: 7 points",
    )
    effect_vote: Belief = _belief(
        0.010,
        0.0,
        0.0324,
        "share of the vote per voter reached",
        "Pons 2018: +3.24 points among those reached (round 1); Kalla & Broockman 2018: none",
    )

    @property
    def conversation_rate(self) -> float:
        """Mean share of doors with a conversation: those that open, and of them who talk."""
        return self.share_open.mean * self.share_talk.mean

    @property
    def beliefs(self) -> dict[str, Belief]:
        """Every number by its name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def to_dict(self) -> dict[str, dict[str, float | str]]:
        """Return plain values, for TOML and provenance."""
        return {
            name: {
                "value": b.value,
                "low": b.low,
                "high": b.high,
                "unit": b.unit,
                "source": b.source,
            }
            for name, b in self.beliefs.items()
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Mapping[str, Any] | float], where: str = "") -> Params:
        """Return the defaults with some numbers replaced.

        Parameters
        ----------
        given
            Name → number, or a table with any of `value`, `low`, `high`, `source`.
        where
            The file they come from, for the error.

        Raises
        ------
        DataError
            When a name is unknown or low ≤ value ≤ high fails.
        """
        params = cls()
        given = {name: new for name, new in given.items() if name not in RETIRED}
        if unknown := sorted(set(given) - set(params.beliefs)):
            raise DataError(
                "Unknown parameter(s): {unknown}.",
                where="{place}",
                mend="Known ones: {known}.",
                unknown=", ".join(unknown),
                place=where,
                known=", ".join(params.beliefs),
            )
        changed = {
            name: _change(params.beliefs[name], name, new, where) for name, new in given.items()
        }
        return replace(params, **changed)


# Ends of what a number can be; the others are quantities above 0, which others are divided by.
_ENDS = {
    "share_open": (0.0, 1.0),
    "share_talk": (0.0, 1.0),
    "movement_weight": (0.0, 1.0),
    "abstention_weight": (0.0, 1.0),
    "spill_over": (0.0, 1.0),
    "effect_turnout": (-1.0, 1.0),
    "effect_vote": (-1.0, 1.0),
}
_ABOVE_0 = 1e-9


def _change(old: Belief, name: str, given: Mapping[str, Any] | float, where: str) -> Belief:
    table = dict(given) if isinstance(given, Mapping) else {"value": given}
    try:
        value = float(table.get("value", old.value))
        # A value outside the old range takes the range along rather than failing.
        low = float(table.get("low", min(old.low, value)))
        high = float(table.get("high", max(old.high, value)))
        source = str(table.get("source", old.source if value == old.value else "user"))
        belief = Belief(value, low, high, old.unit, source)
    except (TypeError, ValueError) as error:
        raise DataError(
            "The parameter {name} is not a number with low ≤ value ≤ high.",
            where="{place}: {name} = {given}",
            mend="Write for instance {name} = {{ value = {old_value}, low = "
            "{low}, high = {high} }}.",
            name=name,
            place=where,
            given=given,
            old_value=old.value,
            low=old.low,
            high=old.high,
        ) from error
    least, most = _ENDS.get(name, (_ABOVE_0, np.inf))
    # A share of doors that is 0 all over its range leaves nobody to talk to.
    silent = name in ("share_open", "share_talk") and belief.high == 0
    if silent or not (least <= belief.low and belief.high <= most):
        raise DataError(
            "The parameter {name} lies outside what it can be.",
            where="{place}: {name} from {low:g} to {high:g} {unit}",
            mend="Keep it between {least:g} and {most:g}; usual: {old_low:g} to {old_high:g}.",
            name=name,
            place=where,
            low=belief.low,
            high=belief.high,
            unit=belief.unit,
            least=least,
            most=most,
            old_low=old.low,
            old_high=old.high,
        )
    return belief


def read_toml(path: Path | str) -> dict[str, Any]:
    """Read a TOML file of parameters or a scenario.

    Raises
    ------
    DataError
        When it is not TOML.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _no_toml(file.name, error) from error
    return toml_in(content, file.name)


def toml_in(content: bytes, name: str) -> dict[str, Any]:
    """Return what the content of such a file says, as `read_toml`; errors call it `name`."""
    try:
        return toml_of(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _no_toml(name, error) from error


def _no_toml(name: str, error: Exception) -> DataError:
    return DataError(
        "The file of parameters cannot be read as TOML.",
        where="{file}: {error}",
        mend="Save it again from the page Priorities, or write lines such as: "
        "share_open = {{ value = 0.25, low = 0.1, high = 0.3 }}.",
        file=name,
        error=some([error]),
    )
