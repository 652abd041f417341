"""Trials before the campaign: a design drawn and sealed, what it can see, a seal verified."""

from __future__ import annotations

import os
import tempfile
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
from analysis.experiments.neighbours import with_distance, with_groups
from analysis.experiments.power import Ask, power_curve
from analysis.experiments.preanalysis_plan import LANGUAGES, Plan, write_plan
from analysis.experiments.promised import ESTIMATORS, Earlier
from analysis.experiments.seal import Sealed, digest, drawn, seal, verify, write_seal
from analysis.experiments.unit_files import check_suffix, read_units, write_csv
from analysis.tables.workspace import Workspace
from analysis.workflows.seal_ledger import (
    as_before,
    earlier_draws,
    enter,
    refuse_shopping,
    set_aside,
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
        Whose ledger; None: only the folder of the new seal.
    again
        The reason for another draw; without one it is refused.
    """

    workspace: Path | None = None
    again: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """What the contours of a workspace decide; 0 for neither.

    Attributes
    ----------
    workspace
        Its folder.
    size
        Bureaux that touch and are drawn as one, about.
    apart
        Metres, at least, between any two that are drawn.
    """

    workspace: Path
    size: int
    apart: float = 0.0


def near_of(workspace: Path | None, size: int, apart: float = 0.0) -> Near | None:
    """Return what `--neighbours` and `--apart` ask for; None for 0.

    Raises
    ------
    DataError
        When no workspace is named, which alone knows who touches whom, or both are asked for.
    """
    if not size and not apart:
        return None
    if size and apart:
        raise DataError(
            "Neighbours are drawn as one or kept apart, not both.",
            where="--neighbours {size} --apart {apart:g}",
            mend="Leave one of them out.",
            size=size,
            apart=apart,
        )
    if workspace is None:
        raise DataError(
            "Nobody knows which units touch without their contours.",
            where="--neighbours {size}",
            mend="Name the workspace that has them: --workspace FOLDER.",
            size=size or apart,
        )
    return Near(workspace, size, apart)


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

    Raises
    ------
    DataError
        When `out` is no CSV, the units cannot be drawn as the rule says, or were drawn before.
    """
    check_suffix(out, ".csv")
    _check_promise(promise)
    table = read_units(units)
    columns = [unit_columns.category(name) for name in promise.covariates]
    unit_columns.check(table, [*columns, *promise.subgroups, *promise.past])
    own = table
    table, rule = grouped(table, rule, near)
    design = declare(table, rule)
    assignment = drawn(design, seed)
    plan = write_plan(_plan(table, rule, promise, seed), design, seed)
    paths = beside(out)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".part-") as folder:
        # Written aside: what was drawn before is neither lost nor overwritten unseen.
        made = {path: Path(folder) / path.name for path in (out, *paths.values())}
        write_csv(_with_own_columns(assignment, own, rule), made[out])
        made[paths["plan"]].write_text(plan, encoding="utf-8")
        files = {
            "units": digest(units),
            "assignment": digest(made[out]),
            "plan": digest(made[paths["plan"]]),
        }
        content = _sealed_once(design, seed, files, promise, out, known)
        write_seal(content, made[paths["seal"]])
        set_aside(out, paths.values(), content)
        for path, aside in made.items():
            os.replace(aside, path)
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


def _sealed_once(  # noqa: PLR0913 - all that a seal holds, and where others are looked for
    design: Design,
    seed: int,
    files: Mapping[str, Mapping[str, str]],
    promise: Promise,
    out: Path,
    known: Ledger,
) -> dict[str, Any]:
    """Return the seal of a draw; where units were drawn before, the reason is in it."""
    content, path = seal(design, seed, files, promise.to_seal()), beside(out)["seal"]
    others = earlier_draws(content, path, known.workspace)
    if not others:
        return as_before(content, path)
    if not known.again.strip():
        refuse_shopping(others)
    why = known.again.strip()
    earlier = [Earlier(one.fingerprint, one.seed, why) for one in others]
    return as_before(seal(design, seed, files, promise.to_seal(), earlier), path)


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
    lines += [str(note) for note in found.standing.notes if found.standing.earlier]
    return "\n".join([*lines, f"fingerprint: {found.fingerprint}"])


def grouped(table: pd.DataFrame, rule: Rule, near: Near | None) -> tuple[pd.DataFrame, Rule]:
    """Return units and rule with neighbours drawn as one or kept apart; as they are without."""
    if near is None:
        return table, rule
    if near.apart:
        return with_distance(table, rule, Workspace(near.workspace).read("bureaux"), near.apart)
    return with_groups(table, rule, Workspace(near.workspace).read("bureaux"), near.size)


def _plan(table: pd.DataFrame, rule: Rule, promise: Promise, seed: int) -> Plan:
    sight = None
    if promise.past:
        # The plain difference sees what it sees, whatever else is shown beside it.
        adjusts = promise.estimator in ("ancova", "lin")
        lagged = tuple(n for n in promise.covariates if n in table) if adjusts else ()
        ask = Ask(promise.past, lagged=lagged, coverage=(1.0,))
        sight = power_curve(table, rule, ask, np.random.default_rng(seed))
    outcomes, covariates = promise.outcomes, promise.covariates
    return Plan(
        outcomes,
        covariates,
        promise.subgroups,
        sight,
        promise.language,
        estimator=promise.estimator,
        lag=promise.lag,
    )


def _with_own_columns(assignment: pd.DataFrame, table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Add the columns of the user's file, in the order of its rows; ours go first."""
    label = unit_columns.labels(table, rule.unit)
    ours = assignment.set_index("unit_id").loc[label].reset_index()
    theirs = table[[name for name in table if name not in ours]].reset_index(drop=True)
    return pd.concat([ours, theirs], axis=1)
