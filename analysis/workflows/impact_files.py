"""What a canvass changed, as files: every number as JSON, or one page to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.experiments.trial_words import say
from analysis.experiments.unit_files import as_json, check_suffix
from analysis.tables.workspace import Workspace
from analysis.workflows.impact import Answer, Question, answer, is_fictional
from analysis.workflows.model_territory import title_of


def answer_to_bytes(
    found: Answer, suffix: str, language: str = "fr", *, title: str = "", simulated: bool = False
) -> bytes:
    """Return an answer as a file.

    Parameters
    ----------
    found
        The answer.
    suffix
        `.json` (every number), `.html` or `.pdf` (one page to read).
    language
        Of the page, `fr` or `en`.
    title
        Heading of the page; a general one when empty.
    simulated
        Whether the data were made: the page says so at its head, the JSON by a key.

    Returns
    -------
    bytes
        The whole file.
    """
    if suffix == ".json":
        invented = {"fictional": True} if simulated else {}
        return as_json({**found.to_json(), **invented}).encode()
    # The report pulls in fonts and PDF machinery: only when it is wanted.
    from analysis.exports.reports.trial_report import TrialReport, report_to_bytes

    page = TrialReport(
        found.impact,
        title,
        found.subgroups,
        found.lost,
        found.made_from,
        simulated,
        found.ranked,
        found.standing,
        found.spillovers,
    )
    return report_to_bytes(page, suffix, language)


def impact_to_file(question: Question, out: Path) -> Answer:
    """Answer a question and write the answer as JSON.

    Raises
    ------
    DataError
        When `out` is no JSON, or the question has no answer.
    """
    check_suffix(out, ".json")
    found = answer(question)
    out.write_bytes(answer_to_bytes(found, ".json", simulated=is_fictional(question)))
    return found


def check_report(path: Path) -> None:
    """Raise a `DataError` when a report cannot be written under this name."""
    from analysis.exports.reports.trial_report import check_report_path

    check_report_path(path)


def place_told(question: Question, language: str) -> dict[str, Any]:
    """Return `simulated` of a report, and its title where outcomes are read in a workspace."""
    simulated = is_fictional(question)
    if question.votes is None:
        return {"simulated": simulated}
    workspace = Workspace(question.votes.workspace)
    title = f"{say('report', language)} · {title_of(workspace, '', language)}"
    return {"title": title, "simulated": simulated}


def report_to_file(
    found: Answer, path: Path, language: str, *, title: str = "", simulated: bool = False
) -> None:
    """Write an answer as one page, `.html` or `.pdf`.

    Parameters
    ----------
    found
        The answer.
    path
        Ends in `.html` or `.pdf`.
    language
        `fr` or `en`.
    title, simulated
        As for `answer_to_bytes`.

    Raises
    ------
    DataError
        When the suffix or the language is another.
    """
    check_report(path)
    path.write_bytes(
        answer_to_bytes(found, path.suffix.lower(), language, title=title, simulated=simulated)
    )
