"""A process has one pool of connections to a database, with a bound, however many ask."""

from __future__ import annotations

import threading

import psycopg
import pytest
import sqlalchemy as sa

from analysis.contacts.contact_store import Controller, say_controller
from analysis.contacts.roll_universe import roll_rows
from analysis.contacts.suppression import objecting, suppress
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.database import engine as engines
from analysis.database.engine import connect, part_with, reading, share
from analysis.errors import DataError
from analysis.fieldwork import field_plan
from analysis.fieldwork.store import VARIABLE
from analysis.workflows.contacts_open import people_of, who_answers
from analysis.workflows.fieldwork import opened
from tests.analysis.contacts.invented import enter
from tests.analysis.contacts.invented import opened as opened_by
from tests.analysis.fieldwork.made_returns import turfs

# Other tests leave connections to databases of their own.
OF_US = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE application_name = 'palier' AND datname = current_database()"
)


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
    with psycopg.connect(url, autocommit=True) as asking:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            seen.append(asking.execute(OF_US).fetchone()[0])
        assert faults == []
        assert max(seen) <= engines._KEPT + engines._MORE
        part_with(common)
    assert connect(url).pool is not common.pool


def test_who_answers_is_looked_up_without_closing_the_connections_of_others(
    server, tmp_path, monkeypatch
):
    url = server.migrated()
    monkeypatch.setenv(VARIABLE, url)
    common = share(url)
    before = common.pool
    with people_of(tmp_path) as contacts:
        say_controller(contacts, Controller("party", name="Liste Zèbre"))
    assert who_answers(tmp_path).name == "Liste Zèbre"
    assert common.pool is before
    part_with(common)


def test_an_objection_is_looked_up_with_one_connection(server, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_KEPT", 1)
    monkeypatch.setattr(engines, "_MORE", 0)
    monkeypatch.setattr(engines, "WAIT_S", 0.1)
    only = connect(server.migrated())
    north = opened_by(only, tmp_path, "north")
    for n, name in enumerate(("p1", "p2")):
        enter(north, name, email=f"jean{n}@example.org")
    suppress(north, "email", "jean0@example.org", "stop")
    assert objecting(north) == objecting(north, ["p1", "p2"]) == {"p1": "stop"}
    universe = Universe("roll", {"all": []})
    assert roll_rows(north, universe, Ground(), ("bureau_id",)) == []
    only.dispose()


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
