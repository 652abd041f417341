"""A process has one pool of connections to a database, with a bound, however many ask."""

from __future__ import annotations

import threading

import psycopg
import pytest
import sqlalchemy as sa

from analysis.database import engine as engines
from analysis.database.engine import connect, part_with, reading, share
from analysis.errors import DataError
from analysis.fieldwork import field_plan
from analysis.workflows.fieldwork import opened
from tests.analysis.fieldwork.made_returns import turfs

OF_US = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'palier'"


def test_forty_who_open_and_close_stores_share_a_bound_number_of_connections(server, tmp_path):
    url, folders = server.migrated(), [tmp_path / f"place{n}" for n in range(4)]
    for folder in folders:
        folder.mkdir()
    common = share(url)
    seen, faults = [], []

    def visit(n):
        try:
            for _ in range(4):
                with opened(folders[n % 4], url) as store:
                    field_plan.turfs_in_field(store)
                    with reading(store.engine) as held:
                        held.execute(sa.select(sa.func.pg_sleep(0.02)))
        except DataError as error:
            faults.append(str(error))

    with opened(folders[0], url) as store:
        field_plan.register(store.engine, turfs())
    threads = [threading.Thread(target=visit, args=(n,)) for n in range(40)]
    with psycopg.connect(server.url(), autocommit=True) as asking:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            seen.append(asking.execute(OF_US).fetchone()[0])
        assert faults == []
        assert max(seen) <= engines._KEPT + engines._MORE
        part_with(common)
    assert connect(url).pool is not common.pool


def test_who_finds_every_connection_taken_is_told_to_come_back(server, monkeypatch):
    monkeypatch.setattr(engines, "_KEPT", 1)
    monkeypatch.setattr(engines, "_MORE", 0)
    monkeypatch.setattr(engines, "WAIT_S", 0.1)
    only = connect(server.migrated())
    refused = pytest.raises(DataError, match="more to do than it can")
    with reading(only), refused, reading(only):
        pass
    with reading(only) as connection:  # who was refused holds none
        assert connection.execute(sa.select(1)).scalar_one() == 1
    only.dispose()
