"""Tests of what is owed to people: a clock, all that is known, and erasure that leaves nothing."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from analysis.access import audit
from analysis.cli.duties_actions import Asked, run
from analysis.contacts import rights_requests as asked
from analysis.contacts import vault
from analysis.contacts.acts import SIGNATURE, enter, read_act, written
from analysis.contacts.erasure import erase
from analysis.contacts.known_of import known_of, portable
from analysis.contacts.suppression import suppressed
from analysis.database import store_sweep
from analysis.database.contact_tables import CONSENTS, VAULT_KEYS
from analysis.database.engine import reading, writing
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from tests.analysis.contacts import invented
from tests.analysis.contacts.invented import merge, opened, said, say

CONTENT = {
    "said_on": "2026-11-01",
    "turf": "T0001",
    "team": "A",
    "language": "fr",
    "texts": {"letter_email": ["letter_email.fr", 1], "opinion": ["opinion.fr", 1]},
    "first_name": "Zephyrine",
    "last_name": "Introuvable",
    "email": "zephyrine@valmont.example",
    "phone": "0639980007",
    "said": ["adult", "donor"],
    "themes": ["housing"],
    "act": SIGNATURE,
    "signature": [[10, 20, 30, 40, 50, 60, 70, 80]],
}
POINT = ("email", "zephyrine@valmont.example")
TODAY = datetime.now(UTC).date()


@pytest.fixture
def base(store, tmp_path, named):
    """Open an empty campaign in each of the two stores."""
    return opened(store, tmp_path, named("valmont"), controller=named("list"))


@pytest.fixture
def person(base):
    """Enter one invented person by their own act."""
    act = read_act(written(CONTENT))
    with writing(base.engine) as connection:
        return enter(connection, base, act, source="door", bureau="99900_0001")


@pytest.mark.parametrize(
    ("came", "due"),
    [
        (date(2026, 1, 15), date(2026, 2, 15)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2024, 1, 31), date(2024, 2, 29)),
        (date(2025, 12, 31), date(2026, 1, 31)),
    ],
)
def test_an_answer_is_due_within_a_month(base, came, due):
    one = asked.receive(base, "access", "p", came)
    assert one.due_on == due
    assert one.days_left(came) == (due - came).days
    assert one.days_left(due + timedelta(days=2)) == -2


def test_a_request_goes_forward_only_and_says_why(base, person):
    one = asked.receive(base, "access", person, TODAY)
    with pytest.raises(DataError, match="without a reason"):
        asked.advance(base, one.request, "extended")
    later = asked.advance(base, one.request, "extended", why="many files")
    assert later.due_on == asked.months_after(TODAY, 3)
    done = asked.advance(base, one.request, "done")
    assert (done.days_left(TODAY), done.detail["why"]) == (None, "many files")
    with pytest.raises(DataError, match="cannot become"):
        asked.advance(base, one.request, "refused", why="x")
    with pytest.raises(DataError, match="cannot become"):
        asked.advance(base, "nothing", "done")
    for kind, day in (("revenge", TODAY), ("access", TODAY + timedelta(days=2))):
        with pytest.raises(DataError, match="no request"):
            asked.receive(base, kind, person, day)
    [stands] = asked.requests(base)
    assert stands == done


def test_a_person_is_found_by_a_contact_and_the_search_is_kept(base, person):
    assert asked.find(base, "ZEPHYRINE@valmont.example") == [person]
    assert asked.find(base, "06 39 98 00 07") == [person]
    assert asked.find(base, "nobody@valmont.example") == []
    searches = [row for row in audit.entries(base.engine) if row["action"] == "search"]
    assert [row["rows"] for row in searches] == [0, 1, 1]
    # Who is there twice and was merged asks once.
    invented.enter(base, "again", email=POINT[1])
    assert asked.find(base, POINT[1]) == sorted(["again", person])
    merge(base, person, "again")
    assert asked.find(base, POINT[1]) == [person]
    assert "zephyrine" not in str(searches).lower()


def test_all_that_is_known_is_told(base, person):
    known = known_of(base, person)
    fields = {(row["field"], row["value"]) for row in known["identity"]}
    assert {("used_name", "Introuvable"), POINT, ("phone", "+33639980007")} <= fields
    assert known["acts"] == [{"v": 1, **CONTENT}]
    assert {row["purpose"] for row in known["consents"]} == {"letter_email", "opinion"}
    assert {row["text_id"] for row in known["texts"]} == {"letter_email.fr", "opinion.fr"}
    assert {row["value"] for row in known["statements"]} == {"housing", "possible"}
    assert known["homes"][0]["bureau_id"] == "99900_0001"
    assert known["objections"] == []
    assert json.loads(json.dumps(known)) == known
    rows = {row["field"]: row["value"] for row in portable(known)}
    again = [*known["identity"], *known["identity"]]
    assert len(portable({**known, "identity": again})) == len(portable(known)) == 8
    assert rows["consent letter_email email"] == "yes"
    assert rows["theme"] == "housing"


def test_what_is_wrong_is_put_right(base, person):
    one = asked.receive(base, "rectification", person, TODAY)
    with pytest.raises(DataError, match="nothing that is kept"):
        asked.carry_out_rectification(base, one.request, {"shoe_size": "42"})
    asked.carry_out_rectification(base, one.request, {"email": "Z@valmont.example"})
    assert asked.find(base, "z@valmont.example") == [person]
    with reading(base.engine) as connection:
        assert vault.read(connection, base.ring, [person])[person]["email"] == "z@valmont.example"
    with pytest.raises(DataError, match="another kind"):
        asked.carry_out_rectification(base, one.request, {"city": "Valmont"})


def test_an_objection_holds_even_of_who_is_not_known(base, person):
    one = asked.receive(base, "objection", person, TODAY)
    assert asked.carry_out_objection(base, one.request) == 2
    other = asked.receive(base, "objection", "", TODAY)
    assert asked.carry_out_objection(base, other.request, "new@valmont.example") == 1
    assert suppressed(base, [POINT, ("email", "new@valmont.example")]).keys() == {
        POINT,
        ("email", "new@valmont.example"),
    }


def test_who_is_erased_is_found_nowhere_and_never_reached_again(base, person, store, request):
    say(base, said("other"))
    merge(base, person, "other")
    one = asked.receive(base, "erasure", person, TODAY)
    told = asked.carry_out_erasure(base, one.request)
    assert (told.people, told.points) == (2, 2)
    assert told.rows["statements"] == 2
    assert asked.find(base, POINT[1]) == []
    assert suppressed(base, [POINT]) == {POINT: "erasure"}
    known = known_of(base, person)
    assert known["identity"] == known["acts"] == known["homes"] == known["statements"] == []
    with reading(base.engine) as connection:
        keys = connection.execute(sa.select(VAULT_KEYS.c.person)).scalars().all()
        # That they agreed once stays, of nobody.
        kept = connection.execute(sa.select(CONSENTS.c.person)).scalars().all()
    assert person not in keys
    assert person in kept
    for place, content in everything(base, request):
        assert not any(
            word in content for word in (b"ephyrine", b"ntrouvable", b"39980007", b"39 98 00 07")
        ), place


def test_who_is_erased_is_in_no_note_of_volunteers(base, person):
    note = dict.fromkeys(("import_id", "kind", "team_id", "themes"), "")
    note |= {"turf_id": "T1", "address_id": "a", "bureau_id": "b", "day": TODAY, "at_s": 1}
    notes = ["boite introuvable pleine", "Zéphyrine au 2e", "chien introuvablement"]
    rows = [
        {**note, "attempt_id": str(uuid4()), "outcome": "refused", "opponent": False, "note": text}
        for text in notes
    ]
    with writing(base.engine) as connection:
        connection.execute(sa.insert(ATTEMPTS), rows)
    one = asked.receive(base, "erasure", person, TODAY)
    assert asked.carry_out_erasure(base, one.request).notes == 2
    with reading(base.engine) as connection:
        left = connection.execute(sa.select(ATTEMPTS.c.note)).scalars().all()
    assert {"boite […] pleine", "[…] au 2e", "chien introuvablement"} <= set(left)


def test_no_file_of_the_store_keeps_the_key_of_who_is_erased(
    store, tmp_path, named, request, monkeypatch
):
    base = opened(store, tmp_path, named("pages"))
    with writing(base.engine) as connection:
        gone = enter(connection, base, read_act(written(CONTENT)), source="door")
        row = sa.select(VAULT_KEYS.c.wrapped).where(VAULT_KEYS.c.person == gone)
        wrapped = connection.execute(row).scalar_one()

    def kept():
        if store.dialect.name == "sqlite":
            files = [Path(store.url.database), Path(f"{store.url.database}-wal")]
        else:
            server = request.getfixturevalue("server")
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            # Not the log of writes: it is written over in time, and its archive is the owner's.
            files = [*(server.folder / "data" / "base").rglob("*")]
        return any(wrapped in file.read_bytes() for file in files if file.is_file())

    assert kept()
    if store.dialect.name != "sqlite":
        # Who reads a state of before keeps the row; a sweep after them takes it.
        monkeypatch.setattr(store_sweep, "_PATIENCE_S", 0.2)
        with reading(base.engine) as other:
            other.execute(sa.select(VAULT_KEYS.c.person))
            assert not erase(base, [gone]).swept
    assert erase(base, [gone]).swept
    assert not kept()


def everything(base, request):
    """Give every byte that a store keeps, with the keys applied nowhere."""
    if base.engine.dialect.name == "sqlite":
        folder = Path(base.engine.url.database).parent
        return [(str(one), one.read_bytes()) for one in folder.iterdir() if one.is_file()]
    server = request.getfixturevalue("server")
    url = base.engine.url
    dump = subprocess.run(
        ["pg_dump", "-h", str(server.folder), "-U", server.name, url.database],
        check=True,
        capture_output=True,
    ).stdout
    files = {}
    for one in (server.folder / "data").rglob("*"):
        # The server itself removes and makes files meanwhile: one that is gone keeps nothing.
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            files[str(one)] = one.read_bytes()
    assert files
    return [("dump", dump), ("log", (server.folder / "log").read_bytes()), *files.items()]


def test_the_command_line_answers_a_person(campaign, tmp_path):
    def do(action, **asked_for):
        return run(action, Asked(campaign, **{"language": "en", **asked_for}))

    with pytest.raises(DataError, match="cannot be told like this"):
        do("controller", texts=("name=Liste",), rounds=("2027-03-14,99900,Paris",))
    said = do(
        "controller",
        texts=("name=Liste", "contact=donnees@valmont.example", "controller=liste"),
        rounds=("2027-03-14,99900,Europe/Paris",),
    )
    assert "missing: address, sponsor, financial_agent, election" in said
    slip = tmp_path / "slip.json"
    slip.write_text(json.dumps({k: v for k, v in CONTENT.items() if k not in ("act", "signature")}))
    person = do("slip", what=str(slip))
    line = do("request", what="access", contact=POINT[1])
    assert line.endswith(person)
    request = line.split()[0]
    with pytest.raises(DataError, match="nothing to hand over"):
        do("answer", what=request)
    out = tmp_path / "answer"
    assert do("answer", what=request, out=out).count("access.") == 2
    page = (out / "access.html").read_text(encoding="utf-8")
    assert "Introuvable" in page
    assert "<h2>What you agreed to, or took back</h2>" in page
    # In words of theirs: who answers, the rights, days; no code, no number of ours.
    assert "Complaints: CNIL" in page
    assert "<b>said of yourself</b> I am 17 or older; I may give money" in page
    assert "<b>subjects</b> housing" in page
    assert "<b>said on</b> 1 November 2026" in page
    assert "<b>how</b> on a slip of paper" in page
    assert "<b>purpose</b> letters by e-mail" in page
    assert not re.findall(r"[0-9a-f]{24}|letter_email|T\d\d:\d\d|[\[\]{}]", page.split("</h1>")[1])
    assert json.loads((out / "access.json").read_bytes())["identity"]
    erase = do("request", what="erasure", contact="0639980007").split()[0]
    assert do("answer", what=erase, extend="many files").startswith("put off, due ")
    # What was handed over before is told: nothing takes it back.
    assert do("answer", what=erase) == "\n".join(
        ["erased: 1 person(s), 0 letter(s)", "left before: access, 1 row(s)"]
    )
    assert do("requests").count("done") == 2
    # Of two who share a contact one asks.
    second = do("slip", what=str(slip))
    slip.write_text(slip.read_text().replace(CONTENT["first_name"], "Ana"))
    third = do("slip", what=str(slip))
    with pytest.raises(DataError, match="a request is of one") as caught:
        do("request", what="access", contact=POINT[1])
    assert {second, third} <= set(re.findall(r"\w+", str(caught.value)))
    with pytest.raises(DataError, match="a request is of one"):
        do("request", what="access", contact=POINT[1], texts=(f"person={person}",))
    named = do("request", what="access", contact=POINT[1], texts=(f"person={third}",))
    assert third in named
    assert second not in named
    french = do("request", what="access", contact="personne@valmont.example", language="fr")
    assert french.endswith("personne de connu")
    assert "inactive: 0 gone" in do("retention", run=True)
    with pytest.raises(DataError, match="no such action"):
        do("gossip")
