"""Names of streets on the map of one turf: those it walks first, clear of its stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from analysis.charts.names_apart import NamesApart, places_along
from analysis.exports.field_kit.kit import Kit

Points = npt.NDArray[np.float64]
Label = tuple[str, tuple[float, float], float]

_MOST, _LEAST_KNOWN = 14, 3  # names on a map; addresses by which a street is named without its line
# Where a street's name is tried, from the middle, in standard deviations of its addresses.
_ALONG = (0.0, 0.7, -0.7, 1.3, -1.3)
# A name may be a little longer than the piece of its street that the map shows.
_OVERHANG = 1.25


@dataclass(frozen=True, slots=True)
class Sheet:
    """A map of a turf that names are written on.

    Attributes
    ----------
    on_map
        Longitude and latitude (…, 2) to places on the map.
    shown
        Its corners in degrees: west, south, east, north.
    wide
        Width of a text, in the unit of the map.
    high
        Height of its letters.
    stop
        Across the circle of a stop.
    aside
        How far a name stands from the middle of its street.
    over
        What is drawn over the map: its middle, width and height each.
    """

    on_map: Callable[[Points], Points]
    shown: tuple[float, float, float, float]
    wide: Callable[[str], float]
    high: float
    stop: float
    aside: float
    over: tuple[tuple[float, float, float, float], ...] = ()


def names_of_streets(kit: Kit, turf_id: str, sheet: Sheet) -> list[Label] | None:
    """Return where names go along the streets of the ground.

    Parameters
    ----------
    kit
        The turfs, and the ground they lie on.
    turf_id
        Which turf: streets it walks are named before the others, the longest first.
    sheet
        The map.

    Returns
    -------
    list of (name, (x, y), angle) or None
        At most 14, the angle in degrees from the first axis to the second. None where no line
        of any street is known.
    """
    if kit.ground is None or kit.ground.streets.empty:
        return None
    west, south, east, north = sheet.shown
    near = shapely.box(*kit.metric(west, south), *kit.metric(east, north))
    streets = kit.ground.streets
    streets = streets.iloc[np.sort(streets.sindex.query(near, predicate="intersects"))]
    streets = streets[streets["name"] != ""]
    seen = shapely.intersection(streets.geometry.to_numpy(), near)
    lines, row = shapely.get_parts(seen, return_index=True)
    drawn = shapely.transform(lines, lambda xy: sheet.on_map(kit.degrees(*xy.T).T))
    names = streets["name"].astype("str").to_numpy()[row]
    own = {str(name).casefold() for name in kit.tables[turf_id]["street"].dropna()}
    strange = np.array([name.casefold() not in own for name in names], dtype=bool)
    corners = sheet.on_map(np.array([[west, south], [east, north]]))
    written = NamesApart(1.3 * sheet.high, shapely.box(*corners.ravel()).boundary)
    stops = sheet.on_map(kit.spots[turf_id])
    for x, y in stops.tolist():
        written.keep((x, y), 0.1 * sheet.stop, high=sheet.stop)
    for x, y, wide, high in sheet.over:
        written.keep((x, y), wide, high=high)
    # Of a street of several pieces, the one that the turf walks.
    away = shapely.distance(drawn, shapely.multipoints(stops)) > 2 * sheet.stop
    order = np.lexsort((-shapely.length(drawn), away, strange))
    found = [(str(names[n]), drawn[n]) for n in order.tolist()]
    return _written(found, written, sheet) or None


def _written(
    streets: Sequence[tuple[str, shapely.LineString]], written: NamesApart, sheet: Sheet
) -> list[Label]:
    chosen: dict[str, Label] = {}
    for name, line in streets:
        across = sheet.wide(name)
        if name in chosen or across > _OVERHANG * line.length:
            continue
        for (x, y), angle in places_along(line, across):
            turn = np.radians(angle)
            beside = sheet.aside * np.array([-np.sin(turn), np.cos(turn)])
            at = (x + float(beside[0]), y + float(beside[1]))
            if written.take(at, angle, across):
                chosen[name] = (name, at, angle)
                break
        if len(chosen) == _MOST:
            break
    return [*chosen.values()]


def street_labels(
    at: Points, street: npt.NDArray[np.int64], names: tuple[str, ...], *, apart: float
) -> list[tuple[str, tuple[float, float], float]]:
    """Choose where the names of streets go: along their addresses, the longest first.

    Parameters
    ----------
    at
        Places of addresses on the map, in any unit.
    street
        The street of each, as a code into `names`.
    names
        Names of the streets.
    apart
        Least distance between the middles of two names, same unit.

    Returns
    -------
    list of (name, (x, y), angle)
        At most 14, the angle in degrees from the first axis to the second.
    """
    known, street, count = np.unique(street, return_inverse=True, return_counts=True)
    x, y = (np.bincount(street, at[:, axis]) / np.maximum(count, 1) for axis in (0, 1))
    off = at - np.column_stack([x, y])[street]
    pairs = ((0, 0), (1, 1), (0, 1))
    xx, yy, xy = (np.bincount(street, off[:, a] * off[:, b]) for a, b in pairs)
    # Direction of the longest spread (first principal axis), turned to read left to right.
    angle = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))
    long = np.sqrt(np.maximum(xx, yy) / count)
    chosen: list[tuple[str, tuple[float, float], float]] = []
    # A letter is about a ninth as wide as two names are apart, and twice as high.
    letter = apart / 9
    written = NamesApart(2 * letter)
    for n in np.argsort(-count, kind="stable"):
        name, wide = names[known[n]], len(names[known[n]]) * letter
        if count[n] < _LEAST_KNOWN or wide >= max(3.5 * long[n], 1.5 * apart):
            continue
        along = np.array([np.cos(np.radians(angle[n])), np.sin(np.radians(angle[n]))])
        for share in _ALONG:
            x_, y_ = np.array([x[n], y[n]]) + share * long[n] * along
            near = any(np.hypot(x_ - a, y_ - b) < apart for _, (a, b), _ in chosen)
            # Where streets cross, one name gives way along its street, or is left out.
            if not near and written.take((x_, y_), float(angle[n]), wide):
                chosen.append((name, (float(x_), float(y_)), float(angle[n])))
                break
        if len(chosen) == _MOST:
            break
    return chosen
