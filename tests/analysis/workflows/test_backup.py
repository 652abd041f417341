"""Tests that what is backed up comes back as it was, and that anything else is refused."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import stat
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from analysis.access import audit, membership, sessions
from analysis.access.rights import Grant
from analysis.cli.main import main
from analysis.contacts import vault
from analysis.contacts.erasure import erase
from analysis.contacts.suppression import suppress, suppressed
from analysis.database import migrate, store_copy
from analysis.database.access_tables import INVITATIONS, SESSIONS
from analysis.database.contact_tables import HOMES, STATEMENTS
from analysis.database.engine import connect, of_tenant, reading, writing
from analysis.database.models import ATTEMPTS, METADATA
from analysis.database.tenancy import REALM
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox
from analysis.fieldwork.campaign import open_campaign
from analysis.fieldwork.store import open_store
from analysis.workflows import backup_archive, people_shown
from analysis.workflows.backup import back_up
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.restore import erased_in, restore
from tests.analysis.contacts.invented import enter
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes, turfs

OLD = "0002"  # the tables of the release before


def place(folder, url=""):
    """Make a workspace with a table, a campaign and returns, and an audit of two entries."""
    (folder / "places").mkdir(parents=True)
    (folder / "places" / "votes.parquet").write_bytes(bytes(range(256)) * 40)
    store = open_store(folder, url)
    field_plan.register(store.engine, turfs())
    content = phone_bytes(store.campaign, [attempt(n) for n in range(20)])
    inbox.receive(store, content, name="r.json", now=NOW)
    for action in ("import", "download"):
        audit.note(store.engine, "ada", action, rows=20)
    store.engine.dispose()
    return folder


def rows_of(engine, tenant=""):
    """Return every row of every table."""
    with reading(of_tenant(engine, tenant)) as connection:
        return {
            # As tuples: a row of SQLAlchemy shortens what it shows.
            name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for name, table in METADATA.tables.items()
        }


def content_of(folder, url=""):
    store = open_store(folder, url)
    try:
        return rows_of(store.engine, store.campaign.campaign_id)
    finally:
        store.engine.dispose()


@pytest.fixture
def fresh(url, request):
    """Give the URL of another empty database of the same kind."""
    return url and request.getfixturevalue("server").database()


def test_a_copy_destroyed_and_restored_is_the_same(url, fresh, tmp_path):
    folder = place(tmp_path / "here" / "lyon", url)
    before, key = content_of(folder, url), (folder / "fieldwork" / "campaign.key").read_bytes()
    made = back_up(tmp_path / "out", {"lyon": folder}, url=url)
    shutil.rmtree(folder)
    done = restore(made.archive, tmp_path / "here", keys=made.keys, url=fresh)
    assert content_of(folder, fresh) == before
    assert len(before["attempts"]) == 20
    assert (folder / "fieldwork" / "campaign.key").read_bytes() == key
    assert (folder / "places" / "votes.parquet").read_bytes() == bytes(range(256)) * 40
    assert [count for count, _digest in done.audits.values()] == [2]
    assert not [one for one in (tmp_path / "here").iterdir() if one.name != "lyon"]


def test_keys_and_tokens_are_apart_and_closed_to_others(url, tmp_path):
    folder = place(tmp_path / "lyon", url)
    campaign = open_campaign(folder)
    made = back_up(tmp_path / "out", {"lyon": folder}, url=url)
    told = json.loads(phone_bytes(campaign, [attempt()]))
    secret = [campaign.secret.hex(), told["token"]]
    for file in (made.archive, made.keys):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    held = {
        file: b"".join(zipfile.ZipFile(file).read(n) for n in zipfile.ZipFile(file).namelist())
        for file in (made.archive, made.keys)
    }
    assert [word.encode() in held[made.archive] for word in secret] == [False, False]
    assert [word.encode() in held[made.keys] for word in secret] == [True, True]


def test_without_the_keys_a_new_one_is_drawn_and_the_store_opens(url, fresh, tmp_path):
    folder = place(tmp_path / "lyon", url)
    old = open_campaign(folder)
    made = back_up(tmp_path / "out.zip", {"lyon": folder}, url=url)
    restore(made.archive, tmp_path / "there", keys=None, url=fresh)
    new = open_campaign(tmp_path / "there" / "lyon")
    assert new.campaign_id == old.campaign_id
    assert new.secret != old.secret
    assert len(content_of(tmp_path / "there" / "lyon", fresh)["attempts"]) == 20


def test_the_place_must_be_empty_unless_told(url, fresh, tmp_path):
    folder = place(tmp_path / "here" / "lyon", url)
    made = back_up(tmp_path / "out", {"lyon": folder}, url=url)
    with pytest.raises(DataError, match="there already"):
        restore(made.archive, tmp_path / "here", keys=made.keys, url=fresh)
    (folder / "stray").write_text("x")
    if url:
        with pytest.raises(DataError, match="not empty"):
            restore(made.archive, tmp_path / "there", keys=made.keys, url=url)
        assert not list((tmp_path / "there").iterdir())
    restore(made.archive, tmp_path / "here", keys=made.keys, url=fresh, overwrite=True)
    assert not (folder / "stray").exists()
    assert len(content_of(folder, fresh)["attempts"]) == 20


def test_a_backup_while_returns_come_in_holds_whole_files_only(url, fresh, tmp_path):
    folder = place(tmp_path / "lyon", url)
    store, stop = open_store(folder, url), threading.Event()

    def go_on():
        n = 100
        while not stop.is_set():
            content = phone_bytes(store.campaign, [attempt(n + k) for k in range(5)])
            inbox.receive(store, content, name=f"{n}.json", now=NOW)
            n += 5

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        made = [back_up(tmp_path / f"{n}.zip", {"lyon": folder}, url=url) for n in range(3)][-1]
    finally:
        stop.set()
        writer.join()
        store.engine.dispose()
    restore(made.archive, tmp_path / "there", keys=made.keys, url=fresh)
    again = open_store(tmp_path / "there" / "lyon", fresh)
    with reading(again.engine) as connection:
        count = sa.select(sa.func.count()).select_from(ATTEMPTS).group_by(ATTEMPTS.c.import_id)
        sizes = connection.execute(count).scalars()
        assert set(sizes) == {5, 20}
    assert not again.unsound()
    again.engine.dispose()


def test_a_cut_or_changed_archive_is_refused(tmp_path):
    made = back_up(tmp_path / "out.zip", {"lyon": place(tmp_path / "lyon")})
    whole, rng = made.archive.read_bytes(), random.Random(13)
    for n in range(60):
        spot = rng.randrange(len(whole))
        cut = whole[:spot] if n % 2 else _flipped(whole, spot, rng.randrange(8))
        made.archive.write_bytes(cut)
        with pytest.raises(DataError, match="cut short or was altered"):
            restore(made.archive, tmp_path / "there", keys=made.keys)
        assert not list((tmp_path / "there").glob("*"))
        # Without the keys nothing vouches for the bytes between parts, only for the parts.
        try:
            restore(made.archive, tmp_path / "there", keys=None)
        except DataError:
            continue
        votes = tmp_path / "there" / "lyon" / "places" / "votes.parquet"
        assert votes.read_bytes() == bytes(range(256)) * 40
        assert len(content_of(tmp_path / "there" / "lyon")["attempts"]) == 20
        shutil.rmtree(tmp_path / "there")


def _flipped(content, spot, bit):
    return content[:spot] + bytes([content[spot] ^ 1 << bit]) + content[spot + 1 :]


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/out", "workspaces/../../out", "a\\..\\out", "C:out", "workspaces//out", "."],
)
def test_no_part_leaves_its_folder(name, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        writer = backup_archive.Writer(archive)
        (tmp_path / "content").write_text("x")
        writer.add(name, tmp_path / "content")
        writer.finish({"files": {}})
    with pytest.raises(DataError, match="outside of its folder"):
        restore(tmp_path / "bad.zip", tmp_path / "in" / "there", keys=None)
    assert not list(tmp_path.rglob("out"))


def test_a_link_and_a_part_that_swells_are_refused(tmp_path):
    for mode, size, match in ((0o120777, 3, "outside"), (0, 2, "altered")):
        info = zipfile.ZipInfo("workspaces/a/b")
        info.external_attr = mode << 16
        parts = {"workspaces/a/b": {"sha256": "0" * 64, "bytes": size}}
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
            archive.writestr(info, "abc")
            archive.writestr(
                "manifest.json", json.dumps({"format": 1, "files": {}, "parts": parts})
            )
        with pytest.raises(DataError, match=match):
            restore(tmp_path / "bad.zip", tmp_path / "there", keys=None)


def test_a_backup_larger_than_the_disk_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    made = back_up(tmp_path / "out.zip", {"lyon": place(tmp_path / "lyon")})
    full = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: full)
    with pytest.raises(DataError, match="larger than the room"):
        restore(made.archive, tmp_path / "there", keys=made.keys)


def test_files_named_by_the_manifest_alone_are_not_opened(tmp_path):
    outside = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(outside)) as other:
        other.execute("CREATE TABLE t (x)")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        told = {"format": 1, "files": {str(outside): "0001"}, "parts": {}}
        archive.writestr("manifest.json", json.dumps(told))
    with pytest.raises(DataError, match="altered"):
        restore(tmp_path / "bad.zip", tmp_path / "there", keys=None)


def test_whoever_was_erased_since_stays_erased(url, fresh, tmp_path, monkeypatch):
    # Any table with a column that names a person will do for one of keys.
    monkeypatch.setitem(store_copy.SECRET, "invitations", "user_id")
    folder = place(tmp_path / "lyon", url)
    store = open_store(folder, url)
    row = {"name": "", "by_link": True, "role": "volunteer", "scope": "turf", "scope_id": "T1"}
    row |= {"expires_s": 0, "revoked_s": None, "by_user": "ada", "at_s": 0}
    keys = {one: f"key-of-{one}" for one in ("kept", "erased")}
    tenant = store.campaign.campaign_id
    with writing(store.engine) as connection:
        for one, key in keys.items():
            told = row | {"tenant": tenant, "invitation_id": one, "digest": key, "user_id": one}
            connection.execute(sa.insert(INVITATIONS).values(told))
    store.engine.dispose()
    made = back_up(tmp_path / "out.zip", {"lyon": folder}, url=url)
    with zipfile.ZipFile(made.archive) as archive:
        assert not any(b"key-of-" in archive.read(name) for name in archive.namelist())
    (tmp_path / "erased.txt").write_text("erased\n\nnobody\n")
    erased = erased_in(tmp_path / "erased.txt")
    restore(made.archive, tmp_path / "there", keys=made.keys, url=fresh, erased=erased)
    again = open_store(tmp_path / "there" / "lyon", fresh)
    with reading(again.engine) as connection:
        held = connection.execute(sa.select(INVITATIONS.c.digest)).scalars().all()
    again.engine.dispose()
    assert held == ["key-of-kept"]


def test_an_older_backup_brings_back_nobody_who_was_erased(url, fresh, tmp_path, monkeypatch):
    monkeypatch.setenv("PALIER_STORE", url)
    folder = place(tmp_path / "here" / "lyon", url)
    contacts = open_contacts(folder)
    gone, kept = "a" * 32, "b" * 32
    stamp = {"tenant": contacts.tenant, "at_s": 1, "by_user": ""}
    with writing(contacts.engine) as connection:
        for who in (gone, kept):
            vault.put(connection, contacts.ring, [(who, "email", f"{who[0]}@example.org")])
            home = {"person": who, "version": 1, "commune_id": "69123", "source": "file"}
            home |= {"bureau_id": "69123_0001", "tenant": contacts.tenant}
            connection.execute(sa.insert(HOMES).values(home))
            said = {"statement": who, "person": who, "kind": "theme", "value": f"told-by-{who[0]}"}
            said |= {"given": True, "how": "door", **stamp}
            connection.execute(sa.insert(STATEMENTS).values(said))
    made = back_up(tmp_path / "out.zip", {"lyon": folder}, url=url)
    erase(contacts, [gone])
    close(contacts)
    # The whole machine is lost but for the list, which lies with the keys.
    listed = tmp_path / "here" / ".keys" / "erased.txt"
    assert listed.read_text() == f"{gone}\n"
    assert listed.stat().st_mode & 0o077 == 0
    into = tmp_path / "there"
    (into / ".keys").mkdir(parents=True)
    shutil.copy(listed, into / ".keys")
    restore(made.archive, into, keys=made.keys, url=fresh)
    monkeypatch.setenv("PALIER_STORE", fresh)
    again = open_contacts(into / "lyon")
    with reading(again.engine) as connection:
        for table in (HOMES, STATEMENTS):
            assert connection.execute(sa.select(table.c.person)).scalars().all() == [kept]
        assert set(vault.read(connection, again.ring, [gone, kept])) == {kept}
    if not url:
        raw = (into / "lyon" / "fieldwork" / "returns.sqlite").read_bytes()
        assert (b"told-by-a" in raw, b"told-by-b" in raw) == (False, True)
    # A backup of now vouches for the list itself.
    with zipfile.ZipFile(back_up(tmp_path / "n.zip", {"lyon": into / "lyon"}, url=fresh).keys) as z:
        assert gone.encode() in b"".join(z.read(one) for one in z.namelist() if "erased" in one)
    close(again)


def test_a_store_of_the_release_before_is_restored_and_brought_up_to_date(
    bare_url, fresh, tmp_path
):
    url, folder = bare_url, tmp_path / "lyon"
    (folder / "fieldwork").mkdir(parents=True)
    campaign = open_campaign(folder)
    old = connect(url or f"sqlite:///{folder / 'fieldwork' / 'returns.sqlite'}")
    migrate.upgrade(old, OLD)
    with writing(old, role="owner") as connection:
        key = hashlib.sha256(campaign.secret).hexdigest()[:16]
        _fill_old(connection, f"{campaign.campaign_id} {key}")
    old.dispose()
    made = back_up(tmp_path / "out.zip", {"lyon": folder}, url=url)
    restore(made.archive, tmp_path / "there", keys=made.keys, url=fresh)
    for where, address in ((folder, url), (tmp_path / "there" / "lyon", fresh)):
        store = open_store(where, address)  # the upgrade in place, and that by a backup
        assert len(rows_of(store.engine, campaign.campaign_id)["attempts"]) == 3
        assert not store.unsound()
        with reading(store.engine, role="owner") as connection:
            assert migrate.revision_of(connection) == migrate.newest_revision()
        store.engine.dispose()


ATTEMPT = """INSERT INTO attempts (attempt_id, import_id, turf_id, address_id, bureau_id, kind,
 team_id, at_s, day, hour, outcome, opponent, themes, note) VALUES (:id, 'i', 'T1',
 '99900_0001_00001', '99900_0001', 'block', 'A', 1763744400, '2025-11-21', 18, 'moved', :no, '',
 :note)"""


def _fill_old(connection, owner):
    named = {"id": owner}
    connection.execute(sa.text("INSERT INTO meta VALUES ('campaign', :id)"), named)
    sqlite = connection.dialect.name == "sqlite"
    for n in range(3):
        told = {"id": f"{n:032x}" if sqlite else f"00000000-0000-0000-0000-{n:012x}"}
        told |= {"no": False, "note": "tab\t, line\n and back\\slash"}
        connection.execute(sa.text(ATTEMPT), told)


def test_a_backup_of_a_newer_version_is_left_alone(tmp_path):
    folder = place(tmp_path / "lyon")
    with closing(sqlite3.connect(folder / "fieldwork" / "returns.sqlite")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    made = back_up(tmp_path / "out.zip", {"lyon": folder})
    with pytest.raises(DataError, match=r"newer version[\s\S]*9999"):
        restore(made.archive, tmp_path / "there", keys=made.keys)


def test_every_campaign_of_a_server_comes_back_and_every_login_has_ended(server, tmp_path):
    url, fresh = server.migrated(), server.database()
    engine = connect(url)
    for campaign in ("left-1", "right-2"):
        membership.found_campaign(engine, campaign, name=campaign, organisation="F")
        audit.note(of_tenant(engine, campaign), "ada", "download")
    with writing(of_tenant(engine, REALM)) as connection:
        ada = membership.enter(connection, "https://login.invalid", "ada", "Ada")
    membership.grant(engine, ada, Grant("left-1", "administrator"), by=membership.NOBODY)
    sessions.open_session(engine, ada, hours=1)
    tenants = ("left-1", "right-2", REALM)
    before = {tenant: rows_of(engine, tenant) for tenant in tenants}
    made = back_up(tmp_path / "out.zip", {}, url=url)
    engine.dispose()
    restore(made.archive, tmp_path / "there", keys=made.keys, url=fresh)
    again = connect(fresh)
    after = {tenant: rows_of(again, tenant) for tenant in tenants}
    assert before[REALM].pop(SESSIONS.name)
    assert not after[REALM].pop(SESSIONS.name)
    assert after == before
    forced = sa.text(
        "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relkind = 'r' AND "
        "relnamespace = 'public'::regnamespace"
    )
    with reading(again) as connection:
        assert connection.execute(forced).scalar_one() is True
    again.dispose()


def test_a_damaged_table_is_told_and_kept_as_it_is(valmont, tmp_path):
    copy = tmp_path / "valmont"
    shutil.copytree(valmont.path, copy)
    assert back_up(tmp_path / "a.zip", {"valmont": copy}).damaged == ()
    table = copy / "votes.parquet"
    table.write_bytes(_flipped(table.read_bytes(), 900, 3))
    made = back_up(tmp_path / "b.zip", {"valmont": copy})
    assert made.damaged == ("workspaces/valmont/votes.parquet",)


def test_the_two_verbs_of_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("PALIER_STORE", raising=False)
    names = [str(place(tmp_path / name)) for name in ("lyon", "paris")]
    out = str(tmp_path / "all.zip")
    with pytest.raises(SystemExit) as ended:
        main(["backup", "--out", out, "--workspace", *names])
    assert ended.value.code == 0
    keys, into = str(tmp_path / "all.keys.zip"), str(tmp_path / "there")
    with pytest.raises(SystemExit) as ended:
        main(["restore", out, "--keys", keys, "--into", into])
    assert ended.value.code == 0
    assert "lyon paris" in capsys.readouterr().out
    for name in ("lyon", "paris"):
        assert content_of(tmp_path / "there" / name) == content_of(tmp_path / name)
    with pytest.raises(SystemExit) as ended:
        main(["restore", out, "--keys", keys, "--into", into])
    assert ended.value.code == 1
    assert "--overwrite" in capsys.readouterr().err


def test_without_its_keys_nobody_is_read_and_that_is_said(tmp_path, monkeypatch, capsys):
    folder = place(tmp_path / "here" / "lyon")
    monkeypatch.setenv("PALIER_KEYS", str(tmp_path / "first.json"))
    contacts = open_contacts(folder)
    enter(contacts, "p", email="ada@example.org")
    enter(contacts, "gone", email="ben@example.org")
    erase(contacts, ["gone"])
    assert people_shown.unread(contacts) == 0
    close(contacts)
    made = back_up(tmp_path / "out", {"lyon": folder})
    monkeypatch.setenv("PALIER_KEYS", str(tmp_path / "second.json"))
    with pytest.raises(SystemExit) as ended:
        main(["restore", str(made.archive), "--into", str(tmp_path / "there")])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "Restored without the file of its keys" in told
    again = open_contacts(tmp_path / "there" / "lyon")
    assert people_shown.unread(again) == 1
    assert people_shown.search(again, "ada@example.org") == []
    assert people_shown.name_of(again, "p") is None
    close(again)
    written = b"".join(one.read_bytes() for one in (tmp_path / "there").rglob("*") if one.is_file())
    assert b"ada@" not in written


def test_people_are_read_again_and_objections_hold(tmp_path):
    folder = place(tmp_path / "here" / "lyon")
    contacts = open_contacts(folder)
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, [("p", "email", "ada@example.org")])
    suppress(contacts, "email", "ben@example.org", "stop")
    close(contacts)
    made = back_up(tmp_path / "out", {"lyon": folder})
    keys = (tmp_path / "here" / ".keys" / "people.json").read_text()
    assert not any(key.encode() in made.archive.read_bytes() for key in json.loads(keys).values())

    restore(made.archive, tmp_path / "there", keys=made.keys)
    again = open_contacts(tmp_path / "there" / "lyon")
    with reading(again.engine) as connection:
        assert vault.read(connection, again.ring, ["p"]) == {"p": {"email": "ada@example.org"}}
    points = [("email", "ben@example.org"), ("email", "ada@example.org")]
    assert suppressed(again, points) == {points[0]: "stop"}
    close(again)

    # The same campaign was copied without its keys, and drew others.
    other = Path(shutil.copytree(folder, tmp_path / "elsewhere" / "lyon"))
    close(open_contacts(other))
    shutil.rmtree(other)
    with pytest.raises(DataError, match="under the same names"):
        restore(made.archive, tmp_path / "elsewhere", keys=made.keys)
    assert not other.exists()
