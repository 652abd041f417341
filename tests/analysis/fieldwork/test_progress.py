"""Tests of the questions to the store, and of what it hands over."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.fieldwork import exposure, field_plan, inbox, learning, progress, revisits
from analysis.targeting.params import Params
from analysis.workflows.fieldwork import write_covered
from tests.analysis.fieldwork.made_returns import BUREAUX, NOW, attempt, phone_bytes

TODAY = date(2025, 11, 30)


@pytest.fixture
def visited(store):
    """Return three doors of bureau 1 on one day, one of bureau 2 on another."""
    talk = {"outcome": "conversation", "quality": 4, "opponent": True}
    wish = {"come_back_on": "2025-12-02", "come_back_slot": "evening"}
    first = [attempt(0, doors=6), attempt(0 + 100, **talk, **wish), attempt(1, outcome="refused")]
    first[1]["address_id"] = first[0]["address_id"]
    later = [attempt(0, "T2", doors=14, at="2025-11-22T10:00:00+01:00")]
    for turf, rows, team in (("T1", first, "A"), ("T2", later, "B")):
        content = phone_bytes(store.campaign, rows, turf=turf, team_id=team)
        inbox.receive(store, content, name="r.json", now=NOW)
    return store


def test_totals(visited):
    now = progress.totals(visited)
    assert (now.attempts, now.doors, now.conversations, now.planned) == (4, 22, 1, 240)
    assert (now.teams, now.turfs, now.bureaux) == (2, 2, 2)
    assert (now.first_day, now.last_day) == (date(2025, 11, 21), date(2025, 11, 22))
    assert now.answer_rate == pytest.approx(1 / 22)
    assert now.open_rate == pytest.approx(2 / 22)  # who opens to refuse has opened


def test_the_mark_of_screens_changes_with_returns_and_with_turfs_put_into_the_field(store):
    before = progress.state(store)
    content = phone_bytes(store.campaign, [attempt(0)], turf="T1", team_id="A")
    inbox.receive(store, content, name="r.json", now=NOW)
    after = progress.state(store)
    assert after != before
    more = {"turf_id": ["T9"], "address_id": ["a9"], "bureau_id": ["99900_0099"], "dwellings": [3]}
    field_plan.register(store.engine, pd.DataFrame(more))
    assert progress.state(store) not in {before, after}


def test_an_empty_store_answers_every_question(store):
    assert progress.totals(store).first_day is None
    assert progress.by(store, "day").empty
    assert progress.coverage(store)["covered"].tolist() == [0, 0, 0]
    assert revisits.to_return(store, TODAY).empty
    assert revisits.wishes(store, TODAY).empty
    with pytest.raises(DataError, match="nothing to learn from"):
        learning.learn_rates(progress.cells(store, "hour"), factors=("hour",))


@pytest.mark.parametrize(
    ("key", "names", "doors"),
    [
        ("day", [date(2025, 11, 21), date(2025, 11, 22)], [8, 14]),
        ("team_id", ["A", "B"], [8, 14]),
        ("bureau_id", list(BUREAUX[:2]), [8, 14]),
    ],
)
def test_counts_by_key(visited, key, names, doors):
    table = progress.by(visited, key)
    assert table[key].tolist() == names
    assert table["doors"].tolist() == doors
    assert table["quality"].iloc[0] == 4
    assert table["opponent"].tolist() == [1, 0]
    assert table["answer_rate"].tolist() == [1 / 8, 0]
    assert table["open_rate"].tolist() == [2 / 8, 0]


def test_coverage_counts_an_address_at_most_whole(visited):
    table = progress.coverage(visited).set_index("bureau_id")
    # Eight of 80 doors; in the second bureau 14 were told of an address with ten.
    assert table["tried"].tolist() == [8, 10, 0]
    assert table["silent"].tolist() == [6, 10, 0]
    assert table["covered"].tolist() == [0.1, 0.125, 0]


def test_silent_doors_are_returned_to_after_days_at_another_slot(visited):
    table = revisits.to_return(visited, TODAY)
    assert table["left"].tolist() == [10, 6]
    assert table["last_slot"].tolist() == ["morning", "evening"]
    assert table["visits"].tolist() == [1, 1]
    assert revisits.to_return(visited, date(2025, 11, 24))["turf_id"].tolist() == ["T1"]
    assert revisits.to_return(visited, TODAY, rule=revisits.ReturnRule(visits=1)).empty


def test_wishes_are_shown_until_taken_back(visited):
    assert revisits.wishes(visited, TODAY)["come_back_slot"].tolist() == ["evening"]
    assert revisits.wishes(visited, date(2025, 12, 3)).empty
    undone = attempt(9, outcome="undone", corrects=attempt(100)["attempt_id"])
    inbox.receive(visited, phone_bytes(visited.campaign, [undone]), name="r.json", now=NOW)
    assert revisits.wishes(visited, TODAY).empty


def test_the_impact_gets_what_was_received_and_reached(visited, registered):
    table = exposure.contact(visited, registered).set_index("bureau_id")
    assert table["received"].tolist() == [0.1, 0.125, 0, 0]
    assert table["reached"].tolist() == [1 / 500, 0, 0, 0]
    with pytest.raises(DataError, match="nobody registered"):
        exposure.contact(visited, pd.Series({"b": 0}))


def test_the_ranking_gets_what_was_visited(visited, tmp_path):
    (tmp_path / "covered.csv").write_text("bureau_id,covered\n99900_0001,0.5\n99900_0009,0.3\n")
    assert write_covered(visited, tmp_path) == 2
    text = (tmp_path / "covered.csv").read_text()
    assert text == "bureau_id,covered\n99900_0001,0.1\n99900_0002,0.125\n99900_0009,0.3\n"


def test_the_planner_gets_the_learned_numbers(visited):
    factors = ("weekend", "hour", "kind")
    cells = progress.cells(visited, *factors)
    learned = learning.learn_rates(cells, factors=factors, of="opened")
    given = exposure.learned_params(learned, progress.outings(visited))
    params = Params.from_dict(given)
    assert params.share_open.value == pytest.approx(2 / 22, abs=1e-4)
    assert params.share_open.source == "learned at 22 doors"
    assert params.share_talk.value == 1 / 2
    assert params.share_talk.source == "learned at 2 doors"
    talked = learning.learn_rates(cells, factors=factors).level
    assert params.share_open.value * params.share_talk.value == pytest.approx(talked, abs=1e-4)
    assert "9.1% opened" in learned.summary()


def test_an_export_holds_every_attempt(visited, tmp_path):
    undone = attempt(9, outcome="undone", corrects=attempt(100)["attempt_id"])
    inbox.receive(visited, phone_bytes(visited.campaign, [undone]), name="r.json", now=NOW)
    assert exposure.export(visited, tmp_path / "all.csv") == 5
    table = pd.read_csv(tmp_path / "all.csv", dtype={"note": str})
    assert table["counts"].tolist().count(1) == 3
    with pytest.raises(DataError, match="cannot be written"):
        exposure.export(visited, tmp_path / "missing" / "all.csv")
