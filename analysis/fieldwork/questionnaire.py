"""What is said and asked at the door: an opening sentence and a few questions, in any languages."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any

import tomli_w

from analysis.errors import DataError, Text, some
from analysis.fieldwork.script_rules import asked_of_a_person
from analysis.tables.toml_text import toml_of

KINDS = ("single", "several", "scale", "yes_no", "free")
LEAST_QUESTIONS, MOST_QUESTIONS = 3, 6
SCALE = ("1", "2", "3", "4", "5")
YES_NO = ("yes", "no")
PRESETS = ("general", "valmont")
ID = re.compile(r"[a-z][a-z0-9_]{0,23}")
_SPACES = re.compile(r"[ \t\r\n]+")
_LANGUAGE = re.compile(r"[a-z]{2}")
_LANGUAGES = {
    "fr": Text("in French"),
    "en": Text("in English"),
    "es": Text("in Spanish"),
    "ar": Text("in Arabic"),
    "pt": Text("in Portuguese"),
    "tr": Text("in Turkish"),
}
_OPTIONS = (2, 8)
_LONGEST = {"opening": 400, "question": 160, "option": 40}
Spoken = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    id
        What answers call it by.
    kind
        One of `KINDS`; a scale goes from 1 to 5, `free` is a text that names nobody.
    text
        By language.
    options
        Code → text by language, of `single` and `several`.
    only_if
        Question and answer on which this one is asked; None: always.
    """

    id: str
    kind: str
    text: Spoken
    options: Mapping[str, Spoken] = field(default_factory=dict)
    only_if: tuple[str, str] | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the answers there are; none for a free one."""
        fixed = {"scale": SCALE, "yes_no": YES_NO, "free": ()}
        return fixed.get(self.kind, tuple(self.options))

    @cached_property
    def digest(self) -> str:
        """Return what tells a question from another of the same id: its words count too."""
        return _digest(_plain_question(self))[:8]


@dataclass(frozen=True)
class Script:
    """What a campaign says and asks.

    Attributes
    ----------
    opening
        The first sentence, by language; the first of these languages stands in for others.
    questions
        In the order in which they are asked.
    """

    opening: Spoken
    questions: Sequence[Question]

    @cached_property
    def version(self) -> str:
        """Return the digest of all it says: twelve hexadecimal digits."""
        return _digest(plain_script(self))[:12]

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages it is written in, the main one first."""
        return tuple(self.opening)

    def say(self, text: Spoken, language: str) -> str:
        """Return a text of it in a language, or in its main one."""
        return text.get(language) or text.get(self.languages[0], "")

    def question(self, question_id: str) -> Question | None:
        """Return the question of an id, if there is one."""
        return next((one for one in self.questions if one.id == question_id), None)


def preset(name: str) -> Script:
    """Return a script to start from: `general`, or `valmont` for the embedded town."""
    file = files(__package__) / "script_presets" / f"{name}.toml"
    return read_script(file.read_bytes(), file=f"{name}.toml")


def read_script(content: bytes, *, file: str) -> Script:
    """Read a script from TOML, and check it.

    Parameters
    ----------
    content
        `opening` by language; `questions` with `id`, `kind`, `text` by language, `options` with
        `code` and texts, `only_if` with `question` and `answer`.
    file
        Its name, for errors.

    Raises
    ------
    DataError
        When it is no script, or asks for what must not be known.
    """
    try:
        told = toml_of(content.decode("utf-8-sig"))
        script = _built(told)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError,
            AttributeError) as error:  # fmt: skip
        raise DataError(
            "This is no script for the door.",
            where="{file}: {error}",
            mend="Write [opening] with a text by language, and [[questions]] with id, kind, text, "
            "and options where there is a choice; python -m analysis script show gives one.",
            file=file,
            error=some([error]),
        ) from error
    return checked(script)


def to_toml(script: Script) -> bytes:
    """Write a script as TOML that `read_script` reads."""
    return tomli_w.dumps(plain_script(script)).encode()


def plain_script(script: Script) -> dict[str, Any]:
    """Return a script as mappings and lists."""
    return {
        "opening": dict(script.opening),
        "questions": [_plain_question(question) for question in script.questions],
    }


def _plain_question(question: Question) -> dict[str, Any]:
    told: dict[str, Any] = {"id": question.id, "kind": question.kind, "text": dict(question.text)}
    if question.options:
        told["options"] = [{"code": code, **text} for code, text in question.options.items()]
    if question.only_if:
        told["only_if"] = dict(zip(("question", "answer"), question.only_if, strict=True))
    return told


def _built(told: Mapping[str, Any]) -> Script:
    if strange := set(told) - {"opening", "questions"}:
        raise ValueError(", ".join(sorted(strange)))
    return Script(_spoken(told["opening"]), [_question(one) for one in told["questions"]])


def _question(told: Mapping[str, Any]) -> Question:
    if strange := set(told) - {"id", "kind", "text", "options", "only_if"}:
        raise ValueError(", ".join(sorted(strange)))
    options = {}
    for one in told.get("options", ()):
        code = str(one["code"])
        if code in options:
            raise ValueError(code)
        options[code] = _spoken({name: text for name, text in one.items() if name != "code"})
    asked = told.get("only_if")
    only_if = (str(asked["question"]), str(asked["answer"])) if asked else None
    return Question(str(told["id"]), str(told["kind"]), _spoken(told["text"]), options, only_if)


def _spoken(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): _SPACES.sub(" ", str(text)).strip()
        for name, text in told.items()
        if str(text).strip()
    }


def checked(script: Script) -> Script:
    """Return the script if it can be used.

    Raises
    ------
    DataError
        When it has too few or too many questions, texts that are missing or too long, a
        condition that cannot come true, or asks for what must not be known of a person.
    """
    faults = [*_faults(script)]
    if faults:
        raise DataError(
            "This script cannot be used at the door.",
            where="{faults}",
            mend="Three to six short questions, each with its text; two to eight answers where "
            "there is a choice; a condition names an earlier question and one of its answers.",
            faults=some(faults),
        )
    if refused := [*_refused(script)]:
        raise DataError(
            "This script asks for what a campaign must not note at a door.",
            where="{refused}",
            mend="Ask what people think of the town or of the country, never who they are, what "
            "they suffer or what they believe: answers are counted without a name.",
            refused=some(refused),
        )
    return script


def _faults(script: Script) -> Iterator[Text]:
    if not script.opening:
        yield Text("there is no opening sentence")
        return
    if not LEAST_QUESTIONS <= len(script.questions) <= MOST_QUESTIONS:
        yield Text("{n} questions", n=len(script.questions))
    ids = [question.id for question in script.questions]
    yield from (
        Text("{name}: twice", name=name) for name in sorted({i for i in ids if ids.count(i) > 1})
    )
    for name, _code, kind, text in _texts(script):
        yield from _text_faults(script, name, kind, text)
    for at, question in enumerate(script.questions):
        yield from _question_faults(question, script.questions[:at])


def _texts(script: Script) -> Iterator[tuple[Text, str, str, Spoken]]:
    """Give every text with its place as people count questions, its code and its kind."""
    yield Text("first sentence"), "", "opening", script.opening
    for n, question in enumerate(script.questions, 1):
        yield _numbered(n), question.id, "question", question.text
        for code, text in question.options.items():
            yield Text("question {n}, answer {code}", n=n, code=code), code, "option", text


def _numbered(n: int) -> Text:
    return Text("question {n}", n=n)


def _text_faults(script: Script, name: Text, kind: str, text: Spoken) -> Iterator[Text]:
    if not text.get(code := script.languages[0]):
        language = _LANGUAGES.get(code) or Text("in {code}", code=code)
        yield Text("{name}: no text {language}", name=name, language=language)
    if strange := [one for one in text if not _LANGUAGE.fullmatch(one)]:
        yield Text("{name}: {strange} is no language", name=name, strange=", ".join(strange))
    if any(len(said) > _LONGEST[kind] for said in text.values()):
        yield Text("{name}: longer than {most} characters", name=name, most=_LONGEST[kind])


def _question_faults(question: Question, before: Sequence[Question]) -> Iterator[Text]:
    name = _numbered(len(before) + 1)
    codes = [question.id, *question.options]
    if wrong := [code for code in codes if not ID.fullmatch(code)]:
        yield Text("{name}: {wrong} is no code", name=name, wrong=", ".join(wrong))
    if question.kind not in KINDS:
        yield Text("{name}: there is no kind {kind}", name=name, kind=question.kind)
    chosen = question.kind in {"single", "several"}
    least, most = _OPTIONS if chosen else (0, 0)
    if not least <= len(question.options) <= most:
        yield Text("{name}: {n} answers to choose from", name=name, n=len(question.options))
    if question.only_if:
        other = next((one for one in before if one.id == question.only_if[0]), None)
        if other is None or question.only_if[1] not in other.codes:
            yield Text("{name}: its condition can never hold", name=name)


def _refused(script: Script) -> Iterator[Text]:
    # The opening says who comes: it may name the candidate.
    for name, code, kind, text in _texts(script):
        if kind == "opening":
            continue
        said = [*text.values(), code.replace("_", " ")]
        found = (what for one in said if (what := asked_of_a_person(one)))
        if what := next(found, ""):
            yield Text("{name}: {kind}", name=name, kind=Text(what))


def _digest(told: Mapping[str, Any]) -> str:
    # In the order told: the first language stands in for the others, and options are read out.
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
