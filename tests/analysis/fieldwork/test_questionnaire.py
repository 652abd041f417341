"""Tests of scripts: read, refused, changed, kept in versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.errors import DataError
from analysis.fieldwork import script_draft, script_versions
from analysis.fieldwork.arguments import arguments_in, write_argument
from analysis.fieldwork.questionnaire import (
    PRESETS,
    Question,
    checked,
    preset,
    read_script,
    to_toml,
)
from analysis.fieldwork.script_rules import asked_of_a_person
from analysis.i18n import told

SCRIPT = preset("general")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_can_be_used_and_come_back_from_toml(name):
    script = preset(name)
    assert read_script(to_toml(script), file="x").version == script.version
    assert {"fr", "en"} <= set(script.languages)
    assert all({"fr", "en"} <= set(question.text) for question in script.questions)


def test_another_word_or_order_is_another_version():
    other = replace(SCRIPT, opening={**SCRIPT.opening, "en": "Hello"})
    assert len({SCRIPT.version, other.version, script_draft.moved(SCRIPT, 0, 1).version}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "Quel est votre nom ?", "Comment vous appelez-vous ?", "What is your last name?",
        "Votre e-mail ?",
        "Your phone number?", "Où habitez-vous ?", "Quel âge avez-vous ?", "How old are you?",
        "Êtes-vous malade ?", "Avez-vous un handicap ?", "Are you disabled?", "Êtes-vous vacciné ?",
        "Êtes-vous musulman ?", "Quelle est votre religion ?", "Do you believe in God?",
        "Quelle est votre nationalité ?", "D'où venez-vous ?", "Where are you from?",
        "Êtes-vous syndiqué ?", "Are you in a trade union?", "Êtes-vous homosexuel ?",
        "Avez-vous été condamné ?", "Monsieur Durand", "Paul Durand", "06 12 34 56 78",
        "De quel pays venez-vous ?", "Êtes-vous française ?", "Are you a foreigner?",
        "¿Cómo se llama?",
        "Êtes-vous de nationalité française ?", "What nationality are you?",
        "¿Está afiliada a un sindicato?", "É filiado num sindicato?",
        "¿Cuál es su número de teléfono?", "¿Qué edad tiene?", "¿Está enferma?",
        "¿De dónde es usted?",
        "¿Es usted católico?", "¿Está sindicado?", "¿Ha sido condenado?", "Qual é o seu nome?",
        "Onde mora?", "Quantos anos tem?", "Está doente?", "Qual é a sua nacionalidade?",
        "É homossexual?",
    ],
)  # fmt: skip
def test_what_asks_for_or_names_a_person_is_refused(text):
    assert asked_of_a_person(text)
    asked = replace(SCRIPT.questions[0], text={"fr": "Et vous ?", "en": text})
    option = replace(SCRIPT.questions[0], options={"a": {"fr": text[:40]}, "b": {"fr": "Non"}})
    for question in (asked, option):
        with pytest.raises(DataError, match="must not note"):
            checked(script_draft.with_question(SCRIPT, 0, question))


@pytest.mark.parametrize(
    "text",
    [
        "Voterez-vous pour la liste de gauche ?", "L’accès aux soins", "Les écoles", "La sécurité",
        "Qu’attendez-vous du maire ?", "Will you vote in June?", "Le prix des loyers",
        "Faut-il un centre de santé dans le quartier ?", "Is the town clean?", "Les trottoirs",
        "Êtes-vous satisfait des bus ?", "Que pensez-vous de la réforme des retraites ?",
        "¿Votará usted en junio?", "¿Le gusta la calle donde vive?", "¿Cómo se llama la plaza?",
        "La salud",
        "¿Hay que cuidar los edificios para personas con discapacidad?", "O bairro é limpo?",
        "A saúde",
        "A direção da Câmara", "¿Qué dirección toma la ciudad?",
    ],
)  # fmt: skip
def test_what_asks_for_an_opinion_passes(text):
    assert not asked_of_a_person(text)


def question(**changes):
    return replace(SCRIPT.questions[0], **changes)


@pytest.mark.parametrize(
    "wrong",
    [
        question(id="Priority"), question(id="a b"), question(kind="matrix"),
        question(text={"en": "Hm?"}),
        question(text={"fr": "x" * 161}), question(options={"a": {"fr": "A"}}),
        question(kind="yes_no"),
        question(options={str(n): {"fr": "A"} for n in range(3)}), question(id="town"),
        question(options={f"a{n}": {"fr": "A"} for n in range(9)}),
        question(only_if=("vote", "maybe")), question(only_if=("nothing", "yes")),
    ],
)  # fmt: skip
def test_a_script_that_cannot_be_asked_is_refused(wrong):
    with pytest.raises(DataError, match="cannot be used"):
        checked(script_draft.with_question(SCRIPT, 0, wrong))


def test_a_fault_is_told_where_people_see_it():
    with pytest.raises(DataError) as refused:
        checked(script_draft.with_question(SCRIPT, 2, replace(SCRIPT.questions[2], text={})))
    assert refused.value.where == "question 3: no text in French"
    assert (
        told(refused.value.where, "fr") == "question 3\N{NO-BREAK SPACE}: pas de texte en français"
    )
    with pytest.raises(DataError) as refused:
        checked(script_draft.with_question(SCRIPT, 0, question(options={
            "a": {"fr": "A"}, "b": {"fr": "Votre nom"}})))  # fmt: skip
    assert refused.value.where == "question 1, answer b: the name of a person"


def test_three_to_six_questions():
    few = replace(SCRIPT, questions=SCRIPT.questions[:2])
    many = script_draft.added(script_draft.added(SCRIPT))
    for script in (few, many):
        with pytest.raises(DataError, match="cannot be used"):
            checked(script)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"a = [", b"opening = 1", b"[opening]\nfr='x'", b"x = 1\n",
                b"questions = 3\n[opening]\nfr='x'", b"[[questions]]\nid=1\n[opening]\nfr='x'"]
)  # fmt: skip
def test_nonsense_is_no_script(content):
    with pytest.raises(DataError, match="no script"):
        read_script(content, file="x.toml")


def test_versions_are_kept_and_none_is_overwritten(tmp_path):
    assert script_versions.current(tmp_path) is None
    first = script_versions.keep(tmp_path, SCRIPT)
    assert script_versions.keep(tmp_path, SCRIPT) == first
    second = script_versions.keep(tmp_path, preset("valmont"))
    script_versions.keep(tmp_path, SCRIPT)
    files = sorted(file.name for file in (tmp_path / "fieldwork" / "scripts").iterdir())
    assert files == [f"0001-{first}.toml", f"0002-{second}.toml", f"0003-{first}.toml"]
    assert [*script_versions.versions(tmp_path)] == [second, first]
    file = tmp_path / "fieldwork" / "scripts" / files[1]
    file.write_bytes(file.read_bytes().replace(b"Rents", b"Rent"))
    with pytest.raises(DataError, match="changed after"):
        script_versions.versions(tmp_path)


def test_a_removed_question_frees_those_that_hung_on_it():
    at = [one.id for one in SCRIPT.questions].index("vote")
    left = script_draft.removed(SCRIPT, at)
    assert left.question("obstacle").only_if is None
    assert checked(left)


def test_rows_without_a_code_get_one():
    rows = [{"code": "a", "fr": "Un"}, {"code": None, "fr": "Deux"}, {"code": "", "fr": " "}]
    assert script_draft.options_from(rows, ["fr"]) == {
        "a": {"fr": "Un"},
        "answer_2": {"fr": "Deux"},
    }


def test_a_question_of_another_wording_is_another():
    one = Question("a", "yes_no", {"fr": "Oui ?"})
    assert one.digest != replace(one, text={"fr": "Non ?"}).digest


def test_an_argument_is_three_sentences_or_none(tmp_path):
    write_argument(tmp_path, "99900_0001", "fr", ["Un.", " ", "Deux."])
    assert arguments_in(tmp_path) == {"99900_0001": {"fr": ["Un.", "Deux."]}}
    with pytest.raises(DataError, match="three"):
        write_argument(tmp_path, "99900_0001", "fr", ["a"] * 4)
    assert write_argument(tmp_path, "99900_0001", "fr", []) == {}
