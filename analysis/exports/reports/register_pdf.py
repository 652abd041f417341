"""Registers on paper: sections of labels and values; what is empty is said to be missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from analysis.exports.reports.plan_pdf import plan_pdf
from analysis.i18n import Words

WORDS = Words.read("register", files("analysis.exports.reports") / "register_words.toml")
KINDS = ("processing", "dpia", "breach", "targeting", "cost")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a register.

    Attributes
    ----------
    head
        Key of its heading.
    rows
        Key of a label, and what was written; "" where it is missing.
    number
        Of several sections of one heading; 0 for the only one.
    """

    head: str
    rows: Sequence[tuple[str, str]]
    number: int = 0


def register_text(
    kind: str, sections: Iterable[Section], *, place: str, day: str, language: str
) -> str:
    """Return a register as Markdown.

    Parameters
    ----------
    kind
        One of `KINDS`.
    sections
        Its parts.
    place
        Name of the campaign.
    day
        When it was filled.
    language
        "fr" or "en".

    Returns
    -------
    str
        A heading a section, a line a field; a field without text says that it is missing.
    """
    told = WORDS[language]
    colon = "\u00a0:" if language == "fr" else ":"
    lines = [f"# {told[f'title.{kind}']}", "", _plain(place), ""]
    for section in sections:
        number = f" {section.number}" if section.number else ""
        lines += [f"## {told[f'head.{section.head}']}{number}", ""]
        lines += [
            f"- **{told[f'label.{label}']}{colon}** {_plain(text) or told['text.missing']}"
            for label, text in section.rows
        ] or [told["text.none"]]
        lines.append("")
    return "\n".join([*lines, told["text.made"].format(day=day)])


def register_pdf(text: str, *, language: str) -> bytes:
    """Return a register as PDF, A4, from what `register_text` returned.

    Parameters
    ----------
    text
        Markdown.
    language
        "fr" or "en".
    """
    return plan_pdf(text, language=language, kind="register")


def _plain(text: str) -> str:
    """Return a value on one line, without what Markdown would read as a mark."""
    return " ".join(text.replace("*", "∗").replace("`", "’").split())
