"""From the whole to the bureau in a place of two départements without contours, and back."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.geography.constituencies import UNKNOWN
from pages._ui import bureaux, level_map, levels, loaders, shell, territory
from pages._ui.i18n import _

PAGES = {
    "priorities": "Voix/100 h",
    "abstention": "Abstentionnistes",
    "swing": "Évolution (points)",
}


def _list(app):
    """Return the list of units: the first table whose first column is the name of one."""
    return next(table.value for table in app.dataframe if table.value.columns[0] == "Nom")


@pytest.mark.parametrize("page", PAGES)
def test_a_place_of_two_départements_is_seen_whole_and_opened_step_by_step(open_app, page):
    app = open_app(page, workspace="nation")
    assert not app.exception
    whole = _list(app)
    assert set(whole["Nom"]) == {"Ain", "Corse-du-Sud"}
    assert PAGES[page] in whole
    assert not [note for note in app.info if "Pas de carte" in note.value]
    # One département of one commune: its bureaux are squares, and the way back is offered.
    app.selectbox(key="department").select("2A").run()
    assert not app.exception
    assert any("chacun est un carré" in note.value for note in app.caption)
    back = app.button(key="trail.0")
    assert back.label.startswith("← ")
    back.click().run()
    assert not app.exception
    assert set(_list(app)["Nom"]) == {"Ain", "Corse-du-Sud"}


def test_the_director_of_a_place_without_contours_sees_a_map_too(open_app):
    app = open_app("home", workspace="nation")
    assert not app.exception
    assert set(_list(app)["Nom"]) == {"Ain", "Corse-du-Sud"}


@pytest.mark.parametrize(
    ("departments", "name"),
    [
        (["48", "48"], "Lozère (2 communes)"),
        (["98", "98"], "98 (2 communes)"),
        (["2A", "2B"], "2 communes de 2 départements"),
    ],
)
def test_a_departement_is_called_by_its_name(departments, name, monkeypatch):
    places = pd.DataFrame({"name": ["Bourg", "Ville"], "department_id": departments})
    place = SimpleNamespace(path=Path("x"), digest="", manifest={})
    monkeypatch.setattr(loaders, "workspace", lambda: place)
    monkeypatch.setattr(loaders, "table", lambda *_asked: places)
    assert shell.place_name() == name


def test_nonsense_for_a_level_is_the_usual_one(open_app):
    app = open_app("priorities", workspace="nation", map_level="galaxy")
    assert not app.exception
    assert set(_list(app)["Nom"]) == {"Ain", "Corse-du-Sud"}


def test_the_constituency_that_no_file_names_is_in_words_and_opens_nothing(monkeypatch):
    table = pd.DataFrame({"unit_id": [UNKNOWN, f"{UNKNOWN}26-01"], "name": ["", "Drôme, 1"]})
    table["registered"] = 10
    given, opened = {}, []
    geometry = SimpleNamespace(ids=table["unit_id"])
    monkeypatch.setattr(
        level_map, "_published", lambda _place, units: given.update(drawn=units) or (geometry, None)
    )
    monkeypatch.setattr(level_map, "_told", lambda *_: None)
    monkeypatch.setattr(
        level_map, "bureau_map", lambda *_, options, **_of: given.update(on=options)
    )
    monkeypatch.setattr(level_map, "_listed", lambda listed, *_, **_of: given.update(listed=listed))
    look = level_map.Look("Écart", pd.Series([1.0, 2.0]))
    units = level_map.Units("circonscription", table)
    level_map.show(None, units, look, key="x", opens=opened.append)
    for unit in table["unit_id"]:
        given["on"].on_select(unit)
    assert opened == [f"{UNKNOWN}26-01"]
    assert given["drawn"].table["name"].tolist() == ["", "Drôme, 1"]
    words = _("No constituency known: no file names it")
    assert given["listed"]["name"].tolist() == [words, "Drôme, 1"]
    # A commune without a name is no constituency.
    level_map.show(None, replace(units, level="commune"), look, key="x", opens=opened.append)
    assert given["listed"]["name"].tolist() == ["", "Drôme, 1"]


def test_what_was_counted_is_shown_as_shares_and_as_a_change():
    table = pd.DataFrame(
        {"registered": [10, 20], "bureaux": [1, 2], "a": [0.1, 0.3], "b": [0.2, 0.25]}
    )
    table["swing"] = table["b"] - table["a"]
    assert levels.counted(table, ("a",), "title").shown.tolist() == [10.0, 30.0]
    change = levels.counted(table, ("a", "b"), "title")
    assert change.around_nought
    assert change.shown.tolist() == [10.0, -5.0]


def test_a_list_where_all_are_without_ground_puts_none_of_them_last(monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(bureaux.st, "caption", said.append)
    table = pd.DataFrame({"label": ["bureau 1, Damas", "bureau 1, Haïfa"], "reachable": False})
    bureaux.without_ground(table)
    assert said == []
    bureaux.without_ground(table.assign(reachable=[True, False]))
    assert "Haïfa" in said[0]


@pytest.mark.parametrize(
    ("ids", "abroad"),
    [(["ZZ001", "ZZ058"], True), (["ZZ001", "75056"], False), (["01004", "01053"], False)],
)
def test_consulates_are_called_so_where_there_is_nothing_else(ids, abroad, monkeypatch):
    for level, given in (
        ("commune", ids),
        (
            "circonscription",
            [*(f"circonscription:{one[:2]}-01" for one in ids), "circonscription:"],
        ),
    ):
        units = level_map.Units(level, pd.DataFrame({"unit_id": given}))
        assert units.abroad is abroad
        assert ("onsulat" in level_map._texts(units)["search"]) is abroad
        # Outlines are of départements: consulates have none.
        said: list[str] = []
        monkeypatch.setattr(level_map.st, "caption", said.append)
        shapes = SimpleNamespace(near=0, apart=0, on_the_ground=True)
        level_map._told(units, SimpleNamespace(shapes=shapes))
        assert ("MapSVG" in said[0]) is not abroad
        assert "GeoNames" in said[0]
    assert levels._abroad(pd.Series(ids)) is abroad
    departments = ["ZZ" if one.startswith("ZZ") else one[:2] for one in ids]
    shown = territory._all(pd.DataFrame({"department_id": departments}))
    assert ("onsulat" in shown) is abroad
