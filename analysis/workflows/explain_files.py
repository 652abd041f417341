"""What goes with abstention and swing as files: tables and pictures that can be made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.charts.chart_words import election, name
from analysis.charts.explain_charts import curve_chart, effect_chart, residual_map
from analysis.electorate.explain.regression import ROBINSON
from analysis.electorate.explain.term_words import column_label, labelled, model_label
from analysis.errors import DataError, Text, some
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.exports.registry import formats_of, put_leaving
from analysis.i18n import Words, told
from analysis.tables.brought_covariates import digest_of
from analysis.tables.elections import Choice
from analysis.tables.sources import LeftOut
from analysis.tables.workspace import Workspace
from analysis.workflows.explain_bureaux import Question
from analysis.workflows.explaining import Explanation, Progress, bring_covariates, explain
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import communes_of, contours_of, title_of
from analysis.workflows.ranking import open_workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = ("effects", "coefficients", "models", "curves", "neighbours", "bureaux")
FIGURES = ("effects", "curves", "residuals")
# Rows of this table alone have contours.
_WITH_CONTOURS = ".geojson"
_WORDS = Words(
    "chart",
    {
        "goes_with": "What goes with: {}",
        "abstention_at": "abstention, {}",
        "swing_of": "swing of {} ({})",
        "abstention_itself": "abstention",
        "share_of_valid": "% of valid votes",
        "share_of_registered": "% of registered",
    },
)


def table_of(found: Explanation, which: str) -> pd.DataFrame:
    """Return one of the tables of an explanation.

    Parameters
    ----------
    found
        What was found.
    which
        One of `TABLES`.

    Raises
    ------
    DataError
        When there is no such table, or contours are missing for it.
    """
    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "effects": lambda: _effects(found),
        "coefficients": found.to_frame,
        "models": lambda: found.comparison.table,
        "curves": lambda: _curves(found),
        "neighbours": lambda: _neighbours(found),
        "bureaux": lambda: found.bureaux,
    }
    if which not in tables:
        raise DataError(
            "There is no table “{which}”.",
            mend="Choose one of {known}.",
            which=which,
            known=", ".join(TABLES),
        )
    return tables[which]()


def _effects(found: Explanation) -> pd.DataFrame:
    """Return the effects; beside levels of a category, values of numbers are text too."""
    effects = found.effects
    if pd.api.types.is_numeric_dtype(effects["start"]):
        return effects
    values = {n: [f"{v:.6g}" if isinstance(v, float) else str(v) for v in effects[n]]
              for n in ("start", "end")}  # fmt: skip
    return effects.assign(**values)


def _curves(found: Explanation) -> pd.DataFrame:
    if found.curves.empty:
        raise DataError(
            "No covariate of this model is a curve.",
            where="{terms}",
            mend="Let one bend: --terms “bs(poverty_rate, 4)”.",
            terms=found.asked.terms,
        )
    return found.curves


def _neighbours(found: Explanation) -> pd.DataFrame:
    """Return Moran's I, the tests, and the model of neighbours, one row each."""
    near = found.dependence
    if near is None:
        raise DataError(
            "Neighbours are known by their contours, and this place has none.",
            mend="Add contours on the Data page.",
        )
    rows = [("moran", near.moran, float("nan"), near.p_value)]
    rows += [
        (test, statistic, float("nan"), p_value)
        for test, statistic, p_value in near.tests.itertuples(index=False)
    ]
    if near.model is not None:
        model = near.model
        rows.append((f"{model.kind}: strength", model.strength, model.std_error, float("nan")))
        columns = ["column", "estimate", "std_error", "p_value"]
        rows += [
            (f"{model.kind}: {column}", *numbers)
            for column, *numbers in model.coefficients[columns].itertuples(index=False)
        ]
    return pd.DataFrame(rows, columns=["measure", "value", "std_error", "p_value"])


def finding(
    workspace: Workspace,
    found: Explanation,
    *,
    table: str = "effects",
    figure: str = "",
    written: Written,
) -> Finding:
    """Put an explanation so that it can leave.

    Parameters
    ----------
    workspace
        Where it was found.
    found
        What was found.
    table
        One of `TABLES`.
    figure
        One of `FIGURES` for a picture; empty for the table.
    written
        How it is written; the warning that bureaux are not persons joins its notes.

    Returns
    -------
    Finding
        The table or the picture, with what it says of itself.
    """
    language = written.language
    shown = {"residuals": "bureaux"}.get(figure, figure) or table
    rows = labelled(table_of(found, shown), found.names, language)
    shapes = None
    if shown == "bureaux":
        named = communes_of(workspace, rows["bureau_id"])[["label", "commune"]]
        rows = pd.concat([rows.iloc[:, :2], named, rows.iloc[:, 2:]], axis=1)
        shapes = contours_of(workspace, found.vintage, rows["commune_id"])
    heading = f"{title_of(workspace, found.asked.place, language)} · {heading_of(found, language)}"
    source = of_workspace(
        workspace, "explain", {**_parameters(found.asked), "table": table, "figure": figure}, seed=0
    )
    source = replace(source, data={**source.data, **digest_of(workspace.path)})
    draws: dict[str, Callable[[], Figure]] = {
        "effects": partial(effect_chart, found.effects, title=heading, language=language),
        "curves": partial(curve_chart, found.curves, title=heading, language=language),
        "residuals": partial(residual_map, shapes, found.bureaux, title=heading, language=language),
    }
    return Finding(
        rows,
        shapes,
        source,
        heading,
        units=columns_of(f"explain_{shown}", rows, language),
        draw=draws[figure] if figure else None,
        written=_warned(written),
    )


def _warned(written: Written) -> Written:
    warning = told(ROBINSON, written.language)
    lines = [line for line in written.notes.splitlines() if line != warning]
    return replace(written, notes="\n".join([warning, *lines]))


def heading_of(found: Explanation, language: str) -> str:
    """Say what is explained, and at which election."""
    words, asked = _WORDS[language], found.asked
    if asked.what == "abstention":
        what = words["abstention_at"].format(election(asked.election, language))
        return words["goes_with"].format(what)
    who, share = words["abstention_itself"], words["share_of_registered"]
    if asked.choice is not None:
        who = name(asked.choice.bloc, language) or ", ".join(asked.choice.candidates)
        share = words[f"share_of_{asked.of}"]
    both = " → ".join(election(one, language) for one in (asked.origin, asked.election))
    return words["goes_with"].format(words["swing_of"].format(who, share)) + f"\n{both}"


def _parameters(asked: Question) -> dict[str, Any]:
    choice = asked.choice or Choice("")
    kept = {key: value for key, value in asdict(asked).items() if key != "choice"}
    return {**kept, "bloc": choice.bloc, "candidates": list(choice.candidates)}


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `finding` was made from.

    Parameters
    ----------
    workspace
        Where it was found.
    provenance
        What the file says of itself.
    written
        How it is written.

    Returns
    -------
    Finding
        As `finding` gave it, where the place is the same.
    """
    told_then = dict(provenance.parameters)
    bloc, candidates = told_then["bloc"], tuple(told_then["candidates"])
    choice = Choice(bloc, candidates) if bloc or candidates else None
    names = set(Question.__slots__) - {"choice"}
    asked = Question(choice=choice, **{name: told_then[name] for name in names})
    found = explain(workspace, asked)
    table, figure = told_then["table"], told_then["figure"]
    return finding(workspace, found, table=table, figure=figure, written=written)


def explain_to_file(  # noqa: PLR0913 - a question, and what leaves
    folder: Path,
    asked: Question,
    out: Path,
    *,
    show: str = "",
    covariates: Sequence[Path] = (),
    written: Written | None = None,
    progress: Progress | None = None,
) -> tuple[Explanation, tuple[LeftOut, ...]]:  # fmt: skip
    """Explain, and write one table or picture.

    Parameters
    ----------
    folder, asked
        The workspace; the question.
    out
        The file; its suffix names the format.
    show
        One of `TABLES` or `FIGURES`; empty for the effects, and for the bureaux as GeoJSON.
    covariates
        Files to bring into the workspace first.
    written
        How it is written.
    progress
        Told the share done.

    Returns
    -------
    tuple
        What was found, and rows of the brought files that were left out.

    Raises
    ------
    DataError
        When the question does not fit the place, or the file cannot be written.
    """
    suffix = out.suffix.lower()
    pictures = {one.suffix for one in formats_of("picture")}
    known = pictures | {one.suffix for one in formats_of("table")}
    if suffix not in known:
        raise DataError(
            "This is not written as {suffix}."
            if suffix
            else "This is not written as a file without a suffix.",
            mend="Choose one of {known}.",
            suffix=suffix,
            known=", ".join(sorted(known)),
        )
    workspace = open_workspace(folder)
    left = bring_covariates(workspace, covariates)[1] if covariates else ()
    found = explain(workspace, asked, progress=progress)
    wanted = show or ("bureaux" if suffix == _WITH_CONTOURS else "effects")
    figure = _figure(wanted) if suffix in pictures else ""
    table = "effects" if suffix in pictures else wanted
    leaving = finding(workspace, found, table=table, figure=figure, written=written or Written())
    put_leaving(out, leaving)
    return found, left


def _figure(wanted: str) -> str:
    if wanted not in FIGURES:
        raise DataError(
            "There is no picture “{wanted}”.",
            mend="Choose one of {known}.",
            wanted=wanted,
            known=", ".join(FIGURES),
        )
    return wanted


def notes_of(found: Explanation, language: str) -> tuple[Text, ...]:
    """Say what a reader must know of an explanation, the warning first.

    Parameters
    ----------
    found
        What was found.
    language
        Of the names of columns and parts, "fr" or "en".
    """
    notes = [ROBINSON]
    if better := better_elsewhere(found, language):
        notes.append(better)
    if dropped := found.fitted.design.dropped:
        names = [column_label(one, found.names, language) for one in dropped]
        notes.append(
            Text("Say nothing that others do not, and are left out: {names}.",
                 names=some(names, most=8))
        )  # fmt: skip
    near = found.dependence
    if near is not None and near.model is not None:
        notes.append(
            Text(
                "What is left over is alike next door (Moran’s I {moran:.2f}, p {p:.3f}): "
                "something that neighbours share is missing; the {kind} model says what stays.",
                moran=near.moran,
                p=near.p_value,
                kind=Text("spatial lag") if near.model.kind == "lag" else Text("spatial error"),
            )
        )
    return tuple(notes)


def better_elsewhere(found: Explanation, language: str) -> Text | None:
    """Say which smaller model foretells better what none had seen; None where the whole does."""
    table = found.comparison.table
    best, whole = table.loc[table["held_out"].idxmin()], table.iloc[-1]
    # What differs less than is shown is the same.
    if round(best["held_out"], 2) >= round(whole["held_out"], 2):
        return None
    return Text(
        "On parts that no model had seen, a smaller one errs less: “{model}”, {best:.2f} points "
        "against {whole:.2f}. The whole model describes these bureaux; for others, take the "
        "smaller one.",
        model=model_label(str(best["model"]), found.names, language),
        best=float(best["held_out"]),
        whole=float(whole["held_out"]),
    )
