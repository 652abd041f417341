"""What a count may be: a whole number of persons, ballots or doors, and no more than there are."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd

# More than any electorate; far below what whole numbers of 64 bits hold when added up.
MOST = 1e9
Values = TypeVar("Values", pd.Series, np.ndarray)


def is_count(values: Values) -> Values:
    """Tell which numbers are counts: from 0 to `MOST`, whole; a missing or infinite one is none."""
    # The rest of an infinite number is none, and is asked all the same.
    with np.errstate(invalid="ignore"):
        found: Values = (values >= 0) & (values <= MOST) & (values % 1 == 0)
    return found
