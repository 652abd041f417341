"""Tests of `analysis.geography.crosswalk`."""

from __future__ import annotations

from fractions import Fraction

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from analysis.errors import DataError
from analysis.geography.crosswalk import link_vintages, prorate
from analysis.tables.schema import CROSSWALK
from tests.made import SOUTH, WEST


def contours(vintage, **cells):
    """Draw bureaux as boxes, in hundreds of metres from a corner."""
    shapes = [
        box(WEST + 100 * a, SOUTH + 100 * b, WEST + 100 * c, SOUTH + 100 * d)
        for a, b, c, d in cells.values()
    ]
    table = {"bureau_id": list(cells), "vintage": vintage, "commune_id": "31555", "name": ""}
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:2154")


def both(older, newer):
    return gpd.GeoDataFrame(pd.concat([older, newer], ignore_index=True), crs=older.crs)


def homes(*spots):
    """Place addresses at (x, y) in hundreds of metres, with their registered."""
    points = [Point(WEST + 100 * x, SOUTH + 100 * y) for x, y, _ in spots]
    registered = pd.array([n for *_, n in spots], dtype="Int64")
    return gpd.GeoDataFrame({"registered": registered}, geometry=points, crs="EPSG:2154")


def squares(*cells):
    shapes = [
        box(WEST + 100 * a, SOUTH + 100 * b, WEST + 100 * c, SOUTH + 100 * d)
        for a, b, c, d, _ in cells
    ]
    return gpd.GeoDataFrame(
        {"households": [float(n) for *_, n in cells]}, geometry=shapes, crs="EPSG:2154"
    )


def weights(table, one=2017, other=2022):
    part = table[(table["from_vintage"] == one) & (table["to_vintage"] == other)]
    return {(r.from_id, r.to_id): (pytest.approx(r.weight), r.quality) for r in part.itertuples()}


# A was cut at a quarter of its width, the smaller part going to the new B.
OLD = contours(2017, A=(0, 0, 4, 1), B=(4, 0, 5, 1))
NEW = contours(2022, A=(0, 0, 3, 1), B=(3, 0, 5, 1))


def test_area_shares_where_nothing_else_is_known():
    table = link_vintages(both(OLD, NEW))
    assert weights(table) == {
        ("A", "A"): (0.75, "area"),
        ("A", "B"): (0.25, "area"),
        ("B", "B"): (1.0, "area"),
    }
    assert weights(table, 2022, 2017) == {
        ("A", "A"): (1.0, "area"),
        ("B", "A"): (0.5, "area"),
        ("B", "B"): (0.5, "area"),
    }


def test_households_go_before_area_and_registered_before_households():
    cells = squares((0, 0, 1, 1, 10), (3, 0, 4, 1, 30), (4, 0, 5, 1, 5))
    table = link_vintages(both(OLD, NEW), squares=cells)
    assert weights(table)["A", "B"] == (0.75, "households")
    people = homes((0.5, 0.5, 90), (3.5, 0.5, 10), (4.5, 0.5, 0), (99, 99, 7), (1, 0.5, pd.NA))
    table = link_vintages(both(OLD, NEW), addresses=people, squares=cells)
    assert weights(table) == {
        ("A", "A"): (0.9, "registered"),
        ("A", "B"): (0.1, "registered"),
        # Nobody known lives in B: its squares speak.
        ("B", "B"): (1.0, "households"),
    }


def test_squares_are_shared_by_area():
    table = link_vintages(both(OLD, NEW), squares=squares((2, 0, 4, 1, 30)))
    assert weights(table)["A", "B"] == (0.5, "households")


def test_a_strip_drawn_otherwise_is_not_people():
    shifted = contours(2022, A=(0, 0, 4.03, 1), B=(4.03, 0, 5, 1))
    assert weights(link_vintages(both(OLD, shifted))) == {
        ("A", "A"): (1.0, "area"),
        ("B", "A"): (0.03, "area"),
        ("B", "B"): (0.97, "area"),
    }


def test_what_is_drawn_elsewhere_keeps_its_code_or_has_no_row():
    moved = contours(2022, A=(0, 0, 4, 1), B=(90, 0, 91, 1), C=(95, 0, 96, 1))
    table = link_vintages(both(OLD, moved))
    assert weights(table) == {("A", "A"): (1.0, "area"), ("B", "B"): (1.0, "code")}
    assert "C" not in set(table["from_id"])


def test_an_address_on_a_border_goes_to_one_bureau():
    table = link_vintages(both(OLD, NEW), addresses=homes((3, 0.5, 10)))
    assert weights(table)["A", "A"] == (1.0, "registered")


def test_every_pair_of_vintages_is_linked():
    three = both(both(OLD, NEW), contours(2026, A=(0, 0, 5, 1)))
    table = link_vintages(three)
    pairs = set(zip(table["from_vintage"], table["to_vintage"], strict=True))
    assert len(pairs) == 6
    sums = table.groupby(["from_vintage", "to_vintage", "from_id"])["weight"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-12)


def test_one_vintage_has_no_links():
    table = link_vintages(OLD)
    assert table.empty
    assert list(table) == list(CROSSWALK.columns)


def test_the_order_of_rows_does_not_matter_and_inputs_stay():
    bureaux, people = both(OLD, NEW), homes((0.5, 0.5, 90), (3.5, 0.5, 10), (3, 0.5, 3))
    before = bureaux.copy(), people.copy()
    one = link_vintages(bureaux, addresses=people)
    other = link_vintages(bureaux[::-1], addresses=people[::-1])
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(bureaux, before[0])
    pd.testing.assert_frame_equal(people, before[1])


IDS = st.sampled_from([f"b{n}" for n in range(6)])
TABLES = st.dictionaries(
    IDS, st.tuples(st.integers(0, 2000), st.integers(0, 2000)), min_size=1, max_size=6
)
LINKS = st.dictionaries(
    IDS, st.dictionaries(IDS, st.integers(1, 50), min_size=1, max_size=4), max_size=6
)


def as_counts(table):
    return pd.DataFrame(list(table.values()), index=list(table), columns=["ballots", "votes"])


def as_links(table):
    rows = [
        (source, target, part / sum(parts.values()))
        for source, parts in table.items()
        for target, part in parts.items()
    ]
    return pd.DataFrame(rows, columns=["from_id", "to_id", "weight"])


def hamilton(total, parts):
    """Hand `total` on by largest remainder, in fractions; ties go to the first id."""
    exact = {
        key: Fraction(total * part, sum(parts.values())) for key, part in sorted(parts.items())
    }
    given_out = {key: int(share) for key, share in exact.items()}
    rest = total - sum(given_out.values())
    for key in sorted(exact, key=lambda key: given_out[key] - exact[key])[:rest]:
        given_out[key] += 1
    return given_out


@settings(deadline=None, max_examples=30)
@given(TABLES, LINKS)
def test_whole_persons_are_handed_on_and_totals_conserved(table, links):
    counts, crosswalk = as_counts(table), as_links(links)
    before = counts.copy(), crosswalk.copy()
    handed = prorate(counts, crosswalk)
    assert handed.sum().to_dict() == counts.sum().to_dict()
    assert (handed >= 0).all(axis=None)
    assert set(handed.dtypes.astype(str)) == {"int64"}
    pd.testing.assert_frame_equal(counts, before[0])
    pd.testing.assert_frame_equal(crosswalk, before[1])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 3000), st.dictionaries(IDS, st.integers(1, 50), min_size=1, max_size=6))
def test_nobody_is_further_than_one_person_from_their_share(total, parts):
    handed = prorate(as_counts({"a": (total, 0)}), as_links({"a": parts}))["ballots"]
    whole = sum(parts.values())
    exact = {key: Fraction(total * part, whole) for key, part in parts.items()}
    assert all(abs(int(handed[key]) - share) < 1 for key, share in exact.items())
    remainders = [share - int(share) for share in exact.values()]
    if len(set(remainders)) == len(remainders):
        assert handed.to_dict() == hamilton(total, parts)


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [
        (10, {"x": 1, "y": 1, "z": 1}, [4, 3, 3]),
        (7, {"x": 3, "y": 1}, [5, 2]),
        (1, {"x": 1, "y": 9}, [0, 1]),
        (0, {"x": 1, "y": 1}, [0, 0]),
    ],
)
def test_largest_remainders(total, parts, expected):
    handed = prorate(as_counts({"a": (total, 0)}), as_links({"a": parts}))
    assert handed["ballots"].tolist() == expected
    assert list(hamilton(total, parts).values()) == expected


@settings(deadline=None, max_examples=20)
@given(TABLES, LINKS, st.randoms(use_true_random=False))
def test_prorating_does_not_see_the_order_of_rows(table, links, random):
    counts, crosswalk = as_counts(table), as_links(links)
    rows, order = list(range(len(counts))), list(range(len(crosswalk)))
    random.shuffle(rows)
    random.shuffle(order)
    pd.testing.assert_frame_equal(
        prorate(counts, crosswalk), prorate(counts.iloc[rows], crosswalk.iloc[order])
    )


@settings(deadline=None, max_examples=30)
@given(TABLES, LINKS)
def test_split_in_parts_and_merged_again_is_the_same(table, links):
    """Every bureau goes to parts of its own, and the parts go back."""
    counts = as_counts(table)
    split = {a: {f"{a}/{b}": n for b, n in links.get(a, {a: 1}).items()} for a in table}
    merge = {part: {a: 1} for a, parts in split.items() for part in parts}
    again = prorate(prorate(counts, as_links(split)), as_links(merge))
    pd.testing.assert_frame_equal(again, counts.sort_index())


def test_without_links_everything_stays():
    counts = as_counts({"b": (3, 1), "a": (5, 2)})
    pd.testing.assert_frame_equal(prorate(counts, as_links({})), counts.sort_index())


def test_weights_that_do_not_sum_to_one_are_refused():
    links = as_links({"a": {"x": 1, "y": 1}})
    with pytest.raises(DataError, match="do not sum to 1") as caught:
        prorate(as_counts({"a": (5, 2)}), links.assign(weight=0.4))
    assert caught.value.where == "a"
    assert caught.value.mend


def test_a_bureau_twice_in_the_counts_is_refused():
    counts = as_counts({"a": (5, 2)})
    with pytest.raises(DataError, match="more than once") as caught:
        prorate(pd.concat([counts, counts]), as_links({"a": {"x": 1, "y": 1}}))
    assert caught.value.where == "a"
    assert caught.value.mend


def test_valmont_finds_the_planted_shares(valmont, truth):
    """The roll of 2022 went where the addresses of 2024 say, but for who moved in between.

    A tenth of the roll changes from one year to another; in a piece of 100 to 600 persons
    the share of a redrawn bureau then moves by about a hundredth. Two are asserted.
    """
    table = valmont.read("crosswalk")
    ours = table[(table["from_vintage"] == 2017) & (table["to_vintage"] == 2024)]
    ours = ours.set_index(["from_id", "to_id"])
    planted = pd.DataFrame(truth["crosswalk"]).set_index(["from_id", "to_id"])
    drawn = planted[~planted.index.get_level_values(0).str.endswith("JUS1")]
    assert set(ours.index) == set(drawn.index)
    assert (ours["quality"] == "registered").all()
    error = (ours["weight"] - drawn["weight"]).abs()
    assert error.max() < 0.02
    redrawn = drawn["weight"] < 1
    assert redrawn.sum() >= 10
    assert error[~redrawn].max() == 0
    # By area alone, where the two numbers were exchanged or redrawn, one is further off.
    by_area = link_vintages(valmont.read("bureaux")).set_index(
        ["from_vintage", "to_vintage", "from_id", "to_id"]
    )["weight"][2017, 2024]
    known = drawn.index.intersection(by_area.index)
    gap = (by_area[known] - drawn.loc[known, "weight"]).abs()
    assert error[redrawn].mean() < 0.5 * gap[redrawn.reindex(known)].mean()


def test_paris_is_linked_by_its_registered(paris):
    table = paris.read("crosswalk")
    sums = table.groupby(["from_vintage", "to_vintage", "from_id"])["weight"].sum()
    assert np.abs(sums - 1).max() < 1e-9
    links = table[(table["from_vintage"] == 2017) & (table["to_vintage"] == 2026)]
    assert links["from_id"].nunique() == 896
    assert (links["quality"] == "registered").mean() > 0.98
    bureaux = paris.read("bureaux")
    for vintage in (2012, 2017, 2026):
        ids = set(bureaux.loc[bureaux["vintage"] == vintage, "bureau_id"])
        assert set(table.loc[table["to_vintage"] == vintage, "to_id"]) <= ids


@pytest.mark.parametrize(("election", "vintage"), [("2022_pres_t1", 2017), ("2014_euro_t1", 2012)])
def test_paris_keeps_every_vote_on_todays_bureaux(paris, election, vintage):
    turnout = paris.read("turnout")
    rows = turnout[turnout["election_id"] == election].set_index("bureau_id")
    counts = rows[["ballots", "valid"]].assign(away=rows["registered"] - rows["ballots"])
    counts.index = counts.index.astype("str")
    table = paris.read("crosswalk")
    links = table[(table["from_vintage"] == vintage) & (table["to_vintage"] == 2026)]
    handed = prorate(counts, links)
    assert handed.sum().to_dict() == counts.sum().to_dict()
    assert handed["ballots"].sum() + handed["away"].sum() == rows["registered"].sum()
