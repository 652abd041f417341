"""The direction of dependencies and the shape of the house, kept by tests instead of by memory."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "analysis").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
UI = sorted((ROOT / "pages" / "_ui").rglob("*.py"))

# From the ground up; neighbours in a step do not know one another.
STEPS = [
    {"agreement", "errors", "process_end", "text_catalogue", "vocabulary"},
    {"i18n"},
    {"tables"},
    {"database"},
    {"geography"},
    {"electorate"},
    {"targeting", "experiments", "fieldwork", "turf", "access"},
    {"contacts"},
    {"messages"},
    {"charts"},
    {"exports", "readers", "sample"},
    {"fetch"},
    {"workflows"},
    {"cli"},
    {"__main__"},
]
STEP = {part: height for height, parts in enumerate(STEPS) for part in parts}
# A workspace or a store is opened here; rooms below take tables and return tables.
HEAVY = {"numpy", "pandas", "geopandas", "scipy", "statsmodels"}


@cache
def facts(file: Path) -> tuple[frozenset[str], dict[str, list[str]]]:
    """Modules that `file` imports, and sections that its functions lack: one walk tells both."""
    names: set[str] = set()
    lacking: dict[str, list[str]] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            missing := undocumented(node)
        ):
            lacking[f"{name(file)}:{node.lineno} {node.name}"] = missing
    return frozenset(names), lacking


def imported(file: Path) -> frozenset[str]:
    """Dotted names of the modules that `file` imports."""
    return facts(file)[0]


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_the_library_knows_nothing_of_the_app():
    wrong = {
        name(file): sorted(found)
        for file in LIBRARY
        if (found := {n.split(".")[0] for n in imported(file)} & {"streamlit", "pages", "app"})
    }
    assert not wrong


def test_imports_go_down():
    wrong = []
    for file in LIBRARY:
        own = file.relative_to(ROOT / "analysis").with_suffix("").parts[0]
        if own == "__init__":
            continue
        assert own in STEP, f"{own} has no step: give it one in STEPS"
        for dotted in imported(file):
            part = dotted.split(".")[1] if dotted.startswith("analysis.") else ""
            if part in STEP and part != own and STEP[part] >= STEP[own]:
                wrong.append(f"{name(file)} imports {dotted}")
    assert not sorted(set(wrong))


def test_only_workflows_open_a_workspace_or_a_store():
    openers = {"Workspace", "open_store"}
    wrong = []
    for file in LIBRARY:
        part = file.relative_to(ROOT / "analysis").parts[0]
        # Tables define a workspace, readers put files into one; a store is defined in its room.
        if part in {"tables", "readers", "workflows"} or file.stem == "store":
            continue
        text = file.read_text(encoding="utf-8")
        if not any(opener in text for opener in openers):
            continue
        for node in ast.walk(ast.parse(text)):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in openers:
                wrong.append(f"{name(file)}:{node.lineno}")
    assert not wrong


def test_rooms_only_read_the_workspace_that_is_handed_to_them():
    writers = {f"analysis.tables.workspace.{one}" for one in ("writing", "Writer")}
    wrong = {
        name(file)
        for file in LIBRARY
        if writers & imported(file)
        and file.relative_to(ROOT / "analysis").parts[0] not in {"tables", "readers", "workflows"}
    }
    assert any(writers & imported(file) for file in LIBRARY)  # that is what they are called
    assert not wrong


def test_pages_are_thin():
    for file in PAGES:
        assert not {n.split(".")[0] for n in imported(file)} & HEAVY, name(file)
        assert lines(file) <= 100, name(file)
        assert "session_state" not in file.read_text(encoding="utf-8"), name(file)


# Asks the pages' own questions while nobody looks.
AHEAD = "answers_ahead"


def test_what_the_pages_share_shows_or_asks():
    """What works something out without a screen belongs to the library."""
    silent = [
        name(file)
        for file in UI
        if file.stem not in ("__init__", AHEAD)
        and "streamlit" not in {n.split(".")[0] for n in imported(file)}
    ]
    assert UI
    assert not silent


def test_a_module_is_up_to_400_lines():
    assert not {name(file): lines(file) for file in LIBRARY + UI if lines(file) > 400}


def undocumented(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return which sections its docstring lacks, if it takes three arguments or more."""
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if function.name.startswith("_") or len({one.arg for one in given} - {"self", "cls"}) < 3:
        return []
    needed = {"Parameters": ("Parameters",)}
    if function.returns is None or ast.unparse(function.returns) != "None":
        needed["Returns"] = ("Returns", "Yields")
    told = ast.get_docstring(function) or ""
    return [
        section
        for section, heads in needed.items()
        if not any(f"{head}\n{'-' * len(head)}\n" in told for head in heads)
    ]


def test_functions_of_three_arguments_say_what_they_take_and_return():
    wrong = {
        function: lacking
        for file in LIBRARY
        # The options of a command are its documentation.
        if not file.stem.startswith("commands_")
        for function, lacking in facts(file)[1].items()
    }
    assert not wrong


@pytest.mark.parametrize("tree", ["analysis", "pages"])
def test_no_base_name_stands_twice(tree):
    found = defaultdict(list)
    for file in (ROOT / tree).rglob("*.py"):
        if file.name != "__init__.py":
            found[file.name].append(name(file))
    assert not {one: files for one, files in found.items() if len(files) > 1}
    assert Counter(file.name for file in LIBRARY + UI)  # the walk found the house


def test_gdal_opens_files_behind_one_door():
    """Who lets it open a file makes it ask addresses, unless the format was looked at before."""
    doors = {"analysis/readers/shapes.py", "analysis/fetch/cutting.py"}
    found = {
        name(file)
        for file in LIBRARY
        if {one.split(".")[0] for one in imported(file)} & {"pyogrio", "fiona", "osgeo"}
        or "gpd.read_file" in file.read_text(encoding="utf-8")
    }
    assert found == doors


def test_pages_ask_whose_places_are_open():
    """A page that names the folder of this machine's places writes there for every campaign."""
    pages = (ROOT / "pages").rglob("*.py")
    found = {name(file) for file in pages if "WORKSPACES" in file.read_text(encoding="utf-8")}
    assert found == {"pages/_ui/state.py"}


def at_once(file: Path) -> set[str]:
    """Dotted names that `file` imports when it is imported itself."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def test_the_first_map_waits_for_neither_scipy_nor_matplotlib():
    """Each costs half a second of the five that the app has to it."""
    seen: set[Path] = set()
    waiting = [ROOT / "pages" / "priorities.py"]
    wrong = []
    while waiting:
        file = waiting.pop()
        seen.add(file)
        for dotted in at_once(file):
            if dotted.split(".")[0] in {"scipy", "matplotlib", "statsmodels"}:
                wrong.append(f"{name(file)} imports {dotted}")
            path = ROOT.joinpath(*dotted.split("."))
            for found in (path.with_suffix(".py"), path / "__init__.py"):
                if found.is_file() and found not in seen:
                    waiting.append(found)
    assert len(seen) > 50
    assert not sorted(set(wrong))


def test_what_is_chosen_in_a_row_of_buttons_is_not_let_go_by_a_second_click():
    """Else a click on the view one sees leads to another, or to an empty page."""
    loose = [
        f"{name(file)}:{call.lineno}"
        for file in [*PAGES, *UI]
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if call.func.attr == "segmented_control"
        if not any(option.arg == "required" for option in call.keywords)
    ]
    assert not loose


def test_tables_that_are_typed_into_keep_all_that_is_typed():
    """By itself a table forgets what Enter follows too soon, on a busy page."""
    for file in [*PAGES, *UI]:
        found = [
            call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute | ast.Name)
        ]
        assert found.count("data_editor") == found.count("keep_typed"), name(file)
