"""Take the names of the erased out of what volunteers wrote: remarks, free answers, contradictions.

A name that is a word too (Petit, Blanc) goes wherever the word stands: a remark without a word says
less, one with the name of who asked to be forgotten breaks a promise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from analysis.database.engine import or_nothing, reading, writing
from analysis.database.models import ANSWERS, ATTEMPTS, CONFLICTS, ERASURES, META, TAKEN_OUT

# Where words of volunteers stand.
PLACES = ((ATTEMPTS, "note"), (ANSWERS, "text"), (CONFLICTS, "content"))
# Letters beside a digit are of an id.
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
# « de la Tour du Pin » has five words.
_MOST_WORDS = 5
_SHORTEST = 3


def keys_of(names: Collection[str]) -> frozenset[str]:
    """Return names in the spelling that is compared: without accents, capitals and hyphens."""
    found = {"".join(map(_folded, _WORD.findall(name))) for name in names}
    return frozenset(key for key in found if len(key) >= _SHORTEST)


def without(text: str, keys: Collection[str]) -> str:
    """Return a text with the mark `TAKEN_OUT` in the place of every name of `keys`.

    Examples
    --------
    >>> without("Mme LE GALL absente", keys_of(["Le Gall"]))
    'Mme […] absente'
    """
    words = [(*one.span(), _folded(one[0])) for one in _WORD.finditer(text)]
    kept, at, i = [], 0, 0
    while i < len(words):
        # The longest name that begins here.
        for j in range(min(len(words), i + _MOST_WORDS), i, -1):
            near = all(b[0] - a[1] == 1 for a, b in zip(words[i:j], words[i + 1 : j], strict=False))
            if near and "".join(word for _from, _to, word in words[i:j]) in keys:
                kept += [text[at : words[i][0]], TAKEN_OUT]
                at, i = words[j - 1][1], j
                break
        else:
            i += 1
    return "".join([*kept, text[at:]])


def take_out(engine: Engine, names: Collection[str]) -> int:
    """Take names out of all that volunteers of a campaign wrote; return how many texts had one.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    names
        Family names and first names of people, as they are written.

    Returns
    -------
    int
        Remarks, free answers and contradictions that were changed.
    """
    keys = keys_of(names)
    changed = sum(_in(engine, table, column, keys) for table, column in PLACES) if keys else 0
    if changed:
        _tell_screens(engine)
    return changed


def _tell_screens(engine: Engine) -> None:
    """Change what `progress.state` tells, so that no screen shows a text that it kept."""
    mine = META.c.name == ERASURES
    with writing(engine) as connection:
        connection.execute(or_nothing(connection, META).values(name=ERASURES, value="0"))
        # One after the other, whoever erases meanwhile.
        number = sa.cast(sa.cast(META.c.value, sa.BigInteger) + 1, META.c.value.type)
        connection.execute(sa.update(META).where(mine).values(value=number))


def _in(engine: Engine, table: sa.Table, column: str, keys: frozenset[str]) -> int:
    own = list(table.primary_key)
    written = sa.select(*own, table.c[column]).where(table.c[column] != "")
    with reading(engine) as connection:
        rows = connection.execute(written).all()
    changed = [(row[:-1], text) for row in rows if (text := without(row[-1], keys)) != row[-1]]
    if not changed:
        return 0
    same = [one == sa.bindparam(f"own_{one.name}") for one in own]
    order = sa.update(table).where(*same).values({column: sa.bindparam("kept")})
    told = [
        {"kept": text, **{f"own_{c.name}": v for c, v in zip(own, key, strict=True)}}
        for key, text in changed
    ]
    with writing(engine, role="eraser") as connection:
        connection.execute(order, told)
    return len(told)


def _folded(word: str) -> str:
    spread = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))
