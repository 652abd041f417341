"""Files of polling places as towns publish them."""

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.glance import look
from analysis.readers.polling_places import read_polling_places
from analysis.readers.reader_registry import reader_of, role_of
from tests.made import DATA

PARIS = (
    "ObjectID;Numéro du bureau de vote;Libellé du bureau de vote;Adresse;"
    "Identifiant du bureau de vote\n"
    "7;50;ECOLE ELEMENTAIRE;63 RUE CHAMPIONNET;18-50\n"
    "8;51;LYCEE RENOIR;;18-51\n"
    "9;51;LYCEE RENOIR;;18-51\n"
    "10;1;MAIRIE;;\n"
)


def written(tmp_path, text, name="bureaux.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_the_file_of_paris_with_what_is_left_out(tmp_path):
    file = written(tmp_path, PARIS)
    assert reader_of("reu_bureaux", file).reads == "polling_places:read_polling_places"
    table, report = read_polling_places(file, places=("75056",))
    assert table.set_index("bureau_id")["name"].to_dict() == {
        "75056_1850": "ECOLE ELEMENTAIRE, 63 RUE CHAMPIONNET",
        "75056_1851": "LYCEE RENOIR",
    }
    assert [(str(one.reason), one.count) for one in report.left_out] == [
        ("no id of a bureau", 1),
        ("a bureau named before", 1),
    ]


def test_numbers_alone_need_their_commune(tmp_path):
    file = written(tmp_path, "code_bv,lieu,quartier\n0012,École Nord,Les Forges\n")
    table, _ = read_polling_places(file, places=("35238",))
    assert table.iloc[0].to_dict() == {
        "said": "0012",
        "bureau_id": "35238_0012",
        "name": "École Nord",
        "quartier": "Les Forges",
    }
    with pytest.raises(DataError, match="No bureau of this file is understood"):
        read_polling_places(file)


def test_another_town_is_refused(tmp_path):
    file = written(tmp_path, "id_bv;lieu\n29019_0001;Mairie\n")
    with pytest.raises(DataError):
        read_polling_places(file, places=("35238",))


@pytest.mark.parametrize(
    ("content", "role"),
    [
        (b"code_bv;lieu;adresse\n", "reu_bureaux"),
        ("Num\u00e9ro du bureau de vote;Libell\u00e9 du bureau de vote\n".encode(), "reu_bureaux"),
        (b"bureau,numero,voie,nom,nb\n", "electors"),
        (b"id_election;code_bv;libelle_commune;inscrits\n", "general_results"),
        (b"name,first\n", "unused"),
    ],
)
def test_what_a_file_is_taken_for(tmp_path, content, role):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with file.open("rb") as stream:
        assert role_of(look("a.csv", stream)) == role


def test_the_real_file_names_every_bureau_of_2017(paris_places):
    table, report = read_polling_places(paris_places, places=("75056",))
    assert (len(table), report.left_out) == (896, ())
    assert table["bureau_id"].str.fullmatch(r"75056_(0[1-9]|1\d|20)\d\d").all()
    assert isinstance(table, pd.DataFrame)


@pytest.fixture
def paris_places():
    """Name the real file, which is not always there."""
    if not (file := DATA / "paris" / "bureaux-de-votes-2017.csv").is_file():
        pytest.skip("the shared data are not there")
    return file


SEVREMOINE = "code_commune;num_bureau;lieu_de_vote\n"
ODD = {
    "two communes in one file": (
        SEVREMOINE + "33039;1;École A\n49301;1;École B\n", {"49301_0001": "École B"}, 1
    ),
    "a former commune": (
        SEVREMOINE + "49179;1;École A\n49301;1;École B\n",
        {"49301_49179-0001": "École A", "49301_0001": "École B"}, 0,
    ),
    "from one to another": (
        "num_bureau;lieu_de_vote\n1 à 3;École A\n4;École B\n",
        {f"49301_000{n}": "École A" for n in (1, 2, 3)} | {"49301_0004": "École B"}, 0,
    ),
    "several by number": (
        "num_bureau;lieu_de_vote\nBV 1, 2 et 7;École A\n4;École B\n",
        {f"49301_000{n}": "École A" for n in (1, 2, 7)} | {"49301_0004": "École B"}, 0,
    ),
    "a point in a number": (
        "num_bureau;lieu_de_vote\n01.1;École A\n01.2;École B\n",
        {"49301_01.1": "École A", "49301_01.2": "École B"}, 0,
    ),
    "a total": (
        "num_bureau;lieu_de_vote\n1;École A\nTotal;\n", {"49301_0001": "École A"}, 1
    ),
    "below a title": (
        "Lieux\n\nnum_bureau;lieu_de_vote;adresse\n1;École A;\n", {"49301_0001": "École A"}, 0
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "right", "gone"), ODD.values(), ids=ODD)
def test_the_bureau_of_a_row_is_its_own(tmp_path, text, right, gone):
    table, report = read_polling_places(written(tmp_path, text), places=("49301",))
    assert table.set_index("bureau_id")["name"].to_dict() == right
    assert sum(one.count for one in report.left_out) == gone
    assert report.rows_read == report.rows_kept + gone


def test_rows_with_a_delimiter_in_their_text_are_told_so(tmp_path):
    file = written(tmp_path, "num_bureau;lieu_de_vote\n1;&Eacute;cole d&#39;A\n")
    with pytest.raises(DataError, match="more or fewer cells than its header"):
        read_polling_places(file, places=("49301",))


def test_a_number_is_of_the_arrondissement_beside_it(tmp_path):
    rows = ["arrondissement;num_bureau;lieu_de_vote", "18;1;École Foyatier", "1;1;Mairie du 1er"]
    (tmp_path / "p.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    table, _ = read_polling_places(tmp_path / "p.csv", places=("75056",))
    assert dict(zip(table["bureau_id"], table["name"], strict=True)) == {
        "75056_1801": "École Foyatier",
        "75056_0101": "Mairie du 1er",
    }
