"""Before a server answers it has worked out what its pages ask first, and nothing stops it."""

import json
import shutil

import pytest
import streamlit as st

from analysis.workflows import jobs
from pages._ui import answers_ahead, background, state


def campaign_in(folder, places):
    """Give a campaign two places, the damaged one built last; nothing is known yet."""
    background._answers().clear()
    st.cache_data.clear()
    shutil.copytree(places.valmont.path, folder / "campaign" / state.SAMPLE_NAME)
    damaged = folder / "campaign" / "damaged"
    damaged.mkdir()
    (damaged / "manifest.json").write_text(json.dumps({"format": 0}))
    return folder


@pytest.fixture
def campaigns(places, tmp_path):
    return campaign_in(tmp_path, places)


@pytest.fixture(scope="module")
def worked_ahead(places, tmp_path_factory):
    """Work ahead once: a page that begins nothing leaves to the next one what it found."""
    folder = campaign_in(tmp_path_factory.mktemp("ahead"), places)
    answers_ahead.work_ahead(folder, most_s=600)
    return folder


def kinds():
    return {key[0] for key in background._answers()}


@pytest.mark.parametrize("page", ["home", "priorities", "abstention"])
def test_the_first_pages_begin_no_work_any_more(open_app, worked_ahead, monkeypatch, page):
    begun = []
    submit = jobs.submit
    monkeypatch.setattr(
        jobs, "submit", lambda key, *args, **how: begun.append(key[0]) or submit(key, *args, **how)
    )
    monkeypatch.setattr(state, "WORKSPACES", worked_ahead / "campaign")
    app = open_app(page)
    assert not app.exception
    assert [kind for kind in begun if kind != "course"] == []


def test_when_its_time_is_over_the_rest_is_left_to_whoever_asks(campaigns):
    answers_ahead.work_ahead(campaigns, most_s=0)
    assert kinds() == set()


def test_a_place_that_goes_at_that_moment_keeps_no_server_from_its_start(campaigns, monkeypatch):
    gone, found = campaigns / "campaign" / "gone" / "manifest.json", type(campaigns).glob

    def with_gone(folder, pattern):
        return [*found(folder, pattern), *([gone] if folder == campaigns else [])]

    monkeypatch.setattr(type(campaigns), "glob", with_gone)
    tried = []
    monkeypatch.setattr(answers_ahead, "_try", lambda _step, folder: tried.append(folder.name))
    answers_ahead.work_ahead(campaigns, most_s=600)
    assert tried[:3] == ["damaged", state.SAMPLE_NAME, "gone"]
