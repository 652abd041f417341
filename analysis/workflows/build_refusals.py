"""What the files of a place are refused for before they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.errors import DataError

if TYPE_CHECKING:
    from analysis.workflows.build import Inputs


def refuse_ground_alone(inputs: Inputs) -> None:
    """Refuse files of the ground without those they are put on: contours, addresses.

    Raises
    ------
    DataError
        Naming the options to add.
    """
    given = {
        "--squares": inputs.squares,
        "--addresses": inputs.addresses,
        "--reu-bureaux": inputs.reu_bureaux,
    }
    extra = [name for name, file in given.items() if file]
    if extra and not (inputs.contours or inputs.reu):
        raise DataError(
            "{extra} cannot be used without contours.",
            mend="Add --contours FILE --vintage YEAR or --reu FILE, or leave the others out.",
            extra=" and ".join(extra),
        )
    if inputs.electors and not (inputs.addresses or inputs.reu):
        raise DataError(
            "Registered per address need the addresses they belong to.",
            where="{file}",
            mend="Add --addresses FILE (BAN).",
            file=inputs.electors.name,
        )
