"""Which election, and whose votes: what every room is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError, some


@dataclass(frozen=True, slots=True, order=True)
class Election:
    """An election round, past or coming.

    Attributes
    ----------
    election_id
        `2022_pres_t1`.
    date
        Day of the vote.
    kind, round
        `pres`, `legi`…; 1 or 2.
    """

    election_id: str
    date: datetime
    kind: str
    round: int


def elections_to_come(manifest: Mapping[str, Any]) -> dict[str, Election]:
    """Return the coming elections of a terrain's calendar by id; none for a French place."""
    return {
        e["id"]: Election(e["id"], datetime.fromisoformat(e["date"]), e["kind"], e["round"])
        for e in manifest.get("terrain", {}).get("elections", [])
    }


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose votes count: a bloc, or candidates and lists picked by name.

    Attributes
    ----------
    bloc
        Id of a bloc; empty when candidates are picked.
    candidates
        Names or nuances, compared without regard to case.
    """

    bloc: str = ""
    candidates: tuple[str, ...] = ()

    def members(self, candidates: pd.DataFrame) -> np.ndarray:
        """Tell which rows of `candidates` are meant.

        Raises
        ------
        DataError
            When none is.
        """
        if self.candidates:
            wanted = {name.casefold() for name in self.candidates}
            columns = [candidates[c].str.casefold().isin(wanted) for c in ("name", "nuance")]
            chosen, label = columns[0] | columns[1], ", ".join(self.candidates)
        else:
            chosen, label = candidates["bloc"] == self.bloc, self.bloc
        if not chosen.any():
            known = sorted(set(candidates["bloc"]) - {""})
            raise DataError(
                "No candidate of this workspace belongs to “{label}”.",
                where="blocs found: {known}",
                mend="Choose one of these blocs, name candidates as the files spell them, or give "
                "candidates this bloc in the workspace's blocs.csv.",
                label=label,
                known=some(known, most=10),
            )
        return chosen.to_numpy()
