"""Tests of objections: one holds in all channels, spellings, imports and campaigns, for good."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from analysis.contacts import suppression, vault
from analysis.contacts.erasure import erase
from analysis.contacts.gate import passes
from analysis.contacts.merged import groups
from analysis.contacts.normalise import canonical_email
from analysis.contacts.passage import Request
from analysis.database.contact_tables import SUPPRESSION, VAULT_KEYS
from analysis.database.engine import of_tenant, reading, writing
from analysis.errors import DataError
from tests.analysis.contacts.invented import bring, enter, merge, opened

JEAN = ("email", "jean@example.org")


@pytest.fixture
def campaigns(tmp_path, store, named):
    """Open two campaigns of one controller and one of another, in each of the two stores."""
    return [
        opened(store, tmp_path, named("north"), controller=named("party")),
        opened(store, tmp_path, named("south"), controller=named("party")),
        opened(store, tmp_path, named("west"), controller=named("rival")),
    ]


def test_one_stop_holds_in_every_campaign_of_the_controller_and_no_other(campaigns):
    north, south, west = campaigns
    for one in campaigns:
        enter(one, "p1", email="jean@example.org", phone="+33639980001")
        enter(one, "p2", phone="+33639980002")
    suppression.suppress_people(north, ["p1"], "stop")
    for spelling in ("JEAN@example.org", " Jean@Example.ORG ", "jean@example.org"):
        assert suppression.suppressed(south, [("email", spelling)])
    for spelling in ("+33639980001", "06 39 98 00 01", "+33 6 39 98 00 01", "0033639980001"):
        assert suppression.suppressed(south, [("phone", spelling)])
    assert not suppression.suppressed(west, [JEAN])
    people = [suppression.objecting(one) for one in campaigns]
    assert people == [{"p1": "stop"}, {"p1": "stop"}, {}]


HEAD = "Nom;Prénom;E-mail;Tél;email_opt_in;sms_opt_in;consent_date;consent_text;consent_proof\n"
WAYS = (("phone", "call"), ("sms", "message"), ("email", "message"), ("themed_email", "message"))
WAYS += (("post", "letter"), ("door", "list"))


def everybody(contacts):
    """Return who is in a campaign and was not erased, one of each group."""
    with reading(contacts.engine) as connection:
        mine = sa.select(VAULT_KEYS.c.person).where(VAULT_KEYS.c.tenant == contacts.tenant)
        merged = groups(connection)
        return sorted({merged.of(one) for one in connection.execute(mine).scalars()})


def reached(contacts):
    """Return by which ways anybody of a campaign may be reached, as the gate says."""
    people = tuple(everybody(contacts))
    assert people
    found = set()
    for channel, action in WAYS:
        request = Request(channel, action, ("person.name",), people=people)
        refused = {
            n
            for one in passes(contacts, request).refusals
            if one.rule == "objection"
            for n in one.lines
        }
        found |= {channel} if len(refused) < len(people) else set()
    return found


def test_one_withdrawal_holds_through_the_whole_line(campaigns):
    north, south, west = campaigns
    yes = "oui;oui;03/02/2025;J'accepte;form 1\n"
    for one in campaigns:
        bring(one, f"{HEAD}Le Gall;Zoé;zoe@example.org;0639980001;{yes}")
    bring(north, f"{HEAD}Le Gall;Zoé;z.legall@example.com;;{yes}")
    name = merge(north, *everybody(north))
    assert reached(north) == {channel for channel, _action in WAYS}
    # She says stop once, by the address that only one of her records has.
    with reading(north.engine) as connection:
        (who,) = vault.who_has(connection, north.ring, "email", ["z.legall@example.com"]).values()
    suppression.suppress_people(north, who, "stop")
    assert reached(north) == reached(south) == set()
    assert reached(west)  # another controller's people are theirs
    merge(north, name, name, undoes=name)
    assert len(everybody(north)) == 2
    assert reached(north) == set()
    # A file brings her back in other spellings, with a newer yes: in every campaign of the party.
    again = yes.replace("2025", "2026")
    for spelling in ("ZOE@Example.ORG;", " Zoe@example.org ;06.39.98.00.01", ";+33 6 39 98 00 01"):
        for one in (north, south):
            bring(one, f"{HEAD}LEGALL;Zoe;{spelling};{again}")
            assert reached(one) == set()
    erase(north, everybody(north))
    assert everybody(north) == []
    bring(north, f"{HEAD}Le Gall;Z.;Z.LeGall@EXAMPLE.com;;{again}")
    bring(north, f"{HEAD}Legall;Zoé;;00 33 639980001;{again}")
    assert len(everybody(north)) == 2
    assert reached(north) == reached(south) == set()


def test_a_bounce_ends_a_point_and_not_the_person(campaigns):
    north = campaigns[0]
    enter(north, "p1", email="jean@example.org", phone="+33639980001")
    suppression.suppress(north, *JEAN, "bounce")
    assert suppression.suppressed(north, [JEAN, ("phone", "+33639980001")]) == {JEAN: "bounce"}
    assert suppression.objecting(north) == {}


def test_a_wish_after_a_bounce_still_ends_the_person(campaigns):
    north = campaigns[0]
    enter(north, "p1", email="jean@example.org")
    suppression.suppress(north, *JEAN, "bounce")
    suppression.suppress(north, *JEAN, "unsubscribe")
    assert suppression.objecting(north) == {"p1": "unsubscribe"}
    assert suppression.suppressed(north, [JEAN]) == {JEAN: "unsubscribe"}


def test_a_wish_of_the_mailbox_is_told_before_a_bounce_of_its_tag(campaigns):
    north, tagged = campaigns[0], ("email", "jean+lettre@example.org")
    suppression.suppress(north, *tagged, "bounce")
    assert suppression.suppressed(north, [JEAN, tagged]) == {tagged: "bounce"}
    suppression.suppress(north, *JEAN, "objection")
    told = {JEAN: "objection", tagged: "objection"}
    assert suppression.suppressed(north, [JEAN, tagged]) == told


def test_one_mailbox_is_left_alone_under_all_that_its_provider_takes_for_it(campaigns):
    north = campaigns[0]
    same = ["j.roi@gmail.com", "jroi@gmail.com", "J.R.O.I+x@googlemail.com", "jroi@googlemail.com"]
    for n, email in enumerate(same):
        enter(north, f"p{n}", email=canonical_email(email))
    enter(north, "other", email="j.roi@example.org")
    enter(north, "another", email="jroi@example.org")
    suppression.suppress(north, "email", same[2], "stop")
    assert suppression.objecting(north) == {f"p{n}": "stop" for n in range(len(same))}
    assert len(suppression.suppressed(north, [("email", one) for one in same])) == len(same)
    # Elsewhere two people may differ by a point.
    suppression.suppress(north, "email", "j.roi@example.org", "stop")
    assert "another" not in suppression.objecting(north)


def test_it_holds_when_the_campaign_says_later_who_answers(tmp_path, store, named):
    before = opened(store, tmp_path, named("north"))
    enter(before, "p1", email="jean@example.org")
    enter(before, "p2", email="ines@example.org")
    suppression.suppress(before, *JEAN, "stop")
    after = opened(store, tmp_path, named("north"), controller=named("party"))
    assert suppression.objecting(after) == {"p1": "stop"}
    # The other way round: a sister campaign's list reaches people indexed before the naming.
    sister = opened(store, tmp_path, named("south"), controller=named("party"))
    suppression.suppress(sister, "email", "ines@example.org", "complaint")
    assert suppression.objecting(after) == {"p1": "stop", "p2": "complaint"}


def test_nothing_of_a_point_is_readable_and_nothing_is_taken_back(campaigns, named):
    north = campaigns[0]
    suppression.suppress(north, *JEAN, "stop")
    tenant = suppression.tenant_of_controller(named("party"))
    engine = of_tenant(suppression.opened(north).engine, tenant)
    with reading(engine) as connection:
        rows = connection.execute(sa.select(SUPPRESSION)).mappings().all()
    assert [row["tenant"] for row in rows] == [f"@controller:{named('party')}"]
    assert "jean" not in str(rows)
    with pytest.raises(DataError, match=r"never changed|may not be written"):  # noqa: SIM117
        with writing(engine) as connection:
            connection.execute(sa.delete(SUPPRESSION))
    if engine.dialect.name == "postgresql":  # the campaign does not see its controller's rows
        with reading(north.engine) as connection:
            assert connection.execute(sa.select(SUPPRESSION)).all() == []


def test_two_long_names_are_two_controllers_and_unknown_words_are_refused(campaigns):
    long = "x" * 70
    both = {suppression.tenant_of_controller(long + end) for end in "ab"}
    assert len(both) == 2
    assert max(map(len, both)) <= 64
    with pytest.raises(DataError, match="no reason or kind"):
        suppression.suppress(campaigns[0], *JEAN, "whim")
    with pytest.raises(DataError, match="no reason or kind"):
        suppression.suppress(campaigns[0], "fax", "1", "stop")
