"""Tests of `analysis.electorate.far_rounds`: a place made here, and errors planted in Paris."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from analysis.electorate.abstention.forecast import forecast_abstention
from analysis.electorate.abstention.series import Series
from analysis.electorate.far_rounds import (
    NEIGHBOURS,
    SMALL,
    find_far_rounds,
    without_far_rounds,
)
from analysis.electorate.round_to_round import counts_of
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.targeting.params import Params
from analysis.targeting.prospects import electorate_table, prepare
from analysis.targeting.value import value_bureaux
from tests.made import history

ELECTIONS = (
    *("2012_pres_t1", "2012_pres_t2", "2014_euro_t1", "2017_pres_t1"),
    *("2017_legi_t1", "2019_euro_t1", "2022_pres_t1", "2022_legi_t1"),
)
TURNOUT = np.array([0.8, 0.8, 0.45, 0.78, 0.52, 0.5, 0.75, 0.5])
TABLES = ("registered", "ballots", "valid", "votes", "blocs")
LEFT, RIGHT = BLOCS.index("left"), BLOCS.index("right")
MIDDLE = ELECTIONS.index("2017_pres_t1")


def a_place(seed=0, bureaux=120):
    """Let 120 bureaux of different people vote eight times for four blocs, and count by chance."""
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(bureaux, 2))
    levels = rng.normal(scale=0.3, size=(8, 4)) + [0.2, 0.1, 0.0, -0.2]
    lean = np.array([[0.5, 0.1], [-0.1, -0.4], [-0.5, 0.1], [0.1, 0.4]])
    taste = levels + (people @ lean.T)[:, None]
    taste = taste + rng.normal(scale=0.03, size=taste.shape)
    shares = np.exp(taste) / np.exp(taste).sum(axis=2, keepdims=True)
    registered = np.repeat(rng.integers(800, 1400, bureaux)[:, None], 8, axis=1)
    comes = TURNOUT + 0.04 * people[:, :1] + rng.normal(scale=0.01, size=(bureaux, 8))
    ballots = rng.binomial(registered, comes)
    blocs = np.zeros((bureaux, 8, len(BLOCS)))
    blocs[:, :, 1:5] = rng.multinomial(ballots, shares)
    votes = blocs[:, :, LEFT]
    return history(registered, ballots, votes, elections=ELECTIONS, blocs=blocs)


def changed(past, **tables):
    """Return a past with other tables; what is not told is copied, not shared."""
    copies = {name: getattr(past, name).copy() for name in TABLES}
    found = replace(past, **(copies | tables))
    return replace(found, votes=found.blocs[:, :, LEFT].copy()) if "votes" not in tables else found


def exchanged(past, rows, election, one=LEFT, other=RIGHT):
    blocs = past.blocs.copy()
    pair = blocs[rows, election][:, [other, one]]
    blocs[np.array(rows)[:, None], election, [one, other]] = pair
    return changed(past, blocs=blocs)


def shares(past):
    return past.blocs / past.valid[:, :, None]


def far_apart(past, election, count=6, least=0.15):
    """Return bureaux where the left and the right differ by so much of the votes."""
    gap = np.abs(shares(past)[:, election, LEFT] - shares(past)[:, election, RIGHT])
    return np.flatnonzero(gap > least)[:: max((gap > least).sum() // count, 1)][:count]


def test_a_judgement_is_kept_for_the_same_counts_alone():
    past = a_place()
    far = find_far_rounds(counts_of(past)[0], past)
    assert find_far_rounds(counts_of(changed(past))[0], past) is far
    for name in ("registered", "ballots", "valid", "blocs"):
        other = changed(past, **{name: getattr(past, name) + (getattr(past, name) > 40)})
        assert find_far_rounds(counts_of(other)[0], other) is not far
    days = [replace(e, date=e.date + timedelta(days=n)) for n, e in enumerate(past.elections)]
    other = replace(past, elections=tuple(days))
    assert find_far_rounds(counts_of(other)[0], other) is not far
    with pytest.raises(ValueError, match="read-only"):
        far.votes[0] = True


@pytest.mark.parametrize("seed", range(3))
def test_sound_counts_are_left_alone(seed):
    past = a_place(seed)
    sound, far = without_far_rounds(past)
    assert far.any.mean() < 0.01
    untouched = ~far.any
    for name in TABLES:
        np.testing.assert_array_equal(
            getattr(sound, name)[untouched], getattr(past, name)[untouched]
        )


@pytest.mark.parametrize("election", [0, MIDDLE, 6, 7])
def test_exchanged_votes_are_found_and_mended(election):
    past = a_place()
    # The first round has one side alone, the one after it: only more can be told from it.
    rows = far_apart(past, election, least=0.2 if election == 0 else 0.15)
    sound, far = without_far_rounds(exchanged(past, rows, election))
    assert far.votes[rows, election].all()
    assert far.any.sum() <= len(rows) + 4
    # A share of some 600 votes is off by 2 points of itself.
    off = np.abs(shares(sound) - shares(past))[rows, election]
    assert off.max() < 0.08
    assert np.sqrt((off[:, 1:5] ** 2).mean()) < 0.035
    # Nobody is lost: only who they voted for is drawn to what was to be expected.
    np.testing.assert_allclose(sound.blocs[rows, election].sum(axis=1), past.valid[rows, election])
    np.testing.assert_array_equal(sound.ballots, past.ballots)
    np.testing.assert_array_equal(sound.votes, sound.blocs[:, :, LEFT])


def test_lists_that_were_not_exchanged_stay_as_they_were_counted():
    """Two columns in each other's place say nothing against the centre and the far right."""
    past = a_place()
    rows = far_apart(past, MIDDLE)
    sound, _ = without_far_rounds(exchanged(past, rows, MIDDLE))
    off = np.abs(shares(sound) - shares(past))[rows, MIDDLE]
    others = [BLOCS.index(name) for name in ("centre", "far_right")]
    assert off[:, [LEFT, RIGHT]].mean() > 0.01
    # They give or take in proportion what the guess of the other two together is off.
    assert off[:, others].mean() < 0.004


def test_an_error_in_a_quarter_that_moved_is_drawn_to_the_quarter():
    """Half of the right went to the left in all of a quarter, where one bureau is mistyped."""
    past = a_place(bureaux=400)
    quarter = np.arange(40, 40 + 2 * NEIGHBOURS + 6)
    inner = quarter[NEIGHBOURS:-NEIGHBOURS]
    blocs = past.blocs.copy()
    went = np.floor(0.5 * blocs[quarter, MIDDLE, RIGHT])
    blocs[quarter, MIDDLE, RIGHT] -= went
    blocs[quarter, MIDDLE, LEFT] += went
    moved = changed(past, blocs=blocs)
    gap = np.abs(shares(moved)[inner, MIDDLE, LEFT] - shares(moved)[inner, MIDDLE, RIGHT])
    wrong = inner[gap.argmax()]
    sound, far = without_far_rounds(exchanged(moved, [wrong], MIDDLE))
    assert far.votes[wrong, MIDDLE]
    step = went[wrong - quarter[0]] / past.valid[wrong, MIDDLE]
    assert step > 0.08
    off = (shares(sound) - shares(moved))[wrong, MIDDLE, LEFT]
    assert abs(off) < 0.5 * step


def test_a_shifted_column_is_found_and_mended():
    past, rows = a_place(), [5, 50, 100]
    blocs = past.blocs.copy()
    blocs[rows, MIDDLE, 1:5] = np.roll(blocs[rows, MIDDLE, 1:5], 1, axis=1)
    moved = np.abs(blocs - past.blocs)[rows, MIDDLE].max(axis=1) / past.valid[rows, MIDDLE]
    assert (moved > 0.1).all()
    sound, far = without_far_rounds(changed(past, blocs=blocs))
    assert far.votes[rows, MIDDLE].all()
    assert np.abs(shares(sound) - shares(past))[rows, MIDDLE].max() < 0.08


@pytest.mark.parametrize("election", [0, MIDDLE, 7])
def test_ten_times_the_roll_is_found_and_mended(election):
    past, rows = a_place(), [3, 60, 119]
    registered = past.registered.copy()
    registered[rows, election] *= 10
    wrong = changed(past, registered=registered)
    if election == len(ELECTIONS) - 1:
        units = past.units.assign(registered=registered[:, -1].astype("int64"))
        wrong = replace(wrong, units=units)
    sound, far = without_far_rounds(wrong)
    assert far.roll[rows, election].all()
    np.testing.assert_allclose(sound.registered, past.registered, rtol=1e-9)
    assert sound.units["registered"].tolist() == past.units["registered"].tolist()
    # The ballots fit the roll that is expected: they stay.
    np.testing.assert_array_equal(sound.ballots, past.ballots)


def test_ballots_that_do_not_fit_any_other_round_are_mended():
    past, rows = a_place(), [10, 70]
    ballots, valid, blocs = past.ballots.copy(), past.valid.copy(), past.blocs.copy()
    for table in (ballots, valid, blocs):
        table[rows, MIDDLE] = np.floor(table[rows, MIDDLE] / 4)
    sound, far = without_far_rounds(changed(past, ballots=ballots, valid=valid, blocs=blocs))
    assert far.turnout[rows, MIDDLE].all()
    off = (sound.ballots - past.ballots)[rows, MIDDLE] / past.registered[rows, MIDDLE]
    assert np.abs(off).max() < 0.06


def test_a_bureau_redrawn_for_good_stays_as_it_is():
    """From 2017 on it holds the people of another: at odds with one side only."""
    past = a_place()
    rows, donors = far_apart(past, MIDDLE), []
    for row in rows:
        gap = np.abs(shares(past)[:, MIDDLE] - shares(past)[row, MIDDLE]).max(axis=1)
        donors.append(int(np.argsort(gap)[-10]))
    tables = {
        name: getattr(past, name).copy() for name in ("registered", "ballots", "valid", "blocs")
    }
    for table in tables.values():
        table[rows, MIDDLE:] = table[donors, MIDDLE:]
    redrawn = changed(past, **tables)
    sound, far = without_far_rounds(redrawn)
    assert far.any[rows].mean() < 0.05
    now = shares(sound)[rows, MIDDLE:] - shares(redrawn)[rows, MIDDLE:]
    assert np.abs(now).mean() < 0.005


def test_a_latest_round_whose_roll_moved_is_redrawn_and_not_an_error():
    past, rows = a_place(), [20, 90]
    rows = far_apart(past, 7, count=2)
    wrong = exchanged(past, rows, 7)
    assert without_far_rounds(wrong)[1].votes[rows, 7].all()
    for table in (wrong.registered, wrong.ballots, wrong.valid, wrong.blocs, wrong.votes):
        table[rows, 7] *= 1.3
    assert not without_far_rounds(wrong)[1].any[rows, 7].any()


@pytest.mark.parametrize("election", [3, 7])
def test_a_bureau_that_was_split_is_no_wrong_digit_on_its_roll(election):
    past, rows = a_place(), [20, 90]
    for table in (past.registered, past.ballots, past.valid, past.blocs, past.votes):
        table[rows, election:] = np.round(table[rows, election:] / 8)
    past.units.loc[rows, "registered"] = past.registered[rows, -1].astype("int64")
    sound, far = without_far_rounds(past)
    assert not far.roll.any()
    assert sound.units["registered"].tolist() == past.units["registered"].tolist()
    # A digit lost on the roll alone is one: more ballots than registered, or nearly.
    past = a_place()
    past.registered[rows, election] = np.round(past.registered[rows, election] / 8)
    assert without_far_rounds(past)[1].roll[rows, election].all()


def test_a_quarter_that_moves_together_stays():
    """What moved all neighbours by number is a candidate of theirs, no error."""
    past = a_place(bureaux=400)
    quarter = np.arange(40, 40 + 2 * NEIGHBOURS + 6)
    inner = quarter[NEIGHBOURS:-NEIGHBOURS]
    blocs = past.blocs.copy()
    moved = np.floor(0.6 * blocs[quarter, MIDDLE, RIGHT])
    blocs[quarter, MIDDLE, RIGHT] -= moved
    blocs[quarter, MIDDLE, LEFT] += moved
    together = without_far_rounds(changed(past, blocs=blocs))[1]
    assert not together.votes[inner, MIDDLE].any()
    alone = past.blocs.copy()
    alone[inner[:1], MIDDLE] = blocs[inner[:1], MIDDLE]
    assert moved[NEIGHBOURS] / past.valid[inner[0], MIDDLE] > 0.1
    assert without_far_rounds(changed(past, blocs=alone))[1].votes[inner[0], MIDDLE]


def test_small_bureaux_and_short_pasts_are_not_judged():
    past = a_place()
    rows = far_apart(past, MIDDLE, count=2)
    wrong = exchanged(past, rows, MIDDLE)
    for table in (wrong.registered, wrong.ballots, wrong.valid, wrong.blocs, wrong.votes):
        table[rows[0]] *= (SMALL - 10) / past.valid[rows[0], MIDDLE]
        table[rows[1], [n for n in range(8) if n not in (MIDDLE, 6)]] = np.nan
    assert not without_far_rounds(wrong)[1].votes[rows].any()


def test_candidates_who_are_no_bloc_are_mended_with_the_blocs():
    """A third of the left's votes go to the candidates chosen; all are typed as the right's."""
    past = a_place()
    rows = far_apart(past, MIDDLE)
    chosen = np.floor(past.blocs[:, :, LEFT] / 3)
    right = changed(past, votes=chosen)
    wrong = exchanged(past, rows, MIDDLE)
    typed = chosen.copy()
    typed[rows, MIDDLE] = np.floor(wrong.blocs[rows, MIDDLE, LEFT] / 3)
    sound, far = without_far_rounds(changed(wrong, votes=typed))
    assert far.votes[rows, MIDDLE].all()
    off = (sound.votes - right.votes)[rows, MIDDLE] / past.valid[rows, MIDDLE]
    assert np.abs(off).max() < 0.05
    np.testing.assert_array_equal(np.isnan(sound.votes), np.isnan(typed))


def test_a_round_where_a_bureau_did_not_vote_stays_unknown():
    past = a_place()
    for table in (past.registered, past.ballots, past.valid, past.blocs, past.votes):
        table[7, 2], table[8, :3] = np.nan, np.nan
    sound, far = without_far_rounds(past)
    assert not far.any[7, 2]
    for name in TABLES:
        unknown = np.isnan(getattr(past, name))
        np.testing.assert_array_equal(np.isnan(getattr(sound, name)), unknown)


def test_the_input_stays_and_what_is_mended_once_is_sound():
    past = a_place()
    rows = far_apart(past, MIDDLE)
    wrong = exchanged(past, rows, MIDDLE)
    before = {name: getattr(wrong, name).copy() for name in TABLES}
    sound, far = without_far_rounds(wrong)
    for name in TABLES:
        np.testing.assert_array_equal(getattr(wrong, name), before[name])
    assert far.votes[rows, MIDDLE].all()
    assert not without_far_rounds(sound)[1].votes[rows, MIDDLE].any()


def test_who_is_chosen_does_not_matter():
    """The bloc chosen has no say in what is far out."""
    past = exchanged(a_place(), far_apart(a_place(), MIDDLE), MIDDLE)
    right = replace(past, votes=past.blocs[:, :, RIGHT].copy())
    one, other = (without_far_rounds(p) for p in (past, right))
    np.testing.assert_array_equal(one[1].any, other[1].any)
    np.testing.assert_allclose(one[0].blocs, other[0].blocs)


def test_the_two_ends_of_the_numbers_are_alike():
    """Bureaux in the opposite order: the same neighbours, so the same rounds."""
    past = exchanged(a_place(), far_apart(a_place(), MIDDLE), MIDDLE)
    turned = changed(past, **{name: getattr(past, name)[::-1].copy() for name in TABLES})
    np.testing.assert_array_equal(
        without_far_rounds(turned)[1].any[::-1], without_far_rounds(past)[1].any
    )


# Real counts: forty typing errors at a time, planted in Paris.

TARGET = election_of("2027_pres_t1")
PLANTED, FIRST, SEEDS = 40, 20, (0, 1, 2)


def test_a_count_that_was_annulled_is_drawn_to_the_other_rounds():
    past, rows = a_place(), [7, 40, 93]
    ballots = past.ballots.astype(float)
    valid, blocs = past.valid.astype(float).copy(), past.blocs.copy()
    valid[rows, MIDDLE], blocs[rows, MIDDLE] = np.nan, np.nan
    wrong = changed(past, valid=valid, blocs=blocs)
    assert wrong.annulled.sum() == len(rows)
    sound, far = without_far_rounds(wrong)
    assert far.votes[rows, MIDDLE].all()
    assert sound.ballots[rows, MIDDLE].tolist() == ballots[rows, MIDDLE].tolist()
    share = sound.votes[rows, MIDDLE] / sound.valid[rows, MIDDLE]
    truth = past.votes[rows, MIDDLE] / past.valid[rows, MIDDLE]
    assert np.abs(share - truth).max() < 0.06
    others = np.setdiff1d(np.arange(len(valid)), rows)
    assert np.array_equal(sound.votes[others], without_far_rounds(past)[0].votes[others])


class Town:
    """Paris prepared once for the left in 2027, to be ranked with other counts."""

    def __init__(self, place):
        self.prospects = prepare(place, Choice("left"), TARGET)
        self.past = self.prospects.history
        self.names = [election.election_id for election in self.past.elections]
        votes, candidates = place.read("votes"), place.read("candidates")
        here = votes[votes["election_id"] == "2022_pres_t1"]
        ids = self.past.units["bureau_id"].astype(str)
        wide = here.assign(bureau_id=here["bureau_id"].astype(str)).pivot(
            index="bureau_id", columns="candidate_id", values="votes"
        )
        self.candidates = wide.reindex(ids).to_numpy(dtype=float)
        bloc = candidates[candidates["election_id"] == "2022_pres_t1"]
        bloc = bloc.set_index("candidate_id")["bloc"].reindex(wide.columns)
        self.blocs = np.array([BLOCS.index(one) for one in bloc])
        self.election = self.names.index("2022_pres_t1")
        sound, _ = without_far_rounds(self.past)
        self.forecast = forecast_abstention(Series.of_history(sound), TARGET)
        self.ranks = self.rank(self.past)[0]

    def rank(self, past, *, forecast_again=False):
        """Return every bureau's rank by the default, and which counts were left out."""
        sound, far = without_far_rounds(past)
        table, forecast = self.prospects.table, self.forecast
        if forecast_again:
            forecast = forecast_abstention(Series.of_history(sound), TARGET)
        rates = electorate_table(sound, TARGET, forecast, rival=self.prospects.rival)
        value = value_bureaux(table.assign(**{n: rates[n] for n in rates}), Params())
        order = np.lexsort((np.arange(len(table)), -value.gain_per_hour))
        ranks = np.empty(len(table), dtype=int)
        ranks[order] = np.arange(1, len(table) + 1)
        return ranks, far

    def planted(self, kind, seed):
        """Return a past with forty errors in 2022_pres_t1, and where they are."""
        rng = np.random.default_rng(seed)
        voted = np.isfinite(self.candidates).all(axis=1)
        rows = rng.choice(np.flatnonzero(voted), PLANTED, replace=False)
        if kind == "roll":
            registered = self.past.registered.copy()
            registered[rows, self.election] *= 10
            return changed(self.past, registered=registered), rows
        typed = self.candidates[rows].copy()
        for row in typed:
            if kind == "shifted":
                row[:] = np.roll(row, 1)
            else:
                most = np.argmax(row)
                few = rng.choice(np.flatnonzero(row < 0.3 * row.max()))
                row[[most, few]] = row[[few, most]]
        blocs = self.past.blocs.copy()
        for bloc in set(self.blocs):
            blocs[rows, self.election, bloc] = typed[:, self.blocs == bloc].sum(axis=1)
        return changed(self.past, blocs=blocs), rows


@pytest.fixture(scope="module")
def town(paris):
    return Town(paris)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["exchanged", "shifted", "roll"])
@pytest.mark.parametrize("seed", SEEDS)
def test_forty_typing_errors_move_nobody_to_the_front_of_paris(town, kind, seed):
    past, rows = town.planted(kind, seed)
    ranks, far = town.rank(past, forecast_again=kind == "roll")
    moved = np.abs(ranks - town.ranks)[rows]
    assert np.median(moved) <= 0.02 * len(ranks)
    # Next to the edge two may change places: the 21st is not far from the 20th.
    assert not ((ranks[rows] <= FIRST) & (town.ranks[rows] > FIRST + 2)).any()
    assert far.any[rows, town.election].mean() > 0.75


@pytest.mark.slow
def test_planted_errors_would_lead_if_they_were_left_in(town):
    """The errors are large enough to matter: what is mended is far from what was typed."""
    past, rows = town.planted("exchanged", SEEDS[0])
    sound, _ = without_far_rounds(past)
    typed = np.abs(past.blocs - town.past.blocs)[rows, town.election]
    mended = np.abs(sound.blocs - town.past.blocs)[rows, town.election]
    assert mended.sum() < 0.35 * typed.sum()


@pytest.mark.slow
def test_redrawn_bureaux_of_paris_still_move(town):
    """From 2022 on forty bureaux are others: their rank goes most of the way to the donors'."""
    rng = np.random.default_rng(1)
    rows, donors = rng.choice(len(town.ranks), (2, PLANTED), replace=False)
    tables = {name: getattr(town.past, name).copy() for name in TABLES}
    for table in tables.values():
        table[rows, town.election :] = table[donors, town.election :]
    ranks, _ = town.rank(changed(town.past, **tables))
    way = (ranks - town.ranks)[rows] @ (town.ranks[donors] - town.ranks[rows])
    assert way / ((town.ranks[donors] - town.ranks[rows]) ** 2).sum() > 0.5


def test_the_first_hundred_of_paris_are_ours_and_stay_home_more(town):
    table = town.prospects.table
    weights, first = table["registered"], town.ranks <= 100
    for name, least in (("support", 0.1), ("abstention", 0.0)):
        city = np.average(table[name], weights=weights)
        ours = np.average(table[name][first], weights=weights[first])
        assert ours > city + least


def test_false_alarms_in_paris_are_few(town):
    far = without_far_rounds(town.past)[1]
    assert far.any.mean() < 0.005


def test_annulled_bureaux_of_paris_have_no_vote_that_moved(town):
    """Every ballot of these is called null in the file, as the Conseil constitutionnel had it."""
    ids = town.past.units["bureau_id"].astype(str).tolist()
    for bureau, election in (("75056_1215", "2022_pres_t1"), ("75056_1662", "2022_pres_t2")):
        row, number = ids.index(bureau), town.names.index(election)
        assert town.past.annulled[row, number]
        assert np.isnan(town.past.valid[row, number])
        sound, _ = without_far_rounds(town.past)
        assert 0.9 < sound.valid[row, number] / town.past.ballots[row, number] < 1
    table = town.prospects.table.set_index("bureau_id")
    # With nothing counted it had moved by .114; its neighbours of the 12th by .06 to .08.
    assert table.loc["75056_1215", "movement"] < 0.09
    assert table.loc["75056_1215", "marginal"] > 0.2
