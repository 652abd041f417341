"""By how many votes a bloc and its rival differed last time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.tables.schema import BLOCS
from analysis.targeting.prospects import Prospects


@dataclass(frozen=True, slots=True)
class Margin:
    """Votes of a bloc and of its rival at one past round of a place.

    Attributes
    ----------
    election_id
        The round.
    rival
        Bloc against which votes are counted.
    ours, theirs
        Votes, on today's bureaux.
    comparable
        Whether the round is of the kind that is prepared.
    """

    election_id: str
    rival: str
    ours: int
    theirs: int
    comparable: bool

    @property
    def ahead(self) -> int:
        """Votes by which ours led; below 0 where the rival did."""
        return self.ours - self.theirs

    def summary(self) -> str:
        """Say it in one sentence."""
        side = "ahead of" if self.ahead >= 0 else "behind"
        return (
            f"last time ({self.election_id}): {self.ours} votes against {self.theirs} of "
            f"{self.rival}, {abs(self.ahead)} {side} it."
        )


def last_margin(prospects: Prospects) -> Margin | None:
    """Return the margin of the latest round of the same kind where both stood, else of any kind.

    None where the two never stood at one round of that number.
    """
    if not prospects.rival:
        return None
    history, target = prospects.history, prospects.target
    ours = np.nansum(history.votes, axis=0)
    theirs = np.nansum(history.blocs[:, :, BLOCS.index(prospects.rival)], axis=0)
    found = None
    for number, election in enumerate(history.elections):
        if election.round != target.round or not (ours[number] > 0 and theirs[number] > 0):
            continue
        alike = election.kind == target.kind
        if alike or found is None or not found.comparable:
            votes = int(ours[number]), int(theirs[number])
            found = Margin(election.election_id, prospects.rival, *votes, alike)
    return found
