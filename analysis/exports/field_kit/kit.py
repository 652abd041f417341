"""What sheets, phone pages and files of turfs are written from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from analysis.charts.chart_words import LANGUAGES
from analysis.errors import DataError, some
from analysis.exports.field_kit.turf_surroundings import Fact, Surroundings
from analysis.i18n import Words, format_number
from analysis.turf.isolated import isolated

if TYPE_CHECKING:
    from analysis.charts.map_ground import Ground
    from analysis.contacts.asked import DoorForm
    from analysis.contacts.door_names import DoorNames
    from analysis.fieldwork.questionnaire import Script
    from analysis.turf.walk_list import Walks

# Names of files are made of turf ids: nothing that a path could be built with.
_TURF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
# Nothing a content policy could be lengthened with; returns do not cross a network in the clear.
_SERVER = re.compile(
    r"(https://[A-Za-z0-9][A-Za-z0-9.-]*|http://(localhost|127\.0\.0\.1))"
    r"(:[0-9]{1,5})?(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?"
)
NEEDED = (
    "turf_id", "stop", "address_id", "bureau_id", "latitude", "longitude", "dwellings",
    "minutes", "walk_m", "street", "number", "suffix",
)  # fmt: skip


_MADE_ONCE = ("tables", "spots", "records", "entries", "measures", "outlines")
METRES_PER_DEGREE = 111_195.0  # of latitude: the mean radius of the earth, 6,371,009 m
_AROUND_M = 12.0  # an outline passes this far from its doors: half a street
_HULL = 0.35  # as on screen: it follows the streets, and leaves no doors out


def hull_of(stops: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the outline of some stops, longitude and latitude."""
    at = _spots(stops)
    # Metres around the turf's middle, so that the margin is as wide in all directions.
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(at[:, 1].mean())), 1.0])
    middle = at.mean(axis=0)
    hull = shapely.concave_hull(shapely.multipoints((at - middle) * scale), ratio=_HULL)
    ring = shapely.get_exterior_ring(shapely.buffer(hull, _AROUND_M, quad_segs=2))
    around: npt.NDArray[np.float64] = shapely.get_coordinates(ring) / scale + middle
    return around


def _spots(stops: pd.DataFrame) -> npt.NDArray[np.float64]:
    # Column by column: to pick two of a table takes ten times as long.
    return np.column_stack([stops[name].to_numpy(float) for name in ("longitude", "latitude")])


@dataclass(frozen=True)
class Kit:
    """All that volunteers of a campaign take along, before it takes a form.

    Attributes
    ----------
    walks
        The turfs in walking order.
    campaign_id
        Whose returns the phone pages make.
    tokens
        By turf: what proves that a return was made with our page.
    language
        "fr" or "en".
    large
        Large print for sheets.
    controller, contact
        Who answers for the data, and how to reach them; empty: a line to fill in by hand.
    address
        https address of the campaign's own server, which takes returns; empty: the codes
        carry no address, and the phone pages know of no server.
    facts
        By turf: at most three facts of its neighbourhood.
    names
        By bureau: what people call it; one that is not there goes by its id.
    surroundings
        What the maps draw behind the stops; None draws the stops alone.
    script
        What is said and asked at the door; None asks nothing.
    arguments
        By language and turf: sentences to say there, each with its source.
    ways
        By turf: the walk along streets, longitude and latitude (n, 2); straight lines otherwise.
    ground
        Names of streets and quarters for the cover, metric CRS; None leaves them out.
    door
        What people may agree to who leave their contact; None takes no contact of anybody.
    people
        Names of the roll for the paper alone, with their notice; None names nobody.

    Raises
    ------
    DataError
        When columns are missing, there is no stop, a turf's id cannot name a file, or the
        address is none that phones may send returns to.
    """

    walks: Walks
    campaign_id: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict)
    language: str = "fr"
    large: bool = False
    controller: str = ""
    contact: str = ""
    address: str = ""
    facts: Mapping[str, Sequence[Fact]] = field(default_factory=dict)
    surroundings: Surroundings | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    script: Script | None = None
    arguments: Mapping[str, Mapping[str, Sequence[Fact]]] = field(default_factory=dict)
    ways: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    ground: Ground | None = None
    door: DoorForm | None = None
    people: DoorNames | None = None

    def __post_init__(self) -> None:
        """Refuse what no sheet could show."""
        if self.language not in LANGUAGES:
            raise DataError(
                "No sheet is written in {language!r}.",
                mend="Choose one of {known}.",
                language=self.language,
                known=", ".join(LANGUAGES),
            )
        turfs = self.walks.turfs
        if missing := [column for column in NEEDED if column not in turfs]:
            raise DataError(
                "The turfs lack column(s) {missing}.",
                where="columns found: {columns}",
                mend="Give the table that `turfs` makes, with its names unchanged.",
                missing=", ".join(missing),
                columns=some(turfs.columns, most=8),
            )
        if turfs.empty:
            raise DataError(
                "There is no turf to print.",
                mend="Choose targets that have addresses; uncut.csv gives the reasons.",
            )
        ids = turfs["turf_id"].astype(str).unique()
        if wrong := [name for name in ids if not _TURF_ID.fullmatch(name)]:
            raise DataError(
                "Turfs name files: their ids are letters, digits, - and _, at most 40.",
                where="{wrong}",
                mend="Rename these turfs.",
                wrong=some(wrong),
            )
        returns_url(self.address)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the stops of each turf, in walking order, with what the field reads of them."""
        turfs = self.walks.turfs.sort_values(["turf_id", "stop"], kind="stable")
        turfs = turfs.assign(label=self._labels(turfs), house=_houses(turfs))
        for name, whole in (("door_from", 1), ("door_to", turfs["dwellings"])):
            if name not in turfs:
                turfs[name] = whole
        turfs["split"] = (turfs["door_from"] > 1) | (
            turfs["door_to"] < turfs.get("dwellings_of_building", turfs["door_to"])
        )
        return {str(key): part.reset_index(drop=True) for key, part in turfs.groupby("turf_id")}

    @cached_property
    def spots(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return where the stops of each turf are, longitude and latitude, (n, 2)."""
        return {turf_id: _spots(table) for turf_id, table in self.tables.items()}

    @cached_property
    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Return the stops of each turf, one mapping a stop."""
        # All at once: to each small table, pandas takes 10 ms.
        rows = iter(pd.concat(self.tables.values()).to_dict("records"))
        return {
            turf_id: [{str(k): v for k, v in row.items()} for row in islice(rows, len(table))]
            for turf_id, table in self.tables.items()
        }

    @cached_property
    def out_of_the_way(self) -> dict[tuple[str, int], float]:
        """Return the minutes on foot for a door of the isolated stops, by turf and stop."""
        found = isolated(self.walks)
        keys = zip(found["turf_id"].astype(str), found["stop"].astype(int), strict=True)
        return dict(zip(keys, found["minutes_per_door"], strict=True))

    @cached_property
    def left_alone(self) -> dict[str, Mapping[str, Any]]:
        """Return by address the doors that asked not to be disturbed: `doors`, `floors`."""
        told = self.walks.summary.get("left_alone", ())
        return {str(one["address_id"]): one for one in told}

    def alone_at(self, address_id: str) -> str:
        """Say which doors of an address asked not to be disturbed; "" where none did."""
        told = self.left_alone.get(address_id)
        if told is None:
            return ""
        ground = self.say("ground")
        floors = [ground if n == "0" else self.say("floor").format(n) for n in told["floors"]]
        where = f" ({', '.join(floors)})" if floors else ""
        return self.say("alone").format(self.count("doors", "door_one", told["doors"])) + where

    @cached_property
    def measures(self) -> dict[str, dict[str, Any]]:
        """Return the bureaux, minutes and metres of each turf."""
        return {
            turf_id: {
                "bureaux": sorted(table["bureau_id"].astype(str).unique()),
                "minutes": float(table["minutes"].sum()),
                "walk_m": float(table["walk_m"].sum()),
            }
            for turf_id, table in self.tables.items()
        }

    @cached_property
    def outlines(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return a hull around the doors of each turf, longitude and latitude."""
        return {name: hull_of(table) for name, table in self.tables.items()}

    def spoken(self, language: str) -> Kit:
        """Return this kit in another language; its tables are made once for all languages."""
        if language == self.language:
            return self
        if language not in self._spoken:
            other = replace(self, language=language)
            made = {name: getattr(self, name) for name in _MADE_ONCE}
            other.__dict__.update(made, _spoken={self.language: self})
            self._spoken[language] = other
        return self._spoken[language]

    @cached_property
    def _spoken(self) -> dict[str, Kit]:
        return {}

    @cached_property
    def entries(self) -> dict[str, Mapping[str, Any]]:
        """Return what the summary says of each turf."""
        return {str(turf["turf_id"]): turf for turf in self.walks.summary.get("turfs", ())}

    @property
    def start(self) -> tuple[float, float] | None:
        """Latitude and longitude from where all set out, where one was given."""
        at = self.walks.summary.get("start")
        return (float(at[0]), float(at[1])) if at else None

    @property
    def place(self) -> str:
        """Name of the place, or the campaign's id."""
        place = self.walks.summary.get("place") or self.campaign_id
        return place if isinstance(place, str) else ", ".join(map(str, place))

    @property
    def fictional(self) -> bool:
        """Whether the place is invented; every page says so."""
        return bool(self.walks.summary.get("fictional", False))

    def argument(self, turf_id: str) -> Sequence[Fact]:
        """Return what to say in a turf, in the language of this kit."""
        return self.arguments.get(self.language, {}).get(turf_id, ())

    def degrees(self, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return longitude and latitude of a point of the ground, or of several: (2, n)."""
        return np.array(self._plane(x, y, inverse=True))

    def metric(self, longitude: float, latitude: float) -> npt.NDArray[np.float64]:
        """Return where a place lies on the plane of the ground, metres."""
        return np.array(self._plane(longitude, latitude))

    @cached_property
    def _plane(self) -> pyproj.Proj:
        return pyproj.Proj(self.ground.outlines.crs if self.ground else "EPSG:3857")

    def code(self, turf_id: str) -> str:
        """Return the text of a turf's QR code: the link of its page, or campaign, turf and token.

        In a link the token stands after the #, which is never sent when a page is asked for.
        """
        token = self.tokens.get(turf_id, "")
        if self.address:
            return f"{self.address.rstrip('/')}/t/{self.campaign_id}/{turf_id}#{token}"
        return f"PALIER:{self.campaign_id}:{turf_id}:{token}"

    def say(self, key: str, part: str = "paper") -> str:
        """Return a text in the language of this kit."""
        return words(self.language)[part][key]

    def count(self, key: str, one: str, n: int) -> str:
        """Return "12 doors" or "1 door".

        Parameters
        ----------
        key
            Word for several, with a gap for the number: `doors`.
        one
            Word for one of them.
        n
            How many.

        Returns
        -------
        str
            In the language of the kit.
        """
        return (
            self.say(one)
            if n == 1
            else self.say(key).format(format_number(n, language=self.language))
        )

    @property
    def notice(self) -> str:
        """What is said at the door on data: who, why, which rights."""
        text = self.say("notice" if self.script is None else "notice_script").format(
            controller=self.controller or self.say("blank"),
            contact=self.contact or self.say("blank"),
        )
        return text if self.door is None else f"{text} {self.say('notice_contact')}"

    def _labels(self, turfs: pd.DataFrame) -> pd.Series:
        """Return "12 bis Rue Haute" for each row; the id where an address has no street."""
        street = turfs["street"].fillna("").astype(str).str.strip()
        label = (_houses(turfs) + " " + street).str.strip()
        return label.mask(street.eq(""), turfs["address_id"].astype(str))


def returns_url(address: str) -> str:
    """Return where phones send returns: `/api/returns` of a server; "" for no server.

    Raises
    ------
    DataError
        When it is no https address; http will do for this machine alone.
    """
    if not address:
        return ""
    if not _SERVER.fullmatch(address):
        raise DataError(
            "This is no address that phones may send returns to.",
            where="{address}",
            mend="Write the https address of the server without anything after it, as in "
            "https://palier.example.org.",
            address=address,
        )
    return f"{address.rstrip('/')}/api/returns"


def _houses(turfs: pd.DataFrame) -> pd.Series:
    """Return "12 bis": the number with its suffix, empty where there is none."""
    number = turfs["number"].astype("Int64").astype("string").fillna("")
    return (number + " " + turfs["suffix"].fillna("").astype(str)).str.strip().astype(str)


@cache
def words(language: str) -> dict[str, dict[str, str]]:
    """Return the texts of sheets, facts and phone pages in a language."""
    told: dict[str, dict[str, str]] = {}
    for key, text in _WORDS[language].items():
        section, _, name = key.partition(".")
        told.setdefault(section, {})[name] = text
    return told


_WORDS = Words.read("turf", files("analysis.exports.field_kit") / "turf_words.toml")
