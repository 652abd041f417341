"""A4 paper: fonts, wrapped text, boxes and QR codes, drawn straight onto a PDF."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import segno
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDE, HIGH = A4
MARGIN = 34.0  # points; 12 mm, which every office printer can reach
LEFT, RIGHT, TOP, BOTTOM = MARGIN, WIDE - MARGIN, HIGH - MARGIN, MARGIN
PLAIN, BOLD = "Palier", "Palier-Bold"
INK, SOFT, FAINT = 0.0, 0.35, 0.72  # shades of grey: black and white first
_FILES = {PLAIN: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
_LEADING = 1.28
_BEFORE = {"left": 0.0, "right": 1.0, "centre": 0.5}  # share of a line before its point
# Any of the eight masks may be read; to weigh them all took a third of a sheet's time. This
# one (ISO/IEC 18004, 7.8.2: row + column even) leaves no long runs in random tokens.
_MASK = 0
_QUIET = 4  # modules around a QR code, as ISO/IEC 18004 asks


class Paper:
    """A PDF under way; the same strokes make the same bytes.

    Parameters
    ----------
    title
        Of the document.
    language
        "fr" or "en", for readers aloud.
    about
        What made it, kept as the PDF's keywords.
    """

    def __init__(self, title: str, *, language: str, about: str = "") -> None:
        _register_fonts()
        # Streams as bytes: as text they would be a quarter longer, and slow to write.
        rl_config.useA85 = 0
        self._out = io.BytesIO()
        self._shown: dict[tuple[str, str], list[tuple[str, str]]] = {}
        # `invariant` leaves out the dates and the random id.
        self.canvas = Canvas(
            self._out,
            pagesize=A4,
            invariant=1,
            pageCompression=1,
            lang=language,
            initialFontName=PLAIN,
        )
        self.canvas.setTitle(title)
        self.canvas.setAuthor("Palier")
        self.canvas.setCreator("Palier")
        self.canvas.setProducer("Palier")
        self.canvas.setKeywords(about)

    def text(  # noqa: PLR0913 - as `Axes.text`: where, what, and how it looks
        self, x: float, y: float, text: str, *, size: float, font: str = PLAIN, grey: float = INK,
        align: str = "left",
    ) -> None:  # fmt: skip
        """Write one line; `align` says which side of it stands at `x`.

        Parameters
        ----------
        x, y
            Where, in points from the lower left corner; `y` is the foot of the letters.
        text
            One line.
        size
            Of the letters, points.
        font
            `PLAIN` or `BOLD`.
        grey
            0 is black, 1 white.
        align
            `left`, `centre` or `right`: which part of the line stands at `x`.
        """
        before = _BEFORE[align]
        left = x - before * width_of(text, size, font) if before else x
        strokes = [f"BT {grey:.3g} g 1 0 0 1 {left:.2f} {y:.2f} Tm"]
        for name, shown in self._letters(text, font):
            strokes.append(f"{name} {size:.4g} Tf ({shown}) Tj")
        self.canvas.addLiteral(" ".join([*strokes, "ET"]))

    def _letters(self, text: str, font: str) -> list[tuple[str, str]]:
        # The canvas's own strings cost as much as the rest of a sheet: each measures its
        # text anew, and house numbers and labels come back thousands of times.
        known = self._shown.get((text, font))
        if known is None:
            face, doc = pdfmetrics.getFont(font), self.canvas._doc
            known = self._shown[text, font] = [
                (face.getSubsetInternalName(subset, doc), self.canvas._escape(letters))
                for subset, letters in face.splitString(text, doc)
            ]
        return known

    def block(self, x: float, top: float, lines: list[str], *, size: float, **look: str) -> float:
        """Write lines one under the other from `top` down; return where they end.

        Parameters
        ----------
        x, top
            Upper left corner, points.
        lines
            From the first down.
        size
            Of the letters, points.
        **look
            `font` and `align`, as for `text`.

        Returns
        -------
        float
            Height of the foot of the last line, points.
        """
        y = top
        for line in lines:
            y -= size * _LEADING
            self.text(x, y + size * (_LEADING - 1), line, size=size, **look)  # type: ignore[arg-type]
        return y

    def line(self, x0: float, y0: float, x1: float, y1: float, *, width: float = 0.5) -> None:
        """Draw a black line.

        Parameters
        ----------
        x0, y0, x1, y1
            Both ends, points.
        width
            Points.
        """
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeGray(INK)
        self.canvas.line(x0, y0, x1, y1)

    def lines(self, ends: npt.NDArray[np.float64], *, width: float, grey: float = INK) -> None:
        """Draw many lines with round ends as one path; `ends` has shape (n, 4).

        A line without length is a dot.

        Parameters
        ----------
        ends
            Both ends of each line, (n, 4), points.
        width
            Points.
        grey
            0 is black, 1 white.
        """
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(width)
        self.canvas.setLineCap(1)
        self._literal("%.1f %.1f m %.1f %.1f l", ends, "S")
        self.canvas.setLineCap(0)

    def box(  # noqa: PLR0913 - a rectangle has four numbers
        self, x: float, y: float, wide: float, high: float, *, width: float = 0.5,
        fill: float | None = None,
    ) -> None:  # fmt: skip
        """Draw a rectangle from its lower left corner, filled with a grey or not.

        Parameters
        ----------
        x, y
            Lower left corner, points.
        wide, high
            Points.
        width
            Of the frame, points; 0 draws none.
        fill
            Grey inside, 0 to 1; None leaves it empty.
        """
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeGray(INK)
        if fill is not None:
            self.canvas.setFillGray(fill)
        self.canvas.rect(x, y, wide, high, stroke=int(width > 0), fill=int(fill is not None))

    def qr(self, text: str, x: float, y: float, side: float) -> None:
        """Draw a QR code in a square of `side` points, its quiet zone included.

        Parameters
        ----------
        text
            What the code says.
        x, y
            Lower left corner, points.
        side
            Points.
        """
        modules = np.array(
            [*segno.make(text, error="m", mask=_MASK, micro=False).matrix], dtype=np.int8
        )
        step = side / (len(modules) + 2 * _QUIET)
        row, first, last = _runs(modules)
        corners = np.column_stack([first + _QUIET, len(modules) - 1 + _QUIET - row]) * step
        # A hair more than its cell: neighbours must not show a white seam.
        sizes = np.column_stack([last - first, np.full(len(row), 1.02)]) * step
        self.canvas.setFillGray(INK)
        self._literal("%.3f %.3f %.3f %.3f re", np.hstack([corners + [x, y], sizes]), "f")

    def _literal(self, form: str, rows: npt.NDArray[np.float64], end: str) -> None:
        # Ten times faster than the canvas's own methods, number by number.
        if len(rows):
            strokes = "\n".join([form] * len(rows)) % tuple(rows.ravel().tolist())
            self.canvas.addLiteral(f"{strokes}\n{end}")

    def next_page(self) -> None:
        """End this page."""
        self.canvas.showPage()

    def to_bytes(self) -> bytes:
        """Return the whole file."""
        self.canvas.save()
        return self._out.getvalue()


def width_of(text: str, size: float, font: str = PLAIN) -> float:
    """Return how wide a line is, in points.

    Parameters
    ----------
    text
        One line.
    size
        Of the letters, points.
    font
        `PLAIN` or `BOLD`.

    Returns
    -------
    float
        Points.
    """
    return size * _width(text, font)


# Names of streets and words of the notice stand on sheet after sheet.
@lru_cache(maxsize=50_000)
def _width(text: str, font: str) -> float:
    _register_fonts()
    return float(pdfmetrics.stringWidth(text, font, 1.0))


def wrap(
    text: str, width: float, *, size: float, font: str = PLAIN, whole: bool = False
) -> list[str]:
    """Break a text into lines no wider than `width` points.

    Only plain spaces break: a narrow no-break space before a colon keeps it on its line.
    A word wider than a line is broken within, unless words are to stay `whole`.

    Parameters
    ----------
    text
        Any length.
    width
        Of a line, points.
    size
        Of the letters, points.
    font
        `PLAIN` or `BOLD`.
    whole
        Whether a word wider than a line stays in one piece.

    Returns
    -------
    list of str
        The lines, none of them empty.
    """
    lines, used = [""], 0.0
    for word in text.split(" "):
        wide = width_of(f" {word}" if lines[-1] else word, size, font)
        if used + wide <= width:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
            used += wide
        else:
            lines += [word] if whole else _pieces(word, width, size, font)
            used = width_of(lines[-1], size, font)
    return [line for line in lines if line]


def fit(text: str, width: float, *, size: float, font: str = PLAIN) -> str:
    """Cut a text to `width` points, with an ellipsis where something is missing.

    Parameters
    ----------
    text
        One line.
    width
        Points.
    size
        Of the letters, points.
    font
        `PLAIN` or `BOLD`.

    Returns
    -------
    str
        The text itself where it fits.
    """
    if width_of(text, size, font) <= width:
        return text
    while text and width_of(text + "…", size, font) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def height_of(lines: int, size: float) -> float:
    """Return how high so many lines of `Paper.block` are."""
    return lines * size * _LEADING


def _pieces(word: str, width: float, size: float, font: str) -> list[str]:
    if width_of(word, size, font) <= width:
        return [word]
    pieces = [""]
    for letter in word:
        if width_of(pieces[-1] + letter, size, font) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _runs(modules: npt.NDArray[np.int8]) -> tuple[npt.NDArray[np.intp], ...]:
    """Return row, first and past-the-last column of each run of dark modules."""
    steps = np.diff(modules, axis=1, prepend=0, append=0)
    row, first = np.nonzero(steps == 1)
    return row, first, np.nonzero(steps == -1)[1]


@cache
def _register_fonts() -> None:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
