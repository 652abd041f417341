"""One town for all tests of the sample, in memory and on disk."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.sample import people, town, truth, voting, wards
from analysis.sample.town_files import write_sample
from tests.made import made_once

SEED = 2027


@pytest.fixture(scope="session")
def valmont():
    """Build the electorate and hold the rounds, without writing anything."""
    ground, voters, votes, streets = (
        np.random.default_rng(child) for child in np.random.SeedSequence(SEED).spawn(4)
    )
    blocks = town.lay_blocks(town.lay_ground(ground), ground)
    weight = wards.weigh_blocks(blocks, ground)
    blocks = blocks.join(wards.draw_bureaux(blocks, weight))
    sectors = people.draw_sectors(people.find_sectors(blocks), voters)
    persons = people.settle(blocks, weight, sectors, voters)
    outcomes = voting.hold_rounds(persons, sectors, votes)
    return SimpleNamespace(
        blocks=blocks,
        weight=weight,
        sectors=sectors,
        persons=persons,
        outcomes=outcomes,
        streets=streets,
        truth=truth.tell(outcomes, persons, sectors, SEED),
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Write the sample once for all workers."""
    return made_once("sample", partial(write_sample, seed=SEED), tmp_path_factory)


@pytest.fixture(scope="session")
def general(folder):
    return pd.read_csv(folder / "general_results.csv", sep=";", dtype={"code_bv": str})


@pytest.fixture(scope="session")
def candidates(folder):
    return pd.read_csv(
        folder / "candidats_results.csv", sep=";", dtype={"code_bv": str}, keep_default_na=False
    )
