"""A street graph to walk on: read from a file, saved to one, or fetched by osmnx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from analysis.errors import DataError, Text, some
from analysis.geography.transformer import transformer
from analysis.geography.way_names import street_keys
from analysis.turf.own_streets import by_name
from analysis.turf.small_gaps import only_over_gaps, parts_of, with_paths

# Faster than the first, nobody crosses between two corners; faster than the second, nobody walks.
CROSSED_KMH, WALKED_KMH = 50.0, 60.0
_METRES_OF_A_DEGREE = 111_195.0
# Fewer metres of street that nothing joins are no place to walk: a jetty, a slip of the drawing.
_LEAST_M = 200.0
_FITS = 0.02  # lengths within 2% of a way to measure them are measured that way
_COLUMNS = ["from", "to", "direction", "time_s", "length_m"]
_LAYOUT = Text(
    "Give a text file: a line “nodes edges”, a line “lat lon” per node, "
    "then a line “from to direction time_s length_m” per edge."
)


@dataclass(frozen=True)
class StreetGraph:
    """Streets a person can walk, in both directions.

    Attributes
    ----------
    name
        File or source, for the report.
    nodes
        Corners, metres (n × 2).
    edges
        Pairs of rows of `nodes` (m × 2).
    length_m
        Length of each edge.
    crossable
        Whether an edge can be crossed between its ends.
    part
        Number of the part each edge hangs together with: 0 for the longest. Nobody walks from
        one part to another.
    over_gap
        Whether it hangs together with the longest part only over a gap that nothing explains.
    apart
        Streets too short to walk that hang together with none of these: lines, in metres.
    main
        Lines of the streets with much traffic, where the source tells them.
    named
        Key of a street's name → its lines, where the source has names.
    """

    name: str
    nodes: np.ndarray
    edges: np.ndarray
    length_m: np.ndarray
    crossable: np.ndarray
    part: np.ndarray
    over_gap: np.ndarray
    apart: np.ndarray
    main: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    named: Mapping[str, shapely.Geometry] = field(default_factory=dict)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The edges as straight lines, to find the nearest."""
        return shapely.STRtree(shapely.linestrings(self.nodes[self.edges]))

    @cached_property
    def tree_apart(self) -> shapely.STRtree:
        """The streets apart, to tell where nobody walks from open country."""
        return shapely.STRtree(self.apart)

    @cached_property
    def tree_main(self) -> shapely.STRtree:
        """The main streets, to tell who would have to cross one."""
        return shapely.STRtree(self.main)

    def matrix(self, kept: np.ndarray) -> csr_array:
        """Return the lengths between the nodes `kept`, as scipy's graph routines take them."""
        place = np.full(len(self.nodes), -1)
        place[kept] = np.arange(len(kept))
        a, b = place[self.edges].T
        inside = (a >= 0) & (b >= 0) & (a != b)
        ends = np.sort(np.c_[a, b][inside], axis=1)
        length = np.maximum(self.length_m[inside], 0.1)
        # Of two edges between the same corners the shorter counts; a sparse matrix would add them.
        order = np.lexsort((length, ends[:, 1], ends[:, 0]))
        ends, length = ends[order], length[order]
        first = np.r_[True, (np.diff(ends, axis=0) != 0).any(axis=1)][: len(ends)]
        ends, length = ends[first], length[first]
        return csr_array((length, (ends[:, 0], ends[:, 1])), shape=(len(kept), len(kept)))


def read_graph(path: Path | str, crs: str) -> StreetGraph:
    """Read a street graph from its text file.

    Parameters
    ----------
    path
        First line `nodes edges` (more numbers may follow), then `lat lon` per node, then
        `from to direction time_s length_m` per edge; nodes count from 0.
    crs
        Metric CRS of the workspace.

    Raises
    ------
    DataError
        When the file is missing, cut, or names nodes it does not have.
    """
    return _graph(*_read(Path(path)), crs)


def read_edges(path: Path | str, crs: str) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Read the edges of a street graph, whoever may use them.

    Parameters
    ----------
    path, crs
        As for `read_graph`.

    Returns
    -------
    tuple
        Edges: `a`, `b` (rows of the corners), `length_m`, `speed_kmh`, `one_way`; the corners in
        metres, (n, 2); the name of the file, with what had to be mended.
    """
    return _checked(*_read(Path(path)), crs)


def _read(file: Path) -> tuple[str, np.ndarray, pd.DataFrame]:
    try:
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        count, many = (int(word) for word in head.split()[:2])
        nodes = np.array([line.split() for line in lines[:count]], dtype=float)
        raw = np.array([line.split()[:5] for line in lines[count : count + many]], dtype=float)
        if nodes.shape != (count, 2) or raw.shape != (many, 5) or not many:
            raise ValueError(_fewer(count, many))  # noqa: TRY301
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise DataError(
            "The street graph cannot be read.",
            where="{file}: {error}",
            mend="{layout}",
            file=file.name,
            error=error,
            layout=_LAYOUT,
        ) from error
    return file.name, nodes, pd.DataFrame(raw, columns=_COLUMNS)


def graph_of(streets: gpd.GeoDataFrame, name: str) -> StreetGraph:
    """Return the graph of what a person can walk of a table of streets.

    Parameters
    ----------
    streets
        A `schema.STREETS` table. Streets meet where they have a point in common.
    name
        Where it is from, for the report.

    Returns
    -------
    StreetGraph
        Every straight piece of a street is an edge.
    """
    walked = streets[streets["walkable"]].reset_index(drop=True)
    xy, line = shapely.get_coordinates(walked.geometry.array, return_index=True)
    first = np.flatnonzero(np.diff(line) == 0)
    corner, row = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    drawn = np.hypot(*(xy[first + 1] - xy[first]).T)
    whole = np.bincount(line[first], weights=drawn, minlength=len(walked))
    share = drawn / np.maximum(whole[line[first]], 1e-9)
    pieces = pd.DataFrame(
        {
            "a": row[first],
            "b": row[first + 1],
            "length_m": share * walked["length_m"].to_numpy()[line[first]],
            "crossable": walked["kind"].ne("fast").to_numpy()[line[first]],
            "street": street_keys(walked["name"]).to_numpy()[line[first]],
        }
    )
    drawn_as = np.c_[corner.real, corner.imag]
    water = streets.geometry[streets["kind"] == "water"].to_list()
    graph = _joined(name, drawn_as, pieces[pieces["a"] != pieces["b"]], water)
    main = walked.geometry.to_numpy()[walked["kind"].to_numpy() == "main"]
    return replace(graph, named=by_name(walked), main=main)


def _fewer(count: int, many: int) -> Text:
    return Text("{count} nodes and {many} edges announced, fewer found", count=count, many=many)


def _checked(
    name: str, degrees: np.ndarray, edges: pd.DataFrame, crs: str
) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Return edges and corners in metres, after checks."""
    ends = edges[["from", "to"]].to_numpy(dtype=int)
    wrong = (ends < 0).any(axis=1) | (ends >= len(degrees)).any(axis=1)
    wrong |= ~(edges["length_m"].to_numpy() > 0)
    x, y = transformer("EPSG:4326", crs).transform(degrees[:, 1], degrees[:, 0])
    lost = ~(np.isfinite(x) & np.isfinite(y))
    if wrong.any() or lost.any():
        edges_of, nodes_of = some(np.flatnonzero(wrong)), some(np.flatnonzero(lost))
        raise DataError(
            "The street graph names corners it does not have, or lengths that are none.",
            where="{name}: edges {edges_of}; nodes {nodes_of}",
            mend="{layout}",
            name=name,
            edges_of=edges_of or "none",
            nodes_of=nodes_of or "none",
            layout=_LAYOUT,
        )
    nodes, time = np.c_[x, y], edges["time_s"].to_numpy()
    length_m, note = _in_metres(edges["length_m"].to_numpy(), degrees[ends], nodes[ends])
    streets = pd.DataFrame(
        {
            "a": ends[:, 0],
            "b": ends[:, 1],
            "length_m": length_m,
            "speed_kmh": 3.6 * length_m / np.where(time > 0, time, np.inf),
            "one_way": edges["direction"].to_numpy() == 1,
        }
    )
    return streets, nodes, name + note


def _graph(name: str, degrees: np.ndarray, edges: pd.DataFrame, crs: str) -> StreetGraph:
    """Return the graph of what can be walked."""
    streets, nodes, name = _checked(name, degrees, edges, crs)
    walked = streets[streets["speed_kmh"] <= WALKED_KMH]
    return _joined(name, nodes, walked.assign(crossable=walked["speed_kmh"] <= CROSSED_KMH))


def _joined(
    name: str, nodes: np.ndarray, streets: pd.DataFrame, water: Sequence[shapely.Geometry] = ()
) -> StreetGraph:
    """Return the graph of streets that can all be walked, small gaps but over water closed."""
    if streets.empty:
        raise DataError(
            "There is no street to walk on.",
            where="{name}",
            mend="Give streets of this place, or none: walks are then measured in straight lines.",
            name=name,
        )
    columns = ["a", "b", "length_m", "crossable", "street"]
    drawn = len(streets)
    streets = streets.assign(street=streets.get("street", ""))[columns].reset_index(drop=True)
    streets = with_paths(streets, nodes, water)
    over_gap = only_over_gaps(streets, nodes, drawn)
    part, length = parts_of(streets, len(nodes))
    kept = length[part] >= min(_LEAST_M, length[0])
    return StreetGraph(
        name=name,
        nodes=nodes,
        edges=streets.loc[kept, ["a", "b"]].to_numpy(),
        length_m=streets.loc[kept, "length_m"].to_numpy(),
        crossable=streets.loc[kept, "crossable"].to_numpy(),
        part=part[kept],
        over_gap=over_gap[kept],
        apart=shapely.linestrings(nodes[streets.loc[~kept, ["a", "b"]].to_numpy()]),
    )


def _in_metres(
    length_m: np.ndarray, degrees: np.ndarray, metres: np.ndarray
) -> tuple[np.ndarray, str]:
    """Return lengths in metres, and a note where they had to be mended.

    Some files take a degree of longitude for as long as one of latitude: at Paris, streets
    that run east are half as long again. Where lengths fit such degrees better than the
    ground, they are brought back to it.
    """
    flat = _METRES_OF_A_DEGREE * np.hypot(*(degrees[:, 0] - degrees[:, 1]).T)
    drawn = np.hypot(*(metres[:, 0] - metres[:, 1]).T)
    told = (flat > 1) & (drawn > 1)
    if not told.any():
        return length_m, ""
    off = [np.median(np.abs(length_m[told] / of[told] - 1)) for of in (flat, drawn)]
    if off[0] > _FITS or off[1] < 2 * off[0]:
        return length_m, ""
    mended = np.where(told, length_m * drawn / np.where(told, flat, 1.0), length_m)
    return mended, " (lengths brought back from degrees to metres)"


def fetch_graph(latitude: np.ndarray, longitude: np.ndarray, save: Path, crs: str) -> StreetGraph:
    """Download the streets around some places from OpenStreetMap, and save them as a file.

    Parameters
    ----------
    latitude, longitude
        Places to cover, WGS 84.
    save
        Text file to write; `read_graph` reads it again without network.
    crs
        Metric CRS of the workspace.

    Returns
    -------
    StreetGraph
        The one that was saved.

    Raises
    ------
    DataError
        When osmnx is not installed, or the download fails.
    """
    try:
        import osmnx
    except ImportError as error:
        raise DataError(
            "Streets of OpenStreetMap need the package osmnx, which is not installed.",
            mend="Install it (pip install osmnx), or give a saved graph with --streets FILE.",
        ) from error
    margin = 0.01  # about a kilometre, so that walks round the edge are found
    west, east = longitude.min() - margin, longitude.max() + margin
    south, north = latitude.min() - margin, latitude.max() + margin
    try:
        net = osmnx.graph_from_bbox((west, south, east, north), network_type="walk")
    except Exception as error:
        raise DataError(
            "The streets could not be downloaded from OpenStreetMap.",
            where="{name}: {error}",
            mend="Try again later, or give a saved graph with --streets FILE.",
            name=type(error).__name__,
            error=error,
        ) from error
    rows = {node: row for row, node in enumerate(net.nodes)}
    degrees = np.array([(data["y"], data["x"]) for _, data in net.nodes(data=True)])
    ends = [(rows[a], rows[b], data["length"]) for a, b, data in net.edges(data=True)]
    edges = pd.DataFrame(ends, columns=["from", "to", "length_m"])
    # osmnx leaves out what cannot be walked; 20 km/h says so to whoever reads the file again.
    edges = edges.assign(direction=2, time_s=edges["length_m"] * 3.6 / 20)[_COLUMNS]
    write_graph(degrees, edges, save)
    return read_graph(save, crs)


def write_graph(degrees: np.ndarray, edges: pd.DataFrame, path: Path) -> None:
    """Write a graph as the text that `read_graph` reads: corners (lat, lon) and edges.

    Parameters
    ----------
    degrees
        Latitude and longitude of the corners, (n, 2).
    edges
        `from`, `to` (positions of corners), `direction`, `time_s`, `length_m`.
    path
        The file.
    """
    lines = [f"{len(degrees)} {len(edges)}"]
    lines += [f"{lat:.7f} {lon:.7f}" for lat, lon in degrees]
    lines += [
        f"{int(a)} {int(b)} {int(way)} {time:g} {length:g}"
        for a, b, way, time, length in edges[_COLUMNS].to_numpy()
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
