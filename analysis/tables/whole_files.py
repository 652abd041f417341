"""Files that are there whole or not at all, whoever reads while they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield where to write: it takes the place of `path` at the end, or goes if that fails.

    Two that write at the same time do not meet; the last one stands.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder) / "a.txt") as aside:
    ...         _ = aside.write_text("whole", encoding="utf-8")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    aside = path.with_name(f".{path.name[:80]}.{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        yield aside
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
