"""The folder of a cut: what an earlier run left there goes, what others put there stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from analysis.errors import DataError
from analysis.tables.sources import sha256
from analysis.workflows.jobs import PART

# Cuts that are kept in a workspace: FOLDER/DIGEST/, named by what each was made from.
FOLDER = "turfs"
TARGETS, ORDER, SUMMARY = "targets.csv", "order.json", "summary.json"
_KEPT = "kept"


def cuts(workspace: Path) -> list[Path]:
    """Return the folders of all cuts of a workspace, the latest first."""
    found = (workspace / FOLDER).glob(f"*/{SUMMARY}")
    kept = [file.parent for file in found if not file.parent.name.endswith(PART)]
    return sorted(kept, key=lambda folder: folder.stat().st_mtime, reverse=True)


def order_of(folder: Path) -> dict[str, Any]:
    """Return what was asked for a cut: plain values, as `Ask.from_order` takes them."""
    told: dict[str, Any] = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    return told


def bureaux_asked(folder: Path) -> tuple[str, ...]:
    """Return the bureaux that alone were asked for; empty where all of a ranking were."""
    try:
        return tuple(order_of(folder).get("bureaux", ()))
    except (OSError, ValueError):
        # What the command line cut may lie here without what was asked for it.
        return ()


def write_summary(out: Path, summary: Mapping[str, Any], written: Iterable[Path]) -> Path:
    """Write the summary with the names and digests of the files it goes with, and return it.

    Parameters
    ----------
    out
        Folder of the turfs.
    summary
        Plain values.
    written
        Files in it that the summary vouches for.

    Returns
    -------
    pathlib.Path
        The summary's file.
    """
    files = {file.relative_to(out).as_posix(): sha256(file) for file in written}
    told = {**summary, "files": dict(sorted(files.items()))}
    text = json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    (out / SUMMARY).write_text(text, encoding="utf-8", newline="")
    return out / SUMMARY


def earlier(out: Path) -> dict[Path, str]:
    """Return the files of an earlier run that are still there, with the digests it told."""
    try:
        told = json.loads((out / SUMMARY).read_text(encoding="utf-8"))["files"]
        named = {(out / str(name)).resolve(): str(digest) for name, digest in told.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    home = out.resolve()
    return {f: digest for f, digest in named.items() if f.is_relative_to(home) and f.is_file()}


def set_aside(files: Mapping[Path, str]) -> list[str]:
    """Rename what was changed since the earlier run, a form that was filled in; say so.

    Raises
    ------
    DataError
        When a file cannot be renamed.
    """
    said = []
    for file, digest in files.items():
        if sha256(file) != digest:
            name = _free(file)
            _or_explain(partial(file.rename, name))
            said.append(f"{file.name} was changed since the earlier run: kept as {name.name}")
    return said


def clear(files: Mapping[Path, str], written: Iterable[Path]) -> list[str]:
    """Remove what an earlier run wrote and this one did not; say how much that was.

    Raises
    ------
    DataError
        When a file cannot be removed.
    """
    now = {file.resolve() for file in written}
    gone = [file for file in files if file not in now and file.is_file()]
    for file in gone:
        _or_explain(file.unlink)
    return [f"removed: {len(gone)} file(s) of the earlier run"] if gone else []


def _or_explain(change: Callable[[], object]) -> None:
    try:
        change()
    except OSError as error:
        raise DataError(
            "Files of an earlier run cannot be removed from this folder.",
            where="{filename}: {strerror}",
            mend="Close what has them open, or name another folder with --out.",
            filename=error.filename,
            strerror=error.strerror,
        ) from error


def _free(file: Path) -> Path:
    """Return a name beside a file that nobody has taken."""
    n = 1
    while (name := file.with_stem(f"{file.stem}.{_KEPT}{n}")).exists():
        n += 1
    return name
