"""The whole way on the command line: written, looked at, approved by another, sent, left."""

from __future__ import annotations

import email
import io
import json
import os
import re
import shutil
import socket
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from aiosmtpd.controller import Controller as Server

from analysis.cli.main import _verbs
from analysis.contacts import vault
from analysis.contacts.contact_store import insert_many, say_controller
from analysis.contacts.suppression import suppress
from analysis.contacts.universe import Universe
from analysis.database.contact_tables import HOMES
from analysis.database.engine import writing
from analysis.errors import DataError
from analysis.messages import approve as approving
from analysis.messages import sending_pace
from analysis.messages.approve import approval_of, approve, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.letter_blocks import Letter
from analysis.messages.outbox import progress_of
from analysis.tables.file_lock import held
from analysis.tables.workspace import Workspace
from analysis.workflows import mail_out, mail_worker, message_work, universes
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.letter_files import read_letter
from analysis.workflows.message_effects import past_turnout
from tests.analysis.contacts.invented import said, say
from tests.analysis.messages.conftest import CONTROLLER, EVERYBODY, SETTING, supporters
from tests.analysis.messages.conftest import LETTER as PLAIN
from tests.analysis.messages.test_leaving import report
from tests.analysis.messages.test_outbox import Mailbox, Pigeon

LETTER = """
language = "fr"
subject = "Réunion jeudi"

[[blocks]]
kind = "text"
text = "Bonjour {{ first_name | default('') }}"
"""


@pytest.fixture
def campaign(tmp_path, valmont, monkeypatch):
    """Return the folder of a campaign with twenty supporters, on a server that others reach."""
    folder = tmp_path / "places" / "valmont"
    shutil.copytree(valmont.path, folder)
    contacts = open_contacts(folder)
    say_controller(contacts, CONTROLLER)
    close(contacts)
    contacts = open_contacts(folder)
    supporters(contacts, 20)
    close(contacts)
    (tmp_path / "letter.toml").write_text(LETTER, encoding="utf-8")
    monkeypatch.setattr(message_work, "base_address", lambda: "https://valmont.example.org")
    monkeypatch.delenv("PALIER_SMTP", raising=False)
    return folder


def run(*words):
    """Run a verb; return what it prints, or raise what it says."""
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        _verbs()([str(one) for one in words], standalone_mode=False)
    return told.getvalue()


def test_the_whole_way(campaign, tmp_path, monkeypatch):
    here = ("--workspace", campaign)
    rule = json.dumps({"of": "people", "where": {"all": []}})
    letter = tmp_path / "letter.toml"
    with pytest.raises(DataError, match="Nobody is named"):
        run("message", "new", letter, *here, "--universe", rule)
    out = run("message", "new", letter, *here, "--universe", rule, "--by", "alice", "--name", "m")
    message = out.split()[0]
    seen = run("message", "preview", message, *here, "--seed", 1, "--out", tmp_path / "ten")
    assert "cannot be proved here" in seen
    assert "18 letters, 2 people drawn by lot" in " ".join(seen.split())
    assert len(list((tmp_path / "ten").glob("*.html"))) == 10
    with pytest.raises(DataError, match="other than its author"):
        run("message", "approve", message, *here, "--by", "alice")
    run("message", "approve", message, *here, "--by", "bob", "--seed", 1)
    with pytest.raises(DataError, match="No mail server"):
        run("worker", *here, "--once")
    with mail_server(monkeypatch) as box:
        with (
            held(campaign / "fieldwork" / "message_worker.lock"),
            pytest.raises(DataError, match="Another worker"),
        ):
            run("worker", *here, "--once")
        assert "sent 18" in run("worker", *here, "--once", "--per-minute", 0)
        assert "sent" not in run("message", "send", message, *here)
    assert len({to for _from, to, _content in box.taken}) == len(box.taken) == 18
    changed = [row.split() for row in run("message", "effect", message, *here).splitlines()]
    assert changed[0] == ["act", "without", "change", "low", "high", "letters", "controls"]
    # Two are kept for comparison: under eleven nothing is told but how many they are.
    assert ["donation", "-", "-", "-", "-", "18", "2"] in changed
    told = run("message", "status", *here)
    assert "control 2" in told
    assert "sent 18" in told


@contextmanager
def mail_server(monkeypatch):
    """Run a mail server, name it to the campaign, and yield what it took."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(box, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv("PALIER_SMTP", f"smtp://127.0.0.1:{port}")
    try:
        yield box
    finally:
        server.stop()


def test_letters_to_confirm_that_waited_leave_once_a_mail_server_is_named(campaign, monkeypatch):
    contacts = open_contacts(campaign)
    people = {name: f"{name}@valmont.example" for name in ("first", "stopped", "old", "last")}
    for name, address in people.items():
        assert not mail_out.send(campaign, contacts, mail_out.Letter(name, address, name, "…"))
    suppress(contacts, "email", people["stopped"], "unsubscribe")
    [old] = mail_out.outbox(campaign).glob("old-*")
    os.utime(old, (0, 0))
    close(contacts)
    assert len(mail_out.waiting(campaign)) == 4
    with mail_server(monkeypatch) as box:
        run("worker", "--workspace", campaign, "--once")
        run("worker", "--workspace", campaign, "--once")
    assert sorted(to for _from, to, _content in box.taken) == [people["first"], people["last"]]
    # Whoever stopped everything is not written to, and a link of long ago leads nowhere.
    left = [file.name.partition("-")[0] for file in mail_out.waiting(campaign)]
    assert sorted(left) == ["old", "stopped"]


def test_a_preview_says_what_the_turnout_of_whole_bureaux_can_tell(campaign, tmp_path):
    here = ("--workspace", campaign)
    contacts = open_contacts(campaign)
    home = {"tenant": contacts.tenant, "version": 2, "source": "said", "score": None}
    home |= {"commune_id": "99900"}
    with writing(contacts.engine) as connection:
        homes = [
            home | {"person": f"p{n:03d}", "bureau_id": f"99900_{n + 1:04d}"} for n in range(20)
        ]
        insert_many(connection, HOMES, homes)
    close(contacts)
    rule = json.dumps({"of": "people", "where": {"all": []}})
    new = ("message", "new", tmp_path / "letter.toml", *here, "--universe", rule, "--by", "alice")
    message = run(*new).split()[0]
    seen = run("message", "preview", message, *here, "--seed", 1, "--whole-bureaux")
    assert "Bureaux are drawn whole: 18 get the message, 2 do not." in seen
    told = re.search(r"a change of ([\d.]+) points or more is seen four times in five", seen)
    # Its last vote that did not follow another at once is that of June 2024, beside June 2022.
    past = past_turnout(Workspace(campaign)).set_index("bureau_id")
    assert past.loc["99900_0001", "turnout_rate"] == pytest.approx(477 / 822)
    assert past.loc["99900_0001", "before"] == pytest.approx(455 / 828)
    # The simplest rule beside it: nothing taken off but the turnout before.
    # Bureau 20 did not exist in 2022.
    few = past.loc[past.index.isin({one["bureau_id"] for one in homes})]
    assert len(few) == 19
    rest = few["turnout_rate"] - np.polyval(
        np.polyfit(few["before"], few["turnout_rate"], 1), few["before"]
    )
    rough = 2.8 * rest.std(ddof=2) * np.sqrt(1 / 18 + 1 / 2)
    assert float(told[1]) == pytest.approx(100 * rough, rel=0.3)


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "{", "subject = 1", 'blocks = "x"', "blocks = [1]", "[" * 50_000],
    ids=["empty", "list", "cut", "one line", "text", "number", "deep"],
)
def test_a_broken_file_is_no_message(tmp_path, content):
    for suffix in (".toml", ".json"):
        (tmp_path / f"x{suffix}").write_text(content, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read_letter(tmp_path / f"x{suffix}")
        assert caught.value.mend
    with pytest.raises(DataError, match="cannot be read"):
        read_letter(tmp_path / "none.toml")


VOTE = "2027_pres_t1"
ABSTAINS = Universe.read({"of": "people", "where": {"abstention_over": 0.3}})
SHOWS = PLAIN | {"blocks": [{"kind": "text", "text": "Ici, {{ abstention }} ne votent pas."}]}


@pytest.fixture
def work(make, monkeypatch, tmp_path):
    """Return 24 supporters, half of them where 31% abstain, and what approves and sends."""
    contacts = make()
    supporters(contacts, 24)
    rates = SETTING.ground.abstention
    table = pd.DataFrame({"bureau_id": list(rates), "abstention": list(rates.values())})
    monkeypatch.setattr(message_work, "Workspace", lambda folder: folder)
    ahead = {VOTE: SimpleNamespace(forecast=SimpleNamespace(table=table))}
    monkeypatch.setattr(universes, "look_ahead", lambda _place, election: ahead[election])
    monkeypatch.setattr(message_work, "open_contacts", lambda _folder: contacts)
    monkeypatch.setattr(message_work, "close", lambda _contacts: None)
    monkeypatch.setattr(message_work, "base_address", lambda: SETTING.base)
    monkeypatch.setattr(message_work, "takes_away", lambda _channel: True)
    monkeypatch.setattr(message_work, "published", None)
    order, post = [], Pigeon()
    monkeypatch.setattr(message_work, "waiting", lambda _contacts: order)

    def approved(rule, letter, **choice):
        draft = save(contacts, "m", Letter.read(letter), rule)
        chosen = message_work.Choice(**{"control": False} | choice)
        seen = message_work.look(tmp_path, contacts, draft.message, chosen)
        approve(replace(contacts, by="other"), seen)
        order.append(draft.message)
        return draft.message

    def sends(say=lambda _what, _count: None, **how):
        how = message_work.Work(**how)
        return message_work._round(tmp_path, how, {"email": post}, lambda: False, say)

    return SimpleNamespace(contacts=contacts, post=post, approved=approved, sends=sends)


def without_election(patch):
    """Let approvals be written as they were before they kept the election."""
    row = approving._row

    def before(contacts, prepared):
        told = row(contacts, prepared)
        control = json.loads(told["control"])
        control.pop("election", "")
        return told | {"control": json.dumps(control)}

    patch.setattr(approving, "_row", before)


@pytest.mark.parametrize("kept", [True, False])
def test_who_was_chosen_by_abstention_is_written_to_without_asking_again(work, monkeypatch, kept):
    if not kept:
        without_election(monkeypatch)
    first = work.approved(ABSTAINS, PLAIN, election=VOTE)
    second = work.approved(EVERYBODY, PLAIN)
    assert work.sends(once=True) == {"sent": 36}
    sent = [progress_of(work.contacts, one)["sent"] for one in (first, second)]
    assert sent == [12, 24]
    assert approval_of(work.contacts, first).control.get("election", "") == (VOTE if kept else "")


def test_what_is_chosen_at_approval_is_what_is_approved(work):
    message = work.approved(
        ABSTAINS, PLAIN, election=VOTE, control=True, compares="donation", loads=True
    )
    told = approval_of(work.contacts, message).control
    names = ("election", "compares", "loads", "whole_bureaux")
    assert [told[name] for name in names] == [VOTE, "donation", True, False]
    # One in ten, drawn by bureau: how many of twelve is chance.
    assert 0 < told["controls"] < 12


def test_a_message_that_cannot_leave_does_not_hold_back_those_behind_it(work, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        without_election(patch)
        broken = work.approved(EVERYBODY, SHOWS, election=VOTE)
    whole = work.approved(EVERYBODY, SHOWS, election=VOTE)
    said = []
    with pytest.raises(DataError, match="no election is named"):
        work.sends(lambda what, count: said.append((what, dict(count))), once=True)
    assert said == [(broken, {"not sent": 1}), (whole, {"sent": 24})]
    # The rates are those of the election that was looked at when it was approved.
    parts = [email.message_from_bytes(one).get_payload()[0] for _from, _to, one in work.post.taken]
    texts = [one.get_payload(decode=True).decode() for one in parts]
    assert [sum(f"Ici, {rate}" in one for one in texts) for rate in (31, 25)] == [12, 12]
    # A worker that goes on is not ended by it, and tells why.
    assert work.sends()["not sent"] == 1
    assert "no election is named" in caplog.text
    # Named by hand, it leaves.
    assert work.sends(once=True, election=VOTE)["sent"] == 24


def test_the_server_reads_the_mailbox_of_each_campaign_when_it_changed(work, monkeypatch, tmp_path):
    message = work.approved(EVERYBODY, PLAIN)
    work.sends(once=True)
    back = [sender for sender, _to, _content in work.post.taken]
    place, box = tmp_path / "town" / "place", tmp_path / "mail" / "town" / "place"
    for folder in (place / "fieldwork", box):
        folder.mkdir(parents=True)
    monkeypatch.setattr(message_work, "_posts", lambda: nullcontext({}))
    read, ending, name = {}, Event(), place.relative_to(tmp_path)

    def bounced(n):
        mail_worker.once(place, ending, name, read)
        assert progress_of(work.contacts, message)["bounced"] == n
        return dict(read)

    (box / "1.eml").write_bytes(report("5.1.1", to=back[0]))
    bounced(0)  # no folder is named
    monkeypatch.setenv("PALIER_RETURNED", str(tmp_path / "mail"))
    first = bounced(1)
    with monkeypatch.context() as patch:
        patch.setattr(message_work, "take_back_all", None)  # nothing changed: it is not read
        assert bounced(1) == first
    (box / "2.eml").write_bytes(report("5.1.1", to=back[1]))
    os.utime(box, ns=(1, first[box] + 1))  # whatever the clock of the disk tells apart
    assert bounced(2) != first
    # A campaign without a mailbox, and one that cannot be read, do not end the worker.
    mail_worker.once(place, ending, Path("none"), read)
    monkeypatch.setenv("PALIER_RETURNED", str(tmp_path / "nowhere"))
    bounced(2)


def test_texts_leave_by_themselves_by_day_and_by_hand_at_once(campaign, monkeypatch, tmp_path):
    monkeypatch.setenv("PALIER_SMS", f"file://{tmp_path}/texts")
    contacts = open_contacts(campaign)
    people = [f"p{n:03d}" for n in range(12)]
    phones = [(one, "phone", f"+336399801{n:02d}") for n, one in enumerate(people)]
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, phones)
        vault.index(connection, contacts.ring, phones)
    say(contacts, *(said(one, "letter_sms", "sms") for one in people))
    messages = []
    for name in ("by hand", "by itself"):
        text = {"language": "fr", "channel": "sms", "blocks": [{"kind": "text", "text": name}]}
        draft = save(contacts, name, Letter.read(text), EVERYBODY)
        prepared = prepare(contacts, draft, SETTING, terms=Terms(control=False))
        approve(replace(contacts, by="other"), prepared)
        messages.append(draft.message)
    close(contacts)

    def left():
        file = tmp_path / "texts" / "texts.jsonl"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def at(hour):
        # Valmont votes by the clock of Paris, an hour ahead in winter.
        now = datetime(2027, 1, 11, hour - 1, 59, tzinfo=UTC)
        monkeypatch.setattr(sending_pace, "now", lambda: now)

    quiet = partial(message_work.work, campaign, say=lambda *_told: None)
    for hour in (7, 21, 23):
        at(hour)
        quiet(message_work.Work(once=True))
        assert left() == 0, hour
    quiet(message_work.Work(once=True, message=messages[0]))
    assert left() == 12
    at(20)
    quiet(message_work.Work(once=True))
    assert left() == 24
