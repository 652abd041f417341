"""All the files of a place, and the command that builds a workspace from them."""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from analysis.errors import DataError, Text, some
from analysis.fetch import faults, national_store
from analysis.fetch.catalogue import ROLES, Catalogue, Source
from analysis.fetch.chosen_place import ChosenPlace, choose
from analysis.fetch.cutting import holds
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


def fetch(  # noqa: PLR0913 - what to leave out and what to add are the user's
    place: str | ChosenPlace,
    workspace: Path,
    *,
    catalogue: Catalogue,
    progress: Progress | None = None,
    without: Collection[str] = (),
    also: Collection[str] = (),
) -> list[Fetched]:
    """Download the official files of a place into `<workspace>/downloads`.

    National files are cut by département into the shared store once; the workspace gets the
    départements of the place. Where no contours are published for it, the addresses of the
    electoral roll, which they can be made from, are fetched instead.

    Parameters
    ----------
    place
        Name or code of a commune, département, region or EPCI.
    workspace
        Folder of the place; made if absent.
    catalogue
        Where the files are published.
    progress
        Told of each step.
    without
        Roles to leave out.
    also
        Roles to fetch that are fetched only when asked for.

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
    where = place if isinstance(place, ChosenPlace) else choose(place)
    progress = progress or Silent()
    _check_roles("--without", without)
    _check_roles("--with", also)
    folder = workspace / "downloads"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise faults.disk(folder, error) from error
    for note in where.notes:
        progress.note(note)
    fetched: list[Fetched] = []
    with open_client() as client:
        fetching = _Fetching(client, where, folder, progress)
        for entry in catalogue.sources:
            undrawn = "contours" not in {"", *without, *(f.source.role for f in fetched)}
            if entry.role in without:
                continue
            if entry.asked_only and entry.role not in also and not undrawn:
                continue
            fetched += fetching.get_if_possible(entry) if entry.may_fail else fetching.get(entry)
    return fetched


def _check_roles(option: str, roles: Collection[str]) -> None:
    if unknown := set(roles) - set(ROLES):
        raise DataError(
            "There is no such role: {unknown}.",
            where=option,
            mend="Choose among {roles}.",
            unknown=", ".join(sorted(unknown)),
            roles=", ".join(ROLES),
        )


@dataclass(frozen=True, slots=True)
class _Fetching:
    """One place being fetched."""

    client: httpx.Client
    where: ChosenPlace
    folder: Path
    progress: Progress

    def get(self, entry: Source) -> list[Fetched]:
        """Get one source of the catalogue: none, one file, or those of its départements as one."""
        found = (entry.at(part) for part in self.where.parts)
        # Squares of many départements are one file.
        sources = list({(s.file, s.member): s for s in found if s is not None}.values())
        if not sources:
            self._not_published(entry)
            return []
        if not entry.checked:
            self.progress.note(
                Text("{title}: this address was not confirmed", title=entry.title["en"])
            )
        if entry.keep == "cut":
            return self._piece(sources[0])
        files = [self._file(source) for source in sources]
        return files if len(files) == 1 else [_as_one(files, self.folder)]

    def get_if_possible(self, entry: Source) -> list[Fetched]:
        """Get a source; none, and a word about it, where it cannot be had."""
        try:
            return self.get(entry)
        except DataError as error:
            self.progress.note(
                Text("{title}: left out. {what}", title=entry.title["en"], what=error.what)
            )
            return []

    def _not_published(self, entry: Source) -> None:
        self.progress.note(
            Text(
                "{title}: not published for {place}, left out",
                title=entry.title["en"],
                place=self.where.name,
            )
        )

    def _file(self, source: Source) -> Fetched:
        if not source.keep:
            target = self.folder / source.file
            return _fetched(source, target, download(self.client, source, target, self.progress))
        target = national_store.shared_file(source)
        with national_store.alone(source, self.progress):
            target.parent.mkdir(parents=True, exist_ok=True)
            done = download(self.client, source, target, self.progress)
            return _fetched(source, target, done)

    def _piece(self, source: Source) -> list[Fetched]:
        """Bring the cut of a national file up to date, and take the place's départements."""
        with national_store.alone(source, self.progress):
            cut, status = self._cut(source)
            target = self.folder / Path(source.file).with_suffix(".parquet").name
            here = national_store.write_piece(cut, self.where.departments, target)
        if not here or (source.role == "contours" and not holds(target, self.where.codes)):
            self._not_published(source)
            return []
        origin = cut.origin
        return [Fetched(source, target, status, origin.url, origin.sha256, origin.bytes or 0)]

    def _cut(self, source: Source) -> tuple[national_store.Cut, str]:
        kept, file = national_store.kept_cut(source), national_store.incoming(source)
        known = kept.origin if kept else None
        done = download(self.client, source, file, self.progress, known=known)
        if kept and done.origin == kept.origin:
            return kept, done.status
        self.progress.note(
            Text("{file}: cut by département, once for all places", file=source.file)
        )
        return national_store.keep_cut(source, file, done.origin, self.progress), done.status


def _fetched(source: Source, target: Path, done: Downloaded) -> Fetched:
    path = _take_out(source, target, done) if source.member else target
    origin = done.origin
    return Fetched(source, path, done.status, origin.url, origin.sha256, origin.bytes or 0)


def _as_one(files: Sequence[Fetched], folder: Path) -> Fetched:
    """Put the files of several départements together: delimited text, gzipped, of one header."""
    first = files[0]
    if not all(file.path.name.endswith(".csv.gz") for file in files):
        raise DataError(
            "These files cannot be put together: {files}.",
            mend="Fetch one département at a time, and give `build` its file.",
            files=some(file.path.name for file in files),
        )
    target = folder / f"{first.source.role}.csv.gz"
    aside = target.with_name(target.name + ".part")
    try:
        # Level 1: it is read once or twice.
        with gzip.open(aside, "wb", compresslevel=1) as whole:
            for n, file in enumerate(files):
                with gzip.open(file.path, "rb") as part:
                    header = part.readline()
                    whole.write(b"" if n else header)
                    shutil.copyfileobj(part, whole, 1 << 20)
        os.replace(aside, target)
    except (OSError, EOFError) as error:
        raise faults.disk(target, OSError(str(error))) from error
    return replace(first, path=target, bytes=sum(file.bytes for file in files))


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
