"""The report of a trial: one page, self-contained, in two languages."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

import numpy as np
import pandas as pd
import pypdfium2
import pytest

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact
from analysis.experiments.subgroups import estimate_subgroups
from analysis.experiments.trial_words import Note
from analysis.exports.reports import trial_report_html, trial_report_pdf
from analysis.exports.reports.trial_report import (
    TrialReport,
    check_report_path,
    content_of,
    report_to_bytes,
)

NAME = "vote <b>&"


@pytest.fixture(scope="module")
def report():
    """Make a trial with many outcomes and groups, so that one page is a squeeze."""
    rng = np.random.default_rng(4)
    assigned = np.tile([1, 1, 1, 1, 0], 30)
    block = np.repeat(np.arange(30), 5)
    table = pd.DataFrame(
        {
            "block": block,
            "kind": block % 5,
            "assigned": assigned,
            "received": assigned * np.tile([1, 0, 1, 1, 0], 30),
            **{name: rng.normal(0.3, 0.02, 150) for name in (NAME, "a", "b", "c")},
        }
    )
    table.loc[:20, "a"] = np.nan
    spec = Spec((NAME, "a", "b", "c"), received="received", block="block", gap=0.2)
    return TrialReport(
        estimate_impact(table, spec, rng=np.random.default_rng(0), draws=200),
        subgroups=estimate_subgroups(table, spec, ["kind"]),
        lost=pd.DataFrame(
            {
                "election_id": ["2024_legi_t1"],
                "arm": ["control"],
                "units": [1790],
                "without_result": [2],
                "redrawn": [6],
                "by_code": [True],
                "mixed_share": [0.0128],
            }
        ),
        made_from={"file": "units.csv", "sha256": "ab" * 32, "draws": 200, "seed": 7},
    )


@pytest.fixture(scope="module")
def told(report):
    """Return what tells the content of the report once in each language."""
    return cache(lambda language: content_of(report, language))


@pytest.fixture(scope="module")
def written(told):
    """Return what writes the report once in each format and language."""
    writers = {".html": trial_report_html.write, ".pdf": trial_report_pdf.write}
    return cache(lambda suffix, language: writers[suffix](told(language)))


def words(html):
    return unescape(re.sub(r"<[^>]+>", " ", html.decode()))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_says_every_part(report, written, language):
    html = written(".html", language)
    text = words(html)
    for e in report.impact.defaults:
        if e.estimand != "first_stage":
            assert e.sentence(language) in text
    for note in (*report.impact.notes, Note("by_code", election="2024_legi_t1")):
        assert note.say(language) in text
    wanted = {
        "fr": ["témoin", "1\u202f790", "1,3\u202f%", "200 tirages, série n° 7", "exploratoire"],
        "en": ["control", "1,790", "1.3%", "200 draws, seed 7", "exploratory"],
    }[language]
    for word in [*wanted, "units.csv", "ab" * 32]:
        assert word in text
    assert html.count(b"<img") == 3
    assert f'lang="{language}"'.encode() in html


def test_it_calls_no_server_and_no_name_can_break_it(written):
    html = written(".html", "fr").decode()
    assert not re.search(r"(src|href)=\"(?!data:)", html)
    assert set(re.findall(r"<script([^>]*)>", html)) == {
        ' type="application/json" id="palier-provenance"'
    }
    assert "<b>" not in html
    assert "vote &lt;b&gt;&amp;" in html


def test_every_estimator_is_one_click_away(report, written):
    html = written(".html", "en").decode()
    inside = html.split("<details>")[1].split("</details>")[0]
    assert inside.count("<tr>") == 1 + len(report.impact.estimates)
    assert "Anderson–Rubin interval" in inside


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pdf_is_one_page_with_the_sentence_the_table_and_the_provenance(
    written, told, language
):
    paper = pypdfium2.PdfDocument(written(".pdf", language))
    assert len(paper) == 1
    text = re.sub(r"\s+", " ", paper[0].get_textpage().get_text_range())
    content = told(language)
    assert re.sub(r"\s+", " ", content.lead) in text
    for line in (*content.assumptions, content.heading):
        assert re.sub(r"\s+", " ", line) in text
    assert "ab" * 32 in text.replace(" ", "")
    paper.close()


def test_the_same_report_is_the_same_bytes(report, written):
    assert report_to_bytes(report, ".html") == written(".html", "fr")
    assert report_to_bytes(report, ".pdf") == written(".pdf", "fr")


def test_made_data_are_said_to_be_made(report, told):
    made = TrialReport(report.impact, title="Essai", simulated=True)
    html = report_to_bytes(made, ".html")
    assert "Données simulées" in words(html)
    assert "<h1>Essai</h1>" in html.decode()
    assert not told("fr").warnings


def test_small_p_values_are_not_told_as_nought(told):
    rows = told("fr").tables[0].rows
    stage = next(row for row in rows if row[1] == "premier temps")
    assert stage[5] == "< 0,0001"


def test_files(report, written, tmp_path):
    for suffix, start in ((".html", b"<!DOCTYPE html>"), (".pdf", b"%PDF")):
        assert written(suffix, "en").startswith(start)
    check_report_path(tmp_path / "a.PDF")
    with pytest.raises(DataError, match="not written as “.docx”") as error:
        check_report_path(tmp_path / "a.docx")
    assert error.value.mend
    with pytest.raises(DataError, match="not told in “de”"):
        report_to_bytes(report, ".html", "de")
