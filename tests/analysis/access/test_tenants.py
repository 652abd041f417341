"""Tests that a campaign's rows are out of another's reach, whatever the code forgets."""

from __future__ import annotations

from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from analysis.access import audit, membership
from analysis.access.rights import Grant
from analysis.database import tenancy
from analysis.database.access_tables import AUDIT, GRANTS
from analysis.database.engine import connect, of_tenant, reading, writing
from analysis.database.migrate import upgrade
from analysis.database.models import ATTEMPTS, METADATA
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox, progress
from analysis.fieldwork.store import open_store
from analysis.messages.delivery_ledger import ledger_of
from tests.analysis.access.conftest import LEFT, RIGHT
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes, turfs

# Everyone may read which version the tables have, and that is all there is in it.
SHARED = {"alembic_version"}
TABLES = "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind IN "
TABLES += "('r', 'p') AND relnamespace = 'public'::regnamespace"
POLICIES = "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies"
VIEWS = "SELECT relname, reloptions FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = "
VIEWS += "'public'::regnamespace"


def receive(store, *attempts):
    """Import a phone's file."""
    inbox.receive(store, phone_bytes(store.campaign, list(attempts)), name="r.json", now=NOW)


def rows(engine, query):
    with reading(engine, role="owner") as connection:
        return connection.exec_driver_sql(query).all()


def unguarded(engine):
    """Return the tables whose rows another campaign could reach."""
    policies = {}
    for table, name, command, seen, written in rows(engine, POLICIES):
        policies.setdefault(table, {})[name] = (command, seen, written)
    wrong = set()
    for table, on, forced in rows(engine, TABLES):
        command, seen, written = policies.get(table, {}).get(f"{table}_tenant", ("", "", ""))
        whole = command == "ALL" and all("palier.tenant" in (p or "") for p in (seen, written))
        if not (on and forced) or (table not in SHARED and not whole):
            wrong.add(table)
    return wrong


def test_every_table_keeps_rows_to_their_tenant_the_owner_included(engine):
    assert len(rows(engine, TABLES)) == len(METADATA.tables) + len(SHARED)
    assert unguarded(engine) == set()


def test_a_table_without_a_policy_would_be_found(engine):
    with writing(engine, role="owner") as connection:
        connection.exec_driver_sql("CREATE TABLE forgotten (tenant text)")
        connection.exec_driver_sql("ALTER TABLE audit NO FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql("DROP POLICY grants_tenant ON grants")
    assert unguarded(engine) == {"forgotten", "audit", "grants"}


def open_views(engine):
    """Return the views that read with the rights of their owner, or hold rows of all."""
    return {
        name for name, told in rows(engine, VIEWS) if "security_invoker=true" not in (told or [])
    }


def test_views_ask_with_the_rights_of_the_reader(engine):
    assert open_views(engine) == set()
    audit.note(of_tenant(engine, LEFT), "ada", "download")
    with writing(engine, role="owner") as connection:
        for name, how in (("fine", " WITH (security_invoker=true)"), ("loose", "")):
            connection.exec_driver_sql(f"CREATE VIEW {name}{how} AS SELECT * FROM audit")
            connection.exec_driver_sql(f"GRANT SELECT ON {name} TO palier_app")
    # One that is forgotten is found; one that asks as its reader shows no other tenant.
    assert open_views(engine) == {"loose"}
    seen = {}
    for tenant in (LEFT, RIGHT, ""):
        with reading(of_tenant(engine, tenant)) as connection:
            seen[tenant] = connection.exec_driver_sql("SELECT count(*) FROM fine").scalar_one()
    assert seen == {LEFT: 1, RIGHT: 0, "": 0}


def test_policies_that_read_across_campaigns_are_these_two(engine):
    own = {(t, name) for t, name, *_ in rows(engine, POLICIES) if name != f"{t}_tenant"}
    assert own == {
        ("grants", "grants_own"),
        ("invitations", "invitations_own"),
        ("alembic_version", "alembic_version_all"),
    }


def test_nobody_here_is_a_superuser_and_the_app_steps_down(engine):
    query = "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user"
    with reading(engine) as connection:
        role, *mighty = connection.exec_driver_sql(query).one()
    assert role == "palier_app"
    assert mighty == [False, False]


@pytest.mark.parametrize("role", ["app", "owner"])
def test_no_tenant_sees_nothing_and_another_s_rows_cannot_be_written(engine, role):
    audit.note(of_tenant(engine, LEFT), "ada", "download")
    every = sa.select(sa.func.count()).select_from(AUDIT)
    seen = {}
    for tenant in ("", LEFT, RIGHT, "%", "@server"):
        with reading(of_tenant(engine, tenant), role=role) as connection:
            seen[tenant] = connection.execute(every).scalar_one()
    assert seen == {"": 0, LEFT: 1, RIGHT: 0, "%": 0, "@server": 0}
    row = {"tenant": LEFT, "seq": 9, "at_s": 0, "user_id": "x", "action": "x", "subject": ""}
    row |= {"previous": "", "digest": ""}
    forbidden = pytest.raises(DataError, match="row-level security|not be written")
    with forbidden, writing(of_tenant(engine, RIGHT), role=role) as connection:
        connection.execute(sa.insert(AUDIT).values(**row))


@pytest.mark.parametrize("left_behind", ["SET palier.tenant", "SET SESSION palier.tenant"])
def test_a_connection_goes_back_to_the_pool_without_its_tenant(engine, left_behind):
    audit.note(of_tenant(engine, LEFT), "ada", "download")
    every = sa.select(sa.func.count()).select_from(AUDIT)
    with engine.connect() as connection:  # one that forgets itself, and keeps what it set
        connection.exec_driver_sql(f"{left_behind} = '{LEFT}'")
        connection.exec_driver_sql("SET ROLE palier_app")
        connection.commit()
        pid = connection.connection.driver_connection.info.backend_pid
    for tenant, expected in (("", 0), (RIGHT, 0), (LEFT, 1)):
        with reading(of_tenant(engine, tenant)) as connection:
            assert connection.connection.driver_connection.info.backend_pid == pid
            assert connection.execute(every).scalar_one() == expected


def test_seventy_campaigns_each_see_their_own(engine, tmp_path):
    campaigns = [f"campaign-{n:02d}" for n in range(70)]
    for n, campaign in enumerate(campaigns):
        for _ in range(1 + n % 3):
            audit.note(of_tenant(engine, campaign), "x", "download")
    every = sa.select(AUDIT.c.tenant, sa.func.count()).group_by(AUDIT.c.tenant)
    for n, campaign in enumerate(campaigns):
        with reading(of_tenant(engine, campaign)) as connection:
            assert connection.execute(every).all() == [(campaign, 1 + n % 3)]


def test_returns_of_two_campaigns_with_the_same_turfs_never_mix(server, tmp_path):
    url = server.migrated()
    stores = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        stores.append(open_store(tmp_path / name, url))
        field_plan.register(stores[-1].engine, turfs())
    one, two = stores
    receive(one, attempt(0), attempt(1))
    # The same id of an attempt, in the other campaign, is another attempt.
    receive(two, attempt(0, outcome="refused"))
    assert [progress.totals(store).attempts for store in stores] == [2, 1]
    assert not one.unsound()
    assert not two.unsound()
    with reading(of_tenant(one.engine, "")) as connection:
        assert connection.execute(sa.select(ATTEMPTS)).all() == []
    for store in stores:
        store.engine.dispose()


def test_an_older_store_keeps_its_rows_and_takes_others_in(server, tmp_path):
    url = server.database()
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    # As it was before there were tenants: the tables and their claim, of version 2.
    from analysis.fieldwork.campaign import open_campaign
    from analysis.fieldwork.store_owner import claim

    old = open_campaign(tmp_path / "old")
    engine = connect(url)
    upgrade(engine, "0002")
    with writing(engine, role="owner") as connection:
        connection.exec_driver_sql(
            "INSERT INTO plan VALUES ('T1', '99900_0001_00001', '99900_0001', 3, 'house')"
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.fieldwork.store_owner.writing", lambda e: writing(e, role="owner"))
        patch.setattr("analysis.fieldwork.store_owner.reading", lambda e: reading(e, role="owner"))
        claim(engine, old)
    engine.dispose()
    new = open_store(tmp_path / "new", url)  # whoever comes first
    assert field_plan.turfs_in_field(new) == []
    again = open_store(tmp_path / "old", url)
    assert field_plan.turfs_in_field(again) == ["T1"]
    assert progress.coverage(again)["planned"].tolist() == [3]  # counted anew for each tenant
    new.engine.dispose()
    again.engine.dispose()


def test_an_owner_who_may_not_step_down_is_refused_until_the_roles_are_given(server):
    """Roles are of the whole server: here another database has made them."""
    upgrade_once = connect(server.database())
    upgrade(upgrade_once)
    upgrade_once.dispose()
    url = server.database(may_make_roles=False)
    opened = connect(url)
    with pytest.raises(DataError, match="palier_app") as refused:
        upgrade(opened)
    with reading(opened, role="owner") as connection:
        assert not sa.inspect(connection).get_table_names()  # nothing by halves
    owner = opened.url.username
    given = f"GRANT palier_app, palier_eraser TO {owner};"
    assert given in str(refused.value)
    with psycopg.connect(server.url(), autocommit=True) as administrator:
        administrator.execute(given)
    upgrade(opened)
    membership.grant(opened, "ada", Grant(LEFT, "analyst"), by=membership.NOBODY)
    assert unguarded(opened) == set()
    opened.dispose()


@pytest.mark.parametrize("role", ["app", "eraser"])
def test_a_transaction_that_loses_its_role_never_keeps_the_owner_s_rights(server, role):
    opened = connect(server.database())
    upgrade(opened)
    audit.note(of_tenant(opened, LEFT), "ada", "download")
    with psycopg.connect(server.url(), autocommit=True) as administrator:
        taken = f"REVOKE palier_app, palier_eraser FROM {opened.url.username}"
        makers = administrator.execute(
            "SELECT DISTINCT grantor::regrole::text FROM pg_auth_members"
            " WHERE member = %s::regrole",
            [opened.url.username],
        ).fetchall()
        for (maker,) in makers:
            administrator.execute(f"{taken} GRANTED BY {maker} CASCADE")
    for use in (reading, writing):
        forbidden = pytest.raises(DataError, match=f"palier_{role}")
        with forbidden as refused, use(of_tenant(opened, LEFT), role=role) as connection:
            connection.execute(sa.delete(GRANTS))
        assert "GRANT palier_app, palier_eraser TO" in str(refused.value)
    if role == "app":
        contacts = SimpleNamespace(engine=of_tenant(opened, LEFT), tenant=LEFT)
        with pytest.raises(DataError, match="palier_app"), ledger_of(contacts, "m", "email"):
            pass
    # The connection is fit for use again.
    with reading(of_tenant(opened, LEFT), role="owner") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one() == 1
    opened.dispose()


def test_the_app_cannot_change_tables_nor_unlearn_what_was_written(engine):
    audit.note(of_tenant(engine, LEFT), "ada", "download")
    for statement in (
        "DROP TABLE audit",
        "ALTER TABLE audit DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DELETE FROM audit",
        "UPDATE users SET name = ''",
        "UPDATE alembic_version SET version_num = ''",
    ):
        with pytest.raises((DataError, DBAPIError)), writing(of_tenant(engine, LEFT)) as c:
            c.exec_driver_sql(statement)


GIVEN = "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
GIVEN += " WHERE grantee IN ('palier_app', 'palier_eraser')"


def test_the_rights_that_are_given_again_are_those_that_the_migrations_gave(engine):
    ought = {
        (role, table, right)
        for role, of in tenancy.RIGHTS.items()
        for right, tables in of.items()
        for table in tables
    }
    assert {tuple(row) for row in rows(engine, GIVEN)} == ought


def test_a_store_whose_roles_were_never_let_in_lets_them_in_when_it_is_opened(server, tmp_path):
    """As a release without the roles left it, or a dump that was restored without privileges."""
    url, folder = server.database(), tmp_path / "place"
    folder.mkdir()
    store = open_store(folder, url)
    field_plan.register(store.engine, turfs())
    receive(store, attempt(0))
    with writing(store.engine, role="owner") as connection:
        for role in ("palier_app", "palier_eraser"):
            for table in (*METADATA.tables, "alembic_version"):
                connection.exec_driver_sql(f"REVOKE ALL ON {table} FROM {role}")
            connection.exec_driver_sql(f"REVOKE USAGE ON SCHEMA public FROM {role}")
    with pytest.raises(DataError, match="permission denied"):
        progress.totals(store)
    store.engine.dispose()
    again = open_store(folder, url)
    assert progress.totals(again).attempts == 1
    assert len(rows(again.engine, GIVEN)) == sum(
        len(tables) for of in tenancy.RIGHTS.values() for tables in of.values()
    )
    again.engine.dispose()
