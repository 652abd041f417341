"""Tests of consent at the door: an act or nothing, shut on the way, a person with proof after."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from analysis.contacts import acts, vault
from analysis.contacts.box_seal import bound_to, public_key, shut, unshut
from analysis.contacts.consent_proofs import proofs
from analysis.contacts.consents import current
from analysis.contacts.contact_store import Controller, say_controller
from analysis.contacts.erasure import erase
from analysis.contacts.key_ring import open_ring
from analysis.database.contact_tables import CONSENTS, DOOR_BOXES, HOMES, STATEMENTS
from analysis.database.engine import reading
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheets import kit_of, sheet_pdf
from analysis.fieldwork import field_plan
from analysis.fieldwork.inbox import IMPORTED, receive
from analysis.fieldwork.phone_files import checksum
from analysis.fieldwork.store import open_store
from analysis.tables.workspace import Workspace
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.door_contacts import door_form, enter_slip, open_doors
from tests.analysis.exports.walks_made import walks_of
from tests.browser import expect

WHO = Controller("list", name="Liste Valmont", contact="donnees@valmont.example")
SIGNED = {
    "said_on": "2026-11-01",
    "turf": "T0001",
    "team": "A",
    "language": "fr",
    "texts": {"letter_email": ["letter_email.fr", 1], "opinion": ["opinion.fr", 1]},
    "first_name": "Camille",
    "last_name": "Exemple",
    "email": "Camille@valmont.example",
    "phone": "",
    "said": ["activist", "adult"],
    "themes": ["housing"],
    "act": acts.SIGNATURE,
    "signature": [[10, 20, 30, 40, 50, 60, 70, 80]],
}


@pytest.fixture
def answering(campaign):
    """Open a campaign whose controller is said."""
    first = open_contacts(campaign)
    say_controller(first, WHO)
    close(first)
    opened = open_contacts(campaign)
    yield opened
    close(opened)


@pytest.fixture
def kit(campaign, answering):
    """Write its turfs with the form for contacts, and put them into the field."""
    place = Workspace(campaign)
    made = kit_of(walks_of(place), place, door=door_form(campaign))
    store = open_store(campaign)
    field_plan.register(store.engine, made.walks.turfs)
    store.engine.dispose()
    return made


def act_of(**changes):
    return acts.written({**SIGNED, **changes})


def people(contacts):
    with reading(contacts.engine) as connection:
        who = connection.execute(sa.select(CONSENTS.c.person).distinct()).scalars().all()
        return vault.read(connection, contacts.ring, who)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signature": []}, "no signature"),
        ({"act": "nod"}, "no signature"),
        ({"texts": {}}, "no box was ticked"),
        ({"texts": {"everything": ["x", 1]}}, "a box that we do not know"),
        ({"said": ["activist"]}, "17 or older"),
        ({"said": ["adult", "rich"]}, "nobody was asked"),
        ({"first_name": " "}, "the name is missing"),
        ({"email": ""}, "no e-mail address or telephone"),
        ({"email": "camille@"}, "no e-mail address or telephone"),
        ({"texts": {"phone": ["phone.fr", 1]}, "themes": [], "said": ["adult"]}, "needs a contact"),
        ({"texts": {"letter_email": ["letter_email.fr", 1]}}, "need their own box"),
        ({"said_on": "2999-01-01"}, "its day is to come"),
        ({"said_on": "yesterday"}, "not written by a form"),
        ({"last_name": "x" * 300}, "not written by a form"),
        ({"extra": 1}, "not written by a form"),
        ({"act": acts.BY_MAIL, "email": "", "phone": "0639980001", "texts": {"phone": ["p", 1]},
          "said": ["adult"], "themes": []}, "no e-mail address to confirm by"),
    ],
)  # fmt: skip
def test_without_a_whole_act_there_is_no_contact(changes, why):
    with pytest.raises(DataError, match=why) as error:
        acts.read_act(act_of(**changes))
    assert "Camille" not in str(error.value)


def test_a_box_opens_with_the_key_of_its_campaign_and_turf_alone(tmp_path):
    own = open_ring(tmp_path, "one", "list")
    about = bound_to("one", "T0001")
    box = shut(public_key(own), about, "Camille")
    assert unshut(own, about, box) == "Camille"
    other = replace(own, box=bytes(32))
    for ring, said, sealed in (
        (own, bound_to("one", "T0002"), box),
        (own, about, box[:-1] + bytes([box[-1] ^ 1])),
        (own, about, b"\x02" + box[1:]),
        (own, about, b""),
        (other, about, box),
    ):
        with pytest.raises(DataError, match="cannot be opened"):
            unshut(ring, said, sealed)


def test_nobody_is_asked_before_the_campaign_says_who_answers(campaign, contacts):
    with pytest.raises(DataError, match="Nobody answers"):
        door_form(campaign)
    place = Workspace(campaign)
    kit = kit_of(walks_of(place), place)
    page = phone_page(kit, "T0001").decode()
    assert '"contact":' not in page
    assert "subtle" not in page
    with pytest.raises(DataError, match="Nobody answers"):
        enter_slip(contacts, SIGNED)


def test_a_slip_of_paper_becomes_a_person_with_its_proof(answering):
    person = enter_slip(answering, {**SIGNED, "phone": "06 39 98 00 01"})
    with reading(answering.engine) as connection:
        said = current(connection, people=[person])
        rows = connection.execute(sa.select(CONSENTS)).mappings().all()
        act = acts.act_by(connection, answering, person, rows[0]["proof"])
        told = connection.execute(sa.select(STATEMENTS.c.kind, STATEMENTS.c.value)).all()
    assert said == {(person, "letter_email", "email"): True, (person, "opinion", "any"): True}
    assert {row["how"] for row in rows} == {"paper"}
    assert act.first_name == "Camille"
    assert sorted(told) == [("theme", "housing"), ("volunteering", "possible")]
    known = people(answering)[person]
    assert known["email"] == "camille@valmont.example"
    assert known["phone"] == "+33639980001"
    # The same person once more is the same; another of the household is not.
    assert enter_slip(answering, SIGNED) == person
    assert enter_slip(answering, {**SIGNED, "first_name": "Sacha"}) != person


def test_a_sheet_has_a_slip_only_with_the_form(kit, campaign):
    with_form = sheet_pdf(kit, "T0001")
    without = sheet_pdf(replace(kit, door=None), "T0001")
    assert with_form.count(b"/Type /Page\n") == without.count(b"/Type /Page\n") + 1


def file_with(kit, boxes):
    """Return a file of returns with one talk and some boxes."""
    talk = {
        "attempt_id": "00000000-0000-4000-8000-000000000001",
        "address_id": str(kit.tables["T0001"]["address_id"][0]),
        "at": "2026-11-01T18:00:00+01:00",
        "outcome": "conversation",
        "doors": 1,
    }
    told = {"palier_returns": 1, "campaign_id": kit.campaign_id, "turf_id": "T0001"}
    told["seal"] = kit.walks.seal
    told |= {"token": kit.tokens["T0001"], "team_id": "A", "made_at": talk["at"]}
    told |= {"attempts": [talk], "boxes": boxes}
    return json.dumps(told | {"checksum": checksum(told)}).encode()


def test_a_box_is_confirmed_by_letter_or_refused_with_its_reason(kit, campaign, answering):
    address = str(kit.tables["T0001"]["address_id"][0])
    by_mail = act_of(act=acts.BY_MAIL, signature=[])
    boxes = []
    for n, (turf, text) in enumerate(
        (
            ("T0001", json.dumps({"act": by_mail, "address_id": address})),
            ("T0002", json.dumps({"act": act_of(), "address_id": address})),
            ("T0001", json.dumps({"act": act_of(turf="T0002"), "address_id": address})),
            ("T0001", "[]"),
        )
    ):
        sealed = shut(kit.door.key, bound_to(kit.campaign_id, turf), text)
        shown = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        boxes.append({"box": f"00000000-0000-4000-8000-00000000001{n}", "sealed": shown})
    store = open_store(campaign)
    for wrong in ([{**boxes[0], "name": "x"}], [{**boxes[0], "sealed": "é"}], {}, [1]):
        with pytest.raises(DataError, match="lacks something"):
            receive(store, file_with(kit, wrong), name="wrong.json")
    assert receive(store, file_with(kit, boxes), name="retours.json").new == 1
    store.engine.dispose()
    opened = open_doors(campaign, answering)
    assert [(one.state, letter) for one, letter in opened] == [
        ("to_confirm", False), ("refused", None), ("refused", None), ("refused", None),
    ]  # fmt: skip
    whys = [str(one.why) for one, _letter in opened]
    assert "cannot be opened" in whys[1]
    assert "another turf" in whys[2]
    assert "form of ours" in whys[3] or "no contact" in whys[3]
    # The letter waits; until it is answered nothing holds.
    [letter] = (campaign / "fieldwork" / "outbox").glob(f"{opened[0][0].person}-*.eml")
    assert b"/p/" in letter.read_bytes()
    with reading(answering.engine) as connection:
        assert not connection.execute(sa.select(CONSENTS)).first()
        assert not connection.execute(sa.select(DOOR_BOXES)).first()


def poisoned(address):
    """Return texts of boxes that no form of ours wrote, by what is wrong with them."""
    whole = {"act": act_of(), "address_id": address}
    strokes = act_of().replace(json.dumps(SIGNED["signature"], separators=(",", ":")), "[[1e999]]")
    deep = "[" * 5_000 + "]" * 5_000
    twice = act_of().replace('"team":', '"team":"\ud800","team":')
    acts_of = {
        "a stroke without end": strokes,
        "a text that nobody wrote": act_of(texts={"letter_email": ["nobody", 9]}, said=["adult"],
                                           themes=[]),
        "a day before days were counted": act_of(said_on="1969-12-31"),
        "half a character": twice,
        "a slip that a phone has not": act_of(act=acts.ON_PAPER, signature=[]),
        "a form of a page": act_of(act=acts.ON_PAGE, signature=[]),
        "strokes without a bottom": act_of().replace('"signature":[', f'"signature":[{deep},', 1),
    }  # fmt: skip
    told = {name: json.dumps({**whole, "act": act}) for name, act in acts_of.items()}
    return told | {"a box without a bottom": deep}


def test_no_box_keeps_another_out_whatever_is_in_it(kit, campaign, answering):
    address = str(kit.tables["T0001"]["address_id"][0])
    good = json.dumps({"act": act_of(said_on=_tomorrow()), "address_id": "\x00"})
    texts = [*poisoned(address).values(), good]
    boxes = []
    for n, text in enumerate(texts):
        sealed = shut(kit.door.key, bound_to(kit.campaign_id, "T0001"), text)
        shown = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        boxes.append({"box": f"00000000-0000-4000-8000-0000000001{n:02d}", "sealed": shown})
    store = open_store(campaign)
    receive(store, file_with(kit, boxes), name="retours.json")
    store.engine.dispose()
    opened = [one for one, _letter in open_doors(campaign, answering)]
    assert [one.state for one in opened] == ["refused"] * (len(boxes) - 1) + ["taken"]
    assert len(people(answering)) == 1
    with reading(answering.engine) as connection:
        assert not connection.execute(sa.select(DOOR_BOXES)).first()


def _tomorrow():
    """Return the day it is in Nouméa already when it is evening in Paris."""
    return (datetime.now(UTC) + timedelta(hours=13)).date().isoformat()


class Phone:
    """A phone without network on the page of a turf."""

    def __init__(self, browser, file):
        self.context = browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, offline=True,
            locale="fr-FR", accept_downloads=True,
        )  # fmt: skip
        self.page, self.said = self.context.new_page(), []
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(file.as_uri())

    def tap(self, *keys):
        """Tap buttons, by their keys."""
        for key in keys:
            self.page.locator(f'[data-key="{key}"]').tap()

    def write(self, **texts):
        """Fill in fields of the form."""
        for name, text in texts.items():
            self.page.locator(f'[data-key="contact:{name}"]').fill(text)

    def refuses(self, text):
        """Try to keep the form, and read why it is not kept."""
        self.tap("contact:shut")
        expect(self.page.locator("main [role=alert]")).to_contain_text(text)

    def sign(self):
        """Draw a signature with a finger."""
        box = self.page.locator("canvas").bounding_box()
        self.page.mouse.move(box["x"] + 20, box["y"] + 20)
        self.page.mouse.down()
        for n in range(1, 8):
            self.page.mouse.move(box["x"] + 20 + 20 * n, box["y"] + 20 + 30 * (n % 2))
        self.page.mouse.up()

    def download(self):
        """Save the file of the phone and return it."""
        with self.page.expect_download() as waiting:
            self.tap("download")
        return waiting.value.path().read_bytes()


@pytest.fixture
def phone(browser, kit, tmp_path):
    file = tmp_path / "T0001.html"
    file.write_bytes(phone_page(kit, "T0001"))
    assert file.stat().st_size <= 400_000
    opened = Phone(browser, file)
    yield opened
    opened.context.close()
    assert not opened.said


@pytest.fixture
def returns(phone):
    """Leave a contact at a door, refused until it is an act; return the file of the phone."""
    phone.tap("other:2")
    phone.page.locator("main .conversation").first.tap()
    phone.page.locator("[data-key^='door:']").first.tap()
    phone.tap("contact")
    # Nothing is ticked beforehand.
    assert not phone.page.locator("main input[type=checkbox]:checked").count()
    phone.refuses("17")
    phone.tap("tick:adult")
    phone.refuses("aucune case")
    phone.tap("tick:letter_email", "tick:opinion", "tick:donor", "tick:housing")
    phone.write(first_name="Camille", last_name="Exemple", email="camille@valmont.example")
    phone.refuses("signature")
    phone.sign()
    phone.tap("contact:shut")
    expect(phone.page.locator('[data-key="contact"]')).to_be_visible()
    assert "camille" not in phone.page.evaluate("JSON.stringify({ ...localStorage })").lower()
    phone.tap("save", "tab:send")
    return phone.download()


@pytest.mark.browser
def test_from_a_door_without_network_to_a_person(kit, campaign, answering, returns):
    assert b"amille" not in returns
    assert len(json.loads(returns)["boxes"]) == 1
    store = open_store(campaign)
    assert receive(store, returns, name="retours.json").new == 1
    assert receive(store, returns, name="again.json").repeated == 1
    lying = [one for one in (store.folder / IMPORTED).glob("*") if b"sealed" in one.read_bytes()]
    assert not lying
    [(opened, letter)] = open_doors(campaign, answering)
    assert (opened.state, letter) == ("taken", None)
    assert opened.act.signature
    with reading(answering.engine) as connection:
        said_now = current(connection, people=[opened.person])
        proof = connection.execute(sa.select(CONSENTS.c.proof)).scalars().first()
        shown = acts.act_by(connection, answering, opened.person, proof)
        bureau = connection.execute(sa.select(HOMES.c.bureau_id)).scalar_one()
        notes = connection.execute(sa.select(ATTEMPTS)).mappings().all()
        left = connection.execute(sa.select(DOOR_BOXES)).all()
    [first, second] = proofs(answering, opened.person)
    assert (first.purpose, first.whole, first.digest) == ("letter_email", True, second.digest)
    assert first.drawing.count("L") > 5
    assert "lettre" in first.wording
    assert said_now[opened.person, "letter_email", "email"]
    assert (opened.person, "phone", "phone") not in said_now
    assert shown.written == opened.act.written
    assert shown.texts["opinion"] == ("opinion.fr", 1)
    assert bureau == kit.tables["T0001"]["bureau_id"][1]
    assert not left
    assert "amille" not in str(notes)
    assert people(answering)[opened.person]["used_name"] == "Exemple"
    # The file comes once more, after the person was erased: it brings nobody back.
    assert erase(answering, [opened.person]).people == 1
    receive(store, returns, name="late.json")
    store.engine.dispose()
    assert open_doors(campaign, answering) == []
    assert people(answering) == {}
