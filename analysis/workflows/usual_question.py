"""What can be asked of a place, the usual first: whose votes, and at which election."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.errors import DataError
from analysis.readers.calendar import election_of, is_dated
from analysis.tables.elections import elections_to_come
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import Scenario
from analysis.workflows.refusals import is_held

# The votes to come, nearest first, of which a campaign prepares one.
COMING = (
    *("2027_pres_t1", "2027_pres_t2", "2027_legi_t1", "2027_legi_t2", "2028_regi_t1"),
    *("2028_dpmt_t1", "2029_euro_t1", "2032_muni_t1", "2032_muni_t2"),
    # Paris, Lyon and Marseille elect councils of their arrondissements beside the city's.
    *("2032_arrd_t1", "2032_arrd_t2"),
)
# A place's files may end before the last municipal election: it can be looked back at all the same.
_LATE = ("2026_muni_t2", "2026_muni_t1")


def usual_scenario(workspace: Workspace) -> Scenario:
    """Return what is asked before anybody has said: the largest bloc, the next vote.

    Raises
    ------
    DataError
        When no candidate of the place has a bloc.
    """
    blocs = blocs_by_votes(workspace.read("candidates"))
    if not blocs:
        raise DataError(
            "No candidate of this place has a bloc: there is nobody to gain votes for.",
            where="{folder}",
            mend="Give candidates their blocs on the page Data, or name candidates.",
            folder=workspace.path.name,
        )
    elections, places = workspace.read("elections"), workspace.read("places")
    return Scenario(blocs[0], elections_to_prepare(workspace.manifest, elections, places)[1][0])


def blocs_by_votes(candidates: pd.DataFrame) -> list[str]:
    """Return the blocs of a place (its table `candidates`), the one with most votes first."""
    sizes = candidates[candidates["bloc"] != ""].groupby("bloc", observed=True)["votes"].sum()
    return [str(bloc) for bloc in sizes.sort_values(ascending=False).index]


def elections_to_prepare(
    manifest: Mapping[str, Any], elections: pd.DataFrame, places: pd.DataFrame
) -> tuple[list[str], list[str]]:
    """Return the elections to come in a place, and all that can be prepared, those to come first.

    Parameters
    ----------
    manifest, elections, places
        Of its workspace.

    Returns
    -------
    tuple of list of str
        Ids; of the second, an election of the past is prepared with what came before it.
    """
    known = elections.sort_values("date", ascending=False)["election_id"].tolist()
    # The first of all has none before it.
    past = known[:-1]
    if "terrain" in manifest or not any(map(is_dated, elections["election_id"])):
        coming = list(elections_to_come(manifest))
    else:
        coming = [name for name in COMING if is_held(name, places)]
        past = [*_late(elections), *past]
    return coming, [*(name for name in coming if name not in past), *past] or known


def _late(elections: pd.DataFrame) -> list[str]:
    """Return the last municipal rounds where the files lack them but have elections before."""
    ids, first = set(elections["election_id"]), elections["date"].min()
    return [name for name in _LATE if name not in ids and election_of(name).date > first]
