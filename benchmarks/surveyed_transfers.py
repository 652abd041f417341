"""Pairs of elections that published surveys ask about: estimates of France beside their figures."""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from common import FILES, need_france

if TYPE_CHECKING:
    from analysis.electorate.transfers.joint import Joint

SURVEYED = (("2017_pres_t1", "2017_pres_t2"), ("2022_pres_t1", "2022_pres_t2"))
LEVEL = 0.90


@dataclass(frozen=True)
class Surveyed:
    """Estimates of the pairs of elections that published surveys ask about, all of France."""

    joints: dict[tuple[str, str], Joint]

    @classmethod
    def of(cls, workspace: Path | None) -> Surveyed:
        """Estimate every pair, département by département."""
        from functools import partial

        from analysis.electorate.transfers.bureau_counts import tables_of
        from analysis.electorate.transfers.joint import add_up
        from analysis.electorate.transfers.place_transfers import _estimate, _parts, _run
        from analysis.tables.workspace import Workspace

        with tempfile.TemporaryDirectory() as aside:
            place = Workspace(workspace or built(Path(aside) / "france"))
            joints = {}
            with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
                for pair in SURVEYED:
                    parts = _parts(tables_of(place, *pair))
                    joints[pair] = add_up(_run(partial(_estimate, seed=0), parts, executor))
        return cls(joints)

    @property
    def figures(self) -> int:
        """How many published figures there are."""
        from analysis.electorate.transfers.surveys import published

        return sum(len(published(*pair)) for pair in SURVEYED)

    def beside(self, pair: tuple[str, str], context: float) -> pd.DataFrame:
        """Return the published figures of a pair beside estimate and interval."""
        from dataclasses import replace

        from analysis.electorate.transfers.estimate import tell
        from analysis.electorate.transfers.surveys import compare, published

        joint = self.joints[pair]
        wide = replace(joint, spread=np.hypot(joint.spread, context))
        return compare(tell(wide), published(*pair))

    def learn(self, pairs: tuple[tuple[str, str], ...]) -> float:
        """Return the least context whose intervals hold the figures of nine origins in ten.

        Surveys of one origin err together, so origins are counted and not figures; there are
        nine, so that nine in ten of them are all.
        """
        for context in np.arange(0.0, 3.0, 0.05):
            held = pd.concat([self.beside(pair, context).assign(pair=pair[0]) for pair in pairs])
            if (~held["apart"]).groupby([held["pair"], held["origin"]]).all().mean() >= LEVEL:
                return round(float(context), 2)
        raise ValueError("no context holds the surveys")

    def check(self, context: float) -> None:
        """Print what intervals hold, with the context learned on all pairs and on the others."""
        for pair in SURVEYED:
            others = tuple(one for one in SURVEYED if one != pair)
            for label, value in (("all pairs", context), ("the others", self.learn(others))):
                table = self.beside(pair, value)
                print(
                    f"{' > '.join(pair)}, context {value:.2f} learned on {label}: "
                    f"{(~table['apart']).sum()} of {len(table)} survey figures held, "
                    f"mean width {100 * (table['upper'] - table['lower']).mean():.0f} points"
                )
                out = table[table["apart"]]
                for row in out.itertuples():
                    print(
                        f"    {row.institute} {row.published}: {row.origin} > {row.destination} "
                        f"{100 * row.share:.0f}, [{100 * row.lower:.0f}, {100 * row.upper:.0f}]"
                    )


def built(folder: Path) -> Path:
    """Build France into a folder."""
    from analysis.workflows.build import Inputs, build

    need_france()
    build(Inputs(*FILES), folder)
    return folder
