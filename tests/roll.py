"""Valmont's addresses in the layout of the electoral roll (INSEE, REU)."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import pandas as pd

from tests.made import VALMONT


@cache
def _valmont() -> pd.DataFrame:
    ban = pd.read_csv(
        VALMONT / "adresses-99.csv.gz", sep=";", dtype={"code_insee": str}, keep_default_na=False
    )
    points = gpd.GeoDataFrame(ban, geometry=gpd.points_from_xy(ban["lon"], ban["lat"]), crs=4326)
    drawn = gpd.read_file(VALMONT / "contours_2024.geojson").to_crs(4326)
    column = next(name for name in drawn if drawn[name].astype(str).str.contains("99900_").all())
    held = points.sjoin(drawn[[column, "geometry"]], predicate="within")
    held = held[~held.index.duplicated()]
    number = held["numero"].astype(str) + held["rep"]
    return pd.DataFrame(
        {
            "code_commune_ref": held["code_insee"],
            "reconstitution_code_commune": "",
            "id_brut_bv_reu": held[column],
            "id": held["id"],
            "geo_adresse": number + " " + held["nom_voie"] + " 99900 Valmont",
            "geo_type": "housenumber",
            "geo_score": 0.97,
            "longitude": held["lon"],
            "latitude": held["lat"],
            "api_line": "",
            "nb_bv_commune": held[column].nunique(),
            "nb_adresses": 2,
        }
    ).reset_index(drop=True)


def addresses() -> pd.DataFrame:
    """Return the table of addresses, each in the bureau whose contour of 2024 holds it."""
    return _valmont().copy()


def polling_places() -> pd.DataFrame:
    """Return the table of polling places: one school per bureau."""
    ids = sorted(_valmont()["id_brut_bv_reu"].unique())
    return pd.DataFrame(
        {
            "id_brut_reu": ids,
            "id_brut_miom": ids,
            "code_commune": "99900",
            "code": [name[-4:] for name in ids],
            "libelle_reu": [f"École {name[-4:]}" for name in ids],
            "num_voie_reu": "3",
            "voie_reu": "rue des Cyprès",
            "nb_adresses_initial": 100,
        }
    )
