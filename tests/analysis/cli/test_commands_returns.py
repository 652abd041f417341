"""Tests of the verb `returns`, as a user types it."""

from __future__ import annotations

import json
import shutil
import uuid

import geopandas as gpd
import pytest

from analysis.cli import main
from analysis.fieldwork.campaign import open_campaign
from analysis.workflows.known_doors import place_beside
from tests.analysis.fieldwork.made_returns import attempt, phone_bytes, turfs

SHEET = """secteur;adresse_id;date;heure;equipe;absents;refus;conversations
T1;99900_0001_00001;20/11/2025;18h30;A;2;1;1
T1;99900_0001_00003;20/11/2025;18h45;A;8;;3
"""


@pytest.fixture
def returns(valmont, tmp_path, capsys):
    """Run an action in a copy of Valmont; return its exit code and what it printed."""
    workspace = tmp_path / "valmont"
    shutil.copytree(valmont.path, workspace)
    turfs().to_csv(tmp_path / "turfs.csv", index=False)
    (tmp_path / "feuille.csv").write_text(SHEET, encoding="cp1252")

    def run(*words):
        given = ["returns", *map(str, words), "--workspace", str(workspace)]
        try:
            main.main(given)
            code = 0
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out + said.err

    run.folder, run.workspace = tmp_path, workspace
    return run


def test_from_turfs_to_the_impact(returns):
    folder = returns.folder
    goal = ("--objective", 200, "--starts", "2025-11-01", "--ends", "2025-12-01")
    assert "200 doors, 2025-11-01 to 2025-12-01" in returns("campaign", *goal)[1]
    assert returns("turfs", folder / "turfs.csv") == (0, "3 turfs registered.\n")
    assert "5 new, 0 already in, 0 in conflict" in returns("import", folder / "feuille.csv")[1]
    assert "0 new, 5 already in, 0 in conflict" in returns("import", folder / "feuille.csv")[1]
    code, said = returns("progress", "--today", "2025-11-21")
    assert code == 0
    assert "15 doors, 4 conversations (26.7%), 240 doors planned" in said
    assert "15 of 200 so far" in said
    rates = returns("rates", "--out", folder / "learned.toml")[1]
    assert "33.3% opened" in rates
    assert "26.7% led to a conversation" in rates
    assert "learned at 15 doors" in (folder / "learned.toml").read_text()
    assert "1 visited" in returns("contact", "--out", folder / "contact.csv")[1]
    # Four doors, and ten of the eleven told of an address that has ten.
    assert (folder / "contact.csv").read_text().splitlines()[1].startswith("99900_0001,0.175,")
    assert "1 bureaux take" in returns("covered")[1]
    assert "5 attempts" in returns("export", "--out", folder / "all.csv")[1]
    assert returns("check") == (0, "Every sum is that of the attempts.\n")
    assert "Conflicts\nnone" in returns("list")[1]


def test_a_folder_that_holds_returns_alone_gives_them_out(returns):
    (returns.workspace / "manifest.json").unlink()
    returns("turfs", returns.folder / "turfs.csv")
    returns("import", returns.folder / "feuille.csv")
    assert "5 attempts" in returns("export", "--out", returns.folder / "all.csv")[1]
    told = json.loads((returns.folder / "all.csv-metadata.json").read_text(encoding="utf-8"))
    assert "fictional" not in told["dc:provenance"]
    assert returns("rates", "--out", returns.folder / "learned.toml")[0] == 0


def test_what_waits_in_the_inbox_is_counted_when_it_can_be(returns):
    campaign = open_campaign(returns.workspace)
    file = returns.folder / "retours.json"
    file.write_bytes(phone_bytes(campaign, [attempt(0)]))
    code, said = returns("import", file)
    assert code == 1
    assert "knows no turfs yet" in said
    returns("turfs", returns.folder / "turfs.csv")
    assert "1 new, 0 already in" in returns("retry")[1]
    assert returns("retry") == (0, "Nothing to import.\n")


def test_one_bad_file_does_not_keep_the_others_out(returns):
    campaign = open_campaign(returns.workspace)
    returns("turfs", returns.folder / "turfs.csv")
    good, bad = (returns.folder / name for name in ("good.json", "bad.json"))
    good.write_bytes(phone_bytes(campaign, [attempt(0)]))
    bad.write_bytes(json.dumps({"palier_returns": 1}).encode())
    code, said = returns("import", bad, good)
    assert code == 1
    assert "lacks something" in said
    assert "good.json: 1 new" in said
    refused = list((returns.workspace / "fieldwork" / "refused").iterdir())
    assert [file.read_bytes() for file in refused] == [bad.read_bytes()]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("knock",), "no such action"),
        (("import",), "No file is named"),
        (("import", "missing.json"), "cannot be read"),
        (("export",), "No file to write"),
        (("list", "--accept", "anything"), "nothing of this name to accept"),
        (("list", "--objective", "3"), "Only the action campaign"),
        (("campaign", "--objective", "-3"), "not a number of doors"),
        (("campaign", "--measure", "smiles"), "not a number of doors"),
        (("campaign", "--time-zone", "Nowhere"), "time zone of the campaign is none"),
        (("campaign", "--starts", "2027-03-02", "--ends", "2027-03-01"), "ends before it starts"),
        (("rates",), "nothing to learn from"),
        (("turfs", "missing.csv"), "file of turfs cannot be read"),
    ],
)
def test_wrong_questions_are_answered_with_advice(returns, words, says):
    code, said = returns(*words)
    assert code == 1
    assert says in said
    assert "mend:" in said


def test_missing_buildings_are_listed_accepted_and_refused(returns, valmont):
    street = valmont.read("addresses")
    beside = street[(street["street"] == street["street"].iloc[0]) & (street["number"] > 1)].iloc[0]
    ids = [str(uuid.UUID(int=n)) for n in (1 << 124, 2 << 124)]
    told = {"address_id": beside["address_id"], "at": "2025-11-21T18:30:00+01:00", "doors": 6}
    missing = [{"report_id": one, "number": 14 + n, **told} for n, one in enumerate(ids)]
    file = returns.folder / "retours.json"
    file.write_bytes(phone_bytes(open_campaign(returns.workspace), [], missing=missing))
    assert returns("buildings") == (0, "none\n")
    returns("turfs", returns.folder / "turfs.csv")
    assert "2 missing building(s)" in returns("import", file)[1]
    said = returns("buildings")[1]
    assert said.count("waits") == 2
    assert f"14 {beside['street']}" in said
    code, said = returns("accept", ids[0][:8])
    place = place_beside(gpd.GeoDataFrame(street), beside["address_id"], 14)
    assert (code, said.splitlines()[0]) == (
        0,
        f"{ids[0]}: accepted at {place[0]:.6f}, {place[1]:.6f}",
    )
    assert (
        f"{ids[1]}: accepted at 48.691200, 4.200000"
        in returns("accept", ids[1], "--at", "48.6912, 4.2")[1]
    )
    assert returns("refuse", ids[0]) == (0, f"{ids[0]}: refused\n")
    said = returns("buildings")[1]
    assert (said.count("accepted"), said.count("refused")) == (1, 1)
    for words, why in (
        (("accept", "nothing"), "No missing building was reported"),
        (("refuse",), "No building is named"),
        (("accept", ids[0], "--at", "là-bas"), "nowhere on earth"),
        (("accept", *ids, "--at", "48.6912, 4.2"), "cannot stand at one place"),
        (("accept", ids[0], "--at", "99.5, 4.2"), "nowhere on earth"),
    ):
        code, said = returns(*words)
        assert code
        assert why in said
