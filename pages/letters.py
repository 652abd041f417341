"""Page: messages written, approved by another, sent once, and what they changed."""

import streamlit as st

from pages._ui import messages
from pages._ui.i18n import _
from pages._ui.letters import approve_view, came_back_view, list_view, send_view, write_view
from pages._ui.trial.arms_view import choose_view

st.title(_("Messages"))
st.caption(_("What do we write, who approved it, did it arrive, and what did it change?"))

VIEWS = {
    "list": _("All messages"),
    "write": _("Write"),
    "approve": _("Check and approve"),
    "send": _("Send"),
    "back": _("What came back"),
}

with messages.explain_data_errors():
    view = choose_view(VIEWS, "letters_view")
    if view == "write":
        write_view.write()
    elif view == "approve":
        approve_view.approve()
    elif view == "send":
        send_view.send()
    elif view == "back":
        came_back_view.back()
    else:
        list_view.every()
