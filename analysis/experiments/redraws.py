"""Blocks of one kind, thrown many times: which of their clusters differ from the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.experiments.estimators import Codes

_BATCH = 8_000_000  # numbers drawn at once: 64 MB
_BYTE = 256  # faces that a byte can tell apart


@dataclass(frozen=True)
class Dice:
    """Blocks of one size, in each of which as many clusters are picked.

    Where one is picked, two blocks make one die: it has as many faces as there are pairs,
    and half as many dice need to be added up.

    Attributes
    ----------
    rows
        Blocks × size: the clusters of each block.
    few
        How many are picked.
    """

    rows: Codes
    few: int

    @cached_property
    def faces(self) -> int:
        """Number of faces of all dice."""
        blocks, size = self.rows.shape
        if not self._paired:
            return blocks * size
        return blocks // 2 * size**2 + blocks % 2 * size

    @property
    def _paired(self) -> bool:
        return self.few == 1 and self.rows.shape[1] ** 2 <= _BYTE

    def throw(self, rng: np.random.Generator, draws: int) -> npt.NDArray[np.int32]:
        """Return the faces shown: draws × (faces shown in a draw)."""
        blocks, size = self.rows.shape
        if self.few > 1:
            return self._several(rng, draws)
        kind = np.uint8 if size < _BYTE else np.int64
        drawn = rng.integers(0, size, (draws, blocks), dtype=kind)
        if not self._paired:
            return _after_one_another(drawn, size)
        pairs = drawn[:, : blocks - 1 : 2] * kind(size) + drawn[:, 1::2]
        shown = _after_one_another(pairs, size**2)
        if not blocks % 2:
            return shown
        last = drawn[:, -1:].astype(np.int32) + np.int32(blocks // 2 * size**2)
        return np.concatenate([shown, last], axis=1)

    def flips(self, clusters: int) -> sparse.csr_array:
        """Return which of all `clusters` are picked at each face: faces × clusters, ones."""
        blocks, size = self.rows.shape
        if not self._paired:
            return _picked(self.rows.reshape(-1, 1), clusters)
        one, other = self.rows[: blocks - 1 : 2], self.rows[1::2]
        both = np.stack([np.repeat(one, size, axis=1), np.tile(other, (1, size))], axis=2)
        last = self.rows[2 * (blocks // 2) :].reshape(-1, 1)
        parts = [_picked(both.reshape(-1, 2), clusters), _picked(last, clusters)]
        return sparse.csr_array(sparse.vstack(parts, format="csr"))

    def _several(self, rng: np.random.Generator, draws: int) -> npt.NDArray[np.int32]:
        blocks, size = self.rows.shape
        shown = np.empty((draws, blocks * self.few), dtype=np.int32)
        step = max(1, _BATCH // self.rows.size)
        first = np.arange(0, blocks * size, size)[:, None]
        for start in range(0, draws, step):
            keys = rng.random((min(step, draws - start), blocks, size))
            smallest = np.argpartition(keys, self.few - 1, axis=2)[:, :, : self.few]
            shown[start : start + step] = (smallest + first).reshape(len(keys), -1)
        return shown


def _after_one_another(drawn: npt.NDArray[np.integer], faces: int) -> npt.NDArray[np.int32]:
    """Give each die its own numbers: those of the faces of the dice before are passed over."""
    first = np.arange(0, drawn.shape[1] * faces, faces, dtype=np.int32)
    return np.asarray(drawn + first, dtype=np.int32)


def _picked(clusters_of: Codes, clusters: int) -> sparse.csr_array:
    faces, each = clusters_of.shape
    parts = (np.ones(clusters_of.size), clusters_of.ravel(), np.arange(faces + 1) * each)
    return sparse.csr_array(parts, shape=(faces, clusters))
