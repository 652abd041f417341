"""A message as it will look, before anybody is named: variables stand as marks of themselves."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

from analysis.contacts.contact_store import Controller
from analysis.messages.letter_blocks import Letter
from analysis.messages.letter_layout import Filled, Layout, Links, lay_out
from analysis.messages.safe_template import VARIABLES

_PICTURE = re.compile(r'src="cid:([^"]+)"')


def preview(letter: Letter, controller: Controller, *, themed: bool, base: str) -> Filled:
    """Return a message with marks such as ‹first_name› instead of a person.

    Parameters
    ----------
    letter
        What it says.
    controller
        Who answers.
    themed
        Whether its recipients are chosen by what they said of themselves.
    base
        Address of the server, as others reach it.

    Returns
    -------
    Filled
        As one person would get it, with links that lead nowhere.

    Raises
    ------
    DataError
        When a text of it cannot be filled.
    """
    layout = lay_out(letter, controller, themed=themed)
    marks: dict[str, object] = {name: f"‹{name}›" for name in VARIABLES} | {"themes": ["‹themes›"]}
    place = base or "https://…"
    return shown(layout, layout.fill(marks, Links(f"{place}/u/…", f"{place}/p/…")))


def shown(layout: Layout, filled: Filled) -> Filled:
    """Return a message whose pictures stand in its HTML, as a browser shows them alone."""
    by_name = {
        one.cid: f"data:image/{one.kind};base64,{base64.b64encode(one.data).decode()}"
        for one in layout.pictures
    }
    return replace(
        filled,
        html=_PICTURE.sub(lambda found: f'src="{by_name.get(found[1], "")}"', filled.html),
    )
