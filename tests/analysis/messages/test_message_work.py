"""The whole way on the command line: written, looked at, approved by another, sent, left."""

from __future__ import annotations

import json
import re
import shutil
import socket

import numpy as np
import pytest
from aiosmtpd.controller import Controller as Server
from typer.testing import CliRunner

from analysis.cli.main import app
from analysis.contacts.contact_store import insert_many, say_controller
from analysis.database.contact_tables import HOMES
from analysis.database.engine import writing
from analysis.errors import DataError
from analysis.tables.file_lock import held
from analysis.tables.workspace import Workspace
from analysis.workflows import message_work
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.message_effects import past_turnout
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


@pytest.mark.parametrize("content", ["", "[1]", "{", "subject = 1", 'blocks = "x"', "blocks = [1]"])
def test_a_broken_file_is_no_message(tmp_path, content):
    for suffix in (".toml", ".json"):
        (tmp_path / f"x{suffix}").write_text(content, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            message_work.read_letter(tmp_path / f"x{suffix}")
        assert caught.value.mend
    with pytest.raises(DataError, match="cannot be read"):
        message_work.read_letter(tmp_path / "none.toml")
