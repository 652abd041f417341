"""The home page: what is loaded, what is not, and that an invented place says so."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui import state
from tests.made import ROOT


def shown(app):
    """Return the values on screen by their labels."""
    return {metric.label: metric.value for metric in app.metric}


def texts(app):
    return [each.value for kind in (app.caption, app.markdown) for each in kind]


def test_the_sample_is_counted_as_its_manifest_says(open_app, places):
    app = open_app(lang="en")
    assert not app.exception
    last = places.valmont.manifest["elections"]["2024_legi_t2"]
    assert shown(app) == {
        "Elections": str(len(places.valmont.manifest["elections"])),
        "Bureaux": str(last["bureaux"]),
        "Registered voters": f"{last['registered']:,}",
        "Addresses": f"{places.valmont.manifest['tables']['addresses']['rows']:,}",
    }
    assert "Known of the ground: contours, census squares, addresses." in texts(app)


def test_the_app_opens_in_french(open_app, places):
    app = open_app()
    registered = places.valmont.manifest["elections"]["2024_legi_t2"]["registered"]
    assert shown(app)["Inscrits"] == f"{registered:,}".replace(",", "\u202f")
    assert app.subheader[0].value == "Chargé\xa0: Valmont"


@pytest.mark.parametrize("page", ["home", "data", "priorities"])
def test_an_invented_place_says_so_on_every_page_and_a_real_one_does_not(open_app, page):
    said = "**Territoire fictif.** Valmont et ses électeurs sont inventés, pour apprendre."
    warning = f":material/science: {said}"
    assert warning in texts(open_app(page))
    assert warning not in texts(open_app(page, workspace="nation"))


def test_what_is_not_known_of_a_place_is_said(open_app):
    app = open_app(workspace="nation", lang="en")
    assert shown(app)["Addresses"] == "0"
    assert (
        "Not loaded: contours, census squares, addresses. What they would tell is assumed, and "
        "marked so."
    ) in texts(app)
    assert app.subheader[0].value == "Loaded: 2 communes of 2 départements"


@pytest.mark.parametrize("name", ["nowhere", "../../etc", "", "."])
def test_a_link_to_a_place_that_is_not_there_opens_the_sample(open_app, name):
    app = open_app(workspace=name, lang="en")
    assert not app.exception
    assert app.subheader[0].value == "Loaded: Valmont"


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"tables": {}})])
def test_a_damaged_manifest_is_explained(open_app, places, text):
    damaged = places.folder / "damaged"
    damaged.mkdir(exist_ok=True)
    (damaged / "manifest.json").write_text(text, encoding="utf-8")
    app = open_app(workspace="damaged", lang="en")
    assert not app.exception
    assert [each.value for each in app.error] == ["The manifest of this workspace cannot be read."]
    assert app.info[0].value.startswith("What to do: Build the workspace again")


def test_the_embedded_place_is_built_when_the_app_first_opens(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "WORKSPACES", tmp_path)
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run()
    assert not app.exception
    assert app.subheader[0].value == "Chargé\xa0: Valmont"
    assert json.loads((tmp_path / "valmont" / "manifest.json").read_text())["fictional"] is True
