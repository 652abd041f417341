"""Tests of the audit: it only grows, and a change of any entry is seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from analysis.access import audit
from analysis.database.engine import of_tenant, writing
from analysis.errors import DataError
from tests.analysis.access.conftest import LEFT, RIGHT


def test_it_says_who_did_what_to_how_many_rows(engine):
    left = of_tenant(engine, LEFT)
    audit.note(left, "ada", "download", subject="ranking.csv", rows=896)
    audit.note(left, "ada", "search", subject="streets", rows=3)
    audit.note(of_tenant(engine, RIGHT), "bob", "import")
    found = [(e["seq"], e["user_id"], e["action"], e["rows"]) for e in audit.entries(left)]
    assert found == [(2, "ada", "search", 3), (1, "ada", "download", 896)]
    assert audit.verify(left)[0] == 2


def test_sixty_at_once_make_one_unbroken_chain(engine):
    left = of_tenant(engine, LEFT)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: audit.note(left, f"u{n}", "download"), range(60)))
    assert audit.verify(left)[0] == 60
    assert {entry["user_id"] for entry in audit.entries(left)} == {f"u{n}" for n in range(60)}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET rows = 7 WHERE seq = 2",
        "UPDATE audit SET user_id = 'bob' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "UPDATE audit SET seq = 4 WHERE seq = 3",
    ],
)
def test_tampering_is_stopped_and_where_it_is_forced_it_is_seen(engine, tampering):
    left = of_tenant(engine, LEFT)
    for n in range(3):
        audit.note(left, "ada", "download", rows=n)
    with pytest.raises(DataError), writing(left, role="owner") as connection:
        connection.exec_driver_sql(tampering)
    with writing(left, role="owner") as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_only_grows ON audit")
        connection.exec_driver_sql(tampering)
    with pytest.raises(DataError, match="tampered with"):
        audit.verify(left)


def test_what_was_cut_off_at_the_end_shows_in_the_number_and_the_last_digest(engine):
    left = of_tenant(engine, LEFT)
    for n in range(3):
        audit.note(left, "ada", "download", rows=n)
    before = audit.verify(left)
    with writing(left, role="owner") as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_only_grows ON audit")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq = 3")
    after = audit.verify(left)
    assert (before[0], after[0]) == (3, 2)
    assert before[1] != after[1]
