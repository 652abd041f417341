"""Raw files of municipales, régionales and départementales, in the Ministry's own layouts."""

from __future__ import annotations

import pytest

from analysis.errors import DataError
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.glance import SURE, look
from analysis.readers.raw_layouts import read_raw, sniff
from analysis.readers.results import assemble
from analysis.workflows.build import Inputs, build

SHARES = (
    "Inscrits;Abstentions;% Abs/Ins;Votants;% Vot/Ins;Blancs;% Blancs/Ins;% Blancs/Vot;Nuls;"
    "% Nuls/Ins;% Nuls/Vot;Exprimés;% Exp/Ins;% Exp/Vot"
)
COUNTED = "1000;400;40,00;600;60,00;10;1,00;1,67;5;0,50;0,83;585;58,50;97,50"
PLACE = "Code du département;Libellé du département;Code de la commune;Libellé de la commune;"
HERE = "99;Fictif;900;Pré-Fleuri;"

# Municipales 2014: below a preamble, without a header, both rounds.
MUNI_2014 = [
    *(f"-- Champ {n} : ce que dit la colonne" for n in range(1, 14)),
    "1;99;900;Pré-Fleuri;0001;1000;600;585;1;AUBIER;Noé;LDVG;300",
    "1;99;900;Pré-Fleuri;0001;1000;600;585;2;CHARME;Lou;LDVD;285",
    "2;99;900;Pré-Fleuri;0001;1000;610;590;1;AUBIER;Noé;LDVG;310",
    "2;99;900;Pré-Fleuri;0001;1000;610;590;2;CHARME;Lou;LDVD;280",
]
MUNI_2020 = [
    f"{PLACE}Code B.Vote;{SHARES};"
    "N.Pan.;Code Nuance;Sexe;Nom;Prénom;Liste;Voix;% Voix/Ins;% Voix/Exp",
    f"{HERE}0001;{COUNTED};1;LDVG;M;AUBIER;Noé;UNE VILLE;300;30,00;51,28;"
    "2;LDVD;F;CHARME;Lou;AUTRE VILLE;285;28,50;48,72",
]


def _block_2026(n):
    names = (
        "Numéro de panneau;Nom candidat;Prénom candidat;Sexe candidat;Nuance liste;"
        "Libellé abrégé de liste;Libellé de liste;Voix;% Voix/inscrits;% Voix/exprimés;Elu;"
        "Sièges au CM;Sièges au CC"
    )
    return ";".join(f"{name} {n}" for name in names.split(";"))


MUNI_2026 = [
    "Code département;Libellé département;Code commune;Libellé commune;Code BV;Inscrits;"
    "Abstentions;% Abstentions;Votants;% Votants;Exprimés;% Exprimés/inscrits;"
    "% Exprimés/votants;Blancs;% Blancs/inscrits;% Blancs/votants;Nuls;% Nuls/inscrits;"
    f"% Nuls/votants;{_block_2026(1)};{_block_2026(2)};{_block_2026(3)}",
    "99;Fictif;99900;Pré-Fleuri;1;1000;400;40,00%;600;60,00%;585;58,50%;97,50%;10;1,00%;1,67%;5;"
    "0,50%;0,83%;1;;;;LDVG;UNE VILLE;UNE VILLE POUR TOUS;300;30,00%;51,28%;;;;"
    "2;;;;LDVD;;AUTRE VILLE;285;28,50%;48,72%;;;;;;;;;;;;;;;;",
]
REGI_2021 = [
    f"Code de la région;Libellé de la région;{PLACE}Code du b.vote;{SHARES};"
    "N°Liste;Nuance Liste;Libellé Abrégé Liste;Libellé Etendu Liste;Nom Tête de Liste;Voix;"
    "% Voix/Ins;% Voix/Exp",
    f"01;Fictive;{HERE}0001;{COUNTED};"
    "1;LDVG;UNE RÉGION;UNE RÉGION POUR TOUS;AUBIER Noé;300;30,00;51,28;"
    "2;LDVD;AUTRE RÉGION;UNE AUTRE RÉGION;CHARME Lou;285;28,50;48,72",
]
DPMT_2021 = [
    "Code du département;Libellé du département;Code du canton;Libellé du canton;"
    f"Code de la commune;Libellé de la commune;Code du b.vote;{SHARES};"
    "N°Panneau;Binôme;Nuance;Voix;% Voix/Ins;% Voix/Exp",
    f"99;Fictif;01;Canton;900;Pré-Fleuri;0001;{COUNTED};"
    "1;M. AUBIER Noé et Mme SAULE Eve;BC-DVG;300;30,00;51,28;"
    "2;M. CHARME Lou et Mme BUIS Ana;BC-DVD;285;28,50;48,72",
]
DPMT_2015 = [
    "NUMTOUR;CODDPT;CODSUBCOM;LIBSUBCOM;CODBURVOT;CODCAN;LIBCAN;NBRINS;NBRVOT;NBREXP;NUMDEPCAND;"
    "LIBLISEXT;CODNUA;NBRVOIX",
    "1;99;900;Pré-Fleuri;0001;01;Canton;1000;600;585;1;M. AUBIER et Mme SAULE;BC-DVG;300",
    "1;99;900;Pré-Fleuri;0001;01;Canton;1000;600;585;2;M. CHARME et Mme BUIS;BC-DVD;285",
    "2;99;900;Pré-Fleuri;0001;01;Canton;1000;610;590;1;M. AUBIER et Mme SAULE;BC-DVG;590",
]
# Régionales 2015: with the code of the region, and the list in one cell.
REGI_2015 = [
    "NUMTOUR;CODREG;CODDPT;CODSUBCOM;LIBSUBCOM;CODBURVOT;NBRINS;NBRVOT;NBREXP;NUMDEPCAND;"
    "LIBLISEXT;CODNUA;NBRVOIX",
    "1;01;99;900;Pré-Fleuri;0001;1000;600;585;1;UNE RÉGION;LDVG;300",
    "1;01;99;900;Pré-Fleuri;0001;1000;600;585;2;AUTRE RÉGION;LDVD;285",
]
REGIONS = ("UNE RÉGION", "AUTRE RÉGION")
PARTIES = {
    "2014_muni_t1": (MUNI_2014, "cp1252", ("AUBIER", "CHARME")),
    "2020_muni_t1": (MUNI_2020, "cp1252", ("AUBIER", "CHARME")),
    "2026_muni_t1": (MUNI_2026, "utf-8", ("UNE VILLE", "AUTRE VILLE")),
    # The council of the arrondissement stands in a file of its own, made like the city's.
    "2026_arrd_t1": (MUNI_2026, "utf-8", ("UNE VILLE", "AUTRE VILLE")),
    "2021_regi_t1": (REGI_2021, "cp1252", ("UNE RÉGION", "AUTRE RÉGION")),
    "2021_dpmt_t1": (
        DPMT_2021,
        "cp1252",
        ("M. AUBIER Noé et Mme SAULE Eve", "M. CHARME Lou et Mme BUIS Ana"),
    ),
    "2015_dpmt_t1": (DPMT_2015, "cp1252", ("M. AUBIER et Mme SAULE", "M. CHARME et Mme BUIS")),
}


def write(folder, lines, encoding="utf-8", separator=";"):
    path = folder / "bureaux.txt"
    path.write_bytes("\r\n".join(line.replace(";", separator) for line in lines).encode(encoding))
    return path


@pytest.mark.parametrize("election", PARTIES)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_each_layout_gives_the_bureau_its_lists_and_their_blocs(tmp_path, election, separator):
    lines, encoding, names = PARTIES[election]
    raw = read_raw(write(tmp_path, lines, encoding, separator), election_id=election)
    found = assemble(raw, read_blocs(), election_of)
    (row,) = found.turnout.to_dict("records")
    counts = ("registered", "ballots", "valid")
    assert (row["bureau_id"], *(row[name] for name in counts)) == ("99900_0001", 1000, 600, 585)
    stood = found.candidates.sort_values("votes", ascending=False)
    assert tuple(stood["name"]) == names
    assert stood["votes"].tolist() == [300, 285]
    assert stood["bloc"].tolist() == ["left", "right"]
    assert found.elections["kind"].tolist() == [election[5:9]]


@pytest.mark.parametrize("election", [e for e in PARTIES if e != "2014_muni_t1"])
def test_a_header_of_these_layouts_is_told_whatever_its_case_and_accents(tmp_path, election):
    lines, encoding, _ = PARTIES[election]
    path = write(tmp_path, [lines[0].upper().replace(".", " "), *lines[1:]], encoding)
    with path.open("rb") as file:
        assert sniff(look(path.name, file)) == SURE
    assert len(read_raw(path, election_id=election).ballots) == 2


def test_the_second_round_of_a_file_of_both(tmp_path):
    for lines, election, votes in (
        (MUNI_2014, "2014_muni_t2", [310, 280]),
        (DPMT_2015, "2015_dpmt_t2", [590]),
        (DPMT_2015[1:], "2015_dpmt_t2", [590]),
    ):
        raw = read_raw(write(tmp_path, lines), election_id=election)
        assert raw.ballots["votes"].tolist() == votes
        assert raw.reports[0].left_out[0].count == 2


@pytest.mark.parametrize(
    ("lines", "election", "names"),
    [
        (REGI_2015, "2015_regi_t1", REGIONS),
        (REGI_2015[1:], "2015_regi_t1", REGIONS),
        ([line.replace("1;01;", "1;", 1) for line in REGI_2015[1:]], "2015_regi_t1", REGIONS),
        (
            # The given name in a column of its own.
            [line.replace(" RÉGION;L", ";RÉGION;L") for line in REGI_2015[1:]],
            "2015_regi_t1",
            ("UNE", "AUTRE"),
        ),
        *(
            (
                [DPMT_2021[0].replace("Binôme;Nuance", f"{name};Nuance"), *DPMT_2021[1:]],
                "2021_dpmt_t1",
                PARTIES["2021_dpmt_t1"][2],
            )
            for name in ("Composition du binôme", "Candidats", "Libellé du binôme")
        ),
    ],
)
def test_what_names_a_list_is_found_without_a_header_and_in_other_words(
    tmp_path, lines, election, names
):
    raw = read_raw(write(tmp_path, lines), election_id=election)
    assert raw.counts[["bureau_id", "registered", "ballots", "valid"]].to_numpy().tolist() == [
        ["99900_0001", 1000, 600, 585]
    ]
    assert raw.ballots[["name", "votes"]].to_numpy().tolist() == [[names[0], 300], [names[1], 285]]


def test_two_ballots_of_one_day_are_two_elections_of_one_place(tmp_path):
    """Paris since 2026: the city's council, and the arrondissement's."""
    files = []
    for kind, shift in (("muni", 0), ("arrd", 40)):
        lines = [line.replace(";300;", f";{300 + shift};") for line in MUNI_2026]
        lines = [line.replace(";285;", f";{285 - shift};") for line in lines]
        folder = tmp_path / kind
        folder.mkdir()
        files.append((f"2026_{kind}_t1", write(folder, lines)))
    place = build(Inputs(raw=tuple(files)), tmp_path / "place")
    elections = place.read("elections").set_index("election_id")
    assert elections.loc["2026_muni_t1", "date"] == elections.loc["2026_arrd_t1", "date"]
    assert elections.loc["2026_arrd_t1", "kind"] == "arrd"
    most = place.read("candidates").groupby("election_id")["votes"].max()
    assert most.to_dict() == {"2026_muni_t1": 300, "2026_arrd_t1": 340}
    assert place.manifest["usual_date"] == place.manifest["without_bloc"] == []


def test_one_file_with_both_ballots_says_how_each_is_called(tmp_path):
    """The two must not be added: the refusal names the elections to give."""
    both = [*MUNI_2026, MUNI_2026[1].replace(";585;", ";580;").replace(";285;", ";280;")]
    both[-1] = both[-1].replace(";10;1,00%", ";15;1,00%")
    raw = read_raw(write(tmp_path, both), election_id="2026_muni_t1")
    with pytest.raises(DataError, match="two votes of one day") as caught:
        assemble(raw, read_blocs(), election_of)
    assert "2026_arrd_t1" in caught.value.mend
