"""Street names and house numbers, brought into one spelling so that two files can meet."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

# Abbreviations of the tax office (FANTOIR) and of town halls; first words, then titles.
_LONG = {
    "ALL": "ALLEE",
    "AV": "AVENUE",
    "AVE": "AVENUE",
    "BD": "BOULEVARD",
    "BLD": "BOULEVARD",
    "BVD": "BOULEVARD",
    "CHE": "CHEMIN",
    "CHEM": "CHEMIN",
    "CRS": "COURS",
    "FBG": "FAUBOURG",
    "FG": "FAUBOURG",
    "IMP": "IMPASSE",
    "PAS": "PASSAGE",
    "PASS": "PASSAGE",
    "PL": "PLACE",
    "QU": "QUAI",
    "R": "RUE",
    "RTE": "ROUTE",
    "SQ": "SQUARE",
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
    "ND": "NOTREDAME",
    "PDT": "PRESIDENT",
    "PR": "PROFESSEUR",
    "PROF": "PROFESSEUR",
    "PTE": "PORTE",
    "ST": "SAINT",
    "STE": "SAINTE",
    "STS": "SAINTS",
    "IER": "1ER",
}
_SMALL = frozenset({"DE", "DU", "DES", "D", "L", "LA", "LE", "LES", "ET", "A", "AU", "AUX"})
_SUFFIXES = {"BIS": "B", "TER": "T", "QUATER": "Q", "QUINQUIES": "C"}


def street_key(name: str) -> str:
    """Return what is left of a street name without accents, articles and abbreviations.

    `RUE DE L ABBAYE`, `Rue de l'Abbaye` and `R. ABBAYE` have the same key; so do
    `St-Denis` and `SAINT DENIS`. Two streets of a town rarely do.
    """
    plain = unicodedata.normalize("NFKD", name.upper().replace("Œ", "OE").replace("Æ", "AE"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # A slash names nameless ways: Voie D/12 is not Voie A/12.
    words = re.findall(r"[A-Z0-9]+(?:/[A-Z0-9]+)*", plain)
    return "".join(_LONG.get(word, word) for word in words if word not in _SMALL)


def street_keys(names: pd.Series) -> pd.Series:
    """Return `street_key` of every name, worked out once for each street."""
    keys = {name: street_key(name) for name in names.unique()}
    return names.map(keys).astype("str")


def split_numbers(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Split `4`, `4bis`, `4 TER`, `12-14` into a number (missing if none) and a suffix."""
    # Digits of other scripts are digits to a pattern, and no number to pandas.
    parts = texts.str.strip().str.extract(r"^0*([0-9]{1,9})\s*([A-Za-z]\w*)?")
    numbers = pd.to_numeric(parts[0]).astype("Int64")
    return numbers, parts[1].fillna("").astype("str")


def suffix_keys(suffixes: pd.Series) -> pd.Series:
    """Return suffixes in one spelling: `bis`, `BIS` and `b` are `B`."""
    upper = suffixes.str.strip().str.upper()
    return upper.replace(_SUFFIXES).astype("str")
