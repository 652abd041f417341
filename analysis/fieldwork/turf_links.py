"""Pages behind the links of turfs: kept by the digest of a token, until a day, or until revoked."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

from analysis.fieldwork.campaign import FOLDER

_LINKS = "links"


def put_page(workspace: Path, turf: tuple[str, str], page: bytes, until: date) -> Path:
    """Keep the page of a turf for who brings its token.

    Parameters
    ----------
    workspace
        Folder of the place.
    turf
        Its id and its token; the token itself is written nowhere.
    page
        What opens.
    until
        The last day on which it opens.

    Returns
    -------
    pathlib.Path
        The file; an earlier page of this turf is gone.
    """
    turf_id, token = turf
    folder = workspace / FOLDER / _LINKS
    folder.mkdir(parents=True, exist_ok=True)
    revoke(workspace, turf_id)
    file = folder / f"{turf_id}.{_digest(token)}.{until.isoformat()}.html"
    aside = file.with_suffix(".part")
    aside.write_bytes(page)
    os.replace(aside, file)
    return file


def page_of(workspace: Path, turf_id: str, token: str, today: date) -> bytes | None:
    """Return the page that a token opens; None for another token, a revoked or an old one.

    Parameters
    ----------
    workspace
        Of the campaign.
    turf_id, token
        As the link bears them.
    today
        The day it is.

    Returns
    -------
    bytes or None
        The page, HTML.
    """
    wanted = _digest(token.strip().lower())
    for file in _files(workspace):
        name, digest, until = file.stem.split(".")
        if (name, digest) == (turf_id, wanted) and today <= date.fromisoformat(until):
            return file.read_bytes()
    return None


def page_holds(workspace: Path, turf_id: str, text: str) -> bool:
    """Tell whether a page that is kept for a turf, for whatever token, holds some text.

    Parameters
    ----------
    workspace
        Of the campaign.
    turf_id
        Whose pages are looked through.
    text
        What is looked for.

    Returns
    -------
    bool
        False where none is kept.
    """
    own = (file for file in _files(workspace) if file.stem.split(".")[0] == turf_id)
    return any(text.encode() in file.read_bytes() for file in own)


def revoke(workspace: Path, turf_id: str) -> int:
    """Take the link of a turf back; return how many pages are gone.

    What a phone has opened already stays on that phone.
    """
    files = [file for file in _files(workspace) if file.stem.split(".")[0] == turf_id]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def _files(workspace: Path) -> list[Path]:
    return sorted((workspace / FOLDER / _LINKS).glob("*.*.*.html"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
