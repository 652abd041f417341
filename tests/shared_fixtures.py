"""Places built once for the whole suite, never to be written into; and the browser."""

from __future__ import annotations

import asyncio
import json
import shutil
from concurrent.futures import Future
from copy import deepcopy
from functools import partial

import pytest

from analysis.tables.workspace import EDITED, MANIFEST, Workspace
from analysis.targeting import prospects
from analysis.workflows.build import Inputs, build
from tests import stores_once
from tests.browser import chromium, chromium_path, close_windows
from tests.made import DATA, RESULTS, VALMONT, made_once

# Bureaux of a place whose past is worth its memory.
A_TOWN = 2_000


@pytest.fixture(scope="session", autouse=True)
def _pasts_read_once():
    """Read the past of a place once for all who ask the same, while its files stay as they are."""
    read, kept = prospects._read, {}

    def read_once(workspace, choice, target, places, progress):
        # Who puts another forecast in its place asks something else.
        told = (_files(workspace.path), choice, target, places, prospects.forecast_abstention)
        asked = repr((workspace.manifest["tables"], told))
        if asked in kept:
            progress(prospects._READ)
            return _copy(kept[asked])
        past = read(workspace, choice, target, places, progress)
        late = (past.coming, past.described)
        if len(past.history.units) > A_TOWN or any(one.exception() for one in late):
            return past
        kept[asked] = past
        return _copy(past)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prospects, "_read", read_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _stores_worked_out_once():
    """Spare every new store the migrations, and every engine the compiling of its statements."""
    with stores_once.worked_out_once():
        yield


def _files(folder):
    """Name all that a past is read from; a copy of a place is that place, wherever it lies."""
    names = sorted([*EDITED, MANIFEST, *(file.name for file in folder.glob("*.parquet"))])
    known = [(folder / name).stat() if (folder / name).exists() else None for name in names]
    return [
        (name, one and (one.st_size, one.st_mtime_ns))
        for name, one in zip(names, known, strict=True)
    ]


def _copy(past):
    """Copy a past: whoever changes his changes nobody else's."""
    late = (Future(), Future())
    for one, result in zip(late, (past.forecast, past.described.result()), strict=True):
        one.set_result(deepcopy(result))
    return prospects.Past(*deepcopy((past.history, past.sound, past.far, past.back)), *late)


@pytest.fixture(scope="session")
def valmont_inputs():
    """Name the files of the embedded fictional town."""
    general, candidates = (VALMONT / name for name in RESULTS)
    return Inputs(
        general,
        candidates,
        contours={year: VALMONT / f"contours_{year}.geojson" for year in (2017, 2024)},
        squares=VALMONT / "carreaux_200m.csv",
        reu_bureaux=VALMONT / "lieux_de_vote.csv",
        addresses=VALMONT / "adresses-99.csv.gz",
        electors=VALMONT / "electeurs_par_adresse.csv",
        streets=VALMONT / "rues_osm.json",
        places=("99900",),
        fictional=True,
    )


@pytest.fixture(scope="session")
def valmont(valmont_inputs, tmp_path_factory):
    """Build Valmont: every worker has a copy of its own."""
    made = made_once("valmont", partial(build, valmont_inputs), tmp_path_factory)
    own = tmp_path_factory.mktemp("workspaces") / "valmont"
    return Workspace(shutil.copytree(made, own))


@pytest.fixture(scope="session")
def truth():
    """Load what was planted in Valmont."""
    return json.loads((VALMONT / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def paris(tmp_path_factory):
    """Build Paris from real files, for all workers of a run: three vintages of contours."""
    folder = DATA / "paris"
    if not folder.is_dir():
        pytest.skip("the shared data are not there")
    general, candidates = (folder / name for name in RESULTS)
    inputs = Inputs(
        general,
        candidates,
        contours={
            2012: folder / "bureaux_2012.geojson",
            2017: folder / "secteurs-des-bureaux-de-vote-2017.geojson",
            2026: folder / "bureaux_2026.geojson",
        },
        addresses=folder / "adresses-75.csv.gz",
        electors=folder / "electeurs_par_adresse_2012.csv",
        places=("75056",),
    )
    return Workspace(made_once("paris", partial(build, inputs), tmp_path_factory))


@pytest.fixture(scope="session")
def _one_chromium():
    """Start Chromium once for all modules of a worker; tell the event loop that listens to it."""
    if chromium_path() is None:
        pytest.skip("there is no Chromium on this machine")
    with chromium() as found:
        listens = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield found, listens
        asyncio._set_running_loop(listens)


@pytest.fixture(scope="module")
def browser(_one_chromium):
    """Lend Chromium to a module.

    Its loop stays in the thread and would let no other run there: between two modules it stands
    still, and asyncio is told that none is running.
    """
    found, listens = _one_chromium
    asyncio._set_running_loop(listens)
    try:
        yield found
        close_windows(found)
    finally:
        asyncio._set_running_loop(None)
