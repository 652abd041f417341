"""Rows of an electoral roll: names, sex, day of birth, address, bureau, and nothing else.

What the file has of birthplace, country of birth and nationality is left out when it is read, so
that it is in no variable, no message and no file of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError, some
from analysis.geography.way_names import split_numbers, street_keys, suffix_keys
from analysis.readers.address_meeting import address_keys, meet
from analysis.readers.beginnings import plain
from analysis.readers.codes import bureau_code, commune_code
from analysis.readers.roll_cells import LINE, Refusals, read_cells
from analysis.readers.roll_layout import HEADINGS, RollLayout, RollSource, layout_of

# Why a row is refused once its values are read.
NO_NAME, MINOR, ELSEWHERE = "no_name", "minor", "elsewhere"
# The three lists of a commune, and what is none of them.
LISTS = ("LP", "LCM", "LCE", "")
_VOTING_AGE = 18
_FIRST_YEAR, _LAST_YEAR = 1880, 2100
_ADDRESS = ("commune_id", "number", "street", "bureau_id")
# Stands between parts of a key; no text of a file has it.
_APART = "\x1f"
_DATE = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_SEXES = {"m": "M", "h": "M", "1": "M", "masculin": "M", "f": "F", "2": "F", "feminin": "F"}
COLUMNS = (
    *("line", "birth_name", "used_name", "first_names", "sex", "birth_date", "birth_year"),
    *("number", "street", "extra", "postcode", "city", "commune_id", "bureau_id", "address_id"),
    *("order_number", "list_kind"),
)


@dataclass(frozen=True, slots=True)
class RollPlace:
    """Of which place a roll is read.

    Attributes
    ----------
    communes
        Their codes: rows of others are refused.
    bureaux
        Bureaux the results know.
    addresses
        Canonical table; may be empty.
    """

    communes: frozenset[str]
    bureaux: frozenset[str]
    addresses: gpd.GeoDataFrame


@dataclass(frozen=True, slots=True)
class ReadRoll:
    """What was read of a file of the roll.

    Attributes
    ----------
    rows
        `COLUMNS`, in the order of the file; texts are never missing.
    refused
        Lines of rows that were not kept, by reason.
    file_rows
        Rows of the file: those kept and those refused.
    layout
        What the file looks like, and which columns were not read.
    counts
        Of rows kept: `partial_date`, `no_date`, `no_bureau`, `unknown_bureau`, `no_address`, and
        how many on each of `LISTS`.
    """

    rows: pa.Table
    refused: Refusals
    file_rows: int
    layout: RollLayout
    counts: dict[str, int]


def read_electoral_rows(
    given: Path | str | RollSource, place: RollPlace, *, list_date: date
) -> ReadRoll:
    """Read an extract of the electoral roll (REU, or the e-liste before it).

    Parameters
    ----------
    given
        CSV in any encoding and with any delimiter of `beginnings`, plain or gzipped.
    place
        Where it is of.
    list_date
        Day of the list: who was at least a year under voting age then is refused.

    Returns
    -------
    ReadRoll
        Every row of the file, kept or refused by reason.

    Raises
    ------
    DataError
        When the file is no roll, or is of another place. It quotes no cell.
    """
    file = RollSource.of(given)
    layout, refused = layout_of(file), Refusals()
    # Piece by piece: the cells of a file are several times as large as what is kept of them.
    pieces = [_rows(cells, place) for cells in read_cells(file, layout, refused)]
    rows = pa.concat_tables(pieces or [_rows(pa.table({LINE: pa.array([], pa.int64())}), place)])
    file_rows = rows.num_rows + refused.count
    rows = _kept(rows, place, list_date, refused)
    if not rows.num_rows:
        raise _nothing(file, refused)
    rows = rows.append_column("address_id", _addresses(rows, place.addresses))
    return ReadRoll(rows.select(COLUMNS), refused, file_rows, layout, _counts(rows, place))


def _kept(rows: pa.Table, place: RollPlace, list_date: date, refused: Refusals) -> pa.Table:
    """Return the rows that may be kept; each of the others is refused for its first reason."""
    kept = np.ones(rows.num_rows, dtype=bool)
    lines = rows[LINE].to_numpy()
    for reason, mask in _refused_mask(rows, place, list_date).items():
        now = kept & mask.to_numpy(zero_copy_only=False)
        refused.add(reason, lines[now])
        kept &= ~now
    return rows if kept.all() else rows.filter(pa.array(kept))


def _nothing(file: RollSource, refused: Refusals) -> DataError:
    reasons = [f"{reason} {told['rows']}" for reason, told in refused.told().items()]
    return DataError(
        "No row of this roll can be kept.",
        where="{file}: {reasons}",
        mend="Give the roll of this place; a file saved by a spreadsheet may be ruined: take the "
        "original.",
        file=file.name,
        reasons=some(reasons),
    )


def _rows(cells: pa.Table, place: RollPlace) -> pa.Table:
    """Return our columns but the address, each row beside its line."""
    none = pa.repeat("", cells.num_rows)
    there = set(cells.column_names)
    told = {name: _trimmed(cells[name]) if name in there else none for name in HEADINGS}
    only = next(iter(place.communes)) if len(place.communes) == 1 else ""
    code = _each(_joined(told["department"], told["commune"], sep="|"), partial(_whole_code, only))
    street = pc.utf8_trim_whitespace(_joined(told["way"], told["street"]))
    nowhere = pc.equal(street, "")
    return pa.table(
        {
            LINE: cells[LINE],
            **{name: told[name] for name in ("birth_name", "used_name", "first_names")},
            "sex": _each(told["sex"], lambda text: _SEXES.get(plain(text), "")),
            **dict(zip(("birth_date", "birth_year"), _births(told["birth_date"]), strict=True)),
            "number": told["number"],
            "street": pc.if_else(nowhere, told["hamlet"], street),
            "extra": pc.utf8_trim_whitespace(
                _joined(told["extra_1"], told["extra_2"], pc.if_else(nowhere, "", told["hamlet"]))
            ),
            **{name: told[name] for name in ("postcode", "city")},
            "commune_id": _each(code, commune_code),
            "bureau_id": _each(_joined(code, told["bureau"], sep="|"), _bureau),
            "order_number": _whole_numbers(told["order"]),
            "list_kind": _each(told["list"], _list_kind),
        }
    )


def _whole_code(only: str, text: str) -> str:
    """Return the code of a commune as the file has it, the département before its three digits."""
    department, _, commune = text.partition("|")
    if not commune:
        return only
    short = department and len(commune) <= 3  # noqa: PLR2004 - the digits of a commune
    return department.zfill(2) + commune.zfill(3) if short else commune


def _bureau(text: str) -> str:
    code, _, number = text.partition("|")
    return bureau_code(code, number) if code and number else ""


@cache
def _born(text: str) -> tuple[date | None, int | None]:
    """Return the day of birth, where it is told, and the year: `00/00/1953` has the year alone."""
    if found := _DATE.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    elif found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif text.isascii() and text.isdecimal() and len(text) == len("1953"):
        day, month, year = 0, 0, int(text)
    else:
        return None, None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None, None
    try:
        return date(year, month, day), year
    except ValueError:
        return None, year


def _births(texts: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Return days and years of birth, each distinct text read once."""
    coded = _coded(texts)
    born = [_born(text) for text in coded.dictionary.to_pylist()]
    days = pa.array([day for day, _year in born], pa.date32())
    years = pa.array([year for _day, year in born], pa.int16())
    return days.take(coded.indices), years.take(coded.indices)


def _whole_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    number = pc.match_substring_regex(texts, "^[0-9]{1,9}$")
    return pc.cast(pc.if_else(number, texts, None), pa.int32())


def _list_kind(text: str) -> str:
    said = plain(text)
    if said.upper() in LISTS:
        return said.upper()
    if "complementaire" in said:
        return "LCE" if "europe" in said else "LCM" if "municipal" in said else ""
    return "LP" if said.startswith(("listeprincipale", "listegenerale", "principale")) else ""


def _refused_mask(rows: pa.Table, place: RollPlace, list_date: date) -> dict[str, pa.Array]:
    """Return by reason which rows are refused; a row may have several reasons."""
    nameless = pc.and_(pc.equal(rows["birth_name"], ""), pc.equal(rows["used_name"], ""))
    here = pc.is_in(rows["commune_id"], pa.array(sorted(place.communes), pa.string()))
    # Of whom the year alone is known, the last day of the year is taken against nobody.
    latest = list_date.year - _VOTING_AGE + 1
    limit = pa.scalar(_years_before(list_date, _VOTING_AGE - 1), pa.date32())
    young = pc.if_else(
        pc.is_valid(rows["birth_date"]),
        pc.greater(rows["birth_date"], limit),
        pc.greater(rows["birth_year"], latest),
    )
    return {NO_NAME: nameless, ELSEWHERE: pc.invert(here), MINOR: pc.fill_null(young, False)}


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _addresses(rows: pa.Table, addresses: gpd.GeoDataFrame) -> pa.Array:
    """Return the id of the address of each row, "" where none is known or several may be meant."""
    if addresses.empty:
        return pa.repeat("", rows.num_rows)
    keys = _joined(*(rows[name] for name in _ADDRESS), sep=_APART)
    coded = _coded(keys)
    parts = pd.Series(coded.dictionary.to_pandas()).str.split(_APART, expand=True)
    parts.columns = list(_ADDRESS)
    number, suffix = split_numbers(parts["number"])
    asked = pd.DataFrame(
        {
            "commune": parts["commune_id"],
            "street": street_keys(parts["street"]),
            "number": number,
            "suffix": suffix_keys(suffix),
            "bureau": parts["bureau_id"],
            "x": np.nan,
            "y": np.nan,
        }
    )
    row, _exact = meet(asked, address_keys(addresses))
    ids = np.append(addresses["address_id"].astype("str").to_numpy(dtype=object), "")
    # What has no number or no street meets nothing, even where an address has none either.
    blank = (number.isna() | (asked["street"] == "")).to_numpy()
    found = pa.array(ids[np.where((row >= 0) & ~blank, row, len(ids) - 1)], pa.string())
    return found.take(coded.indices)


def _counts(rows: pa.Table, place: RollPlace) -> dict[str, int]:
    bureau, born, year = rows["bureau_id"], rows["birth_date"], rows["birth_year"]
    known = pc.is_in(bureau, pa.array(sorted(place.bureaux), pa.string()))
    masks = {
        "partial_date": pc.and_(pc.is_null(born), pc.is_valid(year)),
        "no_date": pc.is_null(year),
        "no_bureau": pc.equal(bureau, ""),
        "unknown_bureau": pc.and_(pc.not_equal(bureau, ""), pc.invert(known)),
        "no_address": pc.equal(rows["address_id"], ""),
        **{kind or "no_list": pc.equal(rows["list_kind"], kind) for kind in LISTS},
    }
    return {name: int(pc.sum(mask).as_py() or 0) for name, mask in masks.items()}


def _trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim_whitespace(column)


def _joined(*columns: pa.ChunkedArray, sep: str = " ") -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*columns, sep)


def _each(
    column: pa.ChunkedArray,
    work_out: Callable[[str], object],
    kind: pa.DataType | None = None,
) -> pa.Array:
    """Return what is worked out of each text, once for every distinct one."""
    coded = _coded(column)
    values = [work_out(text) for text in coded.dictionary.to_pylist()]
    return pa.array(values, kind or pa.string()).take(coded.indices)


def _coded(texts: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    coded = pc.dictionary_encode(texts)
    return coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
