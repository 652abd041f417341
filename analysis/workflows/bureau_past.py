"""The picture of one bureau's past beside its territory's."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from analysis.electorate.history import History

# How fine the picture is.
DPI = 170


def draw_past(past: History, bureau_id: str, language: str) -> bytes:
    """Return the picture of a bureau's past as PNG.

    Parameters
    ----------
    past
        Elections of the place.
    bureau_id
        One of its bureaux.
    language
        Of the words, `fr` or `en`.

    Returns
    -------
    bytes
        A PNG file.
    """
    # Half a second to load: what the map does not need comes after it.
    from analysis.charts.bureau_history import history

    row = int(np.flatnonzero(past.units["bureau_id"].to_numpy() == bureau_id)[0])
    figure = history(
        _rates(past, slice(row, row + 1)), _rates(past, slice(None)), language=language
    )
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI)
    return content.getvalue()


def _rates(past: History, rows: slice) -> pd.DataFrame:
    def total(values: np.ndarray) -> np.ndarray:
        known = np.isfinite(values[rows])
        return np.where(known.any(axis=0), np.nansum(values[rows], axis=0), np.nan)

    with np.errstate(invalid="ignore", divide="ignore"):
        turnout = total(past.ballots) / total(past.registered)
        share = total(past.votes) / np.where(total(past.valid) > 0, total(past.valid), np.nan)
    return pd.DataFrame(
        {
            "election_id": [e.election_id for e in past.elections],
            "date": pd.to_datetime([e.date for e in past.elections]),
            "kind": [e.kind for e in past.elections],
            "round": [e.round for e in past.elections],
            "turnout_rate": turnout,
            "share_valid": share,
        }
    )
