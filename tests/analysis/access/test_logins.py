"""Tests of sessions and invitations: what is over is over at once, and nothing is kept in clear."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from analysis.access import audit, invitations, membership, sessions
from analysis.access.invitations import Claims
from analysis.access.rights import Grant
from analysis.database.access_tables import INVITATIONS, SESSIONS, USERS
from analysis.database.engine import of_tenant, reading
from analysis.database.tenancy import REALM
from analysis.errors import DataError
from tests.analysis.access.conftest import LEFT, RIGHT, person

ISSUER = "https://login.invalid"
TURF = Grant(LEFT, "volunteer", "turf", "T0001")


def claims(subject="s1", **more):
    known = {"name": "Ada", "email": "ada@example.org", "email_verified": True}
    return Claims(ISSUER, subject, **{**known, **more})


def test_a_login_opens_until_it_is_ended(engine, administrator):
    token = sessions.open_session(engine, administrator, hours=1)
    found = sessions.who(engine, token)
    assert (found.user_id, found.campaigns()) == (administrator, [LEFT])
    assert found.may(LEFT, "people")
    assert not found.may(RIGHT, "people")
    sessions.end(engine, token)
    assert sessions.who(engine, token) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "' OR 1=1 --", "%", "é"])
def test_what_nobody_was_given_opens_nothing(engine, administrator, token):
    sessions.open_session(engine, administrator, hours=1)
    assert sessions.who(engine, token) is None


def test_a_login_ends_by_itself(engine, administrator):
    token = sessions.open_session(engine, administrator, hours=1, until_s=time.time() - 1)
    assert sessions.who(engine, token) is None


def test_the_store_holds_no_secret(engine, administrator):
    token = sessions.open_session(engine, administrator, hours=1)
    link = invitations.invite_by_link(engine, "Camille", TURF, days=1, by=administrator)
    email = "carol@example.org"
    invitations.invite_by_mail(engine, email, Grant(LEFT, "analyst"), days=1, by=administrator)
    kept = ""
    for tenant, table in ((REALM, SESSIONS), (LEFT, INVITATIONS)):
        with reading(of_tenant(engine, tenant)) as connection:
            kept += str(connection.execute(sa.select(table)).all())
    kept += str(audit.entries(of_tenant(engine, LEFT)))
    assert "Camille" in kept
    assert not any(secret in kept for secret in (token, link, link.split(".")[1], email))


def test_a_grant_taken_back_is_gone_at_the_next_question(engine, administrator):
    token = sessions.open_session(engine, administrator, hours=1)
    own = of_tenant(engine, LEFT)
    (given,) = membership.members(own)
    membership.revoke(own, given["grant_id"], by="x")
    assert sessions.who(engine, token).grants == ()
    assert membership.members(own) == []


def test_another_campaign_s_administrator_cannot_take_it_back(engine, administrator):
    (given,) = membership.members(of_tenant(engine, LEFT))
    membership.revoke(of_tenant(engine, RIGHT), given["grant_id"], by="mallory")
    assert len(membership.members(of_tenant(engine, LEFT))) == 1


def test_who_is_invited_by_address_comes_in_once_it_is_verified(engine):
    given = Grant(LEFT, "analyst")
    invitations.invite_by_mail(engine, "Ada@Example.org ", given, days=1, by="x")
    assert invitations.log_in(engine, claims(email_verified=False), hours=1) is None
    assert invitations.log_in(engine, claims(email="eve@example.org"), hours=1) is None
    token = invitations.log_in(engine, claims(), hours=1)
    assert sessions.who(engine, token).grants == (given,)


def test_a_person_is_issuer_and_subject_not_an_address(engine):
    invitations.invite_by_mail(engine, "ada@example.org", Grant(LEFT, "analyst"), days=1, by="x")
    first = sessions.who(engine, invitations.log_in(engine, claims(), hours=1))
    # The address changed, the person did not.
    again = invitations.log_in(engine, claims(email="other@example.org"), hours=1)
    assert sessions.who(engine, again).user_id == first.user_id
    # Somebody else got the address: the invitation is taken up already.
    other = invitations.log_in(engine, claims("s2"), hours=1)
    assert other is None or sessions.who(engine, other).grants == ()


def test_nothing_is_kept_of_a_stranger(engine):
    assert invitations.log_in(engine, claims("stranger"), hours=1) is None
    with reading(of_tenant(engine, REALM)) as connection:
        assert connection.execute(sa.select(USERS)).all() == []


def test_a_link_gives_one_turf_until_it_is_over_or_taken_back(engine, administrator):
    link = invitations.invite_by_link(engine, "Camille", TURF, days=1, by=administrator)
    tokens = [invitations.exchange(engine, link, hours=12) for _ in range(2)]  # two devices
    found = sessions.who(engine, tokens[0])
    assert found.grants == (TURF,)
    assert found.scopes(LEFT) == [("turf", "T0001")]
    own = of_tenant(engine, LEFT)
    (row,) = invitations.invitations(own)
    invitations.revoke(of_tenant(engine, RIGHT), row["invitation_id"], by="mallory")
    assert sessions.who(engine, tokens[0]) is not None
    invitations.revoke(own, row["invitation_id"], by=administrator)
    assert [sessions.who(engine, token) for token in tokens] == [None, None]
    assert invitations.exchange(engine, link, hours=12) is None


@pytest.mark.parametrize("step", ["enter", "grant_in"])
def test_a_link_taken_back_while_it_is_exchanged_opens_nothing(
    engine, administrator, monkeypatch, step
):
    link = invitations.invite_by_link(engine, "Camille", TURF, days=1, by=administrator)
    own = of_tenant(engine, LEFT)
    (row,) = invitations.invitations(own)
    taking = threading.Thread(
        target=invitations.revoke, args=(own, row["invitation_id"]), kwargs={"by": administrator}
    )
    done = getattr(membership, step)

    def meanwhile(*args, **more):
        found = done(*args, **more)
        taking.start()
        # Before anything is locked it is over at once; later it has to wait for the login.
        taking.join(timeout=0.5)
        return found

    monkeypatch.setattr(membership, step, meanwhile)
    token = invitations.exchange(engine, link, hours=12)
    taking.join()
    assert token is None or sessions.who(engine, token) is None
    monkeypatch.undo()
    assert invitations.exchange(engine, link, hours=12) is None


def test_an_invitation_by_address_taken_back_at_the_login_gives_no_role(
    engine, administrator, monkeypatch
):
    grant = Grant(LEFT, "analyst")
    invitations.invite_by_mail(engine, "eve@example.org", grant, days=1, by=administrator)
    own = of_tenant(engine, LEFT)
    (row,) = invitations.invitations(own)
    entered = membership.enter

    def meanwhile(*args):
        invitations.revoke(own, row["invitation_id"], by=administrator)
        return entered(*args)

    monkeypatch.setattr(membership, "enter", meanwhile)
    eve = Claims("https://login.invalid", "eve", "Eve", "eve@example.org", email_verified=True)
    token = invitations.log_in(engine, eve, hours=1)
    assert sessions.who(engine, token).grants == ()


@pytest.mark.parametrize("secret", ["", ".", f"{LEFT}.", f"{LEFT}.guess", f"{REALM}.x", "mail:a@b"])
def test_a_guessed_link_opens_nothing(engine, administrator, secret):
    invitations.invite_by_link(engine, "Camille", TURF, days=1, by=administrator)
    assert invitations.exchange(engine, secret, hours=1) is None


@pytest.mark.parametrize(
    "given",
    [
        Grant(LEFT, "administrator"),
        Grant(LEFT, "volunteer"),
        Grant(LEFT, "organiser", "turf", "T1"),
        Grant(LEFT, "volunteer", "turf", ""),
    ],
)
def test_a_link_gives_no_more_than_that(engine, administrator, given):
    with pytest.raises(DataError, match="one turf or one team"):
        invitations.invite_by_link(engine, "Camille", given, days=1, by=administrator)


@pytest.mark.parametrize(("name", "days"), [("", 1), ("Camille", 0), ("Camille", 61)])
def test_an_invitation_names_somebody_and_ends(engine, administrator, name, days):
    with pytest.raises(DataError, match="names somebody and ends"):
        invitations.invite_by_link(engine, name, TURF, days=days, by=administrator)


def test_an_administrator_sees_the_logins_of_their_people_only(engine, administrator):
    other = person(engine, "Bob", Grant(RIGHT, "administrator"))
    for user_id in (administrator, other):
        sessions.open_session(engine, user_id, hours=1)
    own = of_tenant(engine, LEFT)
    people = [row["user_id"] for row in membership.members(own)]
    assert [row["user_id"] for row in sessions.live(own, people)] == [administrator]
