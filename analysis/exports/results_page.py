"""Results of an election by bureau as one page to publish: map, table, search, sources.

The page holds all it needs and asks nothing of anybody; its policy forbids it.
"""

from __future__ import annotations

import html
import json
import math
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from string import Template
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.charts.chart_words import nuance
from analysis.charts.colours import classes
from analysis.exports.document import invented, source_line
from analysis.exports.embedded_provenance import ELEMENT_ID
from analysis.exports.provenance import Provenance
from analysis.exports.registry import Kind
from analysis.i18n import Words, format_number, format_percent

# A bureau with fewer ballots is shown with others: who votes there may be known by name.
FLOOR = 20
_CLASSES = 6
_WIDE = 1000  # units across the map
_CLOSE = 0.6
_WORDS = Words(
    "results",
    {
        "search": "Search a bureau, a street, a polling place",
        "share_of": "On the map: share of",
        "bureau": "Bureau",
        "registered": "Registered",
        "ballots": "Ballots",
        "turnout": "Turnout",
        "blank_null": "Blank and null",
        "valid": "Valid",
        "whole": "The whole",
        "small": "Small bureaux, together ({})",
        "small_note": "Bureaux with fewer than {} ballots are counted together, with the next "
        "smallest where there is one alone: what a few people voted is nobody's business.",
        "no_map": "Grey: no result of its own here, or the candidate did not stand.",
        "legend": "% of valid votes",
        "sources": "Sources",
        "made": "Made with Palier {}. This page asks nothing of any server.",
        "fictional": "Fictional place: everything here is invented.",
        "found": "Bureaux shown: {} of {}",
        "hint": "A click on the map or on a row shows that bureau; the same again, the whole.",
        "dash": "—: the candidate did not stand there.",
    },
)


@dataclass(frozen=True)
class ResultsPage:
    """Results of one election by bureau, ready to be published.

    Attributes
    ----------
    counts
        One row per bureau: `bureau_id`, `label`, `registered`, `ballots`, `valid`.
    votes
        Bureaux (ids) × candidates, whole votes; missing where the candidate did not stand.
    shapes
        `bureau_id` and polygons, metric CRS; may lack some, or all.
    heading
        Which election, and where.
    source
        Where the counts come from.
    language
        "fr" or "en".
    floor
        A bureau with fewer ballots is counted together with others.
    """

    counts: pd.DataFrame
    votes: pd.DataFrame
    shapes: gpd.GeoDataFrame
    heading: str
    source: Provenance
    language: str = "fr"
    floor: int = FLOOR

    kind: Kind = "results"
    dialect: str = "plain"

    @property
    def provenance(self) -> Provenance:
        """Where the page comes from."""
        return self.source

    def say(self, key: str) -> str:
        """Return a word in the language of the page."""
        return _WORDS[self.language][key]

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Bureaux that are counted together: two at least, so that no sum gives one away.

        Together they have as many ballots as a bureau that is shown.
        """
        ballots = self.counts.set_index("bureau_id")["ballots"].sort_values(kind="stable")
        small = int((ballots < self.floor).sum())
        if small == 0:
            return frozenset()
        enough = int((ballots.cumsum() < self.floor).sum()) + 1
        least = 2
        return frozenset(map(str, ballots.index[: max(small, enough, least)]))


def to_html(page: ResultsPage) -> bytes:
    """Write the page; the same results make the same bytes."""
    folder = files("analysis.exports") / "results_files"
    parts = {name: (folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")}
    content = json.dumps(_content(page), ensure_ascii=False, separators=(",", ":"))
    text = Template((folder / "page.html").read_text(encoding="utf-8")).substitute(
        language=page.language,
        title=html.escape(" ".join(page.heading.split())),
        css=parts["page.css"],
        script=parts["page.js"],
        # Only "</" and "<!--" could end or confuse the element; JSON may write them so.
        content=content.replace("<", "\\u003c"),
        provenance_id=ELEMENT_ID,
        provenance=page.provenance.to_json().replace("</", "<\\/").replace("<!--", "<\\u0021--"),
        fictional=html.escape(page.say("fictional")) if invented(page.source) else "",
        sources="".join(f"<li>{html.escape(one)}</li>" for one in _sources(page)),
        notes=html.escape(_notes(page)),
        **{f"say_{key}": html.escape(page.say(key)) for key in _TEXTS},
    )
    return text.encode()


_TEXTS = ("search", "share_of", "bureau", "registered", "turnout", "valid", "blank_null", "sources",
          "hint", "no_map")  # fmt: skip


def _sources(page: ResultsPage) -> list[str]:
    told = [source_line(one, page.language) for one in page.source.sources]
    return [*told, page.say("made").format(page.source.version)]


def _notes(page: ResultsPage) -> str:
    small = page.say("small_note").format(page.floor) if page.hidden else ""
    absent = page.say("dash") if page.votes.isna().to_numpy().any() else ""
    return " ".join(filter(None, (small, absent)))


def _content(page: ResultsPage) -> dict[str, Any]:
    names = [*page.votes.columns]
    rows = _rows(page)
    shares = 100 * rows[names].div(rows["valid"].where(rows["valid"] > 0), axis=0)
    graded = {
        name: classes(shares[name].to_numpy(), n=_CLASSES, language=page.language) for name in names
    }
    return {
        "rows": [_row(page, one, names) for one in rows.to_dict("records")],
        "whole": _row(page, _whole(page, rows, names), names),
        "names": [nuance(name) for name in names],
        "classes": [
            {
                "index": graded[name].index.tolist(),
                "palette": [*graded[name].palette],
                "labels": [*graded[name].labels],
            }
            for name in names
        ],
        "paths": _paths(page, rows),
        "legend": page.say("legend"),
        "found": page.say("found"),
    }


def _rows(page: ResultsPage) -> pd.DataFrame:
    """Return bureaux as they may be shown: small ones as one row, last."""
    table = page.counts.merge(page.votes, left_on="bureau_id", right_index=True)
    small = table["bureau_id"].astype("str").isin(page.hidden)
    shown = table[~small].sort_values("bureau_id", kind="stable")
    if not small.any():
        return shown.reset_index(drop=True)
    numbers = table.select_dtypes("number").columns
    count = format_number(int(small.sum()), language=page.language)
    together = {"bureau_id": "", "label": page.say("small").format(count)}
    sums = pd.DataFrame([{**together, **table.loc[small, numbers].sum(min_count=1).to_dict()}])
    return pd.concat([shown, sums], ignore_index=True)


def _whole(page: ResultsPage, rows: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    sums = rows[["registered", "ballots", "valid", *names]].sum().to_dict()
    return {"bureau_id": "", "label": page.say("whole"), **sums}


def _row(page: ResultsPage, one: dict[str, Any], names: list[str]) -> list[str]:
    """Return the cells of a row as they are read: name, counts, then votes and share of each."""

    def count(value: float) -> str:
        return format_number(int(value), language=page.language)

    def share(part: float, of: float) -> str:
        return format_percent(part / of, 1, language=page.language) if of else "—"

    def votes(name: str) -> str:
        stood = not math.isnan(one[name])
        return f"{count(one[name])} ({share(one[name], one['valid'])})" if stood else "—"

    label = str(one["label"])
    cells = [label[:1].upper() + label[1:], count(one["registered"])]
    cells += [share(one["ballots"], one["registered"]), count(one["ballots"] - one["valid"])]
    cells += [count(one["valid"])]
    return cells + [votes(name) for name in names]


def _paths(page: ResultsPage, rows: pd.DataFrame) -> dict[str, Any]:
    """Return outlines as SVG paths, each with its row; -1 where a bureau has none of its own."""
    shapes = page.shapes[page.shapes.geometry.notna()]
    if shapes.empty:
        return {"high": 0, "drawn": []}
    west, south, east, north = shapes.total_bounds
    scale = _WIDE / max(east - west, 1.0)
    at = {str(one): n for n, one in enumerate(rows["bureau_id"])}
    plain = shapely.simplify(shapes.geometry.to_numpy(), _CLOSE / scale, preserve_topology=True)
    drawn = [
        [at.get(str(bureau), -1), _path(shape, (west, north), scale)]
        for bureau, shape in zip(shapes["bureau_id"], plain, strict=True)
    ]
    return {"high": int(np.ceil((north - south) * scale)), "drawn": drawn}


def _path(shape: shapely.Geometry, corner: tuple[float, float], scale: float) -> str:
    parts = shapely.get_parts(shape)
    parts = parts[shapely.get_dimensions(parts) == 2]  # noqa: PLR2004 - polygons
    rings = shapely.get_rings(parts) if len(parts) else []
    told = []
    for ring in rings:
        x, y = shapely.get_coordinates(ring).T
        steps = np.column_stack([(x - corner[0]) * scale, (corner[1] - y) * scale]).round(1)
        told.append("M" + "L".join(f"{a:g},{b:g}" for a, b in steps[:-1].tolist()) + "Z")
    return "".join(told)
