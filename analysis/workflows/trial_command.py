"""What the command line asks of trials: files in, files out, one text to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.electorate.history import Choice
from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.neighbours import with_groups
from analysis.experiments.placebo import Placebo, PlaceboAsk, placebo_curve
from analysis.experiments.power import Ask, power_curve
from analysis.experiments.preanalysis_plan import LANGUAGES, Plan, write_plan
from analysis.experiments.seal import Sealed, digest, drawn, seal, verify, write_seal
from analysis.experiments.unit_files import read_units, write_csv, write_json
from analysis.tables.workspace import Workspace

_CURVE_SIZES = 5


@dataclass(frozen=True, slots=True)
class Promise:
    """What the plan of a design promises: outcomes, covariates, subgroups, past outcomes."""

    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    language: str = "fr"


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


def design_to_file(  # noqa: PLR0913 - the parts of one command
    units: Path, rule: Rule, promise: Promise, *, seed: int, out: Path, near: Near | None = None
) -> str:
    """Draw a design: the arms as CSV, and beside them the seal (JSON) and the plan (Markdown).

    With `near`, neighbours are drawn as one.

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
    table, rule = _grouped(table, rule, near)
    design = declare(table, rule)
    assignment = drawn(design, seed)
    plan = write_plan(_plan(table, rule, promise, seed), design, seed)
    paths = beside(out)
    write_csv(_with_own_columns(assignment, own, rule), out)
    paths["plan"].write_text(plan, encoding="utf-8")
    files = {"units": digest(units), "assignment": digest(out), "plan": digest(paths["plan"])}
    announced = {
        "outcomes": promise.outcomes,
        "covariates": promise.covariates,
        "subgroups": promise.subgroups,
    }
    content = seal(design, seed, files, announced)
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


@dataclass(frozen=True, slots=True)
class Past:
    """Whose past results, of which workspace, a design is drawn on; before which day."""

    workspace: Path
    choice: Choice
    before: datetime


def power_to_file(  # noqa: PLR0913 - the parts of one command
    units: Path,
    rule: Rule,
    ask: Ask,
    *,
    seed: int,
    out: Path,
    past: Past | None = None,
    near: Near | None = None,
) -> str:
    """Write the power curve of a design as CSV or JSON, and return it as text.

    Outcomes are columns of the file or, with `past`, elections of a workspace.
    """
    check_suffix(out, ".csv", ".json")
    table, rule = _grouped(read_units(units), rule, near)
    if not ask.sizes:
        ask = _with_sizes(ask, len(table), rule)
    rng = np.random.default_rng(seed)
    lines: list[str] = []
    if past is None:
        curve = power_curve(table, rule, ask, rng)
        last = curve.iloc[-1]
    else:
        found = _past_curve(table, rule, ask, past, rng)
        curve, last, lines = found.curve, found.median().iloc[-1], _lost(found)
    if out.suffix == ".json":
        write_json({"power": curve.to_dict("records"), "seed": seed, "draws": ask.draws}, out)
    else:
        write_csv(curve, out)
    told = (
        f"{last['units']:.0f} units see an effect of assignment of "
        f"{100 * last['detectable_assignment']:.2f} points in {100 * ask.power:.0f}% of draws: "
        f"{100 * last['detectable_reached']:.2f} points among the reached"
    )
    shown = curve.to_string(index=False, float_format="{:.4f}".format)
    return "\n".join([shown, *lines, told, f"written: {out}"])


def _grouped(table: pd.DataFrame, rule: Rule, near: Near | None) -> tuple[pd.DataFrame, Rule]:
    if near is None:
        return table, rule
    return with_groups(table, rule, Workspace(near.workspace), near.size)


def _past_curve(
    table: pd.DataFrame, rule: Rule, ask: Ask, past: Past, rng: np.random.Generator
) -> Placebo:
    asked = PlaceboAsk(
        past.before,
        coverage=ask.coverage,
        contamination=ask.contamination,
        sizes=ask.sizes,
        draws=ask.draws,
    )
    place = Workspace(past.workspace)
    return placebo_curve(table, place, past.choice, rule=rule, ask=asked, rng=rng)


def _lost(found: Placebo) -> list[str]:
    elections = found.curve["election_id"].nunique()
    return [
        *(
            f"{row.election_id}: {row.bureaux} units have no result then or before: {row.examples}"
            for row in found.left_out.itertuples()
        ),
        f"median over {elections} past elections:",
    ]


def check_suffix(out: Path, *known: str) -> None:
    """Raise a `DataError` when results are not written under this name."""
    if out.suffix not in known:
        raise DataError(
            "Results are not written as “{suffix}”.",
            where="{out}",
            mend="Give a file that ends in: {suffixes}.",
            suffix=out.suffix,
            out=out,
            suffixes=", ".join(known),
        )


def _plan(table: pd.DataFrame, rule: Rule, promise: Promise, seed: int) -> Plan:
    sight = None
    if promise.past:
        ask = Ask(promise.past, coverage=(1.0,))
        sight = power_curve(table, rule, ask, np.random.default_rng(seed))
    outcomes, covariates = promise.outcomes, promise.covariates
    return Plan(outcomes, covariates, promise.subgroups, sight, promise.language)


def _with_own_columns(assignment: pd.DataFrame, table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Add the columns of the user's file, in the order of its rows; ours go first."""
    label = unit_columns.labels(table, rule.unit)
    ours = assignment.set_index("unit_id").loc[label].reset_index()
    theirs = table[[name for name in table if name not in ours]].reset_index(drop=True)
    return pd.concat([ours, theirs], axis=1)


def _with_sizes(ask: Ask, size: int, rule: Rule) -> Ask:
    # Two full blocks are the least that leaves anything to judge by.
    least = min(2 * rule.block_size, size)
    sizes = np.unique(np.linspace(max(least, size // _CURVE_SIZES), size, _CURVE_SIZES, dtype=int))
    return replace(ask, sizes=tuple(int(one) for one in sizes))
