"""Say how often the filter of remarks is right: ``python -m tools.note_rates``.

The remarks are those of the tests, written as volunteers write at doors; rules were made with the
first and the last file in sight, never with the second.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from analysis.fieldwork.privacy import personal

NOTES = Path(__file__).parents[1] / "tests" / "analysis" / "fieldwork"
FILES = {
    "seen": NOTES / "notes.csv",
    "unseen": NOTES / "notes_unseen.csv",
    "later": NOTES / "notes_later.csv",
}
# What one writes in a minute: ten digits in pairs, an at sign, a title.
_PLAIN = re.compile(
    r"(?:[0-9]{2}[ .-]?){5}|@|\b(?:mme|mlle|mr|m\.|monsieur|madame)\b", re.IGNORECASE
)


def read_notes(path: Path) -> dict[str, list[str]]:
    """Return the remarks of a file by kind, `personal` and `innocent`."""
    found: dict[str, list[str]] = {"personal": [], "innocent": []}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["kind"]].append(row["text"])
    return found


def rates(path: Path, found: Callable[[str], object]) -> tuple[float, float]:
    """Return the share of personal remarks found, and of innocent ones taken for such."""
    notes = read_notes(path)
    recall, false = (
        sum(bool(found(text)) for text in notes[kind]) / len(notes[kind])
        for kind in ("personal", "innocent")
    )
    return recall, false


def table() -> str:
    """Return both filters on every file, Markdown."""
    lines = [
        "| remarks | personal | innocent | found | false alarms "
        "| plain rule: found | false alarms |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, path in FILES.items():
        notes = read_notes(path)
        shares = [*rates(path, personal), *rates(path, _PLAIN.search)]
        cells = [name, *(str(len(notes[kind])) for kind in notes), *(f"{x:.1%}" for x in shares)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
