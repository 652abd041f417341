"""Shares of answers by bureau, quarter and day, with intervals, and no small cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.fieldwork.answer_counts import Asked
from analysis.fieldwork.small_cells import FLOOR, shown, shown_nested

LEVELS = ("all", "zone", "bureau", "day")
_OUTSIDE = 0.10  # of a 90% interval
COLUMNS = ("question", "version", "level", "key", "code", "n", "asked", "share", "low", "high")


def shares(found: Iterable[Asked], zones: Mapping[str, str], level: str) -> pd.DataFrame:
    """Return the share of each answer among those who answered the question.

    Intervals are those of Wilson (90%), on the number of conversations divided by how much more
    turfs differ than coins would: by turf, over all returns of that answer, at least 1. It is
    taken to be the same in every cell.

    Parameters
    ----------
    found
        As `answer_counts.answered` returns them.
    zones
        Zone of each bureau; bureaux without one are together.
    level
        One of `LEVELS`.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row per question, key and code. A cell that may not be shown has one row
        with its key, and nothing else.

    Raises
    ------
    DataError
        When there is no such level.
    """
    if level not in LEVELS:
        raise DataError(
            "Answers are not counted by this.",
            where="{level}",
            mend="Take one of: {known}.",
            level=level,
            known=", ".join(LEVELS),
        )
    tables = [_of_question(one, zones, level) for one in found if one.question.codes]
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*COLUMNS])
    return whole[[*COLUMNS]]


def _of_question(one: Asked, zones: Mapping[str, str], level: str) -> pd.DataFrame:
    talks, counts = (_keyed(table, zones, level) for table in (one.talks, one.counts))
    asked = talks.groupby("key")["n"].sum()
    seen = _seen(one.talks, zones, level)
    keys = pd.MultiIndex.from_product([asked.index, one.question.codes], names=["key", "code"])
    n = counts.groupby(["key", "code"])["n"].sum().reindex(keys, fill_value=0)
    table = n.reset_index().assign(level=level, question=one.question.id)
    table["version"] = one.script.version
    table["asked"] = table["key"].map(asked)
    table["share"] = table["n"] / table["asked"]
    table["low"], table["high"] = _interval(table, one)
    hidden = ~table["key"].map(seen).astype(bool)
    numbers = ["n", "asked", "share", "low", "high"]
    table[numbers] = table[numbers].astype("float64").mask(hidden)
    table["code"] = table["code"].mask(hidden, "")
    return table.drop_duplicates(["key", "code"])


def _keyed(table: pd.DataFrame, zones: Mapping[str, str], level: str) -> pd.DataFrame:
    keys = {
        "all": lambda: pd.Series("", table.index),
        "zone": lambda: table["bureau_id"].map(zones).fillna(""),
        "bureau": lambda: table["bureau_id"],
        "day": lambda: table["day"],
    }
    return table.assign(key=keys[level]().astype("str"))


def _seen(talks: pd.DataFrame, zones: Mapping[str, str], level: str) -> Mapping[str, bool]:
    """Tell which keys may be shown, with all levels published side by side."""
    whole = int(talks["n"].sum())
    if level == "all" or whole < FLOOR:
        key = _keyed(talks, zones, level)["key"].unique()
        return dict.fromkeys(key, whole >= FLOOR)
    if level == "day":
        days = _keyed(talks, zones, level).groupby("key")["n"].sum()
        return dict(zip(days.index, shown(days.to_numpy(np.int64)), strict=True))
    sizes = talks.groupby("bureau_id", as_index=False)["n"].sum()
    sizes = sizes.rename(columns={"n": "size"})
    sizes["zone"] = sizes["bureau_id"].map(zones).fillna("")
    by_zone, by_row = shown_nested(sizes)
    if level == "zone":
        return {str(key): bool(seen) for key, seen in by_zone.items()}
    return dict(zip(sizes["bureau_id"].astype(str), map(bool, by_row), strict=True))


def _interval(table: pd.DataFrame, one: Asked) -> tuple[pd.Series, pd.Series]:
    # Half a second to load: only for who looks at answers.
    from statsmodels.stats.proportion import proportion_confint

    effect = {code: design_effect(one, code) for code in one.question.codes}
    asked = table["asked"] / table["code"].map(effect)
    low, high = proportion_confint(
        (table["share"] * asked).to_numpy(float),
        asked.to_numpy(float),
        alpha=_OUTSIDE,
        method="wilson",
    )
    return pd.Series(low, table.index), pd.Series(high, table.index)


def design_effect(one: Asked, code: str) -> float:
    """Return by how much turfs differ more than coins would in giving an answer, at least 1.

    The variance of the share as a ratio over turfs, over that of as many coins.
    """
    talks = one.talks.groupby("turf_id")["n"].sum().astype(float)
    gave = one.counts[one.counts["code"].eq(code)].groupby("turf_id")["n"].sum()
    gave = gave.reindex(talks.index, fill_value=0)
    turfs, total = len(talks), float(talks.sum())
    share = float(gave.sum()) / total
    coins = share * (1 - share) / total
    if turfs < 2 or coins == 0:  # noqa: PLR2004 - one turf differs from nothing
        return 1.0
    apart = ((gave - share * talks) ** 2).sum() * turfs / (turfs - 1) / total**2
    return max(1.0, float(apart) / coins)
