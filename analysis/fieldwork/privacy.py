"""What must not be in a return: telephone numbers, e-mail addresses, names with a title."""

from __future__ import annotations

import re
import unicodedata

_EMAIL = r"[\w.+-]+\s?(?:@|\(at\)|\[at\]|\barobase\b)\s?[\w-]+(?:\s?\.\s?[\w-]+)+"
# Nine digits or more, whatever stands between them: 06 12 34 56 78, +33.6.12…, 0612345678.
_PHONE = r"(?:\+|\b)(?:\d[\s.\/()-]{0,2}){8,}\d"
# Mme Durand, M. Le Goff; « monsieur du 3e » names nobody.
_NAME = r"\b(?:M\.|Mr\.?|Mme|Mlle|Mrs\.?|Ms\.?|[Mm]onsieur|[Mm]adame|[Mm]ademoiselle)\s+[A-ZÀ-Ý]"
PATTERNS = {"an e-mail address": _EMAIL, "a telephone number": _PHONE, "a name": _NAME}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in PATTERNS.items()}


def personal(text: str) -> str:
    """Say what personal thing a text seems to hold; empty where nothing.

    Digits of other alphabets and wide or narrow spaces count as what they look like. A name
    without a title cannot be told from other words: the phone page asks not to write any.
    """
    plain = unicodedata.normalize("NFKC", text)
    return next((kind for kind, pattern in _COMPILED.items() if pattern.search(plain)), "")
