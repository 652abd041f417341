"""Who came by every way, was written to and backed up: once erased, no byte says their name."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from starlette.applications import Starlette
from starlette.routing import Route

from analysis.access.server_settings import ServerSettings
from analysis.contacts import rights_requests as owed
from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts, say_controller
from analysis.contacts.file_origins import Declared
from analysis.database.engine import reading
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox
from analysis.fieldwork.store import open_store
from analysis.messages.approve import approve, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.letter_blocks import Letter
from analysis.messages.outbox import Way, send_message
from analysis.workflows import (
    duties,
    people_import,
    people_linking,
    phone_endpoint,
    public_pages,
    server_log,
)
from analysis.workflows.backup import back_up
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.door_contacts import enter_slip
from analysis.workflows.front_door import FrontDoor
from analysis.workflows.restore import restore
from tests.analysis.contacts.test_door_consents import SIGNED
from tests.analysis.contacts.test_public_pages import ENTRY, Site
from tests.analysis.fieldwork.made_returns import as_bytes, attempt, phone_file, turfs
from tests.analysis.fieldwork.test_names_taken_out import workbook
from tests.analysis.messages.conftest import CONTROLLER, EVERYBODY, SETTING, supporters
from tests.analysis.messages.test_outbox import Pigeon

TODAY = datetime.now(UTC).date()
# Invented, and in no other test, for all share a server of PostgreSQL: one comes by a file, one
# by the public page, one at the door.
MARKS = ("Zorvumble", "Quizquatz", "Yxombert")
MISSPELT = tuple(f"{mark[:-2]}{mark[-1]}".lower() for mark in MARKS)
PHONES = ("0639981201", "0639981202", "0639981203")


def address(mark):
    return f"{mark.lower()}@valmont.example"


@dataclass
class Town:
    """A campaign with eleven supporters who stay, and where its store keeps what it keeps."""

    folder: Path
    url: str
    request: pytest.FixtureRequest
    base: Contacts

    def dump(self, url):
        """Return all that PostgreSQL tells of a database."""
        server = self.request.getfixturevalue("server")
        name = make_url(url).database
        command = ["pg_dump", "-h", str(server.folder), "-U", server.name, name]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def as_operator(self, *orders):
        """Do once what docs/server.md says, so that the app may clear the log of writes."""
        if not self.url:
            return
        told = make_url(self.url)
        url = self.request.getfixturevalue("server").url(told.database)
        url = make_url(url).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(False), autocommit=True) as connection:
            for order in orders:
                connection.execute(order.format(owner=told.username))

    def of_server(self):
        """Return all that PostgreSQL keeps, its log of writes too: the clear is in none of it."""
        if not self.url:
            return []
        folder = self.request.getfixturevalue("server").folder
        files = [one for one in (folder / "data").rglob("*") if one.is_file()]
        told = [("dump", self.dump(self.url)), ("log", (folder / "log").read_bytes())]
        return told + [(str(one), one.read_bytes()) for one in files]


@pytest.fixture
def town(campaign, url, monkeypatch, request):
    """Open the campaign in each of the two stores."""
    monkeypatch.setenv("PALIER_STORE", url)
    monkeypatch.delenv("PALIER_SMTP", raising=False)
    first = open_contacts(campaign)
    say_controller(first, CONTROLLER)
    close(first)
    opened = open_contacts(campaign)
    supporters(opened, 11)
    made = Town(campaign, url, request, opened)
    made.as_operator(
        "ALTER SYSTEM SET wal_recycle = off",
        "SELECT pg_reload_conf()",
        "GRANT pg_checkpoint TO {owner}",
        "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {owner}",
    )
    yield made
    close(opened)


def come_in(base, campaign):
    """Enter one person by each way, and have mail wait for the one of the public page."""
    by_file, by_page, at_door = zip(MARKS, PHONES, strict=True)
    text = f"Prénom;Nom;E-mail;Téléphone\n{by_file[0]};Trace;{address(by_file[0])};{by_file[1]}\n"
    looked = people_import.look(base, text.encode(), f"Mme {by_file[0]}.csv")
    fields = [one.field for one in looked.proposals]
    told = Declared("sign_up", "information", "regular")
    people_import.bring_people(base, campaign, looked.file, fields, told)
    site = Site(campaign, base)
    site.send(ENTRY | {"first_name": by_page[0], "email": address(by_page[0])})
    site.send({}, site.link())
    slip = {"first_name": at_door[0], "email": address(at_door[0]), "phone": at_door[1]}
    enter_slip(base, SIGNED | slip)


def note_at_doors(campaign):
    """Bring remarks that say a name, a telephone or an address: by the network and by a sheet."""
    store = open_store(campaign)
    field_plan.register(store.engine, turfs())
    remarks = [f"Mme {mark}, rappeler" for mark in MARKS]
    remarks += [f"sonnette {mark.upper()}" for mark in MARKS]
    remarks += [f"tel {phone}" for phone in PHONES] + [f"ecrire a {address(m)}" for m in MARKS]
    # A bare name in small letters passes the filter; so does one with a slip of the finger.
    slipped = [f"boite\t{mark.lower()} \\n pleine" for mark in MARKS]
    slipped += [f"boite {one}" for one in MISSPELT]
    every = [*remarks, "chien", *slipped]
    rows = [attempt(n, note=remark) for n, remark in enumerate(every)]
    answers = ask(campaign, "POST", "/api/returns", as_bytes(phone_file(store.campaign, rows)))
    assert answers.json() == {
        "new": 19,
        "repeated": 0,
        "conflicts": 0,
        "turfs": ["T1"],
        "withheld": 12,
        "missing": 0,
    }
    lines = ["turf_id,address_id,date,time,team_id,outcome,note"]
    lines += [
        f'T2,99900_0002_{n:05d},2025-11-21,18:0{n},A,absent,"M. {mark}"'
        for n, mark in enumerate(MARKS)
    ]
    paper = inbox.receive(store, "\n".join(lines).encode(), name=f"Mme {MARKS[0]}.csv")
    assert (paper.new, len(paper.withheld)) == (3, 3)
    # Sheets that lack something lie in `refused` as they came.
    lines[0] = lines[0].replace("team_id", "équipe de")
    for content in ("\n".join(lines).encode("cp1252"), workbook([one.split(",") for one in lines])):
        with pytest.raises(DataError):
            inbox.receive(store, content, name="feuille")
    inbox.keep(store.folder, "\n".join(lines).encode("utf-16"), "attend.csv")
    with reading(store.engine) as connection:
        kept = set(connection.execute(sa.select(ATTEMPTS.c.note)).scalars())
        assert kept == {"", "chien", *(one.replace("\t", " ") for one in slipped)}
    store.engine.dispose()


def ask(campaign, method, path, content=None):
    """Ask a server that writes its log; the address itself may say a name."""

    async def returns(request):
        return await phone_endpoint.receive_returns(request, campaign.parent)

    async def public(request):
        if "boom" in request.query_params:
            raise RuntimeError(f"no such person: {MARKS[0]} {PHONES[0]}")
        return await public_pages.public_page(request, campaign.parent)

    every = ["GET", "POST"]
    routes = [
        Route("/api/returns", returns, methods=every),
        Route("/{path:path}", public, methods=every),
    ]
    # A login that is none: no store of a server is asked.
    settings = ServerSettings(server=True, address="http://x")
    door = FrontDoor(Starlette(routes=routes), settings, lambda _cookies: None)

    async def asked():
        transport = httpx.ASGITransport(app=door, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, content=content)

    return asyncio.run(asked())


def ask_by_name(campaign, tenant):
    """Ask for addresses, with queries and files, that say who somebody is."""
    for mark, phone in zip(MARKS, PHONES, strict=True):
        for path in (f"/p/{tenant}/{mark}", f"/p/{mark}?q={phone}", f"/{mark}/x?boom=1"):
            ask(campaign, "GET", path)
        wrong = f'{{"campaign_id": "{tenant}", "turf_id": "{mark}", "token": "{phone}"}}'
        assert ask(campaign, "POST", "/api/returns", wrong.encode()).status_code == 422


def write_to_all(base):
    """Send everybody who said yes a message that says their name; return what was said."""
    words = {"kind": "text", "text": "Bonjour {{ first_name }}."}
    letter = Letter.read({"language": "fr", "subject": "Réunion", "blocks": [words]})
    draft = save(base, "meeting", letter, EVERYBODY)
    other, post = replace(base, by="other"), Pigeon()
    approve(other, prepare(other, draft, SETTING, terms=Terms(control=False)))
    send_message(base, draft.message, Way(post, SETTING.base, SETTING.ground))
    letters = [message_from_bytes(content, policy=default) for _from, _to, content in post.taken]
    return "".join(one.get_body(("plain",)).get_content() for one in letters)


def clear():
    """Return the marks as they were written."""
    every = [*MARKS, *(mark.lower() for mark in MARKS), *MISSPELT]
    return [one.encode() for one in every]


def spellings():
    """Return every spelling of a mark that a file may hold."""
    texts = [one for mark in MARKS for one in (mark, mark.lower(), mark.upper())]
    texts += [*MISSPELT, *(phone[1:] for phone in PHONES)]
    texts += [" ".join(phone[i : i + 2] for i in range(2, 10, 2)) for phone in PHONES]
    plain = [one.encode(code) for one in texts for code in ("utf-8", "utf-16-le")]
    # Whole groups of three bytes, wherever they begin.
    coded = [base64.b64encode(one.encode()[n:])[:8] for one in texts for n in range(3)]
    return [*plain, *coded]


def holding(folder, *more):
    """Return which files say anything, members of archives too."""
    found, marks = [], spellings()
    content = [(str(file), file.read_bytes()) for file in folder.rglob("*") if file.is_file()]
    for name, told in [*content, *more]:
        if zipfile.is_zipfile(BytesIO(told)):
            with zipfile.ZipFile(BytesIO(told)) as archive:
                told += b"".join(archive.read(one) for one in archive.namelist())
        found += [name] if any(mark in told for mark in marks) else []
    return found


def test_whoever_came_by_every_way_is_erased_from_every_byte(
    town, tmp_path, caplog, capfd, monkeypatch
):
    base, folder = town.base, town.folder
    serving = SimpleNamespace(settings=lambda: SimpleNamespace(server=True))
    monkeypatch.setattr(server_log, "server_access", serving)
    come_in(base, folder)
    note_at_doors(folder)
    ask_by_name(folder, base.tenant)
    sent = write_to_all(base)
    assert [mark for mark in MARKS if mark in sent] == [*MARKS[1:]]  # of a file: no consent
    people_linking.link_people(base)
    before = back_up(tmp_path / "before.zip", {"valmont": folder}, url=town.url)
    # The letter that asks to confirm waits in the clear, beside the store and not in it.
    lying = {Path(name).parent.name for name in holding(folder)} - {"fieldwork"}
    assert lying == {"outbox", "refused", "inbox", "imported"}
    for mark in MARKS:
        (who,) = owed.find(base, address(mark))
        told = duties.answer_access(base, who)["access.json"]
        assert mark.encode() in told
        # Letters that left for them are known of them too; of a file without consent none did.
        steps = [one["step"] for one in json.loads(told)["messages"]]
        assert steps == ([] if mark == MARKS[0] else ["sent"])
        one = owed.receive(base, "erasure", who, TODAY)
        assert duties.erase_for(folder, base, one.request).erased.remains() == []
    after = back_up(tmp_path / "after.zip", {"valmont": folder}, url=town.url)
    printed = "".join(capfd.readouterr())
    assert all(f'"event": "{kind}"' in printed for kind in ("request", "import", "error"))
    told = [("log", caplog.text.encode()), ("printed", printed.encode())]
    kept = [(str(one), one.read_bytes()) for one in (after.archive, after.keys)]
    assert holding(folder.parent, *told, *kept) == []
    assert [name for name, told in town.of_server() if any(one in told for one in clear())] == []
    _an_older_backup_brings_nobody_back(town, before, tmp_path / "there")


def _an_older_backup_brings_nobody_back(town, before, into):
    (into / ".keys").mkdir(parents=True)
    shutil.copy(town.folder.parent / ".keys" / "erased.txt", into / ".keys")
    fresh = town.url and town.request.getfixturevalue("server").database()
    restore(before.archive, into, keys=before.keys, url=fresh)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALIER_STORE", fresh)
        again = open_contacts(into / "valmont")
    assert all(owed.find(again, address(mark)) == [] for mark in MARKS)
    with reading(again.engine) as connection:
        known = vault.read(connection, again.ring, [f"p{n:03d}" for n in range(11)])
    close(again)
    assert len(known) == 11
    assert holding(into, *([("dump", town.dump(fresh))] if fresh else [])) == []
