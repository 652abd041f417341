"""Keys of a campaign and of its controller: apart from the store, so that neither opens alone."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from analysis.errors import DataError, some
from analysis.tables.file_lock import held
from analysis.tables.whole_files import written_whole

# Names another file than `.keys/people.json` beside the workspaces.
VARIABLE = "PALIER_KEYS"
FOLDER, FILE = ".keys", "people.json"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys derived for one purpose each; none is ever shown, logged or exported.

    Attributes
    ----------
    wrap
        Encrypts the keys of people, 32 bytes.
    index
        Digests contact points of the campaign, 32 bytes.
    suppression
        Digests contact points of the controller; outlives every campaign, 32 bytes.
    box
        From which the private key for contacts taken at doors is made, 32 bytes.
    """

    wrap: bytes = field(repr=False)
    index: bytes = field(repr=False)
    suppression: bytes = field(repr=False)
    box: bytes = field(repr=False)


def open_ring(workspaces: Path, campaign: str, controller: str) -> KeyRing:
    """Return the keys of a campaign and of its controller, drawn when first asked for.

    Parameters
    ----------
    workspaces
        Folder of the workspaces; the file of keys lies in its `.keys`, out of every workspace,
        unless PALIER_KEYS names another.
    campaign, controller
        Whose keys.

    Returns
    -------
    KeyRing
        Derived from two secrets of the file, one of the campaign and one of the controller.

    Raises
    ------
    DataError
        When the file cannot be read or written.
    """
    file = ring_file(workspaces)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(file.with_suffix(".lock")):
            known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
            names = [f"campaign {campaign}", f"controller {controller}"]
            missing = [name for name in names if name not in known]
            for name in missing:
                known[name] = base64.b64encode(secrets.token_bytes(_BYTES)).decode()
            if missing:
                _write(file, known)
        own, theirs = (base64.b64decode(known[name], validate=True) for name in names)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            "The keys of people cannot be read or written: nobody can be read without them.",
            where="{file}",
            mend="Put the file of keys back from its own copy, readable by this user alone.",
            file=file,
        ) from error
    return _ring(own, theirs)


def _ring(own: bytes, theirs: bytes) -> KeyRing:
    return KeyRing(
        wrap=_derived(own, "wrap"),
        index=_derived(own, "index"),
        suppression=_derived(theirs, "suppression"),
        box=_derived(own, "box"),
    )


def saved_ring(saved: Path, campaign: str) -> KeyRing | None:
    """Return the keys of a campaign in the file of a backup; None where it has none.

    Parameters
    ----------
    saved
        A file of keys, which is not changed.
    campaign
        Whose; nobody is looked up among objections, so that the controller's key is not asked for.
    """
    key = _read(saved).get(f"campaign {campaign}")
    try:
        own = base64.b64decode(key or "", validate=True)
    except ValueError:
        return None
    return _ring(own, own) if own else None


def ring_file(workspaces: Path) -> Path:
    """Return where the keys of all campaigns of a folder of workspaces lie."""
    return Path(os.environ.get(VARIABLE, "") or workspaces / FOLDER / FILE)


def add_keys(workspaces: Path, saved: Path, *, only_check: bool = False) -> None:
    """Put keys of a backup beside those that are there.

    Parameters
    ----------
    workspaces
        As in `open_ring`.
    saved
        A file of keys, from a backup.
    only_check
        Change nothing.

    Raises
    ------
    DataError
        When another key has the name of one of them: what it encrypted would be lost.
    """
    file = ring_file(workspaces)
    told = _read(saved)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with held(file.with_suffix(".lock")):
        known = _read(file)
        if other := sorted(name for name in told if known.get(name, told[name]) != told[name]):
            raise DataError(
                "Other keys of people are there under the same names: nothing was restored.",
                where="{file}: {names}",
                mend="Restore into another folder, or move this file of keys away if nobody needs "
                "it.",
                file=file,
                names=some(other),
            )
        if not only_check and told.keys() - known.keys():
            _write(file, known | told)


def _read(file: Path) -> dict[str, str]:
    """Return the keys of a file by name; none where there is no file."""
    try:
        known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return {str(name): str(key) for name, key in known.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(
            "The keys of people cannot be read or written: nobody can be read without them.",
            where="{file}",
            mend="Put the file of keys back from its own copy, readable by this user alone.",
            file=file,
        ) from error


def _write(file: Path, known: dict[str, str]) -> None:
    with written_whole(file) as part:
        part.touch(mode=0o600)
        part.write_text(json.dumps(known, indent=1), encoding="utf-8")


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _BYTES, salt=None, info=f"palier {purpose}".encode()).derive(key)
