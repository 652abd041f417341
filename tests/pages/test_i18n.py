"""The app's languages: the catalogue is complete, and the switch holds."""

import ast
import datetime as dt
import math
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis import i18n as languages
from analysis.errors import DataError
from analysis.tables.schema import BLOCS
from analysis.text_catalogue import catalogue_file, read_catalogue
from analysis.workflows import server_access
from pages._ui import i18n
from tools import extract_texts as extract
from tools.text_marks import misused

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
PAGE = """
from pages._ui.i18n import _, ngettext, pgettext
a = _("Rank {rank}")
b = ngettext("{n} bureau", "{n} bureaux", 3)
c = pgettext("bloc", "Left")
"""
COMPLETE = """
msgid "Rank {rank}"
msgstr "Rang {rank}"

msgid "{n} bureau"
msgid_plural "{n} bureaux"
msgstr[0] "{n} bureau"
msgstr[1] "{n} bureaux"

msgctxt "bloc"
msgid "Left"
msgstr "Gauche"
"""


@pytest.fixture
def project(tmp_path):
    """Write a page and its complete catalogue: the root and the `.po`."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "home.py").write_text(PAGE, encoding="utf-8")
    file = tmp_path / "fr" / "LC_MESSAGES" / "palier.po"
    file.parent.mkdir(parents=True)
    file.write_text(HEADER + COMPLETE, encoding="utf-8")
    return tmp_path, file


def test_every_text_of_the_app_is_in_french_and_none_is_left_over():
    assert extract.faults(catalogue_file("fr")) == []


def test_every_text_of_the_app_can_be_translated():
    assert misused(extract.sources()) == []


def test_a_complete_catalogue_has_no_fault(project):
    root, file = project
    assert extract.faults(file, root) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('msgid "Rank {rank}"\nmsgstr "Rang {rank}"', "", "not in the catalogue: Rank {rank}"),
        ("Rang {rank}", "", "not translated: Rank {rank}"),
        ('msgid "Rank', '#, fuzzy\nmsgid "Rank', "fuzzy: Rank {rank}"),
        ("Rang {rank}", "Rang {rang}", "other placeholders than Rank {rank}: Rang {rang}"),
        (
            '[1] "{n} bureaux"',
            '[1] "des bureaux"',
            "other placeholders than {n} bureau: des bureaux",
        ),
        ('[1] "{n} bureaux"', '[1] ""', "not translated: {n} bureau"),
        ('msgctxt "bloc"', 'msgctxt "time"', "not in the catalogue: Left"),
        ('msgctxt "bloc"', 'msgctxt "time"', "no longer used: Left"),
        ("\nmsgctxt", '\n#~ msgid "Old"\n#~ msgstr "Vieux"\n\nmsgctxt', "no longer used: Old"),
    ],
)
def test_a_fault_of_the_catalogue_is_named(project, before, after, fault):
    root, file = project
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert fault in extract.faults(file, root)


def test_update_adds_the_new_drops_the_old_and_keeps_translations(project):
    root, file = project
    page = PAGE.replace("Rank {rank}", "Place {rank}")
    (root / "pages" / "home.py").write_text(page, encoding="utf-8")
    assert extract.update(file, root) == ["Place {rank}"]
    assert extract.faults(file, root) == ["not translated: Place {rank}"]
    once = file.read_bytes()
    extract.update(file, root)
    assert file.read_bytes() == once
    assert "Gauche" in once.decode()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('st.title("Priorities")', "not translatable: 'Priorities'"),
        ('left.metric(f"Rank {rank}", 3)', "not translatable: 'Rank '"),
        ('st.slider(_("Hours"), help="How many")', "not translatable: 'How many'"),
        ('_(f"Rank {rank}")', "_() takes a literal"),
        ('_("Rank {}".format(3))', "_() takes a literal"),
        ("left, _ = st.columns(2)", "`_` is the translation here"),
        ('LABEL = _("Hours")', "translated once for every visitor"),
        ('def f(label=_("Hours")): ...', "translated once for every visitor"),
    ],
)
def test_a_text_that_cannot_be_translated_is_named(tmp_path, line, fault):
    (found,) = misused([_module(tmp_path, line)])
    assert fault in found


@pytest.mark.parametrize(
    "line",
    [
        'st.title(_("Priorities"))',
        'st.metric(_("Rank"), "3")',
        'st.write(f"{a} – {b}")',
        'st.markdown("<hr>")',
        'def f(): return _("Hours")',
        'st.selectbox(_("Bloc"), BLOCS, format_func=lambda b: _(NAMES[b]))',
    ],
)
def test_a_well_marked_text_is_left_alone(tmp_path, line):
    assert misused([_module(tmp_path, line)]) == []


def _module(folder, text):
    """Write `text` as a module of _ui if it stands at its head, else as a page."""
    at_head = text.startswith(("def", "LABEL"))
    file = folder / ("_ui" if at_head else "pages") / "module.py"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    return file


def test_french_counts_zero_in_the_singular_and_english_does_not():
    forms = "{n} bureau", "{n} bureaux"
    assert languages.translations("en").ngettext(*forms, 0) == "{n} bureaux"
    plural = read_catalogue(catalogue_file("fr")).plural_expr
    assert plural.replace(" ", "") == "(n>1)"


@pytest.mark.parametrize(
    ("x", "digits", "french", "english"),
    [
        (40123, 0, "40\u202f123", "40,123"),
        (12.345, 1, "12,3", "12.3"),
        (0.125, 2, "0,13", "0.13"),
        (-1.5, 1, "−1,5", "−1.5"),
        (-0.04, 1, "0,0", "0.0"),
        (-12.0, 0, "−12", "−12"),
        (1234567.5, 0, "1\u202f234\u202f568", "1,234,568"),
        (math.nan, 1, "–", "–"),
        (None, 1, "–", "–"),
        (math.inf, 1, "∞", "∞"),
        (-math.inf, 1, "−∞", "−∞"),
    ],
)
def test_numbers(x, digits, french, english):
    assert languages.format_number(x, digits, language="fr") == french
    assert languages.format_number(x, digits, language="en") == english


def test_signs_percentages_and_dates_outside_a_session_are_french():
    assert i18n.signed(3.14) == "+3,1"
    assert i18n.signed(-3.14) == "−3,1"
    assert i18n.signed(0.0) == "0,0"
    assert languages.format_number(-0.001, 1, language="en", sign=True) == "0.0"
    assert languages.format_percent(0.5, language="fr") == "50\u202f%"
    assert i18n.percent(0.1235) == "12,4\u202f%"
    assert i18n.percent(math.nan) == "–"
    assert languages.format_percent(0.1235, 1, language="en") == "12.4%"
    assert i18n.date(dt.date(2024, 6, 9)) == "9 juin 2024"
    assert languages.format_day(dt.date(2024, 6, 9), language="en") == "9 June 2024"
    assert languages.format_day(dt.date(2026, 11, 1), language="fr") == "1er novembre 2026"
    assert languages.format_day(dt.date(2026, 11, 11), language="fr") == "11 novembre 2026"
    assert i18n.date(dt.date(2026, 11, 1)) == "1er novembre 2026"


@pytest.mark.parametrize(
    ("election_id", "name"),
    [
        ("2022_pres_t1", "Présidentielle 2022, 1er tour"),
        ("2024_legi_t2", "Législatives 2024, 2d tour"),
        ("2019_euro_t1", "Européennes 2019"),
        ("2005_refe_t1", "Référendum 2005"),
        ("2020_muni_t1", "Municipales 2020, 1er tour"),
        ("2021_regi_t1", "Régionales 2021, 1er tour"),
        ("2021_dpmt_t2", "Départementales 2021, 2d tour"),
        ("2011_cant_t1", "Cantonales 2011, 1er tour"),
        ("bundestag-2025", "bundestag-2025"),
        ("2025_btw_t1", "2025_btw_t1"),
    ],
)
def test_election_names(election_id, name):
    assert i18n.election_name(election_id) == name


def test_every_bloc_has_a_name_and_a_bloc_of_the_user_keeps_its_own():
    names = [i18n.bloc_name(bloc) for bloc in BLOCS]
    assert not set(names) & set(BLOCS)
    assert i18n.bloc_name("ecologists") == "ecologists"


def test_a_block_of_the_draw_is_not_called_by_the_word_for_a_political_family():
    for text in read_catalogue(catalogue_file("fr")):
        if re.search(r"\bblocks?\b", str(text.id), re.IGNORECASE):
            assert not re.search(r"\bblocs?\b", str(text.string), re.IGNORECASE), text.id


def test_french_is_typed_with_one_apostrophe():
    for text in read_catalogue(catalogue_file("fr")):
        for french in extract.strings(text):
            told = re.sub("`[^`]*`", "", french)  # commands are typed as a shell reads them
            assert not re.search(r"\w'[\w{«*]", told), french


def test_a_french_sentence_does_not_begin_where_another_ends():
    """A translation that was filled in twice read « … 0 voix.Si les échanges… » on paper."""
    for text in read_catalogue(catalogue_file("fr")):
        for french in extract.strings(text) if text.id else ():
            told = re.sub("`[^`]*`", "", french)
            assert not re.search(r"[\wé]\.[A-ZÀÉ][a-zéè’]", told), french


def test_french_signs_do_not_begin_a_line():
    code = r"`[^`]*`|https?://\S+|allow: \w+|@ ; < >|« python -[^»]*»|out geom;|:material/\w+:"
    plain = r" [:;!?%»](?=[\s,.)]|$)|« |[\w}][;!?](?=\s|$)|[\w}]:(?=\s)|[\d}]%(?=[\s,.)]|$)"
    for text in read_catalogue(catalogue_file("fr")):
        for french in extract.strings(text) if text.id else ():
            assert not re.search(plain, re.sub(code, "", french)), french


def test_the_choice_of_a_language_falls_back_to_french():
    assert languages.choose(None, "en") == "en"
    assert languages.choose("fr", "en") == "fr"
    assert languages.choose("xx", None) == "fr"


def _app() -> None:
    import streamlit as st

    from pages._ui import i18n

    i18n.language_switch()
    st.title(i18n.election_name("2022_pres_t1"))


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(_app)


def test_the_app_opens_in_french(app):
    app.run()
    assert app.title[0].value == "Présidentielle 2022, 1er tour"
    assert "lang" not in app.query_params


def test_a_link_opens_the_app_in_english(app):
    app.query_params["lang"] = "en"
    app.run()
    assert app.title[0].value == "Presidential election 2022, round 1"


def test_the_switch_lasts_and_is_in_the_link(app):
    app.run()
    app.radio[0].set_value("en").run()
    assert app.title[0].value == "Presidential election 2022, round 1"
    assert app.query_params["lang"] == "en"
    # Another page: Streamlit empties the query string.
    app.query_params.clear()
    app.run()
    assert app.title[0].value == "Presidential election 2022, round 1"
    assert app.query_params["lang"] == "en"
    app.radio[0].set_value("fr").run()
    assert app.title[0].value == "Présidentielle 2022, 1er tour"


def _closed() -> None:
    from pages._ui import i18n, state
    from pages._ui.access import gate

    state.begin()
    i18n.language_switch()
    gate.enter()


def test_the_language_is_in_the_link_before_anybody_is_let_in(monkeypatch):
    def refuse() -> None:
        raise DataError("Closed.", mend="Open it.")

    monkeypatch.setattr(server_access, "settings", refuse)
    app = AppTest.from_function(_closed).run()
    app.radio[0].set_value("en").run()
    assert app.error
    assert app.query_params["lang"] == "en"


def test_the_command_says_what_is_missing(project, capsys):
    root, file = project
    file.write_text(HEADER, encoding="utf-8")
    assert extract.main(["--check"], file=file, root=root) == 1
    assert "not in the catalogue: Left" in capsys.readouterr().out
    assert extract.main([], file=file, root=root) == 1
    assert "to translate: Left" in capsys.readouterr().out
    file.write_text(HEADER + COMPLETE, encoding="utf-8")
    assert extract.main([], file=file, root=root) == 0


def empty_boxes(source):
    """Return the lines of choices that may begin empty and leave their hint to Streamlit."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in calls:
        kind = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        options = {option.arg: option.value for option in call.keywords}
        third = call.args[2] if len(call.args) > 2 else options.get("index")  # noqa: PLR2004
        none = isinstance(third, ast.Constant) and third.value is None
        if (kind == "multiselect" or (kind == "selectbox" and none)) and (
            "placeholder" not in options
        ):
            yield call.lineno


def test_no_empty_box_asks_in_the_english_of_streamlit():
    assert list(empty_boxes("st.multiselect('a', [])")) == [1]
    assert list(empty_boxes("st.selectbox('a', [], None, placeholder='b')")) == []
    pages = Path(__file__).parents[2] / "pages"
    found = {file.name: list(empty_boxes(file.read_text())) for file in pages.rglob("*.py")}
    assert not {name: lines for name, lines in found.items() if lines}
