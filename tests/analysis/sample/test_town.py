"""The ground looks like a town: covered without gaps, cut by a river, in two vintages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from analysis.sample import town, wards

SHARED = Path(__file__).parents[3].parent / "shared" / "data"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_blocks_cover_the_commune_without_gap_or_overlap(seed):
    rng = np.random.default_rng(seed)
    ground = town.lay_ground(rng)
    blocks = town.lay_blocks(ground, rng)
    assert shapely.coverage_is_valid(blocks.geometry.to_numpy())
    assert blocks.area.sum() == pytest.approx(ground.boundary.area, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bureaux_are_single_polygons_that_fit_together(seed):
    rng = np.random.default_rng(seed)
    blocks = town.lay_blocks(town.lay_ground(rng), rng)
    weight = wards.weigh_blocks(blocks, rng)
    bureaux = wards.draw_bureaux(blocks, weight)
    for name, n in (("bureau_2017", 46), ("bureau_2024", 48)):
        shapes = wards.dissolve(blocks, bureaux[name])
        assert len(shapes) == n
        assert (shapes.geom_type == "Polygon").all()
        assert shapely.coverage_is_valid(shapes.geometry.to_numpy())
    assert weight.sum() == pytest.approx(1)


def test_no_block_lies_on_both_banks(valmont):
    ground = town.lay_ground(np.random.default_rng(np.random.SeedSequence(2027).spawn(4)[0]))
    shapes = valmont.blocks.geometry
    inside = shapely.length(shapely.intersection(shapes.buffer(-0.5).to_numpy(), ground.river))
    assert (shapes.distance(ground.river) < 0.1).sum() > 40
    assert inside.sum() == pytest.approx(0)


def test_the_vintages_differ_in_the_ways_that_happen(valmont):
    links = pd.DataFrame(valmont.truth["crosswalk"])
    parts = links.groupby("from_id")["weight"].sum()
    assert parts.to_numpy() == pytest.approx(np.ones(len(parts)), abs=3e-5)
    same = links["from_id"] == links["to_id"]
    fresh = set(links["to_id"]) - set(links["from_id"])
    moved = links[~same & ~links["to_id"].isin(fresh)]
    whole = moved[moved["weight"] == 1]
    # Two bureaux exchanged their numbers: same code, other ground.
    assert sorted(whole["from_id"]) == sorted(whole["to_id"])
    assert len(whole) == 2
    assert len(moved) - len(whole) >= 3  # redrawn with a neighbour
    split = links[~same & links["to_id"].isin(fresh) & (links["weight"] < 1)]
    assert len(split) == 2
    renumbered = links[~same & links["to_id"].isin(fresh) & (links["weight"] == 1)]
    assert len(renumbered) == 5


def test_the_commune_code_is_that_of_no_place_in_the_national_file():
    path = SHARED / "france" / "general_results.parquet"
    if not path.exists():
        pytest.skip("real data absent: france results")
    codes = pd.read_parquet(path, columns=["code_commune"])["code_commune"]
    assert wards.COMMUNE not in set(codes.unique())
