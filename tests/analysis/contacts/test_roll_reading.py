"""Reading the electoral roll: each row is kept, or refused by reason; five columns are not read."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.roll_rows import COLUMNS, RollPlace, read_electoral_rows
from analysis.sample.invented_roll import invent_roll
from analysis.sample.roll_files import HEADINGS, eliste, write_roll

ROWS = 3_000
DAY = date(2026, 3, 1)
# By hand: name, used name, first names, sex, born, number, street, complement, bureau, order.
BY_HAND = (
    ("MARTIN", "PETIT", "Anne", "F", "04/07/1940", "12 bis", "R DES LILAS", "APT 3", "0001", "17"),
    ("LE GALL", "", "Yann", "M", "00/00/1953", "3", "Rue des Lilas", "", "0002", ""),
    ("DURAND", "", "Luc", "M", "00/05/1953", "", "LE BOURG", "", "", "4"),
    ("DA SILVA", "", "Rosa", "F", "1953", "99", "RUE DES LILAS", "", "0001", "5"),
    ("DIALLO", "", "Awa", "F", "31/02/1980", "3", "RUE INCONNUE", "", "0001", "6"),
)


@pytest.fixture(scope="module")
def place():
    number = [3, 12, 12, 20]
    ids = ["a3", "a12", "a12b", "a20"]
    addresses = gpd.GeoDataFrame(
        {
            "address_id": ids,
            "bureau_id": ["99900_0002", "99900_0001", "99900_0001", "99900_0001"],
            "commune_id": "99900",
            "street": "Rue des Lilas",
            "number": pd.array(number, dtype="Int64"),
            "suffix": ["", "", "bis", ""],
            "registered": pd.array([4, 2, 9, pd.NA], dtype="Int64"),
        },
        geometry=gpd.points_from_xy(number, number),
        crs="EPSG:2154",
    )
    return RollPlace(frozenset({"99900"}), frozenset({"99900_0001", "99900_0002"}), addresses)


@pytest.fixture(scope="module")
def roll(place):
    rng = np.random.default_rng(4)
    return invent_roll(place.addresses, rng, rows=ROWS, city="Valmont", postcode="99900")


def by_hand(**changes):
    names = ("nom de naissance", "nom d'usage", "prénoms", "sexe", "date de naissance")
    names += ("numéro de voie", "libellé de voie", "complément 1", "code du bureau de vote")
    table = pd.DataFrame(BY_HAND, columns=[*names, HEADINGS[-1]])
    table = table.reindex(columns=HEADINGS, fill_value="").assign(
        **{HEADINGS[0]: "99900", HEADINGS[2]: "Liste principale", "pays de naissance": "SYLDAVIE"}
    )
    return table.assign(**changes)


def read(file, place, day=DAY):
    return read_electoral_rows(file, place, list_date=day)


def test_what_stands_in_the_file_by_hand_is_what_is_read(place, tmp_path):
    found = read(write_roll(by_hand(), tmp_path / "roll.csv"), place)
    rows = found.rows.to_pandas().astype(object).where(lambda t: t.notna(), None)
    assert list(rows.columns) == list(COLUMNS)
    assert rows["line"].tolist() == [2, 3, 4, 5, 6]
    assert rows["birth_date"].tolist() == [date(1940, 7, 4), None, None, None, None]
    # A day that no calendar has still tells the year.
    assert rows["birth_year"].tolist() == [1940, 1953, 1953, 1953, 1980]
    assert rows["address_id"].tolist() == ["a12b", "a3", "", "", ""]
    assert rows["bureau_id"].tolist() == [
        *("99900_0001", "99900_0002", "", "99900_0001", "99900_0001")
    ]
    assert rows["order_number"].tolist() == [17, None, 4, 5, 6]
    assert rows["extra"].tolist() == ["APT 3", "", "", "", ""]
    assert found.counts == {
        **{"partial_date": 4, "no_date": 0, "no_bureau": 1, "unknown_bureau": 0},
        **{"no_address": 3, "LP": 5, "LCM": 0, "LCE": 0, "no_list": 0},
    }


@pytest.mark.parametrize(
    ("encoding", "sep"),
    [
        *(("utf-8", ";"), ("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t")),
        *(("mac_roman", ";"), ("cp850", "|"), ("utf-16-le", ";")),
    ],
)
def test_encodings_and_delimiters_give_the_same_rows(roll, place, tmp_path, encoding, sep):
    usual = read(write_roll(roll.table, tmp_path / "usual.csv"), place)
    other = write_roll(roll.table, tmp_path / "other.csv", sep=sep, encoding=encoding)
    assert read(other, place).rows.equals(usual.rows)
    assert usual.file_rows == usual.rows.num_rows == ROWS
    assert usual.counts["LCE"] > 0
    # What the generator planted: with the number, the street tells the address.
    truth = roll.truth["address_id"].to_numpy()
    told = usual.rows["address_id"].to_numpy(zero_copy_only=False)
    assert (told[told != ""] == truth[told != ""]).all()
    assert (told != "").mean() > 0.98


def test_older_headings_and_other_spellings_give_the_same_people(roll, place, tmp_path):
    usual = read(write_roll(roll.table, tmp_path / "usual.csv"), place).rows
    older = eliste(roll.table, edited="01/03/2026")
    shouted = roll.table.rename(columns=lambda name: f" {name.upper()}.")
    for name, table in (("older", older), ("shouted", shouted)):
        rows = read(write_roll(table, tmp_path / f"{name}.csv"), place).rows
        assert rows.drop_columns("street").equals(usual.drop_columns("street")), name


def test_the_five_columns_are_in_no_cell_that_was_read(roll, place, tmp_path):
    found = read(write_roll(roll.table, tmp_path / "roll.csv"), place)
    assert len(found.layout.forbidden) == 5
    texts = found.rows.to_pandas().to_csv()
    for word in ("NATIVILLE", "SYLDAVIE", "98Y0", "Italienne", "BORDURIE"):
        assert roll.table.isin([word]).any(axis=None) or word in roll.table.to_csv()
        assert word not in texts


def spoilt(file, table):
    """Write a file in which what can go wrong did: 5 rows are refused, one has two lines."""
    lines = write_roll(table, file).read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b'"MARTIN"', b'"MAR\nTIN"')
    lines[2] += b';"one";"more"'  # line 4: the first row has two lines
    lines[3] = lines[3].replace(b"DURAND", b"DUR\xff\xfeAND")  # 5
    lines[4] = lines[4].replace(b'"DA SILVA"', b'""')  # 6
    lines[5] = lines[5].replace(b'"DIALLO"', b'"DIALLO')  # 7: nobody closes it
    lines.insert(6, b"")
    lines[7] = lines[7].replace(b'"99900"', b'"75056"', 1)  # 9
    lines[8] = lines[8].replace(b"04/07/1940", b"04/07/2012")  # 10
    file.write_bytes(b"\r\n".join(lines))
    return file


def test_one_bad_row_refuses_no_file_and_each_is_listed_with_its_line(place, tmp_path):
    good = by_hand().iloc[[0] * 400]
    table = pd.concat([by_hand(), good], ignore_index=True)
    found = read(spoilt(tmp_path / "roll.csv", table), place)
    assert found.refused.told() == {
        "cells": {"rows": 2, "lines": "4,7"},
        "encoding": {"rows": 1, "lines": "5"},
        "no_name": {"rows": 1, "lines": "6"},
        "elsewhere": {"rows": 1, "lines": "9"},
        "minor": {"rows": 1, "lines": "10"},
    }
    assert found.rows["line"].to_pylist() == [2, *range(11, 11 + 398)]
    assert found.rows["birth_name"][0].as_py().split() == ["MAR", "TIN"]
    assert found.file_rows == len(table) == found.rows.num_rows + found.refused.count


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PK\x03\x04 a spreadsheet", "not a text file"),
        (b'"MARTIN";"Anne";"12"\n"DURAND";"Luc";"3"\n', "not the header"),
        ("nom de naissance;prénoms;libellé de voie\nMARTIN;Anne;Rue\n".encode(), "not the header"),
        (("nom de naissance;" + ";".join(HEADINGS) + "\n").encode(), "stands twice"),
        ((";".join(HEADINGS) + "\nMARTIN;Anne\n").encode(), "No row"),
        ((";".join(HEADINGS) + "\n").encode(), "No row"),
    ],
)
def test_what_is_no_roll_is_refused_without_quoting_it(place, tmp_path, content, says):
    file = tmp_path / "roll.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=says) as error:
        read(file, place)
    assert error.value.mend
    for word in ("MARTIN", "Anne", "DURAND"):
        assert word not in str(error.value)


def test_a_roll_of_another_town_is_refused_and_a_missing_file_too(place, roll, tmp_path):
    file = write_roll(roll.table.assign(**{HEADINGS[0]: "31555"}), tmp_path / "roll.csv")
    with pytest.raises(DataError, match="elsewhere 3000"):
        read(file, place)
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "none.csv", place)
