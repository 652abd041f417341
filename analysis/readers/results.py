"""Election results of any layout, brought into the canonical tables and checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.blocs import give_blocs
from analysis.tables.elections import Election
from analysis.tables.schema import CANDIDATES, ELECTIONS, PLACES, TURNOUT, VOTES
from analysis.tables.sources import LeftOut, Report
from analysis.tables.table import Table

# Above this share of an election's bureaux, contradictions are not slips of the
# publisher (at most 0.3% in a town) but a file that was read or made wrongly.
MOST_CONTRADICTIONS = 0.01


@dataclass(frozen=True, slots=True)
class Raw:
    """Results as a layout's reader hands them over, before any check.

    Attributes
    ----------
    counts
        One row per election × bureau: `election_id`, `bureau_id` (categories),
        `registered`, `ballots`, `blank`, `null`, `valid`.
    ballots
        One row per election × bureau × candidate: `election_id`, `bureau_id`,
        `nuance`, `name` (categories, "" for unknown), `votes` (missing where unreadable).
    places
        `commune_id`, `name`, `department_id`.
    reports
        One account for each file.
    """

    counts: pd.DataFrame
    ballots: pd.DataFrame
    places: pd.DataFrame
    reports: tuple[Report, ...]


def combine(raws: Sequence[Raw]) -> Raw:
    """Put the results of several files together, one after another."""
    if len(raws) == 1:
        return raws[0]

    def stack(name: str, ids: tuple[str, ...]) -> pd.DataFrame:
        frames = [getattr(raw, name) for raw in raws]
        table = pd.concat([f.astype(dict.fromkeys(ids, "str")) for f in frames], ignore_index=True)
        return table.astype(dict.fromkeys(ids, "category"))

    return Raw(
        counts=stack("counts", ("election_id", "bureau_id")),
        ballots=stack("ballots", ("election_id", "bureau_id", "nuance", "name")),
        places=pd.concat([raw.places for raw in raws], ignore_index=True),
        reports=tuple(report for raw in raws for report in raw.reports),
    )


@dataclass(frozen=True, slots=True)
class Results:
    """Canonical tables of the results of a place, and the account of their reading."""

    elections: pd.DataFrame
    places: pd.DataFrame
    turnout: pd.DataFrame
    votes: pd.DataFrame
    candidates: pd.DataFrame
    reports: tuple[Report, ...]


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
    most = 1.0 if leave_out else MOST_CONTRADICTIONS
    turnout = _check(TURNOUT, raw.counts, _files(raw, without="candidats_results"))
    ballots, rows, orphans = _without_orphans(raw, turnout, most)
    votes, restored = _restore(ballots["votes"], rows, turnout["valid"].to_numpy())
    sums = np.bincount(rows, weights=votes, minlength=len(turnout)).astype("int64")
    contradicts = sums != turnout["valid"].to_numpy()
    left_out = [
        *orphans,
        *_contradictions(turnout[contradicts].assign(sum=sums[contradicts]), turnout, raw, most),
    ]
    kept = ~contradicts[rows]
    table, candidates = _candidates(ballots[kept].assign(votes=votes[kept]), blocs)
    table = _check(VOTES, table, _files(raw, without="general_results"))
    last = raw.reports[-1]
    kept_rows = last.rows_read - sum(o.count for o in orphans) - int((~kept).sum())
    report = replace(
        last,
        rows_kept=kept_rows,
        left_out=(*last.left_out, *left_out),
        notes=(*last.notes, *restored),
    )
    return Results(
        elections=_elections(turnout["election_id"], dated),
        places=PLACES.check(raw.places.drop_duplicates("commune_id").sort_values("commune_id")),
        turnout=turnout,
        votes=table,
        candidates=candidates,
        reports=(*raw.reports[:-1], report),
    )


def _files(raw: Raw, *, without: str = "") -> str:
    return some(r.source.file for r in raw.reports if r.source.role != without)


def _check(table: Table, df: pd.DataFrame, files: str) -> pd.DataFrame:
    """Check a table; an error names the files besides the rows."""
    try:
        return table.check(df)
    except DataError as error:
        where = f"{files}: {error.where}"
        raise DataError(
            "{what}",
            where="{place}",
            mend="{remedy}",
            what=error.what,
            place=where,
            remedy=error.mend,
        ) from error


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
    raw: Raw, turnout: pd.DataFrame, most: float
) -> tuple[pd.DataFrame, np.ndarray, list[LeftOut]]:
    ballots, rows = raw.ballots, _row_of(turnout, raw.ballots)
    orphan = rows < 0
    if not orphan.any():
        return ballots, rows, []
    lost, out = ballots[orphan], []
    sizes = turnout["election_id"].astype("str").value_counts()
    for election, part in lost.groupby(lost["election_id"].astype("str")):
        bureaux = part["bureau_id"].unique()
        if len(bureaux) > most * (sizes.get(election, 0) + len(bureaux)):
            raise DataError(
                "{n} bureau(x) have votes but no turnout.",
                where="{files}: {election}: {bureaux}",
                mend="Check that both files are of the same edition and complete; or leave these "
                "bureaux out with --leave-out-contradictions.",
                n=len(bureaux),
                files=_files(raw),
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
    bad: pd.DataFrame, turnout: pd.DataFrame, raw: Raw, most: float
) -> list[LeftOut]:
    out = []
    sizes = turnout["election_id"].value_counts()
    for election, part in bad.groupby("election_id", observed=True):
        examples = some(
            Text("{bureau} ({votes} for {valid} valid)", bureau=b, votes=s, valid=v)
            for b, s, v in zip(part["bureau_id"], part["sum"], part["valid"], strict=True)
        )
        if len(part) > most * sizes[election]:
            raise DataError(
                "The votes of {n} bureau(x) do not sum to their valid ballots.",
                where="{files}: {election}: {examples}",
                mend="Check that both files are of the same edition and complete; correct the "
                "counts at the source, or leave these bureaux out with "
                "--leave-out-contradictions.",
                n=len(part),
                files=_files(raw),
                election=election,
                examples=examples,
            )
        out.append(LeftOut(Text("votes do not sum to valid"), len(part), examples, str(election)))
    return out


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
    known = [dated(name) for name in sorted(ids.cat.categories[ids.cat.codes.unique()])]
    table = pd.DataFrame(
        {
            "election_id": [e.election_id for e in known],
            "date": pd.to_datetime([e.date for e in known]).as_unit("ns"),
            "kind": [e.kind for e in known],
            "round": [e.round for e in known],
            "vintage": pd.array([pd.NA] * len(known), dtype="Int64"),
        }
    )
    return ELECTIONS.check(table.sort_values(["date", "election_id"], ignore_index=True))
