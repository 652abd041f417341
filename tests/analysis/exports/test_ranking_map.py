"""Paper: the page is whole, its classes are those of the screen."""

from __future__ import annotations

import io
from dataclasses import replace

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from PIL import Image

from analysis.exports import to_bytes
from analysis.exports.document import Document
from analysis.exports.ranking_map import _areas, _figure
from analysis.exports.workbook import to_xlsx
from analysis.tables.sources import UNSTATED


@pytest.fixture
def document(ranking, bureaux, provenance):
    return Document(ranking, bureaux, provenance, language="en")


def texts(figure):
    return [text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))]


def test_legend_and_notes_are_those_of_the_ranking(document):
    shown = texts(_figure(document))
    # The unmapped bureau counts in the classes, on paper as on screen.
    assert set(document.graded.labels[1:]) <= set(shown)
    assert "within the 100 volunteer-hours planned" in shown
    assert "Without a polygon, so not on the map: 99001_JUS1" in shown
    assert any("Licence Ouverte 2.0" in text for text in shown)


def test_communes_are_counted_by_their_codes(document):
    table = document.ranking.assign(commune_id=[f"990{n:02d}" for n in range(12)])
    assert replace(document, ranking=table).place == "12 communes"
    nation = pd.concat([table] * 100, ignore_index=True)
    numbers = pd.Series(range(1200)).astype("str")
    nation = nation.assign(bureau_id=numbers, commune_id=numbers, rank=range(1, 1201))
    assert replace(document, ranking=nation).place == "1,200 communes"
    assert replace(document, ranking=nation, language="fr").place == "1\u202f200 communes"
    assert document.place == "Valmont-l’Éclair"


def test_a_licence_nobody_states_is_said_in_the_readers_language(document):
    sources = ({"name": "contours.geojson", "licence": UNSTATED, "date": "2024-09-30"},)
    silent = replace(document, provenance=replace(document.provenance, sources=sources))
    assert "contours.geojson, licence not stated, 2024-09-30" in silent.sources
    french = replace(silent, language="fr")
    assert "contours.geojson, licence non indiquée, 2024-09-30" in french.sources
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(french)))
    words = [cell.value for row in book["Sources"].iter_rows() for cell in row]
    assert "licence non indiquée" in words
    assert UNSTATED not in words


def test_targets_are_what_the_hours_reach(document):
    spent = document.table["hours"].cumsum()
    areas = _areas(document)
    assert (
        areas["rank"][areas["targeted"]].tolist() == document.table["rank"][spent <= 100].tolist()
    )
    parameters = {**document.provenance.parameters, "hours": None}
    free = replace(document, provenance=replace(document.provenance, parameters=parameters))
    assert free.targeted.all(), "twelve bureaux are all among the first thirty"


def test_polygons_without_rank_are_no_data(document):
    extra = gpd.GeoDataFrame(
        {"bureau_id": ["99001_9999"]}, geometry=document.bureaux.geometry[:1].translate(0, 5000)
    )
    bureaux = gpd.GeoDataFrame(pd.concat([document.bureaux, extra]), crs=document.bureaux.crs)
    areas = _areas(replace(document, bureaux=bureaux)).set_index("bureau_id")
    assert areas.loc["99001_9999", ["rank", "class", "targeted"]].tolist() == [0, 0, False]
    assert (areas["class"].drop("99001_9999") > 0).all()


def test_degrees_are_projected_before_measuring(document):
    areas = _areas(replace(document, bureaux=document.bureaux.to_crs("EPSG:4326")))
    assert areas.crs.is_projected


def test_a_picture_of_a4_at_200_dots_per_inch(ranking, bureaux, provenance):
    content = to_bytes(ranking, ".png", bureaux=bureaux, provenance=provenance)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (2338, 1654)
        assert len(picture.convert("RGB").getcolors(1_000_000)) > 50, "something is drawn"
