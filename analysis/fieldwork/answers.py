"""The answers of an attempt: read, cleared of what is personal, written one way.

A door's answer is a code, several codes, a number of the scale or a text that names nobody; a
sheet of counts tells how many gave each code in a building.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.fieldwork.privacy import personal
from analysis.fieldwork.questionnaire import ID, MOST_QUESTIONS

VERSION = re.compile(r"[0-9a-f]{12}")
_MOST_CODES, _LONGEST_TEXT = 10, 200
# A run of doors tells of at most this many.
_MOST = 500
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,23}")


def are_answers(value: object) -> bool:
    """Tell whether what JSON holds are answers: by question a code, codes, a number or a text."""
    return (
        isinstance(value, Mapping)
        and len(value) <= 2 * MOST_QUESTIONS
        and all(isinstance(name, str) and ID.fullmatch(name) for name in value)
        and all(_is_answer(one) for one in value.values())
    )


def _is_answer(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= _MOST_CODES and all(_is_code(code) for code in value)
    if isinstance(value, Mapping):
        counts = list(value.values())
        whole = all(type(n) is int and 0 < n <= _MOST for n in counts)
        return 0 < len(counts) <= _MOST_CODES and whole and all(map(_is_code, value))
    if type(value) is int:
        return 1 <= value <= 5  # noqa: PLR2004 - the scale
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT


def _is_code(value: object) -> bool:
    return isinstance(value, str) and bool(_CODE.fullmatch(value))


def written(answers: Mapping[str, Any]) -> str:
    """Write answers one way, whatever order they came in; "" for none."""
    plain = {name: sorted(set(v)) if isinstance(v, list) else v for name, v in answers.items()}
    return (
        json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if plain
        else ""
    )


def cleared(text: str) -> tuple[str, dict[str, str]]:
    """Take out answers that seem to tell who somebody is.

    Parameters
    ----------
    text
        Answers as `written`.

    Returns
    -------
    tuple
        The answers without them; by question, what each seemed to hold.
    """
    answers = json.loads(text) if text else {}
    found = {}
    for name, value in answers.items():
        said = (
            [value] if isinstance(value, str) else value if isinstance(value, list | dict) else ()
        )
        if kind := next(filter(None, (personal(one.replace("_", " ")) for one in said)), ""):
            found[name] = kind
    return written({name: v for name, v in answers.items() if name not in found}), found


def told(text: str) -> Iterator[tuple[str, str, int, str]]:
    """Give question, code, number of doors and text of each answer; "" for no code.

    A question that was asked and of which nothing was chosen gives one row without a code.
    """
    for name, value in (json.loads(text) if text else {}).items():
        if isinstance(value, dict):
            yield from ((name, code, int(n), "") for code, n in value.items())
        elif isinstance(value, list):
            yield from ((name, code, 1, "") for code in value or [""])
        else:
            code = str(value)
            is_code = bool(_CODE.fullmatch(code))
            yield (name, code, 1, "") if is_code else (name, "", 1, code)
