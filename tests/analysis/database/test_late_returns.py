"""What another thread still used while a store was closed is closed when it comes back."""

from __future__ import annotations

import pytest

from analysis.database.engine import close, connect, of_tenant


@pytest.fixture
def engine(url, tmp_path):
    """Open an engine of each of the two stores."""
    opened = connect(url or f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield opened
    opened.dispose()


def is_open(raw):
    if hasattr(raw, "closed"):
        return not raw.closed
    try:
        raw.execute("SELECT 1")
    except Exception:
        return False
    return True


def test_a_connection_in_use_at_the_close_is_closed_on_its_return(engine):
    used = engine.connect()
    raw = used.connection.dbapi_connection
    close(of_tenant(engine, "another"))
    assert is_open(raw)
    used.close()
    assert not is_open(raw)


def test_an_engine_that_was_closed_opens_again_and_keeps_what_it_opened(engine):
    close(engine)
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
    assert is_open(raw)
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is raw
    close(engine)
    assert not is_open(raw)
