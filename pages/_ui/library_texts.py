"""Find the texts that the library shows people: its errors, reasons and notes.

The library speaks English and knows nothing of catalogues. Its texts are read from its code:
``DataError(f"{path.name} is empty.")`` becomes the template ``{0} is empty.``, which
`pages._ui.advice` recognises in the text at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pages._ui.code_texts import Code, Text, argument, has_words, is_phrase

# Mark the library's texts, and the names of its tables, in the catalogue.
CONTEXT = "error"
TABLE = "table"
PUNCTUATION = ("{0}: {1}", "{0}; {1}")
# Where texts go: position and name of each argument; a star marks a list of texts.
_ERROR = ((0, "what"), (None, "where"), (None, "mend"))
_SINKS: dict[str, tuple[tuple[int | None, str], ...]] = {
    "DataError": _ERROR,
    "UnavailableError": _ERROR,
    "TransientError": ((0, "text"),),
    "ValueError": ((0, "text"),),
    "LookupError": ((0, "text"),),
    "Identity": ((0, "rule"),),
    "LeftOut": ((0, "reason"), (2, "examples")),
    "Report": ((4, "*notes"),),
    "replace": ((None, "*notes"),),
    "Prospects": ((3, "*notes"),),
    "AbstentionForecast": ((None, "*notes"),),
    "Source": ((4, "licence"),),
    "Reader": ((1, "label"),),
    "Format": ((1, "label"),),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A text of the library, the file that shows it, and its mark in the catalogue."""

    template: str
    file: str
    context: str = CONTEXT


def collect(root: Path) -> list[Found]:
    """List the texts of the library under `root`, and how it strings values together."""
    code = Code(root)
    found = [*_templates(code), *_tables(code)]
    return [*(Found(text, found[0].file) for text in PUNCTUATION), *found] if found else []


def _templates(code: Code) -> Iterator[Found]:
    for name, arguments in _SINKS.items():
        for call, scope in code.calls.get(name, []):
            code.parts = []
            for position, label in arguments:
                given = argument(call, position, label.lstrip("*"))
                is_list = label.startswith("*")
                places = code.items(given, scope) if is_list else [(given, scope)]
                code.parts += [text for place in places for text in code.texts(*place)]
            for text in dict.fromkeys(filter(is_phrase, code.parts)):
                yield Found(template(text), code.names[scope.module])


def _tables(code: Code) -> Iterator[Found]:
    for call, scope in code.calls.get("Table", []):
        for (name,) in code.texts(argument(call, None, "name"), scope):
            if name:
                yield Found(name, code.names[scope.module], TABLE)


def unread(root: Path) -> list[str]:
    """List the errors whose text cannot be read from the code, as "file:line"."""
    code = Code(root)
    return [
        f"{code.names[scope.module]}:{call.lineno}"
        for call, scope in code.calls.get("DataError", [])
        if not _is_passed_on(given := argument(call, 0, "what"))
        and not any(map(has_words, code.texts(given, scope)))
    ]


def _is_passed_on(node: ast.expr | None) -> bool:
    """Tell whether a text is that of another error."""
    return isinstance(node, ast.Attribute) and node.attr == "what"


def template(text: Text) -> str:
    """Write a text as `str.format` fills it in."""
    parts, n = [], 0
    for piece in text:
        if piece is None:
            parts.append(f"{{{n}}}")
            n += 1
        else:
            parts.append(piece.replace("{", "{{").replace("}", "}}"))
    return "".join(parts)
