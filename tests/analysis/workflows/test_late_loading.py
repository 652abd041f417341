"""Tests of work that loads its libraries while others load the same."""

from __future__ import annotations

import ast
import importlib

import pytest

from analysis.workflows.late_loading import once_loaded
from tests.made import ROOT

# What Python raises in one of two threads that load a package from its two ends.
Refused = importlib._bootstrap._DeadlockError


def test_work_whose_import_was_refused_begins_again():
    begun = []

    def work(given):
        begun.append(given)
        if len(begun) < 3:
            raise Refused("deadlock detected by _ModuleLock('openpyxl.packaging.manifest')")

    once_loaded(work, "ending")
    assert begun == ["ending"] * 3


def test_any_other_fault_is_told():
    def work(_given):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        once_loaded(work, None)


def test_who_takes_something_from_inside_openpyxl_loads_it_whole_first():
    """Its first module loads those inside: two threads that begin at either end meet."""
    files = [*(ROOT / "analysis").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    inside = {file: text for file, text in texts.items() if "openpyxl" in text}
    assert inside
    for file, text in inside.items():
        loads = [
            [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module]
            for node in ast.parse(text).body
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        names = [name for some in loads for name in some if name and name.startswith("openpyxl")]
        assert not names or names[0] == "openpyxl", file
