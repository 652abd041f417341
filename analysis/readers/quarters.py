"""Quarters of a town: IRIS of INSEE, or a town's own polygons, put on the bureaux they cover."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from analysis.errors import DataError, Text, some
from analysis.geography.bureau_names import readable
from analysis.readers.glance import GEOGRAPHIC, LIKELY, NO, SURE, Glance
from analysis.readers.polygons import repair
from analysis.readers.raw_results import no_zones
from analysis.readers.shapes import read_shapes, to_metric
from analysis.tables.sources import UNSTATED, LeftOut, Report, Source

KIND = "quartier"
_IRIS = "nom_iris"
# Names of columns, the surest first; those of Paris, Lyon and Toulouse are among them.
_NAMES = (
    *(_IRIS, "l_qu", "nom_quartier", "libelle_quartier", "nom_du_quartier", "quartier"),
    *("libelle_des_grands_quartiers", "conseil_quartier", "nom", "libelle", "name"),
)
_IRIS_LICENCE = Text("Licence Ouverte 2.0 (Contours IRIS, INSEE and IGN)")
_FOR_SURE = re.compile(r'"(nom_iris|l_qu|nom_quartier|libelle_quartier)"\s*:', re.IGNORECASE)
_NAMED = re.compile(r"iris|quartier", re.IGNORECASE)
_BUREAUX = re.compile(r"bureau|bv", re.IGNORECASE)
# An IRIS is a quarter's piece: « PLAISANCE 20 » is the 20th of Plaisance.
_PIECE = re.compile(r"[\s-]+\d+$")
_WORDS = re.compile(r"[^\W\d_]{3,}")
# Words of many names of quarters; streets are often written without the accents of capitals.
_ACCENTED = (
    "abbé académie allées arènes bénédictins cathédrale cèdres château châteaux châtelet chêne "
    "chênes cité cités collège comédie crêtes école écoles écluse écluses église élysée élysées "
    "épinette épinettes érables étang étangs étoile évêché évêque forêt fédération fédérés genêts "
    "grâce hôpital hôpitaux hôtel île îles îlot liberté libération lycée médiathèque métiers musée "
    "opéra pépinière préfecture république résistance rivière rivières salpêtrière santé sénat "
    "théâtre trinité université vallée vélodrome"
)


def sniff(glance: Glance) -> float:
    """Tell polygons of quarters by their columns; what is not text, by the name of the file."""
    if glance.suffix not in GEOGRAPHIC | {".zip"}:
        return NO
    if glance.suffix in {".geojson", ".json"}:
        return SURE if _FOR_SURE.search(glance.text) else NO
    named = _NAMED.search(glance.name) and not _BUREAUX.search(glance.name)
    return LIKELY if named else NO


def read_quarters(
    path: Path | str, *, bureaux: gpd.GeoDataFrame, streets: Collection[str] = ()
) -> tuple[pd.DataFrame, Report]:
    """Read which quarter each bureau lies in: the one that covers most of it.

    Parameters
    ----------
    path
        Polygons with a name each. Pieces of a quarter (IRIS: « PLAISANCE 20 ») are joined by
        name; IRIS of parks and rivers, and those that are a whole commune, are no quarters.
    bureaux
        `bureau_id` and polygons in a metric CRS, one row a bureau.
    streets
        Names of streets of the place, whose accents names in capitals take: « Épinettes ».

    Returns
    -------
    pandas.DataFrame
        Rows of `schema.ZONES`, of kind `quartier`; bureaux outside all quarters have none. And
        the report, in polygons.

    Raises
    ------
    DataError
        When the file cannot be read, names nothing, or lies elsewhere than the bureaux.
    """
    file = Path(path)
    raw, notes = read_shapes(file, metric=str(bureaux.crs))
    spelt = {str(name).lower(): str(name) for name in raw.columns if name != raw.geometry.name}
    column = next((name for name in _NAMES if name in spelt), None)
    if column is None:
        raise DataError(
            "{file} does not say what its quarters are called.",
            where="columns found: {columns}",
            mend="Give IRIS with their names (NOM_IRIS), or call the column “quartier”.",
            file=file.name,
            columns=some(spelt.values(), most=12),
        )
    iris = column == _IRIS
    named = _names(raw[spelt[column]], pieces=iris)
    shapes = raw.assign(quarter=_accented(named, streets))
    kind = raw[spelt["typ_iris"]] if iris and "typ_iris" in spelt else pd.Series("", raw.index)
    reasons = {
        Text("without a name"): shapes["quarter"] == "",
        Text("parks, rivers: nobody's quarter"): kind == "D",
        Text("a whole commune, not a quarter"): kind == "Z",
    }
    left_out = tuple(
        LeftOut(reason, int(gone.sum()), some(shapes.loc[gone, "quarter"].unique()))
        for reason, gone in reasons.items()
        if gone.any()
    )
    own = shapes[~pd.concat(reasons, axis=1).any(axis=1)]
    own, repaired = repair(
        to_metric(own[["quarter", "geometry"]], str(bureaux.crs), file=file.name)
    )
    zones = _covering(own, bureaux)
    if zones.empty:
        raise DataError(
            "No bureau lies in a quarter of this file.",
            where="{file}: {quarters}",
            mend="Give the quarters of the same town.",
            file=file.name,
            quarters=some(own["quarter"].unique()),
        )
    licence = _IRIS_LICENCE if iris else UNSTATED
    source = Source.of(file, role="quarters", licence=licence)
    return zones, Report(source, len(raw), len(own), left_out, (*notes, *repaired))


def _names(column: pd.Series, *, pieces: bool) -> pd.Series:
    told = column.fillna("").astype("str").str.strip()
    if pieces:
        told = told.str.replace(_PIECE, "", regex=True)
    return told.map(readable)


def _accented(names: pd.Series, streets: Collection[str]) -> pd.Series:
    """Return names whose words without accents have theirs, else those that most streets write."""
    spelt: dict[str, Counter[str]] = {}
    for word in (word for street in streets for word in _WORDS.findall(street)):
        spelt.setdefault(_bare(word), Counter())[word] += 1
    usual = {bare: max(found, key=found.__getitem__) for bare, found in spelt.items()}
    usual |= {_bare(word): word for word in _ACCENTED.split() if _bare(word) != word}

    def mended(word: re.Match[str]) -> str:
        told = usual.get(word[0].lower(), word[0])
        return told[:1].upper() + told[1:] if word[0][:1].isupper() else told

    return names.map(lambda name: _WORDS.sub(mended, name))


def _bare(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word.lower())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


def _covering(quarters: gpd.GeoDataFrame, bureaux: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the quarter that covers most of each bureau, as rows of zones."""
    grounds, areas = bureaux.geometry.to_numpy(), quarters.geometry.to_numpy()
    row, met = shapely.STRtree(areas).query(grounds, predicate="intersects")
    if not len(row):
        return no_zones()
    shared = pd.DataFrame(
        {
            "bureau_id": bureaux["bureau_id"].astype("str").to_numpy()[row],
            "name": quarters["quarter"].to_numpy()[met],
            "area": shapely.area(shapely.intersection(grounds[row], areas[met])),
        }
    )
    shared = shared.groupby(["bureau_id", "name"], as_index=False)["area"].sum()
    best = shared[shared["area"] > 0].sort_values(["bureau_id", "area"], ascending=[True, False])
    best = best.drop_duplicates("bureau_id").assign(kind=KIND)
    best["zone_id"] = best["bureau_id"].str.partition("_")[0] + "-" + best["name"]
    return best[list(no_zones().columns)].astype("str").reset_index(drop=True)
