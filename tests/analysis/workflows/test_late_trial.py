"""A trial that comes late: turfs and doors of bureaux that the lot holds back are named."""

import shutil
from datetime import date

import pytest

from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.fieldwork import field_plan, inbox, tokens
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.workflows.director import brief_of
from analysis.workflows.hold_back import CONTROL, trial_units
from analysis.workflows.late_trial import held_back, knocked_in
from analysis.workflows.ranking import Scenario, answer
from analysis.workflows.sealed_trials import SCENARIO, in_force, keep, open_trial, sealed_with
from tests.analysis.fieldwork.made_returns import as_bytes, phone_file

LEFT = Scenario("left", "2027_pres_t1")
ASKED = {"bloc": LEFT.bloc, "election": LEFT.election}
DAY = date(2026, 11, 30)


@pytest.fixture
def field(valmont, tmp_path):
    """Copy Valmont, seal a trial, and put a turf into the field in each arm of its first block."""
    place = Workspace(shutil.copytree(valmont.path, tmp_path / "tard"))
    shutil.rmtree(place.path / "fieldwork", ignore_errors=True)
    design = declare(trial_units(answer(place, LEFT)[0].table), Rule("priority", unit="unit_id"))
    sealed = sealed_with(design, seed=5, texts={SCENARIO: LEFT.to_toml()})
    keep(place.path, sealed, {SCENARIO: LEFT.to_toml()})
    (name,) = in_force(place.path)
    arms = open_trial(place.path, name).sealed.assignment
    arms = arms[arms["block"] != ""]
    store = open_store(place.path)
    yield place, store, arms
    store.close()


def put_out(place, store, bureau, turf):
    """Put two addresses of a bureau into the field as a turf of ten doors; return one of them."""
    addresses = place.read("addresses")
    own = addresses.loc[addresses["bureau_id"] == bureau, ["address_id", "bureau_id"]].head(2)
    field_plan.register(store.engine, own.assign(turf_id=turf, dwellings=5))
    return own["address_id"].iloc[0]


def knock(store, turf, address, bureau):
    token = tokens.make(store.campaign.secret, store.campaign.campaign_id, turf)
    knocks = [
        {
            "attempt_id": f"00000000-0000-4000-8000-{n:012d}",
            "address_id": address,
            "at": f"2025-11-21T18:0{n}:00+01:00",
            "outcome": "no_answer",
        }
        for n in range(3)
    ]
    told = phone_file(store.campaign, knocks, turf=turf, token=token)
    inbox.receive(store, as_bytes(told), name=f"{bureau}.json")


def said(place):
    """Return what the director's page wants decided about bureaux held back."""
    brief = brief_of(place.path, ASKED, day=DAY)
    return [str(one.text) for one in brief.decisions if one.kind == "held_back"]


def test_turfs_and_doors_of_bureaux_held_back_are_to_decide(field):
    place, store, arms = field
    treated, control = (
        arms.loc[arms["arm"] == arm, "unit_id"].iloc[0] for arm in ("treated", CONTROL)
    )
    assert control in held_back(place.path)
    assert treated not in held_back(place.path)
    knock(store, "T1", put_out(place, store, treated, "T1"), treated)
    assert said(place) == []
    address = put_out(place, store, control, "T2")
    (turfs,) = said(place)
    assert "10 doors, 1 bureau" in turfs
    knock(store, "T2", address, control)
    assert "holds back: 3." in said(place)[1]


def test_where_teams_have_been_is_known_before_the_draw(field):
    place, store, arms = field
    one, other = arms["unit_id"].iloc[:2]
    assert knocked_in(store, arms["unit_id"]).empty
    address = put_out(place, store, one, "T1")
    put_out(place, store, other, "T2")
    assert knocked_in(store, arms["unit_id"]).empty
    knock(store, "T1", address, one)
    found = knocked_in(store, arms["unit_id"])
    assert found[["bureau_id", "tried"]].to_numpy().tolist() == [[one, 3]]
    assert knocked_in(store, [other]).empty
