"""The phone page: one file per turf that needs neither network nor server."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from analysis.charts.chart_words import LANGUAGES
from analysis.contacts.asked import DoorForm, purposes, statements, themes
from analysis.exports.field_kit.kit import METRES_PER_DEGREE, Kit, returns_url, words
from analysis.exports.field_kit.sheet_content import sheet_of
from analysis.exports.field_kit.turf_street_names import (
    Points,
    Sheet,
    names_of_streets,
    street_labels,
)
from analysis.exports.field_kit.turf_surroundings import Surroundings
from analysis.fieldwork.outcome_codes import SLOTS
from analysis.fieldwork.privacy import INVISIBLE, REMOVED, RULES
from analysis.tables.schema import OUTCOMES

# The codes of the format of returns; volunteers see words.
THEMES = ("prices", "housing", "health", "school", "safety", "transport", "work",
          "environment", "europe", "other")  # fmt: skip
_SCRIPTS = ("records", "keep", "send", "show", "ask", "list", "missing", "details", "map", "main")
# Only in pages that know of a server: the others hold nothing that could ask one.
_POST = "post"
# Only in pages that may take the contact of a person.
_CONTACT = "contact"
_QRCODE = "2.0.4"
_AROUND_M = 120.0  # shown beyond the outermost stops
_MOST_LINES = 6_000  # about 120 kB
# As `wholeView` of `map.js` has it: metres across at least, of which times so many are shown.
_LEAST_M, _WHOLE, _PHONE_PX = 120.0, 1.25, 336


def phone_page(kit: Kit, turf_id: str) -> bytes:
    """Write the page of one turf: list, map, doors, and the file it hands back.

    It asks no server for anything and its policy forbids it to; what is noted stays on the
    phone until it is exported as `analysis.fieldwork.phone_files` reads it. With the address of the
    campaign's server, it may send the same content there, and nowhere else, when told to.

    Parameters
    ----------
    kit
        The turfs, with the campaign's id and tokens, without which no return is accepted.
    turf_id
        Which.

    Returns
    -------
    bytes
        An HTML page; the same kit gives the same bytes.

    Raises
    ------
    DataError
        When there is no such turf.
    """
    told = [kit.say("title", "phone").format(turf=turf_id), sheet_of(kit, turf_id).bureaux]
    turf = json.dumps(_turf(kit, turf_id), ensure_ascii=False, separators=(",", ":"))
    server = returns_url(kit.address)
    script = _script(post=bool(server), contact=kit.door is not None)
    css, qrcode = _asset("style.css"), _asset("qrcode/qrcode.js")
    page = Template(_asset("page.html")).substitute(
        language=kit.language,
        title=html.escape(" · ".join(told)),
        scripts=f"{_digest(qrcode)} {_digest(script)}",
        styles=_digest(css),
        connect=f"; connect-src {server}" if server else "",
        css=css,
        no_script=html.escape(kit.say("no_script", "phone")),
        # Only "</" and "<!--" could end or confuse the element; JSON may write them so.
        turf=turf.replace("<", "\\u003c"),
        qrcode_version=_QRCODE,
        licence=_asset("qrcode/LICENSE"),
        qrcode=qrcode,
        script=script,
    )
    return page.encode()


def _turf(kit: Kit, turf_id: str) -> dict[str, Any]:
    """Return all that the page knows of its turf."""
    sheet = sheet_of(kit, turf_id)
    plan = _Plan(kit, turf_id)
    stops = [
        {
            "id": str(stop["address_id"]),
            "n": int(stop["stop"]),
            "label": str(stop["label"]),
            "street": str(stop["street"] or "").strip(),
            "doors": int(stop["dwellings"]),
            "from": int(stop["door_from"]),
            "split": bool(stop["split"]),
            "x": x,
            "y": y,
            **_alone(kit, stop),
        }
        for stop, (x, y) in zip(sheet.stops, plan.stops, strict=True)
    ]
    return {
        "campaign_id": kit.campaign_id,
        "turf_id": turf_id,
        "seal": kit.walks.seal,
        "server": returns_url(kit.address),
        "token": kit.tokens.get(turf_id, ""),
        # A turf cut anew under an old name must not meet what the phone kept of the old one.
        "page": hashlib.sha256(json.dumps(stops).encode()).hexdigest()[:12],
        "language": kit.language,
        "fictional": kit.fictional,
        "minutes": round(float(sheet.facts["minutes"])),
        "walk_m": round(float(sheet.facts["walk_m"])),
        "stops": stops,
        "outcomes": list(OUTCOMES),
        "themes": list(THEMES),
        "slots": list(SLOTS),
        "personal": {
            "invisible": INVISIBLE,
            **REMOVED,
            "rules": [[pattern, of] for _kind, pattern, of in RULES],
        },
        "words": {language: _words(kit, language) for language in LANGUAGES},
        **({} if kit.door is None else {"contact": _contact(kit.door)}),
        "texts": {language: _texts(kit, turf_id, language) for language in LANGUAGES},
        "script": _asked(kit),
        **plan.drawn(),
    }


def _alone(kit: Kit, stop: Mapping[str, Any]) -> dict[str, Any]:
    """Return the doors of a stop that asked not to be disturbed; nothing where there are none."""
    told = kit.left_alone.get(str(stop["address_id"]))
    return {"alone": {"n": told["doors"], "floors": told["floors"]}} if told else {}


def _words(kit: Kit, language: str) -> dict[str, str]:
    told = words(language)
    return told["phone"] if kit.door is None else {**told["phone"], **told["contact"]}


def _contact(door: DoorForm) -> dict[str, Any]:
    """Return what the page asks a person to agree to, and the key that shuts what they write."""
    return {
        "key": door.key,
        "purposes": {name: {"needs": one.needs} for name, one in purposes().items() if one.door},
        "statements": list(statements()),
        "themes": list(themes()),
        "words": {language: door.said(language) for language in LANGUAGES},
        "texts": {
            language: {
                purpose: [one.text_id, one.version, one.wording] for purpose, one in texts.items()
            }
            for language, texts in door.wordings.items()
        },
    }


def _asked(kit: Kit) -> dict[str, Any] | None:
    """Return the script as the page asks it: its version, and every language it is written in."""
    script = kit.script
    if script is None:
        return None
    questions = [
        {
            "id": one.id,
            "kind": one.kind,
            "text": one.text,
            "options": list(one.options.items()),
            "only_if": one.only_if,
        }
        for one in script.questions
    ]
    return {
        "version": script.version,
        "languages": list(script.languages),
        "opening": script.opening,
        "questions": questions,
    }


def _texts(kit: Kit, turf_id: str, language: str) -> dict[str, Any]:
    spoken = kit.spoken(language)
    return {
        "goal": sheet_of(spoken, turf_id).goal,
        "notice": spoken.notice,
        "argument": [(fact.text, fact.source) for fact in spoken.argument(turf_id)],
    }


class _Plan:
    """The map of a turf in metres from its middle, south down as screens have it."""

    def __init__(self, kit: Kit, turf_id: str) -> None:
        degrees = kit.spots[turf_id]
        self._middle = (degrees.min(axis=0) + degrees.max(axis=0)) / 2
        self._scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(self._middle[1])), -1.0])
        self._kit, self._turf_id = kit, turf_id
        self.stops: list[list[float]] = self._metres(degrees).tolist()

    def drawn(self) -> dict[str, Any]:
        """Return lines, names of streets and the start."""
        start = self._kit.start
        at = None if start is None else self._metres(np.array([start[1], start[0]])).tolist()
        around = self._kit.surroundings
        behind = {"lines": [], "labels": [], "graph": False}
        way = self._kit.ways.get(self._turf_id)
        walk = {} if way is None else {"way": self._metres(way).tolist()}
        return {"start": at, **walk, **(behind if around is None else self._behind(around))}

    def _behind(self, town: Surroundings) -> dict[str, Any]:
        # A town has a hundred thousand lines: what is far is left before it is measured.
        reach = (np.abs(np.array(self.stops)).max(axis=0) + _AROUND_M) / np.abs(self._scale)
        around = town.within(self._middle - reach, self._middle + reach)
        lines = self._metres(around.segments.reshape(-1, 2, 2))[:_MOST_LINES]
        points = self._metres(around.points)
        near = self._near(points)
        found = names_of_streets(self._kit, self._turf_id, self._screen())
        labels = found or street_labels(
            points[near], around.streets[near], around.names, apart=45.0
        )
        return {
            "lines": lines.reshape(-1, 4).tolist(),
            "labels": [
                {"name": name, "x": round(x, 1), "y": round(y, 1), "angle": round(angle)}
                for name, (x, y), angle in labels
            ],
            "graph": around.is_graph,
        }

    def _screen(self) -> Sheet:
        """Return the map as it opens (`map.js`): letters of 10 pixels, stops of 26."""
        stops = np.array(self.stops)
        pixel = max(float(np.ptp(stops, axis=0).max()), _LEAST_M) * _WHOLE / _PHONE_PX
        reach = (np.abs(stops).max(axis=0) + _AROUND_M) / np.abs(self._scale)
        west, south = self._middle - reach
        east, north = self._middle + reach
        return Sheet(
            self._metres,
            (float(west), float(south), float(east), float(north)),
            wide=lambda text: 5.5 * pixel * len(text),
            high=10 * pixel,
            stop=28 * pixel,
            # Above its street, which is five pixels wide: the screen counts downwards.
            aside=-3.5 * pixel,
        )

    def _metres(self, degrees: Points) -> Points:
        metres: Points = ((degrees - self._middle) * self._scale).round(1)
        return metres

    def _near(self, metres: Points) -> np.ndarray:
        reach = np.abs(np.array(self.stops)).max(axis=0) + _AROUND_M
        return (np.abs(metres) <= reach).all(axis=-1)


def _digest(text: str) -> str:
    """Return what a content policy calls a script or a style by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _script(*, post: bool, contact: bool) -> str:
    names = (*_SCRIPTS[:-1], *([_POST] * post), *([_CONTACT] * contact), _SCRIPTS[-1])
    return "\n".join(_asset(f"{name}.js") for name in names)


@cache
def _asset(name: str) -> str:
    return (files("analysis.exports.field_kit") / "phone_page" / name).read_text(encoding="utf-8")
