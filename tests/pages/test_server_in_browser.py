"""A server as people meet it: login, pages by role, revocation, a replayed cookie."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from analysis.access import audit, invitations, membership, sessions
from analysis.access.rights import Grant
from analysis.database.engine import of_tenant
from analysis.workflows import server_access
from pages._ui.access import open_pages
from tests.analysis import postgres
from tests.browser import open_page, settle
from tests.server_made import server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOG_IN, LOG_OUT = "Se connecter", "Se déconnecter"


@pytest.fixture(scope="module")
def made(valmont, tmp_path_factory):
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with (
        postgres.running(durable=False) as database,
        server(database.database(), valmont.path, tmp_path_factory.mktemp("served")) as running,
    ):
        yield running


@pytest.fixture
def visit(browser, made):
    """Open the app; a window left open after a test would go on asking whether it may."""
    opened = []

    def visit(path="/"):
        opened.append(open_page(browser, made.url + path))
        return opened[-1].page

    yield visit
    for each in opened:
        each.leave()


@pytest.fixture
def log_in(visit, made):
    """Open the app, log in at the provider, and wait for the page."""

    def log_in(who, path="/"):
        page = visit(path)
        page.get_by_role("button", name=LOG_IN).click()
        # By what it sends: releases of the provider call the button differently.
        page.locator(f'button[name=sub][value="{who}"]').first.click()
        page.wait_for_url(f"{made.url}/**")
        settle(page)
        return page

    return log_in


@pytest.fixture
def stranger(browser):
    """Return a new window that nobody has prepared."""
    window = browser.new_context(locale="fr-FR")
    yield window
    window.close()


def pages_of(page):
    """Return the titles of the pages that are offered."""
    expect(page.get_by_test_id("stSidebarNavLink").first).to_be_visible()
    return page.get_by_test_id("stSidebarNavLink").all_inner_texts()


def titles(page):
    return " ".join(pages_of(page))


def login_of(page):
    return next(c["value"] for c in page.context.cookies() if c["name"] == "palier_session")


def test_who_is_not_logged_in_sees_nothing(visit):
    page = visit("/priorities")
    expect(page.get_by_role("button", name=LOG_IN)).to_be_visible()
    text = page.inner_text("body")
    assert "Valmont" not in text
    assert "Left" not in text
    assert page.get_by_test_id("stSidebarNavLink").count() == 0


@pytest.mark.parametrize("who", ["stranger", "mallory"])
def test_nobody_comes_in_uninvited_or_with_an_address_that_is_not_verified(log_in, who):
    page = log_in(who)
    expect(page.get_by_text("Personne n’a invité ce compte")).to_be_visible()
    assert not any(c["name"] == "palier_session" for c in page.context.cookies())


def test_two_campaigns_never_see_each_other(log_in, made):
    ours = {"ada": ("left", "Ada"), "bob": ("right", "Bob")}
    for who, other in (("ada", "bob"), ("bob", "ada")):
        page = log_in(who)
        assert "Administration" in titles(page)
        page.goto(f"{made.url}/data?workspace=place-of-{ours[other][0]}")
        expect(page.get_by_text("qui n’est pas sur cette machine")).to_be_visible()
        page.get_by_test_id("stSelectbox").first.locator("input").click()
        offered = page.get_by_role("option").all_inner_texts()
        assert len(offered) == 2  # their own place, and the embedded one
        page.goto(f"{made.url}/administration")
        main = page.get_by_test_id("stMain")
        expect(main.get_by_text(ours[who][1], exact=True)).to_be_visible()
        assert ours[other][1] not in main.inner_text()


def test_the_browser_holds_nothing_of_the_provider_and_no_replay_works(log_in, made, stranger):
    page = log_in("ada")
    stolen = page.context.cookies()
    assert not any(cookie["name"].startswith("_streamlit_user") for cookie in stolen)
    kept = next(c for c in stolen if c["name"] == "palier_session")
    assert kept["httpOnly"]
    assert kept["sameSite"] == "Lax"
    assert kept["expires"] < time.time() + 13 * 3600
    page.get_by_role("button", name=LOG_OUT).click()
    expect(page.get_by_role("button", name=LOG_IN)).to_be_visible()
    stranger.add_cookies(stolen)
    replayed = stranger.new_page()
    replayed.goto(made.url)
    expect(replayed.get_by_role("button", name=LOG_IN)).to_be_visible()
    assert "Valmont" not in replayed.inner_text("body")


def test_an_open_page_asks_often_enough_to_close_within_five_seconds():
    """Two turns may pass before it hears; how long the closing takes is the machine's affair."""
    assert 2 * open_pages.WATCH_S < 5


def test_a_role_has_its_pages_no_other_by_address_and_none_once_taken_back(log_in, made):
    page = log_in("carol")
    offered = titles(page)
    assert "Priorités" in offered
    assert "Administration" not in offered
    page.goto(f"{made.url}/administration")
    settle(page)
    expect(page.get_by_role("heading", name="Administration")).to_have_count(0)
    assert "Priorités" in titles(page)
    left = of_tenant(server_access.engine(), made.left)
    given = next(row for row in membership.members(left) if row["role"] == "analyst")
    membership.revoke(left, given["grant_id"], by=membership.NOBODY)
    # Nobody touches the page.
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    membership.grant(left, given["user_id"], Grant(made.left, "analyst"), by=membership.NOBODY)


def test_a_login_ended_by_the_administrator_closes_the_page(log_in):
    page = log_in("carol")
    sessions.end(server_access.engine(), login_of(page))
    expect(page.get_by_role("button", name=LOG_IN)).to_be_visible()


def test_a_volunteer_comes_in_by_a_link_and_out_when_it_is_taken_back(browser, made, stranger):
    engine, given = server_access.engine(), Grant(made.left, "volunteer", "turf", "T0001")
    secret = invitations.invite_by_link(engine, "Camille", given, days=2, by="ada")
    page = stranger.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{made.url}/invitation#{secret}")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Mon secteur")).to_be_visible()
    assert not any(secret in url for url in asked)
    assert sorted(text.split()[-1] for text in pages_of(page)) == ["Guides", "secteur"]
    left = of_tenant(engine, made.left)
    named = next(one for one in invitations.invitations(left) if one["name"] == "Camille")
    settle(page)
    invitations.revoke(left, named["invitation_id"], by="ada")
    expect(page.get_by_role("button", name=LOG_IN)).to_be_visible()
    other = browser.new_context(locale="fr-FR")
    again = other.new_page()
    again.goto(f"{made.url}/invitation#{secret}")
    # Without network nothing is said of the invitation.
    other.set_offline(True)
    again.get_by_role("button").click()
    expect(again.get_by_role("alert")).to_contain_text("Attendez un instant")
    other.set_offline(False)
    again.get_by_role("button").click()
    expect(again.get_by_role("alert")).to_contain_text("est terminée")
    again.reload()  # the link is gone from the address, which keeps it to itself
    again.get_by_role("button").click()
    expect(again.get_by_role("alert")).to_contain_text("Ouvrez de nouveau le lien")
    other.close()


def test_what_is_taken_away_is_written_down(log_in, made):
    page = log_in("ada", "/data")
    page.goto(f"{made.url}/data")
    settle(page)
    with page.expect_download():
        page.get_by_role("button", name="Télécharger le manifeste (JSON)").click()
    left = of_tenant(server_access.engine(), made.left)
    latest = audit.entries(left)[0]
    assert (latest["action"], latest["subject"].endswith(".json")) == ("download", True)
    names = membership.names_of(left, [latest["user_id"]])
    assert list(names.values()) == ["Ada"]
    assert audit.verify(left)[0] >= 1
