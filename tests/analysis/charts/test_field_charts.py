"""Charts of the field: what their axes say."""

import pandas as pd
import pytest

from analysis.charts.field_charts import opening_chart


@pytest.mark.parametrize(("hours", "ticks"), [([18], [18]), ([17, 18, 19], [17, 18, 19])])
def test_hours_of_the_day_are_whole_even_where_there_is_one(hours, ticks):
    kinds = ["block", "house", "small"]
    rows = [(False, hour, kind, 0.5, 0.4, 0.6, 9) for hour in hours for kind in kinds]
    names = ["weekend", "hour", "kind", "rate", "low", "high", "doors"]
    figure = opening_chart(pd.DataFrame(rows, columns=names), language="en")
    axis = figure.axes[-1]
    low, high = axis.get_xlim()
    assert [tick for tick in axis.get_xticks() if low <= tick <= high] == ticks


def test_marks_of_an_axis_of_small_shares_differ():
    rows = pd.DataFrame(
        {"weekend": [False], "hour": [18], "kind": ["small"], "rate": [0.001], "low": [0.0],
         "high": [0.003], "doors": [900]}
    )  # fmt: skip
    axis = opening_chart(rows, language="en").axes[-1]
    axis.figure.canvas.draw()
    low, high = axis.get_ylim()
    marks = [
        label.get_text()
        for tick, label in zip(axis.get_yticks(), axis.get_yticklabels(), strict=True)
        if low <= tick <= high
    ]
    assert len(marks) > 2
    assert len({*marks}) == len(marks)
