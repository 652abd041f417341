"""Every cached call of the page Impact; keyed by the content of what was brought."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.estimates import Impact
from analysis.experiments.interference import Spillover
from analysis.experiments.outcomes import vintage_of
from analysis.experiments.promised import Announced, Standing
from analysis.experiments.rank_weighted import RankWeighted
from analysis.experiments.subgroups import Subgroups
from analysis.experiments.unit_files import read_content
from analysis.readers.mistaken import refuse_mistaken
from analysis.tables.workspace import Workspace
from analysis.workflows import impact as question
from analysis.workflows import trial_results
from analysis.workflows.impact_tables import Origin, origin_on_screen
from analysis.workflows.seal_ledger import told_of
from analysis.workflows.sealed_trials import open_trial
from analysis.workflows.spillover import Vicinity, felt_by_neighbours
from analysis.workflows.trial_results import TrialTable
from pages._ui import loaders
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, bloc_name
from pages._ui.impact.source import BROUGHT, EXAMPLE, OURS, Source, seal_file, seal_of
from pages._ui.trial.trial_choices import outcome_names

_FEW, _SOME = 4, 16


def found(source: Source) -> TrialTable:
    """Read the table of a source."""
    with st.spinner(_("Reading the results…")):
        return _found(source)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _found(source: Source) -> TrialTable:
    if source.kind == EXAMPLE:
        return TrialTable(trial_results.example_table())
    if source.kind == BROUGHT:
        sealed = seal_of(source)
        refuse_mistaken(source.name, source.content[: 1 << 12])
        table = read_content(source.name, source.content)
        return TrialTable(table).under(sealed.promise if sealed else {})
    place = Workspace(Path(source.folder))
    trial = open_trial(place.path, source.seal)
    scenario = trial_results.scenario_sealed_with(trial)
    ranked = loaders.ranking(place, scenario).table if scenario else None
    known = trial_results.results_of_trial(place, trial, source.elections, ranked)
    return known.named(_names(place, source))


def _names(place: Workspace, source: Source) -> dict[str, str]:
    """Name our columns for people, in the language of the source."""
    elections = place.read("elections")["election_id"].tolist()
    trial = open_trial(place.path, source.seal)
    labels = list(trial_results.choices_of(place, trial)) or [""]
    names: dict[str, str] = {}
    for label in labels:
        # With several, each says whose votes it means.
        whose = f" · {bloc_name(label)}" if len(labels) > 1 else ""
        own = outcome_names(elections, label)
        names |= {c: f"{n}{whose}" if f"_{label}_" in c else n for c, n in own.items()}
    return names


def impact(source: Source, spec: Spec, draws: int, seed: int) -> Impact:
    """Estimate what the canvass changed."""
    with st.spinner(_("Estimating, and drawing again…")):
        return _impact(source, spec, draws, seed)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _impact(source: Source, spec: Spec, draws: int, seed: int) -> Impact:
    table, sealed = _found(source).table, seal_of(source)
    if sealed is not None and source.kind == OURS:
        # The plan speaks of columns by the names that were sealed; the screen has its own.
        names = _names(Workspace(Path(source.folder)), source)
        promise = Announced.of(sealed.promise, names, outcomes=spec.outcomes)
        spec = replace(spec, announced=promise)
    return question.estimate(table, spec, sealed, draws=draws, seed=seed)


def standing(source: Source) -> Standing | None:
    """Return whether plan and draw are those that were announced; None without a seal."""
    sealed = seal_of(source)
    if sealed is None:
        return None
    return told_of(sealed, Path(source.folder) if source.folder else None).standing


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def subgroups(source: Source, spec: Spec, names: tuple[str, ...]) -> Subgroups:
    """Estimate within groups; those of the sealed plan are declared, others exploratory."""
    read = _found(source)
    return question.estimate_within(
        read.table, spec, seal_of(source), names, announced=read.promised
    )


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def judged(source: Source, spec: Spec, by: str, draws: int, seed: int) -> tuple[RankWeighted, ...]:
    """Judge an order by the effects on what it puts first, one answer per outcome."""
    asked = question.Question(Path(source.name), spec, draws, seed, rank_by=by)
    return question.judge_order(_found(source).table, spec, seal_of(source), asked)


def origin(source: Source, spec: Spec, draws: int, seed: int) -> Origin:
    """Say what the estimates on screen rest on, so that their tables can be made again."""
    asked = partial(origin_on_screen, spec=spec, draws=draws, seed=seed)
    if source.kind == EXAMPLE:
        return asked("example")
    if source.kind == OURS:
        place = Workspace(Path(source.folder))
        names = _names(place, source)
        return asked("trial", trial=(place.path, source.seal, source.elections, names))
    files = [(source.name, hashlib.sha256(source.content).hexdigest())]
    if source.seal:
        path, content = seal_file(source)
        files.append((path, hashlib.sha256(content).hexdigest()))
    return asked("file", files=files)


def felt(  # noqa: PLR0913 - what the answer depends on
    place: Workspace, source: Source, spec: Spec, metres: float, draws: int, seed: int
) -> tuple[Spillover, ...]:
    """Test what treated neighbours changed, one result per outcome."""
    with st.spinner(_("Drawing again…")):
        return _felt(str(place.path), place.digest, source, spec, metres, draws, seed)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _felt(  # noqa: PLR0913 - what the answer depends on
    folder: str, digest: str, source: Source, spec: Spec, metres: float, draws: int, seed: int
) -> tuple[Spillover, ...]:
    del digest
    near = Vicinity(Path(folder), metres)
    table, sealed = _found(source).table, seal_of(source)
    return felt_by_neighbours(table, spec, sealed, near, draws=draws, seed=seed)


def geometry(place: Workspace, units: pd.Series) -> Geometry | None:
    """Publish the contours that the units are of; None where there are none."""
    vintage = vintage_of(loaders.table(str(place.path), place.digest, "context"), list(units))
    if not vintage:
        return None
    bureaux = loaders.table(str(place.path), place.digest, "bureaux")
    here = bureaux[(bureaux["vintage"] == vintage) & bureaux["bureau_id"].isin(units)]
    return loaders.contours(place, vintage, here["commune_id"])


def arms(source: Source, spec: Spec) -> pd.DataFrame:
    """Return `unit_id`, `arm`, `block` and `rank` of the units, for the map."""
    return question.arms_of(_found(source).table, spec, seal_of(source))
