"""Charts of the field as pictures, for screens and paper."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd

from analysis.fieldwork.learning import Learned
from analysis.fieldwork.outlook import Forecast

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def course_png(
    daily: pd.DataFrame, found: Forecast | None, *, measure: str, language: str
) -> bytes:
    """Draw days and running total: see `field_charts.course_chart`.

    Parameters
    ----------
    daily
        `day`, `doors`, `conversation`.
    found
        The forecast; None draws the days alone.
    measure, language
        What the objective counts; "fr" or "en".

    Returns
    -------
    bytes
        PNG.
    """
    # matplotlib loads only where a picture is wanted.
    from analysis.charts.field_charts import course_chart

    return png_of(course_chart(daily, found, measure=measure, language=language))


def opening_png(rates: Learned, language: str) -> bytes:
    """Draw when doors open, as PNG."""
    from analysis.charts.field_charts import opening_chart

    return png_of(opening_chart(rates.table, language=language))


def teams_png(paces: pd.DataFrame, language: str) -> bytes:
    """Draw the paces of teams side by side, as PNG."""
    from analysis.charts.field_charts import team_chart

    return png_of(team_chart(paces, language=language))


def png_of(figure: Figure) -> bytes:
    """Return a figure as PNG: the same figure, the same bytes."""
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
