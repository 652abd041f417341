"""Blocs given again to the candidates of a workspace."""

import shutil
import threading

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.blocs import read_blocs
from analysis.readers.relabel import moved_since, relabel, version_of
from analysis.tables.workspace import Workspace


@pytest.fixture
def place(valmont, tmp_path):
    shutil.copytree(valmont.path, tmp_path / "place")
    return Workspace(tmp_path / "place")


def contents(place):
    kept = (f for f in sorted(place.path.iterdir()) if f.is_file() and f.suffix != ".lock")
    return {f.name: f.read_bytes() for f in kept}


def moved(blocs, key, bloc):
    row = {"election": "2022_pres", "key": key, "bloc": bloc, "source": "user"}
    kept = blocs[~((blocs["election"] == "2022_pres") & (blocs["key"] == key))]
    return pd.concat([kept, pd.DataFrame([row])], ignore_index=True)


def test_the_same_blocs_change_no_byte_of_a_table(place):
    before = contents(place)
    after = contents(relabel(place.path))
    assert after.pop("manifest.json")
    assert before.pop("manifest.json")
    assert after == before


def test_one_candidate_is_moved_in_both_rounds_and_nobody_else(place):
    candidates = place.read("candidates")
    blocs = read_blocs(place.path / "blocs.csv")
    after = relabel(place.path, moved(blocs, "MACRON", "right"))
    table = after.read("candidates")
    changed = (table["bloc"] != candidates["bloc"]).to_numpy()
    assert set(table["election_id"][changed]) == {"2022_pres_t1", "2022_pres_t2"}
    assert set(table["name"][changed]) == {"MACRON"}
    assert table.drop(columns="bloc").equals(candidates.drop(columns="bloc"))
    assert after.digest != place.digest
    assert not after.blocs_edited
    kept = {k: v for k, v in place.manifest.items() if k not in {"tables", "texts"}}
    assert {k: v for k, v in after.manifest.items() if k not in {"tables", "texts"}} == kept


def test_a_file_edited_by_hand_counts(place):
    blocs = read_blocs(place.path / "blocs.csv")
    dropped = blocs[~((blocs["election"] == "2022_pres") & (blocs["key"] == "MACRON"))]
    dropped.to_csv(place.path / "blocs.csv", index=False)
    after = relabel(place.path)
    lost = {(row["election_id"], row["candidate_id"]) for row in after.manifest["without_bloc"]}
    assert lost == {("2022_pres_t1", "MACRON"), ("2022_pres_t2", "MACRON")}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda blocs: pd.concat([blocs, blocs.head(1)]), "twice"),
        (lambda blocs: moved(blocs, "MACRON", ""), "without an election, a key or a bloc"),
        (lambda blocs: blocs.drop(columns="key"), "lacks key"),
    ],
)
def test_wrong_blocs_are_refused_and_the_workspace_stays(place, spoil, said):
    before = contents(place)
    with pytest.raises(DataError, match=said):
        relabel(place.path, spoil(read_blocs(place.path / "blocs.csv")))
    assert contents(place) == before


def test_of_two_who_save_at_once_one_is_told_and_nothing_is_written_over(place):
    seen, blocs = version_of(place), read_blocs(place.path / "blocs.csv")
    start = threading.Barrier(2)
    told = {}

    def save(key, bloc):
        start.wait(30)
        try:
            relabel(place.path, moved(blocs, key, bloc), seen=seen)
            told[key] = ""
        except DataError as error:
            told[key] = error.what

    both = [
        threading.Thread(target=save, args=a) for a in (("MACRON", "right"), ("ROUSSEL", "own"))
    ]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    (kept,) = [key for key, what in told.items() if not what]
    (refused,) = [what for what in told.values() if what]
    assert refused.startswith("Somebody else changed the blocs meanwhile")
    after = moved_since(blocs, read_blocs(place.path / "blocs.csv"))
    assert after["key"].tolist() == [kept]
    # What was read again is saved over it, and both hold.
    now = Workspace(place.path)
    other = "ROUSSEL" if kept == "MACRON" else "MACRON"
    again = moved(read_blocs(place.path / "blocs.csv"), other, "own")
    relabel(place.path, again, seen=version_of(now))
    assert set(moved_since(blocs, read_blocs(place.path / "blocs.csv"))["key"]) == {kept, other}
