"""Tests of `analysis.experiments.neighbours`: bureaux that touch go together."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.neighbours import GROUP, groups_of_neighbours, with_groups
from analysis.experiments.seal import drawn, seal, verify, write_seal


def grid(wide, high, apart=()):
    """Draw squares of 100 m side by side, and some far from all others."""
    shapes = [
        shapely.box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100)
        for x in range(wide)
        for y in range(high)
    ]
    shapes += [shapely.box(x, 1e5, x + 100, 1e5 + 100) for x in apart]
    ids = [f"b{n:03d}" for n in range(len(shapes))]
    return gpd.GeoDataFrame({"bureau_id": ids}, geometry=shapes, crs=2154)


def touching(shapes, ids):
    """Return whether the bureaux of one group hang together."""
    here = shapes[shapes["bureau_id"].isin(ids)].geometry.buffer(3)
    return shapely.union_all(here.to_numpy()).geom_type == "Polygon"


@given(st.integers(1, 7), st.integers(1, 7), st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_each_bureau_is_in_one_group_that_hangs_together(wide, high, size):
    shapes = grid(wide, high)
    group = groups_of_neighbours(shapes, size=size)
    assert sorted(group.index) == shapes["bureau_id"].tolist()
    for name, ids in group.groupby(group).groups.items():
        assert name == min(ids)
        assert touching(shapes, ids)
        # At most the size, and what joined it: never two groups' worth for long.
        assert len(ids) <= 2.5 * size
    assert (group.value_counts() > size / 2).all() or len(set(group)) == 1


def test_a_row_of_six_is_three_pairs():
    assert groups_of_neighbours(grid(6, 1), size=2).tolist() == [
        *("b000", "b000", "b002", "b002", "b004", "b004")
    ]


def test_one_left_over_joins_a_pair():
    assert sorted(groups_of_neighbours(grid(5, 1), size=2).value_counts()) == [2, 3]


def test_a_bureau_that_touches_none_is_alone():
    group = groups_of_neighbours(grid(2, 2, apart=(0, 5000)), size=4)
    assert group.value_counts().to_dict() == {"b000": 4, "b004": 1, "b005": 1}


def test_groups_stay_within_a_territory():
    shapes = grid(6, 1)
    within = pd.Series(["x", "x", "x", "y", "y", "y"], shapes["bureau_id"])
    group = groups_of_neighbours(shapes, size=2, within=within)
    assert within.groupby(group).nunique().eq(1).all()
    assert sorted(group.value_counts()) == [3, 3]


def test_the_order_of_rows_does_not_matter():
    shapes = grid(6, 5)
    mixed = shapes.sample(frac=1, random_state=4)
    for size in (2, 3, 5):
        one, other = (groups_of_neighbours(g, size=size) for g in (shapes, mixed))
        assert one.equals(other)


def test_groups_of_one_are_refused_and_none_is_no_error():
    with pytest.raises(DataError, match="two bureaux or more"):
        groups_of_neighbours(grid(2, 2), size=1)
    assert groups_of_neighbours(grid(2, 2).head(0), size=3).empty


def test_units_of_a_workspace_get_their_groups(valmont):
    bureaux = valmont.read("bureaux")
    ids = sorted(bureaux.loc[bureaux["vintage"] == bureaux["vintage"].max(), "bureau_id"])
    ids = [str(one) for one in ids]
    units = pd.DataFrame({"bureau_id": [*ids, "99900_9999"], "gain": np.arange(len(ids) + 1.0)})
    units["sure"] = (units["bureau_id"] == ids[0]).astype(int)
    table, rule = with_groups(units, Rule("gain", must_treat="sure"), valmont.read("bureaux"), 3)
    assert rule.cluster == GROUP
    group = table.set_index("bureau_id")[GROUP]
    # Without a contour, or decided beforehand: alone.
    assert group["99900_9999"] == "99900_9999"
    assert (group == ids[0]).sum() == 1
    assert group.value_counts().max() >= 3
    design = declare(table, rule)
    arms = drawn(design, 1)
    assert len(arms.drop_duplicates(["cluster", "arm"])) == arms["cluster"].nunique()
    with pytest.raises(DataError, match="not both"):
        with_groups(units, Rule("gain", cluster="sure"), valmont.read("bureaux"), 3)
    strange = units.assign(bureau_id=[f"x{n}" for n in range(len(units))])
    with pytest.raises(DataError, match="no contours"):
        with_groups(strange, Rule("gain"), valmont.read("bureaux"), 3)


@pytest.mark.slow
def test_paris_in_groups_of_three(paris, tmp_path):
    bureaux = paris.read("bureaux")
    shapes = bureaux[bureaux["vintage"] == 2017].astype({"bureau_id": "str"})
    ids = shapes["bureau_id"].tolist()
    rng = np.random.default_rng(0)
    units = pd.DataFrame({"bureau_id": ids, "gain": rng.normal(size=len(ids))})
    table, rule = with_groups(units, Rule("gain"), paris.read("bureaux"), 3)
    sizes = table[GROUP].value_counts()
    assert sizes.sum() == 896
    assert (sizes == 3).sum() > 0.85 * len(sizes)
    assert sizes.max() <= 5
    assert (sizes == 1).sum() <= 5
    design = declare(table, rule)
    path = tmp_path / "paris.seal.json"
    write_seal(seal(design, 7, {}), path)
    # The seal holds the groups: it needs no contours to be verified.
    arms = verify(path).assignment.set_index("unit_id")["assigned"]
    single = drawn(declare(units, Rule("gain")), 7).set_index("unit_id")["assigned"]
    # Beside one another in different arms: fewer than when each is drawn by itself.
    one, other = shapely.STRtree(shapes.geometry).query(shapes.geometry, "dwithin", 5)
    names = np.asarray(ids)
    split = [
        np.mean(a[names[one]].to_numpy() != a[names[other]].to_numpy()) for a in (arms, single)
    ]
    assert split[0] < 0.85 * split[1]
