"""Communes as files of towns name them: by a code, a name or an arrondissement's number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import pandas as pd

from analysis.readers.codes import commune_code
from analysis.readers.known_places import communes
from analysis.readers.place_search import bare_name

# What stands before the number of an arrondissement in its code.
_BEFORE = {"75056": 75100, "13055": 13200, "69123": 69380}


def codes_of(texts: pd.Series, here: Collection[str]) -> pd.Series:
    """Return the codes of communes, "" where a text means none of those looked for.

    Parameters
    ----------
    texts
        Codes, names in any spelling, or postal codes.
    here
        Codes of the communes that may be meant.
    """
    called: dict[str, set[str]] = defaultdict(set)
    for code in communes().keys() & set(here):
        place = communes()[code]
        for word in (bare_name(place.name), *place.postal):
            called[word].add(code)
    told = {}
    for text in texts.unique():
        code = commune_code(text)
        met = called.get(bare_name(text), set()) | called.get(text.strip(), set())
        alone = next(iter(met)) if len(met) == 1 and text.strip() else ""
        told[text] = code if code in here else alone
    return texts.map(told).astype("str")


def of_arrondissement(codes: pd.Series, numbers: pd.Series) -> pd.Series:
    """Return the codes of arrondissements of Paris, Lyon and Marseille, others as they are.

    Parameters
    ----------
    codes
        Of communes.
    numbers
        Texts with the number of the arrondissement, « 18 » or « 18e ».
    """
    number = pd.to_numeric(numbers.str.extract(r"^\D*0*(\d{1,2})(?!\d)")[0]).fillna(0).astype(int)
    first = codes.map(_BEFORE).fillna(0).astype(int)
    return codes.where((first == 0) | (number == 0), (first + number).astype("str"))
