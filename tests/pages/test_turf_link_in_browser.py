"""The link of a turf on a phone: opened, used without network, taken back."""

from __future__ import annotations

import json
import socket
import threading
import time
from functools import partial

import httpx
import pandas as pd
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork import progress
from analysis.fieldwork.store import open_store
from analysis.fieldwork.turf_links import page_of, revoke
from analysis.workflows import phone_endpoint as endpoint
from analysis.workflows.turf_links_out import LASTS_DAYS, keep_pages
from tests.analysis.exports.walks_made import walks_of
from tests.pages.field_made import campaign_in

TODAY = pd.Timestamp("2027-03-01").date()


@pytest.fixture(scope="module")
def served(places):
    """Run a server with the links of three turfs: its kit, and the lines of its access log."""
    made = campaign_in(places, "liens")
    workspace = made.place
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kit = kit_of(walks_of(workspace), workspace, address=f"http://127.0.0.1:{port}")
    keep_pages(kit, workspace)
    asked: list[str] = []

    async def opens(request):
        asked.append(str(request.url))
        return await endpoint.turf_page(request, places.folder)

    takes = partial(endpoint.receive_returns, workspaces=places.folder)
    routes = [
        Route("/t/{path:path}", opens, methods=["GET", "POST"]),
        Route("/api/returns", takes, methods=["POST", "OPTIONS"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield kit, workspace, asked
    server.should_exit = True
    thread.join()
    made.store.engine.dispose()


def test_only_its_token_opens_a_turf_and_only_for_a_time(served):
    kit, workspace, _asked = served
    turf_id, token = "T0002", kit.tokens["T0002"]
    link, _hash, behind = kit.code(turf_id).partition("#")
    assert behind == token
    assert token not in httpx.get(link).text
    assert json.loads(httpx.post(link, content="a" * 24).text)["error"]
    assert httpx.post(link, content=kit.tokens["T0001"]).status_code == 404
    assert token in httpx.post(link, content=token).text
    keep_pages(kit, workspace, TODAY)
    after = TODAY + pd.Timedelta(days=LASTS_DAYS + 1)
    assert page_of(workspace.path, turf_id, token, TODAY)
    assert page_of(workspace.path, turf_id, token, after) is None
    assert revoke(workspace.path, turf_id) == 1
    assert page_of(workspace.path, turf_id, token, TODAY) is None
    keep_pages(kit, workspace)


@pytest.mark.browser
def test_a_turf_opens_by_its_link_works_without_network(served, browser):
    kit, _workspace, asked = served
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(kit.code("T0001"))
    street = kit.tables["T0001"]["street"].iloc[0]
    page.get_by_text(street).first.wait_for()
    assert not [url for url in asked if kit.tokens["T0001"] in url], "no request line has it"
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.get_by_text(street).first.wait_for()
    context.set_offline(True)
    page.goto(kit.code("T0001").partition("#")[0])
    page.get_by_text(street).first.wait_for()
    assert page.evaluate("document.title")
    context.set_offline(False)
    assert not said
    context.close()


@pytest.mark.browser
def test_doors_noted_without_network_arrive_when_there_is_some(served, browser):
    kit, workspace, _asked = served
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, locale="fr-FR"
    )
    page = context.new_page()
    page.goto(kit.code("T0003"))
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    store = open_store(workspace.path)
    before = progress.totals(store).doors
    context.set_offline(True)
    for _door in range(2):
        page.get_by_role("button", name="Personne").first.tap()
    page.get_by_role("button", name="Envoyer", exact=True).tap()
    page.get_by_role("button", name="Envoyer au local").tap()
    page.get_by_text("Pas de réponse du local").wait_for()
    context.set_offline(False)
    page.get_by_text("Le réseau est revenu").wait_for()
    assert progress.totals(store).doors == before, "nothing is sent by itself"
    page.get_by_role("button", name="Envoyer au local").tap()
    page.get_by_text("Nouvelles notes : 2").wait_for()
    page.get_by_text("Tout est arrivé au local").wait_for()
    assert progress.totals(store).doors == before + 2
    store.close()
    context.close()
