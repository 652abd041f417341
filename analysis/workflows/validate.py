"""Is the order of the doors better than one column sorted? Answered on a workspace's past."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import __version__
from analysis.electorate.counts import read_counts
from analysis.errors import DataError
from analysis.tables.elections import Choice, Election
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace
from analysis.targeting.calibration import Calibration, calibrate
from analysis.targeting.prospects import Past, Prospects, prospects_of, read_past
from analysis.targeting.validation import (
    CELLS,
    LEAST_SHARE,
    LEAST_VOTES,
    METHODS,
    PARTS_JUDGED,
    UNTOLD,
    Came,
    Validation,
    judge,
    judge_parts,
    last_stood,
    moved_votes,
)
from analysis.targeting.worlds import compare
from analysis.workflows.kept_rates import program_digest
from analysis.workflows.ranking import open_workspace

# Beside the workspace's tables: what `validate` found, so that the page need not wait for it.
KEPT = "validation.json"
Progress = Callable[[str, float], None]


def validate(  # noqa: PLR0913 - a question on a place, and how to answer it
    workspace: Workspace,
    *,
    places: tuple[str, ...] = (),
    blocs: tuple[str, ...] = BLOCS[:-1],
    before: datetime | None = None,
    seed: int = 0,
    progress: Progress = lambda _step, _done: None,
) -> Validation:
    """Rank as on the eve of every first round, and see which votes that moved that met.

    Parameters
    ----------
    workspace
        A built place.
    places
        Communes or départements; empty for the whole workspace.
    blocs
        Whose votes.
    before
        Only elections before this day are looked at; None: all.
    seed
        Of the bootstrap.
    progress
        Told the election at hand and the share done.

    Returns
    -------
    Validation
        Cells are bloc × (a first round, and the bloc's first round before it); only elections
        before the later one are read. What cannot be told is listed.

    Raises
    ------
    DataError
        When fewer than three first rounds are in the workspace.
    """
    targets = _targets(workspace, before)
    cells, untold, parts = [], [], []
    for number, target in enumerate(targets):
        progress(target.election_id, number / len(targets))
        past = _past(workspace, target, places)
        if past is None:
            continue
        for bloc, came in _came(workspace, target, past, blocs):
            rng = np.random.default_rng([seed, number, BLOCS.index(bloc)])
            found = _cell(workspace, past.of_bloc(bloc), Choice(bloc), target, came, places, rng)
            if isinstance(found, dict):
                untold.append(found)
            elif found is not None:
                cells.append(found[0])
                parts.append(found[1])
    return Validation(
        _stacked(cells, CELLS),
        pd.DataFrame(untold, columns=list(UNTOLD)),
        _stacked(parts, (*PARTS_JUDGED, "bloc", "to")),
    )


def _stacked(tables: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    if tables:
        return pd.concat(tables, ignore_index=True)
    return pd.DataFrame(columns=list(columns))


def _targets(workspace: Workspace, before: datetime | None) -> list[Election]:
    """Return the first rounds of the workspace that two others precede, oldest first."""
    table = workspace.read("elections")
    if before is not None:
        table = table[table["date"] < pd.Timestamp(before)]
    first = table[table["round"] == 1].sort_values("date", kind="stable")
    if len(first) < 3:
        raise DataError(
            "A look back needs three first rounds.",
            where="found: {found}",
            mend="Build the workspace with more elections.",
            found=len(first),
        )
    return [
        Election(str(e.election_id), e.date.to_pydatetime(), str(e.kind), 1)
        for e in first.iloc[2:].itertuples()
    ]


def _past(workspace: Workspace, target: Election, places: tuple[str, ...]) -> Past | None:
    for bloc in BLOCS:
        try:
            return read_past(workspace, Choice(bloc), target, places=places)
        except DataError:
            # Nobody of that bloc stood before; any other tells the same of abstention.
            continue
    return None


def _came(
    workspace: Workspace, target: Election, past: Past, blocs: tuple[str, ...]
) -> Iterator[tuple[str, Came]]:
    """Yield what came at the target for each bloc that stood, on the bureaux of the past."""
    dense = read_counts(
        workspace, [target.election_id], lambda c: np.ones(len(c), dtype=bool), ()
    ).table(0)
    dense = dense.reindex(past.history.units["bureau_id"].astype("str"))
    registered = (dense["ballots"] + dense["abstentions"]).to_numpy(dtype=float)
    every = dense[list(BLOCS)].to_numpy(dtype=float)
    for bloc in blocs:
        votes = dense[bloc].to_numpy(dtype=float)
        if np.nansum(votes) > 0:
            ballots, valid = (dense[n].to_numpy(dtype=float) for n in ("ballots", "valid"))
            # A bloc without candidate in a constituency has lost nothing there.
            stood = np.where(votes > 0, votes, np.nan)
            yield bloc, Came(registered, ballots, valid, stood, every, target.date)


def _cell(  # noqa: PLR0913 - one question on one past
    workspace: Workspace,
    past: Past,
    choice: Choice,
    target: Election,
    came: Came,
    places: tuple[str, ...],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame] | dict[str, object] | None:
    before = last_stood(past.history)
    if before is None:
        return None
    kind, moved, net = moved_votes(past.history, before, came)
    names = {
        "bloc": choice.bloc,
        "from": past.history.elections[before].election_id,
        "to": target.election_id,
    }
    votes = abs(net) * float(np.nansum(came.registered[np.isfinite(moved)]))
    if abs(net) < LEAST_SHARE or votes < LEAST_VOTES:
        return {**names, "votes": round(votes), "share": round(abs(net), 4)}
    prospects = prospects_of(workspace, past, choice, target, places=places)
    judged = judge(prospects, moved, rng)
    if judged is None:
        return None
    front = {**names, "kind": kind, "votes": float(np.nansum(moved))}
    parts = judge_parts(prospects, before, came).assign(bloc=choice.bloc, to=target.election_id)
    return pd.DataFrame({**front, **judged}), parts


def validate_to_json(
    workspace: Workspace,
    *,
    places: tuple[str, ...] = (),
    seed: int = 0,
    progress: Progress = lambda _step, _done: None,
) -> tuple[Validation, dict[str, Any]]:
    """Return the look backs and the worlds of the coming order, and both as plain values.

    Parameters and errors are those of `validate`; `worlds` holds, by bloc, method and stated world,
    the share of the best possible that the order wins, and `worlds_worst` the least of the five;
    `calibration`, by bloc, how often intervals and probabilities hold.

    Parameters
    ----------
    workspace
        A built place.
    places
        Communes or départements; empty for the whole.
    seed
        Of the bootstrap.
    progress
        Told the step and the share done.

    Returns
    -------
    tuple
        The look backs, and plain values for JSON.
    """
    found = validate(workspace, places=places, seed=seed, progress=progress)
    worlds: dict[str, dict[str, dict[str, float]]] = {}
    worst: dict[str, dict[str, float]] = {}
    held: dict[str, dict[str, Any]] = {}
    target = _day_after(workspace)
    past = _past(workspace, target, places)
    for bloc in dict.fromkeys(found.cells["bloc"]):
        if past is None:
            break
        prospects = prospects_of(workspace, past.of_bloc(bloc), Choice(bloc), target, places=places)
        table = compare(prospects).astype(float).round(4)
        worst[bloc] = table.pop("worst").to_dict()
        worlds[bloc] = table.to_dict("index")
        held[bloc] = calibration_of(prospects, bloc).to_json()
    told = {**found.to_json(), "worlds": worlds, "worlds_worst": worst, "calibration": held}
    return found, told | ({"fictional": True} if workspace.fictional else {})


def calibration_of(
    prospects: Prospects, bloc: str, progress: Callable[[float], None] = lambda _done: None
) -> Calibration:
    """Return how often intervals and probabilities hold over drawn pasts, for one bloc.

    Parameters
    ----------
    prospects
        Of a real place.
    bloc
        Whose votes.
    progress
        Told the share done, 0 to 1.

    Returns
    -------
    Calibration
        How often intervals held the truth, and chances came true, 0 to 1.

    Raises
    ------
    DataError
        When votes by bloc are known of fewer than two first rounds.
    """
    rng = np.random.default_rng(BLOCS.index(bloc))
    return calibrate(prospects, bloc, rng, progress=progress)


def validate_to_file(
    folder: Path,
    out: Path,
    *,
    places: tuple[str, ...] = (),
    seed: int = 0,
    progress: Progress = lambda _step, _done: None,
) -> tuple[Validation, dict[str, Any]]:
    """Look back at a workspace, write the answer as JSON, and keep it beside the tables.

    What concerns only some places is not kept. Parameters and errors are those of `validate`.

    Parameters
    ----------
    folder
        Of the workspace.
    out
        The JSON file.
    places
        Communes or départements; empty for the whole.
    seed
        Of the bootstrap.
    progress
        Told the step and the share done.

    Returns
    -------
    tuple
        As `validate_to_json`.
    """
    workspace = open_workspace(folder)
    found, told = validate_to_json(workspace, places=places, seed=seed, progress=progress)
    out.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    if not places:
        keep(workspace, told)
    return found, told


def _day_after(workspace: Workspace) -> Election:
    """Return a first round the day after all elections, of the kind that most people vote at."""
    table = workspace.read("elections")
    kind = "pres" if (table["kind"] == "pres").any() else str(table["kind"].iloc[-1])
    day = table["date"].max().to_pydatetime() + timedelta(days=1)
    return Election(f"{day:%Y}_{kind}_t1", day, kind, 1)


def keep(workspace: Workspace, told: Mapping[str, Any]) -> Path:
    """Write the answer beside the workspace's tables, with what it rests on: data and code."""
    file = workspace.path / KEPT
    aside = file.with_name(f".{KEPT}.{os.getpid()}")
    content = {**_rests_on(workspace), **told}
    aside.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    aside.replace(file)
    return file


def kept(workspace: Workspace) -> Validation | None:
    """Return what was kept; None where data, code or orders differ, or it is damaged."""
    try:
        told = _kept(workspace)
        if told is None or any({*cell["methods"]} != {*METHODS} for cell in told["cells"]):
            return None
        rows = [
            {**{k: c[k] for k in ("bloc", "from", "to", "kind", "votes")}, "method": m, **met}
            for c in told["cells"]
            for m, met in c["methods"].items()
        ]
        return Validation(
            pd.DataFrame(rows, columns=list(CELLS)),
            pd.DataFrame(told["cannot_tell"], columns=list(UNTOLD)),
            pd.DataFrame(told["parts"], columns=[*PARTS_JUDGED, "bloc", "to"]),
        )
    except _DAMAGED:
        return None


def kept_calibration(workspace: Workspace, bloc: str) -> Calibration | None:
    """Return how often intervals held for a bloc, as it was kept; None as for `kept`."""
    try:
        told = _kept(workspace)
        return None if told is None else Calibration.from_json(told["calibration"][bloc])
    except _DAMAGED:
        return None


_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError)


def _kept(workspace: Workspace) -> dict[str, Any] | None:
    told = json.loads((workspace.path / KEPT).read_text(encoding="utf-8"))
    same = all(told[name] == found for name, found in _rests_on(workspace).items())
    return dict(told) if same else None


def _rests_on(workspace: Workspace) -> dict[str, Any]:
    # One version has many states of the code, and each its own order of the doors.
    data = dict(workspace.digests)
    return {"version": __version__, "program": program_digest(), "data": data}
