"""When the outing is: what returns taught of its hours, else what is assumed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.cli.commands_turfs import _slot
from analysis.errors import DataError
from analysis.exports.field_kit.sheet_content import sheet_of
from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork import field_plan, inbox
from analysis.fieldwork.outcome_codes import KINDS
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.turf.planning import Made
from analysis.turf.turf_names import name_turfs
from analysis.workflows.time_slots import ASSUMED, LEARNED, USUAL, Opening, opening_of, with_opening
from analysis.workflows.turfs import Ask, make_walks
from pages._ui.i18n import kind_name, number, percent
from pages._ui.turfs import turfs_view
from tests.analysis.exports.walks_made import walks_of
from tests.analysis.fieldwork.made_returns import attempt, phone_bytes
from tests.made import ROOT

# Other tests may have begun a campaign in the shared place.
BARE = shutil.ignore_patterns("fieldwork")
HOUSE, TOWER = "99900_house", "99900_tower"


@pytest.fixture
def place(valmont, tmp_path):
    return Workspace(shutil.copytree(valmont.path, tmp_path / "place", ignore=BARE))


@pytest.fixture
def evenings(place):
    """Let towers open on weekday evenings and houses at weekends: 300 doors each."""
    store = open_store(place.path)
    turfs = pd.DataFrame(
        {
            "turf_id": "T1",
            "address_id": [HOUSE, TOWER],
            "bureau_id": "99900_0001",
            "dwellings": [1, 60],
        }
    )
    field_plan.register(store.engine, turfs)
    told = []
    # A Thursday and a Saturday.
    for day in ("2025-11-20", "2025-11-22"):
        for address in (HOUSE, TOWER):
            opens = 0.5 if (address == TOWER) == day.endswith("20") else 0.1
            for n in range(300):
                outcome = "conversation" if n < 300 * opens else "no_answer"
                at = f"{day}T18:{n % 60:02d}:{n // 60:02d}+01:00"
                told.append(attempt(len(told), address_id=address, at=at, outcome=outcome))
    inbox.receive(store, phone_bytes(store.campaign, told), name="phone.json")
    store.engine.dispose()
    return place


def made_of(doors, minutes):
    """Return a turf per building, all of one bureau."""
    n = len(doors)
    stops = pd.DataFrame(
        {
            "turf": range(n),
            "stop": 1,
            "address_id": [f"a{i}" for i in range(n)],
            "bureau_id": "b",
            "rank": 1.0,
            "dwellings": doors,
            "minutes": minutes,
            "door_from": 1,
            "door_to": doors,
            "opening": 0.25,
        }
    )
    return Made(stops, pd.DataFrame(columns=["address_id", "reason"]), 0.0, "made")


def test_without_returns_a_slot_moves_the_level_and_no_order(place):
    opening = opening_of(place, "weekday_day", 0.25)
    assert opening == Opening("weekday_day", dict.fromkeys(KINDS, 0.2), ASSUMED)
    assert USUAL["weekday_evening"] > USUAL["weekend"] > 1 > USUAL["weekday_day"]
    assert not (place.path / "fieldwork").exists(), "asking begins no campaign"


def test_a_store_without_returns_of_the_slot_is_not_learned_from(evenings):
    assert opening_of(evenings, "weekday_day", 0.25).source == ASSUMED


def test_returns_of_a_slot_teach_what_opens_in_it(evenings):
    evening, weekend = (opening_of(evenings, slot, 0.25) for slot in ("weekday_evening", "weekend"))
    assert evening.source == weekend.source == LEARNED
    assert evening.doors == weekend.doors == 600
    assert evening.rates["tower"] == pytest.approx(0.5, abs=0.08)
    assert evening.rates["house"] == pytest.approx(0.1, abs=0.08)
    assert weekend.rates["house"] == pytest.approx(0.5, abs=0.08)
    assert weekend.rates["tower"] == pytest.approx(0.1, abs=0.08)
    # Nothing was returned of blocks: they lean on the slot, between the others.
    assert 0.1 < evening.rates["block"] < 0.5


def test_refusals_open_doors_and_are_no_conversations(place):
    # Of 300 doors 45 talk and 120 refuse: 55% open, a conversation at 15%.
    store = open_store(place.path)
    turfs = pd.DataFrame(
        {"turf_id": ["T1"], "address_id": HOUSE, "bureau_id": "99900_0001", "dwellings": 1}
    )
    field_plan.register(store.engine, turfs)
    outcomes = ["conversation"] * 45 + ["refused"] * 120 + ["no_answer"] * 135
    told = [
        attempt(
            n, address_id=HOUSE, at=f"2025-11-20T18:{n % 60:02d}:{n // 60:02d}+01:00", outcome=o
        )
        for n, o in enumerate(outcomes)
    ]
    inbox.receive(store, phone_bytes(store.campaign, told), name="phone.json")
    store.engine.dispose()
    opening = opening_of(place, "weekday_evening", 0.25)
    assert opening.rates["house"] == pytest.approx(0.15, abs=0.02)
    share = percent(opening.rates["house"], 0)
    said = turfs_view._opening(opening.to_dict())
    assert f"Portes où une conversation a lieu alors, d’après {number(300)} portes" in said
    assert f"{kind_name('house')} {share}" in said
    assumed = replace(opening, source=ASSUMED, rates=dict.fromkeys(KINDS, 0.3))
    assert f"une conversation à {percent(0.3, 0)} des portes" in turfs_view._opening(
        assumed.to_dict()
    )
    assert _slot(opening.to_dict())[0].startswith("doors with a conversation, weekday_evening: ")
    # The sheet says the same of a turf of such doors.
    walks = walks_of(place, turfs=1, work={"share_open": 0.15}, opening=opening.to_dict())
    goal = sheet_of(kit_of(walks, place), "T0001").goal
    assert f"une conversation a lieu à {percent(0.15, 0)} des portes" in goal
    assert "ouvr" not in goal + said


def test_turfs_whose_doors_open_then_come_first_within_a_bureau(evenings):
    made = made_of(np.array([2, 60]), [5.0, 200.0])
    order = {
        slot: name_turfs(with_opening(made, opening_of(evenings, slot, 0.25)).stops)
        for slot in ("weekday_evening", "weekend")
    }
    assert order["weekday_evening"]["dwellings"].tolist() == [60, 2]
    assert order["weekend"]["dwellings"].tolist() == [2, 60]
    assert name_turfs(made.stops)["dwellings"].tolist() == [2, 60], "most doors an hour"


def test_a_slot_never_leads_into_a_bureau_of_lower_rank(evenings):
    made = made_of(np.array([2, 60]), [5.0, 200.0])
    made.stops["rank"] = [1.0, 2.0]
    evening = with_opening(made, opening_of(evenings, "weekday_evening", 0.25))
    assert name_turfs(evening.stops)["dwellings"].tolist() == [2, 60]


def test_the_summary_says_what_is_expected_and_why(place, tmp_path):
    bureau = next(name for name in sorted(set(place.read("addresses")["bureau_id"])) if name)
    targets = tmp_path / "targets.csv"
    pd.DataFrame({"bureau_id": [bureau], "rank": [1]}).to_csv(targets, index=False)
    plain = make_walks(place, targets, Ask()).summary
    opening = opening_of(place, "weekday_evening", 0.25)
    evening = make_walks(place, targets, Ask(opening=opening)).summary
    assert plain["opening"] is None
    assert evening["opening"] == opening.to_dict()
    assert evening["cut"] == plain["cut"], "the order stays, and so do the names"
    for before, after in zip(plain["turfs"], evening["turfs"], strict=True):
        assert before["conversations"] == pytest.approx(0.25 * before["doors"], abs=0.06)
        assert after["conversations"] == pytest.approx(0.30 * after["doors"], abs=0.06)


def test_an_unknown_slot_is_refused(place):
    with pytest.raises(DataError, match="No outing is planned") as error:
        opening_of(place, "night", 0.25)
    assert "weekday_evening" in error.value.mend


def test_a_cut_where_no_campaign_has_begun_loads_no_store(place):
    program = """
import sys
from analysis.tables.workspace import Workspace
from analysis.workflows import turf_output
from analysis.workflows.known_doors import known_doors
from analysis.workflows.roll_doors import rolls_in_use
place = Workspace(sys.argv[1])
print(known_doors(place).to_order(), rolls_in_use(place))
print({"sqlalchemy", "alembic", "cryptography"} & set(sys.modules))
"""
    told = subprocess.run(
        [sys.executable, "-c", program, place.path],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told == "{} []\nset()\n"
