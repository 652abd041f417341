"""From the whole to the bureau: a map and a list by département or commune, and the way back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd
import streamlit as st

from analysis.charts.colours import classes
from analysis.charts.swing_charts import graded
from analysis.electorate.swing_by_bureau import Share
from analysis.geography.level_shapes import BUREAU, DEPARTEMENT
from analysis.geography.outlines import COMMUNE
from analysis.geography.zones import departments
from analysis.tables.workspace import Workspace
from analysis.workflows import by_level
from analysis.workflows.base_maps import tiles_of
from analysis.workflows.by_level import LevelMap
from pages._ui import loaders, shell, state, territory
from pages._ui.background import Progress, at_once
from pages._ui.bureau_map import (
    Geometry,
    Legend,
    MapOptions,
    Number,
    Paint,
    bureau_map,
    publish_geometry,
    publish_ground,
)
from pages._ui.i18n import _, election_name, language, ngettext, number

_KEY, _USUAL = "map_level", "usual"
# So many départements are the country.
_COUNTRY = 90
_LISTED = 1000


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


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a level, in the order of the list.

    Attributes
    ----------
    level
        `departement` or `commune`.
    table
        `unit_id`, `name`, `registered`.
    vintage
        Of the contours of bureaux, of which communes are put together; None without.
    """

    level: str
    table: pd.DataFrame
    vintage: int | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """What a map and a list of units show; series stand in the order of the table.

    Attributes
    ----------
    title
        What is coloured, with its unit.
    shown
        One value per unit.
    around_nought
        Whether gains and losses are told apart.
    tooltip, numbers
        As `Paint` takes them; a number with its decimals.
    columns
        Title → values, of the list.
    """

    title: str
    shown: pd.Series
    around_nought: bool = False
    tooltip: Sequence[str] = ()
    numbers: Mapping[str, tuple[pd.Series, int]] = field(default_factory=dict)
    columns: Mapping[str, pd.Series] = field(default_factory=dict)


def choose(place: Workspace, communes: pd.Series, *, drawn: bool) -> str:
    """Ask at which level the map is to be; say where one is, and lead back.

    Parameters
    ----------
    place
        The workspace in use.
    communes
        Ids, one for each bureau in view.
    drawn
        Whether its bureaux have contours.

    Returns
    -------
    str
        One of `LEVELS`; bureaux where they have contours, or where a commune is alone.
    """
    trail(place)
    offered = by_level.levels_in(place, communes)
    if not drawn and len(offered) > 1:
        offered = offered[:-1]
    if len(offered) == 1:
        return offered[0]
    usual = offered[-1] if drawn else offered[0]
    names = {
        DEPARTEMENT: _("Départements"),
        COMMUNE: _("Communes"),
        BUREAU: _("Bureaux"),
    }
    state.recall(_KEY, _USUAL)
    if st.session_state[_KEY] not in offered:
        state.answer_with(_KEY, usual)
    chosen = st.segmented_control(
        _("Map by"), offered, format_func=names.__getitem__, key=_KEY, label_visibility="collapsed"
    )
    state.remember(_KEY, chosen or usual, usual)
    return chosen or usual


def trail(place: Workspace) -> None:
    """Show where one is, each step a way back: the whole, the département, the commune."""
    places = loaders.table(str(place.path), place.digest, "places")
    codes = places["department_id"].unique()
    if len(places) == 1:
        return
    whole = _("France") if len(codes) >= _COUNTRY else shell.place_name()
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
    """Show the units of a level; a click, or Enter on the map, opens one.

    Parameters
    ----------
    place
        The workspace in use.
    units
        Which ones.
    look
        What is shown of them.
    key
        Names map and list.
    opens
        Called with the unit chosen, before the page runs again; by default `go`.
    """
    geometry, drawn = _published(place, units)
    where = pd.Series(range(len(units.table)), index=units.table["unit_id"].to_numpy())
    rows = where.reindex(geometry.ids).to_numpy()
    name = f"{key}.{units.level}"

    def chosen(unit_id: str | None) -> None:
        if unit_id:
            (opens or go)(unit_id)

    options = MapOptions(on_select=chosen, label=look.title, height=460, texts=_texts())
    bureau_map(geometry, _paint(look, rows), key=name, options=options)
    _told(units, drawn)
    _listed(units.table, look, key=f"{name}.list", chosen=chosen)


def squares(place: Workspace, table: pd.DataFrame) -> Geometry:
    """Publish bureaux without contours as squares by number.

    Parameters
    ----------
    place
        The workspace in use.
    table
        `bureau_id`, `label`, `registered`.
    """
    units = pd.DataFrame(
        {
            "unit_id": table["bureau_id"].astype("str"),
            # By number, not by size.
            "registered": 0,
            "name": table["label"],
        }
    )
    st.caption(
        _(
            "The bureaux of this commune have no contours: each is a square, by number, not where "
            "it lies. Add contours on the Data page."
        )
    )
    return _published(place, Units(BUREAU, units))[0]


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
    offered = by_level.levels_in(place, by_level.communes_in(place, asked.places))
    if known or drawn or len(offered) == 1:
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


def _published(place: Workspace, given: Units) -> tuple[Geometry, LevelMap]:
    level, vintage = given.level, given.vintage
    units = given.table[["unit_id", "name", "registered"]]
    token = hashlib.sha256(units.to_csv(index=False).encode()).hexdigest()[:12]
    key = ("level map", str(place.path), place.digest, level, vintage, token)
    drawn: LevelMap = at_once(key, lambda _tell: by_level.map_of(place, level, units, vintage))
    name = f"{place.digest[:20]}-{level}-{vintage}-{token}"
    shapes = drawn.shapes
    ground = publish_ground(drawn.ground, digest=name) if len(shapes.outlines) else ""
    published = publish_geometry(shapes.units, digest=name)
    # Images of the ground lie under what stands on it, not under rows of squares.
    tiles = tiles_of(place) if shapes.on_the_ground and level == COMMUNE else None
    return Geometry(published.url, published.ids, ground=ground, tiles=tiles), drawn


def _paint(look: Look, rows: Sequence[int]) -> Paint:
    values = look.shown.iloc[rows]
    if look.around_nought:
        sorted_, colours = graded(values, language())
    else:
        sorted_ = classes(values, n=7, language=language())
        colours = sorted_.palette[1:]
    return Paint(
        sorted_.index,
        Legend(look.title, colours, sorted_.labels[1:]),
        tooltip=tuple(look.tooltip),
        numbers={
            name: Number(series.iloc[rows], decimals)
            for name, (series, decimals) in look.numbers.items()
        },
    )


def _told(units: Units, drawn: LevelMap) -> None:
    """Say what a click does, and what does not stand where it is."""
    opens = {
        DEPARTEMENT: _("Click a département, or choose it in the list, to see its communes."),
        COMMUNE: _("Click a commune, or choose it in the list, to see its bureaux."),
    }
    lines = [opens[units.level]]
    near, apart = drawn.shapes.near, drawn.shapes.apart
    if near:
        lines.append(
            ngettext(
                "{n} small commune stands beside the town of its postal code.",
                "{n} small communes stand beside the town of their postal code.",
                near,
            ).format(n=number(near))
        )
    if apart:
        lines.append(
            ngettext(
                "{n} square to the west stands for what lies elsewhere or has no known position.",
                "{n} squares to the west stand for what lies elsewhere or has no known position.",
                apart,
            ).format(n=number(apart))
        )
    if drawn.shapes.on_the_ground and units.vintage is None:
        lines.append(_("Outlines: MapSVG; positions: GeoNames (CC BY 4.0)."))
    st.caption(" ".join(lines))


def _listed(table: pd.DataFrame, look: Look, *, key: str, chosen: Callable[[str], None]) -> None:
    whole = pd.DataFrame(
        {_("Name"): table["name"].to_numpy()}
        | {title: values.to_numpy() for title, values in look.columns.items()}
    )
    ids = table["unit_id"].tolist()
    st.dataframe(
        whole.head(_LISTED),
        key=key,
        hide_index=True,
        height=300,
        on_select=partial(_open_row, key, ids, chosen),
        selection_mode="single-row",
        column_config={
            title: st.column_config.NumberColumn(format="localized")
            for title in whole.select_dtypes("number")
        },
    )


def _open_row(key: str, ids: list[str], chosen: Callable[[str], None]) -> None:
    if rows := st.session_state[key]["selection"]["rows"]:
        chosen(ids[rows[0]])


def _texts() -> dict[str, str]:
    return {
        "help": _(
            "Arrow keys move the map, plus and minus zoom, 0 shows everything, Enter opens what is "
            "under the cross."
        ),
        "nothing": _("Nothing here"),
        "count": _("{n} on the map"),
        "search": _("Département or commune"),
    }
