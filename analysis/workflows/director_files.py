"""The director's page as a file: one sheet of PDF, or JSON."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from analysis import __version__
from analysis.charts.chart_words import licence
from analysis.charts.zone_map import zone_map
from analysis.errors import DataError, Text
from analysis.exports.reports.director_pdf import DirectorSheet, director_pdf
from analysis.geography.bureau_names import CITIES
from analysis.geography.zone_names import street_points
from analysis.i18n import format_day, told
from analysis.tables.sources import UNSTATED
from analysis.tables.whole_files import written_whole
from analysis.workflows import director_words as words
from analysis.workflows.director import Brief, Zone
from analysis.workflows.director_week import Week
from analysis.workflows.field_pictures import course_png, png_of
from analysis.workflows.ranking import shapes_of

SUFFIXES = (".pdf", ".json")
_CROWD = 3000


def zone_pictures(brief: Brief) -> list[bytes]:
    """Return a map of each zone (PNG); empty where its bureaux have no contour."""
    if not brief.zones:
        return []
    shapes = shapes_of(brief.file.workspace, brief.file.ranking.table)
    if shapes.empty:
        return [b"" for _zone in brief.zones]
    drawn = shapes.assign(label=_short(shapes["bureau_id"].astype("str")))
    named = street_points(
        brief.file.workspace, [(*zone.bureaux, *zone.beside) for zone in brief.zones]
    )
    return [
        _zone_picture(drawn, zone, streets)
        for zone, streets in zip(brief.zones, named, strict=True)
    ]


def _zone_picture(drawn: gpd.GeoDataFrame, zone: Zone, streets: pd.DataFrame | None) -> bytes:
    ids = drawn["bureau_id"].astype("str")
    if not ids.isin(zone.bureaux).any():
        return b""
    if len(drawn) > _CROWD:  # of a country, the département tells where one is
        drawn = drawn[ids.str[:2] == zone.bureaux[0][:2]]
    return png_of(zone_map(drawn, zone.bureaux, zone.beside, streets=streets))


def week_picture(week: Week, language: str) -> bytes:
    """Return the chart of the days and of the course to the objective (PNG)."""
    if week.daily.empty:
        return b""
    return course_png(week.daily, week.forecast, measure=week.measure, language=language)


def brief_to_bytes(brief: Brief, suffix: str, language: str = "fr") -> bytes:
    """Return the director's page as a file that ends in `suffix`.

    Parameters
    ----------
    brief
        The answer.
    suffix
        One of `SUFFIXES`.
    language
        "fr" or "en", of the PDF.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    DataError
        When nothing is written with this suffix.
    """
    if suffix == ".json":
        return json.dumps(brief.to_dict(), ensure_ascii=False, indent=1).encode() + b"\n"
    if suffix != ".pdf":
        raise DataError(
            "The director's page is not written as {suffix}.",
            mend="Name a file that ends in one of: {known}.",
            suffix=suffix or "?",
            known=", ".join(SUFFIXES),
        )
    return director_pdf(_sheet(brief, language))


def brief_to_file(brief: Brief, out: Path, language: str = "fr") -> None:
    """Write the director's page; a reader sees the old file or the new one.

    Parameters
    ----------
    brief, language
        As in `brief_to_bytes`.
    out
        File to write, whose suffix says the format.

    Raises
    ------
    DataError
        When nothing is written with this suffix, or the file cannot be written.
    """
    content = brief_to_bytes(brief, out.suffix.lower(), language)
    try:
        with written_whole(out) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise DataError(
            "The file cannot be written.",
            where="{file}: {strerror}",
            mend="Name a file in a folder that may be written to.",
            file=out,
            strerror=error.strerror,
        ) from error


def _sheet(brief: Brief, language: str) -> DirectorSheet:
    say = partial(told, language=language)
    week = brief.week
    nothing = say(Text("No turf is in the field yet, and nothing has come back."))
    place = brief.file.workspace
    fictional = Text(
        "Invented place: nobody lives in {name}, nobody votes there.", name=brief.place
    )
    hours = [said(brief, language) for said in (words.one_vote, words.last_time, words.where)]
    return DirectorSheet(
        language=language,
        title=words.heading(brief, language),
        under=" · ".join(
            one
            for one in (format_day(brief.day, language=language), words.days_left(brief, language))
            if one
        ),
        warning=say(fictional) if place.fictional else "",
        heads=(
            say(Text("What our hours can do")),
            say(Text("Where to begin")),
            say(Text("The week")),
            say(Text("To decide")),
        ),
        chain=tuple(words.chain(brief, language)),
        hours=tuple(line for line in hours if line),
        zones=tuple(
            (zone.name, png, tuple(words.zone_lines(brief, zone, language)))
            for zone, png in zip(brief.zones, zone_pictures(brief), strict=True)
        ),
        week=tuple(words.week_lines(week, language)) if week else (nothing,),
        course=week_picture(week, language) if week else b"",
        decisions=tuple(text for text, _page in words.decisions(brief, language)),
        foot=_foot(brief, language),
    )


def _foot(brief: Brief, language: str) -> str:
    source = brief.file.provenance
    stated = dict.fromkeys(one["licence"] for one in source.sources if one.get("licence"))
    # What is not stated stands last: in the middle of names it reads as one of them.
    licences = [licence(one, language) for one in sorted(stated, key=lambda one: one == UNSTATED)]
    text = Text(
        "Palier {version}. Votes are net and expected, with their 90% interval. Light blue on the "
        "maps: good neighbours, for when hours remain.",
        version=__version__,
    )
    return " ".join(filter(None, (told(text, language), ", ".join(licences))))


def _short(ids: pd.Series) -> pd.Series:
    """Return what a bureau is called on a small map: its number, in the arrondissement."""
    commune, number = ids.str.rpartition("_")[0], ids.str.rpartition("_")[2]
    own = number.where(~commune.isin(list(CITIES)), number.str[-2:])
    short = own.str.lstrip("0")
    return short.where(short != "", own)
