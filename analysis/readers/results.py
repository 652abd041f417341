"""Election results of any layout, brought into the canonical tables and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

import numpy as np
import pandas as pd

from analysis.errors import DataError, Listed, Text, some
from analysis.readers.blocs import give_blocs
from analysis.readers.implausible import told_of_sizes
from analysis.readers.known_places import officially_spelt
from analysis.readers.merged_communes import changed_communes, given_to_today
from analysis.readers.raw_results import Raw
from analysis.readers.set_aside import files_of, set_aside, tolerated, without_rows
from analysis.tables.elections import Election
from analysis.tables.schema import CANDIDATES, ELECTIONS, PLACES, TURNOUT, VOTES
from analysis.tables.sources import LeftOut, Report
from analysis.tables.table import Table

# Of 1,000 inhabitants, fewer are registered.
_SMALL_COMMUNE = 1_000
# A council has at least seven seats: where ballots name several, votes are far above ballots.
_SEVERAL = 1.2
_ONE_LIST_EVERYWHERE = datetime(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Results:
    """Canonical tables of the results of a place, and the account of their reading."""

    elections: pd.DataFrame
    places: pd.DataFrame
    turnout: pd.DataFrame
    votes: pd.DataFrame
    candidates: pd.DataFrame
    reports: tuple[Report, ...]
    zones: pd.DataFrame


def assemble(
    raw: Raw,
    blocs: pd.DataFrame,
    dated: Callable[[str], Election],
    *,
    leave_out: bool = False,
) -> Results:
    """Check results and bring them into the canonical tables.

    Where the votes of a bureau do not sum to its valid ballots, its turnout is
    kept and its votes are left out and listed; so totals stay the official ones.

    Parameters
    ----------
    raw
        As a layout's reader hands it over.
    blocs
        As `blocs.read_blocs` returns it.
    dated
        Gives kind, round and day of an election id.
    leave_out
        Leave contradictory bureaux out however many they are.

    Returns
    -------
    Results
        The canonical tables, and what was left out with its reasons.

    Raises
    ------
    DataError
        When there is nothing to read, a bureau appears twice, counts contradict
        one another, or more than one bureau in a hundred has votes that do
        not sum to its valid ballots.
    """
    if raw.counts.empty:
        raise DataError(
            "There is no bureau to read.",
            where="{reports}",
            mend="Check the code given with --place, or whether the download is complete.",
            reports=some(report.source.file for report in raw.reports),
        )
    raw = set_aside(raw, leave_out=leave_out)
    turnout = _check(TURNOUT, raw.counts, files_of(raw, without="candidats_results"))
    ballots, rows, orphans = _without_orphans(raw, turnout, leave_out=leave_out)
    votes, restored = _restore(ballots["votes"], rows, turnout["valid"].to_numpy())
    sums = np.bincount(rows, weights=votes, minlength=len(turnout)).astype("int64")
    contradicts = sums != turnout["valid"].to_numpy()
    left_out = [
        *orphans,
        *_contradictions(
            turnout[contradicts].assign(sum=sums[contradicts]),
            turnout,
            raw,
            dated,
            leave_out=leave_out,
        ),
    ]
    kept = ~contradicts[rows]
    bad = _by_election(turnout.loc[contradicts, "election_id"])
    turnout = _with_votes(turnout, rows[kept], left_out, raw)
    table, candidates = _candidates(ballots[kept].assign(votes=votes[kept]), blocs)
    files = files_of(raw, without="general_results")
    table = _once_each(table, left_out, files, leave_out=leave_out)
    was, left = (_by_election(rows["election_id"]) for rows in (raw.ballots, table))
    lost = was.sub(left, fill_value=0).astype("int64")
    reports = without_rows(raw, left_out, lost, bad)
    report = replace(reports[-1], notes=(*reports[-1].notes, *restored))
    elections = _elections(turnout["election_id"], dated)
    first, *others = (*reports[:-1], report)
    notes = (
        told_of_sizes(turnout),
        given_to_today(turnout, elections),
        changed_communes(turnout, elections),
    )
    changed = tuple(chain.from_iterable(notes))
    voted = turnout["bureau_id"].cat.categories.get_indexer(raw.zones["bureau_id"]) >= 0
    return Results(
        elections=elections,
        places=_spelt(PLACES.check(raw.places.drop_duplicates("commune_id"))),
        turnout=turnout,
        votes=table,
        candidates=candidates,
        reports=(replace(first, notes=(*first.notes, *changed)), *others),
        zones=raw.zones[voted],
    )


def _check(table: Table, df: pd.DataFrame, files: str) -> pd.DataFrame:
    """Check a table; an error names the files besides the rows, and the way on."""
    try:
        return table.check(df)
    except DataError as error:
        raise DataError(
            "{what}",
            where="{files}: {rows}",
            mend="{remedy} Or leave these bureaux out with --leave-out-contradictions."
            if table is TURNOUT
            else "{remedy}",
            what=error.what,
            files=files,
            rows=error.where,
            remedy=error.mend,
        ) from error


def _once_each(
    votes: pd.DataFrame, left_out: list[LeftOut], files: str, *, leave_out: bool
) -> pd.DataFrame:
    """Return checked votes, without the bureaux where a candidate stands twice.

    Nothing tells whether votes came in two rows or one row has another's name.
    """
    try:
        return _check(VOTES, votes, files)
    except DataError:
        again = votes[votes.duplicated(["election_id", "bureau_id", "candidate_id"])]
        keys = ["election_id", "bureau_id"]
        units, bad = (len(rows[keys].drop_duplicates()) for rows in (votes, again))
        if not bad or not tolerated(bad, units, leave_out=leave_out):
            raise
    for election, part in again.groupby("election_id", observed=True):
        bureaux = part["bureau_id"].unique()
        reason = Text("a candidate stands twice in the bureau")
        left_out.append(LeftOut(reason, len(bureaux), some(bureaux), str(election)))
    index = pd.MultiIndex.from_frame(votes[keys].astype("str"))
    gone = index.isin(pd.MultiIndex.from_frame(again[keys].astype("str")))
    return _check(VOTES, votes[~gone].reset_index(drop=True), files)


def _with_votes(
    turnout: pd.DataFrame, rows: np.ndarray, left_out: list[LeftOut], raw: Raw
) -> pd.DataFrame:
    """Return turnout without the elections of which no vote is left."""
    elections = turnout["election_id"].cat.codes.to_numpy()
    voted = np.bincount(elections[rows], minlength=elections.max(initial=0) + 1) > 0
    if not voted.any():
        raise DataError(
            "No election is left to read.",
            where="{files}: {reasons}",
            mend="Correct the counts at the source, or give another file.",
            files=files_of(raw),
            reasons=Listed(
                (Text("{reason}: {n}", reason=o.reason, n=o.count) for o in left_out), "; "
            ),
        )
    here = voted[elections]
    return turnout if here.all() else turnout[here].reset_index(drop=True)


def _by_election(ids: pd.Series) -> pd.Series:
    """Return the number of rows by election; a nation's are counted as codes, not as texts."""
    counts = ids.value_counts()
    return counts.set_axis(counts.index.astype("str"))


def _row_of(turnout: pd.DataFrame, ballots: pd.DataFrame) -> np.ndarray:
    """Return the row of `turnout` each row of `ballots` belongs to, -1 for none."""
    elections = turnout["election_id"].cat.categories
    bureaux = turnout["bureau_id"].cat.categories
    width = len(bureaux)
    lookup = np.full(len(elections) * width + 1, -1, dtype="int64")
    keys = turnout["election_id"].cat.codes.to_numpy("int64") * width
    lookup[keys + turnout["bureau_id"].cat.codes.to_numpy()] = np.arange(len(turnout))
    election = _recode(ballots["election_id"], elections)
    bureau = _recode(ballots["bureau_id"], bureaux)
    known = (election >= 0) & (bureau >= 0)
    return lookup[np.where(known, election * width + bureau, len(lookup) - 1)]


def _recode(ids: pd.Series, categories: pd.Index) -> np.ndarray:
    positions = categories.get_indexer(ids.cat.categories)
    return np.asarray(positions, dtype="int64")[ids.cat.codes.to_numpy()]


def _without_orphans(
    raw: Raw, turnout: pd.DataFrame, *, leave_out: bool
) -> tuple[pd.DataFrame, np.ndarray, list[LeftOut]]:
    ballots, rows = raw.ballots, _row_of(turnout, raw.ballots)
    orphan = rows < 0
    if not orphan.any():
        return ballots, rows, []
    lost, out = ballots[orphan], []
    sizes = _by_election(turnout["election_id"])
    for election, part in lost.groupby(lost["election_id"].astype("str")):
        bureaux = part["bureau_id"].unique()
        units = sizes.get(election, 0) + len(bureaux)
        if not tolerated(len(bureaux), units, leave_out=leave_out):
            raise DataError(
                "{n} bureau(x) have votes but no turnout.",
                where="{files}: {election}: {bureaux}",
                mend="Check that both files are of the same edition and complete; or leave these "
                "bureaux out with --leave-out-contradictions.",
                n=len(bureaux),
                files=files_of(raw),
                election=election,
                bureaux=some(bureaux),
            )
        out.append(
            LeftOut(
                Text("votes of a bureau without turnout"), len(part), some(bureaux), str(election)
            )
        )
    return ballots[~orphan], rows[~orphan], out


def _restore(
    votes: pd.Series, rows: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Fill the one unreadable count of a bureau: valid ballots less all other votes."""
    missing = votes.isna().to_numpy()
    known = votes.fillna(0).to_numpy(dtype="int64")
    if not missing.any():
        return known, ()
    holes = np.bincount(rows[missing], minlength=len(valid))
    rest = valid - np.bincount(rows, weights=known, minlength=len(valid)).astype("int64")
    fill = missing & (holes[rows] == 1) & (rest[rows] >= 0)
    note = Text(
        "{fill} unreadable count(s) of votes (shifted rows) restored as "
        "valid ballots less all other votes of the bureau",
        fill=int(fill.sum()),
    )
    return np.where(fill, rest[rows], known), (note,)


def _contradictions(
    bad: pd.DataFrame,
    turnout: pd.DataFrame,
    raw: Raw,
    dated: Callable[[str], Election],
    *,
    leave_out: bool,
) -> list[LeftOut]:
    out = []
    sizes = turnout["election_id"].value_counts()
    for election, part in bad.groupby("election_id", observed=True):
        several = _names_several(part, dated(str(election)))
        if several.any():
            reason = Text("ballots that name several candidates (communes under 1,000)")
            out.append(LeftOut(reason, int(several.sum()), _sums(part[several]), str(election)))
        part = part[~several]
        voted = turnout["election_id"].eq(election) & turnout["valid"].gt(0)
        if len(part) == voted.sum() and part["sum"].eq(0).all():
            reason = Text("the file of votes does not hold this election")
            out.append(LeftOut(reason, len(part), "", str(election)))
            continue
        if not tolerated(len(part), sizes[election], leave_out=leave_out):
            raise DataError(
                "The votes of {n} bureau(x) do not sum to their valid ballots.",
                where="{files}: {election}: {examples}",
                mend="Check that both files are of the same edition and complete; correct the "
                "counts at the source, or leave these bureaux out with "
                "--leave-out-contradictions.",
                n=len(part),
                files=files_of(raw),
                election=election,
                examples=_sums(part),
            )
        if len(part):
            reason = Text("votes do not sum to valid")
            out.append(LeftOut(reason, len(part), _sums(part), str(election)))
    return out


def _names_several(bad: pd.DataFrame, election: Election) -> pd.Series:
    """Tell which bureaux vote for several candidates on one ballot.

    Until 2026 communes under 1,000 inhabitants elected their council so (loi du 21 mai 2025).
    """
    small = bad["registered"] < _SMALL_COMMUNE
    plural = election.kind == "muni" and election.date < _ONE_LIST_EVERYWHERE
    return small & (bad["sum"] > _SEVERAL * bad["valid"]) & plural


def _sums(bad: pd.DataFrame) -> Text:
    return some(
        Text("{bureau} ({votes} for {valid} valid)", bureau=b, votes=s, valid=v)
        for b, s, v in zip(bad["bureau_id"], bad["sum"], bad["valid"], strict=True)
    )


def _spelt(places: pd.DataFrame) -> pd.DataFrame:
    """Return the places in order, French communes in their official spelling."""
    table = places.sort_values("commune_id")
    french = table["department_id"] != ""
    pairs = zip(table["commune_id"], table["name"], strict=True)
    spelt = [officially_spelt(str(code), str(name)) for code, name in pairs]
    return table.assign(name=table["name"].mask(french, pd.Series(spelt, table.index, dtype="str")))


def _candidates(ballots: pd.DataFrame, blocs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every candidate an id, unique within an election, and a bloc."""
    nuance, name = ballots["nuance"], ballots["name"]
    width = len(name.cat.categories)
    combined = nuance.cat.codes.to_numpy("int64") * width + name.cat.codes.to_numpy()
    codes, combos = pd.factorize(combined)
    nuances = nuance.cat.categories.to_numpy()[combos // width]
    names = name.cat.categories.to_numpy()[combos % width]
    labels = [" ".join(filter(None, pair)) for pair in zip(nuances, names, strict=True)]
    table = pd.DataFrame(
        {
            "election_id": ballots["election_id"].array,
            "bureau_id": ballots["bureau_id"].array,
            "candidate_id": pd.Categorical.from_codes(codes, pd.Index(labels, dtype="str")),
            "votes": ballots["votes"].to_numpy(),
        }
    )
    elections = table["election_id"].cat
    cells = elections.codes.to_numpy("int64") * len(labels) + codes
    stood = np.flatnonzero(np.bincount(cells))
    election, candidate = np.divmod(stood, len(labels))
    candidates = pd.DataFrame(
        {
            "election_id": elections.categories[election].astype("str"),
            "candidate_id": pd.array(labels, dtype="str")[candidate],
            "name": names[candidate],
            "nuance": nuances[candidate],
            "votes": np.bincount(cells, weights=table["votes"])[stood].astype("int64"),
        }
    )
    candidates["bloc"] = give_blocs(candidates, blocs)
    candidates = candidates.sort_values(["election_id", "candidate_id"], ignore_index=True)
    return table, CANDIDATES.check(candidates)


def _elections(ids: pd.Series, dated: Callable[[str], Election]) -> pd.DataFrame:
    here = ids.cat.categories[ids.cat.codes.unique()]
    known = sorted(map(dated, here), key=lambda e: (e.date, e.election_id))
    table = pd.DataFrame(
        {
            "election_id": [e.election_id for e in known],
            "date": pd.to_datetime([e.date for e in known]).as_unit("ns"),
            "kind": [e.kind for e in known],
            "round": [e.round for e in known],
            "vintage": pd.array([pd.NA] * len(known), dtype="Int64"),
        }
    )
    return ELECTIONS.check(table)
