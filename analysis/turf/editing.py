"""Changes made to a cut by hand: merge, split, move, draw anew, exclude.

Each gives a new cut. Work, balance and order are found again only for the turfs it touches, from
their doors and positions alone, so that the same changes give the same cut again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, some
from analysis.geography.transformer import transformer
from analysis.turf.edit_rules import Ground, checked_walks, described
from analysis.turf.summary import retold
from analysis.turf.walk_list import EXCLUDED, Walks, checked

_CORNERS = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a cut.

    Attributes
    ----------
    op
        One of `OPERATIONS`.
    turfs
        Those that are merged, or the one that is split; for addresses of a building that several
        turfs share, whose parts are meant (none: all parts).
    addresses
        Those that are moved, drawn into a new turf, or excluded.
    line
        Latitude and longitude of two points of the line that splits, or of the corners of what is
        drawn. Without a line a turf is split in two of equal work along its route.
    to
        The turf that gets what is moved.
    reason
        Why addresses are excluded: a name in `EXCLUDED`.
    allow
        What is meant although it is unusual: names in `edit_rules.ALLOWED`.
    number
        First number for new turfs; 0 takes the next one that is free.
    """

    op: str
    turfs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    line: tuple[tuple[float, float], ...] = ()
    to: str = ""
    reason: str = ""
    allow: tuple[str, ...] = ()
    number: int = 0

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Edit:
        """Read plain values, of JSON or TOML.

        Raises
        ------
        DataError
            When a name is unknown or a value is of the wrong kind.
        """
        known = {item.name for item in fields(cls)}
        try:
            names = {name: told[name] for name in known & set(told)}
            _refuse_unknown(told, known)
            for name in ("turfs", "addresses", "allow"):
                names[name] = _texts(names.get(name, ()))
            line = tuple((float(lat), float(lon)) for lat, lon in names.get("line", ()))
            return cls(**{**names, "line": line, "number": int(names.get("number", 0))})
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                "A change to the turfs cannot be read.",
                where="{told}: {error}",
                mend="Write op (one of {known}) and its turfs, addresses, line, to or reason.",
                told=some([told]),
                error=error,
                known=", ".join(OPERATIONS),
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value}


def _refuse_unknown(told: Mapping[str, Any], known: set[str]) -> None:
    if set(told) - known or told["op"] not in OPERATIONS:
        raise ValueError(some(sorted(set(told) - known)) or told["op"])


def _texts(values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(values)
    return tuple(str(value) for value in values)


def apply(walks: Walks, edit: Edit, ground: Ground) -> Walks:
    """Return a cut with one change made.

    Parameters
    ----------
    walks
        The cut as it is.
    edit
        What is changed.
    ground
        How walks are measured there, and where nobody may walk.

    Returns
    -------
    Walks
        Every door is in exactly one turf, or listed with why it is in none. Turfs the change does
        not touch keep their rows, their numbers and their names.

    Raises
    ------
    DataError
        When the change names what is not there, joins two banks or two arms, leads through a
        control bureau, or does something unusual that was not allowed.
    """
    stops = walks.turfs
    turf = OPERATIONS[edit.op](walks, edit, ground)
    gone = turf == ""
    if gone.all():
        raise _empty()
    before = {name: frozenset(rows) for name, rows in stops.groupby("turf_id").groups.items()}
    after = {
        name: frozenset(rows) for name, rows in turf[~gone].groupby(turf[~gone]).groups.items()
    }
    touched = [name for name, rows in after.items() if before.get(name) != rows]
    if not touched and set(before) == set(after):
        raise DataError(
            "This change would leave the turfs as they are.",
            mend="Choose another turf, or other addresses.",
        )
    rows = turf.isin(touched)
    changed = stops[rows].assign(was=stops["turf_id"][rows], turf_id=turf[rows])
    new = checked_walks(walks, changed, edit.allow, ground)
    kept = stops[~gone & ~rows]
    table = checked(pd.concat([kept, new], ignore_index=True) if len(new) else kept)
    uncut = _with_excluded(walks, stops.loc[gone], edit.reason)
    records = described(walks, new, kept)
    last = max(_last(walks), *(_number(name) for name in after))
    summary = retold(walks.summary, table, records, uncut)
    made = 1 + int(walks.summary.get("edits", {}).get("made", 0))
    return Walks(table, uncut, {**summary, "edits": {"made": made, "last": last}}, walks.seal)


def difference(before: Walks, after: Walks) -> pd.DataFrame:
    """Return the turfs that are not the same in two cuts, one row each.

    Returns
    -------
    pandas.DataFrame
        `turf_id`, and `stops`, `doors`, `minutes` of each cut with `_before` and `_after`; missing
        where that cut does not have the turf.
    """
    names = ["turf_id", "stops", "doors", "minutes", "walk_m"]
    both = before.by_turf()[names].merge(
        after.by_turf()[names], on="turf_id", how="outer", suffixes=("_before", "_after")
    )
    same = np.ones(len(both), dtype=bool)
    for name in names[1:]:
        same &= (both[f"{name}_before"] == both[f"{name}_after"]).to_numpy()
    return both[~same].sort_values("turf_id", ignore_index=True)


def _merge(walks: Walks, edit: Edit, _ground: Ground) -> pd.Series:
    turfs = _known(walks, edit.turfs)
    if len(turfs) < 2:  # noqa: PLR2004 - one alone is merged with nothing
        raise DataError(
            "Merging takes two turfs or more.",
            where="{turfs}",
            mend="Choose another turf beside it.",
            turfs=some(turfs),
        )
    turf = walks.turfs["turf_id"]
    return turf.mask(turf.isin(turfs), _fresh(walks, edit)[0])


def _split(walks: Walks, edit: Edit, ground: Ground) -> pd.Series:
    turfs = _known(walks, edit.turfs)
    if len(turfs) != 1 or len(edit.line) not in {0, 2}:
        raise DataError(
            "One turf is split at a time, by a line of two points or along its route.",
            where="{turfs}: {n} point(s)",
            mend="Choose one turf, and two points or none.",
            turfs=some(turfs),
            n=len(edit.line),
        )
    rows = walks.turfs[walks.turfs["turf_id"] == turfs[0]]
    second = _beyond(rows, edit.line, ground) if edit.line else _second_half(rows)
    if second.all() or not second.any():
        raise DataError(
            "All stops of the turf would be on one side: nothing is split.",
            where="{turf}: {n} stop(s)",
            mend="Give a line that runs between its stops, or choose a turf of several stops.",
            turf=turfs[0],
            n=len(rows),
        )
    first, other = _fresh(walks, edit, 2)
    return walks.turfs["turf_id"].mask(
        walks.turfs["turf_id"] == turfs[0],
        pd.Series(np.where(second, other, first), index=rows.index),
    )


def _beyond(rows: pd.DataFrame, line: Sequence[tuple[float, float]], ground: Ground) -> np.ndarray:
    """Tell which stops lie to the left of a line."""
    metres = transformer("EPSG:4326", ground.crs)
    (x0, x1), (y0, y1) = metres.transform([at[1] for at in line], [at[0] for at in line])
    x, y = metres.transform(rows["longitude"].to_numpy(), rows["latitude"].to_numpy())
    left: np.ndarray = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0
    return left


def _second_half(rows: pd.DataFrame) -> np.ndarray:
    """Tell which stops come after the middle of the work, in walking order."""
    minutes = rows["minutes"].to_numpy().cumsum()
    if len(minutes) == 1:
        return np.zeros(1, dtype=bool)
    last = int(np.abs(minutes[:-1] - minutes[-1] / 2).argmin())
    return np.arange(len(minutes)) > last


def _move(walks: Walks, edit: Edit, _ground: Ground) -> pd.Series:
    [to] = _known(walks, [edit.to])
    return walks.turfs["turf_id"].mask(_meant(walks, edit), to)


def _draw(walks: Walks, edit: Edit, _ground: Ground) -> pd.Series:
    return walks.turfs["turf_id"].mask(_meant(walks, edit), _fresh(walks, edit)[0])


def _exclude(walks: Walks, edit: Edit, _ground: Ground) -> pd.Series:
    if edit.reason not in EXCLUDED:
        raise DataError(
            "An address is excluded for a reason that is on the list.",
            where="{reason}",
            mend="Give one of: {known}.",
            reason=edit.reason or "–",
            known=", ".join(EXCLUDED),
        )
    # Of a building in several turfs all parts go: an address is in turfs, or listed with why.
    meant = walks.turfs["address_id"].isin(_addresses(walks, edit.addresses))
    return walks.turfs["turf_id"].mask(meant, "")


# What can be done to a cut, and which turf each row is in afterwards; "" is none.
OPERATIONS: Mapping[str, Callable[[Walks, Edit, Ground], pd.Series]] = {
    "merge": _merge,
    "split": _split,
    "move": _move,
    "draw": _draw,
    "exclude": _exclude,
}


def _meant(walks: Walks, edit: Edit) -> pd.Series:
    """Tell which rows are meant by addresses or by corners."""
    stops = walks.turfs
    if edit.addresses:
        rows = stops["address_id"].isin(_addresses(walks, edit.addresses))
    elif len(edit.line) >= _CORNERS:
        ring = shapely.make_valid(shapely.Polygon([(lon, lat) for lat, lon in edit.line]))
        points = shapely.points(stops["longitude"].to_numpy(), stops["latitude"].to_numpy())
        rows = pd.Series(shapely.contains(ring, points), index=stops.index)
    else:
        rows = pd.Series(data=False, index=stops.index)
    if edit.turfs:
        rows &= stops["turf_id"].isin(_known(walks, edit.turfs))
    if not rows.any():
        raise DataError(
            "No stop of a turf is meant by this change.",
            mend="Choose addresses that are in a turf, or draw round some with three corners.",
        )
    return rows


def _known(walks: Walks, turfs: Iterable[str]) -> list[str]:
    named = sorted(set(turfs))
    if not named or (unknown := sorted(set(named) - set(walks.turf_ids))):
        raise DataError(
            "This cut has no such turf.",
            where="{unknown}",
            mend="Choose among the turfs as they are after the last change: {known}.",
            unknown=some(unknown if named else ["–"]),
            known=some(walks.turf_ids),
        )
    return named


def _addresses(walks: Walks, addresses: Iterable[str]) -> list[str]:
    named = sorted(set(addresses))
    inside = set(walks.turfs["address_id"])
    why = walks.uncut.set_index("address_id")["reason"]
    if not named or (outside := [one for one in named if one not in inside]):
        told = (
            [f"{one} ({why[one]})" if one in why.index else one for one in outside or ["–"]]
            if named
            else ["–"]
        )
        raise DataError(
            "An address that is in no turf cannot be changed.",
            where="{told}",
            mend="Choose addresses of turfs; what is set aside is listed with its reason.",
            told=some(told),
        )
    return named


def _fresh(walks: Walks, edit: Edit, count: int = 1) -> list[str]:
    """Return names that no turf of this cut has or had."""
    cut, _dash, digits = walks.turf_ids[0].rpartition("-")
    first = edit.number or next_number(walks)
    names = [f"{cut}-{first + n:0{len(digits)}d}" for n in range(count)]
    if taken := sorted(set(names) & set(walks.turf_ids)):
        raise DataError(
            "A new turf cannot have the name of one that is there.",
            where="{taken}",
            mend="Leave the number out: the next free one is taken.",
            taken=some(taken),
        )
    return names


def next_number(walks: Walks) -> int:
    """Return the first number that no turf of a cut has or had."""
    return 1 + max(_last(walks), *(_number(name) for name in walks.turf_ids), 0)


def _last(walks: Walks) -> int:
    return int(walks.summary.get("edits", {}).get("last", 0))


def _number(turf_id: str) -> int:
    return int(turf_id.rpartition("-")[2])


def _with_excluded(walks: Walks, rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    if rows.empty:
        return walks.uncut
    names = walks.summary.get("labels", {})
    first = rows.drop_duplicates("address_id")
    more = pd.DataFrame({"address_id": first["address_id"], "reason": EXCLUDED[reason]})
    if "label" in walks.uncut:
        more["label"] = first["bureau_id"].map(names).fillna("")
    both = pd.concat([walks.uncut, more.astype("str")], ignore_index=True)
    return both.sort_values(["reason", "address_id"], ignore_index=True)


def _empty() -> DataError:
    return DataError(
        "Nothing would be left to visit.",
        mend="Keep at least one address in a turf.",
    )
