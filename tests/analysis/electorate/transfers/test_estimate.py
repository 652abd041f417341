"""The estimate of transfers: what must hold whatever the counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.transfers import Transfers, estimate_transfers
from analysis.electorate.transfers.estimate import estimate_joint, tell
from analysis.electorate.transfers.joint import add_up
from analysis.errors import DataError

SHARES = np.array([[0.82, 0.08, 0.10], [0.12, 0.75, 0.13], [0.30, 0.25, 0.45], [0.05, 0.1, 0.85]])


def drawn(seed=0, units=60, concentration=40.0, size=(250, 900)):
    """Draw units whose options are unlike, shares that vary around `SHARES`, and the truth."""
    rng = np.random.default_rng(seed)
    mix = rng.dirichlet([4.0, 4.0, 2.0, 5.0], units)
    before = np.stack(
        [rng.multinomial(n, p) for n, p in zip(rng.integers(*size, units), mix, strict=True)]
    )
    tables = np.stack(
        [
            [
                rng.multinomial(n, rng.dirichlet(concentration * p))
                for n, p in zip(row, SHARES, strict=True)
            ]
            for row in before
        ]
    )
    ids = [f"u{n:03d}" for n in range(units)]
    origin = pd.DataFrame(before, index=ids, columns=list("ABCD"))
    destination = pd.DataFrame(tables.sum(axis=1), index=ids, columns=["x", "y", "z"])
    return origin, destination, tables.sum(axis=0)


@pytest.fixture(scope="module")
def problem():
    return drawn()


@pytest.fixture(scope="module")
def found(problem):
    return estimate_transfers(*problem[:2])


def test_every_total_is_met_exactly(problem, found):
    origin, destination, _ = problem
    votes = found.matrix()
    assert votes.sum(axis=1).to_dict() == origin.sum().to_dict()
    assert votes.sum(axis=0).to_dict() == destination.sum().to_dict()
    assert (votes.to_numpy() >= 0).all()


def test_the_truth_is_near(problem, found):
    truth = problem[2]
    error = 50 * np.abs(found.matrix().to_numpy() - truth).sum() / truth.sum()
    assert error < 5


def test_the_table_is_long_and_its_columns_are_promised(found):
    assert list(found.table) == [
        "origin",
        "destination",
        "votes",
        "share_of_origin",
        "lower",
        "upper",
        "bound_lower",
        "bound_upper",
    ]
    assert len(found.table) == 12
    table = found.table
    for low, high in (("lower", "upper"), ("bound_lower", "bound_upper")):
        assert (table[low] <= table["share_of_origin"]).all()
        assert (table["share_of_origin"] <= table[high]).all()
    assert (table["bound_lower"] <= table["lower"] + 1e-12).all()
    assert (table["upper"] <= table["bound_upper"] + 1e-12).all()


def test_rows_in_any_order_give_the_same(problem, found):
    origin, destination, _ = problem
    mixed = origin.sample(frac=1, random_state=1), destination.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(estimate_transfers(*mixed).table, found.table)


def test_merging_identical_units_changes_nothing(problem):
    origin, destination, _ = problem
    twins = [pd.concat([t, t.head(5).add_prefix("t", axis=0)]) for t in (origin, destination)]
    merged = []
    for table in (origin, destination):
        doubled = table.copy()
        doubled.iloc[:5] *= 2
        merged.append(doubled)
    one, other = estimate_transfers(*twins), estimate_transfers(*merged)
    pd.testing.assert_frame_equal(one.table, other.table)


def test_the_way_back_is_the_table_turned(problem, found):
    origin, destination, truth = problem
    back = estimate_transfers(destination, origin).matrix().T
    # Not to the last voter: the reweighting meets the units in another order.
    assert np.abs(back - found.matrix()).to_numpy().sum() < 0.02 * truth.sum()


def test_same_seed_same_answer_and_inputs_are_left_alone(problem, found):
    origin, destination, _ = problem
    kept = origin.copy(), destination.copy()
    pd.testing.assert_frame_equal(estimate_transfers(origin, destination).table, found.table)
    other = estimate_transfers(origin, destination, seed=1)
    assert not other.table["votes"].equals(found.table["votes"])
    pd.testing.assert_frame_equal(origin, kept[0])
    pd.testing.assert_frame_equal(destination, kept[1])


def test_a_higher_level_gives_a_wider_interval_and_so_do_days_apart(problem, found):
    origin, destination, _ = problem

    def width(**asked):
        table = estimate_transfers(origin, destination, **asked).table
        return (table["upper"] - table["lower"]).mean()

    assert width(level=0.5) < width(level=0.8) < width(level=0.9) < width(level=0.95)
    assert width(apart=True) > width()


def test_an_unknown_level_names_the_known_ones(problem):
    with pytest.raises(DataError, match=r"0\.9") as error:
        estimate_transfers(*problem[:2], level=0.99)
    assert error.value.mend


def test_intervals_cover_what_was_drawn():
    # They were learned on real districts, whose voters are less regular than these: they
    # may cover more than their level here, never less. 15 problems × 12 cells.
    inside = []
    for seed in range(15):
        origin, destination, truth = drawn(seed, units=45, concentration=15.0)
        found = estimate_transfers(origin, destination)
        share = truth / truth.sum(axis=1, keepdims=True)
        low, high = found.matrix("lower").to_numpy(), found.matrix("upper").to_numpy()
        inside.append((low <= share) & (share <= high))
    assert np.mean(inside) > 0.9 - 2 * np.sqrt(0.09 / 180)


def test_other_totals_are_scaled_and_reported(problem):
    origin, destination, _ = problem
    more = origin.copy()
    more.loc["u003", "A"] += 10
    found = estimate_transfers(more, destination)
    assert found.scaled.to_dict("records") == [
        {
            "unit": "u003",
            "origin_total": int(more.loc["u003"].sum()),
            "destination_total": int(destination.loc["u003"].sum()),
        }
    ]
    assert found.matrix().sum(axis=0).to_dict() == destination.sum().to_dict()
    assert any("1 unit(s) had other totals" in note for note in found.notes)


def test_more_options_than_units_gives_the_bounds_and_says_so(problem):
    few = [table.head(3) for table in problem[:2]]
    found = estimate_transfers(*few)
    assert (found.table["lower"] == found.table["bound_lower"]).all()
    assert (found.table["upper"] == found.table["bound_upper"]).all()
    assert any("more options (4) than units (3)" in note for note in found.notes)


def test_caution_always_comes_with_it(found):
    assert found.notes[0].startswith("An estimate, never a proof.")


def test_progress_is_told_and_can_stop(problem):
    told = []
    estimate_transfers(*problem[:2], progress=told.append)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estimate_transfers(*problem[:2], progress=stop)


def test_places_add_up(problem, found):
    origin, destination, _ = problem
    halves = [
        estimate_joint(origin[part], destination[part]) for part in (slice(0, 30), slice(30, None))
    ]
    total = tell(add_up(halves))
    assert total.matrix().sum(axis=1).to_dict() == found.matrix().sum(axis=1).to_dict()
    assert total.matrix().sum(axis=0).to_dict() == found.matrix().sum(axis=0).to_dict()
    assert total.units == 60


def test_adding_up_takes_places_with_other_options(problem):
    origin, destination, _ = problem
    parts = [
        estimate_joint(origin.head(30), destination.head(30)),
        estimate_joint(origin.tail(30).rename(columns={"A": "E"}), destination.tail(30)),
    ]
    total = tell(add_up(parts))
    assert set(total.matrix().index) == set("ABCDE")
    assert len(total.table) == 15
    assert total.table["votes"].sum() == origin.to_numpy().sum()


def test_a_result_put_together_wrongly_is_refused(found):
    wrong = found.table.assign(upper=0.0)
    with pytest.raises(ValueError, match="outside"):
        Transfers(wrong, 0.9, 1, found.scaled)


def test_summary_names_the_largest_transfer(found):
    assert found.summary().startswith(found.table.nlargest(1, "votes").iloc[0]["origin"] + " → ")


def together(table, units):
    """Put units together, so that the same persons are known from fewer of them."""
    return table.groupby(np.arange(len(table)) % units).sum()


@pytest.mark.parametrize("apart", [False, True])
def test_fewer_units_of_the_same_persons_give_wider_intervals(apart):
    origin, destination, _ = drawn(seed=2, units=240)

    def width(units):
        sides = together(origin, units), together(destination, units)
        table = estimate_transfers(*sides, apart=apart).table
        return (table["upper"] - table["lower"]).mean()

    # Between elections what neighbours have in common stays, however many bureaux there are.
    widths = [width(units) for units in ((4, 240) if apart else (4, 12, 60, 240))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > (1.05 if apart else 1.3) * widths[-1]


def agree(table):
    """Tell by how much the interval of a cell contradicts those of its row or its column."""
    before = table.groupby("origin")["votes"].transform("sum")
    low, high = table["lower"] * before, table["upper"] * before
    worst = 0.0
    for side in ("origin", "destination"):
        total, least, most = (
            part.groupby(table[side]).transform("sum") for part in (table["votes"], low, high)
        )
        worst = max(
            worst, (high - (total - (least - low))).max(), (total - (most - high) - low).max()
        )
    return worst


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("apart", [False, True])
def test_the_intervals_of_a_row_and_of_a_column_agree(problem, apart, level):
    origin, destination, _ = problem
    table = estimate_transfers(origin, destination, apart=apart, level=level).table
    # The ends are in whole persons.
    assert agree(table) <= len(SHARES)


def test_two_cells_of_a_row_leave_room_for_one_another(problem):
    # What JADOT → MACRON [93.5, 99.6] beside Le Pen up to 23.2 did not.
    table = estimate_transfers(*problem[:2], apart=True).table
    for _, row in table.groupby("origin"):
        for cell in row.index:
            others = row.drop(cell)
            assert row.loc[cell, "upper"] + others["lower"].max() <= 1 + 0.002


@pytest.mark.parametrize("apart", [False, True])
def test_the_estimate_is_in_the_middle_of_what_is_drawn(problem, apart):
    found = estimate_transfers(*problem[:2], apart=apart)
    place = (found.draws < found.matrix().to_numpy()).mean(axis=0)
    assert ((place > 0.3) & (place < 0.75)).all()


def test_the_largest_is_the_largest_of_all_cells():
    origin, destination, _ = drawn()
    same = estimate_transfers(origin, destination.rename(columns={"x": "A", "y": "B", "z": "D"}))
    top = same.table.loc[same.table["votes"].idxmax()]
    assert top["origin"] == top["destination"]
    assert same.summary().startswith(f"{top['origin']} → {top['destination']}: {top['votes']:,}")
