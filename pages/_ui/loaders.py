"""Every cached call of the app; keyed by digests and texts, never by tables."""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.geography.bureau_names import bureau_labels
from analysis.geography.zones import zones_of
from analysis.tables.elections import elections_to_come
from analysis.tables.file_stamp import changed_ns
from analysis.tables.lately import Lately
from analysis.tables.workspace import EDITED, FORMAT, MANIFEST, Workspace
from analysis.targeting.calibration import Calibration
from analysis.targeting.params import Params
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Ranking, Settings, weights_in_force
from analysis.targeting.validation import Validation
from analysis.targeting.weights import Weights
from analysis.workflows.base_maps import ground_in, tiles_of
from analysis.workflows.bureau_past import draw_past
from analysis.workflows.hold_back import HoldBack, hold_back_of
from analysis.workflows.jobs import Key
from analysis.workflows.kept_rates import LARGE
from analysis.workflows.ranking import (
    RankingFile,
    Scenario,
    open_workspace,
    prospects_of,
    rank,
    target_of,
)
from analysis.workflows.server_access import room
from analysis.workflows.usual_question import blocs_by_votes, elections_to_prepare
from analysis.workflows.validate import calibration_of, kept, kept_calibration, validate
from pages._ui import messages, state
from pages._ui.background import Progress, ahead, answer_of, at_once, is_known
from pages._ui.bureau_map import Geometry, publish_addresses, publish_geometry, publish_ground
from pages._ui.i18n import _, language

# Enough for one large and a few small places at a time.
_FEW, _SOME = room(4), room(48)
# What every run of every page asks for a dozen times: Streamlit's own store takes longer to find
# an answer than most pages take to use it.
_OPEN: Lately[Workspace] = Lately(_FEW)
_TABLES: Lately[pd.DataFrame] = Lately(2 * _FEW)
_BLOCS: Lately[list[str]] = Lately(_SOME)
_ELECTIONS: Lately[tuple[list[str], list[str]]] = Lately(_SOME)
# Names of bureaux of a place that were asked for so far.
_LABELS: Lately[dict[str, str]] = Lately(_SOME)
_RANKED: Lately[Ranking] = Lately(_FEW)
_HOUSES = ["street", "number", "suffix", "commune_id", "geometry"]


def workspace() -> Workspace:
    """Open the workspace in use; a damaged one is explained and the embedded place opened."""
    _make_sample()
    try:
        return open_place(state.folder())
    except DataError as error:
        messages.show_error(error)
        state.choose_folder(state.SAMPLE_NAME)
        return open_place(state.folder())


def open_place(folder: Path) -> Workspace:
    """Open the workspace of a folder."""
    where = str(folder)
    # A rebuilt workspace is opened again.
    stamp = tuple(changed_ns(f"{where}/{name}") for name in (MANIFEST, *EDITED))
    return _OPEN.get((where, stamp), partial(open_workspace, where))


def _make_sample() -> None:
    """Build the embedded place where it is absent or of another version."""
    try:
        sample = open_place(state.workspaces() / state.SAMPLE_NAME)
        known = sample.manifest.get("format") == FORMAT
    except DataError:
        known = False
    if not known:
        with st.spinner(_("Reading the embedded place…")):
            _build_sample()


def _build_sample() -> None:
    # The readers load only where there is something to read.
    from analysis.workflows.build import build, sample_inputs

    build(sample_inputs(state.SAMPLE), state.workspaces() / state.SAMPLE_NAME)


def table(folder: str, digest: str, name: str) -> pd.DataFrame:
    """Return a table of the workspace, to be read only."""
    return _TABLES.get((folder, digest, name), partial(_table, folder, digest, name))


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _table(folder: str, digest: str, name: str) -> pd.DataFrame:
    """Read a table of a workspace: once, however many ask for it at the same time."""
    del digest
    return Workspace(Path(folder)).read(name)


def blocs(place: Workspace) -> list[str]:
    """Return the blocs of a place, the one with most votes first; to be read only."""
    asked = str(place.path), place.digest
    return _BLOCS.get(asked, lambda: blocs_by_votes(table(*asked, "candidates")))


def elections(place: Workspace) -> tuple[list[str], list[str]]:
    """Return what `elections_to_prepare` gives for a place, to be read only."""
    # Of what it needs, the calendar of a terrain alone is in no table.
    asked, calendar = (str(place.path), place.digest), tuple(elections_to_come(place.manifest))

    def work() -> tuple[list[str], list[str]]:
        known, places = (table(*asked, name) for name in ("elections", "places"))
        return elections_to_prepare(place.manifest, known, places)

    return _ELECTIONS.get((*asked, calendar), work)


def labels(bureau_ids: Iterable[str]) -> list[str]:
    """Name bureaux of the place in use: « 18e, bureau 50, École rue Championnet »."""
    place = workspace()
    known = _LABELS.get((str(place.path), place.digest), dict)
    ids = [str(one) for one in bureau_ids]
    if new := [one for one in ids if one not in known]:
        known |= dict(zip(new, bureau_labels(place, new), strict=True))
    return [known[one] for one in ids]


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def zones(folder: str, digest: str) -> pd.DataFrame:
    """Return the parts of a place by name, as `zones_of` finds them."""
    del digest
    return zones_of(Workspace(Path(folder)))


def prospects(place: Workspace, scenario: Scenario) -> Prospects:
    """Return the rates of every bureau for a scenario's question; the page shows how far it is."""
    key, work = _work_on(place, scenario)
    found: Prospects = answer_of(key, work, label=_("Reading past elections…"))
    return found


def prospects_known(place: Workspace, scenario: Scenario) -> bool:
    """Tell whether the rates of a scenario's question are worked out."""
    return is_known(_work_on(place, scenario)[0])


def prospects_ahead(place: Workspace, scenario: Scenario) -> None:
    """Begin to work out the rates of a large place, before a page asks for them."""
    rounds = max(len(place.manifest["elections"]), 1)
    if place.manifest["tables"]["turnout"]["rows"] / rounds >= LARGE:
        ahead(*_work_on(place, scenario))


def _work_on(place: Workspace, scenario: Scenario) -> tuple[Key, Callable[[Progress], Prospects]]:
    """Return the name of a scenario's question, and what answers it."""
    folder, question = str(place.path), _question(scenario)
    return ("prospects", folder, place.digest, question), partial(_prepare, folder, question)


def _question(scenario: Scenario) -> str:
    """Return what the rates depend on: the scenario without its settings."""
    return replace(scenario, settings=Settings()).to_toml()


def _prospects(folder: str, digest: str, question: str) -> Prospects:
    key = ("prospects", folder, digest, question)
    found: Prospects = at_once(key, partial(_prepare, folder, question))
    return found


def _prepare(folder: str, question: str, progress: Progress) -> Prospects:
    asked = Scenario.from_dict(tomllib.loads(question))
    return prospects_of(Workspace(Path(folder)), asked, progress)


def prospects_now(folder: str, digest: str, scenario: Scenario, progress: Progress) -> Prospects:
    """Return the rates for a scenario's question, within work that tells how far it is."""
    question = _question(scenario)
    key = ("prospects", folder, digest, question)
    found: Prospects = at_once(key, lambda _tell: _prepare(folder, question, progress))
    return found


def ranking_now(folder: str, digest: str, toml: str) -> Ranking:
    """Return the ranking that Priorities shows, within work in the background."""
    return _ranking(folder, digest, toml, True)  # noqa: FBT003 - light, as on that page


def ranking(place: Workspace, scenario: Scenario, *, light: bool = True) -> Ranking:
    """Return the ranking of a scenario; with fewer draws on a large place when `light`."""
    asked = str(place.path), place.digest, scenario.to_toml(), light

    def work() -> Ranking:
        with st.spinner(_("Ranking the bureaux…")):
            return _ranking(*asked)

    return _RANKED.get(asked, work)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _ranking(folder: str, digest: str, toml: str, light: bool) -> Ranking:  # noqa: FBT001
    scenario = Scenario.from_dict(tomllib.loads(toml))
    found = _prospects(folder, digest, _question(scenario))
    return rank(found, scenario.settings, light=light)


def ranking_file(place: Workspace, scenario: Scenario, held: HoldBack) -> RankingFile:
    """Return a ranking as it leaves, with all its draws."""
    ranked = ranking(place, scenario, light=False)
    return RankingFile(place, scenario, ranked, prospects(place, scenario), held)


def file_on_screen(place: Workspace, scenario: Scenario) -> RankingFile:
    """Return the ranking on screen, with what is announced of it under the designs in force."""
    seals = hold_back_of(place.path, ranking(place, scenario).table).seals
    return held_file(place, scenario, HoldBack(seals=seals) if seals else None)


def held_file(place: Workspace, scenario: Scenario, held: HoldBack | None) -> RankingFile:
    """Return the ranking on screen under a trial; what it announces is worked out once."""
    trial = None if held is None else astuple(held)
    return _held_file(str(place.path), place.digest, scenario.to_toml(), trial)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _held_file(folder: str, digest: str, toml: str, trial: tuple[Any, ...] | None) -> RankingFile:
    scenario, ranked = Scenario.from_dict(tomllib.loads(toml)), ranking_now(folder, digest, toml)
    found = _prospects(folder, digest, _question(scenario))
    held = HoldBack(*trial) if trial else None
    return RankingFile(Workspace(Path(folder)), scenario, ranked, found, held)


# Sliders show them at each run.
_WEIGHTS: Lately[Weights] = Lately(_SOME)


def weights_of(
    place: Workspace, question: Scenario, found: Prospects
) -> Callable[[str, Params], Weights]:
    """Return the function that gives the weights in force under a preset."""
    asked = str(place.path), place.digest, _question(question)
    return lambda preset, params: _WEIGHTS.get(
        (*asked, preset, params), partial(weights_in_force, found, preset, params)
    )


# Where more are ranked, a look back takes longer than anybody waits for beside a list.
_MOST_BESIDE = 5000


def validation(place: Workspace, scenario: Scenario, *, size: int, wait: bool) -> Validation | None:
    """Return what the past says of orders for the bloc of a scenario.

    Parameters
    ----------
    place, scenario
        The question; its settings do not matter.
    size
        Bureaux in view.
    wait
        Whether to look back at a large place too, with progress on the page; else None.
    """
    target = target_of(place, scenario.election)
    coming = bool((place.read("elections")["date"] < pd.Timestamp(target.date)).all())
    known = kept(place) if coming and not scenario.places else None
    if known is not None:
        return known.of_bloc(scenario.bloc)
    if size > _MOST_BESIDE and not wait:
        return None

    def work(progress: Progress) -> Validation:
        return validate(
            place,
            places=scenario.places,
            blocs=(scenario.bloc,),
            before=target.date,
            progress=lambda _step, done: progress(done),
        )

    # Neither the rival nor the round within a day is looked back at.
    asked = (scenario.places, scenario.bloc, target.date)
    key = ("validation", str(place.path), place.digest, asked)
    found: Validation = answer_of(key, work, label=_("Looking back at past elections…"))
    return found


def calibration(place: Workspace, scenario: Scenario) -> Calibration | None:
    """Return how often intervals and chances hold for the bloc of a scenario, here."""
    if not scenario.places and (known := kept_calibration(place, scenario.bloc)) is not None:
        return known
    folder, question = str(place.path), _question(scenario)

    def work(progress: Progress) -> Calibration:
        found = _prospects(folder, place.digest, question)
        return calibration_of(found, scenario.bloc, progress)

    key = ("calibration", folder, place.digest, question)
    found: Calibration = answer_of(key, work, label=_("Drawing pasts whose truth is known…"))
    return found


def reliability(found: Calibration) -> bytes:
    """Return the picture of chances told and come."""
    # matplotlib loads only where the picture is wanted.
    from analysis.charts.reliability_chart import reliability_chart

    content = io.BytesIO()
    reliability_chart(found, language=language()).savefig(content, format="png", dpi=170)
    return content.getvalue()


def geometry(place: Workspace, found: Prospects) -> Geometry | None:
    """Publish the contours of the bureaux in view; None where none is known."""
    vintages = found.table["vintage"].dropna()
    if vintages.empty:
        return None
    return contours(place, int(vintages.iloc[0]), found.table["commune_id"])


def contours(place: Workspace, vintage: int, communes: pd.Series) -> Geometry | None:
    """Publish the contours of some communes in one vintage; None where none is known."""
    named = tuple(sorted(set(communes.astype("str"))))
    return _contours(str(place.path), place.digest, vintage, named)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _contours(folder: str, digest: str, vintage: int, communes: tuple[str, ...]) -> Geometry | None:
    place = Workspace(Path(folder))
    bureaux = place.read("bureaux")
    shown = bureaux[(bureaux["vintage"] == vintage) & bureaux["commune_id"].isin(communes)]
    if shown.empty:
        return None
    shown = shown.assign(name=bureau_labels(place, shown["bureau_id"]).to_numpy())
    told = "\n".join([*communes, *shown["name"]])
    which = hashlib.sha256(told.encode()).hexdigest()[:8]
    name = f"{digest[:20]}-{vintage}-{which}"
    found = with_ground(gpd.GeoDataFrame(shown, crs=bureaux.crs), place, name)
    addresses = place.read("addresses", columns=_HOUSES) if place.has("addresses") else None
    if addresses is None:
        return found
    near = addresses[addresses["commune_id"].isin(communes)]
    return replace(found, addresses=publish_addresses(gpd.GeoDataFrame(near), digest=name))


def with_ground(bureaux: gpd.GeoDataFrame, place: Workspace, name: str) -> Geometry:
    """Publish contours of one vintage and what lies under them, named `name`.

    Parameters
    ----------
    bureaux
        Those on the map.
    place
        Their workspace: its streets, and who offers images of it.
    name
        The same name means the same contours.

    Returns
    -------
    Geometry
        With the year of the contours, and what they were made from.
    """
    return replace(
        publish_geometry(bureaux, digest=name),
        made=place.manifest.get("contours_made", {}).get("vintage"),
        year=int(bureaux["vintage"].iloc[0]),
        ground=publish_ground(ground_in(place, bureaux), digest=name),
        tiles=tiles_of(place),
    )


def past_of(place: Workspace, scenario: Scenario, bureau_id: str) -> bytes:
    """Return the picture of a bureau's past."""
    # Whoever the rival is, the past is the same.
    alike, asked = _question(replace(scenario, rival="")), _question(scenario)
    return _past_of(str(place.path), place.digest, alike, bureau_id, language(), asked)


@st.cache_data(max_entries=256, show_spinner=False)
def _past_of(  # noqa: PLR0913 - what the picture depends on
    folder: str, digest: str, alike: str, bureau_id: str, tongue: str, _asked: str
) -> bytes:
    del alike
    return draw_past(_prospects(folder, digest, _asked).history, bureau_id, tongue)
