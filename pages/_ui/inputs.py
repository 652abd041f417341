"""Widgets that ask one question and return one plain value; the address keeps every answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.chart_words import nuance
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace
from analysis.targeting.params import Params
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Settings
from analysis.targeting.weights import PRESETS, Weights
from analysis.workflows.ranking import Scenario
from pages._ui import loaders, state, territory
from pages._ui.i18n import (
    _,
    bloc_name,
    election_name,
    number,
    part_help,
    part_name,
    preset_help,
    preset_name,
)
from pages._ui.priorities import by_hand, planner
from pages._ui.selects import select

BY_RESULTS = "results"
BY_NAME = "by_name"
SLIDERS = ("mobilise", "persuade", "hesitant", "need", "access", "visited")
HOURS, MOST_HOURS = 500, 10_000_000
# What of a reopened scenario this page could not take over, said once.
_UNFIT = "inputs.unfit"
_PLAIN = Settings()


def choose_question(place: Workspace) -> Scenario:
    """Ask whose votes, at which election and where; settings are asked for afterwards."""
    for unfit in st.session_state.pop(_UNFIT, []):
        st.warning(unfit)
    left, middle, right = st.columns([1, 1.2, 1])
    with left:
        bloc, candidates = _choose_votes(place)
    with middle:
        election = choose_election(place)
    with right:
        places = territory.choose_places(place)
    return Scenario(bloc, election, candidates, places, rival=_rival_for(bloc))


def _rival_for(bloc: str) -> str:
    """Return the rival that was chosen; the strongest other where it is the bloc itself."""
    state.recall("rival", BY_RESULTS)
    rival = str(st.session_state["rival"])
    if rival not in BLOCS or rival == bloc:
        state.answer_with("rival", BY_RESULTS)
        return ""
    return rival


def choose_rival(question: Scenario, found: Prospects) -> None:
    """Ask against whom votes are counted; the rates of the question rest on the answer."""
    by_results = _("Chosen by the place’s results: {rival}").format(
        rival=bloc_name(found.rival_by_results) if found.rival_by_results else "—"
    )
    others = [one for one in BLOCS[:-1] if one != question.bloc]
    select(
        _("Against"),
        [BY_RESULTS, *others],
        key="rival",
        show=lambda o: by_results if o == BY_RESULTS else bloc_name(o),
        help=_(
            "Whoever is brought to vote and votes for this bloc is taken off. Those won over in "
            "talk count whole, whoever loses them."
        ),
    )


def kept_scenario(place: Workspace) -> Scenario | None:
    """Return what was asked last on Priorities, or what is usual; None without blocs."""
    blocs, (_coming, elections) = loaders.blocs(place), loaders.elections(place)
    if not blocs:
        return None
    for key, default in (("bloc", blocs[0]), ("election", elections[0]), ("hours", HOURS)):
        state.recall(key, default)
    state.recall("preset", _PLAIN.preset)
    bloc, election = st.session_state["bloc"], st.session_state["election"]
    preset = st.session_state["preset"]
    hours = min(max(int(st.session_state["hours"]), 1), MOST_HOURS)
    return Scenario(
        bloc if bloc in blocs else blocs[0],
        election if election in elections else elections[0],
        settings=replace(
            _PLAIN,
            hours=float(hours),
            preset=preset if preset in PRESETS else _PLAIN.preset,
            params=planner.params(),
            pinned=by_hand.chosen("pinned"),
            excluded=by_hand.chosen("excluded"),
        ),
        rival=_rival_for(bloc),
    )


def _choose_votes(place: Workspace) -> tuple[str, tuple[str, ...]]:
    table = loaders.table(str(place.path), place.digest, "candidates")
    bloc = select(
        _("Win votes for"),
        [*loaders.blocs(place), BY_NAME],
        key="bloc",
        show=lambda o: _("Candidates by name…") if o == BY_NAME else bloc_name(o),
    )
    if bloc != BY_NAME:
        return bloc, ()
    names = sorted(set(table["name"]) | set(table["nuance"]) - {""})
    state.recall("candidates", [])
    asked = st.session_state["candidates"]
    if unknown := [name for name in asked if name not in names]:
        st.warning(_("Not in this place: {names}.").format(names=", ".join(unknown)))
    state.answer_with("candidates", [name for name in asked if name in names])
    chosen = st.multiselect(
        _("Candidates, lists or nuances"),
        [n for n in names if n],
        key="candidates",
        format_func=nuance,
        placeholder=_("Choose one or more"),
    )
    state.remember("candidates", chosen, [])
    if not chosen:
        st.info(_("Choose at least one candidate, list or nuance."))
        state.stop()
    return "", tuple(chosen)


def choose_election(place: Workspace) -> str:
    coming, options = loaders.elections(place)
    return select(
        _("Election to prepare"),
        options,
        key="election",
        show=lambda o: (
            election_name(o) if o in coming else _("{name} (past)").format(name=election_name(o))
        ),
        help=_("For a past election, nothing of that day or later is used."),
    )


def put_together(question: Scenario, settings: Settings) -> Scenario:
    """Return the question with the strategist's settings."""
    return replace(question, settings=settings)


def choose_view(views: dict[str, str]) -> str:
    """Ask which side of the answer to see."""
    first = next(iter(views))
    state.recall("view", first)
    if st.session_state["view"] not in views:
        state.answer_with("view", first)
    view = st.segmented_control(
        _("View"),
        list(views),
        default=st.session_state["view"],
        required=True,
        format_func=views.__getitem__,
        key="view",
        label_visibility="collapsed",
    )
    state.remember("view", view or first, first)
    return view or first


class Sides(NamedTuple):
    """Where the parts of the settings stand; None for one under the other."""

    hours: DeltaGenerator | None = None
    strategy: DeltaGenerator | None = None
    weights: DeltaGenerator | None = None
    numbers: DeltaGenerator | None = None


_BELOW = Sides()


def choose_settings(in_force: Callable[[str, Params], Weights], sides: Sides = _BELOW) -> Settings:
    """Ask for hours, preset, weights and the planner's numbers.

    Parameters
    ----------
    in_force
        Gives the weights of a preset, so that the sliders show them.
    sides
        Where each part stands.
    """
    state.recall("hours", HOURS)
    state.answer_with("hours", min(max(st.session_state["hours"], 1), MOST_HOURS))
    hours = (sides.hours or st).number_input(
        _("Volunteer-hours to spend"),
        min_value=1,
        max_value=MOST_HOURS,
        value=st.session_state["hours"],
        step=50,
        key="hours",
        help=_("20 volunteers who go out 10 times for 2 hours are 400 hours."),
    )
    state.remember("hours", hours, HOURS)
    with sides.strategy or nullcontext():
        # The map is the page: what it rests on and when it fails is behind the question mark.
        strategies = [*PRESETS, "custom"]
        state.recall("preset", strategies[0])
        told = preset_help(str(st.session_state["preset"]))
        does, _end, rest = told.partition(". ")
        preset = select(
            _("Strategy"), strategies, key="preset", show=preset_name, help=rest or None
        )
        if does:
            st.caption(f"{does.removesuffix('.')}.")
    params = planner.params()
    with sides.weights or nullcontext():
        weights = _choose_weights(preset, in_force(preset, params))
    with sides.numbers or nullcontext():
        planner.edit(params)
    return Settings(
        params=params,
        preset=preset,
        weights=weights if preset == "custom" else None,
        hours=float(hours),
        seed=_kept("seed", _PLAIN.seed, least=0),
        draws=_kept("draws", _PLAIN.draws, least=1),
        pinned=by_hand.chosen("pinned"),
        excluded=by_hand.chosen("excluded"),
    )


def _kept(key: str, default: int, *, least: int) -> int:
    """Return a number that only a scenario's file or link sets."""
    state.recall(key, default)
    answer = max(int(st.session_state[key]), least)
    state.remember(key, answer, default)
    return answer


def _choose_weights(preset: str, in_force: Weights) -> Weights:
    st.markdown("**" + _("Weights") + "**")
    shown = in_force.to_dict()
    chosen = {}
    for name in SLIDERS:
        key = f"w_{name}"
        state.recall(key, 0)
        if preset != "custom":
            # The sliders show what the preset does; touching one makes the weights one's own.
            state.answer_with(key, round(100 * min(shown[name], 1.0)))
        state.answer_with(key, min(max(st.session_state[key], 0), 100))
        points = st.slider(
            part_name(name),
            0,
            100,
            st.session_state[key],
            key=key,
            help=part_help(name),
            on_change=_become_custom,
        )
        state.remember(key, points, points if preset != "custom" else 0)
        chosen[name] = points / 100
    if preset == "classic_2014":
        st.caption(_("This preset multiplies abstention and support; the sliders have no part."))
    return Weights(**chosen)


def _become_custom() -> None:
    state.answer_with("preset", "custom")


def reopen(scenario: Scenario) -> None:
    """Set every widget as a saved scenario says; the page is then run again.

    What the page has no widget for is said there. A bloc, an election or a candidate that the
    place does not know is named beside its own widget.
    """
    settings = scenario.settings
    wanted: dict[str, Any] = {
        "bloc": BY_NAME if scenario.candidates else scenario.bloc,
        "candidates": list(scenario.candidates),
        "election": scenario.election,
        "rival": scenario.rival or BY_RESULTS,
        "hours": max(round(settings.hours), 1),
        "preset": settings.preset,
        "seed": settings.seed,
        "draws": settings.draws,
        "pinned": by_hand.texts(settings.pinned),
        "excluded": by_hand.texts(settings.excluded),
    }
    unfit = []
    if wanted["hours"] != settings.hours:
        unfit.append(
            _("The hours are whole here: {hours} instead of {asked}.").format(
                hours=number(wanted["hours"]), asked=number(settings.hours, 2)
            )
        )
    if settings.weights:
        given = settings.weights.to_dict()
        # Only what the weights are to each other counts; what visits take off stands for itself.
        most = max(1.0, *(given[name] for name in SLIDERS if name != "visited"))
        scale = {name: 1.0 if name == "visited" else most for name in SLIDERS}
        wanted |= {f"w_{name}": round(100 * given[name] / scale[name]) for name in SLIDERS}
        if left_out := [part_name(name) for name in given if name not in SLIDERS and given[name]]:
            unfit.append(
                _("These weights have no slider and were left out: {names}.").format(
                    names=", ".join(left_out)
                )
            )
    narrowed, beyond = territory.answers(scenario.places)
    for key, value in (wanted | narrowed).items():
        state.answer_with(key, value)
    st.session_state[_UNFIT] = unfit + beyond
    planner.set_params(settings.params)
