"""A language switched in the middle of work changes every text, and no answer."""

import pytest

from analysis import i18n as languages


@pytest.fixture
def page(open_app):
    app = open_app("priorities", bloc="right", election="2027_legi_t1", preset="undecided_first")
    assert not app.exception
    return app


@pytest.fixture
def switch(monkeypatch):
    def switch(app, language):
        app.radio(key="i18n.switch").set_value(language).run()
        assert not app.exception
        # Streamlit's tests name the options outside the session, where the default language is.
        monkeypatch.setattr(languages, "DEFAULT", language)
        return app

    return switch


def shown(app, key):
    """Return what the browser is told to show in a box of choices."""
    box = app.selectbox(key=key)
    assert box.proto.set_value, "the browser would go on showing the words it holds"
    return box.proto.raw_value


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("bloc", "right", ("Right", "Droite")),
        ("election", "2027_legi_t1", None),
        ("preset", "undecided_first", ("Convince", "Convaincre")),
    ],
)
def test_blocs_elections_and_presets_change_at_once(page, switch, key, answer, words):
    warnings = len(page.warning)
    english = switch(page, "en")
    first = shown(english, key)
    french = switch(english, "fr")
    second = shown(french, key)
    assert first != second
    assert words in {None, (first, second)}
    assert french.selectbox(key=key).value == answer
    assert len(french.warning) == warnings


def test_an_answer_given_before_the_switch_holds_after_it(page, switch):
    page.selectbox(key="bloc").set_value("left").run()
    english = switch(page, "en")
    assert english.selectbox(key="bloc").value == "left"
    assert shown(english, "bloc") == "Left"
    english.run()
    assert english.selectbox(key="bloc").value == "left"
    assert not english.warning
