"""Tests of `analysis.targeting.prospects`."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.far_rounds import without_far_rounds
from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace
from analysis.targeting.prospects import electorate_table, prepare
from analysis.targeting.rank import Settings, score_bureaux
from analysis.targeting.rivals import rival_of
from analysis.workflows.build import Inputs, build
from tests.made import candidates, general, write_results

LEFT, TARGET = Choice("left"), election_of("2027_pres_t1")


@pytest.fixture(scope="module")
def prospects(valmont):
    return prepare(valmont, LEFT, TARGET)


def test_every_bureau_has_every_rate_and_its_error(prospects):
    table = prospects.table
    assert table["bureau_id"].is_monotonic_increasing
    for name in ("abstention", "support", "movement", "marginal", "reserve", "volatility"):
        assert table[name].between(0, 1).all()
        assert (table[f"{name}_se"] > 0).all()
    assert (table["covered"] == 0).all()
    assert (table["commune"] == "Valmont").all()
    assert prospects.target == TARGET


def test_surroundings_are_those_of_todays_contour(valmont, prospects):
    context = valmont.read("context")
    now = context[context["vintage"] == 2024].set_index("bureau_id")
    table = prospects.table.set_index("bureau_id")
    bureau = "99900_0033"
    assert table.loc[bureau, "households"] == now.loc[bureau, "households"]
    assert table.loc[bureau, "poverty_rate"] == pytest.approx(
        now.loc[bureau, "poor_households"] / now.loc[bureau, "households"]
    )
    assert table.loc[bureau, "spacing_m"] == pytest.approx(
        np.sqrt(now.loc[bureau, "area_m2"] / now.loc[bureau, "addresses"])
    )
    assert table.loc["99900_JUS1", ["households", "spacing_m", "poverty_rate"]].isna().all()


def test_a_past_election_uses_the_contours_of_its_time(valmont):
    table = prepare(valmont, LEFT, election_of("2022_legi_t1")).table
    assert set(table["vintage"].dropna()) == {2017}
    assert len(table) == 47


def test_the_table_can_be_made_from_a_history_alone(prospects):
    sound, _ = without_far_rounds(prospects.history)
    table = electorate_table(sound, TARGET, rival=prospects.rival)
    pd.testing.assert_frame_equal(table, prospects.table[list(table)])


def test_prisoners_who_vote_by_post_have_no_doors(prospects):
    table = prospects.table.set_index("bureau_id")
    assert table.index[~table["reachable"]].tolist() == ["99900_JUS1"]


def test_the_rival_is_the_strongest_other_bloc_or_the_one_wanted(valmont, prospects):
    past = prospects.history
    names = [election.election_id for election in past.elections]
    latest = np.nansum(past.blocs[:, names.index("2022_pres_t1")], axis=0)
    votes = dict(zip(BLOCS, latest, strict=True))
    del votes["left"], votes["other"]
    assert prospects.rival == max(votes, key=votes.get)
    assert (prospects.table["rival_support"] > 0).all()
    wanted = prepare(valmont, LEFT, TARGET, rival="right").table
    assert not np.allclose(wanted["rival_marginal"], prospects.table["rival_marginal"])
    same = ["support", "movement", "marginal", "abstention"]
    pd.testing.assert_frame_equal(wanted[same], prospects.table[same])


@pytest.mark.parametrize("wanted", ["left", "greens"])
def test_nobody_is_their_own_rival(prospects, wanted):
    with pytest.raises(DataError, match="cannot be the rival") as caught:
        rival_of(prospects.history, LEFT, TARGET, wanted)
    assert "far_right" in caught.value.mend


def test_without_a_rival_none_is_counted(prospects):
    table = electorate_table(prospects.history, TARGET)
    names = ["rival_support", "rival_marginal", "rival_marginal_se"]
    assert (table[names] == 0).all(axis=None)


def test_what_belongs_to_no_bureau_of_today_is_noted(paris):
    notes = prepare(paris, LEFT, TARGET).notes
    told = [note for note in notes if note.startswith("2022_pres_t1: 3")]
    assert told == [
        "2022_pres_t1: 3 bureaux (15894 registered) are none of today's: "
        "75056_1599, 75056_1972, 75056_JUS1"
    ]


def test_a_typing_error_of_the_official_file_does_not_lead_the_ranking(paris):
    """In 2019 the votes of bureau 1120 stand beside the wrong lists, as its neighbours show."""
    found = prepare(paris, LEFT, TARGET)
    table = found.table.set_index("bureau_id")
    assert table.loc["75056_1120", "far_out"] == "2019_euro_t1"
    (note,) = [note for note in found.notes if "75056_1120" in note]
    assert note.startswith("2019_euro_t1: in ")
    for preset in ("gain_per_hour", "abstainers_first", "undecided_first", "classic_2014"):
        points, _, _ = score_bureaux(found, Settings(preset=preset))
        score = points.sum(axis=1).to_numpy()
        assert (score > score[table.index == "75056_1120"]).sum() > 20
    # The past itself is shown as it was published.
    raw = read_history(paris, LEFT, before=TARGET.date)
    np.testing.assert_array_equal(found.history.blocs, raw.blocs)


@pytest.mark.parametrize("size", [500, 1000, 4472, 20_000, 60_000])
def test_density_is_assumed_from_the_size_of_the_commune(tmp_path, size):
    counts = general(("2022_legi_t1", "31555", "1", size, size // 2, 0, 0))
    votes = candidates(("2022_legi_t1", "31555", "1", "NUP", "", size // 2))
    place = build(Inputs(*write_results(tmp_path, counts, votes)), tmp_path / "w")
    density = prepare(place, LEFT, TARGET).table["density"].iloc[0]
    expected = np.interp(np.log(size), np.log([1000, 20_000]), [0, 1])
    assert density == pytest.approx(expected)


@pytest.fixture
def visited(valmont, tmp_path):
    """Copy Valmont; return a function that writes covered.csv and prepares."""
    copy = Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))

    def write(text, **options):
        (copy.path / "covered.csv").write_text(text, encoding="utf-8-sig")
        return prepare(copy, LEFT, TARGET, **options).table.set_index("bureau_id")["covered"]

    return write


@pytest.mark.parametrize(
    "text",
    [
        "bureau_id,covered\n99900_0001,0.4\n99900_0002,1\n",
        "bureau_id;covered\n99900_0001;0,4\n99900_0002;1\n",
    ],
)
def test_visited_doors_are_read_however_a_spreadsheet_writes_them(visited, text):
    covered = visited(text)
    assert covered[["99900_0001", "99900_0002", "99900_0003"]].tolist() == [0.4, 1, 0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bureau_id,covered\n99900_9999,0.4\n", "does not have, or twice"),
        ("bureau_id,covered\n99900_0001,0.4\n99900_0001,0.5\n", "does not have, or twice"),
        ("bureau_id,covered\n99900_0001,40\n", "between 0 and 1"),
        ("bureau_id,covered\n99900_0001,half\n", "between 0 and 1"),
        ("bureau,covered\n99900_0001,0.5\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_wrong_table_of_visited_doors_is_refused(visited, text, says):
    with pytest.raises(DataError, match=says) as caught:
        visited(text)
    assert "covered.csv" in caught.value.where
    assert caught.value.mend
