"""No French word of bureaux or INSEE on the screens of another country, in both languages."""

from __future__ import annotations

import re
import shutil

import pytest

from analysis.sample.abroad import write_abroad
from analysis.tables.workspace import Workspace
from analysis.vocabulary import speak
from analysis.workflows.build import Inputs, build

PAGES = ("home", "data", "abstention", "swing", "priorities", "trial_design", "turfs", "impact")
FRENCH = re.compile(r"(?<![\w`/_-])(bureaux?|polling stations?|INSEE)(?![\w_.`-])", re.I)


@pytest.fixture(autouse=True)
def _french_words_afterwards():
    yield
    speak(None)


@pytest.fixture(scope="module")
def abroad(places, tmp_path_factory):
    for name in ("waldau", "cedar"):
        column_map = write_abroad(name, tmp_path_factory.mktemp(name), seed=2027)
        build(Inputs(terrain=column_map, fictional=True), places.folder / name)
    yield
    for name in ("waldau", "cedar"):
        shutil.rmtree(places.folder / name)


def texts(block):
    """Give every text of a part of the screen: values, labels, helps, options."""
    for node in getattr(block, "children", {}).values():
        # What a choice holds is a code: on screen are its options.
        held = () if getattr(node, "options", None) else ("value",)
        for name in ("label", "help", "options", "placeholder", "body", *held):
            found = getattr(node, name, None)
            for text in found if isinstance(found, list | tuple) else [found]:
                if isinstance(text, str):
                    yield text
        yield from texts(node)


@pytest.mark.usefixtures("abroad")
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("place", "word"), [("waldau", "Wahlbezirk"), ("cedar", "precinct")])
@pytest.mark.parametrize("page", PAGES)
def test_screens_speak_of_the_districts_of_the_country(open_app, page, place, word, language):
    app = open_app(page, workspace=place, lang=language)
    assert not app.exception
    said = [*texts(app.main), *texts(app.sidebar)]
    assert len(said) > 5
    assert [text for text in said if FRENCH.search(text)] == []
    if page in ("data", "abstention", "priorities"):
        assert any(word in text for text in said)


@pytest.mark.usefixtures("abroad")
@pytest.mark.parametrize(
    ("place", "language", "election", "bloc"),
    [
        ("waldau", "fr", "Bundestag, seconde voix 2029", "Gauche (SPD, Grüne, Linke)"),
        ("waldau", "en", "Bundestag, second vote 2029", "Left (SPD, Greens, Linke)"),
        ("cedar", "fr", "Présidentielle des États-Unis 2028", "Démocrates"),
        ("cedar", "en", "President of the United States 2028", "Democrats"),
    ],
)
def test_elections_to_come_and_blocs_are_those_of_the_country(
    open_app, place, language, election, bloc
):
    app = open_app("priorities", workspace=place, lang=language)
    said = [*texts(app.main), *texts(app.sidebar)]
    assert election in said
    assert bloc in said
    assert not any("2027" in text for text in said)


@pytest.mark.usefixtures("abroad")
def test_files_of_another_place_are_asked_for_without_french_codes(open_app, places):
    app = open_app("data", workspace="cedar", lang="fr")
    # Options are spelt again outside the session that is tested.
    speak(Workspace(places.folder / "cedar").manifest["terrain"])
    app.segmented_control(key="data.view").set_value("bring")
    app.run()
    said = [*texts(app.main)]
    assert any("table de correspondance" in text for text in said)
    assert [text for text in said if FRENCH.search(text)] == []


@pytest.mark.usefixtures("abroad")
def test_a_french_place_speaks_of_bureaux_after_a_foreign_one(open_app):
    open_app("abstention", workspace="cedar", lang="fr")
    said = [*texts(open_app("abstention", lang="fr").main)]
    assert any(re.search(r"\bbureaux?\b", text) for text in said)
    assert not any("precinct" in text for text in said)
