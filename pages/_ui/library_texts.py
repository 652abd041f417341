"""Find the texts that the library shows people: its errors, reasons and notes.

The library speaks English and knows nothing of catalogues. Its texts are read from its code:
``DataError(f"{path.name} is empty.")`` becomes the template ``{0} is empty.``, which
`pages._ui.advice` recognises in the text at run time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

# Marks the library's texts in the catalogue.
CONTEXT = "error"
PUNCTUATION = ("{0}: {1}", "{0}; {1}")
# A text in pieces; None is a value that is known only at run time.
Text = tuple[str | None, ...]
_UNKNOWN: list[Text] = [(None,)]
# Where the library's texts go: position and name of each argument; a star marks a list of texts.
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
    "of": ((None, "licence"),),
}
_SAME_ITEMS = {"tuple", "list", "sorted", "set", "fromkeys"}
_WORD = re.compile(r"[^\W\d_A-Z]{2}|\ba\b")  # EPSG and GDAL are the same in every language
# More constants than this are names of columns or fields, not alternatives of a sentence.
_MOST_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: its module and, if any, its outermost function."""

    module: ast.Module
    function: ast.FunctionDef | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A template, and the file and line of the call that shows it."""

    template: str
    file: str
    line: int


Place = tuple[ast.expr, Scope]


def collect(root: Path) -> list[Found]:
    """List the templates of the library under `root`, and how it strings values together."""
    found = list(_Library(root).templates())
    return [*(Found(text, found[0].file, 1) for text in PUNCTUATION), *found] if found else []


def unread(root: Path) -> list[str]:
    """List the errors whose text cannot be read from the code, as "file:line"."""
    library = _Library(root)
    return [
        f"{library.names[scope.module]}:{call.lineno}"
        for call, scope in library.calls.get("DataError", [])
        if not _is_passed_on(given := _argument(call, 0, "what"))
        and not any(map(_has_words, library.texts(given, scope)))
    ]


def _is_passed_on(node: ast.expr | None) -> bool:
    """Tell whether a text is that of another error."""
    return isinstance(node, ast.Attribute) and node.attr == "what"


class _Library:
    """The code of the library, and what its expressions may say."""

    def __init__(self, root: Path) -> None:
        self.names: dict[ast.Module, str] = {}
        self.functions: dict[str, list[tuple[ast.FunctionDef, Scope]]] = {}
        self.calls: dict[str, list[tuple[ast.Call, Scope]]] = {}
        self._parts: list[Text] = []
        self._open: set[int] = set()
        for file in sorted((root / "analysis").rglob("*.py")):
            module = ast.parse(file.read_text(encoding="utf-8"))
            self.names[module] = file.relative_to(root).as_posix()
            self._index(module, Scope(module))

    def _index(self, node: ast.AST, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            inner = scope
            if isinstance(child, ast.FunctionDef):
                inner = scope if scope.function else Scope(scope.module, child)
                self.functions.setdefault(child.name, []).append((child, inner))
            elif isinstance(child, ast.Call):
                self.calls.setdefault(_called(child), []).append((child, scope))
            self._index(child, inner)

    def templates(self) -> Iterator[Found]:
        """Give every template once for each call that shows it."""
        for name, arguments in _SINKS.items():
            for call, scope in self.calls.get(name, []):
                self._parts = []
                for position, argument in arguments:
                    given = _argument(call, position, argument.lstrip("*"))
                    is_list = argument.startswith("*")
                    places = self.items(given, scope) if is_list else [(given, scope)]
                    self._parts += [text for place in places for text in self.texts(*place)]
                for text in dict.fromkeys(filter(_is_phrase, self._parts)):
                    yield Found(template(text), self.names[scope.module], call.lineno)

    def texts(self, node: ast.expr | None, scope: Scope) -> list[Text]:
        """Return what `node` may say; a value where the code does not tell."""
        if node is None or id(node) in self._open:
            return _UNKNOWN
        self._open.add(id(node))
        try:
            return self._texts(node, scope)
        finally:
            self._open.remove(id(node))

    def _texts(self, node: ast.expr, scope: Scope) -> list[Text]:
        match node:
            case ast.Constant(value=str(text)):
                return [(text,)]
            case ast.JoinedStr(values=pieces):
                return _joined([self._piece(piece, scope) for piece in pieces])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([self._inside(side, scope) for side in (left, right)])
            case ast.Call() if _called(node) in {"some", "join"}:
                for place in self.items(node.args[0], scope):
                    self._parts += filter(_is_phrase, self.texts(*place))
        places = [*self._same(node, scope)]
        return [text for place in places for text in self.texts(*place)] or _UNKNOWN

    def _piece(self, piece: ast.expr, scope: Scope) -> list[Text]:
        """Read a piece of an f-string."""
        if not isinstance(piece, ast.FormattedValue):
            return self.texts(piece, scope)
        is_plain = piece.format_spec is None and piece.conversion == -1
        return self._inside(piece.value, scope) if is_plain else _UNKNOWN

    def _inside(self, node: ast.expr, scope: Scope) -> list[Text]:
        """Read a text inside another: constants stand in it, others are values of their own."""
        if isinstance(node, ast.JoinedStr | ast.Constant | ast.BinOp):
            return self.texts(node, scope)
        found = list(dict.fromkeys(self.texts(node, scope)))
        if any(None in text for text in found):
            # A column named "votes" beside others that the code does not name is a value too.
            found = [text for text in found if None in text or _is_phrase(text)]
        constant = [text for text in found if None not in text]
        if len(constant) > _MOST_ALTERNATIVES or not any(map(_has_words, found)):
            return found if len(found) == len(constant) == 1 else _UNKNOWN
        self._parts += [text for text in found if None in text]
        return constant if len(constant) == len(found) else [*constant, *_UNKNOWN]

    def _same(self, node: ast.expr, scope: Scope) -> Iterator[Place]:
        """Give the expressions whose value `node` may have."""
        match node:
            case ast.IfExp(body=one, orelse=other):
                yield from ((one, scope), (other, scope))
            case ast.BoolOp(values=nodes):
                yield from ((value, scope) for value in nodes)
            case ast.NamedExpr(value=value):
                yield value, scope
            case ast.Name(id=name):
                yield from self._bound(name, scope)
            case ast.Call():
                yield from self._returned(node, scope)

    def items(self, node: ast.expr | None, scope: Scope) -> Iterator[Place]:
        """Give the expressions of the items of a list."""
        if node is None or id(node) in self._open:
            return
        self._open.add(id(node))
        match node:
            case ast.Tuple(elts=nodes) | ast.List(elts=nodes) | ast.Set(elts=nodes):
                for item in nodes:
                    is_star = isinstance(item, ast.Starred)
                    yield from self.items(item.value, scope) if is_star else [(item, scope)]
            case ast.GeneratorExp(elt=item) | ast.ListComp(elt=item):
                yield item, scope
            case ast.BinOp(left=left, right=right):
                yield from self.items(left, scope)
                yield from self.items(right, scope)
            case ast.Call(args=[first, *_]) if _called(node) in _SAME_ITEMS:
                yield from self.items(first, scope)
            case _:
                for place in self._same(node, scope):
                    yield from self.items(*place)
        self._open.remove(id(node))

    def _returned(self, call: ast.Call, scope: Scope) -> Iterator[Place]:
        for function, inside in self._near(self.functions, _called(call), scope):
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value:
                    yield node.value, inside

    def _near(self, table: dict, name: str, scope: Scope) -> list:  # type: ignore[type-arg]
        """Look a name up: one with an underscore is its module's own."""
        found = table.get(name, [])
        return [f for f in found if f[1].module is scope.module or not name.startswith("_")]

    def _bound(self, name: str, scope: Scope) -> Iterator[Place]:
        """Give what a name may stand for: assigned, looped over, or given as an argument."""
        inside = [*self._assigned(name, scope.function, scope)] if scope.function else []
        yield from inside or self._assigned(name, scope.module, Scope(scope.module))

    def _assigned(self, name: str, within: ast.AST, scope: Scope) -> Iterator[Place]:
        for node in ast.walk(within) if scope.function else ast.iter_child_nodes(within):
            if isinstance(node, ast.FunctionDef):
                yield from self._given(name, node, scope)
            elif target := _target(node, name):
                is_loop = isinstance(node, ast.For | ast.comprehension)
                places = self.items(node.iter, scope) if is_loop else [(node.value, scope)]
                for place in places:
                    yield from self._taken(target, name, place)

    def _taken(self, target: ast.expr, name: str, place: Place) -> Iterator[Place]:
        """Give the part of `place` that the name takes when it is assigned to `target`."""
        if isinstance(target, ast.Name) and target.id == name:
            yield place
        if not isinstance(target, ast.Tuple):
            return
        node, scope = place
        for value, where in [place] if isinstance(node, ast.Tuple) else self._same(node, scope):
            if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                for one, its in zip(target.elts, value.elts, strict=True):
                    yield from self._taken(one, name, (its, where))

    def _given(self, name: str, function: ast.FunctionDef, scope: Scope) -> Iterator[Place]:
        names = [a.arg for a in (*function.args.args, *function.args.kwonlyargs)]
        if name not in names:
            return
        position = names.index(name) - (names[0] in {"self", "cls"})
        for call, where in self._near(self.calls, function.name, scope):
            if node := _argument(call, position, name):
                yield node, where


def _target(node: ast.AST, name: str) -> ast.expr | None:
    """Return what `node` assigns to, if the name is in it."""
    match node:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target, value=ast.expr()):
            pass
        case ast.AugAssign(target=target) | ast.NamedExpr(target=target):
            pass
        case ast.For(target=target) | ast.comprehension(target=target):
            pass
        case _:
            return None
    names = (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
    return target if name in names else None


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    if position is not None and position < len(call.args):
        return call.args[position]
    return next((k.value for k in call.keywords if k.arg == name), None)


def _joined(pieces: list[list[Text]]) -> list[Text]:
    return [_flat(choice) for choice in product(*pieces)]


def _flat(choice: tuple[Text, ...]) -> Text:
    """Join the pieces; neighbouring constants are one, and neighbouring values are one."""
    flat: list[str | None] = []
    for piece in (piece for text in choice for piece in text):
        last = flat[-1] if flat else ""
        if flat and isinstance(piece, str) and isinstance(last, str):
            flat[-1] = last + piece
        elif not flat or piece is not None or last is not None:
            flat.append(piece)
    return tuple(flat)


def _has_words(text: Text) -> bool:
    return bool(_WORD.search("\n".join(piece or "" for piece in text)))


def _is_phrase(text: Text) -> bool:
    return _has_words(text) and (None in text or " " in "".join(piece or "" for piece in text))


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
