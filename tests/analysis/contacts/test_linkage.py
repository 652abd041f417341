"""Tests of linkage: who is the same person, decided narrowly, undone exactly."""

from __future__ import annotations

import datetime as dt
import shutil

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from analysis.contacts import (
    consents,
    linkage,
    linkage_decisions,
    linkage_rivals,
    person_links,
    vault,
)
from analysis.contacts.consents import Said
from analysis.contacts.contact_store import insert_many
from analysis.contacts.file_origins import Declared
from analysis.contacts.known_of import known_of
from analysis.contacts.linkage_decisions import Own
from analysis.contacts.merged import groups
from analysis.contacts.roll_origin import Origin
from analysis.database.contact_tables import LINKS, PERSONS, ROLL_ROWS, TABLES
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


def weighed(people, roll, own=None):
    """Return the pairs of two lists, each weighed beside the others."""
    pairs = linkage.link_rolls(people, roll)
    pairs = pairs[linkage_decisions.agree(pairs)].reset_index(drop=True)
    return linkage_rivals.weigh(pairs, people, own_email=own or {})


@pytest.fixture(scope="module")
def linked_cases():
    ones, lines = [], [*CROWD]
    for n, (one, candidates, _state) in enumerate(ONE_OF_ROLL.values()):
        ones.append({"id": f"p{n}", **household(n, one)})
        lines += [{"id": f"{n}:{i}", **household(n, c)} for i, c in enumerate(candidates)]
    made = linkage_decisions.decide_links(weighed(table(*ones), table(*lines)))
    return list(zip(made["one"], made["other"], made["state"], strict=True))


@pytest.mark.parametrize("case", ONE_OF_ROLL)
def test_who_is_linked_and_who_is_for_a_person(linked_cases, case):
    n = list(ONE_OF_ROLL).index(case)
    mine = {other: state for one, other, state in linked_cases if one == f"p{n}"}
    assert mine == {f"{n}:{i}": state for i, state in ONE_OF_ROLL[case][2].items()}


LINE = {**BASE, "phones": "+33199000001"}
MAIL = {**BASE, "email": "MAIL"}
OTHER_MAIL = {**BASE, "email": "other@x"}
INITIAL = {**BASE, "first_names": "J.", "email": "jeanne.NAME@x"}
OWN, OF_ONE = "an e-mail with the first name", "an e-mail with the first name of one"
TWICE = {
    "the same date": ([DATED, DATED], "accepted"),
    "the same date in two homes": ([DATED, {**DATED, "home": "ELSEWHERE"}], "accepted"),
    # Whoever looks would see a name and a home, twice.
    "nothing of their own": ([BASE, BASE], ""),
    "nothing of their own in one": ([LINE, BASE], ""),
    "a date on the one that says nothing else": ([LINE, DATED], ""),
    "the line of a household": ([LINE, LINE], "proposed"),
    "a mobile": ([{**BASE, "phones": "+33639980001"}] * 2, "accepted"),
    OWN: ([MAIL, MAIL], "accepted"),
    "an e-mail of the family": ([MAIL, MAIL], "proposed"),
    OF_ONE: ([MAIL, MAIL], "proposed"),
    "two e-mails with the first name": ([MAIL, OTHER_MAIL], ""),
    "two e-mails, one of a name with a slip": (
        [{**MAIL, "first_names": "Jaen"}, OTHER_MAIL],
        "",
    ),
    "an e-mail tells the initial": ([INITIAL, {**LINE, "first_names": "Jeanne"}], "proposed"),
    "an e-mail tells another": ([INITIAL, BASE], ""),
    "an initial hangs two together": (
        [DATED, {**DATED, "first_names": "J."}, {**DATED, "first_names": "Jeanne"}],
        "proposed",
    ),
    "another date": ([DATED, {**BASE, "birth_date": "1981-06-20"}], ""),
}


def merged(cases, *, roll=()):
    """Return what is decided of rows of the files, by case."""
    rows, own, like, lines = [*CROWD], {}, {}, [*CROWD]
    for n, (case, (several, _state)) in enumerate(cases.items()):
        lines += [{"id": f"{n}.{i}", **household(n, one)} for i, one in enumerate(roll)]
        for i, one in enumerate(several):
            who = f"{n}:{i}"
            known = household(n, one)
            if "email" in known:
                known["email"] = known["email"].replace("MAIL", f"m{n}@x")
            rows.append({"id": who, **known})
            own[who] = "with the first name" in case and not (i and case == OF_ONE)
            like[who] = own[who] or "with a slip" in case
    people = table(*rows)
    names = linkage.known_names(table(*CROWD))
    pairs = linkage.find_twice(people, names)
    bare = set(people["id"][people["email"] + people["phones"] == ""])
    made = linkage_decisions.decide_merges(
        pairs, weighed(people, table(*lines), own), Own(own, like, bare)
    )
    found = {}
    for one, state in zip(made["one"], made["state"], strict=True):
        found.setdefault(int(one.split(":")[0]), set()).add(state)
    return {case: "".join(sorted(found.get(n, ()))) for n, case in enumerate(cases)}


def test_two_rows_are_one_only_by_what_is_a_persons_own():
    assert merged(TWICE) == {case: state for case, (_rows, state) in TWICE.items()}


# Who bears « Jean » of the crowd is elsewhere; the roll has one elector of the name and home. The
# other may be his father, who is not on it.
ONE_ELECTOR = {
    "one elector fits both": ([BASE, BASE], "proposed"),
    "one of the two by his date": ([DATED, BASE], "proposed"),
    "two e-mails that are each one's own, with the first name": ([DATED, OTHER_MAIL], "proposed"),
    "the same e-mail with the first name": ([{**DATED, "email": "MAIL"}, MAIL], "accepted"),
    "an e-mail of the family of both": ([MAIL, MAIL], "proposed"),
    "a mobile of both": ([{**BASE, "phones": "+33639980001"}] * 2, "accepted"),
    "the date of both": ([DATED, DATED], "accepted"),
    "both by a slip that is not the other's": (
        [{**BASE, "first_names": "Jaen"}, {**BASE, "first_names": "Jeam"}],
        "proposed",
    ),
    # Whoever has the name and no address may be anybody.
    "one without address": ([BASE, {"used_name": "NAME", "first_names": "Jean"}], "proposed"),
    "two dates": ([DATED, {**BASE, "birth_date": "1981-06-20"}], ""),
}


def test_one_elector_for_two_rows_makes_them_one_only_with_something_of_their_own():
    states = {case: state for case, (_rows, state) in ONE_ELECTOR.items()}
    assert merged(ONE_ELECTOR, roll=[FATHER]) == states


def test_of_two_rows_that_are_not_made_one_the_line_is_whose_date_it_is():
    own = [{"id": "p", **household(0, DATED)}, {"id": "q", **household(0, BASE)}]
    lines = [*CROWD, {"id": "a", **household(0, FATHER)}]

    def linked(*people):
        made = linkage_decisions.decide_links(weighed(table(*people), table(*lines)))
        return list(zip(made["one"], made["other"], made["state"], strict=True))

    assert linked(*own) == [("p", "a", "accepted")]
    # Without a date either may be the elector.
    two = [one | {"birth_date": ""} for one in own]
    assert linked(*two) == [("p", "a", "proposed"), ("q", "a", "proposed")]


def test_two_rows_are_two_where_the_roll_has_father_and_son():
    # By themselves the two would be asked about: same name, same home, no date.
    both = {"no date": ([LINE, LINE], "")}
    assert merged({"no date": ([LINE, LINE], "proposed")}) == {"no date": "proposed"}
    assert merged(both, roll=[FATHER, SON]) == {"no date": ""}


def line_of(*people, roll):
    """Return how likely each person has each line, all weighed at once."""
    found = weighed(table(*people), table(*CROWD, *roll)).pairs
    return {(one, other): p for one, other, p in found.iloc[:, :3].itertuples(index=False)}


def test_a_rival_elsewhere_takes_nothing_and_equal_ones_take_half():
    at = {"birth_name": "Ardrizac", "first_names": "Jean", "postcode": "99900"}
    home = {"home": "1 LILAS", "street": "LILAS"}
    here = {"id": "a", **at, **home, "birth_date": "1950-02-03"}
    there = {"id": "b", **at, "home": "9 TILLEULS", "street": "TILLEULS"}
    son = {**here, "id": "c", "birth_date": "1981-06-20"}
    row = {"id": "p", "used_name": "Ardrizac", "first_names": "Jean", "postcode": "99900", **home}
    beside = line_of(row, roll=[here, there])
    assert beside["p", "a"] > 0.9 > 0.1 > beside["p", "b"]
    halves = line_of(row, roll=[here, son])
    assert halves["p", "a"] == halves["p", "c"] == pytest.approx(0.5, abs=1e-3)
    # The father's own row takes the father's line: what is left is the son's.
    father = {**row, "id": "q", "birth_date": "1950-02-03"}
    beside = line_of(row, father, roll=[here, son])
    assert beside["q", "a"] > 0.999
    assert beside["p", "c"] > 0.7 > 0.3 > beside["p", "a"]


def test_weighing_agrees_with_a_count_of_every_way_by_hand():
    # Two people, two lines: odds 9 and 4 for the first, 3 for the second on the first line; no
    # points, so that a second row of the same elector counts a fifth of the two of a household.
    pairs = pd.DataFrame(
        {
            "one": ["p", "p", "q"],
            "other": ["a", "b", "a"],
            "probability": [0.9, 0.8, 0.75],
            "first": "same",
            "born": "same",
        }
    )
    people = table({"id": "p"}, {"id": "q"})
    found = linkage_rivals.weigh(pairs, people, own_email={})
    ways = {"": 1, "a": 9, "b": 4, "q": 3, "b q": 12, "a q": 0.2 * 9 * 3}
    total = sum(ways.values())
    assert found.pairs["probability"].tolist() == pytest.approx(
        [(9 + ways["a q"]) / total, 16 / total, (3 + 12 + ways["a q"]) / total]
    )
    assert found.one_line == {frozenset("pq"): pytest.approx(ways["a q"] / total)}


def test_more_ways_than_are_counted_are_left_to_a_person():
    who, lines = [f"p{n}" for n in range(7)], ["a", "b", "c"]
    pairs = pd.DataFrame(
        [(one, other, 0.99, "same", "same") for one in who for other in lines],
        columns=["one", "other", "probability", "first", "born"],
    )
    people = table(*({"id": one} for one in who))
    found = linkage_rivals.weigh(pairs, people, own_email={})  # 4 to the 7th are 16,384
    assert set(found.pairs["probability"]) == {0.5}
    assert found.one_line == {}


def test_lists_of_nobody_give_nothing():
    assert linkage.link_rolls(table(), table(*CROWD)).empty
    assert linkage_decisions.decide_links(weighed(table(), table())).empty
    nobody = linkage.find_twice(table())
    none = people_linking.own_of(table())
    assert linkage_decisions.decide_merges(nobody, weighed(table(), table()), none).empty


def test_an_address_of_mail_is_ones_own_with_the_first_name_or_a_slip_of_it():
    rows = [
        {"first_names": "Michel", "email": "michel.mazion@example.org"},
        {"first_names": "Micehl", "email": "michel.mazion@example.org"},
        {"first_names": "Michel", "email": "famille@example.org", "birth_date": "1950-02-03"},
        {"first_names": "M.", "email": "m.mazion@example.org"},
        {"first_names": "Michel", "birth_date": "1950-02-03"},
    ]
    own = people_linking.own_of(table(*({"id": str(n)} | one for n, one in enumerate(rows))))
    assert list(own.email.values()) == [True, False, False, False, False]
    assert list(own.like_email.values()) == [True, True, False, False, False]
    assert own.bare == {"4"}


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


def test_who_is_linked_is_told_the_line_that_is_held_of_them(planted):
    contacts, *_rest = planted
    with reading(contacts.engine) as connection:
        links = person_links.links_of(connection, contacts)
        people = connection.execute(sa.select(PERSONS.c.person)).scalars().all()
        who, (roll, line) = next(iter(links.items()))
        lines = connection.execute(sa.select(ROLL_ROWS).where(ROLL_ROWS.c.line == line)).mappings()
        row = next(one for one in lines if one["roll"] == roll)
    [told] = known_of(contacts, who)["roll"]
    assert told["birth_name"] == row["birth_name"] != ""
    assert told["bureau_id"] == row["bureau_id"]
    alone = next(one for one in people if one not in links)
    assert known_of(contacts, alone)["roll"] == []


def dump(contacts):
    """Return every row of every table of people, and what is read through the events."""
    with reading(contacts.engine) as connection:
        found = {t.name: connection.execute(sa.select(t)).all() for t in TABLES}
        # As tuples: a row of SQLAlchemy shortens what it shows.
        rows = {name: sorted(repr(tuple(row)) for row in those) for name, those in found.items()}
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
    counts = people_shown.counts(contacts)
    assert again.people == counts["people"] + counts["absorbed"]
    with reading(contacts.engine) as connection:
        assert person_links.held(connection, contacts, "link")[event.ends].state == "refused"
