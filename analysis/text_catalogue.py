"""The French texts, read from their `.po` file and kept compiled beside it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import string
import struct
import tempfile
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LOCALES = Path(__file__).parents[1] / "locales"


def catalogue_file(language: str) -> Path:
    """Return where the texts of `language` are kept."""
    return LOCALES / language / "LC_MESSAGES" / "palier.po"


def read_catalogue(file: Path) -> Catalog:
    """Read a `.po` file; a malformed one raises with its line."""
    from babel.messages.pofile import read_po

    with file.open("rb") as stream:
        return read_po(stream, locale=file.parts[-3], domain="palier", abort_invalid=True)


@cache
def texts_of(language: str) -> NullTranslations:
    """Return the texts of `language`; English, which has no file, is what the code says.

    Compiling takes half a second, more than many a command: what was compiled is kept by the
    digest of its texts, so that it can never be older than they are.
    """
    file = catalogue_file(language)
    if not file.exists():
        return NullTranslations()
    digest = hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()
    kept = file.parent / "__pycache__" / f"palier.{digest}.mo"
    with contextlib.suppress(OSError, UnicodeDecodeError, struct.error), kept.open("rb") as stream:
        return GNUTranslations(stream)
    compiled = _compile(file)
    with contextlib.suppress(OSError):
        _keep(kept, compiled)
    return GNUTranslations(BytesIO(compiled))


@cache
def library_texts(language: str, mark: str) -> Mapping[str, str]:
    """Return the library's texts, those under `mark`, and how each reads in `language`.

    English has no file: it says the same, and takes from the French which gaps hold a number
    that is written with its thousands apart, ``{n:n}``.
    """
    file = catalogue_file(language)
    known = {
        message.id: message.string
        for message in read_catalogue(file if file.exists() else catalogue_file("fr"))
        if message.context == mark
        and isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.string
    }
    return known if file.exists() else {text: _apart(text, said) for text, said in known.items()}


def _apart(text: str, said: str) -> str:
    for _words, name, spec, _conversion in string.Formatter().parse(said):
        if name and spec == "n":
            text = text.replace(f"{{{name}}}", f"{{{name}:n}}")
    return text


def _compile(file: Path) -> bytes:
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, read_catalogue(file))
    return compiled.getvalue()


def _keep(kept: Path, compiled: bytes) -> None:
    # Another process may read or write it at the same moment: it appears whole, under its name.
    kept.parent.mkdir(exist_ok=True)
    for older in kept.parent.glob("palier.*.mo"):
        older.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as stream:
        stream.write(compiled)
    os.replace(stream.name, kept)
