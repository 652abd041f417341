"""Long work in a thread of its own: the page shows how far it is, and can stop it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.errors import DataError
from pages._ui.i18n import _, percent

Progress = Callable[[float], None]
# Work that ends within this time shows a spinner only, unless it asks for more patience.
PATIENCE_S = 1.5
# Answers of one kind that are kept for all sessions; the longest unused goes first.
MOST_OF_A_KIND = 6
# The kind of question, then digests, ids and choices: the same key has the same answer.
Key = tuple[Hashable, ...]
_JOB = "background.job"
_lock = threading.Lock()


class StoppedError(Exception):
    """The user asked to stop."""


@dataclass
class Job:
    """One piece of work under way.

    Attributes
    ----------
    key
        Names the question; another question is another job.
    work
        Called with what it must tell the share done.
    share
        Done so far, 0 to 1.
    answer, failure
        What came of it, once it has ended.
    """

    key: Key
    work: Callable[[Progress], Any]
    share: float = 0.0
    answer: Any = None
    failure: Exception | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Job:
        """Begin."""
        threading.Thread(target=self._run, name="background work", daemon=True).start()
        return self

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return not self._ended.is_set()

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask to stop when the work next tells how far it is."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it came in time."""
        return self._ended.wait(seconds)

    def _run(self) -> None:
        try:
            self.answer = self.work(self._tell)
        except Exception as error:  # noqa: BLE001 - raised again on the page that asked
            self.failure = error
        finally:
            self._ended.set()

    def _tell(self, share: float) -> None:
        if self._stop.is_set():
            raise StoppedError
        self.share = min(max(share, 0.0), 1.0)


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
        return known
    if get_script_run_ctx(suppress_warning=True) is None:
        # Where a file is made, no page waits.
        return at_once(key, work)
    job = _job_for(key, work)
    if job.running:
        with st.spinner(label):
            job.wait(PATIENCE_S if patience_s is None else patience_s)
    if job.stopping:
        # It ends when it next tells how far it is; nobody waits for that.
        _offer_again()
        st.stop()
    if job.running:
        _watch(job, label)
        st.stop()
    if job.failure is not None:
        if not isinstance(job.failure, DataError):
            st.session_state.pop(_JOB)
        raise job.failure
    return job.answer


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
    """Return this session's job for a question; one for another question is given up."""
    job: Job | None = st.session_state.get(_JOB)
    if job is not None and job.key == key:
        return job
    if job is not None:
        job.stop()
    fresh = Job(key, lambda progress: _keep(key, work(progress))).start()
    st.session_state[_JOB] = fresh
    return fresh


@st.cache_resource(show_spinner=False)
def _answers() -> OrderedDict[Key, Any]:
    return OrderedDict()


@st.fragment(run_every=0.5)
def _watch(job: Job, label: str) -> None:
    if job.stopping or not job.running:
        st.rerun()
    with st.container(border=True):
        st.progress(job.share, text=f"{label} {percent(job.share, 0)}")
        st.button(_("Stop"), key="background.stop", on_click=job.stop)


def _offer_again() -> None:
    st.info(_("Stopped: there is nothing to show yet."))
    st.button(_("Start again"), key="background.again", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(_JOB, None)
