"""What knocking takes: minutes at a building and on foot, from the planner's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from analysis.errors import DataError

_AT_MOST = {"share_open": 1.0, "hours": 12.0}
# A turf is planned a little under the outing, and never goes more than this beyond it.
PLANNED, MOST = 0.95, 1.10


@dataclass(frozen=True, slots=True)
class Work:
    """The planner's numbers of an outing; sources in docs/methods/turfs.md.

    Attributes
    ----------
    hours, team
        Length of an outing; volunteers in a team. Two knock together: a team of four is
        two pairs that share the doors of a building.
    share_open, minutes_no_answer, minutes_conversation
        Share of doors with a conversation (of a ranking: those that open × those of them that
        talk); minutes at a door without one, and at one with one.
    minutes_noting
        Between two doors: the next one, and what is to be written down.
    minutes_building, minutes_floor, doors_per_floor
        To get into a building; for each floor above the first; doors found on a floor.
    ground_doors
        A building of at most so many doors is taken to have no stairs.
    walking_speed
        Metres a second.
    detour
        Walk against straight line, where there is no street graph.
    crossing_m
        What crossing the street costs beyond its width, in metres walked.
    crossing_main_m
        The same of a main street, where there is traffic to wait for.
    registered_per_door
        Registered voters behind a door.
    """

    hours: float = 2.0
    team: int = 2
    share_open: float = 0.25
    minutes_no_answer: float = 1.0
    minutes_conversation: float = 3.0
    minutes_noting: float = 0.5
    minutes_building: float = 1.0
    minutes_floor: float = 0.75
    doors_per_floor: int = 4
    ground_doors: int = 2
    walking_speed: float = 1.2
    detour: float = 1.3
    crossing_m: float = 10.0
    crossing_main_m: float = 30.0
    registered_per_door: float = 1.6

    def __post_init__(self) -> None:
        at_least = {"hours": 0.25, "team": 1, "doors_per_floor": 1, "registered_per_door": 0.5}
        at_least |= {"walking_speed": 0.1, "detour": 1.0}
        for name, value in asdict(self).items():
            least, most = at_least.get(name, 0.0), _AT_MOST.get(name, 1000.0)
            if not least <= value <= most:
                raise DataError(
                    "The number {name} lies outside what it can be.",
                    where="{name} = {value:g}",
                    mend="Keep it between {least:g} and {most:g}.",
                    name=name,
                    value=value,
                    least=least,
                    most=most,
                )
        if self.minutes_per_door <= 0:
            raise DataError(
                "A door that takes no time cannot be planned.",
                where="minutes_no_answer, minutes_conversation and minutes_noting are all 0",
                mend="Leave them out to take the usual ones.",
            )

    @property
    def outing(self) -> float:
        """Length of an outing in minutes."""
        return 60 * self.hours

    @property
    def minutes_per_door(self) -> float:
        """Expected minutes at a door, of a team."""
        talks = self.share_open * self.minutes_conversation
        others = (1 - self.share_open) * self.minutes_no_answer
        return (talks + others + self.minutes_noting) / max(1, self.team // 2)

    def at_building(self, doors: np.ndarray) -> np.ndarray:
        """Return minutes inside buildings of so many doors: entry, stairs, doors."""
        stairs = np.maximum(np.ceil(doors / self.doors_per_floor) - 1, 0)
        minutes: np.ndarray = (
            self.minutes_building + self.minutes_floor * stairs + self.minutes_per_door * doors
        )
        return minutes

    def on_foot(self, metres: np.ndarray | float) -> Any:  # noqa: ANN401 - as numpy does
        """Return the minutes that so many metres take on foot."""
        return metres / (60 * self.walking_speed)

    def doors_in(self, minutes: float) -> int:
        """Return how many doors of one building fit into so many minutes; at least 1."""
        counts = np.arange(1, int(minutes / self.minutes_per_door) + 2)
        fitting = int((self.at_building(counts) <= minutes).sum())
        return max(1, fitting)

    def gentle(self) -> Work:
        """Return the profile of those who walk little: half the time, a slower step."""
        return replace(self, hours=max(0.25, self.hours / 2), walking_speed=0.8)

    def to_dict(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def of_cut(cls, recorded: Mapping[str, Any]) -> Work:
        """Return the numbers that a cut recorded; where all streets were alike, so they stay."""
        alike = {"crossing_main_m": recorded["crossing_m"]} if "crossing_m" in recorded else {}
        return cls.from_dict({**alike, **recorded})

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], where: str = "") -> Work:
        """Return the usual numbers with some replaced: name → number, or a table with `value`.

        Raises
        ------
        DataError
            When a name is unknown, or a value is no number or outside what it can be.
        """
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(given) - known):
            raise DataError(
                "Unknown number(s) of an outing: {unknown}.",
                where="{place}",
                mend="Known ones: {known}.",
                unknown=", ".join(unknown),
                place=where,
                known=", ".join(sorted(known)),
            )
        told: dict[str, Any] = {}
        for name, value in given.items():
            number = value.get("value") if isinstance(value, Mapping) else value
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise DataError(
                    "The number {name} is not a number.",
                    where="{place}: {name} = {value}",
                    mend="Write for instance {name} = {getattr:g}.",
                    name=name,
                    place=where,
                    value=value,
                    getattr=getattr(cls(), name),
                )
            told[name] = int(number) if name in _WHOLE else float(number)
        return cls(**told)


_WHOLE = ("team", "doors_per_floor", "ground_doors")
