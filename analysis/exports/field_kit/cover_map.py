"""The maps of the cover: outlines and numbers of all turfs over streets, a map for each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analysis.charts.names_apart import NamesApart
from analysis.charts.print_ground import names_along
from analysis.exports.field_kit.kit import METRES_PER_DEGREE, Kit
from analysis.exports.field_kit.pdf_canvas import BOLD, INK, Paper, width_of
from analysis.exports.field_kit.sheet_map import (
    Frame,
    Points,
    along,
    clip,
    draw_surroundings,
    finish,
    mark_start,
    start_of,
)

# Turfs farther apart are on maps of their own: the least distance with so few maps.
_APART_M, _MOST_PARTS = (250.0, 500.0, 800.0, 1200.0, 2000.0, 4000.0), 9
_GAP, _IN_A_ROW = 6.0, 3
_NUMBER, _LEAST_NUMBER = 8.0, 3.2
# Pieces that belong to an outline alone, in which its number is tried.
_TRIED = 3
_NAMES, _NAME_SIZE, _LABEL, _PALE = 14, 5.5, 13.0, 0.6


def draw_turfs(paper: Paper, kit: Kit, whole: Frame, outlines: Mapping[str, Points]) -> None:
    """Draw every turf as an outline with its number, for the organiser.

    Parameters
    ----------
    paper
        The page.
    kit
        The turfs and their surroundings.
    whole
        The room on the page; turfs that lie in parts far from each other share it out.
    outlines
        Turf → corners around its stops, longitude and latitude, (n, 2).
    """
    parts = parts_of(outlines)
    rows = -(-len(parts) // _IN_A_ROW)
    columns = -(-len(parts) // rows)
    wide = (whole.wide - _GAP * (columns - 1)) / columns
    high = (whole.high - _GAP * (rows - 1)) / rows
    for n, part in enumerate(parts):
        row, column = divmod(n, columns)
        x = whole.x + column * (wide + _GAP)
        y = whole.y + (rows - 1 - row) * (high + _GAP)
        corners = np.vstack([outlines[turf] for turf in part])
        frame = Frame.around(corners, x=x, y=y, wide=wide, high=high)
        _draw_part(paper, kit, frame, {turf: outlines[turf] for turf in part})


def parts_of(outlines: Mapping[str, Points]) -> list[list[str]]:
    """Return the turfs of each map: one for all, or one for each part of town.

    Parameters
    ----------
    outlines
        Turf → corners, longitude and latitude, (n, 2).

    Returns
    -------
    list of list of str
        At most nine, the largest first; all in one where even distant ones are more.
    """
    names = [*outlines]
    middle = np.mean([ring.mean(axis=0) for ring in outlines.values()], axis=0)
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(middle[1])), 1.0])
    shapes = np.array([shapely.Polygon((ring - middle) * scale) for ring in outlines.values()])
    tree, part = shapely.STRtree(shapes), np.zeros(len(names), dtype=int)
    for apart in _APART_M:
        one, other = tree.query(shapes, predicate="dwithin", distance=apart)
        near = coo_array((np.ones(len(one)), (one, other)), shape=(len(names), len(names)))
        count, found = connected_components(near, directed=False)
        if count <= _MOST_PARTS:
            part = found
            break
    sizes = np.bincount(part)
    return [
        [names[n] for n in np.flatnonzero(part == p)] for p in np.argsort(-sizes, kind="stable")
    ]


def _draw_part(paper: Paper, kit: Kit, frame: Frame, outlines: Mapping[str, Points]) -> None:
    clip(paper, frame)
    if kit.surroundings is not None:
        draw_surroundings(paper, kit.surroundings, frame)
    written = _quarters(paper, kit, frame)
    rings = [frame.on_paper(ring) for ring in outlines.values()]
    for ring in rings:
        _outline(paper, ring)
    # All of one cut: the letters stand above the map, and a short name hides less of it.
    one = len({name.rpartition("-")[0] for name in outlines}) == 1
    names = [name.rpartition("-")[2].lstrip("T0") or name if one else name for name in outlines]
    spots = number_spots(rings, names)
    for x, y, size in spots:
        written.keep((x, y), size, high=size)
    _names(paper, kit, frame, written)
    for name, (x, y, size) in zip(names, spots, strict=True):
        paper.text(x, y - size * 0.36, name, size=size, font=BOLD, align="centre")
    if (start := start_of(kit, frame)) is not None:
        mark_start(paper, kit, start)
    finish(paper, kit, frame)


def _outline(paper: Paper, ring: Points) -> None:
    canvas = paper.canvas
    path = canvas.beginPath()
    path.moveTo(*ring[0])
    for point in ring[1:]:
        path.lineTo(*point)
    path.close()
    canvas.setLineJoin(1)
    canvas.setStrokeGray(INK)
    canvas.setFillGray(0.93)
    canvas.setFillAlpha(0.75)
    canvas.setLineWidth(0.7)
    canvas.drawPath(path, stroke=1, fill=1)
    canvas.setFillAlpha(1)


def number_spots(rings: Sequence[Points], names: Sequence[str]) -> list[tuple[float, float, float]]:
    """Return where the number of each outline stands, and how large, clear of those before it.

    Parameters
    ----------
    rings
        Corners of the outlines, (n, 2), in points of the page.
    names
        Their numbers.

    Returns
    -------
    list of tuple
        x and y of its middle, and its size. It stands in what belongs to its outline alone where
        that holds it; where nowhere is room, in the middle of the outline.
    """
    shapes = np.array([shapely.Polygon(ring).buffer(0) for ring in rings], dtype=object)
    tree, taken = shapely.STRtree(shapes), list[shapely.Polygon]()
    found = []
    for n, name in enumerate(names):
        others = shapely.union_all([shapes[m] for m in tree.query(shapes[n]) if m != n])
        alone = shapely.get_parts(shapely.difference(shapes[n], others))
        alone = alone[~shapely.is_empty(alone)]
        grounds = [*sorted(alone, key=shapely.area, reverse=True)[:_TRIED], shapes[n]]
        spots = [_fitted(ground, name) for ground in grounds]
        boxes = [_box(spot, name) for spot in spots]
        free = [k for k, box in enumerate(boxes) if not shapely.intersects(taken, box).any()]
        k = max(free or [len(spots) - 1], key=lambda k: spots[k][2])
        found.append(spots[k])
        taken.append(boxes[k])
    return found


def _fitted(ground: shapely.Polygon, name: str) -> tuple[float, float, float]:
    """Return the roomiest place of a ground, and how large a number fits there."""
    radius = shapely.maximum_inscribed_circle(ground)
    x, y = shapely.get_coordinates(radius)[0]
    # A digit is about two thirds as wide as it is high.
    size = 2.6 * radius.length / max(len(name) * 0.66, 1.0)
    return float(x), float(y), float(np.clip(size, _LEAST_NUMBER, _NUMBER))


def _box(spot: tuple[float, float, float], name: str) -> shapely.Polygon:
    x, y, size = spot
    half = size * len(name) * 0.66 / 2
    return shapely.box(x - half, y - size / 2, x + half, y + size / 2)


def _seen(kit: Kit, frame: Frame) -> shapely.Polygon:
    """Return what a frame shows, in the CRS of the ground."""
    half = np.array([frame.wide, frame.high]) / 2 * frame.metres
    x, y = kit.metric(frame.longitude, frame.latitude)
    return shapely.box(x - half[0], y - half[1], x + half[0], y + half[1])


def _quarters(paper: Paper, kit: Kit, frame: Frame) -> NamesApart:
    """Write the names of quarters under the turfs; return where they stand."""
    edge = shapely.box(frame.x, frame.y, frame.x + frame.wide, frame.y + frame.high).boundary
    written = NamesApart(_NAME_SIZE * 1.2, edge)
    labels = None if kit.ground is None else kit.ground.labels
    for text, spot in [] if labels is None else zip(labels["text"], labels.geometry, strict=True):
        at = frame.on_paper(kit.degrees(spot.x, spot.y))
        if frame.holds(at):
            # Whole, beside the edge too; pale, for turfs and their numbers stand on it.
            wide = width_of(text, _LABEL, BOLD)
            low, top = frame.x + wide / 2 + 2, frame.x + frame.wide - wide / 2 - 2
            x, y = min(max(float(at[0]), low), top), float(at[1])
            paper.text(x, y, text, size=_LABEL, font=BOLD, grey=_PALE, align="centre")
            written.keep((x, y + _LABEL * 0.36), wide, high=_LABEL)
    return written


def _names(paper: Paper, kit: Kit, frame: Frame, written: NamesApart) -> None:
    """Write the names of great streets, clear of what is written already."""
    if (ground := kit.ground) is None:
        return
    reach, told, near = frame.wide * frame.metres * 0.1, set[str](), _seen(kit, frame)
    for name in names_along(ground.streets[ground.streets.intersects(near)]):
        at = frame.on_paper(kit.degrees(name.x, name.y))
        spot, wide = (float(at[0]), float(at[1])), width_of(name.text, _NAME_SIZE)
        if name.length <= reach or name.text in told or not frame.holds(at):
            continue
        if written.take(spot, name.angle, wide):
            along(paper, name.text, spot, name.angle, size=_NAME_SIZE)
            told.add(name.text)
        if len(told) == _NAMES:
            break
