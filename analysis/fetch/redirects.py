"""Where a publisher may send us on to: not into this machine or its network, not out of TLS."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from functools import cache

import httpx

from analysis.fetch import faults

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_AGENT = {"User-Agent": "Palier (open workbench for field campaigns)"}


def open_client(
    timeout: httpx.Timeout = TIMEOUT, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return what asks publishers, and follows them on where that does no harm."""
    return httpx.Client(
        follow_redirects=True,
        timeout=timeout,
        headers=_AGENT,
        transport=transport,
        verify=_trusted(),
        event_hooks={"response": [_refuse_inward]},
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom all clients trust: the machine's certificates take 20 ms to read each time."""
    return httpx.create_ssl_context()


def _refuse_inward(response: httpx.Response) -> None:
    """Refuse to be sent from a public address to one that only this machine can reach.

    A catalogue that begins inside (a mirror of the house) may stay there.
    """
    if not response.has_redirect_location:
        return
    here = response.request.url
    target = here.join(response.headers["location"])
    downgraded = here.scheme == "https" and target.scheme != "https"
    if downgraded or (_is_inside(target.host) and not _is_inside(here.host)):
        raise faults.UnavailableError(
            "The publisher sends on to an address that is not asked.",
            where="{here} → {target}",
            mend="Look for the file's address on the publisher's page, and give it in a copy of "
            "the catalogue with --catalogue.",
            here=str(here),
            target=str(target),
        )


@cache
def _is_inside(host: str) -> bool:
    """Tell whether a name or number is of this machine or its network."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:
        # Behind a proxy names may be unknown here: it asks, and reaches nothing of ours.
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return any(not ipaddress.ip_address(str(one).partition("%")[0]).is_global for one in found)
