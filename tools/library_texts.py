"""The library's texts as its code marks them: `Text`, and the three texts of an error."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from analysis.i18n import ERROR, TABLE, Words

# How lists are strung together; the library joins values with these.
PUNCTUATION = ("{0}: {1}", "{0}; {1}")
_WORD = re.compile(r"[^\W\d_][^\W\d_A-Z]|\ba\b")  # EPSG and GDAL are the same in every language
_RAISED = {"DataError", "UnavailableError"}
_OPTIONS = {"where", "mend"}
# Whose calls are looked at below.
_HOLDERS = _RAISED | {"Text", "Table", "Words"}


def library_texts(file: Path) -> Iterator[tuple[str, str]]:
    """Give the templates of a module with words in them, and their marks in the catalogue."""
    for call in _calls(file):
        if _called(call) == "Table":
            names = [k.value for k in call.keywords if k.arg == "name"]
            yield from ((text, TABLE) for node in names for text in _literals(node))
        for node in _templates(call):
            yield from ((text, ERROR) for text in _literals(node) if has_words(text))


def keyed_texts(file: Path) -> Iterator[tuple[str, str]]:
    """Give the texts that the code knows by a key, `Words`, and their marks in the catalogue."""
    for call in _calls(file):
        match call:
            case ast.Call(
                func=ast.Name(id="Words"),
                args=[ast.Constant(value=str(context)), ast.Dict(values=texts)],
            ):
                yield from ((text, context) for node in texts for text in _literals(node))
            case ast.Call(
                func=ast.Attribute(attr="read" | "columns" as reader, value=ast.Name(id="Words")),
                args=[ast.Constant(value=str(context)), ast.BinOp(right=ast.Constant(value=name))],
            ):
                words = getattr(Words, reader)(context, file.parent / str(name))
                yield from ((text, words.mark(key)) for key, text in words["en"].items() if text)


def misfilled(files: Iterable[Path]) -> list[str]:
    """List the texts of the library that no catalogue could translate, as "file:line: fault"."""
    return [
        f"{file.name}:{call.lineno}: {fault}"
        for file in files
        for call in _calls(file)
        for fault in _faults(call)
    ]


def has_words(template: str) -> bool:
    """Tell a text to translate from an id, a column or an option."""
    pieces = list(string.Formatter().parse(template))
    is_phrase = " " in template or any(name is not None for _, name, *_ in pieces)
    return is_phrase and bool(_WORD.search("\n".join(literal for literal, *_ in pieces)))


def _calls(file: Path) -> tuple[ast.Call, ...]:
    return _calls_in(file.read_text(encoding="utf-8"))


@cache
def _calls_in(code: str) -> tuple[ast.Call, ...]:
    """Return the calls that may hold a text; each module is asked for several kinds of them."""
    if not any(name in code for name in _HOLDERS):
        return ()
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return tuple(call for call in calls if _HOLDERS & {_called(call), _owner(call)})


def _owner(call: ast.Call) -> str:
    """Return whose method is called: `Words.read`."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=name)):
            return name
    return ""


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _templates(call: ast.Call) -> list[ast.expr]:
    name = _called(call)
    if name not in _RAISED | {"Text"}:
        return []
    named = [k.value for k in call.keywords if k.arg in {"where", "mend"} and name != "Text"]
    return [*call.args[:1], *named]


def _literals(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return [*_literals(one), *_literals(other)]
    return []


def _faults(call: ast.Call) -> Iterator[str]:
    templates = _templates(call)
    gaps: set[str] = set()
    for node in templates:
        if not _is_template(node):
            yield f"a template is a literal, its values are named: {ast.unparse(node)}"
        for text in _literals(node):
            gaps |= {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    given = {k.arg for k in call.keywords if k.arg not in _OPTIONS}
    if templates and None not in given and gaps != given:
        yield f"gaps {sorted(gaps)} are not the values {sorted(map(str, given))}"


def _is_template(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_template(one) and _is_template(other)
        case ast.Call():
            return _called(node) in {"Text", "Listed", "Reread", "some", "with_values"}
        case ast.Attribute(attr=name):
            return name in {"what", "where", "mend"}
        case ast.Name():
            return True
    return False
