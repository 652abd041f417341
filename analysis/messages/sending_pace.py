"""When to write: domains hold back who comes all at once, and people sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analysis.contacts.contact_store import Controller
from analysis.contacts.eve_of_vote import zone_of

# A text wakes people up: the law tells a campaign no hours, the house does.
FIRST_HOUR, LAST_HOUR = 8, 21


@dataclass(slots=True)
class Pace:
    """Says when a domain may be written to next.

    Attributes
    ----------
    per_minute
        Messages a minute to one domain; 0 for as many as there are.
    clock
        Seconds that only go forward.
    """

    per_minute: float = 0
    clock: Callable[[], float] = time.monotonic
    _next: dict[str, float] = field(default_factory=dict)

    def wait_s(self, domain: str) -> float:
        """Return how long to wait before the next message to a domain, 0 for not at all."""
        return max(0.0, self._next.get(domain, 0.0) - self.clock()) if self.per_minute else 0.0

    def note(self, domain: str) -> None:
        """Note that a message left for a domain."""
        if self.per_minute:
            self._next[domain] = self.clock() + 60 / self.per_minute


def by_day(stop: Callable[[], bool], who: Controller) -> Callable[[], bool]:
    """Return what says to stop by night as well.

    Parameters
    ----------
    stop
        Says to stop for another reason.
    who
        Who answers: it is night where their first round is, else on the mainland.
    """
    zone = ZoneInfo(who.rounds[0].time_zone) if who.rounds else zone_of("")

    def stops() -> bool:
        return stop() or not FIRST_HOUR <= now().astimezone(zone).hour < LAST_HOUR

    return stops


def now() -> datetime:
    """Return the moment, with its zone."""
    return datetime.now(UTC)
