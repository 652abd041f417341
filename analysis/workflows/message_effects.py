"""What a message changed in a place: acts of people, and turnout where bureaux were drawn whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from analysis.contacts.contact_store import Contacts
from analysis.messages.approve import approval_of, terms_of
from analysis.messages.effect import Effect, effects, on_turnout, trial_of
from analysis.tables.workspace import Workspace


def all_effects(contacts: Contacts, place: Workspace | Path, message: str) -> list[Effect]:
    """Return what a message changed, turnout last where a vote came after it.

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
        Turnout only where whole bureaux were drawn; empty for a message without a control.
    """
    found = effects(contacts, message)
    approval = approval_of(contacts, message)
    if not found or approval is None or not terms_of(approval).whole_bureaux:
        return found
    since = dt.datetime.fromtimestamp(approval.at_s, dt.UTC).date()
    workspace = place if isinstance(place, Workspace) else Workspace(place)
    turnout = _turnout(workspace, since)
    return found if turnout is None else [*found, on_turnout(trial_of(contacts, message), turnout)]


def _turnout(workspace: Workspace, since: dt.date) -> pd.DataFrame | None:
    """Return the turnout of the first vote after a day, beside that of the last one before it."""
    dated = workspace.read("elections", columns=["election_id", "date"]).sort_values("date")
    day = pd.to_datetime(dated["date"]).dt.date
    after, before = dated.loc[day > since, "election_id"], dated.loc[day <= since, "election_id"]
    if not len(after) or not len(before):
        return None
    columns = ["election_id", "bureau_id", "registered", "ballots"]
    table = workspace.read("turnout", columns=columns)
    table = table[table["registered"] > 0].assign(rate=lambda t: t["ballots"] / t["registered"])
    vote = table[table["election_id"] == after.iloc[0]]
    last = table[table["election_id"] == before.iloc[-1]].set_index("bureau_id")["rate"]
    told = vote.assign(turnout_rate=vote["rate"], before=vote["bureau_id"].map(last))
    return told[["bureau_id", "registered", "turnout_rate", "before"]].dropna()
