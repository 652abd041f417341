"""Buildings that no file knows: told in returns, checked, decided on, on both engines."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from analysis.errors import DataError
from analysis.fieldwork import inbox, progress
from analysis.fieldwork.field_part import Part
from analysis.fieldwork.missing_buildings import accepted, decide, reports
from tests.analysis.fieldwork.made_returns import BUREAUX, NOW, attempt, phone_bytes

ID = str(uuid.UUID(int=12))
BUILDING = {
    "report_id": ID,
    "address_id": "99900_0001_00003",
    "at": "2025-11-21T18:30:00+01:00",
    "number": 14,
    "suffix": "bis",
    "doors": 6,
}


def receive(store, *attempts, missing=(BUILDING,), **more):
    content = phone_bytes(store.campaign, attempts, missing=list(missing), **more)
    return inbox.receive(store, content, name="retours.json", now=NOW)


def test_a_building_comes_with_the_returns_once(store):
    receipt = receive(store, attempt(0))
    assert (receipt.new, receipt.missing) == (1, 1)
    assert receive(store, attempt(0), attempt(1)).missing == 0
    (row,) = reports(store).to_dict("records")
    told = ("turf_id", "bureau_id", "address_id", "number", "suffix", "doors")
    assert [row[name] for name in told] == [*("T1", "99900_0001", "99900_0001_00003", 14, "bis", 6)]
    assert accepted(store) == []
    # It is no attempt: no door is counted for it.
    assert progress.totals(store).doors == 2
    assert not store.unsound()


def test_a_building_may_be_all_a_phone_tells(small):
    assert receive(small).missing == 1
    assert small.imports()[["source", "rows", "new"]].to_numpy().tolist() == [["phone", 0, 0]]


def test_what_is_accepted_counts_until_it_is_refused(store):
    receive(store)
    decide(store, ID, NOW, place=(48.6912344, 4.2))
    assert accepted(store) == [
        {
            "address_id": f"added-{ID}",
            "beside": "99900_0001_00003",
            "number": 14,
            "suffix": "bis",
            "doors": 6,
            "latitude": 48.691234,
            "longitude": 4.2,
        }
    ]
    decide(store, ID, NOW + timedelta(seconds=1), place=None)
    assert accepted(store) == []
    assert reports(store)["accepted"].tolist() == [False]
    with pytest.raises(DataError, match="nowhere on earth"):
        decide(store, ID, NOW, place=(91.0, 0.0))
    with pytest.raises(DataError, match="No missing building"):
        decide(store, str(uuid.UUID(int=13)), NOW, place=None)


def test_one_beside_a_building_that_was_found_before_is_in_the_street_of_the_first(small):
    other, third = (BUILDING | {"report_id": str(uuid.UUID(int=n)), "number": n} for n in (16, 18))
    other |= {"address_id": f"added-{ID}"}
    third |= {"address_id": f"added-{other['report_id']}"}
    receive(small, missing=[BUILDING, other, third])
    for one in (ID, other["report_id"], third["report_id"]):
        decide(small, one, NOW, place=(48.69, 4.2))
    assert {one["beside"] for one in accepted(small)} == {"99900_0001_00003"}


def test_two_that_are_beside_one_another_are_beside_nothing(small):
    one, other = str(uuid.UUID(int=16)), str(uuid.UUID(int=18))
    pairs = ((one, other), (other, one))
    told = [BUILDING | {"report_id": own, "address_id": f"added-{of}"} for own, of in pairs]
    receive(small, missing=told)
    assert reports(small)["address_id"].str.startswith("added-").all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": True},
        {"number": 10_000},
        {"suffix": "chez Mme Martin"},
        {"doors": 501},
        {"report_id": "12"},
        {"at": "hier"},
        {"name": "Mme Martin"},
        {"number": "14"},
    ],
    ids=str,
)
def test_what_is_no_building_is_refused_and_nothing_counts(small, wrong):
    with pytest.raises(DataError):
        receive(small, attempt(0), missing=[BUILDING | wrong])
    assert reports(small).empty
    assert progress.totals(small).doors == 0


def test_a_building_of_tomorrow_is_refused(small):
    with pytest.raises(DataError, match="future"):
        receive(small, missing=[BUILDING | {"at": "2025-11-24T18:30:00+01:00"}])


def test_a_sheet_tells_it_in_a_row_of_its_own(small):
    text = (
        "secteur;adresse_id;date;résultat;portes;numéro;suffixe\n"
        "T1;99900_0001_00000;20/11/2025;absent;1;;\n"
        "T1;99900_0001_00003;20/11/2025;Bâtiment manquant;6;14;BIS\n"
        "T1;99900_0001_00003;20/11/2025;manquant;2;16;a\n"
    )
    for wanted in ((1, 2), (0, 0)):
        receipt = inbox.receive(small, text.encode(), name="feuille.csv", now=NOW)
        assert (receipt.new, receipt.missing) == wanted
    found = reports(small).sort_values("number")
    assert found[["number", "suffix", "doors"]].to_numpy().tolist() == [
        [14, "bis", 6],
        [16, "A", 2],
    ]


def test_who_sees_a_part_sees_its_buildings_alone(store):
    receive(store)
    decide(store, ID, NOW, place=(48.69, 4.2))
    own, other = (store.within(Part(frozenset([BUREAUX[n]]))) for n in (0, 1))
    assert len(accepted(own)) == 1
    assert reports(other).empty
    with pytest.raises(DataError, match="not yours"):
        receive(other)
