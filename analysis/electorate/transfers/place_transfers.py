"""Transfers in a place of a workspace: a commune, a département, or all of France."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

import pandas as pd

from analysis.electorate.transfers.bureau_counts import Pair, net_caution, tables_of
from analysis.electorate.transfers.estimate import Progress, estimate_joint, tell
from analysis.electorate.transfers.joint import Joint, add_up
from analysis.electorate.transfers.survey_fit import Survey
from analysis.electorate.transfers.transfer_results import Transfers
from analysis.errors import Text
from analysis.tables.workspace import Workspace

Part = tuple[pd.DataFrame, pd.DataFrame]


def transfers_of(  # noqa: PLR0913 - a question, and how to answer it
    workspace: Workspace,
    origin: str,
    destination: str,
    place: str = "",
    *,
    seed: int = 0,
    level: float = 0.90,
    survey: Survey | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Transfers:
    """Estimate transfers between two elections in a place.

    Several départements are estimated one by one and added up: people of one département
    are more alike than those of the country.

    Parameters
    ----------
    workspace
        A built place.
    origin, destination
        Ids of two elections.
    place
        A commune or a département; empty for the whole workspace.
    seed, level, survey
        As for `estimate_transfers`.
    executor
        Where départements are worked on; here, one after another, when not given.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Transfers
        Whole persons and shares by origin and destination, with their intervals.

    Raises
    ------
    DataError
        As `tables_of` and `estimate_transfers`.
    """
    pair = tables_of(workspace, origin, destination, place)
    told = partial(tell, seed=seed, level=level, apart=True, survey=survey)
    if len(pair.departments.unique()) == 1 or len(pair.departments) < 4:
        found = told(estimate_joint(pair.origin, pair.destination, seed=seed, progress=progress))
        notes = (*found.notes, net_caution())
        return replace(found, left_out=(*pair.left_out, *found.left_out), notes=notes)
    parts = _parts(pair)
    done: list[Joint] = []
    for part in _run(partial(_estimate, seed=seed), parts, executor):
        done.append(part)
        if progress:
            progress(len(done) / len(parts))
    total = told(add_up(done))
    summed = Text(
        "Départements are estimated one by one and added up; so are the errors of each cell."
    )
    left_out = (*pair.left_out, *total.left_out)
    return replace(total, left_out=left_out, notes=(*total.notes, net_caution(), summed))


def _parts(pair: Pair) -> list[Part]:
    """Cut both tables by département; one that has a single bureau goes with the next."""
    codes = pair.departments.sort_values(kind="stable")
    bureaux = codes.groupby(codes).transform("size")
    # A single bureau tells nothing by itself, yet its voters belong in the sum.
    codes = codes.mask(bureaux < 2).bfill().ffill()
    parts = []
    for _, names in codes.groupby(codes).groups.items():
        sides = (side.loc[names] for side in (pair.origin, pair.destination))
        old, new = (side.loc[:, side.sum() > 0] for side in sides)
        parts.append((old, new))
    return parts


def _estimate(part: Part, *, seed: int) -> Joint:
    return estimate_joint(*part, seed=seed)


def _run(work: partial[Joint], parts: list[Part], executor: Executor | None) -> Iterator[Joint]:
    """Work on each part; answers come in the order of the parts."""
    if executor is None:
        yield from map(work, parts)
        return
    futures = [executor.submit(work, part) for part in parts]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()
