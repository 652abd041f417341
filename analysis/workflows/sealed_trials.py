"""Sealed designs of a workspace: kept under their fingerprints, never written over."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import DataError, some
from analysis.tables.file_lock import held
from analysis.tables.whole_files import written_whole

# The draw needs scipy, which a ranking need not wait for.
if TYPE_CHECKING:
    from analysis.experiments.design import Design
    from analysis.experiments.seal import Sealed
    from analysis.tables.workspace import Workspace

FOLDER = "trials"
SEAL, PLAN, SCENARIO = "design.seal.json", "plan.md", "scenario.toml"
_IN_FORCE, _RETIRED, _LOCK = "in_force.json", "retired.txt", "in_force.lock"


@dataclass(frozen=True)
class Trial:
    """A sealed design as a workspace keeps it.

    Attributes
    ----------
    sealed
        The design and its draw, verified.
    plan, scenario
        The texts sealed with it: the plan (Markdown) and the scenario (TOML); empty for a
        seal that came without them.
    file
        The seal on disk.
    """

    sealed: Sealed
    plan: str
    scenario: str
    file: Path

    @property
    def fingerprint(self) -> str:
        """What names the trial."""
        return self.sealed.fingerprint


def sealed_with(
    design: Design,
    seed: int,
    texts: Mapping[str, str],
    promise: Mapping[str, tuple[str, ...]] | None = None,
    files: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Draw a design and return its seal, which holds plan and scenario, text and digest.

    So a seal that travels alone still says what was asked and promised.

    Parameters
    ----------
    design, seed
        What is drawn, and how.
    texts
        `PLAN` and `SCENARIO` → their text.
    promise
        What is announced: outcomes, covariates, subgroups, perhaps estimator and lag.
    files
        Role → name and digest of files that stay beside the seal.

    Returns
    -------
    dict
        The content of the seal, as `experiments.seal.write_seal` writes it.
    """
    from analysis.experiments.seal import seal

    carried = {
        Path(name).stem: {
            "file": name,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "text": text,
        }
        for name, text in texts.items()
    }
    return seal(design, seed, {**(files or {}), **carried}, promise)


def texts_in(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the plan and the scenario that a seal carries: name of the file → text."""
    carried = (file for file in content["files"].values() if "text" in file)
    return {one["file"]: one["text"] for one in carried if one["file"] in (PLAN, SCENARIO)}


def keep(
    workspace: Path, content: Mapping[str, Any], texts: Mapping[str, str] | None = None
) -> str:
    """Put a sealed design in force in a workspace, and return its fingerprint.

    Parameters
    ----------
    workspace
        Its folder.
    content
        The seal; the plan and the scenario that it carries are written beside it.
    texts
        Plan and scenario of a seal that carries only their digests.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    DataError
        When a bureau is already in a design in force, the seal does not hold, or the folder
        cannot be written.
    """
    from analysis.experiments.seal import verify, write_seal
    from analysis.workflows.seal_ledger import enter

    fingerprint = str(content["fingerprint"])
    check_free(workspace, content)
    trials = workspace / FOLDER
    try:
        trials.mkdir(parents=True, exist_ok=True)
        # Written aside and verified: a seal that does not hold never takes the place of one.
        with tempfile.TemporaryDirectory(dir=trials, prefix=".part-") as aside:
            made = Path(aside) / "made"
            made.mkdir()
            for name, text in {**texts_in(content), **(texts or {})}.items():
                (made / name).write_text(text, encoding="utf-8", newline="")
            write_seal(content, made / SEAL)
            verify(made / SEAL)
            if not (trials / fingerprint / SEAL).is_file():
                os.replace(made, trials / fingerprint)
    except OSError as error:
        raise _unwritable(trials, error) from error
    open_trial(workspace, fingerprint)
    enter(workspace, content, f"{fingerprint[:12]}/{SEAL}")
    with held(trials / _LOCK):
        # Of two people at once, the second finds what the first put in force.
        check_free(workspace, content)
        others = [one for one in in_force(workspace) if one != fingerprint]
        _put_in_force(workspace, [*others, fingerprint])
    return fingerprint


def check_free(workspace: Path, content: Mapping[str, Any]) -> None:
    """Raise a `DataError` when a bureau of a seal is in another design in force."""
    fingerprint, units = str(content["fingerprint"]), set(content["units"]["unit_id"])
    for other in in_force(workspace):
        taken = units & set(open_trial(workspace, other).sealed.design.units["unit_id"])
        if taken and other != fingerprint:
            raise DataError(
                "Bureaux are already in a sealed design that is in force.",
                where="{taken}; {other}",
                mend="Retire that design first, and say why.",
                taken=some(sorted(taken)),
                other=other[:12],
            )


def in_force(workspace: Path) -> tuple[str, ...]:
    """Return the fingerprints of the designs in force, the oldest first.

    Raises
    ------
    DataError
        When the list of them cannot be read: controls might be visited unseen.
    """
    file = workspace / FOLDER / _IN_FORCE
    if not file.is_file():
        return ()
    try:
        return tuple(str(one) for one in json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(
            "The list of sealed designs in force cannot be read.",
            where="{file}",
            mend="Write the fingerprints as JSON, or delete the file if no trial is under way.",
            file=file,
        ) from error


def open_trial(workspace: Path, fingerprint: str) -> Trial:
    """Open a sealed design of a workspace, verified.

    Raises
    ------
    DataError
        When it is not there, or anything of it moved.
    """
    from analysis.experiments.seal import verify

    folder = workspace / FOLDER / fingerprint
    file = folder / SEAL
    if not file.is_file():
        raise DataError(
            "A sealed design is missing from this workspace.",
            where="{file}",
            mend="Bring the sealed file back: the arms of its bureaux are known to it alone.",
            file=file,
        )
    sealed = verify(file)
    if sealed.fingerprint != fingerprint:
        raise DataError(
            "A sealed design was replaced by another.",
            where="{file}",
            mend="Put the file of this fingerprint back.",
            file=file,
        )
    texts = {
        name: path.read_text(encoding="utf-8") if (path := folder / name).is_file() else ""
        for name in (PLAN, SCENARIO)
    }
    return Trial(sealed, texts[PLAN], texts[SCENARIO], file)


def read_seal(name: str, content: bytes) -> tuple[Sealed, dict[str, Any]]:
    """Verify a seal that somebody brings; return it and its content.

    Raises
    ------
    DataError
        When it is no seal, or anything of it moved.
    """
    from analysis.experiments.seal import verify

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return verify(path), json.loads(content)


def units_known(workspace: Workspace, sealed: Sealed) -> bool:
    """Return whether any unit of a seal is a bureau of a workspace."""
    bureaux = workspace.read("turnout", columns=["bureau_id"])["bureau_id"]
    return bool(bureaux.isin(sealed.design.units["unit_id"]).any())


def retire(workspace: Path, fingerprint: str, why: str) -> None:
    """Take a design out of force; its seal stays, with the reason beside it.

    Parameters
    ----------
    workspace
        Its folder.
    fingerprint
        Of the design.
    why
        A reason that may be read after the vote.

    Raises
    ------
    DataError
        When no reason is given, somebody else retired it, or the folder cannot be written.
    """
    if not why.strip():
        raise DataError(
            "A sealed design is not retired without a reason.",
            where="{fingerprint}",
            mend="Say why, in a sentence that may be read after the vote.",
            fingerprint=fingerprint[:12],
        )
    folder = workspace / FOLDER / fingerprint
    with held(workspace / FOLDER / _LOCK):
        if fingerprint not in in_force(workspace):
            raise DataError(
                "This design is not in force any more: nothing of yours was kept.",
                where="{fingerprint}: {why}",
                mend="Look at the designs as they are now; the reason that was given first stays.",
                fingerprint=fingerprint[:12],
                why=retired(workspace).get(fingerprint, ""),
            )
        try:
            (folder / _RETIRED).write_text(f"{why.strip()}\n", encoding="utf-8", newline="")
        except OSError as error:
            raise _unwritable(folder, error) from error
        _put_in_force(workspace, [one for one in in_force(workspace) if one != fingerprint])


def retired(workspace: Path) -> dict[str, str]:
    """Return the designs out of force: fingerprint → the reason that was given."""
    reasons = sorted((workspace / FOLDER).glob(f"*/{_RETIRED}"))
    known = set(in_force(workspace))
    return {
        file.parent.name: file.read_text(encoding="utf-8").strip()
        for file in reasons
        if file.parent.name not in known
    }


def _put_in_force(workspace: Path, fingerprints: list[str]) -> None:
    file = workspace / FOLDER / _IN_FORCE
    try:
        with written_whole(file) as aside:
            aside.write_text(json.dumps(fingerprints, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(file.parent, error) from error


def _unwritable(folder: Path, error: OSError) -> DataError:
    return DataError(
        "The sealed design could not be written.",
        where="{folder}: {strerror}",
        mend="Give write access to the folder of the workspace, or free some space.",
        folder=folder,
        strerror=error.strerror,
    )
