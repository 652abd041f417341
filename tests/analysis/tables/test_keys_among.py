"""Tests of which keys are among others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.tables.keys_among import is_among

KEYS = pd.Series(["75056_0101", "2A004_0001", "75056_0101", "ZZ001_0003"], dtype="str")
OTHERS = pd.Series(["ZZ001_0003", "75056_0101", "75056_0101", "97411_0001"], dtype="str")


@pytest.mark.parametrize("others", [OTHERS, OTHERS.astype("category"), OTHERS.iloc[:0]])
@pytest.mark.parametrize("keys", [KEYS, KEYS.astype("category"), pd.Index(KEYS), KEYS.iloc[:0]])
def test_it_tells_what_isin_tells(keys, others):
    np.testing.assert_array_equal(is_among(keys, others), keys.isin(others.astype(object).tolist()))
