"""Where a file of people may come from: declared first, refused where the law says so."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from analysis.errors import DataError, Text, some

# What the people are to the campaign (CNIL tells members and regular contacts from the others).
RELATIONS = ("member", "regular", "occasional")
PURPOSES = ("information", "volunteering", "donation", "meeting")
_LEAST_WORDS = 3
# What each origin is called, and why it may be imported or not.
_TOLD = {
    "sign_up": (
        Text("Our own sign-up form"),
        Text("GDPR 6(1)(a): the person signed up with the campaign"),
    ),
    "members": (
        Text("Members of the party"),
        Text("GDPR 9(2)(d): members, former members and regular contacts of a party"),
    ),
    "event": (
        Text("Meetings and stands of the campaign"),
        Text("GDPR 6(1)(a): left at a meeting or a stand of the campaign"),
    ),
    "donors": (
        Text("Donors of the campaign"),
        Text("GDPR 6(1)(c): donors, through the financial agent"),
    ),
    "door": (
        Text("Doors, with a recorded agreement"),
        Text("GDPR 6(1)(a): given at a door, with a recorded act"),
    ),
    "supporting_petition": (
        Text("Petition in support of the candidate"),
        Text("CNIL: signatories of a petition whose object is to support the candidate"),
    ),
    "rented": (
        Text("Rented or bought file"),
        Text("CNIL 21 October 2025: not collected from the person directly"),
    ),
    "petition": (
        Text("Petition about something else"),
        Text("CNIL: who signed a petition signed for its object, not for a campaign"),
    ),
    "town_hall": (
        Text("Town hall"),
        Text("CNIL: registers and files of the town hall"),
    ),
    "school": (
        Text("School, parents and pupils"),
        Text("CNIL: files of parents and pupils"),
    ),
    "patients": (
        Text("Patients, health"),
        Text("Code de la santé publique, L1110-4: files of patients"),
    ),
    "benefits": (
        Text("Social benefits"),
        Text("CNIL: files of who receives aid"),
    ),
    "work": (
        Text("Work, customers"),
        Text("CNIL: files of colleagues, employees and customers"),
    ),
    "union": (
        Text("Trade union"),
        Text("GDPR 9: files of a trade union"),
    ),
    "association": (
        Text("Association, club"),
        Text("CNIL: files of an association, for another purpose"),
    ),
    "public_web": (
        Text("Social networks, directories"),
        Text("CNIL: gathered from social networks or directories, not from the person"),
    ),
}


@dataclass(frozen=True, slots=True)
class OriginRule:
    """What holds for an origin: rule ("yes", "object", "proof", "no"), source, words and basis."""

    rule: str
    source: str
    words: Text
    basis: Text


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of a file before it is imported.

    Attributes
    ----------
    origin
        A word of `file_origins.toml`.
    purpose
        A word of `PURPOSES`: what the people gave their data for.
    relation
        A word of `RELATIONS`.
    told
        Who collected it, when and how; the object of a petition; where proofs are kept.
    consent_text, consent_proof
        The words that a box of the form had; where what shows it is kept.
    """

    origin: str
    purpose: str
    relation: str = "occasional"
    told: str = ""
    consent_text: str = ""
    consent_proof: str = ""


@cache
def origins() -> dict[str, OriginRule]:
    """Return what holds for each origin, in the order of the table."""
    text = (files("analysis.contacts") / "file_origins.toml").read_text(encoding="utf-8")
    return {
        name: OriginRule(**row, words=_TOLD[name][0], basis=_TOLD[name][1])
        for name, row in tomllib.loads(text).items()
    }


def check_declared(declared: Declared) -> OriginRule:
    """Return the rule of a declared origin.

    Raises
    ------
    DataError
        When the file may not be used for a campaign, or something is not said.
    """
    rule = origins().get(declared.origin)
    if rule is None:
        raise DataError(
            "Nobody said where this file comes from.",
            where="{origin}",
            mend="Say one of: {known}.",
            origin=declared.origin or "…",
            known=some(origins(), most=len(origins())),
        )
    if rule.rule == "no":
        raise DataError(
            "A file of this origin may not be used for a campaign: {origin}.",
            where="{basis}",
            mend="Do not import it. Ask these people themselves, at a stand or by a sign-up page.",
            origin=rule.words,
            basis=rule.basis,
        )
    for word, known in ((declared.purpose, PURPOSES), (declared.relation, RELATIONS)):
        if word not in known:
            raise DataError(
                "What the people of this file gave their data for is not said.",
                where="{word}",
                mend="Say one of: {known}.",
                word=word or "…",
                known=some(known, most=len(known)),
            )
    if rule.rule != "yes" and len(declared.told.split()) < _LEAST_WORDS:
        raise DataError(
            "This origin needs to be told in words: {origin}.",
            where="{basis}",
            mend="Write who collected the file, when, how, and the object people signed for.",
            origin=rule.words,
            basis=rule.basis,
        )
    return rule
