"""The verb of transfers, as it is typed."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.cli.main import main

HEADINGS = "origin,destination,votes,share_of_origin,lower,upper,bound_lower,bound_upper"


def run(*arguments):
    """Run the command line; return its exit code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return ended.code or 0
    return 0


@pytest.fixture
def files(tmp_path):
    tables = {
        "origin": "unit,A,B\nu1,60,40\nu2,30,70\nu3,45,55\nu4,80,20\n",
        "destination": "unit,x,y\nu1,62,38\nu2,25,75\nu3,45,55\nu4,85,15\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path / "origin.csv", tmp_path / "destination.csv"


def test_two_files(files, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert run("transfers", "--origin", files[0], "--destination", files[1], "--out", out) == 0
    assert out.read_text(encoding="utf-8").splitlines()[0] == HEADINGS
    table = pd.read_csv(out)
    assert table.groupby("origin")["votes"].sum().to_dict() == {"A": 215, "B": 185}
    assert "An estimate, never a proof" in capsys.readouterr().out


def test_a_survey_is_joined_and_stands_beside(files, tmp_path, capsys):
    survey, out = tmp_path / "ours.csv", tmp_path / "out.csv"
    survey.write_text("origin,destination,share,n\nA,x,0.5,100000\n", encoding="utf-8")
    asked = ("--origin", files[0], "--destination", files[1], "--out", out)
    assert run("transfers", *asked) == 0
    alone = pd.read_csv(out).set_index(["origin", "destination"])["share_of_origin"]["A", "x"]
    assert not (tmp_path / "out_surveys.csv").exists()
    assert run("transfers", *asked, "--survey", survey) == 0
    table = pd.read_csv(out)
    assert table.groupby("origin")["votes"].sum().to_dict() == {"A": 215, "B": 185}
    joined = table.set_index(["origin", "destination"])["share_of_origin"]["A", "x"]
    # As near as the totals of four units let it come.
    assert abs(joined - 0.5) < abs(alone - 0.5)
    beside = pd.read_csv(tmp_path / "out_surveys.csv")
    assert beside["share"].tolist() == [0.5]
    assert beside["estimate"].tolist() == pytest.approx([joined], abs=1e-5)
    said = capsys.readouterr().out
    assert "survey: ours.csv: A → x 50%; estimate" in said
    assert "joined to the survey ours.csv" in said


def test_a_wrong_survey_leaves_no_file(files, tmp_path, capsys):
    survey, out = tmp_path / "ours.csv", tmp_path / "out.csv"
    survey.write_text("origin,destination,share,n\nA,z,0.5,100\n", encoding="utf-8")
    asked = ("--origin", files[0], "--destination", files[1], "--out", out)
    assert run("transfers", *asked, "--survey", survey) == 1
    assert "A → z" in capsys.readouterr().err
    assert not out.exists()


def test_two_elections_of_a_workspace(valmont, tmp_path, capsys):
    out = tmp_path / "out.csv"
    asked = ("--workspace", valmont.path, "--from", "2022_pres_t1", "--to", "2022_pres_t2")
    assert run("transfers", *asked, "--place", "99900", "--out", out) == 0
    votes = pd.read_csv(out)["votes"].sum()
    turnout = valmont.read("turnout")
    assert votes >= turnout[turnout["election_id"] == "2022_pres_t2"]["registered"].sum()
    assert "Newcomers and leavers are net" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give --workspace DIR"),
        (("--from", "2022_pres_t1", "--to", "2022_pres_t2"), "Give --workspace DIR"),
    ],
)
def test_an_incomplete_question_is_explained(arguments, said, tmp_path, capsys):
    assert run("transfers", *arguments, "--out", tmp_path / "out.csv") == 1
    assert said in capsys.readouterr().err


def test_an_absent_election_leaves_no_file(valmont, tmp_path, capsys):
    out = tmp_path / "out.csv"
    asked = ("--workspace", valmont.path, "--from", "1981_pres_t1", "--to", "2022_pres_t2")
    assert run("transfers", *asked, "--out", out) == 1
    assert "mend" in capsys.readouterr().err
    assert not out.exists()


def test_explain_writes_and_says(valmont, tmp_path, capsys):
    out = tmp_path / "effects.csv"
    asked = ("--workspace", valmont.path, "--election", "2022_pres_t1", "--terms", "poverty_rate")
    assert run("explain", *asked, "--out", out) == 0
    said = capsys.readouterr().out
    assert "Bureaux are not persons" in said
    assert "46 bureaux, 2 columns, quasi-binomial logit" in said
    effects = pd.read_csv(out)
    assert effects["name"].tolist() == ["poverty_rate"]
    assert f"{effects['points'][0]:.3f}" in said


def test_explain_a_swing_as_a_picture(valmont, tmp_path):
    out = tmp_path / "left.png"
    asked = ("--what", "swing", "--from", "2017_pres_t1", "--to", "2022_pres_t1", "--bloc", "left")
    assert run("explain", "--workspace", valmont.path, *asked, "--out", out) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "x.csv"), "not said what"),
        (("--election", "2022_pres_t1", "--out", "x.doc"), "not written as .doc"),
        (("--election", "2022_pres_t1", "--show", "nothing", "--out", "x.csv"), "no table"),
        (("--election", "2022_pres_t1", "--show", "models", "--out", "x.png"), "no picture"),
    ],
)
def test_what_explain_cannot_do_is_said(valmont, arguments, said, capsys):
    assert run("explain", "--workspace", valmont.path, *arguments) == 1
    assert said in capsys.readouterr().err
