"""Page: who is in this campaign, who is invited and logged in, and who did what."""

import streamlit as st

from pages._ui import messages
from pages._ui.access import administration_view, audit_view
from pages._ui.i18n import _
from pages._ui.trial.arms_view import choose_view

st.title(_("Administration"))
st.caption(_("Who may do what in this campaign, and who did what?"))

VIEWS = {
    "people": _("People"),
    "invitations": _("Invitations"),
    "logins": _("Logins"),
    "audit": _("Audit"),
}

administration_view.mail_settings()
with messages.explain_data_errors():
    view = choose_view(VIEWS, "admin_view")
    if view == "invitations":
        administration_view.invitations()
    elif view == "logins":
        administration_view.logins()
    elif view == "audit":
        audit_view.audit()
    else:
        administration_view.people()
