"""Columns of answers in a filled sheet: what a door said, or how many of a building said it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.fieldwork.answers import are_answers, written

# "q:town" with the answer of a knock, "q:town:4" with how many doors gave it.
_COLUMN = re.compile(r"q:([a-z][a-z0-9_]{0,23})(?::([a-z0-9][a-z0-9_]{0,23}))?")
_CODES = re.compile(r"[a-z0-9][a-z0-9_]*(?: ?\+ ?[a-z0-9][a-z0-9_]*)*")
_WORDS = {"oui": "yes", "non": "no"}


def answer_columns(names: Iterable[str]) -> list[str]:
    """Return which of the headings of a sheet are those of answers."""
    return [name for name in names if _COLUMN.fullmatch(name)]


def answers_of(sheet: pd.DataFrame, file: str) -> pd.Series:
    """Return the answers of each row of a sheet, as `answers.written` writes them.

    A row of counts has a line for each outcome: its answers are those of its conversations.

    Parameters
    ----------
    sheet
        Cells as texts, with `outcome`; with `doors` where it is known.
    file
        Its name, for errors.

    Returns
    -------
    pandas.Series
        Text, empty where nothing was answered.

    Raises
    ------
    DataError
        When a cell is no answer, or more doors answered than talked.
    """
    names = answer_columns(sheet.columns)
    cells = sheet[names].to_dict("records")
    doors = pd.to_numeric(sheet.get("doors", pd.Series("", sheet.index)), errors="coerce").fillna(1)
    texts, wrong = [], []
    for line, row, most in zip(sheet.index, cells, doors, strict=True):
        told, bad = _row({name: cell for name, cell in row.items() if cell != ""}, int(most))
        wrong += [Text("line {line}: {cell!r}", line=line, cell=cell) for cell in bad]
        texts.append(written(told))
    if wrong:
        raise DataError(
            "Answers of this sheet cannot be read, or are more than its conversations.",
            where="{file}: {wrong}",
            mend="Under q:QUESTION the code of the answer, under q:QUESTION:CODE how many of the "
            "building's conversations gave it; codes are those of the script.",
            file=file,
            wrong=some(wrong),
        )
    return pd.Series(texts, sheet.index, dtype="str")


def refuse_without_talk(sheet: pd.DataFrame, file: str) -> None:
    """Refuse a row of counts that tells answers and no conversation: they would be lost.

    Raises
    ------
    DataError
        When there is one.
    """
    names = answer_columns(sheet.columns)
    talked = sheet.get("conversation", pd.Series("", sheet.index))
    odd = sheet[names].apply(lambda one: ~one.isin(["", "0"])).any(axis=1)
    odd &= talked.isin(["", "0"])
    if odd.any():
        raise DataError(
            "Rows of this sheet tell answers, and no conversation.",
            where="{file}: line {lines}",
            mend="Write the number of conversations beside the answers, or take the answers out.",
            file=file,
            lines=some(sheet.index[odd]),
        )


def _row(cells: dict[str, str], most: int) -> tuple[dict[str, object], list[str]]:
    """Return the answers that the cells of a row tell, and the cells that tell none."""
    told: dict[str, object] = {}
    bad = []
    for name, cell in cells.items():
        question, code = _COLUMN.fullmatch(name).groups()  # type: ignore[union-attr]
        if code is None:
            told[question] = _knock(cell)
        elif not cell.isdecimal() or int(cell) > most:
            bad.append(cell)
        elif int(cell):
            counts = told.setdefault(question, {})
            if isinstance(counts, dict):
                counts[code] = int(cell)
    return told, bad if are_answers(told) else [*bad, *map(str, told.values())]


def _knock(cell: str) -> object:
    small = " ".join(cell.lower().split())
    if not _CODES.fullmatch(small):
        return cell
    codes = [_WORDS.get(code.strip(), code.strip()) for code in small.split("+")]
    if len(codes) > 1:
        return codes
    return int(codes[0]) if codes[0] in {"1", "2", "3", "4", "5"} else codes[0]
