"""Tokens of turfs: what a QR code carries so that only our own returns are taken."""

from __future__ import annotations

import base64
import hashlib
import hmac

_BYTES = 15  # 120 bits, 24 characters of base32 without padding


def make(secret: bytes, campaign_id: str, turf_id: str, seal: str = "", issue: int = 0) -> str:
    """Return the token of a turf: 24 characters, a to z and 2 to 7.

    Parameters
    ----------
    secret
        Key of the campaign, which never leaves its workspace.
    campaign_id, turf_id, seal
        What the token vouches for.
    issue
        How often a token of this turf was revoked.

    Returns
    -------
    str
        The same for the same turf, campaign, seal and issue.

    References
    ----------
    Krawczyk, H., Bellare, M. and Canetti, R. (1997). HMAC: keyed-hashing for message
    authentication. RFC 2104.
    """
    told = "\x1f".join((campaign_id, turf_id, seal, *([str(issue)] if issue else [])))
    # Half a character is no reason to fail: it is of no turf of ours.
    text = told.encode("utf-8", "surrogatepass")
    digest = hmac.new(secret, text, hashlib.sha256).digest()[:_BYTES]
    return base64.b32encode(digest).decode().lower()


def verify(  # noqa: PLR0913 - as `make`
    token: str, secret: bytes, campaign_id: str, turf_id: str, seal: str = "", issue: int = 0
) -> bool:
    """Tell whether a token is that of a turf, in constant time.

    Parameters
    ----------
    token
        As it was written or typed; case and spaces around it do not matter.
    secret
        Of the campaign.
    campaign_id, turf_id, seal, issue
        What it must be the token of.

    Returns
    -------
    bool
        True when it is.
    """
    given = token.strip().lower().encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, make(secret, campaign_id, turf_id, seal, issue).encode())
