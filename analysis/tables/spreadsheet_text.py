"""Tables as CSV that no spreadsheet runs as a formula, and back."""

from __future__ import annotations

import csv
import re

import pandas as pd

# Texts that a spreadsheet would run begin so (OWASP, CSV injection); those that begin with
# apostrophes before it get one more, so that taking one away gives back what was written.
FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - the wide signs that Excel runs too
# A number is a number, whatever its sign. `\Z`, as `$` also matches before a line's end.
NUMBER = r"^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?\Z"
# A code that a French Excel, by a double click, would read as a number and rob of its zeros; so
# written, it is shown whole, and holds nothing to run.
ZEROS = r"^0\d+\Z"
_HELD = r'^="0\d+"\Z'
_MARKED = r"^'(?='*[=+\-@\t\r\n＝＋－＠])"  # noqa: RUF001


def safe(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet runs: an apostrophe stands before those it would.

    Numbers, dates and missing cells are left as they are; `plain` takes the apostrophes away.

    Examples
    --------
    >>> safe(pd.DataFrame({"note": ["=1+1", "-5", "fine"], "n": [-1, 2, 3]}))["note"].tolist()
    ["'=1+1", '-5', 'fine']
    """
    texts = {name: _marked(column) for name, column in table.items() if is_text(column)}
    return table.assign(**texts) if texts else table


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it was before `safe`, and before codes were held for Excel."""
    texts = {
        name: _let_go(column).str.replace(_MARKED, "", regex=True)
        for name, column in table.items()
        # The first is a faster question, and mostly enough.
        if is_text(column)
        and _found(column, "^['=]").any()
        and _found(column, f"{_HELD}|{_MARKED}").any()
    }
    return table.assign(**texts) if texts else table


def as_named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read from text, unless its rows have more cells than its header.

    pandas makes the first column an index then, and every value moves one name to the left.

    Raises
    ------
    pandas.errors.ParserError
        When they have.
    """
    if not isinstance(table.index, pd.RangeIndex):
        raise pd.errors.ParserError(f"{len(table.columns)} names for more cells in a row")
    return table


def plain_text(cell: str) -> str:
    """Return a cell as `plain` does.

    Examples
    --------
    >>> plain_text('="01004"'), plain_text("'+33639980001")
    ('01004', '+33639980001')
    """
    return cell[2:-1] if re.match(_HELD, cell) else re.sub(_MARKED, "", cell)


def csv_text(
    table: pd.DataFrame, *, french: bool = False, form: str | None = None, head: bool = True
) -> str:
    """Return a table as CSV: the one way out for tables that carry no provenance.

    Parameters
    ----------
    table
        Any; its index is left out.
    french
        Semicolons, decimal commas, CRLF, as a French spreadsheet opens by a double click; codes
        that begin with 0 stay whole there.
    form
        How floats are written, as "%.10g"; all their digits when not given.
    head
        Whether names of columns come first.

    Returns
    -------
    str
        The same on every machine; no text in it is run as a formula.
    """
    told = _held(safe(table)) if french else safe(table)

    def written(quoting: int) -> str:
        text: str = told.to_csv(
            index=False,
            header=head,
            quoting=quoting,
            sep=";" if french else ",",
            decimal="," if french else ".",
            float_format=form,
            lineterminator="\r\n" if french else "\n",
        )
        return text

    text = written(csv.QUOTE_MINIMAL)
    # pandas quotes a line's own end only: a lone carriage return would cut a row in two.
    ends = len(told) + head if french else 0
    return text if text.count("\r") == ends else written(csv.QUOTE_NONNUMERIC)


def _let_go(column: pd.Series) -> pd.Series:
    held = _found(column, _HELD)
    if not held.any():
        return column
    texts = column.astype("object") if isinstance(column.dtype, pd.CategoricalDtype) else column
    return texts.mask(held, column.astype("str").str.slice(2, -1))


def _held(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose codes keep their zeros in Excel: 01004 is `="01004"`."""
    codes = {
        name: column.astype("object").mask(here, '="' + column.astype("str") + '"')
        for name, column in table.items()
        if is_text(column) and (here := _found(column, ZEROS)).any()
    }
    return table.assign(**codes) if codes else table


def is_text(column: pd.Series) -> bool:
    """Tell whether a column may hold texts."""
    return bool(
        pd.api.types.is_string_dtype(column)
        or pd.api.types.is_object_dtype(column)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )


def _found(column: pd.Series, pattern: str) -> pd.Series:
    if isinstance(column.dtype, pd.StringDtype):
        return column.str.contains(pattern, regex=True, na=False).astype(bool)
    # A category that is new to a column may not be put into it.
    column = column.astype("object")
    texts = column.where(column.map(lambda cell: isinstance(cell, str)), "").astype("str")
    here: pd.Series = texts.str.contains(pattern, regex=True)
    return here


def _marked(column: pd.Series) -> pd.Series:
    risky = _found(column, FORMULA)
    # In most columns nothing begins so, and no number is looked for.
    if not risky.any() or not (risky := risky & ~_found(column, NUMBER)).any():
        return column
    return column.astype("object").mask(risky, "'" + column.astype("str"))
