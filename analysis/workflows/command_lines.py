"""The command lines that do what the page does."""

from __future__ import annotations

import shlex
from pathlib import Path

from analysis.workflows.build import Inputs


def build_command(inputs: Inputs, workspace: Path) -> str:
    """Return the command that builds the same workspace, one option a line."""
    parts = [
        ["python", "-m", "analysis", "build", "--workspace", str(workspace)],
        ["--results", str(inputs.general), str(inputs.candidates)],
    ]
    for year, file in sorted(inputs.contours.items()):
        parts.append(["--contours", str(file), "--vintage", str(year)])
    for name in ("squares", "addresses", "electors"):
        if file := getattr(inputs, name):
            parts.append([f"--{name}", str(file)])
    if inputs.places:
        parts.append(["--place", *inputs.places])
    if inputs.leave_out:
        parts.append(["--leave-out-contradictions"])
    return " \\\n  ".join(map(shlex.join, parts))


def fetch_command(places: tuple[str, ...], workspace: Path) -> str:
    """Return the commands that download the official files of each place."""
    folder = str(workspace)
    words = ["python", "-m", "analysis", "fetch", "--place"]
    return "\n".join(shlex.join([*words, place, "--workspace", folder]) for place in places)
