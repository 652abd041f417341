"""What hours do in each part of a place: one row per arrondissement, quarter, canton or commune."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.geography.level_shapes import DEPARTEMENT
from analysis.geography.outlines import COMMUNE
from analysis.geography.zones import arrondissement, in_words, zones_of
from analysis.i18n import Words
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.by_level import units_of
from analysis.workflows.hold_back import HoldBack
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import title_of
from analysis.workflows.ranking import RankingFile, answer, scenario_of

COMMAND = "totals"
ARRONDISSEMENT = "arrondissement"
_NEARLY_ALL = 0.9
_WORDS = Words(
    "totals",
    {
        "arrondissement": "Totals by arrondissement",
        "quartier": "Totals by quarter",
        "canton": "Totals by canton",
        "circonscription": "Totals by constituency",
        "epci": "Totals by group of communes",
        "commune": "Totals by commune",
        "departement": "Totals by département",
        "none": "In none of these parts",
    },
)


def heading_of(kind: str, language: str) -> str:
    """Say by which kind of part totals are ("none": what lies in none), in French or English."""
    return _WORDS[language][kind]


def kinds_of(workspace: Workspace, bureau_ids: pd.Series) -> tuple[str, ...]:
    """Return the kinds of parts that tell some bureaux apart, in the order that lists offer them.

    Parameters
    ----------
    workspace
        A built place.
    bureau_ids
        Those in view.

    Returns
    -------
    tuple of str
        Some of `zones.KINDS`; empty where all bureaux lie in one part of each.
    """
    known = zones_of(workspace)["kind"].unique()
    found = {kind: parts_of(workspace, bureau_ids, kind).unique() for kind in known}
    return tuple(kind for kind, parts in found.items() if len(parts) > 1)


def dividing_kinds(workspace: Workspace, bureau_ids: pd.Series) -> tuple[str, ...]:
    """Return those of `kinds_of` that hold nearly all bureaux: what is first there is first of all.

    Arrondissements divide Paris, and no département with towns beside Marseille.
    """
    return tuple(
        kind
        for kind in kinds_of(workspace, bureau_ids)
        if parts_of(workspace, bureau_ids, kind).ne("").mean() >= _NEARLY_ALL
    )


def parts_of(workspace: Workspace, bureau_ids: pd.Series, kind: str) -> pd.Series:
    """Return the part of each bureau (Series of ids as `--place` takes them; "" in none).

    Parameters
    ----------
    workspace
        A built place.
    bureau_ids
        Ids, in any order.
    kind
        One of `zones.KINDS`.

    Returns
    -------
    pandas.Series
        In the order and with the index of `bureau_ids`.
    """
    ids = bureau_ids.astype("str")
    if kind in {COMMUNE, DEPARTEMENT}:
        return units_of(workspace, ids, kind)
    if kind == ARRONDISSEMENT:
        return ids.map(arrondissement)
    zones = workspace.read("zones")
    own = zones[zones["kind"] == kind].drop_duplicates("bureau_id").set_index("bureau_id")
    return ids.map(kind + ":" + own["zone_id"].astype("str")).fillna("").astype("str")


def totals_by(workspace: Workspace, announced: Ranking, kind: str) -> pd.DataFrame:
    """Return what hours do in each part.

    Parameters
    ----------
    workspace
        The place of the ranking.
    announced
        Of its bureaux; without the controls of a trial where there is one.
    kind
        One of `kinds_of`.

    Returns
    -------
    pandas.DataFrame
        `part`, `part_name` ("" for what lies in none), `bureaux`, `bureaux_reached` (within the
        hours of the scenario), `registered`, `doors`, `hours` (volunteer-hours to knock at every
        door), `votes_expected` (of these hours), `hours_per_vote` (NaN where no vote is gained),
        `doors_share`, `hours_share`, `votes_share` (of the place, 0 to 1), by falling votes.
    """
    table = announced.table
    first = table["bureau_id"].isin(table["bureau_id"].head(announced.k))
    counted = pd.DataFrame(
        {
            "bureaux": 1,
            "bureaux_reached": first.astype(int),
            "registered": table["registered"],
            "doors": table["doors"],
            "hours": table["hours"],
            # Bureaux without ground have no hours, and no rate.
            "votes_expected": (table["gain_per_hour"] * table["hours"]).fillna(0.0),
        }
    )
    sums = counted.groupby(parts_of(workspace, table["bureau_id"], kind).to_numpy()).sum()
    votes = sums["votes_expected"]
    sums["hours_per_vote"] = sums["hours"] / votes.where(votes > 0)
    for column in ("doors", "hours", "votes_expected"):
        whole = float(sums[column].sum())
        share = f"{column.removesuffix('_expected')}_share"
        sums[share] = sums[column] / whole if whole > 0 else float("nan")
    zones = zones_of(workspace)
    names = zones[zones["kind"] == kind].drop_duplicates("place").set_index("place")["name"]
    sums.insert(0, "part_name", names.reindex(sums.index).fillna("").astype("str"))
    told = sums.rename_axis("part").reset_index()
    return told.sort_values(["votes_expected", "part"], ascending=[False, True], ignore_index=True)


def first_parts(file: RankingFile, most: int = 3) -> tuple[tuple[str, int, float], ...]:
    """Return where the hours go first: name, bureaux and votes expected of the bureaux reached.

    Parameters
    ----------
    file
        A ranking.
    most
        Parts at most, those of most votes first.

    Returns
    -------
    tuple
        Of the first of `dividing_kinds`; empty where there is none.
    """
    announced = file.announced
    kinds = dividing_kinds(file.workspace, announced.table["bureau_id"])
    if not kinds:
        return ()
    first = replace(announced, table=announced.table.head(announced.k))
    table = totals_by(file.workspace, first, kinds[0])
    named = table[table["part_name"] != ""].head(most)
    rows = named[["part_name", "bureaux", "votes_expected"]].itertuples(index=False)
    return tuple((str(name), int(bureaux), float(votes)) for name, bureaux, votes in rows)


def finding(file: RankingFile, kind: str, written: Written) -> Finding:
    """Put totals so that they can leave.

    Parameters
    ----------
    file
        The ranking they are of.
    kind
        One of `kinds_of`.
    written
        How they are written.

    Returns
    -------
    Finding
        The table and what it says of itself.
    """
    language = written.language
    table = totals_by(file.workspace, file.announced, kind)
    named = in_words(table["part_name"], language)
    table["part_name"] = named.replace("", heading_of("none", language))
    held, places = file.hold_back, file.scenario.places
    alone = places[0] if len(places) == 1 else ""
    source = of_workspace(
        file.workspace,
        COMMAND,
        {
            **file.scenario.to_dict(),
            "by": kind,
            **({"hold_back": held.to_dict()} if held else {}),
        },
        seed=file.scenario.settings.seed,
    )
    return Finding(
        table,
        None,
        source,
        f"{title_of(file.workspace, alone, language)}\n{heading_of(kind, language)}",
        units=columns_of(COMMAND, table, language),
        draw=None,
        written=written,
    )


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `finding` was made from.

    Parameters
    ----------
    workspace, provenance, written
        The place as it is now; of the file; how it is written.

    Returns
    -------
    Finding
        The same as before, where the tables are.
    """
    scenario, told = scenario_of(provenance), provenance.parameters.get("hold_back")
    held = HoldBack.from_dict(told) if told else None
    file = RankingFile(workspace, scenario, *answer(workspace, scenario), held)
    return finding(file, str(provenance.parameters["by"]), written)
