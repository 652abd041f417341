"""What a count may be: a whole number of persons, ballots or doors, and no more than there are."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd

# More than any electorate; far below what whole numbers of 64 bits hold when added up.
MOST = 1e9
# What spreadsheets and the press put between thousands.
SPACES = r"[ \u00a0\u2009\u202f]"
_NONE = frozenset({"NA", "N/A", "NaN", "nan", "n.d.", "nd", "-", "–"})
Values = TypeVar("Values", pd.Series, np.ndarray)


def plain_counts(texts: pd.Series) -> pd.Series:
    """Return texts of counts as a program writes them: « 1 110 » is 1110, « 631,0 » is 631.

    What stands for no number (`NA`, a dash) is empty; other texts stay as they are, and « 1.000 »,
    which is one or a thousand, becomes no number.
    """
    stripped = texts.str.strip()
    odd = ~stripped.str.fullmatch(r"\d*").to_numpy(dtype=bool, na_value=True)
    # Most files hold nothing but digits.
    if odd.any():
        stripped[odd] = _plain(stripped[odd]).array
    return stripped


def _plain(told: pd.Series) -> pd.Series:
    spaced = told.str.fullmatch(rf"\d{{1,3}}({SPACES}\d{{3}})+([.,]0{{1,2}})?")
    told = told.where(~spaced, told.str.replace(SPACES, "", regex=True))
    zeros = told.str.fullmatch(r"\d+[.,]0{1,2}")
    told = told.where(~zeros, told.str.replace(r"[.,]0+$", "", regex=True))
    told = told.mask(told.str.fullmatch(r"\d+\.\d{3,}"), told + "?")
    return told.mask(told.isin(_NONE), "")


def is_count(values: Values) -> Values:
    """Tell which numbers are counts: from 0 to `MOST`, whole; a missing or infinite one is none."""
    # The rest of an infinite number is none, and is asked all the same.
    with np.errstate(invalid="ignore"):
        found: Values = (values >= 0) & (values <= MOST) & (values % 1 == 0)
    return found
