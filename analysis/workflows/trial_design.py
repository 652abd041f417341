"""Trials before the campaign: a design drawn and sealed, what it can see, a seal verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.design import Design, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.neighbours import with_groups
from analysis.experiments.placebo import Placebo
from analysis.experiments.power import Ask, power_curve
from analysis.experiments.preanalysis_plan import LANGUAGES, Plan, write_plan
from analysis.experiments.seal import Sealed, digest, drawn, verify, write_seal
from analysis.experiments.unit_files import check_suffix, read_units, write_csv
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import PLAN, SCENARIO, keep, sealed_with


@dataclass(frozen=True, slots=True)
class Promise:
    """What the plan of a design promises: outcomes, covariates, subgroups, past outcomes."""

    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    language: str = "fr"

    @property
    def announced(self) -> dict[str, tuple[str, ...]]:
        """What the seal repeats of it."""
        return {
            "outcomes": self.outcomes,
            "covariates": self.covariates,
            "subgroups": self.subgroups,
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """A design and what is promised with it, before the draw.

    Attributes
    ----------
    design, seed
        What will be drawn, and how.
    promise
        What is promised.
    plan
        The promise as a text to read, Markdown.
    """

    design: Design
    seed: int
    promise: Promise
    plan: str


@dataclass(frozen=True, slots=True)
class Near:
    """Groups of about `size` bureaux that touch, by the contours of a workspace."""

    workspace: Path
    size: int


def near_of(workspace: Path | None, size: int) -> Near | None:
    """Return what `--neighbours` asks for; None for 0.

    Raises
    ------
    DataError
        When no workspace is named, which alone knows who touches whom.
    """
    if not size:
        return None
    if workspace is None:
        raise DataError(
            "Nobody knows which units touch without their contours.",
            where="--neighbours {size}",
            mend="Name the workspace that has them: --workspace FOLDER.",
            size=size,
        )
    return Near(workspace, size)


def draft(design: Design, promise: Promise, seed: int, sight: pd.DataFrame | None = None) -> Draft:
    """Write the plan of a design that will be drawn.

    Parameters
    ----------
    design, seed
        What will be drawn, and how.
    promise
        What is promised, and in which language.
    sight
        Smallest effects that can be seen: `outcome`, `detectable_assignment` (share of the
        registered), one row each; None where nobody looked.

    Returns
    -------
    Draft
        Nothing is drawn yet.
    """
    plan = Plan(promise.outcomes, promise.covariates, promise.subgroups, sight, promise.language)
    return Draft(design, seed, promise, write_plan(plan, design, seed))


def sight_at_past(found: Placebo) -> pd.DataFrame:
    """Return what all units see, a row per past election, as `draft` takes it."""
    curve = found.curve[found.curve["units"] == found.curve["units"].max()]
    return curve.assign(outcome=curve["election_id"])


def seal_draft(
    made: Draft,
    texts: Mapping[str, str] | None = None,
    files: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Draw what was drafted and return its seal; every way to a seal comes through here.

    Parameters
    ----------
    made
        The design, with its plan.
    texts
        Texts that the seal carries: see `sealed_trials.sealed_with`.
    files
        Role → name and digest of files that stay beside it.

    Returns
    -------
    dict
        The content of the seal, with its fingerprint.
    """
    return sealed_with(made.design, made.seed, texts or {}, made.promise.announced, files)


def seal_in_workspace(made: Draft, workspace: Path, scenario: Scenario) -> str:
    """Draw what was drafted, put it in force in a workspace, and return its fingerprint.

    Parameters
    ----------
    made
        The design, with its plan.
    workspace
        Its folder.
    scenario
        What the ranking was asked: the seal carries it, and the plan.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    DataError
        When a bureau is in a design in force, or the folder cannot be written.
    """
    texts = {PLAN: made.plan, SCENARIO: scenario.to_toml()}
    return keep(workspace, seal_draft(made, texts))


def design_to_file(  # noqa: PLR0913 - the parts of one command
    units: Path, rule: Rule, promise: Promise, *, seed: int, out: Path, near: Near | None = None
) -> str:
    """Draw a design: the arms as CSV, and beside them the seal (JSON) and the plan (Markdown).

    With `near`, neighbours are drawn as one.

    Parameters
    ----------
    units
        CSV or Parquet, one row per unit.
    rule
        How it is drawn.
    promise
        What the plan promises.
    seed
        Of the draw.
    out
        The CSV of the arms; seal and plan go beside it.
    near
        Groups of neighbours to be drawn as one; None draws units as the rule says.

    Returns
    -------
    str
        What to print.

    Raises
    ------
    DataError
        When `out` is no CSV, or the units cannot be drawn as the rule says.
    """
    check_suffix(out, ".csv")
    if promise.language not in LANGUAGES:
        raise DataError(
            "There is no plan in “{language}”.",
            where="--language",
            mend="Write one of: {known}.",
            language=promise.language,
            known=", ".join(LANGUAGES),
        )
    table = read_units(units)
    unit_columns.check(table, [*promise.covariates, *promise.subgroups, *promise.past])
    own = table
    table, rule = grouped(table, rule, near)
    design = declare(table, rule)
    made = draft(design, promise, seed, _sight(table, rule, promise, seed))
    assignment = drawn(design, seed)
    paths = beside(out)
    write_csv(_with_own_columns(assignment, own, rule), out)
    paths["plan"].write_text(made.plan, encoding="utf-8")
    files = {"units": digest(units), "assignment": digest(out), "plan": digest(paths["plan"])}
    content = seal_draft(made, files=files)
    write_seal(content, paths["seal"])
    counts = assignment.loc[design.drawn, "arm"].value_counts()
    return "\n".join(
        [
            design.summary(),
            f"drawn with seed {seed}: {counts.get('treated', 0)} treated, "
            f"{counts.get('control', 0)} control",
            f"written: {out}, {paths['seal']}, {paths['plan']}",
            f"fingerprint: {content['fingerprint']}",
        ]
    )


def beside(out: Path) -> Mapping[str, Path]:
    """Return where the seal and the plan of an assignment stand."""
    return {"seal": out.with_suffix(".seal.json"), "plan": out.with_suffix(".plan.md")}


def plan_to_pdf(out: Path) -> Path:
    """Write the plan beside an assignment as PDF too, and return the file."""
    # Fonts and PDF machinery load only for who wants paper.
    from analysis.exports.reports.plan_pdf import plan_pdf

    plan = beside(out)["plan"]
    paper = plan.with_suffix(".pdf")
    paper.write_bytes(plan_pdf(plan.read_text(encoding="utf-8")))
    return paper


def verify_seal(path: Path) -> str:
    """Make the draw of a seal again; raise a `DataError` if anything moved."""
    found: Sealed = verify(path)
    judged = [f["file"] for f in found.files.values() if (path.parent / f["file"]).is_file()]
    missing = [f["file"] for f in found.files.values() if f["file"] not in judged]
    lines = [
        found.design.summary(),
        f"{path.name}: the draw of seed {found.seed} gives the sealed assignment of "
        f"{len(found.assignment)} units",
        f"unchanged: {', '.join(judged) or 'no file beside the seal'}",
    ]
    lines += [f"not looked at, not beside the seal: {', '.join(missing)}"] if missing else []
    return "\n".join([*lines, f"fingerprint: {found.fingerprint}"])


def grouped(table: pd.DataFrame, rule: Rule, near: Near | None) -> tuple[pd.DataFrame, Rule]:
    """Return units and rule with neighbours drawn as one; both as they are without `near`.

    Parameters
    ----------
    table
        One row per unit.
    rule
        How they are drawn.
    near
        Whose contours, and how many in a group.

    Returns
    -------
    tuple
        The table with a column of groups, and the rule that draws them.
    """
    if near is None:
        return table, rule
    return with_groups(table, rule, Workspace(near.workspace).read("bureaux"), near.size)


def _sight(table: pd.DataFrame, rule: Rule, promise: Promise, seed: int) -> pd.DataFrame | None:
    if not promise.past:
        return None
    ask = Ask(promise.past, coverage=(1.0,))
    return power_curve(table, rule, ask, np.random.default_rng(seed))


def _with_own_columns(assignment: pd.DataFrame, table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Add the columns of the user's file, in the order of its rows; ours go first."""
    label = unit_columns.labels(table, rule.unit)
    ours = assignment.set_index("unit_id").loc[label].reset_index()
    theirs = table[[name for name in table if name not in ours]].reset_index(drop=True)
    return pd.concat([ours, theirs], axis=1)
