"""Tests of approval: by another, of all that must be there, to whom the gate lets through."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from analysis.contacts import suppression
from analysis.contacts.universe import Universe
from analysis.database.engine import reading, writing
from analysis.database.message_tables import APPROVALS, DELIVERIES, MESSAGES
from analysis.errors import DataError
from analysis.messages.approve import approval_of, approve, is_sealed, prepare
from analysis.messages.control import Terms, draw
from analysis.messages.drafts import draft_of, drafts, save
from analysis.messages.letter_blocks import Letter
from analysis.messages.preflight import preflight, refuse_bad
from tests.analysis.contacts.invented import merge, said, say
from tests.analysis.messages.conftest import (
    BASE,
    CONTROLLER,
    EVERYBODY,
    LETTER,
    SETTING,
    care,
    supporters,
)

THEME = Universe.read({"of": "people", "where": {"all": [{"theme": "housing"}]}})


def test_another_approves_and_then_nothing_changes(make, letter):
    author, other = make("author"), make("other")
    people = supporters(author, 40, consenting=36)
    suppression.suppress_people(author, people[:2], "stop")
    suppression.suppress_many(author, [("email", "p002@example.org")], "bounce")
    draft = save(author, "meeting", letter, EVERYBODY)
    seen = prepare(other, draft, SETTING, seed=7)
    # Of 40, 2 said STOP; of the others 4 are without consent, and 1 has a mailbox that is dead.
    assert seen.refused == {"consent": 4, "bounced": 1, "objection": 2}
    assert seen.draw.letters + seen.draw.controls == 33
    assert 1 <= seen.draw.controls <= 6
    assert len(seen.samples) == 10
    assert "Bonjour Zoé, bureau" in seen.samples[0].text
    with pytest.raises(DataError, match="one click"):
        approve(other, prepare(other, draft, replace(SETTING, base="")))
    for who in (author, make("")):
        with pytest.raises(DataError, match="other than its author"):
            approve(who, seen)
    approve(other, seen)
    told = approval_of(other, draft.message)
    assert (told.author, told.approved_by, told.sha256) == ("author", "other", letter.sha256)
    assert told.controller.sponsor == "Association X"
    assert is_sealed(other, draft.message)
    assert draft_of(other, draft.message).approved
    assert [one["approved"] for one in drafts(other)] == [True]
    with pytest.raises(DataError, match="stays as it is"):
        approve(other, seen)
    with pytest.raises(DataError, match="stays as it is"):
        save(author, "meeting", letter, EVERYBODY, message=draft.message)


def test_the_tables_only_grow_and_know_who_approved(make, letter):
    author = make("author")
    supporters(author, 12)
    draft = save(author, "m", letter, EVERYBODY)
    approve(make("other"), prepare(author, draft, SETTING))
    for table in (MESSAGES, APPROVALS, DELIVERIES):
        with pytest.raises(DataError), writing(author.engine) as connection:
            connection.execute(sa.update(table).values(message="x"))
    with reading(author.engine) as connection:
        row = dict(connection.execute(sa.select(APPROVALS)).mappings().first())
    same = row | {"message": "other", "approved_by": row["author"]}
    with pytest.raises((DataError, DBAPIError)), writing(author.engine) as connection:
        connection.execute(sa.insert(APPROVALS).values(**same))


@pytest.mark.parametrize(
    ("changes", "base", "told"),
    [
        ({"sponsor": ""}, BASE, "sponsor"),
        ({"election": ""}, BASE, "election"),
        ({"name": "", "contact": ""}, BASE, "contact"),
        ({"contact": "1 place de la Mairie"}, BASE, "no e-mail address"),
        ({}, "", "one click"),
        ({}, "http://localhost:8501/p/c", "one click"),
        ({}, "https://localhost/p/c", "one click"),
    ],
)
def test_what_must_be_there_is_asked_for(letter, changes, base, told):
    checks = preflight(letter, replace(CONTROLLER, **changes), base, server=True)
    with pytest.raises(DataError, match="cannot leave") as caught:
        refuse_bad(checks)
    assert told in str(caught.value.what)


def test_a_theme_needs_the_separate_yes_to_political_advertising(make, letter):
    author = make()
    people = supporters(author, 30)
    care(author, people)
    draft = save(author, "m", letter, THEME)
    with pytest.raises(DataError, match="Nobody of this universe"):
        prepare(author, draft, SETTING)
    say(author, *(said(one, "political_ads") for one in people[:14]))
    seen = prepare(author, draft, SETTING)
    assert seen.draw.letters + seen.draw.controls == 14
    assert seen.refused == {"ads": 16}
    # To show a theme is to write by what people said, whoever was chosen.
    shows = Letter.read(LETTER | {"subject": "{{ themes | join(', ') }}"})
    shown = prepare(author, save(author, "n", shows, EVERYBODY), SETTING)
    assert shown.refused == {"ads": 16}
    assert {one.subject for one in shown.samples} == {"logement"}


def test_a_segment_of_three_is_refused(make, letter):
    author = make()
    supporters(author, 3)
    with pytest.raises(DataError, match="not lawful"):
        prepare(author, save(author, "m", letter, EVERYBODY), SETTING)


def test_who_lacks_a_value_is_counted_before_anything_leaves(make):
    author = make()
    supporters(author, 12)
    wants = Letter.read(LETTER | {"subject": "{{ city }}"})
    with pytest.raises(DataError, match="city") as caught:
        prepare(author, save(author, "m", wants, EVERYBODY), SETTING)
    assert "(12)" in str(caught.value.what)


def test_nobody_gets_a_third_letter_in_a_week(make, letter):
    author, other = make("author"), make("other")
    people = supporters(author, 40)
    care(author, people[:12])
    say(author, *(said(one, "political_ads") for one in people[:12]))
    everybody = Terms(control=False)
    for n in range(2):
        draft = save(author, f"m{n}", letter, THEME)
        approve(other, prepare(author, draft, SETTING, terms=everybody))
    with pytest.raises(DataError, match="frequency: 12"):
        prepare(author, save(author, "m3", letter, THEME), SETTING)
    # Whoever is one with somebody who had two has had two, whichever of them stands for both.
    of_two = [merge(author, people[20], people[0]), merge(author, people[1], people[21])]
    third = save(author, "m4", letter, EVERYBODY)
    seen = prepare(author, third, SETTING, terms=everybody)
    assert not {people[n] for n in (0, 1, 20, 21)} & set(seen.draw.table["person"])
    assert (seen.draw.letters, seen.refused) == (26, {"frequency": 12})
    # Apart again, they had none.
    merge(author, people[20], people[0], undoes=of_two[0])
    assert prepare(author, third, SETTING, terms=everybody).draw.letters == 27
    # One letter each is two letters of who is both.
    approve(other, prepare(author, third, SETTING, terms=everybody))
    assert prepare(author, third, SETTING, terms=everybody).draw.letters == 27
    merge(author, people[30], people[31])
    seen = prepare(author, third, SETTING, terms=everybody)
    assert (seen.draw.letters, seen.refused["frequency"]) == (25, 13)


def test_messages_never_go_to_the_roll(make, letter):
    roll = Universe.read({"of": "roll", "where": {"all": [{"age": [18, 25]}]}})
    with pytest.raises(DataError, match="never to the roll"):
        save(make(), "m", letter, roll)


def test_a_draw_is_one_in_ten_by_bureau_and_told_by_its_seed():
    people = [f"p{n}" for n in range(400)]
    bureau = {one: f"b{n % 4}" for n, one in enumerate(people)}
    one, again = draw(people, bureau, seed=1), draw(people[::-1], bureau, seed=1)
    assert one.table.equals(again.table)
    assert one.seal == again.seal
    assert one.seal != draw(people, bureau, seed=2).seal
    assert one.controls == 40
    assert set(one.table[one.table["arm"] == "control"]["cell"].value_counts()) == {10}
    # By hand, normal quantiles 1.960 and 0.842: 2.802 · √(0.1·0.9·(1/360 + 1/40)) = 0.140.
    assert one.sees[0.10] == pytest.approx(0.140, abs=0.001)
    assert draw(people[:7], bureau, seed=1, terms=Terms(control=False)).controls == 0
    with pytest.raises(DataError, match="too few"):
        draw(people[:7], bureau, seed=1)


def test_the_preflight_says_what_cannot_be_proved():
    loud = Letter.read(
        LETTER | {"subject": "VENEZ TOUS VITE !!", "accent": "#ffd700"}
        | {"blocks": [{"kind": "button", "text": "x", "url": "https://bit.ly/x"}]}
    )  # fmt: skip
    checks = preflight(loud, CONTROLLER, BASE, server=False)
    states = {one.name: one.state for one in checks}
    assert states == {
        "controller": "good", "leave": "good", "contrast": "bad", "links": "bad",
        "subject": "doubt", "words": "doubt", "domain": "unproved", "server": "unproved",
    }  # fmt: skip
    assert "cannot be proved here" in next(one.told for one in checks if one.name == "domain")


def test_who_saves_a_draft_second_is_told_of_the_version_between(make):
    ada, bob = make("ada"), make("bob")
    first = save(ada, "m", Letter.read(LETTER), EVERYBODY)
    other = Letter.read(LETTER | {"subject": "Autre"})
    save(bob, "m", other, EVERYBODY, message=first.message, seen=1)
    mine = Letter.read(LETTER | {"subject": "Mien"})
    with pytest.raises(DataError, match="saved version 2") as told:
        save(ada, "m", mine, EVERYBODY, message=first.message, seen=1)
    assert str(told.value.where) == "bob"
    assert draft_of(ada, first.message).letter.subject == "Autre"
    # Having read it, she puts hers after it.
    assert save(ada, "m", mine, EVERYBODY, message=first.message, seen=2).version == 3
