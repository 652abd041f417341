"""What each order would win in worlds whose truth is stated, since nobody knows ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.targeting.params import Params
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Settings, score_bureaux
from analysis.targeting.validation import DECIDES, METHODS, met, orders
from analysis.targeting.value import ANSWERS, answers, index, place_means, respond, value_bureaux


def truths(prospects: Prospects, params: Params | None = None) -> pd.DataFrame:
    """Return net votes per person reached in each of five worlds (bureaux × worlds).

    In the first four, who responds is g: the same everywhere, in proportion to abstention, on the
    fence of voting, in proportion to volatility. There a bureau is worth
    g · (ε · S + τ · A · (m - m')): it is ours who are kept and fetched. In the fifth only
    opponents respond, as near to us as their neighbours are, and one of the rival's counts
    twice: ε · index of (1 - a) · s · (1 - s + r).
    """
    params = params or Params()
    table, means = prospects.table, place_means(prospects.table)
    responding = answers(table)
    net = (table["marginal"] - table["rival_marginal"]).to_numpy()
    worth = params.effect_vote.mean * index(table, "support", means)
    worth = worth + params.effect_turnout.mean * index(table, "abstention", means) * net
    away, ours = table["abstention"].to_numpy(), table["support"].to_numpy()
    theirs = (1 - away) * ours * (1 - ours + table["rival_support"].to_numpy())
    weights = table["registered"].to_numpy(dtype=float)
    worlds = {name: g * worth for name, g in zip(ANSWERS[:4], responding, strict=False)}
    worlds[ANSWERS[4]] = (
        params.effect_vote.mean * theirs / max(np.average(theirs, weights=weights), 1e-12)
    )
    return pd.DataFrame(worlds, index=table.index).clip(lower=0.0)


def true_gains(
    table: pd.DataFrame | Mapping[str, pd.Series], params: Params, movement: Sequence[float]
) -> Iterator[np.ndarray]:
    """Yield the net votes per volunteer-hour in each world (worlds × bureaux).

    Who responds multiplies support, weighted so that the place's mean stays; movement and net
    turnout count beside it.

    Parameters
    ----------
    table
        `Prospects.table` of true rates, or its columns by name.
    params
        The true numbers; of ranges, the means.
    movement
        Weights of movement, 0 to 1; one answer for each.

    Yields
    ------
    numpy.ndarray
        Worlds × bureaux, once per weight of movement.
    """
    means = place_means(table)
    value = value_bureaux(table, params, means)
    kept = index(table, "support", means) * respond(table)
    moved = index(table, "movement", means)
    fetched = params.effect_turnout.mean * value.mobilisable
    met_an_hour = value.conversations_per_hour * value.household
    for alpha in movement:
        won = params.effect_vote.mean * ((1 - alpha) * kept + alpha * moved)
        yield np.asarray(met_an_hour * (won + fetched))


def compare(prospects: Prospects, share: float = DECIDES) -> pd.DataFrame:
    """Return what each order wins with a share of the hours, as a share of the best order.

    Parameters
    ----------
    prospects
        As `prepare` returns it.
    share
        Of all hours.

    Returns
    -------
    pandas.DataFrame
        One row per method, one column per world (1: as much as an order that knows the truth),
        and `worst`, the least of them.
    """
    value = score_bureaux(prospects, Settings())[1]
    use = value.hours > 0
    reached = (value.conversations_per_hour * value.household * value.hours)[use]
    hours = value.hours[use]
    scores = orders(prospects)
    found = {}
    for world, truth in truths(prospects).items():
        votes = truth.to_numpy()[use] * reached
        best = met(votes / hours, hours, votes, [share])[0]
        found[world] = [met(scores[m][use], hours, votes, [share])[0] / best for m in METHODS]
    table = pd.DataFrame(found, index=pd.Index(METHODS, name="method"))
    return table.assign(worst=table.min(axis=1))
