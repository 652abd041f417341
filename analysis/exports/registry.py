"""Every format that results leave in, and the one door out.

A new format is a module, with what writes it and what finds the provenance in it, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast

from analysis.errors import DataError, Text
from analysis.tables.whole_files import written_whole

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from analysis.charts.map_ground import Backdrop
    from analysis.exports.document import Document, Leaving
    from analysis.exports.provenance import Provenance
    from analysis.exports.results_page import ResultsPage

# What leaves: any table, a ranking (a table whose rows can be mapped), the picture of a table.
# Results of an election leave as a page to publish.
Kind = Literal["table", "ranking", "picture", "results"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files.

    Attributes
    ----------
    suffix, label
        What its files end in; what people call it.
    finds
        `module:function` in this room that finds the provenance text in a file. Functions are
        named, not imported: folium and matplotlib cost a second that a CSV need not pay.
    table, ranking, picture, results
        What writes any table, a ranking only, a picture, results; "" where nothing does. A ranking
        of None: too many rows and columns for a page.
    """

    suffix: str
    label: Text
    finds: str
    table: str = ""
    ranking: str | None = ""
    picture: str = ""
    results: str = ""

    def writer(self, kind: Kind) -> str:
        """Return what writes this kind; a ranking without a writer of its own is a table."""
        if kind == "ranking":
            return "" if self.ranking is None else self.ranking or self.table
        return {"table": self.table, "picture": self.picture, "results": self.results}[kind]


# A CSV holds rows and nothing else: what it is stands beside it, where W3C's CSV on the Web
# looks for it.
BESIDE = ".csv-metadata.json"
FORMATS = (
    Format(
        ".csv",
        Text("CSV for a spreadsheet"),
        "embedded_provenance:in_csv",
        table="csv_parquet:to_csv",
    ),
    Format(
        ".xlsx",
        Text("Excel, with units and sources"),
        "embedded_provenance:in_xlsx",
        table="workbook:to_xlsx",
    ),
    Format(
        ".geojson", Text("GeoJSON"), "embedded_provenance:in_geojson", table="geojson:to_geojson"
    ),
    Format(
        ".kml",
        Text("KML (Google Earth, OsmAnd)"),
        "embedded_provenance:in_kml",
        ranking="kml:to_kml",
    ),
    Format(
        ".parquet",
        Text("Parquet"),
        "embedded_provenance:in_parquet",
        table="csv_parquet:to_parquet",
    ),
    Format(
        ".tex",
        Text("LaTeX"),
        "paper_tables:in_tex",
        table="paper_tables:to_latex",
        ranking=None,
    ),
    Format(
        ".md",
        Text("Markdown"),
        "paper_tables:in_markdown",
        table="paper_tables:to_markdown",
        ranking=None,
    ),
    Format(
        ".html",
        Text("Map that opens without network (HTML)"),
        "embedded_provenance:in_html",
        ranking="web_map:to_html",
        results="results_page:to_html",
    ),
    Format(
        ".pdf",
        Text("Map to print (PDF, A4)"),
        "embedded_provenance:in_pdf",
        ranking="ranking_map:to_pdf",
        picture="figures:to_pdf",
    ),
    Format(
        ".png",
        Text("Map to print (PNG)"),
        "embedded_provenance:in_png",
        ranking="ranking_map:to_png",
        picture="figures:to_png",
    ),
    Format(".svg", Text("SVG"), "embedded_provenance:in_svg", picture="figures:to_svg"),
    Format(
        BESIDE,
        Text("What the CSV is: columns, units, sources"),
        "embedded_provenance:in_csvw",
        table="csv_parquet:to_csvw",
    ),
)


def formats_of(kind: Kind) -> tuple[Format, ...]:
    """Return the formats that something of this kind is written in.

    Examples
    --------
    >>> [one.suffix for one in formats_of("picture")]
    ['.pdf', '.png', '.svg']
    """
    return tuple(one for one in FORMATS if one.writer(kind))


# What a file may be asked for by its name; what stands beside a CSV comes with it.
SUFFIXES = tuple(one.suffix for one in formats_of("ranking") if one.suffix != BESIDE)
# These are maps and nothing else: without a polygon they would be empty.
MAPS = tuple(one.suffix for one in FORMATS if one.ranking)


class Options(TypedDict, total=False):
    """How a file is written; what is left out takes the default.

    `language` is "fr" (default) or "en"; `dialect`, of CSV only, "plain" (default) or
    "excel_fr" (see `csv_parquet.to_csv`); `title` heads maps (default: the commune).
    """

    language: str
    dialect: str
    title: str


def write(
    ranking: pd.DataFrame,
    path: Path | str,
    *,
    bureaux: gpd.GeoDataFrame,
    provenance: Provenance,
    backdrop: Backdrop | None = None,
    **options: Unpack[Options],
) -> Path:
    """Write a ranking in the format that the suffix of `path` names.

    The same input gives the same bytes, anywhere and at any time.

    Parameters
    ----------
    ranking
        One row per bureau, with at least the columns `document.FIRST`.
    path
        Ends in one of `SUFFIXES`. Written aside, then renamed: a reader sees the old file or
        the new one, never half of it.
    bureaux
        `bureau_id` and polygons in a metric CRS; may lack some bureaux, or all.
    provenance
        Where the ranking comes from; `read_provenance` gets it back.
    backdrop
        What maps draw under the colours; None for the colours alone.
    **options
        See `Options`. They are recorded in the file's provenance as `written`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    DataError
        When the suffix is unknown, the ranking cannot be exported, or the folder cannot
        be written to.
    """
    path = Path(path)
    put_leaving(path, _document(ranking, path.suffix, bureaux, provenance, options, backdrop))
    return path


def put_leaving(path: Path, leaving: Leaving) -> list[Path]:
    """Write what leaves in the format of its name; beside a CSV, what it is. Return the files."""
    files = {path: file_of(leaving, path.suffix)}
    if path.suffix.lower() == ".csv" and not leaving.dialect.endswith("+provenance"):
        files[beside(path)] = file_of(leaving, BESIDE)
    for file, content in files.items():
        put(file, content)
    return [*files]


def suffix_of(path: Path) -> str:
    """Return the suffix by which a file's format is known."""
    return BESIDE if path.name.lower().endswith(BESIDE) else path.suffix.lower()


def beside(path: Path) -> Path:
    """Return the name of the file that says what a CSV is."""
    return path.with_name(f"{path.stem}{BESIDE}")


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    try:
        with written_whole(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise DataError(
            "The file could not be written.",
            where="{path}: {strerror}",
            mend="Choose a folder that exists and may be written to, on a disk with room.",
            path=path,
            strerror=error.strerror,
        ) from error


def to_bytes(
    ranking: pd.DataFrame,
    suffix: str,
    *,
    bureaux: gpd.GeoDataFrame,
    provenance: Provenance,
    backdrop: Backdrop | None = None,
    **options: Unpack[Options],
) -> bytes:
    """Return what `write` would put into a file that ends in `suffix`.

    Parameters
    ----------
    ranking, bureaux, provenance, backdrop, **options
        As for `write`.
    suffix
        ".csv", ".xlsx"…

    Returns
    -------
    bytes
        The whole file, for a download button.

    Raises
    ------
    DataError
        As `write`, but for the folder.
    """
    return file_of(_document(ranking, suffix, bureaux, provenance, options, backdrop), suffix)


def _document(  # noqa: PLR0913 - the parts of one file
    ranking: pd.DataFrame,
    suffix: str,
    bureaux: gpd.GeoDataFrame,
    provenance: Provenance,
    options: Options,
    backdrop: Backdrop | None,
) -> Document:
    from analysis.charts.map_ground import Backdrop
    from analysis.exports.document import Document

    if suffix.lower() not in (*SUFFIXES, BESIDE):
        raise DataError(
            "Palier does not write {suffix}."
            if suffix
            else "Palier does not write files without a suffix.",
            mend="Give a file name that ends in {suffixes}.",
            suffix=suffix,
            suffixes=", ".join(SUFFIXES),
        )
    stated: Options = {"language": "fr", "dialect": "plain", "title": "", **options}
    return Document(
        ranking=ranking,
        bureaux=bureaux,
        provenance=replace(provenance, written=cast("dict[str, str]", stated)),
        backdrop=backdrop or Backdrop(),
        **stated,
    )


def file_of(leaving: Leaving | ResultsPage, suffix: str) -> bytes:
    """Return a ranking, a table, a picture or results as a file.

    The same input gives the same bytes, anywhere and at any time.

    Parameters
    ----------
    leaving
        What leaves.
    suffix
        Of a format of its kind; see `formats_of`.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    DataError
        When it is not written in that format.
    """
    known = {one.suffix: one.writer(leaving.kind) for one in formats_of(leaving.kind)}
    if (wanted := suffix.lower()) not in known:
        raise _unwritten(suffix, leaving.heading, known)
    return cast("Callable[[Leaving | ResultsPage], bytes]", _load(known[wanted]))(leaving)


def check_format(path: Path, kind: Kind = "table") -> None:
    """Raise a `DataError` when nothing of a kind is written in the format of a name."""
    known = [one.suffix for one in formats_of(kind)]
    if (suffix := suffix_of(path)) not in known:
        raise _unwritten(suffix, str(path), known)


def _unwritten(suffix: str, what: str, known: Iterable[str]) -> DataError:
    return DataError(
        "This is not written as {suffix}."
        if suffix
        else "This is not written as a file without a suffix.",
        where="{what}",
        mend="Choose one of {known}.",
        suffix=suffix,
        what=what,
        known=", ".join(one for one in known if one != BESIDE),
    )


def find_provenance(path: Path) -> str:
    """Return the provenance text inside a file that Palier wrote.

    Raises
    ------
    DataError
        When no format has this suffix.
    LookupError, ValueError
        When there is none, or the file is cut.
    OSError
        When the file cannot be read.
    """
    from analysis.exports.embedded_provenance import FAULTS

    finders = {one.suffix: one.finds for one in FORMATS}
    if (suffix := suffix_of(path)) not in finders:
        raise DataError(
            "Palier does not write {suffix}."
            if suffix
            else "Palier does not write files without a suffix.",
            where="{path}",
            mend="Give a file that ends in {suffixes}.",
            suffix=path.suffix,
            path=path,
            suffixes=", ".join(finders),
        )
    try:
        return str(_load(finders[suffix])(path))
    except FAULTS as error:
        raise ValueError(str(error)) from error


def _load(name: str) -> Any:  # noqa: ANN401
    module, _colon, function = name.partition(":")
    return getattr(import_module(f"analysis.exports.{module}"), function)
