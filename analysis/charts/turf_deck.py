"""Turfs over streets: outlines in colours neighbours do not share, stops, and one turf's route."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import pydeck
import shapely
from pydeck.bindings.json_tools import default_serialize

from analysis.charts.deck_names import NAME_PX, WGS84, text_layer
from analysis.charts.deck_streets import Look, paths, rgb, street_layers, told_of
from analysis.charts.names_apart import NamesApart
from analysis.tables.lately import Lately

# Okabe and Ito (2008): told apart by colour-blind people.
HUES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f", "#000000")
# How a turf stands (`workflows.turf_states`), of the same colours.
STATE_COLOURS = {"ready": "#7f7f7f", "out": "#0072b2", "back": "#009e73", "late": "#d55e00"}
_CHOSEN_ALPHA, _CHOSEN_PIXELS = 150, 4.0
# Round the stops of a turf, to the middle of its streets; turfs this close are neighbours.
_ROUND_M, _CLOSE_M = 14.0, 60.0
_COARSE_M = 1.0
_EQUATOR_M = 40_075_016.7
_DOTS_MOST = 6000
_CLOSE_ZOOM = 16.5
# Of the screen: how high the map is, a turf's number, the circle of a stop.
_HIGH_PX, _NUMBER_PX, _STOP_PX = 560, 20, 11
_LATELY: Lately[tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]] = Lately(8)
_RECORDS: Lately[tuple[gpd.GeoDataFrame, pd.DataFrame]] = Lately(8)


@dataclass(frozen=True)
class TurfPicture:
    """What is drawn.

    Attributes
    ----------
    stops
        `turf_id`, `stop`, `label`, `dwellings`; points in the metric CRS, in walking order.
    streets
        A `schema.STREETS` table in the same CRS; may be empty.
    bureaux
        Contours in the same CRS; may be empty.
    route
        The way of the turf in view, a line along streets; None where all are.
    states
        By turf, a name in `STATE_COLOURS` that colours it; empty: neighbours are told apart.
    chosen
        Turfs and addresses that stand out.
    mark
        Latitude and longitude of what was looked for; the map goes there.
    """

    stops: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    bureaux: gpd.GeoDataFrame
    route: shapely.Geometry | None = None
    states: Mapping[str, str] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    mark: tuple[float, float] | None = None


class TurfDeck(pydeck.Deck):  # type: ignore[misc]
    """A map told without blanks.

    A browser reads it letter by letter: with a line for each coordinate it took three times as
    long, in every answer of a page.
    """

    def to_json(self) -> str:
        """Return what deck.gl draws."""
        return json.dumps(self, sort_keys=True, default=default_serialize, separators=(",", ":"))


def outlines_of(stops: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the ground of each turf, with a colour that no turf close by has.

    Parameters
    ----------
    stops
        `turf_id` and points in a metric CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        `turf_id`, `hue` (place in `HUES`), `stops`, polygons.
    """
    # Asked for at each click on a page: the same stops have the same ground.
    return _grounds_of(stops)[0].copy()


def _grounds_of(stops: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the ground of each turf in metres, and as it is drawn, in degrees."""

    def work() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        plan = _outlines_of(stops)
        return plan, plan.set_geometry(plan.simplify(_COARSE_M)).to_crs(WGS84)

    return _LATELY.get((str(stops.crs), told_of(stops)), work)


def _outlines_of(stops: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    groups = stops.geometry.groupby(stops["turf_id"].to_numpy(), sort=True)
    points = groups.agg(lambda some: shapely.multipoints(shapely.get_coordinates(some.to_numpy())))
    hulls = shapely.concave_hull(points.to_numpy(dtype=object), ratio=0.35)
    grounds = shapely.buffer(hulls, _ROUND_M)
    table = {"turf_id": points.index, "hue": hues_of(grounds), "stops": groups.size().to_numpy()}
    return gpd.GeoDataFrame(table, geometry=grounds, crs=stops.crs)


def hues_of(grounds: np.ndarray) -> list[int]:
    """Return a colour for each ground: the first that none of those close by has yet.

    Parameters
    ----------
    grounds
        Polygons, metres.

    Returns
    -------
    list of int
        Places in `HUES`; with more close neighbours than colours, the one least used there.
    """
    one, other = shapely.STRtree(grounds).query(grounds, predicate="dwithin", distance=_CLOSE_M)
    hues = np.full(len(grounds), -1)
    near = pd.Series(other).groupby(one).agg(list)
    for row in range(len(grounds)):
        used = np.bincount(hues[near[row]][hues[near[row]] >= 0], minlength=len(HUES))
        hues[row] = int(np.argmin(used))
    return [int(hue) for hue in hues]


def turf_deck(
    picture: TurfPicture, *, style: str | None, titles: Mapping[str, str], wide_px: int = 620
) -> pydeck.Deck:
    """Return the map of turfs, or of one where its route is given.

    Parameters
    ----------
    picture
        What is drawn.
    style
        Address of a style of images under it; None draws the streets of the place alone.
    titles
        Words of the tooltip: `stop`, `doors`.
    wide_px
        Pixels that the turfs fill at most from west to east when the map opens.

    Returns
    -------
    pydeck.Deck
        Its layers `turfs` and `stops` can be picked.
    """
    plan, grounds = (one.copy() for one in _grounds_of(picture.stops))
    view = _view(picture, grounds, wide_px)
    pixel_m = float(_EQUATOR_M * np.cos(np.radians(grounds.total_bounds[1])) / (512 * 2**view.zoom))
    look = Look(pixel_m, picture.route is not None, picture.mark is not None, bool(style))
    written = partial(_written, picture, plan, pixel_m)
    layers = street_layers(picture.streets, picture.stops, look, written)
    layers += [_bureaux(picture.bureaux)] if len(picture.bureaux) else []
    grounds["colour"] = [
        STATE_COLOURS.get(picture.states.get(turf, ""), HUES[hue])
        for turf, hue in zip(grounds["turf_id"], grounds["hue"], strict=True)
    ]
    colour = picture.stops["turf_id"].map(grounds.set_index("turf_id")["colour"])
    if picture.route is None:
        layers += [
            *_grounds(grounds, picture.chosen),
            _dots(picture.stops, colour, picture.chosen),
            _numbers(grounds),
        ]
    else:
        layers += [_route(picture), *_walk(picture.stops)]
    if picture.mark is not None:
        layers.append(_mark(*picture.mark))
    tooltip = {"text": f"{{turf_id}} {{told}}\n{{label}}\n{titles['doors']} : {{dwellings}}"}
    return TurfDeck(
        layers,
        initial_view_state=view,
        tooltip=tooltip if picture.route is not None else {"text": "{turf_id}\n{label}"},
        **({"map_style": style} if style else {"map_provider": None}),
    )


def view_of(picture: TurfPicture, *, wide_px: int = 620) -> pydeck.ViewState:
    """Return where the map of a picture opens (see `turf_deck`), without drawing it."""
    return _view(picture, _grounds_of(picture.stops)[1], wide_px)


def _view(picture: TurfPicture, grounds: gpd.GeoDataFrame, wide_px: int) -> pydeck.ViewState:
    bounds = grounds.total_bounds
    view = pydeck.data_utils.compute_view(bounds.reshape(2, 2).tolist(), view_proportion=1)
    view.zoom = _zoom(bounds, wide_px)
    if picture.mark is not None:
        (view.latitude, view.longitude), view.zoom = picture.mark, _CLOSE_ZOOM
    return view


def _zoom(bounds: Sequence[float], wide_px: int) -> float:
    """Return the zoom at which some degrees fill so many pixels, or 400 from south to north."""
    west, south, east, north = bounds
    wide = max(east - west, 1e-4) / 360 * 512 / wide_px
    high = max(north - south, 1e-4) / 360 * 512 / 400 / np.cos(np.radians((south + north) / 2))
    return float(min(-np.log2(max(wide, high)), 17.0))


def _written(picture: TurfPicture, plan: gpd.GeoDataFrame, pixel_m: float) -> NamesApart:
    """Return what stands on the map before any street is named: numbers, and where it ends."""
    west, south, east, north = plan.total_bounds
    beside = max(0.0, _HIGH_PX * pixel_m - (north - south)) / 2
    edge = shapely.box(-1e8, south - beside, 1e8, north + beside).boundary
    written = NamesApart(NAME_PX * pixel_m, edge if picture.mark is None else None)
    if picture.route is None:
        at, across = plan.geometry.representative_point(), _NUMBER_PX * pixel_m
    else:
        at, across = picture.stops.geometry, 2 * _STOP_PX * pixel_m
    for point in at:
        written.keep((point.x, point.y), across, high=across)
    return written


def _bureaux(bureaux: gpd.GeoDataFrame) -> pydeck.Layer:
    rows = pd.DataFrame({"path": paths(bureaux.geometry.simplify(5).boundary)})
    return pydeck.Layer(
        "PathLayer",
        rows,
        id="bureaux",
        get_path="path",
        get_color=[90, 90, 90],
        width_min_pixels=1,
        width_max_pixels=1,
        opacity=0.5,
    )


def _grounds(grounds: gpd.GeoDataFrame, chosen: frozenset[str]) -> list[pydeck.Layer]:
    # What can be picked is drawn again at each press, and a press of over a quarter of a second is
    # no click for deck.gl: outlines of hundreds of turfs, without a graphics card, took as long.
    exploded = grounds.explode(ignore_index=True)
    turf, colour = exploded["turf_id"], exploded["colour"]
    around = [
        np.round(shapely.get_coordinates(shape.exterior), 6).tolist() for shape in exploded.geometry
    ]
    alpha = [_CHOSEN_ALPHA if one in chosen else 70 for one in turf]
    fill = list(map(rgb, colour, alpha))
    ground = pydeck.Layer(
        "PolygonLayer",
        pd.DataFrame({"polygon": around, "fill": fill, "turf_id": turf, "label": ""}),
        id="turfs",
        get_polygon="polygon",
        get_fill_color="fill",
        stroked=False,
        pickable=True,
    )
    line = [rgb(one, 230) for one in colour]
    width = [_CHOSEN_PIXELS if one in chosen else 1.5 for one in turf]
    outlines = pydeck.Layer(
        "PathLayer",
        pd.DataFrame({"path": around, "line": line, "width": width}),
        id="outlines",
        get_path="path",
        get_color="line",
        get_width="width",
        width_units=pydeck.types.String("pixels"),
        width_min_pixels=1.5,
    )
    return [ground, outlines]


def _records(stops: gpd.GeoDataFrame, step: int = 1) -> pd.DataFrame:
    """Return what deck.gl is told of every so many stops, to be read only."""
    # Of these very stops, which stay as they are: kept beside what is told of them, no others can
    # take their place in memory.
    work = partial(_records_of, stops.iloc[::step])
    return _RECORDS.get((id(stops), step), lambda: (stops, work()))[1]


def _records_of(stops: gpd.GeoDataFrame) -> pd.DataFrame:
    at = stops.geometry.to_crs(WGS84)
    names = ["turf_id", "stop", "label", "dwellings", "address_id"]
    kept = pd.DataFrame(stops[stops.columns.intersection(names)]).reset_index(drop=True)
    return kept.assign(
        at=np.round(np.c_[at.x, at.y], 6).tolist(),
        latitude=at.y.round(6).to_numpy(),
        longitude=at.x.round(6).to_numpy(),
        told=kept["stop"].astype(str),
        text=kept["stop"].astype(str),
        angle=0,
    )


def _dots(stops: gpd.GeoDataFrame, colour: pd.Series, chosen: frozenset[str]) -> pydeck.Layer:
    step = max(1, -(-len(stops) // _DOTS_MOST))
    shades = {str(one): rgb(str(one)) for one in colour.unique()}
    colours = [shades[str(one)] for one in colour.iloc[::step]]
    rows = _records(stops, step).assign(colour=colours)
    if "address_id" in rows:
        black = rows["address_id"].isin(chosen)
        rows["colour"] = rows["colour"].where(~black, pd.Series([rgb("#000000")] * len(rows)))
    return _circles(rows, radius=4, most=4)


def _circles(rows: pd.DataFrame, *, radius: float, most: float) -> pydeck.Layer:
    return pydeck.Layer(
        "ScatterplotLayer",
        rows,
        id="stops",
        get_position="at",
        get_fill_color="colour",
        get_line_color=[255, 255, 255],
        stroked=True,
        line_width_min_pixels=1,
        # Of a metre by itself: near by, the rim covered the circle.
        line_width_max_pixels=1,
        get_radius=radius,
        radius_min_pixels=2,
        radius_max_pixels=most,
        pickable=True,
    )


def _mark(latitude: float, longitude: float) -> pydeck.Layer:
    return pydeck.Layer(
        "ScatterplotLayer",
        pd.DataFrame({"at": [[longitude, latitude]]}),
        id="mark",
        get_position="at",
        get_fill_color=[0, 0, 0],
        get_line_color=[255, 255, 255],
        stroked=True,
        line_width_min_pixels=3,
        line_width_max_pixels=3,
        radius_min_pixels=8,
        radius_max_pixels=8,
    )


def _numbers(grounds: gpd.GeoDataFrame) -> pydeck.Layer:
    at = grounds.geometry.representative_point()
    rows = pd.DataFrame(
        {
            "at": [[round(p.x, 6), round(p.y, 6)] for p in at],
            "text": grounds["turf_id"].str.rpartition("-")[2].str.lstrip("0"),
            "angle": 0,
            "doors": grounds["stops"],
        }
    ).sort_values("doors", ascending=False, kind="stable")
    return text_layer(rows, "numbers", size=15, colour=[20, 20, 20])


def _route(picture: TurfPicture) -> pydeck.Layer:
    rows = pd.DataFrame({"path": paths(gpd.GeoSeries([picture.route], crs=picture.stops.crs))})
    return pydeck.Layer(
        "PathLayer",
        rows,
        id="route",
        get_path="path",
        get_color=rgb(HUES[0]),
        width_min_pixels=3,
        width_max_pixels=4,
        cap_rounded=True,
        joint_rounded=True,
    )


def _walk(stops: gpd.GeoDataFrame) -> list[pydeck.Layer]:
    rows, white = _records(stops).assign(colour=[rgb(HUES[0])] * len(stops)), [255] * 3
    inside = text_layer(rows[["at", "text", "angle"]], "order", size=11, colour=white, paper=False)
    return [_circles(rows, radius=_STOP_PX, most=_STOP_PX), inside]
