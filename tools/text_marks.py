"""How pages mark their texts for translation, and the ways to get it wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

# The functions of `i18n` that mark a text, as Babel's extraction reads their arguments.
KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
# Of Streamlit's calls, those whose first argument is read by people.
_SHOWN = {
    *("title", "header", "subheader", "write", "markdown", "caption", "text", "metric", "badge"),
    *("info", "warning", "error", "success", "toast", "spinner", "progress", "status"),
    *("button", "download_button", "link_button", "form_submit_button"),
    *("checkbox", "toggle", "radio", "selectbox", "multiselect", "segmented_control", "pills"),
    *("slider", "select_slider", "number_input", "text_input", "text_area", "date_input"),
    *("file_uploader", "expander", "popover", "menu_button"),
}
_SHOWN_BY_NAME = {"label", "help", "placeholder", "title", "page_title", "show_spinner"}
_SAME_EVERYWHERE = {"Palier", "Langue · Language"}


def misused(files: Iterable[Path]) -> list[str]:
    """List texts shown untranslated and marks that do not work, as "file:line: fault"."""
    return [
        f"{file.name}:{node.lineno}: {fault}"
        for file in files
        for node, fault in _faults(ast.parse(file.read_text(encoding="utf-8")), file)
    ]


def _faults(tree: ast.Module, file: Path) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for fault in _call_faults(node):
                yield node, fault
        elif isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store):
            yield node, "`_` is the translation here: give the unused value another name"
    # Streamlit runs a page anew for each visitor, but imports the modules of _ui once for all.
    if "_ui" in file.parts:
        for call in _called_at_import(tree):
            if _marker(call) in KEYWORDS:
                yield call, "translated once for every visitor: translate where it is shown"


def _marker(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _called_at_import(node: ast.AST) -> Iterator[ast.Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child
        if isinstance(child, ast.FunctionDef):
            for part in [*child.decorator_list, child.args]:
                yield from _called_at_import(part)
        elif not isinstance(child, ast.Lambda):
            yield from _called_at_import(child)


def _call_faults(call: ast.Call) -> Iterator[str]:
    if _marker(call) in KEYWORDS:
        if any(isinstance(a, ast.JoinedStr | ast.BinOp | ast.Call) for a in call.args[:1]):
            yield f"{_marker(call)}() takes a literal, filled in afterwards with .format()"
        return
    is_method = isinstance(call.func, ast.Attribute) and call.func.attr in _SHOWN
    shown = call.args[:1] if is_method else []
    for argument in [*shown, *(k.value for k in call.keywords if k.arg in _SHOWN_BY_NAME)]:
        if text := _untranslated(argument):
            yield f"not translatable: {text!r}"


def _untranslated(node: ast.expr) -> str:
    """Return the words that `node` holds as they are, if people would read them."""
    pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
    literal = "".join(
        piece.value
        for piece in pieces
        if isinstance(piece, ast.Constant) and isinstance(piece.value, str)
    )
    is_markup = literal.lstrip().startswith(("<", ":material/"))
    has_word = any(a.isalpha() and b.isalpha() for a, b in zip(literal, literal[1:], strict=False))
    return literal if has_word and not is_markup and literal not in _SAME_EVERYWHERE else ""
