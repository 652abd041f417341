"""Tests of what sheets, forms and pages say of a script."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from analysis.exports.field_kit import turf_files
from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheet_door import boxes
from analysis.exports.field_kit.sheets import kit_of, sheet_pdf
from analysis.exports.field_kit.turf_surroundings import Fact
from analysis.fieldwork.arguments import write_argument
from analysis.fieldwork.questionnaire import preset
from analysis.fieldwork.script_versions import keep
from tests.analysis.exports.walks_made import walks_of

pypdf = pytest.importorskip("pypdf")
SCRIPT = preset("general")


def pages(content):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


@pytest.fixture(scope="module")
def asking(kit):
    return replace(kit, script=SCRIPT, arguments={"fr": {"T0001": [Fact("Ici, parlez.", "nous")]}})


def test_a_sheet_has_a_page_of_what_is_said(asking, kit):
    with_script, without = pages(sheet_pdf(asking, "T0001")), pages(sheet_pdf(kit, "T0001"))
    assert len(with_script) == len(without) + 1
    said = re.sub(r"\s+", " ", with_script[-1])
    assert "auriez-vous deux minutes" in said
    assert "Ici, parlez." in said
    for _question, _code, box in boxes(SCRIPT):
        assert box in said
    assert SCRIPT.version in said


def test_a_form_has_a_column_for_each_answer(asking, kit):
    head = next(
        csv.reader(io.StringIO(turf_files.to_form(asking).decode("utf-8-sig")), delimiter=";")
    )
    wanted = {f"q:{question}:{code}" for question, code, _box in boxes(SCRIPT)}
    assert wanted < set(head)
    assert "questionnaire" in head
    assert b"q:" not in turf_files.to_form(kit).splitlines()[0]


def test_a_page_knows_the_script_and_stays_small(asking):
    page = phone_page(asking, "T0001")
    assert len(page) <= 400_000
    told = re.search(r'id="turf">(.*?)</script>', page.decode(), re.DOTALL)[1]
    turf = json.loads(told.replace("\\u003c", "<"))
    assert turf["script"]["version"] == SCRIPT.version
    assert turf["texts"]["fr"]["argument"] == [["Ici, parlez.", "nous"]]


def test_a_campaign_s_own_sentences_stand_before_the_figures(valmont, tmp_path):
    import shutil

    from analysis.tables.workspace import Workspace

    bare = shutil.ignore_patterns("fieldwork")
    place = Workspace(shutil.copytree(valmont.path, tmp_path / "valmont", ignore=bare))
    walks = walks_of(place)
    assert not kit_of(walks, place).arguments
    keep(place.path, SCRIPT)
    figures = kit_of(walks, place)
    told = figures.argument("T0001")
    assert 1 <= len(told) <= 3
    assert all(fact.source for fact in told)
    stops = figures.tables["T0001"]
    most = stops.groupby(stops["bureau_id"].astype(str))["dwellings"].sum().idxmax()
    write_argument(place.path, most, "fr", ["Le bus du soir s’arrête ici."])
    own = kit_of(walks, place)
    assert [fact.text for fact in own.argument("T0001")] == ["Le bus du soir s’arrête ici."]
    # In English nothing was written: the figures speak.
    assert own.spoken("en").argument("T0001") == figures.spoken("en").argument("T0001")
