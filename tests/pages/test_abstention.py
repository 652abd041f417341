"""The Abstention page in its states: what it shows is what the library computes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.abstention.backtest import backtest_abstention
from analysis.electorate.abstention.forecast import forecast_abstention
from analysis.electorate.abstention.habitual import split_abstainers
from analysis.electorate.abstention.level import Level
from analysis.electorate.abstention.series import Series
from analysis.electorate.history import read_history
from analysis.exports import read_provenance
from analysis.exports.column_units import units_of
from analysis.exports.model_export import Written
from analysis.exports.registry import file_of, put_leaving
from analysis.tables.elections import Choice
from analysis.workflows.abstention import finding, look_ahead
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import Scenario, answer, target_of
from analysis.workflows.reproduce import reproduce
from pages._ui import bureaux
from pages._ui.abstention import abstention_card, abstention_proof
from pages._ui.i18n import _, election_name, number, percent, pgettext
from pages._ui.messages import translate
from tests.made import called, candidates, general, numbered, sample_results, write_results

# Outside a session the app's own texts and numbers are French, as the page is here.
COMING = "2027_pres_t1"


@pytest.fixture
def page(open_app):
    """Open the page by a link."""

    def page(**query):
        app = open_app("abstention", **query)
        assert not app.exception
        return app

    return page


@pytest.fixture(scope="module")
def single(places, tmp_path_factory):
    """Build a town that has voted once."""
    tables = [t[t["id_election"] == "2022_pres_t1"] for t in sample_results()]
    folder = tmp_path_factory.mktemp("single")
    return build(Inputs(*write_results(folder, *tables)), places.folder / "single")


def series_of(workspace, election=COMING, places=()):
    target = target_of(workspace, election)
    history = read_history(workspace, Choice("left"), before=target.date, places=places)
    return Series.of_history(history).surrounded(workspace, target), target


def forecast_of(workspace, election=COMING, level=None, places=()):
    series, target = series_of(workspace, election, places)
    return forecast_abstention(series, target, level=level)


def values(elements):
    return [each.value for each in elements]


def listed(app):
    named = {pgettext("list", "Abstention (%)"), _("Bureau")}
    return next(f.value for f in app.dataframe if named <= {*f.value})


def assert_shows(app, forecast):
    """Compare the numbers, the list and the card with a forecast of the library."""
    table = forecast.table
    low, high = np.quantile(table["abstention"], [0.1, 0.9])
    width = (table["high_90"] - table["low_90"]).median()
    assert values(app.metric) == [
        percent(forecast.level.value),
        _("{low} to {high}").format(low=percent(low, 0), high=percent(high, 0)),
        _("± {n} points").format(n=number(50 * width, 1)),
    ]
    # A bureau of postal votes begins with letters: it has no ground and never leads.
    postal = ~table["bureau_id"].str.rpartition("_")[2].str.isdigit()
    ordered = table.assign(postal=postal).sort_values(
        ["postal", "abstention", "bureau_id"], ascending=[True, False, True]
    )
    shown = listed(app)
    assert called(shown[_("Bureau")]) == numbered(ordered["bureau_id"])
    expected = pgettext("list", "Abstention (%)")
    for column, name in {expected: "abstention", _("from"): "low_90", _("to"): "high_90"}.items():
        np.testing.assert_array_equal(shown[column], (100 * ordered[name]).round(1))
    np.testing.assert_array_equal(shown[_("Registered")], ordered["registered"])


def test_the_forecast_is_the_librarys_and_that_of_the_page_priorities(page, places):
    app = page()
    forecast = forecast_of(places.valmont)
    assert_shows(app, forecast)
    ranked, _found = answer(places.valmont, Scenario("right", COMING))
    same = ranked.table.set_index("bureau_id").loc[forecast.table["bureau_id"]]
    np.testing.assert_allclose(
        same["expected_abstention"], forecast.table["abstention"], rtol=0, atol=1e-12
    )
    assert len(app.get("bidi_component")) == 1


def test_a_level_of_ones_own_moves_all_bureaux_and_travels_by_the_link(page, places):
    app = page(a_from="given", a_level="45", a_error="2.5")
    forecast = forecast_of(places.valmont, level=Level(0.45, 0.025))
    assert_shows(app, forecast)
    assert app.metric[0].value == percent(0.45)
    app.number_input(key="a_level").set_value(30.0).run()
    again = page(**dict(app.query_params))
    assert_shows(again, forecast_of(places.valmont, level=Level(0.30, 0.025)))


def test_the_level_that_is_offered_first_is_the_expected_one(page, places):
    app = page()
    app.selectbox(key="a_from").select("given").run()
    expected = forecast_of(places.valmont).level
    assert app.number_input(key="a_level").value == round(100 * expected.value, 1)
    assert app.number_input(key="a_error").value == round(100 * expected.std_error, 1)


def test_a_past_election_is_forecast_with_what_was_known_then(page, places):
    assert_shows(page(election="2022_legi_t1"), forecast_of(places.valmont, "2022_legi_t1"))


def test_the_card_opens_on_the_first_row_of_the_list(page, places):
    app = page()
    first = listed(app)[_("Bureau")].iloc[0]
    # Beside the map the list leaves out the commune, which is the same for all, and its own title.
    assert app.subheader[0].value == f"Bureau {first}, Valmont"
    # Bureaux alike in their forecast, in another order than the list's; the first off the map.
    found = look_ahead(places.valmont, COMING)
    table = found.forecast.table[::-1].reset_index(drop=True).assign(abstention=0.5)
    units = found.units[::-1].reset_index(drop=True)
    units.loc[len(units) - 1, "vintage"] = pd.NA
    alike = replace(found, forecast=replace(found.forecast, table=table), units=units)
    first = table["bureau_id"].iloc[abstention_card.row_in_view(alike)]
    assert first == table["bureau_id"].min()


def test_the_card_tells_the_bureau_in_view(page, places):
    app = page()
    forecast, split = forecast_of(places.valmont), split_abstainers(series_of(places.valmont)[0])
    row = 7
    app.session_state["state.bureau"] = forecast.table["bureau_id"].iloc[row]
    app.run()
    one = forecast.with_level_error().iloc[row]
    assert app.subheader[0].value.endswith(", Valmont")
    assert called([app.subheader[0].value.lower()]) == numbered([one["bureau_id"]])
    told = " ".join(values(app.markdown))
    for name in ("abstention", "low_50", "high_50", "low_90", "high_90", "low_all", "high_all"):
        assert percent(one[name]) in told
    for name in ("constant", "constant_high", "intermittent", "intermittent_low"):
        assert percent(split[name].iloc[row]) in told
    bounds = (percent(split[name].iloc[row]) for name in ("constant_low", "constant_high"))
    assert "on sait seulement que c’est entre {} et {}".format(*bounds) in told


def test_the_fan_opens_from_the_last_count_to_the_forecast(places):
    found = look_ahead(places.valmont, COMING)
    series, forecast = found.series, found.forecast
    shown = abstention_card.past_and_fan(found, 3)
    past = len(series.elections)
    np.testing.assert_array_equal(shown["bureau"].iloc[:past], series.rates[3])
    np.testing.assert_array_equal(shown["place"].iloc[:past], series.levels)
    one = forecast.table.iloc[3]
    for name in abstention_card.FAN:
        assert shown[name].dropna().tolist() == [series.rates[3][-1], one[name]]
    assert shown["bureau_next"].iloc[-1] == one["abstention"]
    assert shown["place_next"].iloc[-1] == forecast.level.value
    assert shown["election"].is_unique


def test_without_contours_the_list_is_whole_and_the_map_is_of_its_levels(page, places):
    app = page(workspace="nation")
    assert_shows(app, forecast_of(places.nation))
    assert app.get("bidi_component")
    assert not [note for note in app.info if note.value.startswith("Pas de carte")]


def test_a_commune_is_forecast_on_its_own(page, places):
    app = page(workspace="nation", department="2A", commune="2A004")
    assert_shows(app, forecast_of(places.nation, places=("2A004",)))


@pytest.mark.parametrize("election", ["2024_legi_t1", "2022_pres_t2"])
def test_the_look_back_is_the_librarys(page, places, election):
    app = page(a_view="proof", a_back=election)
    found = backtest_abstention(places.valmont, target_of(places.valmont, election))
    methods = found.methods.set_index("method")
    errors = methods["mae_points_common"]
    rule = errors.drop("model").idxmin()
    told = values(app.markdown)[0]
    assert f"**{election_name(election)}**" in told
    for value in (errors["model"], errors[rule]):
        # French counts below two are singular.
        noun = "points" if round(value, 2) >= 2 else "point"
        assert f"**{number(value, 2)} {noun}**" in told
    assert abstention_proof.method_name(rule) in told
    assert number(found.noise_floor_points, 2) in told
    better = _("Here a rule of thumb did better than the forecast.")
    assert (better in values(app.warning)) == bool(errors[rule] < errors["model"])
    shown = app.dataframe[0].value
    np.testing.assert_array_equal(shown[_("Mean error (points)")], methods["mae_points"].round(2))
    # A group is told with its number; one of none is not shown.
    own = methods.loc["model"]
    groups = {"": "n_judged", "_small": "n_small", "_large": "n_large"}
    names = abstention_proof.group_names()
    for suffix, count in groups.items():
        title = f"90\u202f% · {names[suffix]} ({number(int(own[count]))})"
        assert (title in shown) == (own[count] > 0)
        if own[count]:
            assert shown[title].iloc[0] == round(100 * own[f"coverage_90{suffix}"], 1)


def test_always_and_sometimes_stand_between_bounds_and_say_what_they_are(page, places):
    app = page(a_view="split")
    series, target = series_of(places.valmont)
    split, size = split_abstainers(series), series.units["registered"]
    constant, sometimes = (
        np.average(split[name], weights=size) for name in ("constant", "intermittent")
    )
    assert values(app.metric) == [
        percent(constant), percent(sometimes), percent(1 - constant - sometimes)
    ]  # fmt: skip
    assert "ne disent pas qui s’abstient deux fois" in app.warning[0].value
    shown = app.dataframe[0].value
    ordered = split.sort_values(["constant", "bureau_id"], ascending=[False, True])
    np.testing.assert_array_equal(shown[_("Constant ≤")], (100 * ordered["constant_high"]).round(1))


def test_one_past_election_is_enough_to_forecast_but_not_to_tell_who_always_abstains(page, single):
    app = page(workspace="single")
    assert_shows(app, forecast_of(single))
    app = page(workspace="single", a_view="split")
    assert values(app.error) == [
        translate(
            "Two first rounds of different kinds are needed to tell constant from intermittent "
            "abstainers."
        )
    ]
    app = page(workspace="single", a_view="proof")
    assert values(app.info) == [_("One election alone: nothing can be looked back at.")]


def test_a_place_whose_first_candidates_have_no_bloc_is_forecast_all_the_same(
    page, places, tmp_path
):
    # The largest bloc of the place did not stand, by that name, before the election asked for.
    names = ("2017_legi_t1", "2022_legi_t1")
    counts = general(*((name, "31555", "0001", 500, 300, 0, 0) for name in names))
    votes = candidates(
        (names[0], "31555", "0001", "ZZZ", "NOBODY", 300),
        (names[1], "31555", "0001", "RN", "NEWCOMER", 300),
    )
    build(Inputs(*write_results(tmp_path, counts, votes)), places.folder / "no_bloc")
    app = page(workspace="no_bloc", election=names[1])
    assert not app.error
    said = "Repose sur\xa0: son propre passé\u202f; vu à 1 élection passée."
    assert said in values(app.caption)


NONSENSE = {"a_from": "zz", "a_level": "abc", "a_error": "-4", "a_view": "nowhere"}


@pytest.mark.parametrize(
    "query", [NONSENSE, {"election": "1812_pres_t1"}, {"commune": "75056", "a_back": "never"}]
)
def test_nonsense_in_the_link_is_left_aside(page, places, query):
    app = page(**query)
    assert not app.error
    assert_shows(app, forecast_of(places.valmont))


@pytest.mark.parametrize(("said", "level"), [("-3", 1.0), ("500", 99.0)])
def test_a_level_beyond_its_range_is_the_nearest(page, said, level):
    app = page(a_from="given", a_level=said)
    assert app.number_input(key="a_level").value == level


@pytest.mark.parametrize("said", ["nan", "inf", "", "abc"])
def test_a_level_that_is_no_number_is_the_expected_one(page, places, said):
    app = page(a_from="given", a_level=said)
    expected = forecast_of(places.valmont).level.value
    assert app.number_input(key="a_level").value == round(100 * expected, 1)


@pytest.mark.parametrize("level", [None, Level(0.4, 0.02)])
def test_the_file_holds_the_forecast_and_is_made_again(places, tmp_path, level):
    found = look_ahead(places.valmont, COMING, level=level)
    held = found.forecast.table
    for tongue in ("en", "fr"):
        french = tongue == "fr"
        how = Written(tongue, "excel_fr" if french else "plain", "One.\nTwo.")
        leaving = finding(places.valmont, (), found, written=how)
        file = tmp_path / f"forecast_{tongue}.csv"
        put_leaving(file, leaving)
        read = pd.read_csv(file, sep=";" if french else ",", decimal="," if french else ".")
        np.testing.assert_allclose(read["abstention"], held["abstention"], rtol=1e-9)
        np.testing.assert_allclose(read["constant"], found.split["constant"], rtol=1e-9)
        assert reproduce(file).identical
    units = leaving.provenance.units
    rows = units_of(read, stated=units, language="fr")
    assert [row["column"] for row in rows if not row["meaning"]] == []
    assert all(unit["meaning"] for unit in units)


@pytest.mark.parametrize("suffix", [".xlsx", ".geojson", ".parquet"])
def test_every_table_of_the_forecast_is_made_again(places, tmp_path, suffix):
    found = look_ahead(places.valmont, COMING)
    file = tmp_path / f"forecast{suffix}"
    how = Written("fr", "excel_fr", "À lire.")
    file.write_bytes(file_of(finding(places.valmont, (), found, written=how), suffix))
    assert reproduce(file).identical


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_map_of_the_forecast_is_made_again(places, tmp_path, suffix):
    found = look_ahead(places.valmont, COMING)
    file = tmp_path / f"map{suffix}"
    leaving = finding(places.valmont, (), found, figure="map", written=Written("en"))
    file.write_bytes(file_of(leaving, suffix))
    assert read_provenance(file).parameters["figure"] == "map"
    assert reproduce(file).identical


@pytest.mark.parametrize(("workspace", "closed"), [("valmont", 0), ("nation", 4)])
def test_the_page_offers_its_files(page, workspace, closed):
    # Without contours there is no GeoJSON and no map.
    offered = page(a_view="files", workspace=workspace).get("download_button")
    assert len(offered) == 10
    assert sum(button.proto.disabled for button in offered) == closed


def test_the_page_speaks_english(page, places):
    app = page(lang="en")
    level = forecast_of(places.valmont).level.value
    assert app.title[0].value == "Abstention"
    assert app.metric[0].label == "Abstention in the whole place"
    assert app.metric[0].value == f"{100 * level:.1f}%"


def test_a_code_is_put_in_words_once_however_many_rows_have_it():
    asked = []
    codes = pd.Series(["own", "place", "own"] * 9)
    assert bureaux.in_words(codes, lambda one: asked.append(one) or one[:2]).tolist() == [
        "ow", "pl", "ow"
    ] * 9  # fmt: skip
    assert asked == ["own", "place"]
