"""The canonical tables: their keys, columns, units and identities."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from analysis.table import Column, Identity, Table

BLOCS = ("far_left", "left", "centre", "right", "far_right", "other")

_ID = "category"  # ids repeat across millions of rows: text, stored once

ELECTIONS = Table(
    name="elections",
    key=("election_id",),
    columns={
        "election_id": Column("str", "—", "year, kind and round: 2022_pres_t1"),
        "date": Column("datetime64[s]", "day", "day of the vote, mainland"),
        "kind": Column("str", "—", "pres, legi, euro, muni, regi, dpmt, cant, refe"),
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
        Identity("0 ≤ ballots ≤ registered", lambda t: t["ballots"].between(0, t["registered"])),
        Identity("0 ≤ valid ≤ ballots", lambda t: t["valid"].between(0, t["ballots"])),
        Identity(
            "blank + null + valid = ballots",
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
    identities=(Identity("0 ≤ votes", lambda t: t["votes"] >= 0),),
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
    identities=(Identity("geometry is valid", lambda t: t.geometry.is_valid),),
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
    identities=(Identity("0 < weight ≤ 1", lambda t: t["weight"].between(0, 1 + 1e-9)),),
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
    identities=(Identity("adults ≤ population", lambda t: t["adults"] <= t["population"] + 1e-6),),
)

ADDRESSES = Table(
    name="addresses",
    key=("address_id",),
    columns={
        "address_id": Column("str", "—", "id of the address base"),
        "bureau_id": Column("str", "—", "bureau whose polygon holds it; empty if none"),
        "commune_id": Column("str", "—", "commune"),
        "street": Column("str", "—", "street name"),
        "number": Column("Int64", "—", "house number", nullable=True),
        "suffix": Column("str", "—", "bis, ter…; may be empty"),
        "dwellings": Column("Int64", "dwellings", "doors behind it, where known", nullable=True),
        "registered": Column("Int64", "persons", "registered there, where known", nullable=True),
        "geometry": Column("geometry", "m", "point, metric CRS"),
    },
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
        CONTEXT,
    )
}


def commune_of(bureau_id: pd.Series) -> pd.Series:
    """Return the commune of each bureau: what stands before the last underscore."""
    if not isinstance(bureau_id.dtype, pd.CategoricalDtype):
        return bureau_id.astype("str").map(_before_underscore).astype("str")
    communes = [_before_underscore(name) for name in bureau_id.cat.categories]
    codes, names = pd.Index(communes, dtype="str").factorize()
    return pd.Series(
        pd.Categorical.from_codes(codes[bureau_id.cat.codes], names), index=bureau_id.index
    )


def _before_underscore(name: object) -> str:
    return str(name).rpartition("_")[0]


def is_geographic(table: Table) -> bool:
    """Tell whether a table has a geometry column."""
    return any(column.dtype == "geometry" for column in table.columns.values())


def empty(table: Table, crs: str | None = None) -> pd.DataFrame:
    """Return a table without rows, for a place that lacks its source."""
    plain = {
        name: pd.Series([], dtype=column.dtype)
        for name, column in table.columns.items()
        if column.dtype != "geometry"
    }
    if not is_geographic(table):
        return pd.DataFrame(plain)
    return gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries([], crs=crs), crs=crs)[
        list(table.columns)
    ]
