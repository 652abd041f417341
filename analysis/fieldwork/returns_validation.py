"""What one file of returns says, read and checked, before it goes into the store.

A file holds the doors of an outing or two: its rows are plain mappings, for a table of a hundred
rows costs more to set up than to read, and fifty phones may send theirs at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.fieldwork import answers
from analysis.fieldwork.outcome_codes import MOST_DOORS, OUTCOMES, SLOTS, UNDONE
from analysis.fieldwork.privacy import named_door, personal
from analysis.tables.attempts import ATTEMPTS

Row = Mapping[str, Any]
# Id of a contact taken at a door, and its content encrypted for the campaign.
Box = tuple[str, bytes]

# What a person may let pass, knowing it: a file edited by hand; instants yet to come.
ACCEPTABLE = ("edited", "future")
# A phone's clock may be a little ahead of ours.
_AHEAD = timedelta(minutes=10)
_TO_NOON = timedelta(hours=12)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_DEFAULTS: dict[str, Any] = {
    "team_id": "",
    "timed": True,
    "doors": 1,
    "floor": "",
    "door": "",
    "quality": None,
    "opponent": False,
    "themes": "",
    "come_back_on": "",
    "come_back_slot": "",
    "note": "",
    "corrects": "",
    "script": "",
    "answers": "",
}
_LONGEST = {"turf_id": 64, "address_id": 64, "team_id": 24, "floor": 8, "door": 8, "note": 200}
_FREE = ("note", "team_id", "floor", "door", "themes")
_ID = re.compile(r"[^\s@;<>]*")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_THEMES = re.compile(r"(?:[a-z_]{1,24}(?: [a-z_]{1,24}){0,9})?")


def _long(row: Row) -> bool:
    return any(len(row[name]) > longest for name, longest in _LONGEST.items())


def _instant(row: Row) -> bool:
    return row["at"] is None or row["at"] < _EARLIEST


def _quality(row: Row) -> bool:
    if row["quality"] is None:
        return False
    return row["outcome"] != "conversation" or not 1 <= row["quality"] <= 5  # noqa: PLR2004


def _outcome(row: Row) -> bool:
    return row["outcome"] not in OUTCOMES and not (row["outcome"] == UNDONE and row["corrects"])


def _answers(row: Row) -> bool:
    if not row["answers"]:
        return False
    return row["outcome"] != "conversation" or not answers.VERSION.fullmatch(row["script"])


def _correction(row: Row) -> bool:
    named = row["corrects"]
    return bool(named) and (not _UUID.fullmatch(named) or named == row["attempt_id"])


def _wish(row: Row) -> bool:
    if row["come_back_on"]:
        try:
            date.fromisoformat(row["come_back_on"])
        except ValueError:
            return True
    return row["come_back_slot"] not in ("", *SLOTS)


# What is wrong with a row, and the test that finds it.
_RULES: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    (
        Text("Attempts of this file lack their turf or their address."),
        lambda row: not (row["turf_id"] and row["address_id"]),
    ),
    (Text("A text of this file is too long; a note has at most 200 characters."), _long),
    (
        Text(
            "Turfs or addresses of this file are no ids: an id has no space, and none of @ ; < >."
        ),
        lambda row: not (_ID.fullmatch(row["turf_id"]) and _ID.fullmatch(row["address_id"])),
    ),
    (
        Text("Attempts of this file have no id of their own."),
        lambda row: not _UUID.fullmatch(row["attempt_id"]),
    ),
    (Text("Instants of this file are missing or have no time zone."), _instant),
    (
        Text("Outcomes of this file are none that are known, or undo what they do not name."),
        _outcome,
    ),
    (
        Text(
            "Attempts of this file tell of no door, or of more than {most_doors}.",
            most_doors=MOST_DOORS,
        ),
        lambda row: not 1 <= row["doors"] <= MOST_DOORS,
    ),
    (Text("A quality of this file is not 1 to 5, or not that of a conversation."), _quality),
    (
        Text("Answers of this file are not those of a conversation, or name no version."),
        _answers,
    ),
    (Text("Themes of this file are no codes."), lambda row: not _THEMES.fullmatch(row["themes"])),
    (Text("A correction of this file names no other attempt."), _correction),
    (Text("A day or a slot to come back to is none that is known."), _wish),
)


@dataclass(frozen=True, slots=True)
class Returned:
    """The attempts of a file, checked, and what it is known by.

    Attributes
    ----------
    rows
        One per attempt, with the columns of `schema.ATTEMPTS`.
    otherwise
        Rows that tell an attempt of `rows` once more and otherwise: the first counts.
    file, sha256
        Name and digest of the file.
    accepted
        Which of `ACCEPTABLE` was let pass, and occurred.
    withheld
        What was left empty because it seemed to tell who somebody is: field, row and kind.
    boxes
        Contacts of people, each in its own box that nothing here can open.
    notes
        How something was read that might be read otherwise.
    missing
        Buildings that no file knows, as `missing_buildings.check_reports` returns them.
    """

    rows: Sequence[Row]
    otherwise: Sequence[Row]
    file: str
    sha256: str
    accepted: tuple[str, ...] = ()
    withheld: tuple[Text, ...] = ()
    boxes: tuple[Box, ...] = ()
    notes: tuple[Text, ...] = ()
    missing: tuple[Row, ...] = ()

    @property
    def source(self) -> str:
        """How it was noted: phone, sheet or counts."""
        return str((*self.rows, *self.missing)[0]["source"])

    @property
    def table(self) -> pd.DataFrame:
        """The attempts as a `schema.ATTEMPTS` table."""
        return ATTEMPTS.check(pd.DataFrame(list(self.rows)))


def check_rows(rows: Iterable[Row], file: str) -> tuple[list[Row], list[Row], tuple[Text, ...]]:
    """Return the attempts, those told once more and otherwise, and what is withheld.

    A remark that seems to tell who somebody is, what they suffer or believe, is left empty: the
    attempt counts without it.

    Parameters
    ----------
    rows
        Columns of `schema.ATTEMPTS` but `grade`; those that may be empty may lack.
    file
        Name of the file, for the errors.

    Raises
    ------
    DataError
        When a row does not hold what it should; all rows of a fault are named.
    """
    # Teams and answers are the same in row after row; nothing of them is kept beyond the file.
    look = (cache(_personal), cache(answers.cleared))
    cleared = [_cleared(n, _DEFAULTS | dict(row), *look) for n, row in enumerate(rows, 1)]
    told = [_graded(row) for row, _withheld in cleared]
    withheld = tuple(one for _row, some_withheld in cleared for one in some_withheld)
    for what, is_wrong in _RULES:
        if wrong := [n for n, row in enumerate(told, 1) if is_wrong(row)]:
            raise DataError(
                "{what}",
                where="{file}: row {wrong}",
                mend="Export again from the phone page, or correct these rows: "
                "docs/methods/fieldwork.md lists the columns.",
                what=what,
                file=file,
                wrong=some(wrong),
            )
    first: dict[str, Row] = {}
    otherwise: list[Row] = []
    for row in told:
        if first.setdefault(row["attempt_id"], row) != row and row not in otherwise:
            otherwise.append(row)
    _check_chains(first)
    return list(first.values()), otherwise, withheld


def check_times(rows: Iterable[Row], now: datetime, file: str) -> None:
    """Refuse attempts that lie in the future, as a phone with a wrong clock writes them.

    One without an hour stands at noon of its day: it may be of today before noon as well.

    Parameters
    ----------
    rows
        Attempts, with the instant `at` and whether their hour is known, `timed`.
    now
        Instant of reception, with its time zone.
    file
        Its name, for the error.

    Raises
    ------
    DataError
        When there are any.
    """
    most = {True: now + _AHEAD, False: now + _AHEAD + _TO_NOON}
    if ahead := [row["at"] for row in rows if row["at"] > most[row["timed"]]]:
        raise DataError(
            "Attempts of this file lie in the future.",
            where="{file}: {n} attempt(s), up to {ahead}",
            mend="Set the clock of the phone right. If the outing is known to be real, import the "
            "file again and accept “future”: the rows are kept as they are.",
            file=file,
            n=len(ahead),
            ahead=max(ahead).isoformat(),
        )


def _graded(row: dict[str, Any]) -> Row:
    one = row["doors"] == 1 and (row["floor"] or row["door"])
    return row | {"grade": "door" if one else "building"}


def _cleared(
    n: int,
    row: dict[str, Any],
    look: Callable[[str, str], str],
    of_answers: Callable[[str], tuple[str, dict[str, str]]],
) -> tuple[dict[str, Any], list[Text]]:
    """Return a row without what seems personal, and what was taken out."""
    found = {
        name: kind
        for name in _FREE
        if row[name] and (kind := look(name, str(row[name]).replace("_", " ")))
    }
    kept, taken = of_answers(row["answers"])
    texts = [
        Text("{name} of row {n}: {kind}", name=k, n=n, kind=v) for k, v in (found | taken).items()
    ]
    # With its number, the door of an answer would be somebody's.
    nowhere = dict.fromkeys(("floor", "door"), "") if row["answers"] else {}
    return row | dict.fromkeys(found, "") | nowhere | {"answers": kept}, texts


def _personal(name: str, text: str) -> str:
    return named_door(text) if name in ("floor", "door") else personal(text, remark=name == "note")


def _check_chains(rows: Mapping[str, Row]) -> None:
    """Refuse corrections that name a correction of the same file."""
    chained = [
        name
        for name, row in rows.items()
        if row["corrects"] in rows and rows[row["corrects"]]["corrects"]
    ]
    if chained:
        raise chain_error(chained)


def chain_error(ids: Iterable[object]) -> DataError:
    """Return the error of a correction that corrects a correction."""
    return DataError(
        "A correction must name the first attempt, not another correction or another turf's.",
        where="{ids}",
        mend="Write the id of the first attempt in `corrects`; the latest correction counts.",
        ids=some(ids),
    )
