"""Scenarios that a place keeps under names, each with what it was before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.errors import DataError
from analysis.tables.whole_files import written_whole
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import Scenario

_FOLDER, _SUFFIX = "scenarios", ".json"
LONGEST_NAME = 60
_MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Version:
    """What a scenario said at a time.

    Attributes
    ----------
    when
        ISO 8601, UTC.
    text
        TOML, as `Scenario.to_toml` writes it.
    """

    when: str
    text: str

    def scenario(self) -> Scenario:
        """Return it to be ranked by; `DataError` where it cannot be read any more."""
        return Scenario.from_dict(tomllib.loads(self.text))


@dataclass(frozen=True, slots=True)
class Kept:
    """A scenario under its name.

    Attributes
    ----------
    name
        As somebody typed it.
    versions
        The first one first; the last is how it stands.
    """

    name: str
    versions: tuple[Version, ...]


def kept(workspace: Workspace) -> dict[str, Kept]:
    """Return what was kept, by name; a file that cannot be read is left out."""
    found = []
    for file in (workspace.path / _FOLDER).glob(f"*{_SUFFIX}"):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            versions = tuple(Version(str(v["when"]), str(v["text"])) for v in told["versions"])
            one = Kept(str(told["name"]), versions)
            versions[-1].scenario()
        except (OSError, ValueError, KeyError, TypeError, IndexError, DataError):
            continue
        found.append(one)
    return {one.name: one for one in sorted(found, key=lambda one: one.name.casefold())}


def keep(workspace: Workspace, name: str, scenario: Scenario) -> Kept:
    """Keep a scenario under a name, as its next version where the name is known.

    Parameters
    ----------
    workspace
        The place.
    name
        Up to 60 characters.
    scenario
        As it stands; the same as the last version is no new one.

    Returns
    -------
    Kept
        With all its versions, of which the last hundred are kept.

    Raises
    ------
    DataError
        When there is no name, or the workspace cannot be written to.
    """
    name = _named(name)
    before = kept(workspace).get(name, Kept(name, ())).versions
    now = Version(dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), scenario.to_toml())
    if before and before[-1].text == now.text:
        return Kept(name, before)
    one = Kept(name, (*before, now)[-_MOST_VERSIONS:])
    _write(workspace, one)
    return one


def duplicate(workspace: Workspace, name: str) -> Kept:
    """Keep how a scenario stands under a name that is free, "Tour 1 (2)"; return the copy.

    `DataError` where it was deleted meanwhile.
    """
    every = kept(workspace)
    if name not in every:
        raise DataError(
            "This scenario is not kept any more.",
            where="{name}",
            mend="Somebody deleted it: open the page again.",
            name=name,
        )
    number = 2
    while (free := f"{name[: LONGEST_NAME - 6]} ({number})") in every:
        number += 1
    return keep(workspace, free, every[name].versions[-1].scenario())


def forget(workspace: Workspace, name: str) -> None:
    """Take away what was kept under a name, with all its versions."""
    _file(workspace, name).unlink(missing_ok=True)


def _named(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable():
        raise DataError(
            "A scenario is kept under a name.",
            where="{name}",
            mend="Give it 1 to {longest} characters.",
            name=repr(name),
            longest=LONGEST_NAME,
        )
    return plain


def _write(workspace: Workspace, one: Kept) -> None:
    at = _file(workspace, one.name)
    try:
        at.parent.mkdir(exist_ok=True)
        with written_whole(at) as aside:
            aside.write_text(json.dumps(asdict(one), ensure_ascii=False, indent=1), "utf-8")
    except OSError as error:
        raise DataError(
            "This cannot be kept in the workspace.",
            where="{path}: {strerror}",
            mend="Let the workspace be written to, on a disk with room.",
            path=at,
            strerror=error.strerror,
        ) from error


def _file(workspace: Workspace, name: str) -> Path:
    # Two names that differ by what a disk does not tell apart are two scenarios.
    return workspace.path / _FOLDER / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}{_SUFFIX}"
