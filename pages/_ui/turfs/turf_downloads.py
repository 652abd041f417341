"""From the screen to the field: turfs put into service, and what teams take along."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.exports.field_kit.kit import Kit, returns_url
from analysis.fieldwork.field_plan import compare
from analysis.tables.workspace import Workspace
from analysis.turf.walk_list import Walks
from analysis.workflows import server_access
from analysis.workflows.contacts_open import who_answers
from analysis.workflows.door_contacts import door_form
from analysis.workflows.fieldwork import put_into_field
from analysis.workflows.roll_doors import rolls_in_use
from analysis.workflows.turf_links_out import LASTS_DAYS, keep_pages
from analysis.workflows.turf_output import zip_of
from pages._ui import messages, state
from pages._ui.access import taken_away, visitor
from pages._ui.fieldwork import load_fieldwork as field
from pages._ui.i18n import _, language, ngettext, number
from pages._ui.turfs import load_turfs as found

_PROBLEM = "turfs.problem"


def files(place: Workspace, folder: Path, walks: Walks, turf: str | None) -> None:
    """Offer the kit, and one turf's sheet and phone page, once the field knows the turfs."""
    known = _put_into_field(place, walks)
    options = _options(place)
    zones = visitor.current().zones("hand_out")
    kit = partial(found.kit, str(folder), str(place.path), place.digest, options, zones)
    name = f"palier_{place.path.name}_{walks.summary.get('cut') or folder.name[:8]}"
    left, right = st.columns(2)
    taken_away.offer(
        left,
        _("Everything for the teams (ZIP)"),
        partial(_zip, kit, folder, None if zones is None else walks),
        f"{name}.zip",
        key="turfs.kit",
        on_click="ignore",
        type="primary",
        width="stretch",
        disabled=not known,
        help=_("Cover, sheets to print, phone pages, GPX, KML, GeoJSON, CSV, XLSX, form."),
    )
    taken_away.offer(
        right,
        _("Sheets to print (PDF)"),
        partial(_sheets, kit, place.path),
        f"{name}.pdf",
        key="turfs.sheets",
        on_click="ignore",
        width="stretch",
        disabled=not known,
    )
    taken_away.offer(
        left,
        _("Sheet of turf {turf} (PDF)").format(turf=turf or "…"),
        partial(sheet, kit, turf or "", place.path),
        f"{turf}.pdf",
        key="turfs.sheet",
        on_click="ignore",
        width="stretch",
        disabled=not (known and turf),
        help=None if turf else _("Choose a turf above."),
    )
    taken_away.offer(
        right,
        _("Phone page of turf {turf} (HTML)").format(turf=turf or "…"),
        partial(phone, kit, turf or ""),
        f"{turf}.html",
        key="turfs.phone",
        on_click="ignore",
        width="stretch",
        disabled=not (known and turf),
        help=_("One file to send to the team: it works without network, on any phone."),
    )
    if known and turf:
        _link(kit, turf, place.path, dict(options)["address"])
    if known and rolls_in_use(place):
        _named(place, walks, kit, name)
    _lists(kit, name)


def _named(place: Workspace, walks: Walks, kit: partial[Kit], name: str) -> None:
    """Offer sheets with the names of the roll, gathered when asked for and kept nowhere."""
    from analysis.exports.field_kit.sheets import sheets_pdf
    from analysis.workflows.names_at_doors import door_names

    here = visitor.current()
    if not st.button(
        _("Prepare sheets with the names of the electoral roll"),
        key="turfs.names",
        disabled=here.person is not None and not here.may("contacts"),
        help=_("With the notice of the data on each page. Who takes them is written down."),
    ):
        return
    by = here.person.user_id if here.person else ""
    with messages.explain_data_errors():
        made = linked(kit, place.path)
        people = door_names(place.path, walks, language=made.language, by=by)
        content, file = sheets_pdf(replace(made, people=people)), f"{name}_noms.pdf"
        label = _("Sheets with names (PDF)")
        taken_away.offer(None, label, content, file, right="contacts", key="turfs.named")


def _put_into_field(place: Workspace, walks: Walks) -> bool:
    """Say whether the field counts on these turfs; let it be told."""
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.show_error(problem)
    store = field.store(place)
    plan = compare(store, walks.turfs)
    if plan == "same":
        st.success(_("These turfs are in the field: returns are counted against them."))
        return True
    if plan == "other":
        st.warning(
            _(
                "Other turfs of these bureaux are in the field. Putting these there replaces "
                "them: returns already imported are kept, but sheets and phone pages already "
                "handed out name turfs that will no longer be known by the same addresses."
            )
        )
    else:
        st.info(
            _("The field does not know these turfs yet. Put them there, then hand out the files.")
        )
    if st.button(_("Put these turfs into the field"), key="turfs.register", type="primary"):
        with messages.explain_data_errors():
            put_into_field(store, walks)
            field.look_again()
            visitor.current().note("plan", place.path.name, len(walks.turf_ids))
        st.rerun()
    return False


def _options(place: Workspace) -> tuple[tuple[str, str], ...]:
    """Ask what stands on the sheets."""
    with st.expander(_("What stands on the sheets")):
        large = st.checkbox(_("Large print"), key="turfs.large", persist_state="session")
        answers, known = {}, who_answers(place.path)
        # What the page Law says already is not asked for again.
        usual = {
            "controller": known.name,
            "contact": known.contact,
            "address": server_access.settings().address,
        }
        for key, label, help_ in (
            ("controller", _("Who answers for the data"), _("Party, list or candidate.")),
            ("contact", _("How to reach them"), _("An e-mail address or a telephone number.")),
            (
                "address",
                _("Address of the campaign's server (optional)"),
                _(
                    "Only if this app is open to the teams' phones over HTTPS: their pages then "
                    "have a button that sends the returns here."
                ),
            ),
        ):
            name = f"turf_{key}"
            state.recall(name, usual.get(key, ""))
            answers[key] = st.text_input(label, key=name, help=help_).strip()
            st.session_state.setdefault("state.answers", {})[name] = answers[key]
        answers["address"] = _server(answers["address"])
        door = st.checkbox(
            _("Let people leave their contact"),
            key="turfs.door",
            persist_state="session",
            help=_(
                "Adds a form to the phone pages and a slip to the sheets: a person ticks, writes "
                "and signs by themselves. Say first who answers for the campaign: page Law."
            ),
        )
    answers["door"] = _door(place) if door else ""
    chosen = {**answers, "large": "yes" if large else "", "language": language()}
    return tuple(sorted(chosen.items()))


def _door(place: Workspace) -> str:
    """Return who answers for contacts, so that another answer makes other pages; "" for nobody."""
    try:
        return str(door_form(place.path))
    except DataError as error:
        messages.show_error(error)
        return ""


def _server(address: str) -> str:
    """Return the address of the server; none where phones could not send to what was written."""
    try:
        returns_url(address)
    except DataError as error:
        messages.show_error(error)
        return ""
    return address


def _lists(kit: partial[Kit], name: str) -> None:
    """Offer the walks for other programs."""
    with st.expander(_("For maps and spreadsheets")):
        columns = st.columns(3)
        kinds = {
            ".gpx": "GPX (OsmAnd, Organic Maps)",
            ".kml": "KML (Google Earth)",
            ".geojson": "GeoJSON",
            ".csv": "CSV",
            ".xlsx": "Excel",
        }
        for n, (suffix, label) in enumerate(kinds.items()):
            taken_away.offer(
                columns[n % 3],
                label,
                partial(_list, kit, suffix),
                f"{name}{suffix}",
                key=f"turfs{suffix}",
                on_click="ignore",
                width="stretch",
            )


def earlier(place: Workspace, folders: list[Path]) -> Path | None:
    """Ask which cut to look at; the latest unless another was chosen.

    Parameters
    ----------
    place
        Which was cut.
    folders
        Of its cuts; those without a turf of who is here are not offered.
    """
    own = ((folder, found.own_walks(place, str(folder))) for folder in folders)
    known = {folder.name: (folder, walks) for folder, walks in own if walks is not None}
    names = {name: folder for name, (folder, _walks) in known.items()}
    if not names:
        return None
    first = next(iter(names))
    state.recall("turfs.cut", first)
    if st.session_state["turfs.cut"] not in names:
        state.answer_with("turfs.cut", first)
    if len(names) == 1:
        return names[first]
    name = st.selectbox(
        _("Cut"),
        list(names),
        **state.begins_with("turfs.cut", list(names)),
        format_func=lambda one: _described(*known[one]),
        key="turfs.cut",
    )
    st.session_state.setdefault("state.answers", {})["turfs.cut"] = name
    return names[name]


def _described(folder: Path, walks: Walks) -> str:
    made = pd.Timestamp(folder.stat().st_mtime, unit="s", tz="UTC").tz_convert("Europe/Paris")
    turfs = ngettext("{n} turf", "{n} turfs", len(walks.turf_ids))
    return _("{cut} · {day}: {turfs}, {doors} doors").format(
        cut=walks.summary.get("cut") or folder.name[:8],
        day=made.strftime("%d/%m %H:%M"),
        turfs=turfs.format(n=number(len(walks.turf_ids))),
        doors=number(walks.summary["doors"]),
    )


def _zip(kit: partial[Kit], folder: Path, part: Walks | None) -> bytes:
    return zip_of(kit(), folder, part)


def linked(kit: partial[Kit], place: Path, turf: str | None = None) -> Kit:
    """Return the kit; the links in its codes, or in that of one turf, open from now on."""
    made = kit()
    keep_pages(made, Workspace(place), turfs=None if turf is None else [turf])
    return made


def _sheets(kit: partial[Kit], place: Path) -> bytes:
    from analysis.exports.field_kit.sheets import sheets_pdf

    return sheets_pdf(linked(kit, place))


def sheet(kit: partial[Kit], turf: str, place: Path) -> bytes:
    """Return the sheet of a turf, to print (PDF)."""
    from analysis.exports.field_kit.sheets import sheet_pdf

    return sheet_pdf(linked(kit, place, turf), turf)


def _link(kit: partial[Kit], turf: str, place: Path, address: str) -> None:
    """Show the link of a turf, to send to its team; who asked for it is written down."""
    if not address:
        st.caption(
            _(
                "With the address of the server (above, “What stands on the sheets”) this turf "
                "also has a link that opens its phone page."
            )
        )
        return
    if not st.button(_("Link of turf {turf}").format(turf=turf), key="turfs.link"):
        return
    with messages.explain_data_errors():
        made = linked(kit, place, turf)
        visitor.current().note("download", f"{turf}.html")
        st.code(made.code(turf), language=None, wrap_lines=True)
        st.caption(
            _(
                "For the team of this turf only: whoever has the link sees its doors and can send "
                "returns. It opens for {n} days."
            ).format(n=number(LASTS_DAYS))
        )


def phone(kit: partial[Kit], turf: str) -> bytes:
    """Return the page of a turf for the phone (HTML)."""
    from analysis.exports.field_kit.phone import phone_page

    return phone_page(kit(), turf)


def _list(kit: partial[Kit], suffix: str) -> bytes:
    from analysis.exports.field_kit.turf_files import WRITERS

    return WRITERS[suffix](kit())
