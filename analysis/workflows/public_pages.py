"""`/p/CAMPAIGN`: sign up, confirm, see what one agreed to, withdraw.

Nobody logs in and nothing is set in the browser: a link sent by e-mail is the proof of who it is.
What changes something is a POST of a form with a seal of its own hour; a GET changes nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from analysis import i18n as languages
from analysis.contacts import acts, confirmations
from analysis.contacts.asked import (
    WORDS as ASKED,
)
from analysis.contacts.asked import (
    filled,
    purposes,
    statements,
    themes,
    wordings,
)
from analysis.contacts.consents import texts
from analysis.contacts.suppression import suppressed
from analysis.database.engine import reading, writing
from analysis.errors import DataError
from analysis.fieldwork.campaign import workspace_of
from analysis.workflows import mail_out, preferences, public_html, server_log
from analysis.workflows.contacts_open import close, contacts_of
from analysis.workflows.letters_by_link import WORDS, ask_to_confirm, send_preferences
from analysis.workflows.phone_endpoint import Patience, language_of, store_of
from analysis.workflows.public_visit import Form, Visit
from analysis.workflows.request_body import BodyError, origin_of, read_body

_MOST_BYTES = 20_000
_MOST_FIELDS = 100
_NAMES = (("first_name", "text"), ("last_name", "text"), ("email", "email"), ("phone", "tel"))
# The words for what an act lacks, where it is not that no form of ours sent it.
_LACKS = {
    **{name: name for name in ("no_box", "adult", "name", "email", "phone", "opinion")},
    **{"point": "email", "needs_email": "email", "confirm": "email", "needs_phone": "phone"},
}
_patience = Patience()


async def public_page(request: Request, workspaces: Path) -> Response:
    """Answer a request under `/p/`."""
    language = language_of(request)
    address = origin_of(request)
    form: Form | None = None
    if request.method == "POST":
        if wait := _patience.left(address):
            return _refused(language, "wait", 429, {"Retry-After": f"{math.ceil(wait)}"})
        _patience.note(address)
        try:
            content = await read_body(request, _MOST_BYTES)
        except BodyError as refused:
            return _refused(language, "gone", refused.status)
        form = _fields(content)
    path = tuple(part for part in request.path_params["path"].split("/") if part)
    return await run_in_threadpool(_answer, path, workspaces, language, (form, address))


def _fields(content: bytes) -> Form:
    """Read a form; of one with more fields than any of ours nothing, not even its seal."""
    try:
        return parse_qs(content.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}


def _answer(
    path: tuple[str, ...], workspaces: Path, language: str, sent: tuple[Form | None, str]
) -> Response:
    workspace = workspace_of(workspaces, path[0]) if path else None
    if workspace is None:
        return _refused(language, "gone", 404)
    try:
        contacts = contacts_of(store_of(workspace), workspace)
    except DataError:
        return _refused(language, "gone", 503)
    try:
        if not (contacts.controller.name and contacts.controller.contact):
            return _not_open(language)
        words = wordings(contacts)[language]
        return _routed(Visit(workspace, contacts, language, words, path[1:], *sent))
    except DataError as error:
        # Only what was asked for is wrong; paths of the server are not shown to strangers.
        return public_html.page(
            language,
            WORDS[language]["page.refused"],
            public_html.paragraph(languages.told(error.what, language), "bad"),
            public_html.paragraph(languages.told(error.mend, language)),
            status=422,
        )
    finally:
        close(contacts, store=False)


def _routed(visit: Visit) -> Response:
    posted = visit.form is not None
    if posted and not visit.is_ours():
        return _sign_up_page(visit, visit.say("old_form"), status=403)
    if not visit.rest:
        return _sign_up(visit) if posted else _sign_up_page(visit)
    if visit.rest == ("link",) and posted:
        asked = (visit.one("email"), visit.language)
        return _and_write(visit, "asked", send_preferences, *asked)
    if len(visit.rest) == 2 and visit.rest[0] in ("c", "m"):  # noqa: PLR2004 - kind and secret
        with reading(visit.contacts.engine) as connection:
            link = confirmations.look(connection, visit.contacts, visit.rest[1])
        if link is not None and link.what == confirmations.ACT and visit.rest[0] == "c":
            return _confirm(visit, link)
        if link is not None and link.what == confirmations.PREFERENCES and visit.rest[0] == "m":
            return _preferences(visit, link)
    return _gone(visit)


def _and_write(visit: Visit, said: str, write: Callable[..., object], *about: object) -> Response:
    """Answer, then write a letter: how long it takes would tell who is known here."""
    answer = _plain(visit, visit.say(said), _unsent(visit))
    answer.background = BackgroundTask(_write, visit.workspace, write, *about, origin=visit.origin)
    return answer


def _write(workspace: Path, write: Callable[..., object], *about: object, origin: str) -> None:
    began = time.monotonic()
    try:
        contacts = contacts_of(store_of(workspace), workspace)
        try:
            write(workspace, contacts, *about, origin=origin)
        finally:
            close(contacts, store=False)
    except (DataError, OSError) as error:
        server_log.failure(error, time.monotonic() - began)


def _sign_up_page(visit: Visit, *faults: str, status: int = 200) -> Response:
    # Under a seal that is not ours nobody ticked anything: a foreign page may have.
    words, again = visit.texts, (visit.form or {}) if visit.is_ours() else {}
    told = ASKED[visit.language]
    boxes = [
        public_html.tick("box", one, words[one].wording, on=one in again.get("box", []))
        for one in purposes()
    ]
    about = [
        public_html.tick("said", one, told[f"statement.{one}"], on=one in again.get("said", []))
        for one in statements()
    ]
    subjects = "".join(
        public_html.tick("theme", one, told[f"theme.{one}"], on=one in again.get("theme", []))
        for one in themes()
    )
    adult = told["statement.adult"]
    fields = [
        *(
            public_html.entry(name, visit.say(name), kind, visit.one(name), needed=name != "phone")
            for name, kind in _NAMES
        ),
        public_html.tick("said", acts.ADULT, adult, on=acts.ADULT in again.get("said", [])),
        public_html.heading(visit.say("boxes")),
        *boxes,
        public_html.heading(visit.say("about")),
        *about,
        f'<div class="themes">{subjects}</div>',
        public_html.paragraph(filled(told["notice.person"], visit.contacts.controller), "soft"),
    ]
    return public_html.page(
        visit.language,
        visit.say("title"),
        _turn(visit),
        *(public_html.paragraph(fault, "bad") for fault in faults),
        public_html.paragraph(visit.say("intro")),
        public_html.paragraph(visit.say("needed")),
        public_html.form(visit.path(), fields, visit.say("sign_up"), seal=visit.seal()),
        "<hr>",
        _ask_link(visit),
        status=status,
    )


def _sign_up(visit: Visit) -> Response:
    words, form = visit.texts, visit.form or {}
    ticked = [one for one in form.get("box", []) if one in words]
    content = {
        "said_on": datetime.now(UTC).date().isoformat(),
        "turf": "",
        "team": "",
        "language": visit.language,
        "texts": {one: [words[one].text_id, words[one].version] for one in ticked},
        **{name: visit.one(name) for name, _kind in _NAMES},
        "said": sorted(set(form.get("said", []))),
        "themes": sorted(set(form.get("theme", []))),
        "act": acts.ON_PAGE,
        "signature": [],
    }
    try:
        act = acts.parsed(acts.written(content))
    except DataError as error:
        return _sign_up_page(visit, languages.told(error.what, visit.language), status=422)
    if lacking := acts.lacks(act):
        return _sign_up_page(visit, *_missing(visit, lacking), status=422)
    with writing(visit.contacts.engine) as connection:
        person = acts.enter(connection, visit.contacts, act, source="page")
    return _and_write(visit, "sent", ask_to_confirm, person, act)


def _missing(visit: Visit, lacking: list[str]) -> list[str]:
    """Say to whoever filled in the form what is missing of it, all of it and each once."""
    words = [visit.say(_LACKS[name], "lacks") for name in lacking if name in _LACKS]
    return list(dict.fromkeys(words)) or [visit.say("old_form")]


def _confirm(visit: Visit, link: confirmations.Link) -> Response:
    contacts = visit.contacts
    with reading(contacts.engine) as connection:
        act = acts.act_by(connection, contacts, link.person, link.detail.get("proof", ""))
    if act is None:
        return _gone(visit)
    if visit.form is None and not link.used:
        with writing(contacts.engine) as connection:
            known = {(one.text_id, one.version): one.wording for one in texts(connection, contacts)}
        # As they read it, whatever is asked by now.
        read = [known.get((name, version), "") for name, version in act.texts.values()]
        said = "".join(f"<li>{escape(one)}</li>" for one in read)
        return public_html.page(
            visit.language,
            visit.say("confirm_title"),
            _turn(visit),
            public_html.paragraph(visit.say("confirm_text")),
            f"<ul>{said}</ul>",
            public_html.form(visit.path(*visit.rest), [], visit.say("confirm"), seal=visit.seal()),
        )
    with writing(contacts.engine) as connection:
        if not link.used and confirmations.use(connection, contacts, link):
            acts.hold(connection, contacts, link.person, act)
    held = suppressed(contacts, acts.points_of(act))
    return _plain(visit, visit.say("objected" if held else "confirmed"))


def _preferences(visit: Visit, link: confirmations.Link) -> Response:
    done = ""
    if visit.form is not None:
        boxes = visit.form.get("box", [])
        asked = (visit.contacts, link, visit.one("do"))
        done = preferences.change(*asked, boxes=boxes, language=visit.language) or "unchanged"
    held = preferences.held(visit.contacts, link.person)
    words, here = visit.texts, visit.path(*visit.rest)
    offered = [one for one in preferences.offered(visit.contacts, link.person) if one not in held]
    said = [
        public_html.paragraph(words[purpose].wording)
        + public_html.form(
            here, [], visit.say("withdraw"), seal=visit.seal(), do="withdraw", box=purpose,
            look="plain",
        )
        for purpose in held
    ]  # fmt: skip
    more = [public_html.tick("box", one, words[one].wording) for one in offered]
    return public_html.page(
        visit.language,
        visit.say("preferences"),
        _turn(visit),
        public_html.paragraph(visit.say("who"), "soft"),
        public_html.paragraph(
            visit.say(done) if done else "", "bad" if done == "unchanged" else "good"
        ),
        *(said or [public_html.paragraph(visit.say("nothing_held"))]),
        public_html.form(here, [], visit.say("stop"), seal=visit.seal(), do="stop"),
        public_html.heading(visit.say("add")) if more else "",
        public_html.form(
            here, more, visit.say("agree"), seal=visit.seal(), do="agree", look="plain"
        )
        if more
        else "",
    )


def _turn(visit: Visit) -> str:
    """Return the link to this page in the other language."""
    other = "en" if visit.language == "fr" else "fr"
    turned = replace(visit, language=other).path(*visit.rest)
    mark = f'href="{escape(turned)}" lang="{other}" hreflang="{other}"'
    return f"<p><a {mark}>{escape(visit.say('language'))}</a></p>"


def _ask_link(visit: Visit) -> str:
    field = public_html.entry("email", visit.say("email"), "email", needed=True)
    return public_html.heading(visit.say("change")) + public_html.form(
        visit.path("link"), [field], visit.say("ask_link"), seal=visit.seal(), look="plain"
    )


def _plain(visit: Visit, text: str, more: str = "") -> Response:
    return public_html.page(
        visit.language,
        visit.say("title"),
        public_html.paragraph(text, "good"),
        public_html.paragraph(more, "soft"),
    )


def _unsent(visit: Visit) -> str:
    return "" if mail_out.is_sending() else visit.say("not_sent")


def _gone(visit: Visit) -> Response:
    return public_html.page(
        visit.language,
        visit.say("gone"),
        _turn(visit),
        public_html.paragraph(visit.say("gone_help")),
        # Who never confirmed is known to nobody after a while: no link comes to them.
        f'<p><a href="{escape(visit.path())}">{escape(visit.say("sign_up"))}</a></p>',
        _ask_link(visit),
        status=404,
    )


def _not_open(language: str) -> Response:
    words = WORDS[language]
    text = public_html.paragraph(words["page.nobody_answers"])
    return public_html.page(language, words["page.not_open"], text, status=422)


def _refused(
    language: str, key: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    answer = public_html.page(language, WORDS[language][f"page.{key}"], status=status)
    answer.headers.update(headers or {})
    return answer
