"""The map on the page: what it shows, what is sent to the browser, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike, NDArray

from analysis.charts.ground_file import script as ground_script
from analysis.charts.ground_file import with_header
from pages._ui.bureau_map.geometry import Geometry
from pages._ui.i18n import _, language, number


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "palier.bureau_map",
    html=_read("bureau_map.html"),
    css=_read("bureau_map.css"),
    # Streamlit sends the script again on each run, so it goes without comments and margins.
    js=re.sub(r"^\s*(//.*)?", "", _read("bureau_map.js") + ground_script(), flags=re.MULTILINE),
)


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
        Why class 0 has none; the legend adds how many there are.
    hatched
        What hatching means; the legend adds how many are hatched.
    """

    title: str
    palette: Sequence[str]
    labels: Sequence[str]
    no_data: str = ""
    hatched: str = ""

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
        description: dict[str, object] = {"low": low, "bits": bits, "decimals": self.decimals}
        return description, _planes(steps, bits)


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
    hatched
        Which bureaux are hatched (booleans); None for none.
    """

    classes: ArrayLike
    legend: Legend
    tooltip: Sequence[str] = ()
    numbers: Mapping[str, Number] = field(default_factory=dict)
    hatched: ArrayLike | None = None

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
        bits = max(1, len(self.legend.palette).bit_length())
        columns = [_planes(classes, bits)]
        numbers = {}
        for name, given in self.numbers.items():
            numbers[name], column = given.packed()
            columns.append(column)
        hatched = [] if self.hatched is None else np.flatnonzero(self.hatched).tolist()
        legend = {
            "title": self.legend.title,
            "palette": list(self.legend.palette),
            "labels": list(self.legend.labels),
            "no_data": _no_data(classes, self.legend.no_data),
            "hatched": f"{self.legend.hatched} ({number(len(hatched))})" if hatched else "",
        }
        told = {"legend": legend, "bits": bits, "tooltip": list(self.tooltip), "numbers": numbers}
        return {**told, "hatched": hatched}, columns


def _planes(steps: NDArray[Any], bits: int) -> bytes:
    """Return whole numbers bit by bit: one plane holds the lowest of each, the next the second."""
    planes = [np.packbits((steps >> bit) & 1 != 0, bitorder="little") for bit in range(bits)]
    return b"".join(plane.tobytes() for plane in planes)


def _no_data(classes: NDArray[np.uint8], why: str) -> str:
    """Say how many bureaux are grey, and why; "" where none is."""
    grey = int(np.count_nonzero(classes == 0))
    told = why or _("No figure for these contours")
    return f"{told} ({number(grey)})" if grey else ""


@dataclass(frozen=True, slots=True)
class MapOptions:
    """How a map behaves.

    Attributes
    ----------
    selected
        Bureau to outline; the map goes to it when it is out of sight.
    shown
        Bureaux that the camera goes to when they are others than before, the rest veiled.
    on_select
        Called with the bureau clicked, or None when empty ground was, before the page runs again.
    height
        Height of the drawing in CSS pixels; at most three quarters of the screen are used.
    label
        What a screen reader says the map is.
    texts
        What a map of something else than bureaux says instead, by name.
    """

    selected: str | None = None
    shown: Sequence[str] = ()
    on_select: Callable[[str | None], None] | None = None
    height: int = 520
    label: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapEvent:
    """What the user did on the map to cause this run.

    Attributes
    ----------
    clicked
        Whether a bureau, or empty ground, was clicked.
    bureau_id
        The bureau, or None for empty ground.
    """

    clicked: bool = False
    bureau_id: str | None = None


def bureau_map(
    geometry: Geometry, paint: Paint, *, key: str, options: MapOptions | None = None
) -> MapEvent:
    """Show a map and return what was clicked since the last run.

    Parameters
    ----------
    geometry
        From `publish_geometry`.
    paint
        Classes and numbers, aligned with `geometry.ids`.
    key
        Names the map; its centre and zoom stay with it when the page is left and opened again.
    options
        Selection, height, label.

    Raises
    ------
    ValueError
        When `paint` is not aligned with `geometry`.
    """
    if np.size(paint.classes) != len(geometry):
        raise ValueError(f"{np.size(paint.classes)} classes for {len(geometry)} contours")
    options = options or MapOptions()

    def report() -> None:
        event = _event(st.session_state[key], geometry)
        if event.clicked and options.on_select is not None:
            options.on_select(event.bureau_id)

    result = _mount(key=key, data=_message(geometry, paint, key, options), on_clicked_change=report)
    if geometry.made is not None:
        st.caption(
            _(
                "Contours made from addresses of the electoral roll ({year}), not official: "
                "borders are approximate."
            ).format(year=geometry.made)
        )
    return _event(result, geometry)


def _message(geometry: Geometry, paint: Paint, key: str, options: MapOptions) -> bytes:
    description, columns = paint.packed()
    label = {"label": options.label} if options.label else {}
    known = options.selected is not None and options.selected in geometry.ids
    header = {
        "key": key,
        "url": geometry.url,
        "n": len(geometry),
        "selected": int(geometry.ids.get_loc(options.selected)) if known else -1,
        "shown": [int(i) for i in geometry.ids.get_indexer_for([*options.shown]) if i >= 0],
        "height": options.height,
        "tiles": asdict(geometry.tiles) if geometry.tiles else None,
        "ground": geometry.ground,
        "houses": geometry.addresses,
        "year": geometry.year,
        "language": language(),
        "texts": _texts() | dict(options.texts) | label,
        **description,
    }
    return with_header(header, columns)


def _event(result: Mapping[str, Any], geometry: Geometry) -> MapEvent:
    """Read what the browser sent; it may speak of contours that are no longer shown."""
    clicked = result.get("clicked")
    if not clicked:
        return MapEvent()
    bureau_id = clicked.get("bureau_id")
    if bureau_id is not None and bureau_id not in geometry.ids:
        return MapEvent()
    return MapEvent(True, bureau_id)


def _texts() -> dict[str, str]:
    return {
        "label": _("Map of the bureaux"),
        "help": _(
            "Arrow keys move the map, plus and minus zoom, 0 shows everything, Enter selects the "
            "bureau under the cross, Escape clears the selection."
        ),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "fit": _("Show everything"),
        "loading": _("Loading the contours…"),
        "failed": _("The contours could not be loaded. Reload the page to try again."),
        "nothing": _("No bureau here"),
        "selected": _("Selected"),
        "count": _("{n} bureaux on the map"),
        "images": _("Base map"),
        "streets": _("Streets and names"),
        "opacity": _("Opacity of the colours"),
        "search": _("Address, street, place or bureau"),
        "no_house": _("No such number here; the nearest:"),
        "searched": _("{n} found"),
        "not_found": _("Nothing of this name here"),
        "year": _("Contours of {year}"),
        "asks": _(
            "Images come from {host}: what is asked for shows where you look, never an address."
        ),
    }
