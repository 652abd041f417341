"""The link of each turf: its page is kept when sheets are written for a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from analysis.fieldwork.turf_links import put_page

if TYPE_CHECKING:
    from analysis.exports.field_kit.kit import Kit
    from analysis.tables.workspace import Workspace

# Longer than any campaign of ours between two rounds; a page of last year opens no more.
LASTS_DAYS = 90


def keep_pages(
    kit: Kit,
    workspace: Workspace,
    today: date | None = None,
    *,
    turfs: Sequence[str] | None = None,
) -> int:
    """Keep the phone page of every turf for its link; return how many there are.

    Parameters
    ----------
    kit
        Turfs with tokens, and the address of the server; without one there are no links.
    workspace
        Of the campaign.
    today
        Links open for `LASTS_DAYS` from this day on.
    turfs
        Whose pages; None for all.

    Returns
    -------
    int
        0 without an address.
    """
    from analysis.exports.field_kit.phone import phone_page

    if not kit.address:
        return 0
    until = (today or date.today()) + timedelta(days=LASTS_DAYS)
    wanted = list(kit.tables) if turfs is None else turfs
    for turf_id in wanted:
        page = phone_page(kit, turf_id)
        put_page(workspace.path, (turf_id, kit.tokens[turf_id]), page, until)
    return len(wanted)


def opener(language: str, name: str) -> str:
    """Return the page that opens a turf's own, or the worker that opens it without network."""
    text = (files("analysis.exports.field_kit") / "turf_link" / name).read_text(encoding="utf-8")
    from analysis.exports.field_kit.kit import words

    told = words(language)["phone"]
    return text.replace("$language", language).replace("$wait", told["link_wait"]).replace(
        "$needs", told["link_needs"]
    )  # fmt: skip
