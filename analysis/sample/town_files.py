"""Write the whole town, in official layouts, from one seed."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.geometry

from analysis.errors import DataError
from analysis.sample import (
    census_squares,
    dwellings,
    official_layouts,
    people,
    schools,
    town,
    town_streets,
    truth,
    voting,
    wards,
)
from analysis.sample.people import on_roll


def write_sample(out: Path, *, seed: int) -> Path:
    """Write the fictional town of Valmont.

    Parameters
    ----------
    out
        Folder to write into; made if it is not there, files of the same names replaced.
    seed
        The same seed gives the same bytes.

    Returns
    -------
    pathlib.Path
        `out`, which now holds `FILES`.

    Raises
    ------
    DataError
        When the folder cannot be made or written to.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write(out, seed)
    except OSError as error:
        raise DataError(
            "The fictional town cannot be written there.",
            where="{filename}: {strerror}",
            mend="Name a folder that may be written to, on a disk with room; not a file.",
            filename=error.filename or out,
            strerror=error.strerror,
        ) from error
    return out


def _write(out: Path, seed: int) -> None:
    # One stream per part: a change in how streets are named leaves the votes as they were.
    ground, voters, votes, streets, rooms = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)
    )
    site = town.lay_ground(ground)
    blocks = town.lay_blocks(site, ground)
    weight = wards.weigh_blocks(blocks, ground)
    blocks = blocks.join(wards.draw_bureaux(blocks, weight))
    sectors = people.draw_sectors(people.find_sectors(blocks), voters)
    persons = people.settle(blocks, weight, sectors, voters)
    outcomes = voting.hold_rounds(persons, sectors, votes)

    general = official_layouts.general_results(outcomes, persons, sectors)
    candidates = official_layouts.candidates_results(outcomes, persons, sectors)
    _csv(general, out / "general_results.csv", sep=";")
    _csv(candidates, out / "candidats_results.csv", sep=";")
    for vintage in (2017, 2024):
        shapes = wards.dissolve(blocks, blocks[f"bureau_{vintage}"])
        _text(out / f"contours_{vintage}.geojson", contours(shapes, f"contours_{vintage}"))
    _text(out / "truth.json", _json(truth.tell(outcomes, persons, sectors, seed)))
    addresses = _write_doors(out, blocks, persons, sectors, streets)
    _csv(schools.polling_places(blocks, addresses, rooms), out / "lieux_de_vote.csv", sep=";")
    drawn = town_streets.draw_streets(site, blocks, addresses)
    _text(out / "rues_osm.json", _json(town_streets.overpass(drawn)))
    source = (town.DATA / "source.md").read_text(encoding="utf-8")
    _text(out / "SOURCE.md", source.replace("{seed}", str(seed)))


def contours(bureaux: gpd.GeoDataFrame, name: str) -> str:
    """Return the polygons as GeoJSON in WGS 84, in the properties of city portals.

    Parameters
    ----------
    bureaux
        `bureau_id` and `geometry`.
    name
        Name of the layer.

    Returns
    -------
    str
        A FeatureCollection, one feature per line.
    """
    shapes = shapely.transform(
        bureaux.geometry.to_crs("EPSG:4326").to_numpy(), lambda xy: np.round(xy, 7)
    )
    features = [
        {
            "type": "Feature",
            "properties": {"codeBureauVote": bureau_id, "nomCommune": official_layouts.TOWN},
            "geometry": shapely.geometry.mapping(shape),
        }
        for bureau_id, shape in zip(bureaux["bureau_id"], shapes, strict=True)
    ]
    lines = ",\n".join(_line(feature) for feature in features)
    return f'{{"type":"FeatureCollection","name":"{name}","features":[\n{lines}\n]}}\n'


def _write_doors(
    out: Path,
    blocks: gpd.GeoDataFrame,
    persons: pd.DataFrame,
    sectors: people.Sectors,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Write what depends on where people live, and return the addresses."""
    addresses = dwellings.build_doors(blocks, persons, rng)
    housed = persons.assign(door=dwellings.house(addresses, persons, rng))
    living = housed.loc[on_roll(persons, 2024) & (housed["door"] >= 0), "door"]
    behind = np.bincount(living, minlength=len(addresses))
    _gzip(dwellings.ban(addresses), out / "adresses-99.csv.gz")
    electors = dwellings.electors(addresses, blocks["bureau_2024"], behind)
    _csv(electors, out / "electeurs_par_adresse.csv", sep=",")
    grid = census_squares.census(addresses, housed, sectors, rng)
    # INSEE quotes texts and leaves numbers bare.
    _csv(grid, out / "carreaux_200m.csv", sep=",", quoting=2)
    return addresses


def _csv(table: pd.DataFrame, path: Path, *, sep: str, quoting: Literal[0, 2] = 0) -> None:
    how = {"sep": sep, "quoting": quoting, "float_format": "%.10g"}
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", **how)


def _gzip(table: pd.DataFrame, path: Path) -> None:
    text = io.StringIO()
    table.to_csv(text, index=False, sep=";", lineterminator="\n")
    # Without a fixed time in the header the same town would differ from day to day.
    path.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0))


def _text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json(value: dict[str, Any]) -> str:
    """One line per entry of the second level: readable, and small."""
    parts = []
    for key, entry in value.items():
        if not isinstance(entry, dict | list) or not entry:
            parts.append(f'"{key}":{_line(entry)}')
            continue
        items = (
            [f'"{name}":{_line(item)}' for name, item in entry.items()]
            if isinstance(entry, dict)
            else [_line(item) for item in entry]
        )
        ends = "{}" if isinstance(entry, dict) else "[]"
        parts.append(f'"{key}":{ends[0]}\n' + ",\n".join(items) + f"\n{ends[1]}")
    return "{" + ",\n".join(parts) + "}\n"
