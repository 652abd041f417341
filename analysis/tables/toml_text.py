"""TOML that somebody brings: what would keep a processor for hours is no TOML.

The library takes a key of a hundred thousand parts (a.a.a…) for good, and a minute for each of
its squares.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_PART = r"""(?:"[^"\n]*"|'[^'\n]*'|[\w-]+)"""
_DEEP = re.compile(rf"""(?<![\w"'.-])(?:{_PART}[ \t]*\.[ \t]*){{1000}}""")


def toml_of(text: str) -> dict[str, Any]:
    """Return what a text of TOML says.

    Raises
    ------
    tomllib.TOMLDecodeError
        When it is none, or nests deeper than anything that people write.
    """
    if _DEEP.search(text):
        raise tomllib.TOMLDecodeError("A key of a thousand parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("Nested too deep") from error
