"""The same command for many départements, side by side: on this machine, or on a Dask cluster.

Each runs in a process of its own, as it would alone, so that its files are the same byte for byte;
one that is killed costs what it was doing, and that is done again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    ThreadPoolExecutor,
    as_completed,
)
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from analysis.errors import DataError, some

PLACEHOLDER = "{code}"
_ROOT = Path(__file__).parents[2]
# One that is lost so often is not lost by chance: too little memory, most often.
_TRIES = 3
# A scheduler that has just been started takes seconds to answer.
_ANSWER_S = 10


@dataclass(frozen=True, slots=True)
class Command:
    """What is run for one département.

    Attributes
    ----------
    code
        Of the département.
    words
        The program and its arguments.
    folder
        Where it runs: paths in `words` are from there.
    """

    code: str
    words: tuple[str, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, below 0 where it was killed, and what it printed."""

    exit_code: int
    printed: str
    complaint: str


def commands_for(codes: Sequence[str], arguments: Sequence[str], folder: str) -> list[Command]:
    """Return a command of Palier for each département.

    Parameters
    ----------
    codes
        What stands for `{code}`, in their order.
    arguments
        Of one command; `{code}` in some of them.
    folder
        Where it is to run.

    Returns
    -------
    list of Command
        In the order of the codes.

    Raises
    ------
    DataError
        When all would write the same file, or a code is given twice.
    """
    pairs = [*zip(arguments, arguments[1:], strict=False), *(a.split("=", 1) for a in arguments)]
    out = next((pair[1] for pair in pairs if pair[0] == "--out" and len(pair) > 1), "")
    if PLACEHOLDER not in out:
        raise DataError(
            "Every département needs a file of its own.",
            where="--out {out}",
            mend="Write {placeholder} where its code belongs: --out ranks/{placeholder}.csv, and "
            "--place {placeholder} or --workspace ws/{placeholder}.",
            out=out,
            placeholder=PLACEHOLDER,
        )
    if len(set(codes)) < len(codes):
        raise DataError(
            "A code is given twice.",
            where="--each {codes}",
            mend="Name every département once.",
            codes=" ".join(codes),
        )
    program = (sys.executable, "-m", "analysis")
    return [
        Command(code, (*program, *(a.replace(PLACEHOLDER, code) for a in arguments)), folder)
        for code in codes
    ]


def run_alone(command: Command) -> Ended:
    """Run one command in a process of its own, and return how it ended."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    done = subprocess.run(  # noqa: S603 - the words are those of the user's own command
        command.words,
        cwd=command.folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def opened(workers: int, cluster: str = "") -> Iterator[Executor]:
    """Open where work is done: `workers` processes here, or the cluster at an address.

    Raises
    ------
    DataError
        When Dask is not installed, or nobody answers there.
    """
    if not cluster:
        # Threads that wait: the work is in the processes that they start.
        with ThreadPoolExecutor(max(workers, 1)) as executor:
            yield executor
        return
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise DataError(
            "A cluster needs Dask, which is not installed.",
            where="--cluster {cluster}",
            mend="Install it: pip install -r requirements-cluster.txt; or use --workers N.",
            cluster=cluster,
        ) from error
    try:
        client = distributed.Client(cluster, timeout=_ANSWER_S)
    except (OSError, ValueError) as error:
        raise DataError(
            "No Dask scheduler answers at this address.",
            where="--cluster {cluster}: {error}",
            mend="Start one (dask scheduler; dask worker ADDRESS) and give the address it prints: "
            "tcp://HOST:8786.",
            cluster=cluster,
            error=error,
        ) from error
    with client, client.get_executor(pure=False) as executor:
        yield executor


def run_each(
    commands: Sequence[Command],
    executor: Executor,
    *,
    work: Callable[[Command], Ended] = run_alone,
    progress: Callable[[str, float], None] = lambda _code, _share: None,
) -> dict[str, Ended]:
    """Run every command and return how each ended, in their order.

    Parameters
    ----------
    commands
        One for each département.
    executor
        Where they run.
    work
        Runs one.
    progress
        Told the code that has just ended and the share done.

    Returns
    -------
    dict
        By code, also those that ended with a complaint.

    Raises
    ------
    DataError
        When one is lost three times; the others are done by then.
    """
    done: dict[str, Ended] = {}
    left = list(commands)
    for _ in range(_TRIES):
        futures = {executor.submit(work, command): command for command in left}
        for future in as_completed(futures):
            error = future.exception() if not future.cancelled() else CancelledError()
            if error is not None and not _is_lost(error):
                raise error
            if error is None and future.result().exit_code >= 0:
                done[futures[future].code] = future.result()
                progress(futures[future].code, len(done) / len(commands))
        left = [command for command in left if command.code not in done]
        if not left:
            return {command.code: done[command.code] for command in commands}
    raise DataError(
        "{n} of {all} départements were killed {tries} times: {codes}.",
        where="done: {done}",
        mend="Most often memory is short: take fewer workers, then run these alone with --each.",
        n=len(left),
        all=len(commands),
        tries=_TRIES,
        codes=some([command.code for command in left]),
        done=some(sorted(done)),
    )


def _is_lost(error: BaseException) -> bool:
    """Tell whether a worker was lost, not the work wrong."""
    dask = type(error).__module__.startswith("distributed")
    return dask or isinstance(error, BrokenExecutor | CancelledError)
