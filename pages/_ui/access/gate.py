"""The door of a server's pages: who logs in, which campaign and which pages open, the way out."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from copy import copy
from functools import partial
from itertools import chain
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.access import rights
from analysis.access.server_settings import ServerSettings, check_address
from analysis.errors import DataError
from analysis.tables.lately import Lately
from analysis.workflows import server_access
from analysis.workflows.turns import Turns
from pages._ui import messages, state
from pages._ui.access import open_pages, visitor
from pages._ui.access.login_callback import bound_address
from pages._ui.access.visitor import Visitor
from pages._ui.i18n import _

# Heading → pages: name of the file, title, icon.
Parts = dict[str, list[tuple[str, str, str]]]
_OF_SERVERS = ("my_turf", "administration")
_CHOICE = "access.choice"
_MADE: Lately[StreamlitPage] = Lately(100)
_PAGES, _WORK = Turns(at_once=2, longest_s=10.0), Turns(at_once=2, longest_s=10.0)


def turn() -> AbstractContextManager[None]:
    """Return the turn of a page: on a server with many people a few pages run at once."""
    return _PAGES.turn() if server_access.settings().server else nullcontext()


def working() -> AbstractContextManager[None]:
    """Return the turn of work in the background: that of dozens at once would hold up all pages."""
    return _WORK.turn() if server_access.settings().server else nullcontext()


def letting_others() -> AbstractContextManager[None]:
    """Let other pages run while this one waits for work in the background."""
    return _PAGES.letting_others()


def enter() -> Visitor:
    """Return who is at the browser; where a server knows nobody, offer to log in and stop."""
    try:
        settings = server_access.settings()
        _refuse_unguarded(settings)
        if not settings.server:
            return Visitor()
        found = visitor.look()
    except DataError as error:
        messages.show_error(error)
        state.stop()
    if found is None:
        _welcome()
        state.stop()
    open_pages.seen(visitor.token(), found)
    return found


def _refuse_unguarded(settings: ServerSettings) -> None:
    """Refuse to show anything where `streamlit run app.py` answers others, without a front door."""
    check_address(bound_address(), settings)
    if settings.server and not server_access.DOOR.is_set():
        raise DataError(
            "A server is not started by the file of its pages: nothing would guard its files.",
            where="{started}",
            mend="Start it with make serve, or streamlit run serve.py.",
            started="streamlit run app.py",
        )


def opens(found: Visitor, page: str) -> bool:
    """Tell whether a page is open to them."""
    if found.person is None:
        return page not in _OF_SERVERS
    # Whoever has the whole campaign finds their turfs among all of it.
    part = any(scope != "campaign" for scope, _id in found.person.scopes(found.campaign))
    return found.may(rights.pages()[page]) and (part or page != "my_turf")


def only_open(found: Visitor, parts: Parts) -> dict[str, list[StreamlitPage]]:
    """Return the pages that are open to them, by part; the first is where they come in.

    The others have no link, and say so to who has their address from somebody else; so does an
    address that no page has.

    Parameters
    ----------
    found
        Who it is.
    parts
        Heading → pages: name of the file, title, icon.
    """
    shown: dict[str, list[StreamlitPage]] = {}
    closed: list[StreamlitPage] = []
    comes_in = ""
    for heading, pages in parts.items():
        for name, title, icon in pages:
            if not opens(found, name):
                say = partial(_closed, alone=found.person is None)
                closed.append(st.Page(say, title=title, url_path=name, visibility="hidden"))
            else:
                comes_in = comes_in or name
                shown.setdefault(heading, []).append(_page(name, title, icon, name == comes_in))
    closed.append(_answer_for_others([*chain(*shown.values()), *closed], comes_in))
    for pages_of in list(shown.values())[:1]:
        pages_of += closed
    return shown


def _page(name: str, title: str, icon: str, first: bool) -> StreamlitPage:  # noqa: FBT001
    """Return a page; its file is looked for once, not at every run of every page."""

    def work() -> StreamlitPage:
        return st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:", default=first)

    # `st.navigation` marks the one that it lets run: each run has its own.
    return copy(_MADE.get((name, title, icon, first), work))


def _answer_for_others(pages: list[StreamlitPage], comes_in: str) -> StreamlitPage:
    """Return the page of addresses that are none, and lead there who asks for one.

    Streamlit says in English that there is no such page; it says so of the first page too where
    somebody asks for it by its name, for its own address is the bare one.

    Parameters
    ----------
    pages
        All that have an address.
    comes_in
        Name of the first.
    """
    nowhere = st.Page(
        _nowhere, title=_("No such page"), url_path=rights.NOWHERE, visibility="hidden"
    )
    context = get_script_run_ctx()
    asked = context.pages_manager.intended_page_name if context else ""
    if context and asked and asked not in {page.url_path for page in (*pages, nowhere)}:
        meant = next(page for page in pages if not page.url_path) if asked == comes_in else nowhere
        context.pages_manager.set_script_intent(meant._script_hash, "")  # noqa: SLF001 - of a page
    return nowhere


def _nowhere() -> None:
    st.title(_("No such page"))
    st.info(_("Nothing is at this address. The menu has the pages that are open to you."))


def _closed(*, alone: bool) -> None:
    """Stand in for a page that is not open to whoever has its address."""
    st.title(_("Not open to you"))
    if alone:
        st.info(_("This page is of a server, where several people work: here one person does."))
    else:
        st.info(
            _(
                "Your role in this campaign does not open this page, or you have no part of it "
                "there. Whoever runs the campaign can change that."
            )
        )


def link(page: str, *, label: str, icon: str | None = None) -> None:
    """Show a link to a page of the app, where it is open to who is here.

    Parameters
    ----------
    page
        Its file, such as pages/data.py.
    label, icon
        What the link says.
    """
    if opens(visitor.current(), Path(page).stem):
        st.page_link(page, label=label, icon=icon)


def ways() -> None:
    """Show, below the pages, whose campaign is open, and the way out."""
    found = visitor.current()
    if found.person is None:
        return
    own = found.person.campaigns()
    names = _names(tuple(own))
    with st.sidebar:
        if len(own) > 1:
            st.selectbox(
                _("Campaign"),
                own,
                index=own.index(found.campaign),
                format_func=lambda one: names.get(one, one),
                key=_CHOICE,
                on_change=_choose,
            )
        else:
            st.caption(names.get(found.campaign, found.campaign))
        st.caption(_("Logged in as {name}").format(name=messages.plain(found.person.name)))
        if st.button(_("Log out"), key="access.logout", icon=":material/logout:"):
            log_out()


@st.cache_data(ttl=300, max_entries=1000, show_spinner=False)
def _names(campaigns: tuple[str, ...]) -> dict[str, str]:
    """Return what people call campaigns; every run of every page asks."""
    from analysis.access import membership

    known = {c["campaign"]: c["name"] for c in membership.campaigns(server_access.engine())}
    return {campaign: known[campaign] for campaign in campaigns if campaign in known}


def log_out() -> None:
    """End the login in the store, then let the browser forget it."""
    from analysis.access import sessions

    sessions.end(server_access.engine(), visitor.token())
    st.logout()
    state.stop()


def _choose() -> None:
    visitor.open_campaign(st.session_state[_CHOICE])


def _welcome() -> None:
    """Offer to log in; nothing of any campaign is shown."""
    # Every address is known, for a link to a page must not be told that there is none; it shows
    # nothing of the page.
    pages = [
        st.Page(_nothing, title="Palier", url_path=name, default=name == "home")
        for name in rights.pages()
    ]
    _answer_for_others(pages, "home")
    st.navigation(pages, position="hidden").run()
    st.title("Palier")
    if st.query_params.get("login") == "unknown":
        st.error(
            _(
                "Nobody invited this account, or its address is not verified. Ask the "
                "administrator of your campaign to invite the address you log in with."
            )
        )
    elif visitor.asked() is not None:
        st.warning(_("You are logged in, but no campaign has a task for you any more."))
        if st.button(_("Log out"), key="access.leave", icon=":material/logout:"):
            log_out()
        return
    st.write(_("Log in to open your campaign."))
    if st.button(_("Log in"), type="primary", key="access.login", icon=":material/login:"):
        st.login()


def _nothing() -> None:
    """Show nothing: who is not logged in sees no page."""
