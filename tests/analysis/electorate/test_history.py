"""Tests of `analysis.electorate.history`."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.workflows.build import build
from tests.made import candidates, general, sample_results, write_results

LEFT = Choice("left")


def before(election):
    return election_of(election).date


def same(one, other):
    """Tell whether two histories hold the same numbers."""
    names = ("registered", "ballots", "valid", "votes", "blocs")
    pd.testing.assert_frame_equal(one.units, other.units)
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.fixture(scope="module")
def history(valmont):
    return read_history(valmont, LEFT, before=before("2024_legi_t1"))


def test_units_are_the_bureaux_of_the_latest_first_round(valmont, history):
    turnout = valmont.read("turnout")
    latest = turnout[turnout["election_id"] == "2024_euro_t1"]
    assert history.units["bureau_id"].tolist() == sorted(latest["bureau_id"].astype("str"))
    registered = latest.set_index("bureau_id")["registered"]
    assert history.units["registered"].tolist() == registered[history.units["bureau_id"]].tolist()
    assert (history.units["commune_id"] == "99900").all()


def test_a_bureau_without_a_contour_has_no_vintage(history):
    missing = history.units["vintage"].isna()
    assert history.units.loc[missing, "bureau_id"].tolist() == ["99900_JUS1"]
    assert (history.units.loc[~missing, "vintage"] == 2024).all()


def test_totals_are_conserved_over_the_crosswalk(valmont, history):
    """Whole persons: what goes to today's bureaux and what does not is the official total."""
    lost = history.unmatched.groupby("election_id")["registered"].sum()
    for number, election in enumerate(history.elections):
        official = valmont.manifest["elections"][election.election_id]
        registered = np.nansum(history.registered[:, number])
        assert registered + lost.get(election.election_id, 0) == official["registered"]
    whole = [n for n, e in enumerate(history.elections) if e.election_id not in lost.index]
    assert whole
    for number in whole:
        official = valmont.manifest["elections"][history.elections[number].election_id]
        assert np.nansum(history.ballots[:, number]) == official["ballots"]
        assert np.nansum(history.valid[:, number]) == official["valid"]
        assert np.nansum(history.blocs[:, number]) == official["valid"]


def test_paris_loses_only_what_it_lists(paris):
    history = read_history(paris, LEFT, before=before("2027_pres_t1"))
    lost = history.unmatched.groupby("election_id")["registered"].sum()
    assert set(lost.index) >= {"2022_pres_t1"}
    for number, election in enumerate(history.elections):
        official = paris.manifest["elections"][election.election_id]["registered"]
        assert np.nansum(history.registered[:, number]) + lost.get(election.election_id, 0) == (
            official
        )
        assert lost.get(election.election_id, 0) < 0.015 * official
    (row,) = history.unmatched[history.unmatched["election_id"] == "2022_pres_t1"].itertuples()
    assert row.bureaux == 3
    assert "75056_JUS1" in row.examples


@pytest.mark.parametrize("target", ["2019_euro_t1", "2022_pres_t2", "2024_legi_t1"])
def test_nothing_at_or_after_the_day_is_used(valmont, target):
    history = read_history(valmont, LEFT, before=before(target))
    assert all(election.date < before(target) for election in history.elections)
    assert [e.date for e in history.elections] == sorted(e.date for e in history.elections)


def test_later_results_cannot_be_seen(valmont_inputs, valmont, tmp_path):
    """Double every later vote: what is known before the day stays the same."""
    counts, votes = sample_results()
    for frame, names in ((counts, ["inscrits", "votants", "blancs", "nuls", "exprimes"]),
                         (votes, ["voix"])):  # fmt: skip
        later = frame["id_election"] >= "2024_legi"
        for name in names:
            frame.loc[later, name] = (2 * frame.loc[later, name].astype(int)).astype(str)
    files = write_results(tmp_path, counts, votes)
    other = build(
        replace(valmont_inputs, general=files[0], candidates=files[1]), tmp_path / "workspace"
    )
    for target in ("2022_pres_t1", "2024_legi_t1"):
        one, two = (read_history(w, LEFT, before=before(target)) for w in (valmont, other))
        same(one, two)


def test_a_reference_is_a_first_round_where_all_could_vote(paris):
    """At the second round of 2024 half of Paris had no vote."""
    history = read_history(paris, LEFT, before=datetime(2026, 1, 1))
    assert len(history.units) == 902
    second = [e.election_id for e in history.elections].index("2024_legi_t2")
    assert np.isnan(history.registered[:, second]).sum() == 902 - 467


def test_votes_are_unknown_where_the_bloc_did_not_stand(valmont, history):
    stood = valmont.read("candidates")
    offered = set(stood.loc[stood["bloc"] == "left", "election_id"])
    for number, election in enumerate(history.elections):
        known = np.isfinite(history.votes[:, number])
        assert known.any() == (election.election_id in offered)
    second = [e.election_id for e in history.elections].index("2022_pres_t2")
    assert np.isnan(history.votes[:, second]).all()
    assert np.isfinite(history.blocs[:, second]).any()


def test_abstentions_are_who_did_not_come(history):
    np.testing.assert_array_equal(history.abstentions, history.registered - history.ballots)


def test_before_the_first_election_there_is_nothing(valmont):
    with pytest.raises(DataError, match="No election of this workspace precedes") as caught:
        read_history(valmont, LEFT, before=before("2017_pres_t1"))
    assert "before 2017-04-23" in caught.value.where
    assert caught.value.mend


def test_an_unknown_bloc_or_candidate_is_refused(valmont):
    for choice in (Choice("greens"), Choice("", ("NOBODY", "NONE"))):
        with pytest.raises(DataError, match="No candidate of this workspace") as caught:
            read_history(valmont, choice, before=before("2027_pres_t1"))
        assert "far_right" in caught.value.where
        assert "blocs.csv" in caught.value.mend


def two_communes(folder):
    """Build two communes; only in the first does the left stand, at one of two elections."""
    rows = [(e, c, "0001", 600, 400, 0, 0) for e in ("2017_legi_t1", "2022_legi_t1") for c in "AB"]
    counts = general(*((e, f"3155{c}", *rest) for e, c, *rest in rows), department="31")
    votes = candidates(
        ("2017_legi_t1", "3155A", "1", "DVD", "", 400),
        ("2017_legi_t1", "3155B", "1", "DVD", "", 400),
        ("2022_legi_t1", "3155A", "1", "NUP", "", 150),
        ("2022_legi_t1", "3155A", "1", "RN", "", 250),
        ("2022_legi_t1", "3155B", "1", "RN", "", 400),
        department="31",
    )
    from analysis.workflows.build import Inputs

    return build(Inputs(*write_results(folder, counts, votes)), folder / "workspace")


def test_where_nobody_of_the_choice_ever_stood_there_is_nothing_to_rank(tmp_path):
    workspace = two_communes(tmp_path)
    history = read_history(workspace, LEFT, before=before("2024_legi_t1"))
    np.testing.assert_array_equal(history.votes, [[np.nan, 150], [np.nan, np.nan]])
    with pytest.raises(DataError, match="Nobody of this choice stood in these places") as caught:
        read_history(workspace, LEFT, before=before("2024_legi_t1"), places=("3155B",))
    assert "3155B" in caught.value.where


def test_without_contours_bureaux_are_followed_by_their_code(valmont_inputs, valmont, tmp_path):
    plain = replace(
        valmont_inputs,
        contours={},
        squares=None,
        addresses=None,
        electors=None,
        streets=None,
        fictional=False,
    )
    history = read_history(build(plain, tmp_path), LEFT, before=before("2027_pres_t1"))
    assert len(history.units) == 49
    assert history.units["vintage"].isna().all()
    first = history.registered[:, 0]
    drawn = read_history(valmont, LEFT, before=before("2027_pres_t1")).registered[:, 0]
    assert np.isnan(first).sum() > np.isnan(drawn).sum()


def test_the_same_workspace_gives_the_same_history(valmont, tmp_path):
    copy = shutil.copytree(valmont.path, tmp_path / "copy")
    target = before("2027_pres_t1")
    same(
        read_history(valmont, LEFT, before=target),
        read_history(type(valmont)(copy), LEFT, before=target),
    )
