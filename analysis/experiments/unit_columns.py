"""Columns of a table of units, read as what they claim to be or refused with their rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import DataError, some
from analysis.experiments.estimators import Codes, Floats

# Columns that name a unit when nobody says which does.
UNIT_NAMES = ("unit_id", "bureau_id", "id_brut_miom", "area_id", "unit", "id", "index")


def labels(units: pd.DataFrame, unit: str = "") -> pd.Series:
    """Return the names of the units, or the rows' numbers in a file with a header."""
    name = unit or next((n for n in UNIT_NAMES if n in units), "")
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


def numbers(units: pd.DataFrame, name: str) -> Floats:
    """Return a column as numbers, nan where it is empty."""
    values = pd.to_numeric(units[name], errors="coerce").astype(float)
    bad = (values.isna() & units[name].notna()) | np.isinf(values)
    if bad.any():
        lines = (f"line {i + 2}: {str(units[name].iloc[i])!r}" for i in np.flatnonzero(bad))
        raise DataError(
            f"Column {name} holds values that are not numbers.",
            where=some(lines),
            mend="Write numbers with a point, and leave missing values empty.",
        )
    return values.to_numpy()


def arms(units: pd.DataFrame, name: str, label: pd.Series) -> Floats:
    """Return a column of 0 and 1 in which both occur."""
    values = pd.to_numeric(units[name], errors="coerce").to_numpy(dtype=float)
    bad = ~np.isin(values, (0.0, 1.0))
    if bad.any():
        raise DataError(
            f"Column {name} must be 0 (control) or 1 (treated) everywhere.",
            where=some(f"{label.iloc[i]}: {units[name].iloc[i]}" for i in np.flatnonzero(bad)),
            mend="Give the arm that was drawn as 0 or 1, and leave out units that were in no draw.",
        )
    if values.min() == values.max():
        raise DataError(
            "Both arms are needed to estimate an impact; one of them is empty.",
            where=f"column {name}: all {len(values)} rows are {values[0]:.0f}",
            mend="Keep the control group in the file, even though nobody called on it.",
        )
    return values


def groups(units: pd.DataFrame, name: str, label: pd.Series) -> Codes | None:
    """Return codes from 0 in the order of appearance; None for no column."""
    if not name:
        return None
    if (empty := units[name].isna()).any():
        raise DataError(
            f"Column {name} is empty for some units.",
            where=some(label[empty]),
            mend="Give every unit its group, or leave out those that were not in the draw.",
        )
    return np.asarray(pd.factorize(units[name])[0], dtype=np.int64)


def shares(units: pd.DataFrame, name: str, label: pd.Series) -> Floats | None:
    """Return numbers between 0 and 1; None for no column."""
    if not name:
        return None
    values = numbers(units, name)
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        raise DataError(
            f"Column {name} must lie between 0 and 1 for every unit.",
            where=some(f"{label.iloc[i]}: {units[name].iloc[i]}" for i in np.flatnonzero(bad)),
            mend="Give shares, not percentages; a unit where nothing was done has 0.",
        )
    return values


def weights(units: pd.DataFrame, name: str, label: pd.Series) -> Floats:
    """Return positive weights with a mean of 1; ones for no column."""
    if not name:
        return np.ones(len(units))
    values = numbers(units, name)
    if (bad := ~(values > 0)).any():
        raise DataError(
            f"Column {name} must be a positive weight for every unit.",
            where=some(f"{label.iloc[i]}: {units[name].iloc[i]}" for i in np.flatnonzero(bad)),
            mend="Leave out units without registered, on purpose, or name no weight.",
        )
    # Only ratios matter; a mean of one keeps numbers of a size.
    return np.asarray(values / values.mean())


def check(units: pd.DataFrame, names: list[str]) -> None:
    """Raise a `DataError` when a column is missing or there are no units."""
    if missing := [name for name in dict.fromkeys(filter(None, names)) if name not in units]:
        raise DataError(
            f"The table of units lacks column(s): {', '.join(missing)}.",
            where=f"columns found: {some(units.columns, most=8)}",
            mend="Check the spelling of the columns.",
        )
    if not len(units):
        raise DataError("The table of units is empty.", mend="Give one row per unit.")


def flags(units: pd.DataFrame, name: str, label: pd.Series) -> npt.NDArray[np.bool_]:
    """Return a column of 0 and 1 (empty is 0) as truths; all false for no column."""
    if not name:
        return np.zeros(len(units), dtype=np.bool_)
    values = np.nan_to_num(numbers(units, name))
    if (bad := ~np.isin(values, (0.0, 1.0))).any():
        raise DataError(
            f"Column {name} must be 0 or 1.",
            where=some(label[bad]),
            mend="Write 1 for the units meant, and 0 or nothing for the others.",
        )
    return np.asarray(values == 1)
