"""The day and the hour where the person at the browser is: a server's own may be another's."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import streamlit as st


def today() -> dt.date:
    """Return the day it is at the browser."""
    return local(dt.datetime.now(dt.UTC)).date()


def local(moment: dt.datetime) -> dt.datetime:
    """Return a moment as clocks at the browser show it; as this machine's, where it tells none."""
    try:
        return moment.astimezone(ZoneInfo(st.context.timezone or ""))
    except (ValueError, OSError, KeyError):
        return moment.astimezone()
