"""Parts of a place by name: arrondissement, quartier, canton, circonscription, commune."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.geography.bureau_names import CITIES, ordinal
from analysis.tables.workspace import Workspace

# In the order that lists offer them.
KINDS = (
    *("arrondissement", "quartier", "canton", "circonscription", "epci", "commune"),
    "departement",
)
_ARRONDISSEMENT = {"75056": "751", "13055": "132", "69123": "693"}
_MOST_LISTED = 6
# « 1er », « 1re », « 2e », « 2ème », « 2nde » in small letters without accents.
_ORDINAL = re.compile(r"^(\d+)(?:er|re|ere|e|eme|ieme|nd|nde)$")
# How files name a constituency: « 8e circonscription ».
_NUMBERED = re.compile(r"\b(\d+)(?:re|ère|er|e|ème|nde) circonscription\b", re.IGNORECASE)
# So many départements are the country.
COUNTRY = 90


@cache
def departments() -> dict[str, str]:
    """Return the names of départements and collectivities by code."""
    file = files("analysis.geography").joinpath("departements.csv")
    rows = file.read_text(encoding="utf-8").splitlines()[1:]
    return dict(row.split(",", 1) for row in rows)


def in_words(names: pd.Series, language: str) -> pd.Series:
    """Return names of parts as a language says them.

    Parameters
    ----------
    names
        As `zones_of` has them; they are data, but for the French word in the number of a
        constituency.
    language
        "fr" or "en".

    Returns
    -------
    pandas.Series
        « 8e circonscription » is Constituency 8 in English.
    """
    return names.map(lambda name: spoken(name, language)).astype("str")


def spoken(name: str, language: str) -> str:
    """Return the name of one part as a language says it (see `in_words`).

    Examples
    --------
    >>> spoken("8e circonscription (Nord)", "en")
    'Constituency 8 (Nord)'
    """
    return name if language == "fr" else _NUMBERED.sub(r"Constituency \1", name)


def zones_of(workspace: Workspace) -> pd.DataFrame:
    """Return the parts that a place can be narrowed to.

    Returns
    -------
    pandas.DataFrame
        `place` (what `bureaux_in` and `--place` take: 75118, `canton:35-09`), `kind`, `name`,
        `department_id`, by kind and name; parts that are the whole place are left out.
    """
    places = workspace.read("places")
    told = [_communes(places), _departments(places), _named(workspace, places)]
    if (cities := places[places["commune_id"].isin(list(CITIES))]).shape[0]:
        told.append(_arrondissements(workspace, cities))
    table = pd.concat(told, ignore_index=True)
    table["order"] = table["kind"].map(KINDS.index)
    table = table.sort_values(["order", "number", "name"], kind="stable")
    alone = table.groupby("kind")["place"].transform("size") == 1
    return table.loc[~alone, ["place", "kind", "name", "department_id"]].reset_index(drop=True)


def _communes(places: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place": places["commune_id"],
            "kind": "commune",
            "name": places["name"],
            "number": 0,
            "department_id": places["department_id"],
        }
    )


def _departments(places: pd.DataFrame) -> pd.DataFrame:
    codes = pd.Series(sorted(places["department_id"].unique()), dtype="str")
    names = [departments().get(code, code) for code in codes]
    return pd.DataFrame({"place": codes, "kind": "departement", "name": names, "number": 0}).assign(
        department_id=codes
    )


def _named(workspace: Workspace, places: pd.DataFrame) -> pd.DataFrame:
    """Return the zones that files named; in several départements each says which is its own."""
    zones = workspace.read("zones").drop_duplicates(["kind", "zone_id"])
    name, place = zones["name"].astype("str"), zones["kind"] + ":" + zones["zone_id"]
    if len(set(places["department_id"])) > 1:
        code = zones["zone_id"].str.split("-").str[0]
        name = name + " (" + code.map(departments()).fillna(code) + ")"
    number = pd.to_numeric(zones["zone_id"].str.extract(r"(\d+)$")[0], errors="coerce").fillna(0)
    start = zones["zone_id"].str.split("-").str[0].astype("str")
    own = dict(zip(places["commune_id"], places["department_id"], strict=True))
    return pd.DataFrame(
        {
            "place": place,
            "kind": zones["kind"],
            "name": name,
            "number": number,
            "department_id": [own.get(code, code) for code in start],
        }
    )


def _arrondissements(workspace: Workspace, cities: pd.DataFrame) -> pd.DataFrame:
    ids = workspace.read("turnout", columns=["bureau_id"])["bureau_id"].cat.categories
    found = sorted({code for name in ids if (code := arrondissement(name))})
    held = {_ARRONDISSEMENT[commune]: commune for commune in cities["commune_id"]}
    rows = [
        (code, f"{CITIES[held[code[:3]]]} {ordinal(int(code[-2:]) % 80)}", int(code[-2:]))
        for code in found
        if code[:3] in held
    ]
    table = pd.DataFrame(rows, columns=["place", "name", "number"])
    return table.assign(kind="arrondissement", department_id=table["place"].str[:2])


@cache
def arrondissement(bureau_id: str) -> str:
    """Return the code of the arrondissement of a bureau (75118); "" where it has none."""
    commune, _, number = bureau_id.rpartition("_")
    if commune not in CITIES or not (number.isdecimal() and len(number) == 4):  # noqa: PLR2004
        return ""
    first = int(number[:2])
    if not 1 <= first <= 20:  # noqa: PLR2004 - Paris has 20
        return ""
    return f"6938{first}" if commune == "69123" else f"{_ARRONDISSEMENT[commune]}{first:02d}"


def bureaux_in(workspace: Workspace, bureaux: Collection[str], places: Sequence[str]) -> list[str]:
    """Return those of some bureaux that lie in one of the places.

    Parameters
    ----------
    workspace
        A built place.
    bureaux
        Ids.
    places
        Codes of communes, départements or arrondissements, or zones as `zones_of` spells them.

    Returns
    -------
    list of str
        In the order of `bureaux`.

    Raises
    ------
    DataError
        When the workspace holds none of the places.
    """
    table = workspace.read("places")
    wanted = table["commune_id"].isin(places) | table["department_id"].isin(places)
    communes = set(table.loc[wanted, "commune_id"])
    zones = workspace.read("zones")
    spelt = zones["kind"] + ":" + zones["zone_id"]
    zoned = set(zones.loc[spelt.isin(places), "bureau_id"])
    parts = set(places)
    inside = [
        one
        for one in bureaux
        if one.rpartition("_")[0] in communes or one in zoned or arrondissement(one) in parts
    ]
    if not (inside or wanted.any() or zoned):
        raise DataError(
            "This workspace does not hold {places}.",
            where="communes: {commune_id}",
            mend="Choose a commune or a département of the workspace, or build one that has it.",
            places=some(places),
            commune_id=some(table["commune_id"], most=8),
        )
    return inside


def whole_communes(workspace: Workspace, places: Sequence[str]) -> tuple[str, ...]:
    """Return the places with each part of a commune widened to the commune.

    Bureaux of an earlier vintage are handed on to those of another before any is left out, so
    that borders moved since take nothing away and add nothing.
    """
    table = workspace.read("places")
    known = set(table["commune_id"]) | set(table["department_id"])
    parts = [place for place in places if place not in known]
    if not parts:
        return tuple(places)
    ids = workspace.read("turnout", columns=["bureau_id"])["bureau_id"].cat.categories
    inside = bureaux_in(workspace, list(ids), parts)
    around = sorted({one.rpartition("_")[0] for one in inside})
    return tuple(dict.fromkeys([*(place for place in places if place in known), *around]))


def lies_in(workspace: Workspace, bureaux: pd.Index, places: Sequence[str]) -> np.ndarray:
    """Tell which bureaux lie in one of the places (booleans); all where none is asked for.

    Parameters
    ----------
    workspace
        A built place.
    bureaux
        Ids.
    places
        As in `bureaux_in`.

    Returns
    -------
    numpy.ndarray
        One a bureau, in their order.

    Raises
    ------
    DataError
        When the workspace holds none of the places.
    """
    if not places:
        return np.ones(len(bureaux), dtype=bool)
    return np.asarray(bureaux.isin(bureaux_in(workspace, list(bureaux), places)))


def place_named(workspace: Workspace, name: str) -> str:
    """Return what `bureaux_in` takes for a name: « Paris 18e », « 18e », « Rennes », « 35 ».

    Accents, case, dashes, « Saint » or « St », « 3e » or « 3ème arrondissement » do not matter;
    `canton:Rennes` tells kinds apart.

    Raises
    ------
    DataError
        When nothing has this name, or several parts have.
    """
    zones = zones_of(workspace)
    places = workspace.read("places")
    if name in set(places["commune_id"]) | set(places["department_id"]) | set(zones["place"]):
        return name
    kind, colon, rest = name.partition(":")
    wanted = _plain(rest if colon and kind in KINDS else name)
    table = zones[zones["kind"] == kind] if colon and kind in KINDS else zones
    # In a workspace of one city, « 18e » is its arrondissement.
    spelt = table["name"].map(_plain)
    short = table["name"].str.replace(r"^(?:Paris|Lyon|Marseille) (?=\d)", "", regex=True)
    first = table["name"].str.replace(r" \([^)]*\)$", "", regex=True)
    found = table[(spelt == wanted) | (short.map(_plain) == wanted) | (first.map(_plain) == wanted)]
    if len(found) == 1:
        return str(found["place"].iloc[0])
    if len(found):
        raise DataError(
            "“{name}” names several parts of this place.",
            where="{found}",
            mend="Write one of them as it stands here: {example}.",
            name=name,
            found=some(found["kind"] + ":" + found["name"], most=_MOST_LISTED),
            example=f"{found['kind'].iloc[0]}:{found['name'].iloc[0]}",
        )
    near = [n for n, plain in zip(table["name"], spelt, strict=True) if wanted and wanted in plain]
    raise DataError(
        "This workspace has no part called “{name}”.",
        where="near it: {near}" if near else "parts: {near}",
        mend="Write an arrondissement, a quarter, a canton, a constituency, a commune or a "
        "département as the files name it.",
        name=name,
        near=some(near or table["name"], most=_MOST_LISTED) or Text("there are none"),
    )


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    words = "".join(c if c.isalnum() else " " for c in text).split()
    said = [_ORDINAL.sub(r"\1e", {"st": "saint", "ste": "sainte"}.get(w, w)) for w in words]
    # « 3e » is called « 3e arrondissement » too.
    return " ".join(said[:-1] if len(said) > 1 and said[-1] == "arrondissement" else said)


def territory_of(bureau_id: pd.Series) -> pd.Series:
    """Return `mainland`, `overseas` or `abroad` for each bureau (Series of texts)."""
    ids = bureau_id.astype("str")
    consulate = ids.str.startswith(("ZZ", "99001_"))
    overseas = ids.str.match(r"9[78]\d{3}_")
    return pd.Series(
        np.select([consulate, overseas], ["abroad", "overseas"], "mainland"),
        index=bureau_id.index,
        dtype="str",
    )
