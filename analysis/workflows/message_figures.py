"""Figures of a quarter for a message: counts of its last elections, each with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from analysis.charts.chart_words import election, licence
from analysis.errors import DataError
from analysis.i18n import Words, format_number, format_percent
from analysis.tables.workspace import Workspace

WORDS = Words.read("message", files("analysis.workflows") / "message_words.toml")
_ROLE = "general_results"


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of a label and a value, and where they come from."""

    rows: tuple[tuple[str, str], ...]
    source: str


def figures_of(workspace: Workspace, bureaux: Sequence[str], language: str) -> Figures:
    """Return the figures of some bureaux together at the last election they all have.

    Parameters
    ----------
    workspace
        The place.
    bureaux
        A quarter; none is the whole place.
    language
        "fr" or "en".

    Returns
    -------
    Figures
        Registered, ballots and turnout in words, and the source with its licence.

    Raises
    ------
    DataError
        When there is no election of them.
    """
    turnout, dated = workspace.read("turnout"), workspace.read("elections")
    mine = turnout[turnout["bureau_id"].isin(bureaux)] if len(bureaux) else turnout
    if not len(mine):
        raise DataError(
            "There are no results of these bureaux.", mend="Choose bureaux of this place."
        )
    day = dated.set_index("election_id")["date"]
    last = max(mine["election_id"].unique(), key=lambda one: (day[one], one))
    sums = mine.loc[mine["election_id"] == last, ["registered", "ballots"]].sum()
    named, told = election(str(last), language), WORDS[language]
    registered, ballots = float(sums["registered"]), float(sums["ballots"])
    rate = ballots / max(registered, 1.0)
    rows = (
        (told["figures.registered"], format_number(registered, 0, language=language)),
        (told["figures.ballots"].format(election=named), format_number(ballots, language=language)),
        (told["figures.turnout"].format(election=named), format_percent(rate, language=language)),
    )
    source = told["figures.source"].format(election=named, licence=_licence(workspace, language))
    return Figures(rows, source)


def _licence(workspace: Workspace, language: str) -> str:
    found = next((one["licence"] for one in workspace.sources if one["role"] == _ROLE), "")
    return licence(found, language) if found else "–"
