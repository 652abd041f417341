"""Maps of sheets: stops in their order over streets or house fronts, to scale, north up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from analysis.charts.print_map import spread
from analysis.exports.field_kit.kit import METRES_PER_DEGREE, Kit
from analysis.exports.field_kit.pdf_canvas import BOLD, FAINT, INK, SOFT, Paper, width_of
from analysis.exports.field_kit.turf_street_names import Sheet, names_of_streets, street_labels
from analysis.exports.field_kit.turf_surroundings import Surroundings

Points = npt.NDArray[np.float64]

_LEAST = 160.0  # metres across: one building alone still has its street around it
_ROOM = 0.12  # of the frame, left free around the stops
_MOST_LINES = 25_000  # beyond, a page is slow to print and its lines run together
_LONGEST_M = 1000.0  # no piece of a street is longer
_STREET_M = 6.0
# House numbers stand where the nearest is farther than its own width, points.
_HOUSE, _HOUSE_ROOM, _BESIDE = 5.0, 9.0, (-1, 0, 1)
# A name stands beside its street, for the way is drawn on it; points.
_NAME, _ASIDE = 6.5, 5.8


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of paper and the piece of country it shows.

    Attributes
    ----------
    x, y, wide, high
        On paper, in points.
    longitude, latitude
        Of the middle.
    metres
        Shown by one point of paper.
    """

    x: float
    y: float
    wide: float
    high: float
    longitude: float
    latitude: float
    metres: float

    @classmethod
    def around(cls, degrees: Points, *, x: float, y: float, wide: float, high: float) -> Frame:
        """Make a frame that shows all points (longitude, latitude), with room around them.

        Parameters
        ----------
        degrees
            Longitude and latitude of points, (n, 2).
        x, y
            Lower left corner on the page, points.
        wide, high
            Of the frame, points.

        Returns
        -------
        Frame
            As many metres a point across as along.
        """
        low, top = degrees.min(axis=0), degrees.max(axis=0)
        longitude, latitude = (low + top) / 2
        across = (top - low) * METRES_PER_DEGREE * [np.cos(np.radians(latitude)), 1.0]
        across = np.maximum(across, _LEAST) / (1 - 2 * _ROOM)
        metres = float(max(across[0] / wide, across[1] / high))
        return cls(x, y, wide, high, float(longitude), float(latitude), metres)

    def on_paper(self, degrees: Points) -> Points:
        """Return where points (…, longitude and latitude) come to lie, in points of paper."""
        scale = METRES_PER_DEGREE / self.metres
        east = (degrees[..., 0] - self.longitude) * np.cos(np.radians(self.latitude)) * scale
        north = (degrees[..., 1] - self.latitude) * scale
        middle = (self.x + self.wide / 2, self.y + self.high / 2)
        return np.stack([middle[0] + east, middle[1] + north], axis=-1)

    def corners(self) -> tuple[float, float, float, float]:
        """Return what the frame shows, in degrees: west, south, east, north."""
        north = self.high / 2 * self.metres / METRES_PER_DEGREE
        east = self.wide / 2 * self.metres / METRES_PER_DEGREE / np.cos(np.radians(self.latitude))
        x, y = self.longitude, self.latitude
        return x - float(east), y - north, x + float(east), y + north

    def near(self, degrees: Points) -> npt.NDArray[np.bool_]:
        """Tell which rows (longitude, latitude, …) begin near enough to reach into the frame."""
        north = (self.high / 2 * self.metres + _LONGEST_M) / METRES_PER_DEGREE
        east = (self.wide / 2 * self.metres + _LONGEST_M) / METRES_PER_DEGREE
        east /= np.cos(np.radians(self.latitude))
        across = np.abs(degrees[:, 0] - self.longitude) <= east
        near: npt.NDArray[np.bool_] = across & (np.abs(degrees[:, 1] - self.latitude) <= north)
        return near

    def holds(self, paper: Points) -> npt.NDArray[np.bool_]:
        """Tell which points of paper lie inside."""
        x, y = paper[..., 0], paper[..., 1]
        across = (x >= self.x) & (x <= self.x + self.wide)
        return across & (y >= self.y) & (y <= self.y + self.high)


def draw_stops(paper: Paper, kit: Kit, turf_id: str, frame: Frame) -> None:
    """Draw one turf: what lies around, the way, and a number for each stop.

    Parameters
    ----------
    paper
        The page.
    kit
        The turfs, their start and surroundings.
    turf_id
        Which turf.
    frame
        Where on the page.
    """
    clip(paper, frame)
    if kit.surroundings is not None:
        draw_surroundings(paper, kit.surroundings, frame)
        _names(paper, kit, turf_id, frame)
    at = frame.on_paper(kit.spots[turf_id])
    start = start_of(kit, frame)
    along_streets = kit.ways.get(turf_id)
    way = at if along_streets is None else frame.on_paper(along_streets)
    _way(paper, way if start is None else np.vstack([start, way]))
    size = 9.0 if kit.large else 7.0
    numbers = kit.tables[turf_id]["stop"].astype(str).tolist()
    _numbers(paper, at, numbers, frame, size=size)
    if start is not None:
        mark_start(paper, kit, start)
    finish(paper, kit, frame)


def draw_surroundings(paper: Paper, around: Surroundings, frame: Frame) -> None:
    """Draw the streets or house fronts inside the frame.

    Parameters
    ----------
    paper
        The page.
    around
        Streets, or house fronts where there is no graph.
    frame
        Where on the page.
    """
    ends = frame.on_paper(around.segments[frame.near(around.segments)].reshape(-1, 2, 2))
    # A long street crosses the frame and ends on both sides of it.
    low, top = ends.min(axis=1), ends.max(axis=1)
    corner = np.array([frame.x, frame.y])
    ends = ends[((top >= corner) & (low <= corner + [frame.wide, frame.high])).all(axis=1)]
    if len(ends) <= _MOST_LINES:
        wide = float(np.clip(_STREET_M / frame.metres, 0.35, 3.0))
        paper.lines(ends.reshape(-1, 4), width=wide if around.is_graph else 0.7, grey=FAINT)


def _names(paper: Paper, kit: Kit, turf_id: str, frame: Frame) -> None:
    """Write house numbers, and the names of streets: those of the turf first."""
    around = kit.surroundings
    assert around is not None  # noqa: S101 - asked for where there is one
    near = np.flatnonzero(frame.near(around.points))
    at = frame.on_paper(around.points[near])
    inside = frame.holds(at)
    at, streets = at[inside], around.streets[near[inside]]
    _dots(paper, at, 0.7, FAINT)
    _houses(paper, at, [around.numbers[n] for n in near[inside]] if around.numbers else [])
    sheet = Sheet(
        frame.on_paper,
        frame.corners(),
        wide=partial(width_of, size=_NAME),
        high=_NAME,
        stop=18.0 if kit.large else 14.0,
        aside=_ASIDE,
        over=(
            (frame.x + frame.wide / 8 + 20, frame.y + 8, frame.wide / 4 + 40, 14.0),
            (frame.x + frame.wide - 12, frame.y + frame.high - 14, 8.0, 28.0),
        ),
    )
    found = names_of_streets(kit, turf_id, sheet)
    for name, place, angle in found or street_labels(at, streets, around.names, apart=26.0):
        along(paper, name, place, angle)


def places(kit: Kit) -> Points:
    """Return longitude and latitude of all stops."""
    return np.vstack([*kit.spots.values()])


def _dots(paper: Paper, at: Points, radius: float, grey: float) -> None:
    paper.lines(np.hstack([at, at]), width=2 * radius, grey=grey)


def _houses(paper: Paper, at: Points, numbers: list[str]) -> None:
    """Write house numbers beside their dots, as many as do not touch one another."""
    if not numbers:
        return
    # One a cell of paper, then none that still touches its neighbour: it stands in a cell beside.
    cells = np.floor(at / _HOUSE_ROOM).astype(int)
    first = np.sort(np.unique(cells, axis=0, return_index=True)[1])
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    for n, (column, row), (x, y) in zip(
        first.tolist(), cells[first].tolist(), at[first].tolist(), strict=True
    ):
        beside = (kept.get((column + i, row + j)) for i in _BESIDE for j in _BESIDE)
        if all(max(abs(x - k[0]), abs(y - k[1])) >= _HOUSE_ROOM for k in beside if k):
            kept[column, row] = (x, y)
            paper.text(x, y + 1.2, numbers[n], size=_HOUSE, grey=SOFT, align="centre")


def along(
    paper: Paper, name: str, at: tuple[float, float], angle: float, *, size: float = _NAME
) -> None:
    """Write a name along its street, on white.

    Parameters
    ----------
    paper
        The page.
    name
        One line.
    at
        Its middle, points.
    angle
        Degrees from the horizontal.
    size
        Of the letters, points.
    """
    canvas, wide = paper.canvas, width_of(name, size)
    canvas.saveState()
    canvas.translate(*at)
    canvas.rotate(angle)
    canvas.setFillGray(1)
    canvas.rect(-wide / 2 - 1, -0.47 * size, wide + 2, 1.16 * size, stroke=0, fill=1)
    paper.text(0, -0.29 * size, name, size=size, grey=SOFT, align="centre")
    canvas.restoreState()


def clip(paper: Paper, frame: Frame) -> None:
    """Draw nothing outside the frame until `finish`."""
    paper.canvas.saveState()
    path = paper.canvas.beginPath()
    path.rect(frame.x, frame.y, frame.wide, frame.high)
    paper.canvas.clipPath(path, stroke=0, fill=0)


def finish(paper: Paper, kit: Kit, frame: Frame) -> None:
    """Close a map: its frame, scale and north.

    Parameters
    ----------
    paper, kit
        The page, and whose words it speaks.
    frame
        Where the map is, in points.
    """
    paper.canvas.restoreState()
    paper.box(frame.x, frame.y, frame.wide, frame.high, width=0.8)
    _scale(paper, frame)
    _north(paper, kit, frame)


def start_of(kit: Kit, frame: Frame) -> Points | None:
    """Return where the start lies on paper; None when none was given or it is off the map."""
    if kit.start is None:
        return None
    at = frame.on_paper(np.array([kit.start[1], kit.start[0]]))
    return at if frame.holds(at) else None


def mark_start(paper: Paper, kit: Kit, at: Points) -> None:
    """Draw where all set out.

    Parameters
    ----------
    paper, kit
        The page, and whose words it speaks.
    at
        Place on the page, in points.
    """
    paper.box(at[0] - 5, at[1] - 5, 10, 10, width=0.8, fill=0.0)
    label = kit.say("start")
    paper.box(at[0] + 6, at[1] - 4, width_of(label, 6.5, BOLD) + 4, 9, width=0, fill=1.0)
    paper.text(at[0] + 8, at[1] - 2, label, size=6.5, font=BOLD)


def _way(paper: Paper, at: Points) -> None:
    canvas = paper.canvas
    path = canvas.beginPath()
    path.moveTo(*at[0])
    for point in at[1:]:
        path.lineTo(*point)
    canvas.setDash(4, 2)
    canvas.setStrokeGray(INK)
    canvas.setLineWidth(1.3)
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.setDash()


def _numbers(paper: Paper, at: Points, names: list[str], frame: Frame, *, size: float) -> None:
    """Write a number in a circle at each place; crowded ones move aside, on a leader."""
    radius = max(width_of(max(names, key=len), size, BOLD) / 2 + 1.6, size * 0.75)
    moved = spread(at, gap=2 * radius + 0.6) if len(at) <= 200 else at
    inner = [frame.x + radius + 1, frame.y + radius + 1]
    outer = [frame.x + frame.wide - radius - 1, frame.y + frame.high - radius - 1]
    moved = np.clip(moved, inner, outer)
    led = np.hypot(*(at - moved).T) > radius
    paper.lines(np.hstack([at, moved])[led], width=0.5)
    _dots(paper, at[led], 1.3, INK)
    # A white disc on a black one is a circle, at a tenth of a circle's strokes.
    _dots(paper, moved, radius + 0.25, INK)
    _dots(paper, moved, radius - 0.25, 1.0)
    for place, name in zip(moved, names, strict=True):
        paper.text(place[0], place[1] - size * 0.36, name, size=size, font=BOLD, align="centre")


def _scale(paper: Paper, frame: Frame) -> None:
    """Draw a bar of a round length, a quarter of the frame at most."""
    most = frame.wide * frame.metres / 4
    power = 10 ** np.floor(np.log10(most))
    length = float(power * max(step for step in (1, 2, 5) if step * power <= most))
    wide = length / frame.metres
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    x, y = frame.x + 6, frame.y + 6
    paper.box(frame.x + 1, frame.y + 1, wide + width_of(text, 6.5) + 14, 14, width=0, fill=1.0)
    paper.box(x, y, wide / 2, 4, fill=0.0)
    paper.box(x + wide / 2, y, wide / 2, 4, fill=1.0)
    paper.text(x + wide + 4, y - 0.5, text, size=6.5)


def _north(paper: Paper, kit: Kit, frame: Frame) -> None:
    """Point up: the frame has no projection of its own to turn north away."""
    x, y = frame.x + frame.wide - 12, frame.y + frame.high - 27
    paper.box(x - 10, y - 3, 21, 29, width=0, fill=1.0)
    path = paper.canvas.beginPath()
    path.moveTo(x, y + 15)
    path.lineTo(x - 4.5, y)
    path.lineTo(x, y + 3.5)
    path.lineTo(x + 4.5, y)
    path.close()
    paper.canvas.setFillGray(INK)
    paper.canvas.drawPath(path, stroke=0, fill=1)
    paper.text(x, y + 17, kit.say("north"), size=8, font=BOLD, align="centre")
