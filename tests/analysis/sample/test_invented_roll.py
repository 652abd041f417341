"""A roll of people who do not exist: as many rows as wanted, and what was planted is there."""

import csv

import numpy as np
import pandas as pd
import pytest

from analysis.sample import roll_files
from analysis.sample.invented_roll import invent_roll

ROWS = 20_000


def _invent(seed, rows=ROWS):
    number = np.arange(400)
    addresses = pd.DataFrame(
        {
            "address_id": [f"99900_{i}" for i in number],
            "bureau_id": [f"99900_{1 + i // 50:04d}" for i in number],
            "commune_id": "99900",
            "street": [f"Allée de l'Été {i // 10}" for i in number],
            "number": pd.array(number % 10 + 1, dtype="Int64"),
            "suffix": np.where(number % 7, "", "bis"),
            "registered": pd.array(np.where(number % 3, number % 20, 1), dtype="Int64"),
        }
    )
    rng = np.random.default_rng(seed)
    return invent_roll(addresses, rng, rows=rows, city="Valmont", postcode="99900")


@pytest.fixture(scope="module")
def roll():
    return _invent(5)


def test_the_same_seed_gives_the_same_roll_of_exactly_the_rows_wanted():
    first, again, other = (_invent(seed, 500) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)
    assert [len(_invent(1, rows).table) for rows in (20, 21, 999)] == [20, 21, 999]


def test_every_trap_is_planted_in_the_table_and_told_in_the_truth(roll):
    table, truth = roll.table, roll.truth
    assert list(table.columns) == list(roll_files.HEADINGS)
    assert len(table) == len(truth) == ROWS
    dates = table["date de naissance"]
    assert dates.str.fullmatch(r"00/00/\d{4}").sum() == pytest.approx(0.03 * ROWS, rel=0.2)
    assert dates.str.fullmatch(r"00/(0[1-9]|1[0-2])/\d{4}").any()
    assert dates.str.fullmatch(r"\d{4}").any()
    assert truth["partial_date"].equals(dates.str.startswith("00/") | (dates.str.len() == 4))
    assert (table["code du bureau de vote"] == "").sum() == pytest.approx(0.004 * ROWS, rel=0.5)
    assert (truth["bureau_id"] == "").equals(table["code du bureau de vote"] == "")
    # One person, two lists: the municipal and the European one.
    both = table[truth["both_lists"]].join(truth["person"])
    lists = both.groupby("person")["libellé du type de liste"].agg(set)
    assert len(lists)
    assert all(names == {roll_files.MUNICIPAL, roll_files.EUROPEAN} for names in lists)
    assert truth[truth["twice"]].groupby("person").size().eq(2).all()


def test_those_who_are_hard_to_tell_apart_are_there(roll):
    said = roll.table.join(roll.truth).drop_duplicates("person")
    twins = said[said["twin"]].groupby("household")
    assert set(twins.size()) == {2}
    assert _distinct(twins, "born", "nom de naissance", "prénoms") == {(1, 1, 2)}
    fathers_and_sons = said[said["namesake"]].groupby("household")
    assert _distinct(fathers_and_sons, "born", "nom de naissance", "prénoms") == {(2, 1, 1)}
    married = said[said["married"]]
    assert (married["nom d'usage"] != married["nom de naissance"]).mean() > 0.99
    assert (married["sexe"] == "F").all()
    # Spouses share a door and no name of birth.
    couples = said[said["spouse"]].groupby("household")
    assert _distinct(couples, "libellé de voie") == {(1,)}
    assert (couples["nom de naissance"].nunique() == 2).mean() > 0.98


def _distinct(groups, *columns):
    return set(groups[list(columns)].nunique().itertuples(index=False, name=None))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("sep", [";", "\t"])
def test_files_are_read_back_by_another_program(roll, tmp_path, encoding, sep):
    table = roll.table.head(300)
    file = roll_files.write_roll(table, tmp_path / "roll.csv", sep=sep, encoding=encoding)
    with file.open(encoding=encoding, newline="") as text:
        rows = list(csv.reader(text, delimiter=sep))
    assert rows[0] == list(table.columns)
    assert rows[1:] == table.to_numpy().tolist()


def test_the_older_layout_has_its_twenty_nine_headings_and_the_type_of_way_apart(roll):
    older = roll_files.eliste(roll.table.head(50), edited="01/03/2018")
    assert len(older.columns) == 29
    way = (older["TypeVoie"] + " " + older["LibelleVoie"]).str.strip()
    assert way.equals(roll.table.head(50)["libellé de voie"].rename(None))
    assert (older["CodeDepartement"] + older["CodeCommune"] == "99900").all()
