"""Tests of `analysis.readers.codes`."""

from __future__ import annotations

import pytest

from analysis.readers.codes import (
    arrondissement_of,
    bureau_code,
    commune_code,
    contour_code,
    in_place,
)


@pytest.mark.parametrize(
    ("code", "department", "commune"),
    [
        ("75056", "", "75056"),
        ("056", "75", "75056"),
        ("4", "1", "01004"),
        ("1004", "1", "01004"),
        ("75115", "", "75056"),
        ("13208", "", "13055"),
        ("69381", "", "69123"),
        ("ZA101", "", "97101"),
        ("101", "ZA", "97101"),
        ("971101", "", "97101"),
        ("ZX701", "", "97701"),
        ("2A004", "", "2A004"),
        # Neither is an arrondissement: it stays a commune that nobody knows, and is said.
        ("75121", "", "75121"),
        ("7511O", "", "7511O"),
    ],
)
def test_every_spelling_of_a_commune(code, department, commune):
    assert commune_code(code, department) == commune


@pytest.mark.parametrize(
    ("commune", "number", "bureau"),
    [
        ("31555", "101", "31555_0101"),
        ("75115", "0001", "75056_1501"),
        ("13208", "12", "13055_0812"),
        ("69381", "1", "69123_0101"),
        ("75056", "JUS1", "75056_JUS1"),
        ("2A004", "001A", "2A004_001A"),
        ("33063", "01.1", "33063_01.1"),
        ("7511O", "12", "7511O_0012"),
        ("75115", "1²", "75056_001²"),
    ],
)
def test_every_spelling_of_a_bureau(commune, number, bureau):
    assert bureau_code(commune, number) == bureau


@pytest.mark.parametrize(
    ("text", "commune", "bureau"),
    [
        ("29019_0076", "", "29019_0076"),
        ("29019_76", "", "29019_0076"),
        ("29019-0076", "", "29019_0076"),
        ("29019 0076", "", "29019_0076"),
        ("290190076", "", "29019_0076"),
        ("2A0040012", "", "2A004_0012"),
        ("75115_0001", "", "75056_1501"),
        ("19-5", "", "75056_1905"),
        ("19-5", "75056", "75056_1905"),
        ("750060019", "", "75056_0619"),
        ("0327", "75056", "75056_0327"),
        ("JUS1", "75056", "75056_JUS1"),
        ("0327", "", ""),
        ("Mairie annexe", "75056", ""),
        ("0327 - Mairie annexe", "75056", "75056_0327"),
        ("BV n° 327, Mairie annexe", "75056", "75056_0327"),
        # An address, and bureaux of one number.
        ("12, rue de la Mairie", "75056", ""),
        ("12 rue de la Mairie", "75056", ""),
        ("Bureau 12 bis", "75056", ""),
        ("1A", "35238", "35238_001A"),
        ("29019123", "", "29019_0123"),
        ("18_12", "", "75056_1812"),
        ("", "75056", ""),
    ],
)
def test_every_spelling_of_a_contour(text, commune, bureau):
    assert contour_code(text, commune) == bureau


@pytest.mark.parametrize(
    ("commune", "places", "inside"),
    [
        ("75056", (), True),
        ("75056", ("75115",), False),
        ("75056", ("75056",), True),
        ("29019", ("29",), True),
        ("97101", ("971",), True),
        ("97101", ("ZA101",), True),
        ("35238", ("29", "56"), False),
    ],
)
def test_a_commune_lies_in_a_place(commune, places, inside):
    assert in_place(commune, places) is inside


@pytest.mark.parametrize(
    ("place", "code", "number", "inside"),
    [
        ("13208", "13055", "0801", True),
        ("13208", "13055", "801", True),
        ("13208", "13208", "", True),
        ("13208", "13055", "1801", False),
        ("13208", "13055", "0108", False),
        ("13208", "13209", "", False),
        ("13055", "13209", "", True),
        ("69385", "69123", "0512", True),
        ("69385", "69123", "0612", False),
        ("75115", "75056", "1503", True),
        ("75115", "75056", "JUS1", False),
        ("35238", "35238", "1503", True),
    ],
)
def test_an_arrondissement_takes_its_own_bureaux_only(place, code, number, inside):
    assert in_place(commune_code(code), (place,), arrondissement_of(code, number)) is inside


@pytest.mark.parametrize(
    ("written", "commune", "bureau"),
    [
        # Saint-Barthélemy, Saint-Martin and Mayotte under the codes of their day.
        ("97123", "97701", "97701_0001"),
        ("97127", "97801", "97801_0001"),
        # To a commune of another département, in whose numbers its bureau is the fourth since.
        ("49144", "44180", "44180_44225-0001"),
        ("14513", "50592", "50592_50649-0001"),
        ("98501", "97601", "97601_0001"),
        ("98517", "97617", "97617_0001"),
        # A sector of a town is the town; its bureaux keep their numbers.
        ("13055SR04", "13055", "13055_0001"),
        ("75056SR01", "75056", "75056_0001"),
        # As files and spreadsheets spell them.
        ("75 118", "75056", "75056_1801"),
        ("2a 004", "2A004", "2A004_0001"),
        ("01004.0", "01004", "01004_0001"),
        ("075056", "75056", "75056_0001"),
        ("988 18", "98818", "98818_0001"),
        ("98735", "98735", "98735_0001"),
    ],
)
def test_codes_of_another_day_or_spelling_are_of_the_same_place(written, commune, bureau):
    assert commune_code(written) == commune
    assert bureau_code(written, "1") == bureau


@pytest.mark.parametrize(
    ("commune", "place", "inside"),
    [
        *(("2A004", "2a", True), ("2A004", "2a004", True), ("2B033", "2a", False)),
        *(("01004", "1", True), ("01004", "1004", True), ("11004", "1", False)),
        *(("97701", "97123", True), ("97601", "98501", True), ("97101", "97123", False)),
    ],
)
def test_a_place_is_asked_for_as_people_write_it(commune, place, inside):
    assert in_place(commune, (place,)) is inside


def test_a_département_of_three_digits_and_a_sector_beside_it():
    assert commune_code("056", "075") == "75056"
    assert commune_code("055SR04", "13") == "13055"
    assert commune_code("101", "971") == "97101"
