"""What a domain tells the mailboxes of the world about its mail: SPF, DKIM and DMARC, by DNS.

References
----------
RFC 7208 (SPF), 6376 (DKIM), 7489 (DMARC).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import dns.exception
import dns.resolver
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from analysis.errors import Text
from analysis.messages.dkim_seal import VARIABLE, Seal
from analysis.messages.preflight import Check, unproved

_PATIENCE_S = 3.0


def published(domain: str, resolver: dns.resolver.Resolver | None = None) -> list[Check]:
    """Return what a domain publishes for its mail; that it cannot be proved, where nobody answers.

    Whether SPF names the server that sends, and how each mailbox judges, only mail that arrived
    tells.

    Parameters
    ----------
    domain
        After the @ of who writes.
    resolver
        Who is asked; None for the one of the machine.
    """
    try:
        asked = resolver or dns.resolver.Resolver()
        return [_spf(asked, domain), _dkim(asked, domain), _dmarc(asked, domain)]
    except (dns.exception.DNSException, OSError):
        return [unproved(domain)]


def _texts(resolver: dns.resolver.Resolver, name: str, first: str) -> list[str]:
    """Return the TXT records of a name that begin as told; none where there is no such name."""
    try:
        found = resolver.resolve(name, "TXT", lifetime=_PATIENCE_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    told = (b"".join(row.strings).decode("utf-8", "replace").strip() for row in found)
    return [one for one in told if one.lower().startswith(first)]


def _spf(resolver: dns.resolver.Resolver, domain: str) -> Check:
    found = [
        one for one in _texts(resolver, domain, "v=spf1") if one.lower().split()[0] == "v=spf1"
    ]
    if not found:
        return Check("SPF", "doubt", Text("{domain} publishes no SPF record.", domain=domain))
    if len(found) > 1:
        told = Text("{domain} publishes several SPF records: none of them counts.", domain=domain)
        return Check("SPF", "doubt", told)
    words = found[0].lower().split()
    if {"+all", "all"} & set(words):
        told = Text("The SPF record of {domain} lets everybody write in its name.", domain=domain)
        return Check("SPF", "doubt", told)
    told = Text(
        "{domain} publishes SPF; whether it names the server that sends cannot be proved here.",
        domain=domain,
    )
    return Check("SPF", "good", told)


def _dkim(resolver: dns.resolver.Resolver, domain: str) -> Check:
    seal = Seal.read(os.environ.get(VARIABLE, ""))
    if seal is None:
        told = Text("The mail server signs (DKIM): its key cannot be looked for here.")
        return Check("DKIM", "unproved", told)
    signer = seal.domain.decode()
    name = f"{seal.selector.decode()}._domainkey.{signer}"
    rows = _texts(resolver, name, "")
    keys = [_tags(one).get("p", "") for one in rows]
    if _public(seal.key) not in keys:
        told = Text(
            "{name} does not publish the key that signs here: signatures will be refused.",
            name=name,
        )
        return Check("DKIM", "doubt", told)
    if not _counts(resolver, signer.lower(), domain.lower()):
        told = Text(
            "What signs is {signer}, who writes is {domain}: DMARC does not count it.",
            signer=signer,
            domain=domain,
        )
        return Check("DKIM", "doubt", told)
    return Check("DKIM", "good", Text("{name} publishes the key that signs here.", name=name))


def _counts(resolver: dns.resolver.Resolver, signer: str, domain: str) -> bool:
    """Tell whether DMARC counts a signature: relaxed, one is below the other; strict, the same."""
    if signer == domain:
        return True
    found = [
        one for name in _upwards(domain) for one in _texts(resolver, f"_dmarc.{name}", "v=dmarc1")
    ]
    if found and _tags(found[0]).get("adkim", "r").lower() == "s":
        return False
    return f".{domain}".endswith(f".{signer}") or f".{signer}".endswith(f".{domain}")


def _public(key: bytes) -> str:
    private = load_pem_private_key(key, None)
    assert isinstance(private, RSAPrivateKey)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(public).decode()


def _dmarc(resolver: dns.resolver.Resolver, domain: str) -> Check:
    for name in _upwards(domain):
        for one in _texts(resolver, f"_dmarc.{name}", "v=dmarc1"):
            tags = _tags(one)
            policy = tags.get("p", "none")
            policy = policy if name == domain else tags.get("sp", policy)
            if policy.lower() in ("quarantine", "reject"):
                told = Text("DMARC of {name}: {policy}.", name=name, policy=policy)
                return Check("DMARC", "good", told)
            told = Text("DMARC of {name} asks for nothing: anybody may pose as it.", name=name)
            return Check("DMARC", "doubt", told)
    return Check("DMARC", "doubt", Text("{domain} publishes no DMARC record.", domain=domain))


def _upwards(domain: str) -> Iterator[str]:
    """Yield a domain and those above it, but for the last label."""
    labels = domain.split(".")
    for n in range(max(1, len(labels) - 1)):
        yield ".".join(labels[n:])


def _tags(text: str) -> dict[str, str]:
    parts = (one.partition("=") for one in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _is, value in parts}
