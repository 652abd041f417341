"""What a map says of one bureau, as it is read aloud: names and formatted numbers."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.exports.document import Document
from analysis.i18n import format_number, format_percent

Facts = list[tuple[str, str]]


def facts_of(document: Document) -> list[Facts]:
    """Return the facts of each row of `document.table`, in its order."""
    return [_facts(row, document) for row in document.table.to_dict("records")]


def _facts(row: Mapping[str, object], document: Document) -> Facts:
    say, language = document.say, document.language

    def write(column: str, digits: int) -> str:
        return format_number(float(str(row[column])), digits, language=language)

    low, high = write("gain_lower", 2), write("gain_upper", 2)
    gain = f"{write('gain_per_hour', 2)} {say('gain_unit')} ({low} {say('to')} {high})"
    top = format_percent(float(str(row["top_k_probability"])), language=language)
    facts = [
        (say("bureau"), str(row.get("label") or row["bureau_id"])),
        (say("rank"), write("rank", 0)),
        (say("score"), write("score", 0)),
        (say("gain"), gain),
        (say("top_k"), top),
        (say("registered"), write("registered", 0)),
    ]
    if "expected_abstention" in row:
        abstention = format_percent(float(str(row["expected_abstention"])), language=language)
        facts.append((say("abstention"), abstention))
    if "hours" in row:
        facts.append((say("hours"), write("hours", 0)))
    return facts
