"""What moved between two elections."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.electorate.spatial import find_clusters, touching
from analysis.electorate.swing_by_bureau import (
    Share,
    _compare,
    butler_swing,
    measure_swing,
)
from analysis.electorate.swing_noise import estimate_noise
from analysis.errors import DataError
from analysis.tables.elections import Choice
from analysis.workflows.build import Inputs, build
from tests.made import candidates, general, grid, write_results

BEFORE, AFTER = "2017_pres_t1", "2022_pres_t1"


def place(folder, counts):
    """Build bureaux from rows of (registered, ballots, votes of A), before and after."""
    turnout, votes = [], []
    for number, rows in enumerate(counts):
        for election, (registered, ballots, mine) in zip((BEFORE, AFTER), rows, strict=True):
            code = f"{number + 1:04d}"
            turnout.append((election, "31555", code, registered, ballots, 0, 0))
            votes.append((election, "31555", code, "", "A", mine))
            votes.append((election, "31555", code, "", "B", ballots - mine))
    files = write_results(folder, general(*turnout), candidates(*votes))
    return build(Inputs(*files), folder / "workspace")


@pytest.fixture
def two(tmp_path):
    return place(
        tmp_path, [((1000, 800, 400), (1000, 600, 360)), ((500, 400, 100), (500, 400, 120))]
    )


A, B = Share(Choice(candidates=("A",)), "valid"), Share(Choice(candidates=("B",)), "valid")


def test_swing_by_hand(two):
    swing = measure_swing(two, BEFORE, AFTER, A)
    assert swing.table["before"].tolist() == [0.5, 0.25]
    assert swing.table["swing"].tolist() == pytest.approx([0.10, 0.05])
    # 500 of 1,200 before, 480 of 1,000 after.
    assert swing.swing == pytest.approx(0.48 - 500 / 1200)
    assert swing.table["residual"].tolist() == pytest.approx(
        [0.10 - swing.swing, 0.05 - swing.swing]
    )
    # Twice the variance of coins, at 400.48 of 801 (all: 5/12) and 360.48 of 601.
    variance = 2 * (
        (400 + 5 / 12) / 801 * (1 - (400 + 5 / 12) / 801) / 800
        + 360.48 / 601 * (1 - 360.48 / 601) / 600
    )
    assert swing.table["std_error"][0] == pytest.approx(np.sqrt(variance))


def test_shares_of_the_registered_and_abstention(two):
    of_registered = measure_swing(two, BEFORE, AFTER, Share(A.choice, "registered"))
    assert of_registered.table["before"].tolist() == [0.4, 0.2]
    abstention = measure_swing(two, BEFORE, AFTER, Share())
    assert abstention.table["swing"].tolist() == pytest.approx([0.2, 0.0])


def test_the_way_back_is_the_opposite(valmont):
    # 2024 has other contours than 2022: both ways pass through the crosswalk.
    left = Share(Choice("left"), "valid")
    there = measure_swing(valmont, "2022_legi_t1", "2024_legi_t1", left)
    back = measure_swing(valmont, "2024_legi_t1", "2022_legi_t1", left)
    assert len(there.table) == 49
    np.testing.assert_array_equal(there.table["swing"], -back.table["swing"])
    np.testing.assert_array_equal(there.table["residual"], -back.table["residual"])
    assert there.swing == -back.swing


def test_butler_swing_is_half_of_what_one_gained_and_the_other_lost(two):
    gained, lost = (measure_swing(two, BEFORE, AFTER, share) for share in (A, B))
    # With two candidates one gains what the other loses: 500 of 1,200 before, 480 of 1,000 after.
    assert butler_swing(gained, lost) == pytest.approx(0.48 - 500 / 1200)
    assert butler_swing(lost, gained) == pytest.approx(500 / 1200 - 0.48)


def test_intervals_leave_out_the_truth_as_often_as_they_say(tmp_path):
    # All bureaux move alike but for chance twice as large as that of coins.
    rng = np.random.default_rng(2)
    size, true = 800, (0.42, 0.47)

    def votes(share):
        # Beta-binomial with variance 2 np(1 - p).
        own = rng.beta(share * (size - 2), (1 - share) * (size - 2))
        return int(rng.binomial(size, own))

    counts = [tuple((1000, size, votes(p)) for p in true) for _ in range(600)]
    table = measure_swing(place(tmp_path, counts), BEFORE, AFTER, A).table
    # Monte Carlo error of 10% over 600 bureaux: 1.2 points; three of them.
    assert table["unlike"].mean() == pytest.approx(0.10, abs=0.037)
    inside = (table["lower"] <= 0.05) & (table["upper"] >= 0.05)
    assert inside.mean() == pytest.approx(0.90, abs=0.037)


def panel(rng, size, bureaux, stay, share):
    """Draw bureaux of persons who mostly repeat their vote; the rest draw anew, all alike."""
    first = rng.random((bureaux, size)) < share[0]
    again = rng.random((bureaux, size)) < stay
    anew = rng.random((bureaux, size)) < (share[1] - stay * share[0]) / (1 - stay)
    second = np.where(again, first, anew)
    return [
        ((size + 200, size, int(a)), (size + 200, size, int(b)))
        for a, b in zip(first.sum(axis=1), second.sum(axis=1), strict=True)
    ]


@pytest.mark.parametrize("stay", [0.0, 0.6, 0.9])
def test_a_panel_electorate_is_called_unlike_as_often_as_chance_does(tmp_path, stay):
    # All bureaux move alike, from .42 to .47, and most of their persons vote as before.
    rng = np.random.default_rng(4)
    swing = measure_swing(
        place(tmp_path, panel(rng, 700, 600, stay, (0.42, 0.47))), BEFORE, AFTER, A
    )
    assert swing.table["unlike"].mean() == pytest.approx(0.10, abs=0.037)
    assert swing.noise.source == "numbered"
    # Of who stays nothing is chance, but who they are: 1 − stay of the variance of two counts.
    assert swing.noise.factor == pytest.approx(1 - stay, abs=0.12)
    # Two independent counts, doubled, would call next to none of them unlike.
    doubled = np.sqrt(2 / swing.noise.factor) * swing.table["std_error"]
    if stay:
        assert (swing.table["residual"].abs() > 1.645 * doubled).mean() < 0.02


PARIS_PAIRS = [
    ("2017_pres_t1", "2022_pres_t1"),
    ("2022_pres_t1", "2022_legi_t1"),
    ("2017_legi_t1", "2022_legi_t1"),
    ("2019_euro_t1", "2022_pres_t1"),
    ("2022_legi_t1", "2024_legi_t1"),
]


@pytest.mark.slow
@pytest.mark.parametrize("share", [Share(Choice("left"), "valid"), Share()], ids=["left", "abst"])
@pytest.mark.parametrize("pair", PARIS_PAIRS)
def test_touching_bureaux_of_paris_differ_as_much_as_is_claimed(paris, pair, share):
    swing = measure_swing(paris, *pair, share)
    assert swing.noise.source == "touching"
    table = swing.table.set_index("bureau_id")
    bureaux = paris.read("bureaux")
    bureaux = bureaux[bureaux["bureau_id"].isin(table.index) & (bureaux["vintage"] == 2017)]
    one, other = touching(bureaux.geometry.to_numpy())
    ids = bureaux["bureau_id"].to_numpy()
    apart = (
        table["residual"].to_numpy()[table.index.get_indexer(ids[one])]
        - table["residual"].to_numpy()[table.index.get_indexer(ids[other])]
    )
    error = table["std_error"].to_numpy()
    claimed = (
        error[table.index.get_indexer(ids[one])] ** 2
        + error[table.index.get_indexer(ids[other])] ** 2
    )
    assert np.mean(apart**2 / claimed) == pytest.approx(1, abs=0.1)
    # The same, learned from the numbers alone, without a contour.
    alone = estimate_noise(
        table["residual"].to_numpy(),
        error**2 / swing.noise.factor,
        None,
        pd.Index(table.index.astype("str")),
    )
    assert alone.factor == pytest.approx(swing.noise.factor, rel=0.3)


def _counts_of(shares, size):
    den = np.array(size, dtype=float)
    num = np.round(np.array(shares) * den)
    return pd.DataFrame({"num": num, "rest": den - num, "den": den})


SHARES_OF_SIZE = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 40), st.integers(1, 40)),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(SHARES_OF_SIZE, st.sampled_from([0.5, 0.9, 0.999]))
def test_intervals_stay_within_what_is_possible(bureaux, level):
    was, now, size_before, size_after = zip(*bureaux, strict=True)
    before, after = _counts_of(was, size_before), _counts_of(now, size_after)
    swing = _compare(before, after, level, ())
    table, tiny = swing.table, 1e-12
    assert (table["lower"] >= -table["before"] - tiny).all()
    assert (table["upper"] <= 1 - table["before"] + tiny).all()
    assert (table["lower"] <= table["swing"] + tiny).all()
    assert (table["swing"] <= table["upper"] + tiny).all()
    least = -table["before"] - swing.swing
    assert (table["residual_lower"] >= np.minimum(least, 0) - tiny).all()
    assert (table["residual_upper"] <= np.maximum(1 + least, 0) + tiny).all()
    out = (table["residual_lower"] > tiny) | (table["residual_upper"] < -tiny)
    assert (table["unlike"] | ~out).all()


def test_a_bureau_without_a_counterpart_is_named(tmp_path):
    workspace = place(tmp_path, [((900, 800, 400), (900, 600, 360))] * 3)
    turnout = pd.read_csv(tmp_path / "general_results.csv", sep=";", dtype=str)
    votes = pd.read_csv(tmp_path / "candidats_results.csv", sep=";", dtype=str)
    gone = lambda t: t[~((t["id_election"] == AFTER) & (t["code_bv"] == "0003"))]  # noqa: E731
    files = write_results(tmp_path, gone(turnout), gone(votes.fillna("")))
    workspace = build(Inputs(*files), tmp_path / "workspace")
    swing = measure_swing(workspace, BEFORE, AFTER, A)
    assert [(r.count, r.examples, r.election_id) for r in swing.left_out] == [
        (1, "31555_0003", BEFORE)
    ]


@pytest.mark.parametrize("of", ["valid", "registered"])
def test_a_count_that_was_annulled_is_no_loss(tmp_path, of):
    rows = [((900, 800, 400), (900, 600, 360))] * 3
    workspace = place(tmp_path, rows)
    turnout = pd.read_csv(tmp_path / "general_results.csv", sep=";", dtype=str)
    votes = pd.read_csv(tmp_path / "candidats_results.csv", sep=";", dtype=str).fillna("")
    first = [(t["id_election"] == BEFORE) & (t["code_bv"] == "0002") for t in (turnout, votes)]
    turnout.loc[first[0], ["exprimes", "nuls"]] = ["0", "800"]
    votes.loc[first[1], "voix"] = "0"
    workspace = build(Inputs(*write_results(tmp_path, turnout, votes)), tmp_path / "workspace")
    swing = measure_swing(workspace, BEFORE, AFTER, Share(A.choice, of))
    assert swing.table["bureau_id"].tolist() == ["31555_0001", "31555_0003"]
    assert "31555_0002" in [one.examples for one in swing.left_out]
    # People came all the same.
    assert len(measure_swing(workspace, BEFORE, AFTER, Share()).table) == 3


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda w: measure_swing(w, "1995_pres_t1", AFTER, A), "1995_pres_t1 is not in this"),
        (lambda w: measure_swing(w, BEFORE, AFTER, Share(Choice("left"))), "belongs to"),
        (lambda _: Share(None, "valid"), "no share of the valid"),
        (lambda _: Share(None, "adults"), "not of “adults”"),
    ],
)
def test_a_question_that_cannot_be_answered(two, ask, what):
    with pytest.raises(DataError, match=what) as error:
        ask(two)
    assert error.value.mend


@pytest.fixture
def squares():
    """Lay a hundred bureaux out in a square of ten by ten."""
    return grid([f"31555_{n:04d}" for n in range(100)], columns=10)


@pytest.mark.slow
def test_neighbours_that_moved_together_are_found(squares):
    column = np.arange(100) % 10
    values = pd.Series(np.where(column < 5, 1.0, -1.0), index=squares["bureau_id"])
    found = find_clusters(squares, values)
    assert found.moran > 0.7
    assert found.p_value < 1e-6
    kinds = found.table.set_index("bureau_id")["kind"]
    assert set(kinds[(column <= 2)]) <= {"high_high", ""}
    assert (kinds[column <= 2] == "high_high").mean() > 0.5
    assert set(kinds[(column >= 7)]) <= {"low_low", ""}
    again = find_clusters(squares, values)
    pd.testing.assert_frame_equal(found.table, again.table)


def test_moran_by_its_formula(squares):
    # Four neighbours at the sides and four at the corners, weights of a row sum to 1.
    values = pd.Series(np.random.default_rng(4).normal(size=100), index=squares["bureau_id"])
    row, column = np.divmod(np.arange(100), 10)
    near = np.maximum(np.abs(row[:, None] - row), np.abs(column[:, None] - column)) == 1
    weights = near / near.sum(axis=1, keepdims=True)
    z = values.to_numpy() - values.mean()
    assert find_clusters(squares, values).moran == pytest.approx(z @ weights @ z / (z @ z))


def test_chance_alone_rarely_makes_a_cluster(squares):
    values = pd.Series(np.random.default_rng(6).normal(size=100), index=squares["bureau_id"])
    found = find_clusters(squares, values)
    assert found.p_value > 0.01
    assert (found.table["kind"] != "").mean() < 0.15


def test_an_island_is_named_and_left_out(squares):
    far = squares.copy()
    far.loc[0, "geometry"] = far.geometry.iloc[0].buffer(-10).envelope
    values = pd.Series(np.arange(100.0), index=far["bureau_id"])
    found = find_clusters(far, values)
    assert found.islands == (far["bureau_id"][0],)
    assert far["bureau_id"][0] not in set(found.table["bureau_id"])


def test_too_few_bureaux_or_no_difference_is_refused(squares):
    values = pd.Series(1.0, index=squares["bureau_id"])
    for asked in (values, pd.Series(range(5), index=squares["bureau_id"][:5])):
        with pytest.raises(DataError, match="at least ten"):
            find_clusters(squares, asked)


@pytest.mark.slow
def test_local_p_values_are_those_of_esda(squares):
    esda, weights = pytest.importorskip("esda"), pytest.importorskip("libpysal.weights")
    row, column = np.divmod(np.arange(100), 10)
    values = pd.Series(
        column + np.random.default_rng(8).normal(0, 3, 100), index=squares["bureau_id"]
    )
    near = np.maximum(np.abs(row[:, None] - row), np.abs(column[:, None] - column)) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queen = weights.W({n: np.flatnonzero(near[n]).tolist() for n in range(100)})
        theirs = esda.Moran_Local(values.to_numpy(), queen, permutations=4999, seed=1)
    ours = find_clusters(squares, values, permutations=4999).table
    np.testing.assert_allclose(ours["local"], theirs.Is)
    # Both draw 4 999 times: four standard errors of the difference of two such shares.
    one_sided = ours["p_value"] / 2
    error = 4 * np.sqrt(2 * theirs.p_sim * (1 - theirs.p_sim) / 4999) + 2 / 5000
    assert (np.abs(np.minimum(one_sided, 0.5) - theirs.p_sim) <= error).all()


@pytest.mark.slow
def test_values_of_which_many_are_alike_have_the_p_values_of_esda(squares):
    # Where neighbours' values tie, a draw that ties counts as chance does.
    column = np.arange(100) % 10
    values = pd.Series(np.where(column < 5, 1.0, -1.0), index=squares["bureau_id"])
    table = find_clusters(squares, values, permutations=999).table
    # All eight others alike among 49 of 99: once in 370 draws.
    inner = table[(column >= 1) & (column <= 3) & (np.arange(100) // 10 % 9 > 0)]
    assert inner["p_value"].mean() == pytest.approx(2 / 370, abs=0.005)


def _told(ask):
    """Return what a piece of work tells of how far it is."""
    told = []
    ask(told.append)
    return told


def test_work_tells_how_far_it_is_and_can_be_stopped(two, squares):
    values = pd.Series(np.arange(100.0), index=squares["bureau_id"])

    def swing(progress):
        return measure_swing(two, BEFORE, AFTER, A, progress=progress)

    def clusters(progress):
        return find_clusters(squares, values, permutations=20, progress=progress)

    class StoppedError(Exception):
        """The user asked to stop."""

    def stop(share):
        raise StoppedError

    for ask in (swing, clusters):
        told = _told(ask)
        assert len(told) > 1
        assert told == sorted(told)
        assert 0 < told[0] < told[-1] <= 1
        with pytest.raises(StoppedError):
            ask(stop)
