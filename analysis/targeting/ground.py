"""Which bureaux have ground to walk on: not prisons, postal votes or administrative addresses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.geography.zones import territory_of

# A bureau of voters without an address in town abstains unlike all others, at every round.
UNLIKE, LEAST_SPREAD, LEAST_BUREAUX, LEAST_ROUNDS = 6.0, 0.02, 8, 2
DRAWN = 0.5  # share of a commune's bureaux with a contour, from which one without is odd


def has_ground(table: pd.DataFrame, history: History | None = None) -> np.ndarray:
    """Tell which bureaux have ground (booleans in the order of `table`).

    Where most bureaux of a commune have contours, one without contour and address has none if
    its number begins with letters (`JUS1`: prisoners, postal votes) or its abstention is unlike
    any other's at every round. A number alone without a contour is a bureau redrawn since, and
    has ground. Where a commune has no contours, the two signs count by themselves. Nobody is
    visited from a consulate.

    Parameters
    ----------
    table
        `bureau_id`, `commune_id`, `vintage` (missing without contour), perhaps `addresses`.
    history
        Past abstention of the same bureaux, in the same order; None leaves that sign out.
    """
    commune = pd.factorize(table["commune_id"])[0]
    drawn = table["vintage"].notna().to_numpy()
    size = np.bincount(commune)[commune]
    town_drawn = np.bincount(commune, drawn)[commune] / size > DRAWN
    addresses = table["addresses"].notna().to_numpy() if "addresses" in table else drawn
    word = table["bureau_id"].str.contains(r"(?:^|_)[A-Za-z]{2}[^_]*$").to_numpy(dtype=bool)
    unlike = np.zeros(len(table), dtype=bool) if history is None else _unlike(history, commune)
    abroad = (territory_of(table["bureau_id"]) == "abroad").to_numpy()
    nowhere = town_drawn & ~drawn & ~addresses & (word | unlike)
    return np.asarray(~(abroad | nowhere | (~town_drawn & ~drawn & (unlike | (word & (size > 1))))))


def _unlike(history: History, commune: np.ndarray) -> np.ndarray:
    """Tell which bureaux abstain unlike the others of their commune at every known round."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = history.abstentions / np.where(history.registered > 0, history.registered, np.nan)
    angle = pd.DataFrame(np.arcsin(np.sqrt(np.clip(rate, 0, 1))))
    many = np.bincount(commune)[commune] >= LEAST_BUREAUX
    if not many.any():
        return many
    angle, groups = angle[many], commune[many]
    middle = angle.groupby(groups).transform("median")
    spread = 1.4826 * (angle - middle).abs().groupby(groups).transform("median")
    far = ((angle - middle).abs() / spread.clip(lower=LEAST_SPREAD)).to_numpy()
    known = np.isfinite(far)
    least = np.where(known, far, np.inf).min(axis=1)
    found = np.zeros(len(commune), dtype=bool)
    found[many] = (known.sum(axis=1) >= LEAST_ROUNDS) & (least > UNLIKE)
    return found
