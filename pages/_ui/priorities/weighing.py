"""What the presets weigh on the place in view, so that the sliders can show it."""

from __future__ import annotations

from collections.abc import Callable

from analysis.errors import DataError
from analysis.targeting.params import Params
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Settings, score_bureaux
from analysis.targeting.weights import PRESETS, Weights


def of(found: Prospects) -> Callable[[str, Params], Weights]:
    """Return the function that gives the weights in force under a preset."""

    def in_force(preset: str, params: Params) -> Weights:
        if preset != "gain_per_hour":
            return PRESETS.get(preset) or Weights()
        try:
            return score_bureaux(found, Settings(params=params))[2]
        except DataError:
            # The ranking itself will say what is wrong with these numbers.
            return Weights()

    return in_force
