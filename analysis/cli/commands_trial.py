"""The verbs of trials: design, power, verify, impact."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from analysis.experiments.drawing_rule import Rule

if TYPE_CHECKING:
    from analysis.workflows.impact import Question

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

Column = typer.Option(metavar="COL")
Columns = list[str] | None
Units = Annotated[Path, typer.Option(help="Table of units: CSV or Parquet, one row per unit.")]
Cluster = Annotated[str, typer.Option(metavar="COL", help="Units that go together.")]
Unit = Annotated[str, typer.Option(metavar="COL", help="Names of the units.")]
Seed = Annotated[int, typer.Option(help="Seed of the draws.")]
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
Language = Annotated[str, typer.Option(help="Of the texts: fr or en.")]


def _rule(  # noqa: PLR0913 - one option per part of a rule
    rank_by: Annotated[str, typer.Option(metavar="COL", help="Column to rank by, largest first.")],
    territory: Annotated[str, typer.Option(metavar="COL", help="Blocks stay within it.")] = "",
    block_size: Annotated[int, typer.Option(help="Units of a full block.")] = 5,
    control: Annotated[int, typer.Option(help="Controls of a full block.")] = 1,
    cluster: Cluster = "",
    unit: Unit = "",
) -> Rule:
    return Rule(rank_by, territory, block_size, control, cluster, unit=unit)


def _ruled(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of a rule in the place of its first argument, `rule`."""
    own = list(inspect.signature(verb, eval_str=True).parameters.values())[1:]
    of_rule = list(inspect.signature(_rule, eval_str=True).parameters.values())
    options = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in [*of_rule, *own]]
    names = [one.name for one in of_rule]

    def run(**given: Any) -> None:  # noqa: ANN401
        verb(_rule(**{name: given.pop(name) for name in names}), **given)

    run.__name__, run.__doc__ = verb.__name__, verb.__doc__
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in options}
    return run


@_ruled
def design(  # noqa: PLR0913 - one option per part of a design
    rule: Rule,
    *,
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
    neighbours: Neighbours = 0,
    workspace: Annotated[
        Path | None, typer.Option(help="With --neighbours: it has contours.")
    ] = None,
    language: Language = "fr",
    plan_pdf: Annotated[bool, typer.Option("--plan-pdf", help="The plan as PDF too.")] = False,
) -> None:
    """Draw the arms of a trial, and seal the draw before the campaign."""
    from dataclasses import replace

    from analysis.workflows.trial_command import Promise, beside, design_to_file, near_of

    whole = replace(
        rule,
        must_treat=must_treat,
        must_not_treat=must_not_treat,
        balance=tuple(balance or ()),
        accept=accept,
        incomplete=incomplete,
    )
    promise = Promise(
        outcomes=tuple(outcome or ()),
        covariates=tuple(covariates or ()),
        subgroups=tuple(subgroup or ()),
        past=tuple(past or ()),
        language=language,
    )
    near = near_of(workspace, neighbours)
    _print(design_to_file(units, whole, promise, seed=seed, out=out, near=near))
    if plan_pdf:
        from analysis.exports.reports.plan_pdf import plan_pdf as as_pdf

        plan = beside(out)["plan"]
        paper = plan.with_suffix(".pdf")
        paper.write_bytes(as_pdf(plan.read_text(encoding="utf-8")))
        _print(f"written: {paper}")


@_ruled
def power(  # noqa: PLR0913 - one option per part of a question
    rule: Rule,
    *,
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
    neighbours: Neighbours = 0,
    seed: Seed = 0,
) -> None:
    """Tell the smallest effect a design can see, by drawing it on past elections."""
    from analysis.experiments.power import Ask
    from analysis.workflows.trial_command import Past, near_of, power_to_file

    ask = Ask(
        outcomes=tuple(outcome or ()),
        lagged=tuple(covariates or ()),
        coverage=tuple(coverage),
        contamination=contamination,
        sizes=tuple(sizes or ()),
        draws=draws,
    )
    past = None
    if workspace is not None and not outcome:
        from analysis.workflows.ranking import open_workspace, target_of

        place = open_workspace(workspace)
        before = target_of(place, election).date
        past = Past(workspace, _one_choice(bloc), before)
    near = near_of(workspace, neighbours)
    _print(power_to_file(units, rule, ask, seed=seed, out=out, past=past, near=near))


def verify(seal: Annotated[Path, typer.Argument(help="The sealed file, .seal.json.")]) -> None:
    """Make the draw of a seal again, and say if anything moved."""
    from analysis.workflows.trial_command import verify_seal

    _print(verify_seal(seal))


def impact(  # noqa: PLR0913 - one option per column of a trial
    units: Units,
    assigned: Annotated[str, typer.Option(metavar="COL", help="Arm that was drawn, 0 or 1.")],
    out: Annotated[Path, typer.Option(help="Estimates, .json.")],
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
    covariates_before: Annotated[
        bool | None, typer.Option(help="Were they measured before the draw?")
    ] = None,
    subgroup: Subgroups = None,
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
    vintage: Annotated[
        int | None, typer.Option(help="Year of the contours that the units are of.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="One page, .html or .pdf.")] = None,
    language: Language = "fr",
) -> None:
    """Say what a canvass changed: assignment, allocation, coverage."""
    from analysis.experiments.analysis_spec import Spec
    from analysis.workflows.impact import Question, Votes

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
    )
    votes = None
    if workspace is not None:
        choices = {one: _choice(one) for one in bloc or ()}
        votes = Votes(workspace, tuple(election or ()), choices, vintage)
    question = Question(units, spec, draws, seed, seal, tuple(subgroup or ()), votes)
    _answer(question, out, report, language)


def _answer(question: Question, out: Path, report: Path | None, language: str) -> None:
    from analysis.exports.reports.trial_report import TrialReport, check_report_path, write_report
    from analysis.workflows.impact import impact_to_file

    if report is not None:
        check_report_path(report)
    found = impact_to_file(question, out)
    _print(f"{found.summary()}\nwritten: {out}")
    if report is not None:
        page = TrialReport(found.impact, "", found.subgroups, found.lost, found.made_from)
        write_report(page, report, language)
        _print(f"written: {report}")


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of trials."""
    for verb in (design, power, verify, impact):
        app.command()(verb)


def _choice(bloc: str) -> Any:  # noqa: ANN401 - the class is imported only when it is needed
    from analysis.electorate.history import Choice

    return Choice(bloc)


def _one_choice(blocs: list[str] | None) -> Any:  # noqa: ANN401 - as above
    from analysis.errors import DataError

    if not blocs or len(blocs) > 1:
        raise DataError(
            "Past results need to know whose votes count.",
            where="--bloc {blocs}",
            mend="Name one bloc: --bloc left.",
            blocs=" ".join(blocs or ()),
        )
    return _choice(blocs[0])


def _print(text: str) -> None:
    Console(soft_wrap=True, highlight=False, markup=False).print(text)
