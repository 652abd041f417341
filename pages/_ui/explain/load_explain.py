"""Every long or cached call of the view; keyed by digests and the question."""

from __future__ import annotations

from analysis.tables.brought_covariates import digest_of
from analysis.tables.workspace import Workspace
from analysis.workflows.explain_bureaux import Observed, Question, observe
from analysis.workflows.explaining import Explanation, explain
from pages._ui.background import Progress, answer_of
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _
from pages._ui.swing import two_elections

# Bureaux are soon read, even those of France.
_READING_S = 60


def _key(kind: str, place: Workspace, asked: Question) -> tuple[object, ...]:
    brought = tuple(digest_of(place.path).values())
    return (kind, str(place.path), place.digest, brought, asked)


def bureaux(place: Workspace, asked: Question) -> Observed:
    """Read what is known of the bureaux of a question."""

    def work(progress: Progress) -> Observed:
        progress(0.1)
        return observe(place, asked)

    found: Observed = answer_of(
        _key("explain bureaux", place, asked),
        work,
        label=_("Reading past elections…"),
        patience_s=_READING_S,
    )
    return found


def explanation(place: Workspace, asked: Question) -> Explanation:
    """Explain; the page shows how far the work is."""

    def work(progress: Progress) -> Explanation:
        return explain(place, asked, progress=progress)

    found: Explanation = answer_of(
        _key("explain", place, asked), work, label=_("Comparing the bureaux…")
    )
    return found


def geometry(place: Workspace, found: Explanation) -> Geometry | None:
    """Publish the contours of the bureaux in view; None where none is known."""
    return two_elections.geometry(place, found.vintage, found.bureaux)
