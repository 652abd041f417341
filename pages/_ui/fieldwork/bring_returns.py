"""Returns coming in: files, text of a QR code, paper counts typed in."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.errors import DataError, Text, some
from analysis.fieldwork import inbox
from analysis.fieldwork.field_plan import turfs_in_field
from analysis.fieldwork.privacy import file_name
from analysis.fieldwork.store import Receipt, Store
from analysis.tables.schema import OUTCOMES
from analysis.tables.workspace import Workspace
from analysis.workflows.fieldwork import Told, count_waiting, counts_sheet, take_in, today
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.i18n import DAY, _, ngettext, number, outcome_name
from pages._ui.trial.number_tables import show_table
from pages._ui.typed_tables import keep_typed

_RESULTS = "field.results"
_ROUND = "field.round"
_COUNTS = "field.counts"
_PAPER = "field.paper.open"
# More files that have nothing but counts to tell are told together.
_MOST_BOXES = 3


def bring(place: Workspace, opened: Store) -> None:
    """Offer the ways in, and say what became of the last files."""
    st.markdown("**" + _("Bring returns in") + "**")
    # The form is new after each import: dropped files are not counted at every click.
    turn = int(st.session_state.setdefault(_ROUND, 0))
    files = st.file_uploader(
        _("Phone files (JSON) or filled sheets (CSV, XLSX)"),
        type=["json", "txt", "csv", "xlsx"],
        accept_multiple_files=True,
        key=f"field.files.{turn}",
    )
    with st.expander(_("Text of a QR code")):
        text = st.text_area(
            _("Paste the text (PALIER0:… or PALIER1:…)"), key=f"field.text.{turn}", height=90
        )
    given = [(file.name, file.getvalue()) for file in files or []]
    given += [(_("pasted text"), text.strip().encode())] if text.strip() else []
    if st.button(
        _("Import"), key="field.import", type="primary", width="stretch", disabled=not given
    ):
        _keep(take_in(opened, given))
    if st.button(
        _("Paper counts"), key="field.paper", icon=":material/edit_note:", width="stretch"
    ):
        st.session_state[_PAPER] = True
    # Others' returns run the page again: it stays open then, with all that was typed.
    if st.session_state.get(_PAPER):
        # A grid needs more room than the column beside the numbers has.
        wide = st.dialog(_("Paper counts"), width="large", on_dismiss=_close_paper)
        wide(_paper)(place, opened)
    _waiting(opened)
    _told()


def _close_paper() -> None:
    st.session_state.pop(_PAPER, None)


def _keep(results: list[Told]) -> None:
    _close_paper()
    load_fieldwork.look_again()
    for name, result in results:
        new = None if isinstance(result, DataError) else result.new
        visitor.current().note("import", file_name(name, "returns"), new)
    # What was refused stays until a file of that name is taken, or somebody puts it aside.
    again = {name for name, _told in results}
    open_still = [one for one in _refused() if one[0] not in again]
    st.session_state[_RESULTS] = results + open_still
    st.session_state[_ROUND] += 1
    st.rerun()


def _refused() -> list[Told]:
    kept: list[Told] = st.session_state.get(_RESULTS, [])
    return [one for one in kept if isinstance(one[1], DataError)]


def _put_aside(name: str) -> None:
    kept: list[Told] = st.session_state.get(_RESULTS, [])
    st.session_state[_RESULTS] = [one for one in kept if one[0] != name]


def _waiting(opened: Store) -> None:
    """Offer to count the files that a failing store left behind."""
    waiting = len(inbox.waiting(opened.folder))
    if not waiting:
        return
    if turfs_in_field(opened):
        told = ngettext(
            "{n} file was received but not counted: the store did not answer.",
            "{n} files were received but not counted: the store did not answer.",
            waiting,
        )
    else:
        told = ngettext(
            "{n} file was received and waits until turfs are in the field.",
            "{n} files were received and wait until turfs are in the field.",
            waiting,
        )
    st.warning(told.format(n=number(waiting)))
    if st.button(_("Count them now"), key="field.retry"):
        _keep(count_waiting(opened))


def _told() -> None:
    """Say what was imported, known already, in conflict, or refused and why."""
    results: list[Told] = list(st.session_state.get(_RESULTS, []))
    plain = [one for one in results if _is_plain(one[1])]
    if len(plain) > _MOST_BOXES:
        _together(plain)
        results = [one for one in results if not _is_plain(one[1])]
    for name, result in results:
        if isinstance(result, DataError):
            st.markdown(_("**{file}** was refused:").format(file=messages.plain(name)))
            messages.show_error(result)
            st.button(_("Put aside"), key=f"field.aside.{name}", on_click=_put_aside, args=(name,))
            continue
        said = _("**{file}**: {new} new, {repeated} already known, {conflicts} in conflict.")
        shown = said.format(
            file=messages.plain(name),
            new=number(result.new),
            repeated=number(result.repeated),
            conflicts=number(result.conflicts),
        )
        box = st.warning if result.conflicts else st.success if result.new else st.info
        box(shown)
        if result.missing:
            st.info(
                ngettext(
                    "{n} missing building was reported: see “Checks”.",
                    "{n} missing buildings were reported: see “Checks”.",
                    result.missing,
                ).format(n=number(result.missing))
            )
        if result.conflicts:
            st.caption(
                _("What was told first still counts; the other telling is kept under “Checks”.")
            )
        if result.withheld:
            st.warning(_withheld(result.withheld))
        for note in result.notes:
            st.info(messages.translate(note))


def _is_plain(result: Receipt | DataError) -> bool:
    """Tell whether all of a file that there is to say are two counts."""
    return not isinstance(result, DataError) and not (
        result.conflicts or result.missing or result.withheld or result.notes
    )


def _together(told: list[Told]) -> None:
    """Say what many files brought in one line; which they were unfolds."""
    counts = [(name, one) for name, one in told if not isinstance(one, DataError)]
    st.success(
        ngettext(
            "**{n} file**: {new} new, {repeated} already known.",
            "**{n} files**: {new} new, {repeated} already known.",
            len(counts),
        ).format(
            n=number(len(counts)),
            new=number(sum(one.new for _name, one in counts)),
            repeated=number(sum(one.repeated for _name, one in counts)),
        )
    )
    with st.expander(_("File by file")):
        show_table(
            pd.DataFrame(
                {
                    _("File"): [name for name, _one in counts],
                    _("New"): [one.new for _name, one in counts],
                    _("Known already"): [one.repeated for _name, one in counts],
                }
            )
        )


def _withheld(found: tuple[Text, ...]) -> str:
    said = ngettext(
        "{n} remark seemed to tell who somebody is, and was not kept: {some}. The rest counts.",
        "{n} remarks seemed to tell who somebody is, and were not kept: {some}. The rest counts.",
        len(found),
    )
    return said.format(n=number(len(found)), some=messages.plain(messages.translate(some(found))))


def _paper(place: Workspace, opened: Store) -> None:
    """Type in what a sheet of paper says: a row per address, a number per outcome."""
    st.caption(_("One row per address: how many doors ended how. Empty cells count nothing."))
    turfs = turfs_in_field(opened)
    if not turfs:
        st.info(_("No turfs are in the field yet."))
        return
    turf = st.selectbox(_("Turf"), turfs, key="field.paper.turf", persist_state="session")
    left, right = st.columns(2)
    day = left.date_input(_("Day"), today(opened), key="field.paper.day", format=DAY)
    team = right.text_input(_("Team"), max_chars=24, key="field.paper.team")
    stops = load_fieldwork.stops(place, opened, turf)
    blank = stops.assign(**dict.fromkeys(OUTCOMES, pd.array([pd.NA] * len(stops), dtype="Int64")))
    # No most: a table makes another number of one that is too large while it is typed, and says
    # nothing; what is taken in says which.
    columns = {
        name: st.column_config.NumberColumn(outcome_name(name), min_value=0, step=1)
        for name in OUTCOMES
    }
    columns["address"] = st.column_config.TextColumn(_("Address"), disabled=True)
    columns["dwellings"] = st.column_config.NumberColumn(_("Doors"), disabled=True)
    typed = st.data_editor(
        blank,
        column_config=columns,
        column_order=["address", "dwellings", *OUTCOMES],
        hide_index=True,
        key=f"{_COUNTS}.{turf}.{st.session_state[_ROUND]}",
        width="stretch",
        height=360,
        placeholder="",
    )
    keep_typed(_COUNTS)
    filled = typed[typed[list(OUTCOMES)].notna().any(axis=1)]
    if not st.button(_("Add these counts"), key="field.paper.add", disabled=filled.empty):
        return
    _keep(take_in(opened, [counts_sheet(filled, turf_id=turf, day=day, team_id=team)]))
