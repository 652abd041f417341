"""INSEE's gridded Filosofi data: people, poverty and social housing on squares of 200 m."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from shapely.geometry.base import BaseGeometry

from analysis.errors import DataError, Text, some
from analysis.geography.crs import checked_metric
from analysis.geography.transformer import transformer
from analysis.readers.glance import NO, OF_OTHERS, SURE, Glance
from analysis.readers.outside_links import refuse_bomb
from analysis.readers.set_aside import tolerated
from analysis.readers.shapes import columns_near
from analysis.readers.tabular import LINE, Aliases, read_columns
from analysis.tables.schema import AREAS
from analysis.tables.sources import LeftOut, Report, Source

LICENCE = Text("Licence Ouverte 2.0 (INSEE)")

_CHILDREN = ("Ind_0_3", "Ind_4_5", "Ind_6_10", "Ind_11_17")
_COUNTS = ("Ind", "Men", "Men_pauv", "Log_soc", "Ind_snv", *_CHILDREN)
# Names of the 2015 edition, then of the later ones, which also come in small letters.
_NAMES = {name: (name,) for name in _COUNTS} | {
    "id": ("Idcar_200m", "IdINSPIRE"),
    "imputed": ("I_est_cr", "I_est_200"),
}
_COLUMNS: Aliases = {
    ours: (*names, *(name.lower() for name in names)) for ours, names in _NAMES.items()
}
_NAMED = re.compile(r"carreau|filosofi|200m", re.IGNORECASE)
# Figures are rounded one by one, to a tenth.
_ROUNDED = 1.0
# The fullest of the 6,735 squares of Bordeaux Métropole holds 1,552 people.
_MOST_PEOPLE = 20_000
# What unpacking raises: cut, damaged, packed in an unknown way, with a password.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
# Mainland squares are laid out in EPSG:3035, those overseas in the local system.
_ID = r"^CRS(?P<crs>\d{4,5})RES(?P<side>\d+)m?N(?P<north>-?\d+)E(?P<east>-?\d+)$"


def sniff(glance: Glance) -> float:
    """Tell a file of squares by their ids, or an archive by its name."""
    if glance.suffix == ".zip":
        return SURE if OF_OTHERS.search(glance.name) else NO
    if glance.suffix == ".gpkg":
        return SURE if _NAMED.search(glance.name) else NO
    return SURE if glance.columns & {"idinspire", "idcar_200m"} else NO


def read_squares(
    path: Path | str, *, crs_metric: str, within: BaseGeometry | None = None
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read the squares that touch a place.

    Parameters
    ----------
    path
        The file « Carroyage 200 m » of INSEE: CSV, plain, gzipped or zipped; or GeoPackage.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    within
        The place, in `crs_metric`, as a rule the union of its contours; None for every
        square. The file is read in pieces, so a town does not load the nation.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.AREAS` table, and the report. Adults are individuals less those under 18;
        people of unknown age count as adults.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns, holds no numbers or ids of squares,
        or covers another region.
    """
    file = Path(path)
    checked_metric(crs_metric)
    read = 0

    def near(piece: pa.Table) -> pa.Table:
        nonlocal read
        read += piece.num_rows
        return piece if within is None else piece.filter(_near(piece["id"], within, crs_metric))

    with _as_table(file, within, crs_metric) as plain:
        uneven: list[LeftOut] = []
        table = read_columns(plain, _COLUMNS, left_out=uneven, keep=near)
    notes = tuple(uneven)
    raw = _numbers(table, file.name, uneven)
    bad = _impossible(raw)
    raw, lost = raw[~bad].reset_index(drop=True), _left_out(raw[bad])
    squares = _squares(raw["id"], crs_metric, file.name)
    if within is not None:
        shapely.prepare(within)
        touching = shapely.intersects(within, squares)
        raw, squares = raw[touching], squares[touching]
    if raw.empty:
        raise DataError(
            "None of the squares touches the place: they are of another region.",
            where="{file}: {read} squares",
            mend="Give the squares of the région the place lies in; check the contours' CRS.",
            file=file.name,
            read=read,
        )
    areas = AREAS.check(_areas(raw, squares, crs_metric))
    slips = sum(rows.count for rows in uneven[len(notes) :])
    outside = read - len(areas) - int(bad.sum()) - slips
    far = (LeftOut(Text("outside the contours"), outside),) if outside else ()
    source = Source.of(file, role="squares", licence=LICENCE)
    read += sum(rows.count for rows in notes)
    report = Report(source, read, len(areas), (*far, *lost, *uneven), _imputed_note(areas))
    return gpd.GeoDataFrame(areas, crs=crs_metric), report


@contextmanager
def _as_table(file: Path, within: BaseGeometry | None, crs: str) -> Iterator[Path]:
    """Give a table: what an archive holds, or the squares of a GeoPackage near the place."""
    if file.suffix.lower() != ".gpkg" or not file.is_file():
        with _unzipped(file) as plain:
            yield plain
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"{file.stem}.parquet"
        columns_near(file, within.bounds if within else None, crs).to_parquet(target)
        yield target


@contextmanager
def _unzipped(path: Path) -> Iterator[Path]:
    """Give a plain file: the one CSV of an archive goes into a temporary folder."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                refuse_bomb(archive, path)
                inside = [n for n in archive.namelist() if n.lower().endswith(".csv")]
                if len(inside) != 1:
                    raise DataError(
                        "{file} does not hold exactly one CSV.",
                        where="{file}: {namelist}",
                        mend="Take the CSV of the 200 m squares out of it and give that.",
                        file=path.name,
                        namelist=some(archive.namelist()),
                    )
                target = Path(folder) / Path(inside[0]).name
                with archive.open(inside[0]) as packed, target.open("wb") as plain:
                    shutil.copyfileobj(packed, plain, 1 << 20)
        except _BROKEN as error:
            raise DataError(
                "{file} is cut or damaged, or no zip archive.",
                where="{file}: {error}",
                mend="Download it again; compare its size with the publisher's.",
                file=path.name,
                error=error,
            ) from error
        yield target


def _grid(ids: pa.ChunkedArray) -> pd.DataFrame:
    """Return CRS, side, northing and easting that the ids spell; missing where they do not."""
    parts = pc.extract_regex(pc.cast(ids, pa.string()), pattern=_ID)
    frame = pa.Table.from_struct_array(parts).to_pandas()
    return frame.astype("str").apply(pd.to_numeric, errors="coerce")


def _near(ids: pa.ChunkedArray, within: BaseGeometry, crs: str) -> pa.Array:
    """Tell which squares touch the bounding box; unreadable ids stay, to be complained of."""
    grid = _grid(ids)
    near = grid["crs"].isna()
    for code in grid["crs"].dropna().unique():
        west, south, east, north = _bounds(within.bounds, crs, int(code))
        across = grid["east"].between(west - grid["side"], east)
        up = grid["north"].between(south - grid["side"], north)
        near |= (grid["crs"] == code) & across & up
    return pa.array(near)


@cache
def _bounds(bounds: tuple[float, ...], crs: str, code: int) -> tuple[float, ...]:
    west, south, east, north = bounds
    return transformer(crs, f"EPSG:{code}").transform_bounds(west, south, east, north)


def _numbers(table: pa.Table, file: str, left_out: list[LeftOut]) -> pd.DataFrame:
    """Return the rows with every count as a float; slips of a hand and copies are left out."""
    raw = pd.DataFrame({"id": table["id"].cast(pa.string()).to_pandas().astype("str")})
    found: dict[int, Text] = {}
    unplaced = _grid(pa.chunked_array([pa.array(raw["id"], pa.string())]))["crs"].isna()
    if tolerated(int(unplaced.sum()), len(raw), leave_out=False) and not unplaced.all():
        found = {k: Text("{id!r}", id=raw["id"].iloc[k]) for k in np.flatnonzero(unplaced).tolist()}
    for name in (*_COUNTS, "imputed"):
        texts = table[name].cast(pa.string()).to_pandas().astype("str")
        numbers = pd.to_numeric(texts.str.replace(",", "."), errors="coerce")
        bad = numbers.isna() | (numbers < 0) & (name != "Ind_snv")
        lines = table[LINE].to_numpy()[bad]
        slips = tolerated(int(bad.sum()), len(bad), leave_out=False) and not bad.all()
        if slips or bad.empty:
            for k, line in zip(np.flatnonzero(bad).tolist(), lines, strict=True):
                cell = texts.iloc[k]
                found[k] = Text("line {line}: {name} {cell!r}", line=line, name=name, cell=cell)
        else:
            raise DataError(
                "Column {name} of the squares holds values that are no counts.",
                where="{file}: {lines}",
                mend="Take the file as INSEE publishes it; every square has every figure.",
                name=name,
                file=file,
                lines=some(
                    Text("line {line}: {cell!r}", line=k, cell=t)
                    for k, t in zip(lines, texts[bad], strict=True)
                ),
            )
        raw[name] = numbers.astype("float64")
    kept = raw.drop(index=list(found))
    copies = kept.duplicated()
    for reason, told in (
        (Text("an id or a figure that is none"), list(found.values())),
        (Text("a copy of another row"), kept.loc[copies, "id"].tolist()),
    ):
        if told:
            left_out.append(LeftOut(reason, len(told), some(told)))
    return kept[~copies].reset_index(drop=True)


def _impossible(raw: pd.DataFrame) -> pd.Series:
    """Tell which squares hold counts that cannot be, each by itself or beside one another."""
    counts = raw[list(_COUNTS)]
    # Social dwellings may outnumber households, for some stand empty; the poor among them may not.
    poorer = raw["Men_pauv"] > raw["Men"] + _ROUNDED
    children = raw[list(_CHILDREN)].sum(axis=1) > 1.01 * raw["Ind"] + _ROUNDED
    crowded = (raw["Ind"] > _MOST_PEOPLE) | (raw["Men"] > raw["Ind"] + _ROUNDED)
    return ~np.isfinite(counts).all(axis=1) | poorer | children | crowded


def _left_out(bad: pd.DataFrame) -> tuple[LeftOut, ...]:
    if bad.empty:
        return ()
    said = (
        Text("{square}: {people:g} people, {homes:g} households, {poor:g} poor", **cells)
        for cells in (
            {"square": i, "people": p, "homes": h, "poor": q}
            for i, p, h, q in bad[["id", "Ind", "Men", "Men_pauv"]].itertuples(index=False)
        )
    )
    reason = Text("figures that cannot be: infinite, more poor households than households, …")
    return (LeftOut(reason, len(bad), some(said)),)


def _squares(ids: pd.Series, crs: str, file: str) -> np.ndarray:
    """Build the squares from their ids: lower left corner and side, in the grid's own CRS."""
    grid = _grid(pa.chunked_array([pa.array(ids, pa.string())]))
    if (bad := grid["crs"].isna()).any():
        raise DataError(
            "Some squares have an id that does not say where they are.",
            where="{file}: {ids}",
            mend="Ids look like CRS3035RES200mN2466800E3482800 (Idcar_200m or IdINSPIRE).",
            file=file,
            ids=some(repr(i) for i in ids[bad]),
        )
    across, up = np.array([0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 0])
    side, east, north = (grid[n].to_numpy("float64")[:, None] for n in ("side", "east", "north"))
    x, y = east + across * side, north + up * side
    for code in grid["crs"].unique():
        rows = (grid["crs"] == code).to_numpy()
        moved = transformer(f"EPSG:{int(code)}", crs)
        x[rows], y[rows] = moved.transform(x[rows], y[rows])
    squares: np.ndarray = shapely.polygons(np.stack([x, y], axis=-1))
    return squares


def _areas(raw: pd.DataFrame, squares: np.ndarray, crs: str) -> gpd.GeoDataFrame:
    people = raw["Ind"]
    adults = people - raw[list(_CHILDREN)].sum(axis=1)
    return gpd.GeoDataFrame(
        {
            "area_id": raw["id"],
            "population": people,
            # Figures are rounded one by one; children may outnumber people by a hair.
            "adults": adults.clip(lower=0),
            "households": raw["Men"],
            "poor_households": raw["Men_pauv"],
            "social_dwellings": raw["Log_soc"],
            "living_standard_eur": (raw["Ind_snv"] / people).where(people > 0),
            "imputed": raw["imputed"] == 1,
        },
        geometry=squares,
        crs=crs,
    ).reset_index(drop=True)


def _imputed_note(areas: pd.DataFrame) -> tuple[str, ...]:
    imputed = areas["imputed"]
    if not imputed.any():
        return ()
    share = areas.loc[imputed, "population"].sum() / max(areas["population"].sum(), 1)
    return (
        Text(
            "{imputed} square(s) under 11 households imputed by INSEE ({share:.0%} of the people)",
            imputed=int(imputed.sum()),
            share=share,
        ),
    )
