"""The verbs of models: transfers, second-round, backtest, which looks back, and explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.each_place import Cluster, Each, Workers, over_each
from analysis.cli.known_action import known_language
from analysis.cli.terminal import bar, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analysis.electorate.abstention.backtest import AbstentionBacktest
    from analysis.electorate.transfers.transfer_results import Transfers
    from analysis.tables.sources import LeftOut
    from analysis.workflows.explaining import Explanation
    from analysis.workflows.transfers import Answer

SEVERAL = ("--covariates", "--standing", "--withdraw", "--follow")


def transfers(  # noqa: PLR0913 - one option per part of the question
    out: Annotated[Path, typer.Option(help="CSV to write: one row per pair of options.")],
    workspace: Annotated[Path | None, typer.Option(help="Folder of the workspace.")] = None,
    origin_election: Annotated[
        str, typer.Option("--from", metavar="ELECTION", help="Election people come from.")
    ] = "",
    destination_election: Annotated[
        str, typer.Option("--to", metavar="ELECTION", help="Election they go to.")
    ] = "",
    place: Annotated[
        list[str] | None, typer.Option("--place", help="Code of a commune or département.")
    ] = None,
    origin: Annotated[
        Path | None, typer.Option(help="CSV: first column the unit, the others counts.")
    ] = None,
    destination: Annotated[Path | None, typer.Option(help="CSV of the same units.")] = None,
    apart: Annotated[
        bool, typer.Option("--apart", help="The two files are of different days: wider intervals.")
    ] = False,
    survey: Annotated[
        Path | None,
        typer.Option(
            help="CSV of a survey to join to the counts: origin, destination, share, n (persons "
            "asked of that origin)."
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="With --workspace: the table with its sources, .xlsx .parquet .tex .md"),
    ] = None,
    language: Annotated[
        str, typer.Option(help="Of the table's texts: fr or en.", callback=known_language)
    ] = "fr",
    level: Annotated[float, typer.Option(help="Of the intervals: 0.5 0.8 0.9 0.95.")] = 0.90,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the estimate.")] = 0,
    each: Each = None,
    workers: Workers = 0,
    cluster: Cluster = "",
) -> None:
    """Estimate who voted what next, from the counts of two elections by unit."""
    if over_each(each, workers, cluster, spreads=True):
        return
    from analysis.workflows.transfers import Asked, check_table, transfers_to_file

    asked = Asked(
        workspace=workspace,
        elections=(origin_election, destination_election),
        places=tuple(place or ()),
        files=(origin, destination),
        apart=apart,
        survey=survey,
        level=level,
        seed=seed,
        workers=workers,
        cluster=cluster,
    )
    if table is not None:
        check_table(asked, table)
    with bar("transfers") as told:
        answer = transfers_to_file(asked, out, progress=lambda done: told("transfers", done))
    _report(answer.found, out)
    _report_surveys(answer)
    if table is not None:
        from analysis.exports.model_export import Written
        from analysis.workflows.transfers import table_to_file

        table_to_file(asked, answer.found, table, Written(language))
        show(f"  written: {table}")


def _report(found: Transfers, out: Path) -> None:
    show(f"{len(found.table)} transfers from {found.units} units written to {out}")
    show(f"  largest: {found.summary()}")
    for note in found.notes:
        show(f"  note: {note}")
    for row in found.scaled.head(5).itertuples():
        show(f"  scaled: {row.unit}: {row.origin_total} to {row.destination_total}")
    if len(found.scaled) > 5:
        show(f"  scaled: … {len(found.scaled)} units in all")
    for reason in found.left_out:
        where = f" ({reason.election_id})" if reason.election_id else ""
        show(f"  left out{where}: {reason.count} {reason.reason}: {reason.examples}")


def _report_surveys(answer: Answer) -> None:
    """Say estimate and survey side by side, and where they part."""
    if answer.beside_file is None:
        return
    for row in answer.beside.itertuples():
        survey = f"{row.institute} {row.published}".strip()
        show(
            f"  survey: {survey}: {row.origin} → {row.destination} "
            f"{100 * row.share:.0f}%; estimate {100 * row.estimate:.0f}% "
            f"({100 * row.lower:.0f} to {100 * row.upper:.0f}%)"
            f"{': they part' if row.apart else ''}"
        )
    show(
        f"  {int(answer.beside['apart'].sum())} of {len(answer.beside)} survey figures lie outside "
        f"the interval; written to {answer.beside_file}"
    )


def backtest(  # noqa: PLR0913 - one option per part of the question
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    target: Annotated[str, typer.Option(help="Past election to forecast: 2024_legi_t1.")],
    out: Annotated[Path, typer.Option(help="Errors of all methods, .json.")],
    table: Annotated[
        Path | None, typer.Option(help="The same as a table: .csv .xlsx .parquet .tex .md")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Of the table's texts: fr or en.", callback=known_language)
    ] = "fr",
    each: Each = None,
    workers: Workers = 0,
    cluster: Cluster = "",
) -> None:
    """Forecast the abstention of a past election, and say how far off it and rules of thumb are."""
    if over_each(each, workers, cluster):
        return
    from analysis.workflows.abstention import backtest_to_file

    if table is not None:
        from analysis.exports.registry import check_format

        check_format(table)
    with bar("forecasting") as told:
        found = backtest_to_file(
            workspace, target, out, progress=lambda done: told("forecasting", done)
        )
    show(_table(found))
    show(found.summary())
    show(f"written: {out}")
    if table is not None:
        from analysis.exports.model_export import Written
        from analysis.workflows.abstention import table_to_file

        table_to_file(workspace, found, table, Written(language))
        show(f"written: {table}")


def _table(found: AbstentionBacktest) -> str:
    """Return the measures as rows and the methods as columns, which fits a terminal."""
    table = found.methods.set_index("method").T
    form = {name: "{:,.0f}" for name in table.index if str(name).split("_")[0] == "n"}
    lines = [[found.target.election_id, *map(str, table.columns)]]
    for name, row in zip(table.index, table.to_numpy(), strict=True):
        digits = "{:.2f}" if "points" in str(name) else "{:.3f}"
        cells = (form.get(str(name), digits).format(v) if v == v else "—" for v in row)
        lines.append([str(name), *cells])
    lines.append(["noise_floor_points", f"{found.noise_floor_points:.2f}"])
    return "\n".join(
        f"{line[0]:<22}" + "".join(f"{cell:>18}" for cell in line[1:]) for line in lines
    )


def explain(  # noqa: PLR0913 - one option per part of the question
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    out: Annotated[Path, typer.Option(help=".csv .xlsx .geojson .parquet .tex .md .pdf .png .svg")],
    what: Annotated[str, typer.Option(help="abstention or swing.")] = "abstention",
    election: Annotated[str, typer.Option(help="Past election, of an abstention.")] = "",
    origin: Annotated[
        str, typer.Option("--from", metavar="ELECTION", help="Of a swing, the earlier election.")
    ] = "",
    destination: Annotated[
        str, typer.Option("--to", metavar="ELECTION", help="Of a swing, the later election.")
    ] = "",
    bloc: Annotated[str, typer.Option(help="Whose swing; none for that of abstention.")] = "",
    candidates: Annotated[
        list[str] | None, typer.Option(help="Candidates or lists by name, instead of a bloc.")
    ] = None,
    of: Annotated[str, typer.Option(help="Share of valid or of registered.")] = "valid",
    terms: Annotated[
        str, typer.Option(help="Formula: poverty_rate + bs(density_km2, 4) + C(arrondissement).")
    ] = "",
    fixed: Annotated[
        str, typer.Option(help="Effects of their own: commune, arrondissement, department, none.")
    ] = "",
    family: Annotated[str, typer.Option(help="quasi_binomial, fractional or least_squares.")] = "",
    errors: Annotated[str, typer.Option(help="classical, hc, cluster or conley.")] = "",
    reach: Annotated[float, typer.Option(help="Metres within which conley sees likeness.")] = 2000,
    covariates: Annotated[
        list[Path] | None, typer.Option(help="Table by bureau or commune to bring in; repeatable.")
    ] = None,
    place: Annotated[str, typer.Option(help="Code of a commune or département.")] = "",
    show_: Annotated[
        str,
        typer.Option(
            "--show", help="effects, coefficients, models, curves, neighbours, bureaux, residuals."
        ),
    ] = "",
    language: Annotated[
        str, typer.Option(help="Of titles and units: fr or en.", callback=known_language)
    ] = "fr",
    dialect: Annotated[str, typer.Option(help="Of CSV: plain or excel_fr.")] = "plain",
) -> None:
    """Say what goes with abstention or with a swing, by bureau: a regression with its doubts."""
    from analysis.exports.model_export import Written
    from analysis.workflows.explain_bureaux import asked_of
    from analysis.workflows.explain_files import explain_to_file

    told_options = {"terms": terms, "fixed": fixed, "family": family, "errors": errors}
    asked = asked_of(
        what,
        (origin, destination or election),
        whose=(bloc, tuple(candidates or ())),
        of=of,
        place=place,
        reach_m=reach,
        **told_options,
    )
    with bar("explaining") as told:
        found, left_out = explain_to_file(
            workspace,
            asked,
            out,
            show=show_,
            covariates=tuple(covariates or ()),
            written=Written(language, dialect),
            progress=lambda done: told("explaining", done),
        )
    _explained(found, left_out)
    show(f"written: {out}")


def _explained(found: Explanation, left_out: Iterable[LeftOut]) -> None:
    from analysis.workflows.explain_files import notes_of

    asked = found.asked
    show(f"terms: {asked.terms}; effects of: {asked.fixed}; errors: {asked.errors}")
    show(found.fitted.summary())
    show(_aligned(found.effects))
    show(_aligned(found.comparison.table))
    by = found.comparison.held_out_by or "bureaux, by lot"
    show(f"held out: {found.comparison.folds} parts, by {by}")
    for note in notes_of(found, "en"):
        show(f"note: {note}")
    for reason in (*left_out, *found.left_out):
        show(f"left out: {reason.count} {reason.reason}: {reason.examples}")


def _aligned(table: pd.DataFrame) -> str:
    # Chance is never nought.
    told = {"p_value": lambda p: "< 0.001" if p < 0.001 else f"{p:.3f}"}
    return table.to_string(
        index=False,
        float_format="{:.3f}".format,
        formatters={name: form for name, form in told.items() if name in table},
    )


def second_round(  # noqa: PLR0913 - one option per part of the question
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    out: Annotated[
        Path,
        typer.Option(help=".csv .xlsx .geojson .parquet .tex .md; with --figure .pdf .png .svg"),
    ],
    first: Annotated[str, typer.Option(help="First round it follows: 2022_pres_t1.")] = "",
    kept: Annotated[
        str, typer.Option(help="Begin with the one kept in the workspace under this name.")
    ] = "",
    standing: Annotated[
        list[str] | None, typer.Option(help="Who stands, where not the usual; several may follow.")
    ] = None,
    withdraw: Annotated[
        list[str] | None, typer.Option(help="Finalists who withdraw; several may follow.")
    ] = None,
    follow: Annotated[
        list[str] | None,
        typer.Option(help="LIST:FINALIST=70: of 100 voters of a list so many follow; repeatable."),
    ] = None,
    come: Annotated[float | None, typer.Option(help="Of 100 who abstained, how many come.")] = None,
    asked: Annotated[
        int | None,
        typer.Option(min=1, help="How sure: as if so many voters of each list had been asked."),
    ] = None,
    place: Annotated[str, typer.Option(help="Code of a commune, département or part of one.")] = "",
    figure: Annotated[str, typer.Option(help="Finalist whose map is drawn.")] = "",
    keep: Annotated[str, typer.Option(help="Keep it in the workspace under this name.")] = "",
    language: Annotated[
        str, typer.Option(help="Of titles and units: fr or en.", callback=known_language)
    ] = "fr",
    dialect: Annotated[str, typer.Option(help="Of CSV: plain or excel_fr.")] = "plain",
) -> None:
    """Count a second round as one imagines it, bureau by bureau: no forecast."""
    from analysis.exports.model_export import Written
    from analysis.workflows.second_round_files import Told, second_round_to_file

    told = Told(first, place, kept, standing or (), withdraw or (), follow or (), come, asked)
    one, found = second_round_to_file(
        workspace, told, out, figure=figure, name=keep, written=Written(language, dialect)
    )
    show((100 * one.table()).round(1).to_string())
    for row in found.whole.itertuples():
        if row.share_valid == row.share_valid:
            show(
                f"{row.destination}: {row.votes} votes, {100 * row.share_valid:.1f}% of valid "
                f"({100 * row.lower:.1f} to {100 * row.upper:.1f}), first in "
                f"{100 * row.chance_first:.0f}% of draws"
            )
        else:
            show(f"{row.destination}: {row.votes}")
    show("imagined: shares are yours, not an estimate")
    show(f"written: {out}")


def register(app: typer.Typer) -> None:
    """Give the command line its verbs of models."""
    for verb in (transfers, backtest, explain):
        app.command()(verb)
    app.command("second-round")(second_round)
