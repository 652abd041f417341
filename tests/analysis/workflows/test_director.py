"""The director's page: its numbers are those of `rank`, its sheet is one page, zones are zones."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pypdfium2
import pytest

from analysis.cli.main import main
from analysis.errors import DataError
from analysis.tables.sources import UNSTATED
from analysis.targeting.first_zones import best_of, first_zones, of_villages, worth_of
from analysis.targeting.margin import last_margin
from analysis.workflows import director_words
from analysis.workflows.director import brief_of, near_of, place_name
from analysis.workflows.director_files import brief_to_bytes
from analysis.workflows.director_week import example_week, turf_states
from analysis.workflows.director_words import zone_lines
from analysis.workflows.part_totals import parts_of
from analysis.workflows.ranking import Scenario, answer
from analysis.workflows.readiness import not_loaded

DAY = date(2026, 11, 28)
ASKED = {"bloc": "left", "election": "2027_pres_t1", "hours": 500}


def run(*arguments):
    """Run the command line, which ends well."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert end.value.code == 0


@pytest.fixture(scope="module")
def found(valmont):
    return brief_of(valmont.path, ASKED, day=DAY)


def test_the_numbers_are_those_of_rank(valmont, found):
    ranking, prospects = answer(valmont, Scenario.from_dict(ASKED))
    first = ranking.table.head(ranking.k)
    hours = found.hours
    assert (hours.bureaux, hours.of) == (ranking.k, len(ranking.table))
    assert hours.doors == pytest.approx(first["doors"].sum())
    assert hours.votes == pytest.approx((first["gain_per_hour"] * first["hours"]).sum())
    assert (hours.per_vote, hours.least, hours.most) == pytest.approx(ranking.hours_per_vote())
    assert found.margin == last_margin(prospects)
    votes = (first["gain_per_hour"] * first["hours"]).groupby(
        parts_of(valmont, first["bureau_id"], "quartier").to_numpy()
    )
    assert [votes_ for _name, _n, votes_ in found.parts] == pytest.approx(
        votes.sum().nlargest(3).tolist()
    )
    assert sum(n for _name, n, _votes in found.parts) <= ranking.k
    assert found.parts[0][0] in director_words.where(found, "fr")
    assert found.days_left == (date(2027, 4, 10) - DAY).days


def test_zones_are_neighbours_within_their_share_of_the_hours(found):
    table = found.file.ranking.table.set_index("bureau_id")
    assert 1 <= len(found.zones) <= 3
    seen = [one for zone in found.zones for one in zone.bureaux]
    assert len(seen) == len(set(seen))
    for zone in found.zones:
        rows = table.loc[list(zone.bureaux)].reset_index()
        assert len(rows) == 1 or rows["hours"].sum() <= 500 / 3
        assert zone.worth == worth_of(rows)
        near = near_of(found.file.workspace, rows)
        # Every bureau but the only one touches another of its zone.
        assert len(rows) == 1 or set(near[0]) == set(range(len(rows)))
        assert zone.name


def test_zones_worked_by_hand():
    best = pd.DataFrame({"hours": [10.0, 200, 10, 10, 10]})
    # 0 touches 1 and 2; 1 is too long for a third of 90 hours; 3 touches 2, and is full up.
    pairs = np.array([[0, 1], [0, 2], [2, 3]])
    near = (np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]])
    assert first_zones(best, near, hours=90) == [[0, 2, 3], [4]]
    assert first_zones(best, near, hours=60) == [[0, 2], [4]]


def test_a_bureau_of_a_few_doors_begins_no_zone_where_there_are_others():
    best = pd.DataFrame({"hours": [1.0, 50, 3.9, 4.0, 20]})
    alone = (np.empty(0, dtype=int), np.empty(0, dtype=int))
    assert first_zones(best, alone, hours=500) == [[1], [3], [4]]
    # It is taken with a neighbour, and where nothing is larger it is the place to begin.
    beside = (np.array([0, 1]), np.array([1, 0]))
    assert first_zones(best, beside, hours=500) == [[1, 0], [3], [4]]
    assert first_zones(best.head(1), alone, hours=500) == [[0]]


def test_without_contours_the_bureaux_of_a_village_are_one_zone_and_those_of_a_town_are_not():
    communes = ["48061", "48095", "48061", "48152", "48061", *["48095"] * 4]
    best = pd.DataFrame({"commune_id": communes, "hours": 10.0})
    near = of_villages(best)
    assert sorted(zip(*map(list, near), strict=True)) == [
        (one, other) for one in (0, 2, 4) for other in (0, 2, 4) if one != other
    ]
    assert first_zones(best, near, hours=500) == [[0, 2, 4], [1], [3]]
    assert not len(of_villages(best.head(1))[0])
    assert not len(of_villages(best.iloc[[0, 2]])[0])


@pytest.mark.parametrize(
    ("of", "said"), [(8, "reach every bureau"), (9, "in 100 draws of 100 its bureaux")]
)
def test_where_every_bureau_is_reached_nobody_is_sure_of_an_order(found, of, said):
    hours = replace(found.hours, bureaux=8, of=of)
    zone = replace(found.zones[0], top=1.0)
    lines = dict(zone_lines(replace(found, hours=hours), zone, "en"))
    assert said in lines["How sure"]


def test_no_zone_begins_where_no_turf_can_be_cut():
    table = pd.DataFrame(
        {
            "bureau_id": list("abcd"),
            "gain_per_hour": [0.4, 0.3, 0.2, -0.1],
            "hours": 10.0,
            "by_hand": "",
            "addresses": [np.nan, 12.0, 9.0, 9.0],
        }
    )
    assert best_of(table, 4)["bureau_id"].tolist() == ["b", "c"]
    # Without any addresses none is worse off than the others.
    assert best_of(table.assign(addresses=np.nan), 4)["bureau_id"].tolist() == ["a", "b", "c"]


def test_the_sheet_says_in_its_language_that_a_file_states_no_licence(found, monkeypatch):
    sources = ({"licence": str(UNSTATED)}, {"licence": "Licence Ouverte 2.0"}, {})
    told = property(lambda _file: SimpleNamespace(sources=sources))
    monkeypatch.setattr(type(found.file), "provenance", told)
    text = words_of(brief_to_bytes(found, ".pdf", "fr"))
    assert text.endswith("Licence Ouverte 2.0, licence non indiquée")


def words_of(content):
    """Return the text of a sheet of one page."""
    pages = pypdfium2.PdfDocument(content)
    assert len(pages) == 1
    text = pages[0].get_textpage().get_text_range()
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def test_turfs_by_state_worked_by_hand():
    turfs = pd.DataFrame(
        {
            "planned": [100, 100, 100, 100],
            "tried": [0, 40, 40, 90],
            "last_day": [None, DAY - timedelta(days=2), DAY - timedelta(days=8), DAY],
        }
    )
    young = turf_states(turfs, DAY, DAY - timedelta(days=3))
    assert young == {"waiting": 1, "out": 1, "late": 1, "done": 1}
    old = turf_states(turfs, DAY, DAY - timedelta(days=30))
    assert old == {"waiting": 0, "out": 1, "late": 2, "done": 1}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ["Ce que peuvent nos heures", "À décider", "Lieu inventé", "Une voix pour"]),
        ("en", ["What our hours can do", "To decide", "Invented place", "One vote for"]),
    ],
)
def test_the_sheet_is_one_page_in_words(found, language, said):
    content = brief_to_bytes(found, ".pdf", language)
    assert content == brief_to_bytes(found, ".pdf", language)
    text = words_of(content)
    for words in said:
        assert words in text
    assert f"{found.hours.votes:.0f}" in text


def test_the_command_writes_what_rank_says(valmont, tmp_path, capsys):
    out = tmp_path / "brief.json"
    run("brief", "--workspace", str(valmont.path), "--out", str(out), "--bloc", "left")
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["fictional"] is True
    assert told["bloc"] == "left"
    ranking, _ = answer(valmont, Scenario("left", told["election"]))
    assert told["hours"]["bureaux"] == ranking.k
    assert "to decide: No trial is sealed" in " ".join(capsys.readouterr().out.split())


def test_a_suffix_nobody_writes_is_refused(found):
    with pytest.raises(DataError, match="not written as .odt"):
        brief_to_bytes(found, ".odt")


def test_an_invented_place_waits_for_no_real_election(valmont):
    assert list(not_loaded(valmont, DAY)) == []


def test_the_invented_week_is_unlikely_enough_to_show_a_correction():
    week = example_week(DAY)
    assert week.forecast is not None
    assert 0 < week.forecast.probability < 0.8
    assert week.correction is not None
    assert week.correction.outings > 0
    assert week.totals.doors == week.daily["doors"].sum()


def test_looking_begins_no_campaign(valmont, tmp_path):
    place = Path(shutil.copytree(valmont.path, tmp_path / "place"))
    shutil.rmtree(place / "fieldwork", ignore_errors=True)
    assert brief_of(place, ASKED, day=DAY).week is None
    assert not (place / "fieldwork").exists()


@pytest.mark.parametrize(
    ("departments", "name"),
    [
        (["35", "35"], "Ille-et-Vilaine"),
        ([f"{code:02d}" for code in range(1, 96)], "France"),
        (["35", "56"], "deux"),
    ],
)
def test_a_place_of_many_communes_is_called_what_people_call_it(departments, name):
    places = pd.DataFrame({"name": "Bourg", "department_id": departments})
    place = SimpleNamespace(read=lambda _table: places, manifest={}, path=Path("deux"))
    assert place_name(place) == name
