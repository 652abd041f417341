"""What a universe needs to know of the place, and which bureaux a condition means."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.suppression import listed

Where = sa.ColumnElement[bool]
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Ground:
    """What a universe needs to know of the place.

    Attributes
    ----------
    abstention
        Expected rate by bureau.
    today
        Day on which ages are told.
    now_s
        The moment from which days without contact are counted.
    """

    abstention: Mapping[str, float] = field(default_factory=dict)
    today: date = field(default_factory=date.today)
    now_s: int = field(default_factory=lambda: int(time.time()))


def placed(
    connection: Connection,
    columns: tuple[sa.ColumnElement[str], sa.ColumnElement[str]],
    name: str,
    value: Any,  # noqa: ANN401 - as the rule says it
    ground: Ground,
) -> Where:
    """Return that somebody lives where a condition says.

    Parameters
    ----------
    connection
        Of the campaign.
    columns
        Bureau and commune.
    name, value
        The condition.
    ground
        Facts of the place.

    Returns
    -------
    sqlalchemy.ColumnElement
        A condition on the two columns; bureaux of unknown abstention are neither over nor under.
    """
    bureau, commune = columns
    if name == "communes":
        return commune.in_(value)
    if name == "bureaux":
        return bureau.in_(listed(connection, value))
    over = name == "abstention_over"
    rates = ground.abstention.items()
    found = [one for one, rate in rates if (rate > value if over else rate < value)]
    return bureau.in_(listed(connection, found))
