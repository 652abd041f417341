"""Units near one another, by the contours of a workspace: drawn as one, or kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.errors import DataError
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.neighbours import with_distance, with_groups
from analysis.tables.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Near:
    """What the contours of a workspace decide; 0 for neither.

    Attributes
    ----------
    workspace
        Its folder.
    size
        Bureaux that touch and are drawn as one, about.
    apart
        Metres, at least, between any two that are drawn.
    """

    workspace: Path
    size: int
    apart: float = 0.0


def near_of(workspace: Path | None, size: int, apart: float = 0.0) -> Near | None:
    """Return what `--neighbours` and `--apart` ask for; None for 0.

    Parameters
    ----------
    workspace
        Which knows the contours.
    size
        Bureaux that are drawn as one, about; 0: none are.
    apart
        Metres between any two that are drawn; 0: any.

    Returns
    -------
    Near or None
        One of the two, with the workspace.

    Raises
    ------
    DataError
        When no workspace is named, which alone knows who touches whom, or both are asked for.
    """
    if not size and not apart:
        return None
    if size and apart:
        raise DataError(
            "Neighbours are drawn as one or kept apart, not both.",
            where="--neighbours {size} --apart {apart:g}",
            mend="Leave one of them out.",
            size=size,
            apart=apart,
        )
    if workspace is None:
        raise DataError(
            "Nobody knows which units touch without their contours.",
            where="--neighbours {size}",
            mend="Name the workspace that has them: --workspace FOLDER.",
            size=size or apart,
        )
    return Near(workspace, size, apart)


def grouped(table: pd.DataFrame, rule: Rule, near: Near | None) -> tuple[pd.DataFrame, Rule]:
    """Return units and rule with neighbours drawn as one or kept apart; as they are without.

    Parameters
    ----------
    table
        One row per unit.
    rule
        How they are drawn.
    near
        Whose contours, and how many in a group or how far apart.

    Returns
    -------
    tuple
        The table with a column of groups, or of who stays out, and the rule that draws them.
    """
    if near is None:
        return table, rule
    if near.apart:
        return with_distance(table, rule, Workspace(near.workspace).read("bureaux"), near.apart)
    return with_groups(table, rule, Workspace(near.workspace).read("bureaux"), near.size)
