"""Columns that many tables of a campaign share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, String
from sqlalchemy.types import TypeEngine

ID, WORD, DIGEST = String(64), String(32), String(64)
WHEN = BigInteger  # seconds since 1970, UTC


def key(*names: str) -> list[Column[str]]:
    """Return a key that begins with the tenant."""
    return [Column(name, ID, primary_key=True) for name in ("tenant", *names)]


def must(kind: TypeEngine[str] | type[TypeEngine[str]], *names: str) -> list[Column[str]]:
    """Return columns of one kind that are never empty."""
    return [Column(name, kind, nullable=False) for name in names]


def said() -> list[Column[Any]]:
    """Return when something was written, and by whom."""
    return [Column("at_s", WHEN, nullable=False), Column("by_user", ID, nullable=False)]
