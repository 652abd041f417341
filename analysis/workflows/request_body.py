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


async def read_body(
    request: Request, most: int, *, cut: bool = False, within_s: float | None = None
) -> bytes:
    """Return the body of a request, of at most `most` bytes.

    Parameters
    ----------
    request
        What is asked.
    most
        Bytes.
    cut
        Whether of a larger one the beginning is returned, else it is refused.
    within_s
        Seconds it may take to arrive; None for `WITHIN_S`.

    Returns
    -------
    bytes
        As they came: whole, or with `cut` the first `most`.

    Raises
    ------
    BodyError
        When it is larger, or did not arrive in time.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S if within_s is None else within_s):
            async for part in request.stream():
                content += part
                if len(content) > most and cut:
                    return bytes(content[:most])
                if len(content) > most:
                    raise BodyError(413)
    except TimeoutError as error:
        raise BodyError(408) from error
    return bytes(content)
