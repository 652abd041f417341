"""The story of the 3.1 points: what was said, what was done, what was found, what it can mean."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.experiments import trial_words
from analysis.experiments.pons_2012.published import published
from analysis.experiments.pons_2012.reproduction import ARCHIVE, VARIABLE
from pages._ui import state
from pages._ui.access import visitor
from pages._ui.i18n import _, language, number, percent, signed
from pages._ui.points import load_points
from pages._ui.points.arithmetic import points
from pages._ui.trial.number_tables import show_table


def claim() -> None:
    """Tell what the press said."""
    press = published()["press"]
    st.markdown(
        _(
            "> In January 2014 the press wrote: {bureaux} bureaux de vote drawn by lot in 2012, "
            "{treated} canvassed and the rest not; François Hollande **{claim} points higher** "
            "where there was canvassing, Marine Le Pen systematically lower."
        ).format(
            bureaux=number(press["bureaux"]),
            treated=percent(press["treated"], 0),
            claim=number(100 * press["claim"], 1),
        )
    )
    st.markdown(
        _(
            "The experiment is real, and one of the largest ever made. **But 3.1 is not the "
            "difference between canvassed and other bureaux.** This page takes the number apart, "
            "and computes each part again."
        )
    )


def ask_areas() -> str:
    """Ask where the areas are; say that they are simulated when nothing is given."""
    if visitor.current().person is not None:
        # Nobody names a path of a server, not by a link either.
        return _told_areas("")
    state.recall("p_areas", "")
    with st.expander(_("The areas of the experiment: bring them, or use simulated ones")):
        st.markdown(
            _(
                "The areas are not ours to hand on. They are in the archive **{archive}**; give "
                "the path of the file or its folder, or set `{variable}`."
            ).format(archive=ARCHIVE, variable=VARIABLE)
        )
        path = st.text_input(_("Path of the areas on this machine"), key="p_areas")
    state.remember("p_areas", path, "")
    return _told_areas(path)


def _told_areas(path: str) -> str:
    """Say which areas are read; return where they are."""
    found = load_points.areas(path)
    if found.simulated:
        st.warning(
            _(
                "**Simulated areas.** What is computed below comes from a made-up trial of the "
                "same design, with the published effects planted: digits differ from the paper's. "
                "Archive of the real ones: {archive}."
            ).format(archive=ARCHIVE)
        )
    else:
        st.success(
            _("Areas of the experiment: {file}, {n} areas.").format(
                file=f"`{found.source}`", n=number(len(found.table))
            )
        )
    return path


def design() -> None:
    """Tell how the lot was drawn."""
    facts = published()
    made = facts["design"]
    st.subheader(_("1. What was done"))
    st.markdown(
        _(
            "- {areas} areas (a bureau, or a small commune) in {territories} territories, ranked "
            "by abstention × votes of the left, and cut into blocks of {size}: in each, the lot "
            "left **{control}** alone.\n"
            "- In the territories that used the lists ({used}, {areas_used} areas), only "
            "**{stage}** of areas that the lot gave were really put on a team's list: there were "
            "more areas than teams.\n"
            "- {opened} of doors opened. And **{control_reached} of the registered were reached in "
            "the control areas too**, against {treated_reached} in the others."
        ).format(
            areas=number(made["areas"]),
            territories=number(made["territories"]),
            size=made["block_size"],
            control=made["control"],
            used=number(made["territories_in_sample"]),
            areas_used=number(made["areas_in_sample"]),
            stage=percent(facts["first_stage"]["allocated"][0], 0),
            opened=percent(made["doors_opened"], 0),
            control_reached=percent(facts["coverage"]["reached_of_control"]),
            treated_reached=percent(facts["coverage"]["reached_of_treated"]),
        )
    )


def beside(path: str) -> None:
    """Show the published estimates with ours beside them, digit by digit."""
    st.subheader(_("2. The published table, and ours"))
    found = load_points.reproduction(path)
    names = {"hollande_r1": _("Hollande, round 1"), "turnout_r1": _("Turnout, round 1")}
    table, tongue, simulated = found.table, language(), load_points.areas(path).simulated
    here = _("Simulated (points)") if simulated else _("Ours (points)")
    error = _("± simulated") if simulated else _("± ours")
    shown = pd.DataFrame(
        {
            _("Quantity"): [trial_words.estimand_name(one, tongue) for one in table["estimand"]],
            _("Outcome"): table["outcome"].map(names),
            _("Published (points)"): 100 * table["published"],
            _("± published"): 100 * table["published_se"],
            here: (100 * table["ours"]).round(6),
            error: (100 * table["ours_se"]).round(6),
        }
    )
    if not simulated:
        shown[_("Same once rounded")] = ["✓" if same else "≠" for same in table["same"]]
    printed = {_("Published (points)"): 2, _("± published"): 2}
    show_table(shown, digits=2 if simulated else 6, fewer=printed)
    if simulated:
        st.caption(
            _(
                "Simulated: the design is that of 2012, nobody voted. Bring the areas to see the "
                "digits."
            )
        )
    elif found.same:
        st.success(_("Every printed digit is found again."))
    else:
        st.error(_("Some digits are not those that were printed: is this the file of the archive?"))
    hollande = found.impact.pick("hollande_r1")
    turnout = found.impact.pick("turnout_r1")
    st.markdown(
        _(
            "Drawing the lot again, a difference as large as Hollande's comes up in {p} of draws "
            "if the canvass did nothing; one as large as that of turnout in {q}: **turnout did "
            "not move**."
        ).format(p=percent(hollande.p_randomisation, 1), q=percent(turnout.p_randomisation, 0))
    )


def meaning() -> None:
    """Say what 3.1 can be, and what it cannot."""
    facts = published()
    cover = facts["coverage"]
    st.subheader(_("4. What 3.1 can be, and what it cannot"))
    st.markdown(
        _(
            "- It is **not** the difference between bureaux that were drawn and others: that is "
            "{plain} points, {adjusted} with all controls.\n"
            "- It is **not** the effect where teams had the bureau on their list: that is {iv}.\n"
            "- It **can only be** a number scaled to the persons reached: the paper has {reached} "
            "at round 1 and {reached_2} at round 2. Its exact source was not found.\n"
            "- Over the whole country the paper puts the gain at {national} points in round 1."
        ).format(
            plain=signed(100 * facts["assignment"]["hollande_r1"][0], 2),
            adjusted=signed(100 * facts["assignment_adjusted"]["hollande_r1"][0], 2),
            iv=signed(100 * facts["allocation"]["hollande_r1"][0], 2),
            reached=signed(100 * cover["among_reached"], 2),
            reached_2=signed(100 * cover["among_reached_r2"], 2),
            national=signed(100 * facts["national"]["hollande_r1"], 2),
        )
    )


def others(path: str) -> None:
    """Show what did not move, the placebo, and all territories."""
    facts = published()
    st.subheader(_("5. What the press left out"))
    names = {
        "turnout_r1": _("Turnout, round 1"),
        "turnout_r2": _("Turnout, round 2"),
        "hollande_r1": _("Hollande, round 1"),
        "hollande_r2": _("Hollande, round 2"),
        "right_r1": _("The right, round 1"),
        "le_pen_r1": _("Le Pen, round 1"),
    }
    plain, adjusted = facts["assignment"], facts["assignment_adjusted"]
    rows = [
        {
            _("Outcome"): label,
            _("Without controls (points)"): 100 * plain[name][0],
            "±": 100 * plain[name][1],
            _("All controls (points)"): 100 * adjusted[name][0],
            "± ": 100 * adjusted[name][1],
        }
        for name, label in names.items()
    ]
    placebo = facts["placebo"]["royal_2007_r1"]
    rows.append(
        {
            _("Outcome"): _("Placebo: Royal 2007"),
            _("Without controls (points)"): 100 * placebo[0],
            "±": 100 * placebo[1],
        }
    )
    show_table(pd.DataFrame(rows), digits=2)
    st.markdown(
        _(
            "- **Turnout did not move.** The canvass changed votes, not who went to vote.\n"
            "- **Le Pen was not lower**: {le_pen} points, {le_pen_adjusted} with all controls, "
            "both well within chance. The claim is contradicted by the published table.\n"
            "- **The placebo is not quite nought** ({placebo} ± {error}): in 2007, before anything "
            "was done, the lot had fallen a "
            "little in favour of the left, which is why the adjusted numbers are smaller and "
            "fairer."
        ).format(
            le_pen=signed(100 * plain["le_pen_r1"][0], 2),
            le_pen_adjusted=signed(100 * adjusted["le_pen_r1"][0], 2),
            placebo=signed(100 * placebo[0], 2),
            error=number(100 * placebo[1], 2),
        )
    )
    areas = load_points.areas(path)
    if len(areas.table) > len(areas.main):
        whole = load_points.everywhere(path).pick("hollande_r1")
        st.markdown(
            _(
                "- **Over all {n} areas**, those of territories that never used their lists "
                "included, the effect of assignment is {value} (95%: {low} to {high}), here on "
                "the simulated areas; the paper too finds it close to zero."
            ).format(
                n=number(len(areas.table)),
                value=points(whole.value),
                low=points(whole.interval[0]),
                high=points(whole.interval[1]),
            )
        )
    else:
        st.caption(
            _(
                "The archive's file holds no other territories: over all, the paper says close to "
                "zero."
            )
        )


def sources() -> None:
    """Name the paper, the archive, the commands."""
    facts = published()
    st.caption(
        _(
            "Pons, V. (2018), Will a Five-Minute Discussion Change Your Mind?, American Economic "
            "Review 108(6), doi {doi}; working paper HBS 16-079; archive {archive}. Estimator: "
            "block effects, HC1 with absorbed effects counted, blocks of one left out."
        ).format(doi=facts["doi"], archive=ARCHIVE)
    )
