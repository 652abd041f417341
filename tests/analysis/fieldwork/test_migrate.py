"""Tests of the migrations, with data, on both engines."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from analysis.database import access_tables, migrate
from analysis.database.engine import connect, reading, writing
from analysis.errors import DataError
from analysis.fieldwork import field_plan, progress
from analysis.fieldwork.store import open_store
from tests import stores_once
from tests.analysis.fieldwork.made_returns import turfs

V1 = """INSERT INTO attempts (attempt_id, import_id, turf_id, address_id, bureau_id, kind, team_id,
 at_s, day, hour, outcome, quality, opponent, themes, note, corrects) VALUES (:id, 'i', 'T1',
 '99900_0001_00001', '99900_0001', 'block', 'A', :at, '2025-11-21', 18, :outcome, NULL, :no, '',
 '', :corrects)"""


@pytest.fixture
def first_version(bare_url, tmp_path):
    """Write a store of the first version: three attempts, one of them corrected."""
    address = bare_url or f"sqlite:///{tmp_path / 'fieldwork' / 'returns.sqlite'}"
    (tmp_path / "fieldwork").mkdir()
    engine = connect(address)
    migrate.upgrade(engine, "0001")
    ids = [uuid.UUID(int=n) for n in range(4)]
    named = [one.hex if engine.dialect.name == "sqlite" else str(one) for one in ids]
    rows = [
        {"id": named[n], "at": 1763744400 + n, "outcome": outcome, "no": False, "corrects": None}
        for n, outcome in enumerate(["no_answer", "conversation", "refused", "moved"])
    ]
    rows[3]["corrects"] = named[2]
    with writing(engine, role="owner") as connection:
        connection.execute(sa.text(V1), rows)
    engine.dispose()
    return engine.url


def test_a_store_of_the_first_version_is_brought_up_to_date_with_its_data(
    first_version, bare_url, tmp_path
):
    store = open_store(tmp_path, bare_url)
    field_plan.register(store.engine, turfs())
    row = progress.by(store, "turf_id").iloc[0]
    assert row[["attempts", "doors", "conversation", "refused", "moved"]].tolist() == [
        3,
        3,
        1,
        0,
        1,
    ]
    assert not store.unsound()
    assert store.flags().empty
    store.engine.dispose()


def test_migrations_make_the_tables_that_the_code_declares(store):
    with reading(store.engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert [
            one
            for one in compare_metadata(context, access_tables.AUDIT.metadata)
            if not _is_tenant(one)
        ] == []


def test_what_the_suite_copies_is_what_the_migrations_make(tmp_path, monkeypatch):
    ways = {"first": migrate.upgrade_in, "copied": migrate.upgrade_in, "made": stores_once.MIGRATE}
    found = {}
    for name, way in ways.items():
        engine = connect(f"sqlite:///{tmp_path / name}.sqlite")
        monkeypatch.setattr(migrate, "upgrade_in", way)
        migrate.upgrade(engine)
        with reading(engine) as connection:
            rows = list(connection.connection.driver_connection.iterdump())
            found[name] = (stores_once.parts(connection), rows)
        engine.dispose()
    kinds = {kind for kind, *_ in found["made"][0]}
    assert kinds == {"table", "index", "trigger"}
    assert found["first"] == found["copied"] == found["made"]


def _is_tenant(difference):
    """Tell whether it is the column that tables older than tenants have in PostgreSQL only."""
    return difference[0] == "remove_column" and difference[3].name == "tenant"


def test_a_store_of_a_newer_version_is_left_alone(store, tmp_path, url):
    with writing(store.engine, role="owner") as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DataError, match=r"newer version of Palier[\s\S]*9999"):
        open_store(tmp_path, url)
