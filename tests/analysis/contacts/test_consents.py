"""Tests of consents: proof or nothing, the latest word holds, and a no outlives its merge."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from analysis.contacts import consents
from analysis.database.contact_tables import CONSENTS
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from tests.analysis.contacts.invented import LONG_AGO, enter, merge, opened, said, say

LETTER = ("letter_email", "email")


@pytest.fixture
def people(tmp_path, store, named):
    """Enter three people, in each of the two stores."""
    contacts = opened(store, tmp_path, named("north"))
    for person in ("p1", "p2", "p3"):
        enter(contacts, person, email=f"{person}@example.org")
    return contacts


def holds(contacts, person, purpose=LETTER):
    with reading(contacts.engine) as connection:
        return consents.current(connection).get((person, *purpose), False)


def test_the_latest_word_holds_and_of_two_at_once_the_refusal(people):
    assert not holds(people, "p1")
    say(people, said("p1", at=LONG_AGO))
    assert holds(people, "p1")
    assert not holds(people, "p1", ("letter_sms", "sms"))  # none implies another
    say(people, said("p1", given=False, at=LONG_AGO))
    assert not holds(people, "p1")
    say(people, said("p1", at=LONG_AGO - 1))  # an old file imported again
    assert not holds(people, "p1")
    say(people, said("p1", at=LONG_AGO + 1))
    assert holds(people, "p1")


def test_what_lacks_text_date_channel_or_proof_is_no_consent(people):
    text, date, channel = "its text and version", "its date", "its purpose or channel"
    tomorrow = int(time.time()) + 86_400
    for row, lacks in (
        (said("p1", text_id="", text_version=0), text),
        (said("p1", text_version=9), text),
        (said("p1", text_id="phone.fr"), text),
        (said("p1", proof=" "), "its proof"),
        (said("p1", at=0), date),
        (said("p1", at=tomorrow), date),
        (said("p1", channel="sms"), channel),
        (said("p1", purpose="newsletter"), channel),
        (said("p1", how="column of a file"), "how it was said"),
    ):
        with pytest.raises(DataError, match=f"row 2: {lacks}"):
            say(people, said("p2"), row)
        assert not holds(people, "p2")  # nothing of the whole was written


def test_a_no_of_either_holds_for_both_until_a_yes_after_the_merge(people):
    say(people, said("p1", at=LONG_AGO + 10), said("p2", given=False, at=LONG_AGO))
    assert holds(people, "p1")
    merge(people, "p1", "p2", at_s=LONG_AGO + 20)
    assert not holds(people, "p1")
    say(people, said("p1", at=LONG_AGO + 15))
    assert not holds(people, "p1")
    say(people, said("p1", at=LONG_AGO + 30))
    assert holds(people, "p1")


def test_undoing_a_merge_gives_no_yes_back(people):
    say(people, said("p1"), said("p2"), said("p3"))
    both = merge(people, "p1", "p2", at_s=LONG_AGO)
    merge(people, "p2", "p3", at_s=LONG_AGO)  # a chain: p1 stands for all three
    assert holds(people, "p1")
    assert say(people, said("p3", given=False, at=LONG_AGO + 5)) == 3
    merge(people, "p1", "p2", undoes=both)
    assert [holds(people, person) for person in ("p1", "p2", "p3")] == [False] * 3


def test_a_wording_has_versions_and_a_proof_is_kept_as_a_keyed_digest(people):
    with writing(people.engine) as connection:
        consents.reword(connection, people, purpose="phone", language="en", wording="Call me.")
    with writing(people.engine) as connection:
        known = consents.texts(connection, people)
    latest = consents.latest_text(known, "phone", "en")
    assert (latest.version, latest.wording) == (2, "Call me.")
    assert {(one.purpose, one.language) for one in known} == {
        (box, language)
        for box in (*consents.PURPOSES, *consents.OWN_WORDS.values())
        for language in ("fr", "en")
    }
    say(people, said("p1", "phone", "phone", text_id="phone.en", text_version=2, proof="signed"))
    with reading(people.engine) as connection:
        mine = sa.select(CONSENTS).where(CONSENTS.c.tenant == people.tenant)
        row = connection.execute(mine).mappings().one()
    assert len(row["proof"]) == 64
    assert "signed" not in str(dict(row))
