"""Names along streets that cross: none runs through another."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely


@dataclass
class NamesApart:
    """The names written so far on a map, as the lines they run along.

    Attributes
    ----------
    high
        Height of a letter, in the unit of the map: two names come no nearer.
    """

    high: float
    _lines: list[shapely.LineString] = field(default_factory=list)

    def take(self, at: tuple[float, float], angle: float, wide: float) -> bool:
        """Write a name where there is room for it; tell whether there was.

        Parameters
        ----------
        at
            Its middle.
        angle
            How it runs, degrees from the first axis to the second.
        wide
            How long it is.

        Returns
        -------
        bool
            False where another name is in the way: nothing is written.
        """
        half = wide / 2 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        line = shapely.LineString([at - half, at + half])
        if any(line.distance(one) <= self.high for one in self._lines):
            return False
        self._lines.append(line)
        return True
