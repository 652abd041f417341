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
        ("2026_muni_t1", "ZZ119", "ZZ", False),
        ("2028_regi_t1", "ZZ119", "ZZ", False),
        ("2028_dpmt_t1", "ZZ119", "ZZ", False),
        ("2027_pres_t1", "ZZ119", "ZZ", True),
        ("2029_euro_t1", "ZZ119", "ZZ", True),
        ("2026_muni_t1", "98601", "986", False),
        ("2026_muni_t1", "97801", "978", False),
        ("2026_muni_t1", "98735", "987", True),
        ("2028_regi_t1", "98818", "988", False),
        ("2028_regi_t1", "97411", "974", True),
        ("2028_dpmt_t1", "97411", "974", True),
        ("2011_cant_t1", "75056", "75", False),
        ("2011_cant_t1", "2A004", "2A", True),
        ("2011_cant_t1", "97302", "973", True),
    ],
)
def test_councils_of_departements_and_arrondissements(election, commune, department, held):
    places = pd.DataFrame({"commune_id": [commune], "department_id": [department]})
    assert is_held(election, places) is held
