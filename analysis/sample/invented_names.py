"""Names for people who do not exist: common French first names, surnames common or put together."""

from __future__ import annotations

import tomllib
from itertools import product

import numpy as np
import numpy.typing as npt

from analysis.sample.town import DATA

Words = npt.NDArray[np.object_]

_PARTS = {
    key: text.split()
    for key, text in tomllib.loads((DATA / "common_names.toml").read_text(encoding="utf-8")).items()
}
MEN, WOMEN, COMMON = (np.array(_PARTS[key], dtype=object) for key in ("men", "women", "common"))
RARE: Words = np.array(
    [a + b for a, b in product(_PARTS["stems"], _PARTS["endings"])], dtype=object
)
# Of the people of France about two in five bear a name that thousands bear.
COMMON_SHARE = 0.4


def first_names(women: npt.NDArray[np.bool_], rng: np.random.Generator) -> Words:
    """Return one to three first names for each person, as the roll writes them.

    Parameters
    ----------
    women
        Who is one, persons.
    rng
        Source of chance.
    """
    size = len(women)
    one, two, three = (
        np.where(women, WOMEN[_often(len(WOMEN), size, rng)], MEN[_often(len(MEN), size, rng)])
        for _ in range(3)
    )
    how_many = rng.choice(3, size, p=(0.3, 0.4, 0.3))
    return np.where(
        how_many == 0, one, np.where(how_many == 1, one + " " + two, one + " " + two + " " + three)
    )


def surnames(size: int, rng: np.random.Generator) -> Words:
    """Return a surname for each of `size` people, in capitals."""
    common = rng.random(size) < COMMON_SHARE
    return np.where(
        common,
        _COMMON_CAPITALS[_often(len(COMMON), size, rng)],
        _RARE_CAPITALS[rng.integers(len(RARE), size=size)],
    )


def _often(names: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return positions in a list of names, the first more often than the last."""
    weight = 1 / np.arange(5, names + 5)
    return rng.choice(names, size, p=weight / weight.sum())


def _capitals(names: Words) -> Words:
    # The roll writes particles apart: LE GALL, DA SILVA, D'ALMEIDA.
    parts = ("Le-", "Da-", "De-")
    spaced = [name.replace("-", " ") if name.startswith(parts) else name for name in names]
    return np.array([name.upper() for name in spaced], dtype=object)


_COMMON_CAPITALS, _RARE_CAPITALS = _capitals(COMMON), _capitals(RARE)
