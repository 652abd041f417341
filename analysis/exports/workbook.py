"""Rankings and findings as an Excel workbook: the table, units, sources."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import datetime

import pandas as pd
import xlsxwriter
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis.charts.chart_words import licence, say
from analysis.exports.column_units import format_of, headings_of, units_of
from analysis.exports.document import Leaving
from analysis.exports.embedded_provenance import KEY
from analysis.exports.provenance import only_made_once

# Excel's own limit is 32,767 characters a cell.
_CELL = 32_000
# A workbook must bear a date; one that never changes makes the same bytes twice.
_CREATED = datetime(2000, 1, 1)
_WIDEST = 56
# Letters on A4 grow too small to read where a page is to hold more characters than this.
_ON_PAPER = 230
_HEAD_HIGH = 45  # three lines
# What a team needs of a ranking; the first sheet keeps all.
TEAM = (
    "rank", "name", "commune", "bureau_id", "registered", "doors", "hours", "gain_per_hour",
    "expected_abstention", "arm",
)  # fmt: skip
# What people typed stays text.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def to_xlsx(document: Leaving) -> bytes:
    """Write the table, what a team needs of a ranking, Units and Sources.

    Numbers are numbers, ids are text; headings are in the language of the document, and Units
    says which column each stands for, by which our own readers find them again. Sheets print
    on A4, landscape, as wide as the paper. The provenance stands at the end of Sources; a
    custom property holds its digest.
    """
    out = io.BytesIO()
    text = document.provenance.to_json()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        book.set_properties(
            {
                "title": document.heading,
                "author": "Palier",
                "comments": "\n".join(filter(None, (document.subtitle, *document.remarks))),
                "created": _CREATED,
            }
        )
        # Excel keeps no more than 255 characters in a property: the digest, not the text.
        digest = hashlib.sha256(text.encode()).hexdigest()
        book.set_custom_property(f"{KEY}_provenance_sha256", digest)
        book.set_custom_property(f"{KEY}_version", document.provenance.version)
        table = document.table
        _sheet(book, document, table, document.sheet)
        if document.kind == "ranking":
            # The whole table stays the first sheet: programs read that one.
            shown = [column for column in TEAM if column in table]
            _sheet(book, document, table[shown], document.say("for_teams")).activate()
        _units(book, document)
        _sources(book, document, text)
    return out.getvalue()


def sheets_to_xlsx(tables: Mapping[str, pd.DataFrame], *, fictional: bool = False) -> bytes:
    """Write tables of the field, a sheet each under its name; the same bytes twice.

    Of a `fictional` place the head of every printed page says so.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        told = only_made_once("field", fictional=fictional)
        warning = f" · {say('fictional', 'fr')} · {say('fictional', 'en')}" if fictional else ""
        book.set_properties({"author": "Palier", "created": _CREATED, "keywords": told})
        for name, table in tables.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(table.columns), _head(book))
            cells = table.astype(object).where(table.notna(), None)
            for row, values in enumerate(cells.to_numpy().tolist(), start=1):
                sheet.write_row(row, 0, values)
            sheet.freeze_panes(1, 1)
            sheet.autofit()
            on_paper(sheet, f"{name}{warning}")
    return out.getvalue()


def _sheet(
    book: xlsxwriter.Workbook, document: Leaving, table: pd.DataFrame, name: str
) -> Worksheet:
    """Write a table: frozen header and first column, filter, formats by column."""
    sheet = book.add_worksheet(name)
    heads, widths = headings_of(table.columns, document.language), list[int]()
    for at, (column, head) in enumerate(zip(table, heads, strict=True)):
        values = table[column]
        # A text beside a number would run into it.
        indent = {} if is_numeric_dtype(values) else {"indent": 1}
        style = book.add_format({"num_format": format_of(column, values), **indent})
        widths.append(_width(head, values))
        sheet.set_column(at, at, widths[-1], style)
        if is_bool_dtype(values):
            # Excel shows TRUE or 1; people read yes or no.
            values = values.map({True: document.say("yes"), False: document.say("no")})
        write = sheet.write_number if is_numeric_dtype(values) else sheet.write_string
        # Rows without a value stay blank: 0 would be a number, and Excel knows no NaN.
        for row, value in values[values.notna() & values.ne("")].items():
            write(1 + int(row), at, value, style)
    sheet.write_row(0, 0, heads, _head(book))
    sheet.set_row(0, _HEAD_HIGH)
    sheet.freeze_panes(1, 1)
    # All columns on one page would be dust: paper takes the first, the screen has all.
    wide = (pd.Series(widths).cumsum() <= _ON_PAPER).sum()
    if wide < len(widths):
        sheet.print_area(0, 0, len(table), int(wide) - 1)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    on_paper(sheet, document.heading)
    return sheet


def on_paper(sheet: Worksheet, title: str = "") -> None:
    """Set how a sheet is printed: A4, landscape, one page wide, the header on every page.

    Parameters
    ----------
    sheet
        Of a workbook.
    title
        Stands above each page, with the number of the page below.
    """
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    # An ampersand begins a code of the header; two are one.
    if title:
        sheet.set_header("&L" + " ".join(title.split()).replace("&", "&&")[:200])
    sheet.set_footer("&LPalier&R&P / &N")


def _units(book: xlsxwriter.Workbook, document: Leaving) -> None:
    """Write what each column of the table is, and in what unit."""
    sheet = book.add_worksheet(document.say("units"))
    units = units_of(
        document.table.columns, stated=document.provenance.units, language=document.language
    )
    names = [document.say(key) for key in ("heading", "column", "unit", "meaning")]
    sheet.write_row(0, 0, names, _head(book))
    heads = headings_of(document.table.columns, document.language)
    for at, (head, unit) in enumerate(zip(heads, units, strict=True), start=1):
        sheet.write_row(at, 0, [head, *unit.values()])
    for at, width in enumerate((44, 24, 28, 90)):
        sheet.set_column(at, at, width)
    sheet.freeze_panes(1, 0)
    on_paper(sheet, document.heading)


def _sources(book: xlsxwriter.Workbook, document: Leaving, text: str) -> None:
    """Write the sources, the tables' digests, the parameters and the provenance."""
    provenance, say = document.provenance, document.say
    keys = ("name", "licence", "date", "sha256")
    blocks: list[tuple[list[str], list[list[str]]]] = [
        ([document.heading], [[document.subtitle], *([text] for text in document.remarks)]),
        (
            [say("source"), say("licence"), say("date"), "sha256"],
            [
                [licence(source.get(key) or "", document.language) for key in keys]
                for source in provenance.sources
            ],
        ),
        ([say("table"), "sha256"], [list(item) for item in provenance.data.items()]),
        ([say("parameters"), ""], _settings(document)),
        ([say("provenance")], [[say("provenance_help")], *_pieces(text)]),
    ]
    sheet = book.add_worksheet(say("sources"))
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 3, 36)
    head, at = _head(book), 0
    for names, rows in blocks:
        sheet.write_row(at, 0, names, head)
        for step, row in enumerate(rows, start=1):
            sheet.write_row(at + step, 0, row)
        at += len(rows) + 2
    on_paper(sheet, document.heading)
    # What `reproduce` reads is for programs: on paper it would be thirty pages.
    sheet.print_area(0, 0, at - len(blocks[-1][1]) - 3, 3)


def _head(book: xlsxwriter.Workbook) -> Format:
    look = {"bold": True, "bottom": 1, "bg_color": "#e4ecf2", "text_wrap": True, "valign": "top"}
    return book.add_format(look)


def _settings(document: Leaving) -> list[list[str]]:
    """List the parameters; what is nested stays JSON."""
    provenance = document.provenance
    settings: dict[str, object] = {
        document.say("version"): provenance.version,
        document.say("command"): provenance.command,
        document.say("seed"): provenance.seed,
        **provenance.parameters,
    }
    return [
        [key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
        for key, value in settings.items()
    ]


def _pieces(text: str) -> list[list[str]]:
    return [[f"{KEY}:{text[at : at + _CELL]}"] for at in range(0, len(text), _CELL)]


def _width(head: str, values: pd.Series) -> int:
    """Return a width in characters that shows the header, on three lines, and nearly all values."""
    shown = 8 if is_numeric_dtype(values) else int(values.str.len().max())
    longest = max(map(len, head.split()))
    # Room for the arrow of the filter beside the header.
    return min(max(longest + 4, len(head) // 2 + 3, shown + 2), _WIDEST)
