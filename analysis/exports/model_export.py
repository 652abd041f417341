"""What a model found, on its way out: a table, or the picture of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from analysis.charts.chart_words import say
from analysis.exports.document import check_dialect, invented, located, with_texts
from analysis.exports.provenance import Provenance
from analysis.exports.registry import Kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Written:
    """How a finding is written.

    Attributes
    ----------
    language
        "fr" or "en": headings, meanings of columns, words on figures.
    dialect
        Of CSV: "plain" or "excel_fr".
    notes
        What a reader must know, in `language`, one a line.
    """

    language: str = "fr"
    dialect: str = "plain"
    notes: str = ""

    def __post_init__(self) -> None:
        """Refuse what no file is written in, before anything is worked out."""
        check_dialect(self.dialect)


@dataclass(frozen=True)
class Finding:
    """A table, or the picture of one, ready to leave.

    Attributes
    ----------
    rows
        The table.
    bureaux
        Polygons of its bureaux, metric CRS; None where rows are no bureaux, or none is known.
    source
        Where it comes from.
    heading
        What it is, in the language of `written`.
    units
        One mapping per column: `column`, `unit`, `meaning`.
    draw
        Makes the picture; None where only tables leave.
    written
        How it is written.
    """

    rows: pd.DataFrame
    bureaux: gpd.GeoDataFrame | None
    source: Provenance
    heading: str
    units: tuple[dict[str, str], ...]
    draw: Callable[[], Figure] | None
    written: Written

    @cached_property
    def provenance(self) -> Provenance:
        """The source, with what the columns are and how this was written."""
        written = {
            "language": self.language,
            "dialect": self.dialect,
            "notes": self.written.notes,
        }
        return replace(self.source, units=self.units, written=written)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rows as files hold them."""
        return with_texts(self.rows.reset_index(drop=True))

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The table with its polygons in WGS 84."""
        if self.bureaux is None:
            return gpd.GeoDataFrame(self.table, geometry=[None] * len(self.table), crs="OGC:CRS84")
        return located(self.table, self.bureaux)

    @property
    def language(self) -> str:
        """Of headings and meanings."""
        return self.written.language

    @property
    def dialect(self) -> str:
        """Of CSV."""
        return self.written.dialect

    @property
    def subtitle(self) -> str:
        """Nothing: the heading says all."""
        return ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know, first that the place is invented where it is."""
        first = (self.say("fictional_note"),) if invented(self.source) else ()
        return (*first, *self.written.notes.splitlines())

    @property
    def sheet(self) -> str:
        """Name of the table in a workbook."""
        return self.say("table")

    @property
    def kind(self) -> Kind:
        """A picture where it has one, else a table."""
        return "table" if self.draw is None else "picture"

    def say(self, key: str) -> str:
        """Return a word in the language of this finding."""
        return say(key, self.language)
