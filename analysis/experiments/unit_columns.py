"""Columns of a table of units, read as what they claim to be or refused with their rows."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import DataError, Text, some

if TYPE_CHECKING:
    from analysis.experiments.estimators import Codes, Floats

# Columns that name a unit when nobody says which does.
UNIT_NAMES = ("unit_id", "bureau_id", "id_brut_miom", "area_id", "unit", "id", "index")

# A column of texts that differ in this share of the rows probably names them.
_NEARLY_ALL = 0.9

# Squares and products of larger numbers run over; nothing that is counted comes near.
_LARGEST = 1e15

_CATEGORY = re.compile(r"C\((.+)\)")


def labels(units: pd.DataFrame, unit: str = "") -> pd.Series:
    """Return the names of the units, or the rows' numbers in a file with a header."""
    name = unit or next((n for n in UNIT_NAMES if n in units), "")
    if not name:
        return pd.Series([f"line {i + 2}" for i in range(len(units))], index=units.index)
    label = units[name].astype("str")
    if (twice := label.duplicated(keep=False) | units[name].isna()).any():
        raise DataError(
            "A unit stands in several rows, or has no name.",
            where="column {name}: {units}",
            mend="Keep one row per unit; or name another column with --unit.",
            name=name,
            units=some(dict.fromkeys(label[twice])),
        )
    return label


def repeated_names(
    units: pd.DataFrame, unit: str = "", taken: Collection[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """Return a column that nearly names every row, and its names that stand in several.

    Nobody said which column names the units, so this may be one of people's addresses:
    something to be told, nothing to be refused.

    Parameters
    ----------
    units
        One row per unit.
    unit
        Column that names them, where it is known.
    taken
        Columns with another part, whose values may repeat: households, outcomes.

    Returns
    -------
    tuple
        Empty where the units are named, and where no name repeats.
    """
    if unit or any(name in units for name in UNIT_NAMES):
        return "", ()
    for name in units.columns.difference([*taken], sort=False):
        cells = units[name].dropna()
        if not pd.api.types.is_string_dtype(cells) or cells.empty:
            continue
        figures = pd.to_numeric(_with_points(cells), errors="coerce").notna().all()
        # What begins with a nought is a code: 0012.
        if figures and not cells.str.match(r"0\d").any():
            continue
        twice = cells[cells.duplicated(keep=False)].unique()
        if len(twice) and cells.nunique() >= _NEARLY_ALL * len(units):
            return str(name), tuple(map(str, twice))
    return "", ()


def _with_points(cells: pd.Series) -> pd.Series:
    """Return texts of a French spreadsheet as programs write numbers: « 0,891 », « 89,1 % ».

    A column in which any cell is neither, or may be thousands (« 1,234 »), stays as it is.
    """
    if not pd.api.types.is_string_dtype(cells):
        return cells
    text = cells.str.strip()
    known = text.dropna()
    french = known.str.fullmatch(r"[+-]?\d+([.,]\d+)?\s?%?").all()
    if not french or known.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}").any():
        return cells
    percent = text.str.endswith("%").fillna(value=False).astype(bool)
    plain = text.str.rstrip("%").str.strip().str.replace(",", ".")
    return plain.where(~percent, (pd.to_numeric(plain, errors="coerce") / 100).astype("str"))


def numbers(units: pd.DataFrame, name: str) -> Floats:
    """Return a column as numbers, nan where it is empty."""
    read = pd.to_numeric(_with_points(units[name]), errors="coerce")
    values = read.to_numpy(dtype=float, na_value=np.nan)
    bad = (np.isnan(values) & units[name].notna().to_numpy()) | (np.abs(values) > _LARGEST)
    if bad.any():
        lines = (
            Text("line {line}: {cell!r}", line=i + 2, cell=units[name].iloc[i])
            for i in np.flatnonzero(bad)
        )
        raise DataError(
            "Column {name} holds values that are not numbers.",
            where="{lines}",
            mend="Write numbers with a point, none beyond 10¹⁵, and leave missing values empty.",
            name=name,
            lines=some(lines),
        )
    return values


def arms(units: pd.DataFrame, name: str, label: pd.Series) -> Floats:
    """Return a column of 0 and 1 in which both occur.

    Parameters
    ----------
    units
        One row per unit.
    name
        Column.
    label
        Name of each unit, for errors, (units,).

    Returns
    -------
    numpy.ndarray
        0 or 1, (units,).

    Raises
    ------
    DataError
        When a value is neither, or one arm is empty.
    """
    values = pd.to_numeric(units[name], errors="coerce").to_numpy(dtype=float)
    bad = ~np.isin(values, (0.0, 1.0))
    if bad.any():
        raise DataError(
            "Column {name} must be 0 (control) or 1 (treated) everywhere.",
            where="{bad}",
            mend="Give the arm that was drawn as 0 or 1, and leave out units that were in no draw.",
            name=name,
            bad=some(_value_of(units[name].iloc[i], label.iloc[i]) for i in np.flatnonzero(bad)),
        )
    if values.min() == values.max():
        raise DataError(
            "Both arms are needed to estimate an impact; one of them is empty.",
            where="column {name}: all {n} rows are {values:.0f}",
            mend="Keep the control group in the file, even though nobody called on it.",
            name=name,
            n=len(values),
            values=values[0],
        )
    return values


def _value_of(value: object, unit: object) -> Text:
    if pd.isna(value):
        return Text("{unit}: no value", unit=unit)
    return Text("{unit}: {value}", unit=unit, value=value)


def groups(units: pd.DataFrame, name: str, label: pd.Series) -> Codes | None:
    """Return codes from 0 in the order of appearance; None for no column.

    Parameters
    ----------
    units
        One row per unit.
    name
        Column; empty for none.
    label
        Name of each unit, for errors, (units,).

    Returns
    -------
    numpy.ndarray or None
        Whole numbers, (units,).

    Raises
    ------
    DataError
        When a unit has no group.
    """
    if not name:
        return None
    if (empty := units[name].isna()).any():
        raise DataError(
            "Column {name} is empty for some units.",
            where="{label}",
            mend="Give every unit its group, or leave out those that were not in the draw.",
            name=name,
            label=some(label[empty]),
        )
    return np.asarray(pd.factorize(units[name])[0], dtype=np.int64)


def shares(units: pd.DataFrame, name: str, label: pd.Series) -> Floats | None:
    """Return numbers between 0 and 1; None for no column.

    Parameters
    ----------
    units
        One row per unit.
    name
        Column; empty for none.
    label
        Name of each unit, for errors, (units,).

    Returns
    -------
    numpy.ndarray or None
        0 to 1, (units,).

    Raises
    ------
    DataError
        When a value lies outside, or is missing.
    """
    if not name:
        return None
    values = numbers(units, name)
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        raise DataError(
            "Column {name} must lie between 0 and 1 for every unit.",
            where="{bad}",
            mend="Give shares, not percentages; a unit where nothing was done has 0.",
            name=name,
            bad=some(f"{label.iloc[i]}: {units[name].iloc[i]}" for i in np.flatnonzero(bad)),
        )
    return values


def weights(units: pd.DataFrame, name: str, label: pd.Series) -> Floats:
    """Return positive weights with a mean of 1; ones for no column.

    Parameters
    ----------
    units
        One row per unit.
    name
        Column; empty for none.
    label
        Name of each unit, for errors, (units,).

    Returns
    -------
    numpy.ndarray
        (units,)

    Raises
    ------
    DataError
        When a weight is not positive.
    """
    if not name:
        return np.ones(len(units))
    values = numbers(units, name)
    if (bad := ~(values > 0)).any():
        raise DataError(
            "Column {name} must be a positive weight for every unit.",
            where="{bad}",
            mend="Leave out units without registered, on purpose, or name no weight.",
            name=name,
            bad=some(f"{label.iloc[i]}: {units[name].iloc[i]}" for i in np.flatnonzero(bad)),
        )
    # Only ratios matter; a mean of one keeps numbers of a size.
    return np.asarray(values / values.mean())


def probabilities(units: pd.DataFrame, name: str, label: pd.Series) -> Floats | None:
    """Return probabilities of being drawn; None for no column.

    Parameters
    ----------
    units
        One row per unit.
    name
        Column of the probabilities; empty: none.
    label
        Names of the units, for errors.

    Returns
    -------
    numpy.ndarray or None
        One per unit, between 0 and 1.
    """
    if not name:
        return None
    values = numbers(units, name)
    if (bad := ~((values > 0) & (values < 1))).any():
        raise DataError(
            "Column {name} must be a probability between 0 and 1 for every unit, and neither.",
            where="{bad}",
            mend="Leave out units that were in no draw: their arm was decided.",
            name=name,
            bad=some(f"{label.iloc[i]}: {units[name].iloc[i]}" for i in np.flatnonzero(bad)),
        )
    return values


def category(name: str) -> str:
    """Return the column that a covariate is made of: `kind` for `C(kind)`."""
    found = _CATEGORY.fullmatch(name)
    return found.group(1).strip() if found else name


def covariate(units: pd.DataFrame, name: str) -> dict[str, Floats]:
    """Return the numbers of a covariate by name; of a category, 0 or 1 for all but one value."""
    column = category(name)
    if column == name:
        return {name: numbers(units, name)}
    values = units[column]
    known = sorted(values.dropna().unique(), key=str)
    return {
        f"{column} = {one}": np.where(values.isna(), np.nan, values == one).astype(float)
        for one in known[1:]
    }


def check(units: pd.DataFrame, names: list[str]) -> None:
    """Raise a `DataError` when a column is missing or there are no units."""
    if missing := [name for name in dict.fromkeys(filter(None, names)) if name not in units]:
        raise DataError(
            "The table of units lacks column(s): {missing}.",
            where="columns found: {columns}",
            mend="Check the spelling of the columns.",
            missing=", ".join(missing),
            columns=some(units.columns, most=8),
        )
    if not len(units):
        raise DataError("The table of units is empty.", mend="Give one row per unit.")


def flags(units: pd.DataFrame, name: str, label: pd.Series) -> npt.NDArray[np.bool_]:
    """Return a column of 0 and 1 (empty is 0) as truths; all false for no column.

    Parameters
    ----------
    units
        One row per unit.
    name
        Column; empty for none.
    label
        Name of each unit, for errors, (units,).

    Returns
    -------
    numpy.ndarray
        Truths, (units,).

    Raises
    ------
    DataError
        When a value is neither 0, 1 nor empty.
    """
    if not name:
        return np.zeros(len(units), dtype=np.bool_)
    values = np.nan_to_num(numbers(units, name))
    if (bad := ~np.isin(values, (0.0, 1.0))).any():
        raise DataError(
            "Column {name} must be 0 or 1.",
            where="{label}",
            mend="Write 1 for the units meant, and 0 or nothing for the others.",
            name=name,
            label=some(label[bad]),
        )
    return np.asarray(values == 1)
