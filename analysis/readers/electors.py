"""The number of registered voters at each address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.geography.transformer import transformer
from analysis.geography.way_names import (
    split_numbers,
    street_keys,
    suffix_keys,
)
from analysis.readers import address_columns as headed
from analysis.readers.address_meeting import (
    FAR,
    NONE,
    PLACE,
    SEVERAL,
    address_keys,
    apart,
    meet,
    numbered,
    without_others_ids,
)
from analysis.readers.address_positions import decimals
from analysis.readers.addresses import texts
from analysis.readers.beginnings import plain
from analysis.readers.codes import bare_code, contour_code
from analysis.readers.commune_names import codes_of
from analysis.readers.former_communes import FORMER, SIDE, former_of
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.known_places import place_name
from analysis.readers.set_aside import tolerated
from analysis.readers.tabular import header, read_columns
from analysis.readers.total_rows import SUM, are_called_totals
from analysis.readers.uneven_rows import merged_cells
from analysis.tables.sources import UNSTATED, LeftOut, Report, Source
from analysis.tables.whole_numbers import is_count, plain_counts

_COLUMNS = {
    "number": headed.NUMBER,
    "suffix": headed.SUFFIX,
    "kind": headed.KIND,
    "street": headed.STREET,
    "street_end": ("nom",),
    # Number and street in one.
    "address": headed.ADDRESS,
    "commune": ("code_insee", "insee", "code_commune", "commune_id", "commune"),
    # Where the addresses are of several communes, better than nothing.
    "town": ("nom_commune", "ville", "code_postal"),
    "registered": (
        *("nb", "registered", "inscrits", "nb_electeurs", "electeurs", "nb d'électeurs"),
        *("nombre_electeurs", "nombre d'électeurs", "nb_inscrits", "nombre_inscrits"),
        *("nombre d'inscrits", "total_inscrits"),
    ),
    "bureau": ("bureau_id", "id_bv", "code_bv", "bureau", "bv"),
    "arrondissement": ("arrondissement",),
    "former": FORMER,
    "lon": headed.LONGITUDE,
    "lat": headed.LATITUDE,
    "x": headed.X,
    "y": headed.Y,
    "id": ("address_id", "cle_interop", "id_adresse", "id_ban", "id"),
}
_OPTIONAL = frozenset(
    {"number", "suffix", "kind", "street", "street_end", "address", "commune", "town"}
    | {"bureau", "arrondissement", "former", "lon", "lat", "id", "x", "y"}
)
# What results of bureaux and tables of the roll have too.
_OF_BUREAUX = frozenset({"registered", "inscrits"})
_OF_RESULTS = frozenset({"votants", "exprimes", "voix", "idelection"})
# Paris cuts a street in two: « RUE DE L », « ABBAYE ». Elsewhere « nom » may be a person's.
_PARIS = {"arrondissement", "bureau", "voie", "nom"}


def sniff(glance: Glance) -> float:
    """Tell a file of registered voters per address: persons, and numbers or streets."""
    columns = {plain(name) for name in glance.columns}
    persons = columns & {plain(name) for name in _COLUMNS["registered"]} - _OF_BUREAUX
    # Tables of polling places have an address too.
    whole = () if any("lieu" in name for name in columns) else headed.ADDRESS
    known = ("numero", *headed.KIND, *headed.STREET, *whole)
    named = columns & {plain(name) for name in known}
    return SURE if persons and named and not columns & _OF_RESULTS else NO


def read_electors(path: Path | str, addresses: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Report]:
    """Read the number of registered per address and give it to the addresses.

    They meet on commune, street (see `way_names.street_key`) and number; an exact
    suffix first, else the number without one, else its first suffix. Where several
    places have such an address (one street name in two former communes), the file's own
    bureau, former commune or coordinates tell which; where it has none of them, the row is listed.

    Parameters
    ----------
    path
        CSV with number, street and registered; the commune where there are several.
    addresses
        As `read_addresses` returns them.

    Returns
    -------
    geopandas.GeoDataFrame
        A copy of `addresses` with `registered`, and the report: `rows` are rows of
        the file, the notes count persons.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns, or is of another place.
    """
    file = Path(path)
    left_out: list[LeftOut] = []
    electors, notes = _electors(file, addresses, left_out)
    known = address_keys(addresses)
    electors, of_ids = without_others_ids(electors, known)
    row, exact = meet(electors, known)
    found = row >= 0
    if not found.any() and not (row == SEVERAL).any():
        raise DataError(
            "None of these addresses of registered voters is known.",
            where="{file}: {said}",
            mend="Give electors and addresses (BAN) of the same commune.",
            file=file.name,
            said=some(electors["said"]),
        )
    sums = np.bincount(row[found], weights=electors["registered"][found], minlength=len(addresses))
    listed = np.bincount(row[found], minlength=len(addresses)) > 0
    table = addresses.drop(columns=list(SIDE), errors="ignore")
    table["registered"] = pd.array(sums.astype("int64"), dtype="Int64")
    table.loc[~listed, "registered"] = pd.NA
    report = _electors_report(file, electors, known, (row, exact), left_out)
    return table, replace(report, notes=(*report.notes, *notes, *of_ids))


def _electors(
    file: Path, addresses: gpd.GeoDataFrame, left_out: list[LeftOut]
) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """Return rows of the file with the keys of their address, and `said`, as it was written.

    Beside them notes: rows that stand there again, and may be copies or not.
    """
    raw = _in_columns(
        texts(read_columns(file, _COLUMNS, left_out=left_out, optional=_OPTIONAL)), file
    )
    in_two = set(header(file)) >= _PARIS
    if "id" in raw and not _of_address(raw):
        raw = raw.drop(columns="id")
    raw, carried = _with_streets(raw[(raw != "").any(axis=1)])
    raw, notes = _once(raw, left_out)
    street = raw["street"] + " " + raw["street_end"] if in_two else raw["street"]
    persons = _persons(raw["registered"], file)
    raw = _without_sums(raw.assign(said=street, persons=persons), left_out)
    street = raw["said"]
    number, inside = split_numbers(raw["number"])
    suffix = raw["suffix"].where(raw["suffix"] != "", inside) if "suffix" in raw else inside
    commune = _commune(raw, addresses, file)
    table = pd.DataFrame(
        {
            "commune": commune,
            "former": former_of(raw, commune, addresses),
            "street": street_keys(street),
            "number": number,
            "suffix": suffix_keys(suffix),
            "registered": raw["persons"].astype("int64"),
            "said": street,
            "bureau": _bureaux(raw, addresses),
            "id": raw.get("id", ""),
            **_metres(raw, addresses),
        }
    )
    return table, (*carried, *notes)


def _with_streets(raw: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """Return rows with the street that a merged cell names once for the numbers below it."""
    numbered = split_numbers(raw["number"])[0].fillna(0).gt(0).to_numpy(dtype=bool)
    gap = (raw["street"].str.strip() == "") & numbered
    if not gap.any():
        return raw, ()
    streets = raw["street"].mask(gap).ffill().fillna("")
    return raw.assign(street=streets), (merged_cells(int(gap.sum())),)


def _in_columns(raw: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Return rows with `number` and `street`, taken apart or put together where need be."""
    if "address" in raw and not {"number", "street"} <= set(raw):
        parts = [headed.split_address(text) for text in raw["address"]]
        told = pd.DataFrame(parts, columns=["number", "street"], index=raw.index, dtype="str")
        if "number" in raw:
            # A column of its own for the number leaves the street to the other.
            told["number"] = told["number"].where(told["number"] != "", raw["number"])
        return raw.drop(columns=["number", "street"], errors="ignore").join(told)
    if missing := [name for name in ("number", "street") if name not in raw]:
        raise DataError(
            "{file} lacks column(s): {wanted}.",
            where="{file}: columns found: {columns}",
            mend="Give number and street of each address, or both in a column “adresse”.",
            file=file.name,
            wanted=", ".join(" / ".join(_COLUMNS[name]) for name in missing),
            columns=some(header(file), most=8),
        )
    return headed.with_kind(raw)


def _of_address(raw: pd.DataFrame) -> bool:
    """Tell whether an id is one of the address: Paris has there the bureau, of many addresses."""
    named = raw[raw["id"] != ""]
    place = [name for name in ("id", "number", "suffix", "street", "street_end") if name in raw]
    return bool(named.drop_duplicates(place)["id"].is_unique)


def _once(raw: pd.DataFrame, left_out: list[LeftOut]) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """Leave copies of a row out where an id says that they are; without one say what is there."""
    again = raw.duplicated()
    if not again.any():
        return raw, ()
    lines = some(Text("line {line}", line=at + 2) for at in raw.index[again])
    if "id" in raw and (raw.loc[again, "id"] != "").all():
        left_out.append(LeftOut(Text("a copy of another row"), int(again.sum()), lines))
        return raw[~again], ()
    persons = pd.to_numeric(plain_counts(raw.loc[again, "registered"]), errors="coerce").sum()
    note = Text(
        "{n} row(s) stand twice, word for word ({lines}): without an id of the address nothing "
        "tells whether they are copies, so their {persons} registered were counted too",
        n=int(again.sum()),
        lines=lines,
        persons=int(persons),
    )
    return raw, (note,)


def _bureaux(raw: pd.DataFrame, addresses: gpd.GeoDataFrame) -> pd.Series | str:
    """Return the bureau each row names, in our spelling; "" where it names none."""
    if "bureau" not in raw:
        return ""
    of = addresses["commune_id"].unique()
    commune = str(of[0]) if len(of) == 1 else ""
    said = raw["bureau"].map(bare_code)
    if "arrondissement" in raw:
        said = raw["arrondissement"].str.strip().str[-2:] + "-" + said
    codes = {text: contour_code(text, commune) for text in said.unique()}
    return said.map(codes)


def _metres(raw: pd.DataFrame, addresses: gpd.GeoDataFrame) -> dict[str, np.ndarray]:
    """Return the position each row gives, in the CRS of the addresses; NaN where none.

    Metres are those of the place: of another system they lie near no address.
    """
    lon, lat, *metres = (
        decimals(raw[name]) if name in raw else np.full(len(raw), np.nan)
        for name in ("lon", "lat", "x", "y")
    )
    transform = transformer("EPSG:4326", addresses.crs).transform
    x, y = (
        np.where(np.isfinite(one), one, other)
        for one, other in zip(transform(lon, lat), metres, strict=True)
    )
    return {"x": x, "y": y}


def _commune(raw: pd.DataFrame, addresses: gpd.GeoDataFrame, file: Path) -> pd.Series | str:
    here = frozenset(addresses["commune_id"].astype("str").unique())
    only = next(iter(here)) if len(here) == 1 else ""
    column = "commune" if "commune" in raw else "" if only else "town"
    if column in raw:
        codes = codes_of(raw[column], here)
        # Whoever leaves a cell empty means the one commune there is.
        codes = codes.mask(raw[column].str.strip() == "", only)
        if codes.ne("").any():
            return codes
        raise DataError(
            "{file} is of other communes than the addresses.",
            where="{file}: {said}; addresses: {communes}",
            mend="Give electors and addresses (BAN) of the same commune.",
            file=file.name,
            said=some(raw[column].unique()),
            communes=some(place_name(code) for code in sorted(here)),
        )
    if only:
        return only
    raise DataError(
        "{file} does not say in which commune its streets are.",
        where="the addresses are of {n} communes: {communes}",
        mend="Add a column code_insee, or choose one commune with --place.",
        file=file.name,
        n=len(here),
        communes=some(sorted(here)),
    )


def _without_sums(raw: pd.DataFrame, left_out: list[LeftOut]) -> pd.DataFrame:
    """Leave out rows whose count is none, and those that are a total: no one lives there twice."""
    unread = raw["persons"].isna()
    nowhere = (split_numbers(raw["number"])[0].fillna(0).eq(0) & ~unread).to_numpy(dtype=bool)
    rest = raw["persons"].sum() - raw["persons"]
    sums = nowhere & ((raw["persons"] == rest) & (rest > 0)).to_numpy(dtype=bool)
    sums[nowhere] |= are_called_totals(raw["said"][nowhere])
    for reason, gone in ((Text("no whole number of registered"), unread), (SUM, sums)):
        if gone.any():
            cells = zip(raw.index[gone], raw["said"][gone], raw["registered"][gone], strict=True)
            told = some(
                Text("line {line}: {street} {cell!r}", line=i + 2, street=street.strip(), cell=cell)
                for i, street, cell in cells
            )
            left_out.append(LeftOut(reason, int(gone.sum()), told))
    return raw[~unread & ~sums].reset_index(drop=True)


def _persons(cells: pd.Series, file: Path) -> pd.Series:
    """Return counts of persons; missing where a slip of a hand is none."""
    numbers = pd.to_numeric(plain_counts(cells), errors="coerce")
    bad = ~is_count(numbers)
    if not tolerated(int(bad.sum()), len(bad), leave_out=False) or bad.all():
        raise DataError(
            "The number of registered voters of an address is not a whole number.",
            where="{file}: {cells}",
            mend="Give one row per address with a count of persons (nb / registered).",
            file=file.name,
            cells=some(
                Text("line {line}: {cell!r}", line=i + 2, cell=cells[i]) for i in cells.index[bad]
            ),
        )
    return numbers.mask(bad)


def _electors_report(
    file: Path,
    electors: pd.DataFrame,
    known: pd.DataFrame,
    met_rows: tuple[np.ndarray, np.ndarray],
    left_out: list[LeftOut],
) -> Report:
    row, exact = met_rows
    found, several = row >= 0, row == SEVERAL
    names = numbered(electors, known, [*PLACE, "suffix"])
    first = found & (apart(*names, known) == FAR)
    first &= (electors["id"] == "").to_numpy() & electors["x"].isna().to_numpy()
    persons = electors["registered"].to_numpy()
    street_known = np.isin(*numbered(electors, known, ["commune", "street"]))
    met, total = int(persons[found].sum()), int(persons.sum())
    other = int((found & ~exact).sum())
    met_otherwise = (
        (Text("{other} row(s) met their number with another suffix", other=other),) if other else ()
    )
    notes = (
        Text(
            "{met} of {total} registered ({share:.1%}) have an address",
            met=met,
            total=total,
            share=met / max(total, 1),
        ),
        *met_otherwise,
        *(
            (
                Text(
                    "{n} row(s) meet several addresses of one name in one bureau, far from one "
                    "another, and nothing tells which: given to the first",
                    n=int(first.sum()),
                ),
            )
            if first.any()
            else ()
        ),
    )
    read = len(electors) + sum(rows.count for rows in left_out)
    left_out += [
        LeftOut(reason, int(mask.sum()), _streets(electors[mask]))
        for reason, mask in (
            (Text("street not among the addresses"), ~street_known),
            (Text("number not in its street"), (row == NONE) & street_known),
            (Text("the same address in several bureaux, and nothing tells which"), several),
        )
        if mask.any()
    ]
    source = Source.of(file, role="electors", licence=UNSTATED)
    return Report(source, read, int(found.sum()), tuple(left_out), notes)


def _streets(rows: pd.DataFrame) -> str:
    persons = rows.groupby("said")["registered"].sum().sort_values(ascending=False, kind="stable")
    return some(
        Text("{street} ({count} registered)", street=street, count=count)
        for street, count in persons.items()
    )
