"""Draws are not shopped for: who draws units again says why, and both draws are listed.

Seals are looked for where the new one goes, where the units lie, and in the ledger of a workspace,
which is only ever added to: each line holds a digest of those before it, so that a line changed or
taken out by hand is noticed. Nothing notices an end that was cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from analysis.errors import DataError, some
from analysis.experiments.promised import Earlier
from analysis.experiments.seal import Sealed, fingerprint, verify
from analysis.tables.file_lock import held
from analysis.workflows.sealed_trials import in_force, retired

LEDGER = Path("trials") / "ledger.jsonl"
_CHAIN = "digest"
_SHORT = 12


@dataclass(frozen=True)
class Drawn:
    """A draw that is known.

    Attributes
    ----------
    fingerprint, seed, file
        Its name and seed, and where it lies.
    units
        The units it drew.
    made
        Digest of rule, seed, units and promise: the same draw elsewhere has the same.
    """

    fingerprint: str
    seed: int
    file: str
    units: frozenset[str]
    made: str

    @classmethod
    def of(cls, content: Mapping[str, Any], file: str) -> Drawn:
        """Read what a seal drew."""
        units = content["assignment"]
        pairs = zip(units["unit_id"], units["block"], strict=True)
        drawn = frozenset(str(unit) for unit, block in pairs if block)
        parts = {key: content.get(key) for key in ("rule", "seed", "units", "promise")}
        name, seed = str(content["fingerprint"]), int(content["seed"])
        return cls(name, seed, file, drawn, fingerprint(parts))


def earlier_draws(
    content: Mapping[str, Any], beside: Sequence[Path], workspace: Path | None
) -> list[Drawn]:
    """Return other draws of some of the units of a seal.

    Parameters
    ----------
    content
        The seal.
    beside
        Where it goes, then the file of its units: seals of the same folders, and of those right
        in them, are looked at.
    workspace
        Whose ledger is looked at too; None for none.

    Returns
    -------
    list of Drawn
        One per seal, those of the folders first.
    """
    own = Drawn.of(content, beside[0].name)
    folders = dict.fromkeys(path.parent.resolve() for path in beside)
    known = {
        one.fingerprint: one
        for one in [*chain.from_iterable(map(_beside, folders)), *ledger(workspace)]
        if one.made != own.made and one.units & own.units
    }
    return list(known.values())


def unexplained(units: Iterable[str], workspace: Path) -> list[Drawn]:
    """Return the draws of some of these units in a ledger that nobody gave a reason to replace.

    A design in force is none of them: it must be retired first, with a reason.
    """
    named, known = frozenset(units), {*retired(workspace), *in_force(workspace)}
    return [one for one in ledger(workspace) if one.units & named and one.fingerprint not in known]


def refuse_shopping(draws: Iterable[Drawn]) -> None:
    """Raise a `DataError` when units were drawn before."""
    if not (found := list(draws)):
        return
    raise DataError(
        "These units were drawn before: who draws again may choose the draw that suits.",
        where="{draws}",
        mend="Keep that draw; or say why (as a command: --again “reason”), and both are listed.",
        draws=some(f"{one.file}, seed {one.seed} ({one.fingerprint[:_SHORT]})" for one in found),
    )


def as_before(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the seal that lies at a path where it is of the same draw and files, else `content`.

    So a command given twice leaves what it left, with the reasons that were given once.
    """
    old = _read(path)
    keys = ("rule", "seed", "units", "files", "promise")
    if old is not None and all(old.get(key) == content.get(key) for key in keys):
        return old
    return content


def set_aside(out: Path, paths: Iterable[Path], content: Mapping[str, Any]) -> None:
    """Keep the files of an earlier draw under the name of its seal.

    Parameters
    ----------
    out
        Where its arms lie.
    paths
        Its seal and plan.
    content
        The seal that takes their place.
    """
    files = list(paths)
    old = next(filter(None, map(_read, files)), None)
    if old is None or old.get("fingerprint") == content["fingerprint"]:
        return
    short = str(old.get("fingerprint"))[:_SHORT]
    for path in (out, *files):
        if path.is_file():
            path.rename(path.with_name(path.name.replace(out.stem, f"{out.stem}.{short}", 1)))


def ledger(workspace: Path | None) -> list[Drawn]:
    """Return the draws that a workspace knows, the oldest first."""
    if workspace is None or not (file := workspace / LEDGER).is_file():
        return []
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        _chained(rows, file)
        return [
            Drawn(
                row["fingerprint"], row["seed"], row["file"], frozenset(row["units"]), row["made"]
            )
            for row in rows
        ]
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            "The ledger of sealed designs cannot be read.",
            where="{file}",
            mend="Bring it back as it was: it says which units were drawn before.",
            file=file,
        ) from error


def _chained(rows: Sequence[Mapping[str, Any]], file: Path) -> str:
    """Return the digest of a ledger's lines; raise a `DataError` where one is not as written."""
    before, begun = "", False
    for line, row in enumerate(rows, 1):
        content = {key: value for key, value in row.items() if key != _CHAIN}
        before = fingerprint({"before": before, "line": content})
        # Ledgers begun by an earlier version hold lines without a digest, all at their head.
        if row.get(_CHAIN, before) != before or (begun and _CHAIN not in row):
            raise DataError(
                "The ledger of sealed designs was changed after it was written.",
                where="line {line} of {file}",
                mend="Bring it back as it was: it says which units were drawn before.",
                file=file,
                line=line,
            )
        begun |= _CHAIN in row
    return before


def enter(workspace: Path | None, content: Mapping[str, Any], file: str) -> None:
    """Add a draw to the ledger of a workspace, once.

    Parameters
    ----------
    workspace
        Its folder; None for no ledger.
    content, file
        The seal, and its name.
    """
    if workspace is None:
        return
    own, path = Drawn.of(content, file), workspace / LEDGER
    # A line rests on those before it: two that are added at once would break the chain.
    with held(path.with_suffix(".lock")):
        if own.fingerprint not in {one.fingerprint for one in ledger(workspace)}:
            _append(path, own, content.get("earlier", []))


def _append(path: Path, own: Drawn, earlier: Sequence[Mapping[str, Any]]) -> None:
    row = {
        "fingerprint": own.fingerprint,
        "seed": own.seed,
        "file": own.file,
        "units": sorted(own.units),
        "made": own.made,
        "earlier": earlier,
    }
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        rows = []
    row[_CHAIN] = fingerprint({"before": _chained(rows, path), "line": row})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="") as lines:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise DataError(
            "The sealed design could not be written.",
            where="{folder}: {strerror}",
            mend="Give write access to the folder of the workspace, or free some space.",
            folder=path.parent,
            strerror=error.strerror,
        ) from error


def told_of(sealed: Sealed, workspace: Path | None) -> Sealed:
    """Return a seal that knows the other draws of its units in the ledger of a workspace."""
    own = frozenset(sealed.assignment.loc[sealed.design.drawn, "unit_id"].astype("str"))
    named = {one.fingerprint for one in sealed.standing.earlier} | {sealed.fingerprint}
    others, reasons = [], retired(workspace) if workspace is not None else {}
    for one in ledger(workspace):
        # What came after this draw replaced it, and is not what is judged here.
        if one.fingerprint == sealed.fingerprint:
            break
        if one.fingerprint not in named and one.units & own:
            why = reasons.get(one.fingerprint, "")
            others.append(Earlier(one.fingerprint, one.seed, why))
    standing = replace(sealed.standing, earlier=(*sealed.standing.earlier, *others))
    return replace(sealed, standing=standing)


def _beside(folder: Path) -> Iterator[Drawn]:
    for file in sorted([*folder.glob("*.seal.json"), *folder.glob("*/*.seal.json")]):
        if (content := _read(file)) is None:
            continue
        try:
            yield Drawn.of(content, file.name)
        except (ValueError, KeyError, TypeError):
            # Not a seal, or one that nobody can read: it drew nothing.
            continue


def _read(path: Path) -> dict[str, Any] | None:
    """Return the content of a seal; None where there is none that can be read."""
    if not path.name.endswith(".seal.json") or not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def verify_seal(path: Path) -> str:
    """Make the draw of a seal again; raise a `DataError` if anything moved."""
    found: Sealed = verify(path)
    judged = [f["file"] for f in found.files.values() if (path.parent / f["file"]).is_file()]
    missing = [f["file"] for f in found.files.values() if f["file"] not in judged]
    lines = [
        found.design.summary(),
        f"{path.name}: the draw of seed {found.seed} gives the sealed assignment of "
        f"{len(found.assignment)} units",
        f"unchanged: {', '.join(judged) or 'no file beside the seal'}",
    ]
    lines += [f"not looked at, not beside the seal: {', '.join(missing)}"] if missing else []
    lines += [str(note) for note in found.standing.notes if found.standing.earlier]
    return "\n".join([*lines, f"fingerprint: {found.fingerprint}"])
