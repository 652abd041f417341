"""The commune and the bureau that a row of a raw file is of, as far as file and place tell them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import pandas as pd

from analysis.errors import Text
from analysis.readers.codes import (
    bare_code,
    bureau_code,
    code_of_its_day,
    commune_code,
    contour_code,
    in_place,
)
from analysis.readers.commune_names import of_arrondissement
from analysis.readers.known_places import communes
from analysis.readers.layouts import Layout
from analysis.readers.place_search import bare_name

NO_BUREAU = Text("no number of a bureau")
UNKNOWN = Text("a commune that is not known in this place")
_CODE = 5
_CODED = re.compile(r"\d{4,5}|\d[\dABab]\d{3}|[Zz]\w\d{3}")


def says_commune(layout: Layout, places: Sequence[str]) -> bool:
    """Tell whether file and place say of which commune each row is.

    Parameters
    ----------
    layout
        Of the file.
    places
        Communes or départements asked for.
    """
    alone = len(places) == 1 and len(places[0]) == _CODE
    return "commune" in layout.fixed or alone or bool(places and "place" in layout.fixed)


def bureau_of(row: Sequence[str], layout: Layout, places: tuple[str, ...]) -> tuple[str, str, str]:
    """Return the commune that a row has (an arrondissement stays one), that of today, the bureau.

    Parameters
    ----------
    row, layout
        Its cells, and where they stand.
    places
        Communes or départements asked for: one commune alone is that of a file that names none.

    Returns
    -------
    tuple of str
        The last is "" where the row has no number of a bureau; all are where its commune is not
        known.
    """
    code = _commune(row, layout, places)
    number = row[layout.fixed["number"]].strip()
    if not code:
        return "", "", ""
    place = row[layout.fixed["place"]].strip() if "place" in layout.fixed else ""
    if place and number.casefold().startswith(f"{place} ".casefold()):
        # « LILLE 001 »
        number = number[len(place) :].strip(" -:")
    # « 59350-0101 », « 15-3 » and « 593500101 » are ids, as contours have them.
    bureau = contour_code(number, code) or bureau_code(code, number)
    return code, commune_code(code), bureau if bare_code(number) else ""


def _commune(row: Sequence[str], layout: Layout, places: tuple[str, ...]) -> str:
    def told(name: str) -> str:
        return bare_code(row[layout.fixed[name]]) if name in layout.fixed else ""

    if "commune" in layout.fixed:
        code, department = told("commune"), told("department")
        code = code if len(code) == _CODE else code_of_its_day(code, department)
    elif "place" in layout.fixed:
        code = _named(row[layout.fixed["place"]].strip(), places)
    else:
        code = places[0]
    if "arrondissement" in layout.fixed:
        return _part(code, row[layout.fixed["arrondissement"]])
    return code


@cache
def _named(text: str, places: tuple[str, ...]) -> str:
    """Return the code of a commune that stands there by its name; "" where it is not known."""
    if _CODED.fullmatch(text):
        return text.upper()
    codes = _by_name().get(bare_name(text), [])
    here = [code for code in codes if in_place(code, places)]
    return here[0] if len(here) == 1 else "" if here else next(iter(codes), "")


@cache
def _by_name() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for code, place in communes().items():
        names.setdefault(bare_name(place.name), []).append(code)
    return names


@cache
def _part(code: str, number: str) -> str:
    """Return the code of the arrondissement that stands beside that of its city."""
    return str(of_arrondissement(pd.Series([code]), pd.Series([number])).iloc[0])
