"""Tests of `analysis.electorate.abstention.multilevel`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.abstention.multilevel import Observed, Tree, _inverses, infer, learn

ELECTIONS = 3


def covariance(scale, likeness):
    return scale**2 * (likeness + (1 - likeness) * np.eye(ELECTIONS))


LEVELS = (covariance(0.05, 0.8), covariance(0.06, 0.9), covariance(0.04, 0.7))


def drawn(rng, departments=6, communes=5, bureaux=4, unknown=0.2):
    """Draw a tree of effects, and values seen with noise."""
    size = departments * communes * bureaux
    commune = np.arange(size) // bureaux
    department = np.arange(departments * communes) // communes
    counts = (size, departments * communes, departments)
    own, town, land = (
        rng.multivariate_normal(np.zeros(ELECTIONS), one, n)
        for one, n in zip(LEVELS, counts, strict=True)
    )
    truth = 0.5 + own + town[commune] + land[department][commune]
    noise = rng.uniform(0.01, 0.04, truth.shape) ** 2
    seen = truth + rng.normal(0, np.sqrt(noise))
    seen[rng.random(truth.shape) < unknown] = np.nan
    return truth, Observed(seen, noise, Tree(commune, department))


@pytest.mark.parametrize("thinned", [0.0, 0.5])
def test_messages_give_the_posterior_of_the_whole_normal_vector(thinned):
    """The oracle: condition one large normal vector on everything seen."""
    rng = np.random.default_rng(0)
    _, seen = drawn(rng, 2, 3, 3)
    # Thinned out, some communes have one bureau only.
    seen = seen.only(rng.random(len(seen.rates)) >= thinned)
    assert seen.tree.alone.any() == bool(thinned)
    mean = np.full(ELECTIONS, 0.5)
    found = infer(seen, mean, LEVELS)
    commune, department = seen.tree.commune, seen.tree.department
    same = [
        np.eye(len(commune)),
        commune[:, None] == commune,
        department[commune][:, None] == department[commune],
    ]
    parts = [np.kron(alike, level) for alike, level in zip(same, LEVELS, strict=True)]
    flat, noise = seen.rates.ravel(), seen.noise.ravel()
    known = np.isfinite(flat)
    total = sum(parts)[np.ix_(known, known)] + np.diag(noise[known])
    score = np.linalg.solve(total, flat[known] - 0.5)
    expected = [(part[:, known] @ score).reshape(seen.rates.shape) for part in parts]
    assert found.bureau == pytest.approx(expected[0], abs=1e-10)
    assert found.commune[commune] == pytest.approx(expected[1], abs=1e-10)
    assert found.department[department][commune] == pytest.approx(expected[2], abs=1e-10)


@pytest.mark.parametrize("size", [1, 2, 3, 12, 14])
def test_inverses_are_those_of_each_matrix(size):
    rng = np.random.default_rng(size)
    roots = rng.normal(size=(50, size, size))
    matrices = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(size)
    found = _inverses(matrices.transpose(1, 2, 0)).transpose(2, 0, 1)
    np.testing.assert_allclose(found, np.linalg.inv(matrices), rtol=1e-8, atol=1e-9)


def test_covariances_are_learned_again():
    rng = np.random.default_rng(1)
    _, seen = drawn(rng, 60, 10, 8)
    mean, learned = learn(seen, np.ones(len(seen.rates)))
    assert mean == pytest.approx(np.full(ELECTIONS, 0.5), abs=0.02)
    # Sixty départements tell a scale to 9%: allow three of those, and less where there are more.
    for found, planted, off in zip(learned, LEVELS, (0.05, 0.1, 0.27), strict=True):
        assert np.sqrt(np.diag(found)) == pytest.approx(np.sqrt(np.diag(planted)), rel=off)
        size = np.sqrt(np.diag(found))
        likeness = (found / np.outer(size, size))[0, 1]
        assert likeness == pytest.approx(planted[0, 1] / planted[0, 0], abs=0.12)


def test_one_commune_of_one_department_adds_nothing_of_its_own():
    rng = np.random.default_rng(2)
    _, seen = drawn(rng, 1, 1, 40)
    _, learned = learn(seen, np.ones(40))
    assert np.diag(learned[1]).max() < 1e-5
    assert np.diag(learned[2]).max() < 1e-5
    assert np.sqrt(np.diag(learned[0])).mean() == pytest.approx(0.05, rel=0.3)


def test_members_are_numbered_by_code_whatever_the_order_of_rows():
    codes = pd.Series(["b", "a", "b", "c"])
    tree = Tree.of(codes, pd.Series(["y", "x", "y", "x"]))
    assert tree.commune.tolist() == [1, 0, 1, 2]
    assert tree.department.tolist() == [0, 1, 0]
    assert tree.sizes == (4, 3, 2)
    part = Observed(np.zeros((4, 1)), np.ones((4, 1)), tree).only(
        np.array([True, False, True, False])
    )
    assert part.tree.sizes == (2, 1, 1)
