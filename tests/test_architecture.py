"""The direction of dependencies, kept by a test instead of by memory."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "analysis").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
UI = sorted((ROOT / "pages" / "_ui").rglob("*.py"))

# From the ground up; neighbours in a step do not know one another.
STEPS = [
    {"errors", "report", "glossary"},
    {"table"},
    {"attempts"},
    {"schema"},
    {"workspace"},
    {"geography"},
    {"electorate"},
    {"targeting", "experiments", "fieldwork", "turf"},
    {"charts"},
    {"exports", "readers", "sample"},
    {"trials"},
    {"arms"},
    {"build", "fetch", "scenario", "walks"},
    {"findings"},
    {
        "reproduce",
        "terminal",
        "cli_experiments",
        "cli_transfers",
        "cli_models",
        "cli_fieldwork",
        "cli_turf",
    },
    {"cli"},
    {"__main__"},
]
STEP = {part: height for height, parts in enumerate(STEPS) for part in parts}


def imported(file: Path) -> set[str]:
    """Dotted names of the modules that `file` imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


def part_of(dotted: str) -> str:
    part = dotted.split(".")[1] if dotted.startswith("analysis.") else ""
    return part if part in STEP else ""


@pytest.mark.parametrize("file", LIBRARY, ids=lambda f: str(f.relative_to(ROOT)))
def test_the_library_knows_nothing_of_the_app(file):
    assert not {name.split(".")[0] for name in imported(file)} & {"streamlit", "pages", "app"}


@pytest.mark.parametrize("file", LIBRARY, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_go_down(file):
    parts = file.relative_to(ROOT / "analysis").with_suffix("").parts
    if parts == ("__init__",):
        return
    own = parts[0]
    assert own in STEP, f"{own} has no step: give it one in STEPS"
    for other in filter(None, map(part_of, imported(file))):
        assert other == own or STEP[other] < STEP[own], f"{own} must not import {other}"


@pytest.mark.parametrize("file", PAGES, ids=lambda f: f.name)
def test_pages_are_thin(file):
    packages = {name.split(".")[0] for name in imported(file)}
    assert not packages & {"numpy", "pandas", "geopandas", "scipy", "statsmodels"}
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 100
    assert "session_state" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", LIBRARY + UI, ids=lambda f: str(f.relative_to(ROOT)))
def test_modules_fit_on_a_few_screens(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300
