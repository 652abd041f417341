"""Tests of calls and lists: hours where people live, four tries, a stop that holds at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from analysis.contacts import suppression, vault
from analysis.contacts.call_leases import LASTS_S
from analysis.contacts.calls import (
    MOST_TRIES,
    at_decent_hours,
    is_holiday,
    next_call,
    record_call,
)
from analysis.contacts.contact_store import Controller, Round, insert_many
from analysis.contacts.erasure import left_before
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.database.contact_tables import CONTACTS, PASSED
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from analysis.workflows import universes
from analysis.workflows.universe_lists import Asked, take_out
from tests.analysis.contacts.invented import enter, opened, said, say

PEOPLE = [f"p{n:02d}" for n in range(12)]
HOME = {"address": "1 rue des Prés", "postcode": "99900", "city": "Valmont"}
ANYBODY = Universe.read({"of": "people"})


def monday(hour=11, weeks=0):
    """Return a Monday hour in Paris to come, so that calls of today lie within thirty days.

    Some weeks later too it is no holiday, whatever the day on which the tests run.
    """
    today = datetime.now(UTC)
    day = today + timedelta(days=7 - today.weekday(), weeks=weeks)
    while is_holiday(day.date()):
        day += timedelta(days=1)
    return day.replace(hour=hour - 1, minute=0, second=0, microsecond=0)


@pytest.fixture
def callers(tmp_path, store, named):
    """Enter twelve people with numbers; the last refused calls."""
    contacts = opened(store, tmp_path, named("calls"))
    for n, person in enumerate(PEOPLE):
        enter(contacts, person, email=f"{person}@example.org", phone=f"+336399810{n:02d}")
    with writing(contacts.engine) as connection:
        names = [(p, "used_name", f"Nom {p}") for p in PEOPLE]
        vault.put(connection, contacts.ring, names)
    say(contacts, said("p11", "phone", "phone", given=False))
    return contacts


def test_hours_are_those_of_weekdays_where_the_person_lives():
    summer = datetime(2027, 6, 7, tzinfo=UTC)  # a Monday; Paris is two hours ahead
    at = {"9:59": (7, 59), "10:00": (8, 0), "12:59": (10, 59), "13:00": (11, 0), "14:00": (12, 0)}
    at |= {"19:59": (17, 59), "20:00": (18, 0)}
    seen = {
        name: at_decent_hours(summer.replace(hour=hour, minute=minute), "99900")
        for name, (hour, minute) in at.items()
    }
    assert [name for name, yes in seen.items() if yes] == ["10:00", "12:59", "14:00", "19:59"]
    assert not at_decent_hours(summer.replace(day=12, hour=9), "99900")  # a Saturday
    assert at_decent_hours(summer.replace(hour=6), "97411")  # 10 in Réunion, 8 in Paris
    assert not at_decent_hours(summer.replace(hour=17), "97411")


def test_nobody_is_called_on_the_eleven_holidays():
    # Those of 2027 as service-public.fr lists them.
    days = ["01-01", "03-29", "05-01", "05-06", "05-08", "05-17", "07-14", "08-15", "11-01"]
    days += ["11-11", "12-25"]
    year = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [f"{day:%m-%d}" for day in year if is_holiday(day)] == days
    morning = datetime(2027, 5, 6, 9, tzinfo=UTC)
    assert [at_decent_hours(morning + timedelta(days=n), "75056") for n in (0, 1)] == [False, True]


def test_where_only_the_number_is_known_it_rings_at_decent_hours_where_it_is():
    at = datetime(2027, 6, 7, 6, tzinfo=UTC)  # a Monday: 8 in Paris, 2 in Guadeloupe, 17 in Nouméa
    # 0692 rings in Réunion and in Mayotte, an hour behind: from ten in both.
    told = {"+262692123456": 7, "+33639980001": 8, "+590690123456": 14, "+687751234": 23}
    told["+15145550123"] = 14  # Montréal
    for phone, first in told.items():
        shown = [h for h in range(24) if at_decent_hours(at.replace(hour=h), "", phone)]
        assert (first in shown, (first - 1) in shown) == (True, False), phone
    assert at_decent_hours(at.replace(hour=8), "75056", "+262692123456")  # who moved to Paris
    # A satellite telephone rings anywhere: by the clock of the mainland, as who has no number.
    assert at_decent_hours(at.replace(hour=8), "", "+881612345678")


def test_one_person_at_a_time_least_tried_first_and_four_tries_at_most(callers):
    now = monday()
    queue = next_call(callers, PEOPLE, now)
    assert (queue.left, queue.waiting) == (11, {"law": 1})
    seen = []
    for _turn in range(11):
        queue = next_call(callers, PEOPLE, now)
        seen.append(queue.call.person)
        assert queue.call.name == f"Nom {queue.call.person}"
        record_call(callers, queue.call.person, "absent")
    assert sorted(seen) == PEOPLE[:11]
    for _turn in range(MOST_TRIES - 1):
        record_call(callers, "p00", "call_back")
    wrong = record_call(callers, "p01", "talked")
    assert next_call(callers, ["p00", "p01"], now).waiting == {"tries": 2}
    record_call(callers, "p01", "absent", corrects=wrong)
    assert next_call(callers, ["p00", "p01"], now).call.person == "p01"
    assert next_call(callers, ["p00"], monday(weeks=5)).call.tries == 0
    assert next_call(callers, PEOPLE, monday(21)).waiting["hours"] == 12
    with pytest.raises(DataError, match="does not end so"):
        record_call(callers, "p01", "hung up on")


def test_two_callers_are_never_dealt_the_same_person(callers):
    now, names = monday(), [f"caller {n}" for n in range(4)]
    begin = threading.Barrier(len(names))

    def take(name):
        begin.wait()
        return next_call(callers, PEOPLE[: len(names)], now, caller=name).call.person

    with ThreadPoolExecutor(len(names)) as pool:
        dealt = dict(zip(names, pool.map(take, names), strict=True))
    assert len(set(dealt.values())) == len(names)
    # Who asks again has the same person, and no other passage is written down for that.
    assert next_call(callers, PEOPLE, now, caller=names[0]).call.person == dealt[names[0]]
    assert len(universes.passages(callers)) == len(names)
    others = next_call(callers, list(dealt.values()), now, caller="another")
    assert (others.call, others.waiting) == (None, {"dealt": 4})
    # Told, it is anybody's again; not told, in twenty minutes.
    record_call(callers, dealt[names[0]], "absent")
    free = next_call(callers, list(dealt.values()), now, caller="another")
    assert (free.call.person, free.call.tries) == (dealt[names[0]], 1)
    later = now + timedelta(seconds=LASTS_S + 1)
    assert next_call(callers, list(dealt.values()), later, caller="late").left == 4


def test_stop_holds_at_once_for_every_channel(callers):
    now = monday()
    say(callers, said("p02", at=int(time.time()) - 9))
    record_call(callers, "p02", "stop")
    assert suppression.suppressed(
        callers, [("phone", "06 39 98 10 02"), ("email", "P02@example.org")]
    )
    assert next_call(callers, ["p02"], now).call is None
    record_call(callers, "p03", "refused")
    assert next_call(callers, ["p03"], monday(weeks=6)).waiting == {"law": 1}
    assert not suppression.suppressed(callers, [("email", "p03@example.org")])
    with reading(callers.engine) as connection:
        mine = sa.select(CONTACTS.c.outcome).where(CONTACTS.c.tenant == callers.tenant)
        assert sorted(connection.execute(mine).scalars()) == ["refused", "stop"]


def test_nobody_is_called_on_the_eve(callers):
    now = monday()
    day = (now + timedelta(days=1)).date().isoformat()
    rounds = (Round(day, "FR", "Europe/Paris"),)
    object.__setattr__(callers, "controller", Controller(callers.tenant, rounds=rounds))
    assert next_call(callers, PEOPLE, now).waiting == {"law": 12}


def test_a_list_of_calls_leaves_by_the_gate_and_is_written_down(callers):
    leaving = take_out(callers, ANYBODY, Ground(), Asked("phone"))
    assert leaving.columns == ("first_names", "used_name", "birth_name", "phone", "notice")
    assert (len(leaving.rows), leaving.without) == (11, 0)
    assert b"+33639981011" not in leaving.to_csv()
    with reading(callers.engine) as connection:
        mine = sa.select(PASSED.c.rows).where(PASSED.c.tenant == callers.tenant)
        assert connection.execute(mine).scalars().all() == [11]
    table = universes.passages(callers)
    assert table.loc[0, "refused"] == {"no_refusal": 1}
    # Letters bear names and addresses of people: not before somebody answers for them.
    with pytest.raises(DataError, match="notice"):
        take_out(callers, ANYBODY, Ground(), Asked("post"))
    with pytest.raises(DataError, match="Only letters"):
        leaving.to_labels("fr")
    who = Controller(callers.tenant, name="Liste *", address="1 rue", contact="dpo@example.org")
    object.__setattr__(callers, "controller", who)
    # Nobody gave an address yet: they may be written to, and the list is empty.
    none = take_out(callers, ANYBODY, Ground(), Asked("post"))
    assert (len(none.rows), none.without) == (0, 12)
    # The register tells the rows that left; a call and what was refused are no lists.
    assert sorted(universes.passages(callers)["rows"]) == [0, 0, 11]
    assert next_call(callers, PEOPLE, monday()).call is not None
    assert [rows for _at, _what, rows in left_before(callers)] == [11]
    with writing(callers.engine) as connection:
        at = [(p, field, text) for p in PEOPLE for field, text in HOME.items()]
        vault.put(connection, callers.ring, at)
    letters = take_out(callers, ANYBODY, Ground(), Asked("post"))
    assert len(letters.rows) == 12
    assert all("Liste *" in row[-1] and "dpo@example.org" in row[-1] for row in letters.rows)
    labels = letters.to_labels("fr")
    assert labels.startswith(b"%PDF")
    assert labels == letters.to_labels("fr")
    with pytest.raises(DataError, match="No list leaves"):
        take_out(callers, ANYBODY, Ground(), Asked("email"))
    few = Universe.read({"of": "people", "where": {"not": {"not_contacted_days": 1}}})
    insert = {"contact": "x" + callers.tenant, "person": "p01", "channel": "phone"}
    insert |= {"outcome": "absent", "corrects": None} | callers.stamp()
    with writing(callers.engine) as connection:
        insert_many(connection, CONTACTS, [insert])
    with pytest.raises(DataError, match="fewer than 11"):
        take_out(callers, few, Ground(), Asked("phone"))


def test_a_universe_is_saved_with_its_words_and_asked_anew(callers):
    rule = universes.read_rule('{"of": "people", "where": {"consent": "phone"}}')
    saved = universes.save(callers, " Appels ", rule)
    assert universes.saved_as(callers, "Appels") == saved
    assert universes.saved(callers)[0].rule == rule
    assert len(universes.count(callers, rule, Ground(), "phone").people) == 0
    say(callers, *(said(p, "phone", "phone") for p in PEOPLE[:11]))
    found = universes.count(callers, saved.rule, Ground(today=date(2027, 1, 1)), "phone")
    assert len(found.people) == 11
    assert found.total is None  # one is left out, who would be told by the rest
    for text in ("{", "no_such.toml", '{"of": "people"'):
        with pytest.raises(DataError, match="cannot be read"):
            universes.read_rule(text)
    with pytest.raises(DataError, match="No universe is saved"):
        universes.saved_as(callers, "other")
    with pytest.raises(DataError, match="under a name"):
        universes.save(callers, " ", rule)
