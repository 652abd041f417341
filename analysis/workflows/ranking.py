"""A strategist's question, kept as TOML or as a link, answered, and written as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd
import tomli_w

from analysis.errors import DataError
from analysis.exports.provenance import Provenance, of_workspace
from analysis.exports.registry import Options, to_bytes, write
from analysis.readers.calendar import election_of
from analysis.readers.relabel import relabel
from analysis.tables.elections import Choice, Election, elections_to_come
from analysis.tables.workspace import Workspace
from analysis.targeting.params import Params, read_toml
from analysis.targeting.prospects import Progress, Prospects, silent
from analysis.targeting.rank import Ranking, Settings, rank_bureaux
from analysis.vocabulary import speaking
from analysis.workflows.hold_back import HoldBack, hold_back_of, set_aside, with_arms
from analysis.workflows.kept_rates import prospects_kept
from analysis.workflows.refusals import one_choice, refuse_unheld, refuse_without_contours

if TYPE_CHECKING:
    import geopandas as gpd

# teams: the controls of sealed designs are left out; analysis: every bureau with its arm.
AUDIENCES = ("teams", "analysis")
# A light ranking makes fewer draws above this many draws × bureaux, but never fewer than some.
_LIGHT, _LEAST_DRAWS = 4_500_000, 50
_OWN = ("bloc", "candidates", "election", "places", "rival")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Whose votes, at which election, where, and with which settings.

    Attributes
    ----------
    bloc, candidates
        Id of a bloc; names or nuances, which take its place.
    election, places
        Id of the election, past or coming; communes or départements, empty for the whole.
    settings, rival
        Weights, hours, planner's numbers, seed; rival bloc, empty: the strongest other there.
    """

    bloc: str
    election: str
    candidates: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    rival: str = ""

    @property
    def votes_label(self) -> str:
        """What columns of its votes are called: the bloc, or `candidates`."""
        return "candidates" if self.candidates else self.bloc

    @property
    def choice(self) -> Choice:
        """Whose votes count."""
        return Choice("" if self.candidates else self.bloc, self.candidates)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the planner's numbers only where they are not the defaults."""
        settings = self.settings.to_dict()
        defaults = Params().to_dict()
        settings["params"] = {
            name: {key: belief[key] for key in ("value", "low", "high", "source")}
            for name, belief in settings["params"].items()
            if belief != defaults[name]
        }
        return {
            "bloc": self.bloc,
            "candidates": list(self.candidates),
            "election": self.election,
            "places": list(self.places),
            **({"rival": self.rival} if self.rival else {}),
            **settings,
        }

    def to_toml(self) -> str:
        """Return the scenario as a TOML text that `from_dict` reads again."""
        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, given: dict[str, Any], where: str = "") -> Scenario:
        """Return a scenario from plain values; `DataError` where one is missing or wrong."""
        if missing := [name for name in ("election",) if name not in given]:
            raise DataError(
                "The scenario does not say: {missing}.",
                where="{place}",
                mend='Add for instance: election = "2027_pres_t1".',
                missing=", ".join(missing),
                place=where,
            )
        if not given.get("bloc") and not given.get("candidates"):
            raise DataError(
                "The scenario names neither a bloc nor candidates.",
                where="{place}",
                mend='Add for instance: bloc = "left".',
                place=where,
            )
        own = {name: given[name] for name in _OWN if name in given}
        rest = {name: value for name, value in given.items() if name not in _OWN}
        return cls(
            bloc=str(own.get("bloc", "")),
            election=str(own["election"]),
            candidates=_texts(own.get("candidates", ()), where),
            places=_texts(own.get("places", ()), where),
            settings=Settings.from_dict(rest, where, beside=_OWN),
            rival=str(own.get("rival", "")),
        )


def _texts(given: Any, where: str) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
        raise DataError(
            "Candidates and places are lists of texts.",
            where="{place}: {given}",
            mend='Write places = ["75056"].',
            place=where,
            given=given,
        )
    return tuple(given)


def read_scenario(path: Path | str, **given: Any) -> Scenario:  # noqa: ANN401
    """Read a scenario, or parameters alone, from TOML; `given` goes before the file.

    `DataError` where the file is not TOML, or a name or value in it is wrong.
    """
    table = read_toml(path)
    # Parameters may stand at the top of a file of their own.
    names = {item.name for item in fields(Params)}
    if loose := {name: table.pop(name) for name in list(table) if name in names}:
        table["params"] = {**table.get("params", {}), **loose}
    return Scenario.from_dict({**table, **given}, where=Path(path).name)


def open_workspace(path: Path | str) -> Workspace:
    """Open a workspace, blocs as an edited blocs.csv has them; `DataError` where one is wrong."""
    place = Workspace(path)
    return relabel(path) if place.blocs_edited else place


def target_of(workspace: Workspace, election_id: str) -> Election:
    """Return an election of the workspace, or one to come there or in France; else `DataError`."""
    known = workspace.read("elections")
    row = known[known["election_id"] == election_id]
    if row.empty:
        coming = elections_to_come(workspace.manifest)
        return coming[election_id] if election_id in coming else election_of(election_id)
    day = row["date"].iloc[0].to_pydatetime()
    return Election(election_id, day, str(row["kind"].iloc[0]), int(row["round"].iloc[0]))


def answer(workspace: Workspace, scenario: Scenario) -> tuple[Ranking, Prospects]:
    """Rank the bureaux of a workspace for a scenario; errors are those of `prospects_of`."""
    prospects = prospects_of(workspace, scenario)
    return rank(prospects, scenario.settings), prospects


def prospects_of(
    workspace: Workspace, scenario: Scenario, progress: Progress = silent
) -> Prospects:
    """Return the rates of every bureau; the scenario's settings do not change them.

    Parameters
    ----------
    workspace, scenario, progress
        The place; what is asked of it; told the share done, 0 to 1: what it raises stops the work.

    Returns
    -------
    Prospects
        One row per bureau of the places asked for.

    Raises
    ------
    DataError
        When the scenario does not fit the workspace.
    """
    refuse_unheld(workspace, scenario.election)
    target = target_of(workspace, scenario.election)
    return prospects_kept(
        workspace,
        scenario.choice,
        target,
        places=scenario.places,
        rival=scenario.rival,
        progress=progress,
    )


def rank(prospects: Prospects, settings: Settings, *, light: bool = False) -> Ranking:
    """Rank bureaux; errors are those of `rank_bureaux`.

    Parameters
    ----------
    prospects, settings, light
        As `rank_bureaux`; fewer draws on a large place, for a screen that waits.

    Returns
    -------
    Ranking
        Ranks do not depend on `light`: 90% ends and chances alone do.
    """
    if light:
        most = max(_LIGHT // max(len(prospects.table), 1), _LEAST_DRAWS)
        settings = replace(settings, draws=min(settings.draws, most))
    return rank_bureaux(prospects, settings)


@dataclass(frozen=True)
class RankingFile:
    """A ranking as it leaves the house.

    Attributes
    ----------
    workspace, scenario, ranking, prospects
        The place, what was asked of it, and the answer.
    hold_back
        How the file treats the trial; None leaves the ranking without arms.
    """

    workspace: Workspace
    scenario: Scenario
    ranking: Ranking
    prospects: Prospects
    hold_back: HoldBack | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rows of the file: with arms, and for teams without the controls."""
        seed = self.scenario.settings.seed
        return with_arms(self.ranking.table, self.hold_back, folder=self.workspace.path, seed=seed)

    @cached_property
    def announced(self) -> Ranking:
        """The ranking whose hours, doors and votes are told: without the controls."""
        return set_aside(self.ranking, self.table, self.prospects)

    @property
    def provenance(self) -> Provenance:
        """Where the file comes from."""
        return provenance_of(self.workspace, self.scenario, self.prospects, self.hold_back)

    def to_bytes(
        self, suffix: str, *, provenance: Provenance | None = None, **written: Unpack[Options]
    ) -> bytes:
        """Return the content of a file that ends in `suffix`; its provenance may be given."""
        source = provenance or self.provenance
        with speaking(self.workspace.manifest.get("terrain")):
            return to_bytes(
                self.table, suffix, provenance=source, **self._shapes(suffix), **written
            )

    def write(self, out: Path, **written: Unpack[Options]) -> Path:
        """Write the file; a reader sees the old one or the new one."""
        shapes = self._shapes(out.suffix)
        with speaking(self.workspace.manifest.get("terrain")):
            return write(self.table, out, provenance=self.provenance, **shapes, **written)

    def _shapes(self, suffix: str) -> dict[str, Any]:
        from analysis.workflows.base_maps import backdrop_in

        bureaux = shapes_of(self.workspace, self.table)
        return {"bureaux": bureaux, "backdrop": backdrop_in(self.workspace, bureaux, suffix)}


def rank_to_file(
    folder: Path,
    out: Path,
    asked: Mapping[str, Any],
    *,
    params: Path | None = None,
    audience: str = AUDIENCES[0],
    **written: Unpack[Options],
) -> RankingFile:
    """Rank a workspace and write the answer.

    Parameters
    ----------
    folder, out
        The workspace; the file, whose suffix says the format.
    asked, params
        Parts of a scenario; a file of parameters or of a scenario (TOML), which they go before.
    audience
        One of `AUDIENCES`. Sealed designs in force decide the arms; without one there are none.
    **written
        How it is written, see `Options`.

    Returns
    -------
    RankingFile
        What was written.

    Raises
    ------
    DataError
        When the question does not fit the workspace, or the file cannot be written.
    """
    if audience not in AUDIENCES:
        raise DataError(
            "Nobody knows whom a file for “{audience}” is for.",
            where="--audience",
            mend="Write one of: {known}.",
            audience=audience,
            known=", ".join(AUDIENCES),
        )
    asked = one_choice(asked)
    workspace = open_workspace(folder)
    scenario = read_scenario(params, **asked) if params else Scenario.from_dict(asked)
    refuse_without_contours(workspace, scenario.places, out)
    ranking, prospects = answer(workspace, scenario)
    file = ranking_file(workspace, scenario, ranking, prospects, teams=audience == "teams")
    file.write(out, **written)
    return file


def ranking_file(
    workspace: Workspace,
    scenario: Scenario,
    ranking: Ranking,
    prospects: Prospects,
    *,
    teams: bool = True,
) -> RankingFile:
    """Return a ranking as it leaves the house: sealed designs in force decide the arms.

    Parameters
    ----------
    workspace, scenario, ranking, prospects, teams
        As in `RankingFile`; whether the file is for teams, without the controls.

    Returns
    -------
    RankingFile
        Without arms where no sealed design is in force.
    """
    usual = hold_back_of(workspace.path, ranking.table, teams=teams)
    return RankingFile(workspace, scenario, ranking, prospects, usual if usual.seals else None)


def shapes_of(workspace: Workspace, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the polygons of ranked bureaux, of the vintage they are drawn in."""
    drawn = table[["bureau_id", "vintage"]].dropna().astype({"vintage": "int64"})
    kept = workspace.read("bureaux").merge(drawn, on=["bureau_id", "vintage"])
    return kept[["bureau_id", "commune_id", "geometry"]]


def provenance_of(
    workspace: Workspace,
    scenario: Scenario,
    prospects: Prospects,
    hold_back: HoldBack | None = None,
) -> Provenance:
    """Say where a ranking comes from, and how it treats the trial, so that it can be made again.

    Parameters
    ----------
    workspace, scenario, prospects, hold_back
        As in `RankingFile`.

    Returns
    -------
    Provenance
        `scenario_of` reads the scenario from it again.
    """
    return of_workspace(
        workspace,
        "rank",
        {
            **scenario.to_dict(),
            "notes": list(prospects.notes),
            "beliefs": scenario.settings.params.to_dict(),
            **({"hold_back": hold_back.to_dict()} if hold_back else {}),
        },
        seed=scenario.settings.seed,
    )


def scenario_of(provenance: Provenance) -> Scenario:
    """Return the scenario that an exported file answers."""
    known = {item.name for item in fields(Settings)} | set(_OWN)
    return Scenario.from_dict({k: v for k, v in provenance.parameters.items() if k in known})


def with_settings(scenario: Scenario, **changes: Any) -> Scenario:  # noqa: ANN401
    """Return the scenario with some settings changed."""
    return replace(scenario, settings=replace(scenario.settings, **changes))
