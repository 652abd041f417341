"""Tables of numbers, written as the language of the browser writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analysis.i18n import MISSING


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
    kept = {name: (fewer or {}).get(name, digits) for name in table}
    rounded = table.round(kept)
    columns = {
        name: st.column_config.NumberColumn(
            format="localized", step=1 if (values.dropna() % 1 == 0).all() else 10 ** -kept[name]
        )
        for name, values in rounded.select_dtypes("number").items()
    }
    st.dataframe(
        rounded, hide_index=True, column_config=columns, **{"placeholder": MISSING, **options}
    )
