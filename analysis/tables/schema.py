"""The canonical tables: their keys, columns, units and identities."""

from __future__ import annotations

from functools import cache

import pandas as pd

from analysis.errors import Text
from analysis.tables.attempts import ATTEMPTS
from analysis.tables.attempts import OUTCOMES as OUTCOMES
from analysis.tables.table import Column, Identity, Table

BLOCS = ("far_left", "left", "centre", "right", "far_right", "other")

_ID = "category"  # ids repeat across millions of rows: text, stored once

ELECTIONS = Table(
    name="elections",
    key=("election_id",),
    columns={
        "election_id": Column("str", "—", "year, kind and round: 2022_pres_t1"),
        "date": Column("datetime64[ns]", "day", "day of the vote, mainland"),
        "kind": Column("str", "—", "pres, legi, euro, muni, arrd, regi, dpmt, cant, refe"),
        "round": Column("int64", "—", "1 or 2"),
        "vintage": Column("Int64", "year", "contours its bureaux are drawn in", nullable=True),
    },
)

PLACES = Table(
    name="places",
    key=("commune_id",),
    columns={
        "commune_id": Column("str", "—", "official code of the commune"),
        "name": Column("str", "—", "name of the commune"),
        "department_id": Column("str", "—", "code of the département"),
    },
)

TURNOUT = Table(
    name="turnout",
    key=("election_id", "bureau_id"),
    columns={
        "election_id": Column(_ID, "—", "election round"),
        "bureau_id": Column(_ID, "—", "commune code _ bureau number: 31555_0101"),
        "registered": Column("int64", "persons", "inscrits"),
        "ballots": Column("int64", "ballots", "votants: ballots found in the box"),
        "blank": Column("Int64", "ballots", "blancs; unknown where not published", nullable=True),
        "null": Column("Int64", "ballots", "nuls; unknown where not published", nullable=True),
        "valid": Column("int64", "ballots", "exprimés: ballots that name a candidate"),
    },
    identities=(
        Identity(
            Text("0 ≤ ballots ≤ registered"), lambda t: t["ballots"].between(0, t["registered"])
        ),
        Identity(Text("0 ≤ valid ≤ ballots"), lambda t: t["valid"].between(0, t["ballots"])),
        Identity(
            Text("blank + null + valid = ballots"),
            lambda t: (t["blank"] + t["null"] + t["valid"]).eq(t["ballots"]).fillna(value=True),
        ),
    ),
)

VOTES = Table(
    name="votes",
    key=("election_id", "bureau_id", "candidate_id"),
    columns={
        "election_id": Column(_ID, "—", "election round"),
        "bureau_id": Column(_ID, "—", "polling station"),
        "candidate_id": Column(_ID, "—", "candidate or list, unique within an election"),
        "votes": Column("int64", "ballots", "voix"),
    },
    identities=(Identity(Text("0 ≤ votes"), lambda t: t["votes"] >= 0),),
)

CANDIDATES = Table(
    name="candidates",
    key=("election_id", "candidate_id"),
    columns={
        "election_id": Column("str", "—", "election round"),
        "candidate_id": Column("str", "—", "candidate or list"),
        "name": Column("str", "—", "surname of the candidate or name of the list; may be empty"),
        "nuance": Column("str", "—", "official political label; may be empty"),
        "bloc": Column("str", "—", "bloc id; empty when none is known"),
        "votes": Column("int64", "ballots", "votes in the whole workspace"),
    },
)

BUREAUX = Table(
    name="bureaux",
    key=("bureau_id", "vintage"),
    columns={
        "bureau_id": Column("str", "—", "polling station"),
        "vintage": Column("int64", "year", "year the contours are of"),
        "commune_id": Column("str", "—", "commune"),
        "name": Column("str", "—", "what the file calls it; may be empty"),
        "geometry": Column("geometry", "m", "polygon, metric CRS"),
    },
    identities=(Identity(Text("geometry is valid"), lambda t: t.geometry.is_valid),),
)

CROSSWALK = Table(
    name="crosswalk",
    key=("from_vintage", "to_vintage", "from_id", "to_id"),
    columns={
        "from_vintage": Column("int64", "year", "vintage of from_id"),
        "to_vintage": Column("int64", "year", "vintage of to_id"),
        "from_id": Column("str", "—", "bureau of the older or other vintage"),
        "to_id": Column("str", "—", "bureau that receives a share of it"),
        "weight": Column("float64", "share", "share of from_id that goes to to_id, in (0, 1]"),
        "quality": Column("str", "—", "registered, households, area or code"),
    },
    identities=(Identity(Text("0 < weight ≤ 1"), lambda t: t["weight"].between(0, 1 + 1e-9)),),
)

AREAS = Table(
    name="areas",
    key=("area_id",),
    columns={
        "area_id": Column("str", "—", "census square"),
        "population": Column("float64", "persons", "individuals"),
        "adults": Column("float64", "persons", "18 and over"),
        "households": Column("float64", "households", "ménages"),
        "poor_households": Column("float64", "households", "below the poverty line"),
        "social_dwellings": Column("float64", "dwellings", "logements sociaux"),
        "living_standard_eur": Column(
            "float64", "€/year", "mean standard of living", nullable=True
        ),
        "imputed": Column("bool", "—", "under 11 households: values imputed by INSEE"),
        "geometry": Column("geometry", "m", "square, metric CRS"),
    },
    identities=(
        Identity(Text("adults ≤ population"), lambda t: t["adults"] <= t["population"] + 1e-6),
    ),
)

ADDRESSES = Table(
    name="addresses",
    key=("address_id",),
    columns={
        "address_id": Column("str", "—", "id of the address base"),
        "bureau_id": Column(
            "str", "—", "bureau that holds it, or that the roll names; may be empty"
        ),
        "commune_id": Column("str", "—", "commune"),
        "street": Column("str", "—", "street name"),
        "number": Column("Int64", "—", "house number", nullable=True),
        "suffix": Column("str", "—", "bis, ter…; may be empty"),
        "dwellings": Column("Int64", "dwellings", "doors behind it, where known", nullable=True),
        "registered": Column("Int64", "persons", "registered there, where known", nullable=True),
        "geometry": Column("geometry", "m", "point, metric CRS"),
    },
)

# What a street is for who walks and who draws: on `fast` nobody crosses between two corners.
STREET_KINDS = ("motorway", "fast", "main", "street", "path", "water")

STREETS = Table(
    name="streets",
    key=("street_id",),
    columns={
        "street_id": Column("str", "—", "id of the source: way/4097656, TRONROUT0000000012"),
        "name": Column("str", "—", "of the source, else of the addresses along it; may be empty"),
        "kind": Column("str", "—", "motorway, fast, main, street, path, water"),
        "walkable": Column("bool", "—", "whether a person on foot may use it"),
        "one_way": Column("bool", "—", "for vehicles; on foot both ways are open"),
        "length_m": Column("float64", "m", "as the source measures it, else of the line"),
        "geometry": Column("geometry", "m", "line, metric CRS; streets meet where points are one"),
    },
    identities=(
        Identity(Text("kind is one of six"), lambda t: t["kind"].isin(STREET_KINDS)),
        Identity(Text("0 < length_m"), lambda t: t["length_m"] > 0),
    ),
)

CONTEXT = Table(
    name="context",
    key=("bureau_id", "vintage"),
    columns={
        "bureau_id": Column("str", "—", "polling station"),
        "vintage": Column("int64", "year", "year the contours are of"),
        "name": Column("str", "—", "what the file of contours calls it; may be empty"),
        "area_m2": Column("float64", "m²", "area of its contour"),
        "addresses": Column("Int64", "addresses", "addresses inside it", nullable=True),
        "population": Column("float64", "persons", "from the squares", nullable=True),
        "adults": Column("float64", "persons", "from the squares", nullable=True),
        "households": Column("float64", "households", "from the squares", nullable=True),
        "poor_households": Column("float64", "households", "from the squares", nullable=True),
        "social_dwellings": Column("float64", "dwellings", "from the squares", nullable=True),
        "living_standard_eur": Column("float64", "€/year", "mean, from the squares", nullable=True),
        "imputed_share": Column("float64", "share", "of people in imputed squares", nullable=True),
    },
)

POLLING_PLACES = Table(
    name="polling_places",
    key=("bureau_id",),
    columns={
        "bureau_id": Column("str", "—", "polling station"),
        "name": Column("str", "—", "its polling place and address, as the file writes them"),
    },
)

ZONES = Table(
    name="zones",
    key=("bureau_id", "kind"),
    columns={
        "bureau_id": Column("str", "—", "polling station"),
        "kind": Column("str", "—", "circonscription, canton, quartier, epci"),
        "zone_id": Column("str", "—", "its code, unique within the kind: 75-18"),
        "name": Column("str", "—", "its name, or the code where none is known"),
    },
)

TURFS = Table(
    name="turfs",
    key=("turf_id",),
    columns={
        "turf_id": Column("str", "—", "KRPT-001, KRPT-002…: letters of the cut, order of priority"),
        "arm": Column("str", "—", "arm of its bureaux; empty without a trial"),
        "bureaux": Column("str", "—", "its bureaux, with spaces between"),
        "stops": Column("int64", "buildings", "buildings, or parts of large ones"),
        "doors": Column("int64", "doors", "to knock at"),
        "minutes": Column("float64", "min", "work: walk, stairs, doors; without the approach"),
        "walk_m": Column("float64", "m", "walk from the first stop to the last"),
        "doors_per_hour": Column("float64", "doors/h", "of a team"),
        "use": Column("str", "—", "planned, spare or later"),
        "profile": Column("str", "—", "standard or low_mobility"),
    },
    identities=(
        Identity(Text("no turf is empty"), lambda t: (t["stops"] > 0) & (t["doors"] > 0)),
        Identity(
            Text("use is one of three"), lambda t: t["use"].isin(["planned", "spare", "later"])
        ),
    ),
)

WALKLISTS = Table(
    name="walklists",
    key=("turf_id", "stop"),
    columns={
        "turf_id": Column("str", "—", "turf"),
        "stop": Column("int64", "—", "1…n in walking order"),
        "address_id": Column("str", "—", "id of the address base"),
        "bureau_id": Column("str", "—", "polling station"),
        "latitude": Column("float64", "°", "WGS 84"),
        "longitude": Column("float64", "°", "WGS 84"),
        "dwellings": Column("int64", "doors", "to knock at at this stop"),
        "minutes": Column("float64", "min", "walk to it, stairs, doors"),
        "walk_m": Column("float64", "m", "from the stop before; 0 at the first"),
        "street": Column("str", "—", "street name"),
        "number": Column("Int64", "—", "house number", nullable=True),
        "suffix": Column("str", "—", "bis, ter…; may be empty"),
        "side": Column("str", "—", "odd, even, or empty without a number"),
        "door_from": Column("int64", "—", "first door of the building, from the ground floor"),
        "door_to": Column("int64", "—", "last door of the building"),
        "dwellings_of_building": Column("int64", "doors", "of the whole building"),
        "dwellings_from": Column("str", "—", "dwellings, roll, registered or assumed"),
    },
    identities=(
        Identity(
            Text("door_from to door_to are its doors"),
            lambda t: (
                (t["door_to"] - t["door_from"] + 1 == t["dwellings"])
                & (t["door_from"] >= 1)
                & (t["door_to"] <= t["dwellings_of_building"])
            ),
        ),
        Identity(Text("0 ≤ walk_m"), lambda t: t["walk_m"] >= 0),
        Identity(Text("0 < minutes"), lambda t: t["minutes"] > 0),
    ),
)

TABLES = {
    table.name: table
    for table in (
        ELECTIONS,
        PLACES,
        TURNOUT,
        VOTES,
        CANDIDATES,
        BUREAUX,
        CROSSWALK,
        AREAS,
        ADDRESSES,
        STREETS,
        CONTEXT,
        POLLING_PLACES,
        ZONES,
        TURFS,
        WALKLISTS,
        ATTEMPTS,
    )
}


# The last underscore and what follows; all of an id without one.
_FROM_UNDERSCORE = r"(?:^|_)[^_]*$"


def commune_of(bureau_id: pd.Series) -> pd.Series:
    """Return the commune of each bureau: what stands before the last underscore."""
    if not isinstance(bureau_id.dtype, pd.CategoricalDtype):
        return bureau_id.astype("str").str.replace(_FROM_UNDERSCORE, "", regex=True)
    communes = bureau_id.cat.categories.astype("str").str.replace(_FROM_UNDERSCORE, "", regex=True)
    codes, names = communes.factorize()
    return pd.Series(
        pd.Categorical.from_codes(codes[bureau_id.cat.codes], names), index=bureau_id.index
    )


def is_geographic(table: Table) -> bool:
    """Tell whether a table has a geometry column."""
    return any(column.dtype == "geometry" for column in table.columns.values())


def empty(table: Table, crs: str | None = None) -> pd.DataFrame:
    """Return a table without rows, for a place that lacks its source."""
    return _empty(table.name, crs).copy()


@cache
def _empty(name: str, crs: str | None) -> pd.DataFrame:
    """Make such a table once: pages ask for it again and again."""
    table = TABLES[name]
    plain = {
        name: pd.Series([], dtype=column.dtype)
        for name, column in table.columns.items()
        if column.dtype != "geometry"
    }
    if not is_geographic(table):
        return pd.DataFrame(plain)
    import geopandas as gpd

    return gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries([], crs=crs), crs=crs)[
        list(table.columns)
    ]
