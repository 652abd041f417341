"""Tests of `analysis.fieldwork.privacy`."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files

import pytest

from analysis.fieldwork.privacy import INVISIBLE, REMOVED, RULES, file_name, named_door, personal
from tools.note_rates import FILES, rates, read_notes, table


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("06 12 34 56 78", "a telephone number"),
        ("tel +33.6.12.34.56.78", "a telephone number"),
        ("0612345678", "a telephone number"),
        ("06-12-34-56-78 le soir", "a telephone number"),
        ("٠٦١٢٣٤٥٦٧٨", "a telephone number"),
        ("06\u202f12\u202f34\u202f56\u202f78", "a telephone number"),
        ("jean.dupont+x@example.co.uk", "an e-mail address"),
        ("jean (at) example.org", "an e-mail address"),
        ("jean arobase example . org", "an e-mail address"),
        ("voir Mme Durand", "a name"),
        ("M. Le Goff rappelle", "a name"),
        ("monsieur Éluard", "a name"),
        ("Zorbaline absente", "a name"),
        ("zorbaline a déménagé", "a name"),
        ("laissé un mot à Zorbaline", "a name"),
        ("vu M'Barek au 3e", "a name"),
        ("M’BAREK", "a name"),
        ("O'Connor au 2e", "a name"),
        ("N'HABITE PLUS ICI", ""),
        ("M'A DIT DE REPASSER", ""),
        ("sonner chez petitjean", "a name"),
        ("vu Grandjean au 2e", "a name"),
        ("laisser au Petit commerce", ""),
        ("arrêt de la ligne de Tramway fermé", ""),
        ("chez les petits du 3e", ""),
        ("Dame du 4e absente. Revenir à Noël", ""),
        ("sonner fort, monsieur du 3e entend mal", ""),
        ("code 1234A, 2e étage", ""),
        ("portes 3, 5, 7, 9, 11, 13, 15 et 17", ""),
        ("revenir le 28/11 à 18:30", ""),
        ("", ""),
    ],
)
def test_what_names_a_person_is_found(text, kind):
    assert personal(text) == kind


def test_what_is_on_a_bell_is_no_label_of_a_door():
    named = ["Durand", "DURAND", "durand 2", "Mme Roy", "Le Goff", "Roy-Nau", "Zoé"]
    doors = [
        "3",
        "12-14",
        "B",
        "2e gauche",
        "3ème dte",
        "rdc",
        "RDC droite",
        "face",
        "A12",
        "bis",
        "",
    ]
    doors += ["esc B", "bât. C", "1er", "sous-sol", "cour", "2nd", "n° 4", "4G", "à g.", "ground"]
    assert [bool(named_door(one)) for one in named] == [True] * len(named)
    assert [one for one in doors if named_door(one)] == []


def test_a_team_and_a_file_may_be_called_by_a_place():
    assert personal("equipe Belleville", remark=False) == ""
    assert personal("equipe Belleville") == "a name"
    assert file_name("retours Belleville.csv", "returns") == "retours Belleville.csv"


@pytest.mark.parametrize("name", FILES)
def test_personal_remarks_are_found_and_others_let_pass(name):
    recall, false_alarms = rates(FILES[name], personal)
    assert recall >= 0.9
    assert false_alarms <= 0.05


def test_the_page_of_methods_says_how_often(request):
    page = request.config.rootpath / "docs" / "methods" / "fieldwork.md"
    assert table() in page.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("node") is None, reason="no JavaScript outside a browser here")
def test_the_phone_page_finds_the_same():
    script = files("analysis.exports.field_kit").joinpath("phone_page", "records.js")
    code = script.read_text(encoding="utf-8")
    mine = code[code.index("// As analysis/fieldwork/privacy.py") :]
    turf = {"personal": {"invisible": INVISIBLE, **REMOVED, "rules": [[p, o] for _, p, o in RULES]}}
    texts = [text for path in FILES.values() for kind in read_notes(path).values() for text in kind]
    asked = f"const turf = {json.dumps(turf)};\n{mine}\n"
    asked += f"console.log(JSON.stringify({json.dumps(texts)}.map(isPersonal)));"
    node = [shutil.which("node"), "-"]
    done = subprocess.run(node, input=asked, capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    assert [t for t, found in zip(texts, theirs, strict=True) if found != bool(personal(t))] == []
