"""How far the campaign is, and whether it will be there in time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.fieldwork.field_plan import turfs_in_field
from analysis.fieldwork.outlook import Aim, Correction, Forecast
from analysis.fieldwork.store import Store
from analysis.tables.schema import OUTCOMES
from analysis.workflows.fieldwork import last_day_over
from pages._ui import loaders, pictures
from pages._ui.access import gate, visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import (
    _,
    date,
    language,
    measure_name,
    ngettext,
    number,
    outcome_name,
    percent,
)
from pages._ui.trial.number_tables import show_table

# Beyond this width the letters of a chart are larger than those of the page.
_MOST_PX = 760
_KEYS = ("day", "team_id", "bureau_id", "turf_id")


def headline(opened: Store, asked: Mark) -> None:
    """Say how far the campaign is, in five numbers."""
    campaign, now = opened.campaign, load_fieldwork.totals(asked)
    done = now.of(campaign.measure)
    columns = st.columns(5)
    columns[0].metric(_("Doors"), number(now.doors))
    columns[1].metric(_("Conversations"), number(now.conversations))
    columns[2].metric(
        _("Doors opened (%)"),
        percent(now.open_rate) if now.doors else "—",
        help=_("Doors that opened, to talk or to refuse, for 100 knocked at."),
    )
    columns[3].metric(
        _("Conversations (%)"),
        percent(now.answer_rate) if now.doors else "—",
        help=_("Conversations for 100 doors knocked at."),
    )
    columns[4].metric(
        _("Turfs with returns, of {n}").format(n=number(len(turfs_in_field(opened)))),
        number(now.turfs),
    )
    if campaign.objective:
        share = done / campaign.objective
        st.progress(
            min(share, 1.0),
            text=_("{done} of {objective} {measure} ({share})").format(
                done=number(done),
                objective=number(campaign.objective),
                measure=measure_name(campaign.measure),
                share=percent(share),
            ),
        )


def ahead(opened: Store, asked: Mark) -> None:
    """Show the forecast with its correction, then the counts."""
    found = load_fieldwork.outlook(asked, last_day_over(opened))
    if found is None and opened.part is None:
        st.info(
            _(
                "Set an objective and a last day under “Objective and calendar”, and import "
                "returns: Palier then says how likely it is that you will be there in time."
            )
        )
    elif found is not None:
        _forecast(opened, *found)
    _course(opened, asked, found[0] if found else None)
    with st.expander(_("The numbers behind")):
        _counts(asked)


def _forecast(opened: Store, found: Forecast, fix: Correction | None) -> None:
    campaign = opened.campaign
    low, high = found.interval()
    st.markdown(
        _(
            "**{chances} chances in 100** of reaching {objective} {measure} by {day}. Expected: "
            "{expected}, between {low} and {high} (90 times in 100)."
        ).format(
            chances=number(100 * found.probability),
            objective=number(campaign.objective),
            measure=measure_name(campaign.measure),
            day=date(found.window.ends),
            expected=number(found.expected),
            low=number(low),
            high=number(high),
        )
    )
    likely = number(100 * Aim().likely)
    if fix is None:
        st.warning(
            _("No number of outings makes it likely: change the objective, or the last day.")
        )
    elif fix.outings:
        st.warning(
            ngettext(
                "For {likely} chances in 100: **{n} more outing**",
                "For {likely} chances in 100: **{n} more outings**",
                fix.outings,
            ).format(likely=likely, n=number(fix.outings))
            + " "
            + _("until the last day ({week} a week), {hours} volunteer-hours;").format(
                week=number(fix.per_week, 1), hours=number(fix.volunteer_hours)
            )
            + " "
            + ngettext(
                "or {n} more team at the pace of the others.",
                "or {n} more teams at the pace of the others.",
                fix.teams,
            ).format(n=number(fix.teams))
        )
    else:
        st.success(_("On course: the same effort is enough."))


def _course(opened: Store, asked: Mark, found: Forecast | None) -> None:
    """Draw doors by day, and the running total with its fan and the objective."""
    measure = opened.campaign.measure
    days = load_fieldwork.by(asked, "day")
    if days.empty:
        return
    drawn = load_fieldwork.course(asked, last_day_over(opened), measure, language())
    alt = _("Doors and conversations by day: {n} days, {doors} doors").format(
        n=number(len(days)), doors=number(int(days["doors"].sum()))
    )
    if found is not None:
        alt += _("; objective {objective}, {expected} expected").format(
            objective=number(found.objective), expected=number(found.expected)
        )
    pictures.show(drawn, alt, most_px=_MOST_PX)
    if found is not None:
        st.caption(_("The coming days are taken to be like those so far."))


def _counts(asked: Mark) -> None:
    """Show the counts by day, team, bureau or turf."""
    names = {
        "day": _("By day"),
        "team_id": _("By team"),
        "bureau_id": _("By bureau"),
        "turf_id": _("By turf"),
    }
    key = st.segmented_control(
        _("Counts"),
        _KEYS,
        default="day",
        required=True,
        format_func=names.__getitem__,
        key="field.by",
        label_visibility="collapsed",
        persist_state="session",
    )
    table = load_fieldwork.by(asked, key or "day")
    if table.empty:
        st.caption(_("No returns yet."))
        return
    show_table(_shown(table, key or "day"), digits=1)


def _shown(table: pd.DataFrame, key: str) -> pd.DataFrame:
    heads = {
        "day": _("Day"),
        "team_id": _("Team"),
        "bureau_id": _("Bureau"),
        "turf_id": _("Turf"),
    }
    first = table[key].replace("", _("outside the turfs") if key == "bureau_id" else "—")
    if key == "bureau_id":
        inside = table[key] != ""
        first = first.mask(inside, pd.Series(loaders.labels(table[key]), index=table.index))
    return pd.DataFrame(
        {
            heads[key]: first,
            _("Doors"): table["doors"],
            **{outcome_name(code): table[code] for code in OUTCOMES},
            _("Doors opened (%)"): 100 * table["open_rate"],
            _("Conversations (%)"): 100 * table["answer_rate"],
            _("Quality (1–5)"): table["quality"],
            _("Opponent seen"): table["opponent"],
        }
    )


def empty(place_knows_turfs: bool) -> None:  # noqa: FBT001 - one state of the page
    """Say what to do when nothing has come back yet, to who may do it."""
    here = visitor.current()
    if not place_knows_turfs and not gate.opens(here, "turfs"):
        st.info(_("Nothing is in the field yet."))
        return
    if place_knows_turfs and not here.may("bring_returns"):
        st.info(_("The turfs are in the field, and nothing has come back yet."))
        return
    if not place_knows_turfs:
        st.info(
            _(
                "Nothing is in the field yet. Cut turfs on the page Walks, put them into the "
                "field, and hand out the sheets or the phone pages."
            )
        )
        gate.link("pages/turfs.py", label=_("Cut turfs"), icon=":material/hiking:")
        return
    st.info(
        _(
            "The turfs are in the field, and nothing has come back yet. After an outing, each "
            "team sends you the file of its phone page, or its sheet: drop it under “Bring returns "
            "in”. Numbers appear here at once, and an import made twice counts once."
        )
    )
