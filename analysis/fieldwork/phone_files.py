"""Read what the phone page exports: a file, or the text of a QR code."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import compress
from typing import Any

from analysis.errors import DataError, Text, some
from analysis.fieldwork import answers
from analysis.fieldwork.campaign import Campaign
from analysis.fieldwork.missing_buildings import check_reports
from analysis.fieldwork.returns_validation import Box, Returned, check_rows, check_times

FORMAT = 1
MOST_BYTES = 8_000_000
_KEYS = {
    "palier_returns",
    "campaign_id",
    "turf_id",
    "seal",
    "token",
    "team_id",
    "made_at",
    "attempts",
    "boxes",
    "missing",
    "checksum",
}
_ATTEMPT_KEYS = {
    "attempt_id",
    "address_id",
    "at",
    "outcome",
    "doors",
    "floor",
    "door",
    "quality",
    "opponent",
    "themes",
    "come_back_on",
    "come_back_slot",
    "note",
    "corrects",
    "script",
    "answers",
}
_NEEDED = ("attempt_id", "address_id", "at", "outcome")
# What JSON may hold in each optional key, besides nothing.
_TYPES: dict[str, type] = {"doors": int, "quality": int, "opponent": bool, "themes": list}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)")
# Halves of characters, as a text cut by a phone may end in, and control characters.
_HALF = re.compile(r"[\ud800-\udfff]")
_BROKEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LARGEST = 1_000_000
_BUILDING_NEEDED = ("report_id", "address_id", "at", "number", "doors")
_BUILDING_TEXTS = ("report_id", "address_id", "at", "suffix")
_BOX = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEALED = re.compile(r"[\w-]{100,40000}")
_QR = re.compile(r"PALIER([01]):([\w-]+)")


def checksum(content: Mapping[str, Any]) -> str:
    """Return the CRC-32 of a file of returns, as 8 hexadecimal digits.

    It is taken of the content without `checksum`, keys sorted, no white space: the same in
    Python and in JavaScript as long as numbers are whole. It finds files that were cut or
    edited by mistake; it keeps nobody out.
    """
    rest = {name: value for name, value in content.items() if name != "checksum"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    whole = _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)  # as JavaScript writes it
    return f"{zlib.crc32(whole.encode()):08x}"


def read_phone(
    content: bytes,
    campaign: Campaign,
    *,
    file: str,
    now: datetime,
    accept: Collection[str] = (),
) -> Returned:
    """Read a file that the phone page exported, or the text of its QR code.

    Parameters
    ----------
    content
        What was received.
    campaign
        Ours: its name and key.
    file
        Name for the errors.
    now
        With time zone; later attempts are refused.
    accept
        Any of `returned.ACCEPTABLE`: what the organiser lets pass.

    Returns
    -------
    Returned
        Its rows, checked.

    Raises
    ------
    DataError
        When the file is cut, edited, of another campaign, without a right token, from the
        future.
    """
    told = parsed(content, file)
    _check_envelope(told, campaign, file)
    edited = checksum(told) != told["checksum"]
    if edited and "edited" not in accept:
        raise DataError(
            "This file was changed after the phone wrote it, or is cut.",
            where="{file}: checksum {checksum}, written {told}",
            mend="Send the file again as the phone exported it. If the phone is lost and the "
            "change is known, import it again and accept “edited”.",
            file=file,
            checksum=checksum(told),
            told=told["checksum"],
        )
    labels = {name: _clean(told.get(name) or "") for name in ("turf_id", "team_id")}
    missing = check_reports(
        (one | labels | {"source": "phone"} for one in _missing(told, file)), file
    )
    rows, otherwise, withheld = check_rows(
        [{**row, **labels, "source": "phone"} for row in _rows(told["attempts"], file)], file
    )
    if "future" not in accept:
        check_times([*rows, *({**one, "timed": True} for one in missing)], now, file)
    future = "future" in accept and any(row["at"] > now for row in (*rows, *missing))
    accepted = tuple(compress(("edited", "future"), (edited, future)))
    digest = hashlib.sha256(content).hexdigest()
    boxes = _boxes(told, file)
    return Returned(rows, otherwise, file, digest, accepted, withheld, boxes, missing=missing)


def without_boxes(content: bytes) -> bytes:
    """Return a file of returns without the contacts in it: they are kept in one place alone."""
    told = parsed(content, "")
    told.pop("boxes", None)
    told["checksum"] = checksum(told)
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def is_phone(content: bytes) -> bool:
    """Tell whether this is meant as an export of the phone page."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:7].startswith((b"{", b"PALIER"))


def parsed(content: bytes, file: str) -> dict[str, Any]:
    """Return what a file of a phone or the text of its QR code says, unchecked.

    Raises
    ------
    DataError
        When it is too large, cut, or none.
    """
    if len(content) > MOST_BYTES:
        raise DataError(
            "This file is too large to be the returns of one turf.",
            where="{file}: {n:,} bytes; at most {most_bytes:,}",
            mend="Export each turf apart.",
            file=file,
            n=len(content),
            most_bytes=MOST_BYTES,
        )
    try:
        text = content.decode("utf-8-sig").strip()
        told = json.loads(_unpacked(text) if text.startswith("PALIER") else text)
    except (UnicodeDecodeError, ValueError, RecursionError, zlib.error, binascii.Error) as error:
        raise DataError(
            "This file is cut, or is no export of the phone page.",
            where="{file}: {error}",
            mend="Send it again from the phone: it keeps every return until told to forget. "
            "Nothing of it was counted.",
            file=file,
            error=some([error]),
        ) from error
    if not isinstance(told, dict) or "palier_returns" not in told:
        raise DataError(
            "This is no file of returns.",
            where="{file}",
            mend="Take the file that the phone page exports, retours_….json, or a filled sheet.",
            file=file,
        )
    return told


def _unpacked(text: str) -> str:
    if not (found := _QR.fullmatch(text)):
        raise ValueError(Text("the text of the QR code is cut"))
    packed = base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
    if found[1] == "1":
        # A small text may unpack to any size: stop at what a file may have.
        packed = zlib.decompressobj().decompress(packed, MOST_BYTES)
    return packed.decode("utf-8")


def _check_envelope(told: Mapping[str, Any], campaign: Campaign, file: str) -> None:
    if told["palier_returns"] != FORMAT:
        raise DataError(
            "This file of returns was written by another version of Palier.",
            where="{file}: format {found}, this version reads {known}",
            mend="Install the version that made the phone page, or a newer one.",
            file=file,
            found=told["palier_returns"],
            known=FORMAT,
        )
    texts = ("campaign_id", "turf_id", "token", "checksum")
    wrong = [name for name in texts if not isinstance(told.get(name), str)]
    wrong += [n for n in ("seal", "team_id", "made_at") if not isinstance(told.get(n, ""), str)]
    wrong += sorted(set(told) - _KEYS)
    # Who found a missing building and knocked nowhere tells that alone.
    knocked = told.get("attempts") != [] or not told.get("missing")
    wrong += ["attempts"] * (knocked and not _is_list(told.get("attempts")))
    if wrong:
        raise _lacking(file, some(wrong))
    if told["campaign_id"] != campaign.campaign_id:
        raise DataError(
            "These returns are of another campaign.",
            where="{file}: {campaign_id}; this one is {own}",
            mend="Import them in the workspace of that campaign.",
            file=file,
            campaign_id=told["campaign_id"],
            own=campaign.campaign_id,
        )
    seal = told.get("seal", "")
    if not campaign.is_token(told["token"], told["turf_id"], seal):
        raise DataError(
            "The token of these returns is not that of their turf.",
            where="{file}: turf {turf}",
            mend="Open the phone page from the QR code of the turf's sheet, or make the pages "
            "again in this workspace: the token may have been revoked.",
            file=file,
            turf=told["turf_id"],
        )


def _lacking(file: str, wrong: str) -> DataError:
    return DataError(
        "This file of returns lacks something, or holds what it should not.",
        where="{file}: {wrong}",
        mend="Send it again as the phone exported it.",
        file=file,
        wrong=wrong,
    )


def _boxes(told: Mapping[str, Any], file: str) -> tuple[Box, ...]:
    """Return the contacts of a file, as they came: what is in them is not ours to see."""
    given = told.get("boxes", [])
    fits = isinstance(given, list) and all(
        isinstance(one, dict)
        and one.keys() == {"box", "sealed"}
        and _BOX.fullmatch(str(one["box"]))
        and _SEALED.fullmatch(str(one["sealed"]))
        and len(one["sealed"]) % 4 != 1
        for one in given
    )
    if not fits:
        raise _lacking(file, "boxes")
    return tuple(
        (one["box"], base64.urlsafe_b64decode(one["sealed"] + "=" * (-len(one["sealed"]) % 4)))
        for one in given
    )


def _missing(told: Mapping[str, Any], file: str) -> list[dict[str, Any]]:
    """Return the missing buildings of a file, with their instants."""
    given = told.get("missing", [])
    fits = isinstance(given, list) and all(
        isinstance(one, dict)
        and {*_BUILDING_NEEDED} <= one.keys() <= {*_BUILDING_NEEDED, "suffix"}
        and all(isinstance(one.get(name, ""), str) for name in _BUILDING_TEXTS)
        for one in given
    )
    if not fits:
        raise _lacking(file, "missing")
    return [{"suffix": "", **one, "at": _at(one["at"])} for one in given]


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _rows(attempts: list[dict[str, Any]], file: str) -> list[dict[str, Any]]:
    wrong = {name for attempt in attempts for name in attempt if name not in _ATTEMPT_KEYS}
    wrong |= {n for attempt in attempts for n in _ATTEMPT_KEYS if not _fits(n, attempt.get(n))}
    if wrong:
        raise DataError(
            "Attempts of this file hold what they should not.",
            where="{file}: {wrong}",
            mend="Send it again as the phone exported it. Returns have no room for details of "
            "persons.",
            file=file,
            wrong=some(sorted(wrong)),
        )
    return [_row(attempt) for attempt in attempts]


def _row(attempt: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an attempt says, without the keys that say nothing."""
    row = {name: _clean(value) for name, value in attempt.items() if value is not None}
    said = answers.written({k: _clean(v) for k, v in (row.get("answers") or {}).items()})
    themes = " ".join(row.get("themes", ()))
    return row | {"at": _at(row["at"]), "themes": themes, "answers": said}


def _at(text: str) -> datetime | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def _fits(name: str, value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return name not in _NEEDED
    if name == "themes":
        return isinstance(value, list) and all(isinstance(theme, str) for theme in value)
    if name == "answers":
        return answers.are_answers(value)
    # True is a whole number to Python, not to us.
    fits = type(value) is _TYPES.get(name, str)
    return fits and (not isinstance(value, int) or abs(value) < _LARGEST)


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return _BROKEN.sub(" ", value) if isinstance(value, str) else value
