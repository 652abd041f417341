"""What is known of a person as a page that they can read: codes in words, no name of a table."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from importlib.resources import files

from analysis.contacts.asked import WORDS as ASKED
from analysis.contacts.asked import filled
from analysis.contacts.contact_store import Controller
from analysis.contacts.known_of import Known, once
from analysis.i18n import Words, format_day

WORDS = Words.read("known", files("analysis.workflows") / "known_words.toml")
# Numbers of our own and proofs by machine: they are in `access.json`, which has everything.
_OURS = {
    *("person", "statement", "consent", "request", "version", "merge", "kept", "absorbed", "box"),
    *("link", "roll", "line", "contact_id", "corrects", "undoes", "file_id", "proof", "v", "score"),
    *("text_id", "text_version", "signature", "reasons", "address_id", "order_number", "detail"),
}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em;"
    "overflow-wrap:anywhere}"
)


def access_page(known: Known, who: Controller, language: str) -> str:
    """Return what is known of a person as HTML that prints well, with nothing from elsewhere.

    Parameters
    ----------
    known
        As `known_of.known_of` returns it.
    who
        Who answers for the campaign.
    language
        "fr" or "en".

    Returns
    -------
    str
        A whole page; parts of which nothing is known are named together at its end.
    """
    told = _Told(known, language)
    words, parts, none = WORDS[language], [], []
    shown = known | {"identity": once(known["identity"])}
    # The words of a consent stand beside it.
    del shown["texts"]
    for name, value in shown.items():
        rows = [told.line(row, name) for row in (value if isinstance(value, list) else [value])]
        head = words[f"head.{name}"]
        if rows:
            inside = "".join(f"<li>{row}</li>" for row in rows)
            parts.append(f"<h2>{escape(head)}</h2><ul>{inside}</ul>")
        else:
            none.append(f"<li>{escape(head)}</li>")
    if none:
        parts.append(f"<h2>{escape(words['head.nothing'])}</h2><ul>{''.join(none)}</ul>")
    title, notice = words["head.title"], filled(ASKED[language]["notice.person"], who)
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p>{escape(notice)}</p>" + "".join(parts) + "\n"
    )


class _Told:
    """The words for what is known, in a language."""

    def __init__(self, known: Known, language: str) -> None:
        self.language, self.words = language, WORDS[language]
        self.wordings = {(one["text_id"], one["version"]): one["wording"] for one in known["texts"]}

    def line(self, row: object, section: str) -> str:
        """Return a row as HTML: what is empty, or a number of ours, is left out."""
        if not isinstance(row, Mapping):
            return escape(self._value(row, ""))
        told = {key: value for key, value in row.items() if key not in _OURS}
        if section == "consents":
            read = (row["text_id"], row["text_version"])
            told["wording"] = self.wordings.get(read, "")
        if section == "acts":
            # What they said of themselves, and not when: the day has a name of its own.
            told["declared"] = told.pop("said", [])
        pairs = ((key, self._value(value, key)) for key, value in told.items())
        return " · ".join(
            f"<b>{escape(self.words.get(f'word.{key}', key))}</b> {escape(text)}"
            for key, text in pairs
            if text
        )

    def _value(self, value: object, key: str) -> str:
        if isinstance(value, bool):
            return self.words["word.yes" if value else "word.no"]
        if isinstance(value, Mapping):
            return self._list([self.wordings.get(tuple(one), "") for one in value.values()])
        if isinstance(value, list | tuple):
            return self._list([self._code(str(one), key) for one in value])
        if isinstance(value, str):
            return self._day(value) if key in _DAYS else self._code(value, key)
        return json.dumps(value)

    def _list(self, texts: Iterable[str]) -> str:
        return "; ".join(filter(None, texts))

    def _code(self, text: str, key: str) -> str:
        """Return a code of ours in words; what a person wrote is never taken for one."""
        asked = ASKED[self.language]
        for name in _CODES.get(key, ()):
            if found := self.words.get(f"{name}.{text}") or asked.get(f"{name}.{text}"):
                return found
        return text

    def _day(self, text: str) -> str:
        with contextlib.suppress(ValueError):
            return format_day(datetime.fromisoformat(text).date(), language=self.language)
        return text


_DAYS = ("", "at", "said", "said_on", "due_on", "birth_date")
# In which parts of the words the code of a column is looked up.
_CODES = {
    "field": ("word",),
    "channel": ("channel",),
    "how": ("how",),
    "act": ("how",),
    "source": ("source",),
    "relation": ("relation",),
    "purpose": ("purpose",),
    "kind": ("kind",),
    "value": ("value", "theme"),
    "state": ("state",),
    "outcome": ("outcome",),
    "step": ("step",),
    "arm": ("arm",),
    "declared": ("statement",),
    "themes": ("theme",),
}
