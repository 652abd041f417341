"""Tables and figures to take away, each with what it rests on."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from analysis import __version__
from analysis.exports.provenance import Provenance
from analysis.workspace import Workspace
from pages._ui.i18n import _, language

_DIGITS = 10
# A cell that begins like this is run as a formula by spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Sheet:
    """A table to take away.

    Attributes
    ----------
    table
        Shares from 0 to 1 and whole persons; names of columns as the library has them.
    meanings
        Column → what it is, in the language of the session.
    notes
        What a reader must know, in the same language.
    provenance
        Where it comes from.
    """

    table: pd.DataFrame
    meanings: Mapping[str, str]
    notes: tuple[str, ...]
    provenance: Provenance


def provenance(
    place: Workspace, command: str, parameters: Mapping[str, object], *, seed: int | None = None
) -> Provenance:
    """Say where a table of a workspace comes from."""
    keys = ("licence", "date", "sha256")
    sources = (report["source"] for report in place.manifest["sources"])
    return Provenance(
        version=__version__,
        command=command,
        parameters={**parameters, "workspace": place.path.as_posix(), "fictional": place.fictional},
        seed=seed,
        data=place.digests,
        sources=tuple(
            {"name": str(one["file"]), **{key: str(one[key]) for key in keys}} for one in sources
        ),
    )


def offer(sheet: Sheet, name: str, *, key: str) -> None:
    """Offer a table as CSV and as a workbook; a file is made when its button is pressed."""
    tongue = language()
    formats = {
        ".csv": (_("CSV for a spreadsheet"), to_csv),
        ".xlsx": (_("Excel, with units and sources"), to_xlsx),
    }
    for column, (suffix, (label, write)) in zip(st.columns(2), formats.items(), strict=True):
        column.download_button(
            label,
            partial(write, sheet, tongue),
            f"{name}{suffix}",
            key=f"{key}{suffix}",
            on_click="ignore",
            width="stretch",
        )


def offer_pictures(
    draw: Callable[[str], bytes], name: str, *, suffixes: Sequence[str], key: str
) -> None:
    """Offer a figure in each format."""
    for column, suffix in zip(st.columns(len(suffixes)), suffixes, strict=True):
        column.download_button(
            _("Figure ({format})").format(format=suffix.upper()),
            partial(draw, suffix),
            f"{name}.{suffix}",
            key=f"{key}.{suffix}",
            on_click="ignore",
            width="stretch",
        )


def to_csv(sheet: Sheet, tongue: str) -> bytes:
    """Write a CSV as the language's spreadsheet opens it; its last column says where it is from.

    French: semicolons, decimal commas, byte order mark. English: plain UTF-8, commas, points.
    """
    table = sheet.table.reset_index(drop=True).copy()
    for column in table:
        values = table[column]
        if pd.api.types.is_float_dtype(values):
            table[column] = [float(f"{value:.{_DIGITS}g}") for value in values]
        elif not pd.api.types.is_numeric_dtype(values):
            text = values.astype("str")
            table[column] = text.mask(text.str.startswith(_FORMULA), "'" + text)
    table["provenance"] = ""
    if len(table):
        table.loc[0, "provenance"] = sheet.provenance.to_json()
    french = tongue == "fr"
    text = table.to_csv(
        index=False,
        sep=";" if french else ",",
        decimal="," if french else ".",
        lineterminator="\r\n" if french else "\n",
    )
    return text.encode("utf-8-sig" if french else "utf-8")


def to_xlsx(sheet: Sheet, tongue: str) -> bytes:
    """Write a workbook: the table, then what its columns are, the notes, and the sources."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#e4ecf2"})
        french = tongue == "fr"
        first = book.add_worksheet("Table")
        first.write_row(0, 0, sheet.table.columns, head)
        first.freeze_panes(1, 1)
        first.set_column(0, len(sheet.table.columns) - 1, 16)
        for at, column in enumerate(sheet.table):
            values = sheet.table[column].astype(object)
            first.write_column(1, at, values.where(values.notna(), "").tolist())
        notes = book.add_worksheet("Lire d’abord" if french else "Read first")
        notes.set_column(0, 0, 24)
        notes.set_column(1, 1, 110)
        rows = [
            *(("", note) for note in sheet.notes),
            *sheet.meanings.items(),
            ("provenance", sheet.provenance.to_json()),
        ]
        for at, row in enumerate(rows):
            notes.write_row(at, 0, row)
    return out.getvalue()
