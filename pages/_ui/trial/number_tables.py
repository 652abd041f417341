"""Tables of numbers, written as the language of the page writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from analysis.i18n import MISSING, format_number
from pages._ui.i18n import DAY, language

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler
    from streamlit.elements.lib.column_types import ColumnConfig

_MOST_DIGITS = 4
# A letter in a cell, the room beside a text and the widest column of text that is given, in pixels.
_LETTER_PX, _BESIDE_PX, _WIDEST_PX = 7, 20, 300
# With more rows than these the browser takes no measure of a text twice as long as others are.
_ALL_MEASURED, _LONG = 5, 1.8


def show_table(
    table: pd.DataFrame,
    *,
    digits: int = 4,
    fewer: Mapping[str, int] | None = None,
    **options: Any,  # noqa: ANN401 - of another's function
) -> None:
    """Show a table without its index.

    Parameters
    ----------
    table
        What is shown; numbers that are not whole are rounded.
    digits
        Decimals that are kept.
    fewer
        Column → decimals, where its numbers are not known to as many.
    **options
        Of `st.dataframe`.
    """
    rounded = table.round({name: (fewer or {}).get(name, digits) for name in table})
    floats = rounded.select_dtypes("float").columns
    # What rounds to zero has no sign.
    rounded[floats] += 0.0
    shown, columns = written(rounded)
    st.dataframe(
        shown, hide_index=True, column_config=columns, **{"placeholder": MISSING, **options}
    )


def written(
    table: pd.DataFrame, widths: Mapping[str, int] | None = None
) -> tuple[pd.DataFrame | Styler, dict[str, ColumnConfig]]:
    """Return a rounded table as `st.dataframe` takes it, with what it is to know of its columns.

    Each column has as many decimals as its finest number. The browser writes numbers in its own
    language, quickly; where the page speaks another, or where it writes otherwise than the page
    does, they are written here.

    Parameters
    ----------
    table
        Numbers are rounded already.
    widths
        Column → pixels.
    """
    numbers = table.select_dtypes("number")
    kept = {str(name): decimals(values) for name, values in numbers.items()}
    # The browser writes a hyphen before what is less than nothing, and texts a minus.
    theirs = _speaks_alike() and not (numbers < 0).any(axis=None)
    columns: dict[str, ColumnConfig] = {
        name: st.column_config.NumberColumn(
            width=(widths or {}).get(name),
            format="localized" if theirs else None,
            step=(10.0**-digits if digits else 1) if theirs else None,
        )
        for name, digits in kept.items()
    }
    for name in (str(name) for name, values in table.items() if _are_days(values)):
        columns[name] = st.column_config.DateColumn(width=(widths or {}).get(name), format=DAY)
    for name in (str(name) for name in table if str(name) not in columns | dict(widths or {})):
        if (pixels := _room(table[name])) is not None:
            columns[name] = st.column_config.TextColumn(width=pixels)
    if theirs or not kept:
        return table, columns
    # Of thousands of cells none asks anew in which language.
    formats = {
        name: partial(format_number, digits=digits, language=language())
        for name, digits in kept.items()
    }
    return table.style.format(formats, na_rep=MISSING), columns


def _room(values: pd.Series) -> int | None:
    """Return how wide a column of text is to be; None where the browser gives it room by itself."""
    told = [len(one) for one in values if isinstance(one, str)]
    if len(told) <= _ALL_MEASURED or max(told) * len(told) < _LONG * sum(told):
        return None
    return min(max(told) * _LETTER_PX + _BESIDE_PX, _WIDEST_PX)


def _speaks_alike() -> bool:
    return (st.context.locale or language()).partition("-")[0] == language()


def _are_days(values: pd.Series) -> bool:
    """Tell whether a column holds days; those read from text are text, and stay as they are."""
    there = values.dropna() if values.dtype == object else values.iloc[:0]
    return len(there) > 0 and all(type(one) is date for one in there)


def decimals(values: pd.Series) -> int:
    """Return how many decimals the finest number of a rounded column has, 4 at most."""
    there = values.dropna().to_numpy(dtype=float)
    for digits in range(_MOST_DIGITS):
        if (there.round(digits) == there).all():
            return digits
    return _MOST_DIGITS
