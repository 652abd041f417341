"""The example of the page Impact: a simulated trial of the same design as that of 2012."""

from __future__ import annotations

import pandas as pd

from analysis.experiments.pons_2012.reproduction import Areas
from analysis.experiments.pons_2012.simulation import simulate_2012

NAME = "simulate_2012"


def table() -> pd.DataFrame:
    """Return the areas of the simulated trial that used the lists."""
    made = simulate_2012()
    return Areas(made.areas, simulated=True, source=NAME).main
