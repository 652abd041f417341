"""Which round and which election a row of a file of several is of, as its own columns say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from analysis.readers.beginnings import plain
from analysis.readers.layouts import Layout

_FIRST_OR_SECOND = re.compile(r"(?<!\d)([12])(?!\d)")
_IN_WORDS = {"premier": "1", "second": "2", "deuxi": "2"}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# How the names of kinds of election begin, as `plain` leaves them.
_KINDS = {
    "pres": "presid", "legi": "legisl", "euro": "europ", "muni": "municip", "regi": "region",
    "dpmt": "depart", "cant": "canton", "refe": "refer",
}  # fmt: skip
_ALIKE = {"arrd": "muni"}


@cache
def round_of(cell: str) -> str:
    """Return 1 or 2 as a text, from « 1 », « T2 », « 1er tour », « second tour »; "" for none."""
    if found := _FIRST_OR_SECOND.search(cell):
        return found[1]
    told = plain(cell)
    return next((number for word, number in _IN_WORDS.items() if word in told), "")


def is_of_another(row: Sequence[str], layout: Layout, election_id: str) -> str:
    """Tell whether a row says that it is of another election than the one asked for.

    Parameters
    ----------
    row, layout
        Its cells, and where they stand.
    election_id
        Such as `2022_pres_t1`.

    Returns
    -------
    str
        What it says; "" where it is not, or does not say.
    """
    cells = (row[at] for at in layout.elections if at < len(row))
    return next((told for cell in cells if (told := _another(cell, election_id))), "")


@cache
def _another(cell: str, election_id: str) -> str:
    year, kind, _round = election_id.split("_")
    told = plain(cell)
    kinds = {name for name, word in _KINDS.items() if word in told}
    years = set(_YEAR.findall(cell))
    other_kind = kinds and not kinds & {kind, _ALIKE.get(kind, kind)}
    return cell.strip() if other_kind or (years and year not in years) else ""
