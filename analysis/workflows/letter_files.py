"""A message written in a file, with its pictures beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.errors import DataError
from analysis.messages.letter_blocks import Letter
from analysis.tables.toml_text import toml_of


def read_letter(file: Path) -> Letter:
    """Read a message from a file of TOML or JSON; a picture may name a file beside it.

    Raises
    ------
    DataError
        When it cannot be read, or is not whole.
    """
    try:
        text = file.read_text(encoding="utf-8")
        told = toml_of(text) if file.suffix == ".toml" else json.loads(text)
        blocks = [_with_picture(one, file.parent) for one in told.get("blocks", [])]
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "The message cannot be read.",
            where="{file}: {why}",
            mend="Give a file of TOML or JSON with language, subject and blocks.",
            file=file.name,
            why=type(error).__name__,
        ) from error
    return Letter.read(told | {"blocks": blocks})


def _with_picture(block: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    told = dict(block)
    if told.get("kind") == "picture" and (name := told.pop("file", "")):
        # Beside the message, and nowhere else.
        data = (folder / Path(str(name)).name).read_bytes()
        told["data"] = base64.b64encode(data).decode()
    return told
