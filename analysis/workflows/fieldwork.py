"""Questions on the field of a workspace: turfs put there, returns taken in, what they teach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import tomli_w

from analysis.charts.chart_words import say
from analysis.errors import DataError
from analysis.exports.csv_account import put_account
from analysis.fieldwork import exposure, field_plan, inbox, learning, progress
from analysis.fieldwork.missing_buildings import accepted
from analysis.fieldwork.outcome_codes import ADDED, MISSING
from analysis.fieldwork.outlook import (
    Aim,
    Correction,
    Forecast,
    Window,
    correct,
    first_outing,
    forecast,
)
from analysis.fieldwork.store import Receipt, Store, open_store
from analysis.geography.address_search import names_of
from analysis.tables.covered import update_covered
from analysis.tables.schema import OUTCOMES
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace, is_invented
from analysis.turf.walk_list import Walks
from analysis.workflows.known_doors import with_added

# Name of a file, and what came of it.
Told = tuple[str, Receipt | DataError]
# What open and conversation rates are learned by.
FACTORS = ("weekend", "hour", "kind")


@contextmanager
def opened(workspace: Path | str, url: str = "") -> Iterator[Store]:
    """Open the store of a workspace for a while: a PostgreSQL by its URL, else a file."""
    store = open_store(workspace, url)
    try:
        yield store
    finally:
        store.close()


def put_into_field(store: Store, walks: Walks) -> int:
    """Put turfs into the field, and return how many they are."""
    return field_plan.register(store.engine, walks.turfs[list(field_plan.COLUMNS)])


def put_files_into_field(store: Store, files: Iterable[Path]) -> int:
    """Put the turfs of files into the field, and return how many they are."""
    return sum(field_plan.register(store.engine, field_plan.read_turfs(one)) for one in files)


def stops_of(store: Store, turf_id: str, addresses: pd.DataFrame) -> pd.DataFrame:
    """Return the addresses of a turf in the field, street by street.

    Parameters
    ----------
    store, turf_id
        Where, and which.
    addresses
        The workspace's `addresses`, which know names.

    Returns
    -------
    pandas.DataFrame
        `address_id`, `dwellings`, `address` ("12 bis Rue Haute").
    """
    found = field_plan.addresses_of(store, turf_id)
    names = named(store, addresses, found["address_id"])
    ordered = found.assign(address=names["name"].to_numpy(), at=names["at"].to_numpy())
    return ordered.sort_values("at").drop(columns="at").reset_index(drop=True)


def named(store: Store, addresses: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Return how addresses are read, buildings that volunteers found too.

    Parameters
    ----------
    store
        Knows those buildings.
    addresses
        The workspace's `addresses`.
    ids
        Those wanted.

    Returns
    -------
    pandas.DataFrame
        As `names_of`.
    """
    if ids.astype("str").str.startswith(ADDED).any():
        addresses = with_added(gpd.GeoDataFrame(addresses), accepted(store))
    return names_of(addresses, ids)


def take_in(
    store: Store, given: Iterable[Path | tuple[str, bytes]], accept: tuple[str, ...] = ()
) -> list[Told]:
    """Take in files of returns; one that is wrong does not keep the others out.

    Parameters
    ----------
    store
        Where they are counted.
    given
        Files on disk, or name and content of what was dropped, pasted or typed.
    accept
        Doubts to let pass: see `returns_validation.ACCEPTABLE`.

    Returns
    -------
    list
        For each file its name and what came of it: a receipt, or what is wrong.
    """
    results: list[Told] = []
    for one in given:
        name = one.name if isinstance(one, Path) else one[0]
        try:
            content = _bytes(one) if isinstance(one, Path) else one[1]
            results.append((name, inbox.receive(store, content, name=name, accept=accept)))
        except DataError as error:
            results.append((name, error))
    return results


def count_waiting(store: Store) -> list[Told]:
    """Count the files that a failing store left in the inbox, as `take_in` tells."""
    return [(one.file if isinstance(one, Receipt) else "", one) for one in inbox.retry(store)]


def counts_sheet(
    counts: pd.DataFrame, *, turf_id: str, day: date, team_id: str
) -> tuple[str, bytes]:
    """Return counts typed in from paper as a file for `take_in`: name and content.

    Parameters
    ----------
    counts
        `address_id` and the outcomes of `schema.OUTCOMES`: doors, empty for none.
    turf_id, day, team_id
        Where, when and who.

    Returns
    -------
    tuple
        Name and CSV content.
    """
    told = counts[["address_id", *OUTCOMES]].assign(
        turf_id=turf_id, date=day.isoformat(), team_id=team_id, time=""
    )
    return f"{turf_id}_{day.isoformat()}.csv", csv_text(told).encode()


def building_sheet(
    turf_id: str, address_id: str, day: date, told: Mapping[str, object]
) -> tuple[str, bytes]:
    """Return a missing building, typed in from paper, as a file for `take_in`.

    Parameters
    ----------
    turf_id
        Whose volunteers found it.
    address_id
        An address of its street.
    day
        When.
    told
        `number`, `suffix`, `doors`.

    Returns
    -------
    tuple
        Name and CSV content.
    """
    row = {"turf_id": turf_id, "address_id": address_id, "date": day.isoformat(), **told}
    text = csv_text(pd.DataFrame([{**row, "outcome": MISSING}]))
    return f"{turf_id}_{day.isoformat()}.csv", text.encode()


def today(store: Store) -> date:
    """Return the day it is where the campaign is."""
    return datetime.now(ZoneInfo(store.campaign.time_zone)).date()


def last_day_over(store: Store) -> date:
    """Return the last day that counts as over: today once returns of today are in."""
    now, last = today(store), progress.totals(store).last_day
    return now if last and last >= now else now - timedelta(days=1)


def outlook(
    store: Store, day: date, *, seed: int = 0, early: bool = False
) -> tuple[Forecast, Correction | None] | None:
    """Forecast the end of the campaign, and find the cheapest correction that makes it likely.

    Parameters
    ----------
    store
        The store.
    day
        The last day that is over.
    seed
        Of the forecast.
    early
        Whether a day before the campaign counts as its first, instead of being refused.

    Returns
    -------
    tuple or None
        The correction is None where none will do. None without objective, end or returns.

    Raises
    ------
    DataError
        When the day is before the campaign.
    """
    campaign, first = store.campaign, progress.totals(store).first_day
    if not (campaign.objective and campaign.ends and first):
        return None
    column = "doors" if campaign.measure == "doors" else "conversation"
    daily = progress.by(store, "day").set_index("day")[column]
    starts = campaign.starts or first_outing(daily)
    rng = np.random.default_rng(seed)
    window = Window(min(starts, day) if early else starts, day, campaign.ends)
    found = forecast(daily, window, campaign.objective, rng=rng)
    return found, correct(found, progress.outings(store), Aim(campaign.measure), rng=rng)


def learned(store: Store, of: learning.Of = "opened") -> learning.Learned:
    """Return open or conversation rates by day of the week, hour and kind of building."""
    return learning.learn_rates(progress.cells(store, *FACTORS), factors=FACTORS, of=of)


def learned_params(store: Store, rates: learning.Learned) -> dict[str, Mapping[str, Any]]:
    """Return the planner's numbers that the doors taught: see `exposure.learned_params`."""
    return dict(exposure.learned_params(rates, progress.outings(store)))


def learned_to_file(
    store: Store, rates: learning.Learned, out: Path, workspace: Path | None = None
) -> None:
    """Write the planner's numbers that the doors taught, as TOML that `rank --params` takes.

    Parameters
    ----------
    store
        Of the campaign: its outings tell the pace.
    rates
        As `learned` returns them.
    out
        The TOML file.
    workspace
        Its folder: the first line says so where the place is invented.
    """
    params = learned_params(store, rates)
    warning = f"# {say('fictional_note', 'fr')}\n" if is_invented(workspace) else ""
    _write(out, warning + tomli_w.dumps({name: dict(value) for name, value in params.items()}))


def export_to_file(store: Store, workspace: Path, out: Path) -> int:
    """Write every attempt as CSV, and beside it what it is.

    Parameters
    ----------
    store
        Of the campaign.
    workspace
        Folder of the place.
    out
        The CSV file.

    Returns
    -------
    int
        How many attempts.
    """
    number = exposure.export(store, out)
    put_account(out, "field", fictional=is_invented(workspace))
    return number


def contact(store: Store, workspace: Workspace) -> pd.DataFrame:
    """Return what every bureau received, for the impact of a trial: see `exposure.contact`."""
    return exposure.contact(store, registered_of(workspace))


def contact_to_text(table: pd.DataFrame) -> str:
    """Return a table of `contact` as CSV, the same text on every machine."""
    return csv_text(table)


def contact_to_file(store: Store, workspace: Path, out: Path) -> pd.DataFrame:
    """Write what every bureau received as CSV, and return it.

    Parameters
    ----------
    store
        Of the campaign.
    workspace
        Folder of the place.
    out
        The CSV file.

    Returns
    -------
    pandas.DataFrame
        As `contact` returns it.
    """
    table = contact(store, Workspace(workspace))
    _write(out, contact_to_text(table))
    put_account(out, "field", fictional=is_invented(workspace))
    return table


def attempts_to_bytes(store: Store) -> bytes:
    """Return every attempt as CSV: see `exposure.export`."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "attempts.csv"
        exposure.export(store, file)
        return file.read_bytes()


def counts_to_bytes(store: Store) -> bytes:
    """Return the counts by day, team, bureau and turf as a workbook, a sheet each."""
    # The writer of workbooks loads only for who wants one.
    from analysis.exports.workbook import sheets_to_xlsx

    keys = ("day", "team_id", "bureau_id", "turf_id")
    tables = {key: progress.by(store, key) for key in keys}
    return sheets_to_xlsx({k: t.assign(**{k: t[k].astype("str")}) for k, t in tables.items()})


def write_covered(store: Store, workspace: Path) -> int:
    """Write the shares already visited into the workspace's covered.csv, for the ranking.

    Bureaux with returns take what the returns say; others keep what the file said.

    Returns
    -------
    int
        Bureaux that take it from the returns.

    Raises
    ------
    DataError
        When the file there is none of ours, or cannot be written.
    """
    seen = exposure.visited_shares(store)
    update_covered(workspace, dict(seen.round(4).astype("str")))
    return len(seen)


def registered_of(workspace: Workspace) -> pd.Series:
    """Return the registered voters of every bureau at the latest election of a workspace."""
    dates = workspace.read("elections").sort_values("date", kind="stable")
    turnout = workspace.read("turnout", columns=["election_id", "bureau_id", "registered"])
    latest = turnout[turnout["election_id"] == dates["election_id"].iloc[-1]]
    found = latest.set_index(latest["bureau_id"].astype("str"))["registered"]
    return found[found > 0]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(
            "The file cannot be read.",
            where="{file}: {strerror}",
            mend="Check the path.",
            file=file,
            strerror=error.strerror,
        ) from error


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError(
            "The file cannot be written.",
            where="{file}: {strerror}",
            mend="Name a file in a folder that may be written to.",
            file=file,
            strerror=error.strerror,
        ) from error
