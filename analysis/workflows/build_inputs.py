"""What `build` is given: files in any layout we read, and the job they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.readers.results import Raw, combine
from analysis.tables.elections import Election
from analysis.tables.workspace import Workspace
from analysis.workflows.build import Inputs, Progress, build, build_from


@dataclass(frozen=True)
class Job:
    """A place to build: files, and results that another layout's reader has read."""

    inputs: Inputs
    read: Callable[[], tuple[Raw, Callable[[str], Election]]] | None = None

    def build(self, target: Path, progress: Progress) -> Workspace:
        """Read everything and write the workspace."""
        if self.read is None:
            return build(self.inputs, target, progress=progress)
        progress("results", 0.0)
        raw, dated = self.read()
        return build_from(raw, self.inputs, target, dated=dated, progress=progress)


@dataclass(frozen=True, slots=True)
class Given:
    """The files of a place as they were named; `Inputs` says what each is.

    Attributes
    ----------
    results
        « Données des élections agrégées », both files.
    raw
        `ELECTION=FILE`, files of the Ministry for one election.
    terrain
        A column map of any other layout.
    contours, vintages
        Files, and the year of each.
    licences
        `FILE=TEXT`.
    """

    results: tuple[Path, Path] | None = None
    raw: tuple[str, ...] = ()
    terrain: Path | None = None
    contours: tuple[Path, ...] = ()
    vintages: tuple[int, ...] = ()
    squares: Path | None = None
    addresses: Path | None = None
    electors: Path | None = None
    licences: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    leave_out: bool = False
    fictional: bool = False


def job_of(given: Given) -> Job:
    """Return the job that the files of a place make.

    Raises
    ------
    DataError
        When they name no results, or contours without their year.
    """
    if len(given.contours) != len(given.vintages):
        raise DataError(
            "Every --contours needs its --vintage, the year it is of.",
            mend="Write --contours FILE --vintage 2022, once for each file.",
        )
    sources = [name for name in ("results", "raw", "terrain") if getattr(given, name)]
    if len(sources) != 1:
        raise DataError(
            "Give the results once: as --results, --raw or --terrain.",
            where=f"given: {', '.join(sources) or 'none'}",
            mend="For the national files: --results general_results.parquet "
            "candidats_results.parquet.",
        )
    general, candidates = given.results or (Path(), Path())
    inputs = Inputs(
        general=general,
        candidates=candidates,
        contours=dict(zip(given.vintages, given.contours, strict=True)),
        squares=given.squares,
        addresses=given.addresses,
        electors=given.electors,
        places=given.places,
        leave_out=given.leave_out,
        fictional=given.fictional,
        licences=dict(map(_licence, given.licences)),
    )
    if given.raw:
        return Job(inputs, lambda: (_read_raw(given.raw, inputs.places), election_of))
    if given.terrain:
        return _terrain(given.terrain, inputs)
    return Job(inputs)


def _licence(pair: str) -> tuple[str, str]:
    """Split `FILE=TEXT`; the file is known by its name, as reports know it."""
    file, found, text = pair.partition("=")
    if not (found and file.strip() and text.strip()):
        raise DataError(
            "A licence needs its file and its name.",
            where=f"--licence {pair}",
            mend="Write --licence FILE=TEXT, such as --licence contours.geojson=ODbL.",
        )
    return Path(file.strip()).name, text.strip()


def _read_raw(pairs: tuple[str, ...], places: tuple[str, ...]) -> Raw:
    from analysis.readers.raw_layouts import read_raw

    raws = []
    for pair in pairs:
        election_id, found, file = pair.partition("=")
        if not found:
            raise DataError(
                "A raw file needs the election it is of.",
                where=f"--raw {pair}",
                mend="Write --raw 2022_pres_t2=FILE.",
            )
        election_of(election_id)
        raws.append(read_raw(Path(file), election_id=election_id, places=places))
    return combine(raws)


def _terrain(file: Path, inputs: Inputs) -> Job:
    from analysis.readers.column_map import read_terrain

    terrain = read_terrain(file)
    drawn = terrain.contours
    contours = {drawn.vintage: drawn.file} if drawn else inputs.contours
    layout = drawn.layout if drawn else inputs.layout
    return Job(
        replace(inputs, contours=contours, layout=layout, crs=terrain.crs, blocs=terrain.blocs),
        lambda: (terrain.raw, terrain.dated),
    )
