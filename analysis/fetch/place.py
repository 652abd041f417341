"""All the files of a place, and the command that builds a workspace from them."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import DataError, Text, some
from analysis.fetch import faults
from analysis.fetch.catalogue import ROLES, Catalogue, Place, Source
from analysis.fetch.download import Downloaded, download
from analysis.fetch.download_progress import Progress, Silent
from analysis.fetch.redirects import open_client


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is now in the workspace's downloads.

    Attributes
    ----------
    source
        Its entry in the catalogue, with the codes of the place.
    path
        The file to read; of a zip, the member that was taken out.
    status
        `downloaded`, `resumed` or `unchanged`.
    url, sha256, bytes
        The address that gave it; digest and size of what was downloaded.
    """

    source: Source
    path: Path
    status: str
    url: str
    sha256: str
    bytes: int


def fetch(
    place: str,
    workspace: Path,
    *,
    catalogue: Catalogue,
    progress: Progress | None = None,
    without: Collection[str] = (),
) -> list[Fetched]:
    """Download the official files of a place into `<workspace>/downloads`.

    Parameters
    ----------
    place
        INSEE code of a commune or of a département.
    workspace
        Folder of the place; made if absent.
    catalogue
        Where the files are published.
    progress
        Told of each step.
    without
        Roles to leave out.

    Returns
    -------
    list of Fetched
        In the order of `ROLES`; a source that is not published for the place is left out and
        `progress` told.

    Raises
    ------
    DataError
        When the place does not exist, or at the first file that cannot be had; those before it,
        and what has arrived of it, are kept for the next time.
    """
    where, progress = Place.of(place), progress or Silent()
    if unknown := set(without) - set(ROLES):
        raise DataError(
            "There is no such role: {unknown}.",
            where="--without",
            mend="Choose among {roles}.",
            unknown=", ".join(sorted(unknown)),
            roles=", ".join(ROLES),
        )
    folder = workspace / "downloads"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise faults.disk(folder, error) from error
    fetched = []
    with open_client() as client:
        for entry in catalogue.sources:
            if entry.role in without:
                continue
            if (source := entry.at(where)) is None:
                progress.note(f"{entry.title['en']}: not published for {where.code}, left out")
                continue
            if not source.checked:
                progress.note(f"{source.title['en']}: this address was not confirmed")
            target = folder / source.file
            done = download(client, source, target, progress)
            fetched.append(_fetched(source, target, done))
    return fetched


def _fetched(source: Source, target: Path, done: Downloaded) -> Fetched:
    path = _take_out(source, target, done) if source.member else target
    origin = done.origin
    return Fetched(source, path, done.status, origin.url, origin.sha256, origin.bytes or 0)


def _take_out(source: Source, archive: Path, done: Downloaded) -> Path:
    """Take the wanted file out of a zip, unless it is there already."""
    path = archive.with_name(Path(source.member).name)
    aside = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(archive) as opened:
            inside = opened.namelist()
            names = [name for name in inside if Path(name).name == path.name]
            if not names:
                raise _not_inside(source, archive, inside)
            size = opened.getinfo(names[0]).file_size
            if done.status == "unchanged" and path.is_file() and path.stat().st_size == size:
                return path
            if size > (free := shutil.disk_usage(path.parent).free):
                raise faults.full(path, needed=size, free=free)
            with opened.open(names[0]) as packed, aside.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            os.replace(aside, path)
    except zipfile.BadZipFile as error:
        raise _not_inside(source, archive, []) from error
    except OSError as error:
        raise faults.disk(path, error) from error
    return path


def _not_inside(source: Source, archive: Path, inside: Sequence[str]) -> DataError:
    return DataError(
        "The archive does not hold {member}.",
        where="{archive}: {inside}",
        mend="Take the file out by hand (see {page}) and give it to `build`; "
        "or correct `member` in a copy of the catalogue and give it with "
        "--catalogue.",
        member=source.member,
        archive=archive,
        inside=some(inside) if inside else Text("not a readable zip file"),
        page=source.page,
    )
