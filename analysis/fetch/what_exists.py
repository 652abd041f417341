"""What exists for a place: its files, how large they are, and which are on this machine already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from analysis.errors import DataError
from analysis.fetch import national_store
from analysis.fetch.catalogue import Catalogue, Source
from analysis.fetch.chosen_place import ChosenPlace
from analysis.fetch.redirects import open_client

# Long enough for a far publisher; without network the answer must come soon.
_PATIENCE = httpx.Timeout(5.0, connect=3.0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that is published for a place.

    Attributes
    ----------
    source
        Its entry in the catalogue, with the codes of the place.
    here
        Whether it is on this machine, in the shared store or the workspace.
    """

    source: Source
    here: bool


def offers_for(place: ChosenPlace, workspace: Path, catalogue: Catalogue) -> list[Offer]:
    """Return the files published for a place, in the order of the catalogue; asks nobody.

    Parameters
    ----------
    place
        As `chosen_place.choose` gives it.
    workspace
        Folder of the place.
    catalogue
        Where the files are published.

    Returns
    -------
    list of Offer
        Each file once, also where several parts of the place need it, and whether it is here.
    """
    sources: dict[tuple[str, str, str], Source] = {}
    for entry in catalogue.sources:
        for source in filter(None, map(entry.at, place.parts)):
            sources[source.id, source.file, source.member] = source
    return [Offer(source, _here(source, workspace)) for source in sources.values()]


def _here(source: Source, workspace: Path) -> bool:
    if source.keep == "cut":
        return national_store.kept_cut(source) is not None
    if source.keep:
        return national_store.shared_file(source).is_file()
    return (workspace / "downloads" / source.file).is_file()


def ask_sizes(urls: Iterable[tuple[str, ...]]) -> Mapping[str, int | None]:
    """Ask publishers how large their files are, all at the same time.

    Parameters
    ----------
    urls
        Addresses of each file; the first that answers counts.

    Returns
    -------
    dict
        First address → bytes, None where the publisher answers without a size. Files of which
        no address answers are absent.
    """
    wanted = list(urls)
    if not wanted:
        return {}
    with open_client(_PATIENCE) as client, ThreadPoolExecutor(len(wanted)) as threads:
        sizes = threads.map(lambda given: _size(client, given), wanted)
        answers = zip(wanted, sizes, strict=True)
        return {given[0]: size for given, (reached, size) in answers if reached}


def _size(client: httpx.Client, urls: tuple[str, ...]) -> tuple[bool, int | None]:
    for url in urls:
        try:
            response = client.head(url, headers={"Accept-Encoding": "identity"})
        except (httpx.RequestError, httpx.InvalidURL, DataError):
            continue
        # Some publishers refuse to be asked so, and send the file all the same.
        if response.is_success or response.status_code == httpx.codes.METHOD_NOT_ALLOWED:
            length = response.headers.get("content-length", "")
            return True, int(length) if response.is_success and length.isdecimal() else None
    return False, None
