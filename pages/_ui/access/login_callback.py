"""What Streamlit's login says of who logged in, read from the cookies it is about to set."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.runtime import Runtime
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from analysis.access.server_settings import ServerSettings
from analysis.workflows import server_access

if TYPE_CHECKING:
    from analysis.access.invitations import Claims

_NAMED = ("name", "preferred_username", "email")


def claims_of(cookies: Iterable[str]) -> Claims | None:
    """Return who logged in; None where the answer logs nobody in."""
    # A laptop, where nobody logs in, opens before pandas and a database are loaded.
    from analysis.access.invitations import Claims

    jar: dict[str, str] = {}
    for line in cookies:
        for name, morsel in SimpleCookie(line).items():
            jar[name] = morsel.value

    def signed(name: str) -> bytes | None:
        value = jar.get(name)
        secret = get_cookie_secret()
        return decode_signed_value(secret, name, value.encode("latin-1")) if value else None

    content = get_cookie_with_chunks(signed, USER_COOKIE_NAME)
    if not content:
        return None
    told = json.loads(content)
    if not told.get("iss") or not told.get("sub"):
        return None
    return Claims(
        issuer=str(told["iss"]),
        subject=str(told["sub"]),
        name=next((str(told[one]) for one in _NAMED if told.get(one)), ""),
        email=str(told.get("email") or ""),
        # Some providers write it as text.
        email_verified=told.get("email_verified") in (True, "true"),
    )


def secrets_of(settings: ServerSettings) -> dict[str, dict[str, str]]:
    """Return what `st.login` needs; nothing where nobody logs in."""
    if not settings.server:
        return {}
    login = settings.login
    return {
        "auth": {
            "redirect_uri": f"{settings.address.rstrip('/')}/oauth2callback",
            "cookie_secret": login.cookie_secret,
            "client_id": login.client_id,
            "client_secret": login.client_secret,
            "server_metadata_url": login.metadata,
        }
    }


def login_of(page: str) -> str | None:
    """Return the login with which an open page was opened; None for no such page."""
    client = Runtime.instance().get_client(page) if Runtime.exists() else None
    opened = client.client_context if client is not None else None
    return None if opened is None else str(opened.cookies.get(server_access.settings().cookie, ""))


def bound_address() -> str:
    """Return the address that Streamlit was told to answer on; "" for all of them."""
    return str(st.get_option("server.address") or "")
