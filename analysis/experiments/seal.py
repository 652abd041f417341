"""The sealed file of a trial: what was declared and drawn, so that nobody can draw again unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.experiments.design import Design, as_declared, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.promised import Earlier, Standing
from analysis.tables.lately import Lately

FORMAT = "palier seal 1"
_AGAIN = Text("Take the sealed file as it was written; a new design needs a new seal.")


@dataclass(frozen=True)
class Sealed:
    """A design and its draw.

    Attributes
    ----------
    design, assignment
        What was declared, and the arms drawn from it.
    seed
        Of the draw.
    files
        Role → `{"file": name, "sha256": digest}` of the files it was made from or written
        with.
    fingerprint
        SHA-256 of everything else in the seal.
    promise
        What the plan announced: `outcomes`, `covariates`, `subgroups`, perhaps `estimator`
        and `lag`; empty in seals made without a plan.
    standing
        Whether plan and draw are those that were announced.
    """

    design: Design
    assignment: pd.DataFrame
    seed: int
    files: Mapping[str, Mapping[str, str]]
    fingerprint: str
    promise: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    standing: Standing = field(default_factory=lambda: Standing(""))


def seal(
    design: Design,
    seed: int,
    files: Mapping[str, Mapping[str, str]],
    promise: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Draw a design and return the content of its seal.

    The same design, seed and promise give the same seal: it holds no date and no place.

    Parameters
    ----------
    design, seed
        What is drawn, and how.
    files
        Role → `{"file": name, "sha256": digest}`.
    promise
        What the plan announces; None without a plan.

    Returns
    -------
    dict
        Plain values, as JSON holds them, `fingerprint` last.
    """
    names = [name for name in design.units if name not in ("rank", "block", "full")]
    content = {
        "format": FORMAT,
        "rule": design.rule.to_dict(),
        "seed": seed,
        "files": {role: dict(file) for role, file in files.items()},
        "units": {name: design.units[name].tolist() for name in names},
        "assignment": _plain(drawn(design, seed)),
    }
    if promise is not None:
        content["promise"] = {name: list(given) for name, given in promise.items()}
    return {**content, "fingerprint": fingerprint(content)}


def replacing(content: Mapping[str, Any], earlier: Sequence[Earlier]) -> dict[str, Any]:
    """Return a seal that names the draws of some of its units that it replaces."""
    named = {**content, "earlier": [asdict(one) for one in earlier]}
    return {**named, "fingerprint": fingerprint(named)}


def drawn(design: Design, seed: int) -> pd.DataFrame:
    """Draw the arms of a design with the generator of a seed."""
    return design.assign(np.random.default_rng(seed))


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a seal's content, whatever the order of its keys."""
    rest = {name: value for name, value in content.items() if name != "fingerprint"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest(path: Path) -> dict[str, str]:
    """Return name and SHA-256 of a file, as a seal holds them."""
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def write_seal(content: Mapping[str, Any], path: Path) -> None:
    """Write a seal as JSON."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def verify(path: Path) -> Sealed:
    """Make the assignment of a seal again, and say if anything moved.

    Files that the seal names are looked for beside it; those that are not there are not
    judged.

    Raises
    ------
    DataError
        When the file is no seal, its content does not match its fingerprint, the draw
        gives other arms, or a file beside it has changed.
    """
    found = examine(path)
    if not found.standing.whole:
        raise _changed(path)
    if found.standing.plan == "another":
        raise _moved("plan", found.files["plan"]["file"])
    return found


def examine(path: Path) -> Sealed:
    """Make the assignment of a seal again; say how its plan stands instead of refusing it.

    A seal whose fingerprint does not match, or whose plan is another, is returned with that
    `standing`; what it promises then counts for nothing if its content was changed.

    Raises
    ------
    DataError
        When the file is no seal, the draw gives other arms than it holds, or the units or
        the arms beside it have changed.
    """
    text = _bytes(path)
    again = _LATELY.get(hashlib.sha256(text).digest(), lambda: _drawn_again(text, path))
    whole, content = again.whole, again.content
    plan: Literal["sealed", "another", "absent"] = "absent"
    for role, file in content["files"].items():
        beside = path.parent / file["file"]
        same = beside.is_file() and digest(beside)["sha256"] == file["sha256"]
        if role == "plan":
            # A seal may carry the text itself.
            carried = same or ("text" in file and not beside.is_file())
            plan = "sealed" if carried else "another" if beside.is_file() else "absent"
        elif whole and beside.is_file() and not same:
            raise _moved(role, beside.name)
    promise = {name: tuple(given) for name, given in content.get("promise", {}).items()}
    earlier = tuple(Earlier(**one) for one in content.get("earlier", ()))
    name = str(content["fingerprint"])
    return Sealed(
        # Whoever adds a column to one of these tables adds it to his own.
        replace(again.design, units=again.design.units.copy(deep=False)),
        again.assignment.copy(deep=False),
        int(content["seed"]),
        content["files"],
        name,
        promise if whole else {},
        Standing(name, whole, plan, earlier),
    )


def _changed(path: Path) -> DataError:
    return DataError(
        "The seal does not match its fingerprint: its content was changed.",
        where="{file}",
        mend="{again}",
        file=path.name,
        again=_AGAIN,
    )


def _moved(role: str, file: str) -> DataError:
    return DataError(
        "A file is not the one that was sealed.",
        where="{role}: {file}",
        mend="Restore the file as it was, or move it away if it only shares the name.",
        role=role,
        file=file,
    )


@dataclass(frozen=True)
class _Again:
    """A seal whose draw was made again: what else it holds, and whether its fingerprint matches."""

    content: Mapping[str, Any]
    whole: bool
    design: Design
    assignment: pd.DataFrame


# A page asks for a seal at each click, and often for several things of it: the same bytes are
# always the same draw. What lies beside a seal is looked at each time.
_LATELY: Lately[_Again] = Lately(8)


def _drawn_again(text: bytes, path: Path) -> _Again:
    """Make the assignment again that the bytes of a seal hold, or say what is wrong with them."""
    content = _read(text, path)
    whole = fingerprint(content) == content["fingerprint"]
    try:
        design = _design(content)
        assignment = drawn(design, int(content["seed"]))
        _compare(_plain(assignment), content["assignment"], path)
    except (DataError, KeyError, TypeError, ValueError) as error:
        # What was changed may be anything: the fingerprint says that something was.
        raise error if whole else _changed(path) from error
    rest = {name: held for name, held in content.items() if name not in ("units", "assignment")}
    return _Again(rest, whole, design, assignment)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise DataError("There is no such file.", where="{path}", mend="Check the path.", path=path)
    return path.read_bytes()


def _read(text: bytes, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            "This is not a seal.", where="{file}", mend="{again}", file=path.name, again=_AGAIN
        ) from error
    keys = {"format", "rule", "seed", "files", "units", "assignment", "fingerprint"}
    found = set(content) - {"promise", "earlier"} if isinstance(content, dict) else set()
    if found != keys or content["format"] != FORMAT:
        raise DataError(
            "This is not a seal.", where="{file}", mend="{again}", file=path.name, again=_AGAIN
        )
    return content


def _design(content: Mapping[str, Any]) -> Design:
    """Declare the design of a seal again from the units it holds."""
    rule = Rule.from_dict(content["rule"])
    table = as_declared(pd.DataFrame(content["units"]), rule)
    renamed = Rule.from_dict({**rule.to_dict(), "unit": "unit_id"})
    return Design(rule, (made := declare(table, renamed)).units, made.lottery)


def _plain(assignment: pd.DataFrame) -> dict[str, list[Any]]:
    names = ["unit_id", "arm", "block", "cluster", "probability"]
    return {name: assignment[name].tolist() for name in names}


def _compare(made: Mapping[str, list[Any]], sealed: Mapping[str, list[Any]], path: Path) -> None:
    moved = [
        unit
        for unit, *pair in zip(made["unit_id"], _rows(made), _rows(sealed), strict=False)
        if pair[0] != pair[1]
    ]
    if moved or len(made["unit_id"]) != len(sealed["unit_id"]):
        raise DataError(
            "The draw of the seal does not give the assignment it holds.",
            where="{file}: {moved}",
            mend="Verify with the version of Palier that sealed it; otherwise do not trust it.",
            file=path.name,
            moved=some(moved),
        )


def _rows(table: Mapping[str, list[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name] for name in sorted(table)), strict=True))
