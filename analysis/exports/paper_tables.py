"""Tables for a paper or a report: LaTeX (`booktabs`) and Markdown, meanings and sources below.

Numbers have three significant digits, counts all of theirs; texts are as the other formats have
them. The provenance stands at the end, in a comment that neither LaTeX nor a browser shows.
"""

from __future__ import annotations

from pathlib import Path

from analysis.errors import Text
from analysis.exports.document import Leaving
from analysis.exports.embedded_provenance import KEY
from analysis.tables.table_texts import escaped_for_latex, latex, markdown

_TEX, _MD = (f"% {KEY}:", ""), (f"<!-- {KEY}:", " -->")


def to_latex(document: Leaving) -> bytes:
    """Write a `table` with caption and notes, for a document to take in by its name."""
    notes = [escaped_for_latex(note) for note in _notes(document)]
    lines = [
        r"% \usepackage{booktabs} \usepackage[T1]{fontenc}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped_for_latex(_title(document))}}}",
        latex(document.table).rstrip("\n"),
        *(rf"\par\footnotesize {note}" for note in notes),
        r"\end{table}",
    ]
    return _ended(lines, _TEX, document)


def to_markdown(document: Leaving) -> bytes:
    """Write a heading, the table, and notes as a list."""
    lines = [f"**{_title(document)}**", "", markdown(document.table)]
    lines += [f"- {note}" for note in _notes(document)]
    return _ended([*lines, ""], _MD, document)


def in_tex(path: Path) -> str:
    """Return the provenance text of a LaTeX file."""
    return _last(path, _TEX)


def in_markdown(path: Path) -> str:
    """Return the provenance text of a Markdown file."""
    return _last(path, _MD)


def _title(document: Leaving) -> str:
    parts = (document.heading.replace("\n", " "), document.subtitle)
    return " · ".join(part for part in parts if part)


def _notes(document: Leaving) -> list[str]:
    """Return what the columns are, and what a reader must know."""
    colon = "\u00a0: " if document.language == "fr" else ": "
    known = {one["column"]: one["meaning"] for one in document.provenance.units}
    told = [f"{name}{colon}{known[name]}" for name in document.table if known.get(name)]
    return [*told, *document.remarks]


def _ended(lines: list[str], ends: tuple[str, str], document: Leaving) -> bytes:
    # Two hyphens would end a comment; inside a text of JSON this reads as the same.
    text = document.provenance.to_json().replace("--", "-\\u002d")
    return "\n".join([*lines, f"{ends[0]}{text}{ends[1]}", ""]).encode()


def _last(path: Path, ends: tuple[str, str]) -> str:
    lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    if not lines or not lines[-1].startswith(ends[0]):
        raise LookupError(Text("nothing in it is named {key}", key=KEY))
    return lines[-1].removeprefix(ends[0]).removesuffix(ends[1])
