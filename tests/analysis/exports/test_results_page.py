"""The page of results: small bureaux never alone, sums that hold, nothing asked of a server."""

import json
import re

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from analysis.errors import DataError
from analysis.exports.provenance import Provenance
from analysis.exports.registry import file_of, formats_of
from analysis.exports.results_page import FLOOR, ResultsPage
from analysis.workflows.published_results import page_to_file
from analysis.workflows.reproduce import reproduce


def made(ballots):
    ids = [f"1_{n:04d}" for n in range(len(ballots))]
    counts = pd.DataFrame(
        {"bureau_id": ids, "label": [f"bureau <{one}>" for one in ids],
         "registered": [2 * n for n in ballots], "ballots": ballots, "valid": ballots}
    )  # fmt: skip
    votes = pd.DataFrame({"A": [n // 3 for n in ballots]}, index=ids)
    votes["B"] = counts["ballots"].to_numpy() - votes["A"]
    shapes = [box(n * 100, 0, n * 100 + 90, 90) for n in range(len(ids))]
    shapes = gpd.GeoDataFrame({"bureau_id": ids}, geometry=shapes, crs="EPSG:2154")
    source = Provenance("1", "publish", {}, None, {}, ())
    return ResultsPage(counts, votes, shapes, "Here · now", source, "en")


def content(page):
    text = file_of(page, ".html").decode()
    found = re.search(r'id="content">(.*?)</script>', text, flags=re.DOTALL)
    return text, json.loads(found[1])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=8))
def test_a_small_bureau_never_stands_alone_nor_follows_from_the_sum(ballots):
    page = made(ballots)
    _text, told = content(page)
    small = sum(n < FLOOR for n in ballots)
    least = [n for n in range(2, len(ballots)) if sum(sorted(ballots)[:n]) >= FLOOR]
    assert len(page.hidden) == (max(small, min(least, default=len(ballots))) if small else 0)
    shown = [one for one in ballots if one >= FLOOR]
    assert len(told["rows"]) <= len(shown) + (small > 0)
    number = re.compile(r"\d+")
    votes = sum(int(number.match(row[5].replace(",", ""))[0]) for row in told["rows"])
    assert votes == page.votes["A"].sum() == int(number.match(told["whole"][5])[0])
    # On the map, too, a bureau counted with others has no colour of its own.
    own = [at for at, _path in told["paths"]["drawn"]]
    assert own.count(-1) == len(page.hidden)


def test_two_tiny_bureaux_are_not_shown_as_one_tiny_bureau():
    assert made([6, 5, 300, 40]).hidden == {"1_0000", "1_0001", "1_0003"}
    assert made([16, 5, 300, 40]).hidden == {"1_0000", "1_0001"}


def test_who_did_not_stand_has_no_zero():
    page = made([100, 200, 300])
    page.votes["C"] = [float("nan"), 0, 30]
    text, told = content(page)
    assert [row[-1] for row in told["rows"]] == ["—", "0 (0.0%)", "30 (10.0%)"]
    # The map leaves the first one grey, and the page says what the dash means.
    assert told["classes"][2]["index"][0] == 0 < told["classes"][2]["index"][1]
    assert "—: the candidate did not stand there." in text
    assert "did not stand there" not in content(made([100, 200, 300]))[0]


def test_the_page_asks_nothing_and_runs_nothing_it_was_given():
    text, _told = content(made([100, 200, 300]))
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)\s*=|url\(|fetch\(|XMLHttp|@import", text)
    assert "<1_0000>" not in text
    assert [one.suffix for one in formats_of("results")] == [".html"]


def test_results_of_the_town_are_made_again(valmont, tmp_path):
    out = tmp_path / "results.html"
    page = page_to_file(valmont.path, "2022_pres_t1", out, language="fr")
    assert page.votes.sum().sum() == page.counts["valid"].sum()
    assert reproduce(out, valmont.path).identical
    text = out.read_text(encoding="utf-8")
    assert "inventé" in text
    with pytest.raises(DataError, match="as a page"):
        page_to_file(valmont.path, "2022_pres_t1", tmp_path / "results.csv")


def test_who_asks_for_an_election_that_is_not_there_is_offered_one(valmont, tmp_path):
    with pytest.raises(DataError, match="is not in this workspace") as refused:
        page_to_file(valmont.path, "2027_pres_t1", tmp_path / "page.html")
    assert refused.value.mend.startswith("Choose among these")
    assert not list(tmp_path.iterdir())
