"""The page Trial design: from ranked bureaux to a sealed draw that the files obey."""

import datetime as dt
import io
import json
import shutil
import tomllib

import numpy as np
import pandas as pd
import pytest

from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.neighbours import groups_of_neighbours, with_distance
from analysis.experiments.seal import drawn
from analysis.fieldwork import field_plan
from analysis.fieldwork.store import open_store
from analysis.geography.bureau_names import bureau_labels
from analysis.tables.schema import OUTCOMES
from analysis.tables.workspace import Workspace
from analysis.workflows.fieldwork import counts_sheet, take_in
from analysis.workflows.hold_back import hold_back_of, trial_units, with_arms
from analysis.workflows.ranked_trial import Choices, within_hours
from analysis.workflows.ranking import Scenario, shapes_of, target_of
from analysis.workflows.seal_ledger import enter
from analysis.workflows.sealed_trials import (
    SCENARIO,
    in_force,
    keep,
    open_trial,
    retired,
    sealed_with,
)
from analysis.workflows.trial_power import lag_of
from pages._ui.i18n import _, ngettext, number
from pages._ui.messages import translate
from pages._ui.trial import load_trials as trials
from tests.made import called, numbered
from tests.pages.answered import answered

LEFT = Scenario("left", "2027_pres_t1")
ALL = "99999"


def values(elements):
    return [each.value for each in elements]


@pytest.fixture
def own(places, request):
    """Copy Valmont under a name of its own: designs are written into it."""
    folder = places.folder / f"trial_{request.node.name.partition('[')[0]}"
    return Workspace(shutil.copytree(places.valmont.path, folder, dirs_exist_ok=True))


@pytest.fixture
def page(open_app):
    """Open the page by a link, with every bureau in the trial."""

    def page(name="trial_design", **query):
        app = open_app(name, **({"bloc": "left", "t_first": ALL} | query))
        assert not app.exception
        return app

    return page


def show(app, view, key="t_view"):
    app.segmented_control(key=key).set_value(view).run()
    assert not app.exception
    return app


def seal(app):
    """Draw and seal as a user does."""
    show(app, "seal")
    assert app.button(key="trial.draw").disabled
    app.checkbox(key="trial.promise").check().run()
    app.button(key="trial.draw").click().run()
    assert not app.exception
    assert not values(app.error)
    return app


def design_of(place, **rule):
    units = trial_units(answered(place, LEFT)[0].table)
    return declare(units, Rule(**({"rank_by": "priority", "unit": "unit_id"} | rule)))


def test_the_blocks_on_screen_are_those_the_library_declares(page, places):
    app = page()
    design = design_of(places.valmont)
    table = answered(places.valmont, LEFT)[0].table
    votes = trial_units(table).set_index("unit_id")["votes"][design.units["unit_id"]]
    full = design.units.loc[design.units["full"], "block"].nunique()
    # One in five of those drawn is held back.
    forgone = 0.2 * votes.to_numpy()[design.drawn].sum()
    assert values(app.metric) == [
        number(int(design.drawn.sum())),
        number(full),
        number(design.drawn.sum() * 0.2),
        number(forgone, 1),
    ]
    shown = app.dataframe[0].value
    assert len(shown) == len(design.units)
    assert called(shown[_("Bureau")][:3]) == numbered(trial_units(table, 3)["unit_id"])
    assert _("Arm") not in shown
    assert len(app.get("bidi_component")) == 1


def test_at_first_the_trial_is_one_that_the_hours_carry_out(open_app, places):
    app = open_app("trial_design", bloc="left")
    assert not app.exception
    units = trial_units(answered(places.valmont, LEFT)[0].table)
    first = app.number_input(key="t_first").value
    assert first == within_hours(units, 500, Choices(0)) < len(units)
    assert first % 5 == 0
    whole = number(units["hours"].sum() * 0.8)
    assert any(f"environ {whole} heures" in text for text in values(app.caption))
    # No more than the hours, and a block more would be too much.
    assert units["hours"].head(first).sum() * 0.8 <= 500
    assert units["hours"].head(first + 5).sum() * 0.8 > 500
    show(app, "seal")
    assert not values(app.error)
    show(app, "blocks")
    app.number_input(key="t_block").set_value(10).run()
    assert not app.exception
    assert app.number_input(key="t_first").value == within_hours(
        units, 500, Choices(0, block_size=10)
    )


def test_one_full_block_is_the_least_that_a_trial_takes(places):
    units = trial_units(answered(places.valmont, LEFT)[0].table)
    assert within_hours(units, 1, Choices(0)) == 5
    assert within_hours(units, 1, Choices(0, cluster="neighbours", near=4)) == 20
    assert within_hours(units, 1, Choices(0, must_treat=("a",), must_not=("b",))) == 7
    assert within_hours(units, 1e9, Choices(0)) == len(units)


def test_the_choices_change_the_design_and_travel_by_the_link(page, places):
    app = page(t_first="21", t_block="7", t_control="2", t_value="potential", t_seed="9")
    units = trial_units(answered(places.valmont, LEFT)[0].table, 21)
    design = declare(units, Rule("potential", block_size=7, control=2, unit="unit_id"))
    assert values(app.metric)[:2] == ["21", "3"]
    shown = app.dataframe[0].value
    best = design.units.sort_values(["block", "rank"])["unit_id"]
    assert called(shown[_("Bureau")]) == numbered(best)


@pytest.mark.parametrize(
    "query",
    [
        {"t_first": "abc", "t_block": "-3", "t_control": "99", "t_seed": "1e9"},
        {"t_first": "0", "t_block": "10000", "t_value": "luck", "t_territory": "x"},
        {"t_view": "nowhere", "t_treat": "99900_9999", "t_balance": "luck", "t_accept": "0"},
    ],
    ids=range(3),
)
def test_nonsense_in_the_link_is_left_aside(page, query):
    assert page(**query).metric or page(**query).error


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [("abc", None), ("12abc3", None), ("-5", None), ("3.7", None), ("", None), ("1e9", None),
     ("99999999999", None), ("9" * 6000, None), ("٣", None), (" 12\u202f034 ", 12034),
     ("0" * 12 + "42", 42), ("0" * 12 + "9" * 12, None)],
)  # fmt: skip
def test_a_seed_that_is_none_is_refused_and_not_mended_in_silence(page, typed, drawn):
    app = page()
    app.text_input(key="t_seed").set_value(typed).run()
    assert not app.exception
    said = [text for text in values(app.error) if "tirer" in text or "son numéro" in text]
    assert bool(said) == (drawn is None)
    if drawn is not None:
        assert str(drawn) in app.query_params["t_seed"]


def test_too_few_bureaux_are_explained(page):
    app = page(t_first="3")
    assert values(app.error) == [translate("There is no full block: too few units to draw from.")]


def test_bureaux_decided_beforehand_are_not_drawn(page, places):
    app = page()
    first, second = trial_units(answered(places.valmont, LEFT)[0].table, 2)["unit_id"]
    app.multiselect(key="t_treat").set_value([first]).run()
    app.multiselect(key="t_not").set_value([second]).run()
    assert not app.exception
    assert second not in app.multiselect(key="t_treat").value
    drawn_before = int(design_of(places.valmont).drawn.sum())
    assert app.metric[0].value == number(drawn_before - 2)


def test_neighbours_are_drawn_together(page, places):
    app = page(t_cluster="neighbours", t_near="4")
    table = answered(places.valmont, LEFT)[0].table
    units = trial_units(table)
    shapes = shapes_of(places.valmont, table)
    group = groups_of_neighbours(shapes[shapes["bureau_id"].isin(units["unit_id"])], size=4)
    together = units.assign(group=units["unit_id"].map(group).fillna(units["unit_id"]))
    design = declare(together, Rule("priority", cluster="group", unit="unit_id"))
    assert app.metric[1].value == number(design.units.loc[design.units["full"], "block"].nunique())
    sizes = design.units["cluster"].value_counts()
    told = _(
        "The lot draws {n} groups, the largest of {most} bureaux; {alone} bureaux go by themselves."
    ).format(n=(sizes > 1).sum(), most=sizes.max(), alone=(sizes == 1).sum())
    assert told in values(app.caption)
    shown = app.dataframe[0].value.set_index(_("Bureau"))[_("Goes with")]
    goes = dict(zip(called(shown.index), called(shown), strict=True))
    assert [goes[one] for one in numbered(group.index)] == numbered(group)
    # A bureau decided beforehand leaves its group.
    first = group.iloc[0]
    app.multiselect(key="t_treat").set_value([first]).run()
    assert not app.exception
    shown = app.dataframe[0].value.set_index(_("Bureau"))[_("Goes with")]
    assert called(shown).count(numbered([first])[0]) == 1


def test_bureaux_are_kept_at_a_distance(page, places):
    app = page(t_cluster="apart", t_apart="300")
    table = answered(places.valmont, LEFT)[0].table
    units = trial_units(table)
    shapes = shapes_of(places.valmont, table)
    rule = Rule("priority", unit="unit_id")
    vintage = int(table["vintage"].dropna().iloc[0])
    kept, rule = with_distance(units, rule, shapes.assign(vintage=vintage), 300)
    design = declare(kept, rule)
    assert 0 < design.drawn.sum() < len(units)
    assert app.metric[0].value == number(int(design.drawn.sum()))


def test_without_contours_each_bureau_goes_by_itself(page):
    app = page(workspace="nation", place="01", t_cluster="neighbours")
    assert "t_cluster" not in [box.key for box in app.selectbox]
    assert _(
        "No two bureaux share a polling place or have contours: each goes by itself."
    ) in values(app.caption)


@pytest.mark.slow
def test_what_it_can_see_is_what_past_elections_say(page, places):
    app = show(page(), "sight")
    units = len(trial_units(answered(places.valmont, LEFT)[0].table))
    found = trials.placebo(places.valmont, LEFT, Choices(units), "share_registered", 0.0, True)
    curve = found.median()
    whole = curve[curve["units"] == units].iloc[-1]
    points = _("{points} points")
    assert values(app.metric)[:2] == [
        points.format(points=number(100 * whole["detectable_assignment"], 2)),
        points.format(points=number(100 * whole["detectable_reached"], 2)),
    ]
    told = next(text for text in values(app.markdown) if "Cet ordre vaut-il mieux" in text)
    # In blocks of five: 4 × 1.5055 times the smallest mean effect seen.
    assert number(602.2 * whole["detectable_assignment"], 1) in told
    before = target_of(places.valmont, LEFT.election).date
    dates = places.valmont.read("elections").set_index("election_id")["date"]
    assert (dates[found.curve["election_id"]] < pd.Timestamp(before)).all()
    app.slider(key="t_spill").set_value(20).run()
    assert app.metric[1].value != points.format(points=number(100 * whole["detectable_reached"], 2))


@pytest.mark.slow
def test_the_plan_says_where_the_headline_comes_from(page, places):
    place = Workspace(shutil.copytree(places.valmont.path, places.folder / "headline"))
    app = show(page(workspace="headline", t_seed="31"), "seal")
    assert app.selectbox(key="t_headline").value == "ancova"
    app.checkbox(key="trial.promise").check().run()
    app.button(key="trial.draw").click().run()
    assert not app.exception
    (fingerprint,) = in_force(place.path)
    trial = open_trial(place.path, fingerprint)
    assert trial.sealed.promise["estimator"] == ("ancova",)
    # What can be seen is told for the same: each past first round by the one before.
    assert trial.sealed.promise["lag"] == (lag_of(place, LEFT),)
    assert "ajustés sur les covariables" in trial.plan


@pytest.mark.slow
def test_a_draw_is_sealed_once_and_kept(page, own):
    app = seal(page(workspace=own.path.name, t_seed="31"))
    (fingerprint,) = in_force(own.path)
    trial = open_trial(own.path, fingerprint)
    again = drawn(design_of(own), 31)
    assert trial.sealed.seed == 31
    pd.testing.assert_series_equal(trial.sealed.assignment["arm"], again["arm"])
    counts = again["arm"].value_counts()
    assert values(app.metric)[:2] == [number(counts["treated"]), number(counts["control"])]
    assert Scenario.from_dict(tomllib.loads(trial.scenario)) == LEFT
    assert trial.sealed.promise["outcomes"][0] == "2027_pres_t1_left_registered"
    shown = app.dataframe[0].value.set_index(_("Bureau"))[_("Arm")]
    shown.index = called(shown.index)
    arms = again.set_index(pd.Index(numbered(again["unit_id"])))["arm"]
    names = {"treated": _("To canvass"), "control": _("Held back (control)")}
    assert (shown == arms.map(names)[shown.index]).all()
    # Another seed in the link draws nothing: what is sealed stays.
    other = page(workspace=own.path.name, t_seed="32")
    assert in_force(own.path) == (fingerprint,)
    assert fingerprint[:12] in other.success[0].value


@pytest.mark.slow
def test_bureaux_drawn_elsewhere_are_drawn_again_with_a_reason(page, own):
    first = sealed_with(design_of(own), 12, {})
    enter(own.path, first, "arms.seal.json")
    app = show(page(workspace=own.path.name, t_seed="31"), "seal")
    app.checkbox(key="trial.promise").check().run()
    app.button(key="trial.draw").click().run()
    assert any(first["fingerprint"][:12] in text for text in values(app.caption))
    assert any("déjà été tirées" in text for text in values(app.error))
    assert in_force(own.path) == ()
    app.text_input(key="trial.again").set_value("Two wards were lost.").run()
    app.button(key="trial.draw").click().run()
    assert not values(app.error)
    (fingerprint,) = in_force(own.path)
    (earlier,) = open_trial(own.path, fingerprint).sealed.standing.earlier
    assert (earlier.fingerprint, earlier.why) == (first["fingerprint"], "Two wards were lost.")


@pytest.mark.slow
def test_the_views_of_a_sealed_design(page, own):
    app = seal(page(workspace=own.path.name))
    (fingerprint,) = in_force(own.path)
    show(app, "balance")
    balance = trials.balance(own, LEFT, fingerprint)
    assert any(balance.summary("fr") in text for text in values(app.markdown))
    np.testing.assert_array_equal(
        app.dataframe[0].value[_("Standardised difference")],
        balance.table["standardised"].round(4),
    )
    show(app, "sight")
    assert len(app.metric) == 3
    show(app, "files")
    assert {b.label for b in app.get("download_button")} == {
        _("The seal (JSON)"),
        _("The arms (CSV)"),
        _("The plan (Markdown)"),
        _("The plan (PDF)"),
    }
    assert any(fingerprint in text for text in values(app.caption))


def test_a_design_is_retired_in_a_sentence(page, own):
    app = show(seal(page(workspace=own.path.name)), "files")
    assert app.button(key="trial.retire").disabled
    app.text_input(key="trial.why").set_value("The vote is off").run()
    app.button(key="trial.retire").click().run()
    assert not app.exception
    assert in_force(own.path) == ()
    assert list(retired(own.path).values()) == ["The vote is off"]
    assert _("Bureaux drawn") in [m.label for m in app.metric]
    assert any("The vote is off" in text for text in values(app.markdown))


def give_seal(app, content, name="a.seal.json"):
    show(app, "verify")
    app.file_uploader(key="trial.verify").upload(name, content).run()
    assert not app.exception
    return app


def test_a_seal_is_verified_and_put_in_force(page, places, own):
    content = sealed_with(design_of(places.valmont), 12, {})
    app = give_seal(page(workspace=own.path.name), json.dumps(content).encode())
    assert content["fingerprint"][:12] in app.success[0].value
    app.button(key="trial.adopt").click().run()
    assert not app.exception
    assert in_force(own.path) == (content["fingerprint"],)
    show(app, "blocks")
    assert [m.label for m in app.metric][0] == _("To canvass")
    assert any("sans son scénario" in text for text in values(app.caption))


def test_a_seal_brings_its_scenario_with_it(page, places, own):
    scenario = Scenario("right", "2027_pres_t1")
    texts = {SCENARIO: scenario.to_toml()}
    content = sealed_with(design_of(places.valmont), 12, texts)
    app = give_seal(page(workspace=own.path.name), json.dumps(content).encode())
    app.button(key="trial.adopt").click().run()
    assert not app.exception
    assert open_trial(own.path, content["fingerprint"]).scenario == texts[SCENARIO]
    app.button(key="trial.reopen").click().run()
    assert app.selectbox(key="bloc").value == "right"


def _moved(content):
    content["assignment"]["arm"].reverse()
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _c: b"", "This is not a seal."),
        (lambda _c: b"[1, 2]", "This is not a seal."),
        (lambda _c: b"\xff\xfe\x00", "This is not a seal."),
        (_moved, "The seal does not match its fingerprint: its content was changed."),
    ],
    ids=["empty", "list", "bytes", "moved"],
)
def test_a_seal_that_does_not_hold_is_explained(page, places, make, said):
    content = sealed_with(design_of(places.valmont), 12, {})
    app = give_seal(page(), make(content))
    assert values(app.error) == [translate(said)]
    assert not values(app.success)


def test_a_seal_of_another_place_is_not_put_in_force(page):
    units = pd.DataFrame({"unit_id": [f"x{n}" for n in range(10)], "value": np.arange(10.0)})
    content = sealed_with(declare(units, Rule("value")), 1, {})
    app = give_seal(page(), json.dumps(content).encode())
    assert len(app.success) == 1
    assert _("None of its units is a bureau of the place that is open.") in values(app.caption)
    assert "trial.adopt" not in [b.key for b in app.button]


def test_a_seal_tampered_with_on_disk_stops_the_page(page, own):
    kept = keep(own.path, sealed_with(design_of(own), 3, {}), {})
    file = own.path / "trials" / kept / "design.seal.json"
    file.write_text(file.read_text("utf-8").replace("control", "treated", 1), encoding="utf-8")
    app = page(workspace=own.path.name)
    assert values(app.error) == [
        translate("The seal does not match its fingerprint: its content was changed.")
    ]


def test_another_scenario_than_the_sealed_one_is_said_and_reopened(page, own):
    texts = {SCENARIO: Scenario("right", "2024_legi_t1").to_toml()}
    keep(own.path, sealed_with(design_of(own), 3, texts), texts)
    app = page(workspace=own.path.name)
    app.button(key="trial.reopen").click().run()
    assert not app.exception
    assert app.selectbox(key="bloc").value == "right"
    assert app.selectbox(key="election").value == "2024_legi_t1"


@pytest.mark.slow
def test_paris_is_sealed_on_the_page(page, places, paris):
    """From the ranking of 2024 to a seal of 896 bureaux in groups of three."""
    folder = places.folder / "paris"
    shutil.copytree(paris.path, folder, dirs_exist_ok=True)
    app = page(workspace="paris", election="2024_legi_t1", t_seed="2024", t_cluster="neighbours")
    assert not values(app.error)
    groups = app.metric[1].value
    seal(app)
    (fingerprint,) = in_force(folder)
    sealed = open_trial(folder, fingerprint).sealed
    drawn_units = sealed.assignment[sealed.design.drawn]
    assert len(drawn_units) >= 896
    assert drawn_units.loc[drawn_units["full"], "block"].nunique() == int(groups)
    assert len(drawn_units.drop_duplicates(["cluster", "arm"])) == drawn_units["cluster"].nunique()
    assert drawn_units["cluster"].value_counts().median() == 3
    counts = drawn_units["arm"].value_counts()
    assert values(app.metric)[:2] == [number(counts["treated"]), number(counts["control"])]


# Priorities: the files carry the arm.


def held_back(n, rest=""):
    text = ngettext(
        "**{n} bureau is held back** for the trial",
        "**{n} bureaux are held back** for the trial",
        n,
    )
    return text.format(n=number(n)) + rest


def test_files_hold_back_one_in_five_before_anything_is_sealed(page, places):
    app = page("priorities", view="files")
    table = answered(places.valmont, LEFT)[0].table
    held = hold_back_of(places.valmont.path, table, teams=False)
    whole = with_arms(table, held, folder=places.valmont.path, seed=0)
    n = int((whole["arm"] == "control").sum())
    assert any(text.startswith(held_back(n)) for text in values(app.markdown))
    assert app.radio(key="hold_back.audience").value == "teams"


def test_the_trial_is_given_up_by_ticking_what_is_lost(page):
    app = page("priorities", view="files")
    assert any("personne ne pourra jamais dire" in text for text in values(app.markdown))
    app.checkbox(key="hold_back.given_up").check().run()
    assert not app.exception
    assert values(app.warning) == [
        _("No bureau is held back. The files say so, in the words above.")
    ]
    # Nothing above it says the contrary, nor does « Ready? » ask for a seal.
    told = " ".join(values(app.markdown))
    assert "gardés comme témoins" not in told
    assert "Aucun essai n’est scellé" not in told
    assert "Vous avez renoncé à l’essai" in told
    app.checkbox(key="hold_back.given_up").uncheck().run()
    told = " ".join(values(app.markdown))
    assert "gardés comme témoins" in told
    assert "Aucun essai n’est scellé" in told


def test_files_obey_the_sealed_design(page, own):
    kept = keep(own.path, sealed_with(design_of(own, block_size=4), 3, {}), {})
    app = page("priorities", workspace=own.path.name, view="files")
    arms = open_trial(own.path, kept).sealed.assignment["arm"]
    n = int((arms == "control").sum())
    assert any(text.startswith(held_back(n)) and kept[:12] in text for text in values(app.markdown))
    # It cannot be ticked away here: a sealed design is retired with a reason.
    assert "hold_back.given_up" not in [box.key for box in app.checkbox]


def test_the_arms_of_the_seal_are_the_ones_taken_away(own):
    kept = keep(own.path, sealed_with(design_of(own), 3, {}), {})
    table = answered(own, LEFT)[0].table
    teams = with_arms(table, hold_back_of(own.path, table), folder=own.path, seed=0)
    arms = open_trial(own.path, kept).sealed.assignment.set_index("unit_id")["arm"]
    assert not set(teams["bureau_id"]) & set(arms.index[arms == "control"])
    csv = pd.read_csv(io.StringIO(arms.reset_index().to_csv(index=False)))
    assert csv["arm"].tolist() == arms.tolist()


def test_a_trial_that_begins_after_the_first_doors_says_so(own, page):
    folder = own.path.name
    assert not any("tard" in text for text in values(show(page(workspace=folder), "seal").warning))
    store = open_store(own.path)
    addresses = own.read("addresses")
    bureau = trial_units(answered(own, LEFT)[0].table)["unit_id"].iloc[0]
    of_turf = addresses.loc[addresses["bureau_id"] == bureau, ["address_id", "bureau_id"]].head(1)
    field_plan.register(store.engine, of_turf.assign(turf_id="T1", dwellings=5))
    counts = pd.DataFrame({"address_id": of_turf["address_id"], **dict.fromkeys(OUTCOMES, 0)})
    counts = counts.assign(no_answer=4)
    day = dt.date(2025, 11, 21)
    ((_name, told),) = take_in(store, [counts_sheet(counts, turf_id="T1", day=day, team_id="A")])
    assert told.new
    store.close()
    (said,) = [
        text for text in values(show(page(workspace=folder), "seal").warning) if "tard" in text
    ]
    assert "4 portes ont déjà été frappées, dans 1 de ses bureaux" in said
    assert next(iter(bureau_labels(own, [bureau]))) in said
