"""Names along streets: where they may stand, and that none runs through another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.ops import substring

# Where along its street a name is tried, as shares of its length.
_ALONG = (0.5, 0.35, 0.65, 0.2, 0.8)
# A name goes round no corner: the straight line is nearly as long as the street.
_STRAIGHT = 0.97

Place = tuple[float, float]


@dataclass
class NamesApart:
    """The names written so far on a map, as the lines they run along.

    Attributes
    ----------
    high
        Height of a letter, in the unit of the map: two names come no nearer.
    edge
        Of the map: a name that it would cut is not written. None where nothing is cut.
    """

    high: float
    edge: shapely.LineString | None = None
    _lines: list[shapely.LineString] = field(default_factory=list)
    _highs: list[float] = field(default_factory=list)

    def take(self, at: Place, angle: float, wide: float, *, high: float = 0.0) -> bool:
        """Write a name where there is room for it; tell whether there was.

        Parameters
        ----------
        at
            Its middle.
        angle
            How it runs, degrees from the first axis to the second.
        wide
            How long it is.
        high
            Its height, where it is not that of a name.

        Returns
        -------
        bool
            False where another name or the edge is in the way: nothing is written.
        """
        line = _line(at, angle, wide)
        if self.edge is not None and self.edge.intersects(line):
            return False
        if self._lines:
            apart = shapely.distance(np.array(self._lines, dtype=object), line)
            if (apart <= (np.array(self._highs) + (high or self.high)) / 2).any():
                return False
        self.keep(at, wide, angle=angle, high=high)
        return True

    def keep(self, at: Place, wide: float, *, angle: float = 0.0, high: float = 0.0) -> None:
        """Leave room for what stands on the map whatever comes: a number, a name that must be.

        Parameters
        ----------
        at
            Its middle.
        wide
            How long it is.
        angle
            How it runs, degrees.
        high
            Its height, where it is not that of a name.
        """
        self._lines.append(_line(at, angle, wide))
        self._highs.append(high or self.high)


def _line(at: Place, angle: float, wide: float) -> shapely.LineString:
    half = wide / 2 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    return shapely.LineString([np.array(at) - half, np.array(at) + half])


def places_along(line: shapely.LineString, wide: float) -> Iterator[tuple[Place, float]]:
    """Yield where a name may stand on its street: its middle, and degrees, read upright.

    Parameters
    ----------
    line
        The street.
    wide
        Length of the name, in its unit.

    Yields
    ------
    tuple
        Only where the street runs straight as long as the name is; the best place first.
    """
    for share in _ALONG:
        middle = share * line.length
        piece = substring(line, max(middle - wide / 2, 0.0), min(middle + wide / 2, line.length))
        run = np.subtract(piece.coords[-1], piece.coords[0])
        if piece.length and np.hypot(*run) >= _STRAIGHT * piece.length:
            at = line.interpolate(middle)
            angle = float(np.degrees(np.arctan2(run[1], run[0])))
            yield (at.x, at.y), (angle + 90) % 180 - 90
