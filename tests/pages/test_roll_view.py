"""The electoral roll on its page: refused without its promise, taken in, counted, ended."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import numpy as np
import pytest

from analysis.i18n import told
from analysis.sample.invented_roll import invent_roll
from analysis.sample.roll_files import HEADINGS, write_roll

ROWS = 600


@pytest.fixture
def page(places, open_app):
    """Open the page of the roll on a copy of the town."""
    folder = places.folder / "roll_town"
    shutil.copytree(places.valmont.path, folder)

    def page(**query):
        app = open_app("contacts", workspace=folder.name, **query)
        assert not app.exception
        return app

    yield page
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def content(places, tmp_path_factory):
    """Write a roll of which two rows are refused."""
    rng = np.random.default_rng(11)
    addresses = places.valmont.read("addresses").head(40)
    table = invent_roll(addresses, rng, rows=ROWS, city="Valmont", postcode="99900").table
    table.loc[[3, 4], HEADINGS[0]] = "75056"
    return write_roll(table, tmp_path_factory.mktemp("roll") / "liste.csv").read_bytes()


def fill(app, *, promised):
    today = date.today()
    for key, text in (("asked_by", "Agent *"), ("place", "Mairie"), ("promised_by", "Candidate")):
        app.text_input(key=f"roll.{key}").set_value(text)
    days = {"asked_on": -3, "dated": -2, "signed": -1, "until": 60}
    for key, more in days.items():
        app.date_input(key=f"roll.{key}").set_value(today + timedelta(more))
    app.checkbox(key="roll.promised").set_value(promised)
    return press(app, "roll.take")


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_a_roll_is_refused_taken_in_and_ended(page, content):
    app = page()
    assert app.checkbox(key="roll.promised").value is False
    press(app, "roll.take")
    assert [one.value for one in app.error] == [told("No file of the roll was given.", "fr")]
    app.file_uploader(key="roll.file").upload("liste.csv", content)
    fill(app, promised=False)
    assert len(app.error) == 1
    lacking = told("who signed the promise of no commercial use", "fr")
    assert any(lacking in one.value for one in app.caption)
    assert not app.metric
    fill(app, promised=True)
    assert not app.error
    assert [one.value for one in app.metric][:3] == ["600", "598", "2"]
    shown = [table.value for table in app.dataframe]
    assert shown[0].iloc[0].tolist()[1:] == [2, "5-6"]
    # The main list alone: a bureau has a handful of citizens of the Union.
    main = content.decode().count('"Liste principale"') - 2
    assert shown[1].shape[1] == 3
    assert shown[1].iloc[:, 1].sum() == main
    # Nobody's name is anywhere on the page.
    texts = " ".join(str(one.value) for one in (*app.markdown, *app.caption, *app.success))
    names = {line.split(b";")[3].strip(b'"').decode() for line in content.split(b"\n")[1:60]}
    assert not any(name in texts for name in names if len(name) > 3)
    end = next(one.key for one in app.button if str(one.key).startswith("roll.end."))
    press(app, end)
    assert not app.metric
    assert "598" in app.success[0].value


def test_a_file_that_is_no_roll_is_told_and_the_page_goes_on(page):
    app = page(lang="en")
    app.file_uploader(key="roll.file").upload("liste.csv", b"MARTIN;Anne\nDURAND;Luc\n")
    fill(app, promised=True)
    assert app.error[0].value == "liste.csv has not the header of an electoral roll."
    assert not any("MARTIN" in str(one.value) for one in (*app.caption, *app.info, *app.error))
    assert app.button(key="roll.take")
