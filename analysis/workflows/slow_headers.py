"""Connections that never finish asking are closed: each would hold a place of the server."""

from __future__ import annotations

import asyncio
from typing import Any

# The first line and the headers of a request are one packet; a bad line sends them within this.
HEADERS_S = 15.0


def give_up(protocol: type[Any], seconds: float = HEADERS_S) -> None:
    """Have every connection of a protocol of uvicorn closed whose headers do not come whole.

    uvicorn itself waits without an end, both for the first request and for the next on a
    connection that is kept alive.

    Parameters
    ----------
    protocol
        `AutoHTTPProtocol`.
    seconds
        How long headers may take.
    """
    made = protocol.connection_made

    def connection_made(self: Any, transport: asyncio.Transport) -> None:  # noqa: ANN401 - of uvicorn
        made(self, transport)
        self.loop.call_later(seconds, watched, self, None)

    def watched(self: Any, before: Any) -> None:  # noqa: ANN401 - of uvicorn
        # A WebSocket has gone on to a protocol of its own.
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        cycle = self.cycle
        if cycle is before and (cycle is None or cycle.response_complete):
            self.transport.close()
        else:
            self.loop.call_later(seconds, watched, self, cycle)

    protocol.connection_made = connection_made
