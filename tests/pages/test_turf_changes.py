"""The page Walks, where turfs are changed: choose, merge, split, move, set aside, undo, assign."""

import datetime
import shutil
from functools import partial

import pytest

from analysis import i18n as languages
from analysis.tables.workspace import Workspace
from analysis.turf.editing import Edit
from analysis.turf.walk_list import EXCLUDED
from analysis.workflows import turf_cuts, turf_edits
from analysis.workflows.turf_output import read_walks
from analysis.workflows.turf_states import handed_out
from pages._ui.i18n import _
from pages._ui.turfs import deck_map, load_turfs, turf_editing
from tests.pages.test_turfs import ORDER, ranked, values, wait


@pytest.fixture(scope="module")
def cut_once(places, tmp_path_factory):
    """Cut two bureaux in a place of its own, and keep the cut as it was."""
    name = "retouches"
    own = Workspace(shutil.copytree(places.valmont.path, places.folder / name, dirs_exist_ok=True))
    targets = ranked(own)[["bureau_id", "rank", "hours", "registered"]].to_csv(index=False)
    job = wait(turf_cuts.cut(own.path, targets.encode(), ORDER))
    folder = turf_cuts.folder_of(job)
    as_cut = tmp_path_factory.mktemp("cut") / folder.name
    shutil.move(folder, as_cut)
    return own, folder, as_cut


@pytest.fixture
def cut(cut_once):
    """Give each test the cut as it was made."""
    own, folder, as_cut = cut_once
    shutil.copytree(as_cut, folder)
    yield own, folder
    shutil.rmtree(folder)


@pytest.fixture
def page(open_app, cut):
    app = open_app("turfs", workspace="retouches", bloc="left", turf_view="edit")
    assert not app.exception
    return app


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_turfs_are_split_merged_and_the_change_taken_back(page, cut):
    folder = cut[1]
    before = (folder / "turfs.csv").read_bytes()
    turfs = read_walks(folder).turf_ids
    assert page.button(key="turfs.merge").disabled
    page.multiselect(key="turfs.chosen").set_value([turfs[0]]).run()
    menus = {one.proto.id for one in page.get("popover")} - {""}
    assert menus
    press(page, "turfs.split")
    # Each menu is another: the one that was open is closed, and lies over no « Undo ».
    assert not menus & {one.proto.id for one in page.get("popover")}
    now = read_walks(folder).turf_ids
    new = sorted(set(now) - set(turfs))
    assert len(new) == 2
    assert page.multiselect(key="turfs.chosen").value == new
    assert any(new[0] in text and turfs[0] in text for text in values(page.success))
    press(page, "turfs.merge")
    assert len(read_walks(folder).turf_ids) == len(turfs)
    press(page, "turfs.undo")
    assert read_walks(folder).turf_ids == now
    press(page, "turfs.undo")
    assert (folder / "turfs.csv").read_bytes() == before
    assert page.button(key="turfs.undo").disabled
    press(page, "turfs.redo")
    assert read_walks(folder).turf_ids == now


def test_a_turf_is_cut_along_a_line_of_two_clicks(page, cut):
    folder = cut[1]
    walks = read_walks(folder)
    turf = walks.turf_ids[0]
    stops = walks.of(turf)
    page.multiselect(key="turfs.chosen").set_value([turf]).run()
    page.segmented_control(key="turfs.click_picks").set_value("line").run()
    assert any("où commence la ligne" in note.value for note in page.caption)
    # What clicks on the map leave, a third of the way from west to east.
    at = float(stops["longitude"].quantile(0.4))
    line = [(float(stops["latitude"].min()), at), (float(stops["latitude"].max()), at)]
    page.session_state["turfs.line"] = (folder.name, (turf,)), line
    # The line is of this turf, and of no other.
    page.multiselect(key="turfs.chosen").set_value([walks.turf_ids[1]]).run()
    assert not any(button.key == "turfs.cut_line" for button in page.button)
    page.multiselect(key="turfs.chosen").set_value([turf]).run()
    press(page, "turfs.cut_line")
    after = read_walks(folder)
    new = sorted(set(after.turf_ids) - set(walks.turf_ids))
    assert len(new) == 2
    west, east = sorted((after.of(one)["longitude"] for one in new), key=lambda part: part.mean())
    assert west.max() <= east.min()
    assert len(west) + len(east) >= len(stops)
    assert "turfs.line" not in page.session_state or not page.session_state["turfs.line"]


def test_an_address_is_moved_and_another_set_aside(page, cut):
    folder = cut[1]
    walks = read_walks(folder)
    first, second = walks.turf_ids[:2]
    whole = walks.of(first).query("dwellings == dwellings_of_building")["address_id"]
    page.multiselect(key="turfs.chosen").set_value([first]).run()
    page.multiselect(key="turfs.addresses").set_value([whole.iloc[0]]).run()
    page.selectbox(key="turfs.to").set_value(second).run()
    page.checkbox(key="turfs.allow.apart").set_value(True)
    page.checkbox(key="turfs.allow.mix").set_value(True).run()
    press(page, "turfs.move")
    assert whole.iloc[0] in set(read_walks(folder).of(second)["address_id"])
    page.multiselect(key="turfs.addresses").set_value([whole.iloc[0]]).run()
    page.radio(key="turfs.reason").set_value("not_to_disturb").run()
    press(page, "turfs.exclude")
    assert whole.iloc[0] in set(read_walks(folder).uncut["address_id"])
    page.segmented_control(key="turf_view").set_value("uncut").run()
    assert not page.exception
    told = list(page.dataframe[0].value[_("Why")])
    assert any(one.endswith(languages.told(EXCLUDED["not_to_disturb"], "fr")) for one in told)


def test_a_refusal_is_told_and_changes_nothing(page, cut):
    folder = cut[1]
    before = (folder / "turfs.csv").read_bytes()
    walks = read_walks(folder)
    by_bureau = walks.turfs.groupby("bureau_id")["turf_id"].first()
    page.multiselect(key="turfs.chosen").set_value(list(by_bureau)[:2]).run()
    press(page, "turfs.merge")
    assert page.error
    assert (folder / "turfs.csv").read_bytes() == before


def test_who_comes_second_is_told_what_changed(page, cut):
    own, folder = cut
    walks = read_walks(folder)
    page.multiselect(key="turfs.chosen").set_value([walks.turf_ids[0]]).run()
    ground = turf_edits.ground_of(own, walks)
    turf_edits.change(folder, [Edit("split", (walks.turf_ids[1],))], ground, who="Sud")
    press(page, "turfs.split")
    assert any(walks.turf_ids[1] in text for text in values(page.caption))
    assert page.error
    assert turf_edits.log_of(folder).version == 1
    press(page, "turfs.split")
    assert turf_edits.log_of(folder).version == 2


def test_a_turf_is_handed_to_a_team_for_a_day(page, cut):
    folder = cut[1]
    turf = read_walks(folder).turf_ids[-1]
    page.multiselect(key="turfs.chosen").set_value([turf]).run()
    page.text_input(key="turfs.team").set_value("Nord")
    page.date_input(key="turfs.day").set_value(datetime.date(2020, 1, 2))
    submit = next(b for b in page.button if b.label == _("Assign the chosen turfs"))
    submit.click().run()
    assert not page.exception
    assert handed_out(folder) == {turf: {"team": "Nord", "date": "2020-01-02"}}
    # The last of the turfs leads once it is chosen, and what follows is its sheet and its link.
    assert page.dataframe[0].value[[_("Turf"), _("State")]].iloc[0].tolist() == [turf, _("late")]
    assert page.session_state["turfs.turf"] == turf
    page.toggle(key="turfs.by_state").set_value(True).run()
    assert not page.exception


def test_a_click_chooses_and_lets_go(page, cut, monkeypatch):
    walks = load_turfs.walks(str(cut[1]))
    state = {"map": {"selection": {"objects": {"turfs": [{"turf_id": walks.turf_ids[0]}]}}}}
    monkeypatch.setattr(turf_editing.st, "session_state", state)
    click = partial(deck_map.clicked, "map", partial(turf_editing._clicked, cut[1], walks))
    click()
    assert state["turfs.chosen"] == [walks.turf_ids[0]]
    # The map is drawn anew after a click, and says that nothing is chosen on it.
    chosen, state["map"] = state["map"], {"selection": {"objects": {}}}
    click()
    assert state["turfs.chosen"] == [walks.turf_ids[0]]
    state["map"] = chosen
    click()
    assert state["turfs.chosen"] == []
    address = walks.turfs.iloc[0]
    state["turfs.click_picks"] = "addresses"
    picked = {"turf_id": address["turf_id"], "address_id": address["address_id"]}
    state["map"]["selection"]["objects"] = {"stops": [picked]}
    click()
    assert state["turfs.addresses"] == [address["address_id"]]
