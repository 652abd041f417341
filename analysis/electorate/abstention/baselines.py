"""Rules of thumb that a forecast of abstention has to beat."""

from __future__ import annotations

import numpy as np

from analysis.electorate.abstention.series import Series
from analysis.tables.elections import Election


def rule_rates(series: Series, target: Election) -> dict[str, np.ndarray]:
    """Return the rate each rule expects of every bureau; NaN where an election is missing.

    `last`: the last election, whatever it was. `last_of_kind`: the last of the kind and
    round, else of the kind. `mean_of_kinds`: mean of the last of each kind.
    `mean_of_last_two`: mean of the last two elections of the same round. A rule for which
    the place has no election is left out.
    """
    past = series.elections
    alike = _rounds(past, range(len(past)), target)
    kind = [n for n, e in enumerate(past) if e.kind == target.kind]
    of_kind = _rounds(past, kind, target)
    kinds = sorted({_rounds(past, _of(past, k), target)[-1] for k in {e.kind for e in past}})
    used = {
        "last": [len(past) - 1],
        "last_of_kind": of_kind[-1:],
        "mean_of_kinds": kinds,
        "mean_of_last_two": alike[-2:] if len(alike) > 1 else [],
    }
    rates = series.rates
    return {name: rates[:, chosen].mean(axis=1) for name, chosen in used.items() if chosen}


def _of(past: tuple[Election, ...], kind: str) -> list[int]:
    return [n for n, e in enumerate(past) if e.kind == kind]


def _rounds(past: tuple[Election, ...], among: range | list[int], target: Election) -> list[int]:
    """Return those of the target's round, or all of them where there is none."""
    same = [n for n in among if past[n].round == target.round]
    return same or list(among)
