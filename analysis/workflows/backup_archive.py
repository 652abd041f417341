"""The file of a backup: parts in a ZIP, and a manifest with the SHA-256 of each.

What is read back is what was written or is refused: every part is checked against the manifest,
which the file of keys vouches for with the digest of the whole archive.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.errors import DataError
from analysis.tables.sources import sha256 as sha256_of
from analysis.tables.whole_files import written_whole

MANIFEST = "manifest.json"
FORMAT = 1
_PIECE = 1 << 20
# A manifest of a hundred thousand parts has some fifteen megabytes.
_MOST_MANIFEST = 64 << 20
_ALREADY_SMALL = {".parquet", ".zip", ".gz", ".pdf", ".png", ".jpg", ".zst"}
_SYMLINK, _KINDS = 0o120000, 0o170000
# What unpacking raises over bytes that are not as they were written.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


class Writer:
    """Adds parts to an archive, and keeps the digest of each."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.parts: dict[str, dict[str, Any]] = {}

    def add(self, name: str, file: Path) -> None:
        """Add a file, read in pieces, as it is at that moment."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name)
        small = file.suffix in _ALREADY_SMALL
        info.compress_type = zipfile.ZIP_STORED if small else zipfile.ZIP_DEFLATED
        with file.open("rb") as content, self._archive.open(info, "w", force_zip64=True) as part:
            while piece := content.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                part.write(piece)
        self.parts[name] = {"sha256": digest.hexdigest(), "bytes": size}

    def finish(self, facts: dict[str, Any]) -> None:
        """Write the manifest, without which an archive is none."""
        told = {"format": FORMAT, **facts, "parts": self.parts}
        self._archive.writestr(MANIFEST, json.dumps(told, indent=1, ensure_ascii=False))


@contextmanager
def written(file: Path) -> Iterator[Writer]:
    """Write an archive that only its owner reads, whole or not at all.

    Raises
    ------
    DataError
        When it cannot be written there.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as aside:
            # Closed to others before the first byte is in it.
            os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with zipfile.ZipFile(aside, "w") as archive:
                yield Writer(archive)
            with aside.open("rb") as whole:
                os.fsync(whole.fileno())
    except OSError as error:
        raise DataError(
            "The backup could not be written.",
            where="{file}: {strerror}",
            mend="Name a folder that may be written to, on a disk with room.",
            file=file,
            strerror=error.strerror,
        ) from error


class Reader:
    """An archive whose manifest and names have been checked."""

    def __init__(self, archive: zipfile.ZipFile, file: Path) -> None:
        self._archive, self._file = archive, file
        self.facts = self._manifest()
        self.parts: dict[str, dict[str, Any]] = self.facts["parts"]
        self._check_names()

    def _manifest(self) -> dict[str, Any]:
        try:
            info = self._archive.getinfo(MANIFEST)
            # What says it is larger is not read: no JSON is an error too.
            most = info.file_size <= _MOST_MANIFEST
            told = json.loads(self._archive.read(info) if most else b"")
            for part in told["parts"].values():
                _digest, _size = str(part["sha256"]), int(part["bytes"])
            found = told["format"]
        except (KeyError, TypeError, AttributeError, *_BROKEN) as error:
            raise damaged(self._file) from error
        if found != FORMAT:
            raise DataError(
                "This backup was written by another version of Palier.",
                where="{file}: format {found}, this version reads {known}",
                mend="Install the version that its manifest names.",
                file=self._file,
                found=found,
                known=FORMAT,
            )
        return dict(told)

    def _check_names(self) -> None:
        infos = [info for info in self._archive.infolist() if info.filename != MANIFEST]
        names = [info.filename for info in infos]
        if sorted(names) != sorted(self.parts):
            raise damaged(self._file)
        for info in infos:
            if not is_inside(info.filename) or (info.external_attr >> 16) & _KINDS == _SYMLINK:
                raise DataError(
                    "A part of this backup would be written outside of its folder.",
                    where="{file}: {name}",
                    mend="Take another backup: of this one nothing was restored.",
                    file=self._file,
                    name=info.filename,
                )
            if info.file_size != self.parts[info.filename]["bytes"]:
                raise damaged(self._file, info.filename)

    @property
    def size(self) -> int:
        """Bytes that all parts take when they are unpacked."""
        return sum(int(part["bytes"]) for part in self.parts.values())

    def take(self, name: str, target: Path) -> None:
        """Write a part into a file, no larger than it says, and check its digest."""
        told, digest = self.parts[name], hashlib.sha256()
        left = int(told["bytes"])
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            for piece in self._pieces(name):
                left -= len(piece)
                if left < 0:
                    raise damaged(self._file, name)
                digest.update(piece)
                out.write(piece)
        if left or digest.hexdigest() != told["sha256"]:
            raise damaged(self._file, name)

    def _pieces(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive.open(name) as part:
                while piece := part.read(_PIECE):
                    yield piece
        except _BROKEN as error:
            raise damaged(self._file, name) from error


@contextmanager
def opened(file: Path, sha256: str = "") -> Iterator[Reader]:
    """Open an archive.

    Parameters
    ----------
    file
        The archive.
    sha256
        Digest that the whole file must have; "" when nothing vouches for it.

    Raises
    ------
    DataError
        When it cannot be read, is truncated or was altered, or a part would leave its folder.
    """
    try:
        if sha256 and sha256_of(file) != sha256:
            raise damaged(file)
        with zipfile.ZipFile(file) as archive:
            yield Reader(archive, file)
    # The last is what `zipfile` raises over a version of the format that it does not know.
    except (zipfile.BadZipFile, struct.error, NotImplementedError) as error:
        raise damaged(file) from error
    except FileNotFoundError as error:
        raise DataError(
            "There is no such backup.", where="{file}", mend="Name its file.", file=file
        ) from error


def is_inside(name: str) -> bool:
    """Tell whether a name stays in the folder it is unpacked into, on any system."""
    path = PurePosixPath(name)
    plain = name == str(path) and not path.is_absolute() and ".." not in path.parts
    return plain and bool(path.parts) and not any(char in name for char in ("\\", ":", "\0"))


def damaged(file: Path, name: str = "") -> DataError:
    """Say that an archive is not as it was written."""
    return DataError(
        "This backup is cut short or was altered: nothing was restored.",
        where="{place}",
        mend="Take another backup: of this one nothing was restored.",
        place=f"{file}: {name}" if name else file,
    )
