"""Arms of a trial on a ranking: who is held back, from whom, and what giving it up costs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.drawing_rule import Rule
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Ranking, rank_bureaux, reach
from analysis.workflows.sealed_trials import in_force, open_trial

# Draws of lists that were looked at last, by seed and content.
_draws: dict[tuple[int, bytes], pd.Series] = {}
_drawing = threading.Lock()
_MOST_DRAWS = 64

CONTROL = "control"  # as `experiments.design` writes it
# Of every five bureaux, one is held back unless a sealed design says otherwise.
DEFAULT = Rule(rank_by="priority", unit="unit_id")
TOO_FEW = "fewer bureaux than a block: none can be held back"


@dataclass(frozen=True, slots=True)
class HoldBack:
    """How a file treats the trial; recorded in its provenance.

    Attributes
    ----------
    on
        Whether arms are drawn.
    teams
        Whether the file is for teams: controls are then left out of it.
    seals
        Fingerprints of the sealed designs whose arms hold; empty: the default draw.
    given_up
        Why there is no trial; needed when it is off.
    """

    on: bool = True
    teams: bool = True
    seals: tuple[str, ...] = ()
    given_up: str = ""

    def __post_init__(self) -> None:
        if not self.on and not self.given_up.strip():
            raise DataError(
                "The trial is not switched off without a sentence that says what is lost.",
                mend="Write why nothing will be learnt of what the canvass changes.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as a provenance holds them."""
        return {**asdict(self), "seals": list(self.seals)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> HoldBack:
        """Read what `to_dict` wrote."""
        return cls(**{**given, "seals": tuple(given["seals"])})


def hold_back_of(folder: Path, table: pd.DataFrame, *, teams: bool = True) -> HoldBack:
    """Return what holds for a ranking when nobody asks otherwise.

    Parameters
    ----------
    folder
        The workspace.
    table
        The ranking.
    teams
        Whether the file is for teams.

    Returns
    -------
    HoldBack
        The designs in force that know a bureau of the ranking, else the default draw; none where
    bureaux are fewer than a block.
    """
    seals = tuple(
        one
        for one in in_force(folder)
        if table["bureau_id"].isin(open_trial(folder, one).sealed.design.units["unit_id"]).any()
    )
    if not seals and _may_enter(table).sum() < DEFAULT.block_size:
        return HoldBack(on=False, teams=teams, given_up=TOO_FEW)
    return HoldBack(teams=teams, seals=seals)


def trial_units(table: pd.DataFrame, first: int | None = None) -> pd.DataFrame:
    """Return the bureaux of a ranking that can enter a trial, best first.

    Parameters
    ----------
    table
        A ranking. Bureaux where nobody can knock, and those nobody is registered in, are
        left out.
    first
        How many of the best to keep; all when None.

    Returns
    -------
    pandas.DataFrame
        The ranking's columns, with `unit_id`, `priority` (the rank, largest first), `potential`
        (abstention × support, what the trial of 2012 ranked by) and `votes` (expected net
        votes of canvassing all doors).
    """
    kept = table[_may_enter(table)]
    kept = kept.sort_values("rank", kind="stable").iloc[:first]
    return kept.assign(
        unit_id=kept["bureau_id"].astype("str"),
        # Scores differ in their last digits between processors; ranks do not.
        priority=len(table) - kept["rank"],
        potential=kept["expected_abstention"] * kept["support"],
        votes=kept["gain_per_hour"] * kept["hours"],
    ).reset_index(drop=True)


def _may_enter(table: pd.DataFrame) -> pd.Series:
    return table["reachable"].astype(bool) & (table["registered"] > 0)


def with_arms(
    table: pd.DataFrame, hold_back: HoldBack | None, *, folder: Path, seed: int
) -> pd.DataFrame:
    """Put the arms on a ranking; a file for teams loses its controls.

    Parameters
    ----------
    table
        A ranking, best first.
    hold_back
        What holds; None leaves the ranking as it is, without arms.
    folder
        The workspace, which keeps the seals.
    seed
        Of the default draw.

    Returns
    -------
    pandas.DataFrame
        The ranking with `arm`: `treated`, `control`, or empty outside the trial.

    Raises
    ------
    DataError
        When a seal is missing or was changed, or there are too few bureaux to draw from.
    """
    if hold_back is None or not hold_back.on:
        return table
    arms = _sealed(folder, hold_back.seals) if hold_back.seals else _default(table, seed)
    arm = arms.reindex(table["bureau_id"].astype("str")).fillna("").to_numpy(dtype=object)
    held = (arm == CONTROL) & hold_back.teams
    if held.all():
        raise DataError(
            "Every bureau of this list is held back.",
            where="{n} bureaux",
            mend="Choose a larger territory, or the list with all bureaux and their arms.",
            n=len(table),
        )
    return table.assign(arm=arm)[~held].reset_index(drop=True)


def set_aside(ranking: Ranking, armed: pd.DataFrame, prospects: Prospects | None = None) -> Ranking:
    """Return the ranking teams can walk: its hours are spent on bureaux that are no controls.

    Parameters
    ----------
    ranking
        The ranking of every bureau.
    armed
        Its table as `with_arms` returns it; without controls the ranking stays as it is.
    prospects
        What the ranking rests on, to draw the chances of the first places among these bureaux;
        None leaves them as they were among all.

    Returns
    -------
    Ranking
        Without the controls; ranks are those among all bureaux.
    """
    kept = armed[armed["arm"] != CONTROL].reset_index(drop=True)
    if len(kept) == len(ranking.table):
        return ranking
    if prospects is not None:
        held = {*ranking.table["bureau_id"]} - {*kept["bureau_id"]}
        again = rank_bureaux(prospects, ranking.settings, held).table.set_index("bureau_id")
        chances = again["top_k_probability"].reindex(kept["bureau_id"])
        kept = kept.assign(top_k_probability=chances.to_numpy())
    k = reach(kept["hours"].to_numpy(dtype=float), ranking.settings.hours)
    return replace(ranking, table=kept, k=k)


def as_announced(ranking: Ranking, announced: Ranking) -> Ranking:
    """Return every bureau with the `k` and the chances that are announced.

    Parameters
    ----------
    ranking, announced
        Of every bureau; of those that are no controls, as `set_aside` returns it.

    Returns
    -------
    Ranking
        With `held_back`: controls have no chance of being among the first, nobody is sent there.
    """
    if announced is ranking:
        return ranking
    told = announced.table.set_index("bureau_id")["top_k_probability"]
    chances = told.reindex(ranking.table["bureau_id"]).to_numpy()
    table = ranking.table.assign(
        top_k_probability=np.nan_to_num(chances), held_back=np.isnan(chances)
    )
    return replace(ranking, table=table, k=announced.k)


def _sealed(folder: Path, seals: tuple[str, ...]) -> pd.Series:
    found = [open_trial(folder, one).sealed.assignment for one in seals]
    return pd.concat([one.set_index("unit_id")["arm"] for one in found])


def _default(table: pd.DataFrame, seed: int) -> pd.Series:
    """Return the arms of the default draw; the same list is not drawn at every look at a page."""
    # The draw needs scipy, which a ranking need not wait for.
    from analysis.experiments.design import declare
    from analysis.experiments.seal import drawn

    # All that the draw looks at.
    units = trial_units(table)[[DEFAULT.unit, DEFAULT.rank_by]]
    content = pd.util.hash_pandas_object(units, index=False).to_numpy().tobytes()
    key = (seed, hashlib.sha256(content).digest())
    with _drawing:
        if key not in _draws:
            if len(_draws) >= _MOST_DRAWS:
                _draws.pop(next(iter(_draws)))
            arms = drawn(declare(units, DEFAULT), seed).set_index("unit_id")["arm"]
            _draws[key] = arms
        return _draws[key]
