"""The number of registered voters at each address."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.addresses import texts
from analysis.readers.codes import commune_code
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.streets import split_numbers, street_keys, suffix_keys
from analysis.readers.tabular import header, read_columns
from analysis.tables.sources import UNSTATED, LeftOut, Report, Source

_COLUMNS = {
    "number": ("numero", "number", "num", "numero_voie"),
    "suffix": ("rep", "suffixe", "suffix"),
    "street": ("voie", "nom_voie", "libelle_voie", "street", "rue"),
    "street_end": ("nom",),
    "commune": ("code_insee", "insee", "code_commune", "commune_id", "commune"),
    "registered": ("nb", "registered", "inscrits", "nb_electeurs", "electeurs"),
}
_OPTIONAL = frozenset({"suffix", "street_end", "commune"})
# Paris cuts a street in two: « RUE DE L », « ABBAYE ». Elsewhere « nom » may be a person's.
_PARIS = {"arrondissement", "bureau", "voie", "nom"}
_PLACE = ["commune", "street", "number"]


def sniff(glance: Glance) -> float:
    """Tell a file of registered voters per address: persons, and numbers or streets."""
    persons = glance.columns & {"nb", "nb_electeurs", "electeurs"}
    return SURE if persons and glance.columns & {"numero", "voie", "nom_voie"} else NO


def read_electors(path: Path | str, addresses: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Report]:
    """Read the number of registered per address and give it to the addresses.

    They meet on commune, street (see `streets.street_key`) and number; an exact
    suffix first, else the number without one, else its first suffix.

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
    electors = _electors(file, addresses)
    known = _address_keys(addresses)
    row, exact = _meet(electors, known)
    found = row >= 0
    if not found.any():
        raise DataError(
            "None of these addresses of registered voters is known.",
            where="{file}: {said}",
            mend="Give electors and addresses (BAN) of the same commune.",
            file=file.name,
            said=some(electors["said"]),
        )
    sums = np.bincount(row[found], weights=electors["registered"][found], minlength=len(addresses))
    listed = np.bincount(row[found], minlength=len(addresses)) > 0
    table = addresses.copy()
    table["registered"] = pd.array(sums.astype("int64"), dtype="Int64")
    table.loc[~listed, "registered"] = pd.NA
    return table, _electors_report(file, electors, known, found, exact)


def _electors(file: Path, addresses: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return rows of the file with the keys of their address, and `said`, as it was written."""
    raw = texts(read_columns(file, _COLUMNS, optional=_OPTIONAL))
    in_two = set(header(file)) >= _PARIS
    street = raw["street"] + " " + raw["street_end"] if in_two else raw["street"]
    number, inside = split_numbers(raw["number"])
    suffix = raw["suffix"].where(raw["suffix"] != "", inside) if "suffix" in raw else inside
    return pd.DataFrame(
        {
            "commune": _commune(raw, addresses, file),
            "street": street_keys(street),
            "number": number,
            "suffix": suffix_keys(suffix),
            "registered": _persons(raw["registered"], file),
            "said": street,
        }
    )


def _commune(raw: pd.DataFrame, addresses: gpd.GeoDataFrame, file: Path) -> pd.Series | str:
    if "commune" in raw:
        codes = {code: commune_code(code) for code in raw["commune"].unique()}
        return raw["commune"].map(codes)
    communes = addresses["commune_id"].unique()
    if len(communes) == 1:
        return str(communes[0])
    raise DataError(
        "{file} does not say in which commune its streets are.",
        where="the addresses are of {n} communes: {communes}",
        mend="Add a column code_insee, or choose one commune with --place.",
        file=file.name,
        n=len(communes),
        communes=some(communes),
    )


def _persons(cells: pd.Series, file: Path) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce")
    if (bad := numbers.isna() | (numbers < 0) | (numbers % 1 != 0)).any():
        raise DataError(
            "The number of registered voters of an address is not a whole number.",
            where="{file}: {cells}",
            mend="Give one row per address with a count of persons (nb / registered).",
            file=file.name,
            cells=some(
                Text("line {line}: {cell!r}", line=i + 2, cell=cells[i]) for i in cells.index[bad]
            ),
        )
    return numbers.astype("int64")


def _address_keys(addresses: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the keys of the addresses, the number without suffix first; the index is the row."""
    keys = pd.DataFrame(
        {
            "commune": addresses["commune_id"].to_numpy(),
            "street": street_keys(addresses["street"]).to_numpy(),
            "number": addresses["number"].to_numpy(),
            "suffix": suffix_keys(addresses["suffix"]).to_numpy(),
            "address_id": addresses["address_id"].to_numpy(),
        }
    )
    keys = keys[keys["number"].notna()]
    return keys.sort_values(["suffix", "address_id"])


def _meet(electors: pd.DataFrame, known: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of the address of each row, -1 for none, and whether its suffix is meant."""
    exact = _row(electors, known, [*_PLACE, "suffix"])
    near = _row(electors, known, _PLACE)
    return np.where(exact >= 0, exact, near), exact >= 0


def _row(electors: pd.DataFrame, known: pd.DataFrame, keys: list[str]) -> np.ndarray:
    first = known.drop_duplicates(keys)
    index = pd.MultiIndex.from_frame(first[keys])
    position = index.get_indexer(pd.MultiIndex.from_frame(electors[keys]))
    rows: np.ndarray = np.append(first.index.to_numpy(), -1)[position]
    return rows


def _electors_report(
    file: Path, electors: pd.DataFrame, known: pd.DataFrame, found: np.ndarray, exact: np.ndarray
) -> Report:
    persons = electors["registered"].to_numpy()
    streets = set(zip(known["commune"], known["street"], strict=True))
    mine = zip(electors["commune"], electors["street"], strict=True)
    street_known = np.array([pair in streets for pair in mine], dtype=bool)
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
    )
    left_out = [
        LeftOut(reason, int(mask.sum()), _streets(electors[mask]))
        for reason, mask in (
            (Text("street not among the addresses"), ~street_known),
            (Text("number not in its street"), ~found & street_known),
        )
        if mask.any()
    ]
    source = Source.of(file, role="electors", licence=UNSTATED)
    return Report(source, len(electors), int(found.sum()), tuple(left_out), notes)


def _streets(rows: pd.DataFrame) -> str:
    persons = rows.groupby("said")["registered"].sum().sort_values(ascending=False, kind="stable")
    return some(
        Text("{street} ({count} registered)", street=street, count=count)
        for street, count in persons.items()
    )
