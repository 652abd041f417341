"""The words of figures and exported files, in French and in English.

These are what leaves the app; their French is in the catalogue with all other.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from textwrap import fill
from typing import Literal, get_args

from analysis.errors import DataError
from analysis.i18n import Words
from analysis.tables.sources import UNSTATED
from analysis.vocabulary import spoken

Language = Literal["fr", "en"]
_LINE = 14
LANGUAGES: tuple[str, ...] = get_args(Language)

WORDS = Words(
    "file",
    {
        "no_data": "no data",
        "to": "to",
        "title": "Where to knock first",
        "targets": "Targets",
        "units": "Units",
        "sources": "Sources",
        "contours_made": "contours made from addresses of {}, not official",
        "column": "Column",
        "unit": "Unit",
        "meaning": "Meaning",
        "source": "Source",
        "licence": "Licence",
        "unstated": "licence not stated",
        "date": "Date",
        "table": "Table",
        "provenance": "Provenance",
        "provenance_help": "“python -m analysis reproduce FILE” makes this file again from these.",
        "version": "version",
        "command": "command",
        "seed": "seed",
        "parameters": "parameters",
        "rank": "Rank",
        "bureau": "Bureau",
        "score": "Score",
        "score_legend": "Score (100 = the average bureau)",
        "gain": "Gain per hour",
        "gain_head": "Votes/100 h (90%)",
        "gain_unit": "votes per volunteer-hour",
        "interval": "90% interval",
        "top_k": "Probability of being among the first",
        "registered": "Registered",
        "abstention": "Expected abstention",
        "hours": "Hours",
        "within_hours": "within the {} volunteer-hours planned",
        "ranked": "rank (the first {})",
        "listed": "First {}",
        "unmapped": "Without a polygon, so not on the map: {}",
        "unmapped_more": "{} and {} others (ranked in the tables)",
        "basemap": "Background map: {} (uses the network)",
        "offline": "This page calls no server unless you ask for the background map.",
        "zoom_in": "Zoom in",
        "zoom_out": "Zoom out",
        "north": "N",
        "bloc": "bloc",
        "bureaux": "{} bureaux",
        "places": "{} communes",
        "fictional": "fictional place",
        "impact_estimates": "What the canvass changed",
        "impact_balance": "The arms before the canvass",
        "backtest": "A forecast of the past, and rules of thumb",
        "fictional_note": "Fictional place: everything in this file is invented.",
        "for_teams": "For the teams",
        "heading": "Heading",
        "yes": "yes",
        "no": "no",
        "turnout": "Turnout",
        "bloc_share": "Share of the bloc",
        "rounds": "dot: round 1; diamond: round 2",
        "alone": "100%: nobody else stood at that round",
        "of_registered": "% of registered",
        "of_valid": "% of valid votes",
        "this_bureau": "this bureau",
        "town": "the whole territory",
        "as_told": "as told",
        "why": "Why",
        "field_fan": "expected, 90 times in 100",
        "field_so_far": "so far",
        "field_objective": "objective",
        "field_total_doors": "doors in all",
        "field_total_conversations": "conversations in all",
        "field_by_day": "by day",
        "field_doors": "doors",
        "field_talks": "conversations",
        "field_weekdays": "weekdays: doors that open",
        "field_weekend": "weekend: doors that open",
        "field_hour": "hour of the day",
        "field_pace": "doors an hour, with 90% intervals",
        "kind_house": "house (1–2 doors)",
        "kind_small": "small building (3–9)",
        "kind_block": "block (10–29)",
        "kind_tower": "tower (30 or more)",
        "kind_": "outside the turfs",
        "chance_told": "chance told of being among the first",
        "chance_came": "share of bureaux that were",
        "movement_believed": "truth drawn from the ranges",
        "movement_nothing": "truth in which movement tells nothing",
    },
)

# Names of what the parameters hold as ids; an id that is not here is shown as it is.
NAMES = Words(
    "name",
    {
        "far_left": "far left",
        "left": "left",
        "centre": "centre",
        "right": "right",
        "far_right": "far right",
        "other": "others",
        "pres": "presidential",
        "legi": "parliamentary",
        "euro": "European",
        "muni": "municipal",
        "arrd": "arrondissement",
        "regi": "regional",
        "dpmt": "departmental",
        "cant": "cantonal",
        "refe": "referendum",
        "pres_short": "pres.",
        "legi_short": "parl.",
        "euro_short": "Europ.",
        "muni_short": "munic.",
        "arrd_short": "arr.",
        "regi_short": "region.",
        "dpmt_short": "dept.",
        "cant_short": "canton.",
        "refe_short": "ref.",
        "t1": "round 1",
        "t2": "round 2",
    },
)


def say(key: str, language: str) -> str:
    """Return the word `key` in `language`, or raise `DataError` for another language."""
    if language not in WORDS:
        raise DataError(
            "No export is written in {language!r}.",
            mend="Ask for one of {known}.",
            language=language,
            known=", ".join(LANGUAGES),
        )
    return WORDS[language][key]


def licence(stated: str, language: str) -> str:
    """Return a licence as its file states it; that it states none, in the reader's language."""
    return say("unstated", language) if stated == UNSTATED else stated


def name(identifier: str, language: str) -> str:
    """Return the name of a bloc or of part of an election id; else the id itself.

    A terrain's own name of it goes first.
    """
    return of_terrain(identifier, language) or NAMES[language].get(identifier, identifier)


def short_name(kind: str, language: str) -> str:
    """Return a kind of election in few letters; of a terrain, its own name on short lines."""
    if own := of_terrain(kind, language):
        return fill(own, _LINE)
    return NAMES[language].get(f"{kind}_short", kind)


def of_terrain(identifier: str, language: str) -> str:
    """Return what the open terrain calls a bloc or a kind of election; "" where it does not."""
    if (words := spoken()) is None:
        return ""
    return next(filter(None, (words.of(s, identifier, language) for s in ("blocs", "kinds"))), "")


@cache
def nuances() -> dict[str, str]:
    """Return what the Ministry's nuances stand for: names of parties, which no language changes."""
    rows = files("analysis.charts").joinpath("nuances.csv").read_text(encoding="utf-8")
    return dict(row.split(",", 1) for row in rows.splitlines()[1:])


def nuance(code: str) -> str:
    """Spell a nuance out, its code behind; what is none stays as it is."""
    known = nuances().get(code)
    return f"{known} ({code})" if known and known != code else code


def election(election_id: str, language: str) -> str:
    """Name an election: "2027_pres_t1" is "présidentielle 2027, 1er tour"."""
    year, _, rest = election_id.partition("_")
    kind, _, turn = rest.partition("_")
    if not (year.isdecimal() and kind):
        return election_id
    if own := of_terrain(kind, language):
        # Its own kinds tell what they are; where there are no rounds, the first is not said.
        words, turn = (own, year), turn if turn != "t1" else ""
    else:
        words = (name(kind, language), year) if language == "fr" else (year, name(kind, language))
    return " ".join(words) + (f", {name(turn, language)}" if turn else "")
