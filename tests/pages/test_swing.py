"""The page Swing and transfers in its states: what it shows is what the library computes."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest
import streamlit as st
from matplotlib.colors import to_hex

from analysis.charts import swing_charts as charts
from analysis.charts.colours import NO_DATA
from analysis.electorate.spatial import find_clusters
from analysis.electorate.swing_by_bureau import Share, measure_swing
from analysis.electorate.transfers.intervals import calibration
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.electorate.transfers.surveys import compare, published
from analysis.errors import DataError
from analysis.exports import read_provenance
from analysis.exports.model_export import Written
from analysis.exports.registry import file_of, put_leaving
from analysis.tables.elections import Choice
from analysis.workflows import imagined_rounds as rounds
from analysis.workflows.build import Inputs, build
from analysis.workflows.model_territory import contours_of
from analysis.workflows.reproduce import reproduce
from analysis.workflows.swing import Moved, look_back, neighbours
from analysis.workflows.swing import finding as put_swing
from analysis.workflows.transfers import finding as put_transfers
from pages._ui.i18n import _, number, option_name, percent, pgettext, signed
from pages._ui.swing import moved, second_round_view, shares, two_elections
from pages._ui.swing import transfers_view as views
from tests.made import called, candidates, general, numbered, sample_results, write_results

# Outside a session the app's own texts and numbers are French, as the page is here.
FROM, TO = "2022_legi_t1", "2024_legi_t1"
ROUNDS = {"from": "2022_pres_t1", "to": "2022_pres_t2"}


@pytest.fixture
def page(open_app):
    """Open the page by a link."""

    def page(**query):
        app = open_app("swing", **query)
        assert not app.exception
        return app

    return page


def values(elements):
    return [each.value for each in elements]


def listed(app):
    named = {pgettext("list", "Swing (points)"), _("Bureau")}
    return next(f.value for f in app.dataframe if named <= {*f.value})


def in_points(share):
    return _("{n} points").format(n=signed(100 * share, 1))


def assert_list(app, table):
    shown = listed(app)
    assert called(shown[_("Bureau")]) == numbered(table["bureau_id"])
    columns = {
        _("Before (%)"): "before",
        _("After (%)"): "after",
        pgettext("list", "Swing (points)"): "swing",
        _("from"): "lower",
        _("to"): "upper",
        _("Apart (points)"): "residual",
    }
    for title, name in columns.items():
        np.testing.assert_array_equal(shown[title], (100 * table[name]).round(1))
    np.testing.assert_array_equal(shown[_("Otherwise than the whole")], table["unlike"])


# Swing


def test_the_latest_two_first_rounds_of_a_kind_are_compared_first(page):
    app = page()
    assert app.selectbox(key="from").value == FROM
    assert app.selectbox(key="to").value == TO


@pytest.mark.parametrize(
    ("elections", "expected"),
    [
        (["2017_pres_t1", "2022_pres_t1", "2022_pres_t2"], ("2017_pres_t1", "2022_pres_t1")),
        (["2022_pres_t1", "2022_pres_t2"], ("2022_pres_t1", "2022_pres_t2")),
        (["2019_euro_t1", "2022_pres_t1"], ("2019_euro_t1", "2022_pres_t1")),
    ],
)
def test_what_is_compared_first_follows_from_the_elections_there_are(elections, expected):
    table = pd.DataFrame(
        {
            "election_id": elections,
            "kind": [name.split("_")[1] for name in elections],
            "round": [int(name[-1]) for name in elections],
        }
    )
    assert two_elections.usual(table) == expected


def test_the_swing_of_a_bloc_is_the_librarys(page, places):
    app = page(s_what="bloc:left", s_of="valid", s_rival="right")
    left, right = (
        measure_swing(places.valmont, FROM, TO, Share(Choice(bloc), "valid"))
        for bloc in ("left", "right")
    )
    low, high = np.quantile(left.table["swing"], [0.1, 0.9])
    shown = values(app.metric)
    assert shown[:3] == [
        percent(left.after),
        _("{low} to {high}").format(low=signed(100 * low, 0), high=signed(100 * high, 0)),
        in_points((left.swing - right.swing) / 2),
    ]
    assert app.metric[0].delta == in_points(left.swing)
    ordered = left.table.sort_values("swing", ascending=False, kind="stable")
    assert_list(app, ordered)
    assert len(app.get("bidi_component")) == 1


def test_the_volatility_of_the_town_is_half_the_sum_of_what_blocs_moved(page, places):
    # Of the official totals, and not through bureaux and their contours.
    candidates = places.valmont.read("candidates")
    sides = [
        candidates[candidates["election_id"] == name].groupby("bloc")["votes"].sum()
        for name in (FROM, TO)
    ]
    change = pd.concat([side / side.sum() for side in sides], axis=1).fillna(0).diff(axis=1)
    expected = change.iloc[:, 1].abs().sum() / 2
    shown = page().metric[-1]
    assert shown.label == _("Share that changed (Pedersen’s volatility)")
    assert shown.value == percent(expected)


def test_the_volatility_of_a_part_is_that_of_its_bureaux(page, places):
    votes = places.nation.read("votes").merge(
        places.nation.read("candidates").drop(columns="votes"), on=["election_id", "candidate_id"]
    )
    votes = votes[votes["bureau_id"].astype("str").str.startswith("2A004")]
    blocs = votes.pivot_table(
        index="election_id", columns="bloc", values="votes", aggfunc="sum", observed=True
    )
    part = blocs.div(blocs.sum(axis=1), axis=0).fillna(0)
    expected = (part.loc[TO] - part.loc[FROM]).abs().sum() / 2
    app = page(workspace="nation", department="2A")
    assert app.metric[-1].value == percent(expected)


def test_abstention_is_of_the_registered_and_has_no_rival(page, places):
    app = page(s_what="abstention")
    swing = measure_swing(places.valmont, FROM, TO, Share())
    assert app.metric[0].label == _("Abstention, % of registered voters")
    assert app.metric[0].value == percent(swing.after)
    assert _("Shift from one to the other (Butler swing)") not in [m.label for m in app.metric]


def test_a_candidate_who_stood_twice_can_be_followed(page, places):
    app = page(**ROUNDS, s_what="name:LE PEN", s_of="registered")
    choice = Choice("", ("LE PEN",))
    swing = measure_swing(places.valmont, *ROUNDS.values(), Share(choice, "registered"))
    assert app.metric[0].value == percent(swing.after)
    assert app.metric[0].delta == in_points(swing.swing)


def test_only_what_stood_at_both_elections_is_offered(places):
    candidates = places.valmont.read("candidates")
    known = shares.options(candidates, two_elections.Question(*ROUNDS.values(), ""))
    names = candidates[candidates["election_id"] == ROUNDS["to"]]["name"]
    assert {one.removeprefix("name:") for one in known if one.startswith("name:")} == set(names)
    assert shares.ABSTENTION in known


def test_the_bureau_in_view_is_read_out(page, places):
    app = page(s_what="bloc:left")
    table = measure_swing(places.valmont, FROM, TO, Share(Choice("left"), "valid")).table
    one = table.iloc[5]
    app.session_state["state.bureau"] = one["bureau_id"]
    app.run()
    told = next(text for text in values(app.markdown) if "Bureau" in text)
    for said in (percent(one["before"]), percent(one["after"]), in_points(one["residual"])):
        assert said in told


def test_apart_from_the_town_the_farthest_come_first(page, places):
    app = page(s_view="apart", s_what="bloc:left")
    swing = measure_swing(places.valmont, FROM, TO, Share(Choice("left"), "valid"))
    count = int(swing.table["unlike"].sum())
    assert app.metric[0].value == f"{count} sur {len(swing.table)}"
    assert app.metric[1].value == in_points(swing.swing)
    far = swing.table["residual"].abs().sort_values(ascending=False, kind="stable").index
    assert_list(app, swing.table.loc[far])


@pytest.mark.slow
def test_neighbours_alike_are_the_librarys(page, places):
    app = page(s_view="apart", s_apart="clusters", s_what="bloc:left")
    swing = measure_swing(places.valmont, FROM, TO, Share(Choice("left"), "valid"))
    bureaux = places.valmont.read("bureaux")
    found = find_clusters(
        bureaux[bureaux["vintage"] == 2024], swing.table.set_index("bureau_id")["residual"]
    )
    assert app.metric[2].value == number(found.moran, 2)
    assert set(found.table["kind"]) <= set(moved.KINDS)
    assert list(moved.kind_names()) == list(moved.KINDS)


def test_neighbours_need_contours(page):
    app = page(workspace="nation", s_view="apart", s_apart="clusters")
    said = "Les voisins se connaissent par leurs contours, et ce territoire n’en a pas."
    assert values(app.error) == [said]


def test_without_contours_the_list_is_whole_and_the_map_is_of_its_levels(page, places):
    app = page(workspace="nation", s_what="bloc:left", department="2A")
    swing = measure_swing(places.nation, FROM, TO, Share(Choice("left"), "valid"), places=("2A",))
    assert_list(app, swing.table.sort_values("swing", ascending=False, kind="stable"))
    assert app.get("bidi_component")
    assert not [note for note in app.info if note.value.startswith("Pas de carte")]


def found(swing, table):
    return Moved(Share(), (FROM, TO), "", swing, table, 2024)


def test_where_all_moved_one_way_no_colour_is_kept_for_the_other(places):
    swing = measure_swing(places.valmont, FROM, TO, Share(Choice("left"), "valid"))
    shapes = type("Shapes", (), {"ids": pd.Index(swing.table["bureau_id"])})
    for sign, darkest in ((1.0, -1), (-1.0, 0)):
        table = swing.table.assign(swing=sign * (0.01 + swing.table["swing"].abs()))
        paint = moved.paint(shapes, found(swing, table), "swing", "x")
        lightness = [sum(bytes.fromhex(c.lstrip("#"))) for c in paint.legend.palette]
        assert np.argmin(lightness) == range(len(lightness))[darkest]


def renumbered(folder, target, bureaux):
    """Build a town of which each election has its own bureaux."""
    rows = list(zip(("2017_legi_t1", "2022_legi_t1"), bureaux, strict=True))
    counts = [(name, "31555", code, 500, 300, 0, 0) for name, codes in rows for code in codes]
    votes = [
        (name, "31555", code, nuance, nuance, 150)
        for name, codes in rows
        for code in codes
        for nuance in ("NUP", "RN")
    ]
    return build(Inputs(*write_results(folder, general(*counts), candidates(*votes))), target)


@pytest.mark.parametrize("view", ["swing", "apart", "transfers"])
def test_two_elections_without_common_bureaux_are_refused_with_what_to_do(
    page, places, tmp_path, view
):
    renumbered(tmp_path, places.folder / f"renumbered_{view}", (["0001"], ["0101"]))
    app = page(workspace=f"renumbered_{view}", s_view=view)
    assert len(app.error) == 1
    assert "millésimes" in app.info[0].value
    assert not app.metric


def test_one_bureau_has_a_swing_but_tells_nothing_of_transfers(page, places, tmp_path):
    renumbered(tmp_path, places.folder / "one_bureau", (["0001"], ["0001"]))
    assert page(workspace="one_bureau").metric[0].delta == in_points(0)
    app = page(workspace="one_bureau", s_view="transfers")
    assert values(app.error) == [
        "Une seule unité ne dit rien des reports\u202f: tout tableau qui a ses totaux convient."
    ]


# Transfers


def test_the_table_of_transfers_is_the_librarys(page, places):
    app = page(**ROUNDS, s_view="transfers", t_shown="table")
    found = transfers_of(places.valmont, *ROUNDS.values())
    shown, table = app.dataframe[0].value, found.table
    np.testing.assert_array_equal(shown[_("Voters")], table["votes"])
    assert shown[_("First election")].tolist() == table["origin"].map(option_name).tolist()
    for title, name in {
        "Share of origin": "share_of_origin",
        "from": "lower",
        "to": "upper",
        "At least, for certain": "bound_lower",
        "At most, for certain": "bound_upper",
    }.items():
        np.testing.assert_array_equal(shown[f"{_(title)} (%)"], (100 * table[name]).round(1))
    top = views.largest_move(found)
    assert values(app.metric) == [
        number(found.units),
        number(table["votes"].sum()),
        percent(top["share_of_origin"], 0),
    ]


@pytest.mark.parametrize("shown", ["matrix", "flows", "one", "table", "files"])
def test_transfers_are_always_called_an_estimate(page, shown):
    app = page(**ROUNDS, s_view="transfers", t_shown=shown)
    assert app.warning[0].value.startswith("Une estimation, jamais une preuve.")
    error = number(calibration()["known_truth"]["mean_error"], 1)
    assert f"{error} électeurs sur 100" in app.warning[0].value
    least, most = map(number, calibration()["apart"]["town_errors"])
    assert f"{least} à {most}" in app.warning[0].value
    assert len(app.image) == (shown in {"matrix", "flows"})
    assert len(app.get("download_button")) == (12 if shown == "files" else 0)


def test_surveys_stand_beside_a_real_place(page, places):
    app = page(**ROUNDS, workspace="nation", s_view="transfers", t_shown="surveys")
    found = transfers_of(places.nation, *ROUNDS.values())
    beside = compare(found, published(*ROUNDS.values()))
    shown = app.dataframe[0].value
    assert len(shown) == len(beside) > 0
    np.testing.assert_array_equal(shown[_("Survey (%)")], (100 * beside["share"]).round(1))
    np.testing.assert_array_equal(shown[_("Estimate (%)")], (100 * beside["estimate"]).round(1))
    np.testing.assert_array_equal(shown[_("They part")], beside["apart"])
    parted = int(beside["apart"].sum())
    said = " ".join(values(app.warning if parted else app.info))
    assert f"{number(parted) if parted else 'Les'} " in said
    assert beside["source"].iloc[0] in " ".join(values(app.caption))


def test_no_survey_was_held_in_an_invented_town(page):
    app = page(**ROUNDS, s_view="transfers", t_shown="surveys")
    assert not any(_("Survey (%)") in frame.value for frame in app.dataframe)


def test_one_origin_shows_its_own_row(page, places):
    app = page(**ROUNDS, s_view="transfers", t_shown="one", t_origin="LE PEN")
    found = transfers_of(places.valmont, *ROUNDS.values())
    votes = found.table.loc[found.table["origin"] == "LE PEN", "votes"].sum()
    assert f"**LE PEN**\xa0: {number(votes)} électeurs" in " ".join(values(app.markdown))


def test_a_bureau_is_no_place_to_tell_transfers_of(page, places):
    app = page(**ROUNDS, workspace="nation", s_view="transfers", t_shown="table", department="01",
               commune="01053_0001")  # fmt: skip
    assert "01053_0001" in app.warning[0].value
    assert app.selectbox(key="commune").value == "all"
    whole = transfers_of(places.nation, *ROUNDS.values(), "01")
    np.testing.assert_array_equal(app.dataframe[0].value[_("Voters")], whole.table["votes"])


@pytest.mark.parametrize("view", ["swing", "apart", "transfers"])
def test_an_election_compared_with_itself_is_refused(page, view):
    app = page(**{"from": TO}, s_view=view)
    assert len(app.error) == 1
    assert app.info[0].value.endswith("Choisissez deux élections différentes.")


def test_one_election_has_nothing_to_be_compared_with(page, places, tmp_path):
    tables = [t[t["id_election"] == "2022_pres_t1"] for t in sample_results()]
    build(Inputs(*write_results(tmp_path, *tables)), places.folder / "one_election")
    app = page(workspace="one_election")
    assert len(app.info) == 1
    assert not app.metric


@pytest.mark.parametrize(
    "query",
    [
        {"from": "zzz", "s_view": "nowhere", "s_what": "bloc:nobody", "s_of": "x", "s_rival": "y"},
        {"to": "1812_pres_t1", "commune": "75056", "department": "75", "s_what": "name:"},
    ],
)
def test_nonsense_in_the_link_is_named_and_left_aside(page, places, query):
    app = page(**query)
    assert not app.error
    assert app.warning
    assert app.selectbox(key="from").value == FROM
    assert app.selectbox(key="to").value == TO
    assert len(app.metric) == 4


def test_the_link_follows_every_answer(page):
    app = page()
    app.selectbox(key="to").select("2024_euro_t1").run()
    app.selectbox(key="s_what").select("abstention").run()
    assert dict(app.query_params) == {"to": "2024_euro_t1", "s_what": "abstention"}
    assert values(page(**dict(app.query_params)).metric) == values(app.metric)


def test_the_page_speaks_english(page, places):
    app = page(lang="en", s_what="abstention")
    swing = measure_swing(places.valmont, FROM, TO, Share())
    assert app.title[0].value == "Swing and transfers"
    assert app.metric[0].label == "Abstention, % of registered voters"
    assert app.metric[0].value == f"{100 * swing.after:.1f}%"


# Files

HOW = Written("fr", "excel_fr", "Une estimation, jamais une preuve.\nÀ lire.")
PLAIN = Written("en")


def again(leaving, suffix, folder, place=None):
    """Write a file, check that it is made again, and return its path."""
    file = folder / f"file{suffix}"
    put_leaving(file, leaving)
    assert reproduce(file, place).identical
    return file


@pytest.fixture(scope="module")
def estimate(places):
    return transfers_of(places.valmont, *ROUNDS.values())


def test_tables_are_read_back_as_they_were(places, estimate, tmp_path):
    asked, table = (*ROUNDS.values(), ""), estimate.to_frame()
    english = pd.read_csv(
        again(put_transfers(places.valmont, asked, estimate, written=PLAIN), ".csv", tmp_path)
    )
    leaving = put_transfers(places.valmont, asked, estimate, written=HOW)
    french = pd.read_csv(again(leaving, ".csv", tmp_path), sep=";", decimal=",")
    workbook = openpyxl.load_workbook(again(leaving, ".xlsx", tmp_path))
    rows = list(workbook["Table"].iter_rows(values_only=True))
    excel = pd.DataFrame(rows[1:], columns=rows[0])
    parquet = pd.read_parquet(again(leaving, ".parquet", tmp_path))
    names = {row[0]: row[1] for row in workbook["Unités"].iter_rows(values_only=True)}
    excel = excel.rename(columns=names)
    for read in (english, french, excel, parquet):
        pd.testing.assert_frame_equal(read[list(table)], table, check_dtype=False, rtol=1e-9)
    notes = [cell for row in workbook["Sources"].iter_rows(values_only=True) for cell in row]
    assert {"Une estimation, jamais une preuve.", "À lire."} <= set(notes)
    meanings = {row[1]: row[3] for row in workbook["Unités"].iter_rows(values_only=True)}
    assert meanings["bound_lower"] == "Au moins, c’est certain"
    assert all(meanings[name] for name in table)


def test_a_name_that_a_spreadsheet_would_run_begins_with_an_apostrophe(places, estimate):
    risky = replace(
        put_transfers(places.valmont, (*ROUNDS.values(), ""), estimate, written=PLAIN),
        rows=pd.DataFrame({"origin": ["=1+1", "LE PEN"], "votes": [1, 2]}),
    )
    read = pd.read_csv(BytesIO(file_of(risky, ".csv")))
    assert read["origin"].tolist() == ["'=1+1", "LE PEN"]


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["matrix", "flows"])
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_figures_of_transfers_are_made_again(places, estimate, tmp_path, figure, suffix):
    asked = (*ROUNDS.values(), "")
    leaving = put_transfers(places.valmont, asked, estimate, figure=figure, written=HOW)
    file = again(leaving, suffix, tmp_path)
    assert file.read_bytes().startswith(
        {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    )
    assert read_provenance(file).parameters["figure"] == figure


@pytest.mark.parametrize(
    "share",
    [Share(), Share(Choice("left"), "valid"), Share(Choice("", ("LE PEN",)), "registered")],
    ids=["abstention", "bloc", "candidate"],
)
def test_the_swing_of_any_share_is_made_again(places, tmp_path, share):
    elections = tuple(ROUNDS.values()) if share.choice and share.choice.candidates else (FROM, TO)
    moved = look_back(places.valmont, elections, share)
    read = pd.read_csv(again(put_swing(places.valmont, moved, written=PLAIN), ".csv", tmp_path))
    held = moved.swing.table
    pd.testing.assert_frame_equal(read[list(held)], held, check_dtype=False, rtol=1e-9)
    assert set(read["commune"]) == {"Valmont"}


def test_a_swing_of_a_part_of_a_place_without_contours_is_made_again(places, tmp_path):
    moved = look_back(places.nation, (FROM, TO), Share(), place="2A")
    leaving = put_swing(places.nation, moved, written=HOW)
    file = again(leaving, ".geojson", tmp_path, places.nation.path)
    features = json.loads(file.read_text("utf-8"))["features"]
    assert len(features) == len(moved.table)
    assert not any(feature["geometry"] for feature in features)


@pytest.fixture(scope="module")
def left(places):
    return look_back(places.valmont, (FROM, TO), Share(Choice("left"), "valid"))


@pytest.fixture(scope="module")
def near(places, left):
    return neighbours(places.valmont, left)


@pytest.mark.slow
def test_the_table_with_neighbours_lies_on_the_map(places, left, near, tmp_path):
    leaving = put_swing(places.valmont, left, near=near, written=HOW)
    file = again(leaving, ".geojson", tmp_path)
    features = json.loads(file.read_text("utf-8"))["features"]
    kinds = {f["id"]: f["properties"]["kind"] for f in features}
    held = near.table.set_index("bureau_id")["kind"]
    assert {name: kinds[name] for name in held.index} == held.to_dict()
    # Only voters of no address, the pseudo-bureau, lie nowhere.
    assert [f["id"] for f in features if not f["geometry"]] == ["99900_JUS1"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["swing.png", "residual.svg", "clusters.pdf", "scatter.svg", "clusters.png"]
)
def test_figures_of_a_swing_are_made_again(places, left, near, tmp_path, name):
    figure, suffix = name.split(".")
    with_near = near if figure == "clusters" else None
    leaving = put_swing(places.valmont, left, near=with_near, figure=figure, written=HOW)
    again(leaving, f".{suffix}", tmp_path)


def test_the_picture_has_the_colours_of_the_screen(places, left):
    shapes = contours_of(places.valmont, left.vintage, left.table["commune_id"])
    figure = charts.swing_map(shapes, left.swing)
    drawn = [to_hex(colour) for colour in figure.axes[0].collections[0].get_facecolors()]
    ids = type("Shapes", (), {"ids": pd.Index(shapes["bureau_id"])})
    paint = moved.paint(ids, left, "swing", "x")
    screen = np.array([NO_DATA, *paint.legend.palette])[paint.classes]
    assert drawn == screen.tolist()


def test_a_figure_is_no_table_and_a_table_no_figure(places, left):
    table = put_swing(places.valmont, left, written=HOW)
    figure = put_swing(places.valmont, left, figure="swing", written=HOW)
    for leaving, suffix in ((table, ".png"), (figure, ".csv"), (table, ".docx")):
        with pytest.raises(DataError, match="not written as") as error:
            file_of(leaving, suffix)
        assert error.value.mend


@pytest.mark.parametrize(
    ("view", "workspace", "buttons", "closed"),
    [("swing", "valmont", 15, 0), ("swing", "nation", 15, 4), ("apart", "valmont", 12, 0)],
)
def test_the_page_offers_its_files(page, view, workspace, buttons, closed):
    offered = page(s_view=view, workspace=workspace).get("download_button")
    assert len(offered) == buttons
    assert sum(button.proto.disabled for button in offered) == closed


def test_a_kept_second_round_is_not_asked_of_another_first_round(page, places):
    town = places.valmont
    rounds.keep(town, replace(rounds.begin(town, "2022_pres_t1", ""), name="Duel"))
    app = page(**ROUNDS, s_view="second", second="Duel")
    assert app.text_input("second.name").value == "Duel"
    app.selectbox("from").set_value("2017_pres_t1").run()
    assert not app.exception
    assert not app.warning
    assert "second" not in app.query_params
    rounds.forget(town, "Duel")
    assert page(**ROUNDS, s_view="second", second="Duel").warning


def test_what_a_press_made_of_a_second_round_is_undone(page):
    app = page(**ROUNDS, s_view="second")
    begun = [one.value for one in app.metric]
    assert app.button("second.undo").disabled
    app.slider("second.come.0").set_value(50).run()
    app.button("second.mobilise").click().run()
    came = [one.value for one in app.metric]
    app.slider("second.follow").set_value(100).run()
    app.button("second.merge").click().run()
    assert len({tuple(begun), tuple(came), tuple(one.value for one in app.metric)}) == 3
    app.button("second.undo").click().run()
    assert [one.value for one in app.metric] == came
    app.button("second.undo").click().run()
    assert [one.value for one in app.metric] == begun
    assert app.button("second.undo").disabled


def test_a_click_before_a_second_round_has_begun_begins_it_again(page, monkeypatch):
    """As a switch of the language does, which ends the run that waits for the estimate."""
    with monkeypatch.context() as waiting:
        waiting.setattr(second_round_view, "answer_of", lambda *_, **__: st.stop())
        app = page(**ROUNDS, s_view="second")
    assert not app.run().exception
    assert app.text_input("second.name")


def test_an_imagined_second_round_is_counted_kept_and_made_again(page, places, tmp_path):
    town = places.valmont
    asked = rounds.begin(town, "2022_pres_t1", "")
    app = page(**ROUNDS, s_view="second")
    whole = rounds.counted(town, asked).whole.dropna().sort_values("votes", ascending=False)
    assert [one.value for one in app.metric] == [percent(one) for one in whole["share_valid"]]
    app.text_input("second.name").set_value("Report large").run()
    app.button("second.keep").click().run()
    assert not app.exception
    assert rounds.kept(town)["Report large"].shares == asked.shares
    assert app.query_params["second"] in ("Report large", ["Report large"])
    # What is changed since is not what the link opens.
    app.slider("second.come.1").set_value(50).run()
    app.button("second.mobilise").click().run()
    assert "second" not in app.query_params
    app.selectbox("second.kept").set_value("Report large").run()
    app.button("second.open").click().run()
    assert app.query_params["second"] in ("Report large", ["Report large"])
    app.button("second.forget").click().run()
    assert "Report large" not in rounds.kept(town)
    assert "second" not in app.query_params
    out = tmp_path / "imagined.csv"
    found = rounds.counted(town, asked)
    put_leaving(out, rounds.finding(town, asked, found, written=Written()))
    assert reproduce(out, town.path).identical
    rows = pd.read_csv(out)
    parts = rows.groupby("bureau_id")["votes"].sum() + rows.groupby("bureau_id")[
        ["blank_null", "abstention"]
    ].first().sum(axis=1)
    assert (parts == rows.groupby("bureau_id")["registered"].first()).all()
    picture = tmp_path / "imagined.png"
    first = whole["destination"].iloc[0]
    put_leaving(picture, rounds.finding(town, asked, found, figure=first, written=Written()))
    assert reproduce(picture, town.path).same


def test_the_names_of_a_second_round_have_room():
    assert second_round_view._name_px(pd.Index(["MACRON", "LE PEN"])) == 160
    assert second_round_view._name_px(pd.Index(["Rassemblement national (RN)"])) == 209
    assert second_round_view._name_px(pd.Index(["x" * 90])) == 240
