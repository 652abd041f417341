"""The canonical tables: their keys, columns, units and identities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrors

from analysis.errors import DataError, some

BLOCS = ("far_left", "left", "centre", "right", "far_right", "other")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its pandas dtype, its unit, and what it means."""

    dtype: str
    unit: str
    meaning: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """A rule that every row obeys, e.g. blank + null + valid = ballots."""

    rule: str
    holds: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Table:
    """A canonical table; `check` is the only door into the library."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    identities: tuple[Identity, ...] = ()

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The dtypes and missing values of this table, as pandera checks them."""
        return pa.DataFrameSchema(
            {
                name: pa.Column(column.dtype, nullable=column.nullable, coerce=True)
                for name, column in self.columns.items()
                if column.dtype != "geometry"
            },
            name=self.name,
        )

    def check(self, df: pd.DataFrame) -> pd.DataFrame:
        """Return `df` with the canonical columns in order, or raise `DataError`.

        Parameters
        ----------
        df
            One row per `key`; columns outside the schema are dropped.

        Returns
        -------
        pandas.DataFrame
            A new frame (a GeoDataFrame when `df` is one); `df` is left as it was.

        Raises
        ------
        DataError
            When a column is missing or of another type, a key repeats, or an
            identity fails.
        """
        if missing := [name for name in self.columns if name not in df]:
            raise DataError(
                f"{self.name}: missing column(s) {', '.join(missing)}.",
                where=f"columns found: {some(df.columns, most=8)}",
                mend="Read the file with analysis.readers, or rename the columns.",
            )
        table = df[list(self.columns)]
        try:
            table = self.schema.validate(table)
        except (SchemaError, SchemaErrors) as error:
            raise DataError(
                f"{self.name}: a column does not hold what it should.",
                where=str(error).splitlines()[0],
                mend="Give every row a value of the column's type; see docs/tables.md.",
            ) from error
        self._check_key(table)
        self._check_identities(table)
        return table

    def _check_key(self, table: pd.DataFrame) -> None:
        if (repeated := table.duplicated(list(self.key), keep=False)).any():
            raise DataError(
                f"{self.name}: more than one row for the same {' × '.join(self.key)}.",
                where=self.rows(table[repeated]),
                mend="Drop the duplicates, or sum them if the file splits a bureau.",
            )

    def _check_identities(self, table: pd.DataFrame) -> None:
        for identity in self.identities:
            if not (holds := identity.holds(table)).all():
                raise DataError(
                    f"{self.name}: {identity.rule} fails for {(~holds).sum()} row(s).",
                    where=self.rows(table[~holds]),
                    mend="Correct these rows at the source, or leave them out on purpose.",
                )

    def rows(self, table: pd.DataFrame) -> str:
        """Name a few rows of `table` by their key."""
        keys = table[list(self.key)].drop_duplicates()
        return some("/".join(map(str, key)) for key in keys.to_numpy())


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
    ids = bureau_id.cat.categories if isinstance(bureau_id.dtype, pd.CategoricalDtype) else None
    if ids is None:
        return bureau_id.astype("str").str.rpartition("_")[0]
    communes = pd.Index(ids.astype("str")).str.rpartition("_").get_level_values(0)
    codes, names = communes.factorize()
    return pd.Series(
        pd.Categorical.from_codes(codes[bureau_id.cat.codes], names), index=bureau_id.index
    )


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
