"""Forty-five attempts of one campaign at another, through every door: nothing comes out.

Ada runs the one, Bob the other; Zoe has a zone of the first, Tom a turf by link. Both campaigns
have a place of the same name, with turfs of the same names.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import zipfile
from types import SimpleNamespace

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from analysis.access import audit, file_tags, invitations, membership, sessions
from analysis.access.rights import Grant
from analysis.database.engine import of_tenant, reading
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox, progress, turf_links
from analysis.fieldwork.campaign import workspace_of
from analysis.fieldwork.store import open_store
from analysis.workflows import server_access
from analysis.workflows.backup import back_up
from analysis.workflows.contacts_open import keys_folder
from analysis.workflows.front_door import LOGIN_HEADER, FrontDoor
from analysis.workflows.invitation_route import invitation
from analysis.workflows.phone_endpoint import receive_returns, turf_page
from analysis.workflows.restore import restore
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.fieldwork.load_fieldwork import kept as kept_of
from tests.analysis.access.conftest import person
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes, phone_file, turfs
from tests.server_made import configured, environment

TODAY = NOW.date()
SECRET = "of-the-right"


@pytest.fixture(scope="module")
def world(server, tmp_path_factory):
    """Make a server with two campaigns that have everything a campaign has."""
    folder = tmp_path_factory.mktemp("crossing")
    told = environment(server.migrated(), folder, issuer="http://127.0.0.1:9", port=8501)
    with configured(told):
        engine = server_access.engine()
        ids = [
            server_access.new_campaign(name, organisation="F", administrator=f"{name}@example.org")
            for name in ("left", "right")
        ]
        sides = [_side(engine, campaign, folder) for campaign in ids]
        left, right = sides
        left.zone = _login(engine, "Zoe", Grant(left.campaign, "organiser", "zone", "99900"))
        given = Grant(left.campaign, "volunteer", "turf", "T1")
        left.link = invitations.invite_by_link(engine, "Tom", given, days=2, by="ada")
        right.link = invitations.invite_by_link(
            engine, "Tim", Grant(right.campaign, "volunteer", "turf", "T1"), days=2, by="bob"
        )
        yield SimpleNamespace(engine=engine, left=left, right=right, folder=folder)
        for side in sides:
            side.store.engine.dispose()


def _side(engine, campaign, folder):
    place = server_access.folder_of(campaign) / "lyon"
    place.mkdir()
    store = open_store(place)
    field_plan.register(store.engine, turfs())
    name = f"of-the-{campaign.partition('-')[0]}"
    row = attempt(0, note=name.replace("-", " "))
    inbox.receive(store, phone_bytes(store.campaign, [row]), name=f"{name}.json", now=NOW)
    token = store.campaign.token("T1")
    page = f"<p>{name}</p>".encode()
    turf_links.put_page(place, ("T1", token), page, TODAY.replace(year=2100))
    audit.note(of_tenant(engine, campaign), "x", "download", subject=name)
    login = _login(engine, name, Grant(campaign, "administrator"))
    return SimpleNamespace(
        campaign=campaign, place=place, store=store, token=token, login=login, name=name
    )


def _login(engine, name, given):
    return sessions.open_session(engine, person(engine, name, given), hours=1)


def ask(world, path, *, login="", method="GET", content=None, headers=()):  # noqa: PLR0913
    """Ask the server as a browser does; behind the door stands a file of the right's."""

    async def inside(_request):
        return PlainTextResponse(SECRET)

    async def returns(request):
        return await receive_returns(request, world.folder)

    async def turf(request):
        return await turf_page(request, world.folder)

    routes = [
        Route("/api/returns", returns, methods=["POST"]),
        Route("/t/{path:path}", turf, methods=["GET", "POST"]),
        Route("/invitation", invitation, methods=["GET", "POST"]),
        Route("/{path:path}", inside, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    settings = server_access.settings()
    pages = {"page-of-right": world.right.login}
    app = FrontDoor(Starlette(routes=routes), settings, lambda _c: None, pages.get)

    async def asked():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.address) as client:
            sent = {"cookie": f"{settings.cookie}={login}", **dict(headers)}
            return await client.request(method, path, content=content, headers=sent)

    return asyncio.run(asked())


def named():
    """Return what the cookie of a login is called."""
    return server_access.settings().cookie


def tag_of(world, side, user=""):
    return file_tags.tag(server_access.settings().secret, side.campaign, user)


def fetched(world, path, **more):
    answer = ask(world, path, login=more.pop("login", world.left.login), **more)
    return answer.status_code < 400 and SECRET in answer.text


def posted(world, **changes):
    """Send returns of the left with something of the right's; tell whether the right grew."""
    before = progress.totals(world.right.store).attempts
    told = phone_file(world.left.store.campaign, [attempt(5)], **changes)
    ask(world, "/api/returns", method="POST", content=json.dumps(told).encode())
    return progress.totals(world.right.store).attempts != before


def seen_rows(world, tenant):
    """Tell whether the left's transactions see rows of another tenant."""
    query = sa.select(ATTEMPTS.c.note)
    with reading(of_tenant(world.engine, tenant)) as connection:
        return "of the right" in connection.execute(query).scalars().all()


def restored_over(world, tmp_path):
    """Restore the left's backup under the name of the right's folder."""
    made = back_up(tmp_path / "out.zip", {world.right.campaign: world.left.place.parent})
    try:
        restore(made.archive, world.folder, keys=made.keys)
    except DataError:
        return False
    return True


def in_backup(world, tmp_path):
    made = back_up(tmp_path / "out.zip", {world.left.campaign: world.left.place.parent})
    with zipfile.ZipFile(made.archive) as archive, zipfile.ZipFile(made.keys) as keys:
        inside = [one.read(name) for one in (archive, keys) for name in one.namelist()]
    return any(SECRET.encode() in part for part in inside)


def copied_place(world, tmp_path):
    """Copy the right's campaign file, without its key, into a place of the left."""
    copy = tmp_path / "lyon"
    (copy / "fieldwork").mkdir(parents=True)
    shutil.copy(world.right.place / "fieldwork" / "campaign.json", copy / "fieldwork")
    try:
        store = open_store(copy)
    except DataError:
        return False
    store.engine.dispose()
    return True


def logged(world, capsys):
    """Cause a request of the right and read the log of it as the left's administrator might."""
    ask(world, f"/t/{world.right.store.campaign.campaign_id}/T1", method="POST", content=b"wrong")
    ask(world, f"/media/{tag_of(world, world.right)}-x?q={SECRET}", login=world.right.login)
    said = capsys.readouterr().err
    return any(word in said for word in (SECRET, world.right.token, world.right.login, "/T1"))


def revoked_across(world):
    right = of_tenant(world.engine, world.right.campaign)
    (first, *_) = membership.members(right)
    membership.revoke(of_tenant(world.engine, world.left.campaign), first["grant_id"], by="ada")
    for one in invitations.invitations(right):
        own = of_tenant(world.engine, world.left.campaign)
        invitations.revoke(own, one["invitation_id"], by="ada")
    return not (membership.members(right) and len(invitations.invitations(right)) > 1)


def who(world, token):
    found = sessions.who(world.engine, token)
    return found is not None and world.right.campaign in found.campaigns()


def exchanged(world, secret):
    token = invitations.exchange(world.engine, secret, hours=1)
    return token is not None and who(world, token)


def page_of(world, side, token):
    path = f"/t/{side.store.campaign.campaign_id}/T1"
    answer = ask(world, path, method="POST", content=token.encode())
    return SECRET in answer.text


def ended_login(world):
    """Log in as the right's, log out, and send the same cookie again."""
    token = _login(world.engine, "Eve", Grant(world.right.campaign, "administrator"))
    sessions.end(world.engine, token)
    return fetched(world, right_media(world), login=token)


def narrowed_login(world):
    """Keep a cookie from before its rights were taken back."""
    token = _login(world.engine, "Max", Grant(world.right.campaign, "administrator"))
    right = of_tenant(world.engine, world.right.campaign)
    user = sessions.who(world.engine, token).user_id
    held = next(row for row in membership.members(right) if row["user_id"] == user)
    membership.revoke(right, held["grant_id"], by="bob")
    return fetched(world, right_media(world), login=token)


def forged_tag(world):
    """Put the tag of one's own campaign's signature on the other's name."""
    ours, theirs = tag_of(world, world.left), tag_of(world, world.right)
    mixed = [ours[:at] + theirs[at:] for at in range(1, min(len(ours), len(theirs)))]
    mixed += [theirs[:-1], theirs + "0", theirs.upper(), tag_of(world, world.right, "x")]
    # Two tags that begin or end alike put together are one of the two: no forgery.
    forged = [one for one in mixed if one not in (ours, theirs)]
    assert len(forged) > len(ours) // 2
    return any(fetched(world, f"/media/{one}-1.csv") for one in forged)


def found_before(world, tmp_path):
    """Ask for a campaign by its id where it is not, after it was found where it is."""
    name = world.right.store.campaign.campaign_id
    assert workspace_of(world.folder, name) == world.right.place
    return workspace_of(tmp_path, name) is not None


def cached_counts(world):
    """Ask for counts of the left after the right's are kept, with all else alike."""
    counts = {}
    for side in (world.right, world.left):
        mark = Mark(str(side.place), server_access.settings().store, 0, (1, 1))
        counts[side.campaign] = kept_of(mark)[0].to_csv()
    assert SECRET in counts[world.right.campaign]
    return SECRET in counts[world.left.campaign]


right_media = lambda w: f"/media/{tag_of(w, w.right)}-1.csv"  # noqa: E731
ATTEMPTS_AT = {
    "media by its tag": lambda w, *_: fetched(w, right_media(w)),
    "media without a tag": lambda w, *_: fetched(w, "/media/1.csv"),
    "media of the whole, by who has a zone": lambda w, *_: fetched(
        w, f"/media/{tag_of(w, w.left)}-1.csv", login=w.left.zone
    ),
    "media through a path that climbs": lambda w, *_: fetched(
        w, f"/media/{tag_of(w, w.left)}-/../{tag_of(w, w.right)}-1.csv"
    ),
    "media with two slashes": lambda w, *_: fetched(w, f"/x/..//media//{tag_of(w, w.right)}-1.csv"),
    "media by a login that ended": lambda w, *_: fetched(w, right_media(w), login="x" * 43),
    "media with the cookie twice": lambda w, *_: fetched(
        w,
        right_media(w),
        headers=[("cookie", "; ".join(f"{named()}={x}" for x in (w.left.login, "x")))],
    ),
    "a map of theirs": lambda w, *_: fetched(w, f"/app/static/geometry/{tag_of(w, w.right)}-9.bin"),
    "a map without a tag": lambda w, *_: fetched(w, "/app/static/geometry/9.bin"),
    "an upload into their page": lambda w, *_: fetched(
        w, "/_stcore/upload_file/page-of-right/f", method="PUT"
    ),
    "a deletion in their page": lambda w, *_: fetched(
        w, "/_stcore/upload_file/page-of-right/f", method="DELETE"
    ),
    "the numbers of the server": lambda w, *_: fetched(w, "/_stcore/metrics"),
    "the door for programs": lambda w, *_: fetched(w, "/_stcore/agent/interact", method="POST"),
    "another's login by its digest": lambda w, *_: who(w, sessions.digest(w.right.login)),
    "returns under their name": lambda w, *_: posted(
        w, campaign_id=w.right.store.campaign.campaign_id
    ),
    "returns with their token": lambda w, *_: posted(w, token=w.right.token),
    "returns with both names": lambda w, *_: posted(
        w, campaign_id=w.right.store.campaign.campaign_id, token=w.left.token, seal="x"
    ),
    "returns to a path": lambda w, *_: posted(w, campaign_id=f"../{w.right.campaign}/lyon"),
    "their turf with our token": lambda w, *_: page_of(w, w.right, w.left.token),
    "their turf with no token": lambda w, *_: page_of(w, w.right, ""),
    "our turf with their token": lambda w, *_: page_of(w, w.left, w.right.token),
    "a link with the other's name before it": lambda w, *_: exchanged(
        w, f"{w.right.campaign}.{w.left.link.partition('.')[2]}"
    ),
    "a link of ours": lambda w, *_: exchanged(w, w.left.link),
    "an address of mail as a link": lambda w, *_: exchanged(w, "mail:right@example.org"),
    "their roles and links taken back": lambda w, *_: revoked_across(w),
    "rows seen as nobody": lambda w, *_: seen_rows(w, ""),
    "rows seen as ourselves": lambda w, *_: seen_rows(w, w.left.store.campaign.campaign_id),
    "rows seen by the server's campaign": lambda w, *_: seen_rows(w, w.right.campaign),
    "their audit": lambda w, *_: SECRET in str(audit.entries(of_tenant(w.engine, w.left.campaign))),
    "a store by a copy of their file": copied_place,
    "our backup over their folder": restored_over,
    "their content in our backup": in_backup,
    "a folder by a name that climbs": lambda w, *_: (
        server_access.folder_of(f"{w.left.campaign}/../{w.right.campaign}") != w.right.place.parent
        and workspace_of(w.folder / w.left.campaign, w.right.store.campaign.campaign_id) is not None
    ),
    "media by a login that was logged out": lambda w, *_: ended_login(w),
    "media by a login whose rights were taken back": lambda w, *_: narrowed_login(w),
    "media by a tag put together": lambda w, *_: forged_tag(w),
    "a page opened with the name of their login": lambda w, *_: fetched(
        w,
        "/_stcore/upload_file/page-of-right/f",
        method="PUT",
        headers=[(LOGIN_HEADER, hashlib.sha256(w.right.login.encode()).hexdigest())],
    ),
    "a page that nobody opened": lambda w, *_: fetched(
        w, "/_stcore/upload_file/page-of-nobody/f", method="PUT"
    ),
    "media under a foreign name of the server": lambda w, *_: fetched(
        w, right_media(w), login=w.right.login, headers=[("host", "evil.example.org")]
    ),
    "an upload from a foreign page with their cookie": lambda w, *_: fetched(
        w,
        "/_stcore/upload_file/page-of-right/f",
        login=w.right.login,
        method="PUT",
        headers=[("origin", "https://evil.example.org")],
    ),
    "media with escaped steps": lambda w, *_: fetched(
        w, f"/media/{tag_of(w, w.left)}-/%2e%2e/{tag_of(w, w.right)}-1.csv"
    ),
    "a turf's page with escaped steps": lambda w, *_: (
        SECRET
        in ask(
            w,
            f"/t/{w.left.store.campaign.campaign_id}/%2e%2e/{w.right.store.campaign.campaign_id}/T1",
            method="POST",
            content=w.left.token.encode(),
        ).text
    ),
    "a campaign where it is not": found_before,
    "counts kept for the other": lambda w, *_: cached_counts(w),
    "keys that are shared by a folder": lambda w, *_: (
        keys_folder(w.left.place) == w.left.place.parent
    ),
}


@pytest.mark.parametrize("attempt_at", ATTEMPTS_AT)
def test_no_campaign_reaches_another(world, tmp_path, attempt_at):
    assert ATTEMPTS_AT[attempt_at](world, tmp_path) is False


def test_the_log_names_nobody(world, capsys):
    assert logged(world, capsys) is False


def test_each_reaches_its_own(world):
    """Else everything above would hold of a server that answers nobody."""
    assert fetched(world, right_media(world), login=world.right.login)
    assert page_of(world, world.right, world.right.token)
    assert exchanged(world, world.right.link)
    assert seen_rows(world, world.right.store.campaign.campaign_id)
    upload = "/_stcore/upload_file/page-of-right/f"
    assert fetched(world, upload, login=world.right.login, method="PUT")
    own = f"/media/{tag_of(world, world.left, sessions.who(world.engine, world.left.zone).user_id)}"
    assert fetched(world, f"{own}-1.csv", login=world.left.zone)


def test_what_the_page_was_drawn_for_is_asked_at_once_for_all(world):
    engine, campaign = world.engine, world.left.campaign
    tokens = [_login(engine, f"P{n}", Grant(campaign, "analyst")) for n in range(3)]
    seen = {token: sessions.who(engine, token) for token in tokens}
    assert sessions.unchanged(engine, seen) == set(tokens)
    sessions.end(engine, tokens[0])
    own = of_tenant(engine, campaign)
    given = {row["user_id"]: row["grant_id"] for row in membership.members(own)}
    membership.revoke(own, given[seen[tokens[1]].user_id], by="ada")
    assert sessions.unchanged(engine, seen) == {tokens[2]}
    membership.grant(engine, seen[tokens[2]].user_id, Grant(campaign, "strategist"), by="ada")
    assert sessions.unchanged(engine, seen) == set()


def test_commands_on_a_campaign_s_places_are_in_its_audit(world):
    server_access.note_command(
        ["person", "martin", "--workspace", str(world.left.place), "--out=/tmp/martin.csv"]
    )
    server_access.note_command(["rank", "--workspace", "/elsewhere/x"])
    chains = {name: of_tenant(world.engine, name) for name in (world.left.campaign,)}
    latest = audit.entries(chains[world.left.campaign])[0]
    assert (latest["action"], latest["subject"]) == ("command", "person --workspace --out")
    assert latest["user_id"] == membership.NOBODY
    assert not any(one["action"] == "command" for one in _audit(world, world.right))
    assert set(server_access.audits_of(world.left.campaign).values()) == {"", "lyon"}


def _audit(world, side):
    return audit.entries(of_tenant(world.engine, side.campaign))


def test_sixty_at_once_lose_nothing(world):
    """Sixty settings at once: each that was kept is there, and who came second was told."""
    from concurrent.futures import ThreadPoolExecutor

    from analysis.fieldwork.campaign import change_campaign, open_campaign

    place = world.left.place
    seen, kept, told = open_campaign(place), [], []

    def change(n):
        now = seen
        while True:
            try:
                now = change_campaign(place, {"objective": now.objective + 1}, seen=now)
            except DataError as error:
                told.append(str(error))
                now = open_campaign(place)
            else:
                kept.append(n)
                return

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(60)))
    assert open_campaign(place).objective == seen.objective + 60
    assert sorted(kept) == list(range(60))
    assert told
    assert all("Somebody else changed the campaign" in one and "objective" in one for one in told)


def test_a_part_sees_and_adds_its_own_rows_only(world):
    from analysis.fieldwork.field_part import Part

    store = world.left.store
    for turf in ("T1", "T2", "T3"):
        content = phone_bytes(
            store.campaign, [attempt(n, turf=turf) for n in range(1, 4)], turf=turf
        )
        inbox.receive(store, content, name=f"{turf}.json", now=NOW)
    part = store.within(Part(frozenset({"99900_0002"}), frozenset({"T3"})))
    assert field_plan.turfs_in_field(part) == ["T2", "T3"]
    assert progress.totals(part).attempts == 6
    assert list(progress.by(part, "bureau_id")["bureau_id"]) == ["99900_0002", "99900_0003"]
    assert set(part.imports()["file"]) == {"T2.json", "T3.json"}
    assert set(progress.coverage(part)["bureau_id"]) == {"99900_0002", "99900_0003"}
    mine = phone_bytes(store.campaign, [attempt(7, turf="T2")], turf="T2")
    assert inbox.receive(part, mine, name="mine.json", now=NOW).new == 1
    others = phone_bytes(store.campaign, [attempt(7)])
    with pytest.raises(DataError, match="not yours"):
        inbox.receive(part, others, name="others.json", now=NOW)
    none = store.within(Part())
    assert field_plan.turfs_in_field(none) == []
    assert progress.totals(none).attempts == 0
