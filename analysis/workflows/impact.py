"""The question `impact` answers: a table of units, perhaps a seal, perhaps a workspace's votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.declared_design import with_seal
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimates import Impact
from analysis.experiments.interference import Spillover
from analysis.experiments.outcomes import followed_by_code
from analysis.experiments.promised import Announced, Standing
from analysis.experiments.rank_weighted import RankWeighted, judge_ranking
from analysis.experiments.seal import Sealed, digest, examine
from analysis.experiments.subgroups import Subgroups, estimate_subgroups
from analysis.experiments.trial_words import say
from analysis.experiments.unit_files import read_units
from analysis.exports.csv_account import of_no_real_place
from analysis.readers.mistaken import refuse_mistaken
from analysis.tables.workspace import Workspace
from analysis.workflows.impact_votes import Votes, with_votes
from analysis.workflows.seal_ledger import told_of
from analysis.workflows.spillover import Vicinity, felt_by_neighbours


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
    near
        Who counts as a neighbour, to test what treated neighbours change; None for no test.
    """

    units: Path
    spec: Spec
    draws: int = 0
    seed: int = 0
    seal: Path | None = None
    subgroups: tuple[str, ...] = ()
    votes: Votes | None = None
    rank_by: str = ""
    near: Vicinity | None = None


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
    standing
        Whether plan and draw are those that were announced; None without a seal.
    spillovers
        What treated neighbours changed, one per outcome, when asked.
    """

    impact: Impact
    subgroups: Subgroups | None
    lost: pd.DataFrame | None
    made_from: Mapping[str, Any]
    ranked: tuple[RankWeighted, ...] = ()
    standing: Standing | None = None
    spillovers: tuple[Spillover, ...] = ()

    def summary(self, language: str = "en") -> str:
        """Return standing, estimates, groups, ranking, what was lost in sentences, one a line."""
        lines = [note.say(language) for note in self.standing.notes] if self.standing else []
        lines.append(self.impact.summary(language))
        if self.subgroups is not None:
            lines.append(self.subgroups.summary(language))
        lines += [one.sentence(language) for one in self.ranked]
        lines += [one.sentence(language) for one in self.spillovers]
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
        if self.spillovers:
            content["spillover"] = [one.to_json() for one in self.spillovers]
        if self.standing is not None:
            content["plan"] = self.standing.to_json()
        return {**content, "made_from": dict(self.made_from)}


def answer(question: Question) -> Answer:
    """Estimate the impact of a trial as a question asks.

    Raises
    ------
    DataError
        When files, columns or the seal cannot answer it.
    """
    if question.units.is_file():
        with question.units.open("rb") as beginning:
            refuse_mistaken(question.units.name, beginning.read(1 << 12))
    table, spec, lost = read_units(question.units), question.spec, None
    sealed = None
    if question.seal:
        folder = question.votes.workspace if question.votes else None
        sealed = told_of(examine(question.seal), folder)
        if not sealed.standing.whole:
            spec = replace(spec, announced=Announced())
    _check_arm_is_named(spec, sealed)
    if question.votes:
        table, spec, lost = with_votes(table, spec, question.votes, sealed)
    impact = estimate(table, spec, sealed, draws=question.draws, seed=question.seed)
    groups = None
    if question.subgroups:
        groups = estimate_within(table, spec, sealed, question.subgroups)
    ranked: tuple[RankWeighted, ...] = ()
    if question.rank_by:
        ranked = judge_order(table, spec, sealed, question)
    felt: tuple[Spillover, ...] = ()
    if question.near:
        felt = felt_by_neighbours(
            table, spec, sealed, question.near, draws=question.draws, seed=question.seed
        )
    sources = {
        **digest(question.units),
        "workspace": Workspace(question.votes.workspace).digest if question.votes else "",
        "seal": sealed.fingerprint if sealed else "",
    }
    made = made_from(sources, question.draws, question.seed)
    return Answer(impact, groups, lost, made, ranked, sealed.standing if sealed else None, felt)


def is_fictional(question: Question) -> bool:
    """Tell whether the units, or the workspace whose results are read, are of no real place."""
    votes = question.votes
    return of_no_real_place(question.units) or bool(votes and Workspace(votes.workspace).fictional)


def _check_arm_is_named(spec: Spec, sealed: Sealed | None) -> None:
    if sealed is None and not spec.assigned:
        raise DataError(
            "Nobody says which units were drawn.",
            mend="Name the column of the arm with --assigned, or the sealed design with --seal.",
        )


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
    _check_arm_is_named(spec, sealed)
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
