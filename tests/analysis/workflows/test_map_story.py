"""The steps in which a ranking is told on the map."""

import numpy as np
import pytest

from analysis.geography.zones import bureaux_in, zones_of
from analysis.workflows.director import zones_to_begin
from analysis.workflows.map_story import ABSTENTION, HOUR, SUPPORT, ZONE, story
from analysis.workflows.part_totals import kinds_of, totals_by
from analysis.workflows.ranking import RankingFile, Scenario, answer


@pytest.fixture(scope="module")
def file(valmont):
    """Rank the embedded town."""
    scenario = Scenario("left", "2027_pres_t1")
    return RankingFile(valmont, scenario, *answer(valmont, scenario))


def test_each_step_is_the_extreme_part_then_come_the_zones_of_the_director(file, valmont):
    steps = story(file)
    table = file.announced.table
    (kind, *_others) = kinds_of(valmont, table["bureau_id"])
    zones = zones_of(valmont)
    parts = zones[zones["kind"] == kind]
    # Nobody walks to the bureau without ground.
    table = table[table["reachable"]]
    ids_of = table["bureau_id"].tolist()
    registered = table.set_index("bureau_id")["registered"]
    for step, column in zip(steps[:2], ("support", "expected_abstention"), strict=True):
        values = table.set_index("bureau_id")[column]
        means = {
            row.name: np.average(values[ids], weights=registered[ids])
            for row in parts.itertuples(index=False)
            if len(ids := sorted(bureaux_in(valmont, ids_of, [row.place])))
        }
        most = max(means, key=means.get)
        assert (step.name, step.here) == (most, pytest.approx(means[most]))
        assert step.whole == pytest.approx(np.average(values, weights=registered))
        (place,) = parts.loc[parts["name"] == most, "place"]
        assert set(step.bureaux) == set(bureaux_in(valmont, ids_of, [place]))
    cheapest = totals_by(valmont, file.announced, kind).sort_values("hours_per_vote").iloc[0]
    assert (steps[2].name, steps[2].here) == (
        cheapest["part_name"],
        pytest.approx(cheapest["hours_per_vote"]),
    )
    assert [step.about for step in steps] == [SUPPORT, ABSTENTION, HOUR, ZONE, ZONE, ZONE]
    begin = zones_to_begin(file)
    assert [(step.name, step.bureaux) for step in steps[3:]] == [(z.name, z.bureaux) for z in begin]


def test_parts_too_small_to_tell_of_make_way_for_larger_ones_or_for_zones_alone(file, monkeypatch):
    ids = file.announced.table["bureau_id"].astype("str")
    apart = {"commune": ids, "departement": ids.str[-1]}
    monkeypatch.setattr("analysis.workflows.map_story._LEAST", 1.5 / len(ids))
    monkeypatch.setattr("analysis.workflows.map_story._MOST", 0.9)
    monkeypatch.setattr("analysis.workflows.map_story.dividing_kinds", lambda *_: tuple(apart))
    monkeypatch.setattr(
        "analysis.workflows.map_story.parts_of",
        lambda _place, wanted, kind: wanted.map(dict(zip(ids, apart[kind], strict=True))),
    )
    assert {step.name for step in story(file) if step.about != ZONE} <= set(apart["departement"])
    del apart["departement"]
    assert {step.about for step in story(file)} == {ZONE}


def test_a_place_of_one_part_tells_its_zones_alone(file, monkeypatch):
    monkeypatch.setattr("analysis.workflows.map_story.dividing_kinds", lambda *_: ())
    assert {step.about for step in story(file)} == {ZONE}
