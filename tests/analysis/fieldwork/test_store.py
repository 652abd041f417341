"""Tests of the store, on a SQLite file and on a real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.database.engine import writing
from analysis.database.models import ATTEMPTS, CONFLICTS, IMPORTS
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox, progress
from analysis.fieldwork.campaign import open_campaign
from analysis.fieldwork.store import open_store
from tests.analysis.fieldwork.made_returns import (
    NOW,
    attempt,
    many,
    phone_bytes,
    returned_rows,
    turfs,
)

ROOT = Path(__file__).parents[3]
WRITER = """
import sys, numpy as np
from analysis.fieldwork.store import open_store
from tests.analysis.fieldwork.made_returns import NOW, many, returned_rows
store = open_store(sys.argv[1], sys.argv[2])
rng = np.random.default_rng(0)
while True:
    store.add(returned_rows(many(40, rng)), now=NOW)
    print("added", flush=True)
"""


def receive(store, *attempts, **more):
    content = phone_bytes(store.campaign, attempts, **more)
    return inbox.receive(store, content, name="retours.json", now=NOW)


def numbers(receipt):
    return receipt.new, receipt.repeated, receipt.conflicts


def counted(store):
    """Return what the screens would show."""
    return progress.by(store, "turf_id").fillna(-1).to_dict("records")


def test_importing_twice_counts_once(store):
    rows = [attempt(n) for n in range(5)]
    assert numbers(receive(store, *rows)) == (5, 0, 0)
    before = counted(store)
    assert numbers(receive(store, *rows)) == (0, 5, 0)
    assert numbers(receive(store, *rows, attempt(5))) == (1, 5, 0)
    assert before[0]["doors"] == 5
    assert counted(store)[0]["doors"] == 6
    assert not store.unsound()


def test_what_is_told_otherwise_is_kept_and_shown_and_not_counted(store):
    receive(store, attempt(0), attempt(1))
    assert numbers(receive(store, attempt(0, outcome="refused"), attempt(1))) == (0, 1, 1)
    assert numbers(receive(store, attempt(0, outcome="refused"))) == (0, 0, 1)
    assert counted(store)[0]["refused"] == 0
    conflicts = store.conflicts()
    assert len(conflicts) == 1
    assert '"outcome": "refused"' in conflicts["content"].iloc[0]


def test_a_correction_is_a_new_row_that_replaces_the_first(store):
    first = attempt(0, outcome="conversation", quality=3)
    refused = attempt(1, outcome="refused", corrects=first["attempt_id"])
    undone = attempt(2, outcome="undone", corrects=first["attempt_id"])
    receive(store, first)
    receive(store, refused)
    assert (counted(store)[0]["conversation"], counted(store)[0]["refused"]) == (0, 1)
    receive(store, undone)
    assert counted(store)[0]["attempts"] == 0
    assert store.frame(sa.select(sa.func.count()).select_from(ATTEMPTS)).iloc[0, 0] == 3
    assert not store.unsound()


@pytest.mark.parametrize("last_first", [False, True])
def test_a_correction_of_a_correction_is_refused_in_either_order(store, last_first):
    first = attempt(0)
    second = attempt(1, outcome="refused", corrects=first["attempt_id"])
    third = attempt(2, outcome="moved", corrects=second["attempt_id"])
    one, other = (third, second) if last_first else (second, third)
    receive(store, first)
    receive(store, one)
    with pytest.raises(DataError, match="must name the first attempt"):
        receive(store, other)
    assert not store.unsound()


@pytest.mark.parametrize("table", [ATTEMPTS, IMPORTS, CONFLICTS], ids=lambda t: t.name)
@pytest.mark.parametrize("kind", [sa.update, sa.delete])
def test_returns_are_never_changed_or_deleted(store, table, kind):
    receive(store, attempt(0))
    receive(store, attempt(0, outcome="refused"))
    change = kind(table)
    if kind is sa.update:
        change = change.values({next(iter(table.c)).name: next(iter(table.c))})
    # The app has no right to; the owner of the tables is stopped by a trigger.
    refused = r"never changed or deleted|permission denied"
    with pytest.raises(DataError, match=refused), writing(store.engine) as c:
        c.execute(change)
    stopped = pytest.raises(DataError, match=r"never changed or deleted")
    with stopped, writing(store.engine, role="owner") as c:
        c.execute(change)


def test_returns_before_any_turf_wait_in_the_inbox(url, tmp_path):
    store = open_store(tmp_path, url)
    with pytest.raises(DataError, match="knows no turfs yet"):
        receive(store, attempt(0))
    field_plan.register(store.engine, turfs())
    assert [numbers(one) for one in inbox.retry(store)] == [(1, 0, 0)]
    assert inbox.retry(store) == []
    store.engine.dispose()


def test_turfs_cut_again_replace_those_of_their_bureaux(store):
    receive(store, attempt(0))
    again = turfs().query("turf_id == 'T1'").assign(turf_id="T9", dwellings=4)
    field_plan.register(store.engine, again)
    found = progress.coverage(store).set_index("bureau_id")
    assert found["planned"].tolist() == [32, 80, 80]
    assert found["tried"].tolist() == [1, 0, 0]


def test_a_server_holds_several_campaigns_and_each_sees_its_own(server, tmp_path):
    url = server.migrated()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first = open_store(tmp_path / "one", url)
    field_plan.register(first.engine, turfs())
    receive(first, attempt(0))
    second = open_store(tmp_path / "two", url)
    assert progress.totals(second).attempts == 0
    assert field_plan.turfs_in_field(second) == []
    # The same name with another key is no other campaign.
    (tmp_path / "two" / "fieldwork" / "campaign.json").write_text(
        (tmp_path / "one" / "fieldwork" / "campaign.json").read_text(encoding="utf-8")
    )
    with pytest.raises(DataError, match="its key is another"):
        open_store(tmp_path / "two", url)
    first.engine.dispose()
    second.engine.dispose()


# Any attempts and corrections, in files of any cut and order, some of them more than once.
ROWS = [attempt(n, outcome=("no_answer", "conversation")[n % 2]) for n in range(6)]
ROWS += [attempt(10 + n, outcome="refused", corrects=ROWS[n]["attempt_id"]) for n in range(3)]
ROWS += [attempt(20, outcome="undone", corrects=ROWS[0]["attempt_id"])]
FILES = st.lists(st.sets(st.integers(0, len(ROWS) - 1), min_size=1), min_size=1, max_size=5)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_any_subset_in_any_order_counts_once(tmp_path_factory, files):
    stores = [open_store(tmp_path_factory.mktemp("store")) for _ in range(2)]
    for store in stores:
        field_plan.register(store.engine, turfs())
    at_once, by_files = stores
    receive(at_once, *(ROWS[n] for n in sorted(set().union(*files))))
    for file in [*files, *files]:
        receive(by_files, *(ROWS[n] for n in sorted(file, reverse=True)))
    assert counted(by_files) == counted(at_once)
    assert not by_files.unsound()
    for store in stores:
        store.engine.dispose()


def write_outings(workspace, url, outings):
    """Add outings one after the other, from a connection of its own, every second one twice."""
    store = open_store(workspace, url)
    for n, rows in enumerate(outings):
        for _ in range(1 + n % 2):
            store.add(rows, now=NOW)
    store.engine.dispose()


def test_writers_at_once_lose_and_double_nothing(store, tmp_path, url):
    writers, each, size, rng = 8, 3, 25, np.random.default_rng(0)
    outings = [
        [returned_rows(many(size, rng, turf=f"T{w % 3 + 1}")) for _ in range(each)]
        for w in range(writers)
    ]
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda own: write_outings(tmp_path, url, own), outings))
    assert progress.totals(store).attempts == writers * each * size
    assert store.imports()["new"].sum() == writers * each * size
    assert not store.unsound()


def test_the_same_file_twice_at_the_same_moment_counts_once(store, tmp_path, url):
    content = phone_bytes(store.campaign, [attempt(n) for n in range(40)])
    others = [open_store(tmp_path, url) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        receipts = list(
            pool.map(lambda one: inbox.receive(one, content, name="r.json", now=NOW), others)
        )
    assert sorted(receipt.new for receipt in receipts) == [0, 0, 0, 0, 0, 40]
    assert progress.totals(store).attempts == 40
    assert not store.unsound()
    for other in others:
        other.engine.dispose()


@pytest.mark.slow
def test_a_writer_killed_in_the_middle_leaves_whole_files_only(store, tmp_path, url):
    command = [sys.executable, "-c", WRITER, str(tmp_path), url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"added\n"
        time.sleep(0.2)  # somewhere in the next files
        writer.kill()
    attempts = progress.totals(store).attempts
    assert attempts == 40 * len(store.imports())
    assert attempts > 0
    assert not store.unsound()
    assert numbers(receive(store, attempt(0))) == (1, 0, 0)  # no lock is left behind


def test_the_database_gone_in_the_middle_keeps_the_file(server, tmp_path):
    store = open_store(tmp_path, server.migrated())
    field_plan.register(store.engine, turfs())

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def stop(connection, _cursor, statement, *_more):
        if statement.startswith("INSERT INTO imports"):
            # The server ends our connection after the attempts were sent.
            pid = connection.connection.driver_connection.info.backend_pid
            server.end(pid)

    with pytest.raises(DataError, match=r"stopped in the middle[\s\S]*import the same file again"):
        receive(store, attempt(0), attempt(1))
    sa.event.remove(store.engine, "before_cursor_execute", stop)
    assert progress.totals(store).attempts == 0
    assert [numbers(one) for one in inbox.retry(store)] == [(2, 0, 0)]
    assert not store.unsound()
    store.engine.dispose()


def test_a_full_disk_keeps_the_file_and_counts_nothing(small):
    @sa.event.listens_for(small.engine, "connect")
    def shrink(connection, _record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    small.engine.dispose()
    rows = [attempt(n, note="x" * 200) for n in range(400)]
    with pytest.raises(DataError, match=r"disk of the store is full[\s\S]*counts once"):
        receive(small, *rows)
    sa.event.remove(small.engine, "connect", shrink)
    small.engine.dispose()
    assert progress.totals(small).attempts == 0
    assert [numbers(one) for one in inbox.retry(small)] == [(400, 0, 0)]


def test_a_store_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="does not answer"):
        open_store(tmp_path, "postgresql://nobody:secret@127.0.0.1:1/nothing")
    for url in ("mysql://host/name", "not a url"):
        with pytest.raises(DataError, match="not the URL of a store"):
            open_store(tmp_path, url)


def test_no_error_shows_the_password(tmp_path):
    with pytest.raises(DataError) as error:
        open_store(tmp_path, "postgresql://nobody:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(error.value)


def test_the_key_is_made_once_and_kept_to_oneself(tmp_path):
    campaign = open_campaign(tmp_path)
    assert open_campaign(tmp_path) == campaign
    file = tmp_path / "fieldwork" / "campaign.key"
    assert file.stat().st_mode & 0o077 == 0
    assert len(campaign.secret) == 32
    assert campaign.secret.hex() not in repr(campaign)


def test_frames_are_left_as_they_were(small):
    rows = returned_rows(many(20, np.random.default_rng(1)))
    before = [dict(row) for row in rows.rows]
    small.add(rows, now=NOW)
    assert rows.rows == before


def test_turfs_cut_again_leave_the_sums_sound_and_the_visits_counted(store):
    receive(store, attempt(0, doors=9), attempt(1))
    again = turfs(dwellings=4).assign(turf_id=lambda t: "N" + t["turf_id"])
    field_plan.register(store.engine, again)
    assert not store.unsound()
    found = progress.coverage(store).set_index("bureau_id")
    # Nine doors were told of an address that is now known to have four.
    assert found.loc["99900_0001", ["planned", "tried"]].tolist() == [32, 5]


def test_postgresql_counts_the_plan_at_once(server, tmp_path):
    # Until it has, each import reads the whole plan of a large campaign.
    opened = open_store(tmp_path, server.migrated())
    field_plan.register(opened.engine, turfs())
    query = sa.text("SELECT reltuples FROM pg_class WHERE relname = 'plan'")
    with opened.engine.connect() as connection:
        assert connection.execute(query).scalar_one() == len(turfs())
    opened.engine.dispose()


def test_a_turn_around_midnight_is_of_two_days_of_the_campaign_whatever_the_server_says(
    store, monkeypatch
):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    # In Paris it is 23:50 and 00:10; for the server both are one evening.
    at = ("2025-11-21T22:50:00+00:00", "2025-11-21T23:10:00+00:00")
    rows = [attempt(n, at=moment) for n, moment in enumerate(at)]
    receive(store, *rows)
    days = progress.by(store, "day")
    assert [str(day)[:10] for day in days["day"]] == ["2025-11-21", "2025-11-22"]
    monkeypatch.undo()
    time.tzset()


def test_doors_since_a_day_are_counted_by_bureau_for_what_a_message_changed(small, folder):
    from analysis.workflows import message_effects

    outcomes = ("no_answer", "conversation", "conversation")
    receive(small, *(attempt(n, doors=1, outcome=one) for n, one in enumerate(outcomes)))
    place = SimpleNamespace(path=folder)
    before = message_effects._doors(place, date(2025, 11, 20))
    assert before.to_dict("records") == [
        {"bureau_id": "99900_0001", "doors": 3.0, "conversation": 2.0}
    ]
    # What was knocked at on the day of the approval may have been before it.
    assert message_effects._doors(place, date(2025, 11, 21)).empty
    assert message_effects._doors(SimpleNamespace(path=folder / "nothing"), date(2025, 1, 1)).empty
