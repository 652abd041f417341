"""Tests of `analysis.geography.vintages`."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.geography.vintages import match_vintages, numbered_otherwise, with_vintages


def chosen(contours, election="2022_pres_t1", ids=("a", "b", "c", "d"), sizes=(100,) * 4):
    """Return which vintage an election takes among `contours`: year → ids drawn."""
    elections = pd.DataFrame(
        {"election_id": [election], "date": pd.to_datetime([f"{election[:4]}-04-10"])}
    )
    turnout = pd.DataFrame({"election_id": election, "bureau_id": ids, "registered": sizes})
    rows = [(name, year) for year, names in contours.items() for name in names]
    bureaux = pd.DataFrame(rows, columns=["bureau_id", "vintage"])
    matches = match_vintages(elections, turnout, bureaux)
    vintage = with_vintages(elections, matches)["vintage"].iloc[0]
    return (None if pd.isna(vintage) else int(vintage)), matches


def test_the_contours_that_hold_most_of_the_registered_are_chosen():
    # b and c are half the bureaux but nine in ten of the registered.
    year, matches = chosen({2017: "ad", 2026: "bc"}, sizes=(10, 90, 90, 10))
    assert year == 2026
    assert matches["registered_share"].tolist() == pytest.approx([0.1, 0.9])
    assert matches["matched"].tolist() == [2, 2]
    assert matches["bureaux"].tolist() == [4, 4]


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ([2012, 2017, 2026], 2017),
        ([2012, 2022], 2022),
        ([2026, 2030], 2026),
        ([2012], 2012),
    ],
)
def test_among_equals_those_in_force_at_the_vote_are_chosen(years, expected):
    assert chosen(dict.fromkeys(years, "abcd"))[0] == expected


def test_a_point_of_difference_says_nothing():
    sizes = (500, 495, 4, 1)
    assert chosen({2017: "abc", 2026: "abcd"}, sizes=sizes)[0] == 2017
    assert chosen({2017: "ab", 2026: "abcd"}, sizes=(500, 480, 10, 10))[0] == 2026


def test_under_one_half_none_fits():
    assert chosen({2017: "a"})[0] is None
    assert chosen({2017: "ab"})[0] == 2017


def test_without_contours_no_election_has_a_vintage():
    year, matches = chosen({})
    assert year is None
    assert matches.empty


@pytest.mark.parametrize(
    ("election", "vintage", "matched", "bureaux"),
    [
        ("2014_euro_t1", 2012, 867, 869),
        ("2017_pres_t1", 2017, 896, 896),
        ("2019_euro_t1", 2017, 896, 897),
        ("2022_pres_t1", 2017, 896, 900),
        ("2024_legi_t1", 2026, 901, 902),
    ],
)
def test_paris_joins_as_counted_by_hand(paris, election, vintage, matched, bureaux):
    (row,) = [m for m in paris.manifest["vintages"] if m["election_id"] == election and m["chosen"]]
    assert (row["vintage"], row["matched"], row["bureaux"]) == (vintage, matched, bureaux)


def test_valmont_changed_its_contours_before_2024(valmont):
    elections = valmont.read("elections")
    expected = [2024 if name.startswith("2024") else 2017 for name in elections["election_id"]]
    assert elections["vintage"].tolist() == expected


def test_parts_whose_bureaux_only_changed_numbers_are_told_from_those_that_lack_contours():
    contours = ["75056_0201", "75056_0202", "75056_0401", "75056_1501", "31555_0001"]
    results = ["75056_0211", "75056_0212", "75056_0401", "75056_1501", "75056_1571", "31555_0001"]
    # Two of the second for two; one of the fifteenth has no contour that could be its own.
    assert numbered_otherwise(results, contours) == {"2e": 2}
    assert numbered_otherwise(contours, contours) == {}
    assert numbered_otherwise(["31555_0101"], ["31555_0001"]) == {"31555": 1}


def test_in_paris_of_2024_three_arrondissements_are_numbered_on_from_the_first(paris):
    vintage = paris.read("bureaux").query("vintage == 2017")["bureau_id"]
    turnout = paris.read("turnout")
    counted = turnout.loc[turnout["election_id"] == "2024_legi_t1", "bureau_id"].astype("str")
    told = numbered_otherwise(counted, vintage)
    assert {part: told[part] for part in ("2e", "3e", "4e")} == {"2e": 10, "3e": 15, "4e": 14}
