"""Page: which bureaux are left alone, by lot, so that the next vote tells what was changed."""

import streamlit as st

from pages._ui import inputs, loaders, messages, phone_order, shell
from pages._ui.i18n import _
from pages._ui.trial import arms_view, draft, power_view, sealed, sealing, trial_choices

st.title(_("Trial design"))
st.caption(
    _("Which bureaux are left alone, by lot, so that the next vote tells what the canvass changed?")
)

with messages.explain_data_errors():
    place = loaders.workspace()
    question = inputs.choose_question(place)
    found = loaders.prospects(place, question)

with phone_order.sides_turned():
    settings_side, answer_side = st.columns(shell.SETTINGS_AND_MAP)
with settings_side, messages.explain_data_errors():
    with st.popover(_("Ranking"), width="stretch"):
        inputs.choose_rival(question, found)
        settings = inputs.choose_settings(loaders.weights_of(place, question, found))
    scenario = inputs.put_together(question, settings)
    ranked = loaders.ranking(place, scenario)
    trial = sealed.in_force(place, ranked)
    chosen = None if trial else trial_choices.choose(ranked)

with answer_side, messages.explain_data_errors():
    sealed.problem()
    if trial is not None:
        VIEWS = {
            "blocks": _("Arms"),
            "sight": _("What it can see"),
            "balance": _("Balance"),
            "files": _("Files"),
            "verify": _("Verify a seal"),
        }
        sealed.header(scenario, trial)
        view = arms_view.choose_view(VIEWS, "t_view")
        if view == "sight":
            power_view.sight(place, scenario, ranked, trial.fingerprint)
        elif view == "balance":
            sealed.balance(place, scenario, trial)
        elif view == "files":
            sealed.files(place, trial)
        elif view == "verify":
            sealing.verified(place)
        else:
            sealed.arms(place, scenario, ranked, trial)
    elif chosen is not None:
        VIEWS = {
            "blocks": _("Blocks"),
            "sight": _("What it can see"),
            "seal": _("Plan and seal"),
            "verify": _("Verify a seal"),
        }
        view = arms_view.choose_view(VIEWS, "t_view")
        if view == "sight":
            power_view.sight(place, scenario, ranked, chosen)
        elif view == "seal":
            sealing.seal(place, scenario, chosen)
        elif view == "verify":
            sealing.verified(place)
        else:
            draft.blocks(place, scenario, ranked, chosen)
