"""POST /api/returns: phones that send by themselves."""

import asyncio
import json
import os
import time
import uuid
from datetime import date
from functools import partial

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.fieldwork import phone_files, progress
from analysis.fieldwork.campaign import change_campaign, open_campaign, revoke_tokens
from analysis.fieldwork.store import open_store
from analysis.fieldwork.store_owner import renew_key
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
    monkeypatch.setattr(endpoint, "_patience", endpoint.Patience())
    path = "/api/returns"
    takes = partial(endpoint.receive_returns, workspaces=places.folder)
    route = Route(path, takes, methods=["POST", "OPTIONS"])
    transport = httpx.ASGITransport(app=Starlette(routes=[route]))

    async def ask(method, content, asked):
        async with httpx.AsyncClient(transport=transport, base_url="http://palier") as client:
            return await client.request(method, path, content=content, **asked)

    yield lambda content=b"", method="POST", **asked: asyncio.run(ask(method, content, asked))
    for _state, store in endpoint._stores.values():
        store.engine.dispose()


def test_returns_are_counted_once(post, field):
    content = outing(field, "T0001", day=0)
    first, second = post(content), post(content)
    assert (first.status_code, first.json()["new"]) == (200, SOME)
    told = {"new": 0, "repeated": SOME, "conflicts": 0, "turfs": ["T0001"], "withheld": 0}
    assert second.json() == {**told, "missing": 0}
    assert progress.totals(field.store).doors == SOME


def test_missing_buildings_that_came_with_a_file_are_told_once(post, field):
    told = json.loads(outing(field, "T0003", day=0, knocks=1))
    building = {name: told["attempts"][0][name] for name in ("address_id", "at")}
    told["missing"] = [{**building, "report_id": str(uuid.UUID(int=5)), "number": 9, "doors": 4}]
    told["checksum"] = phone_files.checksum(told)
    content = json.dumps(told).encode()
    assert [post(content).json()["missing"] for _again in range(2)] == [1, 0]


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


def test_a_file_too_large_is_refused_in_words_whatever_token_it_bears(post, field, monkeypatch):
    content = outing(field, "T0001", day=0)
    before = progress.totals(field.store)
    monkeypatch.setattr(endpoint, "MOST_BYTES", len(content) - 1)
    answer = post(content)
    assert answer.status_code == 413
    assert "trop gros" in answer.text
    assert progress.totals(field.store) == before
    monkeypatch.setattr(endpoint, "MOST_BYTES", len(content))
    assert post(content).status_code == 200


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


def signed(field, turf="T0003", **more):
    """Return a file of an outing, changed and with the right checksum."""
    told = json.loads(outing(field, turf, day=1)) | more
    return json.dumps(told | {"checksum": phone_files.checksum(told)}).encode()


def test_half_a_character_is_refused_and_breaks_nothing(post, field):
    for name in ("token", "turf_id", "seal", "campaign_id", "team_id"):
        told = json.loads(outing(field, "T0003", day=1)) | {name: "x\udfff"}
        answer = post(json.dumps(told).encode())
        assert answer.status_code in (404, 422), name


def test_who_has_no_token_is_not_read_further_than_the_first_lines(post, field, monkeypatch):
    monkeypatch.setattr(endpoint, "MOST_UNKNOWN", 1000)
    read = []
    monkeypatch.setattr(
        json, "loads", lambda text, real=json.loads: read.append(len(text)) or real(text)
    )
    campaign = field.store.campaign.campaign_id.encode()
    head = b'{"campaign_id":"' + campaign + b'","turf_id":"T0001","token":"aaaa","attempts":['
    answer = post(head + b"[]," * 100_000)
    assert answer.status_code == 422
    assert max(read) < 2000


def test_who_guesses_tokens_has_to_wait(post, field, monkeypatch):
    monkeypatch.setattr(endpoint, "WRONG", 5)
    wrong = [post(changed(field, token=f"{n:024d}")).status_code for n in range(5)]
    last = post(changed(field, token="b" * 24))
    assert wrong == [422] * 5
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= endpoint.PAUSE_S


def test_who_guesses_the_token_of_a_link_has_to_wait_and_others_do_not(places, monkeypatch):
    monkeypatch.setattr(endpoint, "WRONG", 5)
    monkeypatch.setattr(endpoint, "_patience", endpoint.Patience())

    async def turf(request):
        return await endpoint.turf_page(request, places.folder)

    app = Starlette(routes=[Route("/t/{path:path}", turf, methods=["POST"])])

    async def ask(times, client):
        transport = httpx.ASGITransport(app=app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://palier") as phone:
            return [await phone.post("/t/none/T0001", content=b"b" * 24) for _ in range(times)]

    guessed = asyncio.run(ask(6, "192.0.2.1"))
    assert [one.status_code for one in guessed] == [404] * 5 + [429]
    assert 0 < int(guessed[-1].headers["Retry-After"]) <= endpoint.PAUSE_S
    assert [one.status_code for one in asyncio.run(ask(1, "192.0.2.2"))] == [404]


@pytest.mark.parametrize("key", ["", "ab" * 4, "zz" * 32, "\n"])
def test_with_no_whole_key_no_return_is_vouched_for(post, field, key):
    body = outing(field, "T0002", day=0)
    before = progress.totals(field.store)
    file = field.place.path / "fieldwork" / "campaign.key"
    kept = file.read_bytes()
    file.write_text(key, encoding="ascii")
    try:
        answer = post(body)
    finally:
        file.write_bytes(kept)
    assert answer.status_code >= 400
    assert str(field.place.path) not in answer.text
    assert progress.totals(field.store) == before


def test_the_token_of_one_turf_corrects_nothing_of_another(post, field):
    theirs = json.loads(outing(field, "T0002", day=3))
    assert post(json.dumps(theirs).encode()).json()["new"] == SOME
    mine = json.loads(outing(field, "T0001", day=4))
    for own, other in zip(mine["attempts"], theirs["attempts"], strict=True):
        own["corrects"] = other["attempt_id"]
    mine["checksum"] = phone_files.checksum({k: v for k, v in mine.items() if k != "checksum"})
    assert post(json.dumps(mine).encode()).status_code == 422


def test_a_body_that_does_not_come_is_given_up(field, places, monkeypatch):
    monkeypatch.setattr(endpoint, "FIRST_S", 0.05)

    async def stalls():
        yield b"{"
        await asyncio.sleep(30)

    async def ask():
        app = Starlette(
            routes=[
                Route(
                    "/",
                    partial(endpoint.receive_returns, workspaces=places.folder),
                    methods=["POST"],
                )
            ]
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://palier") as client:
            return await client.post("/", content=stalls())

    assert asyncio.run(ask()).status_code == 408


def test_a_token_can_be_revoked_for_one_turf(places):
    own = campaign_in(places, "terrain_revoque")
    campaign = own.store.campaign
    old = campaign.token("T0001")
    assert revoke_tokens(own.place.path, ["T0001"]) == 1
    later = open_campaign(own.place.path)
    assert not later.is_token(old, "T0001")
    assert later.is_token(later.token("T0001"), "T0001")
    assert later.token("T0002") == campaign.token("T0002")
    renew_key(own.store)
    newest = open_campaign(own.place.path)
    assert not newest.is_token(later.token("T0002"), "T0002")
    own.store.engine.dispose()
    open_store(own.place.path).engine.dispose()  # the store knows its new key


def test_the_server_notices_a_new_key_and_a_new_calendar(post, places):
    own = campaign_in(places, "terrain_cle")
    first = signed(own)
    assert post(first).status_code == 200
    revoke_tokens(own.place.path, ["T0003"])
    assert post(first).status_code == 422
    change_campaign(own.place.path, {"ends": date(2020, 1, 1)})
    own.store.engine.dispose()
    fresh = json.loads(first) | {"token": open_campaign(own.place.path).token("T0003")}
    assert post(json.dumps(fresh).encode()).status_code == 403


def test_without_a_last_outing_tokens_hold_for_a_year_after_the_key_was_drawn(post, places):
    own = campaign_in(places, "terrain_sans_fin")
    key = own.place.path / "fieldwork" / "campaign.key"
    for days, status in ((364, 200), (367, 403)):
        drawn = time.time() - days * 86_400
        os.utime(key, (drawn, drawn))
        assert post(signed(own)).status_code == status
    renew_key(own.store)
    own.store.engine.dispose()
    newest = open_campaign(own.place.path).token("T0003")
    assert post(signed(own, token=newest)).status_code == 200


def test_nothing_is_thanked_for_when_the_store_is_gone(post, places):
    own = campaign_in(places, "terrain_perdu")
    assert post(signed(own, "T0001")).status_code == 200
    own.store.engine.dispose()
    folder = own.place.path / "fieldwork"
    for file in folder.glob("returns.sqlite*"):
        file.unlink()
    lost = post(signed(own, "T0002"))
    assert lost.status_code == 503
    assert str(own.place.path) not in lost.text
    assert len(list((folder / "inbox").glob("*.json"))) == 1


def test_the_token_of_one_turf_uses_up_no_id_of_another(post, field):
    theirs = json.loads(outing(field, "T0002", day=2))
    mine = json.loads(outing(field, "T0001", day=2))
    for own, other in zip(mine["attempts"], theirs["attempts"], strict=True):
        own["attempt_id"] = other["attempt_id"]
    taken = mine | {"checksum": phone_files.checksum(mine)}
    assert post(json.dumps(taken).encode()).json()["new"] == SOME
    honest = post(json.dumps(theirs).encode()).json()
    assert (honest["new"], honest["conflicts"]) == (SOME, 0)
    assert post(json.dumps(theirs).encode()).json()["repeated"] == SOME
