"""What `build` refuses before it reads, and under which licence each file is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.errors import DataError, Text, some
from analysis.readers.packed import sheet_read

if TYPE_CHECKING:
    from analysis.readers.raw_results import Raw
    from analysis.tables.sources import Report
    from analysis.workflows.build import Inputs

# An invented town imitates files of OpenStreetMap and INSEE; theirs they are not.
_INVENTED = "Licence Ouverte 2.0"


def refuse_unread(inputs: Inputs, raw: Raw) -> None:
    """Refuse licences of files that are not read."""
    names = ("squares", "addresses", "electors", "reu", "reu_bureaux", "streets", "quarters")
    ground = [getattr(inputs, name) for name in names]
    files = [file.name for file in (*inputs.contours.values(), *ground) if file]
    known = [*(r.source.file for r in raw.reports), *files]
    if unread := sorted(set(inputs.licences) - set(known)):
        raise DataError(
            "A licence is given for a file that is not read.",
            where="{unread}; files read: {names}",
            mend="Name one of the files of this command: --licence FILE=TEXT.",
            unread=some(unread),
            names=some(known, most=12),
        )


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
        "--streets": inputs.streets,
        "--quarters": inputs.quarters,
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


def licensed(report: Report, inputs: Inputs) -> Report:
    """Put into an account the licence that holds, and which sheet of a workbook was read."""
    source = report.source
    known = _INVENTED if inputs.fictional else source.licence
    licence = inputs.licences.get(source.file, known)
    told = replace(report, source=replace(source, licence=licence))
    chosen = sheet_read(source.file, source.bytes)
    if chosen is None:
        return told
    sheet, others = chosen
    note = Text("read the sheet {sheet}, not {sheets}", sheet=sheet, sheets=some(others))
    return replace(told, notes=(note, *told.notes))
