"""What every verb says of an action, or a language, that it does not have."""

from __future__ import annotations

from collections.abc import Collection

from analysis.errors import DataError


def check_action(verb: str, action: str, known: Collection[str]) -> None:
    """Refuse an action that a verb does not have.

    Parameters
    ----------
    verb
        Of the command line.
    action
        As it was typed.
    known
        Those it has.

    Raises
    ------
    DataError
        When it is none of them.
    """
    if action not in known:
        raise DataError(
            "There is no such action.",
            where="python -m analysis {verb} {action}",
            mend="Name one of {known}.",
            verb=verb,
            action=action,
            known=", ".join(known),
        )


def known_language(language: str) -> str:
    """Return a language that an option names.

    Parameters
    ----------
    language
        As it was typed.

    Returns
    -------
    str
        The same.

    Raises
    ------
    DataError
        When nothing is written in it.
    """
    from analysis.i18n import LANGUAGES

    if language not in LANGUAGES:
        raise DataError(
            "Nothing is written in this language.",
            where="--language {language}",
            mend="Name one of {known}.",
            language=language,
            known=", ".join(LANGUAGES),
        )
    return language
