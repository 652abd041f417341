"""Tables of counts from files, and of transfers into them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from analysis.errors import DataError, some
from analysis.tables.spreadsheet_text import csv_text, plain
from analysis.tables.unreadable import why_unreadable


def read_counts(path: Path | str) -> pd.DataFrame:
    """Read a table of counts: first column the unit, each other column an option.

    Parameters
    ----------
    path
        CSV, UTF-8, commas or semicolons.

    Returns
    -------
    pandas.DataFrame
        As the file has it, indexed by unit; `margins.set_problem` checks the counts.

    Raises
    ------
    DataError
        When the file cannot be read or has fewer than two columns.
    """
    try:
        head = Path(path).read_text(encoding="utf-8-sig").partition("\n")[0]
        separator = ";" if head.count(";") > head.count(",") else ","
        table = pd.read_csv(path, sep=separator, encoding="utf-8-sig", dtype=str, index_col=False)
        table = plain(table)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(
            "The table of counts cannot be read.",
            where="{path}: {error}",
            mend="Save it as CSV in UTF-8, with a line of headings.",
            path=path,
            error=why_unreadable(error),
        ) from error
    names = [name.strip() for name in head.strip("\r").split(separator)]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise DataError(
            "A column stands twice in the table of counts, and nothing tells which is meant.",
            where="{path}: {twice}",
            mend="Keep one of them, or add them up.",
            path=path,
            twice=some(twice),
        )
    if table.shape[1] < 2:
        raise DataError(
            "A table of counts has a column of units and at least one of counts.",
            where="{path}: {columns} column(s)",
            mend="Separate columns by commas or semicolons.",
            path=path,
            columns=table.shape[1],
        )
    return table.set_index(table.columns[0])


def write_table(table: pd.DataFrame, path: Path | str) -> None:
    """Write a table of transfers as CSV, shares to six decimals.

    Raises
    ------
    DataError
        When the file cannot be written.
    """
    try:
        path = Path(path)
        path.write_text(csv_text(table, form="%.6f"), encoding="utf-8", newline="")
    except OSError as error:
        raise DataError(
            "The transfers cannot be written there.",
            where="{path}: {strerror}",
            mend="Name a folder that exists and may be written to.",
            path=path,
            strerror=error.strerror,
        ) from error
