"""The rates of large places are worked out before anybody opens them."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest

from analysis.tables.workspace import MANIFEST, Workspace
from analysis.workflows import kept_rates, rates_ahead
from analysis.workflows.kept_rates import FOLDER
from analysis.workflows.ranking import prospects_of
from analysis.workflows.usual_question import usual_scenario


@pytest.fixture
def places(valmont, tmp_path, monkeypatch):
    """Copy a place twice, once as a campaign's; one manifest between them is damaged."""
    monkeypatch.setattr(kept_rates, "LARGE", 1)
    monkeypatch.setattr(rates_ahead, "LARGE", 1)
    shutil.copytree(valmont.path, tmp_path / "a")
    shutil.copytree(valmont.path, tmp_path / "campaign" / "b")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / MANIFEST).write_text("{", encoding="utf-8")
    return tmp_path


def kept(folder):
    return sorted((folder / FOLDER).glob("*.zip"))


def test_each_large_place_is_ready_once_and_a_damaged_one_stops_none(places, monkeypatch):
    seen = set()
    rates_ahead.turn(places, threading.Event(), seen)
    place = Workspace(places / "a")
    blocs = set(place.read("candidates")["bloc"]) - {""}
    both = [kept(places / "a"), kept(places / "campaign" / "b")]
    assert [len(files) for files in both] == [len(blocs)] * 2

    def never(*_asked, **_given):
        raise AssertionError

    # The page finds what it asks, for whichever bloc; the next turn does nothing.
    monkeypatch.setattr(kept_rates, "prepare", never)
    usual = usual_scenario(place)
    for bloc in blocs:
        assert len(prospects_of(place, replace(usual, bloc=bloc)).table)
    monkeypatch.setattr(rates_ahead, "prospects_of", never)
    rates_ahead.turn(places, threading.Event(), seen)


def test_a_small_place_is_left_alone(places, monkeypatch):
    monkeypatch.setattr(rates_ahead, "LARGE", 1000)
    rates_ahead.turn(places, threading.Event(), set())
    assert not kept(places / "a")


def test_a_server_that_ends_drops_the_work(places):
    ending = threading.Event()
    ending.set()
    rates_ahead.work_ahead(places, ending)
    assert not kept(places / "a")
