"""An imagined second round asked for in words, and written as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT
from analysis.electorate.transfers.second_round import SecondRound, merged, mobilised, withdrawn
from analysis.errors import DataError, some
from analysis.exports.model_export import Written
from analysis.exports.registry import check_format, put_leaving
from analysis.tables.workspace import Workspace
from analysis.workflows.imagined_rounds import WhatIf, begin, counted, finding, keep, kept

_FOLLOW = "LIST:FINALIST=70"


@dataclass(frozen=True)
class Told:
    """What is imagined, as the command line says it.

    Attributes
    ----------
    first, place
        The first round; a commune, a département or a part of one, "" for the whole.
    kept
        Name of one that was kept in the workspace, to begin with; "" for the usual start.
    standing, gone
        Who stands at the second round, where not the usual; finalists who withdraw.
    follow
        Mergers and calls to vote, each `LIST:FINALIST=70`: so many of 100 follow.
    come
        Of 100 who abstained, how many come; None leaves them as they are.
    asked
        Voters of each option that the shares are worth; None leaves it.
    """

    first: str = ""
    place: str = ""
    kept: str = ""
    standing: Sequence[str] = ()
    gone: Sequence[str] = ()
    follow: Sequence[str] = ()
    come: float | None = None
    asked: int | None = None


def imagine(workspace: Workspace, told: Told) -> WhatIf:
    """Return the second round that is told of.

    Raises
    ------
    DataError
        When nothing of that name was kept, a list, a share or an election is not known, what was
        kept is asked for with another round, place or lists, or nobody is left to stand.
    """
    own = _kept(workspace, told) if told.kept else _start(workspace, told)
    shares = own.table()
    for finalist in told.gone:
        shares = withdrawn(shares, finalist)
    if not shares.columns.difference([SPOILT, ABSTENTION]).size:
        raise DataError(
            "Nobody would stand at the second round.", mend="Leave one finalist at least."
        )
    for text in told.follow:
        option, into, share = _followers(text)
        shares = merged(shares, option, into, follow=share)
    if told.come is not None:
        if ABSTENTION not in shares.index:
            raise DataError(
                "These shares do not tell what those who abstained do.",
                where="{at}",
                mend="Leave --come out.",
                at=f"--come {told.come:g}",
            )
        shares = mobilised(shares, _share(told.come, f"--come {told.come:g}"))
    own = own.with_shares(shares)
    return own if told.asked is None else replace(own, asked=told.asked)


def second_round_to_file(  # noqa: PLR0913 - what, where to, and how
    folder: Path,
    told: Told,
    out: Path,
    *,
    figure: str = "",
    name: str = "",
    written: Written,
) -> tuple[WhatIf, SecondRound]:
    """Count an imagined second round and write it; keep it in the workspace where it has a name.

    Parameters
    ----------
    folder
        The workspace.
    told
        What is imagined.
    out
        The file: the table by bureau, or a picture.
    figure
        The finalist whose map is drawn.
    name
        Under which it is kept; "" for nowhere.
    written
        How the file is written.

    Returns
    -------
    tuple of WhatIf and SecondRound
        What was imagined, as a file made again asks for it, and what came of it.

    Raises
    ------
    DataError
        As `imagine` and `imagined_rounds.counted`, and when a file cannot be written.
    """
    check_format(out, "picture" if figure else "table")
    workspace = Workspace(folder)
    asked = imagine(workspace, told)
    if name:
        asked = replace(asked, name=name)
    found = counted(workspace, asked)
    finalists = [*found.whole.dropna(subset=["share_valid"])["destination"]]
    if figure and figure not in finalists:
        raise _unknown(figure, finalists)
    put_leaving(out, finding(workspace, asked, found, figure=figure, written=written))
    if name:
        keep(workspace, asked)
    return asked, found


def _start(workspace: Workspace, told: Told) -> WhatIf:
    known = workspace.read("elections")
    first = [*known.loc[known["round"] == 1, "election_id"]]
    if not told.first:
        raise DataError(
            "It is not said which first round it follows.",
            mend="Give --first: one of {known}.",
            known=some(first, most=12) if first else "—",
        )
    if told.first not in first:
        raise _unknown(told.first, first)
    return begin(workspace, told.first, told.place, told.standing)


def _kept(workspace: Workspace, told: Told) -> WhatIf:
    if told.first or told.place or told.standing:
        raise DataError(
            "What was kept has its own round, place and lists.",
            mend="Leave --first, --place and --standing out, or leave --kept out.",
        )
    there = kept(workspace)
    if told.kept not in there:
        raise _unknown(told.kept, [*there])
    return there[told.kept]


def _followers(text: str) -> tuple[str, str, float]:
    lists, equals, share = text.rpartition("=")
    option, colon, into = lists.partition(":")
    # A French keyboard writes 70,5.
    share = share.strip().replace(",", ".")
    if not (equals and colon and share.replace(".", "", 1).isdecimal()):
        raise DataError(
            "It is not said who follows whom.",
            where="--follow {text!r}",
            mend="Write a list, a finalist and how many of 100 follow: {example}.",
            text=text,
            example=_FOLLOW,
        )
    return option, into, _share(float(share), f"--follow {text}")


def _share(percent: float, where: str) -> float:
    if not 0 <= percent <= 100:  # noqa: PLR2004 - of a hundred
        raise DataError(
            "A share is of 100.", where="{at}", mend="Give a number from 0 to 100.", at=where
        )
    return percent / 100


def _unknown(name: str, known: Sequence[str]) -> DataError:
    return DataError(
        "“{name}” is not known here.",
        mend="Choose one of: {known}.",
        name=name,
        known=some(known, most=12) if known else "—",
    )
