"""Files of ours that say nothing of where they come from: told by their heading or their suffix."""

from __future__ import annotations

import csv
from pathlib import Path

from analysis.exports.embedded_provenance import has_column
from analysis.exports.provenance import not_again
from analysis.exports.registry import beside, suffix_of
from analysis.exports.reports.register_pdf import KINDS, WORDS
from analysis.i18n import LANGUAGES

# First columns → what a table is, a key of `provenance.ONCE`.
_HEADS = {
    ("question", "version", "level"): "field",
    ("attempt_id", "import_id", "turf_id"): "field",
    ("bureau_id", "received", "reached"): "field",
    ("bureau_id", "label", "rank_before"): "moved",
    ("outcome", "units", "drawn"): "result",
    ("origin", "destination", "votes"): "result",
    ("origin", "destination", "share"): "result",
}
_SUFFIXES = {
    ".gpx": "turfs",
    ".json": "result",
    ".toml": "settings",
    ".zip": "backup",
    ".sqlite": "backup",
}
_SEALED = (".seal.json", ".plan.md", ".plan.pdf")


def refuse_bare(file: Path) -> None:
    """Say so where a file is of a kind that tells nothing of itself: results, seals, tables.

    Parameters
    ----------
    file
        Any file; one that is not there, or not of ours, passes.

    Raises
    ------
    DataError
        Which names the kind, and what to do instead.
    """
    if file.is_file() and (kind := _kind(file)):
        raise not_again(kind, str(file))


def _kind(file: Path) -> str:
    suffix = suffix_of(file)
    trial = {file.with_suffix(".seal.json"), file.with_suffix("").with_suffix(".seal.json")}
    if file.name.endswith(_SEALED) or (suffix == ".csv" and any(map(Path.is_file, trial))):
        return "plan"
    if any((folder / "summary.json").is_file() for folder in (*file.resolve().parents,)[:2]):
        return "turfs"
    if suffix == ".csv" and not (beside(file).is_file() or has_column(file)):
        columns = _columns(file)
        return next((kind for head, kind in _HEADS.items() if columns[: len(head)] == head), "")
    if suffix == ".md" and _first_line(file).removeprefix("# ") in _registers():
        return "register"
    return _SUFFIXES.get(suffix, "")


def _first_line(file: Path) -> str:
    with file.open(encoding="utf-8-sig", errors="replace") as text:
        # The reader of columns takes no longer field.
        return text.readline(csv.field_size_limit()).strip()


def _columns(file: Path) -> tuple[str, ...]:
    return tuple(next(csv.reader([_first_line(file)]), []))


def _registers() -> set[str]:
    return {WORDS[language][f"title.{kind}"] for language in LANGUAGES for kind in KINDS}
