"""Set aside what is no unit, and counts that cannot be, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.implausible import strange_size
from analysis.readers.raw_results import Raw
from analysis.readers.total_rows import total_rows
from analysis.tables.schema import TURNOUT
from analysis.tables.sources import LeftOut, Report

# Above this share of an election's bureaux (and above one of them), contradictions are not slips
# of the publisher (at most 0.3% in a town) but a file that was read or made wrongly.
MOST_CONTRADICTIONS = 0.01
# Where most bureaux stand twice, or vote without registered, the whole file is made so.
_MOST = 0.5
_KEY = ["election_id", "bureau_id"]
_NEEDED = ["registered", "ballots", "valid"]
_NOTHING = pd.DataFrame(columns=["reason", "said"], dtype=object)
_NO_REGISTERED = Text("votes without registered (postal ballots)")


def tolerated(bad: int, units: int, *, leave_out: bool) -> bool:
    """Tell whether so many bad units of an election are slips that may be left out.

    Parameters
    ----------
    bad, units
        Numbers of units of one election.
    leave_out
        Whether the user wants them left out however many they are.

    Returns
    -------
    bool
        True up to `MOST_CONTRADICTIONS` of the units, and for a single one always.
    """
    return leave_out or bad <= max(1, MOST_CONTRADICTIONS * units)


def set_aside(raw: Raw, *, leave_out: bool) -> Raw:
    """Return results without rows that are no unit and without counts that cannot be.

    Copies, rows that are the sum of others and units that vote without registered go with their
    votes; so do counts that are unreadable or contradict one another, where they are few. Each is
    listed in the account of its file.

    Parameters
    ----------
    raw
        As a reader hands it over, in the order of the file.
    leave_out
        Leave contradictory counts out however many they are.

    Raises
    ------
    DataError
        When a file holds two votes of one day, too many counts are no whole numbers, or nothing
        is left. Too many contradictions stay, for the check of the table to name.
    """
    counts, ballots = raw.counts, raw.ballots
    gone: list[pd.DataFrame] = []
    for find in _FINDERS:
        found = find(replace(raw, counts=counts, ballots=ballots), leave_out)
        if len(found):
            gone.append(counts.loc[found.index, [*_KEY, "ballots"]].assign(**found))
            counts = counts.drop(index=found.index)
        if find is _copies and len(found):
            ballots = ballots.drop_duplicates(ignore_index=True)
    # Nothing is missing by now: the table of turnout takes them as they are.
    whole = counts.astype(dict.fromkeys(_NEEDED, "int64"))
    if not gone:
        return replace(raw, counts=whole)
    out = pd.concat(gone)
    if counts.empty:
        raise DataError(
            "No bureau is left to read.",
            where="{files}: {reasons}",
            mend="Correct the counts at the source, or give another file.",
            files=files_of(raw),
            reasons=some(
                Text("{reason}: {found}", reason=reason, found=found)
                for reason, found in zip(out["reason"], out["said"], strict=True)
            ),
        )
    return _without(raw, whole, ballots, out)


def files_of(raw: Raw, *, without: str = "") -> Text:
    """Name the files of results, but those read as `without`."""
    return some(r.source.file for r in raw.reports if r.source.role != without)


def _found(rows: pd.DataFrame, reason: Text, said: pd.Series | None = None) -> pd.DataFrame:
    """Return `reason` and `said` (what to call it in a list) of rows of `counts`."""
    if rows.empty:
        return _NOTHING
    names = rows["bureau_id"].astype("str") if said is None else said
    # As objects: a column of strings would forget that a text can be translated.
    reasons = pd.Series([reason] * len(rows), index=rows.index, dtype=object)
    return pd.DataFrame({"reason": reasons, "said": names.astype(object)})


def _repeated(counts: pd.DataFrame) -> np.ndarray:
    """Tell which rows are of a bureau that has several in one election."""
    election, bureau = (counts[name].cat for name in _KEY)
    keys = election.codes.to_numpy("int64") * len(bureau.categories) + bureau.codes.to_numpy()
    return pd.Index(keys).duplicated(keep=False)


def _copies(raw: Raw, _leave_out: bool) -> pd.DataFrame:
    """Find rows that stand twice, count for count."""
    if not (repeated := _repeated(raw.counts)).any():
        return _NOTHING
    twice = raw.counts[repeated]
    return _found(twice[twice.duplicated()], Text("a copy of another row"))


def _totals(raw: Raw, _leave_out: bool) -> pd.DataFrame:
    table = total_rows(raw.counts, raw.ballots)
    if table.empty:
        return _NOTHING
    return _found(raw.counts.loc[table.index], Text("")).assign(reason=table["reason"])


def _conflicting(raw: Raw, leave_out: bool) -> pd.DataFrame:
    """Find bureaux that stand twice with other counts."""
    if not (repeated := _repeated(raw.counts)).any():
        return _NOTHING
    twice = raw.counts[repeated]
    for election, rows in twice.groupby("election_id", observed=True):
        whole = (raw.counts["election_id"] == election).sum()
        same = rows.groupby("bureau_id", observed=True)[["registered", "ballots"]].nunique()
        if len(rows) > _MOST * whole and (same == 1).all(axis=None):
            raise DataError(
                "{n} bureau(x) have two results with the same turnout: the file holds two votes "
                "of one day.",
                where="{files}: {election}: {bureaux}",
                mend="Paris, Lyon and Marseille elect two councils on one day since 2026. Put "
                "each vote into files of its own, with an election id of its own: 2026_muni_t1 "
                "for the city, 2026_arrd_t1 for the arrondissements; the two must not be added.",
                n=len(same),
                files=files_of(raw),
                election=election,
                bureaux=some(same.index),
            )
    found = _found(twice, Text("the same bureau with other counts"))
    return _few(found, raw, leave_out=leave_out, each=2)


def _unreadable(raw: Raw, leave_out: bool) -> pd.DataFrame:
    """Find rows with a count that is missing or no number, and what stands there."""
    cells = raw.unreadable
    told = dict(zip(_pairs(cells), cells["found"], strict=True)) if len(cells) else {}
    broken = raw.counts[_NEEDED].isna().any(axis=1)
    if told:
        ids = {bureau for _, bureau in told}
        near = raw.counts[raw.counts["bureau_id"].isin(ids)]
        broken[near.index[[pair in told for pair in _pairs(near)]]] = True
    rows = raw.counts[broken]
    if rows.empty:
        return _NOTHING
    said = [told.get(pair, pair[1]) for pair in _pairs(rows)]
    names = pd.Series(said, index=rows.index, dtype=object)
    found = _found(rows, Text("a count that is no whole number"), names)
    few = _few(found, raw, leave_out=leave_out)
    if len(few) < len(found):
        raise DataError(
            "{n} bureau(x) have a count that is missing or no whole number.",
            where="{files}: {found}",
            mend="Counts are persons or ballots; look for rates, spaces, shifted columns, empty "
            "cells. Or leave these bureaux out with --leave-out-contradictions.",
            n=len(found),
            files=files_of(raw),
            found=some(found["said"]),
        )
    return few


def _pairs(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(rows[_KEY].astype("str").itertuples(index=False, name=None))


def _unregistered(raw: Raw, leave_out: bool) -> pd.DataFrame:
    """Find the units that vote without registered: postal districts, no bureaux."""
    counts = raw.counts
    none = (counts["registered"] == 0) & (counts["ballots"] > 0)
    if not none.any():
        return _NOTHING
    units = counts.groupby("election_id", observed=True).size()
    share = counts.loc[none, "election_id"].value_counts().reindex(units.index) / units
    usual = counts["election_id"].isin(share.index[share <= _MOST])
    rows = counts[none & (usual | leave_out)]
    return _found(rows, _NO_REGISTERED, _said(rows))


def _contradictory(raw: Raw, leave_out: bool) -> pd.DataFrame:
    """Find counts that break a rule of the table of turnout."""
    holds = np.logical_and.reduce([rule.holds(raw.counts) for rule in TURNOUT.identities])
    if holds.all():
        return _NOTHING
    rows = raw.counts[~holds]
    found = _found(rows, Text("counts that contradict one another"), _said(rows))
    return _few(found, raw, leave_out=leave_out)


def _implausible(raw: Raw, leave_out: bool) -> pd.DataFrame:
    """Find bureaux far larger than in their own other rounds."""
    if not (strange := strange_size(raw.counts)).any():
        return _NOTHING
    rows = raw.counts[strange]
    reason = Text("more than three times the registered of its other rounds")
    return _few(_found(rows, reason, _said(rows)), raw, leave_out=leave_out)


# In this order: what is no unit goes before what is compared with other units.
_FINDERS = (
    _copies,
    _totals,
    _conflicting,
    _unreadable,
    _unregistered,
    _contradictory,
    _implausible,
)


def _said(rows: pd.DataFrame) -> pd.Series:
    """Name units with their counts."""
    values = zip(rows["bureau_id"], *(rows[name] for name in _NEEDED), strict=True)
    texts = [
        Text(
            "{bureau} ({registered} registered, {ballots} ballots, {valid} valid)",
            bureau=bureau,
            registered=registered,
            ballots=ballots,
            valid=valid,
        )
        for bureau, registered, ballots, valid in values
    ]
    return pd.Series(texts, index=rows.index, dtype=object)


def _few(found: pd.DataFrame, raw: Raw, *, leave_out: bool, each: int = 1) -> pd.DataFrame:
    """Keep what was found of elections in which it is a slip; `each` bad unit has so many rows."""
    if found.empty:
        return found
    election = raw.counts["election_id"]
    bad, units = election[found.index].value_counts() / each, election.value_counts()
    slips = {e for e in bad.index[bad > 0] if tolerated(bad[e], units[e], leave_out=leave_out)}
    return found[election[found.index].isin(slips)]


def _without(raw: Raw, counts: pd.DataFrame, ballots: pd.DataFrame, out: pd.DataFrame) -> Raw:
    """Return results without the units set aside, listed in the accounts of their files."""
    out = out.astype({"election_id": "str"})
    gone = pd.MultiIndex.from_frame(out[_KEY].astype("str"))
    gone = gone.difference(pd.MultiIndex.from_frame(counts[_KEY].astype("str")))
    # Few units are set aside: their votes are looked for among those of their ids alone.
    near = ballots[ballots["bureau_id"].isin(gone.get_level_values(1))]
    lost = near.index[pd.MultiIndex.from_frame(near[_KEY].astype("str")).isin(gone)]
    reports = [_accounted(report, raw, out, len(lost)) for report in raw.reports]
    return replace(
        raw,
        counts=counts,
        ballots=ballots.drop(index=lost).reset_index(drop=True),
        reports=tuple(reports),
    )


def _accounted(report: Report, raw: Raw, out: pd.DataFrame, votes: int) -> Report:
    """Return the account of a file with the rows of units set aside."""
    role = report.source.role
    if role == "candidats_results":
        gone = (LeftOut(Text("votes of a bureau set aside"), votes),) if votes else ()
        return replace(report, rows_kept=report.rows_kept - votes, left_out=report.left_out + gone)
    mine = out if role == "general_results" else out[out["election_id"] == role.split()[-1]]
    left = tuple(
        LeftOut(reason, len(rows), some(rows["said"]), election)
        for (election, reason), rows in mine.groupby(["election_id", "reason"], sort=False)
    )
    kept = report.rows_kept
    if len(mine):
        # A long file has a row for each candidate of a unit.
        units = int((raw.counts["election_id"] == mine["election_id"].iloc[0]).sum())
        kept -= votes if role != "general_results" and kept > units else len(mine)
    postal = mine[mine["reason"] == _NO_REGISTERED]
    note = Text(
        "{ballots} ballots of {n} unit(s) without registered are in no bureau",
        ballots=int(postal["ballots"].sum()),
        n=len(postal),
    )
    notes = (*report.notes, note) if len(postal) else report.notes
    return replace(report, rows_kept=kept, left_out=report.left_out + left, notes=notes)


def without_rows(
    raw: Raw, left_out: Sequence[LeftOut], lost: pd.Series, units: pd.Series
) -> list[Report]:
    """Return the accounts of the files with what was left out of each.

    Parameters
    ----------
    raw
        As it was read: which file is of which election.
    left_out
        What was left out, of all files.
    lost, units
        By election: rows of votes left out, and bureaux whose votes contradict their ballots.

    Returns
    -------
    list
        A file that has a row for each bureau lost as many rows as bureaux, not as candidates.
    """
    last, rest, found = raw.reports[-1], list(left_out), []
    for report in raw.reports:
        role, gone, mine = report.source.role, 0, []
        if role == "candidats_results":
            gone, mine = int(lost.sum()), rest
        elif role != "general_results":
            election = role.split()[-1]
            wide = report.rows_kept <= int((raw.counts["election_id"] == election).sum())
            gone = int((units if wide else lost).get(election, 0))
            mine = [one for one in rest if one.election_id == election or report is last]
        rest = [one for one in rest if one not in mine]
        kept = report.rows_kept - gone
        found.append(replace(report, rows_kept=kept, left_out=(*report.left_out, *mine)))
    return found
