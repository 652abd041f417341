"""What no question at a door may ask for: who somebody is, what they suffer, what they believe.

A question on a vote is an opinion: it may be asked, for its answers are counts without a name.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from analysis.errors import Text
from analysis.fieldwork.privacy import kinds, plain

# What the rules name, besides the kinds of `privacy`, as templates of the catalogue.
ASKED = {
    str(kind): kind
    for kind in (
        Text("the name of a person"),
        Text("how to reach a person"),
        Text("the age or the birth of a person"),
        Text("a state of health"),
        Text("a belief or an origin"),
        Text("membership of a trade union"),
        Text("sex life"),
        Text("a conviction"),
    )
}
_ALLOWED = {"a vote or an opinion"}


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    text = files(__package__).joinpath("script_rules.toml").read_text(encoding="utf-8")
    return tuple(
        (str(ASKED[rule["kind"]]), re.compile(rf"\b(?:{pattern})", re.IGNORECASE))
        for rule in tomllib.loads(text)["rules"]
        for pattern in rule["patterns"]
    )


@lru_cache(1000)
def asked_of_a_person(text: str) -> str:
    """Say what a question or an answer asks for, or names, that it must not; "" where nothing."""
    # A capital opens a question: alone it makes no name.
    if named := next((kind for kind in kinds(text) if kind not in _ALLOWED), ""):
        return named
    small = plain(text).lower()
    return next((kind for kind, pattern in _rules() if pattern.search(small)), "")
