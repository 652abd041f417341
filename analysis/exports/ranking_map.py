"""Rankings on paper: a map as PDF (A4) or PNG (200 dpi)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
from matplotlib.figure import Figure

from analysis.charts.print_map import LABELLED, Sheet, print_map
from analysis.exports.document import Document
from analysis.exports.figures import saved
from analysis.i18n import format_number

_NOTE = 190  # characters that fit on a line of notes
_NAME = 22
_HOURS = 100  # as on screen: votes of one hour are a hundredth of one


def to_pdf(document: Document) -> bytes:
    """Write the map as one PDF page; the provenance is its Keywords."""
    figure = _figure(document)
    return saved(figure, ".pdf", heading=document.heading, provenance=document.provenance)


def to_png(document: Document) -> bytes:
    """Write the map as a picture; the provenance is its text chunk `palier`."""
    figure = _figure(document)
    return saved(figure, ".png", heading=document.heading, provenance=document.provenance)


def _figure(document: Document) -> Figure:
    areas = _areas(document)
    ground = document.backdrop.ground
    # The classes of the whole ranking, so that paper and screen have one legend.
    graded = replace(document.graded, index=areas["class"].to_numpy(dtype=np.uint8))
    return print_map(areas, graded=graded, sheet=_sheet(document), ground=ground)


def _areas(document: Document) -> gpd.GeoDataFrame:
    """Join the polygons, ranked or not, with what the map shows of them."""
    document.need_polygons()
    shapes = document.bureaux[["bureau_id", "geometry"]]
    shapes = shapes[shapes.geometry.notna() & ~shapes.geometry.is_empty]
    shown = document.table[["bureau_id", "rank"]]
    shown = shown.assign(targeted=document.targeted, **{"class": document.graded.index})
    areas = shapes.merge(shown, on="bureau_id", how="left", validate="one_to_one")
    areas[["rank", "class"]] = areas[["rank", "class"]].fillna(0).astype(int)
    areas["targeted"] = areas["targeted"].eq(other=True)
    areas = areas.sort_values(["rank", "bureau_id"]).reset_index(drop=True)
    return areas.to_crs(areas.estimate_utm_crs()) if areas.crs.is_geographic else areas


def _sheet(document: Document) -> Sheet:
    say = document.say
    notes = [line for note in (document.unmapped_note(), document.sources) if note
             for line in textwrap.wrap(note, _NOTE)]  # fmt: skip
    return Sheet(
        title=document.heading,
        subtitle=document.subtitle,
        legend=say("score_legend"),
        targeted=document.targeted_label,
        list_head=(say("rank"), say("bureau"), say("score"), say("gain_head")),
        first=tuple(
            _row(row, called, document)
            for row, called in zip(
                document.table.head(LABELLED).to_dict("records"), document.called, strict=False
            )
        ),
        notes=tuple(notes),
    )


def _row(row: Mapping[str, object], called: str, document: Document) -> tuple[str, ...]:
    def write(column: str, digits: int) -> str:
        value = float(str(row[column])) * (_HOURS if column.startswith("gain") else 1)
        return format_number(value, digits, language=document.language)

    # A name says more to a volunteer than a code, but a long one would run into the score. The
    # head of the column says « bureau » already.
    name = re.sub(r"\bbureau\s(?=\w)", "", called)
    name = name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip(' ,')}…"
    least, most = write("gain_lower", 1), write("gain_upper", 1)
    gain = f"{write('gain_per_hour', 1)} ({least}–{most})"
    return write("rank", 0), name, write("score", 0), gain
