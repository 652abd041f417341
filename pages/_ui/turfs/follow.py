"""A cut under way on screen: where it is, a way to stop it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from pages._ui import messages, state
from pages._ui.i18n import _, number
from pages._ui.turfs import cutting

_JOB = "turfs.job"
SHOWN = "turfs.cut"
# The bar moves a little when the work has begun, then with the buildings that are cut.
_LOADED = 0.05


def button(make: Callable[[], cutting.Job | Path]) -> None:
    """Offer to cut; `make` returns a job, or the folder of a cut that is there already."""
    job = _job()
    busy = job is not None and job.running
    if not st.button(
        _("Cut the turfs"), key="turfs.make", type="primary", width="stretch", disabled=busy
    ):
        return
    with messages.explain_data_errors():
        made = make()
    if isinstance(made, cutting.Job):
        st.session_state[_JOB] = made
    else:
        st.session_state.pop(_JOB, None)
        show(made.name)
    st.rerun()


def show(name: str) -> None:
    """Bring a cut into view; it stays when the page is left."""
    state.answer_with(SHOWN, name)


def follow(place: Workspace) -> None:
    """Show the cut under way, this window's or another's; when it has ended, say how."""
    job = _job() or cutting.under_way(place.path)
    st.session_state[_JOB] = job
    if job is None:
        return
    if job.running:
        _watch()
        return
    st.session_state.pop(_JOB)
    if job.failure is None:
        show(job.target.name)
        st.toast(_("The turfs are cut: {seconds} s.").format(seconds=number(job.seconds)))
    else:
        _explain(job.failure)


def _job() -> cutting.Job | None:
    job: cutting.Job | None = st.session_state.get(_JOB)
    return job


@st.fragment(run_every=0.7)
def _watch() -> None:
    job = _job()
    if job is None or not job.running:
        st.rerun()
        return
    with st.container(border=True):
        st.markdown("**" + _("Cutting the turfs") + "**")
        step, share = job.step
        st.progress(
            _LOADED + (1 - _LOADED) * share,
            text=_("{step} — {seconds} s").format(
                step=_step_name(step), seconds=number(job.seconds)
            ),
        )
        st.caption(_("You may leave this page: the work goes on, and its result is kept."))
        st.button(_("Stop the cutting"), key="turfs.stop", on_click=job.stop)


def _explain(failure: Exception) -> None:
    if isinstance(failure, cutting.StoppedError):
        st.info(_("Stopped. No turfs were kept."))
    elif isinstance(failure, DataError):
        messages.show_error(failure)
    else:
        st.error(_("The cutting ended without a result."))
        st.caption(messages.plain(str(failure)))
        st.info(_("Ask for fewer bureaux; if it happens again, report these words."))


def _step_name(step: str) -> str:
    names = {
        "loading": _("Reading the place"),
        "cutting": _("Sharing out the buildings and ordering the walks"),
        "writing": _("Writing"),
    }
    return names[step]
