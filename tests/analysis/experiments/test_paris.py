"""Paris, from the ranking to a sealed design and back to an impact where nothing was done."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimators import Layout, Regression, interval
from analysis.experiments.holdout import hold_out
from analysis.experiments.outcomes import outcomes_of, vintage_of
from analysis.experiments.placebo import PlaceboAsk, placebo_curve
from analysis.experiments.seal import drawn, seal, verify, write_seal
from analysis.tables.elections import Choice
from analysis.workflows.ranking import Scenario, answer

ELECTION, BEFORE = "2024_legi_t1", "2022_legi_t1"
LEFT = Choice("left")
RULE = Rule("gain_per_hour", territory="commune_id", unit="bureau_id")
SEEDS = 400
OUTCOMES = (f"{ELECTION}_turnout", f"{ELECTION}_left_registered")


@pytest.fixture(scope="module")
def targets(paris):
    """Rank the bureaux of Paris on the eve of June 2024; keep those that can be walked."""
    table = answer(paris, Scenario("left", ELECTION))[0].table
    return table[table["reachable"] & table["vintage"].notna()]


@pytest.fixture(scope="module")
def design(targets):
    """Declare the trial."""
    return declare(targets, RULE)


@pytest.fixture(scope="module")
def outcomes(paris, design):
    """Read 2024, drawn in other contours, on the bureaux of the design."""
    ids = design.units["unit_id"].tolist()
    contours = vintage_of(paris.read("context"), ids)
    assert contours == 2017
    return outcomes_of(paris, [ELECTION, BEFORE], ids, vintage=contours, choices={"left": LEFT})


def test_a_sealed_design_of_896_bureaux(design, tmp_path):
    assert len(design.units) == 896
    assert int((design.lottery.treated == 4).sum()) == 179
    path = tmp_path / "paris.seal.json"
    write_seal(seal(design, 2024, {}, {"outcomes": OUTCOMES}), path)
    found = verify(path)
    assert found.assignment["arm"].value_counts().to_dict()["control"] in (179, 180)
    assert found.promise["outcomes"] == OUTCOMES


def test_what_the_design_would_have_seen_from_2014_to_2022(paris, targets, design):
    ask = PlaceboAsk(datetime(2024, 6, 1), sizes=(300, 896), draws=1000)
    found = placebo_curve(targets, paris, LEFT, rule=RULE, ask=ask, rng=np.random.default_rng(0))
    assert set(found.curve["election_id"]) == {
        *("2017_pres_t1", "2017_legi_t1", "2019_euro_t1", "2022_pres_t1", "2022_legi_t1")
    }
    median = found.median()
    small, large = (median[median["units"] == size] for size in (300, 896))
    # More bureaux see smaller effects; nobody sees a tenth of a point in one city.
    assert large["detectable_assignment"].iloc[0] < small["detectable_assignment"].iloc[0]
    assert 0.003 < large["detectable_assignment"].iloc[0] < 0.02
    ratio = found.curve["detectable_assignment"] / found.curve["detectable_formula"]
    # The formula takes bureaux to be alike; where a few of three hundred lie far off, draws see
    # more, never less.
    assert ratio.mean() == pytest.approx(1, abs=0.05)
    assert ratio.median() == pytest.approx(1, abs=0.05)
    assert ratio[found.curve["units"] == 896].between(0.9, 1.1).all()
    assert ratio[found.curve["units"] == 300].between(0.75, 1.1).all()
    worth = targets.set_index("bureau_id").eval("gain_per_hour * hours")
    votes = worth.loc[design.units["unit_id"]].to_numpy()
    cost = hold_out(design, votes, float(large["detectable_assignment"].iloc[0]))
    assert cost.votes_forgone == pytest.approx(0.2 * votes.sum())


def test_redrawn_bureaux_are_told_by_arm(outcomes, design):
    arms = drawn(design, 2024).set_index("unit_id")["arm"]
    lost = outcomes.lost(arms)
    now = lost[lost["election_id"] == ELECTION]
    assert now["units"].sum() == 896
    assert now["redrawn"].sum() > 0
    assert (now["mixed_share"] < 0.1).all()
    assert lost.loc[lost["election_id"] == BEFORE, "redrawn"].sum() == 0


def test_where_nothing_was_done_95_of_100_draws_find_no_effect(outcomes, design):
    table = outcomes.table
    whole = table[list(OUTCOMES)].notna().all(axis=1).to_numpy()
    block = np.unique(design.lottery.block[whole], return_inverse=True)[1]
    kept = np.bincount(block)[block] > 1
    layout = Layout.of(int(kept.sum()), block=np.unique(block[kept], return_inverse=True)[1])
    values = [table.loc[whole, name].to_numpy()[kept] for name in OUTCOMES]
    held = np.zeros(len(OUTCOMES))
    for seed in range(SEEDS):
        arm = drawn(design, seed)["assigned"].to_numpy(float)[whole][kept]
        regression = Regression(layout, arm[:, None])
        for k, value in enumerate(values):
            error = np.linalg.norm(regression.scores(value, "HC1"))
            ends = interval(regression.coefficients(value)[0], error, regression.residual_df)
            held[k] += ends[0] <= 0 <= ends[1]
    # Three Monte Carlo errors of 95% over so many draws.
    room = 3 * np.sqrt(0.95 * 0.05 / SEEDS)
    assert (np.abs(held / SEEDS - 0.95) <= room).all(), held / SEEDS


def test_the_estimate_is_the_one_counted(outcomes, design):
    arms = drawn(design, 3)
    table = arms.merge(outcomes.table, on="unit_id")
    spec = Spec(
        OUTCOMES, block="block", covariates=(f"{BEFORE}_left_registered",), measured_before=True
    )
    impact = estimate_impact(
        table, spec, lottery=design.lottery, rng=np.random.default_rng(1), draws=500
    )
    for outcome in OUTCOMES:
        plain = impact.pick(outcome)
        adjusted = impact.pick(outcome, estimator="ancova")
        assert plain.interval[0] <= 0 <= plain.interval[1]
        assert "aucun effet détecté" in plain.sentence("fr")
        assert abs(plain.p_value - plain.p_randomisation) < 0.1
    # The vote two years before explains most of what bureaux differ in.
    assert adjusted.std_error < 0.6 * plain.std_error
