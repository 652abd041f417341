"""Tables as CSV that no spreadsheet runs as a formula, and back."""

from __future__ import annotations

import csv

import pandas as pd

# Texts that a spreadsheet would run begin so (OWASP, CSV injection); those that begin with
# apostrophes before it get one more, so that taking one away gives back what was written.
FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - the wide signs that Excel runs too
# A number is a number, whatever its sign.
NUMBER = r"^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$"
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
    """Return a table as it was before `safe`."""
    texts = {
        name: column.str.replace(_MARKED, "", regex=True)
        for name, column in table.items()
        if is_text(column) and _found(column, _MARKED).any()
    }
    return table.assign(**texts) if texts else table


def csv_text(
    table: pd.DataFrame, *, french: bool = False, form: str | None = None, head: bool = True
) -> str:
    """Return a table as CSV: the one way out for tables that carry no provenance.

    Parameters
    ----------
    table
        Any; its index is left out.
    french
        Semicolons, decimal commas, CRLF, as a French spreadsheet opens by a double click.
    form
        How floats are written, as "%.10g"; all their digits when not given.
    head
        Whether names of columns come first.

    Returns
    -------
    str
        The same on every machine; no text in it is run as a formula.
    """
    # pandas quotes a line's own end only: a lone carriage return would cut a row in two.
    cut = any(is_text(column) and _found(column, "\r").any() for _, column in table.items())
    text: str = safe(table).to_csv(
        index=False,
        header=head,
        quoting=csv.QUOTE_NONNUMERIC if cut else csv.QUOTE_MINIMAL,
        sep=";" if french else ",",
        decimal="," if french else ".",
        float_format=form,
        lineterminator="\r\n" if french else "\n",
    )
    return text


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
    texts = column.where(column.map(lambda cell: isinstance(cell, str)), "").astype("str")
    here: pd.Series = texts.str.contains(pattern, regex=True)
    return here


def _marked(column: pd.Series) -> pd.Series:
    risky = _found(column, FORMULA) & ~_found(column, NUMBER)
    if not risky.any():
        return column
    return column.astype("object").mask(risky, "'" + column.astype("str"))
