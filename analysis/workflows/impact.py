"""The question `impact` answers: a table of units, perhaps a seal, perhaps a workspace's votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.declared_design import with_seal
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimates import Impact
from analysis.experiments.outcomes import followed_by_code
from analysis.experiments.rank_weighted import RankWeighted, judge_ranking
from analysis.experiments.seal import Sealed, digest, verify
from analysis.experiments.subgroups import Subgroups, estimate_subgroups
from analysis.experiments.trial_words import say
from analysis.experiments.unit_files import read_units
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.trial_results import drawn_arms, results_on


@dataclass(frozen=True, slots=True)
class Votes:
    """Elections of a workspace to be read as outcomes of the units.

    Attributes
    ----------
    workspace
        The place.
    elections
        Ids, such as `2024_legi_t1`.
    choices
        Label → whose votes; turnout is always read.
    vintage
        Contours the units are of; None: those that know most of them.
    """

    workspace: Path
    elections: tuple[str, ...]
    choices: Mapping[str, Choice] = field(default_factory=dict)
    vintage: int | None = None


def votes_of(
    workspace: Path | None, elections: Sequence[str], blocs: Sequence[str], vintage: int | None
) -> Votes | None:
    """Return which results of a workspace are outcomes, of which blocs; None without one.

    Parameters
    ----------
    workspace
        Folder of the place, or None.
    elections
        Ids of those whose results are outcomes.
    blocs
        Whose votes count, one outcome each.
    vintage
        Year of the contours the units are of; None: those that know most of them.

    Returns
    -------
    Votes or None
        What `answer` reads.
    """
    if workspace is None:
        return None
    return Votes(workspace, tuple(elections), {one: Choice(one) for one in blocs}, vintage)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a table of units.

    Attributes
    ----------
    units
        The file.
    spec
        Which columns hold what. Without outcomes, and with `votes`: turnout and the votes of
        every choice among the registered, at every election.
    draws, seed
        Randomisation inference: how many draws, their seed.
    seal
        Sealed design: arms, blocks and the draw to repeat are its own.
    subgroups
        Columns to estimate within.
    votes
        Elections of a workspace, beside what the file holds.
    rank_by
        Column of a ranking to judge by the effects on what it puts first; none when empty.
    """

    units: Path
    spec: Spec
    draws: int = 0
    seed: int = 0
    seal: Path | None = None
    subgroups: tuple[str, ...] = ()
    votes: Votes | None = None
    rank_by: str = ""


@dataclass(frozen=True)
class Answer:
    """What a trial says of a question, and what it was made from.

    Attributes
    ----------
    impact
        Of the draw, the lists, the doors.
    subgroups
        Effects within groups, when asked.
    lost
        What redrawn contours lost, by election and arm, when a workspace was read.
    made_from
        Files with their digests, the seal's fingerprint, draws, seed.
    ranked
        How well a ranking tells where effects are, one per outcome, when asked.
    """

    impact: Impact
    subgroups: Subgroups | None
    lost: pd.DataFrame | None
    made_from: Mapping[str, Any]
    ranked: tuple[RankWeighted, ...] = ()

    def summary(self, language: str = "en") -> str:
        """Return estimates, groups, ranking and what was lost in sentences, one a line."""
        lines = [self.impact.summary(language)]
        if self.subgroups is not None:
            lines.append(self.subgroups.summary(language))
        lines += [one.sentence(language) for one in self.ranked]
        if self.lost is not None:
            lines += [_lost(row, language) for row in self.lost.to_dict("records")]
            lines += [note.say(language) for note in followed_by_code(self.lost)]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON knows it."""
        content = self.impact.to_json()
        if self.subgroups is not None:
            content["subgroups"] = self.subgroups.to_json()
        if self.ranked:
            first, *others = (one.to_json() for one in self.ranked)
            content["rank_weighted"] = {**first, "other_outcomes": others}
        if self.lost is not None:
            content["lost"] = self.lost.to_dict("records")
        return {**content, "made_from": dict(self.made_from)}


def answer(question: Question) -> Answer:
    """Estimate the impact of a trial as a question asks.

    Raises
    ------
    DataError
        When files, columns or the seal cannot answer it.
    """
    table, spec, lost = read_units(question.units), question.spec, None
    sealed = verify(question.seal) if question.seal else None
    if question.votes:
        table, spec, lost = _with_votes(table, spec, question.votes, sealed)
    impact = estimate(table, spec, sealed, draws=question.draws, seed=question.seed)
    groups = None
    if question.subgroups:
        groups = estimate_within(table, spec, sealed, question.subgroups)
    ranked: tuple[RankWeighted, ...] = ()
    if question.rank_by:
        ranked = judge_order(table, spec, sealed, question)
    sources = {
        **digest(question.units),
        "workspace": Workspace(question.votes.workspace).digest if question.votes else "",
        "seal": sealed.fingerprint if sealed else "",
    }
    made = made_from(sources, question.draws, question.seed)
    return Answer(impact, groups, lost, made, ranked)


def estimate(
    table: pd.DataFrame, spec: Spec, sealed: Sealed | None, *, draws: int = 0, seed: int = 0
) -> Impact:
    """Estimate what being drawn, canvassed and reached changed, under a seal if there is one.

    Parameters
    ----------
    table, spec
        One row per unit, and which columns hold what.
    sealed
        Design whose arms, blocks and draw take the place of the table's; None for none.
    draws, seed
        Of randomisation inference.

    Returns
    -------
    Impact
        On the scale of the outcomes.

    Raises
    ------
    DataError
        When the columns cannot answer.
    """
    lottery = None
    if sealed:
        table, spec, lottery = with_seal(table, spec, sealed)
    rng = np.random.default_rng(seed)
    return estimate_impact(table, spec, lottery=lottery, rng=rng, draws=draws)


def estimate_within(
    table: pd.DataFrame,
    spec: Spec,
    sealed: Sealed | None,
    names: Sequence[str],
    *,
    announced: Sequence[str] | None = None,
) -> Subgroups:
    """Estimate within groups; those that were announced are declared, others exploratory.

    Parameters
    ----------
    table, spec, sealed
        As for `estimate`.
    names
        Columns to estimate within.
    announced
        Those announced before the draw, where columns were renamed; None: as the seal says.

    Returns
    -------
    Subgroups
        One estimate per column, group and outcome.

    Raises
    ------
    DataError
        When the columns cannot answer.
    """
    if announced is None:
        announced = sealed.promise.get("subgroups", ()) if sealed else ()
    if sealed:
        table, spec, _lottery = with_seal(table, spec, sealed)
    return estimate_subgroups(table, spec, tuple(names), declared=tuple(announced))


def judge_order(
    table: pd.DataFrame, spec: Spec, sealed: Sealed | None, question: Question
) -> tuple[RankWeighted, ...]:
    """Return, by outcome, whether the units ranked first by `question.rank_by` gained more.

    Parameters
    ----------
    table, spec, sealed
        As for `estimate`.
    question
        Its column to rank by, draws and seed.

    Returns
    -------
    tuple of RankWeighted
        One per outcome.
    """
    lottery = None
    if sealed:
        table, spec, lottery = with_seal(table, spec, sealed)
    rng = np.random.default_rng(question.seed)
    return judge_ranking(
        table, spec, question.rank_by, lottery=lottery, rng=rng, draws=question.draws
    )


def arms_of(table: pd.DataFrame, spec: Spec, sealed: Sealed | None) -> pd.DataFrame:
    """Return `unit_id`, `arm`, `block` and `rank` of the units, one row each, for a map.

    Parameters
    ----------
    table, spec
        As for `estimate`.
    sealed
        Its arms take the place of the table's; None for none.

    Returns
    -------
    pandas.DataFrame
        One row per unit; `rank` is missing where no seal tells it.
    """
    if sealed:
        return sealed.assignment[["unit_id", "arm", "block", "rank"]]
    drawn = pd.to_numeric(table[spec.assigned], errors="coerce") == 1
    block = table[spec.block].astype("str") if spec.block else "1"
    return pd.DataFrame(
        {
            "unit_id": table[spec.unit].astype("str") if spec.unit else table.index.astype("str"),
            "arm": np.where(drawn, "treated", "control"),
            "block": block,
            "rank": np.nan,
        }
    )


def made_from(sources: Mapping[str, Any], draws: int, seed: int) -> dict[str, Any]:
    """Say what an answer comes from.

    Parameters
    ----------
    sources
        `file` and `sha256` of the table of units, digest of the `workspace`, `elections`,
        fingerprint of the `seal`; what is empty is left out.
    draws, seed
        Of randomisation inference.

    Returns
    -------
    dict
        As files and reports hold it.
    """
    named = {name: value for name, value in sources.items() if value}
    return {**named, "draws": draws, "seed": seed}


def _with_votes(
    table: pd.DataFrame, spec: Spec, votes: Votes, sealed: Sealed | None
) -> tuple[pd.DataFrame, Spec, pd.DataFrame]:
    """Put the results of elections beside the units, and tell what was lost by arm."""
    place, label = Workspace(votes.workspace), unit_columns.labels(table, spec.unit)
    found = results_on(place, label.tolist(), votes.elections, votes.choices, vintage=votes.vintage)
    rows = found.table.drop(columns="unit_id").set_axis(table.index)
    if clash := [name for name in rows if name in table]:
        raise DataError(
            "The table of units already has the column(s) {clash}.",
            where="units",
            mend="Rename them: results of these elections are read from the workspace.",
            clash=", ".join(clash),
        )
    if not spec.outcomes:
        named = [f"{e}_turnout" for e in votes.elections]
        named += [f"{e}_{c}_registered" for e in votes.elections for c in votes.choices]
        spec = replace(spec, outcomes=tuple(named))
    return pd.concat([table, rows], axis=1), spec, found.lost(_arms(table, spec, label, sealed))


def _arms(table: pd.DataFrame, spec: Spec, label: pd.Series, sealed: Sealed | None) -> pd.Series:
    if sealed:
        return drawn_arms(sealed)
    unit_columns.check(table, [spec.assigned])
    arms = unit_columns.arms(table, spec.assigned, label)
    return pd.Series(np.where(arms == 1, "treated", "control"), index=pd.Index(label))


def _lost(row: Mapping[Any, Any], language: str) -> str:
    return say(
        "lost",
        language,
        election=str(row["election_id"]),
        arm=say(str(row["arm"]), language),
        without=int(row["without_result"]),
        units=int(row["units"]),
        redrawn=int(row["redrawn"]),
        mixed=100 * float(row["mixed_share"]),
    )
