"""Scenarios that a place keeps under names, each with what it was before."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.workflows import named_files
from analysis.workflows.named_files import LONGEST_NAME, Shelf
from analysis.workflows.ranking import Scenario

_FOLDER = "scenarios"
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


def shelf(workspace: Workspace) -> Shelf[Kept]:
    """Return what was kept, and the files that cannot be read."""
    return named_files.look(_folder(workspace), _read)


def kept(workspace: Workspace) -> Mapping[str, Kept]:
    """Return what was kept and can be read, by name."""
    return shelf(workspace).found


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
    every = shelf(workspace)
    before = every.found.get(name, Kept(name, ())).versions
    now = Version(dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), scenario.to_toml())
    if before and before[-1].text == now.text:
        return Kept(name, before)
    one = Kept(name, (*before, now)[-_MOST_VERSIONS:])
    named_files.put(_folder(workspace), every, name, asdict(one))
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
    named_files.forget(shelf(workspace), name)


def _named(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable():
        raise DataError(
            "A scenario is kept under a name.",
            where="{name}",
            mend="Give it 1 to {longest} characters.",
            name=repr(name) if plain else "",
            longest=LONGEST_NAME,
        )
    return plain


def _read(told: Mapping[str, Any]) -> Kept:
    versions = tuple(Version(str(one["when"]), str(one["text"])) for one in told["versions"])
    # What is listed can be opened, each version of it.
    for one in versions:
        one.scenario()
        dt.datetime.fromisoformat(one.when)
    if not versions:
        raise LookupError
    return Kept(str(told["name"]), versions)


def _folder(workspace: Workspace) -> Path:
    return workspace.path / _FOLDER
