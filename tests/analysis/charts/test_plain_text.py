"""Names are text: what a formula would be made of means itself on paper."""

from __future__ import annotations

import io

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from analysis.charts import print_map

NAMES = ("Prix 5$ et 10$", r"$\frac{1}{$", "a_b^c", r"$x$ \alpha {", "$$", "100 % $_{$")


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_signs_of_formulae_is_drawn(name, suffix):
    assert print_map.A4
    assert mpl.rcParams["text.parse_math"] is False
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, name)
    axes = figure.subplots()
    axes.bar([name], [1])
    out = io.BytesIO()
    figure.savefig(out, format=suffix)
    assert out.getvalue()
