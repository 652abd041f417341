"""What is said at the door, on the page Field: edited, undone, put into use, answered."""

import json

import numpy as np
import pytest

from analysis.fieldwork import inbox, script_versions
from analysis.fieldwork.questionnaire import preset
from analysis.i18n import told
from pages._ui.fieldwork.answers_view import levels
from pages._ui.i18n import _
from tests.analysis.fieldwork.made_returns import as_bytes
from tests.analysis.fieldwork.made_returns import phone_files as phones
from tests.pages.field_made import campaign_in, outing


@pytest.fixture
def field(places, request):
    """Make a campaign of its own for a test."""
    made = campaign_in(places, f"paroles_{request.node.name}")
    yield made
    made.store.engine.dispose()


@pytest.fixture
def page(open_app, field):
    """Open the page on that campaign, at one of its views."""

    def page(**query):
        app = open_app("fieldwork", workspace=field.place.path.name, **query)
        assert not app.exception
        return app

    return page


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def draft(app):
    return [one.id for one in app.session_state["script.draft"][1].questions]


def test_a_script_is_edited_undone_and_put_into_use(page, field):
    app = page()
    start = draft(app)
    assert start == [one.id for one in preset("valmont").questions]
    app = press(press(app, "script.twice.0"), "script.down.0")
    assert draft(app) == ["priority_2", "priority", *start[1:]]
    app = press(app, "script.gone.0")
    assert draft(app) == start
    for _turn in range(3):
        app = press(app, "script.undo")
    assert draft(app) == start
    assert app.button(key="script.undo").disabled
    app = press(press(app, "script.up.3"), "script.keep")
    kept = script_versions.current(field.place.path)
    assert [one.id for one in kept.questions] == [start[0], start[1], start[3], start[2]]
    app = press(press(app, "script.preset.general"), "script.keep")
    assert len(script_versions.versions(field.place.path)) == 2
    assert any("2" in one.value for one in app.success)


def test_a_question_that_asks_for_a_name_is_not_put_into_use(page):
    app = page()
    box = next(one for one in app.text_input if str(one.key).startswith("script.text.2.fr"))
    box.set_value("Quel est votre nom ?")
    next(one for one in app.button if str(one.key).startswith("script.keep.2")).click().run()
    assert not app.exception
    assert told("This script asks for what a campaign must not note at a door.", "fr") in [
        one.value for one in app.error
    ]
    assert "script.keep" not in [one.key for one in app.button]


def with_answers(field, turf, rng, **more):
    """Return the file of an outing whose conversations answer the script in use."""
    script = script_versions.current(field.place.path)
    file = json.loads(outing(field, turf, knocks=150, **more))
    for one in file["attempts"]:
        if one["outcome"] == "conversation":
            code = str(rng.choice(["rents", "care"]))
            one |= {"script": script.version, "answers": {"priority": code, "vote": "yes"}}
    file["checksum"] = phones.checksum(file)
    return as_bytes(file)


def test_answers_are_counted_and_the_files_hold_what_is_shown(page, field):
    script_versions.keep(field.place.path, preset("valmont"))
    rng = np.random.default_rng(0)
    for n, turf in enumerate(field.walks.turf_ids):
        content = with_answers(field, turf, rng, day=n, seed=n)
        inbox.receive(field.store, content, name=f"{turf}.json")
    app = page(field_view="say")
    app.radio(key="script.side").set_value("answers").run()
    assert not app.exception
    talks = sum(len(one.value) for one in app.dataframe)
    assert talks
    assert any(_("Conversations") in one.value.columns for one in app.dataframe)
    for level in levels():
        app.radio(key="answers.level").set_value(level).run()
        assert not app.exception
