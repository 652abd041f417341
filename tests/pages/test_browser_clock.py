"""The day on a page is that of who reads it, also where the server is in another zone."""

from __future__ import annotations

import datetime as dt
import time
from types import SimpleNamespace

import pytest

from pages._ui import browser_clock


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Paris", "2026-11-30 00:30"),
        ("America/Martinique", "2026-11-29 19:30"),
        ("Nowhere/Nothing", "2026-11-29 23:30"),
        (None, "2026-11-29 23:30"),
    ],
)
def test_midnight_strikes_where_the_reader_is(monkeypatch, zone, shown):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(browser_clock.st, "context", SimpleNamespace(timezone=zone))
    late = dt.datetime(2026, 11, 29, 23, 30, tzinfo=dt.UTC)
    assert f"{browser_clock.local(late):%Y-%m-%d %H:%M}" == shown
    monkeypatch.undo()
    time.tzset()
