"""Whether a ranking is ready to leave: what is old, assumed, unsealed or without ground."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

import pandas as pd

from analysis.errors import Listed, Text
from analysis.readers.calendar import election_of, is_dated, known_elections
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import RankingFile
from analysis.workflows.refusals import is_held
from analysis.workflows.rounds import first_of, was_decided
from analysis.workflows.sealed_trials import in_force

# Contours this many years older than the last vote may be those of bureaux since redrawn.
_OLD_YEARS = 3
ASSUMED = {
    "share_open": Text("how many doors open"),
    "doors": Text("how many doors there are"),
    "doors_per_hour": Text("how fast teams walk"),
    "social_need": Text("social need"),
    "support": Text("how many support us"),
    "movement": Text("how votes move"),
    "abstention": Text("how many stay home"),
    "marginal": Text("for whom abstainers would vote"),
}

# Whole names, each a text of its own: their parts go in another order in French.
_NAMED: Mapping[str, Callable[[str], Text]] = {
    "pres": lambda year: Text("presidential election of {year}", year=year),
    "legi": lambda year: Text("parliamentary election of {year}", year=year),
    "euro": lambda year: Text("European election of {year}", year=year),
    "muni": lambda year: Text("municipal election of {year}", year=year),
    "arrd": lambda year: Text("arrondissement election of {year}", year=year),
    "regi": lambda year: Text("regional election of {year}", year=year),
    "dpmt": lambda year: Text("departmental election of {year}", year=year),
    "cant": lambda year: Text("cantonal election of {year}", year=year),
    "refe": lambda year: Text("referendum of {year}", year=year),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know before a file leaves.

    Attributes
    ----------
    kind
        `old`, `assumed`, `unsealed`, `without_ground`, or of the field: `waiting`, `returns`,
        `objective`, `held_back`.
    text
        A sentence.
    page
        Where it is mended: the name of a page.
    """

    kind: str
    text: Text
    page: str

    def to_dict(self) -> dict[str, str]:
        """Return plain values."""
        return {name: str.__str__(value) for name, value in asdict(self).items()}


def ready(file: RankingFile, day: date) -> tuple[Remark, ...]:
    """Return what to know before a ranking leaves, in the order of what to do first.

    Parameters
    ----------
    file
        The ranking, with the place it is of.
    day
        Today: elections held since the last one loaded are named.

    Returns
    -------
    tuple
        Empty where there is nothing to say.
    """
    table = file.ranking.table
    found = [
        *_unsealed(file),
        *not_loaded(file.workspace, day),
        *_old_contours(file.workspace, table),
        *_without_ground(table, file.ranking.k),
        *_assumed(table),
    ]
    return tuple(found)


def _unsealed(file: RankingFile) -> Iterable[Remark]:
    if file.hold_back is not None and file.hold_back.given_up:
        text = Text("The trial was given up: nobody will know whether the doors changed anything.")
        yield Remark("unsealed", text, "trial_design")
    elif not in_force(file.workspace.path):
        yield Remark(
            "unsealed",
            Text(
                "No trial is sealed: seal it before the first outing, or nobody will know "
                "whether the doors changed anything."
            ),
            "trial_design",
        )


def not_loaded(workspace: Workspace, day: date) -> Iterable[Remark]:
    """Give the elections held here before `day` and after the last one loaded."""
    known = workspace.read("elections")
    if workspace.fictional or not any(map(is_dated, known["election_id"])):
        return
    last, places = known["date"].max(), workspace.read("places")
    loaded = set(known["election_id"])
    since = [
        name
        for name in known_elections()
        if last < pd.Timestamp(election_of(name).date) < pd.Timestamp(day)
        and is_held(name, places)
        and not (first_of(name) in loaded and was_decided(workspace, first_of(name)))
    ]
    if since:
        # Two rounds of an election are one thing to load.
        named = dict.fromkeys(_named(name, first_of(name) in loaded) for name in reversed(since))
        yield Remark(
            "old",
            Text(
                "Newer results are not loaded: {elections}. The ranking rests on older votes.",
                elections=Listed(named),
            ),
            "data",
        )


def _named(election_id: str, second: bool) -> Text:
    """Name an election by its kind and year, or its second round where the first is there."""
    year, kind = election_id.split("_")[:2]
    whole = _NAMED[kind](year)
    return Text("{election}, second round", election=whole) if second else whole


def _old_contours(workspace: Workspace, table: pd.DataFrame) -> Iterable[Remark]:
    drawn = table["vintage"].dropna()
    last = workspace.read("elections")["date"].max().year
    if not drawn.empty and last - int(drawn.min()) >= _OLD_YEARS:
        yield Remark(
            "old",
            Text(
                "The contours of the bureaux are of {vintage}, the last results of {last}: some "
                "bureaux have been redrawn since.",
                vintage=int(drawn.min()),
                last=last,
            ),
            "data",
        )


def _without_ground(table: pd.DataFrame, k: int) -> Iterable[Remark]:
    first = table.head(k)
    if bare := int(table["vintage"].isna().sum()):
        yield Remark(
            "without_ground",
            Text(
                "Bureaux without a contour: {n}, on no map; among those your hours reach: "
                "{reached}.",
                n=bare,
                reached=int(first["vintage"].isna().sum()),
            ),
            "data",
        )
    if bare := int(table["addresses"].isna().sum()):
        yield Remark(
            "without_ground",
            Text(
                "Bureaux without addresses: {n}, where no turf can be cut; among those your "
                "hours reach: {reached}.",
                n=bare,
                reached=int(first["addresses"].isna().sum()),
            ),
            "data",
        )


def _assumed(table: pd.DataFrame) -> Iterable[Remark]:
    counts = table["assumed"].str.split().explode().value_counts()
    everywhere = [name for name in ASSUMED if counts.get(name, 0) == len(table)]
    if everywhere:
        yield Remark(
            "assumed",
            Text(
                "Assumed, not measured here: {what}.",
                what=Listed(ASSUMED[name] for name in everywhere),
            ),
            "priorities",
        )
