"""What the electoral roll (REU) gives a place: addresses, names of polling places, contours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.geography.bureau_names import readable
from analysis.geography.made_contours import MadeContours, make_contours
from analysis.readers.raw_results import no_zones
from analysis.readers.reader_registry import reader_of
from analysis.readers.reu import Roll
from analysis.tables.schema import ADDRESSES, BUREAUX, POLLING_PLACES, commune_of, empty
from analysis.tables.sources import Report

# Fewer positions than this say little of where a bureau ends; named in the report.
FEW = 15
# Below this share of held-out addresses in their own bureau, its borders are named as doubtful.
DOUBTFUL = 0.8


@dataclass(frozen=True, slots=True)
class ElectoralRoll:
    """Files of the roll, and the places to keep of them.

    Attributes
    ----------
    addresses, polling_places
        `table-adresses-reu`, `table-bv-reu`; None where there is none.
    places
        Communes or départements; empty for all.
    """

    addresses: Path | None
    polling_places: Path | None
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FromRoll:
    """What was read; empty tables where a file is lacking.

    Attributes
    ----------
    addresses, bureaux
        Canonical tables; `bureaux` are the contours made, if they were asked for.
    names
        Bureau → what its polling place is called, with its address.
    zones
        `bureau_id`, `kind`, `zone_id`, `name`: quarters that a town's file names.
    made
        The contours and how far to trust each.
    reports
        One per file, and one of what was made.
    """

    addresses: gpd.GeoDataFrame
    bureaux: gpd.GeoDataFrame
    names: pd.Series
    made: MadeContours | None = None
    reports: tuple[Report, ...] = ()
    zones: pd.DataFrame = field(default_factory=no_zones)


def read_electoral_roll(
    files: ElectoralRoll, crs: str, *, known: Collection[str], draw: bool
) -> FromRoll:
    """Read the files of the roll, and make contours of its addresses where there are none.

    Parameters
    ----------
    files
        Either may be lacking.
    crs
        Metric, of the workspace.
    known
        Bureaux of the results.
    draw
        Whether contours are to be made.

    Returns
    -------
    FromRoll
        Contours that were made are so called in their report.

    Raises
    ------
    DataError
        When a file cannot be read, or none of its bureaux is one of the results.
    """
    names, codes, zones = pd.Series(dtype="str"), None, no_zones()
    reports: list[Report] = []
    if files.polling_places:
        reader = reader_of("reu_bureaux", files.polling_places)
        table, report = reader.read(files.polling_places, places=files.places)
        names = table.set_index("bureau_id")["name"]
        codes = table.drop_duplicates("said").set_index("said")["bureau_id"]
        zones = _zones(table)
        reports.append(_met(report, names.index, known))
    none = empty(BUREAUX, crs)
    if not files.addresses:
        return FromRoll(empty(ADDRESSES, crs), none, names, None, tuple(reports), zones)
    reader = reader_of("reu", files.addresses)
    roll: Roll = reader.read(files.addresses, crs_metric=crs, places=files.places, codes=codes)
    report = _met(roll.report, roll.addresses["bureau_id"].unique(), known)
    if not draw:
        return FromRoll(roll.addresses, none, names, None, (report, *reports), zones)
    made = make_contours(roll.positions, vintage=roll.vintage)
    made = replace(made, bureaux=with_names(made.bureaux, names))
    reports = [report, *reports, _made_report(made, roll)]
    return FromRoll(roll.addresses, made.bureaux, names, made, tuple(reports), zones)


def _zones(table: pd.DataFrame) -> pd.DataFrame:
    """Return the zones that a table of polling places names; their names are their codes."""
    long = table.drop(columns=["said", "name"]).melt("bureau_id", var_name="kind")
    named = long[long["value"].str.strip() != ""] if len(long) else long
    name = named["value"].astype("str").str.strip().map(readable).astype("str")
    commune = commune_of(named["bureau_id"])
    zones = named.assign(zone_id=(commune + "-" + name).astype("str"), name=name)
    return zones[list(no_zones().columns)].reset_index(drop=True)


def polling_places(names: pd.Series, known: Collection[str]) -> pd.DataFrame:
    """Return the canonical table of polling places, of bureaux that the results know."""
    table = pd.DataFrame({"bureau_id": names.index, "name": names.to_numpy()}).astype("str")
    table = table[table["bureau_id"].isin(list(known)) & (table["name"] != "")]
    return POLLING_PLACES.check(table.sort_values("bureau_id", ignore_index=True))


def with_names(bureaux: gpd.GeoDataFrame, names: pd.Series) -> gpd.GeoDataFrame:
    """Give bureaux without a name that of their polling place."""
    told = names.to_dict()
    pairs = zip(bureaux["name"], bureaux["bureau_id"], strict=True)
    return bureaux.assign(name=[name or told.get(id_, "") for name, id_ in pairs])


def with_own_bureaux(
    addresses: gpd.GeoDataFrame, report: Report, roll: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, Report]:
    """Give addresses that the roll knows by their id the bureau it names, not that of a polygon.

    Parameters
    ----------
    addresses
        BAN, each with the bureau whose polygon holds it.
    report
        Theirs.
    roll
        Addresses of the roll; may be empty.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy, and the report with a note of how many.
    """
    if roll.empty:
        return addresses, report
    told = dict(zip(roll["address_id"], roll["bureau_id"], strict=True))
    pairs = zip(addresses["address_id"], addresses["bureau_id"], strict=True)
    own = pd.Series(
        [told.get(id_, held) for id_, held in pairs], index=addresses.index, dtype="str"
    )
    note = Text(
        "{n} address(es) have the bureau that the electoral roll names, {moved} of them another "
        "than their contour's",
        n=int(addresses["address_id"].isin(list(told)).sum()),
        moved=int(own.ne(addresses["bureau_id"].astype("str")).sum()),
    )
    return addresses.assign(bureau_id=own), replace(report, notes=(*report.notes, note))


def made_facts(made: MadeContours | None) -> dict[str, Any]:
    """Return what the manifest says of contours that were made; empty where they were drawn."""
    if made is None:
        return {}
    quality = made.quality
    return {
        "vintage": int(made.bureaux["vintage"].iloc[0]),
        "bureaux": len(quality),
        "positions": int(quality["positions"].sum()),
        "inside_share": _mean(quality, "inside_share"),
        "held_out_share": _mean(quality, "held_out_share"),
        "file": "contours_quality.csv",
    }


def _mean(quality: pd.DataFrame, name: str) -> float:
    return round(float(np.average(quality[name], weights=quality["positions"])), 4)


def _met(report: Report, bureaux: Collection[str], known: Collection[str]) -> Report:
    """Note which bureaux the results do not know; refuse a file that shares none with them."""
    strange = sorted(set(bureaux) - set(known))
    if len(strange) == len(set(bureaux)):
        raise DataError(
            "No bureau of this file is one of the results: they are of another place.",
            where="{file}: ids {strange}; results: ids {known}",
            mend="Give the table of the same commune; with table-bv-reu (--reu-bureaux), ids of "
            "the roll become those of the results.",
            file=report.source.file,
            strange=some(strange),
            known=some(sorted(known)),
        )
    if not strange:
        return report
    note = Text("{n} bureau(x) unknown to the results: {ids}", n=len(strange), ids=some(strange))
    return replace(report, notes=(*report.notes, note))


def _made_report(made: MadeContours, roll: Roll) -> Report:
    """Say that contours were made, from what, and which to doubt."""
    quality, read = made.quality, len(roll.positions)
    notes = [
        Text(
            "these contours are made, not official: the ground nearer to the addresses of a bureau "
            "than to any other's (addresses of {vintage}), cut 50 m around the addresses of the "
            "commune",
            vintage=roll.vintage,
        ),
        Text(
            "{share:.1%} of addresses would fall in their own bureau had they been left out "
            "(each bureau: contours_quality.csv)",
            share=_mean(quality, "held_out_share"),
        ),
    ]
    low = quality[quality["held_out_share"] < DOUBTFUL].sort_values("held_out_share")
    if len(low):
        notes.append(
            Text(
                "{n} bureau(x) with doubtful borders (less than 80% of them): {ids}",
                n=len(low),
                ids=some(low["bureau_id"]),
            )
        )
    if len(few := quality.loc[quality["positions"] < FEW, "bureau_id"]):
        notes.append(
            Text(
                "{n} bureau(x) made from fewer than 15 positions: {ids}", n=len(few), ids=some(few)
            )
        )
    source = replace(roll.report.source, role=f"contours_made {roll.vintage}")
    return Report(source, read, read, (), tuple(notes))
