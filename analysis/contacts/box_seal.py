"""The box a contact travels in from a door: shut in a browser, opened with the campaign's key.

ECDH on P-256 (SP 800-56A) with a key of the phone used once, HKDF-SHA256 (RFC 5869) over the two
public keys and what the box is about, AES-256-GCM (SP 800-38D). X25519 would be simpler, but Safari
and older Chromium have it not; every browser in use has P-256.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from analysis.contacts.key_ring import KeyRing
from analysis.errors import DataError

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_POINT, _NONCE, _KEY = 65, 12, 32
_VERSION = b"\x01"


def public_key(ring: KeyRing) -> str:
    """Return the key that phones shut boxes with: a point of P-256, base64url."""
    return base64.urlsafe_b64encode(_raw(_private(ring).public_key())).decode().rstrip("=")


def shut(public: str, about: str, text: str) -> bytes:
    """Shut a text as the phone page does.

    Parameters
    ----------
    public
        As `public_key` returns it.
    about
        What the box is bound to: see `bound_to`.
    text
        What goes into it.

    Returns
    -------
    bytes
        Version, point of a key drawn for this box alone, nonce and AES-GCM ciphertext.
    """
    theirs = base64.urlsafe_b64decode(public + "=" * (-len(public) % 4))
    own = ec.generate_private_key(_CURVE)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
    sent, nonce = _raw(own.public_key()), secrets.token_bytes(_NONCE)
    key = _key(shared, sent + theirs, about)
    return _VERSION + sent + nonce + AESGCM(key).encrypt(nonce, text.encode(), about.encode())


def unshut(ring: KeyRing, about: str, sealed: bytes) -> str:
    """Open a box.

    Parameters
    ----------
    ring
        Keys of the campaign.
    about
        What the box is bound to.
    sealed
        The box.

    Returns
    -------
    str
        The text that went in.

    Raises
    ------
    DataError
        When it was changed on the way, or shut for another campaign, turf or key.
    """
    try:
        # The version is no part of a point: one of another version is none.
        sent, rest = sealed.removeprefix(_VERSION)[:_POINT], sealed[1 + _POINT :]
        own = _private(ring)
        point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sent)
        key = _key(own.exchange(ec.ECDH(), point), sent + _raw(own.public_key()), about)
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], about.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise DataError(
            "A contact taken at a door cannot be opened: it was changed on the way, or shut for "
            "another campaign.",
            mend="Ask the team: the person may leave their contact again, on the sign-up page.",
        ) from error


def bound_to(campaign_id: str, turf_id: str) -> str:
    """Return what a box is bound to; the phone page says the same."""
    return f"palier door box {campaign_id} {turf_id}"


def _private(ring: KeyRing) -> ec.EllipticCurvePrivateKey:
    # A whole number from 1 to the order less 1; half again as many bits, so none is favoured.
    long = HKDF(SHA256(), _KEY + 16, salt=None, info=b"palier box p256").derive(ring.box)
    return ec.derive_private_key(int.from_bytes(long, "big") % (_ORDER - 1) + 1, _CURVE)


def _raw(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _key(shared: bytes, keys: bytes, about: str) -> bytes:
    return HKDF(SHA256(), _KEY, salt=keys, info=about.encode()).derive(shared)
