"""Tests of `analysis.readers.squares`."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from analysis.errors import DataError
from analysis.readers import outside_links
from analysis.readers.glance import look
from analysis.readers.reader_registry import role_of
from analysis.readers.squares import read_squares

DATA = Path(__file__).parents[3].parent / "shared" / "data"
BORDEAUX = DATA / "bordeaux" / "carreaux_200m_bordeaux_metropole.csv"
LAMBERT = "EPSG:2154"
HEADER = (
    "IdINSPIRE,I_est_cr,Ind,Men,Men_pauv,Log_soc,Ind_snv,Ind_0_3,Ind_4_5,Ind_6_10,Ind_11_17,Depcom"
)
ROWS = [
    "CRS3035RES200mN2466800E3482800,0,63.5,42,2,5,1637813.5,1,0.5,3.5,0.5,33192",
    "CRS3035RES200mN2466800E3483000,1,2,1,0.2,0,48167.1,0,0.1,0.1,0,33192",
    "CRS3035RES200mN2486800E3482800,0,40,20,1,0,800000,0,0,0,0,33318",
]
real = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


def write(path, rows=ROWS, header=HEADER):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def near(x=3482850, y=2466850, radius=40):
    """Return a place around a point of the European grid, in Lambert-93."""
    to_lambert = Transformer.from_crs("EPSG:3035", LAMBERT, always_xy=True)
    return shapely.Point(*to_lambert.transform(x, y)).buffer(radius)


def test_a_square_has_its_people_and_its_place(tmp_path):
    areas, report = read_squares(write(tmp_path / "s.csv"), crs_metric=LAMBERT)
    first = areas.iloc[0]
    assert first["population"] == 63.5
    assert first["adults"] == pytest.approx(63.5 - 1 - 0.5 - 3.5 - 0.5)
    assert first["living_standard_eur"] == pytest.approx(1637813.5 / 63.5)
    assert (first["households"], first["poor_households"], first["social_dwellings"]) == (42, 2, 5)
    assert areas["imputed"].tolist() == [False, True, False]
    assert report.notes == ("1 square(s) under 11 households imputed by INSEE (2% of the people)",)
    # Equal-area grid: the area on the ground is 200 m squared, but for Lambert-93's scale.
    assert areas.area.to_numpy() == pytest.approx(np.full(3, 4e4), rel=2e-3)
    back = areas.to_crs("EPSG:3035").geometry[0]
    assert back.bounds == pytest.approx((3482800, 2466800, 3483000, 2467000), abs=1e-3)


def test_only_squares_that_touch_the_place_are_kept_and_the_others_counted(tmp_path):
    path = write(tmp_path / "s.csv")
    areas, report = read_squares(path, crs_metric=LAMBERT, within=near())
    assert areas["area_id"].tolist() == ["CRS3035RES200mN2466800E3482800"]
    assert [(o.reason, o.count) for o in report.left_out] == [("outside the contours", 2)]
    assert (report.rows_read, report.rows_kept) == (3, 1)
    # In the box of the place, yet outside of it.
    corner = near(3482900, 2466900, 10).union(near(3483400, 2467400, 10))
    assert len(read_squares(path, crs_metric=LAMBERT, within=corner)[0]) == 1


def test_later_editions_name_columns_in_small_letters(tmp_path):
    header = HEADER.lower().replace("idinspire", "idcar_200m").replace("i_est_cr", "i_est_200")
    areas, _ = read_squares(write(tmp_path / "s.csv", header=header), crs_metric=LAMBERT)
    assert len(areas) == 3
    header = HEADER.replace("IdINSPIRE", "Idcar_200m")
    assert len(read_squares(write(tmp_path / "s.csv", header=header), crs_metric=LAMBERT)[0]) == 3


def test_zipped_and_gzipped_are_the_same(tmp_path):
    plain, _ = read_squares(write(tmp_path / "s.csv"), crs_metric=LAMBERT)
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.write(tmp_path / "s.csv", "squares/s.csv")
        archive.writestr("readme.txt", "words")
    with gzip.open(tmp_path / "s.csv.gz", "wb") as packed:
        packed.write((tmp_path / "s.csv").read_bytes())
    for name in ("s.zip", "s.csv.gz"):
        other, report = read_squares(tmp_path / name, crs_metric=LAMBERT)
        pd.testing.assert_frame_equal(plain, other)
        assert report.source.file == name


def test_overseas_squares_are_in_their_own_grid(tmp_path):
    row = ROWS[0].replace("CRS3035RES200mN2466800E3482800", "CRS2975RES200mN7689000E340000")
    areas, _ = read_squares(write(tmp_path / "s.csv", [row]), crs_metric="EPSG:2975")
    assert areas.geometry[0].bounds == (340000, 7689000, 340200, 7689200)


def test_a_geopackage_gives_the_same_squares(tmp_path):
    """INSEE publishes both; of the nation only what lies near the place is taken."""
    table = pd.read_csv(write(tmp_path / "s.csv"))
    at = table["IdINSPIRE"].str.extract(r"N(?P<north>\d+)E(?P<east>\d+)").astype(int)
    boxes = [
        shapely.box(e, n, e + 200, n + 200) for n, e in zip(at["north"], at["east"], strict=True)
    ]
    drawn = gpd.GeoDataFrame(table.rename(columns=str.lower), geometry=boxes, crs="EPSG:3035")
    path = tmp_path / "carreaux_200m_met.gpkg"
    drawn.rename(columns={"i_est_cr": "i_est_200", "idinspire": "idcar_200m"}).to_file(path)
    right, _ = read_squares(tmp_path / "s.csv", crs_metric=LAMBERT, within=near())
    found, report = read_squares(path, crs_metric=LAMBERT, within=near())
    pd.testing.assert_frame_equal(
        found.drop(columns="geometry"), right.drop(columns="geometry"), check_dtype=False
    )
    assert report.source.file == "carreaux_200m_met.gpkg"
    with path.open("rb") as file:
        assert role_of(look(path.name, file)) == "squares"
    (tmp_path / "cut.gpkg").write_bytes(path.read_bytes()[:4000])
    with pytest.raises(DataError, match="cut or damaged"):
        read_squares(tmp_path / "cut.gpkg", crs_metric=LAMBERT)


def test_an_empty_square_has_no_living_standard(tmp_path):
    row = "CRS3035RES200mN2466800E3482800,0,0,0,0,0,0,0,0,0,0,33192"
    areas, _ = read_squares(write(tmp_path / "s.csv", [row]), crs_metric=LAMBERT)
    assert areas["living_standard_eur"].isna().all()


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        (HEADER.replace("Men_pauv", "Pauvres"), ROWS[0], r"lacks column\(s\): Men_pauv"),
        (HEADER, ROWS[0].replace(",42,", ",many,"), r"Column Men of[\s\S]*line 2: 'many'"),
        (HEADER, ROWS[0].replace(",42,", ",,"), r"Column Men of[\s\S]*line 2: ''"),
        (HEADER, ROWS[0].replace("63.5", "-1"), r"Column Ind of[\s\S]*line 2: '-1'"),
        (HEADER, ROWS[0].replace("CRS3035", "square"), "does not say where they are"),
        (HEADER, f"{ROWS[0]}\n{ROWS[0].replace('63.5', '64.5')}", "more than one row for the same"),
        (HEADER.replace(",", ":"), ROWS[0].replace(",", ":"), r"lacks column\(s\)"),
    ],
)
def test_bad_rows_say_which(tmp_path, header, row, says):
    path = write(tmp_path / "s.csv", [row], header)
    with pytest.raises(DataError, match=says) as caught:
        read_squares(path, crs_metric=LAMBERT, within=near())
    assert caught.value.mend


@pytest.mark.parametrize(
    ("slip", "reason", "says"),
    [
        (ROWS[0], "a copy of another row", "CRS3035RES200mN2466800E3482800"),
        (ROWS[0].replace("63.5", "NA"), "an id or a figure that is none", "line 5: Ind 'NA'"),
        (ROWS[0].replace("63.5", "-1"), "an id or a figure that is none", "line 5: Ind '-1'"),
        (ROWS[0].replace("CRS3035", "square"), "an id or a figure that is none", "'square"),
        ("Source : Insee", "a note, no row of the table", "Source : Insee"),
    ],
)
def test_one_slip_among_the_squares_is_told_and_refuses_nothing(tmp_path, slip, reason, says):
    right, _ = read_squares(write(tmp_path / "r.csv"), crs_metric=LAMBERT)
    areas, report = read_squares(write(tmp_path / "s.csv", [*ROWS, slip]), crs_metric=LAMBERT)
    assert areas["population"].tolist() == right["population"].tolist()
    (item,) = report.left_out
    assert (item.reason, item.count) == (reason, 1)
    assert says in item.examples
    assert report.rows_read == len(ROWS) + 1


def test_squares_of_another_region_are_refused(tmp_path):
    path = write(tmp_path / "s.csv")
    with pytest.raises(DataError, match=r"another region[\s\S]*3 squares"):
        read_squares(path, crs_metric=LAMBERT, within=near(3760000, 2890000))


def test_empty_cut_and_foreign_files(tmp_path, monkeypatch):
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match="is empty"):
        read_squares(tmp_path / "empty.csv", crs_metric=LAMBERT)
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("s.csv", "\n".join([HEADER, *ROWS]))
    (tmp_path / "cut.zip").write_bytes((tmp_path / "s.zip").read_bytes()[:200])
    with pytest.raises(DataError, match="cut or damaged"):
        read_squares(tmp_path / "cut.zip", crs_metric=LAMBERT)
    with zipfile.ZipFile(tmp_path / "s.zip", "a") as archive:
        archive.writestr("other.csv", "a,b")
    with pytest.raises(DataError, match="exactly one CSV"):
        read_squares(tmp_path / "s.zip", crs_metric=LAMBERT)
    whole = (tmp_path / "s.zip").read_bytes()
    for at in range(30, 60):  # in the packed bytes, and in what says how they are packed
        (tmp_path / "bad.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        with pytest.raises(DataError):
            read_squares(tmp_path / "bad.zip", crs_metric=LAMBERT)
    monkeypatch.setattr(outside_links.refuse_bomb, "__defaults__", (100,))
    with pytest.raises(DataError, match="would unpack to more"):
        read_squares(tmp_path / "s.zip", crs_metric=LAMBERT)
    path = write(tmp_path / "row.csv", [*ROWS, "CRS3035RES200mN24"])
    path.write_text(path.read_text().strip())
    with pytest.raises(DataError, match="cut or damaged"):
        read_squares(path, crs_metric=LAMBERT)
    with pytest.raises(DataError, match="does not measure in metres"):
        read_squares(path, crs_metric="EPSG:4326")


@real
def test_bordeaux_totals_are_those_of_the_file():
    areas, report = read_squares(BORDEAUX, crs_metric=LAMBERT)
    raw = pd.read_csv(BORDEAUX)
    assert report.rows_kept == len(raw) == 6735
    assert areas["population"].sum() == pytest.approx(raw["Ind"].sum(), rel=1e-12)
    over_18 = raw[[c for c in raw if c.startswith(("Ind_18", "Ind_25", "Ind_40", "Ind_55"))]]
    older = raw[["Ind_65_79", "Ind_80p", "Ind_inc"]]
    total = over_18.sum().sum() + older.sum().sum()
    assert areas["adults"].sum() == pytest.approx(total, rel=1e-3)
    assert int(areas["imputed"].sum()) == int(raw["I_est_cr"].sum())
