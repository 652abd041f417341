"""Results brought to the design that was sealed: its arms, its blocks, its draw."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.errors import DataError, some
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import Lottery
from analysis.experiments.promised import Announced
from analysis.experiments.seal import Sealed

_ARM, _BLOCK, _CLUSTER = "sealed arm", "sealed block", "sealed cluster"


def with_seal(
    units: pd.DataFrame, spec: Spec, sealed: Sealed
) -> tuple[pd.DataFrame, Spec, Lottery]:
    """Put the results of the units beside their sealed arms.

    Parameters
    ----------
    units
        Results, one row per unit. Units that were not drawn are left out; drawn units
        that are not there come back with missing outcomes, and are counted so by arm.
    spec
        Which columns hold what; arms, blocks and clusters come from the seal.
    sealed
        What `verify` found.

    Returns
    -------
    tuple
        One row per drawn unit, the specification of these columns, and the lottery in
        the order of the rows.

    Raises
    ------
    DataError
        When no unit is one of the seal, or an arm is not the one that was drawn.
    """
    label = unit_columns.labels(units, spec.unit)
    drawn = sealed.assignment[sealed.design.drawn].reset_index(drop=True)
    if not label.isin(drawn["unit_id"]).any():
        raise DataError(
            "No unit of the table is one of the sealed design.",
            where="table: {label}; seal: {unit_id}",
            mend="Name the column of the units with --unit, spelt as when the design was drawn.",
            label=some(label),
            unit_id=some(drawn["unit_id"]),
        )
    theirs = units.set_axis(pd.Index(label), axis=0).reindex(drawn["unit_id"])
    theirs = theirs.reset_index(drop=True)
    if spec.assigned in theirs:
        _check_arms(theirs[spec.assigned], drawn)
    table = theirs.assign(
        **{_ARM: drawn["assigned"], _BLOCK: drawn["block"], _CLUSTER: drawn["cluster"]}
    )
    if spec.unit:
        table[spec.unit] = drawn["unit_id"]
    rule = sealed.design.rule
    if rule.rank_by not in table:
        # What the units were ranked by is a subgroup that plans often announce.
        value = sealed.design.units.set_index("unit_id")["value"]
        table[rule.rank_by] = value.loc[drawn["unit_id"]].to_numpy()
    of_seal = replace(
        spec,
        assigned=_ARM,
        block=_BLOCK,
        cluster=_CLUSTER if rule.cluster else "",
        unit="",
        announced=spec.announced or Announced.of(sealed.promise, outcomes=spec.outcomes),
    )
    names = [name for name in unit_columns.UNIT_NAMES if name in table]
    return table.drop(columns=names), of_seal, sealed.design.lottery


def _check_arms(given: pd.Series, drawn: pd.DataFrame) -> None:
    numbers = pd.to_numeric(given, errors="coerce")
    moved = (given.notna() & (numbers != drawn["assigned"])).to_numpy()
    if moved.any():
        raise DataError(
            "An arm is not the one that was drawn.",
            where="column {name}: {units}",
            mend="Give the arms of the seal; what was carried out goes into --received.",
            name=given.name,
            units=some(drawn.loc[moved, "unit_id"]),
        )
