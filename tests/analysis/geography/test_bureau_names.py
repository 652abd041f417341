"""What bureaux are called, worked by hand."""

import pytest

from analysis.geography.bureau_names import labels, readable, short_place

PLACES = {"75056_1850": "ECOLE ELEMENTAIRE, 63 RUE CHAMPIONNET"}


@pytest.mark.parametrize(
    ("bureau", "communes", "label"),
    [
        ("75056_1850", {"75056": "Paris"}, "18e, bureau 50, École rue Championnet"),
        ("75056_0101", {"75056": "Paris"}, "1er, bureau 1"),
        ("75056_1850", {"75056": "Paris", "35238": "Rennes"}, None),
        ("69123_0312", {"69123": "Lyon"}, "3e, bureau 12"),
        ("13055_0801", {"13055": "Marseille"}, "8e, bureau 1"),
        ("35238_0050", {"35238": "Rennes"}, "bureau 50, Rennes"),
        ("99900_JUS1", {"99900": "Valmont"}, "bureau JUS1, Valmont"),
        # No arrondissement is the 99th, and no number is cut that has letters.
        ("75056_9901", {"75056": "Paris"}, "bureau 9901, Paris"),
        ("75056_18A1", {"75056": "Paris"}, "bureau 18A1, Paris"),
        ("2A004_0001", {}, "bureau 1, 2A004"),
        ("35238_0000", {"35238": "Rennes"}, "bureau 0000, Rennes"),
    ],
)
def test_labels(bureau, communes, label):
    wanted = label or "Paris 18e, bureau 50, École rue Championnet"
    assert labels([bureau], polling_places=PLACES, communes=communes).tolist() == [wanted]


def test_abroad_no_french_word_is_said():
    told = labels(["08111_12-03"], polling_places={}, communes={"08111": "Stuttgart"}, french=False)
    assert told.tolist() == ["12-03, Stuttgart"]


def test_labels_keep_the_order_and_the_repetitions_of_their_ids():
    ids = ["75056_1850", "75056_0101", "75056_1850"]
    told = labels(ids, polling_places={}, communes={"75056": "Paris"})
    assert told.tolist() == ["18e, bureau 50", "1er, bureau 1", "18e, bureau 50"]
    assert labels([], polling_places={}, communes={}).tolist() == []


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("ECOLE MATERNELLE B, 12 bis RUE DE L ABBE CARTON", "École rue de l'Abbe Carton"),
        ("MAIRIE D'ARRONDISSEMENT, 2 PLACE BAUDOYER", "Mairie d'arrondissement"),
        ("COLLEGE VICTOR HUGO, 6 RUE PAYENNE", "Collège Victor Hugo"),
        ("École Jean-Jaurès, 3 rue des Cyprès", "École Jean-Jaurès"),
        ("GYMNASE", "Gymnase"),
        ("MJC, 1 RUE DU PORT-AUX-VINS", "MJC"),
        ("SALLE DES FETES, PLACE DE LA REPUBLIQUE", "Salle des fêtes"),
        ("", ""),
    ],
)
def test_polling_places_as_people_call_them(written, called):
    assert short_place(written) == called


def test_what_has_small_letters_is_left_alone():
    assert readable("École Jules-Ferry, 3 RUE DU PORT-AUX-VINS") == (
        "École Jules-Ferry, 3 rue du Port-aux-Vins"
    )
