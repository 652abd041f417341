"""Who voted what next, as a table, a matrix or flows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.charts.chart_words import election
from analysis.electorate.transfers import Transfers, estimate_transfers
from analysis.electorate.transfers.count_files import read_counts, write_table
from analysis.electorate.transfers.estimate import Progress
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.electorate.transfers.survey_fit import Survey
from analysis.electorate.transfers.surveys import compare, published, read_survey
from analysis.errors import DataError
from analysis.exports.csv_account import put_account
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.exports.registry import check_format, put_leaving
from analysis.tables.workspace import Workspace
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import title_of
from analysis.workflows.spread import opened

SEED = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose transfers: of two elections of a workspace, or of two files of counts.

    Attributes
    ----------
    workspace, elections, places
        The folder; from which election to which; at most one commune or département.
    files
        CSV of origin and of destination: first column the unit, the others counts.
    apart
        The files are of different days.
    survey
        CSV of a survey to join to the counts: origin, destination, share, n.
    level, seed
        As for `estimate_transfers`.
    workers, cluster
        Where départements are worked on: so many processes (0: one for each processor), or the
        Dask cluster of a scheduler.
    """

    workspace: Path | None = None
    elections: tuple[str, str] = ("", "")
    places: tuple[str, ...] = ()
    files: tuple[Path | None, Path | None] = (None, None)
    apart: bool = False
    survey: Path | None = None
    level: float = 0.90
    seed: int = SEED
    workers: int = 0
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Transfers in a file, and what surveys say.

    Attributes
    ----------
    found
        The estimate.
    beside
        Survey figures beside it (`surveys.compare`); empty where there are none.
    beside_file
        Where they were written; None where there are none.
    """

    found: Transfers
    beside: pd.DataFrame
    beside_file: Path | None


def transfers_to_file(asked: Asked, out: Path, *, progress: Progress | None = None) -> Answer:
    """Estimate who voted what next, and write the long table as CSV.

    Figures of surveys go beside it, into `NAME_surveys.csv`.

    Parameters
    ----------
    asked, out
        Whose transfers; the file.
    progress
        Told the share done of a workspace.

    Returns
    -------
    Answer
        What was written.

    Raises
    ------
    DataError
        When it is not said whose, counts or survey are wrong, or a file cannot be written.
    """
    origin, destination = asked.files
    if any(asked.files) and (asked.workspace or any(asked.elections)):
        raise DataError(
            "Transfers are of a workspace or of two files, not of both.",
            where="--workspace and --from, --to; --origin and --destination",
            mend="Leave one of the two out.",
        )
    survey = read_survey(asked.survey) if asked.survey else None
    surveys = [survey.table.assign(institute=survey.name, published="")] if survey else []
    if origin and destination:
        found = estimate_transfers(
            read_counts(origin),
            read_counts(destination),
            seed=asked.seed,
            level=asked.level,
            apart=asked.apart,
            survey=survey,
        )
    elif asked.workspace and all(asked.elections):
        if len(asked.places) > 1:
            raise DataError(
                "Transfers are estimated for one place at a time.",
                where="{places}",
                mend="Give one --place, or none for the whole workspace.",
                places=", ".join(asked.places),
            )
        workspace = Workspace(asked.workspace)
        found = estimated(workspace, asked, survey, progress=progress)
        surveys.append(_figures(workspace, asked.elections))
    else:
        raise DataError(
            "It is not said whose transfers are wanted.",
            mend="Give --workspace DIR --from ELECTION --to ELECTION, or --origin FILE.csv "
            "--destination FILE.csv.",
        )
    _put(found.table, out, asked)
    beside = compare(found, pd.concat(surveys, ignore_index=True)) if surveys else pd.DataFrame()
    if beside.empty:
        return Answer(found, beside, None)
    beside_file = out.with_name(f"{out.stem}_surveys.csv")
    _put(beside, beside_file, asked)
    return Answer(found, beside, beside_file)


def _put(table: pd.DataFrame, out: Path, asked: Asked) -> None:
    """Write a table, and beside it what it is and whether the place is invented."""
    write_table(table, out)
    fictional = asked.workspace is not None and Workspace(asked.workspace).fictional
    put_account(out, "result", language="en", fictional=fictional)


def beside_surveys(
    workspace: Workspace,
    elections: tuple[str, str],
    found: Transfers,
    survey: Survey | None = None,
) -> pd.DataFrame:
    """Set an estimate beside the surveys published on its elections, and beside one's own.

    Parameters
    ----------
    workspace
        Where it was made; no survey was held in an invented place.
    elections
        From which to which.
    found
        The estimate.
    survey
        One's own, first; None for none.

    Returns
    -------
    pandas.DataFrame
        As of `surveys.compare`; empty where nobody published any.
    """
    own = [survey.table.assign(institute=survey.name, published="", source="")] if survey else []
    return compare(found, pd.concat([*own, _figures(workspace, elections)], ignore_index=True))


def _figures(workspace: Workspace, elections: tuple[str, str]) -> pd.DataFrame:
    figures = published(*elections)
    return figures.head(0) if workspace.fictional else figures


def estimated(
    workspace: Workspace,
    asked: Asked,
    survey: Survey | None = None,
    *,
    progress: Progress | None = None,
) -> Transfers:
    """Answer a question on a workspace, read already: the command, the page, a file made again.

    Parameters
    ----------
    workspace, asked, survey, progress
        The place; the question; a survey to join to the counts; told the share done, 0 to 1.

    Returns
    -------
    Transfers
        By département, then summed, where the place has several and none is chosen.

    Raises
    ------
    DataError
        When an election or the place is not in the workspace, or its counts do not suffice.
    """
    several = not any(asked.places) and len(set(workspace.read("places")["department_id"])) > 1
    estimate = partial(
        transfers_of,
        workspace,
        *asked.elections,
        *asked.places,
        seed=asked.seed,
        level=asked.level,
        survey=survey,
        progress=progress,
    )
    workers = asked.workers or os.cpu_count() or 1
    if several and asked.cluster:
        with opened(workers, asked.cluster) as executor:
            return estimate(executor=executor)
    if not several or workers == 1:
        return estimate()
    # Workers start anew: a fork of a process that has threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        return estimate(executor=executor)


def blocs_of(workspace: Workspace, election_id: str) -> dict[str, str]:
    """Return the bloc of each option of an election, by name, candidate and nuance."""
    table = workspace.read("candidates")
    table = table[(table["election_id"] == election_id) & (table["bloc"] != "")]
    columns = ("nuance", "candidate_id", "name")
    return {k: b for c in columns for k, b in zip(table[c], table["bloc"], strict=True) if k}


def finding(  # noqa: PLR0913 - what was asked, what was found, how it leaves
    workspace: Workspace,
    asked: tuple[str, str, str],
    found: Transfers,
    *,
    figure: str = "",
    written: Written,
    survey: Survey | None = None,
    seed: int | None = None,
) -> Finding:
    """Put an estimate so that it can leave.

    Parameters
    ----------
    workspace
        Where it was made.
    asked
        From which election to which, and the commune or département ("" for the whole).
    found
        `estimated` of these, with the seed `SEED`.
    figure
        "matrix" or "flows" for a picture; empty for the table.
    written
        How it is written.
    survey
        Joined to the counts; its figures go into the file. None for none.
    seed
        Of the estimate; None for `SEED`.

    Returns
    -------
    Finding
        The table, what it says of itself, and the figure that was asked for.
    """
    origin, destination, place = asked
    language = written.language
    source = of_workspace(
        workspace,
        "transfers",
        {
            "from": origin,
            "to": destination,
            "place": place,
            "level": found.level,
            "figure": figure,
            **_asked_of(survey),
        },
        seed=SEED if seed is None else seed,
    )
    # In two lines: a table of few columns is narrow.
    before, after = (election(one, language) for one in (origin, destination))
    heading = f"{title_of(workspace, place, language)} · {before} →\n{after}"
    draw = None
    if figure:
        from analysis.charts import transfer_charts as charts

        draw = partial(charts.heat_map, found, title=heading, language=language)
        if figure != "matrix":
            blocs = blocs_of(workspace, origin)
            draw = partial(charts.flows, found, title=heading, language=language, blocs=blocs)
    table = found.to_frame()
    units = columns_of("transfers", table, language)
    return Finding(table, None, source, heading, units, draw, written)


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
    given = provenance.parameters
    asked = given["from"], given["to"], given["place"]
    survey, seed = _survey_in(given), provenance.seed or SEED
    question = Asked(elections=asked[:2], places=asked[2:], seed=seed, workers=1)
    found = estimated(workspace, replace(question, level=given["level"]), survey)
    return finding(
        workspace, asked, found, figure=given["figure"], written=written, survey=survey, seed=seed
    )


def _asked_of(survey: Survey | None) -> dict[str, Any]:
    """Return a survey as a file holds it: few figures, so that it needs no other file."""
    if survey is None:
        return {}
    return {"survey": {"name": survey.name, "figures": survey.table.to_dict("list")}}


def _survey_in(given: Mapping[str, Any]) -> Survey | None:
    told = given.get("survey")
    return Survey(pd.DataFrame(told["figures"]), told["name"]) if told else None


def check_table(asked: Asked, path: Path) -> None:
    """Refuse a table with sources of files of counts, or one in no known format.

    Raises
    ------
    DataError
        When it would not be made of a workspace, or is not written so.
    """
    if asked.workspace is None:
        raise DataError(
            "A table with its sources is made of a workspace.",
            where="{path}",
            mend="Give --workspace DIR --from ELECTION --to ELECTION; files of counts give --out.",
            path=path,
        )
    check_format(path)


def table_to_file(asked: Asked, found: Transfers, path: Path, written: Written) -> None:
    """Write an estimate with its sources, in the format that the suffix of `path` names.

    Parameters
    ----------
    asked, found
        The question and its answer.
    path
        The file.
    written
        How it is written.

    Raises
    ------
    DataError
        When it was not made of a workspace, or is not written so.
    """
    check_table(asked, path)
    assert asked.workspace is not None
    survey = read_survey(asked.survey) if asked.survey else None
    place = (*asked.elections, "".join(asked.places))
    workspace = Workspace(asked.workspace)
    leaving = finding(workspace, place, found, written=written, survey=survey, seed=asked.seed)
    put_leaving(path, leaving)
