"""What the options of `build` name: files in any layout we read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.errors import DataError
from analysis.fetch.chosen_place import Asked, asked_for
from analysis.readers.calendar import election_of
from analysis.readers.contours import Layout
from analysis.workflows.build import Inputs


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
    contours_id
        Their column of ids; "" to look for it.
    licences
        `FILE=TEXT`.
    """

    results: tuple[Path, Path] | None = None
    raw: tuple[str, ...] = ()
    terrain: Path | None = None
    contours: tuple[Path, ...] = ()
    vintages: tuple[int, ...] = ()
    contours_id: str = ""
    squares: Path | None = None
    addresses: Path | None = None
    electors: Path | None = None
    reu: Path | None = None
    reu_bureaux: Path | None = None
    streets: Path | None = None
    quarters: Path | None = None
    licences: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    leave_out: bool = False
    fictional: bool = False


def inputs_of(given: Given) -> Inputs:
    """Return what `build` reads of the files of a place.

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
            where="given: {sources}",
            mend="For the national files: --results general_results.parquet "
            "candidats_results.parquet.",
            sources=", ".join(sources) or "none",
        )
    general, candidates = given.results or (None, None)
    asked = Asked(given.places) if given.terrain else asked_for(given.places)
    return Inputs(
        general=general,
        candidates=candidates,
        contours=dict(zip(given.vintages, given.contours, strict=True)),
        squares=given.squares,
        addresses=given.addresses,
        electors=given.electors,
        reu=given.reu,
        reu_bureaux=given.reu_bureaux,
        streets=given.streets,
        quarters=given.quarters,
        places=asked.codes,
        place_notes=asked.notes,
        leave_out=given.leave_out,
        fictional=given.fictional,
        layout=Layout(id_column=given.contours_id),
        licences=dict(map(_licence, given.licences)),
        raw=tuple(map(_raw, given.raw)),
        terrain=given.terrain,
    )


def _licence(pair: str) -> tuple[str, str]:
    """Split `FILE=TEXT`; the file is known by its name, as reports know it."""
    file, found, text = pair.partition("=")
    if not (found and file.strip() and text.strip()):
        raise DataError(
            "A licence needs its file and its name.",
            where="--licence {pair}",
            mend="Write --licence FILE=TEXT, such as --licence contours.geojson=ODbL.",
            pair=pair,
        )
    return Path(file.strip()).name, text.strip()


def _raw(pair: str) -> tuple[str, Path]:
    """Split `ELECTION=FILE`."""
    election_id, found, file = pair.partition("=")
    if not found:
        raise DataError(
            "A raw file needs the election it is of.",
            where="--raw {pair}",
            mend="Write --raw 2022_pres_t2=FILE.",
            pair=pair,
        )
    election_of(election_id)
    return election_id, Path(file)
