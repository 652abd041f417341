"""The app's language: the switch, the texts, and the numbers and names on screen.

Pages write their texts in English: ``_("Rank {rank} of {n}").format(rank=…, n=…)``. The French
ones are in ``locales/fr``; ``python -m tools.extract_texts`` adds what is new there.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis import i18n as languages
from analysis.agreement import agreeing
from analysis.charts.chart_words import nuance
from analysis.tables.schema import BLOCS
from analysis.vocabulary import speak, spoken
from pages._ui import state

_KEY = "i18n.language"
_SWITCH, _PAGE = "i18n.switch", "i18n.page"
_PARAMETER = "lang"
_TERRAIN = "i18n.terrain"

# How a day is written where one is asked for.
DAY = "DD/MM/YYYY"

# As `analysis.fieldwork.exposure.learned_params` names its sources.
LEARNED = re.compile(r"learned (?:at (\d+) doors|on (\d+) outings)")

_spoken = threading.local()


def language() -> str:
    """Return the language of this session: chosen, else in the link, else French."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return languages.DEFAULT
    # Asked hundreds of times a page. Part of a page is run again in a thread of its own, which
    # knows neither the language nor the words of a country.
    if (known := getattr(_spoken, "language", None)) is None:
        speak(st.session_state.get(_TERRAIN))
        known = languages.choose(st.session_state.get(_KEY), st.query_params.get(_PARAMETER))
        _spoken.language = known
    return str(known)


def _listen_again() -> None:
    """Forget what this thread speaks: the session says something new."""
    _spoken.language = None


def speak_of(terrain: Mapping[str, Any] | None) -> None:
    """Use the words of the country of the place that is open; None for those of France."""
    st.session_state[_TERRAIN] = terrain
    _listen_again()


def take_from_link() -> None:
    """Speak the language of the address, where the browser went back to another.

    Another page that is opened begins with an empty address: it says nothing of the language.
    """
    page, before = st.context.url, st.session_state.get(_PAGE)
    if _PARAMETER in st.query_params or page == before:
        st.session_state.pop(_KEY, None)
        _listen_again()


def language_switch() -> None:
    """Show the switch; the router calls it on every page, before any text of the page."""
    st.session_state[_PAGE] = st.context.url
    _listen_again()
    current = language()
    st.session_state[_KEY] = current
    st.radio(
        "Langue · Language",
        list(languages.LANGUAGES),
        format_func=languages.LANGUAGES.__getitem__,
        index=list(languages.LANGUAGES).index(current),
        horizontal=True,
        label_visibility="collapsed",
        key=_SWITCH,
        on_change=_keep_choice,
    )
    # Going to another page empties the query string, so it is written again on each run.
    if languages.choose(st.query_params.get(_PARAMETER)) != current:
        state.put(_PARAMETER, [current])


def _keep_choice() -> None:
    """Take the chosen language, and give every answer back to its widget in that language.

    The browser holds the words of the option, not the option: unless the answer is set anew it
    goes on showing, and sending, the words of the language before.
    """
    st.session_state[_KEY] = st.session_state[_SWITCH]
    _listen_again()
    for key, answer in st.session_state.to_dict().items():
        # Buttons are booleans, files and tables are objects: Streamlit lets nobody set those.
        items = answer if isinstance(answer, list | tuple) else [answer]
        if items and all(type(item) in {str, int, float} for item in items):
            st.session_state[key] = answer


def _(text: str) -> str:
    """Translate `text`, which must be a literal."""
    tongue = language()
    return agreeing(languages.translations(tongue).gettext(text), tongue)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a text that counts: ``ngettext("{n} bureau", "{n} bureaux", n).format(n=n)``."""
    told = languages.translations(language()).ngettext(singular, plural, n)
    return agreeing(told, language())


def pgettext(context: str, text: str) -> str:
    """Translate a word that means several things: the bloc "Left", the time "Left"."""
    return languages.translations(language()).pgettext(context, text)


def number(x: float | None, digits: int = 0) -> str:
    """Write a number: « 40 123 », « 12,3 »; a dash when missing."""
    return languages.format_number(x, digits, language=language())


def size_of_file(size: float) -> str:
    """Write a size given in bytes, in megabytes unless it would be « 0.0 »."""
    if size >= 0.05 * 1e6:
        return _("{n} MB").format(n=number(size / 1e6, 1 if size < 1e7 else 0))  # noqa: PLR2004
    if size >= 1e3:  # noqa: PLR2004
        return _("{n} kB").format(n=number(size / 1e3, 1))
    return ngettext("{n} byte", "{n} bytes", int(size)).format(n=number(size))


def signed(x: float | None, digits: int = 1) -> str:
    """Write a change with its sign: « +3,1 »."""
    return languages.format_number(x, digits, language=language(), sign=True)


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share of 1 as a percentage: 0.123 is « 12,3 % »."""
    return languages.format_percent(share, digits, language=language())


def date(day: dt.date) -> str:
    """Write a day in full: « 9 juin 2024 »."""
    return languages.format_day(day, language=language())


def election_name(election_id: str) -> str:
    """Name an election round: `2022_pres_t1` is « Présidentielle 2022, 1er tour ».

    An id of another pattern (another country's) is its own name.
    """
    parts = re.fullmatch(r"(\d{4})_([a-z]+)_t([12])", election_id)
    words = spoken()
    own = words.of("kinds", parts[2], language()) if words and parts else ""
    if parts is None or not (kind := own or _kinds(language()).get(parts[2])):
        return election_id
    name = _("{kind} {year}").format(kind=kind, year=parts[1])
    if parts[2] in {"euro", "refe"} or (own and parts[3] == "1"):  # the kind tells, of the first
        return name
    rounds = {"1": _("round 1"), "2": _("round 2")}
    return f"{name}, {rounds[parts[3]]}"


@cache
def _kinds(_language: str) -> dict[str, str]:
    # A list of elections asks for the words of each.
    return {
        "pres": _("Presidential election"),
        "legi": _("Parliamentary election"),
        "euro": _("European election"),
        "muni": _("Municipal election"),
        "arrd": _("Arrondissement election"),
        "regi": _("Regional election"),
        "dpmt": _("Departmental election"),
        "cant": _("Cantonal election"),
        "refe": _("Referendum"),
    }


def bloc_name(bloc_id: str) -> str:
    """Name a bloc; one that the user made is named by its id."""
    names = {
        "far_left": pgettext("bloc", "Far left"),
        "left": pgettext("bloc", "Left"),
        "centre": pgettext("bloc", "Centre"),
        "right": pgettext("bloc", "Right"),
        "far_right": pgettext("bloc", "Far right"),
        "other": pgettext("bloc", "Other"),
    }
    words = spoken()
    own = words.of("blocs", bloc_id, language()) if words else ""
    return own or names.get(bloc_id, bloc_id)


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
            "more; of this place the view Checks tells. It fails where support alone tells more."
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
        "fence_support": _("Abstention × turnout × support, by the hour"),
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
    return names.get(option) or (bloc_name(option) if option in BLOCS else nuance(option))


def outcome_name(code: str) -> str:
    """Name what happened at a door."""
    names = {
        "no_answer": _("Nobody"),
        "refused": _("Refused"),
        "conversation": _("Conversation"),
        "moved": _("Moved away"),
        "no_access": _("No access"),
        "do_not_disturb": _("Do not disturb"),
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


def measure_name(code: str) -> str:
    """Name what the objective counts."""
    return {"doors": _("doors knocked at"), "conversations": _("conversations")}.get(code, code)
