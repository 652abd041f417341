"""Which bloc each candidate belongs to: shown, and changed by the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from analysis.errors import some
from analysis.readers.blocs import DEFAULT, read_blocs
from analysis.readers.relabel import moved_since, relabel, version_of
from analysis.tables.schema import BLOCS
from analysis.tables.spreadsheet_text import csv_text
from analysis.tables.workspace import Workspace
from analysis.workflows.place_files import slug_of
from pages._ui import loaders, messages
from pages._ui.access import taken_away, visitor
from pages._ui.i18n import _, bloc_name, election_name, ngettext, number
from pages._ui.typed_tables import keep_typed

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

_OWN = "blocs.own"
_SAVED = "blocs.saved"
_SEEN = "blocs.seen"
_MIXED = "*"
_ROUND = r"_t\d+$"
# Edits of more rows than this are made in the file itself.
_MOST = 10_000


def edit(place: Workspace) -> None:
    """Show the blocs of an election's candidates; save what the user changes."""
    st.markdown(
        _(
            "A bloc gathers the candidates whose votes count together. It is given by the "
            "official nuance or, where there is none, by the candidate: **change it as you see "
            "the field**, and split a bloc if you wish."
        )
    )
    table = loaders.table(str(place.path), place.digest, "candidates")
    blocs = read_blocs(place.path / "blocs.csv")
    rows = _of_election(table)
    rows = _grouped(rows, _ask_grain(rows))
    # Saved blocs make another table: edits of the one before must not be laid over it.
    key = f"blocs.editor.{place.digest[:12]}.{rows['election'].iloc[0]}.{rows.columns[2]}"
    seen, others = _meanwhile(place, blocs)
    shown = rows.assign(bloc=seen.over(rows))
    options = _options(table)
    edited: pd.DataFrame = st.data_editor(
        shown,
        key=key,
        hide_index=True,
        disabled=[name for name in rows if name != "bloc"],
        column_order=[name for name in rows if name not in {"election", "key"}],
        column_config=_columns([*options, *({_MIXED} & set(rows["bloc"]))]),
        height=min(38 + 35 * len(rows), 560),
    )
    keep_typed("blocs.editor")
    st.session_state[_SEEN] = replace(seen, editor=key, rows=shown)
    _say_others(seen, others)
    changed = edited[edited["bloc"].fillna("") != rows["bloc"]]
    count = len(changed)
    label = ngettext("Save {n} change", "Save {n} changes", count).format(n=number(count))
    save = st.button(
        label if count else _("Save (change a bloc in the table first)"),
        type="primary",
        disabled=not count,
        key="blocs.save",
    )
    # Whoever clicked had not seen what the other changed: shown first, saved at the next click.
    if save and others.empty:
        _save(place, _changed(blocs, changed), count, seen.version)
    _say_saved()
    _own_blocs(options)
    _take_away(place, blocs, seen.version, reset=others.empty)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was on the screen: the table of blocs, the rows of the editor, changes not yet saved."""

    place: Path
    version: str
    blocs: pd.DataFrame
    others: pd.DataFrame
    mine: Mapping[tuple[str, str], str]
    editor: str = ""
    rows: pd.DataFrame | None = None

    def over(self, rows: pd.DataFrame) -> list[str]:
        """Return the bloc of each row, as it was being changed when somebody else saved."""
        given = zip(rows["election"], rows["key"], rows["bloc"], strict=True)
        return [self.mine.get((election, key), bloc) for election, key, bloc in given]


def _meanwhile(place: Workspace, blocs: pd.DataFrame) -> tuple[_Seen, pd.DataFrame]:
    """Return what is seen from now on, and what somebody else changed since the run before."""
    version, nothing = version_of(place), moved_since(blocs, blocs)
    seen: _Seen | None = st.session_state.get(_SEEN)
    if seen is None or seen.place != place.path:
        return _Seen(place.path, version, blocs, nothing, {}), nothing
    if seen.version == version or seen.rows is None:
        return seen, nothing
    mine = dict(seen.mine)
    for row, said in st.session_state.get(seen.editor, {}).get("edited_rows", {}).items():
        line = seen.rows.iloc[int(row)]
        mine[line["election"], line["key"]] = said.get("bloc") or ""
    others = moved_since(seen.blocs, blocs)
    return _Seen(place.path, version, blocs, others, mine), others


def _say_others(seen: _Seen, now: pd.DataFrame) -> None:
    if seen.others.empty or not (seen.mine or len(now)):
        return
    lines = [
        _("{key}: {before} → {bloc}").format(
            key=row.key, before=_option(row.before), bloc=_option(row.bloc)
        )
        for row in seen.others.itertuples(index=False)
    ]
    st.warning(
        _("Somebody else changed the blocs meanwhile: {others}.").format(
            others=messages.plain(some(lines))
        )
    )
    if seen.mine:
        st.info(
            _("What you chose still stands in the table, not yet saved: look, then save it again.")
        )


def _of_election(table: pd.DataFrame) -> pd.DataFrame:
    """Ask for an election; both rounds go together, as they do in the table of blocs."""
    rows = table.assign(election=table["election_id"].str.replace(_ROUND, "", regex=True))
    lacking = rows[rows["bloc"] == ""].groupby("election")["name"].size()
    newest = sorted(rows["election"].unique(), reverse=True)
    elections = sorted(newest, key=lambda election: election not in lacking)
    first = rows.groupby("election")["election_id"].min()

    def label(election: str) -> str:
        name = election_name(first[election]).partition(",")[0]
        if n := int(lacking.get(election, 0)):
            return ngettext("{name}: {n} without a bloc", "{name}: {n} without a bloc", n).format(
                name=name, n=number(n)
            )
        return name

    asked = st.selectbox(_("Election"), elections, format_func=label, key="blocs.election")
    return rows[rows["election"] == asked]


def _ask_grain(rows: pd.DataFrame) -> str:
    """Ask whether whole nuances or single candidates are moved, where both are known."""
    by_nuance, named = (rows["nuance"] != "").any(), (rows["name"] != "").any()
    if not (by_nuance and named):
        return "nuance" if by_nuance else "name"
    grain = st.segmented_control(
        _("Move"),
        ["nuance", "name"],
        default="nuance",
        required=True,
        format_func=lambda o: _("whole nuances") if o == "nuance" else _("single candidates"),
        key="blocs.grain",
    )
    if grain == "name":
        st.caption(
            _(
                "A candidate's own bloc goes before the one of the nuance. Candidates of the same "
                "surname move together."
            )
        )
    return str(grain)


def _grouped(rows: pd.DataFrame, grain: str) -> pd.DataFrame:
    """Return one row per key of the table of blocs, most votes first."""
    other = "name" if grain == "nuance" else "nuance"
    rows = rows.assign(key=rows[grain].where(rows[grain] != "", rows[other]))
    groups = rows.groupby(["election", "key"], as_index=False, sort=False).agg(
        bloc=("bloc", _common),
        votes=("votes", "sum"),
        others=(other, _some),
    )
    groups.insert(2, grain, groups["key"])
    ordered = groups.rename(columns={"others": other}).sort_values("votes", ascending=False)
    if not ordered[other].any():
        ordered = ordered.drop(columns=other)
    if len(ordered) > _MOST:
        st.caption(
            _("The {n} with most votes are here; the others are in the file of blocs.").format(
                n=number(_MOST)
            )
        )
    return ordered.head(_MOST).reset_index(drop=True)


def _common(blocs: pd.Series) -> str:
    return str(blocs.iloc[0]) if len(set(blocs)) == 1 else _MIXED


def _some(names: pd.Series) -> str:
    known = sorted(set(names) - {""})
    return ", ".join(known[:3]) + (f"… ({len(known)})" if len(known) > 3 else "")  # noqa: PLR2004


def _options(table: pd.DataFrame) -> list[str]:
    own = set(table["bloc"]) | set(st.session_state.get(_OWN, ()))
    return ["", *BLOCS, *sorted(own - set(BLOCS) - {""})]


def _columns(options: list[str]) -> dict[str, ColumnConfig]:
    text = st.column_config.TextColumn
    return {
        "name": text(_("Candidate or list")),
        "nuance": text(_("Nuance")),
        "votes": st.column_config.NumberColumn(_("Votes"), format="localized"),
        "bloc": st.column_config.SelectboxColumn(
            _("Bloc"), options=options, format_func=_option, width="medium", required=True
        ),
    }


def _option(bloc: object) -> str:
    if bloc == _MIXED:
        return _("(several)")
    return bloc_name(str(bloc)) if bloc else _("(none)")


def _changed(blocs: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Return the table of blocs with the user's rows in place of what was said before."""
    said = changed[["election", "key", "bloc"]].fillna("").assign(source="user")
    both = pd.concat([blocs, said[said["bloc"] != _MIXED]], ignore_index=True)
    kept = both.drop_duplicates(["election", "key"], keep="last")
    return kept[kept["bloc"] != ""]


def _save(place: Workspace, blocs: pd.DataFrame, count: int, seen: str) -> None:
    relabel(place.path, blocs, seen=seen)
    visitor.current().note("blocs", place.path.name, count)
    st.session_state[_SAVED] = count
    st.session_state.pop(_SEEN, None)
    st.rerun()


def _say_saved() -> None:
    if count := st.session_state.pop(_SAVED, None):
        st.success(
            ngettext(
                "{n} change saved: the priorities count with it from now on.",
                "{n} changes saved: the priorities count with them from now on.",
                count,
            ).format(n=number(count))
        )


def _own_blocs(options: list[str]) -> None:
    with st.expander(_("A bloc of your own")):
        text = st.text_input(
            _("Its name"),
            key="blocs.new",
            placeholder=_("for example: ecologists"),
            help=_("Small letters and underscores; it can then be chosen in the table."),
        )
        name = re.sub("-", "_", slug_of(text))
        if st.button(_("Add"), key="blocs.add", disabled=not name or name in options):
            st.session_state[_OWN] = [*st.session_state.get(_OWN, ()), name]
            st.rerun()


def _take_away(place: Workspace, blocs: pd.DataFrame, seen: str, *, reset: bool) -> None:
    left, right = st.columns(2)
    taken_away.offer(
        left,
        _("Take the table of blocs (CSV)"),
        data=csv_text(blocs),
        file_name="blocs.csv",
        mime="text/csv",
        key="blocs.download",
        on_click="ignore",
        width="stretch",
    )
    own = int((blocs["source"] == "user").sum())
    asked = own and right.button(_("Back to the default blocs"), key="blocs.reset", width="stretch")
    if asked and reset:
        _save(place, read_blocs(DEFAULT), own, seen)
