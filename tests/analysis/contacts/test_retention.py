"""Tests of how long things are kept: what is over goes, and nothing a day earlier."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from analysis.contacts import confirmations, retention, vault
from analysis.contacts.contact_store import insert_many
from analysis.contacts.suppression import suppressed
from analysis.database.contact_tables import (
    CONFIRMATIONS,
    DOOR_BOXES,
    ROLL_FILES,
    ROLL_ROWS,
    VAULT_KEYS,
)
from analysis.database.engine import reading, writing
from analysis.fieldwork.inbox import IMPORTED, REFUSED
from analysis.i18n import LANGUAGES
from analysis.workflows import daily_retention, mail_out
from analysis.workflows.duties import run_retention
from tests.analysis.contacts.invented import elector, enter, merge, opened, roll, said, say

NOW = datetime.now(UTC)
TODAY = NOW.date()
DAY_S = 86_400


@pytest.fixture
def base(store, tmp_path, named):
    """Open an empty campaign in each of the two stores."""
    return opened(store, tmp_path, named("valmont"), controller=named("list"))


def ago(days):
    return int(NOW.timestamp()) - days * DAY_S


def after(days):
    return TODAY + timedelta(days=days)


def known(base):
    query = sa.select(VAULT_KEYS.c.person).where(VAULT_KEYS.c.tenant == base.tenant)
    with reading(base.engine) as connection:
        return sorted(connection.execute(query).scalars())


def over(base, today, *, dry=True):
    return {one.name: one.rows for one in retention.run(base, today=today, dry=dry) if one.rows}


def test_every_class_says_clock_action_and_basis():
    for one in retention.classes().values():
        assert all(one.clock(language) and one.basis(language) for language in LANGUAGES)
        assert one.action in ("erase", "erase_roll", "delete", "keep")
        assert one.days >= 0 or one.action == "keep"


def test_who_took_everything_back_goes_after_a_month(base):
    for name in ("gone", "back", "half", "kept", "absorbed"):
        enter(base, name, email=f"{name}@valmont.example")
    say(base, said("gone", at=ago(90)), said("gone", given=False, at=ago(40)))
    say(base, said("back", at=ago(10)), said("back", given=False, at=ago(40)))
    say(base, said("half", at=ago(90)), said("half", "phone", "phone", at=ago(90)))
    say(base, said("half", given=False, at=ago(40)))
    # Of two who are one, nobody goes before both are over.
    say(base, said("kept", at=ago(10)))
    say(base, said("absorbed", at=ago(90)), said("absorbed", given=False, at=ago(40)))
    merge(base, "kept", "absorbed")
    before = known(base)
    assert over(base, after(-15)) == {}
    assert over(base, TODAY) == {"withdrawn": 1}
    # A dry run changes nothing.
    assert known(base) == before
    assert over(base, TODAY, dry=False) == {"withdrawn": 1}
    assert known(base) == ["absorbed", "back", "half", "kept"]
    assert over(base, TODAY) == {}
    # Kept long enough is no objection: they may come back.
    assert suppressed(base, [("email", "gone@valmont.example")]) == {}


def test_who_never_confirmed_goes_after_a_month(base):
    for name in ("waits", "confirmed", "signed"):
        enter(base, name, email=f"{name}@valmont.example")
        with writing(base.engine) as connection:
            secret = confirmations.offer(connection, base, name, confirmations.ACT, proof="")
            if name == "confirmed":
                link = confirmations.look(connection, base, secret)
                assert confirmations.use(connection, base, link)
                assert not confirmations.use(connection, base, link)
    say(base, said("signed", at=ago(1)))
    assert over(base, after(29)) == {}
    assert over(base, after(32)) == {"unconfirmed": 1}
    retention.run(base, today=after(32), dry=False)
    assert known(base) == ["confirmed", "signed"]
    with reading(base.engine) as connection:
        kept = connection.execute(sa.select(CONFIRMATIONS.c.person)).scalars().all()
        assert confirmations.look(connection, base, secret)
    assert "waits" in kept


def test_nobody_is_kept_three_years_after_the_last_exchange(base):
    enter(base, "old", email="old@valmont.example")
    enter(base, "spoken", email="spoken@valmont.example")
    assert over(base, after(1094)) == {}
    assert over(base, after(1097)) == {"inactive": 2}


def test_boxes_letters_and_refused_files_do_not_lie_about(contacts, campaign):
    row = {"box": "b1", "turf_id": "T1", "sealed": b"x", **contacts.stamp()}
    with writing(contacts.engine) as connection:
        connection.execute(sa.insert(DOOR_BOXES).values(**row | {"at_s": ago(40)}))
        connection.execute(sa.insert(DOOR_BOXES).values(**row | {"box": "b2"}))
    files = {}
    for folder in (mail_out.outbox(campaign), campaign / "fieldwork" / REFUSED):
        folder.mkdir(parents=True, exist_ok=True)
        for days in (1, 40):
            file = folder / f"{days}.eml"
            file.write_bytes(b"x")
            os.utime(file, (ago(days), ago(days)))
            files[folder.name, days] = file
    dry = {one.name: one.rows for one in run_retention(campaign, contacts) if one.rows}
    assert dry == {"doors": 1, "letters": 1, "refused_files": 1}
    assert all(file.is_file() for file in files.values())
    assert retention.runs(contacts) == []
    run_retention(campaign, contacts, dry=False)
    assert sorted(days for (_name, days), file in files.items() if file.is_file()) == [1, 1]
    with reading(contacts.engine) as connection:
        assert connection.execute(sa.select(DOOR_BOXES.c.box)).scalars().all() == ["b2"]
    logged = {kind: rows for _at, kind, rows in retention.runs(contacts)}
    assert logged == {
        **dict.fromkeys(("inactive", "roll", "unconfirmed", "withdrawn"), 0),
        **dry,
    }


def lines(contacts):
    with reading(contacts.engine) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(ROLL_ROWS)).scalar_one()


def expire(contacts, name):
    """Enter a roll that was over yesterday, with three electors."""
    ended = roll(contacts, name, expires_on=after(-1))
    with writing(contacts.engine) as connection:
        insert_many(connection, ROLL_FILES, [ended])
        insert_many(
            connection, ROLL_ROWS, [elector(contacts, n) | {"roll": name} for n in range(3)]
        )


def test_who_goes_because_their_time_is_over_is_named_in_no_copy_of_returns(contacts, campaign):
    enter(contacts, "old", email="old@valmont.example")
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, [("old", "birth_name", "Zorbaline")])
    file = campaign / "fieldwork" / IMPORTED / "T1.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"note": "boite zorbaline pleine"}', encoding="utf-8")
    run_retention(campaign, contacts, today=after(1097))
    run_retention(campaign, contacts, today=after(1094), dry=False)
    assert "zorbaline" in file.read_text(encoding="utf-8")
    run_retention(campaign, contacts, today=after(1097), dry=False)
    assert file.read_text(encoding="utf-8") == '{"note": "boite […] pleine"}'


def test_what_is_over_goes_by_itself_once_a_day(contacts, campaign, monkeypatch):
    expire(contacts, "r1")
    # A campaign before it whose files cannot be read, and a place where none has begun.
    broken = campaign.parent / "a_broken"
    shutil.copytree(campaign / "fieldwork", broken / "fieldwork")
    (broken / "fieldwork" / "campaign.json").write_text("{", encoding="utf-8")
    (campaign.parent / "b_none" / "fieldwork").mkdir(parents=True)
    ending, turns = threading.Event(), []

    def turn(workspaces, ending, *, real=daily_retention.turn):
        real(workspaces, ending)
        turns.append(lines(contacts))
        if len(turns) == 1:
            expire(contacts, "r2")
        else:
            ending.set()

    monkeypatch.setattr(daily_retention, "ROUND_S", 0.01)
    monkeypatch.setattr(daily_retention, "turn", turn)
    # Nothing takes messages away here: durations do not wait for that.
    monkeypatch.delenv("PALIER_SMTP", raising=False)
    daily_retention.keep_to_durations(campaign.parent, ending)
    assert turns == [0, 3]
    assert [(kind, n) for _at, kind, n in retention.runs(contacts) if n] == [("roll", 1)]
    assert not list((campaign.parent / "b_none" / "fieldwork").iterdir())


def test_the_day_after_is_another(contacts, campaign, monkeypatch):
    assert daily_retention.once_a_day(campaign)
    assert not daily_retention.once_a_day(campaign)
    monkeypatch.setattr(retention, "runs", lambda *_told, **_most: [(ago(1), "roll", 0)])
    expire(contacts, "r1")
    assert daily_retention.once_a_day(campaign)
    assert lines(contacts) == 0
