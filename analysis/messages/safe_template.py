"""Templates of authors: variables, conditions, one bounded loop, and nothing that runs code.

What is not on the list below is refused when the template is read: no attribute, index or call,
from which introspection starts; no arithmetic, with which a short text fills the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from jinja2 import StrictUndefined, TemplateError, UndefinedError, nodes
from jinja2.environment import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from analysis.errors import DataError, Text, some

# What a template may name, with the datum of the gate that it shows.
VARIABLES: dict[str, str] = {
    "first_name": "person.name",
    "last_name": "person.name",
    "city": "person.address",
    "bureau": "person.bureau",
    "abstention": "results.abstention",
    "themes": "person.theme",
}
_LISTS = ("themes",)
_FILTERS = frozenset({"default", "upper", "lower", "capitalize", "title", "trim", "join"})
_TESTS = frozenset({"defined", "undefined"})
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If),
    *(nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Filter, nodes.Test, nodes.For),
)
LONGEST, LONGEST_RENDERED, _MOST_TURNS = 10_000, 20_000, 20


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # What it gives is plain text: whoever puts it into HTML escapes it there.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    return environment


@dataclass(frozen=True, slots=True)
class Safe:
    """A template that was read and found harmless.

    Attributes
    ----------
    source
        As its author wrote it.
    names
        Variables it may ask for.
    """

    source: str
    names: frozenset[str]
    _compiled: Template

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text for one person.

        Raises
        ------
        DataError
            When a variable has no value for this person, or the text is too long.
        """
        bounded = {
            name: value[:_MOST_TURNS] if isinstance(value, (list, tuple)) else value
            for name, value in values.items()
        }
        try:
            text = self._compiled.render(bounded)
        except UndefinedError as error:
            missing = sorted(self.names - values.keys())
            raise DataError(
                "A variable has no value for this person: {names}.",
                mend='Give what stands instead, such as {example}, or "if … is defined".',
                names=some(missing),
                example='{{ first_name | default("") }}',
            ) from error
        if len(text) > LONGEST_RENDERED:
            raise _refused(Text("it gives a text of more than {n} characters", n=LONGEST_RENDERED))
        return text


@lru_cache(512)
def read_template(source: str) -> Safe:
    """Read the template of an author.

    Raises
    ------
    DataError
        When it is too long, is no template, or asks for more than variables and conditions.
    """
    if len(source) > LONGEST:
        raise _refused(Text("it has more than {n} characters", n=LONGEST))
    if not _is_text(source):
        raise _refused(Text("it has signs that are no text"))
    try:
        tree = _environment().parse(source)
        _check(tree)
        return Safe(source, frozenset(_names(tree)), _environment().from_string(source))
    except TemplateError as error:
        raise _refused(Text("{said}", said=str(error))) from error
    except RecursionError as error:
        raise _refused(Text("it goes deeper than a text does")) from error


def _is_text(source: str) -> bool:
    """Tell whether there is nothing but text; private signs are the layout's own marks."""
    signs = set(source) - set("\n\t")
    return not any(sign < " " or "\ue000" <= sign <= "\uf8ff" for sign in signs)


def _check(tree: nodes.Template) -> None:
    own = {
        one.target.name for one in tree.find_all(nodes.For) if isinstance(one.target, nodes.Name)
    }
    for node in _every(tree):
        if not isinstance(node, _ALLOWED):
            raise _refused(Text("it holds {what}", what=type(node).__name__.lower()))
        if isinstance(node, nodes.Filter):
            _check_filter(node)
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise _refused(Text("it uses the test {what}", what=node.name))
        if isinstance(node, nodes.Name) and node.name not in VARIABLES.keys() | own:
            raise _refused(Text("there is no variable {what}", what=node.name))
        if isinstance(node, nodes.For):
            _check_loop(node)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in _FILTERS:
        raise _refused(Text("it uses the filter {what}", what=node.name))
    if not all(isinstance(one, nodes.Const) for one in node.args) or node.kwargs:
        raise _refused(Text("a filter takes a plain text alone"))
    # One join in another would multiply a short text without end.
    if node.name == "join" and not _is_list(node.node):
        raise _refused(Text("only {lists} can be joined", lists=", ".join(_LISTS)))


def _is_list(node: nodes.Node | None) -> bool:
    return isinstance(node, nodes.Name) and node.name in _LISTS


def _check_loop(node: nodes.For) -> None:
    if not _is_list(node.iter):
        raise _refused(Text("a loop goes through one of {lists}", lists=", ".join(_LISTS)))
    if node.recursive or any(
        isinstance(one, nodes.For) for part in node.body for one in _every(part)
    ):
        raise _refused(Text("a loop has another one in it"))
    if not isinstance(node.target, nodes.Name) or node.target.name in VARIABLES:
        raise _refused(Text("a loop needs a name of its own"))


def _every(node: nodes.Node) -> Iterable[nodes.Node]:
    yield node
    for one in node.iter_child_nodes():
        yield from _every(one)


def _names(tree: nodes.Template) -> Iterable[str]:
    return (one.name for one in tree.find_all(nodes.Name) if one.name in VARIABLES)


def _refused(why: Text) -> DataError:
    return DataError(
        "This template is refused: {why}.",
        mend="Write text, variables among {names}, and conditions on them.",
        why=why,
        names=", ".join(VARIABLES),
    )
