"""Streets, addresses, and who of the roll lives behind each door."""

from __future__ import annotations

import re
import unicodedata

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from analysis.sample.people import on_roll
from analysis.sample.town import CRS, DATA, neighbourhoods
from analysis.sample.wards import COMMUNE

SETBACK_M = 9.0  # a door stands this far from the middle of its street
REACH_M = 900.0  # longer than any block is wide
AVENUES = 24  # the longest streets of the town are called so
KINDS = ("Rue", "Allée", "Chemin", "Impasse", "Passage")  # later ones when names run out

BAN = (
    *("id", "id_fantoir", "numero", "rep", "nom_voie", "code_postal", "code_insee"),
    *("nom_commune", "code_insee_ancienne_commune", "nom_ancienne_commune", "x", "y", "lon"),
    *("lat", "type_position", "alias", "nom_ld", "libelle_acheminement", "nom_afnor"),
    *("source_position", "source_nom_voie", "certification_commune", "cad_parcelles"),
)
ELECTORS = ("arrondissement", "bureau", "numero", "voie", "nom", "nb", "ID")


def build_doors(
    blocks: gpd.GeoDataFrame, persons: pd.DataFrame, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Put addresses along the streets around each block.

    Parameters
    ----------
    blocks
        Blocks with their place in the street grid.
    persons
        Their `block` says how many doors a block needs.
    rng
        Source of chance.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per address: `block`, `street`, `street_id`, `number`, `suffix`,
        `geometry` inside its block.
    """
    living = persons.loc[on_roll(persons, 2024) & (persons["block"] >= 0), "block"]
    per_door = blocks["neighbourhood"].map(neighbourhoods()["per_address"])
    n = living.value_counts().reindex(range(len(blocks)), fill_value=0) / per_door.to_numpy()
    block = np.repeat(np.arange(len(blocks)), np.ceil(n).astype(int))
    side = rng.integers(0, 4, block.size)
    place = blocks.iloc[block].reset_index(drop=True)
    bearing = place["angle_rad"] + np.deg2rad(90 * side + rng.uniform(-41, 41, block.size))
    doors = gpd.GeoDataFrame(
        {
            "block": block,
            "neighbourhood": place["neighbourhood"],
            "axis": np.where(side % 2 == 0, "column", "row"),
            # A street lies between two lines of blocks: the one before it is its odd side.
            "line": np.where(side % 2 == 0, place["column"], place["row"]) - (side >= 2),
            "odd": side < 2,
            "angle_rad": place["angle_rad"],
        },
        geometry=_towards_street(place.geometry.to_numpy(), bearing.to_numpy()),
        crs=CRS,
    )
    return _number(_name(doors, rng), rng)


def _towards_street(
    shapes: npt.NDArray[np.object_], bearing: npt.NDArray[np.float64]
) -> npt.NDArray[np.object_]:
    """Walk from inside each block towards the street and stop at the front door."""
    start = shapely.get_coordinates(shapely.point_on_surface(shapes))
    far = start + REACH_M * np.column_stack([np.cos(bearing), np.sin(bearing)])
    sight = shapely.intersection(shapely.linestrings(np.stack([start, far], axis=1)), shapes)
    # Where the limit of the commune bends in, the first piece of the sight line counts.
    pieces = np.where(shapely.get_type_id(sight) == 5, shapely.get_geometry(sight, 0), sight)
    reach = shapely.length(pieces)
    stop = shapely.line_interpolate_point(pieces, np.maximum(reach - SETBACK_M, 0.5 * reach))
    placed = shapely.points(np.round(shapely.get_coordinates(stop), 2))
    inside = shapely.contains(shapes, placed)
    return np.asarray(np.where(inside, placed, shapely.point_on_surface(shapes)), dtype=object)


def _name(doors: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Name the streets, the longest first."""
    keys = ["neighbourhood", "axis", "line"]
    size = doors.groupby(keys).size().reset_index(name="doors")
    size = size.sort_values(["doors", *keys], ascending=[False, True, True, True])
    stems = (DATA / "streets.txt").read_text(encoding="utf-8").split("\n")
    stems = [str(stem) for stem in rng.permutation([stem for stem in stems if stem])]
    turn, which = np.divmod(np.arange(len(size)), len(stems))
    kinds = np.array(KINDS, dtype=object)[turn]  # as texts of fixed width, Boulevard is cut
    kinds[:AVENUES] = np.where(np.arange(len(kinds[:AVENUES])) % 3 == 0, "Boulevard", "Avenue")
    size["street"] = [f"{kind} {stems[n]}" for kind, n in zip(kinds, which, strict=True)]
    size["street_id"] = size["street"].rank().astype(int)
    return doors.merge(size.drop(columns="doors"), on=keys, how="left")


def _number(doors: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Count the doors along each street, odd and even sides, with some "bis"."""
    xy, angle = shapely.get_coordinates(doors.geometry.to_numpy()), doors["angle_rad"]
    along_row = xy[:, 0] * np.cos(angle) + xy[:, 1] * np.sin(angle)
    along_column = -xy[:, 0] * np.sin(angle) + xy[:, 1] * np.cos(angle)
    along = np.where(doors["axis"] == "row", along_row, along_column)
    doors = doors.assign(along=np.round(along, 1)).sort_values(
        ["street_id", "odd", "along"], kind="stable", ignore_index=True
    )
    side = doors.groupby(["street_id", "odd"])
    bis = pd.Series(rng.random(len(doors)) < 0.02)
    bis &= ~bis.shift(fill_value=False) & (side.cumcount() > 0)
    rank = (~bis).groupby([doors["street_id"], doors["odd"]]).cumsum()
    doors["number"] = 2 * rank - doors["odd"].astype(int)
    doors["suffix"] = np.where(bis, "bis", "")
    wanted = ["block", "street", "street_id", "number", "suffix", "geometry"]
    return doors.sort_values(["street_id", "number", "suffix"], ignore_index=True)[wanted]


def house(
    doors: gpd.GeoDataFrame, persons: pd.DataFrame, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the door of each person, a position in `doors`; -1 where there is none.

    Parameters
    ----------
    doors
        `block` of each door.
    persons
        `block` of each person.
    rng
        Of the draws.

    Returns
    -------
    numpy.ndarray
        Whole numbers, (persons,).
    """
    size = pd.Series(rng.gamma(2.0, size=len(doors)))
    order = doors["block"].argsort(kind="stable").to_numpy()
    reach = size.iloc[order].cumsum().to_numpy()
    block = doors["block"].to_numpy()[order]
    known = np.isin(persons["block"], block)
    home = persons["block"].to_numpy()[known]
    low = np.concatenate([[0.0], reach])[np.searchsorted(block, home, side="left")]
    high = reach[np.searchsorted(block, home, side="right") - 1]
    point = rng.uniform(low, high)
    door = np.full(len(persons), -1, dtype=np.int64)
    door[known] = order[np.searchsorted(reach, point, side="right").clip(max=len(order) - 1)]
    return door


def ban(doors: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the doors in the layout of the Base Adresse Nationale."""
    xy = shapely.get_coordinates(doors.geometry.to_numpy())
    lonlat = shapely.get_coordinates(doors.geometry.to_crs("EPSG:4326").to_numpy())
    street = COMMUNE + "_" + doors["street_id"].map("{:04d}".format)
    suffix = ("_" + doors["suffix"]).where(doors["suffix"] != "", "")
    table = pd.DataFrame(
        {
            "id": street + "_" + doors["number"].map("{:05d}".format) + suffix,
            "id_fantoir": street,
            "numero": doors["number"],
            "rep": doors["suffix"],
            "nom_voie": doors["street"],
            "code_postal": COMMUNE,
            "code_insee": COMMUNE,
            "nom_commune": "Valmont",
            "x": xy[:, 0].round(2),
            "y": xy[:, 1].round(2),
            "lon": lonlat[:, 0].round(6),
            "lat": lonlat[:, 1].round(6),
            "type_position": "entrée",
            "libelle_acheminement": "VALMONT",
            "nom_afnor": doors["street"].map(_plain),
            "source_position": "commune",
            "source_nom_voie": "commune",
            "certification_commune": 1,
        }
    )
    return table.reindex(columns=list(BAN))


def electors(
    doors: gpd.GeoDataFrame, bureau: pd.Series, registered: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Return the number of registered per address, in the layout of Paris.

    Parameters
    ----------
    doors
        Addresses.
    bureau
        Id of the bureau of each block.
    registered
        Persons on the roll behind each door.

    Returns
    -------
    pandas.DataFrame
        One row per bureau, street and number with somebody on the roll.
    """
    code = bureau.str.rpartition("_")[2].iloc[doors["block"]].reset_index(drop=True)
    words = (
        doors["street"]
        .map(_plain)
        .str.extract(r"^(?P<voie>\w+(?: (?:DES|DU|DE LA|DE L|DE|D))?) (?P<nom>.+)$")
    )
    table = pd.DataFrame(
        {
            "arrondissement": "",
            "bureau": code,
            "numero": doors["number"],
            "voie": words["voie"],
            "nom": words["nom"],
            "nb": registered,
            "ID": code,
        }
    )
    # Directories know no "bis": who lives there is counted at the plain number.
    whole = table.groupby([name for name in ELECTORS if name != "nb"], as_index=False)["nb"].sum()
    return whole.loc[whole["nb"] > 0, list(ELECTORS)].reset_index(drop=True)


def _plain(name: str) -> str:
    """Write a street as directories do: capitals, no accents, no punctuation."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", " ", ascii_name).upper()
