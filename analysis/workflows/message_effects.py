"""What a message changed in a place: acts; turnout and doors where bureaux were drawn whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from analysis.contacts.contact_store import Contacts
from analysis.database.models import TALLY_DAY
from analysis.fieldwork.campaign import is_begun
from analysis.fieldwork.store import open_store
from analysis.messages.approve import approval_of, terms_of
from analysis.messages.effect import Effect, effects, on_doors, on_turnout, trial_of
from analysis.tables.workspace import Workspace

# Days within which two rounds of one election follow each other.
_ROUNDS = 60


def all_effects(contacts: Contacts, place: Workspace | Path, message: str) -> list[Effect]:
    """Return what a message changed, last the doors knocked at and the vote that came after it.

    Parameters
    ----------
    contacts
        The campaign.
    place
        Its workspace, or the folder of it: its results tell of turnout once the vote is in them.
    message
        Which.

    Returns
    -------
    list of Effect
        Doors and turnout only where whole bureaux were drawn; empty for a message without a
        control.
    """
    found = effects(contacts, message)
    approval = approval_of(contacts, message)
    if not found or approval is None or not terms_of(approval).whole_bureaux:
        return found
    since = dt.datetime.fromtimestamp(approval.at_s, dt.UTC).date()
    workspace = place if isinstance(place, Workspace) else Workspace(place)
    drawn = trial_of(contacts, message)
    doors, turnout = _doors(workspace, since), _turnout(workspace, since)
    found = found if doors.empty else [*found, on_doors(drawn, doors)]
    return found if turnout is None else [*found, on_turnout(drawn, turnout)]


def _doors(workspace: Workspace, since: dt.date) -> pd.DataFrame:
    """Return doors and conversations by bureau of the days after a day; empty without a field."""
    if not is_begun(workspace.path):
        return pd.DataFrame()
    store = open_store(workspace.path)
    try:
        day, names = TALLY_DAY.c, ("doors", "conversation")
        sums = (sa.func.sum(day[name]).label(name) for name in names)
        query = sa.select(day.bureau_id, *sums).where(day.day > since).group_by(day.bureau_id)
        return store.frame(query).astype(dict.fromkeys(names, "float64"))
    finally:
        store.close()


def _turnout(workspace: Workspace, since: dt.date) -> pd.DataFrame | None:
    """Return the turnout of the first vote after a day, beside that of the last one before it."""
    dated = _dated(workspace)
    after, before = dated.index[dated > since], dated.index[dated <= since]
    return _beside(workspace, after[0], before[-1]) if len(after) and len(before) else None


def past_turnout(workspace: Workspace) -> pd.DataFrame | None:
    """Return the turnout of the last first round beside that of the vote before it.

    A second round follows its first so closely that it would promise too much: a message is
    followed by a vote months after the last.

    Parameters
    ----------
    workspace
        The place.

    Returns
    -------
    pandas.DataFrame or None
        `bureau_id`, `registered`, `turnout_rate`, `before`; None where there are no two votes.
    """
    dated = _dated(workspace)
    far = [n for n in range(1, len(dated)) if (dated.iloc[n] - dated.iloc[n - 1]).days > _ROUNDS]
    return _beside(workspace, dated.index[far[-1]], dated.index[far[-1] - 1]) if far else None


def _dated(workspace: Workspace) -> pd.Series:
    """Return the day of each vote, by its id, the oldest first."""
    dated = workspace.read("elections", columns=["election_id", "date"])
    days = pd.to_datetime(dated.set_index("election_id")["date"]).dt.date
    return days.sort_values(kind="stable")


def _beside(workspace: Workspace, vote: str, last: str) -> pd.DataFrame:
    columns = ["election_id", "bureau_id", "registered", "ballots"]
    table = workspace.read("turnout", columns=columns)
    table = table[table["registered"] > 0].assign(rate=lambda t: t["ballots"] / t["registered"])
    told = table[table["election_id"] == vote].rename(columns={"rate": "turnout_rate"})
    before = table[table["election_id"] == last].set_index("bureau_id")["rate"]
    told = told.assign(before=told["bureau_id"].map(before))
    return told[["bureau_id", "registered", "turnout_rate", "before"]].dropna()
