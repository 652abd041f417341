"""From what a person types to the places it may mean, without network."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import numpy as np

from analysis.errors import DataError, Text, some
from analysis.readers.known_places import (
    KINDS,
    KnownPlace,
    communes,
    departments,
    known_places,
    place_name,
    with_article,
)

MOST = 12
# What people call those who vote at consulates; the Ministry writes ZZ.
_ABROAD = ("Consulats", "Étranger", "Français de l’étranger", "Expatriés", "Abroad", "Consulates")
_ARTICLES = {"le", "la", "les", "l", "de", "du", "des", "d"}
_SHORT = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
# A slip of the pen more for a longer name; none where any would make another name.
_ONE_SLIP, _TWO_SLIPS = 4, 8
_SIGNS = re.compile(r"[^a-z0-9]+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz "
_BEGINNINGS = {"97": ("97",), "98": ("98",), "20": ("2A", "2B")}
_BRACKETS = re.compile(r"^(?P<name>.*?)\s*\((?P<hint>[^()]*)\)\s*$")
_TRAILING = re.compile(r"^(?P<name>.*\D)[\s,]+(?P<hint>\d\d\d?|2[abAB])\s*$")
_CONSTITUENCY = re.compile(
    r"^(?P<number>\d{1,2})\s?(?:re|ere|e|eme|nde|de)? circonscription(?P<rest>.*)$"
)


def search(text: str, *, most: int = MOST) -> list[KnownPlace]:
    """Return the places that a text may mean, the likeliest first.

    Case, accents, hyphens, articles and « St » for « Saint » make no difference; a département
    may follow, in brackets or not; codes are accepted: INSEE, postal, SIREN of an EPCI. Among
    matches of one sort, communes come first, then the more populous.

    Parameters
    ----------
    text
        As typed.
    most
        How many at most.

    Returns
    -------
    list of KnownPlace
        Empty where nothing resembles it.

    Examples
    --------
    >>> [f"{place.name} ({place.department})" for place in search("st denis (reunion)")]
    ['Saint-Denis (974)']
    >>> [place.name for place in search("Bordaux")]
    ['Bordeaux']
    """
    return [place for _rank, place in _ranked(text)][:most]


def find_place(text: str) -> KnownPlace:
    """Return the one place that a text means.

    Raises
    ------
    DataError
        When there is none, or several of the same name: they are listed with their département.
    """
    ranked = _ranked(text)
    if not ranked:
        raise DataError(
            "No place is called {name!r}.",
            where="--place",
            mend="Give the name of a commune, département, region or EPCI, or a code: "
            '"Saint-Denis (93)", 75056, 33.',
            name=text,
        )
    # « Marseille 8e » is nothing else either.
    sure = ranked[0][0] <= (_WORDS if len(ranked) == 1 else _EXACT)
    first = [place for rank, place in ranked if rank == ranked[0][0] or not sure]
    # One of today stands before those that are part of another by now.
    first = [p for p in first if p.kind != "former"] or first
    # Overseas a region is one département of the same name: there is nothing to choose between.
    alone = {(p.name, *p.within) for p in first if p.kind == "department"}
    first = [p for p in first if p.kind != "region" or (p.name, p.code) not in alone]
    if len(first) == 1 and sure:
        return first[0]
    if text.strip() in _BEGINNINGS:
        raise DataError(
            "{name} is no département: the codes of several begin so.",
            where="{places}",
            mend="Give the code of one of them, or of each that you mean.",
            name=text.strip(),
            places=some((place_name(place.code) for place in first), most=MOST),
        )
    raise DataError(
        "{n} places are called {name!r}." if sure else "No place is called {name!r} exactly.",
        where="{places}",
        mend="Add the département in brackets, or give the code.",
        n=len(first),
        name=text,
        places=some(map(label, first), most=MOST),
    )


def with_code(code: str) -> list[KnownPlace]:
    """Return the places that have an official code; of regions, départements have the same."""
    return list(_by_codes().get(code, ()))


def label(place: KnownPlace) -> Text:
    """Name a place so that it is told from others of the same name."""
    if place.kind == "department":
        return Text("{name} (département {code})", name=place.name, code=place.code)
    if place.kind == "region":
        return Text("{name} (region)", name=place.name)
    if place.kind == "abroad":
        return Text("{name} (consulates)", name=place.name)
    if place.kind == "consulate":
        return Text("{name} (consulate)", name=place.name)
    values = {"name": place.name or place.code, "department": place.department}
    if place.kind == "former":
        now = communes()[place.within[0]]
        return Text(
            "{name} ({department}), part of {now}", **values, now=f"{now.name} ({now.code})"
        )
    if place.kind == "epci":
        return Text("{name} ({department}, EPCI {code})", **values, code=place.code)
    return Text("{name} ({department})", **values)


def plain_name(text: str) -> str:
    """Return a name in small letters without accents or signs, « st » spelt out."""
    text = text.lower()
    if not text.isascii():
        text = text.replace("œ", "oe").replace("æ", "ae").replace("’", " ")
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = _SIGNS.sub(" ", text).split()
    return " ".join(_SHORT.get(word, word) for word in words)


def bare_name(text: str) -> str:
    """Return a plain name without its articles, unless nothing else is left."""
    words = plain_name(text).split()
    return " ".join([word for word in words if word not in _ARTICLES] or words)


# How a match was come by, the surest first: code, name as it stands, name without articles, its
# beginning, the beginnings of its words, a slip of the pen.
_CODE, _NAME, _EXACT, _PREFIX, _WORDS, _SLIP = range(6)


def _ranked(text: str) -> list[tuple[int, KnownPlace]]:
    if found := _by_code(text.strip().upper()):
        return [(_CODE, place) for place in found]
    if found := _constituency(plain_name(text)):
        return [(_CODE, found[0])]
    name, hint = _parts(text)
    ranked = _by_name(name, hint) if hint else []
    ranked = ranked or _by_name(text, frozenset())
    return sorted(ranked, key=lambda found: (found[0], *_order(found[1])))


def _order(place: KnownPlace) -> tuple[int, int, str]:
    return KINDS.index(place.kind), -place.population, place.code


def _by_code(code: str) -> list[KnownPlace]:
    if not re.fullmatch(r"\d[\dAB]\d{0,7}|ZZ(\d{3})?", code):
        return []
    own = [place for place in _by_codes().get(code, ()) if place.name or place.kind == "former"]
    current = [place for place in own if place.kind != "former"]
    delivered = [place for place in _by_postal().get(code, ()) if place not in own]
    found = (current or own[:1]) + sorted(delivered, key=_order)
    # 97 and 98 begin the codes of all that is overseas, 20 was Corsica.
    begun = _BEGINNINGS.get(code, ())
    return found or [place for place in departments().values() if place.code.startswith(begun)]


def _constituency(text: str) -> list[KnownPlace]:
    """Return a circonscription: its number and its département; how many there are is not known."""
    match = _CONSTITUENCY.match(text)
    if not match:
        return []
    hint = _departments_of(match["rest"])
    if len(hint) != 1:
        return []
    (department,) = hint
    number = int(match["number"])
    name = f"{number}{'re' if number == 1 else 'e'} circonscription {with_article(department)}"
    return [KnownPlace("constituency", f"{department}-{number:02d}", name, department)]


def _parts(text: str) -> tuple[str, frozenset[str]]:
    """Part a name from the département behind it."""
    for pattern in (_BRACKETS, _TRAILING):
        if (match := pattern.match(text)) and (hint := _departments_of(match["hint"])):
            return match["name"], hint
    return text, frozenset()


def _departments_of(text: str) -> frozenset[str]:
    """Return the départements that a code or a name, or its beginning, names."""
    wanted = bare_name(text)
    known = departments()
    code = wanted.upper()
    if code in known or code.zfill(2) in known:
        return frozenset({code if code in known else code.zfill(2)})
    named = {code: bare_name(place.name) for code, place in known.items()}
    exact = frozenset(code for code, name in named.items() if name == wanted)
    return exact or frozenset(c for c, n in named.items() if wanted and n.startswith(wanted))


def _by_name(text: str, hint: frozenset[str]) -> list[tuple[int, KnownPlace]]:
    plain, bare = plain_name(text), bare_name(text)
    if not plain:
        return []
    words = bare.split()
    first, inside = words[0], f" {words[0]}"
    found = []
    for place, name, short in _index():
        # Whatever is meant has a word that begins as the first one does, or begins as was typed.
        if not (short.startswith(first) or inside in short or name.startswith(plain)):
            continue
        if hint and place.department not in hint:
            continue
        rank = _rank(name, short, plain, bare, words)
        if rank is not None:
            found.append((rank, place))
    return found or [(_SLIP, place) for place in _with_slips(bare, hint)]


def _rank(name: str, short: str, plain: str, bare: str, words: list[str]) -> int | None:
    if name == plain:
        return _NAME
    if short == bare:
        return _EXACT
    if name.startswith(plain) or short.startswith(bare):
        return _PREFIX
    if len(words) > 1 or len(bare) > _ONE_SLIP:
        own = short.split()
        if all(any(one.startswith(word) for one in own) for word in words):
            return _WORDS
    return None


def _with_slips(bare: str, hint: frozenset[str]) -> Iterable[KnownPlace]:
    """Return the places whose name is at most a slip or two from the text."""
    slips = (len(bare) >= _ONE_SLIP) + (len(bare) >= _TWO_SLIPS)
    if not slips:
        return
    # Each slip changes two counts of letters at most: few names are left to be compared.
    near = np.abs(_counts() - _letters(bare)).sum(axis=1) <= 2 * slips
    index = _index()
    close = defaultdict(list)
    for at in np.flatnonzero(near):
        place, _name, short = index[at]
        if hint and place.department not in hint:
            continue
        if (edits := _edits(bare, short)) <= slips:
            close[edits].append(place)
    yield from close[min(close)] if close else ()


def _edits(one: str, other: str) -> int:
    """Return how many letters to change, add, drop or swap with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row = row, [i]
        for j, its in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]


@cache
def _index() -> tuple[tuple[KnownPlace, str, str], ...]:
    """Return places with a name; a département that is one commune of its name is that commune."""
    # A former commune that gave the new one its name is nothing else to look for.
    now = {(place.code, place.name) for place in communes().values()}
    return tuple(
        (place, plain_name(name), bare_name(name))
        for place in known_places()
        for name in (place.name, *(_ABROAD if place.kind == "abroad" else ()))
        if name
        and not (place.kind == "department" and place.code == "75")
        and not (place.kind == "former" and (place.within[0], place.name) in now)
    )


@cache
def _counts() -> np.ndarray:
    return np.array([_letters(short) for _place, _name, short in _index()], dtype="int8")


def _letters(text: str) -> np.ndarray:
    return np.array([text.count(letter) for letter in _LETTERS], dtype="int8")


@cache
def _by_codes() -> dict[str, list[KnownPlace]]:
    return _grouped((place.code, place) for place in known_places() if place.kind != "region")


@cache
def _by_postal() -> dict[str, list[KnownPlace]]:
    cut = {place.within[0] for place in known_places() if place.kind == "arrondissement"}
    return _grouped(
        (code, place)
        for place in known_places()
        # Of Paris, Lyon and Marseille each code is of an arrondissement.
        if place.code not in cut
        for code in place.postal
    )


def _grouped(pairs: Iterable[tuple[str, KnownPlace]]) -> dict[str, list[KnownPlace]]:
    groups = defaultdict(list)
    for code, place in pairs:
        groups[code].append(place)
    return dict(groups)
