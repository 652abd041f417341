"""Where people will stay home: the forecast, its past, and the split of the abstainers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from analysis.charts.chart_words import election as election_name
from analysis.charts.chart_words import say
from analysis.electorate.abstention.backtest import (
    AbstentionBacktest,
    backtest_abstention,
    check_path,
    write_backtest,
)
from analysis.electorate.abstention.forecast import (
    AbstentionForecast,
    Progress,
    forecast_abstention,
    silent,
)
from analysis.electorate.abstention.habitual import split_abstainers
from analysis.electorate.abstention.level import Level
from analysis.electorate.abstention.series import Series
from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.exports.registry import put_leaving
from analysis.tables.elections import Choice, Election
from analysis.tables.workspace import Workspace
from analysis.targeting.ground import has_ground
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import communes_of, contours_of, title_of
from analysis.workflows.ranking import open_workspace, target_of

# Reading the past comes before the forecast, whose own progress follows.
_READ = 0.3


@dataclass(frozen=True)
class Outlook:
    """A forecast, and what stands beside it.

    Attributes
    ----------
    forecast
        Of the abstention of the election to come.
    series
        The past it rests on.
    units
        In the order of the forecast: `bureau_id`, `commune_id`, `commune` (name), `vintage`,
        `reachable` (has ground to walk on).
    split
        Constant and intermittent abstainers; None where they cannot be told apart.
    no_split
        Why not.
    """

    forecast: AbstentionForecast
    series: Series
    units: pd.DataFrame
    split: pd.DataFrame | None
    no_split: DataError | None

    @property
    def vintage(self) -> int | None:
        """Contours of the bureaux; None where there are none."""
        known = self.units["vintage"].dropna()
        return None if known.empty else int(known.iloc[0])

    def at(self, level: Level, progress: Progress = silent) -> Outlook:
        """Return the same at another level of the whole place."""
        target = self.forecast.target
        again = forecast_abstention(self.series, target, level=level, progress=progress)
        return replace(self, forecast=again)

    def to_frame(self) -> pd.DataFrame:
        """Return the forecast as files hold it, with the split where there is one."""
        frame = self.forecast.with_level_error()
        frame.insert(1, "label", self.units["label"].to_numpy())
        frame.insert(3, "commune", self.units["commune"].to_numpy())
        return frame if self.split is None else frame.merge(self.split, on="bureau_id", how="left")


def look_ahead(
    workspace: Workspace,
    election: str,
    *,
    places: tuple[str, ...] = (),
    level: Level | None = None,
    progress: Progress = silent,
) -> Outlook:
    """Forecast the abstention of an election in a place.

    Parameters
    ----------
    workspace
        A built place.
    election
        Id of an election, coming or past; nothing of its day or later is read.
    places
        Communes or départements; empty for the whole workspace.
    level
        Abstention of the whole place; None expects it from past levels.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Outlook
        The forecast of every bureau, and the split of its abstainers where it can be told.

    Raises
    ------
    DataError
        When the election or a place is unknown, or there is no past.

    Examples
    --------
    >>> from analysis.workflows.ranking import open_workspace
    >>> valmont = open_workspace(Path("workspaces/valmont"))
    >>> found = look_ahead(valmont, "2027_pres_t1")
    >>> len(found.forecast.table), bool(found.forecast.table["abstention"].between(0, 1).all())
    (49, True)
    """
    target = target_of(workspace, election)
    history = read_history(workspace, anyone(workspace, target), before=target.date, places=places)
    progress(_READ)
    series = Series.of_history(history).surrounded(workspace, target)
    forecast = forecast_abstention(
        series, target, level=level, progress=lambda done: progress(_READ + (1 - _READ) * done)
    )
    units = history.units[["bureau_id", "vintage"]]
    units = units.join(communes_of(workspace, units["bureau_id"]))
    units = units.assign(reachable=has_ground(history.units, history))
    try:
        return Outlook(forecast, series, units, split_abstainers(series), None)
    except DataError as error:
        return Outlook(forecast, series, units, None, error)


def look_back(
    workspace: Workspace, election: str, progress: Progress = silent
) -> AbstentionBacktest:
    """Forecast a past election from those before it, and compare with what came.

    Parameters
    ----------
    workspace
        The place.
    election
        Id of a past election.
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Returns
    -------
    AbstentionBacktest
        Errors of the forecast and of rules of thumb, in points of the registered.
    """
    return backtest_abstention(workspace, target_of(workspace, election), progress=progress)


def backtest_to_file(
    folder: Path, election: str, out: Path, *, progress: Progress = silent
) -> AbstentionBacktest:
    """Look back at an election of a workspace, and write the errors of all methods as JSON.

    Parameters
    ----------
    folder, election
        The workspace; the past election.
    out
        The file.
    progress
        Told the share done.

    Returns
    -------
    AbstentionBacktest
        What was written.

    Raises
    ------
    DataError
        When the election is unknown or has no past, or the file cannot be written.
    """
    check_path(out)
    workspace = open_workspace(folder)
    found = look_back(workspace, election, progress)
    write_backtest(found, out, fictional=workspace.fictional)
    return found


def table_to_file(folder: Path, found: AbstentionBacktest, path: Path, written: Written) -> None:
    """Write the errors of all methods in the format that the suffix of `path` names.

    Parameters
    ----------
    folder, found
        The workspace, and the look back that was made of it.
    path
        The file.
    written
        How it is written.

    Raises
    ------
    DataError
        When it is not written so.
    """
    leaving = backtest_finding(open_workspace(folder), found, written)
    put_leaving(path, leaving)


def backtest_finding(workspace: Workspace, found: AbstentionBacktest, written: Written) -> Finding:
    """Put a look back so that it can leave: one row per method.

    Parameters
    ----------
    workspace, found
        The place, and the look back.
    written
        How it is written.

    Returns
    -------
    Finding
        The table, what its columns are, and its provenance.
    """
    target, language = found.target.election_id, written.language
    source = of_workspace(workspace, "backtest", {"target": target}, seed=None)
    heading = f"{say('backtest', language)}\n{election_name(target, language)}"
    table = found.to_frame()
    units = columns_of("backtest", table, language)
    return Finding(table, None, source, heading, units, None, written)


def backtest_again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `backtest_finding` was made from.

    Parameters
    ----------
    workspace
        The place, as it is now.
    provenance
        Of the file.
    written
        How the file is written.

    Returns
    -------
    Finding
        The same as before, where the tables are.
    """
    found = look_back(workspace, provenance.parameters["target"])
    return backtest_finding(workspace, found, written)


def anyone(workspace: Workspace, target: Election) -> Choice:
    """Return who had most votes before: whose are read along does not matter here."""
    elections = workspace.read("elections")
    past = elections.loc[elections["date"] < target.date, "election_id"]
    table = workspace.read("candidates")
    table = table[table["election_id"].isin(past)]
    for column in ("bloc", "name", "nuance"):
        sizes = table[table[column] != ""].groupby(column)["votes"].sum()
        if len(sizes):
            most = str(sizes.idxmax())
            return Choice(most) if column == "bloc" else Choice("", (most,))
    return Choice("")


def finding(
    workspace: Workspace,
    places: tuple[str, ...],
    found: Outlook,
    *,
    figure: str = "",
    written: Written,
) -> Finding:
    """Put a forecast so that it can leave.

    Parameters
    ----------
    workspace, places
        Where it was asked for.
    found
        The forecast.
    figure
        "map" for its picture; empty for its table.
    written
        How it is written.

    Returns
    -------
    Finding
        The table, what it says of itself, and the figure that was asked for.
    """
    from analysis.charts.abstention_map import forecast_map

    level, language = found.forecast.level, written.language
    shapes = contours_of(workspace, found.vintage, found.units["commune_id"])
    target = found.forecast.target.election_id
    where = title_of(workspace, places[0] if len(places) == 1 else "", language)
    heading = f"{where} · {say('abstention', language)}\n{election_name(target, language)}"
    source = of_workspace(
        workspace,
        "abstention",
        {
            "election": target,
            "places": list(places),
            "level": level.value,
            "level_se": level.std_error,
            "level_source": level.source,
            "past": list(found.forecast.elections),
            "figure": figure,
        },
        seed=None,
    )
    table = found.to_frame()
    draw = partial(forecast_map, shapes, found.forecast, title=heading, language=language)
    return Finding(
        table,
        shapes,
        source,
        heading,
        units=columns_of("abstention", table, language),
        draw=draw if figure else None,
        written=written,
    )


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `finding` was made from.

    Parameters
    ----------
    workspace
        The place, as it is now.
    provenance
        Of the file.
    written
        How the file is written.

    Returns
    -------
    Finding
        The same as before, where the tables are.
    """
    asked = provenance.parameters
    level = Level(asked["level"], asked["level_se"], asked["level_source"])
    places = tuple(asked["places"])
    found = look_ahead(workspace, asked["election"], places=places, level=level)
    return finding(workspace, places, found, figure=asked["figure"], written=written)
