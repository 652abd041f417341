"""Why a file is no table, in words that can be told in any language."""

from __future__ import annotations

import re

from pandas.errors import EmptyDataError

from analysis.errors import Text

_CELLS = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def why_unreadable(error: Exception) -> Text | str:
    """Return the reason that a reader of tables gave, in our words where they are known.

    Examples
    --------
    >>> str(why_unreadable(ValueError("C error: Expected 2 fields in line 4, saw 3")))
    'line 4 has 3 cells, the first line 2'
    """
    if isinstance(error, UnicodeDecodeError):
        return Text("it is no text")
    if isinstance(error, EmptyDataError):
        return Text("it is empty")
    if found := _CELLS.search(str(error)):
        wanted, line, seen = map(int, found.groups())
        return Text(
            "line {line} has {seen} cells, the first line {wanted}",
            line=line, seen=seen, wanted=wanted,
        )  # fmt: skip
    return (str(error).splitlines() or [type(error).__name__])[0]
