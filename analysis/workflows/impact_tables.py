"""Estimates and balance of a trial as tables that leave: every format, made again byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import __version__
from analysis.charts.chart_words import say
from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.estimates import Impact
from analysis.experiments.promised import Announced
from analysis.experiments.seal import digest
from analysis.experiments.trial_words import estimand_name, estimator_name
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, read_provenance
from analysis.exports.registry import check_format, put_leaving
from analysis.tables.covered import COVERED
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows import impact as question_of
from analysis.workflows import trial_results
from analysis.workflows.impact import Question, is_fictional
from analysis.workflows.impact_votes import Votes
from analysis.workflows.model_columns import columns_of
from analysis.workflows.ranking import answer as ranking_of
from analysis.workflows.sealed_trials import open_trial

TABLES = ("estimates", "balance")
_ALWAYS = ("outcome", "estimand", "estimator", "estimate", "std_error", "lower", "upper", "p_value")


@dataclass(frozen=True)
class Origin:
    """What estimates were made from, so that they can be made again.

    Attributes
    ----------
    parameters
        JSON: `kind` (`file`, `trial` of a workspace, or `example`), and what was asked of it.
    data
        Files and tables, with their digests.
    seed
        Of randomisation inference.
    """

    parameters: Mapping[str, Any]
    data: Mapping[str, str]
    seed: int


def _columns(spec: Spec) -> dict[str, Any]:
    """Return what was asked of the columns, as JSON; the plan comes from the seal again."""
    usual = Spec(())
    told = {f.name: getattr(spec, f.name) for f in fields(spec) if f.name != "announced"}
    return {name: v for name, v in told.items() if v != getattr(usual, name)}


def _spec(told: Mapping[str, Any]) -> Spec:
    several = {n: tuple(told.get(n, ())) for n in ("outcomes", "covariates")}
    lagged = tuple((str(outcome), str(column)) for outcome, column in told.get("lagged", ()))
    return Spec(**{**told, **several, "lagged": lagged})


def origin_of(asked: Question) -> Origin:
    """Say what a question to a file rests on.

    Parameters
    ----------
    asked
        The question.

    Returns
    -------
    Origin
        With the digests of units, seal and workspace.
    """
    votes, data = asked.votes, _digests(asked.units)
    parameters: dict[str, Any] = {
        "kind": "file",
        "units": _shown(asked.units),
        "spec": _columns(asked.spec),
        "draws": asked.draws,
    }
    if is_fictional(asked):
        parameters["fictional"] = True
    if asked.seal:
        parameters["seal"] = _shown(asked.seal)
        data |= _digests(asked.seal)
    if votes:
        parameters |= {
            "workspace": _shown(votes.workspace),
            "elections": list(votes.elections),
            "choices": {label: asdict(one) for label, one in votes.choices.items()},
            "vintage": votes.vintage,
            "lag": votes.lag,
        }
        data |= Workspace(votes.workspace).digests
    return Origin(parameters, data, asked.seed)


def _shown(path: Path) -> str:
    """Return a path as it was given, but where that would tell how a disk is arranged: its name."""
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def _digests(file: Path) -> dict[str, str]:
    told = digest(file)
    return {str(told["file"]): str(told["sha256"])}


def finding(
    impact: Impact, origin: Origin, *, show: str = "estimates", written: Written
) -> Finding:
    """Put estimates, or the balance of the arms, so that they can leave.

    Parameters
    ----------
    impact
        What was estimated.
    origin
        What it was made from.
    show
        One of `TABLES`.
    written
        How it is written.

    Returns
    -------
    Finding
        The table, what its columns are, and its provenance.

    Raises
    ------
    DataError
        When there is no such table, or nothing to compare the arms by.
    """
    if show == "balance" and impact.balance is None:
        raise DataError(
            "There is nothing to compare the arms by.",
            mend="Name covariates known before the draw with --covariates, or --lag.",
        )
    language = written.language
    table = _estimates(impact, language) if show == "estimates" else _balance(impact, language)
    source = Provenance(
        __version__,
        "impact",
        {**origin.parameters, "show": show},
        origin.seed,
        origin.data,
    )
    heading = say(f"impact_{show}", language)
    units = columns_of(f"impact_{show}", table, language)
    return Finding(table, None, source, heading, units, None, written)


def _estimates(impact: Impact, language: str) -> pd.DataFrame:
    """Return one row per estimate; errors of other kinds are in the JSON."""
    rows = [
        {
            "outcome": impact.marked(e.outcome, language),
            "estimand": estimand_name(e.estimand, language),
            "estimator": estimator_name(e.estimator, language),
            "estimate": e.value,
            "std_error": e.std_error,
            "error": e.kind,
            "lower": e.interval[0],
            "upper": e.interval[1],
            **{name: getattr(e, name) for name in ("p_value", "p_randomisation")},
            **{name: getattr(e, name) for name in ("p_holm", "p_westfall_young")},
            **{name: getattr(e, name) for name in ("n", "blocks", "dropped")},
        }
        for e in impact.estimates
    ]
    table = pd.DataFrame(rows)
    numbers = [n for n in table if str(n).startswith("p_")]
    table[numbers] = table[numbers].astype(float)
    return table[[n for n in table if n in _ALWAYS or table[n].notna().any()]]


def _balance(impact: Impact, language: str) -> pd.DataFrame:
    assert impact.balance is not None
    table = impact.balance.to_frame()
    return table.assign(covariate=[impact.marked(one, language) for one in table["covariate"]])


def check_table(path: Path, show: str) -> None:
    """Refuse a table that is none, or a file it is not written in, before anything is worked out.

    Raises
    ------
    DataError
        When there is no such table, or no such format.
    """
    if show not in TABLES:
        raise DataError(
            "There is no table “{show}”.",
            mend="Choose one of {known}.",
            show=show,
            known=", ".join(TABLES),
        )
    check_format(path)


def table_to_file(impact: Impact, asked: Question, path: Path, show: str, written: Written) -> None:
    """Write a table of an answer in the format that the suffix of `path` names.

    Parameters
    ----------
    impact, asked
        The answer and its question.
    path
        The file.
    show
        One of `TABLES`.
    written
        How it is written.

    Raises
    ------
    DataError
        When it is not written so, or there is no such table.
    """
    check_table(path, show)
    found = finding(impact, origin_of(asked), show=show, written=written)
    put_leaving(path, found)


def again(file: Path, workspace: Path | None) -> Finding:
    """Find again what a file of `finding` was made from.

    Parameters
    ----------
    file
        The file; tables it names are looked for where they were, then beside it.
    workspace
        Where the place lies now; None where it rests on none.

    Returns
    -------
    Finding
        The same as before, where files and tables are.

    Raises
    ------
    DataError
        When they are not there, or others.
    """
    provenance = read_provenance(file)
    given, seed = dict(provenance.parameters), provenance.seed or 0
    place = workspace or Path()
    made = {"file": _of_file, "trial": _of_trial, "example": _of_example}[given["kind"]]
    impact, data = made(given, seed, file.parent, place)
    # Doors visited since then move no result.
    names = {*data, *provenance.data} - {COVERED}
    changed = sorted(n for n in names if data.get(n) != provenance.data.get(n))
    if changed:
        raise DataError(
            "The data are not those this file was made from.",
            where="{folder}: {changed}",
            mend="Lay the files it was made from beside it, or name the workspace: "
            "--workspace DIR.",
            folder=file.parent,
            changed=", ".join(changed),
        )
    origin = Origin({n: v for n, v in given.items() if n != "show"}, provenance.data, seed)
    return finding(impact, origin, show=given["show"], written=Written(**provenance.written))


def _of_file(
    given: Mapping[str, Any], seed: int, beside: Path, place: Path
) -> tuple[Impact, Mapping[str, str]]:
    units, seal = (_found(given.get(name), beside) for name in ("units", "seal"))
    assert units is not None
    votes = None
    if "elections" in given:
        choices = {label: _choice(one) for label, one in given["choices"].items()}
        elections = tuple(given["elections"])
        votes = Votes(place, elections, choices, given["vintage"], given["lag"])
    asked = Question(units, _spec(given["spec"]), given["draws"], seed, seal, votes=votes)
    return question_of.answer(asked).impact, origin_of(asked).data


def _found(recorded: str | None, beside: Path) -> Path | None:
    if not recorded:
        return None
    here = Path(recorded)
    return here if here.is_file() else beside / here.name


def _choice(told: Mapping[str, Any]) -> Choice:
    return Choice(str(told["bloc"]), tuple(told["candidates"]))


def _of_trial(
    given: Mapping[str, Any], seed: int, _beside: Path, place: Path
) -> tuple[Impact, Mapping[str, str]]:
    workspace, names = Workspace(place), dict(given["names"])
    trial = open_trial(place, given["seal"])
    scenario = trial_results.scenario_sealed_with(trial)
    ranked = ranking_of(workspace, scenario)[0].table if scenario else None
    known = trial_results.results_of_trial(workspace, trial, tuple(given["elections"]), ranked)
    spec = _spec(given["spec"])
    promise = Announced.of(trial.sealed.promise, names, outcomes=spec.outcomes)
    spec = replace(spec, announced=promise)
    table = known.named(names).table
    impact = question_of.estimate(table, spec, trial.sealed, draws=given["draws"], seed=seed)
    return impact, workspace.digests


def _of_example(
    given: Mapping[str, Any], seed: int, _beside: Path, _place: Path
) -> tuple[Impact, Mapping[str, str]]:
    table = trial_results.example_table()
    spec = _spec(given["spec"])
    return question_of.estimate(table, spec, None, draws=given["draws"], seed=seed), {}


def origin_on_screen(  # noqa: PLR0913 - what the page knows of a source
    kind: str,
    spec: Spec,
    draws: int,
    seed: int,
    *,
    files: Sequence[tuple[str, str]] = (),
    trial: tuple[Path, str, tuple[str, ...], Mapping[str, str]] | None = None,
) -> Origin:
    """Say what estimates on screen rest on.

    Parameters
    ----------
    kind
        `file`, `trial` or `example`.
    spec, draws, seed
        What was asked.
    files
        Of a file: path and digest of the units, then of the seal.
    trial
        Of a trial: the workspace, the seal's fingerprint, the elections, names of columns.

    Returns
    -------
    Origin
        As `origin_of` gives it.
    """
    told: dict[str, Any] = {"kind": kind, "spec": _columns(spec), "draws": draws}
    data: Mapping[str, str] = {}
    # The example's data are made, as those of an invented place.
    fictional = kind == "example"
    if files:
        shown = (_shown(Path(path)) for path, _digest in files)
        told |= dict(zip(("units", "seal"), shown, strict=False))
        data = {Path(path).name: known for path, known in files}
    if trial is not None:
        folder, seal, elections, names = trial
        told |= {"workspace": _shown(folder), "seal": seal}
        told |= {"elections": list(elections), "names": dict(names)}
        workspace = Workspace(folder)
        data, fictional = workspace.digests, workspace.fictional
    if fictional:
        told["fictional"] = True
    return Origin(told, data, seed)
