"""Tests of `analysis.readers.raw_layouts` and `layouts`."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.raw_layouts import read_raw
from analysis.readers.results import assemble

DATA = Path(__file__).parents[3].parent / "shared" / "data"
RAW = DATA / "raw_layouts"
COUNTS = ["registered", "ballots", "blank", "null", "valid"]
real = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")

PRES_HEAD = (
    "Code du département;Libellé du département;Code de la circonscription;"
    "Libellé de la circonscription;Code de la commune;Libellé de la commune;Code du b.vote;"
    "Inscrits;Abstentions;% Abs/Ins;Votants;% Vot/Ins;Blancs;% Blancs/Ins;% Blancs/Vot;Nuls;"
    "% Nuls/Ins;% Nuls/Vot;Exprimés;% Exp/Ins;% Exp/Vot;N°Panneau;Sexe;Nom;Prénom;Voix;"
    "% Voix/Ins;% Voix/Exp"
)
PRES_ROW = (
    "75;Paris;01;1ère circonscription;056;Paris;0101;1082;262;24,21;820;75,79;41;3,79;5,00;15;"
    "1,39;1,83;764;70,61;93,17;1;M;MACRON;Emmanuel;639;59,06;83,64;"
    "2;F;LE PEN;Marine;125;11,55;16,36"
)
LEGI_HEAD = PRES_HEAD.replace("Prénom;Voix", "Prénom;Nuance;Voix")
LEGI_ROW = PRES_ROW.replace("Emmanuel;639", "Emmanuel;REM;639").replace(
    "Marine;125", "Marine;FN;125"
)
NAMED_HEAD = (
    "Code département;Libellé département;Code commune;Libellé commune;Code BV;Inscrits;Votants;"
    "Exprimés;Blancs;Nuls;Numéro de panneau 1;Nuance candidat 1;Nom candidat 1;Voix 1;Elu 1;"
    "Numéro de panneau 2;Nuance candidat 2;Nom candidat 2;Voix 2;Elu 2"
)
NAMED_ROW = "1;Ain;1004;Ambérieu;2;900;500;480;15;5;1;UG;DUPONT;300;élu;2;RN;LE GRAND;180;"
LISTS_HEAD = NAMED_HEAD.replace("Nuance candidat", "Nuance liste").replace(
    "Nom candidat", "Libellé abrégé de liste"
)
# A name that stands after the last candidate.
MISPLACED = (
    NAMED_HEAD.split(";Numéro")[0] + ";Numéro de panneau 1;Voix 1;Elu 1;Numéro de panneau 2;Voix 2;"
    "Nom candidat 1\n1;Ain;1004;Ambérieu;2;900;500;480;15;5;1;300;élu;2;180;DUPONT"
)
LONG_HEAD = "CodeArrdt;CodeBV;CodeCirco;CodeInsee;Inscrits;Votants;Exprimés;Liste;Voix;Blancs;Nuls"
LONG_ROWS = [
    "15;3;1;75115;1052;595;587;LAMASSOURE;500;7;1",
    "15;3;1;75115;1052;595;587;BAYROU;87;7;1",
]
OLD_ROWS = [
    "1;29;019;Brest;0076;900;500;480;1;SARKOZY;Nicolas;UMP;200",
    "1;29;019;Brest;0076;900;500;480;2;HOLLANDE;François;SOC;280",
    "2;29;019;Brest;0076;900;510;500;2;HOLLANDE;François;SOC;500",
]
OLDER_ROWS = [row.replace("Brest;0076", "Brest;02;05;0076") for row in OLD_ROWS]


def write(path, *lines, encoding="utf-8", end="\n"):
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def read(path, election="2022_pres_t2", places=()):
    return read_raw(path, election_id=election, places=places)


def rows(raw):
    """Bureau, nuance, name and votes of each candidate, as plain tuples."""
    columns = ["bureau_id", "nuance", "name", "votes"]
    return [tuple(row) for row in raw.ballots[columns].astype(object).to_numpy()]


def counts(raw):
    table = raw.counts[["bureau_id", *COUNTS]].astype(object)
    return [tuple(row) for row in table.where(table.notna(), None).to_numpy()]


def test_wide_with_only_the_first_candidate_named(tmp_path):
    path = write(tmp_path / "t.txt", PRES_HEAD, PRES_ROW, encoding="cp1252", end="\r\n")
    raw = read(path)
    assert counts(raw) == [("75056_0101", 1082, 820, 41, 15, 764)]
    assert rows(raw) == [("75056_0101", "", "MACRON", 639), ("75056_0101", "", "LE PEN", 125)]
    assert raw.places.to_numpy().tolist() == [["75056", "Paris", "75"]]
    assert raw.reports[0].notes == ("layout: wide, first candidate named (Ministry, 2017–2022)",)


def test_blocks_of_eight_with_the_nuance_and_rows_of_several_lengths(tmp_path):
    shorter = LEGI_ROW.rsplit(";", 8)[0].replace("0101", "0102").replace("764", "639")
    raw = read(write(tmp_path / "t.txt", LEGI_HEAD, LEGI_ROW, shorter))
    assert rows(raw) == [
        ("75056_0101", "REM", "MACRON", 639),
        ("75056_0101", "FN", "LE PEN", 125),
        ("75056_0102", "REM", "MACRON", 639),
    ]


@pytest.mark.parametrize("first", ["Code du dCode du département", "Code du d�partement", "Tour"])
def test_a_broken_first_name_is_tolerated(tmp_path, first):
    head = PRES_HEAD.replace("Code du département", first)
    if first == "Tour":
        head, row = "Tour;" + PRES_HEAD, "2;" + PRES_ROW
    else:
        row = PRES_ROW
    assert counts(read(write(tmp_path / "t.txt", head, row)))[0][0] == "75056_0101"


def test_wide_with_every_candidate_named_and_codes_that_lost_their_zeros(tmp_path):
    raw = read(write(tmp_path / "t.csv", NAMED_HEAD, NAMED_ROW), "2024_legi_t1")
    assert counts(raw) == [("01004_0002", 900, 500, 15, 5, 480)]
    assert rows(raw) == [("01004_0002", "UG", "DUPONT", 300), ("01004_0002", "RN", "LE GRAND", 180)]
    quoted = NAMED_ROW.replace("1;Ain;1004", '"01";Ain;"01004"').replace(";2;900", ';"0002";900')
    assert rows(read(write(tmp_path / "q.csv", NAMED_HEAD, quoted), "2024_legi_t1")) == rows(raw)


def test_a_list_stands_for_a_candidate_and_empty_blocks_for_none(tmp_path):
    row = NAMED_ROW.replace("2;RN;LE GRAND;180;", ";;;;").replace("480;15", "300;195")
    raw = read(write(tmp_path / "t.csv", LISTS_HEAD, row), "2024_euro_t1")
    assert rows(raw) == [("01004_0002", "UG", "DUPONT", 300)]


def test_long_with_a_header_gives_each_bureau_once(tmp_path):
    raw = read(write(tmp_path / "t.csv", LONG_HEAD, *LONG_ROWS), "2014_euro_t1")
    assert raw.reports[0].notes == ("layout: long with a header (city portals)",)
    assert counts(raw) == [("75056_1503", 1052, 595, 7, 1, 587)]
    assert rows(raw) == [("75056_1503", "", "LAMASSOURE", 500), ("75056_1503", "", "BAYROU", 87)]


@pytest.mark.parametrize("lines", [OLD_ROWS, OLDER_ROWS])
@pytest.mark.parametrize("preamble", [0, 17])
def test_long_without_a_header_reads_the_round_asked_for(tmp_path, lines, preamble):
    said = [f"-- Champ {i + 1} : ce que dit la colonne" for i in range(preamble)]
    path = write(tmp_path / "t.txt", *said, *lines, encoding="cp1252")
    raw = read(path, "2012_pres_t1")
    assert counts(raw) == [("29019_0076", 900, 500, None, None, 480)]
    assert rows(raw) == [
        ("29019_0076", "UMP", "SARKOZY", 200),
        ("29019_0076", "SOC", "HOLLANDE", 280),
    ]
    assert [(o.reason, o.count) for o in raw.reports[0].left_out] == [("other round", 1)]
    assert rows(read(path, "2012_pres_t2")) == [("29019_0076", "SOC", "HOLLANDE", 500)]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv", "t.txt", "t"])
def test_only_the_place_is_read_and_gzip_is_fine(tmp_path, name):
    other = NAMED_ROW.replace("1;Ain;1004;Ambérieu", "29;Finistère;29019;Brest")
    text = "\n".join([NAMED_HEAD, NAMED_ROW, other]) + "\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()))
    raw = read(path, "2024_legi_t1", ("29019",))
    assert counts(raw)[0][0] == "29019_0002"
    assert raw.reports[0].rows_read == 1
    with pytest.raises(DataError, match=r"no bureau of the place[\s\S]*asked for.*35"):
        read(path, "2024_legi_t1", ("35",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("a;b;c\n1;2;3\n", r"layout[\s\S]*begins with “a;b;c”[\s\S]*Known layouts: wide, first"),
        (PRES_HEAD.replace(";", ",") + "\n" + PRES_ROW, r"cut or damaged[\s\S]*line 2 has"),
        (PRES_HEAD.replace("Inscrits", "Electeurs") + "\n" + PRES_ROW, "layout of this file"),
        (MISPLACED, "layout of this file"),
        (PRES_HEAD + "\n", "no bureau of the place"),
        (PRES_HEAD + "\n" + PRES_ROW[:-20] + "\n", r"cut or damaged[\s\S]*line 2 has 32 cells"),
        (PRES_HEAD + "\n" + PRES_ROW[:60] + "\n", r"cut or damaged[\s\S]*line 2"),
        ("PK\x03\x04 a workbook", "cannot be opened: it is cut or damaged"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, text, says):
    path = tmp_path / "t.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=says) as caught:
        read(path)
    assert caught.value.where
    assert caught.value.mend


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (";820;", ";;", "line 2: ballots ''"),
        (";1082;", ";-5;", "line 2: registered '-5'"),
    ],
)
def test_a_count_that_is_none_is_written_down_with_its_line(tmp_path, old, new, says):
    spoilt = PRES_ROW.replace(old, new)
    raw = read(write(tmp_path / "t.txt", PRES_HEAD, spoilt))
    assert raw.unreadable["found"].tolist() == [says]
    with pytest.raises(DataError, match="No bureau is left") as caught:
        assemble(raw, read_blocs(), election_of)
    assert says in caught.value.where


def test_votes_that_are_no_number_are_the_rest_of_the_valid_ballots(tmp_path):
    whole = read(write(tmp_path / "a.txt", PRES_HEAD, PRES_ROW))
    raw = read(write(tmp_path / "t.txt", PRES_HEAD, PRES_ROW.replace(";639;", ";59,06;")))
    assert raw.ballots["votes"].isna().sum() == 1
    before, after = (assemble(r, read_blocs(), election_of) for r in (whole, raw))
    assert after.votes["votes"].tolist() == before.votes["votes"].tolist()
    assert any("1 unreadable count" in note for note in after.reports[0].notes)


def test_the_first_accent_may_stand_far_below_the_beginning(tmp_path):
    path = tmp_path / "t.csv"
    head = "Code commune;Libelle commune;Code BV;Inscrits;Votants;Blancs;Nuls;Exprimes;Nom 1;Voix 1"
    rows = [f"75056;Paris;{n:04};9;8;1;1;6;DURAND;6" for n in range(1, 2001)]
    rows.append("75056;Paris;2001;9;8;1;1;6;MACÉ;6")
    path.write_bytes("\n".join([head, *rows]).encode("cp1252") + b"\n")
    raw = read(path)
    assert len(raw.counts) == 2001
    assert set(raw.ballots["name"].astype("str")) == {"DURAND", "MACÉ"}


def test_two_encodings_in_one_file_and_a_cut_archive_are_refused(tmp_path):
    path = tmp_path / "t.txt"
    start = "\n".join([PRES_HEAD, *[PRES_ROW] * 600]) + "\n"
    path.write_bytes(start.encode() + PRES_ROW.encode("cp1252") + b"\n")
    with pytest.raises(DataError, match="not all in one encoding"):
        read(path)
    packed = gzip.compress(start.encode())
    for length in (len(packed) - 40, 60):
        (tmp_path / "t.csv.gz").write_bytes(packed[:length])
        with pytest.raises(DataError, match="cut or damaged"):
            read(tmp_path / "t.csv.gz")


def test_an_absent_file_and_a_header_without_candidates_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "absent.txt")
    head = PRES_HEAD.split(";N°Panneau")[0]
    with pytest.raises(DataError, match="layout of this file"):
        read(write(tmp_path / "t.txt", head, PRES_ROW))
    with pytest.raises(DataError, match="layout of this file"):
        read(write(tmp_path / "t.txt", *["-- words"] * 40, OLD_ROWS[0]))


def test_a_bureau_that_contradicts_itself_is_caught_by_the_tables(tmp_path):
    other = LONG_ROWS[1].replace("1052;595", "1053;595")
    raw = read(write(tmp_path / "t.csv", LONG_HEAD, LONG_ROWS[0], other), "2014_euro_t1")
    with pytest.raises(DataError, match=r"No bureau is left[\s\S]*same bureau with other"):
        assemble(raw, read_blocs(), election_of)


OFFICIAL = [
    ("pres2022_t2_burvot_paris.txt", "2022_pres_t2", 900),
    ("legi2024_t2_burvot_paris.csv", "2024_legi_t2", 467),
    ("legi2024_t1_finistere_circos_2_3.csv", "2024_legi_t1", 201),
    ("legi2024_t2_finistere_circos_2_3.csv", "2024_legi_t2", 201),
]


@real
@pytest.mark.parametrize(("file", "election", "bureaux"), OFFICIAL)
def test_raw_files_of_the_ministry_equal_the_aggregated_ones(file, election, bureaux):
    raw = read(RAW / file, election)
    assert len(raw.counts) == bureaux
    department = "29" if "finistere" in file else "75"
    chosen = [("id_election", "==", election), ("code_departement", "==", department)]
    general = pd.read_parquet(DATA / "france/general_results.parquet", filters=chosen)
    official = general.set_index("id_brut_miom").loc[raw.counts["bureau_id"].astype("str")]
    names = ["inscrits", "votants", "blancs", "nuls", "exprimes"]
    assert (official[names].to_numpy() == raw.counts[COUNTS].to_numpy()).all()
    votes = pd.read_parquet(DATA / "france/candidats_results.parquet", filters=chosen)
    votes = votes.fillna({"nuance": ""})
    mine = raw.ballots.astype({"bureau_id": "str", "nuance": "str", "name": "str"})
    theirs = votes[votes["id_brut_miom"].isin(mine["bureau_id"])]
    keys = ["bureau_id", "nuance", "name"]
    one = mine.set_index(keys)["votes"].astype("int64").sort_index()
    other = theirs.set_index(["id_brut_miom", "nuance", "nom"])["voix"].astype("int64").sort_index()
    assert one.index.tolist() == other.index.tolist()
    assert (one.to_numpy() == other.to_numpy()).all()
    assert not assemble(raw, read_blocs(), election_of).reports[0].left_out


@real
def test_the_city_s_file_of_2014_has_the_bureaux_and_registered_of_the_ministry():
    raw = read(RAW / "euro2014_paris_opendata.csv", "2014_euro_t1")
    general = pd.read_csv(DATA / "paris/general_results.csv", sep=";", dtype={"code_bv": str})
    official = general[general["id_election"] == "2014_euro_t1"].set_index("code_bv")
    mine = raw.counts.assign(code=raw.counts["bureau_id"].astype("str").str[6:]).set_index("code")
    assert sorted(mine.index) == sorted(official.index)
    official = official.loc[mine.index]
    assert (mine["registered"] == official["inscrits"]).all()
    # City and Ministry disagree on the count of a few bureaux: theirs, not ours to mend.
    assert (mine["ballots"] != official["votants"]).sum() == 3
    assert (mine["valid"] != official["exprimes"]).sum() == 5
    assert len(raw.ballots) == 869 * 31
    assert not assemble(raw, read_blocs(), election_of).reports[0].left_out


BLOCK = PRES_HEAD.split("% Exp/Vot;")[1]
LONGER_HEAD = PRES_HEAD + ";;" + ";" * BLOCK.count(";")
SAVED_HEAD = ";".join([PRES_HEAD, *(f"{name}.1" for name in BLOCK.split(";"))])
UNNAMED_HEAD = ";".join([PRES_HEAD, *(f"Unnamed: {n}" for n in range(28, 35))])


@pytest.mark.parametrize(
    "lines",
    [
        (PRES_HEAD + ";", PRES_ROW + ";"),
        (PRES_HEAD + ";;;", PRES_ROW + ";;;"),
        (LONGER_HEAD, PRES_ROW),
        (SAVED_HEAD, PRES_ROW),
        (UNNAMED_HEAD, PRES_ROW),
        (PRES_HEAD, PRES_ROW, PRES_HEAD),
        (PRES_HEAD, PRES_ROW, PRES_HEAD, PRES_ROW),
        (PRES_HEAD, PRES_ROW, "\x1a"),
        (PRES_HEAD, PRES_ROW.replace(";1082;", ";1082,0;").replace(";639;", ";639.0;")),
        (PRES_HEAD, PRES_ROW.replace(";056;", ";56.0;").replace(";0101;", ";101.0;")),
        (PRES_HEAD, PRES_ROW.replace(";056;", ';="056";').replace(";0101;", ';="0101";')),
        (PRES_HEAD, PRES_ROW.replace(";0101;", ";Bureau n° 101;")),
        (PRES_HEAD, PRES_ROW.replace(";0101;", ";75056_0101;")),
        (PRES_HEAD.replace("Code du b.vote", "N° bureau"), PRES_ROW),
        (
            PRES_HEAD.replace("Inscrits", "Nb inscrits").replace("Voix;", "Nombre de voix;"),
            PRES_ROW,
        ),
        tuple(line.encode("utf-8").decode("cp1252") for line in (PRES_HEAD, PRES_ROW)),
    ],
)
def test_what_spreadsheets_and_programs_make_of_a_file_changes_no_row(tmp_path, lines):
    """Workbooks of the Ministry name the first candidate's columns, and leave the rest bare."""
    raw = read(write(tmp_path / "t.txt", *lines))
    assert counts(raw) == [("75056_0101", 1082, 820, 41, 15, 764)]
    assert rows(raw) == [("75056_0101", "", "MACRON", 639), ("75056_0101", "", "LE PEN", 125)]
    assert raw.unreadable.empty


def test_a_row_that_stands_twice_counts_once_and_is_said(tmp_path):
    raw = read(write(tmp_path / "t.txt", PRES_HEAD, PRES_ROW, PRES_ROW))
    assert rows(raw) == [("75056_0101", "", "MACRON", 639), ("75056_0101", "", "LE PEN", 125)]
    report = raw.reports[0]
    assert (report.rows_read, report.rows_kept) == (2, 1)
    assert [(o.reason, o.count) for o in report.left_out] == [("a copy of another row", 1)]


def test_votes_that_are_texts_throughout_are_told_as_such(tmp_path):
    row = PRES_ROW.replace(";639;", ";639 (83,64 %);").replace(";125;", ";125 (16,36 %);")
    with pytest.raises(DataError, match="no whole numbers") as refused:
        read(write(tmp_path / "t.txt", PRES_HEAD, row))
    assert "line 2: '639 (83,64 %)'" in refused.value.where


def test_the_sum_of_a_departement_without_candidates_of_its_own_is_no_bureau(tmp_path):
    second = NAMED_ROW.replace(";2;900;500;480;15;5;", ";3;800;400;390;6;4;")
    second = second.replace(";300;élu;", ";200;élu;").replace(";180;", ";190;")
    total = "1;Ain;;Total;;1700;900;870;21;9;;;;500;;;;;370;"
    bureaux = (NAMED_ROW, second)
    raw = read(write(tmp_path / "t.csv", NAMED_HEAD, *bureaux, total), "2024_legi_t1")
    found = assemble(raw, read_blocs(), election_of)
    assert found.turnout["bureau_id"].astype("str").tolist() == ["01004_0002", "01004_0003"]
    assert [(o.reason, o.count) for o in found.reports[0].left_out] == [
        ("the sum of other rows", 1)
    ]


def test_a_block_of_nobody_with_no_vote_is_no_candidate(tmp_path):
    row = NAMED_ROW.replace("2;RN;LE GRAND;180;", ";;;0;").replace("480;15", "300;195")
    raw = read(write(tmp_path / "t.csv", NAMED_HEAD, row), "2024_legi_t1")
    assert rows(raw) == [("01004_0002", "UG", "DUPONT", 300)]


def test_old_rows_that_end_in_a_semicolon_are_read(tmp_path):
    raw = read(write(tmp_path / "t.txt", *(row + ";" for row in OLD_ROWS)), "2012_pres_t1")
    assert counts(raw) == [("29019_0076", 900, 500, None, None, 480)]


@pytest.mark.parametrize("at", [1, 3, 6])
@pytest.mark.parametrize("long", [False, True])
def test_a_quotation_mark_that_nothing_closes_takes_no_row_with_it(tmp_path, at, long):
    """A label cut at so many letters may leave one: csv holds all that comes after it."""
    rows = [NAMED_ROW.replace(";2;900", f";{n};900") for n in range(1, 7)]
    rows[at - 1] = rows[at - 1].replace(";DUPONT;", ';"DUPONT;')
    # As much as one cell may hold, and more.
    rows += [NAMED_ROW.replace(";2;900", f";{n};900") for n in range(7, 2000 if long else 7)]
    raw = read(write(tmp_path / "t.csv", NAMED_HEAD, *rows), "2024_legi_t1")
    assert len(raw.counts) == len(rows)
    assert raw.ballots["votes"].sum() == 480 * len(rows)
    assert set(raw.ballots["name"]) == {"DUPONT", "LE GRAND"}
    assert "quotation mark" in str(raw.reports[0].notes)


def test_quotation_marks_that_are_closed_count(tmp_path):
    row = NAMED_ROW.replace(";DUPONT;", ';"DU""PONT; dit X";')
    raw = read(write(tmp_path / "t.csv", NAMED_HEAD, row), "2024_legi_t1")
    assert raw.ballots["name"].tolist() == ['DU"PONT; dit X', "LE GRAND"]
    assert "quotation mark" not in str(raw.reports[0].notes)


def test_a_row_that_stands_in_two_lines_is_one_slip(tmp_path):
    rows = [NAMED_ROW.replace(";2;900", f";{n};900") for n in range(1, 21)]
    broken = [*rows[:4], rows[4][:40], rows[4][40:], *rows[5:]]
    raw = read(write(tmp_path / "t.csv", NAMED_HEAD, *broken), "2024_legi_t1")
    assert len(raw.counts) == 19
    assert raw.reports[0].left_out[0].count == 2
    twice = [*broken[:8], rows[7][:40], rows[7][40:], *rows[8:]]
    with pytest.raises(DataError, match="more or fewer cells"):
        read(write(tmp_path / "t.csv", NAMED_HEAD, *twice), "2024_legi_t1")
