"""A town's own file of polling places: what they are called, and the quarters they lie in."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.addresses import texts
from analysis.readers.beginnings import plain
from analysis.readers.codes import contour_code, in_place
from analysis.readers.commune_names import of_arrondissement
from analysis.readers.glance import LIKELY, NO, Glance
from analysis.readers.tabular import read_columns
from analysis.readers.total_rows import SUM, is_called_total
from analysis.tables.sources import UNSTATED, LeftOut, Report, Source

# Names of columns, the surest first: those that hold whole ids before numbers alone.
_IDS = (
    *("id_brut_miom", "bureau_id", "Identifiant du bureau de vote", "codeBureauVote", "id_bv"),
    *("code_bureau", "code_bv", "Numéro du bureau de vote", "Numéro de bureau", "num_bureau"),
    *("num_bv", "numero_bureau", "n_bureau", "bureau"),
)
_NAMES = (
    *("Libellé du bureau de vote", "lieu_de_vote", "Lieu de vote", "nom_lieu", "Nom du lieu"),
    *("libelle_lieu", "lieu", "libelle_bureau", "nom_bureau", "libelle", "nom", "designation"),
)
_ADDRESSES = ("adresse", "adresse_lieu", "adresse_du_lieu", "adr_lieu", "adresse_postale", "voie")
ZONES = {
    "quartier": ("quartier", "nom_quartier", "libelle_quartier", "conseil_quartier"),
    "canton": ("canton", "nom_canton", "libelle_canton"),
    "circonscription": ("circonscription", "nom_circonscription", "libelle_circonscription"),
    "epci": ("epci", "nom_epci", "libelle_epci"),
}
_PARTS = ("arrondissement", "num_arrondissement", "num_arrond", "arrdt", "code_arrondissement")
# Of several communes in one file, that of each row: numbers alone are those of every town.
_COMMUNES = ("code_commune", "code_insee", "insee", "commune_insee", "codecommune", "code_com")
# « 1 à 4 » and « 1, 2 et 3 »: one place of several bureaux.
_RANGE = re.compile(r"\D*(\d{1,4})\s*(?:à|a|au|–)\s*(\d{1,4})\s*", re.IGNORECASE)  # noqa: RUF001
_SEVERAL = re.compile(r"\D*\d{1,4}(?:\s*(?:[,&+]|et)\s*\d{1,4})+\s*", re.IGNORECASE)
_MOST_AT_ONE = 60
_COLUMNS = {
    "commune": _COMMUNES,
    "part": _PARTS,
    "said": _IDS,
    "name": _NAMES,
    "address": _ADDRESSES,
    **ZONES,
}


def sniff(glance: Glance) -> float:
    """Tell a table of polling places: ids of bureaux, names, and no counts or votes."""
    columns = {plain(name) for name in glance.columns}
    known = [columns & {plain(name) for name in names} for names in (_IDS, _NAMES)]
    others = {"inscrits", "voix", "votants", "idelection", "numero", "nomvoie"}
    return LIKELY if all(known) and not columns & others else NO


def read_polling_places(
    path: Path | str, *, places: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, Report]:
    """Read what the polling places of a town are called.

    Parameters
    ----------
    path
        CSV or Parquet: ids of bureaux as contours spell them, names, and where there are such
        columns the address, the quarter, the canton, the constituency, the EPCI.
    places
        Communes or départements to keep; one commune alone lends its code to bare numbers.

    Returns
    -------
    pandas.DataFrame
        `said`, `bureau_id`, `name` (the place and its address), and a column of each kind of
        `ZONES` that the file has; and the report.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns, or no id in it is understood.
    """
    file = Path(path)
    optional = frozenset({"address", "commune", "part", *ZONES})
    uneven: list[LeftOut] = []
    table = read_columns(file, _COLUMNS, left_out=uneven, optional=optional)
    raw = texts(table).reset_index(drop=True)
    sums = raw["said"].map(is_called_total)
    raw = _each_bureau(raw[~sums])
    read = len(raw) + int(sums.sum()) + sum(rows.count for rows in uneven)
    commune = places[0] if len(places) == 1 and len(places[0]) == 5 else ""  # noqa: PLR2004
    communes = raw.get("commune", pd.Series("", index=raw.index)).str.strip().replace("", commune)
    # Bureau 1 of the 18th is not that of the 1st.
    communes = of_arrondissement(communes, raw["part"]) if "part" in raw else communes
    raw["bureau_id"] = [*map(contour_code, raw["said"].str.strip(), communes)]
    understood = raw["bureau_id"] != ""
    outside = understood & ~raw["bureau_id"].map(
        lambda bureau: in_place(bureau.rpartition("_")[0], places)
    ).astype(bool)
    twice = understood & raw.duplicated("bureau_id")
    reasons = (
        (~understood, Text("no id of a bureau")),
        (outside, Text("outside the place")),
        (twice & ~outside, Text("a bureau named before")),
    )
    left_out = (
        *uneven,
        *([LeftOut(SUM, int(sums.sum()), "")] if sums.any() else []),
        *(
            LeftOut(reason, int(gone.sum()), some(raw.loc[gone, "said"]))
            for gone, reason in reasons
            if gone.any()
        ),
    )
    kept = raw[understood & ~outside & ~twice].reset_index(drop=True)
    if kept.empty:
        raise DataError(
            "No bureau of this file is understood.",
            where="{file}: {ids}",
            mend="Ids look like 29019_0076; numbers alone (0101) need one commune: --place CODE.",
            file=file.name,
            ids=some(raw["said"]),
        )
    kept["name"] = _with_address(kept)
    columns = ["said", "bureau_id", "name", *(kind for kind in ZONES if kind in kept)]
    source = Source.of(file, role="reu_bureaux", licence=UNSTATED)
    return kept[columns], Report(source, read, len(kept), left_out)


def _each_bureau(raw: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each bureau where one row names several."""
    numbers = raw["said"].map(_numbers)
    return raw.assign(said=numbers).explode("said").reset_index(drop=True)


def _numbers(said: str) -> list[str]:
    if (both := _RANGE.fullmatch(said)) and 0 < (n := int(both[2]) - int(both[1])) < _MOST_AT_ONE:
        return [str(int(both[1]) + k) for k in range(n + 1)]
    return re.findall(r"\d+", said) if _SEVERAL.fullmatch(said) else [said]


def _with_address(rows: pd.DataFrame) -> pd.Series:
    name = rows["name"].str.strip()
    if "address" not in rows:
        return name
    address = rows["address"].str.strip()
    return name + np.where((name != "") & (address != ""), ", ", "") + address
