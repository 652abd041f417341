"""Three facts of a turf's neighbourhood, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from analysis.charts.chart_words import LANGUAGES, election, licence, say
from analysis.exports.field_kit.kit import Kit, words
from analysis.exports.field_kit.turf_surroundings import Fact
from analysis.fieldwork.arguments import Arguments
from analysis.i18n import format_number, format_percent
from analysis.tables.workspace import Workspace

_MOST = 3


@dataclass(frozen=True)
class _Place:
    """The tables that facts are read from.

    Attributes
    ----------
    registered, ballots
        One row per bureau, one column per election in the order of their days; missing where
        a bureau did not vote.
    years
        Of each election.
    squares
        Households and poor households by bureau, where published.
    sources
        By role of the file: its name in words and its licence.
    """

    registered: pd.DataFrame
    ballots: pd.DataFrame
    years: pd.Series
    squares: pd.DataFrame
    sources: Mapping[str, str]
    language: str
    section: str = "facts"

    def say(self, key: str, **values: str) -> str:
        """Return a sentence of the section, filled."""
        return words(self.language)[self.section][key].format(**values)

    def share(self, part: float, whole: float) -> str:
        """Return a part of a whole in percent."""
        return format_percent(part / whole, language=self.language)

    def whole(self, value: float, *, signed: bool = False) -> str:
        """Return a count in the language; `signed` shows a plus too."""
        return format_number(value, language=self.language, sign=signed)


def facts_of(workspace: Workspace, kit: Kit) -> dict[str, list[Fact]]:
    """Return at most three facts for each turf.

    All are counts that are published for a whole bureau or census square; none is an
    estimate of a vote, and none is below the bureau but the number of doors.

    Parameters
    ----------
    workspace
        Where the turfs were made.
    kit
        The turfs, and the language of the facts.

    Returns
    -------
    dict
        By turf: abstention at the last election; poverty from the census squares; size of
        the buildings; change of the registered. A fact whose source is not in the workspace
        is left out, and the next takes its place.
    """
    place = _place(workspace, kit.language)

    # Many turfs lie in the same bureaux.
    @cache
    def official(bureaux: tuple[str, ...]) -> tuple[list[Fact], list[Fact]]:
        voted = [bureau for bureau in bureaux if bureau in place.registered.index]
        first = [*_abstention(place, voted), *_poverty(place, list(bureaux))]
        return first, [*_registered(place, voted, len(bureaux))]

    facts = {}
    for turf_id, stops in kit.tables.items():
        first, last = official(tuple(sorted(stops["bureau_id"].astype(str).unique())))
        facts[turf_id] = [*first, *_buildings(place, kit, stops), *last][:_MOST]
    return facts


def arguments_of(
    workspace: Workspace, kit: Kit, written: Arguments
) -> dict[str, dict[str, list[Fact]]]:
    """Return what to say in each turf, in every language: at most three plain sentences.

    Parameters
    ----------
    workspace
        Where the turfs were made.
    kit
        The turfs.
    written
        What the campaign wrote, by bureau or zone; elsewhere the figures of the turf's bureaux
        speak, each with its source.

    Returns
    -------
    dict
        By language and turf.
    """
    zones = zones_of_bureaux(workspace) if any(":" in key for key in written) else {}
    places = {one: replace(_place(workspace, one), section="argument") for one in LANGUAGES}
    told: dict[str, dict[str, list[Fact]]] = {one: {} for one in LANGUAGES}
    for turf_id, stops in kit.tables.items():
        ids = stops["bureau_id"].astype(str)
        # The sentences of where most of its doors are.
        order = stops["dwellings"].groupby(ids).sum().sort_values(ascending=False, kind="stable")
        keys = [*order.index, *(zone for one in order.index for zone in zones.get(one, ()))]
        for language, place in places.items():
            own = next((written[k][language] for k in keys if language in written.get(k, {})), ())
            source = words(language)["argument"]["own"]
            figures = () if own else _figures(place, sorted(order.index))
            told[language][turf_id] = [*(Fact(one, source) for one in own), *figures][:_MOST]
    return told


def _figures(place: _Place, bureaux: list[str]) -> Iterator[Fact]:
    voted = [bureau for bureau in bureaux if bureau in place.registered.index]
    yield from _abstention(place, voted)
    yield from _poverty(place, bureaux)
    yield from _registered(place, voted, len(bureaux))


def zones_of_bureaux(workspace: Workspace) -> dict[str, list[str]]:
    """Return the zones of each bureau, as `kind:zone`; none where the place knows of none."""
    if not workspace.has("zones"):
        return {}
    zones = workspace.read("zones")
    named = zones["kind"].astype(str) + ":" + zones["zone_id"].astype(str)
    grouped = named.groupby(zones["bureau_id"].astype(str))
    return {str(bureau): sorted(one) for bureau, one in grouped}


def _place(workspace: Workspace, language: str) -> _Place:
    columns = ["election_id", "bureau_id", "registered", "ballots"]
    turnout = workspace.read("turnout", columns=columns)
    turnout = turnout.astype({"election_id": str, "bureau_id": str})
    elections = workspace.read("elections").sort_values(["date", "election_id"])
    counts = turnout.pivot_table(index="bureau_id", columns="election_id", aggfunc="sum")
    order = [name for name in elections["election_id"] if name in counts["registered"]]
    context = workspace.read("context").set_index("bureau_id")
    latest = context[context["vintage"].eq(context["vintage"].max())]
    return _Place(
        counts["registered"][order],
        counts["ballots"][order],
        elections.set_index("election_id")["date"].dt.year,
        latest[["households", "poor_households"]].astype(float).dropna(),
        _sources(workspace, language),
        language,
    )


def _sources(workspace: Workspace, language: str) -> dict[str, str]:
    known = words(language)["facts"]
    found = {}
    for source in workspace.sources:
        role = str(source["role"])
        stated = licence(str(source["licence"]), language)
        # Who publishes such files has no part in invented ones.
        kind = say("fictional", language) if workspace.fictional else known.get(role, role)
        parts = (kind, str(source["file"]), stated)
        found[role] = ", ".join(filter(None, parts))
    return found


def _abstention(place: _Place, bureaux: list[str]) -> Iterator[Fact]:
    """Tell how many stayed at home the last time, here and in the whole place."""
    registered = place.registered.loc[bureaux]
    known = registered.columns[registered.gt(0).any()]
    if known.empty or "general_results" not in place.sources:
        return
    last = known[-1]
    here, town = (
        (table[last].sum(), ballots[last].sum())
        for table, ballots in (
            (registered, place.ballots.loc[bureaux]),
            (place.registered, place.ballots),
        )
    )
    text = place.say(
        "abstention",
        election=_sentence(election(str(last), place.language)),
        rate=place.share(here[0] - here[1], here[0]),
        registered=place.whole(here[0]),
        town=place.share(town[0] - town[1], town[0]),
    )
    yield Fact(text, place.sources["general_results"])


def _poverty(place: _Place, bureaux: list[str]) -> Iterator[Fact]:
    """Tell how many households are poor, where the census squares say so."""
    # One bureau whose figures are withheld would make the sum of the others theirs.
    known = set(bureaux) <= set(place.squares.index)
    here, town = place.squares.loc[bureaux].sum() if known else None, place.squares.sum()
    if here is None or not here["households"] or "squares" not in place.sources:
        return
    text = place.say(
        "poverty",
        households=place.whole(here["households"]),
        rate=place.share(here["poor_households"], here["households"]),
        town=place.share(town["poor_households"], town["households"]),
    )
    yield Fact(text, place.sources["squares"])


def _buildings(place: _Place, kit: Kit, stops: pd.DataFrame) -> Iterator[Fact]:
    """Tell how large the buildings are."""
    if "addresses" not in place.sources:
        return
    largest = stops.loc[stops["dwellings"].idxmax()]
    text = place.say(
        "buildings",
        doors=kit.count("doors", "door_one", int(stops["dwellings"].sum())),
        addresses=kit.count("addresses", "address_one", len(stops)),
        largest=str(largest["label"]),
        most=kit.count("doors", "door_one", int(largest["dwellings"])),
    )
    yield Fact(text, place.sources["addresses"])


def _registered(place: _Place, voted: list[str], bureaux: int) -> Iterator[Fact]:
    """Tell how the number of registered voters has changed."""
    registered = place.registered.loc[voted]
    # Only elections that have all of the bureaux: codes come and go.
    whole = registered.columns[registered.notna().sum().eq(bureaux)]
    if len(whole) < 2 or place.years[whole[0]] == place.years[whole[-1]]:
        return
    sums = registered[whole].sum()
    text = place.say(
        "registered",
        registered=place.whole(sums.iloc[-1]),
        year=str(place.years[whole[-1]]),
        change=place.whole(sums.iloc[-1] - sums.iloc[0], signed=True),
        since=str(place.years[whole[0]]),
    )
    yield Fact(text, place.sources["general_results"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
