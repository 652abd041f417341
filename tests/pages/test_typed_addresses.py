"""What is typed into the bar of the browser: a page, a closed one or none, said in French."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import app_test

from analysis.access.membership import Person
from analysis.access.rights import Grant
from pages._ui import state
from pages._ui.access import gate
from pages._ui.access.visitor import Visitor
from tests.pages.conftest import _Routed

CLOSED, NONE = "Cette page ne vous est pas ouverte", "Cette page n’existe pas"


@pytest.fixture
def typed(open_app, places, monkeypatch):
    """Return what opens an address as somebody types it: Streamlit knows it by name alone."""

    def opened(address, role=None):
        class Typed(_Routed):
            asked = address

            def set_script_intent(self, page_script_hash, page_name):
                # Of the run; the router may think better of it.
                first, self.asked = self.asked, ""
                super().set_script_intent("" if first else page_script_hash, first or page_name)

        missing = []
        monkeypatch.setattr(app_test, "PagesManager", Typed)
        monkeypatch.setattr(
            "streamlit.commands.navigation.send_page_not_found", lambda _c: missing.append(address)
        )
        if role:
            found = Visitor(Person("zoe", "Zoe", (Grant("ours", role),)), "ours")
            monkeypatch.setattr(state, "workspaces", lambda: places.folder)
            monkeypatch.setattr(gate.visitor, "current", lambda: found)
            monkeypatch.setattr(gate, "enter", lambda: found)
            monkeypatch.setattr(gate, "ways", lambda: None)
        app = open_app("guides", lang="fr")
        assert not app.exception
        assert missing == []
        return app.title[0].value

    return opened


@pytest.mark.parametrize(
    ("address", "role", "title"),
    [
        # The first page of who it is has the bare address; by its name Streamlit knows none.
        ("guides", "volunteer", "Guides"),
        ("my_turf", "volunteer", CLOSED),
        ("home", "volunteer", CLOSED),
        ("law", "strategist", CLOSED),
        ("accueil", "volunteer", NONE),
        ("guides/x", None, NONE),
        ("administration", None, CLOSED),
    ],
)
def test_an_address_opens_its_page_or_says_why_not(typed, address, role, title):
    assert typed(address, role) == title
