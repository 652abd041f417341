"""Which of many keys are among many others."""

from __future__ import annotations

import numpy as np
import pandas as pd


def is_among(values: pd.Series | pd.Index, others: pd.Series | pd.Index) -> np.ndarray:
    """Tell of each value whether it is among others.

    `values.isin(others)` of texts makes an object of Python of each of the others: of 69,000
    bureaux it takes ten times as long.

    Parameters
    ----------
    values
        Texts, or categories of texts.
    others
        The same, in any order; they may repeat.

    Returns
    -------
    numpy.ndarray
        Booleans, in the order of the values.

    Examples
    --------
    >>> is_among(pd.Series(["a", "b", "a"]), pd.Series(["a", "c", "c"])).tolist()
    [True, False, True]
    """
    return pd.Index(pd.unique(others)).get_indexer(pd.Index(values)) >= 0
