"""Jobs: threads that are told to stop, processes that are ended, and what is left of both."""

import os
import threading
import time

import pytest

from analysis.errors import DataError
from analysis.workflows import jobs
from analysis.workflows.jobs import BrokenError, BusyError, StoppedError, submit


def write(folder, tell):
    """Do a killable job: write what the order says, or end as it says."""
    print("{not ours")
    tell("reading", 0.25)
    order = (folder / "order").read_text()
    if order == "fault":
        raise DataError("Nothing to write.", where=folder.name, mend="Order something.")
    if order == "broken":
        raise RuntimeError("boom")
    if order == "killed":
        os.kill(os.getpid(), 9)
    if order == "long":
        tell("writing", 0.375)
        time.sleep(60)
    (folder / "made").write_text(order)


@pytest.fixture
def ordered(tmp_path):
    def ordered(text, name="target"):
        folder = tmp_path / name
        jobs.aside(folder).mkdir()
        (jobs.aside(folder) / "order").write_text(text)
        return submit(("test", folder), write, folder, killable=True), folder

    return ordered


def test_a_job_tells_its_steps_and_gives_its_answer():
    gate, told = threading.Event(), threading.Event()

    def work(first, second, tell):
        for step, share in (("one", 0.0), ("one", 0.2), ("two", 0.5)):
            tell(step, share)
        told.set()
        assert gate.wait(20)
        return first + second

    job = submit(("sum",), work, 1, 2)
    assert told.wait(20)
    assert (job.step, job.passed, job.share, job.running) == ("two", ("one",), 0.5, True)
    assert jobs.under_way("sum") == [job]
    assert not job.wait(0)
    gate.set()
    assert job.result() == 3
    assert job.error is None
    assert job.took > 0
    assert jobs.under_way("sum") == []


def test_it_stops_where_it_next_tells_how_far_it_is_unless_all_is_done():
    begun, gate = threading.Event(), threading.Event()

    def work(last, tell):
        begun.set()
        assert gate.wait(20)
        tell("last", last)
        return "done"

    for last, error in ((0.9, StoppedError), (1.0, None)):
        begun.clear()
        gate.clear()
        job = submit(("stop",), work, last)
        assert begun.wait(20)
        job.stop()
        assert job.stopping
        assert job.running
        gate.set()
        assert job.wait(20)
        assert job.error is None if error is None else isinstance(job.error, error)


def test_two_of_one_key_are_not_alone():
    gate = threading.Event()
    first = submit(("place", 1), lambda _tell: gate.wait(20), alone=True)
    with pytest.raises(BusyError):
        submit(("place", 1), lambda _tell: None, alone=True)
    assert submit(("place", 2), lambda _tell: "other", alone=True).result() == "other"
    gate.set()
    assert first.result()
    assert submit(("place", 1), lambda _tell: "again", alone=True).result() == "again"


def test_a_fault_of_the_program_is_in_the_log(caplog):
    def work(_tell):
        raise RuntimeError("boom")

    job = submit(("faulty",), work)
    assert job.wait(20)
    assert isinstance(job.error, RuntimeError)
    assert "boom" in caplog.text


def test_what_a_process_makes_is_put_in_place_whole(ordered):
    job, folder = ordered("this")
    assert job.result() == folder
    assert (folder / "made").read_text() == "this"
    assert (job.step, job.share) == ("reading", 0.25)
    assert not jobs.aside(folder).exists()


@pytest.mark.parametrize(
    ("order", "error"), [("fault", DataError), ("broken", BrokenError), ("killed", BrokenError)]
)
def test_a_process_that_fails_leaves_nothing_and_says_why(ordered, order, error):
    job, folder = ordered(order)
    assert job.wait(60)
    assert isinstance(job.error, error)
    if error is DataError:
        assert job.error.mend == "Order something."
    if order == "broken":
        assert str(job.error) == "RuntimeError: boom"
    assert not folder.exists()
    assert not jobs.aside(folder).exists()


def test_a_process_ends_at_once_when_told_to(ordered):
    job, folder = ordered("long")
    end = time.monotonic() + 60
    while job.step != "writing" and time.monotonic() < end:
        time.sleep(0.05)
    assert (job.passed, job.share) == (("reading",), 0.375)
    job.stop()
    assert not job.running
    assert isinstance(job.error, StoppedError)
    assert not folder.exists()
    assert not jobs.aside(folder).exists()


def test_a_process_told_to_stop_before_it_began_ends_too(ordered):
    job, folder = ordered("long")
    job.stop()
    assert job.wait(60)
    assert isinstance(job.error, StoppedError)
    assert not folder.exists()
