"""Tests of the registers: filled from what is known, and what is not is said to be missing."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pypdfium2 as pdfium
import pytest

from analysis.contacts.contact_store import Controller, Round, say_controller
from analysis.contacts.erasure import erase
from analysis.contacts.registers import add, entries, total
from analysis.contacts.universe import Universe
from analysis.errors import DataError
from analysis.exports.reports.register_pdf import KINDS, register_pdf
from analysis.i18n import LANGUAGES
from analysis.messages.approve import approve, prepare
from analysis.messages.control import Terms
from analysis.messages.drafts import save
from analysis.messages.letter_blocks import Letter
from analysis.workflows import people_shown, universes
from analysis.workflows.contacts_open import close, open_contacts
from analysis.workflows.register_facts import register
from tests.analysis.contacts.invented import enter, merge
from tests.analysis.messages.conftest import CONTROLLER, LETTER, SETTING, supporters

DAY = date(2026, 11, 2)
WHO = Controller(
    "list",
    name="Liste *Valmont*",
    contact="donnees@valmont.example",
    election="municipales",
    rounds=(Round("2027-03-14", "99900", "Europe/Paris"),),
)


@pytest.fixture(scope="module")
def answering(valmont, tmp_path_factory):
    """Open a campaign that says who answers, but not all of it."""
    campaign = tmp_path_factory.mktemp("places") / "valmont"
    shutil.copytree(valmont.path, campaign)
    first = open_contacts(campaign)
    say_controller(first, WHO)
    close(first)
    contacts = open_contacts(campaign)
    yield contacts
    close(contacts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_register_is_printed_in_both_languages(answering, kind, language):
    text = register(answering, kind, language, DAY)
    assert text == register(answering, kind, language, DAY)
    assert "{" not in text
    # A name is no mark of Markdown.
    assert "Liste ∗Valmont∗" in text
    assert {"fr": "14 mars 2027 (99900)", "en": "14 March 2027 (99900)"}[language] in text
    # Sponsor, address and agent were not said: three lines say so, at least.
    missing = {"fr": "à remplir", "en": "missing"}[language]
    assert text.count(missing) >= 3
    pages = pdfium.PdfDocument(register_pdf(text, language=language))
    read = " ".join(page.get_textpage().get_text_range() for page in pages)
    assert "2027" in read
    assert re.sub(r"\s", "", text.partition("\n")[0].lstrip("# ")) in re.sub(r"\s", "", read)


def test_numbers_come_from_the_store(answering):
    for n in range(5):
        enter(answering, f"p{n}", email=f"p{n}@valmont.example")
    # Who was found twice is one, and who was erased is nobody: here and on the page Contacts.
    merge(answering, "p0", "p1")
    erase(answering, ["p4"])
    counts = people_shown.counts(answering)
    assert (counts["people"], counts["absorbed"], counts["in_a_bureau"]) == (3, 1, 3)
    text = register(answering, "processing", "en", DAY)
    assert "**People:** 3" in text.partition("## Supporters")[2].partition("##")[0]
    assert "1,095 days; counted from: the last exchange" in text


def test_what_was_approved_and_saved_is_in_the_targeting_register(answering):
    author = replace(answering, controller=replace(CONTROLLER, controller="list"), by="Ada")
    supporters(author, 12)
    saved = Universe.read({"of": "people", "where": {"consent": "email"}})
    universes.save(author, "Jeudi", saved)
    draft = save(author, "Réunion", Letter.read(LETTER), saved)
    text = " ".join(register(author, "targeting", "fr", DAY).split())
    assert "« Jeudi » : les soutiens, qui ont accepté les lettres par e-mail" in text
    assert "Réunion" not in text  # a draft reaches nobody
    seen = prepare(author, draft, SETTING, terms=Terms(control=False))
    approve(replace(author, by="Bob"), seen)
    text = " ".join(register(author, "targeting", "fr", DAY).split())
    assert "« Réunion » : 12 destinataires parmi les soutiens" in text
    assert "Commanditaire : Association X" in text
    text = register(author, "processing", "en", DAY).partition("## Messages")[2]
    assert "those kept for comparison too:** 12" in text.partition("##")[0]


def test_entries_are_added_and_summed(answering):
    add(answering, "cost", {"day_on": "2026-10-01", "what": "Letters", "amount": "120,50"})
    add(answering, "cost", {"day_on": "2026-10-02", "what": "SMS", "amount": "29.50"})
    assert total(entries(answering, "cost")) == Decimal("150.00")
    text = register(answering, "cost", "en", DAY)
    assert "**Sum of the entries (€):** 150.00" in text
    assert text.index("Letters") < text.index("SMS")
    add(answering, "breach", {"found_on": "2026-10-30", "what": "A phone was lost"})
    assert "**Amount (€):** 120.50" in text
    assert "**Montant (€)\u00a0:** 120,50" in register(answering, "cost", "fr", DAY)
    assert "**72 hours end on:** 2 November 2026" in register(answering, "breach", "en", DAY)
    add(answering, "review", {"day_on": "2026-10-01", "what": "Read", "dpo": "dpo@valmont.example"})
    assert "**Data protection officer:** dpo@valmont.example" in register(
        answering, "dpia", "en", DAY
    )


@pytest.mark.parametrize(
    ("kind", "values", "wrong"),
    [
        ("cost", {"day_on": "2026-10-01", "what": "Letters"}, "amount"),
        ("cost", {"day_on": "1 Oct", "what": "Letters", "amount": "1"}, "day_on"),
        ("cost", {"day_on": "2026-10-01", "what": "Letters", "amount": "-1"}, "amount"),
        ("cost", {"day_on": "2026-10-01", "what": "Letters", "amount": "nan"}, "amount"),
        ("cost", {"day_on": "2026-10-01", "what": " ", "amount": "1"}, "what"),
        ("breach", {"found_on": "2026-10-01", "what": "x", "people": "many"}, "people"),
        ("breach", {"found_on": "2026-10-01", "what": "x", "names": "y"}, "names"),
        ("gossip", {"what": "x"}, "what"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(answering, kind, values, wrong):
    with pytest.raises(DataError, match="lacks something") as error:
        add(answering, kind, values)
    assert wrong in str(error.value.where)
    with pytest.raises(DataError, match="no such register"):
        register(answering, kind if kind not in KINDS else "x", "fr", DAY)
