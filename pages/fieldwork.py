"""Page: what happened at the doors, and whether the campaign will be there in time."""

import streamlit as st

from analysis.fieldwork.field_plan import turfs_in_field
from pages._ui import loaders, messages, phone_order, shell, state
from pages._ui.access import visitor
from pages._ui.fieldwork import (
    bring_returns,
    buildings_found,
    door_words,
    doors,
    field_downloads,
    ground,
    outlook,
    refresh,
    return_checks,
    revisits,
    settings,
)
from pages._ui.fieldwork import load_fieldwork as field
from pages._ui.i18n import _
from pages._ui.trial.arms_view import choose_view

st.title(_("Field"))
st.caption(_("What happened at the doors, and will the campaign be there in time?"))

VIEWS = {
    "ahead": _("Progress"),
    "ground": _("Map"),
    "doors": _("What doors teach"),
    "say": _("What is said at the door"),
    "again": _("Come back"),
    "checks": _("Checks"),
    "hand": _("Take away"),
}

with messages.explain_data_errors():
    place = loaders.workspace()
    store = field.store(place)

here = visitor.current()
with phone_order.sides_turned():
    # Who only reads has no side to write in.
    writes = here.may("bring_returns") or here.may("settings")
    sides = st.columns(shell.SETTINGS_AND_MAP) if writes else [st.container()]
    answer_side = sides[-1]
if writes:
    with sides[0], messages.explain_data_errors():
        if here.may("bring_returns"):
            bring_returns.bring(place, store)
        if here.may("settings"):
            settings.settings(place, store)

with answer_side, messages.explain_data_errors():
    whole = field.mark(place)
    mark = field.narrowed(place, whole)
    store = mark.store
    outlook.headline(store, mark)
    refresh.watch(place, whole)
    reported = field.buildings(mark)
    buildings_found.waiting(reported)
    if not field.totals(mark).attempts:
        # A part that was chosen on another page must not hide how a campaign begins.
        if field.totals(whole).attempts:
            st.info(_("Nothing has come back from this part yet."))
        else:
            outlook.empty(bool(turfs_in_field(store)))
        if not reported.empty:
            buildings_found.buildings(place, store, mark)
        st.subheader(VIEWS["say"])
        door_words.say(place)
        state.stop()
    view = choose_view(VIEWS, "field_view")
    if view == "ground":
        ground.ground(place, mark)
    elif view == "doors":
        doors.doors(place, store, mark)
    elif view == "say":
        door_words.script_or_answers(place, mark)
    elif view == "again":
        revisits.again(place, store, mark)
    elif view == "checks":
        buildings_found.buildings(place, store, mark)
        return_checks.checks(place, store, mark)
    elif view == "hand":
        field_downloads.hand(place, mark)
    else:
        outlook.ahead(store, mark)
