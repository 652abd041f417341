"""One verb over a list of départements: --each, --workers, --cluster."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.terminal import bar, show
from analysis.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.workflows.spread import Ended

SEVERAL = ("--each",)
# What the command line was given, to be given again to each run.
ARGUMENTS: ContextVar[tuple[str, ...]] = ContextVar("arguments", default=())
_OWN = ("--each", "--workers", "--cluster")

Each = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE", help="Run once for each code, which stands for {code} in paths and --place."
    ),
]
Workers = Annotated[int, typer.Option(help="With --each: processes side by side.", min=0)]
Cluster = Annotated[
    str, typer.Option(metavar="ADDRESS", help="With --each: a Dask scheduler, tcp://HOST:8786.")
]


def over_each(
    codes: list[str] | None, workers: int, cluster: str, *, spreads: bool = False
) -> bool:
    """Run the verb at hand once for each code, and say so; False where there are none.

    Parameters
    ----------
    codes
        Of --each.
    workers, cluster
        How many processes here (0: one), or the address of a scheduler.
    spreads
        Whether the verb works on départements side by side by itself, without --each.

    Returns
    -------
    bool
        True when all were run: there is nothing left to do.

    Raises
    ------
    DataError
        When there is nothing to spread.
    typer.Exit
        With code 1 where one ended with a complaint; the others are done.
    """
    if not codes:
        _refuse_alone(workers, cluster, spreads=spreads)
        return False
    from analysis.workflows.spread import commands_for, opened, run_each

    arguments = _without_own(ARGUMENTS.get())
    commands = commands_for(codes, arguments, os.getcwd())
    with opened(workers, cluster) as executor, bar("départements") as told:
        ended = run_each(commands, executor, progress=told)
    bad = [code for code, one in ended.items() if one.exit_code]
    for code, one in ended.items():
        show(_account(code, one))
    show(
        f"{len(ended) - len(bad)} of {len(ended)} done" + (f"; not: {' '.join(bad)}" if bad else "")
    )
    if bad:
        raise typer.Exit(1)
    return True


def _refuse_alone(workers: int, cluster: str, *, spreads: bool) -> None:
    """Refuse --workers and --cluster where one answer is worked out as one piece."""
    if (workers or cluster) and not spreads:
        raise DataError(
            "There is nothing to spread over workers: the command runs once.",
            where="--workers, --cluster",
            mend="Name départements with --each, and write {placeholder} where their code belongs.",
            placeholder="{code}",
        )


def _account(code: str, one: Ended) -> str:
    return f"== {code}\n{(one.complaint if one.exit_code else one.printed).rstrip()}"


def _without_own(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of one run: each option of ours goes with its value."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        name, equals, _value = argument.partition("=")
        if skip:
            skip = False
        elif name in _OWN:
            skip = not equals
        else:
            kept.append(argument)
    return kept
