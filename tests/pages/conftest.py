"""Workspaces for the app, and the app as its pages' tests open it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from analysis.experiments.pons_2012.reproduction import VARIABLE
from analysis.workflows import bureau_past
from analysis.workflows.build import Inputs, build
from pages._ui import background, pictures, state
from tests.browser import open_page, serve
from tests.made import ROOT, sample_results, write_results

# Streamlit looks for its own addresses beside a page before it finds them at the root.
HARMLESS = "status of 404 (Not Found)"
SPLIT = "0024"  # bureaux from this one on go to a second département


def _nation(folder, target):
    """Build two départements of which only the results are known, as most of France is."""
    tables = sample_results()
    for table in tables:
        far = table["code_bv"] >= SPLIT
        table.loc[far, ["code_departement", "code_commune"]] = ["2A", "2A004"]
        table.loc[~far, ["code_departement", "code_commune"]] = ["01", "01053"]
        if "libelle_commune" in table:
            table.loc[far, "libelle_commune"] = "Bourg"
    return build(Inputs(*write_results(folder, *tables)), target)


@pytest.fixture(scope="session")
def places(valmont, tmp_path_factory):
    """Make a folder of workspaces: the sample, and one without contours."""
    folder = tmp_path_factory.mktemp("places")
    (folder / state.SAMPLE_NAME).symlink_to(valmont.path)
    nation = _nation(tmp_path_factory.mktemp("files"), folder / "nation")
    return SimpleNamespace(folder=folder, valmont=valmont, nation=nation)


class _Routed(PagesManager):
    """Runs the router, as a server does; AppTest would run a page of `pages/` alone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        PagesManager.uses_pages_directory = False


@pytest.fixture(autouse=True)
def _no_search_for_components(monkeypatch):
    """Spare each AppTest half a second of looking for components in every installed package."""
    monkeypatch.setattr(
        app_test.BidiComponentManager, "discover_and_register_components", lambda *_, **__: None
    )


@pytest.fixture(autouse=True)
def _awaited(monkeypatch):
    """Wait for the end of a run; asking a thousand times a second takes from the run itself."""
    ask = local_script_runner.require_widgets_deltas

    def wait(runner, timeout):
        runner._script_thread.join(timeout)
        ask(runner)

    monkeypatch.setattr(local_script_runner, "require_widgets_deltas", wait)


@pytest.fixture(autouse=True)
def _routed(monkeypatch):
    """Open each page through the router."""
    monkeypatch.setattr(app_test, "PagesManager", _Routed)


@pytest.fixture(scope="session")
def _compiled():
    return ScriptCache()


@pytest.fixture(autouse=True)
def _compiled_once(_compiled, monkeypatch):
    """Compile the scripts of the app once, as a server does, not at each run."""
    monkeypatch.setattr(local_script_runner, "ScriptCache", lambda: _compiled)
    # That of the pages, which the router asks.
    monkeypatch.setattr(app_test, "ScriptCache", lambda: _compiled)


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    """Draw the figures of a page whole but small: nobody looks at their points here."""
    monkeypatch.setitem(pictures.PRINTED, "dpi", 50)
    monkeypatch.setattr(bureau_past, "DPI", 50)


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """However slow the machine, a spinner is enough."""
    monkeypatch.setattr(background, "PATIENCE_S", 60)


@pytest.fixture
def open_app(places, monkeypatch):
    """Return what opens a page of the app by a link."""
    monkeypatch.setattr(state, "WORKSPACES", places.folder)

    def open_app(page="home", **query):
        app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page(f"pages/{page}.py").run()

    return open_app


@pytest.fixture(scope="session")
def served():
    """Serve the app, with its address that takes returns, to the browsers of many modules."""
    with serve("serve.py", env={"PALIER_STORE": "", VARIABLE: ""}) as url:
        yield url


@pytest.fixture
def visit(app):
    """Open a page; whatever the test does there, nothing fails and nobody outside is asked."""
    opened = []

    def visit(path="", **window):
        opened.append(open_page(app.browser, f"{app.url}/{path}", **window))
        return opened[-1].page

    yield visit
    for each in opened:
        faults = [error for error in each.errors if HARMLESS not in error]
        shown = each.page.locator("[data-testid='stException']").count()
        each.leave()
        assert not faults
        assert not shown
        assert not each.outside
