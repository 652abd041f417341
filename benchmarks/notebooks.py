"""Every notebook on every place: no error, no empty table, no word of another place.

    python benchmarks/notebooks.py                       # the embedded town
    python benchmarks/notebooks.py WORKSPACE…            # real places, built beforehand

One line per notebook and place: seconds, and what is wrong, if anything. Ends with code 1 when
something is.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 1800
VARIABLE = "PALIER_WORKSPACE"
# Of the embedded town, which only it may name.
OF_THE_TOWN = re.compile("valmont|ville fictive|ville inventée : |99900", re.IGNORECASE)
# What no reader should meet: numbers that are none, tables without rows, digits of a processor.
WRONG = {
    "not a number": re.compile(r"\bnan\b|\bNaN\b|\binf\b|\bNone\b"),
    "empty table": re.compile(r"Empty DataFrame|^\s*Index: \[\]", re.MULTILINE),
    "digits of a processor": re.compile(r"\d\.\d{11,}"),
    "p of nought": re.compile(r"\bp = 0[.,]0+(?!\d)"),
    "warning": re.compile(r"Warning:"),
    "traceback": re.compile(r"Traceback"),
}


def execute(file: Path) -> nbformat.NotebookNode:
    """Return the notebook with its outputs; an error in a cell stays among them."""
    notebook = nbformat.read(file, as_version=4)
    where = {"metadata": {"path": str(ROOT / "notebooks")}}
    client = NotebookClient(
        notebook, resources=where, timeout=SECONDS, iopub_timeout=SECONDS, allow_errors=True
    )
    client.execute()
    return notebook


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what a reader sees: sentences, tables, errors; maps are pictures."""
    seen = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            seen.append(cell.source)
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                seen.append(f"Traceback: {output.ename}: {output.evalue}")
            data = output.get("data", {})
            seen.append(
                data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
            )
    return seen


def faults(notebook: nbformat.NotebookNode, *, town: bool) -> list[str]:
    """Return what is wrong with what a reader sees; `town` tells the embedded one."""
    found = []
    for text in texts(notebook):
        for name, sign in WRONG.items():
            if match := sign.search(text):
                around = text[max(0, match.start() - 60) : match.end() + 60].replace("\n", " ")
                found.append(f"{name}: …{around}…")
        if not town and (match := OF_THE_TOWN.search(text)):
            found.append(f"word of another place: {match[0]}: {text[:80]!r}")
    return found


def main() -> None:
    """Execute all notebooks on the places given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspaces", nargs="*", type=Path)
    parser.add_argument("--only", default="", help="Part of a notebook's name.")
    parser.add_argument("--keep", type=Path, help="Folder for the executed notebooks.")
    given = parser.parse_args()
    wrong = 0
    for place in given.workspaces or [None]:
        os.environ.pop(VARIABLE, None)
        if place is not None:
            os.environ[VARIABLE] = str(place.resolve())
        for file in NOTEBOOKS:
            if given.only not in file.stem:
                continue
            begun = time.perf_counter()
            notebook = execute(file)
            # The reproduction of 2012 reads no workspace.
            told = faults(notebook, town=place is None)
            name = "embedded town" if place is None else place.name
            print(f"{name:14} {file.stem:44} {time.perf_counter() - begun:6.0f} s  "
                  f"{len(told)} faults", flush=True)  # fmt: skip
            for fault in told:
                print(f"    {fault}", flush=True)
            wrong += len(told)
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                nbformat.write(notebook, given.keep / f"{name}_{file.name}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
