"""Returns made by hand: turfs, phone files, sheets."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pandas as pd

from analysis.fieldwork import phone_files, tokens
from analysis.fieldwork.returns_validation import Returned, check_rows

NOW = pd.Timestamp("2025-11-22 20:00", tz="UTC")
BUREAUX = ("99900_0001", "99900_0002", "99900_0003")
TURFS = ("T1", "T2", "T3")
_SPACE = uuid.UUID(int=7)


def turfs(each=8, dwellings=10):
    """Return three turfs of `each` addresses, one per bureau."""
    rows = [
        (turf, f"{bureau}_{n:05d}", bureau, dwellings)
        for turf, bureau in zip(TURFS, BUREAUX, strict=True)
        for n in range(each)
    ]
    return pd.DataFrame(rows, columns=["turf_id", "address_id", "bureau_id", "dwellings"])


def attempt(n=0, turf="T1", **more):
    """Return one attempt as the phone writes it; its id follows from turf and number."""
    bureau = BUREAUX[TURFS.index(turf)] if turf in TURFS else BUREAUX[0]
    return {
        "attempt_id": str(uuid.uuid5(_SPACE, f"{turf} {n}")),
        "address_id": f"{bureau}_{n % 8:05d}",
        "at": (pd.Timestamp("2025-11-21T18:00:00+01:00") + pd.Timedelta(minutes=2 * n)).isoformat(),
        "outcome": "no_answer",
        **more,
    }


def phone_file(campaign, attempts, *, turf="T1", **more):
    """Return a file as the phone exports it, right in everything but what `more` changes."""
    told = {
        "palier_returns": 1,
        "campaign_id": campaign.campaign_id,
        "turf_id": turf,
        "seal": "",
        "token": tokens.make(campaign.secret, campaign.campaign_id, turf),
        "team_id": "A",
        "made_at": "2025-11-21T20:00:00+01:00",
        "attempts": list(attempts),
        **more,
    }
    told.setdefault("checksum", phone_files.checksum(told))
    return told


def as_bytes(told):
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def phone_bytes(campaign, attempts, **more):
    return as_bytes(phone_file(campaign, attempts, **more))


def returned_rows(rows: pd.DataFrame, name="made") -> Returned:
    """Return many attempts at once, as a reader would, without writing a file of them."""
    told, otherwise, _withheld = check_rows(rows.to_dict("records"), name)
    return Returned(told, otherwise, name, "0" * 64)


def many(number, rng, *, turf="T1", day="2025-11-20", minutes=120):
    """Return rows of an outing: attempts spread over `minutes` from 18:00 on."""
    bureau = BUREAUX[TURFS.index(turf)] if turf in TURFS else BUREAUX[0]
    seconds = np.sort(rng.integers(0, 60 * minutes, number))
    return pd.DataFrame(
        {
            "attempt_id": [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(number)],
            "turf_id": turf,
            "address_id": [f"{bureau}_{n:05d}" for n in rng.integers(0, 8, number)],
            "team_id": "A",
            "at": pd.Timestamp(f"{day} 17:00", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
            "outcome": rng.choice(
                ["no_answer", "refused", "conversation"], number, p=[0.7, 0.1, 0.2]
            ),
            "source": "phone",
        }
    ).astype({"at": "datetime64[s, UTC]"})
