"""How quickly one domain is written to: big mailboxes hold back who comes all at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


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
