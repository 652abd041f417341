"""Who answers for a campaign, checked before every notice and message says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from zoneinfo import available_timezones

from analysis.contacts.contact_store import Controller, Round
from analysis.errors import DataError, Text, some

# A commune, a département or a country of the French overseas.
_TERRITORY = re.compile(r"\d{5}|2[AB]\d{3}|\d{2}|2[AB]|97\d|98\d")
_SHORT = re.compile(r"[A-Za-z0-9][\w .-]{0,47}", re.ASCII)
_LONGEST = 300


def checked(controller: Controller) -> Controller:
    """Return who answers, as it is if it can be.

    Raises
    ------
    DataError
        With every fault at once: a name that is none, no way to be reached, a day of voting or a
        time zone that does not exist.
    """
    faults = list(_faults(controller))
    if faults:
        raise DataError(
            "Who answers for the campaign cannot be told like this.",
            where="{faults}",
            mend="Give a name, an e-mail address or telephone, and each day of voting with its "
            "territory and time zone, as 2027-03-14, 75056, Europe/Paris.",
            faults=some(faults, most=8),
        )
    return controller


def read_round(text: str) -> Round:
    """Read "2027-03-14, 75056, Europe/Paris"; what is left out is empty, and refused later."""
    parts = [part.strip() for part in re.split(r"[,;]", text)] + ["", ""]
    return Round(parts[0], parts[1], parts[2])


def _faults(one: Controller) -> Iterable[Text]:
    texts = (one.name, one.address, one.contact, one.sponsor, one.financial_agent, one.election)
    if any(len(text) > _LONGEST or not text.isprintable() for text in texts):
        yield Text("a text that is too long, or on several lines")
    if not _SHORT.fullmatch(one.controller):
        yield Text(
            "the short name: letters without accents, digits, spaces, dots and hyphens, at most 48"
        )
    if not one.name.strip():
        yield Text("the name is missing")
    reachable = "@" in one.contact or len(re.findall(r"\d", one.contact)) > 8  # noqa: PLR2004
    if not reachable:
        yield Text("an e-mail address or telephone by which to reach them")
    for day in one.rounds:
        yield from _round_faults(day)


def _round_faults(day: Round) -> Iterable[Text]:
    if not _is_day(day.date):
        yield Text("{day}: no day of voting, write 2027-03-14", day=day.date or "–")
    if not _TERRITORY.fullmatch(day.territory):
        yield Text("{place}: no code of a commune or département", place=day.territory or "–")
    if day.time_zone not in available_timezones():
        yield Text("{zone}: no time zone, such as Europe/Paris", zone=day.time_zone or "–")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
