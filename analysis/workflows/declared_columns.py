"""Which columns of a table of units travel with a draw."""

from __future__ import annotations

import pandas as pd

from analysis.experiments import unit_columns
from analysis.experiments.drawing_rule import Rule
from analysis.exports.column_units import units_of
from analysis.tables.schema import TURNOUT


def declared_columns(table: pd.DataFrame, rule: Rule, promised: tuple[str, ...]) -> set[str]:
    """Return the columns that may go along with a draw.

    Parameters
    ----------
    table
        The user's units, one row each.
    rule
        How they are drawn.
    promised
        Columns that the plan names.

    Returns
    -------
    set of str
        Those that rule and plan name, and measures that our own tables declare.
    """
    named = (rule.rank_by, rule.territory, rule.cluster, rule.must_treat, rule.must_not_treat)
    stated = [{"column": c, "unit": x.unit, "meaning": ""} for c, x in TURNOUT.columns.items()]
    measures = {
        one["column"]
        for one in units_of(map(str, table), stated=stated, language="en")
        if one["unit"] not in ("", "—")
        # A file of others may have text under such a name: addresses, for one.
        and pd.to_numeric(table[one["column"]], errors="coerce").notna().any()
    }
    asked = {*named, rule.unit, *rule.balance, *promised, *unit_columns.UNIT_NAMES}
    return asked | measures


def with_own_columns(
    assignment: pd.DataFrame, table: pd.DataFrame, rule: Rule, declared: set[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Add the declared columns of the user's file, in its order; ours go first.

    Parameters
    ----------
    assignment
        What was drawn, `unit_id` and our columns.
    table
        The user's units, one row each.
    rule
        Says which column names a unit.
    declared
        Names of columns that may go along.

    Returns
    -------
    pandas.DataFrame
        One row per unit of `table`, and the names of the columns left behind: who lives at a
        door, or how to reach them, has no place beside an arm.
    """
    label = unit_columns.labels(table, rule.unit)
    ours = assignment.set_index("unit_id").loc[label].reset_index()
    others = [name for name in table if name not in {*ours, "provenance"}]
    theirs = table[[name for name in others if name in declared]].reset_index(drop=True)
    return pd.concat([ours, theirs], axis=1), [str(n) for n in others if n not in declared]
