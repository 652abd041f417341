"""The pages on trials as people use them: seal a draw, take files away, bring results back."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact
from analysis.exports.provenance import read_provenance
from analysis.exports.registry import beside
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import hold_back_of, with_arms
from analysis.workflows.ranking import Scenario, answer
from analysis.workflows.reproduce import reproduce
from analysis.workflows.sealed_trials import in_force, open_trial
from pages._ui import state
from tests.browser import settle
from tests.pages.test_impact import csv, trial

NAME = "essai_de_test"
LEFT = Scenario("left", "2027_pres_t1")


@pytest.fixture(scope="module")
def app(valmont, browser, served):
    """Open the app with a place of its own, which designs are sealed in."""
    folder = state.WORKSPACES / NAME
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(valmont.path, folder)
    try:
        yield SimpleNamespace(url=served, browser=browser, place=Workspace(folder))
    finally:
        shutil.rmtree(folder)


def metrics(page):
    return page.get_by_test_id("stMetricValue")


def take(page, key):
    with page.expect_download() as coming:
        page.locator(f".st-key-{key} button").click()
    return coming.value.path()


@pytest.mark.browser
@pytest.mark.slow
def test_from_ranked_bureaux_to_a_sealed_draw_and_the_files_of_the_teams(app, visit, tmp_path):
    page = visit(f"trial_design?workspace={NAME}&bloc=left&t_seed=2027&t_first=99999")
    expect(page.get_by_role("heading", name="Plan d’expérience")).to_be_visible()
    page.get_by_role("radio", name="Plan d’analyse, annoncé et scellé").click()
    draw = page.get_by_role("button", name="Tirer au sort et sceller")
    expect(draw).to_be_disabled()
    page.get_by_text("Je garderai le tirage tel qu’il tombe").click()
    expect(draw).to_be_enabled()
    draw.click()
    expect(page.get_by_text("Il reste tel qu’il est tombé")).to_be_visible()
    (fingerprint,) = in_force(app.place.path)
    units = open_trial(app.place.path, fingerprint).sealed.assignment
    counts = units["arm"].value_counts()
    expect(metrics(page)).to_have_text(
        [str(counts["treated"]), str(counts["control"]), "0", str(units["block"].nunique())]
    )
    expect(page.locator("canvas").first).to_be_visible()

    page.get_by_role("radio", name="Fichiers").click()
    arms = pd.read_csv(take(page, "trial-arms-csv"), dtype={"unit_id": str})
    assert arms["arm"].tolist() == units["arm"].tolist()
    assert take(page, "trial-plan-pdf").read_bytes().startswith(b"%PDF-")
    seal = tmp_path / "a.seal.json"
    seal.write_bytes(take(page, "trial-seal").read_bytes())
    page.get_by_role("radio", name="Vérifier un plan scellé").click()
    page.locator(".st-key-trial-verify input[type='file']").set_input_files(seal)
    expect(page.get_by_text("Rien n’a bougé")).to_be_visible()

    files = visit(f"priorities?workspace={NAME}&bloc=left&view=files&lang=en")
    expect(files.get_by_text(f"{counts['control']} bureaux are held back")).to_be_visible()
    file = tmp_path / "targets.csv"
    file.write_bytes(take(files, "download-csv").read_bytes())
    beside(file).write_bytes(take(files, "download-csv-metadata-json").read_bytes())
    table = answer(app.place, LEFT)[0].table
    teams = with_arms(table, hold_back_of(app.place.path, table), folder=app.place.path, seed=0)
    shown = pd.read_csv(file)
    assert shown["bureau_id"].tolist() == teams["bureau_id"].tolist()
    assert "control" not in set(shown["arm"])
    assert read_provenance(file).parameters["hold_back"]["seals"] == [fingerprint]
    assert reproduce(file, app.place.path).identical


@pytest.mark.browser
@pytest.mark.slow
def test_a_table_brought_in_english_gives_the_numbers_of_the_library(visit, tmp_path):
    table = trial()
    file = tmp_path / "trial.csv"
    file.write_bytes(csv(table))
    page = visit("impact?lang=en")
    page.locator(".st-key-impact-file input[type='file']").set_input_files(file)
    spec = Spec(("turnout",), received="received", reached="reached", block="block")
    impact = estimate_impact(table, spec, rng=np.random.default_rng(0), draws=0)
    told = [
        e.told(e.value, "en")
        for e in (impact.pick("turnout", q) for q in ("assignment", "allocation", "coverage"))
    ]
    expect(metrics(page)).to_have_text(told)
    expect(page.get_by_text("no effect detected").first).to_be_visible()
    # A picture that is asked for while the next run replaces it is an error on the console.
    page.wait_for_function(
        """() => {
            const all = [...document.querySelectorAll("[data-testid='stImage'] img")]
            return all.length && all.every(i => i.complete && i.naturalWidth)
        }"""
    )
    page.get_by_role("radio", name="Report").click()
    report = take(page, "impact-report-html").read_text("utf-8")
    assert told[0] in report
    assert take(page, "impact-report-pdf").read_bytes().startswith(b"%PDF-")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 cut")
    page.locator(".st-key-impact-file input[type='file']").set_input_files(broken)
    expect(page.get_by_text("cannot be read as an Excel workbook")).to_be_visible()


@pytest.mark.browser
@pytest.mark.slow
def test_the_slider_turns_zero_point_four_into_three(visit):
    page = visit("points")
    expect(metrics(page)).to_have_text(["+0,44 point", "+0,84 point", "+3,23 points"])
    page.get_by_role("slider").first.press("Home")
    expect(page.get_by_text("Il faut toucher plus de monde")).to_be_visible()
    expect(metrics(page)).to_have_count(0)


@pytest.mark.browser
@pytest.mark.slow
def test_a_phone_shows_the_three_pages_without_scrolling_sideways(visit, app):
    first, *others = ("points", f"trial_design?workspace={NAME}", f"impact?workspace={NAME}")
    page = visit(first, width=390, height=844, has_touch=True, is_mobile=True)
    for path in (None, *others):
        if path:
            page.goto(f"{app.url}/{path}")
            settle(page)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
