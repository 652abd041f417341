"""Bodies of requests from outside: no larger and no slower than what they are for."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

# Whoever has nothing to send but a form or a token sends it within this, on a bad line too.
WITHIN_S = 10.0


class BodyError(Exception):
    """A body that is not read to its end.

    Attributes
    ----------
    status
        What to answer: 413 too large, 408 too slow.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def read_body(request: Request, most: int) -> bytes:
    """Return the body of a request, of at most `most` bytes.

    Raises
    ------
    BodyError
        When it is larger, or did not arrive in time.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for part in request.stream():
                content += part
                if len(content) > most:
                    raise BodyError(413)
    except TimeoutError as error:
        raise BodyError(408) from error
    return bytes(content)
