"""A second round as one imagines it: shares to edit, and what every bureau would count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import classes
from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT
from analysis.electorate.transfers.second_round import (
    ASSUMED_SPREAD,
    SecondRound,
    merged,
    mobilised,
    withdrawn,
)
from analysis.exports.model_export import Finding, Written
from analysis.tables.workspace import Workspace
from analysis.workflows import imagined_rounds as rounds
from analysis.workflows.imagined_rounds import WhatIf
from analysis.workflows.server_access import room
from pages._ui import bureaux, file_downloads, loaders, state
from pages._ui.access import visitor
from pages._ui.background import answer_of
from pages._ui.bureau_map import Legend, Number, Paint
from pages._ui.i18n import _, election_name, language, number, option_name, percent
from pages._ui.messages import plain, show_unread
from pages._ui.swing.two_elections import Question
from pages._ui.typed_tables import keep_typed

_OWN, _ROUND, _LINK = "second.own", "second.round", "second"
# What was edited before each button was pressed.
_BEFORE, _MOST_BEFORE = "second.before", 20
_NOT_VALID = (SPOILT, ABSTENTION)
# A sum of whole percents may be off by a hair.
_HAIR = 1e-9
_MOST_FINALISTS = 6
_ROW_PX, _MOST_ROWS = 35, 20
# A letter of a row's name and what stands beside it; the narrowest and the widest column of names.
_LETTER_PX, _BESIDE_PX, _NAME_PX = 7, 20, (160, 240)


def second_round(place: Workspace, asked: Question) -> None:
    """Ask for shares, and show what they make of every bureau."""
    first = _first_round(place, asked)
    if not first:
        st.info(
            _("A second round is imagined from a first one: choose a first round under “From”.")
        )
        return
    _words_first(first, asked)
    imagined = _imagined(place, first, asked.place)
    left, right = st.columns([3, 2], gap="large")
    with left:
        edited = _edited(imagined)
    with right:
        # What was written by hand goes into what follows from a merger, and into what is kept.
        _changes(place, edited or imagined)
    if edited is None:
        return
    found = _counted(place, edited)
    _told(found)
    _map(place, edited, found)
    _files(place, edited, found)


def _first_round(place: Workspace, asked: Question) -> str:
    """Return the first round among the two elections asked for; the earlier where both are."""
    known = loaders.table(str(place.path), place.digest, "elections").set_index("election_id")
    both = (asked.origin, asked.destination)
    return next((one for one in both if known.loc[one, "round"] == 1), "")


def _words_first(first: str, asked: Question) -> None:
    st.markdown(
        _(
            "After **{election}**: of 100 who voted so, how many would vote how at a second round? "
            "Write it down, and every bureau is counted anew. What you write is your own belief; "
            "it proves nothing."
        ).format(election=election_name(first))
    )
    if "_legi_" in first and not asked.place:
        st.warning(
            _(
                "Parliamentary elections have other candidates in each constituency: shares of "
                "a whole town say little of its bureaux. Choose a constituency as territory."
            )
        )


def _imagined(place: Workspace, first: str, where: str) -> WhatIf:
    """Return what is being edited: what the session holds of this question, else a start."""
    asked = (str(place.path), place.digest, first, where)
    before = st.session_state.get(_ROUND)
    if before != asked:
        st.session_state[_BEFORE] = []
        if before is not None:
            # The name is of another question, not one that a link asks for.
            _link("")
        st.session_state[_OWN] = _of_link(place, first, where) or answer_of(
            ("second start", *asked),
            lambda _told: rounds.begin(place, first, where),
            label=_("Estimating where to begin…"),
        )
        # Last: whoever clicks meanwhile ends this run before there is anything to edit.
        st.session_state[_ROUND] = asked
    return st.session_state[_OWN]


def _of_link(place: Workspace, first: str, where: str) -> WhatIf | None:
    """Return the kept round that the address names, where it is of this question."""
    state.recall(_LINK, "")
    name = str(st.session_state[_LINK])
    one = rounds.kept(place).get(name)
    if one is None or (one.first, one.place) != (first, where):
        if name:
            st.warning(_("“{name}” is not kept of this round and place.").format(name=plain(name)))
        _link("")
        return None
    return one


def _link(name: str) -> None:
    """Let the address open what is kept under this name; "" for nothing that is kept."""
    state.answer_with(_LINK, name)
    state.remember(_LINK, name, "")


def _change(place: Workspace, before: WhatIf, after: WhatIf) -> None:
    """Edit another from now on; one press leads back to what was typed before."""
    st.session_state[_BEFORE] = [*st.session_state[_BEFORE], before][-_MOST_BEFORE:]
    _put(place, after)


def _put(place: Workspace, imagined: WhatIf) -> None:
    """Edit this from now on; the table on screen begins anew."""
    st.session_state[_OWN] = imagined
    # What was changed since is not what the link would open.
    _link(imagined.name if rounds.kept(place).get(imagined.name) == imagined else "")
    st.session_state["second.turn"] = st.session_state.get("second.turn", 0) + 1
    st.rerun()


def _changes(place: Workspace, imagined: WhatIf) -> None:
    """Offer who stands, mergers, who comes back, how sure; and what was kept under a name."""
    shares = imagined.table()
    options = [one for one in shares.index if one not in _NOT_VALID]
    finalists = [one for one in shares.columns if one not in _NOT_VALID]
    with st.expander(_("Who stands"), expanded=True):
        _who_stands(place, imagined, options, finalists)
    with st.expander(_("A list merges or calls to vote")):
        _merger(place, imagined, shares, finalists)
    with st.expander(_("Those who stayed home")):
        come = st.slider(
            _("Of 100 who abstained, how many come"),
            0,
            100,
            round(100 * (1 - float(shares.loc[ABSTENTION, ABSTENTION])))
            if ABSTENTION in shares.index
            else 0,
            key=f"second.come.{st.session_state.get('second.turn', 0)}",
        )
        if ABSTENTION in shares.index and st.button(_("Let them come"), key="second.mobilise"):
            _change(place, imagined, imagined.with_shares(mobilised(shares, come / 100)))
    if st.button(_("Undo"), key="second.undo", disabled=not st.session_state[_BEFORE]):
        *st.session_state[_BEFORE], last = st.session_state[_BEFORE]
        _put(place, last)
    with st.expander(_("Keep and reopen")):
        _kept(place, imagined)


def _who_stands(
    place: Workspace, imagined: WhatIf, options: list[str], finalists: list[str]
) -> None:
    turn = st.session_state.get("second.turn", 0)
    known = [one for one in finalists if one in options]
    chosen = st.multiselect(
        _("At the second round"),
        options,
        known,
        format_func=option_name,
        max_selections=_MOST_FINALISTS,
        key=f"second.who.{turn}",
        placeholder=_("Choose one or more"),
        help=_("Taking one out lets those who would have voted so share themselves out."),
    )
    if set(chosen) == set(known) or not chosen:
        if len(known) < len(finalists):
            st.caption(_("The lists of the second round bear other names than those of the first."))
        return
    if st.button(_("Let these stand"), type="primary", key="second.stand"):
        if set(chosen) < set(known):
            shares = imagined.table()
            for gone in [one for one in known if one not in chosen]:
                shares = withdrawn(shares, gone)
            _change(place, imagined, imagined.with_shares(shares))
        begun = rounds.begin(place, imagined.first, imagined.place, chosen)
        _change(place, imagined, begun)


def _merger(place: Workspace, imagined: WhatIf, shares: pd.DataFrame, finalists: list[str]) -> None:
    others = [one for one in shares.index if one not in (*finalists, *_NOT_VALID)]
    if not others:
        st.caption(_("Nobody is out of the second round."))
        return
    option = st.selectbox(_("List that is out"), others, format_func=option_name, key="second.out")
    into = st.selectbox(_("For"), finalists, format_func=option_name, key="second.into")
    follow = st.slider(_("Of 100 of its voters, how many follow"), 0, 100, 70, key="second.follow")
    if st.button(_("Let them follow"), key="second.merge"):
        _change(
            place, imagined, imagined.with_shares(merged(shares, option, into, follow=follow / 100))
        )


def _kept(place: Workspace, imagined: WhatIf) -> None:
    shelf = rounds.shelf(place)
    show_unread(shelf.unread)
    asked = (imagined.first, imagined.place)
    here = {name: one for name, one in shelf.found.items() if (one.first, one.place) == asked}
    name = st.text_input(_("Name"), imagined.name, max_chars=60, key="second.name")
    may = visitor.current().may("plan")
    if st.button(_("Keep in this place"), disabled=not (name.strip() and may), key="second.keep"):
        own = replace(imagined, name=name.strip())
        rounds.keep(place, own)
        _put(place, own)
    if not here:
        st.caption(_("Nothing is kept yet of this round and place."))
        return
    chosen = st.selectbox(_("Kept"), [*here], key="second.kept")
    left, right = st.columns(2)
    if left.button(_("Reopen"), key="second.open", width="stretch"):
        _change(place, imagined, here[chosen])
    if right.button(_("Forget"), key="second.forget", width="stretch", disabled=not may):
        rounds.forget(place, chosen)
        if st.session_state.get(_LINK) == chosen:
            _link("")
        st.rerun()


def _edited(imagined: WhatIf) -> WhatIf | None:
    """Let the shares be edited, of 100; None while a row passes 100."""
    shares = imagined.table()
    shown = [one for one in shares.columns if one != ABSTENTION]
    percents = (100 * shares[shown]).round(1)
    table = percents.set_axis([option_name(one) for one in percents.index], axis=0)
    turn = st.session_state.get("second.turn", 0)
    # Above the table: below it, what is wrong would be under the fold.
    wrong = st.container()
    edited = st.data_editor(
        table.rename(columns=option_name),
        key=f"second.table.{imagined.first}.{imagined.place}.{turn}",
        height=_ROW_PX * (1 + min(len(table), _MOST_ROWS)) + 3,
        column_config={"_index": st.column_config.Column(width=_name_px(table.index))}
        | {
            option_name(one): st.column_config.NumberColumn(
                # No most: a table makes 100 of 900 while it is typed, and says nothing.
                min_value=0.0,
                step=1.0,
                format="localized",
            )
            for one in shown
        },
    )
    keep_typed("second.table")
    values = edited.fillna(0.0).set_axis(shown, axis=1).set_axis(shares.index, axis=0)
    st.caption(_("Of 100 in each row; what is missing to 100 stays home."))
    over = values.index[values.sum(axis=1) > 100 + 0.5]
    if len(over):
        wrong.error(
            _("More than 100 in all: {which}. Lower a figure of that row.").format(
                which=plain(", ".join(map(option_name, over)))
            )
        )
        return None
    asked = st.select_slider(
        _("How sure are you: as if so many voters of each had been asked"),
        [20, 50, 100, 300, 1000],
        imagined.asked,
        key=f"second.asked.{turn}",
        format_func=number,
    )
    same = values.round(1).equals(percents)
    own = shares if same else _filled(values / 100)
    return replace(imagined.with_shares(own), asked=asked)


def _name_px(names: pd.Index) -> int:
    """Return how wide the names of rows are, within limits."""
    longest = int(names.str.len().max())
    return int(np.clip(longest * _LETTER_PX + _BESIDE_PX, *_NAME_PX))


def _filled(values: pd.DataFrame) -> pd.DataFrame:
    """Let every row sum to 1: the rest stays home."""
    sums = values.sum(axis=1)
    values = values.div(sums.where(sums > 1, 1.0), axis=0)
    home = (1 - values.sum(axis=1)).clip(lower=0)
    return values.assign(**{ABSTENTION: home.where(home > _HAIR, 0.0)})


def _counted(place: Workspace, asked: WhatIf) -> SecondRound:
    where = (str(place.path), place.digest, asked.first, asked.place)
    spread: float = answer_of(
        ("second spread", *where),
        lambda _told: rounds.spread_of(place, asked.first, asked.place),
        label=_("Seeing how far bureaux strayed…"),
    )
    if spread == ASSUMED_SPREAD:
        st.caption(_("How far bureaux stray from the whole is assumed: no earlier pair tells."))
    return rounds.counted(place, asked, spread=spread)


def _told(found: SecondRound) -> None:
    stood = found.whole.dropna(subset=["share_valid"]).sort_values("votes", ascending=False)
    columns = st.columns(min(len(stood), 4))
    for n, row in enumerate(stood.itertuples()):
        side = columns[n % len(columns)]
        side.metric(option_name(row.destination), percent(row.share_valid))
        side.caption(
            _("{votes} votes; between {low} and {high}; first in {chance} of draws").format(
                votes=number(row.votes),
                low=percent(row.lower),
                high=percent(row.upper),
                chance=percent(row.chance_first, 0),
            )
        )
    rest = found.whole[found.whole["share_valid"].isna()]
    st.caption(
        " · ".join(
            _("{what}: {n}").format(what=option_name(row.destination), n=number(row.votes))
            for row in rest.itertuples()
        )
    )


def _map(place: Workspace, asked: WhatIf, found: SecondRound) -> None:
    stood = found.whole.dropna(subset=["share_valid"]).sort_values("votes", ascending=False)
    names = [*stood["destination"]]
    chosen = st.selectbox(
        _("On the map: share of"), names, format_func=option_name, key="second.map.who"
    )
    own = found.shares[found.shares["finalist"] == chosen].set_index("bureau_id")
    label = _("{who}, % of valid votes, imagined").format(who=option_name(chosen))
    table = found.table.join(_named(place, found.table["bureau_id"]))
    vintage = rounds.vintage_of(place, asked)
    shapes = None if vintage is None else loaders.contours(place, vintage, table["commune_id"])
    drawn = None
    if shapes is not None:
        at = own.reindex(shapes.ids)
        graded = classes(100 * at["share_valid"], n=7, language=language())
        drawn = Paint(
            graded.index,
            Legend(label, graded.palette[1:], graded.labels[1:], _("Not at that first round")),
            tooltip=(_("{share}% [{low} to {high}]"),),
            numbers={
                "share": Number(100 * at["share_valid"], 1),
                "low": Number(100 * at["lower"], 1),
                "high": Number(100 * at["upper"], 1),
            },
        )
    bureaux.show_map(shapes, drawn, label=label, key="second.map")
    bureaux.without_contour(shapes, table)
    columns: dict[str, pd.Series] = {_("Registered"): table["registered"]}
    columns |= {option_name(one): table[one] for one in names}
    columns |= {option_name(one): table[one] for one in _NOT_VALID if one in table}
    columns[_("First")] = bureaux.in_words(
        table["leader"], lambda one: option_name(one) if one else ""
    )
    columns[_("Ahead (points)")] = (100 * table["lead"]).round(1)
    bureaux.show_list(table, columns, key="second.list")


@st.cache_data(max_entries=room(4), show_spinner=False)
def _labels(folder: str, digest: str, ids: tuple[str, ...]) -> pd.DataFrame:
    from analysis.workflows.model_territory import communes_of

    return communes_of(loaders.workspace(), pd.Series([*ids], dtype="str"))


def _named(place: Workspace, bureau_ids: pd.Series) -> pd.DataFrame:
    """Return what bureaux are called, once for each place."""
    return _labels(str(place.path), place.digest, tuple(bureau_ids)).set_axis(bureau_ids.index)


def _files(place: Workspace, asked: WhatIf, found: SecondRound) -> None:
    def make(figure: str, how: Written) -> Finding:
        return rounds.finding(place, asked, found, figure=figure, written=how)

    drawn = rounds.vintage_of(place, asked) is not None
    notes = (_("Imagined: shares written by hand, not an estimate and no forecast."),)
    with st.expander(_("Files")):
        file_downloads.promise()
        name = f"palier_second_round_{asked.first}"
        file_downloads.offer_table(make, name, key="second", places=drawn, notes=notes)
        stood = found.whole.dropna(subset=["share_valid"])["destination"]
        figures = {one: _("Map: {who}").format(who=option_name(one)) for one in stood}
        file_downloads.offer_figures(make, name, key="second", figures=figures, disabled=not drawn)
