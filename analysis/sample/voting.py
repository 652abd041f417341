"""The rounds: who turns out, what each would choose, what the boxes hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from analysis.sample.offer import (
    HOME,
    SECOND_ROUNDS,
    Round,
    choices,
    offer,
    options_of,
    rounds,
    transfers,
)
from analysis.sample.people import Floats, Sectors, dirichlet, draw_rows, on_roll

# Chance to vote of each class, by level of mobilisation, before the town's level is met.
PROPENSITY = {
    "pres": np.array([0.985, 0.80, 0.93, 0.06]),
    "high": np.array([0.970, 0.70, 0.55, 0.05]),
    "low": np.array([0.945, 0.42, 0.12, 0.02]),
}
SECTOR_SD = 0.10  # spread of a sector's turnout in one round, on the logit scale
CHOICE_CONCENTRATION = 200.0  # Dirichlet: how closely a sector's choices follow the town's
QUALIFYING_SHARE = 0.125  # of the registered, for a second round of deputies


@dataclass(frozen=True)
class Law:
    """The probabilities one round was drawn from.

    Attributes
    ----------
    held
        The round.
    candidates
        Who stood, indexed by label.
    turnout
        Chance to go to the polls, sectors × classes.
    kernel
        Share of each option, sectors × origins × options; an origin is a leaning or an
        option of `held.origin`.
    shares
        The same by leaning, sectors × leanings × options.
    shift
        What was added to the logits of `PROPENSITY` to meet the town's level.
    """

    held: Round
    candidates: pd.DataFrame
    turnout: Floats
    kernel: Floats
    shares: Floats
    shift: float

    @property
    def options(self) -> list[str]:
        """Names along the last axis of `kernel` and `shares`."""
        return options_of(self.candidates, self.held.number)


@dataclass(frozen=True)
class Outcome:
    """One round as it happened, person by person.

    Attributes
    ----------
    law
        What it was drawn from.
    latent
        The option each person would choose, a position in `law.options`.
    registered, voted
        Who is on the roll; who put a ballot in the box.
    """

    law: Law
    latent: npt.NDArray[np.int64]
    registered: npt.NDArray[np.bool_]
    voted: npt.NDArray[np.bool_]


def hold_rounds(
    persons: pd.DataFrame, sectors: Sectors, rng: np.random.Generator
) -> dict[str, Outcome]:
    """Hold every round in order; later ones start from the choices of earlier ones.

    Parameters
    ----------
    persons
        From `people.settle`.
    sectors
        Latent make-up of the sectors.
    rng
        Source of chance.

    Returns
    -------
    dict of str to Outcome
        By election id, in the order they were held.
    """
    outcomes: dict[str, Outcome] = {}
    for held in rounds():
        law = _lay_down(held, outcomes, persons, sectors, rng)
        outcomes[held.election_id] = _hold(law, outcomes, persons, rng)
    return outcomes


def _lay_down(
    held: Round,
    past: Mapping[str, Outcome],
    persons: pd.DataFrame,
    sectors: Sectors,
    rng: np.random.Generator,
) -> Law:
    """Draw the probabilities of a round for every sector."""
    candidates = offer(held.contest)
    n = len(sectors.table)
    if held.number == 2:
        candidates = candidates.loc[_finalists(past[held.origin])]
    if held.origin:
        before = past[held.origin].law
        town = transfers(before.candidates, candidates, held)
        kernel = dirichlet(CHOICE_CONCENTRATION * np.broadcast_to(town, (n, *town.shape)), rng)
        shares = before.shares @ kernel
    else:
        town = choices(candidates, held)
        kernel = dirichlet(CHOICE_CONCENTRATION * np.broadcast_to(town, (n, *town.shape)), rng)
        shares = kernel
    effect = rng.normal(0, SECTOR_SD, (n, 1))
    home = shares[:, :, -1] if held.number == 2 else np.zeros(shares.shape[:2])
    shift = _meet_level(held, effect, home, persons)
    turnout = expit(logit(PROPENSITY[held.level]) + shift + effect)
    return Law(held, candidates, turnout, kernel, shares, shift)


def _meet_level(held: Round, effect: Floats, home: Floats, persons: pd.DataFrame) -> float:
    """Return the shift of the logits at which the town abstains as it is meant to."""
    rows = persons[on_roll(persons, held.year)]
    stays = 1 - home[rows["sector"], rows["leaning"]]
    base = logit(PROPENSITY[held.level])[rows["attendance"]] + effect[rows["sector"], 0]

    def excess(shift: float) -> float:
        return float((expit(base + shift) * stays).mean()) - (1 - held.abstention)

    return round(float(brentq(excess, -3, 3)), 6)


def _hold(
    law: Law, past: Mapping[str, Outcome], persons: pd.DataFrame, rng: np.random.Generator
) -> Outcome:
    """Let every person choose, and those who turn out vote."""
    sector = persons["sector"].to_numpy()
    origin = past[law.held.origin].latent if law.held.origin else persons["leaning"].to_numpy()
    latent = draw_rows(law.kernel[sector, origin], rng)
    registered = on_roll(persons, law.held.year).to_numpy()
    goes = rng.random(len(persons)) < law.turnout[sector, persons["attendance"]]
    stays_home = (latent == len(law.options) - 1) & (law.options[-1] == HOME)
    return Outcome(law, latent, registered, registered & goes & ~stays_home)


def _finalists(first: Outcome) -> list[str]:
    """Return who stands again: by law for deputies, the nation's two for presidents."""
    names = first.law.candidates.index
    if first.law.held.contest in SECOND_ROUNDS:
        return [name for name in names if name in SECOND_ROUNDS[first.law.held.contest]]
    votes = np.bincount(first.latent[first.voted], minlength=len(names))[: len(names)]
    leaders = np.argsort(-votes, kind="stable")[:2]
    enough = votes >= QUALIFYING_SHARE * first.registered.sum()
    return [name for n, name in enumerate(names) if enough[n] or n in leaders]


def vintage_of(held: Round) -> int:
    """Return the vintage of the bureaux a round was counted in."""
    return 2024 if held.year >= 2024 else 2017


def count(
    outcome: Outcome, persons: pd.DataFrame, sectors: Sectors
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count a round by bureau: turnout, and the votes of each option.

    Parameters
    ----------
    outcome
        A round.
    persons, sectors
        Who is registered, and where.

    Returns
    -------
    tuple of pandas.DataFrame
        `registered`, `ballots`, `blank`, `null`, `valid` by bureau; and the votes,
        bureaux × candidates.
    """
    law = outcome.law
    bureau = sectors.table[f"bureau_{vintage_of(law.held)}"].to_numpy()[persons["sector"]]
    voted = outcome.voted
    registered = pd.Series(bureau[outcome.registered]).value_counts().sort_index()
    rows, options = registered.index, list(law.options)
    cells = rows.get_indexer(bureau[voted]) * len(options) + outcome.latent[voted]
    counts = np.bincount(cells, minlength=len(rows) * len(options)).reshape(len(rows), -1)
    wanted = [*law.candidates.index, "BLANK", "NULL"]
    cast = pd.DataFrame(counts, rows, options)[wanted]
    votes = cast[law.candidates.index]
    turnout = pd.DataFrame(
        {
            "registered": registered,
            "ballots": cast.sum(axis=1),
            "blank": cast["BLANK"],
            "null": cast["NULL"],
            "valid": votes.sum(axis=1),
        }
    )
    return turnout.rename_axis("bureau_id"), votes.rename_axis("bureau_id")
