"""The numbers of an outing: those of a ranking, of a file, of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.targeting.params import Params, read_toml
from analysis.turf.work import Work
from analysis.workflows.ranking import Scenario


def numbers_of_outing(scenario: Scenario) -> dict[str, float]:
    """Return the planner's numbers that an outing shares with the ranking."""
    mine = Work().to_dict()
    params = scenario.settings.params
    shared = {name: belief.value for name, belief in params.beliefs.items() if name in mine}
    # An outing counts the doors with a conversation; the others are soon left.
    return {**shared, "share_open": shared["share_open"] * params.share_talk.value}


def read_work(file: Path | None, given: Mapping[str, Any]) -> Work:
    """Return the numbers of an outing: those of a TOML file, then those `given`.

    A file of parameters of `rank` may be given as it is: what it says of votes is not needed.

    Raises
    ------
    DataError
        When the file is no TOML, or a name or a number in it is wrong.
    """
    table: dict[str, Any] = {}
    if file:
        table = read_toml(file)
        table |= table.pop("params", {})
    others = set(Params().beliefs) - set(Work().to_dict())
    mine = {name: value for name, value in table.items() if name not in others}
    where = file.name if file else ""
    work = Work.from_dict({**mine, **given}, where=where)
    if "share_talk" not in table or "share_open" in given:
        return work
    talks = Params.from_dict({"share_talk": table["share_talk"]}, where).share_talk.value
    return replace(work, share_open=work.share_open * talks)
