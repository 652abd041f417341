"""A cut under way on screen: where it is, a way to stop it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.workflows import turf_cuts
from analysis.workflows.jobs import Job
from analysis.workflows.turf_targets import addresses_of
from pages._ui import background, messages, state
from pages._ui.i18n import _, number

_SLOT = "turfs"
SHOWN = "turfs.cut"
_AT_ONCE = "turfs.make_at_once"


def ask_at_once() -> None:
    """Have the page of turfs cut when it opens: a button of another page has asked for it."""
    st.session_state[_AT_ONCE] = True


def first(place: Workspace, make: Callable[[], Job | Path]) -> None:
    """Offer the first cut of a place; where it has no doors, say what to get instead.

    Raises
    ------
    DataError
        When the place has no addresses.
    """
    if not place.has("addresses"):
        st.session_state.pop(_AT_ONCE, None)
        addresses_of(place)
    if _busy():
        # Where it is stands above: whoever waits is not told to press.
        return
    st.info(
        _(
            "No turfs yet. Choose how many bureaux and how long an outing is, then press "
            "“Cut the turfs”: every building of these bureaux goes into exactly one turf, or "
            "is listed with the reason."
        )
    )
    # Beside the words that name it: below all settings it would be under the fold.
    button(make)


def _busy() -> bool:
    job = background.job_in(_SLOT)
    return job is not None and job.running


def button(make: Callable[[], Job | Path]) -> None:
    """Offer to cut; `make` returns a job, or the folder of a cut that is there already."""
    busy = _busy()
    asked = st.session_state.pop(_AT_ONCE, False) and not busy
    pressed = st.button(
        _("Cut the turfs"), key="turfs.make", type="primary", width="stretch", disabled=busy
    )
    if not (pressed or asked):
        return
    with messages.explain_data_errors():
        made = make()
    if isinstance(made, Job):
        background.put(_SLOT, made)
    else:
        background.put(_SLOT, None)
        show(made.name)
    st.rerun()


def show(name: str) -> None:
    """Bring a cut into view; it stays when the page is left."""
    state.answer_with(SHOWN, name)


def follow(place: Workspace) -> None:
    """Show the cut under way, this window's or another's; when it has ended, say how."""
    job = background.job_in(_SLOT) or turf_cuts.under_way(place.path)
    background.put(_SLOT, job)
    if job is None:
        return
    if job.running:
        background.watch(
            _SLOT,
            background.Shown(
                stop=_("Stop the cutting"),
                text=background.step_and_time(_step_name),
                title=_("Cutting the turfs"),
                note=lambda _job: _(
                    "You may leave this page: the work goes on, and its result is kept."
                ),
            ),
        )
        return
    background.put(_SLOT, None)
    if job.error is None:
        show(turf_cuts.folder_of(job).name)
        st.toast(_("The turfs are cut: {seconds} s.").format(seconds=number(job.seconds)))
    else:
        background.explain(
            job.error,
            stopped=_("Stopped. No turfs were kept."),
            broken=_("The cutting ended without a result."),
            advice=_("Ask for fewer bureaux; if it happens again, report these words."),
        )


def _step_name(step: str) -> str:
    names = {
        "cutting": _("Sharing out the buildings and ordering the walks"),
        "writing": _("Writing"),
    }
    return names.get(step, _("Reading the place"))
