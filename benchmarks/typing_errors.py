"""Plant typing errors in a place's counts, rank anew, and print how far the bureaux moved.

python benchmarks/typing_errors.py WORKSPACE [--seeds 5] [--only left exchanged]

Two hundred bureaux (forty at a time) at each of several rounds: two candidates' votes exchanged, a
column shifted, the roll ten times too long. Beside it the same ranking with nothing left out. The
promises: the median bureau moves by at most 2% of the list, and none enters the first 20.
Last comes what chance in counting the same shares again does, which is told and promises nothing.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from common import promise

if TYPE_CHECKING:
    from analysis.electorate.history import History

KINDS = ("exchanged", "shifted", "roll")
ASKED = (
    *(("left", "2022_pres_t1", kind) for kind in KINDS),
    *((bloc, "2022_pres_t1", "exchanged") for bloc in ("centre", "right", "far_right")),
    *(("left", e, "exchanged") for e in ("2017_pres_t1", "2019_euro_t1", "2022_legi_t1")),
    ("left", "2024_legi_t1", "exchanged"),
    ("left", "2024_legi_t1", "roll"),
    *((bloc, "2022_pres_t1", "shifted") for bloc in ("centre", "right", "far_right")),
    *((bloc, "2024_legi_t1", "exchanged") for bloc in ("centre", "right", "far_right")),
    *((b, "2024_legi_t1", "shifted") for b in ("left", "centre", "right", "far_right")),
)
TOLD = (("far_right", "2022_pres_t1", "recounted"),)
PLANTED, FIRST, MOST = 40, 20, 0.02


@dataclass(frozen=True)
class Moved:
    """How far planted bureaux moved: places of the list as a share of it, and how many came first.

    `off` is what the bloc's share of the valid votes at that round, as it is used, is off.
    """

    places: np.ndarray
    entered: int
    off: np.ndarray
    who: tuple[str, ...]


class Place:
    """A place prepared once for one bloc, to be ranked with other counts."""

    def __init__(self, folder: Path, bloc: str, target: str) -> None:
        from analysis.electorate.abstention.forecast import forecast_abstention
        from analysis.electorate.abstention.series import Series
        from analysis.electorate.exchanged import votes_as_typed
        from analysis.tables.elections import Choice
        from analysis.targeting.prospects import prepare
        from analysis.workflows.ranking import open_workspace, target_of

        self.workspace = open_workspace(folder)
        self.target = target_of(self.workspace, target)
        self.prospects = prepare(self.workspace, Choice(bloc), self.target)
        self.past, self.bloc = self.prospects.history, bloc
        self.forecast = lambda past: forecast_abstention(Series.of_history(past), self.target)
        every = [e.election_id for e in self.past.elections]
        self.typed = votes_as_typed(self.workspace, Choice(bloc), every)
        self.ids = self.past.units["bureau_id"].astype(str)
        self.told = self.ranks(self.mend(self.past, self.typed))
        self.told_as_typed = self.ranks(self.past)

    def mend(self, past: History, typed: pd.DataFrame) -> History:
        """Return a past as a ranking uses it: without far-out rounds, or with votes put back."""
        from analysis.electorate.exchanged import put_back
        from analysis.electorate.far_rounds import without_far_rounds

        return put_back(past, *without_far_rounds(past), typed)[0]

    def ranks(self, past: History) -> np.ndarray:
        """Return every bureau's rank by the default."""
        from analysis.targeting.prospects import electorate_table
        from analysis.targeting.rank import Settings, score_bureaux

        rates = electorate_table(past, self.target, self.forecast(past), rival=self.prospects.rival)
        table = self.prospects.table.assign(**{name: rates[name] for name in rates})
        points = score_bureaux(replace(self.prospects, table=table), Settings())[0]
        order = np.lexsort((np.arange(len(table)), -points.sum(axis=1).to_numpy()))
        return np.argsort(order) + 1

    def planted(
        self, election: str, kind: str, rng: np.random.Generator
    ) -> tuple[History, pd.DataFrame, np.ndarray]:
        """Return the past with forty errors at a round, its votes by candidate, and where."""
        number = [e.election_id for e in self.past.elections].index(election)
        here = self.typed[self.typed["election_id"] == election]
        voted = (self.past.valid[:, number] > 0) & self.ids.isin(here["bureau_id"].astype(str))
        rows = rng.choice(np.flatnonzero(voted), PLANTED, replace=False)
        if kind == "roll":
            registered = self.past.registered.copy()
            registered[rows, number] *= 10
            past = replace(self.past, registered=registered)
            if number == len(self.past.elections) - 1:
                latest = registered[:, -1].astype("int64")
                past = replace(past, units=past.units.assign(registered=latest))
            return past, self.typed, rows
        from analysis.tables.schema import BLOCS

        blocs, typed = self.past.blocs.copy(), self.typed.copy()
        by_bureau = here.groupby(here["bureau_id"].astype(str)).indices
        for row in rows:
            if kind == "recounted":
                blocs[row, number] = rng.multinomial(
                    int(blocs[row, number].sum()), blocs[row, number] / blocs[row, number].sum()
                )
            else:
                theirs = here.iloc[by_bureau[self.ids.iloc[row]]]
                votes = _mistyped(theirs["votes"].to_numpy(dtype=float), kind, rng)
                typed.loc[theirs.index, "votes"] = votes
                blocs[row, number] = [votes[theirs["bloc"] == bloc].sum() for bloc in BLOCS]
        own = blocs[:, :, BLOCS.index(self.bloc)]
        votes = np.where(np.isfinite(self.past.votes), own, np.nan)
        return replace(self.past, blocs=blocs, votes=votes), typed, rows

    def moved(self, election: str, kind: str, seeds: int) -> tuple[Moved, Moved]:
        """Return how the planted moved, with far-out counts left out and as typed."""
        found: tuple[list, list] = ([], [])
        who: tuple[list[str], list[str]] = ([], [])
        number = [e.election_id for e in self.past.elections].index(election)
        right = self._share(self.mend(self.past, self.typed), number)
        for seed in range(seeds):
            past, typed, rows = self.planted(election, kind, np.random.default_rng(seed))
            both = ((self.mend(past, typed), self.told), (past, self.told_as_typed))
            for kept, named, (one, told) in zip(found, who, both, strict=True):
                ranks = self.ranks(one)[rows]
                entered = (ranks <= FIRST) & (told[rows] > FIRST)
                off = self._share(one, number)[rows] - right[rows]
                kept.append((np.abs(ranks - told[rows]), entered, off))
                named += [
                    f"{self.ids.iloc[row]} from {told[row]} to {rank}"
                    for row, rank in zip(rows[entered], ranks[entered], strict=True)
                ]
        size = len(self.past.units)
        return tuple(
            Moved(
                np.concatenate([m for m, _, _ in k]) / size,
                int(sum(e.sum() for _, e, _ in k)),
                np.concatenate([o for _, _, o in k]),
                tuple(names),
            )
            for k, names in zip(found, who, strict=True)
        )

    def _share(self, past: History, number: int) -> np.ndarray:
        return past.votes[:, number] / past.valid[:, number]


def _mistyped(votes: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return one bureau's votes with an error, in the order of the file."""
    if kind == "shifted":
        return np.roll(votes, 1)
    most, few = votes.argmax(), np.flatnonzero(votes < 0.3 * votes.max())
    other = rng.choice(few) if len(few) else votes.argmin()
    votes = votes.copy()
    votes[[most, other]] = votes[[other, most]]
    return votes


def main() -> int:
    """Print a line for each kind of error, and keep or break both promises."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--for", dest="target", default="2027_pres_t1")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    places: dict[str, Place] = {}
    kept = []
    for bloc, election, kind in (*ASKED, *TOLD):
        if not {*asked.only} <= {bloc, election, kind}:
            continue
        place = places.setdefault(bloc, Place(asked.workspace, bloc, asked.target))
        ours, bare = place.moved(election, kind, asked.seeds)
        print(
            f"{bloc:<10} {election} {kind:<10} {len(ours.places)} planted: median "
            f"{np.median(ours.places):.2%} (as typed {np.median(bare.places):.2%}), "
            f"entered {ours.entered} ({bare.entered}), share of the bloc off by "
            f"{100 * np.sqrt(np.mean(ours.off**2)):.2f} points "
            f"({100 * np.sqrt(np.mean(bare.off**2)):.2f})",
            flush=True,
        )
        if ours.who:
            print(f"{'':<10} entered: {', '.join(ours.who)}")
        if (bloc, election, kind) in TOLD:
            continue
        name = f"{bloc} {election} {kind}"
        kept.append(
            promise(f"{name}, median move", float(np.median(ours.places)), MOST, "of the list")
        )
        kept.append(promise(f"{name}, entered the first {FIRST}", ours.entered, 0.5, "bureaux"))
    return 0 if kept and all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
