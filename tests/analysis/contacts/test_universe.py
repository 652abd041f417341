"""Tests of universes: words, whom they mean, small cells, and names that count for nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from analysis.contacts import suppression, vault
from analysis.contacts.contact_store import insert_many, new_id
from analysis.contacts.gate import passes
from analysis.contacts.passage import Request
from analysis.contacts.universe import CONDITIONS, Universe
from analysis.contacts.universe_ground import Ground
from analysis.contacts.universe_members import floored, members
from analysis.database.contact_tables import (
    CONTACTS,
    HOMES,
    LINKS,
    PERSONS,
    ROLL_ENDS,
    ROLL_FILES,
    ROLL_ROWS,
    STATEMENTS,
)
from analysis.database.engine import reading, writing
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from analysis.i18n import told
from tests.analysis.contacts.invented import LONG_AGO, elector, merge, opened, roll, said, say

TODAY = date(2027, 1, 15)
NOW_S = int(datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp())
GROUND = Ground({"B1": 0.40, "B2": 0.20, "B3": 0.35}, TODAY, NOW_S)
QUARTER = {"of": "roll", "where": {"all": [
    {"abstention_over": 0.30}, {"age": [18, 25]}, {"not_contacted_days": 30},
]}}  # fmt: skip
DAY_S = 86_400


def universe(of, *conditions):
    return Universe.read({"of": of, "where": {"all": list(conditions)}})


def find(contacts, of, *conditions):
    return members(contacts, universe(of, *conditions), GROUND)


# ---- the roll ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def electors(store, tmp_path_factory):
    """Put 300 electors into three bureaux; every fifth is young."""
    contacts = opened(store, tmp_path_factory.mktemp("roll"), f"roll-{store.dialect.name}")
    rows = [
        elector(
            contacts,
            n,
            born=date(1960 + n % 30, 5, 1) if n % 5 else date(2004, 3, n % 28 + 1),
            bureau=f"B{n % 3 + 1}",
        )
        for n in range(300)
    ]
    with writing(contacts.engine) as connection:
        insert_many(connection, ROLL_FILES, [roll(contacts)])
        insert_many(connection, ROLL_ROWS, rows)
        insert_many(connection, ATTEMPTS, [knock(f"a{n}", NOW_S - n * DAY_S) for n in (0, 45)])
    return contacts


def knock(address, at_s):
    row = {"attempt_id": new_id(), "import_id": "i", "turf_id": "t", "address_id": address}
    row |= {"bureau_id": "B1", "kind": "", "team_id": "t", "at_s": at_s, "day": TODAY}
    return row | {"outcome": "absent", "opponent": False, "themes": "", "note": "", "source": "x"}


def ages(low, high):
    """Return how many of the 300 are of an age on the day, by hand."""
    born = [date(2004, 3, n % 28 + 1) if n % 5 == 0 else date(1960 + n % 30, 5, 1)
            for n in range(300)]  # fmt: skip
    years = [TODAY.year - b.year - ((TODAY.month, TODAY.day) < (b.month, b.day)) for b in born]
    return sum(low <= age <= high for age in years)


def test_the_universe_of_the_issue_in_words_and_numbers(electors):
    rule = Universe.read(QUARTER)
    assert told(rule.sentence, "fr") == (
        "les portes des bureaux où l’abstention attendue dépasse 30\u202f%, électeurs de 18 à "
        "25 ans, non contactés depuis un mois"
    )
    assert str(rule.sentence) == (
        "the doors of bureaux where the expected abstention exceeds 30%, electors of 18 to 25 "
        "years, not contacted for a month"
    )
    assert rule.chosen == ("results.abstention", "roll.age", "campaign.contacted")
    found = members(electors, rule, GROUND)
    # Every 5th elector is 22: 60, 20 a bureau; those of a0 (knocked today) are 1 of B1 and no
    # other; a45 was knocked 45 days ago.
    assert dict(zip(found.bureaux["bureau_id"], found.bureaux["people"], strict=True)) == {
        "B1": 19,
        "B3": 20,
    }
    assert found.total == 39
    assert found.doors == len(found.table) == 39
    assert set(found.table) == {"bureau_id", "address_id", "electors"}


def test_ages_are_of_the_day_and_parts_make_the_whole(electors):
    assert find(electors, "roll").total == 300
    for low, high in ((18, 25), (37, 50), (60, 130)):
        assert find(electors, "roll", {"age": [low, high]}).total == ages(low, high)
    women, men = (find(electors, "roll", {"sex": sex}).total for sex in "FM")
    assert (women, men) == (150, 150)
    either = {"any": [{"sex": "F"}, {"age": [18, 25]}]}
    neither = find(electors, "roll", {"not": either}).total
    assert find(electors, "roll", either).total + neither == 300


def test_nobody_of_another_roll_or_one_that_ended_is_in(electors):
    late = Ground(GROUND.abstention, date(2027, 7, 1), NOW_S)
    assert members(electors, universe("roll"), late).total is None
    assert len(members(electors, universe("roll"), late).table) == 0


def test_who_objected_and_is_linked_to_a_line_is_left_out(electors):
    with writing(electors.engine) as connection:
        row = {"person": "p1", "source": "file", "relation": "", "file_id": ""}
        insert_many(connection, PERSONS, [row | electors.stamp()])
        vault.put(connection, electors.ring, [("p1", "email", "p1@example.org")])
        vault.index(connection, electors.ring, [("p1", "email", "p1@example.org")])
        link = {"link": new_id(), "person": "p1", "roll": "r1", "line": 3, "probability": 1.0}
        link |= {"reasons": "", "state": "accepted", "decided": "tester", "undoes": None}
        insert_many(connection, LINKS, [link | electors.stamp()])
    before = int(find(electors, "roll").table["electors"].sum())
    suppression.suppress_people(electors, ["p1"], "objection")
    assert int(find(electors, "roll").table["electors"].sum()) == before - 1


# ---- people --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def supporters(store, tmp_path_factory):
    """Enter 120 people with consents, themes and calls drawn by chance, and one merge."""
    rng = np.random.default_rng(14)
    contacts = opened(store, tmp_path_factory.mktemp("people"), f"people-{store.dialect.name}")
    names = [f"s{n:03d}" for n in range(120)]
    with writing(contacts.engine) as connection:
        stamp = contacts.stamp()
        row = {"source": "file", "relation": "regular", "file_id": ""}
        insert_many(connection, PERSONS, [{"person": name} | row | stamp for name in names])
        vault.put(connection, contacts.ring, [(n, "email", f"{n}@example.org") for n in names])
        vault.put(connection, contacts.ring, [(n, "used_name", f"Nom {n}") for n in names])
        vault.index(connection, contacts.ring, [(n, "email", f"{n}@example.org") for n in names])
        home = {"tenant": contacts.tenant, "version": 1, "commune_id": "99900", "source": "said"}
        homes = [
            home | {"person": name, "bureau_id": f"B{n % 3 + 1}", "score": None}
            for n, name in enumerate(names)
        ]
        insert_many(connection, HOMES, homes)
        stated = [
            {"statement": new_id(), "person": name, "kind": "theme", "value": "school"}
            | {"given": bool(rng.random() < 0.8), "how": "door"}
            | stamp
            | {"at_s": LONG_AGO + int(rng.integers(1000))}
            for name in names
            for _turn in range(2)
        ]
        insert_many(connection, STATEMENTS, stated)
        call = {"contact": "c", "person": "s001", "channel": "phone", "outcome": "absent"}
        insert_many(connection, CONTACTS, [call | {"corrects": None} | stamp | {"at_s": NOW_S}])
    words = [
        said(name, given=bool(rng.random() < 0.7), at=LONG_AGO + int(rng.integers(1000)))
        for name in names
        for _turn in range(3)
    ]
    say(contacts, *words)
    merge(contacts, "s010", "s011")
    return contacts, words


def test_consenting_people_are_those_whose_last_word_is_yes(supporters):
    contacts, words = supporters
    last: dict[str, tuple[int, bool]] = {}
    for one in words:
        last[one.person] = max(last.get(one.person, (0, True)), (one.said_s, not one.given))
    yes = {person for person, (_at, refused) in last.items() if not refused}
    either = {"s010", "s011"}
    wanted = (yes - either) | ({"s010"} if either <= yes else set())
    found = find(contacts, "people", {"consent": "email"})
    # Both of a merged pair had their say before the merge: the refusal of either holds.
    assert set(found.people) == wanted
    assert 40 < len(wanted) < 110
    passage = passes(
        contacts,
        Request("email", "list", ("person.email",), people=found.people),
        record=False,
    )
    assert passage.allowed == found.people  # the gate finds the same by another way


def test_themes_calls_and_places_choose_people(supporters):
    contacts, _words = supporters
    everybody = find(contacts, "people")
    assert len(everybody.people) == 119  # a merged pair is one
    themed = set(find(contacts, "people", {"theme": "school"}).people)
    assert 60 < len(themed) < 119
    assert not find(contacts, "people", {"theme": "taxes"}).people
    quiet = set(find(contacts, "people", {"not_contacted_days": 7}).people)
    assert set(everybody.people) - quiet == {"s001"}
    placed = find(contacts, "people", {"abstention_over": 0.3})
    assert set(placed.bureaux["bureau_id"]) == {"B1", "B3"}
    both = find(contacts, "people", {"not": {"any": [{"theme": "school"}, {"bureaux": ["B1"]}]}})
    assert not themed & set(both.people)


def test_people_are_where_they_last_said_they_live(store, tmp_path):
    contacts = opened(store, tmp_path, f"moved-{store.dialect.name}")
    moves = {"still": ["B1"], "moved": ["B1", "B2"], "back": ["B1", "B2", "B1"], "nowhere": []}
    row = {"source": "file", "relation": "regular", "file_id": ""} | contacts.stamp()
    home = {"tenant": contacts.tenant, "commune_id": "99900", "source": "said", "score": None}
    with writing(contacts.engine) as connection:
        insert_many(connection, PERSONS, [row | {"person": who} for who in moves])
        vault.put(connection, contacts.ring, [(who, "city", "Valmont") for who in moves])
        homes = [
            home | {"person": who, "version": n, "bureau_id": bureau}
            for who, bureaux in moves.items()
            for n, bureau in enumerate(bureaux)
        ]
        insert_many(connection, HOMES, homes)
    assert set(find(contacts, "people", {"bureaux": ["B1"]}).people) == {"still", "back"}
    assert find(contacts, "people", {"bureaux": ["B2"]}).people == ("moved",)
    table = find(contacts, "people").table.set_index("person")["bureau_id"]
    assert table.to_dict() == {"still": "B1", "moved": "B2", "back": "B1", "nowhere": ""}


def test_what_does_not_fit_is_refused_and_never_cut(store, tmp_path):
    if store.dialect.name == "sqlite":
        pytest.skip("SQLite keeps texts of any length whole.")
    contacts = opened(store, tmp_path, "long")
    row = {"source": "file", "relation": "regular", "file_id": ""} | contacts.stamp()
    with pytest.raises(DataError), writing(contacts.engine) as connection:
        insert_many(connection, PERSONS, [row | {"person": "p" * 300}])


def test_permuting_all_names_leaves_every_universe_as_it_was(supporters, electors):
    contacts, _words = supporters
    rules = [QUARTER, {"of": "roll", "where": {"sex": "F"}}]
    rules += [{"of": "people", "where": {"all": [{"consent": "email"}, {"theme": "school"}]}}]
    before = [taken(contacts, electors, rule) for rule in rules]
    rng = np.random.default_rng(1)
    with reading(contacts.engine) as connection:
        people = find(contacts, "people").people
        known = vault.read(connection, contacts.ring, people, ["used_name"])
    mixed = rng.permutation([name["used_name"] for name in known.values()])
    with writing(contacts.engine) as connection:
        new = [(who, "used_name", str(name)) for who, name in zip(known, mixed, strict=True)]
        vault.put(connection, contacts.ring, new)
    with writing(electors.engine, role="owner") as connection:  # nobody but the test may
        permute_roll(connection, electors.tenant, rng)
    assert [taken(contacts, electors, rule) for rule in rules] == before


def taken(contacts, electors, rule):
    found = members(electors if rule["of"] == "roll" else contacts, Universe.read(rule), GROUND)
    return found.table.to_csv(index=False), found.bureaux.to_csv(index=False)


def permute_roll(connection, tenant, rng):
    rows = connection.execute(sa.select(ROLL_ROWS).where(ROLL_ROWS.c.tenant == tenant))
    table = [dict(row) for row in rows.mappings()]
    order = rng.permutation(len(table))
    names = ("birth_name", "used_name", "first_names")
    mixed = [row | {n: table[at][n] for n in names} | {"roll": "r2"}
             for row, at in zip(table, order, strict=True)]  # fmt: skip
    file = sa.select(ROLL_FILES).where(ROLL_FILES.c.tenant == tenant)
    again = dict(connection.execute(file).mappings().one()) | {"roll": "r2"}
    connection.execute(sa.insert(ROLL_FILES).values(**again))
    end = {"tenant": tenant, "roll": "r1", "reason": "expired", "rows": 0, "at_s": 1}
    insert_many(connection, ROLL_ROWS, mixed)
    insert_many(connection, ROLL_ENDS, [end | {"by_user": ""}])


def test_who_was_erased_or_objected_is_in_no_universe(supporters):
    contacts, _words = supporters
    before = find(contacts, "people").people
    suppression.suppress_people(contacts, [before[2]], "stop")
    with writing(contacts.engine, role="eraser") as connection:
        vault.erase(connection, [before[3]])
    assert find(contacts, "people").people == before[:2] + before[4:]


def test_small_cells_are_hidden_and_those_who_are_left_out_too():
    every = pd.Series({"A": 100, "B": 100, "C": 100, "D": 100})
    for inside, told_cells, total in (
        ({"A": 50, "B": 60, "C": 20, "D": 30}, {"A": 50, "B": 60, "C": 20, "D": 30}, 160),
        ({"A": 50, "B": 3, "C": 20, "D": 30}, {"A": 50, "D": 30}, 103),  # C would tell B
        ({"A": 50, "B": 95, "C": 40, "D": 30}, {"C": 40, "D": 30}, 215),  # 5 left out of B
        ({"A": 100, "B": 100, "C": 100, "D": 95}, {"B": 100, "C": 100}, None),
        ({"A": 4, "B": 3}, {}, None),
    ):
        table, whole = floored(pd.Series(inside), every)
        seen = table.dropna(subset="people")
        assert whole == total, inside
        if whole is not None:
            assert dict(zip(seen["bureau_id"], seen["people"], strict=True)) == told_cells


# ---- rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"of": "cats"}, "neither roll nor people"),
        ({"of": ["roll"]}, "neither roll nor people"),
        ({"of": "people", "where": {"consent": ["email"]}}, "consent cannot be"),
        ({"of": "people", "where": {"theme": "a\x00"}}, "theme cannot be"),
        ({"of": "roll", "where": {"bureaux": ["\ud800"]}}, "bureaux cannot be"),
        ({"of": "roll", "where": {"age": [25, 18]}}, "age cannot be"),
        ({"of": "roll", "where": {"age": [15, 18]}}, "age cannot be"),
        ({"of": "roll", "where": {"abstention_over": True}}, "abstention_over cannot be"),
        ({"of": "roll", "where": {"abstention_over": 30}}, "abstention_over cannot be"),
        ({"of": "roll", "where": {"shoe": 1}}, "no condition shoe"),
        ({"of": "roll", "where": {"all": {"sex": "F"}}}, "join a list"),
        ({"of": "roll", "where": {"sex": "F", "age": [18, 20]}}, "one name with its value"),
        ({"of": "roll", "name": "x"}, "unknown: name"),
        ({"of": "roll", "where": {"consent": "email"}}, "no condition consent"),
        ({"of": "people", "where": {"age": [18, 20]}}, "no condition age"),
        ({"of": "roll", "where": {"birthplace": "Oran"}}, "not lawful"),
        ({"of": "roll", "where": {"nationality": "IT"}}, "not lawful"),
        ({"of": "roll", "where": {"name_origin": "x"}}, "not lawful"),
        ({"of": "roll", "where": {"turnout": 0}}, "not lawful"),
        ({"of": "people", "where": {"support": 5}}, "not lawful"),
    ],
)
def test_what_is_no_rule_is_refused_and_what_is_not_lawful_is_called_so(rule, says):
    with pytest.raises(DataError, match=says):
        Universe.read(rule)


def test_every_condition_has_its_words_in_both_languages():
    values = {
        "age": [60, 130],
        "sex": "F",
        "list": ["LP", "LCM"],
        "bureaux": ["B1"],
        "communes": ["99900"],
        "abstention_over": 0.3,
        "abstention_under": 0.3,
        "not_contacted_days": 12,
        "theme": "école",
        "volunteering": True,
        "donation": False,
        "consent": "sms",
        "relation": "member",
    }
    for of, conditions in CONDITIONS.items():
        for name in conditions:
            rule = Universe.read({"of": of, "where": {"not": {name: values[name]}}})
            assert told(rule.sentence, "fr") != str(rule.sentence), name
