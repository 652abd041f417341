"""What a trial can see: by columns of its units, or at the past elections of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.design import Design, as_declared
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.holdout import HoldOut, hold_out
from analysis.experiments.placebo import Measure, Placebo, PlaceboAsk, placebo_curve
from analysis.experiments.power import Ask, power_curve
from analysis.experiments.unit_files import check_suffix, read_units, write_csv, write_json
from analysis.exports.csv_account import of_no_real_place, put_account
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import trial_units
from analysis.workflows.near_units import Near, grouped
from analysis.workflows.ranking import Scenario, open_workspace, target_of

# A screen waits for its curve: fewer draws than the command line makes.
DRAWS = 500
# The headline that what a design sees is told for, where it is not the plain difference.
ADJUSTED = "ancova"
COVERAGES = (0.1, 0.2, 0.3, 0.5)
_CURVE_SIZES, _PLACEBO_SIZES = 5, 6


@dataclass(frozen=True, slots=True)
class Past:
    """Whose past results, of which workspace, a design is drawn on; before which day."""

    workspace: Path
    choice: Choice
    before: datetime


def past_of(workspace: Path | None, before: str, blocs: Sequence[str]) -> Past | None:
    """Return the past elections that are asked for; None without a workspace.

    Parameters
    ----------
    workspace
        The folder.
    before
        Id of an election: nothing of its day or later is read.
    blocs
        Whose votes count: one bloc.

    Returns
    -------
    Past or None
        Which results a design is drawn on.

    Raises
    ------
    DataError
        When the election or the bloc is not said.
    """
    if workspace is None:
        return None
    day = target_of(open_workspace(workspace), before).date
    if len(blocs) != 1:
        raise DataError(
            "Past results need to know whose votes count.",
            where="--bloc {blocs}",
            mend="Name one bloc: --bloc left.",
            blocs=" ".join(blocs),
        )
    return Past(workspace, Choice(blocs[0]), day)


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

    Parameters
    ----------
    units
        CSV or Parquet, one row per unit.
    rule
        How they are drawn.
    ask
        Outcomes, coverage, sizes and draws.
    seed
        Of the draws.
    out
        `.csv` or `.json`.
    past
        Elections of a workspace in place of outcomes in the file; None for none.
    near
        Groups of neighbours to be drawn as one; None for none.

    Returns
    -------
    str
        What to print.
    """
    check_suffix(out, ".csv", ".json")
    fictional = of_no_real_place(units)
    if past is not None:
        fictional = Workspace(past.workspace).fictional
    table, rule = grouped(read_units(units), rule, near)
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
        told = {"power": curve.to_dict("records"), "seed": seed, "draws": ask.draws}
        write_json(told | ({"fictional": True} if fictional else {}), out)
    else:
        write_csv(curve, out)
        put_account(out, "result", language="en", fictional=fictional)
    seen = (
        f"{last['units']:.0f} units see an effect of assignment of "
        f"{100 * last['detectable_assignment']:.2f} points in {100 * ask.power:.0f}% of draws: "
        f"{100 * last['detectable_reached']:.2f} points among the reached"
    )
    by = curve["estimator"].iloc[-1]
    lag = "" if past is None or by == "difference" else ", each past election by the one before"
    lines.append(f"estimator of the headline: {by}{lag} (impact --estimator {by})")
    shown = curve.to_string(index=False, float_format="{:.4f}".format)
    return "\n".join([shown, *lines, seen, f"written: {out}"])


def _past_curve(
    table: pd.DataFrame, rule: Rule, ask: Ask, past: Past, rng: np.random.Generator
) -> Placebo:
    asked = PlaceboAsk(
        past.before,
        coverage=ask.coverage,
        contamination=ask.contamination,
        sizes=ask.sizes,
        draws=ask.draws,
        adjust=ask.estimator not in ("difference", "ipw", "allocation"),
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


def _with_sizes(ask: Ask, size: int, rule: Rule) -> Ask:
    # Two full blocks are the least that leaves anything to judge by.
    return replace(ask, sizes=_sizes(size, 2 * rule.block_size, _CURVE_SIZES))


def _sizes(size: int, least: int, steps: int) -> tuple[int, ...]:
    """Return numbers of units, evenly spaced up to all, for a curve."""
    first = max(min(least, size), size // steps)
    return tuple(int(one) for one in np.unique(np.linspace(first, size, steps, dtype=int)))


def placebo_of(  # noqa: PLR0913 - place, design, and what is looked at
    workspace: Workspace,
    scenario: Scenario,
    declared: Design,
    *,
    measure: Measure = "share_registered",
    contamination: float = 0.0,
    adjust: bool = True,
) -> Placebo:
    """Return what a declared design would have seen at the elections before a scenario's.

    Parameters
    ----------
    workspace, scenario
        The place; whose votes count, and the election that is prepared.
    declared
        The design.
    measure
        What is looked at.
    contamination
        Share of the registered reached in controls, 0 to 1.
    adjust
        Whether the headline is adjusted for the same measure at the election before.

    Returns
    -------
    Placebo
        The smallest effects seen at each past election, shares of the registered.

    Raises
    ------
    DataError
        When there is no past, or too few units have one.
    """
    rule = declared.rule
    units = as_declared(declared.units, rule).assign(bureau_id=declared.units["unit_id"])
    ask = PlaceboAsk(
        before=target_of(workspace, scenario.election).date,
        measure=measure,
        coverage=tuple(one for one in COVERAGES if one > contamination),
        contamination=contamination,
        sizes=_sizes(len(units), 3 * rule.block_size, _PLACEBO_SIZES),
        draws=DRAWS,
        adjust=adjust,
    )
    rng = np.random.default_rng(scenario.settings.seed)
    return placebo_curve(units, workspace, scenario.choice, rule=rule, ask=ask, rng=rng)


def lag_of(workspace: Workspace, scenario: Scenario) -> str:
    """Return the election that adjusts: the last first round before the one prepared.

    Empty where there are fewer than two past first rounds: then nothing says what it is worth.
    """
    known = workspace.read("elections").sort_values("date")
    before = pd.Timestamp(target_of(workspace, scenario.election).date)
    past = known.loc[(known["date"] < before) & (known["round"] == 1), "election_id"].tolist()
    return str(past[-1]) if len(past) > 1 else ""


def cost_of(ranked: pd.DataFrame, design: Design, sight: float | None) -> HoldOut:
    """Return what holding bureaux of a ranking back costs, in votes, and what it buys.

    Parameters
    ----------
    ranked
        The ranking, a row per bureau.
    design
        Whose controls.
    sight
        Smallest effect of assignment that it sees, a share; None where nobody looked.

    Returns
    -------
    HoldOut
        Expected votes forgone, and of how many.
    """
    votes = trial_units(ranked).set_index("unit_id")["votes"]
    return hold_out(design, votes.reindex(design.units["unit_id"]).fillna(0).to_numpy(), sight)
