"""What a canonical table is: key, columns with units, identities, and the check of all three."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from analysis.errors import DataError, some


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
    def schema(self) -> Any:  # noqa: ANN401 - a pandera.DataFrameSchema
        """The dtypes and missing values of this table, as pandera checks them."""
        import pandera.pandas as pa  # read at the first check: a ranking needs none of it

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

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis.tables.schema import TURNOUT
        >>> counts = {"registered": 900, "ballots": 600, "blank": 8, "null": 4, "valid": 590}
        >>> row = {"election_id": "2022_pres_t1", "bureau_id": "31555_0101", **counts}
        >>> TURNOUT.check(pd.DataFrame([row]))
        Traceback (most recent call last):
            ...
        analysis.errors.DataError: turnout: blank + null + valid = ballots fails for 1 row(s).
          where: 2022_pres_t1/31555_0101
          mend:  Correct these rows at the source, or leave them out on purpose.
        >>> TURNOUT.check(pd.DataFrame([{**row, "valid": 588}]))["valid"].tolist()
        [588]
        """
        if missing := [name for name in self.columns if name not in df]:
            raise DataError(
                "{name}: missing column(s) {missing}.",
                where="columns found: {columns}",
                mend="Read the file with analysis.readers, or rename the columns.",
                name=self.name,
                missing=", ".join(missing),
                columns=some(df.columns, most=8),
            )
        table = df[list(self.columns)]
        if not self._fits(table):
            table = self._coerced(table)
        self._check_key(table)
        self._check_identities(table)
        return table

    def _fits(self, table: pd.DataFrame) -> bool:
        """Tell whether every column has its dtype already, and values where it must."""
        # Asked first, because a reader's table mostly fits, and pandera takes a second to import.
        return all(
            column.dtype == "geometry"
            or (values.dtype == column.dtype and (column.nullable or not values.isna().any()))
            for column, (_, values) in zip(self.columns.values(), table.items(), strict=True)
        )

    def _coerced(self, table: pd.DataFrame) -> pd.DataFrame:
        from pandera.errors import SchemaError, SchemaErrors

        try:
            return cast("pd.DataFrame", self.schema.validate(table))
        except (SchemaError, SchemaErrors) as error:
            raise DataError(
                "{name}: a column does not hold what it should.",
                where="{error}",
                mend="Give every row a value of the column's type; see docs/tables.md.",
                name=self.name,
                error=str(error).splitlines()[0],
            ) from error

    def _check_key(self, table: pd.DataFrame) -> None:
        if not all_differ(table, self.key):
            repeated = table.duplicated(list(self.key), keep=False)
            raise DataError(
                "{name}: more than one row for the same {key}.",
                where="{rows}",
                mend="Drop the duplicates, or sum them if the file splits a bureau.",
                name=self.name,
                key=" × ".join(self.key),
                rows=self.rows(table[repeated]),
            )

    def _check_identities(self, table: pd.DataFrame) -> None:
        for identity in self.identities:
            if not (holds := identity.holds(table)).all():
                raise DataError(
                    "{name}: {rule} fails for {holds} row(s).",
                    where="{rows}",
                    mend="Correct these rows at the source, or leave them out on purpose.",
                    name=self.name,
                    rule=identity.rule,
                    holds=(~holds).sum(),
                    rows=self.rows(table[~holds]),
                )

    def rows(self, table: pd.DataFrame) -> str:
        """Name a few rows of `table` by their key."""
        keys = table[list(self.key)].drop_duplicates()
        return some("/".join(map(str, key)) for key in keys.to_numpy())


def all_differ(table: pd.DataFrame, key: Sequence[str]) -> bool:
    """Tell whether no two rows have the same key, in a small part of the time of `duplicated`."""
    combined, size = np.zeros(len(table), dtype="int64"), 1
    for name in key:
        column = table[name].array
        if isinstance(column, pd.Categorical):
            codes, values = column.codes, column.categories
        else:
            codes, values = column.factorize()
        size *= len(values) + 1
        if size >= 1 << 62:  # past this the combined numbers would no longer be distinct
            return not table.duplicated(list(key)).any()
        combined = combined * (len(values) + 1) + codes
    # Files stand in order by long stretches, which this sort takes as they are.
    combined.sort(kind="stable")
    return bool((combined[1:] != combined[:-1]).all())
