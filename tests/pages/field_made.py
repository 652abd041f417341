"""A campaign in the field for the pages' tests: a place with turfs, and phone files of them."""

from __future__ import annotations

import shutil
import uuid
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd

from analysis.fieldwork import field_plan, tokens
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from tests.analysis.exports.walks_made import walks_of
from tests.analysis.fieldwork.made_returns import phone_bytes

# Everything lies in the past, some days ago, so that no file is from the future.
DAYS = 4


@cache
def _walks(folder):
    """Cut the same three turfs once: whoever has a campaign has a copy of the same place."""
    return walks_of(Workspace(folder), turfs=3, stops=12, seal="")


def campaign_in(folder, name, *, turfs=True):
    """Copy a built place under a name of its own, and put three turfs into its field."""
    target = folder.folder / name
    # Other tests may have begun a campaign in the shared place: this one is of its own.
    bare = shutil.ignore_patterns("fieldwork")
    copied = shutil.copytree(folder.valmont.path, target, dirs_exist_ok=True, ignore=bare)
    place = Workspace(copied)
    store = open_store(place.path)
    walks = _walks(folder.valmont.path)
    if turfs:
        field_plan.register(
            store.engine, walks.turfs[["turf_id", "address_id", "bureau_id", "dwellings"]]
        )
    return SimpleNamespace(place=place, store=store, walks=walks)


def outing(field, turf, *, day, knocks=20, seed=0, team="A"):  # noqa: PLR0913 - of a test
    """Return the file of one outing on a phone: a knock every three minutes from 18:00 on."""
    rng = np.random.default_rng(seed)
    stops = field.walks.of(turf)["address_id"].to_numpy()
    start = pd.Timestamp.now("Europe/Paris").normalize() - pd.Timedelta(days=DAYS - day)
    start += pd.Timedelta(hours=18)
    attempts = []
    for n in range(knocks):
        outcome = str(rng.choice(["no_answer", "refused", "conversation"], p=[0.6, 0.1, 0.3]))
        attempts.append(
            {
                "attempt_id": str(uuid.uuid5(uuid.UUID(int=9), f"{turf} {day} {n}")),
                "address_id": str(stops[n % len(stops)]),
                "at": (start + pd.Timedelta(minutes=3 * n)).isoformat(timespec="seconds"),
                "outcome": outcome,
                **({"quality": 4} if outcome == "conversation" else {}),
            }
        )
    campaign = field.store.campaign
    token = tokens.make(campaign.secret, campaign.campaign_id, turf)
    made_at = (start + pd.Timedelta(hours=2)).isoformat(timespec="seconds")
    return phone_bytes(campaign, attempts, turf=turf, team_id=team, made_at=made_at, token=token)
