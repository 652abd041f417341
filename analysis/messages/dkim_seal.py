"""DKIM signatures (RFC 6376), where the mail server does not sign itself.

RFC 8058 wants the headers by which one leaves under the signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import dkim

from analysis.errors import DataError

# SELECTOR:DOMAIN:FILE of a private key in PEM.
VARIABLE = "PALIER_DKIM"
_HEADERS = [
    *(b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"mime-version"),
    *(b"content-type", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"),
]
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs messages: selector and domain of the public key in the DNS, and the private key."""

    selector: bytes
    domain: bytes
    key: bytes = field(repr=False)

    @classmethod
    def read(cls, told: str) -> Seal | None:
        """Return what signs, of SELECTOR:DOMAIN:FILE; None where nothing is told.

        Raises
        ------
        DataError
            When it is not written so, or the key cannot be read or does not sign.
        """
        if not told:
            return None
        parts = told.split(":", _PARTS - 1)
        try:
            selector, domain, file = parts
            seal = cls(selector.encode("ascii"), domain.encode("ascii"), Path(file).read_bytes())
            seal.signed(b"From: a@b.example\r\n\r\nx\r\n")
        except (ValueError, OSError, dkim.DKIMException) as error:
            raise DataError(
                "Messages cannot be signed (DKIM) with what is configured.",
                where="{variable}: {kind}",
                mend="Write SELECTOR:DOMAIN:FILE, the file a private RSA key in PEM; or leave it "
                "out where the mail server signs.",
                variable=VARIABLE,
                kind=type(error).__name__,
            ) from error
        return seal

    def signed(self, content: bytes) -> bytes:
        """Return a message with its signature before it."""
        there = {
            line.partition(b":")[0].strip().lower()
            for line in content.split(b"\r\n\r\n")[0].split(b"\r\n")
        }
        names = [name for name in _HEADERS if name in there]
        head: bytes = dkim.sign(
            content,
            self.selector,
            self.domain,
            self.key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=names,
        )
        return head + content
