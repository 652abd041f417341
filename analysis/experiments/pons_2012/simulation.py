"""A trial of the same design as that of 2012, with the published effects planted.

It stands in for the areas of the experiment, which are not ours to hand on. Nobody voted in
it: what it shows is the design, and how far chance moves estimates of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.experiments.assignment import Flags
from analysis.experiments.design import Design, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.estimators import Codes, Floats, Layout, Regression
from analysis.experiments.pons_2012.published import published

# Areas of a territory before those with a second block, and how common they are.
_SIZES, _COMMON = (5, 4, 3, 2, 1), (0.84, 0.08, 0.04, 0.03, 0.01)
_REGISTERED, _PER_DOOR = 1074.0, 1.6
_LARGER = 1.18  # how much larger areas on a list were: 61% of the treated registered
_IN_2007 = 0.785
# Means, and standard deviations between territories and within them: of the areas' file.
_LEVELS = {"hollande_r1": (0.316, 0.078, 0.047), "turnout_r1": (0.795, 0.059, 0.033)}
_SECOND = {
    "hollande_r2": ("hollande_r1", 0.244, 1.0, 0.041),
    "turnout_r2": ("turnout_r1", 0.1, 0.9, 0.02),
}
_BINS = (
    "prop_leftabstention_an",
    "nb_registered_mun",
    "prop_turnout_pr07t1_an",
    "nb_registered_pr12t1_an",
)
_CENSUS = (
    "population",
    "share_men",
    "share_0014",
    "share_1529",
    "share_3044",
    "share_4559",
    "share_6074",
    "share_75p",
    "share_unemployed",
    "share_working_pop",
)
COLUMNS = (
    "index",
    "stratum_identifier",
    "treatment",
    "allocated",
    "hollande_r1",
    "turnout_r1",
    "territory",
    *(f"bin_{name}" for name in _BINS),
    *(f"bin_{name}" for name in _CENSUS),
    *(f"bin_{name}_delta" for name in _CENSUS),
    "turnout_r2",
    "turnout_avg",
    "hollande_r2",
    "hollande_avg",
    "in_2007_sample",
)


@dataclass(frozen=True)
class Simulated:
    """A made trial.

    Attributes
    ----------
    areas
        The columns of the areas' file, in its order, for all territories.
    doors
        One row per area: `index`, `registered`, `knocks`, `opened`, `reached_r1`,
        `reached_r2` (shares of registered).
    truth
        What was planted: effects of being on the list, shares reached.
    """

    areas: pd.DataFrame
    doors: pd.DataFrame
    truth: Mapping[str, Any]


def simulate_2012(seed: int = 2012) -> Simulated:
    """Draw a trial of the design of 2012.

    Parameters
    ----------
    seed
        Same seed, same trial.

    Notes
    -----
    3,260 territories with 17,242 areas, ranked and cut into blocks of five with exactly one
    control; what is left of a territory is drawn area by area. In 791 territories the lists
    were used: there 57% of the treated areas are on one, and a list adds the published effect
    of allocation to every area on it. Controls are reached too. Bins say nothing.
    What chance alone gave the treated is taken off, so that the estimates show what was
    planted; their standard errors still say how far chance could have moved them.
    """
    rng, facts = np.random.default_rng(seed), published()
    territory, active = _territories(rng, facts["design"])
    design, arms = _draw(territory, rng)
    code = design.units["territory"].astype("int64").to_numpy()
    treated = arms["assigned"].to_numpy() == 1
    allocated = _allocate(treated, code, active, facts["first_stage"]["allocated"][0], rng)
    effects = {name: pair[0] for name, pair in facts["allocation"].items()}
    block = np.asarray(pd.factorize(arms["block"])[0], dtype=np.int64)
    areas = pd.DataFrame(
        {
            "index": np.arange(1, len(code) + 1),
            "stratum_identifier": block + 1,
            "treatment": treated.astype("int64"),
            "allocated": allocated.astype("int64"),
            "territory": [f"Territoire {one + 1:04d}" for one in code],
            **_votes(code, allocated, effects, _Arms(treated, block, active[code]), rng),
            **_bins(design.units["value"].to_numpy(), rng),
        }
    )
    areas["in_2007_sample"] = (rng.random(len(areas)) < _IN_2007).astype("int64")
    unknown = [name for name in areas if name.startswith("bin_") or name.endswith(("r2", "avg"))]
    areas.loc[areas["in_2007_sample"] == 0, unknown] = np.nan
    doors = _doors(areas, active[code], facts, rng)
    truth = {"allocation": effects, "reached": facts["reached"], "seed": seed}
    return Simulated(areas[list(COLUMNS)], doors, truth)


def _territories(rng: np.random.Generator, design: Mapping[str, int]) -> tuple[np.ndarray, Flags]:
    """Return the territory of each area, and which territories used the lists."""
    active = np.arange(design["territories"]) < design["territories_in_sample"]
    size = rng.choice(_SIZES, len(active), p=_COMMON)
    for rows, areas in (
        (active, design["areas_in_sample"]),
        (~active, design["areas"] - design["areas_in_sample"]),
    ):
        # Large territories have another block, and one of them what is left.
        large = rng.permutation(np.flatnonzero(rows & (size == _SIZES[0])))
        more, rest = divmod(areas - int(size[rows].sum()), _SIZES[0])
        size[large[:more]] += _SIZES[0]
        size[large[more]] += rest
    return np.repeat(np.arange(len(active)), size), active


def _draw(territory: np.ndarray, rng: np.random.Generator) -> tuple[Design, pd.DataFrame]:
    units = pd.DataFrame(
        {
            "unit_id": [f"{i:05d}" for i in range(len(territory))],
            "territory": [f"{one:04d}" for one in territory],
            "po": rng.beta(4, 40, len(territory)),
        }
    )
    design = declare(units, Rule("po", territory="territory"))
    return design, design.assign(rng)


def _allocate(
    treated: Flags, territory: np.ndarray, active: Flags, share: float, rng: np.random.Generator
) -> Flags:
    """Put treated areas on the lists of active territories, one at least in each."""
    may = treated & active[territory]
    first = np.zeros(len(may), dtype=bool)
    first[np.unique(np.where(may, territory, -1), return_index=True)[1]] = True
    first &= may
    rest = (share * may.sum() - first.sum()) / (may.sum() - first.sum())
    return np.asarray(may & (first | (rng.random(len(may)) < rest)))


@dataclass(frozen=True, slots=True)
class _Arms:
    treated: Flags
    block: Codes
    active: Flags


def _without_chance(values: Floats, arms: _Arms) -> Floats:
    """Take off what chance alone gives the treated, where lists were used and elsewhere."""
    left = values.copy()
    for sample in (arms.active, ~arms.active):
        block = np.unique(arms.block[sample], return_inverse=True)[1]
        layout = Layout.of(int(sample.sum()), block=block)
        arm = arms.treated[sample].astype(float)
        chance = Regression(layout, arm[:, None]).coefficients(values[sample])[0]
        left -= chance * (arms.treated & sample)
    return left


def _votes(
    territory: np.ndarray,
    allocated: Flags,
    effects: Mapping[str, float],
    arms: _Arms,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    size, count = len(territory), int(territory.max()) + 1
    found: dict[str, Floats] = {}
    for name, (mean, between, within) in _LEVELS.items():
        level = rng.normal(mean, between, count)[territory]
        found[name] = level + rng.normal(0, within, size)
    for name, (before, start, slope, noise) in _SECOND.items():
        found[name] = start + slope * found[before] + rng.normal(0, noise, size)
    found = {name: _without_chance(values, arms) for name, values in found.items()}
    for name, effect in effects.items():
        found[name] = found[name] + effect * allocated
    found = {name: np.clip(values, 0.01, 0.99) for name, values in found.items()}
    for name in ("turnout", "hollande"):
        found[f"{name}_avg"] = (found[f"{name}_r1"] + found[f"{name}_r2"]) / 2
    return found


def _bins(value: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    names = [name for name in COLUMNS if name.startswith("bin_")]
    drawn = {name: rng.integers(0, 5, len(value)).astype(float) for name in names}
    return drawn | {names[0]: np.clip(np.floor(25 * value), 0, 9)}


def _doors(
    areas: pd.DataFrame, active: Flags, facts: Mapping[str, Any], rng: np.random.Generator
) -> pd.DataFrame:
    """Knock: who was reached in each group, and how many doors that took."""
    size = np.where(areas["allocated"] == 1, _LARGER, 1.0) * _REGISTERED
    registered = np.maximum(size * rng.lognormal(-0.08, 0.4, len(areas)), 100).round()
    group = np.select(
        [areas["allocated"] == 1, areas["treatment"] == 1],
        ["allocated", "other_treated"],
        "control",
    )
    reached = {}
    for turn in ("r1", "r2"):
        mean = pd.Series(facts["reached"][f"round_{turn[-1]}"])[group].to_numpy()
        drawn = rng.beta(40 * mean, 40 * (1 - mean))
        reached[f"reached_{turn}"] = np.where(active, drawn, 0.0)
    opening = facts["design"]["doors_opened"]
    knocks = np.rint(registered * reached["reached_r2"] / _PER_DOOR / opening).astype("int64")
    return pd.DataFrame(
        {
            "index": areas["index"],
            "registered": registered.astype("int64"),
            "knocks": knocks,
            "opened": rng.binomial(knocks, opening),
            **reached,
        }
    )
