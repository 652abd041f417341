"""The whole way on the command line: written, looked at, approved by another, sent, left."""

from __future__ import annotations

import json
import shutil
import socket

import pytest
from aiosmtpd.controller import Controller as Server
from typer.testing import CliRunner

from analysis.cli.main import app
from analysis.contacts.contact_store import say_controller
from analysis.errors import DataError
from analysis.tables.file_lock import held
from analysis.workflows import message_work
from analysis.workflows.contacts_open import close, open_contacts
from tests.analysis.messages.conftest import CONTROLLER, supporters
from tests.analysis.messages.test_outbox import Mailbox

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
    done = CliRunner().invoke(app, [str(one) for one in words], catch_exceptions=False)
    return done.output


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
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(box, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv("PALIER_SMTP", f"smtp://127.0.0.1:{port}")
    try:
        with (
            held(campaign / "fieldwork" / "message_worker.lock"),
            pytest.raises(DataError, match="Another worker"),
        ):
            run("worker", *here, "--once")
        assert "sent 18" in run("worker", *here, "--once", "--per-minute", 0)
        assert "sent" not in run("message", "send", message, *here)
    finally:
        server.stop()
    assert len({to for _from, to, _content in box.taken}) == len(box.taken) == 18
    changed = [row.split() for row in run("message", "effect", message, *here).splitlines()]
    assert changed[0] == ["act", "without", "change", "low", "high", "letters", "controls"]
    # Two are kept for comparison: under eleven nothing is told but how many they are.
    assert ["donation", "-", "-", "-", "-", "18", "2"] in changed
    told = run("message", "status", *here)
    assert "control 2" in told
    assert "sent 18" in told


@pytest.mark.parametrize("content", ["", "[1]", "{", "subject = 1", 'blocks = "x"', "blocks = [1]"])
def test_a_broken_file_is_no_message(tmp_path, content):
    for suffix in (".toml", ".json"):
        (tmp_path / f"x{suffix}").write_text(content, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            message_work.read_letter(tmp_path / f"x{suffix}")
        assert caught.value.mend
    with pytest.raises(DataError, match="cannot be read"):
        message_work.read_letter(tmp_path / "none.toml")
