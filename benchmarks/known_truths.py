"""Districts where it is known who voted what on both ballots, and methods to compare with.

The files are described in ../shared/data/README.md; none is in the repository.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import ROOT
from scipy.optimize import linprog

EI = ROOT.parent / "shared" / "data" / "ei"
SETS = ("SCO_2007", "NZ_2008", "NZ_2020")
SMALL = 0.03

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class District:
    """Counts by polling place, and the true table."""

    number: int
    origin: pd.DataFrame
    destination: pd.DataFrame
    truth: Floats

    def merged(self) -> District:
        """Put options under 3% of the votes together, as the reference errors do."""
        a, b = _large(self.origin), _large(self.destination)
        truth = _merge(_merge(self.truth, b).T, a).T
        return District(self.number, _frame(self.origin, a), _frame(self.destination, b), truth)

    def error(self, estimate: Floats) -> float:
        """Return EI: 50 · Σ |share error|, the voters in 100 in the wrong cell."""
        return float(50 * np.abs(estimate - self.truth).sum() / self.truth.sum())


def read_set(folder: Path, name: str) -> Iterator[District]:
    """Read every district of `name`.zip in `folder`, in order."""
    with zipfile.ZipFile(folder / f"{name}.zip") as archive:
        for file in sorted(f for f in archive.namelist() if f.endswith("_truth.csv")):
            tables = [
                pd.read_csv(io.BytesIO(archive.read(file.replace("truth", part))))
                for part in ("parties", "candidates", "truth")
            ]
            yield _district(int(Path(file).name.split("_")[0]), *tables)


def _district(
    number: int, parties: pd.DataFrame, candidates: pd.DataFrame, truth: pd.DataFrame
) -> District:
    origin, destination = parties.iloc[:, 2:], candidates.iloc[:, 2:]
    table = truth.iloc[:, 1:].to_numpy(dtype=float)
    chosen = (origin.sum() > 0).to_numpy(), (destination.sum() > 0).to_numpy()
    return District(
        number, origin.loc[:, chosen[0]], destination.loc[:, chosen[1]], table[np.ix_(*chosen)]
    )


def _large(counts: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return (counts.sum() / counts.to_numpy().sum() >= SMALL).to_numpy()


def _merge(counts: Floats, large: npt.NDArray[np.bool_]) -> Floats:
    if large.all():
        return counts
    return np.column_stack([counts[:, large], counts[:, ~large].sum(axis=1)])


def _frame(counts: pd.DataFrame, large: npt.NDArray[np.bool_]) -> pd.DataFrame:
    names = [*counts.columns[large], *([] if large.all() else ["others"])]
    return pd.DataFrame(_merge(counts.to_numpy(), large), index=counts.index, columns=names)


def goodman_fitted(district: District) -> Floats:
    """Estimate by one regression of shares, unconstrained, then fitting to the margins."""
    from analysis.electorate.transfers.solve import fit_margins

    x, y = (t.to_numpy(dtype=float) for t in (district.origin, district.destination))
    shares = np.linalg.lstsq(x, y, rcond=None)[0]
    seed = np.maximum(shares * x.sum(axis=0)[:, None], 1e-6 * x.sum())
    return fit_margins(seed, x.sum(axis=0)[None], y.sum(axis=0)[None], sweeps=200)[0]


def nslphom(district: District, rounds: int = 10) -> Floats:
    """Estimate by linear programs: the town's, then each unit's nearest to it, in turn.

    After Pavía and Romero (2024), Sociological Methods & Research 53, 1919-1957; the
    round whose units stray least from the common shares is kept. One program holds all
    units of a round, which is faster than the one each of their own code.
    """
    x, y = (t.to_numpy(dtype=float) for t in (district.origin, district.destination))
    shares = _lphom(x, y)
    best, least = shares * x.sum(axis=0)[:, None], np.inf
    for _ in range(rounds):
        units = np.stack([_nearest(shares, a, b) for a, b in zip(x, y, strict=True)])
        table = units.sum(axis=0)
        strayed = np.abs(units - x[:, :, None] * shares).sum()
        if strayed < least:
            best, least = table, strayed
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    return best


def _lphom(x: Floats, y: Floats) -> Floats:
    """Return the shares that miss the counts of the units by least in sum (linear program)."""
    units, rows, columns = len(x), x.shape[1], y.shape[1]
    cells, slack = rows * columns, units * columns
    fit = np.kron(x, np.eye(columns))
    one = np.hstack([fit, np.eye(slack), -np.eye(slack)])
    town = np.hstack(
        [np.kron(x.sum(axis=0)[None], np.eye(columns)), np.zeros((columns, 2 * slack))]
    )
    whole = np.hstack([np.kron(np.eye(rows), np.ones((1, columns))), np.zeros((rows, 2 * slack))])
    wanted = np.concatenate([y.ravel(), y.sum(axis=0), np.ones(rows)])
    costs = np.concatenate([np.zeros(cells), np.ones(2 * slack)])
    solved = linprog(costs, A_eq=np.vstack([one, town, whole]), b_eq=wanted, method="highs")
    return np.asarray(solved.x[:cells]).reshape(rows, columns)


def _nearest(shares: Floats, before: Floats, after: Floats) -> Floats:
    """Return the unit's table, totals exact, that strays least from the common shares."""
    rows, columns = shares.shape
    cells = rows * columns
    sums = np.vstack(
        [np.kron(np.eye(rows), np.ones((1, columns))), np.kron(np.ones((1, rows)), np.eye(columns))]
    )
    expected = (before[:, None] * shares).ravel()
    one = np.hstack([np.eye(cells), np.eye(cells), -np.eye(cells)])
    equal = np.vstack([one, np.hstack([sums, np.zeros((rows + columns, 2 * cells))])])
    wanted = np.concatenate([expected, before, after])
    costs = np.concatenate([np.zeros(cells), np.ones(2 * cells)])
    solved = linprog(costs, A_eq=equal, b_eq=wanted, method="highs")
    if solved.x is None:  # rounding errors of the totals
        return before[:, None] * after / before.sum()
    return np.asarray(solved.x[:cells]).reshape(rows, columns)
