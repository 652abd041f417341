"""Classes of values and their colours, the same on screen, on paper and in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.charts.chart_words import say
from analysis.errors import DataError
from analysis.i18n import format_number

Scheme = Literal["quantile", "equal-interval"]
Palette = Literal["sequential", "diverging"]

NO_DATA = "#d9d9d9"
MOST_CLASSES = 9
_MOST_DIGITS = 9

# After Brewer (2003): YlGnBu, spaced evenly in CIE lightness from 96 to 15 so that a grey
# print keeps seven classes apart, and PuOr. No red against green.
_ANCHORS: dict[Palette, str] = {
    "sequential": "f4f8c8 b7e2b6 78c9bd 39adc3 208ebf 236eb0 244f9e 1d3483 0d1f5c",
    "diverging": "b35806 e08214 fdb863 fee0b6 efebe3 d8daeb b2abd2 8073ac 542788",
}


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Values sorted into classes, ready for a lookup table of colours.

    Attributes
    ----------
    breaks
        Limits of the classes, one more than there are classes; a class holds its lower
        limit, the last one both (around 0: the limit nearer to 0, the outermost both).
        Rounded as the labels show them: the legend is exact.
    index
        Class of each value, `uint8`, from 1; 0 is no data.
    palette
        Colours `#rrggbb`; `palette[index]` is the colour of a value, `palette[0]` no data.
    labels
        One text per colour, e.g. "80 to 95".
    """

    breaks: tuple[float, ...]
    index: npt.NDArray[np.uint8]
    palette: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def colours(self) -> npt.NDArray[Any]:
        """The colour of each value, `#rrggbb`."""
        return np.array(self.palette)[self.index]


def classes(
    values: npt.ArrayLike,
    *,
    n: int = 7,
    scheme: Scheme = "quantile",
    palette: Palette = "sequential",
    language: str = "fr",
) -> Classes:
    """Sort values into at most `n` classes, with colours and labels.

    Parameters
    ----------
    values
        Numbers of any kind; what is not finite has no data.
    n
        Number of classes, 2 to 9; fewer are made when values repeat. A diverging palette
        takes an odd number: its middle class lies around 0.
    scheme
        "quantile": as many values in each class; "equal-interval": classes equally wide.
    palette
        "sequential": light to dark; "diverging": orange below 0, purple above.
    language
        Of the labels, "fr" or "en".

    Returns
    -------
    Classes
        In the order of `values`.

    Raises
    ------
    DataError
        When `n` cannot be had.

    Examples
    --------
    >>> found = classes([0.1, 0.2, 0.4, 0.9, float("nan")], n=2, language="en")
    >>> found.labels
    ('no data', '0.100 to 0.300', '0.300 to 0.900')
    >>> found.index.tolist()
    [1, 1, 2, 2, 0]
    """
    if not 2 <= n <= MOST_CLASSES or (palette == "diverging" and n % 2 == 0):
        raise DataError(
            "A map cannot have {n} diverging classes."
            if palette == "diverging"
            else "A map cannot have {n} sequential classes.",
            mend="Ask for 2 to {most_classes} classes, an odd number around zero.",
            n=n,
            most_classes=MOST_CLASSES,
        )
    numbers = np.asarray(values, dtype=float)
    known = numbers[np.isfinite(numbers)]
    diverging = palette == "diverging"
    raw = (_symmetric if diverging else _limits)(known, n=n, scheme=scheme)
    breaks, digits = _rounded(raw)
    index = np.zeros(numbers.shape, dtype=np.uint8)
    index[np.isfinite(numbers)] = (_mirrored if diverging else _sorted)(known, breaks)
    count = max(len(breaks) - 1, 0)
    return Classes(
        breaks=tuple(breaks.tolist()),
        index=index,
        palette=(NO_DATA, *ramp(count, palette=palette)),
        labels=(
            say("no_data", language),
            *_labels(breaks, digits, language=language, signed=diverging),
        ),
    )


def ramp(n: int, *, palette: Palette = "sequential") -> tuple[str, ...]:
    """Return `n` colours `#rrggbb`, evenly spaced along a palette."""
    anchors = np.array([_rgb(colour) for colour in _ANCHORS[palette].split()])
    # One class alone takes the middle: the palest would read as almost nothing.
    at = np.linspace(0, len(anchors) - 1, n) if n > 1 else np.array([(len(anchors) - 1) / 2] * n)
    channels = [np.interp(at, np.arange(len(anchors)), channel) for channel in anchors.T]
    return tuple(
        "#{:02x}{:02x}{:02x}".format(*map(round, colour)) for colour in np.transpose(channels)
    )


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.lstrip("#"))
    return red, green, blue


def _limits(known: npt.NDArray[np.float64], *, n: int, scheme: Scheme) -> npt.NDArray[np.float64]:
    if not known.size:
        return known
    if scheme == "quantile":
        # More classes than values that differ would leave some of a legend empty.
        apart = np.unique(known)
        steps = np.linspace(0, 1, min(n, apart.size) + 1)
        limits = np.unique(np.quantile(known, steps))
        # Nearly all are alike: the few others have classes of their own, not one with the rest.
        return np.unique(np.quantile(apart, steps)) if limits.size == 2 else limits
    return np.unique(np.linspace(known.min(), known.max(), n + 1))


def _symmetric(
    known: npt.NDArray[np.float64], *, n: int, scheme: Scheme
) -> npt.NDArray[np.float64]:
    if not known.round(6).any():
        return np.zeros(min(known.size, 1))
    size = np.abs(known)
    # The middle class is half as wide on each side, so n classes make n / 2 steps from 0.
    steps = np.arange(1, n + 1, 2) / n
    above = np.unique(np.quantile(size, steps))
    # A limit that rounds to 0 would leave the middle class empty.
    above = above[above > 1e-6 * size.max()]
    if scheme == "equal-interval" or above.size == 1:
        # Nearly all are alike or 0: quantiles would put both signs into the middle class.
        above = size.max() * steps
    return np.unique(np.concatenate([-above, above]))


def _sorted(
    known: npt.NDArray[np.float64], breaks: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    return 1 + np.searchsorted(breaks[1:-1], known, side="right")


def _mirrored(
    known: npt.NDArray[np.float64], breaks: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Class by distance from 0, so that opposite values are in opposite classes."""
    steps = np.searchsorted(breaks[breaks > 0][:-1], np.abs(known), side="right")
    return len(breaks) // 2 + np.sign(known).astype(np.int64) * steps


def _rounded(raw: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], int]:
    """Round limits as far as they stay apart; the outer ones outwards."""
    if raw.size < 2:
        return np.repeat(raw, 2), 1  # one value is one class, from itself to itself
    digits = min(max(0, 2 - int(np.floor(np.log10(raw[-1] - raw[0])))), _MOST_DIGITS)
    while np.unique(raw.round(digits)).size < raw.size and digits < _MOST_DIGITS:
        digits += 1
    scale = 10.0**digits
    breaks = raw.round(digits)
    # A limit is widened only where rounding would leave its extreme value outside.
    # Of a large number with many digits that division itself falls short.
    breaks[0] = min(breaks[0], np.floor(raw[0] * scale) / scale, raw[0])
    breaks[-1] = max(breaks[-1], np.ceil(raw[-1] * scale) / scale, raw[-1])
    return np.unique(breaks), digits


def _labels(
    breaks: npt.NDArray[np.float64], digits: int, *, language: str, signed: bool
) -> tuple[str, ...]:
    texts = [format_number(limit, digits, language=language, sign=signed) for limit in breaks]
    if len(texts) == 2 and texts[0] == texts[1]:
        return (texts[0],)
    to = say("to", language)
    return tuple(f"{low} {to} {high}" for low, high in zip(texts, texts[1:], strict=False))


def graded(values: pd.Series, language: str = "fr") -> tuple[Classes, tuple[str, ...]]:
    """Sort swings into classes around nought; return them and their colours, without "no data".

    Parameters
    ----------
    values
        In points; missing where there is none.
    language
        Of the labels, "fr" or "en".
    """
    both_ways = values.min() < 0 < values.max()
    found = classes(
        values, n=7, palette="diverging" if both_ways else "sequential", language=language
    )
    # Where all lost, the darkest are those that lost most.
    gained = both_ways or values.max() > 0
    return found, found.palette[1:] if gained else found.palette[:0:-1]
