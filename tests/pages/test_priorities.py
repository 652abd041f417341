"""The Priorities page in its states: what it shows is what the library computes."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.tables.workspace import Workspace
from analysis.targeting.calibration import calibrate
from analysis.targeting.margin import last_margin
from analysis.targeting.params import Params
from analysis.targeting.rank import Settings
from analysis.targeting.weights import Weights
from analysis.targeting.worlds import compare
from analysis.workflows import kept_scenarios
from analysis.workflows.build import Inputs, build
from analysis.workflows.by_level import ranking_by
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranking import Scenario, ranking_file, with_settings
from analysis.workflows.sealed_trials import SCENARIO, keep, sealed_with
from analysis.workflows.validate import calibration_of, validate
from pages._ui import bureaux, state
from pages._ui.i18n import (
    _,
    bloc_name,
    election_name,
    method_name,
    number,
    part_name,
    percent,
    preset_name,
)
from pages._ui.messages import translate
from pages._ui.priorities import bureau_card, planner, ranking_view, scatter
from tests.made import called, numbered, sample_results, write_results
from tests.pages.answered import answered

# Begun among the last, it would keep one worker when the others have nothing left.
pytestmark = pytest.mark.slow
# Outside a session the app's own texts and numbers are French, as the page is here.
LEFT = Scenario("left", "2027_pres_t1")


# What is said of a table whose bytes are not those of the manifest.
CHANGED = (
    "The table {} of this workspace is not the one that was built: its bytes have changed since."
)


@pytest.fixture
def page(open_app):
    """Open the page by a link."""

    def page(**query):
        app = open_app("priorities", **query)
        assert not app.exception
        return app

    return page


def ranked_list(app):
    """Return the list on screen; none while the page asks something first."""
    return next(
        (f.value for f in app.dataframe if {_("Votes/100 h"), _("Bureau")} <= {*f.value}), None
    )


def errors(app):
    return values(app.error)


def values(elements):
    return [each.value for each in elements]


def selectbox(app, key):
    return app.selectbox(key=key).value


def reach(ranking):
    """Return the four numbers above the map, as the app writes them."""
    first = ranking.table.head(ranking.k)
    votes = (first["gain_per_hour"] * first["hours"]).sum()
    return [
        number(ranking.k),
        number(first["doors"].sum()),
        number(first["hours"].sum()),
        _("{worth} h").format(worth=number(first["hours"].sum() / votes)),
    ]


def assert_shows(app, workspace, scenario):
    """Compare the numbers, the list and the card with the answer of the library."""
    ranking, _found = answered(workspace, scenario)
    table, shown = ranking.table, ranked_list(app)
    assert values(app.metric) == reach(ranking)
    assert called(shown[_("Bureau")]) == numbered(table["bureau_id"])
    for column, (name, decimals) in {
        _("Rank"): ("rank", 0),
        _("Score"): ("score", 0),
        _("Votes/100 h"): ("gain_per_hour", 1),
        _("from"): ("gain_lower", 1),
        _("to"): ("gain_upper", 1),
        _("Registered"): ("registered", 0),
        _("Hours"): ("hours", 0),
    }.items():
        values_told = table[name] * (100 if name.startswith("gain") else 1)
        np.testing.assert_array_equal(shown[column], values_told.round(decimals))
    first = table.iloc[0]
    title = app.subheader[0].value
    assert called([title.lower()]) == numbered([first["bureau_id"]])
    assert title.endswith(first["commune"])
    assert any(part_of_score(first["score"]) in text for text in values(app.markdown))


def part_of_score(score):
    return _("Score {score}, made of:").format(score=number(score))


def test_beside_a_map_names_are_short_and_what_a_row_does_not_hold_is_marked():
    names = pd.Series(
        [
            "bureau 48, École boulevard des Fougères, Valmont",
            "held back · bureau 44, Gymnase avenue des Lavandières, Valmont",
            "bureau JUS1, Valmont",
        ]
    )
    short = bureaux._in_short(names, of=names)
    assert list(short) == [
        "48, École boulevard des Fougères",
        "held back · 44, Gymnase avenue des Lavandières",
        "JUS1",
    ]
    # Only some of the list travel to the screen: the commune stays where another is of the list.
    of = pd.concat([names, pd.Series(["bureau 1, Brantes"])])
    assert bureaux._in_short(names.iloc[2:], of=of).tolist() == ["JUS1, Valmont"]
    two = pd.Series(["16e, bureau 4, Mairie", "7e, bureau 24, École"])
    assert bureaux._in_short(two, of=two).tolist() == ["16e · 4, Mairie", "7e · 24, École"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("48, École boulevard des Fougères",) * 2,
        ("16e · 4, Mairie d'arrondissement",) * 2,
        # Lines of eleven letters: « 5e · 23, », « Institut de », « Linguistiq », « ue et ».
        (
            "5e · 23, Institut de Linguistique et Phonetique Generales",
            "5e · 23, Institut de Linguistique e…",
        ),
        ("", ""),
    ],
)
def test_a_name_that_its_row_does_not_hold_is_marked(name, shown):
    assert list(bureaux.within_lines(pd.Series([name]), wide_px=95)) == [shown]


def test_a_name_that_one_line_does_not_hold_is_marked():
    names = ["1er, bureau 4, Médiathèque de la Canopée", "1er, bureau 8, École"]
    shown = ["1er, bureau 4, Médiathèque de la…", "1er, bureau 8, École"]
    assert list(bureaux.within_lines(pd.Series(names), wide_px=220, lines=1)) == shown


def test_the_link_is_answered_as_the_library_does(page, places):
    app = page(bloc="left", hours="300")
    assert_shows(app, places.valmont, with_settings(LEFT, hours=300.0))
    assert not errors(app)
    assert len(app.get("bidi_component")) == 1


def test_the_first_bloc_and_election_are_asked_when_the_link_is_bare(page, places):
    app = page()
    votes = places.valmont.read("candidates").groupby("bloc")["votes"].sum()
    bloc = votes.drop("", errors="ignore").idxmax()
    assert selectbox(app, "bloc") == bloc
    assert_shows(app, places.valmont, Scenario(bloc, "2027_pres_t1"))


def test_the_sliders_show_what_a_preset_weighs_and_make_it_ones_own(page, places):
    app = page(bloc="left")
    weights = answered(places.valmont, LEFT)[0].weights
    shares = [weights.mobilise, weights.persuade, 0, 0, 0, 0]
    assert [slider.value for slider in app.slider] == [round(100 * share) for share in shares]
    app.slider(key="w_need").set_value(60).run()
    own = Weights(mobilise=shares[0], persuade=shares[1], need=0.6)
    own = Weights(**{name: round(w, 2) for name, w in own.to_dict().items()})
    scenario = with_settings(LEFT, preset="custom", weights=own)
    assert selectbox(app, "preset") == "custom"
    assert_shows(app, places.valmont, scenario)
    # The link holds all of it, and the way back to a preset is one choice.
    assert_shows(page(**links(app)), places.valmont, scenario)
    app.selectbox(key="preset").select("gain_per_hour").run()
    assert_shows(app, places.valmont, LEFT)
    assert not [name for name in app.query_params if name.startswith("w_")]


def links(app):
    return dict(app.query_params)


def test_the_link_follows_every_answer(page, places):
    app = page(bloc="left", hours="300")
    app.selectbox(key="bloc").select("right").run()
    app.selectbox(key="election").select("2022_pres_t1").run()
    app.number_input(key="hours").set_value(450).run()
    app.selectbox(key="preset").select("abstainers_first").run()
    assert links(app) == {
        "bloc": "right",
        "election": "2022_pres_t1",
        "hours": "450",
        "preset": "abstainers_first",
    }
    asked = with_settings(Scenario("right", "2022_pres_t1"), hours=450.0, preset="abstainers_first")
    assert_shows(page(**links(app)), places.valmont, asked)
    app.number_input(key="hours").set_value(500).run()
    assert "hours" not in app.query_params


@pytest.mark.parametrize("preset", ["abstainers_first", "undecided_first", "classic_2014"])
def test_each_preset_ranks_as_the_library_does(page, places, preset):
    app = page(bloc="left", preset=preset)
    assert_shows(app, places.valmont, with_settings(LEFT, preset=preset))


def test_another_rival_is_one_choice_and_goes_into_the_link(page, places):
    app = page(bloc="left")
    by_results = answered(places.valmont, LEFT)[1].rival
    assert selectbox(app, "rival") == "results"
    rival = "right" if by_results != "right" else "centre"
    app.selectbox(key="rival").select(rival).run()
    asked = replace(LEFT, rival=rival)
    assert_shows(app, places.valmont, asked)
    margin = last_margin(answered(places.valmont, asked)[1])
    said = [text for text in values(app.markdown) if number(margin.theirs) in text]
    assert len(said) == 1
    assert number(abs(margin.ahead)) in said[0]
    assert bloc_name(rival) in said[0]
    assert links(app)["rival"] == rival
    assert_shows(page(**links(app)), places.valmont, asked)
    # A bloc is not its own rival: the results choose again.
    app.selectbox(key="bloc").select(rival).run()
    assert selectbox(app, "rival") == "results"
    assert not errors(app)


def test_answers_last_while_other_pages_are_visited(page, places):
    app = page(bloc="left", preset="custom", w_need="100", hours="200")
    app.switch_page("pages/home.py").run()
    app.query_params.clear()
    app.switch_page("pages/priorities.py").run()
    weights = Weights(need=1.0)
    scenario = with_settings(LEFT, preset="custom", weights=weights, hours=200.0)
    assert_shows(app, places.valmont, scenario)


NONSENSE = {
    "hours": "abc",
    "bloc": "zzz",
    "preset": "foo",
    "w_need": "999",
    "params": "x:y",
    "election": "1812_pres_t1",
    "view": "nowhere",
    "department": "75",
    "commune": "75056",
    "workspace": "../valmont",
    "unknown": "1",
}


@pytest.mark.parametrize(
    "query",
    [
        NONSENSE,
        {"hours": "", "params": "share_open:9:9:9", "preset": ""},
        {"hours": "nan", "params": "share_open:nan:nan:nan"},
        {"hours": "1e3", "params": "share_open:0.2:0.3:0.1~effect_vote:::"},
    ],
    ids=range(4),
)
def test_nonsense_in_the_link_is_left_aside(page, places, query):
    app = page(**({"bloc": "left"} | query))
    assert not errors(app)
    bloc = selectbox(app, "bloc")
    assert_shows(app, places.valmont, Scenario(bloc, "2027_pres_t1"))


def test_a_weight_beyond_its_range_is_the_greatest(page, places):
    app = page(bloc="left", preset="custom", w_need="999", w_access="-5")
    scenario = with_settings(LEFT, preset="custom", weights=Weights(need=1.0))
    assert_shows(app, places.valmont, scenario)


@pytest.mark.parametrize(("said", "hours"), [("-3", 1), ("0", 1), (str(10**30), 10_000_000)])
def test_hours_beyond_their_range_are_the_nearest(page, said, hours):
    assert page(hours=said).number_input(key="hours").value == hours


def test_weights_of_nothing_are_explained_and_can_be_mended(page, places):
    app = page(bloc="left", preset="custom")
    assert errors(app) == [translate("All weights are 0: there is nothing to rank by.")]
    assert ranked_list(app) is None
    app.slider(key="w_persuade").set_value(50).run()
    weights = Weights(persuade=0.5)
    assert_shows(app, places.valmont, with_settings(LEFT, preset="custom", weights=weights))


def test_planners_numbers_travel_by_the_link(page, places):
    app = page(bloc="left", params="share_open:0.4:0.3:0.5")
    given = {"share_open": {"value": 0.4, "low": 0.3, "high": 0.5}}
    scenario = with_settings(LEFT, params=Params.from_dict(given))
    assert_shows(app, places.valmont, scenario)


def test_planners_numbers_are_written_and_read_as_people_write_them(monkeypatch):
    # Learned from returns, a number may have more digits than are written.
    told = {0.25: "0,25", 25.0: "25", 0.0324: "0,0324", -0.005: "−0,005", 1200.5: "1\u202f200,5"}
    for value, text in told.items():
        assert planner._written(value) == text
        assert planner._read(text) == value
    session, took = {"planner.editor": {"edited_rows": {0: {"low": " 0.15 "}}}}, []
    monkeypatch.setattr(planner.st, "session_state", session)
    monkeypatch.setattr(planner, "set_params", took.append)
    planner._take(Params())
    assert (took[0].share_open.low, took[0].share_open.value) == (0.15, 0.25)
    for wrong in ("a lot", "", "0,9", "nan", "1.2.3"):
        session["planner.editor"] = {"edited_rows": {0: {"low": wrong}}}
        planner._take(Params())
        assert session.pop("planner.params.problem"), wrong
    assert len(took) == 1


def test_candidates_by_name_are_asked_for_then_counted(page, places):
    app = page(bloc="by_name")
    assert values(app.info) == [_("Choose at least one candidate, list or nuance.")]
    assert ranked_list(app) is None
    table = places.valmont.read("candidates")
    names = sorted(table.loc[table["bloc"] == "left", "name"].unique())[:2]
    app.multiselect(key="candidates").set_value(names).run()
    scenario = Scenario("", "2027_pres_t1", candidates=tuple(names))
    assert_shows(app, places.valmont, scenario)
    assert_shows(page(**links(app)), places.valmont, scenario)


def test_names_that_nobody_bears_are_asked_for_again(page):
    app = page(bloc="by_name", candidates="Nobody at all")
    assert values(app.info) == [_("Choose at least one candidate, list or nuance.")]


def test_a_past_election_is_prepared_with_what_was_known_then(page, places):
    app = page(bloc="left", election="2022_pres_t1")
    assert app.selectbox(key="election").format_func("2022_pres_t1").endswith("(passée)")
    assert_shows(app, places.valmont, Scenario("left", "2022_pres_t1"))


def test_an_election_before_all_others_cannot_be_prepared(page, places):
    earliest = places.valmont.read("elections").sort_values("date")["election_id"].iloc[0]
    assert earliest not in page().selectbox(key="election").options
    second = places.valmont.read("elections").sort_values("date")["election_id"].iloc[1]
    app = page(bloc="left", election=second)
    # With one election behind it there is something to say, or an error that says why not.
    assert ranked_list(app) is not None or errors(app)


def test_the_map_is_told_in_steps_forward_and_back(page):
    app = page(bloc="left")
    app.button(key="priorities.step." + _("See it in a few steps")).click().run()
    said = [one for one in values(app.markdown) if one.startswith("1/6 · ")]
    assert said[0].startswith("1/6 · **Où nous sommes forts** — ")
    assert app.button(key="priorities.step." + _("Previous")).disabled
    for _turn in range(5):
        app.button(key="priorities.step." + _("Next")).click().run()
        assert not app.exception
    last = [one for one in values(app.markdown) if one.startswith("6/6 · ")]
    assert _("Where to begin") in last[0]
    assert app.button(key="priorities.step." + _("Next")).disabled
    app.button(key="priorities.step." + _("Close")).click().run()
    assert not [one for one in values(app.markdown) if "/6 · " in one]


def test_totals_by_quarter_stand_below_the_map_and_leave_as_files(page, places):
    app = opened(page(bloc="left"), "priorities.totals.open")
    shown = next(f.value for f in app.dataframe if _("Hours per vote") in f.value)
    ranked = answered(places.valmont, LEFT)[0].table
    first = shown[shown[_("Name")] == "Les Tilleuls"].iloc[0]
    assert first[_("Bureaux")] == 7
    assert shown[_("Bureaux")].sum() == len(ranked)
    assert shown[_("Votes expected")].is_monotonic_decreasing
    assert shown[_("Share of the votes (%)")].sum() == pytest.approx(100, abs=0.6)


def test_a_point_of_the_scatter_brings_its_bureau_into_view_and_the_one_in_view_is_marked(
    page, places
):
    ranked = answered(places.valmont, LEFT)[0]
    second = ranked.table["bureau_id"].iloc[1]
    drawn = scatter.points(ranked, second)
    assert drawn.loc[drawn["chosen"], "bureau_id"].tolist() == [second]
    marked = drawn.iloc[-1]  # drawn last, so that nothing hides it
    assert marked["abstention"] == round(100 * ranked.table["expected_abstention"].iloc[1], 1)
    assert marked["support"] == round(100 * ranked.table["support"].iloc[1], 1)
    # The sample's bureau without ground has its rates too: it votes, nobody can walk there.
    assert len(ranked.table) - len(drawn) == (~ranked.table["reachable"]).sum() == 1
    assert not opened(page(bloc="left"), "priorities.scatter.open").exception


def test_a_click_on_a_point_chooses_its_bureau_and_one_beside_the_points_none(monkeypatch):
    chosen = []
    monkeypatch.setattr(scatter.state, "select", chosen.append)
    for points in ([{"bureau_id": "99900_0007"}], []):
        event = {"chart": {"selection": {"points": points}}}
        monkeypatch.setattr(scatter, "st", SimpleNamespace(session_state=event))
        scatter.take_choice("chart")
    assert chosen == ["99900_0007"]


def test_without_contours_the_list_is_whole_and_the_map_is_of_its_levels(page, places):
    app = page(workspace="nation", bloc="left")
    assert_shows(app, places.nation, LEFT)
    assert app.get("bidi_component")
    assert not [note for note in app.info if note.value.startswith("Pas de carte")]
    app = page(workspace="nation", bloc="left", view="files")
    off = [b.label for b in app.get("download_button") if b.disabled]
    assert len(off) == 4
    assert all("Carte" in label or "KML" in label for label in off)


def test_without_squares_social_need_is_said_to_change_nothing(page):
    app = page(workspace="nation", bloc="left", preset="custom", w_need="50", w_persuade="50")
    said = _("Social need is unknown here (no squares): it changes nothing.")
    assert values(app.warning) == [said]


def test_departements_and_communes_narrow_the_place(page, places):
    app = page(workspace="nation", bloc="left")
    app.selectbox(key="department").select("2A").run()
    assert_shows(app, places.nation, Scenario("left", "2027_pres_t1", places=("2A",)))
    app.selectbox(key="commune").select("2A004").run()
    scenario = Scenario("left", "2027_pres_t1", places=("2A004",))
    assert_shows(app, places.nation, scenario)
    assert_shows(page(**links(app)), places.nation, scenario)
    app.selectbox(key="department").select("01").run()
    assert_shows(app, places.nation, Scenario("left", "2027_pres_t1", places=("01",)))


def test_an_earlier_ranking_says_its_question_by_what_stands_beside_it(page, places, tmp_path):
    def written(scenario, name):
        file = tmp_path / name
        found = answered(places.valmont, scenario)
        ranking_file(places.valmont, scenario, *found, teams=False).write(file)
        beside = file.with_name(f"{name}-metadata.json")
        return [(one.name, one.read_bytes(), "text/csv") for one in (file, beside)]

    app = page(bloc="left", hours="300", view="files")

    def drop(*files):
        app.file_uploader(key="moved.file").set_value(list(files)).run()
        assert not app.exception

    alone = "Le CSV seul ne dit ni la stratégie d’alors"
    other = written(with_settings(LEFT, preset="abstainers_first"), "old.csv")
    drop(other[0])
    assert any(alone in one for one in values(app.caption))
    drop(*other)
    assert not any(alone in one or "Non utilisés" in one for one in values(app.caption))
    reasons = app.dataframe[-1].value[_("Why")]
    assert reasons.str.contains("la stratégie").sum() > len(reasons) / 2
    # What stands beside another file says nothing of this one.
    right = written(replace(LEFT, bloc="right"), "right.csv")
    drop(*right, other[0])
    assert not errors(app)
    unused = "Non utilisés\u00a0: `right.csv`, `right.csv-metadata.json`."
    assert any(unused in one and "`old.csv-metadata.json`" in one for one in values(app.caption))
    drop(other[0], *right)
    assert errors(app) == [translate("The earlier ranking answers another question.")]
    assert any("alors Droite, Présidentielle 2027" in one for one in values(app.caption))


def test_a_damaged_table_is_explained(page, places):
    damaged = places.folder / "broken"
    shutil.copytree(places.valmont.path, damaged)
    (damaged / "votes.parquet").write_bytes(b"PAR1 cut")
    app = page(workspace="broken")
    assert errors(app) == [translate(CHANGED.format("votes"))]
    assert "à partir des fichiers officiels" in app.info[0].value
    # The app keeps tables by their digests, so another folder stands for another day.
    another = shutil.copytree(places.valmont.path, places.folder / "lost")
    (another / "candidates.parquet").unlink()
    said = translate("The table candidates of this workspace is missing or damaged.")
    assert errors(page(workspace="lost")) == [said]


# Scenarios as files


def give(app, text, name="scenario.toml"):
    app.file_uploader(key="scenario.file").upload(name, text).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "The scenario does not say: election."),
        (b"election = [", "The file of parameters cannot be read as TOML."),
        (b"\xff\xfe\x00", "The file of parameters cannot be read as TOML."),
        (b'election = "2027_pres_t1"', "The scenario names neither a bloc nor candidates."),
        (
            b'election = "2027_pres_t1"\nbloc = "left"\nhours = -1',
            "The hours to spend must be more than 0.",
        ),
        (b'election = "2027_pres_t1"\nbloc = "left"\nhours = "many"', "A setting is not a number."),
        (b'election = "2027_pres_t1"\nbloc = "left"\npreset = "x"', "Unknown preset “x”."),
        (b'election = "2027_pres_t1"\nbloc = "left"\nfoo = 1', "Unknown setting(s): foo."),
        (b'election = "2027_pres_t1"\nbloc = "left"\nweights = 3', "Not a table: weights."),
        (
            b'election = "2027_pres_t1"\nbloc = "left"\nplaces = "75"',
            "Candidates and places are lists of texts.",
        ),
        (
            b'election = "2027_pres_t1"\nbloc = "left"\n[weights]\nluck = 1',
            "Unknown weight(s): luck.",
        ),
        (
            b'election = "2027_pres_t1"\nbloc = "left"\n[params.share_open]\nvalue = 9',
            "share_open",
        ),
    ],
    ids=range(12),
)
def test_a_broken_scenario_is_explained_and_changes_nothing(page, text, said):
    app = page(bloc="left", hours="300", view="files")
    assert any("Sans les bureaux témoins, vos heures" in text for text in values(app.caption))
    give(app, text)
    assert translate(said) in errors(app)[0]
    assert selectbox(app, "bloc") == "left"
    assert app.number_input(key="hours").value == 300


def test_a_scenario_that_is_no_toml_is_explained_in_french(page):
    app = give(page(bloc="left", view="files"), b"election = [")
    assert "Le fichier de paramètres ne se lit pas comme du TOML." in errors(app)[0]
    assert any("Enregistrez-le de nouveau depuis la page Priorités" in e.value for e in app.info)


SAVED = [
    with_settings(LEFT, hours=250.0),
    Scenario("right", "2022_pres_t1"),
    with_settings(LEFT, preset="custom", weights=Weights(mobilise=0.2, need=1.0, visited=0.5)),
    with_settings(LEFT, params=Params.from_dict({"share_open": {"value": 0.3}})),
    Scenario("", "2027_pres_t1", candidates=("NUP",)),
    with_settings(LEFT, seed=7, draws=60),
]


@pytest.mark.parametrize("scenario", SAVED, ids=range(len(SAVED)))
def test_a_saved_scenario_opens_again(page, places, scenario):
    table = places.valmont.read("candidates")
    if scenario.candidates:
        scenario = Scenario("", "2027_pres_t1", candidates=(table["name"].iloc[0],))
    app = give(page(bloc="centre", view="files"), scenario.to_toml().encode())
    assert not errors(app)
    show(app, "map")
    assert_shows(app, places.valmont, scenario)


def test_weights_above_one_keep_their_proportions(page, places):
    weights = Weights(mobilise=4.0, need=2.0, visited=1.0)
    scenario = with_settings(LEFT, preset="custom", weights=weights)
    app = give(page(bloc="left", view="files"), scenario.to_toml().encode())
    assert [slider.value for slider in app.slider] == [100, 0, 0, 50, 0, 100]
    show(app, "map")
    assert_shows(app, places.valmont, scenario)


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ({}, ("2A004",)),
        ({"department": "2A", "commune": "2A004"}, ()),
        ({"department": "01"}, ("2A",)),
        ({"department": "01", "commune": "01053"}, ("2A004",)),
    ],
)
def test_a_saved_scenario_opens_on_its_territory(page, places, before, kept):
    scenario = Scenario("left", "2027_pres_t1", places=kept)
    app = page(workspace="nation", bloc="left", view="files", **before)
    give(app, scenario.to_toml().encode())
    show(app, "map")
    assert_shows(app, places.nation, scenario)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bloc": "vert"}, "vert"),
        ({"election": "1999_euro_t1"}, "1999_euro_t1"),
        ({"bloc": "", "candidates": ("NOBODY",)}, "NOBODY"),
        ({"places": ("75056",)}, "75056"),
        ({"settings": Settings(hours=250.5)}, number(250.5, 2)),
        (
            {"settings": Settings(preset="custom", weights=Weights(mobilise=1, classic=0.5))},
            part_name("classic"),
        ),
    ],
    ids=["bloc", "election", "candidate", "place", "hours", "weight"],
)
def test_what_does_not_fit_is_said(page, changes, said):
    app = give(page(bloc="left", view="files"), replace(LEFT, **changes).to_toml().encode())
    assert not app.exception
    assert any(said in text for text in values(app.warning))


def test_of_several_territories_one_is_shown_and_said(page):
    scenario = Scenario("left", "2027_pres_t1", places=("2A004", "01"))
    app = give(page(workspace="nation", view="files"), scenario.to_toml().encode())
    assert selectbox(app, "commune") == "2A004"
    assert any("2A004, 01" in text for text in values(app.warning))


def show(app, view):
    app.segmented_control(key="view").set_value(view).run()
    assert not app.exception


# The other views


def test_the_card_opens_on_what_the_list_shows_first(monkeypatch):
    ids = pd.Series(["98601_0001", "ZZ001_0001", "97101_0001", "01001_0002", "01001_0001"])
    assert bureaux.first_listed(ids) == 3
    # Where all lies overseas, its own first.
    assert bureaux.first_listed(ids.head(3)) == 0
    shown = []
    monkeypatch.setattr(bureaux.st, "session_state", {})
    monkeypatch.setattr(bureaux.st, "dataframe", lambda table, **_k: shown.append(table))
    table = pd.DataFrame({"bureau_id": ids, "label": ids})
    bureaux.show_list(table, {}, key="l")
    assert shown[0].iloc[0].tolist() == [ids[3]]


def test_a_list_that_has_left_the_screen_chooses_nothing(monkeypatch):
    session, lists = {}, {}
    monkeypatch.setattr(bureaux.st, "session_state", session)
    monkeypatch.setattr(bureaux.st, "dataframe", lambda _shown, **k: lists.update({k["key"]: k}))
    ids = pd.Series(["a", "b", "c"])
    table = pd.DataFrame({"bureau_id": ids, "label": ids})

    def listed():
        before = {*lists}
        bureaux.show_list(table, {"x": pd.Series([1, 2, 3])}, key="list")
        (name,) = {*lists} - before
        return name

    def send(name, rows):
        session[name] = {"selection": {"rows": rows}}
        lists[name]["on_select"]()

    first = listed()
    send(first, [1])
    assert state.selected() == "b"
    second = listed()
    state.select(None)
    assert listed() not in {first, second}
    # A browser that is behind sends what stood in the lists before.
    send(second, [1])
    send(first, [1])
    assert state.selected() is None


def test_two_scenarios_stand_side_by_side(page, places):
    app = page(bloc="left", view="compare")
    assert values(app.metric) == []
    app.button[0].click().run()
    app.number_input(key="hours").set_value(1000).run()
    a = answered(places.valmont, LEFT)[0]
    b = answered(places.valmont, with_settings(LEFT, hours=1000.0))[0]
    table = next(text for text in values(app.markdown) if text.startswith("| | A | B |"))
    cells = [row.strip("| ").split(" | ")[1:] for row in table.splitlines()[2:]]
    assert cells == [list(pair) for pair in zip(reach(a), reach(b), strict=True)]
    assert len(app.get("bidi_component")) == 2
    text = _("**{same}** bureaux are reached in both, **{new}** only in B, **{gone}** only in A.")
    assert text.format(same=a.k, new=b.k - a.k, gone=0) in values(app.markdown)
    assert len(app.dataframe[-1].value) == b.k - a.k
    app.selectbox(key="preset").select("abstainers_first").run()
    moved = app.dataframe[-1].value
    other = with_settings(LEFT, hours=1000.0, preset="abstainers_first")
    ranks = [
        r.table.set_index(pd.Index(numbered(r.table["bureau_id"])))["rank"]
        for r in (a, answered(places.valmont, other)[0])
    ]
    np.testing.assert_array_equal(moved[_("Rank in A")], ranks[0][called(moved[_("Bureau")])])
    np.testing.assert_array_equal(moved[_("Rank in B")], ranks[1][called(moved[_("Bureau")])])
    np.testing.assert_array_equal(
        moved[_("Places gained")], moved[_("Rank in A")] - moved[_("Rank in B")]
    )


@pytest.fixture(scope="module")
def held(places):
    """Seal a trial in a copy of Valmont; return the ranking as it leaves the house."""
    place = Workspace(shutil.copytree(places.valmont.path, places.folder / "held"))
    scenario = with_settings(LEFT, hours=700.0)
    ranking, prospects = answered(place, scenario)
    design = declare(trial_units(ranking.table), Rule("priority", unit="unit_id"))
    keep(place.path, sealed_with(design, 4, texts := {SCENARIO: scenario.to_toml()}), texts)
    return ranking_file(place, scenario, ranking, prospects)


def test_with_a_sealed_trial_everything_is_counted_without_its_controls(page, held):
    announced, k = held.announced, held.announced.k
    controls = {*held.ranking.table["bureau_id"]} - {*announced.table["bureau_id"]}
    assert controls
    assert k != held.ranking.k, "the test needs hours at which it shows"
    app = page(workspace="held", bloc="left", hours="700")
    told = _("Counted without the {n} bureaux that the sealed trial leaves alone.")
    assert told.format(n=number(len(controls))) in values(app.caption)
    assert values(app.metric) == reach(announced)
    # Every bureau is listed; the hours never come to a control.
    shown = ranked_list(app)
    assert len(shown) == len(held.ranking.table)
    said = _("held back") + " · "
    marked = shown[_("Bureau")].str.startswith(said)
    assert marked.sum() == len(controls)
    shown[_("Bureau")] = shown[_("Bureau")].str.removeprefix(said)
    chances = shown.set_index(pd.Index(called(shown[_("Bureau")])))[_("Top {k} (%)").format(k=k)]
    assert (chances[numbered(pd.Series(sorted(controls)))] == 0).all()
    assert chances.sum() == pytest.approx(100 * k, abs=len(shown) / 2)
    first = next(text for text in values(app.markdown) if "chance" in text and "**Rang" in text)
    assert first.endswith(f"dans les {number(k)} premiers")
    show(app, "compare")
    app.button[0].click().run()
    table = next(text for text in values(app.markdown) if text.startswith("| | A | B |"))
    cells = [row.strip("| ").split(" | ")[1:] for row in table.splitlines()[2:]]
    assert cells == [[one, one] for one in reach(announced)]
    same = _("**{same}** bureaux are reached in both, **{new}** only in B, **{gone}** only in A.")
    assert same.format(same=k, new=0, gone=0) in values(app.markdown)


def test_a_scenario_is_kept_opened_copied_compared_and_deleted(page, places):
    folder = places.valmont.path / "scenarios"
    app = page(bloc="left", view="compare")
    app.text_input(key="named.name").set_value("  Tour   1 ")
    app.button(key="named.keep").click().run()
    assert app.selectbox(key="named.chosen").value == "Tour 1"
    assert [one.value for one in app.success] == [
        _("Kept as “{name}”, version {n}.").format(name="Tour 1", n=1)
    ]
    app.number_input(key="hours").set_value(1000).run()
    app.text_input(key="named.name").set_value("Tour 1")
    app.button(key="named.keep").click().run()
    now = kept_scenarios.kept(places.valmont)["Tour 1"]
    assert [one.scenario().settings.hours for one in now.versions] == [500.0, 1000.0]
    app.selectbox(key="named.version").set_value(1)
    app.run()
    app.button(key="named.open_version").click().run()
    assert app.number_input(key="hours").value == 500
    assert "Tour 1" in app.success[0].value
    app.button(key="named.a").click().run()
    assert any(text.startswith("| | A | B |") for text in values(app.markdown))
    assert f"{number(1000)} h" in " ".join(values(app.markdown))
    app.button(key="named.copy").click().run()
    assert app.selectbox(key="named.chosen").value == "Tour 1 (2)"
    app.button(key="named.forget").click().run()
    assert [*kept_scenarios.kept(places.valmont)] == ["Tour 1"]
    app.text_input(key="named.name").set_value("   ")
    app.button(key="named.keep").click().run()
    assert values(app.error) == ["Un scénario se garde sous un nom."]
    (folder / "half.json").write_text("{", encoding="utf-8")
    app.run()
    assert any("`scenarios/half.json`" in text for text in values(app.warning))
    assert not app.exception
    shutil.rmtree(folder)


def test_communes_count_the_bureaux_reached_without_the_controls(held):
    place, announced = held.workspace, held.announced
    whole = ranking_by(place, held.ranking, "commune", announced)
    assert whole["reached"].sum() == announced.k
    assert whole["bureaux"].sum() == len(announced.table)
    for name in ("hours", "doors"):
        assert whole[name].sum() == pytest.approx(announced.table[name].sum())
    assert whole["registered"].sum() == held.ranking.table["registered"].sum()
    assert ranking_by(place, held.ranking, "commune")["reached"].sum() == held.ranking.k


@pytest.fixture(scope="module")
def looked_back(places):
    """Look back at past elections as the library does."""
    return validate(places.valmont, blocs=("left",)).means


@pytest.fixture
def _few_pasts(monkeypatch):
    """Draw few pasts: how well intervals hold is tested with the library."""
    monkeypatch.setitem(calibrate.__kwdefaults__, "size", (4, 6))


@pytest.mark.usefixtures("_few_pasts")
def test_the_checks_are_those_of_the_library(page, places, looked_back):
    app = page(bloc="left", view="checks")
    past, worlds = (text for text in values(app.markdown) if text.startswith(f"| {_('Order')} |"))
    means = looked_back
    told = [row.strip("| ").split(" | ") for row in past.splitlines()[2:]]
    assert [row[1] for row in told] == [f"**{percent(share, 1)}**" for share in means]
    assert {method_name(name) for name in means.index} == {row[0] for row in told}
    ranking, prospects = answered(places.valmont, LEFT)
    worst = compare(prospects)["worst"].sort_values(ascending=False)
    told = [row.strip("| ").split(" | ")[1] for row in worlds.splitlines()[2:]]
    assert told == [percent(share, 0) for share in worst]
    # The rival is named where it wins; where none does, that is said.
    names = [method_name(name) for name in worst.index if worst[name] > worst["default"] + 0.005]
    said = next(text for text in values(app.markdown) if percent(worst["default"], 0) + "." in text)
    assert (f"**{names[0]}**" in said) if names else ("**" not in said)
    r = ranking.size_correlation
    said = [text for text in values(app.markdown) if f"**{number(r, 2)}**" in text]
    assert len(said) == 1
    held = calibration_of(prospects, "left")
    assert any(f"**{percent(held.coverage(), 1)}**" in text for text in values(app.markdown))


@pytest.mark.usefixtures("_few_pasts")
def test_a_look_back_without_enough_elections_says_so_beside_the_other_check(page):
    app = page(bloc="left", view="checks", election="2017_legi_t1")
    assert errors(app)
    assert len(app.subheader) == 4


@pytest.mark.parametrize(
    ("preset", "method"), [("abstainers_first", "mobilise"), ("gain_per_hour", "default")]
)
def test_above_the_list_stands_what_the_order_would_have_met(page, looked_back, preset, method):
    app, means = page(bloc="left", preset=preset), looked_back
    wanted = [means[name] for name in (method, "support", "classic_2014")]
    loses = means.max() > means[method] + 0.005
    told = values(app.warning if loses else app.caption)
    said = next(text for text in told if preset_name(preset) in text and "50+1" in text)
    assert all(percent(share, 1) in said for share in wanted)


def test_a_look_back_at_candidates_or_without_elections_says_why_there_is_none(page):
    none = _("No past election of this place can be looked back at: see the view Checks.")
    assert none in values(page(bloc="left", election="2017_legi_t1").caption)


def test_a_link_to_a_place_that_is_not_here_says_so(page):
    app = page(workspace="elsewhere", bloc="left")
    assert any("elsewhere" in text for text in values(app.warning))
    app.number_input(key="hours").set_value(600).run()
    assert any("elsewhere" in text for text in values(app.warning))


# Pinned and excluded by hand


@pytest.mark.parametrize("kind", ["pinned", "excluded"])
def test_a_bureau_goes_first_or_out_by_hand_with_its_reason_and_back_again(page, places, kind):
    ids = answered(places.valmont, LEFT)[0].table["bureau_id"].astype("str").tolist()
    bureau, reason = ids[4], "marché du jeudi = tout le quartier ; à midi, demander Zoé"

    def look_at(app):
        app.session_state[state._BUREAU] = bureau
        return app.run()

    app = look_at(page(bloc="left"))
    first = _("Write the reason first: whoever reads the file will ask.")
    assert first in values(app.caption)
    app.text_input(key=f"hand.reason.{bureau}").set_value("   ")
    app.button(key=f"hand.{kind}.{bureau}").click().run()
    assert first in values(app.warning)
    assert kind not in links(app)
    # The press comes with what was typed: a browser sends the text when the field is left for it.
    app.text_input(key=f"hand.reason.{bureau}").set_value(f" {reason} ")
    assert not app.button(key=f"hand.{kind}.{bureau}").disabled
    app.button(key=f"hand.{kind}.{bureau}").click().run()
    assert first not in values(app.warning)
    assert not app.exception
    decided = with_settings(LEFT, **{kind: {bureau: reason}})
    table = answered(places.valmont, decided)[0].table
    # Those without ground come after whatever was excluded.
    at = 0 if kind == "pinned" else int(table["reachable"].sum()) - 1
    assert table["bureau_id"].iloc[at] == bureau

    def order(shown):
        return called(ranked_list(shown)[_("Bureau")])

    again = look_at(page(**links(app)))
    for one in (app, again):
        assert order(one) == numbered(table["bureau_id"])
        said = {
            "pinned": _("Pinned by hand: {reason}"),
            "excluded": _("Excluded by hand: {reason}"),
        }
        assert said[kind].format(reason=reason) in values(one.info)
        assert not [b for b in one.button if b.key == f"hand.pinned.{bureau}"]
    again.button(key=f"hand.back.{bureau}").click().run()
    assert order(again) == numbered(pd.Series(ids))
    assert kind not in links(again)


def test_nonsense_by_hand_in_the_link_is_left_aside(page, places):
    app = page(bloc="left", pinned="99900_0001=  ", excluded="=why")
    assert not errors(app)
    assert_shows(app, places.valmont, LEFT)


# Doors already visited


def opened(app, folded):
    """Unfold an expander, whose content is made only then."""
    app.session_state[folded] = True
    return app.run()


def test_doors_visited_move_a_bureau_down(page, places):
    folder = shutil.copytree(places.valmont.path, places.folder / "visited")
    weights = Weights(persuade=0.5, visited=1.0)
    scenario = with_settings(LEFT, preset="custom", weights=weights)
    first = answered(places.valmont, scenario)[0].table["bureau_id"].iloc[0]
    own = {"bloc": "left", "preset": "custom", "w_persuade": "50", "w_visited": "100"}
    app = page(workspace="visited", **own)
    table = f"bureau_id,covered\n{first},1.0\n"
    opened(app, "visited.open")
    app.file_uploader(key="visited.file").upload("covered.csv", table.encode()).run()
    assert not app.exception
    assert not errors(app)
    assert (folder / "covered.csv").read_text() == table
    assert_shows(app, Workspace(folder), scenario)
    assert called(ranked_list(app)[_("Bureau")])[0] != numbered([first])[0]
    app.button[0].click().run()
    assert not (folder / "covered.csv").exists()
    assert_shows(app, places.valmont, scenario)


@pytest.mark.parametrize("table", ["", "a,b\n", "bureau_id,covered\n99900_0001,many\n"])
def test_a_wrong_table_of_visits_is_explained_and_not_kept(page, places, table):
    folder = places.folder / "misread"
    shutil.copytree(places.valmont.path, folder, dirs_exist_ok=True)
    app = opened(page(workspace="misread", bloc="left"), "visited.open")
    app.file_uploader(key="visited.file").upload("covered.csv", table.encode()).run()
    assert not app.exception
    assert len(errors(app)) == 1
    assert not (folder / "covered.csv").exists()
    assert_shows(app, places.valmont, LEFT)


@pytest.mark.parametrize(
    ("elections", "doubt"),
    [("2024_legi_t1", True), ("2024_legi_t1 2024_legi_t2", True), ("2022_pres_t1", False),
     ("2022_pres_t1 2024_legi_t1", False)],
)  # fmt: skip
def test_a_round_that_nothing_follows_is_in_doubt(places, monkeypatch, elections, doubt):
    told = []
    monkeypatch.setattr(bureau_card.st, "warning", told.append)
    past = answered(places.valmont, LEFT)[1].history.elections
    bureau_card._far_out(elections, set(), past)
    assert told[0].startswith("En doute") == doubt
    bureau_card._far_out("", set(), past)
    assert len(told) == 1


def test_the_card_says_where_votes_were_put_back(monkeypatch):
    told = []
    monkeypatch.setattr(bureau_card.st, "warning", told.append)
    bureau_card._put_back([])
    assert not told
    bureau_card._put_back(["2019_euro_t1"])
    (sentence,) = told
    assert sentence.startswith("Européennes 2019")
    assert "à la place d’un autre candidat" in sentence


def test_municipal_elections_can_be_prepared_and_looked_back_at(page, places, tmp_path):
    """To come or past, whether the files know them; councils of arrondissements in three cities."""
    app = page(election="2032_muni_t1")
    box = app.selectbox(key="election")
    assert box.value == "2032_muni_t1"
    assert election_name("2032_muni_t1") in box.options
    assert election_name("2028_dpmt_t1") in box.options
    past = _("{name} (past)")
    assert past.format(name=election_name("2026_muni_t1")) in box.options
    assert not any(election_name("2032_arrd_t1") in option for option in box.options)
    box.select("2026_muni_t1").run()
    assert not app.exception
    assert selectbox(app, "election") == "2026_muni_t1"
    assert ranked_list(app) is not None

    tables = sample_results()
    for table in tables:
        table[["code_departement", "code_commune"]] = ["75", "75056"]
    folder = places.folder / "capital"
    build(Inputs(*write_results(tmp_path, *tables)), folder)
    try:
        app = page(workspace="capital", election="2032_arrd_t1")
        assert selectbox(app, "election") == "2032_arrd_t1"
        options = app.selectbox(key="election").options
        assert election_name("2032_muni_t2") in options
        # Its council is the city's.
        assert election_name("2028_dpmt_t1") not in options
        assert election_name("2028_regi_t1") in options
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ((0.08, 0.02, 0.2), "une voix pour 13 heures (5 à 50)"),
        ((0.02, -0.01, 0.05), "une voix pour 50 heures (20, ou aucune)"),
        ((2.5, 2.0, 4.0), "une voix pour 0,4 heure (0,3 à 0,5)"),
        ((0.0, -0.01, 0.02), "aucune voix gagnée"),
        ((-0.02, -0.05, -0.01), "aucune voix gagnée"),
    ],
)
def test_a_vote_is_told_in_hours_or_as_none(gain, said):
    names = ("gain_per_hour", "gain_lower", "gain_upper")
    assert ranking_view.vote_of(pd.Series(dict(zip(names, gain, strict=True)))) == said
