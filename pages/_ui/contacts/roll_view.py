"""View: the electoral roll, taken in with its promise, counted, and ended."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.contacts.roll_counts import count_ages, count_bureaux, shown_bureaux
from analysis.contacts.roll_origin import PROMISE, Origin
from analysis.contacts.roll_store import (
    DONE,
    EXPIRED,
    NOT_RESTORED,
    REPLACED,
    Roll,
    end_roll,
    rolls,
)
from analysis.errors import DataError
from analysis.readers.roll_layout import RollSource
from analysis.tables.spreadsheet_text import csv_text
from analysis.workflows.roll_import import import_roll
from pages._ui import loaders, messages
from pages._ui.access import taken_away
from pages._ui.contacts.people_opened import narrow, opened
from pages._ui.i18n import DAY, _, date, number

_SAID = "roll.said"


def roll() -> None:
    """Let a roll be taken in, and show those that are in use."""
    with opened() as (contacts, place):
        known = rolls(contacts)
        used = [one for one in known if not one.ended]
        if said := st.session_state.pop(_SAID, ""):
            st.success(said)
        with st.expander(_("Take in a roll"), expanded=not used):
            _form(contacts, place)
        for one in used:
            _show(contacts, one)
        if used:
            _counts(contacts)
        elif not known:
            st.info(_("No roll yet. Any voter may ask a town hall or the prefecture for it."))
        if over := [one for one in known if one.ended]:
            with st.expander(_("Rolls that are over ({n})").format(n=len(over))):
                for one in over:
                    st.markdown(f"{messages.plain(one.file)} · {_ended(one.ended)}")


def _form(contacts: Contacts, place: Path) -> None:
    st.caption(
        _(
            "Kept: names, sex, day of birth, address, bureau. Place and country of birth and "
            "nationality are not read at all, and every row is deleted after the last round."
        )
    )
    with st.form("roll.form", border=False):
        file = st.file_uploader(
            _("Extract of the roll (CSV)"), type=["csv", "txt"], key="roll.file"
        )
        origin = _origin()
        if not st.form_submit_button(_("Take in"), key="roll.take", type="primary"):
            return
    if file is None:
        messages.show_error(
            DataError(
                "No file of the roll was given.",
                mend="Choose the extract as the town hall or the prefecture gave it out.",
            )
        )
        return
    try:
        with st.spinner(_("Reading the roll…")):
            # From memory: what must not be read reaches no disk of ours.
            source = RollSource(file.name, file.getbuffer())
            done = import_roll(contacts, place, source, origin)
    except DataError as error:
        messages.show_error(error)
        return
    again = _("This file was in already: nothing was added.")
    taken = _("{rows} rows are in.").format(rows=number(done.roll.rows))
    if done.replaced:
        taken += " " + _("It replaces an older list of the same bureaux.")
    st.session_state[_SAID] = again if done.again else taken
    st.rerun()


def _origin() -> Origin:
    """Ask who asked for the roll; the promise counts once its box is ticked."""
    # Row by row, so that a phone asks in the same order.
    left, right = st.columns(2)
    asked_by = left.text_input(_("Asked for by"), key="roll.asked_by")
    at = right.text_input(_("Town hall or prefecture"), key="roll.place")
    left, right = st.columns(2)
    asked_on = left.date_input(_("Asked for on"), None, key="roll.asked_on", format=DAY)
    dated = right.date_input(_("Day of the list"), None, key="roll.dated", format=DAY)
    left, right = st.columns(2)
    by = left.text_input(_("Promise signed by"), key="roll.promised_by")
    signed = right.date_input(_("Signed on"), None, key="roll.signed", format=DAY)
    until = st.date_input(
        _("Last day of use"),
        None,
        key="roll.until",
        format=DAY,
        help=_("The last round of the campaign ends it at the latest."),
    )
    promised = st.checkbox(messages.translate(PROMISE), key="roll.promised")
    return Origin(asked_by, at, asked_on, by if promised else "", signed, dated, until)


def _show(contacts: Contacts, one: Roll) -> None:
    with st.container(border=True):
        st.markdown(
            "**"
            + messages.plain(one.file)
            + "** · "
            + _("list of {day}, until {until}").format(
                day=_day(one.origin.list_date), until=_day(one.origin.expires_on)
            )
        )
        st.caption(
            _("Asked for by {who} at {place}; promise signed by {by}, {day}.").format(
                who=messages.plain(one.origin.asked_by),
                place=messages.plain(one.origin.place),
                by=messages.plain(one.origin.promised_by),
                day=_day(one.origin.promised_on),
            )
        )
        numbers = {
            _("Rows of the file"): one.file_rows,
            _("Rows kept"): one.rows,
            _("Rows refused"): one.file_rows - one.rows,
            _("Without a known address"): one.counts["no_address"],
        }
        for column, (label, value) in zip(st.columns(4), numbers.items(), strict=True):
            column.metric(label, number(value))
        _lacking(one)
        if one.refused:
            _refused(one)
        dropped = ", ".join(messages.plain(name) for name in one.dropped["forbidden"])
        st.caption(_("Not read: {columns}.").format(columns=dropped or _("nothing")))
        _end(contacts, one)


def _lacking(one: Roll) -> None:
    words = {
        "no_bureau": _("without a bureau: {n}"),
        "unknown_bureau": _("of a bureau the results do not know: {n}"),
        "partial_date": _("with the year of birth alone: {n}"),
        "no_date": _("without a day of birth: {n}"),
        "LCM": _("on the municipal list of citizens of the Union: {n}"),
        "LCE": _("on the European list of citizens of the Union: {n}"),
    }
    told = [text.format(n=number(one.counts[name])) for name, text in words.items()]
    st.caption(_("Rows kept") + " · " + " · ".join(told))


def _refused(one: Roll) -> None:
    words = {
        "encoding": _("letters that cannot be read"),
        "cells": _("other cells than the header"),
        "no_name": _("no name"),
        "elsewhere": _("of another commune"),
        "minor": _("a year or more under voting age"),
    }
    rows = [(words.get(why, why), part["rows"], part["lines"]) for why, part in one.refused.items()]
    table = pd.DataFrame(rows, columns=[_("Refused because"), _("Rows"), _("Lines of the file")])
    st.dataframe(table, hide_index=True)
    taken_away.offer(
        None,
        _("Lines refused (CSV)"),
        csv_text(table),
        f"palier_roll_{one.roll[:8]}_refused.csv",
        key=f"roll.refused.{one.roll}",
        on_click="ignore",
    )


def _end(contacts: Contacts, one: Roll) -> None:
    with st.popover(_("End this roll"), icon=":material/delete:"):
        st.markdown(
            _("{rows} rows are deleted for good. Turfs already cut stay as they are.").format(
                rows=number(one.rows)
            )
        )
        if st.button(_("Delete for good"), key=f"roll.end.{one.roll}", type="primary"):
            gone = end_roll(contacts, one.roll, DONE)
            st.session_state[_SAID] = _("{rows} rows were deleted.").format(rows=number(gone))
            st.rerun()


def _counts(contacts: Contacts) -> None:
    st.subheader(_("By bureau"))
    # How many citizens of the Union a bureau has is not shown: they are a handful.
    table = shown_bureaux(count_bureaux(contacts))
    names = {
        "bureau_id": _("Bureau"),
        "main": _("Main list"),
        "placed": _("At a known address"),
    }
    shown = table[list(names)].assign(bureau_id=loaders.labels(table["bureau_id"]))
    shown["bureau_id"] = shown["bureau_id"].mask(table["bureau_id"] == "", _("no bureau"))
    st.dataframe(
        shown.rename(columns=names),
        hide_index=True,
        placeholder=_("hidden here"),
        column_config=narrow(),
    )
    if table[["main", "placed"]].isna().any(axis=None):
        st.caption(_("Counts under 11, and those that would tell one, are not shown."))
    with st.expander(_("By age and sex")):
        st.caption(_("Counts under 11, and those that would tell one, are not shown."))
        ages = count_ages(contacts)
        ages["sex"] = ages["sex"].map({"F": _("Women"), "M": _("Men")})
        wide = ages.pivot_table(
            index="bureau_id",
            columns=["sex", "age"],
            values="registered",
            aggfunc="sum",
            min_count=1,
        )
        wide.columns = [f"{sex} {age}" for sex, age in wide.columns]
        wide.index = pd.Index(loaders.labels(wide.index), name=_("Bureau"))
        st.dataframe(wide, placeholder=_("hidden here"))


def _day(day: dt.date | None) -> str:
    return date(day) if day else ""


def _ended(reason: str) -> str:
    words = {
        EXPIRED: _("expired"),
        DONE: _("ended by hand"),
        REPLACED: _("replaced by a newer list"),
        NOT_RESTORED: _("not in the backup that was restored: take it in again"),
    }
    return words.get(reason, reason)
