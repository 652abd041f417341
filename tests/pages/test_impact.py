"""The page Impact: what it shows of a table is what the library estimates on it."""

import datetime as dt
import io
import json
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from analysis import i18n as languages
from analysis.experiments import guess_columns
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.declared_design import with_seal
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.effects import estimate_impact
from analysis.experiments.outcomes import outcomes_of
from analysis.exports.registry import formats_of
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import SCENARIO, keep, open_trial, retire, sealed_with
from pages._ui.i18n import _, bloc_name, election_name
from pages._ui.impact import impact_settings, trial_report
from pages._ui.impact.source import BROUGHT, OURS, Source
from pages._ui.messages import translate
from pages._ui.trial.seal_names import outcome_names
from tests.pages.answered import answered

pytestmark = pytest.mark.slow
SPEC = Spec(
    ("turnout", "left_share"),
    received="received",
    reached="reached",
    block="block",
    weight="registered",
    unit="bureau_id",
)
TRIAL = Scenario("left", "2024_legi_t1")


def values(elements):
    return [each.value for each in elements]


def trial(blocks=30, *, seed=1):
    """Return a table of a trial: blocks of five, one control, some controls reached."""
    rng = np.random.default_rng(seed)
    size = 5 * blocks
    block = np.repeat(np.arange(blocks), 5)
    assigned = np.tile([1, 1, 0, 1, 1], blocks)
    received = np.where(assigned == 1, rng.random(size) < 0.6, rng.random(size) < 0.05)
    return pd.DataFrame(
        {
            "bureau_id": [f"99900_{n + 1:04d}" for n in range(size)],
            "block": block,
            "assigned": assigned,
            "received": received.astype(int),
            "reached": (0.05 + 0.4 * received + 0.02 * rng.random(size)).round(4),
            "registered": rng.integers(400, 1200, size),
            "turnout": (0.6 + rng.normal(0, 0.03, size)).round(6),
            "left_share": (0.3 + 0.03 * received + rng.normal(0, 0.02, size)).round(6),
            "left_before": (0.3 + rng.normal(0, 0.02, size)).round(6),
        }
    )


def csv(table):
    return table.to_csv(index=False).encode()


def parquet(table):
    out = io.BytesIO()
    table.to_parquet(out)
    return out.getvalue()


def workbook(table):
    out = io.BytesIO()
    table.to_excel(out, index=False)
    return out.getvalue()


@pytest.fixture
def page(open_app):
    """Open the page."""

    def page(**query):
        app = open_app("impact", **query)
        assert not app.exception
        return app

    return page


def bring(app, content, name="trial.csv"):
    app.file_uploader(key="impact.file").upload(name, content).run()
    assert not app.exception
    return app


def show(app, view):
    app.segmented_control(key="i_view").set_value(view).run()
    assert not app.exception
    return app


def told(impact, outcome):
    names = ("assignment", "allocation", "coverage")
    found = [impact.pick(outcome, name) for name in names]
    return [e.told(e.value, "fr") for e in found]


def of(app, key):
    """Return a widget whose key ends so: its beginning names the table."""
    boxes = [*app.selectbox, *app.multiselect, *app.radio, *app.number_input]
    return next(box for box in boxes if box.key and box.key.endswith(f".{key}"))


def test_the_page_says_what_it_needs(page):
    app = page()
    assert not app.metric
    assert any("Affectation" in text and "Couverture" in text for text in values(app.markdown))


@pytest.mark.parametrize(
    ("name", "write"),
    [("trial.csv", csv), ("trial.parquet", parquet), ("trial.xlsx", workbook)],
    ids=["csv", "parquet", "xlsx"],
)
def test_three_quantities_of_a_table_are_those_of_the_library(page, name, write):
    table = trial()
    impact = estimate_impact(table, SPEC, rng=np.random.default_rng(0), draws=2000)
    app = bring(page(), write(table), name)
    assert not values(app.error)
    assert of(app, "outcomes").value == list(SPEC.outcomes)
    assert values(app.metric) == told(impact, "turnout")
    app.selectbox(key="impact.outcome").select("left_share").run()
    assert values(app.metric) == told(impact, "left_share")
    p = impact.pick("left_share").p_randomisation
    assert any(f"p = {p:.4f}".replace(".", ",") in text for text in values(app.caption))
    said = impact.pick("left_share").sentence("fr").replace("_", r"\_")
    assert any(said in text for text in values(app.markdown))


def test_null_results_are_said_plainly(page):
    app = bring(page(), csv(trial()))
    assert any("aucun effet détecté" in text for text in values(app.markdown))


def test_details_hold_every_estimator_and_error(page):
    table = trial()
    impact = estimate_impact(table, SPEC, rng=np.random.default_rng(0), draws=2000)
    app = show(bring(page(), csv(table)), "details")
    shown, frame = app.dataframe[0].value, impact.to_frame()
    assert len(shown) == len(frame)
    np.testing.assert_array_equal(shown[_("Estimate")], frame["estimate"].round(6))
    for kind in ("HC1", "HC2", "HC3", "CR2"):
        np.testing.assert_array_equal(shown[kind], frame[kind].round(6))


def test_covariates_are_asked_about_and_adjust(page):
    table = trial()
    app = bring(page(), csv(table))
    of(app, "covariates").set_value(["left_before"]).run()
    question = "les covariables ont-elles été mesurées avant le tirage"
    assert any(question in text for text in values(app.markdown))
    of(app, "before").set_value("yes").run()
    assert not any(question in text for text in values(app.markdown))
    spec = Spec(**{name: getattr(SPEC, name) for name in SPEC.__slots__} | {
        "covariates": ("left_before",), "measured_before": True
    })  # fmt: skip
    impact = estimate_impact(table, spec)
    adjusted = impact.pick("turnout", "assignment", "ancova")
    assert any(adjusted.told(adjusted.value, "fr") in text for text in values(app.caption))


def test_drawing_again_is_shown_with_its_p_values(page):
    table = trial()
    test = estimate_impact(table, SPEC, rng=np.random.default_rng(0), draws=2000).randomisation
    app = show(bring(page(), csv(table)), "draws")
    np.testing.assert_array_equal(app.dataframe[0].value["p"], test.table["p_value"].round(4))
    app.select_slider(key="impact.draws").set_value(0).run()
    said = "No draws were asked for: choose a number of them among the settings."
    assert _(said) in values(app.info)


def test_a_known_difference_in_the_share_reached_gives_coverage(page):
    table = trial().drop(columns=["reached"])
    app = bring(page(), csv(table))
    assert app.metric[2].value == "—"
    of(app, "gap").set_value(13.6).run()
    assignment = estimate_impact(table, Spec(("turnout",), block="block")).pick("turnout")
    assert app.metric[2].value == assignment.told(assignment.value / 0.136, "fr")


def test_the_report_is_offered_in_three_formats(page):
    app = show(bring(page(), csv(trial())), "report")
    assert {b.label for b in app.get("download_button")} == {
        _("Report (HTML)"),
        _("Report (PDF)"),
        _("Estimates (JSON)"),
        # Of estimates and of balance, which are tables without places.
        *(
            languages.told(form.label, "fr")
            for form in formats_of("table")
            if form.suffix != ".geojson"
        ),
    }


def test_the_files_say_what_they_are_made_from(own):
    place, content = own
    seal = content["fingerprint"]
    ours = Source(OURS, folder=str(place.path), digest="d", seal=seal, elections=("2024_legi_t1",))
    assert trial_report.sources_of(ours, 7, 3) == {
        **{"workspace": "d", "elections": ["2024_legi_t1"], "seal": seal},
        **{"draws": 7, "seed": 3},
    }
    # A seal that is brought along is named as well as one of the workspace.
    mine = Source(BROUGHT, "a.csv", b"x", seal=json.dumps(content))
    assert trial_report.sources_of(mine, 0, 0)["seal"] == seal


BAD = {
    "arm 2": (lambda t: t.assign(assigned=t["assigned"] + 1), None),
    "twice": (
        lambda t: pd.concat([t, t.head(1)]),
        "A unit stands in several rows, or has no name.",
    ),
    "percent": (lambda t: t.assign(reached=100 * t["reached"]), None),
    "no control": (lambda t: t[t["assigned"] == 1], None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_table_that_cannot_answer_is_explained(page, name):
    spoil, said = BAD[name]
    app = bring(page(), csv(spoil(trial())))
    # A column that is not what a role needs is not guessed: then the page asks for it.
    roles = {"arm 2": "assigned", "percent": "reached"}
    if role := roles.get(name):
        assert of(app, role).value == ""
        of(app, role).set_value(role).run()
        assert not app.exception
    assert len(app.error) == 1
    if said:
        assert values(app.error) == [translate(said)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.csv"),
        (b"a,b\n1,2,3\n", "a.csv"),
        (b"PAR1 cut", "a.parquet"),
        (b"PK\x03\x04 cut", "a.xlsx"),
        (b"\x00\x01\x02", "a.csv"),
    ],
    ids=range(5),
)
def test_a_broken_file_is_explained(page, content, name):
    app = bring(page(), content, name)
    assert len(app.error) + len(app.info) >= 1
    assert not app.metric


def test_missing_outcomes_are_counted_by_arm_with_bounds(page):
    table = trial()
    table.loc[table.index[:40], "turnout"] = np.nan
    app = show(bring(page(), csv(table)), "details")
    shown = app.dataframe[1].value
    missing = estimate_impact(table, SPEC).missing
    assert shown[_("Missing")].tolist() == missing["missing"].tolist()
    np.testing.assert_array_equal(shown[_("Effect at worst")], missing["lower"].round(4))


def test_subgroups_that_nobody_announced_are_exploratory(page):
    app = show(bring(page(), csv(trial(blocks=60))), "groups")
    assert not app.dataframe
    app.multiselect(key="impact.groups.table").set_value(["left_before"]).run()
    assert not app.exception
    shown = app.dataframe[0].value
    assert set(shown[_("Standing")]) == {_("exploratory")}
    assert len(shown) == 6  # thirds of two outcomes


def test_the_example_is_marked_as_simulated(page):
    app = page()
    app.radio(key="impact.kind").set_value("example").run()
    assert not app.exception
    assert "Simulé" in app.warning[0].value
    assert app.metric[0].value == "+0,64 point"


# With the workspace and its seal.


@pytest.fixture(scope="module")
def own(places):
    """Seal a design in a copy of Valmont, as of before the elections of 2024."""
    place = Workspace(shutil.copytree(places.valmont.path, places.folder / "impact"))
    units = trial_units(answered(place, TRIAL)[0].table)
    design = declare(units, Rule("priority", unit="unit_id"))
    texts = {SCENARIO: TRIAL.to_toml()}
    promise = {"outcomes": ("2024_legi_t1_turnout",), "subgroups": ("registered",)}
    keep(place.path, content := sealed_with(design, 4, texts, promise), texts)
    return place, content


def test_the_workspace_and_its_seal_answer_together(page, own):
    place, content = own
    sealed = open_trial(place.path, content["fingerprint"]).sealed
    app = page(workspace="impact")
    assert not values(app.error)
    assert app.multiselect(key="impact.elections").value == ["2024_legi_t1"]
    units = sealed.design.units["unit_id"].tolist()
    table = outcomes_of(
        place, ["2024_legi_t1"], units, vintage=2024, choices={"left": TRIAL.choice}
    ).table
    table, spec, lottery = with_seal(table, Spec(("2024_legi_t1_turnout",)), sealed)
    impact = estimate_impact(table, spec, lottery=lottery, rng=np.random.default_rng(0), draws=2000)
    found = impact.pick("2024_legi_t1_turnout")
    assert app.metric[0].value == found.told(found.value, "fr")
    name = _("Turnout, {election}").format(election=election_name("2024_legi_t1"))
    assert of(app, "outcomes").value == [name]
    show(app, "groups")
    assert set(app.dataframe[0].value[_("Standing")]) == {_("announced")}
    show(app, "map")
    assert len(app.get("bidi_component")) == 1


def test_what_the_plan_announced_is_known_by_the_names_on_screen(page, own):
    place, content = own
    app = page(workspace="impact")
    name = _("Turnout, {election}").format(election=election_name("2024_legi_t1"))
    mark = "«\u00a0non annoncé\u00a0»"
    said = "\n".join(values(app.markdown))
    assert name in said
    assert f"{name} {mark}" not in said
    other = next(one for one in of(app, "outcomes").options if one != name)
    of(app, "outcomes").set_value([other, name]).run()
    assert not app.exception
    said = "\n".join(values(app.markdown))
    # The announced one comes first, whatever the order of the answer.
    assert said.index(f"- {name}") < said.index(f"{other} {mark}")
    assert not values(app.warning)


def test_neighbours_are_asked_about_on_the_page(page, own):
    app = show(page(workspace="impact"), "map")
    (switch,) = app.toggle
    assert switch.label == _("Test it")
    before = values(app.markdown)
    switch.set_value(True).run()
    assert not app.exception
    (touching,) = [text for text in values(app.markdown) if text not in before]
    assert election_name("2024_legi_t1") in touching
    assert re.search(r"p [=<] 0,\d+", touching)
    app.number_input(key="impact.spillover.metres").set_value(2_000).run()
    assert not app.exception
    (within,) = [text for text in values(app.markdown) if text not in before]
    assert within != touching


def test_a_draw_that_replaced_another_says_so(page, places, own):
    place, content = own
    folder = shutil.copytree(place.path, places.folder / "impact_again")
    retire(folder, content["fingerprint"], "two wards were lost")
    design = open_trial(folder, content["fingerprint"]).sealed.design
    keep(folder, sealed_with(design, 5, {SCENARIO: TRIAL.to_toml()}))
    app = page(workspace="impact_again")
    assert "two wards were lost" in values(app.warning)[0]
    assert "TIRAGE REMPLACÉ" in values(app.warning)[0]


def test_elections_before_the_trial_are_called_placebos(page, own):
    app = page(workspace="impact")
    app.multiselect(key="impact.elections").set_value(["2022_pres_t1"]).run()
    assert not app.exception
    assert app.subheader[0].value == _("Placebo: what chance alone gives")
    assert election_name("2022_pres_t1") in app.warning[0].value


def test_an_election_that_has_not_come_has_no_estimate_but_a_placebo_on_request(page, places):
    place = Workspace(shutil.copytree(places.valmont.path, places.folder / "impact_to_come"))
    scenario = Scenario("left", "2097_pres_t1")
    design = declare(
        trial_units(answered(place, scenario)[0].table), Rule("priority", unit="unit_id")
    )
    keep(place.path, sealed_with(design, 4, texts := {SCENARIO: scenario.to_toml()}), texts)
    app = page(workspace="impact_to_come")
    assert not values(app.error)
    assert "Pas encore voté" in app.info[0].value
    assert election_name("2097_pres_t1") in app.info[0].value
    assert "10 avril 2097" in app.info[0].value
    assert not app.metric
    app.checkbox(key="impact.placebo").check().run()
    assert not app.exception
    assert app.subheader[0].value == _("Placebo: what chance alone gives")
    assert "Pas encore voté" in app.info[0].value
    assert app.metric[0].value
    app.multiselect(key="impact.elections").set_value([]).run()
    assert not app.exception
    assert not app.metric


def test_results_that_are_late_are_asked_for():
    assert "Pas encore de résultats" in impact_settings._awaited("2022_pres_t1")


def _without_scenario(own, outcomes, texts):
    """Put in force, in a place of its own, a seal that announces `outcomes`."""
    place, content = own
    folder = place.path.with_name("impact_alone")
    shutil.copytree(place.path, folder, dirs_exist_ok=True)
    shutil.rmtree(folder / "trials")
    sealed = open_trial(place.path, content["fingerprint"]).sealed
    keep(folder, sealed_with(sealed.design, 4, texts, {"outcomes": outcomes}))
    return folder


def test_a_plan_without_an_election_announces_its_measures_of_those_looked_at(page, own):
    app = page(workspace=_without_scenario(own, ("left_registered",), {}).name)
    app.multiselect(key="impact.elections").set_value(["2024_legi_t1"]).run()
    name = _("Votes of the registered, {election}").format(election=election_name("2024_legi_t1"))
    assert not app.exception
    assert of(app, "outcomes").value == [name]
    said = "\n".join(values(app.markdown))
    assert name in said
    assert "non annoncé" not in said


@pytest.mark.parametrize("scenario", ["", "= no TOML", 'bloc = "left"\n'])
def test_a_seal_without_its_scenario_is_told(page, own, scenario):
    texts = {SCENARIO: scenario} if scenario else {}
    blocs = ("right", "left")
    promised = tuple(f"2024_legi_t1_{one}_registered" for one in blocs)
    folder = _without_scenario(own, promised, texts)
    app = page(workspace=folder.name)
    assert not values(app.error)
    assert any("sans son scénario" in text for text in values(app.caption))
    # Which election it prepares nobody knows: none is shown before one is chosen.
    assert not app.metric
    assert not app.exception
    app.multiselect(key="impact.elections").set_value(["2024_legi_t2"]).run()
    # Whose votes: the announced outcome says it. The last round, where the right had none.
    assert any(bloc_name("right") in t and "2d tour" in t for t in values(app.caption))
    app.multiselect(key="impact.elections").set_value(["2024_legi_t1"]).run()
    name = _("Votes of the registered, {election}").format(election=election_name("2024_legi_t1"))
    assert of(app, "outcomes").value == [f"{name} · {bloc_name(one)}" for one in blocs]
    assert app.metric[0].value


def test_a_sealed_plan_is_chosen_by_what_it_prepares_and_says_what_it_announces(page, own):
    place, content = own
    file = open_trial(place.path, content["fingerprint"]).file
    os.utime(file, (0, dt.datetime(2024, 6, 9, 12, tzinfo=dt.UTC).timestamp()))
    app = page(workspace=place.path.name)
    assert app.selectbox(key="impact.seal").options == [
        "Gauche, Législatives 2024, 1er tour · 9 juin 2024 · à visiter : 38, témoins : 10"
    ]
    said = "\n".join(values(app.caption))
    assert "Participation, Législatives 2024, 1er tour." in said
    assert content["fingerprint"][:12] in said


def test_what_a_seal_announces_of_another_table_keeps_its_name():
    announced = ("2024_legi_t1_candidates_valid", "doors_valid", "2024_legi_t1_registered")
    assert outcome_names(announced) == (
        "Vos candidats, part des exprimés, Législatives 2024, 1er tour · `doors_valid` · "
        "`2024_legi_t1_registered`"
    )


def test_a_table_is_brought_to_the_sealed_arms(page, own):
    place, content = own
    sealed = open_trial(place.path, content["fingerprint"]).sealed
    table = sealed.assignment[["unit_id"]].assign(turnout=np.linspace(0.4, 0.6, 48).round(4))
    app = page(workspace="impact")
    app.radio(key="impact.kind").set_value("table").run()
    bring(app, csv(table))
    app.selectbox(key="impact.by").select(content["fingerprint"]).run()
    assert not app.exception
    seen, spec, _lottery = with_seal(table, Spec(("turnout",)), sealed)
    found = estimate_impact(seen, spec).pick("turnout")
    assert app.metric[0].value == found.told(found.value, "fr")


def test_a_seal_that_does_not_match_the_table_is_explained(page, own):
    _place, content = own
    app = page(workspace="impact")
    app.radio(key="impact.kind").set_value("table").run()
    bring(app, csv(trial().assign(bureau_id=[f"x{n}" for n in range(150)])))
    app.selectbox(key="impact.by").select("uploaded").run()
    seal = json.dumps(content).encode()
    app.file_uploader(key="impact.seal.file").upload("a.json", seal).run()
    assert not app.exception
    assert values(app.error) == [translate("No unit of the table is one of the sealed design.")]


# Guesses


def test_columns_are_guessed_by_name_and_by_what_they_hold():
    table = trial().astype(str)
    roles = ("unit", "assigned", "received", "reached", "block", "weight")
    found = {role: guess_columns.column_for(role, table) for role in roles}
    assert found == {
        "unit": "bureau_id",
        "assigned": "assigned",
        "received": "received",
        "reached": "reached",
        "block": "block",
        "weight": "registered",
    }
    assert guess_columns.outcomes(table, found.values()) == ["turnout", "left_share"]
    # What was known before the draw is nothing that the canvass changed.
    past = table.assign(past_turnout=table["turnout"], passé_gauche=table["left_share"])
    assert guess_columns.outcomes(past, found.values()) == ["turnout", "left_share"]
    # Wherever the word stands, and only where it is one.
    names = ["vote_share_before", "turnout_2020_lag", "lagarde_share", "pasteur_turnout"]
    results = pd.DataFrame({name: ["0.2", "0.4", "0.3"] for name in names})
    assert guess_columns.outcomes(results, []) == ["lagarde_share", "pasteur_turnout"]


def test_columns_that_hold_something_else_are_not_guessed():
    table = pd.DataFrame({"assigned": ["yes", "no"], "reached": [40, 60], "x": [0.2, 0.4]})
    assert guess_columns.column_for("assigned", table) == ""
    assert guess_columns.column_for("reached", table) == ""
    assert guess_columns.outcomes(table, []) == ["x"]
    assert guess_columns.numeric(table) == ["reached", "x"]


def test_an_order_is_judged_on_the_page_and_none_that_came_after_the_draw_is_offered(page):
    app = page()
    app.radio(key="impact.kind").set_value("example").run()
    app.segmented_control(key="i_view").set_value("groups").run()
    offered = app.selectbox(key="impact.rank_by.example").options
    assert "allocated" not in offered
    by = next(one for one in offered if one != _("None"))
    app.selectbox(key="impact.rank_by.example").select(by).run()
    assert not values(app.error)
    assert any("AUTOC" in text for text in values(app.markdown))


def test_accents_and_brackets_do_not_hide_the_arm():
    table = pd.DataFrame({"Traité (0/1)": [0, 1], "Âge moyen": [31.0, 40.0]})
    assert guess_columns.column_for("assigned", table) == "Traité (0/1)"
