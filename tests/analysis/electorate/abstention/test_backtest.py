"""Tests of `analysis.electorate.abstention.backtest`, `rules` and the verb."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.cli.main import main
from analysis.electorate.abstention.backtest import backtest_abstention, write_backtest
from analysis.electorate.abstention.baselines import rule_rates
from analysis.electorate.abstention.series import Series, read_series
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import target_of
from tests.made import candidates, general, write_results

RULES = ["last", "last_of_kind", "mean_of_kinds", "mean_of_last_two"]


def rates_series(names, rates):
    units = pd.DataFrame({"bureau_id": ["1_1"], "commune_id": ["1"], "registered": [100]})
    registered = np.full((1, len(names)), 100.0)
    return Series(
        units,
        tuple(election_of(name) for name in names),
        registered,
        registered * (1 - np.array([rates])),
    )


def test_what_the_rules_of_thumb_take():
    names = ("2019_euro_t1", "2022_pres_t1", "2022_pres_t2", "2022_legi_t1", "2022_legi_t2")
    series = rates_series(names, [0.1, 0.2, 0.3, 0.4, 0.6])
    found = {n: r[0] for n, r in rule_rates(series, election_of("2024_legi_t1")).items()}
    assert found == {
        "last": pytest.approx(0.6),
        "last_of_kind": pytest.approx(0.4),
        "mean_of_kinds": pytest.approx((0.1 + 0.2 + 0.4) / 3),
        "mean_of_last_two": pytest.approx(0.3),
    }
    second = {n: r[0] for n, r in rule_rates(series, election_of("2024_legi_t2")).items()}
    assert second["last_of_kind"] == pytest.approx(0.6)
    assert second["mean_of_kinds"] == pytest.approx((0.1 + 0.3 + 0.6) / 3)
    assert list(rule_rates(series, election_of("2026_muni_t1"))) == [
        "last",
        "mean_of_kinds",
        "mean_of_last_two",
    ]


@pytest.fixture(scope="module")
def found(valmont):
    return backtest_abstention(valmont, target_of(valmont, "2024_legi_t1"))


def test_errors_are_those_that_pandas_gives(valmont, found):
    """Again from the raw tables, without this package's code."""
    turnout = valmont.read("turnout").astype({"election_id": "str", "bureau_id": "str"})
    rate = 1 - turnout["ballots"] / turnout["registered"]
    wide = turnout.assign(rate=rate).pivot_table(index="bureau_id", columns="election_id",
                                                 values=["rate", "registered"])  # fmt: skip
    size = wide["registered"]["2024_legi_t1"]
    wide = wide["rate"][size >= 50]
    size = size[size >= 50]
    both = wide["2024_legi_t1"].notna() & wide["2024_euro_t1"].notna()
    error = (wide["2024_euro_t1"] - wide["2024_legi_t1"])[both]
    error -= np.average(error, weights=size[both])
    row = found.methods.set_index("method").loc["last"]
    assert row["n"] == row["n_all"] == both.sum()
    assert row["mae_points"] == row["mae_points_all"]
    assert row["mae_points"] == pytest.approx(100 * np.average(error.abs(), weights=size[both]))
    assert row["rmse_points"] == pytest.approx(
        100 * np.sqrt(np.average(error**2, weights=size[both]))
    )
    ranks = wide.loc[both, ["2024_euro_t1", "2024_legi_t1"]].corr("spearman").iloc[0, 1]
    assert row["spearman"] == pytest.approx(ranks)


def test_the_model_judges_every_bureau_and_beats_the_rules_on_valmont(found):
    table = found.methods.set_index("method")
    assert list(table.index) == ["model", *RULES]
    assert table.loc["model", "n_all"] == table["n_all"].max() == len(found.bureaux)
    assert table.loc["model", "mae_points_common"] < table.loc[RULES, "mae_points_common"].min()
    assert 0 < found.noise_floor_points < table["mae_points"].min()
    inside = found.bureaux["came"].between(found.bureaux["low_90"], found.bureaux["high_90"])
    assert table.loc["model", "coverage_90"] == pytest.approx(inside.mean())
    assert table.loc[RULES, "coverage_90"].isna().all()
    best = table.loc[RULES, "mae_points_common"]
    assert f"({best.idxmin()}) by {best.min():.2f}" in found.summary()


def test_the_verb_prints_the_table_and_writes_what_was_agreed(valmont, tmp_path, capsys, found):
    out = tmp_path / "look.json"
    with pytest.raises(SystemExit) as ended:
        main(["backtest", "--workspace", str(valmont.path), "--target", "2024_legi_t1",
              "--out", str(out)])  # fmt: skip
    assert ended.value.code == 0
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["target"] == "2024_legi_t1"
    assert told["noise_floor_points"] == pytest.approx(found.noise_floor_points, abs=1e-4)
    assert list(told["methods"]) == ["model", *RULES]
    for row in told["methods"].values():
        assert {"n", "mae_points", "rmse_points", "spearman", "coverage_50", "coverage_90"} <= set(
            row
        )
    assert told["methods"]["last"]["coverage_90"] is None
    printed = capsys.readouterr().out
    assert f"{told['methods']['model']['mae_points']:.2f}" in printed
    assert found.summary() in printed


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("2027_pres_t1", "not in this workspace"),
        ("2017_pres_t1", "No election of this workspace precedes"),
    ],
)
def test_what_cannot_be_looked_back_at_is_said(valmont, target, says):
    with pytest.raises(DataError, match=says) as caught:
        backtest_abstention(valmont, target_of(valmont, target))
    assert target in caught.value.where
    assert caught.value.mend


def tiny_place(folder, bureau, registered):
    counts = general(
        ("2017_legi_t1", "31555", "1", registered, registered // 2, 0, 0),
        ("2022_legi_t1", "31555", bureau, registered, registered // 2, 0, 0),
    )
    votes = candidates(
        ("2017_legi_t1", "31555", "1", "NUP", "", registered // 2),
        ("2022_legi_t1", "31555", bureau, "NUP", "", registered // 2),
    )
    return build(Inputs(*write_results(folder, counts, votes)), folder / "w")


@pytest.mark.parametrize(
    ("bureau", "registered", "says"),
    [("2", 400, "under the same code"), ("1", 30, "has 50 registered")],
)
def test_nothing_in_common_or_nothing_to_judge_by_is_said(tmp_path, bureau, registered, says):
    place = tiny_place(tmp_path, bureau, registered)
    with pytest.raises(DataError, match=says):
        backtest_abstention(place, election_of("2022_legi_t1"))


@pytest.mark.parametrize("name", ["look.csv", "absent/look.json"])
def test_a_file_that_cannot_be_written_is_said(found, tmp_path, name):
    with pytest.raises(DataError) as caught:
        write_backtest(found, tmp_path / name)
    assert name.split("/")[-1] in caught.value.where


def test_the_crosswalk_brings_earlier_elections_onto_the_bureaux_of_the_target(valmont):
    """Valmont was redrawn between 2022 and 2024: by code alone, one bureau in ten is lost."""
    series, came = read_series(valmont, target_of(valmont, "2024_legi_t1"))
    turnout = valmont.read("turnout")
    then = turnout[turnout["election_id"] == "2022_legi_t1"]["registered"].sum()
    place = [e.election_id for e in series.elections].index("2022_legi_t1")
    assert np.nansum(series.registered[:, place]) == then
    assert len(came) == len(series.units) == 49
    assert (series.units["registered"] == came["registered"]).all()


def test_paris_is_forecast_better_than_by_any_one_rule(paris):
    """One town: a rule may win once by luck of its weights, none does over five elections."""
    targets = ("2019_euro_t1", "2022_pres_t1", "2022_legi_t1", "2022_legi_t2", "2024_legi_t1")
    tables = [
        backtest_abstention(paris, target_of(paris, name)).methods.set_index("method")
        for name in targets
    ]
    errors = pd.concat([table["mae_points_common"] for table in tables], axis=1)
    assert (errors.loc["model"] < 1.12 * errors.min()).all()
    assert errors.loc["model"].mean() < 0.95 * errors.drop("model").mean(axis=1).min()
    assert np.mean([table.loc["model", "coverage_90"] for table in tables]) > 0.88
