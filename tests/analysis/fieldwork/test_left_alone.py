"""Doors that asked not to be disturbed: counted, kept apart, taken back, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analysis.errors import DataError
from analysis.fieldwork import inbox, progress, revisits
from analysis.fieldwork.left_alone import by_address, left_alone, withdrawal
from tests.analysis.fieldwork.made_returns import NOW, attempt, phone_bytes

ALONE = {"outcome": "do_not_disturb"}
FIRST, SECOND = "99900_0001_00000", "99900_0001_00001"


def receive(store, *attempts):
    content = phone_bytes(store.campaign, attempts)
    return inbox.receive(store, content, name="retours.json", now=NOW)


def sheet(store, text):
    return inbox.receive(store, text.encode(), name="feuille.csv", now=NOW)


def test_a_door_that_asked_is_counted_as_a_refusal_and_listed_without_a_name(store):
    receive(
        store,
        attempt(0, floor="3", door="14", **ALONE),
        attempt(1, doors=2, **ALONE),
        attempt(2, outcome="refused"),
        attempt(3, outcome="conversation"),
        attempt(4),
    )
    now = progress.totals(store)
    # 1 + 2 asked, 1 refused; with the one who talked, 5 of 6 doors opened.
    assert (now.doors, now.refusals, now.conversations) == (6, 4, 1)
    assert now.open_rate == pytest.approx(5 / 6)
    assert progress.by(store, "turf_id")["do_not_disturb"].tolist() == [3]
    assert progress.cells(store, "kind")["opened"].sum() == 5
    reports = left_alone(store)
    assert reports["address_id"].tolist() == [SECOND, FIRST]
    assert by_address(reports) == {
        FIRST: {"doors": 1, "floors": ["3"]},
        SECOND: {"doors": 2, "floors": []},
    }
    assert not store.unsound()


def test_a_door_told_twice_by_its_number_is_one_and_others_add_up(small):
    numbered = {"floor": "1", "door": "5", **ALONE}
    # The ninth attempt is at the address of the first.
    receive(small, attempt(0, **numbered), attempt(8, **numbered), attempt(16, floor="2", **ALONE))
    assert by_address(left_alone(small)) == {FIRST: {"doors": 2, "floors": ["1", "2"]}}


def test_nobody_goes_back_to_a_door_that_asked(small):
    later = {"come_back_on": "2025-12-01", "come_back_slot": "evening"}
    receive(small, attempt(0, **later, **ALONE), attempt(1, **later))
    today = NOW.date()
    assert revisits.wishes(small, today)["address_id"].tolist() == [SECOND]
    silent = revisits.to_return(small, today + timedelta(days=9))
    assert silent["address_id"].tolist() == [SECOND]


@pytest.mark.parametrize(
    "text",
    [
        "secteur,adresse_id,date,resultat,portes\nT1,99900_0001_00000,2025-11-20,"
        "Ne pas déranger,2\n",
        "secteur,adresse_id,date,absents,ne_pas_deranger\nT1,99900_0001_00000,2025-11-20,,2\n",
    ],
    ids=["a row per outcome", "a column per outcome"],
)
def test_a_sheet_tells_it_too(small, text):
    sheet(small, text)
    assert by_address(left_alone(small)) == {FIRST: {"doors": 2, "floors": []}}


def test_an_organiser_takes_it_back_and_the_visit_stays_as_a_refusal(store):
    first = attempt(0, floor="3", door="14", **ALONE)
    receive(store, first, attempt(1, **ALONE))
    name, content = withdrawal(store, first["attempt_id"], NOW)
    receipt = inbox.receive(store, content, name=name, now=NOW)
    assert (receipt.new, receipt.conflicts) == (1, 0)
    assert left_alone(store)["address_id"].tolist() == [SECOND]
    row = progress.by(store, "turf_id").iloc[0]
    assert row[["doors", "refused", "do_not_disturb"]].tolist() == [2, 1, 1]
    with pytest.raises(DataError, match="No door that asked"):
        withdrawal(store, first["attempt_id"], NOW)


def test_what_a_phone_corrected_is_taken_back_by_its_first_telling(small):
    first = attempt(0)
    corrected = attempt(30, address_id=FIRST, corrects=first["attempt_id"], **ALONE)
    receive(small, first, corrected)
    assert left_alone(small)["attempt_id"].tolist() == [first["attempt_id"]]
    # Even where the clock of the phone runs ahead of ours by some minutes.
    name, content = withdrawal(small, first["attempt_id"], NOW.replace(year=2024))
    inbox.receive(small, content, name=name, now=NOW)
    assert left_alone(small).empty


def test_a_phone_that_undoes_it_leaves_none(small):
    first = attempt(0, **ALONE)
    receive(small, first)
    receive(small, attempt(9, address_id=FIRST, outcome="undone", corrects=first["attempt_id"]))
    assert left_alone(small).empty
