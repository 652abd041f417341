"""A process that ends at once has done all the same what any process does at its end."""

import os
import subprocess
import sys

import pytest

from tests.made import ROOT

PROGRAM = """
import atexit, sys, threading, time
from analysis.process_end import ended_at_once

class Held:
    def __del__(self):
        print("taken apart", flush=True)

def late():
    time.sleep(0.05)
    print("thread")

with ended_at_once():
    held = Held()
    atexit.register(print, "registered")
    threading.Thread(target=late).start()
    print("said", end=" ")
    {end}
"""


def run(end):
    program = [sys.executable, "-c", PROGRAM.format(end=end)]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("end", "status"), [("", 0), ("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit(False)", 0)]
)
def test_what_was_printed_threads_and_what_is_registered_come_before_it(end, status):
    done = run(end)
    assert (done.returncode, done.stderr) == (status, "")
    # Freed things would be at an end that takes all apart: that is what it spares.
    assert done.stdout == "said thread\nregistered\n"


@pytest.mark.parametrize(
    ("end", "told"), [("sys.exit('No.')", "No.\n"), ("1 / 0", "ZeroDivisionError")]
)
def test_an_error_ends_it_as_ever(end, told):
    done = run(end)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stdout == "said thread\nregistered\ntaken apart\n"


@pytest.mark.parametrize("around", ["ended_at_once", "nullcontext"])
def test_what_could_not_be_printed_is_told_as_ever(around):
    program = f"""
from contextlib import nullcontext
from analysis.process_end import ended_at_once
with {around}():
    print("said")
"""
    # What is printed waits for the end.
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=surroundings,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 120
    assert "No space left on device" in done.stderr
