"""/invitation: a link is exchanged for a login, once per device, by the page it opens.

The secret stands after the # of the link, which browsers keep to themselves: no log of ours, of a
proxy or of another site ever holds it.
"""

from __future__ import annotations

import base64
import hashlib
import math
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from analysis import i18n as languages
from analysis.errors import Text
from analysis.workflows import server_access
from analysis.workflows.front_door import cookie_header
from analysis.workflows.phone_endpoint import Patience
from analysis.workflows.request_body import BodyError, origin_of, read_body

_MOST_BYTES = 300
_SCRIPT = """
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const told = id => { for (const one of ["over", "wait", "again"])
  document.getElementById(one).hidden = one !== id; };
document.getElementById("go").addEventListener("click", async () => {
  if (!secret) return told("again");
  const sent = fetch("/invitation", {method: "POST", body: secret});
  const answer = await sent.catch(() => ({status: 0}));
  if (answer.ok) location.replace("/");
  else told(answer.status === 403 ? "over" : "wait");
});
"""
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; script-src 'sha256-{_HASH}'; "
    "style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Palier</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:18px sans-serif;max-width:32em;margin:3em auto;padding:0 1em}}
button{{font:inherit;padding:.6em 1.4em}}</style>
<h1>Palier</h1><p>{hello}</p><p><button id="go">{go}</button></p>
<p id="over" hidden role="alert">{over}</p><p id="wait" hidden role="alert">{wait}</p>
<p id="again" hidden role="alert">{again}</p><script>{script}</script></html>"""
_HELLO = Text("You are invited to take part. Nothing is kept of you but this login.")
_GO = Text("Come in")
_OVER = Text(
    "This invitation is over, or was taken back. Ask whoever sent it to you for another one."
)
_WAIT = Text("This did not get through. Wait a moment, then press once more.")
_AGAIN = Text("Open the link that was sent to you once more: this page no longer has it.")


_patience = Patience()


async def invitation(request: Request) -> Response:
    """Show the page of a link, or exchange its secret for a login."""
    if request.method == "POST":
        return await _exchange(request)
    language = languages.choose(
        request.query_params.get("lang"), request.headers.get("accept-language", "")[:2].lower()
    )
    words = {"hello": _HELLO, "go": _GO, "over": _OVER, "wait": _WAIT, "again": _AGAIN}
    told = {name: escape(languages.told(one, language)) for name, one in words.items()}
    page = _PAGE.format(lang=language, script=_SCRIPT, **told)
    return HTMLResponse(page, headers=_HEADERS)


async def _exchange(request: Request) -> Response:
    address = origin_of(request)
    if wait := _patience.left(address):
        return Response(status_code=429, headers={"Retry-After": f"{math.ceil(wait)}"})
    try:
        secret = await read_body(request, _MOST_BYTES)
    except BodyError as refused:
        return Response(status_code=refused.status)
    settings = server_access.settings()
    given = secret.decode("ascii", "replace")
    token = await run_in_threadpool(_login_for, given, settings.session_hours)
    if token is None:
        _patience.note(address)
        return Response(status_code=403)
    kept = cookie_header(token, settings.session_hours * 3600, secure=settings.secure)
    return Response(status_code=204, headers={"Set-Cookie": kept, **_HEADERS})


def _login_for(secret: str, hours: float) -> str | None:
    from analysis.access import invitations

    return invitations.exchange(server_access.engine(), secret, hours=hours)
