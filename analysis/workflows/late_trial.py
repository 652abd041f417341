"""A trial that comes late: doors of its bureaux knocked at before, turfs of those it holds back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.errors import Text
from analysis.fieldwork import progress
from analysis.fieldwork.store import Store
from analysis.workflows.hold_back import CONTROL
from analysis.workflows.readiness import Remark
from analysis.workflows.sealed_trials import in_force, open_trial


def knocked_in(store: Store, bureaux: Iterable[str]) -> pd.DataFrame:
    """Return in which of these bureaux doors were knocked at.

    Parameters
    ----------
    store
        Where returns are.
    bureaux
        Their ids.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `planned` (doors of its turfs), `tried` (knocked at, at least one).
    """
    found = progress.coverage(store)
    return found.loc[found["bureau_id"].isin([*bureaux]) & (found["tried"] > 0)]


def held_back(workspace: Path) -> frozenset[str]:
    """Return the bureaux that the trials in force hold back by lot."""
    arms = (open_trial(workspace, one).sealed.assignment for one in in_force(workspace))
    return frozenset(one for arm in arms for one in arm.loc[arm["arm"] == CONTROL, "unit_id"])


def turfs_held_back(store: Store, workspace: Path) -> list[Remark]:
    """Say where a trial that was sealed is not carried out: nothing where it is."""
    found = progress.coverage(store)
    found = found[found["bureau_id"].isin(held_back(workspace))]
    out = found[found["planned"] > 0]
    said = []
    if len(out):
        said.append(
            Remark(
                "held_back",
                Text(
                    "Turfs in the field lie in bureaux that the trial holds back: {doors} doors, "
                    "{n} bureau[x]. Take these turfs back, or the trial tells less.",
                    doors=int(out["planned"].sum()),
                    n=len(out),
                ),
                "turfs",
            )
        )
    if tried := int(found["tried"].sum()):
        said.append(
            Remark(
                "held_back",
                Text(
                    "Doors were knocked at in bureaux that the trial holds back: {doors}. They "
                    "count as contact of those left alone: the effect is estimated with less "
                    "certainty.",
                    doors=tried,
                ),
                "turfs",
            )
        )
    return said
