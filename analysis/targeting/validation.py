"""What orders of bureaux would have met of the votes that moved, at elections of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analysis.electorate.history import History
from analysis.electorate.reserve import SAME_SPRING_YEARS, TURNOUT_APART
from analysis.electorate.volatility import pedersen
from analysis.tables.table_texts import TableTexts
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Settings, score_bureaux
from analysis.targeting.weights import gain_points, part_indices, score_parts

# Shares of all hours that a campaign may have; the middle one decides.
HOURS_SHARES, DECIDES = (0.10, 0.20, 0.40), 0.20
# A cell tells something where so many of the registered moved, and so many votes.
LEAST_SHARE, LEAST_VOTES, LEAST_REGISTERED = 0.01, 200, 200
# Strategies by preset, then rules of one line, each by the hour.
STRATEGIES = {
    "default": "gain_per_hour",
    "mobilise": "abstainers_first",
    "convince": "undecided_first",
    "classic_2014": "classic_2014",
}
RULES = (
    *("support", "abstention_support", "fence_support", "last_abstention", "size"),
    "priority_precinct_generator",
)
METHODS = (*STRATEGIES, *RULES)
RESAMPLES, GROUPS = 200, 10
# What the tables of a `Validation` hold, whether or not there is a row.
MET = ("met_10", "met_20", "met_40", "lower", "upper")
CELLS = ("bloc", "from", "to", "kind", "votes", "method", *MET)
UNTOLD = ("bloc", "from", "to", "votes", "share")
PARTS_JUDGED = ("part", "error", "noise", "correlation", "rule_error")


@dataclass(frozen=True)
class Validation(TableTexts):
    """What each order would have met, pair of elections by pair of elections.

    Attributes
    ----------
    cells
        One row per bloc × pair × method: `bloc`, `from`, `to`, `kind` (L lost, G won),
        `votes`, `method`, `met_10`, `met_20`, `met_40` (shares of `votes`), `lower`, `upper`
        (90% of bootstrap resamples of communes, of bureaux where there are few communes).
    untold
        Pairs at which too little moved to tell: `bloc`, `from`, `to`, `votes`, `share`.
    parts
        What each part foretold against what came: `bloc`, `to`, `part`, `error`, `noise`
        (mean absolute; the least that counting allows), `correlation` (of ranks), `rule_error`.
    """

    cells: pd.DataFrame
    untold: pd.DataFrame
    parts: pd.DataFrame

    @cached_property
    def means(self) -> pd.Series:
        """Mean over cells of the share met by 20% of the hours, by method, best first."""
        means = self.cells.groupby("method")["met_20"].mean()
        return means.sort_values(ascending=False, kind="stable")

    def of_bloc(self, bloc: str) -> Validation:
        """Return what concerns one bloc."""
        parts = (self.cells, self.untold, self.parts)
        return Validation(*(t[t["bloc"] == bloc].reset_index(drop=True) for t in parts))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell, one column per method: the share met by 20% of hours."""
        keys = ["bloc", "kind", "from", "to", "votes"]
        wide = self.cells.pivot_table("met_20", keys, "method", sort=False)
        return wide[[m for m in METHODS if m in wide]].reset_index()

    def to_json(self) -> dict[str, Any]:
        """Return plain values: cells with their methods, means, what cannot be told."""
        keys = ["bloc", "from", "to", "kind"]
        cells = [
            {
                **dict(zip(keys, key, strict=True)),
                "votes": round(float(rows["votes"].iloc[0])),
                "methods": {
                    row["method"]: {name: round(float(row[name]), 4) for name in MET}
                    for row in rows.to_dict("records")
                },
            }
            for key, rows in self.cells.groupby(keys, sort=False)
        ]
        return {
            "cells": cells,
            "mean_met_20": {k: round(float(v), 4) for k, v in self.means.items()},
            "cannot_tell": self.untold.to_dict("records"),
            "parts": self.parts.round(5).to_dict("records"),
        }


@dataclass(frozen=True)
class Came:
    """What came at the later election, on the bureaux of the prospects.

    Attributes
    ----------
    registered, ballots, valid, votes
        One per bureau; NaN where it did not vote, or the bloc did not stand.
    blocs
        Votes of every bloc (bureaux × blocs).
    date
        Its day.
    """

    registered: np.ndarray
    ballots: np.ndarray
    valid: np.ndarray
    votes: np.ndarray
    blocs: np.ndarray
    date: datetime


def last_stood(history: History) -> int | None:
    """Return the latest first round where the list stood, as a position."""
    stood = [
        n
        for n, election in enumerate(history.elections)
        if election.round == 1 and np.nansum(history.votes[:, n]) > 0
    ]
    return stood[-1] if stood else None


def moved_votes(history: History, before: int, came: Came) -> tuple[str, np.ndarray, float]:
    """Return whether a list lost or won, the votes that moved so by bureau, and the net share.

    Parameters
    ----------
    history
        The past, whose election `before` is compared with what came.
    before
        Its position.
    came
        What came, on the same bureaux.

    Returns
    -------
    tuple
        "L" or "G"; votes (0 where they moved the other way, NaN where not known or under 200
        registered); net votes per registered.
    """
    registered = np.where(history.registered[:, before] > 0, history.registered[:, before], np.nan)
    lost = history.votes[:, before] / registered * came.registered - came.votes
    known = np.isfinite(lost) & (came.registered >= LEAST_REGISTERED)
    net = float(lost[known].sum() / max(came.registered[known].sum(), 1e-9))
    kind = "L" if net >= 0 else "G"
    moved = np.maximum(lost if kind == "L" else -lost, 0.0)
    return kind, np.where(known, moved, np.nan), net


def orders(prospects: Prospects, settings: Settings | None = None) -> dict[str, np.ndarray]:
    """Return the score of every bureau by method: strategies as `rank` does, rules by the hour."""
    settings, found, table = settings or Settings(), {}, prospects.table
    # What an hour is worth does not depend on the strategy.
    value = score_bureaux(prospects, settings)[1]
    registered, indices = table["registered"].to_numpy(dtype=float), part_indices(table, value)
    for name, preset in STRATEGIES.items():
        own = replace(settings, preset=preset).chosen
        points = score_parts(indices, own) if own else gain_points(value, registered)
        found[name] = points.sum(axis=1).to_numpy()
    away, support = table["abstention"].to_numpy(), table["support"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        by_hour = np.nan_to_num(registered / value.hours, posinf=0.0)
        last = _last_abstention(prospects.history)
    found |= {
        "support": support * by_hour,
        "abstention_support": away * support * by_hour,
        "fence_support": away * (1 - away) * support * by_hour,
        "last_abstention": last * by_hour,
        "size": registered,
        "priority_precinct_generator": priority_precinct_generator(prospects),
    }
    return found


def _last_abstention(history: History) -> np.ndarray:
    rate = history.abstentions / np.where(history.registered > 0, history.registered, np.nan)
    last = pd.DataFrame(rate).ffill(axis=1).iloc[:, -1]
    return last.fillna(last.mean()).to_numpy()


def priority_precinct_generator(prospects: Prospects) -> np.ndarray:
    """Return the score of the Priority Precinct Generator, as far as French counts allow it.

    (0.50 drop-off + 0.35 expansion + 0.15 volatility) · min(1, N / 150): drop-off is turnout at
    the best attended first round less that of the latest, expansion the abstention at the best
    attended, volatility the standard deviation of turnout.
    """
    history = prospects.history
    first = [n for n, e in enumerate(history.elections) if e.round == 1]
    registered = np.where(history.registered[:, first] > 0, history.registered[:, first], np.nan)
    turnout = pd.DataFrame(history.ballots[:, first] / registered)
    turnout = turnout.fillna(turnout.mean())
    best, last = turnout.max(axis=1), turnout.iloc[:, -1]
    parts = 0.50 * (best - last) + 0.35 * (1 - best) + 0.15 * turnout.std(axis=1).fillna(0.0)
    size = prospects.table["registered"].to_numpy(dtype=float)
    return np.asarray(parts.to_numpy() * np.minimum(size / 150, 1.0))


def met(
    score: np.ndarray, hours: np.ndarray, votes: np.ndarray, shares: Sequence[float] = HOURS_SHARES
) -> np.ndarray:
    """Return the share of votes met by the first shares of hours in the order of a score.

    Parameters
    ----------
    score, hours, votes
        One per bureau; the first may hold ties, kept in the order of rows.
    shares
        Of all hours, 0 to 1.

    Returns
    -------
    numpy.ndarray
        One per share of hours, 0 to 1.
    """
    order = np.argsort(-score, kind="stable")
    spent = np.concatenate([[0.0], np.cumsum(hours[order])]) / hours.sum()
    got = np.concatenate([[0.0], np.cumsum(votes[order])]) / max(votes.sum(), 1e-12)
    return np.interp(shares, spent, got)


def met_resampled(
    score: np.ndarray, hours: np.ndarray, votes: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the share met by the deciding share of hours in each resample.

    Parameters
    ----------
    score, hours, votes
        One per bureau.
    weights
        How often each bureau is in each resample (resamples × bureaux).

    Returns
    -------
    numpy.ndarray
        One per resample, 0 to 1.
    """
    order = np.argsort(-score, kind="stable")
    spent = np.cumsum(weights[:, order] * hours[order].astype("float32"), axis=1)
    got = np.cumsum(weights[:, order] * votes[order].astype("float32"), axis=1)
    wanted = DECIDES * spent[:, -1]
    place = (spent < wanted[:, None]).sum(axis=1)
    row = np.arange(len(weights))
    before = np.maximum(place - 1, 0)
    low = np.where(place > 0, spent[row, before], 0.0)
    share = (wanted - low) / np.maximum(spent[row, place] - low, 1e-9)
    base = np.where(place > 0, got[row, before], 0.0)
    return np.asarray((base + share * (got[row, place] - base)) / np.maximum(got[:, -1], 1e-9))


def resamples(communes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how often each bureau is in each resample of communes, or of bureaux if few."""
    codes = pd.factorize(communes)[0]
    if codes.max() + 1 < GROUPS:
        codes = np.arange(len(communes))
    drawn = rng.poisson(1.0, (RESAMPLES, codes.max() + 1)).astype("float32")
    return np.asarray(drawn[:, codes])


def judge(prospects: Prospects, moved: np.ndarray, rng: np.random.Generator) -> pd.DataFrame | None:
    """Return what each method meets of the votes that moved; None where no bureau is known.

    Parameters
    ----------
    prospects
        As they were before the election, one row per bureau.
    moved
        Votes per bureau that moved; nan where not known.
    rng
        For the resamples of bureaux.

    Returns
    -------
    pandas.DataFrame
        One row per method: `method`, `met_10`, `met_20`, `met_40`, `lower`, `upper`.
    """
    value = score_bureaux(prospects, Settings())[1]
    known = np.isfinite(moved) & (value.hours > 0)
    if not known.any() or not moved[known].sum():
        return None
    hours, votes = value.hours[known], moved[known]
    weights = resamples(prospects.table["commune_id"].to_numpy()[known], rng)
    rows = []
    for name, score in orders(prospects).items():
        again = met_resampled(score[known], hours, votes, weights)
        lower, upper = np.quantile(again, [0.05, 0.95])
        rows.append((name, *met(score[known], hours, votes), lower, upper))
    return pd.DataFrame(rows, columns=["method", *MET])


def judge_parts(prospects: Prospects, before: int, came: Came) -> pd.DataFrame:
    """Return how far off each part was, beside its rule of thumb.

    Parameters
    ----------
    prospects
        As they were before the election, one row per bureau.
    before
        Position in the history of the election that the rule of thumb repeats.
    came
        What was seen at the election.

    Returns
    -------
    pandas.DataFrame
        `part`, `error` (mean absolute, weighted by registered), `noise` (that of counting
        alone), `correlation` (of ranks), `rule_error`. The forecast and the rule are both moved
        to the level that came: what is judged is which bureau, not the tide. The rule is « as
        last time » for abstention and support, « the same everywhere » for movement and
        volatility, and for the shares of marginal voters the bloc's own share last time, both
        multiplied by how much turnout changed; these have no row where it changed by less than
        `TURNOUT_APART`, and the reserve none but within one spring.
    """
    table, history = prospects.table, prospects.history
    size = np.where(came.registered >= LEAST_REGISTERED, came.registered, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        old = history.registered[:, before]
        share_before = history.votes[:, before] / history.valid[:, before]
        changed = came.votes / size - history.votes[:, before] / old
        turnout_before = history.ballots[:, before] / old
        turned = came.ballots / size - turnout_before
    sides = _sides_changed(history, before, came)
    pairs = {
        "abstention": (table["abstention"], 1 - came.ballots / size, 1 - turnout_before),
        "support": (table["support"], came.votes / came.valid, share_before),
        "movement": (table["movement"], np.abs(changed), _alike(np.abs(changed))),
        "volatility": (table["volatility"], sides, _alike(sides)),
    }
    if abs(_mean(turned, size)) >= TURNOUT_APART:
        seen = (changed, turned * share_before)
        pairs["marginal"] = (turned * table["marginal"], *seen)
        years = (came.date - history.elections[before].date).days / 365.25
        if years <= SAME_SPRING_YEARS:
            pairs["reserve"] = (turned * table["reserve"], *seen)
    of = {"support": came.valid, "volatility": came.valid}
    return pd.DataFrame(
        [
            (name, *_error(np.asarray(told, dtype=float), came_, rule, of.get(name, size), size))
            for name, (told, came_, rule) in pairs.items()
        ],
        columns=list(PARTS_JUDGED),
    )


def _sides_changed(history: History, before: int, came: Came) -> np.ndarray:
    """Return the Pedersen index between the election before and what came, by bureau."""
    pair = replace(
        history,
        valid=np.column_stack([history.valid[:, before], came.valid]),
        blocs=np.stack([history.blocs[:, before], came.blocs], axis=1),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return pedersen(pair, 0, 1)[0]


def _alike(values: np.ndarray) -> np.ndarray:
    known = values[np.isfinite(values)]
    return np.full(len(values), known.mean() if len(known) else np.nan)


def _mean(values: np.ndarray, size: np.ndarray) -> float:
    """Return the mean over bureaux that are known, weighted by their size; nought of none."""
    known = np.isfinite(values) & np.isfinite(size)
    return float(np.average(values[known], weights=size[known])) if known.any() else 0.0


def _error(
    told: np.ndarray, came: np.ndarray, rule: np.ndarray, of: np.ndarray, size: np.ndarray
) -> tuple[float, float, float, float]:
    known = np.isfinite(told) & np.isfinite(came) & np.isfinite(rule) & np.isfinite(size)
    if known.sum() < 3:
        return (float("nan"),) * 4
    told, came, rule, of = told[known], came[known], rule[known], of[known]
    weight = size[known] / size[known].sum()
    level = float(weight @ came)

    def off(guess: np.ndarray) -> float:
        return float(weight @ np.abs(guess - weight @ guess + level - came))

    # Mean absolute value of a normal error is √(2/π) of its standard deviation.
    noise = float(weight @ np.sqrt(2 / np.pi * np.clip(came * (1 - came), 0, None) / of))
    ranks = pd.DataFrame({"told": told, "came": came}).rank().corr().iloc[0, 1]
    return off(told), noise, float(ranks), off(rule)
