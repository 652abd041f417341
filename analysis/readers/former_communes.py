"""The former commune that a row names: it tells two streets of one name in a new commune apart."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.readers.codes import code_of_its_day, commune_code, former_commune
from analysis.readers.known_places import communes, known_places
from analysis.readers.place_search import bare_name
from analysis.readers.raw_results import no_zones

# How files call it: Base Adresse Nationale, Base Adresse Locale, lists of town halls.
FORMER = (
    "code_insee_ancienne_commune",
    "commune_deleguee_insee",
    "code_commune_associee",
    "code_commune_deleguee",
    "code_ancienne_commune",
    "code_insee_commune_deleguee",
    "ancienne_commune",
    "nom_ancienne_commune",
    "commune_associee",
    "commune_deleguee",
    "nom_commune_deleguee",
    "commune_deleguee_nom",
    "former_commune",
)
FORMER_NAME = ("nom_ancienne_commune", "commune_deleguee_nom", "nom_commune_deleguee")
# A bureau is of the former commune of more than this share of its addresses.
_MOST = 0.5
# Columns of addresses while they are read: code and name of the former commune.
SIDE = ("former_commune", "former_name")


def parts_by_addresses(addresses: pd.DataFrame, bureau_ids: Iterable[str]) -> pd.DataFrame:
    """Return the former commune of each bureau of a new one, as a quarter of it.

    Results do not tell them apart once they are one commune; addresses do.

    Parameters
    ----------
    addresses
        With `bureau_id`, `commune_id` and the columns `SIDE`; without these there is no part.
    bureau_ids
        Of the results: those of the former communes themselves are of them too.

    Returns
    -------
    pandas.DataFrame
        `raw_results.no_zones` filled: a bureau is of the former commune of most of its addresses.
        Of a commune whose bureaux are all of one, none is told.
    """
    if not set(SIDE) <= set(addresses):
        return no_zones()
    rows = addresses[["bureau_id", *SIDE]].astype("str").set_axis(["id", "code", "name"], axis=1)
    rows = rows[rows["id"] != ""]
    known = {p.code: p.name for p in known_places() if p.kind == "former" and p.name}
    rows["name"] = rows["code"].map(known).fillna(rows["name"])
    share = rows.groupby("id")["name"].value_counts(normalize=True).rename("share").reset_index()
    best = share[(share["share"] > _MOST) & (share["name"] != "")][["id", "name"]]
    before = [(one, known.get(former_commune(one), "")) for one in bureau_ids]
    before = [(one, name) for one, name in before if name]
    best = pd.concat([best, pd.DataFrame(before, columns=["id", "name"], dtype="str")])
    commune = best["id"].str.partition("_")[0]
    several = best["name"].groupby(commune).transform("nunique") > 1
    told = best.assign(kind="quartier", zone_id=commune + "-" + best["name"])[several]
    told = told.rename(columns={"id": "bureau_id"}).drop_duplicates("bureau_id")
    return told[list(no_zones().columns)].astype("str").reset_index(drop=True)


def known_former(addresses: pd.DataFrame) -> pd.Series:
    """Return the code of the former commune of each address, "" where nothing tells it.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table, with or without the columns `SIDE`.

    Returns
    -------
    pandas.Series
        By position: a bureau may name it too (`49301_49179-0001`).
    """
    bureaux = addresses["bureau_id"].astype("str")
    codes = {one: former_commune(one) for one in bureaux.unique()}
    told = bureaux.map(codes).reset_index(drop=True)
    if SIDE[0] in addresses:
        own = addresses[SIDE[0]].astype("str").reset_index(drop=True)
        told = own.where(own != "", told)
    return told


def former_of(raw: pd.DataFrame, commune: pd.Series | str, addresses: pd.DataFrame) -> pd.Series:
    """Return the code of the former commune that each row names, "" where none.

    Parameters
    ----------
    raw
        Texts: `former` (code or name) and `commune`, where the file has them.
    commune
        Codes of today.
    addresses
        What else knows former communes by name.

    Returns
    -------
    pandas.Series
        By the index of `raw`. A name that is of no former commune there says nothing.
    """
    told = _by_code(raw["commune"]) if "commune" in raw else pd.Series("", index=raw.index)
    if "former" not in raw:
        return told.astype("str")
    today = pd.Series(commune, index=raw.index, dtype="str")
    codes = _by_name(set(today), addresses)
    named = [
        codes.get((now, bare_name(text)), "") if text else ""
        for now, text in zip(today, raw["former"], strict=True)
    ]
    found = pd.Series(named, index=raw.index, dtype="str")
    return found.where(found != "", told).astype("str")


def _by_name(today: set[str], addresses: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the code of each former commune by that of today and its own code or name."""
    names = {
        (place.within[0], word): place.code
        for place in known_places()
        if place.kind == "former" and place.within[0] in today
        for word in (bare_name(place.code), bare_name(place.name))
    }
    # A new commune keeps the code of its seat, which is one of the former.
    names |= {(code, bare_name(code)): code for code in today & set(communes())}
    if set(SIDE) <= set(addresses):
        told = addresses[["commune_id", *SIDE]].drop_duplicates().astype("str")
        for now, code, name in told.itertuples(index=False):
            names |= {(now, bare_name(code)): code, (now, bare_name(name)): code} if code else {}
    return {key: code for key, code in names.items() if key[1]}


def _by_code(codes: pd.Series) -> pd.Series:
    """Return the codes that are of no commune of today, "" for others."""
    day = {code: code_of_its_day(code) for code in codes.unique()}
    return codes.map({code: own if commune_code(own) != own else "" for code, own in day.items()})


def side_columns(raw: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns `SIDE` of addresses, where their file tells former communes; else none.

    Parameters
    ----------
    raw
        Texts: `commune` and, where the file has them, `former` and `former_name`.
    """
    nothing = pd.Series("", index=raw.index, dtype="str")
    code, name = raw.get("former", nothing).str.strip(), raw.get("former_name", nothing)
    code = code.where(code.str.fullmatch(r"\d[\dAB]\d{3}"), _by_code(raw["commune"]))
    if not (code != "").any():
        return {}
    return dict(zip(SIDE, (code.to_numpy(dtype=object), name.to_numpy(dtype=object)), strict=True))
