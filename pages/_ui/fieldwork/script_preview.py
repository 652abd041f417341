"""A script as volunteers will see it: on a phone and on paper, side by side."""

from __future__ import annotations

from html import escape
from string import ascii_uppercase

import streamlit as st

from analysis.fieldwork.questionnaire import Question, Script
from analysis.i18n import quoted
from pages._ui.i18n import _, language

_PHONE = (
    "border:8px solid #1c252e;border-radius:22px;padding:12px;background:#fff;color:#10161c;"
    "font:15px/1.35 sans-serif;max-width:390px;overflow-wrap:anywhere"
)
_PAPER = (
    "border:1px solid #888;padding:14px;background:#fff;color:#000;font:12px/1.35 sans-serif;"
    "overflow-wrap:anywhere"
)
_HIGH = 520  # pixels; a long script is scrolled in its place
_BUTTON = (
    "border:1px solid #99a5b0;border-radius:10px;padding:10px 12px;margin:5px 0;min-height:44px"
)
_BOX = "border:1px solid #000;padding:2px 4px;text-align:center;min-width:1.4em;white-space:nowrap"


def language_name(code: str) -> str:
    """Name a language; its two letters where it has no name here."""
    names = {
        "fr": _("French"),
        "en": _("English"),
        "es": _("Spanish"),
        "ar": _("Arabic"),
        "pt": _("Portuguese"),
        "tr": _("Turkish"),
    }
    return names.get(code, code)


def preview(script: Script) -> None:
    """Show the phone and the sheet of a script, in one of its languages."""
    codes = list(script.languages)
    shown = codes[0]
    if len(codes) > 1:
        first = codes.index(language()) if language() in codes else 0
        shown = st.radio(_("Seen in"), codes, index=first, horizontal=True, key="script.seen",
                         format_func=language_name)  # fmt: skip
    phone, sheet = st.columns([2, 3])
    with phone:
        st.caption(_("On the phone"))
        st.html(_scrolled(_phone(script, shown)))
    with sheet:
        st.caption(_("On the sheet"))
        st.html(_scrolled(_sheet(script, shown)))


def _scrolled(drawn: str) -> str:
    """Let what is too high scroll in its place; what is not takes no more than it needs."""
    return f'<div tabindex="0" style="max-height:{_HIGH}px;overflow-y:auto">{drawn}</div>'


def _said(question: Question, script: Script, shown: str) -> list[str]:
    fixed = {"yes": _("Yes"), "no": _("No")}
    return [
        escape(script.say(question.options.get(code, {}), shown) or fixed.get(code, code))
        for code in question.codes
    ]


def _only_if(script: Script, question: Question) -> str:
    """Return on which box a question hangs, in brackets; "" where on none."""
    if question.only_if is None:
        return ""
    box = "?"
    for n, one in enumerate(script.questions, 1):
        if one.id == question.only_if[0] and question.only_if[1] in one.codes:
            box = f"{n}{_letters(one)[one.codes.index(question.only_if[1])]}"
    told = _("only if {box}").format(box=box)
    return f" ({escape(told)})"


def _letters(question: Question) -> list[str]:
    if question.kind == "scale":
        return [f"={code}" for code in question.codes]
    return [*ascii_uppercase[: len(question.codes)]]


def _phone(script: Script, shown: str) -> str:
    opening = escape(script.say(script.opening, shown))
    parts = [f'<blockquote style="border-left:4px solid #0b4f7d;margin:6px 0;padding-left:10px">'
             f"{opening}</blockquote>"]  # fmt: skip
    for n, question in enumerate(script.questions, 1):
        text = escape(script.say(question.text, shown))
        only = f"<small>{_only_if(script, question)}</small>"
        parts.append(f'<p style="font-weight:600;margin:12px 0 4px">{n}. {text}{only}</p>')
        if question.kind in {"scale", "yes_no"}:
            cells = "".join(
                f'<span style="{_BUTTON};flex:1;text-align:center">{one}</span>'
                for one in _said(question, script, shown)
            )
            parts.append(f'<div style="display:flex;flex-wrap:wrap;gap:6px">{cells}</div>')
        elif question.kind == "free":
            parts.append(f'<div style="{_BUTTON};min-height:60px"></div>')
        else:
            parts += [
                f'<div style="{_BUTTON}">{one}</div>' for one in _said(question, script, shown)
            ]
    return f'<div lang="{escape(shown)}" style="{_PHONE}">{"".join(parts)}</div>'


def _sheet(script: Script, shown: str) -> str:
    opening = escape(script.say(script.opening, shown))
    parts, heads = [f'<p style="font:inherit">{quoted(opening, shown)}</p>'], []
    for n, question in enumerate(script.questions, 1):
        only = _only_if(script, question)
        parts.append(f"<b>{n}. {escape(script.say(question.text, shown))}{only}</b><br>")
        letters = _letters(question)
        heads += [f"{n}{letter}" for letter in letters]
        if question.kind != "scale":
            told = zip(letters, _said(question, script, shown), strict=True)
            parts.append(" · ".join(f"{letter} {text}" for letter, text in told) + "<br>")
    head = "".join(f'<th style="{_BOX}">{one}</th>' for one in heads)
    row = f'<td style="{_BOX}">1</td>' + f'<td style="{_BOX}">&nbsp;</td>' * len(heads)
    table = (
        '<div style="overflow-x:auto;margin-top:8px"><table style="border-collapse:collapse">'
        f'<tr><th style="{_BOX}">#</th>{head}</tr><tr>{row}</tr></table></div>'
    )
    return f'<div lang="{escape(shown)}" style="{_PAPER}">{"".join(parts)}{table}</div>'
