"""What a trial showed: three quantities named apart, their pictures, and what they rest on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.experiments import trial_words
from analysis.experiments.estimates import Estimate, Impact
from pages._ui.i18n import _, election_name, language, number, percent
from pages._ui.pictures import figure
from pages._ui.trial.number_tables import show_table

QUANTITIES = ("assignment", "allocation", "coverage")
_DIGITS = 6


def quantities(impact: Impact, outcome: str) -> None:
    """Show the three quantities of an outcome one below the other, each under its own name."""
    lacking = {
        "allocation": _("Needs what was carried out in each bureau."),
        "coverage": _("Needs the share reached in each arm."),
    }
    names = trial_words.names("estimand_long", language())
    for quantity in QUANTITIES:
        name, _colon, meaning = names[quantity].partition(":")
        found = pick(impact, outcome, quantity)
        value = found.told(found.value, language()) if found else "—"
        # Side by side, three numbers with their unit are cut off on small screens.
        left, right = st.columns([9, 11], vertical_alignment="center")
        left.metric(name.strip().replace("\u202f", ""), value)
        with right:
            st.caption(meaning.strip())
            if found:
                st.caption(_interval(found))
                how = trial_words.estimator_name(found.estimator, language())
                st.caption(_("Estimator: {estimator}").format(estimator=how))
                _beside(impact, found)
            elif quantity in lacking:
                st.caption(lacking[quantity])


def pick(impact: Impact, outcome: str, quantity: str) -> Estimate | None:
    """Return the default estimate of a quantity, if there is one."""
    return next(
        (e for e in impact.defaults if (e.outcome, e.estimand) == (outcome, quantity)), None
    )


def _beside(impact: Impact, found: Estimate) -> None:
    """Show the same quantity adjusted for what was known before, or not, where there is both."""
    other = impact.beside(found)
    if other is None:
        return
    low, high = (other.told(end, language()) for end in other.interval)
    said = (
        _("**Adjusted** for what was known before: {value} (95%: {low} to {high})")
        if other.estimator == "ancova"
        else _("**Not adjusted**: {value} (95%: {low} to {high})")
    )
    st.caption(said.format(value=other.told(other.value, language()), low=low, high=high))


def _p(value: float) -> str:
    return trial_words.told_p(value, language(), digits=4)


def _interval(found: Estimate) -> str:
    low, high = (found.told(end, language()) for end in found.interval)
    if not found.judged:
        return _("Nobody can tell this from chance: no interval can be given.")
    said = _("95%: {low} to {high} · p {p}").format(low=low, high=high, p=_p(found.p_value))
    if found.p_holm is not None:
        said += _(" · among the outcomes of the plan (Holm): p {p}").format(p=_p(found.p_holm))
    if found.p_randomisation is not None:
        said += _(" · drawn again: p {p}").format(p=_p(found.p_randomisation))
    return said + _(" · {n} units, {blocks} blocks").format(
        n=number(found.n), blocks=number(found.blocks)
    )


def sentences(impact: Impact) -> None:
    """Say every default estimate in a sentence, a null result plainly."""
    shown = [e for e in impact.defaults if e.estimand in QUANTITIES]
    st.markdown("\n".join(f"- {_plain(impact.sentence(e, language()))}" for e in shown))
    if impact.notes:
        with st.expander(_("Good to know before reading ({n})").format(n=len(impact.notes))):
            notes = (_plain(note.say(language())) for note in impact.notes)
            st.markdown("\n".join(f"- {note}" for note in notes))


def _plain(text: str) -> str:
    # Names of columns hold underscores, which Markdown would take for its own.
    return text.replace("_", r"\_").replace("*", r"\*")


def pictures(impact: Impact) -> None:
    """Show the coefficients, and how far the coverage depends on the share reached."""
    from analysis.charts.trial_charts import coefficient_plot, reach_chart

    figure(coefficient_plot, "impact_estimates", impact, language=language(), least_px=500)
    known = impact.sensitivity
    if known.empty:
        return
    with st.expander(_("If the difference in the share reached were another")):
        outcome = str(known["outcome"].iloc[0])
        # The middle of the table is the difference that was given.
        gap = float(known.loc[known["outcome"] == outcome, "gap"].median())
        given = pick(impact, outcome, "coverage")
        assignment = impact.pick(outcome)
        if given is not None and given.value:
            gap = assignment.value / given.value
        if 0 < gap <= 1:
            figure(reach_chart, "impact_reach", assignment, gap, language=language())
        show_table(_in_points(known))


def _in_points(table: pd.DataFrame) -> pd.DataFrame:
    names = {
        "outcome": _("Outcome"),
        "gap": _("Difference in the share reached (points)"),
        "estimate": _("Coverage (points)"),
        "lower": _("from"),
        "upper": _("to"),
    }
    scaled = table.assign(**{n: (100 * table[n]).round(2) for n in list(names)[1:]})
    return scaled[list(names)].rename(columns=names)


def every_estimate(impact: Impact) -> None:
    """Show the table of all estimators, with every standard error."""
    table, tongue = impact.to_frame(), language()
    shown = pd.DataFrame(
        {
            _("Outcome"): table["outcome"],
            _("Quantity"): [trial_words.estimand_name(one, tongue) for one in table["estimand"]],
            _("Estimator"): [trial_words.estimator_name(one, tongue) for one in table["estimator"]],
            _("Estimate"): table["estimate"],
            **{kind: table[kind] for kind in ("HC0", "HC1", "HC2", "HC3", "CR2") if kind in table},
            _("from"): table["lower"],
            _("to"): table["upper"],
            "p": table["p_value"],
            _("p, drawn again"): table["p_randomisation"].astype(float),
            _("Units"): table["n"],
            _("Blocks"): table["blocks"],
            _("Left out"): table["dropped"],
        }
    )
    show_table(shown, digits=_DIGITS)
    st.caption(_("Shares run from 0 to 1 here: 0.01 is one point."))


def drawn_again(impact: Impact, outcome: str) -> None:
    """Show what chance alone gives, and where the estimate lies in it."""
    from analysis.charts.trial_charts import randomisation_histogram

    test = impact.randomisation
    if test is None:
        st.info(_("No draws were asked for: choose a number of them among the settings."))
        return
    figure(randomisation_histogram, "impact_draws", test, outcome, language=language())
    st.markdown(
        _(
            "The lot was drawn {draws} times again on paper, as the design says. If the canvass "
            "had changed nothing anywhere, a difference at least as large would come up in "
            "**{p}** of draws."
        ).format(draws=number(test.draws), p=percent(test.value(outcome)))
    )
    names = {
        "outcome": _("Outcome"),
        "statistic": _("Statistic"),
        "observed": _("Observed"),
        "p_value": "p",
        "holm": "Holm",
        "westfall_young": "Westfall–Young",
        "lower": _("from"),
        "upper": _("to"),
    }
    told = {"difference": _("difference"), "studentised": _("studentised")}
    table = test.table.assign(statistic=test.table["statistic"].map(told))
    table = table[[n for n in names if n in table]].rename(columns=names)
    show_table(table)
    st.caption(
        _("Holm and Westfall–Young judge all outcomes together.")
        + " "
        + _("Shares run from 0 to 1 here: 0.01 is one point.")
    )


def missing(impact: Impact, lost: pd.DataFrame | None) -> None:
    """Show what is missing by arm, and what redrawn contours lost."""
    arms = {"treated": _("To canvass"), "control": _("Held back (control)")}
    if len(impact.missing):
        st.markdown("**" + _("Missing outcomes") + "**")
        names = {
            "outcome": _("Outcome"),
            "arm": _("Arm"),
            "units": _("Units"),
            "missing": _("Missing"),
            "lower": _("Effect at worst"),
            "upper": _("Effect at best"),
        }
        table = impact.missing.assign(arm=impact.missing["arm"].map(arms))
        show_table(table[list(names)].rename(columns=names))
    if lost is not None:
        st.markdown("**" + _("Bureaux redrawn since the draw") + "**")
        names = {
            "election_id": _("Election"),
            "arm": _("Arm"),
            "units": _("Units"),
            "without_result": _("Without a result"),
            "redrawn": _("Redrawn"),
            "mixed_share": _("Blurred by both arms (%)"),
        }
        table = lost.assign(
            election_id=lost["election_id"].map(election_name),
            arm=lost["arm"].map(arms),
            mixed_share=(100 * lost["mixed_share"]).round(1),
        )
        show_table(table[list(names)].rename(columns=names))
    if lost is None and not len(impact.missing):
        st.success(_("Every unit has its outcomes."))


def assumptions(impact: Impact) -> None:
    """Keep every assumption one click away."""
    texts = trial_words.names("assumption", language())
    with st.expander(_("What each number rests on")):
        st.markdown("\n".join(f"- {text}" for text in texts.values()))
        st.markdown(
            _(
                "- Standard errors count the blocks as estimated (HC1; HC2 where a unit is alone "
                "in its arm of a block) unless you choose others; blocks of one unit are left "
                "out and counted.\n"
                "- With one control in a block the spread of controls within it cannot be "
                "measured: no matched-pair formula is used in silence; drawing again needs no "
                "such spread."
            )
        )
        weak = [
            _("{outcome}: first stage, F = {f}").format(outcome=_plain(outcome), f=number(f, 1))
            for outcome, found in impact.first_stage_f.items()
            for f in found.values()
        ]
        if weak:
            st.markdown("\n".join(f"- {line}" for line in weak))
