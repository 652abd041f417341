"""Results as city portals publish them: columns of candidates, levels, several votes."""

from __future__ import annotations

import pandas as pd
import pytest
from openpyxl import Workbook

from analysis.errors import DataError
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.glance import look
from analysis.readers.raw_layouts import read_raw
from analysis.readers.reader_registry import RAW, UNUSED, role_of
from analysis.readers.results import assemble

# Bureau, registered, ballots, blank, null, valid, votes of three.
BUREAUX = [
    (1, 1000, 600, 10, 5, 585, 300, 200, 85),
    (2, 900, 500, 8, 4, 488, 100, 300, 88),
    (3, 800, 450, 6, 2, 442, 142, 150, 150),
    (4, 1100, 710, 9, 7, 694, 401, 203, 90),
    (5, 950, 520, 5, 5, 510, 210, 211, 89),
    (6, 870, 430, 4, 3, 423, 120, 203, 100),
]
REGISTERED, VOTES = 5620, {"ALPHA": 1273, "BETA": 1267, "GAMMA": 602}


def write(folder, *lines, name="r.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def read(path, *, election="2022_pres_t1", places=(), commune="35238", ids=None, **more):
    """Read a file and hold it against the right values."""
    raw = read_raw(path, election_id=election, places=places)
    found = assemble(raw, read_blocs(), election_of)
    ids = ids or [f"{commune}_{n:04d}" for n in range(1, 7)]
    assert sorted(found.turnout["bureau_id"].astype("str")) == sorted(ids)
    assert found.turnout["registered"].sum() == REGISTERED
    votes = found.candidates.groupby("name")["votes"].sum().to_dict()
    assert votes == more.get("votes", VOTES)
    return found


def wide(head, row, *, sep=";"):
    return [head, *(sep.join(map(str, row(bureau))) for bureau in BUREAUX)]


def shares(valid, votes):
    return [cell for n in votes for cell in (n, f"{100 * n / valid:.2f}".replace(".", ","))]


WIDE = {
    "Nantes: no commune, a point behind": (
        "Bureau;Lieu;Inscrits;Votants;Blancs;Nuls;Exprimés;ALPHA Ana;BETA Bo;GAMMA Gil;geo_point",
        lambda b: (b[0], "École", *b[1:], "47.2, -1.5"),
        ";",
        ("44109",),
    ),
    "rates between the candidates": (
        "Bureau de vote;Inscrits;Abstentions;Votants;% Votants;Blancs;Nuls;Exprimés;ALPHA;% ALPHA;"
        "BETA;% BETA;GAMMA;% GAMMA",
        lambda b: (b[0], b[1], b[1] - b[2], b[2], "58,1", *b[3:6], *shares(b[5], b[6:])),
        ";",
        ("44109",),
    ),
    "CDSP: nuances in brackets": (
        "Code département,Département,Code Insee,Commune,N° de bureau,Inscrits,Votants,Exprimés,"
        "ALPHA (PS),BETA (UMP),GAMMA (FN)",
        lambda b: ("44", "LOIRE", "44109", "Nantes", f"{b[0]:04d}", b[1], b[2], b[5], *b[6:]),
        ",",
        (),
    ),
    "names of a program": (
        "insee,bureau,nb_inscrits,nb_emargements,nb_blancs,nb_nuls,nb_exprimes,voix_ALPHA,"
        "voix_BETA,voix_GAMMA",
        lambda b: ("44109", *b),
        ",",
        (),
    ),
    "the commune by its name, given names first": (
        "Commune;Bureau;Inscrits;Votants;Exprimés;Mme Ana ALPHA;M. Bo BETA;M. Gil GAMMA",
        lambda b: ("NANTES", b[0], b[1], b[2], b[5], *b[6:]),
        ";",
        ("44",),
    ),
    "no valid votes, hours beside": (
        "Bureau;Inscrits;Votants 12h;Votants 17h;Votants;Blancs;Nuls;ALPHA;BETA;GAMMA",
        lambda b: (b[0], b[1], 90, 200, *b[2:5], *b[6:]),
        ";",
        ("44109",),
    ),
    "columns in many words": (
        "Identifiant du bureau;Total inscrits;Nombre total de votants;Nombre de suffrages exprimés;"
        "% exprimés;ALPHA;BETA;GAMMA",
        lambda b: (b[0], b[1], b[2], b[5], "97,5", *b[6:]),
        ";",
        ("44109",),
    ),
    "a circonscription that is a number": (
        "Bureau;Circo;Inscrits;Votants;Exprimés;Procurations;ALPHA;BETA;GAMMA",
        lambda b: (b[0], 3, b[1], b[2], b[5], 7 * b[0], *b[6:]),
        ";",
        ("44109",),
    ),
}


@pytest.mark.parametrize("case", WIDE.values(), ids=WIDE)
def test_a_column_for_each_candidate(tmp_path, case):
    head, row, sep, places = case
    path = write(tmp_path, *wide(head, row, sep=sep))
    with path.open("rb") as file:
        assert role_of(look(path.name, file)) == RAW
    read(path, places=places, commune="44109")


def test_paris_has_arrondissement_and_number_in_two_columns_or_one(tmp_path):
    head = (
        "id_bvote;scrutin;annee;tour;date;num_circ;num_quartier;num_arrond;num_bureau;nb_procu;"
        "nb_inscr;nb_emarg;nb_bl;nb_nul;nb_exprim;ALPHA Ana;BETA Bo;GAMMA Gil"
    )
    at = [15 + n // 4 for n in range(1, 7)]
    ids = [f"75056_{one}{n:02d}" for n, one in enumerate(at, 1)]

    def row(b):
        one = at[b[0] - 1]
        ours = (f"{one}-{b[0]}", "Présidentielle", 2022, 1, "2022-04-10", 3, 59, one, b[0])
        return *ours, 4 * b[0], *b[1:]

    read(write(tmp_path, *wide(head, row)), places=("75056",), ids=ids)
    without = [
        ";".join(cell for k, cell in enumerate(line.split(";")) if k not in {7, 8})
        for line in wide(head, row)
    ]
    read(write(tmp_path, *without), places=("75056",), ids=ids)


def test_a_header_of_two_rows_and_a_total_below(tmp_path):
    for upper, lower in (
        (
            ["Bureau", "Inscrits", "Votants", "Exprimés", "ALPHA", None, "BETA", None, "GAMMA"],
            [None, None, None, None, "Voix", "%", "Voix", "%", "Voix"],
        ),
        (
            [None, None, None, None, "ALPHA", None, "BETA", None, "GAMMA"],
            ["Bureau", "Inscrits", "Votants", "Exprimés", "Voix", "%", "Voix", "%", "Voix"],
        ),
    ):
        book = Workbook()
        sheet = book.active
        sheet.append(["Résultats du premier tour"])
        sheet.append(upper)
        sheet.append(lower)
        rows = [(b[0], b[1], b[2], b[5], b[6], 0.1, b[7], 0.2, b[8]) for b in BUREAUX]
        for row in rows:
            sheet.append(row)
        sums = [sum(row[k] for row in rows) for k in range(1, 9)]
        sheet.append(["TOTAL", *sums])
        book.save(tmp_path / "r.xlsx")
        read(tmp_path / "r.xlsx", places=("35238",))


def test_columns_that_sum_to_nothing_are_no_candidates(tmp_path):
    head = "Bureau;Inscrits;Votants;Exprimés;Scrutateurs;Assesseurs"
    path = write(tmp_path, *wide(head, lambda b: (b[0], b[1], b[2], b[5], 3, 4)))
    with pytest.raises(DataError, match="sum to its valid votes"):
        read_raw(path, election_id="2022_pres_t1", places=("35238",))


def test_who_stands_in_another_constituency_has_no_row(tmp_path):
    head = "Bureau;Inscrits;Votants;Exprimés;ALPHA;BETA;GAMMA;DELTA;EPSILON;ZETA"

    def row(b):
        votes = [*b[6:], "", "", ""] if b[0] < 4 else ["", "", "", *b[6:]]
        return b[0], b[1], b[2], b[5], *votes

    raw = read_raw(write(tmp_path, *wide(head, row)), election_id="2022_legi_t1", places=("35238",))
    stood = raw.ballots.groupby("bureau_id", observed=True)["name"].agg(set)
    assert stood["35238_0001"] == {"ALPHA", "BETA", "GAMMA"}
    assert stood["35238_0006"] == {"DELTA", "EPSILON", "ZETA"}


def test_a_commune_that_is_misspelt_is_told_and_another_is_not_ours(tmp_path):
    head = "Commune;Bureau;Inscrits;Votants;Exprimés;ALPHA;BETA;GAMMA"
    rows = wide(head, lambda b: ("RENNES", b[0], b[1], b[2], b[5], *b[6:]))
    rows += ["Renes;7;900;500;480;200;200;80", "Nantes;8;900;500;480;200;200;80"]
    found = read(write(tmp_path, *rows), places=("35238",))
    told = [(str(o.reason), o.count, str(o.examples)) for o in found.reports[0].left_out]
    assert told == [("a commune that is not known in this place", 1, "Renes")]


def test_without_a_commune_the_way_out_is_named(tmp_path):
    head = "Bureau;Inscrits;Votants;Exprimés;ALPHA;BETA;GAMMA"
    path = write(tmp_path, *wide(head, lambda b: (b[0], b[1], b[2], b[5], *b[6:])))
    with pytest.raises(DataError, match="of which commune") as caught:
        read_raw(path, election_id="2022_pres_t1")
    assert "--place" in caught.value.mend
    read(path, places=("35238",))


# Long files.

LONG = "code_insee;commune;bureau;inscrits;votants;blancs;nuls;exprimes;nom;voix"
NAMES = ("ALPHA", "BETA", "GAMMA")


def long(number=str, commune="35238;Rennes", more="", bureaux=BUREAUX):
    return [
        ";".join(map(str, (commune, number(b[0]), *b[1:6], name, votes))) + more
        for b in bureaux
        for name, votes in zip(NAMES, b[6:], strict=True)
    ]


def summed(rows):
    return tuple(sum(row[k] for row in rows) for k in range(1, 9))


@pytest.mark.parametrize("numbered", [True, False])
def test_a_file_of_several_levels_has_its_bureaux_alone(tmp_path, numbered):
    """Rennes: town, cantons and places of voting stand above the bureaux, and each sums to all."""
    levels = [[BUREAUX], [BUREAUX[:3], BUREAUX[3:]], [BUREAUX[:1], BUREAUX[1:4], BUREAUX[4:]]]
    lines, k = [], 0
    for name, groups in zip(("ville", "canton", "lieu"), levels, strict=True):
        for group in groups:
            k += 1
            number = f"9{k:02d}" if numbered else ""
            lines += [f"{name};{row}" for row in long(bureaux=[(number, *summed(group))])]
    lines += [f"bureau;{row}" for row in long()]
    found = read(write(tmp_path, f"niveau_detail;{LONG}", *lines))
    lost = {str(item.reason): item.count for item in found.reports[0].left_out}
    # Sums are counted by unit, rows without a number one by one: each has three candidates.
    assert lost == ({"the sum of other rows": 6} if numbered else {"no number of a bureau": 18})
    assert found.reports[0].rows_kept == 18


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("numero_tour", "1", "2"),
        ("Tour de scrutin", "1er tour", "2nd tour"),
        ("tour", "T1", "T2"),
        ("N° tour", "Premier", "Second"),
    ],
)
def test_the_round_is_told_however_it_is_written(tmp_path, column, first, second):
    later = [(*b[:6], b[8], b[7], b[6]) for b in BUREAUX]
    rows = [*long(more=f";{first}"), *long(more=f";{second}", bureaux=later)]
    path = write(tmp_path, f"{LONG};{column}", *rows)
    read(path)
    votes = {"ALPHA": 602, "BETA": 1267, "GAMMA": 1273}
    read(path, election="2022_pres_t2", votes=votes)


def test_of_a_file_of_several_elections_the_one_asked_for_is_read(tmp_path):
    other = [(*b[:6], b[8], b[7], b[6]) for b in BUREAUX]
    told = ("Présidentielle;2022", "Législatives;2022", "Présidentielle;2017")
    rows = [f"{told[0]};{row}" for row in long()]
    rows += [f"{which};{row}" for which in told[1:] for row in long(bureaux=other)]
    path = write(tmp_path, f"type_election;annee;{LONG}", *rows)
    found = read(path)
    (lost,) = found.reports[0].left_out
    assert (str(lost.reason), lost.count) == ("another election", 36)
    read(path, election="2022_legi_t1", votes={"ALPHA": 602, "BETA": 1267, "GAMMA": 1273})
    with pytest.raises(DataError, match="no bureau") as caught:
        read_raw(path, election_id="2019_euro_t1")
    assert "Législatives" in caught.value.where


def test_counts_among_the_candidates_are_none(tmp_path):
    rows = [
        row.rsplit(";", 2)[0] + f";{name};{n}"
        for b, row in zip(BUREAUX, long()[::3], strict=True)
        for name, n in (("ABSTENTIONS", b[1] - b[2]), ("Blancs", b[3]), ("NULS", b[4]))
    ]
    read(write(tmp_path, LONG, *rows, *long()))


def test_blank_and_null_in_the_singular_are_none_and_mme_blanc_is_one(tmp_path):
    spoilt = [
        row.rsplit(";", 2)[0] + f";{name};{n}"
        for b, row in zip(BUREAUX, long()[::3], strict=True)
        for name, n in (("BLANC", b[3]), ("NUL", b[4]))
    ]
    read(write(tmp_path, LONG, *spoilt, *long()))
    people = [row.replace(";ALPHA;", ";BLANC;") for row in long()]
    votes = {"BLANC": VOTES["ALPHA"], "BETA": VOTES["BETA"], "GAMMA": VOTES["GAMMA"]}
    read(write(tmp_path, LONG, *people), votes=votes)


@pytest.mark.parametrize("name", ["TOTAL", "Total des voix", "Ensemble"])
def test_a_sum_among_the_candidates_is_none_and_a_list_of_that_name_is_one(tmp_path, name):
    sums = [
        row.rsplit(";", 2)[0] + f";{name};{b[5]}"
        for b, row in zip(BUREAUX, long()[::3], strict=True)
        for b, row in zip(BUREAUX, long()[::3], strict=True)
    ]
    read(write(tmp_path, LONG, *long(), *sums))
    lists = [row.replace(";ALPHA;", f";{name};") for row in long()]
    votes = {name: VOTES["ALPHA"], "BETA": VOTES["BETA"], "GAMMA": VOTES["GAMMA"]}
    read(write(tmp_path, LONG, *lists), votes=votes)


def test_merged_cells_say_once_what_is_of_all_rows_below(tmp_path):
    """A town hall merges the commune over its bureaux, and the bureau over its candidates."""
    book = Workbook()
    sheet = book.active
    head = "Code département,Code commune,Commune,Bureau,Inscrits,Votants,Exprimés,Nom,Voix"
    sheet.append(head.split(","))
    for n, b in enumerate(BUREAUX):
        for k, (name, votes) in enumerate(zip(NAMES, b[6:], strict=True)):
            where = ("35", "238", "Rennes") if not n and not k else (None,) * 3
            counts = (b[0], b[1], b[2], b[5]) if not k else (None,) * 4
            sheet.append([*where, *counts, name, votes])
    book.save(tmp_path / "r.xlsx")
    found = read(tmp_path / "r.xlsx", places=("35238",))
    assert "17 row(s) leave empty" in str(found.reports[0].notes)
    wide_rows = wide(
        "Code INSEE;Bureau;Inscrits;Votants;Exprimés;ALPHA;BETA;GAMMA",
        lambda b: ("35238" if b[0] == 1 else "", b[0], b[1], b[2], b[5], *b[6:]),
    )
    read(write(tmp_path, *wide_rows, ";TOTAL;5620;3210;3142;1273;1267;602"))


def test_notes_below_the_table_of_a_workbook_are_no_bureaux(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet.append(["Bureau", "Inscrits", "Votants", "Exprimés", "ALPHA", "BETA", "GAMMA"])
    for b in BUREAUX:
        sheet.append([b[0], b[1], b[2], b[5], *b[6:]])
    for note in ("Source : ville de Rennes", "Résultats provisoires", "* bureau centralisateur"):
        sheet.append([note])
    book.save(tmp_path / "r.xlsx")
    found = read(tmp_path / "r.xlsx", places=("35238",))
    assert [o.count for o in found.reports[0].left_out] == [3]


@pytest.mark.parametrize(
    "number",
    [
        "{0:04d} - École Jules Ferry",
        "Bureau n°{0} : Mairie",
        "BV {0} (Gymnase)",
        "Bureau de vote numéro {0}",
        "35238-{0:04d}",
        "35238{0:04d}",
        "35238{0:03d}",
        "35238_{0}",
        "RENNES - {0:03d}",
    ],
)
def test_the_number_of_a_bureau_is_found_in_what_stands_there(tmp_path, number):
    read(write(tmp_path, LONG, *long(number.format)))


def test_a_number_that_lost_its_zeros_before_a_letter_is_the_same_bureau(tmp_path):
    for number in ("00{}A", "{}A", "0{}a"):
        path = write(tmp_path, LONG, *long(number.format))
        found = read_raw(path, election_id="2022_pres_t1").counts["bureau_id"]
        assert sorted(found)[0] == "35238_001A", number


def test_two_of_one_surname_and_nuance_are_two(tmp_path):
    head = LONG.replace("nom;voix", "nuance;nom;prenom;voix")
    people = {"ALPHA": "DIV;MARTIN;Anne", "BETA": "DIV;MARTIN;Jean", "GAMMA": "REN;ZOLA;Eve"}
    rows = ["35238;Rennes;7;500;300;0;0;300;DIV;MARTIN;Jean;300"]
    for row in long():
        start, name, votes = row.rsplit(";", 2)
        rows.append(f"{start};{people[name]};{votes}")
    path = write(tmp_path, head, *rows)
    found = assemble(read_raw(path, election_id="2022_legi_t1"), read_blocs(), election_of)
    assert len(found.turnout) == 7
    assert found.candidates.set_index("name")["votes"].to_dict() == {
        "MARTIN Anne": 1273,
        "MARTIN Jean": 1267 + 300,
        "ZOLA": 602,
    }


def test_a_table_of_turnout_is_not_taken_for_results():
    header = "bureau;inscrits;votants;exprimes\n1;900;500;480\n"
    from analysis.readers.glance import of_text

    assert role_of(of_text(header)) == UNUSED


def test_the_longest_run_of_columns_is_the_candidates(tmp_path):
    """A candidate of whom nobody wanted anything is one, and the valid votes again are none."""
    head = "Bureau;Inscrits;Votants;Exprimés;Exprimés bis;ALPHA;BETA;GAMMA;OMEGA"
    rows = wide(head, lambda b: (b[0], b[1], b[2], b[5], b[5], *b[6:], 0))
    found = read(write(tmp_path, *rows), places=("35238",), votes={**VOTES, "OMEGA": 0})
    assert isinstance(found.candidates, pd.DataFrame)
