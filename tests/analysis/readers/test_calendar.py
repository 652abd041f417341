"""Tests of `analysis.readers.calendar`."""

from __future__ import annotations

from datetime import datetime

import pytest

from analysis.errors import DataError
from analysis.readers.calendar import _DAYS, _USUAL, KINDS, election_of, is_dated


@pytest.mark.parametrize(
    ("election_id", "day"),
    [
        ("2022_pres_t1", "2022-04-10"),
        ("2022_pres_t2", "2022-04-24"),
        ("2024_legi_t2", "2024-07-07"),
        ("2014_euro_t1", "2014-05-25"),
        # The second round of 2020 came three months late.
        ("2020_muni_t2", "2020-06-28"),
    ],
)
def test_known_elections_have_their_day(election_id, day):
    election = election_of(election_id)
    assert election.date == datetime.fromisoformat(day)
    assert (election.kind, election.round) == (election_id[5:9], int(election_id[-1]))
    assert is_dated(election_id)


def test_a_coming_election_has_the_usual_day_of_its_kind():
    assert election_of("2027_pres_t1").date == datetime(2027, 4, 10)
    assert not is_dated("2027_pres_t1")


def test_every_vote_was_held_on_a_sunday():
    days = [f"{name[:4]}-{day}" for name, days in _DAYS.items() for day in days]
    assert len(days) > 40
    assert {datetime.fromisoformat(day).isoweekday() for day in days} == {7}


@pytest.mark.parametrize("name", _DAYS)
def test_second_rounds_follow_first_rounds(name):
    assert list(_DAYS[name]) == sorted(_DAYS[name])
    assert len(_DAYS[name]) <= len(_USUAL[name[5:]])


def test_every_kind_has_a_usual_day():
    assert set(_USUAL) == set(KINDS)


@pytest.mark.parametrize(
    "text", ["2022", "2022_pres", "22_pres_t1", "2022_kant_t1", "2022_pres_t3"]
)
def test_what_names_no_election_is_refused(text):
    with pytest.raises(DataError, match="does not name an election") as caught:
        election_of(text)
    assert "2027_pres_t1" in caught.value.mend


def test_a_european_election_has_no_second_round():
    with pytest.raises(DataError, match="no second round") as caught:
        election_of("2019_euro_t2")
    assert "2019_euro_t1" in caught.value.mend
