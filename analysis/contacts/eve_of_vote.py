"""The eve of the vote: from midnight on, where the recipient lives, nothing more goes out.

Code électoral, article L49 (in force since 30 June 2020): from zero hour of the eve, no documents,
no propaganda by electronic means, no calls in series. Going from door to door is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from analysis.contacts.contact_store import Round

# What is handed out, sent or called; a list for doors is none of these.
CHANNELS = ("post", "phone", "sms", "email", "themed_email", "online")
_MAINLAND = "Europe/Paris"
_ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}
# A round written for all of France.
_EVERYWHERE = ("", "FR", "france")


def zone_of(territory: str) -> ZoneInfo:
    """Return the time zone of a commune, département or collectivity by its INSEE code."""
    return ZoneInfo(_ZONES.get(territory[:3], _MAINLAND))


def l49(at: datetime, rounds: Iterable[Round], territory: str) -> Round | None:
    """Return the round whose eve or day it is for a recipient; None when all may go out.

    Parameters
    ----------
    at
        The moment of delivery, with its zone.
    rounds
        Days of voting of the campaign.
    territory
        INSEE code of where the recipient lives; "" where nobody knows: then every round counts.

    Returns
    -------
    Round or None
        The first found; days are counted in the time zone of the recipient's territory.

    Raises
    ------
    ValueError
        When the moment has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a delivery needs a moment with its time zone")
    for one in concerned(list(rounds), territory):
        for zone in _zones(one, territory):
            day = date.fromisoformat(one.date)
            if day - timedelta(days=1) <= at.astimezone(zone).date() <= day:
                return one
    return None


def concerned(rounds: Sequence[Round], territory: str) -> list[Round]:
    """Return the rounds in which a territory votes: those written for it, else for all of France.

    Parameters
    ----------
    rounds
        Of the campaign.
    territory
        As in `l49`. Who lives where no round is held is treated like who lives where one is: the
        law forbids the message, wherever its reader is.
    """
    if not territory:
        return list(rounds)
    mine = [one for one in rounds if _written_for(one, territory)]
    longest = max((len(one.territory) for one in mine), default=0)
    narrow = [one for one in mine if len(one.territory) == longest]
    wide = [one for one in rounds if one.territory in _EVERYWHERE]
    return narrow or wide or list(rounds)


def _written_for(one: Round, territory: str) -> bool:
    return one.territory not in _EVERYWHERE and territory.startswith(one.territory)


def _zones(one: Round, territory: str) -> list[ZoneInfo]:
    """Return where to look at the clock: at the recipient's, or at the round's if nobody knows."""
    own = ZoneInfo(one.time_zone) if one.time_zone else zone_of(one.territory)
    return [zone_of(territory)] if territory else [own]
