"""HTML of the public pages: plain forms that work without scripts, cookies or pictures."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from starlette.responses import HTMLResponse

# Nothing may run, be loaded, or be framed; forms go back to where they came from. With
# "no-referrer" browsers would send forms without the name of our own site, as a foreign page does.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
# What a browser may fill in by itself.
_FILLS = {"first_name": "given-name", "last_name": "family-name", "email": "email", "phone": "tel"}
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 18px/1.5 system-ui, sans-serif; color: #14202b; max-width: 38em; margin: 0 auto;
  padding: 1.5em 1em 4em; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5em; }} h2 {{ font-size: 1.15em; margin-top: 1.6em; }}
label {{ display: block; margin: .7em 0; }}
label.tick {{ display: flex; gap: .7em; align-items: flex-start; }}
.tick input {{ width: 1.5em; height: 1.5em; flex: none; margin: .1em 0 0; }}
input[type=text], input[type=email], input[type=tel] {{ display: block; width: 100%; font: inherit;
  padding: .5em; box-sizing: border-box; border: 1px solid #4a5866; border-radius: .4em; }}
button {{ font: inherit; font-weight: 700; padding: .7em 1.2em; cursor: pointer;
  border-radius: .4em; border: 1px solid #0b4f7d; background: #0b4f7d; color: #fff; }}
button.plain {{ background: #fff; color: #0b4f7d; }}
.themes {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(11em, 1fr)); }}
.soft {{ color: #4a5866; font-size: .85em; }}
.bad {{ color: #9c1c1c; font-weight: 700; }} .good {{ color: #00604a; font-weight: 700; }}
hr {{ border: 0; border-top: 1px solid #b9c4ce; margin: 2em 0; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def page(language: str, title: str, *parts: str, status: int = 200) -> HTMLResponse:
    """Return a page.

    Parameters
    ----------
    language
        "fr" or "en".
    title
        As text.
    *parts
        As HTML.
    status
        Of HTTP.

    Returns
    -------
    HTMLResponse
        With the house's style and headers; empty parts are left out.
    """
    body = "\n".join(part for part in parts if part)
    made = _PAGE.format(language=language, title=escape(title), body=body)
    return HTMLResponse(made, status, headers=HEADERS)


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; `kind` is "", "soft", "good" or "bad"."""
    role = ' role="alert"' if kind == "bad" else ""
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}{role}>{escape(text)}</p>" if text else ""


def heading(text: str) -> str:
    """Return a heading."""
    return f"<h2>{escape(text)}</h2>"


def tick(name: str, value: str, label: str, *, on: bool = False) -> str:
    """Return a box to tick.

    Parameters
    ----------
    name, value
        What the form sends where it is ticked.
    label
        As text.
    on
        Whether it is ticked: never at first, only where somebody ticked it a moment ago.

    Returns
    -------
    str
        HTML, all texts escaped.
    """
    state = " checked" if on else ""
    return (
        f'<label class="tick"><input type="checkbox" name="{escape(name)}" '
        f'value="{escape(value)}"{state}><span>{escape(label)}</span></label>'
    )


def entry(name: str, label: str, kind: str, value: str = "", *, needed: bool = False) -> str:
    """Return a field to fill in.

    Parameters
    ----------
    name, label
        What the form calls it, and what people read.
    kind
        "text", "email" or "tel".
    value
        What was typed before.
    needed
        Whether a browser sends the form without it.

    Returns
    -------
    str
        HTML, all texts escaped.
    """
    must = " required" if needed else ""
    return (
        f'<label>{escape(label)}<input type="{kind}" name="{escape(name)}" maxlength="120" '
        f'autocomplete="{_FILLS[name]}" value="{escape(value)}"{must}></label>'
    )


def form(action: str, parts: Iterable[str], button: str, **hidden: str) -> str:
    """Return a form that is sent by POST.

    Parameters
    ----------
    action
        Path it goes to.
    parts
        Its fields, as HTML.
    button
        What the button says.
    **hidden
        Values sent along; `look` is the class of the button.

    Returns
    -------
    str
        HTML; the parts stand as they are.
    """
    look = hidden.pop("look", "")
    inside = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    mark = f' class="{look}"' if look else ""
    return (
        f'<form method="post" action="{escape(action)}">{inside}{"".join(parts)}'
        f"<p><button{mark}>{escape(button)}</button></p></form>"
    )
