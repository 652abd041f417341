"""Who came by every way, was written to and backed up: once erased, no byte says their name."""

from __future__ import annotations

import base64
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from analysis.contacts import rights_requests as owed
from analysis.contacts import vault
from analysis.contacts.contact_store import Contacts, say_controller
from analysis.contacts.file_origins import Declared
from analysis.database.engine import reading
from analysis.messages.approve import approve, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.letter_blocks import Letter
from analysis.messages.outbox import Way, send_message
from analysis.workflows import duties, people_import, people_linking
from analysis.workflows.backup import back_up
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.door_contacts import enter_slip
from analysis.workflows.restore import restore
from tests.analysis.contacts.test_door_consents import SIGNED
from tests.analysis.contacts.test_public_pages import ENTRY, Site
from tests.analysis.messages.conftest import CONTROLLER, EVERYBODY, SETTING, supporters
from tests.analysis.messages.test_outbox import Pigeon

TODAY = datetime.now(UTC).date()
# Invented, and like nothing else: one comes by a file, one by the public page, one at the door.
MARKS = ("Zorbaline", "Quizquatz", "Yxombert")
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
    yield Town(campaign, url, request, opened)
    close(opened)


def come_in(base, campaign):
    """Enter one person by each way, and have mail wait for the one of the public page."""
    by_file, by_page, at_door = zip(MARKS, PHONES, strict=True)
    text = f"Prénom;Nom;E-mail;Téléphone\n{by_file[0]};Trace;{address(by_file[0])};{by_file[1]}\n"
    looked = people_import.look(base, text.encode(), "soutiens.csv")
    fields = [one.field for one in looked.proposals]
    told = Declared("sign_up", "information", "regular")
    people_import.bring_people(base, campaign, looked.file, fields, told)
    site = Site(campaign, base)
    site.send(ENTRY | {"first_name": by_page[0], "email": address(by_page[0])})
    site.send({}, site.link())
    slip = {"first_name": at_door[0], "email": address(at_door[0]), "phone": at_door[1]}
    enter_slip(base, SIGNED | slip)


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
    return [one.encode() for mark in MARKS for one in (mark, mark.lower())]


def spellings():
    """Return every spelling of a mark that a file may hold."""
    texts = [one for mark in MARKS for one in (mark, mark.lower(), mark.upper())]
    texts += [phone[1:] for phone in PHONES]
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


def test_whoever_came_by_every_way_is_erased_from_every_byte(town, tmp_path, caplog, capfd):
    base, folder = town.base, town.folder
    come_in(base, folder)
    sent = write_to_all(base)
    assert [mark for mark in MARKS if mark in sent] == [*MARKS[1:]]  # of a file: no consent
    people_linking.link_people(base)
    before = back_up(tmp_path / "before.zip", {"valmont": folder}, url=town.url)
    # The letter that asks to confirm waits in the clear, beside the store and not in it.
    assert {name.rpartition(".")[2] for name in holding(folder)} == {"eml"}
    for mark in MARKS:
        (who,) = owed.find(base, address(mark))
        assert mark.encode() in duties.answer_access(base, who)["access.json"]
        one = owed.receive(base, "erasure", who, TODAY)
        assert duties.erase_for(folder, base, one.request).erased.swept
    after = back_up(tmp_path / "after.zip", {"valmont": folder}, url=town.url)
    told = [("log", caplog.text.encode()), ("printed", "".join(capfd.readouterr()).encode())]
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
