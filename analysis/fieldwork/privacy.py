"""What must not be in a return: who somebody is, how to reach them, what they believe or suffer.

A filter, not a judge: a family name without a title is known by its capital within a sentence, or
by what is said of it (« Zorbaline absente »); in small letters elsewhere it passes, and so does
what is misspelt beyond recognition. `tests/analysis/fieldwork/test_privacy.py` says how often.
The phone page applies the same patterns (`phone_page/records.js`): they keep to what both know,
ASCII letters and digits.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from analysis.errors import Text

# Invisible characters and joiners, by which an address of mail would read as nothing.
INVISIBLE = (
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
# What the rules name, as templates of the catalogue.
KINDS = {
    str(kind): kind
    for kind in (
        Text("an e-mail address"),
        Text("a telephone number"),
        Text("an account or an identity number"),
        Text("a name"),
        Text("a birth date or an age"),
        Text("an address"),
        Text("a state of health"),
        Text("a vote or an opinion"),
        Text("a belief or an origin"),
        Text("a hardship"),
    )
}
_PIECES = {
    "dot": r" ?(?:[.,]|[\[(]? ?(?:dot|point|pt) ?[\])]?) ?",
    "gap": r"[ .,;:/_()*\u2013\u2014-]{0,4}",
    "of": r"(?:(?:[DdLl][eu]s?|[Dd]e [Ll]a|[Ll]a|[Ee]l|[Bb]en|[Vv][ao]n)[ -]+|[DdLl]')?",
}


def _pieces(words: Mapping[str, str]) -> dict[str, str]:
    lists = {
        name: "|".join(re.sub(r" (?!\?)", "[ -]+", one.strip()) for one in text.split(","))
        for name, text in words.items()
    }
    begun = {name.title(): _begun(lists[name]) for name in ("ordinary", "roles")}
    loud = {"LOUD_NAMES": lists["first_names"].upper(), "PLACES": _loud(words["places"])}
    loud["LOUD_WORDS"] = "|".join(_loud(words[name]) for name in ("ordinary", "roles", "capitals"))
    small = {"FIRST_NAMES": "first_names", "small_capitals": "capitals", "PLACES_SMALL": "places"}
    small = {name: lists[of].lower() for name, of in small.items()}
    return _PIECES | lists | begun | loud | small


def _loud(words: str) -> str:
    """Return the plain words of a list in capitals."""
    return "|".join(one for one in map(str.strip, words.upper().split(",")) if one.isalpha())


def _begun(words: str) -> str:
    """Return a list as its words stand at the beginning of a sentence."""
    return "|".join(one[:1].upper() + one[1:] for one in words.split("|"))


def _whole(pattern: str, pieces: Mapping[str, str]) -> str:
    """Write a pattern out: lists of words, beginnings and ends of words in their places."""
    written = re.sub(r"<([A-Za-z_]{2,})>", lambda name: pieces[name[1]], pattern.replace("\n", ""))
    return written.replace("b<", r"(?<![a-zA-Z0-9])").replace(">e", r"(?![a-zA-Z0-9])")


def _told() -> dict[str, Any]:
    text = files(__package__).joinpath("privacy.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _read() -> tuple[dict[str, str], tuple[tuple[Text, str, str], ...]]:
    told = _told()
    pieces = _pieces(told["words"])
    removed = {name: _whole(pattern, pieces) for name, pattern in told["removed"].items()}
    rules = (
        (KINDS[rule["kind"]], _whole(pattern, pieces), rule["of"])
        for rule in told["rules"]
        for pattern in rule["patterns"]
    )
    return removed, tuple(rules)


# What is taken out first, by name; then kind, pattern, and what each rule looks at.
REMOVED, RULES = _read()
# Kind, compiled pattern, what it looks at.
_Rule = tuple[str, re.Pattern[str], str]
_INVISIBLE = re.compile(INVISIBLE)
_A_NAME = Text("a name")
_DOORS = {word.strip() for word in _told()["words"]["doors"].split(",")}
_LABEL = re.compile(r"[a-z][a-z'-]*[a-z][a-z]")


@cache
def common_words() -> frozenset[str]:
    """Return words that volunteers use of doors and days: without accents, in small letters."""
    words = _told()["words"]
    lists = ("ordinary", "roles", "doors", "shops", "places", "capitals", "hardship", "health")
    every = (one for name in lists for one in re.split(r"[,\s]+", words[name].lower()))
    # « absente?s? » stands for four words.
    parts = (re.findall(r"(.)(\?)?", one) for one in every)
    spelled = (product(*([letter, ""] if may else [letter] for letter, may in p)) for p in parts)
    return frozenset(word for one in spelled for word in map("".join, one) if word.isalpha())


def plain(text: str) -> str:
    """Return a text in ASCII as far as may be: no accents, wide or invisible characters."""
    spread = unicodedata.normalize("NFD", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    letters = "".join(c for c in spread if not unicodedata.category(c).startswith("M"))
    known = letters.replace("\u0153", "oe").replace("\u2019", "'").replace("\u0153".upper(), "Oe")
    digits = "".join("0" if c.isdecimal() and not c.isascii() else c for c in known)
    return re.sub(r"\s+", " ", digits)


def personal(text: str, *, remark: bool = True) -> str:
    """Say what personal thing a text seems to hold; empty where nothing.

    Accents, wide letters, digits of other alphabets and invisible characters count as what they
    look like.

    Parameters
    ----------
    text
        As it was written.
    remark
        Whether it is a remark: a name of a team or a file may have a bare capital.

    Returns
    -------
    str
        The first kind of `kinds`.
    """
    return next(iter(kinds(text, remark=remark)), "")


def named_door(text: str) -> str:
    """Say what personal thing the label of a door or a floor seems to hold; empty where nothing.

    Doors have numbers, letters and a few words (« 2e gauche »): a longer word is on the bell.

    Parameters
    ----------
    text
        As it was written.
    """
    words = _LABEL.findall(plain(text).lower())
    return personal(text, remark=False) or ("" if set(words) <= _DOORS else str(_A_NAME))


def file_name(given: str, plain: str) -> str:
    """Return what a file is called once it is here: some are called by a person's name.

    Parameters
    ----------
    given
        As it was called.
    plain
        What it is called instead, with its own ending.

    Returns
    -------
    str
        Without folders.
    """
    path = Path(given)
    said = personal(path.stem.replace("_", " "), remark=False) or not path.name.strip(". ")
    return f"{plain}{path.suffix[:5]}" if said else path.name


@cache
def _compiled() -> tuple[
    re.Pattern[str], re.Pattern[str], tuple[tuple[str, re.Pattern[str], str], ...]
]:
    """Return what is taken out, places and shops, and the rules.

    They take a sixth of a second, which whoever reads no text need not wait for.
    """
    places, shops = (re.compile(REMOVED[name]) for name in ("places", "shops"))
    return places, shops, tuple((str(kind), re.compile(rule), of) for kind, rule, of in RULES)


def kinds(text: str, *, remark: bool = False) -> tuple[str, ...]:
    """Say all kinds of personal things that a text seems to hold, in the order of the rules."""
    (places, shops, rules), whole = _compiled(), plain(text)
    written = places.sub(" ", whole)
    small = shops.sub(" ", written.lower())
    seen = {"written": written, "small": small, "all": whole.lower()}
    seen["bare"] = written if remark else ""
    found = (kind for kind, pattern, of in rules if pattern.search(seen[of]))
    return tuple(dict.fromkeys(found))
