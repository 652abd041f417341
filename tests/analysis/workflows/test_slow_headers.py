"""Whoever opens a connection and does not finish asking loses it; who asks is answered."""

from __future__ import annotations

import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from analysis.workflows.slow_headers import give_up

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CUT = b"GET / HTTP/1.1\r\nHost: x\r\nX-a: "


class Impatient(AutoHTTPProtocol):
    """As the server's, in a hurry."""


give_up(Impatient, 0.1)


async def slow(_request):
    await asyncio.sleep(0.5)
    return PlainTextResponse("done")


async def said(*parts):
    """Send parts to a server, and return all it says until it closes."""
    app = Starlette(routes=[Route("/", slow)])
    config = uvicorn.Config(app, port=0, http=Impatient, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    heard = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    server.should_exit = True
    await running
    return heard


def test_headers_that_stall_are_given_up():
    assert asyncio.run(said(CUT)) == b""
    assert asyncio.run(said()) == b""


def test_an_answer_that_takes_longer_comes_and_the_next_question_is_waited_for_as_long():
    heard = asyncio.run(said(WHOLE + CUT))
    assert heard.startswith(b"HTTP/1.1 200")
    assert heard.endswith(b"done")
