"""Files to take away: targets in every format, and the scenario itself."""

from __future__ import annotations

import tomllib
from functools import partial

import streamlit as st

from analysis.errors import DataError
from analysis.exports.registry import MAPS, to_bytes
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import HoldBack, with_arms
from analysis.workflows.ranking import Scenario, provenance_of, shapes_of
from pages._ui import inputs, loaders, messages
from pages._ui.i18n import _, language
from pages._ui.trial import hold_back

FORMATS = (".csv", ".xlsx", ".geojson", ".kml", ".parquet", ".html", ".pdf", ".png")


def downloads(place: Workspace, scenario: Scenario) -> None:
    """Offer every format; a file is made when its button is pressed."""
    st.markdown(
        _(
            "Each file carries its sources, its settings and its seed; "
            "`python -m analysis reproduce FILE` makes the same bytes again."
        )
    )
    labels = {
        ".csv": _("CSV for a spreadsheet"),
        ".xlsx": _("Excel, with units and sources"),
        ".geojson": _("GeoJSON"),
        ".kml": _("KML (Google Earth, OsmAnd)"),
        ".parquet": _("Parquet"),
        ".html": _("Map that opens without network (HTML)"),
        ".pdf": _("Map to print (PDF, A4)"),
        ".png": _("Map to print (PNG)"),
    }
    held = hold_back.choose(place, scenario)
    drawn = loaders.geometry(place, loaders.prospects(place, scenario)) is not None
    tongue = language()
    columns = st.columns(2)
    for number, suffix in enumerate(FORMATS):
        without = suffix in MAPS and not drawn
        columns[number % 2].download_button(
            labels[suffix],
            # The file is made in another thread, which knows nothing of the session.
            data=partial(_content, place, scenario, held, suffix, tongue),
            file_name=f"palier_{scenario.bloc or 'candidats'}_{scenario.election}"
            f"{'' if held.teams else '_arms'}{suffix}",
            key=f"download{suffix}",
            on_click="ignore",
            width="stretch",
            disabled=without,
            help=_("This place has no contours.") if without else None,
        )
    _save_scenario(scenario)


def _content(
    place: Workspace, scenario: Scenario, held: HoldBack, suffix: str, tongue: str
) -> bytes:
    ranked = loaders.ranking(place, scenario, light=False)
    found = loaders.prospects(place, scenario)
    table = with_arms(ranked.table, held, folder=place.path, seed=scenario.settings.seed)
    return to_bytes(
        table,
        suffix,
        bureaux=shapes_of(place, table),
        provenance=provenance_of(place, scenario, found, held),
        language=tongue,
        dialect="excel_fr" if tongue == "fr" else "plain",
    )


def _save_scenario(scenario: Scenario) -> None:
    st.markdown("#### " + _("This scenario"))
    st.download_button(
        _("Save the scenario (TOML)"),
        data=scenario.to_toml(),
        file_name=f"scenario_{scenario.bloc or 'candidats'}_{scenario.election}.toml",
        key="download.scenario",
        on_click="ignore",
    )
    st.caption(_("The address of this page is a link to the scenario: copy it to share it."))
    st.file_uploader(
        _("Reopen a scenario (TOML)"), type=["toml"], key="scenario.file", on_change=_reopen
    )
    if problem := st.session_state.pop("scenario.problem", None):
        messages.show_error(problem)


def _reopen() -> None:
    file = st.session_state.get("scenario.file")
    if file is None:
        return
    try:
        inputs.reopen(Scenario.from_dict(tomllib.loads(file.getvalue().decode("utf-8")), file.name))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        st.session_state["scenario.problem"] = DataError(
            "The file of parameters cannot be read as TOML.",
            where="{file}: {error}",
            mend="Save it again from this page.",
            file=file.name,
            error=error,
        )
    except DataError as error:
        st.session_state["scenario.problem"] = error
