"""Former communes of a new one: parts that can be chosen by name, where addresses tell them."""

from __future__ import annotations

import json

import pytest

from analysis.geography.zones import bureaux_in, place_named
from analysis.workflows.build import Inputs, build
from tests.made import candidates, general, write_results

# Le Longeron (49179) and Torfou (49350) are parts of Sèvremoine (49301) since 2015.
ROWS = [
    ("2014_euro_t1", "49179", "0001"),
    ("2014_euro_t1", "49301", "0001"),
    ("2022_pres_t1", "49301", "0001"),
    ("2022_pres_t1", "49301", "0002"),
    ("2022_pres_t1", "49301", "0003"),
]
HEAD = "id,numero,rep,nom_voie,code_insee,lon,lat,code_insee_ancienne_commune,nom_ancienne_commune"


def square(number, west):
    ring = [[west, 47.0], [west + 0.01, 47.0], [west + 0.01, 47.01], [west, 47.01], [west, 47.0]]
    at = {"type": "Polygon", "coordinates": [ring]}
    properties = {"codeBureauVote": f"49301_{number:04d}"}
    return {"type": "Feature", "properties": properties, "geometry": at}


def built(folder, of, electors=False):
    """Build a town whose bureaux have addresses of former communes: three each, by code."""
    files = write_results(
        folder,
        general(*((*row, 800, 500, 10, 10) for row in ROWS)),
        candidates(*((*row, "", "MACRON", 480) for row in ROWS)),
    )
    shapes = [square(number, -1.1 + number / 100) for number in (1, 2, 3)]
    contours = folder / "contours.geojson"
    contours.write_text(json.dumps({"type": "FeatureCollection", "features": shapes}))
    lines = [
        f"a{number}{k},{k + 1},,Rue Haute {number},49301,{-1.098 + number / 100 + k / 1000},47.005,"
        f"{code},{'Nom' if code else ''}"
        for number, codes in of.items()
        for k, code in enumerate(codes)
    ]
    (folder / "ban.csv").write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    given = {"general": files[0], "candidates": files[1], "contours": {2022: contours}}
    if electors:
        (folder / "e.csv").write_text("numero;voie;nb\n1;Rue Haute 1;4\n", encoding="utf-8")
        given["electors"] = folder / "e.csv"
    return build(Inputs(**given, addresses=folder / "ban.csv", places=("49301",)), folder / "ws")


@pytest.mark.parametrize("electors", [False, True])
def test_a_former_commune_is_a_part_with_the_bureaux_of_most_of_its_addresses(tmp_path, electors):
    of = {1: ("49350",) * 3, 2: ("49179", "49179", "49350"), 3: ("49179", "", "49350")}
    place = built(tmp_path, of, electors)
    zones = place.read("zones")
    named = zones[zones["kind"] == "quartier"].set_index("bureau_id")["name"].to_dict()
    # Of the third nothing tells; before the merger the bureau of Le Longeron was its own.
    assert named == {
        "49301_0001": "Torfou", "49301_0002": "Le Longeron", "49301_49179-0001": "Le Longeron"
    }  # fmt: skip
    part = place_named(place, "le longeron")
    ids = list(place.read("turnout")["bureau_id"].cat.categories)
    assert sorted(bureaux_in(place, ids, [part])) == ["49301_0002", "49301_49179-0001"]


def test_where_all_are_of_one_or_nothing_tells_there_is_no_part(tmp_path):
    for n, of in enumerate(({1: ("49179",), 2: ("49179",)}, {1: ("",), 2: ("",), 3: ("",)})):
        (folder := tmp_path / str(n)).mkdir()
        zones = built(folder, of).read("zones")
        assert not (zones["kind"] == "quartier").any()
