"""Tests of a campaign changed by several people at once."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from datetime import date

import pytest

from analysis.errors import DataError
from analysis.fieldwork.campaign import change_campaign, open_campaign

PARTS = {
    "name": "Valmont 2027",
    "objective": 5000,
    "measure": "conversations",
    "starts": date(2027, 2, 1),
    "ends": date(2027, 4, 1),
    "time_zone": "Europe/Brussels",
}


def change(asked):
    folder, name = asked
    change_campaign(folder, {name: PARTS[name]})


def test_sixty_changes_at_once_lose_none(tmp_path):
    places = []
    for n in range(10):
        (tmp_path / str(n)).mkdir()
        open_campaign(tmp_path / str(n))
        places.append(tmp_path / str(n))
    with ProcessPoolExecutor(6) as pool:
        list(pool.map(change, [(place, name) for place in places for name in PARTS]))
    kept = [open_campaign(place) for place in places]
    assert [{name: getattr(one, name) for name in PARTS} for one in kept] == [PARTS] * 10


def test_the_second_sees_what_the_first_changed(tmp_path):
    seen = open_campaign(tmp_path)
    change_campaign(tmp_path, {"objective": 5000}, seen=seen)
    with pytest.raises(DataError, match=r"Somebody else changed[\s\S]*objective: – → 5000"):
        change_campaign(tmp_path, {"objective": 100}, seen=seen)
    assert open_campaign(tmp_path).objective == 5000
    again = open_campaign(tmp_path)
    assert change_campaign(tmp_path, {"objective": 100}, seen=again).objective == 100


def test_a_value_that_cannot_be_leaves_the_campaign_as_it_was(tmp_path):
    before = open_campaign(tmp_path)
    with pytest.raises(DataError):
        change_campaign(tmp_path, {"objective": -1})
    assert open_campaign(tmp_path) == before
    assert json.loads((tmp_path / "fieldwork" / "campaign.json").read_text())["objective"] == 0
