"""Who takes which turf out, when, and how it stands: ready, out, back or late."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from analysis.database.models import TALLY_DAY
from analysis.errors import DataError, some
from analysis.fieldwork.progress import total
from analysis.fieldwork.store import Store
from analysis.tables.file_lock import held
from analysis.tables.whole_files import written_whole
from analysis.turf.editing import Edit
from analysis.turf.walk_list import Walks
from analysis.workflows.turf_folder import cuts
from analysis.workflows.turf_output import read_walks

STATES = ("ready", "out", "back", "late")
HANDED_OUT = "handed_out.json"
_LOCK = "handed_out.lock"
# With so many of its doors told, a turf is back, whatever the hour.
_ALL_BUT = 0.95
_NAME_LENGTH = 40


def handed_out(folder: Path) -> dict[str, dict[str, str]]:
    """Return `team` and `date` (ISO, or empty) of each turf that was assigned.

    Raises
    ------
    DataError
        When the file cannot be read.
    """
    try:
        told = json.loads((folder / HANDED_OUT).read_text(encoding="utf-8"))
        return {str(t): {"team": str(a["team"]), "date": str(a["date"])} for t, a in told.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            "The list of who takes which turf cannot be read.",
            where="{file}",
            mend="Put handed_out.json back from a copy, or remove it and assign the turfs again.",
            file=folder / HANDED_OUT,
        ) from error


def turfs_of_teams(workspace: Path, teams: Collection[str]) -> frozenset[str]:
    """Return the turfs of the latest cut of a place that were handed to some teams."""
    if not teams:
        return frozenset()
    wanted = {team.strip().casefold() for team in teams}
    for folder in cuts(workspace)[:1]:
        given = handed_out(folder)
        return frozenset(
            turf for turf, one in given.items() if one["team"].strip().casefold() in wanted
        )
    return frozenset()


def assign(  # noqa: PLR0913 - what is assigned, to whom, and what was seen
    folder: Path,
    turfs: Iterable[str],
    *,
    team: str,
    day: date | None,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, str]]:
    """Give turfs to a team for a day; without team and day they are free again.

    Parameters
    ----------
    folder
        Of the cut.
    turfs
        Ids.
    team
        Its name; never a person's.
    day
        When it goes out; None leaves that open.
    seen
        What `handed_out` told whoever assigns; None where that does not matter.

    Returns
    -------
    dict
        As `handed_out` returns it.

    Raises
    ------
    DataError
        When the name is too long for one of a team, a turf is not of the cut, or somebody else
        assigned one of these turfs since it was `seen`.
    """
    named = sorted(set(turfs))
    _checked(folder, named, team)
    with held(folder / _LOCK):
        before = handed_out(folder)
        others = [t for t in named if seen is not None and seen.get(t) != before.get(t)]
        if others:
            raise DataError(
                "Somebody else assigned these turfs meanwhile: nothing of yours was kept.",
                where="{others}",
                mend="Look at who has them now, then assign what you still want to.",
                others=some(f"{t} {before.get(t, {}).get('team', '–')}" for t in others),
            )
        one = {"team": team.strip(), "date": day.isoformat() if day else ""}
        mine = dict.fromkeys(named, one) if one["team"] or one["date"] else {}
        after = {t: a for t, a in before.items() if t not in named} | mine
        text = json.dumps(dict(sorted(after.items())), ensure_ascii=False, indent=1)
        with written_whole(folder / HANDED_OUT) as aside:
            aside.write_text(text + "\n", encoding="utf-8")
    return after


def _checked(folder: Path, turfs: list[str], team: str) -> None:
    unknown = sorted(set(turfs) - set(read_walks(folder).turf_ids))
    if unknown or not turfs or len(team) > _NAME_LENGTH:
        raise DataError(
            "These turfs cannot be assigned.",
            where="{team}: {unknown}",
            mend="Choose turfs of this cut and a short name of the team, never of a person.",
            team=team,
            unknown=some(unknown),
        )


def turf_states(store: Store | None, cut: Path, today: date) -> pd.DataFrame:
    """Return how each turf of a cut stands.

    Parameters
    ----------
    store
        Of the returns; None where there are none yet.
    cut
        Folder of the cut.
    today
        Where the campaign is.

    Returns
    -------
    pandas.DataFrame
        `turf_id`, `team`, `date` (ISO, may be empty), `doors`, `told` (doors returned), `last`
        (ISO day of the last return, may be empty), `state` of `STATES`: `back` once doors were
        returned since its date and the day is over or nearly all were; `late` when its date is
        past and nothing came since; `out` on its day or while a part of it came today.
    """
    table = read_walks(cut).by_turf()[["turf_id", "doors"]]
    given = handed_out(cut)
    returned = _returned(store)
    table = table.merge(returned, on="turf_id", how="left")
    table["told"] = table["told"].fillna(0).astype("int64")
    table["last"] = table["last"].fillna("")
    for name in ("team", "date"):
        table[name] = [given.get(turf, {}).get(name, "") for turf in table["turf_id"]]
    table["state"] = [_state(row, today.isoformat()) for row in table.to_dict("records")]
    return table[["turf_id", "team", "date", "doors", "told", "last", "state"]]


def _returned(store: Store | None) -> pd.DataFrame:
    t = TALLY_DAY.c
    if store is None:
        return pd.DataFrame(
            {"turf_id": pd.Series(dtype="str"), "told": 0, "last": pd.Series(dtype="str")}
        )
    query = sa.select(t.turf_id, total(t.doors).label("told"), sa.func.max(t.day).label("last"))
    found = store.frame(query.where(t.attempts > 0).group_by(t.turf_id))
    return found.assign(last=found["last"].astype("str").str[:10])


def _state(row: Mapping[str, Any], today: str) -> str:
    day, last = row["date"], row["last"]
    since = last and last >= day
    if since and (last < today or row["told"] >= _ALL_BUT * row["doors"]):
        return "back"
    if since or day == today:
        return "out"
    return "late" if day and day < today else "ready"


def guard(store: Store | None, cut: Path, today: date) -> Guard:
    """Return what holds back changes to turfs that teams have in their hands.

    Parameters
    ----------
    store
        Of the returns; None where there is no field yet.
    cut
        Folder of the cut.
    today
        The day it is.

    Returns
    -------
    Guard
        Turfs that are no longer "ready", and addresses of which something was told.
    """
    states = turf_states(store, cut, today).set_index("turf_id")
    return Guard(frozenset(states.index[states["state"] != "ready"]), _told_addresses(store))


class Guard:
    """Refuses changes to turfs that are out, and to addresses with returns."""

    def __init__(self, out: frozenset[str], told: frozenset[str]) -> None:
        self.out, self.told = out, told

    def __call__(self, walks: Walks, edit: Edit) -> None:
        """Raise where a change may not be made."""
        gone = sorted(self.told & set(edit.addresses)) if edit.op == "exclude" else []
        if gone:
            raise DataError(
                "An address with returns stays in its turf: its doors were counted there.",
                where="{gone}",
                mend="Leave it where it is; the next round can be cut without it.",
                gone=some(gone),
            )
        stops = walks.turfs
        named = {
            *edit.turfs,
            edit.to,
            *stops.loc[stops["address_id"].isin(edit.addresses), "turf_id"],
        }
        if (out := sorted(named & self.out)) and "out" not in edit.allow:
            raise DataError(
                "A team has this turf in its hands: its sheet and its phone page would no longer "
                "be right.",
                where="{out}",
                mend="Wait until it is back, or confirm that you tell the team (allow: out). "
                "Returns already made stay attached.",
                out=some(out),
            )


def refuse_others(walks: Walks, edit: Edit, own: frozenset[str], *, mine: bool) -> None:
    """Raise a `DataError` where a change is to turfs that are not those of who makes it.

    Parameters
    ----------
    walks
        The whole cut as it is.
    edit
        What would be done.
    own
        Ids of the turfs of who makes it.
    mine
        Whether the change that `undo` or `redo` turns was theirs.
    """
    stops = walks.turfs
    there = stops.loc[stops["address_id"].isin(edit.addresses), "turf_id"]
    named = {*edit.turfs, *([edit.to] if edit.to else []), *there}
    if named <= own and (mine or edit.op not in {"undo", "redo"}):
        return
    raise DataError(
        "These turfs are not in your zones: nothing was changed.",
        where="{turfs}",
        mend="Ask the organiser of the whole campaign, or of that zone.",
        turfs=some(sorted(named - own)) or edit.op,
    )


def _told_addresses(store: Store | None) -> frozenset[str]:
    if store is None:
        return frozenset()
    from analysis.database.models import ATTEMPTS

    found = store.frame(sa.select(ATTEMPTS.c.address_id).distinct())
    return frozenset(found["address_id"].astype(str))
