"""How many letters strangers may cause: to one mailbox, and from one address of origin.

Counted in the memory of the process. Who is over it gets the page that everybody gets: nobody
learns whether an address is known, and what they filled in is kept until they ask once more.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from analysis.contacts.normalise import mailbox

HOUR_S, DAY_S = 3600.0, 86_400.0
# A household may share a mailbox; a stall signs people up from one address.
PER_MAILBOX, PER_ORIGIN = 5, 60
_MOST_KEPT = 100_000


class Quota:
    """Counts letters by mailbox over a day, and by origin over an hour."""

    def __init__(self) -> None:
        self._sent: dict[str, list[float]] = defaultdict(list)
        self._alone = threading.Lock()

    def take(self, canonical: str, origin: str = "") -> bool:
        """Count a letter; False, and nothing is counted, where one too many.

        Parameters
        ----------
        canonical
            Address of mail in the spelling that is compared. Its +tag and points count for nothing
            here: some providers deliver all of them to one mailbox.
        origin
            Address that the request came from; "" where a person of the campaign asked.

        Returns
        -------
        bool
            Whether the letter may go.
        """
        limits, now = _limits(canonical, origin), time.monotonic()
        with self._alone:
            if len(self._sent) > _MOST_KEPT:
                self._sent.clear()
            for name, (most, within_s) in limits.items():
                recent = [at for at in self._sent[name] if at > now - within_s]
                self._sent[name] = recent
                if len(recent) >= most:
                    return False
            for name in limits:
                self._sent[name].append(now)
        return True

    def give_back(self, canonical: str, origin: str = "") -> None:
        """Uncount a letter that was counted last and did not go; arguments as for `take`."""
        with self._alone:
            for name in _limits(canonical, origin):
                if self._sent[name]:
                    self._sent[name].pop()


def _limits(canonical: str, origin: str) -> dict[str, tuple[int, float]]:
    local, _at, domain = mailbox(canonical).rpartition("@")
    limits = {f"to {local.replace('.', '')}@{domain}": (PER_MAILBOX, DAY_S)}
    if origin:
        limits[f"from {origin}"] = (PER_ORIGIN, HOUR_S)
    return limits
