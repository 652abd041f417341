"""The benchmark of universes: it fails where the page is slower than is promised."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def test_the_benchmark_fails_where_the_page_is_too_slow(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3] / "benchmarks"))
    measured = importlib.import_module("universe")
    # The people of the page and those of the rival are compared on the way.
    small = {"PEOPLE": 300, "SAID": 2_400, "OBJECTED": 6, "MERGED": 12, "MOST_S": 0.0001}
    for name, value in small.items():
        monkeypatch.setattr(measured, name, value)
    monkeypatch.setattr(sys, "argv", ["universe.py"])
    assert measured.main() == 1
    (failed,) = [line for line in capsys.readouterr().out.splitlines() if "FAIL" in line]
    assert "as the page counts it" in failed
