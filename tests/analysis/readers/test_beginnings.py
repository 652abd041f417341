"""Tests of `analysis.readers.beginnings`."""

from __future__ import annotations

import pytest

from analysis.readers.beginnings import delimiter_of, encoding_of, lines_above, plain

TEXT = "Libellé de la commune;Exprimés\nSaint-Étienne-de-Mèzidon;Forêt à l’œuf\nÇà et là;île\n"
PLAIN = "Code;Inscrits\n1;2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
def test_the_encoding_of_french_is_told(encoding):
    start = TEXT.encode(encoding)
    assert start.decode(encoding_of(start)).lstrip("\ufeff") == TEXT


def test_dos_is_told_too():
    text = TEXT.replace("’", "'").replace("œ", "oe")
    assert text.encode("cp850").decode(encoding_of(text.encode("cp850"))) == text


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize(
    "row",
    ["Zoé;Quémeneur;3 rue Haute", "Ulysse;Noël;Nîmes", "RENÉE;LEFÈVRE;ÉPINAL", "Ève;Müller;x"],
)
def test_one_row_tells_its_letters_by_where_they_stand(encoding, row):
    # « ZoÄ », « No‘l » and « LEFèVRE » are made of letters that French knows too.
    start = f"Prenom;Nom;Adresse\n{row}\n".encode(encoding)
    assert start.decode(encoding_of(start)) == f"Prenom;Nom;Adresse\n{row}\n"


def test_a_start_cut_inside_a_letter_is_utf_8_all_the_same():
    assert encoding_of((PLAIN + "é").encode()[:-1]) == "utf-8"


@pytest.mark.parametrize(("line", "sign"), [("a;b,c;d", ";"), ("a\tb\tc;d", "\t"), ("a,b", ",")])
def test_the_delimiter_is_the_most_frequent(line, sign):
    assert delimiter_of(line) == sign


@pytest.mark.parametrize(
    ("text", "above"),
    [
        ("bureau;lieu\n0001;École, 12 rue Haute, Lyon\n0002;Mairie, 1 place, Lyon\n", 0),
        ("Date;2022\nSource;INSEE\n\ncode;nom;x\n1;2;3\n", 3),
        ("sep=;\na;b;c\n1;2;3\n", 1),
    ],
)
def test_a_header_of_two_columns_is_no_title(text, above):
    assert lines_above(text) == above


def test_names_in_one_spelling():
    assert {plain(name) for name in ("Code B.Vote", "code_bvote", " CODE  BVÔTE ")} == {"codebvote"}
