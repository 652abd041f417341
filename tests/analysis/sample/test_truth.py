"""The counts were drawn from the stated model, and the model can be recovered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.sample import truth
from analysis.sample.offer import HOME
from analysis.tables.schema import BLOCS


def misfit(observed, n, p):
    """Return the squared deviations of counts from n·p in binomial variances."""
    return (observed - n * p) ** 2 / (n * p * (1 - p))


def abstention(valmont, general):
    planted = pd.Series(
        {
            (name, bureau): p
            for name, told in valmont.truth["elections"].items()
            for bureau, p in told["abstention"].items()
        }
    )
    counts = general.set_index(["id_election", "id_brut_miom"])
    assert set(counts.index) == set(planted.index)
    return counts, planted.reindex(counts.index)


def test_abstention_scatters_around_its_propensity(valmont, general):
    counts, p = abstention(valmont, general)
    z2 = misfit(counts["abstentions"], counts["inscrits"], p)
    # Persons differ in their own chance, so the sum scatters less than a binomial would.
    assert 0.3 < z2.mean() < 1
    assert z2.max() < 4.5**2


def test_the_propensity_of_another_bureau_does_not_fit(valmont, general):
    counts, p = abstention(valmont, general)
    z2 = misfit(counts["abstentions"], counts["inscrits"], np.roll(p.to_numpy(), 1))
    assert z2.mean() > 5


@pytest.mark.parametrize("election", ["2017_pres_t1", "2022_legi_t1", "2024_legi_t2"])
def test_support_among_voters_is_that_of_the_boxes(valmont, candidates, election):
    told = valmont.truth["elections"][election]
    rows = candidates[candidates["id_election"] == election]
    names = rows["nom"].where(rows["nom"] != "", rows["libelle_abrege_liste"])
    votes = pd.crosstab(rows["id_brut_miom"], names.map(told["blocs"]), rows["voix"], aggfunc="sum")
    votes = votes.reindex(columns=list(BLOCS), fill_value=0).fillna(0)
    p = pd.DataFrame(told["support_voters"], index=told["bloc_order"]).T.reindex(votes.index)
    n = votes.sum(axis=1).to_numpy()[:, None]
    large = (n * p.to_numpy() > 10) & (p.to_numpy() < 0.99)
    z2 = misfit(votes.to_numpy(), n, p.to_numpy().clip(1e-9, 1 - 1e-9))[large]
    assert 0.3 < z2.mean() < 1.3
    assert z2.max() < 4.5**2


def test_pooled_transfers_are_those_of_the_persons(valmont):
    for pair, told in valmont.truth["transfers"].items():
        p, counts = np.array(told["probabilities"]), np.array(told["counts"])
        assert p.sum(axis=1) == pytest.approx(np.ones(len(p)), abs=2e-4), pair
        n = np.repeat(counts.sum(axis=1, keepdims=True), p.shape[1], axis=1)
        large = n * p * (1 - p) > 10
        z2 = misfit(counts[large], n[large], p[large])
        assert z2.mean() < 1.5, pair
        assert z2.max() < 4.5**2, pair


def test_transfers_carry_the_first_round_of_2022_to_its_second(valmont, general, candidates):
    """The published totals alone meet the planted matrix."""
    told = valmont.truth["transfers"]["2022_pres_t1>2022_pres_t2"]
    first, second = (totals(f"2022_pres_t{n}", general, candidates) for n in (1, 2))
    p = np.array(told["probabilities"])
    before = np.array([first[option] for option in told["origins"]])
    after = np.array([second[option] for option in told["destinations"]])
    error = np.sqrt((before[:, None] * p * (1 - p)).sum(axis=0))
    assert (np.abs(after - before @ p) < 4 * error).all()


def totals(election, general, candidates):
    rows = candidates[candidates["id_election"] == election]
    turnout = general.loc[general["id_election"] == election].sum(numeric_only=True)
    spoilt = {"BLANK": "blancs", "NULL": "nuls", truth.AWAY: "abstentions"}
    return {
        **rows.groupby("nom")["voix"].sum(),
        **{option: turnout[column] for option, column in spoilt.items()},
    }


@pytest.mark.parametrize(
    "pair", [("2022_pres_t1", "2022_legi_t1"), ("2024_legi_t1", "2024_legi_t2")]
)
def test_flows_have_the_expected_voters_as_margins(valmont, pair):
    first, second = (valmont.outcomes[name].law for name in pair)
    counts = truth.make_up(valmont.persons, len(valmont.sectors.table), second.held.year)
    flows = truth.expected_transfers(first, second, counts)
    before = truth.expected_voters(first, counts).sum(axis=1)
    after = truth.expected_voters(second, counts).sum(axis=1)
    if second.options[-1] == HOME:
        after = after[:, :-1]
    np.testing.assert_allclose(flows[:, :-1].sum(axis=2), before, atol=1e-9)
    np.testing.assert_allclose(flows[:, :, :-1].sum(axis=1), after, atol=1e-9)
    np.testing.assert_allclose(flows.sum(axis=(1, 2)), counts.sum(axis=(1, 2)), atol=1e-9)


def test_abstainers_lean_otherwise_than_voters(valmont):
    """Left and far right have reserves; centre and right already vote."""
    told = valmont.truth["elections"]["2022_legi_t1"]
    away, voting = (
        pd.DataFrame(told[key], index=told["bloc_order"]).T
        for key in ("support_abstainers", "support_voters")
    )
    gap = (away - voting).mean()
    assert gap["centre"] + gap["right"] < -0.04
    assert gap["left"] > 0.015
    assert gap["far_right"] > 0.015
