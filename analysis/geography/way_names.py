"""Names of ways and house numbers, brought into one spelling so that two files can meet."""

from __future__ import annotations

import csv
import itertools
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

# Titles, as La Poste and town halls shorten them (norm AFNOR NF Z10-011): anywhere in a name.
_TITLES = {
    "ADJ": "ADJUDANT",
    "CAP": "CAPITAINE",
    "CDT": "COMMANDANT",
    "CNE": "CAPITAINE",
    "COL": "COLONEL",
    "DOCT": "DOCTEUR",
    "DR": "DOCTEUR",
    "GAL": "GENERAL",
    "GEN": "GENERAL",
    "LT": "LIEUTENANT",
    "MAL": "MARECHAL",
    "MGR": "MONSEIGNEUR",
    "ND": "NOTREDAME",
    "PDT": "PRESIDENT",
    "PR": "PROFESSEUR",
    "PROF": "PROFESSEUR",
    "PTE": "PORTE",
    "SGT": "SERGENT",
    "ST": "SAINT",
    "STE": "SAINTE",
    "STES": "SAINTES",
    "STS": "SAINTS",
    "IER": "1ER",
    "PREMIER": "1ER",
}
# Of the kinds of ways, those that mean nothing else wherever they stand: rue du Fbg St-Denis.
_ALWAYS = ("AV", "AVE", "BD", "BLD", "BVD", "FAUB", "FBG", "FG", "RTE")
# What stands before the kind of a way, whatever its gender: Grande rue and Grand'Rue are one.
_BEFORE = {
    short: spelt
    for spelt, all_of in {
        "ANCIEN": "ANC ANCIEN ANCIENNE",
        "GRAND": "GD GDE GRAND GRANDE",
        "NOUVEAU": "NOUVEAU NOUVELLE NVLLE",
        "PETIT": "PETIT PETITE PT PTE PTT",
        "VIEUX": "VIEILLE VIEUX VX",
    }.items()
    for short in all_of.split()
}
_UNSHORTENED = ("AIRE", "BASE", "CITE", "CLOS", "COUR", "MAIL", "PARC", "QUAI", "TOUR", "VOIE")
_SMALL = frozenset({"DE", "DU", "DES", "D", "L", "LA", "LE", "LES", "ET", "A", "AU", "AUX"})
_SUFFIXES = {"BIS": "B", "TER": "T", "QUATER": "Q", "QUINQUIES": "C"}
# Rue du Huit Mai, rue des Deux Ponts.
_NUMBERS = {
    "DEUX": 2, "TROIS": 3, "QUATRE": 4, "CINQ": 5, "SIX": 6, "SEPT": 7, "HUIT": 8, "NEUF": 9,
    "DIX": 10, "ONZE": 11, "DOUZE": 12, "TREIZE": 13, "QUATORZE": 14, "QUINZE": 15, "SEIZE": 16,
    "VINGT": 20, "TRENTE": 30,
}  # fmt: skip
_TENS = frozenset({10, 20, 30})
# GARE (RUE DE LA): lists by alphabet write the kind behind.
_BEHIND = re.compile(r"(?P<name>[^(),]+?)\s*(?:\((?P<in>[^()]+)\)|,(?P<after>[^(),]+))\s*")

# Digits of other scripts are digits to a pattern, and no number of a house.
_NUMBERED = re.compile(r"0*([0-9]{1,9})\s*([A-Za-z]\w*)?")
_HOUSE = re.compile(
    r"\s*(?P<number>\d+(?:\s?[-/]\s?\d+)?)\s*(?P<suffix>bis|ter|quater|quinquies|[a-z])?\b[\s,]*"
    r"(?P<street>.*)",
    re.IGNORECASE,
)
# Letters that houses of one number mostly have.
_LETTERS = frozenset("abcd")


@cache
def _kinds() -> dict[str, list[str]]:
    """Return the words of the kinds of ways by their abbreviation."""
    with Path(__file__).with_name("way_kinds.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader((line for line in file if not line.startswith("#")), delimiter=";")
        return {row["short"]: row["long"].split() for row in rows}


@cache
def _whole_kinds() -> frozenset[str]:
    words = {words[0] for words in _kinds().values() if words[0] not in _BEFORE}
    return frozenset({*words, *_UNSHORTENED})


def way_words(name: str) -> list[str]:
    """Return the words of a way's name that tell it apart, spelt out, without accents and articles.

    Its kind may be shortened where it stands, in front (`R DE LA GARE`, `VX CHE DES PRES`) or
    behind (`GARE (RUE DE LA)`): an R elsewhere is an initial, a PAS a step. Numbers are digits.

    Examples
    --------
    >>> way_words("R DU GAL DE GAULLE")
    ['RUE', 'GENERAL', 'GAULLE']
    """
    plain = unicodedata.normalize("NFKD", name.upper().replace("Œ", "OE").replace("Æ", "AE"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    if (swapped := _BEHIND.fullmatch(plain)) and _is_kind(
        behind := (swapped["in"] or swapped["after"]).split()
    ):
        plain = " ".join([*behind, swapped["name"]])
    # A slash names nameless ways: Voie D/12 is not Voie A/12.
    words = re.findall(r"[A-Z0-9]+(?:/[A-Z0-9]+)*", re.sub(r"\bN\W+D\b", "ND", plain))
    spelt = _numbered(_kind_in_front(words))
    # Rue A and rue D are two.
    lettered = spelt[-1:] if spelt[-2:-1] and not {*spelt[-2:-1]} & _SMALL else []
    return [word for word in spelt[: len(spelt) - len(lettered)] if word not in _SMALL] + lettered


def _is_kind(words: list[str]) -> bool:
    """Tell whether words are the kind of a way, with the articles of what follows it."""
    first, *others = (re.sub(r"\W.*", "", word) for word in words or [""])
    return first in {*_kinds(), *_whole_kinds()} and set(others) <= _SMALL


def _kind_in_front(words: list[str]) -> list[str]:
    """Return the words with kind and titles spelt out."""
    kinds, before = _kinds(), 0
    while before + 1 < len(words) and words[before] in _BEFORE:
        before += 1
    # What stands before no kind is a name: Petit Bois.
    if before and words[before] not in {*kinds, *_whole_kinds()}:
        before = 0
    kind = kinds.get(words[before], []) if words else []
    # Alone it is a name, but for GR.
    if len(words) == 1 and len(kind) == 1:
        kind = []
    rest = words[before + bool(kind) :]
    always = {word: kinds[word][0] for word in _ALWAYS}
    spelt = [*words[:before], *kind]
    front = sum(1 for _ in itertools.takewhile(_BEFORE.__contains__, spelt))
    return [
        *(_BEFORE[word] for word in spelt[:front]),
        *spelt[front:],
        *(_TITLES.get(word, always.get(word, word)) for word in rest),
    ]


def _numbered(words: list[str]) -> list[str]:
    """Return the words, numbers of one or two of them as digits: dix huit is 18."""
    found: list[str] = []
    last = 0
    for word in words:
        n = _NUMBERS.get(word, 0)
        if n and n < 10 and last in _TENS:  # noqa: PLR2004 - a digit after a ten
            found[-1] = str(last + n)
        else:
            found.append(str(n) if n else word)
        last = n
    return found


def street_key(name: str) -> str:
    """Return what is left of a street name without accents, articles and abbreviations.

    `RUE DE L ABBAYE`, `Rue de l'Abbaye` and `R. ABBAYE` have the same key; so do
    `St-Denis` and `SAINT DENIS`. Two streets of a town rarely do.
    """
    return "".join(way_words(name))


def street_keys(names: pd.Series) -> pd.Series:
    """Return `street_key` of every name, worked out once for each street."""
    return _by_text(names, street_key)


def split_house(address: str) -> tuple[str, str]:
    """Return the number of a house with its suffix, and its street, of one text.

    Examples
    --------
    >>> [split_house(t) for t in ("12bis, rue Haute", "12 r de la Gare", "3 R Rue Haute", "Le Mas")]
    [('12 bis', 'rue Haute'), ('12', 'r de la Gare'), ('3 R', 'Rue Haute'), ('', 'Le Mas')]
    """
    if not (found := _HOUSE.fullmatch(address.strip())):
        return "", address.strip()
    number, suffix, street = found["number"], found["suffix"] or "", found["street"]
    # An R before no kind of way is one itself.
    lone = len(suffix) == 1 and suffix.lower() not in _LETTERS
    if lone and not begins_with_kind(street):
        return number, f"{suffix} {street}".strip()
    return f"{number} {suffix}".strip(), street


def begins_with_kind(street: str) -> bool:
    """Tell whether a text begins with the kind of a way, shortened or not."""
    first = re.match(r"\w+", street.upper())
    return first is not None and first[0] in _openings()


@cache
def _openings() -> frozenset[str]:
    return frozenset({*_kinds(), *_whole_kinds(), *_BEFORE})


def split_numbers(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Split `4`, `4bis`, `4 TER`, `12-14` into a number (missing if none) and a suffix."""
    # The houses of a town bear a few hundred numbers: each is looked at once.
    rows, each = pd.factorize(texts)
    found = [_NUMBERED.match(text.strip()) for text in each]
    numbers = pd.array([int(one[1]) if one else None for one in found], dtype="Int64")
    suffixes = pd.array([one[2] or "" if one else "" for one in found], dtype="str")
    # A text that is missing has the row -1.
    return (
        pd.Series(numbers.take(rows, allow_fill=True), texts.index),
        pd.Series(suffixes.take(rows, allow_fill=True, fill_value=""), texts.index),
    )


def suffix_keys(suffixes: pd.Series) -> pd.Series:
    """Return suffixes in one spelling: `bis`, `BIS` and `b` are `B`."""
    return _by_text(suffixes, lambda text: _SUFFIXES.get(own := text.strip().upper(), own))


def _by_text(texts: pd.Series, key: Callable[[str], str]) -> pd.Series:
    """Return what each text becomes, worked out once for each."""
    rows, each = pd.factorize(texts)
    told = pd.array([key(text) for text in each], dtype="str")
    return pd.Series(told.take(rows, allow_fill=True), texts.index, name=texts.name)
