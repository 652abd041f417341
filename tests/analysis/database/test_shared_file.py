"""A SQLite store that several connections of one process and other processes share."""

from __future__ import annotations

import subprocess
import sys

import sqlalchemy as sa

from analysis.database.engine import connect, reading, writing

# Another process of the campaign: it opens, writes and closes, as a command does.
OTHER = """
import sys
from analysis.database.engine import connect, writing
engine = connect(sys.argv[1])
with writing(engine) as connection:
    connection.exec_driver_sql("INSERT INTO said VALUES (?)", (sys.argv[2],))
engine.dispose()
"""


def write(engine: sa.Engine, word: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO said VALUES (?)", (word,))


def read(engine: sa.Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.exec_driver_sql("SELECT word FROM said").scalars())


def test_what_is_written_after_another_process_left_is_seen_by_everybody(tmp_path) -> None:  # noqa: ANN001
    url = f"sqlite:///{tmp_path / 'returns.sqlite'}"
    first = connect(url)
    with writing(first) as connection:
        connection.exec_driver_sql("CREATE TABLE said (word TEXT)")
    second = connect(url)  # opened again while `first` holds the file
    subprocess.run([sys.executable, "-c", OTHER, url, "theirs"], check=True)
    # Had the other process taken itself for the last one, it would have removed the log of `first`.
    write(first, "ours")
    subprocess.run([sys.executable, "-c", OTHER, url, "later"], check=True)
    third = connect(url)
    try:
        assert read(third) == {"theirs", "ours", "later"}
        assert read(first) == read(second) == read(third)
    finally:
        for engine in (first, second, third):
            engine.dispose()


def test_a_store_is_its_owners_alone_however_it_came(tmp_path) -> None:  # noqa: ANN001
    file = tmp_path / "returns.sqlite"
    file.touch(mode=0o644)
    connect(f"sqlite:///{file}").dispose()
    assert file.stat().st_mode & 0o077 == 0
