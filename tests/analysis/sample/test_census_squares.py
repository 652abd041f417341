"""The squares hold a plausible town, where bureaux poor in money abstain more."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

AGES = ["0_3", "4_5", "6_10", "11_17", "18_24", "25_39", "40_54", "55_64", "65_79", "80p"]


@pytest.fixture(scope="module")
def squares(folder):
    return pd.read_csv(folder / "carreaux_200m.csv")


def test_parts_sum_to_their_whole_where_nothing_is_imputed(squares):
    seen = squares[squares["I_est_cr"] == 0]
    assert (seen[[f"Ind_{age}" for age in AGES]].sum(axis=1) == seen["Ind"]).all()
    assert (seen["Men_coll"] + seen["Men_mais"] == seen["Men"]).all()
    dwellings = ["Log_av45", "Log_45_70", "Log_70_90", "Log_ap90"]
    assert (seen[dwellings].sum(axis=1) == seen["Men"]).all()
    assert (seen["Men_pauv"] <= seen["Men"]).all()


def test_squares_under_eleven_households_are_imputed(squares):
    assert (squares.loc[squares["I_est_cr"] == 0, "Men"] >= 11).all()
    assert squares["I_est_cr"].between(0, 1).all()
    assert 0 < squares["I_est_cr"].sum() < 0.25 * len(squares)


def test_ids_name_squares_of_the_town(squares, folder):
    corner = squares["IdINSPIRE"].str.extract(r"^CRS3035RES200mN(\d+)E(\d+)$").astype(int)
    boxes = shapely.box(corner[1], corner[0], corner[1] + 200, corner[0] + 200)
    grid = gpd.GeoSeries(boxes, crs="EPSG:3035")
    town = gpd.read_file(folder / "contours_2024.geojson").to_crs("EPSG:3035").union_all()
    assert grid.intersects(town).all()
    assert squares["IdINSPIRE"].is_unique


def test_poorer_bureaux_abstain_more(squares, folder, general):
    corner = squares["IdINSPIRE"].str.extract(r"N(\d+)E(\d+)$").astype(int)
    centres = gpd.GeoDataFrame(
        squares, geometry=gpd.points_from_xy(corner[1] + 100, corner[0] + 100), crs="EPSG:3035"
    )
    bureaux = gpd.read_file(folder / "contours_2017.geojson").to_crs("EPSG:3035")
    inside = centres.sjoin(bureaux, predicate="within").groupby("codeBureauVote")
    living_standard = inside["Ind_snv"].sum() / inside["Ind"].sum()
    held = general[general["id_election"] == "2022_legi_t1"].set_index("id_brut_miom")
    rate = held["abstentions"] / held["inscrits"]
    assert living_standard.corr(rate, method="spearman") < -0.5
