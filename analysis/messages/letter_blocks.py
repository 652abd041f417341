"""What a message says, as blocks that a file can hold: title, text, picture, button, figures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from analysis.errors import DataError, Text, some
from analysis.messages.safe_template import VARIABLES, Safe, read_template

# What each kind of block must have.
KINDS: dict[str, tuple[str, ...]] = {
    "title": ("text",),
    "text": ("text",),
    "picture": ("data", "alt"),
    "button": ("text", "url"),
    "figures": ("rows", "source"),
}
LANGUAGES = ("fr", "en")
CHANNELS = ("email", "sms")
_MOST_BLOCKS, _MOST_ROWS, _MOST_BYTES, _MOST_POINTS = 30, 12, 500_000, 20_000_000
_PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as its author left it.

    Attributes
    ----------
    language
        "fr" or "en".
    subject, preheader
        Templates; the second is what a list of mails shows beside the first.
    accent
        Colour of title and button, #rrggbb.
    blocks
        In order: each with its `kind` and what `KINDS` says.
    subject_b
        Another subject, which half of the recipients drawn by lot get; "" for none.
    channel
        "email" or "sms": a text message has one text, and no subject.
    """

    language: str
    subject: str
    preheader: str
    accent: str
    blocks: tuple[Mapping[str, Any], ...]
    subject_b: str = ""
    channel: str = "email"

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Letter:
        """Check a message as it comes from a file or a page: all its faults at once.

        Raises
        ------
        DataError
            When it is none, or a template of it is refused.
        """
        given = told.get("blocks", ())
        blocks = given if isinstance(given, (list, tuple)) else ()
        letter = cls(
            str(told.get("language", "")),
            str(told.get("subject", "")).strip(),
            str(told.get("preheader", "")).strip(),
            str(told.get("accent", "#1d4ed8")),
            tuple(dict(one) for one in blocks if isinstance(one, Mapping)),
            str(told.get("subject_b", "")).strip(),
            str(told.get("channel", "email")),
        )
        if faults := list(_faults(letter, len(blocks))):
            raise DataError(
                "The message is not whole: {faults}.",
                mend="Mend it, then save it again.",
                faults=some(faults, most=len(faults)),
            )
        letter.templates()
        return letter

    def to_json(self) -> str:
        """Return the message as a text, always the same."""
        told = {"language": self.language, "subject": self.subject, "preheader": self.preheader}
        whole = {**told, "accent": self.accent, "blocks": list(self.blocks)}
        if self.subject_b:
            whole["subject_b"] = self.subject_b
        if self.channel != "email":
            whole["channel"] = self.channel
        return json.dumps(whole, sort_keys=True, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """Return the digest of the whole message."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def templates(self) -> list[Safe]:
        """Return every text of it, read: subjects and preheader first."""
        heads = (self.subject, self.subject_b, self.preheader)
        return [read_template(text) for text in (*heads, *self._texts())]

    def _texts(self) -> Iterator[str]:
        for one in self.blocks:
            yield from (str(one[name]) for name in ("text", "alt", "source") if name in one)
            for label, value in one.get("rows", ()):
                yield from (str(label), str(value))

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the data of people that it shows, as the gate names them."""
        names = {name for one in self.templates() for name in one.names}
        point = "person.email" if self.channel == "email" else "person.phone"
        return tuple(dict.fromkeys([point, *(VARIABLES[name] for name in sorted(names))]))


def picture_kind(data: bytes) -> str:
    """Return "png" or "jpeg" by how a file begins; "" for another one."""
    return next((kind for start, kind in _PICTURES.items() if data.startswith(start)), "")


def picture_bytes(block: Mapping[str, Any]) -> bytes:
    """Return the file of a picture; nothing where it cannot be read."""
    try:
        return base64.b64decode(str(block.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _faults(letter: Letter, given: int) -> Iterator[Text]:
    if letter.language not in LANGUAGES:
        yield Text("its language is neither fr nor en")
    yield from _head_faults(letter)
    if any(sign in letter.subject + letter.subject_b + letter.preheader for sign in "\r\n"):
        yield Text("its subject has more than one line")
    if not _COLOUR.fullmatch(letter.accent):
        yield Text("its colour is not written #rrggbb")
    if not 0 < given <= _MOST_BLOCKS or given != len(letter.blocks):
        yield Text("it has no blocks, or more than {n}", n=_MOST_BLOCKS)
    for n, block in enumerate(letter.blocks, 1):
        for why in _block_faults(block):
            yield Text("block {n}: {why}", n=n, why=why)


def _head_faults(letter: Letter) -> Iterator[Text]:
    kinds = [one.get("kind") for one in letter.blocks]
    if letter.channel not in CHANNELS:
        yield Text("its channel is neither email nor sms")
    if letter.channel == "sms" and (kinds != ["text"] or letter.subject):
        yield Text("a text message has one text, and no subject")
    if letter.channel != "sms" and not letter.subject:
        yield Text("it has no subject")


def _block_faults(block: Mapping[str, Any]) -> Iterator[Text]:
    kind = str(block.get("kind", ""))
    if kind not in KINDS:
        yield Text("there is no kind {kind}", kind=kind or "–")
        return
    if strange := sorted(set(block) - {"kind", *KINDS[kind]}):
        yield Text("unknown: {names}", names=some(strange))
    for name in KINDS[kind]:
        if not block.get(name):
            yield Text("{name} is empty", name=name)
    if kind == "picture":
        yield from _picture_faults(picture_bytes(block))
    if kind == "button" and not is_plain_link(str(block.get("url", ""))):
        yield Text("the link is no https address without variables")
    if kind == "figures" and not _is_table(block.get("rows")):
        yield Text("the figures are no rows of a label and a value")


def _picture_faults(data: bytes) -> Iterator[Text]:
    from PIL import Image

    points = 0
    if 0 < len(data) <= _MOST_BYTES and picture_kind(data):
        # Of a picture that cannot be drawn nothing is known: it is none.
        with suppress(OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            with Image.open(io.BytesIO(data)) as picture:
                wide, high = picture.size
                picture.verify()
            points = wide * high
    if not points:
        yield Text("the picture is no PNG or JPEG of up to {n} bytes", n=_MOST_BYTES)
    # Half a megabyte can hold what takes two gigabytes to draw.
    if points > _MOST_POINTS:
        yield Text("the picture has more than {n} million points", n=_MOST_POINTS // 1_000_000)


def is_plain_link(url: str) -> bool:
    """Tell whether an address is the same for everybody, and nothing but an address.

    A link that bears a person tells who clicked.
    """
    parts = urlsplit(url)
    return (
        parts.scheme == "https"
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not set(url) & set("{}<>\"'\\ \r\n\t")
        and url.isascii()
    )


def _is_table(rows: object) -> bool:
    return (
        isinstance(rows, (list, tuple))
        and 0 < len(rows) <= _MOST_ROWS
        and all(isinstance(row, (list, tuple)) and len(row) == 2 for row in rows)  # noqa: PLR2004
    )
