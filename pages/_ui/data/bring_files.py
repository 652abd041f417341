"""Files of a place: given, told apart, and read while the page looks on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from analysis.fetch.chosen_place import asked_for
from analysis.readers.reader_registry import NATIONAL, RAW, READERS, TERRAIN, UNUSED
from analysis.vocabulary import spoken
from analysis.workflows.jobs import BusyError
from analysis.workflows.place_files import (
    GivenFile,
    build_command,
    fetch_command,
    inputs_of,
    places_of,
    slug_of,
    start_reading,
)
from pages._ui import state
from pages._ui.access import visitor
from pages._ui.data import build_progress
from pages._ui.data.given_files import ask_files
from pages._ui.i18n import _
from pages._ui.messages import translate


def files() -> None:
    """Ask for the files of a place, and read them when told to."""
    build_progress.explain()
    abroad = spoken() is not None
    st.markdown(_what_to_bring_abroad() if abroad else _what_to_bring())
    given = ask_files(_key)
    places = () if abroad else _ask_places()
    name = _ask_name(places)
    leave_out = st.checkbox(
        _("Leave contradictory bureaux out, however many"),
        key=_key("leave_out"),
        help=_(
            "By default the reading stops when more than one bureau in a hundred contradicts "
            "itself: most often a file is cut, or two editions are mixed."
        ),
        persist_state="session",
    )
    lacking = list(_lacking(given)) + ([] if name else [_("a name for the place")])
    ready = not lacking and may_write(name)
    if lacking:
        st.caption(_("Still needed: {things}.").format(things=" · ".join(lacking)))
    if st.button(
        _("Read these files"),
        type="primary",
        key=_key("read"),
        disabled=not ready or build_progress.running(),
    ):
        used = [file for file in given if file.role != UNUSED]
        target = state.workspaces() / name
        try:
            job = start_reading(used, target, places=places, leave_out=leave_out)
        except BusyError:
            st.warning(_("Another window is writing this place: wait, or give another name."))
        except OSError as error:
            st.error(_("The files cannot be copied to this machine: {why}").format(why=error))
        else:
            visitor.current().note("build", name, len(used))
            build_progress.start(job)
    _command_line(given, places, leave_out=leave_out, name=name)


def _what_to_bring() -> str:
    return _(
        "Bring the **two files of results** (“Données des élections agrégées”: "
        "*general_results* and *candidats_results*), or raw files of the Ministry, one for "
        "each election, or a column map (TOML) and the files it names. What else you bring "
        "makes the answer surer: **contours** of the bureaux draw the map, **addresses** (BAN) "
        "and **census squares** (INSEE, 200 m) say where doors are and who lives there, "
        "**registered per address** link bureaux of different years. Without contours, they "
        "are made from the **addresses of the electoral roll** (INSEE, table-adresses-reu)."
    )


def _what_to_bring_abroad() -> str:
    return _(
        "Bring a **column map** (TOML) and the files it names: results by district and, for a map, "
        "their polygons. It says what each column means, which elections come and what things are "
        "called in that country; docs/any_terrain.md shows two whole places."
    )


def _key(name: str) -> str:
    """Name a widget of the form; after a success the form is a new one, and empty."""
    return f"bring.{build_progress.count()}.{name}"


def _ask_places() -> tuple[str, ...]:
    text = st.text_input(
        _("Codes of communes or départements to keep"),
        key=_key("places"),
        placeholder="75056, 69",
        help=_(
            "INSEE codes, not postal ones: 75056 is Paris, 69 the Rhône. Empty: everything in the "
            "files."
        ),
        persist_state="session",
    )
    places, wrong = places_of(text)
    if wrong:
        st.warning(
            _(
                "Not INSEE codes: {words}. Write codes such as 75056 (commune) or 69 (département)."
            ).format(words=", ".join(wrong))
        )
    for note in asked_for(places).notes:
        st.info(translate(note))
    return places


def _ask_name(places: tuple[str, ...]) -> str:
    text = st.text_input(
        _("Name of the place"),
        key=_key("name"),
        placeholder=_("for example: Lyon 2027"),
        persist_state="session",
    )
    return slug_of(text or "-".join(places))


def _lacking(given: list[GivenFile]) -> Iterator[str]:
    """Say what keeps the files from being read."""
    roles = [file.role for file in given]
    yield from _lacking_results(given, set(roles))
    for reader in READERS:
        if not reader.asks and roles.count(reader.role) > 1:
            names = ", ".join(file.name for file in given if file.role == reader.role)
            yield _("one file instead of several for the same thing: {names}").format(names=names)
    yield from _lacking_ground(given, set(roles))


def _lacking_results(given: list[GivenFile], roles: set[str]) -> Iterator[str]:
    ways = [bool(roles & set(NATIONAL)), RAW in roles, TERRAIN in roles]
    if sum(ways) > 1:
        yield _("results of one kind: the national files, raw files, or a column map")
    elif not (RAW in roles or TERRAIN in roles):
        if NATIONAL[0] not in roles:
            yield _("the results (general_results)")
        if NATIONAL[1] not in roles:
            yield _("the votes of each candidate (candidats_results)")
    if any(file.role == RAW and not file.election for file in given):
        yield _("the election of each raw file")


def _lacking_ground(given: list[GivenFile], roles: set[str]) -> Iterator[str]:
    years = [file.vintage for file in given if file.role == "contours"]
    if None in years:
        yield _("the year of each file of contours")
    elif len(set(years)) < len(years):
        yield _("contours of different years")
    # A column map may bring contours of its own; of the roll's addresses they are made.
    ground = years or {TERRAIN, "reu"} & roles
    if {"squares", "addresses", "reu_bureaux", "quarters"} & roles and not ground:
        yield _("contours, without which squares and addresses cannot be placed")
    if "electors" in roles and not {"addresses", "reu"} & roles:
        yield _("addresses, which registered per address belong to")


def may_write(name: str) -> bool:
    """Say where the place is written; what is there already is replaced only when agreed."""
    folder = state.workspaces() / name
    if name == state.SAMPLE_NAME:
        st.warning(_("“{name}” is the embedded place: give another name.").format(name=name))
        return False
    if not (folder / "manifest.json").is_file():
        st.caption(_("It is written to `{folder}`.").format(folder=f"workspaces/{name}"))
        return True
    return st.checkbox(
        _("Replace the place “{name}”, which is there already").format(name=name),
        key=_key(f"replace.{name}"),
        help=_("The blocs that you gave its candidates are kept."),
    )


def _command_line(
    given: list[GivenFile], places: tuple[str, ...], *, leave_out: bool, name: str
) -> None:
    with st.expander(_("The same on the command line")):
        used = [file for file in given if file.role != UNUSED]
        folder = Path("workspaces") / (name or "PLACE")
        inputs = inputs_of(used, places, leave_out=leave_out)
        st.code(build_command(inputs, folder), language="shell")
        st.caption(_("To download the official files of a place first:"))
        st.code(fetch_command(places or ("75056",), folder), language="shell")
