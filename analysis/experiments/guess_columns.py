"""What the columns of a table probably are, from their names and values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import pandas as pd

# Parts of names, in French and English, the surest first.
_NAMES = {
    "unit": ("unit_id", "bureau_id", "id_brut_miom", "area_id", "unit", "bureau", "index"),
    "assigned": ("assigned", "treatment", "treated", "traitement", "traite", "affecte", "bras"),
    "received": ("received", "allocated", "canvassed", "alloue", "recu", "demarche", "visite"),
    "reached": ("reached", "coverage", "contact", "touche", "couvert"),
    "block": ("block", "bloc", "stratum", "strate", "strata"),
    "cluster": ("cluster", "grappe", "group", "groupe"),
    "weight": ("registered", "inscrits", "weight", "poids"),
}
_OUTCOMES = (
    *("turnout", "participation", "abstention", "vote", "voix", "share", "part_", "_valid"),
    *("_registered", "hollande", "lepen", "le_pen", "_r1", "_r2", "_t1", "_t2", "score"),
)
# A result of before the draw is known, and adjusts.
_BEFORE = re.compile(
    r"(?:^|[\W_])(?:past|lag|lagged|previous|before|avant|passee?|precedente?|anterieure?)"
    r"(?:[\W\d_]|$)"
)
_MOST = 4


def column_for(role: str, table: pd.DataFrame) -> str:
    """Return the column that most probably plays a role; empty when none could.

    Parameters
    ----------
    role
        `unit`, `assigned`, `received`, `reached`, `block`, `cluster` or `weight`.
    table
        The table, as read: cells may be texts.
    """
    fits = {"assigned": _is_binary, "received": _is_share, "reached": _is_share}.get(role)
    for part in _NAMES[role]:
        for name in table:
            plain = _plain(name)
            # A name that merely holds the word may be a count or a share of something else.
            close = plain == part or (fits is not None and part in plain)
            close = close or (role in ("block", "cluster") and plain.startswith(part))
            if close and (fits is None or fits(table[name])):
                return str(name)
    return ""


def outcomes(table: pd.DataFrame, taken: Iterable[str]) -> list[str]:
    """Return what are probably outcomes: shares with the names of votes, none of the past."""
    free = [
        str(name) for name in table if name not in set(taken) and not _BEFORE.search(_plain(name))
    ]
    shares = [name for name in free if _is_share(table[name]) and not _is_binary(table[name])]
    named = [name for name in shares if any(part in _plain(name) for part in _OUTCOMES)]
    return (named or shares)[:_MOST]


def numeric(table: pd.DataFrame) -> list[str]:
    """Return the columns that hold numbers, and nothing else, where they are filled."""
    return [str(name) for name in table if _numbers(table[name]) is not None]


def _plain(name: object) -> str:
    """Return a name in small letters without accents: “Traité (0/1)” is “traite (0/1)”."""
    parts = unicodedata.normalize("NFKD", str(name).lower())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _numbers(values: pd.Series) -> pd.Series | None:
    known = values.dropna()
    numbers = pd.to_numeric(known, errors="coerce")
    return None if known.empty or numbers.isna().any() else numbers


def _is_binary(values: pd.Series) -> bool:
    numbers = _numbers(values)
    return numbers is not None and bool(numbers.isin([0, 1]).all())


def _is_share(values: pd.Series) -> bool:
    numbers = _numbers(values)
    return numbers is not None and bool(numbers.between(0, 1).all())
