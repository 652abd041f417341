"""What gateways and mail servers call back with: answers by text, bounces, complaints, as JSON.

A text names no text that it answers: it is one to the last that its number was sent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.normalise import canonical_phone
from analysis.contacts.suppression import suppress_many, suppress_people
from analysis.database.engine import reading
from analysis.errors import DataError
from analysis.messages.drafts import POINT_OF
from analysis.messages.leaving import leave, note_reply, note_step, take_back_consents
from analysis.messages.letter_links import bare_secret, bearer, channel_of, last_text, secret_in
from analysis.messages.recipients import addresses
from analysis.messages.returned_mail import STOP_WORDS, plain_words

# A wish to leave is short: « stop svp », « STOP 36111 »; « stop à la vie chère, je viens » is none.
_MOST_WORDS = 3
_SIGNS = 48
# What is written later answers no text.
_ANSWER_S = 30 * 86_400


def hook_secret(contacts: Contacts) -> str:
    """Return what stands in the address that gateways call back: of this campaign alone."""
    return vault.digest(contacts.ring.index, "hook", contacts.tenant)[:_SIGNS]


def is_sms_stop(text: str) -> bool:
    """Tell whether a text asks to be left alone, in the spellings of the field.

    STOP alone or with up to two words around it, in any case, accents, signs between the letters
    (« S.T.O.P », « s t o p ») or letters held down (« stooop »).
    """
    words = plain_words(text)
    joined = re.sub(r"(.)\1+", r"\1", "".join(words))
    known = STOP_WORDS | {re.sub(r"(.)\1+", r"\1", one) for one in STOP_WORDS}
    if joined in known:
        return True
    ends = {words[0], words[-1]} if words else set()
    return 0 < len(words) <= _MOST_WORDS and bool(ends & known)


def take_call(contacts: Contacts, told: Mapping[str, Any]) -> str:
    """Act on what was called back, once however often it comes; return what it was.

    Parameters
    ----------
    contacts
        The campaign.
    told
        `{"kind": "sms", "from": …, "text": …, "id": …}` (`id` of the text that came, where the
        gateway gives one; `kind` may be left out), or `{"kind": "bounce" or "complaint",
        "return_path": … or "id": …, "status": "5.1.1"}` (`id` of the text that left).

    Returns
    -------
    str
        "stop", "bounce", "complaint" or "other"; an answer to a text is "other", as of mails.
    """
    kind = str(told.get("kind", ""))
    # A gateway that cannot say its kind has people say STOP all the same.
    if kind == "sms" or (not kind and {"from", "text"} <= told.keys()):
        text, named = str(told.get("text", "")), str(told.get("id", ""))
        return _sms(contacts, str(told.get("from", "")), text, named)
    secret = secret_in(str(told.get("return_path", ""))) or bare_secret(str(told.get("id", "")))
    with reading(contacts.engine) as connection:
        known = bearer(connection, contacts, bounce=secret) if secret else None
        channel = channel_of(connection, known.message) if known else "email"
        point = POINT_OF[channel]
        boxes = addresses(connection, contacts, [known.person], point) if known else {}
    status = "".join(re.findall(r"[0-9.]", str(told.get("status", ""))[:20]))
    if known is None or kind not in ("bounce", "complaint"):
        return "other"
    if kind == "complaint":
        note_step(contacts, known, "complained", status)
        leave(contacts, known, reason="complaint", how=channel)
        return kind
    if not status.startswith("5"):
        return "other"
    note_step(contacts, known, "bounced", status)
    suppress_many(contacts, [(point, one) for one in boxes.values()], "bounce")
    return kind


def _sms(contacts: Contacts, sender: str, text: str, named: str) -> str:
    try:
        phone = canonical_phone(sender)
    except DataError:
        return "other"
    with reading(contacts.engine) as connection:
        people = vault.who_has(connection, contacts.ring, "phone", [phone]).get(phone, [])
        known = last_text(connection, people, int(time.time()) - _ANSWER_S)
    if not is_sms_stop(text):
        if known and text.strip():
            # Without an id the same words to the same text are one answer, sent again.
            note_reply(contacts, known, f"sms {phone} {named or text.strip()}")
        return "other"
    if known:
        leave(contacts, known, reason="stop", how="sms")
    suppress_people(contacts, people, "stop")
    take_back_consents(contacts, people, how="sms")
    suppress_many(contacts, [("phone", phone)], "stop")
    return "stop"
