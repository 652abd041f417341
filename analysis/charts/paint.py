"""What a map shows on its contours: a class for each bureau, and numbers for its tooltip."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours mean.

    Attributes
    ----------
    title
        What is coloured, with its unit.
    palette
        Colours of classes 1, 2, …, as `#rrggbb`; choose one that colour-blind people can read.
    labels
        Texts of classes 1, 2, …
    no_data
        Text of class 0; empty leaves it out of the legend.
    """

    title: str
    palette: Sequence[str]
    labels: Sequence[str]
    no_data: str = ""

    def __post_init__(self) -> None:
        if len(self.palette) != len(self.labels):
            raise ValueError(f"{len(self.palette)} colours for {len(self.labels)} labels")


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number of each bureau, shown with a fixed count of decimals.

    Attributes
    ----------
    values
        One number per bureau, in the order of `Geometry.ids`; NaN is missing.
    decimals
        Digits after the comma on screen. What travels is exact to this and no more.
    """

    values: ArrayLike
    decimals: int = 0

    def packed(self) -> tuple[dict[str, object], bytes]:
        """Return how to read the column, and the column, in as many bits as it needs.

        Numbers are whole steps above the least; one plane holds the lowest bit of each bureau,
        the next the second lowest… So 69,000 ranks are 147 kB, and any one is read without
        unpacking the others.
        """
        values = np.asarray(self.values, dtype=float)
        # Halves go away from zero, as in the tables and cards beside the map; the multiplication
        # may have put one a hair too low.
        scaled = np.abs(values) * 10.0**self.decimals
        whole = np.copysign(np.floor(scaled + 0.5 + 2 * np.spacing(scaled)), values)
        there = np.isfinite(whole)
        low = int(whole[there].min()) if there.any() else 0
        span = int(whole[there].max()) - low if there.any() else 0
        # All bits set means "missing".
        bits = (span + 1).bit_length()
        steps = np.where(there, whole - low, 2**bits - 1).astype(np.uint64)
        planes = [np.packbits((steps >> bit) & 1 != 0, bitorder="little") for bit in range(bits)]
        description: dict[str, object] = {"low": low, "bits": bits, "decimals": self.decimals}
        return description, b"".join(plane.tobytes() for plane in planes)


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """What to show on the contours.

    Attributes
    ----------
    classes
        One per bureau, in the order of `Geometry.ids`: 0 for no data, k for the k-th colour.
    legend
        What the classes mean.
    tooltip
        Lines under the bureau's name; `{gain}` stands for the number `gain`.
    numbers
        Numbers of the tooltip by name.
    """

    classes: ArrayLike
    legend: Legend
    tooltip: Sequence[str] = ()
    numbers: Mapping[str, Number] = field(default_factory=dict)

    def __post_init__(self) -> None:
        greatest = int(np.max(self.classes, initial=0))
        if greatest > len(self.legend.palette):
            raise ValueError(f"class {greatest} has no colour: {len(self.legend.palette)} given")
        named = {name for line in self.tooltip for name in re.findall(r"{(\w+)}", line)}
        if unknown := named - set(self.numbers):
            raise ValueError(f"the tooltip names numbers that are not given: {sorted(unknown)}")
        lengths = {np.size(number.values) for number in self.numbers.values()}
        if lengths - {np.size(self.classes)}:
            raise ValueError(f"{np.size(self.classes)} classes, but numbers of {sorted(lengths)}")

    def packed(self) -> tuple[dict[str, object], list[bytes]]:
        """Return the description for the browser, and the columns it describes."""
        classes: NDArray[np.uint8] = np.asarray(self.classes, dtype=np.uint8)
        columns = [classes.tobytes()]
        numbers = {}
        for name, number in self.numbers.items():
            numbers[name], column = number.packed()
            columns.append(column)
        legend = {
            "title": self.legend.title,
            "palette": list(self.legend.palette),
            "labels": list(self.legend.labels),
            "no_data": self.legend.no_data,
        }
        return {"legend": legend, "tooltip": list(self.tooltip), "numbers": numbers}, columns
