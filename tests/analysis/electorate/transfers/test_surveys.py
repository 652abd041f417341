"""Surveys: those published, one's own, and what joining one is worth."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.transfers import Transfers, estimate_transfers
from analysis.electorate.transfers.estimate import estimate_joint, tell
from analysis.electorate.transfers.survey_fit import Survey
from analysis.electorate.transfers.surveys import compare, published, read_survey
from analysis.errors import DataError
from tests.made import DATA, ROOT

SETS = ("SCO_2007", "NZ_2008", "NZ_2020")
SHARES = np.array([[0.8, 0.1, 0.1], [0.15, 0.75, 0.1], [0.3, 0.3, 0.4]])


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(3)
    mix = rng.dirichlet([6.0, 5.0, 4.0], 50)
    before = np.stack([rng.multinomial(700, share) for share in mix])
    tables = np.stack(
        [
            [rng.multinomial(n, rng.dirichlet(25 * p)) for n, p in zip(row, SHARES, strict=True)]
            for row in before
        ]
    )
    ids = [f"u{n}" for n in range(50)]
    origin = pd.DataFrame(before, index=ids, columns=["A", "B", "abstention"])
    destination = pd.DataFrame(
        tables.sum(axis=1), index=ids, columns=["A", "blank_null", "abstention"]
    )
    return origin, destination, tables.sum(axis=0)


def survey(*rows):
    return Survey(pd.DataFrame(rows, columns=["origin", "destination", "share", "n"]), "ours.csv")


def share_of(found, origin, destination):
    return found.matrix("share_of_origin").loc[origin, destination]


def test_a_survey_of_very_many_is_met_and_so_is_every_total(problem):
    origin, destination, _ = problem
    asked = survey(("B", "A", 0.30, 10_000_000))
    found = estimate_transfers(origin, destination, survey=asked)
    assert share_of(found, "B", "A") == pytest.approx(0.30, abs=0.002)
    assert found.matrix().sum(axis=1).to_dict() == origin.sum().to_dict()
    assert found.matrix().sum(axis=0).to_dict() == destination.sum().to_dict()
    table = found.table
    assert (table["bound_lower"] <= table["share_of_origin"] + 1e-9).all()
    assert (table["share_of_origin"] <= table["bound_upper"] + 1e-9).all()
    assert any("joined to the survey ours.csv" in note for note in found.notes)


def test_a_survey_of_one_person_changes_next_to_nothing(problem):
    origin, destination, _ = problem
    alone = estimate_transfers(origin, destination)
    found = estimate_transfers(origin, destination, survey=survey(("B", "A", 0.0, 1)))
    moved = np.abs(found.matrix() - alone.matrix()).to_numpy().sum() / 2
    assert moved < 0.01 * origin.to_numpy().sum()


def test_the_more_are_asked_the_nearer_is_the_survey_and_the_narrower_the_interval(problem):
    origin, destination, _ = problem
    alone = estimate_transfers(origin, destination)
    start = share_of(alone, "B", "A")
    at, width = [start], []
    for n in (20, 100, 1000):
        found = estimate_transfers(origin, destination, survey=survey(("B", "A", 0.35, n)))
        at.append(share_of(found, "B", "A"))
        row = found.table.query("origin == 'B' and destination == 'A'").iloc[0]
        width.append(row["upper"] - row["lower"])
    assert at == sorted(at)
    assert width == sorted(width, reverse=True)
    assert at[-1] == pytest.approx(0.35, abs=0.03)


def test_a_survey_that_says_what_the_counts_say_leaves_the_estimate(problem):
    origin, destination, _ = problem
    alone = estimate_transfers(origin, destination)
    shares = alone.matrix("share_of_origin")
    rows = [(o, d, shares.loc[o, d], 100) for o in shares.index for d in shares.columns]
    found = estimate_transfers(origin, destination, survey=survey(*rows))
    moved = np.abs(found.matrix() - alone.matrix()).to_numpy().sum() / 2
    assert moved < 0.005 * origin.to_numpy().sum()


def test_neither_stands_for_abstention_and_spoilt_ballots(problem):
    origin, destination, _ = problem
    asked = survey(("A", "neither", 0.4, 10_000_000))
    found = estimate_transfers(origin, destination, survey=asked)
    both = share_of(found, "A", "blank_null") + share_of(found, "A", "abstention")
    assert both == pytest.approx(0.4, abs=0.002)


def test_an_option_that_is_none_is_refused_by_name(problem):
    with pytest.raises(DataError, match="do not have") as error:
        estimate_transfers(*problem[:2], survey=survey(("B", "Z", 0.3, 100)))
    assert "B → Z" in error.value.where
    assert "blank_null" in str(error.value.mend)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("origin,destination,share\nA,B,0.5\n", "lacks columns"),
        ("origin,destination,share,n\nA,B,-0.5,10\n", "lies from 0 to 1"),
        ("origin,destination,share,n\nA,B,0.5,0\n", "lies from 0 to 1"),
        ("origin,destination,share,n\nA,B,x,10\n", "lies from 0 to 1"),
        ("origin,destination,share,n\nA,B,0.5,inf\n", "lies from 0 to 1"),
        ('origin,destination,share,n\nA,B,0.5,"1,200"\n', "lies from 0 to 1"),
        ("origin,destination,share,n\nA,B,0.5,10\nA,B,0.4,10\n", "more than once"),
        ("origin,destination,share,n\nA,B,0.5,10\nA,C,0.4,11\n", "are the same"),
        ("origin,destination,share,n\nA,B,0.7,10\nA,C,0.6,10\n", "add up to more than 1"),
        ("", "cannot be read"),
        ("origin,destination,share,n\n", "no figures"),
    ],
)
def test_a_wrong_survey_says_where(text, what, tmp_path):
    file = tmp_path / "survey.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=what) as error:
        read_survey(file)
    assert "survey.csv" in str(error.value.where)
    assert error.value.mend


def test_a_survey_in_percent_with_semicolons_is_read(tmp_path):
    file = tmp_path / "sondage.csv"
    file.write_text("origin;destination;share;n\nA;B;52,5;120\n", encoding="utf-8")
    read = read_survey(file)
    assert read.table.to_dict("records") == [
        {"origin": "A", "destination": "B", "share": 0.525, "n": 120}
    ]


def test_percent_signs_and_commas_are_read_as_they_are_meant(tmp_path):
    file = tmp_path / "sondage.csv"
    file.write_text('origin,destination,share,n\nA,B,"0,8 %",120\nA,C,50%,120\n', encoding="utf-8")
    assert read_survey(file).table["share"].tolist() == pytest.approx([0.008, 0.5])


def test_published_figures_say_who_asked_and_when():
    pairs = [(f"{year}_pres_t1", f"{year}_pres_t2") for year in (2017, 2022)]
    for pair in pairs:
        figures = published(*pair)
        assert figures["share"].between(0, 1).all()
        assert (figures["institute"] != "").all()
        assert figures["published"].str.match(r"\d{4}-\d{2}(-\d{2})?$").all()
        assert (figures["source"].str.len() > 10).all()
        one = figures.groupby(["institute", "published", "origin"])["share"].sum()
        # Rounded figures, as they were published.
        assert (one < 1.025).all()
    assert published("2014_euro_t1", "2019_euro_t1").empty


def test_estimate_and_survey_side_by_side():
    rows = [("Z", "M", 35, 0.35, 0.2, 0.5), ("Z", "L", 53, 0.53, 0.4, 0.7)]
    rows += [("Z", "abstention", 8, 0.08, 0.0, 0.2), ("Z", "blank_null", 4, 0.04, 0.0, 0.1)]
    names = ["origin", "destination", "votes", "share_of_origin", "lower", "upper"]
    table = pd.DataFrame(rows, columns=names).assign(bound_lower=0.0, bound_upper=1.0)
    rng = np.random.default_rng(0)
    drawn = 100 * rng.dirichlet([35, 53, 8, 4], 500)[:, None, :]
    found = Transfers(table, 0.9, 10, pd.DataFrame(), draws=drawn)
    figures = pd.DataFrame(
        [("Z", "L", 0.83), ("Z", "M", 0.40), ("Z", "neither", 0.13), ("Q", "L", 0.5)],
        columns=["origin", "destination", "share"],
    )
    beside = compare(found, figures)
    assert beside["apart"].tolist() == [True, False, False]
    assert beside["estimate"].tolist() == pytest.approx([0.53, 0.35, 0.12])
    low, high = np.quantile(drawn[:, 0, 2:].sum(axis=1) / 100, [0.05, 0.95])
    assert beside.loc[2, ["lower", "upper"]].tolist() == pytest.approx([low, high])


@pytest.fixture(scope="module", params=SETS)
def districts(request):
    if not (DATA / "ei" / f"{request.param}.zip").is_file():
        pytest.skip("the shared data are not there")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        known_truths = importlib.import_module("known_truths")
        return [
            one.merged() for one in list(known_truths.read_set(DATA / "ei", request.param))[::6]
        ]


def test_a_survey_of_300_persons_where_the_truth_is_known(districts):
    rng = np.random.default_rng(1)
    without, joined, alone, inside = [], [], [], []
    for district in districts:
        truth = district.truth
        said = rng.multinomial(300, (truth / truth.sum()).ravel()).reshape(truth.shape)
        asked = said.sum(axis=1)
        rows = [
            (origin, destination, said[i, j] / asked[i], asked[i])
            for i, origin in enumerate(district.origin)
            for j, destination in enumerate(district.destination)
            if asked[i]
        ]
        joint = estimate_joint(district.origin, district.destination)
        without.append(district.error(joint.votes))
        found = tell(joint, survey=survey(*rows))
        joined.append(district.error(found.matrix().to_numpy()))
        alone.append(district.error(said / 300 * truth.sum()))
        share = (truth / truth.sum(axis=1, keepdims=True)).ravel()
        inside.append((found.table["lower"] <= share) & (share <= found.table["upper"]))
    assert np.mean(joined) <= 0.7 * np.mean(without)
    assert np.mean(joined) <= 0.7 * np.mean(alone)
    assert np.concatenate(inside).mean() == pytest.approx(0.90, abs=0.05)
