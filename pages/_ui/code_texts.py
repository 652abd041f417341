"""What the expressions of the library's code may say, without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

# A text in pieces; None is a value that is known only at run time.
Text = tuple[str | None, ...]
_UNKNOWN: list[Text] = [(None,)]
_SAME_ITEMS = {"tuple", "list", "sorted", "set", "fromkeys"}
_WORD = re.compile(r"[^\W\d_][^\W\d_A-Z]|\ba\b")  # EPSG and GDAL are the same in every language
# More constants than this are names of columns or fields, not alternatives of a sentence.
_MOST_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: its module and, if any, its outermost function."""

    module: ast.Module
    function: ast.FunctionDef | None = None


Place = tuple[ast.expr, Scope]


class Code:
    """The code of the library.

    Attributes
    ----------
    names
        Path of each module.
    functions, calls
        By name, with where they stand.
    parts
        Texts met inside others, as items of lists or in gaps; the caller empties it.
    """

    def __init__(self, root: Path) -> None:
        self.names: dict[ast.Module, str] = {}
        self.functions: dict[str, list[tuple[ast.FunctionDef, Scope]]] = {}
        self.calls: dict[str, list[tuple[ast.Call, Scope]]] = {}
        self.parts: list[Text] = []
        self._open: set[int] = set()
        # What a question has already found out: many paths lead to the same expression.
        self._known: dict[int, list[Text]] = {}
        self._listed: dict[int, list[Place]] = {}
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
                self.calls.setdefault(called(child), []).append((child, scope))
            self._index(child, inner)

    def texts(self, node: ast.expr | None, scope: Scope) -> list[Text]:
        """Return what `node` may say; a value where the code does not tell."""
        if node is None or id(node) in self._open:
            return _UNKNOWN
        if not self._open:
            self._known, self._listed = {}, {}
        if id(node) not in self._known:
            self._open.add(id(node))
            try:
                self._known[id(node)] = list(dict.fromkeys(self._texts(node, scope)))
            finally:
                self._open.remove(id(node))
        return self._known[id(node)]

    def _texts(self, node: ast.expr, scope: Scope) -> list[Text]:
        match node:
            case ast.Constant(value=str(text)):
                return [(text,)]
            case ast.JoinedStr(values=pieces):
                return _joined([self._piece(piece, scope) for piece in pieces])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([self._inside(side, scope) for side in (left, right)])
            case ast.Call() if called(node) in {"some", "join"}:
                for place in self.items(next(iter(node.args), None), scope):
                    self.parts += filter(is_phrase, self.texts(*place))
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
            found = [text for text in found if None in text or is_phrase(text)]
        constant = [text for text in found if None not in text]
        if len(constant) > _MOST_ALTERNATIVES or not any(map(has_words, found)):
            return found if len(found) == len(constant) == 1 else _UNKNOWN
        self.parts += [text for text in found if None in text]
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

    def items(self, node: ast.expr | None, scope: Scope) -> list[Place]:
        """Return the expressions of the items of a list."""
        if node is None or id(node) in self._open:
            return []
        if not self._open:
            self._known, self._listed = {}, {}
        if id(node) not in self._listed:
            self._open.add(id(node))
            try:
                self._listed[id(node)] = list(dict.fromkeys(self._items(node, scope)))
            finally:
                self._open.remove(id(node))
        return self._listed[id(node)]

    def _items(self, node: ast.expr, scope: Scope) -> Iterator[Place]:
        match node:
            case ast.Tuple(elts=nodes) | ast.List(elts=nodes) | ast.Set(elts=nodes):
                for item in nodes:
                    if isinstance(item, ast.Starred):
                        yield from self.items(item.value, scope)
                    else:
                        yield item, scope
            case ast.GeneratorExp(elt=item) | ast.ListComp(elt=item):
                yield item, scope
            case ast.BinOp(left=left, right=right):
                yield from self.items(left, scope)
                yield from self.items(right, scope)
            case ast.Call(args=[first, *_]) if called(node) in _SAME_ITEMS:
                yield from self.items(first, scope)
            case _:
                for place in self._same(node, scope):
                    yield from self.items(*place)

    def _returned(self, call: ast.Call, scope: Scope) -> Iterator[Place]:
        for function, inside in self._near(self.functions, called(call), scope):
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
            elif parts := _assignment(node, name):
                target, value = parts
                is_loop = isinstance(node, ast.For | ast.comprehension)
                for place in self.items(value, scope) if is_loop else [(value, scope)]:
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
            if node := argument(call, position, name):
                yield node, where


def _assignment(node: ast.AST, name: str) -> tuple[ast.expr, ast.expr] | None:
    """Return what is assigned to (or loops), and from what, if the name is in it."""
    match node:
        case ast.Assign(targets=[target], value=value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            pass
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target, value):
            pass
        case ast.For(target=target, iter=value) | ast.comprehension(target, value):
            pass
        case _:
            return None
    names = (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
    return (target, value) if name in names else None


def called(call: ast.Call) -> str:
    """Return the name of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    """Return an argument given by position or by name."""
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


def has_words(text: Text) -> bool:
    """Tell whether there is something to translate."""
    return bool(_WORD.search("\n".join(piece or "" for piece in text)))


def is_phrase(text: Text) -> bool:
    """Tell a text for people from an id, a column or an option."""
    return has_words(text) and (None in text or " " in "".join(piece or "" for piece in text))
