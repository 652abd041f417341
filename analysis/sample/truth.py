"""What was planted: the probabilities behind the counts, for tests to recover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.sample import people, voting
from analysis.sample.offer import HOME, SPOILT
from analysis.sample.people import CLASSES, LEANINGS, Floats, Sectors, on_roll
from analysis.sample.voting import Law, Outcome, vintage_of
from analysis.tables.schema import BLOCS

VERSION = 1
AWAY = "ABSTENTION"
DIGITS = 5


def expected_voters(law: Law, make_up: Floats) -> Floats:
    """Return the voters each sector is expected to have, by leaning and option.

    Parameters
    ----------
    law
        A round.
    make_up
        Persons on the roll, sectors × leanings × classes.

    Returns
    -------
    numpy.ndarray
        Sectors × leanings × options; who stays home at a second round votes for none.
    """
    goes = np.einsum("ska,sa->sk", make_up, law.turnout)
    voters = goes[:, :, None] * law.shares
    if law.options[-1] == HOME:
        voters[:, :, -1] = 0
    return np.asarray(voters, dtype=float)


def expected_transfers(origin: Law, law: Law, make_up: Floats) -> Floats:
    """Return the persons expected to pass from each option to each, by sector.

    Parameters
    ----------
    origin, law
        Two rounds, the second starting from the choices of the first.
    make_up
        Persons on both rolls, sectors × leanings × classes.

    Returns
    -------
    numpy.ndarray
        Sectors × options of the origin × options of the destination, abstention last on
        both sides. Whether a person goes to the polls is independent between the two
        rounds given class and sector; what they choose is given by `law.kernel`.
    """
    went, goes = origin.turnout[:, None, :], law.turnout[:, None, :]
    both, only_first, only_second, neither = (
        (make_up * first * second).sum(axis=2)
        for first in (went, 1 - went)
        for second in (goes, 1 - goes)
    )
    # The loop above runs first over `went`: (1, 1), (1, 0), (0, 1), (0, 0).
    n_from, n_to = origin.shares.shape[2], law.shares.shape[2]
    out = np.zeros((len(make_up), n_from + 1, n_to + 1))
    before = np.einsum("sk,ski->si", both, origin.shares)
    out[:, :-1, :-1] = before[:, :, None] * law.kernel
    out[:, :-1, -1] = np.einsum("sk,ski->si", only_first, origin.shares)
    out[:, -1, :-1] = np.einsum("sk,skj->sj", only_second, law.shares)
    out[:, -1, -1] = neither.sum(axis=1)
    if law.options[-1] != HOME:
        return out
    out[:, :, -1] += out[:, :, -2]
    return np.delete(out, -2, axis=2)


def make_up(persons: pd.DataFrame, n_sectors: int, *years: int) -> Floats:
    """Count the persons on the rolls of all `years`: sectors × leanings × classes.

    Parameters
    ----------
    persons
        `sector`, `leaning`, `attendance`, and what `on_roll` reads.
    n_sectors
        How many there are.
    years
        All of which a person must be on the roll.

    Returns
    -------
    numpy.ndarray
        Persons, (sectors, leanings, classes).
    """
    rows = persons[np.logical_and.reduce([on_roll(persons, year) for year in years])]
    counts = np.zeros((n_sectors, len(LEANINGS), len(CLASSES)))
    np.add.at(counts, (rows["sector"], rows["leaning"], rows["attendance"]), 1.0)
    return counts


def tell(
    outcomes: Mapping[str, Outcome], persons: pd.DataFrame, sectors: Sectors, seed: int
) -> dict[str, Any]:
    """Return everything that was planted, ready for JSON.

    Parameters
    ----------
    outcomes
        The rounds, in order.
    persons, sectors
        The electorate.
    seed
        Seed of the whole town.

    Returns
    -------
    dict
        Keys: `version`, `seed`, `notes`, `model`, `elections`, `bureaux`, `crosswalk`,
        `transfers`.
    """
    laws = {name: outcome.law for name, outcome in outcomes.items()}
    return {
        "version": VERSION,
        "seed": seed,
        "notes": NOTES,
        "model": _model(sectors),
        "elections": {name: _election(law, persons, sectors) for name, law in laws.items()},
        "bureaux": {
            str(vintage): _bureaux(vintage, year, persons, sectors)
            for vintage, year in ((2017, 2022), (2024, 2024))
        },
        "crosswalk": _crosswalk(persons, sectors),
        "transfers": {
            f"{law.held.origin}>{name}": _transfer(
                outcomes[law.held.origin], outcomes[name], persons, sectors
            )
            for name, law in laws.items()
            if law.held.origin
        },
    }


def _model(sectors: Sectors) -> dict[str, Any]:
    table = sectors.table
    return {
        "leanings": list(LEANINGS),
        "classes": list(CLASSES),
        "propensity_by_level": {k: v.tolist() for k, v in voting.PROPENSITY.items()},
        "turnout_sector_sd_logit": voting.SECTOR_SD,
        "choice_concentration": voting.CHOICE_CONCENTRATION,
        "leaning_concentration": people.LEANING_CONCENTRATION,
        "class_concentration": people.CLASS_CONCENTRATION,
        "leave_roll_between_years": people.LEAVE,
        "sectors": [
            {
                "bureau_2017": row.bureau_2017,
                "bureau_2024": row.bureau_2024,
                "neighbourhood": row.neighbourhood,
                "poverty_sd": row.poverty,
                "leaning_shares": _round(sectors.leaning[n]),
            }
            for n, row in enumerate(table.itertuples())
        ],
    }


def _election(law: Law, persons: pd.DataFrame, sectors: Sectors) -> dict[str, Any]:
    counts = make_up(persons, len(sectors.table), law.held.year)
    bureau = sectors.table[f"bureau_{vintage_of(law.held)}"]
    voters = expected_voters(law, counts)
    everyone = counts.sum(axis=2)[:, :, None] * law.shares
    people_in = pd.Series(counts.sum(axis=(1, 2))).groupby(bureau.to_numpy()).sum()
    voting = pd.Series(voters.sum(axis=(1, 2))).groupby(bureau.to_numpy()).sum()
    abstention = (1 - voting / people_in)[people_in > 0]
    return {
        "origin": law.held.origin,
        "vintage": vintage_of(law.held),
        "level": law.held.level,
        "logit_shift": law.shift,
        "town_abstention": law.held.abstention,
        "blocs": law.candidates["bloc"].to_dict(),
        "bloc_order": list(BLOCS),
        "abstention": {key: round(float(p), DIGITS) for key, p in abstention.items()},
        "support_voters": _support(law, voters, bureau),
        "support_abstainers": _support(law, everyone - voters, bureau),
    }


def _support(law: Law, amounts: Floats, bureau: pd.Series) -> dict[str, list[float]]:
    """Return the bloc shares, by bureau, of those who would name a candidate."""
    named = amounts.sum(axis=1)[:, : len(law.candidates)]
    blocs = pd.DataFrame(named).T.groupby(law.candidates["bloc"].to_numpy()).sum().T
    blocs = blocs.reindex(columns=list(BLOCS), fill_value=0.0).groupby(bureau.to_numpy()).sum()
    blocs = blocs[blocs.sum(axis=1) > 0]
    shares = blocs.div(blocs.sum(axis=1), axis=0)
    return {str(key): _round(row) for key, row in zip(shares.index, shares.to_numpy(), strict=True)}


def _bureaux(
    vintage: int, year: int, persons: pd.DataFrame, sectors: Sectors
) -> dict[str, dict[str, Any]]:
    bureau = sectors.table[f"bureau_{vintage}"].to_numpy()
    counts = make_up(persons, len(sectors.table), year).sum(axis=1)
    table = pd.DataFrame(counts, columns=list(CLASSES)).groupby(bureau).sum()
    hood = sectors.table.groupby(bureau)["neighbourhood"].first()
    return {
        str(key): {
            "neighbourhood": hood[key],
            "registered": int(row.sum()),
            "year": year,
            "class_shares": dict(zip(CLASSES, _round(row / row.sum()), strict=True)),
        }
        for key, row in zip(table.index, table.to_numpy(), strict=True)
    }


def _crosswalk(persons: pd.DataFrame, sectors: Sectors) -> list[dict[str, Any]]:
    """Return where the roll of 2022, the last in the old contours, went in 2024."""
    counts = make_up(persons, len(sectors.table), 2022).sum(axis=(1, 2))
    links = sectors.table[["bureau_2017", "bureau_2024"]].assign(registered=counts.astype(int))
    whole = links.groupby("bureau_2017")["registered"].transform("sum")
    return [
        {
            "from_id": row.bureau_2017,
            "to_id": row.bureau_2024,
            "registered": row.registered,
            "weight": round(row.registered / total, DIGITS),
        }
        for row, total in zip(links.itertuples(), whole, strict=True)
    ]


def _transfer(
    first: Outcome, second: Outcome, persons: pd.DataFrame, sectors: Sectors
) -> dict[str, Any]:
    law = second.law
    counts = make_up(persons, len(sectors.table), first.law.held.year, law.held.year)
    flows = expected_transfers(first.law, law, counts)
    out = {
        "origins": [*first.law.options, AWAY],
        "destinations": [*(o for o in law.options if o != HOME), AWAY],
        "on_both_rolls": int(counts.sum()),
        "probabilities": _rows(flows.sum(axis=0)),
        "counts": realised(first, second).tolist(),
    }
    if law.held.number == 2:
        bureau = sectors.table[f"bureau_{vintage_of(law.held)}"].to_numpy()
        out["by_bureau"] = {
            str(key): _rows(flows[bureau == key].sum(axis=0))
            for key in np.unique(bureau)
            if counts[bureau == key].sum()
        }
    return out


def realised(first: Outcome, second: Outcome) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count the persons who passed from each option to each, abstention last."""
    n_from = len(first.law.options)
    n_to = len(second.law.candidates) + len(SPOILT)
    both = first.registered & second.registered
    start = np.where(first.voted, first.latent, n_from)[both]
    end = np.where(second.voted, second.latent, n_to)[both]
    table = np.zeros((n_from + 1, n_to + 1), dtype=np.int64)
    np.add.at(table, (start, end), 1)
    return table


def _rows(flows: Floats) -> list[list[float]]:
    whole = flows.sum(axis=1, keepdims=True)
    return [_round(row) for row in flows / np.where(whole > 0, whole, 1)]


def _round(values: Floats) -> list[float]:
    return [round(float(value), DIGITS) for value in values]


NOTES = {
    "persons": "A person keeps a leaning and a class of attendance for life; both were drawn "
    "once, per sector. A sector is a piece of town that lies in one bureau of each vintage.",
    "abstention": "Expected share of the roll that stays away, given who is on the roll. "
    "Counts are sums of independent draws around it.",
    "turnout": "logit P(goes) = logit propensity_by_level[level][class] + logit_shift + "
    "N(0, turnout_sector_sd_logit²), one draw per sector and round.",
    "choice": "Presidential first rounds: options given the leaning. Other rounds: options "
    "given the latent option at `origin`, whether or not it was cast. Each sector's row is "
    "Dirichlet(choice_concentration × the town's row).",
    "support": "Shares of the blocs among those who would name a candidate, in bloc_order.",
    "transfers": "Rows: what a person on both rolls did at the first round; columns: at the "
    "second. `probabilities` are expected, `counts` are what happened to the same persons.",
    "vintages": "Rounds of 2017 to 2022 were counted in the bureaux of contours_2017, those "
    "of 2024 in those of contours_2024.",
}
