"""The campaign of a workspace: its name, its objective, its calendar, its key."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from analysis.errors import DataError, some
from analysis.fieldwork import tokens
from analysis.tables.file_lock import held
from analysis.tables.whole_files import written_whole

FOLDER = "fieldwork"
MEASURES = ("doors", "conversations")
FILE, _KEY, _ISSUES, _LOCK = "campaign.json", "campaign.key", "issues.json", "campaign.lock"
_KEY_BYTES = 32
# Folder of workspaces and id of a campaign → where its file was found.
_found: dict[tuple[Path, str], Path] = {}
# What is kept in files of its own.
_APART = frozenset({"secret", "issues"})


@dataclass(frozen=True, slots=True)
class Campaign:
    """A field campaign.

    Attributes
    ----------
    campaign_id
        Short name that every return carries.
    name
        What the screens call it.
    time_zone
        Of its calendar, such as Europe/Paris.
    starts, ends
        First and last day of the outings; None where not said.
    objective, measure
        How many doors or conversations are wanted by the last day; 0: none is set.
    secret
        Key of the turfs' tokens; never shown, never exported.
    issues
        Turfs whose token was revoked, and how often.
    """

    campaign_id: str
    name: str
    time_zone: str
    starts: date | None
    ends: date | None
    objective: int
    measure: str
    secret: bytes
    issues: Mapping[str, int] = field(default_factory=dict)

    def token(self, turf_id: str, seal: str = "") -> str:
        """Return the token that returns of a turf must bear."""
        issue = self.issues.get(turf_id, 0)
        return tokens.make(self.secret, self.campaign_id, turf_id, seal, issue)

    def is_token(self, token: str, turf_id: str, seal: str = "") -> bool:
        """Tell, in constant time, whether a token is that of a turf.

        Parameters
        ----------
        token
            As it came, from a link.
        turf_id
            Whose it should be.
        seal
            Of the cut that the link was made for; "" for none.

        Returns
        -------
        bool
            False for one of another cut, or issued before the links were renewed.
        """
        issue = self.issues.get(turf_id, 0)
        return tokens.verify(token, self.secret, self.campaign_id, turf_id, seal, issue)

    def __repr__(self) -> str:
        """Show everything but the key."""
        return f"Campaign({self.campaign_id!r}, objective={self.objective} {self.measure})"


def open_campaign(workspace: Path | str) -> Campaign:
    """Open the campaign of a workspace; the first call makes it and its key.

    Raises
    ------
    DataError
        When the workspace is not there, or its campaign cannot be read or written.
    """
    folder = Path(workspace) / FOLDER
    try:
        if not Path(workspace).is_dir():
            raise FileNotFoundError(2, "no such folder")
        folder.mkdir(exist_ok=True)
        secret = _key(folder / _KEY)
        if not (folder / FILE).is_file():
            _write(folder / FILE, _default(Path(workspace)))
        return replace(_read(folder / FILE, secret), issues=_issues(folder / _ISSUES))
    except OSError as error:
        raise DataError(
            "The campaign of this workspace cannot be read or written.",
            where="{folder}: {strerror}",
            mend="Name the folder of a workspace that may be written to, on a disk with room.",
            folder=folder,
            strerror=error.strerror,
        ) from error


def is_begun(workspace: Path | str) -> bool:
    """Tell whether a workspace has a campaign already."""
    return (Path(workspace) / FOLDER / FILE).is_file()


def workspace_of(workspaces: Path, campaign_id: str) -> Path | None:
    """Return the folder, among those of `workspaces`, whose campaign has this id."""
    # Each file of each phone asks: where it was found, it is looked for first.
    known = _found.get((workspaces, campaign_id))
    if known is not None and id_in(known) == campaign_id:
        return known.parents[1]
    # On a server the folder of a campaign has one for each of its places.
    inside = f"{FOLDER}/{FILE}"
    for file in sorted([*workspaces.glob(f"*/{inside}"), *workspaces.glob(f"*/*/{inside}")]):
        if id_in(file) == campaign_id:
            _found[workspaces, campaign_id] = file
            return file.parents[1]
    return None


def id_in(file: Path) -> str | None:
    """Return the id of the campaign that a file describes; None where it cannot be read."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told.get("campaign_id") if isinstance(told, dict) else None


def change_campaign(
    workspace: Path | str, changes: Mapping[str, Any], *, seen: Campaign | None = None
) -> Campaign:
    """Change the name, the calendar or the objective of a campaign.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    changes
        Any of `name`, `time_zone`, `starts`, `ends`, `objective`, `measure`.
    seen
        What whoever changes it was looking at; None where that does not matter, as only
        `changes` are written.

    Returns
    -------
    Campaign
        As it was written.

    Raises
    ------
    DataError
        When a value cannot be, or somebody else changed the campaign since it was `seen`.
    """
    open_campaign(workspace)
    folder = Path(workspace) / FOLDER
    with held(folder / _LOCK):
        before = open_campaign(workspace)
        if seen is not None and (others := changed_since(seen, before)):
            raise DataError(
                "Somebody else changed the campaign meanwhile: nothing of yours was kept.",
                where="{others}",
                mend="Look at what holds now, then change what you still want to.",
                others=some(others),
            )
        changed = replace(before, **changes)
        plain = {k: v for k, v in asdict(changed).items() if k not in _APART}
        content = {k: v.isoformat() if isinstance(v, date) else v for k, v in plain.items()}
        checked = _checked(content, changed.secret, "campaign")
        _write(folder / FILE, content)
    return replace(checked, issues=before.issues)


def revoke_tokens(workspace: Path | str, turfs: Iterable[str] = ()) -> int:
    """Make the tokens of turfs worthless, and return of how many; of all, with a new key.

    Pages and sheets that bear an old token send nothing more over the network; what they note
    can still be handed in as a sheet without a token.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    turfs
        Ids; none: the key is drawn anew, and no token of the campaign holds any longer.

    Raises
    ------
    DataError
        When the workspace cannot be written to.
    """
    campaign, folder = open_campaign(workspace), Path(workspace) / FOLDER
    named = sorted(set(turfs))
    if not named:
        (folder / _KEY).unlink()
        open_campaign(workspace)
        return 0
    later = {turf: campaign.issues.get(turf, 0) + 1 for turf in named}
    _write(folder / _ISSUES, {**campaign.issues, **later})
    return len(named)


def _issues(file: Path) -> dict[str, int]:
    if not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return {str(turf): int(issue) for turf, issue in told.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            "The list of revoked tokens cannot be read.",
            where="{file}",
            mend="Restore issues.json from a copy: without it revoked tokens would hold again.",
            file=file,
        ) from error


def changed_since(seen: Campaign, now: Campaign) -> list[str]:
    """Return what of a campaign is another than it was seen, as "objective: 0 → 5000"."""
    names = [item.name for item in fields(Campaign) if item.name not in _APART]
    pairs = ((name, getattr(seen, name), getattr(now, name)) for name in names)
    return [f"{name}: {old or '–'} → {new or '–'}" for name, old, new in pairs if old != new]


def _default(workspace: Path) -> dict[str, Any]:
    folder = workspace.resolve().name
    name = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-") or "campaign"
    return {
        "campaign_id": f"{name[:30]}-{secrets.token_hex(3)}",
        # Teams read it on every sheet: a folder has no capital, a place does.
        "name": folder[:1].upper() + folder[1:],
        "time_zone": "Europe/Paris",
        "starts": None,
        "ends": None,
        "objective": 0,
        "measure": "doors",
    }


def _read(file: Path, secret: bytes) -> Campaign:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(file)) from error
    if not isinstance(content, dict):
        raise _unreadable(str(file))
    return _checked(content, secret, str(file))


def _checked(content: Mapping[str, Any], secret: bytes, where: str) -> Campaign:
    wanted = {item.name for item in fields(Campaign)} - _APART
    if set(content) != wanted:
        raise _unreadable(where)
    try:
        ZoneInfo(content["time_zone"])
        days = {
            name: date.fromisoformat(content[name]) if content[name] else None
            for name in ("starts", "ends")
        }
        made = Campaign(
            **{**content, **days, "objective": int(content["objective"])}, secret=secret
        )
    except (TypeError, ValueError, KeyError, OSError) as error:
        raise DataError(
            "A day, a number or the time zone of the campaign is none.",
            where="{place}: {error}",
            mend="Write days as 2027-03-01, whole numbers, and a time zone such as Europe/Paris.",
            place=where,
            error=error,
        ) from error
    if made.starts and made.ends and made.ends < made.starts:
        raise DataError(
            "The campaign ends before it starts.",
            where="{starts} to {ends}",
            mend="Give the first and the last day of the outings, as 2027-03-01.",
            starts=made.starts,
            ends=made.ends,
        )
    if made.measure not in MEASURES or made.objective < 0:
        raise DataError(
            "The objective of the campaign is not a number of doors or of conversations.",
            where="{objective} {measure}",
            mend="Give a whole number, 0 or more, of {measures}.",
            objective=made.objective,
            measure=made.measure,
            measures=" or ".join(MEASURES),
        )
    return made


def _unreadable(where: str) -> DataError:
    return DataError(
        "The file of the campaign cannot be read.",
        where="{place}",
        mend="Restore campaign.json from a copy: returns carry its campaign_id.",
        place=where,
    )


def _key(file: Path) -> bytes:
    """Read the key, made at the first call by whichever process comes first."""
    if not file.exists():
        aside = file.with_name(f".{secrets.token_hex(4)}.key")
        aside.touch(mode=0o600)
        aside.write_text(secrets.token_hex(_KEY_BYTES), encoding="ascii")
        try:
            os.link(aside, file)
        except FileExistsError:
            pass  # another process was first: its key is the key
        finally:
            aside.unlink()
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < _KEY_BYTES:  # an empty key would vouch for anybody
        raise DataError(
            "The key of the campaign cannot be read, or is cut.",
            where="{file}: {n} bytes, of {wanted}",
            mend="Restore campaign.key from a copy. If there is none, delete it: a new one is "
            "drawn, and phone pages and sheets must be made again.",
            file=file,
            n=len(key),
            wanted=_KEY_BYTES,
        )
    return key


def _write(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    with written_whole(file) as aside:
        aside.write_text(text + "\n", encoding="utf-8")
