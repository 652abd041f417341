"""Units that have a row for each way of voting: in the box, by post, on the Internet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.errors import Text, some
from analysis.readers.beginnings import plain
from analysis.readers.layouts import COUNTS
from analysis.readers.total_rows import is_called_total

# What columns are called that say how a row voted, as `plain` leaves names.
_NAMES = frozenset(
    {
        *("modedevote", "modevote", "mode", "modalitedevote", "modalitevote", "modalite"),
        *("typedevote", "votemode", "votingmode", "modeofvoting", "votetype", "votingtype"),
        *("votemethod", "votingmethod", "countinggroup", "countgroup"),
        *("stimmabgabe", "artderstimmabgabe", "modalidaddevoto", "tipodevoto", "modalitadivoto"),
        *("stemwijze", "mododevoto"),
    }
)
_BETWEEN = "\x1f"
# Where more units than these repeat a count on each row, it is of the unit and not of the row.
_MOST = 0.5
# Their sums are of the unit: persons who may vote, and who voted.
_OF_UNIT = {"registered": Text("registered"), "ballots": Text("ballots")}


@dataclass(frozen=True, slots=True)
class Together:
    """Results with one row a unit, what was added up, and rows that were sums already."""

    counts: pd.DataFrame
    ballots: pd.DataFrame
    notes: tuple[Text, ...] = ()


def mode_column(names: Sequence[str], used: Sequence[str] = ()) -> str:
    """Return the column that says how a row voted; "" where there is none.

    Parameters
    ----------
    names
        Of the columns, as the file spells them.
    used
        Those that are read as something else.
    """
    return next((name for name in names if plain(name) in _NAMES and name not in used), "")


def apart(unit: str, mode: str) -> str:
    """Return what a unit is called while its ways of voting are kept apart."""
    return f"{unit}{_BETWEEN}{mode.strip()}" if unit else ""


def unit_of(name: str) -> str:
    """Return the unit of a name that `apart` made."""
    return name.partition(_BETWEEN)[0]


def sums_of(names: pd.Series) -> pd.Series:
    """Tell rows whose way of voting is called a total, of units that have others.

    Parameters
    ----------
    names
        Of each row, as `apart` makes it.
    """
    known = {name: name.partition(_BETWEEN)[::2] for name in names.unique()}
    called = {name for name, (_unit, mode) in known.items() if is_called_total(mode)}
    others = {unit for name, (unit, _mode) in known.items() if name not in called}
    return names.isin({name for name in called if known[name][0] in others})


def together(counts: pd.DataFrame, ballots: pd.DataFrame, column: str) -> Together:
    """Add up what differs by the way of voting alone.

    Registered (and ballots) that nearly every unit repeats on each of its rows are told once;
    else they are of the row, and added. What a unit has twice for one way of voting stays, for
    the checks of all results to refuse.

    Parameters
    ----------
    counts
        `bureau_id` as `apart` makes it, and counts.
    ballots
        `bureau_id` likewise, `nuance`, `name`, `votes`.
    column
        What the file calls the way of voting.

    Returns
    -------
    Together
        New tables, `bureau_id` without the way of voting.
    """
    named = counts["bureau_id"].astype("str")
    unit = named.map(unit_of)
    cast = ballots["bureau_id"].astype("str")
    of_votes = cast.map(unit_of)
    twice = set(unit[named.duplicated()])
    again = pd.DataFrame({"unit": cast, "nuance": ballots["nuance"], "name": ballots["name"]})
    twice |= set(of_votes[again.astype("str").duplicated()])
    several = unit.duplicated(keep=False) & ~unit.isin(twice)
    if not several.any():
        return Together(counts.assign(bureau_id=unit), ballots.assign(bureau_id=of_votes))
    rows = counts[several].assign(bureau_id=unit[several])
    once = _repeated(rows)
    how = {name: "max" if name in once else _sum for name in COUNTS if name in rows}
    summed = rows.groupby("bureau_id", sort=False, as_index=False).agg(how)
    added = ballots.assign(bureau_id=of_votes)
    keys = ["bureau_id", "nuance", "name"]
    mine = added["bureau_id"].isin(set(rows["bureau_id"]))
    votes = (
        added[mine]
        .groupby(keys, sort=False, observed=True, as_index=False, dropna=False)
        .agg({"votes": _sum})
    )
    modes = named[several].str.partition(_BETWEEN)[2].unique()
    notes = [
        Text(
            "{rows} rows of {units} unit(s) that differ by {column} alone ({modes}) were added up",
            rows=len(rows),
            units=len(summed),
            column=column,
            modes=some(modes),
        )
    ]
    if once:
        notes.append(
            Text(
                "{counts} stand on each of these rows alike: told once",
                counts=some(_OF_UNIT[name] for name in once),
            )
        )
    kept = counts[~several].assign(bureau_id=unit[~several])
    return Together(
        pd.concat([kept, summed], ignore_index=True),
        pd.concat([added[~mine], votes], ignore_index=True),
        tuple(notes),
    )


def _repeated(rows: pd.DataFrame) -> list[str]:
    """Return which counts of the unit most units have alike on each of their rows."""
    same = rows.groupby("bureau_id")[list(_OF_UNIT)].agg(["nunique", "count", "max"])
    found = []
    for name in _OF_UNIT:
        told = same[name][(same[name]["max"] > 0) & (same[name]["count"] > 1)]
        if len(told) and (told["nunique"] == 1).mean() > _MOST:
            found.append(name)
    return found


def _sum(values: pd.Series) -> object:
    """Add up counts; what one row does not tell is nothing, what none tells is missing."""
    return values.sum(min_count=1)
