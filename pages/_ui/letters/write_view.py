"""View: a message written from parts, with what it will look like beside it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.contacts.universe import Universe
from analysis.errors import DataError
from analysis.exports.printed_letter import printed
from analysis.messages.drafts import THEMED, draft_of, drafts, save
from analysis.messages.letter_blocks import LANGUAGES, Letter
from analysis.messages.letter_preview import preview
from analysis.messages.safe_template import VARIABLES
from analysis.workflows import message_work, universes
from pages._ui import messages
from pages._ui.access import taken_away
from pages._ui.fieldwork.script_preview import language_name
from pages._ui.i18n import _, language
from pages._ui.letters import block_fields, load_letters
from pages._ui.letters.block_fields import TOLD, fresh
from pages._ui.letters.letter_screens import screens

_ACCENT = "#1d4ed8"
_EVERYBODY = '{{"of": "people", "where": {{"all": [{{"consent": "{channel}"}}]}}}}'


def write() -> None:
    """Let somebody write a message, see it, say to whom, and save it."""
    with load_letters.opened() as (contacts, place):
        told = _chosen(contacts)
        edit, see = st.columns(2)
        with edit:
            _heads(told)
            block_fields.blocks_of(told, place)
            _variables()
        rule = _universe(contacts, told)
        with see:
            letter = _seen(contacts, told, rule)
        _keep(contacts, told, letter, rule)


# ---- which ---------------------------------------------------------------------------------


def _chosen(contacts: Contacts) -> dict[str, Any]:
    """Return what is being written: a new message, or another version of a draft."""
    rows = {str(row["message"]): row for row in drafts(contacts) if not row["approved"]}
    labels = {"": _("A new message")} | {
        one: load_letters.title_of(row) for one, row in rows.items()
    }
    chosen = st.selectbox(
        _("Write"), list(labels), format_func=labels.__getitem__, key=f"letters.write.{len(rows)}"
    )
    told: dict[str, Any] | None = st.session_state.get(TOLD)
    if told is None or told["message"] != chosen:
        told = _blank() if not chosen else _loaded(contacts, str(chosen))
        st.session_state[TOLD] = told
    return told


def _blank() -> dict[str, Any]:
    blocks = [fresh({"kind": "title"}), fresh({"kind": "text"})]
    told = {"message": "", "name": "", "language": language(), "channel": "email"}
    told |= {"subject": "", "preheader": ""}
    return {**told, "accent": _ACCENT, "blocks": blocks, "round": st.session_state["letters.count"]}


def _loaded(contacts: Contacts, message: str) -> dict[str, Any]:
    draft = draft_of(contacts, message)
    told = {"channel": "email"} | json.loads(draft.letter.to_json())
    told["blocks"] = [fresh(one) for one in told["blocks"]]
    told["round"] = st.session_state["letters.count"]
    told |= {"message": message, "name": draft.name, "universe": draft.universe}
    return {**told, "seen": draft.version}


# ---- what ----------------------------------------------------------------------------------


def _heads(told: dict[str, Any]) -> None:
    key = f"letters.head.{told['round']}"
    name, tongue = st.columns([3, 1])
    tongues = {code: language_name(code) for code in LANGUAGES}
    told["name"] = name.text_input(
        _("Name, for the campaign alone"), told["name"], max_chars=120, key=f"{key}.name"
    )
    told["language"] = tongue.selectbox(
        _("Language of the message"),
        LANGUAGES,
        index=LANGUAGES.index(told["language"]),
        format_func=tongues.__getitem__,
        key=f"{key}.language",
    )
    channels = {"email": _("E-mail"), "sms": _("Text message")}
    told["channel"] = st.radio(
        _("Sent by"),
        list(channels),
        index=list(channels).index(told.get("channel", "email")),
        format_func=channels.__getitem__,
        horizontal=True,
        key=f"{key}.channel",
    )
    if told["channel"] == "sms":
        _as_text(told)
        return
    told["subject"] = st.text_input(
        _("Subject"), told["subject"], max_chars=200, key=f"{key}.subject"
    )
    told["subject_b"] = st.text_input(
        _("Another subject, for half of them drawn by lot (or nothing)"),
        told.get("subject_b", ""),
        max_chars=200,
        key=f"{key}.subject_b",
    )
    ahead, colour = st.columns([3, 1])
    told["preheader"] = ahead.text_input(
        _("What stands beside the subject in the list of mails"),
        told["preheader"],
        max_chars=200,
        key=f"{key}.preheader",
    )
    told["accent"] = colour.color_picker(
        _("Colour of titles and buttons"), told["accent"], key=f"{key}.accent"
    )


def _as_text(told: dict[str, Any]) -> None:
    """Leave of what is written what a text message may hold."""
    told |= {"subject": "", "subject_b": "", "preheader": ""}
    texts = [one for one in told["blocks"] if one["kind"] == "text"]
    told["blocks"][:] = texts[:1] or [fresh({"kind": "text"})]
    st.caption(
        _("One text, to who agreed to texts; who pays and how to leave (STOP) are put under it.")
    )


def _variables() -> None:
    with st.expander(_("What may stand for each person")):
        st.markdown(
            _(
                "Write `{example}` in a text: the first name, or nothing where nobody knows it. "
                "There are: {names}. A theme that is shown asks for the separate consent to "
                "chosen messages."
            ).format(
                example='{{ first_name | default("") }}',
                names=", ".join(f"`{one}`" for one in VARIABLES),
            )
        )


def _universe(contacts: Contacts, told: dict[str, Any]) -> Universe:
    """Ask to whom it goes; a draft keeps whom it meant until another is chosen."""
    kept = {one.name: one.rule for one in universes.saved(contacts) if one.rule.of == "people"}
    before: Universe | None = told.get("universe")
    by_mail = told["channel"] == "email"
    everybody = (
        _("Everybody who agreed to letters by e-mail")
        if by_mail
        else _("Everybody who agreed to texts")
    )
    labels = {"": everybody, **{name: name for name in kept}}
    if before is not None:
        labels = {"before": _("As in the last version"), **labels}
    chosen = st.selectbox(
        _("To whom"),
        list(labels),
        format_func=labels.__getitem__,
        key=f"letters.universe.{len(labels)}",
    )
    usual = before if chosen == "before" else None
    rule = (
        usual
        or kept.get(str(chosen))
        or universes.read_rule(_EVERYBODY.format(channel=told["channel"]))
    )
    st.caption(messages.sentence(rule.sentence))
    st.caption(_("Other universes are made on the page Contacts, and saved there under a name."))
    return rule


# ---- how it looks --------------------------------------------------------------------------


def _letter(told: dict[str, Any]) -> Letter:
    blocks = [{name: one[name] for name in one if name != "id"} for one in told["blocks"]]
    return Letter.read(told | {"blocks": blocks})


def _seen(contacts: Contacts, told: dict[str, Any], rule: Universe) -> Letter | None:
    """Show the message as it will look; what is wrong with it instead, where something is."""
    st.subheader(_("As it will look"))
    if not told["subject"] and not any(one.get("text") for one in told["blocks"]):
        by_mail = told["channel"] == "email"
        st.info(
            _("Write a subject and a text: the message appears here.")
            if by_mail
            else _("Write a text: the message appears here.")
        )
        return None
    with messages.explain_quietly():
        letter = _letter(told)
        themed = bool(THEMED & {*rule.chosen, *letter.shown})
        base = message_work.base_address()
        seen = preview(letter, contacts.controller, themed=themed, base=base)
        screens(seen, key="letters.screen")
        if letter.channel == "email" and not any(one.names for one in letter.templates()):
            _on_paper(contacts, letter)
        if contacts.controller.missing:
            st.caption(_("Its foot lacks who answers: say it on the page Law."))
        if themed:
            st.caption(
                _("Goes only to who agreed to messages chosen by what they said of themselves.")
            )
        return letter
    return None


def _on_paper(contacts: Contacts, letter: Letter) -> None:
    """Offer the message for the printer: addresses leave apart, on the page Contacts."""
    with st.expander(_("On paper")):
        st.caption(
            _("The printer gets this letter; addresses and labels come from Contacts, by Letters.")
        )
        made = partial(printed, letter, contacts.controller)
        label = _("Take the letter (PDF)")
        taken_away.offer(None, label, made, "letter.pdf", key="letters.paper")


def _keep(contacts: Contacts, told: dict[str, Any], letter: Letter | None, rule: Universe) -> None:
    author = load_letters.signed(contacts, _("Your name, as the author"))
    if st.button(
        _("Save the draft"),
        type="primary",
        key="letters.save",
        disabled=letter is None or not author.by,
    ):
        assert letter is not None
        name = told["name"] or letter.subject or _("Text message")
        try:
            draft = save(author, name, letter, rule, message=told["message"], seen=told.get("seen"))
        except DataError as error:
            messages.show_error(error)
            if told["message"]:
                # Said once: who saves again has been told of the other.
                told["seen"] = draft_of(contacts, told["message"]).version
            return
        st.session_state.pop(TOLD, None)
        load_letters.point_at(draft.message)
        load_letters.say_next(
            _("Saved as version {n}. Now somebody else looks at it and approves it.").format(
                n=draft.version
            )
        )
