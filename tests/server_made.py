"""A whole server for tests: PostgreSQL, a provider of logins, two campaigns, the app."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from analysis.access import invitations, membership
from analysis.access.rights import Grant
from analysis.workflows import server_access
from tests.browser import free_port, serve

# Invented: who logs in at the provider, and whether it knows their address.
PEOPLE = {
    "ada": ("Ada", "ada@left.example.org", True),
    "bob": ("Bob", "bob@right.example.org", True),
    "carol": ("Carol", "carol@left.example.org", True),
    "mallory": ("Mallory", "ada@left.example.org", False),
    "stranger": ("Stranger", "nobody@example.org", True),
}


@dataclass
class Made:
    """A server.

    Attributes
    ----------
    url
        Of the app.
    left, right
        Ids of its two campaigns: Ada runs the one and Carol analyses it, Bob runs the other.
    """

    url: str
    left: str
    right: str


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """Run a real provider of OpenID Connect; yield its address."""
    port = free_port()
    program = shutil.which("oidc-provider-mock", path=Path(sys.executable).parent)
    if program is None:
        import pytest

        pytest.skip("oidc-provider-mock is not installed")
    command = [program, "--port", str(port), "--require-nonce", "true"]
    for sub, (name, email, verified) in PEOPLE.items():
        claims = {"sub": sub, "name": name, "email": email, "email_verified": verified}
        command += ["--user-claims", json.dumps(claims)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/.well-known/openid-configuration")
        yield address
    finally:
        running.terminate()
        running.wait(10)


def _wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not come up")


def environment(store: str, workspaces: Path, *, issuer: str, port: int) -> dict[str, str]:
    """Return the settings of a server as environment variables."""
    return {
        "PALIER_SERVER_ADDRESS": f"http://127.0.0.1:{port}",
        "PALIER_SERVER_STORE": store,
        "PALIER_STORE": store,
        "PALIER_SERVER_WORKSPACES": str(workspaces),
        "PALIER_LOGIN_METADATA": f"{issuer}/.well-known/openid-configuration",
        "PALIER_LOGIN_CLIENT_ID": "palier",
        "PALIER_LOGIN_CLIENT_SECRET": "a secret of the tests",
        "PALIER_LOGIN_COOKIE_SECRET": "0123456789abcdef0123456789abcdef",
    }


@contextlib.contextmanager
def configured(settings: dict[str, str]) -> Iterator[None]:
    """Have this process see the settings, and forget them afterwards."""
    with mock.patch.dict(os.environ, settings):
        server_access.close()
        try:
            yield
        finally:
            server_access.close()
    server_access.settings.cache_clear()


def two_campaigns(place: Path) -> tuple[str, str]:
    """Enter two campaigns with a place each; invite the people of both."""
    ids = []
    for name, administrator in (
        ("Left", "ada@left.example.org"),
        ("Right", "bob@right.example.org"),
    ):
        ids.append(
            server_access.new_campaign(name, organisation="Federation", administrator=administrator)
        )
        folder = server_access.folder_of(ids[-1])
        shutil.copytree(place, folder / "valmont")
        shutil.copytree(place, folder / f"place-of-{name.lower()}")
    engine, given = server_access.engine(), Grant(ids[0], "analyst")
    email = "carol@left.example.org"
    invitations.invite_by_mail(engine, email, given, days=3, by=membership.NOBODY)
    return ids[0], ids[1]


@contextlib.contextmanager
def server(store: str, place: Path, folder: Path) -> Iterator[Made]:
    """Run the app as a server with two campaigns.

    Parameters
    ----------
    store
        URL of an empty database.
    place
        A workspace, copied for each campaign.
    folder
        Where the workspaces of the campaigns go.
    """
    port = free_port()
    with provider() as issuer:
        settings = environment(store, folder, issuer=issuer, port=port)
        # Nobody comes in hundreds here: what is asked is worked out when it is.
        settings["PALIER_SERVER_PREPARE_SECONDS"] = "0"
        with configured(settings):
            left, right = two_campaigns(place)
            with serve("serve.py", env=settings, port=port) as url:
                yield Made(url, left, right)
