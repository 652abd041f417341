"""What lies around a turf: facts of its quarter, and the streets that maps draw behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know of a neighbourhood, and where it comes from."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What maps draw behind the stops, in degrees (WGS 84).

    Attributes
    ----------
    segments
        Shape (n, 4): longitude and latitude of both ends of each line.
    points
        Shape (m, 2): longitude and latitude of places on named streets.
    streets
        The street of each point, as a code into `names`.
    names
        Names of the streets.
    is_graph
        Whether the lines are streets; else they are house fronts guessed from numbers.
    numbers
        House number of each point; empty where they are not written.
    """

    segments: npt.NDArray[np.float64]
    points: npt.NDArray[np.float64]
    streets: npt.NDArray[np.int64]
    names: tuple[str, ...]
    is_graph: bool = False
    numbers: tuple[str, ...] = ()

    def within(self, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> Surroundings:
        """Return what lies, even in part, between two corners (longitude, latitude)."""
        # Column by column: numpy is ten times slower along an axis of two.
        x0, y0, x1, y1 = self.segments.T
        inside = (np.maximum(x0, x1) >= low[0]) & (np.minimum(x0, x1) <= high[0])
        inside &= (np.maximum(y0, y1) >= low[1]) & (np.minimum(y0, y1) <= high[1])
        x, y = self.points.T
        near = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
        return replace(
            self,
            segments=self.segments[inside],
            points=self.points[near],
            streets=self.streets[near],
            numbers=tuple(self.numbers[n] for n in np.flatnonzero(near)) if self.numbers else (),
        )
