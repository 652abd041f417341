"""The draw of a trial itself, apart from names and files: who may be treated with whom.

One law, used to assign, to know each unit's probability, and to draw again for inference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from analysis.errors import DataError, Text, some
from analysis.experiments.estimators import Codes, Floats
from analysis.experiments.redraws import Dice

Flags = npt.NDArray[np.bool_]
EACH = -1  # in `Lottery.treated`: every cluster of the block is drawn by itself
_BATCH = 8_000_000  # arms drawn at once
_MOST_TRIES = 10_000


@dataclass(frozen=True)
class Acceptance:
    """Draws that count: those whose arms differ little in some covariates.

    Attributes
    ----------
    totals
        Clusters × covariates: sums over the cluster, less the mean of its block.
    precision
        Inverse of the covariance that the totals of the treated have over all draws.
    limit
        Largest Mahalanobis distance (squared) that is accepted (Morgan and Rubin 2012).
    """

    totals: Floats
    precision: Floats
    limit: float

    def distances(self, treated: Floats) -> Floats:
        """Return the squared distance of each draw from its totals among the treated."""
        return np.einsum("dj,jk,dk->d", treated, self.precision, treated)


@dataclass(frozen=True)
class Lottery:
    """The random part of a design.

    Attributes
    ----------
    member
        Of each unit, the code of its cluster; a unit alone is a cluster of one.
    block
        Of each cluster, the code of its block.
    treated
        Of each block, how many clusters are treated; `EACH`: each is drawn by itself.
    share
        Of each block, the probability of a cluster to be treated.
    acceptance
        Which draws count; all when None.
    """

    member: Codes
    block: Codes
    treated: Codes
    share: Floats
    acceptance: Acceptance | None = None

    @classmethod
    def of_arms(cls, assigned: Floats, block: Codes, cluster: Codes | None = None) -> Lottery:
        """Return the draw of as many treated clusters in each block as there are.

        Parameters
        ----------
        assigned
            0 or 1 per unit.
        block, cluster
            Codes per unit, from 0 without gaps.

        Returns
        -------
        Lottery
            Over the same units, in their order.

        Raises
        ------
        DataError
            When a cluster lies in two blocks.
        """
        member = np.arange(len(assigned)) if cluster is None else cluster
        of_cluster, arm = _one_block_each(member, block), np.zeros(int(member.max()) + 1)
        arm[member] = assigned
        count = np.bincount(of_cluster)
        treated = np.bincount(of_cluster, arm).astype(np.int64)
        return cls(member, of_cluster, treated, treated / count)

    @cached_property
    def clusters(self) -> int:
        """Number of clusters."""
        return len(self.block)

    @cached_property
    def size(self) -> Codes:
        """Number of clusters of each block."""
        return np.bincount(self.block, minlength=len(self.share))

    @cached_property
    def baseline(self) -> Flags:
        """Of each cluster, whether most of its block is treated: draws are told by who differs."""
        return np.asarray((self.share > 1 / 2)[self.block])

    def assign(self, rng: np.random.Generator) -> Flags:
        """Draw the arms of all units once: True is treated.

        One number is drawn per cluster; in a block the smallest are treated. Slower than
        `redraw` for many draws, and simple enough to be repeated by hand from a seal.
        """
        order = np.argsort(self.block, kind="stable")
        starts = np.cumsum(self.size) - self.size
        for _ in range(_MOST_TRIES):
            number = rng.random(self.clusters)
            ranked = order[np.lexsort((number[order], self.block[order]))]
            place = np.empty(self.clusters, dtype=np.int64)
            place[ranked] = np.arange(self.clusters) - starts[self.block[ranked]]
            fixed = self.treated[self.block] != EACH
            arm = np.where(fixed, place < self.treated[self.block], number < self.share[self.block])
            if self.acceptance is None or self._accepted(arm[None, :].astype(float))[0]:
                return arm[self.member]
        raise self._never()

    def redraw(self, rng: np.random.Generator, draws: int) -> Flags:
        """Draw the arms of all units `draws` times: draws × units, True is treated."""
        arms = np.empty((draws, len(self.member)), dtype=np.bool_)
        done = 0
        while done < draws:
            some_draws = min(draws - done, max(1, _BATCH // self.clusters))
            flipped = (self.faces(rng, some_draws) @ self.flips).toarray().astype(np.bool_)
            arms[done : done + some_draws] = (flipped ^ self.baseline)[:, self.member]
            done += some_draws
        return arms

    def faces(self, rng: np.random.Generator, draws: int) -> sparse.csr_array:
        """Draw again, and tell only which faces the dice show: draws × faces, ones.

        One or two blocks are a die; `flips` tells what its faces mean. Sums over clusters are
        then products with `flips @ values`, half as long as over clusters one by one.
        """
        if self.acceptance is None:
            return self._faces(rng, draws)
        kept, found, tried = [], 0, 0
        while found < draws:
            drawn = self._faces(rng, max(64, draws))
            tried += drawn.shape[0]
            good = np.flatnonzero(self._accepted_faces(drawn))
            kept.append(drawn[good])
            found += len(good)
            if tried > _MOST_TRIES * max(found, 1):
                raise self._never()
        return sparse.csr_array(sparse.vstack(kept, format="csr")[:draws])

    @cached_property
    def flips(self) -> sparse.csr_array:
        """Which clusters differ from `baseline` at each face: faces × clusters, ones."""
        parts = [die.flips(self.clusters) for die in self._dice]
        alone = np.ones(len(self._free)), (np.arange(len(self._free)), self._free)
        shape = (len(self._free), self.clusters)
        return sparse.csr_array(
            sparse.vstack([*parts, sparse.csr_array(alone, shape=shape)], format="csr")
        )

    def among_treated(self, faces: sparse.csr_array, values: Floats) -> Floats:
        """Sum clusters × columns over the treated of each draw: draws × columns."""
        sign = np.where(self.baseline, -1.0, 1.0)[:, None]
        return np.asarray(self.baseline @ values + faces @ (self.flips @ (values * sign)))

    @cached_property
    def possible(self) -> float:
        """Number of draws that are equally probable; infinite where they are not.

        Those an acceptance rule rejects are counted.
        """
        each = self.treated == EACH
        if not np.allclose(self.share[each], 1 / 2):
            return math.inf
        ways = [
            2.0 ** int(size) if alone else float(math.comb(int(size), int(few)))
            for size, few, alone in zip(self.size, self.treated, each, strict=True)
        ]
        return math.prod(ways)

    def every(self) -> Flags:
        """Return every draw that counts: draws × clusters, True is treated."""
        order = np.argsort(self.block, kind="stable")
        parts = np.split(order, np.cumsum(self.size)[:-1])
        arms = np.zeros((1, self.clusters), dtype=np.bool_)
        for rows, few in zip(parts, self.treated, strict=True):
            kinds = range(len(rows) + 1) if few == EACH else (int(few),)
            ways = [list(one) for number in kinds for one in combinations(rows, number)]
            arms = np.repeat(arms, len(ways), axis=0)
            for place, chosen in enumerate(ways):
                arms[place :: len(ways), chosen] = True
        if self.acceptance is None:
            return arms
        return np.asarray(arms[self._accepted(arms.astype(float))])

    def probability(self, rng: np.random.Generator, draws: int = 10_000) -> Floats:
        """Return each unit's probability of being treated.

        Exact without an acceptance rule; with one, the share among `draws` accepted draws,
        since rejecting draws moves the probabilities a little where the arms are unequal.
        """
        exact = self.share[self.block]
        if self.acceptance is None:
            return exact[self.member]
        changed = np.asarray(self.faces(rng, draws).sum(axis=0)).ravel() @ self.flips / draws
        return np.where(self.baseline, 1 - changed, changed)[self.member]

    def accepting(self, covariates: Floats, accept: float) -> Lottery:
        """Return the same draw that rejects all but the best balanced share `accept`.

        Parameters
        ----------
        covariates
            Units × covariates, without missing values.
        accept
            Share of draws to accept, between 0 and 1.
        """
        totals: Floats = np.column_stack(
            [np.bincount(self.member, c, self.clusters) for c in covariates.T]
        )
        sums = [np.bincount(self.block, c, len(self.share)) for c in totals.T]
        totals = totals - (np.column_stack(sums) / self.size[:, None])[self.block]
        # Totals differ in scale by orders of magnitude; the distance does not depend on it.
        totals = totals / np.maximum(np.abs(totals).max(axis=0), np.finfo(float).tiny)
        covariance = (totals * self._variance[:, None]).T @ totals
        rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
        rule = Acceptance(
            totals,
            np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=float),
            float(stats.chi2.ppf(accept, max(rank, 1))),
        )
        return replace(self, acceptance=rule)

    @cached_property
    def _variance(self) -> Floats:
        """Weight of a cluster's square in the variance of a total among the treated."""
        size, share = self.size, self.share
        # Sampling without replacement, and without its correction where each is drawn alone.
        factor = np.where(self.treated == EACH, 1.0, size / np.maximum(size - 1, 1))
        return np.asarray((share * (1 - share) * factor)[self.block])

    def _accepted(self, arms: Floats) -> Flags:
        assert self.acceptance is not None
        distances = self.acceptance.distances(arms @ self.acceptance.totals)
        return np.asarray(distances <= self.acceptance.limit)

    def _accepted_faces(self, faces: sparse.csr_array) -> Flags:
        assert self.acceptance is not None
        treated = self.among_treated(faces, self.acceptance.totals)
        return np.asarray(self.acceptance.distances(treated) <= self.acceptance.limit)

    def _faces(self, rng: np.random.Generator, draws: int) -> sparse.csr_array:
        columns, first = [np.empty((draws, 0), dtype=np.int32)], 0
        for die in self._dice:
            columns.append(die.throw(rng, draws) + np.int32(first))
            first += die.faces
        thrown = columns[1] if len(columns) == 2 else np.concatenate(columns, axis=1)  # noqa: PLR2004 - one die: no copy
        fixed = self._ones(thrown.ravel(), np.arange(draws + 1) * thrown.shape[1])
        if not len(self._free):
            return fixed
        few = np.minimum(self.share, 1 - self.share)[self.block[self._free]]
        row, column = np.nonzero(rng.random((draws, len(few))) < few)
        starts = np.r_[0, np.cumsum(np.bincount(row, minlength=draws))]
        return sparse.csr_array(fixed + self._ones(first + column, starts))

    def _ones(self, columns: Codes | npt.NDArray[np.int32], starts: Codes) -> sparse.csr_array:
        columns = columns.astype(np.int32, copy=False)
        parts = (np.ones(len(columns)), columns, starts.astype(np.int32))
        faces = sum(die.faces for die in self._dice) + len(self._free)
        return sparse.csr_array(parts, shape=(len(starts) - 1, faces))

    @cached_property
    def _free(self) -> Codes:
        return np.flatnonzero(self.treated[self.block] == EACH)

    @cached_property
    def _dice(self) -> list[Dice]:
        """Blocks of one size and number together: how many clusters of each differ."""
        order = np.argsort(self.block, kind="stable")
        starts = np.cumsum(self.size) - self.size
        few = np.where(self.treated == EACH, 0, np.minimum(self.treated, self.size - self.treated))
        return [
            Dice(
                order[starts[(self.size == size) & (few == number)][:, None] + np.arange(size)],
                int(number),
            )
            for size, number in np.unique(np.column_stack([self.size, few]), axis=0)
            if number
        ]

    def _never(self) -> DataError:
        return DataError(
            "No draw is as balanced as the design asks for.",
            where="{most_tries} draws tried",
            mend="Accept a larger share of draws, or balance on fewer columns.",
            most_tries=_MOST_TRIES,
        )


def _one_block_each(member: Codes, block: Codes) -> Codes:
    """Return the block of each cluster, or say which cluster lies in two."""
    of_cluster = np.zeros(int(member.max()) + 1, dtype=np.int64)
    of_cluster[member] = block
    if len(wrong := np.unique(member[of_cluster[member] != block])):
        raise DataError(
            "A cluster lies in two blocks: it cannot be drawn as one.",
            where="{wrong}",
            mend="Give all units of a cluster the same block, or leave the clusters out.",
            wrong=some(
                Text("cluster {code} by order of appearance", code=code + 1) for code in wrong
            ),
        )
    return of_cluster
