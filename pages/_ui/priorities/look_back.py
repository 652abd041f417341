"""What the past says of the order on screen: one line above the list, and the whole table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.targeting.calibration import AS_BELIEVED, NOTHING, Calibration
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Ranking
from analysis.targeting.validation import DECIDES, METHODS, STRATEGIES, Validation
from analysis.targeting.value import LIKELY
from analysis.targeting.worlds import compare
from analysis.workflows.ranking import Scenario
from pages._ui import loaders
from pages._ui.i18n import (
    _,
    bloc_name,
    election_name,
    method_name,
    ngettext,
    number,
    percent,
    preset_name,
    world_name,
)
from pages._ui.messages import show_error

# Another order wins where it meets so much more of the votes that moved, or wins so much more.
_AHEAD = 0.005
_PAIR = ["bloc", "kind", "from", "to", "votes"]
_METHOD = {preset: method for method, preset in STRATEGIES.items()}


def in_short(place: Workspace, scenario: Scenario, ranked: Ranking) -> None:
    """Say in one line what the past says of this order; that it loses comes first."""
    if scenario.candidates:
        st.caption(_("No look back for candidates picked by name: only blocs stand again."))
        return
    try:
        found = loaders.validation(place, scenario, size=len(ranked.table), wait=False)
    except DataError:
        st.caption(_("No past election of this place can be looked back at: see the view Checks."))
        return
    if found is None:
        st.caption(_("Not looked back at yet: the view Checks does, which takes some minutes."))
        return
    if found.cells.empty:
        st.caption(
            _(
                "The past cannot tell whether this order is good: too few votes moved between "
                "first rounds here (under 1% of the registered, or under 200)."
            )
        )
        return
    method = _METHOD.get(scenario.settings.preset, "default")
    means = found.means
    best = str(means.idxmax())
    pairs = len(found.cells.dropna(subset=["met_20"]).drop_duplicates(_PAIR))
    told = ngettext(
        "Looked back at {n} pair of first rounds of {bloc}: the first {share} of the hours in the "
        "order “{preset}” would have met {met} of the votes that moved; support alone {support}, "
        "“50+1 (2014)” {classic}, chance {share}.",
        "Looked back at {n} pairs of first rounds of {bloc}: the first {share} of the hours in the "
        "order “{preset}” would have met {met} of the votes that moved; support alone {support}, "
        "“50+1 (2014)” {classic}, chance {share}.",
        pairs,
    ).format(
        n=number(pairs),
        bloc=bloc_name(scenario.bloc),
        share=percent(DECIDES, 0),
        preset=preset_name(scenario.settings.preset if method != "default" else "gain_per_hour"),
        met=percent(means[method], 1),
        support=percent(means["support"], 1),
        classic=percent(means["classic_2014"], 1),
    )
    if means[best] > means[method] + _AHEAD:
        st.warning(
            _("Here another order did better: {rule} ({met}).").format(
                rule=method_name(best), met=percent(means[best], 1)
            )
            + " "
            + told
        )
    else:
        st.caption(told)


def checks(place: Workspace, scenario: Scenario, ranked: Ranking, found: Prospects) -> None:
    """Show what size alone would have ranked, what past orders met, and five stated worlds."""
    st.subheader(_("Does the ranking say more than size?"))
    st.markdown(
        _(
            "Rank correlation between the score and the number of registered: **{r}**. "
            "Near 1, the ranking would only repeat which bureaux are large; near 0, it does not "
            "depend on size."
        ).format(r=number(ranked.size_correlation, 2))
    )
    st.subheader(_("Would it have met the votes that moved?"))
    if scenario.candidates:
        st.info(_("No look back for candidates picked by name: only blocs stand again."))
    else:
        try:
            _past(loaders.validation(place, scenario, size=len(ranked.table), wait=True))
        except DataError as error:
            show_error(error)
    st.subheader(_("What would it win if we knew who responds?"))
    _worlds(found)
    st.subheader(_("Do the intervals and chances hold?"))
    if scenario.candidates:
        st.info(_("No look back for candidates picked by name: only blocs stand again."))
        return
    try:
        _held(loaders.calibration(place, scenario))
    except DataError as error:
        show_error(error)


def _past(found: Validation | None) -> None:
    if found is None:
        return
    st.markdown(
        _(
            "Placed on the eve of each first round, with earlier elections only: the share of the "
            "votes the bloc then lost (or won back) that the first {share} of all hours would have "
            "met. Chance meets {share}."
        ).format(share=percent(DECIDES, 0))
    )
    if not found.cells.empty:
        st.markdown(_table(found))
    if not found.parts.empty:
        st.markdown(_("What each part of the score foretold, beside its rule of thumb:"))
        st.markdown(_parts(found))
        st.caption(
            _(
                "Mean error in points over these elections, each moved to the level that came: "
                "what is judged is which bureau, not the tide. The rule of thumb is “as last "
                "time” for abstention and support, “the same everywhere” for movement and "
                "changed sides; for marginal voters and the reserve, that they vote as the others "
                "did last time. Counting alone makes the last column."
            )
        )
    if not found.untold.empty:
        pairs = ", ".join(
            f"{election_name(row['from'])} → {election_name(row['to'])} "
            f"({number(row['votes'])}; {percent(row['share'], 1)})"
            for row in found.untold.to_dict("records")
        )
        st.caption(_("Cannot tell, too few votes moved: {pairs}.").format(pairs=pairs))
    st.caption(
        _(
            "Votes that moved tell where the bloc's vote can change, not whom a conversation would "
            "have changed: no past election can show that without a trial."
        )
    )


def _table(found: Validation) -> str:
    """Write the share met by every method, the means first: a phone shows three columns."""
    cells = found.cells
    head = [_("Order"), _("Mean")]
    pairs = cells[["from", "to", "kind"]].drop_duplicates()
    signs = {"L": _("lost"), "G": _("won")}
    for row in pairs.to_dict("records"):
        head.append(
            f"{election_name(row['from'])} → {election_name(row['to'])} ({signs[row['kind']]})"
        )
    wide = cells.pivot_table("met_20", "method", ["from", "to", "kind"], sort=False)
    means = found.means
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for method in sorted(METHODS, key=lambda name: -means[name]):
        shown = [percent(v, 1) if pd.notna(v) else "—" for v in wide.loc[method]]
        lines.append(
            f"| {method_name(method)} | **{percent(means[method], 1)}** | {' | '.join(shown)} |"
        )
    return "\n".join(lines)


def _parts(found: Validation) -> str:
    """Write how far off each part and its rule of thumb were on the mean, in points."""
    names = {
        "abstention": _("Abstention"),
        "support": _("Support"),
        "movement": _("Movement of our vote"),
        "marginal": _("Marginal voters"),
        "reserve": _("Reserve"),
        "volatility": _("Changed sides"),
    }
    told = found.parts.dropna(subset=["error", "rule_error"]).groupby("part")
    means = told[["error", "rule_error", "noise", "correlation"]].mean()
    head = [_("Part"), _("Error"), _("Rule of thumb"), _("Rank correlation"), _("Counting")]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for part, label in names.items():
        if part in means.index:
            error, rule, noise, ranks = (100 * means.loc[part]).tolist()
            shown = (number(error, 1), number(rule, 1), number(ranks / 100, 2), number(noise, 1))
            lines.append(f"| {label} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _worlds(found: Prospects) -> None:
    table = compare(found)
    st.markdown(
        _(
            "Who answers a conversation more than others is not known. In five stated worlds, the "
            "votes that the first {share} of the hours would win, as a share of what the best "
            "order would:"
        ).format(share=percent(DECIDES, 0))
    )
    # What decides stands first: a phone shows three columns.
    names = ["worst", *(name for name in table.columns if name != "worst")]
    lines = [
        f"| {_('Order')} | {' | '.join(world_name(name) for name in names)} |",
        "|---|" + "---:|" * len(names),
    ]
    for method, row in table.sort_values("worst", ascending=False).iterrows():
        told = " | ".join(percent(row[name], 0) for name in names)
        lines.append(f"| {method_name(str(method))} | {told} |")
    st.markdown("\n".join(lines))
    best, ours = str(table["worst"].idxmax()), float(table.loc["default", "worst"])
    told = (
        _(
            "If ours is the worst of these worlds, **{rule}** loses least here: {met} of the best "
            "possible, “{preset}” {ours}."
        )
        if table.loc[best, "worst"] > ours + _AHEAD
        else _("In the worst of these worlds no other order wins more than “{preset}”: {ours}.")
    )
    st.markdown(
        told.format(
            rule=method_name(best),
            met=percent(float(table.loc[best, "worst"]), 0),
            preset=preset_name("gain_per_hour"),
            ours=percent(ours, 0),
        )
    )


def _held(found: Calibration | None) -> None:
    if found is None:
        return
    table = found.covered.pivot_table("coverage", "world", "movement", sort=False)
    named = {
        AS_BELIEVED: _("Truth drawn from the ranges"),
        NOTHING: _("Movement tells nothing"),
    }
    st.markdown(
        _(
            "{n} pasts were drawn from how the bureaux differ and move here, and asked as the real "
            "one is; the truth behind each is known. Over the five worlds, and the planner’s "
            "numbers drawn from their ranges, the true gain lay in its 90% interval "
            "**{covered}** of the time ({doubted} if movement tells nothing). Chances of being "
            "among the first are {gap} points off on the mean ({doubted_gap})."
        ).format(
            n=number(found.pasts),
            covered=percent(found.coverage(), 1),
            doubted=percent(found.coverage(NOTHING), 1),
            gap=number(100 * found.gap(), 1),
            doubted_gap=number(100 * found.gap(NOTHING), 1),
        )
    )
    head = _("The true gain lies in its interval")
    lines = [
        f"| {head} | {' | '.join(named.values())} |",
        "|---|---:|---:|",
    ]
    for world, row in table.iterrows():
        shares = " | ".join(percent(row[movement], 1) for movement in named)
        lines.append(f"| {world_name(str(world))} | {shares} |")
    left, right = st.columns([1, 1.2])
    left.markdown("\n".join(lines))
    right.image(loaders.reliability(found), output_format="PNG")
    st.caption(
        _(
            "This tells whether the arithmetic is honest about what it believes. If the ranges "
            "themselves are wrong, as when nobody can be convinced, no interval holds. Chances "
            "are told with “all alike” {alike} times of ten, and judged here with each of the five "
            "worlds as likely."
        ).format(alike=number(10 * LIKELY[0]))
    )
