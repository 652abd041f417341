"""Tests of what every request passes: by which name, from which page, with which login."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from analysis.access import audit, file_tags, sessions
from analysis.access.invitations import Claims, invite_by_mail
from analysis.access.rights import Grant
from analysis.access.server_settings import Login, ServerSettings
from analysis.workflows import front_door, server_access
from analysis.workflows.front_door import FrontDoor

LOCAL = ServerSettings()
SERVER = ServerSettings(server=True, address="https://palier.example.org", login=Login("m"))


def _answer(_request):
    return PlainTextResponse("inside")


def _log_in(_request):
    answer = PlainTextResponse("in", headers={"Location": "/"})
    answer.set_cookie("_streamlit_user", "claims")
    answer.set_cookie("other", "kept")
    return answer


async def _stream(websocket):
    await websocket.accept()
    while True:
        await websocket.send_text("heard " + await websocket.receive_text())


ROUTES = [
    Route("/oauth2callback", _log_in),
    WebSocketRoute("/_stcore/stream", _stream),
    Route("/{path:path}", _answer, methods=["GET", "POST", "PUT", "DELETE"]),
]


def door(settings, claims=None, opened=None):
    app = Starlette(routes=ROUTES)
    known = opened or {}
    return FrontDoor(app, settings, lambda cookies: claims if any(cookies) else None, known.get)


def ask(app, path="/", method="GET", **headers):
    async def asked():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=named)

    return asyncio.run(asked())


def converse(app, headers, said):
    """Return what a browser hears that opens a WebSocket and says some words; a call is made."""
    heard, words = [], iter([None, *said])

    async def receive():
        word = next(words, "")
        while callable(word):
            await asyncio.to_thread(word)
            word = next(words, "")
        if word is None:
            return {"type": "websocket.connect"}
        if not word:
            return {"type": "websocket.disconnect", "code": 1000}
        return {"type": "websocket.receive", "text": word}

    async def send(message):
        heard.append(message.get("text") or message["type"])

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": given, "subprotocols": []}
    scope |= {"query_string": b"", "root_path": "", "scheme": "ws"}

    async def go():
        with contextlib.suppress(WebSocketDisconnect):
            await app(scope, receive, send)

    asyncio.run(go())
    return heard


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/old/guides?place=x", "/guides?place=x"),
        ("/guides/x", "/no_page"),
        ("/priorites/foo/?lang=en", "/no_page?lang=en"),
        ("//example.org/x", "/no_page"),
        ("/a/b/c/x", "/no_page"),
        ("/guides", ""),
        ("/static/js/index.js", ""),
        ("/p/list/c/secret", ""),
    ],
)
def test_an_address_of_several_parts_leads_to_its_page_or_to_none(path, to):
    for settings, host in ((LOCAL, "localhost"), (SERVER, "palier.example.org")):
        answer = ask(door(settings), f"http://localhost{path}", accept="text/html,*/*", host=host)
        assert answer.status_code == (303 if to else 200)
        where = urljoin(f"http://localhost{path}", answer.headers.get("location", ""))
        assert not to or where == f"http://localhost{to}"
    # What a page loads is no address that somebody typed.
    assert ask(door(LOCAL), f"http://localhost{path}", accept="*/*").text == "inside"


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "[::1]:8501", "LOCALHOST"])
def test_this_machine_is_known_by_these_names(host):
    assert ask(door(LOCAL), host=host).text == "inside"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "localhost:x"]
    + ["evil.example@localhost", "localhost/../evil", "192.168.0.1:8501"],
)
def test_another_name_is_another_s_page_that_was_pointed_here(host):
    assert ask(door(LOCAL), host=host).status_code == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:9999", "http://127.0.0.1"]
    + ["http://[", "http://[::1", "http://localhost:8501]"],
)
def test_what_changes_something_comes_from_our_own_pages(method, origin):
    app = door(LOCAL)
    refused = ask(app, method=method, host="localhost:8501", origin=origin)
    assert refused.status_code == 403
    own = ask(app, method=method, host="localhost:8501", origin="http://localhost:8501")
    assert own.status_code == 200


def test_a_phone_s_page_is_a_file_and_may_post_its_returns():
    assert ask(door(LOCAL), "/api/returns", "POST", origin="null").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"host": "localhost", "origin": "http://evil.example"}],
)
def test_a_foreign_websocket_is_refused_before_it_is_accepted(headers):
    assert converse(door(LOCAL), headers, ["one"]) == ["websocket.close"]
    own = {"host": "localhost", "origin": "http://localhost"}
    assert converse(door(LOCAL), own, ["one"])[:2] == ["websocket.accept", "heard one"]


def test_no_page_is_framed_and_none_loads_programs_from_elsewhere():
    found = ask(door(LOCAL)).headers
    assert found["x-frame-options"] == "SAMEORIGIN"
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] == "same-origin"
    policy = dict(
        part.strip().split(" ", 1) for part in found["content-security-policy"].split(";")
    )
    assert policy["frame-ancestors"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert "http" not in policy["script-src"]
    assert "strict-transport-security" not in found


def test_images_may_come_from_the_server_that_was_named(monkeypatch):
    def asked_of(app):
        policy = ask(app).headers["content-security-policy"].split("; ")
        return [part for part in policy if "http://tiles.local:8080" in part.split()]

    assert asked_of(door(LOCAL)) == []
    monkeypatch.setenv("PALIER_TILES", "http://tiles.local:8080/{z}/{x}/{y}.png|© Town")
    assert [part.split()[0] for part in asked_of(door(LOCAL))] == ["img-src", "connect-src"]


@pytest.fixture
def store(server, monkeypatch):
    """Open a server's store, which the front door asks."""
    from analysis.database.engine import connect

    url = server.migrated()
    opened = connect(url)
    monkeypatch.setattr(server_access, "engine", lambda: opened)
    yield opened
    opened.dispose()
    server.drop(url)


def come_in(store, subject="ada"):
    """Log in as somebody who was invited; return the cookie."""
    email = f"{subject}@example.org"
    invite_by_mail(store, email, Grant("ours", "analyst"), days=1, by="x")
    claims = Claims("https://login.invalid", subject, "Ada", email, email_verified=True)
    answer = ask(door(SERVER, claims), "/oauth2callback", host="palier.example.org")
    return answer.headers.get_list("set-cookie"), answer


def test_the_provider_s_cookie_is_exchanged_for_one_that_can_be_ended(store):
    cookies, answer = come_in(store)
    names = [one.split("=")[0] for one in cookies]
    # Browsers take a name of this beginning from no other host (RFC 6265bis).
    assert names == ["other", "__Host-palier_session"]
    assert "Domain" not in cookies[1]
    assert all(word in cookies[1] for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/"))
    assert answer.headers["strict-transport-security"]


def test_who_was_not_invited_gets_no_login(store):
    claims = Claims("https://login.invalid", "eve", "Eve", "eve@example.org", email_verified=True)
    answer = ask(door(SERVER, claims), "/oauth2callback", host="palier.example.org")
    assert answer.headers["location"] == "/?login=unknown"
    assert [c.split("=")[0] for c in answer.headers.get_list("set-cookie")] == ["other"]


OURS, THEIRS = (file_tags.tag(SERVER.secret, campaign) for campaign in ("ours", "theirs"))


@pytest.mark.parametrize(
    ("path", "others"),
    [
        (f"/media/{OURS}-x.csv", [f"/media/{THEIRS}-x.csv", "/media/x.csv", "/media/-x.csv"]),
        (f"/app/static/geometry/{OURS}-x", [f"/app/static/geometry/{THEIRS}-x"]),
        ("/_stcore/upload_file/mine/b", ["/_stcore/upload_file/a/b", "/_stcore/upload_file/"]),
        ("/_stcore/other", ["/_stcore/metrics", "/_stcore/agent/mcp"]),
    ],
)
def test_files_ask_for_a_login_that_still_holds_and_of_whom_they_are(store, path, others):
    cookies, _ = come_in(store)
    held = cookies[1].split(";")[0]
    app, host = door(SERVER, opened={"mine": held.split("=", 1)[1]}), "palier.example.org"
    assert ask(app, path, host=host).status_code == 401
    assert ask(app, path, host=host, cookie=f"{SERVER.cookie}=guess").status_code == 401
    # Under the bare name a neighbour of the same domain may set what it likes.
    planted = f"palier_session={held.split('=', 1)[1]}"
    assert ask(app, path, host=host, cookie=planted).status_code == 401
    assert ask(app, path, host=host, cookie=held).text == "inside"
    assert {ask(app, one, host=host, cookie=held).status_code for one in others} <= {403, 404}
    # A page of another site leads the browser there, and its cookie comes along.
    for site in ("cross-site", "same-site"):
        led = ask(app, "/auth/logout", host=host, cookie=held, **{"sec-fetch-site": site})
        assert (led.status_code, "set-cookie" in led.headers) == (403, False)
        assert ask(app, path, host=host, cookie=held).text == "inside"
    out = ask(app, "/auth/logout", host=host, cookie=held, **{"sec-fetch-site": "same-origin"})
    assert "Max-Age=0" in out.headers["set-cookie"]
    # A copy of it opens nothing any more.
    assert ask(app, path, host=host, cookie=held).status_code == 401


def test_an_open_connection_is_closed_when_the_login_is_ended(store, monkeypatch):
    monkeypatch.setattr(front_door, "_ASK_AGAIN_S", 0)
    cookies, _ = come_in(store)
    held = cookies[1].split(";")[0]
    headers = {"host": "palier.example.org", "origin": SERVER.address, "cookie": held}
    ended = partial(sessions.end, store, held.split("=", 1)[1])
    heard = converse(door(SERVER), headers, ["one", ended, "two", "three"])
    assert heard[:3] == ["websocket.accept", "heard one", "websocket.close"]
    assert not any("two" in one or "three" in one for one in heard)


def test_nothing_of_a_request_is_in_the_audit_but_what_was_done(store):
    from analysis.database.engine import of_tenant

    come_in(store)
    told = str(audit.entries(of_tenant(store, "ours")))
    assert "example.org" not in told
    assert "Ada" not in told
