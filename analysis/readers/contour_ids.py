"""The column of a file of polygons that says which bureau each is of, and the ids in it."""

from __future__ import annotations

import re
from collections.abc import Collection

import geopandas as gpd
import pandas as pd

from analysis.errors import DataError, some
from analysis.readers.codes import (
    Named,
    bare_code,
    but_for_zeros,
    contour_code,
    in_place,
    own_ids,
    parts,
    put_together,
)
from analysis.readers.commune_names import codes_of, of_arrondissement
from analysis.readers.known_places import communes as known_communes

# Names of the id column, the surest first.
ID_NAMES = (
    *("codebureauvote", "id_brut_miom", "bureau_id", "id_bv", "id_bureau", "code_bureau"),
    *("code_bv", "codebv", "numerobureauvote", "num_bureau", "num_bv", "bureau"),
    # Shapefiles cut a name after ten letters.
    *("codebureau", "code_burea", "numerobure", "num_burea"),
)
# These may number anything: rows, places of voting. Any other that speaks of bureaux is surer.
_VAGUE_NAMES = ("numero", "num", "id", "code", "identifiant")
# A number of a bureau alone is of the commune that stands beside it.
_COMMUNE_NAMES = (
    *("codecommune", "code_commune", "code_commu", "codecommun", "code_insee", "insee_com"),
    *("codeinsee", "insee", "commune_insee"),
)
_TOWN_NAMES = ("nom_commune", "nomcommune", "nom_com", "commune", "ville")
_PARTS_NAMES = ("arrondissement", "num_arrondissement", "arrondisse", "arr", "c_ar")
# A column holds ids if most of its cells are spelt like ids and few repeat.
_MOST = 0.5
# Names that speak of bureaux, of a file or of its columns.
OF_BUREAUX = re.compile(r"bureau|contour|secteur|\bbv\b|_bv|bv_|\bbdv|_bdv", re.IGNORECASE)


def find_ids(
    raw: gpd.GeoDataFrame,
    communes: tuple[str, ...],
    asked: str,
    given: tuple[str, Collection[str]],
) -> tuple[str, pd.Series]:
    """Return the column of ids, asked for or found by its name or content, and the ids.

    Parameters
    ----------
    raw
        The rows of a French file.
    communes
        Communes or départements asked for.
    asked
        Name of the column; "" to look for it.
    given
        Name of the file, and ids of the results: a column that holds them is one of ids.

    Returns
    -------
    tuple
        The column, and the canonical id of each row, "" for none.

    Raises
    ------
    DataError
        When no column is understood.
    """
    file, results = given
    spelt = {str(name).lower(): str(name) for name in raw.columns if name != raw.geometry.name}
    vague = [] if asked else [spelt[name] for name in _VAGUE_NAMES if name in spelt]
    names = [asked] if asked else [spelt[name] for name in ID_NAMES if name in spelt]
    others = [] if asked else [name for name in spelt.values() if name not in names]
    speaking = [name for name in others if OF_BUREAUX.search(name)]
    commune = _communes(raw, spelt, communes)
    if (
        (found := _spelt_like_ids(raw, names, commune))
        or (found := _holding(raw, speaking, commune, results))
        or (found := _spelt_like_ids(raw, vague, commune))
        or (found := _holding(raw, others, commune, results))
    ):
        return found
    names += vague
    seen = some((f"{n} = {raw[n].iloc[0]!s}" for n in names if n in raw), most=4)
    raise DataError(
        "{file} has no column of bureau ids that is understood.",
        where="columns found: {columns}; {seen}" if seen else "columns found: {columns}",
        mend="Name the column with --contours-id COLUMN, or call it codeBureauVote, with ids "
        "such as 29019_0076; numbers alone (0101) need one commune: --place CODE.",
        file=file,
        columns=some(spelt.values(), most=12),
        seen=seen,
    )


def _spelt_like_ids(
    raw: gpd.GeoDataFrame, names: list[str], commune: pd.Series | str
) -> tuple[str, pd.Series] | None:
    """Return the first of the columns that most rows fill with ids, few of which repeat."""
    for name in (n for n in names if n in raw):
        ids = _codes(raw[name], commune)
        known = ids[ids != ""]
        if len(known) > _MOST * len(ids) and known.nunique() > _MOST * len(known):
            return name, ids
    return None


def _communes(
    raw: gpd.GeoDataFrame, spelt: dict[str, str], communes: tuple[str, ...]
) -> pd.Series | str:
    """Return what numbers alone are of: the commune beside each, else the one asked for."""
    asked = communes[0] if len(communes) == 1 and len(communes[0]) == 5 else ""

    def beside(names: tuple[str, ...]) -> pd.Series | None:
        name = next((spelt[one] for one in names if one in spelt), "")
        return raw[name].astype("str").where(raw[name].notna(), "").str.strip() if name else None

    codes = beside(_COMMUNE_NAMES)
    if codes is not None:
        codes = codes.map(bare_code)
        codes = codes.where(codes.str.fullmatch(r"\d{4}|\d[\dAB]\d{3}"), asked)
    elif not asked and (towns := beside(_TOWN_NAMES)) is not None:
        here = [code for code in known_communes() if in_place(code, communes)] if communes else []
        codes = codes_of(towns, here)
    numbers = beside(_PARTS_NAMES)
    if numbers is None:
        return asked if codes is None else codes
    codes = pd.Series(asked, index=raw.index) if codes is None else codes
    return of_arrondissement(codes, numbers)


def _holding(
    raw: gpd.GeoDataFrame, names: list[str], commune: pd.Series | str, results: Collection[str]
) -> tuple[str, pd.Series] | None:
    """Return the column most of whose values are ids of the results, if there is one."""
    known = set(results)
    read = {name: _codes(raw[name], commune) for name in names}
    met = {name: len(set(ids) & known) for name, ids in read.items()}
    best = max(met, key=lambda name: met[name], default="")
    return (best, read[best]) if best and met[best] > _MOST * len(raw) else None


def _codes(column: pd.Series, commune: pd.Series | str) -> pd.Series:
    """Return canonical ids; a number that a gap turned into 12.0 is the text 12."""
    texts = column.astype("str").where(column.notna(), "")
    of = commune if isinstance(commune, pd.Series) else [commune] * len(texts)
    codes = [contour_code(text, one) for text, one in zip(texts, of, strict=True)]
    return pd.Series(codes, index=column.index, dtype="str")


def ids_of_terrain(
    raw: gpd.GeoDataFrame,
    unit: Named,
    commune: Named,
    *,
    given: tuple[str, Collection[str]],
    named: bool,
) -> pd.Series:
    """Return the ids of a terrain outside France, as its results spell them but for zeros.

    Parameters
    ----------
    raw
        The rows of the file.
    unit
        Column or columns of the unit.
    commune
        Column or columns of the commune where it is `named`, else the one commune there is.
    given
        Name of the file, and ids of the results.
    named
        Whether a column says the commune.

    Returns
    -------
    pandas.Series
        On the index of `raw`; "" for none.

    Raises
    ------
    DataError
        When the file lacks a column.
    """
    file, known = given
    wanted = [name for name in (*parts(unit), *(parts(commune) if named else ())) if name]
    if not unit or (missing := [name for name in wanted if name not in raw]):
        raise DataError(
            "{file} lacks column(s) {missing}." if unit else "{file} lacks column(s) of ids.",
            where="columns found: {columns}",
            mend="Correct the names under [geometry] in the column map.",
            file=file,
            missing=", ".join(missing),
            columns=some(raw.columns, most=12),
        )
    texts = raw[wanted].astype("str").where(raw[wanted].notna(), "")
    # 12.0 is what a gap made of 12.
    gaps = [name for name in wanted if raw[name].dtype.kind == "f"]
    texts = texts.assign(**{name: texts[name].str.removesuffix(".0") for name in gaps})
    of = put_together(texts, commune) if named else str(commune)
    ids = own_ids(of, put_together(texts, unit))
    return ids.replace(but_for_zeros(ids, known))
