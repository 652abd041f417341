"""A ranking judged by a trial: the areas under its TOC, their errors, what a trial can tell."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from analysis.charts.toc_chart import toc_chart
from analysis.cli import main
from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import Lottery
from analysis.experiments.rank_order import Order
from analysis.experiments.rank_weighted import judge_ranking, order_detectable, units_to_tell
from analysis.experiments.unit_scores import Draw, together

SPEC = Spec(("y",), assigned="z", block="block")
Z = 1.959964


def brute_areas(score, value, weight):
    """Sum as the paper writes it: place by place, units of one value sharing their mean."""
    n = len(score)
    order = sorted(range(n), key=lambda i: -value[i])
    w, s = [], []
    for i in order:
        alike = [j for j in range(n) if value[j] == value[i]]
        w.append(sum(weight[j] for j in alike) / len(alike))
        s.append(sum(weight[j] * score[j] for j in alike) / len(alike))
    whole, mean = sum(w), sum(s) / sum(w)
    autoc = qini = 0.0
    for j in range(n):
        mass = sum(w[: j + 1])
        toc = sum(s[: j + 1]) / mass - mean
        autoc += w[j] / whole * toc
        qini += w[j] / whole * mass / whole * toc
    return autoc, qini


@pytest.fixture
def twelve():
    """Make twelve units in three blocks of four, one control each, with ties in the ranking."""
    rng = np.random.default_rng(3)
    block = np.repeat([0, 1, 2], 4)
    arms = np.array([1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0.0])
    value = np.array([5, 3, 3, 9, 2, 2, 2, 7, 1, 8, 4, 3.0])
    return pd.DataFrame({"block": block, "z": arms, "rank": value, "y": rng.normal(0.3, 0.1, 12)})


def test_the_areas_are_those_of_a_brute_force_sum_on_twelve_units(twelve):
    y, z, block = (twelve[name].to_numpy() for name in ("y", "z", "block"))
    # By hand: within blocks, the treated less the control; every block counts alike.
    effect = np.mean([y[block == b][z[block == b] == 1].mean() - y[(block == b) & (z == 0)][0]
                      for b in range(3)])  # fmt: skip
    score = []
    for i in range(12):
        rest = {j: y[j] - effect * z[j] for j in range(12) if block[j] == block[i]}
        level = sum(rest.values()) / 4
        pull = {j: (z[j] - 0.75) / (0.75 * 0.25) * (rest[j] - level) for j in rest}
        mean = sum(pull.values()) / 4
        score.append(effect + mean + 3 / 2 * (pull[i] - mean))
    autoc, qini = brute_areas(score, twelve["rank"].tolist(), [1.0] * 12)
    (found,) = judge_ranking(twelve, SPEC, "rank")
    assert found.autoc.estimate == pytest.approx(autoc, abs=1e-13)
    assert found.qini.estimate == pytest.approx(qini, abs=1e-13)
    first = sorted(range(12), key=lambda i: -twelve["rank"][i])[:3]  # 9, 8, 7: a quarter
    quarter = np.mean([score[i] for i in first]) - np.mean(score)
    assert Order(twelve["rank"].to_numpy(), np.ones(12)).toc_weights(0.25) @ score == (
        pytest.approx(quarter, abs=1e-13)
    )


def test_three_units_by_hand():
    """Scores 6, 3, 0: TOC is 3 and 1.5 and 0; their mean 1.5, and 1.5 = (1·3 + 2·1.5)/3 → /3."""
    order, score = Order(np.array([3.0, 2.0, 1.0]), np.ones(3)), np.array([6.0, 3.0, 0.0])
    assert order.autoc_weights @ score == pytest.approx(1.5)
    assert order.qini_weights @ score == pytest.approx((3 / 3 + 2 / 3 * 1.5) / 3)


@pytest.mark.parametrize("value", [[3, 1, 2, 2, 2, 9, 1.0], [1, 2, 3, 4, 5, 6, 7.0]])
def test_weights_count_as_in_the_sum(value):
    rng = np.random.default_rng(2)
    weight, score = rng.uniform(0.5, 3, 7), rng.normal(size=7)
    order = Order(np.array(value), weight)
    autoc, qini = brute_areas(score, value, weight)
    assert order.autoc_weights @ score == pytest.approx(autoc)
    assert order.qini_weights @ score == pytest.approx(qini)
    assert order.toc_weights(1.0) @ score == pytest.approx(0)


@pytest.mark.parametrize(
    ("sizes", "treated"),
    [([[1, 1, 1, 1], [1, 1, 1], [1, 1, 1, 1, 1]], [3, 1, 3]), ([[2, 1, 3], [1, 2, 2, 1]], [2, 3])],
    ids=["units", "clusters"],
)
def test_over_all_possible_draws_the_mean_score_is_the_units_own_effect(sizes, treated):
    rng = np.random.default_rng(0)
    block = np.repeat(np.arange(len(sizes)), [sum(one) for one in sizes])
    cluster = np.repeat(np.arange(sum(map(len, sizes))), np.concatenate(sizes))
    n = len(block)
    y0, own, weight = rng.normal(size=n), rng.normal(size=n), rng.uniform(1, 2, n)
    draw = Draw.of(block, cluster)
    first = np.cumsum([0, *map(len, sizes)])
    each = [
        itertools.combinations(range(a, a + len(one)), k)
        for a, one, k in zip(first, sizes, treated, strict=False)
    ]
    arms = np.array([np.isin(cluster, sum(one, ())) for one in itertools.product(*each)], float)
    # The effect taken off only steadies the scores; fixed, they are unbiased to the last digit.
    draw.__dict__["effect"] = lambda arms, _outcome: np.full(len(arms), 0.3)
    scores = draw.scores(arms, y0 + arms * own, weight)
    np.testing.assert_allclose(scores.mean(axis=0), own, atol=1e-12)


def test_in_a_block_of_two_both_have_the_blocks_difference():
    draw = Draw.of(np.array([0, 0, 1, 1]))
    scores = draw.scores(np.array([[1, 0, 0, 1.0]]), np.array([5, 3, 1, 4.0]), np.ones(4))
    np.testing.assert_allclose(scores, [[2, 2, 3, 3]])


def made(blocks=60, slope=0.0, seed=1, clusters=1, noise=0.05):
    """Make one trial: blocks of five draws, one control; the effect falls along `rank`."""
    rng = np.random.default_rng(seed)
    n = blocks * 5 * clusters
    drawn = np.arange(n) // clusters
    control = rng.integers(0, 5, blocks)[drawn // 5]
    z = (drawn % 5 != control).astype(float)
    value = rng.random(n)
    level = rng.normal(0.3, 0.08, blocks)[drawn // 5]
    together_ = rng.normal(0, noise, 5 * blocks)[drawn] * (clusters > 1)
    y = level + together_ + rng.normal(0, noise, n) + z * (0.006 + slope * (value - 0.5))
    return pd.DataFrame(
        {"id": [f"u{i:05}" for i in range(n)], "block": drawn // 5, "cluster": drawn, "z": z,
         "rank": value, "y": y, "lagged": level + rng.normal(0, 0.05, n),
         "registered": rng.uniform(300, 1200, n)}
    )  # fmt: skip


@pytest.mark.parametrize("weight", ["", "registered"])
def test_the_order_of_the_rows_does_not_matter(weight):
    table = made(slope=0.1)
    table["rank"] = table["rank"].round(1)  # with many ties
    spec = Spec(("y",), assigned="z", block="block", weight=weight, covariates=("lagged",))
    (one,) = judge_ranking(table, spec, "rank")
    (other,) = judge_ranking(table.sample(frac=1, random_state=2), spec, "rank")
    flat = pd.json_normalize([one.to_json(), other.to_json()])
    for name in ("autoc.estimate", "autoc.std_error", "qini.estimate", "qini.std_error"):
        assert flat[name][0] == pytest.approx(flat[name][1], rel=1e-9)
    pd.testing.assert_frame_equal(one.toc, other.toc)


def test_the_opposite_ranking_has_the_opposite_sign():
    table = made(blocks=300, slope=0.12)
    table["back"] = -table["rank"]
    (there,), (back,) = (judge_ranking(table, SPEC, name) for name in ("rank", "back"))
    assert back.qini.estimate == pytest.approx(-there.qini.estimate)
    assert there.autoc.interval[0] > 0 > back.autoc.interval[1]
    assert "more" in there.sentence("en")
    assert "le moins" in back.sentence("fr")


def test_it_recovers_what_was_planted():
    """A slope of .12 along uniform ranks: AUTOC .12/4, Qini .12/12, TOC(.2) = .12 · .4."""
    found = [judge_ranking(made(200, 0.12, seed), SPEC, "rank")[0] for seed in range(40)]
    for name, truth in (("autoc", 0.03), ("qini", 0.01), ("first", 0.048)):
        values = np.array([getattr(one, name).estimate for one in found])
        errors = np.array([getattr(one, name).std_error for one in found])
        assert values.mean() == pytest.approx(truth, abs=3 * values.std() / np.sqrt(40))
        assert errors.mean() == pytest.approx(values.std(), rel=0.35)


@pytest.mark.parametrize("clusters", [1, 3])
def test_under_one_effect_five_in_a_hundred_are_found_to_differ(clusters):
    """500 trials; three errors of their share are .029. The benchmark counts 8,000 of each."""
    trials, blocks = 500, 150
    table = made(blocks, clusters=clusters)
    drawn, block = table["cluster"].to_numpy(), table["block"].to_numpy()
    rng = np.random.default_rng(9)
    control = rng.integers(0, 5, (trials, blocks))
    arms = (np.arange(5 * blocks) % 5 != control[:, np.arange(5 * blocks) // 5])[:, drawn]
    noise = rng.normal(0, 0.05, (trials, len(drawn)))
    noise += rng.normal(0, 0.05, (trials, 5 * blocks))[:, drawn] * (clusters > 1)
    arms = arms.astype(float)
    scores = Draw.of(block, drawn).scores(arms, noise + 0.01 * arms, np.ones(len(drawn)))
    centred = scores - scores.mean(axis=1, keepdims=True)
    order = Order(table["rank"].to_numpy(), np.ones(len(drawn)))
    for weights in (order.autoc_weights, order.qini_weights):
        parts = np.add.reduceat(centred * weights, np.flatnonzero(np.diff(block, prepend=-1)), 1)
        far = np.abs(scores @ weights) > Z * np.sqrt((parts**2).sum(axis=1))
        assert far.mean() == pytest.approx(0.05, abs=0.029)


def test_drawing_again_says_what_the_errors_say():
    table = made(100, 0.08)
    block, z = table["block"].to_numpy(), table["z"].to_numpy()
    rng = np.random.default_rng(0)
    lottery = Lottery.of_arms(z, block)
    (found,) = judge_ranking(table, SPEC, "rank", lottery=lottery, rng=rng, draws=2000)
    for area in (found.autoc, found.qini):
        assert area.p_randomisation == pytest.approx(area.p, abs=0.03)


def test_what_was_known_before_makes_it_sharper():
    table = made(200, 0.1)
    table["lagged"] = table["y"] + np.random.default_rng(1).normal(0, 0.02, len(table))
    adjusted = Spec(("y",), assigned="z", block="block", covariates=("lagged",))
    (plain,), (sharp,) = (judge_ranking(table, one, "rank") for one in (SPEC, adjusted))
    assert sharp.autoc.std_error < 0.7 * plain.autoc.std_error


def test_units_without_a_place_still_tell_of_their_block():
    table = made(50)
    table.loc[table["z"] == 0, "rank"] = np.nan
    (found,) = judge_ranking(table, SPEC, "rank")
    assert (found.n, found.groups, found.dropped) == (200, 50, 50)


def test_groups_are_joined_where_clusters_reach_across_blocks():
    block, cluster = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 3, 4])
    assert together(block, cluster, 6).tolist() == [0, 0, 0, 0, 1, 1]
    assert together(block, None, 6).tolist() == block.tolist()
    assert together(None, cluster, 6).tolist() == cluster.tolist()
    assert together(None, None, 3).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ({}, "y", "known before the draw"),
        ({"rank": 1.0}, "rank", "the same of all units"),
        ({"block": 0}, "rank", "Too few independent groups"),
        ({}, "no such", "no such"),
    ],
)
def test_a_ranking_that_cannot_be_judged(change, by, says):
    with pytest.raises(DataError, match=says):
        judge_ranking(made(20).assign(**change), SPEC, by)


def test_a_trial_tells_its_own_order_from_another_as_the_formula_says():
    """Effects fall along the order that made the blocks, as far as is seen 80 times in 100."""
    trials, blocks, noise = 600, 200, 0.05
    n = 5 * blocks
    rng = np.random.default_rng(6)
    mean_error = noise / np.sqrt(n * 0.8 * 0.2)
    seen = (1.96 + 0.8416) * mean_error
    slope = 4 * order_detectable(seen, 5)
    own, other = Order(-np.arange(n) + 0.0, np.ones(n)), Order(rng.random(n), np.ones(n))
    control = rng.integers(0, 5, (trials, blocks))
    arms = (np.arange(n) % 5 != control[:, np.arange(n) // 5]).astype(float)
    effect = slope * (0.5 - (np.arange(n) + 0.5) / n)
    block = np.arange(n) // 5
    outcome = rng.normal(0, noise, (trials, n)) + arms * effect
    weights = own.autoc_weights - other.autoc_weights
    found = Draw.of(block).scores(arms, outcome, np.ones(n)) @ weights
    assert weights @ effect == pytest.approx(slope / 4, rel=0.1)
    far = np.abs(found) > 1.96 * found.std()
    assert far.mean() == pytest.approx(0.8, abs=0.05)


def test_the_size_of_a_trial_by_hand():
    """Blocks of five: 1 + 1/5 + 16/15 is 2.2667, its root 1.5055; half as much, four times."""
    assert order_detectable(0.02, 5) == pytest.approx(0.03011, abs=5e-6)
    assert units_to_tell(1000, 0.02, 0.01) == 4000


def test_the_areas_of_2012_by_abstention_of_the_left(areas):
    """Published nowhere: what docs/methods/trial.md says."""
    spec = Spec(("hollande_r1",), assigned="treatment", block="stratum_identifier")
    (found,) = judge_ranking(areas, spec, "bin_prop_leftabstention_an")
    assert found.autoc.estimate == pytest.approx(0.0017, abs=5e-5)
    assert found.autoc.std_error == pytest.approx(0.0043, abs=5e-5)
    assert (found.n, found.groups, found.dropped) == (2530, 539, 867)


def test_the_verb_writes_the_numbers_the_sentence_and_the_page(tmp_path, capsys):
    table, out, page = made(60, 0.3), tmp_path / "out.json", tmp_path / "page.html"
    table.to_csv(tmp_path / "units.csv", index=False)
    words = ["impact", "--units", tmp_path / "units.csv", "--assigned", "z", "--block", "block",
             "--outcome", "y", "rank", "--rank-by", "lagged", "--draws", "50", "--out", out,
             "--report", page, "--language", "en"]  # fmt: skip
    with pytest.raises(SystemExit) as end:
        main.main([str(word) for word in words])
    assert not end.value.code
    found = json.loads(out.read_text(encoding="utf-8"))["rank_weighted"]
    assert (found["by"], found["outcome"], found["n"]) == ("lagged", "y", 300)
    numbers = {"estimate", "std_error", "lower", "upper", "p", "p_randomisation"}
    assert set(found["autoc"]) == set(found["qini"]) == numbers
    assert [row["share"] for row in found["toc"]][:2] == [0.1, 0.2]
    assert found["toc"][-1]["effect"] == pytest.approx(0, abs=1e-12)
    assert [one["outcome"] for one in found["other_outcomes"]] == ["rank"]
    assert "cannot tell the order of lagged from chance" in " ".join(
        capsys.readouterr().out.split()
    )
    text = page.read_text(encoding="utf-8")
    assert "cannot tell the order of lagged from chance" in text
    assert text.count("<img") == 3


@pytest.mark.parametrize(("language", "axis"), [("fr", "premières unités"), ("en", "first units")])
def test_the_picture_has_its_words_in_both_languages(language, axis):
    (found,) = judge_ranking(made(60, 0.2), SPEC, "rank")
    (chart,) = toc_chart(found, language=language).axes
    assert axis in chart.get_xlabel()
    assert len(chart.lines[0].get_xdata()) == 10
