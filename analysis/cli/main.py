"""The command line: python -m analysis VERB. Each verb says what it did and what it left out."""

from __future__ import annotations

import sys
from copy import copy
from functools import cache
from typing import Any, NoReturn

import typer
from typer.models import CommandInfo

from analysis.cli import (
    commands_backup,
    commands_contacts,
    commands_director,
    commands_duties,
    commands_messages,
    commands_models,
    commands_people,
    commands_place,
    commands_ranking,
    commands_returns,
    commands_roll,
    commands_script,
    commands_server,
    commands_trial,
    commands_turfs,
    commands_validation,
    each_place,
)
from analysis.cli.terminal import console
from analysis.errors import DataError
from analysis.workflows.server_access import note_command

# Whoever asks for help waits for these modules only: what a verb needs, it imports itself.
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Palier: from official files to the doors worth knocking at.",
)
for part in (
    commands_place,
    commands_ranking,
    commands_director,
    commands_trial,
    commands_models,
    commands_validation,
    commands_returns,
    commands_roll,
    commands_turfs,
    commands_script,
    commands_server,
    commands_backup,
    commands_duties,
    commands_people,
    commands_contacts,
    commands_messages,
):
    part.register(app)
# Options that take several values after one name, as in --place 75056 69123.
_SEVERAL = (
    *commands_place.SEVERAL,
    *commands_ranking.SEVERAL,
    *commands_models.SEVERAL,
    *commands_trial.SEVERAL,
    *commands_returns.SEVERAL,
    *commands_duties.SEVERAL,
    *each_place.SEVERAL,
)


def main(arguments: list[str] | None = None) -> None:
    """Run a verb; what cannot be done is printed as advice and ends with code 1.

    Code 2 is for words that are no command: an unknown option, a missing or misspelt value.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        spread = _spread(given)
        each_place.ARGUMENTS.set(tuple(spread))
        note_command(spread)
        _verbs(spread[0] if spread else "")(spread, standalone_mode=True)
    except DataError as error:
        _end(error)
    except OSError as error:
        _end(_told_by_the_machine(error))
    except MemoryError:
        _end(
            DataError(
                "This machine has too little memory for that.",
                mend="Ask for fewer draws or a smaller place, or give the machine more memory.",
            )
        )


@cache
def _verbs(asked: str = "") -> Any:  # noqa: ANN401 - of the library's own copy of click
    """Return the verb that is asked for with its options, read from its signature; or all.

    To read the signatures of all takes as long as to import them.
    """
    chosen = copy(app)
    alone = [verb for verb in app.registered_commands if _name_of(verb) == asked]
    chosen.registered_commands = alone or app.registered_commands
    return typer.main.get_group(chosen)


def _name_of(verb: CommandInfo) -> str:
    return verb.name or typer.main.get_command_name(getattr(verb.callback, "__name__", ""))


def _end(error: DataError) -> NoReturn:
    console(stderr=True).print(str(error))
    sys.exit(1)


def _told_by_the_machine(error: OSError) -> DataError:
    """Say which file or folder could not be opened, read or written."""
    return DataError(
        "A file or a folder cannot be used: {reason}.",
        where="{file}",
        mend="Check that it is there, that you may read and write it, and that the disk has room.",
        reason=error.strerror or type(error).__name__,
        file=error.filename if error.filename is not None else "",
    )


def _spread(arguments: list[str]) -> list[str]:
    """Write `--place A B` as `--place A --place B`, which the parser knows."""
    spread: list[str] = []
    name, taken = "", 0
    # Other verbs take one workspace, and what follows it is theirs.
    several = (*_SEVERAL, *(commands_backup.SEVERAL if arguments[:1] == ["backup"] else ()))
    for argument in arguments:
        if argument.startswith("--"):
            name, taken = argument, 0
        elif name in several:
            if taken:
                spread.append(name)
            taken += 1
        spread.append(argument)
    return spread
