"""What a person is asked to agree to and may say of themselves, on paper, phones and pages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.contacts.consents import ConsentText, latest_text, texts
from analysis.contacts.contact_store import Contacts, Controller
from analysis.database.engine import writing
from analysis.errors import DataError
from analysis.i18n import LANGUAGES, Words

_FOLDER = files("analysis.contacts")
WORDS = Words.read("asked", _FOLDER / "asked_words.toml")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What somebody may agree to.

    Attributes
    ----------
    name
        Of the box.
    needs
        The contact point it takes: "email", "phone" or "" for any.
    channel
        As in `consents.channel`.
    door
        Whether it is asked for at doors.
    consent
        As in `consents.purpose`.
    """

    name: str
    needs: str
    channel: str
    door: bool
    consent: str


@dataclass(frozen=True, slots=True)
class DoorForm:
    """What sheets and phone pages need to take a contact, of a campaign that says who answers.

    Attributes
    ----------
    key
        That shuts a contact for the campaign: see `box_seal.public_key`.
    controller
        Who answers.
    wordings
        As `wordings` returns them, those of doors alone.
    """

    key: str
    controller: Controller
    wordings: Mapping[str, Mapping[str, ConsentText]]

    def said(self, language: str) -> dict[str, dict[str, str]]:
        """Return the other texts of the form: its notice, statements and subjects."""
        told: dict[str, dict[str, str]] = {"notice": {}, "statement": {}, "theme": {}}
        for key, text in WORDS[language].items():
            section, _dot, name = key.partition(".")
            if section in told:
                told[section][name] = filled(text, self.controller)
        return told


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "asked.toml").read_text(encoding="utf-8"))


@cache
def purposes() -> Mapping[str, Purpose]:
    """Return what people may agree to, by name."""
    rows = _table()["purposes"].items()
    return {name: Purpose(name, **{"consent": name} | row) for name, row in rows}


def themes() -> tuple[str, ...]:
    """Return the subjects people may say they care about."""
    return tuple(_table()["themes"]["codes"])


def statements() -> dict[str, tuple[str, str]]:
    """Return what else people may say of themselves: kind and value by name."""
    return {name: (row["kind"], row["value"]) for name, row in _table()["statements"].items()}


def filled(text: str, controller: Controller) -> str:
    """Return a text with who answers, and how to reach them."""
    return text.format(
        controller=controller.name or controller.controller, contact=controller.contact
    )


def require_controller(controller: Controller) -> None:
    """Refuse to ask people for anything in nobody's name.

    Raises
    ------
    DataError
        When who answers, or how to reach them, is not said.
    """
    if not (controller.name and controller.contact):
        raise DataError(
            "Nobody answers for this campaign yet: no contact of a person may be taken.",
            where="{controller}",
            mend="Say who answers and how to reach them: page Law, “Who answers”, or "
            "`duties controller`.",
            controller=controller.controller,
        )


def wordings(contacts: Contacts) -> dict[str, dict[str, ConsentText]]:
    """Return the words of each purpose today, by language and purpose.

    Raises
    ------
    DataError
        When nobody answers for the campaign.
    """
    require_controller(contacts.controller)
    with writing(contacts.engine) as connection:
        known = texts(connection, contacts)
    return {
        language: {purpose: latest_text(known, purpose, language) for purpose in purposes()}
        for language in LANGUAGES
    }
