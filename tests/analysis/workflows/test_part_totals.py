"""Tests of totals by part of a place."""

from dataclasses import make_dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports.model_export import Written
from analysis.exports.registry import put_leaving
from analysis.workflows import part_totals
from analysis.workflows.ranking import RankingFile, Scenario, answer
from analysis.workflows.reproduce import reproduce


def ranking_of(rows):
    table = pd.DataFrame(
        rows, columns=["bureau_id", "registered", "doors", "hours", "gain_per_hour"]
    )
    return SimpleNamespace(table=table, k=2)


ZONES = pd.DataFrame(
    {
        "bureau_id": ["75056_0101", "75056_1801", "75056_1802"],
        "kind": "circonscription",
        "zone_id": ["75-01", "75-17", "75-17"],
        "name": ["1re circonscription", "17e circonscription", "17e circonscription"],
    }
)


class Paris:
    """A place of one commune with arrondissements, as far as totals ask for it."""

    tables = {
        "places": pd.DataFrame({"commune_id": ["75056"], "name": "Paris", "department_id": "75"}),
        "zones": ZONES,
        "turnout": pd.DataFrame(
            {"bureau_id": pd.Categorical(["75056_0101", "75056_1801", "75056_1802", "75056_1803"])}
        ),
    }

    def read(self, name, columns=None):
        """Return a table of it."""
        return self.tables[name]


RANKED = ranking_of(
    [
        ("75056_1802", 800, 400.0, 40.0, 0.25),  # 10 votes
        ("75056_0101", 500, 300.0, 30.0, 0.10),  # 3
        ("75056_1801", 700, 200.0, 20.0, 0.10),  # 2
        ("75056_1803", 100, 100.0, 10.0, np.nan),  # without ground
    ]
)


def test_an_arrondissement_has_the_sums_of_its_bureaux_worked_by_hand():
    found = part_totals.totals_by(Paris(), RANKED, "arrondissement").set_index("part_name")
    north = found.loc["Paris 18e"]
    assert (north["bureaux"], north["bureaux_reached"], north["registered"]) == (3, 1, 1600)
    assert (north["doors"], north["hours"], north["votes_expected"]) == (700, 70, 12)
    assert north["hours_per_vote"] == pytest.approx(70 / 12)
    assert (north["doors_share"], north["hours_share"]) == (0.7, 0.7)
    assert north["votes_share"] == pytest.approx(12 / 15)
    assert list(found.index) == ["Paris 18e", "Paris 1er"]


def test_what_no_file_puts_anywhere_has_a_row_of_its_own_so_that_sums_hold():
    found = part_totals.totals_by(Paris(), RANKED, "circonscription").set_index("part")
    assert found.loc["", "bureaux"] == 1
    assert np.isnan(found.loc["", "hours_per_vote"])
    assert found["bureaux"].sum() == len(RANKED.table)
    assert found["votes_share"].sum() == pytest.approx(1)


def test_a_kind_that_tells_nothing_apart_is_not_offered():
    ids = pd.Series(["75056_1801", "75056_1802"])
    assert part_totals.kinds_of(Paris(), ids) == ()
    assert part_totals.kinds_of(Paris(), RANKED.table["bureau_id"])[0] == "arrondissement"


class Coast:
    """Marseille and a larger town beside it."""

    tables = {
        "places": pd.DataFrame(
            {"commune_id": ["13001", "13055"], "name": ["Aix", "Marseille"], "department_id": "13"}
        ),
        "zones": ZONES.iloc[:0],
        "turnout": pd.DataFrame(
            {"bureau_id": pd.Categorical(["13001_0001", "13001_0002", "13055_0101", "13055_0201"])}
        ),
    }
    read = Paris.read


def test_hours_go_first_where_most_votes_are_and_not_in_the_one_city_with_arrondissements():
    ranked = ranking_of(
        [
            ("13001_0001", 800, 400.0, 40.0, 0.25),  # 10 votes
            ("13001_0002", 500, 300.0, 30.0, 0.10),  # 3
            ("13055_0101", 700, 200.0, 20.0, 0.10),  # 2
            ("13055_0201", 100, 100.0, 10.0, 0.10),  # 1
        ]
    )
    ids = ranked.table["bureau_id"]
    assert part_totals.kinds_of(Coast(), ids) == ("arrondissement", "commune")
    assert part_totals.dividing_kinds(Coast(), ids) == ("commune",)
    announced = make_dataclass("Ranked", ["table", "k"])(ranked.table, 3)
    found = part_totals.first_parts(SimpleNamespace(announced=announced, workspace=Coast()))
    assert found == (("Aix", 2, pytest.approx(13)), ("Marseille", 1, pytest.approx(2)))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_file_of_totals_is_made_again(valmont, tmp_path, suffix):
    scenario = Scenario("left", "2027_pres_t1")
    file = RankingFile(valmont, scenario, *answer(valmont, scenario))
    (kind,) = part_totals.kinds_of(valmont, file.table["bureau_id"])
    out = tmp_path / f"totals{suffix}"
    put_leaving(out, part_totals.finding(file, kind, Written("fr", "excel_fr")))
    assert reproduce(out, valmont.path).identical
    with pytest.raises(DataError):
        part_totals.finding(file, kind, Written("fr", "none"))
