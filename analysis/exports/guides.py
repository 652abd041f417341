"""The guides of `docs/guides`, and the same as one file to print."""

from __future__ import annotations

import base64
import re
import struct
from functools import cache
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
# In the order in which a campaign needs them.
NAMES = ("prepare", "ranking", "train", "door", "people", "after")
_PICTURE = re.compile(r"^!\[(?P<text>[^\]]*)\]\((?P<file>[^)]+)\)$", re.MULTILINE)
_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def text_of(name: str, language: str) -> str:
    """Return a guide as Markdown."""
    return (GUIDES / language / f"{name}.md").read_text(encoding="utf-8")


@cache
def title_of(name: str, language: str) -> str:
    """Return the title of a guide: its first line."""
    return text_of(name, language).partition("\n")[0].removeprefix("# ")


def parts_of(name: str, language: str) -> list[tuple[str, str, Path | None]]:
    """Return a guide in pieces: Markdown, then a caption and the file of a picture, if any."""
    body = text_of(name, language).partition("\n")[2]
    pieces = []
    at = 0
    for found in _PICTURE.finditer(body):
        file = (GUIDES / language / found["file"]).resolve()
        pieces.append((body[at : found.start()], found["text"], file))
        at = found.end()
    return [*pieces, (body[at:], "", None)]


def is_tall(picture: Path) -> bool:
    """Tell whether a PNG is higher than wide."""
    with picture.open("rb") as file:
        width, height = struct.unpack(">16x2I", file.read(24))
    return bool(height > width)


def to_html(names: tuple[str, ...], language: str) -> bytes:
    """Write guides as one page, pictures inside, each guide on a sheet of its own."""
    articles = [_article(name, language) for name in names]
    title = title_of(names[0], language) if len(names) == 1 else "Palier"
    head = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    )
    return (head + "".join(articles) + "</body></html>\n").encode()


def _article(name: str, language: str) -> str:
    # HTML in a guide is shown as text: guides are words and pictures.
    render = MarkdownIt("commonmark", {"html": False}).enable("table").render
    pieces = [f"<h1>{escape(title_of(name, language))}</h1>"]
    for words, caption, picture in parts_of(name, language):
        pieces.append(render(words))
        if picture:
            data = base64.b64encode(picture.read_bytes()).decode()
            pieces.append(
                f'<figure><img src="data:image/png;base64,{data}" alt="{escape(caption)}">'
                f"<figcaption>{escape(caption)}</figcaption></figure>"
            )
    return f"<article>{''.join(pieces)}</article>"
