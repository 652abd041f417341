"""A trial's report as one HTML file: readable on a phone, printable, no server called."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from analysis.experiments.trial_words import say
from analysis.exports.embedded_provenance import ELEMENT_ID
from analysis.exports.provenance import only_made_once
from analysis.exports.reports.trial_report import Content, Table


def write(content: Content) -> bytes:
    """Write a report as HTML."""
    file = files("analysis.exports.reports").joinpath("trial_report.css")
    style = file.read_text(encoding="utf-8")

    def head(key: str) -> str:
        return f"<h2>{escape(say(key, content.language))}</h2>"

    parts = [
        f'<!DOCTYPE html>\n<html lang="{content.language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(content.heading)}</title><style>{style}</style></head><body>",
        f'<script type="application/json" id="{ELEMENT_ID}">{only_made_once("impact")}</script>',
        f"<h1>{escape(content.heading)}</h1>",
        *(f'<p class="warning">{escape(one)}</p>' for one in content.warnings),
        head("report_sentence"),
        f'<p class="lead">{escape(content.lead)}</p>',
        _list(content.sentences),
        *(_table(table) for table in content.tables),
        f"<details><summary>{escape(content.every.heading)}</summary>",
        _rows(content.every),
        "</details>",
        head("report_figures"),
        *(_figure(caption, png) for caption, png in content.figures),
        head("report_notes") + _list(content.notes) if content.notes else "",
        head("report_assumptions"),
        _list(content.assumptions),
        f"<footer>{head('report_provenance')}{_list(content.provenance)}</footer>",
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part).encode()


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _table(table: Table) -> str:
    return f"<h2>{escape(table.heading)}</h2>{_rows(table)}"


def _rows(table: Table) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in table.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _figure(caption: str, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    told = escape(caption, quote=True)
    image = f'<img alt="{told}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{told}</figcaption></figure>"
