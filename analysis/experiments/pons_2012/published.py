"""Published figures of the experiment of 2012, with their source."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _read() -> str:
    file = files("analysis.experiments.pons_2012").joinpath("published.toml")
    return file.read_text(encoding="utf-8")


def published() -> dict[str, Any]:
    """Return what is published of the experiment of 2012, as in `published.toml`."""
    return tomllib.loads(_read())
