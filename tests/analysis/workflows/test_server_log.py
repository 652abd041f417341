"""Tests that the log of a server says what happened and tells of nobody, and of its health."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from analysis.access.rights import route
from analysis.access.server_settings import Login, ServerSettings
from analysis.workflows import health, server_access
from analysis.workflows.front_door import FrontDoor
from analysis.workflows.phone_endpoint import receive_returns
from tests.analysis.fieldwork.made_returns import attempt, phone_bytes, turfs

SECRETS = [
    *("Jeanne-Planted", "jeanne%40planted.example", "jeanne@planted.example", "0612345678"),
    *("TOKEN-PLANTED-1", "QUERY-PLANTED-2", "COOKIE-PLANTED-3", "REMARK-PLANTED-4"),
]
KEYS = {"time", "level", "event", "duration_ms"}


@pytest.fixture
def made(server, tmp_path, monkeypatch):
    """Give the settings of a server with an empty store."""
    settings = ServerSettings(
        server=True,
        address="https://palier.example.org",
        store=server.migrated(),
        workspaces=str(tmp_path),
        login=Login("m"),
    )
    monkeypatch.setattr(server_access, "settings", lambda: settings)
    yield settings
    with server_access._opening:
        for opened in server_access._opened.values():
            opened.dispose()
        server_access._opened.clear()


def _fails(request):
    raise RuntimeError(f"{request.url} of Jeanne-Planted, REMARK-PLANTED-4")


def ask(settings, *asked, workspaces=None):
    """Ask a server; return what it answers."""

    async def returns(request):
        return await receive_returns(request, workspaces)

    async def all_asked():
        routes = [Route("/api/returns", returns, methods=["POST"]), Route("/fails", _fails)]
        routes.append(
            Route("/{p:path}", lambda _r: PlainTextResponse("in"), methods=["GET", "POST"])
        )
        app = FrontDoor(Starlette(routes=routes), settings, lambda _cookies: None)
        # The app's own answer to an error is given, and the error is raised on: as uvicorn has it.
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        base = "http://palier.example.org"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return [await client.request(*one[:2], **(one[2] if one[2:] else {})) for one in asked]

    return asyncio.run(all_asked())


def lines(capfd):
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_planted_secrets_are_in_no_line(made, tmp_path, capfd):
    from analysis.fieldwork import field_plan
    from analysis.fieldwork.store import open_store

    (tmp_path / "lyon").mkdir()
    store = open_store(tmp_path / "lyon")
    field_plan.register(store.engine, turfs())
    content = phone_bytes(store.campaign, [attempt(note="REMARK-PLANTED-4 Mme Jeanne-Planted")])
    token = json.loads(content)["token"]
    store.engine.dispose()
    headers = {
        "Cookie": "palier_session=COOKIE-PLANTED-3",
        "User-Agent": "Jeanne-Planted",
        "Referer": "https://x.example/?t=TOKEN-PLANTED-1",
        "X-Forwarded-For": "jeanne@planted.example",
    }
    answers = ask(
        made,
        ("GET", "/data?email=jeanne%40planted.example&q=QUERY-PLANTED-2", {"headers": headers}),
        ("GET", "/t/Jeanne-Planted/0612345678"),
        ("POST", "/t/lyon/T1", {"content": b"TOKEN-PLANTED-1"}),
        ("GET", "/Jeanne-Planted/REMARK-PLANTED-4"),
        ("JEANNE-PLANTED", "/healthz/0612345678"),
        ("GET", "/media/TOKEN-PLANTED-1.csv", {"headers": headers}),
        ("GET", "/fails?q=QUERY-PLANTED-2"),
        ("POST", "/api/returns", {"content": content}),
        ("POST", "/api/returns", {"content": content.replace(token.encode(), b"TOKEN-PLANTED-1")}),
        ("POST", "/api/returns?lang=Jeanne-Planted", {"content": b"0612345678"}),
        workspaces=tmp_path,
    )
    written = capfd.readouterr().err
    assert [word for word in [*SECRETS, token] if word.lower() in written.lower()] == []
    told = [json.loads(line) for line in written.splitlines()]
    asked = [one for one in told if one["event"] == "request"]
    assert [one["status"] for one in asked] == [one.status_code for one in answers]
    assert [one["route"] for one in asked][:2] == ["page", "/t"]
    assert asked[4]["method"] == "other"
    assert all(one.keys() >= KEYS for one in told)
    imported = [one for one in told if one["event"] == "import"]
    assert [(one["campaign"], one["new"]) for one in imported] == [(store.campaign.campaign_id, 1)]
    failed = [one for one in told if one["event"] == "error"]
    assert (
        failed[0].items() >= {"kind": "RuntimeError", "level": "error", "module": __name__}.items()
    )


def test_an_error_answers_500_and_says_nothing(made, capfd):
    answer = ask(made, ("GET", "/fails?q=QUERY-PLANTED-2"))[0]
    assert answer.status_code == 500
    assert "PLANTED" not in answer.text
    assert [one["event"] for one in lines(capfd)] == ["error", "request"]


def test_the_app_of_one_person_is_silent(capfd):
    local = ServerSettings(hosts=("palier.example.org",))
    assert [one.status_code for one in ask(local, ("GET", "/"), ("GET", "/healthz"))] == [200, 200]
    assert not capfd.readouterr().err


def test_health_is_open_by_any_name_and_says_one_word(made):
    assert route("/healthz") == "open"
    found = ask(made, ("GET", "/healthz", {"headers": {"Host": "127.0.0.1:8501"}}))[0]
    assert (found.status_code, found.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("fault", ["no store", "no folder", "old tables"])
def test_health_is_503_when_the_store_does_not_answer(fault, made, tmp_path, monkeypatch):
    server_access.engine()
    if fault == "no store":
        made = replace(made, store="postgresql://nobody:PASSWORD-PLANTED@127.0.0.1:1/none")
    elif fault == "no folder":
        made = replace(made, workspaces=str(tmp_path / "gone"))
    else:
        monkeypatch.setattr("analysis.database.migrate.revision_of", lambda _connection: "0001")
    monkeypatch.setattr(server_access, "settings", lambda: made)
    found = ask(made, ("GET", "/healthz"))[0]
    assert (found.status_code, found.json()) == (503, {"status": "unavailable"})


def test_health_asks_the_store_once_in_a_second_and_does_not_wait_for_ever(made, monkeypatch):
    asked = []

    async def slow(_question):
        asked.append(1)
        await asyncio.sleep(30)

    monkeypatch.setattr(health, "run_in_threadpool", slow)
    monkeypatch.setattr(health, "_PATIENCE_S", 0.05)
    found = ask(made, *[("GET", "/healthz")] * 5)
    assert {one.status_code for one in found} == {503}
    assert len(asked) == 1
