"""What is said at the door: the script, edited and seen as volunteers will; what was answered."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis.errors import DataError
from analysis.fieldwork import script_draft
from analysis.fieldwork.questionnaire import (
    KINDS,
    MOST_QUESTIONS,
    PRESETS,
    Question,
    Script,
    checked,
    preset,
    read_script,
    to_toml,
)
from analysis.fieldwork.script_versions import current, keep, versions
from analysis.tables.workspace import Workspace
from analysis.workflows.door_script import script_of
from pages._ui import messages
from pages._ui.access import taken_away, visitor
from pages._ui.fieldwork.answers_view import answers
from pages._ui.fieldwork.argument_view import argument
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.fieldwork.script_preview import language_name, preview
from pages._ui.i18n import _, language
from pages._ui.typed_tables import keep_typed

_DRAFT, _PAST, _TURN, _READ = "script.draft", "script.past", "script.turn", "script.read"
_MOST_PAST = 30


def script_or_answers(place: Workspace, asked: Mark) -> None:
    """Show the script, or what was answered to it."""
    names = {"script": _("Script and questions"), "answers": _("Answers")}
    side = st.radio(
        names["script"], list(names), format_func=names.__getitem__, horizontal=True,
        label_visibility="collapsed", key="script.side",
    )  # fmt: skip
    if side == "answers":
        answers(place, asked)
    else:
        say(place)


def say(place: Workspace) -> None:
    """Show the script in use or the draft of the next, and let it be changed."""
    script = _draft(place)
    preview(script)
    if not visitor.current().may("settings"):
        st.caption(_("Who directs the campaign changes the script."))
        return
    _tools(place, script)
    _opening(script)
    for at, question in enumerate(script.questions):
        _question(script, at, question)
    _in_use(place, script)
    argument(place)


def _draft(place: Workspace) -> Script:
    """Return the script that is worked on; another place has its own."""
    kept = st.session_state.get(_DRAFT)
    if kept is None or kept[0] != str(place.path):
        st.session_state[_DRAFT] = (str(place.path), script_of(place))
        st.session_state[_PAST] = []
    script: Script = st.session_state[_DRAFT][1]
    return script


def _change(script: Script) -> None:
    """Go on with another draft, and fill the forms from it."""
    folder, before = st.session_state[_DRAFT]
    st.session_state[_PAST] = [*st.session_state[_PAST], before][-_MOST_PAST:]
    st.session_state[_DRAFT] = (folder, script)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.rerun()


def _undo() -> None:
    folder, _script = st.session_state[_DRAFT]
    st.session_state[_DRAFT] = (folder, st.session_state[_PAST].pop())
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.rerun()


def _key(name: str) -> str:
    return f"script.{name}.{st.session_state.get(_TURN, 0)}"


def _tools(place: Workspace, script: Script) -> None:
    undo, add = st.columns(2)
    if undo.button(_("Undo"), key="script.undo", disabled=not st.session_state[_PAST],
                   icon=":material/undo:", width="stretch"):  # fmt: skip
        _undo()
    if add.button(_("Add a question"), key="script.add", icon=":material/add:", width="stretch",
                  disabled=len(script.questions) >= MOST_QUESTIONS):  # fmt: skip
        _change(script_draft.added(script))
    with st.expander(_("Begin again, take away, bring")):
        names = {"general": _("The usual script"), "valmont": _("The example of Valmont")}
        for name in PRESETS:
            if st.button(names[name], key=f"script.preset.{name}", width="stretch"):
                _change(preset(name))
        taken_away.offer(
            None,
            _("Script (TOML)"),
            to_toml(script),
            f"palier_{place.path.name}_script.toml",
            key="script.toml",
            on_click="ignore",
            width="stretch",
        )
        file = st.file_uploader(_("Bring a script (TOML)"), type="toml", key="script.file")
        if file is not None and st.session_state.get(_READ) != file.file_id:
            st.session_state[_READ] = file.file_id
            with messages.explain_data_errors():
                brought = read_script(file.getvalue(), file=file.name)
            _change(brought)


def _languages(script: Script) -> list[str]:
    return list(dict.fromkeys([*script.languages, "fr", "en"]))


def _opening(script: Script) -> None:
    with st.expander(_("First sentence")), st.form(_key("opening"), border=False):
        said = {
            code: st.text_area(
                language_name(code), script.opening.get(code, ""), key=_key(f"opening.{code}")
            )
            for code in _languages(script)
        }
        other = st.text_input(
            _("Another language (two letters, such as es)"), key=_key("other"), max_chars=2
        )
        if st.form_submit_button(_("Keep"), key=_key("opening.keep")):
            more = {other: said[script.languages[0]]} if other.strip() and other not in said else {}
            _change(script_draft.with_opening(script, said | more))


def _question(script: Script, at: int, question: Question) -> None:
    text = script.say(question.text, language()) or _("to be written")
    with st.expander(messages.plain(f"{at + 1}. {text}")):
        _place_of(script, at)
        _answers_form(script, at, question)


def _place_of(script: Script, at: int) -> None:
    acts: list[tuple[str, str, str, Any]] = [
        ("up", _("Up"), ":material/arrow_upward:", lambda: script_draft.moved(script, at, -1)),
        ("down", _("Down"), ":material/arrow_downward:", lambda: script_draft.moved(script, at, 1)),
        ("twice", _("Duplicate"), ":material/content_copy:",
         lambda: script_draft.duplicated(script, at)),
        ("gone", _("Take out"), ":material/delete:", lambda: script_draft.removed(script, at)),
    ]  # fmt: skip
    for column, (name, label, icon, act) in zip(st.columns(len(acts)), acts, strict=True):
        full = name == "twice" and len(script.questions) >= MOST_QUESTIONS
        if column.button(label, key=f"script.{name}.{at}", icon=icon, disabled=full,
                         width="stretch"):  # fmt: skip
            _change(act())


def kind_names() -> dict[str, str]:
    """Name the kinds of question."""
    return {
        "single": _("One answer"),
        "several": _("Several answers"),
        "scale": _("From 1 to 5"),
        "yes_no": _("Yes or no"),
        "free": _("In their own words"),
    }


def _answers_form(script: Script, at: int, question: Question) -> None:
    names, codes = kind_names(), list(script.languages)
    with st.form(_key(f"question.{at}"), border=False):
        kind = st.selectbox(
            _("Kind"), KINDS, index=KINDS.index(question.kind), format_func=names.__getitem__,
            key=_key(f"kind.{at}"),
        )  # fmt: skip
        text = {
            code: st.text_input(
                language_name(code), question.text.get(code, ""), key=_key(f"text.{at}.{code}")
            )
            for code in codes
        }
        rows = [{"code": code, **spoken} for code, spoken in question.options.items()]
        st.caption(_("Answers, where there is a choice: two to eight."))
        blank = [{"code": "", **dict.fromkeys(codes, "")}]
        table = st.data_editor(
            rows or blank, num_rows="dynamic", hide_index=True, key=_key(f"options.{at}"),
            column_config={code: language_name(code) for code in codes}
            | {"code": st.column_config.TextColumn(_("Code"), width="small")},
        )  # fmt: skip
        keep_typed(_key(f"options.{at}"))
        condition = _condition(script, at, question)
        if question.kind == "free":
            st.warning(
                _(
                    "A free answer may name somebody: volunteers are told not to, and what looks "
                    "personal is not kept. A choice of answers is safer, and can be counted."
                )
            )
        if st.form_submit_button(_("Keep"), key=_key(f"keep.{at}")):
            chosen = kind in {"single", "several"}
            options = script_draft.options_from(table, codes) if chosen else {}
            told = {code: one for code, one in text.items() if one.strip()}
            made = Question(question.id, kind, told, options, condition)
            _change(script_draft.with_question(script, at, made))


def _condition(script: Script, at: int, question: Question) -> tuple[str, str] | None:
    """Ask when a question is asked: always, or on an answer to one before it."""
    choices = [(one.id, code) for one in script.questions[:at] for code in one.codes]
    known: list[tuple[str, str] | None] = [None, *choices]
    now = question.only_if if question.only_if in known else None

    def name(one: tuple[str, str] | None) -> str:
        if one is None:
            return _("Always")
        number = [other.id for other in script.questions].index(one[0]) + 1
        asked = script.questions[number - 1]
        said = script.say(asked.options.get(one[1], {}), language())
        fixed = {"yes": _("Yes"), "no": _("No")}
        return _("Only if {n} is “{answer}”").format(
            n=number, answer=said or fixed.get(one[1], one[1])
        )

    return st.selectbox(
        _("Asked"), known, index=known.index(now), format_func=name, key=_key(f"if.{at}")
    )


def _in_use(place: Workspace, script: Script) -> None:
    """Say what stands in the way, and put the draft into use."""
    used = current(place.path)
    if used is not None and used.version == script.version:
        st.success(
            _("In use: version {version}, {n} kept so far.").format(
                version=script.version, n=len(versions(place.path))
            )
        )
        return
    try:
        checked(script)
    except DataError as error:
        messages.show_error(error)
        return
    st.caption(
        _(
            "Putting it into use makes a new version; make the phone pages and sheets again "
            "afterwards. Answers to earlier versions stay, each with its own."
        )
    )
    if st.button(_("Put into use"), type="primary", key="script.keep", width="stretch"):
        with messages.explain_data_errors():
            version = keep(place.path, script)
        visitor.current().note("settings", f"script {version}")
        st.rerun()
