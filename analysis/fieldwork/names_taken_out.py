"""Take the names of the erased out of what volunteers wrote: remarks, free answers, contradictions.

A name that is a word too (Petit, Blanc) goes wherever the word stands: a remark without a word says
less, one with the name of who asked to be forgotten breaks a promise. One slip of the finger is
forgiven, unless it makes a word that volunteers use: « matin » stays where Martin goes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from analysis.database.engine import or_nothing, reading, writing
from analysis.database.models import ANSWERS, ATTEMPTS, CONFLICTS, ERASURES, META, TAKEN_OUT
from analysis.fieldwork.privacy import common_words

# Where words of volunteers stand.
PLACES = ((ATTEMPTS, "note"), (ANSWERS, "text"), (CONFLICTS, "content"))
# Letters beside a digit are of an id.
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
# « de la Tour du Pin » has five words.
_MOST_WORDS = 5
_SHORTEST = 3
# Of fewer letters every second word is near.
_SHORTEST_NEAR = 5


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
    >>> without("Mme Zorbalinne ce matin", keys_of(["Zorbaline", "Martin"]))
    'Mme […] ce matin'
    """
    near_keys = _by_gap(frozenset(keys))
    words = [(*one.span(), _folded(one[0])) for one in _WORD.finditer(text)]
    kept, at, i = [], 0, 0
    while i < len(words):
        # The longest name that begins here.
        for j in range(min(len(words), i + _MOST_WORDS), i, -1):
            near = all(b[0] - a[1] == 1 for a, b in zip(words[i:j], words[i + 1 : j], strict=False))
            said = "".join(word for _from, _to, word in words[i:j])
            if near and (said in keys or _misspelt(said, near_keys)):
                kept += [text[at : words[i][0]], TAKEN_OUT]
                at, i = words[j - 1][1], j
                break
        else:
            i += 1
    return "".join([*kept, text[at:]])


@lru_cache(maxsize=8)
def _by_gap(keys: frozenset[str]) -> dict[str, set[str]]:
    """Return long keys by what is left of them without one letter, or none."""
    found: dict[str, set[str]] = {}
    for key in keys:
        if len(key) >= _SHORTEST_NEAR:
            for gap in _gaps(key):
                found.setdefault(gap, set()).add(key)
    return found


def _gaps(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _misspelt(word: str, near: dict[str, set[str]]) -> bool:
    """Say whether a word is a key but for one letter more, less, other, or two that changed places.

    One that is common is meant as it stands.
    """
    if len(word) < _SHORTEST_NEAR - 1 or not near or word in common_words():
        return False
    found = set().union(*(near.get(gap, ()) for gap in _gaps(word)))
    return any(_one_slip(word, key) for key in found)


def _one_slip(one: str, other: str) -> bool:
    """Say whether two words without a common beginning and end differ by one slip at most."""
    short, long = sorted((one, other), key=len)
    i = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    short, long = short[i:], long[i:]
    swapped = short[1:2] + short[:1] + short[2:]
    return long[1:] in (short, short[1:]) or swapped == long or not long


def changer(names: Collection[str], points: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """Return what takes names and contact points out of a text.

    Parameters
    ----------
    names
        Family names and first names of people, as they are written.
    points
        Their contact points: kind and canonical spelling.
    """
    keys, patterns = keys_of(names), [_spelled(*point) for point in points]

    def change(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(TAKEN_OUT, text)
        return without(text, keys) if keys else text

    return change


def _spelled(kind: str, canonical: str) -> re.Pattern[str]:
    """Return what finds a contact point however it is cut."""
    if kind != "phone":
        return re.compile(re.escape(canonical), re.IGNORECASE)
    # Nine digits tell a French number; what stands before them depends on where one dials.
    cut = r"[ ./()\u00a0\u202f-]"
    digits = f"{cut}{{0,3}}".join(canonical.lstrip("+")[-9:])
    return re.compile(rf"(?<!\d)(?:(?:\+|00) ?\d{{1,3}}|0)?{cut}{{0,4}}{digits}(?!\d)")


def take_out(engine: Engine, names: Collection[str], points: Iterable[tuple[str, str]] = ()) -> int:
    """Take people out of all that volunteers of a campaign wrote; return how many texts had one.

    Parameters
    ----------
    engine
        Of the store, for the campaign.
    names
        Family names and first names of people, as they are written.
    points
        Their contact points: kind and canonical spelling.

    Returns
    -------
    int
        Remarks, free answers and contradictions that were changed.
    """
    change = changer(names, points)
    changed = sum(_in(engine, table, column, change) for table, column in PLACES)
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


def _in(engine: Engine, table: sa.Table, column: str, change: Callable[[str], str]) -> int:
    own = list(table.primary_key)
    written = sa.select(*own, table.c[column]).where(table.c[column] != "")
    with reading(engine) as connection:
        rows = connection.execute(written).all()
    changed = [(row[:-1], text) for row in rows if (text := change(row[-1])) != row[-1]]
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
