"""A second round as somebody imagines it: counted by bureau, kept under a name, taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.charts.chart_words import election
from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT, counts_of, tables_of
from analysis.electorate.transfers.second_round import (
    ASSUMED_SPREAD,
    SecondRound,
    count_second_round,
    spread_between,
    start_by_blocs,
    start_from,
)
from analysis.electorate.transfers.transfer_results import Transfers
from analysis.errors import DataError
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.i18n import Words
from analysis.tables.workspace import Workspace
from analysis.workflows import named_files, transfers
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import communes_of, contours_of, title_of
from analysis.workflows.named_files import LONGEST_NAME, Shelf

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 0
_FOLDER = "second_rounds"
_OF_BUREAU = ("bureau_id", "registered", "valid", SPOILT, ABSTENTION)
# Of the registered, who may go on to a second round of these (Code électoral, L162 and L210-1);
# of the valid votes elsewhere (L264, L346).
_OF_REGISTERED, _OF_VALID, _ABOUT_TWO = 0.125, 0.10, 2
_WORDS = Words("chart", {"imagined": "imagined second round after {}"})


@dataclass(frozen=True)
class WhatIf:
    """A second round that somebody imagines.

    Attributes
    ----------
    first
        Id of the first round.
    place
        Commune, département or a part of one; empty for the whole workspace.
    shares
        Option of the first round → destination → share, 0 to 1; each sums to 1.
    asked
        Voters of each option that the shares are worth.
    name
        Under which it is kept; empty for none.
    order
        Options and destinations, as people read them.
    """

    first: str
    place: str
    shares: Mapping[str, Mapping[str, float]]
    asked: int = 100
    name: str = ""
    order: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def table(self) -> pd.DataFrame:
        """Return the shares as options × destinations."""
        table = pd.DataFrame.from_dict(self.shares, orient="index").fillna(0.0)
        # Files sort what they hold by name; people read by size.
        return table.loc[[*self.order[0]], [*self.order[1]]]

    def with_shares(self, table: pd.DataFrame) -> WhatIf:
        """Return this with other shares, options × destinations."""
        shares = {
            str(option): {str(to): round(float(share), 9) for to, share in row.items()}
            for option, row in table.iterrows()
        }
        order = tuple(map(str, table.index)), tuple(map(str, table.columns))
        return replace(self, shares=shares, order=order)


def usual_finalists(counts: pd.DataFrame, kind: str) -> list[str]:
    """Return who would go on by the usual rule of an election, the first two at least.

    Parameters
    ----------
    counts
        Bureaux × options of the first round.
    kind
        "pres", "legi", "muni"…
    """
    votes = counts.drop(columns=[SPOILT, ABSTENTION], errors="ignore").sum()
    ranked = votes.sort_values(ascending=False, kind="stable")
    if kind == "pres":
        return [str(one) for one in ranked.index[:_ABOUT_TWO]]
    few = kind in {"legi", "dpmt", "cant"}
    needed = _OF_REGISTERED * counts.to_numpy().sum() if few else _OF_VALID * votes.sum()
    count = max(int((ranked >= needed).sum()), _ABOUT_TWO)
    return [str(one) for one in ranked.index[:count]]


def second_of(workspace: Workspace, first: str) -> str:
    """Return the second round of a first one, where the workspace holds it; else ""."""
    known = set(workspace.read("elections")["election_id"])
    other = f"{first.removesuffix('_t1')}_t2"
    return other if first.endswith("_t1") and other in known else ""


def begin(workspace: Workspace, first: str, place: str, finalists: Sequence[str] = ()) -> WhatIf:
    """Return what to edit: the estimate of the round that was held, or a start by blocs.

    Parameters
    ----------
    workspace
        A built place.
    first
        The first round.
    place
        As in `WhatIf`.
    finalists
        Who stands; empty takes the round that was held where there is one, else the usual rule.

    Returns
    -------
    WhatIf
        With shares to edit.

    Raises
    ------
    DataError
        When the place has no such election.
    """
    second = second_of(workspace, first)
    if second and not finalists:
        found = _held(workspace, first, place)
        return WhatIf(first, place, {}).with_shares(start_from(found))
    counts, _lost = counts_of(workspace, first, place)
    chosen = [*finalists] or usual_finalists(counts, first.split("_")[1])
    start = start_by_blocs([*counts.columns], chosen, transfers.blocs_of(workspace, first))
    return WhatIf(first, place, {}).with_shares(start)


def _held(workspace: Workspace, first: str, place: str) -> Transfers:
    elections = first, second_of(workspace, first)
    return transfers.estimated(
        workspace, transfers.Asked(elections=elections, places=(place,), workers=1)
    )


def spread_of(workspace: Workspace, first: str, place: str) -> float:
    """Return how far bureaux strayed at the last two rounds of that kind, or at these.

    Where no such pair is known, what is assumed: `ASSUMED_SPREAD`.

    Parameters
    ----------
    workspace
        A built place.
    first
        The first round.
    place
        As in `WhatIf`.

    Returns
    -------
    float
        As `count_second_round` takes it.
    """
    known = workspace.read("elections").sort_values("date")
    until = known.loc[known["election_id"] == first, "date"]
    earlier = known[(known["kind"] == first.split("_")[1]) & (known["date"] <= until.max())]
    rounds = [one for one in earlier["election_id"] if second_of(workspace, one)]
    if not rounds:
        return ASSUMED_SPREAD
    try:
        pair = tables_of(workspace, rounds[-1], second_of(workspace, rounds[-1]), place)
        shares = start_from(_held(workspace, rounds[-1], place))
    except DataError:  # no second round in that place, or too few bureaux
        return ASSUMED_SPREAD
    return round(spread_between(pair.origin, pair.destination, shares), 6)


def counted(workspace: Workspace, asked: WhatIf, *, spread: float | None = None) -> SecondRound:
    """Count an imagined second round.

    Parameters
    ----------
    workspace
        A built place.
    asked
        What is imagined.
    spread
        As of `spread_of`; None works it out.

    Returns
    -------
    SecondRound
        The same for the same question: the seed is fixed.

    Raises
    ------
    DataError
        When the place has no such election, or shares do not sum to 1.
    """
    counts, _lost = counts_of(workspace, asked.first, asked.place)
    known = spread_of(workspace, asked.first, asked.place) if spread is None else spread
    rng = np.random.default_rng(SEED)
    return count_second_round(counts, asked.table(), rng=rng, asked=asked.asked, spread=known)


def finding(
    workspace: Workspace, asked: WhatIf, found: SecondRound, *, figure: str = "", written: Written
) -> Finding:
    """Put an imagined second round so that it can leave.

    Parameters
    ----------
    workspace
        Where it was counted.
    asked, found
        What was imagined, and what came of it.
    figure
        A finalist whose map is drawn; empty for the table by bureau.
    written
        How it is written.

    Returns
    -------
    Finding
        Rows by bureau, or a map of one finalist, with where they come from.
    """
    language = written.language
    rows = _rows(workspace, found)
    shapes = contours_of(workspace, _vintage(workspace, asked.first), rows["commune_id"])
    source = of_workspace(
        workspace, "second_round", {**asdict(asked), "spread": found.spread, "figure": figure},
        seed=SEED,
    )  # fmt: skip
    told = _WORDS[language]["imagined"].format(election(asked.first, language))
    heading = " · ".join(filter(None, (title_of(workspace, asked.place, language), asked.name)))
    heading = f"{heading}\n{told}"
    draw = partial(_map, shapes, found, figure, heading, language) if figure else None
    units = columns_of("second_round", rows, language)
    return Finding(rows, shapes, source, heading, units, draw, written)


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Count again what a file of `finding` was made from.

    Parameters
    ----------
    workspace
        Where it was counted, or one of the same files.
    provenance
        Of the file.
    written
        How it is written.

    Returns
    -------
    Finding
        With the spread that the file was made with.

    Raises
    ------
    DataError
        When the place has no such election.
    """
    given = provenance.parameters
    asked = _read(given)
    found = counted(workspace, asked, spread=float(given["spread"]))
    return finding(workspace, asked, found, figure=given["figure"], written=written)


def _rows(workspace: Workspace, found: SecondRound) -> pd.DataFrame:
    """Return one row per bureau and finalist, with what a bureau is called."""
    rows = found.shares.merge(
        found.table[[one for one in _OF_BUREAU if one in found.table]], on="bureau_id"
    )
    named = rows.join(communes_of(workspace, rows["bureau_id"]))
    first = ["bureau_id", "label", "commune_id", "commune"]
    return named[[*first, *named.columns.difference(first, sort=False)]]


def _map(
    shapes: gpd.GeoDataFrame, found: SecondRound, finalist: str, title: str, language: str
) -> Figure:
    from analysis.charts.chart_words import nuance, say
    from analysis.charts.colours import classes
    from analysis.charts.share_map import share_map

    own = found.shares[found.shares["finalist"] == finalist].set_index("bureau_id")["share_valid"]
    graded = classes(100 * own.reindex(shapes["bureau_id"]), n=7, language=language)
    colours = graded.palette[1:]
    return share_map(
        shapes.assign(colour=pd.Series([None, *colours], dtype=object)[graded.index].to_numpy()),
        entries=list(zip(colours, graded.labels[1:], strict=True)),
        title=title,
        legend=f"{nuance(finalist)}, {say('of_valid', language)}",
        language=language,
    )


def vintage_of(workspace: Workspace, asked: WhatIf) -> int | None:
    """Return the contours of the bureaux of a first round; None where there are none."""
    return _vintage(workspace, asked.first)


def _vintage(workspace: Workspace, first: str) -> int | None:
    vintage = workspace.read("elections").set_index("election_id").loc[first, "vintage"]
    return None if pd.isna(vintage) else int(vintage)


def keep(workspace: Workspace, asked: WhatIf) -> Path:
    """Keep an imagined second round in the workspace, under its name.

    Raises
    ------
    DataError
        When it has no name that a file can bear, or the workspace cannot be written to.
    """
    plain = asked.name.strip()
    if not any(one.isalnum() for one in plain) or len(plain) > LONGEST_NAME:
        raise DataError(
            "A second round is kept under a name.",
            where="{name}",
            mend="Give it 1 to {longest} letters or digits.",
            name=repr(asked.name) if plain else "",
            longest=LONGEST_NAME,
        )
    return named_files.put(_folder(workspace), shelf(workspace), asked.name, asdict(asked))


def shelf(workspace: Workspace) -> Shelf[WhatIf]:
    """Return what was kept, and the files that cannot be read."""
    return named_files.look(_folder(workspace), _read)


def kept(workspace: Workspace) -> Mapping[str, WhatIf]:
    """Return what was kept and can be read, by name."""
    return shelf(workspace).found


def forget(workspace: Workspace, name: str) -> None:
    """Take away what was kept under a name."""
    named_files.forget(shelf(workspace), name)


def _folder(workspace: Workspace) -> Path:
    return workspace.path / _FOLDER


def _read(told: Mapping[str, Any]) -> WhatIf:
    shares = {
        str(option): {str(to): float(share) for to, share in row.items()}
        for option, row in told["shares"].items()
    }
    first, place, name = (str(told.get(key, "")) for key in ("first", "place", "name"))
    options, destinations = (tuple(map(str, one)) for one in told["order"])
    one = WhatIf(first, place, shares, int(told["asked"]), name, (options, destinations))
    # What is listed can be opened.
    one.table()
    return one
