"""Whoever may send without a login is read no further and waited for no longer than it takes."""

from __future__ import annotations

import asyncio
from functools import partial

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from analysis.workflows import inbound_hook, phone_endpoint, public_pages, request_body
from analysis.workflows.invitation_route import invitation

OPEN = {
    "/t/c/T1": phone_endpoint.turf_page,
    "/p/c": public_pages.public_page,
    "/api/inbound/c/s": inbound_hook.inbound,
    "/invitation": None,
}


def posted(path, content, folder):
    """Post to the address of a route; return its answer and how many parts it has read."""
    read = []
    route = "/".join(path.split("/")[: 3 if path.startswith("/api") else 2])
    if OPEN[path] is None:
        routes = [Route(route, invitation, methods=["POST"])]
    else:
        answer = partial(OPEN[path], workspaces=folder)
        routes = [Route(route + "/{path:path}", answer, methods=["POST"])]

    async def sent():
        async for part in content():
            read.append(len(part))
            yield part

    async def ask():
        transport = httpx.ASGITransport(app=Starlette(routes=routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://palier") as client:
            return await client.post(path, content=sent())

    return asyncio.run(ask()), read


async def stalled():
    yield b"x"
    await asyncio.sleep(60)


async def endless():
    for _ in range(10_000):
        yield b"[" * 65_536


@pytest.mark.parametrize("path", OPEN)
def test_a_body_that_stalls_is_given_up(path, tmp_path, monkeypatch):
    monkeypatch.setattr(request_body, "WITHIN_S", 0.05)
    monkeypatch.setattr(inbound_hook, "WITHIN_S", 0.05)
    monkeypatch.setattr(inbound_hook, "_known", lambda *_: True)
    answer, _read = posted(path, stalled, tmp_path)
    assert answer.status_code == 408


@pytest.mark.parametrize("path", OPEN)
def test_a_body_without_an_end_is_read_to_its_limit_only(path, tmp_path, monkeypatch):
    monkeypatch.setattr(inbound_hook, "_known", lambda *_: True)
    answer, read = posted(path, endless, tmp_path)
    assert answer.status_code == 413
    assert len(read) < 40


def test_who_has_no_secret_of_a_campaign_is_not_read_at_all(tmp_path):
    answer, read = posted("/api/inbound/c/s", endless, tmp_path)
    assert answer.status_code == 404
    assert not read


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_line_is_counted_as_one_however_many_addresses_it_has(address, origin):
    scope = {"type": "http", "headers": [], "client": (address, 5)}
    assert request_body.origin_of(Request(scope)) == origin


def test_who_has_a_network_of_addresses_waits_as_who_has_one(tmp_path, monkeypatch):
    monkeypatch.setattr(phone_endpoint, "_patience", phone_endpoint.Patience())
    takes = partial(phone_endpoint.turf_page, workspaces=tmp_path)
    app = Starlette(routes=[Route("/t/{path:path}", takes, methods=["POST"])])

    async def ask(address):
        transport = httpx.ASGITransport(app=app, client=(address, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.post("/t/c/T1", content=b"wrong")).status_code

    told = [asyncio.run(ask(f"2001:db8::{n:x}")) for n in range(phone_endpoint.WRONG + 1)]
    assert told == [404] * phone_endpoint.WRONG + [429]
    assert asyncio.run(ask("2001:db8:0:1::1")) == 404
