"""Connections that come back after their engine was closed are closed too, not left to chance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_ROUND = "palier_round"


def close_late(engine: Engine) -> None:
    """Have a connection that was in use while its engine was closed be closed on its return.

    `Engine.dispose` closes those that wait in the pool. One that another thread had goes back into
    the pool of before, and stays open until memory is cleared: a file is held, and Python 3.13
    warns.

    Parameters
    ----------
    engine
        Fresh: nothing has connected yet.
    """
    rounds = [0]

    @event.listens_for(engine, "connect")
    def _mark(_connection: Any, record: Any) -> None:  # noqa: ANN401 - of the pool
        record.info[_ROUND] = rounds[0]

    @event.listens_for(engine, "engine_disposed")
    def _turn(_engine: Engine) -> None:
        rounds[0] += 1

    @event.listens_for(engine, "checkin")
    def _close(connection: Any, record: Any) -> None:  # noqa: ANN401 - of the pool
        # What was closed before comes back as None.
        if connection is not None and record.info.get(_ROUND) != rounds[0]:
            record.invalidate()
