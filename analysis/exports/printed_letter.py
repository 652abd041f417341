"""A message on paper: an A4 letter for the printer, the same for everybody; addresses are apart."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from reportlab.lib.utils import ImageReader

from analysis.contacts.contact_store import Controller
from analysis.errors import DataError
from analysis.exports.field_kit.pdf_canvas import BOLD, BOTTOM, LEFT, PLAIN, RIGHT, TOP, Paper, wrap
from analysis.messages.letter_blocks import Letter, picture_bytes
from analysis.messages.letter_layout import foot_lines

_BODY, _HEAD, _SMALL = 11.0, 18.0, 8.0
_GAP = 14.0
_PICTURE_HIGH = 220.0
# A window envelope shows this much of the top.
_ADDRESS_HIGH = 130.0


def printed(letter: Letter, controller: Controller) -> bytes:
    """Return a letter of paper as PDF; the same letter makes the same bytes.

    Raises
    ------
    DataError
        When it names something of each person: on paper nobody is told apart.
    """
    if any(one.names for one in letter.templates()):
        raise DataError(
            "A letter of paper is the same for everybody: it names nothing of a person.",
            mend="Take the variables out of its texts, then print it.",
        )
    paper = Paper(letter.subject, language=letter.language)
    at = TOP - _ADDRESS_HIGH
    for block in letter.blocks:
        at = _block(paper, block, at)
    for line in foot_lines(letter.language, controller):
        at = _lines(paper, line, at, _SMALL)
    return paper.to_bytes()


def _block(paper: Paper, block: Mapping[str, Any], at: float) -> float:
    kind = block["kind"]
    if kind == "picture":
        return _picture(paper, picture_bytes(block), at)
    if kind == "figures":
        for label, value in block["rows"]:
            at = _lines(paper, f"{label} : {value}", at, _BODY, gap=2.0)
        return _lines(paper, str(block["source"]), at, _SMALL)
    text = str(block["text"]) + (f"\n{block['url']}" if kind == "button" else "")
    big = kind == "title"
    return _lines(paper, text, at, _HEAD if big else _BODY, font=BOLD if big else PLAIN)


def _lines(  # noqa: PLR0913 - a line has a place, a size and a look
    paper: Paper, text: str, at: float, size: float, *, font: str = PLAIN, gap: float = _GAP
) -> float:
    for part in text.split("\n"):
        for line in wrap(part, RIGHT - LEFT, size=size, font=font) or [""]:
            if at - size < BOTTOM:
                paper.next_page()
                at = TOP
            at = paper.block(LEFT, at, [line], size=size, font=font)
    return at - gap


def _picture(paper: Paper, data: bytes, at: float) -> float:
    picture = ImageReader(io.BytesIO(data))
    wide, high = picture.getSize()
    scale = min((RIGHT - LEFT) / wide, _PICTURE_HIGH / high, 1.0)
    if at - high * scale < BOTTOM:
        paper.next_page()
        at = TOP
    paper.canvas.drawImage(picture, LEFT, at - high * scale, wide * scale, high * scale)
    return at - high * scale - _GAP
