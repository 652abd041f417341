"""SPF, DKIM and DMARC, read from a name server in a process of its own."""

from __future__ import annotations

import multiprocessing
import socket

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from analysis.errors import Text
from analysis.messages import mail_records, preflight
from analysis.messages.letter_blocks import Letter
from tests.analysis.messages.conftest import BASE, CONTROLLER, LETTER

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
PUBLIC = mail_records._public(PEM)
ZONE = {
    "good.example": ['"v=spf1 mx -all"', '"unrelated"'],
    "_dmarc.good.example": ['"v=DMARC1; p=reject; rua=mailto:x@good.example"'],
    # A key of 2,048 bits is longer than one string of a record.
    "s1._domainkey.good.example": [f'"v=DKIM1; k=rsa; p={PUBLIC[:200]}" "{PUBLIC[200:]}"'],
    **{
        f"s1._domainkey.{name}": [f'"v=DKIM1; k=rsa; p={PUBLIC[:200]}" "{PUBLIC[200:]}"']
        for name in ("mail.good.example", "mail.strict.example", "strict.example")
    },
    "_dmarc.strict.example": ['"v=DMARC1; p=reject; adkim=s"'],
    "s1._domainkey.loose.example": ['"v=DKIM1; p="'],
    "loose.example": ['"v=spf1 +all"'],
    "_dmarc.loose.example": ['"v=DMARC1; p=none"'],
    "twice.example": ['"v=spf1 -all"', '"v=spf1 mx ~all"'],
    "_dmarc.above.example": ['"v=DMARC1; p=none; sp=quarantine"'],
}


def _serve(sock):
    while True:
        asked, who = sock.recvfrom(4096)
        query = dns.message.from_wire(asked)
        answer = dns.message.make_response(query)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        if name in ZONE:
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *ZONE[name]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        sock.sendto(answer.to_wire(), who)


@pytest.fixture(scope="module")
def resolver():
    """Return who asks a name server that is started for these tests."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(sock,))
    server.start()
    asks = dns.resolver.Resolver(configure=False)
    asks.nameservers, asks.port = ["127.0.0.1"], sock.getsockname()[1]
    sock.close()
    yield asks
    server.kill()
    server.join()


@pytest.mark.parametrize(
    ("domain", "spf", "dmarc"),
    [
        ("good.example", "good", "good"),
        ("loose.example", "doubt", "doubt"),
        ("twice.example", "doubt", "doubt"),
        ("list.above.example", "doubt", "good"),
        ("nothing.example", "doubt", "doubt"),
    ],
)
def test_what_a_domain_publishes_is_judged(resolver, monkeypatch, domain, spf, dmarc):
    monkeypatch.delenv("PALIER_DKIM", raising=False)
    found = mail_records.published(domain, resolver)
    assert [(one.name, one.state) for one in found] == [
        ("SPF", spf), ("DKIM", "unproved"), ("DMARC", dmarc)
    ]  # fmt: skip


@pytest.fixture
def key(tmp_path):
    """Return the file of the private key."""
    file = tmp_path / "key.pem"
    file.write_bytes(PEM)
    return file


@pytest.mark.parametrize(
    ("signer", "writer", "state"),
    [
        ("good.example", "good.example", "good"),
        ("good.example", "list.good.example", "good"),
        ("mail.good.example", "good.example", "good"),
        ("mail.strict.example", "strict.example", "doubt"),
        ("strict.example", "strict.example", "good"),
        ("strict.example", "list.strict.example", "doubt"),
        ("good.example", "other.example", "doubt"),
        ("good.example", "notgood.example", "doubt"),
        ("loose.example", "loose.example", "doubt"),
        ("nothing.example", "nothing.example", "doubt"),
    ],
)
def test_the_key_that_signs_is_looked_for(resolver, key, signer, writer, state):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PALIER_DKIM", f"s1:{signer}:{key}")
        _spf, dkim, _dmarc = mail_records.published(writer, resolver)
    assert dkim.state == state


def test_where_nobody_answers_nothing_is_proved_and_it_is_said(monkeypatch):
    monkeypatch.setattr(mail_records, "_PATIENCE_S", 0.2)
    deaf = dns.resolver.Resolver(configure=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        deaf.nameservers, deaf.port = ["127.0.0.1"], silent.getsockname()[1]
        found = mail_records.published("good.example", deaf)
    told = Text("SPF, DKIM and DMARC of {domain} cannot be proved here.", domain="good.example")
    assert [(one.state, str(one.told)) for one in found] == [("unproved", str(told))]


def test_the_network_is_asked_only_where_something_sends():
    asked = []
    for server in (False, True):
        preflight.preflight(
            Letter.read(LETTER), CONTROLLER, BASE, server=server,
            records=lambda domain: asked.append(domain) or [],
        )  # fmt: skip
    assert asked == ["example.org"]
