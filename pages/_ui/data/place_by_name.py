"""A place by its name: what exists for it, what would be downloaded, and one button for it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from analysis.fetch import national_store
from analysis.fetch.catalogue import Catalogue, read_catalogue
from analysis.fetch.chosen_place import ChosenPlace, chosen
from analysis.fetch.what_exists import Offer, ask_sizes, offers_for
from analysis.readers.known_places import KnownPlace, about
from analysis.readers.place_search import label, search
from analysis.readers.reader_registry import NATIONAL
from analysis.workflows.jobs import BusyError
from analysis.workflows.place_fetch import DownloadWatch, Wanted, start_fetching
from analysis.workflows.place_files import fetch_command, slug_of
from pages._ui import state
from pages._ui.access import visitor
from pages._ui.data import build_progress
from pages._ui.data.bring_files import may_write
from pages._ui.i18n import _, language, ngettext, number, size_of_file
from pages._ui.messages import translate

_TEXT, _CHOICE = "find.text", "find.choice"


def find() -> None:
    """Ask for the name of a place; download and read its files when told to."""
    build_progress.explain()
    text = st.text_input(
        _("Name of a commune, département, region or EPCI, or its code"),
        key=_TEXT,
        placeholder=_("for example: Saint-Denis (93), Sèvremoine, 33000, Plaine Commune"),
        persist_state="session",
    )
    if not text.strip():
        st.caption(_("Known without network: {source}.").format(source=about()))
        return
    found = search(text)
    if not found:
        st.warning(
            _("No place resembles “{text}”. Try its code, or a shorter name.").format(text=text)
        )
        return
    known = st.selectbox(
        ngettext("{n} place resembles it", "{n} places resemble it", len(found)).format(
            n=number(len(found))
        ),
        found,
        format_func=_name,
        key=f"{_CHOICE}.{text}",
    )
    _offer(known)


def _name(known: KnownPlace) -> str:
    name = translate(label(known))
    if known.population:
        name = _("{name}: {n} inhabitants").format(name=name, n=number(known.population))
    return name


def _offer(known: KnownPlace) -> None:
    place, catalogue = chosen(known), read_catalogue()
    for note in place.notes:
        st.info(translate(note))
    name = slug_of(f"{place.name} {known.code}")
    target = state.workspaces() / name
    offers = offers_for(place, target, catalogue)
    sizes = _sizes(tuple(o.source.urls for o in offers if not o.here))
    without, also = _choose_files(offers, sizes)
    wanted = [o for o in offers if _is_wanted(o, without, also)]
    missing = [o for o in wanted if not o.here]
    _say_total(missing, sizes)
    ready = may_write(name)
    if st.button(
        _("Download and open the map") if missing else _("Open the map"),
        type="primary",
        disabled=not ready or build_progress.running(),
        key="find.go",
    ):
        watch = DownloadWatch(expected=sum(_bytes(o, sizes) or 0 for o in missing))
        try:
            job = start_fetching(Wanted(place, catalogue, without, also), target, watch)
        except BusyError:
            st.warning(_("Another window is writing this place: wait, or give another name."))
        else:
            build_progress.start(job, watch)
    _by_hand(place, missing, reached=not missing or bool(sizes))
    if visitor.current().person is None:
        # On a server neither is theirs: the command line, and files that every campaign reads.
        _command(known, target)
        _store(catalogue)


def _choose_files(
    offers: Sequence[Offer], sizes: Mapping[str, int | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Show the files, let some be left out or added, and return those roles."""
    without, also = [], []
    for offer in offers:
        source = offer.source
        title = source.title[language()]
        text = f"{title} — {_state(offer, sizes)}"
        wanted = st.checkbox(
            text,
            value=not source.asked_only,
            disabled=source.role in NATIONAL,
            key=f"find.{source.id}.{source.file}",
            help=_("{licence}. {page}").format(licence=source.licence, page=source.page),
        )
        if wanted and source.asked_only:
            also.append(source.role)
        elif not wanted and not source.asked_only:
            without.append(source.role)
    st.caption(
        _(
            "The electoral roll's addresses come by themselves where no contours are published: "
            "contours are then made of them."
        )
    )
    return tuple(without), tuple(also)


def _is_wanted(offer: Offer, without: Sequence[str], also: Sequence[str]) -> bool:
    role = offer.source.role
    return role in also if offer.source.asked_only else role not in without


def _state(offer: Offer, sizes: Mapping[str, int | None]) -> str:
    if offer.here:
        return _("already on this machine")
    size = _bytes(offer, sizes)
    told = _("size not told") if size is None else size_of_file(size)
    if offer.source.keep == "cut":
        return _("{size}, once for all places").format(size=told)
    return told


def _bytes(offer: Offer, sizes: Mapping[str, int | None]) -> int | None:
    source = offer.source
    usual = source.about_mb * 1_000_000 if source.about_mb else None
    return sizes.get(source.urls[0]) or usual


@st.cache_data(ttl=300, max_entries=16, show_spinner=False)
def _sizes(urls: tuple[tuple[str, ...], ...]) -> Mapping[str, int | None]:
    return dict(ask_sizes(urls))


def _say_total(missing: Sequence[Offer], sizes: Mapping[str, int | None]) -> None:
    if not missing:
        st.caption(_("Nothing has to be downloaded: publishers are asked for newer files only."))
        return
    known = [size for offer in missing if (size := _bytes(offer, sizes)) is not None]
    text = _("To download: {size}").format(size=size_of_file(sum(known)))
    if others := len(missing) - len(known):
        more = ngettext("{n} file of unknown size", "{n} files of unknown size", others)
        text = f"{text} + {more.format(n=number(others))}"
    st.markdown(f"**{text}**")


def _by_hand(place: ChosenPlace, missing: Sequence[Offer], *, reached: bool) -> None:
    if not missing:
        return
    if not reached:
        st.warning(_("No publisher answers: is this machine without network?"))
    with st.expander(_("Without network: by hand"), expanded=not reached):
        lines = [
            f"- [{offer.source.title[language()]}]({offer.source.page}){_dot()}"
            f"`{offer.source.file}`"
            for offer in missing
        ]
        st.markdown("\n".join(lines))
        st.markdown(
            _(
                "Download them elsewhere, bring them here, and drop them under “Bring files”, with "
                "the code {codes}."
            ).format(codes=", ".join(place.codes[:8]))
        )


def _dot() -> str:
    return " · "


def _command(known: KnownPlace, target: Path) -> None:
    with st.expander(_("The same on the command line")):
        st.code(
            fetch_command((known.code,), Path("workspaces") / target.name) + " --build",
            language="shell",
        )


def _store(catalogue: Catalogue) -> None:
    held = national_store.in_store()
    if not held:
        return
    size = size_of_file(sum(kept.bytes for kept in held))
    with st.expander(_("Official files kept on this machine: {size}").format(size=size)):
        titles = {source.id: source.title[language()] for source in catalogue.sources}
        st.markdown(
            "\n".join(
                f"- {titles.get(kept.source, f'`{kept.source}`')}{_dot()}{size_of_file(kept.bytes)}"
                for kept in held
            )
        )
        st.caption(
            _("In `{folder}`. Places that were read stay; the next one downloads again.").format(
                folder=national_store.store_folder()
            )
        )
        if st.button(_("Delete these files"), key="find.clear", disabled=build_progress.running()):
            national_store.clear_store()
            st.rerun()
