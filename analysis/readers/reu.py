"""The electoral roll's addresses, each with its bureau, and its polling places (INSEE, REU).

« Bureaux de vote et adresses de leurs électeurs »: `table-adresses-reu` and `table-bv-reu`, CSV
or Parquet. `nb_adresses` counts lines of the roll that are one address, not persons: it tells
which bureau weighs more at a place, and is never taken for a number of registered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from analysis.errors import DataError, Text, some
from analysis.geography.made_contours import far_points
from analysis.geography.way_names import split_house, split_numbers
from analysis.readers.address_positions import decimals
from analysis.readers.addresses import texts
from analysis.readers.beginnings import plain
from analysis.readers.codes import (
    arrondissement_of,
    bare_text,
    commune_code,
    contour_code,
    in_place,
)
from analysis.readers.glance import NO, SURE, Glance, year_in
from analysis.readers.roll_positions import placed, scores
from analysis.readers.tabular import LINE, read_columns
from analysis.tables.schema import ADDRESSES
from analysis.tables.sources import LeftOut, Report, Source
from analysis.tables.whole_numbers import is_count

LICENCE = Text("Licence Ouverte 2.0 (INSEE, electoral roll)")
# The roll was extracted in September 2022; a file that names another year is of that one.
EXTRACTED = 2022
# Makina Corpus draws its contours from scores above .7 too. Below, the geocoder has changed words
# of the street's name: it may be another street.
LEAST_SCORE = 0.7

# Stands before the line of an address without an id.
_NO_ID = "reu_"
_COLUMNS = {
    "commune": ("code_commune_ref",),
    "bureau": ("id_brut_bv_reu",),
    "address_id": ("id",),
    "address": ("geo_adresse",),
    "type": ("geo_type",),
    "score": ("geo_score",),
    "lon": ("longitude",),
    "lat": ("latitude",),
    "weight": ("nb_adresses",),
    "registered": ("nb_electeurs", "inscrits", "registered"),
}
_OPTIONAL = frozenset({"address_id", "type", "score", "weight", "registered"})
_PLACES = {
    "said": ("id_brut_reu", "id_brut_bv_reu"),
    "ministry": ("id_brut_miom",),
    "commune": ("code_commune",),
    "name": ("libelle_reu",),
    "number": ("num_voie_reu",),
    "street": ("voie_reu",),
}
# « 12bis Rue de l'Église 31000 Toulouse »: what stands before the postal code is the street's.
_TOWN = re.compile(r"\s+\d{5}\s.*$")


@dataclass(frozen=True, slots=True)
class Roll:
    """Addresses of the roll.

    Attributes
    ----------
    addresses
        A `schema.ADDRESSES` table: each in the bureau that its row names.
    positions
        `bureau_id`, `weight` (lines of the roll, 1 where not told) and points, of these
        addresses and of those that lie far from the rest of their bureau.
    vintage
        The year that the roll was extracted.
    report
        What was read and left out.
    """

    addresses: gpd.GeoDataFrame
    positions: gpd.GeoDataFrame
    vintage: int
    report: Report


def sniff(glance: Glance) -> float:
    """Tell the table of addresses: a bureau of the roll, and where an address is."""
    return SURE if {"id_brut_bv_reu", "geo_adresse"} <= glance.columns else NO


def sniff_bureaux(glance: Glance) -> float:
    """Tell the table of polling places."""
    return SURE if {"id_brut_reu", "libelle_reu"} <= glance.columns else NO


def read_roll(
    path: Path | str,
    *,
    crs_metric: str,
    places: tuple[str, ...] = (),
    codes: pd.Series | None = None,
) -> Roll:
    """Read the addresses of the roll, each in the bureau its row names.

    Parameters
    ----------
    path
        `table-adresses-reu`, CSV or Parquet.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    places
        Communes or départements to keep; empty for all.
    codes
        Of `read_polling_places`: the Ministry's id of each bureau of the roll, where it differs.

    Returns
    -------
    Roll
        Addresses with a position that can be trusted: not those without coordinates or bureau,
        placed at the town hall for want of better, with a score under .7 or none, repeated, or
        far from the rest of their bureau. All are counted in its report.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns, is of another place, or no row can be used.
    """
    file = Path(path)
    told = None if codes is None else codes.to_dict()
    left_out: list[LeftOut] = []
    table = read_columns(
        file,
        _COLUMNS,
        left_out=left_out,
        optional=_OPTIONAL,
        keep=lambda piece: _in_places(piece, places),
    )
    read = table.num_rows + sum(rows.count for rows in left_out)
    raw = _with_codes(texts(table).assign(line=table[LINE].to_numpy()), told or {})
    if raw.empty:
        raise DataError(
            "There is no address of the place in this file.",
            where="{file}; asked for: {places}",
            mend="Give the address file of the département the place lies in.",
            file=file.name,
            places=some(places),
        )
    points, turned = placed(raw, crs_metric)
    score, scaled = scores(raw)
    trusted = _trusted(raw.assign(point=points, **score), left_out)
    positions = _positions(trusted, crs_metric)
    far = far_points(positions)
    kept = _without(trusted, far, Text("far from the rest of its bureau"), left_out)
    if kept.empty:
        raise DataError(
            "No address of this file can be placed on the map.",
            where="{file}: {left_out}",
            mend="Give the table of addresses as INSEE publishes it, with longitude, latitude "
            "and geo_score.",
            file=file.name,
            left_out=some(Text("{reason}: {n}", reason=o.reason, n=o.count) for o in left_out),
        )
    source = Source.of(file, role="reu", licence=LICENCE)
    report = Report(source, read, len(kept), tuple(left_out), (*turned, *scaled, *_notes(kept)))
    year = year_in(file.name) or EXTRACTED
    return Roll(_addresses(kept, crs_metric), positions, year, report)


def read_polling_places(
    path: Path | str, *, places: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, Report]:
    """Read what polling places are called and where they are.

    Parameters
    ----------
    path
        `table-bv-reu`, CSV or Parquet.
    places
        Communes or départements to keep; empty for all.

    Returns
    -------
    pandas.DataFrame
        `said` (the id of the roll, as addresses name it), `bureau_id`, and `name`: what the place
        is called and its address; and the report.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns or is of another place.
    """
    file = Path(path)
    optional = frozenset({"ministry", "number", "street"})
    left_out: list[LeftOut] = []
    table = read_columns(
        file,
        _PLACES,
        left_out=left_out,
        optional=optional,
        keep=lambda piece: _in_places(piece, places),
    )
    read = table.num_rows + sum(rows.count for rows in left_out)
    raw = texts(table).reset_index(drop=True)
    if raw.empty:
        raise DataError(
            "There is no polling place of the place asked for in this file.",
            where="{file}; asked for: {places}",
            mend="Give the whole table of INSEE, or correct --place.",
            file=file.name,
            places=some(places),
        )
    blank = pd.Series("", index=raw.index)
    own = raw["said"].where(raw.get("ministry", blank) == "", raw.get("ministry", blank))
    raw["bureau_id"] = _canonical(own, raw["commune"])
    number = raw.get("number", blank).str.strip().replace("0", "")
    address = (number + " " + raw.get("street", blank).str.strip()).str.strip()
    name = raw["name"].str.strip()
    raw["name"] = name + np.where((name != "") & (address != ""), ", ", "") + address
    kept = _without(raw, raw["bureau_id"] == "", Text("no id of a bureau"), left_out, "said")
    twice = kept.duplicated("bureau_id")
    kept = _without(kept, twice, Text("a bureau named before"), left_out, "said")
    source = Source.of(file, role="reu_bureaux", licence=LICENCE)
    report = Report(source, read, len(kept), tuple(left_out))
    return kept[["said", "bureau_id", "name"]].reset_index(drop=True), report


def _in_places(piece: pa.Table, places: tuple[str, ...]) -> pa.Table:
    """Keep rows of the places; where one is an arrondissement, its code stands in the row."""
    codes = pc.cast(piece["commune"], pa.string()).combine_chunks().dictionary_encode()
    inside = []
    for code in codes.dictionary.to_pylist():
        padded = bare_text(code or "").zfill(5)
        inside.append(in_place(commune_code(padded), places, arrondissement_of(padded)))
    mask = pc.take(pa.array(inside, pa.bool_()), codes.indices)
    return piece.filter(pc.fill_null(mask, not places))


def _canonical(ids: pd.Series, communes: pd.Series) -> pd.Series:
    """Return bureau ids in our spelling, "" where a text is none."""
    pairs = pd.MultiIndex.from_arrays([ids.str.strip(), communes.str.strip()])
    known = {pair: _code(*pair) for pair in pairs.unique()}
    return pd.Series([known[pair] for pair in pairs], index=ids.index, dtype="str")


def _code(said: str, commune: str) -> str:
    said, commune = bare_text(said), bare_text(commune)
    whole = commune.zfill(5) if commune else ""
    before, underscore, number = said.rpartition("_")
    # Spreadsheets take the first zero of 01004_0001.
    return contour_code(f"{before.zfill(5)}_{number}" if underscore else said, whole)


def _with_codes(raw: pd.DataFrame, told: dict[str, str]) -> pd.DataFrame:
    """Add `bureau_id` and `commune_id`, and an id for addresses that have none."""
    own = _canonical(raw["bureau"], raw["commune"])
    pairs = zip(raw["bureau"].str.strip(), own, strict=True)
    bureau = pd.Series([told.get(said, id_) for said, id_ in pairs], index=raw.index, dtype="str")
    communes = {code: commune_code(bare_text(code).zfill(5)) for code in raw["commune"].unique()}
    line = _NO_ID + raw["line"].astype("str")
    ids = raw["address_id"].str.strip() if "address_id" in raw else line
    return raw.assign(
        bureau_id=bureau,
        commune_id=raw["commune"].map(communes),
        address_id=ids.where(ids != "", line),
    )


def _trusted(raw: pd.DataFrame, left_out: list[LeftOut]) -> pd.DataFrame:
    """Leave out rows that say no bureau, no position, or one that nothing vouches for."""
    nowhere = np.isnan(shapely.get_x(raw["point"].to_numpy()))
    kept = _without(raw, raw["bureau_id"] == "", Text("no id of a bureau"), left_out)
    kept = _without(kept, nowhere[kept.index], Text("without coordinates"), left_out)
    if "type" in kept:
        # The town hall stands for every address that was not found, unless all vote there.
        several = kept.groupby("commune_id")["bureau_id"].transform("nunique") > 1
        vague = kept["type"].str.strip().eq("municipality") & several
        kept = _without(kept, vague, Text("placed at its commune only"), left_out)
    if "score" in kept:
        score = kept["score"]
        kept = _without(kept, score.isna(), Text("without a score"), left_out)
        low = (score < LEAST_SCORE)[kept.index]
        kept = _without(kept, low, Text("score under {least:.1f}", least=LEAST_SCORE), left_out)
    # INSEE's own table has no ids: what is called the same in one commune is one address.
    kept = kept.assign(same=_same(kept))
    twice = kept.duplicated(["same", "bureau_id"])
    kept = _without(kept, twice, Text("repeated row"), left_out)
    # One address in two bureaux: the one with more lines of the roll has it.
    order = kept[["same", "bureau_id"]].assign(weight=_weight(kept))
    order = order.sort_values(["weight", "bureau_id"], ascending=[False, True], kind="stable")
    second = order.duplicated("same").reindex(kept.index)
    return _without(kept, second, Text("more of this address votes in another bureau"), left_out)


def _same(rows: pd.DataFrame) -> pd.Series:
    """Return what tells an address: its id, else what it is called and where it stands."""
    own = rows["address_id"].copy()
    without = own.str.startswith(_NO_ID).to_numpy(dtype=bool)
    bare = rows[without]
    at = bare["commune_id"] + " " + bare["address"].map(plain) + bare["lon"] + bare["lat"]
    own[without] = at.to_numpy()
    return own


def _weight(rows: pd.DataFrame) -> pd.Series:
    if "weight" not in rows:
        return pd.Series(1.0, index=rows.index)
    return pd.Series(decimals(rows["weight"]), index=rows.index).fillna(1.0).clip(lower=1.0)


def _positions(rows: pd.DataFrame, crs: str) -> gpd.GeoDataFrame:
    told = rows[["bureau_id"]].assign(weight=_weight(rows))
    return gpd.GeoDataFrame(told, geometry=rows["point"].to_numpy(), crs=crs)


def _without(
    rows: pd.DataFrame,
    mask: np.ndarray | pd.Series,
    reason: str,
    left_out: list[LeftOut],
    named: str = "address",
) -> pd.DataFrame:
    gone = np.asarray(mask, dtype=bool)
    if gone.any():
        left_out.append(LeftOut(reason, int(gone.sum()), some(rows[named][gone])))
    return rows[~gone]


def _addresses(kept: pd.DataFrame, crs: str) -> gpd.GeoDataFrame:
    where = kept["address"].str.replace(_TOWN, "", regex=True).str.strip()
    parts = pd.DataFrame(
        [split_house(text) for text in where], columns=["number", "street"], index=kept.index
    )
    if "type" in kept:
        # « 8 Mai 1945 » is a street, and no number 8 of it.
        numbered = kept["type"].str.strip().eq("housenumber")
        parts = parts.where(numbered, pd.DataFrame({"number": "", "street": where}))
    number, suffix = split_numbers(parts["number"])
    persons = (
        pd.to_numeric(kept["registered"], errors="coerce")
        if "registered" in kept
        else pd.Series(np.nan, index=kept.index)
    )
    whole = persons.where(is_count(persons))
    table = gpd.GeoDataFrame(
        {
            "address_id": kept["address_id"],
            "bureau_id": kept["bureau_id"],
            "commune_id": kept["commune_id"],
            "street": parts["street"].astype("str"),
            "number": number,
            "suffix": suffix.str.lower(),
            "dwellings": pd.array([pd.NA] * len(kept), dtype="Int64"),
            "registered": whole.astype("Int64"),
        },
        geometry=kept["point"].to_numpy(),
        crs=crs,
    )
    return gpd.GeoDataFrame(ADDRESSES.check(table.reset_index(drop=True)), crs=crs)


def _notes(kept: pd.DataFrame) -> tuple[str, ...]:
    notes: list[str] = []
    if "score" not in kept:
        notes.append(Text("no column geo_score: no position could be judged"))
    if "registered" not in kept:
        notes.append(
            Text(
                "the file gives no number of registered (nb_adresses counts lines of the roll, "
                "not persons): registered per address are unknown"
            )
        )
        return tuple(notes)
    persons = pd.to_numeric(kept["registered"], errors="coerce")
    if (bad := ~is_count(persons)).any():
        notes.append(
            Text(
                "{n} address(es) with no whole number of registered: unknown there ({lines})",
                n=int(bad.sum()),
                lines=some(Text("line {line}", line=line) for line in kept["line"][bad]),
            )
        )
    return tuple(notes)
