"""The answers that count: of conversations that stand, to questions that were to be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa

from analysis.database.models import ANSWERS, ATTEMPTS
from analysis.fieldwork.questionnaire import Question, Script
from analysis.fieldwork.store import Store
from analysis.fieldwork.tallies import replaced


@dataclass(frozen=True)
class Asked:
    """One question as it was asked, and what came back.

    Attributes
    ----------
    question
        Word for word: of another wording it would be another.
    script
        The latest script that asks it so.
    counts
        One row per turf, bureau, day and code: `n`, doors that answered so.
    talks
        One row per turf, bureau and day: `n`, doors that answered the question.
    texts
        What was written to a free question.
    """

    question: Question
    script: Script
    counts: pd.DataFrame
    talks: pd.DataFrame
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answered:
    """All that was answered.

    Attributes
    ----------
    asked
        Questions with answers, those of the script in use first.
    conversations
        Conversations with an answer that counts.
    aside
        Answers that count in nothing, by why: `version`, `question`, `code` or `condition`.
    """

    asked: tuple[Asked, ...]
    conversations: int
    aside: Mapping[str, int]


def answered(store: Store, versions: dict[str, Script]) -> Answered:
    """Return the answers of a store by question.

    Parameters
    ----------
    store
        The store.
    versions
        By digest, the one in use last.

    Returns
    -------
    Answered
        A question whose words, answers and condition are the same in several versions is one.
    """
    rows = _standing(store)
    why = pd.Series("", rows.index, dtype="str")
    for version, part in rows.groupby("script"):
        why[part.index] = _aside(part, versions.get(str(version)))
    good = rows[why.eq("")]
    found = (
        _gathered(good, question, script, [v for v, one in versions.items() if _has(one, question)])
        for script, question in _questions(versions)
    )
    aside = why[why.ne("")].value_counts()
    talks = good.drop_duplicates("attempt_id")
    return Answered(
        tuple(one for one in found if len(one.talks)),
        int(talks["talks"].sum()),
        {str(name): int(n) for name, n in aside.items()},
    )


def _standing(store: Store) -> pd.DataFrame:
    """Return the answers of conversations that no correction replaces."""
    out = replaced().subquery("replaced")
    a, b = ATTEMPTS.c, ANSWERS.c
    query = (
        sa.select(b.attempt_id, a.turf_id, a.bureau_id, a.day, a.doors.label("talks"))
        .add_columns(b.script, b.question_id, b.code, b.doors, b.text)
        .join_from(ANSWERS, ATTEMPTS, a.attempt_id == b.attempt_id)
        .outerjoin(out, out.c.attempt_id == b.attempt_id)
        .where(out.c.attempt_id.is_(None), a.outcome == "conversation")
        .order_by(b.attempt_id, b.question_id, b.code)
    )
    return store.frame(query).astype({"attempt_id": str})


def _aside(rows: pd.DataFrame, script: Script | None) -> pd.Series:
    """Return why each answer of a version counts in nothing; "" where it counts."""
    if script is None:
        return pd.Series("version", rows.index, dtype="str")
    why = pd.Series("question", rows.index, dtype="str")
    ok = pd.Series(data=False, index=rows.index)
    for question in script.questions:
        mine = rows["question_id"].eq(question.id)
        why[mine] = "code"
        fits = mine & _fits(rows, question)
        if question.only_if:
            before = rows["question_id"].eq(question.only_if[0]) & ok
            chose = rows.loc[before & rows["code"].eq(question.only_if[1]), "attempt_id"]
            allowed = rows["attempt_id"].isin(chose)
            why[fits & ~allowed] = "condition"
            fits &= allowed
        ok |= fits
    return why.mask(ok, "")


def _fits(rows: pd.DataFrame, question: Question) -> pd.Series:
    if question.kind == "free":
        return rows["code"].ne("") | rows["text"].ne("")
    fits = rows["code"].isin([*question.codes, *([""] if question.kind == "several" else [])])
    fits &= rows["text"].eq("")
    mine = rows[rows["question_id"].eq(question.id)]
    if question.kind == "several":
        return fits
    # One answer a door: of several, none can be told to be the right one.
    told = mine.groupby("attempt_id")["doors"].sum()
    most = mine.groupby("attempt_id")["talks"].first()
    return fits & ~rows["attempt_id"].isin(told.index[told > most])


def _questions(versions: dict[str, Script]) -> Iterator[tuple[Script, Question]]:
    """Give every question once, that of the latest version first."""
    seen = set()
    for script in reversed(versions.values()):
        for question in script.questions:
            if question.digest not in seen:
                seen.add(question.digest)
                yield script, question


def _has(script: Script, question: Question) -> bool:
    mine = script.question(question.id)
    return mine is not None and mine.digest == question.digest


def _gathered(rows: pd.DataFrame, question: Question, script: Script, versions: list[str]) -> Asked:
    mine = rows[rows["question_id"].eq(question.id) & rows["script"].isin(versions)]
    where = ["turf_id", "bureau_id", "day"]
    chosen = mine[mine["code"].isin(question.codes)]
    counts = chosen.groupby([*where, "code"], as_index=False)["doors"].sum()
    # A building tells how many gave each answer: those who gave several are not told apart.
    each = mine.groupby(["attempt_id", *where], as_index=False).agg(
        doors=("doors", "sum"), talks=("talks", "first")
    )
    each["n"] = each["talks"] if question.kind == "several" else each["doors"]
    talks = each.groupby(where, as_index=False)["n"].sum()
    said = mine["text"].where(mine["text"].ne(""), mine["code"])
    texts = tuple(said) if question.kind == "free" else ()
    return Asked(question, script, counts.rename(columns={"doors": "n"}), talks, texts)
