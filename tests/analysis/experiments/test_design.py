"""Tests of `analysis.experiments.design` and `seal`."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.balance import check_balance
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.seal import digest, drawn, fingerprint, seal, verify, write_seal
from analysis.workflows.trial_design import beside

RULE = Rule("gain", territory="town", balance=("past",), accept=0.5)


@pytest.fixture
def units():
    """Make three towns of 23, 20 and 4 units, in pairs that share a building."""
    rng = np.random.default_rng(7)
    town = np.repeat(["A", "B", "C"], [24, 20, 4])
    return pd.DataFrame(
        {
            "bureau_id": [f"{i:05d}" for i in range(48)],
            "town": town,
            "gain": rng.random(48).round(1),
            "past": rng.random(48),
            "building": np.arange(48) // 2,
            "must": (np.arange(48) == 5).astype(int),
            "never": (np.arange(48) == 30).astype(int),
        }
    )


def arms_of(design, seed=1):
    return design.assign(np.random.default_rng(seed))


def test_units_are_ranked_within_territories_and_cut_into_blocks_of_five(units):
    table = arms_of(declare(units, Rule("gain", territory="town")))
    for town, count in (("A", 24), ("B", 20), ("C", 4)):
        part = table[table["territory"] == town].sort_values("rank")
        assert part["rank"].tolist() == list(range(1, count + 1))
        assert part["value"].is_monotonic_decreasing
        assert part["block"].is_monotonic_increasing
        full = part[part["full"]]
        assert (full.groupby("block")["assigned"].agg(["size", "sum"]) == [5, 4]).all(axis=None)
        assert len(full) == count // 5 * 5
    assert (table["probability"] == 0.8).all()
    assert ((table["arm"] == "treated") == (table["assigned"] == 1)).all()


def test_the_order_of_rows_does_not_decide_who_is_drawn(units):
    for rule in (RULE, Rule("gain", cluster="building")):
        one = arms_of(declare(units, rule))
        other = arms_of(declare(units.sample(frac=1, random_state=3), rule))
        pd.testing.assert_frame_equal(one, other)


def test_its_input_is_left_alone(units):
    before = units.copy()
    declare(units, RULE)
    pd.testing.assert_frame_equal(units, before)


def test_clusters_have_one_arm_and_rank_by_their_mean(units):
    design = declare(units, Rule("gain", territory="town", cluster="building"))
    table = arms_of(design)
    assert len(table[["cluster", "arm"]].drop_duplicates()) == 24
    means = table.groupby("cluster").agg(
        value=("value", "mean"), rank=("rank", "first"), t=("territory", "first")
    )
    for _, part in means.groupby("t"):
        assert part.sort_values("rank")["value"].is_monotonic_decreasing
    assert "clusters" in design.summary()


def test_decided_units_stay_out_of_the_draw(units):
    design = declare(units, Rule("gain", must_treat="must", must_not_treat="never"))
    for seed in range(20):
        table = arms_of(design, seed).set_index("unit_id")
        assert table.loc["00005", ["arm", "block", "probability"]].tolist() == ["treated", "", 1.0]
        assert table.loc["00030", ["arm", "block", "probability"]].tolist() == ["control", "", 0.0]
    assert design.drawn.sum() == 46
    assert "1 units not drawn, treated by decision" in design.summary()
    both = declare(units, Rule("gain", cluster="building", must_treat="must"))
    assert arms_of(both).set_index("unit_id").loc["00004", "given"] == "treated"


def test_left_over_units_are_drawn_alone_or_left_out(units):
    each = declare(units, Rule("gain", territory="town"))
    out = declare(units, Rule("gain", territory="town", incomplete="leave_out"))
    assert (each.drawn.sum(), out.drawn.sum()) == (48, 40)
    assert "2 incomplete blocks, 8 units: each treated with probability 0.8" in each.summary()
    shares = each.redraw(np.random.default_rng(0), 4000).mean(axis=0)
    assert shares == pytest.approx(0.8, abs=0.03)


def test_balancing_makes_arms_alike(units):
    x = units.set_index("bureau_id")[["past"]]
    gaps = {}
    for accept in (1.0, 0.1):
        design = declare(units, Rule("gain", balance=("past",), accept=accept))
        arms = [arms_of(design, seed).set_index("unit_id")["assigned"] for seed in range(40)]
        gaps[accept] = np.std([np.corrcoef(a, x["past"].loc[a.index])[0, 1] for a in arms])
    assert gaps[0.1] < 0.4 * gaps[1.0]


# Balance


def test_balance_finds_the_difference_that_is_there(units):
    design = declare(units, Rule("gain", territory="town"))
    table = arms_of(design)
    arm = table["assigned"].to_numpy(float)
    rng = np.random.default_rng(0)
    even = pd.DataFrame({"a": rng.normal(size=48), "b": rng.normal(size=48)})
    odd = even.assign(b=even["b"] + 2 * arm)
    fair, unfair = (
        check_balance(x, arm, design.lottery, rng=np.random.default_rng(1), draws=500)
        for x in (even, odd)
    )
    assert fair.p_value > 0.05 > 0.01 > unfair.p_value
    assert unfair.table.set_index("covariate").loc["b", "standardised"] > 1
    assert unfair.table.set_index("covariate").loc["b", "p_value"] < 0.001
    assert "standardised differences above 0.1" in unfair.summary()


def test_the_omnibus_test_is_as_rare_as_it_says(units):
    design = declare(units, Rule("gain", territory="town"))
    x = pd.DataFrame(np.random.default_rng(0).normal(size=(48, 3)), columns=list("abc"))
    p = [
        check_balance(
            x,
            arms_of(design, s)["assigned"].to_numpy(float),
            design.lottery,
            rng=np.random.default_rng(s),
            draws=199,
        ).p_value
        for s in range(200)
    ]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.065)


def test_balance_with_gaps(units):
    design = declare(units, Rule("gain"))
    x = pd.DataFrame({"a": np.full(48, np.nan)})
    with pytest.raises(DataError, match="columns: a"):
        check_balance(x, np.ones(48), design.lottery, rng=np.random.default_rng(0))


# Seal


@pytest.fixture
def sealed(units, tmp_path):
    """Seal a design beside the file it was made from."""
    file = tmp_path / "units.csv"
    units.to_csv(file, index=False)
    content = seal(declare(units, RULE), 5, {"units": digest(file)})
    path = beside(tmp_path / "arms.csv")["seal"]
    write_seal(content, path)
    return path, content


@pytest.mark.parametrize(
    "rule",
    [
        RULE,
        Rule("gain"),
        Rule("gain", territory="town", cluster="building", must_treat="must"),
        Rule("gain", must_treat="must", must_not_treat="never", incomplete="leave_out"),
    ],
)
def test_a_seal_makes_its_assignment_again(units, tmp_path, rule):
    design = declare(units, rule)
    path = tmp_path / "x.seal.json"
    write_seal(seal(design, 11, {}), path)
    found = verify(path)
    wanted = drawn(design, 11)
    pd.testing.assert_frame_equal(found.assignment, wanted)
    assert found.design.rule == rule


def test_the_same_seed_the_same_seal_another_seed_another(units):
    one, same, other = (seal(declare(units, RULE), seed, {}) for seed in (5, 5, 6))
    assert one == same
    assert one["fingerprint"] != other["fingerprint"]
    mixed = seal(declare(units.sample(frac=1, random_state=1), RULE), 5, {})
    assert mixed["fingerprint"] == one["fingerprint"]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["assignment"]["arm"].reverse(),
        lambda c: c.update(seed=6),
        lambda c: c["rule"].update(control=2),
        lambda c: c["units"]["value"].__setitem__(0, 9.0),
        lambda c: c["files"]["units"].update(sha256="0"),
    ],
)
def test_a_changed_seal_does_not_match_its_fingerprint(sealed, change):
    path, content = sealed
    change(content)
    write_seal(content, path)
    with pytest.raises(DataError, match="does not match its fingerprint"):
        verify(path)


def test_a_forged_assignment_is_named_unit_by_unit(sealed):
    path, content = sealed
    arms = content["assignment"]["arm"]
    arms[3] = "control" if arms[3] == "treated" else "treated"
    write_seal({**content, "fingerprint": fingerprint(content)}, path)
    with pytest.raises(DataError, match=r"does not give the assignment[\s\S]*00003"):
        verify(path)


def test_a_changed_file_beside_the_seal(sealed):
    path, _ = sealed
    assert verify(path).seed == 5
    (path.parent / "units.csv").write_text("other", encoding="utf-8")
    with pytest.raises(DataError, match=r"not the one that was sealed[\s\S]*units: units.csv"):
        verify(path)
    (path.parent / "units.csv").unlink()
    verify(path)


def test_whoever_changes_the_tables_of_a_seal_changes_his_own(sealed):
    path, _ = sealed
    first = verify(path)
    before = first.assignment.copy(), first.design.units.copy()
    first.assignment["mine"] = 1
    first.assignment.loc[:, "arm"] = "control"
    first.design.units.loc[:, "value"] = 0.0
    again = verify(path)
    pd.testing.assert_frame_equal(again.assignment, before[0])
    pd.testing.assert_frame_equal(again.design.units, before[1])


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "x"}', "é"])
def test_a_file_that_is_no_seal(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8" if text != "é" else "latin-1")
    with pytest.raises(DataError, match="not a seal"):
        verify(path)
    with pytest.raises(DataError, match="no such file"):
        verify(tmp_path / "none.json")


def test_a_seal_is_plain_json(sealed):
    path, content = sealed
    assert json.loads(path.read_text(encoding="utf-8")) == content


# Bad rules


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"control": 5}, r"block size 5, control 5"),
        ({"control": 0}, "at least one control"),
        ({"accept": 0.0}, "between 0.001 and 1"),
        ({"incomplete": "pool"}, "Write each or leave_out"),
        ({"rank_by": "votes"}, r"lacks column\(s\): votes"),
        ({"rank_by": "town"}, "not numbers"),
        ({"rank_by": "hole"}, r"Column hole is empty[\s\S]*00002"),
        ({"unit": "town"}, "stands in several rows"),
        ({"territory": "hole"}, "Column hole is empty"),
        ({"territory": "town", "cluster": "odd"}, "A cluster lies in two territories"),
        (
            {"must_treat": "must", "must_not_treat": "must"},
            r"must be treated and must not[\s\S]*00005",
        ),
        ({"must_treat": "building"}, "Column building must be 0 or 1"),
        (
            {"cluster": "torn", "must_treat": "must", "must_not_treat": "never"},
            "Decide for the cluster",
        ),
        ({"accept": 1e-9, "balance": ("gain",)}, r"between 0.001 and 1"),
        ({"accept": 0.1}, "nothing to balance"),
        ({"block_size": 60}, r"no full block[\s\S]*48 units, blocks of 60"),
    ],
)
def test_what_cannot_be_drawn(units, rule, says):
    table = units.assign(
        hole=units["gain"].mask(units.index == 2), odd=units.index % 7, torn=units.index % 25
    )
    with pytest.raises(DataError, match=says):
        declare(table, Rule(**{"rank_by": "gain", **rule}))
