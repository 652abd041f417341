"""Names of what voters can do, on screen."""

from __future__ import annotations

from analysis.tables.schema import BLOCS
from pages._ui.i18n import _, bloc_name


def option_name(option: str) -> str:
    """Name an option of a transfer: a candidate, a nuance or a bloc as it is, the rest in words."""
    names = {
        "abstention": _("Abstention"),
        "blank_null": _("Blank and null"),
        "newcomers": _("New on the roll"),
        "leavers": _("Gone from the roll"),
    }
    if option in names:
        return names[option]
    return bloc_name(option) if option in BLOCS else option
