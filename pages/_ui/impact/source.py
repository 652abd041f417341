"""Where the results of a trial come from: a table that is brought, the workspace, an example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import target_of
from analysis.workflows.sealed_trials import in_force, open_trial, read_seal
from analysis.workflows.trial_results import EXAMPLE_NAME, scenario_sealed_with
from pages._ui.access import gate
from pages._ui.i18n import _, election_name, language
from pages._ui.trial import seal_names

if TYPE_CHECKING:
    from analysis.experiments.seal import Sealed

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
    awaited
        The election that the trial prepares, while this place has no results of it.
    early
        Those of `elections` before the one prepared: nothing had been done yet.
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
    awaited: str = ""
    early: tuple[str, ...] = ()
    language: str = ""

    @property
    def readable(self) -> bool:
        """Whether there is a table to estimate on."""
        return self.kind != OURS or bool(self.elections)


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
        gate.link(
            "pages/trial_design.py", label=_("Design and seal the trial"), icon=":material/science:"
        )
        return None
    chosen = seal_names.choose(place, seals, key="impact.seal")
    known = place.read("elections").sort_values("date", ascending=False)["election_id"].tolist()
    prepared = _prepared(place, chosen)
    awaited = prepared if prepared not in known else ""
    ours = Source(OURS, folder=str(place.path), digest=place.digest, seal=chosen, awaited=awaited)
    if awaited and not st.checkbox(
        _("Placebo: chance alone"),
        key="impact.placebo",
        help=_("The same arms at a past election, where nobody had been canvassed."),
        persist_state="session",
    ):
        return ours
    elections = st.multiselect(
        _("Elections to look at"),
        known,
        # Which election a seal without scenario prepares is for the user to say.
        default=[prepared] if prepared in known else known[:1] if prepared else [],
        format_func=election_name,
        key="impact.elections",
        help=_("Several, to see whether an effect lasts. Bureaux redrawn since are carried over."),
        placeholder=_("Choose one or more"),
        persist_state="session",
    )
    early = tuple(_before(place, prepared, elections))
    if not elections:
        st.info(_("Choose at least one election."))
        return ours if awaited else None
    return replace(ours, elections=tuple(elections), early=early, language=language())


def _prepared(place: Workspace, seal: str) -> str:
    """Return the election that a trial prepares; empty when its scenario is not to be had."""
    scenario = scenario_sealed_with(open_trial(place.path, seal))
    return scenario.election if scenario else ""


def _before(place: Workspace, prepared: str, elections: list[str]) -> list[str]:
    """Return the elections before the one that the trial prepared."""
    if not prepared:
        st.caption(
            _(
                "This seal came without its scenario: nobody here knows which election it "
                "prepares. What shows at an election before the canvass is chance."
            )
        )
        return []
    before = target_of(place, prepared).date
    return [one for one in elections if target_of(place, one).date < before]


def _brought(place: Workspace) -> Source | None:
    file = st.file_uploader(
        _("Table of units: CSV, Parquet or Excel, one row per bureau"),
        type=["csv", "parquet", "xlsx", "txt"],
        key="impact.file",
    )
    seals = {
        NO_SEAL: _("None: the arms are in the table"),
        **seal_names.seal_names(place, in_force(place.path)),
        UPLOADED: _("A seal that I bring"),
    }
    seal: str | None = st.selectbox(
        _("Sealed design of the trial"), list(seals), format_func=seals.__getitem__, key="impact.by"
    )
    if seal == UPLOADED:
        given = st.file_uploader(_("The seal (JSON)"), type=["json"], key="impact.seal.file")
        seal = given.getvalue().decode("utf-8", errors="replace") if given else None
    if file is None or seal is None:
        return None
    folder = str(place.path) if seal in in_force(place.path) else ""
    return Source(BROUGHT, file.name, file.getvalue(), folder=folder, seal=seal)


def seal_of(source: Source) -> Sealed | None:
    """Return the verified seal of a source, or None."""
    if not source.seal:
        return None
    if source.folder:
        return open_trial(Path(source.folder), source.seal).sealed
    return read_seal("seal.json", source.seal.encode())[0]


def seal_file(source: Source) -> tuple[str, bytes]:
    """Return name and content of the seal of a table that was brought."""
    if source.folder:
        file = open_trial(Path(source.folder), source.seal).file
        return file.as_posix(), file.read_bytes()
    return "seal.json", source.seal.encode()


def described(source: Source) -> str:
    """Say where the results come from, in a line for a report."""
    if source.kind == EXAMPLE:
        return EXAMPLE_NAME
    if source.kind == OURS:
        marks = {one: _(" (placebo)") for one in source.early}
        return ", ".join(election_name(one) + marks.get(one, "") for one in source.elections)
    return source.name
