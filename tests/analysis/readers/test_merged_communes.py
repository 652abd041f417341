"""Tests of `analysis.readers.merged_communes`."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.i18n import told as told_in
from analysis.readers.merged_communes import changed_communes, given_to_today

DAYS = ["2014_euro_t1", "2017_pres_t1", "2022_pres_t1"]


def told(**registered):
    rows = [
        (election, f"{commune}_{k:04d}", count)
        for commune, elections in registered.items()
        for election, counts in zip(DAYS, elections, strict=True)
        for k, count in enumerate(counts)
    ]
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    return changed_communes(
        table.astype({"election_id": "category", "bureau_id": "category"}),
        pd.DataFrame({"election_id": DAYS, "round": 1}),
    )


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ([1200, 1100], [1200, 1100, 900, 830], "2300 registered before, 4030 in 2017_pres_t1"),
        ([4000], [1000, 1100], "4000 registered before, 2100 in 2017_pres_t1"),
    ],
)
def test_a_merger_or_a_split_is_told_once(before, after, says):
    (note,) = told(c49301=[before, after, after], c49302=[[900], [930], [880]])
    assert note.endswith(f"c49301: {says}")


def test_usual_growth_redrawn_bureaux_and_villages_are_no_change():
    assert told(town=[[1000], [600, 620], [700, 690]], village=[[60], [90], [60]]) == ()
    assert told(new=[[], [900, 900], [950, 920]]) == ()


def test_consulates_whose_lists_change_are_no_merged_communes():
    rows = [("2017_pres_t1", "ZZ146_0001", 1000), ("2022_pres_t1", "ZZ146_0001", 9000)]
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    table = table.astype({"election_id": "category", "bureau_id": "category"})
    elections = pd.DataFrame({"election_id": ["2017_pres_t1", "2022_pres_t1"], "round": 1})
    assert changed_communes(table, elections) == ()


def test_a_commune_that_changed_is_called_by_its_name():
    rows = [("2014_euro_t1", "49301_0001", 1000), ("2017_pres_t1", "49301_0001", 19_000)]
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    table = table.astype({"election_id": "category", "bureau_id": "category"})
    elections = pd.DataFrame({"election_id": ["2014_euro_t1", "2017_pres_t1"], "round": 1})
    (note,) = changed_communes(table, elections)
    assert "Sèvremoine (49301): 1000 registered before, 19000 in" in str(note)


def test_a_second_round_held_in_half_of_a_town_is_no_split():
    rows = [("2024_legi_t1", "75056_0101", 1300), ("2024_legi_t1", "75056_0201", 1400)]
    table = pd.DataFrame(
        [*rows, ("2024_legi_t2", "75056_0101", 1300)],
        columns=["election_id", "bureau_id", "registered"],
    ).astype({"election_id": "category", "bureau_id": "category"})
    elections = pd.DataFrame({"election_id": ["2024_legi_t1", "2024_legi_t2"], "round": [1, 2]})
    assert changed_communes(table, elections) == ()


def test_between_which_elections_a_commune_became_part_of_another_is_said():
    """By their days: the municipales of 2014 were before the européennes, whatever their ids."""
    days = ["2014_muni_t1", "2014_euro_t1", "2015_regi_t1", "2017_pres_t1"]
    rows = [(day, "49301_49179-0001", 1000) for day in days[:3]]
    rows += [("2014_muni_t1", "49301_49206-0001", 700), ("2017_pres_t1", "49301_0001", 1900)]
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    table = table.astype({"election_id": "category", "bureau_id": "category"})
    (note,) = given_to_today(table, pd.DataFrame({"election_id": days, "round": 1}))
    said = "(49179) to Sèvremoine (49301) from 2014_muni_t1 to 2015_regi_t1 (part of it by "
    assert f"{said}2017_pres_t1" in str(note)
    assert "2014_muni_t1 to 2014_muni_t1 (part of it by 2017_pres_t1" in str(note)
    (note,) = given_to_today(table.iloc[:4], pd.DataFrame({"election_id": days, "round": 1}))
    assert "part of it by" not in str(note)


def test_many_former_communes_are_told_in_one_language_and_each_once():
    """As they are read again from a manifest; of 48022 no name is known."""
    days = ["2014_euro_t1", "2017_pres_t1"]
    olds = [*("48050_48022", "48027_48014", "48027_48023", "48009_48047"), "49301_49179"]
    rows = [("2014_euro_t1", f"{old}-0001", 100) for old in olds]
    rows += [("2017_pres_t1", f"{commune}_0001", 300) for commune in ("48050", "48027", "48009")]
    table = pd.DataFrame(rows, columns=["election_id", "bureau_id", "registered"])
    table = table.astype({"election_id": "category", "bureau_id": "category"})
    notes = given_to_today(table, pd.DataFrame({"election_id": days, "round": 1}))
    merged, gone = sorted((told_in(str(note), "fr") for note in notes), key=len, reverse=True)
    assert merged.count("en fait partie à") == 4
    assert " 48022 à Bédouès-Cocurès (48050), de" in merged
    assert "part of" not in merged
    assert " from " not in merged
    assert "Sèvremoine (49301), de 2014_euro_t1 à 2014_euro_t1" in gone
