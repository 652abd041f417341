"""What moved between two elections, bureau by bureau, and where it moved together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.counts import read_counts
from analysis.electorate.swing_noise import Noise, Pairs, estimate_noise
from analysis.errors import DataError, Text, some
from analysis.geography.crosswalk import prorate
from analysis.geography.zones import lies_in
from analysis.tables.elections import Choice
from analysis.tables.sources import LeftOut
from analysis.tables.table_texts import TableTexts
from analysis.tables.workspace import Workspace

Floats = npt.NDArray[np.float64]
Of = Literal["valid", "registered"]
Progress = Callable[[float], None]


def silent(done: float) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share whose change is a swing.

    Attributes
    ----------
    choice
        A bloc or candidates; none means abstention.
    of
        What it is a share of: `valid` ballots or `registered`.
    """

    choice: Choice | None = None
    of: Of = "registered"

    def __post_init__(self) -> None:
        if self.of not in ("valid", "registered"):
            raise DataError(
                "A share is of valid ballots or of the registered, not of “{of}”.",
                mend="Write valid or registered.",
                of=self.of,
            )
        if self.choice is None and self.of == "valid":
            raise DataError(
                "Abstention has no share of the valid ballots.",
                mend="Take its share of the registered.",
            )


@dataclass(frozen=True)
class Swing(TableTexts):
    """Change of a share between two elections.

    Attributes
    ----------
    table
        One row per bureau that has both: `bureau_id`, `before`, `after` (shares), `swing`,
        `std_error`, `lower`, `upper` (interval of the swing, within what the share before
        leaves possible), `residual` (swing less that of the whole), `residual_lower`,
        `residual_upper`, `unlike` (whether the residual's interval leaves out nought),
        `weight` (denominator after).
    before, after
        The share in all these bureaux together.
    level
        Of the intervals.
    left_out
        Bureaux without a counterpart, by election.
    noise
        How much of a swing is chance, and how it is known.
    """

    table: pd.DataFrame
    before: float
    after: float
    level: float
    left_out: tuple[LeftOut, ...]
    noise: Noise

    @property
    def swing(self) -> float:
        """Swing of all these bureaux together."""
        return self.after - self.before

    def to_frame(self) -> pd.DataFrame:
        """Return the table, as it is written to files."""
        return self.table.copy()


def measure_swing(  # noqa: PLR0913 - a question, and how to answer it
    workspace: Workspace,
    origin: str,
    destination: str,
    share: Share,
    *,
    places: tuple[str, ...] = (),
    level: float = 0.90,
    progress: Progress = silent,
) -> Swing:
    """Measure the change of a share between two elections, in either order.

    Both are brought onto the bureaux of the later one, through the crosswalk where
    contours differ, so that the swing back is the opposite of the swing there.

    Parameters
    ----------
    workspace
        A built place.
    origin, destination
        Ids of two elections.
    share
        Of whom, and of what.
    places
        Communes or départements; empty for the whole workspace.
    level
        Of the intervals. They count chance in the ballots, as large as bureaux side by side
        show it to be (`swing_noise`), not errors of the crosswalk.
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Swing
        One row per bureau with this share at both elections; shares 0 to 1.

    Raises
    ------
    DataError
        When an election is absent, the choice stood in one of them only, or no bureau
        has both.

    Examples
    --------
    >>> from pathlib import Path
    >>> from analysis.workflows.ranking import open_workspace
    >>> valmont = open_workspace(Path("workspaces/valmont"))
    >>> left = Share(Choice("left"), "valid")
    >>> found = measure_swing(valmont, "2022_pres_t1", "2024_legi_t1", left)
    >>> len(found.table), bool(found.swing == found.after - found.before)
    (49, True)
    """
    both = []
    for done, name in ((0.45, origin), (0.9, destination)):
        both.append(_counted(workspace, name, share, places))
        progress(done)
    dates = _dates(workspace, (origin, destination))
    later = int(dates["date"].argmax())
    earlier = 1 - later
    both[earlier] = _hand_on(
        workspace, both[earlier], dates["vintage"].to_numpy()[[earlier, later]]
    )
    common = both[0].index.intersection(both[1].index).sort_values()
    usable = (both[0].loc[common, "den"] > 0) & (both[1].loc[common, "den"] > 0)
    common = common[usable]
    common = common[lies_in(workspace, common, places)]
    if common.empty:
        raise DataError(
            "No bureau has this share at both elections.",
            where="{origin}: {before}; {destination}: {after}",
            mend="Choose two elections of the same place where this choice stood; for renumbered "
            "bureaux, build the workspace with the contours of both vintages.",
            origin=origin,
            before=some(both[0].index),
            destination=destination,
            after=some(both[1].index),
        )
    left_out = tuple(
        LeftOut(Text("bureaux without this share at both elections"), len(gone), some(gone), name)
        for name, table in zip((origin, destination), both, strict=True)
        for lost in [table.index.difference(common)]
        if len(gone := lost[lies_in(workspace, lost, places)])
    )
    vintage = dates["vintage"].iloc[later]
    pairs = None if pd.isna(vintage) else _touching_pairs(workspace, int(vintage), common)
    return _compare(both[0].loc[common], both[1].loc[common], level, left_out, pairs)


def _touching_pairs(workspace: Workspace, vintage: int, ids: pd.Index) -> Pairs | None:
    """Return positions in `ids` of bureaux whose contours touch, each pair once."""
    from analysis.electorate.spatial import touching

    bureaux = workspace.read("bureaux")
    bureaux = bureaux[bureaux["vintage"] == vintage]
    place = ids.get_indexer(pd.Index(bureaux["bureau_id"].astype("str")))
    known = place >= 0
    one, other = touching(bureaux.geometry.to_numpy()[known])
    once = one < other
    return place[known][one[once]], place[known][other[once]]


def _dates(workspace: Workspace, asked: tuple[str, str]) -> pd.DataFrame:
    elections = workspace.read("elections").set_index("election_id")
    if missing := [name for name in asked if name not in elections.index]:
        raise DataError(
            "The election {election} is not in this workspace.",
            where="elections: {elections}",
            mend="Choose among these, or build the workspace with its results.",
            election=missing[0],
            elections=some(elections.index, most=20),
        )
    return elections.loc[list(asked), ["date", "vintage"]]


def _counted(
    workspace: Workspace, election: str, share: Share, places: tuple[str, ...]
) -> pd.DataFrame:
    """Return numerator `num` and denominator `den` by bureau, where the choice stood."""
    _dates(workspace, (election, election))
    choice = share.choice
    members = choice.members if choice else lambda t: np.zeros(len(t), dtype=bool)
    table = read_counts(workspace, [election], members, places).table(0)
    registered = table["ballots"] + table["abstentions"]
    den = table["valid"] if share.of == "valid" else registered
    num = table["votes"] if choice else table["abstentions"]
    stood = table["offered"] > 0 if choice else pd.Series(data=True, index=table.index)
    if choice and not stood.any():
        raise DataError(
            "Nobody of this choice stood at {election} in these places.",
            where="{places}",
            mend="Choose another bloc or other candidates, or another election.",
            election=election,
            places=some(places) or Text("whole workspace"),
        )
    return pd.DataFrame({"num": num, "rest": den - num, "den": den})[stood]


def _hand_on(workspace: Workspace, table: pd.DataFrame, vintages: np.ndarray) -> pd.DataFrame:
    """Bring counts from one vintage onto another, whole persons at a time."""
    if pd.isna(vintages).any() or vintages[0] == vintages[1]:
        return table
    links = workspace.read("crosswalk")
    chosen = links[(links["from_vintage"] == vintages[0]) & (links["to_vintage"] == vintages[1])]
    if chosen.empty:
        return table
    moved = prorate(table[["num", "rest"]], chosen)
    return moved.assign(den=moved.sum(axis=1))


def _compare(
    before: pd.DataFrame,
    after: pd.DataFrame,
    level: float,
    left_out: tuple[LeftOut, ...],
    pairs: Pairs | None = None,
) -> Swing:
    # The first map needs this module's words, and no scipy.
    from scipy.special import ndtri

    (was, was_all, was_counted), (now, now_all, now_counted) = map(_rate, (before, after))
    swing, whole = now - was, now_all - was_all
    residual, counted = swing - whole, was_counted + now_counted
    noise = estimate_noise(residual, counted, pairs, before.index)
    error = np.sqrt(noise.factor * counted)
    half = ndtri((1 + level) / 2) * error
    # A share falls at most to 0 and rises at most to 1. Nought stays in a residual's interval
    # where the whole moved farther than this bureau could: that alone is not unlike.
    least, most = -was, 1 - was
    least_residual, most_residual = np.minimum(least - whole, 0), np.maximum(most - whole, 0)
    table = pd.DataFrame(
        {
            "bureau_id": before.index.astype("str"),
            "before": was,
            "after": now,
            "swing": swing,
            "std_error": error,
            "lower": np.maximum(swing - half, least),
            "upper": np.minimum(swing + half, most),
            "residual": residual,
            "residual_lower": np.maximum(residual - half, least_residual),
            "residual_upper": np.minimum(residual + half, most_residual),
            "unlike": np.abs(residual) > half,
            "weight": after["den"].to_numpy(),
        }
    )
    return Swing(table, was_all, now_all, level, left_out, noise)


def _rate(counts: pd.DataFrame) -> tuple[Floats, float, Floats]:
    """Return the share by bureau, in all, and its variance by bureau if persons were drawn."""
    num, den = (counts[name].to_numpy(dtype=float) for name in ("num", "den"))
    whole = float(num.sum() / den.sum())
    # One more person of the whole's kind: a bureau of 0% is not free of chance.
    steady = (num + whole) / (den + 1)
    return num / den, whole, steady * (1 - steady) / den


def butler_swing(first: Swing, second: Swing) -> float:
    """Return the swing from the second to the first: half the gain of one and loss of the other.

    Parameters
    ----------
    first, second
        Swings of two choices between the same elections, share of the same ballots.

    Returns
    -------
    float
        Of the whole place, a share; positive when the first gained on the second.

    References
    ----------
    Butler, D. and Stokes, D. (1969). Political Change in Britain. Macmillan.
    """
    return (first.swing - second.swing) / 2
