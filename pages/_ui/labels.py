"""Names of the library's ids on screen: of the ranking, of transfers, of the field."""

from __future__ import annotations

import re

from analysis.tables.schema import BLOCS
from pages._ui.i18n import _, bloc_name, number

# How a day is written where one is asked for.
DAY = "DD/MM/YYYY"

# As `analysis.fieldwork.exposure.learned_params` names its sources.
LEARNED = re.compile(r"learned (?:at (\d+) doors|on (\d+) outings)")


def preset_name(preset: str) -> str:
    """Name a preset of weights."""
    names = {
        "gain_per_hour": _("Mixed"),
        "abstainers_first": _("Bring ours to vote"),
        "undecided_first": _("Convince"),
        "classic_2014": _("50+1 (2014)"),
        "custom": _("My own weights"),
    }
    return names.get(preset, preset)


def preset_help(preset: str) -> str:
    """Say what a strategy does, what it rests on and when it fails, a sentence each."""
    texts = {
        "gain_per_hour": _(
            "First where many of ours live and where our vote has moved most, and a little where "
            "abstainers are ours rather than the rival's. It rests on what moved between past "
            "elections: in Paris and in France this order meets as much of it as support alone, or "
            "more. It fails where support alone tells more, as for the right."
        ),
        "abstainers_first": _(
            "First where many stay home of whom many would vote for us. It rests on how our vote "
            "rose and fell with turnout. It fails if a talk at the door does not bring people to "
            "vote: in France in 2012 it did not (Pons 2018)."
        ),
        "undecided_first": _(
            "First where many come to vote, the vote is contested and ours has moved. It rests on "
            "2012 in France, where talks won votes rather than voters (Pons 2018). It fails where "
            "ours only need to be brought to vote, and where nobody is convinced at the door "
            "(Kalla and Broockman 2018)."
        ),
        "classic_2014": _(
            "First where abstention times support is highest, however long the doors take. It "
            "rests on the formula of the software 50+1, of 2014. It fails where votes are won by "
            "convincing, and for blocs whose voters do not stay home."
        ),
    }
    return texts.get(preset, "")


def part_name(part: str) -> str:
    """Name a part of the score."""
    names = {
        "mobilise": _("Mobilise abstainers"),
        "persuade": _("Win over or keep votes"),
        "hesitant": _("Voters who hesitate"),
        "need": _("Social need"),
        "access": _("Ease of access"),
        "classic": _("Abstention × support"),
        "visited": _("Already visited"),
    }
    return names.get(part, part)


def part_help(part: str) -> str:
    """Say what a part of the score measures."""
    texts = {
        "mobilise": _("The bloc's abstainers that an hour of canvassing meets."),
        "persuade": _("Support for the bloc, and how far its vote has moved, for an hour."),
        "hesitant": _("Voters met in an hour where the vote is contested and has moved."),
        "need": _("Share of poor households, from the census squares of 200 m."),
        "access": _("Doors an hour: short ways, many doors at each address."),
        "visited": _("Points taken off where doors have already been visited."),
    }
    return texts.get(part, "")


def parameter_name(name: str) -> str:
    """Name a number of the planner."""
    names = {
        "share_open": _("Share of doors that open"),
        "share_talk": _("Share of open doors where one talks"),
        "minutes_no_answer": _("Minutes at a door that stays shut"),
        "minutes_conversation": _("Minutes of a conversation"),
        "minutes_between": _("Minutes between two doors (stairs, intercom)"),
        "walking_speed": _("Walking speed (m/s)"),
        "detour": _("Streets against straight line (ratio)"),
        "doors_per_hour_dense": _("Doors per hour, dense (assumed)"),
        "doors_per_hour_spread": _("Doors per hour, spread out (assumed)"),
        "registered_per_door": _("Registered voters per door"),
        "team_size": _("Volunteers who knock together"),
        "movement_weight": _("From our voters everywhere (0) to where our vote has moved (1)"),
        "abstention_weight": _(
            "Bringing to vote: the same everywhere (0) to where many abstain (1)"
        ),
        "spill_over": _("Share of the effect passed on to others behind the door"),
        "effect_turnout": _("Effect of a conversation on turnout"),
        "effect_vote": _("Effect of a conversation on the vote"),
    }
    return names.get(name, name)


def parameter_source(name: str, source: str) -> str:
    """Say where a number of the planner comes from; what the user wrote stays as it is."""
    if source == "user":
        return _("set by you")
    if learned := LEARNED.fullmatch(source):
        doors, outings = learned.groups()
        if doors:
            return _("learned at {n} doors of this campaign").format(n=number(int(doors)))
        return _("learned on {n} outings of this campaign").format(n=number(int(outings)))
    texts = {
        "share_open": _("Texas Democrats, Black Peak; no French figure found"),
        "share_talk": _("no figure found: returns teach it"),
        "minutes_no_answer": _("Black Peak; range: judgement"),
        "minutes_conversation": _("Black Peak; MoDem guide 2013"),
        "minutes_between": _("set so that a dense bureau gives 25 doors an hour (Wellstone)"),
        "walking_speed": _("walking-speed literature"),
        "detour": _("judgement"),
        "doors_per_hour_dense": _("Wellstone, FIRM formulas"),
        "doors_per_hour_spread": _("Wellstone, FIRM formulas"),
        "registered_per_door": _("48.7 M registered (2022) for about 30 M main homes (INSEE)"),
        "team_size": _("party guides: teams of two"),
        "movement_weight": _(
            "not known: effects on Hollande in 2012 are .010, .004, .009, .011 (± .003 to .010) by "
            "left share × abstention"
        ),
        "abstention_weight": _("not known; Arceneaux & Nickerson 2009: most on the fence"),
        "spill_over": _("Nickerson 2008: 60% passes on in a household of two"),
        "effect_turnout": _("Pons 2018: none; European trials small; US 2003: 7 points"),
        "effect_vote": _(
            "Pons 2018: +3.24 points among those reached (round 1); Kalla & Broockman 2018: none"
        ),
    }
    return texts.get(name, source)


def method_name(method: str) -> str:
    """Name an order of bureaux in the look back."""
    names = {
        "default": _("Mixed (default)"),
        "mobilise": _("Ours to the polls"),
        "convince": _("Convince"),
        "classic_2014": _("“50+1 (2014)”: abstention × support"),
        "support": _("Support alone, by the hour"),
        "abstention_support": _("Abstention × support, by the hour"),
        "fence_support": _("a(1 − a) × support, by the hour"),
        "last_abstention": _("Last abstention alone, by the hour"),
        "size": _("Size alone"),
        "priority_precinct_generator": _("Priority Precinct Generator"),
    }
    return names.get(method, method)


def world_name(world: str) -> str:
    """Name a stated answer to who responds, or the worst of them."""
    names = {
        "equal": _("All alike"),
        "abstention": _("In proportion to abstention"),
        "fence": _("On the fence of voting"),
        "volatility": _("Where many change sides"),
        "opponents": _("Only voters of others"),
        "worst": _("Worst"),
    }
    return names.get(world, world)


def option_name(option: str) -> str:
    """Name an option of a transfer: a candidate, a nuance or a bloc as it is, the rest in words."""
    names = {
        "abstention": _("Abstention"),
        "blank_null": _("Blank and null"),
        "newcomers": _("New on the roll"),
        "leavers": _("Gone from the roll"),
    }
    if option in names:
        return names[option]
    return bloc_name(option) if option in BLOCS else option


def outcome_name(code: str) -> str:
    """Name what happened at a door."""
    names = {
        "no_answer": _("Nobody"),
        "refused": _("Refused"),
        "conversation": _("Conversation"),
        "moved": _("Moved away"),
        "no_access": _("No access"),
    }
    return names.get(code, code)


def kind_name(code: str) -> str:
    """Name a kind of building."""
    names = {
        "house": _("house (1–2 doors)"),
        "small": _("small building (3–9)"),
        "block": _("block (10–29)"),
        "tower": _("tower (30 or more)"),
    }
    return names.get(code, code or _("outside the turfs"))


def slot_name(code: str) -> str:
    """Name a part of the day."""
    names = {
        "morning": _("morning"),
        "midday": _("midday"),
        "afternoon": _("afternoon"),
        "evening": _("evening"),
    }
    return names.get(code, code)


def rule_name(code: str) -> str:
    """Name a check of quality."""
    names = {
        "too_fast": _("Too many doors in two minutes"),
        "rate_out_of_range": _("Answer rate hard to believe"),
        "reported_twice": _("Reported twice on one day"),
        "outside_turf": _("Addresses outside the turf"),
        "before_start": _("Dated before the campaign: not counted"),
        "more_doors": _("More doors than the building has"),
    }
    return names.get(code, code)


def measure_name(code: str) -> str:
    """Name what the objective counts."""
    return {"doors": _("doors knocked at"), "conversations": _("conversations")}.get(code, code)


def source_name(code: str) -> str:
    """Name where returns come from."""
    names = {"phone": _("phone"), "sheet": _("sheet"), "counts": _("paper counts")}
    return names.get(code, code)
