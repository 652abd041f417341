"""How many answers are kept in memory: a server has the places of many campaigns open at once."""

from __future__ import annotations

from analysis.errors import DataError
from analysis.workflows import server_access

_CAMPAIGNS = 10


def kept(few: int) -> int:
    """Return how many to keep where one person would do with a few."""
    try:
        server = server_access.settings().server
    except DataError:  # told by the page
        server = False
    return few * _CAMPAIGNS if server else few
