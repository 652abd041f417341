"""The history of a bureau: what is drawn, in which order and language."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.charts.bureau_history import history
from analysis.errors import DataError


@pytest.fixture
def bureau():
    return pd.DataFrame(
        {
            "election_id": ["2022_pres_t2", "2022_pres_t1", "2024_euro_t1"],
            "date": pd.to_datetime(["2022-04-24", "2022-04-10", "2024-06-09"]),
            "kind": ["pres", "pres", "euro"],
            "round": [2, 1, 1],
            "turnout_rate": [0.70, 0.75, 0.50],
            "share_valid": [np.nan, 0.30, 0.35],
        }
    )


def test_draws_rates_in_order_of_date(bureau):
    town = bureau.assign(turnout_rate=bureau["turnout_rate"] + 0.05)
    upper, lower = history(bureau, town, title="Bureau 1").axes
    assert upper.get_lines()[0].get_ydata().tolist() == [0.75, 0.70, 0.50]
    assert upper.get_lines()[1].get_ydata().tolist() == pytest.approx([0.80, 0.75, 0.55])
    # The bloc had no candidate at the second round: nothing is drawn there, not 0.
    assert lower.get_lines()[0].get_ydata().tolist() == [0.30, 0.35]


@pytest.mark.parametrize(
    ("language", "title", "tick"),
    [
        ("fr", "Participation (% des inscrits)", "prés.\n2022"),
        ("en", "Turnout (% of registered)", "pres.\n2022"),
    ],
)
def test_speaks_the_language(bureau, language, title, tick):
    upper, lower = history(bureau, bureau, language=language).axes
    assert upper.get_title(loc="left") == title
    assert [label.get_text() for label in lower.get_xticklabels()][0] == tick
    assert len(lower.get_xticklabels()) == 2


def test_a_town_without_the_election_and_inputs_left_alone(bureau):
    before = bureau.copy()
    figure = history(bureau, bureau.iloc[:0])
    assert figure.axes[0].get_lines()[1].get_ydata().size == 0
    pd.testing.assert_frame_equal(bureau, before)


def test_says_what_is_missing(bureau):
    with pytest.raises(DataError, match="share_valid"):
        history(bureau.drop(columns="share_valid"), bureau)
    with pytest.raises(DataError, match="no election"):
        history(bureau.iloc[:0], bureau)


def test_steps_of_half_a_point_are_written_with_their_decimal(bureau):
    close = bureau.assign(turnout_rate=[0.620, 0.624, 0.628])
    upper = history(close, close.assign(turnout_rate=0.6), language="fr").axes[0]
    written = [upper.yaxis.get_major_formatter()(at, 0) for at in upper.get_yticks()]
    read = [float(text.replace("\u202f%", "").replace(",", ".")) / 100 for text in written]
    assert read == pytest.approx(upper.get_yticks().tolist())
    assert len(set(written)) == len(written)


def test_the_mark_of_a_second_round_is_explained_where_there_is_one(bureau):
    assert "losange" in history(bureau, bureau, language="fr").axes[1].get_xlabel()
    first = bureau[bureau["round"] == 1]
    assert history(first, first, language="fr").axes[1].get_xlabel() == ""
