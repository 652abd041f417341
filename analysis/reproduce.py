"""Make an exported file again from its own provenance, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from analysis import __version__
from analysis.arms import HoldBack, with_arms
from analysis.errors import DataError, some
from analysis.exports.dispatch import to_bytes
from analysis.exports.provenance import read_provenance
from analysis.scenario import answer, provenance_of, scenario_of, shapes_of
from analysis.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A file made again.

    Attributes
    ----------
    content
        Its bytes.
    identical
        Whether they are those of the file that was given.
    """

    content: bytes
    identical: bool


def reproduce(file: Path, workspace: Path | None = None) -> Reproduction:
    """Make an export again.

    Parameters
    ----------
    file
        Any file that `rank` or the app has written.
    workspace
        Where the data are now; the folder recorded in the file when not given.

    Raises
    ------
    DataError
        When the file carries no provenance, or the data or the version differ.
    """
    provenance = read_provenance(file)
    recorded = provenance.parameters.get("workspace", "")
    place = Workspace(workspace or Path(str(recorded)))
    changed = sorted(
        name
        for name in {*place.digests, *provenance.data}
        if place.digests.get(name) != provenance.data.get(name)
    )
    if changed:
        raise DataError(
            "The data are not those this file was made from.",
            where=f"{place.path}: {some(changed)}",
            mend="Give the workspace it was made with: --workspace DIR; or rank again.",
        )
    if provenance.version != __version__:
        raise DataError(
            f"This file was made by Palier {provenance.version}; this is {__version__}.",
            where=str(file),
            mend=f"Install version {provenance.version} to make the same bytes again.",
        )
    scenario = scenario_of(provenance)
    ranking, prospects = answer(place, scenario)
    told = provenance.parameters.get("hold_back")
    hold_back = HoldBack.from_dict(told) if told else None
    table = with_arms(ranking.table, hold_back, folder=place.path, seed=scenario.settings.seed)
    again = provenance_of(place, scenario, prospects, hold_back)
    # The folder may have moved since; what the file recorded stays.
    again = replace(again, parameters={**again.parameters, "workspace": recorded})
    content = to_bytes(
        table,
        file.suffix,
        bureaux=shapes_of(place, table),
        provenance=again,
        **provenance.written,
    )
    return Reproduction(content, content == file.read_bytes())
