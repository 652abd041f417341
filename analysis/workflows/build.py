"""From official files to a workspace: read, check, link vintages, write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from analysis import __version__
from analysis.errors import DataError, Text
from analysis.geography.crosswalk import link_vintages
from analysis.geography.crs import metric_crs, utm_crs
from analysis.geography.made_contours import MadeContours
from analysis.geography.vintages import match_vintages, with_vintages
from analysis.readers.blocs import own_blocs, without_bloc
from analysis.readers.calendar import election_of, is_dated
from analysis.readers.column_map import Terrain
from analysis.readers.contours import FRENCH, Layout, expect_known
from analysis.readers.former_communes import parts_by_addresses
from analysis.readers.raw_results import Raw, combine, no_zones
from analysis.readers.reader_registry import NATIONAL, RAW, TERRAIN, reader_of
from analysis.readers.results import Results, assemble
from analysis.readers.shapes import read_shapes
from analysis.tables.elections import Election
from analysis.tables.schema import (
    ADDRESSES,
    AREAS,
    BUREAUX,
    CROSSWALK,
    POLLING_PLACES,
    STREETS,
    empty,
)
from analysis.tables.sources import Report
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace, writing
from analysis.workflows.build_checks import checked, in_place
from analysis.workflows.build_refusals import licensed, refuse_ground_alone, refuse_unread
from analysis.workflows.electoral_roll import (
    ElectoralRoll,
    made_facts,
    polling_places,
    read_electoral_roll,
    with_names,
    with_own_bureaux,
)
from analysis.workflows.place_names import all_zones, named_only, own_places, with_quarters

MAINLAND = "EPSG:2154"
Progress = Callable[[str, float], None]


def silent(step: str, share: float) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a place.

    Attributes
    ----------
    general, candidates
        « Données des élections agrégées »; None where the results are given otherwise.
    contours
        Vintage → file of polygons.
    squares, addresses, electors
        Filosofi squares, BAN, registered per address; None where there is none.
    reu, reu_bureaux
        Addresses and polling places of the electoral roll; without contours they are made
        from its addresses.
    streets, quarters
        Streets in any layout that is read, polygons of quarters; None where there are none.
    places, place_notes
        Communes or départements to keep, empty for all; what the user should know of them.
    licences
        Name of a file, without its folder → its licence, where the user knows better.
    leave_out
        Leave contradictory bureaux out however many they are.
    fictional
        Mark the place as invented on every screen.
    layout, crs, blocs
        What a column map says of the contours, of the metric CRS and of candidates'
        blocs; French files need none of them.
    raw
        Instead of both national files: each election's id and a file of it.
    terrain
        Instead of those: a column map, which also says layout, CRS, blocs and `told`: what its
        country calls things.
    """

    general: Path | None = None
    candidates: Path | None = None
    contours: dict[int, Path] = field(default_factory=dict)
    squares: Path | None = None
    addresses: Path | None = None
    electors: Path | None = None
    reu: Path | None = None
    reu_bureaux: Path | None = None
    streets: Path | None = None
    quarters: Path | None = None
    places: tuple[str, ...] = ()
    place_notes: tuple[Text, ...] = ()
    licences: dict[str, str] = field(default_factory=dict)
    leave_out: bool = False
    fictional: bool = False
    layout: Layout = FRENCH
    crs: str = ""
    blocs: pd.DataFrame | None = None
    raw: tuple[tuple[str, Path], ...] = ()
    terrain: Path | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Geography:
    """Tables of where things are; empty where a file is lacking."""

    crs: str
    bureaux: gpd.GeoDataFrame
    crosswalk: pd.DataFrame
    areas: gpd.GeoDataFrame
    addresses: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    reports: tuple[Report, ...] = ()
    made: MadeContours | None = None
    polling_places: pd.DataFrame = field(default_factory=lambda: empty(POLLING_PLACES))
    zones: pd.DataFrame = field(default_factory=no_zones)


def sample_inputs(folder: Path) -> Inputs:
    """Return the files of the fictional town, as `sample` writes them into a folder."""
    return Inputs(
        general=folder / "general_results.csv",
        candidates=folder / "candidats_results.csv",
        contours={2017: folder / "contours_2017.geojson", 2024: folder / "contours_2024.geojson"},
        squares=folder / "carreaux_200m.csv",
        addresses=folder / "adresses-99.csv.gz",
        electors=folder / "electeurs_par_adresse.csv",
        reu_bureaux=folder / "lieux_de_vote.csv",
        streets=folder / "rues_osm.json",
        fictional=True,
    )


def build(inputs: Inputs, target: Path | str, *, progress: Progress = silent) -> Workspace:
    """Read the files of a place and write its workspace; on any error it stays as it was.

    Parameters
    ----------
    inputs
        The files.
    target
        Folder of the workspace. A `blocs.csv` that the user edited there is kept and used.
    progress
        Told the step and the share done, 0 to 1.

    Returns
    -------
    Workspace
        The new one, opened.

    Raises
    ------
    DataError
        When a file cannot be read or contradicts itself or the others.
    """
    progress("results", 0.0)
    if inputs.terrain:
        terrain = reader_of(TERRAIN, inputs.terrain).read(inputs.terrain)
        return build_from(
            terrain.raw, _mapped(inputs, terrain), target, dated=terrain.dated, progress=progress
        )
    return build_from(_read_results(inputs), inputs, target, progress=progress)


def _mapped(inputs: Inputs, terrain: Terrain) -> Inputs:
    """Return the files with what a column map says of them."""
    told = replace(inputs, crs=terrain.crs, blocs=terrain.blocs, told=terrain.told)
    if (drawn := terrain.contours) is None:
        return told
    return replace(told, contours={drawn.vintage: drawn.file}, layout=drawn.layout)


def _read_results(inputs: Inputs) -> Raw:
    if inputs.raw:
        raws = [
            reader_of(RAW, file).read(file, election_id=election_id, places=inputs.places)
            for election_id, file in inputs.raw
        ]
        return combine(raws)
    if inputs.general is None or inputs.candidates is None:
        raise DataError(
            "There are no results to read.",
            mend="Give both national files, raw files of elections, or a column map.",
        )
    reader = reader_of(NATIONAL[0], inputs.general)
    raw: Raw = reader.read(inputs.general, inputs.candidates, places=inputs.places)
    return raw


def build_from(
    raw: Raw,
    inputs: Inputs,
    target: Path | str,
    *,
    dated: Callable[[str], Election] = election_of,
    progress: Progress = silent,
) -> Workspace:
    """Do as `build`, with results that another reader has read.

    Parameters
    ----------
    raw
        Results, not yet checked.
    inputs
        What else there is: contours, squares, addresses, places to keep.
    target
        Folder of the workspace.
    dated
        Gives the day, kind and round of an election id.
    progress
        Told the step and the share done.

    Returns
    -------
    Workspace
        The new one, opened.
    """
    progress("checks", 0.35)
    refuse_unread(inputs, raw)
    blocs = own_blocs(inputs.blocs, Path(target) / "blocs.csv")
    results = assemble(raw, blocs, dated, leave_out=inputs.leave_out)
    geography, context = checked(_read_geography(inputs, results, progress), results)
    matches = match_vintages(results.elections, results.turnout, geography.bureaux)
    progress("writing", 0.8)
    with writing(target) as writer:
        writer.put("elections", with_vintages(results.elections, matches))
        for name in ("places", "turnout", "votes", "candidates"):
            writer.put(name, getattr(results, name))
        writer.put("zones", all_zones(results.zones, geography.zones))
        for name in ("bureaux", "crosswalk", "areas", "addresses", "polling_places", "streets"):
            if len(table := getattr(geography, name)):
                writer.put(name, table)
        if len(geography.bureaux):
            writer.put("context", context)
        if geography.made:
            quality = geography.made.quality.round(4)
            writer.put_text("contours_quality.csv", csv_text(quality))
        writer.put_text("blocs.csv", csv_text(blocs))
        writer.describe(_facts(inputs, results, geography, matches))
    progress("done", 1.0)
    return Workspace(target)


def _read_geography(inputs: Inputs, results: Results, progress: Progress) -> Geography:
    refuse_ground_alone(inputs)
    if not inputs.contours and not inputs.reu:
        crs = inputs.crs or MAINLAND
        tables = (empty(table, crs) for table in (BUREAUX, CROSSWALK, AREAS, ADDRESSES, STREETS))
        return replace(Geography(crs, *tables), **named_only(inputs, results, crs))
    progress("contours", 0.45)
    crs = inputs.crs or _crs(inputs, results)
    known = set(results.turnout["bureau_id"].cat.categories)
    files = ElectoralRoll(inputs.reu, inputs.reu_bureaux, own_places(inputs, results))
    roll = read_electoral_roll(files, crs, known=known, draw=not inputs.contours)
    bureaux, reports = roll.bureaux, list(roll.reports)
    if inputs.contours:
        drawn, more = _read_vintages(inputs, results, crs)
        bureaux, reports = with_names(drawn, roll.names), [*more, *reports]
    newest = bureaux[bureaux["vintage"] == bureaux["vintage"].max()]
    areas, addresses, streets = empty(AREAS, crs), roll.addresses, empty(STREETS, crs)
    outline = newest.geometry.union_all().buffer(0) if inputs.streets else None
    if inputs.squares:
        progress("squares", 0.5)
        outline = bureaux.geometry.union_all().buffer(0)
        areas, report = reader_of("squares", inputs.squares).read(
            inputs.squares, crs_metric=crs, within=outline
        )
        reports.append(report)
    if inputs.addresses:
        progress("addresses", 0.55)
        addresses, report = reader_of("addresses", inputs.addresses).read(
            inputs.addresses, crs_metric=crs, bureaux=newest, places=inputs.places
        )
        addresses, report = with_own_bureaux(addresses, report, roll.addresses)
        reports.append(report)
    former = parts_by_addresses(addresses, known)
    if inputs.electors:
        progress("electors", 0.65)
        addresses, report = reader_of("electors", inputs.electors).read(inputs.electors, addresses)
        reports.append(report)
    if inputs.streets:
        progress("streets", 0.68)
        # Its graphs take a third of a second to load, and a nation has no streets here.
        from analysis.workflows.street_network import read_streets

        streets, report = read_streets(inputs.streets, addresses, crs=crs, within=outline)
        reports.append(report)
    zones, named = with_quarters(roll.zones, inputs, results, bureaux, addresses)
    zones = pd.concat([zones, former], ignore_index=True)
    progress("crosswalk", 0.7)
    links = link_vintages(bureaux, addresses=addresses, squares=areas)
    return Geography(
        crs,
        bureaux,
        links,
        areas,
        addresses[list(ADDRESSES.columns)],
        streets,
        (*reports, *named),
        roll.made,
        polling_places(roll.names, known),
        zones,
    )


def _crs(inputs: Inputs, results: Results) -> str:
    try:
        return metric_crs(results.places["commune_id"].iloc[0])
    except DataError:
        if not inputs.contours:
            return MAINLAND
        metric = "" if inputs.layout.foreign else MAINLAND
        first, _ = read_shapes(next(iter(inputs.contours.values())), metric=metric)
        return MAINLAND if _in_mainland(first) else utm_crs(first)


def _in_mainland(shapes: gpd.GeoDataFrame) -> bool:
    west, south, east, north = shapes.to_crs("EPSG:4326").total_bounds
    return bool(west > -6 and east < 10 and south > 41 and north < 51.5)


def _read_vintages(
    inputs: Inputs, results: Results, crs: str
) -> tuple[gpd.GeoDataFrame, list[Report]]:
    known = set(results.turnout["bureau_id"].cat.categories)
    communes = inputs.places or tuple(results.places["commune_id"])
    tables, reports = [], []
    for vintage, file in sorted(inputs.contours.items()):
        table, report = reader_of("contours", file).read(
            file,
            vintage=vintage,
            crs_metric=crs,
            communes=communes if len(communes) == 1 else inputs.places,
            layout=inputs.layout,
            known=known,
        )
        told = ", ".join(dict.fromkeys(report.source.file for report in results.reports))
        expect_known(table, known, file=file.name, results=told)
        tables.append(table)
        reports.append(report if inputs.layout.foreign else in_place(table, report))
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=crs), reports


def _facts(
    inputs: Inputs, results: Results, geography: Geography, matches: pd.DataFrame
) -> dict[str, Any]:
    """Return the manifest without its tables."""
    first, *others = (licensed(r, inputs) for r in (*results.reports, *geography.reports))
    reports = [replace(first, notes=(*inputs.place_notes, *first.notes)), *others]
    turnout = results.turnout.groupby("election_id", observed=True)
    totals = turnout[["registered", "ballots", "valid"]].sum()
    totals.insert(0, "bureaux", turnout.size())
    left_out: dict[str, dict[str, int]] = {}
    for report in results.reports:
        for item in report.left_out:
            counts = left_out.setdefault(item.election_id, {})
            counts[item.reason] = counts.get(item.reason, 0) + item.count
    elections = {
        str(name): {**{k: int(v) for k, v in row.items()}, "left_out": left_out.get(str(name), {})}
        for name, row in totals.sort_index().iterrows()
    }
    unplaced = without_bloc(results.candidates)
    usual = [] if inputs.told else [e for e in elections if not is_dated(e)]
    return {
        "palier": __version__,
        "built": datetime.now(UTC).isoformat(timespec="seconds"),
        "fictional": inputs.fictional,
        "crs": geography.crs,
        "places": list(inputs.places),
        **({"terrain": dict(inputs.told)} if inputs.told else {}),
        "sources": [report.to_dict() for report in reports],
        "elections": elections,
        "vintages": matches.to_dict("records"),
        "contours_made": made_facts(geography.made),
        "without_bloc": unplaced[["election_id", "candidate_id", "votes"]].to_dict("records"),
        "usual_date": usual,
    }
