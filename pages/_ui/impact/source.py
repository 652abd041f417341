"""Where the results of a trial come from: a table that is brought, the workspace, an example."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.experiments.unit_files import read_units
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import target_of
from analysis.workflows.sealed_trials import in_force, open_trial
from pages._ui.i18n import _, election_name, language
from pages._ui.impact import example
from pages._ui.trial.load_trials import scenario_of

OURS, BROUGHT, EXAMPLE = "workspace", "table", "example"
NO_SEAL, UPLOADED = "", "uploaded"


@dataclass(frozen=True, slots=True)
class Source:
    """A table of units, told by what it was read from.

    Attributes
    ----------
    kind
        `workspace`, `table` or `example`.
    name, content
        Of the file that was brought.
    folder, digest
        Of the workspace.
    seal
        Fingerprint of a sealed design of the workspace, or the text of a seal that was
        brought; empty for none.
    elections
        Elections of the workspace whose results are the outcomes.
    language
        Of the columns' names, where they are ours to name.
    """

    kind: str
    name: str = ""
    content: bytes = b""
    folder: str = ""
    digest: str = ""
    seal: str = ""
    elections: tuple[str, ...] = ()
    language: str = ""


def choose(place: Workspace) -> Source | None:
    """Ask where the results are; None while something is still to be given."""
    names = {
        OURS: _("This place and its sealed design"),
        BROUGHT: _("A table of mine"),
        EXAMPLE: _("An example (simulated)"),
    }
    kind = st.radio(
        _("Results from"),
        list(names),
        index=0 if in_force(place.path) else 1,
        format_func=names.__getitem__,
        key="impact.kind",
        persist_state="session",
    )
    ask: dict[str, Callable[[Workspace], Source | None]] = {
        OURS: _ours,
        BROUGHT: _brought,
        EXAMPLE: lambda _place: Source(EXAMPLE),
    }
    return ask[kind](place)


def _ours(place: Workspace) -> Source | None:
    seals = in_force(place.path)
    if not seals:
        st.info(
            _(
                "No design is sealed in this place: nothing was drawn, so nothing can be compared. "
                "Bring a table with its arms, or design a trial first."
            )
        )
        st.page_link(
            "pages/trial_design.py", label=_("Design and seal the trial"), icon=":material/science:"
        )
        return None
    chosen = st.selectbox(
        _("Sealed design"), seals[::-1], format_func=lambda one: one[:12], key="impact.seal"
    )
    known = place.read("elections").sort_values("date", ascending=False)["election_id"].tolist()
    elections = st.multiselect(
        _("Elections to look at"),
        known,
        default=_usual(place, chosen, known),
        format_func=election_name,
        key="impact.elections",
        help=_("Several, to see whether an effect lasts. Bureaux redrawn since are carried over."),
        placeholder=_("Choose one or more"),
        persist_state="session",
    )
    if not elections:
        st.info(_("Choose at least one election."))
        return None
    _placebos(place, chosen, elections)
    return Source(
        OURS,
        folder=str(place.path),
        digest=place.digest,
        seal=chosen,
        elections=tuple(elections),
        language=language(),
    )


def _usual(place: Workspace, seal: str, known: list[str]) -> list[str]:
    """Return the election that the trial prepared once it has results, else the last one."""
    prepared = _prepared(place, seal)
    return [prepared] if prepared in known else known[:1]


def _prepared(place: Workspace, seal: str) -> str:
    """Return the election that a trial prepares; empty when its scenario is not to be had."""
    scenario = scenario_of(open_trial(place.path, seal))
    return scenario.election if scenario else ""


def _placebos(place: Workspace, seal: str, elections: list[str]) -> None:
    """Say which elections were before the one that the trial prepared."""
    prepared = _prepared(place, seal)
    if not prepared:
        st.caption(
            _(
                "This seal came without its scenario: nobody here knows which election it "
                "prepares. What shows at an election before the canvass is chance."
            )
        )
        return
    before = target_of(place, prepared).date
    early = [one for one in elections if target_of(place, one).date < before]
    if early:
        st.warning(
            _(
                "The trial prepares {prepared}; before it nothing had been done. What shows at "
                "{early} is chance: a placebo."
            ).format(prepared=election_name(prepared), early=", ".join(map(election_name, early)))
        )


def _brought(place: Workspace) -> Source | None:
    file = st.file_uploader(
        _("Table of units: CSV, Parquet or Excel, one row per bureau"),
        type=["csv", "parquet", "xlsx", "txt"],
        key="impact.file",
    )
    seals = {
        NO_SEAL: _("None: the arms are in the table"),
        **{one: one[:12] for one in in_force(place.path)},
        UPLOADED: _("A seal that I bring"),
    }
    seal = st.selectbox(
        _("Sealed design of the trial"), list(seals), format_func=seals.__getitem__, key="impact.by"
    )
    if seal == UPLOADED:
        given = st.file_uploader(_("The seal (JSON)"), type=["json"], key="impact.seal.file")
        seal = given.getvalue().decode("utf-8", errors="replace") if given else None
    if file is None or seal is None:
        return None
    folder = str(place.path) if seal in in_force(place.path) else ""
    return Source(BROUGHT, file.name, file.getvalue(), folder=folder, seal=seal)


def read_table(name: str, content: bytes) -> pd.DataFrame:
    """Read a table that was brought.

    Raises
    ------
    DataError
        When it is no CSV, Parquet or Excel workbook, or is cut.
    """
    if Path(name).suffix.lower() == ".xlsx":
        return _workbook(name, content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(content)
        return read_units(path)


def _workbook(name: str, content: bytes) -> pd.DataFrame:
    try:
        table = pd.read_excel(io.BytesIO(content), dtype=object)
    # The reader of workbooks raises whatever its parts raise: zip, XML, key errors.
    except Exception as error:
        raise DataError(
            "{name} cannot be read as an Excel workbook.",
            where="{name}: {error}",
            mend="Save it again as .xlsx, the table on the first sheet, or as CSV.",
            name=name,
            error=error,
        ) from error
    if table.empty:
        raise DataError(
            "{file} is empty.",
            where="{file}",
            mend="Put the table on the first sheet, names first.",
            file=name,
        )
    return table.rename(columns=str)


def seal_of(source: Source) -> Any:  # noqa: ANN401 - `Sealed`, loaded only where there is one
    """Return the verified seal of a source, or None."""
    from pages._ui.trial.sealing import read_seal

    if not source.seal:
        return None
    if source.folder:
        return open_trial(Path(source.folder), source.seal).sealed
    return read_seal("seal.json", source.seal.encode())[0]


def described(source: Source) -> str:
    """Say where the results come from, in a line for a report."""
    if source.kind == EXAMPLE:
        return example.NAME
    if source.kind == OURS:
        return ", ".join(map(election_name, source.elections))
    return source.name
