"""What the view asks, and what is worked out of the answers, once each."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import streamlit as st

from analysis.electorate.explain.covariates import label_of, usual_terms
from analysis.errors import DataError
from analysis.tables.brought_covariates import digest_of
from analysis.tables.workspace import Workspace
from analysis.workflows.explain_bureaux import Observed, Question, observe
from analysis.workflows.explaining import FIXED, Explanation, bring_covariates, explain, fixed_of
from pages._ui import loaders, state
from pages._ui.background import Progress, answer_of
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, election_name, language, ngettext, number
from pages._ui.messages import plain, show_error, translate
from pages._ui.swing import two_elections
from pages._ui.swing.shares import choose_share
from pages._ui.swing.two_elections import choose_one

_WITH, _BENT, _FIXED, _FILES = "e_with", "e_bent", "e_fixed", "e_files"
_TOLD = "e_brought"
_USUAL = "usual"
# A curve has this many columns.
_CURVE = "bs({name}, 4)"
_LOGARITHM = "density_km2"


def choose_terms(place: Workspace, asked: Question) -> Question:
    """Ask with what to explain; return the question with its formula."""
    bring_files(place)
    seen = known_bureaux(place, asked)
    fixed = _choose_fixed(seen)
    usual = [
        name
        for term in usual_terms(seen.table, seen.covariates, fixed_of(seen.table, fixed))
        for name in term.names
    ]
    left, right = st.columns([2, 1])
    with left:
        chosen = _several(_("With what"), [*seen.known, *seen.parts], usual, key=_WITH)
    categories = {*seen.categories, *seen.parts}
    with right:
        bent = _several(
            _("Shown as a curve"),
            [name for name in chosen if name not in categories],
            [],
            key=_BENT,
            help=_("A curve may rise and fall; a straight line cannot."),
        )
    if seen.past:
        st.caption(
            _("Past blocs: shares of the valid votes, {election}.").format(
                election=election_name(seen.past)
            )
        )
    terms = [f"C({n})" if n in categories else _term(n, bent) for n in chosen]
    return replace(asked, terms=" + ".join(terms), fixed=fixed)


def _term(name: str, bent: list[str]) -> str:
    if name in bent:
        return _CURVE.format(name=name)
    return f"log({name})" if name == _LOGARITHM else name


def _several(
    label: str, options: list[str], usual: list[str], *, key: str, help: str | None = None
) -> list[str]:
    """Ask for some of `options`; what is not known here any more is left out."""
    state.recall(key, usual)
    state.answer_with(key, [name for name in st.session_state[key] if name in options])
    chosen = st.multiselect(
        label,
        options,
        key=key,
        format_func=covariate_name,
        placeholder=_("Choose one or more"),
        help=help,
    )
    state.remember(key, chosen, usual)
    return [str(name) for name in chosen]


def covariate_name(name: str) -> str:
    """Name a covariate."""
    return label_of(name, language())


def _choose_fixed(seen: Observed) -> str:
    names = {
        _USUAL: _("What fits the place"),
        "none": _("None: between all bureaux"),
        "commune": _("Inside communes"),
        "arrondissement": _("Inside arrondissements"),
        "department": _("Inside départements"),
    }
    there = [w for w, c in FIXED.items() if not c or len(seen.table[c].unique()) > 1]
    if there == ["none"]:
        return "none"
    chosen = choose_one(
        _("Which bureaux are compared"),
        [_USUAL, *there],
        _USUAL,
        key=_FIXED,
        show=lambda one: names.get(one, one),
    )
    return "" if chosen == _USUAL else chosen


def bring_files(place: Workspace) -> None:
    """Offer to bring tables of covariates into the workspace."""
    with st.expander(_("Bring a table of what bureaux or communes are like")):
        st.markdown(
            _(
                "CSV or Parquet with a column `bureau_id` (75056_1905) or `commune_id` (75056), "
                "and columns of numbers. The census of 2009 by bureau and incomes by commune "
                "(Filosofi) are known as they are published. What is of this place is kept in its "
                "folder."
            )
        )
        given = st.file_uploader(
            _("Tables"), ["csv", "parquet"], accept_multiple_files=True, key=_FILES
        )
        if st.button(_("Bring them"), disabled=not given) and given:
            st.session_state.pop(_TOLD, None)
            _bring(place, given)
        # The page runs again once the bureaux are compared: what was brought stays told, of
        # these files and this place.
        of, lines = st.session_state.get(_TOLD, (None, ()))
        for line, show in lines if of == _brought(place, given) else ():
            getattr(st, show)(line)


def _brought(place: Workspace, given: list) -> tuple[str, ...]:  # type: ignore[type-arg]
    return (str(place.path), *(upload.file_id for upload in given))


def _bring(place: Workspace, given: list) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for upload in given:
            file = Path(folder) / Path(upload.name).name
            file.write_bytes(upload.getvalue())
            files.append(file)
        try:
            names, left = bring_covariates(place, files)
        except DataError as error:
            # The folder is ours for a moment, and of no use to who brought the file.
            error.where = error.where.with_values(lambda said: said.replace(f"{folder}/", ""))
            show_error(error)
            return
    told = ngettext(
        "{n} column to explain with: {names}.", "{n} columns to explain with: {names}.",
        len(names),
    ).format(n=number(len(names)), names=", ".join(map(covariate_name, names)))  # fmt: skip
    lost = [
        plain(f"{number(reason.count)} · {translate(reason.reason)}: {reason.examples}")
        for reason in left
    ]
    lines = [(told, "success"), *((line, "caption") for line in lost)]
    st.session_state[_TOLD] = _brought(place, given), lines


def abstention(place: Workspace, places: tuple[str, ...]) -> Question:
    """Ask which past abstention is to be explained: usually the last presidential first round."""
    table = loaders.table(str(place.path), place.digest, "elections").sort_values("date")
    newest = table["election_id"].tolist()[::-1]
    first = table[table["round"] == 1]
    presidential = first[first["kind"] == "pres"]
    usual = (presidential if len(presidential) else first if len(first) else table).iloc[-1]
    election = choose_one(
        _("Abstention to explain"),
        newest,
        str(usual["election_id"]),
        key="e_election",
        show=election_name,
    )
    return Question("abstention", election, place=places[0] if places else "")


def swing(place: Workspace, asked: two_elections.Question) -> Question:
    """Ask whose swing between the two elections of the page is to be explained."""
    share, _blocs, _rival = choose_share(place, asked)
    return Question(
        "swing", asked.destination, asked.origin, share.choice, share.of, place=asked.place
    )


# Bureaux are soon read, even those of France.
_READING_S = 60


def _key(kind: str, place: Workspace, asked: Question) -> tuple[object, ...]:
    brought = tuple(digest_of(place.path).values())
    return (kind, str(place.path), place.digest, brought, asked)


def known_bureaux(place: Workspace, asked: Question) -> Observed:
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
