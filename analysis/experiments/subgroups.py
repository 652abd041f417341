"""Effects within groups of units, and whether the plan had announced these groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec, Trial, read_trial
from analysis.experiments.assignment import Flags
from analysis.experiments.estimates import Estimate
from analysis.experiments.estimation_sample import Sample, regression_of
from analysis.experiments.estimators import Floats, interval, p_value
from analysis.experiments.randomisation import adjust
from analysis.experiments.trial_words import Note, say
from analysis.tables.table_texts import TableTexts

# Numbers with more values than this are cut into thirds.
MOST_VALUES = 6
_LEVEL = 0.05
# Column, group, units, reason.
LeftOut = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The effect of assignment on one outcome within one group.

    Attributes
    ----------
    column, group
        Which units: those with this value, or in this third, of the column.
    declared
        Whether the plan announced the column before the draw.
    estimate
        By the default estimator, on the units of the group alone.
    treated, control
        Units of each arm that count.
    p_holm
        p-value among all groups, outcomes and columns of the same standing (Holm 1979).
    """

    column: str
    group: str
    declared: bool
    estimate: Estimate
    treated: int
    control: int
    p_holm: float = float("nan")


@dataclass(frozen=True)
class Subgroups(TableTexts):
    """Effects within groups.

    Attributes
    ----------
    found
        In the order of the columns, then outcomes, then groups.
    tests
        (column, outcome) → p-value of the same effect in all groups (Cochran's Q).
    left_out
        Groups without an estimate and units without a group: column, group, units, reason.
    """

    found: tuple[Subgroup, ...]
    tests: Mapping[tuple[str, str], float]
    left_out: tuple[LeftOut, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row per group and outcome, in English."""
        return self.to_frame()

    def to_frame(self, language: str = "en") -> pd.DataFrame:
        """Tabulate the groups, their names in a language."""
        rows = [
            {
                "column": one.column,
                "group": _told(one.group, language),
                "declared": one.declared,
                "outcome": one.estimate.outcome,
                "estimate": one.estimate.value,
                "std_error": one.estimate.std_error,
                "lower": one.estimate.interval[0],
                "upper": one.estimate.interval[1],
                "p_value": one.estimate.p_value,
                "p_holm": one.p_holm,
                "n": one.estimate.n,
                "treated": one.treated,
                "control": one.control,
                "blocks": one.estimate.blocks,
            }
            for one in self.found
        ]
        return pd.DataFrame(rows)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the groups as JSON knows them."""
        return [
            {
                "column": one.column,
                "group": str(one.group),
                "declared": one.declared,
                **one.estimate.to_json(),
                "p_holm": one.p_holm if np.isfinite(one.p_holm) else None,
                "treated": one.treated,
                "control": one.control,
            }
            for one in self.found
        ]

    def summary(self, language: str = "en") -> str:
        """Say every estimate with its number and its standing, and how many there are."""
        lines = [
            say(
                "subgroup",
                language,
                column=one.column,
                group=_told(one.group, language),
                standing=say("declared" if one.declared else "exploratory", language),
                n=one.estimate.n,
                sentence=one.estimate.sentence(language),
            )
            for one in self.found
        ]
        for (column, outcome), p in self.tests.items():
            key = "same_effect" if p > _LEVEL else "other_effect"
            lines.append(say(key, language, column=column, outcome=outcome, p=p))
        count = len(self.found)
        lines.append(say("subgroup_count", language, count=count, chance=_LEVEL * count))
        for column, group, units, reason in self.left_out:
            told = {"group": _told(group, language), "reason": _told(reason, language)}
            lines.append(say("subgroup_none", language, column=column, units=units, **told))
        return "\n".join(lines)


def estimate_subgroups(
    units: pd.DataFrame, spec: Spec, names: Sequence[str], *, declared: Sequence[str] = ()
) -> Subgroups:
    """Estimate the effect of assignment within groups of units.

    Parameters
    ----------
    units
        One row per unit, as for `estimate_impact`.
    spec
        Which columns hold what.
    names
        Columns to group by: numbers with many values are cut into thirds of the units.
    declared
        Those that the plan announced; the others are exploratory.

    Returns
    -------
    Subgroups
        Effects by column, outcome and group, in the unit of the outcome.

    Raises
    ------
    DataError
        When a column is missing, holds one group only, or no group has an estimate.

    References
    ----------
    Cochran, W. G. (1954), The combination of estimates from different experiments,
    *Biometrics* 10, 101–129.
    """
    unit_columns.check(units, list(names))
    if clash := {*names} & {*spec.outcomes, spec.received, spec.reached}:
        raise DataError(
            "A group must have been known before the draw.",
            where="columns: {columns}",
            mend="Group by what was known then: a past election, a quarter, a size.",
            columns=", ".join(sorted(clash)),
        )
    trial = read_trial(units, spec)
    found: list[Subgroup] = []
    left_out: list[LeftOut] = []
    for name in names:
        groups = dict(_groups(units[name]))
        _check_several(name, groups, len(units))
        if empty := len(units) - sum(int(rows.sum()) for rows in groups.values()):
            left_out.append((name, Note("empty_group"), empty, Note("group_no_value")))
        for outcome, (group, rows) in product(spec.outcomes, groups.items()):
            try:
                one = _within(trial, spec, outcome, rows)
            except DataError:
                count = int(rows.sum())
                left_out.append((name, group, count, Note("group_left_out", outcome=outcome)))
            else:
                found.append(Subgroup(name, group, name in declared, *one))
    if not found:
        raise DataError(
            "No subgroup has both arms in a block.",
            where="columns: {columns}",
            mend="Group by something coarser, known before the draw.",
            columns=", ".join(names),
        )
    adjusted = _adjusted(found)
    return Subgroups(tuple(adjusted), _tests(adjusted), tuple(left_out))


def _check_several(name: str, groups: Mapping[str, Flags], units: int) -> None:
    if len(groups) < 2:  # noqa: PLR2004 - one group is no subgroup
        raise DataError(
            "Column {name} has one value only: there are no subgroups.",
            where="{units} units",
            mend="Name a column that tells units apart.",
            name=name,
            units=units,
        )


def _within(trial: Trial, spec: Spec, outcome: str, rows: Flags) -> tuple[Estimate, int, int]:
    values = {outcome: np.where(rows, trial.outcomes[outcome], np.nan)}
    sample = Sample.of(replace(trial, outcomes=values), outcome)
    regression = regression_of(sample, "")
    value = float(regression.coefficients(sample.outcome)[0])
    errors, kind = regression.std_errors(sample.outcome), sample.kind(spec)
    df = regression.df(kind)
    treated = int(sample.assigned.sum())
    estimate = Estimate(
        outcome=outcome,
        estimand="assignment",
        estimator="difference_in_means" if trial.block is None else "block_fixed_effects",
        value=value,
        std_errors=errors,
        kind=kind,
        interval=interval(value, errors[kind], df),
        p_value=p_value(value, errors[kind], df),
        n=sample.n,
        blocks=sample.blocks,
        dropped=int(rows.sum()) - sample.n,
        in_points=bool((np.abs(sample.outcome) <= 1).all()),
    )
    return estimate, treated, sample.n - treated


def _groups(column: pd.Series) -> Iterator[tuple[str, Flags]]:
    """Give each group and which units are in it; units without a value are in none."""
    number = pd.to_numeric(column, errors="coerce")
    if (number.notna() == column.notna()).all() and number.nunique() > MOST_VALUES:
        yield from _thirds(number.to_numpy(dtype=float))
        return
    for value in sorted(column.dropna().unique()):
        told = f"{value:g}" if isinstance(value, float) else str(value)
        yield told, (column == value).fillna(value=False).to_numpy(dtype=bool)


def _thirds(values: Floats) -> Iterator[tuple[str, Flags]]:
    low, high = np.nanquantile(values, [1 / 3, 2 / 3])
    cuts = (values <= low, (values > low) & (values <= high), values > high)
    ends = {"low": float(low), "high": float(high)}
    for place, rows in enumerate(cuts, start=1):
        if rows.any():
            yield Note(f"third_{place}", **ends), rows


def _adjusted(found: list[Subgroup]) -> list[Subgroup]:
    adjusted = list(found)
    for standing in (True, False):
        places = [i for i, one in enumerate(found) if one.declared == standing]
        holm = adjust(np.array([found[i].estimate.p_value for i in places]))
        for i, p in zip(places, holm, strict=True):
            adjusted[i] = replace(found[i], p_holm=float(p))
    return adjusted


def _tests(found: Sequence[Subgroup]) -> dict[tuple[str, str], float]:
    together: dict[tuple[str, str], list[Estimate]] = {}
    for one in found:
        together.setdefault((one.column, one.estimate.outcome), []).append(one.estimate)
    tests = {}
    for key, estimates in together.items():
        value = np.array([e.value for e in estimates])
        error = np.array([e.std_error for e in estimates])
        if len(value) > 1 and (error > 0).all() and all(e.judged for e in estimates):
            centre = np.average(value, weights=error**-2)
            q = float((((value - centre) / error) ** 2).sum())
            tests[key] = float(stats.chi2.sf(q, len(value) - 1))
    return tests


def _told(text: str, language: str) -> str:
    return text.say(language) if isinstance(text, Note) else text
