"""Addresses stand in their bureaux, and hold exactly the roll of 2024."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def addresses(folder):
    table = pd.read_csv(folder / "adresses-99.csv.gz", sep=";", keep_default_na=False)
    points = gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=points)


@pytest.fixture(scope="module")
def electors(folder):
    return pd.read_csv(folder / "electeurs_par_adresse.csv", dtype={"bureau": str, "ID": str})


@pytest.mark.parametrize("vintage", [2017, 2024])
def test_every_address_lies_in_exactly_one_bureau(addresses, folder, vintage):
    bureaux = gpd.read_file(folder / f"contours_{vintage}.geojson")
    found = addresses.sjoin(bureaux, predicate="within")
    assert len(found) == len(addresses)
    assert found["id"].is_unique


def test_coordinates_agree(addresses):
    metric = addresses.to_crs("EPSG:2154").geometry
    # Six decimals of a degree are ten centimetres.
    assert (metric.x - addresses["x"]).abs().max() < 0.15
    assert (metric.y - addresses["y"]).abs().max() < 0.15


def test_a_number_is_used_once_in_its_street(addresses):
    assert addresses["id"].is_unique
    assert not addresses.duplicated(["nom_voie", "numero", "rep"]).any()


def test_registered_per_address_sum_to_the_roll(electors, general):
    roll = general[(general["id_election"] == "2024_legi_t1") & (general["code_bv"] != "JUS1")]
    assert electors.groupby("bureau")["nb"].sum().to_dict() == (
        roll.set_index("code_bv")["inscrits"].to_dict()
    )
    assert (electors["nb"] > 0).all()


def test_electors_find_their_address_by_street_and_number(addresses, electors):
    known = set(zip(addresses["nom_afnor"], addresses["numero"], strict=True))
    wanted = zip(electors["voie"] + " " + electors["nom"], electors["numero"], strict=True)
    assert set(wanted) <= known
