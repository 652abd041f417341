"""The design of a trial: units ranked within territories, cut into blocks, drawn by lot.

Declared once, it assigns, knows each unit's probability, and draws again for inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.experiments import unit_columns
from analysis.experiments.assignment import EACH, Flags, Lottery
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.estimators import Codes, Floats
from analysis.experiments.trial_words import say

TREATED, CONTROL = "treated", "control"


@dataclass(frozen=True)
class Design:
    """A declared trial.

    Attributes
    ----------
    rule
        How it was made.
    units
        One row per unit, ordered by name: `unit_id`, `territory`, `value`, `cluster`,
        `given` (arm of a unit that is not drawn, else empty), `rank` in the territory,
        `block` (empty when not drawn), `full` (whether its block is), and the columns to
        balance on.
    lottery
        The draw of the units with a block, in the order of `units`.
    """

    rule: Rule
    units: pd.DataFrame
    lottery: Lottery

    @cached_property
    def drawn(self) -> Flags:
        """Which units are drawn by lot."""
        return (self.units["block"] != "").to_numpy()

    def assign(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the arms.

        Returns
        -------
        pandas.DataFrame
            One row per unit, as `units`, with `arm` (treated, control), `assigned` (1, 0)
            and `probability` of being treated: 1 or 0 for units that are not drawn.
        """
        arm = (self.units["given"] == TREATED).to_numpy(copy=True)
        arm[self.drawn] = self.lottery.assign(rng)
        table = self.units.assign(
            arm=np.where(arm, TREATED, CONTROL),
            assigned=arm.astype("int64"),
            probability=self.probability(rng),
        )
        order = ["unit_id", "arm", "block", "cluster", "probability", "assigned"]
        return table[[*order, *(name for name in table if name not in order)]]

    def redraw(self, rng: np.random.Generator, draws: int) -> Flags:
        """Draw again, many times: draws × drawn units, True is treated."""
        return self.lottery.redraw(rng, draws)

    def probability(self, rng: np.random.Generator) -> Floats:
        """Return each unit's probability of being treated.

        Exact without balancing; with it, from draws, which `rng` is for.
        """
        probability = (self.units["given"] == TREATED).to_numpy(dtype=float, copy=True)
        probability[self.drawn] = self.lottery.probability(rng)
        return probability

    def summary(self, language: str = "en") -> str:
        """Say what is drawn and what is not."""
        size, full, rule = self.lottery.size, self.lottery.treated != EACH, self.rule
        what = say("clusters" if rule.cluster else "units", language)
        counts = {
            "units": len(self.units),
            "drawn": int(self.drawn.sum()),
            "full": int(full.sum()),
            "size": rule.block_size,
            "treated": rule.block_size - rule.control,
            "control": rule.control,
        }
        lines = [say("design", language, what=what, **counts)]
        if (~full).any():
            left = {"blocks": int((~full).sum()), "count": int(size[~full].sum())}
            lines.append(say("design_incomplete", language, what=what, share=rule.share, **left))
        for arm in (TREATED, CONTROL):
            if count := int((self.units["given"] == arm).sum()):
                lines.append(say(f"design_{arm}", language, count=count))
        if rule.accept < 1:
            accept, names = 100 * rule.accept, ", ".join(rule.balance)
            lines.append(say("design_accept", language, accept=accept, names=names))
        return "\n".join(lines)


def declare(units: pd.DataFrame, rule: Rule) -> Design:
    """Declare the design of a trial.

    Parameters
    ----------
    units
        One row per unit, in any order.
    rule
        Which columns rank, bind and exclude; sizes of blocks.

    Raises
    ------
    DataError
        When a column is missing or not of its kind, units repeat, a cluster lies in two
        territories or is claimed for both arms, or there is no full block.
    """
    table = _canonical(units, rule)
    table = pd.concat([table, _cut(table, rule)], axis=1)
    if not table["full"].any():
        raise DataError(
            "There is no full block: too few units to draw from.",
            where=Text(
                "{n} units in {cluster} clusters, blocks of {block_size}",
                n=len(table),
                cluster=table["cluster"].nunique(),
                block_size=rule.block_size,
            )
            if rule.cluster
            else Text(
                "{n} units, blocks of {block_size}", n=len(table), block_size=rule.block_size
            ),
            mend="Use smaller blocks or clusters, or larger territories, or exclude fewer units.",
        )
    return Design(rule, table, _lottery(table, rule))


def as_declared(units: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Return the units of a design under the names that its rule gives their columns."""
    names = {
        "unit_id": "unit_id",
        "value": rule.rank_by,
        "territory": rule.territory,
        "cluster": rule.cluster,
        **{f"balance_{name}": name for name in rule.balance},
    }
    table = pd.DataFrame({theirs: units[ours] for ours, theirs in names.items() if theirs})
    for name, arm in ((rule.must_treat, TREATED), (rule.must_not_treat, CONTROL)):
        if name:
            table[name] = (units["given"] == arm).astype("int64")
    return table


def _canonical(units: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    names = [rule.rank_by, rule.territory, rule.cluster, rule.must_treat, rule.must_not_treat]
    unit_columns.check(units, [*names, *rule.balance, rule.unit])
    label = unit_columns.labels(units, rule.unit)
    for name in (rule.territory, rule.cluster):
        unit_columns.groups(units, name, label)
    value = {name: unit_columns.numbers(units, name) for name in (rule.rank_by, *rule.balance)}
    for name, numbers in value.items():
        if np.isnan(numbers).any():
            raise DataError(
                "Column {name} is empty for some units.",
                where="{label}",
                mend="Fill it in, or leave these units out on purpose.",
                name=name,
                label=some(label[np.isnan(numbers)]),
            )
    table = pd.DataFrame(
        {
            "unit_id": label.to_numpy(),
            "territory": units[rule.territory].astype("str") if rule.territory else "",
            "value": value[rule.rank_by],
            "cluster": units[rule.cluster].astype("str") if rule.cluster else label.to_numpy(),
            "given": _given(units, rule, label),
        }
    )
    balance = pd.DataFrame({f"balance_{name}": value[name] for name in rule.balance})
    table = pd.concat([table.reset_index(drop=True), balance], axis=1)
    # The order of the rows in a file must not decide who is drawn.
    table = table.sort_values("unit_id", ignore_index=True)
    return _by_cluster(table) if rule.cluster else table


def _given(units: pd.DataFrame, rule: Rule, label: pd.Series) -> np.ndarray:
    asked = {
        arm: unit_columns.flags(units, name, label)
        for arm, name in ((TREATED, rule.must_treat), (CONTROL, rule.must_not_treat))
    }
    if (both := asked[TREATED] & asked[CONTROL]).any():
        raise DataError(
            "A unit must be treated and must not.",
            where="{label}",
            mend="Clear one of {must_treat} and {must_not_treat}.",
            label=some(label[both]),
            must_treat=rule.must_treat,
            must_not_treat=rule.must_not_treat,
        )
    return np.select([asked[TREATED], asked[CONTROL]], [TREATED, CONTROL], "")


def _by_cluster(table: pd.DataFrame) -> pd.DataFrame:
    """Give the units of a cluster one territory and one decided arm, or raise."""
    groups = table.groupby("cluster", sort=True)
    if len(wide := groups["territory"].nunique().loc[lambda n: n > 1]):
        raise DataError(
            "A cluster lies in two territories.",
            where="{clusters}",
            mend="Give its units one territory, or split the cluster.",
            clusters=some(wide.index),
        )
    decided = table[table["given"] != ""].groupby("cluster")["given"]
    if len(torn := decided.nunique().loc[lambda n: n > 1]):
        raise DataError(
            "A cluster has a unit that must be treated and one that must not.",
            where="{clusters}",
            mend="Decide for the cluster as a whole.",
            clusters=some(torn.index),
        )
    # One decided unit decides for all that must go with it.
    arms = decided.first().to_dict()
    return table.assign(given=[arms.get(one, "") for one in table["cluster"]])


def _cut(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Return rank in the territory and block of each unit, and whether the block is full.

    Designs are declared by the dozen (power, placebos): arrays, where frames take five times as
    long.
    """
    free = (table["given"] == "").to_numpy()
    # In the order of their names, which decides between equals; a unit alone is a cluster of one.
    clusters = table.loc[free, ["territory", "cluster", "value"]]
    if rule.cluster:
        clusters = clusters.groupby(["territory", "cluster"], as_index=False)["value"].mean()
    code, territories = pd.factorize(clusters["territory"], sort=True)
    order = np.lexsort((-clusters["value"].to_numpy(), code))
    count = np.bincount(code, minlength=len(territories))
    place = np.empty(len(clusters), dtype=np.int64)
    place[order] = np.arange(len(clusters)) - (np.cumsum(count) - count)[code[order]]
    number = place // rule.block_size
    full = (number + 1) * rule.block_size <= count[code]
    block = _block_names(code, number, list(territories))
    if rule.incomplete == "leave_out":
        block[~full] = ""
    at = np.arange(len(clusters))
    if rule.cluster:
        at = pd.Index(clusters["cluster"]).get_indexer(table.loc[free, "cluster"])
    rank, names, whole = np.zeros(len(table), np.int64), np.full(len(table), "", object), ~free
    rank[free], names[free], whole[free] = place[at] + 1, block[at], full[at]
    return pd.DataFrame(
        {
            "rank": pd.arrays.IntegerArray(rank, ~free),
            "block": pd.array(names, dtype="str"),
            "full": whole & free,
        }
    )


def _block_names(code: Codes, number: Codes, territories: list[str]) -> np.ndarray:
    """Name the block of each cluster: « 18e/001 », or « 001 » without territories."""
    most = int(number.max(initial=0)) + 1
    which, blocks = pd.factorize(code * most + number)
    before = [f"{name}/" if name else "" for name in territories]
    names = [f"{before[one // most]}{one % most + 1:03d}" for one in blocks.tolist()]
    return np.array(names, dtype=object)[which]


def _lottery(table: pd.DataFrame, rule: Rule) -> Lottery:
    drawn = table[table["block"] != ""]
    block, blocks = pd.factorize(drawn["block"], sort=True)
    cluster = pd.factorize(drawn["cluster"])[0]
    # One row of each cluster, by block and rank.
    first = np.unique(cluster, return_index=True)[1]
    first = first[np.lexsort((drawn["rank"].to_numpy(dtype=np.int64)[first], block[first]))]
    place = np.empty(len(first), dtype=np.int64)
    place[cluster[first]] = np.arange(len(first))
    full = np.zeros(len(blocks), dtype=np.bool_)
    full[block] = drawn["full"]
    lottery = Lottery(
        member=place[cluster],
        block=block[first],
        treated=np.where(full, rule.block_size - rule.control, EACH).astype(np.int64),
        share=np.full(len(blocks), rule.share),
    )
    if rule.accept == 1 or not rule.balance:
        return lottery
    covariates = drawn[[f"balance_{name}" for name in rule.balance]].to_numpy(dtype=float)
    return lottery.accepting(covariates, rule.accept)
