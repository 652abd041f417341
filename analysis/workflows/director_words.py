"""The sentences of the director's page, the same on screen, on paper and in any language."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from analysis.charts import chart_words
from analysis.errors import Text
from analysis.fieldwork.outlook import Aim
from analysis.geography.zones import spoken
from analysis.i18n import format_day, format_number, format_percent, told
from analysis.workflows.director import Brief, Zone
from analysis.workflows.director_week import LATE_DAYS, Week

# A zone whose bureaux are among the first in so many draws of 100 is sure enough.
_SURE = 0.5
# From this share on, one of the two ways to gain votes carries the zone.
_CARRIES = 2 / 3
_MEASURES = {"doors": "field_doors", "conversations": "field_talks"}
Number = Callable[[float], str]


def heading(brief: Brief, language: str) -> str:
    """Name the place, whose votes and which election."""
    scenario = brief.file.scenario
    return " · ".join(
        [brief.place, _begun(whose(brief, language)), _election(scenario.election, language)]
    )


def whose(brief: Brief, language: str) -> str:
    """Name the bloc, or the candidates."""
    scenario = brief.file.scenario
    return ", ".join(scenario.candidates) or chart_words.name(scenario.bloc, language)


def days_left(brief: Brief, language: str) -> str:
    """Say how long it is to the vote; "" where its day is not known or over."""
    if brief.days_left is None:
        return ""
    return told(Text("about {n} days to the vote", n=brief.days_left), language)


def chain(brief: Brief, language: str) -> list[tuple[str, str]]:
    """Return hours, doors, conversations and votes: number and what it is."""
    write, hours = _writer(language), brief.hours
    say = partial(told, language=language)
    votes = Text("votes ({low} to {high})", low=write(hours.low), high=write(hours.high))
    spent = Text("volunteer-hours, of {n}", n=write(hours.asked))
    return [
        (write(hours.spent), say(spent)),
        (write(hours.doors), chart_words.say("field_doors", language)),
        (write(hours.conversations), chart_words.say("field_talks", language)),
        (write(hours.votes), say(votes)),
    ]


def one_vote(brief: Brief, language: str) -> str:
    """Say how many hours a vote takes."""
    write, hours = _writer(language), brief.hours
    if math.isinf(hours.per_vote):
        return told(Text("These hours gain no vote here."), language)
    if math.isinf(hours.most):
        text = Text(
            "One vote for {n} hours ({least}, or none at all).",
            n=write(hours.per_vote),
            least=write(hours.least),
        )
    else:
        text = Text(
            "One vote for {n} hours ({least} to {most}).",
            n=write(hours.per_vote),
            least=write(hours.least),
            most=write(hours.most),
        )
    return told(text, language)


def last_time(brief: Brief, language: str) -> str:
    """Set the votes against the margin of last time; "" where none is known."""
    margin = brief.margin
    if margin is None:
        return ""
    values = {
        "election": _election(margin.election_id, language),
        "n": _writer(language)(abs(margin.ahead)),
        "rival": chart_words.name(margin.rival, language),
        "votes": _writer(language)(brief.hours.votes),
    }
    if margin.ahead < 0:
        text = Text(
            "Last time here ({election}), {n} votes were missing to pass the bloc “{rival}”: these "
            "hours are worth about {votes}.",
            **values,
        )
    else:
        text = Text(
            "Last time here ({election}), you were {n} votes ahead of the bloc “{rival}”: these "
            "hours are worth about {votes} more.",
            **values,
        )
    return told(text, language)


def where(brief: Brief, language: str) -> str:
    """Say to which parts of the place the hours go first; "" where it is one."""
    if not brief.parts:
        return ""
    write = _writer(language)
    parts = ", ".join(
        f"{spoken(name, language)} ({write(votes)})" for name, _bureaux, votes in brief.parts
    )
    text = Text(
        "These votes are expected first in: {parts}. A zone below takes a third of the hours at "
        "most.",
        parts=parts,
    )
    return told(text, language)


def zone_lines(brief: Brief, zone: Zone, language: str) -> list[tuple[str, str]]:
    """Return why a zone, how sure that is, and what could be wrong: head and sentence.

    Parameters
    ----------
    brief
        The director's page.
    zone
        One of its zones.
    language
        "fr" or "en".

    Returns
    -------
    list of tuple
        Head and sentence, three of them.
    """
    say = partial(told, language=language)
    return [
        (chart_words.say("why", language), _why(brief, zone, language)),
        (say(Text("How sure")), _sure(brief, zone, language)),
        (say(Text("What could be wrong")), _wrong(zone, language)),
    ]


def _why(brief: Brief, zone: Zone, language: str) -> str:
    write, worth, mean = _writer(language), zone.worth, brief.mean
    share = partial(format_percent, language=language)
    first = Text(
        "{doors} doors in {hours} hours for about {votes} votes ({low} to {high}): one for {n} "
        "hours, where the whole place would take {all}.",
        doors=write(worth.doors),
        hours=write(worth.hours),
        votes=write(worth.votes),
        low=write(worth.low),
        high=write(worth.high),
        n=write(worth.hours_per_vote),
        all=write(mean.hours_per_vote),
    )
    second = Text(
        "Expected: {abstention} stay home (place: {usual}), {support} of the votes cast are ours "
        "(place: {ours}).",
        abstention=share(worth.abstention),
        usual=share(mean.abstention),
        support=share(worth.support),
        ours=share(mean.support),
    )
    return f"{told(first, language)} {told(second, language)}"


def _sure(brief: Brief, zone: Zone, language: str) -> str:
    if brief.hours.bureaux == brief.hours.of:
        text = Text("These hours reach every bureau: the order only says where to begin.")
        return told(text, language)
    values = {"n": _writer(language)(100 * zone.top), "k": brief.hours.bureaux}
    if zone.top >= _SURE:
        text = Text(
            "Sure enough: in {n} draws of 100 its bureaux are among the {k} best.", **values
        )
    else:
        text = Text(
            "One good choice among several: in {n} draws of 100 its bureaux are among the {k} "
            "best.",
            **values,
        )
    return told(text, language)


def _wrong(zone: Zone, language: str) -> str:
    write, worth = _writer(language), zone.worth
    found = []
    if worth.votes > 0 and worth.convinced >= _CARRIES * worth.votes:
        found.append(
            Text(
                "If talks win nobody over and only bring ours to vote, it is worth only about {n} "
                "vote[s].",
                n=write(max(worth.brought, 0.0)),
            )
        )
    elif worth.votes > 0 and worth.brought >= _CARRIES * worth.votes:
        found.append(
            Text(
                "If talks bring nobody to vote and only win votes over, it is worth only about {n} "
                "vote[s].",
                n=write(max(worth.convinced, 0.0)),
            )
        )
    if zone.unsteady:
        found.append(Text("Our share there is less steady than in most of the place."))
    if not found:
        found.append(Text("The past says where our votes were, not where they will be."))
    return " ".join(told(one, language) for one in found)


def week_lines(week: Week, language: str) -> list[str]:
    """Return turfs by state, doors so far, chances, and the cheapest correction."""
    write, say = _writer(language), partial(told, language=language)
    lines = [
        say(
            Text(
                "Turfs: {waiting} to begin, {out} out, {late} late (nothing for {days} days), "
                "{done} done.",
                days=LATE_DAYS,
                **{name: write(n) for name, n in week.turfs.items()},
            )
        ),
        say(
            Text(
                "So far: {doors} doors, {talks} conversations.",
                doors=write(week.totals.doors),
                talks=write(week.totals.conversations),
            )
        ),
    ]
    return lines + ([_chances(week, language), _fix(week, language)] if week.forecast else [])


def _chances(week: Week, language: str) -> str:
    assert week.forecast is not None  # noqa: S101 - asked for where there is one
    write, (low, high) = _writer(language), week.forecast.interval()
    text = Text(
        "{n} chances in 100 of {objective} {measure} by {day}: {expected} expected ({low} to "
        "{high}).",
        n=write(100 * week.forecast.probability),
        objective=write(week.objective),
        measure=chart_words.say(_MEASURES[week.measure], language),
        day=format_day(week.forecast.window.ends, language=language),
        expected=write(week.forecast.expected),
        low=write(low),
        high=write(high),
    )
    return told(text, language)


def _fix(week: Week, language: str) -> str:
    fix, write = week.correction, _writer(language)
    if fix is None:
        text = Text("No number of outings makes it likely: change the objective or the last day.")
    elif not fix.outings:
        text = Text("On course: the same effort is enough.")
    else:
        text = Text(
            "Cheapest way to {likely} chances in 100: {n} more outing[s] ({hours} "
            "volunteer-hour[s]), or {teams} more team[s] at the pace of the others.",
            likely=write(100 * Aim().likely),
            n=write(fix.outings),
            hours=write(fix.volunteer_hours),
            teams=write(fix.teams),
        )
    return told(text, language)


def decisions(brief: Brief, language: str) -> list[tuple[str, str]]:
    """Return what is to decide: the sentence, and the page where."""
    return [(told(one.text, language), one.page) for one in brief.decisions]


def _election(election_id: str, language: str) -> str:
    return _begun(chart_words.election(election_id, language))


def _begun(name: str) -> str:
    return name[:1].upper() + name[1:]


def _writer(language: str) -> Number:
    return partial(format_number, digits=0, language=language)
