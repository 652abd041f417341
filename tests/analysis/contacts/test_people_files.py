"""Tests of files of people: read whatever they look like, columns proposed, rows accounted for."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pandas as pd
import pytest

from analysis.contacts import people_columns
from analysis.contacts.file_origins import Declared
from analysis.contacts.people_rows import clean
from analysis.errors import DataError
from analysis.readers.people_files import read_people_file
from analysis.tables.spreadsheet_text import csv_text

DAY = dt.date(2026, 3, 1)
SIGNED = Declared("sign_up", "information")
ODD = """Liste des soutiens
Prénom;Nom;Courriel;Portable;Né(e) le;Adresse postale;CP;Ville;Niveau de soutien
Zoé;LE GALL;ZOE@example.org;06 39 98 00 01;03/02/1980;12 bis rue des Lilas;1000;Bourg;5
Élodie;D'Almeida;;0639980002 / 0199000001;31/02/1980;;;;

;;;;;;;;
Jean;"Dupont;jean@example.org;0639980003;;;;;
Ana;De Oliveira;ana@example.org;;;;;;;trop;de;cellules
Léo;;;;;;;;
Tom;Petit;tom@example.org;;01/01/2012;;;;
"""


def proposed(file, learned=None):
    cells = [row for _line, row in file.rows]
    return people_columns.propose(file.headings, cells, learned or {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "cp850"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_any_encoding_and_delimiter_gives_the_same_people(encoding, delimiter):
    content = ODD.replace(";", delimiter).encode(encoding)
    file = read_people_file(content, "soutiens.csv")
    assert file.headings[:3] == ("Prénom", "Nom", "Courriel")
    assert [cells[0] for _line, cells in file.rows] == ["Zoé", "Élodie", "Léo", "Tom"]
    assert [(line, str(why)) for line, why in file.refused] == [
        (6, "nothing in the row"),
        (7, "a quotation mark that nobody closes"),
        (8, "more cells than headings"),
    ]


def test_a_list_of_ours_comes_back_with_its_codes_and_numbers():
    own = pd.DataFrame({"postcode": ["01000", "75018"], "phone": ["+33639980001", "+33639980002"]})
    content = csv_text(own, french=True).encode("utf-8-sig")
    rows = [list(cells) for _line, cells in read_people_file(content, "liste.csv").rows]
    assert rows == own.to_numpy().tolist()


def test_a_workbook_reads_like_its_csv():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Nom", "E-mail", "Naissance", "Tél"])
    sheet.append(["Petit", "a@example.org", dt.datetime(1980, 2, 3), 639980001])
    out = io.BytesIO()
    book.save(out)
    file = read_people_file(out.getvalue(), "soutiens.xlsx")
    assert file.rows == [(2, ["Petit", "a@example.org", "1980-02-03", "639980001"])]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"Nom;Mail\n", b"PK\x03\x04broken"])
def test_what_is_no_table_says_so(content):
    with pytest.raises(DataError, match="no people|cannot be opened"):
        read_people_file(content, "x.csv")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture"),
        (b"%PDF-1.7\nNom;E-mail\nDurand;a@example.org", "a PDF"),
        (b"<!doctype html><html><body>0612345678</body></html>", "a web page"),
    ],
)
def test_what_is_not_what_its_name_says_is_called_what_it_is(content, what):
    with pytest.raises(DataError) as caught:
        read_people_file(content, "soutiens.csv")
    assert "soutiens.csv" in str(caught.value)
    assert what in str(caught.value)
    assert "0612345678" not in str(caught.value)


def test_columns_are_proposed_by_heading_then_by_values_and_opinions_are_not_read():
    file = read_people_file(ODD.encode(), "x.csv")
    assert [one.field for one in proposed(file)] == [
        *("first_names", "used_name", "email", "phone", "birth_date", "address"),
        *("postcode", "city", "never"),
    ]
    rows = b"A;B;C;D\na@example.org;06 39 98 00 01;12 rue Haute;x\n"
    rows += b"b@example.org;0199000001;3 av. B;y\n"
    nameless = read_people_file(rows, "x.csv")
    assert [(one.field, one.why) for one in proposed(nameless)] == [
        *(("email", "values"), ("phone", "values"), ("address", "values"), ("ignore", "")),
    ]
    learned = {"d": "tags"}
    assert proposed(nameless, learned)[3].why == "learned"


@pytest.mark.parametrize(
    ("headings", "export", "fields"),
    [
        (
            "nationbuilder_id,first_name,last_name,email1,mobile_number,primary_address1,"
            "primary_zip,email_opt_in,tag_list,do_not_call,support_level",
            "nationbuilder",
            "ignore first_names used_name email phone address postcode consent tags objection "
            "never",
        ),
        (
            "id,ext_id,first_name,last_name,email,phone,alt_phone,street_address,co_address,"
            "zip_code,city,gender",
            "zetkin",
            "ignore ignore first_names used_name email phone phone address address_more postcode "
            "city ignore",
        ),
        (
            "firstname,surname,married_name,mail,mobile,housenumber,street,postalcode,city,"
            "birthdate,nationality,tags,black_list",
            "qomon",
            "first_names birth_name used_name email phone number address postcode city birth_date "
            "never tags objection",
        ),
    ],
)
def test_exports_of_other_systems_are_recognised(headings, export, fields):
    names = headings.split(",")
    assert people_columns.export_of(names) == export
    proposals = people_columns.propose(names, [], {})
    assert [one.field for one in proposals] == fields.split()


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        ("Nom;Nom d’usage;Prénom", "birth_name used_name first_names"),
        ("NOM;PRENOM;STATUT", "used_name first_names never"),
        ("Votre nom;Votre prénom;Votre téléphone", "used_name first_names phone"),
        ("Nom adhérent;Prénom adhérent;Date naiss.", "used_name first_names birth_date"),
        ("Name;Fax;J'accepte de recevoir la lettre", "full_name ignore consent"),
        ("Nom;Ne souhaite plus être contacté;Désinscrit le", "used_name objection objection"),
        ("Nom;STOP SMS;Opt-out e-mail;UNSUB_TIME", "used_name objection objection objection"),
        ("Nom;Pas d’appel;Liste rouge;Opposition", "used_name objection objection objection"),
        ("Nom;N° de rue;Rue;Pas de porte", "used_name number address ignore"),
        ("Nom;Numéro adhérent;Rue;N°", "used_name ignore address number"),
        ("Nom;Date de passage mail;Passage SMS", "used_name ignore ignore"),
        ("Nom;Mot de passe mail;Majorité / Opposition", "used_name ignore ignore"),
        ("nationbuilder_id;email4;fax_number;unsubscribed_at", "ignore email ignore objection"),
    ],
)
def test_headings_as_people_write_them(headings, fields):
    proposals = people_columns.propose(headings.split(";"), [], {})
    assert [one.field for one in proposals] == fields.split()


@pytest.mark.parametrize(
    ("cell", "objects"),
    [
        *(("STOP", True), ("Désabonné", True), ("optout", True), ("refuse", True), ("x", True)),
        *(("Ne plus appeler", True), ("02/03/2025", True)),
        *(("Opposée au démarchage", True), ("S'oppose à tout contact", True)),
        *(("non", False), ("0", False), ("", False), ("Pas d'opposition", False)),
    ],
)
def test_a_wish_to_be_left_alone_is_understood_in_its_words(cell, objects):
    file = read_people_file(f"Nom;Opposition;E-mail\nLe Gall;{cell};a@example.org\n".encode(), "x")
    columns = [(one.heading, one.field) for one in proposed(file)]
    (row,) = clean(file.rows, columns, SIGNED, day=DAY).people
    assert row.objects is objects


def test_a_postcode_that_a_table_keeps_from_a_spreadsheet_is_read():
    text = 'Nom;Code postal;Tél\nLe Gall;"=""01000""";"=""0639980001"""\n'
    assert read_people_file(text.encode(), "x.csv").rows[0][1] == ["Le Gall", "01000", "0639980001"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (["city"], "who the people are"),
        (["email", "mood"], "cannot be this"),
        (["used_name", "used_name"], "the same thing"),
    ],
)
def test_unsound_columns_are_refused(fields, why):
    with pytest.raises(DataError, match=why):
        people_columns.check_fields(fields)


def cleaned():
    file = read_people_file(ODD.encode(), "x.csv")
    columns = [(one.heading, one.field) for one in proposed(file)]
    return file, clean(file.rows, columns, SIGNED, departement="01", day=DAY)


def test_every_row_is_a_person_or_refused_with_its_reason():
    file, made = cleaned()
    assert [row.line for row in made.people] == [3, 4]
    assert [(line, str(why)) for line, why in made.refused] == [
        (9, "neither a name nor a contact point that can be read"),
        (10, "a year or more under voting age"),
    ]
    assert len(made.people) + len(made.refused) == len(file.rows)
    assert made.cells == {"a birth date that cannot be read": 1}


def test_a_row_is_in_our_spelling():
    zoe, elodie = cleaned()[1].people
    assert dict(zoe.known) == {
        "used_name": "LE GALL",
        "first_names": "Zoé",
        "birth_date": "1980-02-03",
        "address": "12 bis rue des Lilas",
        "postcode": "01000",
        "city": "Bourg",
    }
    assert (zoe.number, zoe.street) == ("12 bis", "rue des Lilas")
    assert [one.canonical for one in zoe.emails] == ["zoe@example.org"]
    # The mobile comes first: it takes short messages.
    assert [one.canonical for one in elodie.phones] == ["+33639980002", "+33199000001"]


def claims(columns, cells, declared=SIGNED):
    (row,) = clean([(2, cells)], columns, declared, day=DAY).people
    return [(one.channel, one.missing) for one in row.claims]


def test_a_yes_is_a_consent_only_with_text_date_channel_and_proof():
    name = ("Nom", "used_name")
    bare = [name, ("newsletter", "consent")]
    assert claims(bare, ["Petit", "oui"]) == [("", ("text", "date", "channel", "proof"))]
    assert claims(bare, ["Petit", "non"]) == []
    dated = [name, ("email_opt_in", "consent"), ("date", "consent_date")]
    form = Declared("sign_up", "information", consent_text="J'accepte", consent_proof="form 3")
    assert claims(dated, ["Petit", "1", "03/02/2025"], form) == [("email", ())]
    assert claims(dated, ["Petit", "1", "soon"], form) == [("email", ("date",))]
    two = [name, ("optin", "consent"), ("canal", "consent_channel"), ("date", "consent_date")]
    told = claims(two, ["Petit", "x", "SMS et e-mail", "2025-02-03"], form)
    assert told == [("email", ()), ("sms", ())]


def test_an_opt_in_is_of_the_channel_its_heading_names():
    form = Declared("sign_up", "information", consent_text="J'accepte", consent_proof="form 3")
    dated = [("Nom", "used_name"), ("Date du consentement", "consent_date")]
    told = {
        heading: claims([*dated, (heading, "consent")], ["Petit", "03/02/2025", "oui"], form)
        for heading in ("Opt-in SMS", "Opt in email", "Consentement RGPD")
    }
    assert told == {
        "Opt-in SMS": [("sms", ())],
        "Opt in email": [("email", ())],
        "Consentement RGPD": [("", ("channel",))],
    }


@pytest.mark.parametrize("filled", ["-", "?", "oui", "n/a", "Néant", "aucune", "x", "0"])
def test_what_tells_of_no_proof_is_none(filled):
    columns = [("Nom", "used_name"), ("email_opt_in", "consent"), ("date", "consent_date")]
    columns += [("texte", "consent_text"), ("preuve", "consent_proof")]
    assert claims(columns, ["Petit", "1", "03/02/2025", "J'accepte", filled]) == [
        ("email", ("proof",))
    ]
    assert claims(columns, ["Petit", "1", "03/02/2025", filled, "form 3"]) == [("email", ("text",))]
    form = Declared("sign_up", "information", consent_text=filled, consent_proof=filled)
    assert claims(columns[:3], ["Petit", "1", "03/02/2025"], form) == [("email", ("text", "proof"))]


def test_where_a_row_came_from_proves_no_consent():
    assert [one.field for one in people_columns.propose(["Source"], [["marché"]], {})] == ["ignore"]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Accepte newsletter", "consent"),
        ("Consentement RGPD", "consent"),
        ("Opt-in SMS", "consent"),
        ("Opt in email", "consent"),
        ("Date du consentement", "consent_date"),
        ("Texte du consentement", "consent_text"),
        ("Preuve du consentement", "consent_proof"),
        ("Accepte de recevoir des SMS", "consent"),
        ("Abonné à la lettre", "consent"),
        ("Souhaite recevoir la newsletter", "consent"),
        ("N'accepte pas les appels", "objection"),
        ("Souhaite ne plus recevoir de mails", "objection"),
    ],
)
def test_a_box_of_a_form_is_known_by_its_words(heading, field):
    found = [one.field for one in people_columns.propose([heading], [["oui"], ["non"]], {})]
    assert found == [field]


def test_a_workbook_that_lost_its_beginning_is_no_empty_table():
    with pytest.raises(DataError, match="workbook cannot be opened"):
        read_people_file(bytes(range(256)) * 20, "soutiens.xlsx")
