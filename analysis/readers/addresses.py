"""Postal addresses (Base Adresse Nationale), each in its bureau."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from analysis.errors import DataError, Listed, Text, some
from analysis.geography.crs import checked_metric
from analysis.geography.way_names import split_numbers
from analysis.readers import address_columns as headed
from analysis.readers.address_positions import placed
from analysis.readers.beginnings import plain
from analysis.readers.codes import arrondissement_of, commune_code, in_place
from analysis.readers.former_communes import FORMER, FORMER_NAME, side_columns
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.known_places import communes as known_communes
from analysis.readers.system_of_shapes import Expected
from analysis.readers.tabular import LINE, header, read_columns
from analysis.tables.schema import ADDRESSES
from analysis.tables.sources import LeftOut, Report, Source

LICENCE = Text("Licence Ouverte 2.0 (Base Adresse Nationale)")

_COLUMNS = {
    "address_id": ("id", "cle_interop", "address_id"),
    "number": headed.NUMBER,
    "suffix": headed.SUFFIX,
    "kind": headed.KIND,
    "street": (*headed.STREET, *headed.ADDRESS),
    "commune": ("code_insee", "commune_insee", "insee", "commune_id", "code_commune"),
    "town": headed.TOWN,
    "former": FORMER,
    "former_name": FORMER_NAME,
    "lon": headed.LONGITUDE,
    "lat": headed.LATITUDE,
    "point": headed.POINT,
    "x": headed.X,
    "y": headed.Y,
}
_OPTIONAL = frozenset(_COLUMNS.keys() - {"street"})
_KEY = r"^(\d[\dAB]\d{3})_"
# What files of communes write where a place has no number (format BAL, 1.3), and its misspellings.
_NO_NUMBER = (99_999, 9_999, 999_999)


# With these, and no id, the rows are electors counted, polling places or people.
_COUNTED = frozenset({"nb", "nb_electeurs", "electeurs", "inscrits", "registered"})
_NAMED = frozenset({"nom", "prenom"})


def sniff(glance: Glance) -> float:
    """Tell a file of addresses: numbers, and where they are."""
    columns = {*map(plain, glance.columns)}
    has = {name: bool(columns & {*map(plain, names)}) for name, names in _COLUMNS.items()}
    placed = has["point"] or has["lon"] and has["lat"] or has["x"] and has["y"]
    told = has["number"] and has["street"] and placed
    identified = bool(columns & {*map(plain, _COLUMNS["address_id"])})
    others = columns & {*map(plain, _COUNTED | _NAMED)}
    return SURE if told and (identified or not others) else NO


def read_addresses(
    path: Path | str,
    *,
    crs_metric: str,
    bureaux: gpd.GeoDataFrame,
    places: tuple[str, ...] = (),
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read addresses and find the bureau whose polygon holds each.

    An address on a border goes to the bureau whose id comes first; one outside
    every polygon is kept, with no bureau.

    Parameters
    ----------
    path
        Base Adresse Nationale: CSV (plain or gzipped) or Parquet.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    bureaux
        A `schema.BUREAUX` table of one vintage; may be empty.
    places
        Communes or départements to keep; empty for all.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.ADDRESSES` table, with `former_communes.SIDE` where the file tells them, and the
        report.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns, or is of another place.
    """
    file = Path(path)
    left_out: list[LeftOut] = []
    table = read_columns(
        file,
        _COLUMNS,
        left_out=left_out,
        optional=_OPTIONAL,
        keep=lambda piece: _in_places(_with_commune(piece), places),
    )
    read = table.num_rows + sum(rows.count for rows in left_out)
    raw = _parted(texts(table))
    _expect_positions(raw, file)
    raw, notes = _all_communes(raw, bureaux, places, file)
    strange = raw["commune"] == ""
    if "town" in raw and strange.any():
        said = some(raw["town"][strange].unique())
        left_out.append(LeftOut(Text("outside the place"), int(strange.sum()), said))
    raw = _identified(_without_number(_numbered(raw[~strange], file)))
    if raw.empty:
        raise DataError(
            "There is no address of the place in this file.",
            where="{file}; asked for: {places}",
            mend="Give the address file of the département the place lies in.",
            file=file.name,
            places=some(places),
        )
    communes = _communes(raw["commune"])
    found = placed(raw, Expected(crs_metric, tuple(communes.values())), bureaux)
    points = found.points
    kept = raw
    for told in _NO_NUMBER:
        nameless = split_numbers(kept["number"])[0].eq(told).fillna(value=False)
        reason = Text("a place without a number ({number})", number=str(told))
        kept = _leave_out(kept, nameless, reason, left_out)
    reason = Text("coordinates that are none of {system}", system=found.system)
    kept = _leave_out(kept, found.elsewhere[kept.index], reason, left_out)
    nowhere = np.isnan(shapely.get_x(points))[kept.index]
    kept = _leave_out(kept, nowhere, Text("without coordinates"), left_out)
    kept = _leave_out(kept, kept.duplicated("address_id"), Text("another position"), left_out)
    if kept.empty:
        raise DataError(
            "No address of this file can be placed on the map.",
            where="{file}: {left_out}",
            mend="Give addresses with longitude and latitude, or x and y in metres of {system}; or "
            "build without addresses.",
            system=checked_metric(crs_metric).name,
            file=file.name,
            left_out=Listed(
                (Text("{reason}: {n}", reason=o.reason, n=o.count) for o in left_out), "; "
            ),
        )
    points = points[kept.index]
    owner, outside = _bureau_of(points, bureaux, file.name)
    number, inside = split_numbers(kept["number"])
    suffix = kept["suffix"].where(kept["suffix"] != "", inside) if "suffix" in kept else inside
    addresses = gpd.GeoDataFrame(
        {
            "address_id": kept["address_id"],
            "bureau_id": owner,
            "commune_id": kept["commune"].map(communes),
            "street": kept["street"],
            "number": number,
            "suffix": suffix.str.lower(),
            "dwellings": pd.array([pd.NA] * len(kept), dtype="Int64"),
            "registered": pd.array([pd.NA] * len(kept), dtype="Int64"),
        },
        geometry=points,
        crs=crs_metric,
    )
    source = Source.of(file, role="addresses", licence=LICENCE)
    report = Report(source, read, len(kept), tuple(left_out), (*notes, *found.notes, *outside))
    checked = ADDRESSES.check(addresses.reset_index(drop=True)).assign(**side_columns(kept))
    return gpd.GeoDataFrame(checked, crs=crs_metric), report


def _parted(raw: pd.DataFrame) -> pd.DataFrame:
    """Return rows with latitude and longitude, taken out of « 48.85, 2.35 » where need be."""
    if "point" not in raw or {"lon", "lat"} <= set(raw):
        return raw
    parts = (
        raw["point"]
        .str.extract(r"^\W*?(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\W*$")
        .fillna("")
    )
    return raw.assign(lat=parts[0], lon=parts[1])


def _without_number(raw: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose street is a street: the base of Paris writes « 34P1 Rue Haute » there."""
    if not {"number", "suffix"} <= set(raw):
        return raw
    own, suffix = raw["number"] + raw["suffix"], raw["suffix"] != ""
    parts = raw["street"].where(suffix).str.extract(r"^(\d\S*)\s+(\S.*)$")
    again = parts[0].str.lower() == own.str.lower()
    return raw.assign(street=raw["street"].mask(again, parts[1])) if again.any() else raw


def _expect_positions(raw: pd.DataFrame, file: Path) -> None:
    if not ({"lon", "lat"} <= set(raw) or {"x", "y"} <= set(raw)):
        raise _lacking(file, Text("lon / long / longitude and lat / latitude, or x and y"))


def _lacking(file: Path, wanted: Text) -> DataError:
    return DataError(
        "{file} lacks column(s): {wanted}.",
        where="{file}: columns found: {columns}",
        mend="Download the publisher's file again, with its delimiter and its header line; or give "
        "the columns of your own list one of these names.",
        file=file.name,
        wanted=wanted,
        columns=some(header(file), most=8),
    )


def _with_commune(piece: pa.Table) -> pa.Table:
    """Add the commune of each row where only the key begins with it: BAL 1.1, 29019_0450_00012."""
    if "commune" in piece.column_names or "address_id" not in piece.column_names:
        return piece
    keys = pd.Series(pc.cast(piece["address_id"], pa.string()).to_pylist(), dtype="str")
    codes = keys.str.extract(_KEY, expand=False)
    if codes.notna().sum() == 0:
        return piece
    return piece.append_column("commune", pa.array(codes.fillna(""), pa.string()))


def _all_communes(
    raw: pd.DataFrame, bureaux: gpd.GeoDataFrame, places: tuple[str, ...], file: Path
) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """Return rows with their commune: its code, else its name, else the one that there is."""
    if "commune" in raw:
        return raw, ()
    here = {code for code in known_communes() if in_place(code, places)} if places else set()
    if not bureaux.empty:
        here |= set(bureaux["commune_id"].astype("str"))
    if (told := headed.with_communes(raw, here)) is None:
        raise _lacking(file, Text("{names}", names=" / ".join(_COLUMNS["commune"])))
    return told


def _numbered(raw: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Return rows with number and street in columns of their own."""
    own = "number" in raw
    raw = headed.in_columns(raw)
    if not own and len(raw) and (raw["number"] == "").all():
        raise _lacking(file, Text("{names}", names=" / ".join(headed.NUMBER[:6])))
    return raw


def _in_places(piece: pa.Table, places: tuple[str, ...]) -> pa.Table:
    if "commune" not in piece.column_names:
        return piece
    codes = pc.cast(piece["commune"], pa.string()).combine_chunks().dictionary_encode()
    inside = [
        in_place(commune_code(code or ""), places, arrondissement_of(code or ""))
        for code in codes.dictionary.to_pylist()
    ]
    mask = pc.take(pa.array(inside, pa.bool_()), codes.indices)
    return piece.filter(pc.fill_null(mask, not places))


def texts(table: pa.Table) -> pd.DataFrame:
    """Return every column as text, "" where empty."""
    names = [name for name in table.column_names if name != LINE]
    columns = {n: pc.cast(table[n], pa.string()).fill_null("") for n in names}
    return pa.table(columns).to_pandas().astype("str")


def _identified(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with an id of their own: where the list gives none, the place that they name.

    What numbers rows, or is that of a street, is no id of an address: several places share it.
    """
    if "address_id" not in raw:
        return raw.assign(address_id=_named(raw))
    own = raw["address_id"].str.strip()
    again = (own == "") | own.duplicated(keep=False)
    if not again.any():
        return raw
    named = pd.Series(_named(raw[again]), index=raw.index[again])
    places = named.groupby(own[again]).transform("nunique")
    shared = again.index[again][(places > 1) | (own[again] == "")]
    return raw.assign(address_id=own.where(~own.index.isin(shared), named.reindex(own.index)))


def _named(raw: pd.DataFrame) -> pd.Series:
    """Return commune, street and number of each row as one text."""
    suffix = raw.get("suffix", "")
    number = raw["number"].map(plain) + suffix
    # Places without a number are as many as their lines.
    lines = pd.Series(np.arange(1, len(raw) + 1), index=raw.index).astype("str")
    number = number.where(number != "", "l" + lines)
    commune = raw["commune"] + (raw["former"].map(plain) if "former" in raw else "")
    named: pd.Series = commune + "_" + raw["street"].map(plain) + "_" + number
    return named


def _communes(codes: pd.Series) -> dict[str, str]:
    return {code: commune_code(code) for code in codes.unique()}


def _leave_out(
    rows: pd.DataFrame, mask: np.ndarray | pd.Series, reason: str, left_out: list[LeftOut]
) -> pd.DataFrame:
    gone = np.asarray(mask, dtype=bool)
    if gone.any():
        left_out.append(LeftOut(reason, int(gone.sum()), some(rows["address_id"][gone])))
    return rows[~gone]


def _bureau_of(
    points: np.ndarray, bureaux: gpd.GeoDataFrame, file: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the id of the bureau that holds each point, "" for none."""
    if bureaux.empty:
        return np.full(len(points), "", dtype=object), (
            Text("no contours: addresses have no bureau"),
        )
    ordered = bureaux.sort_values("bureau_id", ignore_index=True)
    # Polygons ask a tree of points: shapely then prepares each polygon once, not each point.
    polygon, point = shapely.STRtree(points).query(
        ordered.geometry.to_numpy(), predicate="intersects"
    )
    if not len(point) and len(points):
        raise DataError(
            "None of the addresses lies in a contour: they are of different places.",
            where="{file}: {n} addresses; contours: communes {commune_id}",
            mend="Give addresses and contours of the same commune.",
            file=file,
            n=len(points),
            commune_id=some(bureaux["commune_id"].unique()),
        )
    holder = np.full(len(points), len(ordered))
    np.minimum.at(holder, point, polygon)
    ids = np.append(ordered["bureau_id"].to_numpy(dtype=object), "")
    outside = int((holder == len(ordered)).sum())
    shared = len(point) - len(np.unique(point))
    notes = (
        [Text("{outside} address(es) in no contour: kept, without a bureau", outside=outside)]
        if outside
        else []
    )
    notes += (
        [Text("{shared} on a border or overlap: given to the first bureau", shared=shared)]
        if shared
        else []
    )
    return ids[holder], tuple(notes)
