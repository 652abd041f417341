"""Every round of the aggregated files, 1999 to 2026: whose votes are whose."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.readers.aggregated import read_aggregated
from analysis.readers.blocs import give_blocs, read_blocs, spelling
from analysis.readers.calendar import election_of, is_dated
from analysis.readers.results import assemble
from analysis.targeting.rank import Settings
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import Scenario, answer, open_workspace
from tests.made import candidates, general, write_results

# What the official file holds for each election, nuances or, where it has none, names.
CODES = {
    "1999_euro": "EXG GAU VEC COM ECO UDF DTE DVD FRN MNA CPNT REG DIV",
    "2001_cant": "EXG COM SOC PRG MDC VEC DVG ECO UDF RPR DL RPF DVD FN MNR CPNT REG DIV",
    "2002_pres": "LAGU BESA GLUC JOSP CHEV MAME HUE TAUB BAYR LEPA CHIR MADE BOUT LEPE MEGR SAIN",
    "2002_legi": "EXG LCR LO COM SOC PRG VEC PREP DVG ECO UDF UMP DL DVD RPF MPF FN MNR EXD CPNT "
    "REG DIV",
    "2004_cant": "EXG COM SOC RDG VEC DVG ECO UDF UMP DVD FN EXD CPNT REG DIV",
    "2004_euro": "LXG LPS LVE LPC LDG LEC LUDF LUMP LDD LFN LXD LDV LRG LCP",
    "2004_regi": "LXG LGA LDG LVE LEC LDR LDD LFN LXD LDV LRG LCP",
    "2007_pres": "LAGU BESA SCHI ROYA BUFF VOYN BOVE BAYR SARK VILL LEPE NIHO",
    "2007_legi": "EXG COM SOC RDG VEC DVG ECO UDFD UMP MAJ DVD MPF FN EXD CPNT REG DIV",
    "2008_cant": "EXG COM SOC RDG VEC DVG ECO MODM UMP MAJ M-NC DVD FN EXD REG AUT",
    "2008_muni": "LEXG LCOM LSOC LVEC LUG LDVG LGC LCMD LMC LMAJ LDVD LFN LEXD LREG LAUT",
    "2009_euro": "LEXG LSOC LVEC LCOP LDVG LCMD LMAJ LDVD LFN LEXD LREG LAUT LPC LDD LDV",
    "2010_regi": "LEXG LSOC LVEC LCOP LUG LDVG LCMD LMAJ LDVD LFN LEXD LREG LAUT",
    "2011_cant": "EXG COM PG SOC RDG VEC DVG ECO MODM UMP MAJ M-NC DVD FN EXD REG AUT",
    "2012_pres": "ARTH POUT HOLL MELE JOLY BAYR SARK LEPE DUPO CHEM",
    "2012_legi": "EXG FG SOC RDG VEC ECO DVG CEN ALLI NCE PRV UMP DVD FN EXD AUT REG",
    "2014_muni": "LEXG LFG LCOM LPG LSOC LVEC LUG LDVG LMDM LUC LUDI LUMP LUD LDVD LFN LEXD LDIV "
    "NC",
    "2014_euro": "LEXG LFG LUG LVEC LDVG LUC LUMP LDVD LFN LEXD LDIV",
    "2015_dpmt": "BC-EXG BC-FG BC-COM BC-PG BC-SOC BC-RDG BC-VEC BC-UG BC-DVG BC-MDM BC-UC BC-UDI "
    "BC-UMP BC-UD BC-DVD BC-FN BC-DLF BC-EXD BC-DIV",
    "2015_regi": "LEXG LFG LCOM LSOC LRDG LVEC LVEG LUG LECO LDVG LMDM LUDI LLR LUD LDVD LDLF LFN "
    "LEXD LREG LDIV",
    "2017_pres": "ARTHAUD|POUTOU|MÉLENCHON|HAMON|MACRON|FILLON|LE PEN|DUPONT-AIGNAN|ASSELINEAU|"
    "LASSALLE|CHEMINADE",
    "2017_legi": "EXG FI COM SOC RDG ECO DVG REM MDM LR UDI DVD FN DLF EXD REG DIV",
    "2019_euro": "BARDELLA Jordan|LOISEAU Nathalie|JADOT Yannick|BELLAMY François-Xavier|"
    "AUBRY Manon|GLUCKSMANN Raphaël|DUPONT-AIGNAN Nicolas|HAMON Benoît|LAGARDE Jean-Christophe|"
    "BROSSAT Ian|THOUY Hélène|BOURG Dominique|ASSELINEAU François|ARTHAUD Nathalie|"
    "LALANNE Francis|BIDOU Olivier|MARIE Florie|AZERGUI Nagib|DIEUMEGARD Pierre|GERNIGON Yves|"
    "DELFEL Thérèse|CAILLAUD Sophie|TOMASINI Nathalie|ALEXANDRE Audric|HELGEN Gilles|"
    "PERSON Christian Luc|DE PREVOISIN Robert|TRAORÉ Hamada|CHALENÇON Christophe|CAMUS Renaud|"
    "SANCHEZ Antonio|CORBET Cathy Denise Ginette|PHILIPPOT Florian|VAUCLIN Vincent",
    "2020_muni": "LEXG LCOM LFI LSOC LRDG LVEC LECO LUG LDVG LREM LMDM LUC LDVC LLR LUDI LUD LDVD "
    "LDLF LRN LEXD LREG LDIV LGJ NC LNC",
    "2021_dpmt": "BC-EXG BC-COM BC-FI BC-SOC BC-RDG BC-ECO BC-UG BC-UGE BC-DVG BC-REM BC-MDM BC-UC "
    "BC-DVC BC-LR BC-UDI BC-UD BC-UCD BC-UCG BC-DVD BC-RN BC-DSV BC-EXD BC-UXD BC-REG BC-DIV BC-GJ",
    "2021_regi": "LEXG LCOM LFI LSOC LECO LUG LUGE LDVG LREM LMDM LUC LDVC LLR LUDI LUD LUCD LDVD "
    "LRN LDSV LEXD LREG LDIV",
    "2022_pres": "ARTHAUD|POUTOU|MÉLENCHON|JADOT|ROUSSEL|HIDALGO|MACRON|PÉCRESSE|LE PEN|ZEMMOUR|"
    "DUPONT-AIGNAN|LASSALLE",
    "2022_legi": "DXG NUP ECO RDG DVG ENS DVC LR UDI DVD RN REC DSV DXD REG DIV",
    "2024_euro": "LEXG LFI LCOM LVEC LUG LECO LDVG LENS LLR LDVD LRN LREC LEXD LDIV",
    "2024_legi": "EXG UG FI COM SOC VEC RDG ECO DVG ENS HOR DVC LR UDI DVD RN UXD REC DSV EXD REG "
    "DIV",
    "2026_muni": "LEXG LCOM LFI LSOC LVEC LUG LDVG LECO LREN LMDM LHOR LUC LDVC LUDI LLR LUD LDVD "
    "LDSV LRN LREC LUDR LUXD LEXD LDIV LREG",
}
# Alliances across blocs, codes of another year, and lists without a nuance (small communes).
NO_BLOC = {
    ("2008_muni", "LGC"),
    ("2009_euro", "LPC"),
    ("2009_euro", "LDD"),
    ("2009_euro", "LDV"),
    ("2014_muni", "NC"),
    ("2020_muni", "NC"),
    ("2020_muni", "LNC"),
    ("2021_dpmt", "BC-UCG"),
}
TWO_ROUNDS = {"pres", "legi", "muni", "regi", "dpmt", "cant"}
HEADS = {"2019_euro": "nom_tete_liste"}


def rounds():
    for name in CODES:
        yield f"{name}_t1"
        if name[5:] in TWO_ROUNDS:
            yield f"{name}_t2"


def the_whole_past(folder):
    """Write a file of all rounds: one bureau, one vote more for each candidate."""
    counts, votes = [], []
    for election in rounds():
        name = election[:9]
        named = "|" in CODES[name]
        who = CODES[name].split("|") if named else CODES[name].split()
        given = [(n, "" if named else one, one if named else f"M{n}") for n, one in enumerate(who)]
        total = sum(n + 1 for n, _, _ in given)
        counts.append((election, "31555", "0001", 2 * total, total, 0, 0))
        votes += [(election, "31555", "0001", nuance, one, n + 1) for n, nuance, one in given]
    table = candidates(*votes).assign(nom_tete_liste="")
    heads = table["id_election"].str[:9].isin(HEADS)
    table.loc[heads, ["nom_tete_liste", "nom"]] = [(name, "") for name in table.loc[heads, "nom"]]
    return write_results(folder, general(*counts), table)


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    folder = tmp_path_factory.mktemp("past")
    return assemble(read_aggregated(*the_whole_past(folder)), read_blocs(), election_of)


def test_the_file_has_its_fifty_six_rounds(past):
    assert len(past.elections) == len(list(rounds())) == 56
    assert all(is_dated(election) for election in past.elections["election_id"])


def test_no_candidate_is_without_a_bloc_but_those_listed(past):
    stood = past.candidates
    without = stood[stood["bloc"] == ""]
    keys = zip(without["election_id"].str[:9], without["nuance"], strict=True)
    assert set(keys) == NO_BLOC
    assert len(stood) == sum(
        len(CODES[e[:9]].split("|" if "|" in CODES[e[:9]] else None)) for e in rounds()
    )


def test_who_stood_nowhere_else_keeps_the_side_it_stood_on(past):
    """Known successors: a series of one bloc must not break where a party took another name."""
    blocs = past.candidates.assign(election=past.candidates["election_id"].str[:9])
    blocs = blocs.drop_duplicates(["election", "nuance", "name"])
    of = blocs[blocs["nuance"] != ""].set_index(["election", "nuance"])["bloc"]
    for same in (
        (("2002_legi", "UMP"), ("2004_euro", "LUMP"), ("2017_legi", "LR"), ("2026_muni", "LLR")),
        (("2002_legi", "FN"), ("2004_euro", "LFN"), ("2021_regi", "LRN"), ("2026_muni", "LRN")),
        (("1999_euro", "FRN"), ("2012_pres", "LEPE"), ("2022_legi", "RN")),
        (("2001_cant", "SOC"), ("2004_euro", "LPS"), ("2024_legi", "SOC"), ("2026_muni", "LSOC")),
        (("2004_euro", "LPC"), ("2008_cant", "COM"), ("2026_muni", "LCOM")),
        (("2017_legi", "FI"), ("2020_muni", "LFI"), ("2024_euro", "LFI"), ("2026_muni", "LFI")),
        (("2008_muni", "LCMD"), ("2011_cant", "MODM"), ("2017_legi", "MDM"), ("2026_muni", "LMDM")),
    ):
        assert len({of[key] for key in same}) == 1, same


def test_every_line_of_the_table_says_where_it_is_from():
    blocs = read_blocs()
    assert (
        blocs["source"]
        .str.contains(
            "circular|Ministry of the Interior, results|Conseil constitutionnel|Journal officiel"
        )
        .all()
    )
    # A convention of ours is marked as one.
    by_nuance = blocs[blocs["source"].str.startswith("nuance")]
    assert by_nuance["source"].str.contains("bloc: Palier convention").all()


@pytest.mark.parametrize(
    ("election", "name", "bloc"),
    [
        ("2019_euro", "Prenez le pouvoir", "far_right"),
        ("2019_euro", "PRENEZ LE POUVOIR, liste soutenue par Marine Le Pen", "far_right"),
        ("2019_euro", "ENVIE D’EUROPE", "left"),
        ("2019_euro", "Envie d'Europe écologique et sociale", "left"),
        ("2019_euro", "EUROPE ECOLOGIE", "left"),
        ("2019_euro", "Union  Droite Centre", "right"),
        ("2019_euro", "Les oubliés de l’Europe", "other"),
        ("2019_euro", "Bardella Jordan", "far_right"),
        ("2024_euro", "LA FRANCE REVIENT !", "far_right"),
        ("2024_euro", "Besoin d’Europe", "centre"),
        ("2024_euro", "REVEILLER L'EUROPE", "left"),
        ("2024_euro", "La France insoumise – Union populaire", "left"),
        ("2017_pres", "Melenchon", "left"),
        ("2002_pres", "Chevenement", "left"),
        ("2019_euro", "Une liste que personne ne connaît", ""),
    ],
)
def test_a_list_is_known_in_any_spelling(election, name, bloc):
    one = pd.DataFrame({"election_id": [f"{election}_t1"], "name": [name], "nuance": [""]})
    assert give_blocs(one, read_blocs()).tolist() == [bloc]


def test_what_is_no_letter_still_tells_lists_apart():
    assert spelling("L’ÉCOLE, d'abord !") == spelling("L'Ecole d'abord") == "lecoledabord"
    assert spelling("Œuvrer") == "oeuvrer"
    assert spelling("!!!") == "!!!"
    assert spelling("Партия") != spelling("Право")


def test_a_surname_is_not_taken_for_a_nuance_of_the_same_letters():
    names = pd.DataFrame(
        {"election_id": "2002_legi_t1", "name": ["LO", "DURAND"], "nuance": ["DVD", "LO"]}
    )
    assert give_blocs(names, read_blocs()).tolist() == ["right", "far_left"]


def test_keys_that_differ_in_accents_alone_are_two_lists():
    blocs = pd.DataFrame(
        [("2026_muni", "ÉLAN", "left", "me"), ("2026_muni", "ELAN", "right", "me")],
        columns=["election", "key", "bloc", "source"],
    )
    names = pd.DataFrame(
        {"election_id": "2026_muni_t1", "name": ["ÉLAN", "ELAN", "Élan"], "nuance": ""}
    )
    assert give_blocs(names, blocs).tolist() == ["left", "right", ""]


def lists_of(folder, **columns):
    """Write two rounds of 2026 whose lists have the columns given."""
    counts = [(f"2026_muni_t{t}", "31555", "0001", 800, 500, 0, 0) for t in (1, 2)]
    rows = [
        (f"2026_muni_t{t}", "31555", "0001", nuance, "", votes)
        for t in (1, 2)
        for nuance, votes in (("LDVG", 300), ("LDVD", 200))
    ]
    table = candidates(*rows)
    return write_results(folder, general(*counts), table.assign(**columns))


def test_a_list_is_the_same_at_both_rounds_though_one_names_its_head(tmp_path):
    """In 2026 the head of a list is named at the second round alone."""
    labels = ["UNE VILLE", "AUTRE VILLE"] * 2
    heads = ["", "", "AUBIER", "CHARME"]
    files = lists_of(tmp_path, libelle_abrege_liste=labels, nom=heads)
    found = assemble(read_aggregated(*files), read_blocs(), election_of).candidates
    assert set(found["name"]) == {"UNE VILLE", "AUTRE VILLE"}
    before = [one.replace("2026", "2020") for one in ("2026_muni_t1", "2026_muni_t2")]
    for path in files:
        path.write_text(path.read_text().replace("2026_muni", "2020_muni"))
    found = assemble(read_aggregated(*files), read_blocs(), election_of).candidates
    second = found[found["election_id"] == before[1]]
    assert set(second["name"]) == {"AUBIER", "CHARME"}


@pytest.mark.parametrize("column", ["liste", "binome", "nom_tete_liste"])
def test_the_pair_or_the_head_names_who_is_named_nowhere_else(tmp_path, column):
    files = lists_of(tmp_path, **{column: ["A", "B"] * 2})
    found = assemble(read_aggregated(*files), read_blocs(), election_of).candidates
    assert set(found["name"]) == {"A", "B"}


def test_own_lists_are_a_bloc_of_their_own(tmp_path):
    """The lists of a campaign at a municipal election, and who they grew from."""
    bureaux = [f"{n:04d}" for n in range(1, 13)]
    counts, votes = [], []
    for election, ours, theirs in (
        ("2022_pres_t1", ("", "MÉLENCHON"), ("", "MACRON")),
        ("2026_muni_t1", ("LDVG", "UNE VILLE"), ("LDVD", "AUTRE VILLE")),
    ):
        for n, bureau in enumerate(bureaux):
            counts.append((election, "31555", bureau, 900, 500, 0, 0))
            for (nuance, name), won in ((ours, 100 + 20 * n), (theirs, 400 - 20 * n)):
                votes.append((election, "31555", bureau, nuance, name, won))
    files = write_results(tmp_path, general(*counts), candidates(*votes))
    place = build(Inputs(*files), tmp_path / "place")
    table = read_blocs(place.path / "blocs.csv")
    own = pd.DataFrame(
        [
            ("2026_muni", "une ville", "our_list", "me"),
            ("2022_pres", "MÉLENCHON", "our_list", "me"),
        ],
        columns=table.columns,
    )
    pd.concat([table, own]).drop_duplicates(["election", "key"], keep="last").to_csv(
        place.path / "blocs.csv", index=False
    )
    edited = open_workspace(place.path)
    stood = edited.read("candidates").set_index(["election_id", "name"])["bloc"]
    assert stood["2026_muni_t1", "UNE VILLE"] == stood["2022_pres_t1", "MÉLENCHON"] == "our_list"
    ranking, prospects = answer(
        edited, Scenario("our_list", "2032_muni_t1", settings=Settings(draws=40))
    )
    support = prospects.table.set_index("bureau_id")["support"]
    assert support["31555_0012"] > support["31555_0001"] + 0.2
    assert len(ranking.table) == 12
