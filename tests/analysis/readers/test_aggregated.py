"""Tests of `analysis.readers.aggregated`."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.aggregated import read_aggregated
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.results import assemble
from analysis.tables.schema import CANDIDATES, ELECTIONS, PLACES, TURNOUT, VOTES
from tests.made import OLDER, candidates, general, write_results

P1, P2 = "2022_pres_t1", "2022_pres_t2"
COUNTS = general(
    (P1, "01004", "0001", 600, 400, 10, 5),
    (P1, "2A004", "001A", 300, 200, 2, 3),
    (P2, "01004", "0001", 600, 380, 20, 10),
    (P2, "2A004", "001A", 300, 190, 5, 5),
).assign(libelle_commune=["Ambérieu", "Ajaccio"] * 2)
VOTES_OF = candidates(
    (P1, "01004", "0001", "", "MACRON", 185),
    (P1, "01004", "0001", "", "LE PEN", 200),
    (P1, "2A004", "001A", "", "MACRON", 95),
    (P1, "2A004", "001A", "", "LE PEN", 100),
    (P2, "01004", "0001", "", "MACRON", 200),
    (P2, "01004", "0001", "", "LE PEN", 150),
    (P2, "2A004", "001A", "", "MACRON", 90),
    (P2, "2A004", "001A", "", "LE PEN", 90),
)


def read(folder, counts=COUNTS, votes=VOTES_OF, *, suffix=".csv", places=()):
    raw = read_aggregated(*write_results(folder, counts, votes, suffix), places=places)
    return assemble(raw, read_blocs(), election_of)


def as_texts(table):
    ordered = table.astype({c: "str" for c in table if table[c].dtype == "category"})
    return ordered.sort_values(list(ordered)[:3], ignore_index=True)


def older(frame):
    """Rename to the older edition: other names, communes of three digits."""
    short = frame["code_commune"].str[-3:] if "code_commune" in frame else ""
    return frame.assign(code_commune=short).rename(columns=OLDER)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("edition", [lambda frame: frame, older], ids=["current", "older"])
def test_both_editions_and_formats_give_the_same_tables(tmp_path, suffix, edition):
    results = read(tmp_path, edition(COUNTS), edition(VOTES_OF), suffix=suffix)
    turnout = as_texts(results.turnout)
    assert turnout["bureau_id"].tolist() == ["01004_0001", "2A004_001A"] * 2
    assert turnout["registered"].tolist() == [600, 300, 600, 300]
    assert turnout["blank"].tolist() == [10, 2, 20, 5]
    assert results.places["name"].tolist() == ["Ambérieu", "Ajaccio"]
    assert results.places["department_id"].tolist() == ["01", "2A"]
    assert results.elections["election_id"].tolist() == [P1, P2]
    votes = results.votes.groupby(["election_id", "candidate_id"], observed=True)["votes"].sum()
    assert votes.to_dict() == {
        (P1, "MACRON"): 280,
        (P1, "LE PEN"): 300,
        (P2, "MACRON"): 290,
        (P2, "LE PEN"): 240,
    }
    for schema in (TURNOUT, VOTES, CANDIDATES, ELECTIONS, PLACES):
        schema.check(getattr(results, schema.name))


def test_the_order_of_rows_does_not_matter(tmp_path):
    one = read(tmp_path)
    other = read(tmp_path, COUNTS[::-1], VOTES_OF.sample(frac=1, random_state=3))
    for name in ("elections", "places", "candidates"):
        left, right = (getattr(r, name).reset_index(drop=True) for r in (one, other))
        pd.testing.assert_frame_equal(left, right)
    for name in ("turnout", "votes"):
        pd.testing.assert_frame_equal(
            as_texts(getattr(one, name)), as_texts(getattr(other, name)), check_like=True
        )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("places", "communes"),
    [
        (("01004",), ["01004"]),
        (("2A",), ["2A004"]),
        (("01", "2A004"), ["01004", "2A004"]),
    ],
)
def test_only_the_place_asked_for_is_kept(tmp_path, suffix, places, communes):
    results = read(tmp_path, suffix=suffix, places=places)
    assert results.places["commune_id"].tolist() == communes
    assert [report.rows_read for report in results.reports] == [
        2 * len(communes),
        4 * len(communes),
    ]


def test_an_unknown_place_says_so(tmp_path):
    with pytest.raises(DataError, match="There is no bureau to read") as caught:
        read(tmp_path, places=("31555",))
    assert "general_results.csv" in caught.value.where
    assert "--place" in caught.value.mend


@pytest.mark.parametrize(
    ("commune", "department", "bureau", "place"),
    [
        ("ZA101", "ZA", "97101_0001", "971"),
        ("101", "ZA", "97101_0001", "97101"),
        ("971101", "971", "97101_0001", "ZA101"),
        ("ZX701", "ZX", "97701_0001", "97701"),
        ("97801", "978", "97801_0001", "978"),
        ("ZN018", "ZN", "98818_0001", "988"),
    ],
)
def test_overseas_codes_are_joined_across_elections(tmp_path, commune, department, bureau, place):
    """The Ministry's letters at one election, INSEE's digits at the next: one bureau."""
    insee = bureau[:5]
    counts = pd.concat(
        [
            general((P1, commune, "0001", 600, 400, 10, 5), department=department),
            general((P2, insee, "0001", 600, 400, 10, 5), department=insee[:3]),
        ]
    )
    votes = pd.concat(
        [
            candidates((P1, commune, "1", "", "MACRON", 385), department=department),
            candidates((P2, insee, "1", "", "MACRON", 385), department=insee[:3]),
        ]
    )
    for wanted in ((), (place,)):
        results = read(tmp_path, counts, votes, places=wanted)
        assert results.turnout["bureau_id"].tolist() == [bureau, bureau]
        assert results.places["department_id"].tolist() == [insee[:3]]
        assert results.votes["votes"].tolist() == [385, 385]


@pytest.mark.parametrize(
    ("commune", "number", "bureau", "place"),
    [
        ("75115", "0001", "75056_1501", "75056"),
        ("75102", "12", "75056_0212", "75"),
        ("13208", "0003", "13055_0803", "13055"),
        ("69381", "1", "69123_0101", "69123"),
    ],
)
def test_arrondissements_become_one_commune(tmp_path, commune, number, bureau, place):
    whole, code = bureau.split("_")
    counts = general(
        (P1, commune, number, 600, 400, 10, 5), (P2, whole, code, 600, 400, 10, 5), place="Paris"
    )
    votes = candidates((P1, commune, number, "", "MACRON", 385), (P2, whole, code, "", "X", 385))
    for wanted in ((), (place,)):
        results = read(tmp_path, counts, votes, places=wanted)
        assert results.turnout["bureau_id"].tolist() == [bureau, bureau]
        assert results.places["commune_id"].tolist() == [whole]


def test_a_shifted_row_is_restored_from_the_others(tmp_path):
    """The older edition has rows with the title of a list where the votes belong."""
    votes = older(VOTES_OF)
    votes.loc[1, "Voix"] = "LISTE D'UNION, POUR L'AVENIR"
    results = read(tmp_path, older(COUNTS), votes)
    restored = results.votes[results.votes["candidate_id"] == "LE PEN"]
    assert restored["votes"].tolist() == [200, 100, 150, 90]
    notes = results.reports[1].notes
    assert notes[0].startswith("1 count(s) of votes are not numbers")
    assert notes[1].startswith("1 unreadable count(s) of votes (shifted rows) restored")


def test_many_shifted_rows_are_an_error(tmp_path):
    votes = VOTES_OF.copy()
    votes.loc[[1, 5], "voix"] = ["12,5%", "x"]
    with pytest.raises(DataError, match="does not hold whole numbers") as caught:
        read(tmp_path, votes=votes)
    assert "candidats_results.csv: line 3: '12,5%', line 7: 'x'" in caught.value.where


@pytest.mark.parametrize("cell", ["66,7", "-3", ""])
def test_a_count_that_is_none_is_listed_with_its_line_and_two_are_an_error(tmp_path, cell):
    counts = COUNTS.copy()
    counts.loc[2, "votants"] = cell
    results = read(tmp_path, counts)
    assert len(results.turnout) == len(COUNTS) - 1
    (item,) = results.reports[0].left_out
    assert item.reason == "a count that is no whole number"
    assert item.examples == f"line 4: ballots {cell!r}"
    assert results.reports[0].rows_kept == len(COUNTS) - 1
    counts.loc[3, "votants"] = cell
    with pytest.raises(DataError, match="missing or no whole number") as caught:
        read(tmp_path, counts)
    assert f"line 4: ballots {cell!r}, line 5: ballots {cell!r}" in caught.value.where


def test_fractions_in_parquet_are_no_counts_either(tmp_path):
    counts = COUNTS.astype({"inscrits": float})
    counts.loc[1, "inscrits"] = 300.5
    results = read(tmp_path, counts, suffix=".parquet")
    assert results.reports[0].left_out[0].examples == "line 2: registered 300.5"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_unpublished_blanks_stay_unknown(tmp_path, suffix):
    counts = COUNTS.assign(blancs="", nuls="", exprimes=["385", "195", "350", "180"])
    assert read(tmp_path, counts, suffix=suffix).turnout["blank"].isna().all()
    without = counts.drop(columns=["blancs", "nuls", "libelle_commune"])
    results = read(tmp_path, without, suffix=suffix)
    assert results.turnout["null"].isna().all()
    assert results.places["name"].tolist() == ["Ambérieu-en-Bugey", "Ajaccio"]


def test_a_list_is_named_by_its_short_title_then_its_long_one(tmp_path):
    election = "2019_euro_t1"
    counts = general((election, "01004", "1", 600, 400, 0, 0))
    votes = candidates(
        (election, "01004", "1", "", "", 300),
        (election, "01004", "1", "", "", 60),
        (election, "01004", "1", "", "DUPONT", 40),
    )
    votes["libelle_abrege_liste"] = [" RENAISSANCE ", "", "LISTE"]
    votes["libelle_etendu_liste"] = ["RENAISSANCE SOUTENUE PAR", "UNE FRANCE ROYALE", ""]
    results = read(tmp_path, counts, votes)
    table = results.candidates.set_index("candidate_id")
    assert table["votes"].to_dict() == {"DUPONT": 40, "RENAISSANCE": 300, "UNE FRANCE ROYALE": 60}
    assert table.loc["RENAISSANCE", "bloc"] == "centre"


def test_where_there_is_only_a_nuance_it_is_the_candidate(tmp_path):
    election = "2014_euro_t1"
    counts = general((election, "01004", "1", 600, 400, 0, 0))
    votes = candidates((election, "01004", "1", "LUMP", "", 400))
    table = read(tmp_path, counts, votes.drop(columns=["nom", "libelle_abrege_liste"])).candidates
    assert table[["candidate_id", "nuance", "name", "bloc"]].to_numpy().tolist() == [
        ["LUMP", "LUMP", "", "right"]
    ]


def test_the_report_fingerprints_the_files(tmp_path):
    reports = read(tmp_path).reports
    assert [r.source.role for r in reports] == ["general_results", "candidats_results"]
    assert all(len(r.source.sha256) == 64 and r.source.licence for r in reports)
    assert [(r.rows_read, r.rows_kept) for r in reports] == [(4, 4), (8, 8)]


def test_refuses_votes_below_nought(tmp_path):
    general, candidates = tmp_path / "general_results.csv", tmp_path / "candidats_results.csv"
    codes = "id_election;code_departement;code_commune;code_bv;"
    counts = "inscrits;votants;blancs;nuls;exprimes\n"
    general.write_text(codes + counts + "2022_pres_t1;31;31555;0101;600;400;10;5;385\n")
    candidates.write_text(codes + "nom;voix\n2022_pres_t1;31;31555;0101;MACRON;-5\n")
    with pytest.raises(DataError, match="below 0") as error:
        read_aggregated(general, candidates)
    assert "line 2" in error.value.where


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_two_of_one_surname_and_nuance_are_two_and_lists_without_names_are_none(tmp_path, suffix):
    """A slip (the same person twice) keeps its name: that of all other bureaux."""
    codes = "id_election,code_departement,code_commune,code_bv"
    at = [
        f"{election},59,59350,000{n}"
        for election in ("2022_legi_t1", "2019_euro_t1")
        for n in (1, 2)
    ]
    people = ["DIV,MARTIN,Anne,", "DIV,MARTIN,Jean,", "REN,ZOLA,Eve,"]
    lists = [",,,LISTE A", ",,,LISTE B", ",,,LISTE C"]
    rows = [f"{one},{who},{n}" for one in at[:2] for who, n in zip(people, (3, 2, 1), strict=True)]
    rows += [f"{one},{who},2" for one in at[2:] for who in lists]
    rows += [f"{at[0]},REN,ZOLA,Eve,,5"]
    general = [f"{one},900,500,0,0,480" for one in at]
    for name, head, lines in (
        ("g", f"{codes},inscrits,votants,blancs,nuls,exprimes", general),
        ("c", f"{codes},nuance,nom,prenom,libelle_abrege_liste,voix", rows),
    ):
        table = pd.read_csv(io.StringIO("\n".join([head, *lines])), dtype=str)
        if suffix == ".csv":
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        else:
            table.to_parquet(tmp_path / f"{name}.parquet")
    raw = read_aggregated(tmp_path / f"g{suffix}", tmp_path / f"c{suffix}")
    votes = raw.ballots.groupby(["election_id", "name"], observed=True)["votes"].agg(list).to_dict()
    assert votes == {
        ("2022_legi_t1", "MARTIN Anne"): [3, 3],
        ("2022_legi_t1", "MARTIN Jean"): [2, 2],
        ("2022_legi_t1", "ZOLA"): [1, 1, 5],
        **{("2019_euro_t1", f"LISTE {name}"): [2, 2] for name in "ABC"},
    }


def test_a_commune_that_left_its_departement_is_whole_in_every_election(tmp_path):
    """Freigné is a part of Vallons-de-l'Erdre (44) and elects its deputy with Maine-et-Loire."""
    rows = [
        ("2014_euro_t1", "49144", "0001"),
        ("2014_euro_t1", "44180", "0001"),
        ("2022_pres_t1", "44180", "0001"),
        ("2022_pres_t1", "44180", "0004"),
        ("2024_legi_t1", "44180", "0001"),
        ("2024_legi_t1", "49144", "0004"),
    ]
    counts = general(*((*row, 800, 500, 10, 10) for row in rows))
    counts["code_circonscription"] = ["", "", "", "", "6", "7"]
    votes = candidates(*((*row, "", "MACRON", 480) for row in rows))
    found = read(tmp_path, counts, votes, places=("44180",))
    assert found.turnout.groupby("election_id", observed=True).size().eq(2).all()
    of = found.turnout.groupby("election_id", observed=True)["bureau_id"].agg(set)
    assert of["2014_euro_t1"] == {"44180_0001", "44180_44225-0001"}
    assert of["2022_pres_t1"] == of["2024_legi_t1"] == {"44180_0001", "44180_0004"}
    assert found.zones.set_index("bureau_id")["zone_id"].to_dict() == {
        "44180_0001": "44-06", "44180_0004": "49-07"
    }  # fmt: skip
