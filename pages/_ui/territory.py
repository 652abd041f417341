"""Which part of a place is asked about: a département, then what lies in it, by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.errors import DataError, some
from analysis.geography.zones import bureaux_in, departments, in_words
from analysis.readers.codes import ABROAD
from analysis.tables.workspace import Workspace
from pages._ui import loaders
from pages._ui.access import visitor
from pages._ui.i18n import _, language
from pages._ui.selects import select

EVERYWHERE = "all"
_SOME = 64


def choose_places(place: Workspace) -> tuple[str, ...]:
    """Ask for a part of the place, by typing its name; empty for the whole.

    Who was given zones only chooses among them.
    """
    if (own := zones_given()) is not None:
        return (_one_of(place, own),)
    places = loaders.table(str(place.path), place.digest, "places")
    department = EVERYWHERE
    if len(codes := sorted(places["department_id"].unique())) > 1:
        department = select(
            _("Département"),
            [EVERYWHERE, *codes],
            key="department",
            show=lambda o: _("Everywhere") if o == EVERYWHERE else department_name(o),
        )
        if department == EVERYWHERE:
            return ()
    names = _names(str(place.path), place.digest, department, language())
    whole = str(places["name"].iloc[0]) if len(places) == 1 else _all(places)
    if not names:
        st.text_input(_("Territory"), whole, disabled=True)
        return ()
    part = select(
        _("Territory"),
        [EVERYWHERE, *names],
        key="commune",
        show=lambda o: whole if o == EVERYWHERE else names[o],
        help=_("Type a name: arrondissement, quarter, canton, constituency, commune."),
    )
    if part != EVERYWHERE:
        return (part,)
    return () if department == EVERYWHERE else (department,)


def has_parts(place: Workspace) -> bool:
    """Tell whether a place has parts that can be chosen by name."""
    zones = loaders.zones(str(place.path), place.digest)
    return len(set(zones["department_id"])) > 1 or bool((zones["kind"] != "departement").any())


def zones_given() -> tuple[str, ...] | None:
    """Return the zones that who is here was given; None where they may see the whole."""
    found = visitor.current()
    given = [found.zones(right) for right in ("see_results", "hand_out") if found.may(right)]
    if not given or None in given:
        return None
    return tuple(sorted({zone for zones in given for zone in zones or ()}))


def _one_of(place: Workspace, own: tuple[str, ...]) -> str:
    """Ask for one of the zones that were given and that the place holds."""
    named = [zone for zone in own if bureaux_of(str(place.path), place.digest, (zone,))]
    if not named:
        raise DataError(
            "None of your zones is in this place.",
            where="{zones}",
            mend="Open another place, or ask the administrator which zones are yours.",
            zones=some(own),
        )
    return select(
        _("Territory"),
        named,
        key="commune",
        show=lambda one: part_name(place, one),
        help=_("The zones that were given to you."),
    )


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def bureaux_of(folder: str, digest: str, zones: tuple[str, ...]) -> frozenset[str]:
    """Return the bureaux of some zones; none where the place holds none of them."""
    del digest
    workspace = Workspace(Path(folder))
    ids = workspace.read("turnout", columns=["bureau_id"])["bureau_id"].astype("str").unique()
    try:
        return frozenset(bureaux_in(workspace, list(ids), zones))
    except DataError:
        return frozenset()


def part_name(place: Workspace, code: str) -> str:
    """Name a part of the place as its list does, without codes."""
    places = loaders.table(str(place.path), place.digest, "places").set_index("commune_id")["name"]
    zones = loaders.zones(str(place.path), place.digest).set_index("place")["name"]
    return str(places.get(code) or in_words(zones, language()).get(code) or code)


def _all(places: pd.DataFrame) -> str:
    abroad = (places["department_id"] == ABROAD).all()
    return _("All consulates") if abroad else _("All communes")


def department_name(code: str) -> str:
    """Name a département with its code: « Ille-et-Vilaine (35) »."""
    known = departments().get(code)
    return f"{known} ({code})" if known else code


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _names(folder: str, digest: str, department: str, tongue: str) -> dict[str, str]:
    """Name the parts of a place, or of one of its départements, in the language of the page."""
    del tongue
    zones = loaders.zones(folder, digest)
    if department != EVERYWHERE:
        zones = zones[zones["department_id"] == department]
    zones = zones[zones["kind"] != "departement"]
    return dict(zip(zones["place"], _shown(zones), strict=True))


def _shown(zones: pd.DataFrame) -> pd.Series:
    """Name parts; what their name does not say they are is said behind it."""
    kinds = {"quartier": _("quarter"), "canton": _("canton")}
    kind = zones["kind"].map(kinds)
    code = " (" + zones["place"] + ")"
    behind = (" (" + kind + ")").fillna("").where(zones["kind"] != "commune", code)
    return in_words(zones["name"], language()) + behind


def answers(places: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Return the answers that narrow the place to one of `places`, and what is beyond."""
    opened = loaders.workspace()
    if (own := zones_given()) is not None:
        kept = [one for one in places if one in own] or list(own[:1])
        return {"commune": kept[0]} if kept else {}, []
    zones = loaders.zones(str(opened.path), opened.digest)
    known = loaders.table(str(opened.path), opened.digest, "places")
    parts = dict(zip(zones["place"], zones["department_id"], strict=True))
    parts |= dict(zip(known["commune_id"], known["department_id"], strict=True))
    held = set(known["department_id"])
    here = [code for code in places if code in parts or code in held]
    beyond = []
    if absent := [code for code in places if code not in here]:
        beyond.append(
            _("This workspace does not hold {codes}: the territory shown is another.").format(
                codes=", ".join(absent)
            )
        )
    if len(here) > 1:
        beyond.append(
            _("One territory is shown at a time: {code}, of {codes}.").format(
                code=here[0], codes=", ".join(here)
            )
        )
    if not here:
        return {"department": EVERYWHERE, "commune": EVERYWHERE}, beyond
    if here[0] in held:
        return {"department": here[0], "commune": EVERYWHERE}, beyond
    several = len(known) > 1
    return {
        "department": str(parts[here[0]]),
        "commune": here[0] if several or here[0] not in set(known["commune_id"]) else EVERYWHERE,
    }, beyond
