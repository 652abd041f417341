"""The control of a message: drawn by lot within bureaux, sealed, and what it lets one see."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text
from analysis.experiments.design import CONTROL, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.power import Ask, detectable, power_curve
from analysis.experiments.seal import drawn, fingerprint, seal
from analysis.messages.recipients import SENT

# One in ten gets nothing, in blocks of ten of a bureau.
BLOCK, HELD_BACK = 10, 1
POWER = 0.8
# How often people do something after a letter: a rare act, a common one, and the hardest to see.
BASE_RATES = (0.02, 0.10, 0.50)
_NOWHERE = "–"


@dataclass(frozen=True, slots=True)
class Draw:
    """Who is written to, and who is kept for comparison.

    Attributes
    ----------
    table
        One row a person, in the order of sending: `person`, `arm` (send, control), `block`,
        `cell` (bureau), `variant` (A, B; "" where there is one subject).
    seed, seal
        Of the draw, and the fingerprint of all that was drawn.
    sees
        Smallest change of a rate that is seen with 80%, by the rate without the message; empty
        where bureaux were drawn whole.
    bureaux
        How many were drawn whole, 0 where people were drawn.
    turnout
        Smallest change of the turnout of such bureaux that is seen with 80%; None where their past
        does not tell.
    """

    table: pd.DataFrame = field(repr=False)
    seed: int
    seal: str
    sees: Mapping[float, float]
    bureaux: int = 0
    turnout: float | None = None

    @property
    def letters(self) -> int:
        """Return how many are written to."""
        return int((self.table["arm"] == SENT).sum())

    @property
    def controls(self) -> int:
        """Return how many are kept for comparison."""
        return int((self.table["arm"] == CONTROL).sum())

    def summary(self) -> list[Text]:
        """Say what the control lets one see, before anything is sent."""
        if not self.controls:
            return [
                Text("Nobody is kept for comparison: what the message changes stays unknown."),
                *self._subjects(),
            ]
        first = Text(
            "{letters} letters, {controls} people drawn by lot get none, for comparison.",
            letters=self.letters,
            controls=self.controls,
        )
        return [
            first,
            *self._subjects(),
            *self._whole(),
            *(
                Text(
                    "Of an act of {rate:.0f} people in 100, a change of {seen:.1f} points or more "
                    "is seen four times in five.",
                    rate=100 * rate,
                    seen=100 * seen,
                )
                for rate, seen in self.sees.items()
            ),
        ]

    def _whole(self) -> list[Text]:
        if not self.bureaux:
            return []
        kept = self.table.loc[self.table["arm"] == CONTROL, "cell"].nunique()
        told = (
            Text(
                "Of two past votes, nobody knows how the turnout of enough of these bureaux "
                "changed: what it can tell is not known before sending."
            )
            if self.turnout is None
            else Text(
                "By how differently their turnout changed before, a change of {seen:.1f} points "
                "or more is seen four times in five, counted on all electors of a bureau, "
                "whoever of them gets the message.",
                seen=100 * self.turnout,
            )
        )
        return [
            Text(
                "Bureaux are drawn whole: {sent} get the message, {kept} do not.",
                sent=self.bureaux - kept,
                kept=kept,
            ),
            told,
            Text(
                "Of acts of people nothing is said: how alike people of one bureau are in what "
                "they do is not known."
            ),
        ]

    def _subjects(self) -> list[Text]:
        halves = self.table["variant"].value_counts()
        if "B" not in halves:
            return []
        return [Text("Subjects: {a} get A, {b} get B.", a=int(halves["A"]), b=int(halves["B"]))]

    def to_dict(self) -> dict[str, Any]:
        """Return what is kept of it, but who."""
        return {
            "letters": self.letters,
            "controls": self.controls,
            "sees": {f"{rate:g}": round(seen, 6) for rate, seen in self.sees.items()},
            "sees_turnout": None if self.turnout is None else round(self.turnout, 6),
        }


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is drawn.

    Attributes
    ----------
    control
        Whether any are kept for comparison; without, all are written to.
    whole_bureaux
        Whether bureaux are drawn whole, so that their turnout tells of the message.
    subjects
        Whether half of those written to get the other subject.
    compares
        The act by which the subjects are compared, said before anything leaves.
    loads
        Whether loads are counted, of who agreed to it.
    """

    control: bool = True
    whole_bureaux: bool = False
    subjects: bool = False
    compares: str = "volunteering"
    loads: bool = False


def draw(
    people: Sequence[str],
    bureau: Mapping[str, str],
    *,
    seed: int,
    terms: Terms = Terms(),  # noqa: B008 - it cannot change
    past: pd.DataFrame | None = None,
) -> Draw:
    """Draw who is kept for comparison, and who gets which subject.

    The same people and seed give the same draw, in whatever order the people come.

    Parameters
    ----------
    people
        Who may be written to.
    bureau
        Of each; who has none is in a block with the like.
    seed
        Of the draw.
    terms
        How.
    past
        `bureau_id`, `turnout_rate` of a past vote, `before` of the one before it: what bureaux that
        are drawn whole can tell. It changes nothing of the draw.

    Returns
    -------
    Draw
        One row a person with arm, block and subject; without a control, all are written to.

    Raises
    ------
    DataError
        When there are too few people, or bureaux, for a block.
    """
    units = pd.DataFrame({"person": sorted(people)})
    units["bureau"] = [bureau.get(one, "") or _NOWHERE for one in units["person"]]
    # Within a bureau blocks are cut in an order that means nothing.
    units["order"] = [_order(seed, one) for one in units["person"]]
    if not terms.control:
        table = units.assign(arm=SENT, block="")
        mark = fingerprint({"seed": seed, "people": units["person"].tolist()})
        return Draw(_in_order(table, seed, terms), seed, mark, {})
    design = declare(units, _rule(units, terms))
    content = seal(design, seed, {})
    arms = drawn(design, seed)
    table = pd.DataFrame(
        {
            "person": arms["unit_id"].astype("str"),
            "arm": np.where(arms["arm"] == CONTROL, CONTROL, SENT),
            "block": arms["block"].astype("str"),
        }
    ).merge(units, on="person", validate="one_to_one")
    table = _in_order(table, seed, terms)
    mark = str(content["fingerprint"])
    if not terms.whole_bureaux:
        sees = _sees(len(table), int((table["arm"] == CONTROL).sum()))
        return Draw(table, seed, mark, sees)
    turnout = None if past is None else _sees_of_turnout(units, past, seed)
    return Draw(table, seed, mark, {}, units["bureau"].nunique(), turnout)


def _rule(units: pd.DataFrame, terms: Terms) -> Rule:
    drawn_one_by_one = units["bureau"] if terms.whole_bureaux else units["person"]
    if (n := drawn_one_by_one.nunique()) < BLOCK:
        raise DataError(
            "There are too few people to keep some of them for comparison."
            if not terms.whole_bureaux
            else "There are too few bureaux to keep one of them for comparison.",
            where="{n}, blocks of {block}",
            mend="Widen the universe, or send it without a control on purpose.",
            n=n,
            block=BLOCK,
        )
    # Where no bureau has a block, all are drawn together.
    within = not terms.whole_bureaux and int(units["bureau"].value_counts().max()) >= BLOCK
    return Rule(
        rank_by="order",
        territory="bureau" if within else "",
        cluster="bureau" if terms.whole_bureaux else "",
        block_size=BLOCK,
        control=HELD_BACK,
        unit="person",
    )


def _order(seed: int, person: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {person}".encode()).digest()[:6], "big")


def _in_order(table: pd.DataFrame, seed: int, terms: Terms) -> pd.DataFrame:
    """Return a draw in the order of sending, which tells nothing of anybody, with the subjects."""
    ordered = table.sort_values(["order", "person"]).reset_index(drop=True)
    cell = ordered["bureau"].where(ordered["bureau"] != _NOWHERE, "")
    variant = pd.Series("", ordered.index)
    if terms.subjects:
        lot = pd.Series([_order(seed, f"subject {one}") for one in ordered["person"]])
        sent = ordered.index[ordered["arm"] == SENT]
        # Every second of a lot of its own: the halves differ by one at most.
        shuffled = sent[np.argsort(lot[sent].to_numpy(), kind="stable")]
        variant[shuffled[::2]], variant[shuffled[1::2]] = "A", "B"
    return ordered[["person", "arm", "block"]].assign(cell=cell, variant=variant)


def _sees(people: int, controls: int) -> dict[float, float]:
    if not 0 < controls < people:
        return {}
    spread = 1 / (people - controls) + 1 / controls
    return {
        rate: detectable(float(np.sqrt(rate * (1 - rate) * spread)), people - 2, power=POWER)
        for rate in BASE_RATES
    }


def _sees_of_turnout(units: pd.DataFrame, past: pd.DataFrame, seed: int) -> float | None:
    """Return the smallest change of turnout seen, as drawn on the past; None where it is mute."""
    bureaux = units.drop_duplicates("bureau")[["bureau", "order"]]
    known = bureaux.merge(past, left_on="bureau", right_on="bureau_id", validate="one_to_one")
    if len(known) < BLOCK:
        return None
    # As `effect.on_turnout` will estimate it: one row a bureau, beside its turnout before.
    rule = Rule(rank_by="order", block_size=BLOCK, control=HELD_BACK, unit="bureau")
    ask = Ask(("turnout_rate",), ("before",), coverage=(1.0,), power=POWER, estimator="ancova")
    try:
        curve = power_curve(known, rule, ask, np.random.default_rng(seed))
    except DataError:
        # It does not vary, or there are too few.
        return None
    return float(curve["detectable_assignment"].iloc[0])
