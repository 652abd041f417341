"""View: universes in words and numbers, saved, and let out as lists by the law."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from analysis.contacts import lawful_words
from analysis.contacts.asked import WORDS, themes
from analysis.contacts.contact_store import Contacts
from analysis.contacts.gate import roll_in_force
from analysis.contacts.universe import Universe
from analysis.contacts.universe_ground import Ground
from analysis.contacts.universe_members import Members
from analysis.tables.workspace import Workspace
from analysis.workflows import universes as library
from analysis.workflows.universe_lists import DOORS, Asked, Leaving, take_out
from pages._ui import loaders, messages
from pages._ui.abstention import coming_election
from pages._ui.access import taken_away
from pages._ui.contacts import people_opened
from pages._ui.i18n import _, date, language, ngettext, number
from pages._ui.inputs import choose_election

_CHANNELS = {"roll": ("door", "post"), "people": ("phone", "email", "sms", "door", "post")}
_DAYS = (0, 7, 30, 90)
_OLDEST = 130


def universes() -> None:
    """Let somebody say whom they mean, see how many, save it and take lists out."""
    place = loaders.workspace()
    with people_opened.opened() as (contacts, _folder):
        people_opened.say_once("universes.said")
        rule = _asked(contacts)
        st.markdown(f"### {messages.sentence(rule.sentence)}")
        if rule.of == "roll" and not roll_in_force(contacts, datetime.now(UTC)):
            st.info(_("There is no electoral roll in use: import one, or choose supporters."))
            _listed(place, contacts, Ground())
            return
        channel = _channel(rule)
        ground = _ground(place, rule)
        with messages.explain_data_errors():
            found = library.count(contacts, rule, ground, channel)
            _numbers(found)
            _before_consent(rule, channel)
        _save(contacts, rule)
        _listed(place, contacts, ground)
        with messages.explain_data_errors():
            _export(contacts, rule, ground, channel)


# ---- whom ----------------------------------------------------------------------------------


def _asked(contacts: Contacts) -> Universe:
    kept = {one.name: one.rule for one in library.saved(contacts)}
    left, right = st.columns(2)
    names = {"roll": _("Doors of the electoral roll"), "people": _("Supporters")}
    of = left.radio(_("Of whom"), list(names), format_func=names.__getitem__, key="universe.of")
    labels = {"": _("None: say it here"), **{name: name for name in kept}}
    saved = right.selectbox(
        _("Saved universes"), list(labels), format_func=labels.__getitem__, key="universe.kept"
    )
    if saved:
        return kept[saved]
    conditions = [*_placed(), *(_roll() if of == "roll" else _people())]
    return Universe.read({"of": of, "where": {"all": conditions}})


def _placed() -> list[dict[str, Any]]:
    left, right = st.columns(2)
    over = left.slider(
        _("Bureaux where the expected abstention exceeds (%)"), 0, 90, 0, 5, key="universe.over"
    )
    words = {
        0: _("Whenever they were contacted"),
        7: _("Not for a week"),
        30: _("Not for a month"),
        90: _("Not for three months"),
    }
    days = right.selectbox(
        _("Last contact"), _DAYS, format_func=words.__getitem__, key="universe.days"
    )
    said: list[dict[str, Any]] = [{"abstention_over": over / 100}] if over else []
    return said + ([{"not_contacted_days": days}] if days else [])


def _roll() -> list[dict[str, Any]]:
    left, right = st.columns(2)
    low, high = left.slider(_("Age"), 18, 100, (18, 100), key="universe.age")
    sexes = {"": _("Women and men"), "F": _("Women"), "M": _("Men")}
    sex = right.selectbox(_("Sex"), list(sexes), format_func=sexes.__getitem__, key="universe.sex")
    ages = [low, _OLDEST if high == 100 else high]  # noqa: PLR2004 - the end of the slider
    said: list[dict[str, Any]] = [{"age": ages}] if ages != [18, _OLDEST] else []
    return said + ([{"sex": sex}] if sex else [])


def _people() -> list[dict[str, Any]]:
    left, right = st.columns(2)
    consent = {
        "": _("Whatever they agreed to"),
        "phone": _("Agreed to calls"),
        "email": _("Agreed to letters by e-mail"),
        "sms": _("Agreed to texts"),
        "chosen": _("Agreed to chosen messages"),
    }
    to = left.selectbox(
        _("Consent"), list(consent), format_func=consent.__getitem__, key="universe.consent"
    )
    words = WORDS[language()]
    named = right.multiselect(
        _("Themes they named"),
        themes(),
        format_func=lambda one: words[f"theme.{one}"].capitalize(),
        key="universe.theme",
        placeholder=_("Whatever they named"),
    )
    volunteering = left.checkbox(_("Ready to volunteer"), key="universe.volunteering")
    donation = right.checkbox(_("Ready to donate"), key="universe.donation")
    said: list[dict[str, Any]] = [{"consent": to}] if to else []
    either: list[dict[str, Any]] = [{"theme": one} for one in named]
    said += [{"any": either}] if len(either) > 1 else either
    said += [{"volunteering": True}] if volunteering else []
    return said + ([{"donation": True}] if donation else [])


def _channel(rule: Universe) -> str:
    names = {
        "door": _("Doors"),
        "post": _("Letters"),
        "phone": _("Calls"),
        "email": _("E-mail"),
        "sms": _("Text messages"),
    }
    chosen = st.radio(
        _("To reach them by"),
        _CHANNELS[rule.of],
        format_func=names.__getitem__,
        horizontal=True,
        key=f"universe.channel.{rule.of}",
    )
    return str(chosen)


def _ground(place: Workspace, rule: Universe) -> Ground:
    return _expected(place) if rule.asks_abstention else Ground()


def _expected(place: Workspace) -> Ground:
    question = coming_election.Question(choose_election(place), ())
    table = coming_election.outlook(place, question).forecast.table
    rates = zip(table["bureau_id"], table["abstention"], strict=True)
    return Ground({str(bureau): float(rate) for bureau, rate in rates})


# ---- how many ------------------------------------------------------------------------------


def _total(found: Members) -> str:
    return _("fewer than 11") if found.total is None else number(found.total)


def _numbers(found: Members) -> None:
    total = _total(found)
    left, right = st.columns(2)
    left.metric(_("People"), total)
    if found.doors:
        right.metric(_("Addresses"), number(found.doors))
    if not len(found.bureaux):
        st.info(_("Nobody is in this universe."))
        return
    ids, people = found.bureaux["bureau_id"], found.bureaux["people"]
    shown = pd.DataFrame(
        {
            _("Bureau"): [
                name if bureau else _("no bureau")
                for name, bureau in zip(loaders.labels(ids), ids, strict=True)
            ],
            _("People"): [_("hidden here") if pd.isna(n) else number(n) for n in people],
        }
    )
    st.dataframe(shown, hide_index=True, width="stretch", column_config=people_opened.narrow())
    if found.bureaux["hidden"].any() or found.total is None:
        st.caption(
            _(
                "Hidden: fewer than 11 people in or left out, or a number that would tell such a "
                "one."
            )
        )


def _before_consent(rule: Universe, channel: str) -> None:
    """Say that not all who are counted get a message, where the rule does not ask who agreed."""
    told = {
        "email": _(
            "Counted before consent: who did not agree to letters by e-mail gets none. Choose "
            "this consent above to count who did."
        ),
        "sms": _(
            "Counted before consent: who did not agree to texts gets none. Choose this consent "
            "above to count who did."
        ),
        "phone": _("Counted before refusals: who asked for no calls is not called."),
    }
    if channel in told and ("consent", channel) not in rule.leaves:
        st.caption(told[channel])


def _save(contacts: Contacts, rule: Universe) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    name = left.text_input(_("Name of the universe"), max_chars=120, key="universe.name")
    if right.button(_("Save"), key="universe.save", disabled=not name.strip(), width="stretch"):
        library.save(contacts, name, rule)
        st.session_state["universes.said"] = [_("Saved: {name}").format(name=messages.plain(name))]
        st.rerun()


def _listed(place: Workspace, contacts: Contacts, ground: Ground) -> None:
    """Show the universes that were saved, and how many are in each today."""
    every = library.saved(contacts)
    # Each is counted anew, which takes its time: nobody waits for it who did not ask.
    if not every or not st.toggle(
        _("Saved universes, and how many are in each today"), key="universe.list"
    ):
        return
    if not ground.abstention and any(one.rule.asks_abstention for one in every):
        ground = _expected(place)
    counted = library.counted(contacts, ground)
    shown = [
        {
            _("Name"): one.name,
            _("People"): _("not countable") if found is None else _total(found),
            _("Saved on"): date(datetime.fromtimestamp(one.at_s, UTC).date()),
            _("Whom it means"): messages.translate(one.rule.sentence),
        }
        for one, found in counted
    ]
    st.dataframe(shown, hide_index=True, width="stretch")
    if any(found is None for _one, found in counted):
        st.caption(_("Not countable: its roll is no longer in use, or the law refuses its rule."))


# ---- what leaves ---------------------------------------------------------------------------


def _export(contacts: Contacts, rule: Universe, ground: Ground, channel: str) -> None:
    if channel in ("email", "sms"):
        st.info(_("Save the universe: messages are written and sent by the program itself."))
        return
    names = (
        channel == "door"
        and rule.of == "roll"
        and st.checkbox(_("Names on the list, with the notice of the data"), key="universe.names")
    )
    if not st.button(_("Prepare the list"), key="universe.prepare"):
        st.caption(_("Whoever takes a list is written down, with the rule and the number of rows."))
        return
    leaving = take_out(contacts, rule, ground, Asked(channel, bool(names), language()))
    _take(leaving, channel)


def _take(leaving: Leaving, channel: str) -> None:
    """Show by which rules a list may leave, and the buttons that hand it out."""
    for one in leaving.passage.refusals:
        st.warning(messages.plain(messages.translate(one.text)))
    for rule_name in leaving.passage.rules:
        why = messages.plain(messages.translate(lawful_words.why(rule_name)))
        st.caption(f"{why} · {lawful_words.basis(rule_name, language())}")
    if n := leaving.without:
        st.caption(
            ngettext(
                "{n} person more may be reached so, and is not on the list: they gave no number "
                "or address.",
                "{n} people more may be reached so, and are not on the list: they gave no number "
                "or address.",
                n,
            ).format(n=number(n))
        )
    if not leaving.rows:
        st.info(_("The list is empty: nobody in this universe gave what it needs."))
        return
    label = _("Take the list ({n} rows)").format(n=number(len(leaving.rows)))
    taken_away.offer(None, label, leaving.to_csv(), f"{channel}.csv", key="universe.take")
    if leaving.columns == DOORS:
        st.caption(
            _(
                "One row an address, by its code: the targets that turfs are cut from (command "
                "`turfs --targets`). To read streets and names, tick the names above."
            )
        )
    if channel == "post":
        taken_away.offer(
            None,
            _("Take the labels (PDF, 21 a sheet)"),
            leaving.to_labels(language()),
            "labels.pdf",
            key="universe.labels",
        )
