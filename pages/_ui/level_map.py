"""The map and the list of a level: départements, communes, bureaux without contours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import classes, graded
from analysis.geography.constituencies import UNKNOWN
from analysis.geography.level_shapes import (
    BUREAU,
    CONSTITUENCY,
    DEPARTEMENT,
    LAYOUT,
    on_mainland,
)
from analysis.geography.outlines import COMMUNE
from analysis.geography.zones import in_words
from analysis.readers.codes import ABROAD
from analysis.tables.workspace import Workspace
from analysis.workflows import by_level
from analysis.workflows.base_maps import tiles_of
from analysis.workflows.by_level import LevelMap
from pages._ui.background import at_once
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
from pages._ui.i18n import _, language, ngettext, number
from pages._ui.trial.number_tables import written

# Rows of a list that travel to the screen.
_LISTED = 1000


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a level, in the order of the list.

    Attributes
    ----------
    level
        `departement`, `circonscription` or `commune`.
    table
        `unit_id`, `name`, `registered`.
    vintage
        Of the contours of bureaux, of which communes are put together; None without.
    """

    level: str
    table: pd.DataFrame
    vintage: int | None = None

    @property
    def abroad(self) -> bool:
        """Whether all of them are consulates."""
        codes = set(self.table["unit_id"].astype("str").str.rpartition(":")[2])
        # Some consulates are of no constituency that is known.
        return bool(codes - {""}) and all(code.startswith(ABROAD) for code in codes - {""})


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


def show(
    place: Workspace,
    units: Units,
    look: Look,
    *,
    key: str,
    opens: Callable[[str], None],
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
        Called with the unit chosen, before the page runs again.
    """
    geometry, drawn = _published(place, units)
    where = pd.Series(range(len(units.table)), index=units.table["unit_id"].to_numpy())
    rows = where.reindex(geometry.ids).to_numpy()
    name = f"{key}.{units.level}"

    def chosen(unit_id: str | None) -> None:
        # What no file names a constituency of is no part to open.
        if unit_id and unit_id != UNKNOWN:
            opens(unit_id)

    options = MapOptions(on_select=chosen, label=look.title, height=460, texts=_texts(units))
    bureau_map(geometry, _paint(look, rows), key=name, options=options)
    _told(units, drawn)
    listed = units.table.assign(name=_in_words(units.table["name"], units.level))
    _listed(listed, look, key=f"{name}.list", chosen=chosen)


def _in_words(names: pd.Series, level: str) -> pd.Series:
    """Return names with words for the constituency that no file names."""
    if level != CONSTITUENCY:
        return names
    told = in_words(names, language())
    return told.replace("", _("No constituency known: no file names it"))


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


def _published(place: Workspace, given: Units) -> tuple[Geometry, LevelMap]:
    level, vintage = given.level, given.vintage
    units = given.table[["unit_id", "name", "registered"]]
    token = hashlib.sha256(units.to_csv(index=False).encode()).hexdigest()[:12]
    key = ("level map", str(place.path), place.digest, level, vintage, token)
    drawn: LevelMap = at_once(key, lambda _tell: by_level.map_of(place, level, units, vintage))
    name = f"{place.digest[:20]}-{level}{LAYOUT}-{vintage}-{token}"
    shapes = drawn.shapes
    ground = publish_ground(drawn.ground, digest=name) if len(shapes.outlines) else ""
    # Words are for who points at it, in the language of the page: none are drawn.
    told = shapes.units.assign(name=_in_words(shapes.units["name"], level))
    words = f"-{language()}" if level == CONSTITUENCY else ""
    published = publish_geometry(told, digest=f"{name}{words}")
    # Images of the ground lie under what stands on it, not under rows of squares.
    tiles = tiles_of(place) if shapes.on_the_ground and level in {COMMUNE, CONSTITUENCY} else None
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
        CONSTITUENCY: _("Click a constituency, or choose it in the list, to see what lies in it."),
        COMMUNE: _("Click a consulate, or choose it in the list, to see its bureaux.")
        if units.abroad
        else _("Click a commune, or choose it in the list, to see its bureaux."),
    }
    lines = [opens[units.level]]
    if units.level == CONSTITUENCY and units.vintage is None:
        lines.append(
            _("Each constituency is a dot at the middle of its consulates.")
            if units.abroad
            else _(
                "No file that was read gives outlines of constituencies: each is a dot at the "
                "middle of its communes, those of one town side by side round it."
            )
        )
    near, apart = drawn.shapes.near, drawn.shapes.apart
    if near:
        lines.append(
            ngettext(
                "{n} small commune stands beside the town of its postal code, or amid the communes "
                "it is joined with.",
                "{n} small communes stand beside the town of their postal code, or amid the "
                "communes they are joined with.",
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
        lines.append(
            _("Land: Natural Earth; positions: GeoNames (CC BY 4.0).")
            if units.abroad
            else _("Outlines: MapSVG; positions: GeoNames (CC BY 4.0).")
        )
    st.caption(" ".join(lines))


def _listed(table: pd.DataFrame, look: Look, *, key: str, chosen: Callable[[str], None]) -> None:
    whole = pd.DataFrame(
        {_("Name"): table["name"].to_numpy()}
        | {title: values.to_numpy() for title, values in look.columns.items()}
    )
    # What lies overseas or abroad comes after the rest, as on the map.
    here = on_mainland(table["unit_id"])
    order = np.argsort(~here, kind="stable") if here.any() else np.arange(len(here))
    whole = whole.iloc[order].reset_index(drop=True)
    ids = table["unit_id"].iloc[order].tolist()
    shown, numbers = written(whole.head(_LISTED))
    st.dataframe(
        shown,
        key=key,
        hide_index=True,
        height=300,
        on_select=partial(_open_row, key, ids, chosen),
        selection_mode="single-row",
        column_config=numbers,
    )


def _open_row(key: str, ids: list[str], chosen: Callable[[str], None]) -> None:
    if rows := st.session_state[key]["selection"]["rows"]:
        chosen(ids[rows[0]])


def _texts(units: Units) -> dict[str, str]:
    search = _("Département, constituency or commune")
    if units.abroad:
        search = _("Consulate") if units.level == COMMUNE else _("Constituency or consulate")
    return {
        "help": _(
            "Arrow keys move the map, plus and minus zoom, 0 shows everything, Enter opens what is "
            "under the cross."
        ),
        "nothing": _("Nothing here"),
        "count": _("{n} on the map"),
        "search": search,
    }
