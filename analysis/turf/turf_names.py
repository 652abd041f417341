"""Names of turfs: the letters of their cut, and their place in the order of priority."""

from __future__ import annotations

import hashlib

import pandas as pd

# No vowels, so that no word comes out; nothing that a tired eye takes for a figure.
_LETTERS = "BCDFGHJKLMNPRTVWXZ"
_HOW_MANY = 4
_DIGITS = 3
# What a team holds in its hand: another of these is another cut.
_HELD = ["turf", "stop", "bureau_id", "address_id", "door_from", "door_to"]


def name_turfs(stops: pd.DataFrame) -> pd.DataFrame:
    """Return the stops with `turf_id`: of the cut KRPT, KRPT-001 is to be walked first.

    Priority is the mean rank of the bureaux, by doors; within a bureau, the doors that are
    expected to talk in an hour: nothing is guessed of a building's votes.

    Parameters
    ----------
    stops
        As `make_turfs` returns them, with `opening`: the share of each stop's doors where a
        conversation is expected.

    Returns
    -------
    pandas.DataFrame
        By `turf_id` and `stop`. The letters are drawn from the cut itself, so that the same cut
        has the same names again and cuts that are in the field together have different ones.
    """
    weights = {
        "weight": stops["dwellings"] * stops["rank"],
        "opened": stops["dwellings"] * stops["opening"],
    }
    sums = ["dwellings", "minutes", *weights]
    turfs = stops.assign(**weights).groupby("turf")[sums].sum()
    turfs["rank"] = turfs["weight"] / turfs["dwellings"]
    turfs["pace"] = -(turfs["opened"] / turfs["minutes"])
    in_order = turfs.round(9).sort_values(["rank", "pace"], kind="stable").index
    place = {turf: n + 1 for n, turf in enumerate(in_order)}
    ordered = stops.assign(turf=stops["turf"].map(place))
    ordered = ordered.sort_values(["turf", "stop"], ignore_index=True)
    width = max(_DIGITS, len(str(len(in_order))))
    number = ordered["turf"].astype("str").str.zfill(width)
    return ordered.assign(turf_id=letters(ordered) + "-" + number)


def letters(stops: pd.DataFrame) -> str:
    """Return the letters of a cut: four of eighteen, from a digest of who walks where."""
    text = stops[_HELD].to_csv(index=False, lineterminator="\n")
    left = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    found = ""
    for _ in range(_HOW_MANY):
        left, at = divmod(left, len(_LETTERS))
        found += _LETTERS[at]
    return found


def cut_of(turf_id: str) -> str:
    """Return the letters of the cut that a turf belongs to."""
    return turf_id.rpartition("-")[0]
