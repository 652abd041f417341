"""Two cuts in the field at once: names, tokens and counts of one are never those of the other."""

from __future__ import annotations

import re
import shutil

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork import field_plan, inbox, progress
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.turf.planning import Plan
from analysis.turf.turf_names import cut_of
from analysis.workflows.turfs import Ask, make_walks
from tests.analysis.fieldwork.made_returns import attempt, phone_bytes

# Other tests may have begun a campaign in the shared place.
BARE = shutil.ignore_patterns("fieldwork")
FIELD = ["turf_id", "address_id", "bureau_id", "dwellings"]


@pytest.fixture(scope="module")
def bureaux(valmont):
    """List bureaux of Valmont that have addresses, those of fifty and more first: few to cut."""
    doors = valmont.read("addresses")["bureau_id"].value_counts().drop("", errors="ignore")
    return doors[doors >= 50].sort_values(kind="stable").index.tolist()


@pytest.fixture(scope="module")
def cut(valmont, tmp_path_factory):
    """Return what cuts bureaux."""

    def cut(names, **more):
        file = tmp_path_factory.mktemp("targets") / "targets.csv"
        pd.DataFrame({"bureau_id": names, "rank": range(1, len(names) + 1)}).to_csv(file)
        return make_walks(valmont, file, Ask(**more))

    return cut


@pytest.fixture(scope="module")
def both(cut, bureaux):
    """Cut two bureaux each, twice."""
    return cut(bureaux[:2]), cut(bureaux[2:4])


@pytest.fixture
def place(valmont, tmp_path):
    return Workspace(shutil.copytree(valmont.path, tmp_path / "place", ignore=BARE))


def knock(store, kit, turf_id, n, *, token=None):
    """Return the file of a phone that knocked at a turf's first door."""
    address = kit.walks.of(turf_id)["address_id"][0]
    told = attempt(n, turf_id, address_id=address)
    token = token or kit.tokens[turf_id]
    return phone_bytes(store.campaign, [told], turf=turf_id, token=token)


def test_turfs_bear_the_letters_of_their_cut(both):
    for walks in both:
        letters = walks.summary["cut"]
        assert re.fullmatch("[B-DF-HJ-NPRTV-XZ]{4}", letters)
        assert walks.turf_ids[0] == f"{letters}-001"
        assert {cut_of(turf_id) for turf_id in walks.turf_ids} == {letters}
        assert [turf["turf_id"] for turf in walks.summary["turfs"]] == list(walks.turf_ids)
    assert not set(both[0].turf_ids) & set(both[1].turf_ids)


def test_the_same_cut_has_the_same_names_and_another_has_others(cut, bureaux, both):
    again = cut(bureaux[:2])
    pd.testing.assert_frame_equal(again.turfs, both[0].turfs)
    # Other sheets of the same doors: those already handed out must not be taken for them.
    started = cut(bureaux[:2], plan=Plan(start=(48.69, 4.21)))
    assert started.summary["cut"] != both[0].summary["cut"]


def test_two_cuts_are_in_the_field_at_once_and_nothing_mixes(place, both):
    store = open_store(place.path)
    for walks in both:
        assert field_plan.register(store.engine, walks.turfs[FIELD]) == len(walks.turf_ids)
    kits = [kit_of(walks, place) for walks in both]
    assert not set(kits[0].tokens.values()) & set(kits[1].tokens.values())
    first = [walks.turf_ids[0] for walks in both]
    for n, (kit, turf_id) in enumerate(zip(kits, first, strict=True)):
        receipt = inbox.receive(store, knock(store, kit, turf_id, n), name="phone.json")
        assert (receipt.new, receipt.turfs) == (1, (turf_id,))
    seen = progress.by(store, "turf_id").set_index("turf_id")["doors"]
    assert seen.to_dict() == dict.fromkeys(first, 1)
    planned = progress.coverage(store).set_index("bureau_id")["planned"]
    for walks in both:
        doors = walks.turfs.groupby("bureau_id")["dwellings"].sum()
        assert planned[doors.index].to_dict() == doors.to_dict()
    assert store.flags().empty
    wrong = knock(store, kits[1], first[1], 7, token=kits[0].tokens[first[0]])
    with pytest.raises(DataError, match="token"):
        inbox.receive(store, wrong, name="mixed.json")
    store.engine.dispose()


def test_a_cut_is_put_into_the_field_again_without_harm(place, both):
    store = open_store(place.path)
    for walks in (*both, both[0]):
        field_plan.register(store.engine, walks.turfs[FIELD])
    held = store.frame(field_plan.sa.select(*(field_plan.PLAN.c[name] for name in FIELD)))
    told = pd.concat([walks.turfs for walks in both])
    keys = ["turf_id", "address_id"]
    sums = told.groupby(keys)["dwellings"].sum()
    assert held.set_index(keys)["dwellings"].sort_index().to_dict() == sums.to_dict()
    assert not store.unsound()
    store.engine.dispose()


def test_turfs_of_other_bureaux_under_the_same_names_are_refused(place, both):
    store = open_store(place.path)
    field_plan.register(store.engine, both[0].turfs[FIELD])
    before = store.frame(field_plan.sa.select(field_plan.PLAN))
    count = min(len(walks.turf_ids) for walks in both)
    names = dict(zip(both[1].turf_ids, both[0].turf_ids[:count], strict=False))
    namesakes = both[1].turfs[FIELD].replace({"turf_id": names})
    with pytest.raises(DataError, match="in the field already") as error:
        field_plan.register(store.engine, namesakes)
    assert both[0].turf_ids[0] in error.value.where
    pd.testing.assert_frame_equal(store.frame(field_plan.sa.select(field_plan.PLAN)), before)
    store.engine.dispose()


def test_the_work_done_is_told_as_it_goes_on(valmont, bureaux, tmp_path):
    file = tmp_path / "targets.csv"
    pd.DataFrame({"bureau_id": bureaux[:3], "rank": [1, 2, 3]}).to_csv(file)
    usual, longer = [], []
    make_walks(valmont, file, Ask(), progress=usual.append)
    assert usual == sorted(usual)
    assert (len(usual), usual[-1]) == (3, 1.0)
    make_walks(valmont, file, Ask(top=1, long_run=True), progress=longer.append)
    assert longer == pytest.approx([1 / 11, 1.0])
