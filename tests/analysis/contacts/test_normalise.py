"""Tests of spellings: telephones, addresses of mail, names."""

from __future__ import annotations

import pytest

from analysis.contacts import normalise
from analysis.errors import DataError


@pytest.mark.parametrize(
    ("written", "departement", "dialled"),
    [
        ("06 39 98 00 01", "75", ["+33639980001"]),
        ("639980001", "75", ["+33639980001"]),  # a spreadsheet took the zero
        ("+33 (0)1.99.00.12.34", "", ["+33199001234"]),
        ("01/99/00/12/34", "75", ["+33199001234"]),
        ("0692 12 34 56", "974", ["+262692123456"]),
        ("0692 12 34 56", "75", ["+262692123456"]),  # dialled alike in Paris
        ("01 99 00 12 34", "97411", ["+33199001234"]),
        ("87 12 34 56", "987", ["+68987123456"]),
        ("06.39.98.00.01 / 01 99 00 12 34", "31", ["+33639980001", "+33199001234"]),
        ("0639980001 ou 0639980001", "31", ["+33639980001"]),
        ("06 39 98 00 01 (après 18 h)", "31", ["+33639980001"]),
    ],
)
def test_numbers_are_read_as_they_are_dialled(written, departement, dialled):
    points, _why = normalise.read_phones(written, departement)
    assert [point.canonical for point in points] == dialled


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("08 99 12 34 56", "premium"),
        ("0800 123 456", "premium"),
        ("06 12 34", "cannot exist"),
        ("non communiqué", "no telephone"),
        ("6,12346E+08", "rounded"),
    ],
)
def test_what_is_no_number_of_a_person_says_why_and_never_repeats_it(written, why):
    points, reasons = normalise.read_phones(written, "75")
    assert not points
    assert [why in reason for reason in reasons] == [True]
    with pytest.raises(DataError, match=why) as caught:
        normalise.canonical_phone(written, "75")
    assert written not in str(caught.value)


def test_a_good_number_beside_a_bad_one_is_kept_and_the_bad_one_counted():
    points, reasons = normalise.read_phones("0639980001 / 08 99 12 34 56", "75")
    assert [point.canonical for point in points] == ["+33639980001"]
    assert len(reasons) == 1


def test_short_messages_go_to_mobiles():
    assert normalise.is_mobile("+33639980001")
    assert normalise.is_mobile("+262692123456")
    assert not normalise.is_mobile("+33199001234")


@pytest.mark.parametrize(
    ("written", "shown", "compared"),
    [
        (" Jean.Bon@Example.ORG ;", "Jean.Bon@example.org", "jean.bon@example.org"),
        ("Anna B <ANNA@example.org>", "ANNA@example.org", "anna@example.org"),
        ("mailto:a+b@example.org", "a+b@example.org", "a+b@example.org"),
        ("x@Exämple.org", "x@exämple.org", "x@xn--exmple-cua.org"),
        ("x@xn--exmple-cua.org", "x@exämple.org", "x@xn--exmple-cua.org"),
    ],
)
def test_an_address_of_mail_is_shown_as_written_and_compared_folded(written, shown, compared):
    assert normalise.read_email(written) == normalise.Point(shown, compared)
    assert normalise.canonical_email(compared) == compared


@pytest.mark.parametrize("written", ["anna", "a b@example.org", "anna@example", "a@b@example.org"])
def test_what_is_no_address_of_mail_is_not_repeated(written):
    with pytest.raises(DataError) as caught:
        normalise.canonical_email(written)
    assert written not in str(caught.value).replace("name@domain.fr", "")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("LE GALL", "Legall", True),
        ("de Villepin", "VILLEPIN", True),
        ("du Pont", "Dupont", True),
        ("Lefèvre", "LEFEVRE", True),
        ("Cœur", "COEUR", True),
        ("Martinez", "Martines", True),  # one letter
        ("Martinez", "Matrinez", True),  # two neighbours
        ("Petit", "Petite-Jean", False),
        ("Roux", "Rous", False),  # too short to guess
        ("Durand", "Dupont", False),
    ],
)
def test_family_names(one, other, same):
    assert normalise.same_family(one, other) is same
    assert normalise.same_family(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Jean-Marc, Louis", "jean marc", True),
        ("Jean-Marc", "Jean", True),
        ("J.", "Jeanne", True),
        ("Élodie", "ELODIE", True),
        ("Jean", "Jeanne", False),
        ("Paul", "Pauline", False),
        ("", "Pauline", True),
        ("Marie Anne", "Marie", True),
        ("Louis", "Marc", False),
    ],
)
def test_first_names(one, other, same):
    assert normalise.same_first(one, other) is same
    assert normalise.same_first(other, one) is same
