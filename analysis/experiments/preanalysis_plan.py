"""The plan written before the campaign: what is estimated, and what would be nothing."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import pandas as pd

from analysis.experiments.assignment import EACH
from analysis.experiments.design import Design
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.trial_words import election_name, name, outcome_name
from analysis.i18n import Words, format_number, format_percent

LANGUAGES = ("fr", "en")
_NONE = "—"
# A plan names so many communes.
_NAMED = 3
_WORDS = Words(
    "plan",
    {
        "place": "Place: {place}.",
        "unknown": "unknown: no past election was given",
        "one": "{outcome}: {effect} points of effect of assignment",
        "difference": "least squares with block effects",
        "ancova": "least squares with block effects, adjusted for the covariates below",
        "lin": "least squares with block effects, adjusted arm by arm for the covariates below",
        "ipw": "least squares with block effects, weighted by inverse probability (Hájek)",
        "allocation": "the effect of allocation, two-stage least squares with block effects",
    },
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is promised before the draw.

    Attributes
    ----------
    outcomes, covariates, subgroups
        Columns that will be estimated, adjusted for, and split by.
    sight
        Table of `power_curve`, or None: the smallest effects that can be seen.
    language
        `fr` or `en`.
    estimator, lag
        What the headline comes from, and the election whose results adjust; empty: the
        difference within blocks, and none.
    place
        Where it is, as people call it; empty where nobody knows.
    """

    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    sight: pd.DataFrame | None = None
    language: str = "fr"
    estimator: str = ""
    lag: str = ""
    place: str = ""


def write_plan(plan: Plan, design: Design, seed: int) -> str:
    """Return the pre-analysis plan in Markdown.

    Parameters
    ----------
    plan
        What is promised.
    design, seed
        What is drawn, and how.

    Returns
    -------
    str
        Markdown.
    """
    rule, lottery, none = design.rule, design.lottery, _NONE
    full, tongue = lottery.treated != EACH, plan.language
    named = _WORDS[plan.language]["place"].format(place=plan.place) if plan.place else ""
    values = {
        "place": f"{named}\n\n" if named else "",
        "units": len(design.units),
        "drawn": int(design.drawn.sum()),
        "excluded": int((~design.drawn).sum()),
        "full": int(full.sum()),
        "incomplete": int((~full).sum()),
        "rest": int(lottery.size[~full].sum()),
        "block_size": rule.block_size,
        "treated": rule.block_size - rule.control,
        "control": rule.control,
        "share": _number(rule.share, tongue),
        "rank_by": rule.rank_by,
        "territory": rule.territory or none,
        "cluster": rule.cluster or none,
        "balance": ", ".join(rule.balance) or none,
        "accept": format_percent(rule.accept, 0, language=tongue),
        "seed": seed,
        "outcomes": _between(tongue).join(_both(one, tongue) for one in plan.outcomes) or none,
        "first": outcome_name(plan.outcomes[0], tongue) if plan.outcomes else none,
        "headline": _WORDS[plan.language][plan.estimator or "difference"],
        "lag": election_name(plan.lag, tongue) if plan.lag else none,
        "covariates": ", ".join(name("column", one, tongue) for one in plan.covariates) or none,
        "subgroups": ", ".join(name("column", one, tongue) for one in plan.subgroups) or none,
        "error": _error(rule),
        "sight": _sight(plan),
    }
    return _template(plan.language).format(**values)


def _error(rule: Rule) -> str:
    """Name the standard error of the headline, as `Sample.kind` chooses it."""
    if rule.cluster:
        return "CR2"
    return "HC2" if 1 in (rule.control, rule.block_size - rule.control) else "HC1"


def language_of(plan: str) -> str:
    """Return the language that a plan is written in, "fr" or "en"."""
    head = plan.strip().partition("\n")[0]
    return next((one for one in LANGUAGES if _template(one).startswith(head)), LANGUAGES[0])


def _template(language: str) -> str:
    text = files("analysis.experiments").joinpath(f"plan_{language}.md")
    return text.read_text(encoding="utf-8")


def _between(language: str) -> str:
    return "\N{NO-BREAK SPACE}; " if language == "fr" else "; "


def _both(outcome: str, language: str) -> str:
    """Name an outcome, and its column, by which whoever reads the results finds it."""
    told = outcome_name(outcome, language)
    return f"`{outcome}`" if told == outcome else f"{told} (`{outcome}`)"


def _number(value: float, language: str) -> str:
    """Write a share with the decimals that it has, three at most."""
    digits = next(n for n in range(4) if n == 3 or round(value, n) == value)  # noqa: PLR2004
    return format_number(value, digits, language=language)


def _sight(plan: Plan) -> str:
    if plan.sight is None:
        return _WORDS[plan.language]["unknown"]
    seen = plan.sight.drop_duplicates("outcome")
    tongue = plan.language
    told = [
        _WORDS[tongue]["one"].format(
            # Past elections stand for outcomes that have none.
            outcome=election_name(outcome_name(one, tongue), tongue),
            effect=format_number(100 * effect, 2, language=tongue),
        )
        for one, effect in zip(seen["outcome"], seen["detectable_assignment"], strict=True)
    ]
    return _between(tongue).join(told)


def place_of(units: pd.DataFrame) -> str:
    """Name the communes of some units where their file does, three of them at most."""
    if "commune" not in units:
        return ""
    names = sorted(set(units["commune"].dropna().astype("str")) - {""})
    return ", ".join(names[:_NAMED]) + ("…" if len(names) > _NAMED else "")
