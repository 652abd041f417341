"""What stands beside a CSV that is not made again from itself; whether a file is of no real place.

After W3C's CSV on the Web, as `csv_parquet.to_csvw`: columns in words, what kind of table it is,
and that the place is invented where it is.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from analysis.charts.chart_words import say
from analysis.errors import DataError
from analysis.exports.column_units import heading_of, units_of
from analysis.exports.csv_parquet import CONTEXT
from analysis.exports.provenance import only_made_once
from analysis.exports.registry import beside, find_provenance, put


def account_of(
    content: bytes, kind: str, *, title: str = "", language: str = "fr", fictional: bool = False
) -> bytes:
    """Describe a CSV by its first line: what it is, its columns, whether the place is invented.

    Parameters
    ----------
    content
        The CSV, or its first line alone; UTF-8.
    kind
        What it is, a key of `provenance.ONCE`.
    title
        What people call it; "" for nothing more than that it is Palier's.
    language
        "fr" or "en", of headings and meanings.
    fictional
        Whether the place is invented.

    Returns
    -------
    bytes
        JSON, as it stands in `FILE.csv-metadata.json`.
    """
    head = content.decode("utf-8-sig").partition("\n")[0].strip("\r")
    mark = ";" if head.count(";") > head.count(",") else ","
    columns = next(csv.reader([head], delimiter=mark), [])
    told = {
        "@context": [CONTEXT, {"@language": language}],
        "dc:title": f"{title} ({say('fictional', language)})".strip() if fictional else title,
        "dc:description": [say("fictional_note", language)] if fictional else [],
        "dc:creator": "Palier",
        "dc:provenance": only_made_once(kind, fictional=fictional),
        "dialect": {"delimiter": mark, "encoding": "utf-8", "header": True},
        "tableSchema": {
            "columns": [
                {
                    "name": one["column"],
                    "titles": {language: heading_of(one["column"], language)},
                    "dc:description": one["meaning"],
                    "schema:unitText": one["unit"],
                }
                for one in units_of(columns, stated=(), language=language)
            ]
        },
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def put_account(
    path: Path, kind: str, *, title: str = "", language: str = "fr", fictional: bool = False
) -> Path:
    """Write `account_of` a CSV beside it, and return where.

    Parameters
    ----------
    path
        The CSV.
    kind, title, language, fictional
        As for `account_of`.

    Returns
    -------
    pathlib.Path
        Of the file beside it.

    Raises
    ------
    DataError
        When the folder cannot be written to.
    """
    told = beside(path)
    with path.open("rb") as file:
        content = file.readline()
    put(told, account_of(content, kind, title=title, language=language, fictional=fictional))
    return told


def of_no_real_place(path: Path) -> bool:
    """Tell whether a file of ours says, in it or beside it, that its place is invented."""
    try:
        told: Any = json.loads(find_provenance(path))
    except (DataError, OSError, ValueError, LookupError, RecursionError):
        return False
    if not isinstance(told, dict):
        return False
    settings = told.get("parameters")
    return bool(told.get("fictional") or (isinstance(settings, dict) and settings.get("fictional")))
