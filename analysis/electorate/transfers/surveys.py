"""Surveys of transfers: those published, one's own, and where the estimate parts from them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.electorate.transfers.survey_fit import TOGETHER, Survey
from analysis.electorate.transfers.transfer_results import Transfers
from analysis.errors import DataError, Text, some
from analysis.tables.spreadsheet_text import as_named
from analysis.tables.unreadable import why_unreadable

_PUBLISHED = Path(__file__).with_name("surveys.csv")
# No survey asks more persons than there are.
_MOST_ASKED = 1e8
_COLUMNS = ("origin", "destination", "share", "n")
_ROUNDING = 0.005


@cache
def _every() -> pd.DataFrame:
    text = {"published": str, "source": str, "institute": str, "population": str}
    return pd.read_csv(_PUBLISHED, dtype=text)


def survey_in(name: str, content: bytes) -> Survey:
    """Return the survey in a file that somebody brings.

    Raises
    ------
    DataError
        When it is no survey, as `read_survey` says.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return read_survey(path)


def published(origin: str, destination: str) -> pd.DataFrame:
    """Return the published figures on two elections, the latest survey first.

    Parameters
    ----------
    origin, destination
        Ids of two elections.

    Returns
    -------
    pandas.DataFrame
        `origin`, `destination` (an option, or `neither`: abstention and spoilt ballots),
        `share` of the origin in [0, 1], `n` persons asked of that origin and `sample` of all
        (missing where not published), `institute`, `published` (day or month), `population`,
        `source`.
    """
    every = _every()
    here = (every["from_election"] == origin) & (every["to_election"] == destination)
    chosen = every[here].drop(columns=["from_election", "to_election"])
    return chosen.sort_values("published", ascending=False, kind="stable").reset_index(drop=True)


def compare(found: Transfers, figures: pd.DataFrame) -> pd.DataFrame:
    """Set an estimate beside what surveys say.

    Parameters
    ----------
    found
        An estimate with its draws.
    figures
        As of `published`.

    Returns
    -------
    pandas.DataFrame
        The figures that the estimate has options for, with `estimate`, `lower`, `upper` (at
        the estimate's level) and `apart`: whether the survey lies outside, beyond the half
        point that a figure is rounded by.
    """
    told = [_told(found, row.origin, row.destination) for row in figures.itertuples()]
    table = pd.DataFrame(told, columns=["estimate", "lower", "upper"], index=figures.index)
    share = figures["share"]
    below, above = share + _ROUNDING < table["lower"], share - _ROUNDING > table["upper"]
    joined = figures.join(table.assign(apart=below | above))
    return joined.dropna(subset="estimate").reset_index(drop=True)


def _told(found: Transfers, origin: str, destination: str) -> tuple[float, float, float]:
    """Return estimate and interval of a cell, or of cells together; NaN where there are none."""
    rows = found.table[found.table["origin"] == origin]
    options = found.table["destination"].unique()
    members = [one for one in TOGETHER.get(destination, (destination,)) if one in options]
    if rows.empty or not members:
        return np.nan, np.nan, np.nan
    cells = rows[rows["destination"].isin(members)]
    if len(members) == 1 or found.draws is None:
        ends = cells[["share_of_origin", "lower", "upper"]].sum().clip(upper=1)
        return tuple(map(float, ends))  # type: ignore[return-value]
    row = list(found.table["origin"].unique()).index(origin)
    columns = [list(options).index(one) for one in members]
    persons = found.draws[:, row][:, columns].sum(axis=1) / rows["votes"].sum()
    low, high = np.quantile(persons, [(1 - found.level) / 2, (1 + found.level) / 2])
    share = float(cells["share_of_origin"].sum())
    return share, min(float(low), share), max(float(high), share)


def read_survey(path: Path | str) -> Survey:
    """Read a survey: origin, destination, share, n.

    Parameters
    ----------
    path
        CSV in UTF-8, commas or semicolons. `share` of the origin, from 0 to 1 or, where a
        figure is above 1, in percent; `n` persons asked of that origin.

    Raises
    ------
    DataError
        When the file cannot be read, a column is missing, or a figure is impossible.
    """
    try:
        head = Path(path).read_text(encoding="utf-8-sig").partition("\n")[0]
        separator = ";" if head.count(";") > head.count(",") else ","
        decimal = "," if separator == ";" else "."
        read = pd.read_csv(path, sep=separator, encoding="utf-8-sig", decimal=decimal)
        table = _as_wide(as_named(read))
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(
            "The survey cannot be read.",
            where="{path}: {error}",
            mend="Save it as CSV in UTF-8, with the columns origin, destination, share, n.",
            path=Path(path).name,
            error=why_unreadable(error),
        ) from error
    if missing := [name for name in _COLUMNS if name not in table]:
        raise DataError(
            "The survey lacks columns.",
            where="{path}: {missing}",
            mend="Give it the columns origin, destination, share, n.",
            path=Path(path).name,
            missing=some(missing),
        )
    if table.empty:
        raise DataError(
            "The survey has a header and no figures.",
            where="{path}",
            mend="Give one row per origin and destination that was asked.",
            path=Path(path).name,
        )
    return Survey(_checked(table, Path(path)), Path(path).name)


def _as_wide(table: pd.DataFrame) -> pd.DataFrame:
    """Refuse a table with fewer names than cells: pandas makes its first columns an index."""
    if not isinstance(table.index, pd.RangeIndex):
        raise pd.errors.ParserError(f"{len(table.columns)} names for more cells in a row")
    return table


def _checked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    # « 80,5 % » is read as it is meant.
    written = table["share"].astype("str").str.strip()
    bare = written.str.removesuffix("%").str.strip().str.replace(",", ".")
    numbers = pd.DataFrame({"share": bare, "n": table["n"]}).apply(pd.to_numeric, errors="coerce")
    if (numbers["share"] > 1).any() or written.str.endswith("%").any():
        numbers["share"] /= 100
    twice = table.duplicated(["origin", "destination"], keep=False)
    wrong = ~numbers["share"].between(0, 1) | ~numbers["n"].between(1, _MOST_ASKED)
    asked = numbers["n"].groupby(table["origin"]).transform("nunique") > 1
    too_many = _sums(table, numbers["share"]) > 1 + 0.02  # rounded figures add up to 101 or so
    for faulty, what in (
        (wrong, Text("A survey’s share lies from 0 to 1 (or 0 to 100), and n is 1 or more.")),
        (twice, Text("The survey holds an origin and destination more than once.")),
        (asked, Text("The persons asked (n) of one origin are the same in all its rows.")),
        (too_many, Text("The survey’s shares of an origin add up to more than 1.")),
    ):
        if faulty.any():
            raise DataError(
                what,
                where="{path}: line {lines}",
                mend="Correct these lines; n is the number of persons asked of that origin.",
                path=Path(path).name,
                lines=some([str(line + 2) for line in faulty.index[faulty]]),
            )
    names = table[["origin", "destination"]].astype(str)
    return names.assign(share=numbers["share"], n=numbers["n"]).reset_index(drop=True)


def _sums(table: pd.DataFrame, share: pd.Series) -> pd.Series:
    return share.groupby(table["origin"]).transform("sum")
