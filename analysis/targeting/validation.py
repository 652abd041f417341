"""What the ranking would have met: a look back that uses past elections only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.electorate.history import Choice, Election, History, read_history
from analysis.electorate.reserve import best_attended
from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.targeting.prospects import Progress, Prospects, prepare, silent
from analysis.targeting.rank import Settings, score_bureaux

# Share of all hours that a campaign is taken to have.
HOURS_SHARE = 0.20
METHODS = ("chosen", "abstainers_first", "classic_2014", "last_abstention", "size")


@dataclass(frozen=True)
class Backtest:
    """Votes a bloc later lost that the first hours would have met.

    Attributes
    ----------
    target
        The past election that was to be prepared; nothing at or after it was used.
    reference
        The best-attended election before it, against which votes were lost.
    lost_votes
        Votes lost in all bureaux that lost any.
    hours_share
        Share of all hours that is spent.
    curves
        `method`, `hours_share`, `met_share`: share of the lost votes met by spending
        that share of the hours in the order of the method.
    """

    target: Election
    reference: Election
    lost_votes: float
    hours_share: float
    curves: pd.DataFrame

    def met(self, method: str) -> float:
        """Return the share of lost votes that `method` meets with the hours there are."""
        curve = self.curves[self.curves["method"] == method]
        return float(np.interp(self.hours_share, curve["hours_share"], curve["met_share"]))

    def to_frame(self) -> pd.DataFrame:
        """Tabulate the share met by every method; chance meets as much as it spends."""
        rows = [(method, self.met(method)) for method in METHODS]
        return pd.DataFrame([*rows, ("chance", self.hours_share)], columns=["method", "met_share"])


def backtest(  # noqa: PLR0913 - a question, and how to answer it
    workspace: Workspace,
    choice: Choice,
    settings: Settings,
    *,
    before: Election,
    places: tuple[str, ...] = (),
    progress: Progress = silent,
) -> Backtest:
    """Rank as on the eve of the latest past election, and see which lost votes that met.

    Votes lost are those the bloc had at its best-attended election, scaled to the
    registered of the later one, and no longer had there; bureaux that gained count 0.

    Parameters
    ----------
    workspace, choice, places
        As for `prepare`.
    settings
        The strategist's; hours and draws are not used.
    before
        Only elections before this one are looked at, the later one included.
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Raises
    ------
    DataError
        When fewer than three first rounds with the bloc precede `before`.
    """
    whole = read_history(workspace, choice, before=before.date, places=places)
    target = _target(whole)
    prospects = prepare(workspace, choice, target, places=places, progress=progress)
    reference, lost = _lost_votes(whole, prospects, target)
    hours = score_bureaux(prospects, replace(settings, preset="gain_per_hour"))[1].hours
    orders = _orders(prospects, settings)
    curves = [_curve(name, score, hours, lost) for name, score in orders.items()]
    return Backtest(
        target=target,
        reference=reference,
        lost_votes=float(lost.sum()),
        hours_share=HOURS_SHARE,
        curves=pd.concat(curves, ignore_index=True),
    )


def _target(history: History) -> Election:
    stood = [
        election
        for number, election in enumerate(history.elections)
        if election.round == 1 and np.isfinite(history.votes[:, number]).any()
    ]
    if len(stood) < 3:
        raise DataError(
            "A look back needs three first rounds at which the bloc stood.",
            where="found: {found}",
            mend="Build the workspace with more elections, or choose a bloc that stood more often.",
            found=len(stood),
        )
    return stood[-1]


def _lost_votes(
    whole: History, prospects: Prospects, target: Election
) -> tuple[Election, np.ndarray]:
    """Return votes lost at `target` by bureau of that time; 0 where either count is unknown."""
    past = prospects.history
    high = best_attended(past)
    now = whole.elections.index(target)
    known = pd.DataFrame(
        {"votes": whole.votes[:, now], "registered": whole.registered[:, now]},
        index=whole.units["bureau_id"],
    ).reindex(past.units["bureau_id"])
    share = past.votes[:, high] / past.registered[:, high]
    lost = share * known["registered"].to_numpy() - known["votes"].to_numpy()
    return past.elections[high], np.where(np.isfinite(lost), np.maximum(lost, 0.0), 0.0)


def _orders(prospects: Prospects, settings: Settings) -> dict[str, np.ndarray]:
    def score(chosen: Settings) -> np.ndarray:
        return np.asarray(score_bureaux(prospects, chosen)[0].sum(axis=1))

    history = prospects.history
    with np.errstate(invalid="ignore", divide="ignore"):
        abstention = history.abstentions[:, -1] / history.registered[:, -1]
    return {
        "chosen": score(settings),
        "abstainers_first": score(replace(settings, preset="abstainers_first")),
        "classic_2014": score(replace(settings, preset="classic_2014")),
        "last_abstention": np.nan_to_num(abstention, nan=float(np.nanmean(abstention))),
        "size": prospects.table["registered"].to_numpy(dtype=float),
    }


def _curve(method: str, score: np.ndarray, hours: np.ndarray, lost: np.ndarray) -> pd.DataFrame:
    """Return the share of lost votes met against the share of hours spent, at 101 points."""
    order = np.lexsort((np.arange(len(score)), -score))
    spent = np.concatenate([[0.0], np.cumsum(hours[order])]) / hours.sum()
    met = np.concatenate([[0.0], np.cumsum(lost[order])]) / max(lost.sum(), 1e-12)
    grid = np.linspace(0, 1, 101)
    return pd.DataFrame(
        {"method": method, "hours_share": grid, "met_share": np.interp(grid, spent, met)}
    )
