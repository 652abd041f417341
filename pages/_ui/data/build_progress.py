"""A place being read, on screen: how far it is, a way to stop it, and how it ended."""

from __future__ import annotations

import streamlit as st

from analysis.workflows.jobs import Job
from analysis.workflows.place_fetch import DOWNLOAD, DownloadWatch
from analysis.workflows.place_files import folder_of
from analysis.workflows.place_names import only_abroad
from pages._ui import background, state
from pages._ui.i18n import _, number
from pages._ui.messages import translate

VIEW = "data.view"
_SLOT = "bring"
_COUNT = "bring.count"
_DONE = "bring.done"
_SEEN = "bring.seen"
_WATCH = "bring.watch"


def start(job: Job, watch: DownloadWatch | None = None) -> None:
    """Follow a reading that has begun; `watch` tells of the downloads before it."""
    background.put(_SLOT, job)
    st.session_state[_WATCH] = watch
    st.session_state.pop(_SEEN, None)
    st.rerun()


def running() -> bool:
    """Whether a place is being read."""
    job = background.job_in(_SLOT)
    return job is not None and job.running


def count() -> int:
    """How many places this session has read."""
    return int(st.session_state.get(_COUNT, 0))


def follow() -> None:
    """Show the reading under way; when it has ended, bring the outcome into view."""
    job = background.job_in(_SLOT)
    if _DONE in st.session_state:
        # Only in the run that shows the choice of views can it be moved.
        st.session_state[VIEW] = "report"
    if job is None:
        return
    if job.running:
        background.watch(
            _SLOT,
            background.Shown(
                stop=_("Stop: keep what has arrived")
                if _watch() is not None
                else _("Stop: leave everything as it was"),
                text=_how_far,
                title=_("Reading “{name}”").format(name=folder_of(job).name),
                note=_note,
                at_once=False,
            ),
        )
    elif job.error is None:
        background.put(_SLOT, None)
        st.session_state[_COUNT] = count() + 1
        state.choose_folder(folder_of(job).name)
        st.session_state[_DONE] = (folder_of(job).name, job.seconds)
        # The frame around the page still shows the place before.
        st.rerun()
    elif _SEEN not in st.session_state:
        # The form that the files were given in is where they are put right.
        st.session_state[_SEEN] = True
        st.session_state[VIEW] = "bring" if _watch() is None else "find"


def explain() -> None:
    """Say why the last reading ended early, if it did."""
    job = background.job_in(_SLOT)
    if job and job.error and _watch() is not None:
        background.explain(
            job.error,
            stopped=_("Stopped. What has arrived is kept: the same button continues."),
            broken=_("Palier itself failed on these files. Nothing was written."),
            advice=_("Try again with fewer files, and report this message with the files used."),
            kept=_("What has arrived is kept: the same button continues."),
        )
    elif job and job.error:
        background.explain(
            job.error,
            stopped=_("Stopped. Nothing was written."),
            broken=_("Palier itself failed on these files. Nothing was written."),
            advice=_("Try again with fewer files, and report this message with the files used."),
            kept=_("Nothing was written: the places here are as they were."),
        )


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

        # The address names the place: a connection that is lost meanwhile must not open another.
        if only_abroad(state.workspaces() / name):
            page, label, icon = "abstention", _("See who abstains"), "trending_down"
        else:
            page, label, icon = "priorities", _("Find the priority bureaux"), "target"
        st.page_link(
            f"pages/{page}.py",
            label=label,
            icon=f":material/{icon}:",
            query_params={"workspace": name},
        )


def _watch() -> DownloadWatch | None:
    watch: DownloadWatch | None = st.session_state.get(_WATCH)
    return watch


def _how_far(job: Job) -> str:
    """Say which file comes and how much of it is here, or which step of the reading goes on."""
    watch = _watch()
    if watch is not None and not watch.file:
        return background.step_and_time(lambda _step: step_name(DOWNLOAD))(job)
    if watch is None or job.step != DOWNLOAD:
        return background.step_and_time(step_name)(job)
    done = number(watch.done / 1e6, 1)
    if watch.total is None:
        return _("{file}: {done} MB — {seconds} s").format(
            file=translate(watch.file), done=done, seconds=number(job.seconds)
        )
    return _("{file}: {done} of {total} MB — {seconds} s").format(
        file=watch.file,
        done=done,
        total=number(watch.total / 1e6, 1),
        seconds=number(job.seconds),
    )


def _note(job: Job) -> str:
    if job.stopping:
        return _("Stopping at the end of this step…")
    watch = _watch()
    if watch and watch.notes and job.step == DOWNLOAD:
        return translate(watch.notes[-1])
    return " · ".join(f"✓ {step_name(step)}" for step in job.passed)


def step_name(step: str) -> str:
    """Name a step of the reading."""
    names = {
        DOWNLOAD: _("Downloads"),
        "checks": _("Checks of the counts"),
        "contours": _("Contours"),
        "squares": _("Census squares"),
        "addresses": _("Addresses"),
        "electors": _("Registered per address"),
        "streets": _("Streets"),
        "crosswalk": _("Links between years"),
        "writing": _("Writing"),
        "done": _("Done"),
    }
    return names.get(step, _("Results"))
