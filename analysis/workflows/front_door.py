"""What every request passes before the app: by which name, from which page, with which login.

A page of another site can make a browser ask this machine (DNS rebinding, a foreign WebSocket):
the names by which the app may be asked for are listed, and what changes something must come from
its own pages. On a server, what is not open to all asks the store whether the login still holds.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analysis.access import file_tags
from analysis.access.rights import page_meant, route
from analysis.access.server_settings import ServerSettings, cookie_name
from analysis.workflows import health, server_access, server_log
from analysis.workflows.own_tiles import named_tiles, origin_of

# The one-person app waits for no library of databases.
if TYPE_CHECKING:
    from analysis.access.invitations import Claims
    from analysis.access.membership import Person

_CALLBACK, _LOGOUT, _STREAM = "/oauth2callback", "/auth/logout", "/_stcore/stream"
_SAFE = {"GET", "HEAD", "OPTIONS"}
# What browsers say of a request that a page of elsewhere began.
_OTHER_SITES = {"cross-site", "same-site"}
# A login is asked about at most this often on an open connection; each page run asks besides.
_ASK_AGAIN_S = 1.0
# Streamlit's pages need inline styles and scripts, and WebAssembly; base maps come by https, or
# from the server of images that was named.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:{tiles}; "
    "font-src 'self' data:; connect-src 'self' data: blob: https:{tiles}{sockets}; "
    "worker-src 'self' blob:; frame-src 'self' blob: data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
# Of the login, handed on to Streamlit, which gives a page only to who opened it.
LOGIN_HEADER = "x-palier-login"
# Reads, from the cookies an answer sets, what the provider of logins said.
ClaimsOf = Callable[[Iterable[str]], "Claims | None"]
# Says with which login an open page was opened; None for no such page.
LoginOf = Callable[[str], "str | None"]


@dataclass
class FrontDoor:
    """Middleware around the whole app.

    Attributes
    ----------
    app
        What is behind it.
    settings
        How this copy runs.
    claims_of
        Reads who logged in from the cookies that Streamlit sets.
    login_of
        Says with which login an open page was opened.
    provider_cookies
        How the names of those cookies begin: they are not handed on to the browser.
    """

    app: ASGIApp
    settings: ServerSettings
    claims_of: ClaimsOf
    login_of: LoginOf = lambda _page: None
    provider_cookies: str = "_streamlit_user"
    _policy: str = field(init=False, default="")
    _health: health.Health = field(init=False)

    def __post_init__(self) -> None:
        # Older browsers do not take a WebSocket of the same address for 'self'.
        scheme = "wss:" if self.settings.secure else "ws:"
        tiles = origin_of(named_tiles(os.environ)[0])
        self._policy = _POLICY.format(sockets=f" {scheme}", tiles=f" {tiles}" if tiles else "")
        self._health = health.Health(self.settings)
        server_access.DOOR.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(scope, receive, noted)
        except Exception as error:
            if not self.settings.server:
                raise
            # What it says may be about somebody: the log has its kind and place.
            server_log.failure(error, time.monotonic() - began)
            if not status:
                await _refuse(PlainTextResponse("This failed.", 500), scope, receive, noted)
        finally:
            if self.settings.server:
                server_log.request(scope, status, time.monotonic() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if scope["path"] == health.PATH and scope.get("method") in _SAFE:
            await (await self._health.answer())(scope, receive, send)
        elif refused := self._refused(scope, headers):
            await _refuse(refused, scope, receive, send)
        elif elsewhere := _elsewhere(scope, headers):
            await elsewhere(scope, receive, self._with_headers(send))
        elif self.settings.server:
            await self._on_server(scope, receive, send)
        else:
            await self.app(scope, receive, self._with_headers(send))

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not _one_host(headers) or _name(host) not in self.settings.allowed_hosts:
            return PlainTextResponse("This app is not known by this name.", 421)
        foreign = PlainTextResponse("This was asked for from a page of another site.", 403)
        # Streamlit's own link to log out is a GET, and a link elsewhere would bear the cookie too.
        if scope["path"] == _LOGOUT and headers.get("sec-fetch-site") in _OTHER_SITES:
            return foreign
        asks = scope["type"] == "websocket" or scope["method"] not in _SAFE
        origin = headers.get("origin")
        # A phone's page is a file, of no site at all: its file bears the token of its turf.
        if not asks or origin is None or scope["path"] == "/api/returns":
            return None
        if _site(origin) == host.lower() or self._is_own(origin):
            return None
        return foreign

    def _is_own(self, origin: str) -> bool:
        own = self.settings.address.rstrip("/")
        return bool(own) and origin.rstrip("/").lower() == own.lower()

    async def _on_server(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, token = scope["path"], cookie(Headers(scope=scope), self.settings.cookie)
        if refused := await self._closed_to(path, token):
            await _refuse(refused, scope, receive, send)
        elif scope["type"] == "websocket":
            watched = await _until_changed(receive, send, token)
            await self.app(_with_login(scope, token), watched, send)
        elif path == _CALLBACK:
            await self.app(scope, receive, self._logging_in(send))
        elif path == _LOGOUT:
            await run_in_threadpool(_log_out, token)
            await self.app(scope, receive, self._with_headers(send, forget=True))
        else:
            await self.app(scope, receive, self._with_headers(send))

    async def _closed_to(self, path: str, token: str) -> Response | None:
        """Return why a path is closed to a login; None where it is not."""
        # However it is written: with slashes twice, or steps up and down.
        path = "/" + posixpath.normpath(path).lstrip("/")
        kind = route(path)
        if kind == "closed":
            return PlainTextResponse("There is nothing here.", 404)
        if kind not in ("session", "campaign", "own"):
            return None
        person = await _who(token)
        if person is None:
            return PlainTextResponse("Log in first.", 401)
        name = path.rpartition("/")[2]
        if kind == "campaign" and not file_tags.may_fetch(self.settings.secret, person, name):
            return PlainTextResponse("There is nothing here.", 404)
        page = path.removeprefix("/_stcore/upload_file/").partition("/")[0]
        if kind == "own" and self.login_of(page) != token:
            return PlainTextResponse("This page is not yours.", 403)
        return None

    def _with_headers(self, send: Send, *, forget: bool = False) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", self._policy)
                headers.setdefault("X-Frame-Options", "SAMEORIGIN")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                if self.settings.secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                if forget:
                    headers.append("Set-Cookie", cookie_header("", 0, secure=self.settings.secure))
            await send(message)

        return sent

    def _logging_in(self, send: Send) -> Send:
        """Put our login in the place of the provider's cookies, which nobody could revoke."""
        onward = self._with_headers(send)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                cookies = headers.getlist("set-cookie")
                ours = [one for one in cookies if not one.startswith(self.provider_cookies)]
                claims = self.claims_of(cookies)
                if claims is not None:
                    del headers["set-cookie"]
                    for one in ours:
                        headers.append("Set-Cookie", one)
                    await self._answer_login(headers, claims)
            await onward(message)

        return sent

    async def _answer_login(self, headers: MutableHeaders, claims: Claims) -> None:
        hours = self.settings.session_hours
        token = await run_in_threadpool(_log_in, claims, hours)
        if token is None:
            headers["Location"] = "/?login=unknown"
            return
        seconds = int(hours * 3600)
        headers.append("Set-Cookie", cookie_header(token, seconds, secure=self.settings.secure))


def _elsewhere(scope: Scope, headers: Headers) -> Response | None:
    """Lead a reader from an address of several parts to the page meant, or to none.

    Streamlit would give its page there, which looks for its own files beside it and stays blank.
    """
    asks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    if not asks or "text/html" not in headers.get("accept", ""):
        return None
    path = scope["path"].rstrip("/")
    if not (page := page_meant(path)):
        return None
    # Step by step, for a proxy may put something before all of our addresses.
    up = "../" * (scope["path"].count("/") - 1)
    query = scope["query_string"].decode("latin-1")
    kept = f"?{query}" if query else ""
    return Response(status_code=303, headers={"Location": f"{up}{page}{kept}"})


def cookie(headers: Headers, name: str) -> str:
    """Return the secret of the login that a request bears under a name; "" for none."""
    jar = SimpleCookie()
    for line in headers.getlist("cookie"):
        try:
            jar.load(line)
        except CookieError:
            continue
    found = jar.get(name)
    return found.value if found else ""


def cookie_header(token: str, seconds: int, *, secure: bool) -> str:
    """Return what makes a browser keep a login, or forget it after 0 seconds.

    Parameters
    ----------
    token
        The secret.
    seconds
        How long.
    secure
        Whether it travels by https only.

    Returns
    -------
    str
        Value of a `Set-Cookie` header; no script of a page can read the cookie.
    """
    only = "; Secure" if secure else ""
    kept = f"; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{only}"
    return f"{cookie_name(secure=secure)}={token}{kept}"


def _with_login(scope: Scope, token: str) -> Scope:
    """Tell Streamlit whose the page is: another login that names it gets a page of its own."""
    name = LOGIN_HEADER.encode()
    kept = [pair for pair in scope["headers"] if pair[0] != name]
    whose = hashlib.sha256(token.encode()).hexdigest().encode()
    return {**scope, "headers": [*kept, (name, whose)]}


async def _who(token: str) -> Person | None:
    if not token:
        return None
    return await run_in_threadpool(_asked, token)


def _asked(token: str) -> Person | None:
    from analysis.access import sessions

    return sessions.who(server_access.engine(), token)


def _log_in(claims: Claims, hours: float) -> str | None:
    from analysis.access import invitations

    return invitations.log_in(server_access.engine(), claims, hours=hours)


def _log_out(token: str) -> None:
    from analysis.access import sessions

    sessions.end(server_access.engine(), token)


async def _until_changed(receive: Receive, send: Send, token: str) -> Receive:
    """Pass on what the browser says until the login ends or its rights are others.

    What a browser asks for with a click is done before the page runs: it would come too late to
    ask there.
    """
    first, asked = await _who(token), time.monotonic()

    async def received() -> Message:
        nonlocal asked
        message = await receive()
        due = first is not None and time.monotonic() - asked >= _ASK_AGAIN_S
        if message["type"] == "websocket.receive" and due:
            if await _who(token) != first:
                await send({"type": "websocket.close", "code": 1012})
                return {"type": "websocket.disconnect", "code": 1012}
            asked = time.monotonic()
        return message

    return received


def _one_host(headers: Headers) -> bool:
    return len(headers.getlist("host")) == 1


def _site(origin: str) -> str:
    """Return host and port of an origin; "" for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """Return the name of a host without its port; "" for what is none."""
    try:
        found = urlsplit(f"//{host}")
        _port = found.port  # a port that is no number is an error
    except ValueError:
        return ""
    whole = not (found.path or found.query or found.fragment or found.username or found.password)
    return (found.hostname or "").rstrip(".") if whole else ""


async def _refuse(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(scope, receive, send)
        return
    await receive()  # its opening; closed before it is accepted, the browser reads 403
    await send({"type": "websocket.close", "code": 1008})
