"""A second round told in words: mergers, withdrawals, who comes; kept, written, backed up."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace

import pytest

from analysis.errors import DataError
from analysis.exports.model_export import Written
from analysis.tables.workspace import Workspace
from analysis.workflows.backup import back_up
from analysis.workflows.imagined_rounds import forget, keep, kept, shelf
from analysis.workflows.reproduce import reproduce
from analysis.workflows.restore import restore
from analysis.workflows.second_round_files import Told, imagine, second_round_to_file
from tests.made import ROOT

FIRST = "2022_pres_t1"
FOLLOW = "MÉLENCHON:MACRON=60"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("second") / "valmont"
    bare = shutil.ignore_patterns("fieldwork", "turfs", "trials")
    return Workspace(shutil.copytree(ROOT / "workspaces" / "valmont", folder, ignore=bare))


def test_what_is_said_stands_in_the_shares(town):
    told = Told(first=FIRST, follow=[FOLLOW], come=20, asked=300)
    asked = imagine(town, told)
    shares = asked.table()
    assert shares.loc["MÉLENCHON", "MACRON"] == pytest.approx(0.6)
    assert shares.loc["abstention", "abstention"] == pytest.approx(0.8)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert asked.asked == 300
    french = imagine(town, Told(first=FIRST, follow=["MÉLENCHON:MACRON=60,5"])).table()
    assert french.loc["MÉLENCHON", "MACRON"] == pytest.approx(0.605)
    alone = imagine(town, Told(first=FIRST, gone=["LE PEN"])).table()
    assert "LE PEN" not in alone
    assert [*imagine(town, Told(first=FIRST, standing=["MÉLENCHON", "LE PEN"])).table()][:2] == [
        "MÉLENCHON", "LE PEN"
    ]  # fmt: skip


def test_it_is_kept_made_again_and_outlives_a_loss(town, tmp_path):
    out = tmp_path / "duel.csv"
    told = Told(first=FIRST, follow=[FOLLOW])
    _asked, found = second_round_to_file(town.path, told, out, name="Duel", written=Written())
    assert reproduce(out, town.path).identical
    again = tmp_path / "again.csv"
    _same, second = second_round_to_file(town.path, Told(kept="Duel"), again, written=Written())
    assert second.whole.equals(found.whole)
    made = back_up(tmp_path / "copy.zip", {"valmont": town.path})
    with zipfile.ZipFile(made.archive) as parts:
        assert "workspaces/valmont/second_rounds/Duel.json" in parts.namelist()
    restore(made.archive, tmp_path / "back", keys=made.keys)
    assert kept(Workspace(tmp_path / "back" / "valmont"))["Duel"].table().loc[
        "MÉLENCHON", "MACRON"
    ] == pytest.approx(0.6)


def test_shares_without_who_abstained_let_nobody_come(town):
    asked = imagine(town, Told(first=FIRST))
    keep(town, replace(asked.with_shares(asked.table().drop(index="abstention")), name="Sans"))
    with pytest.raises(DataError, match="those who abstained"):
        imagine(town, Told(kept="Sans", come=30))
    forget(town, "Sans")


def test_two_names_are_two_second_rounds(town):
    asked = imagine(town, Told(first=FIRST))
    names = ["a/b", "a_b", "a*b"]
    for number, name in enumerate(names):
        keep(town, replace(asked, name=name, asked=100 + number))
    assert [kept(town)[name].asked for name in names] == [100, 101, 102]
    forget(town, "a_b")
    assert {*names} & {*kept(town)} == {"a/b", "a*b"}
    for name in names:
        forget(town, name)
    assert not {*names} & {*kept(town)}


@pytest.mark.parametrize(
    "broken",
    [
        {"asked": float("inf")},
        {"order": [["nobody"], ["MACRON"]]},
        {"shares": {}},
    ],
)
def test_what_cannot_be_opened_is_told_and_not_listed(town, broken):
    file = keep(town, replace(imagine(town, Told(first=FIRST)), name="Duel à trois"))
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | broken), "utf-8")
    try:
        assert "Duel à trois" not in kept(town)
        assert file in shelf(town).unread
    finally:
        file.unlink()


@pytest.mark.parametrize(
    ("told", "figure", "says"),
    [
        (Told(first="2031"), "", "not known here"),
        (Told(), "", "not said which first round"),
        (Told(kept="nobody"), "", "not known here"),
        (Told(first=FIRST, follow=["MÉLENCHON=60"]), "", "who follows whom"),
        (Told(first=FIRST, follow=["MÉLENCHON:MACRON=160"]), "", "of 100"),
        (Told(first=FIRST, follow=["MÉLENCHON:DUPONT=6"]), "", "no such list"),
        (Told(first=FIRST, come=-3), "", "of 100"),
        (Told(kept="Duel", first=FIRST), "", "its own round"),
        (Told(kept="Duel", place="26362"), "", "its own round"),
        (Told(kept="Duel", standing=["MACRON"]), "", "its own round"),
        (Told(first=FIRST, gone=["MACRON", "LE PEN"]), "", "Nobody would stand"),
        (Told(first=FIRST), "DUPONT", "not written as .csv"),
    ],
)
def test_nonsense_is_refused_with_advice_and_writes_nothing(town, tmp_path, told, figure, says):
    out = tmp_path / "x.csv"
    with pytest.raises(DataError, match=says):
        second_round_to_file(town.path, told, out, figure=figure, written=Written())
    assert not out.exists()
