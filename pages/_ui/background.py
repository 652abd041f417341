"""Long work on screen: how far it is, a way to stop it, how it ended; and answers that are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.errors import DataError
from analysis.workflows import jobs
from analysis.workflows.jobs import Job, Key, StoppedError, Tell
from analysis.workflows.server_access import room
from pages._ui import messages, state
from pages._ui.access import gate
from pages._ui.i18n import _, number, percent

Progress = Callable[[float], None]
# Work that ends within this time shows a spinner only, unless it asks for more patience.
PATIENCE_S = 1.5
# Answers of one kind that are kept for all sessions; the longest unused goes first.
MOST_OF_A_KIND = room(6)
# How often a page that waits for work looks at it: many pages of a server wait at once.
_EVERY_S = 0.5 if room(1) == 1 else 2.0
_QUESTION = "background"
# The question that this session no longer waits for.
_STOPPED = f"{_QUESTION}.stopped"
_lock = threading.Lock()
# Whoever waits for a job: it is stopped when the last of them leaves.
_waiting: WeakKeyDictionary[Job, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Shown:
    """How a job looks while it goes on: texts in the language of the session.

    Attributes
    ----------
    stop
        On the button.
    title
        Above the bar.
    text
        Says on the bar where the job is.
    note
        Below the bar.
    at_once
        Whether stopping takes no time; else the button makes way for `note`.
    """

    stop: str
    text: Callable[[Job], str]
    title: str = ""
    note: Callable[[Job], str] = lambda _job: ""
    at_once: bool = True


def job_in(slot: str) -> Job | None:
    """Return the job that this session follows under a name."""
    job: Job | None = st.session_state.get(f"{slot}.job")
    return job


def put(slot: str, job: Job | None) -> None:
    """Follow a job under a name; None forgets it."""
    if job is None:
        st.session_state.pop(f"{slot}.job", None)
    else:
        st.session_state[f"{slot}.job"] = job


def step_and_time(name: Callable[[str], str]) -> Callable[[Job], str]:
    """Return what says on a bar which step is under way, by `name`, and since when."""
    return lambda job: _("{step} — {seconds} s").format(
        step=name(job.step), seconds=number(job.seconds)
    )


@st.fragment(run_every=_EVERY_S)
def watch(slot: str, shown: Shown, stop: Callable[[], None] | None = None) -> None:
    """Show the job of a name until it ends, then run the page again; `stop` is for its button."""
    job = job_in(slot)
    if job is None or not job.running or (job.stopping and shown.at_once):
        st.rerun()
        return
    with st.container(border=True):
        if shown.title:
            st.markdown(f"**{shown.title}**")
        st.progress(job.share, text=shown.text(job))
        if note := shown.note(job):
            st.caption(note)
        if not job.stopping:
            st.button(shown.stop, key=f"{slot}.stop", on_click=stop or job.stop)


def explain(
    error: BaseException, *, stopped: str, broken: str, advice: str, kept: str = ""
) -> None:
    """Say why a job ended early.

    Parameters
    ----------
    error
        How it ended.
    stopped
        What to say where the user stopped it.
    broken, advice
        What to say of a fault of the program, and what to do about it.
    kept
        What to add to a fault of the files; "" for nothing.
    """
    if isinstance(error, StoppedError):
        st.info(stopped)
    elif isinstance(error, DataError):
        messages.show_error(error)
        if kept:
            st.caption(kept)
    else:
        st.error(broken)
        name = "" if isinstance(error, jobs.BrokenError) else f"{type(error).__name__}: "
        st.caption(messages.plain(f"{name}{error}"))
        st.info(advice)


def answer_of(
    key: Key,
    work: Callable[[Progress], Any],
    *,
    label: str,
    patience_s: float | None = None,
) -> Any:  # noqa: ANN401 - whatever the work gives
    """Return what `work` gives; until it does, show how far it is and end the page there.

    Parameters
    ----------
    key
        Names the question.
    work
        Called with what it must tell the share done; it stops where that raises.
    label
        What is being done, in the language of the session.
    patience_s
        How long a spinner is enough.

    Raises
    ------
    Exception
        What `work` raised.
    """
    if (known := _known(key)) is not None:
        # Somebody else waited for it: once it is let go, it is worked out anew.
        if st.session_state.get(_STOPPED) == key:
            _ask_again()
        return known
    if get_script_run_ctx(suppress_warning=True) is None:
        # Where a file is made, no page waits.
        return at_once(key, work)
    if st.session_state.get(_STOPPED) == key:
        # It ends when it next tells how far it is; nobody waits for that.
        st.info(_("Stopped: there is nothing to show yet."))
        st.button(_("Start again"), key="background.again", on_click=_ask_again)
        state.stop()
    job = _job_for(key, work)
    if job.running:
        with st.spinner(label), gate.letting_others():
            job.wait(PATIENCE_S if patience_s is None else patience_s)
    if job.running:
        shown = Shown(_("Stop"), lambda job: f"{label} {percent(job.share, 0)}")
        watch(_QUESTION, shown, partial(_stop_waiting, job))
        state.stop()
    if job.error is not None and not isinstance(job.error, DataError):
        put(_QUESTION, None)
    return job.result()


def is_known(key: Key) -> bool:
    """Tell whether a question has its answer already."""
    return _known(key) is not None


def ahead(key: Key, work: Callable[[Progress], Any]) -> None:
    """Begin work that a page will ask for, unless its answer is known or the work goes on."""
    if _known(key) is None and _under_way(key) is None:
        _begin(key, work)


def at_once(key: Key, work: Callable[[Progress], Any]) -> Any:  # noqa: ANN401
    """Return what `work` gives, as `answer_of` does, without showing how far it is."""
    known = _known(key)
    return _keep(key, work(_silent)) if known is None else known


def _silent(share: float) -> None:
    """Tell nobody."""


def _keep(key: Key, answer: Any) -> Any:  # noqa: ANN401
    answers = _answers()
    with _lock:
        answers[key] = answer
        same = [other for other in answers if other[0] == key[0]]
        for oldest in same[:-MOST_OF_A_KIND]:
            del answers[oldest]
    return answer


def _known(key: Key) -> Any:  # noqa: ANN401 - whatever the work gives
    answers = _answers()
    with _lock:
        if key in answers:
            answers.move_to_end(key)
        return answers.get(key)


def _job_for(key: Key, work: Callable[[Progress], Any]) -> Job:
    """Return this session's job for a question; it no longer waits for another question's."""
    job = job_in(_QUESTION)
    if job is not None and job.key == key and not job.stopping:
        return job
    if job is not None:
        _leave(job)
    fresh = _under_way(key)
    if fresh is None or not _join(fresh):
        fresh = _begin(key, work)
        _join(fresh)
    put(_QUESTION, fresh)
    return fresh


def _join(job: Job) -> bool:
    """Wait for a job beside whoever does; False where the last of them has just left."""
    with _lock:
        if not job.stopping:
            _waiting.setdefault(job, set()).add(_session())
    return not job.stopping


def _leave(job: Job) -> None:
    """Wait for a job no longer; it is stopped unless others do."""
    with _lock:
        others = _waiting.get(job, set())
        others.discard(_session())
        if not others:
            job.stop()


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _stop_waiting(job: Job) -> None:
    _leave(job)
    put(_QUESTION, None)
    st.session_state[_STOPPED] = job.key


def _ask_again() -> None:
    del st.session_state[_STOPPED]


def _under_way(key: Key) -> Job | None:
    """Return the job of a question that goes on, whoever asked."""
    same = (job for job in jobs.under_way(key[0]) if job.key == key and not job.stopping)
    return next(same, None)


def _begin(key: Key, work: Callable[[Progress], Any]) -> Job:
    def in_turn(tell: Tell) -> Any:  # noqa: ANN401 - whatever the work gives
        with gate.working():
            # Whoever was waited for may have left meanwhile.
            tell("", 0.0)
            return _keep(key, work(partial(tell, "")))

    return jobs.submit(key, in_turn)


@cache
def _answers() -> OrderedDict[Key, Any]:
    return OrderedDict()
