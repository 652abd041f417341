"""What leaves the field: every attempt, the counts, and what Impact needs."""

from __future__ import annotations

import io
from functools import partial

import pandas as pd
import streamlit as st
import xlsxwriter

from analysis.fieldwork import progress
from analysis.tables.workspace import Workspace
from analysis.workflows import fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _

_SHEETS = ("day", "team_id", "bureau_id", "turf_id")


def hand(place: Workspace, asked: Mark) -> None:
    """Offer files; each is made when its button is pressed."""
    name = f"palier_{place.path.name}"
    left, right = st.columns(2)
    left.download_button(
        _("Every attempt (CSV)"),
        partial(_attempts, asked),
        f"{name}_attempts.csv",
        key="field.attempts",
        on_click="ignore",
        width="stretch",
    )
    right.download_button(
        _("Counts by day, team, bureau, turf (Excel)"),
        partial(_workbook, asked),
        f"{name}_field.xlsx",
        key="field.workbook",
        on_click="ignore",
        width="stretch",
    )
    st.subheader(_("For the page Impact"))
    st.markdown(
        _(
            "After the vote, Impact compares the bureaux that were to be canvassed with those held "
            "back. This table says what each bureau really received: `received`, the share of its "
            "doors knocked at, and `reached`, conversations per registered voter."
        )
    )
    st.download_button(
        _("Received and reached, by bureau (CSV)"),
        partial(_contact, asked, place),
        f"{name}_contact.csv",
        key="field.contact",
        on_click="ignore",
    )
    st.page_link("pages/impact.py", label=_("Open Impact"), icon=":material/balance:")


def _attempts(asked: Mark) -> bytes:
    return fieldwork.attempts_to_bytes(asked.store)


def _contact(asked: Mark, place: Workspace) -> bytes:
    table = fieldwork.contact(asked.store, place)
    return table.to_csv(index=False, lineterminator="\n").encode()


def _workbook(asked: Mark) -> bytes:
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        for key in _SHEETS:
            _worksheet(book, key, progress.by(asked.store, key))
    return out.getvalue()


def _worksheet(book: xlsxwriter.Workbook, key: str, table: pd.DataFrame) -> None:
    sheet = book.add_worksheet(key)
    sheet.write_row(0, 0, list(table.columns), book.add_format({"bold": True, "bottom": 1}))
    texts = table.assign(**{key: table[key].astype("str")}).astype(object)
    for row, values in enumerate(texts.where(texts.notna(), None).to_numpy().tolist(), start=1):
        sheet.write_row(row, 0, values)
    sheet.freeze_panes(1, 1)
    sheet.autofit()
