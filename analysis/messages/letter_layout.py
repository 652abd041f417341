"""A message laid out once, and filled for each person: HTML of our own and plain text.

Styles are written into the elements once, on a layout whose texts are marks; what people or
authors wrote is escaped and put in afterwards, so that none of it is ever read as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import css_inline

from analysis.contacts.contact_store import Controller
from analysis.i18n import Words
from analysis.messages.letter_blocks import Letter, picture_bytes, picture_kind
from analysis.messages.safe_template import Safe, read_template

WORDS = Words.read("letter_foot", files("analysis.messages") / "letter_words.toml")
INK, PAPER, SOFT = "#1b1f24", "#ffffff", "#4b5563"
# W3C, Web Content Accessibility Guidelines 2.2, criterion 1.4.3.
LEAST_CONTRAST = 4.5
_CSS = (
    "body{margin:0;padding:0;background:" + PAPER + ";color:" + INK + ";"
    "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5}"
    # Programs of mail drop what is said of the body, and may be dark: the sheet says it again.
    ".sheet{max-width:600px;margin:0 auto;padding:16px;background:" + PAPER + ";color:" + INK + ";"
    "overflow-wrap:anywhere}"
    "h1{font-size:24px;line-height:1.25;margin:16px 0;color:ACCENT}"
    "p{margin:0 0 16px}"
    "img{max-width:100%;height:auto;border:0;display:block;margin:0 0 16px}"
    ".go{display:inline-block;background:ACCENT;color:" + PAPER + ";padding:12px 20px;"
    "text-decoration:none;border-radius:4px;font-weight:bold}"
    "table{border-collapse:collapse;width:100%;margin:0 0 4px}"
    "td{padding:6px 8px 6px 0;border-bottom:1px solid #d1d5db}"
    ".n{text-align:right;font-weight:bold;min-width:112px;overflow-wrap:break-word}"
    ".soft{color:" + SOFT + ";font-size:13px}"
    # Of a size that a thumb hits: WCAG 2.2, 2.5.5, asks for 44 px.
    ".way{margin:0}"
    ".soft a{color:" + SOFT + ";display:inline-block;padding:13px 0;min-width:44px}"
    ".ahead{display:none;max-height:0;overflow:hidden}"
)  # fmt: skip
# Private signs, which no template may hold (`read_template`).
_MARK = re.compile("\ue000(\\d+)\ue001")
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses in a message to one person: to leave, and of the notice (the same for all).

    `load` is the picture of a cell whose loads are counted, "" for none.
    """

    leave: str
    notice: str
    load: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A message as one person gets it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that travels with the message: its name in it, "png" or "jpeg", and bytes."""

    cid: str
    kind: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Layout:
    """A message laid out: what stands still, and what is filled.

    Attributes
    ----------
    subject, subject_b
        Templates; the second for variant B.
    pieces
        Of the HTML: texts that stand still, and numbers of templates.
    plain
        Of the plain text, alike.
    templates
        By number.
    pictures
        In order.
    """

    subject: Safe
    pieces: tuple[str | int, ...]
    plain: tuple[str | int, ...]
    templates: tuple[Safe, ...]
    pictures: tuple[Picture, ...]
    subject_b: Safe | None = None

    def fill(self, values: Values, links: Links, variant: str = "") -> Filled:
        """Return the message for one person.

        Parameters
        ----------
        values
            Of the variables.
        links
            To leave, and of the notice.
        variant
            "B" for the other subject.

        Returns
        -------
        Filled
            Subject, HTML and plain text.

        Raises
        ------
        DataError
            When a variable has no value for them.
        """
        texts = [one.render(values) for one in self.templates] + [links.leave, links.notice]
        subject = self.subject_b if variant == "B" and self.subject_b else self.subject
        return Filled(
            " ".join(subject.render(values).split()),
            _with_load(_joined(self.pieces, texts, _as_html), links.load),
            _joined(self.plain, texts, str),
        )


def _with_load(html: str, address: str) -> str:
    if not address:
        return html
    picture = f'<img src="{escape(address)}" width="1" height="1" alt="">'
    return html.replace("</body>", f"{picture}</body>", 1)


def _joined(pieces: Iterable[str | int], texts: list[str], write: Callable[[str], str]) -> str:
    return "".join(one if isinstance(one, str) else write(texts[one]) for one in pieces)


def _as_html(text: str) -> str:
    return escape(text.strip()).replace("\n\n", "<br><br>").replace("\n", "<br>")


class _Draft:
    """Collects templates while the two layouts are written."""

    def __init__(self) -> None:
        self.templates: list[Safe] = []
        self.pictures: list[Picture] = []
        self.html: list[str] = []
        self.text: list[str] = []

    def mark(self, source: str) -> str:
        """Keep a template; return the mark that stands for it in the text."""
        self.templates.append(read_template(source))
        return f"\ue000{len(self.templates) - 1}\ue001"

    def add(self, html: str, text: str) -> None:
        """Add a piece, as HTML and as plain text."""
        self.html.append(html)
        self.text.append(text)


_LEAVE, _NOTICE = "\ue00090001\ue001", "\ue00090002\ue001"


def lay_out(
    letter: Letter, controller: Controller, *, themed: bool, measured: bool = False
) -> Layout:
    """Lay out a message with what must stand under it.

    Parameters
    ----------
    letter
        What it says.
    controller
        Who answers: sponsor, election, names.
    themed
        Whether its recipients were chosen by what they said of themselves.
    measured
        Whether it is for who agreed that loads are counted: what stands under it says so.

    Returns
    -------
    Layout
        The message cut at its variables, to be filled for each person.
    """
    draft = _Draft()
    if letter.channel == "sms":
        return _text_message(draft, letter, controller)
    for block in letter.blocks:
        _BLOCKS[str(block["kind"])](draft, block, letter.language)
    why = "themed" if themed else "why"
    foot = list(_foot(letter.language, controller, (why, "measured" if measured else "unmeasured")))
    told = WORDS[letter.language]
    draft.add(
        f'<hr><div class="soft">{"".join(f"<p>{escape(line)}</p>" for line in foot)}'
        f'<p class="way"><a href="{_LEAVE}">{escape(told["foot.leave"])}</a></p>'
        f'<p class="way"><a href="{_NOTICE}">{escape(told["foot.notice"])}</a></p></div>',
        "--\n" + "\n\n".join(
            [*foot]
            + [
                told["foot.line"].format(label=told[f"foot.{name}"], value="").rstrip()
                + f"\n{address}"
                for name, address in (("leave", _LEAVE), ("notice", _NOTICE))
            ]
        ) + "\n",
    )  # fmt: skip
    ahead = f'<div class="ahead">{draft.mark(letter.preheader)}</div>' if letter.preheader else ""
    page = (
        f'<!DOCTYPE html><html lang="{letter.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light only">'
        f"<title></title><style>{_CSS.replace('ACCENT', letter.accent)}</style></head>"
        f'<body>{ahead}<div class="sheet" role="article">{"".join(draft.html)}</div></body></html>'
    )
    known = len(draft.templates)
    return Layout(
        read_template(letter.subject),
        _cut(_inliner().inline(page), known),
        _cut("\n\n".join(draft.text), known),
        tuple(draft.templates),
        tuple(draft.pictures),
        read_template(letter.subject_b) if letter.subject_b else None,
    )


def _text_message(draft: _Draft, letter: Letter, controller: Controller) -> Layout:
    """Lay out a text: its words, who pays, and how one leaves."""
    mark = draft.mark(str(letter.blocks[0]["text"]))
    foot = WORDS[letter.language]["sms.foot"].format(**_names(controller))
    page = (
        f'<!DOCTYPE html><html lang="{letter.language}"><head><meta charset="utf-8"></head>'
        f'<body style="font-family:sans-serif"><p>{mark}</p><p>{escape(foot)}</p></body></html>'
    )
    html, text = (_cut(one, len(draft.templates)) for one in (page, f"{mark}\n{foot}"))
    return Layout(read_template(""), html, text, tuple(draft.templates), ())


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def _cut(text: str, known: int) -> tuple[str | int, ...]:
    """Return a layout as what stands still, in turn with numbers of what is filled."""
    fixed = {90001: known, 90002: known + 1}
    parts = _MARK.split(text)
    return tuple(
        fixed.get(int(one), int(one)) if n % 2 else one for n, one in enumerate(parts) if one
    )


def _foot(language: str, controller: Controller, more: Iterable[str]) -> Iterable[str]:
    told, names = WORDS[language], _names(controller)
    for key in ("sponsor", "controller", *more):
        yield told[f"foot.{key}"].format(**names)


def foot_lines(language: str, controller: Controller) -> list[str]:
    """Return who pays and who answers, as a letter of paper tells it."""
    told, names = WORDS[language], _names(controller)
    return [told[f"foot.{key}"].format(**names) for key in ("sponsor", "controller")]


def _names(controller: Controller) -> dict[str, str]:
    return {
        "sponsor": controller.sponsor,
        "election": controller.election,
        "name": controller.name,
        "address": controller.address,
        "contact": controller.contact,
    }


def _title(draft: _Draft, block: Mapping[str, Any], _language: str) -> None:
    mark = draft.mark(str(block["text"]))
    draft.add(f"<h1>{mark}</h1>", mark)


def _text(draft: _Draft, block: Mapping[str, Any], _language: str) -> None:
    mark = draft.mark(str(block["text"]))
    draft.add(f"<p>{mark}</p>", mark)


def _picture(draft: _Draft, block: Mapping[str, Any], _language: str) -> None:
    data, mark = picture_bytes(block), draft.mark(str(block["alt"]))
    cid = f"picture{len(draft.pictures) + 1}@palier"
    draft.pictures.append(Picture(cid, picture_kind(data), data))
    draft.add(f'<img src="cid:{cid}" alt="{mark}">', f"[{mark}]")


def _button(draft: _Draft, block: Mapping[str, Any], _language: str) -> None:
    mark, url = draft.mark(str(block["text"])), escape(str(block["url"]))
    draft.add(f'<p><a class="go" href="{url}">{mark}</a></p>', f"{mark}\n{block['url']}")


def _figures(draft: _Draft, block: Mapping[str, Any], language: str) -> None:
    rows = [(draft.mark(str(label)), draft.mark(str(value))) for label, value in block["rows"]]
    line = WORDS[language]["foot.line"]
    source = WORDS[language]["foot.source"].format(source=draft.mark(str(block["source"])))
    cells = "".join(f'<tr><td>{one}</td><td class="n">{two}</td></tr>' for one, two in rows)
    draft.add(
        f'<table role="presentation">{cells}</table><p class="soft">{source}</p>',
        "\n".join([*(line.format(label=one, value=two) for one, two in rows), source]),
    )


_BLOCKS: dict[str, Callable[[_Draft, Mapping[str, Any], str], None]] = {
    "title": _title,
    "text": _text,
    "picture": _picture,
    "button": _button,
    "figures": _figures,
}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours #rrggbb, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for one in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
