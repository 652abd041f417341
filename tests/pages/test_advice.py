"""The library's errors, reasons and notes are read in the language of the session."""

import copy
import pickle
import re
import string

import pytest
from streamlit.testing.v1 import AppTest

from analysis import i18n
from analysis.electorate.history import read_history
from analysis.errors import DataError, Reread, Text, some
from analysis.readers.calendar import election_of
from analysis.readers.contours import read_contours
from analysis.readers.squares import read_squares
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Settings
from analysis.text_catalogue import catalogue_file, read_catalogue
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import read_scenario
from pages._ui import messages
from tools import extract_texts
from tools.library_texts import library_texts, misfilled

GENERAL = "id_election,code_departement,code_commune,code_bv,inscrits,votants,blancs,nuls,exprimes"
CANDIDATES = "id_election,code_departement,code_commune,code_bv,nuance,nom,voix"
KEY = "2022_pres_t1,29,29019,0001"


# What the extraction finds


@pytest.fixture(scope="module")
def french():
    """Every text of the library and its translation."""
    catalogue = read_catalogue(catalogue_file("fr"))
    return {m.id: m.string for m in catalogue if m.context in {i18n.ERROR, i18n.TABLE}}


def test_every_text_of_the_library_is_translated_with_the_same_gaps(french):
    found = {text for file in extract_texts.library() for text, _ in library_texts(file)}
    assert len(found) > 900
    assert {text for text in found if not french.get(text)} == set()
    assert [t for t in found if sorted(_gaps(t)) != sorted(_gaps(french[t]))] == []


def _gaps(template):
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def test_every_text_of_the_library_can_be_translated():
    assert misfilled(extract_texts.library()) == []


@pytest.mark.parametrize(
    ("code", "templates"),
    [
        ('raise DataError("It is empty.")', ["It is empty."]),
        ('raise DataError("{file} is cut.", file=path.name)', ["{file} is cut."]),
        ('raise DataError("Write {{ a = {b} }}.", b=b)', ["Write {{ a = {b} }}."]),
        ('raise DataError(what, where="in {a}", mend="Cut it.", a=a)', ["in {a}", "Cut it."]),
        ('raise DataError("A fault." if a else "No {b}.", b=b)', ["A fault.", "No {b}."]),
        ('LeftOut(Text("no shape"), 1)', ["no shape"]),
        ('raise DataError("It is cut.", where="{path}", path=path)', ["It is cut."]),
        ('Table(name="turnout")', ["turnout"]),
    ],
)
def test_texts_are_read_from_the_code(tmp_path, code, templates):
    assert [text for text, _ in library_texts(_module(tmp_path, code))] == templates


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ('raise DataError(f"{a} came too late.")', "a template is a literal"),
        ('raise DataError("It is cut.", where=str(path))', "a template is a literal"),
        ('Text("it" + " is cut")', "a template is a literal"),
        ('raise DataError("{a} came too late.", b=a)', "gaps ['a'] are not the values ['b']"),
        ('raise DataError("It came too late.", a=a)', "gaps [] are not the values ['a']"),
    ],
)
def test_a_text_that_could_not_be_translated_is_named(tmp_path, code, fault):
    (found,) = misfilled([_module(tmp_path, code)])
    assert fault in found


def _module(folder, code):
    (folder / "analysis").mkdir()
    file = folder / "analysis" / "reader.py"
    file.write_text(f"def run(a):\n    {code}\n", encoding="utf-8")
    return file


def test_a_new_error_without_a_translation_is_a_fault(tmp_path):
    _module(tmp_path, 'raise DataError("{a} came too late.", a=a)')
    faults = extract_texts.faults(catalogue_file("fr"), tmp_path)
    assert "not in the catalogue: {a} came too late." in faults


# What the translation makes of it


def test_every_template_is_recognised_in_a_file_and_keeps_its_values(french):
    wrong = []
    for template, translation in french.items():
        names = _gaps(template)
        values = {name: f"V{k}" for k, name in enumerate(names)}
        if not names or not _gaps(translation) or template in extract_texts.PUNCTUATION:
            continue
        if len(set(names)) < len(names):
            continue
        shown = i18n.told(Reread(_bare(template).format(**values)), "fr")
        if any(value not in shown for value in values.values()):
            wrong.append((template, shown))
    assert wrong == []


def _bare(template):
    """Return a template whose gaps ask for no format, as its text reads in a file."""
    return re.sub(r"(?<!\{)\{(\w+)[^{}]*\}", r"{\1}", template)


def test_numbers_are_written_as_the_language_does():
    note = Text(
        "{n} of {total} registered ({share:.1%}) have an address", n=5, total=8, share=0.625
    )
    assert note == "5 of 8 registered (62.5%) have an address"
    error = DataError(
        "The totals of the two tables differ by {gap:.0f}% of all: they are not the same people.",
        where="origin {had:,}, destination {has:,}",
        gap=12.3,
        had=12000,
        has=9000,
    )
    assert error.where == "origin 12,000, destination 9,000"
    assert "12\u202f000" in i18n.told(error.where, "fr")


def test_a_text_inside_a_text_is_translated_too():
    why = Text("line {line} has {n} cells: “{text}”", line=3, n=2, text="a;b")
    error = DataError("{file} is empty.", where="{file}: {why}", file="a.csv", why=why)
    assert str(error) == "a.csv is empty.\n  where: a.csv: line 3 has 2 cells: “a;b”"
    assert (
        i18n.told(error.where, "fr")
        == "a.csv\u00a0: la ligne 3 a 2 cellules\u00a0: «\u00a0a;b\u00a0»"
    )
    inside = ValueError(why)
    assert (
        i18n.told(DataError("{error}", error=inside).what, "fr")
        == "la ligne 3 a 2 cellules\u00a0: «\u00a0a;b\u00a0»"
    )
    assert i18n.told(error.where, "en") == error.where


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_an_error_that_went_through_another_process_is_still_translated(again):
    lines = some((Text("line {line}", line=i) for i in (2, 5, 7, 9)), most=2)
    error = again(DataError("{file} is empty.", where="{lines}", file="{a}.csv", lines=lines))
    assert str(error) == "{a}.csv is empty.\n  where: line 2, line 5… (4 in all)"
    told = [i18n.told(text, "fr") for text in (error.what, error.where, error.mend)]
    assert told == ["{a}.csv est vide.", "ligne 2, ligne 5… (4 en tout)", ""]


def test_values_can_be_changed_and_the_text_stays_a_template():
    error = DataError("{file} is empty.", where="{all}", file="/tmp/a.csv", all=some(["/tmp/a"]))
    assert error.what.with_values(lambda value: value[5:]) == "a.csv is empty."
    assert error.where.with_values(lambda value: value[5:]) == "a"


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
    return messages.translate_error(caught.value)


def test_a_missing_column(town):
    what, where, mend = told(town, general(f"{KEY},1", header=GENERAL[: GENERAL.index(",votants")]))
    assert what == "general.csv n’a pas ces colonnes\u00a0: votants / Votants, exprimes / Exprimés."
    assert where.startswith("general.csv\u00a0: colonnes trouvées\u00a0: id_election, ")
    assert mend.startswith("Téléchargez de nouveau le fichier de l’éditeur, avec ")


OTHER = KEY.replace("0001", "0002")


def test_a_count_that_is_no_number(town):
    rows = (f"{key},100,6x,1,1,58" for key in (KEY, OTHER))
    what, where, mend = told(town, general(*rows))
    assert what == "2 bureaux ont un compte absent ou qui n’est pas un nombre entier."
    assert "ligne 2\u00a0: ballots '6x', ligne 3\u00a0: ballots '6x'" in where
    assert mend.endswith("Ou écartez ces bureaux avec --leave-out-contradictions.")


def test_counts_that_contradict_one_another(town):
    rows = (f"{key},100,60,9,1,58" for key in (KEY, OTHER))
    what, where, mend = told(town, general(*rows))
    assert what == (
        "Table participation\u00a0: la règle «\u00a0blancs + nuls + exprimés = votants\u00a0» "
        "n’est pas respectée sur 2 lignes."
    )
    assert where.endswith("2022_pres_t1/29019_0001, 2022_pres_t1/29019_0002")
    assert mend.startswith("Corrigez ces lignes à la source")
    assert mend.endswith("Ou écartez ces bureaux avec --leave-out-contradictions.")


def test_votes_that_do_not_sum_to_the_valid(town):
    counts = (f"{key},100,60,1,1,58" for key in (KEY, OTHER))
    what, where, _ = told(town, general(*counts), candidates(f"{KEY},X,A,50", f"{OTHER},X,A,50"))
    assert what == "Dans 2 bureaux, la somme des voix n’est pas égale aux exprimés."
    assert "29019_0001 (50 voix pour 58 exprimés)" in where


def test_when_the_one_bureau_cannot_be_read_nothing_is_left(town):
    what, where, _ = told(town, general(f"{KEY},100,60,9,1,58"))
    assert what == "Il ne reste aucun bureau à lire."
    assert "comptes qui se contredisent\u00a0: 29019_0001 (100 inscrits, 60 votants, 58" in where


def test_an_election_that_is_none():
    assert told(election_of, "2022_roi_t1") == (
        "«\u00a02022_roi_t1\u00a0» ne désigne pas une élection.",
        "types\u00a0: pres, legi, euro, muni, arrd, regi, dpmt, cant, refe"
        "\u202f; années\u00a0: 1848 à 2100",
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
    template = "No candidate of this workspace belongs to “{label}”."
    what, _, mend = messages.translate_error(DataError(template, mend="Mine: {label}", label=value))
    assert what == f"Aucun candidat de cet espace de travail n’appartient à «\u00a0{value}\u00a0»."
    assert mend == f"Mine\u00a0: {value}"


@pytest.mark.parametrize("piece", ["a: ", "x, y; z: ", "(", "a and b (c) "])
@pytest.mark.parametrize("times", [150, 3000])
def test_an_endless_text_of_another_program_is_left_as_it_is(piece, times):
    text = piece * times
    assert messages.translate(text) == text


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
            "2 polygones invalides réparés\u00a0: 29019_0001, 29019_0002",
        ),
        (
            "1217515 of 1225863 registered (99.3%) have an address",
            "1\u202f217\u202f515 inscrits sur 1\u202f225\u202f863 (99,3\u202f%) ont une adresse",
        ),
        (
            "35 row(s) met their number with another suffix",
            "35 lignes ont retrouvé leur numéro avec un autre suffixe (bis, ter…)",
        ),
        ("not stated in the file", "non indiquée dans le fichier"),
        ("GDAL: nothing of ours, 3 times", "GDAL: nothing of ours, 3 times"),
        ("", ""),
    ],
)
def test_reasons_examples_and_notes(english, french):
    assert messages.translate(english) == french


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("1217515 of 1225863 registered (99.3%) have an address",
         "1,217,515 of 1,225,863 registered (99.3%) have an address"),
        ("2016 address(es) in no contour: kept, without a bureau",
         "2,016 addresses in no contour: kept, without a bureau"),
        ("1 row(s) met their number with another suffix",
         "1 row(s) met their number with another suffix"),
        ("bureaux of commune 75056, 2017_pres_t1", "bureaux of commune 75056, 2017_pres_t1"),
        (Text("{other} row(s) met their number with another suffix", other=3500),
         "3,500 rows met their number with another suffix"),
    ],
)  # fmt: skip
def test_english_too_sets_thousands_apart_and_writes_plurals(kept, shown):
    assert i18n.told(kept, "en") == shown


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
        raise DataError(
            "{file} is empty.", where="*y*", mend="Download it again.", file="a*b_c.csv"
        )
    st.title("reached")


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page)


def test_an_error_is_advice_and_stops_the_page(page):
    page.run()
    assert [box.value for box in page.error] == [r"a\*b_c.csv est vide."]
    assert [text.value for text in page.caption] == ["Où\u00a0: \\*y\\*"]
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
