"""Elections that a place does not hold."""

import pandas as pd
import pytest

from analysis.workflows.refusals import is_held


@pytest.mark.parametrize(
    ("election", "commune", "department", "held"),
    [
        ("2028_dpmt_t1", "75056", "75", False),
        ("2028_dpmt_t1", "69123", "69", False),
        ("2028_dpmt_t1", "35238", "35", True),
        ("2032_arrd_t1", "75056", "75", True),
        ("2032_arrd_t1", "35238", "35", False),
        ("2032_muni_t1", "35238", "35", True),
        ("btw", "08111", "08", True),
    ],
)
def test_councils_of_departements_and_arrondissements(election, commune, department, held):
    places = pd.DataFrame({"commune_id": [commune], "department_id": [department]})
    assert is_held(election, places) is held
