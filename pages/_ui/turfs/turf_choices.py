"""What is asked of the cut: how many bureaux, which outing, from where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from analysis.geography.address_search import degrees_in
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows import turfs
from analysis.workflows.hold_back import CONTROL, HoldBack, hold_back_of, set_aside, with_arms
from analysis.workflows.outing_numbers import numbers_of_outing
from analysis.workflows.ranking import Scenario
from analysis.workflows.turf_targets import only_these
from pages._ui import loaders, state
from pages._ui.access import gate
from pages._ui.i18n import _, ngettext, number
from pages._ui.turfs import chosen_bureaux
from pages._ui.turfs import load_turfs as found
from pages._ui.turfs.turfs_view import slot_names

DESIGN_PAGE = "pages/trial_design.py"
HOURS, TEAM, SPARES = 2.0, 2, 2
# More bureaux than this are cut for minutes: the first wish is a small one.
_FIRST = 30


def choose(place: Workspace, ranked: Ranking) -> dict[str, Any]:
    """Ask for everything a cut needs, and return it as plain values."""
    bureaux = chosen_bureaux.ask(ranked.table)
    top = len(bureaux) or int(
        _number(_("Bureaux, from the best"), "turf_top", min(ranked.k, _FIRST), (1, 20_000))
    )
    hours = _number(
        _("Length of an outing (hours)"), "turf_hours", HOURS, (0.5, 8.0), step=0.25, format="%g"
    )
    team = _number(_("Volunteers in a team"), "turf_team", TEAM, (1, 20))
    slot = _slot()
    with st.expander(_("Teams, spares, starting point")):
        teams = _number(
            _("Teams of the next outing (0: all turfs)"),
            "turf_teams",
            0,
            (0, 1000),
            help=_("The best turfs go to these teams; a few more stay ready beside them."),
        )
        spares = _number(_("Spare turfs"), "turf_spares", SPARES, (0, 50))
        gentle = _number(
            _("Turfs for low mobility"),
            "turf_gentle",
            0,
            (0, 200),
            help=_("Half as long, at a slow step, in houses without stairs."),
        )
        start = _start(place)
        returning = start is not None and st.checkbox(
            _("Come back to the start"), key="turf_returning", persist_state="session"
        )
    return {
        "top": top,
        **({"bureaux": bureaux} if bureaux else {}),
        "hours": float(hours),
        "team": int(team),
        "teams": int(teams) or None,
        "spares": int(spares),
        "low_mobility": int(gentle),
        "start": list(start) if start else None,
        "returning": bool(returning),
        "slot": slot,
    }


def _slot() -> str:
    """Ask when the outing is; "" where that is open."""
    names = slot_names()
    state.recall("turf_slot", "")
    if st.session_state["turf_slot"] not in names:
        state.answer_with("turf_slot", "")
    slot: str = st.selectbox(
        _("When the outing is"),
        list(names),
        **state.begins_with("turf_slot", list(names)),
        format_func=names.__getitem__,
        key="turf_slot",
        help=_(
            "Within a bureau, the turfs with most conversations to expect at these hours come "
            "first: as the returns tell of each kind of building, never by an estimated vote."
        ),
    )
    state.remember("turf_slot", slot, "")
    return slot


def _number(
    label: str,
    key: str,
    default: float,
    limits: tuple[float, float],
    **options: Any,  # noqa: ANN401
) -> float:
    state.recall(key, default)
    least, most = limits
    state.answer_with(key, type(default)(min(max(st.session_state[key], least), most)))
    answer = st.number_input(
        label,
        min_value=type(default)(least),
        max_value=type(default)(most),
        value=st.session_state[key],
        key=key,
        **options,
    )
    state.remember(key, answer, default)
    return float(answer)


def _start(place: Workspace) -> tuple[float, float] | None:
    """Ask where teams set out: degrees, an address of the place, or a click on the map."""
    state.recall("turf_start", "")
    text = st.text_input(
        _("Starting point (optional)"),
        key="turf_start",
        placeholder=_("12 Rue Haute, or 48.8566, 2.3522"),
        help=_(
            "A metro, a café, the organiser's home: an address of this place, or latitude and "
            "longitude. You can also click a stop on the map of the turfs."
        ),
    )
    state.remember("turf_start", text, "")
    if not text.strip():
        return None
    if (point := degrees_in(text)) is not None:
        return point
    if (at := found.find(place, text)) is not None:
        st.caption(
            _("Found at {latitude}, {longitude}.").format(
                latitude=f"{at[0]:.5f}", longitude=f"{at[1]:.5f}"
            )
        )
        return at
    st.warning(
        _("No such address here: each walk will begin where it is shortest.")
        + " "
        + _("Write it as in the address base, or give latitude and longitude.")
    )
    return None


def hold_back(place: Workspace, ranked: Ranking, asked: Mapping[str, Any], seed: int) -> HoldBack:
    """Say which of the bureaux asked for are held back for the trial, and return how."""
    usual = hold_back_of(place.path, ranked.table, teams=False)
    if not usual.on:
        _say_reach(ranked)
        return usual
    if st.session_state.get("hold_back.given_up") and not usual.seals:
        st.warning(_("The trial was given up on the page Priorities: no bureau is held back."))
        _say_reach(ranked)
        return HoldBack(on=False, teams=False, given_up=_("Given up on the page Priorities."))
    armed = with_arms(ranked.table, usual, folder=place.path, seed=seed)
    _say_reach(set_aside(ranked, armed))
    meant = only_these(armed, tuple(asked.get("bureaux", ()))).head(asked["top"])
    held = int((meant["arm"] == CONTROL).sum())
    text = ngettext(
        "{n} bureau of these is held back for the trial; left for the teams: {left}.",
        "{n} bureaux of these are held back for the trial; left for the teams: {left}.",
        held,
    ).format(n=number(held), left=number(len(meant) - held))
    st.caption(
        ":material/science: "
        + (text if held else _("None of these bureaux is held back for the trial."))
    )
    if not usual.seals:
        st.warning(_("The draw is not sealed yet: seal it before the first team goes out."))
        gate.link(DESIGN_PAGE, label=_("Design and seal the trial"), icon=":material/science:")
    return usual


def _say_reach(open_to_teams: Ranking) -> None:
    """Say how many bureaux the hours reach, those held back set aside."""
    st.caption(
        _("The hours of the ranking reach {n} bureaux, those held back set aside.").format(
            n=number(open_to_teams.k)
        )
        if open_to_teams.k
        else _("The hours of the ranking reach no bureau.")
    )


def order(
    place: Workspace, scenario: Scenario, asked: Mapping[str, Any], held: HoldBack
) -> dict[str, Any]:
    """Return what the cut is made from, as `turf_cuts.cut` takes it."""
    rest = {name: value for name, value in asked.items() if name != "slot"}
    share_open = numbers_of_outing(scenario)["share_open"]
    opening = found.opening(place, asked["slot"], share_open) if asked["slot"] else None
    return turfs.order(place, scenario, rest, held, opening)


def targets(place: Workspace, scenario: Scenario, held: HoldBack) -> bytes:
    """Return the file of targets with their arms; one file, that says where it comes from."""
    return loaders.ranking_file(place, scenario, held).to_bytes(".csv", dialect="plain+provenance")
