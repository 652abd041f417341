"""How far off the forecast would have been, next to rules of thumb."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.electorate.abstention.baselines import rule_rates
from analysis.electorate.abstention.forecast import (
    SHARES,
    AbstentionForecast,
    Progress,
    forecast_abstention,
    silent,
)
from analysis.electorate.abstention.series import Series, is_overseas, read_series
from analysis.errors import DataError
from analysis.tables.elections import Election
from analysis.tables.table_texts import TableTexts
from analysis.tables.workspace import Workspace

# Smaller bureaux are forecast, not judged; above the other one a bureau is large.
SMALLEST, LARGE = 50, 800
MODEL = "model"


@dataclass(frozen=True)
class AbstentionBacktest(TableTexts):
    """A past election, forecast from those before it, and what came.

    Attributes
    ----------
    target
        The election; nothing of its day or after was used, but who was registered where.
    noise_floor_points
        Mean absolute error that counting alone makes, in points of the registered.
    methods
        One row per method: `method`; `n`, `mae_points`, `rmse_points` (weighted by
        registered, common shift removed) and `spearman` on the bureaux compared, which are
        those that every method covers, the overseas territories left out: their turnout
        moves on its own, and the files of 2024 give them other codes than those before;
        `coverage_50`, `coverage_90` over all bureaux judged, and for `_small` and `_large`
        ones, and `n_judged`, `n_small`, `n_large`, how many bureaux that is (missing for
        rules, which have no interval); `n_all` and `mae_points_all` on all
        bureaux that the method covers, and `mae_points_common` on those that every one does.
    bureaux
        One row per bureau judged: `bureau_id`, `registered`, `came`, `expected` (moved by
        the common shift), `low_90`, `high_90`.
    forecast
        The model's.
    """

    target: Election
    noise_floor_points: float
    methods: pd.DataFrame
    bureaux: pd.DataFrame
    forecast: AbstentionForecast

    def to_frame(self) -> pd.DataFrame:
        """Return one row per method with its errors (`methods`)."""
        return self.methods

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as the JSON file holds them."""
        rows = self.methods.set_index("method").astype(object)
        rows = rows.where(rows.notna(), None)
        return {
            "target": self.target.election_id,
            "noise_floor_points": round(self.noise_floor_points, 4),
            "level": self.forecast.level.value,
            "methods": rows.to_dict(orient="index"),
        }

    def summary(self) -> str:
        """Say the result in one sentence."""
        mae = self.methods.set_index("method")["mae_points"]
        rules = mae.drop(MODEL)
        return (
            f"{self.target.election_id}: the forecast is off by {mae[MODEL]:.2f} points, the best "
            f"rule of thumb ({rules.idxmin()}) by {rules.min():.2f}, on the same bureaux; counting "
            f"alone makes {self.noise_floor_points:.2f}."
        )


def backtest_abstention(
    workspace: Workspace, target: Election, *, progress: Progress = silent
) -> AbstentionBacktest:
    """Forecast a past election from those before it, and compare with what came.

    Parameters
    ----------
    workspace
        A built place that holds the target and earlier elections.
    target
        The election to look back at.
    progress
        Told the share done, 0 to 1.

    Returns
    -------
    AbstentionBacktest
        Errors of the forecast and of the rules of thumb, and the bureaux one by one.

    Raises
    ------
    DataError
        When the target is not in the workspace, nothing precedes it, no bureau is common,
        or none has 50 registered.
    """
    series, came = read_series(workspace, target)
    progress(0.1)
    forecast = forecast_abstention(series, target, progress=lambda done: progress(0.1 + 0.8 * done))
    judged = (came["registered"] >= SMALLEST).to_numpy()
    if not judged.any():
        raise DataError(
            "No bureau of this election has {smallest} registered: nothing to judge by.",
            where="{election_id}: {n} bureaux",
            mend="Look back at another election, or build a larger place.",
            smallest=SMALLEST,
            election_id=target.election_id,
            n=len(came),
        )
    found = _compare(series, forecast, came, judged)
    progress(1.0)
    return found


def _compare(
    series: Series, forecast: AbstentionForecast, came: pd.DataFrame, judged: np.ndarray
) -> AbstentionBacktest:
    size = came["registered"].to_numpy(dtype=float)[judged]
    rate = 1 - came["ballots"].to_numpy(dtype=float)[judged] / size
    table = forecast.table[judged].reset_index(drop=True)
    rules = rule_rates(series, forecast.target)
    expected = {MODEL: table["abstention"].to_numpy()}
    expected |= {name: rates[judged] for name, rates in rules.items()}
    common = np.isfinite(np.column_stack(list(expected.values()))).all(axis=1)
    away = is_overseas(table["commune_id"])
    # A place that lies overseas as a whole is compared there.
    compared = common if away.all() else common & ~away
    rows = []
    for name, rates in expected.items():
        row = {"method": name} | _errors(rates, rate, size, compared)
        every = _errors(rates, rate, size)
        row |= {"n_all": every["n"], "mae_points_all": every["mae_points"]}
        row["mae_points_common"] = _errors(rates, rate, size, common)["mae_points"]
        rows.append(row)
    methods = pd.DataFrame(rows)
    shift = float(np.average(expected[MODEL] - rate, weights=size))
    for name, value in _coverage(table, rate + shift, size).items():
        methods[name] = np.where(methods["method"] == MODEL, value, np.nan)
    # The mean absolute deviation of a normal count is √(2/π) of its standard deviation.
    floor = np.sqrt(2 / np.pi * rate * (1 - rate) / size)
    bureaux = table[["bureau_id", "registered"]].assign(
        came=rate,
        expected=table["abstention"] - shift,
        low_90=table["low_90"] - shift,
        high_90=table["high_90"] - shift,
    )
    return AbstentionBacktest(
        target=forecast.target,
        noise_floor_points=100 * float(np.average(floor, weights=size)),
        methods=methods,
        bureaux=bureaux,
        forecast=forecast,
    )


def _errors(
    expected: np.ndarray, rate: np.ndarray, size: np.ndarray, among: np.ndarray | None = None
) -> dict[str, float]:
    """Return errors in points, weighted by registered, after the common shift is removed."""
    use = np.isfinite(expected) if among is None else np.isfinite(expected) & among
    if not use.any():
        return {"n": 0, "mae_points": np.nan, "rmse_points": np.nan, "spearman": np.nan}
    error, weights = (expected - rate)[use], size[use]
    error = error - np.average(error, weights=weights)
    ranks = pd.Series(expected[use]).rank(), pd.Series(rate[use]).rank()
    spread = min(float(one.std()) for one in ranks) if use.sum() > 1 else 0.0
    return {
        "n": int(use.sum()),
        "mae_points": 100 * float(np.average(np.abs(error), weights=weights)),
        "rmse_points": 100 * float(np.sqrt(np.average(error**2, weights=weights))),
        "spearman": float(np.corrcoef(*ranks)[0, 1]) if spread > 0 else np.nan,
    }


def _coverage(table: pd.DataFrame, rate: np.ndarray, size: np.ndarray) -> dict[str, float]:
    """Return shares of bureaux whose rate, moved by the common shift, lies in the interval.

    Each group comes with its number: nine in ten of ten bureaux is not nine in ten of a thousand.
    """
    groups = {"": size > 0, "_small": size < LARGE, "_large": size >= LARGE}
    found = {f"n{suffix or '_judged'}": float(group.sum()) for suffix, group in groups.items()}
    for share in SHARES:
        inside = (table[f"low_{share}"] <= rate) & (rate <= table[f"high_{share}"])
        for suffix, group in groups.items():
            found[f"coverage_{share}{suffix}"] = (
                float(inside[group].mean()) if group.any() else np.nan
            )
    return found


def check_path(path: Path) -> None:
    """Refuse a file that is no JSON, before anything is worked out.

    Raises
    ------
    DataError
        When its suffix is another.
    """
    if path.suffix != ".json":
        raise DataError(
            "The look back is written as JSON.",
            where="{path}",
            mend="Name a file .json.",
            path=path,
        )


def write_backtest(found: AbstentionBacktest, path: Path, *, fictional: bool = False) -> None:
    """Write the methods as JSON.

    Parameters
    ----------
    found, path
        The look back; a file .json.
    fictional
        Whether the place is invented: the file says so.

    Raises
    ------
    DataError
        When the path does not end in .json or cannot be written.
    """
    check_path(path)
    try:
        told = found.to_dict() | ({"fictional": True} if fictional else {})
        path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(
            "The file cannot be written there.",
            where="{path}: {strerror}",
            mend="Name a folder that exists and may be written to.",
            path=path,
            strerror=error.strerror,
        ) from error
