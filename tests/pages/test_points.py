"""The page of the 3.1 points: published figures, ours beside them, and the arithmetic."""

import numpy as np
import pandas as pd
import pytest

from analysis.experiments.pons_2012.published import published
from analysis.experiments.pons_2012.reproduction import (
    ARCHIVE,
    FILE,
    VARIABLE,
    read_areas,
    reproduce,
)
from pages._ui.i18n import _, number, signed
from pages._ui.messages import translate
from pages._ui.points import arithmetic
from tests.made import DATA

AREAS = DATA / "experiments"


def values(elements):
    return [each.value for each in elements]


@pytest.fixture
def page(open_app, monkeypatch):
    """Open the page, with no areas unless they are given."""
    monkeypatch.delenv(VARIABLE, raising=False)

    def page(**query):
        app = open_app("points", **query)
        assert not app.exception
        return app

    return page


def points(value):
    return _("{points} points").format(points=signed(100 * value, 2))


def test_without_areas_the_page_runs_on_a_simulated_trial_and_says_so(page):
    app = page()
    assert "simulées" in app.warning[0].value
    assert ARCHIVE in app.warning[0].value
    table = app.dataframe[0].value
    ours = reproduce(read_areas()).table
    np.testing.assert_array_equal(table[_("Simulated (points)")], (100 * ours["ours"]).round(2))
    assert _("Same once rounded") not in table
    assert not app.success


@pytest.mark.skipif(not (AREAS / FILE).is_file(), reason="the shared data are not there")
@pytest.mark.parametrize("way", ["path", "environment"])
def test_with_the_areas_every_printed_digit_is_found_again(page, monkeypatch, way):
    if way == "environment":
        monkeypatch.setenv(VARIABLE, str(AREAS))
        app = page()
    else:
        app = page(p_areas=str(AREAS / FILE))
    assert not app.warning
    assert _("Every printed digit is found again.") in values(app.success)
    table = app.dataframe[0].value
    assert set(table[_("Same once rounded")]) == {"✓"}
    ours = table[_("Ours (points)")].tolist()
    assert ours[1:3] == [0.634576, 1.122834]
    said = "The archive's file holds no other territories: over all, the paper says close to zero."
    assert _(said) in values(app.caption)


def test_zero_point_four_becomes_three_by_the_share_reached(page):
    app = page()
    facts = published()
    assignment = facts["assignment_adjusted"]["hollande_r1"][0]
    treated, control = arithmetic.round_one()
    assert [s.value for s in app.slider] == [treated, control]
    reached = assignment / (treated - control) * 100
    assert values(app.metric) == [
        points(assignment),
        points(facts["allocation_adjusted"]["hollande_r1"][0]),
        points(reached),
    ]
    assert reached == pytest.approx(facts["coverage"]["among_reached"], abs=2e-4)
    app.slider(key="p_treated").set_value(66.74).run()
    assert not app.exception
    assert app.metric[2].value == points(assignment / 0.4)
    app.radio(key="p_effect").set_value("plain").run()
    plain = facts["assignment"]["hollande_r1"][0]
    assert values(app.metric)[::2] == [points(plain), points(plain / 0.4)]


def test_controls_reached_more_than_the_treated_give_no_number(page):
    app = page(p_treated="10", p_control="20")
    said = _("More must be reached where the lot sent teams than where it did not.")
    assert said in values(app.warning)
    assert not app.metric


def test_what_did_not_move_is_said(page):
    text = " ".join(values(page().markdown))
    facts = published()
    assert "La participation n’a pas bougé" in text
    assert "Le Pen n’était pas plus bas" in text
    for name in ("le_pen_r1", "hollande_r1"):
        assert signed(100 * facts["assignment_adjusted"][name][0], 2) in text
    assert number(100 * facts["coverage"]["reached_of_control"], 1) in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "The areas of the experiment of 2012 are not there."),
        ("a,b\n1,2\n", None),
        ("", None),
    ],
    ids=["absent", "another", "empty"],
)
def test_a_wrong_file_of_areas_is_explained(page, tmp_path, content, said):
    file = tmp_path / "areas.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    app = page(p_areas=str(file))
    assert len(app.error) == 1
    if said:
        assert values(app.error) == [translate(said)]


def test_the_table_of_what_was_published_holds_the_placebo(page):
    table = page().dataframe[1].value
    assert isinstance(table, pd.DataFrame)
    last = table.iloc[-1]
    assert last[_("Without controls (points)")] == 100 * published()["placebo"]["royal_2007_r1"][0]
