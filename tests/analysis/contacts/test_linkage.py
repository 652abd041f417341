"""Tests of linkage: who is the same person, decided narrowly, undone exactly."""

from __future__ import annotations

import datetime as dt
import shutil

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from analysis.contacts import consents, linkage, linkage_decisions, person_links, vault
from analysis.contacts.consents import Said
from analysis.contacts.contact_store import insert_many
from analysis.contacts.file_origins import Declared
from analysis.contacts.merged import groups
from analysis.contacts.roll_origin import Origin
from analysis.database.contact_tables import LINKS, PERSONS, TABLES
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from analysis.sample.invented_names import RARE
from analysis.sample.invented_roll import InventedRoll, invent_roll
from analysis.sample.roll_files import write_roll
from analysis.sample.supporters import invent_supporters
from analysis.tables.workspace import Workspace
from analysis.workflows import people_import, people_linking, people_shown
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.roll_import import import_roll

SIZE, BOTH = 1_500, 600
TODAY = dt.date.today()


def row(**known):
    return dict.fromkeys(linkage.COLUMNS, "") | known


def table(*rows):
    return pd.DataFrame([row(**one) for one in rows], columns=list(linkage.COLUMNS), dtype="str")


# A name that each household has to itself, so that one linkage tries every case.
BASE = {"used_name": "NAME", "first_names": "Jean", "home": "HOME", "street": "S", "postcode": "P"}
DATED = {**BASE, "birth_date": "1950-02-03"}
FATHER = {**DATED, "birth_name": "NAME", "used_name": ""}
SON = {**FATHER, "birth_date": "1981-06-20"}
TWIN = {**FATHER, "first_names": "Jeanne"}
WIFE = {**SON, "birth_name": "Roux", "used_name": "NAME", "first_names": "Eva Ana"}
# First names that several bear, of whom none lives near.
CROWD = [
    {
        "id": f"x{i}",
        "used_name": RARE[61 * i],
        "first_names": first,
        "home": f"{i} h",
        "street": "h",
    }
    for i, first in enumerate(["Jean", "Jeanne", "Eva", "Ana", "Luc"] * 8)
]
ONE_OF_ROLL = {
    "the date tells father and son": (DATED, [FATHER, SON], {0: "accepted"}),
    "day and month swapped": ({**DATED, "birth_date": "1950-03-02"}, [FATHER], {0: "accepted"}),
    "no date: a person decides": (BASE, [FATHER, SON], {0: "proposed", 1: "proposed"}),
    "no date, nobody else": (BASE, [FATHER], {0: "accepted"}),
    "another date": ({**BASE, "birth_date": "1981-06-20"}, [FATHER], {}),
    "another first name": ({**DATED, "first_names": "Jeanne"}, [FATHER], {}),
    "twins": ({**DATED, "first_names": "Jeanne"}, [FATHER, TWIN], {1: "accepted"}),
    "an initial of twins": (
        {**DATED, "first_names": "J."},
        [FATHER, TWIN],
        {0: "proposed", 1: "proposed"},
    ),
    "a wife by her husband's name": (
        {**BASE, "first_names": "Eva"},
        [FATHER, WIFE],
        {1: "accepted"},
    ),
    "a letter wrong": ({**BASE, "first_names": "Jaen"}, [FATHER, WIFE], {0: "accepted"}),
    "a name alone": (
        {"used_name": "NAME", "first_names": "Jean"},
        [{**FATHER, "home": "", "street": "", "postcode": ""}],
        {0: "proposed"},
    ),
}


def household(n, known):
    """Return what is known with the name and the home of a household of its own."""
    own = {"NAME": RARE[61 * (n + 50)], "HOME": f"{n} LILAS", "S": "LILAS", "P": "99900"}
    return {key: own.get(value, value) for key, value in known.items()}


@pytest.fixture(scope="module")
def linked_cases():
    ones, lines = [], [*CROWD]
    for n, (one, candidates, _state) in enumerate(ONE_OF_ROLL.values()):
        ones.append({"id": f"p{n}", **household(n, one)})
        lines += [{"id": f"{n}:{i}", **household(n, c)} for i, c in enumerate(candidates)]
    made = linkage_decisions.decide_links(linkage.link_rolls(table(*ones), table(*lines)))
    return list(zip(made["one"], made["other"], made["state"], strict=True))


@pytest.mark.parametrize("case", ONE_OF_ROLL)
def test_who_is_linked_and_who_is_for_a_person(linked_cases, case):
    n = list(ONE_OF_ROLL).index(case)
    mine = {other: state for one, other, state in linked_cases if one == f"p{n}"}
    assert mine == {f"{n}:{i}": state for i, state in ONE_OF_ROLL[case][2].items()}


MAIL = {**BASE, "email": "MAIL"}
TWICE = {
    "the same date": ([DATED, DATED], "accepted"),
    "nothing of their own": ([BASE, BASE], "proposed"),
    "the line of a household": ([{**BASE, "phones": "+33199000001"}] * 2, "proposed"),
    "a mobile": ([{**BASE, "phones": "+33639980001"}] * 2, "accepted"),
    "an e-mail with the first name": ([MAIL, MAIL], "accepted"),
    "an e-mail of the family": ([MAIL, MAIL], "proposed"),
    "an e-mail with the first name of one": ([MAIL, MAIL], "proposed"),
    "one elector fits both": ([BASE, BASE], "accepted"),
    # Less likely than a merge must be by itself: the roll has nobody else.
    "one elector fits both, one without address": (
        [BASE, {"used_name": "NAME", "first_names": "Jean"}],
        "accepted",
    ),
    "an initial hangs two together": (
        [DATED, {**DATED, "first_names": "J."}, {**DATED, "first_names": "Jeanne"}],
        "proposed",
    ),
    "another date": ([DATED, {**BASE, "birth_date": "1981-06-20"}], ""),
}


def test_two_rows_are_one_only_by_what_is_a_persons_own():
    rows, lines, own = [*CROWD], {}, {}
    for n, (case, (several, _state)) in enumerate(TWICE.items()):
        for i, one in enumerate(several):
            who = f"{n}:{i}"
            known = household(n, one)
            rows.append({"id": who, **known} | ({"email": f"m{n}@x"} if "email" in known else {}))
            bears = "an e-mail with the first name" in case
            own[who] = bears and not (i and case.endswith("of one"))
            lines |= {who: "r"} if case.startswith("one elector fits both") else {}
    pairs = linkage.find_twice(table(*rows))
    made = linkage_decisions.decide_merges(pairs, own_email=own, lines=lines)
    found = {}
    for one, state in zip(made["one"], made["state"], strict=True):
        found.setdefault(int(one.split(":")[0]), set()).add(state)
    assert {case: "".join(sorted(found.get(n, ()))) for n, case in enumerate(TWICE)} == {
        case: state for case, (_rows, state) in TWICE.items()
    }


def test_lists_of_nobody_give_nothing():
    assert linkage.link_rolls(table(), table(*CROWD)).empty
    assert linkage_decisions.decide_links(linkage.link_rolls(table(), table())).empty
    assert linkage_decisions.decide_merges(
        linkage.find_twice(table()), own_email={}, lines={}
    ).empty


@pytest.fixture(scope="module")
def planted(tmp_path_factory, valmont):
    """Import a roll and supporters of an invented town, and link them."""
    folder = tmp_path_factory.mktemp("linkage") / "valmont"
    shutil.copytree(valmont.path, folder)
    rng = np.random.default_rng(11)
    addresses = Workspace(folder).read("addresses")
    roll = invent_roll(addresses, rng, rows=2_600, city="Valmont", postcode="99900")
    made = invent_supporters(roll, rng, rows=SIZE, both=BOTH)
    contacts = open_contacts(folder)
    origin = Origin("us", "Valmont", TODAY, "us", TODAY, TODAY, TODAY + dt.timedelta(days=90))
    kept = InventedRoll(roll.table[made.on_roll], roll.truth[made.on_roll])
    import_roll(contacts, folder, write_roll(kept.table, folder.parent / "roll.csv"), origin)
    # A column that nobody reads tells who is who.
    text = made.table.assign(numero=[f"n{i}" for i in range(SIZE)]).to_csv(index=False, sep=";")
    looked = people_import.look(contacts, text.encode(), "soutiens.csv")
    fields = [one.field for one in looked.proposals]
    fields[-1] = "tags"
    done = people_import.bring_people(
        contacts, folder, looked.file, fields, Declared("sign_up", "information")
    )
    linked = people_linking.link_people(contacts)
    yield contacts, made, kept, done, linked
    close(contacts)


def truth_of(contacts, made, kept):
    """Return the true person of each person of the store, and of each line of the roll."""
    from analysis.database.contact_tables import STATEMENTS

    with reading(contacts.engine) as connection:
        tags = connection.execute(sa.select(STATEMENTS.c.person, STATEMENTS.c.value)).all()
    person = {who: int(made.truth["person"].iloc[int(tag[1:])]) for who, tag in tags}
    return person, dict(enumerate(kept.truth["person"].tolist(), 2))


def test_what_was_planted_is_found_and_nobody_is_taken_for_another(planted):
    contacts, made, kept, done, linked = planted
    person, line = truth_of(contacts, made, kept)
    with reading(contacts.engine) as connection:
        links = person_links.links_of(connection, contacts)
        root = groups(connection).root
    wrong = [who for who, (_roll, n) in links.items() if person[who] != line[n]]
    assert len(wrong) <= 1
    possible = set(person.values()) & set(line.values())
    found = {person[who] for who, (_roll, n) in links.items() if person[who] == line[n]}
    assert len(found) / len(possible) >= 0.85
    assert all(person[who] == person[kept_by] for who, kept_by in root.items())
    assert linked.links_asked <= 0.06 * SIZE
    assert len({(roll, n) for roll, n in links.values()}) == len(links)
    assert done.counts["rows"] == SIZE


def dump(contacts):
    """Return every row of every table of people, and what is read through the events."""
    with reading(contacts.engine) as connection:
        rows = {t.name: sorted(map(repr, connection.execute(sa.select(t)).all())) for t in TABLES}
        return rows, {
            "links": person_links.links_of(connection, contacts),
            "merged": groups(connection).root,
            "homes": {
                who: (home["commune_id"], home["bureau_id"])
                for who, home in people_linking.latest_homes(connection, contacts).items()
            },
        }


def test_undoing_restores_what_is_read_and_touches_no_row(planted):
    contacts, *_rest = planted
    with reading(contacts.engine) as connection:
        links = person_links.held(connection, contacts, "link")
        found = person_links.held(connection, contacts, "merge")
    for kind, events in (("link", links), ("merge", found)):
        event = next(one for one in events.values() if one.state == "proposed")
        rows, read = dump(contacts)
        with writing(contacts.engine) as connection:
            # The line must be free: its rival is what makes it a proposal.
            made = person_links.decide(connection, contacts, kind, event.event, accept=True)
        assert dump(contacts)[1] != read
        people_linking.undo(contacts, kind, made)
        after_rows, after = dump(contacts)
        assert after == read
        for name, before in rows.items():
            assert set(before) <= set(after_rows[name]), name
            assert name in ("links", "merges") or before == after_rows[name], name
        with pytest.raises(DataError, match="something was said of it since"):
            people_linking.undo(contacts, kind, made)


def test_who_said_yes_gets_the_bureau_of_their_line_until_it_is_undone(planted):
    contacts, *_rest = planted
    with writing(contacts.engine) as connection:
        links = person_links.held(connection, contacts, "link").values()
        homes = people_linking.latest_homes(connection, contacts)
        mine = [one for one in links if one.state == "accepted"]
        event = next(one for one in mine if not homes.get(one.ends[0], {}).get("bureau_id"))
        who = event.ends[0]
        text = consents.latest_text(consents.texts(connection, contacts), "phone", "fr")
        said = Said(who, "phone", "phone", True, 1_700_000_000, "door", text.text_id, 1, "paper 1")
        assert people_linking.give_homes(connection, contacts) == 0
        consents.say(connection, contacts, [said])
        assert people_linking.give_homes(connection, contacts) == 1
        now = people_linking.latest_homes(connection, contacts)[who]
    assert now["source"] == "roll"
    people_linking.undo(contacts, "link", event.event)
    with reading(contacts.engine) as connection:
        assert people_linking.latest_homes(connection, contacts)[who]["bureau_id"] == ""
        # Nothing flows back: lines of the roll have no column for it.
        assert not {"person", "email", "phone"} & set(LINKS.c.keys()) - {"person"}


def test_a_second_linkage_proposes_nothing_again_and_compares_nobody_who_was_erased(planted):
    contacts, *_rest = planted
    count, sides = people_shown.side_by_side(contacts, kind="link", state="proposed", most=2)
    assert count >= len(sides) == 2
    assert sides[0].one["first_names"]
    assert sides[0].other["birth_name"]
    event = sides[0].event
    people_linking.decide(contacts, "link", event.event, accept=False)
    nobody = {"person": "e", "source": "person", "relation": "", "file_id": ""}
    with writing(contacts.engine) as connection:
        insert_many(connection, PERSONS, [nobody | contacts.stamp()])
        vault.put(connection, contacts.ring, [("e", "used_name", "Petit")])
    with writing(contacts.engine, role="eraser") as connection:
        vault.erase(connection, ["e"])
    again = people_linking.link_people(contacts)
    assert (again.merged, again.linked, again.merges_asked, again.links_asked) == (0, 0, 0, 0)
    assert again.people == people_shown.counts(contacts)["people"] - 1
    with reading(contacts.engine) as connection:
        assert person_links.held(connection, contacts, "link")[event.ends].state == "refused"
