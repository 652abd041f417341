"""Rows that are the sum of others: a total is no unit, whatever the file calls it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import Text
from analysis.tables.schema import commune_of

SUM = Text("the sum of other rows")
NEARLY = Text("nearly the sum of all other rows of its commune")
MEAN = Text("called a mean")
NAMED = Text("called a total, and no smaller than any other row")
_COUNTS = ["registered", "ballots", "valid"]
# What files call a sum, in the languages of Europe and those of its neighbours.
_TOTAL = re.compile(
    r"((sous|sub|grand) ?)?(total|totale|totaux|totals|totaal|totalt)\b.*"
    r"|(county|city|state|district|precinct|ward|grand|overall) totals?"
    r"|(ensemble|cumul|somme|recapitulatif)"
    r"( (general|(de |du |des |de la |de l )?(commune|ville|canton|circonscription|departement"
    r"|bureaux|votes|lieux)\b.*))?"
    r"|gesamt|gesamtergebnis|insgesamt|summe|zusammen|sum|suma|somma|sumar|razem|łacznie|ogołem"
    r"|celkem|spolu|osszesen|ukupno|skupaj|kokku|kopa|is viso|yhteensa|i alt|i alt alle|samtals"
    r"|(genel )?toplam|(γενικο )?συνολο|итого|всего|усього|разом|общо|укупно|合計|总计|總計|합계"
    r"|all (precincts|districts|wards|units)|(county|city|state|district) ?wide"
)
_MEAN = re.compile(
    r"(moyennes?|medianes?|moy)( (generale?|communale?|de la (commune|ville)|des bureaux))?"
    r"|averages?|mean|median|durchschnitt|mittelwert|mittel|promedio|media|gemiddelde"
)
_WORD = re.compile(r"[^\W\d_]+")
# A sum of one row is its copy; smaller sums may be met by chance.
_LEAST_ROWS, _LEAST = 3, np.array([50, 10, 10])
_LEAST_BLOCK = 2
# A row corrected after the sum was made leaves it off by so many, or by such a share of it. No
# bureau equals all others of its commune so nearly in every count and for every candidate.
_SLIP, _SLIP_SHARE, _LEAST_OTHERS = 3, 0.002, 3
_DEEPEST = 4  # totals of totals of totals


def total_rows(counts: pd.DataFrame, ballots: pd.DataFrame) -> pd.DataFrame:
    """Find the rows that are sums of other rows of their election.

    A row is one when its registered, ballots, valid votes and the votes of every candidate are
    the sums of two or more rows that stand next before or after it, of all others of its
    commune, or of all others; or those of the first or last rows together; or all of them nearly
    the sums of three or more others of its commune; or when it is called a total and no row of its
    commune is larger, or a mean.

    Parameters
    ----------
    counts, ballots
        As `results.Raw` has them, in the order of the file.

    Returns
    -------
    pandas.DataFrame
        `election_id`, `bureau_id`, `reason`: one row each, in the order of `counts`.
    """
    found: dict[int, Text] = {}
    named, mean = _are_called(counts["bureau_id"], is_called_total, is_called_mean)
    communes = commune_of(counts["bureau_id"]).cat.codes.to_numpy()
    every, elections = counts[_COUNTS].fillna(0).to_numpy("int64"), counts["election_id"].array
    for number in np.unique(elections.codes[elections.codes >= 0]):
        part = np.flatnonzero(elections.codes == number)
        values, commune = every[part], pd.factorize(communes[part])[0]
        election = str(elections.categories[number])
        votes = _Votes(ballots, election, counts["bureau_id"].iloc[part])
        exact = _summed(values, commune, votes)
        near = _nearly(values, commune, exact, votes)
        sums = np.union1d(exact, near)
        found |= dict.fromkeys(part[exact], SUM) | dict.fromkeys(part[near], NEARLY)
        found |= dict.fromkeys(part[mean[part]], MEAN)
        called = np.setdiff1d(np.flatnonzero(named[part]), exact)
        if len(called):
            largest = _largest(values[:, 0], commune, np.union1d(called, sums))
            found |= dict.fromkeys(part[called[values[called, 0] >= largest[called]]], NAMED)
    rows = counts[["election_id", "bureau_id"]].iloc[sorted(found)]
    reasons = pd.Series([found[row] for row in sorted(found)], index=rows.index, dtype=object)
    return rows.assign(reason=reasons)


def is_called_total(label: str) -> bool:
    """Tell whether a label calls its row a total, in any of many languages."""
    return _TOTAL.fullmatch(_words(label)) is not None


def are_called_totals(labels: pd.Series) -> np.ndarray:
    """Tell which labels call their rows a total; each is looked at once, however many have it."""
    totals = [label for label in labels.unique() if is_called_total(label)]
    found: np.ndarray = labels.isin(totals).to_numpy(dtype=bool)
    return found


def is_called_mean(label: str) -> bool:
    """Tell whether a label calls its row a mean of others."""
    return _MEAN.fullmatch(_words(label)) is not None


def _are_called(bureau_id: pd.Series, *so: Callable[[str], bool]) -> np.ndarray:
    """Tell of each way of calling a row so, which ids do (ways × ids)."""
    ids = bureau_id.astype("category").cat
    names = pd.Series(ids.categories, dtype="str")
    called = np.zeros((len(so), len(names) + 1), dtype=bool)
    # Nearly all are numbers.
    for at in np.flatnonzero(~names.str.fullmatch(r".*_\d+")):
        label = names.iloc[at].rpartition("_")[2]
        called[:, at] = [one(label) for one in so]
    flags: np.ndarray = called[:, ids.codes.to_numpy()]
    return flags


def _words(name: str) -> str:
    text = name.casefold()
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
        text = unicodedata.normalize("NFKC", plain)
    return " ".join(_WORD.findall(text))


def _largest(registered: np.ndarray, commune: np.ndarray, without: np.ndarray) -> np.ndarray:
    """Return the largest other row of each row's commune; infinite where there is none."""
    largest = np.full(commune.max() + 1, -1.0)
    others = np.setdiff1d(np.arange(len(commune)), without)
    np.maximum.at(largest, commune[others], registered[others])
    return np.where(largest < 0, np.inf, largest)[commune]


class _Votes:
    """The votes of one election, looked up where a sum is suspected."""

    def __init__(self, ballots: pd.DataFrame, election: str, bureau_id: pd.Series) -> None:
        self.ballots, self.election = ballots, election
        self.bureau_id = bureau_id

    @cached_property
    def table(self) -> pd.DataFrame:
        """The votes, which only a suspicion needs."""
        return self.ballots[self.ballots["election_id"] == self.election]

    def agree(self, rows: np.ndarray, members: np.ndarray) -> bool:
        """Tell whether the votes of rows are, together, the sums of those of their members."""
        own = self._of(rows)
        # A département has no candidates of its own where each constituency has others.
        nameless = own.index.isin([("", "")]).all()
        return bool(nameless) or own.equals(self._of(members))

    def nearly_agree(self, row: int, members: np.ndarray) -> bool:
        """Tell whether the votes of a row are those of its members but for a slip."""
        own, theirs = self._of(np.array([row])), self._of(members)
        own, theirs = own.align(theirs, fill_value=0)
        return len(own) > 1 and bool(_is_near(own.to_numpy(), theirs.to_numpy()).all())

    def _of(self, rows: np.ndarray) -> pd.Series:
        bureaux = self.bureau_id.iloc[rows].astype("str")
        mine = self.table[self.table["bureau_id"].isin(bureaux)]
        sums = mine.groupby(["nuance", "name"], observed=True)["votes"].sum()
        return sums[sums > 0].sort_index()


def _summed(values: np.ndarray, commune: np.ndarray, votes: _Votes) -> np.ndarray:
    """Return the positions of the rows that are sums of others."""
    active = np.flatnonzero(_in_all(values > 0))
    found = np.array([], dtype=int)
    for _ in range(_DEEPEST):
        suspects = _suspects(values[active], commune[active])
        new = {
            row
            for rows, members in suspects
            if (values[active[rows]] >= _LEAST).all() and votes.agree(active[rows], active[members])
            for row in active[rows]
        }
        if not new:
            break
        found = np.union1d(found, list(new))
        active = np.setdiff1d(active, found)
    return found.astype(int)


def _is_near(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    near: np.ndarray = np.abs(one - other) <= np.maximum(_SLIP, _SLIP_SHARE * other)
    return near


def _nearly(
    values: np.ndarray, commune: np.ndarray, without: np.ndarray, votes: _Votes
) -> np.ndarray:
    """Return the positions of rows that are the sum of all others of their commune but for a slip.

    Parameters
    ----------
    values, commune
        Of all rows.
    without
        Rows that are exact sums.
    votes
        Of the election.
    """
    left = _in_all(values > 0)
    left[without] = False
    rows = np.flatnonzero(left)
    size = int(commune.max(initial=-1)) + 1
    many = np.bincount(commune[rows], minlength=size)[commune[rows]] > _LEAST_OTHERS
    rows = rows[many]
    own, code = values[rows], commune[rows]
    sums = np.stack([np.bincount(code, weights=c, minlength=size) for c in own.T], axis=1)
    near = _in_all(own >= _LEAST) & _in_all(_is_near(own, sums[code] - own))
    found = [
        k for k in rows[near]
        if votes.nearly_agree(k, rows[(commune[rows] == commune[k]) & (rows != k)])
    ]  # fmt: skip
    return np.array(found, dtype=int)


def _suspects(values: np.ndarray, commune: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give the rows whose counts are the sums of others, mostly one at a time, and those others."""
    if len(values) < _LEAST_ROWS:
        return
    count = len(values)
    before = np.vstack([np.zeros((1, 3), dtype="int64"), values.cumsum(axis=0)])
    row = np.arange(count)
    first = _where(before, before[:-1] - values)
    for k in np.flatnonzero((first >= 0) & (row - first >= _LEAST_ROWS - 1)):
        yield row[[k]], np.arange(first[k], k)
    end = _where(before, before[1:] + values)
    for k in np.flatnonzero(end - row - 1 >= _LEAST_ROWS - 1):
        yield row[[k]], np.arange(k + 1, end[k])
    sizes = np.bincount(commune)
    sums = np.stack([np.bincount(commune, weights=column) for column in values.T], axis=1)
    halves = _in_all(2 * values == sums[commune]) & (sizes[commune] >= _LEAST_ROWS)
    for k in np.flatnonzero(halves):
        yield row[[k]], np.flatnonzero((commune == commune[k]) & (row != k))
    for k in np.flatnonzero(_in_all(2 * values == values.sum(axis=0))):
        yield row[[k]], row[row != k]
    yield from _blocks(values, np.zeros(count, dtype=int))
    yield from _blocks(values, commune)


def _blocks(values: np.ndarray, commune: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give rows of a commune that stand together and are, together, the sum of its finest rows.

    Totals of cantons or of districts stand so, one below another; a file of several levels (town,
    cantons, places of voting, bureaux) has the whole as often as it has levels.
    """
    order = np.argsort(commune, kind="stable")
    code = commune[order]
    first = np.searchsorted(code, code)
    before = np.vstack([np.zeros((1, 3), dtype="int64"), values[order].cumsum(axis=0)])
    end = np.searchsorted(code, code, side="right")
    within, whole = before[1:] - before[first], before[end] - before[first]
    for levels in range(2, _DEEPEST + 1):
        begins = np.flatnonzero(_in_all(levels * within == whole))
        if not len(begins):
            continue
        more = range(2, levels)
        at = [np.flatnonzero(_in_all(levels * within == n * whole)) for n in more]
        for k in begins:
            ends = [e for hits in (begins, *at) for e in hits if first[e] == first[k]]
            if len(ends) != levels - 1:
                continue
            groups = np.split(order[first[k] : end[k]], np.array(ends) + 1 - first[k])
            finest = max(groups, key=len)
            for group in groups:
                if _LEAST_BLOCK <= len(group) < len(finest):
                    yield group, finest


def _where(sums: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where in `sums`, which grow, each wanted row stands; -1 for nowhere."""
    at = np.searchsorted(sums[:, 0], wanted[:, 0])
    at = np.minimum(at, len(sums) - 1)
    return np.where(_in_all(sums[at] == wanted), at, -1)


def _in_all(so: np.ndarray) -> np.ndarray:
    """Return which rows are so in all of few columns: `all` would go from row to row."""
    found: np.ndarray = np.logical_and.reduce(list(so.T))
    return found
