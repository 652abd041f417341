"""Tests of the one table of rights: every role on every page and every path."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analysis.access import rights
from analysis.access.rights import Grant, may, pages, route

ROOT = Path(__file__).parents[3]
ALL = "administration, home, data, abstention, swing, priorities, trial_design, turfs, fieldwork, "
ALL += "impact, points, guides, my_turf, contacts, letters, law"
# Written out by hand: what each role opens.
OPENS = {
    "administrator": ALL,
    "strategist": ALL.replace("administration, ", "").replace(", law", ""),
    "analyst": "home, data, abstention, swing, priorities, fieldwork, impact, points, guides",
    "organiser": "turfs, fieldwork, guides, my_turf, contacts, letters",
    "volunteer": "guides, my_turf",
}
DOES = {
    "administrator": "build, plan, bring_returns, settings, export, call, approve, duties, people, "
    "read_audit",
    "strategist": "build, plan, bring_returns, settings, export, call, approve",
    "analyst": "export",
    "organiser": "bring_returns, export, call",
    "volunteer": "",
}
ACTIONS = ("build", "plan", "bring_returns", "settings", "export", "call", "duties", "people")
ACTIONS += ("read_audit", "approve")


def listed(text):
    return {name for name in text.split(", ") if name}


@pytest.mark.parametrize("role", rights.roles())
def test_each_role_opens_these_pages_and_no_other(role):
    given = [Grant("ours", role)]
    opened = {page for page, right in pages().items() if may(given, "ours", right)}
    assert opened == listed(OPENS[role])
    assert {one for one in ACTIONS if may(given, "ours", one)} == listed(DOES[role])


@pytest.mark.parametrize("role", rights.roles())
def test_no_role_is_any_in_another_campaign(role):
    assert not any(may([Grant("ours", role)], "theirs", right) for right in rights.rights())


@pytest.mark.parametrize("scope", ["zone", "team", "turf"])
@pytest.mark.parametrize("role", rights.roles())
def test_a_part_of_a_campaign_never_opens_what_shows_the_whole(role, scope):
    given = [Grant("ours", role, scope, "T1")]
    opened = {page for page, right in pages().items() if may(given, "ours", right)}
    assert opened <= {"guides", "my_turf"}
    assert not any(may(given, "ours", one) for one in ACTIONS)


def test_every_page_of_the_app_has_its_right_and_every_right_is_known():
    assert set(pages()) == {file.stem for file in (ROOT / "pages").glob("*.py")}
    table = tomllib.loads((ROOT / "analysis/access/rights.toml").read_text(encoding="utf-8"))
    known = set(rights.rights())
    assert set(pages().values()) <= known
    assert all(set(held) <= known for held in table["roles"].values())
    # A right that nobody has, or that nothing asks for, is a mistake.
    assert known == {right for held in table["roles"].values() for right in held}


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("/", "open"),
        ("/priorities", "open"),  # the page itself asks the store at every run
        ("/static/js/index.js", "open"),
        ("/_stcore/health", "open"),
        ("/_stcore/stream", "open"),
        ("/_stcore/upload_file/a/b", "session"),
        ("/_stcore/metrics", "session"),
        ("/media/0123.csv", "session"),
        ("/app/static/geometry.json", "session"),
        ("/api/returns", "token"),
        ("/t/abc", "token"),
        ("/invitation", "token"),
    ],
)
def test_what_a_path_asks_for(path, asks):
    assert route(path) == asks
