"""Bodies of requests from outside: no larger and no slower than what they are for."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network

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


def origin_of(request: Request) -> str:
    """Return whom to count a request for; "" where nobody knows.

    Of IPv6 a line is given 2⁶⁴ addresses at least: what is counted by one of them is counted by
    none.
    """
    text = request.client.host if request.client else ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if address.version == 6 and address.ipv4_mapped:  # noqa: PLR2004 - as it is called
        return str(address.ipv4_mapped)
    return text if address.version == 4 else str(ip_network((address, 64), strict=False))  # noqa: PLR2004


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
