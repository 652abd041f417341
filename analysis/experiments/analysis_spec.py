"""What is asked of a table of units after a trial, and the check that the table can answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pandas as pd

from analysis.errors import DataError, some
from analysis.experiments import unit_columns
from analysis.experiments.adjusting import Adjusting
from analysis.experiments.estimators import KINDS, Codes, Floats, Kind
from analysis.experiments.promised import ESTIMATORS, Announced
from analysis.experiments.trial_words import Note


@dataclass(frozen=True, slots=True)
class Spec:
    """Which columns hold what; an empty name means that there is none.

    Attributes
    ----------
    outcomes
        Columns of outcomes, on the scale they are to be reported in (shares: 0 to 1).
    assigned
        0 or 1: the arm that was drawn.
    received
        0 to 1: what was carried out (on the list, canvassed).
    reached
        0 to 1: share of the registered who were reached.
    block, cluster
        Groups the arms were drawn within, and groups that were drawn as one.
    weight
        Positive weight, such as the registered.
    covariates
        Columns known before the draw: a lagged outcome, for one; `C(column)` for categories.
    lagged
        Outcome → column of the same measure at an earlier election: adjusts for that outcome.
    probability
        Probability of being drawn, between 0 and 1; when empty, the seal's, else the share of
        the block.
    estimator
        What the headline comes from, one of `ESTIMATORS`; when empty, the plan's, else the
        difference, weighted by inverse probability where probabilities differ.
    announced
        What the plan announced; None without a plan.
    unit
        Names of the units; when empty, the first of `columns.UNIT_NAMES` there is.
    std_error
        The one that intervals and p-values come from; when empty, CR2 with clusters and
        HC1 without, HC2 where a unit is alone in its arm of a block (`Sample.kind`).
    gap
        Difference between the arms in the share reached, when it is known from elsewhere
        (a survey) and there is no column `reached`.
    measured_before
        Whether the covariates were measured before the draw; None when nobody said.
    """

    outcomes: tuple[str, ...]
    assigned: str = "assigned"
    received: str = ""
    reached: str = ""
    block: str = ""
    cluster: str = ""
    weight: str = ""
    covariates: tuple[str, ...] = ()
    unit: str = ""
    std_error: str | None = None
    gap: float | None = None
    measured_before: bool | None = None
    lagged: tuple[tuple[str, str], ...] = ()
    probability: str = ""
    estimator: str = ""
    announced: Announced | None = None

    def __post_init__(self) -> None:
        if self.estimator not in ("", *ESTIMATORS):
            raise DataError(
                "There is no estimator “{estimator}”.",
                where="estimator",
                mend="Write one of: {known}.",
                estimator=self.estimator,
                known=", ".join(ESTIMATORS),
            )
        if self.std_error not in (None, *KINDS):
            raise DataError(
                "There is no standard error “{std_error}”.",
                where="std_error",
                mend="Write one of: {known}.",
                std_error=self.std_error,
                known=", ".join(KINDS),
            )
        if self.gap is not None and not 0 < self.gap <= 1:
            raise DataError(
                "The difference in the share reached must lie between 0 and 1, and not be 0.",
                where="gap = {gap}",
                mend="Give a share: 0.136 for 13.6 points.",
                gap=self.gap,
            )
        if self.gap is not None and self.reached:
            raise DataError(
                "The share reached is a column and a known difference at once.",
                where="reached = {reached}, gap = {gap}",
                mend="Give one of them: the column of each unit, or the difference of a survey.",
                reached=self.reached,
                gap=self.gap,
            )

    @property
    def kind(self) -> Kind:
        """The standard error asked for, or that of designs where no unit is alone in its arm."""
        return cast("Kind", self.std_error) or ("CR2" if self.cluster else "HC1")


@dataclass(frozen=True)
class Trial:
    """The columns of a trial as arrays, one value per unit, in the order of the table.

    Attributes
    ----------
    assigned, weight
        0 or 1; positive.
    received, reached
        Between 0 and 1, or None.
    block, cluster
        Codes from 0, or None.
    outcomes
        Name → values; nan where missing.
    adjusting
        What estimates are adjusted for, by outcome.
    probability
        Of being drawn, where a column says it; else None.
    notes
        What the reader of any estimate should know of the table.
    """

    assigned: Floats
    weight: Floats
    received: Floats | None
    reached: Floats | None
    block: Codes | None
    cluster: Codes | None
    outcomes: dict[str, Floats]
    adjusting: Adjusting = field(default_factory=Adjusting)
    probability: Floats | None = None
    notes: tuple[Note, ...] = ()


def read_trial(units: pd.DataFrame, spec: Spec) -> Trial:
    """Check a table against what is asked of it.

    Parameters
    ----------
    units
        One row per unit; left as it is.
    spec
        Which columns hold what.

    Raises
    ------
    DataError
        When a column is missing or not of its kind, units repeat, an arm is empty, no
        block has both arms, or a cluster has two.
    """
    if not spec.outcomes:
        raise DataError("There is no outcome to estimate.", mend="Name one or more columns.")
    _check_columns(units, spec)
    _check_outcomes(spec)
    label = unit_columns.labels(units, spec.unit)
    assigned = unit_columns.arms(units, spec.assigned, label)
    block = unit_columns.groups(units, spec.block, label)
    cluster = unit_columns.groups(units, spec.cluster, label)
    if cluster is not None:
        _check_clusters(units[spec.cluster], assigned, cluster)
    trial = Trial(
        assigned=assigned,
        weight=unit_columns.weights(units, spec.weight, label),
        received=unit_columns.shares(units, spec.received, label),
        reached=unit_columns.shares(units, spec.reached, label),
        block=block,
        cluster=cluster,
        outcomes={name: unit_columns.numbers(units, name) for name in spec.outcomes},
        adjusting=_adjusting(units, spec),
        probability=unit_columns.probabilities(units, spec.probability, label),
    )
    return Trial(**{**trial.__dict__, "notes": tuple(_notes(units, spec, trial, label))})


def _check_columns(units: pd.DataFrame, spec: Spec) -> None:
    asked = [
        *spec.outcomes,
        spec.assigned,
        *(spec.received, spec.reached, spec.block, spec.cluster, spec.weight),
        *map(unit_columns.category, spec.covariates),
        *(column for _outcome, column in spec.lagged),
        *(spec.probability, spec.unit),
    ]
    unit_columns.check(units, asked)


def _check_outcomes(spec: Spec) -> None:
    roles = {spec.assigned, spec.block, spec.cluster, spec.unit}
    if clash := [name for name in spec.outcomes if name in roles]:
        raise DataError(
            "An outcome is what people did after the draw, not a column of the draw.",
            where="columns: {columns}",
            mend="Name turnout or votes as outcome.",
            columns=", ".join(clash),
        )


def _check_clusters(names: pd.Series, assigned: Floats, cluster: Codes) -> None:
    treated, size = np.bincount(cluster, assigned), np.bincount(cluster)
    split = (treated > 0) & (treated < size)
    if split.any():
        raise DataError(
            "A cluster has two arms: its units were not drawn as one.",
            where="{names}",
            mend="Give all units of a cluster the arm it drew, or name no cluster.",
            names=some(f"{names.name} {one}" for one in dict.fromkeys(names[split[cluster]])),
        )


def _adjusting(units: pd.DataFrame, spec: Spec) -> Adjusting:
    used = {*map(unit_columns.category, spec.covariates), *(name for _, name in spec.lagged)}
    if clash := used & {*spec.outcomes, spec.assigned, spec.received, spec.reached}:
        raise DataError(
            "A covariate must have been known before the draw.",
            where="columns: {columns}",
            mend="Give the outcome of an earlier election instead, or no covariate.",
            columns=", ".join(sorted(clash)),
        )
    columns: dict[str, Floats] = {}
    for name in spec.covariates:
        columns |= unit_columns.covariate(units, name)
    lagged: Mapping[str, tuple[str, Floats]] = {
        outcome: (name, unit_columns.numbers(units, name)) for outcome, name in spec.lagged
    }
    return Adjusting(columns, lagged)


def _notes(units: pd.DataFrame, spec: Spec, trial: Trial, label: pd.Series) -> list[Note]:
    notes = [] if trial.block is None else _notes_on_blocks(units[spec.block], trial)
    if trial.received is not None:
        control = trial.assigned == 0
        given = control & (trial.received > 0)
        if given.any():
            counts = {"given": int(given.sum()), "controls": int(control.sum())}
            notes.append(Note("contamination", **counts, examples=tuple(label[given])))
    parts = (spec.block, spec.cluster, spec.assigned, spec.received, *spec.outcomes)
    covariates = map(unit_columns.category, spec.covariates)
    column, twice = unit_columns.repeated_names(units, spec.unit, [*parts, *covariates])
    if twice:
        notes.append(Note("units_twice", name=column, count=len(twice), examples=twice))
    asked = ", ".join(dict.fromkeys([*spec.covariates, *(name for _, name in spec.lagged)]))
    if asked and spec.measured_before is None:
        notes.append(Note("covariates_asked", names=asked))
    if asked and spec.measured_before is False:
        notes.append(Note("covariates_after", names=asked))
    return notes


def _notes_on_blocks(blocks: pd.Series, trial: Trial) -> list[Note]:
    assert trial.block is not None
    treated, size = np.bincount(trial.block, trial.assigned), np.bincount(trial.block)
    if not ((treated > 0) & (treated < size)).any():
        raise DataError(
            "No block has both a treated unit and a control.",
            where="column {blocks}: {n} blocks",
            mend="Check that the column holds the blocks of the draw, not the units.",
            blocks=blocks.name,
            n=len(size),
        )
    names = list(dict.fromkeys(blocks))
    single, lone = size == 1, (treated == 0) | (treated == size)
    return [
        Note(key, count=int(which.sum()), examples=tuple(names[i] for i in np.flatnonzero(which)))
        for key, which in (("blocks_of_one", single), ("blocks_of_one_arm", lone & ~single))
        if which.any()
    ]
