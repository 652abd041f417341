"""Read filled sheets and paper counts: CSV or XLSX, headings in English or French."""

from __future__ import annotations

import hashlib
import io
import tomllib
import uuid
import zipfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.fieldwork.campaign import Campaign
from analysis.fieldwork.missing_buildings import check_reports
from analysis.fieldwork.outcome_codes import MISSING, OUTCOMES
from analysis.fieldwork.returns_validation import Returned, check_rows, check_times
from analysis.fieldwork.sheet_answers import answer_columns, answers_of, refuse_without_talk
from analysis.fieldwork.sheet_buildings import COLUMNS, buildings_of
from analysis.fieldwork.sheet_cells import days, folded, instants, order_in, refuse, whole
from analysis.tables.spreadsheet_text import as_named, plain
from analysis.tables.workbook_marks import is_laborious

_WORDS = tomllib.loads(Path(__file__).with_name("sheet_columns.toml").read_text(encoding="utf-8"))
_NEEDED = ("turf_id", "address_id", "date")
_LONG = ("outcome", "doors", "floor", "door", "quality", "themes", "attempt_id", "corrects")
_SHARED = (*_NEEDED, "time", "team_id", "opponent", "note", "token", "seal")
_MONTHS_FIRST = Text(
    "days were read month first (02/03/2026 is 3 February), as the sheet shows or its country "
    "writes; write 2026-02-03 to leave no doubt"
)
_WISHES = ("come_back_on", "come_back_slot")
_YES, _NO = ("1", "oui", "yes", "x", "vrai", "true"), ("", "0", "non", "no", "faux", "false")
_NAMESPACE = uuid.UUID("6f1b8f2e-6a57-5a0c-9d3f-2c0f6a4b7e11")
_MOST_UNPACKED, _MOST_ROWS, _MOST_COLUMNS = 200_000_000, 100_000, 200


def read_sheet(
    content: bytes,
    campaign: Campaign,
    *,
    file: str,
    now: datetime,
    accept: Collection[str] = (),
) -> Returned:
    """Read a filled sheet (a row per knock) or paper counts (a column per outcome).

    Rows without an id get one made of what they say, so that the same sheet counts once.

    Parameters
    ----------
    content
        The file.
    campaign
        Whose tokens count.
    file
        Its name, for errors.
    now
        With a time zone; what is later is from the future.
    accept
        Any of `returned.ACCEPTABLE`: what the organiser lets pass.

    Returns
    -------
    Returned
        Its rows, checked; counts become one attempt per door.

    Raises
    ------
    DataError
        When columns or rows are not what a sheet holds, or a token is wrong.
    """
    sheet = _filled(_table(content, file), file)
    notes = (_MONTHS_FIRST,) if order_in(sheet, campaign) == "month" else ()
    is_building = _are_buildings(sheet)
    missing = check_reports(buildings_of(sheet[is_building], campaign, file), file)
    told = _told(sheet[~is_building], campaign, file)
    # A day that cannot be read is told first: who mends it may mend the token with it.
    _check_tokens(sheet, campaign, file)
    rows, otherwise, withheld = check_rows(told, file)
    if "future" not in accept:
        check_times([*rows, *missing], now, file)
    future = "future" in accept and any(row["at"] > now for row in (*rows, *missing))
    accepted = ("future",) if future else ()
    digest = hashlib.sha256(content).hexdigest()
    kept = (rows, otherwise, file, digest, accepted, withheld)
    return Returned(*kept, notes=notes, missing=missing)


def _told(sheet: pd.DataFrame, campaign: Campaign, file: str) -> list[dict[str, Any]]:
    """Return what the rows of a sheet tell of doors, one mapping an attempt."""
    if sheet.empty:
        return []
    counts = "outcome" not in sheet
    long = _from_counts(sheet, file) if counts else sheet
    table = _rows(long, campaign, file).assign(source="counts" if counts else "sheet")
    rows = table.astype("object").where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _table(content: bytes, file: str) -> pd.DataFrame:
    """Read the cells as text, headings translated; the index is the line in the file."""
    try:
        raw = _xlsx(content) if content[:2] == b"PK" else _csv(content)
    # Readers of workbooks raise whatever their parts raise: zip, XML, numbers, memory. A file that
    # raised anything else would stay in the inbox and keep all others out.
    except Exception as error:
        raise DataError(
            "This sheet cannot be read: it is cut, or neither CSV nor XLSX.",
            where="{file}: {error}",
            mend="Save it again as CSV or XLSX. Nothing of it was counted.",
            file=file,
            error=some([error]),
        ) from error
    names = [folded(name) for name in raw.columns]
    raw.columns = pd.Index([_WORDS["headings"].get(name, name) for name in names])
    raw.index = pd.RangeIndex(2, len(raw) + 2)
    return plain(raw.apply(lambda column: column.str.strip()))


def _csv(content: bytes) -> pd.DataFrame:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")  # what a French spreadsheet writes
    first = text.partition("\n")[0]
    sep = ";" if first.count(";") >= first.count(",") else ","
    return as_named(pd.read_csv(io.StringIO(text), sep=sep, dtype="str", keep_default_na=False))


def _check_size(content: bytes) -> None:
    """Refuse a workbook that unpacks to more than returns can be, before it is read whole.

    Two cells in opposite corners of a sheet are 5 kB on disk and 17 milliard cells in memory.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
        if unpacked <= _MOST_UNPACKED and is_laborious(archive):
            raise ValueError(Text("more texts and formats than sheets of returns have"))
    if unpacked > _MOST_UNPACKED:
        raise ValueError(
            Text(
                "{unpacked:,} bytes when unpacked; at most {most_unpacked:,}",
                unpacked=unpacked,
                most_unpacked=_MOST_UNPACKED,
            )
        )
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True)):
            if number >= _MOST_ROWS or len(row) > _MOST_COLUMNS:
                raise ValueError(
                    Text(
                        "more than {most_rows:,} rows or {most_columns} columns in the first sheet",
                        most_rows=_MOST_ROWS,
                        most_columns=_MOST_COLUMNS,
                    )
                )
    finally:
        book.close()


def _xlsx(content: bytes) -> pd.DataFrame:
    _check_size(content)
    cells = pd.read_excel(io.BytesIO(content), dtype="object", engine="openpyxl")
    # Dates come as instants, whole numbers as floats when a cell of the column is empty.
    return cells.map(_cell).astype("str")


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(" 00:00:00")


def _filled(sheet: pd.DataFrame, file: str) -> pd.DataFrame:
    """Keep our columns and the rows with something in them; refuse columns that are not ours."""
    known = {*_SHARED, *_LONG, *_WISHES, *COLUMNS, *OUTCOMES, "script"}
    known |= {*answer_columns(sheet)}
    told = {*known, *_WORDS["printed"]["names"]}
    strange = [name for name in sheet if name not in told and sheet[name].ne("").any()]
    missing = [name for name in _NEEDED if name not in sheet]
    if "outcome" not in sheet and not set(OUTCOMES) & set(sheet):
        missing.append("outcome")
    twice = sheet.columns[sheet.columns.duplicated()]
    if strange or missing or len(twice):
        raise DataError(
            "The columns of this sheet are not those of returns.",
            where="{file}: {missing}",
            mend="Keep turf_id, address_id, date and outcome (or one column per outcome), and take "
            "other columns out: returns have no room for details of persons.",
            file=file,
            missing=some(
                [Text("without {name}", name=name) for name in missing] + [*strange, *twice]
            ),
        )
    answers = [name for name in ("outcome", *OUTCOMES) if name in sheet]
    kept = sheet.loc[sheet[answers].ne("").any(axis=1), [name for name in sheet if name in known]]
    if kept.empty:
        raise DataError(
            "No row of this sheet tells an outcome.",
            where="{file}",
            mend="Fill in the column outcome, or the numbers per outcome, and import it again.",
            file=file,
        )
    return kept


def _from_counts(sheet: pd.DataFrame, file: str) -> pd.DataFrame:
    """Write one row per address and outcome whose number is not 0."""
    refuse_without_talk(sheet, file)
    outcomes = [name for name in OUTCOMES if name in sheet]
    keys = [name for name in sheet if name not in outcomes]
    long = sheet.melt(keys, outcomes, "outcome", "doors", ignore_index=False)
    # The answers of a building are those of its conversations.
    long.loc[long["outcome"].ne("conversation"), answer_columns(long)] = ""
    return long[~long["doors"].isin(["", "0"])].sort_index(kind="stable").pipe(_some_rows, file)


def _some_rows(long: pd.DataFrame, file: str) -> pd.DataFrame:
    if long.empty:
        raise DataError(
            "Every number of this sheet is 0.",
            where="{file}",
            mend="Fill in the doors per outcome, and import it again.",
            file=file,
        )
    return long


def _rows(long: pd.DataFrame, campaign: Campaign, file: str) -> pd.DataFrame:
    text = {
        name: long.get(name, pd.Series("", long.index, dtype="str"))
        for name in (*_SHARED, *_LONG, *_WISHES, "script")
    }
    order = order_in(long, campaign)
    outcome = text["outcome"].map(folded).replace(_WORDS["outcomes"])
    opponent = text["opponent"].map(folded)
    refuse(~opponent.isin([*_YES, *_NO]), text["opponent"], file)
    refuse(~outcome.isin([*OUTCOMES, "undone"]), text["outcome"], file)
    at, timed = instants(text["date"], text["time"], campaign.time_zone, file, order)
    rows = pd.DataFrame(
        {
            **{
                name: text[name]
                for name in (
                    "turf_id",
                    "address_id",
                    "team_id",
                    "floor",
                    "door",
                    "note",
                    "corrects",
                    "script",
                )
            },
            "answers": answers_of(long, file),
            "at": at,
            "timed": timed,
            "outcome": outcome.astype("str"),
            "doors": whole(text["doors"], file).fillna(1),
            "quality": whole(text["quality"], file),
            "opponent": opponent.isin(_YES),
            "themes": text["themes"].str.replace("[+,; ]+", " ", regex=True),
            "come_back_on": days(text["come_back_on"], file, order),
            "come_back_slot": text["come_back_slot"]
            .map(folded)
            .replace(_WORDS["slots"])
            .astype("str"),
        }
    )
    rows["attempt_id"] = _ids(text["attempt_id"].str.lower(), rows, campaign.campaign_id)
    return rows


def _ids(given: pd.Series, rows: pd.DataFrame, campaign_id: str) -> pd.Series:
    """Make ids of what a row says: the same row, here or in another file, is one attempt.

    Rows of one file that say the same are as many attempts: they are numbered.
    """
    said = rows[["turf_id", "address_id", "team_id", "floor", "door", "outcome"]]
    when = rows["at"].dt.strftime("%Y-%m-%dT%H:%MZ") + rows["timed"].map({True: "", False: "?"})
    key = said.assign(when=when).agg("\x1f".join, axis=1)
    key = campaign_id + "\x1f" + key + "\x1f" + key.groupby(key).cumcount().astype("str")
    made = key.map(lambda text: str(uuid.uuid5(_NAMESPACE, text)))
    return given.where(given.ne(""), made).astype("str")


def _check_tokens(long: pd.DataFrame, campaign: Campaign, file: str) -> None:
    """Refuse wrong tokens; a sheet that the organiser types in needs none."""
    if "token" not in long:
        return
    given = long.assign(seal=long.get("seal", ""))[["turf_id", "seal", "token"]].drop_duplicates()
    given = given[given["token"].ne("")]
    wrong = [
        turf
        for turf, seal, token in given.itertuples(index=False)
        if not campaign.is_token(token, turf, seal)
    ]
    if wrong:
        raise DataError(
            "The token of a turf in this sheet is not its own.",
            where="{file}: turf {turf}",
            mend="Use the sheet that was printed for this turf of this campaign.",
            file=file,
            turf=some(wrong),
        )


def _are_buildings(sheet: pd.DataFrame) -> pd.Series:
    """Tell which rows are no attempts: they tell of a building that no file knows."""
    if "outcome" not in sheet:
        return pd.Series(False, sheet.index)  # noqa: FBT003 - a value
    return sheet["outcome"].map(folded).replace(_WORDS["outcomes"]).eq(MISSING)
