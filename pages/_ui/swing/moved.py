"""What moved between two elections: in the town, in each bureau, and apart from the town."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.colours import graded
from analysis.charts.swing_charts import KINDS
from analysis.electorate.spatial import Clusters
from analysis.electorate.swing_by_bureau import Share, butler_swing
from analysis.errors import DataError
from analysis.exports.model_export import Finding, Written
from analysis.geography.level_shapes import BUREAU
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.published_results import page_bytes
from analysis.workflows.swing import Moved, finding
from pages._ui import bureaux, file_downloads, levels, phone_order, shell, state
from pages._ui.access import taken_away
from pages._ui.bureau_map import Geometry, Legend, Number, Paint
from pages._ui.i18n import _, election_name, language, ngettext, number, percent, pgettext, signed
from pages._ui.messages import plain, show_error, translate
from pages._ui.swing import two_elections as swings
from pages._ui.swing.shares import choose_share, share_name
from pages._ui.swing.two_elections import Question
from pages._ui.trial.arms_view import choose_view


def swing(place: Workspace, asked: Question) -> None:
    """Show the swing of the whole place and of each bureau."""
    with phone_order.asked_last("share"):
        share, blocs, rival = choose_share(place, asked, against=True)
    label = _("Swing of {what} (points)").format(what=share_name(share))
    known = swings.is_measured(place, asked, share)
    clear = levels.first_look(place, _counted(asked, share, label), known=known)
    found = swings.moved(place, asked, share)
    clear()
    map_side, list_side = st.columns(shell.MAP_AND_CARD)
    with map_side, phone_order.map_box():
        _levels_map(place, asked, found, label)
    first = found.table.sort_values("swing", ascending=False, kind="stable")
    _beside(list_side, found, first, "swing")
    with map_side:
        _numbers(place, asked, found, (share, blocs, rival))
        _left_out(found)
    maps = {"swing": _("Map of the swing"), "scatter": _("Before and after, bureau by bureau")}
    _files(place, found, maps)


def _levels_map(place: Workspace, asked: Question, found: Moved, label: str) -> None:
    """Show the swing at the level asked for: départements, communes or bureaux."""
    shapes = swings.geometry(place, found.vintage, found.table)
    level = levels.choose(place, found.table, drawn=shapes is not None)
    if level == BUREAU:
        if shapes is None:
            sized = found.table.assign(registered=found.table["weight"])
            shapes = levels.squares(place, sized)
        _map(shapes, found, "swing", label)
        bureaux.without_contour(shapes, found.table)
    else:
        table = levels.counted_by(place, _counted(asked, found.share, label), level)
        table = table.sort_values("swing", ascending=False, ignore_index=True)
        look = levels.counted(table, found.elections, label)
        vintage = None if shapes is None else found.vintage
        levels.show(place, levels.Units(level, table, vintage), look, key="map.swing")


def _counted(asked: Question, share: Share, label: str) -> levels.Counted:
    places = (asked.place,) if asked.place else ()
    return levels.Counted(places, (asked.origin, asked.destination), share, label)


def apart(place: Workspace, asked: Question) -> None:
    """Show which bureaux moved otherwise than the whole, and whether neighbours did together."""
    with phone_order.asked_last("share"):
        share, _blocs, _rival = choose_share(place, asked)
    found = swings.moved(place, asked, share)
    shown = {"residual": _("Bureau by bureau"), "clusters": _("Neighbours alike")}
    view = choose_view(shown, "s_apart")
    shapes = swings.geometry(place, found.vintage, found.table)
    near = None
    if view == "clusters":
        try:
            near = swings.clusters(place, asked, share, found)
        except DataError as error:
            show_error(error)
            return
    map_side, list_side = st.columns(shell.MAP_AND_CARD)
    with map_side, phone_order.map_box():
        if near is None:
            _map(shapes, found, "residual", _("Swing less that of the whole (points)"))
        else:
            _cluster_map(shapes, found, near)
        bureaux.without_contour(shapes, found.table)
    far = found.table["residual"].abs().sort_values(ascending=False, kind="stable").index
    _beside(list_side, found, found.table.loc[far], "residual")
    with map_side:
        _apart_numbers(found, near)
        st.caption(
            _(
                "If every bureau had moved as the whole did, the column “apart” would be nought, "
                "up to chance in the ballots. The interval ({level}) counts that chance, not "
                "errors of the link between old and new bureaux."
            ).format(level=percent(found.swing.level, 0))
            + " "
            + chance_of(found)
        )
        _left_out(found)
    maps = {"residual": _("Map of what moved otherwise")}
    if near is not None:
        maps["clusters"] = _("Map of neighbours alike")
    _files(place, found, maps, near)


def _apart_numbers(found: Moved, near: Clusters | None) -> None:
    """Say how many moved otherwise, the whole, and how alike neighbours are where that is known."""
    unlike = int(found.table["unlike"].sum())
    chance = (1 - found.swing.level) * len(found.table)
    columns = st.columns(3)
    columns[0].metric(
        _("Bureaux that moved otherwise"),
        _("{n} of {all}").format(n=number(unlike), all=number(len(found.table))),
        help=_("Chance in the ballots alone would show about {n}.").format(n=number(chance)),
    )
    columns[1].metric(_("Swing of the whole"), points(found.swing.swing))
    if near is not None:
        columns[2].metric(
            _("Likeness of neighbours (Moran’s I)"),
            number(near.moran, 2),
            help=_("0: none; 1: complete. By chance alone: p = {p}.").format(
                p=number(near.p_value, 4)
            ),
        )


def chance_of(found: Moved) -> str:
    """Say how much is chance, and how that is known."""
    noise = found.swing.noise
    if noise.source == "assumed":
        return _(
            "Too few bureaux lie side by side to learn that chance here: it is taken as twice that "
            "of two independent counts, which is careful."
        )
    told = {
        "touching": _(
            "That chance is learned from {n} pairs of bureaux that touch: {factor} times that of "
            "two independent counts, for mostly the same people vote both times."
        ),
        "numbered": _(
            "That chance is learned from {n} pairs of bureaux of one town whose numbers follow one "
            "another: {factor} times that of two independent counts, for mostly the same people "
            "vote both times."
        ),
    }
    return told[noise.source].format(n=number(noise.pairs), factor=number(noise.factor, 2))


def points(share: float) -> str:
    """Write a change of a share: « +3,1 points »."""
    return _("{n} points").format(n=signed(100 * share, 1))


def _numbers(
    place: Workspace, asked: Question, found: Moved, whose: tuple[Share, list[str], str]
) -> None:
    share, blocs, rival = whose
    whole = found.swing
    columns = st.columns(4)
    columns[0].metric(
        share_name(share),
        percent(whole.after),
        points(whole.swing),
        delta_color="off",
        delta_arrow="off",
    )
    columns[0].caption(_("{before} at the first election").format(before=percent(whole.before)))
    moves = found.table["swing"]
    low, high = np.quantile(moves, [0.1, 0.9])
    columns[1].metric(
        _("Eight bureaux in ten"),
        _("{low} to {high}").format(low=signed(100 * low, 0), high=signed(100 * high, 0)),
        help=_("Points. One bureau in ten moved less than the first, one in ten more."),
    )
    if rival:
        other = swings.moved(place, asked, Share(Choice(rival), share.of))
        columns[2].metric(
            _("Shift from one to the other (Butler swing)"),
            points(butler_swing(whole, other.swing)),
            help=_("Half of what one gained and the other lost; positive when the first gained."),
        )
    if blocs:
        index = swings.pedersen(place, asked)
        columns[3].metric(
            _("Share that changed (Pedersen’s volatility)"),
            percent(index),
            help=_(
                "Half the sum of the changes of all blocs, of valid votes, in the whole place: at "
                "least this share of voters changed bloc, came or went."
            ),
        )


def _map(shapes: Geometry | None, found: Moved, column: str, label: str) -> None:
    bureaux.show_map(shapes, paint(shapes, found, column, label), label=label, key=f"map.{column}")


def paint(shapes: Geometry | None, found: Moved, column: str, label: str) -> Paint | None:
    """Return the colours of a swing or of its residual, around nought."""
    if shapes is None:
        return None
    table = found.table.set_index("bureau_id").reindex(shapes.ids)
    sorted_, colours = graded(100 * table[column], language())
    return Paint(
        sorted_.index,
        Legend(label, colours, sorted_.labels[1:], _("Not at both elections")),
        tooltip=(
            _("From {before}% to {after}%: {swing} points"),
            _("Apart from the whole: {residual} points [{low} to {high}]"),
        ),
        numbers={
            "before": Number(100 * table["before"], 1),
            "after": Number(100 * table["after"], 1),
            "swing": Number(100 * table["swing"], 1),
            "residual": Number(100 * table["residual"], 1),
            "low": Number(100 * table["residual_lower"], 1),
            "high": Number(100 * table["residual_upper"], 1),
        },
    )


def _cluster_map(shapes: Geometry | None, found: Moved, near: Clusters) -> None:
    label = _("Neighbours that moved together, apart from the whole")
    drawn = None
    if shapes is not None:
        kinds = near.table.set_index("bureau_id")["kind"].reindex(shapes.ids)
        codes = kinds.map({kind: n for n, kind in enumerate(KINDS, start=1)}).fillna(0)
        table = found.table.set_index("bureau_id").reindex(shapes.ids)
        drawn = Paint(
            codes.to_numpy().astype(int),
            Legend(label, list(KINDS.values()), list(kind_names().values()), _("No neighbour")),
            tooltip=(_("Apart from the whole: {residual} points"),),
            numbers={"residual": Number(100 * table["residual"], 1)},
        )
    bureaux.show_map(shapes, drawn, label=label, key="map.clusters")
    st.caption(
        _(
            "A colour means that chance alone would seldom put such values side by side (5 false "
            "alarms in 100 bureaux). Neighbours alike may share a campaign, a candidate, or new "
            "inhabitants: the map does not say which."
        )
    )


def kind_names() -> dict[str, str]:
    """Name the kinds of likeness, in the order of `KINDS`."""
    return {
        "high_high": _("Gained more, and so the neighbours"),
        "high_low": _("Gained more amid losses"),
        "low_high": _("Lost more amid gains"),
        "low_low": _("Lost more, and so the neighbours"),
        "": _("Nothing sure"),
    }


def _beside(side: DeltaGenerator, found: Moved, table: pd.DataFrame, column: str) -> None:
    """Show the list of bureaux beside the map, its `column` first, and below it the one chosen."""
    with side:
        with phone_order.list_box():
            _list(table, column)
        _in_view(found)


def _in_view(found: Moved) -> None:
    """Say the numbers of the bureau in view."""
    rows = found.table[found.table["bureau_id"] == state.selected()]
    if rows.empty:
        st.caption(_("Click a bureau on the map or in the list to read its numbers here."))
        return
    one = rows.iloc[0]
    told = (
        _("It moved otherwise than the whole.")
        if one["unlike"]
        else _("It moved as the whole did, up to chance.")
    )
    st.markdown(
        _(
            "**{title}**: from {before} to {after}, {swing} ({low} to {high}); apart from the "
            "whole {residual}. {told}"
        ).format(
            title=plain(bureaux.title_of(one)),
            before=percent(one["before"]),
            after=percent(one["after"]),
            swing=points(one["swing"]),
            low=signed(100 * one["lower"]),
            high=signed(100 * one["upper"]),
            residual=points(one["residual"]),
            told=told,
        )
    )


def _list(table: pd.DataFrame, column: str) -> None:
    def rounded(name: str) -> pd.Series:
        return (100 * table[name]).round(1)

    apart = {_("Apart (points)"): rounded("residual")}
    columns = {
        **(apart if column == "residual" else {}),
        pgettext("list", "Swing (points)"): rounded("swing"),
        _("from"): rounded("lower"),
        _("to"): rounded("upper"),
        _("Before (%)"): rounded("before"),
        _("After (%)"): rounded("after"),
        **apart,
        _("Otherwise than the whole"): table["unlike"],
        _("Voters counted"): table["weight"],
    }
    bureaux.show_list(table, columns, key=f"{column}.list", beside=True)


def _left_out(found: Moved) -> None:
    for reason in found.swing.left_out:
        st.caption(
            ngettext(
                "{election}: {n} bureau has no counterpart: {which}.",
                "{election}: {n} bureaux have no counterpart: {which}.",
                reason.count,
            ).format(
                election=election_name(reason.election_id),
                n=number(reason.count),
                which=plain(bureaux.by_name(translate(reason.examples))),
            )
        )


def _files(
    place: Workspace, found: Moved, figures: dict[str, str], near: Clusters | None = None
) -> None:
    """Offer the table, and the figures (id → label) of what is on screen."""

    def make(figure: str, how: Written) -> Finding:
        return finding(place, found, near=near, figure=figure, written=how)

    name = f"palier_swing_{found.elections[0]}_{found.elections[1]}"
    drawn = found.vintage is not None
    with st.expander(_("Files")):
        file_downloads.promise()
        file_downloads.offer_table(
            make, name, key="swing", places=drawn, notes=(share_name(found.share),)
        )
        dots = {one: label for one, label in figures.items() if one == "scatter"}
        maps = {one: label for one, label in figures.items() if one != "scatter"}
        file_downloads.offer_figures(make, name, key="swing", figures=maps, disabled=not drawn)
        file_downloads.offer_figures(make, name, key="swing", figures=dots)
        _publish(place, found)


def _publish(place: Workspace, found: Moved) -> None:
    """Offer the results of both elections, each as a page to publish."""
    st.markdown("**" + _("Results to publish (one page, no server needed)") + "**")
    for side, one in zip(st.columns(len(found.elections)), found.elections, strict=True):
        taken_away.offer(
            side,
            election_name(one),
            partial(page_bytes, place, one, found.place, language=language()),
            f"palier_results_{one}.html",
            key=f"publish.{one}",
            on_click="ignore",
            width="stretch",
        )
