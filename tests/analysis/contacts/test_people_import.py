"""Tests of importing files of people: who is taken in, who is met again, what is no consent."""

from __future__ import annotations

import datetime as dt
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from analysis.access import audit
from analysis.cli.main import main
from analysis.contacts import (
    consents,
    people_columns,
    people_store,
    person_links,
    suppression,
    vault,
)
from analysis.contacts.consents import Said
from analysis.contacts.file_origins import Declared, check_declared, origins
from analysis.contacts.merged import groups
from analysis.contacts.people_columns import propose
from analysis.contacts.people_rows import clean
from analysis.database.contact_tables import (
    CONSENTS,
    HOMES,
    PEOPLE_FILES,
    PERSONS,
    POINTS,
    STATEMENTS,
    VAULT,
)
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from analysis.readers.people_files import read_people_file
from analysis.sample.invented_roll import invent_roll
from analysis.sample.roll_files import eliste
from analysis.tables.workspace import Workspace
from analysis.workflows import people_import, people_linking, people_shown
from tests.analysis.contacts.invented import opened

SIGNED = Declared("sign_up", "information", "regular")
TABLES = (PERSONS, PEOPLE_FILES, POINTS, HOMES, STATEMENTS, VAULT, CONSENTS)


@pytest.fixture
def bring(contacts, campaign):
    """Return a function that imports a text as the proposals would have it."""
    place = campaign

    def act(text, declared=SIGNED, name="soutiens.csv"):
        looked = people_import.look(contacts, text.encode(), name)
        fields = [one.field for one in looked.proposals]
        return people_import.bring_people(contacts, place, looked.file, fields, declared)

    return act


def rows_of(contacts):
    with reading(contacts.engine) as connection:
        count = sa.select(sa.func.count())
        return {t.name: connection.execute(count.select_from(t)).scalar_one() for t in TABLES}


def known(contacts):
    with reading(contacts.engine) as connection:
        people = connection.execute(sa.select(PERSONS.c.person)).scalars().all()
        return vault.read(connection, contacts.ring, people)


def a_home(campaign):
    addresses = Workspace(campaign).read("addresses")
    row = addresses[addresses["number"].notna() & (addresses["bureau_id"] != "")].iloc[0]
    return f"{row['number']} {row['suffix']} {row['street'].upper()}", row["bureau_id"]


def test_a_file_is_taken_in_once(bring, contacts, campaign):
    home, bureau = a_home(campaign)
    text = (
        "Prénom;Nom;E-mail;Tél;Adresse;Tags\n"
        f"Zoé;Le Gall;Zoe@example.org;0639980001 / 0199000001;{home};école, tracts\n"
        "Jean;Dupont;jean@example.org;;12 rue qui n'existe pas;\n"
        ";;;;;\n"
    )
    done = bring(text)
    counts = dict(done.counts)
    assert {name: counts[name] for name in ("rows", "new", "met", "refused", "homes")} == {
        **{"rows": 3, "new": 2, "met": 0, "refused": 1, "homes": 1},
    }
    before = rows_of(contacts)
    again = bring(text, name="autre nom.csv")
    assert again.already
    assert again.file_id == done.file_id
    assert rows_of(contacts) == before
    with reading(contacts.engine) as connection:
        assert set(connection.execute(sa.select(HOMES.c.bureau_id)).scalars()) >= {bureau}
        said = connection.execute(sa.select(STATEMENTS.c.value)).scalars().all()
        # Both numbers find her; the mobile is the one that is used.
        for point in ("+33639980001", "+33199000001"):
            assert vault.who_has(connection, contacts.ring, "phone", [point])
    assert sorted(said) == ["tracts", "école"]
    zoe = next(one for one in known(contacts).values() if one["first_names"] == "Zoé")
    assert (zoe["email"], zoe["phone"]) == ("Zoe@example.org", "+33639980001")
    noted = [row for row in audit.entries(contacts.engine) if row["action"] == "import"]
    assert [(row["subject"], row["rows"]) for row in noted] == [("people: soutiens.csv", 2)]


def test_the_same_person_in_a_new_file_is_met_and_nothing_is_written_over(bring, contacts):
    bring("Prénom;Nom;E-mail;Ville\nZoé;Le Gall;zoe@example.org;Valmont\n")
    new = "Prénom;Nom;E-mail;Tél;Ville\nzoe;LEGALL;ZOE@Example.org;0639980001;Ailleurs\n"
    done = bring(new + "Marc;Legall;zoe@example.org;;\n")
    # Marc shares her address of mail and is not her.
    assert (done.counts["new"], done.counts["met"]) == (1, 1)
    zoe = next(one for one in known(contacts).values() if one.get("phone"))
    assert (zoe["used_name"], zoe["city"], zoe["email"]) == (
        "Le Gall",
        "Valmont",
        "zoe@example.org",
    )
    # A row without a contact point is known by name, birth date and address.
    bring("Prénom;Nom;Né le\nLéo;Petit;03/02/1980\n")
    assert bring("Prénom;Nom;Né le;Ville\nLéo;Petit;03/02/1980;Valmont\n").counts["met"] == 1


HOSTILE = {
    "a cell of ten megabytes": (
        f"Nom;E-mail\nZed;{'a' * 10_000_000}@x.org\nOk;ok@example.org\n",
        1,
        "far too long",
    ),
    "two encodings": ("Nom;Prénom\nLévêque;Zoé\n".encode() + "Légal;Noé\n".encode("cp1252"), 2, ""),
    "who has died": ("Nom;E-mail;Décédé\nA;a@example.org;†\nB;b@example.org;non\n", 1, "died"),
    "a sign that turns the text": ("Nom;E-mail\n\u202eneB;a@example.org\n", 1, ""),
    "signed lately": ("Nom;E-mail;Le\nA;a@example.org;01/02/2026\n", 1, ""),
    "one column": ("Nom complet\nMarie Petit\nAna Roux\n", 2, ""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_gives_the_right_rows_or_a_sentence(case):
    content, kept, says = HOSTILE[case]
    content = content if isinstance(content, bytes) else content.encode()
    file = read_people_file(content, "x.csv")
    columns = [
        (one.heading, one.field) for one in propose(file.headings, [c for _l, c in file.rows], {})
    ]
    found = clean(file.rows, columns, SIGNED, day=dt.date(2026, 3, 1))
    assert len(found.people) == kept
    assert says in " ".join(map(str, [why for _line, why in [*file.refused, *found.refused]]))
    texts = "".join(text for row in found.people for text in row.known.values())
    assert not set(texts) & {"\u202e", "\ufffd", "Ã"}


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["03/02/1980", "25/02/1980"], ["1980-02-03", "1980-02-25"]),
        (["03/02/1980", "02/25/1980"], ["1980-03-02", "1980-02-25"]),
        # Both orders in one column: what may be two days is none.
        (["03/02/1980", "02/25/1980", "25/02/1980"], [None, None, "1980-02-25"]),
        (["1980/2/3", "3 février 1980", "03/02/80"], ["1980-02-03", None, None]),
    ],
)
def test_a_column_of_dates_has_one_order(cells, days):
    rows = [(n, [cell, f"N{n}"]) for n, cell in enumerate(cells, 2)]
    found = clean(
        rows, [("né", "birth_date"), ("nom", "used_name")], SIGNED, day=dt.date(2026, 3, 1)
    )
    assert [row.known.get("birth_date") for row in found.people] == days
    assert sum(found.cells.values()) == days.count(None)


def test_a_first_line_that_is_a_person_is_refused_and_not_repeated():
    with pytest.raises(DataError, match="is a person") as error:
        read_people_file(b"Jean;Martin;jm@example.org\nPaul;Roy;pr@example.org\n", "x.csv")
    assert "jm@" not in str(error.value)


def test_what_one_file_makes_the_program_propose_is_not_learned(bring, contacts):
    bring("Nom;Nom;Tél\nA;B;=1+1\n")
    looked = people_import.look(contacts, "Nom;Tél\nC;0639980001\n".encode(), "y.csv")
    assert [one.field for one in looked.proposals] == ["used_name", "phone"]


def test_father_and_son_of_one_name_are_two_in_a_file_and_of_two_files_too(bring, contacts):
    head = "Prénom;Nom;E-mail;Né le;Adresse\n"
    family = "Jean;Martin;famille@example.org;;3 rue Haute\n"
    assert bring(head + family + family).counts["new"] == 2
    own = "Ana;Silva;ana.silva@example.org;;\n"
    assert bring(head + own + own).counts["new"] == 1
    dated = "Luc;Roux;maison@example.org;{};\n"
    text = head + dated.format("01/02/1950") + dated.format("01/02/1980")
    assert bring(text).counts["new"] == 2
    # Of another file the same e-mail, home and name are not enough either: a person is asked.
    other = "Prénom;Nom;E-mail;Tél;Adresse\nPaul;Roy;les.roy@example.org;{};3 rue Haute\n"
    assert bring(other.format("")).counts["new"] == 1
    assert bring(other.format("0199000001")).counts["new"] == 1
    done = people_linking.link_people(contacts)
    assert done.merges_asked >= 1
    with reading(contacts.engine) as connection:
        of = {who for who, one in known(contacts).items() if one["used_name"] == "Roy"}
        events = person_links.held(connection, contacts, "merge").values()
        assert [one.state for one in events if set(one.ends) == of] == ["proposed"]
    # The same list a month later, which says nothing new of him, makes nobody a second time.
    assert bring(other.format("0199000001") + "Ida;Noé;ida@example.org;;\n").counts["met"] == 1


@pytest.mark.parametrize("origin", [name for name, rule in origins().items() if rule.rule == "no"])
def test_files_of_another_function_are_refused(origin):
    with pytest.raises(DataError, match="may not be used"):
        check_declared(Declared(origin, "information", told="all that one could say"))


def test_what_the_law_names_is_refused_and_a_petition_only_for_the_candidate():
    refused = {name for name, rule in origins().items() if rule.rule == "no"}
    law = {"town_hall", "school", "patients", "benefits", "work", "union", "petition"}
    assert refused >= law
    for declared, why in (
        (Declared("", "information"), "where this file comes from"),
        (Declared("sign_up", ""), "gave their data for"),
        (Declared("supporting_petition", "information"), "told in words"),
    ):
        with pytest.raises(DataError, match=why):
            check_declared(declared)
    told = Declared("supporting_petition", "information", told="for our candidate, May 2025")
    assert check_declared(told).source == "person"


def test_a_rented_file_needs_the_proof_of_each(bring, contacts):
    told = Declared("rented", "information", told="Company X, list of March")
    head = "Nom;E-mail;email_opt_in;consent_date;consent_text;consent_proof\n"
    proven = "Petit;p@example.org;oui;03/02/2025;J'accepte;ip 1\n"
    with pytest.raises(DataError, match="each person's own consent"):
        bring(head + proven + "Roux;r@example.org;oui;03/02/2025;J'accepte;\n", told)
    assert rows_of(contacts)["persons"] == 0
    assert bring(head + proven, told).counts["consents"] == 1


def test_a_yes_without_proof_is_a_person_without_consent(bring, contacts):
    head = "Nom;Prénom;E-mail;email_opt_in;consent_date;consent_text;consent_proof\n"
    done = bring(
        head
        + "Petit;Ana;ana@example.org;oui;03/02/2025;J'accepte;form 1\n"
        + "Roux;Luc;luc@example.org;oui;;;\n"
        + "Noir;Eva;eva@example.org;non;;;\n"
    )
    counts = done.counts
    assert (counts["new"], counts["consents"], counts["claims"]) == (3, 1, 1)
    assert "Without consent: 1." in people_store.lacking_words(counts)
    with reading(contacts.engine) as connection:
        given = consents.current(connection)
        texts = consents.texts(connection, contacts)
    assert [key[1:] for key, yes in given.items() if yes] == [("letter_email", "email")]
    # What a file said is no wording of ours to be shown to others.
    assert consents.latest_text(texts, "letter_email", "fr").text_id == "letter_email.fr"


def test_a_roll_does_not_come_in_as_a_file_of_supporters(contacts, campaign):
    rng = np.random.default_rng(4)
    homes = Workspace(campaign).read("addresses")
    table = invent_roll(homes, rng, rows=20, city="Valmont", postcode="99900").table
    mailed = table.assign(email=[f"x{n}@example.org" for n in range(len(table))])
    tables = {"reu": table, "eliste": eliste(table, edited="01/03/2026"), "enriched": mailed}
    for name, one in tables.items():
        with pytest.raises(DataError, match="This is an electoral roll"):
            people_import.look(contacts, one.to_csv(index=False).encode(), f"{name}.csv")
    # Members of a party whose bureau is known are no roll.
    head = "Nom de naissance;Prénom;Libellé de voie;Numéro du bureau de vote;E-mail\n"
    members = f"{head}Petit;Ana;rue des Lilas;12;ana@example.org\n"
    assert people_import.look(contacts, members.encode(), "members.csv").proposals


def test_a_yes_of_a_day_does_not_take_back_the_no_of_that_day(bring, contacts):
    today = dt.datetime.now(dt.UTC).date()
    head = "Nom;Prénom;E-mail;email_opt_in;consent_date;consent_text;consent_proof\n"
    ana = f"Petit;Ana;ana@example.org;oui;{today - dt.timedelta(1)};J'accepte;form 1\n"
    assert bring(head + ana).counts["consents"] == 1
    with writing(contacts.engine) as connection:
        ((person, *_what),) = consents.current(connection)
        no = Said(person, "letter_email", "email", given=False, said_s=int(time.time()), how="web")
        consents.say(connection, contacts, [no])
    # Whatever the hour, one who signed up today is taken in; who took it back today stays out.
    both = f"Petit;Ana;ana@example.org;oui;{today};J'accepte;form 2\n"
    both += f"Roux;Luc;luc@example.org;oui;{today};J'accepte;form 3\n"
    assert bring(head + both).counts["new"] == 1
    with reading(contacts.engine) as connection:
        given = {who: yes for (who, *_what), yes in consents.current(connection).items()}
    assert given.pop(person) is False
    assert list(given.values()) == [True]


def test_who_objected_stays_so_and_who_objects_in_a_file_does(bring, contacts):
    suppression.suppress(contacts, "email", "zoe@example.org", "stop")
    head = "Nom;Prénom;E-mail;ne pas contacter\n"
    bring(head + "Le Gall;Zoé;ZOE@example.org;\nPetit;Ana;ana@example.org;oui\n")
    assert len(suppression.objecting(contacts)) == 2
    bring("Nom;Prénom;E-mail;Ville\nLe Gall;Zoé;zoe@example.org;Valmont\n")
    assert len(suppression.objecting(contacts)) == 2


def test_a_wish_to_be_left_alone_is_not_said_away(contacts, campaign):
    head = "Nom;E-mail;Ne pas contacter;Parti;Décédé\n"
    looked = people_import.look(
        contacts, f"{head}Petit;ana@example.org;oui;X;\n".encode(), "soutiens.csv"
    )
    fields = [one.field for one in looked.proposals]
    assert fields == ["used_name", "email", "objection", "never", "deceased"]
    for at, other, heading in (
        (2, "ignore", "Ne pas"),
        (3, "tags", "Parti"),
        (4, "tags", "Décédé"),
    ):
        said = [*fields[:at], other, *fields[at + 1 :]]
        with pytest.raises(DataError, match="cannot be said otherwise") as caught:
            people_import.bring_people(contacts, campaign, looked.file, said, SIGNED)
        assert heading in str(caught.value)
    assert rows_of(contacts)["persons"] == 0
    # Nor by what was learned of a file before the headings were looked at.
    with writing(contacts.engine) as connection:
        people_columns.learn(connection, contacts, [("Ne pas contacter", "ignore")], "1")
    again = people_import.look(contacts, head.encode() + b"Roux;luc@example.org;oui;;\n", "x.csv")
    assert again.proposals[2].field == "objection"
    fields[3] = "ignore"  # what is never read may be left out as well
    assert people_import.bring_people(contacts, campaign, looked.file, fields, SIGNED).counts[
        "objections"
    ]


def test_what_was_said_of_a_column_is_learned(bring, contacts, campaign):
    looked = people_import.look(contacts, b"Qui;Ou joindre\nPetit;p@example.org\n", "a.csv")
    assert [one.field for one in looked.proposals] == ["ignore", "email"]
    fields = ["used_name", "email"]
    place = campaign
    people_import.bring_people(contacts, place, looked.file, fields, SIGNED)
    after = people_import.look(contacts, b"QUI;Autre\nRoux;1\n", "b.csv")
    assert [(one.field, one.why) for one in after.proposals] == [
        *(("used_name", "learned"), ("ignore", "")),
    ]


def test_nobody_stands_in_the_store_in_clear_nor_in_what_is_said(bring, contacts, campaign):
    with pytest.raises(DataError) as caught:
        bring("Nom;E-mail\nZyzyva;zyzyva@example.org\n", Declared("school", "information"))
    assert "yzyva" not in str(caught.value)
    bring("Nom;E-mail;Adresse\nZyzyva;zyzyva@example.org;7 quai Zyzyva\n")
    people_shown.search(contacts, "ZYZYVA@example.org")
    for file in (one for one in campaign.parent.rglob("*") if one.is_file()):
        assert b"yzyva" not in file.read_bytes().lower(), file


def test_a_search_finds_by_point_and_name_and_is_written_down(bring, contacts):
    bring("Nom;Prénom;E-mail;Tél\nLe Gall;Zoé;zoe@example.org;0639980001\nPetit;Zoé;;\n")
    for asked, found in (("Zoe@EXAMPLE.org", 1), ("06 39 98 00 01", 1), ("zoe", 2), ("legall", 1)):
        assert len(people_shown.search(contacts, asked)) == found, asked
    with pytest.raises(DataError, match="Three letters"):
        people_shown.search(contacts, "z")
    noted = [row for row in audit.entries(contacts.engine) if row["action"] == "search"]
    assert [row["rows"] for row in noted] == [1, 2, 1, 1]
    assert {row["subject"] for row in noted} == {"people"}


def test_a_fault_in_the_middle_leaves_nothing(bring, contacts, monkeypatch):
    def fail(*_args, **_more):
        raise DataError("no")

    monkeypatch.setattr(people_store, "_consents", fail)
    with pytest.raises(DataError, match="no"):
        bring("Nom;E-mail\nPetit;p@example.org\n")
    assert set(rows_of(contacts).values()) == {0}
    with writing(contacts.engine) as connection:
        assert people_store.imported(connection, contacts) == []


def test_both_stores_keep_files_links_and_merges(tmp_path, store, named):
    contacts = opened(store, tmp_path, named("north"))
    head = "Nom;Prénom;E-mail;email_opt_in;consent_date;consent_text;consent_proof\n"
    text = head + "Petit;Ana;ana@example.org;oui;03/02/2025;J'accepte;form 1\nRoux;Luc;;;;;\n"
    file = read_people_file(text.encode(), "x.csv")
    columns = [(one.heading, one.field) for one in propose(file.headings, [], {})]
    cleaned = clean(file.rows, columns, SIGNED, day=dt.date(2026, 3, 1))
    homes = pd.DataFrame({"commune_id": "99900", "bureau_id": ["99900_0001", ""], "score": 1.0})
    told = {"file": "x.csv", "sha256": "0" * 64, "columns": {}, "rows": 2}
    with writing(contacts.engine) as connection:
        act = partial(people_store.take_in, connection, contacts, cleaned, declared=SIGNED)
        done = act(file=told, rule=origins()["sign_up"], homes=homes)
        assert (done.counts["new"], done.counts["consents"], done.counts["homes"]) == (2, 1, 1)
        assert act(file=told, rule=origins()["sign_up"], homes=homes).already
        people = connection.execute(
            sa.select(PERSONS.c.person).where(PERSONS.c.tenant == contacts.tenant)
        ).scalars()
        one, other = sorted(people)
        pairs = [((one, other), 0.9, "born=same", "proposed")]
        assert person_links.propose(connection, contacts, "merge", pairs)["proposed"] == 1
        assert person_links.propose(connection, contacts, "merge", pairs)["proposed"] == 0
        (event,) = person_links.held(connection, contacts, "merge").values()
        made = person_links.decide(connection, contacts, "merge", event.event, accept=True)
        assert groups(connection).root == {one: one, other: one}
        person_links.undo(connection, contacts, "merge", made)
        assert groups(connection).root == {}
        links = [
            ((one, "r", 7), 0.99, "born=same", "accepted"),
            ((other, "r", 7), 0.6, "", "proposed"),
        ]
        person_links.propose(connection, contacts, "link", links)
        assert person_links.links_of(connection, contacts) == {one: ("r", 7)}
        rival = person_links.held(connection, contacts, "link")[other, "r", 7]
        with pytest.raises(DataError, match="one line of the roll"):
            person_links.decide(connection, contacts, "link", rival.event, accept=True)


def test_the_verb_imports_links_decides_and_names_nobody(campaign, tmp_path, capsys):
    file = tmp_path / "soutiens.csv"
    row = "Jean;Quémeneur;famille@example.org;3 rue Haute;oui\n"
    file.write_text("Prénom;Nom;Contact;Adresse;newsletter\n" + row + row + ";;;;\n")

    def run(*words):
        main(["people", *words, "--workspace", str(campaign)])

    def said():
        out = capsys.readouterr().out
        assert "mener" not in out
        assert "famille@" not in out
        return [line.split() for line in out.splitlines()], out

    def act(*words):
        with pytest.raises(SystemExit) as ended:
            run(*words)
        return ended.value.code, *said()

    assert ["Contact", "email", "values"] in act("columns", str(file))[1]
    assert act("import", str(file), "--origin", "school")[0] == 1
    told = ("--origin", "sign_up", "--purpose", "information")
    code, lines, out = act("import", str(file), *told)
    assert code == 0
    assert "Rows: 3. New people: 2; met again: 0; refused: 1." in out
    assert ["refused", "line", "4", "nothing", "in", "the", "row"] in lines
    assert "Without consent: 2." in out
    assert "nothing was added" in act("import", str(file), *told)[2]
    assert ["merged", "0", "to", "decide", "1"] in act("link")[1]
    event = act("proposals", "--kind", "merge")[1][1][0]
    made = act("decide", event, "--kind", "merge")[1][0][-1]
    assert ["absorbed", "1"] in act("list")[1]
    assert act("undo", made, "--kind", "merge")[0] == 0
    assert ["absorbed", "0"] in act("list")[1]
    assert act("undo", made, "--kind", "merge")[0] == 1
    assert act("dance")[0] == 1


def test_days_of_consent_have_the_order_of_their_column():
    columns = [("né le", "birth_date"), ("accord", "consent"), ("le", "consent_date")]
    columns += [("nom", "used_name"), ("canal", "consent_channel")]
    rows = [(2, ["03/02/1980", "oui", "02/03/2026", "A", "email"])]
    rows += [(3, ["25/02/1980", "oui", "02/25/2026", "B", "email"])]
    found = clean(rows, columns, SIGNED, day=dt.date(2026, 3, 1))
    assert [row.claims[0].said_on for row in found.people] == [
        dt.date(2026, 2, 3),
        dt.date(2026, 2, 25),
    ]
    assert [row.known["birth_date"] for row in found.people] == ["1980-02-03", "1980-02-25"]
