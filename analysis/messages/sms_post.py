"""Text messages: written into a file for whoever sends them, or handed to a gateway over HTTP.

The gateway's shape: `POST URL` with JSON `{"id": …, "from": …, "to": "+336…", "text": …}` and
`Authorization: Bearer TOKEN`. 2xx: taken. 408, 425, 429 and 5xx: later. Any other: never to this
one. `id` is the same when the same message is handed over twice: a gateway that keeps ids sends it
once.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import httpx

from analysis.errors import DataError
from analysis.messages.smtp_post import RefusedError

# file:///FOLDER, or https://TOKEN@gateway.example.org/send?from=NAME
VARIABLE = "PALIER_SMS"
FILE = "texts.jsonl"
_PATIENCE_S = 20
_LATER = {408, 425, 429}
_TAKEN, _BROKEN = 300, 500


class FilePost:
    """Writes texts into a file, one line of JSON each: they are sent by another program."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self._file = folder / FILE
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Write a text down; see `smtp_post.Post`.

        Parameters
        ----------
        sender, to, content
            As in `smtp_post.Post`.
        """
        row = {"id": sender, "to": to, "text": content.decode()}
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        out = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(out, line)
        finally:
            os.close(out)

    def close(self) -> None:
        """Nothing is open between two texts."""


class GatewayPost:
    """Hands texts to a gateway over HTTP, with one connection that is kept."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Name the gateway; it is called when there is a text."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._url = urlunsplit((parts.scheme, host, parts.path, "", ""))
        self._from = sms_sender(url)
        head = {"Authorization": f"Bearer {unquote(parts.username or '')}"}
        self._client = httpx.Client(headers=head, timeout=_PATIENCE_S, transport=transport)

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Hand a text over; see `smtp_post.Post`.

        Parameters
        ----------
        sender, to, content
            As in `smtp_post.Post`.

        Raises
        ------
        RefusedError
            When the gateway does not take this one, for now or for ever.
        DataError
            When the gateway does not answer.
        """
        told = {"id": sender, "from": self._from, "to": to, "text": content.decode()}
        try:
            answer = self._client.post(self._url, json=told)
        except httpx.HTTPError as error:
            raise DataError(
                "The gateway of texts takes nothing at present: what waits will be tried again.",
                where="{kind}",
                mend="Check PALIER_SMS, the network, and the account at the gateway.",
                kind=type(error).__name__,
            ) from error
        code = answer.status_code
        if code >= _TAKEN:
            # What gateways say may name the person: of it only the code is kept.
            raise RefusedError(str(code), ever=code < _BROKEN and code not in _LATER)

    def close(self) -> None:
        """Say goodbye."""
        self._client.close()


def sms_sender(told: str) -> str:
    """Return the name or number that texts come from, as PALIER_SMS tells it; else ""."""
    return (parse_qs(urlsplit(told).query).get("from") or [""])[0]


def sms_post(told: str) -> FilePost | GatewayPost | None:
    """Return what takes texts away; None where nothing is configured.

    Raises
    ------
    DataError
        When the address is neither a folder nor a gateway by https.
    """
    if not told:
        return None
    parts = urlsplit(told)
    if parts.scheme == "file" and parts.path:
        return FilePost(Path(unquote(parts.path)))
    if parts.scheme == "https" and parts.hostname:
        return GatewayPost(told)
    raise DataError(
        "Texts cannot be sent by what is configured.",
        where=VARIABLE,
        mend="Write file:///FOLDER, or https://TOKEN@GATEWAY/PATH?from=NAME.",
    )
