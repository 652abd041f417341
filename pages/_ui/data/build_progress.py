"""A place being read, on screen: how far it is, a way to stop it, and how it ended."""

from __future__ import annotations

import streamlit as st

from analysis.errors import DataError
from pages._ui import messages, state
from pages._ui.data.reading import BusyError, Job, StoppedError
from pages._ui.i18n import _, number

VIEW = "data.view"
_JOB = "bring.job"
_COUNT = "bring.count"
_DONE = "bring.done"


def start(job: Job) -> None:
    """Begin to read, and show it."""
    st.session_state[_JOB] = job.start()
    st.rerun()


def running() -> bool:
    """Whether a place is being read."""
    job = _job()
    return job is not None and job.running


def count() -> int:
    """How many places this session has read."""
    return int(st.session_state.get(_COUNT, 0))


def follow() -> None:
    """Show the reading under way; when it has ended, bring the outcome into view."""
    job = _job()
    if _DONE in st.session_state:
        # Only in the run that shows the choice of views can it be moved.
        st.session_state[VIEW] = "report"
    if job is None:
        return
    if job.running:
        _watch()
    elif job.failure is None:
        st.session_state.pop(_JOB)
        st.session_state[_COUNT] = count() + 1
        state.choose_folder(job.target.name)
        st.session_state[_DONE] = (job.target.name, job.seconds)
        # The frame around the page still shows the place before.
        st.rerun()
    elif not job.seen:
        # The form that the files were given in is where they are put right.
        job.seen = True
        st.session_state[VIEW] = "bring"


def explain() -> None:
    """Say why the last reading ended early, if it did."""
    job = _job()
    if job and not job.running and job.failure:
        _explain(job.failure)


def congratulate() -> None:
    """Say once that a place was read."""
    if done := st.session_state.pop(_DONE, None):
        name, seconds = done
        st.success(
            _("“{name}” was read in {seconds} s and is now open. Here is what was kept.").format(
                name=name,
                seconds=number(seconds, 0 if seconds > 10 else 1),  # noqa: PLR2004
            )
        )


def _job() -> Job | None:
    job: Job | None = st.session_state.get(_JOB)
    return job


@st.fragment(run_every=0.5)
def _watch() -> None:
    job = _job()
    if job is None or not job.running:
        st.rerun()
    with st.container(border=True):
        st.markdown("**" + _("Reading “{name}”").format(name=job.target.name) + "**")
        st.progress(
            job.share,
            text=_("{step} — {seconds} s").format(
                step=step_name(job.step), seconds=number(job.seconds)
            ),
        )
        if job.passed:
            st.caption(" · ".join(f"✓ {step_name(step)}" for step in job.passed))
        if job.stopping:
            st.caption(_("Stopping at the end of this step…"))
        else:
            st.button(_("Stop: leave everything as it was"), key="bring.stop", on_click=job.stop)


def _explain(failure: Exception) -> None:
    """Say why nothing was written."""
    if isinstance(failure, StoppedError):
        st.info(_("Stopped. Nothing was written."))
    elif isinstance(failure, BusyError):
        st.warning(_("Another window is writing this place: wait, or give another name."))
    elif isinstance(failure, DataError):
        messages.show_error(failure)
        st.caption(_("Nothing was written: the places here are as they were."))
    else:
        st.error(_("Palier itself failed on these files. Nothing was written."))
        st.caption(f"{type(failure).__name__}: {failure}")
        st.info(_("Try again with fewer files, and report this message with the files used."))


def step_name(step: str) -> str:
    """Name a step of the reading."""
    names = {
        "results": _("Results"),
        "checks": _("Checks of the counts"),
        "contours": _("Contours"),
        "squares": _("Census squares"),
        "addresses": _("Addresses"),
        "electors": _("Registered per address"),
        "crosswalk": _("Links between years"),
        "writing": _("Writing"),
        "done": _("Done"),
    }
    return names.get(step, step)
