"""Files of a place: given, told apart, and read while the page looks on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import streamlit as st
from pages._ui.data.reading import Job

from analysis.workflows.build import Inputs
from pages._ui import commands, state
from pages._ui.data import build_progress, guess_role
from pages._ui.data.given_files import Given, ask_files
from pages._ui.i18n import _


def files() -> None:
    """Ask for the files of a place, and read them when told to."""
    build_progress.explain()
    st.markdown(
        _(
            "Bring the **two files of results** (“Données des élections agrégées”: "
            "*general_results* and *candidats_results*). What else you bring makes the answer "
            "surer: **contours** of the bureaux draw the map, **addresses** (BAN) and **census "
            "squares** (INSEE, 200 m) say where doors are and who lives there, **registered per "
            "address** link bureaux of different years."
        )
    )
    given = ask_files(_key)
    places = _ask_places()
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
    ready = not lacking and _may_write(name)
    if lacking:
        st.caption(_("Still needed: {things}.").format(things=" · ".join(lacking)))
    if st.button(
        _("Read these files"),
        type="primary",
        key=_key("read"),
        disabled=not ready or build_progress.running(),
    ):
        try:
            job = _job(given, places, leave_out=leave_out, name=name)
        except OSError as error:
            st.error(_("The files cannot be copied to this machine: {why}").format(why=error))
        else:
            build_progress.start(job)
    _command_line(given, places, leave_out=leave_out, name=name)


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
    places, wrong = guess_role.places_of(text)
    if wrong:
        st.warning(
            _(
                "Not INSEE codes: {words}. Write codes such as 75056 (commune) or 69 (département)."
            ).format(words=", ".join(wrong))
        )
    return places


def _ask_name(places: tuple[str, ...]) -> str:
    text = st.text_input(
        _("Name of the place"),
        key=_key("name"),
        placeholder=_("for example: Lyon 2027"),
        persist_state="session",
    )
    return guess_role.slug_of(text or "-".join(places))


def _lacking(given: list[Given]) -> Iterator[str]:
    """Say what keeps the files from being read."""
    roles = [file.role for file in given]
    if "general" not in roles:
        yield _("the results (general_results)")
    if "candidates" not in roles:
        yield _("the votes of each candidate (candidats_results)")
    for role in guess_role.ROLES:
        if role != "contours" and roles.count(role) > 1:
            names = ", ".join(file.name for file in given if file.role == role)
            yield _("one file instead of several for the same thing: {names}").format(names=names)
    yield from _lacking_ground(given, roles)


def _lacking_ground(given: list[Given], roles: list[str]) -> Iterator[str]:
    years = [file.year for file in given if file.role == "contours"]
    if None in years:
        yield _("the year of each file of contours")
    elif len(set(years)) < len(years):
        yield _("contours of different years")
    if {"squares", "addresses"} & set(roles) and not years:
        yield _("contours, without which squares and addresses cannot be placed")
    if "electors" in roles and "addresses" not in roles:
        yield _("addresses, which registered per address belong to")


def _may_write(name: str) -> bool:
    """Say where the place is written; what is there already is replaced only when agreed."""
    folder = state.WORKSPACES / name
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


def _inputs(
    given: list[Given], paths: list[Path], places: tuple[str, ...], *, leave_out: bool
) -> Inputs:
    of = {file.role: path for file, path in zip(given, paths, strict=True)}
    return Inputs(
        general=of.get("general", Path("general_results.csv")),
        candidates=of.get("candidates", Path("candidats_results.csv")),
        contours={
            file.year: path
            for file, path in zip(given, paths, strict=True)
            if file.role == "contours" and file.year
        },
        squares=of.get("squares"),
        addresses=of.get("addresses"),
        electors=of.get("electors"),
        places=places,
        leave_out=leave_out,
    )


def _job(given: list[Given], places: tuple[str, ...], *, leave_out: bool, name: str) -> Job:
    used = [file for file in given if file.role != guess_role.UNUSED]
    folder = TemporaryDirectory(prefix="palier-")
    paths = [_on_disk(file, Path(folder.name) / str(n)) for n, file in enumerate(used)]
    inputs = _inputs(used, paths, places, leave_out=leave_out)
    return Job(inputs, state.WORKSPACES / name, uploads=folder)


def _on_disk(file: Given, folder: Path) -> Path:
    """Return the path of a file; an uploaded one is written first, under its own name."""
    if isinstance(file.source, Path):
        return file.source
    folder.mkdir()
    stream: BinaryIO = file.source
    stream.seek(0)
    with (folder / file.name).open("wb") as copy:
        shutil.copyfileobj(stream, copy)
    return folder / file.name


def _command_line(
    given: list[Given], places: tuple[str, ...], *, leave_out: bool, name: str
) -> None:
    with st.expander(_("The same on the command line")):
        used = [file for file in given if file.role != guess_role.UNUSED]
        paths = [f.source if isinstance(f.source, Path) else Path(f.name) for f in used]
        folder = Path("workspaces") / (name or "PLACE")
        inputs = _inputs(used, paths, places, leave_out=leave_out)
        st.code(commands.build_command(inputs, folder), language="shell")
        st.caption(_("To download the official files of a place first:"))
        st.code(commands.fetch_command(places or ("75056",), folder), language="shell")
        st.caption(
            _(
                "The command line also reads the Ministry's raw files (`--raw`) and other "
                "countries (`--terrain`): `python -m analysis build --help`."
            )
        )
