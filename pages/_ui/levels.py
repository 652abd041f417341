"""From the whole to the bureau: which level is on the map, and the way there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from analysis.electorate.swing_by_bureau import Share
from analysis.geography.level_shapes import BUREAU, CONSTITUENCY, DEPARTEMENT
from analysis.geography.outlines import COMMUNE
from analysis.geography.zones import COUNTRY, departments
from analysis.readers.codes import ABROAD
from analysis.tables.workspace import Workspace
from analysis.workflows import by_level
from pages._ui import level_map, loaders, shell, state, territory
from pages._ui.background import Progress, at_once
from pages._ui.i18n import _, election_name
from pages._ui.level_map import Look, Units, squares

__all__ = ["Counted", "Look", "Units", "choose", "counted", "first_look", "go", "show", "squares"]

_KEY, _USUAL = "map_level", "usual"


@dataclass(frozen=True, slots=True)
class Counted:
    """A share as counted, or its change.

    Attributes
    ----------
    places
        Parts of the workspace; empty for the whole.
    elections
        One, or two whose change is shown; empty for the last first round.
    share
        Of whom, and of what.
    title
        What is coloured; "" for the abstention.
    """

    places: tuple[str, ...] = ()
    elections: tuple[str, ...] = ()
    share: Share = by_level.ABSTENTION
    title: str = ""


def choose(place: Workspace, bureaux: pd.DataFrame, *, drawn: bool) -> str:
    """Ask at which level the map is to be; say where one is, and lead back.

    Parameters
    ----------
    place
        The workspace in use.
    bureaux
        `bureau_id`, `commune_id`: those in view.
    drawn
        Whether its bureaux have contours.

    Returns
    -------
    str
        One of `LEVELS`; bureaux where they have contours, or where a commune is alone.
    """
    trail(place)
    communes = bureaux["commune_id"]
    offered = by_level.levels_in(place, communes, bureaux["bureau_id"])
    alone = len(communes.unique()) == 1
    if not drawn and not alone:
        offered = offered[:-1]
    if len(offered) == 1:
        return offered[0]
    usual = offered[-1] if drawn or alone else offered[0]
    names = {
        DEPARTEMENT: _("Départements"),
        CONSTITUENCY: _("Constituencies"),
        COMMUNE: _("Consulates") if _abroad(communes) else _("Communes"),
        BUREAU: _("Bureaux"),
    }
    state.recall(_KEY, _USUAL)
    if st.session_state[_KEY] not in offered:
        state.answer_with(_KEY, usual)
    chosen = st.segmented_control(
        _("Map by"),
        offered,
        default=st.session_state[_KEY],
        required=True,
        format_func=names.__getitem__,
        key=_KEY,
        label_visibility="collapsed",
    )
    state.remember(_KEY, chosen or usual, usual)
    return chosen or usual


def _abroad(communes: pd.Series) -> bool:
    return bool(communes.astype("str").str.startswith(ABROAD).all())


def trail(place: Workspace) -> None:
    """Show where one is, each step a way back: the whole, the département, the commune."""
    places = loaders.table(str(place.path), place.digest, "places")
    codes = places["department_id"].unique()
    if territory.zones_given() is not None:
        return
    whole = _("France") if len(codes) >= COUNTRY else shell.place_name()
    steps = [("", whole)]
    department = str(st.session_state.get("department") or territory.EVERYWHERE)
    if len(codes) > 1 and department in set(codes):
        steps.append((department, departments().get(department, department)))
    part = str(st.session_state.get("commune") or territory.EVERYWHERE)
    if part != territory.EVERYWHERE:
        steps.append((part, territory.part_name(place, part)))
    if len(steps) == 1:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for n, (code, name) in enumerate(steps[:-1]):
            st.button(
                f"← {name}" if n == len(steps) - 2 else name,
                key=f"trail.{n}",
                help=_("Back to {name}").format(name=name),
                on_click=go,
                args=(code,),
            )
        st.markdown(f"**{steps[-1][1]}**", width="content")


def go(code: str) -> None:
    """Narrow the place to a département or a commune; "" for the whole."""
    narrowed, _beyond = territory.answers((code,) if code else ())
    for key, value in narrowed.items():
        state.answer_with(key, value)
    state.answer_with(_KEY, _USUAL)
    state.select(None)


def show(
    place: Workspace,
    units: Units,
    look: Look,
    *,
    key: str,
    opens: Callable[[str], None] | None = None,
) -> None:
    """Show the units of a level; a click, or Enter on the map, opens one: see `level_map.show`."""
    level_map.show(place, units, look, key=key, opens=opens or go)


def first_look(
    place: Workspace,
    asked: Counted,
    *,
    known: bool,
    opens: Callable[[str], None] | None = None,
) -> Callable[[], object]:
    """Show what was counted while an answer is worked out; return what takes it away.

    Parameters
    ----------
    place
        The workspace in use.
    asked
        What to show.
    known
        Whether the answer is there already: then nothing is shown.
    opens
        As `show` takes it.
    """
    drawn = place.manifest["tables"].get("bureaux", {}).get("rows", 0)
    if known or drawn:
        return lambda: None
    offered = by_level.levels_in(place, by_level.communes_in(place, asked.places))
    if len(offered) == 1:
        return lambda: None
    elections, level = asked.elections or (_last(place),), offered[0]
    table = counted_by(place, replace(asked, elections=elections), level)
    slot = st.empty()
    with slot.container():
        st.caption(
            _("First what was counted; what is asked for is being worked out and follows here.")
        )
        look = counted(table, elections, asked.title)
        show(place, Units(level, table), look, key="first_look", opens=opens)
    return slot.empty


def counted_by(place: Workspace, asked: Counted, level: str) -> pd.DataFrame:
    """Return a share as counted by unit, read once."""
    key = ("counted", str(place.path), place.digest, asked, level)

    def work(_tell: Progress) -> pd.DataFrame:
        share, places = asked.share, asked.places
        return by_level.counted_by(place, asked.elections, share, places=places, level=level)

    found: pd.DataFrame = at_once(key, work)
    return found


def counted(table: pd.DataFrame, elections: tuple[str, ...], title: str = "") -> Look:
    """Return how a share as counted, or its change between two elections, is shown."""
    percents = {one: (100 * table[one]).round(1) for one in elections}
    sizes = {_("Bureaux"): table["bureaux"], _("Registered"): table["registered"]}
    shared = {"registered": (table["registered"], 0)}
    if len(elections) == 1:
        value = percents[elections[0]]
        told = title or _("Abstention, {election} (% of registered)").format(
            election=election_name(elections[0])
        )
        return Look(
            told,
            value,
            tooltip=(_("{share}%"), _("{registered} registered")),
            numbers={"share": (value, 1), **shared},
            columns={"%": value, **sizes},
        )
    before, after = elections
    swing = (100 * table["swing"]).round(1)
    return Look(
        title,
        swing,
        around_nought=True,
        tooltip=(_("From {before}% to {after}%: {swing} points"), _("{registered} registered")),
        numbers={
            "before": (percents[before], 1),
            "after": (percents[after], 1),
            "swing": (swing, 1),
            **shared,
        },
        columns={
            _("Before (%)"): percents[before],
            _("After (%)"): percents[after],
            _("Swing (points)"): swing,
            **sizes,
        },
    )


def _last(place: Workspace) -> str:
    """Return the last first round of a place, else its last election."""
    known = loaders.table(str(place.path), place.digest, "elections").sort_values("date")
    first = known[known["round"] == 1]
    return str((first if len(first) else known)["election_id"].iloc[-1])
