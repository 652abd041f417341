"""What is exported: a ranking with its polygons, and how it is to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import geopandas as gpd
import pandas as pd
import shapely

from analysis.charts.chart_words import LANGUAGES, election, licence, name, say
from analysis.charts.colours import Classes, classes
from analysis.charts.map_ground import Backdrop
from analysis.errors import DataError, some
from analysis.exports.provenance import Provenance
from analysis.exports.registry import Kind
from analysis.i18n import format_number

DIALECTS = ("plain", "excel_fr")
# After a dialect: the provenance stands in a last column, not in a file beside it.
IN_COLUMN = "+provenance"
WGS84 = "OGC:CRS84"
# About 0.1 m on the ground, the sixth decimal RFC 7946 §11.2 advises not to exceed.
DEGREE_GRID = 1e-6

# What scripts read comes first, in this order; the rest follows as the ranking has it.
FIRST = (
    "bureau_id",
    "rank",
    "score",
    "gain_per_hour",
    "gain_lower",
    "gain_upper",
    "top_k_probability",
    "registered",
    "arm",
)
# Without hours to spend, the map marks as many targets as its labels can number.
FIRST_TARGETS = 30


class Leaving(Protocol):
    """What the writers of tables ask of whatever leaves: a ranking, a forecast, a swing."""

    @property
    def kind(self) -> Kind:
        """Which writers it is for."""

    @property
    def table(self) -> pd.DataFrame:
        """Rows as files hold them, numbered from 0; texts are never missing."""

    @property
    def places(self) -> gpd.GeoDataFrame:
        """The table with polygons in WGS 84; None where a row has none."""

    @property
    def provenance(self) -> Provenance:
        """Version, parameters, seed, digests and sources; written into the file."""

    @property
    def language(self) -> str:
        """`fr` or `en`: of titles, units and meanings."""

    @property
    def dialect(self) -> str:
        """`plain` or `excel_fr`: how a CSV is written."""

    @property
    def heading(self) -> str:
        """Title of the file."""

    @property
    def subtitle(self) -> str:
        """A line under the title: which place, which election, which votes."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know, in `language`."""

    @property
    def sheet(self) -> str:
        """Name of the table in a workbook."""

    def say(self, key: str) -> str:
        """Return a word in `language`."""


@dataclass(frozen=True)
class Document:
    """A ranking ready to leave.

    Attributes
    ----------
    ranking
        One row per bureau, by rank.
    bureaux
        Polygons of the bureaux, metric CRS; may lack some of the ranked, or all.
    provenance
        Where the ranking comes from.
    language
        "fr" or "en": titles, legends and notes; column names stay as they are.
    dialect
        Of CSV: "plain" or "excel_fr".
    title
        Heading of maps; when empty, made of the commune, the bloc and the election.
    backdrop
        What maps draw under the colours.
    """

    ranking: pd.DataFrame
    bureaux: gpd.GeoDataFrame
    provenance: Provenance
    language: str = "fr"
    dialect: str = "plain"
    title: str = ""
    backdrop: Backdrop = Backdrop()

    def __post_init__(self) -> None:
        """Refuse what no format could write."""
        _one_of(self.language, LANGUAGES, what="language")
        check_dialect(self.dialect)
        if missing := [column for column in FIRST if column not in self.ranking]:
            raise DataError(
                "The ranking lacks column(s) {missing}.",
                where="columns found: {columns}",
                mend="Export the table that `rank` returns, with its names unchanged.",
                missing=", ".join(missing),
                columns=some(self.ranking.columns, most=8),
            )
        if self.ranking.empty:
            raise DataError(
                "There is nothing to export: the ranking has no row.",
                mend="Choose a place with bureaux, or filter less.",
            )
        for frame, where in ((self.ranking, "ranking"), (self.bureaux, "polygons")):
            if (twice := frame["bureau_id"].duplicated()).any():
                raise DataError(
                    "A bureau stands more than once.",
                    where="ranking: {frame}" if where == "ranking" else "polygons: {frame}",
                    mend="Give one row per bureau: the polygons of one vintage only.",
                    frame=some(frame.loc[twice, "bureau_id"]),
                )

    @cached_property
    def table(self) -> pd.DataFrame:
        """The ranking as files hold it: columns of the issue first, lists as text."""
        known = [column for column in ("label",) if column in self.ranking]
        first = [*FIRST, *known]
        rest = [column for column in self.ranking if column not in first]
        table = self.ranking[[*first, *rest]].sort_values("rank", kind="stable")
        return with_texts(table.reset_index(drop=True))

    @cached_property
    def called(self) -> list[str]:
        """What each row of `table` is called: its label, else its name, else its id."""
        known = [self.table[c] for c in ("label", "name", "bureau_id") if c in self.table]
        return [next(filter(None, row), "") for row in zip(*known, strict=True)]

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The table with its polygons in WGS 84; None where a bureau has none."""
        return located(self.table, self.bureaux)

    @cached_property
    def unmapped(self) -> tuple[str, ...]:
        """Labels of the ranked bureaux that no map can show, else their ids."""
        names = "label" if "label" in self.places else "bureau_id"
        ids = self.places.loc[self.places.geometry.isna(), names]
        return tuple(ids.tolist())

    @cached_property
    def targeted(self) -> pd.Series:
        """Which rows of `table` the hours reach; without hours, the first thirty."""
        hours = self.provenance.parameters.get("hours")
        if hours and "hours" in self.table:
            # A bureau counts when it can be begun and finished within the hours.
            return self.table["hours"].cumsum() <= float(hours)
        return self.table["rank"] <= FIRST_TARGETS

    @cached_property
    def graded(self) -> Classes:
        """Classes of the scores, in the order of `table`: one legend for every format."""
        return classes(self.table["score"], language=self.language)

    @property
    def listed(self) -> int:
        """How many targets maps number and list."""
        return min(FIRST_TARGETS, len(self.table))

    @property
    def targeted_label(self) -> str:
        """What the rows of `targeted` have in common, for a legend."""
        if (hours := self.provenance.parameters.get("hours")) and "hours" in self.table:
            return self.say("within_hours").format(
                format_number(float(hours), language=self.language)
            )
        return self.say("listed").format(self.listed)

    def need_polygons(self) -> None:
        """Raise `DataError` when no ranked bureau has a polygon: a map would be empty."""
        if self.places.geometry.isna().all():
            raise DataError(
                "There is no map to draw: no ranked bureau has a polygon.",
                where="{n} ranked bureaux, {polygons} polygons",
                mend="Build the workspace with --contours, or export a table instead.",
                n=len(self.table),
                polygons=len(self.bureaux),
            )

    @property
    def kind(self) -> Kind:
        """A ranking: a table whose rows can be mapped."""
        return "ranking"

    def say(self, key: str) -> str:
        """Return a word in the language of this document."""
        return say(key, self.language)

    @property
    def sheet(self) -> str:
        """Name of the table in a workbook."""
        return self.say("targets")

    @property
    def remarks(self) -> tuple[str, ...]:
        """That the place is invented, where it is; the rest stands beside the columns."""
        return (self.say("fictional_note"),) if invented(self.provenance) else ()

    @property
    def heading(self) -> str:
        """The title, or the place; an invented place is said to be one."""
        head = self.title or f"{self.place}{self._colon}{self.say('title').lower()}"
        return f"{head} ({self.say('fictional')})" if invented(self.provenance) else head

    @property
    def place(self) -> str:
        """The commune, or how many there are by their codes: some share a name."""
        key = next((key for key in ("commune_id", "commune") if key in self.table), "bureau_id")
        count = self.table[key].nunique()
        if count == 1 and (named := "".join(self.table.get("commune", [])[:1])):
            return named
        many = self.say("bureaux" if key == "bureau_id" else "places")
        return many.format(format_number(count, language=self.language))

    @property
    def subtitle(self) -> str:
        """The bloc and the election, as far as the parameters name them."""
        parameters = self.provenance.parameters
        parts: list[str] = []
        if isinstance(bloc := parameters.get("bloc"), str) and bloc:
            parts.append(f"{self.say('bloc')}{self._colon}{name(bloc, self.language)}")
        if isinstance(vote := parameters.get("election"), str) and vote:
            parts.append(election(vote, self.language))
        return " · ".join(parts)

    @property
    def sources(self) -> str:
        """One line: the sources with their licences, and the version that wrote this."""
        named = [source_line(one, self.language) for one in self.provenance.sources]
        parts = [*named, f"Palier {self.provenance.version}"]
        told = f"{self.say('sources')}{self._colon}{' ; '.join(parts)}"
        return f"{self.say('fictional_note')} {told}" if invented(self.provenance) else told

    def unmapped_note(self, *, most: int = 5) -> str:
        """Name the bureaux no map can show, in one sentence; empty when there are none."""
        if not self.unmapped:
            return ""
        names = ", ".join(self.unmapped[:most])
        if (others := len(self.unmapped) - most) > 0:
            names = self.say("unmapped_more").format(names, others)
        return self.say("unmapped").format(names)

    @property
    def _colon(self) -> str:
        return " : " if self.language == "fr" else ": "


def invented(provenance: Provenance) -> bool:
    """Tell whether what leaves is of a town that does not exist."""
    return bool(provenance.parameters.get("fictional"))


def source_line(source: Mapping[str, str], language: str) -> str:
    """Return a source in one line: file, how it was made, licence, date.

    Parameters
    ----------
    source
        `name`, `role`, `licence`, `date`.
    language
        "fr" or "en".

    Returns
    -------
    str
        What is not known is left out.
    """
    role, _space, year = source.get("role", "").partition(" ")
    # Contours may have been made from addresses, of some year.
    made = say("contours_made", language).format(year) if role == "contours_made" else ""
    stated = licence(source.get("licence", ""), language)
    return ", ".join(filter(None, (source.get("name"), made, stated, source.get("date"))))


def located(table: pd.DataFrame, bureaux: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the rows of a table their polygons in WGS 84.

    Parameters
    ----------
    table
        With `bureau_id`.
    bureaux
        `bureau_id` and polygons in a metric CRS; may lack some, or all.

    Raises
    ------
    DataError
        When the polygons have no coordinate reference system.
    """
    shapes = bureaux[bureaux.geometry.notna()].set_index("bureau_id").geometry
    if len(shapes) and shapes.crs is None:
        raise DataError(
            "The polygons have no coordinate reference system.",
            where="bureaux",
            mend="Set it when the contours are read: `GeoDataFrame.set_crs`.",
        )
    shapes = shapes.to_crs(WGS84) if len(shapes) else shapes
    # Snapping all to one grid keeps neighbours' shared borders shared.
    snapped = shapely.orient_polygons(shapely.set_precision(shapes.array, DEGREE_GRID))
    kept = gpd.GeoSeries(snapped, index=shapes.index, crs=WGS84)
    kept = kept[~kept.is_empty].reindex(table["bureau_id"])
    return gpd.GeoDataFrame(table, geometry=kept.to_numpy(), crs=WGS84)


def check_dialect(dialect: str) -> None:
    """Refuse a dialect of CSV that is none.

    Raises
    ------
    DataError
        When it is neither of `DIALECTS`, with or without `IN_COLUMN`.
    """
    _one_of(dialect.removesuffix(IN_COLUMN), DIALECTS, what="dialect of CSV")


def _one_of(value: str, known: Sequence[str], *, what: str) -> None:
    if value not in known:
        raise DataError(
            "There is no language {value!r}."
            if what == "language"
            else "There is no dialect of CSV {value!r}.",
            mend="Choose one of {known}.",
            value=value,
            known=", ".join(known),
        )


def with_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns are numbers or texts; lists become text, nothing is ""."""
    columns = table.columns[[_is_text(table[column]) for column in table]]
    return table.assign(**{column: _texts(table[column]) for column in columns})


def _texts(column: pd.Series) -> pd.Series:
    if column.dtype == "str":
        return column.fillna("")
    return column.map(_as_text).astype("str")


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column)


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(str, sorted(value) if isinstance(value, (set, frozenset)) else value))
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124
