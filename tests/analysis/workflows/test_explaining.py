"""What goes with abstention and swing: planted slopes, real places, files that are made again."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.explain.formula_terms import read_terms
from analysis.electorate.explain.regression import ROBINSON, ModelSpec, fit_model
from analysis.electorate.explain.term_words import model_label
from analysis.errors import DataError
from analysis.exports import read_provenance
from analysis.exports.model_export import Written
from analysis.exports.registry import BESIDE, formats_of, put_leaving
from analysis.i18n import told
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.build import Inputs, build
from analysis.workflows.explain_bureaux import Question, asked_of, observe
from analysis.workflows.explain_files import (
    FIGURES,
    TABLES,
    better_elsewhere,
    explain_to_file,
    finding,
    notes_of,
    table_of,
)
from analysis.workflows.explaining import bring_covariates, explain
from analysis.workflows.reproduce import reproduce
from tests.made import DATA, RESULTS, candidates, general, write_results

ELECTION, BEFORE = "2022_pres_t1", "2017_pres_t1"
TERMS = "poverty_rate + past_far_right"


@pytest.fixture(scope="module")
def abstention(valmont):
    return explain(valmont, Question("abstention", ELECTION))


@pytest.fixture(scope="module")
def curved(valmont):
    asked = Question("abstention", ELECTION, terms="cr(poverty_rate, df=3) + past_left")
    return explain(valmont, asked)


def test_slopes_planted_in_valmont_come_back(valmont, truth):
    """Regressed on the planted propensities, which hold no chance, slopes must be the same."""
    for election in ("2017_pres_t1", "2022_pres_t1", "2024_legi_t1"):
        table = observe(valmont, Question("abstention", election)).table
        table = table[table["poverty_rate"].notna()].reset_index(drop=True)
        spec = ModelSpec(read_terms("poverty_rate + log(density_km2)", table.columns))
        counted = fit_model(table, spec)
        planted = table["bureau_id"].map(truth["elections"][election]["abstention"])
        true = fit_model(table.assign(value=planted), spec)
        rows = counted.to_frame().set_index("column")
        # What chance in the ballots alone can do to a slope: binomial errors.
        error = np.sqrt(np.diag(counted.covariances["classical"]) / counted.results.scale)
        apart = (rows["estimate"] - true.to_frame().set_index("column")["estimate"]) / error
        assert (apart.abs() < 3).all(), (election, apart)
        assert true.to_frame().set_index("column").loc["poverty_rate", "estimate"] > 2


def test_categories_that_were_brought_differ_by_their_means(valmont, tmp_path):
    """Alone in a model, categories say the difference of their weighted means, no more."""
    place = Workspace(shutil.copytree(valmont.path, tmp_path / "place"))
    table = observe(place, Question("abstention", ELECTION)).table
    kinds = pd.Series(["calm", "mixed", "restless"] * len(table))[: len(table)]
    file = tmp_path / "kinds.csv"
    pd.DataFrame({"bureau_id": table["bureau_id"], "kind": kinds}).to_csv(file, index=False)
    assert bring_covariates(place, [file])[0] == ["kind"]
    found = explain(place, Question("abstention", ELECTION, terms="kind", fixed="none"))
    assert found.fitted.to_frame()["column"].tolist()[0] == "Intercept"
    rows = table.assign(votes=table["value"] * table["size"]).groupby(kinds)
    mean = rows["votes"].sum() / rows["size"].sum()
    apart = {(row.start, row.end): row.points for row in found.effects.itertuples()}
    assert apart
    for (start, end), points in apart.items():
        assert points == pytest.approx(100 * (mean[end] - mean[start]), abs=1e-6)
    same = explain(place, Question("abstention", ELECTION, terms="C(kind)", fixed="none"))
    assert same.effects.equals(found.effects)


def test_swing_slopes_planted_in_valmont_come_back(valmont, truth):
    asked = Question("swing", ELECTION, BEFORE)
    table = observe(valmont, asked).table
    table = table[table["poverty_rate"].notna()].reset_index(drop=True)
    spec = ModelSpec(read_terms("poverty_rate", table.columns), family="least_squares")
    then, now = (
        table["bureau_id"].map(truth["elections"][e]["abstention"]) for e in (BEFORE, ELECTION)
    )
    true = fit_model(table.assign(value=now - then), spec).to_frame().set_index("column")
    found = fit_model(table, spec).to_frame().set_index("column")
    apart = (found["estimate"] - true["estimate"]) / found["std_error"]
    assert (apart.abs() < 3).all()


def test_a_place_of_its_own_has_its_usual_terms(abstention):
    assert abstention.asked.fixed == "none"
    assert abstention.asked.errors == "classical"
    assert abstention.past == BEFORE
    effects = abstention.effects.set_index("name")
    # The poor stay home in Valmont: planted so.
    assert effects.loc["poverty_rate", "lower"] > 0
    assert [reason.count for reason in abstention.left_out] == [1]


def test_the_prison_and_the_postal_vote_are_no_ground(valmont):
    seen = observe(valmont, Question("abstention", ELECTION))
    assert "99900_JUS1" not in set(seen.table["bureau_id"])
    assert seen.left_out[0].examples == "99900_JUS1"


def test_nothing_of_the_day_or_later_is_a_covariate(valmont):
    for election, past in (
        ("2017_pres_t1", ""),
        ("2017_legi_t1", "2017_pres_t1"),
        ("2022_pres_t1", "2017_pres_t1"),
        ("2024_legi_t1", "2022_pres_t1"),
    ):
        assert observe(valmont, Question("abstention", election)).past == past
    # Of a swing, the past lies before the first of the two: its share would foretell its own fall.
    assert observe(valmont, Question("swing", "2024_legi_t1", ELECTION)).past == BEFORE


@pytest.mark.parametrize("table", TABLES)
def test_every_table_leaves_in_every_format_and_is_made_again(valmont, curved, table, tmp_path):
    # What a CSV is lies beside it, and is written with it.
    for form in (one for one in formats_of("table") if one.suffix != BESIDE):
        leaving = finding(valmont, curved, table=table, written=Written())
        file = tmp_path / f"{table}{form.suffix}"
        put_leaving(file, leaving)
        assert told(ROBINSON, "fr") in read_provenance(file).written["notes"]
        columns = {unit["column"] for unit in read_provenance(file).units}
        own = set(table_of(curved, table)) - {"bureau_id", "commune_id", "commune"}
        assert own <= columns
    assert reproduce(file).identical


def test_a_model_without_a_curve_says_how_to_have_one(abstention):
    with pytest.raises(DataError, match="is a curve"):
        table_of(abstention, "curves")


@pytest.mark.parametrize("figure", FIGURES)
def test_every_picture_is_made_again(valmont, figure, tmp_path):
    file = tmp_path / f"{figure}.svg"
    asked = Question(
        "swing", ELECTION, BEFORE, Choice("left"), "valid", terms="bs(poverty_rate, 3)"
    )
    explain_to_file(valmont.path, asked, file, show=figure)
    assert reproduce(file).identical
    assert "Robinson" in file.read_text(encoding="utf-8") or figure == "residuals"


def test_covariates_are_brought_kept_and_used(valmont, tmp_path):
    place = tmp_path / "place"
    shutil.copytree(valmont.path, place)
    ids = [f"99900_{n:04d}" for n in range(1, 47)]
    brought = tmp_path / "gardens.csv"
    rows = pd.DataFrame({"bureau_id": [*ids, ids[0], "31555_0001"], "Jardins (%)": range(48)})
    rows.to_csv(brought, index=False)
    names, left = bring_covariates(Workspace(place), [brought])
    assert names == ["jardins"]
    assert [(reason.count, str(reason.reason)) for reason in left] == [
        (1, "rows of other communes"),
        (2, "rows that share their id with another"),
    ]
    out = tmp_path / "out.csv"
    found, _left = explain_to_file(place, Question("abstention", ELECTION, terms="jardins"), out)
    assert found.effects["name"].tolist() == ["jardins"]
    assert reproduce(out, place).identical
    (place / "covariates.csv").write_text("id,jardins\n99900_0001,3\n", encoding="utf-8")
    with pytest.raises(DataError, match="not those this file was made from"):
        reproduce(out, place)


def test_what_is_the_same_inside_communes_is_told_between_them(tmp_path):
    """Forty communes of five bureaux: wages are asked for, so communes have no effect of theirs."""
    rng = np.random.default_rng(0)
    communes = [f"310{n:02d}" for n in range(10, 50)]
    rows = [(c, f"{n:04d}") for c in communes for n in range(1, 6)]
    income = {c: 20_000 + 400 * n for n, c in enumerate(communes)}
    turnout, votes = [], []
    for commune, number in rows:
        for election in (BEFORE, ELECTION):
            ballots = 1000 - int(rng.binomial(1000, 0.5 - income[commune] / 100_000))
            turnout.append((election, commune, number, 1000, ballots, 0, 0))
            votes += [(election, commune, number, "", "A", 300), 
                      (election, commune, number, "", "B", ballots - 300)]  # fmt: skip
    files = write_results(tmp_path, general(*turnout), candidates(*votes))
    place = build(Inputs(*files), tmp_path / "place")
    table = pd.DataFrame({"commune_id": communes, "wages": list(income.values())})
    table.to_csv(tmp_path / "wages.csv", index=False)
    bring_covariates(place, [tmp_path / "wages.csv"])
    found = explain(place, Question("abstention", ELECTION, terms="wages"))
    assert (found.asked.fixed, found.asked.errors) == ("none", "cluster")
    row = found.effects.iloc[0]
    # One point less for every 1,000 euros.
    planted = -100 * (row["end"] - row["start"]) / 100_000
    assert row["lower"] < planted < row["upper"]
    inside = explain(place, Question("abstention", ELECTION, terms="wages", fixed="commune"))
    # Asked for all the same: the effects of communes hold it already.
    assert inside.effects.empty
    assert inside.fitted.design.dropped
    # Communes asked for by name are told one by one, by name, and are no table of the user's.
    several = explain(place, Question("abstention", ELECTION, terms="C(commune_id)"))
    assert several.asked.fixed == "none"
    told = several.effects[several.effects["name"] == "commune_id"]
    # All forty are called the same in these files.
    known = {f"Bourg ({commune})" for commune in place.read("places")["commune_id"]}
    assert len(told) == len(known) - 1
    assert set(told["start"]) | set(told["end"]) == known
    assert "+ place" in set(several.comparison.table["model"])
    leaving = finding(place, several, table="coefficients", written=Written("en"))
    assert leaving.rows["in_words"].str.removeprefix("Commune: ").isin(known).sum() == len(told)


def test_the_rival_that_errs_less_elsewhere_is_named(abstention):
    """Whichever model of the table errs least where none had seen it, a reader is told."""
    table = abstention.comparison.table
    winning = table.assign(held_out=[3.0, 1.0, *[2.0] * (len(table) - 2)])
    said = better_elsewhere(
        replace(abstention, comparison=replace(abstention.comparison, table=winning)), "en"
    )
    assert model_label(str(table["model"].iloc[1]), {}, "en") in said
    assert "1.00 points against 2.00" in said
    best = table.assign(held_out=[*[2.0] * (len(table) - 1), 1.0])
    whole = replace(abstention, comparison=replace(abstention.comparison, table=best))
    assert better_elsewhere(whole, "en") is None
    assert not any("smaller one" in note for note in notes_of(whole, "en"))


@pytest.mark.parametrize(
    ("what", "elections", "whose"),
    [("wealth", ("", ELECTION), ("", ())), ("swing", ("", ELECTION), ("left", ())),
     ("abstention", ("", ""), ("", ()))],
)  # fmt: skip
def test_half_a_question_is_refused(what, elections, whose):
    with pytest.raises(DataError, match="not said what"):
        asked_of(what, elections, whose=whose, of="valid")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"election": "2027_pres_t1"}, "not in this workspace"),
        ({"terms": "income"}, "no column income"),
        ({"fixed": "street"}, "no effects"),
        ({"family": "probit"}, "no model or error"),
        ({"errors": "cluster"}, "at least 10"),
    ],
)
def test_a_question_that_does_not_fit_is_explained(valmont, change, said):
    asked = Question(**{"what": "abstention", "election": ELECTION, "terms": TERMS, **change})
    with pytest.raises(DataError, match=said):
        explain(valmont, asked)


def test_paris_with_its_census_of_2009(tmp_path):
    """An analyst who knows Paris expects these signs; numbers are printed by benchmarks."""
    census = DATA / "census" / "recensement_2009_par_bureau.csv"
    if not census.is_file():
        pytest.skip("the shared data are not there")
    folder = DATA / "paris"
    inputs = Inputs(
        *(folder / name for name in RESULTS),
        contours={2017: folder / "secteurs-des-bureaux-de-vote-2017.geojson"},
        places=("75056",),
    )
    place = build(inputs, tmp_path / "paris")
    names, left = bring_covariates(place, [census])
    assert "degree" in names
    # Two bureaux of one number: nobody knows which is meant.
    assert [reason.count for reason in left if "share" in reason.reason] == [4]
    found = explain(place, Question("abstention", "2022_pres_t1"))
    assert found.asked.fixed == "arrondissement"
    assert found.asked.errors == "conley"
    effects = found.effects.set_index("name")
    assert effects.loc["degree", "upper"] < 0
    assert effects.loc["past_far_right", "lower"] > 0
    assert found.comparison.held_out_by == "arrondissement"
    held = found.comparison.table["held_out"]
    # Census, past and all: nearly half of the error of the mean alone, elsewhere too.
    assert held.iloc[-2] < 0.65 * held.iloc[0]
