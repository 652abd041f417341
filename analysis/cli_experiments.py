"""The verbs of trials: design, power, verify, impact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

# Options of these verbs that take several values after one name.
SEVERAL = (
    "--outcome",
    "--covariates",
    "--balance",
    "--subgroup",
    "--past",
    "--coverage",
    "--sizes",
)

Units = Annotated[Path, typer.Option(help="Table of units: CSV or Parquet, one row per unit.")]
RankBy = Annotated[str, typer.Option(metavar="COL", help="Column to rank by, largest first.")]
Territory = Annotated[str, typer.Option(metavar="COL", help="Blocks stay within it.")]
BlockSize = Annotated[int, typer.Option(help="Units of a full block.")]
Control = Annotated[int, typer.Option(help="Controls of a full block.")]
Cluster = Annotated[str, typer.Option(metavar="COL", help="Units that go together.")]
Unit = Annotated[str, typer.Option(metavar="COL", help="Names of the units.")]
MustTreat = Annotated[str, typer.Option(metavar="COL", help="1: treated without a draw.")]
MustNot = Annotated[str, typer.Option(metavar="COL", help="1: control without a draw.")]
Balance = Annotated[
    list[str] | None, typer.Option(metavar="COL", help="Columns to balance on, with --accept.")
]
Accept = Annotated[float, typer.Option(help="Share of draws, the best balanced, to draw among.")]
Incomplete = Annotated[str, typer.Option(help="Units left over: each (drawn alone) or leave_out.")]
Seed = Annotated[int, typer.Option(help="Seed of the draws.")]
Covariates = Annotated[
    list[str] | None, typer.Option(metavar="COL", help="Known before the draw; several may follow.")
]
Outcomes = Annotated[list[str] | None, typer.Option("--outcome", metavar="COL", help="Outcome.")]
Column = Annotated[str, typer.Option(metavar="COL")]


def design(  # noqa: PLR0913 - one option per part of a design
    units: Units,
    rank_by: RankBy,
    seed: Seed,
    out: Annotated[Path, typer.Option(help="CSV of the arms; seal and plan go beside it.")],
    territory: Territory = "",
    block_size: BlockSize = 5,
    control: Control = 1,
    cluster: Cluster = "",
    unit: Unit = "",
    must_treat: MustTreat = "",
    must_not_treat: MustNot = "",
    balance: Balance = None,
    accept: Accept = 1.0,
    incomplete: Incomplete = "each",
    outcome: Outcomes = None,
    covariates: Covariates = None,
    subgroup: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Subgroups announced in the plan.")
    ] = None,
    past: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="Past outcomes: what can be seen.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the plan: fr or en.")] = "fr",
) -> None:
    """Draw the arms of a trial, and seal the draw before the campaign."""
    from analysis.experiments.command import Promise, design_to_file
    from analysis.experiments.rule import Rule

    rule = Rule(
        rank_by=rank_by,
        territory=territory,
        block_size=block_size,
        control=control,
        cluster=cluster,
        must_treat=must_treat,
        must_not_treat=must_not_treat,
        balance=tuple(balance or ()),
        accept=accept,
        incomplete=incomplete,
        unit=unit,
    )
    promise = Promise(
        outcomes=tuple(outcome or ()),
        covariates=tuple(covariates or ()),
        subgroups=tuple(subgroup or ()),
        past=tuple(past or ()),
        language=language,
    )
    _print(design_to_file(units, rule, promise, seed=seed, out=out))


def power(  # noqa: PLR0913 - one option per part of a design
    units: Units,
    rank_by: RankBy,
    out: Annotated[Path, typer.Option(help="The curve, .csv or .json.")],
    outcome: Annotated[
        list[str], typer.Option("--outcome", metavar="COL", help="Past outcome; repeatable.")
    ],
    territory: Territory = "",
    block_size: BlockSize = 5,
    control: Control = 1,
    cluster: Cluster = "",
    unit: Unit = "",
    covariates: Covariates = None,
    coverage: Annotated[
        list[float], typer.Option(help="Shares of registered reached in treated units.")
    ] = [0.1, 0.2, 0.3],  # noqa: B006 - read only, and shown in the help
    contamination: Annotated[float, typer.Option(help="Share reached in controls.")] = 0.0,
    sizes: Annotated[list[int] | None, typer.Option(help="Numbers of units, best first.")] = None,
    draws: Annotated[int, typer.Option(help="Draws of the simulation.")] = 1000,
    seed: Seed = 0,
) -> None:
    """Tell the smallest effect a design can see, by drawing it on past elections."""
    from analysis.experiments.command import power_to_file
    from analysis.experiments.power import Ask
    from analysis.experiments.rule import Rule

    rule = Rule(
        rank_by=rank_by,
        territory=territory,
        block_size=block_size,
        control=control,
        cluster=cluster,
        unit=unit,
    )
    ask = Ask(
        outcomes=tuple(outcome),
        lagged=tuple(covariates or ()),
        coverage=tuple(coverage),
        contamination=contamination,
        sizes=tuple(sizes or ()),
        draws=draws,
    )
    _print(power_to_file(units, rule, ask, seed=seed, out=out))


def verify(seal: Annotated[Path, typer.Argument(help="The sealed file, .seal.json.")]) -> None:
    """Make the draw of a seal again, and say if anything moved."""
    from analysis.experiments.command import verify_seal

    _print(verify_seal(seal))


def impact(  # noqa: PLR0913 - one option per column of a trial
    units: Units,
    outcome: Annotated[
        list[str], typer.Option("--outcome", metavar="COL", help="Outcome; repeatable.")
    ],
    assigned: Annotated[str, typer.Option(metavar="COL", help="Arm that was drawn, 0 or 1.")],
    out: Annotated[Path, typer.Option(help="Estimates, .json.")],
    received: Annotated[
        str, typer.Option(metavar="COL", help="What was carried out, 0 to 1.")
    ] = "",
    reached: Annotated[str, typer.Option(metavar="COL", help="Share reached, 0 to 1.")] = "",
    gap: Annotated[float | None, typer.Option(help="Difference reached, when known.")] = None,
    block: Annotated[str, typer.Option(metavar="COL", help="Blocks of the draw.")] = "",
    cluster: Cluster = "",
    weight: Annotated[str, typer.Option(metavar="COL", help="Weight, such as registered.")] = "",
    covariates: Covariates = None,
    covariates_before: Annotated[
        bool | None, typer.Option(help="Were they measured before the draw?")
    ] = None,
    unit: Unit = "",
    std_error: Annotated[
        str | None, typer.Option(help="HC0 HC1 HC2 HC3 CR2: what intervals come from.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of randomisation inference.")] = 0,
    seed: Seed = 0,
    seal: Annotated[
        Path | None, typer.Option(help="Sealed design: its arms, blocks and draw.")
    ] = None,
) -> None:
    """Say what a canvass changed: assignment, allocation, coverage."""
    from analysis.experiments.command import Draws, impact_to_file
    from analysis.experiments.spec import Spec

    spec = Spec(
        outcomes=tuple(outcome),
        assigned=assigned,
        received=received,
        reached=reached,
        block=block,
        cluster=cluster,
        weight=weight,
        covariates=tuple(covariates or ()),
        unit=unit,
        std_error=std_error,
        gap=gap,
        measured_before=covariates_before,
    )
    _print(impact_to_file(units, spec, Draws(draws, seed, seal), out))


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of trials."""
    for verb in (design, power, verify, impact):
        app.command()(verb)


def _print(text: str) -> None:
    Console(soft_wrap=True, highlight=False, markup=False).print(text)
