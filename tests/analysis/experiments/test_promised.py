"""What a plan announced is known again under the names that results have."""

import pytest

from analysis.experiments.promised import Announced

LEFT, RIGHT = "2026_muni_t1_left_registered", "2026_muni_t1_right_registered"


@pytest.mark.parametrize(
    ("promised", "looked_at", "known"),
    [
        # A measure without its election is that of the elections looked at.
        ("left_registered", (RIGHT, LEFT), (LEFT,)),
        ("turnout", ("2026_muni_t1_turnout", "2026_muni_t2_turnout"),
         ("2026_muni_t1_turnout", "2026_muni_t2_turnout")),
        # An election that was named is that one alone.
        ("2026_muni_t2_left_registered", (LEFT,), ("2026_muni_t2_left_registered",)),
        # Far left is not left, and a column of the very name is the one that was meant.
        ("left_registered", ("2026_muni_t1_far_left_registered",), ("left_registered",)),
        ("left_registered", (LEFT, "left_registered"), ("left_registered",)),
    ],
)  # fmt: skip
def test_a_measure_announced_before_its_election_is_known_again(promised, looked_at, known):
    assert Announced.of({"outcomes": (promised,)}, outcomes=looked_at).outcomes == known


def test_what_is_announced_by_its_name_and_by_its_measure_is_one_outcome():
    promise = {"outcomes": (LEFT, "left_registered")}
    assert Announced.of(promise, outcomes=(LEFT,)).outcomes == (LEFT,)


def test_so_it_is_where_the_screen_names_columns_in_words():
    names = {LEFT: "Gauche, 2026", "2022_pres_t1_left_registered": "Gauche, 2022"}
    promise = {"outcomes": ("left_registered",), "lag": ("2022_pres_t1",)}
    announced = Announced.of(promise, names, outcomes=("Gauche, 2026",))
    assert announced.outcomes == ("Gauche, 2026",)
    assert announced.adjusts_for("Gauche, 2022")
