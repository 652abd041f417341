"""The report of the place in use: what was read, kept and left out, and why."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analysis.i18n import MISSING
from analysis.tables.workspace import Workspace
from pages._ui import bureaux, loaders
from pages._ui.access import taken_away
from pages._ui.i18n import _, date, election_name, ngettext, number, percent
from pages._ui.messages import plain, translate
from pages._ui.trial.number_tables import written

# More rows than this scroll.
_MOST = 24


def report(place: Workspace) -> None:
    """Show the whole report, and the manifest to take away."""
    manifest = place.manifest
    _sources(manifest)
    _left_out(manifest)
    _notes(manifest)
    _elections(manifest, loaders.table(str(place.path), place.digest, "elections"))
    _without_bloc(manifest)
    taken_away.offer(
        None,
        _("Take the manifest (JSON)"),
        data=json.dumps(manifest, indent=2, ensure_ascii=False),
        file_name=f"palier_{place.path.name}_manifest.json",
        mime="application/json",
        key="report.manifest",
        on_click="ignore",
        help=_("Every source with its SHA-256, and every count of this page."),
    )


def _sources(manifest: Mapping[str, Any]) -> None:
    st.subheader(_("What was read"))
    rows = [
        {
            _("Read as"): role_name(entry["source"]["role"]),
            _("Rows read"): entry["rows_read"],
            _("Rows kept"): entry["rows_kept"],
            _("Left out"): entry["rows_read"] - entry["rows_kept"],
            _("File"): entry["source"]["file"],
            _("File of"): date(dt.date.fromisoformat(entry["source"]["date"])),
            _("Licence"): translate(entry["source"]["licence"]),
        }
        for entry in manifest["sources"]
    ]
    _table(rows)


def _left_out(manifest: Mapping[str, Any]) -> None:
    st.subheader(_("What was left out, and why"))
    rows = [
        {
            _("Why"): translate(item["reason"]),
            _("Count"): item["count"],
            _("Read as"): role_name(entry["source"]["role"]),
            _("Election"): election_name(item["election_id"]) if item["election_id"] else "",
            _("Which"): bureaux.by_name(translate(item["examples"])),
        }
        for entry in manifest["sources"]
        for item in entry["left_out"]
    ]
    if rows:
        _table(rows)
        st.caption(
            _(
                "Bureaux or rows, as the reason says. A bureau whose votes are left out keeps its "
                "turnout: the totals below stay the official ones."
            )
        )
    else:
        st.success(_("Nothing: every row that concerns the place was kept."))


def _notes(manifest: Mapping[str, Any]) -> None:
    notes = [
        f"- {role_name(entry['source']['role'])} — {plain(bureaux.by_name(translate(note)))}"
        for entry in manifest["sources"]
        for note in entry["notes"]
    ]
    if names := manifest["usual_date"]:
        notes.append(
            "- "
            + _(
                "The day of these elections is the usual one, not the official one: {names}"
            ).format(names=", ".join(map(election_name, names)))
        )
    if notes:
        st.markdown("**" + _("Good to know") + "**\n\n" + "\n".join(notes))


def _elections(manifest: Mapping[str, Any], elections: pd.DataFrame) -> None:
    st.subheader(_("Totals of each election"))
    chosen = {match["election_id"]: match for match in manifest["vintages"] if match["chosen"]}
    rows = []
    for name in elections.sort_values("date")["election_id"]:
        total, match = manifest["elections"][name], chosen.get(name)
        rows.append(
            {
                _("Election"): election_name(name),
                _("Bureaux"): total["bureaux"],
                _("Registered"): total["registered"],
                _("Ballots"): total["ballots"],
                _("Valid"): total["valid"],
                _("Contours of"): match["vintage"] if match else None,
                _("With a contour"): match["matched"] if match else 0,
                _("% of registered"): percent(match["registered_share"] if match else 0.0),
                _("Left out"): _reasons(total["left_out"]) or "0",
            }
        )
    year = st.column_config.NumberColumn(format="%d")
    _table(rows, {_("Contours of"): year})
    st.caption(
        _(
            "Compare these totals with the official ones. A bureau without a contour stays in the "
            "totals and in the ranking; it is not on the map."
        )
    )


def _reasons(left_out: Mapping[str, int]) -> str:
    return "; ".join(f"{number(n)} × {translate(reason)}" for reason, n in left_out.items())


def _without_bloc(manifest: Mapping[str, Any]) -> None:
    st.subheader(_("Candidates without a bloc"))
    unplaced = manifest["without_bloc"]
    if not unplaced:
        st.success(_("None: every candidate or list has a bloc. They can be changed."))
        return
    st.warning(
        ngettext(
            "{n} candidate or list has no bloc: its votes count for no one. Give it one under "
            "“Blocs”.",
            "{n} candidates or lists have no bloc: their votes count for no one. Give them one "
            "under “Blocs”.",
            len(unplaced),
        ).format(n=number(len(unplaced)))
    )
    rows = [
        {
            _("Election"): election_name(row["election_id"]),
            _("Candidate or list"): row["candidate_id"],
            _("Votes"): row["votes"],
        }
        for row in unplaced[:20]
    ]
    _table(rows)


def _table(rows: list[dict[str, Any]], columns: Mapping[str, Any] | None = None) -> None:
    frame = pd.DataFrame(rows)
    figures, shown = written(frame)
    st.dataframe(
        figures,
        hide_index=True,
        height=38 + 35 * min(len(frame), _MOST),
        placeholder=MISSING,
        column_config={**shown, **(columns or {})},
    )


def role_name(role: str) -> str:
    """Name what a file was read as: `contours 2017` is « Contours 2017 »."""
    kind, _space, of = role.partition(" ")
    of = of.strip("()")
    names = {
        "general_results": _("Results: registered, ballots"),
        "candidats_results": _("Results: candidates"),
        "results": _("Results {of}"),
        "contours": _("Contours {of}"),
        "contours_made": _("Contours {of}, made from addresses"),
        "registered": _("Registered, {of}"),
        "squares": _("Census squares"),
        "addresses": _("Addresses"),
        "electors": _("Registered per address"),
        "reu": _("Addresses of the electoral roll"),
        "reu_bureaux": _("Polling places"),
        "streets": _("Streets"),
        "quarters": _("Quarters"),
    }
    name = names.get(kind, role)
    return name.format(of=election_name(of)) if of and "{of}" in name else name.replace("{of}", "")
