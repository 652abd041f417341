"""Tests of the labels for letters: no name is cut, and each is on its own label."""

import pypdfium2

from analysis.exports.address_labels import to_labels

LONG = "Maximilienne Bernadette Joséphine DE LA ROCHEFOUCAULD-INVENTÉE"


def read(addresses):
    paper = pypdfium2.PdfDocument(to_labels(addresses, language="fr"))
    return [" ".join(page.get_textpage().get_text_range().split()) for page in paper]


def test_a_long_name_stands_whole_on_its_label():
    middling = "Hélène Germaine Lucie SCHNEIDER"
    [page] = read([[middling, "8 allée du Lavoir", "99900 Valmont"], [LONG, "", "99900 Valmont"]])
    assert middling in page
    assert LONG in page
    assert "…" not in page


def test_twenty_one_labels_make_a_sheet():
    pages = read([[f"Camille Exemple{n:02d}", "99900 Valmont"] for n in range(22)])
    assert [page.count("Camille") for page in pages] == [21, 1]
    assert read([])[0] == ""
