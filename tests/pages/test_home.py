"""The home page: what is loaded, what is not, and that an invented place says so."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from analysis.errors import DataError
from analysis.geography.bureau_names import bureau_labels
from analysis.targeting.rank import Settings
from analysis.workflows import turf_cuts
from analysis.workflows.director import zones_to_begin
from analysis.workflows.ranking import Scenario, ranking_file
from pages._ui import state
from pages._ui.i18n import _
from tests.made import ROOT
from tests.pages.answered import answered


def shown(app):
    """Return the values on screen by their labels."""
    return {metric.label: metric.value for metric in app.metric}


def headings(app):
    """Return what stands before “What to do next”, the last of it the place."""
    return [each.value for each in app.subheader][:-2]


def test_the_director_reads_what_rank_says(open_app, places):
    app = open_app(lang="en", bloc="left", hours="300")
    assert not app.exception
    asked = Scenario("left", "2027_pres_t1", settings=Settings(hours=300.0))
    ranking, _found = answered(places.valmont, asked)
    first = ranking.table.head(ranking.k)
    assert shown(app)["volunteer-hours, of 300"] == f"{first['hours'].sum():,.0f}"
    assert shown(app)["doors"] == f"{first['doors'].sum():,.0f}"
    worth, least, most = ranking.hours_per_vote()
    said = texts(app)
    assert f"One vote for {worth:.0f} hours ({least:.0f} to {most:.0f})." in said
    assert any("**Invented example**" in each for each in said)
    assert any("No trial is sealed" in each for each in said)


def test_what_is_chosen_after_home_is_kept_on_the_next_pages(open_app):
    app = open_app().switch_page("pages/priorities.py").run()
    usual = app.selectbox(key="bloc").value
    app.selectbox(key="bloc").select("left" if usual != "left" else "right").run()
    chosen = app.selectbox(key="bloc").value
    app.number_input(key="hours").set_value(300).run()
    for page in ("turfs", "home", "priorities"):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        if page != "home":
            assert app.selectbox(key="bloc").value == chosen != usual
            assert app.number_input(key="hours").value == 300


def test_what_a_link_to_home_asks_is_kept_on_the_next_pages(open_app):
    app = open_app(bloc="far_left", hours="300")
    # A browser opens another page with an empty address.
    app.query_params.clear()
    app.switch_page("pages/priorities.py").run()
    assert app.selectbox(key="bloc").value == "far_left"
    assert app.number_input(key="hours").value == 300


def test_one_press_cuts_a_zone_its_bureaux_and_no_other(open_app, places, monkeypatch):
    asked_for = []

    def cut(_place, _targets, order):
        asked_for.append(order)
        raise DataError("The turfs cannot be written into this workspace.")

    monkeypatch.setattr(turf_cuts, "cut", cut)
    asked = Scenario("left", "2027_pres_t1")
    ranking, prospects = answered(places.valmont, asked)
    file = ranking_file(places.valmont, asked, ranking, prospects)
    second = zones_to_begin(file)[1]
    app = open_app(bloc="left")
    # A part chosen before holds none of the zone, and no more narrows the place.
    app.session_state["state.answers"]["commune"] = "nowhere"
    app.button(key="home.zone.1").click().run()
    assert not app.exception
    assert app.title[0].value == _("Walks")
    assert [order["bureaux"] for order in asked_for] == [list(second.bureaux)]
    assert app.query_params["turf_bureaux"] == list(second.bureaux)
    assert "turf_top" not in app.session_state
    names = "; ".join(bureau_labels(places.valmont, second.bureaux))
    assert any(each.value.endswith(names) for each in app.markdown)
    assert app.selectbox(key="commune").value == "all"
    # The way back: the best of the ranking are meant again.
    app.switch_page("pages/turfs.py").run()
    app.button(key="turfs.all_bureaux").click().run()
    assert not app.exception
    assert app.number_input(key="turf_top").value > 0
    assert "turf_bureaux" not in app.query_params
    # Who comes back later has asked for no other cut.
    assert len(asked_for) == 1


def test_the_browsers_way_back_undoes_one_choice_and_is_not_written_over(open_app, monkeypatch):
    monkeypatch.setattr(state, "_BEHIND_S", 0.0)
    app = open_app("priorities")
    usual = app.selectbox(key="bloc").value
    app.selectbox(key="bloc").select("left" if usual != "left" else "right").run()
    first = dict(app.query_params)
    app.number_input(key="hours").set_value(300).run()
    assert dict(app.query_params) == {**first, "hours": "300"}

    def back(address):
        app.query_params.clear()
        app.query_params.update(address)
        app.run()
        assert not app.exception
        assert dict(app.query_params) == dict(address)
        return app.selectbox(key="bloc").value, app.number_input(key="hours").value

    chosen = app.selectbox(key="bloc").value
    assert back(first) == (chosen, 500)
    assert back({}) == (usual, 500)
    assert back(first) == (chosen, 500)  # forward
    # Another page opens with an empty address: what is written there then is one step, and the
    # way back stays where it leads.
    app.query_params.clear()
    app.switch_page("pages/turfs.py").run()
    assert not app.exception
    assert app.selectbox(key="bloc").value == chosen
    assert dict(app.query_params) == first
    assert back({}) == (chosen, 500)


def test_the_browsers_way_back_undoes_what_a_button_answered(open_app, monkeypatch):
    monkeypatch.setattr(state, "_BEHIND_S", 0.0)
    app = open_app("priorities", bloc="left")
    app.number_input(key="hours").set_value(300).run()
    before = dict(app.query_params)
    (reason,) = [one for one in app.text_input if str(one.key).startswith("hand.reason.")]
    reason.set_value("marché").run()
    (pin,) = [one for one in app.button if str(one.key).startswith("hand.pinned.")]
    pin.click().run()
    assert app.query_params["pinned"]
    app.query_params.clear()
    app.query_params.update(before)
    app.run()
    assert not app.exception
    assert dict(app.query_params) == before
    assert not app.session_state["pinned"]
    assert app.number_input(key="hours").value == 300


def test_a_place_without_contours_has_zones_without_maps(open_app):
    app = open_app(workspace="nation", lang="en")
    assert not app.exception
    assert "**Where to begin**" in texts(app)
    assert any(each.startswith("**How sure**") for each in texts(app))


def texts(app):
    return [each.value for kind in (app.caption, app.markdown) for each in kind]


def test_the_sample_is_counted_as_its_manifest_says(open_app, places):
    app = open_app(lang="en")
    assert not app.exception
    last = places.valmont.manifest["elections"]["2024_legi_t2"]
    assert (
        shown(app).items()
        >= {
            "Elections": str(len(places.valmont.manifest["elections"])),
            "Bureaux": str(last["bureaux"]),
            "Registered voters": f"{last['registered']:,}",
            "Addresses": f"{places.valmont.manifest['tables']['addresses']['rows']:,}",
        }.items()
    )
    assert "Known of the ground: contours, census squares, addresses." in texts(app)


def test_the_app_opens_in_french(open_app, places):
    app = open_app()
    registered = places.valmont.manifest["elections"]["2024_legi_t2"]["registered"]
    assert shown(app)["Inscrits"] == f"{registered:,}".replace(",", "\u202f")
    assert headings(app)[-1] == "Chargé\xa0: Valmont"


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
    assert headings(app)[-1] == "Loaded: 2 communes of 2 départements"


@pytest.mark.parametrize("name", ["nowhere", "../../etc", "", "."])
def test_a_link_to_a_place_that_is_not_there_opens_the_sample(open_app, name):
    app = open_app(workspace=name, lang="en")
    assert not app.exception
    assert headings(app)[-1] == "Loaded: Valmont"


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
    assert headings(app)[-1] == "Chargé\xa0: Valmont"
    assert json.loads((tmp_path / "valmont" / "manifest.json").read_text())["fictional"] is True
