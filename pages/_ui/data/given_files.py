"""The files that the user gives: dropped on the page or named by their paths, and told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages._ui.data import guess_role
from pages._ui.i18n import _, number

# Names the widgets of the form that is on the page now.
Key = Callable[[str], str]


@dataclass(frozen=True)
class Given:
    """A file that the user brings: uploaded, or on this machine; and what it is read as."""

    name: str
    source: UploadedFile | Path
    role: str = guess_role.UNUSED
    year: int | None = None


def ask_files(key: Key) -> list[Given]:
    """Ask for files, and what each of them is."""
    return list(_told_apart(_uploaded(key) + _on_this_machine(key), key))


def _uploaded(key: Key) -> list[Given]:
    uploads = st.file_uploader(
        _("Drop the files here, all at once"),
        type=sorted(suffix.lstrip(".") for suffix in guess_role.READABLE),
        accept_multiple_files=True,
        key=key("uploads"),
        help=_("They are read on this machine and deleted once the place is written."),
    )
    return [Given(Path(file.name).name, file) for file in uploads or []]


def _on_this_machine(key: Key) -> list[Given]:
    text = st.text_area(
        _("Or paths on this machine, one a line: files, or a folder with them"),
        key=key("paths"),
        height=100,
        placeholder=_("/home/me/downloads"),
        help=_("The better way for the national files, which need not travel through the page."),
        persist_state="session",
    )
    found: dict[Path, Given] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            files = _files_at(Path(line.strip("\"'")).expanduser())
        except (OSError, RuntimeError) as error:
            st.warning(_("This path cannot be read: {why}").format(why=error))
            continue
        if not files:
            st.warning(_("There is no such file: `{path}`").format(path=line))
        found |= {file: Given(file.name, file) for file in files}
    return list(found.values())


def _files_at(path: Path) -> list[Path]:
    """Return a file, or those of a folder that could be read."""
    if path.is_file():
        return [path]
    inside = sorted(path.iterdir()) if path.is_dir() else []
    return [f for f in inside if f.suffix.lower() in guess_role.READABLE and f.is_file()]


def _told_apart(given: list[Given], key: Key) -> Iterator[Given]:
    """Guess what each file is, and let the user correct it."""
    if not given:
        return
    names = {
        "general": _("Results: registered, ballots (general_results)"),
        "candidates": _("Results: votes of each candidate (candidats_results)"),
        "contours": _("Contours of the bureaux"),
        "squares": _("Census squares of 200 m (INSEE)"),
        "addresses": _("Addresses (BAN)"),
        "electors": _("Registered per address"),
        guess_role.UNUSED: _("Not used"),
    }
    st.markdown("**" + _("What each file is") + "**")
    for file in given:
        what, role_side, year_side = st.columns([1.4, 1.6, 0.7], vertical_alignment="center")
        what.markdown(f"`{file.name}` {_size(file)}")
        identity = str(file.source) if isinstance(file.source, Path) else file.source.file_id
        role = role_side.selectbox(
            _("{file} is").format(file=file.name),
            [*guess_role.ROLES, guess_role.UNUSED],
            index=[*guess_role.ROLES, guess_role.UNUSED].index(_guessed(file)),
            format_func=names.__getitem__,
            key=key(f"role.{identity}"),
            label_visibility="collapsed",
            persist_state="session",
        )
        year = None
        if role == "contours":
            year = year_side.number_input(
                _("Year of the contours {file}").format(file=file.name),
                min_value=1990,
                max_value=2100,
                value=guess_role.year_of(file.name),
                step=1,
                key=key(f"year.{identity}"),
                placeholder=_("Year"),
                label_visibility="collapsed",
                persist_state="session",
            )
        yield Given(file.name, file.source, role, year)


def _guessed(file: Given) -> str:
    try:
        if isinstance(file.source, Path):
            with file.source.open("rb") as stream:
                return guess_role.role_of(file.name, stream)
        return guess_role.role_of(file.name, file.source)
    except OSError:
        # The reading itself will say why it cannot be opened.
        return guess_role.UNUSED


def _size(file: Given) -> str:
    size = file.source.stat().st_size if isinstance(file.source, Path) else file.source.size
    return _("{n} MB").format(n=number(size / 1e6, 1 if size < 1e7 else 0))  # noqa: PLR2004
