"""The picture of chances told and come shows the classes it was given."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.charts.reliability_chart import reliability_chart
from analysis.targeting.calibration import COVERED, MOVEMENTS, RELIABILITY, Calibration


@pytest.mark.parametrize(("language", "said"), [("en", "as told"), ("fr", "comme annoncé")])
def test_every_class_is_a_dot_and_told_equals_come_is_a_line(language, said):
    rows = [
        (m, 0.1 * n, 0.1 * n + 0.1, 0.1 * n + 0.05, 0.1 * n, 0.1) for m in MOVEMENTS for n in (1, 5)
    ]
    found = Calibration(
        pd.DataFrame([(m, "equal", 0.9) for m in MOVEMENTS], columns=list(COVERED)),
        pd.DataFrame(rows, columns=list(RELIABILITY)), 3, 4,
    )  # fmt: skip
    chart = reliability_chart(found, language=language).axes[0]
    dots = [line.get_offsets().tolist() for line in chart.collections]
    assert dots == [[pytest.approx([0.15, 0.1]), pytest.approx([0.55, 0.5])]] * len(MOVEMENTS)
    assert chart.get_legend().get_texts()[0].get_text() == said
    assert found.coverage() == pytest.approx(0.9)
    # Told lies .05 above come in each class.
    assert found.gap() == pytest.approx(0.05)
