"""The views of supporters' files and of pairs: nobody, people, a pair decided and undone."""

from __future__ import annotations

import re
import shutil

import pytest
import sqlalchemy as sa

from analysis.contacts.file_origins import Declared, check_declared, origins
from analysis.contacts.people_columns import FIELDS
from analysis.database.contact_tables import MERGES
from analysis.database.engine import reading
from analysis.errors import DataError
from analysis.i18n import told
from analysis.workflows import people_import, people_linking
from analysis.workflows.contacts_open import close, open_contacts
from pages._ui import messages, state
from pages._ui.contacts import files_view, persons_view
from pages._ui.i18n import _, language

# Two rows that only a family has in common, so that a person decides.
TWICE = """Prénom;Nom;E-mail;Adresse
Jean;Quémeneur;famille@example.org;3 rue Haute
Jean;Quémeneur;famille@example.org;3 rue Haute
"""


@pytest.fixture
def alone(tmp_path, valmont, monkeypatch, open_app):
    """Open a view of a campaign of this test alone."""
    folder = tmp_path / "places"
    shutil.copytree(valmont.path, folder / state.SAMPLE_NAME)

    def view(name):
        monkeypatch.setattr(state, "WORKSPACES", folder)
        app = open_app("contacts")
        assert not app.exception
        app.session_state["contacts_view"] = name
        app.run()
        assert not app.exception
        return app

    view.folder = folder / state.SAMPLE_NAME
    return view


@pytest.fixture
def people(alone):
    contacts = open_contacts(alone.folder)
    looked = people_import.look(contacts, TWICE.encode(), "soutiens.csv")
    fields = [one.field for one in looked.proposals]
    told = Declared("sign_up", "information")
    people_import.bring_people(contacts, alone.folder, looked.file, fields, told)
    people_linking.link_people(contacts)
    yield contacts
    close(contacts)


def states(contacts):
    with reading(contacts.engine) as connection:
        rows = connection.execute(sa.select(MERGES.c.state).order_by(MERGES.c.at_s)).scalars()
        return sorted(rows)


def test_nobody_yet(alone):
    assert [one.value for one in alone("files").info] == [_("No file of supporters yet.")]
    assert _("Nobody yet: import a file of supporters first.") in alone("persons").info[0].value


def test_every_word_of_the_library_has_one_for_people():
    assert set(files_view._field_words()) == set(FIELDS)
    assert set(files_view._origin_words()) == set(origins())
    # The word is the same in both languages for one of them alone.
    same = {name for name, one in origins().items() if told(one.words, "fr") == str(one.words)}
    assert same == {"association"}


def test_a_file_that_may_not_be_imported_is_told_in_words():
    with pytest.raises(DataError) as caught:
        check_declared(Declared("union", "information"))
    told = [text.replace("\xa0", " ") for text in messages.translate_error(caught.value)]
    assert told[0] == "Un fichier de cette origine ne peut pas servir à une campagne : Syndicat."
    assert told[1] == "RGPD 9 : fichiers d’un syndicat"


def test_a_card_is_written_as_french_readers_write():
    card = persons_view._card({"first_names": "Zoé", "birth_date": "1969-07-21"})
    assert card.replace("\xa0", " ") == "Prénom : Zoé  \nDate de naissance : 21 juillet 1969"
    assert "00/07/1969" in persons_view._card({"birth_date": "00/07/1969"})


def test_a_file_is_in_the_history_with_its_counts(alone, people):
    table = alone("files").dataframe[0].value
    assert table[[_("File"), _("New people"), _("Refused rows")]].to_numpy().tolist() == [
        ["soutiens.csv", 2, 0]
    ]


def test_a_pair_is_looked_at_decided_and_undone(alone, people):
    app = alone("persons")
    assert [one.value for one in app.metric] == ["2", "0", "1", "0"]
    # Nobody is shown before somebody asks.
    assert "Quémeneur" not in "".join(one.value for one in app.markdown)
    app.button_group(key="persons.kind").set_value("merge").run()
    app.toggle(key="persons.show").set_value(True).run()
    shown = "".join(one.value for one in app.markdown)
    assert shown.count("Quémeneur") == 2
    said = "".join(one.value for one in app.caption)
    assert _("no birth date to compare") in said
    # As the language writes a share: « 97 % » or "97%".
    share = r"Chance \d\d%" if language() == "en" else r"Vraisemblance \d\d\u202f%"
    assert re.search(share, said)
    next(one for one in app.button if one.label == _("The same")).click().run()
    assert states(people) == ["accepted", "proposed"]
    assert app.metric[0].value == "1"
    app.button_group(key="persons.state").set_value("accepted").run()
    next(one for one in app.button if one.label == _("Undo")).click().run()
    assert states(people) == ["accepted", "proposed", "undone"]
    assert app.metric[0].value == "2"
    assert [one.value for one in app.success] == [_("Undone: both stand apart again, as before.")]
    assert not app.exception


def test_a_search_finds_and_nonsense_is_advice(alone, people):
    app = alone("persons")
    for asked, rows in (("quemeneur", 2), ("famille@example.org", 2)):
        app.text_input(key="persons.asked").set_value(asked)
        next(one for one in app.button if one.label == _("Find them")).click().run()
        assert len(app.dataframe[0].value) == rows
    app.text_input(key="persons.asked").set_value("@@@")
    next(one for one in app.button if one.label == _("Find them")).click().run()
    assert app.error
    assert not app.exception
