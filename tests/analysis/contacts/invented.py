"""People invented for the tests of the contacts, and the two stores they are kept in."""

from __future__ import annotations

from datetime import date

import pandas as pd
from sqlalchemy import event

from analysis.contacts import consents, vault
from analysis.contacts.consents import Said
from analysis.contacts.contact_store import Contacts, Controller, insert_many, new_id
from analysis.contacts.file_origins import Declared, origins
from analysis.contacts.key_ring import open_ring
from analysis.contacts.people_columns import propose
from analysis.contacts.people_rows import clean
from analysis.contacts.people_store import take_in
from analysis.contacts.suppression import open_objections
from analysis.database.contact_tables import HOMES, MERGES, PERSONS
from analysis.database.engine import of_tenant, writing
from analysis.readers.people_files import read_people_file

LONG_AGO = 1_700_000_000
# Files of objections that a test has a connection to; its end closes them.
OPENED = set()


def opened(store, folder, campaign, *, controller="") -> Contacts:
    """Open an empty campaign in a store, with the keys of a folder."""
    engine = of_tenant(store, campaign)
    named = controller or campaign
    ring = open_ring(folder, campaign, named)
    keys = {one: open_ring(folder, campaign, one).suppression for one in {named: 0, campaign: 0}}
    objections = open_objections(folder / ".keys", engine, keys)
    if engine.dialect.name == "sqlite":
        OPENED.add(objections.engine)
        event.listen(objections.engine, "connect", lambda *_: OPENED.add(objections.engine))
    return Contacts(engine, ring, Controller(named), "tester", objections)


def enter(contacts, person, *, email="", phone="", bureau="99900_0001"):
    """Enter somebody as an import does: person, vault, index, home."""
    points = [(kind, text) for kind, text in (("email", email), ("phone", phone)) if text]
    with writing(contacts.engine) as connection:
        row = {"person": person, "source": "file", "relation": "regular", "file_id": ""}
        insert_many(connection, PERSONS, [row | contacts.stamp()])
        vault.put(connection, contacts.ring, [(person, kind, text) for kind, text in points])
        spelled = [(person, kind, text.lower()) for kind, text in points]
        vault.index(connection, contacts.ring, spelled)
        home = {"tenant": contacts.tenant, "person": person, "version": 1, "source": "said"}
        home |= {"commune_id": bureau[:5], "bureau_id": bureau, "score": None}
        insert_many(connection, HOMES, [home])


def bring(contacts, text, declared=None):
    """Take a file of people in, as its columns are proposed; return what was done."""
    declared = declared or Declared("sign_up", "information", "regular")
    file = read_people_file(text.encode(), "x.csv")
    columns = [(one.heading, one.field) for one in propose(file.headings, [], {})]
    cleaned = clean(file.rows, columns, declared, day=date(2026, 3, 1))
    homes = pd.DataFrame(
        {"commune_id": "99900", "bureau_id": "", "score": 1.0}, index=range(len(cleaned.people))
    )
    told = {"file": "x.csv", "sha256": file.sha256, "columns": {}, "rows": len(file.rows)}
    with writing(contacts.engine) as connection:
        return take_in(
            *(connection, contacts, cleaned),
            **{"file": told, "declared": declared, "rule": origins()["sign_up"], "homes": homes},
        )


def roll(contacts, name="r1", **other):
    """Return a roll with its promise, which may be used until June 2027."""
    row = {"roll": name, "file": "liste.csv", "sha256": "0", "asked_by": "x", "place": "mairie"}
    days = dict.fromkeys(("asked_on", "promised_on", "list_date"), date(2026, 1, 1))
    row |= {"promise": "no commercial use", "promised_by": "x", "expires_on": date(2027, 6, 30)}
    row |= {"dropped": "{}", "refused": "{}", "counts": "{}", "rows": 1_000, "file_rows": 1_000}
    return row | days | contacts.stamp() | other


def elector(contacts, n=0, *, born=date(1970, 5, 1), bureau="B1"):
    """Return a row of the roll `r1`: the electors of an address are three."""
    row = {"roll": "r1", "line": n + 2, "birth_name": f"N{n}", "used_name": "", "extra": ""}
    row |= {"first_names": f"F{n}", "sex": "FM"[n % 2], "birth_date": born}
    row |= {"birth_year": born.year, "number": "1", "street": "rue", "postcode": "99900"}
    row |= {"city": "V", "commune_id": "99900", "bureau_id": bureau, "address_id": f"a{n // 3}"}
    return row | {"order_number": n, "list_kind": "LP", "tenant": contacts.tenant}


def merge(contacts, kept, absorbed, *, undoes=None, at_s=None):
    """Write that two are one, or that they are not."""
    name = new_id()
    row = {"merge": name, "kept": kept, "absorbed": absorbed, "probability": 1.0, "reasons": "[]"}
    row |= {"state": "refused" if undoes else "accepted", "decided": "tester", "undoes": undoes}
    stamp = contacts.stamp() | ({"at_s": at_s} if at_s else {})
    with writing(contacts.engine) as connection:
        insert_many(connection, MERGES, [row | stamp])
    return name


def said(person, purpose="letter_email", channel="email", *, given=True, at=LONG_AGO, **other):
    """Return what somebody said, with a text and a proof where it is a yes."""
    text = {"text_id": f"{purpose}.fr", "text_version": 1, "proof": "click 1"} if given else {}
    told = {"how": "web"} | text | other
    return Said(person, purpose, channel, given, said_s=at, **told)


def say(contacts, *rows):
    """Write what people said."""
    with writing(contacts.engine) as connection:
        return consents.say(connection, contacts, rows)
