"""Which bureaux moved since an earlier ranking, and why."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.exports.csv_account import put_account
from analysis.exports.provenance import Provenance, read_provenance
from analysis.i18n import told
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.whole_files import written_whole
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Settings, rank_bureaux
from analysis.workflows.ranking import RankingFile, Scenario, scenario_of

# What one reason stands for: columns of a ranking, as `Prospects.table` calls them.
REASONS: Mapping[str, tuple[str, ...]] = {
    "support": (
        *("support", "support_se", "movement", "movement_se", "volatility", "volatility_se"),
        *("marginal", "marginal_se", "rival_support", "rival_marginal", "rival_marginal_se"),
    ),
    "abstention": ("abstention", "abstention_se", "reserve", "reserve_se"),
    "doors": (
        *("registered", "spacing_m", "addresses", "households", "poverty_rate"),
        *("living_standard_eur", "social_dwellings", "reachable", "density"),
    ),
    "visited": ("covered", "far_out", "put_back"),
}
_SAID = {
    "support": Text("expected support or the pull of the rival changed"),
    "abstention": Text("expected abstention changed"),
    "doors": Text("doors, addresses or registered voters changed"),
    "visited": Text("doors were visited since"),
    "weights": Text("the strategy, its weights or the planner's numbers changed"),
    "by_hand": Text("pinned or excluded by hand"),
    "others": Text("others moved past it"),
    "new": Text("not in the earlier ranking"),
    "gone": Text("not in this ranking any more"),
    "held_back": Text("held back by lot, for the trial"),
}
_OLD_NAMES = {"expected_abstention": "abstention", "expected_abstention_se": "abstention_se"}


@dataclass(frozen=True)
class Earlier:
    """A ranking as a file of ours tells it.

    Attributes
    ----------
    table
        Its rows: `bureau_id`, `rank`, and the columns it has of `REASONS`.
    scenario
        What it answers; None where nothing beside the file says it.
    """

    table: pd.DataFrame
    scenario: Scenario | None = None


def read_earlier(content: bytes, name: str, scenario: Scenario | None = None) -> Earlier:
    """Read an earlier ranking, CSV of either dialect.

    Parameters
    ----------
    content, name
        The file.
    scenario
        What it answers, where that is known.

    Returns
    -------
    Earlier
        Old names of columns are read as today's.

    Raises
    ------
    DataError
        When it is no ranking of ours.
    """
    try:
        text = content.decode("utf-8-sig")
        head = text.partition("\n")[0]
        french = head.count(";") > head.count(",")
        table = pd.read_csv(
            io.StringIO(text),
            sep=";" if french else ",",
            decimal="," if french else ".",
            dtype={"bureau_id": "str", "by_hand": "str", "far_out": "str", "put_back": "str"},
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise _no_ranking(name) from error
    ranks = pd.to_numeric(table["rank"], errors="coerce") if "rank" in table else None
    if ranks is None or "bureau_id" not in table or ranks.isna().any() or table.empty:
        raise _no_ranking(name)
    if table["bureau_id"].duplicated().any():  # no ranking of ours has a bureau twice
        raise _no_ranking(name)
    return Earlier(table.rename(columns=_OLD_NAMES), scenario)


def earlier_at(path: Path) -> Earlier:
    """Read an earlier ranking from disk, with what stands beside it of its question.

    Raises
    ------
    DataError
        When it cannot be read, or is no ranking of ours.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            "The file cannot be read.",
            where="{file}: {strerror}",
            mend="Check the path.",
            file=path,
            strerror=error.strerror,
        ) from error
    try:
        scenario = scenario_of(read_provenance(path))
    except DataError:  # a CSV that was moved without what stands beside it
        scenario = None
    return read_earlier(content, path.name, scenario)


def scenario_beside(content: bytes, name: str) -> Scenario:
    """Read what a ranking answers from what stands beside its CSV, `FILE.csv-metadata.json`.

    Raises
    ------
    DataError
        When it does not stand beside a ranking.
    """
    try:
        text = str(json.loads(content)["dc:provenance"])
        return scenario_of(Provenance.from_json(text, where=name))
    except (DataError, ValueError, LookupError, TypeError) as error:
        raise DataError(
            "This file does not say what a ranking answers.",
            where="{file}",
            mend="Give the FILE.csv-metadata.json that came with the CSV, or the CSV alone.",
            file=name,
        ) from error


def _no_ranking(name: str) -> DataError:
    return DataError(
        "This is not an earlier ranking.",
        where="{file}",
        mend="Give a CSV that `python -m analysis rank` or the page Priorities wrote, unchanged.",
        file=name,
    )


def what_moved(earlier: Earlier, file: RankingFile) -> pd.DataFrame:
    """Return the bureaux whose rank is another than in an earlier ranking.

    The reason of a bureau is the one thing that, put back to what it was everywhere, brings its
    rank nearest to the earlier one; `others` where none brings it nearer.

    Parameters
    ----------
    earlier
        The earlier ranking.
    file
        The ranking as it leaves now.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `label`, `rank_before`, `rank_now` (missing where it is not ranked),
        `moved` (places up; below 0 down), `reason` (a key of `REASONS`, or `weights`,
        `by_hand`, `others`, `new`, `gone`, `held_back`), the largest moves first, those held back
        last.

    Raises
    ------
    DataError
        When the earlier ranking is for another bloc or election, or of another place.
    """
    refuse_another(earlier.scenario, file.scenario, _codes)
    now = file.table.set_index("bureau_id")
    if not earlier.table["bureau_id"].isin(now.index.astype("str")).any():
        raise DataError(
            "The earlier ranking is of another place.",
            where="{ids}; {place}",
            mend="Give a ranking of the place that is open.",
            ids=some(earlier.table["bureau_id"]),
            place=file.workspace.path.name,
        )
    before = earlier.table.set_index("bureau_id")["rank"].astype(float)
    names = pd.Index(before.index.union(now.index.astype("str")), name="bureau_id")
    table = pd.DataFrame(
        {
            "label": now["label"].reindex(names).fillna(_labels(earlier).reindex(names)).fillna(""),
            "rank_before": before.reindex(names),
            "rank_now": now["rank"].reindex(names).astype(float),
        }
    )
    table["moved"] = table["rank_before"] - table["rank_now"]
    table["reason"] = _reasons(table, earlier, file)
    moved = table[table["moved"] != 0]
    # A fifth of a list for teams is held back, and tells nothing new: it comes last.
    size = moved["moved"].abs().fillna(np.inf).mask(moved["reason"] == "held_back", -1.0)
    order = np.lexsort((moved.index.to_numpy(str), -size.to_numpy()))
    numbers = dict.fromkeys(("rank_before", "rank_now", "moved"), "Int64")
    return moved.iloc[order].astype(numbers).reset_index()


def _labels(earlier: Earlier) -> pd.Series:
    table = earlier.table.set_index("bureau_id")
    return table["label"].astype("str") if "label" in table else pd.Series("", index=table.index)


def refuse_another(then: Scenario | None, now: Scenario, called: Callable[[Scenario], str]) -> None:
    """Refuse an earlier ranking for other votes or another election.

    Parameters
    ----------
    then
        What it answers; None where that is not known.
    now
        What is asked today.
    called
        Names a scenario to who reads the error.

    Raises
    ------
    DataError
        When the two are not one question.
    """
    if then is not None and (then.choice, then.election) != (now.choice, now.election):
        raise DataError(
            "The earlier ranking answers another question.",
            where="then {then}, now {now}",
            mend="Compare rankings for the same bloc and the same election.",
            then=called(then),
            now=called(now),
        )


def _codes(scenario: Scenario) -> str:
    return f"{scenario.votes_label} {scenario.election}"


def _reasons(table: pd.DataFrame, earlier: Earlier, file: RankingFile) -> pd.Series:
    now = table["rank_now"]
    nearest = (now - table["rank_before"]).abs()
    reasons = pd.Series("others", index=table.index, dtype="str")
    for name, ranks in _put_back(earlier, file):
        away = (ranks.reindex(table.index) - table["rank_before"]).abs()
        nearer = (away < nearest).to_numpy()
        reasons[nearer], nearest = name, nearest.where(~nearer, away)
    # What was decided by hand is its own reason, whatever else changed.
    reasons[_hand_changed(earlier, file).reindex(table.index, fill_value=False)] = "by_hand"
    reasons[table["rank_before"].isna()] = "new"
    held = table.index.isin(file.ranking.table["bureau_id"]) & now.isna().to_numpy()
    reasons[now.isna()] = "gone"
    reasons[held] = "held_back"
    return reasons


def _put_back(earlier: Earlier, file: RankingFile) -> Iterable[tuple[str, pd.Series]]:
    """Give the ranks there would be with one thing as it was, one thing after the other."""
    found, settings = file.prospects, replace(file.scenario.settings, draws=1)
    old = earlier.table.set_index("bureau_id")
    ids = found.table["bureau_id"].astype("str")
    for name, columns in REASONS.items():
        there = [one for one in columns if one in old and one in found.table]
        swapped = found.table.copy()
        for one in there:
            was = ids.map(old[one])
            swapped[one] = was.where(was.notna(), found.table[one]).astype(found.table[one].dtype)
        if there:
            yield name, _ranks(replace(found, table=swapped), settings)
    if earlier.scenario is not None:
        then = earlier.scenario.settings
        then = replace(then, draws=1, pinned=settings.pinned, excluded=settings.excluded)
        yield "weights", _ranks(found, then)


def _ranks(prospects: Prospects, settings: Settings) -> pd.Series:
    table = rank_bureaux(prospects, settings).table
    return table.set_index("bureau_id")["rank"].astype(float)


def _hand_changed(earlier: Earlier, file: RankingFile) -> pd.Series:
    """Tell which bureaux were pinned or excluded then and not now, or the other way round."""
    now = file.ranking.table.set_index("bureau_id")["by_hand"].astype("str")
    table = earlier.table.set_index("bureau_id")
    if "by_hand" not in table:
        return now != ""
    then = table["by_hand"].fillna("").astype("str").reindex(now.index, fill_value="")
    return now != then


def reason_text(reason: str, language: str) -> str:
    """Say a reason in a language."""
    return told(_SAID[reason], language)


def moved_to_text(moved: pd.DataFrame, language: str) -> str:
    """Return what moved as CSV, the reason in words too."""
    words = moved["reason"].map(lambda one: reason_text(one, language))
    return csv_text(moved.assign(reason_text=words))


def moved_to_file(
    moved: pd.DataFrame, out: Path, language: str, *, fictional: bool = False
) -> Path:
    """Write what moved beside a ranking, `NAME.moved.csv`, and return where.

    Parameters
    ----------
    moved
        What moved, one row a bureau.
    out
        File of the ranking.
    language
        "fr" or "en": of the reasons.
    fictional
        Whether the place is invented: what stands beside the file says so.

    Returns
    -------
    pathlib.Path
        Of the file written.
    """
    beside = out.with_name(f"{out.name.partition('.')[0]}.moved.csv")
    with written_whole(beside) as aside:
        aside.write_text(moved_to_text(moved, language), encoding="utf-8", newline="\n")
    put_account(beside, "moved", language=language, fictional=fictional)
    return beside
