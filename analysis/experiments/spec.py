"""What is asked of a table of units after a trial, and the check that the table can answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, some
from analysis.experiments.estimators import Codes, Floats, Kind

# Columns that name a unit when nobody says which does.
UNIT_NAMES = ("unit_id", "bureau_id", "id_brut_miom", "area_id", "unit", "id", "index")


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
        Numbers known before the draw: a lagged outcome, for one.
    unit
        Names of the units; when empty, the first of `UNIT_NAMES` that is there.
    std_error
        The one that intervals and p-values come from; when empty, CR2 with clusters and
        HC1 without.
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
    std_error: Kind | None = None
    gap: float | None = None
    measured_before: bool | None = None

    @property
    def kind(self) -> Kind:
        """The standard error that intervals and p-values come from."""
        return self.std_error or ("CR2" if self.cluster else "HC1")


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
    covariates
        Units × covariates; nan where missing.
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
    covariates: Floats
    notes: tuple[str, ...] = ()


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
    _check_columns(units, spec)
    label = _labels(units, spec)
    assigned = _assigned(units, spec, label)
    block = _codes(units, spec.block, label)
    cluster = _codes(units, spec.cluster, label)
    if cluster is not None:
        _check_clusters(units[spec.cluster], assigned, cluster)
    trial = Trial(
        assigned=assigned,
        weight=_weights(units, spec.weight, label),
        received=_share(units, spec.received, label),
        reached=_share(units, spec.reached, label),
        block=block,
        cluster=cluster,
        outcomes={name: _numbers(units, name) for name in spec.outcomes},
        covariates=np.column_stack([np.empty((len(units), 0)), *_covariates(units, spec)]),
    )
    return Trial(**{**trial.__dict__, "notes": tuple(_notes(units, spec, trial, label))})


def _check_columns(units: pd.DataFrame, spec: Spec) -> None:
    asked = [
        *spec.outcomes,
        spec.assigned,
        *filter(None, (spec.received, spec.reached, spec.block, spec.cluster, spec.weight)),
        *filter(None, (*spec.covariates, spec.unit)),
    ]
    if missing := [name for name in dict.fromkeys(asked) if name not in units]:
        raise DataError(
            f"The table of units lacks column(s): {', '.join(missing)}.",
            where=f"columns found: {some(units.columns, most=8)}",
            mend="Check the spelling of the columns.",
        )
    if not len(units):
        raise DataError("The table of units is empty.", mend="Give one row per unit.")


def _labels(units: pd.DataFrame, spec: Spec) -> pd.Series:
    """Return the names of the units, or the rows' numbers in a file with a header."""
    name = spec.unit or next((n for n in UNIT_NAMES if n in units), "")
    if not name:
        return pd.Series([f"line {i + 2}" for i in range(len(units))], index=units.index)
    label = units[name].astype("str")
    if (twice := label.duplicated(keep=False) | units[name].isna()).any():
        raise DataError(
            "A unit stands in several rows, or has no name.",
            where=f"column {name}: {some(dict.fromkeys(label[twice]))}",
            mend="Keep one row per unit; or name another column with --unit.",
        )
    return label


def _numbers(units: pd.DataFrame, name: str) -> Floats:
    """Return a column as numbers, nan where it is empty."""
    numbers = pd.to_numeric(units[name], errors="coerce").astype(float)
    bad = (numbers.isna() & units[name].notna()) | np.isinf(numbers)
    if bad.any():
        lines = (f"line {i + 2}: {units[name].iloc[i]!r}" for i in np.flatnonzero(bad))
        raise DataError(
            f"Column {name} holds values that are not numbers.",
            where=some(lines),
            mend="Write numbers with a point, and leave missing values empty.",
        )
    return numbers.to_numpy()


def _assigned(units: pd.DataFrame, spec: Spec, label: pd.Series) -> Floats:
    values = pd.to_numeric(units[spec.assigned], errors="coerce").to_numpy(dtype=float)
    bad = ~np.isin(values, (0.0, 1.0))
    if bad.any():
        raise DataError(
            f"Column {spec.assigned} must be 0 (control) or 1 (treated) everywhere.",
            where=some(
                f"{label.iloc[i]}: {units[spec.assigned].iloc[i]!r}" for i in np.flatnonzero(bad)
            ),
            mend="Give the arm that was drawn as 0 or 1; leave out units that were not in the draw.",
        )
    if values.min() == values.max():
        raise DataError(
            "Both arms are needed to estimate an impact; one of them is empty.",
            where=f"column {spec.assigned}: all {len(values)} rows are {values[0]:.0f}",
            mend="Keep the control group in the file, even though nobody called on it.",
        )
    return values


def _codes(units: pd.DataFrame, name: str, label: pd.Series) -> Codes | None:
    if not name:
        return None
    if (empty := units[name].isna()).any():
        raise DataError(
            f"Column {name} is empty for some units.",
            where=some(label[empty]),
            mend="Give every unit its group, or leave out those that were not in the draw.",
        )
    return np.asarray(pd.factorize(units[name])[0], dtype=np.int64)


def _check_clusters(names: pd.Series, assigned: Floats, cluster: Codes) -> None:
    treated, size = np.bincount(cluster, assigned), np.bincount(cluster)
    split = (treated > 0) & (treated < size)
    if split.any():
        raise DataError(
            "A cluster has two arms: its units were not drawn as one.",
            where=some(f"{names.name} {one}" for one in dict.fromkeys(names[split[cluster]])),
            mend="Give all units of a cluster the arm it drew, or name no cluster.",
        )


def _share(units: pd.DataFrame, name: str, label: pd.Series) -> Floats | None:
    if not name:
        return None
    values = _numbers(units, name)
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        raise DataError(
            f"Column {name} must lie between 0 and 1 for every unit.",
            where=some(f"{label.iloc[i]}: {units[name].iloc[i]!r}" for i in np.flatnonzero(bad)),
            mend="Give shares, not percentages; a unit where nothing was done has 0.",
        )
    return values


def _weights(units: pd.DataFrame, name: str, label: pd.Series) -> Floats:
    if not name:
        return np.ones(len(units))
    values = _numbers(units, name)
    if (bad := ~(values > 0)).any():
        raise DataError(
            f"Column {name} must be a positive weight for every unit.",
            where=some(f"{label.iloc[i]}: {units[name].iloc[i]!r}" for i in np.flatnonzero(bad)),
            mend="Leave out units without registered, on purpose, or name no weight.",
        )
    # Only ratios matter; a mean of one keeps numbers of a size.
    return np.asarray(values / values.mean())


def _covariates(units: pd.DataFrame, spec: Spec) -> Iterable[Floats]:
    if clash := set(spec.covariates) & {*spec.outcomes, spec.assigned, spec.received, spec.reached}:
        raise DataError(
            "A covariate must have been known before the draw.",
            where=f"columns: {', '.join(sorted(clash))}",
            mend="Give the outcome of an earlier election instead, or no covariate.",
        )
    return (_numbers(units, name) for name in spec.covariates)


def _notes(units: pd.DataFrame, spec: Spec, trial: Trial, label: pd.Series) -> Iterable[str]:
    if trial.block is not None:
        treated, size = np.bincount(trial.block, trial.assigned), np.bincount(trial.block)
        lone = (size > 1) & ((treated == 0) | (treated == size))
        names = list(dict.fromkeys(units[spec.block]))
        if lone.any():
            told = some(names[i] for i in np.flatnonzero(lone))
            yield f"{int(lone.sum())} block(s) have one arm only and say nothing of it: {told}"
        if (single := size == 1).any():
            told = some(names[i] for i in np.flatnonzero(single))
            yield f"{int(single.sum())} block(s) of one unit are left out: {told}"
        if not ((treated > 0) & (treated < size)).any():
            raise DataError(
                "No block has both a treated unit and a control.",
                where=f"column {spec.block}: {len(size)} blocks",
                mend="Check that the column holds the blocks of the draw, not the units.",
            )
    if trial.received is not None:
        given = (trial.received > 0) & (trial.assigned == 0)
        if given.any():
            yield (
                f"contamination: {int(given.sum())} of {int((trial.assigned == 0).sum())} "
                f"controls received the treatment: {some(label[given])}"
            )
    if spec.covariates and spec.measured_before is None:
        yield (
            "were the covariates measured before the draw? If not, adjusted estimates are "
            f"biased: {', '.join(spec.covariates)}"
        )
    if spec.covariates and spec.measured_before is False:
        yield (
            "the covariates were measured after the draw, and may carry part of the effect: "
            f"do not rely on adjusted estimates: {', '.join(spec.covariates)}"
        )
