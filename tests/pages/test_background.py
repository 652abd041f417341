"""Long work: it is shown, can be stopped and begun again, and its errors reach the page."""

import threading
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from analysis.errors import DataError
from analysis.workflows.turns import Turns
from pages._ui import background
from pages._ui.access import gate
from pages._ui.background import answer_of
from pages._ui.i18n import _


def script():
    import streamlit as st

    from pages._ui.background import answer_of

    told = st.session_state["told"]
    st.write(answer_of(told.key, told.work, label="Thinking"))


@pytest.fixture
def slow(monkeypatch):
    """Give a page work that waits for a gate, and count how often it begins."""
    monkeypatch.setattr(background, "PATIENCE_S", 0.05)
    background._answers().clear()
    told = SimpleNamespace(key=("first",), gate=threading.Event(), begun=0, ended=threading.Event())

    def work(progress):
        told.begun += 1
        try:
            progress(0.4)
            told.gate.wait(20)
            progress(0.8)
            return "the answer"
        finally:
            told.ended.set()

    told.work = work
    app = AppTest.from_function(script, default_timeout=20)
    app.session_state["told"] = told
    yield app, told
    told.gate.set()


def job(app):
    return app.session_state["background.job"]


def texts(app):
    return [each.value for each in app.markdown]


def test_work_under_way_is_shown_and_its_answer_comes(slow):
    app, told = slow
    app.run()
    assert not app.exception
    assert "Thinking" in app.get("progress")[0].proto.text
    assert [b.label for b in app.button] == [_("Stop")]
    assert not texts(app)
    told.gate.set()
    assert job(app).wait(20)
    assert texts(app.run()) == ["the answer"]
    # Asked again, in this session or another, the answer is there.
    assert texts(app.run()) == ["the answer"]
    assert told.begun == 1


def test_work_begun_ahead_is_joined_and_not_done_twice(slow):
    app, told = slow
    background.ahead(told.key, told.work)
    background.ahead(told.key, told.work)
    app.run()
    assert "Thinking" in app.get("progress")[0].proto.text
    told.gate.set()
    assert job(app).wait(20)
    app.run()
    assert "the answer" in texts(app)
    background.ahead(told.key, told.work)
    assert told.begun == 1


def test_stopped_work_can_begin_again(slow):
    app, told = slow
    app.run()
    app.button(key="background.stop").click().run()
    assert [i.value for i in app.info] == [_("Stopped: there is nothing to show yet.")]
    told.gate.set()
    assert told.ended.wait(20)
    app.button(key="background.again").click().run()
    assert job(app).wait(20)
    assert texts(app.run()) == ["the answer"]
    assert told.begun == 2


def test_another_question_stops_the_work_on_the_first(slow):
    app, told = slow
    app.run()
    first = job(app)
    told.key = ("second",)
    app.run()
    assert first.stopping
    told.gate.set()
    assert first.wait(20)
    assert isinstance(first.error, background.StoppedError)
    assert job(app).wait(20)
    assert texts(app.run()) == ["the answer"]


def test_who_leaves_does_not_stop_what_others_wait_for(slow, monkeypatch):
    """On a server one work answers many: each page used to be stopped by the first who left."""
    app, told = slow
    app.run()
    other = AppTest.from_function(script, default_timeout=20)
    other.session_state["told"] = told
    monkeypatch.setattr(background, "_session", lambda: "another")
    other.run()
    assert job(other) is job(app)
    other.button(key="background.stop").click().run()
    assert [i.value for i in other.info] == [_("Stopped: there is nothing to show yet.")]
    other.button(key="background.again").click().run()
    assert job(other) is job(app)
    other.session_state["told"] = SimpleNamespace(key=("second",), work=lambda _progress: "second")
    other.run()
    assert not job(app).stopping
    monkeypatch.undo()
    told.gate.set()
    assert job(app).wait(20)
    assert texts(app.run()) == ["the answer"]
    assert told.begun == 1


def test_an_answer_that_others_waited_for_and_that_was_let_go_is_worked_out_anew(slow, monkeypatch):
    """Who had stopped waiting, and saw the answer since, was told once more that it is stopped."""
    app, told = slow
    app.run()
    other = AppTest.from_function(script, default_timeout=20)
    other.session_state["told"] = told
    monkeypatch.setattr(background, "_session", lambda: "another")
    other.run()
    other.button(key="background.stop").click().run()
    monkeypatch.undo()
    told.gate.set()
    assert job(app).wait(20)
    assert "the answer" in texts(other.run())
    background._answers().clear()
    other.run()
    assert not [i for i in other.info if "Stopped" in i.value or "Arrêté" in i.value]
    assert told.begun == 2


def test_an_error_of_the_data_reaches_the_page_and_is_not_worked_out_again(slow):
    app, told = slow
    begun = []

    def work(_progress):
        begun.append(1)
        raise DataError("Nothing to see.", mend="Look elsewhere.")

    told.work = work
    for _run in range(2):
        app.run()
        assert "Nothing to see." in app.exception[0].message
    assert len(begun) == 1


def test_the_longest_unused_of_a_kind_goes_first(slow, monkeypatch):
    app, told = slow
    monkeypatch.setattr(background, "MOST_OF_A_KIND", 2)
    told.work = lambda _progress: told.key
    for key in (("swing", 1), ("other", 1), ("swing", 2), ("swing", 1), ("swing", 3)):
        told.key = key
        app.run()
        job(app).wait(20)
    assert list(background._answers()) == [("other", 1), ("swing", 1), ("swing", 3)]


def test_where_no_page_waits_the_work_is_done_at_once():
    background._answers().clear()
    begun = []

    def work(progress):
        begun.append(1)
        progress(0.5)
        return "the answer"

    for ask in (background.at_once, lambda key, work: answer_of(key, work, label="Thinking")):
        assert ask(("file", 1), work) == "the answer"
    assert begun == [1]


def test_on_a_server_work_in_the_background_waits_for_its_turn(slow, monkeypatch):
    _app, told = slow
    kept = SimpleNamespace(server=True)
    monkeypatch.setattr(gate.server_access, "settings", lambda: kept)
    monkeypatch.setattr(gate, "_WORK", Turns(at_once=1, longest_s=60.0))
    reached = threading.Event()

    def other(progress):
        reached.set()
        return "the other"

    background.ahead(("first of two",), told.work)
    background.ahead(("second of two",), other)
    assert not reached.wait(0.3)
    told.gate.set()
    assert reached.wait(20)


def test_alone_at_a_machine_nothing_waits_for_other_work(slow):
    _app, told = slow
    reached = threading.Event()
    for name in ("one", "two", "three"):
        background.ahead((name,), told.work)
    background.ahead(("four",), lambda progress: reached.set() or "the other")
    assert reached.wait(20)
    assert not told.ended.is_set()
