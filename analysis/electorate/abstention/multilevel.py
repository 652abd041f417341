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
from functools import cached_property
from typing import TypeVar

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
_AT_ONCE = 1024
T = TypeVar("T")


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
    def alone(self) -> np.ndarray:
        """Which communes have one bureau only: what it adds and they add is told apart by chance.

        Such a bureau hangs on its département, with the covariance of both.
        """
        return np.asarray(np.bincount(self.commune, minlength=len(self.department)) == 1)

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
    residual
        Values less the mean (units × elections), 0 where unknown.
    info
        What each bureau tells of all above it: (S + N)⁻¹ with S the covariance of bureaux and N
        its noise, 0 where unknown (units × elections × elections). The only bureau of a commune
        tells it of its département: S is then the covariance of bureau and commune together.
    commune_info, commune_score
        The same of each commune, what its bureaux tell of its département, and the vector.
    department, department_var
        Posterior mean and covariance of the effect of every département.
    covariances
        Of bureau, commune and département effects, before anything is seen.
    """

    residual: np.ndarray
    info: np.ndarray
    commune_info: np.ndarray
    commune_score: np.ndarray
    department: np.ndarray
    department_var: np.ndarray
    covariances: tuple[np.ndarray, ...]
    tree: Tree

    @cached_property
    def commune(self) -> np.ndarray:
        """Posterior mean of every commune's effect."""
        return self.commune_pull @ self.covariances[1]

    @cached_property
    def commune_pull(self) -> np.ndarray:
        """What is left to explain in a commune, by its information: its effect is S times that."""
        above = self.department[self.tree.department]
        return self.commune_score - _times(self.commune_info, above)

    @cached_property
    def bureau(self) -> np.ndarray:
        """Posterior mean of every bureau's own effect."""
        return self.bureau_pull @ self.covariances[0]

    @cached_property
    def bureau_pull(self) -> np.ndarray:
        """What is left to explain in a bureau, by its information."""
        above = self.department[self.tree.department]
        above = above + np.where(self.tree.alone[:, None], 0.0, self.commune)
        return _times(self.info, self.residual - above[self.tree.commune])


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
    noise = np.where(known, seen.noise, 1.0)
    residual = np.where(known, seen.rates - mean, 0.0)
    tree, (own, commune, land) = seen.tree, covariances
    _, communes, departments = tree.sizes
    alone, diagonal = tree.alone, np.arange(len(mean))
    info = np.empty((*noise.shape, len(mean)))

    def tell(rows: slice) -> None:
        # Elections × elections × bureaux, as `_inverses` wants them.
        both = np.stack([own, own + commune], axis=2)
        total = np.take(both, alone[tree.commune[rows]].astype(int), axis=2)
        # An unknown election is cut off from the others, and tells nothing.
        if len(gaps := np.flatnonzero(~known[rows].all(axis=1))):
            there = known[rows][gaps].T
            total[:, :, gaps] *= there[:, None] & there[None, :]
        total[diagonal, diagonal] += noise[rows].T
        info[rows] = _inverses(total).transpose(2, 0, 1)
        info[rows, diagonal, diagonal] *= known[rows]

    _over_pieces(tell, len(noise))
    score = _sum(_times(info, residual), tree.commune, communes)
    commune_info, several = _sum(info, tree.commune, communes), np.flatnonzero(~alone)
    together = commune_info[several]
    kept = together @ np.linalg.inv(np.linalg.inv(commune) + together)
    commune_info[several] -= kept @ together
    score[several] -= _times(kept, score[several])
    up = _sum(commune_info, tree.department, departments)
    department_var = np.linalg.inv(np.linalg.inv(land) + up)
    top = _times(department_var, _sum(score, tree.department, departments))
    return Posterior(residual, info, commune_info, score, top, department_var, covariances, tree)


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
    """Return the expected second moments of the effects of every level, weighted.

    An effect S g, with g what is left to explain by its information K, has covariance S - S K S
    and moves with what is above it by S K: all moments come from sums of g and of K.
    """
    tree, (own, commune, _) = known.tree, known.covariances
    by_commune = np.bincount(tree.commune, weights)
    by_department = np.bincount(tree.department, by_commune)
    several = np.flatnonzero(~tree.alone)
    top = known.department_var[tree.department[several]]
    rest = np.eye(len(own)) - commune @ known.commune_info[several]
    both = commune - commune @ known.commune_info[several] @ commune
    both += rest @ top @ rest.transpose(0, 2, 1)
    # What is above a bureau: its département alone, or département and commune together.
    above, place = np.concatenate([known.department_var, both]), tree.department.copy()
    place[several] = len(known.department_var) + np.arange(len(several))
    effects = known.department
    outer = (effects * by_department[:, None]).T @ effects
    land = (outer + np.tensordot(by_department, known.department_var, 1)) / weights.sum()
    bureaux = (known.info, known.bureau_pull, weights)
    communes = (known.commune_info, known.commune_pull, by_commune)
    return (
        _moment(own, bureaux, (above, place[tree.commune])),
        _moment(commune, communes, (known.department_var, tree.department)),
        land,
    )


def _moment(
    prior: np.ndarray,
    told: tuple[np.ndarray, np.ndarray, np.ndarray],
    above: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Return a level's second moment.

    Parameters
    ----------
    prior
        Covariance of its effects.
    told
        Information, pulls and weights of its members.
    above
        Covariances of what is above them, and which of these each of them has.
    """
    (info, pull, weights), (covariances, place) = told, above
    size = len(prior)

    def summed(rows: slice) -> np.ndarray:
        drawn = covariances[place[rows]] @ info[rows] - np.eye(size)
        drawn *= weights[rows, None, None]
        return drawn.reshape(-1, size).T @ info[rows].reshape(-1, size)

    outer = (pull * weights[:, None]).T @ pull
    found = outer + sum(_over_pieces(summed, len(weights)))
    return np.asarray(prior + prior @ found @ prior / weights.sum())


def _inverses(matrices: np.ndarray) -> np.ndarray:
    """Return the inverses of symmetric matrices (size × size × many), by halves.

    With the matrices side by side in the last axis one call works on all of them: for a dozen
    elections three times as fast as a library that is called for each. The inverse of
    [[A, B'], [B, D]] is put together from that of A and that of D - B A⁻¹ B'.
    """
    size = len(matrices)
    if size == 1:
        return np.asarray(1 / matrices)
    one, two = slice(size // 2), slice(size // 2, size)
    first, below = _inverses(matrices[one, one]), matrices[two, one]
    turned = np.einsum("ijn,jkn->ikn", below, first)
    rest = _inverses(matrices[two, two] - np.einsum("ijn,kjn->ikn", turned, below))
    beside = np.einsum("ijn,jkn->ikn", rest, turned)
    found = np.empty_like(matrices)
    found[one, one] = first + np.einsum("jin,jkn->ikn", turned, beside)
    found[two, one] = -beside
    found[one, two] = found[two, one].swapaxes(0, 1)
    found[two, two] = rest
    return found


def _times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def _over_pieces(work: Callable[[slice], T], size: int) -> list[T]:
    """Work pieces out on every core: numpy holds no lock while it does."""
    pieces = [slice(start, start + _AT_ONCE) for start in range(0, size, _AT_ONCE)]
    if len(pieces) < 2:
        return [work(slice(size))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, pieces))


def _sum(values: np.ndarray, groups: np.ndarray, size: int) -> np.ndarray:
    """Add rows up by group, in the order of rows."""
    # A page must open before what it does not need has loaded.
    from scipy import sparse

    rows = np.arange(len(values))
    members = sparse.csr_array((np.ones(len(rows)), (groups, rows)), shape=(size, len(rows)))
    return np.asarray(members @ values.reshape(len(rows), -1)).reshape(size, *values.shape[1:])
