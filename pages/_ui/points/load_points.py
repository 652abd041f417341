"""The areas of the experiment and what is estimated on them, kept while their file stays."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from analysis.experiments.estimates import Impact
from analysis.experiments.pons_2012.reproduction import (
    FILE,
    VARIABLE,
    Areas,
    Reproduction,
    estimate_areas,
    read_areas,
    reproduce,
)
from analysis.tables.file_stamp import changed_ns
from pages._ui.i18n import _

_FEW = 3
_DRAWS, _SEED = 2000, 2012


def areas(path: str) -> Areas:
    """Read the areas at a path, those the environment names, or simulated ones."""
    given = path.strip() or os.environ.get(VARIABLE, "")
    return _areas(given, _stamp(given))


def _stamp(given: str) -> int:
    """Return when the file last changed; 0 where there is none."""
    if not given:
        return 0
    path = Path(given) / FILE if Path(given).is_dir() else Path(given)
    return changed_ns(path)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _areas(given: str, stamp: int) -> Areas:
    del stamp  # in the key: a file that changed is read again
    return read_areas(given or None)


def reproduction(path: str) -> Reproduction:
    """Return the published table with ours beside it."""
    with st.spinner(_("Estimating on the areas, and drawing again…")):
        given = path.strip() or os.environ.get(VARIABLE, "")
        return _reproduction(given, _stamp(given))


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _reproduction(given: str, stamp: int) -> Reproduction:
    return reproduce(_areas(given, stamp), draws=_DRAWS, seed=_SEED)


def everywhere(path: str) -> Impact:
    """Return the estimates over all territories that the file holds."""
    given = path.strip() or os.environ.get(VARIABLE, "")
    return _everywhere(given, _stamp(given))


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _everywhere(given: str, stamp: int) -> Impact:
    return estimate_areas(_areas(given, stamp).table, ("hollande_r1", "turnout_r1"))
