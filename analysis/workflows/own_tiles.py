"""Which server of map images an organisation named itself, for pages and the front door."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from analysis.errors import DataError

# `URL with {z} {x} {y}|whom to credit`; `off` for no images.
VARIABLE = "PALIER_TILES"
OFF = "off"
_PLACES = ("{z}", "{x}", "{y}")


def named_tiles(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return which server of images was named.

    Parameters
    ----------
    environ
        The environment.

    Returns
    -------
    tuple of str
        Its address with `{z}`, `{x}` and `{y}`, and whom to credit, its host where nobody is
        named; ("", "") where no server is named, ("off", "") where none is to be asked.

    Raises
    ------
    DataError
        When what is named is not the address of images.
    """
    told = environ.get(VARIABLE, "").strip()
    if told in {"", OFF}:
        return told, ""
    url, _bar, credit = (part.strip() for part in told.partition("|"))
    host = _host(url)
    if not host or not all(part in url for part in _PLACES):
        raise DataError(
            "The server of map images that was named cannot be asked.",
            where="{variable}: {url}",
            mend="Write {example}, or off for no images.",
            variable=VARIABLE,
            url=url,
            example="https://tiles.example.org/{z}/{x}/{y}.png|© Tiles",
        )
    return url, credit or host


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address, as a policy of browsers names them."""
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}" if found.netloc else ""


def _host(url: str) -> str:
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return ""
    # What stands in a policy of browsers must end where the address does.
    plain = not set(found.netloc) & set("{};, '\"")
    web = found.scheme in {"http", "https"} and port != 0 and plain
    return found.hostname or "" if web else ""
