"""The one door out: a ranking written in the format its file name asks for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TypedDict, Unpack, cast

import geopandas as gpd
import pandas as pd

from analysis.errors import DataError
from analysis.exports.document import Document
from analysis.exports.provenance import Provenance

# Named, not imported: folium and matplotlib cost a second that a CSV need not pay.
_WRITERS = {
    ".csv": ("csv_parquet", "to_csv"),
    ".xlsx": ("workbook", "to_xlsx"),
    ".geojson": ("geojson", "to_geojson"),
    ".kml": ("kml", "to_kml"),
    ".parquet": ("csv_parquet", "to_parquet"),
    ".html": ("web_map", "to_html"),
    ".pdf": ("ranking_map", "to_pdf"),
    ".png": ("ranking_map", "to_png"),
}
SUFFIXES = tuple(_WRITERS)
# These are maps and nothing else: without a polygon they would be empty.
MAPS = (".kml", ".html", ".pdf", ".png")


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
    **options: Unpack[Options],
) -> Path:
    """Write a ranking in the format that the suffix of `path` names.

    The same input gives the same bytes, anywhere and at any time.

    Parameters
    ----------
    ranking
        One row per bureau, with at least the columns `document.FIRST`.
    path
        Ends in .csv .xlsx .geojson .kml .parquet .html .pdf or .png. Written aside, then
        renamed: a reader sees the old file or the new one, never half of it.
    bureaux
        `bureau_id` and polygons in a metric CRS; may lack some bureaux, or all.
    provenance
        Where the ranking comes from; `read_provenance` gets it back.
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
    content = to_bytes(ranking, path.suffix, bureaux=bureaux, provenance=provenance, **options)
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_bytes(content)
        os.replace(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise DataError(
            "The file could not be written.",
            where="{path}: {strerror}",
            mend="Choose a folder that exists and may be written to, on a disk with room.",
            path=path,
            strerror=error.strerror,
        ) from error
    return path


def to_bytes(
    ranking: pd.DataFrame,
    suffix: str,
    *,
    bureaux: gpd.GeoDataFrame,
    provenance: Provenance,
    **options: Unpack[Options],
) -> bytes:
    """Return what `write` would put into a file that ends in `suffix`.

    Parameters
    ----------
    ranking, bureaux, provenance, **options
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
    if (wanted := suffix.lower()) not in _WRITERS:
        raise DataError(
            "Palier does not write {suffix}."
            if suffix
            else "Palier does not write files without a suffix.",
            mend="Give a file name that ends in {suffixes}.",
            suffix=suffix,
            suffixes=", ".join(SUFFIXES),
        )
    stated: Options = {"language": "fr", "dialect": "plain", "title": "", **options}
    document = Document(
        ranking=ranking,
        bureaux=bureaux,
        provenance=replace(provenance, written=cast("dict[str, str]", stated)),
        **stated,
    )
    module, name = _WRITERS[wanted]
    writer = getattr(import_module(f"analysis.exports.{module}"), name)
    return cast("Callable[[Document], bytes]", writer)(document)
