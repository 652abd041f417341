"""Questions on the script of a workspace: kept, changed, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.charts.chart_words import say
from analysis.errors import DataError
from analysis.exports.csv_account import put_account
from analysis.fieldwork import answer_counts, script_versions
from analysis.fieldwork.answer_counts import Answered
from analysis.fieldwork.answer_shares import LEVELS, shares
from analysis.fieldwork.questionnaire import Script, preset, read_script, to_toml
from analysis.fieldwork.store import Store
from analysis.geography.bureau_names import bureau_labels
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace

# One kind of zone is published: several would cut small pieces out of one another.
_ZONES = ("quartier", "canton", "circonscription")


def script_of(workspace: Workspace) -> Script:
    """Return the script in use, or the one to start from."""
    usual = "valmont" if workspace.manifest.get("fictional") else "general"
    return script_versions.current(workspace.path) or preset(usual)


def set_from_file(workspace: Path, file: Path) -> str:
    """Keep the script of a TOML file as the one in use; return its version.

    Raises
    ------
    DataError
        When it cannot be read or used.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(
            "The file cannot be read.",
            where="{file}: {strerror}",
            mend="Check the path.",
            file=file,
            strerror=error.strerror,
        ) from error
    return script_versions.keep(workspace, read_script(content, file=file.name))


def shown(workspace: Workspace) -> bytes:
    """Return the script in use as TOML."""
    warning = f"# {say('fictional_note', 'fr')}\n" if workspace.fictional else ""
    return warning.encode() + to_toml(script_of(workspace))


def answered(store: Store) -> Answered:
    """Return what was answered: see `answer_counts.answered`."""
    return answer_counts.answered(store, script_versions.versions(store.folder.parent))


def quarters(workspace: Workspace) -> dict[str, str]:
    """Return what an argument can be written for: `kind:zone` and bureaux, with their names."""
    found: dict[str, str] = {}
    if workspace.has("zones"):
        zones = workspace.read("zones").drop_duplicates(["kind", "zone_id"])
        zones = zones[zones["kind"].isin(_ZONES)].sort_values(["kind", "name"])
        keys = zones["kind"].astype(str) + ":" + zones["zone_id"].astype(str)
        found = dict(zip(keys, zones["name"].astype(str), strict=True))
    bureaux = sorted(
        workspace.read("context", columns=["bureau_id"])["bureau_id"].astype(str).unique()
    )
    return found | dict(zip(bureaux, bureau_labels(workspace, bureaux), strict=True))


def zones_by_bureau(workspace: Workspace) -> Mapping[str, str]:
    """Return the quarter of each bureau by name: its quartier, else its canton or constituency."""
    if not workspace.has("zones"):
        return {}
    zones = workspace.read("zones")
    kinds = set(zones["kind"].astype(str))
    kind = next((one for one in _ZONES if one in kinds), "")
    mine = zones[zones["kind"].eq(kind)].drop_duplicates("bureau_id")
    return dict(zip(mine["bureau_id"].astype(str), mine["name"].astype(str), strict=True))


def shares_by(found: Answered, workspace: Workspace, level: str) -> pd.DataFrame:
    """Return the shares of answers by level: see `answer_shares.shares`.

    Parameters
    ----------
    found
        Answers of a script, as asked.
    workspace
        A built place, whose zones bureaux lie in.
    level
        As `answer_shares.shares` takes it.

    Returns
    -------
    pandas.DataFrame
        As `answer_shares.shares` returns it.
    """
    return shares(found.asked, zones_by_bureau(workspace), level)


def shares_whole(found: Answered, workspace: Workspace) -> pd.DataFrame:
    """Return the shares by every level, one below the other."""
    zones = zones_by_bureau(workspace)
    return pd.concat([shares(found.asked, zones, one) for one in LEVELS], ignore_index=True)


def to_csv(table: pd.DataFrame) -> bytes:
    """Return shares as CSV, the same text on every machine."""
    return csv_text(table.round(4)).encode()


def to_xlsx(table: pd.DataFrame, *, fictional: bool = False) -> bytes:
    """Return shares as a workbook, one sheet a level."""
    # The writer of workbooks loads only for who wants one.
    from analysis.exports.workbook import sheets_to_xlsx

    sheets = {level: part.round(4) for level, part in table.groupby("level")}
    return sheets_to_xlsx(sheets, fictional=fictional)


def answers_to_file(store: Store, workspace: Workspace, out: Path) -> tuple[pd.DataFrame, Answered]:
    """Write the shares of answers, and return them with what they were counted from.

    Parameters
    ----------
    store, workspace
        Of the campaign.
    out
        A CSV file, or an XLSX where its name says so.

    Returns
    -------
    tuple
        The table as `shares_whole` makes it; the answers.

    Raises
    ------
    DataError
        When the file cannot be written.
    """
    found = answered(store)
    table = shares_whole(found, workspace)
    is_book, fictional = out.suffix.lower() == ".xlsx", workspace.fictional
    write(out, to_xlsx(table, fictional=fictional) if is_book else to_csv(table))
    if not is_book:
        put_account(out, "field", fictional=fictional)
    return table, found


def write(file: Path, content: bytes) -> None:
    """Write a file for the user.

    Raises
    ------
    DataError
        When it cannot be written.
    """
    try:
        file.write_bytes(content)
    except OSError as error:
        raise DataError(
            "The file cannot be written.",
            where="{file}: {strerror}",
            mend="Name a file in a folder that may be written to.",
            file=file,
            strerror=error.strerror,
        ) from error
