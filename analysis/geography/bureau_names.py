"""What a bureau is called: « 18e, bureau 50, École rue Championnet », not `75056_1850`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis.tables.lately import Lately
from analysis.tables.workspace import Workspace

# One commune each, whose bureaux carry the arrondissement in the first two digits.
CITIES = {"75056": "Paris", "13055": "Marseille", "69123": "Lyon"}
# Directories write in capitals: words that lose them, and those that get their accents back.
# Small inside a name too: Port-aux-Vins.
_LINKS = frozenset({"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les"})
_SMALL = _LINKS | {
    *("sous", "sur", "rue", "avenue", "boulevard", "place", "quai", "square", "cours", "passage"),
    *("impasse", "chemin", "route", "villa", "allee", "cite", "bis", "ter", "quater", "mairie"),
    *("ecole", "college", "lycee", "gymnase", "salle", "elementaire", "maternelle", "primaire"),
    *("publique", "polyvalente", "municipal", "municipale", "scolaire", "professionnel"),
    *("commercial", "enseignement", "sports", "fetes", "associations", "arrondissement"),
}
_ACCENTS = {
    "allee": "allée",
    "bibliotheque": "bibliothèque",
    "chateau": "château",
    "cite": "cité",
    "college": "collège",
    "creche": "crèche",
    "ecole": "école",
    "eglise": "église",
    "elementaire": "élémentaire",
    "etudes": "études",
    "fetes": "fêtes",
    "general": "général",
    "hotel": "hôtel",
    "ile": "île",
    "lycee": "lycée",
    "marechal": "maréchal",
    "mediatheque": "médiathèque",
    "preau": "préau",
    "prefecture": "préfecture",
    "president": "président",
    "republique": "république",
    "residence": "résidence",
    "theatre": "théâtre",
}
_INITIALS = frozenset({"INHA", "IUT", "HEC", "CAF", "MJC", "CCAS", "ESAT", "EHPAD"})
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# « L ABBAYE », « D ARTAGNAN »: the apostrophe that directories leave out.
_ELIDED = re.compile(r"\b([ld])['’ ](?=[aeiouyhàâéèêëîïôœ])", re.IGNORECASE)
# Of these there are many in a town: the street tells which.
_KIND = re.compile(
    r"(?P<kind>école|groupe scolaire|collège|lycée|gymnase|préau|salle polyvalente|crèche)"
    r"(?: (?:élémentaire|maternelle|primaire|polyvalente|publique|municipal|professionnel|[a-z]))*",
    re.IGNORECASE,
)
_LATELY: Lately[pd.Series] = Lately(16)
_HOUSE = re.compile(r"^\d+(?:[-/]\d+)?\s*(?:bis|ter|quater|[a-d])?[\s,]+", re.IGNORECASE)


def bureau_labels(workspace: Workspace, bureau_id: Iterable[str]) -> pd.Series:
    """Return what each bureau is called, as people say it (Series of texts, in the same order).

    Parameters
    ----------
    workspace
        Knows the communes, and polling places where a file named them.
    bureau_id
        Ids, in any order; they may repeat.

    Returns
    -------
    pandas.Series
        « 18e, bureau 50, École rue Championnet » in Paris, Lyon and Marseille, with the city where
        the workspace holds several communes; « bureau 50, École Jean-Jaurès, Rennes » elsewhere;
        without a polling place « bureau 50, Rennes ». The same in every language: a name is data.
    """
    given = bureau_id if isinstance(bureau_id, pd.Series) else list(bureau_id)
    ids = pd.Series(given, dtype="str")
    french = not workspace.manifest.get("terrain", False)
    # Every look at the past of a place asks for the same ones.
    told = hashlib.sha256("\n".join(ids.tolist()).encode()).digest()
    asked = (workspace.digest, french, told)
    return _LATELY.get(asked, lambda: _labels_in(workspace, ids, french=french)).copy()


def _labels_in(workspace: Workspace, ids: pd.Series, *, french: bool) -> pd.Series:
    places = workspace.read("places")
    communes = dict(zip(places["commune_id"].tolist(), places["name"].tolist(), strict=True))
    return labels(ids, polling_places=polling_places(workspace), communes=communes, french=french)


def polling_places(workspace: Workspace) -> dict[str, str]:
    """Return what the polling place of each bureau is called; those without a name are absent."""
    named = workspace.read("context")[["bureau_id", "vintage", "name"]].sort_values("vintage")
    told = workspace.read("polling_places")
    both = {**_named(named), **_named(told)}
    return {bureau: name for bureau, name in both.items() if name}


def _named(table: pd.DataFrame) -> dict[str, str]:
    table = table[table["name"] != ""]
    return dict(zip(table["bureau_id"].tolist(), table["name"].tolist(), strict=True))


def labels(
    bureau_id: Iterable[str],
    *,
    polling_places: Mapping[str, str],
    communes: Mapping[str, str],
    french: bool = True,
) -> pd.Series:
    """Return the label of each bureau (Series of texts); see `bureau_labels`.

    Parameters
    ----------
    bureau_id
        Ids, `commune_number`.
    polling_places, communes
        Names by bureau and by commune; what is not in them goes without.
    french
        Whether the units are bureaux de vote; others are called by their own number alone.

    Returns
    -------
    pandas.Series
        In the order of the ids, indexed from 0.

    Examples
    --------
    >>> places = {"75056_1850": "ECOLE ELEMENTAIRE, 63 RUE CHAMPIONNET"}
    >>> communes = {"75056": "Paris"}
    >>> labels(["75056_1850", "75056_0101"], polling_places=places, communes=communes).tolist()
    ['18e, bureau 50, École rue Championnet', '1er, bureau 1']
    """
    given = bureau_id if isinstance(bureau_id, pd.Series) else list(bureau_id)
    ids = pd.Series(given, dtype="str").reset_index(drop=True)
    if ids.empty:
        return ids
    codes, unique = pd.factorize(ids)
    whole = pd.Series(unique, dtype="str")
    # Patterns, because to part a text at a character is done one text at a time.
    commune = whole.str.replace(r"_?[^_]*$", "", regex=True)
    number = whole.str.replace(r"^.*_", "", regex=True)
    digits = number.str.fullmatch(r"\d+").fillna(value=False).to_numpy(dtype=bool)
    padded = number.str.zfill(4)
    cut = commune.isin(list(CITIES)).to_numpy() & digits & (padded.str.len() == 4).to_numpy()  # noqa: PLR2004
    first = pd.to_numeric(padded.str[:2].where(cut, "0")).to_numpy()
    cut &= (first >= 1) & (first <= 20)  # noqa: PLR2004 - arrondissements of Paris
    plain = number.str.lstrip("0").where(digits, number)
    plain = plain.where(plain != "", number)
    own = padded.str[2:].str.lstrip("0")
    shown = plain.where(~cut, own.where(own != "", "0"))
    town = _called(commune, communes, commune)
    city = _called(commune, CITIES, "") + " " if len(communes) > 1 else ""
    ordinals = dict(zip(range(21), map(ordinal, range(21)), strict=True))
    quarter = city + pd.Series(first).map(ordinals).astype("str")
    place = _called(whole, polling_places, "")
    short = {name: short_place(name) for name in place.unique()}
    names = place.map(short).astype("str")
    middle = names.where(names == "", ", " + names)
    word = "bureau " if french else ""
    elsewhere = word + shown + middle + (", " + town).where(town != "", "")
    there = quarter + ", " + word + shown + middle
    told = np.where(cut, there, elsewhere).astype(object)
    return pd.Series(told[codes], dtype="str")


def _called(keys: pd.Series, names: Mapping[str, str], otherwise: pd.Series | str) -> pd.Series:
    # Where no key is known at all, what is found has no type to be filled in.
    return keys.map(dict(names)).astype(object).fillna(otherwise).astype("str")


def ordinal(number: int) -> str:
    """Return « 1er », « 18e »."""
    return "1er" if number == 1 else f"{number}e"


def short_place(name: str) -> str:
    """Return what people call a polling place: its name, or of a school without one its street.

    Examples
    --------
    >>> short_place("COLLEGE VICTOR HUGO, 6 RUE PAYENNE")
    'Collège Victor Hugo'
    >>> short_place("ECOLE ELEMENTAIRE A, 11 RUE D ARGENTEUIL")
    "École rue d'Argenteuil"
    """
    head, _comma, address = readable(name).partition(", ")
    kind = _KIND.fullmatch(head)
    street = _HOUSE.sub("", address).strip()
    if kind is None or not street:
        return head
    return f"{kind['kind']} {street[:1].lower()}{street[1:]}"


def readable(text: str) -> str:
    """Write what stands in capitals as people do, between commas; the rest stays as it is."""
    return ", ".join(_calm(part) for part in " ".join(text.split()).split(", "))


def _calm(text: str) -> str:
    # « 8 ter RUE ROGER BACON » is in capitals too.
    if sum(c.isupper() for c in text) <= sum(c.islower() for c in text):
        return text
    elided = _ELIDED.sub(lambda m: f"{m[1].lower()}'", text)
    told = _WORD.sub(lambda m: _cased(m[0]), elided)
    return told[:1].upper() + told[1:]


def _cased(word: str) -> str:
    if word in _INITIALS:
        return word
    if "-" in word:
        return "-".join(
            p.lower() if p.lower() in _LINKS else p.capitalize() for p in word.split("-")
        )
    small = word.lower()
    accented = _ACCENTS.get(small, small)
    if small in _SMALL:
        return accented
    if small[:1].isdecimal():  # 15EME
        return small
    return accented[:1].upper() + accented[1:]
