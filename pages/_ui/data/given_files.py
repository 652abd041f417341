"""The files that the user gives: dropped on the page or named by their paths, and told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from os import SEEK_END
from pathlib import Path, PurePath
from typing import BinaryIO, TypeVar

import streamlit as st

from analysis.errors import Text
from analysis.readers.calendar import election_in, known_elections
from analysis.readers.column_map import files_named
from analysis.readers.glance import READABLE, look, year_in
from analysis.readers.reader_registry import (
    READERS,
    ROLES,
    TERRAIN,
    UNUSED,
    role_of,
    why_nothing,
    why_unused,
)
from analysis.workflows.place_files import NAMED, GivenFile
from pages._ui.access import visitor
from pages._ui.i18n import _, election_name, size_of_file
from pages._ui.messages import translate

T = TypeVar("T")
# Names the widgets of the form that is on the page now.
Key = Callable[[str], str]


def ask_files(key: Key) -> list[GivenFile]:
    """Ask for files, and what each of them is."""
    return list(_told_apart(_uploaded(key) + _on_this_machine(key), key))


def _uploaded(key: Key) -> list[GivenFile]:
    uploads = st.file_uploader(
        _("Drop the files here, all at once"),
        type=sorted(suffix.lstrip(".") for suffix in READABLE),
        accept_multiple_files=True,
        key=key("uploads"),
        help=_("They are read on this machine and deleted once the place is written."),
    )
    return [GivenFile(Path(file.name).name, file, UNUSED) for file in uploads or []]


def _on_this_machine(key: Key) -> list[GivenFile]:
    if visitor.current().person is not None:
        # Whoever logs in is no one to read the server's disk.
        return []
    text = st.text_area(
        _("Or paths on this machine, one a line: files, or a folder with them"),
        key=key("paths"),
        height=100,
        placeholder=_("/home/me/downloads"),
        help=_("The better way for the national files, which need not travel through the page."),
        persist_state="session",
    )
    found: dict[Path, GivenFile] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            files = _files_at(Path(line.strip("\"'")).expanduser())
        except (OSError, RuntimeError) as error:
            st.warning(_("This path cannot be read: {why}").format(why=error))
            continue
        if not files:
            st.warning(_("There is no such file: `{path}`").format(path=line))
        found |= {file: GivenFile(file.name, file, UNUSED) for file in files}
    return list(found.values())


def _files_at(path: Path) -> list[Path]:
    """Return a file, or those of a folder that could be read."""
    if path.is_file():
        return [path]
    inside = sorted(path.iterdir()) if path.is_dir() else []
    return [f for f in inside if f.suffix.lower() in READABLE and f.is_file()]


def _told_apart(given: list[GivenFile], key: Key) -> Iterator[GivenFile]:
    """Guess what each file is, and let the user correct it."""
    if not given:
        return
    guessed = _guessed(given)
    names = {
        **{reader.role: translate(reader.label) for reader in READERS},
        NAMED: _("Read as the column map says"),
        UNUSED: _("Not used"),
    }
    asks = {reader.role: reader.asks for reader in READERS}
    choices = [*ROLES, *([NAMED] if NAMED in guessed else []), UNUSED]
    st.markdown("**" + _("What each file is") + "**")
    for file, guess in zip(given, guessed, strict=True):
        what, role_side, more_side = st.columns([1.3, 1.5, 1.05], vertical_alignment="center")
        what.markdown(f"`{file.name}` {_size(file)}")
        identity = _identity(file)
        role = role_side.selectbox(
            _("{file} is").format(file=file.name),
            choices,
            index=choices.index(guess),
            format_func=names.__getitem__,
            # What a column map names is asked anew when the map comes later.
            key=key(f"role.{'named.' if guess == NAMED else ''}{identity}"),
            label_visibility="collapsed",
            persist_state="session",
        )
        told = replace(file, role=role)
        with more_side:
            if why := _look(file, _why if role == UNUSED else _nothing, None):
                st.caption(translate(why))
            if asks.get(role) == "vintage":
                told = replace(told, vintage=_ask_year(file, key(f"year.{identity}")))
            elif asks.get(role) == "election":
                told = replace(told, election=_ask_election(file, key(f"election.{identity}")))
        yield told


def _ask_year(file: GivenFile, key: str) -> int | None:
    return st.number_input(
        _("Year of the contours {file}").format(file=file.name),
        min_value=1990,
        max_value=2100,
        value=year_in(file.name),
        step=1,
        key=key,
        placeholder=_("Year"),
        label_visibility="collapsed",
        persist_state="session",
    )


def _ask_election(file: GivenFile, key: str) -> str:
    guess, known = election_in(file.name), known_elections()
    elections = known if guess in known or not guess else (guess, *known)
    chosen = st.selectbox(
        _("Election of {file}").format(file=file.name),
        elections,
        index=elections.index(guess) if guess else None,
        format_func=election_name,
        key=key,
        placeholder=_("Election"),
        label_visibility="collapsed",
        persist_state="session",
    )
    return chosen or ""


def _guessed(given: list[GivenFile]) -> list[str]:
    """Return what each file is probably read as; what a column map names is read through it."""
    roles = [_look(file, _role, UNUSED) for file in given]
    maps = [file for file, role in zip(given, roles, strict=True) if role == TERRAIN]
    nothing: tuple[str, ...] = ()
    named = {PurePath(name).name for file in maps for name in _look(file, _names, nothing)}
    return [
        NAMED if file.name in named and role != TERRAIN else role
        for file, role in zip(given, roles, strict=True)
    ]


def _names(_name: str, stream: BinaryIO) -> tuple[str, ...]:
    return files_named(stream.read())


def _role(name: str, stream: BinaryIO) -> str:
    return role_of(look(name, stream))


def _why(name: str, stream: BinaryIO) -> Text | None:
    return why_unused(look(name, stream))


def _nothing(name: str, stream: BinaryIO) -> Text | None:
    return why_nothing(look(name, stream))


def _look(file: GivenFile, at: Callable[[str, BinaryIO], T], otherwise: T) -> T:
    """Return what the content of a file says; the reading itself says why it cannot be opened."""
    try:
        if isinstance(file.source, Path):
            with file.source.open("rb") as stream:
                return at(file.name, stream)
        return at(file.name, file.source)
    except OSError:
        return otherwise


def _identity(file: GivenFile) -> str:
    source = file.source
    return str(source if isinstance(source, Path) else getattr(source, "file_id", file.name))


def _size(file: GivenFile) -> str:
    source = file.source
    return size_of_file(
        source.stat().st_size if isinstance(source, Path) else source.seek(0, SEEK_END)
    )
