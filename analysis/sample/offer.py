"""Who stood at each round, and how votes pass from one round to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.sample.people import Floats, normalise
from analysis.sample.town import DATA

# Where each leaning stands: left to right, and for or against the establishment.
POSITIONS = np.array([[-1.6, 0.9], [-0.9, 0.1], [0.2, 0.0], [1.1, 0.1], [1.5, 1.1], [0.1, 1.1]])
NATIONAL_LEANINGS = np.array([0.19, 0.18, 0.17, 0.18, 0.22, 0.06])
SHARPNESS = {1: 2.0, 2: 0.9}  # how fast attraction falls with distance, by round
WHIM = 0.01  # attraction that no distance takes away
SPOILT = ("BLANK", "NULL")
HOME = "HOME"  # stays home at a second round because the own candidate is out


@dataclass(frozen=True)
class Round:
    """One round: its level of attendance and its place in the chain of choices.

    Attributes
    ----------
    election_id
        `2022_pres_t1`.
    origin
        The earlier round whose latent choice each voter starts from; empty for the
        presidential first rounds, which start from the leaning.
    level
        Mobilisation: `pres`, `high` or `low`.
    abstention
        Share of the town's roll meant to stay away.
    spoilt
        Meant shares of blank, null and stay-at-home among those who would vote.
    """

    election_id: str
    origin: str
    level: str
    abstention: float
    spoilt: tuple[float, float, float]

    @property
    def year(self) -> int:
        """Year of the vote."""
        return int(self.election_id[:4])

    @property
    def contest(self) -> str:
        """Election without its round: `2022_pres`."""
        return self.election_id[:-3]

    @property
    def number(self) -> int:
        """First or second round."""
        return int(self.election_id[-1])


def rounds() -> list[Round]:
    """Return the rounds in the order they were held."""
    table = pd.read_csv(DATA / "rounds.csv", keep_default_na=False)
    return [
        Round(r.election_id, r.origin, r.level, r.abstention, (r.blank, r.null, r.home))
        for r in table.itertuples()
    ]


def offer(contest: str) -> pd.DataFrame:
    """Return the candidates or lists of a contest, indexed by a unique label."""
    table = pd.read_csv(DATA / "offer.csv", keep_default_na=False)
    table = table[table["contest"] == contest]
    return table.set_index(table["name"].where(table["name"] != "", table["list"])).rename_axis(
        "option"
    )


def options_of(candidates: pd.DataFrame, number: int) -> list[str]:
    """Return what a voter can do at a round, in the order of the matrices."""
    return [*candidates.index, *SPOILT, *([HOME] if number == 2 else [])]


def choices(candidates: pd.DataFrame, held: Round) -> Floats:
    """Return the shares of each option by leaning, leanings × options."""
    weights = _attraction(POSITIONS, candidates, held)
    return _fit(weights, NATIONAL_LEANINGS, _targets(candidates, held))


def transfers(before: pd.DataFrame, candidates: pd.DataFrame, held: Round) -> Floats:
    """Return the shares of each option by option of the origin, origin × destination.

    Parameters
    ----------
    before
        Candidates of the origin, a first round.
    candidates
        Candidates of this round.
    held
        This round.

    Returns
    -------
    numpy.ndarray
        Rows sum to 1; the last two rows are those who voted blank and null.
    """
    spoilt = np.array([[0.1, 0.8], [0.1, 1.0]])
    weights = _attraction(np.vstack([before[["x", "y"]], spoilt]), candidates, held)
    size = np.append(before["share"].to_numpy(), [1.5, 0.8])
    return _fit(weights, size / size.sum(), _targets(candidates, held))


def _attraction(origins: Floats, candidates: pd.DataFrame, held: Round) -> Floats:
    goals = candidates[["x", "y"]].to_numpy(dtype=float)
    distance = ((origins[:, None, :] - goals[None, :, :]) ** 2).sum(axis=2)
    named = np.exp(-SHARPNESS[held.number] * distance) + WHIM
    # The farther the nearest candidate, the likelier a blank ballot or no ballot.
    lost = np.exp(0.5 * np.minimum(distance.min(axis=1), 3))
    n_spoilt = len(options_of(candidates, held.number)) - len(candidates)
    return np.column_stack([named, *[0.02 * lost] * n_spoilt])


def _targets(candidates: pd.DataFrame, held: Round) -> Floats:
    """Return the national share of each option; unknown for second rounds of deputies."""
    blank, null, home = held.spoilt
    spoilt = [blank, null, *([home] if held.number == 2 else [])]
    known = held.number == 1 or held.contest in SECOND_ROUNDS
    share = candidates["share"].to_numpy(dtype=float)
    if held.number == 2:
        share = np.array([SECOND_ROUNDS.get(held.contest, {}).get(n, 1) for n in candidates.index])
    named = (1 - sum(spoilt)) * share / share.sum()
    return np.array([*(named if known else np.full(len(named), np.nan)), *spoilt])


SECOND_ROUNDS: dict[str, dict[str, float]] = {
    "2017_pres": {"MACRON": 66.1, "LE PEN": 33.9},
    "2022_pres": {"MACRON": 58.5, "LE PEN": 41.5},
}


def _fit(weights: Floats, rows: Floats, targets: Floats) -> Floats:
    """Scale columns until `rows` @ result meets the known targets; rows sum to 1."""
    scale = np.where(np.isnan(targets), 1.0, targets)
    for _ in range(200):
        shares = normalise(weights * scale)
        scale = np.where(np.isnan(targets), scale, scale * targets / (rows @ shares))
    return normalise(np.round(normalise(weights * scale), 6))
