"""How this copy runs: for one person on this machine, or as a server (`palier.toml`)."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analysis.errors import DataError, some

# Names another file than the one beside the app.
VARIABLE = "PALIER_CONFIG"
FILE = "palier.toml"
# What the browser holds while it is logged in. By https it bears a prefix with which browsers take
# it from this very host alone (RFC 6265bis, 4.1.3.2): a neighbour under the same domain could else
# have everybody work in a login of its own.
COOKIE, _OF_HOST = "palier_session", "__Host-"
# Each setting may be given as PALIER_SERVER_STORE, PALIER_LOGIN_CLIENT_SECRET and so on.
_PREFIX = {"server": "PALIER_SERVER_", "login": "PALIER_LOGIN_"}
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_LEAST_SECRET = 32
_WHOLE = ("port", "session_hours", "upload_mb", "prepare_seconds")


def cookie_name(*, secure: bool) -> str:
    """Return the name of what the browser holds, by https or without."""
    return f"{_OF_HOST}{COOKIE}" if secure else COOKIE


@dataclass(frozen=True, slots=True)
class Login:
    """Who vouches for people: a provider of OpenID Connect.

    Attributes
    ----------
    metadata
        Its address ending in /.well-known/openid-configuration.
    client_id, client_secret
        What the provider knows this server by.
    cookie_secret
        Signs what the browser holds while it logs in; 32 characters or more, of this server only.
    """

    metadata: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    cookie_secret: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        """Tell whether anything of it is set."""
        return any(getattr(self, item.name) for item in fields(self))


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How this copy runs.

    Attributes
    ----------
    server
        False: one person, on this machine, without login.
    address
        Where people find it, such as https://palier.example.org.
    listen, port
        What it binds to; behind a proxy of the same machine 127.0.0.1.
    store
        URL of the PostgreSQL database; it holds a password and is never shown.
    workspaces
        Folder with one folder per campaign.
    hosts
        Names by which it may be asked for, besides that of `address`.
    session_hours
        How long a login holds.
    upload_mb
        Size of the largest file that may be brought through the browser.
    prepare_seconds
        At a start, how long it may work out what pages ask first before it answers; 0: not at all.
    login
        Who vouches for people.
    """

    server: bool = False
    address: str = ""
    listen: str = "127.0.0.1"
    port: int = 8501
    store: str = field(default="", repr=False)
    workspaces: str = ""
    hosts: tuple[str, ...] = ()
    session_hours: int = 12
    upload_mb: int = 200
    prepare_seconds: int = 20
    login: Login = field(default_factory=Login)

    @property
    def secure(self) -> bool:
        """Tell whether people reach it by https, so that cookies travel only so."""
        return urlsplit(self.address).scheme == "https"

    @property
    def cookie(self) -> str:
        """Return the name of what the browser holds while it is logged in."""
        return cookie_name(secure=self.secure)

    @property
    def secret(self) -> str:
        """Return what nobody but the server knows."""
        return self.login.cookie_secret

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Return the names, without port, by which it may be asked for."""
        named = urlsplit(self.address).hostname if self.server else None
        own = [named] if named else list(_LOCAL_HOSTS)
        return frozenset(name.lower() for name in (*own, *self.hosts))


def load(folder: Path, environ: Mapping[str, str]) -> ServerSettings:
    """Read `palier.toml` and the environment, which has the last word.

    Parameters
    ----------
    folder
        Where the file lies unless PALIER_CONFIG names another.
    environ
        The environment.

    Raises
    ------
    DataError
        When the file cannot be read, or a server would be open to anyone.
    """
    file = Path(environ.get(VARIABLE, "") or folder / FILE)
    told = _read(file) if file.is_file() or VARIABLE in environ else {}
    given = {part: dict(told.get(part, {})) for part in _PREFIX}
    for part, names in _names().items():
        for name in names:
            if (value := environ.get(_PREFIX[part] + name.upper())) is not None:
                given[part][name] = value
    if not given["server"] and not given["login"]:
        return ServerSettings()
    settings = _made(given, str(file))
    check(settings)
    return settings


def check(settings: ServerSettings) -> None:
    """Raise a `DataError` where a server would be open to anyone, or could not work."""
    if not settings.server:
        check_address(settings.listen, settings)
        return
    login = settings.login
    missing = [name for name in ("address", "store", "workspaces") if not getattr(settings, name)]
    missing += [f"login.{f.name}" for f in fields(login) if not getattr(login, f.name)]
    if missing:
        raise DataError(
            "The server does not start: it would not know who people are or where to keep things.",
            where="{missing}",
            mend="Write these into palier.toml or the environment; docs/server.md says how.",
            missing=some(missing),
        )
    _check_values(settings)


def check_address(listen: str, settings: ServerSettings) -> None:
    """Raise a `DataError` where a copy without login would answer other machines."""
    if settings.server or _is_local(listen):
        return
    raise DataError(
        "Without login the app answers this machine only: anyone else could read its disk.",
        where="{listen}",
        mend="Leave out the address, or configure a server with login: docs/server.md.",
        listen=listen or "0.0.0.0",  # noqa: S104 - what an empty address means
    )


def _is_local(listen: str) -> bool:
    if listen == "localhost":
        return True
    try:
        return ipaddress.ip_address(listen).is_loopback
    except ValueError:
        return False


def _check_values(settings: ServerSettings) -> None:
    found = urlsplit(settings.address)
    local = found.hostname in _LOCAL_HOSTS
    if found.scheme != "https" and not (found.scheme == "http" and local):
        raise _wrong("address", "https://palier.example.org")
    if found.path not in ("", "/") or not found.hostname:
        raise _wrong("address", "https://palier.example.org, without a path")
    if urlsplit(settings.store).scheme.split("+")[0] != "postgresql":
        raise _wrong("store", "postgresql://USER:PASSWORD@HOST/NAME")
    if len(settings.login.cookie_secret) < _LEAST_SECRET:
        raise _wrong("login.cookie_secret", "32 random characters or more")
    provider = urlsplit(settings.login.metadata)
    if provider.scheme != "https" and provider.hostname not in _LOCAL_HOSTS:
        raise _wrong("login.metadata", "https://…/.well-known/openid-configuration")


def _wrong(name: str, example: str) -> DataError:
    # The value stays out of it: it may hold a password.
    return DataError(
        "A setting of the server is not as it must be.",
        where="{name}",
        mend="Write {example}.",
        name=name,
        example=example,
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            "The settings of the server cannot be read.",
            where="{file}",
            mend="Mend the file, which is TOML; docs/server.md has one to copy.",
            file=file,
        ) from error


def _names() -> dict[str, list[str]]:
    """Return the settings of each part of the file."""
    own = [item.name for item in fields(ServerSettings) if item.name not in ("server", "login")]
    return {"server": own, "login": [item.name for item in fields(Login)]}


def _made(given: Mapping[str, dict[str, Any]], file: str) -> ServerSettings:
    known = {part: set(names) for part, names in _names().items()}
    unknown = [f"{part}.{name}" for part in known for name in {*given[part]} - known[part]]
    if unknown:
        raise DataError(
            "The settings of the server name what nobody knows.",
            where="{file}: {unknown}",
            mend="Correct or remove it; docs/server.md lists every setting.",
            file=file,
            unknown=some(unknown),
        )
    plain = {"server": True} | dict(given["server"])
    hosts = plain.get("hosts", ())
    plain["hosts"] = tuple(hosts.replace(",", " ").split() if isinstance(hosts, str) else hosts)
    try:
        for name in _WHOLE:
            if name in plain:
                plain[name] = int(plain[name])
        settings = ServerSettings(**plain)
        return replace(settings, login=Login(**given["login"]))
    except (TypeError, ValueError) as error:
        raise _wrong(", ".join(_WHOLE), "whole numbers") from error
