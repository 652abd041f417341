"""What the field holds in its hand: sheets on paper, phone pages, files for maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from analysis.errors import DataError
from analysis.exports.csv_account import account_of
from analysis.exports.field_kit import turf_files
from analysis.exports.field_kit.kit import Kit
from analysis.exports.field_kit.map_background import surroundings_of
from analysis.exports.field_kit.neighbourhood_facts import arguments_of, facts_of
from analysis.exports.field_kit.pdf_canvas import Paper
from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheet_content import about, sheet_of
from analysis.exports.field_kit.sheet_cover import draw_cover
from analysis.exports.field_kit.sheet_door import draw_door_page
from analysis.exports.field_kit.sheet_names import draw_names
from analysis.exports.field_kit.sheet_page import draw_sheet
from analysis.exports.field_kit.sheet_slip import draw_slip
from analysis.exports.registry import BESIDE
from analysis.fieldwork.arguments import arguments_in
from analysis.fieldwork.campaign import open_campaign
from analysis.fieldwork.script_versions import current
from analysis.geography.bureau_names import bureau_labels
from analysis.tables.whole_files import written_whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from analysis.charts.map_ground import Ground
    from analysis.contacts.asked import DoorForm
    from analysis.contacts.door_names import DoorNames
    from analysis.tables.workspace import Workspace
    from analysis.turf.walk_list import Walks


class Options(TypedDict, total=False):
    """How a kit is written: see the attributes of `Kit` of the same names."""

    language: str
    large: bool
    controller: str
    contact: str
    address: str
    door: DoorForm | None
    people: DoorNames | None


def kit_of(
    walks: Walks,
    workspace: Workspace | None = None,
    *,
    streets: npt.NDArray[Any] | None = None,
    ways: Mapping[str, npt.NDArray[Any]] | None = None,
    ground: Ground | None = None,
    **options: Unpack[Options],
) -> Kit:
    """Gather what sheets, pages and files are written from.

    Parameters
    ----------
    walks
        The turfs.
    workspace
        Of the place: gives the campaign with the tokens of its turfs, the facts, and the
        house fronts that maps draw. None leaves them out.
    streets
        LineStrings of the street graph, in the workspace's CRS, if there is one.
    ways
        By turf: its walk along streets, longitude and latitude (n, 2).
    ground
        Of the bureaux of these turfs, for the names on the cover.
    **options
        See `Options`.

    Returns
    -------
    Kit
        To be written by `write_kit`, `sheets_pdf`, `phone_page` or `turf_files`.
    """
    kit = Kit(walks, **options)
    if workspace is None:
        return kit
    campaign = open_campaign(workspace.path)
    bureaux = sorted(walks.turfs["bureau_id"].astype(str).unique())
    script, written = current(workspace.path), arguments_in(workspace.path)
    return replace(
        kit,
        script=script,
        arguments=arguments_of(workspace, kit, written) if script or written else {},
        campaign_id=campaign.campaign_id,
        tokens={turf_id: campaign.token(turf_id, walks.seal) for turf_id in kit.tables},
        facts=facts_of(workspace, kit),
        names=dict(zip(bureaux, bureau_labels(workspace, bureaux), strict=True)),
        surroundings=surroundings_of(workspace.read("addresses"), streets=streets),
        ways=ways or {},
        ground=ground,
    )


def sheets_pdf(kit: Kit) -> bytes:
    """Print a cover and one sheet per turf, A4.

    A sheet holds the map with numbered stops, the goal, facts with their sources, the table
    with boxes for the outcomes, the notice on data and a QR code.

    Parameters
    ----------
    kit
        What is printed, in which language, in small or large print.

    Returns
    -------
    bytes
        The PDF; the same kit gives the same bytes.
    """
    paper = Paper(turf_files.title(kit), language=kit.language, about=about(kit))
    sheets = [sheet_of(kit, turf_id) for turf_id in kit.tables]
    draw_cover(paper, kit, sheets)
    for sheet in sheets:
        draw_sheet(paper, sheet)
        draw_names(paper, sheet)
        draw_door_page(paper, sheet)
        draw_slip(paper, sheet)
    return paper.to_bytes()


def sheet_pdf(kit: Kit, turf_id: str) -> bytes:
    """Print the sheet of one turf alone, A4.

    Raises
    ------
    DataError
        When there is no such turf.
    """
    sheet = sheet_of(kit, turf_id)
    paper = Paper(f"{kit.say('sheet')} {turf_id}", language=kit.language, about=about(kit))
    draw_sheet(paper, sheet)
    draw_names(paper, sheet)
    draw_door_page(paper, sheet)
    draw_slip(paper, sheet)
    return paper.to_bytes()


def write_kit(kit: Kit, folder: Path | str) -> list[Path]:
    """Write all that the field takes along into a folder.

    Parameters
    ----------
    kit
        What is written.
    folder
        Made if need be. Gets `sheets.pdf`, `turfs.xlsx`, `turfs.gpx`, `turfs.kml`,
        `turfs.geojson`, `returns_form.csv`, and `gpx/TURF.gpx` and `phone/TURF.html` for each turf.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    folder = Path(folder)
    return [_write(folder / name, content) for name, content in _files(kit)]


def _files(kit: Kit) -> Iterator[tuple[str, bytes]]:
    yield "sheets.pdf", sheets_pdf(kit)
    for suffix, write in turf_files.WRITERS.items():
        # The table of the cut stands beside the kit already.
        if suffix != ".csv":
            yield f"turfs{suffix}", write(kit)
    for turf_id in kit.tables:
        yield f"gpx/{turf_id}.gpx", turf_files.to_gpx(kit, turf_id)
    blank = turf_files.to_form(kit)
    yield "returns_form.csv", blank
    yield (
        f"returns_form{BESIDE}",
        account_of(
            blank,
            "turfs",
            title=f"{kit.say('form')} · {kit.place}",
            language=kit.language,
            fictional=kit.fictional,
        ),
    )
    for turf_id in kit.tables:
        yield f"phone/{turf_id}.html", phone_page(kit, turf_id)


def _write(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise DataError(
            "The sheets could not be written.",
            where="{path}: {strerror}",
            mend="Choose a folder that may be written to, on a disk with room.",
            path=path,
            strerror=error.strerror,
        ) from error
    return path
