"""French elections: from an id such as `2022_pres_t1` to kind, round and day."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from analysis.errors import DataError
from analysis.tables.elections import Election

# arrd: since 2026 Paris, Lyon and Marseille elect two councils on one day, by two ballots; it
# is the second, for the arrondissement.
KINDS = ("pres", "legi", "euro", "muni", "arrd", "regi", "dpmt", "cant", "refe")

# How names of files begin to speak of a kind of election.
_CALLED = {**{kind: kind for kind in KINDS}, "departementales": "dpmt"}

# Days of the vote in mainland France (Conseil constitutionnel, Ministry of the Interior).
_DAYS = {
    "1999_euro": ("06-13",),
    "2001_muni": ("03-11", "03-18"),
    "2001_cant": ("03-11", "03-18"),
    "2002_pres": ("04-21", "05-05"),
    "2002_legi": ("06-09", "06-16"),
    "2004_regi": ("03-21", "03-28"),
    "2004_cant": ("03-21", "03-28"),
    "2004_euro": ("06-13",),
    "2005_refe": ("05-29",),
    "2007_pres": ("04-22", "05-06"),
    "2007_legi": ("06-10", "06-17"),
    "2008_muni": ("03-09", "03-16"),
    "2008_cant": ("03-09", "03-16"),
    "2009_euro": ("06-07",),
    "2010_regi": ("03-14", "03-21"),
    "2011_cant": ("03-20", "03-27"),
    "2012_pres": ("04-22", "05-06"),
    "2012_legi": ("06-10", "06-17"),
    "2014_muni": ("03-23", "03-30"),
    "2014_euro": ("05-25",),
    "2015_dpmt": ("03-22", "03-29"),
    "2015_regi": ("12-06", "12-13"),
    "2017_pres": ("04-23", "05-07"),
    "2017_legi": ("06-11", "06-18"),
    "2019_euro": ("05-26",),
    "2020_muni": ("03-15", "06-28"),
    "2021_dpmt": ("06-20", "06-27"),
    "2021_regi": ("06-20", "06-27"),
    "2022_pres": ("04-10", "04-24"),
    "2022_legi": ("06-12", "06-19"),
    "2024_euro": ("06-09",),
    "2024_legi": ("06-30", "07-07"),
    "2026_muni": ("03-15", "03-22"),
    "2026_arrd": ("03-15", "03-22"),
}
# Where the day is not in the table: the earliest such a vote is usually held, so
# that an election of the same spring is not taken for a past one.
_USUAL = {
    "pres": ("04-10", "04-24"),
    "legi": ("06-09", "06-16"),
    "euro": ("05-23",),
    "muni": ("03-09", "03-16"),
    "arrd": ("03-09", "03-16"),
    "regi": ("03-14", "03-21"),
    "dpmt": ("03-20", "03-27"),
    "cant": ("03-09", "03-16"),
    "refe": ("05-29",),
}

# The first vote of all men; what is further off than a life is a slip.
_FIRST_YEAR, _LAST_YEAR = "1848", "2100"


def election_of(election_id: str) -> Election:
    """Return kind, round and day of an election, past or coming.

    Parameters
    ----------
    election_id
        Year, kind and round: `2022_pres_t1`. A European or referendum vote has round 1.

    Raises
    ------
    DataError
        When the id is not of that form or the kind is unknown.
    """
    match = re.fullmatch(r"(\d{4})_([a-z]+)_t([12])", election_id)
    if not match or match[2] not in KINDS or not _FIRST_YEAR <= match[1] <= _LAST_YEAR:
        raise DataError(
            "“{election_id}” does not name an election.",
            where="kinds: {kinds}; years: {first} to {last}",
            mend="Write year, kind and round: 2027_pres_t1.",
            election_id=election_id,
            kinds=", ".join(KINDS),
            first=_FIRST_YEAR,
            last=_LAST_YEAR,
        )
    year, kind, turn = match[1], match[2], int(match[3])
    days = _DAYS.get(f"{year}_{kind}", _USUAL[kind])
    if turn > len(days):
        raise DataError(
            "The election “{election_id}” has no second round.",
            mend="Write {year}_{kind}_t1.",
            election_id=election_id,
            year=year,
            kind=kind,
        )
    return Election(election_id, datetime.fromisoformat(f"{year}-{days[turn - 1]}"), kind, turn)


def is_election(election_id: str) -> bool:
    """Tell whether an id names an election, of a kind and a year that are known."""
    try:
        election_of(election_id)
    except DataError:
        return False
    return True


def known_elections() -> tuple[str, ...]:
    """Return the ids of the rounds whose day is known, the latest first."""
    rounds = [f"{name}_t{turn}" for name, days in _DAYS.items() for turn, _ in enumerate(days, 1)]
    return tuple(sorted(rounds, key=lambda one: election_of(one).date, reverse=True))


def election_in(name: str) -> str:
    """Return the round that a file says it is of: `legi2024_t2.csv`; "" where it does not say."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    kind = next((k for words, k in _CALLED.items() if re.search(rf"(?<![a-z]){words}", plain)), "")
    year = re.search(r"(?<!\d)(?:19|20)\d{2}(?!\d)", plain)
    turn = re.search(r"(?<![a-z0-9])t(?:our)?[ _-]?([12])(?!\d)|([12])\w{0,3}[ _-]?tour", plain)
    if not kind or not year:
        return ""
    if len(_USUAL[kind]) == 1:
        return f"{year[0]}_{kind}_t1"
    return f"{year[0]}_{kind}_t{turn[1] or turn[2]}" if turn else ""


def is_dated(election_id: str) -> bool:
    """Tell whether the day of this election is known, not the usual one of its kind."""
    return election_id.rsplit("_", 1)[0] in _DAYS
