"""Make an exported file again from its own provenance, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from analysis import __version__
from analysis.errors import DataError, some
from analysis.exports.document import IN_COLUMN
from analysis.exports.embedded_provenance import has_column
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, read_provenance
from analysis.exports.registry import Options, file_of, suffix_of
from analysis.exports.same_content import same_content
from analysis.tables.brought_covariates import COVARIATES, digest_of
from analysis.tables.covered import COVERED
from analysis.tables.workspace import MANIFEST, Workspace
from analysis.workflows import (
    abstention,
    explain_files,
    imagined_rounds,
    impact_tables,
    part_totals,
    published_results,
    swing,
    transfers,
)
from analysis.workflows.bare_files import refuse_bare
from analysis.workflows.cut_again import can_be_cut_again, cut_again
from analysis.workflows.hold_back import HoldBack
from analysis.workflows.ranking import RankingFile, answer, scenario_of


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A file made again.

    Attributes
    ----------
    content
        Its bytes.
    identical
        Whether they are those of the file that was given.
    same
        Whether the file holds the same, though another version of a library may have
        compressed it: then it was made again, on any machine.
    """

    content: bytes
    identical: bool
    same: bool

    def summary(self) -> str:
        """Say in a few words how the two files compare."""
        if self.identical:
            return "identical"
        if self.same:
            return "the same content, compressed by another version of a library"
        return "DIFFERENT"


def reproduce(file: Path, workspace: Path | None = None) -> Reproduction:
    """Make an exported file again from what it says of itself, and compare the bytes.

    Parameters
    ----------
    file
        Any file that `rank` or the app has written; a table of turfs beside what it was cut from.
    workspace
        Where the data are now; the folder recorded in the file when not given.

    Raises
    ------
    DataError
        When the file carries no provenance, or the data or the version differ.
    """
    if can_be_cut_again(file):
        return _compared(cut_again(file, workspace), file)
    refuse_bare(file)
    provenance = read_provenance(file)
    if provenance.command == "impact":
        # Trials rest on files of units and seals, with or without a place.
        _check_version(file, provenance)
        if provenance.parameters.get("workspace"):
            workspace = _place(file, provenance, workspace).path
        content = file_of(impact_tables.again(file, workspace), suffix_of(file))
        return _compared(content, file)
    place = _place(file, provenance, workspace)
    # What only some files rest on counts for those alone: doors visited move rankings only.
    now, idle = place.digests, set() if provenance.command == "rank" else {COVERED}
    if COVARIATES in provenance.data:
        now = now | digest_of(place.path)
    told = provenance.data
    changed = sorted(name for name in {*now, *told} - idle if now.get(name) != told.get(name))
    if changed:
        raise DataError(
            "The data are not those this file was made from.",
            where="{folder}: {changed}",
            mend="Give the workspace it was made with: --workspace DIR; or export it again.",
            folder=place.path,
            changed=some(changed),
        )
    _check_version(file, provenance)
    if provenance.command not in _AGAIN:
        raise DataError(
            "Files of “{command}” are not made again by this verb.",
            where="{file}",
            mend="Give a file of a ranking, a forecast or a look back, a swing, transfers, an "
            "explanation or a trial.",
            command=provenance.command,
            file=file,
        )
    return _compared(_AGAIN[provenance.command](file, place, provenance), file)


def _compared(content: bytes, file: Path) -> Reproduction:
    given = file.read_bytes()
    return Reproduction(content, content == given, same_content(content, given))


def _check_version(file: Path, provenance: Provenance) -> None:
    if provenance.version != __version__:
        raise DataError(
            "This file was made by Palier {version}; this is {own}.",
            where="{file}",
            mend="Install version {version} to make the same bytes again.",
            version=provenance.version,
            own=__version__,
            file=file,
        )


def _place(file: Path, provenance: Provenance, given: Path | None) -> Workspace:
    """Open the data, where the user says or else where the file says they were."""
    recorded = Path(str(provenance.parameters.get("workspace", "")))
    # By its name, from where one stands, where the app keeps its own, or beside the file.
    places = [Path(), Path("workspaces"), *file.resolve().parents[:3]]
    found = [place / recorded for place in places if (place / recorded / MANIFEST).is_file()]
    if given is None and not found:
        raise DataError(
            "The workspace “{recorded}” that this file was made from is not there.",
            where="{file}: looked for {absolute}",
            mend="Name where it lies now: --workspace DIR.",
            recorded=recorded.as_posix(),
            file=file,
            absolute=recorded.absolute(),
        )
    return Workspace(given or found[0])


def in_column(file: Path) -> bool:
    """Tell whether a file is a CSV that carries its provenance inside."""
    return suffix_of(file) == ".csv" and has_column(file)


def _moved(again: Provenance, provenance: Provenance) -> Provenance:
    """Keep the folder that the file recorded, and the data it rests on, which were compared.

    The place may have moved since, doors may have been visited, and another copy of the same
    official file has a date, and may have a name, of its own.
    """
    recorded = provenance.parameters.get("workspace", "")
    parameters = {**again.parameters, "workspace": recorded}
    told = {one["sha256"]: one for one in provenance.sources}
    sources = tuple(
        {**one, **{key: told.get(one["sha256"], one)[key] for key in ("name", "date")}}
        for one in again.sources
    )
    return replace(again, parameters=parameters, data=provenance.data, sources=sources)


def _ranking(file: Path, place: Workspace, provenance: Provenance) -> bytes:
    scenario = scenario_of(provenance)
    told = provenance.parameters.get("hold_back")
    held = HoldBack.from_dict(told) if told else None
    made = RankingFile(place, scenario, *answer(place, scenario), held)
    again = _moved(made.provenance, provenance)
    written = cast("Options", provenance.written)
    if in_column(file):
        written = {**written, "dialect": provenance.written["dialect"] + IN_COLUMN}
    return made.to_bytes(suffix_of(file), provenance=again, **written)


def _published(file: Path, place: Workspace, provenance: Provenance) -> bytes:
    found = published_results.again(place, provenance)
    again = _moved(found.source, provenance)
    return file_of(replace(found, source=again), suffix_of(file))


def _finding(file: Path, place: Workspace, provenance: Provenance) -> bytes:
    written = Written(**provenance.written)
    if in_column(file):
        written = replace(written, dialect=written.dialect + IN_COLUMN)
    found = _FINDINGS[provenance.command](place, provenance, written)
    return file_of(replace(found, source=_moved(found.source, provenance)), suffix_of(file))


# What the provenance of a file says was asked → what finds it again.
_FINDINGS: dict[str, Callable[[Workspace, Provenance, Written], Finding]] = {
    "abstention": abstention.again,
    "backtest": abstention.backtest_again,
    "swing": swing.again,
    "transfers": transfers.again,
    "second_round": imagined_rounds.again,
    "explain": explain_files.again,
    part_totals.COMMAND: part_totals.again,
}
_AGAIN: dict[str, Callable[[Path, Workspace, Provenance], bytes]] = {
    "rank": _ranking,
    published_results.COMMAND: _published,
    **dict.fromkeys(_FINDINGS, _finding),
}
