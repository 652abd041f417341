"""What each rule of `lawful.toml` and of the gate says, and what would make a request lawful."""

from __future__ import annotations

from analysis.errors import Text

_NEVER = Text("Nothing: leave it out.")

# Why, on which text it rests, and what would make it lawful.
RULES: dict[str, tuple[Text, str, Text]] = {
    "roll_address": (
        Text("Addresses of the roll serve doors and letters, never a call or a message."),
        "RGPD 6(1)(f) ; L37, R16",
        Text("Choose doors or letters; calls and messages go to people who gave their number."),
    ),
    "roll_name": (
        Text("Names of the roll stand on a sheet or a letter with the notice of the data."),
        "RGPD 6(1)(f), 14 ; L37",
        Text("Choose doors or letters, and put the notice on them."),
    ),
    "roll_age_sex": (
        Text("Age, sex and bureau may sort the roll for doors and letters."),
        "CNIL, listes électorales ; RGPD 6(1)(f)",
        Text("Choose doors or letters."),
    ),
    "birthplace": (
        Text("Nobody is sorted by birthplace or nationality: they are not even imported."),
        "CNIL, listes électorales ; RGPD 9",
        _NEVER,
    ),
    "name_inference": (
        Text("Nobody is sorted by what a name sounds like."),
        "CNIL, listes électorales ; RGPD 9",
        _NEVER,
    ),
    "bureau_abstention": (
        Text("The abstention of a whole bureau may choose doors, letters and consenting people."),
        "RGPD 6(1)(f) ; Règl. 2024/900, 18",
        Text("Leave it out of themed messages and online."),
    ),
    "individual_turnout": (
        Text(
            "Whether one person voted chooses nobody: the house is stricter than the signed list."
        ),
        "L62-1, L68 ; RGPD 9",
        Text("Use the abstention of the bureau."),
    ),
    "person_name": (
        Text("Names of people who gave them serve the channels they agreed to."),
        "RGPD 6(1)(a), 13",
        Text("Ask these people for their consent to this channel."),
    ),
    "person_home": (
        Text("Addresses of people who gave them serve doors, letters and the channels agreed to."),
        "RGPD 6(1)(f), 13",
        Text("Ask these people for their consent to this channel."),
    ),
    "person_phone": (
        Text("A telephone number serves calls unless refused, and texts once agreed to."),
        "RGPD 6(1)(f), 21 ; L34-5 CPCE",
        Text("Choose calls, or texts to people who agreed to them."),
    ),
    "person_email": (
        Text("An address of mail serves letters by e-mail once agreed to."),
        "L34-5 CPCE ; CNIL 2006-2012 ; Règl. 2024/900, 18",
        Text("Choose e-mail, to people who agreed to it."),
    ),
    "said_themes": (
        Text("What people said of themselves may choose what they get."),
        "RGPD 6(1)(a), 9(2)(a) ; Règl. 2024/900, 18",
        Text("Ask these people for their consent to this channel."),
    ),
    "support": (
        Text("What somebody thinks chooses no target and stands on no list."),
        "RGPD 9 ; Règl. 2024/900, 18",
        Text("Choose by theme, volunteering or donation, which people said themselves."),
    ),
    "opens": (
        Text("Who opened or clicked chooses recipients only with both consents, by e-mail alone."),
        "Loi 78-17, 82 ; CNIL 2026-042 ; Règl. 2024/900, 18",
        Text("Ask for the consent to measurement and the one to chosen messages."),
    ),
    "own_record": (
        Text("What the campaign did itself may serve its own lists."),
        "RGPD 6(1)(f)",
        Text("Leave it out online."),
    ),
    "rented": (
        Text("People of a rented file did not give their data to the campaign."),
        "CNIL 21.10.2025 ; Règl. 2024/900, 18",
        Text("Have counsel write down that this file may serve, or use your own supporters."),
    ),
    "petition": (
        Text("Who signed a petition signed for its object, not for a campaign."),
        "RGPD 5(1)(b)",
        Text("Use only petitions whose object is to support the candidate."),
    ),
    "other_function": (
        Text("Files of a town hall, school, employer, union or health service may not serve."),
        "RGPD 5(1)(b) ; CNIL ; art. 226-21 Code pénal",
        Text("Nothing: these people must come to the campaign themselves."),
    ),
    # ---- whichever the field ---------------------------------------------------------------
    "unknown": (
        Text("What no rule allows is refused."),
        "RGPD 5(2)",
        Text("Ask counsel, and have a rule written into lawful.toml."),
    ),
    "channel": (
        Text("There is no such channel."),
        "",
        Text("Choose door, post, phone, sms, email, themed_email or online."),
    ),
    "roll": (
        Text("No roll is in force: its promise is missing, it has expired, or the vote is over."),
        "L37, R16 ; CNIL, listes électorales",
        Text("Ask for the roll anew with its promise of no commercial use."),
    ),
    "notice": (
        Text("The notice of the data does not go out with it."),
        "RGPD 13, 14",
        Text("Put the notice on it: say first who answers for the campaign."),
    ),
    "floor": (
        Text("A cell of fewer than 11 people tells about persons."),
        "RGPD 5(1)(c), 25",
        Text("Take a wider area or fewer conditions."),
    ),
    "consent": (
        Text("These people did not say yes to this channel."),
        "RGPD 6(1)(a), 7 ; L34-5 CPCE",
        Text("Ask them at the door or on the page, with the text and a proof."),
    ),
    "no_refusal": (
        Text("These people said no to it."),
        "RGPD 21",
        Text("Nothing: they may come back to it themselves."),
    ),
    "ads": (
        Text("These people did not agree to messages chosen by what they said of themselves."),
        "Règl. 2024/900, 18",
        Text("Send them the general letter, or ask for this consent apart."),
    ),
    "tracking": (
        Text("These people did not agree to individual measurement."),
        "Loi 78-17, 82 ; CNIL 2026-042",
        Text("Measure by a random control, or ask for this consent apart."),
    ),
    "counsel": (
        Text("Only counsel can tell whether this is lawful."),
        "",
        Text("Have counsel write down that this file may serve, or use your own supporters."),
    ),
    "objection": (
        Text("These people objected, or asked to be erased: it holds for every channel."),
        "RGPD 17, 21",
        Text("Nothing: they may come back to it themselves."),
    ),
    "minor": (
        Text("These people are a year or more under voting age."),
        "Règl. 2024/900, 18",
        Text("Nothing before they are of age."),
    ),
    "unplaced": (
        Text("These rows are no people of this campaign, or were erased."),
        "RGPD 5(1)(d), 17",
        Text("Make the list anew."),
    ),
    "l49": (
        Text("From midnight of the eve no message and no call goes out, until the vote is over."),
        "L49",
        Text("Wait until the day after the vote."),
    ),
    "complete": (
        Text("A message lacks what it must bear."),
        "Règl. 2024/900, 11-12 ; RGPD 13 ; L34-5 CPCE",
        Text("Add the notice, the sponsor, the election and a way to unsubscribe."),
    ),
}


def why(rule: str) -> Text:
    """Return what a rule says."""
    return RULES[rule][0]


_IN_ENGLISH = {
    "RGPD": "GDPR",
    "Règl.": "Regulation",
    "listes électorales": "electoral rolls",
    "Loi ": "Law ",
    "Code pénal": "Penal Code",
    " ; ": "; ",
}


def basis(rule: str, language: str = "fr") -> str:
    """Return on which text a rule rests, by articles; numbers of articles are in no language."""
    told = RULES[rule][1]
    for french, english in _IN_ENGLISH.items() if language == "en" else ():
        told = told.replace(french, english)
    return told


def mend(rule: str) -> Text:
    """Return what would make lawful what a rule refuses."""
    return RULES[rule][2]
