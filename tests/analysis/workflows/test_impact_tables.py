"""Tables of a trial: they say what they were made from, and are made again from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.exports.model_export import Written
from analysis.exports.registry import beside
from analysis.workflows.impact import Question, answer
from analysis.workflows.impact_tables import table_to_file
from analysis.workflows.reproduce import reproduce

SPEC = Spec(("turnout",), block="block", covariates=("x", "C(kind)"), measured_before=True)


@pytest.fixture
def asked(tmp_path):
    """Write a trial of twelve blocks, and ask for its estimates."""
    rng = np.random.default_rng(1)
    arm = (np.arange(60) % 5 != 0).astype(int)
    table = pd.DataFrame(
        {"unit_id": [f"u{i}" for i in range(60)], "assigned": arm, "block": np.arange(60) // 5}
        | {"x": rng.normal(size=60), "kind": rng.choice(list("ab"), 60)}
        | {"turnout": 0.5 + 0.03 * arm + rng.normal(0, 0.05, 60)}
    )
    table.to_csv(tmp_path / "units.csv", index=False)
    return Question(tmp_path / "units.csv", SPEC, draws=200, seed=4)


@pytest.mark.parametrize("suffix", [".tex", ".md", ".csv", ".xlsx", ".parquet"])
@pytest.mark.parametrize("show", ["estimates", "balance"])
def test_a_table_is_made_again_from_the_units_beside_it(asked, tmp_path, suffix, show):
    out = tmp_path / f"told{suffix}"
    table_to_file(answer(asked).impact, asked, out, show, Written("en"))
    assert reproduce(out).identical
    # Both may move together.
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    sidecar = [beside(out)] if suffix == ".csv" else []
    for file in (out, asked.units, *sidecar):
        file.rename(moved / file.name)
    assert reproduce(moved / out.name).identical
    (moved / "units.csv").write_text((moved / "units.csv").read_text().replace("u1,", "v1,"))
    with pytest.raises(DataError, match="not those this file was made from"):
        reproduce(moved / out.name)


def test_what_no_table_can_hold_is_refused(asked, tmp_path):
    found = answer(asked).impact
    with pytest.raises(DataError, match="no table"):
        table_to_file(found, asked, tmp_path / "a.md", "nothing", Written("en"))
    with pytest.raises(DataError, match="not written as"):
        table_to_file(found, asked, tmp_path / "a.docx", "estimates", Written("en"))
