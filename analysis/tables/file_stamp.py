"""When files changed: part of what names a cached answer."""

from __future__ import annotations

import os
from pathlib import Path


def changed_ns(file: Path | str) -> int:
    """Return when a file changed last, in nanoseconds; 0 where none can be seen."""
    # Every run of a page asks of a dozen: not twice of each, and without a path of its own.
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116
    except (OSError, ValueError):
        return 0
