"""The view “What goes with it” in its states: what it shows is what the library computes."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.explain.regression import ROBINSON
from analysis.tables.elections import Choice
from analysis.workflows.build import Inputs, build
from analysis.workflows.explain_bureaux import Question
from analysis.workflows.explaining import explain
from pages._ui.explain import goes_with
from pages._ui.i18n import _, number, percent, signed
from pages._ui.messages import plain, translate
from tests.made import sample_results, write_results


def values(elements):
    return [each.value for each in elements]


@pytest.fixture(scope="module")
def bare(places, tmp_path_factory):
    """Build a town that has voted once, and of which nothing else is known."""
    tables = [t[t["id_election"] == "2022_pres_t1"] for t in sample_results()]
    folder = tmp_path_factory.mktemp("bare")
    return build(Inputs(*write_results(folder, *tables)), places.folder / "bare")


def test_abstention_shows_what_the_library_says(open_app, valmont):
    app = open_app("abstention", a_view="with")
    assert not app.exception
    found = explain(valmont, Question("abstention", "2022_pres_t1", fixed="none"))
    assert plain(translate(ROBINSON)) in values(app.warning)
    shown = {metric.label: metric.value for metric in app.metric}
    # 47 bureaux, of which one is the prison's.
    assert shown[_("Bureaux compared")] == "46"
    assert shown[_("Differences explained")] == percent(found.fitted.explained, 0)
    assert shown[_("Likeness of neighbours (Moran’s I)")] == number(found.dependence.moran, 2)
    poor = found.effects.set_index("name").loc["poverty_rate"]
    said = f"\u00a0: {signed(poor['points'], 1)} points"
    assert any(said in text for text in values(app.markdown))
    table = next(f.value for f in app.dataframe if _("Model") in f.value)
    held = found.comparison.table["held_out"].round(2)
    np.testing.assert_array_equal(table[_("Error elsewhere (points)")], held)


def test_covariates_and_curves_are_in_the_link(open_app, valmont):
    app = open_app("abstention", a_view="with", e_with="poverty_rate", e_bent="poverty_rate",
                   e_election="2024_legi_t1")  # fmt: skip
    assert not app.exception
    asked = Question("abstention", "2024_legi_t1", terms="bs(poverty_rate, 4)", fixed="none")
    found = explain(valmont, asked)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown[_("Differences explained")] == percent(found.fitted.explained, 0)
    assert _("Points of the share, next to where the covariate is at its middle.") in values(
        app.caption
    )


def test_swing_shows_what_the_library_says(open_app, valmont):
    link = {"from": "2017_pres_t1", "to": "2022_pres_t1", "s_what": "bloc:left", "s_view": "with"}
    app = open_app("swing", **link)
    assert not app.exception
    asked = Question("swing", "2022_pres_t1", "2017_pres_t1", Choice("left"), "valid", fixed="none")
    found = explain(valmont, asked)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown[_("Differences explained")] == percent(found.fitted.explained, 0)
    rows = goes_with.effect_rows(found)
    assert rows["points"].tolist() == found.effects["points"].tolist()


def test_a_place_of_which_nothing_is_known_says_how_to_mend(open_app, bare):
    app = open_app("abstention", a_view="with", workspace=bare.path.name)
    assert not app.exception
    assert len(app.error) == 1
    assert "explain --covariates" in str(app.error[0].value) or any(
        "explain --covariates" in text for text in values(app.info) + values(app.markdown)
    )


def test_what_is_brought_stays_told_and_broken_files_are_explained(open_app, valmont, places):
    folder = shutil.copytree(valmont.path, places.folder / "brings")
    app = open_app("abstention", a_view="with", workspace=folder.name)
    ids = valmont.read("turnout")["bureau_id"].astype("str").drop_duplicates()
    brought = pd.DataFrame({"bureau_id": ids, "age": range(len(ids)), "kind": "a"})
    for content, told in ((b"\x00\xff", False), (brought.to_csv(index=False).encode(), True)):
        app.file_uploader(key="e_files").set_value([("brought.csv", content, "text/csv")]).run()
        next(one for one in app.button if one.label == _("Bring them")).click().run()
        assert not app.exception
        assert bool(app.success) == told
        assert bool(app.error) != told
    app.run()
    assert ["age" in text for text in values(app.success)] == [True]
    assert any("kind" in text for text in values(app.caption))
    # Of another file nothing is told yet.
    app.file_uploader(key="e_files").set_value([("other.csv", b"x", "text/csv")]).run()
    assert not app.success


def test_two_departements_without_contours_have_no_map(open_app, places):
    app = open_app("abstention", a_view="with", workspace="nation")
    assert not app.exception
    assert any("contours" in text for text in values(app.info))
    assert _("Likeness of neighbours (Moran’s I)") not in [m.label for m in app.metric]


def test_nonsense_in_the_link_is_left_out(open_app):
    app = open_app("abstention", a_view="with", e_with="__import__", e_bent="eval")
    assert not app.exception
    # With nothing chosen, the usual terms stand in.
    assert any(metric.label == _("Bureaux compared") for metric in app.metric)
