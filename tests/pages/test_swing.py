"""The page Swing and transfers in its states: what it shows is what the library computes."""

from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis.build import Inputs, build
from analysis.electorate.clusters import find_clusters
from analysis.electorate.history import Choice
from analysis.electorate.swing import Share, measure_swing
from analysis.electorate.transfers import estimate_transfers
from analysis.electorate.transfers.intervals import calibration
from analysis.electorate.transfers.places import transfers_of
from pages._ui.i18n import _, number, percent, signed
from pages._ui.swing import background, choices, files, loaders, moved, shares
from pages._ui.swing import transfers as views
from pages._ui.swing.words import option_name
from tests.made import sample_results, write_results

# Outside a session the app's own texts and numbers are French, as the page is here.
FROM, TO = "2022_legi_t1", "2024_legi_t1"
ROUNDS = {"from": "2022_pres_t1", "to": "2022_pres_t2"}


@pytest.fixture
def page(open_app, monkeypatch):
    """Open the page by a link; however slow the machine, a spinner is enough."""
    monkeypatch.setattr(background, "PATIENCE_S", 60)

    def page(**query):
        app = open_app("swing", **query)
        assert not app.exception
        return app

    return page


def values(elements):
    return [each.value for each in elements]


def listed(app):
    return next(f.value for f in app.dataframe if _("Swing (points)") in f.value)


def in_points(share):
    return _("{n} points").format(n=signed(100 * share, 1))


def assert_list(app, table):
    shown = listed(app)
    assert shown[_("Bureau")].tolist() == table["bureau_id"].str.rpartition("_")[2].tolist()
    columns = {
        "Before (%)": "before",
        "After (%)": "after",
        "Swing (points)": "swing",
        "from": "lower",
        "to": "upper",
        "Apart (points)": "residual",
    }
    for title, name in columns.items():
        np.testing.assert_array_equal(shown[_(title)], (100 * table[name]).round(1))
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
    assert choices.usual(table) == expected


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
    assert shown.label == _("Volatility (Pedersen)")
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
    assert _("Butler swing") not in [m.label for m in app.metric]


def test_a_candidate_who_stood_twice_can_be_followed(page, places):
    app = page(**ROUNDS, s_what="name:LE PEN", s_of="registered")
    choice = Choice("", ("LE PEN",))
    swing = measure_swing(places.valmont, *ROUNDS.values(), Share(choice, "registered"))
    assert app.metric[0].value == percent(swing.after)
    assert app.metric[0].delta == in_points(swing.swing)


def test_only_what_stood_at_both_elections_is_offered(places):
    candidates = places.valmont.read("candidates")
    known = shares.options(candidates, choices.Question(*ROUNDS.values(), ""))
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


def test_without_contours_the_list_is_whole_and_the_map_says_why(page, places):
    app = page(workspace="nation", s_what="bloc:left", department="2A")
    swing = measure_swing(places.nation, FROM, TO, Share(Choice("left"), "valid"), places=("2A",))
    assert_list(app, swing.table.sort_values("swing", ascending=False, kind="stable"))
    assert not app.get("bidi_component")
    assert app.info[0].value.startswith("Pas de carte\xa0: ce territoire n’a pas les contours")


def test_where_all_moved_one_way_no_colour_is_kept_for_the_other(places):
    swing = measure_swing(places.valmont, FROM, TO, Share(Choice("left"), "valid"))
    shapes = type("Shapes", (), {"ids": pd.Index(swing.table["bureau_id"])})
    for sign, darkest in ((1.0, -1), (-1.0, 0)):
        table = swing.table.assign(swing=sign * (0.01 + swing.table["swing"].abs()))
        paint = moved.paint(shapes, loaders.Moved(swing, table, 2024), "swing", "x")
        lightness = [sum(bytes.fromhex(c.lstrip("#"))) for c in paint.legend.palette]
        assert np.argmin(lightness) == range(len(lightness))[darkest]


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
    assert len(app.image) == (shown in {"matrix", "flows"})
    assert len(app.get("download_button")) == (8 if shown == "files" else 0)


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


@pytest.fixture
def sheet(places):
    found = transfers_of(places.valmont, *ROUNDS.values())
    source = files.provenance(places.valmont, "transfers", ROUNDS, seed=0)
    return files.Sheet(found.to_frame(), {"votes": "Voters"}, ("An estimate.",), source)


def test_tables_are_read_back_as_they_were(sheet):
    english = pd.read_csv(BytesIO(files.to_csv(sheet, "en")))
    french = pd.read_csv(BytesIO(files.to_csv(sheet, "fr")), sep=";", decimal=",")
    workbook = openpyxl.load_workbook(BytesIO(files.to_xlsx(sheet, "fr")))
    rows = list(workbook["Table"].iter_rows(values_only=True))
    excel = pd.DataFrame(rows[1:], columns=rows[0])
    for read in (english, french, excel):
        pd.testing.assert_frame_equal(
            read[list(sheet.table)], sheet.table, check_dtype=False, rtol=1e-9
        )
    assert english["provenance"].iloc[0] == sheet.provenance.to_json()
    notes = [cell for row in workbook.worksheets[1].iter_rows(values_only=True) for cell in row]
    assert "An estimate." in notes
    assert sheet.provenance.to_json() in notes


def test_a_name_that_a_spreadsheet_would_run_begins_with_an_apostrophe(sheet):
    risky = files.Sheet(
        pd.DataFrame({"origin": ["=1+1", "LE PEN"], "votes": [1, 2]}), {}, (), sheet.provenance
    )
    read = pd.read_csv(BytesIO(files.to_csv(risky, "en")))
    assert read["origin"].tolist() == ["'=1+1", "LE PEN"]


@pytest.mark.parametrize("kind", ["matrix", "flows"])
def test_figures_come_in_three_formats_and_the_same_twice(kind):
    before = pd.DataFrame({"A": [60, 20, 35], "abstention": [40, 80, 65]})
    found = estimate_transfers(before, before.rename(columns={"A": "B"}))
    draw = loaders.drawer(choices.Question(*ROUNDS.values(), ""), kind, found)
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for suffix in loaders.FIGURES:
        assert draw(suffix).startswith(begins[suffix])
    assert draw("pdf") == draw("pdf")
    assert draw("svg") == draw("svg")
