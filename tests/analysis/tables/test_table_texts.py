"""Tables for a paper and for a report, beside `to_frame`."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

from analysis.electorate.abstention.backtest import AbstentionBacktest
from analysis.electorate.abstention.forecast import AbstentionForecast
from analysis.electorate.explain.model_comparison import Comparison
from analysis.electorate.explain.regression import Fitted
from analysis.electorate.swing_by_bureau import Share, Swing, measure_swing
from analysis.electorate.transfers import Transfers
from analysis.experiments.balance import Balance
from analysis.experiments.estimates import Impact
from analysis.experiments.subgroups import Subgroups
from analysis.tables.table_texts import TableTexts, latex, markdown
from analysis.targeting.rank import Ranking
from analysis.targeting.validation import Validation

TABLE = pd.DataFrame(
    {
        "name": ["a_b", "50% & | more"],
        "value": [35.79999999999999, -0.0000123456],
        "count": [12, 12345],
        "rate": [1234.5, float("nan")],
    }
)


def test_markdown_by_hand():
    assert markdown(TABLE) == (
        "| name | value | count | rate |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| a_b | 35.8 | 12 | 1234 |\n"
        "| 50% & \\| more | -1.23e-05 | 12345 |  |\n"
    )


def test_markdown_for_readers_of_a_language():
    table = pd.DataFrame({"p": [3.9e-18, -2e-5, -2.489, 1234.0, float("nan")]})
    said = markdown(table, language="fr").split("\n")[2:-1]
    cells = [row.strip("| ") for row in said]
    assert cells == [r"\< 0,0001", "> −0,0001", "−2,49", "1234", ""]
    assert "| 3.90e-18 |" in markdown(table)


def test_latex_by_hand():
    assert latex(TABLE).splitlines() == [
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r"name & value & count & rate \\",
        r"\midrule",
        r"a\_b & 35.8 & 12 & 1234 \\",
        r"50\% \& | more & -1.23e-05 & 12345 &  \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@pytest.mark.parametrize(
    "result",
    [
        AbstentionBacktest,
        AbstentionForecast,
        Balance,
        Comparison,
        Fitted,
        Impact,
        Ranking,
        Subgroups,
        Swing,
        Transfers,
        Validation,
    ],
)
def test_every_result_an_analyst_reads_writes_both(result):
    assert issubclass(result, TableTexts)
    # Its own table, not the empty promise of `TableTexts`.
    assert "to_frame" in vars(result)
    assert inspect.signature(result.to_latex).parameters["digits"].default == 3


def test_what_is_written_is_the_frame(valmont):
    swing = measure_swing(valmont, "2017_pres_t1", "2022_pres_t1", Share())
    lines = swing.to_markdown().splitlines()
    assert len(lines) == 2 + len(swing.table)
    assert lines[0].count("|") == swing.table.shape[1] + 1
    assert len(swing.to_latex().splitlines()) == 6 + len(swing.table)
