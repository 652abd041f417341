"""What a column map says of a country beside its files: words, blocs, kinds of election, days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from analysis.errors import DataError, Text
from analysis.readers.map_keys import NAMED, Keys, check_keys
from analysis.tables.elections import Election

# Sections of a map that name things; `calendar` lists the elections to come.
VOCABULARY: Keys = {"words": dict, "blocs": dict, "kinds": dict, "calendar": list}
_WORDS: Keys = {"unit": NAMED, "units": NAMED}
_DAY: Keys = {"id": str, "date": date, "kind": str, "round": int}
_LANGUAGES: Keys = {"fr": str, "en": str}


def vocabulary_of(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return what a map calls things, as the manifest of a workspace keeps it.

    Raises
    ------
    DataError
        When a section has unknown keys, or an election to come no proper id.
    """
    words = content.get("words", {})
    check_keys(words, {}, _WORDS, Text("{file}: [words]", file=file))
    for section in ("blocs", "kinds"):
        named = content.get(section, {})
        where = Text("{file}: [{section}]", file=file, section=section)
        check_keys(named, {}, dict.fromkeys(named, NAMED), where)
        for key in named:
            if isinstance(named[key], dict):
                check_keys(named[key], {}, _LANGUAGES, where)
    days = []
    for entry in content.get("calendar", []):
        where = Text("{file}: [[calendar]] {entry}", file=file, entry=entry.get("id", ""))
        check_keys(entry, _DAY, {}, where)
        held = election_day(entry, where)
        days.append({**entry, "date": held.date.date().isoformat()})
    told = {"name": content["terrain"]["name"], "currency": content["terrain"].get("currency", "")}
    sections = {name: content.get(name, {}) for name in ("blocs", "kinds")}
    return {**told, **words, **sections, "elections": days}


def election_day(entry: Mapping[str, Any], where: Text) -> Election:
    """Return the election that an entry of a map describes.

    Raises
    ------
    DataError
        When its id does not say year, kind and round.
    """
    kind, turn = re.escape(entry["kind"]), entry["round"]
    if not re.fullmatch(rf"\d{{4}}_(?=[a-z]+_){kind}_t{turn}", entry["id"]):
        raise DataError(
            "The id of an election does not say year, kind and round.",
            where="{place}, kind {kind}, round {turn}",
            mend="Write 2023_muni_t1: four digits, small letters, t and the round.",
            place=where,
            kind=entry["kind"],
            turn=turn,
        )
    day = datetime(entry["date"].year, entry["date"].month, entry["date"].day)
    return Election(entry["id"], day, entry["kind"], entry["round"])
