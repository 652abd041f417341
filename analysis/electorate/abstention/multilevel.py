"""Bureaux in communes in départements: what each of them adds at every election.

The value of bureau i at election e is mean[e] + department + commune + bureau + noise;
the three effects are normal across elections with a covariance of their own. Everything
is exact: messages up the tree, posteriors down it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

# A level with fewer members than this cannot be told from the mean of all: it is left out.
FEWEST = 3
TINY = 1e-6
# Rounds of expectation and maximisation; on France the fourth moves no scale by a hundredth.
ROUNDS = 4
# Where the learning starts: what all elections share, and each one's own.
_START = (0.002, 0.0005)
# Bureaux that one core works out at a time: their matrices fit its cache.
_AT_ONCE = 4096


@dataclass(frozen=True)
class Tree:
    """The commune of each bureau, and the département of each commune.

    Attributes
    ----------
    commune
        Number of the commune of every bureau, from 0.
    department
        Number of the département of every commune, from 0.
    """

    commune: np.ndarray
    department: np.ndarray

    @classmethod
    def of(cls, communes: pd.Series, departments: pd.Series) -> Tree:
        """Return the tree; members are numbered by code, so that the order of rows is no matter."""
        commune, _ = pd.factorize(communes.astype("str"), sort=True)
        first = pd.Series(departments.astype("str").to_numpy()).groupby(commune).first()
        return cls(commune, pd.factorize(first.to_numpy(), sort=True)[0])

    @property
    def sizes(self) -> tuple[int, int, int]:
        """How many bureaux, communes, départements."""
        return len(self.commune), len(self.department), int(self.department.max()) + 1


@dataclass(frozen=True)
class Observed:
    """Values seen (units × elections), NaN where unknown, and their noise variances."""

    rates: np.ndarray
    noise: np.ndarray
    tree: Tree

    def only(self, keep: np.ndarray) -> Observed:
        """Return some of the units, with communes and départements counted anew."""
        commune, used = pd.factorize(self.tree.commune[keep], sort=True)
        department = pd.factorize(self.tree.department[np.asarray(used)], sort=True)[0]
        return Observed(self.rates[keep], self.noise[keep], Tree(commune, department))


@dataclass(frozen=True)
class Posterior:
    """What is known of every effect once all values are seen.

    Attributes
    ----------
    precision
        Of each value (units × elections), 0 where unknown.
    residual
        Values less the mean, 0 where unknown.
    bureau_var, commune_var
        Covariance of a bureau's effect given the two above it, of a commune's given
        its département; department_var is unconditional.
    commune_info
        What a commune's bureaux tell of it: precision matrix; `commune_score` the vector.
    """

    precision: np.ndarray
    residual: np.ndarray
    bureau_var: np.ndarray
    commune_info: np.ndarray
    commune_score: np.ndarray
    commune_var: np.ndarray
    department: np.ndarray
    department_var: np.ndarray
    tree: Tree

    @property
    def commune(self) -> np.ndarray:
        """Posterior mean of every commune's effect."""
        above = self.department[self.tree.department]
        seen = self.commune_score - np.einsum("nij,nj->ni", self.commune_info, above)
        return np.einsum("nij,nj->ni", self.commune_var, seen)

    @property
    def above(self) -> np.ndarray:
        """Posterior mean of commune and département together, by commune."""
        return self.commune + self.department[self.tree.department]

    @property
    def bureau(self) -> np.ndarray:
        """Posterior mean of every bureau's own effect."""
        seen = self.precision * (self.residual - self.above[self.tree.commune])
        return np.einsum("nij,nj->ni", self.bureau_var, seen)


def infer(seen: Observed, mean: np.ndarray, covariances: tuple[np.ndarray, ...]) -> Posterior:
    """Return the posterior of all effects.

    Parameters
    ----------
    seen
        Values, noise and tree.
    mean
        Of all units, one per election.
    covariances
        Of bureau, commune and département effects (elections × elections each).

    Returns
    -------
    Posterior
        What is known of the effects of every level once `seen` is.
    """
    known = np.isfinite(seen.rates)
    precision = np.where(known, 1 / np.where(known, seen.noise, 1.0), 0.0)
    residual = np.where(known, seen.rates - mean, 0.0)
    own, commune, department = (np.linalg.inv(matrix) for matrix in covariances)
    diagonal = np.arange(len(mean))

    def spread(rows: slice) -> np.ndarray:
        inverse = np.repeat(own[None], len(precision[rows]), axis=0)
        inverse[:, diagonal, diagonal] += precision[rows]
        return np.linalg.inv(inverse)

    def told(rows: slice) -> np.ndarray:
        # What a bureau tells of all above it: D - D (S⁻¹ + D)⁻¹ D, with D the precisions.
        known = precision[rows]
        info = -known[:, :, None] * bureau_var[rows] * known[:, None, :]
        info[:, diagonal, diagonal] += known
        return info

    bureau_var = _in_pieces(spread, len(precision))
    info = _in_pieces(told, len(precision))
    communes, departments = seen.tree.sizes[1:]
    score = _sum(np.einsum("nij,nj->ni", info, residual), seen.tree.commune, communes)
    info = _sum(info, seen.tree.commune, communes)
    commune_var = np.linalg.inv(commune + info)
    kept = info @ commune_var
    up_info = _sum(info - kept @ info, seen.tree.department, departments)
    up_score = score - np.einsum("nij,nj->ni", kept, score)
    department_var = np.linalg.inv(department + up_info)
    top = np.einsum("nij,nj->ni", department_var, _sum(up_score, seen.tree.department, departments))
    return Posterior(
        precision, residual, bureau_var, info, score, commune_var, top, department_var, seen.tree
    )


def learn(seen: Observed, weights: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Return the mean of every election and the covariances of the three levels (EM).

    Parameters
    ----------
    seen
        Values, noise and tree.
    weights
        Registered persons of every unit.

    References
    ----------
    Dempster, A. P., Laird, N. M., and Rubin, D. B. (1977). Maximum likelihood from
    incomplete data via the EM algorithm. JRSS B 39, 1-38.
    """
    known = np.isfinite(seen.rates)
    load = known * weights[:, None]
    mean = np.where(known, seen.rates, 0) * load
    mean = mean.sum(axis=0) / load.sum(axis=0)
    shared, single = _START
    start = np.full((len(mean),) * 2, shared) + single * np.eye(len(mean))
    off = TINY * np.eye(len(mean))
    on = active(seen.tree)
    covariances = tuple(start if use else off for use in on)
    for _ in range(ROUNDS):
        found = _moments(infer(seen, mean, covariances), weights)
        covariances = tuple(
            matrix + off if use else off for matrix, use in zip(found, on, strict=True)
        )
    return mean, covariances


def active(tree: Tree) -> tuple[bool, bool, bool]:
    """Tell which levels have members enough to differ from the mean of all; bureaux always do."""
    _, communes, departments = tree.sizes
    return True, communes >= FEWEST, departments >= FEWEST


def _moments(known: Posterior, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the expected second moments of the effects of every level, weighted."""
    tree, eye = known.tree, np.eye(known.precision.shape[1])
    by_commune = np.bincount(tree.commune, weights)
    by_department = np.bincount(tree.department, by_commune)
    top = known.department_var[tree.department]
    drawn = known.commune_var @ known.commune_info
    commune_var = known.commune_var + drawn @ top @ drawn.transpose(0, 2, 1)
    rest = eye - drawn
    both = known.commune_var + rest @ top @ rest.transpose(0, 2, 1)

    def bureau_var(rows: slice) -> np.ndarray:
        pull = known.bureau_var[rows] * known.precision[rows, None, :]
        above = both[tree.commune[rows]]
        return known.bureau_var[rows] + pull @ above @ pull.transpose(0, 2, 1)

    return (
        _moment(known.bureau, _in_pieces(bureau_var, len(weights)), weights),
        _moment(known.commune, commune_var, by_commune),
        _moment(known.department, known.department_var, by_department),
    )


def _moment(means: np.ndarray, variances: np.ndarray, weights: np.ndarray) -> np.ndarray:
    outer = (means * weights[:, None]).T @ means
    return np.asarray((outer + np.tensordot(weights, variances, 1)) / weights.sum())


def _in_pieces(work: Callable[[slice], np.ndarray], size: int) -> np.ndarray:
    """Work rows out piece by piece on every core: numpy holds no lock while it does."""
    pieces = [slice(start, start + _AT_ONCE) for start in range(0, size, _AT_ONCE)]
    if len(pieces) < 2:
        return work(slice(size))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate(list(pool.map(work, pieces)))


def _sum(values: np.ndarray, groups: np.ndarray, size: int) -> np.ndarray:
    """Add rows up by group."""
    columns = values.reshape(len(values), -1).T
    sums = np.stack([np.bincount(groups, column, size) for column in columns], axis=-1)
    return sums.reshape(size, *values.shape[1:])
