"""Changes to a script before it is put into use: each makes another script, none is checked yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.fieldwork.questionnaire import Question, Script, Spoken

_NEW = "question"


def with_opening(script: Script, opening: Spoken) -> Script:
    """Return the script with another opening sentence."""
    return replace(script, opening={name: text for name, text in opening.items() if text.strip()})


def with_question(script: Script, at: int, question: Question) -> Script:
    """Return the script with another question in a place.

    Parameters
    ----------
    script
        Left as it is.
    at
        Place, from 0.
    question
        Stands there instead of the one that does.

    Returns
    -------
    Script
        As long as `script`.
    """
    questions = list(script.questions)
    questions[at] = question
    return replace(script, questions=questions)


def added(script: Script) -> Script:
    """Return the script with a yes-or-no question more, its text still to be written."""
    question = Question(_free_id(script, _NEW), "yes_no", {})
    return replace(script, questions=[*script.questions, question])


def duplicated(script: Script, at: int) -> Script:
    """Return the script with a question twice, the second under an id of its own."""
    one = script.questions[at]
    twin = replace(one, id=_free_id(script, one.id))
    before, after = script.questions[: at + 1], script.questions[at + 1 :]
    return replace(script, questions=[*before, twin, *after])


def removed(script: Script, at: int) -> Script:
    """Return the script without a question; those that hung on it are asked always."""
    gone = script.questions[at].id
    left = [one for n, one in enumerate(script.questions) if n != at]
    free = [
        replace(one, only_if=None) if one.only_if and one.only_if[0] == gone else one
        for one in left
    ]
    return replace(script, questions=free)


def moved(script: Script, at: int, by: int) -> Script:
    """Return the script with a question further up or down; at the edge it stays.

    Parameters
    ----------
    script
        Left as it is.
    at
        Place of the question, from 0.
    by
        Places down; negative: up.

    Returns
    -------
    Script
        The same questions, in another order.
    """
    to = min(max(at + by, 0), len(script.questions) - 1)
    questions = list(script.questions)
    questions.insert(to, questions.pop(at))
    return replace(script, questions=questions)


def options_from(
    rows: Sequence[Mapping[str, object]], languages: Sequence[str], taken: str = "answer"
) -> dict[str, dict[str, str]]:
    """Return the answers of a table: a row without a code gets one.

    Parameters
    ----------
    rows
        `code`, and a text under each language; what is empty is None or "".
    languages
        Which are read.
    taken
        What made codes begin with.

    Returns
    -------
    dict
        Code → text by language, in the order of the rows that say something.
    """
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        said = {name: str(row.get(name) or "").strip() for name in languages}
        texts = {name: text for name, text in said.items() if text}
        code = str(row.get("code") or "").strip()
        if not (texts or code):
            continue
        number = len(found) + 1
        while not code or code in found:
            code = f"{taken}_{number}"
            number += 1
        found[code] = texts
    return found


def _free_id(script: Script, like: str) -> str:
    taken = {question.id for question in script.questions}
    stem = like[:20].rstrip("_0123456789")
    return next(name for n in range(2, 99) if (name := f"{stem}_{n}") not in taken)
