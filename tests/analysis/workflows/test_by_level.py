"""A place seen whole: nothing lost between bureaux and départements, and every unit on the map."""

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.charts.ground_file import encode_ground
from analysis.electorate.swing_by_bureau import Share, measure_swing
from analysis.geography.level_shapes import level_shapes, on_mainland, outlines, points
from analysis.readers.known_places import joined
from analysis.tables.elections import Choice
from analysis.targeting.rank import Settings, rank_bureaux
from analysis.workflows import by_level
from analysis.workflows.ranking import Scenario, prospects_of

LEFT = Share(Choice("left"), "valid")
PAIR = ("2022_pres_t1", "2024_legi_t1")


@pytest.fixture(scope="module")
def ranked(valmont):
    found = prospects_of(valmont, Scenario("left", "2027_pres_t1"))
    return rank_bureaux(found, Settings(draws=20))


def test_every_departement_is_an_area_that_maps_draw():
    """Those of 29, 2B, 34 and 35 held a line beside their land, and were on no map."""
    found = {code: shape.geom_type for code, shape in outlines().items()}
    assert set(found.values()) == {"Polygon", "MultiPolygon"}
    assert len(found) == 96
    units = pd.DataFrame({"unit_id": ["2A", "2B"], "name": ["Sud", "Nord"], "registered": 1})
    drawn = level_shapes("departement", units, ("2A", "2B")).units.set_index("bureau_id").geometry
    # In square metres of Web Mercator, twice those on the ground.
    assert drawn["2B"].area == pytest.approx(8.66e9, rel=0.01)


def test_a_village_without_a_position_stands_amid_those_it_is_joined_with():
    """Of 360 communes of Corsica 160 stood west of the island, of Lozère 26."""
    codes = ["48098", "48171", "2B003", "2A011", "98711"]
    assert not points().reindex(codes)["x"].notna().any()
    units = pd.DataFrame({"unit_id": [*codes, "48095"], "name": "", "registered": 100})
    found = level_shapes("commune", units, ("48", "2A", "2B"), pd.Series(joined()))
    assert (found.near, found.apart) == (4, 1)
    shapes = found.units.set_index("bureau_id").geometry
    for code, department in zip(codes[:4], ("48", "48", "2B", "2A"), strict=True):
        assert shapes[code].centroid.distance(outlines()[department]) < 5_000
    assert not shapes["48098"].centroid.equals(shapes["48171"].centroid)


def test_sums_of_communes_are_those_of_the_bureaux(valmont, ranked):
    told = by_level.ranking_by(valmont, ranked, "commune")
    bureaux = ranked.table
    assert len(told) == bureaux["commune_id"].nunique()
    for name in ("registered", "doors", "hours"):
        assert told[name].sum() == pytest.approx(bureaux[name].sum())
    assert told["bureaux"].sum() == len(bureaux)
    assert told["reached"].sum() == ranked.k
    votes = (told["gain_per_hour"] * told["hours"]).sum()
    assert votes == pytest.approx((bureaux["gain_per_hour"] * bureaux["hours"]).sum())
    one = bureaux[bureaux["commune_id"] == told["unit_id"].iloc[0]]
    by_hand = np.average(one["score"], weights=one["registered"])
    assert told["score"].iloc[0] == pytest.approx(by_hand)


def test_a_swing_of_units_needs_no_crosswalk_and_agrees_with_that_of_bureaux(valmont):
    whole = measure_swing(valmont, *PAIR, LEFT)
    told = by_level.counted_by(valmont, PAIR, LEFT, level="departement")
    assert len(told) == 1
    # Bureaux are redrawn in between; whole communes are not.
    assert told["swing"].iloc[0] == pytest.approx(whole.swing, abs=1e-9)
    back = by_level.counted_by(valmont, PAIR[::-1], LEFT, level="commune")
    there = by_level.counted_by(valmont, PAIR, LEFT, level="commune")
    assert np.allclose(back["swing"], -there["swing"])


def test_abstention_as_counted_is_what_was_counted(valmont):
    told = by_level.counted_by(valmont, ("2024_legi_t1",), level="departement").iloc[0]
    turnout = valmont.read("turnout")
    turnout = turnout[turnout["election_id"] == "2024_legi_t1"]
    registered = turnout["registered"].sum()
    assert told["registered"] == registered
    assert told["2024_legi_t1"] == pytest.approx(1 - turnout["ballots"].sum() / registered)


def test_the_drawn_départements_lie_where_their_communes_do():
    at = points()
    towns = at[~at["near"] & at.index.str.fullmatch(r"\d{5}|2[AB]\d{3}")]
    department = towns.index.str[:2]
    inside = [
        shapely.contains_xy(shape, *towns.loc[department == code, ["x", "y"]].to_numpy().T)
        for code, shape in outlines().items()
    ]
    assert len(outlines()) == 96
    # A drawing of a few pixels each, laid by one affine map: not one town in forty is outside.
    assert np.concatenate(inside).mean() > 0.975
    for code in ("29019", "13055", "59350", "2A004", "97411"):  # Brest … Saint-Denis
        assert not at.loc[code, "near"]


def _units(ids, registered):
    return pd.DataFrame({"unit_id": ids, "name": ids, "registered": registered})


def test_every_unit_has_a_shape_and_what_has_no_position_stands_apart():
    given = _units(["01", "971", "ZZ", "2A"], [4, 3, 2, 1])
    found = level_shapes("departement", given, ("01", "971", "ZZ", "2A"))
    assert set(found.units["bureau_id"]) == set(given["unit_id"])
    assert (found.apart, found.near) == (2, 0)
    shapes = found.units.set_index("bureau_id").geometry
    west = min(shapes["01"].bounds[0], shapes["2A"].bounds[0])
    assert max(shapes[one].bounds[2] for one in ("971", "ZZ")) < west
    # The order of rows does not matter.
    again = level_shapes("departement", given.iloc[::-1], ("01", "971", "ZZ", "2A"))
    assert again.units.equals(found.units)


def test_a_dot_is_as_large_as_its_commune_has_voters_and_the_small_lie_on_top():
    found = level_shapes(
        "commune", _units(["01053", "01004", "01999"], [40_000, 10_000, 5]), ("01",)
    )
    assert found.units["bureau_id"].tolist() == ["01053", "01004", "01999"]
    area = found.units.set_index("bureau_id").area
    assert area["01053"] / area["01004"] == pytest.approx(4, rel=0.01)
    assert outlines()["01"].contains(found.units.geometry.iloc[0].centroid)
    assert found.apart == 1


def test_bureaux_without_contours_are_squares_that_do_not_touch(valmont):
    ids = [f"01053_{n:04d}" for n in range(1, 24)]
    drawn = by_level.map_of(valmont, "bureau", _units(ids, [0] * len(ids)))
    squares = drawn.shapes.units.geometry.to_numpy()
    assert drawn.shapes.units["bureau_id"].tolist() == ids
    assert shapely.union_all(squares).area == pytest.approx(shapely.area(squares).sum())
    assert not drawn.shapes.on_the_ground


def test_communes_are_put_together_from_their_bureaux_where_there_are_contours(valmont):
    told = by_level.counted_by(valmont, ("2024_legi_t1",), level="commune")
    vintage = int(valmont.read("bureaux")["vintage"].max())
    drawn = by_level.map_of(valmont, "commune", told, vintage)
    contours = valmont.read("bureaux")
    contours = contours[contours["vintage"] == vintage].to_crs(3857)
    whole = shapely.union_all(contours.geometry.to_numpy()).area
    assert drawn.shapes.units.area.sum() == pytest.approx(whole, rel=0.01)
    assert drawn.shapes.units["name"].notna().all()
    assert encode_ground(drawn.ground)


class TwoTowns:
    """Three constituencies: two in one town, one over the rest; one bureau that no file names."""

    path, digest = "two-towns", "always the same"
    ids = ("01053_0001", "01053_0002", "01004_0001", "2A004_0001", "01053_0003", "01004_0002")

    def read(self, name, columns=None):
        """Return zones or places."""
        del columns
        if name == "zones":
            of = ["01-01", "01-02", "01-02", "2A-01"]
            zones = pd.DataFrame({"bureau_id": self.ids[:4], "kind": "circonscription"})
            return zones.assign(zone_id=of, name=[f"{one[-1]}e circonscription" for one in of])
        assert name == "places"
        return pd.DataFrame(
            {
                "commune_id": ["01053", "01004", "2A004"],
                "name": ["Bourg-en-Bresse", "Ambérieu", "Ajaccio"],
                "department_id": ["01", "01", "2A"],
            }
        )

    def has(self, name):
        """Tell what is there."""
        return name in {"zones", "places"}


def test_constituencies_stand_between_départements_and_communes():
    place = TwoTowns()
    communes = pd.Series([one[:5] for one in place.ids])
    ids = pd.Series(place.ids)
    levels = ("departement", "circonscription", "commune", "bureau")
    assert by_level.levels_in(place, communes, ids) == levels
    # One constituency alone is no level.
    assert by_level.levels_in(place, communes[2:3], ids[2:3]) == ("bureau",)
    found = by_level.units_of(place, ids, "circonscription")
    kinds = [one.removeprefix("circonscription:") for one in found]
    # Of a commune in two, a bureau that no file names has none; of a commune in one, that one.
    assert kinds == ["01-01", "01-02", "01-02", "2A-01", "", "01-02"]
    counted = pd.DataFrame({"registered": 100}, index=sorted(set(found)))
    told = by_level.named(place, counted, "circonscription")
    assert "2e circonscription (Ain)" in set(told["name"])
    drawn = by_level.map_of(place, "circonscription", told).shapes
    assert len(drawn.units) == 4
    assert drawn.apart == 1
    assert drawn.labels["text"].str.contains("circonscription").sum() == 0


def test_what_lies_overseas_is_told_from_the_mainland():
    ids = ["01", "2A", "75", "971", "987", "99", "circonscription:01-04", "circonscription:974-02"]
    ids += ["circonscription:ZZ-01", "circonscription:", "2A004", "97411", "01053_0001"]
    there = [True, True, True, False, False, False, True, False, False, False, True, False, True]
    assert on_mainland(pd.Series(ids)).tolist() == there


def test_constituencies_of_one_town_do_not_hide_one_another():
    units = pd.DataFrame({"unit_id": list("abc"), "name": list("abc"), "registered": 50_000})
    drawn = level_shapes("circonscription", units.assign(x=2.6e5, y=6.25e6), ("75",)).units
    middles = drawn.geometry.centroid
    assert min(middles[0].distance(middles[1]), middles[1].distance(middles[2])) > 1_000


def test_a_commune_alone_has_one_level(valmont):
    ids = valmont.read("places")["commune_id"]
    assert by_level.levels_in(valmont, ids) == ("bureau",)
    assert by_level.communes_in(valmont, ()).tolist() == ids.tolist()
    assert by_level.communes_in(valmont, ("99999",)).empty


def test_consulates_stand_on_the_land_of_the_world_and_no_line_goes_round_it():
    units = pd.DataFrame(
        {
            "unit_id": ["circonscription:ZZ-01", "circonscription:ZZ-11"],
            "name": ["1re circonscription", "11e circonscription"],
            "registered": [200_000, 90_000],
            # New York and Tokyo.
            "x": [-8.238e6, 1.555e7],
            "y": [4.970e6, 4.257e6],
        }
    )
    found = level_shapes("circonscription", units, ("ZZ",))
    assert found.labels["text"].tolist() == ["1", "11"]
    land = found.outlines
    spots = shapely.points(units[["x", "y"]].to_numpy())
    assert all(land.geometry.distance(spot).min() < 60_000 for spot in spots)
    # The middle of the Pacific is no land, Africa is.
    assert land.geometry.distance(shapely.Point(-1.6e7, 0)).min() > 1_000_000
    assert land.geometry.contains(shapely.Point(2.2e6, 0)).any()
    rings = [part.exterior for shape in land.geometry for part in shapely.get_parts(shape)]
    steps = [np.diff(shapely.get_coordinates(ring), axis=0) for ring in rings]
    # Cut at 180° and in the north, a side may follow that border; none crosses an ocean.
    assert max(np.abs(step[:, 0]).max() for step in steps) < 5_000_000
    # Among départements nothing of it is drawn.
    assert level_shapes("circonscription", units, ("01", "ZZ")).outlines["code"].tolist() == ["01"]
