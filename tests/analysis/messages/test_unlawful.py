"""Attempts to reach somebody unlawfully, or to make the program do so: each refused by its rule."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analysis.contacts import suppression, vault
from analysis.contacts.contact_store import Round
from analysis.contacts.erasure import erase
from analysis.contacts.gate import passes
from analysis.contacts.universe import Universe
from analysis.database.engine import connect, reading, writing
from analysis.database.migrate import upgrade
from analysis.errors import DataError
from analysis.messages.approve import approve, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.leaving import leave
from analysis.messages.letter_blocks import Letter
from analysis.messages.letter_layout import Links, lay_out
from analysis.messages.letter_links import bearer, leave_secret
from analysis.messages.mime_bytes import Sender, wrap
from analysis.messages.outbox import Way, send_message
from analysis.messages.recipients import asked_of, recipients
from tests.analysis.contacts.invented import enter, said, say
from tests.analysis.messages.conftest import EVERYBODY, LETTER, SETTING, care, supporters
from tests.analysis.messages.test_outbox import Pigeon

NOBODY_KEPT = Terms(control=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Make one file: that rules hold in both stores is tested where they are made."""
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('unlawful') / 'store.sqlite'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def looked(contacts, universe=EVERYBODY, base=SETTING.base, **changes):
    """Prepare a message; return by which rules somebody is left out."""
    draft = save(contacts, "m", Letter.read(LETTER | changes), universe)
    return prepare(contacts, draft, replace(SETTING, base=base), terms=NOBODY_KEPT)


def left_out(contacts, rule):
    """Raise the rule by which one of many is left out, as if it were an error."""
    draft = save(contacts, "m", Letter.read(LETTER), EVERYBODY)
    found = recipients(contacts, draft, SETTING.ground)
    assert "target" not in found.people
    told = passes(contacts, asked_of(draft, ("target",)))
    raise DataError(f"{[*found.refused, *(one.rule for one in told.refusals)]}")


def target(make, **other):
    """Return a campaign of twelve who may be written to, and one who may not."""
    contacts = make()
    supporters(contacts, 12)
    enter(contacts, "target", email="target@example.org", **other)
    return contacts


def bare_consent(make):
    contacts = target(make)
    say(contacts, said("target", text_id="", text_version=0, proof=""))


def never_asked(make):
    left_out(target(make), "consent")


def took_it_back(make):
    contacts = target(make)
    say(contacts, said("target"), said("target", given=False, at=int(time.time())))
    left_out(contacts, "consent")


def suppressed_again(make):
    contacts = target(make)
    suppression.suppress_people(contacts, ["target"], "stop")
    say(contacts, said("target", at=int(time.time())))
    left_out(contacts, "objection")


def another_spelling(make):
    contacts = target(make)
    suppression.suppress_many(contacts, [("email", "TARGET@example.org")], "stop")
    say(contacts, said("target", at=int(time.time())))
    left_out(contacts, "objection")


def too_young(make):
    contacts = target(make)
    say(contacts, said("target"))
    with writing(contacts.engine) as connection:
        vault.put(connection, contacts.ring, [("target", "birth_date", "2015-05-01")])
    left_out(contacts, "age")


def dead_mailbox(make):
    contacts = target(make)
    say(contacts, said("target"))
    suppression.suppress_many(contacts, [("email", "target@example.org")], "bounce")
    left_out(contacts, "bounced")


def third_in_a_week(make):
    contacts = make()
    supporters(contacts, 12)
    for _n in range(2):
        approve(replace(contacts, by="other"), looked(contacts))
    looked(contacts)


def theme_without_the_separate_yes(make):
    contacts = make()
    care(contacts, supporters(contacts, 12))
    looked(contacts, Universe.read({"of": "people", "where": {"theme": "housing"}}))


def segment_of_three(make):
    contacts = make()
    people = supporters(contacts, 20)
    care(contacts, people[:3])
    say(contacts, *(said(one, "political_ads") for one in people))
    looked(contacts, Universe.read({"of": "people", "where": {"theme": "housing"}}))


def criterion(name):
    return lambda _make: Universe.read({"of": "people", "where": {name: True}})


def to_the_roll(make):
    looked(make(), Universe.read({"of": "roll"}))


def written(**changes):
    return lambda _make: Letter.read(LETTER | changes)


def block(**told):
    return written(blocks=[told])


def name_with_a_header(_make):
    wrap(Sender("X\r\nBcc: all@example.org", "x@example.org", "x.example.org"), [])


def escaping_name(make):
    contacts = make()
    layout = lay_out(Letter.read(LETTER), contacts.controller, themed=False)
    values = {"first_name": "<img src=https://evil.example>", "bureau": "1"}
    html = layout.fill(values, Links("u", "p")).html
    raise DataError("escaped" if "<img" not in html else "not escaped")


def nobody_could_leave(make):
    contacts = make()
    supporters(contacts, 12)
    approve(replace(contacts, by="other"), looked(contacts, base="http://localhost:8501"))


def without_a_sponsor(make):
    contacts = make(sponsor="")
    supporters(contacts, 12)
    approve(replace(contacts, by="other"), looked(contacts))


def approved_by_its_author(make):
    contacts = make()
    supporters(contacts, 12)
    approve(contacts, looked(contacts))


def changed_after_the_look(make):
    contacts = make()
    supporters(contacts, 12)
    seen = looked(contacts)
    save(contacts, "m", Letter.read(LETTER), EVERYBODY, message=seen.draft.message)
    approve(replace(contacts, by="other"), seen)


def not_approved(make):
    contacts = make()
    supporters(contacts, 12)
    draft = save(contacts, "m", Letter.read(LETTER), EVERYBODY)
    send_message(contacts, draft.message, Way(Pigeon(), SETTING.base, SETTING.ground))


def on_the_eve(make):
    contacts = make(rounds=(Round("2099-03-15", "99900", "Europe/Paris"),))
    supporters(contacts, 12)
    seen = looked(contacts)
    approve(replace(contacts, by="other"), seen)
    post, noon = Pigeon(), datetime(2099, 3, 14, 12, tzinfo=UTC)
    at = Way(post, SETTING.base, SETTING.ground, clock=lambda: noon)
    count = send_message(contacts, seen.draft.message, at)
    assert post.taken == []
    raise DataError(f"gate {count['gate']}")


def link_of_another(make):
    """Try a link that was forwarded, whose bearer is known, and two that are made up."""
    contacts = make()
    supporters(contacts, 12)
    seen = looked(contacts)
    approve(replace(contacts, by="other"), seen)
    secret = leave_secret(contacts.ring, seen.draft.message, "p001")
    with reading(contacts.engine) as connection:
        known = bearer(connection, contacts, leave=secret)
        assert (known.message, known.person) == (seen.draft.message, "p001")
        found = [bearer(connection, contacts, leave=one) for one in (secret[:-1] + "x", "0" * 48)]
    raise DataError(f"{found}")


def objected(spelling, kind="email", **entered):
    """Return an attempt on who objected in one spelling and was entered in another."""

    def attempt(make):
        contacts = make()
        supporters(contacts, 12)
        suppression.suppress_many(contacts, [(kind, spelling)], "stop")
        enter(contacts, "target", **entered)
        say(contacts, said("target", at=int(time.time())))
        left_out(contacts, "objection")

    return attempt


def few_of_many(make):
    """Mean everybody, where only three of them agreed."""
    contacts = make()
    supporters(contacts, 30, consenting=3)
    looked(contacts)


def few_by_elimination(make):
    """Write twice to most of them, so that the cap leaves three of the next universe."""
    contacts = make()
    people = supporters(contacts, 40)
    care(contacts, people[:37])
    say(contacts, *(said(one, "political_ads") for one in people))
    most = Universe.read({"of": "people", "where": {"theme": "housing"}})
    for _n in range(2):
        approve(replace(contacts, by="other"), looked(contacts, most))
    looked(contacts)


def approved_in_other_letters(make):
    contacts = make()
    supporters(contacts, 12)
    seen = looked(replace(contacts, by="Ada Exemple"))
    approve(replace(contacts, by=" ADA  exemple "), seen)


def edited_after_approval(make):
    contacts = make()
    supporters(contacts, 12)
    seen = looked(contacts)
    approve(replace(contacts, by="other"), seen)
    save(contacts, "m", Letter.read(LETTER), EVERYBODY, message=seen.draft.message)


def yes_of_tomorrow(make):
    say(target(make), said("target", at=int(time.time()) + 86_400))


def clock_set_back(make):
    """Take back, by a clock that runs behind, what a telephone ahead of it wrote."""
    contacts, now = target(make), int(time.time())
    say(contacts, said("target", at=now + 240))
    say(contacts, said("target", given=False, at=now))
    left_out(contacts, "consent")


def name_that_breaks_a_line(make):
    contacts = make()
    supporters(contacts, 12)
    letter = Letter.read(LETTER | {"subject": "Hello {{ first_name }}"})
    layout = lay_out(letter, contacts.controller, themed=False)
    values = {"first_name": "Zoé\r\nBcc: all@example.org", "bureau": "1"}
    raise DataError(repr(layout.fill(values, Links("u", "p")).subject))


def html_in_a_block(make):
    contacts = make()
    text = "<svg onload=alert(1)><a href='javascript:alert(1)'>x</a>"
    letter = Letter.read(LETTER | {"blocks": [{"kind": "text", "text": text}]})
    html = lay_out(letter, contacts.controller, themed=False).fill({}, Links("u", "p")).html
    raise DataError("escaped" if "<svg" not in html and "<a href='java" not in html else "raw")


def link_followed_after_erasure(make):
    contacts = make()
    supporters(contacts, 12)
    seen = looked(contacts)
    approve(replace(contacts, by="other"), seen)
    secret = leave_secret(contacts.ring, seen.draft.message, "p001")
    erase(contacts, ["p001"])
    with reading(contacts.engine) as connection:
        known = bearer(connection, contacts, leave=secret)
    raise DataError(f"{[leave(contacts, known) for _n in range(3)]}")


SVG = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").decode()
ATTEMPTS = [
    (bare_consent, "text"),
    (never_asked, "consent"),
    (took_it_back, "consent"),
    (suppressed_again, "objection"),
    (another_spelling, "objection"),
    (too_young, "minor"),
    (dead_mailbox, "bounced"),
    (third_in_a_week, "frequency"),
    (theme_without_the_separate_yes, "ads"),
    (segment_of_three, "fewer than 11"),
    (criterion("opened"), "not lawful: Who opened or clicked"),
    (criterion("opens"), "not lawful: Who opened or clicked"),
    (criterion("clicks"), "not lawful: Who opened or clicked"),
    (criterion("birthplace"), "not lawful: Nobody is sorted by birthplace"),
    (criterion("name_origin"), "not lawful: Nobody is sorted by what a name sounds like"),
    (criterion("voted"), "not lawful: Whether one person voted"),
    (to_the_roll, "never to the roll"),
    (written(subject="Hello\r\nBcc: all@example.org"), "more than one line"),
    (name_with_a_header, "header"),
    (block(kind="text", text="{{ ''.__class__.__mro__ }}"), "template is refused"),
    (block(kind="text", text="{% for a in range(9**9) %}{% endfor %}"), "template is refused"),
    (block(kind="picture", url="https://spy.example/1.gif", alt="x"), "unknown: url"),
    (block(kind="button", text="x", url="https://x.example/{{ last_name }}"), "without variables"),
    (escaping_name, "escaped"),
    (nobody_could_leave, "leave in one click"),
    (without_a_sponsor, "sponsor"),
    (approved_by_its_author, "other than its author"),
    (changed_after_the_look, "changed since"),
    (not_approved, "not approved"),
    (on_the_eve, "gate 12"),
    (link_of_another, "None, None"),
    (objected("target@example.org", email="Target+news@Example.org"), "objection"),
    (objected("target+news@example.org", email="target@example.org"), "objection"),
    (objected("target@example.org", email="ｔａｒｇｅｔ＠example.org"), "objection"),  # noqa: RUF001
    (objected("target@exämple.org", email="target@xn--exmple-cua.org"), "objection"),
    (
        objected("+33 (0)6 39 98 00 01", "phone", email="target@example.org", phone="0639980001"),
        "objection",
    ),
    (objected("0033639980001", "phone", email="t@example.org", phone="+33639980001"), "objection"),
    (few_of_many, "fewer than 11"),
    (few_by_elimination, "fewer than 11"),
    (approved_in_other_letters, "other than its author"),
    (edited_after_approval, "was approved"),
    (yes_of_tomorrow, "its date"),
    (clock_set_back, "consent"),
    (name_that_breaks_a_line, "'Hello Zoé Bcc: all@example.org'"),
    (html_in_a_block, "escaped"),
    (link_followed_after_erasure, "[False, False, False]"),
    (block(kind="picture", data=SVG, alt="x"), "no PNG or JPEG"),
    (block(kind="button", text="x", url="data:text/html,x"), "no https address"),
    (block(kind="button", text="x", url="javascript:alert(1)"), "no https address"),
    (block(kind="text", text="{{ '%s'|format(first_name) }}"), "template is refused"),
    (block(kind="text", text="{{ first_name|attr('__class__') }}"), "template is refused"),
]  # fmt: skip


@pytest.mark.parametrize(("attempt", "rule"), ATTEMPTS)
def test_it_is_refused_by_its_rule(make, attempt, rule):
    with pytest.raises(DataError) as refused:
        attempt(make)
    assert rule in str(refused.value)
