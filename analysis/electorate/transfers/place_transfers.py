"""Transfers in a place of a workspace: a commune, a département, or all of France."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

import pandas as pd

from analysis.electorate.transfers.bureau_counts import Pair, net_caution, tables_of
from analysis.electorate.transfers.estimate import (
    Progress,
    apart_caution,
    caution,
    estimate_transfers,
)
from analysis.electorate.transfers.transfer_results import Transfers, add_up
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
    seed, level
        As for `estimate_transfers`.
    executor
        Where départements are worked on; here, one after another, when not given.
    progress
        Told the share done; what it raises stops the work.

    Raises
    ------
    DataError
        As `tables_of` and `estimate_transfers`.
    """
    pair = tables_of(workspace, origin, destination, place)
    work = partial(_estimate, seed=seed, level=level)
    if len(pair.departments.unique()) == 1 or len(pair.departments) < 4:
        found = estimate_transfers(
            pair.origin, pair.destination, seed=seed, level=level, apart=True, progress=progress
        )
        left_out = (*pair.left_out, *found.left_out)
        return replace(found, left_out=left_out, notes=(*found.notes, net_caution()))
    parts = _parts(pair)
    found_parts: list[Transfers] = []
    for part in _run(work, parts, executor):
        found_parts.append(part)
        if progress:
            progress(len(found_parts) / len(parts))
    total = add_up(found_parts)
    summed = Text(
        "Départements are estimated one by one and added up; so are the ends of their intervals."
    )
    left_out = (*pair.left_out, *total.left_out)
    notes = (caution(), apart_caution(), net_caution(), summed)
    return replace(total, left_out=left_out, notes=notes)


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


def _estimate(part: Part, *, seed: int, level: float) -> Transfers:
    return estimate_transfers(*part, seed=seed, level=level, apart=True)


def _run(
    work: partial[Transfers], parts: list[Part], executor: Executor | None
) -> Iterator[Transfers]:
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
