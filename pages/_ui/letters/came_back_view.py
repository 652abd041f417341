"""View: what came back of a message, by bureau and day; counts, and nobody's name."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from analysis.contacts.asked import WORDS
from analysis.contacts.contact_store import Contacts
from analysis.messages.came_back import CameBack, came_back
from pages._ui import loaders, messages
from pages._ui.i18n import _, date, language, number, percent
from pages._ui.letters import effect_view, load_letters
from pages._ui.trial.arms_view import choose_view


def back() -> None:
    """Show what a message changed, then what came back of it."""
    with load_letters.opened() as (contacts, place), messages.explain_data_errors():
        message = load_letters.choose(
            contacts,
            lambda row: bool(row["approved"]),
            _("No message is approved yet: nothing came back."),
        )
        if message is not None:
            effect_view.effect(contacts, place, message)
            _counts(contacts, message)


def _counts(contacts: Contacts, message: str) -> None:
    found = came_back(contacts, message)
    st.subheader(_("What came back"))
    names = {
        "sent": _("Sent"),
        "delivered": _("Delivered"),
        "bounced": _("Came back"),
        "complained": _("Complaints"),
        "left": _("Unsubscribed"),
        "replied": _("Replies"),
        "signed": _("Signed up"),
    }
    for column, name in zip(st.columns(len(names)), names, strict=True):
        shown = found.counts[name] if name == "sent" or not found.hidden else None
        column.metric(names[name], "–" if shown is None else number(shown))
    if found.hidden:
        st.info(_("Fewer than 11 letters left: nothing more is shown."))
        return
    st.caption(
        _(
            "Delivered: taken by the mail server or the gateway of texts, and not come back. "
            "Whether anybody read it is not known: nobody is watched."
        )
    )
    if loads := found.counts["loaded"] + found.counts["loaded_by_machine"]:
        told = _(
            "Loads: {n}, of which {machine} by programs that say so. A load is no reader: programs "
            "of mail fetch pictures by themselves. Only who agreed is counted, by eleven or more. "
            "By bureau, those of such programs are left out."
        )
        machine = number(found.counts["loaded_by_machine"])
        st.caption(told.format(n=number(loads), machine=machine))
    st.caption(
        _(
            "Replies: mails and texts that answer it, as far as they are read here; automatic ones "
            "do not count, and nothing they say is kept."
        )
    )
    st.caption(
        _(
            "Signed up: said since the approval that they help, give, or care about a theme. "
            "Whether the message did it is told above, against those kept for comparison."
        )
    )
    _by_bureau(found)
    _by_theme(found)
    _by_day(found)


def _by_bureau(found: CameBack) -> None:
    st.markdown(_("**By bureau**"))
    table = found.by_bureau
    hidden = _("hidden here")
    ids = table["cell"].astype("str")
    named = dict(zip(ids, loaders.labels(ids), strict=True))
    rates = {
        kind: [
            hidden if pd.isna(rate) else f"{percent(rate)} ({percent(low)} – {percent(high)})"
            for rate, low, high in table[
                [f"{kind}_{x}" for x in ("rate", "low", "high")]
            ].to_numpy()
        ]
        for kind in ("left", "signed")
    }
    names = {
        "left": _("Unsubscribed"),
        "signed": _("Signed up"),
        "replied": _("Replies"),
        "bounced": _("Came back"),
        "loaded": _("Loads"),
    }
    kinds = {
        **rates,
        "replied": _events(table, "replied"),
        "bounced": [hidden if pd.isna(n) else number(n) for n in table["bounced"]],
    }
    if table["loaded"].notna().any():
        kinds["loaded"] = _events(table, "loaded")
    # One beside the name of the bureau: a phone has room for no more.
    kind = choose_view({one: names[one] for one in kinds}, "letters_by")
    load_letters.table_of(
        {
            _("Bureau"): [named[one] or "–" for one in ids],
            _("Sent"): [hidden if pd.isna(n) else number(n) for n in table["sent"]],
            names[kind]: kinds[kind],
        }
    )
    if table["hidden"].any():
        st.caption(_("Hidden: fewer than 11 letters, or a number that would tell such a one."))


def _events(table: pd.DataFrame, kind: str) -> list[str]:
    """Return numbers with their interval, in whole events."""
    return [
        _("hidden here")
        if pd.isna(n)
        else f"{number(n)} ({number(math.floor(low))} – {number(math.ceil(high))})"
        for n, low, high in table[[kind, f"{kind}_low", f"{kind}_high"]].to_numpy()
    ]


def _by_theme(found: CameBack) -> None:
    table = found.by_theme
    if not len(table):
        return
    st.markdown(_("**By theme**"))
    few, names = _("too few to show"), WORDS[language()]
    load_letters.table_of(
        {
            _("Theme"): [names.get(f"theme.{one}", one) for one in table["theme"]],
            _("People"): [few if pd.isna(n) else number(n) for n in table["n"]],
            _("Of all who got it"): [
                few if pd.isna(rate) else f"{percent(rate)} ({percent(low)} – {percent(high)})"
                for rate, low, high in table[["rate", "low", "high"]].to_numpy()
            ],
        }
    )


def _by_day(found: CameBack) -> None:
    st.markdown(_("**By day**"))
    table = found.by_day
    load_letters.table_of(
        {
            _("Day"): [date(day) for day in table["day"]],
            _("Sent"): [number(n) for n in table["sent"]],
            _("Came back"): [number(n) for n in table["bounced"]],
            _("Complaints"): [number(n) for n in table["complained"]],
            _("Unsubscribed"): [number(n) for n in table["left"]],
            _("Replies"): [number(n) for n in table["replied"]],
            _("Signed up"): [number(n) for n in table["signed"]],
        }
    )
