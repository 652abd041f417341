"""Thirty-six attempts of one campaign at the people of another: links, letters, keys, sockets.

Both campaigns have a place of the same name, people of the same ids, a message, a universe of the
same name. Of the right one somebody bears a name that nobody else has.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.access import audit, invitations, sessions
from analysis.access.rights import Grant
from analysis.contacts import confirmations, rights_requests, vault
from analysis.contacts.acts import written
from analysis.contacts.box_seal import bound_to, public_key, shut, unshut
from analysis.contacts.contact_store import say_controller
from analysis.contacts.erasure import erase
from analysis.contacts.known_of import known_of
from analysis.contacts.suppression import suppress, suppressed
from analysis.database.contact_tables import CONSENTS, PERSONS, SUPPRESSION, VAULT
from analysis.database.engine import of_tenant, reading, writing
from analysis.database.message_tables import DELIVERIES, RESPONSES
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox
from analysis.fieldwork.campaign import open_campaign
from analysis.fieldwork.store import open_store
from analysis.messages.approve import approval_of, approve, halt, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import draft_of, drafts, save
from analysis.messages.inbound import hook_secret
from analysis.messages.letter_blocks import Letter
from analysis.messages.letter_links import bounce_secret, leave_secret, return_path
from analysis.messages.loads import load_token
from analysis.workflows import people_linking, server_access, universes
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.controllers_apart import say_who_answers
from analysis.workflows.front_door import LOGIN_HEADER, FrontDoor
from analysis.workflows.inbound_hook import inbound
from analysis.workflows.leave_page import leave_page
from analysis.workflows.load_route import load_picture
from analysis.workflows.phone_endpoint import receive_returns
from analysis.workflows.public_pages import public_page
from pages._ui import state
from tests.analysis.access.conftest import person
from tests.analysis.contacts.test_door_consents import SIGNED
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_file, turfs
from tests.analysis.messages.conftest import CONTROLLER, EVERYBODY, LETTER, SETTING, supporters
from tests.analysis.workflows.test_front_door import converse
from tests.server_made import configured, environment

NAME = "Vachemorte"
MAIL = "vachemorte@valmont.example"


@pytest.fixture(scope="module")
def world(server, tmp_path_factory):
    """Make a server with two campaigns of two organisations that have people and a message."""
    folder = tmp_path_factory.mktemp("people")
    told = environment(server.migrated(), folder, issuer="http://127.0.0.1:9", port=8501)
    with configured(told):
        engine = server_access.engine()
        left, right = (
            _side(
                server_access.new_campaign(name, organisation=name, administrator="a@x.example"),
                f"{name}-list",
            )
            for name in ("left", "right")
        )
        with writing(right.contacts.engine) as connection:
            known = [("p000", "used_name", NAME), ("p000", "email", MAIL)]
            vault.put(connection, right.contacts.ring, known)
            vault.index(connection, right.contacts.ring, known[1:])
        logins = {
            side.campaign: sessions.open_session(
                engine,
                person(engine, side.campaign, Grant(side.campaign, "administrator")),
                hours=1,
            )
            for side in (left, right)
        }
        made = SimpleNamespace(engine=engine, folder=folder, left=left, right=right, logins=logins)
        yield made
        for side in (left, right):
            close(side.contacts)


def _side(campaign, controller):
    place = server_access.folder_of(campaign) / "lyon"
    place.mkdir()
    first = open_contacts(place, by="author")
    say_controller(first, replace(CONTROLLER, controller=controller))
    close(first)
    contacts = open_contacts(place, by="author")
    field_plan.register(contacts.engine, turfs())
    supporters(contacts, 12)
    universes.save(contacts, "Tous", EVERYBODY)
    draft = save(contacts, "meeting", Letter.read(LETTER), EVERYBODY)
    approve(replace(contacts, by="other"), prepare(contacts, draft, SETTING, terms=Terms()))
    with writing(contacts.engine) as connection:
        link = confirmations.offer(connection, contacts, "p001", confirmations.PREFERENCES)
    return SimpleNamespace(
        campaign=campaign, place=place, contacts=contacts, message=draft.message, link=link
    )


def ask(world, path, *, method="GET", content=b"", **headers):
    """Ask the routes that anybody may ask."""

    def at(answer):
        async def answered(request):
            return await answer(request, world.folder)

        return answered

    every = ["GET", "POST"]
    routes = [
        Route("/api/returns", at(receive_returns), methods=every),
        Route("/p/{path:path}", at(public_page), methods=every),
        Route("/u/{path:path}", at(leave_page), methods=every),
        Route("/o/{path:path}", at(load_picture), methods=every),
        Route("/api/inbound/{path:path}", at(inbound), methods=every),
    ]
    app = FrontDoor(Starlette(routes=routes), server_access.settings(), lambda _c: None)

    async def asked():
        transport = httpx.ASGITransport(app=app)
        base = server_access.settings().address
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, content=content, headers=named)

    return asyncio.run(asked())


def rows_of(side):
    """Return every row of what people said, asked for and were sent, to be compared."""
    tables = (CONSENTS, PERSONS, VAULT, DELIVERIES, RESPONSES, ATTEMPTS)
    with reading(side.contacts.engine) as connection:
        return [whole(connection, one) for one in tables]


def whole(connection, table):
    """Return the rows of a table as tuples: a row of SQLAlchemy shortens what it shows."""
    return sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))


def changes(world, act):
    """Do something; tell whether anything of the right is another, or whatever it returned."""
    before = rows_of(world.right), listed(world)
    found = act()
    return (rows_of(world.right), listed(world)) != before or bool(found)


def listed(world):
    """Return the objections of the right."""
    contacts = world.right.contacts
    with reading(of_tenant(world.engine, f"@controller:{contacts.controller.controller}")) as c:
        return whole(c, SUPPRESSION)


def posted(world, path, form):
    kind = "application/x-www-form-urlencoded"
    content = urlencode(form, doseq=True).encode()
    return ask(world, path, method="POST", content=content, content_type=kind)


def seal_of(world, side):
    page = ask(world, f"/p/{side.contacts.tenant}").text
    return page.partition('name="seal" value="')[2].partition('"')[0]


def called_in(world, side, secret, told):
    path = f"/api/inbound/{side.contacts.tenant}/{secret}"
    return ask(world, path, method="POST", content=json.dumps(told).encode())


def named(world, controller):
    """Answer under a name of theirs, in a campaign of ours that has not said who answers."""
    made = server_access.new_campaign("left2", organisation="left", administrator="a@x.example")
    place = server_access.folder_of(made) / "lyon"
    place.mkdir()
    contacts = open_contacts(place)
    try:
        say_who_answers(contacts, replace(CONTROLLER, controller=controller))
    except DataError as error:
        assert "Another organisation" in str(error)  # noqa: PT017 - one reason alone
        return False
    finally:
        close(contacts)
    return True


def door_box(world):
    """Shut a contact for the right, and open it with the keys of the left."""
    theirs, ours = world.right.contacts, world.left.contacts
    about = bound_to(theirs.tenant, "T1")
    sealed = shut(public_key(theirs.ring), about, written(SIGNED))
    return _fails(lambda: unshut(ours.ring, about, sealed))


def _fails(act):
    try:
        act()
    except (DataError, ValueError):
        return False
    return True


def read_with(world, ring, contacts, tenant=""):
    """Read the names that one ring opens in another's rows."""
    engine = of_tenant(contacts.engine, tenant) if tenant else contacts.engine
    try:
        with reading(engine) as connection:
            return NAME in str(vault.read(connection, ring, ["p000"]))
    except DataError:
        return False


def moved_rows(world):
    """Copy encrypted rows of the right into the left: they are bound to their campaign."""
    left, right = world.left.contacts, world.right.contacts
    with reading(right.engine) as connection:
        query = sa.select(VAULT).where(VAULT.c.person == "p000")
        stolen = [dict(one) for one in connection.execute(query).mappings()]
    ours = {"tenant": left.tenant, "version": 10**18}
    try:
        with writing(left.engine) as connection:
            connection.execute(sa.insert(VAULT), [one | ours for one in stolen])
            vault.read(connection, left.ring, ["p000"])
    except DataError:
        return False  # and nothing of it stays
    return True


def written_across(world):
    """Write a row under the name of the right in a transaction of the left."""
    stamp = world.left.contacts.stamp() | {"tenant": world.right.contacts.tenant}
    line = {"person": "zz", "source": "file", "relation": "", "file_id": ""} | stamp
    try:
        with writing(world.left.contacts.engine) as connection:
            connection.execute(sa.insert(PERSONS), [line])
    except Exception:  # noqa: BLE001 - the database's own refusal, whatever the driver calls it
        return False
    return True


def place_named(world, monkeypatch, name):
    """Tell whether the address of a page opens a folder outside the campaign's own."""
    own = server_access.folder_of(world.left.campaign)
    monkeypatch.setattr(state, "workspaces", lambda: own)
    (world.folder / "manifest.json").write_text("{}")
    (world.right.place / "manifest.json").write_text("{}")
    (own / state.SAMPLE_NAME).mkdir(exist_ok=True)
    monkeypatch.setattr(state.st, "query_params", {"workspace": name})
    monkeypatch.setattr(state.st, "session_state", {})
    monkeypatch.setattr(state.visitor, "current", lambda: SimpleNamespace(person="ada"))
    found = state.folder().resolve()
    return not (found.is_relative_to(own.resolve()) and found != own.resolve())


def socket(world, **headers):
    """Open a WebSocket as a browser does, and tell whether it was let in."""
    settings = server_access.settings()
    heard = []

    async def stream(scope, receive, send):
        names = dict(scope["headers"])
        heard.append(names.get(LOGIN_HEADER.encode(), b"").decode())
        await send({"type": "websocket.accept"})

    app = FrontDoor(stream, settings, lambda _c: None)
    own = {"host": "127.0.0.1:8501", "origin": settings.address}
    converse(
        app,
        own
        | {"cookie": f"{server_access.settings().cookie}={world.logins[world.left.campaign]}"}
        | headers,
        [],
    )
    return heard


def own_socket_named(world):
    """Open a socket with one's own cookie and the name of their login."""
    theirs = sessions.digest(world.logins[world.right.campaign])
    (seen,) = socket(world, **{LOGIN_HEADER: theirs})
    return seen == theirs


def linked_across(world):
    """Link the left's people to somebody of the right, who has the same name."""
    contacts = world.left.contacts
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, [("p002", "used_name", NAME)])
    people_linking.link_people(contacts)
    with reading(contacts.engine) as connection:
        return MAIL in str(vault.read(connection, contacts.ring, ["p002"]))


L, R = (lambda w: w.left.contacts), (lambda w: w.right.contacts)
ATTEMPTS_AT = {
    "their place by a path": lambda w, m: place_named(w, m, f"../{w.right.campaign}/lyon"),
    "the folder of all campaigns": lambda w, m: place_named(w, m, ".."),
    "the folder of all, further down": lambda w, m: place_named(w, m, "lyon/.."),
    "their place by its whole path": lambda w, m: place_named(w, m, str(w.right.place)),
    "our folder itself": lambda w, m: place_named(w, m, "."),
    "a socket from a foreign page": lambda w, _m: socket(w, origin="https://evil.example.org"),
    "a socket from no page": lambda w, _m: socket(w, origin="null"),
    "a socket from another port": lambda w, _m: socket(w, origin="http://127.0.0.1:8502"),
    "a socket from a longer name": lambda w, _m: socket(w, origin="http://127.0.0.1:8501.evil.org"),
    "a socket by a foreign name": lambda w, _m: socket(
        w, host="evil.example.org", origin="http://evil.example.org"
    ),
    "a socket under the name of their login": lambda w, _m: own_socket_named(w),
    "their page with a link of ours": lambda w, _m: (
        ask(w, f"/p/{R(w).tenant}/m/{w.left.link}").status_code != 404
    ),
    "our page with a link of theirs": lambda w, _m: (
        ask(w, f"/p/{L(w).tenant}/m/{w.right.link}").status_code != 404
    ),
    "a form of theirs with a seal of ours": lambda w, _m: changes(
        w, lambda: posted(w, f"/p/{R(w).tenant}", {"seal": seal_of(w, w.left), "email": MAIL})
        .status_code != 403
    ),
    "their preferences with both": lambda w, _m: changes(
        w, lambda: posted(
            w, f"/p/{R(w).tenant}/m/{w.left.link}", {"seal": seal_of(w, w.right), "do": "stop"}
        ).status_code == 200
    ),
    "leaving there by a link of ours": lambda w, _m: changes(
        w, lambda: posted(
            w, f"/u/{R(w).tenant}/{leave_secret(L(w).ring, w.left.message, 'p003')}", {}
        ).status_code == 200
    ),
    "leaving here by a link of theirs": lambda w, _m: changes(
        w, lambda: posted(
            w, f"/u/{L(w).tenant}/{leave_secret(R(w).ring, w.right.message, 'p003')}", {}
        ).status_code == 200
    ),
    "a picture of theirs counted by ours": lambda w, _m: changes(
        w, lambda: ask(
            w, f"/o/{R(w).tenant}/{w.right.message}/"
            f"{load_token(L(w).ring, w.right.message, '')}.gif"
        ).headers.get("set-cookie")
    ),
    "a call to them with our secret": lambda w, _m: changes(
        w, lambda: called_in(
            w, w.right, hook_secret(L(w)),
            {"kind": "complaint", "id": bounce_secret(R(w).ring, w.right.message, "p004")},
        ).status_code == 200
    ),
    "a call to us about their message": lambda w, _m: changes(
        w, lambda: called_in(
            w, w.left, hook_secret(L(w)),
            {
                "kind": "complaint",
                "return_path": return_path(
                    "x@y.example", bounce_secret(R(w).ring, w.right.message, "p004")
                ),
            },
        ).json() != {"taken": "other"}
    ),
    "returns with the id of their attempt": lambda w, _m: _attempt_of(w),
    "their name as who answers": lambda w, _m: named(w, R(w).controller.controller),
    "their campaign's name as who answers": lambda w, _m: named(w, R(w).tenant),
    "their objections seen": lambda w, _m: _objection_seen(w),
    "their contact taken at a door": lambda w, _m: door_box(w),
    "their person by the same id": lambda w, _m: NAME in str(known_of(L(w), "p000")),
    "their person by their address": lambda w, _m: rights_requests.find(L(w), MAIL),
    "their person by a digest": lambda w, _m: _by_digest(w),
    "their rows with our keys": lambda w, _m: read_with(w, L(w).ring, R(w)),
    "our transaction with their keys": lambda w, _m: read_with(w, R(w).ring, L(w)),
    "their rows put among ours": lambda w, _m: moved_rows(w),
    "a row written under their name": lambda w, _m: written_across(w),
    "their person erased by the same id": lambda w, _m: changes(
        w, lambda: not erase(L(w), ["p009"])
    ),
    "their message among ours": lambda w, _m: any(
        one["message"] == w.right.message for one in drafts(L(w))
    ),
    "their message read": lambda w, _m: _fails(lambda: draft_of(L(w), w.right.message)),
    "their message halted": lambda w, _m: changes(
        w, lambda: _fails(lambda: halt(L(w), w.right.message, "x"))
        and approval_of(R(w), w.right.message) is None
    ),
    "somebody of theirs linked": lambda w, _m: linked_across(w),
    "their searches in our audit": lambda w, _m: _audited(w),
}  # fmt: skip


def _attempt_of(world):
    """Bring an attempt to the right, then send the same id as the left: it is new there."""
    one = attempt(7, note="chien")
    store = open_store(world.right.place)
    with reading(store.engine) as connection:
        there = connection.execute(sa.select(ATTEMPTS.c.attempt_id)).scalars().all()
    if one["attempt_id"] not in there:
        content = json.dumps(phone_file(store.campaign, [one])).encode()
        inbox.receive(store, content, name="x.json", now=NOW)
    before = rows_of(world.right)
    store.engine.dispose()
    ours = open_store(world.left.place)
    told = phone_file(ours.campaign, [attempt(7, outcome="refused")])
    answer = ask(world, "/api/returns", method="POST", content=json.dumps(told).encode()).json()
    ours.engine.dispose()
    return rows_of(world.right) != before or (answer["new"], answer["conflicts"]) != (1, 0)


def _objection_seen(world):
    suppress(R(world), "email", MAIL, "objection")
    seen = suppressed(L(world), [("email", MAIL)])
    return bool(seen) or not suppressed(R(world), [("email", MAIL)])


def _by_digest(world):
    """Look among the right's digests for one made with the left's keys."""
    with reading(R(world).engine) as connection:
        return vault.who_has(connection, L(world).ring, "email", [MAIL])


def _audited(world):
    audit.note(R(world).engine, "bob", "search", subject=NAME)
    return NAME in str(audit.entries(L(world).engine)) or not audit.entries(R(world).engine)


@pytest.mark.parametrize("attempt_at", ATTEMPTS_AT)
def test_no_campaign_reaches_the_people_of_another(world, monkeypatch, attempt_at):
    assert not ATTEMPTS_AT[attempt_at](world, monkeypatch)


@pytest.mark.parametrize("campaign", ["\0", "left\0", "@server", "'", "\ud800"])
def test_a_link_of_no_campaign_is_refused_and_breaks_nothing(world, campaign):
    secret = f"{campaign}.x".encode("utf-8", "surrogatepass").decode("ascii", "replace")
    assert invitations.exchange(world.engine, secret, hours=1) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("palier_returns", "\ud800"), ("checksum", "\ud800"), ("palier_returns", 10**30)]
    + [("palier_returns", 10**400), ("turf_id", "\0")],
)
def test_a_file_of_returns_that_says_nonsense_is_told_what_is_wrong(world, name, value):
    told = phone_file(open_campaign(world.left.place), [attempt(3)], **{name: value})
    answer = ask(world, "/api/returns", method="POST", content=json.dumps(told).encode())
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_each_reaches_its_own_people(world):
    """Else everything above would hold of a server that answers nobody."""
    assert NAME in str(known_of(R(world), "p000"))
    assert socket(world)
    assert ask(world, f"/p/{R(world).tenant}/m/{world.right.link}").status_code == 200
    own = leave_secret(R(world).ring, world.right.message, "p005")
    assert posted(world, f"/u/{R(world).tenant}/{own}", {}).status_code == 200
    assert called_in(world, world.right, hook_secret(R(world)), {}).json() == {"taken": "other"}


def test_campaigns_of_one_organisation_share_who_answers(world):
    assert named(world, L(world).controller.controller)
