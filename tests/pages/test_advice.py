"""The library's errors, reasons and notes are read in the language of the session."""

import string
from pathlib import Path
from textwrap import indent

import pytest
from streamlit.testing.v1 import AppTest

from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.readers.contours import read_contours
from analysis.readers.squares import read_squares
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Settings
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import read_scenario
from pages._ui import advice, extract, languages, library_texts, messages

ROOT = Path(__file__).parents[2]
GENERAL = "id_election,code_departement,code_commune,code_bv,inscrits,votants,blancs,nuls,exprimes"
CANDIDATES = "id_election,code_departement,code_commune,code_bv,nuance,nom,voix"
KEY = "2022_pres_t1,29,29019,0001"


# What the extraction finds


@pytest.fixture(scope="module")
def french():
    """Every text of the library and its translation."""
    messages = languages.read_catalogue(languages.catalogue_file("fr"))
    marks = {library_texts.CONTEXT, library_texts.TABLE}
    return {m.id: m.string for m in messages if m.context in marks}


def test_every_text_of_the_library_is_translated_with_the_same_gaps(french):
    found = library_texts.collect(ROOT)
    assert len(found) > 300
    missing = {one.template for one in found if not french.get(one.template)}
    assert missing == set()
    gaps = {one.template for one in found if one.context == library_texts.CONTEXT}
    assert [t for t in gaps if sorted(_gaps(t)) != sorted(_gaps(french[t]))] == []


def _gaps(template):
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def test_the_text_of_every_error_can_be_read_from_the_code():
    assert library_texts.unread(ROOT) == []


@pytest.mark.parametrize(
    ("code", "templates"),
    [
        ('raise DataError("It is empty.")', ["It is empty."]),
        ('raise DataError(f"{path.name} is cut.")', ["{0} is cut."]),
        ('raise DataError(f"{a} lacks " "columns of " f"{b!r}.")', ["{0} lacks columns of {1}."]),
        ('raise DataError(f"{a}{b} is cut.")', ["{0} is cut."]),
        ('raise DataError(f"Write {{ a = {b} }}.")', ["Write {{ a = {0} }}."]),
        ('raise DataError(what, where=f"in {a}", mend="Cut it.")', ["in {0}", "Cut it."]),
        ('raise DataError("A fault." if a else f"No {b}.")', ["A fault.", "No {0}."]),
        ("raise DataError(f\"Not {a or 'this file'}.\")", ["Not {0}.", "Not this file."]),
        ('raise DataError(a, where="in " + some(f"line {i}" for i in b))', ["in {0}", "line {0}"]),
        ('raise DataError(a, where="; ".join(f"row {i}: {j}" for i, j in b))', ["row {0}: {1}"]),
        ('note = f"{a} gone"\nraise DataError(a, where=note)', ["{0} gone"]),
        ('what, mend = "It is full", "Free it"\nraise DataError(f"{what}.")', ["It is full."]),
        (
            'def fail(why):\n    raise DataError(f"No {why}.")\nfail("town")\nfail("round")',
            ["No town.", "No round."],
        ),
        ('def why():\n    return f"{a} came"\nraise DataError(b, where=why())', ["{0} came"]),
        ('def drop(why):\n    LeftOut(why, 1)\ndrop("no shape")', ["no shape"]),
        (
            'notes = [f"{a} cut"]\nnotes += ["b is cut"]\nReport(a, b, c, d, tuple(notes))',
            ["{0} cut", "b is cut"],
        ),
        (
            'def f():\n    return a, (f"{b} joined",)\nx, y = f()\nReport(a, b, c, d, (*y,))',
            ["{0} joined"],
        ),
        ('Identity("a + b = all", len)', ["a + b = all"]),
        ("raise DataError(f\"Known: {', '.join(['rank', 'arm'])}\")", ["Known: {0}"]),
    ],
)
def test_texts_are_read_from_the_code(tmp_path, code, templates):
    assert _read(tmp_path, "def run():\n" + indent(code, "    ")) == set(templates)


def _read(folder, code):
    (folder / "analysis").mkdir()
    (folder / "analysis" / "reader.py").write_text(code, encoding="utf-8")
    found = {one.template for one in library_texts.collect(folder)}
    return found - set(library_texts.PUNCTUATION)


def test_an_error_whose_text_is_hidden_is_listed(tmp_path):
    _read(tmp_path, "def run(a):\n    raise DataError(a.text)")
    assert library_texts.unread(tmp_path) == ["analysis/reader.py:2"]


def test_a_new_error_without_a_translation_is_a_fault(tmp_path):
    _read(tmp_path, 'def run(a):\n    raise DataError(f"{a} came too late.")')
    faults = extract.faults(languages.catalogue_file("fr"), tmp_path)
    assert "not in the catalogue: {0} came too late." in faults


# What the translation makes of it


def test_every_template_is_recognised_and_keeps_its_values(french):
    wrong = []
    for template, translation in french.items():
        values = [f"V{k}" for k in _gaps(template)]
        if template in library_texts.PUNCTUATION or not values or not translation:
            continue
        shown = advice.translate_error(DataError(template.format(*values)))[0]
        if shown != translation.format(*(advice._Value(v) for v in values)):
            wrong.append((template, shown))
    assert wrong == []


def general(*rows, header=GENERAL):
    return "\n".join([header, *rows]) + "\n"


def candidates(*rows):
    return "\n".join([CANDIDATES, *rows]) + "\n"


@pytest.fixture
def town(tmp_path):
    """Build a workspace from the text of two files, with a message for an error."""

    def make(first=None, second=None, **more):
        (tmp_path / "general.csv").write_text(first or general(f"{KEY},100,60,1,1,58"), "utf-8")
        (tmp_path / "candidats.csv").write_text(second or candidates(f"{KEY},X,A,58"), "utf-8")
        files = Inputs(tmp_path / "general.csv", tmp_path / "candidats.csv", **more)
        return build(files, tmp_path / "town")

    return make


def told(call, *args, **more):
    with pytest.raises(DataError) as caught:
        call(*args, **more)
    return advice.translate_error(caught.value)


def test_a_missing_column(town):
    what, where, mend = told(town, general(f"{KEY},1", header=GENERAL[: GENERAL.index(",votants")]))
    assert what == "general.csv n’a pas ces colonnes\u00a0: votants / Votants, exprimes / Exprimés."
    assert where.startswith("general.csv\u00a0: colonnes trouvées\u00a0: id_election, ")
    assert mend.startswith("Téléchargez de nouveau le fichier de l’éditeur\u202f; gardez ")


def test_a_count_that_is_no_number(town):
    what, where, _ = told(town, general(f"{KEY},100,6x,1,1,58"))
    assert what == (
        "La colonne ballots (votants / Votants) contient des valeurs "
        "qui ne sont pas des nombres entiers."
    )
    assert where == "general.csv\u00a0: ligne 2\u00a0: '6x'"


def test_counts_that_contradict_one_another(town):
    what, where, mend = told(town, general(f"{KEY},100,60,9,1,58"))
    assert what == (
        "Table participation\u00a0: la règle «\u00a0blancs + nuls + exprimés = votants\u00a0» "
        "n’est pas respectée sur 1 ligne(s)."
    )
    assert where.endswith("2022_pres_t1/29019_0001")
    assert mend.startswith("Corrigez ces lignes à la source")


def test_votes_that_do_not_sum_to_the_valid(town):
    what, where, _ = told(town, None, candidates(f"{KEY},X,A,50"))
    assert what == "Dans 1 bureau(x), la somme des voix n’est pas égale aux exprimés."
    assert "29019_0001 (50 voix pour 58 exprimés)" in where


def test_an_election_that_is_none():
    assert told(election_of, "2022_roi_t1") == (
        "«\u00a02022_roi_t1\u00a0» ne désigne pas une élection.",
        "types\u00a0: pres, legi, euro, muni, regi, dpmt, cant, refe",
        "Écrivez l’année, le type et le tour\u00a0: 2027_pres_t1.",
    )
    what, *_ = told(election_of, "2024_euro_t2")
    assert what == "L’élection «\u00a02024_euro_t2\u00a0» n’a pas de second tour."


def test_a_place_that_is_not_there(town):
    place = town()
    what, where, _ = told(
        read_history,
        place,
        Choice(candidates=("A",)),
        before=election_of("2027_pres_t1").date,
        places=("75056",),
    )
    assert what == "Cet espace de travail ne contient pas 75056."
    assert where == "communes\u00a0: 29019"


def test_a_place_without_results(town):
    assert told(town, places=("75056",))[0] == "Il n’y a aucun bureau à lire."


def test_squares_without_contours(town, tmp_path):
    what, where, mend = told(town, squares=tmp_path / "carreaux.csv")
    assert what == "--squares\u00a0: inutilisable sans contours."
    assert (where, mend[:21]) == ("", "Ajoutez --contours FI")


def test_contours_that_are_none(tmp_path):
    file = tmp_path / "contours.geojson"
    assert told(read_contours, file, vintage=2022, crs_metric="EPSG:2154") == (
        "Ce fichier n’existe pas.",
        str(file),
        "Vérifiez le chemin.",
    )
    file.touch()
    what, *_ = told(read_contours, file, vintage=2022, crs_metric="EPSG:2154")
    assert what == "contours.geojson est vide."


def test_squares_of_another_file(tmp_path):
    file = tmp_path / "carreaux.csv"
    file.write_text("idcar,men\nx,1\n", encoding="utf-8")
    what, where, _ = told(read_squares, file, crs_metric="EPSG:2154")
    assert what.startswith("carreaux.csv n’a pas ces colonnes\u00a0: ")
    assert where == "carreaux.csv\u00a0: colonnes trouvées\u00a0: idcar, men"


def test_scenarios_that_cannot_be(tmp_path):
    file = tmp_path / "scénario.toml"
    file.write_text('bloc = "left"\n', encoding="utf-8")
    assert told(read_scenario, file)[0] == "Le scénario ne dit pas\u00a0: election."
    assert told(Settings, preset="best")[0] == "Réglage inconnu\u00a0: «\u00a0best\u00a0»."
    assert told(Settings, hours=-1.0)[1] == "hours = -1.0"


def test_a_folder_that_is_no_workspace(tmp_path):
    what, where, _ = told(lambda: Workspace(tmp_path).manifest)
    assert what == "Ce dossier n’est pas un espace de travail\u00a0: il n’a pas de manifest.json."
    assert where == str(tmp_path)


@pytest.mark.parametrize(
    "value",
    ["VIVE {0} LA VILLE", "Ève: l'élue; 50 %, ou rien", "a\nb", "ligne 3", r"C:\data\x.csv", ""],
)
def test_values_come_through_as_they_are(value):
    what, _, mend = advice.translate_error(
        DataError(f"No candidate of this workspace belongs to “{value}”.", mend=f"Mine: {value}")
    )
    assert what == f"Aucun candidat de cet espace de travail n’appartient à «\u00a0{value}\u00a0»."
    assert mend == f"Mine: {value}"


@pytest.mark.parametrize("piece", ["a: ", "x, y; z: ", "(", "a and b (c) "])
@pytest.mark.parametrize("times", [150, 3000])
def test_an_endless_text_of_another_program_is_left_as_it_is(piece, times):
    text = piece * times
    assert advice.translate_error(DataError("It is cut.", where=text))[1] == text


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("no shape", "sans contour"),
        ("line 3: 'x', line 5: 'y, z'", "ligne 3\u00a0: 'x', ligne 5\u00a0: 'y, z'"),
        ("a.csv: line 3: 'x'… (12 in all)", "a.csv\u00a0: ligne 3\u00a0: 'x'… (12 en tout)"),
        ("a, b, c… (12 in all)", "a, b, c… (12 en tout)"),
        (
            "RUE A (12 registered), RUE B (4 registered)… (9 in all)",
            "RUE A (12 inscrits), RUE B (4 inscrits)… (9 en tout)",
        ),
        (
            "c.geojson: no shape: 3; not a polygon: 2",
            "c.geojson\u00a0: sans contour\u00a0: 3\u202f; pas un polygone\u00a0: 2",
        ),
        (
            "2 invalid polygon(s) repaired: 29019_0001, 29019_0002",
            "2 polygone(s) invalide(s) réparé(s)\u00a0: 29019_0001, 29019_0002",
        ),
        (
            "1217515 of 1225863 registered (99.3%) have an address",
            "1\u202f217\u202f515 inscrits sur 1\u202f225\u202f863 (99,3\u202f%) ont une adresse",
        ),
        (
            "35 row(s) met their number with another suffix",
            "35 ligne(s) ont retrouvé leur numéro avec un autre suffixe (bis, ter…)",
        ),
        ("not stated in the file", "non indiquée dans le fichier"),
        ("GDAL: nothing of ours, 3 times", "GDAL: nothing of ours, 3 times"),
        ("", ""),
    ],
)
def test_reasons_examples_and_notes(english, french):
    assert messages.translate(english) == french


def test_reports_of_a_reading_are_french(town):
    rows = [f"2022_pres_t1,29,29019,{n:04d}" for n in range(1, 201)]
    place = town(
        general(*(f"{row},100,60,1,1,58" for row in rows)),
        candidates(f"{rows[0]},X,A,57", *(f"{row},X,A,58" for row in rows[1:])),
    )
    (out,) = (o for source in place.manifest["sources"] for o in source["left_out"])
    assert messages.translate(out["reason"]) == "somme des voix différente des exprimés"
    assert messages.translate(out["examples"]) == "29019_0001 (57 voix pour 58 exprimés)"


# What the page shows


def _page() -> None:
    import streamlit as st

    from analysis.errors import DataError
    from pages._ui import i18n, messages

    i18n.language_switch()
    with messages.explain_data_errors():
        if st.query_params.get("case") == "bare":
            raise DataError("This bureau has no election to show.")
        raise DataError("a*b_c.csv is empty.", where="x: *y*", mend="Download it again.")
    st.title("reached")


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page)


def test_an_error_is_advice_and_stops_the_page(page):
    page.run()
    assert [box.value for box in page.error] == [r"a\*b_c.csv est vide."]
    assert [text.value for text in page.caption] == ["Où\u00a0: x: \\*y\\*"]
    assert [box.value for box in page.info] == ["Que faire\u00a0: Téléchargez-le de nouveau."]
    assert not page.title
    assert not page.exception


def test_an_error_in_english_is_as_the_library_says_it(page):
    page.query_params["lang"] = "en"
    page.run()
    assert page.error[0].value == r"a\*b_c.csv is empty."
    assert page.info[0].value == "What to do: Download it again."


def test_an_error_without_place_or_remedy_shows_neither(page):
    page.query_params["case"] = "bare"
    page.run()
    assert page.error[0].value == "Ce bureau n’a aucune élection à montrer."
    assert not page.caption
    assert not page.info


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2022_pres_t1.csv", "2022_pres_t1.csv"),
        ("_x_ **y** [z](w)", r"\_x\_ \*\*y\*\* \[z\](w)"),
        ("5 $ et 6 $ <b> ~~a~~", r"5 \$ et 6 \$ \<b\> \~\~a\~\~"),
        ("`build`", "`build`"),
    ],
)
def test_values_are_not_markup(text, shown):
    assert messages.plain(text) == shown
