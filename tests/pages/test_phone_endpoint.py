"""POST /api/returns: phones that send by themselves."""

import asyncio
import json
from functools import partial

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.fieldwork import progress
from analysis.workflows import phone_endpoint as endpoint
from tests.pages.field_made import campaign_in, outing

SOME = 20


@pytest.fixture(scope="module")
def field(places):
    made = campaign_in(places, "terrain_reseau")
    yield made
    made.store.engine.dispose()


@pytest.fixture
def post(places, monkeypatch):
    """Return what posts to the endpoint."""
    monkeypatch.setattr(endpoint, "_stores", {})
    path = "/api/returns"
    takes = partial(endpoint.receive_returns, workspaces=places.folder)
    route = Route(path, takes, methods=["POST", "OPTIONS"])
    transport = httpx.ASGITransport(app=Starlette(routes=[route]))

    async def ask(method, content, asked):
        async with httpx.AsyncClient(transport=transport, base_url="http://palier") as client:
            return await client.request(method, path, content=content, **asked)

    yield lambda content=b"", method="POST", **asked: asyncio.run(ask(method, content, asked))
    for store in endpoint._stores.values():
        store.engine.dispose()


def test_returns_are_counted_once(post, field):
    content = outing(field, "T0001", day=0)
    first, second = post(content), post(content)
    assert (first.status_code, first.json()["new"]) == (200, SOME)
    assert second.json() == {"new": 0, "repeated": SOME, "conflicts": 0, "turfs": ["T0001"]}
    assert progress.totals(field.store).doors == SOME


def changed(field, **more):
    return json.dumps(json.loads(outing(field, "T0002", day=0)) | more).encode()


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"token": "a" * 24}, 422),
        ({"campaign_id": "another"}, 404),
        ({"campaign_id": "../../etc"}, 404),
        ({"phone": "06 12 34 56 78"}, 422),
        ({"checksum": "00000000"}, 422),
    ],
)
def test_wrong_returns_leave_no_trace(post, field, more, status):
    before = progress.totals(field.store)
    answer = post(changed(field, **more))
    assert answer.status_code == status
    assert answer.json()["error"]
    assert answer.json()["mend"]
    assert str(field.place.path) not in answer.text
    assert progress.totals(field.store) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_file_of_returns_is_refused(post, content):
    assert post(content).status_code == 400


def test_a_file_too_large_is_not_read(post, monkeypatch):
    monkeypatch.setattr(endpoint, "MOST_BYTES", 100)
    assert post(b"x" * 101).status_code == 413


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({}, "fr"),
        ({"headers": {"Accept-Language": "de"}}, "fr"),
        ({"headers": {"Accept-Language": "en-GB,en;q=0.9,fr;q=0.5"}}, "en"),
        ({"headers": {"Accept-Language": "en;q=0.4, fr;q=0.8"}}, "fr"),
        ({"headers": {"Accept-Language": "en;q=much,;;"}}, "fr"),
        ({"params": {"lang": "en"}, "headers": {"Accept-Language": "fr"}}, "en"),
        ({"params": {"lang": "xx"}}, "fr"),
    ],
)
def test_what_is_wrong_is_told_in_the_language_asked_for(post, field, asked, language):
    wrong, cut = post(changed(field, token="a" * 24), **asked).json(), post(b"{}", **asked).json()
    if language == "fr":
        assert cut["error"] == "Ce n’est pas un fichier de retours."
        assert "jeton" in wrong["error"]
        assert wrong["where"].endswith("secteur T0002")
    else:
        assert cut["error"] == "This is no file of returns."
        assert "token" in wrong["error"]
        assert wrong["where"].endswith("turf T0002")


def test_a_browser_may_ask_first(post):
    answer = post(method="OPTIONS")
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
