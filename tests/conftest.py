"""How the whole suite is collected; what its tests share is in `tests.shared_fixtures`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import settings

from analysis.tables.file_lock import held

# A machine with two busy cores is slow, not wrong: no example fails by the clock.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes seconds; runs all the same")
    if hasattr(config, "workerinput"):
        # All has been told by then, and to take a worker apart all others would wait for seconds.
        atexit.register(os._exit, 0)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    """Load what tests share once lines are counted: those of a module's beginning count too.

    Who only hands out the tests begins a second sooner without it.
    """
    config = session.config
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.import_plugin("tests.shared_fixtures")


def pytest_collection_modifyitems(items):
    """Begin with the modules that take long, so that all workers end at about the same time."""
    first = {}
    for item in items:
        marks = (item.get_closest_marker("browser"), item.get_closest_marker("slow"))
        place = 0 if marks[0] else 1 if marks[1] else 2
        first[item.path] = min(place, first.get(item.path, place))
    items.sort(key=lambda item: first[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep the collector off the libraries and the tests themselves, which stay to the end.

    Where nothing was compiled yet, the first worker compiles for all: rewriting the asserts takes
    as long as all the rest of it.
    """
    gc.disable()
    cache = Path(__file__).parent / "__pycache__"
    first = not (sys.dont_write_bytecode or any(cache.glob("test_*.pyc")))
    try:
        with held(cache / "collecting.lock") if first else nullcontext():
            return (yield)
    finally:
        gc.collect()
        gc.freeze()
        # With so much out of its sight it would look through all the rest four times as often; and
        # little of what tests leave lying waits for it.
        gc.set_threshold(10_000, 10, 50)
        gc.enable()
