"""What every verb with actions says of one that it does not have."""

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
