"""The verbs of trials: design, power, verify, impact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.known_action import known_language
from analysis.cli.terminal import show

if TYPE_CHECKING:
    from analysis.workflows.impact import Answer, Question

# Options of these verbs that take several values after one name.
SEVERAL = (
    "--outcome",
    "--covariates",
    "--balance",
    "--subgroup",
    "--past",
    "--coverage",
    "--sizes",
    "--election",
)

Columns = list[str] | None
RankBy = Annotated[str, typer.Option(metavar="COL", help="Column to rank by, largest first.")]
Territory = Annotated[str, typer.Option(metavar="COL", help="Blocks stay within it.")]
BlockSize = Annotated[int, typer.Option(help="Units of a full block.")]
Control = Annotated[int, typer.Option(help="Controls of a full block.")]
Units = Annotated[Path, typer.Option(help="Table of units: CSV or Parquet, one row per unit.")]
Cluster = Annotated[str, typer.Option(metavar="COL", help="Units that go together.")]
Unit = Annotated[str, typer.Option(metavar="COL", help="Names of the units.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draws.")]
Outcomes = Annotated[Columns, typer.Option("--outcome", metavar="COL", help="Outcome; repeatable.")]
Covariates = Annotated[
    Columns, typer.Option(metavar="COL", help="Known before the draw; several may follow.")
]
Subgroups = Annotated[
    Columns, typer.Option("--subgroup", metavar="COL", help="Subgroups; repeatable.")
]
Place = Annotated[Path | None, typer.Option(help="Workspace whose past results are read.")]
Blocs = Annotated[
    list[str] | None, typer.Option("--bloc", help="With --workspace: whose votes; repeatable.")
]
Neighbours = Annotated[
    int, typer.Option(metavar="N", help="With --workspace: some N bureaux that touch go together.")
]
Apart = Annotated[
    float,
    typer.Option(metavar="METRES", help="With --workspace: least distance between drawn bureaux."),
]
Estimator = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What the headline comes from: difference, ancova, lin, ipw, allocation.",
    ),
]
Language = Annotated[str, typer.Option(help="Of the texts: fr or en.", callback=known_language)]


def design(  # noqa: PLR0913 - one option per part of a design
    *,
    rank_by: RankBy,
    territory: Territory = "",
    block_size: BlockSize = 5,
    control: Control = 1,
    cluster: Cluster = "",
    unit: Unit = "",
    units: Units,
    seed: Seed,
    out: Annotated[Path, typer.Option(help="CSV of the arms; seal and plan go beside it.")],
    must_treat: Annotated[str, typer.Option(metavar="COL", help="1: treated without a draw.")] = "",
    must_not_treat: Annotated[
        str, typer.Option(metavar="COL", help="1: control without a draw.")
    ] = "",
    balance: Annotated[
        Columns, typer.Option(metavar="COL", help="Columns to balance on, with --accept.")
    ] = None,
    accept: Annotated[
        float, typer.Option(help="Share of draws, the best balanced, to draw among.")
    ] = 1.0,
    incomplete: Annotated[
        str, typer.Option(help="Units left over: each (drawn alone) or leave_out.")
    ] = "each",
    outcome: Outcomes = None,
    covariates: Covariates = None,
    subgroup: Subgroups = None,
    past: Annotated[
        Columns, typer.Option(metavar="COL", help="Past outcomes: what can be seen.")
    ] = None,
    estimator: Estimator = "",
    lag: Annotated[
        str, typer.Option(metavar="ELECTION", help="Earlier election that will adjust.")
    ] = "",
    neighbours: Neighbours = 0,
    apart: Apart = 0.0,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Its ledger lists the draw; with --neighbours: it has contours."),
    ] = None,
    again: Annotated[
        str,
        typer.Option(metavar="REASON", help="Why units are drawn again; both draws are listed."),
    ] = "",
    language: Language = "fr",
    plan_pdf: Annotated[bool, typer.Option("--plan-pdf", help="The plan as PDF too.")] = False,
) -> None:
    """Draw the arms of a trial, and seal the draw before the campaign."""
    from analysis.experiments.drawing_rule import Rule
    from analysis.workflows.near_units import near_of
    from analysis.workflows.trial_design import (
        Ledger,
        Promise,
        design_to_file,
        plan_to_pdf,
    )

    rule = Rule(
        rank_by,
        territory,
        block_size,
        control,
        cluster,
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
        estimator=estimator,
        lag=lag,
    )
    near, known = near_of(workspace, neighbours, apart), Ledger(workspace, again)
    show(design_to_file(units, rule, promise, seed=seed, out=out, near=near, known=known))
    if plan_pdf:
        show(f"written: {plan_to_pdf(out, language)}")


def power(  # noqa: PLR0913 - one option per part of a question
    *,
    rank_by: RankBy,
    territory: Territory = "",
    block_size: BlockSize = 5,
    control: Control = 1,
    cluster: Cluster = "",
    unit: Unit = "",
    units: Units,
    out: Annotated[Path, typer.Option(help="The curve, .csv or .json.")],
    outcome: Outcomes = None,
    workspace: Place = None,
    bloc: Blocs = None,
    election: Annotated[
        str, typer.Option("--for", help="With --workspace: nothing of that day or later.")
    ] = "",
    covariates: Covariates = None,
    coverage: Annotated[
        list[float], typer.Option(help="Shares of registered reached in treated units.")
    ] = [0.1, 0.2, 0.3],  # noqa: B006 - read only, and shown in the help
    contamination: Annotated[float, typer.Option(help="Share reached in controls.")] = 0.0,
    sizes: Annotated[list[int] | None, typer.Option(help="Numbers of units, best first.")] = None,
    draws: Annotated[int, typer.Option(help="Draws of the simulation.")] = 1000,
    estimator: Estimator = "",
    neighbours: Neighbours = 0,
    apart: Apart = 0.0,
    seed: Seed = 0,
) -> None:
    """Tell the smallest effect a design can see, by drawing it on past elections."""
    from analysis.experiments.drawing_rule import Rule
    from analysis.experiments.power import Ask
    from analysis.workflows.near_units import near_of
    from analysis.workflows.trial_power import past_of, power_to_file

    rule = Rule(rank_by, territory, block_size, control, cluster, unit=unit)
    ask = Ask(
        outcomes=tuple(outcome or ()),
        lagged=tuple(covariates or ()),
        coverage=tuple(coverage),
        contamination=contamination,
        sizes=tuple(sizes or ()),
        draws=draws,
        estimator=estimator,
    )
    # Outcomes that are columns of the file need no workspace.
    past = None if outcome else past_of(workspace, election, bloc or ())
    near = near_of(workspace, neighbours, apart)
    show(power_to_file(units, rule, ask, seed=seed, out=out, past=past, near=near))


def verify(seal: Annotated[Path, typer.Argument(help="The sealed file, .seal.json.")]) -> None:
    """Make the draw of a seal again, and say if anything moved."""
    from analysis.workflows.seal_ledger import verify_seal

    show(verify_seal(seal))


def impact(  # noqa: PLR0913 - one option per column of a trial
    units: Units,
    out: Annotated[Path, typer.Option(help="Estimates, .json.")],
    assigned: Annotated[
        str, typer.Option(metavar="COL", help="Arm that was drawn, 0 or 1; not with --seal.")
    ] = "",
    outcome: Outcomes = None,
    received: Annotated[
        str, typer.Option(metavar="COL", help="What was carried out, 0 to 1.")
    ] = "",
    reached: Annotated[str, typer.Option(metavar="COL", help="Share reached, 0 to 1.")] = "",
    gap: Annotated[float | None, typer.Option(help="Difference reached, when known.")] = None,
    block: Annotated[str, typer.Option(metavar="COL", help="Blocks of the draw.")] = "",
    cluster: Cluster = "",
    weight: Annotated[str, typer.Option(metavar="COL", help="Weight, such as registered.")] = "",
    covariates: Covariates = None,
    lag: Annotated[
        str,
        typer.Option(
            metavar="ELECTION",
            help="With --workspace: earlier election whose results of the same measures adjust.",
        ),
    ] = "",
    estimator: Estimator = "",
    probability: Annotated[
        str, typer.Option(metavar="COL", help="Probability of being drawn; not with --seal.")
    ] = "",
    covariates_before: Annotated[
        bool | None, typer.Option(help="Were they measured before the draw?")
    ] = None,
    subgroup: Subgroups = None,
    rank_by: Annotated[
        str, typer.Option(metavar="COL", help="A ranking to judge, largest first: TOC, AUTOC.")
    ] = "",
    unit: Unit = "",
    std_error: Annotated[
        str | None, typer.Option(help="HC0 HC1 HC2 HC3 CR2: what intervals come from.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of randomisation inference.")] = 0,
    seed: Seed = 0,
    seal: Annotated[
        Path | None, typer.Option(help="Sealed design: its arms, blocks and draw.")
    ] = None,
    workspace: Place = None,
    election: Annotated[
        list[str] | None, typer.Option(help="With --workspace: its elections as outcomes.")
    ] = None,
    bloc: Blocs = None,
    spillover: Annotated[
        float | None,
        typer.Option(
            metavar="METRES",
            help="With --workspace: test what treated neighbours change; 0: those that touch.",
        ),
    ] = None,
    vintage: Annotated[
        int | None, typer.Option(help="Year of the contours that the units are of.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="One page, .html or .pdf.")] = None,
    table: Annotated[
        Path | None, typer.Option(help="Estimates as a table: .csv .xlsx .parquet .tex .md")
    ] = None,
    show_: Annotated[
        str, typer.Option("--show", help="What the table holds: estimates or balance.")
    ] = "estimates",
    language: Language = "fr",
) -> None:
    """Say what a canvass changed: assignment, allocation, coverage."""
    from analysis.experiments.analysis_spec import Spec
    from analysis.workflows.impact import Question
    from analysis.workflows.impact_votes import votes_of
    from analysis.workflows.spillover import spillover_of

    spec = Spec(
        outcomes=tuple(outcome or ()),
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
        probability=probability,
        estimator=estimator,
    )
    if table is not None:
        from analysis.workflows.impact_tables import check_table

        check_table(table, show_)
    votes = votes_of(workspace, election or (), bloc or (), vintage, lag)
    groups = tuple(subgroup or ())
    question = Question(
        *(units, spec, draws, seed, seal, groups, votes, rank_by),
        near=spillover_of(workspace, spillover),
    )
    found = _answer(question, out, report, language)
    if table is not None:
        from analysis.exports.model_export import Written
        from analysis.workflows.impact_tables import table_to_file

        table_to_file(found.impact, question, table, show_, Written(language))
        show(f"written: {table}")


def _answer(question: Question, out: Path, report: Path | None, language: str) -> Answer:
    from analysis.workflows.impact_files import (
        check_report,
        impact_to_file,
        place_told,
        report_to_file,
    )

    if report is not None:
        check_report(report)
    found = impact_to_file(question, out)
    show(f"{found.summary()}\nwritten: {out}")
    if report is not None:
        report_to_file(found, report, language, **place_told(question, language))
        show(f"written: {report}")
    return found


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of trials."""
    for verb in (design, power, verify, impact):
        app.command()(verb)
