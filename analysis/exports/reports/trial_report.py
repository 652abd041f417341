"""What a trial showed, on one page: what the page says, apart from paper and screen."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from analysis import __version__
from analysis.charts.toc_chart import toc_chart
from analysis.charts.trial_charts import coefficient_plot, randomisation_histogram, subgroup_plot
from analysis.errors import DataError
from analysis.experiments.balance import Balance
from analysis.experiments.estimates import Estimate, Impact
from analysis.experiments.interference import Spillover
from analysis.experiments.outcomes import followed_by_code
from analysis.experiments.promised import Standing
from analysis.experiments.rank_weighted import RankWeighted
from analysis.experiments.subgroups import Subgroups
from analysis.experiments.trial_words import (
    election_name,
    estimand_name,
    estimator_name,
    name,
    outcome_name,
    say,
)
from analysis.i18n import format_number

_DPI = 170
_P_DIGITS = 4
_QUANTITIES = ("assignment", "allocation", "coverage")
_WRITERS = {".html": "reports.trial_report_html", ".pdf": "reports.trial_report_pdf"}
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TrialReport:
    """What goes into a report.

    Attributes
    ----------
    impact
        The estimates.
    title
        Heading; a general one when empty.
    subgroups
        Effects within groups, or None.
    lost
        Table of `Outcomes.lost`, or None.
    made_from
        Where it comes from: files and their digests, seal, draws, seed.
    simulated
        Whether the data were made: the report says so at its head.
    ranked
        A ranking judged by the trial, one per outcome.
    standing
        Whether plan and draw are those that were announced; None without a seal.
    spillovers
        What treated neighbours changed, one per outcome.
    """

    impact: Impact
    title: str = ""
    subgroups: Subgroups | None = None
    lost: pd.DataFrame | None = None
    made_from: Mapping[str, object] = field(default_factory=dict)
    simulated: bool = False
    ranked: tuple[RankWeighted, ...] = ()
    standing: Standing | None = None
    spillovers: tuple[Spillover, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table as it is printed: heading, names of the columns, rows."""

    heading: str
    columns: tuple[str, ...]
    rows: Rows


@dataclass(frozen=True)
class Content:
    """The page in one language.

    Attributes
    ----------
    language
        `fr` or `en`.
    heading, warnings
        The title, and lines that must not be missed.
    lead, sentences
        The first sentence, and the others.
    tables
        Default estimates; subgroups and units redrawn where there are any.
    every
        All estimators, for those who want to see them.
    figures
        (caption, PNG).
    notes, assumptions, provenance
        Lists of lines.
    """

    language: str
    heading: str
    warnings: tuple[str, ...]
    lead: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    every: Table
    figures: tuple[tuple[str, bytes], ...]
    notes: tuple[str, ...]
    assumptions: tuple[str, ...]
    provenance: tuple[str, ...]


def content_of(report: TrialReport, language: str = "fr") -> Content:
    """Put what a report says into words, tables and pictures."""
    told = partial(say, language=language)
    impact = report.impact
    shown = [e for e in impact.defaults if e.estimand in _QUANTITIES]
    sentences = [impact.sentence(e, language) for e in shown]
    if report.subgroups is not None:
        sentences += report.subgroups.summary(language).splitlines()[len(report.subgroups.found) :]
    sentences += [one.sentence(language) for one in report.ranked]
    sentences += [one.sentence(language) for one in report.spillovers]
    tables = [_estimates(told("report_table"), impact, impact.defaults, language)]
    if impact.balance is not None:
        tables.append(_balance(impact, impact.balance, language))
    if report.subgroups is not None:
        tables.append(_groups(report.subgroups, language))
    if report.lost is not None:
        tables.append(_lost(report.lost, language))
    quantities = [one for one in _QUANTITIES if any(e.estimand == one for e in shown)]
    notes = list(impact.notes)
    if report.lost is not None:
        notes += followed_by_code(report.lost)
    partly = ["missing"] if len(impact.missing) else []
    return Content(
        language=language,
        heading=report.title or told("report"),
        warnings=tuple(_warnings(report, language)),
        lead=sentences[0],
        sentences=tuple(sentences[1:]),
        tables=tuple(tables),
        every=_estimates(told("report_all"), impact, impact.estimates, language, estimators=True),
        figures=tuple(_figures(report, language)),
        notes=tuple(note.say(language) for note in notes),
        assumptions=tuple(
            name("assumption", one, language) for one in [*quantities, *partly, "null"]
        ),
        provenance=tuple(_provenance(report, language)),
    )


def check_report_path(path: Path) -> None:
    """Raise a `DataError` when a report cannot be written under this name."""
    if path.suffix.lower() not in _WRITERS:
        raise DataError(
            "Reports are not written as “{suffix}”.",
            where="{path}",
            mend="Give a file that ends in: {suffixes}.",
            suffix=path.suffix,
            path=path,
            suffixes=", ".join(_WRITERS),
        )


def report_to_bytes(report: TrialReport, suffix: str, language: str = "fr") -> bytes:
    """Return the report as one file, `.html` (it calls no server) or `.pdf` (A4).

    Parameters
    ----------
    report
        What it says.
    suffix
        `.html` or `.pdf`.
    language
        `fr` or `en`.

    Returns
    -------
    bytes
        The whole file.
    """
    return _writer(suffix)(content_of(report, language))


def _writer(suffix: str) -> Callable[[Content], bytes]:
    # Who writes HTML needs no PDF library, and the other way round.
    module = import_module(f"analysis.exports.{_WRITERS[suffix]}")
    write: Callable[[Content], bytes] = module.write
    return write


def _warnings(report: TrialReport, language: str) -> Iterator[str]:
    """Say what must be read before any number."""
    if report.simulated:
        yield say("report_simulated", language)
    if report.standing is not None and report.standing.kind != "announced":
        yield from (note.say(language) for note in report.standing.notes)
    worst = ("covariates_differ", "few_clusters", "cluster_alone", "unit_alone")
    yield from (note.say(language) for note in report.impact.notes if note.key in worst)


def _estimates(
    heading: str,
    impact: Impact,
    estimates: tuple[Estimate, ...],
    language: str,
    *,
    estimators: bool = False,
) -> Table:
    # Where a plan promised it, p-values are those among all its outcomes.
    corrected = any(e.p_holm is not None for e in estimates)
    p = ["holm", "young"] if corrected else ["p", "p_draws"]
    columns = ["outcome", "estimand", "estimate", "error", "interval", *p, "n"]
    rows = []
    for e in estimates:
        quantity = estimand_name(e.estimand, language)
        if estimators:
            quantity = f"{quantity} ({estimator_name(e.estimator, language)})"
        units, blocks = (format_number(n, language=language) for n in (e.n, e.blocks))
        counted = f"{units} ({blocks})"
        told = (e.p_holm, e.p_westfall_young) if corrected else (e.p_value, e.p_randomisation)
        p_values = (_p(one, language) for one in told)
        name_ = impact.marked(e.outcome, language)
        rows.append((name_, quantity, *_numbers(e, language), *p_values, counted))
    return Table(heading, tuple(say(f"col_{one}", language) for one in columns), tuple(rows))


def _balance(impact: Impact, balance: Balance, language: str) -> Table:
    """Tabulate the arms before the canvass, and the one test of all covariates together."""
    rows = [
        (
            impact.marked(row.covariate, language),
            *(format_number(one, 4, language=language) for one in (row.treated, row.control)),
            format_number(row.standardised, 2, language=language, sign=True),
            _p(row.p_value, language),
        )
        for row in balance.table.itertuples()
    ]
    columns = ("covariate", "treated", "control", "standardised", "p")
    heading = say("report_balance", language, draws=balance.draws, p=balance.p_value)
    return Table(heading, tuple(say(f"col_{one}", language) for one in columns), tuple(rows))


def _numbers(e: Estimate, language: str) -> tuple[str, ...]:
    scale, digits = (100.0, 2) if e.in_points else (1.0, 4)
    low, high = (
        format_number(scale * end, digits, language=language, sign=True) for end in e.interval
    )
    return (
        e.told(e.value, language),
        format_number(scale * e.std_error, digits, language=language),
        say("to", language, low=low, high=high) if e.judged else say("no_interval", language),
    )


def _p(value: float | None, language: str) -> str:
    if value is None or math.isnan(value):
        return "–"
    least = 10.0**-_P_DIGITS
    if value < least / 2:
        return f"< {format_number(least, _P_DIGITS, language=language)}"
    return format_number(value, _P_DIGITS, language=language)


def _groups(subgroups: Subgroups, language: str) -> Table:
    keys = ["outcome", "group", "standing", "estimate", "error", "interval", "p", "holm", "units"]
    names = subgroups.to_frame(language)["group"]
    rows = []
    for one, group in zip(subgroups.found, names, strict=True):
        e = one.estimate
        standing = say("declared_short" if one.declared else "exploratory_short", language)
        p = (_p(one, language) for one in (e.p_value, one.p_holm))
        numbers = (*_numbers(e, language), *p, format_number(e.n, language=language))
        told = outcome_name(e.outcome, language)
        rows.append((told, f"{one.column} = {group}", standing, *numbers))
    columns = tuple(say(f"col_{key}", language) for key in keys)
    return Table(say("report_subgroups", language), columns, tuple(rows))


def _lost(lost: pd.DataFrame, language: str) -> Table:
    columns = ("election_lost", "arm_lost", "units_lost", "without_lost", "redrawn_lost")
    rows = []
    for row in lost.to_dict("records"):
        counts = (
            format_number(row[k], language=language) for k in ("units", "without_result", "redrawn")
        )
        mixed = format_number(100 * row["mixed_share"], 1, language=language)
        arm = say(str(row["arm"]), language)
        rows.append(
            (
                election_name(str(row["election_id"]), language),
                arm,
                *counts,
                say("rate", language, rate=mixed),
            )
        )
    heads = tuple(say(one, language) for one in (*columns, "mixed_lost"))
    return Table(say("report_lost", language), heads, tuple(rows))


def _figures(report: TrialReport, language: str) -> list[tuple[str, bytes]]:
    impact = report.impact
    drawn = [("figure_estimates", coefficient_plot(impact, language=language))]
    if impact.randomisation is not None:
        first = impact.defaults[0].outcome
        chance = randomisation_histogram(impact.randomisation, first, language=language)
        drawn.append(("figure_chance", chance))
    if report.subgroups is not None:
        first = report.subgroups.found[0].estimate.outcome
        drawn.append(
            ("report_subgroups", subgroup_plot(report.subgroups, first, language=language))
        )
    if report.ranked:
        drawn.append(("figure_toc", toc_chart(report.ranked[0], language=language)))
    return [(say(caption, language), _png(figure)) for caption, figure in drawn]


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=_DPI, metadata={"Software": "Palier"})
    return out.getvalue()


def _provenance(report: TrialReport, language: str) -> list[str]:
    default = report.impact.defaults[0]
    kind, how = default.kind, estimator_name(default.estimator, language)
    lines = [say("interval_from", language, kind=kind, estimator=how)]
    made = dict(report.made_from)
    if "draws" in made and "seed" in made:
        draws, seed = made.pop("draws"), made.pop("seed")
        lines.append(say("seed_and_draws", language, draws=draws, seed=seed))
    colon = "\u202f: " if language == "fr" else ": "
    lines += [f"{name('made', key, language)}{colon}{value}" for key, value in made.items()]
    if report.standing is not None:
        lines += [note.say(language) for note in report.standing.notes]
    return [*lines, say("made_with", language, version=__version__)]
