"""The roll in the store: only with its promise, once, out of reach and gone at its end."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from pypdfium2 import PdfDocument

from analysis.access import audit
from analysis.cli.main import main
from analysis.contacts.contact_store import Controller, Round, say_controller
from analysis.contacts.roll_counts import (
    count_ages,
    count_buildings,
    count_bureaux,
    shown_bureaux,
)
from analysis.contacts.roll_origin import Origin
from analysis.contacts.roll_store import end_roll, expired, rolls, rows_query
from analysis.database.contact_tables import ROLL_ROWS
from analysis.database.engine import become, of_tenant, reading, writing
from analysis.database.file_copy import copy_file
from analysis.errors import DataError
from analysis.exports.field_kit.sheets import sheets_pdf
from analysis.sample.invented_roll import invent_roll
from analysis.sample.roll_files import HEADINGS, write_roll
from analysis.workflows.contacts_open import close, open_contacts, who_answers
from analysis.workflows.roll_doors import rolls_in_use, with_roll
from analysis.workflows.roll_import import import_roll
from analysis.workflows.turf_output import kit_for
from analysis.workflows.turfs import Ask, make_walks

TODAY = date(2026, 3, 10)
ORIGIN = Origin(
    *("The agent", "Town hall", date(2026, 3, 2), "The candidate", date(2026, 3, 2)),
    *(date(2026, 3, 1), date(2026, 6, 30)),
)
ROWS = 4_000
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def invented(valmont):
    rng = np.random.default_rng(7)
    addresses = valmont.read("addresses").head(300)
    return invent_roll(addresses, rng, rows=ROWS, city="Valmont", postcode="99900")


@pytest.fixture(scope="module")
def file(invented, tmp_path_factory):
    return write_roll(invented.table, tmp_path_factory.mktemp("rolls") / "roll.csv")


@pytest.fixture(scope="module")
def imported(valmont, file, tmp_path_factory):
    """Take a roll in once; tests that only read share it."""
    folder = tmp_path_factory.mktemp("read") / "valmont"
    shutil.copytree(valmont.path, folder)
    contacts = open_contacts(folder, by="u1")
    done = import_roll(contacts, folder, file, ORIGIN, today=TODAY)
    yield contacts, done, folder
    close(contacts)


def read_lines(contacts, day=TODAY):
    with reading(contacts.engine) as connection:
        query = rows_query(connection, contacts, ROLL_ROWS.c.line, today=day)
        return connection.execute(query).scalars().all()


def test_a_roll_is_in_with_its_promise_and_every_row(imported, file):
    contacts, done, folder = imported
    assert done.roll.origin == ORIGIN
    assert done.roll.rows + sum(one["rows"] for one in done.roll.refused.values()) == ROWS
    assert sorted(read_lines(contacts)) == list(range(2, ROWS + 2))
    again = import_roll(contacts, folder, file, ORIGIN, today=TODAY)
    assert again.again
    assert [one.roll for one in rolls(contacts, today=TODAY)] == [done.roll.roll]
    told = [(one["action"], one["subject"], one["rows"]) for one in audit.entries(contacts.engine)]
    assert told == [("roll import", "roll.csv", ROWS)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"asked_by": " "}, "who asked for it"),
        ({"place": ""}, "town hall"),
        ({"asked_on": None}, "when it was asked"),
        ({"promised_by": "", "promised_on": None}, "who signed"),
        ({"list_date": None}, "day of the list"),
        ({"expires_on": None}, "last day of use"),
        ({"asked_on": TODAY + timedelta(1)}, "has not come"),
        ({"expires_on": TODAY - timedelta(1)}, "not be used any more"),
        ({"expires_on": date(2030, 1, 1)}, "a year at most"),
    ],
)
def test_without_who_asked_and_the_promise_nothing_is_read(imported, changes, says):
    contacts, _done, folder = imported
    # There is no such file: it is refused before it is looked for.
    attempt = partial(import_roll, contacts, folder, "nowhere.csv", today=TODAY)
    with pytest.raises(DataError, match=says) as error:
        attempt(replace(ORIGIN, **changes))
    assert error.value.mend


def test_a_roll_is_out_of_reach_the_day_after_its_last_and_after_the_last_round(imported):
    contacts, done, _folder = imported
    last = ORIGIN.expires_on
    assert len(read_lines(contacts, last)) == ROWS
    assert read_lines(contacts, last + timedelta(1)) == []
    assert count_buildings(contacts, per_door=1.6, today=last + timedelta(1)).empty
    assert count_bureaux(contacts, today=last + timedelta(1)).empty
    assert count_ages(contacts, today=last + timedelta(1)).empty
    assert expired(contacts, last) == []
    assert [one.roll for one in expired(contacts, last + timedelta(1))] == [done.roll.roll]
    vote = Round("2026-03-15", "99900", "Europe/Paris")
    voted = replace(contacts, controller=Controller("c", rounds=(vote,)))
    assert len(read_lines(voted, date(2026, 3, 15))) == ROWS
    assert read_lines(voted, date(2026, 3, 16)) == []
    assert len(expired(voted, date(2026, 3, 16))) == 1
    with pytest.raises(DataError, match="not be used any more"):
        ORIGIN.checked(voted.controller, date(2026, 3, 16))
    assert ORIGIN.checked(voted.controller, TODAY).expires_on == date(2026, 3, 15)


def test_counts_by_building_are_of_people_and_near_the_households_that_were_planted(
    imported, invented
):
    contacts, _done, _folder = imported
    counted = count_buildings(contacts, per_door=1.6, today=TODAY).set_index("address_id")
    truth = invented.truth.join(invented.table)
    placed = truth[truth["libellé de voie"].ne("CHEMIN QUI N'EXISTE PAS")]
    placed = placed[placed["numéro de voie"] != ""].drop_duplicates("person")
    people = placed.groupby("address_id").size()
    assert counted["registered"].to_dict() == people.to_dict()
    true = placed.groupby("address_id")["household"].nunique()
    ours = (counted["households"] - true).abs().mean()
    # The rival: as many doors as registered divided by the planner's number.
    rival = (people / 1.6).round().clip(lower=1).sub(true).abs().mean()
    assert ours < rival
    assert counted["households"].sum() == pytest.approx(true.sum(), rel=0.05)


def test_counts_by_bureau_are_those_of_the_file_and_no_cell_is_under_eleven(imported, invented):
    contacts, _done, _folder = imported
    bureaux = count_bureaux(contacts, today=TODAY).set_index("bureau_id")
    lists = invented.table["libellé du type de liste"].eq("Liste principale")
    assert bureaux["main"].sum() == lists.sum()
    assert bureaux[["main", "municipal", "european"]].sum(axis=None) == ROWS
    ages = count_ages(contacts, today=TODAY)
    assert ages["registered"].min() >= 11
    assert ages["registered"].isna().any()
    for bureau, rows in ages.groupby("bureau_id"):
        hidden = bureaux.loc[bureau, "main"] - rows["registered"].sum()
        assert hidden == 0 or hidden >= 11 or rows["registered"].isna().all()


def test_turfs_take_doors_and_registered_from_the_roll_and_from_nowhere_else_after_it(
    imported, valmont
):
    contacts, _done, folder = imported
    workspace = type(valmont)(folder)
    addresses = workspace.read("addresses").head(400)
    counted = count_buildings(contacts, per_door=1.6, today=TODAY).set_index("address_id")
    measured, notes = with_roll(addresses, workspace, 1.6, today=TODAY)
    assert measured["households"].sum() == counted["households"].sum()
    known = measured["households"].notna()
    assert measured.loc[known, "registered"].sum() == counted["registered"].sum()
    assert notes[0].startswith(f"{len(counted)} of 400 addresses")
    after, none = with_roll(addresses, workspace, 1.6, today=date(2027, 1, 1))
    assert none == []
    pd.testing.assert_frame_equal(pd.DataFrame(after), pd.DataFrame(addresses))


def test_a_cut_says_which_doors_were_measured_from_the_roll(campaign, invented, tmp_path, valmont):
    file = write_roll(invented.table.head(800), tmp_path / "roll.csv")
    contacts = open_contacts(campaign)
    # The law counts days in Paris, where the next may have begun.
    day = date.today()
    now = replace(
        ORIGIN, asked_on=day, promised_on=day, list_date=day, expires_on=day + timedelta(1)
    )
    roll = import_roll(contacts, campaign, file, now).roll.roll
    workspace = type(valmont)(campaign)
    assert rolls_in_use(workspace) == [roll]
    bureau = str(count_bureaux(contacts)["bureau_id"].iloc[-1])
    targets = tmp_path / "targets.csv"
    targets.write_text(f"bureau_id\n{bureau}\n", encoding="utf-8")
    walks = make_walks(workspace, targets, Ask())
    counted = count_buildings(contacts, per_door=1.6).set_index("address_id")["households"]
    stops = walks.turfs.drop_duplicates("address_id").set_index("address_id")
    told = stops[stops["dwellings_from"] == "roll"]
    assert len(told) == walks.summary["dwellings_from"]["roll"] > 0
    assert (told["dwellings_of_building"] == counted[told.index]).all()
    assert any("from the electoral roll" in note for note in walks.summary["notes"])
    with pytest.raises(DataError, match="notice"):
        kit_for(walks, workspace, names=True)
    say_controller(contacts, Controller("valmont", name="Liste Zèbre", contact="dpo@example.org"))
    kit = kit_for(walks, workspace, names=True)
    (name, *_rest) = next(iter(kit.people.at.values()))
    named = [page.get_textpage().get_text_range() for page in PdfDocument(sheets_pdf(kit))]
    named = [text for text in named if "qui est inscrit" in text]
    assert any(name in text for text in named)
    # The notice of articles 13 and 14 stands on every page with names.
    assert all("Liste Zèbre" in text and "dpo@example.org" in text for text in named)
    assert kit.people.at.keys() <= set(walks.turfs["address_id"])
    # A page is printed where there is somebody to name, by the first name people go by.
    family = {one.split()[0] for names in kit.people.at.values() for one in names}
    assert all(any(one in text for one in family) for text in named)
    assert who_answers(workspace.path).contact == "dpo@example.org"
    end_roll(contacts, roll, "done")
    assert rolls_in_use(workspace) == []
    assert "roll" not in make_walks(workspace, targets, Ask()).summary["dwellings_from"]
    with pytest.raises(DataError, match="This is not lawful"):
        kit_for(walks, workspace, names=True)
    close(contacts)


def test_no_roll_begins_no_store(campaign, valmont):
    assert rolls_in_use(type(valmont)(campaign)) == []
    assert who_answers(campaign).name == ""
    assert not (campaign / "fieldwork").exists()


def test_ending_a_roll_leaves_nothing_of_it_in_any_file(campaign, invented, tmp_path, capsys):
    file = write_roll(invented.table.head(500), tmp_path / "roll.csv")
    names = [name.encode() for name in invented.table.head(500)["nom de naissance"].unique()]
    names = [name for name in names if len(name) > 6 and not found(campaign, [name])][:40]
    options = ["--workspace", str(campaign), "--asked-by", "A", "--asked-at", "Town hall"]
    days = {"asked-on": 1, "list-date": 2, "expires": -30}
    for name, ago in days.items():
        options += [f"--{name}", str(date.today() - timedelta(ago))]
    with pytest.raises(SystemExit):
        main(["roll", "import", str(file), *options])
    assert "who signed the promise" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["roll", "import", str(file), *options, "--promise-signed-by", "B"])
    roll, name, counted, *_rest = re.split(r"\s{2,}", capsys.readouterr().out)
    assert (name, counted) == ("roll.csv", "500 of 500 rows, 0 refused")
    assert found(campaign, names)
    # What must not be read is nowhere, from the start.
    assert not found(campaign, [b"NATIVILLE", b"SYLDAVIE", b"98Y0", "Française".encode()])
    with pytest.raises(SystemExit):
        main(["roll", "end", roll, "--workspace", str(campaign)])
    assert capsys.readouterr().out.split() == [roll, "500"]
    assert not found(campaign, names)
    with pytest.raises(SystemExit):
        main(["roll", "list", "--workspace", str(campaign)])
    assert capsys.readouterr().out.rstrip().endswith("done")
    contacts = open_contacts(campaign)
    assert [one["rows"] for one in audit.entries(contacts.engine)] == [500, 500]
    assert end_roll(contacts, roll, "done") == 0  # what was cut short may be done again
    with pytest.raises(DataError, match="no such electoral roll"):
        end_roll(contacts, "other", "done")
    close(contacts)


def test_a_backup_holds_no_row_of_a_roll_and_it_is_taken_in_again(imported, invented, tmp_path):
    contacts, done, folder = imported
    restored = tmp_path / "valmont"
    shutil.copytree(folder, restored, ignore=shutil.ignore_patterns("returns.sqlite*"))
    kept = restored / "fieldwork" / "returns.sqlite"
    copy_file(folder / "fieldwork" / "returns.sqlite", kept, tmp_path / "keys.sqlite")
    rare = invented.table["nom de naissance"][lambda names: names.str.len() > 8].unique()
    assert not found(kept.parent, [name.encode() for name in rare])
    again = open_contacts(restored)
    (one,) = rolls(again, today=TODAY)
    assert (one.roll, one.ended, one.rows) == (done.roll.roll, "not_restored", ROWS)
    assert read_lines(again) == []
    close(again)
    assert rolls(contacts, today=TODAY)[0].ended == ""


def found(folder, words):
    contents = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return any(word in content for content in contents for word in words)


def test_a_roll_cut_off_in_the_middle_is_not_there(campaign, file, monkeypatch):
    contacts = open_contacts(campaign)
    monkeypatch.setattr("analysis.contacts.roll_store._BATCH", 1_000)

    def fail(*_args, **_options):
        raise DataError("cut off")

    monkeypatch.setattr("analysis.contacts.roll_store.audit.note_in", fail)
    with pytest.raises(DataError, match="cut off"):
        import_roll(contacts, campaign, file, ORIGIN, today=TODAY)
    assert rolls(contacts, today=TODAY) == []
    with reading(contacts.engine) as connection:
        count = sa.select(sa.func.count()).select_from(ROLL_ROWS)
        assert connection.execute(count).scalar_one() == 0
    close(contacts)


@pytest.fixture
def on_postgresql(campaign, server, monkeypatch):
    monkeypatch.setenv("PALIER_STORE", server.migrated())
    opened = open_contacts(campaign)
    yield opened
    close(opened)


def test_postgresql_keeps_a_roll_to_its_campaign_and_deletes_it(
    on_postgresql, campaign, invented, tmp_path
):
    contacts = on_postgresql
    table = invented.table.head(300).assign(**{HEADINGS[15]: 'say "APT", 3\\ ;'})
    file = write_roll(table, tmp_path / "roll.csv")
    say_controller(contacts, replace(contacts.controller, name="The candidate"))
    done = import_roll(contacts, campaign, file, ORIGIN, today=TODAY)
    assert sorted(read_lines(contacts)) == list(range(2, 302))
    with reading(contacts.engine) as connection:
        query = rows_query(connection, contacts, today=TODAY).order_by(ROLL_ROWS.c.line)
        rows = pd.DataFrame(connection.execute(query).mappings().all())
    assert rows["birth_name"].tolist() == table["nom de naissance"].tolist()
    assert set(rows["extra"]) == {'say "APT", 3\\ ;'}
    buildings = count_buildings(contacts, per_door=1.6, today=TODAY)
    assert buildings["registered"].sum() == len(
        rows[rows["address_id"] != ""].drop_duplicates(["birth_name", "first_names", "birth_date"])
    )
    assert count_bureaux(contacts, today=TODAY)["main"].sum() == (rows["list_kind"] == "LP").sum()
    assert count_ages(contacts, today=TODAY)["registered"].min() >= 11
    other = replace(contacts, engine=of_tenant(contacts.engine, "another"))
    assert read_lines(other) == []
    assert rolls(other) == []
    with pytest.raises(DataError), writing(contacts.engine) as connection:
        connection.execute(sa.delete(ROLL_ROWS))
    with writing(contacts.engine, role="eraser") as connection:
        become(connection, "another")
        assert connection.execute(sa.delete(ROLL_ROWS)).rowcount == 0
    assert end_roll(contacts, done.roll.roll, "expired") == 300
    assert read_lines(contacts) == []


def test_a_newer_list_replaces_a_roll_and_nobody_is_counted_twice(
    on_postgresql, campaign, invented, tmp_path
):
    contacts, table = on_postgresql, invented.table.head(400)
    bureau = table["code du bureau de vote"]

    def take(rows, name, day):
        file = write_roll(rows, tmp_path / name)
        return import_roll(contacts, campaign, file, replace(ORIGIN, list_date=day), today=TODAY)

    one = bureau[bureau != ""].iloc[0]
    part, rest = table[bureau == one], table[bureau != one]
    first, second = take(part, "a.csv", date(2026, 2, 1)), take(rest, "b.csv", date(2026, 2, 1))
    assert (first.replaced, second.replaced) == (0, 0)  # two parts of one town
    assert len(read_lines(contacts)) == 400
    # Neither a list of the same day nor a newer one of a part takes the place of what it lacks.
    for rows, name, day in ((table.head(399), "c.csv", 1), (rest.head(60), "d.csv", 8)):
        with pytest.raises(DataError, match="counted twice") as error:
            take(rows, name, date(2026, 2, day))
        assert "Take in a newer list" in error.value.mend
    assert len(read_lines(contacts)) == 400
    whole = take(table, "e.csv", date(2026, 3, 1))
    assert whole.replaced == 2
    assert sorted(read_lines(contacts)) == list(range(2, 402))
    assert [one.ended for one in rolls(contacts, today=TODAY)].count("replaced") == 2
    with reading(contacts.engine) as connection:
        there = sa.select(ROLL_ROWS.c.roll).where(ROLL_ROWS.c.tenant == contacts.tenant).distinct()
        assert connection.execute(there).scalars().all() == [whole.roll.roll]


def test_rows_of_rolls_are_read_and_written_in_one_place():
    """Whoever else read them could read those of a roll that is over."""
    told = {
        str(file.relative_to(ROOT))
        for tree in ("analysis", "pages")
        for file in (ROOT / tree).rglob("*.py")
        if "ROLL_ROWS.c" in file.read_text(encoding="utf-8")
    }
    # Others name columns only in a query that the store makes.
    asking = {file for file in told if "rows_query" in (ROOT / file).read_text(encoding="utf-8")}
    assert "analysis/contacts/roll_store.py" in told
    assert told == asking


def test_no_bureau_tells_of_fewer_than_eleven():
    counted = pd.DataFrame(
        [
            ("a", 900, 890),  # ten at no known address: 890 would tell them
            ("b", 800, 800),
            ("c", 700, 650),
            ("d", 600, 4),
            ("e", 500, 0),
            ("f", 12, 12),  # hidden with g, which the whole less the others would tell
            ("g", 3, 3),
        ],
        columns=["bureau_id", "main", "placed"],
    )
    table = shown_bureaux(counted).set_index("bureau_id")
    assert table["main"].dropna().to_dict() == {"a": 900, "b": 800, "c": 700, "d": 600, "e": 500}
    assert table["placed"].dropna().to_dict() == {"b": 800, "c": 650, "e": 0}
