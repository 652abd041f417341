"""Rates kept beside the tables: never other ones than would be worked out again."""

from __future__ import annotations

import functools
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, Text
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.targeting.prospects import prepare
from analysis.workflows import kept_rates
from analysis.workflows.kept_rates import FOLDER, prospects_kept

LEFT, TARGET = Choice("left"), election_of("2027_pres_t1")


@pytest.fixture
def place(valmont, tmp_path, monkeypatch):
    """Copy a place, and count it as large."""
    monkeypatch.setattr(kept_rates, "LARGE", 1)
    shutil.copytree(valmont.path, tmp_path / "place")
    return Workspace(tmp_path / "place")


@pytest.fixture
def made(monkeypatch):
    """List the questions whose rates were worked out; the answers get notes."""
    asked = []
    notes = (Text("{n} bureaux of {name}", n=3, name=Text("{place}", place="é")), "plain")

    def prepared(workspace, choice, target, **given):
        asked.append((choice, target))
        return replace(prepare(workspace, choice, target, **given), notes=notes)

    monkeypatch.setattr(kept_rates, "prepare", prepared)
    return asked


@pytest.fixture
def made_once(made, monkeypatch):
    """List them as well, but work each question out once: the same tables give the same rates."""
    prepared = functools.cache(kept_rates.prepare)
    asked = []

    def prepared_once(workspace, choice, target, **given):
        asked.append((choice, target))
        return prepared(workspace, choice, target, **given)

    monkeypatch.setattr(kept_rates, "prepare", prepared_once)
    return asked


def same(one, other):
    """Compare two answers to the last digit."""
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(one.history.units, other.history.units)
    pd.testing.assert_frame_equal(one.history.unmatched, other.history.unmatched)
    for name in ("registered", "ballots", "valid", "votes", "blocs"):
        counts = (getattr(found.history, name) for found in (one, other))
        np.testing.assert_array_equal(*counts)
    # Every other field, those that come later included.
    others = {f.name for f in fields(one)} - {"table", "history"}
    assert all(getattr(one, name) == getattr(other, name) for name in others)
    assert [getattr(n, "template", n) for n in one.notes] == [
        getattr(n, "template", n) for n in other.notes
    ]
    assert one.history.elections == other.history.elections
    return True


def files(place):
    return sorted((place.path / FOLDER).glob("*.zip"))


def test_another_rival_is_another_question(place, made):
    usual = prospects_kept(place, LEFT, TARGET)
    other = next(b for b in ("right", "centre", "far_right") if b != usual.rival)
    named = prospects_kept(place, LEFT, TARGET, rival=other)
    assert (named.rival, named.rival_by_results) == (other, usual.rival)
    assert len(made) == 2
    assert same(named, prospects_kept(place, LEFT, TARGET, rival=other))
    assert len(made) == 2


def test_the_second_answer_is_the_first_and_is_not_worked_out_again(place, made):
    first = prospects_kept(place, LEFT, TARGET)
    assert first.notes
    again = prospects_kept(Workspace(place.path), LEFT, TARGET)
    assert same(first, again)
    assert again.notes[0].values == {"n": 3, "name": "é"}  # noqa: PD011
    assert same(replace(again, notes=()), prepare(place, LEFT, TARGET))
    assert len(made) == len(files(place)) == 1


def test_every_question_has_rates_of_its_own(place, made):
    past = election_of("2024_euro_t1")
    questions = (
        (LEFT, TARGET, ()),
        (Choice("right"), TARGET, ()),
        (Choice("", ("macron",)), TARGET, ()),
        (LEFT, past, ()),
        (LEFT, TARGET, ("99900",)),
    )
    worked_out = [prospects_kept(place, *asked, places=where) for *asked, where in questions]
    assert len(made) == len(files(place)) == 5
    for (*asked, where), first in zip(questions, worked_out, strict=True):
        assert same(prospects_kept(place, *asked, places=where), first)
    assert len(made) == 5


def test_doors_visited_since_are_counted(place, made):
    prospects_kept(place, LEFT, TARGET)
    bureau = place.read("context")["bureau_id"].iloc[-1]
    (place.path / "covered.csv").write_text(f"bureau_id,covered\n{bureau},0.5\n")
    found = prospects_kept(Workspace(place.path), LEFT, TARGET)
    assert found.table["covered"].max() == 0.5
    assert len(made) == 2


def test_rates_of_other_tables_or_another_program_are_not_read(place, made, monkeypatch):
    prospects_kept(place, LEFT, TARGET)
    other = Workspace(place.path)
    other.manifest["tables"]["context"]["sha256"] = "0" * 64
    with pytest.raises(DataError, match="context"):
        prospects_kept(other, LEFT, TARGET)
    monkeypatch.setattr(kept_rates, "program_digest", lambda: "another")
    prospects_kept(place, LEFT, TARGET)
    assert len(made) == 3


def test_damage_anywhere_gives_no_other_number(place, made_once):
    made = made_once
    first = prospects_kept(place, LEFT, TARGET)
    (file,) = files(place)
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    read = 0
    for at in rng.integers(0, len(whole), 40):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        before = len(made)
        assert same(first, prospects_kept(place, LEFT, TARGET))
        read += len(made) == before
    assert read < 10, "most of a file is counts: damage there is seen"
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:cut])
        assert same(first, prospects_kept(place, LEFT, TARGET))
    assert prospects_kept(place, LEFT, TARGET)
    assert file.read_bytes() == whole or len(files(place)) == 1


def test_a_folder_that_cannot_be_written_keeps_nothing_and_answers(place, made):
    (place.path / FOLDER).write_text("in the way")
    assert same(prospects_kept(place, LEFT, TARGET), prospects_kept(place, LEFT, TARGET))
    assert len(made) == 2


def test_the_longest_unused_make_way(place, made, monkeypatch):
    monkeypatch.setattr(kept_rates, "MOST", 2)
    left, right, centre = (Choice(name) for name in ("left", "right", "centre"))
    for choice in (left, right, left, centre):
        prospects_kept(place, choice, TARGET)
    assert len(files(place)) == 2
    assert [choice for choice, _ in made] == [left, right, centre]
    prospects_kept(place, left, TARGET)
    assert len(made) == 3, "the left was used since"
    prospects_kept(place, right, TARGET)
    assert len(made) == 4


def test_a_small_place_keeps_nothing(valmont, tmp_path):
    shutil.copytree(valmont.path, tmp_path / "place")
    place = Workspace(tmp_path / "place")
    found = prospects_kept(place, LEFT, TARGET)
    assert same(found, prospects_kept(place, LEFT, replace(TARGET)))
    assert not (place.path / FOLDER).exists()


def test_two_who_ask_the_same_at_once_work_it_out_once(place, monkeypatch):
    begun, go_on, asked = threading.Event(), threading.Event(), []

    def slow(*question, **given):
        asked.append(question)
        begun.set()
        assert go_on.wait(20)
        return prepare(*question, **given)

    monkeypatch.setattr(kept_rates, "prepare", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(prospects_kept, place, LEFT, TARGET)
        assert begun.wait(20)
        told = []

        def tell(share):
            told.append(share)
            go_on.set()

        second = pool.submit(prospects_kept, place, LEFT, TARGET, progress=tell)
        assert same(first.result(60), second.result(60))
    assert len(asked) == 1
    # Whoever waited was told so, and could have stopped.
    assert told[0] == 0
    assert not kept_rates._turns


def test_whoever_waits_may_stop_and_the_other_goes_on(place, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*question, **given):
        begun.set()
        assert go_on.wait(20)
        return prepare(*question, **given)

    class StopError(Exception):
        pass

    def stop(_share):
        raise StopError

    monkeypatch.setattr(kept_rates, "prepare", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(prospects_kept, place, LEFT, TARGET)
        assert begun.wait(20)
        with pytest.raises(StopError):
            prospects_kept(place, LEFT, TARGET, progress=stop)
        go_on.set()
        assert len(first.result(60).table)
    assert not kept_rates._turns
