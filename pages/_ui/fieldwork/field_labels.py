"""Names of the field's codes on screen."""

from __future__ import annotations

from pages._ui.i18n import _

# How a day is written where one is asked for.
DAY = "DD/MM/YYYY"


def outcome_name(code: str) -> str:
    """Name what happened at a door."""
    names = {
        "no_answer": _("Nobody"),
        "refused": _("Refused"),
        "conversation": _("Conversation"),
        "moved": _("Moved away"),
        "no_access": _("No access"),
    }
    return names.get(code, code)


def kind_name(code: str) -> str:
    """Name a kind of building."""
    names = {
        "house": _("house (1–2 doors)"),
        "small": _("small building (3–9)"),
        "block": _("block (10–29)"),
        "tower": _("tower (30 or more)"),
    }
    return names.get(code, code or _("outside the turfs"))


def slot_name(code: str) -> str:
    """Name a part of the day."""
    names = {
        "morning": _("morning"),
        "midday": _("midday"),
        "afternoon": _("afternoon"),
        "evening": _("evening"),
    }
    return names.get(code, code)


def rule_name(code: str) -> str:
    """Name a check of quality."""
    names = {
        "too_fast": _("Too many doors in two minutes"),
        "rate_out_of_range": _("Answer rate hard to believe"),
        "reported_twice": _("Reported twice on one day"),
        "outside_turf": _("Addresses outside the turf"),
        "more_doors": _("More doors than the building has"),
    }
    return names.get(code, code)


def measure_name(code: str) -> str:
    """Name what the objective counts."""
    return {"doors": _("doors knocked at"), "conversations": _("conversations")}.get(code, code)


def source_name(code: str) -> str:
    """Name where returns come from."""
    names = {"phone": _("phone"), "sheet": _("sheet"), "counts": _("paper counts")}
    return names.get(code, code)
