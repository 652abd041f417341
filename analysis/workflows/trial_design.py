"""Trials before the campaign: a design drawn and sealed, and what it can see."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.charts.chart_words import say
from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.design import Design, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.placebo import Placebo
from analysis.experiments.power import Ask, power_curve
from analysis.experiments.preanalysis_plan import LANGUAGES, Plan, place_of, write_plan
from analysis.experiments.promised import ESTIMATORS, Earlier
from analysis.experiments.seal import digest, drawn, replacing, write_seal
from analysis.experiments.unit_files import check_suffix, read_units, write_csv
from analysis.exports.csv_account import of_no_real_place, put_account
from analysis.tables.file_lock import held
from analysis.tables.workspace import Workspace, is_invented
from analysis.workflows.declared_columns import declared_columns, with_own_columns
from analysis.workflows.near_units import Near, grouped
from analysis.workflows.ranking import Scenario
from analysis.workflows.refusals import refuse_unknown
from analysis.workflows.seal_ledger import (
    as_before,
    earlier_draws,
    enter,
    refuse_shopping,
    set_aside,
)
from analysis.workflows.sealed_trials import (
    FOLDER,
    PLAN,
    SCENARIO,
    SEAL,
    check_free,
    keep,
    retired,
    sealed_with,
)


@dataclass(frozen=True, slots=True)
class Promise:
    """What the plan of a design promises.

    Attributes
    ----------
    outcomes, covariates, subgroups
        Columns that will be estimated (the first is the headline), adjusted for, split by.
    past
        Past outcomes, to tell what can be seen.
    language
        Of the plan.
    estimator, lag
        What the headline will come from, one of `promised.ESTIMATORS`, and the election whose
        results of the same measures adjust; empty where nothing is said.
    """

    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    language: str = "fr"
    estimator: str = ""
    lag: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the units that are promised."""
        covariates = (unit_columns.category(name) for name in self.covariates)
        return (*self.outcomes, *self.subgroups, *self.past, *covariates)

    def to_seal(self) -> dict[str, tuple[str, ...]]:
        """Return what goes into the seal."""
        told = {
            "outcomes": self.outcomes,
            "covariates": self.covariates,
            "subgroups": self.subgroups,
        }
        said = {"estimator": self.estimator, "lag": self.lag}
        return told | {key: (value,) for key, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where earlier draws of the same units are looked for, and why they are drawn again.

    Attributes
    ----------
    workspace
        Whose ledger; None: only the folders of the new seal and of the units.
    again
        The reason for another draw; without one it is refused.
    """

    workspace: Path | None = None
    again: str = ""


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


def draft(
    design: Design,
    promise: Promise,
    seed: int,
    sight: pd.DataFrame | None = None,
    *,
    place: str = "",
) -> Draft:
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
    place
        What the place is called; empty where that is not known.

    Returns
    -------
    Draft
        Nothing is drawn yet.
    """
    plan = Plan(
        promise.outcomes,
        promise.covariates,
        promise.subgroups,
        sight,
        promise.language,
        estimator=promise.estimator,
        lag=promise.lag,
        place=place,
    )
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
    return sealed_with(made.design, made.seed, texts or {}, made.promise.to_seal(), files)


def seal_in_workspace(made: Draft, workspace: Path, scenario: Scenario, again: str = "") -> str:
    """Draw what was drafted, put it in force in a workspace, and return its fingerprint.

    Parameters
    ----------
    made
        The design, with its plan.
    workspace
        Its folder.
    scenario
        What the ranking was asked: the seal carries it, and the plan.
    again
        Why units that the ledger knows are drawn again. A design that was retired needs no
        other reason than the one it was retired for.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    DataError
        When a bureau is in a design in force or was drawn before and nobody says why, or the
        folder cannot be written.
    """
    texts = {PLAN: made.plan, SCENARIO: scenario.to_toml()}
    content = seal_draft(made, texts)
    # Of two people who draw at once, the second must find what the first drew.
    with held(workspace / FOLDER / "seals.lock"):
        check_free(workspace, content)
        known = Ledger(workspace, again)
        return keep(workspace, _sealed_once(content, known, workspace / FOLDER / SEAL))


def design_to_file(  # noqa: PLR0913 - the parts of one command
    units: Path,
    rule: Rule,
    promise: Promise,
    *,
    seed: int,
    out: Path,
    near: Near | None = None,
    known: Ledger = Ledger(),  # noqa: B008 - frozen
) -> str:
    """Draw a design: the arms as CSV, and beside them the seal (JSON) and the plan (Markdown).

    With `near`, neighbours are drawn as one. Nothing is written where units of the design were
    drawn before, unless a reason is given; then the earlier files are kept under the name of
    their seal.

    Parameters
    ----------
    units
        CSV or Parquet, one row per unit.
    rule
        How it is drawn.
    promise
        What the plan promises.
    seed, out
        Of the draw; the CSV of the arms: seal and plan go beside it.
    near
        Groups of neighbours to be drawn as one; None draws units as the rule says.
    known
        Where earlier draws of the same units are looked for, and why they are drawn again.

    Returns
    -------
    str
        What to print.

    Raises
    ------
    DataError
        When `out` is no CSV, the units cannot be drawn as the rule says, or were drawn before.
    """
    check_suffix(out, ".csv")
    _check_promise(promise)
    if promise.lag and known.workspace:
        refuse_unknown(Workspace(known.workspace), promise.lag)
    table = read_units(units)
    columns = [unit_columns.category(name) for name in promise.covariates]
    unit_columns.check(table, [*columns, *promise.subgroups, *promise.past])
    own, asked = table, rule
    table, rule = grouped(table, rule, near)
    design = declare(table, rule)
    sight = _sight(table, rule, promise, seed)
    place = place_of(own)
    fictional = of_no_real_place(units) or is_invented(known.workspace)
    if fictional:
        place = f"{place} ({say('fictional', promise.language)})".strip()
    made = draft(design, promise, seed, sight, place=place)
    assignment = drawn(design, seed)
    paths = beside(out)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".part-") as folder:
        # Written aside: what was drawn before is neither lost nor overwritten unseen.
        aside = {path: Path(folder) / path.name for path in (out, *paths.values())}
        arms, left = with_own_columns(
            assignment, own, rule, declared_columns(own, asked, promise.columns())
        )
        write_csv(arms, aside[out])
        aside[paths["plan"]].write_text(made.plan, encoding="utf-8")
        files = {
            "units": digest(units) | ({"place": place} if fictional else {}),
            "assignment": digest(aside[out]),
            "plan": digest(aside[paths["plan"]]),
        }
        content = _sealed_once(seal_draft(made, files=files), known, paths["seal"], units)
        content = as_before(content, paths["seal"])
        write_seal(content, aside[paths["seal"]])
        set_aside(out, paths.values(), content)
        for path, written in aside.items():
            os.replace(written, path)
    language = promise.language
    put_account(out, "plan", title=place, language=language, fictional=fictional)
    enter(known.workspace, content, paths["seal"].name)
    counts = assignment.loc[design.drawn, "arm"].value_counts()
    return "\n".join(
        [
            design.summary(),
            f"drawn with seed {seed}: {counts.get('treated', 0)} treated, "
            f"{counts.get('control', 0)} control",
            *(
                f"replaces the draw of seed {one['seed']}, {one['fingerprint'][:12]}: {one['why']}"
                for one in content.get("earlier", ())
            ),
            *(
                [f"columns not taken along, neither rule nor plan names them: {', '.join(left)}"]
                if left
                else []
            ),
            f"written: {out}, {paths['seal']}, {paths['plan']}",
            f"fingerprint: {content['fingerprint']}",
        ]
    )


def _check_promise(promise: Promise) -> None:
    for option, given, known in (
        ("--language", promise.language, LANGUAGES),
        ("--estimator", promise.estimator, ("", *ESTIMATORS)),
    ):
        if given not in known:
            raise DataError(
                "There is no plan in “{language}”."
                if option == "--language"
                else "There is no estimator “{language}”.",
                where="{option}",
                mend="Write one of: {known}.",
                language=given,
                option=option,
                known=", ".join(filter(None, known)),
            )


def _sealed_once(content: dict[str, Any], known: Ledger, *paths: Path) -> dict[str, Any]:
    """Return the seal of a draw; where units were drawn before, the reason is in it."""
    if not (others := earlier_draws(content, paths, known.workspace)):
        return content
    reasons = retired(known.workspace) if known.workspace else {}
    told = [
        Earlier(one.fingerprint, one.seed, known.again.strip() or reasons.get(one.fingerprint, ""))
        for one in others
    ]
    refuse_shopping(one for one, said in zip(others, told, strict=True) if not said.why)
    return replacing(content, told)


def beside(out: Path) -> Mapping[str, Path]:
    """Return where the seal and the plan of an assignment stand."""
    return {"seal": out.with_suffix(".seal.json"), "plan": out.with_suffix(".plan.md")}


def plan_to_pdf(out: Path, language: str = "fr") -> Path:
    """Write the plan beside an assignment as PDF too, and return the file."""
    # Fonts and PDF machinery load only for who wants paper.
    from analysis.exports.reports.plan_pdf import plan_pdf

    plan = beside(out)["plan"]
    paper = plan.with_suffix(".pdf")
    paper.write_bytes(plan_pdf(plan.read_text(encoding="utf-8"), language=language))
    return paper


def _sight(table: pd.DataFrame, rule: Rule, promise: Promise, seed: int) -> pd.DataFrame | None:
    if not promise.past:
        return None
    # The plain difference sees what it sees, whatever else is shown beside it.
    adjusts = promise.estimator in ("ancova", "lin")
    lagged = (
        tuple(n for n in promise.covariates if unit_columns.category(n) in table) if adjusts else ()
    )
    ask = Ask(promise.past, lagged=lagged, coverage=(1.0,))
    return power_curve(table, rule, ask, np.random.default_rng(seed))
